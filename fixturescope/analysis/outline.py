"""Python source text → only the text that can bear on fixtures, with line numbers kept.

libcst needs about three seconds a megabyte, and most of a test suite is the bodies of tests, which bear on fixtures
only by which of their arguments they read. So before anything is parsed, each body that ``relevance.keeps_body``
does not want is replaced by the arguments it reads; comments and docstrings go; every logical line becomes one line
that ends with ``#@N``, the source line of its first token:

    def test_total(cart, tax): cart  #@12

Where a logical line has ``lambda`` on other lines than its first, all of its lambdas' lines follow: ``#@N l13 l15``.

What libcst's native parser cannot take, since it dies of deep nesting and takes the process with it, is replaced
here and reported. The work is lexical and linear, and nothing raises: text that is not Python comes out as text
that is not Python.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from fixturescope.analysis.lexer import FIELDS, IN_STRING, JOINED, LETTER, STRING, WORD_CHARACTER, lex
from fixturescope.analysis.limits import MAX_BLOCKS, MAX_CLAUSES, MAX_LENGTH, SHORT, refusal, stand_in
from fixturescope.analysis.relevance import READ_EVERYTHING, keeps_body

MAX_PROBLEMS = 100
"""A file with more problems is no Python, and the first ones say so."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One top-level statement with its decorators and its block, so that a bad one can be parsed around.

    Attributes:
        line: The source line of its first token.
        text: Its outline; whole lines.
    """

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Ignore:
    """A ``# fixturescope: ignore[...]`` comment.

    Attributes:
        line: The first source line of the logical line that it is about; that of a decorator means its function.
        codes: The diagnostics to leave out; empty for all.
    """

    line: int
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that no Python accepts, or that libcst could not survive.

    Attributes:
        line: A source line.
        message: What is wrong, without a full stop.
    """

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Outline:
    """What is left of one file.

    Attributes:
        chunks: The top-level statements, in order.
        ignores: The ignore comments, by line.
        problems: What was wrong, by line; the first ``MAX_PROBLEMS`` of them.
    """

    chunks: tuple[Chunk, ...]
    ignores: tuple[Ignore, ...]
    problems: tuple[Problem, ...]

    @property
    def text(self) -> str:
        """The whole outline, as libcst parses it."""
        return "".join([chunk.text for chunk in self.chunks])


def decode(data: bytes) -> str:
    r"""Return the text of a Python source file, as Python would decode it, with ``\n`` for every line ending.

    Raises:
        UnicodeDecodeError: The bytes are not in the file's encoding.
        SyntaxError: The encoding is unknown, or is not what the byte order mark says.
    """
    marked = data.startswith(codecs.BOM_UTF8)
    if marked:
        data = data[len(codecs.BOM_UTF8) :]
    encoding = _declared_encoding(data)
    try:
        is_utf8 = codecs.lookup(encoding).name == "utf-8"
        if marked and not is_utf8:
            raise SyntaxError(f"the byte order mark says utf-8, the encoding declaration {encoding}")
        text = data.decode(encoding)
        if not is_utf8:
            text.encode()  # Some codecs make surrogates, which no parser takes.
    except UnicodeDecodeError:
        raise
    except (LookupError, ValueError) as error:  # Not every codec raises UnicodeDecodeError.
        raise SyntaxError(f"cannot decode as {encoding}: {error}") from error
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def outline(source: str, whole: AbstractSet[int] = frozenset()) -> Outline:
    """Return what is left of a source text once all is gone that cannot bear on fixtures.

    Args:
        source: The text as ``decode`` returns it. Need not be valid Python.
        whole: Lines of the ``def`` of functions whose bodies stay, whatever they hold.
    """
    lexed = lex(source)
    walk = _Walk(lexed.code, lexed.strings, lexed.fields, whole)
    walk.run()
    problems = sorted({*lexed.problems, *walk.problems})[:MAX_PROBLEMS]
    return Outline(
        chunks=tuple([Chunk(line, "".join(lines)) for line, lines in walk.chunks]),
        ignores=_aimed(lexed.code, lexed.ignores),
        problems=tuple([Problem(line, message) for line, message in problems]),
    )


_ENCODING_LINE = re.compile(rb"[ \t\f]*#[^\r\n]*?coding[:=][ \t]*([-\w.]+)")
_BLANK_LINE = re.compile(rb"[ \t\f]*(?:#[^\r\n]*)?(?:\r\n|\r|\n)")


