"""What one test waits for, and what one fixture is: the questions of ``fixturescope explain``. No string of any format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import get_args

from fixturescope.document import Document, from_graph, to_graph
from fixturescope.errors import UsageError
from fixturescope.graph import FixtureGraph
from fixturescope.model import Advice, Bytes, Fixture, Measurement, Scope, Test, Trial, Via
from fixturescope.report.advice import advise
from fixturescope.report.rank import Lens, rank, share_anew
from fixturescope.report.view.places import place

USERS = 10
"""Of the modules and fixtures that use a fixture, so many are named, those with most uses first."""


@dataclass(frozen=True)
class Cost:
    """What a fixture itself costs; of several parameters, the dearest. Set-up and teardown together, in seconds."""

    first_s: float
    """The first time in a process."""
    warm_s: float
    memory: Bytes | None
    """At its peak, itself and with all that it needs."""


@dataclass(frozen=True)
class Branch:
    """One fixture in the tree of what a test sets up."""

    fixture: str
    """Its id."""
    name: str
    scope: Scope
    via: Via
    where: str
    cost: Cost | None
    """Null where it was not measured."""
    others: int
    """Other items of the suite that use it: above 0, it is shared."""
    needs: tuple[Branch, ...]
    again: bool
    """It stands further up with what it needs."""


@dataclass(frozen=True)
class TestExplained:
    """What one test waits for."""

    __test__ = False  # keep pytest from collecting it

    id: str
    where: str
    items: int
    fixtures: int
    tree: tuple[Branch, ...]
    alone_s: float | None
    """Seconds of set-up and teardown when it runs by itself, once, in a new process; null where nothing was measured."""
    own_s: float | None
    """Seconds that a full run would not spend without its items: warm, of what is set up for each, and of what only it uses."""
    shared_s: float | None
    """Seconds, of those of ``alone_s``, of what a full run sets up for others as well."""
    unmeasured: tuple[str, ...]
    """Names of fixtures whose cost is not known."""


@dataclass(frozen=True)
class Users:
    """Who uses a fixture, and how often."""

    by_module: tuple[tuple[str, int], ...]
    """Module → test items, most first; the first `USERS`."""
    modules: int
    through: tuple[tuple[str, int], ...]
    """Id of a fixture that asks for it → test functions in which it does so, most first; the first `USERS`."""
    fixtures: int
    directly: int
    """Test functions that ask for it themselves."""


@dataclass(frozen=True)
class Need:
    """One fixture that another needs, directly or not."""

    fixture: str
    name: str
    scope: Scope
    cost: Cost | None


@dataclass(frozen=True)
class FixtureExplained:
    """All that is known of one fixture."""

    fixture: Fixture
    where: str
    users: Users
    why_unused: str
    hides: tuple[str, ...]
    """Ids of fixtures of the same name that are hidden where it is visible, the nearest first."""
    cost: Cost | None
    needs: tuple[Need, ...]
    """All that it sets up before itself, the dearest first."""
    measurements: tuple[Measurement, ...]
    places: tuple[tuple[Lens, int, int, int], ...]
    """Lens → the first and the last place that it may have in its ranking, of how many."""
    advice: tuple[tuple[int, Advice, Trial | None], ...]
    """What is advised for it: the number that ``fixturescope try`` takes, and what came of trying."""


def explain(source: Document | FixtureGraph, what: str) -> TestExplained | FixtureExplained:
    """Return what is known of a fixture (by name or id) or of a test (by node id, without parameters, or its end).

    Raises:
        UsageError: There is no such thing, or several of that name; the hint lists them.
    """
    graph = source if isinstance(source, FixtureGraph) else to_graph(source)
    document = source if isinstance(source, Document) else from_graph(source)
    test, fixtures = _find_test(graph, what), [one for one in graph.fixtures if what in (one.name, one.id)]
    if test is not None and not fixtures:
        return _explain_test(graph, test)
    if not fixtures:
        raise UsageError(f"there is no fixture and no test {what!r}", hint=_near(graph, what))
    return _explain_fixture(graph, document, graph.fixture(what))


def _find_test(graph: FixtureGraph, what: str) -> Test | None:
    if any(one.id == what for one in graph.tests):
        return graph.test(what)
    head, colons, name = what.rpartition("::")
    plain = head + colons + name.partition("[")[0]
    found = [one for one in graph.tests if one.id == plain or one.id.endswith((f"/{plain}", f"::{plain}"))]
    exact = [one for one in found if one.id == plain]
    if len(found) > 1 and not exact:
        several = ", ".join(one.id for one in found[:USERS])
        raise UsageError(f"{len(found)} tests end with {plain!r}", hint=f"one of: {several}")
    return next(iter(exact or found), None)


def _near(graph: FixtureGraph, what: str) -> str:
    from difflib import get_close_matches

    known = [
        *{one.name for one in graph.fixtures},
        *(one.id for one in graph.tests),
        *{one.name for one in graph.tests},
    ]
    close = get_close_matches(what, known, n=3)
    return f"did you mean {', '.join(close)}?" if close else "fixturescope analyze --wide lists all fixtures"


# ----------------------------------------------------------------------------------------------------------------- costs


def cost_of(measurements: Iterable[Measurement]) -> Cost | None:
    """Return what a fixture costs, the dearest of its parameters; None where no time is known."""
    known = [one for one in measurements if one.setup_s is not None]
    if not known:
        return None
    both = [[part for part in (one.setup_s, one.teardown_s) if part is not None] for one in known]
    memory = [one.memory.peak for one in known if one.memory is not None]
    return Cost(
        first_s=max(sum(part.cold for part in parts) for parts in both),
        warm_s=max(sum(part.own.median for part in parts) for parts in both),
        memory=max(memory, key=lambda size: size.own, default=None),
    )


# ------------------------------------------------------------------------------------------------------------------ test


def _explain_test(graph: FixtureGraph, test: Test) -> TestExplained:
    meanings = {**test.dynamic, **test.closure}
    tree = _Tree(graph, test)
    branches = tree.grow()
    reached = [graph.fixture(one) for one in tree.seen]
    costs = {one.id: cost_of(graph.measurements_of(one)) for one in reached}
    known = {id_: cost for id_, cost in costs.items() if cost is not None}
    first = _firsts(graph, reached)
    alone = [one for one in reached if one.id in known and one.usage <= test.items]
    each = [one for one in reached if one.id in known and one.scope == "function" and one not in alone]
    return TestExplained(
        id=test.id,
        where=place(test.path, test.line),
        items=test.items,
        fixtures=len(set(meanings.values()) | set(tree.seen)),
        tree=branches,
        alone_s=sum(first.values()) if known else None,
        own_s=_spent(alone, known, test.items) + _spent(each, known, test.items) if known else None,
        shared_s=sum(first[one.id] for one in reached if one.id in known and one not in (*alone, *each))
        if known
        else None,
        unmeasured=tuple(sorted(one.name for one in reached if costs[one.id] is None)),
    )


def _firsts(graph: FixtureGraph, fixtures: Iterable[Fixture]) -> dict[str, float]:
    """Return what the first set-up and teardown of each take in one process: an import is paid once, by whoever comes first."""
    seen: set[str] = set()
    found = {}
    for fixture in fixtures:
        known = [one for one in graph.measurements_of(fixture) if one.setup_s is not None]
        cost = cost_of(known)
        if cost is None:
            continue
        modules = {module for one in known for module in one.modules_imported}
        found[fixture.id] = cost.warm_s + share_anew(modules, seen) * (cost.first_s - cost.warm_s)
        seen |= modules
    return found


def _spent(fixtures: Iterable[Fixture], costs: Mapping[str, Cost], items: int) -> float:
    """Return the seconds that go to fixtures for so many items of one test."""
    total = 0.0
    for one in fixtures:
        cost = costs[one.id]
        setups = items if one.scope == "function" else max(1, one.setups)
        total += cost.warm_s * setups
    return total


class _Tree:
    """Grows the tree of a test's fixtures; each is unfolded where it stands first."""

    def __init__(self, graph: FixtureGraph, test: Test) -> None:
        self._graph = graph
        self._test = test
        self._meanings = {**test.dynamic, **test.closure}
        self.seen: dict[str, None] = {}

    def grow(self) -> tuple[Branch, ...]:
        """Return the branches: what the test asks for, then what comes without being asked for."""
        asked = [
            (one.name, one.via)
            for one in self._test.requests
            if one.certainty == "certain" and one.name in self._meanings
        ]
        branches = [self._branch(self._meanings[name], via) for name, via in dict(asked).items()]
        for fixture in self._meanings.values():
            if fixture not in self.seen:
                branches.append(self._branch(fixture, "autouse"))
        return tuple(branches)

    def _branch(self, id_: str, via: Via) -> Branch:
        fixture = self._graph.fixture(id_)
        again = id_ in self.seen
        self.seen[id_] = None
        steps = self._graph.steps(id_, self._test)
        return Branch(
            fixture=id_,
            name=fixture.name,
            scope=fixture.scope,
            via=via,
            where=place(fixture.path, fixture.line),
            cost=cost_of(self._graph.measurements_of(fixture)),
            others=max(0, fixture.usage - self._test.items),
            needs=() if again else tuple(self._branch(step.target, step.via) for step in steps),
            again=again and bool(steps),
        )


