"""Parts sum to the whole, whatever the nesting."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixturescope.measure.probe import clock


class FakeClock:
    """Nanoseconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now


def test_an_inner_interval_is_not_billed_to_the_outer_one() -> None:
    time = FakeClock()
    watch = clock.Stopwatch(time)
    watch.start()
    time.now += 10
    watch.start()
    time.now += 5
    assert watch.stop() == (5, 5)
    time.now += 1
    assert watch.stop() == (11, 16)
    assert watch.depth == 0


def test_what_we_do_ourselves_is_billed_to_nobody() -> None:
    time = FakeClock()
    watch = clock.Stopwatch(time)
    watch.start()
    with clock.Pause(watch):
        time.now += 100
    time.now += 7
    assert watch.stop()[0] == 7


@given(st.recursive(st.integers(0, 50), lambda inner: st.lists(inner, min_size=1, max_size=4), max_leaves=30))
def test_conservation(tree: object) -> None:
    """The times of all intervals themselves sum to that of the outermost one."""
    time = FakeClock()
    watch = clock.Stopwatch(time)
    selfs: list[int] = []

    def visit(node: object) -> int:
        watch.start()
        if isinstance(node, int):
            time.now += node
        else:
            assert isinstance(node, list)
            for each in node:
                visit(each)
                time.now += 3
        own, whole = watch.stop()
        selfs.append(own)
        return whole

    assert visit(tree) == sum(selfs)


@pytest.mark.parametrize(
    ("values", "median", "spread"),
    [
        ([], 0.0, 0.0),
        ([2.0], 2.0, 0.0),
        ([1.0, 3.0], 2.0, 0.5),
        ([1.0, 2.0, 3.0, 4.0, 5.0], 3.0, 2 / 3),
        ([0.0, 0.0, 9.0], 0.0, 0.0),
        ([4.0] * 9, 4.0, 0.0),
    ],
)
def test_median_and_spread(values: list[float], median: float, spread: float) -> None:
    assert clock.median(values) == median
    assert clock.spread(values) == pytest.approx(spread)


def test_time_in_which_others_ran_is_nobodys(tmp_path: Path) -> None:
    """The scheduler's second number: nanoseconds that the thread was ready to run and did not."""
    file = tmp_path / "schedstat"
    file.write_text("5000 7000 3\n")
    quiet = clock.QuietClock(str(file), clock=lambda: 100_000)
    assert quiet() == 93_000
    file.write_text("5000 9000 4\n")
    assert quiet() == 91_000
    file.write_text("what is this\n")
    assert (quiet(), quiet()) == (91_000, 91_000)
    assert clock.QuietClock(str(tmp_path / "none"), clock=lambda: 100_000)() == 100_000


@pytest.mark.skipif(not Path(clock.SCHEDULER).exists(), reason="only Linux tells how long a thread was ready to run")
def test_sleep_counts_and_a_busy_machine_does_not() -> None:
    """As many threads that burn as there are processors, and two more; what is measured is the same as without them."""
    quiet = clock.QuietClock()

    def burn() -> int:
        began = quiet()
        sum(number * number for number in range(200_000))
        return quiet() - began

    began = quiet()
    time.sleep(0.05)
    assert quiet() - began >= 49_000_000
    alone = min(burn() for _ in range(5))
    burner = [sys.executable, "-c", "import time; end = time.time() + 2\nwhile time.time() < end: pass"]
    others = [subprocess.Popen(burner) for _ in range((os.cpu_count() or 1) + 2)]
    try:
        busy = min(burn() for _ in range(5))
    finally:
        for other in others:
            other.kill()
            other.wait()
    assert busy < 1.5 * alone


@pytest.mark.parametrize(("rounds", "early"), [(0, 0), (5, 0), (9, 0), (10, 5), (11, 5), (20, 10)])
def test_the_first_half_does_not_count_once_the_rest_is_enough(rounds: int, early: int) -> None:
    assert clock.settled(rounds, least=5) == early
