"""One run of the whole suite with the recorder in it, in the project's own pytest; and whose records are whose."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import msgspec

from fixturescope.document import Document, load
from fixturescope.errors import DocumentError, MeasureError
from fixturescope.graph import FixtureGraph
from fixturescope.measure.command import SPOILERS, ProjectPytest, Spoiler, scratch_folder
from fixturescope.measure.probe import processes
from fixturescope.measure.probe.witness import RUN_VARIABLE
from fixturescope.measure.supervisor import end_guard, start_guard
from fixturescope.model import Fixture, Recorded

RECORDER = "fixturescope.measure.probe.recorder"
"""The plugin that records, as ``-p`` names it."""

SPOILING = ("pytest-xdist", "pytest-cov")
"""Of the plugins that spoil figures, those that do so here. Order, time limits and second tries are the suite's own."""

TAIL = 4000
"""Characters of what pytest printed that stand in an error."""

PATIENCE_S = 10.0
"""How long a run that a person stops may take to write its record."""

Watch = Callable[[int, int, str], None]
"""Is told how many tests are done, how many there are (0: not known), and which was the last."""


@dataclass(frozen=True)
class Record:
    """What one run of the suite left behind."""

    recorded: tuple[Recorded, ...] = ()
    measured: tuple[str, ...] = ()
    """How the run went, in sentences."""


def record_suite(
    graph: FixtureGraph,
    *,
    paths: Sequence[str] = (),
    pytest_args: Sequence[str] = (),
    log: Path,
    cwd: Path | None = None,
    watch: Watch | None = None,
) -> Record:
    """Run the suite once, as the project would, and return what each fixture of the graph cost in it.

    Tests that fail are the project's own affair: their number stands in the notes.

    Args:
        graph: From `fixturescope.analyze`, for the same paths.
        paths: Files and folders, as given to pytest; empty: what was analyzed.
        pytest_args: Further options for pytest. One that starts workers of pytest-xdist is obeyed.
        log: File that takes what pytest prints.
        cwd: Where pytest is started. None: the current folder.
        watch: Is told how far the run is.

    Raises:
        MeasureError: The project's pytest ended without a record.
    """
    with scratch_folder() as scratch:
        project = ProjectPytest(
            python=graph.info.python,
            cwd=cwd or Path.cwd(),
            arguments=tuple(paths) or graph.info.arguments or (graph.info.rootdir,),
            options=tuple(pytest_args),
            rootdir=Path(graph.info.rootdir),
            scratch=scratch,
            run=uuid4().hex,
            plugins=graph.info.plugins,
            spoiling=_spoiling(pytest_args),
        )
        document, stopped = _run(project, scratch / "record.json", log, watch or (lambda *_: None))
    notes = [
        f"in that run {one.distribution} is switched off ({' '.join(one.options)}): {one.why}"
        for one in project.spoilers
    ]
    notes += ["the run of the suite was stopped: its record ends there"] if stopped else []
    return Record(joined(document, graph.fixtures), (*document.measured, *notes))


def joined(document: Document, fixtures: Iterable[Fixture]) -> tuple[Recorded, ...]:
    """Return the records of a document with the ids of an analysis instead of those that the recorder gave.

    A fixture is found by file, line and name, and where several share these, by the node where it is registered. One
    that the analysis does not know keeps the id that the recorder gave it.
    """
    root = Path(document.rootdir)
    known: dict[tuple[str, int, str], list[Fixture]] = defaultdict(list)
    for fixture in fixtures:
        known[_real(root, fixture.path), fixture.line, fixture.name].append(fixture)
    ids: dict[str, str] = {}
    for fixture in document.fixtures:
        found = known.get((_real(root, fixture.path), fixture.line, fixture.name), [])
        exact = [one for one in found if one.visible_in == fixture.visible_in]
        ids[fixture.id] = (exact or found or [fixture])[0].id
    return tuple(msgspec.structs.replace(one, fixture=ids.get(one.fixture, one.fixture)) for one in document.recorded)


def _real(root: Path, path: str) -> str:
    return os.path.realpath(root / path)


