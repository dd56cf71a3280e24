"""Which tests a change to fixtures can affect, and what of it can be tried in memory at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from fixturescope.document import OWN_ORIGINS
from fixturescope.errors import UsageError
from fixturescope.graph import FixtureGraph
from fixturescope.measure import wire
from fixturescope.model import SCOPES, Change, Fixture, Scope, Test

IN_MEMORY = ("scope", "drop_autouse", "remove")
"""Kinds of change that the probe can make."""


@dataclass(frozen=True)
class Affected:
    """The tests that are run to try changes."""

    tests: tuple[Test, ...]
    """In the order of the graph."""
    users: frozenset[str]
    """Ids of those that get one of the fixtures, or for which it would be there."""
    others: int
    """Test functions that run while a wider fixture is alive, do not get it, and stand in files that nobody of
    ``tests`` is in: they are not run."""

    @property
    def files(self) -> tuple[str, ...]:
        """The files that they are in."""
        return tuple(dict.fromkeys(test.path for test in self.tests))


def check(graph: FixtureGraph, changes: Sequence[Change]) -> str | None:
    """Return why changes cannot be tried in memory; None where they can.

    Raises:
        UsageError: A change is none, or is to a fixture that is not there or not the project's own.
    """
    for change in changes:
        fixture = graph.fixture(change.fixture)
        if fixture.origin not in OWN_ORIGINS:
            raise UsageError(f"{fixture.id} is not the project's own: {fixture.plugin or fixture.origin} brings it")
        if change.op == "scope" and change.to not in SCOPES:
            raise UsageError(f"there is no scope {change.to!r}", hint=f"one of: {', '.join(SCOPES)}")
        if change.op == "scope" and change.to == fixture.scope:
            raise UsageError(f"has the scope {change.to} already", path=fixture.path, line=fixture.line)
        if change.op == "drop_autouse" and not fixture.autouse:
            raise UsageError("is not autouse", path=fixture.path, line=fixture.line)
        if change.op not in IN_MEMORY:
            return f"this kind of change is not made in memory ({change}): fixturescope apply shows it"
        twin = _hidden_twin(graph, fixture) if change.op == "remove" else None
        if twin is not None:
            return f"without it the definition at {twin.path}:{twin.line} would be there, which memory does not hold"
    return None


def find_affected(graph: FixtureGraph, changes: Sequence[Change]) -> Affected:
    """Return the tests that changes can affect.

    Those that get the fixture; for one that goes, also those that see it, since they may ask for it in a way that is not
    known; and those beside them that run while it is alive, now or under its new scope, and may see what it does: of the
    same class where it lives as long as a class, else of the same file.
    """
    wanted: dict[str, None] = {}
    users: set[str] = set()
    others: set[str] = set()
    for change in changes:
        fixture = graph.fixture(change.fixture)
        mine = [*graph.usages(fixture), *_in_reach(graph.tests, fixture, change)]
        users.update(test.id for test in mine)
        widest = _widest(fixture, change)
        beside = {_home(test, widest) for test in mine} - {None}
        wanted.update(dict.fromkeys(test.id for test in mine))
        wanted.update(dict.fromkeys(test.id for test in graph.tests if _home(test, widest) in beside))
        if widest in ("package", "session"):
            files = {test.path for test in mine}
            others.update(test.id for test in graph.tests if test.path not in files)
    tests = tuple(test for test in graph.tests if test.id in wanted)
    return Affected(tests, frozenset(users), len(others - wanted.keys()))


def touched(graph: FixtureGraph, changes: Iterable[Change]) -> frozenset[str]:
    """Return the ids of fixtures whose set-ups changes can make fewer or more: what else differs in cost is chance."""
    found: set[str] = set()
    for change in changes:
        fixture = graph.fixture(change.fixture)
        beside = (*graph.dependencies(fixture, transitive=True), *graph.dependents(fixture, transitive=True))
        found.update(one.id for one in (fixture, *beside))
    return frozenset(found)


def in_memory(graph: FixtureGraph, changes: Sequence[Change]) -> tuple[wire.InMemory, ...]:
    """Return changes as the probe takes them: a fixture by file, line and name, and where that is not one, by place."""
    return tuple(_in_memory(graph, change) for change in changes)


def _in_memory(graph: FixtureGraph, change: Change) -> wire.InMemory:
    fixture = graph.fixture(change.fixture)
    key = _place(fixture)
    alone = sum(_place(one) == key for one in graph.fixtures) == 1
    return wire.InMemory(
        op=cast("Literal['scope', 'drop_autouse', 'remove']", change.op),
        file=str(Path(graph.info.rootdir) / fixture.path),
        line=fixture.line,
        name=fixture.name,
        place=None if alone else fixture.visible_in,
        to=change.to,
    )


def _place(fixture: Fixture) -> tuple[str, int, str]:
    return fixture.path, fixture.line, fixture.name


def _widest(fixture: Fixture, change: Change) -> Scope:
    to = next((scope for scope in SCOPES if change.op == "scope" and scope == change.to), fixture.scope)
    return max(fixture.scope, to, key=SCOPES.index)


def _home(test: Test, widest: Scope) -> tuple[str, ...] | None:
    """Return what a test shares with those that run while a fixture of a scope is alive for it."""
    if widest == "function" or (widest == "class" and not test.cls):
        return None
    return (test.path, test.cls.partition(".")[0]) if widest == "class" else (test.path,)


def _in_reach(tests: Iterable[Test], fixture: Fixture, change: Change) -> list[Test]:
    if change.op == "scope":
        return []
    place = fixture.visible_in
    return [test for test in tests if not place or test.id.startswith((f"{place}/", f"{place}::"))]


def _hidden_twin(graph: FixtureGraph, fixture: Fixture) -> Fixture | None:
    """Return an earlier definition of the same name in the same namespace, which Python has replaced by this one."""
    name = fixture.id.partition("#")[0]
    twins = [one for one in graph.fixtures if one.id.partition("#")[0] == name and one.line < fixture.line]
    return next((one for one in twins if one.function == fixture.function and one.path == fixture.path), None)
