"""A process for one measurement: forked, watched, ended, and whatever became of it turned into a status."""

from __future__ import annotations

import contextlib
import errno
import faulthandler
import os
import select
import signal
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from time import monotonic, sleep
from typing import NoReturn

from fixturescope.measure import wire
from fixturescope.measure.probe import processes, reasons

TAIL = 16_000
"""Bytes of a child's output that are kept."""

TICK_S = 0.05
"""How often a child's memory is looked at."""

MOST_NAMES = 10
"""So many things that were left behind are named, and the others counted."""

MOST_PROCESSES = 256
"""A child that has more descendants is ended: fork bombs."""

_fork, _waitpid, _read, _write, _exit, _close = (
    os.fork if hasattr(os, "fork") else None,
    os.waitpid,
    os.read,
    os.write,
    os._exit,
    os.close,
)

Send = Callable[[wire.Message], None]


class HostGone(Exception):  # noqa: N818 - it ends the work and is no error
    """The host hung up while a child ran; the child was ended."""


def in_child(
    order: wire.Order,
    work: Callable[[Send], wire.Outcome],
    forward: Send,
    *,
    host: int,
    mark: tuple[str, str],
) -> wire.Outcome:
    """Carry work out in a forked child.

    Args:
        order: Its time and memory limits hold.
        work: Runs in the child; what it sends is forwarded.
        forward: Takes what the child sends, in this process.
        host: The descriptor of the host's end; the child is ended when it hangs up.
        mark: The environment variable, and its value, by which processes of this run are known.

    Raises:
        HostGone: The host hung up.
    """
    messages, child_messages = os.pipe()
    output, child_output = os.pipe()
    assert _fork is not None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python 3.12 warns of threads, which were looked for already
        pid = _fork()
    if pid == 0:
        _close(messages)
        _close(output)
        _become(order, work, child_messages, child_output, host)
    _close(child_messages)
    _close(child_output)
    try:
        return _Watch(order, pid, messages, output, host, forward, mark).until_end()
    finally:
        _close(messages)
        _close(output)


def _become(order: wire.Order, work: Callable[[Send], wire.Outcome], messages: int, output: int, host: int) -> NoReturn:
    """Be the child: nothing that it does reaches the process that collected."""
    code = 70
    try:
        os.setsid()
        _close(host)
        messages, output = _out_of_the_way(messages), _out_of_the_way(output)
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        faulthandler.enable(file=output)  # pytest captures the descriptors 1 and 2
        signal.signal(signal.SIGINT, signal.default_int_handler)
        limit(order.memory_limit)

        def send(message: wire.Message) -> None:
            _write_all(messages, wire.encode(message))

        send(work(send))
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        code = 0
    except BaseException:  # noqa: BLE001 - the child's outermost frame: nothing may return into the parent's code
        with contextlib.suppress(BaseException):
            import traceback

            os.write(2, traceback.format_exc().encode("utf-8", "replace"))
    finally:
        _exit(code)


def _out_of_the_way(descriptor: int) -> int:
    """Return a copy of a descriptor with a number that code which closes "all" of them leaves alone, where there is one."""
    import fcntl

    try:
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 700)
    except OSError:  # the limit of open files is lower
        return descriptor


def limit(memory_limit: int | None) -> None:
    """Let this process grow by so many bytes only, and write no core files."""
    try:
        import resource
    except ImportError:
        return
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
        if memory_limit is not None and sys.platform == "linux":
            _, hard = resource.getrlimit(resource.RLIMIT_DATA)
            resource.setrlimit(resource.RLIMIT_DATA, (_data_size() + memory_limit, hard))


def _data_size() -> int:
    with open("/proc/self/status", "rb") as file:
        for line in file:
            if line.startswith(b"VmData:"):
                return int(line.split()[1]) * 1024
    return 0


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[_write(descriptor, view) :]


def counted(names: Sequence[str]) -> tuple[str, ...]:
    """Return each name once, with how often it came."""
    found = [name if count == 1 else f"{name}, {count} times" for name, count in Counter(names).items()]
    return tuple(found if len(found) <= MOST_NAMES else [*found[:MOST_NAMES], f"{len(found) - MOST_NAMES} more"])


