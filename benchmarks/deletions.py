"""Unused fixtures deleted from copies of real suites: ``python -m benchmarks.deletions [SUITE]...``, from the repository's root.

For each suite: bring it here, let pytest say which tests it collects and what each name means to each of them, take all
fixtures out of a copy that the analysis calls unused and that can go by rule, let pytest say it again, and compare. Exit code
1 when any test, closure or error of collecting differs.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import fixturescope
from fixturescope.analysis.edit import edit
from fixturescope.document import write_atomically
from fixturescope.errors import UsageError
from fixturescope.graph import FixtureGraph
from fixturescope.model import Change
from tests.oracle import suites, truth
from tests.oracle.environments import Checkout, prepare
from tests.oracle.run import default_cache

SUITES = ("pytest-django", "aiohttp")


def main(arguments: Sequence[str] | None = None) -> int:
    """Delete, compare, print a line for each suite, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.deletions", description="delete unused fixtures.")
    parser.add_argument("suite", nargs="*", metavar="SUITE", help=f"default: {' '.join(SUITES)}")
    parser.add_argument("--python", type=Path, default=Path(sys.executable), help="makes the environments")
    options = parser.parse_args(arguments)
    known = {suite.name: suite for suite in suites.load()}
    good = True
    for name in options.suite or SUITES:
        checkout = prepare(known[name], default_cache(), python=options.python, pytest=known[name].pytest)
        with tempfile.TemporaryDirectory() as folder:
            good = _compared(checkout, Path(folder)) and good
    return 0 if good else 1


def _compared(checkout: Checkout, folder: Path) -> bool:
    """Delete what is unused in a copy, and return whether pytest collects the same."""
    copy = dataclasses.replace(checkout, source=folder / "suite" / "source")
    shutil.copytree(checkout.source, copy.source, symlinks=True)
    before = _collected(copy)
    graph = fixturescope.analyze([str(copy.source / path) for path in copy.paths], python=str(copy.python), cache=False)
    root = Path(graph.info.rootdir)
    changes = tuple(_removals(graph, root))
    for one in edit(root, graph, changes):
        write_atomically(root / one.path, one.after)
    same = _collected(copy) == before
    print(
        f"{copy.suite.name}: {len(changes)} deleted; {len(before)} tests and errors, {'the same' if same else 'CHANGED'}"
    )
    for change in changes:
        print(f"    {change.fixture}", flush=True)
    return same


def _removals(graph: FixtureGraph, root: Path) -> list[Change]:
    found = []
    for fixture in graph.unused():
        change = Change(op="remove", fixture=fixture.id)
        try:
            edit(root, graph, [change])
        except UsageError as error:
            print(f"    {fixture.id} stays: {error}")
        else:
            found.append(change)
    return found


def _collected(checkout: Checkout) -> dict[str, object]:
    """Return what pytest collects: node id → for each variant its items, and name → file and function; errors, too."""
    shutil.rmtree(checkout.source.parent / "truth", ignore_errors=True)  # it keeps what it said of the same command
    dump = json.loads(truth.dump(checkout).read_text("utf-8"))
    places = [(one["file"], one["function"]) for one in dump["definitions"]]
    found: dict[str, object] = {
        one["id"]: [
            (variant["items"], {name: places[at] for name, at in variant["closure"].items()}, variant["pseudo"])
            for variant in one["variants"]
        ]
        for one in dump["functions"]
    }
    return {**found, **{f"error {one['id']}": one["reason"] for one in dump["errors"]}}


if __name__ == "__main__":
    sys.exit(main())
