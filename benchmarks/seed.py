"""``measure`` against two pytest starts a fixture: ``python -m benchmarks.seed``, from the repository's root.

The script that fixturescope grew out of measured a fixture by starting pytest twice, once on a test that uses nothing
and once on a test that uses the fixture, and took the difference of the two, one sample each. Here that way, written
down from this description alone, measures the same made-up suite as ``fixturescope measure``: a conftest with heavy
imports and fixtures that a loop generates. Walls of both are printed, and what measuring adds to a fixture's own cost.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import fixturescope
from benchmarks import machine

FIXTURES = 58

HEAVY = ("numpy", "pandas", "scipy.stats", "sklearn.ensemble", "torch", "transformers")
"""What the conftest imports, as far as the interpreter has it."""

CONFTEST = """
import time
import pytest
{imports}

for number in range({fixtures}):
    def make(number=number):
        @pytest.fixture(name=f"session_{{number}}", scope=("function", "class", "session")[number % 3])
        def fixture():
            time.sleep(0.002 * (number % 5))
            yield bytearray(8000 * number)
        return fixture
    globals()[f"session_{{number}}"] = make()
"""

TESTS = """
import pytest

def test_nothing():
    pass

@pytest.mark.parametrize("number", range({fixtures}))
def test_one(number, request):
    request.getfixturevalue(f"session_{{number}}")
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure one suite in both ways and print the ratio."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.seed")
    parser.add_argument("--fixtures", type=int, default=FIXTURES)
    parser.add_argument(
        "--of", type=int, default=None, metavar="N", help="start pytest for N only, and reckon the rest"
    )
    parser.add_argument("--python", default=sys.executable, help="the project's interpreter, with pytest and memray")
    options = parser.parse_args(arguments)
    heavy = [name for name in HEAVY if _has(options.python, name)]
    print(machine.describe())
    print(f"the conftest imports {', '.join(heavy) or 'nothing heavy'}")
    with tempfile.TemporaryDirectory() as scratch:
        suite = Path(scratch)
        (suite / "pytest.ini").write_text("[pytest]\n")
        (suite / "conftest.py").write_text(
            CONFTEST.format(fixtures=options.fixtures, imports="\n".join(f"import {name}" for name in heavy))
        )
        (suite / "test_all.py").write_text(TESTS.format(fixtures=options.fixtures))
        _pytest(options.python, suite, "test_all.py::test_nothing")  # bytecode is there for both
        one, own_of_one, _ = _ours(options.python, suite, "--max-fixtures", "1")
        ours, own, count = _ours(options.python, suite)
        started = options.of or options.fixtures
        began = time.perf_counter()
        for number in range(started):
            _pytest(options.python, suite, "test_all.py::test_nothing")
            _pytest(options.python, suite, f"test_all.py::test_one[{number}]")
        seeds = (time.perf_counter() - began) * options.fixtures / started
    reckoned = "" if started == options.fixtures else f", reckoned from {started}"
    print(f"two starts a fixture: {seeds:.1f} s for {options.fixtures} fixtures, one sample of each{reckoned}")
    print(f"fixturescope measure: {ours:.1f} s for {count} fixtures, time and memory, five samples or more of each")
    print(f"ratio: {seeds / ours:.1f}")
    overhead = (ours - one - own + own_of_one) / (count - 1)
    print(
        f"one more fixture, beyond its own cost × samples: {overhead * 1000:.0f} ms, "
        f"{overhead * 1000 / 2:.0f} ms a measurement (time, memory); what is paid once: {one:.1f} s"
    )
    return 0


def _has(python: str, name: str) -> bool:
    done = subprocess.run([python, "-c", f"import {name}"], capture_output=True, check=False)
    return done.returncode == 0


def _pytest(python: str, suite: Path, test: str) -> None:
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", test]
    done = subprocess.run(command, cwd=suite, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout[-1000:]}{done.stderr[-1000:]}")


def _ours(python: str, suite: Path, *options: str) -> tuple[float, float, int]:
    """Return the wall of the whole command, the seconds of it that are the fixtures' own, and how many were measured."""
    file = suite / "document.json"
    command = [
        *(sys.executable, "-m", "fixturescope", "measure", str(suite), "--python", python, "--only", "own"),
        *("--no-progress", "--no-startup", "--format", "json", "-o", str(file), *options),
    ]
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wall = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr[-2000:]}")
    measurements = fixturescope.load(file).measurements
    own = 0.0
    for one in measurements:
        if one.status != "ok":
            continue
        assert one.setup_s is not None
        assert one.teardown_s is not None
        rounds = sum(one.setup_s.cumulative.samples) + sum(one.teardown_s.cumulative.samples)
        first = one.setup_s.cold_cumulative + one.teardown_s.cold_cumulative
        own += rounds + 3 * first  # and twice for memory
    return wall, own, sum(one.status == "ok" for one in measurements)


if __name__ == "__main__":
    sys.exit(main())
