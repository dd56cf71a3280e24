"""An independent computation of the outline, from ``ast`` and ``tokenize``, and its comparison with ours.

By hand, over whole trees of files: ``python tests/analysis/helpers_outline.py DIR...``
"""

from __future__ import annotations

import ast
import bisect
import io
import keyword
import re
import sys
import tokenize
import warnings
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import libcst

from fixturescope.analysis.outline import decode, outline
from fixturescope.analysis.relevance import READ_EVERYTHING, keeps_body

_KEYWORDS = frozenset(keyword.kwlist)
_LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT}
_FSTRING_TOKENS = sys.version_info >= (3, 12)
Function = ast.FunctionDef | ast.AsyncFunctionDef


def differences(source: str) -> list[str]:
    """Return how the outline of valid Python differs from what it should be; at most a few."""
    text = outline(source).text
    expected = _Expected(source).tree
    try:
        actual = ast.parse(text)
    except SyntaxError as error:
        return [f"the outline is not Python: {error}"]
    found: list[str] = []
    for left, right in zip(expected.body, actual.body, strict=False):
        if ast.dump(left) != ast.dump(right):
            found = [f"from line {left.lineno}", ast.unparse(left)[:2000], ast.unparse(right)[:2000]]
            break
    if not found and len(expected.body) != len(actual.body):
        found.append(f"{len(expected.body)} statements, not {len(actual.body)}")
    return found or list(islice(_misplaced(expected, actual, text), 3))


class _Expected:
    """What is to remain of a module, as a tree with the source's line numbers."""

    def __init__(self, source: str) -> None:
        self._source_lines = source.split("\n")
        self._tokens = _tokens(source)
        self._at = [(token.start[0], token.start[1]) for token in self._tokens]
        self.tree = ast.parse(source)
        self._fixtures = {
            function.name
            for function in _outer_functions(self.tree)
            if not function.name.startswith("test") and any("fixture" in text for text in self._decorators(function))
        }
        self._reduce(self.tree)

    def _reduce(self, node: ast.AST) -> None:
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                kept = [s for s in block if not (_is_string(s) and self._begins_line(s))]
                if not kept and block and not isinstance(node, ast.Module):
                    kept = [ast.copy_location(ast.Pass(), block[0])]
                setattr(node, name, kept)
                for statement in kept:
                    if isinstance(statement, Function):
                        self._reduce_function(statement)
                    else:
                        self._reduce(statement)
        for part in [*getattr(node, "handlers", []), *getattr(node, "cases", [])]:
            self._reduce(part)

    def _begins_line(self, statement: ast.stmt) -> bool:
        """Return whether a statement is not in a block on its header's line."""
        return not self._source_lines[statement.lineno - 1].encode()[: statement.col_offset].strip()

    def _reduce_function(self, function: Function) -> None:
        signature, body = self._parts(function)
        signature_words = {word for word, _ in _words(signature)}
        body_words = {word for word, _ in _words(body)}
        dotted = ["".join(re.split(r"[(\[{]", text)[0].split()) for text in self._decorators(function)]
        if keeps_body(function.name, dotted, signature_words, body_words):
            return
        names = {word for word, is_name in _words(body) if is_name}
        arguments = signature_words - _KEYWORDS
        reads = sorted(arguments if READ_EVERYTHING & body_words else arguments & names)
        calls = sorted((self._fixtures & _called(body)) - arguments)
        statements = [*reads, *[f"{name}()" for name in calls]] or ["pass"]
        function.body = ast.parse(";".join(statements)).body
        for statement in function.body:
            for node in ast.walk(statement):
                if hasattr(node, "lineno"):
                    node.lineno = function.lineno

    def _decorators(self, function: Function) -> list[str]:
        """Return the text of each decorator, without white space and comments."""
        texts: list[str] = []
        end = bisect.bisect_left(self._at, (function.lineno, 0)) - 1
        for _ in function.decorator_list:
            start = end
            while self._tokens[start - 1].type != tokenize.NEWLINE and start:
                start -= 1
            texts.insert(0, "".join([token.string for token in self._tokens[start + 1 : end]]))
            end = start - 1
        return texts

    def _parts(self, function: Function) -> tuple[list[tokenize.TokenInfo], list[tokenize.TokenInfo]]:
        """Return the tokens of a function's parameters and of its body."""
        index = bisect.bisect_left(self._at, (function.lineno, 0))
        while self._tokens[index].string != "def":
            index += 1
        depth = lambdas = 0
        opening = closing = -1
        while True:
            string, kind = self._tokens[index].string, self._tokens[index].type
            if kind == tokenize.OP and string in "([{":
                if not depth and opening < 0 and string == "(":
                    opening = index
                depth += 1
            elif kind == tokenize.OP and string in ")]}":
                depth -= 1
                if not depth and opening >= 0 and closing < 0:
                    closing = index
            elif string == "lambda" and not depth:
                lambdas += 1
            elif string == ":" and not depth:
                if not lambdas:
                    break
                lambdas -= 1
            index += 1
        assert function.end_lineno is not None
        end = bisect.bisect_left(self._at, (function.end_lineno + 1, 0))
        return self._tokens[opening + 1 : closing], self._tokens[index + 1 : end]