# --------------------------------------------------------------------------------------------------------------- fixture


def _explain_fixture(graph: FixtureGraph, document: Document, fixture: Fixture) -> FixtureExplained:
    trials = {one.advice: one for one in document.trials}
    needs = [
        Need(one.id, one.name, one.scope, cost_of(graph.measurements_of(one)))
        for one in graph.dependencies(fixture, transitive=True)
    ]
    return FixtureExplained(
        fixture=fixture,
        where=place(fixture.path, fixture.line),
        users=_users(graph, fixture),
        why_unused=graph.why_unused(fixture),
        hides=tuple(one.id for one in graph.overrides(fixture)),
        cost=cost_of(graph.measurements_of(fixture)),
        needs=tuple(sorted(needs, key=lambda one: (-(one.cost.first_s if one.cost else -1.0), one.fixture))),
        measurements=graph.measurements_of(fixture),
        places=tuple(_places(graph, fixture)),
        advice=tuple(
            (number, one, trials.get(one.id))
            for number, one in enumerate(advise(document), 1)
            if fixture.id in one.fixtures
        ),
    )


def _users(graph: FixtureGraph, fixture: Fixture) -> Users:
    modules: Counter[str] = Counter()
    directly = 0
    for test in graph.usages(fixture):
        modules[test.path] += test.items
        meanings = {**test.dynamic, **test.closure}
        directly += any(meanings.get(one.name) == fixture.id and one.certainty == "certain" for one in test.requests)
    through: Counter[str] = Counter()
    for edge in graph.edges:
        if edge.target == fixture.id and edge.tests:
            through[edge.source] += edge.tests
    return Users(
        tuple(modules.most_common(USERS)), len(modules), tuple(through.most_common(USERS)), len(through), directly
    )


def _places(graph: FixtureGraph, fixture: Fixture) -> Iterable[tuple[Lens, int, int, int]]:
    for lens in get_args(Lens):
        ranking = rank(graph, lens)
        for row in ranking.rows:
            if row.fixture.id == fixture.id and row.impact > 0:
                yield lens, row.best, row.worst, len(ranking.rows)
