"""What measuring each fixture by itself predicts for a run of the suite, set against what such a run recorded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import correlation

import msgspec

from fixturescope.document import Document, to_graph
from fixturescope.model import Fixture
from fixturescope.report.rank import impacts

LEAST_S = 1e-3
"""Fixtures whose recorded total is below so many seconds take no part in the rank correlation: what they cost is noise."""


@dataclass(frozen=True)
class PredictedRow:
    """One fixture, all its parameters together; seconds are of set-up and teardown, of the fixture itself."""

    fixture: Fixture
    """As the analysis knows it: ``fixture.setups`` is how often it expects it to be set up."""
    setups: int
    """How often it was set up in the recorded run."""
    recorded_s: float
    predicted_s: float
    """For as many set-ups as the analysis expects."""
    replayed_s: float
    """For as many set-ups as there were."""


@dataclass(frozen=True)
class Agreement:
    """How far predicted seconds agree with recorded ones."""

    ratio: float | None
    """Sum of what is predicted divided by the sum of what was recorded; null where nothing was."""
    rank: float | None
    """Spearman's rank correlation over the fixtures above ``LEAST_S``; null for fewer than two, or all equal."""


@dataclass(frozen=True)
class Prediction:
    """A whole suite, predicted and recorded."""

    rows: tuple[PredictedRow, ...]
    """Fixtures that were recorded and measured, the one that cost the run most first."""
    recorded_s: float
    """Of those rows."""
    predicted_s: float
    replayed_s: float
    ranked: int
    """How many of the rows are above ``LEAST_S``."""
    predicted: Agreement
    """The analysis counts the set-ups: what the ranking of fixtures builds on."""
    replayed: Agreement
    """The recorded run counts the set-ups: what the measurements alone are worth."""
    unmeasured: tuple[str, ...]
    """Ids of fixtures that were recorded, and of which no time by itself is known."""
    unmeasured_s: float
    """Their recorded seconds."""


def predict(document: Document) -> Prediction:
    """Return what is predicted of each fixture beside what was recorded.

    The first set-up and teardown under each parameter are taken to be cold, the others warm (see `rank.Impact`).
    """
    setups: dict[str, int] = defaultdict(int)
    recorded: dict[str, float] = defaultdict(float)
    for one in document.recorded:
        setups[one.fixture] += one.setups
        recorded[one.fixture] += one.setup_s.own + one.teardown_s.own
    here = [fixture for fixture in document.fixtures if fixture.id in recorded]
    replayed = [msgspec.structs.replace(fixture, setups=setups.get(fixture.id, 0)) for fixture in document.fixtures]
    expected_s = {one.fixture.id: one.seconds for one in impacts(to_graph(document))}
    replayed_s = {
        one.fixture.id: one.seconds
        for one in impacts(to_graph(msgspec.structs.replace(document, fixtures=tuple(replayed))))
    }
    rows = [
        PredictedRow(fixture, setups[fixture.id], recorded[fixture.id], expected_s[fixture.id], replayed_s[fixture.id])
        for fixture in here
        if fixture.id in expected_s
    ]
    rows.sort(key=lambda row: (-row.recorded_s, row.fixture.id))
    unmeasured = tuple(sorted(set(recorded) - set(expected_s)))
    above = [row for row in rows if row.recorded_s >= LEAST_S]
    truth = [row.recorded_s for row in rows], [row.recorded_s for row in above]
    return Prediction(
        rows=tuple(rows),
        recorded_s=sum(truth[0]),
        predicted_s=sum(row.predicted_s for row in rows),
        replayed_s=sum(row.replayed_s for row in rows),
        ranked=len(above),
        predicted=Agreement(
            _ratio([row.predicted_s for row in rows], truth[0]), spearman([row.predicted_s for row in above], truth[1])
        ),
        replayed=Agreement(
            _ratio([row.replayed_s for row in rows], truth[0]), spearman([row.replayed_s for row in above], truth[1])
        ),
        unmeasured=unmeasured,
        unmeasured_s=sum(recorded[one] for one in unmeasured),
    )


def spearman(ours: Sequence[float], theirs: Sequence[float]) -> float | None:
    """Return the correlation of ranks, ties sharing the mean of theirs; None where it is not defined."""
    if len(ours) < 2 or len(set(ours)) < 2 or len(set(theirs)) < 2:
        return None
    return correlation(_ranks(ours), _ranks(theirs))


def _ranks(values: Sequence[float]) -> list[float]:
    ordered = sorted(values)
    first = {value: at for at, value in reversed(list(enumerate(ordered)))}
    last = {value: at for at, value in enumerate(ordered)}
    return [(first[value] + last[value]) / 2 for value in values]


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> float | None:
    return sum(ours) / sum(theirs) if sum(theirs) > 0 else None
