"""Starts probes in the project's own pytest, gives them orders, and survives whatever becomes of them."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from fixturescope.errors import MeasureError
from fixturescope.measure import wire
from fixturescope.measure.command import PROBE, ProjectPytest
from fixturescope.measure.probe import processes
from fixturescope.measure.probe.isolation import counted
from fixturescope.measure.probe.reasons import of_the_project
from fixturescope.measure.probe.witness import RUN_VARIABLE

TAIL = 4000
"""Characters of a probe's output that stand in an error."""

TICK_S = 0.05
"""How often the memory of a process that measures itself is looked at."""

_LAST_WORDS = """
import os, sys
sys.stdin.buffer.read()
sys.path[:0] = [sys.argv[1]]
from fixturescope.measure.probe import processes
from fixturescope.measure.probe.isolation import counted
from fixturescope.measure.probe.reasons import of_the_project
from fixturescope.measure.probe.witness import RUN_VARIABLE
for _ in range(2):
    for pid in processes.marked(sys.argv[2], sys.argv[3], -1):
        if pid != os.getpid():
            processes.kill(pid)
import shutil
shutil.rmtree(sys.argv[4], ignore_errors=True)
"""
"""What a small process does when we are gone, however we went: end all that belongs to the run."""


@dataclass(frozen=True)
class Result:
    """What came of one order."""

    order: wire.Order
    rounds: tuple[wire.Round, ...]
    outcome: wire.Outcome


@dataclass
class _Probe:
    """One process of the project's pytest, with our plugin in it."""

    process: subprocess.Popen[bytes]
    line: socket.socket
    log: Path
    log_from: int = 0
    """Where in the log its own words begin."""
    lines: wire.Lines = field(default_factory=wire.Lines)
    ready: list[wire.Message] = field(default_factory=list)


