# ruff: noqa: INP001 - a script beside the pages that it writes
"""Writes ``docs/advice/``: a page for each kind of advice, and the list of all, from the classes of the kinds.

``python docs/build_advice.py`` renews the pages; a test compares them with what this would write.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from fixturescope.report.advice import KINDS, Kind
from fixturescope.report.advice.base import Figures
from fixturescope.units import show_bytes, show_seconds

FOLDER = Path(__file__).parent / "advice"

_INDEX = """\
# Advice

What `fixturescope analyze --advice` and `fixturescope measure` say to change first. Each piece names its evidence, with
`path:line` or a measured figure, what speaks against it, what it saves, and how likely it is that the outcomes of the
suite stay what they are:

- *likely*: nothing was found that speaks against it.
- *possible*: something could not be followed, or not all could be read.
- *unlikely*: something was found that speaks against it; told only where it saves a twentieth of all fixture time.

It is sorted by predicted seconds, of which one that is *possible* counts half and one that is *unlikely* a tenth. A saving
of less than 50 ms, or of less than 0.5 % of what a full run spends on fixtures, is not worth a word: there is no advice for
it. Without measurements there is only advice that needs none, and it predicts no seconds.

All of it is static reading and arithmetic, nothing is run: whether a change is safe is shown by a trial.

| kind | what | when |
|---|---|---|
"""


def pages() -> dict[str, str]:
    """Return file name → Markdown of all pages."""
    found = {f"{kind.kind}.md": _page(kind) for kind in KINDS}
    rows = [f"| [{kind.kind}]({kind.kind}.md) | {kind.name} | {kind.summary} |\n" for kind in KINDS]
    return {"index.md": _INDEX + "".join(rows), **found}


def _page(kind: type[Kind]) -> str:
    figures = list(_figures(kind.FIGURES))
    measured = ["Measured of both suites:", "", *figures, ""] if figures else []
    return "\n".join(
        [
            f"# {kind.kind}: {kind.name}",
            "",
            kind.summary,
            "",
            kind.explanation(),
            "",
            "## Advised",
            "",
            *_suite(kind.BAD),
            "## Not advised",
            "",
            *_suite(kind.GOOD),
            *measured,
        ]
    )


def _figures(figures: Figures) -> Iterator[str]:
    for name, seconds in figures.seconds.items():
        yield f"- a set-up of `{name}` takes {show_seconds(seconds)}"
    for name, size in figures.retained.items():
        yield f"- `{name}` holds {show_bytes(size)}"
    for name, size in figures.leaked.items():
        yield f"- a second set-up and teardown of `{name}` leave {show_bytes(size)}"
    for name, size in figures.leaked_once.items():
        yield f"- the first set-up and teardown of `{name}` leave {show_bytes(size)}, later ones nothing"
    for name, what in figures.left.items():
        yield f"- `{name}` leaves running: {what}"
    for name, number in figures.recorded.items():
        yield f"- a run set `{name}` up {number} times"
    for name, (seconds, path) in figures.imports.items():
        yield f"- `{path}` is the first to import `{name}`, which takes {show_seconds(seconds)}"


def _suite(files: Mapping[str, str]) -> list[str]:
    lines = []
    for name, text in files.items():
        lines += [f"`{name}`", "", "```python", *text.splitlines(), "```", ""]
    return lines


def main() -> None:
    """Write the pages."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, "utf-8", newline="\n")


if __name__ == "__main__":
    main()