def _declared_encoding(data: bytes) -> str:
    """Return the encoding that a comment on the first two lines declares, ``utf-8`` by default (PEP 263)."""
    match = _ENCODING_LINE.match(data)
    if match is None and (first := _BLANK_LINE.match(data)):
        match = _ENCODING_LINE.match(data, first.end())
    return match[1].decode("ascii") if match else "utf-8"


_WORD = rf"{LETTER}{WORD_CHARACTER}*"
_SPACE = r"[ \t\f\x02]"

_LINE = re.compile(r"\n( *)([^ \n][^\n]*)")
_DEFINITION = re.compile(rf"(?:async{_SPACE}+)?def{_SPACE}+({_WORD}){_SPACE}*(?=[(\[])")
_STRING_STATEMENT = re.compile(r"(?:\x01[\x06 \t\f\x02]*)+(?:;[ \t\f\x02]*)?")
_KEYWORD = re.compile(rf"(?:async{_SPACE}+)?([a-z]+)(?!{WORD_CHARACTER})")
_LAST_CLAUSES = frozenset({"else", "finally"})
_CLAUSES = frozenset({"elif", "except"}) | _LAST_CLAUSES
_BLANK = " \t\f"
_LAMBDA = re.compile(rf"(?<!{WORD_CHARACTER})lambda(?!{WORD_CHARACTER})|[\x02\x06]")

_TO_SPACES = {code: " " for code in range(128) if not (chr(code).isalnum() or chr(code) in "_.")}
_ELLIPSIS = re.compile(r"\.\.\.")
_DOT_SPACE = re.compile(r"\.[ \t\f\x02\x06]+")
_CALLED = re.compile(rf"(?<!\.)(?<!{WORD_CHARACTER})(?:(?:def|class){_SPACE}+{_WORD}|({_WORD})){_SPACE}*\(")
_DOTTED = re.compile(r"@([^(\[{]*)")
_BRACKET = re.compile(r"[()\[\]{}:]|(?<!\w)lambda(?!\w)")
_KEYWORDS = frozenset({
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
    "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
    "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
})  # fmt: skip


class _Block:
    """One open block.

    Attributes:
        column: Its indentation.
        header: The keyword of the line that opened it.
        levels: How deep the tree is here: blocks, and ``elif`` clauses before this one on the way.
        clauses: Clauses so far of the statement that is being read in this block.
        elifs: Those of them that libcst nests.
        empty: Nothing was emitted yet.
        dropped: The line of a string that was left out, 0 if none was.
    """

    __slots__ = ("clauses", "column", "dropped", "elifs", "empty", "header", "levels")

    def __init__(self, column: int, header: str, levels: int) -> None:
        self.column = column
        self.header = header
        self.levels = levels
        self.clauses = 0
        self.elifs = 0
        self.empty = True
        self.dropped = 0


class _Arguments(NamedTuple):
    """The words of a parameter list, and in order those of them that can be names."""

    words: frozenset[str]
    names: tuple[str, ...]


class _Reduced(NamedTuple):
    """A function whose body was left out, before it is known which of the file's fixtures it calls."""

    lines: list[str]
    place: int
    head: str
    marker: str
    reads: list[str]
    words: AbstractSet[str]
    arguments: _Arguments
    body: str


