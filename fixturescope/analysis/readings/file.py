"""One file to what it says of its fixtures and tests. Nothing of another file is looked at, and nothing is run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

from fixturescope.analysis import facts as f
from fixturescope.analysis.extract import extract_outline
from fixturescope.analysis.lexer import IN_STRING, JOINED, WORD_CHARACTER, lex
from fixturescope.analysis.outline import decode, outline
from fixturescope.analysis.read import content_of
from fixturescope.analysis.readings.digest import digest_of, size_of
from fixturescope.analysis.readings.follow import Follower
from fixturescope.analysis.readings.own import own, value_of
from fixturescope.analysis.readings.said import File, Function, ModuleImport
from fixturescope.analysis.readings.show import dotted, show
from fixturescope.analysis.walk import statements

_WORD = re.compile(rf"{WORD_CHARACTER}+")
_KNOWN_DECORATORS = ("pytest", "mark", "fixture", "mock", "patch", "unittest", "anyio", "hypothesis", "given", "typing")
"""What the dotted names of decorators begin with that give no meaning to arguments of their own."""


def read_file(path: Path, lines: AbstractSet[int], max_bytes: int) -> File:
    """Return what a file says of the functions whose ``def`` stands at some lines."""
    content, problem = content_of(path, max_bytes)
    if content is None:
        return File(problem=problem)
    try:
        text = decode(content)
    except (UnicodeDecodeError, SyntaxError, LookupError) as error:
        return File(problem=f"cannot be decoded: {error}")
    return read_text(text, lines, str(path))


def read_text(text: str, lines: AbstractSet[int], place: str) -> File:
    """Return what a text says of the functions whose ``def`` stands at some lines.

    Args:
        text: The source of a file.
        lines: 1-based.
        place: What tells the file from others.
    """
    facts = extract_outline(outline(text, lines), lines)
    module = _bindings(facts.body)
    nested = {line for one in _functions(facts.body) for line in _lines_within(one)}
    functions = [
        _function(one, module, place, is_nested=one.line in nested)
        for one in _functions(facts.body, inner=True)
        if one.line in lines
    ]
    problem = f"line {facts.unparsed[0].line} {facts.unparsed[0].message}" if facts.unparsed else None
    return File(tuple(functions), tuple(_imports(facts.body, text, lines)), problem)


def _function(node: f.Function, module: Mapping[str, f.Stmt], place: str, *, is_nested: bool) -> Function:
    follower = Follower(node)
    value = value_of(node)
    is_read_elsewhere = any(not _is_known(decorator.expr, module) for decorator in node.decorators)
    found = own(node, follower, {} if is_nested else module)
    if is_nested:  # it reads variables of the function around it, which are no constants
        found = tuple(one for one in found if one.kind != "constant")
    return Function(
        name=node.name,
        line=node.line,
        digest=digest_of(node, module, f"{place}:{node.line}" if is_nested else place),
        statements=size_of(node),
        unread=()
        if is_read_elsewhere
        else tuple(
            param.name
            for param in node.params
            if param.name not in node.reads and param.default is None and not param.name.startswith("_")
        ),
        uses=tuple(use for use in follower.uses if not use.name.startswith("~")),
        own=found,
        hands_out=value.hands_out,
        is_immutable=value.is_immutable,
        parts=value.parts,
        incomplete=follower.unknown or _undecided(node),
    )


def _undecided(node: f.Function) -> str | None:
    """Return what a decorator leaves to the environment: another one may have the fixture used by every test."""
    for one in node.decorators:
        for arg in one.expr.args if isinstance(one.expr, f.Call) else ():
            if arg.keyword == "autouse" and not isinstance(arg.value, f.Const):
                return f"whether {node.name} is autouse is decided by {show(arg.value)}"
    return None


def _is_known(decorator: f.Expr, module: Mapping[str, f.Stmt]) -> bool:
    name = dotted(decorator.func if isinstance(decorator, f.Call) else decorator)
    first = name.partition(".")[0]
    if not first:
        return False
    bound = module.get(first)
    if isinstance(bound, f.FromImport):
        return bound.module.partition(".")[0] in _KNOWN_DECORATORS or bound.module.startswith("pytest")
    if isinstance(bound, f.Import):
        return (
            first in _KNOWN_DECORATORS
            or first.startswith("pytest")
            or any(one.startswith("pytest") for one, alias in bound.names if alias == first)
        )
    if isinstance(bound, f.Assign):  # slow = pytest.mark.slow
        value = bound.value
        return dotted(value.func if isinstance(value, f.Call) else value).startswith(("pytest.", "mark."))
    return first in ("staticmethod", "classmethod")


def _bindings(body: Sequence[f.Stmt]) -> dict[str, f.Stmt]:
    """Return what binds each name of a module; a name that several statements bind means the last of them."""
    found: dict[str, f.Stmt] = {}
    for statement in _own_level(body):
        if isinstance(statement, f.Import):
            found.update((alias or name.partition(".")[0], statement) for name, alias in statement.names)
        elif isinstance(statement, f.FromImport):
            found.update((alias or name, statement) for name, alias in statement.names or ())
        elif isinstance(statement, f.Function | f.Class):
            found[statement.name] = statement
        elif isinstance(statement, f.Assign):
            found.update((target.id, statement) for target in statement.targets if isinstance(target, f.Name))
    return found


def _own_level(body: Sequence[f.Stmt]) -> Iterator[f.Stmt]:
    """Yield the statements of a module and of its conditions, those of classes and functions left out."""
    stack = list(reversed(body))
    while stack:
        statement = stack.pop()
        yield statement
        if isinstance(statement, f.Function | f.Class):
            continue
        parts = [part for name in ("body", "orelse", "final") for part in getattr(statement, name, None) or ()]
        parts += [part for handler in getattr(statement, "handlers", ()) for part in handler.body]
        stack.extend(reversed(parts))


def _functions(body: Sequence[f.Stmt], *, inner: bool = False) -> Iterator[f.Function]:
    for statement in statements(tuple(body), functions=inner):
        if isinstance(statement, f.Function):
            yield statement


def _lines_within(function: f.Function) -> Iterator[int]:
    for statement in statements(function.body or (), functions=True):
        if isinstance(statement, f.Function):
            yield statement.line


# -------------------------------------------------------------------------------------------------------------- imports


def _imports(body: Sequence[f.Stmt], text: str, lines: AbstractSet[int]) -> Iterator[ModuleImport]:
    """Yield the module-level imports whose names stand in the body of one function and nowhere else in the code."""
    words = _Words(text, lines)
    for statement in body:
        if isinstance(statement, f.Import):
            for name, alias in statement.names:
                reader = words.reader([alias or name.partition(".")[0]], statement.line)
                if reader is not None:
                    yield ModuleImport(name, statement.line, reader)
        elif isinstance(statement, f.FromImport) and statement.names and statement.module != "__future__":
            reader = words.reader([alias or name for name, alias in statement.names], statement.line)
            if reader is not None:
                yield ModuleImport("." * statement.level + statement.module, statement.line, reader)


class _Words:
    """Where the words of a text stand: the lines of its logical lines, and which function's body these are in."""

    def __init__(self, text: str, lines: AbstractSet[int]) -> None:
        lexed = lex(text)
        self._lines: dict[str, list[int]] = {}
        self._body_of: dict[int, int] = {}
        inside, column = 0, -1
        line = 0
        fields = iter(lexed.fields)
        for logical in lexed.code[1:].split("\n"):
            line += 1
            bare = logical.lstrip(" \x02")
            first = line + logical.count(JOINED, 0, len(logical) - len(bare))
            indent = len(logical) - len(logical.lstrip(" "))
            if bare and inside and indent <= column:
                inside = 0
            held = "".join([logical, *(f" {next(fields, '')}" for _ in range(logical.count("\x05")))])
            for word in _WORD.findall(held):
                self._lines.setdefault(word, []).append(first)
            if inside:
                self._body_of[first] = inside
            elif first in lines and bare:
                inside, column = first, indent
            line += logical.count(JOINED) + logical.count(IN_STRING)

    def reader(self, names: Sequence[str], at: int) -> int | None:
        """Return the function in whose body some names stand, where they stand nowhere else but in one line."""
        readers = {self._body_of.get(line) for name in names for line in self._lines.get(name, ()) if line != at}
        return readers.pop() if len(readers) == 1 else None
