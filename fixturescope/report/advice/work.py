"""Work that is done although its result is there, or is not wanted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from fixturescope.model import Advice, Evidence, Finding, Fixture, Range
from fixturescope.report.advice.base import Example, Figures, Kind
from fixturescope.report.advice.context import AdviceContext, Cost, listed, place, times
from fixturescope.report.advice.safety import told
from fixturescope.units import show_seconds

WORTH_DESIGN = 0.01
"""What takes more than a line must save so large a share of what a full run spends on fixtures."""

LEAST_EACH_S = 0.005
"""Seconds of one set-up below which a copy is hardly quicker."""


class Cache(Kind):
    """The fixture builds the same value from constants each time, and tests change it, so they cannot share it. Build it
    once (``functools.cache`` on a helper) and hand out a copy.

    Given for fixtures of function or class scope that take 5 ms or more and whose value is made by calls that are given
    constants only, where some test changes it. Where none does, a wider scope is the simpler advice. Predicted saving: (set-ups - 1) × one warm
    set-up; the least is nothing at all, since a copy may cost as much as the value.

    What could make it wrong: what is called may read a file, the clock or the environment after all, and a value that
    cannot be copied deeply is shared. So it is never more than *possible*.
    """

    kind = "cache"
    name = "cache inside"
    summary = "A value that tests change is built from constants again and again."
    FIGURES = Figures(seconds={"rules": 0.05})
    GOOD: ClassVar[Example] = {
        "test_rules.py": """\
import pytest


@pytest.fixture
def rules(tmp_path):
    return [tmp_path / "rules"]


def test_first(rules):
    rules.append(1)


def test_last(rules):
    rules.append(2)
"""
    }
    BAD: ClassVar[Example] = {
        "test_rules.py": """\
import pytest


@pytest.fixture
def rules():  # cache
    return sorted(range(1000))


def test_first(rules):
    rules.append(1)


def test_last(rules):
    rules.append(2)
"""
    }

    def find(self, context: AdviceContext) -> Iterator[Advice]:
        """See ``Kind.find``."""
        for fixture in context.used:
            cost = context.cost(fixture)
            constant = context.found(fixture, "constant")
            changed = context.found(fixture, "mutates")
            if cost is None or not constant or not changed or fixture.scope not in ("function", "class"):
                continue
            whole = times(cost.setup, max(fixture.setups - 1, 0))
            if cost.setup.likely < LEAST_EACH_S or whole.likely < max(context.least_s, WORTH_DESIGN * context.total_s):
                continue
            yield self.say(
                [fixture],
                f"Build the value of {fixture.name} once, and hand out copies",
                safety="possible",
                evidence=[*told(fixture, constant), *told(fixture, changed), cost.evidence(fixture)],
                against=[place(fixture, "a deep copy may cost as much, or not be possible")],
                saves_s=Range(low=0.0, likely=whole.likely, high=whole.high),
                effort="function",
            )


class Split(Kind):
    """The value is put together from several parts, and most tests read one of them. Fixtures of their own for the parts,
    which the whole asks for, let a test pay for what it reads.

    Given where the fixture's own source shows the parts (a dict, a tuple, a call with keywords), at least two of them are
    read, and at least seven of ten uses read one part alone. Predicted saving: seconds that a run spends on the fixture ×
    share of such uses × (1 - 1 ÷ parts), as if all parts cost the same; the least is nothing, if one part costs it all, the
    most is all that those uses cost.

    What could make it wrong: parts may need each other. So it is never more than *possible*, and takes a new design.
    """

    kind = "split"
    name = "split"
    summary = "Most tests read one part of a costly value."
    FIGURES = Figures(seconds={"shop": 0.05})
    GOOD: ClassVar[Example] = {
        "test_shop.py": """\
import pytest


@pytest.fixture
def shop():
    return {"cart": list("abc"), "till": list("123")}


def test_cart(shop):
    assert shop["cart"] != shop["till"]


def test_till(shop):
    assert shop
"""
    }
    BAD: ClassVar[Example] = {
        "test_shop.py": """\
import pytest


@pytest.fixture
def shop():  # split
    return {"cart": list("abc"), "till": list("123")}


def test_cart(shop):
    assert shop["cart"]


def test_till(shop):
    assert shop["till"]
