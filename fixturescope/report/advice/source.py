"""Source that can go, or that says something else than it does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from fixturescope.model import NOT_IMPORTED, OFFERED, Advice, Change, Diagnostic, Evidence, Fixture, Range, Safety, Test
from fixturescope.report.advice.base import Example, Figures, Kind
from fixturescope.report.advice.context import AdviceContext, contains, listed, place, times

_HEADS = ("FS101", "FS104", "FS105")
_CHAINED = "FS102"


class Delete(Kind):
    """No test uses the fixture. It costs a run nothing, and every reader time. What is unused because only this fixture
    asks for it goes with it: a chain that no test enters is deleted whole, and so are several that share a part.

    Given for what diagnostics call unused (FS101, FS102, FS104, FS105), so that a comment that silences these silences the
    advice, too; not for what a plugin offers to other projects, nor where no test is collected at all in its reach, since
    that is there for another run. It saves no time.

    What could make it wrong: a name that is made at run time, a test that this environment does not collect, a project that
    imports the fixture. *possible* where something dynamic could reach it, where a file in its reach could not be
    read or imported, and where the environment decides whether it is autouse; *likely* otherwise.
    """

    kind = "delete"
    name = "delete"
    summary = "No test uses the fixture, nor what it alone asks for."
    GOOD: ClassVar[Example] = {
        "test_shop.py": """\
import pytest


@pytest.fixture
def leaf():
    return 1


@pytest.fixture
def cart(leaf):
    return [leaf]


def test_cart(cart):
    assert cart
"""
    }
    BAD: ClassVar[Example] = {
        "test_shop.py": """\
import pytest


@pytest.fixture
def leaf():
    return 1


@pytest.fixture
def cart(leaf):  # delete
    return [leaf]


def test_nothing():
    assert True
"""
    }

    def find(self, context: AdviceContext) -> Iterator[Advice]:
        """See ``Kind.find``."""
        said: dict[str, Diagnostic] = {}
        for one in context.document.diagnostics:
            if one.fixture in context.fixtures and one.code in (*_HEADS, _CHAINED) and OFFERED not in one.message:
                said.setdefault(one.fixture or "", one)
        dead = {one.id: one for one in context.own if one.id in said and one.unused is not None}
        for group in _groups(context, dead):
            heads = [one for one in group if said[one.id].code in _HEADS]
            if not heads or not any(_has_tests(context, one) for one in group):
                continue
            chain = [one for one in group if said[one.id].code not in _HEADS]
            static = all(one.origin == "static" for one in group)
            against = [doubt for one in heads for doubt in _doubts(context, one, said[one.id])]
            along = f" and what only {'it asks' if len(heads) == 1 else 'they ask'} for: {listed([one.name for one in chain])}"
            yield self.say(
                [*heads, *chain],
                f"Delete {listed([one.name for one in heads])}{along if chain else ''}",
                safety="possible" if against else "likely",
                evidence=[place(one, said[one.id].message + _maker(one)) for one in (*heads, *chain)],
                against=against,
                changes=[Change(op="remove", fixture=one.id) for one in (*heads, *chain)] if static else (),
                effort="line" if static else "function",
            )


def _maker(fixture: Fixture) -> str:
    """Return what to know of a fixture that no ``def`` of its own defines: it is left out where it is made."""
    return "" if fixture.made_at is None else f"; leave it out where it is registered, {fixture.made_at}"


def _groups(context: AdviceContext, dead: Mapping[str, Fixture]) -> Iterator[list[Fixture]]:
    """Yield unused fixtures, those together that lead to each other or to a common one, in the order of their ids."""
    left = dict(dead)
    while left:
        first = next(iter(left))
        found = {first: left.pop(first)}
        queue = list(found.values())
        while queue:
            one = queue.pop()
            for other in (*context.needs(one), *context.askers(one)):
                if other.id in left:
                    found[other.id] = left.pop(other.id)
                    queue.append(other)
        yield [found[id_] for id_ in sorted(found)]


def _has_tests(context: AdviceContext, fixture: Fixture) -> bool:
    """Whether a test is collected where a fixture is visible; else it is there for another run, or an example."""
    return any(contains(fixture.visible_in, test.id) for test in context.document.tests)


def _doubts(context: AdviceContext, fixture: Fixture, said: Diagnostic) -> Iterator[Evidence]:
    """Yield why an unused fixture may be used after all."""
    if said.certainty == "possible":
        yield place(fixture, context.document.why_unused.get(fixture.id) or "something dynamic could reach it")
    unread = [
        one
        for one in context.document.diagnostics
        if (one.code in ("FS001", "FS002") or one.message.startswith(NOT_IMPORTED))
        and contains(fixture.visible_in, one.path)
    ]
    if unread:
        more = f", and {len(unread) - 1} more files like it" if len(unread) > 1 else ""
        yield Evidence(
            text=f"{unread[0].message}{more}: what is in them may use it", path=unread[0].path, line=unread[0].line
        )
    reading = context.reading(fixture)
    if reading is not None and reading.incomplete:
        yield place(fixture, reading.incomplete)


class UseFixtures(Kind):
    """A test takes the fixture as an argument and never reads it. If its effect is wanted, the mark
    ``@pytest.mark.usefixtures`` says so; if it is not, the argument is left over and costs a set-up in each run.

    Given where the diagnostic FS301 stands at the test. The mark changes nothing, and saves nothing; leaving the argument
    out saves what the evidence says.

    What could make it wrong: a decorator that is not known may read the argument; such tests are left out.
    """

    kind = "usefixtures"
    name = "usefixtures instead of an argument"
    summary = "A test never reads a fixture that it takes as an argument."
    GOOD: ClassVar[Example] = {
        "test_shop.py": """\