class Supervisor:
    """One collected suite, and measurements of it.

    Args:
        project: How its pytest is started.
        log: File that takes what pytest and its plugins print while they collect.
        fresh: Start a process for each measurement instead of forking.
        clock: Gives seconds.
    """

    def __init__(
        self, project: ProjectPytest, *, log: Path, fresh: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._project = project
        self._log = log
        self._clock = clock
        self._probe: _Probe | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        self.fresh = fresh
        self.hello: wire.Hello | None = None

    def __enter__(self) -> Supervisor:
        self._guard = start_guard(self._project)
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        if self._guard is not None:
            end_guard(self._guard)

    def collect(self) -> wire.Inventory:
        """Start pytest, let it collect, and return what it found.

        Raises:
            MeasureError: It ended before it had collected.
        """
        self._probe, inventory = self._start(self._project.arguments)
        return inventory

    def measure(self, order: wire.Order) -> Result:
        """Carry one order out. A probe that dies is started again and the order tried once more.

        Raises:
            MeasureError: The probe cannot be started again.
        """
        if self.fresh:
            return self._measure_fresh(order)
        for attempt in (1, 2):
            if self._probe is None:
                self.collect()
            result = self._try(order)
            if result is None:  # it is the collecting process that died
                self.close()
            elif result.outcome.status != "killed" or attempt == 2 or "SIGKILL" not in (result.outcome.reason or ""):
                return result
        return Result(order, (), wire.Outcome(order.number, "crashed", "ended the process that had collected, twice"))

    def close(self) -> None:
        """End the probe, and all that it started."""
        if self._probe is not None:
            _end(self._probe)
            self._probe = None
        self.sweep()

    def sweep(self) -> tuple[str, ...]:
        """End processes of this run that nobody waits for, and name them."""
        own = {
            os.getpid(),
            *([self._guard.pid] if self._guard else []),
            *([self._probe.process.pid] if self._probe else []),
        }
        left = [pid for pid in processes.marked(RUN_VARIABLE, self._project.run, -1) if pid not in own]
        named = tuple(f"process {processes.describe(pid)}" for pid in left)
        for pid in left:
            processes.kill(pid)
        return named

    def _try(self, order: wire.Order) -> Result | None:
        assert self._probe is not None
        rounds: list[wire.Round] = []
        try:
            self._probe.line.sendall(wire.encode(order))
            for message in self._heard(self._probe):
                if isinstance(message, wire.Round) and message.order == order.number:
                    rounds.append(message)
                elif isinstance(message, wire.Outcome) and message.order == order.number:
                    return Result(order, tuple(rounds), message)
        except OSError:
            pass
        return None

    def _measure_fresh(self, order: wire.Order) -> Result:
        """Measure in a process of its own, which collects only the file that the carrier is in."""
        file = order.carrier.nodeid.partition("::")[0]
        order = replace(order, in_place=True)
        try:
            probe, _ = self._start((str(self._project.rootdir / file),))
        except MeasureError as error:
            return Result(order, (), wire.Outcome(order.number, "error", str(error)))
        watch = _FreshWatch(order, probe)
        try:
            probe.line.sendall(wire.encode(order))
            for message in self._heard(probe, order.timeout_s, watch.look):
                watch.hear(message)
                if watch.outcome is not None:
                    break
        except TimeoutError:
            watch.time_out()
        except OSError:
            pass
        outcome = watch.outcome or _death(order, probe, watch.phase)
        _end(probe)
        left = counted((*outcome.left_behind, *self.sweep()))
        return Result(order, tuple(watch.rounds), replace(outcome, left_behind=left))

    def _start(self, arguments: tuple[str, ...]) -> tuple[_Probe, wire.Inventory]:
        log_from = self._log.stat().st_size if self._log.exists() else 0
        ours, theirs = socket.socketpair()
        with ours, theirs, self._log.open("ab") as log:
            command = self._project.command(
                "-p", PROBE, f"--fixturescope-socket={theirs.fileno()}", arguments=arguments
            )
            process = subprocess.Popen(
                command,
                cwd=self._project.cwd,
                env=self._project.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
            probe = _Probe(process, ours.dup(), self._log, log_from)
        for message in self._heard(probe):
            if isinstance(message, wire.Hello):
                self.hello = message
                if message.version != wire.VERSION:
                    _end(probe)
                    raise MeasureError(f"another fixturescope answered, whose wire version is {message.version}")
            elif isinstance(message, wire.Inventory):
                return probe, message
        code = probe.process.wait()
        said = _tail(probe)
        _end(probe)
        if said.endswith("ModuleNotFoundError: No module named 'pytest'"):
            raise MeasureError(
                f"{self._project.python} has no pytest", hint="install it there, or name another interpreter: --python"
            )
        raise MeasureError(
            f"pytest ended with code {code} before it had collected" + (f":\n{said}" if said else ""),
            hint="run pytest --collect-only with the same arguments, and mend what it says",
        )

    def _heard(
        self, probe: _Probe, timeout_s: float | None = None, look: Callable[[], None] | None = None
    ) -> Iterator[wire.Message]:
        """Give what a probe says until it hangs up; each piece of it lets the time limit begin anew.

        Raises:
            TimeoutError: It was silent for too long.
        """
        heard = self._clock()
        while True:
            ready, _, _ = select.select([probe.line], [], [], timeout_s if look is None else TICK_S)
            if not ready:
                if timeout_s is not None and self._clock() - heard > timeout_s:
                    raise TimeoutError
                if look is not None:
                    look()
                continue
            heard = self._clock()
            piece = probe.line.recv(1 << 20)
            if not piece:
                return
            for line in probe.lines.feed(piece):
                with contextlib.suppress(wire.WireError):
                    yield wire.decode(line)


class _FreshWatch:
    """What is known of a process that measures itself."""

    def __init__(self, order: wire.Order, probe: _Probe) -> None:
        self._order = order
        self._probe = probe
        self._held = processes.resident(probe.process.pid)
        self.rounds: list[wire.Round] = []
        self.outcome: wire.Outcome | None = None
        self.phase = "starting"

    def hear(self, message: wire.Message) -> None:
        """Take what it says."""
        if isinstance(message, wire.Round):
            self.rounds.append(message)
        elif isinstance(message, wire.Phase):
            self.phase = message.text
        elif isinstance(message, wire.Outcome):
            self.outcome = message

    def look(self) -> None:
        """End it when it grows beyond its limit."""
        most = self._order.memory_limit
        pid = self._probe.process.pid
        if most is not None and self.outcome is None:
            held = sum(map(processes.resident, (pid, *processes.tree(pid))))
            if held - self._held > most:
                reason = f"grew by more than {most} bytes (--memory-limit) while {self.phase}"
                self.outcome = wire.Outcome(self._order.number, "killed", reason)
                processes.kill_group(pid)

    def time_out(self) -> None:
        """End it, and let it say where it was."""
        reason = f"took more than {self._order.timeout_s:g} s (--timeout) while {self.phase}"
        processes.kill(self._probe.process.pid, signal.SIGABRT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._probe.process.wait(1.0)
        self.outcome = wire.Outcome(self._order.number, "timeout", f"{reason}\n{_fatal(self._probe)}".strip())


def _death(order: wire.Order, probe: _Probe, phase: str) -> wire.Outcome:
    """Return what became of a process that measured itself and is gone."""
    code = probe.process.wait()
    if code < 0:
        number = -code
        status = "killed" if number in (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP) else "crashed"
        reason = f"ended by {signal.Signals(number).name} while {phase}"
    else:
        status, reason = "crashed", f"the process left with code {code} while {phase}"
    return wire.Outcome(order.number, status, f"{reason}\n{_fatal(probe)}".strip())


def _fatal(probe: _Probe) -> str:
    """Return what faulthandler said when a process ended; nothing where it said nothing."""
    said = _tail(probe)
    at = said.find("Fatal Python error")
    return said[at:] if at >= 0 else ""


def _end(probe: _Probe) -> None:
    probe.line.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        probe.process.wait(1.0)
    processes.kill_group(probe.process.pid)
    probe.process.kill()
    probe.process.wait()


def _tail(probe: _Probe) -> str:
    """Return the last words of a probe, without those frames of a traceback that say nothing of the project."""
    with probe.log.open("rb") as log:
        log.seek(probe.log_from)
        return of_the_project(log.read().decode("utf-8", "replace"))[-TAIL:].strip()


def start_guard(project: ProjectPytest) -> subprocess.Popen[bytes]:
    """Start the process that cleans up after us if we are killed: it waits for the end of its input."""
    return subprocess.Popen(
        [
            sys.executable,
            "-S",
            "-c",
            _LAST_WORDS,
            os.fspath(project.scratch / "path"),
            RUN_VARIABLE,
            project.run,
            os.fspath(project.scratch),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def end_guard(guard: subprocess.Popen[bytes]) -> None:
    """End the process that `start_guard` started, before it does anything."""
    guard.kill()
    if guard.stdin is not None:
        guard.stdin.close()
    guard.wait()