class _Walk:
    """Walks the logical lines once and keeps what bears on fixtures.

    Attributes:
        chunks: Line and emitted lines of each top-level statement.
        problems: Line and message.
    """

    def __init__(self, code: str, strings: list[str], fields: list[str], whole: AbstractSet[int]) -> None:
        self.chunks: list[tuple[int, list[str]]] = []
        self.problems: list[tuple[int, str]] = []
        self._code = code
        self._strings = strings
        self._fields = fields
        self._whole = whole
        self._has_long_strings = max(map(len, strings), default=0) > MAX_LENGTH // SHORT
        self._position = 0  # the three counts are about the text before it
        self._line = 0
        self._string = 0
        self._field = 0
        self._blocks = [_Block(0, "", 0)]
        self._lines: list[str] = []  # of the last chunk
        self._keyword = ""  # of the last line
        self._decorators: list[str] = []  # waiting for their definition
        self._function = -1  # column of the function whose body is being kept
        self._fixtures: set[str] = set()  # functions of this file that should not be called
        self._reduced: list[_Reduced] = []
        self._has_fixtures = "fixture" in code

    def run(self) -> None:
        """Fill ``chunks`` and ``problems``."""
        code, find = self._code, _LINE.search
        while match := find(code, self._position):
            start = match.start()
            self._line += 1 if start == self._position else code.count("\n", self._position, start + 1)
            self._position = match.end()
            column, text = match.end(1) - start - 1, match[2]
            if text[0] == JOINED:
                bare = text.lstrip(" \t\f\x02")
                self._line += text.count(JOINED, 0, len(text) - len(bare))
                text = bare
            if column == self._blocks[-1].column or self._enter_or_leave(column):
                if column <= self._function:
                    self._function = -1
                self._statement(text, column)
            else:
                self._advance(text)
                self._skip_block(self._blocks[-1].column)
        while len(self._blocks) > 1:
            self._close_block()
        self._add_calls()

    def _enter_or_leave(self, column: int) -> bool:
        """Open or close blocks up to a column; return False for a block that nests too deep."""
        blocks = self._blocks
        top = blocks[-1]
        if column > top.column:
            levels = top.levels + 1 + top.elifs
            if len(blocks) > MAX_BLOCKS or levels > MAX_CLAUSES:
                self.problems.append((self._line, "blocks nested too deep"))
                blocks.append(_Block(column, "", levels))
                self._put("pass", self._line)
                blocks.pop()
                return False
            blocks.append(_Block(column, self._keyword, levels))
            return True
        while column < blocks[-1].column:
            self._close_block()
        if column != blocks[-1].column:
            self.problems.append((self._line, "unindent does not match any outer indentation level"))
        return True

    def _close_block(self) -> None:
        block = self._blocks[-1]
        if block.empty and block.dropped:
            self._put("pass", block.dropped)
        self._blocks.pop()
        self._decorators.clear()

    def _statement(self, text: str, column: int) -> None:
        """Keep, replace or leave out one logical line, and the block below it where that goes with it."""
        top = self._blocks[-1]
        match = _KEYWORD.match(text)
        keyword = match[1] if match else text[0]
        self._keyword = keyword
        if keyword in _CLAUSES or (keyword == "case" and top.header == "match"):
            top.clauses += keyword not in _LAST_CLAUSES
            top.elifs += keyword == "elif"
            if top.clauses > MAX_CLAUSES and keyword not in _LAST_CLAUSES:
                if top.clauses == MAX_CLAUSES + 1:
                    self.problems.append((self._line, f"more than {MAX_CLAUSES} clauses in one statement"))
                self._advance(text)
                self._skip_block(column)
                return
        else:
            top.clauses = top.elifs = 0
            if keyword == STRING and self._function < 0 and _STRING_STATEMENT.fullmatch(text):
                top.dropped = top.dropped or self._line
                self._advance(text)
                return
            if len(self._blocks) == 1 and not self._decorators:
                self._open_chunk()
        if not self.chunks:
            self._open_chunk()
        if (len(text) > SHORT or self._has_long_strings or FIELDS in text) and (reason := self._unfit(text)):
            self.problems.append((self._line, reason))
            self._replace(text, keyword, column)
            return
        if keyword == "def" and self._define(text, column):
            return
        kept = self._restored(text)
        if keyword == "@":
            self._decorators.append(kept)
        else:
            self._decorators.clear()
        self._put(kept, self._line, self._lambdas(text))
        self._advance(text)

    def _open_chunk(self) -> None:
        self._lines = []
        self.chunks.append((self._line, self._lines))

    def _put(self, text: str, line: int, lambdas: str = "") -> None:
        """Emit one line at the present depth."""
        if not self.chunks:
            self._open_chunk()
        self._blocks[-1].empty = False
        self._lines.append(f"{' ' * (len(self._blocks) - 1)}{text}  #@{line}{lambdas}\n")

    def _advance(self, text: str) -> None:
        """Count what a logical line swallowed."""
        if not text.isprintable():
            self._line += text.count(JOINED) + text.count(IN_STRING)
            self._string += text.count(STRING)
            self._field += text.count(FIELDS)

    def _skip_block(self, column: int) -> None:
        """Go on at the next line that is indented no deeper than a column."""
        code, start = self._code, self._position
        end = self._block_end(column)
        self._line += sum([code.count(newline, start, end) for newline in ("\n", JOINED, IN_STRING)])
        self._string += code.count(STRING, start, end)
        self._field += code.count(FIELDS, start, end)
        self._position = end

    def _block_end(self, column: int) -> int:
        match = _next_line_within(column).search(self._code, self._position)
        return match.start() if match else len(self._code)

    def _restored(self, text: str) -> str:
        """Return the source of a logical line on one line."""
        if text.isprintable():
            return text.rstrip(_BLANK)
        text = text.replace(IN_STRING, "").replace(FIELDS, "")
        if JOINED in text:
            text = " ".join([part for piece in text.split(JOINED) if (part := piece.strip(_BLANK))])
        pieces = text.rstrip(_BLANK).split(STRING)
        woven = [""] * (2 * len(pieces) - 1)
        woven[::2] = pieces
        woven[1::2] = self._strings[self._string : self._string + len(pieces) - 1]
        return "".join(woven)

    def _with_fields(self, text: str) -> str:
        """Return a logical line with the code of its replacement fields in their places."""
        pieces = text.split(FIELDS)
        woven = [pieces[0]]
        fields = self._fields[self._field : self._field + len(pieces) - 1]
        for field, piece in zip(fields, pieces[1:], strict=True):
            swallowed = field.count(JOINED) + field.count(IN_STRING)
            woven += [field, piece[min(swallowed, len(piece) - len(piece.lstrip(IN_STRING))) :]]
        return "".join(woven)

    def _lambdas(self, text: str) -> str:
        """Return what a marker says of lambdas: the line of each if any is on another line than the first."""
        if FIELDS in text:
            text = self._with_fields(text)
        if "lambda" not in text:
            return ""
        line = self._line
        found = []
        for match in _LAMBDA.finditer(text):
            if match[0] == "lambda":
                found.append(line)
            else:
                line += 1
        if all(line == self._line for line in found):
            return ""
        return "".join([f" l{line}" for line in found])

    def _unfit(self, text: str) -> str | None:
        """Return why libcst should not see a logical line, None if it may."""
        strings = self._strings[self._string : self._string + text.count(STRING)]
        return refusal(self._with_fields(text) if FIELDS in text else text, len(text) + sum(map(len, strings)))

    def _replace(self, text: str, keyword: str, column: int) -> None:
        """Emit what can stand in the place of a logical line that libcst should not see."""
        new = stand_in(text, keyword)
        if keyword == "@":
            self._decorators.append(new)
        else:
            if new == "pass" and self._decorators:
                del self._lines[-len(self._decorators) :]
            self._decorators.clear()
        self._put(new, self._line)
        self._advance(text)
        if new == "pass":
            self._skip_block(column)

    def _define(self, text: str, column: int) -> bool:
        """Reduce a function to what it reads; return False where it is to be kept as it is."""
        match = _DEFINITION.match(text)
        parts = _signature(text, match.end()) if match and self._function < 0 else None
        if match is None or parts is None:
            return False
        opening, closing, colon = parts
        inline = text[colon + 1 :].strip(_BLANK + JOINED)
        body = inline or self._code[self._position : self._block_end(column)]
        if not inline and not body.strip():
            return False
        parameters = self._and_fields(text[opening + 1 : closing], text[:opening])
        body = self._and_fields(body, text[:colon] if inline else text)
        words, reads, arguments = _words_and_reads(body, parameters)
        name = match[1]
        if self._decorators and not name.startswith("test") and "fixture" in "".join(self._decorators):
            self._fixtures.add(name)
        dotted = ["".join(found[1].split()) for line in self._decorators if (found := _DOTTED.match(line))]
        if self._line in self._whole or keeps_body(name, dotted, arguments.words, words):
            if not inline:
                self._function = column
            return False
        head = f"{' ' * (len(self._blocks) - 1)}{self._restored(text[: colon + 1])}"
        marker = f"  #@{self._line}{self._lambdas(text[: colon + 1])}\n"
        if self._has_fixtures:
            self._reduced.append(_Reduced(self._lines, len(self._lines), head, marker, reads, words, arguments, body))
        self._lines.append(f"{head} {';'.join(reads) or 'pass'}{marker}")
        self._blocks[-1].empty = False
        self._decorators.clear()
        self._advance(text)
        if not inline:
            self._skip_block(column)
        return True

    def _and_fields(self, code: str, before: str) -> str:
        """Return code with the code of its replacement fields behind it.

        Args:
            code: A part of what begins with the present line.
            before: What precedes it there.
        """
        if FIELDS not in code:
            return code
        first = self._field + before.count(FIELDS)
        return ";".join([code, *self._fields[first : first + code.count(FIELDS)]])

    def _add_calls(self) -> None:
        """Add to each reduced body the calls of this file's own fixtures."""
        for reduced in self._reduced:
            if not self._fixtures.isdisjoint(reduced.words):
                called = self._fixtures.intersection(_CALLED.findall(_tight(reduced.body)))
                called.difference_update(reduced.arguments.names)
                statements = [*reduced.reads, *[f"{name}()" for name in sorted(called)]]
                reduced.lines[reduced.place] = f"{reduced.head} {';'.join(statements) or 'pass'}{reduced.marker}"