import pytest


@pytest.fixture
def prices():
    return {"tea": 3}


def test_tea(prices):
    assert prices["tea"] == 3


@pytest.mark.usefixtures("prices")
def test_shop():
    assert True
"""
    }
    BAD: ClassVar[Example] = {
        "test_shop.py": """\
import pytest


@pytest.fixture
def prices():  # usefixtures
    return {"tea": 3}


def test_shop(prices):
    assert True
"""
    }

    def find(self, context: AdviceContext) -> Iterator[Advice]:
        """See ``Kind.find``."""
        for fixture in context.used:
            tests = {
                test.id: test
                for one in context.found(fixture, "unread")
                if (test := context.tests.get(one.by or "")) is not None
                and (one.path, one.line) in context.unread_places
                and _is_argument(test, one.detail)
            }
            if not tests:
                continue
            kept = {test.id for test in context.users_without(fixture, fixture) if _is_brought(context, test, fixture)}
            number = (
                f"{len(tests)} tests that never read it"
                if len(tests) > 1
                else f"{next(iter(tests.values())).name}, which never reads it"
            )
            evidence = [
                Evidence(text=f"{test.name} asks for {fixture.name} and never reads it", path=test.path, line=test.line)
                for test in list(tests.values())[:5]
            ]
            cost = context.cost(fixture)
            spared = (
                sum(test.items for test in tests.values() if test.id not in kept) if fixture.scope == "function" else 0
            )
            if cost is not None and spared:
                evidence.append(
                    Evidence(text=f"without it, {spared} set-ups less: {_seconds(times(cost.warm, spared))}")
                )
            if (fixture.params or 0) > 1:
                evidence.append(
                    place(fixture, f"it has {fixture.params} parameters: without it, they run once instead")
                )
            if fixture.autouse or all(one in kept for one in tests):
                evidence.append(place(fixture, "they get it in any case: the argument can go"))
            yield self.say(
                [fixture],
                f"Take {fixture.name} by usefixtures, or not at all, in {number}",
                safety="likely",
                evidence=evidence,
                changes=[Change(op="usefixtures", fixture=fixture.id, to=test) for test in tests],
            )


def _is_argument(test: Test, name: str) -> bool:
    return any(one.name == name and one.via == "argument" for one in test.requests)


def _is_brought(context: AdviceContext, test: Test, fixture: Fixture) -> bool:
    """Whether another fixture that a test asks for asks for this one."""
    asking = {one.id for one in context.askers(fixture)}
    return not asking.isdisjoint({**test.dynamic, **test.closure}.values())


def _seconds(amount: Range) -> str:
    from fixturescope.units import show_seconds

    return show_seconds(amount.likely)


class Merge(Kind):
    """Several fixtures do the same: the same statements, arguments and parameters, and the same fixtures answer. One of
    them, in a conftest above them all, is enough.

    Given for fixtures of one scope that some test uses, where their bodies have at least three statements, or where it
    saves time. What a name of the module means is compared, too: what it is imported from, or the code that binds it.
    Predicted saving, for scopes wider than a function: (set-ups of all - set-ups of one for all their tests) × one warm
    set-up and teardown.

    What could make it wrong: tests that use two of them get one value instead of two; where there are such tests, it is
    *possible* only, else *likely*.
    """

    kind = "merge"
    name = "merge"
    summary = "Several fixtures do the same."
    FIGURES = Figures(seconds={"cart": 0.03})
    GOOD: ClassVar[Example] = {
        "test_a.py": """\
