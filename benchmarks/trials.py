"""``try`` on real suites: ``python -m benchmarks.trials [SUITE]...``, from the repository's root.

For each suite of the list below: bring it here, measure the fixtures that are to be changed, each by itself, try the
changes, and print what was predicted, what was saved, and the verdict. With ``--advice N``, all fixtures are measured, and what
is tried is the first advice of what can be made in memory. The saving is predicted for the whole suite; only the
tests that the change can affect are run. Exit code 1 when anything of a project's tree changed, or a process was left.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import fixturescope
from benchmarks import machine
from benchmarks.suites import _digest, _left
from fixturescope.analysis.readings import read_bodies
from fixturescope.document import Document, from_graph
from fixturescope.graph import FixtureGraph
from fixturescope.measure.affected import IN_MEMORY
from fixturescope.measure.plan import Selection
from fixturescope.measure.run import Options, measure_fixtures
from fixturescope.measure.runs import RunFolder
from fixturescope.model import Change, Range, Trial
from fixturescope.report.advice import advise
from fixturescope.report.chosen import predict_saving
from fixturescope.units import show_bytes, show_seconds
from tests.oracle import suites
from tests.oracle.environments import Checkout, PreparationError, prepare
from tests.oracle.run import default_cache

CHANGES: dict[str, tuple[Change, ...]] = {
    "flask": (
        Change(op="scope", fixture="tests/conftest.py::app", to="module"),
        Change(op="drop_autouse", fixture="tests/conftest.py::leak_detector"),
        Change(op="drop_autouse", fixture="tests/conftest.py::_reset_os_environ"),
    ),
    "httpx": (
        Change(op="drop_autouse", fixture="tests/conftest.py::clean_environ"),
        Change(op="scope", fixture="tests/conftest.py::clean_environ", to="module"),
    ),
    "starlette": (
        Change(op="drop_autouse", fixture="tests/conftest.py::blockbuster"),
        Change(op="scope", fixture="tests/conftest.py::blockbuster", to="module"),
        Change(op="scope", fixture="tests/test_applications.py::client", to="module"),
    ),
}
"""Suite → what looks best by what a run of it records: the costliest of its own fixtures, and autouse ones."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the changes, print a line for each, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.trials", description="try changes on real suites.")
    parser.add_argument("suite", nargs="*", metavar="SUITE", help=f"default: {' '.join(CHANGES)}")
    parser.add_argument("--python", type=Path, default=Path(sys.executable), help="makes the environments")
    parser.add_argument("--advice", type=int, metavar="N", help="try the first N pieces of advice instead")
    parser.add_argument("--timeout", type=float, default=900.0, help="seconds of one trial")
    options = parser.parse_args(arguments)
    known = {suite.name: suite for suite in suites.load()}
    print(machine.describe())
    print("suite | change | predicted | measured (least to most) | memory | verdict")
    good = True
    for name in options.suite or CHANGES:
        try:
            checkout = prepare(known[name], default_cache(), python=options.python, pytest=known[name].pytest)
        except PreparationError as error:
            print(f"{name}: {error}", flush=True)
            return 1
        before = _digest(checkout.source)
        _tried(checkout, options.advice, options.timeout)
        time.sleep(0.5)  # whoever was killed at the end is gone by then
        changed = sorted({path for path, _ in before.items() ^ _digest(checkout.source).items()})
        left = _left(checkout)
        print(
            f"{name}: tree {f'CHANGED: {changed[:5]}' if changed else 'unchanged'}; left: {left or 'none'}", flush=True
        )
        good = good and not (changed or left)
    return 0 if good else 1


def _tried(checkout: Checkout, most: int | None, timeout_s: float) -> None:
    graph = fixturescope.analyze(_paths(checkout), python=str(checkout.python), cache=False)
    wanted = _by_hand(checkout, graph) if most is None else _advised(checkout, graph, most)
    for changes, predicted, note in wanted:
        trial = fixturescope.try_changes(graph, changes, timeout_s=timeout_s, cwd=checkout.source)
        named = "; ".join(map(str, changes))
        print(" | ".join((checkout.suite.name, named, _seconds(predicted), *_found(trial))), flush=True)
        print(f"    {note}{trial.reason}")
        for one in trial.differing[:5]:
            print(f"    {one.test} ({one.order}): {one.before} → {one.after}: {one.reason}")
        spent = [f"{run.fixtures_s:.3f} s {'with' if run.changed else 'without'}" for run in trial.runs]
        print(f"    all fixtures, run by run: {', '.join(spent)}", flush=True)


def _paths(checkout: Checkout) -> tuple[str, ...]:
    return tuple(str(checkout.source / path) for path in checkout.paths)


Wanted = tuple[tuple[Change, ...], Range | None, str]
"""Changes, what they are predicted to save, and what else is said of them."""


def _by_hand(checkout: Checkout, graph: FixtureGraph) -> Iterator[Wanted]:
    """Measure each fixture of the list by itself, and give what is to be tried."""
    for change in CHANGES.get(checkout.suite.name, ()):
        document = _measured(checkout, graph, graph.fixture(change.fixture).name)
        yield (change,), predict_saving(document, [change]), ""


def _advised(checkout: Checkout, graph: FixtureGraph, most: int) -> Iterator[Wanted]:
    """Measure all fixtures, read the source, and give the first advice of what can be made in memory."""
    document = _measured(checkout, graph.with_readings(read_bodies(graph)), None)
    given = [one for one in advise(document) if one.changes and {change.op for change in one.changes} <= set(IN_MEMORY)]
    print(f"{checkout.suite.name}: {len(given)} pieces of advice can be tried", flush=True)
    for one in given[:most]:
        yield one.changes, one.saves_s, f"{one.title}: {one.safety}; "


def _measured(checkout: Checkout, graph: FixtureGraph, name: str | None) -> Document:
    asked = Options(paths=_paths(checkout), selection=Selection(name, ("own",)), memory=False, gpu=False, startup=False)
    with tempfile.TemporaryDirectory() as folder:
        return from_graph(measure_fixtures(graph, asked, folder=RunFolder(Path(folder)), cwd=checkout.source))


def _found(trial: Trial) -> tuple[str, str, str]:
    saved = "-" if trial.saved_s is None else f"{_seconds(trial.saved_s)} ({_ends(trial.saved_s)})"
    memory = (
        "-"
        if trial.saved_bytes is None
        else f"{'-' if trial.saved_bytes < 0 else ''}{show_bytes(abs(trial.saved_bytes))}"
    )
    return saved, memory, trial.verdict


def _seconds(saved: Range | None) -> str:
    return "-" if saved is None else _signed(saved.likely)


def _ends(saved: Range) -> str:
    return f"{_signed(saved.low)} to {_signed(saved.high)}"


def _signed(seconds: float) -> str:
    return show_seconds(seconds) if seconds >= 0 else f"-{show_seconds(-seconds)}"


if __name__ == "__main__":
    sys.exit(main())
