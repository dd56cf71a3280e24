"""The section of the report for a terminal that says what fixtures cost."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from fixturescope.report import Options
from fixturescope.report.tables import ROWS, counted, heading, make_table
from fixturescope.report.view import CostRow, Costs, UnmeasuredGroup
from fixturescope.text import printable
from fixturescope.units import show_bytes, show_seconds

NAMES = 5
"""How many fixtures of one reason are named, unless all are asked for."""


def section(costs: Costs, options: Options) -> RenderableType:
    """Return what fixtures cost, what could not be measured, and on request how it was done."""
    parts: list[RenderableType] = [_measured(costs, options)]
    if costs.not_collected:
        lines = [Text(f"  {printable(line)}") for line in costs.not_collected]
        parts.append(Group(Text(), heading("Not collected, and so without its tests and fixtures", len(lines)), *lines))
    if costs.unmeasured:
        parts.append(_unmeasured(costs.unmeasured, options))
    if costs.no_memory:
        lines = [Text(f"  {printable(reason)} ({number})") for reason, number in costs.no_memory]
        parts.append(Group(Text(), heading("No memory figures", sum(number for _, number in costs.no_memory)), *lines))
    if costs.left_behind:
        lines = [Text(f"  {printable(name)}: {printable(what)}") for name, what in costs.left_behind]
        parts.append(Group(Text(), heading("Left running after teardown, and ended", len(lines)), *lines))
    if options.verbose:
        lines = [Text(f"  {printable(line)}") for line in costs.how]
        parts.append(Group(Text(), heading("How it was measured", len(lines)), *lines))
    return Group(*parts)


def _measured(costs: Costs, options: Options) -> RenderableType:
    head = heading("What a full run spends on fixtures", len(costs.rows))
    if not costs.rows:
        return Group(head, Text("  none could be set up"))
    rows = costs.rows if options.wide else costs.rows[:ROWS]
    hidden = len(costs.rows) - len(rows)
    more = [Text(f"  … and {hidden} cheaper ones; --wide shows all", "dim")] if hidden else []
    return Group(head, Padding(_table(rows), (0, 0, 0, 2), expand=False), *more, _sum(costs))


def _sum(costs: Costs) -> Text:
    return Text(f"  {show_seconds(costs.run_s)} in one process, all set-ups and teardowns together")


def _table(rows: tuple[CostRow, ...]) -> RenderableType:
    right = [(name, "right") for name in _FIGURES]
    made = make_table("name", "scope", *right, "where")
    for row in rows:
        made.add_row(
            Text(printable(row.name), "bold"),
            row.scope,
            show_seconds(row.run_s),
            f"{row.share:.0%}",
            str(row.setups),
            show_seconds(row.first_s),
            show_seconds(row.setup_s),
            show_seconds(row.waits_s),
            show_seconds(row.first_teardown_s),
            show_seconds(row.teardown_s),
            *(_bytes(size) for size in (row.peak, row.retained, row.leaked)),
            Text(printable(row.where), "dim"),
        )
    return made


_FIGURES = (
    "run",
    "share",
    "setups",
    "first set-up",
    "set-up",
    "with needs",
    "first teardown",
    "teardown",
    "peak",
    "retained",
    "leaks",
)


def _bytes(size: int | None) -> Text:
    return Text("?" if size is None else show_bytes(size), "dim" if size is None or size < 1 << 16 else "")


def _unmeasured(groups: tuple[UnmeasuredGroup, ...], options: Options) -> RenderableType:
    return Group(
        Text(),
        heading("Not measured", sum(len(group.names) for group in groups)),
        *(line for group in groups for line in _group(group, options)),
    )


def _group(group: UnmeasuredGroup, options: Options) -> Iterator[Text]:
    yield Text.assemble("  ", (group.status, "yellow"), f" ({len(group.names)}): {printable(group.reason)}")
    shown = group.names if options.wide else group.names[:NAMES]
    for name in shown:
        yield Text(f"    {printable(name)}", "dim")
    if len(shown) < len(group.names):
        yield Text(f"    … and {counted(len(group.names) - len(shown), 'more fixture')}", "dim")
