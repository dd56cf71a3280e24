"""One command, measured whole: wall time, and the peak memory of all its processes together.

Memory is the proportional set size (PSS) of every process of the tree, which counts a page that forked workers share
once; where the kernel does not tell it, the resident set size (RSS), which counts such a page in each. Both come from
``/proc``, read every 20 ms: a peak shorter than that can be missed. Elsewhere than on Linux there is no memory figure.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

POLL_S = 0.02
"""How long to wait between two looks at the process tree."""

Method = Literal["pss", "rss"]


@dataclass(frozen=True)
class Sample:
    """One run of a command.

    Attributes:
        wall_s: From before the process is made until it is gone.
        peak_bytes: Of all its processes together; None where it cannot be known.
        method: How memory was read; None where it was not.
        returncode: The command's exit code.
        output: The end of what it wrote, for error messages.
    """

    wall_s: float
    peak_bytes: int | None
    method: Method | None
    returncode: int
    output: str


def run(
    command: Sequence[str | os.PathLike[str]],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    clock: Callable[[], float] = time.perf_counter,
    proc: Path = Path("/proc"),
) -> Sample:
    """Run a command to its end and measure it.

    Args:
        command: The program and its arguments.
        cwd: Where it runs.
        env: Its environment; ours when not given.
        clock: Tells seconds.
        proc: Where the kernel shows its processes.
    """
    with tempfile.TemporaryFile() as output:
        start = clock()
        process = subprocess.Popen(
            [os.fspath(word) for word in command],
            cwd=cwd,
            env=None if env is None else dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        watch = _Watch(process.pid, proc)
        watch.start()
        try:
            returncode = process.wait()
            wall = clock() - start
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            watch.stop()
        size = output.seek(0, os.SEEK_END)
        output.seek(max(size - 4000, 0))
        text = output.read().decode("utf-8", "replace")
    return Sample(wall, watch.peak, watch.method, returncode, text)


class _Watch(threading.Thread):
    """Looks at a process tree again and again, and keeps the most memory that it had."""

    def __init__(self, root: int, proc: Path) -> None:
        super().__init__(daemon=True)
        self.peak: int | None = None
        self.method = method(proc)
        self._root = root
        self._proc = proc
        self._done = threading.Event()

    def run(self) -> None:
        """Look until told to stop."""
        while self.method is not None and not self._done.is_set():
            seen = tree_memory(self._root, self.method, self._proc)
            if seen:
                self.peak = max(self.peak or 0, seen)
            self._done.wait(POLL_S)

    def stop(self) -> None:
        """Stop looking."""
        self._done.set()
        self.join()


def method(proc: Path = Path("/proc")) -> Method | None:
    """Return how memory can be read here."""
    own = proc / str(os.getpid())
    if _pss(own) is not None:
        return "pss"
    return "rss" if _rss(own) is not None else None


def tree_memory(root: int, method: Method, proc: Path = Path("/proc")) -> int:
    """Return the bytes that a process and all its descendants have now; 0 when there are none any more."""
    read = _pss if method == "pss" else _rss
    return sum(read(proc / str(pid)) or 0 for pid in tree(root, proc))


def tree(root: int, proc: Path = Path("/proc")) -> list[int]:
    """Return the ids of a process and of all its descendants that are alive."""
    children: dict[int, list[int]] = {}
    try:
        entries = os.listdir(proc)  # noqa: PTH208 - names, fifty times a second
    except OSError:
        return []
    alive = set()
    for entry in entries:
        parent = _parent(proc / entry) if entry.isdigit() else None
        if parent is not None:
            alive.add(int(entry))
            children.setdefault(parent, []).append(int(entry))
    found = [root] if root in alive else []
    for pid in found:  # grows while it is walked
        found.extend(children.get(pid, ()))
    return found


def _parent(folder: Path) -> int | None:
    try:
        stat = (folder / "stat").read_bytes()
    except OSError:
        return None
    fields = stat.rpartition(b")")[2].split()  # the name before it may hold anything
    return int(fields[1]) if len(fields) > 1 else None


def _pss(folder: Path) -> int | None:
    try:
        rollup = (folder / "smaps_rollup").read_bytes()
    except OSError:
        return None
    for line in rollup.splitlines():
        if line.startswith(b"Pss:"):
            return int(line.split()[1]) * 1024
    return None


def _rss(folder: Path) -> int | None:
    try:
        return int((folder / "statm").read_bytes().split()[1]) * os.sysconf("SC_PAGESIZE")
    except (OSError, IndexError, ValueError):
        return None
