"""What a recorded run leaves behind: the document, a few lines on the terminal, and, for the host, how far it is."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Sequence
from time import monotonic
from typing import Any, NamedTuple

import pytest

from fixturescope.measure.probe import record_document, records

SHOWN = 5
"""How many of the costliest fixtures the terminal shows."""

OUTCOMES = ("passed", "failed", "error", "skipped", "xfailed", "xpassed", "rerun")
"""What pytest's terminal counts, in the order in which we say it."""

EVERY_S = 0.1
"""How often the host is told how far a run is."""

_monotonic, _write = monotonic, os.write  # bound before a test can put others in their place


class Report(NamedTuple):
    """What is said at the end of a run."""

    document: dict[str, Any] | None
    path: str | None = None
    trouble: str | None = None
    """Why there is no document."""

    def show(self, terminal: Any) -> None:
        """Write to pytest's terminal."""
        terminal.write_sep("=", "fixturescope")
        if self.document is not None:
            for line in self._lines(self.document):
                terminal.write_line(_printable(line))
        if self.trouble is not None:
            terminal.write_line(_printable(f"fixturescope: {self.trouble}"), red=True)
        elif self.path is not None:
            terminal.write_line(_printable(f"fixturescope: the document is {self.path}"))

    @staticmethod
    def _lines(document: dict[str, Any]) -> list[str]:
        rows = document["recorded"]
        total = sum(row["setup_s"]["self"] + row["teardown_s"]["self"] for row in rows)
        setups = sum(row["setups"] for row in rows)
        fixtures = len({row["fixture"] for row in rows})
        costly = record_document.costliest(document, SHOWN)
        return [
            *document["measured"],
            f"fixtures set up: {fixtures}, set-ups: {setups}, seconds with teardown: {total:.3f}; the costliest:",
            *(f"{seconds:10.3f} s {count:6} × {id_}" for id_, count, seconds in costly),
        ]


def finish(
    config: pytest.Config, found: records.Found, path: str, *, workers: int, lost: Sequence[str], seconds: float
) -> Report:
    """Write the document.

    Args:
        config: Of the run.
        found: What was recorded, merged.
        path: Where the document goes; empty: below the rootdir.
        workers: How many workers of pytest-xdist there were; 0 where tests ran in this process.
        lost: Those that handed nothing over.
        seconds: How long the run took.
    """
    measured = [_sentence(config, workers, seconds)]
    measured += [f"worker {one} was lost: what it had set up is not in the record" for one in lost]
    document = record_document.build(config, found, measured)
    try:
        return Report(document, record_document.write(document, path, config))
    except OSError as error:
        return Report(document, trouble=f"the document cannot be written: {error}")


def _sentence(config: pytest.Config, workers: int, seconds: float) -> str:
    where = f"on {workers} workers" if workers else "in one process"
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    stats = getattr(terminal, "stats", {})
    counts = [f"{len(stats[name])} {name}" for name in OUTCOMES if stats.get(name)]
    return f"recorded in a run of the suite {where}, in {seconds:.2f} s: {', '.join(counts) or 'no tests ran'}"


def _printable(text: str) -> str:
    return "".join(one if one.isprintable() else "?" for one in text)


class Progress:
    """Tells the host how far a run is: a line of JSON, ``[done, total, node id]``, now and then.

    Args:
        descriptor: Of the writing end of a pipe. What does not fit into it is left out.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._done = 0
        self._total = 0
        self._told = 0.0
        os.set_inheritable(descriptor, False)  # what the project starts must not hold the line
        os.set_blocking(descriptor, False)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note how much there is to do."""
        self._total = len(session.items)
        self._tell("")

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Note that a test is over."""
        self._done += 1
        if self._done == self._total or _monotonic() - self._told >= EVERY_S:
            self._tell(nodeid)

    def _tell(self, nodeid: str) -> None:
        self._told = _monotonic()
        with contextlib.suppress(OSError):  # the host is gone, or slow
            _write(self._descriptor, json.dumps([self._done, self._total, nodeid[:500]]).encode() + b"\n")
