"""Python source text → its logical lines, without strings and comments.

This is the lower half of the outline. It knows where strings, comments, brackets and logical lines begin and end,
and nothing of what the statements mean. The result is one text in which every logical line is one line:

- a string literal, prefix included, is the single character ``STRING``; an f-string that has replacement fields
  is ``STRING`` and ``FIELDS``;
- a newline that ends no logical line (in brackets, after a backslash) is ``JOINED``, one inside a string literal is
  ``IN_STRING``, so that line numbers are a matter of counting;
- comments are gone; tabs and form feeds in the indentation are resolved to spaces, as Python's tokenizer does.

Speed is what this file is for: libcst needs three seconds a megabyte. So one regular expression jumps from string
to comment to string, brackets are balanced by ``bytes.replace``, and loops run over what is left. Nothing here
raises, whatever the text, and nothing takes more than linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

STRING, JOINED, FIELDS, IN_STRING = "\x01", "\x02", "\x05", "\x06"
GAP = "\x07"
"""Stands for a string literal inside a replacement field."""

LETTER = r"[^\x00-@\[-\^`{-\x7f]"
"""What an identifier can begin with, to Python's tokenizer: a letter, ``_``, or anything that is not ASCII."""

WORD_CHARACTER = r"[^\x00-/:-@\[-\^`{-\x7f]"
"""What an identifier can go on with."""

_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]")
"""No Python code outside strings holds these; as ``?`` they stay the syntax errors that they are."""

_TOKEN = re.compile(
    r"""(\#[^\n]*"""
    r"""|"(?:""[^"\\]*(?:(?:\\.|"{1,2}(?!"))[^"\\]*){0,500}\"""|(?!"")[^"\\\n]*(?:\\.[^"\\\n]*){0,500}"|)"""
    r"""|'(?:''[^'\\]*(?:(?:\\.|'{1,2}(?!'))[^'\\]*){0,500}\'''|(?!'')[^'\\\n]*(?:\\.[^'\\\n]*){0,500}'|))""",
    re.DOTALL,
)
"""A comment, a string literal without its prefix, or the quote of one that is very long or does not end."""

_FORMATTED = frozenset("fFtT")
_PREFIX_LETTERS = frozenset("rRbBuUfFtT")
_PREFIX = re.compile(rf"(?<!{WORD_CHARACTER})((?:[rR][bBfFtT]?|[bBfFtT][rR]?|[uU]))$")
_STRING_END = {
    '"': re.compile(r'["\n]|\\.', re.DOTALL),
    "'": re.compile(r"['\n]|\\.", re.DOTALL),
    '"""': re.compile(r'"""|\\.', re.DOTALL),
    "'''": re.compile(r"'''|\\.", re.DOTALL),
}
_SIMPLE_F_STRING = re.compile(
    r"""("|')(?!\1)(?:(?!\1)[^\\\n{}])*(?:\{[A-Za-z_][\w.]*(?:![rsa])?(?::[^{}"'\\\n]*)?\}(?:(?!\1)[^\\\n{}])*)*\1"""
)
_SIMPLE_FIELD = re.compile(r"\{([\w.]*)")
_DEFINITION_LINE = re.compile(r"\n(?=(?:async[ \t]+def|def|class|import|from)[ \t]|@[A-Za-z_])")
_LITERAL_STOP = {
    '"': re.compile(r'[\\{}"\n]'),
    "'": re.compile(r"[\\{}'\n]"),
    '"""': re.compile(r'[\\{}]|"""'),
    "'''": re.compile(r"[\\{}]|'''"),
}
_FIELD_STOP = re.compile(r"""["'#()\[\]{}:!\n]""")
_CONVERSION = re.compile(r"""[^:}"'\n{]*""")
_MAX_NESTED_F_STRINGS = 20
_MAX_FAILED_F_STRINGS = 8
"""Each that does not end is a walk to the end of the file; after so many, f-strings are read as plain strings."""

