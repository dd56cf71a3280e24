"""How often a fixture is timed: in several processes, apart in time, until enough of them agree.

Something else that the machine does for a while makes all samples of a process longer, and they agree with each other
nevertheless. It cannot make one shorter. So the least disturbed processes are what counts, and two that agree are believed.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

AGREEING = 2
"""So many of them are to agree, the least disturbed ones."""

MOST = 8
"""Visits of a fixture whose visits do not agree."""

AGREE = 0.05
"""How far visits may differ and agree, relative."""

AGREE_S = 10e-6
"""Or, in seconds: less than that is nothing that anybody acts on."""

LONG_S = 1.0
"""A visit that took so long is not repeated: what disturbs it is short against it."""


def enough(visits: Sequence[Sequence[float]], *, least: int = AGREEING) -> bool:
    """Return whether what has been seen is believed.

    Args:
        visits: Seconds of warm set-ups and teardowns, by process.
        least: Visits at least, and as many are to agree.
    """
    if len(visits) >= MOST or any(sum(visit) >= LONG_S for visit in visits):
        return True
    if len(visits) < least:
        return False
    lows = sorted(median(sorted(visit)[: (len(visit) + 1) // 2]) for visit in visits)
    return lows[least - 1] - lows[0] <= max(AGREE * lows[0], AGREE_S)
