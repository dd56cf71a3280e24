"""What the kinds of advice look at: one document, and the few questions that several of them ask of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import quantiles

from fixturescope.document import OWN_ORIGINS, Document, to_graph
from fixturescope.graph import Edge, FixtureGraph
from fixturescope.model import (
    SCOPES,
    Duration,
    Evidence,
    Finding,
    FindingKind,
    Fixture,
    Measurement,
    Range,
    Reading,
    Scope,
    Test,
)
from fixturescope.report.rank import impacts
from fixturescope.units import show_seconds

LEAST_S = 0.05
"""Seconds of a full run below which no change is worth anybody's time: pytest alone takes several times as long to start."""

LEAST_SHARE = 0.005
"""The same as a share of all that a full run spends on fixtures."""


MANY = 4
"""From so many samples on, the ends of an estimate are quartiles; of fewer, the quickest and the slowest."""


@dataclass(frozen=True)
class Cost:
    """What one set-up and teardown of a fixture itself costs in seconds, the mean over its parameters.

    Attributes:
        warm: In a process that has set it up before; the ends are quartiles of the samples.
        setup: The set-up alone, likewise.
        samples: How many there are of each.
    """

    warm: Range
    setup: Range
    samples: int

    def evidence(self, fixture: Fixture) -> Evidence:
        """Return it in words."""
        ends = f" ({show_seconds(self.warm.low)} to {show_seconds(self.warm.high)})" if self.samples > 1 else ""
        counted = f"{fixture.setups} set-up{'s' * (fixture.setups != 1)}"
        return Evidence(
            text=f"one set-up and teardown of {fixture.name}: {show_seconds(self.warm.likely)}{ends}, {counted} in a full run"
        )