_NOT_BRACKETS = bytes(set(range(256)) - set(b"()[]{}\n"))
_ONE_KIND = bytes.maketrans(b"[]{}", b"()()")
_BALANCING_PASSES = 12

_RESYNC = re.compile(rf"(?:async[ \t]+def|def|class)[ \t]+{LETTER}|import[ \t]+{LETTER}|from[ \t]+[\w.]+[ \t]+import\b")
_RESYNC_LETTERS = frozenset("adcif@")
_DECORATED = re.compile(rf"(?:async[ \t]+def|def|class)[ \t]+{LETTER}|@{LETTER}")
_ODD_INDENT = re.compile(r"\n *\x02")
_INDENT = re.compile(r"[ \t\f\x02]*")
_TAB = 8

_IGNORE = re.compile(r"fixturescope:[ \t]*ignore(?:\[([\w, \t]+)\])?(?=[\s#]|$)")


@dataclass(frozen=True, slots=True)
class Lexed:
    """The logical lines of one file.

    Attributes:
        code: The logical lines, each after its newline; the text begins and ends with a newline.
        strings: The literals, prefixes included, in the order of their ``STRING``.
        fields: For each ``FIELDS`` in order: the code of the replacement fields, each in braces, with ``IN_STRING``
            for a newline in the literal part, so that lines can be counted.
        ignores: Line and codes of each ignore comment, as written.
        problems: Line and message of each thing that Python would not have accepted.
    """

    code: str
    strings: list[str]
    fields: list[str]
    ignores: list[tuple[int, tuple[str, ...]]]
    problems: list[tuple[int, str]]


def lex(source: str) -> Lexed:
    r"""Return the logical lines of a source text.

    Args:
        source: Python source with ``\n`` as its only line ending. Need not be valid Python.
    """
    strings = _Strings(source)
    code, joining_problems = _join_lines("".join(strings.pieces).replace("\\\n", JOINED))
    found = _lines_of(source, strings.comments)
    ignores = [(line, codes) for line, comment in found if (codes := _ignored_codes(comment)) is not None]
    problems = sorted(_lines_of(source, sorted(strings.problems)) + joining_problems)
    return Lexed(_plain_indentation(code), strings.strings, strings.fields, ignores, problems)


