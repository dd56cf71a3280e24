"""Scopes that are too narrow, so that work is done again, or too wide, so that something is held for nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from fixturescope.model import EFFECT, SCOPES, Advice, Change, Fixture, Range, Scope
from fixturescope.report.advice.autouse import is_for_few
from fixturescope.report.advice.base import Example, Figures, Kind
from fixturescope.report.advice.context import AdviceContext, added, listed, narrower, place, times
from fixturescope.report.advice.safety import argue, told, worst

WORTH_WIDENING = 0.1
"""A wider scope is taken before a narrower one only where it saves so large a share of today's set-ups on top."""

UNLIKELY_SHARE = 0.05
"""What is unlikely to be safe is told only where it saves so large a share of what a full run spends on fixtures."""

FEW_PLACES = 3
"""... and where no more places than these speak against it, so that somebody can change them."""

_TARGETS: tuple[Scope, ...] = ("class", "module", "session")


class WidenScope(Kind):
    """The fixture is set up again for test after test. With a wider scope, tests share one value.

    Given where all that it asks for is as wide (or is cheap, and can be widened with it) and the same for all tests, its
    parameters are its own and
    known, and set-ups really fall: a wider scope is taken before a narrower one only where it saves another tenth of
    today's. A fixture that hands out nothing is left alone: its effect is wanted around each test. What is *unlikely* to be safe is told only where no more than three places speak against it, and where it saves
    a twentieth of all fixture time. Predicted saving: (set-ups now - set-ups then) × one warm set-up and teardown; its ends are the
    quartiles of the samples, or, of fewer than four samples, the quickest and the slowest.

    What could make it wrong: tests that share a value may see each other. *unlikely*: a test changes the value, or the
    fixture is bound to one test, changes what others see, or is asynchronous. *possible*: the value goes where it cannot
    be followed, the body reads or makes something outside of the process, or not all was read. *likely*: nothing of the kind was found.
    """

    kind = "widen-scope"
    name = "widen the scope"
    summary = "A fixture that could be shared is set up again and again."
    FIGURES = Figures(seconds={"rules": 0.05, "cart": 0.05})
    GOOD: ClassVar[Example] = {
        "test_rules.py": """\
import pytest


@pytest.fixture(scope="module")
def rules():
    return tuple(range(1000))


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "rules"


def test_first(rules, folder):
    assert rules[0] == 0


def test_last(rules, folder):
    assert rules[-1] == 999
""",
    }
    BAD: ClassVar[Example] = {
        "test_rules.py": """\
import pytest


@pytest.fixture
def rules():  # widen-scope
    return sorted(range(1000))


def test_first(rules):
    assert rules[0] == 0


def test_last(rules):
    assert rules[-1] == 999
""",
    }

    def find(self, context: AdviceContext) -> Iterator[Advice]:
        """See ``Kind.find``."""
        for fixture in context.used:
            if context.cost(fixture) is None or is_for_few(context, fixture) or _is_for_each_test(context, fixture):
                continue
            scope = self._target(context, fixture)
            moved = None if scope is None else self._moved(context, fixture, scope, ())
            if scope is None or moved is None:
                continue
            own = _saving(context, fixture, scope)
            saves = added([own, *(_saving(context, one, scope) for one in moved[1:])])
            if saves.likely < context.least_s or own.likely < saves.likely / 2:
                continue
            argued = [argue(context, one, scope) for one in moved]
            safety = worst(*(one for one, _ in argued))
            if safety == "unlikely" and not _is_worth_a_word(context, moved, saves):
                continue
            cost = context.cost(fixture)
            assert cost is not None
            now, then = fixture.setups, context.setups_under(fixture, scope)
            others = [one.name for one in moved[1:]]
            along = f", and with it {listed(others)}" if others else ""
            evidence = [
                cost.evidence(fixture),
                place(fixture, f"with {scope} scope it is set up {then} time{'s' * (then != 1)} instead of {now}"),
                *([place(fixture, "all that it asks for is as wide")] if context.needs(fixture) and not others else []),
            ]
            yield self.say(
                moved,
                f"Widen {fixture.name} from {fixture.scope} to {scope} scope{along}",
                safety=safety,
                evidence=evidence,
                against=[one for _, against in argued for one in against],
                saves_s=saves,
                effort="line" if all(one.origin == "static" for one in moved) else "function",
                changes=[Change(op="scope", fixture=one.id, to=scope) for one in moved]
                if all(one.origin == "static" for one in moved)
                else (),
            )

    def _target(self, context: AdviceContext, fixture: Fixture) -> Scope | None:
        """Return the scope to widen to, as far as the fixture itself is concerned."""
        if fixture.scope_is == "dynamic" or fixture.params == -1 or context.is_indirect(fixture):
            return None
        least = fixture.setups
        found: Scope | None = None
        for scope in _TARGETS:
            if not narrower(fixture.scope, scope) or self._moved(context, fixture, scope, ()) is None:
                continue
            then = context.setups_under(fixture, scope)
            if then <= least - max(1, WORTH_WIDENING * fixture.setups):
                found, least = scope, then
        return found

    def _moved(
        self, context: AdviceContext, fixture: Fixture, scope: Scope, above: tuple[str, ...]
    ) -> tuple[Fixture, ...] | None:
        """Return what must get a scope for a fixture to have it, itself first; None where something cannot."""
        found: dict[str, Fixture] = {fixture.id: fixture}
        answers = context.answers(fixture)
        asked = {name for name, _ in answers}
        if len(answers) > len(asked):  # where tests override what it asks for, each must get a value of its own
            return None
        if any(one.via == "getfixturevalue" or one.name not in asked for one in fixture.requests):
            return None
        for one in context.needs(fixture):
            if not narrower(one.scope, scope):
                continue
            fixed = one.origin != "static" or one.scope_is == "dynamic" or one.params is not None
            if fixed or context.is_indirect(one) or one.id in above or one.id == fixture.id:
                return None
            more = self._moved(context, one, scope, (*above, fixture.id))
            if more is None:
                return None
            found.update((other.id, other) for other in more)
        return tuple(found.values())


