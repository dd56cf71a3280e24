"""What a terminal shows of a change that was tried: the verdict, why, which tests differ, and what it saves."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group
from rich.text import Text

from fixturescope.model import Differing, Range, Trial
from fixturescope.report import Options
from fixturescope.report.tables import as_text
from fixturescope.text import printable
from fixturescope.units import show_bytes, show_seconds

DIFFERING = 10
"""How many tests that ended otherwise are named, unless all are asked for."""

STYLES = {"proven": "bold green", "refuted": "bold red", "unclear": "bold yellow"}

_FELT = 1e-6
"""Seconds; less is shown as none."""


def render_trial(trial: Trial, options: Options, *, predicted: Range | None = None) -> str:
    """Return what became of a change.

    Args:
        trial: The trial.
        options: How much to show.
        predicted: The seconds that were expected to be saved in a full run.
    """
    changes = "; ".join(map(str, trial.changes))
    head = Text.assemble((trial.verdict, STYLES[trial.verdict]), f": {printable(changes)}")
    return as_text(Group(head, *_lines(trial, options, predicted)), options)


def _lines(trial: Trial, options: Options, predicted: Range | None) -> Iterator[Text]:
    yield Text(f"  {printable(trial.reason)}")
    shown = trial.differing if options.wide else trial.differing[:DIFFERING]
    for one in shown:
        yield Text(f"    {_difference(one)}")
    if len(shown) < len(trial.differing):
        yield Text(f"    … and {len(trial.differing) - len(shown)} more; --wide shows all", "dim")
    if trial.saved_s is not None and trial.verdict != "refuted":
        yield Text(f"  set-ups and teardowns {_saved(trial.saved_s)}{_expected(predicted)}")
    if trial.saved_bytes is not None and trial.verdict != "refuted":
        word = "less" if trial.saved_bytes >= 0 else "more"
        yield Text(f"  memory at its peak: {show_bytes(abs(trial.saved_bytes))} {word}")
    if options.verbose:
        for run in trial.runs:
            counts = ", ".join(f"{number} {outcome}" for outcome, number in run.outcomes.items())
            change = "with the change" if run.changed else "without it"
            yield Text(
                f"    {run.order} order, {change}: {counts}; {show_seconds(run.fixtures_s)} in fixtures, "
                f"{show_seconds(run.wall_s)} in all",
                "dim",
            )


def _difference(one: Differing) -> str:
    order = ", reversed order" if one.order == "reversed" else ""
    reason = f": {one.reason}" if one.reason else ""
    return printable(f"{one.test}{order}: {one.before} → {one.after}{reason}")


def _saved(saved: Range) -> str:
    if abs(saved.likely) < _FELT:
        return "are as many as before"
    word = "less" if saved.likely > 0 else "more"
    ends = sorted((saved.low, saved.high))
    return f"take {show_seconds(abs(saved.likely))} {word} ({' to '.join(map(_signed, ends))})"


def _signed(seconds: float) -> str:
    return show_seconds(seconds) if seconds >= 0 else f"-{show_seconds(-seconds)}"


def _expected(predicted: Range | None) -> str:
    return "" if predicted is None else f"; predicted for a full run: {_signed(predicted.likely)}"