class _Strings:
    """Takes strings and comments out of a text.

    Attributes:
        pieces: The text without them.
        strings, fields: See ``Lexed``.
        comments: Offset and text of the comments that mention fixturescope.
        problems: Offset and message.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._failed_f_strings = 0
        self.pieces: list[str] = []
        self.strings: list[str] = []
        self.fields: list[str] = []
        self.comments: list[tuple[int, str]] = []
        self.problems: list[tuple[int, str]] = []
        self._watched = "fixturescope:" in source
        self._dirty = _CONTROL.search(source) is not None
        if (nul := source.find("\0")) >= 0:
            self.problems.append((nul, "a NUL byte"))
        parts = [*_TOKEN.split(source), ""]
        position = self._take(zip(parts[::2], parts[1::2], strict=True), 0)
        while position >= 0:
            position = self._take(_code_and_tokens(source, position), position)

    def _take(self, pairs: Iterable[tuple[str, str]], position: int) -> int:
        """Take strings and comments, up to where the regular expression alone misjudged one.

        Args:
            pairs: Code and the token after it, again and again; an empty token at the end of the file.
            position: Where they start.

        Returns:
            Where to go on, -1 at the end of the file.
        """
        watched = self._watched
        add_piece, add_string = self.pieces.append, self.strings.append
        for piece, token in pairs:
            start = position + len(piece)
            position = start + len(token)
            code = _CONTROL.sub("?", piece) if self._dirty else piece
            if not token or token[0] == "#":
                add_piece(code)
                if watched and "fixturescope:" in token:
                    self.comments.append((start, token))
                continue
            prefix = ""
            if code[-1:] in _PREFIX_LETTERS and (match := _PREFIX.search(code[-3:])):
                prefix = match[1]
                add_piece(code[: -len(prefix)])
            else:
                add_piece(code)
            if len(token) > 1 and (not prefix or _FORMATTED.isdisjoint(prefix)):
                add_string(prefix + token)
                add_piece(STRING + IN_STRING * token.count("\n") if "\n" in token else STRING)
            elif (after := self._take_unusual(start, prefix)) != position:
                return after
        return -1

    def _take_unusual(self, start: int, prefix: str) -> int:
        """Take the string that opens at ``start``: an f-string, a very long one, or one that never ends."""
        source = self._source
        text: str | None = None
        end = -1
        if _FORMATTED.intersection(prefix):
            if simple := _SIMPLE_F_STRING.match(source, start):
                end = simple.end()
                text = "".join([f"{{{name}}}" for name in _SIMPLE_FIELD.findall(source, start, end)])
            elif self._failed_f_strings < _MAX_FAILED_F_STRINGS and (found := _f_string(source, start, prefix)):
                end, text = found
            else:
                self._failed_f_strings += 1
                self.problems.append((start, "an f-string that does not end"))
        if end < 0:
            end = _string_end(source, start)
        if end < 0:
            if text is None and not _FORMATTED.intersection(prefix):
                self.problems.append((start, "a string that does not end"))
            end = self._after_endless(start)
        literal = source[start:end]
        self.strings.append(prefix + literal)
        self.pieces.append(STRING)
        if text and "{" in text:
            self.fields.append(text)
            self.pieces.append(FIELDS)
        self.pieces.append(IN_STRING * literal.count("\n"))
        return end

    def _after_endless(self, start: int) -> int:
        """Return where to go on after a string that never ends: its line's end, or the next top-level definition."""
        if self._source.startswith(('"""', "'''"), start):
            resumed = _DEFINITION_LINE.search(self._source, start)
            return resumed.start() if resumed else len(self._source)
        end = self._source.find("\n", start)
        return end if end >= 0 else len(self._source)


def _code_and_tokens(source: str, position: int) -> Iterator[tuple[str, str]]:
    """Yield what ``_TOKEN.split`` would return from a position on, without copying the rest of the file each time."""
    for match in _TOKEN.finditer(source, position):
        yield source[position : match.start()], match[0]
        position = match.end()
    yield source[position:], ""


def _string_end(source: str, start: int) -> int:
    """Return where the plain string that opens at ``start`` ends, -1 if it does not."""
    quote = source[start]
    if source.startswith(quote * 3, start):
        quote *= 3
    for match in _STRING_END[quote].finditer(source, start + len(quote)):
        stop = match[0]
        if stop == quote:
            return match.end()
        if stop == "\n":
            return -1
    return -1


def _f_string(source: str, start: int, prefix: str) -> tuple[int, str] | None:
    """Return the end and the code in the replacement fields of the f-string that opens at ``start``.

    Reads f-strings by the grammar of PEP 701, which takes in all older ones: fields nest, hold strings with the same
    quotes, comments and newlines.

    Returns:
        None where it does not end, or nests deeper than anybody writes.
    """
    frames = [_Frame.literal(source, start, prefix)]
    position = start + len(frames[0].quote)
    code: list[str] = []
    while frames:
        frame = frames[-1]
        if frame.depth < 0:
            stop = _LITERAL_STOP[frame.quote].search(source, position)
            if stop is None:
                return None
            code.append(IN_STRING * source.count("\n", position, stop.start()))
            position = _step_literal(source, stop, frames, code)
        else:
            stop = _FIELD_STOP.search(source, position)
            if stop is None:
                return None
            position = _step_field(source, position, stop, frames, code)
        if position < 0 or len(frames) > 2 * _MAX_NESTED_F_STRINGS:
            return None
    return position, "".join(code)


