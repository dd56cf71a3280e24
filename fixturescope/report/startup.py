"""The section of the report for a terminal that says what a start of pytest costs."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from fixturescope.report import Options
from fixturescope.report.imports import StartupView
from fixturescope.report.tables import make_table
from fixturescope.text import printable

SLOWEST = 10
"""How many imports are shown, unless all are asked for."""

_STEPS = {"python": "python alone", "pytest": "pytest alone", "modules": "test modules"}
"""What a step is called where its name is too short."""


def section(startup: StartupView, options: Options) -> RenderableType:
    """Return the steps, the slowest imports, what went wrong, and what was kept."""
    steps = make_table("a start of", ("seconds", "right"), ("added", "right"))
    for step in startup.steps:
        steps.add_row(
            _STEPS.get(step.name, step.name),
            f"{step.wall_s:.3f}",
            "" if step.added_s is None else f"{step.added_s:+.3f}",
        )
    reasons = [line for line in startup.reasons if options.verbose or not line.startswith(" ")]
    kept = [Text(f"  {printable(kind)}: {printable(file)}", "dim") for kind, file in startup.artifacts]
    return Group(
        Text("Startup", "bold"),
        *([_moved_in(steps)] if startup.steps else []),
        *_slowest(startup, None if options.wide else SLOWEST),
        *(Text(f"  {printable(line)}", "yellow") for line in reasons),
        *kept,
    )


def _slowest(startup: StartupView, most: int | None) -> Iterator[RenderableType]:
    rows = [row for row in startup.entered if row.cumulative_s >= 0.0005]  # less would read as nothing
    if not rows:
        return
    table = make_table("slowest imports", ("self", "right"), ("cumulative", "right"), "first imported by")
    for row in rows[:most]:
        table.add_row(
            Text(printable(row.name), "bold"),
            f"{row.self_s:.3f}",
            f"{row.cumulative_s:.3f}",
            Text(printable(row.importer or ""), "dim"),
        )
    yield Text()
    yield _moved_in(table)
    if most is not None and len(rows) > most:
        yield Text(f"  … and {len(rows) - most} more; --wide shows all", "dim")


def _moved_in(table: Table) -> Padding:
    return Padding(table, (0, 0, 0, 2), expand=False)
