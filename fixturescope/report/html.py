"""The report as a page: one file that opens from a disk without a network, and loads and evaluates nothing.

What is said stands in the page itself, so that it is read without a script and prints; tables, plots and graphs are drawn by
the page's own script from one block of data. The page's policy allows this one script and this one style sheet by
their digests, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from fixturescope.document import Document
from fixturescope.errors import UsageError
from fixturescope.model import Range
from fixturescope.report import Options
from fixturescope.report.finding import EFFORT, SAFETY, finding, percent, promise
from fixturescope.report.gfm import relative
from fixturescope.report.html_data import as_json, page_data
from fixturescope.report.rank import Lens, Ranked, Ranking
from fixturescope.report.view import HeatCell, View, make_view
from fixturescope.report.view.changes import TOP
from fixturescope.text import counted, printable
from fixturescope.units import show_bytes, show_seconds

TEMPLATES = Path(__file__).parent / "templates"

SCRIPTS = ("base.js", "table.js", "icicle.js", "plots.js", "graph.js", "card.js", "page.js")
"""The page's script, in the order in which its parts need each other."""

LEVELS = 6
"""How many colours the heat map has."""

NAMED = 5
"""So many fixtures are named through each lens."""

_LENSES: dict[Lens, str] = {
    "run": "A full run spends most on",
    "inner-loop": "One test alone waits longest for",
    "memory": "Most memory is held by",
    "gpu": "Most GPU memory is held by",
    "startup": "Paid once, for imports and caches",
}


def render(document: Document, options: Options) -> str:
    """Return the page.

    Raises:
        UsageError: jinja2 is not installed.
    """
    try:
        import jinja2
        from markupsafe import Markup
    except ImportError as error:
        raise UsageError("jinja2 is not installed", hint="pip install 'fixturescope[html]'") from error
    view = make_view(document)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["shown"] = printable
    style, script = _read("style.css"), "".join(_read(name) for name in SCRIPTS)
    return environment.get_template("page.html").render(
        view=view,
        document=document,
        answer=_answer(view),
        lenses=tuple(_looks(view)),
        artifacts=_artifacts(view, options),
        policy=(
            f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; img-src data:;"
            " base-uri 'none'; form-action 'none'"
        ),
        style=Markup(style),  # noqa: S704 - a file of ours
        script=Markup(script),  # noqa: S704 - likewise
        data=Markup(as_json(page_data(document, view))),  # noqa: S704 - it cannot end its element
        top=TOP,
        words={"safety": SAFETY, "effort": EFFORT},
        seconds=show_seconds,
        size=_size,
        percent=percent,
        counted=counted,
        span=_span,
        heat=partial(_heat, view),
    )


def _read(name: str) -> str:
    return (TEMPLATES / name).read_text("utf-8")


def _digest(text: str) -> str:
    """Return what a policy calls an inline script or style by."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _finalize(value: Any) -> Any:
    """Spell out in every text that is put in what is not shown as itself."""
    return printable(value) if type(value) is str else value


@dataclass(frozen=True)
class Answer:
    """What the page says first."""

    said: str
    names: tuple[str, ...]
    promise: str


def _answer(view: View) -> Answer:
    said, names = finding(view)
    more = promise(view)
    return Answer(said[:1].upper() + said[1:], names, more[:1].upper() + more[1:])


@dataclass(frozen=True)
class Look:
    """The first fixtures through one lens."""

    title: str
    formula: str
    rows: tuple[tuple[Ranked, str, str], ...]
    """Each with its figure and the places that its uncertainty allows."""


def _looks(view: View) -> Iterator[Look]:
    for ranking in view.rankings:
        rows = [row for row in ranking.rows if row.impact > 0][:NAMED]
        if rows:
            yield Look(
                _LENSES[ranking.lens],
                ranking.formula,
                tuple((row, _impact(row, ranking), _places(row)) for row in rows),
            )


def _impact(row: Ranked, ranking: Ranking) -> str:
    return show_seconds(row.impact) if ranking.unit == "s" else show_bytes(round(row.impact))


def _places(row: Ranked) -> str:
    return f"{row.best}" if row.best == row.worst else f"{row.best}–{row.worst}"


def _artifacts(view: View, options: Options) -> tuple[tuple[str, str, str | None], ...]:
    """Return kind, file and address of what the run kept; without an address where there is no way to it."""
    if view.startup is None:
        return ()
    folder = f"{options.artifacts.rstrip('/')}/" if options.artifacts else ""
    return tuple((kind, file, relative(folder + file)) for kind, file in view.startup.artifacts)


def _size(number: float | None) -> str:
    return "–" if number is None else show_bytes(round(number))


def _span(range_: Range) -> str:
    return f"{show_seconds(range_.low)} to {show_seconds(range_.high)}"


def _heat(view: View, cell: HeatCell) -> int:
    """Return how hot a cell is, from 0 to `LEVELS` - 1; seconds where they are known, else uses."""
    value, most = (cell.run_s, view.heat.most_s) if view.heat.most_s else (cell.uses, view.heat.most_uses)
    return 0 if not value or not most else 1 + min(LEVELS - 2, int((LEVELS - 1) * value / most))