class _Frame:
    """What an f-string's reader is in: literal text, a format spec, or the code of a field.

    Attributes:
        quote: The quotes of the string.
        raw: Whether its backslashes mean nothing.
        spec: Whether this is a format spec.
        depth: Open brackets within a field's code, -1 in literal text and format specs.
    """

    __slots__ = ("depth", "quote", "raw", "spec")

    def __init__(self, quote: str, *, raw: bool, spec: bool = False, depth: int = -1) -> None:
        self.quote = quote
        self.raw = raw
        self.spec = spec
        self.depth = depth

    @classmethod
    def literal(cls, source: str, start: int, prefix: str) -> _Frame:
        """Return the frame of the string whose quotes are at ``start``."""
        quote = source[start]
        return cls(quote * 3 if source.startswith(quote * 3, start) else quote, raw="r" in prefix.lower())


def _step_literal(source: str, stop: re.Match[str], frames: list[_Frame], code: list[str]) -> int:
    """Go past what stopped the reader in the literal part of an f-string; -1 for what cannot be."""
    frame, character, position = frames[-1], stop[0], stop.end()
    if character == "\\":
        following = source[position : position + 1]
        if following in ("{", "}", ""):
            return position
        if following == "N" and not frame.raw and source.startswith("{", position + 1):
            closing = source.find("}", position, position + 200)
            return closing + 1 if closing >= 0 else -1
        if following == "\n":
            code.append(IN_STRING)
        return position + 1
    if character == "{":
        if not frame.spec and source.startswith("{", position):
            return position + 1
        frames.append(_Frame(frame.quote, raw=frame.raw, depth=0))
        code.append("{")
        return position
    if character == "}":
        if not frame.spec:
            return position + 1 if source.startswith("}", position) else position
        del frames[-2:]
        code.append("}")
        return position
    if frame.spec or character == "\n":
        return -1
    frames.pop()
    return position


def _step_field(source: str, position: int, stop: re.Match[str], frames: list[_Frame], code: list[str]) -> int:
    """Go past what stopped the reader in the code of a replacement field; -1 for what cannot be."""
    frame, character, at = frames[-1], stop[0], stop.start()
    before = source[position:at]
    if character in "\"'":
        match = _PREFIX.search(before[-3:])
        prefix = match[1] if match else ""
        code.append(before[: len(before) - len(prefix)])
        code.append(GAP)
        if _FORMATTED.intersection(prefix):
            frames.append(_Frame.literal(source, at, prefix))
            return at + len(frames[-1].quote)
        end = _string_end(source, at)
        code.append(IN_STRING * source.count("\n", at, max(end, at)))
        return end
    code.append(before)
    if character == "#":
        return source.find("\n", at)
    if character == "\n":
        code.append(JOINED)
    elif character in "([{":
        frame.depth += 1
        code.append(character)
    elif character in ")]}":
        code.append(character)
        if frame.depth > 0:
            frame.depth -= 1
        elif character == "}":
            frames.pop()
        else:
            return -1
    elif frame.depth > 0 or (character == "!" and source.startswith("=", at + 1)):
        code.append(character)
    elif character == ":":
        frames.append(_Frame(frame.quote, raw=frame.raw, spec=True))
    else:
        conversion = _CONVERSION.match(source, at)
        assert conversion is not None
        return conversion.end()
    return at + 1


def _join_lines(text: str) -> tuple[str, list[tuple[int, str]]]:
    """Join the lines of each bracket; return the text and line and message of brackets that do not close."""
    lines = text.split("\n")
    residues = _unbalanced(text)
    groups = _bracketed(residues, frozenset())
    if groups and groups[-1][1] >= len(lines):
        groups = _bracketed(residues, frozenset(i for i in range(len(lines)) if _starts_afresh(lines, i)))
    joined: list[str] = [""]
    done = 0
    unclosed = []
    for start, end, closed in groups:
        joined += lines[done:start]
        joined.append(JOINED.join(lines[start:end]))
        done = end
        if not closed:
            unclosed.append(start)
    joined += lines[done:]
    joined.append("")
    return "\n".join(joined), _lines_of_indices(lines, unclosed)


