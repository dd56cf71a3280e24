"""The table by category and scope, and when the benchmark calls a suite exact."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import fixturescope
from benchmarks import generated
from tests.oracle import compare, generated_suites, suites
from tests.oracle.fixtures import Fixtures

CONFTEST = """\
import pytest
def make(scope):
    @pytest.fixture(scope=scope)
    def made(): pass
    return made
for kind, scope in {"session_cfg__core": "session", "session__gpt2": "class", "session__cust": "class"}.items():
    globals()[f"get_it_{kind}"] = make(scope)
@pytest.fixture
def plain(): pass
"""

TESTS = """\
import pytest
@pytest.mark.parametrize("n", [1, 2])
def test_one(n, get_it_session_cfg__core, plain): pass
def test_two(get_it_session__gpt2): pass
"""


def test_the_table_counts_uses_by_category_and_scope_and_lists_what_is_unused(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (tmp_path / "test_it.py").write_text(TESTS, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    graph = fixturescope.analyze(cwd=tmp_path, settings={"category": generated.CATEGORIES}, cache=False)
    rows = [fixture for fixture in graph.fixtures if fixture.path == "conftest.py"]
    lines = generated.seeds_table(rows, 3).splitlines()
    assert [" ".join(line.split()) for line in lines] == [
        "fixtures: used in test items (share of all 5 uses, by 3 items at least)",
        "category session class function all",
        "Config Only 1: 2 (40.0 %) - - 1: 2 (40.0 %)",
        "Real Model - 1: 1 (20.0 %) - 1: 1 (20.0 %)",
        "Custom Model - 1: 0 (0.0 %) - 1: 0 (0.0 %)",
        "Static - - 1: 2 (40.0 %) 1: 2 (40.0 %)",
        "all 1: 2 (40.0 %) 2: 1 (20.0 %) 1: 2 (40.0 %) 4: 5 (100.0 %)",
        "",
        "0 have a scope that is computed at run time; they stand under the default, function",
        "1 unused:",
        "get_it_session__cust (class, Custom Model, conftest.py:7)",
    ]


EXACT = Fixtures(
    total=3, matched=3, generated=2, found=2, wrong=0, named=0, silent=0, scopes_unknown=1, examples=()
)  # fmt: skip


@pytest.mark.parametrize(
    ("fixtures", "edges", "exact"),
    [
        (EXACT, compare.Edges(5, 5), True),
        (None, compare.Edges(5, 5), False),
        (dataclasses.replace(EXACT, matched=2, silent=1), compare.Edges(5, 5), False),
        (dataclasses.replace(EXACT, wrong=1), compare.Edges(5, 5), False),
        (dataclasses.replace(EXACT, total=0, matched=0), compare.Edges(5, 5), False),
        (EXACT, compare.Edges(), False),
        (EXACT, compare.Edges(5, 4, missing=1), False),
        (EXACT, compare.Edges(5, 5, extra=1), False),
    ],
)
def test_exact_is_all_fixtures_and_all_edges(fixtures: Fixtures | None, edges: compare.Edges, exact: bool) -> None:
    suite = suites.load(generated_suites.LIST)[0]
    outcome = generated_suites.Outcome(suite, compare.Comparison(suite.name, edges=edges), fixtures)
    assert generated.is_exact(outcome) is exact


def test_what_is_measured_is_a_cold_run_of_the_given_command(tmp_path: Path) -> None:
    script = "import os, sys; print(sys.argv[1:], 'VIRTUAL_ENV' in os.environ); sys.exit(3)"
    checkout = SimpleNamespace(paths=("tests",), source=tmp_path)
    sample = generated.cold(checkout, [sys.executable, "-c", script])  # type: ignore[arg-type]
    assert sample.returncode == 3
    assert sample.output.strip().startswith("['analyze', '--no-cache', 'tests', '-o', ")
    assert sample.output.strip().endswith("False")


@pytest.mark.parametrize("arguments", [["nowhere"], [".", "--runs", "0"]])
def test_a_folder_and_a_run_are_needed(arguments: list[str]) -> None:
    with pytest.raises(SystemExit):
        generated.main(arguments)