@lru_cache(maxsize=256)
def _next_line_within(column: int) -> re.Pattern[str]:
    """Return a pattern for the next line that is indented by at most so many columns."""
    return re.compile(rf"\n {{0,{column}}}[^ \n]")


def _signature(text: str, start: int) -> tuple[int, int, int] | None:
    """Return where a function's parameter list opens and closes, and where its colon is."""
    if text[start] == "(":
        closing = text.find(")", start)
        if closing >= 0 and text.find("(", start + 1, closing) < 0 and text.startswith(":", closing + 1):
            return start, closing, closing + 1
    depth = lambdas = 0
    opening = closing = -1
    for match in _BRACKET.finditer(text, start):
        mark = match[0]
        if mark in "([{":
            if not depth and opening < 0 and mark == "(":
                opening = match.start()
            depth += 1
        elif mark in ")]}":
            depth -= 1
            if not depth and opening >= 0 and closing < 0:
                closing = match.start()
        elif not depth and mark == "lambda":
            lambdas += 1
        elif not depth and closing >= 0:
            if not lambdas:
                return opening, closing, match.start()
            lambdas -= 1
    return None


def _words_and_reads(body: str, parameters: str) -> tuple[AbstractSet[str], list[str], _Arguments]:
    """Return the words of a body, the names of its parameter list that it reads, and that list.

    Where a body reads everything the word that does so stands for ``request``, which would be a word that it has not.
    """
    arguments = _arguments(parameters)
    spaced = _spaced(body)
    words = set(spaced.replace(".", " ").split())
    if not READ_EVERYTHING.isdisjoint(words):
        names = [name for name in arguments.names if name != "request"]
        return (
            words,
            names if len(names) == len(arguments.names) else [*names, *sorted(READ_EVERYTHING & words)],
            arguments,
        )
    reads = []
    for name in arguments.names:
        word = name if name.isascii() else unicodedata.normalize("NFKC", name)
        if word in words and (f" {word} " in spaced or f" {word}." in spaced):
            reads.append(name)
    return words, reads, arguments


