"""What was measured → what it says: the rounds of a fixture's orders become its `Measurement`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from fixturescope.measure import wire
from fixturescope.measure.plan import Target
from fixturescope.measure.probe.clock import median, settled, spread
from fixturescope.measure.supervisor import Result
from fixturescope.model import (
    AllocationSite,
    Bytes,
    Duration,
    GpuMemory,
    Isolation,
    Measurement,
    Memory,
    Samples,
    Status,
)

DIGITS = 9
"""Of seconds: the clock counts nanoseconds."""


def combine(
    target: Target,
    results: Mapping[wire.Kind, Result],
    *,
    isolation: Isolation,
    no_memory: str | None,
    again: Sequence[Result] = (),
) -> Measurement:
    """Return the measurement that the orders of one target add up to.

    Args:
        target: What was measured.
        results: Kind of order → result; that of the clocks is there, the others may be missing.
        isolation: How it was measured.
        no_memory: Why memory was not asked for, or None.
        again: Further visits of the clocks, each by a process of its own.
    """
    timed = results["time"]
    first = timed.rounds[0] if timed.rounds else None
    visits = [_counted(one) for one in (timed, *again) if one.rounds]
    memory, memory_reason = _memory(target.key, results, no_memory)
    seen = first if first is not None else wire.Round(timed.order.number)
    return Measurement(
        fixture=target.fixture,
        param=target.carrier.param,
        status=_status(timed.outcome.status),
        reason=timed.outcome.reason,
        carrier=timed.order.carrier.nodeid,
        isolation=isolation,
        setup_s=_duration(target.key, visits, lambda event: event.setup_s),
        teardown_s=_duration(target.key, visits, lambda event: event.teardown_s or 0.0),
        memory=memory,
        memory_reason=memory_reason,
        rss_peak=seen.rss_peak,
        gpu=None if seen.gpu is None else tuple(GpuMemory(**row) for row in seen.gpu),
        gpu_reason=seen.gpu_reason,
        modules_imported=seen.modules,
        left_behind=timed.outcome.left_behind,
    )


def reach(key: str, needs: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """Return a fixture and all that it needs, directly or not."""
    found: set[str] = set()
    todo = [key]
    while todo:
        one = todo.pop()
        if one not in found:
            found.add(one)
            todo += needs.get(one, ())
    return frozenset(found)


def _whole(first: wire.Round, round_: wire.Round) -> wire.Round:
    """Return a round with what stayed set up before or after it, at what it cost in the first one."""
    known = {event.key: event for event in first.events}
    here = {event.key: event for event in round_.events}
    lasting = {
        key: replace(event, teardown_s=known[key].teardown_s)
        for key, event in here.items()
        if event.teardown_s is None and key in known
    }
    return replace(round_, events=tuple({**known, **here, **lasting}.values()))


def _status(name: str) -> Status:
    known: tuple[Status, ...] = (
        "ok",
        "error",
        "skipped",
        "timeout",
        "crashed",
        "killed",
        "teardown_error",
        "unmeasurable",
    )
    return next((one for one in known if one == name), "error")


def warm_seconds(key: str, result: Result) -> list[float]:
    """Return what each warm round of a result spent on the fixture itself, set-up and teardown together."""
    return [
        _costs(key, one, lambda event: event.setup_s + (event.teardown_s or 0.0))[0] for one in _counted(result)[1:]
    ]


def _counted(result: Result) -> tuple[wire.Round, ...]:
    """Return the first round and the warm ones that do not come too early to count."""
    first, *warm = result.rounds
    return (first, *(_whole(first, one) for one in warm[settled(len(warm), result.order.least) :]))


def _duration(key: str, visits: Sequence[Sequence[wire.Round]], cost: Callable[[wire.Event], float]) -> Duration | None:
    """Return seconds by round; what was measured once only is all that is known of the warm rounds, too."""
    if not visits or not any(event.key == key for event in visits[0][0].events):
        return None
    colds = [_costs(key, rounds[0], cost) for rounds in visits]
    warm = [[_costs(key, one, cost) for one in rounds[1:]] for rounds in visits]
    counts = tuple(len(rounds) for rounds in warm if rounds)
    pairs = [pair for rounds in warm for pair in rounds] or colds[:1]
    several = len(visits) > 1
    return Duration(
        cold=round(median([own for own, _ in colds]), DIGITS),
        cold_cumulative=round(median([cumulative for _, cumulative in colds]), DIGITS),
        own=_samples([own for own, _ in pairs], counts if several else ()),
        cumulative=_samples([cumulative for _, cumulative in pairs], counts if several else ()),
        colds=tuple(own for own, _ in colds) if several else (),
    )


def _costs(key: str, round_: wire.Round, cost: Callable[[wire.Event], float]) -> tuple[float, float]:
    """Return what a fixture cost itself, and with all that it needs, each once."""
    reached = reach(key, {event.key: event.needs for event in round_.events})
    own = sum(cost(event) for event in round_.events if event.key == key)
    others = sum(cost(event) for event in round_.events if event.key in reached and event.key != key)
    return round(own, DIGITS), round(own + others, DIGITS)


def _samples(values: Sequence[float], visits: tuple[int, ...]) -> Samples:
    return Samples(
        median=round(median(values), DIGITS), spread=round(spread(values), 4), samples=tuple(values), visits=visits
    )


def _memory(key: str, results: Mapping[wire.Kind, Result], no_memory: str | None) -> tuple[Memory | None, str | None]:
    if no_memory is not None:
        return None, no_memory
    result = results.get("memory")
    if result is None:
        return None, "it was not measured"
    if not result.rounds:
        return None, result.outcome.reason or result.outcome.status
    first, *again = result.rounds
    held = first.held
    reached = reach(key, {one.key: one.needs for one in held})
    mine = next((one for one in held if one.key == key), None)
    if mine is None:
        return None, "it was not set up while memory was measured"
    return Memory(
        peak=Bytes(own=mine.peak, cumulative=_highest(one for one in held if one.key in reached)),
        retained=Bytes(own=mine.retained, cumulative=sum(one.retained for one in held if one.key in reached)),
        leaked=_leaked(key, first),
        leaked_again=_leaked(key, again[0]) if again else None,
        allocations=mine.allocations,
        top=tuple(AllocationSite(size=one.size, allocations=one.allocations, stack=one.stack) for one in first.top),
    ), None


def _highest(held: Iterable[wire.Held]) -> int:
    """Return the most bytes at one time: those of one set-up, on top of what those before it retained."""
    highest = below = 0
    for one in held:
        highest = max(highest, below + one.peak)
        below += one.retained
    return highest


def _leaked(key: str, round_: wire.Round) -> Bytes:
    reached = reach(key, {one.key: one.needs for one in round_.held})
    return Bytes(
        own=sum(one.leaked for one in round_.held if one.key == key),
        cumulative=sum(one.leaked for one in round_.held if one.key in reached),
    )
