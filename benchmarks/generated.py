"""Interpretune's suite, most of whose fixtures are generated: ``python -m benchmarks.generated PATH``, PATH being a clone.

Prints how long a cold ``fixturescope analyze --no-cache tests`` takes and what it finds; then whether each fixture and each
closure is what pytest says (collected with stand-ins, as nothing that the suite imports has to be installed); then, from
`analyze` alone, the table that the project's own script made by importing everything: fixtures by category and scope with
their usage, and those that no test uses. The commit is the one that ``tests/oracle/generated_suites.toml`` pins; nothing is
written into PATH.

Exit code 0 when nothing differs from pytest and the median of the cold runs is below `BAR_S`, 1 otherwise.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import fixturescope
from benchmarks import figures, machine, processes
from tests.oracle import generated_suites, suites
from tests.oracle.environments import Checkout, PreparationError, prepare
from tests.oracle.run import default_cache

NAME = "interpretune"

BAR_S = 3.0
"""What a cold analysis may take."""

CATEGORIES = (
    {"name": "Config Only", "match": "get_it_session_cfg__*"},
    {"name": "Real Model", "regex": "^get_.*(gpt2|llama3|gemma[23])"},
    {"name": "Custom Model", "match": ("get_it_session__*", "get_it_module__*", "get_analysis_session__*")},
    {"name": "Static", "match": "*"},
)
"""The categories of the project's own script, as rules of ours."""

SCOPES = ("session", "package", "module", "class", "function")

OWN_CONFTEST = "tests/conftest.py"
"""The module whose fixtures that script listed."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, compare and print, and return the exit code."""
    options = _parsed(arguments)
    suite = next(suite for suite in suites.load(generated_suites.LIST) if suite.name == NAME)
    try:
        checkout = prepare(
            suite, options.keep.resolve(), python=options.python, pytest=suite.pytest, repository=options.path
        )
    except PreparationError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    samples = [cold(checkout, shlex.split(options.fixturescope)) for _ in range(options.runs)]
    failed = [sample for sample in samples if sample.returncode]
    if failed:
        print(f"error: {failed[0].output}", file=sys.stderr)
        return 1
    walls = figures.spread([sample.wall_s for sample in samples])
    graph = fixturescope.analyze(
        list(checkout.paths), cwd=checkout.source, settings={"category": CATEGORIES}, cache=False
    )
    document = fixturescope.from_graph(graph)
    rows = [fixture for fixture in document.fixtures if fixture.path == OWN_CONFTEST]
    here = machine.describe()
    load = here["load"]
    print(f"{here['cpu']}, {here['cores']} cores, {here['python']}" + ("" if load is None else f", load {load:.1f}"))
    print(
        f"cold: {figures.seconds(walls.median)} ({figures.seconds(walls.low)}–{figures.seconds(walls.high)}, "
        f"{walls.count} runs), bar {figures.seconds(BAR_S)}"
    )
    own = [fixture for fixture in document.fixtures if fixture.origin in ("static", "generated")]
    generated = sum(fixture.origin == "generated" for fixture in own)
    print(f"{len(document.tests)} tests; {len(own)} fixtures of its own, {generated} of them generated")
    print(f"{OWN_CONFTEST}: {len(rows)} fixtures, {sum(row.origin == 'generated' for row in rows)} of them generated\n")
    outcome = generated_suites.judged(suite, options, options.path)
    print(generated_suites.render_examples(outcome), end="")
    print(generated_suites.render_table([outcome]))
    print(seeds_table(rows, sum(test.items for test in document.tests)))
    return 0 if is_exact(outcome) and walls.median < BAR_S else 1


def cold(checkout: Checkout, command: Sequence[str]) -> processes.Sample:
    """Run ``analyze`` once, without a cache, on whatever interpreter runs it."""
    words = [*command, "analyze", "--no-cache", *checkout.paths, "-o", os.devnull]
    environ = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    return processes.run(words, cwd=checkout.source, env=environ | {"PYTHONSAFEPATH": "1"})


def is_exact(outcome: generated_suites.Outcome) -> bool:
    """Whether every fixture and every edge is pytest's."""
    found, edges = outcome.fixtures, outcome.edges.edges
    return (
        found is not None
        and found.matched == found.total > 0
        and not found.wrong
        and edges.matched == edges.total > 0
        and not edges.extra
    )


def seeds_table(rows: Sequence[Any], items: int) -> str:
    """Return fixtures by category and scope, with uses and their share of all uses, and the list of unused ones.

    Args:
        rows: Fixtures of the document.
        items: How many test items there are.
    """
    scopes = [scope for scope in SCOPES if any(row.scope == scope for row in rows)]
    uses = sum(row.usage for row in rows)
    names = [name for name in (str(rule["name"]) for rule in CATEGORIES) if any(row.category == name for row in rows)]
    cells: list[list[str]] = [["category", *scopes, "all"]]
    for name in [*names, None]:
        of_name = [row for row in rows if name in (None, row.category)]
        of_scopes = [[row for row in of_name if row.scope == scope] for scope in scopes]
        cells.append([name or "all", *(_cell(part, uses) for part in of_scopes), _cell(of_name, uses)])
    unknown = sum(row.scope_is == "dynamic" for row in rows)
    unused = [row for row in rows if row.unused is not None]
    lines = [
        f"fixtures: used in test items (share of all {uses} uses, by {items} items at least)",
        figures.table(cells),
        f"{unknown} have a scope that is computed at run time; they stand under the default, function",
        f"{len(unused)} unused:",
        *(f"  {row.name} ({row.scope}, {row.category}, {row.made_at or f'{row.path}:{row.line}'})" for row in unused),
    ]
    return "\n".join(lines)


def _cell(rows: Sequence[Any], uses: int) -> str:
    used = sum(row.usage for row in rows)
    return f"{len(rows)}: {used} ({100 * used / uses:.1f} %)" if rows and uses else "-"


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.generated", description="Interpretune: cold time, exactness, and its own table."
    )
    add = parser.add_argument
    add("path", type=Path, metavar="PATH", help="a clone, bare or not, that holds the pinned commit")
    add("--runs", type=int, default=5, metavar="N", help="cold runs (default: 5)")
    add("--python", type=Path, default=Path(sys.executable), help="interpreter whose pytest collects")
    add(
        "--fixturescope",
        metavar="CMD",
        default=shlex.join([sys.executable, "-m", "fixturescope"]),
        help="what to measure",
    )
    add("--keep", type=Path, metavar="DIR", default=default_cache(), help="the cache folder of the oracle")
    options = parser.parse_args(arguments)
    if options.runs < 1 or not options.path.is_dir():
        parser.error("PATH has to be a folder, and N at least 1")
    return options


if __name__ == "__main__":
    sys.exit(main())
