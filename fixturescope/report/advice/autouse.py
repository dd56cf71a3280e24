"""Fixtures that every test gets, and few need."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from fixturescope.model import EFFECT, Advice, Change, Evidence, Fixture, Range, Test
from fixturescope.report.advice.base import Example, Figures, Kind
from fixturescope.report.advice.context import AdviceContext, added, listed, place, times
from fixturescope.report.advice.safety import told

FEW = 0.5
"""Advice to narrow what every test gets is given where at most so large a share of them needs it."""


class DropAutouse(Kind):
    """Every test in reach gets the fixture, and all that it does is to make a value, which most tests never ask for.
    Without ``autouse``, those that name it still get it, and the others do not pay for it.

    Given where its source shows no effect beyond its value: it asks for no other fixture, tears nothing down, changes
    nothing that others see, calls nothing for an effect; and where at most half of the tests in its reach ask for it.
    Predicted saving: (set-ups now - set-ups for those that name it) × one warm set-up and teardown.

    What could make it wrong: a function that it calls to make its value has an effect of its own. *likely*: the value is
    built from constants alone; *possible*: otherwise.
    """

    kind = "drop-autouse"
    name = "drop autouse"
    summary = "A fixture that only makes a value is set up for tests that do not ask for it."
    FIGURES = Figures(seconds={"rates": 0.04})
    GOOD: ClassVar[Example] = {
        "test_shop.py": """\
import os

import pytest


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.delenv("HTTP_PROXY", raising=False)


@pytest.fixture
def rates():
    return sorted([3, 2, 1])


def test_rates(rates):
    assert rates == [1, 2, 3]


def test_environment():
    assert "HTTP_PROXY" not in os.environ


def test_nothing():
    assert True
"""
    }
    BAD: ClassVar[Example] = {
        "test_shop.py": """\
import pytest


@pytest.fixture(autouse=True)
def rates():  # drop-autouse
    return sorted([3, 2, 1])


def test_rates(rates):
    assert rates == [1, 2, 3]


def test_one():
    assert True


def test_two():
    assert True
"""
    }

    def find(self, context: AdviceContext) -> Iterator[Advice]:
        """See ``Kind.find``."""
        for fixture in context.used:
            if not is_for_few(context, fixture):
                continue
            users, named = context.users(fixture), context.users_without(fixture, fixture)
            saves = _saving(context, fixture, named)
            if saves is not None and saves.likely < context.least_s:
                continue
            constant = context.found(fixture, "constant")
            yield self.say(
                [fixture],
                f"Drop autouse from {fixture.name}",
                safety="likely" if constant else "possible",
                evidence=[
                    place(fixture, f"{len(users)} tests get it, and {len(named)} ask for it by name"),
                    place(fixture, "it asks for no fixture, tears nothing down and changes nothing that others see"),
                    *_cost(context, fixture),
                ],
                against=[]
                if constant
                else [place(fixture, "what makes its value may have effects that are not seen here")],
                saves_s=saves,
                changes=[Change(op="drop_autouse", fixture=fixture.id)] if fixture.origin == "static" else (),
            )


def is_for_few(context: AdviceContext, fixture: Fixture) -> bool:
    """Return whether every test gets a fixture that only makes a value, and few ask for it."""
    if not fixture.autouse or not _only_makes_a_value(context, fixture):
        return False
    return len(context.users_without(fixture, fixture)) <= FEW * len(context.users(fixture))


def _only_makes_a_value(context: AdviceContext, fixture: Fixture) -> bool:
    reading = context.reading(fixture)
    if reading is None or reading.incomplete or fixture.has_teardown or fixture.requests or context.needs(fixture):
        return False
    return not context.found(fixture, "alters", "calls", "test_bound", "mutates", "outside", "imports", own=True)


class NarrowAutouse(Kind):
    """Every test in reach gets the fixture, and all that it does is done to another fixture, which most of these tests
    would not have otherwise. Let those who use that other fixture have it: as an autouse fixture of their files, by
    ``usefixtures``, or by doing its work in the other fixture's teardown.

    Given where its source shows effects on fixtures of the project alone, and at most half of the tests in its reach use
    one of these in another way. Predicted saving: (set-ups now - set-ups for those tests) × one warm set-up and
    teardown, of this fixture and of those that are set up for it alone.

    What could make it wrong: a test may count on the other fixture's being set up without saying so. So it is never more
    than *possible*.
    """

    kind = "narrow-autouse"
    name = "narrow autouse"
    summary = "A fixture does something to another one, for tests that do not use that one."
    FIGURES = Figures(seconds={"clean": 0.01, "database": 0.02})
    GOOD: ClassVar[Example] = {
        "test_shop.py": """\