def _saving(context: AdviceContext, fixture: Fixture, scope: Scope) -> Range:
    cost = context.cost(fixture)
    fewer = fixture.setups - context.setups_under(fixture, scope)
    return times(cost.warm, max(fewer, 0)) if cost is not None else Range(low=0.0, likely=0.0, high=0.0)


def _is_for_each_test(context: AdviceContext, fixture: Fixture) -> bool:
    """Whether a fixture hands out nothing: what it does is wanted around each test, or it would stand elsewhere."""
    return any(one.detail == EFFECT for one in context.found(fixture, "calls", own=True))


def _is_worth_a_word(context: AdviceContext, moved: Sequence[Fixture], saves: Range) -> bool:
    """Whether to tell of what is not safe as it is: it saves much, and few places would have to be changed for it.

    Where a value is built from constants, to build it once and to hand out copies is the better advice.
    """
    bad = [finding for one in moved for finding in context.found(one, "mutates", "test_bound", "alters")]
    copies = any(context.found(one, "constant") for one in moved)
    return len(bad) <= FEW_PLACES and not copies and saves.likely >= UNLIKELY_SHARE * context.total_s


class NarrowScope(Kind):
    """The fixture lives until the end of the run, and all tests that use it are in one file or class. With the scope of
    that file or class it is torn down right after them, and is set up no more often than now.

    Given for fixtures that hold 64 KiB or more, or that have a teardown and, if measured, take 10 ms or more to make, where a narrower scope has as many set-ups and no
    wider fixture asks for them. It saves no time; where memory was measured, it says what is held for nothing.

    What could make it wrong: a plugin that mixes tests of different files (pytest-randomly, pytest-xdist's ``load``) sets
    it up more often, and something beyond fixtures may count on what it keeps alive.
    """

    kind = "narrow-scope"
    name = "narrow the scope"
    summary = "A fixture outlives all tests that use it."
    GOOD: ClassVar[Example] = {
        "conftest.py": """\
import pytest


@pytest.fixture(scope="session")
def server():
    yield object()
    print("stopped")


@pytest.fixture(scope="session")
def rates():
    return (1, 2)
""",
        "test_a.py": "def test_a(server, rates):\n    assert server\n    assert rates\n",
        "test_b.py": "def test_b(server):\n    assert server\n",
    }
    BAD: ClassVar[Example] = {
        "conftest.py": """\
import pytest


@pytest.fixture(scope="session")
def server():  # narrow-scope
    yield object()
    print("stopped")
""",
        "test_a.py": "def test_a(server):\n    assert server\n",
        "test_b.py": "def test_b():\n    assert True\n",
    }

    def find(self, context: AdviceContext) -> Iterator[Advice]:
        """See ``Kind.find``."""
        for fixture in context.used:
            scope = narrower_scope(context, fixture)
            held = held_bytes(context, fixture)
            if scope is None or not _is_worth_freeing(context, fixture, held):
                continue
            where = sorted(
                {f"{one.path}::{one.cls}" if scope == "class" else one.path for one in context.users(fixture)}
            )
            safety, against = "likely", []
            if fixture.usage_dynamic or any(one.certainty == "possible" for one in fixture.requests):
                safety, against = (
                    "possible",
                    [place(fixture, "something asks for fixtures by names that are not all known")],
                )
            altered = told(fixture, context.found(fixture, "alters"))
            yield self.say(
                [fixture],
                f"Narrow {fixture.name} from {fixture.scope} to {scope} scope",
                safety="possible" if altered else safety,  # type: ignore[arg-type]
                evidence=[
                    place(fixture, f"only tests of {where[0]} use it, and it is set up as often as now"),
                    place(fixture, "its teardown then runs before the tests of other files")
                    if fixture.has_teardown
                    else place(fixture, "what it holds is then free before the tests of other files"),
                ],
                against=[*against, *altered],
                saves_bytes=held if held is not None and held.likely >= LEAST_HELD else None,
                changes=[Change(op="scope", fixture=fixture.id, to=scope)] if fixture.origin == "static" else (),
            )


