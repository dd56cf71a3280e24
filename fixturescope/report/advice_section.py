"""The section of the report for a terminal that says what to change first."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from fixturescope.document import Document
from fixturescope.model import Advice, Evidence, Range, Trial
from fixturescope.report import Options
from fixturescope.report.advice import advise
from fixturescope.report.finding import EFFORT, SAFETY
from fixturescope.report.tables import heading
from fixturescope.text import printable
from fixturescope.units import show_bytes, show_seconds

SHOWN = 5
"""How many pieces of advice are shown, unless all are asked for."""

_STYLES = {
    "likely": "green",
    "possible": "yellow",
    "unlikely": "red",
    "proven": "bold green",
    "refuted": "bold red",
    "unclear": "yellow",
}


def section(document: Document, options: Options) -> RenderableType:
    """Return the advice, numbered as ``fixturescope try`` takes it."""
    found = advise(document)
    trials = {one.advice: one for one in document.trials if one.advice is not None}
    shown = found if options.wide else found[:SHOWN]
    lines = [line for at, one in enumerate(shown, 1) for line in _lines(at, one, trials.get(one.id), options)]
    hidden = len(found) - len(shown)
    return Group(
        heading("What to change first", len(found)),
        *(lines or [Text("  nothing that is worth it")]),
        *([Text(f"  … and {hidden} more; --wide shows all", "dim")] if hidden else []),
    )


def _lines(number: int, advice: Advice, trial: Trial | None, options: Options) -> Iterator[Text]:
    yield Text.assemble(f"  {number:>2}  ", (printable(advice.title), "bold"))
    verdict = advice.safety if trial is None else trial.verdict
    words = SAFETY[advice.safety] if trial is None else f"{trial.verdict} by a trial"
    by_hand = "" if advice.changes or trial is not None else ", by hand"
    yield Text.assemble(
        "      ",
        *(f"{part}; " for part in _savings(advice)),
        (words, _STYLES[verdict]),
        f"; {EFFORT[advice.effort]}{by_hand}",
    )
    if trial is not None:
        yield Text(f"        tried: {printable(trial.reason)}")
    if options.verbose:
        for one in advice.evidence:
            yield Text(f"        because {_told(one)}")
        for one in advice.against:
            yield Text(f"        but {_told(one)}")


def _savings(advice: Advice) -> Iterator[str]:
    if advice.saves_s is not None:
        yield f"saves {_between(advice.saves_s, show_seconds)}"
    if advice.saves_bytes is not None:
        yield f"saves {_between(advice.saves_bytes, lambda size: show_bytes(int(size)))}"


def _between(amount: Range, show: Callable[[float], str]) -> str:
    likely, low, high = show(amount.likely), show(amount.low), show(amount.high)
    return likely if low == high else f"{likely} ({low} to {high})"


def _told(one: Evidence) -> str:
    where = "" if one.path is None else f"{one.path}: " if one.line is None else f"{one.path}:{one.line}: "
    return printable(f"{where}{one.text}")
