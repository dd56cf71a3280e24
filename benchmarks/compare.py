"""Does `fixturescope compare` cry wolf, and does it see a wolf: one suite, measured over and over on this machine.

``python -m benchmarks.compare [--repeats 20] [--slower 1.3]`` measures a suite of fixtures that burn known time, as often
as said and once more; every run is compared with the one before it: nothing has changed, so whatever is named is a false
alarm. Then a fixture is made slower, and each of so many runs of that is compared with a run without.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from fixturescope import analysis
from fixturescope.document import Document, dump, from_graph
from fixturescope.measure.run import Options, measure_fixtures
from fixturescope.report.compare import Comparison, compare

CONFTEST = """
import time
import pytest

def burn(seconds):
    "Work of a known size, not of a known time: what the machine does with it is what is measured."
    total = 0
    for number in range(int(seconds * STEPS)):
        total += number * number
    return total

STEPS = 12_000_000
"""

FIXTURE = """
@pytest.fixture(scope={scope!r})
def f{number}():
    burn({seconds})
    yield {number}
"""

COSTS = (0.0005, 0.0008, 0.001, 0.002, 0.003, 0.004, 0.006, 0.008, 0.01, 0.015, 0.02, 0.03)
"""Seconds that the fixtures burn on a machine of some years ago."""

PLANTED = (2, 6, 10)
"""Which of them are made slower, in turns."""


def write(folder: Path, factors: dict[int, float]) -> None:
    """Write the suite, with some fixtures slower."""
    parts = [CONFTEST]
    for number, seconds in enumerate(COSTS):
        scope = ("function", "module", "session")[number % 3]
        parts.append(FIXTURE.format(scope=scope, number=number, seconds=seconds * factors.get(number, 1.0)))
    (folder / "conftest.py").write_text("".join(parts), "utf-8")
    names = ", ".join(f"f{number}" for number in range(len(COSTS)))
    (folder / "test_it.py").write_text(f"def test_it({names}):\n    pass\n", "utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", "utf-8")


def measured(folder: Path, visits: int) -> Document:
    """Measure the suite."""
    graph = analysis.analyze([str(folder)], cache=False)
    return from_graph(measure_fixtures(graph, Options(memory=False, startup=False, visits=visits), cwd=folder))


def kept(document: Document, folder: Path | None, name: str) -> Document:
    """Write a document down where that is wanted."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.json").write_bytes(dump(document))
    return document


def said(comparison: Comparison) -> str:
    """Return what was named, and how noisy the pair of runs was."""
    named = [f"{one.fixture.name} {one.ratio:.2f}" for one in (*comparison.worse, *comparison.better) if one.fixture]
    spread = " ".join(f"{one:.0%}" for one in comparison.noise)
    return f"drift {comparison.drift:.2f}, noise {spread}: {', '.join(named) or 'nothing'}"


def main() -> None:
    """Run it and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--slower", type=float, default=1.3)
    parser.add_argument("--visits", type=int, default=2)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="for the documents, to compare them again")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, {})
        before = measured(folder, given.visits)
        alarms = found = wrong = 0
        for repeat in range(given.repeats):
            write(folder, {})
            after = kept(measured(folder, given.visits), given.keep, f"{repeat:02}-same")
            comparison = compare(before, after)
            alarms += bool(comparison.worse or comparison.better)
            print(f"same {repeat + 1}: {said(comparison)}", flush=True)
            planted = PLANTED[repeat % len(PLANTED)]
            write(folder, {planted: given.slower})
            comparison = compare(after, kept(measured(folder, given.visits), given.keep, f"{repeat:02}-f{planted}"))
            named = {one.fixture.name for one in comparison.worse if one.fixture}
            found += f"f{planted}" in named
            wrong += bool(named - {f"f{planted}"} or comparison.better)
            print(f"f{planted} × {given.slower}: {said(comparison)}", flush=True)
            before = after
    print(f"false alarms: {alarms} of {given.repeats} comparisons of the same suite")
    print(f"× {given.slower} found: {found} of {given.repeats}; something else named, too: {wrong}")


if __name__ == "__main__":
    main()
