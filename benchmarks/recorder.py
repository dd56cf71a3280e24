"""What recording costs: per event, per run, and where it is not asked for.

    python -m benchmarks.recorder events
    python -m benchmarks.recorder start [--python PY] [--bare PY] [--pairs N]
    python -m benchmarks.recorder run FOLDER [--python PY] [--pairs N] [-- PYTEST ARGS...]

``events`` runs suites of empty fixtures with and without the recorder, in one process each, and divides the difference by
the number of events: a set-up with its teardown is two, asking for a value that is there already is another kind.
``start`` compares starts of pytest on an empty suite where fixturescope is installed and not asked for with starts by the
``--bare`` interpreter, which has the same but for fixturescope; without one, with starts in which the plugin is blocked.
``run`` compares whole runs of a project's suite with and without ``--fixturescope``. All by pairs, in alternating order,
since what slows a machine down slows both of a pair; the median difference counts. ``--python`` has fixturescope installed.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import order, spread
from benchmarks.machine import describe

EVENTS = """
import time, pytest

COUNT = 20_000

@pytest.fixture
def empty():
    yield

@pytest.fixture(scope="session")
def shared():
    return 1

@pytest.fixture
def asks(request):
    began = time.perf_counter()
    for _ in range(COUNT):
        request._fixture_defs.pop("empty", None)
        definition = request._get_active_fixturedef("empty")
        definition.finish(request)
    print("CYCLE", (time.perf_counter() - began) / COUNT / 2)
    definition = request._get_active_fixturedef("shared")
    began = time.perf_counter()
    for _ in range(COUNT):
        definition.execute(request)
    print("CACHED", (time.perf_counter() - began) / COUNT)

def test_one(asks): pass
"""
"""Sets one fixture up and tears it down again and again, as pytest's own requests do."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what is asked for and print a line for each figure."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    extra: list[str] = []
    if "--" in given:
        given, extra = given[: given.index("--")], given[given.index("--") + 1 :]
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=("events", "start", "run"))
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--bare")
    parser.add_argument("--pairs", type=int, default=10)
    options = parser.parse_args(given)
    print(describe())
    if options.what == "events":
        events(options.python, options.pairs)
    elif options.what == "start":
        start(options.python, options.bare, options.pairs)
    elif options.folder is None:
        parser.error("run needs the folder of a suite")
    else:
        run(options.python, options.folder, extra, options.pairs)


def events(python: str, pairs: int) -> None:
    """Print the microseconds that an event costs more with the recorder."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pytest.ini").write_text("[pytest]\n", "utf-8")
        (folder / "test_events.py").write_text(EVENTS, "utf-8")
        command = [python, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider"]
        found: dict[str, list[float]] = {"CYCLE": [], "CACHED": []}
        for number in range(pairs):
            seen: dict[str, dict[str, float]] = {}
            for which in order(number, ("without", "with")):
                options = [f"--fixturescope={folder / 'out.json'}"] if which == "with" else []
                done = subprocess.run(
                    [*command, *options], cwd=folder, capture_output=True, text=True, check=True, env=_environ()
                )
                rows = [line.lstrip(".").split() for line in done.stdout.splitlines() if " " in line]
                seen[which] = {row[0]: float(row[1]) for row in rows if row[0] in found}
            for kind, figures in found.items():
                figures.append((seen["with"][kind] - seen["without"][kind]) * 1e6)
        for kind, words in (("CYCLE", "a set-up or a teardown"), ("CACHED", "a value that is there already")):
            all_ = spread(found[kind])
            print(f"{words}: {all_.median:+.2f} µs ({all_.low:+.2f} to {all_.high:+.2f}, {all_.count} pairs)")


def start(python: str, bare: str | None, pairs: int) -> None:
    """Print the milliseconds that a start of pytest takes longer with the plugin, not asked for, than without."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pytest.ini").write_text("[pytest]\n", "utf-8")
        options = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--collect-only"]
        without = [python, *options, "-p", "no:fixturescope"] if bare is None else [bare, *options]
        _pairs("start", {"without": without, "with": [python, *options]}, folder, pairs, ok=(5,))


def run(python: str, folder: Path, extra: Sequence[str], pairs: int) -> None:
    """Print how much longer a run takes with the recorder than without."""
    with tempfile.TemporaryDirectory() as name:
        command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *extra]
        recorded = [*command, f"--fixturescope={Path(name, 'out.json')}"]
        _pairs("run", {"without": command, "with": recorded}, folder, pairs, ok=(0, 1))


def _pairs(what: str, commands: dict[str, list[str]], folder: Path, pairs: int, ok: tuple[int, ...]) -> None:
    for command in commands.values():  # once for what is compiled and cached
        _timed(command, folder, ok)
    taken: dict[str, list[Run]] = {which: [] for which in commands}
    for number in range(pairs):
        for which in order(number, tuple(commands)):
            taken[which].append(_timed(commands[which], folder, ok))
    without, with_ = taken["without"], taken["with"]
    for clock in ("wall_s", "processor_s"):
        theirs, ours = [getattr(one, clock) for one in without], [getattr(one, clock) for one in with_]
        longer = spread([(our - their) * 1e3 for our, their in zip(ours, theirs, strict=True)])
        share = spread([(our / their - 1) * 100 for our, their in zip(ours, theirs, strict=True)])
        print(
            f"{what}, {clock}: {spread(theirs).median:.3f} without, {spread(ours).median:.3f} with; longer by"
            f" {longer.median:+.1f} ms ({longer.low:+.1f} to {longer.high:+.1f}),"
            f" {share.median:+.2f} % ({share.low:+.2f} to {share.high:+.2f}), {pairs} pairs"
        )
    said = [sorted({one.summary for one in runs}) for runs in (without, with_)]
    print(f"outcomes without: {said[0]}, with: {said[1]}")


@dataclass(frozen=True)
class Run:
    """One run of pytest."""

    wall_s: float
    processor_s: float
    """User and system time, of its children too: what a busy machine disturbs less."""
    summary: str
    """What pytest counted."""


def _timed(command: Sequence[str], folder: Path, ok: tuple[int, ...]) -> Run:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=_environ())
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in ok:
        raise SystemExit(f"{command}: exit {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    summary = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""
    return Run(wall, processor, summary.strip("= ").partition(" in ")[0])


def _environ() -> dict[str, str]:
    """Return the environment of a run: byte code is kept, since pytest compiles each plugin anew where it is not."""
    dropped = ("PYTEST", "COV", "PYTHONDONTWRITEBYTECODE")
    return {name: value for name, value in os.environ.items() if not name.startswith(dropped)}


if __name__ == "__main__":
    main()
