"""Who spent the time: nested intervals, each billed for what it did itself.

The functions that tell the time are bound as defaults of arguments when this module is imported: freezegun finds them by
what they are, whatever their name, wherever a module's or a class's names hold them, and puts its own in their place.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from time import perf_counter_ns

SECOND = 1_000_000_000
"""Nanoseconds."""


SCHEDULER = "/proc/thread-self/schedstat"
"""Linux tells there how long a thread was ready to run while the machine ran others."""


class QuietClock:
    """Nanoseconds of this thread, without those in which it was ready to run and the machine ran others.

    What else the machine does makes a fixture no dearer, and hides what it costs: with two processes on each core, work
    of 27 ms takes anything from 50 to 80 by the clock on the wall. Sleeping, and waiting for anything but a processor, count.
    Where the system does not tell, the time is that of the wall. To be made in the thread that asks.
    """

    def __init__(self, scheduler: str = SCHEDULER, *, clock: Callable[[], int] = perf_counter_ns) -> None:
        self._clock = clock
        self._read = getattr(os, "pread", None)
        self._waited = 0
        self._file = -1
        if self._read is not None and os.path.exists(scheduler):
            self._file = os.open(scheduler, os.O_RDONLY | os.O_CLOEXEC)  # for as long as the process lives

    def __call__(self) -> int:
        """Return nanoseconds."""
        now = self._clock()
        if self._file >= 0 and self._read is not None:
            try:
                self._waited = max(self._waited, int(self._read(self._file, 64, 0).split()[1]))
            except (OSError, ValueError, IndexError):  # a fixture closed it: from now on the wall's time counts
                self._file = -1
        return now - self._waited


class Stopwatch:
    """A stack of intervals. What an inner one takes is not billed to the outer one.

    Args:
        clock: Gives nanoseconds.
    """

    def __init__(self, clock: Callable[[], int] = perf_counter_ns) -> None:
        self._clock = clock
        self._stack: list[list[int]] = []

    def start(self) -> None:
        """Begin an interval inside the one that is open."""
        self._stack.append([0, self._clock()])

    def stop(self) -> tuple[int, int]:
        """End the innermost interval; return its nanoseconds, its own first and then all."""
        now = self._clock()
        inner, began = self._stack.pop()
        whole = now - began
        if self._stack:
            self._stack[-1][0] += whole
        return whole - inner, whole

    @property
    def depth(self) -> int:
        """How many intervals are open."""
        return len(self._stack)


class Pause:
    """Keeps what we do ourselves out of the interval that is open.

    Args:
        watch: The stopwatch that runs.
    """

    def __init__(self, watch: Stopwatch) -> None:
        self._watch = watch

    def __enter__(self) -> None:
        self._watch.start()

    def __exit__(self, *_: object) -> None:
        self._watch.stop()


def settled(rounds: int, least: int) -> int:
    """Return how many of so many warm rounds come too early to count: half, once the others are enough.

    The interpreter adapts code while it runs, caches of the processor fill, and pages that a fork shares are copied: in a
    run of the suite, a fixture that is set up a thousand times pays for that once.

    Args:
        rounds: How many there were.
        least: How many have to count at least.
    """
    return rounds // 2 if rounds >= 2 * least else 0


def spread(values: Sequence[float]) -> float:
    """Return the interquartile range divided by the median: 0 for fewer than two values or a median of 0."""
    middle = median(values)
    if len(values) < 2 or middle <= 0:
        return 0.0
    ordered = sorted(values)
    return (_quantile(ordered, 0.75) - _quantile(ordered, 0.25)) / middle


def median(values: Sequence[float]) -> float:
    """Return the median; 0 for no values."""
    return _quantile(sorted(values), 0.5) if values else 0.0


def _quantile(ordered: Sequence[float], part: float) -> float:
    """Return a quantile by linear interpolation between the neighbours."""
    place = part * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
