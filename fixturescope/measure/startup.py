"""What a run pays before its first test: starts of pytest with a little more each time, and one that times imports.

The steps are started in rounds, each step once a round, so that a machine that grows slower does so for all of them.

All starts share a cache of bytecode in the run's scratch folder, which a first start fills that is not timed: nothing is
written into the project, and the figures are those of every start but the first one after a change, whether the
project's tests have ever run on this machine or not.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol

from fixturescope.measure import importtime
from fixturescope.measure.command import ProjectPytest
from fixturescope.model import ImportedModule, Startup, StartupStep

STAGES = "fixturescope.measure.probe.stages"
"""The plugin that ends a start early, as ``-p`` names it."""

STAGES_FAILED = 61
"""Its exit code where pytest's would be 1, which an exception that nobody catches has as well."""

IMPORTTIME = "importtime.txt"
"""File of the interpreter's own words, in the folder of the run."""

TAIL = 2000
"""Characters of a start's output that stand in the reason of its failure."""

_COLLECT = ("--collect-only", "--continue-on-collection-errors", "-qq")
"""What all starts of pytest have in common: nothing is run, and little is printed."""

_NOTHING_COLLECTED = 5
_SOME_FAILED = 1
"""pytest's word for modules that could not be imported, and the interpreter's for an exception that nobody caught."""


@dataclass(frozen=True)
class Ended:
    """How a process ended.

    Attributes:
        returncode: Its exit code, negative for a signal; None where the deadline passed, and it was killed.
    """

    returncode: int | None


class Runner(Protocol):
    """Runs a command to its end, or to its deadline: then it and all that it started in its process group are killed."""

    def __call__(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        environment: Mapping[str, str],
        stdout: Path,
        stderr: Path,
        timeout_s: float,
    ) -> Ended:
        """Run a command; what it writes goes into files."""
        ...


def run_process(
    command: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    stdout: Path,
    stderr: Path,
    timeout_s: float,
) -> Ended:
    """Run a command in a process group of its own, without standard input.

    Raises:
        OSError: There is no such program or folder, or it cannot be run.
    """
    with stdout.open("wb") as out, stderr.open("wb") as err:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
        late = threading.Event()

        def end() -> None:
            late.set()
            _kill_group(process.pid)

        timer = threading.Timer(timeout_s, end)  # Popen.wait(timeout) looks every 50 ms, and is as late as that
        timer.start()
        try:
            returncode = process.wait()
            return Ended(None if late.is_set() else returncode)
        finally:
            timer.cancel()
            if process.returncode is None:  # Ctrl-C
                _kill_group(process.pid)
                process.wait()


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGTERM)  # which ends it at once where there are no groups


StepName = Literal["python", "pytest", "plugins", "conftests", "modules"]


@dataclass(frozen=True)
class _Start:
    """One way to start the interpreter."""

    name: str
    command: tuple[str, ...]
    cwd: Path
    environment: Mapping[str, str]
    some_failed: int | None = None
    """Exit code that says that some of the project could not be imported: that is what its start is like."""