import pytest


@pytest.fixture
def database():
    return {"rows": 3}


@pytest.fixture(autouse=True)
def clean(database):
    database.clear()


def test_rows(database):
    assert not database


def test_more_rows(database):
    database["rows"] = 1
""",
    }
    BAD: ClassVar[Example] = {
        "conftest.py": """\
import pytest


@pytest.fixture
def database():
    return {"rows": 3}


@pytest.fixture(autouse=True)
def clean(database):  # narrow-autouse
    database.clear()
""",
        "test_rows.py": "def test_rows(database):\n    assert not database\n",
        "test_shop.py": "def test_a():\n    assert True\n\n\ndef test_b():\n    assert True\n",
    }

    def find(self, context: AdviceContext) -> Iterator[Advice]:
        """See ``Kind.find``."""
        for fixture in context.used:
            touched = _touched(context, fixture) if fixture.autouse else ()
            if not touched:
                continue
            users = context.users(fixture)
            needing = {test.id: test for one in touched for test in context.users_without(one, fixture)}
            needing.update((test.id, test) for test in context.users_without(fixture, fixture))
            if not needing or len(needing) > FEW * len(users):
                continue
            tests = tuple(needing.values())
            parts = [_saving(context, one, tests) for one in (fixture, *touched)]
            known = [one for one in parts if one is not None]
            saves = added(known) if known else None
            if saves is not None and saves.likely < context.least_s:
                continue
            files = sorted({one.path for one in tests})
            yield self.say(
                [fixture],
                f"Let only users of {listed([one.name for one in touched])} have {fixture.name}, instead of every test",
                safety="possible",
                evidence=[
                    place(
                        fixture,
                        f"{len(users)} tests get it; {len(tests)} use {listed([one.name for one in touched])} in another way",
                    ),
                    Evidence(text=f"these are in {listed(files)}"),
                    *told(fixture, context.found(fixture, "alters", "calls", own=True)),
                    *_cost(context, fixture),
                ],
                against=[place(one, f"a test may count on {one.name} without asking for it") for one in touched],
                saves_s=saves,
                effort="function",
            )


def _touched(context: AdviceContext, fixture: Fixture) -> tuple[Fixture, ...]:
    """Return the fixtures that one does something to, where that is all that it does; else nothing."""
    reading = context.reading(fixture)
    if reading is None or reading.incomplete or context.found(fixture, "test_bound"):
        return ()
    by_name = {
        name: context.fixtures[target] for name, target in context.answers(fixture) if target in context.fixtures
    }
    if any(one.via == "getfixturevalue" for one in fixture.requests):
        return ()
    own = {one.id for one in context.own}
    found: dict[str, Fixture] = {}
    for one in context.found(fixture, "alters", "calls", "mutates", "outside", "imports", own=True):
        if one.detail == EFFECT:
            continue
        first = re.match(r"(?:del )?(\w+)[.\[(]", one.detail)
        other = by_name.get(first[1]) if first else None
        if other is None or other.id not in own or other.autouse:
            return ()
        found[other.id] = other
    return tuple(found.values()) if len(found) == len(by_name) else ()


def _saving(context: AdviceContext, fixture: Fixture, tests: tuple[Test, ...]) -> Range | None:
    cost = context.cost(fixture)
    if cost is None or fixture.params == -1:
        return None
    return times(cost.warm, max(fixture.setups - context.setups_under(fixture, fixture.scope, tests), 0))


def _cost(context: AdviceContext, fixture: Fixture) -> list[Evidence]:
    cost = context.cost(fixture)
    return [] if cost is None else [cost.evidence(fixture)]
