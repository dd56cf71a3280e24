"""Which fixture first: impact = usage × scope × cost, seen through five lenses.

``usage`` is the number of test items that set a fixture up, ``cost`` what one set-up costs, and ``scope`` the share of
the uses that pay for one: 1 for a function fixture, 1 ÷ usage for a session fixture. A lens takes another cost, or
another share (`LENSES`). Each row carries what its figure was made of.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import mean, quantiles
from typing import Literal

from fixturescope.document import Document, to_graph
from fixturescope.errors import UsageError
from fixturescope.graph import FixtureGraph
from fixturescope.model import Duration, Fixture, Measurement, Range

Lens = Literal["run", "inner-loop", "memory", "gpu", "startup"]
"""What is asked: of a full run, of one test alone, of memory, of GPU memory, of what each process pays once."""

LENSES: dict[Lens, str] = {
    "run": "seconds of set-up and teardown that a full run spends on the fixture itself: "
    "firsts × cold + (setups - firsts) × warm, where firsts = the set-ups that are the first in their process, and of cold - "
    "warm only the part that is anew: the share of its imports that no fixture before it in the run makes",
    "inner-loop": "seconds that a test run alone waits for the fixture and all that it needs, on average over all "
    "items: usage ÷ items × (cold set-up and teardown, cumulative)",
    "memory": "bytes that the fixture itself holds while an item runs, on average over all items: "
    "(held × retained + setups × (peak - retained)) ÷ items",
    "gpu": "bytes of GPU memory, likewise: (held × allocated + setups × (peak - allocated)) ÷ items",
    "startup": "seconds that each process pays once beyond a warm set-up, for imports and caches: "
    "firsts × anew × max(0, cold - warm)",
}
"""Lens → its formula; the words stand for the names in `Ranked.factors`."""

ONCE = 0.10
"""A time that was taken once is given so much more or less, relative: how far it repeats is not known."""


@dataclass(frozen=True)
class Impact:
    """Seconds that a full run spends on one fixture itself.

    ``seconds`` = ``setup_s`` + ``teardown_s``, each ``firsts`` × ``cold`` + (``setups`` - ``firsts``) × ``warm``: the
    first set-up under each parameter is paid cold in each process, the others warm. So a session fixture pays cold, and
    a function fixture that is set up a thousand times pays warm. What is imported is paid once, by whoever comes first
    (`imports_anew`).
    """

    fixture: Fixture
    measurements: tuple[Measurement, ...]
    setups: int
    setup_s: float
    teardown_s: float

    @property
    def seconds(self) -> float:
        """Set-up and teardown together."""
        return self.setup_s + self.teardown_s


@dataclass(frozen=True)
class Ranked:
    """One fixture of a ranking; ``impact`` = ``usage`` × ``scope`` × ``cost``."""

    fixture: Fixture
    measurements: tuple[Measurement, ...]
    """Those that its figures come from, one a parameter."""
    usage: int
    """Test items that set it up."""
    scope: float
    """What each use weighs: with the lens ``run``, the share of uses that pay for a set-up."""
    cost: float
    """Of one set-up, on average, in the unit of the ranking."""
    impact: float
    low: float
    """The least that the spread of the samples allows: its lower quartile."""
    high: float
    best: int
    """The first of the places that the spread of all samples allows; the same as ``worst`` where the order is certain."""
    worst: int
    factors: tuple[tuple[str, float], ...]
    """What the formula of the lens (`LENSES`) is made of, by name; of several parameters, the mean of each."""


@dataclass(frozen=True)
class Ranking:
    """All fixtures through one lens."""

    lens: Lens
    unit: Literal["s", "B"]
    workers: int
    rows: tuple[Ranked, ...]
    """The largest impact first, ties by id."""
    unmeasured: tuple[Fixture, ...]
    """Fixtures that a run sets up and whose cost is not known, those set up most often first, ties by id."""
    total: float
    """The sum of all impacts."""

    @property
    def formula(self) -> str:
        """How an impact comes about."""
        return LENSES[self.lens]


def rank(source: Document | FixtureGraph, lens: Lens = "run", *, workers: int = 1) -> Ranking:
    """Return the fixtures of a measured suite, the one whose change matters most first.

    Args:
        source: A document, or an annotated graph.
        lens: What matters.
        workers: Processes that share the run (pytest-xdist's ``-n``). Each sets a session fixture up for itself, and
            each pays the cold set-up of every fixture.

    Raises:
        UsageError: There is no such lens, or fewer than one worker.
    """
    known_lens(lens)
    if workers < 1:
        raise UsageError(f"{workers} workers can run nothing", hint="1 or more")
    graph = source if isinstance(source, FixtureGraph) else to_graph(source)
    found = [_row(one, _LOOKS[lens], workers) for one in _suite(graph, workers)]
    rows = _placed([row for row in found if row is not None])
    known = {row.fixture.id for row in rows}
    return Ranking(
        lens=lens,
        unit="B" if lens in ("memory", "gpu") else "s",
        workers=workers,
        rows=rows,
        unmeasured=tuple(
            sorted(
                (one for one in graph.fixtures if one.setups and one.id not in known),
                key=lambda one: (-one.setups, one.id),
            )
        ),
        total=sum(row.impact for row in rows),
    )


def known_lens(name: str) -> Lens:
    """Return a lens by its name.

    Raises:
        UsageError: There is no such lens.
    """
    for lens in LENSES:
        if lens == name:
            return lens
    raise UsageError(f"there is no lens {name!r}", hint=f"one of: {', '.join(LENSES)}")


def impacts(graph: FixtureGraph) -> tuple[Impact, ...]:
    """Return what a full run in one process spends on every fixture of which a time is known, the largest first.

    Ties are in the order of ids.
    """
    anew = imports_anew(graph)
    by_fixture = _by_fixture(graph.measurements)
    found = [_impact(fixture, by_fixture[fixture.id], anew) for fixture in graph.fixtures if fixture.id in by_fixture]
    return tuple(sorted(found, key=lambda one: (-one.seconds, one.fixture.id)))


def imports_anew(graph: FixtureGraph) -> dict[tuple[str, str | None], float]:
    """Return how much of what a first set-up imports a full run still has to import, by fixture and parameter.

    Each fixture is measured in a process in which none was set up before, so each pays for its imports. In a run only
    the first one does. The run is taken to begin tests in the order of the document; modules count alike, since what
    each takes is not known. 1 for a fixture that imports nothing.
    """
    seen: set[str] = set()
    shares: dict[tuple[str, str | None], float] = {}
    by_fixture = _by_fixture(graph.measurements)
    used = {fixture.id: fixture.setups > 0 for fixture in graph.fixtures}
    for id_ in _in_order_of_first_use(graph):
        for one in by_fixture.get(id_, ()):
            modules = set(one.modules_imported)
            shares[id_, one.param] = share_anew(modules, seen)
            if used.get(id_, True):  # a document that was narrowed does not list it
                seen |= modules
    return shares


def share_anew(modules: set[str], seen: set[str]) -> float:
    """Return the share of modules that are not imported yet; 1 where there are none."""
    return len(modules - seen) / len(modules) if modules else 1.0


def _in_order_of_first_use(graph: FixtureGraph) -> dict[str, None]:
    found: dict[str, None] = {}
    for test in graph.tests:
        for fixture in (*test.closure.values(), *test.dynamic.values()):
            found[fixture] = None
    return {**found, **dict.fromkeys(fixture.id for fixture in graph.fixtures)}


def _by_fixture(measurements: Iterable[Measurement]) -> dict[str, list[Measurement]]:
    found: dict[str, list[Measurement]] = {}
    for one in measurements:
        if one.setup_s is not None:
            found.setdefault(one.fixture, []).append(one)
    return found


def _impact(fixture: Fixture, measurements: Sequence[Measurement], anew: dict[tuple[str, str | None], float]) -> Impact:
    share = fixture.setups / len(measurements)
    shares = [anew[one.fixture, one.param] for one in measurements]
    return Impact(
        fixture,
        tuple(measurements),
        fixture.setups,
        sum(_spent(one.setup_s, share, fresh) for one, fresh in zip(measurements, shares, strict=True)),
        sum(_spent(one.teardown_s, share, fresh) for one, fresh in zip(measurements, shares, strict=True)),
    )


def _spent(duration: Duration | None, setups: float, anew: float, processes: int = 1) -> float:
    """Return the seconds of so many set-ups under one parameter; none are paid where there are none."""
    if duration is None or setups <= 0:
        return 0.0
    firsts = min(processes, setups)
    warm = duration.own.median
    return (warm + anew * (duration.cold - warm)) * firsts + warm * (setups - firsts)


# --------------------------------------------------------------------------------------------------------------- lenses


@dataclass(frozen=True)
class _Known:
    """What a lens needs to know of one fixture in its suite."""

    fixture: Fixture
    measurements: tuple[Measurement, ...]
    setups: float
    """In all processes together."""
    items: int
    """Of the whole run."""
    held: int
    """Items that run while the fixture is set up, at most."""
    anew: tuple[float, ...]
    """Of each measurement: see `imports_anew`."""

    @property
    def durations(self) -> list[tuple[Duration, float]]:
        """Set-up and teardown under each parameter, each with how much of the imports is anew."""
        return [
            (part, anew)
            for one, anew in zip(self.measurements, self.anew, strict=True)
            for part in (one.setup_s, one.teardown_s)
            if part is not None
        ]


@dataclass(frozen=True)
class _Seen:
    """What a lens shows of one fixture."""

    impact: Range
    cost: float
    """Of one set-up."""
    factors: dict[str, float]


Look = Callable[[_Known, int], "_Seen | None"]
"""Looks at a fixture in a run with so many workers; gives None where what matters is not known."""


def _run(known: _Known, workers: int) -> _Seen | None:
    share = known.setups / len(known.measurements)
    spans = [(_span(duration), _spent(duration, share, anew, workers)) for duration, anew in known.durations]
    impact = _sum((spent * low, spent, spent * high) for (low, high), spent in spans)
    firsts = len(known.measurements) * min(workers, share)
    seconds = _seconds(known.measurements)
    cost = impact.likely / known.setups if known.setups else seconds["cold"]
    return _Seen(impact, cost, {"setups": known.setups, "firsts": firsts, **seconds, "anew": mean(known.anew)})


def _inner_loop(known: _Known, _: int) -> _Seen | None:
    if not known.items:
        return None
    weight = known.fixture.usage / known.items / len(known.measurements)
    costs = [(_span(duration), duration.cold_cumulative * weight) for duration, _ in known.durations]
    impact = _sum((cost * low, cost, cost * high) for (low, high), cost in costs)
    waits = mean(
        sum(duration.cold_cumulative for duration in (one.setup_s, one.teardown_s) if duration is not None)
        for one in known.measurements
    )
    return _Seen(impact, waits, {"usage": known.fixture.usage, "items": known.items, "cold cumulative": waits})


def _startup(known: _Known, workers: int) -> _Seen | None:
    firsts = min(workers, known.setups / len(known.measurements))
    extra = [max(0.0, duration.cold - duration.own.median) * anew * firsts for duration, anew in known.durations]
    impact = _sum((spent * (1 - ONCE), spent, spent * (1 + ONCE)) for spent in extra)
    firsts *= len(known.measurements)
    factors = {"firsts": firsts, **_seconds(known.measurements), "anew": mean(known.anew)}
    return _Seen(impact, impact.likely / firsts if firsts else 0.0, factors)


def _memory(known: _Known, _: int) -> _Seen | None:
    seen = [one.memory for one in known.measurements if one.memory is not None]
    if not seen:
        return None
    return _held(known, "retained", mean(one.retained.own for one in seen), mean(one.peak.own for one in seen))


def _gpu(known: _Known, _: int) -> _Seen | None:
    seen = [one.gpu for one in known.measurements if one.gpu]
    if not seen:
        return None
    allocated = mean(sum(device.allocated or 0 for device in devices) for devices in seen)
    peak = mean(sum(max(device.peak or 0, device.allocated or 0) for device in devices) for devices in seen)
    return _held(known, "allocated", allocated, peak)


def _held(known: _Known, name: str, retained: float, peak: float) -> _Seen | None:
    if not known.items:
        return None
    held, extra = max(0.0, retained), max(0.0, peak - max(0.0, retained))
    impact = (known.held * held + known.setups * extra) / known.items
    factors = {"held": known.held, name: held, "setups": known.setups, "peak": held + extra, "items": known.items}
    return _Seen(Range(low=impact, likely=impact, high=impact), held + extra, factors)


_LOOKS: dict[Lens, Look] = {
    "run": _run,
    "inner-loop": _inner_loop,
    "memory": _memory,
    "gpu": _gpu,
    "startup": _startup,
}


def _seconds(measurements: Sequence[Measurement]) -> dict[str, float]:
    """Return cold and warm seconds of set-up and teardown together, the mean over all parameters."""
    both = [[one for one in (each.setup_s, each.teardown_s) if one is not None] for each in measurements]
    return {
        "cold": mean(sum(one.cold for one in each) for each in both),
        "warm": mean(sum(one.own.median for one in each) for each in both),
    }


def _span(duration: Duration) -> tuple[float, float]:
    """Return the quartiles of the warm samples as shares of their median, and of a time taken once more or less `ONCE`."""
    samples, median = duration.own.samples, duration.own.median
    if len(samples) < 2 or median <= 0:
        return 1 - ONCE, 1 + ONCE
    lower, _, upper = quantiles(samples, n=4, method="inclusive")
    return lower / median, upper / median


def _sum(parts: Iterable[tuple[float, float, float]]) -> Range:
    parts = list(parts)
    return Range(
        low=sum(low for low, _, _ in parts),
        likely=sum(likely for _, likely, _ in parts),
        high=sum(high for _, _, high in parts),
    )


# ---------------------------------------------------------------------------------------------------------------- suite


def _suite(graph: FixtureGraph, workers: int) -> list[_Known]:
    """Return every measured fixture with its place in the suite."""
    by_fixture = _by_fixture(graph.measurements)
    anew = imports_anew(graph)
    items = sum(test.items for test in graph.tests)
    modules: Counter[str] = Counter()
    classes: Counter[tuple[str, str]] = Counter()
    for test in graph.tests:
        modules[test.path] += test.items
        classes[test.path, test.cls] += test.items
    folders = _below(modules)

    def held(fixture: Fixture) -> int:
        if fixture.scope == "function":
            return fixture.usage
        if fixture.scope == "session":
            return items if fixture.usage else 0
        users = graph.usages(fixture)
        if fixture.scope == "class":
            alone = sum(test.items for test in users if not test.cls)
            return alone + sum(classes[place] for place in {(test.path, test.cls) for test in users if test.cls})
        if fixture.scope == "module":
            return sum(modules[path] for path in {test.path for test in users})
        return sum(folders[path] for path in _outermost({_folder(test.path) for test in users}))

    def setups(fixture: Fixture) -> float:
        per_session = fixture.scope == "session" and workers > 1
        return fixture.setups * min(workers, max(1, fixture.usage)) if per_session else fixture.setups

    return [
        _Known(
            fixture=one,
            measurements=tuple(by_fixture[one.id]),
            setups=setups(one),
            items=items,
            held=held(one),
            anew=tuple(anew[one.id, each.param] for each in by_fixture[one.id]),
        )
        for one in graph.fixtures
        if one.id in by_fixture
    ]


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _outermost(folders: set[str]) -> set[str]:
    """Return the folders that lie in no other of them."""
    return {one for one in folders if not any(other != one and _lies_in(one, other) for other in folders)}


def _lies_in(inner: str, outer: str) -> bool:
    return not outer or inner.startswith(f"{outer}/")


def _below(modules: Counter[str]) -> dict[str, int]:
    """Return how many items each folder holds, those of the folders in it included."""
    found: dict[str, int] = defaultdict(int)
    for path, items in modules.items():
        folder = _folder(path)
        while folder:
            found[folder] += items
            folder = _folder(folder)
        found[""] += items
    return found


def _row(known: _Known, look: Look, workers: int) -> Ranked | None:
    seen = look(known, workers)
    if seen is None:
        return None
    usage, impact = known.fixture.usage, seen.impact
    return Ranked(
        fixture=known.fixture,
        measurements=known.measurements,
        usage=usage,
        scope=impact.likely / (usage * seen.cost) if usage and seen.cost else 0.0,
        cost=seen.cost,
        impact=impact.likely,
        low=impact.low,
        high=impact.high,
        best=0,
        worst=0,
        factors=tuple(seen.factors.items()),
    )


def _placed(rows: list[Ranked]) -> tuple[Ranked, ...]:
    """Return rows in order, each with the places that the uncertainty of all leaves it."""
    lows, highs = sorted(row.low for row in rows), sorted(row.high for row in rows)
    ordered = sorted(rows, key=lambda row: (-row.impact, row.fixture.id))
    return tuple(
        replace(
            row,
            best=1 + len(rows) - bisect_right(lows, row.high),
            worst=len(rows) - bisect_left(highs, row.low),
        )
        for row in ordered
    )
