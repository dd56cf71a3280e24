"""The section of the report for a terminal that says what fixtures cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from fixturescope.report import Options
from fixturescope.report.finding import percent
from fixturescope.report.tables import (
    ROWS,
    SHORTEST_NAME,
    UNBOUNDED,
    counted,
    heading,
    make_table,
    moved_in,
    width_of,
)
from fixturescope.report.view import CostRow, Costs, UnmeasuredGroup
from fixturescope.text import printable, shorten
from fixturescope.units import show_bytes, show_seconds

SHORT = 10
"""How many rows the table has, unless more are asked for: what fits a screen with all else."""

NAMES = 5
"""How many fixtures of one reason are named, unless all are asked for."""

SHORT_NAMES = 2
"""Likewise, where one line is all there is for them."""

REASONS = 3
"""How many reasons why fixtures could not be measured are shown there."""


def section(costs: Costs, options: Options) -> RenderableType:
    """Return what fixtures cost, what could not be measured, and on request how it was done."""
    if not options.verbose and not options.wide:
        return Group(_measured(costs, options), *_exceptions(costs))
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


def _exceptions(costs: Costs) -> Iterator[Text]:
    """Give a line for each thing that went otherwise than it should."""
    for group in costs.unmeasured[:REASONS]:
        names = ", ".join(printable(name) for name in group.names[:SHORT_NAMES])
        more = f" and {len(group.names) - SHORT_NAMES} more" if len(group.names) > SHORT_NAMES else ""
        yield Text.assemble(
            "  not measured, ", (group.status, "yellow"), f" ({len(group.names)}): {printable(group.reason)}"
        )
        yield Text(f"    {names}{more}", "dim")
    if len(costs.unmeasured) > REASONS:
        yield Text(
            f"  … and {counted(len(costs.unmeasured) - REASONS, 'more reason')} not to measure; -v shows all", "dim"
        )
    for title, found in (
        ("not collected, and so without its tests and fixtures", costs.not_collected),
        ("no memory figures", [reason for reason, _ in costs.no_memory]),
        ("left running after teardown, and ended", [f"{name}: {what}" for name, what in costs.left_behind]),
    ):
        if found:
            more = f" and {len(found) - 1} more" if len(found) > 1 else ""
            yield Text.assemble((f"  {title}: ", "yellow"), f"{printable(found[0])}{more}")


def _measured(costs: Costs, options: Options) -> RenderableType:
    head = heading("What a full run spends on fixtures", len(costs.rows))
    known = [Text(f"  {printable(line)}") for line in costs.to_know]
    if not costs.rows:
        return Group(head, Text("  none could be set up"), *known)
    most = len(costs.rows) if options.wide else ROWS if options.verbose else SHORT
    rows = costs.rows[:most]
    hidden = len(costs.rows) - len(rows)
    more = [Text(f"  … and {counted(hidden, 'cheaper one')}; --wide shows all", "dim")] if hidden else []
    return Group(head, moved_in(_fitting(rows, options)), *more, _sum(costs), *known)


def _sum(costs: Costs) -> Text:
    return Text(f"  {show_seconds(costs.run_s)} in one process, all set-ups and teardowns together")


def _fitting(rows: tuple[CostRow, ...], options: Options) -> RenderableType:
    """Return the table with the columns that the terminal has room for."""
    if options.wide:
        return _table(rows, tuple(_COLUMNS), None)
    columns = [name for name in _COLUMNS if options.verbose or name not in _DETAILS]
    room = options.width or UNBOUNDED
    for name in _DISPENSABLE:
        if width_of(_table(rows, columns, None)) > room and name in columns:
            columns.remove(name)
    made = _table(rows, columns, None)
    excess = width_of(made) - room
    if excess <= 0:
        return made
    longest = max(len(printable(row.name)) for row in rows)
    return _table(rows, columns, max(SHORTEST_NAME, longest - excess))


def _table(rows: tuple[CostRow, ...], columns: Sequence[str], longest: int | None) -> RenderableType:
    made = make_table(*((name, "left" if name in ("name", "scope", "where") else "right") for name in columns))
    for row in rows:
        cells = {name: _COLUMNS[name](row) for name in columns}
        if longest is not None:
            cells["name"] = Text(shorten(printable(row.name), longest), "bold")
        made.add_row(*cells.values())
    return made


_COLUMNS: dict[str, Callable[[CostRow], Text]] = {
    "name": lambda row: Text(printable(row.name), "bold"),
    "scope": lambda row: Text(row.scope),
    "run": lambda row: Text(show_seconds(row.run_s)),
    "share": lambda row: Text(percent(row.share)),
    "setups": lambda row: Text(str(row.setups)),
    "first set-up": lambda row: Text(show_seconds(row.first_s)),
    "set-up": lambda row: Text(show_seconds(row.setup_s)),
    "with needs": lambda row: Text(show_seconds(row.waits_s)),
    "first teardown": lambda row: Text(show_seconds(row.first_teardown_s)),
    "teardown": lambda row: Text(show_seconds(row.teardown_s)),
    "peak": lambda row: _bytes(row.peak),
    "retained": lambda row: _bytes(row.retained),
    "leaks": lambda row: _bytes(row.leaked),
    "where": lambda row: Text(printable(row.where), "dim"),
}
"""All columns, in their order."""

_DETAILS = ("with needs", "first teardown", "teardown", "retained", "leaks")
"""Columns that are shown where more is asked for."""

_DISPENSABLE = ("first teardown", "teardown", "leaks", "retained", "with needs", "first set-up", "scope", "where")
"""Columns that a narrow terminal does without, the first of them first."""


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
