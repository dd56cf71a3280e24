"""The table for spreadsheets."""

from __future__ import annotations

import csv
from io import StringIO

import pytest

from fixturescope.report import render
from fixturescope.report.csv import COLUMNS, safe
from tests import samples, samples_measured
from tests.conftest import Golden


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text)))


def test_whole_table(golden: Golden) -> None:
    golden(render(samples_measured.shop(), "csv"), "table.csv")


def test_hostile_names_whole_table(golden: Golden) -> None:
    golden(render(samples_measured.hostile(), "csv"), "table_hostile.csv")


def test_all_fixtures_those_that_cost_most_first() -> None:
    table = rows(render(samples_measured.shop(), "csv"))
    assert [row["name"] for row in table[:4]] == ["cart", "prices", "no_proxy", "printer"]
    assert len(table) == len(samples_measured.shop().fixtures)
    assert (float(table[1]["run_s"]), int(table[1]["peak_bytes"])) == (0.99, 40 << 20)


def test_where_nothing_was_measured_figures_are_empty() -> None:
    table = rows(render(samples.shop(), "csv"))
    assert {row["run_s"] for row in table} == {""}
    assert {len(row) for row in table} == {len(COLUMNS)}


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\t=1", "'\\t=1"),
        ("\r=1", "'\\r=1"),
        ("plain", "plain"),
        ("a=1", "a=1"),
        ("", ""),
        (-1.5, -1.5),
        (None, None),
    ],
)
def test_formulas(cell: str | float | None, shown: str | float | None) -> None:
    assert safe(cell) == shown


def test_no_cell_of_a_hostile_suite_is_a_formula_or_breaks_a_line() -> None:
    text = render(samples_measured.hostile(), "csv")
    cells = [cell for row in csv.reader(StringIO(text)) for cell in row]
    assert [cell for cell in cells if cell[:1] and cell[0] in "=+-@\t\r"] == []
    assert [cell for cell in cells if not cell.isprintable()] == []
    assert len(text.splitlines()) == len(samples_measured.hostile().fixtures) + 1
