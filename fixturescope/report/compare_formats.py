"""The formats of a comparison: each is one function here and one line in ``RENDERERS``."""

from __future__ import annotations

import csv
from collections.abc import Callable
from html import escape
from io import StringIO

import msgspec
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from fixturescope.report import Options, gfm
from fixturescope.report.compare import Comparison
from fixturescope.report.compare_tables import basis, headline, tables
from fixturescope.report.csv import safe
from fixturescope.report.tables import ROWS, as_text, heading, make_table
from fixturescope.text import printable


def render_comparison(comparison: Comparison, format: str, options: Options) -> str:  # noqa: A002 - the word people use
    """Return a comparison in one of `RENDERERS`."""
    return RENDERERS[format](comparison, options)


def _terminal(comparison: Comparison, options: Options) -> str:
    parts: list[RenderableType] = [Text(headline(comparison), "bold")]
    for titled in tables(comparison):
        table = make_table(*titled.columns)
        rows = titled.rows if options.wide else titled.rows[:ROWS]
        for row in rows:
            table.add_row(*(Text(printable(cell)) for cell in row))
        parts += [Text(), heading(titled.title, len(titled.rows)), Padding(table, (0, 0, 0, 2), expand=False)]
        if len(rows) < len(titled.rows):
            parts.append(Text(f"  … and {len(titled.rows) - len(rows)} more; --wide shows all", "dim"))
    parts += [Text(), *(Text(printable(line), "dim") for line in basis(comparison))]
    return as_text(Group(*parts), options)


def _json(comparison: Comparison, _: Options) -> str:
    return msgspec.json.format(msgspec.json.encode(comparison), indent=2).decode() + "\n"


def _markdown(comparison: Comparison, _: Options) -> str:
    lines = [f"**{gfm.text(headline(comparison))}**", ""]
    for titled in tables(comparison):
        rows = ([gfm.text(cell) for cell in row] for row in titled.rows)
        lines += [f"### {titled.title} ({len(titled.rows)})", "", *gfm.table(titled.columns, rows), ""]
    lines += gfm.folded("What this rests on", (f"- {gfm.text(line)}" for line in basis(comparison)))
    return "\n".join([*lines, ""])


def _csv(comparison: Comparison, _: Options) -> str:
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("table", "fixture", "what", "old", "new", "ratio", "noise allows", "where"))
    for titled in tables(comparison):
        at = {"fixture": 1, "what": 2, "old": 3, "new": 4, "×": 5, "noise allows": 6, "where": 7}
        for row in titled.rows:
            cells = [titled.title, "", "", "", "", "", "", ""]
            for column, cell in zip(titled.columns, row, strict=True):
                cells[at[column]] = cell
            writer.writerow(map(safe, cells))
    return out.getvalue()


_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color-scheme: light dark }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .3rem .8rem .3rem 0; vertical-align: top }
th { border-bottom: 1px solid } td { border-bottom: 1px solid #8884; overflow-wrap: anywhere }
"""


def _html(comparison: Comparison, _: Options) -> str:
    parts = [f"<h1>{_text(headline(comparison))}</h1>"]
    for titled in tables(comparison):
        head = "".join(f'<th scope="col">{_text(column)}</th>' for column in titled.columns)
        rows = "".join("<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>\n" for row in titled.rows)
        parts.append(
            f"<h2>{_text(titled.title)} ({len(titled.rows)})</h2>\n"
            f"<table><thead><tr>{head}</tr></thead><tbody>\n{rows}</tbody></table>"
        )
    parts.append(
        "<h2>What this rests on</h2><ul>" + "".join(f"<li>{_text(line)}</li>" for line in basis(comparison)) + "</ul>"
    )
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>fixturescope: two runs compared</title><style>{_STYLE}</style></head>\n"
        "<body><main>\n" + "\n".join(parts) + "\n</main></body></html>\n"
    )


def _text(text: str) -> str:
    return escape(printable(text))


RENDERERS: dict[str, Callable[[Comparison, Options], str]] = {
    "terminal": _terminal,
    "markdown": _markdown,
    "html": _html,
    "json": _json,
    "csv": _csv,
}
"""Name → what makes it."""