def _outer_functions(node: ast.AST) -> Iterator[Function]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function):
            yield child
        elif isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):
            yield from _outer_functions(child)


def _is_string(statement: ast.stmt) -> bool:
    """Return whether a statement is a string, or an f-string without fields."""
    if not isinstance(statement, ast.Expr):
        return False
    parts = getattr(statement.value, "values", [statement.value])
    return all(isinstance(part, ast.Constant) and isinstance(part.value, str | bytes) for part in parts)


def _tokens(source: str) -> list[tokenize.TokenInfo]:
    """Return the tokens that mean something; on older Pythons with f-strings replaced by their fields' tokens."""
    found: list[tokenize.TokenInfo] = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in _LAYOUT:
            continue
        if (
            token.type == tokenize.STRING
            and not _FSTRING_TOKENS
            and "f" in token.string.split(token.string[-1])[0].lower()
        ):
            found.append(token._replace(string="''"))
            for value in ast.walk(ast.parse(f"({token.string})")):
                if isinstance(value, ast.FormattedValue):
                    inner = tokenize.generate_tokens(io.StringIO("{" + ast.unparse(value.value) + "}").readline)
                    found += [
                        i._replace(start=token.start, end=token.end)
                        for i in inner
                        if i.type not in (_LAYOUT | {tokenize.NEWLINE, tokenize.ENDMARKER})
                    ]
        else:
            found.append(token)
    return found


def _words(tokens: list[tokenize.TokenInfo]) -> Iterator[tuple[str, bool]]:
    """Yield each word, and whether it is anything but an attribute."""
    before = ""
    for token in tokens:
        if token.type == tokenize.NAME and before != "!":
            yield token.string, before != "."
        before = token.string if token.type == tokenize.OP else ""


def _called(tokens: list[tokenize.TokenInfo]) -> set[str]:
    return {
        token.string
        for before, token, after in zip([None, *tokens], tokens, tokens[1:], strict=False)
        if token.type == tokenize.NAME
        and after.type == tokenize.OP
        and after.string == "("
        and (before is None or before.string not in (".", "def", "class"))
    }


def _misplaced(expected: ast.Module, actual: ast.Module, text: str) -> Iterator[str]:
    """Yield the statements and lambdas whose marker does not name their source line."""
    rows: dict[int, tuple[int, list[int]]] = {}
    columns: dict[int, int] = {}
    row = 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            match = re.fullmatch(r"#@(\d+)((?: l\d+)*)", token.string)
            assert match
            assert row
            rows[row] = int(match[1]), [int(part[1:]) for part in match[2].split()]
            row = 0
        elif not row and token.type not in {
            tokenize.NL,
            tokenize.NEWLINE,
            tokenize.INDENT,
            tokenize.DEDENT,
            tokenize.ENDMARKER,
        }:
            row = token.start[0]
            columns[row] = token.start[1]
    starts = sorted(rows)
    lambdas: dict[int, list[tuple[int, int, int]]] = {}
    for left, right in zip(_nodes(expected), _nodes(actual), strict=True):
        assert isinstance(left, ast.stmt | ast.Lambda)
        if isinstance(right, ast.stmt) and columns.get(right.lineno) == right.col_offset:
            if rows[right.lineno][0] != left.lineno:
                yield f"{type(right).__name__} of line {left.lineno} is marked {rows[right.lineno][0]}"
        elif isinstance(right, ast.Lambda):
            start = starts[bisect.bisect_right(starts, right.lineno) - 1]
            lambdas.setdefault(start, []).append((right.lineno, right.col_offset, left.lineno))
    for start, (line, marked) in rows.items():
        lines = [source_line for *_, source_line in sorted(lambdas.get(start, []))]
        if (marked or [line] * len(lines)) != lines:
            yield f"lambdas of lines {lines} are marked {marked} on {line}"


def _nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield statements and lambdas; not what is in f-strings where those have no positions."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.JoinedStr) and not _FSTRING_TOKENS:
            continue
        if isinstance(node, ast.stmt | ast.Lambda):
            yield node
        yield from _nodes(node)


def main(folders: list[str]) -> int:
    """Compare every file below these folders that this Python and libcst can parse; print what differs."""
    warnings.simplefilter("ignore")
    compared = different = 0
    for path in sorted(path for folder in folders for path in Path(folder).rglob("*.py") if path.is_file()):
        data = path.read_bytes()
        try:
            ast.parse(data)
        except (SyntaxError, ValueError, RecursionError):
            continue
        source = decode(data)
        compared += 1
        found = [str(problem) for problem in outline(source).problems] or differences(source)
        try:
            libcst.parse_module(outline(source).text)
        except libcst.ParserSyntaxError as error:
            found.append(str(error))
        if found:
            different += 1
            print(path, *found, sep="\n  ")
    print(f"{compared} files, {different} differ")
    return different > 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