def _spoiling(pytest_args: Sequence[str]) -> tuple[Spoiler, ...]:
    asked = any(one.startswith(("-n", "--numprocesses", "--dist", "--tx")) for one in pytest_args)
    return tuple(
        one for one in SPOILERS if one.distribution in SPOILING and not (asked and one.distribution == "pytest-xdist")
    )


def _run(project: ProjectPytest, target: Path, log: Path, watch: Watch) -> tuple[Document, bool]:
    """Run the suite, and read what the recorder wrote; return also whether a person stopped it."""
    ended = run_recorder(project, target, log=log, watch=watch)
    try:
        return load(target), ended.stopped
    except DocumentError:
        if ended.stopped:
            raise KeyboardInterrupt from None
        raise MeasureError(
            f"pytest ended with code {ended.code} and left no record" + (f":\n{ended.said}" if ended.said else ""),
            hint="run pytest with the same arguments, and mend what it says",
        ) from None


@dataclass(frozen=True)
class Ended:
    """What became of one run of pytest."""

    code: int
    """Of its exit; that of the signal, negative, where one ended it."""
    said: str
    """The last of what it printed."""
    stopped: bool = False
    """Whether a person stopped it."""
    timed_out: bool = False


def run_recorder(
    project: ProjectPytest,
    target: Path,
    *options: str,
    log: Path,
    watch: Watch,
    timeout_s: float | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Ended:
    """Run the project's pytest once with the recorder in it, follow it to its end, and leave no process of it behind.

    Args:
        project: How it is started.
        target: Where the recorder writes its document.
        options: Further options for pytest.
        log: File that takes what pytest prints.
        watch: Is told how far the run is.
        timeout_s: Seconds after which it is ended.
        clock: Gives seconds.
    """
    ours, theirs = os.pipe()
    stopped = timed_out = False
    deadline = None if timeout_s is None else clock() + timeout_s
    guard = start_guard(project)
    with log.open("ab") as out:
        began = out.tell()
        recorder = ("-p", RECORDER, f"--fixturescope-record={target}", f"--fixturescope-progress={theirs}")
        process = subprocess.Popen(
            project.command(*recorder, *options),
            cwd=project.cwd,
            env=project.environment(),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            pass_fds=(theirs,),
            start_new_session=True,
        )
    os.close(theirs)
    try:
        for done, total, nodeid in _heard(ours, process, lambda: deadline is not None and clock() > deadline):
            watch(done, total, nodeid)
        process.wait(None if deadline is None else max(0.1, deadline - clock()))
    except (TimeoutError, subprocess.TimeoutExpired):
        timed_out = True
    except KeyboardInterrupt:
        stopped = True
        process.send_signal(signal.SIGINT)  # it tears down, and writes what it has recorded
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE_S)
    finally:
        os.close(ours)
        _end(process, project)
        end_guard(guard)
    return Ended(process.returncode, _tail(log, began), stopped, timed_out)


def _tail(log: Path, began: int) -> str:
    """Return the last of what a run printed."""
    with log.open("rb") as file:
        file.seek(max(began, log.stat().st_size - TAIL))
        return file.read().decode("utf-8", "replace").strip()


def _heard(
    descriptor: int, process: subprocess.Popen[bytes], is_late: Callable[[], bool]
) -> Iterator[tuple[int, int, str]]:
    """Give what the recorder says of its progress, until pytest is gone.

    Raises:
        TimeoutError: It takes too long.
    """
    rest = b""
    while True:
        ready, _, _ = select.select([descriptor], [], [], 0.5)
        piece = os.read(descriptor, 65536) if ready else b""
        if ready and not piece:
            return
        if not ready and process.poll() is not None:
            return  # what it started may hold the other end open
        if is_late():
            raise TimeoutError
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            with contextlib.suppress(ValueError):
                done, total, nodeid = json.loads(line)
                yield done, total, nodeid


def _end(process: subprocess.Popen[bytes], project: ProjectPytest) -> None:
    """End pytest, where it is not over, and all that it started."""
    if process.poll() is None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.terminate()
            process.wait(2.0)
    processes.kill_group(process.pid)
    process.kill()
    process.wait()
    for pid in processes.marked(RUN_VARIABLE, project.run, -1):
        if pid != os.getpid():
            processes.kill(pid)
