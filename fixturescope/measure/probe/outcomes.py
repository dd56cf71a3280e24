"""Which tests of a trial run, in which order, and how each of them ends: told to the host line by line, so that a death costs
nothing of what was known before it.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Generator
from typing import Any, Protocol

import pytest

from fixturescope.measure import wire
from fixturescope.measure.probe import processes, pytest_compat

MOST_REASON = 500
"""Characters."""

_open, _write, _close, _getpid = os.open, os.write, os.close, os.getpid  # before a test can put others in their place


class Changed(Protocol):
    """What was changed."""

    @property
    def in_force(self) -> tuple[int, ...]:
        """For each change, how many definitions it was made to."""

    def trouble(self, items: list[pytest.Item]) -> tuple[str, ...]:
        """Return why a change is not in memory what it would be in source."""


class Outcomes:
    """The plugin that chooses tests and tells how they end.

    Args:
        order: What the host wants.
        changes: What was changed.
    """

    def __init__(self, order: wire.TrialOrder, changes: Changed) -> None:
        self._order = order
        self._changes = changes
        self._tests = frozenset(order.tests)
        self._ends: dict[str, tuple[str, str]] = {}
        """Of tests that are not over: node id → outcome and reason, so far."""

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> Generator[None, None, None]:
        """Leave out tests that are not wanted, and turn the order of the others around.

        Before everybody else: so pytest still groups tests by the parameters of their wider fixtures, and a plugin
        that some tests need to come before others still lets them.
        """
        kept = [item for item in items if pytest_compat.test_id(item) in self._tests]
        left = [item for item in items if pytest_compat.test_id(item) not in self._tests]
        if left:
            config.hook.pytest_deselected(items=left)
        items[:] = kept[::-1] if self._order.reversed else kept
        yield

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Say what is about to run."""
        items = tuple(item.nodeid for item in session.items)
        self._tell(wire.Collected(items, self._changes.in_force, self._changes.trouble(session.items)))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Count what cannot be collected as a test."""
        if report.failed:
            self._tell(wire.TestEnded(report.nodeid or ".", "error", _reason(report)))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Say that a test begins: it is the one that is blamed if the process ends."""
        self._tell(wire.TestStarted(nodeid))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note how a part of a test went."""
        before = self._ends.get(report.nodeid)
        outcome = _outcome(report)
        if before is None or before[0] == "passed" or (outcome in BAD and before[0] not in BAD):
            self._ends[report.nodeid] = outcome, _reason(report)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Say how a test ended."""
        end = self._ends.pop(nodeid, None)
        if end is not None:
            self._tell(wire.TestEnded(nodeid, *end))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Say that all went to its end."""
        self._tell(wire.TrialEnded(_peak()))

    def _tell(self, message: wire.Message) -> None:
        """Write a line; the file is opened for each, since tests close descriptors that are not theirs."""
        with contextlib.suppress(OSError):
            descriptor = _open(self._order.answers, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                _write(descriptor, wire.encode(message))
            finally:
                _close(descriptor)


BAD = ("failed", "error")


def _outcome(report: pytest.TestReport) -> str:
    """Return in which of pytest's words one part of a test ended."""
    if hasattr(report, "wasxfail") and not report.failed:
        return "xfailed" if report.skipped else "xpassed"
    if report.failed:
        return "failed" if report.when == "call" else "error"
    return "skipped" if report.skipped else "passed"


def _reason(report: Any) -> str:
    """Return the line of pytest's words that says why something did not pass."""
    told = report.longrepr
    if told is None:
        return str(getattr(report, "wasxfail", ""))[:MOST_REASON]
    if isinstance(told, tuple):  # of a skipped test: file, line, reason
        return str(told[-1])[:MOST_REASON]
    crash = getattr(told, "reprcrash", None)
    first = getattr(crash, "message", None) or getattr(told, "errorstring", None)
    lines = [line.strip() for line in str(first or told).splitlines() if line.strip()]
    if not lines:
        return ""
    told_first = first is not None or lines[0].startswith("ScopeMismatch")
    return (lines[0] if told_first else lines[-1].removeprefix("E").strip())[:MOST_REASON]


def _peak() -> int | None:
    """Return the most bytes of memory that this process has held."""
    peak = processes.peak_resident(_getpid())
    if peak is None:
        try:
            import resource
        except ImportError:
            return None
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return peak
