"""Real suites whose fixtures are generated: ``python -m tests.oracle.generated_suites``, from the repository's root.

For each suite of the pinned list: bring it here, let pytest collect it, let `fixturescope analyze` read it, compare each
fixture and each closure; then print two tables. The suites are in two parts: what was looked at while the evaluator was
built, and what was kept aside. Exit code 0 when nothing is wrong anywhere and at least 95 % of the generated fixtures of
the first part are found, 1 otherwise, 2 for a wrong command line.

A suite that is in no package index is taken from a clone: ``--checkout NAME=PATH``; nothing is written there. Where what a
suite imports cannot be installed, pytest collects it with stand-ins (see ``stand_in_plugin``).
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.oracle import compare, fixtures, readings, run, suites, truth
from tests.oracle.environments import PreparationError, prepare

LIST = Path(__file__).with_name("generated_suites.toml")
"""The pinned list."""

PARTS = ("building", "aside")
"""The parts of the list, in the order in which they are shown."""

BAR = 0.95
"""The share of generated fixtures that has to be found on the first part."""

COLUMNS = (
    *("suite", "part", "version", "fixtures", "matched", "generated", "found", "wrong", "named", "silent"),
    *("scope unknown", "functions", "edges", "matched", "mismatched", "missing", "extra", "errors"),
)
"""The table's columns."""


@dataclass(frozen=True)
class Outcome:
    """What became of one suite; without `fixtures` it could not be compared, and `edges` says why."""

    suite: suites.Suite
    edges: compare.Comparison
    fixtures: fixtures.Fixtures | None = None

    @property
    def is_right(self) -> bool:
        """Whether it was compared and nothing is wrong."""
        functions, edges = self.edges.functions, self.edges.edges
        wrong = (functions.extra, functions.misdescribed, functions.lines_off, edges.mismatched, edges.extra)
        return self.fixtures is not None and not (self.fixtures.wrong or any(wrong))


def main(arguments: Sequence[str] | None = None) -> int:
    """Compares the chosen suites, prints as it goes, and returns the exit code."""
    options = _parsed(arguments)
    checkouts = dict(options.checkout or ())
    chosen = _chosen(suites.load(LIST), options.suite or (), checkouts, options.part)
    outcomes = []
    for suite in chosen:
        print(f"{suite.name} {suite.version[:12]}", file=sys.stderr, flush=True)
        outcome = judged(suite, options, checkouts.get(suite.name))
        outcomes.append(outcome)
        print(render_examples(outcome), end="", flush=True)
    print(render_table(outcomes), end="")
    return 0 if all(outcome.is_right for outcome in outcomes) and share_found(outcomes, PARTS[0]) >= BAR else 1


def judged(suite: suites.Suite, options: argparse.Namespace, repository: Path | None) -> Outcome:
    """Returns what became of one suite; whatever keeps it from being compared is its result.

    Args:
        suite: Which.
        options: ``keep``, ``python`` and ``fixturescope``, as on the command line.
        repository: A clone with its commit, for one that comes from a repository.
    """
    try:
        checkout = prepare(
            suite, options.keep.resolve(), python=options.python, pytest=suite.pytest, repository=repository
        )
        dump = truth.dump(checkout)
        document = run.analyzed(checkout, shlex.split(options.fixturescope))
        found = fixtures.compare(readings.read_document(dump), document)
        edges = compare.compare(
            suite.name,
            readings.read_truth(dump),
            readings.claim_from(document),
            expected_errors=suite.expected_errors,
        )
    except (PreparationError, readings.ReadingError) as error:
        return Outcome(suite, compare.failure(suite.name, str(error)))
    return Outcome(suite, edges, found)


def share_found(outcomes: Sequence[Outcome], part: str) -> float:
    """Returns the share of the generated fixtures of a part that was found; 1 where there are none."""
    compared = [one.fixtures for one in outcomes if one.suite.part == part and one.fixtures is not None]
    total = sum(one.generated for one in compared)
    return sum(one.found for one in compared) / total if total else 1.0


def render_examples(outcome: Outcome) -> str:
    """The differences of one suite, one a line, at most `EXAMPLES_PER_KIND` of a kind."""
    lines = list(outcome.edges.errors)
    for verdict in ("wrong", "silent", "named"):
        of_kind = [line for line in (outcome.fixtures.examples if outcome.fixtures else ()) if line.startswith(verdict)]
        lines += of_kind[: compare.EXAMPLES_PER_KIND]
    lines += [str(one) for one in outcome.edges.examples if one.kind.startswith(("edge", "function"))]
    return "".join(f"{outcome.suite.name}: {line}\n" for line in lines)


def render_table(outcomes: Sequence[Outcome]) -> str:
    """The table as text, a row a suite in the order of the parts, and the share that was found of each part."""
    rows = [COLUMNS, *(_cells(one) for part in PARTS for one in outcomes if one.suite.part == part)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    lines = [
        "  ".join(cell.ljust(width) if i < 3 else cell.rjust(width) for i, (cell, width) in enumerate(zip(row, widths)))
        for row in rows
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    for part in PARTS:
        if any(one.suite.part == part and one.fixtures is not None for one in outcomes):
            lines.append(
                f"{part}: {int(share_found(outcomes, part) * 1000) / 10:.1f} % of the generated fixtures found"
            )
    return "\n".join(lines) + "\n"


def _cells(outcome: Outcome) -> tuple[str, ...]:
    suite, found, edges, functions = outcome.suite, outcome.fixtures, outcome.edges.edges, outcome.edges.functions
    head = suite.name, suite.part, suite.version[:12]
    if found is None:
        return (*head, *["-"] * (len(COLUMNS) - 4), str(len(outcome.edges.errors)))
    numbers = (
        *(found.total, found.matched, found.generated, found.found, found.wrong, found.named, found.silent),
        found.scopes_unknown,
        f"{functions.matched + functions.missing}{compare.signed(functions.missing, functions.extra)}",
        *(edges.total, edges.matched, edges.mismatched, edges.missing, edges.extra, len(outcome.edges.errors)),
    )
    return (*head, *map(str, numbers))


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.oracle.generated_suites",
        description="Compares `analyze` with pytest on generated fixtures.",
    )
    add = parser.add_argument
    add("--suite", action="append", metavar="NAME", help="only this one; can be repeated (default: all)")
    add("--part", choices=PARTS, help="only this part of the list")
    add("--checkout", action="append", type=_checkout, metavar="NAME=PATH", help="a clone that holds a suite's commit")
    add("--python", type=Path, default=Path(sys.executable), help="interpreter to make the environments from")
    add(
        "--fixturescope", metavar="CMD", default=shlex.join([sys.executable, "-m", "fixturescope"]), help="what to test"
    )
    add("--keep", type=Path, metavar="DIR", default=run.default_cache(), help="the cache folder of the oracle")
    return parser.parse_args(arguments)


def _checkout(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    if not equals or not Path(path).is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=PATH with a folder that exists")
    return name, Path(path).resolve()


def _chosen(
    known: Sequence[suites.Suite], names: Sequence[str], checkouts: dict[str, Path], part: str | None
) -> list[suites.Suite]:
    unknown = sorted({*names, *checkouts} - {suite.name for suite in known})
    if unknown:
        listed = ", ".join(suite.name for suite in known)
        print(f"no such suite: {', '.join(unknown)}; there are {listed}", file=sys.stderr)
        raise SystemExit(2)
    return [suite for suite in known if (suite.name in names or not names) and part in (None, suite.part)]


if __name__ == "__main__":
    sys.exit(main())