@lru_cache(maxsize=1024)
def _arguments(parameters: str) -> _Arguments:
    words = frozenset(parameters.translate(_TO_SPACES).replace(".", " ").split())
    names = sorted([word for word in words - _KEYWORDS if not "0" <= word[0] <= "9"])
    return _Arguments(words, tuple(names))


def _spaced(code: str) -> str:
    """Return code with a space for whatever is no word and no dot: a word that is no attribute follows a space."""
    spaced = f" {code} ".translate(_TO_SPACES)
    if ". " in spaced or ".." in spaced:
        spaced = f" {_tight(code)} ".translate(_TO_SPACES)
    return spaced if spaced.isascii() else unicodedata.normalize("NFKC", spaced)


def _tight(code: str) -> str:
    """Return code with attributes right behind their dots, on whatever line they were, and without ``...``."""
    return _DOT_SPACE.sub(".", _ELLIPSIS.sub(";", code))


def _aimed(code: str, comments: list[tuple[int, tuple[str, ...]]]) -> tuple[Ignore, ...]:
    """Return for each ignore comment the logical line that it is on, or else the next."""
    found: list[Ignore] = []
    line = 0
    waiting = iter(comments)
    comment = next(waiting, None)
    for text in code[1:].split("\n") if comment else ():
        line += 1
        bare = text.lstrip(" \x02")
        first = line + text.count(JOINED, 0, len(text) - len(bare))
        line += text.count(JOINED) + text.count(IN_STRING)
        while bare and comment and comment[0] <= line:
            found.append(Ignore(first, comment[1]))
            comment = next(waiting, None)
    return tuple(found)