def _unbalanced(text: str) -> list[bytes]:
    """Return for each line the brackets that find no partner on it, all as round ones."""
    brackets = text.encode("ascii", "replace").translate(_ONE_KIND, _NOT_BRACKETS)
    for _ in range(_BALANCING_PASSES):
        size = len(brackets)
        brackets = brackets.replace(b"()", b"")
        if len(brackets) == size:
            break
    return brackets.split(b"\n")


def _bracketed(residues: list[bytes], fresh: AbstractSet[int]) -> list[tuple[int, int, bool]]:
    """Return first line, line after the last and whether it closes, for each bracket of several lines.

    Args:
        residues: The unbalanced brackets of each line.
        fresh: Lines that begin a statement whatever was opened before. Where the last bracket returned does not
            close, its end is one past that of the text.
    """
    groups = []
    depth = start = 0
    for index, residue in enumerate(residues):
        if depth and index in fresh:
            groups.append((start, index, False))
            depth = 0
        if not residue:
            continue
        outer, depth = depth, _depth_after(depth, residue)
        if depth and not outer:
            start = index
        elif outer and not depth:
            groups.append((start, index + 1, True))
    if depth:
        groups.append((start, len(residues) + 1, False))
    return groups


def _depth_after(depth: int, brackets: bytes) -> int:
    """Return the bracket depth after a line's unbalanced brackets; closing what is not open changes nothing."""
    if brackets == b"(":
        return depth + 1
    if brackets == b")":
        return max(depth - 1, 0)
    for bracket in brackets:
        depth = depth + 1 if bracket == _OPEN else max(depth - 1, 0)
    return depth


_OPEN = ord("(")


def _starts_afresh(lines: list[str], index: int) -> bool:
    """Return whether a line at column 0 cannot be inside brackets: a bracket above it was never closed."""
    line = lines[index]
    if line[:1] not in _RESYNC_LETTERS:
        return False
    if line[0] != "@":
        return _RESYNC.match(line) is not None
    following = lines[index + 1] if index + 1 < len(lines) else ""
    return _DECORATED.match(following) is not None


def _lines_of_indices(lines: list[str], indices: list[int]) -> list[tuple[int, str]]:
    """Return the source line of each of these lines, which may have swallowed others."""
    found = []
    line, done = 1, 0
    for index in indices:
        line += sum(1 + text.count(JOINED) + text.count(IN_STRING) for text in lines[done:index])
        done = index
        found.append((line, "a bracket that does not close"))
    return found


def _lines_of(source: str, found: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Return line and text for each offset and text; the offsets ascend."""
    result = []
    line, done = 1, 0
    for offset, text in found:
        line += source.count("\n", done, offset)
        done = offset
        result.append((line, text))
    return result


def _plain_indentation(code: str) -> str:
    """Resolve tabs, form feeds and backslashes in the indentation: a tab goes to a multiple of 8, a form feed to 0."""
    if "\t" not in code and "\f" not in code and not _ODD_INDENT.search(code):
        return code
    return "\n".join([_plain_line(line) if line[:1] in _INDENTING else line for line in code.split("\n")])


_INDENTING = frozenset(" \t\f\x02")


def _plain_line(line: str) -> str:
    match = _INDENT.match(line)
    assert match is not None
    column = fixed = joined = 0
    for character in match[0]:
        if character == " ":
            column += 1
        elif character == "\t":
            column = (column // _TAB + 1) * _TAB
        elif character == "\f":
            column = 0
        else:  # Indentation cannot be split by backslashes: the part before the first one counts, if there is any.
            joined += 1
            fixed = fixed or column
    if match.end() == len(line):
        return "\n" * joined
    return " " * (fixed or column) + JOINED * joined + line[match.end() :]


def _ignored_codes(comment: str) -> tuple[str, ...] | None:
    match = _IGNORE.search(comment)
    if match is None:
        return None
    return tuple(code for part in (match[1] or "").split(",") if (code := part.strip()))