import pytest


@pytest.fixture(scope="module")
def cart():
    return dict(tea=3)


def test_a(cart):
    assert cart
""",
        "test_b.py": """\
import pytest


@pytest.fixture(scope="module")
def cart():
    return dict(tea=4)


def test_b(cart):
    assert cart
""",
    }
    BAD: ClassVar[Example] = {
        "test_a.py": """\
import pytest


@pytest.fixture
def cart():  # merge
    made = {}
    made["tea"] = 3
    return made


def test_a(cart):
    assert cart
""",
        "test_b.py": """\
import pytest


@pytest.fixture
def cart():
    made = {}
    made["tea"] = 3
    return made


def test_b(cart):
    assert cart
""",
    }

    def find(self, context: AdviceContext) -> Iterator[Advice]:
        """See ``Kind.find``."""
        groups: dict[object, list[Fixture]] = {}
        for fixture in context.used:
            reading = context.reading(fixture)
            if reading is None or reading.incomplete or reading.digest == fixture.id or fixture.origin != "static":
                continue
            if any(name == fixture.name for name, _ in context.answers(fixture)):
                continue  # it adds to the one that it overrides
            key = (reading.digest, fixture.scope, fixture.autouse, fixture.params, context.answers(fixture))
            groups.setdefault(key, []).append(fixture)
        for group in groups.values():
            if len(group) > 1:
                yield from self._advice(context, sorted(group, key=lambda one: (-_spent(context, one), one.id)))

    LEAST_STATEMENTS: ClassVar[int] = 3
    """Two fixtures of fewer do the same by chance, and reading them costs nothing."""

    def _advice(self, context: AdviceContext, group: list[Fixture]) -> Iterator[Advice]:
        tests = [test for one in group for test in context.users(one)]
        both = sorted({test.id for test in tests if sum(test is other for other in tests) > 1})
        safety: Safety = "possible" if both else "likely"
        against = (
            [Evidence(text=f"{both[0].rpartition('::')[2]} and {len(both) - 1} more tests use several of them")]
            if both
            else []
        )
        first, cost = group[0], context.cost(group[0])
        saves = None
        if cost is not None and first.scope != "function" and first.params is None:
            unique = {test.id: test for test in tests}
            fewer = sum(one.setups for one in group) - context.setups_under(first, first.scope, unique.values())
            saves = times(cost.warm, fewer) if fewer > 0 and cost.warm.likely * fewer >= context.least_s else None
        reading = context.reading(first)
        if saves is None and (reading is None or reading.statements < self.LEAST_STATEMENTS):
            return
        names = dict.fromkeys(one.name for one in group)
        what = f"the {len(group)} fixtures {first.name}" if len(names) == 1 else listed(list(names))
        yield self.say(
            group,
            f"Keep one of {what}, which do the same",
            safety=safety,
            evidence=[place(one, f"{one.name}: same statements, arguments and parameters") for one in group],
            against=against,
            saves_s=saves,
            effort="function",
        )


def _spent(context: AdviceContext, fixture: Fixture) -> float:
    cost = context.cost(fixture)
    return 0.0 if cost is None else cost.warm.likely * fixture.setups
