"""GitHub-flavoured Markdown: names of unknown origin as code, sentences as text, tables, links.

Nothing that is put in can become a heading, a link, a mention, markup or another cell. What leaves a doubt is shown as code,
which no renderer looks into.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote

from fixturescope.text import printable

_PLAIN_WORD = re.compile(r"[\w,;:()'\"/%?=…·≥×+−–→.#!>*~\[\]&<-]*")
"""What stands in a sentence, some of it behind a backslash; a word with any other character is code."""

_ADDRESS = re.compile(r"://|www\.|_|:\w+:|#\d", re.IGNORECASE)
"""What a renderer may take for a link, emphasis, an emoji or an issue, wherever it stands."""

_BEGINNING = re.compile(r"[-+=]+|\d+[.)]|[#>].*")
"""What a renderer may take for a heading, a list, a quotation or a line at the beginning of a line."""

_SYNTAX = re.compile(r"[\[\]*~]")


def code(words: str) -> str:
    """Return a name as code: a span of it for all but pipes, which would end the cell of a table."""
    shown = printable(words)
    return "<code>&#124;</code>".join(_span(piece) if piece else "" for piece in shown.split("|"))


def text(words: str) -> str:
    """Return a sentence as text; what stands between single quotes in it, and what looks like syntax, is code."""
    pieces = re.split(r"('[^']*'|\s+)", printable(words).strip())
    return "".join(_piece(piece, is_first=number == 0) for number, piece in enumerate(pieces))


def link(words: str, target: str) -> str:
    """Return a link to a file, by a path that is relative to the report; its words alone where that is not such a path."""
    address = relative(target)
    return code(words) if address is None else f"[{code(words)}]({address})"


def relative(path: str) -> str | None:
    """Return a relative path as it stands in a link; None for any other."""
    if not path or not path.isprintable() or "\\" in path or path.startswith("/") or re.match(r"[A-Za-z]:", path):
        return None
    address = quote(path, safe="/.-_~")
    return address if address.startswith("../") else f"./{address}"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Give the lines of a table; a column whose name begins with ``>`` stands on the right. Cells are Markdown."""
    yield f"| {' | '.join(one.removeprefix('>') for one in columns)} |"
    yield f"|{'|'.join('---:' if one.startswith('>') else '---' for one in columns)}|"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def folded(title: str, lines: Iterable[str], *, is_open: bool = False) -> Iterator[str]:
    """Give lines that are shown when their title is clicked."""
    yield f"<details{' open' if is_open else ''}><summary>{title}</summary>"
    yield ""
    yield from lines
    yield ""
    yield "</details>"


def _piece(piece: str, *, is_first: bool) -> str:
    """Return a word of a sentence: a quoted name as code, what is plain as it is, and all else as code."""
    if len(piece) > 2 and piece.startswith("'") and piece.endswith("'"):
        return code(piece[1:-1])
    if not piece or piece.isspace():
        return piece
    if not _PLAIN_WORD.fullmatch(piece) or _ADDRESS.search(piece):
        word = piece.rstrip(":,;.?") or piece
        return code(word) + piece[len(word) :]
    if is_first and _BEGINNING.fullmatch(piece):
        return code(piece)
    return _SYNTAX.sub(r"\\\g<0>", piece).replace("&", "&amp;").replace("<", "&lt;")


def _span(piece: str) -> str:
    """Return text between more backticks than it holds in a row."""
    fence = "`" * (max((len(run) for run in re.findall("`+", piece)), default=0) + 1)
    pad = " " if piece[0] in "` " or piece[-1] in "` " else ""
    return f"{fence}{pad}{piece}{pad}{fence}"
