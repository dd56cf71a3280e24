"""Python literals to values without ``eval``, ``compile`` or ``ast``: the project's text is only ever read."""

from __future__ import annotations

import re
import unicodedata

_STRING = re.compile(r"""([A-Za-z]*)('''|\"\"\"|'|")(.*)\2\Z""", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:\n|[\\'\"abfnrtv]|[0-7]{1,3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^}]*\})")
_BYTES_ESCAPE = re.compile(r"\\(?:\n|[\\'\"abfnrtv]|[0-7]{1,3}|x[0-9a-fA-F]{2})")
_SIMPLE = {
    "\n": "", "\\": "\\", "'": "'", '"': '"', "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
}  # fmt: skip
_INT64 = 2**63


def string_value(literal: str) -> str | bytes | None:
    """Return the value of a string or bytes literal, or None for escapes that Python would refuse."""
    match = _STRING.match(literal)
    if match is None:
        return None
    prefix, body = match.group(1).lower(), match.group(3)
    if "b" not in prefix:
        return body if "r" in prefix else unescape(body)
    if not body.isascii():
        return None
    try:
        text = body if "r" in prefix else _BYTES_ESCAPE.sub(_escape_value, body)
        return text.encode("latin-1")
    except UnicodeEncodeError:  # an octal escape beyond 255
        return None


def unescape(body: str) -> str | None:
    r"""Return the text with backslash escapes replaced (unknown ones stay, as in Python), or None for a broken one."""
    if "\\" not in body:
        return body
    try:
        return _ESCAPE.sub(_escape_value, body)
    except (KeyError, ValueError, OverflowError):
        return None


def int_value(literal: str) -> int | None:
    """Return the value of an integer literal that fits 64 bits, or None."""
    try:
        value = int(literal.replace("_", ""), 0)
    except ValueError:  # longer than Python's own limit on digits, or an old octal such as 0777
        return None
    return value if -_INT64 < value < _INT64 else None


def float_value(literal: str) -> float | None:
    """Return the value of a float literal, or None."""
    try:
        return float(literal.replace("_", ""))
    except ValueError:
        return None


def _escape_value(match: re.Match[str]) -> str:
    text = match.group()[1:]
    if text in _SIMPLE:
        return _SIMPLE[text]
    if text[0] == "N":
        return unicodedata.lookup(text[2:-1])
    if text[0] in "xuU":
        return chr(int(text[1:], 16))
    return chr(int(text, 8))
