"""What is seen of one set-up from outside of it: resident memory, accelerators, imports."""

from __future__ import annotations

import gc
import os
import sys

from fixturescope.measure import wire
from fixturescope.measure.probe import processes
from fixturescope.measure.probe.gpu import Meter, initialised

RUN_VARIABLE = "FIXTURESCOPE_RUN"
"""Set by the host in the environment of all processes of a run."""

_collect, _getpid = gc.collect, os.getpid


class Witness:
    """Looks before a set-up, after it, and after teardown.

    Args:
        gpu: Whether to ask accelerator libraries.
    """

    def __init__(self, *, gpu: bool) -> None:
        self._meter = Meter() if gpu else None
        self._pid = _getpid()
        self._before = 0
        self._peak: int | None = None
        self._others: set[int] = set()
        self._modules: set[str] = set()
        self._imported: tuple[str, ...] = ()

    def before(self) -> None:
        """Look before the set-up."""
        if self._meter is not None:
            self._meter.before()
        self._modules = set(sys.modules)
        self._others = processes.started_by(self._pid, RUN_VARIABLE)
        exact = processes.reset_peak(self._pid)
        self._before = processes.resident(self._pid) if exact else 0

    def after_setup(self) -> None:
        """Look after the set-up."""
        peak = processes.peak_resident(self._pid) if self._before else None
        if peak is not None:
            started = processes.started_by(self._pid, RUN_VARIABLE) - self._others
            self._peak = max(0, peak - self._before) + sum(map(processes.proportional, started))
        self._imported = tuple(name for name in list(sys.modules) if name not in self._modules)
        if self._meter is not None:
            _free()
            self._meter.after_setup()

    def after_teardown(self) -> None:
        """Look after the teardown."""
        if self._meter is not None:
            _free()
            self._meter.after_teardown()

    def complete(self, round_: wire.Round) -> wire.Round:
        """Return the round with what was seen."""
        rows = None if self._meter is None else [dict(row) for row in self._meter.rows()]
        reason = "not asked for (--no-gpu)" if self._meter is None else self._meter.reason
        notes = () if self._meter is None else self._meter.notes
        return wire.Round(
            round_.order,
            round_.events,
            rss_peak=self._peak,
            modules=self._imported,
            gpu=tuple(rows) if rows else None,
            gpu_reason="; ".join([*([reason] if reason else []), *notes]) or None,
        )


def _free() -> None:
    """Collect garbage where it may hold memory of an accelerator; elsewhere a large heap is better left alone."""
    if initialised(sys.modules) is not None:
        _collect()
