"""The fixture graph: the nouns of the model, who asks for whom, and the questions people ask of it.

``FixtureGraph`` answers from plain dictionaries; the ``networkx.MultiDiGraph`` behind ``nx`` is made when it is first
asked for, with attributes in plain types, so that networkx's own algorithms and writers work on it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from html import escape
from statistics import median
from typing import TYPE_CHECKING, Any

import msgspec

from fixturescope.errors import UsageError
from fixturescope.model import (
    AnalysisInfo,
    Diagnostic,
    Fixture,
    Measurement,
    Reading,
    Recorded,
    Scope,
    Startup,
    Test,
    Trial,
    Via,
)
from fixturescope.text import printable

if TYPE_CHECKING:
    import networkx
    import pandas
    from rich.console import Console, ConsoleOptions, RenderResult


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """One fixture asks for another, in as many test functions as ``tests`` says."""

    source: str
    target: str
    name: str
    via: Via = "argument"
    tests: int = 0


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One link of the chain that brings a fixture into a test."""

    source: str
    """Id of the test or fixture that asks."""
    name: str
    via: Via
    target: str
    """Id of the fixture that answers."""

    def __str__(self) -> str:
        return f"{self.source} --{self.via}:{self.name}--> {self.target}"


class FixtureGraph:
    """Fixtures, tests and requests of one suite.

    Args:
        fixtures: All fixtures, those of plugins and of pytest included.
        tests: All test functions.
        edges: Requests between fixtures.
        diagnostics: What is worth saying about the suite.
        info: How the analysis was made.
        reasons: For each unused fixture id, why it is called unused and how certain that is.
        measurements: What fixtures cost, one a fixture and parameter; empty where nothing was measured.
        measured: How that was measured, in sentences.
        startup: What a run pays before its first test.
        recorded: What fixtures cost in an ordinary run, one a fixture and parameter; empty where none was recorded.
        readings: What source says about changing a fixture, one a fixture; empty where it was not asked.
        trials: Changes that were tried.
    """

    def __init__(
        self,
        *,
        fixtures: Sequence[Fixture],
        tests: Sequence[Test],
        edges: Sequence[Edge],
        diagnostics: Sequence[Diagnostic],
        info: AnalysisInfo,
        reasons: Mapping[str, str],
        measurements: Sequence[Measurement] = (),
        measured: Sequence[str] = (),
        startup: Startup | None = None,
        recorded: Sequence[Recorded] = (),
        readings: Sequence[Reading] = (),
        trials: Sequence[Trial] = (),
    ) -> None:
        self.fixtures = tuple(fixtures)
        self.tests = tuple(tests)
        self.edges = tuple(edges)
        self.diagnostics = tuple(diagnostics)
        self.info = info
        self.measurements = tuple(measurements)
        self.measured = tuple(measured)
        self.startup = startup
        self.recorded = tuple(recorded)
        self.readings = tuple(readings)
        self.trials = tuple(trials)
        self._reasons = dict(reasons)

    def annotated(
        self,
        measurements: Sequence[Measurement],
        *,
        measured: Sequence[str] = (),
        startup: Startup | None = None,
        recorded: Sequence[Recorded] = (),
        more: Sequence[Fixture] = (),
        rescoped: Sequence[Fixture] = (),
    ) -> FixtureGraph:
        """Return the same graph with what its fixtures cost.

        Args:
            measurements: One a fixture and parameter.
            measured: How it was measured, in sentences.
            startup: What a run pays before its first test.
            recorded: What fixtures cost in an ordinary run.
            more: What was measured and no analysis lists: ``setUp``, ``setup_module`` and the like.
            rescoped: Fixtures of the graph whose scope is known since pytest has run, with that scope.
        """
        known = {fixture.id: fixture for fixture in (*self.fixtures, *rescoped)}
        return self._with(
            fixtures=(*known.values(), *(one for one in more if one.id not in known)),
            measurements=measurements,
            measured=measured,
            startup=startup,
            recorded=recorded,
        )

    def with_readings(self, readings: Sequence[Reading]) -> FixtureGraph:
        """Return the same graph with what source says about changing its fixtures."""
        return self._with(readings=readings)

    def with_trials(self, trials: Sequence[Trial]) -> FixtureGraph:
        """Return the same graph with changes that were tried."""
        return self._with(trials=trials)

    def _with(self, **parts: Any) -> FixtureGraph:
        whole = {name: getattr(self, name) for name in _PARTS}
        return FixtureGraph(reasons=self._reasons, **{**whole, **parts})

    def measurements_of(self, fixture: Fixture | str) -> tuple[Measurement, ...]:
        """Return what a fixture costs, one measurement a parameter."""
        return tuple(self._measurements.get(self.fixture(fixture).id, ()))

    def records_of(self, fixture: Fixture | str) -> tuple[Recorded, ...]:
        """Return what a fixture cost in an ordinary run, one record a parameter."""
        id_ = self.fixture(fixture).id
        return tuple(one for one in self.recorded if one.fixture == id_)

    # nodes

    @property
    def nodes(self) -> tuple[str, ...]:
        """Ids of all fixtures and tests."""
        return (*self._fixtures, *self._tests)

    def fixture(self, fixture: Fixture | str) -> Fixture:
        """Return a fixture by id, by name where only one has it, or itself.

        Raises:
            UsageError: There is no such fixture, or several have the name; the hint lists their ids.
        """
        if isinstance(fixture, Fixture):
            return fixture
        if fixture in self._fixtures:
            return self._fixtures[fixture]
        named = [f for f in self.fixtures if f.name == fixture]
        if len(named) == 1:
            return named[0]
        if named:
            raise UsageError(
                f"{len(named)} fixtures are named {fixture!r}", hint="use an id: " + ", ".join(f.id for f in named)
            )
        raise UsageError(f"no fixture {fixture!r}", hint="graph.fixtures lists all of them")

    def test(self, test: Test | str) -> Test:
        """Return a test by id or itself.

        Raises:
            UsageError: There is no such test.
        """
        if isinstance(test, Test):
            return test
        if test not in self._tests:
            raise UsageError(
                f"no test {test!r}", hint="ids are pytest's node ids without parameters, as in graph.tests"
            )
        return self._tests[test]

    # questions

    def usages(self, fixture: Fixture | str) -> tuple[Test, ...]:
        """Return the tests that set a fixture up, directly or through others."""
        return tuple(self._tests[test] for test in self._users.get(self.fixture(fixture).id, ()))

    def setups_under(self, fixture: Fixture | str, scope: Scope) -> int:
        """Return how often a full run in one process would set a fixture up if it had another scope."""
        one = self.fixture(fixture)
        if scope == "function":
            return one.usage
        places = {place for test in self.usages(one) for place in _places(test, scope)}
        return len(places) * max(one.params or 1, 1)

    def closure(self, test: Test | str) -> dict[str, Fixture]:
        """Return what each name means to a test: requested name → fixture."""
        return {name: self._fixtures[target] for name, target in self.test(test).closure.items()}

    def dependencies(self, fixture: Fixture | str, *, transitive: bool = False) -> tuple[Fixture, ...]:
        """Return the fixtures that a fixture asks for in some test."""
        return self._reach(self.fixture(fixture).id, self._targets, transitive=transitive)

    def dependents(self, fixture: Fixture | str, *, transitive: bool = False) -> tuple[Fixture, ...]:
        """Return the fixtures that ask for a fixture in some test."""
        return self._reach(self.fixture(fixture).id, self._sources, transitive=transitive)

    def overrides(self, fixture: Fixture | str) -> tuple[Fixture, ...]:
        """Return the fixtures of the same name that a fixture hides where it is visible, the nearest first."""
        one = self.fixture(fixture)
        hidden = [
            f
            for f in self.fixtures
            if f.name == one.name and f.id != one.id and _contains(f.visible_in, one.visible_in)
        ]
        return tuple(sorted(hidden, key=lambda f: len(f.visible_in), reverse=True))

    def unused(self, *, certain_only: bool = False, project_only: bool = True) -> tuple[Fixture, ...]:
        """Return the fixtures that no test uses.

        Args:
            certain_only: Leave out those that something dynamic could reach.
            project_only: Leave out those of plugins and of pytest.
        """
        return tuple(
            f
            for f in self.fixtures
            if f.unused is not None
            and (f.unused == "certain" or not certain_only)
            and (f.origin in ("static", "generated") or not project_only)
        )

    def why_unused(self, fixture: Fixture | str) -> str:
        """Return why a fixture is called unused, and what could make that wrong; empty when it is used."""
        return self._reasons.get(self.fixture(fixture).id, "")

    def why_exists(self, fixture: Fixture | str) -> tuple[str, ...]:
        """Return how a generated fixture came about: where it was registered, and the bindings that decided it.

        Empty for a fixture that a ``def`` of its module or class defines.
        """
        one = self.fixture(fixture)
        return () if one.made_at is None else (f"registered at {one.made_at}", *one.why)

    def why(self, test: Test | str, fixture: Fixture | str) -> tuple[Step, ...]:
        """Return the shortest chain of requests that brings a fixture into a test; empty when nothing does."""
        start, goal = self.test(test), self.fixture(fixture).id
        meanings = {**start.dynamic, **start.closure}
        queue: deque[tuple[Step, ...]] = deque()
        for request in start.requests:
            if request.certainty == "certain" and request.name in meanings:
                queue.append(
                    (Step(source=start.id, name=request.name, via=request.via, target=meanings[request.name]),)
                )
        seen = set()
        while queue:
            chain = queue.popleft()
            here = chain[-1].target
            if here == goal:
                return chain
            if here in seen:
                continue
            seen.add(here)
            queue.extend((*chain, step) for step in self._steps(here, meanings))
        return ()

    def path(self, source: str | Fixture | Test, target: str | Fixture | Test) -> tuple[str, ...]:
        """Return the ids on a shortest way from one node to another along requests; empty when there is none."""
        import networkx

        ends = [node if isinstance(node, str) else node.id for node in (source, target)]
        try:
            return tuple(networkx.shortest_path(self.nx, *ends))
        except (networkx.NetworkXNoPath, networkx.NodeNotFound):
            return ()

    def steps(self, fixture: Fixture | str, test: Test | str) -> tuple[Step, ...]:
        """Return what a fixture asks for when a test uses it, each once, with what the names mean to that test."""
        one = self.test(test)
        found = self._steps(self.fixture(fixture).id, {**one.dynamic, **one.closure})
        return tuple({step.target: step for step in found}.values())

    def _steps(self, fixture: str, meanings: Mapping[str, str]) -> Iterable[Step]:
        for edge in self._targets.get(fixture, ()):
            if edge.via == "override" or meanings.get(edge.name, edge.target) == edge.target:
                yield Step(source=fixture, name=edge.name, via=edge.via, target=edge.target)
        requests = (
            self._fixtures[fixture].requests if fixture in self._fixtures else ()
        )  # a narrowed document lacks some
        for request in requests:
            if request.via == "getfixturevalue" and request.certainty == "certain" and request.name in meanings:
                yield Step(source=fixture, name=request.name, via=request.via, target=meanings[request.name])

    def _reach(self, start: str, edges: Mapping[str, Sequence[Edge]], *, transitive: bool) -> tuple[Fixture, ...]:
        found: dict[str, None] = {}
        queue = deque([start])
        while queue:
            here = queue.popleft()
            for edge in edges.get(here, ()):
                other = edge.target if edges is self._targets else edge.source
                if other not in found and other != start:
                    found[other] = None
                    if transitive:
                        queue.append(other)
        return tuple(self._fixtures[fixture] for fixture in found)

    # indexes

    @cached_property
    def _fixtures(self) -> dict[str, Fixture]:
        return {fixture.id: fixture for fixture in self.fixtures}

    @cached_property
    def _tests(self) -> dict[str, Test]:
        return {test.id: test for test in self.tests}

    @cached_property
    def _targets(self) -> dict[str, list[Edge]]:
        found: dict[str, list[Edge]] = {}
        for edge in self.edges:
            found.setdefault(edge.source, []).append(edge)
        return found

    @cached_property
    def _sources(self) -> dict[str, list[Edge]]:
        found: dict[str, list[Edge]] = {}
        for edge in self.edges:
            found.setdefault(edge.target, []).append(edge)
        return found

    @cached_property
    def _users(self) -> dict[str, list[str]]:
        users: dict[str, list[str]] = {}
        outward: dict[tuple[int, int], tuple[str, ...]] = {}
        for test in self.tests:
            key = (id(test.closure), id(test.dynamic))
            reached = outward.get(key)
            if reached is None:
                reached = outward[key] = self._set_up(test)
            for fixture in reached:
                users.setdefault(fixture, []).append(test.id)
        return users

    def _set_up(self, test: Test) -> tuple[str, ...]:
        """Return the fixtures that a test sets up: its closure, and what overrides in it reach further out."""
        meanings = {**test.dynamic, **test.closure}
        reached = dict.fromkeys(meanings.values())
        queue = deque(reached)
        while queue:
            for edge in self._targets.get(queue.popleft(), ()):
                if (edge.via == "override" or edge.name not in meanings) and edge.target not in reached:
                    reached[edge.target] = None
                    queue.append(edge.target)
        return tuple(reached)

    # other forms

    @cached_property
    def _measurements(self) -> dict[str, list[Measurement]]:
        found: dict[str, list[Measurement]] = {}
        for measurement in self.measurements:
            found.setdefault(measurement.fixture, []).append(measurement)
        return found

    @cached_property
    def nx(self) -> networkx.MultiDiGraph[str]:
        """The graph as networkx knows it: an edge from whoever asks to whoever answers.

        Node attributes are the fields of the models in plain types (``kind`` is ``fixture`` or ``test``); fields that
        are null are left out. Edge keys are ``via:name``. A measured fixture also has ``status``, ``setup_s`` and
        ``teardown_s`` (itself, warm; median over its parameters), ``setup_cold_s``, and the largest ``memory_peak``,
        ``memory_retained`` and ``memory_leaked`` (itself, in bytes).
        """
        import networkx

        graph: networkx.MultiDiGraph[str] = networkx.MultiDiGraph(rootdir=self.info.rootdir)
        for fixture in self.fixtures:
            graph.add_node(
                fixture.id, kind="fixture", **_plain(fixture), **_costs(self._measurements.get(fixture.id, ()))
            )
        for test in self.tests:
            graph.add_node(test.id, kind="test", **_plain(test))
        for edge in self.edges:
            graph.add_edge(
                edge.source, edge.target, key=f"{edge.via}:{edge.name}", name=edge.name, via=edge.via, tests=edge.tests
            )
        for test in self.tests:
            meanings = {**test.dynamic, **test.closure}
            for request in test.requests:
                if request.name in meanings:
                    graph.add_edge(
                        test.id,
                        meanings[request.name],
                        key=f"{request.via}:{request.name}",
                        name=request.name,
                        via=request.via,
                        tests=1,
                        line=request.line,
                        certainty=request.certainty,
                    )
        return graph

    def to_pandas(self) -> pandas.DataFrame:
        """Return the fixtures as a table, one row each.

        Raises:
            UsageError: pandas is not installed.
        """
        try:
            import pandas
        except ImportError as error:
            raise UsageError("pandas is not installed", hint="pip install 'fixturescope[notebook]'") from error
        rows = [
            {**msgspec.to_builtins(fixture), **_costs(self._measurements.get(fixture.id, ()))}
            for fixture in self.fixtures
        ]
        columns = [*Fixture.__struct_fields__, *(_COSTS if self.measurements else ())]
        return pandas.DataFrame(rows, columns=columns).set_index("id")

    def __repr__(self) -> str:
        return f"<FixtureGraph {len(self.fixtures)} fixtures, {len(self.tests)} tests, {len(self.unused())} unused>"

    def _ranked(self) -> list[Fixture]:
        return sorted((f for f in self.fixtures if f.setups or f.unused), key=lambda f: (-f.setups, f.id))[:20]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Show the most set up fixtures as a table."""
        from rich.table import Table
        from rich.text import Text

        table = Table(title=repr(self))
        for column in ("fixture", "scope", "usage", "setups", "where"):
            table.add_column(column)
        for f in self._ranked():
            where = printable(f"{f.path}:{f.line}")
            table.add_row(Text(printable(f.name)), f.scope, str(f.usage), str(f.setups), Text(where))
        yield table

    def _repr_html_(self) -> str:
        """Show the most set up fixtures as an HTML table."""
        rows = "".join(
            f"<tr><td>{escape(f.name)}</td><td>{f.scope}</td><td>{f.usage}</td><td>{f.setups}</td>"
            f"<td>{escape(f'{f.path}:{f.line}')}</td></tr>"
            for f in self._ranked()
        )
        head = "<tr><th>fixture</th><th>scope</th><th>usage</th><th>setups</th><th>where</th></tr>"
        return f"<p>{escape(repr(self))}</p><table>{head}{rows}</table>"


_PARTS = (
    "fixtures",
    "tests",
    "edges",
    "diagnostics",
    "info",
    "measurements",
    "measured",
    "startup",
    "recorded",
    "readings",
    "trials",
)
"""What a graph is made of, beside the reasons."""


def _plain(struct: msgspec.Struct) -> dict[str, Any]:
    """Return the scalar fields of a model that have a value, as networkx's writers take them."""
    return {
        name: value
        for name in struct.__struct_fields__
        if name != "id" and isinstance(value := getattr(struct, name), str | int | bool)
    }


