"""The imports of a start as a flame graph: one HTML page that needs nothing but itself.

Names come from the project, and may be anything: they stand in the table escaped, and in the graph as data that the
page's own script only ever shows as text. The page forbids itself to load anything.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Iterator, Sequence

from fixturescope.model import Startup
from fixturescope.report.imports import ImportRow, StartupView, import_parents, shown_module, view_startup
from fixturescope.text import printable

SLOWEST = 50
"""How many rows a table has."""


def render_flame(startup: Startup) -> str:
    """Return the page."""
    view = view_startup(startup)
    total = sum(one.cumulative_s for one in startup.imports if one.imported_by is None)
    facts = [
        f"{len(startup.imports)} imports, {total:.3f} s",
        *(f"{step.name} {step.wall_s:.3f} s" for step in view.steps),
    ]
    return _PAGE.format(
        facts=_text(" · ".join(facts)),
        reasons="".join(f"<p class=reason>{_text(line)}</p>\n" for line in view.reasons),
        data=_data(startup, total),
        tables="".join(_tables(view)),
        style=_STYLE,
        script=_SCRIPT,
    )


def _text(text: str) -> str:
    return html.escape(printable(text))


def _data(startup: Startup, total: float) -> str:
    """Return name, path or null, self and cumulative in whole microseconds, place of the importer; first of all, the sum.

    As JSON in which nothing can end the element that it stands in.
    """
    rows: list[tuple[str, str | None, int, int, int]] = [("all imports", None, 0, _us(total), -1)]
    for one, parent in zip(startup.imports, import_parents(startup.imports)):
        path = None if one.path is None else printable(one.path)
        above = 0 if parent is None else parent + 1
        rows.append((printable(shown_module(one)), path, _us(one.self_s), _us(one.cumulative_s), above))
    lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
    return f"[\n{lines}\n]".replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _us(seconds: float) -> int:
    return round(seconds * 1e6)


def _tables(view: StartupView) -> Iterator[str]:
    yield from _table("Slowest imports of another package, with all that they bring", view.entered)
    yield from _table("Slowest modules, by their own time", view.modules)


def _table(title: str, rows: Sequence[ImportRow]) -> Iterator[str]:
    yield f"<h2>{title}</h2>\n<table>\n{_row('th', ('import', 'self s', 'cumulative s', 'first imported by'))}"
    for row in rows[:SLOWEST]:
        cells = (row.name, f"{row.self_s:.3f}", f"{row.cumulative_s:.3f}", row.importer or "")
        yield _row("td", cells)
    yield "</table>\n"
    if len(rows) > SLOWEST:
        yield f"<p>… and {len(rows) - SLOWEST} more.</p>\n"


def _row(kind: str, cells: Iterable[str]) -> str:
    return "<tr>" + "".join(f"<{kind}>{_text(cell)}</{kind}>" for cell in cells) + "</tr>\n"


_STYLE = """\
:root { color-scheme: light dark; }
body { font: 14px/1.4 system-ui, sans-serif; margin: 1.5rem; }
h1 { font-size: 1.3rem; } h2 { font-size: 1.05rem; margin-top: 2rem; }
.reason { color: #b45309; margin: 0; white-space: pre-wrap; }
#graph { position: relative; overflow: hidden; margin: 1rem 0; }
#graph div { position: absolute; height: 17px; font: 11px/17px system-ui, sans-serif; padding: 0 3px; cursor: pointer;
  box-sizing: border-box; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; color: #111; border-radius: 2px; }
#graph div.narrow { padding: 0; }
#graph div.above { opacity: .6; }
#graph div:hover, #graph div:focus { outline: 2px solid currentColor; outline-offset: -2px; z-index: 1; }
table { border-collapse: collapse; }
th, td { text-align: left; padding: .1rem 1rem .1rem 0; border-bottom: 1px solid #8884; }
td:nth-child(2), td:nth-child(3), th:nth-child(2), th:nth-child(3) { text-align: right; font-variant-numeric: tabular-nums; }
"""

_SCRIPT = """\
"use strict";
const rows = JSON.parse(document.getElementById("data").textContent);
const graph = document.getElementById("graph");
const HEIGHT = 18, NARROWEST = 0.5;
const depth = [], begin = [], next = rows.map((_, at) => at + 1), filled = [];
rows.forEach(([, , , cumulative, above], at) => {
  depth.push(above < 0 ? 0 : depth[above] + 1);
  begin.push(above < 0 ? 0 : begin[above] + filled[above]);
  filled.push(0);
  if (above >= 0) filled[above] += cumulative;
});
for (let at = rows.length - 1; at > 0; at--) next[rows[at][4]] = Math.max(next[rows[at][4]], next[at]);

function seconds(us) { return (us / 1e6).toFixed(3) + " s"; }

function bar(at, left, width, extra) {
  const [name, path, self, cumulative, above] = rows[at];
  const box = document.createElement("div");
  box.style.left = left + "px";
  box.style.width = Math.max(width - 1, NARROWEST) + "px";
  box.style.top = depth[at] * HEIGHT + "px";
  let hue = 0;
  for (const one of name.split(/[./]/, 1)[0]) hue = (hue * 31 + one.codePointAt(0)) % 360;
  box.style.background = at ? "hsl(" + hue + " 65% 72%)" : "#bbb";
  box.className = extra + (width < 30 ? " narrow" : "");
  if (width >= 30) box.textContent = name;
  box.title = name + (path && path !== name ? "\\n" + path : "") + "\\nself " + seconds(self) +
    ", cumulative " + seconds(cumulative) + (above > 0 ? "\\nfirst imported by " + rows[above][0] : "");
  box.tabIndex = 0;
  box.onclick = () => draw(at);
  box.onkeydown = (event) => { if (event.key === "Enter") draw(at); };
  return box;
}

let zoomed = 0;
function draw(at) {
  zoomed = at;
  const width = graph.clientWidth, scale = width / Math.max(rows[at][3], 1), boxes = [];
  for (let above = rows[at][4]; above >= 0; above = rows[above][4]) boxes.unshift(bar(above, 0, width, "above"));
  let deepest = depth[at];
  for (let one = at; one < next[at];) {
    const wide = rows[one][3] * scale;
    if (wide < NARROWEST && one !== at) { one = next[one]; continue; }
    boxes.push(bar(one, (begin[one] - begin[at]) * scale, wide, ""));
    deepest = Math.max(deepest, depth[one]);
    one++;
  }
  graph.replaceChildren(...boxes);
  graph.style.height = (deepest + 1) * HEIGHT + "px";
}
addEventListener("resize", () => draw(zoomed));
addEventListener("keydown", (event) => { if (event.key === "Escape") draw(0); });
draw(0);
"""

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>fixturescope: imports of a start</title>
<style>
{style}</style>
</head>
<body>
<h1>What a start of pytest imports</h1>
<p>{facts}</p>
{reasons}<p>The wider, the longer; below an import stand those that it is the first to make. Click to zoom in, on a bar above to zoom
out, Escape for all.</p>
<div id="graph"><noscript>The graph needs JavaScript; the tables below do not.</noscript></div>
{tables}<script id="data" type="application/json">{data}</script>
<script>
{script}</script>
</body>
</html>
"""
