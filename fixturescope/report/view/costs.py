"""What fixtures cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from fixturescope.document import Document
from fixturescope.model import EACH_ITS_PROCESS, NOT_COLLECTED, NOT_MEASURED, Measurement, Scope, Status
from fixturescope.report.rank import Ranked, Ranking, rank
from fixturescope.report.view.places import place

MOST = 0.9
"""The share of all seconds that the first fixtures together take, where that is few of them."""


@dataclass(frozen=True)
class CostRow:
    """What one fixture costs: seconds and bytes of itself, the largest over its parameters, where not said otherwise."""

    id: str
    name: str
    scope: Scope
    setups: int
    params: int
    first_s: float
    """Its first set-up in a process."""
    setup_s: float
    """A warm set-up."""
    spread: float
    """Of its warm set-ups: interquartile range divided by the median."""
    first_teardown_s: float
    """Its first teardown in a process."""
    teardown_s: float
    """A warm teardown."""
    waits_s: float
    """A warm set-up of it and of all that it needs."""
    run_s: float
    """All set-ups and teardowns of a full run."""
    run_s_low: float
    """The least and the most of it that the spread of the samples allows."""
    run_s_high: float
    best: int
    """The first and the last place that this allows."""
    worst: int
    share: float
    """Of what a full run spends on all measured fixtures."""
    peak: int | None
    retained: int | None
    leaked: int | None
    gpu: int | None
    """Bytes on all devices together that are allocated when set-up is over."""
    where: str
    status: Status


@dataclass(frozen=True)
class UnmeasuredGroup:
    """Fixtures that could not be measured for one reason."""

    status: Status
    reason: str
    """Its first line."""
    names: tuple[str, ...]


@dataclass(frozen=True)
class Costs:
    """All that was measured."""

    rows: tuple[CostRow, ...]
    """Those on which a full run spends most first."""
    run_s: float
    """What a full run spends on all of them."""
    leading: int
    """How many rows, from the first, take `MOST` of that."""
    unmeasured: tuple[UnmeasuredGroup, ...]
    """Most fixtures first."""
    no_memory: tuple[tuple[str, int], ...]
    """Why fixtures that have times have no bytes, the first line of each reason, and how many fixtures."""
    left_behind: tuple[tuple[str, str], ...]
    """Fixture and what it left running."""
    not_collected: tuple[str, ...]
    """Files and folders that pytest could not collect, each with what it said."""
    to_know: tuple[str, ...]
    """Of how it was measured, what belongs to every answer: what was left out, and why it took so long."""
    how: tuple[str, ...]


def make_costs(document: Document, ranking: Ranking | None = None) -> Costs:
    """Return all that was measured; its ranking by what a full run spends may be there already."""
    ranking = rank(document) if ranking is None else ranking
    rows = tuple(_cost_row(one, ranking.total) for one in ranking.rows)
    failed = [one for one in document.measurements if one.status != "ok"]
    groups: dict[tuple[Status, str], list[str]] = {}
    for one in failed:
        reason = (one.reason or "").partition("\n")[0]
        groups.setdefault((one.status, reason), []).append(_label(one))
    return Costs(
        rows=rows,
        run_s=ranking.total,
        leading=_leading(rows, ranking.total),
        unmeasured=tuple(
            UnmeasuredGroup(status, reason, tuple(names))
            for (status, reason), names in sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
        ),
        no_memory=tuple(
            Counter(
                (one.memory_reason or "").partition("\n")[0]
                for one in document.measurements
                if one.setup_s is not None and one.memory is None
            ).most_common()
        ),
        left_behind=tuple((_label(one), left) for one in document.measurements for left in one.left_behind),
        not_collected=tuple(
            one.removeprefix(NOT_COLLECTED) for one in document.measured if one.startswith(NOT_COLLECTED)
        ),
        to_know=tuple(one for one in document.measured if one.startswith((NOT_MEASURED, EACH_ITS_PROCESS))),
        how=document.measured,
    )


def _label(measurement: Measurement) -> str:
    return measurement.fixture if measurement.param is None else f"{measurement.fixture}[{measurement.param}]"


def _cost_row(ranked: Ranked, together: float) -> CostRow:
    fixture = ranked.fixture
    setups = [one.setup_s for one in ranked.measurements if one.setup_s is not None]
    teardowns = [one.teardown_s for one in ranked.measurements if one.teardown_s is not None]
    memory = [one.memory for one in ranked.measurements if one.memory is not None]
    gpu = [sum(device.allocated or 0 for device in one.gpu) for one in ranked.measurements if one.gpu]
    failed = [one.status for one in ranked.measurements if one.status != "ok"]
    return CostRow(
        id=fixture.id,
        name=fixture.name,
        scope=fixture.scope,
        setups=fixture.setups,
        params=len(ranked.measurements),
        first_s=max(one.cold for one in setups),
        setup_s=max(one.own.median for one in setups),
        spread=max(one.own.spread for one in setups),
        first_teardown_s=max((one.cold for one in teardowns), default=0.0),
        teardown_s=max((one.own.median for one in teardowns), default=0.0),
        waits_s=max(one.cumulative.median for one in setups),
        run_s=ranked.impact,
        run_s_low=ranked.low,
        run_s_high=ranked.high,
        best=ranked.best,
        worst=ranked.worst,
        share=ranked.impact / together if together else 0.0,
        peak=max((one.peak.own for one in memory), default=None),
        retained=max((one.retained.own for one in memory), default=None),
        leaked=max((one.leaked_again.own if one.leaked_again else one.leaked.own for one in memory), default=None),
        gpu=max(gpu, default=None),
        where=place(fixture.path, fixture.line),
        status=failed[0] if failed else "ok",
    )


def _leading(rows: Sequence[CostRow], together: float) -> int:
    """Return how many rows, from the first, make up `MOST` of the sum."""
    so_far = 0.0
    for number, row in enumerate(rows, start=1):
        so_far += row.run_s
        if so_far >= MOST * together * (1 - 1e-9):
            return number if together else 0
    return 0
