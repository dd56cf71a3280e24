"""Bytes that stay when they should go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from fixturescope.model import Advice, Change, Evidence, Range, Safety
from fixturescope.report.advice.base import Example, Figures, Kind
from fixturescope.report.advice.context import AdviceContext, place, times
from fixturescope.report.advice.safety import told
from fixturescope.report.advice.scopes import held_bytes, narrower_scope
from fixturescope.units import show_bytes, show_seconds

LEAST_LEAK = 1 << 16
"""Bytes below which what a set-up and teardown leave behind is noise."""

LEAST_RETAINED = 8 << 20
"""Bytes below which a value may live as long as it likes."""

FEW_FILES = 0.5
"""At most so large a share of the test files uses what is held for all of them."""


class Leak(Kind):
    """After teardown and ``gc.collect()`` something is still there: memory, or a process or thread that outlived it.

    Given for 64 KiB or more. A second set-up and teardown in the same process decides, since the first also imports and
    fills caches for good. Predicted saving: bytes × set-ups of a full run, as if nobody else freed them.

    What could make it wrong: *likely* where the second set-up leaked, too, or something was left running; *possible* where
    only the first was measured. A cache that grows by design looks the same.
    """

    kind = "leak"
    name = "mend a leak"
    summary = "A set-up and teardown leave memory, processes or threads behind."
    FIGURES = Figures(leaked={"cache": 1 << 20})
    GOOD: ClassVar[Example] = {
        "test_shop.py": """\
import pytest


@pytest.fixture
def rows():
    yield [0] * 100_000


def test_rows(rows):
    assert rows
"""
    }
    BAD: ClassVar[Example] = {
        "test_shop.py": """\
import pytest

KEPT = []


@pytest.fixture
def cache():  # leak
    KEPT.append([0] * 100_000)
    yield KEPT[-1]


def test_cache(cache):
    assert cache
"""
    }

    def find(self, context: AdviceContext) -> Iterator[Advice]:
        """See ``Kind.find``."""
        for fixture in context.used:
            found = context.measurements(fixture)
            memory = [one.memory for one in found if one.memory is not None]
            again = [one.leaked_again.own for one in memory if one.leaked_again is not None]
            once = [one.leaked.own for one in memory if one.leaked_again is None]
            left = sorted({what for one in found for what in one.left_behind})
            leaked = max(again, default=0) if max(again, default=0) >= LEAST_LEAK else max(once, default=0)
            certain = bool(left) or max(again, default=0) >= LEAST_LEAK
            if leaked < LEAST_LEAK and not left:
                continue
            evidence = []
            if leaked >= LEAST_LEAK:
                which = "a second set-up and teardown" if certain and again else "the first set-up and teardown"
                evidence.append(place(fixture, f"{which} in one process leave {show_bytes(leaked)}"))
            evidence += [place(fixture, f"outlives its teardown: {what}") for what in left[:3]]
            if not fixture.has_teardown:
                evidence.append(place(fixture, "it has no teardown"))
            against = (
                [] if certain else [place(fixture, "only the first set-up was measured: imports and caches count, too")]
            )
            safety: Safety = "likely" if certain else "possible"
            sizes = [one for one in (again if max(again, default=0) >= LEAST_LEAK else once) if one > 0]
            saves = (
                times(Range(low=min(sizes), likely=sum(sizes) / len(sizes), high=max(sizes)), max(fixture.setups, 1))
                if leaked >= LEAST_LEAK
                else None
            )
            yield self.say(
                [fixture],
                f"Free what {fixture.name} leaves behind",
                safety=safety,
                evidence=[*evidence, *told(fixture, context.found(fixture, "alters", own=True))],
                against=against,
                saves_bytes=saves,
                effort="function",
            )


class Retained(Kind):
    """The fixture lives until the end of the run and holds much memory, and few of the files with tests use it. With module
    scope it is freed in between, at the price of some more set-ups.

    Given for 8 MiB or more that at most half of the test files use, where narrowing its scope is not free (then that is
    the advice) but costs no more than a hundredth of what a run spends on fixtures, or than 0.1 s. Saves: what it holds.

    What could make it wrong: tests of different files may hand something on in its value. *possible* where a test changes
    it, *likely* otherwise.
    """

    kind = "retained"
    name = "hold less for less long"
    summary = "A wide fixture holds much memory that few files use."
    FIGURES = Figures(retained={"table": 64 << 20}, seconds={"table": 0.001})
    GOOD: ClassVar[Example] = {
        "conftest.py": """\
import pytest


@pytest.fixture(scope="session")
def table():
    return bytes(64 << 20)
""",
        "test_a.py": "def test_a(table):\n    assert table\n",
        "test_b.py": "def test_b(table):\n    assert table\n",
    }
    BAD: ClassVar[Example] = {
        "conftest.py": """\
import pytest


@pytest.fixture(scope="session")
def table():  # retained
    return bytes(64 << 20)
""",
        "test_a.py": "def test_a(table):\n    assert table\n",
        "test_b.py": "def test_b(table):\n    assert table\n",
        "test_c.py": "def test_c():\n    assert True\n",
        "test_d.py": "def test_d():\n    assert True\n",
    }

    MOST_S: ClassVar[float] = 0.1
    MOST_SHARE: ClassVar[float] = 0.01

    def find(self, context: AdviceContext) -> Iterator[Advice]:
        """See ``Kind.find``."""
        for fixture in context.used:
            held, cost = held_bytes(context, fixture), context.cost(fixture)
            if held is None or held.likely < LEAST_RETAINED or cost is None or fixture.autouse:
                continue
            if fixture.scope not in ("session", "package") or fixture.scope_is == "dynamic" or fixture.params == -1:
                continue
            files = context.users_modules(fixture)
            wide = [one for one in context.askers(fixture) if one.scope in ("session", "package")]
            if narrower_scope(context, fixture) or wide or len(files) > FEW_FILES * len(context.modules):
                continue
            more = context.setups_under(fixture, "module") - fixture.setups
            price = times(cost.warm, more)
            if price.likely > max(self.MOST_S, self.MOST_SHARE * context.total_s):
                continue
            changed = told(fixture, context.found(fixture, "mutates"))
            yield self.say(
                [fixture],
                f"Narrow {fixture.name} from {fixture.scope} to module scope, to hold less",
                safety="possible" if changed else "likely",
                evidence=[
                    place(fixture, f"it holds {show_bytes(int(held.likely))} until the end of the {fixture.scope}"),
                    Evidence(text=f"{len(files)} of {len(context.modules)} test files use it"),
                ],
                against=[
                    Evidence(text=f"{more} set-up{'s' * (more != 1)} more: {show_seconds(price.likely)} of a full run"),
                    *changed,
                ],
                saves_bytes=held,
                changes=[Change(op="scope", fixture=fixture.id, to="module")] if fixture.origin == "static" else (),
            )
