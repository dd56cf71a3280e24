"""How well fixtures measured by themselves predict a run of the whole suite.

    python -m benchmarks.prediction PATH [--python PY] [--rootdir DIR] [--json] [-- PYTEST ARGS...]

Measures every used fixture of the suite by itself, then runs the suite once with the recorder, and prints the sum that was
predicted divided by the one that was recorded, and Spearman's rank correlation over the fixtures whose recorded total is
above a millisecond. Twice: with the set-ups that the analysis expects, and with those that there were.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import fixturescope
from benchmarks.machine import describe
from fixturescope.document import from_graph
from fixturescope.measure.plan import Selection
from fixturescope.measure.run import Options, measure_fixtures
from fixturescope.measure.runs import RunFolder
from fixturescope.report.prediction import Agreement, predict


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, run, and print."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    extra: list[str] = []
    if "--" in given:
        given, extra = given[: given.index("--")], given[given.index("--") + 1 :]
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--python")
    parser.add_argument("--rootdir")
    parser.add_argument("--rows", type=int, default=25, help="how many fixtures to print")
    options = parser.parse_args(given)
    print(describe())
    graph = fixturescope.analyze(options.paths, python=options.python, rootdir=options.rootdir, cache=False)
    asked = Options(
        paths=tuple(options.paths),
        pytest_args=tuple(extra),
        selection=Selection(None, ("used",)),
        memory=False,
        gpu=False,
        in_suite=True,
    )
    with tempfile.TemporaryDirectory() as folder:
        measured = measure_fixtures(graph, asked, folder=RunFolder(Path(folder)))
    found = predict(from_graph(measured))
    for line in measured.measured:
        print(f"  {line}")
    print(f"{'recorded':>10} {'predicted':>10} {'replayed':>10} {'expected':>8} {'set up':>7}  fixture")
    for row in found.rows[: options.rows]:
        print(
            f"{row.recorded_s:10.4f} {row.predicted_s:10.4f} {row.replayed_s:10.4f}"
            f" {row.fixture.setups:8} {row.setups:7}  {row.fixture.id}"
        )
    print(
        f"{found.recorded_s:10.4f} {found.predicted_s:10.4f} {found.replayed_s:10.4f} {'':16}  {len(found.rows)} fixtures"
    )
    print(f"predicted / recorded: {_words(found.predicted)} over {found.ranked} fixtures above 1 ms")
    print(f"with the set-ups that there were: {_words(found.replayed)}")
    print(f"not measured by themselves: {len(found.unmeasured)}, {found.unmeasured_s:.4f} s")


def _words(agreement: Agreement) -> str:
    ratio = "-" if agreement.ratio is None else f"{agreement.ratio:.3f}"
    rank = "-" if agreement.rank is None else f"{agreement.rank:.3f}"
    return f"{ratio}, Spearman {rank}"


if __name__ == "__main__":
    main()
