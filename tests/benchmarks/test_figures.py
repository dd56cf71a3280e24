"""The arithmetic of the benchmarks."""

from __future__ import annotations

import pytest

from benchmarks.figures import Spread, megabytes, order, ratios, seconds, spread, table


def test_spread() -> None:
    assert spread([3.0, 1.0, 2.0]) == Spread(2.0, 1.0, 3.0, 3)
    assert spread([1.0, 2.0]) == Spread(1.5, 1.0, 2.0, 2)
    with pytest.raises(ValueError, match="no figures"):
        spread([])


def test_ratios_are_taken_pair_by_pair() -> None:
    """In the second round everything took ten times as long; the ratio does not see it."""
    assert ratios([1.0, 10.0, 1.0], [8.0, 90.0, 7.0]) == Spread(8.0, 7.0, 9.0, 3)


def test_ratios_of_what_does_not_pair_up() -> None:
    with pytest.raises(ValueError, match="1 runs and 2 do not pair up"):
        ratios([1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="took nothing"):
        ratios([0.0], [1.0])


def test_every_other_round_runs_backwards() -> None:
    assert [order(i, ("a", "b", "c")) for i in range(3)] == [("a", "b", "c"), ("c", "b", "a"), ("a", "b", "c")]


def test_how_figures_are_shown() -> None:
    assert [seconds(1.234), seconds(123.4), megabytes(52_400_000)] == ["1.23 s", "123 s", "52 MB"]
    assert table([["a", "bb"], ["ccc", "d"]]) == "a    bb\nccc   d\n"