class _Watch:
    """What the parent does while a child runs."""

    def __init__(
        self,
        order: wire.Order,
        pid: int,
        messages: int,
        output: int,
        host: int,
        forward: Send,
        mark: tuple[str, str],
    ) -> None:
        self._order = order
        self._pid = pid
        self._messages = messages
        self._output = output
        self._host = host
        self._forward = forward
        self._mark = mark
        self._held = processes.resident(os.getpid())
        self._lines = wire.Lines()
        self._tail = b""
        self._phase = "starting"
        self._outcome: wire.Outcome | None = None
        self._ended: tuple[str, str] | None = None
        """Status and reason where the child was ended by us."""

    def until_end(self) -> wire.Outcome:
        """Return the outcome once the child is gone, and all that it started."""
        status = self._wait()
        left = self._clean_up()
        outcome = self._outcome or wire.Outcome(self._order.number, *self._verdict(status))
        return wire.Outcome(outcome.order, outcome.status, outcome.reason, counted((*outcome.left_behind, *left)))

    def _wait(self) -> int:
        deadline = monotonic() + self._order.timeout_s
        looked = monotonic()
        open_ends = {self._messages, self._output}
        closed_at: float | None = None
        while True:
            ready, _, _ = select.select([*open_ends, self._host], [], [], TICK_S)
            if self._host in ready:
                self._end("killed", "the host hung up")
                _waitpid(self._pid, 0)
                self._clean_up()
                raise HostGone
            for end in ready:
                if not self._take(end):
                    open_ends.discard(end)
                elif end == self._messages:
                    deadline = monotonic() + self._order.timeout_s
            done, status = _waitpid(self._pid, os.WNOHANG)
            if done:
                self._drain(open_ends)
                return status
            now = monotonic()
            if self._outcome is not None and self._messages not in open_ends:
                closed_at = closed_at or now
                if now - closed_at > self._order.timeout_s:  # its exit hangs
                    processes.kill(self._pid)
            if now > deadline and self._ended is None:
                self._time_out()
            if now - looked > TICK_S * 4:
                looked = now
                self._look()

    def _take(self, end: int) -> bool:
        """Read what is there; return whether more may come."""
        try:
            piece = _read(end, 65536)
        except OSError as error:
            return error.errno == errno.EINTR
        if not piece:
            return False
        if end == self._output:
            self._tail = (self._tail + piece)[-TAIL:]
            return True
        for line in self._lines.feed(piece):
            with contextlib.suppress(wire.WireError):
                self._heard(wire.decode(line))
        return True

    def _heard(self, message: wire.Message) -> None:
        if isinstance(message, wire.Outcome):
            self._outcome = message
            return
        if isinstance(message, wire.Phase):
            self._phase = message.text
        self._forward(message)

    def _drain(self, ends: set[int]) -> None:
        """Read what a dead child has written; a process that it started may hold the other end open."""
        for end in ends:
            while select.select([end], [], [], 0)[0] and self._take(end):
                pass

    def _time_out(self) -> None:
        """End the child, and let it say where it was."""
        seconds = self._order.timeout_s
        self._ended = "timeout", f"took more than {seconds:g} s (--timeout) while {self._phase}"
        processes.kill(self._pid, signal.SIGABRT)
        for _ in range(20):
            sleep(TICK_S)
            if not select.select([self._output], [], [], 0)[0] or not self._take(self._output):
                break
        processes.kill_group(self._pid)
        processes.kill(self._pid)

    def _end(self, status: str, reason: str) -> None:
        self._ended = status, reason
        processes.kill_group(self._pid)
        processes.kill(self._pid)

    def _look(self) -> None:
        """End a child that grows without bounds."""
        below = processes.tree(self._pid)
        if len(below) > MOST_PROCESSES:
            self._end("killed", f"had started more than {MOST_PROCESSES} processes while {self._phase}")
        most = self._order.memory_limit
        if most is not None and self._ended is None:
            held = sum(map(processes.resident, (self._pid, *below))) - self._held
            if held > most:
                self._end("killed", f"grew by more than {most} bytes (--memory-limit) while {self._phase}")

    def _verdict(self, status: int) -> tuple[str, str]:
        """Return what became of a child that said nothing of its end."""
        if self._ended is not None:
            name, reason = self._ended
        elif os.WIFSIGNALED(status):
            number = os.WTERMSIG(status)
            killed = number in (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP)
            name = "killed" if killed else "crashed"
            more = " (out of memory, or a person)" if number == signal.SIGKILL else ""
            reason = f"ended by {signal.Signals(number).name}{more} while {self._phase}"
        else:
            name, reason = "crashed", f"the process left with code {os.WEXITSTATUS(status)} while {self._phase}"
        tail = reasons.of_the_project(self._tail.decode("utf-8", "replace")).strip()
        return name, f"{reason}\n{tail}" if tail else reason

    def _clean_up(self) -> tuple[str, ...]:
        """End all that the child started, and name it."""
        own = {os.getpid(), os.getppid(), self._pid}
        left = [pid for pid in processes.marked(*self._mark, self._pid) if pid not in own]
        named = tuple(f"process {processes.describe(pid)}" for pid in left)
        processes.kill_group(self._pid)
        for pid in left:
            processes.kill(pid)
        return named
