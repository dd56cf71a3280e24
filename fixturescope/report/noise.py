"""Whether two runs differ in a time, or only in luck.

The samples that one process takes are milliseconds apart and agree with each other far better than with those of another
process, another minute, another load. A test that took them for independent would call almost everything a change. So each
visit (a process of its own) counts once, by the median of the lower half of its samples, and a run by its least disturbed
visit: what disturbs only ever makes a time longer. How far runs then still differ is estimated from all fixtures of the
comparison, most of which have not changed: the spread of their ratios (`run_noise`). One fixture has changed where its
ratio stands out of that, after Bonferroni's correction for as many looks as there are fixtures, *and* out of the visits of
its own: the least disturbed visit of the slower run is above the median visit of the faster one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, median, stdev

ALPHA = 0.01
"""The chance that a comparison in which nothing has changed names anything at all, where its assumptions hold."""

LEAST_RATIO = 1.10
"""A smaller change is never named: machines differ more than that from themselves."""

LEAST_S = 100e-6
"""A smaller difference in one set-up is never named, in seconds."""

FLOOR = 0.03
"""What a run adds at least: relative standard deviation of a ratio of two runs."""

FEW = 6
"""With fewer times of one size, what a run adds is not estimated but taken to be `UNKNOWN`."""

UNKNOWN = 0.045
"""Relative standard deviation of a ratio of two runs, where it cannot be estimated."""

SIZES = (0.3e-3, 3e-3)
"""Seconds between which times count as of one size: short ones are disturbed more."""


Visits = tuple[tuple[float, ...], ...]
"""Seconds, by the process that took them."""


@dataclass(frozen=True)
class Pair:
    """One time in two runs; each run has a visit at least, and each visit a sample."""

    old: Visits
    new: Visits

    @property
    def ratio(self) -> float:
        """New ÷ old."""
        return _typical(self.new) / _typical(self.old)


@dataclass(frozen=True)
class Verdict:
    """What can be said of one pair."""

    old: float
    new: float
    ratio: float
    """New ÷ old, the drift of the whole run taken out."""
    low: float
    """The least ratio that the noise allows, and with `high` the ends of its interval."""
    high: float
    differs: bool


@dataclass(frozen=True)
class Noise:
    """What a run adds."""

    drift: float
    """New ÷ old of the whole run: the machine was that much slower."""
    spread: tuple[float, ...]
    """Relative standard deviation of the ratio, for each of the sizes that `SIZES` part."""

    def of(self, seconds: float) -> float:
        """Return it for a time."""
        return self.spread[_size(seconds)]


def run_noise(pairs: Sequence[Pair]) -> Noise:
    """Return what the second run adds to every ratio, estimated from all of them."""
    logs = [math.log(pair.ratio) for pair in pairs]
    drift = median(logs) if len(logs) >= FEW else 0.0
    spreads = []
    for size in range(len(SIZES) + 1):
        own = [log - drift for log, pair in zip(logs, pairs, strict=True) if _size(_typical(pair.old)) == size]
        spreads.append(max(FLOOR, 1.4826 * median(map(abs, own))) if len(own) >= FEW else max(UNKNOWN, FLOOR))
    return Noise(math.exp(drift), tuple(spreads))


def judge(pair: Pair, noise: Noise, looks: int) -> Verdict:
    """Return whether a pair differs, given what a run adds and how many pairs are looked at."""
    old, new = _typical(pair.old), _typical(pair.new)
    log = math.log(new / old) - math.log(noise.drift)
    error = math.hypot(noise.of(min(old, new)), _error(pair.old), _error(pair.new))
    reach = NormalDist().inv_cdf(1 - ALPHA / 2 / max(1, looks)) * error
    stands_out = abs(log) > max(reach, math.log(LEAST_RATIO)) and abs(new / noise.drift - old) > LEAST_S
    return Verdict(
        old, new, math.exp(log), math.exp(log - reach), math.exp(log + reach), stands_out and _apart(pair, noise.drift)
    )


def _typical(visits: Visits) -> float:
    """Return what a run is when it is disturbed least."""
    return max(min(map(_of_visit, visits)), 1e-9)


def _of_visit(samples: Sequence[float]) -> float:
    """Return the median of the lower half of the samples of one process."""
    return median(sorted(samples)[: (len(samples) + 1) // 2])


def _error(visits: Visits) -> float:
    """Return the relative standard error: from the samples of the least disturbed visit, and from the next one's distance."""
    best, *others = sorted(visits, key=_of_visit)
    lower = sorted(best)[: (len(best) + 1) // 2]
    own = 1.2533 * stdev(lower) / math.sqrt(len(lower)) if len(lower) > 1 else 0.0  # that of a median
    gap = _of_visit(others[0]) - _of_visit(best) if others else 0.0
    return math.hypot(own, gap / 2) / _typical(visits)


def _apart(pair: Pair, drift: float) -> bool:
    """Return whether the least disturbed visit of the slower run is above what is usual in the faster one."""
    slower, faster = (pair.new, pair.old) if pair.ratio > drift else (pair.old, pair.new)
    scale = drift if slower is pair.new else 1 / drift
    return _typical(slower) / scale > median(map(_of_visit, faster))


def _size(seconds: float) -> int:
    return sum(seconds >= bound for bound in SIZES)
