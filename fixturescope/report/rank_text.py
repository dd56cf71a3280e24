"""One ranking, for a terminal: each row with the places that uncertainty leaves it, and what its figure is made of."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from fixturescope.report import Options
from fixturescope.report.rank import Ranked, Ranking
from fixturescope.report.tables import ROWS, as_text, heading, make_table, moved_in
from fixturescope.report.view.places import place
from fixturescope.text import counted, printable
from fixturescope.units import show_bytes, show_seconds

_COUNTS = ("setups", "firsts", "usage", "items", "held")
"""Factors that are numbers of things; ``anew`` is a share, the others are in the unit of the ranking."""


def render_ranking(ranking: Ranking, options: Options) -> str:
    """Return it as text: 20 rows, all with ``options.wide``."""
    workers = f", {ranking.workers} workers" if ranking.workers > 1 else ""
    rows = ranking.rows if options.wide else ranking.rows[:ROWS]
    parts: list[RenderableType] = [
        heading(f"Fixtures by {ranking.lens}{workers}", len(ranking.rows)),
        Text(f"  {ranking.formula}", "dim"),
        moved_in(_table(ranking, rows)),
    ]
    if len(rows) < len(ranking.rows):
        parts.append(Text(f"  … and {counted(len(ranking.rows) - len(rows), 'more fixture')}; --wide shows all", "dim"))
    if ranking.unmeasured:
        names = [f"{printable(one.name)} ({one.setups})" for one in ranking.unmeasured]
        shown = names if options.wide else names[:ROWS]
        more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
        parts += [Text(), heading("Not measured, by set-ups", len(names)), Text(f"  {', '.join(shown)}{more}")]
    return as_text(Group(*parts), options)


def _table(ranking: Ranking, rows: tuple[Ranked, ...]) -> RenderableType:
    names = [name for name, _ in rows[0].factors] if rows else []
    table = make_table(
        ("place", "right"),
        "name",
        "scope",
        ("impact", "right"),
        "noise allows",
        *((name, "right") for name in names),
        "where",
    )
    for row in rows:
        places = str(row.best) if row.best == row.worst else f"{row.best}–{row.worst}"
        certain = "" if row.low == row.high else f"{_shown(ranking, row.low)} to {_shown(ranking, row.high)}"
        table.add_row(
            places,
            Text(printable(row.fixture.name), "bold"),
            row.fixture.scope,
            _shown(ranking, row.impact),
            Text(certain, "dim"),
            *(_factor(ranking, name, value) for name, value in row.factors),
            Text(printable(place(row.fixture.path, row.fixture.line)), "dim"),
        )
    return table


def _shown(ranking: Ranking, value: float) -> str:
    return show_seconds(value) if ranking.unit == "s" else show_bytes(int(value))


def _factor(ranking: Ranking, name: str, value: float) -> str:
    if name in _COUNTS:
        return f"{value:g}"
    return f"{value:.0%}" if name == "anew" else _shown(ranking, value)
