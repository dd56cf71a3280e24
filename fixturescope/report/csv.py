"""All fixtures as a table for spreadsheets: one row each, seconds and bytes as plain numbers."""

from __future__ import annotations

import csv
from io import StringIO

from fixturescope.document import Document
from fixturescope.report import Options
from fixturescope.report.view import CostRow, FixtureRow, make_view
from fixturescope.text import printable

COLUMNS = (
    "id",
    "name",
    "scope",
    "category",
    "origin",
    "plugin",
    "autouse",
    "usage",
    "setups",
    "params",
    "unused",
    "where",
    "status",
    "run_s",
    "run_s_low",
    "run_s_high",
    "share",
    "first_setup_s",
    "setup_s",
    "with_needs_s",
    "first_teardown_s",
    "teardown_s",
    "peak_bytes",
    "retained_bytes",
    "leaked_bytes",
    "gpu_bytes",
)
"""The names in the first row."""

Cell = str | int | float | None


def render(document: Document, options: Options) -> str:
    """Return the table; empty cells are not known."""
    view = make_view(document, advice=())
    costs = {} if view.costs is None else {row.id: row for row in view.costs.rows}
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in sorted(view.fixtures, key=lambda row: -(costs[row.id].run_s if row.id in costs else -1.0)):
        writer.writerow([safe(cell) for cell in (*_fixture(row), *_cost(costs.get(row.id)))])
    return out.getvalue()


def safe(cell: Cell) -> Cell:
    """Return a cell that no spreadsheet takes for a formula."""
    if not isinstance(cell, str):
        return cell
    text = printable(cell)
    return f"'{text}" if cell[:1] in _FORMULA or text[:1] in _FORMULA else text


_FORMULA = frozenset("=+-@\t\r\n|%")
"""What a cell begins with that some spreadsheet takes for a formula."""


def _fixture(row: FixtureRow) -> tuple[Cell, ...]:
    return (
        row.id,
        row.name,
        row.scope,
        row.category,
        row.origin,
        row.plugin,
        "yes" if row.autouse else "no",
        row.usage,
        row.setups,
        "?" if row.params == -1 else row.params,
        row.unused,
        row.where,
        row.status,
    )


def _cost(row: CostRow | None) -> tuple[Cell, ...]:
    if row is None:
        return (None,) * (len(COLUMNS) - COLUMNS.index("run_s"))
    return (
        *(_rounded(one) for one in (row.run_s, row.run_s_low, row.run_s_high, row.share)),
        *(_rounded(one) for one in (row.first_s, row.setup_s, row.waits_s, row.first_teardown_s, row.teardown_s)),
        row.peak,
        row.retained,
        row.leaked,
        row.gpu,
    )


def _rounded(number: float) -> float:
    """Return a number to the nanosecond: what is behind it is no figure."""
    return round(number, 9)