"""
    }

    SHARE: ClassVar[float] = 0.7
    """Of all uses, which read one part alone."""

    def find(self, context: AdviceContext) -> Iterator[Advice]:
        """See ``Kind.find``."""
        for fixture in context.used:
            cost = context.cost(fixture)
            read: dict[str, set[str]] = {}
            for one in context.found(fixture, "part"):
                read.setdefault(one.by or "", set()).add(one.detail)
            parts = sorted({part for found in read.values() for part in found} - {"*"})
            if cost is None or len(parts) < 2 or fixture.scope not in ("function", "class"):
                continue
            weights = {id_: self._weight(context, id_) for id_ in read}
            alone = {id_: found for id_, found in read.items() if len(found) == 1 and "*" not in found}
            share = sum(weights[id_] for id_ in alone) / max(sum(weights.values()), 1)
            if share < self.SHARE or len({part for found in alone.values() for part in found}) < 2:
                continue
            spent = times(cost.warm, fixture.setups * share)
            likely = spent.likely * (1 - 1 / len(parts))
            if likely < max(context.least_s, WORTH_DESIGN * context.total_s):
                continue
            yield self.say(
                [fixture],
                f"Split {fixture.name} into fixtures for {listed([part.strip('.[]') for part in parts])}",
                safety="possible",
                evidence=[
                    place(fixture, f"{share:.0%} of its uses read one part alone"),
                    *self._examples(context, fixture),
                    cost.evidence(fixture),
                ],
                against=[place(fixture, "what a part costs was not measured, and parts may need each other")],
                saves_s=Range(low=0.0, likely=likely, high=spent.high),
                effort="design",
            )

    def _weight(self, context: AdviceContext, id_: str) -> int:
        if id_ in context.tests:
            return context.tests[id_].items
        return context.fixtures[id_].usage if id_ in context.fixtures else 0

    def _examples(self, context: AdviceContext, fixture: Fixture) -> list[Evidence]:
        first: dict[str, Finding] = {}
        for one in context.found(fixture, "part"):
            if one.detail != "*":
                first.setdefault(one.detail, one)
        return told(fixture, list(first.values()))


class Grouping(Kind):
    """The fixture has parameters and a wide scope, and a run set it up more often than once for each: tests of different
    parameters took turns, and each turn tore down the value of another. Run those of one parameter together.

    Given where a recorded run counted more set-ups than (places of the scope × parameters). Predicted saving: set-ups
    too many × one warm set-up and teardown, or what one cost in the recorded run.

    What could make it wrong: whatever ordered the tests so may be wanted (a plugin, an order by hand), and tests that depend
    on their order show it now. So it is never more than *possible*.
    """

    kind = "grouping"
    name = "group by parameter"
    summary = "A parametrized wide fixture is set up again since tests of its parameters take turns."
    FIGURES = Figures(seconds={"backend": 0.2}, recorded={"backend": 6})
    GOOD: ClassVar[Example] = {
        "test_shop.py": """\
import pytest


@pytest.fixture(scope="session", params=["a", "b", "c", "d", "e", "f"])
def backend(request):
    return request.param


def test_a(backend):
    assert backend


def test_b(backend):
    assert backend
"""
    }
    BAD: ClassVar[Example] = {
        "test_shop.py": """\
import pytest


@pytest.fixture(scope="session", params=["a", "b"])
def backend(request):  # grouping
    return request.param


def test_a(backend):
    assert backend


def test_b(backend):
    assert backend


def test_c(backend):
    assert backend
"""
    }

    def find(self, context: AdviceContext) -> Iterator[Advice]:
        """See ``Kind.find``."""
        counts: dict[str, int] = {}
        seconds: dict[str, float] = {}
        for one in context.document.recorded:
            counts[one.fixture] = counts.get(one.fixture, 0) + one.setups
            seconds[one.fixture] = seconds.get(one.fixture, 0.0) + one.setup_s.own + one.teardown_s.own
        for fixture in context.used:
            recorded = counts.get(fixture.id, 0)
            needed = (fixture.params or 0) > 1 and context.setups_under(fixture, fixture.scope)
            if not needed or fixture.scope in ("function", "class") or recorded <= needed:
                continue
            cost: Cost | None = context.cost(fixture)
            mean = seconds[fixture.id] / recorded
            each = Range(low=mean, likely=mean, high=mean) if cost is None else cost.warm
            saves = times(each, recorded - needed)
            if saves.likely < context.least_s:
                continue
            yield self.say(
                [fixture],
                f"Run the tests of one parameter of {fixture.name} together",
                safety="possible",
                evidence=[
                    place(fixture, f"{fixture.params} parameters and {fixture.scope} scope need {needed} set-ups"),
                    Evidence(text=f"a recorded run set it up {recorded} times, {show_seconds(mean)} each"),
                ],
                against=[Evidence(text="whatever makes tests take turns (a plugin, an order by hand) may be wanted")],
                saves_s=saves,
                effort="design",
            )