def _is_worth_freeing(context: AdviceContext, fixture: Fixture, held: Range | None) -> bool:
    """Whether it can matter that a fixture lives on: what is made at once and small can just as well stay."""
    if held is not None and held.likely >= LEAST_HELD:
        return True
    first = [one.setup_s.cold for one in context.measurements(fixture) if one.setup_s is not None]
    return fixture.has_teardown and (not first or max(first) >= LEAST_MADE_S)


LEAST_MADE_S = 0.01
"""Seconds of a first set-up below which what it makes is no server, no container and the like."""

LEAST_HELD = 1 << 16
"""Bytes below which it does not matter for how long they are held."""


def narrower_scope(context: AdviceContext, fixture: Fixture) -> Scope | None:
    """Return the narrowest scope under which a wide fixture is set up no more often; None where there is none."""
    if fixture.scope not in ("session", "package") or fixture.scope_is == "dynamic" or (fixture.params or 0) < 0:
        return None
    if len(context.modules) < 2 or fixture.autouse or context.is_indirect(fixture):
        return None
    widest = max((SCOPES.index(one.scope) for one in context.askers(fixture)), default=0)
    in_class = all(one.cls for one in context.users(fixture))
    targets: tuple[Scope, ...] = ("class", "module") if in_class else ("module",)
    for scope in targets:
        if SCOPES.index(scope) >= widest and context.setups_under(fixture, scope) <= fixture.setups:
            return scope
    return None


def held_bytes(context: AdviceContext, fixture: Fixture) -> Range | None:
    """Return what a fixture holds after its set-up; None where it was not measured."""
    held = [one.memory.retained.own for one in context.measurements(fixture) if one.memory is not None]
    if not held:
        return None
    return Range(low=min(held), likely=sum(held) / len(held), high=max(held))