def measure_startup(
    project: ProjectPytest,
    *,
    folder: Path,
    samples: int = 3,
    timeout_s: float,
    run: Runner = run_process,
    clock: Callable[[], float] = time.perf_counter,
    progress: Callable[[str], None] | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Startup:
    """Time how long the project's pytest takes to start, and what it imports.

    Args:
        project: How its pytest is started.
        folder: Where the document will be; takes the interpreter's own words on imports.
        samples: How often each step is started.
        timeout_s: What one start may take, in seconds.
        run: Runs a command.
        clock: Tells seconds.
        progress: Told what is started next.
        stop: Asked before each start whether a person wants the run to end.

    Returns:
        All that could be measured, and the reason for what could not.
    """
    tell = progress or (lambda _: None)
    lab = _Lab(project.scratch / "startup", timeout_s, run, clock)
    starts = _steps(project, lab.folder)
    tell("startup: bytecode")
    lab.start(starts["modules"])
    steps, reasons = _time_steps(starts, samples, lab, tell, stop)
    if stop():
        return Startup(steps=steps, reason="\n".join([*reasons, "the run was stopped before its end"]))
    tell("startup: imports")
    imports, artifacts, reason = _profile(project, folder, lab)
    reasons += [reason] if reason else []
    return Startup(steps=steps, imports=imports, artifacts=artifacts, reason="\n".join(reasons) or None)


@dataclass(frozen=True)
class _Lab:
    """What every start needs."""

    folder: Path
    timeout_s: float
    run: Runner
    clock: Callable[[], float]

    def start(self, start: _Start, stderr: Path | None = None) -> tuple[float, str | None, bool]:
        """Return wall seconds, what went wrong, and whether the seconds count all the same."""
        out, err = self.folder / "stdout", stderr or self.folder / "stderr"
        begin = self.clock()
        try:
            ended = self.run(
                start.command,
                cwd=start.cwd,
                environment=start.environment,
                stdout=out,
                stderr=err,
                timeout_s=self.timeout_s,
            )
        except OSError as error:
            return 0.0, f"{start.name}: cannot be started: {error}", False
        wall = self.clock() - begin
        if ended.returncode is None:
            return wall, f"{start.name}: not over after {self.timeout_s:g} s, ended", False
        code = ended.returncode
        if code in (0, _NOTHING_COLLECTED):
            return wall, None, True
        how = f"exit code {code}" if code > 0 else f"signal {-code}"
        if code == start.some_failed:
            how = "not everything could be imported"
        return wall, f"{start.name}: {how}{_last_words(out, err)}", code == start.some_failed


def _last_words(*files: Path) -> str:
    """Return the end of what was printed, without the interpreter's rows, each line moved in below the reason's first."""
    texts = [file.read_text("utf-8", "backslashreplace") for file in files if file.exists()]
    lines = [line.rstrip() for text in texts for line in text.splitlines() if not line.startswith("import time:")]
    end = "\n".join(line for line in lines if line)[-TAIL:]
    return "".join(f"\n  {line}" for line in end.splitlines())


# ---------------------------------------------------------------------------------------------------------------- steps


def _steps(project: ProjectPytest, folder: Path) -> dict[StepName, _Start]:
    """Return the starts, each with a little more than the one before it."""
    empty = folder / "empty"
    empty.mkdir(parents=True, exist_ok=True)
    (empty / "pytest.ini").write_text("[pytest]\n", "utf-8")
    alone = replace(project, cwd=empty, arguments=(os.fspath(empty),), options=(), rootdir=empty, plugins=())
    environment = _environment(project, folder)
    settings = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")
    without = {name: value for name, value in environment.items() if name not in settings}

    def staged(stage: StepName, *options: str) -> _Start:
        command = project.command("-p", STAGES, *_COLLECT, *options)
        return _Start(stage, command, project.cwd, {**environment, "FIXTURESCOPE_STAGE": stage}, STAGES_FAILED)

    return {
        "python": _Start("python", (project.python, "-c", "pass"), project.cwd, environment),
        "pytest": _Start(
            "pytest",
            alone.command("-c", os.fspath(empty / "pytest.ini"), "--noconftest", *_COLLECT),
            empty,
            {**without, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        ),
        "plugins": staged("plugins", "--noconftest"),
        "conftests": staged("conftests"),
        "modules": staged("modules"),
    }


def _environment(project: ProjectPytest, folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in project.environment().items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": os.fspath(folder / "bytecode")}


def _time_steps(
    starts: Mapping[StepName, _Start],
    samples: int,
    lab: _Lab,
    tell: Callable[[str], None],
    stop: Callable[[], bool],
) -> tuple[tuple[StartupStep, ...], list[str]]:
    walls: dict[StepName, list[float]] = {name: [] for name in starts}
    wrong: dict[StepName, str] = {}
    hopeless: set[StepName] = set()
    for at in range(samples):
        for name, start in starts.items():
            if name in hopeless or stop():
                continue
            tell(f"startup: {name}, {at + 1} of {samples}")
            wall, reason, counts = lab.start(start)
            if reason is not None:
                wrong.setdefault(name, reason)
            if counts:
                walls[name].append(wall)
            else:
                hopeless.add(name)
    steps = tuple(
        StartupStep(name=name, wall_s=statistics.median(taken), samples=tuple(taken))
        for name, taken in walls.items()
        if taken
    )
    return steps, [wrong[name] for name in starts if name in wrong]


# -------------------------------------------------------------------------------------------------------------- imports


def _profile(
    project: ProjectPytest, folder: Path, lab: _Lab
) -> tuple[tuple[ImportedModule, ...], Mapping[str, str], str | None]:
    """Start a whole collection that times imports; output is not captured, since captured rows would be lost."""
    told = lab.folder / "imports.json"
    folder.mkdir(parents=True, exist_ok=True)
    words = folder / IMPORTTIME
    probe = importtime.PROBE
    command = project.command("-p", probe, *_COLLECT, "-s", interpreter=("-X", "importtime"), first=probe)
    environment = {**_environment(project, lab.folder), "FIXTURESCOPE_IMPORTS": os.fspath(told)}
    start = _Start("imports", command, project.cwd, environment, _SOME_FAILED)
    _, reason, counts = lab.start(start, words)
    timed = _read(told)
    if timed is None and counts:
        reason = "imports: pytest ended without a word from our plugin: only what the interpreter says is known"
    text = words.read_text("utf-8", "backslashreplace") if words.exists() else ""
    return importtime.merge(text, timed or (), project.rootdir), {"importtime": IMPORTTIME} if text else {}, reason


def _read(told: Path) -> tuple[importtime.Timed, ...] | None:
    try:
        return tuple(importtime.Timed(*row) for row in json.loads(told.read_bytes()))
    except (OSError, ValueError):  # not there, or cut off
        return None