def _places(test: Test, scope: Scope) -> tuple[str, ...]:
    """Return the instances of a wider scope than ``function`` in which a test runs."""
    if scope == "class":
        inside = f"{test.path}::{test.cls}"
        return (inside,) if test.cls else tuple(f"{test.id}#{number}" for number in range(test.items))
    return ({"session": "", "module": test.path}.get(scope, test.path.rpartition("/")[0]),)


_COSTS = ("status", "setup_s", "setup_cold_s", "teardown_s", "memory_peak", "memory_retained", "memory_leaked")
"""What `_costs` says of a fixture."""


def _costs(measurements: Sequence[Measurement]) -> dict[str, Any]:
    """Return what a fixture costs as plain numbers; nothing where it was not measured."""
    if not measurements:
        return {}
    failed = [one.status for one in measurements if one.status != "ok"]
    setups = [one.setup_s for one in measurements if one.setup_s]
    teardowns = [one.teardown_s for one in measurements if one.teardown_s]
    memory = [one.memory for one in measurements if one.memory]
    found: dict[str, Any] = {"status": failed[0] if failed else "ok"}
    if setups:
        found["setup_s"] = median(one.own.median for one in setups)
        found["setup_cold_s"] = median(one.cold for one in setups)
    if teardowns:
        found["teardown_s"] = median(one.own.median for one in teardowns)
    if memory:
        found["memory_peak"] = max(one.peak.own for one in memory)
        found["memory_retained"] = max(one.retained.own for one in memory)
        found["memory_leaked"] = max(one.leaked.own for one in memory)
    return found


def _contains(outer: str, inner: str) -> bool:
    """Whether one collection node is another or stands above it, by node ids."""
    return outer in ("", inner) or inner.startswith((f"{outer}/", f"{outer}::"))
