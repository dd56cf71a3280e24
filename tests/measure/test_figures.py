"""What rounds add up to, and when there are enough of them."""

from __future__ import annotations

import pytest

from fixturescope.measure import wire
from fixturescope.measure.figures import combine
from fixturescope.measure.plan import Target
from fixturescope.measure.probe.rounds import SETTLE_S, enough
from fixturescope.measure.supervisor import Result

CARRIER = wire.Carrier(None, "test_it.py::test_it")
ORDER = wire.Order(1, "time", "a", CARRIER, least=2)


def test_the_first_round_is_cold_and_those_that_warm_up_do_not_count() -> None:
    seconds = [9.0, 5.0, 4.0, 3.0, 3.5]
    rounds = tuple(wire.Round(1, (wire.Event("a", one, 0.5, ()),)) for one in seconds)
    result = Result(ORDER, rounds, wire.Outcome(1, "ok"))
    found = combine(Target("a", "a", "a", CARRIER), {"time": result}, isolation="fork", no_memory="not asked for")
    assert found.setup_s is not None
    assert (found.setup_s.cold, found.setup_s.own.samples, found.setup_s.own.median) == (9.0, (3.0, 3.5), 3.25)


@pytest.mark.parametrize(
    ("warm", "spent_s", "settling_s", "is_enough"),
    [
        ([1.0], 1.0, 1.0, False),
        ([1.0, 1.0], 1.0, 1.0, True),
        ([1.0, 1.0], 1.0, SETTLE_S / 2, False),  # it is cheap: let it settle
        ([9.0, 5.0, 1.0, 1.0], 1.0, SETTLE_S / 2, True),
        ([1.0, 1.0, 9.0, 5.0], 1.0, 1.0, False),
        ([1.0, 1.0, 9.0, 5.0], 11.0, 1.0, True),  # of patience
    ],
)
def test_rounds_that_agree_are_enough(warm: list[float], spent_s: float, settling_s: float, is_enough: bool) -> None:
    assert enough(warm, ORDER, spent_s, settling_s) == is_enough


def test_what_stayed_set_up_is_in_a_round_at_what_it_cost_in_the_first() -> None:
    wide = wire.Event("wide", 5.0, 0.5, ())
    rounds = (
        wire.Round(1, (wide, wire.Event("a", 3.0, 0.3, ("wide",)))),
        wire.Round(1, (wire.Event("wide", 4.0, None, ()), wire.Event("a", 2.0, 0.2, ("wide",)))),
        wire.Round(1, (wire.Event("a", 1.0, 0.1, ("wide",)),)),
    )
    result = Result(wire.Order(1, "time", "a", CARRIER), rounds, wire.Outcome(1, "ok"))
    found = combine(Target("a", "a", "a", CARRIER), {"time": result}, isolation="fork", no_memory="not asked for")
    assert found.setup_s is not None
    assert found.teardown_s is not None
    assert (found.setup_s.own.samples, found.setup_s.cumulative.samples) == ((2.0, 1.0), (6.0, 6.0))
    assert (found.teardown_s.own.samples, found.teardown_s.cumulative.samples) == ((0.2, 0.1), (0.7, 0.6))
