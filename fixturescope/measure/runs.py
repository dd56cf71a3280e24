"""Folders of runs, below ``.fixturescope/runs`` at the rootdir: where they are, what became of them, and how to stop one."""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Literal

import msgspec

from fixturescope.document import write_atomically
from fixturescope.errors import UsageError
from fixturescope.measure.probe import folders

FOLDER = Path(folders.RUNS)
"""From the rootdir."""

State = Literal["running", "done", "stopped", "failed"]


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the ``run.json`` of a run's folder."""

    version: int = 1
    pid: int
    started: str
    """Local time, ISO 8601."""
    arguments: tuple[str, ...] = ()
    """Of the command line."""
    state: State = "running"
    done: int = 0
    total: int = 0


class RunFolder:
    """The folder of one run.

    Args:
        path: The folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def journal(self) -> Path:
        """What was measured, line by line."""
        return self.path / "journal.jsonl"

    @property
    def document(self) -> Path:
        """The document, once the run is over."""
        return self.path / "document.json"

    @property
    def report(self) -> Path:
        """The report of a run in the background."""
        return self.path / "report.txt"

    @property
    def lock(self) -> Path:
        """Locked by the process that measures, as long as it lives: its number alone may be another's by now."""
        return self.path / "lock"

    @property
    def log(self) -> Path:
        """What pytest, plugins and conftests print, and in the background what we say."""
        return self.path / "log"

    def read(self) -> Run | None:
        """Return what is known of the run; None where the folder holds none."""
        try:
            run = msgspec.json.decode((self.path / "run.json").read_bytes(), type=Run)
        except (OSError, msgspec.MsgspecError):
            return None
        if run.state == "running" and not self.goes_on(run):
            return msgspec.structs.replace(run, state="stopped")
        return run

    def goes_on(self, run: Run) -> bool:
        """Return whether the process that measures lives."""
        held = _is_locked(self.lock)
        return _alive(run.pid) if held is None else held

    def write(self, run: Run) -> None:
        """Say what became of the run."""
        write_atomically(self.path / "run.json", msgspec.json.encode(run) + b"\n")


class Keeper:
    """Keeps ``run.json`` true while a run goes on.

    Args:
        folder: Of the run.
        arguments: Of the command line.
        now: Gives the local time.

    Raises:
        UsageError: Another process measures into the folder.
    """

    def __init__(
        self, folder: RunFolder, arguments: Sequence[str], *, now: Callable[[], datetime] = datetime.now
    ) -> None:
        self._folder = folder
        self._lock = _lock(folder.lock)
        self._run = Run(pid=os.getpid(), started=now().isoformat(timespec="seconds"), arguments=tuple(arguments))
        folder.write(self._run)

    def __enter__(self) -> Keeper:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is not None:
            self._write(state="stopped" if kind is KeyboardInterrupt else "failed")
        if self._lock is not None:
            os.close(self._lock)

    def __call__(self, done: int, total: int) -> None:
        """Say how far the run is."""
        if total and (done, total) != (self._run.done, self._run.total):
            self._write(done=done, total=total)

    def over(self, *, stopped: bool) -> None:
        """Say that the run is over."""
        self._write(state="stopped" if stopped else "done")

    def _write(self, **changes: object) -> None:
        self._run = msgspec.structs.replace(self._run, **changes)
        self._folder.write(self._run)


def new_folder(rootdir: Path, *, now: Callable[[], datetime] = datetime.now) -> tuple[RunFolder, str | None]:
    """Make the folder of a new run.

    Returns:
        The folder, and why it is not below the rootdir, where it cannot be.
    """
    try:
        return RunFolder(Path(folders.make(str(rootdir / FOLDER), now().strftime(folders.NAMED)))), None
    except OSError as error:
        path = Path(tempfile.mkdtemp(prefix="fixturescope-"))
        return RunFolder(path), f"{rootdir / FOLDER} cannot be written ({error.strerror}): the run is kept in {path}"


def all_folders(rootdir: Path) -> list[RunFolder]:
    """Return the folders of all runs, the newest first."""
    folder = rootdir / FOLDER
    if not folder.is_dir():
        return []
    found = [RunFolder(path) for path in folder.iterdir() if path.is_dir() and not path.is_symlink()]
    return sorted((one for one in found if one.read() is not None), key=lambda one: one.path.name, reverse=True)


def find_rootdir(start: Path) -> Path:
    """Return the nearest folder, from one upwards, that has runs.

    Raises:
        UsageError: None has.
    """
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / FOLDER).is_dir():
            return folder
    raise UsageError("there are no runs here or above", path=str(start), hint="fixturescope measure makes one")


def find_folder(where: Path) -> RunFolder:
    """Return the folder of a run that is named, or of the newest one of a project.

    Raises:
        UsageError: There is none.
    """
    if RunFolder(where).read() is not None:
        return RunFolder(where)
    found = all_folders(find_rootdir(where))
    if not found:
        raise UsageError("there are no runs", path=str(where), hint="fixturescope measure makes one")
    return found[0]


def follow(folder: RunFolder, *, sleep: Callable[[float], None] = time.sleep) -> Iterator[str]:
    """Give what a run has said and says, until it is over; and then its report, where it has one."""
    with folder.log.open(encoding="utf-8", errors="replace") as log:
        while True:
            run = folder.read()
            going = run is not None and run.state == "running"
            text = log.read()
            if text:
                yield text
            elif not going:
                break
            else:
                sleep(0.2)
    if folder.report.exists():
        yield folder.report.read_text("utf-8")


def unfinished(rootdir: Path) -> RunFolder:
    """Return the newest run that can be resumed.

    Raises:
        UsageError: There is none, or it still goes on.
    """
    for folder in all_folders(rootdir):
        run = folder.read()
        if run is not None and run.state == "running" and run.pid != os.getpid():
            raise UsageError(
                "the newest run still goes on", path=str(folder.path), hint="stop it: fixturescope runs stop"
            )
        if run is not None and run.state in ("stopped", "failed") and folder.journal.exists():
            return folder
    raise UsageError("there is no unfinished run to resume", path=str(rootdir / FOLDER))


def stop(folder: RunFolder, *, patience_s: float = 30.0, clock: Callable[[], float] = time.monotonic) -> bool:
    """Ask a run to finish what it measures and to write its document, and wait for that.

    Returns:
        Whether it has ended.
    """
    run = folder.read()
    if run is None or run.state != "running":
        return True
    with contextlib.suppress(OSError):
        os.kill(run.pid, signal.SIGINT)
    began = clock()
    while folder.goes_on(run):
        if clock() - began > patience_s:
            return False
        time.sleep(0.1)
    return True


def _lock(path: Path, *, tries: int = 20) -> int | None:
    """Lock a file for as long as this process lives, or until the descriptor is closed; None where nothing can be locked."""
    try:
        import fcntl
    except ImportError:
        return None
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    for _ in range(tries):  # whoever looks whether it is locked holds it for a moment
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.01)
        except OSError:  # not on this file system
            os.close(descriptor)
            path.unlink()
            return None
        else:
            return descriptor
    os.close(descriptor)
    raise UsageError("another process measures into this folder", path=str(path.parent), hint="fixturescope runs stop")


def _is_locked(path: Path) -> bool | None:
    """Return whether a living process holds the lock; None where there is no telling."""
    try:
        import fcntl

        descriptor = os.open(path, os.O_RDONLY)
    except (ImportError, OSError):
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return None
    else:
        return False
    finally:
        os.close(descriptor)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return True
    return stat[stat.rindex(b")") + 2 : stat.rindex(b")") + 3] != b"Z"
