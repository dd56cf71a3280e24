"""All that is known of each fixture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fixturescope.document import Document
from fixturescope.graph import Edge, FixtureGraph, Step
from fixturescope.model import Fixture, Measurement, Recorded, Test, Via
from fixturescope.report.view.costs import CostRow, Costs
from fixturescope.report.view.places import place

NAMESAKES = 10
"""So many other fixtures of its name are named."""

TESTS = 5
"""So many of the tests that use a fixture are named."""


@dataclass(frozen=True)
class Neighbour:
    """A fixture that another one asks for, or is asked by."""

    id: str
    name: str
    """The name that is asked for."""
    via: Via
    tests: int
    """Test functions in which it is so."""


@dataclass(frozen=True)
class Detail:
    """One fixture."""

    fixture: Fixture
    where: str
    cost: CostRow | None
    """Null where it was not measured."""
    measurements: tuple[Measurement, ...]
    """One a parameter."""
    recorded_s: float | None
    """What a recorded run spent on it; null where none was recorded."""
    why_made: tuple[str, ...]
    """Of a generated one: what made it."""
    why_unused: str
    """Empty for a used one."""
    why_used: tuple[Step, ...]
    """How the first test that uses it comes to it; empty where none does."""
    needs: tuple[Neighbour, ...]
    """Those that it asks for, in most tests first."""
    needed_by: tuple[Neighbour, ...]
    """Those that ask for it, likewise."""
    namesakes: tuple[str, ...]
    """Ids of the first `NAMESAKES` other fixtures of its name."""
    more_namesakes: int
    """How many more there are: a suite of unittest's may have hundreds of ``setUp``."""
    tests: tuple[str, ...]
    """Ids of the first `TESTS` tests that use it."""
    users: int
    """Test functions that use it."""


def make_details(document: Document, graph: FixtureGraph, costs: Costs | None) -> tuple[Detail, ...]:
    """Return all fixtures, those on which a full run spends most first, then by set-ups.

    Args:
        document: Where they stand.
        graph: Its graph.
        costs: What they cost.
    """
    rows = {} if costs is None else {row.id: row for row in costs.rows}
    measured = _grouped(document.measurements)
    recorded: dict[str, float] = {}
    for one in document.recorded:
        recorded[one.fixture] = recorded.get(one.fixture, 0.0) + _seconds(one)
    named: dict[str, list[str]] = {}
    for fixture in document.fixtures:
        named.setdefault(fixture.name, []).append(fixture.id)
    needs, needed_by = _neighbours(document.edges, "target"), _neighbours(document.edges, "source")

    def detail(fixture: Fixture) -> Detail:
        users = graph.usages(fixture)
        return Detail(
            fixture=fixture,
            where=place(fixture.path, fixture.line),
            cost=rows.get(fixture.id),
            measurements=tuple(measured.get(fixture.id, ())),
            recorded_s=recorded.get(fixture.id),
            why_made=graph.why_exists(fixture),
            why_unused=graph.why_unused(fixture),
            why_used=_why(graph, users, fixture),
            needs=needs.get(fixture.id, ()),
            needed_by=needed_by.get(fixture.id, ()),
            namesakes=tuple(other for other in named[fixture.name][: NAMESAKES + 1] if other != fixture.id)[:NAMESAKES],
            more_namesakes=max(0, len(named[fixture.name]) - 1 - NAMESAKES),
            tests=tuple(test.id for test in users[:TESTS]),
            users=len(users),
        )

    def weight(one: Detail) -> tuple[float, int, str]:
        return -(one.cost.run_s if one.cost else 0.0), -one.fixture.setups, one.fixture.id

    return tuple(sorted((detail(one) for one in document.fixtures), key=weight))


def _grouped(measurements: Iterable[Measurement]) -> dict[str, list[Measurement]]:
    found: dict[str, list[Measurement]] = {}
    for one in measurements:
        found.setdefault(one.fixture, []).append(one)
    return found


def _seconds(recorded: Recorded) -> float:
    return recorded.setup_s.own + recorded.teardown_s.own


def _neighbours(edges: Iterable[Edge], end: str) -> dict[str, tuple[Neighbour, ...]]:
    """Return for each fixture those at the other end of its edges."""
    found: dict[str, list[Neighbour]] = {}
    for one in edges:
        here, there = (one.source, one.target) if end == "target" else (one.target, one.source)
        found.setdefault(here, []).append(Neighbour(there, one.name, one.via, one.tests))
    return {
        here: tuple(sorted(others, key=lambda other: (-other.tests, other.id, other.via)))
        for here, others in found.items()
    }


def _why(graph: FixtureGraph, users: Sequence[Test], fixture: Fixture) -> tuple[Step, ...]:
    return graph.why(users[0], fixture) if users else ()
