"""Processes and memory as the kernel sees them: the second witness, and what a fixture left behind.

Linux tells all of it in ``/proc``. Elsewhere nothing is known here, and functions say so by None or by nothing.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from os import listdir, readlink

PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
HAS_PROC = os.path.isdir("/proc/self/fd")

_open, _getpid, _killpg, _kill = open, os.getpid, getattr(os, "killpg", None), os.kill


def resident(pid: int) -> int:
    """Return the bytes that a process holds in memory; 0 where it is gone or cannot be seen."""
    try:
        return int(_read(f"/proc/{pid}/statm").split()[1]) * PAGE
    except (OSError, IndexError, ValueError):
        return 0


def proportional(pid: int) -> int:
    """Return the bytes that a process holds, a page that it shares with others in parts: its PSS, or RSS without."""
    try:
        for line in _read(f"/proc/{pid}/smaps_rollup").splitlines():
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) * 1024
    except (OSError, IndexError, ValueError):
        pass
    return resident(pid)


def peak_resident(pid: int) -> int | None:
    """Return the most bytes that a process held in memory since `reset_peak`, or None."""
    try:
        status = _read(f"/proc/{pid}/status")
    except OSError:
        return None
    for line in status.splitlines():
        if line.startswith(b"VmHWM:"):
            return int(line.split()[1]) * 1024
    return None


def reset_peak(pid: int) -> bool:
    """Let `peak_resident` begin anew; return whether the kernel did so (see proc(5), clear_refs)."""
    try:
        with _open(f"/proc/{pid}/clear_refs", "wb") as file:
            file.write(b"5")
    except OSError:
        return False
    return True


def processes() -> Iterator[tuple[int, int, int]]:
    """Give the number, the parent and the process group of every process that can be seen."""
    if not HAS_PROC:
        return
    for name in listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            stat = _read(f"/proc/{name}/stat")
            fields = stat[stat.rindex(b")") + 2 :].split()
        except (OSError, ValueError):
            continue
        if fields[0] != b"Z":
            yield int(name), int(fields[1]), int(fields[2])


def tree(root: int) -> list[int]:
    """Return a process's descendants."""
    children: dict[int, list[int]] = {}
    for pid, parent, _ in processes():
        children.setdefault(parent, []).append(pid)
    found, todo = [], list(children.get(root, ()))
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += children.get(pid, ())
    return found


def started_by(root: int, variable: str) -> set[int]:
    """Return a process's descendants, and whoever inherited an environment variable from it and left it: daemons."""
    value = os.environ.get(variable)
    below = set(tree(root))
    return below if not value else below | {pid for pid in marked(variable, value, -1) if pid != root}


def marked(variable: str, value: str, group: int) -> list[int]:
    """Return processes that were started under an environment variable, or that belong to a process group."""
    mark = f"{variable}={value}".encode()
    found = []
    for pid, _, of_group in processes():
        if of_group == group:
            found.append(pid)
            continue
        with contextlib.suppress(OSError):
            if mark in _read(f"/proc/{pid}/environ").split(b"\0"):
                found.append(pid)
    return found


def describe(pid: int) -> str:
    """Return a process as a person would name it: its command, cut."""
    try:
        command = _read(f"/proc/{pid}/cmdline").replace(b"\0", b" ").strip().decode("utf-8", "replace")
    except OSError:
        command = ""
    return command[:120] or f"number {pid}"


def kill_group(group: int) -> None:
    """End a process group at once."""
    with contextlib.suppress(OSError):
        if _killpg is not None:
            _killpg(group, signal.SIGKILL)


def kill(pid: int, number: int = signal.SIGKILL) -> None:
    """Send a signal to a process that may be gone."""
    with contextlib.suppress(OSError):
        _kill(pid, number)


def native_threads() -> int:
    """Return how many threads the kernel sees in this process; 1 where it cannot be asked."""
    try:
        return len(listdir("/proc/self/task"))
    except OSError:
        return 1


def open_devices() -> list[str]:
    """Return the accelerators' device files that this process holds open."""
    found = []
    with contextlib.suppress(OSError):
        for name in listdir("/proc/self/fd"):
            with contextlib.suppress(OSError):
                target = readlink(f"/proc/self/fd/{name}")
                if target.startswith(("/dev/nvidia", "/dev/kfd", "/dev/dri/render")):
                    found.append(target)
    return sorted(set(found))


def _read(path: str) -> bytes:
    with _open(path, "rb") as file:
        return file.read()
