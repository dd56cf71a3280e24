"""What is advised, in which order, and what became of it where it was tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fixturescope.document import Document
from fixturescope.model import Advice, Fixture, Range, Trial
from fixturescope.report.view.places import place

TOP = 5
"""How many changes stand first in a report."""


@dataclass(frozen=True)
class ChangeRow:
    """One change."""

    number: int
    """From 1, as ``fixturescope try`` takes it."""
    advice: Advice
    fixtures: tuple[tuple[str, str], ...]
    """Id and name of each that it is about."""
    where: str | None
    """Of the first of them."""
    trial: Trial | None
    """The last one, where it was tried."""

    @property
    def is_refuted(self) -> bool:
        """Whether a trial showed that a test ends otherwise."""
        return self.trial is not None and self.trial.verdict == "refuted"

    @property
    def is_promised(self) -> bool:
        """Whether what it saves is worth a promise: no trial refuted it, and a hardly safe one was proven."""
        is_proven = self.trial is not None and self.trial.verdict == "proven"
        return not self.is_refuted and (self.advice.safety != "unlikely" or is_proven)

    @property
    def saves_s(self) -> Range | None:
        """Seconds of a full run: those that a trial saved, else those that are predicted."""
        return self.trial.saved_s if self.trial is not None and self.trial.saved_s else self.advice.saves_s


@dataclass(frozen=True)
class Changes:
    """All that is advised."""

    rows: tuple[ChangeRow, ...]
    """The one to begin with first."""
    top_s: Range | None
    """What those of the first `TOP` save together that are worth a promise, in seconds, where none overlaps another; null where
    none saves time."""


def make_changes(document: Document, advice: Sequence[Advice]) -> Changes:
    """Return what is advised, in the order in which it is given."""
    fixtures = {one.id: one for one in document.fixtures}
    trials = {one.advice: one for one in document.trials if one.advice is not None}
    rows = tuple(_row(number, one, fixtures, trials.get(one.id)) for number, one in enumerate(advice, start=1))
    top = [row.saves_s for row in rows[:TOP] if row.saves_s is not None and row.is_promised]
    return Changes(rows, _together(top))


def _row(number: int, advice: Advice, fixtures: Mapping[str, Fixture], trial: Trial | None) -> ChangeRow:
    first = fixtures.get(advice.fixtures[0]) if advice.fixtures else None
    return ChangeRow(
        number=number,
        advice=advice,
        fixtures=tuple((one, fixtures[one].name if one in fixtures else one) for one in advice.fixtures),
        where=None if first is None else place(first.path, first.line),
        trial=trial,
    )


def _together(ranges: Sequence[Range]) -> Range | None:
    if not ranges:
        return None
    return Range(
        low=sum(one.low for one in ranges),
        likely=sum(one.likely for one in ranges),
        high=sum(one.high for one in ranges),
    )
