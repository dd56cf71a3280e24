"""Who spent the time: nested intervals, each billed for what it did itself.

The functions of ``time`` and ``gc`` are bound when this module is imported, before anything of the project can freeze a
clock or replace a function.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter_ns

SECOND = 1_000_000_000
"""Nanoseconds."""


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
