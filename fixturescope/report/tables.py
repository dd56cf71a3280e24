"""Tables and titles as all sections of the report for a terminal have them."""

from __future__ import annotations

from io import StringIO

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from fixturescope.report import Options
from fixturescope.text import counted as counted  # noqa: PLC0414 - sections take it from here

ROWS = 20
"""How many rows of a long table are shown, unless all are asked for."""

UNBOUNDED = 1_000_000
"""A width at which nothing wraps."""

SHORTEST_NAME = 16
"""A name is cut to no fewer characters, however narrow the terminal."""


def make_table(*columns: str | tuple[str, str]) -> Table:
    """Return an empty table; a column is a name, or a name and on which side its cells stand."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="underline")
    for column in columns:
        name, justify = (column, "left") if isinstance(column, str) else column
        made.add_column(name, justify="right" if justify == "right" else "left", no_wrap=True)
    return made


def moved_in(table: RenderableType) -> Padding:
    """Return a table as it stands in its section."""
    return Padding(table, (0, 0, 0, 2), expand=False)


def width_of(table: RenderableType) -> int:
    """Return how many columns of the terminal a table takes in its section."""
    return Console(file=StringIO(), width=UNBOUNDED).measure(moved_in(table)).maximum


def heading(text: str, number: int) -> Text:
    """Return the title of a section, and how many rows it has."""
    return Text(f"{text} ({number})", "bold")


def as_text(section: RenderableType, options: Options) -> str:
    """Return a section as text, with escapes where the options allow them."""
    out = StringIO()
    console = Console(
        file=out,
        width=UNBOUNDED,
        force_terminal=options.color,
        force_jupyter=False,
        color_system="standard" if options.color else None,
        legacy_windows=False,
        markup=False,
        highlight=False,
        emoji=False,
        _environ={},
    )
    console.print(section)
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())