class AdviceContext:
    """One document, asked.

    Args:
        document: Whatever it holds; what it lacks is not advised upon.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.graph: FixtureGraph = to_graph(document)

    # fixtures and who uses them

    @cached_property
    def fixtures(self) -> Mapping[str, Fixture]:
        """All fixtures by id."""
        return {one.id: one for one in self.document.fixtures}

    @cached_property
    def own(self) -> tuple[Fixture, ...]:
        """Those that the project itself defines, by id."""
        found = [one for one in self.document.fixtures if one.origin in OWN_ORIGINS]
        return tuple(sorted(found, key=lambda one: one.id))

    @cached_property
    def used(self) -> tuple[Fixture, ...]:
        """Those of them that some test uses."""
        return tuple(one for one in self.own if one.unused is None and one.usage)

    @cached_property
    def tests(self) -> Mapping[str, Test]:
        """All tests by id."""
        return {one.id: one for one in self.document.tests}

    @cached_property
    def modules(self) -> frozenset[str]:
        """Paths of all files with tests."""
        return frozenset(one.path for one in self.document.tests)

    def users(self, fixture: Fixture) -> tuple[Test, ...]:
        """Return the tests that set a fixture up."""
        return self.graph.usages(fixture)

    def users_modules(self, fixture: Fixture) -> tuple[str, ...]:
        """Return the paths of their files, sorted."""
        return tuple(sorted({one.path for one in self.users(fixture)}))

    @cached_property
    def _needs(self) -> dict[str, list[Edge]]:
        found: dict[str, list[Edge]] = {}
        for edge in self.document.edges:
            found.setdefault(edge.source, []).append(edge)
        return found

    @cached_property
    def _askers(self) -> dict[str, list[Edge]]:
        found: dict[str, list[Edge]] = {}
        for edge in self.document.edges:
            found.setdefault(edge.target, []).append(edge)
        return found

    def needs(self, fixture: Fixture) -> tuple[Fixture, ...]:
        """Return the fixtures that a fixture asks for."""
        found = dict.fromkeys(edge.target for edge in self._needs.get(fixture.id, ()))
        return tuple(self.fixtures[one] for one in found if one in self.fixtures)

    def askers(self, fixture: Fixture) -> tuple[Fixture, ...]:
        """Return the fixtures that ask for a fixture."""
        found = dict.fromkeys(edge.source for edge in self._askers.get(fixture.id, ()))
        return tuple(self.fixtures[one] for one in found if one in self.fixtures)

    def answers(self, fixture: Fixture) -> tuple[tuple[str, str], ...]:
        """Return each name that a fixture asks for, and who answers."""
        return tuple(sorted((edge.name, edge.target) for edge in self._needs.get(fixture.id, ())))

    def users_without(self, fixture: Fixture, through: Fixture) -> tuple[Test, ...]:
        """Return the tests that would set a fixture up if another were not set up by itself, autouse."""
        return tuple(test for test in self.users(fixture) if fixture.id in self._reached(test, through))

    def _reached(self, test: Test, without: Fixture) -> set[str]:
        meanings = {**test.dynamic, **test.closure}
        start = [
            meanings[one.name]
            for one in test.requests
            if one.name in meanings and not (one.via == "autouse" and meanings[one.name] == without.id)
        ]
        reached = set(start)
        while start:
            for edge in self._needs.get(start.pop(), ()):
                target = edge.target if edge.via == "override" else meanings.get(edge.name, edge.target)
                if target not in reached:
                    reached.add(target)
                    start.append(target)
        return reached

    def is_indirect(self, fixture: Fixture) -> bool:
        """Return whether tests give a fixture its parameters."""
        return fixture.id in self._indirect

    @cached_property
    def _indirect(self) -> set[str]:
        return {
            test.closure[one.name]
            for test in self.document.tests
            for one in test.requests
            if one.via == "indirect" and one.name in test.closure
        }

    # readings

    @cached_property
    def _readings(self) -> Mapping[str, Reading]:
        return {one.fixture: one for one in self.document.readings}

    def reading(self, fixture: Fixture) -> Reading | None:
        """Return what source says about changing a fixture; None where it was not read."""
        return self._readings.get(fixture.id)

    def found(self, fixture: Fixture, *kinds: FindingKind, own: bool | None = None) -> tuple[Finding, ...]:
        """Return what was found of a fixture.

        Args:
            fixture: The fixture.
            kinds: Of these kinds.
            own: Only in its own source, or only in that of others.
        """
        reading = self._readings.get(fixture.id)
        return tuple(
            one
            for one in (reading.findings if reading is not None else ())
            if one.kind in kinds and (own is None or own is (one.by is None))
        )

    # set-ups and costs

    def setups_under(self, fixture: Fixture, scope: Scope, tests: Iterable[Test] | None = None) -> int:
        """Return how often a full run would set a fixture up if it had another scope: once a place and parameter.

        Args:
            fixture: The fixture; its number of parameters is known.
            scope: The scope.
            tests: Who would use it; None: who does.
        """
        users = self.users(fixture) if tests is None else tuple(tests)
        if scope == "function":
            return sum(one.items for one in users)
        times = max(fixture.params or 1, 1)
        return len(set(_places(users, scope))) * times

    def cost(self, fixture: Fixture) -> Cost | None:
        """Return what one set-up and teardown costs; None where it was not measured, or does not work."""
        return self._costs.get(fixture.id)

    @cached_property
    def _costs(self) -> Mapping[str, Cost]:
        found: dict[str, list[Measurement]] = {}
        for one in self.document.measurements:
            found.setdefault(one.fixture, []).append(one)
        return {
            id_: _cost([one for one in measurements if one.setup_s is not None])
            for id_, measurements in found.items()
            if any(one.setup_s is not None for one in measurements)
        }

    def measurements(self, fixture: Fixture) -> tuple[Measurement, ...]:
        """Return what was measured of a fixture, one measurement a parameter."""
        return self.graph.measurements_of(fixture.id)

    @cached_property
    def total_s(self) -> float:
        """Seconds that a full run spends on all fixtures that were measured."""
        return sum(one.seconds for one in impacts(self.graph))

    @cached_property
    def least_s(self) -> float:
        """Seconds below which a saving is not worth a word."""
        return max(LEAST_S, LEAST_SHARE * self.total_s)

    @cached_property
    def unread_places(self) -> frozenset[tuple[str, int]]:
        """Places that a diagnostic about unread arguments stands at: comments and settings may silence others."""
        return frozenset((one.path, one.line) for one in self.document.diagnostics if one.code == "FS301")


def times(amount: Range, number: float) -> Range:
    """Return an estimate so many times."""
    return Range(low=amount.low * number, likely=amount.likely * number, high=amount.high * number)


def added(amounts: Sequence[Range]) -> Range:
    """Return the sum of estimates."""
    return Range(
        low=sum(one.low for one in amounts),
        likely=sum(one.likely for one in amounts),
        high=sum(one.high for one in amounts),
    )


def place(fixture: Fixture, text: str) -> Evidence:
    """Return something that is read off the definition of a fixture."""
    return Evidence(text=text, path=fixture.path, line=fixture.line)


def listed(names: Sequence[str], most: int = 3) -> str:
    """Return names as people list them: ``a, b, c and 4 more``."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def _cost(measurements: Sequence[Measurement]) -> Cost:
    setups = [_range(one.setup_s) for one in measurements]
    teardowns = [_range(one.teardown_s) for one in measurements]
    samples = min(len(one.setup_s.own.samples) for one in measurements if one.setup_s is not None)
    share = 1 / len(measurements)
    return Cost(times(added([*setups, *teardowns]), share), times(added(setups), share), samples)


def _range(duration: Duration | None) -> Range:
    if duration is None:
        return Range(low=0.0, likely=0.0, high=0.0)
    samples = duration.own.samples or (duration.own.median,)
    low, high = min(samples), max(samples)
    if len(samples) >= MANY:  # one sample that was disturbed says nothing about a thousand set-ups
        low, _, high = quantiles(samples, n=4, method="inclusive")
    return Range(low=low, likely=duration.own.median, high=high)


def _places(tests: Sequence[Test], scope: Scope) -> Iterator[str]:
    for one in tests:
        if scope == "session":
            yield ""
        elif scope == "package":
            yield one.path.rpartition("/")[0]
        elif scope == "module":
            yield one.path
        elif one.cls:
            yield f"{one.path}::{one.cls}"
        else:
            yield from (f"{one.id}#{at}" for at in range(one.items))


def narrower(one: Scope, other: Scope) -> bool:
    """Return whether the first of two scopes is narrower than the second."""
    return SCOPES.index(one) < SCOPES.index(other)


def contains(node: str, inner: str) -> bool:
    """Return whether a collection node is another, or a path, or stands above it."""
    return node in ("", ".", inner) or inner.startswith((f"{node}/", f"{node}::"))
