"""The report as GitHub shows it: a file beside the document, or, brief, a comment on a pull request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from fixturescope.document import OWN_ORIGINS, Document
from fixturescope.model import Evidence
from fixturescope.report import Options
from fixturescope.report.finding import EFFORT, SAFETY, finding, percent, promise
from fixturescope.report.gfm import code, folded, link, table, text
from fixturescope.report.mermaid import flowchart
from fixturescope.report.rank import Lens
from fixturescope.report.view import ChangeRow, CostRow, FixtureRow, HeatCell, UnusedRow, View, make_view
from fixturescope.report.view.changes import TOP
from fixturescope.report.view.network import Network, make_network
from fixturescope.text import counted, printable
from fixturescope.units import show_bytes, show_seconds

ROWS = 25
"""So many rows of a long table are seen at once; the others are folded away."""

PICTURED = 15
"""So many fixtures are in the graph."""

BRIEFLY = 5
"""So many rows of a table in a brief report."""

SLOWEST = 10
"""So many imports are named."""

NOTHING = "–"


def render(document: Document, options: Options) -> str:
    """Return the report."""
    view = make_view(document)
    lines = _brief(document, view) if options.brief else _whole(document, view, options)
    return "".join(f"{line}\n" for line in lines)


def _whole(document: Document, view: View, options: Options) -> Iterator[str]:
    yield _answer(view)
    yield from ("", _about(document, view))
    yield from ("", "## Summary", "", *_summary(view))
    yield from ("", "## Fixtures", "", *_fixtures(view, options))
    network = make_network(document, view.costs, PICTURED)
    if network.links:
        yield from ("", *_picture(network))
    yield from ("", "## Insights", "", *_insights(view))
    yield from ("", "## Cleanup", "", *_cleanup(view))
    yield from ("", "## Start-up and imports", "", *_startup(view, options))
    if options.verbose:
        yield from ("", "## Notes", "", *(f"- {text(one)}" for one in _notes(view)))


def _answer(view: View) -> str:
    said, names = finding(view)
    named = f": {', '.join(code(name) for name in names)}" if names else ""
    more = promise(view)
    return f"**{_upper(said)}{named}.**{f' {_upper(more)}.' if more else ''}"


def _about(document: Document, view: View) -> str:
    at_least = "" if view.items_are == "exact" else "at least "
    return (
        f"{counted(view.tests, 'test')}, {at_least}{counted(view.items, 'item')}, {view.together.total} fixtures"
        f" · fixturescope {text(document.tool.version)}, Python {text(view.environment.python_version)}"
        f" ({text(view.environment.chosen_by)}), pytest {text(view.environment.pytest_version)},"
        f" {counted(len(view.environment.plugins), 'plugin')} · {counted(view.environment.files, 'file')} read"
    )


# -------------------------------------------------------------------------------------------------------------- summary


def _summary(view: View) -> Iterator[str]:
    if view.name_glob is not None:
        yield from (f"Only fixtures named {code(view.name_glob)} are listed; this table counts all.", "")
    rows = [
        [
            row.scope,
            *(_used(one.used, one.total) for one in row.by_origin),
            _used(row.together.used, row.together.total),
        ]
        for row in view.scopes
    ]
    rows.append(["**all**", *(_used(one.used, one.total) for one in (*view.all_fixtures, view.together))])
    yield from table(["fixtures", *(f">{origin}" for origin in view.origins), ">all"], rows)
    if view.heat.rows:
        yield from ("", "Share of all uses, and number, by category and scope:", "")
        yield from table(
            ["category", *(f">{scope}" for scope in view.heat.scopes), ">all"],
            [
                ["plugins and pytest" if row.category is None else code(row.category)]
                + [_share(cell) for cell in (*row.cells, row.together)]
                for row in view.heat.rows
            ],
        )
    if view.diagnostics:
        said = ", ".join(f"{len(group.rows)} × {text(group.code)} ({group.severity})" for group in view.diagnostics)
        yield from ("", f"{counted(sum(len(group.rows) for group in view.diagnostics), 'diagnostic')}: {said}.")


def _used(used: int, total: int) -> str:
    return f"{used} of {total} used" if total else NOTHING


def _share(cell: HeatCell) -> str:
    if not cell.fixtures:
        return NOTHING
    spent = f" · {show_seconds(cell.run_s)}" if cell.run_s else ""
    return f"{percent(cell.uses)} ({cell.fixtures}){spent}"


# ------------------------------------------------------------------------------------------------------------- fixtures


def _fixtures(view: View, options: Options) -> Iterator[str]:
    costs = {} if view.costs is None else {row.id: row for row in view.costs.rows}
    shown = [row for row in view.fixtures if row.usage or row.origin in OWN_ORIGINS or row.status or options.wide]
    shown.sort(key=lambda row: -(costs[row.id].run_s if row.id in costs else -1.0))
    rows = [_fixture(row, costs.get(row.id)) for row in shown]
    columns = ["fixture", "scope", "category", ">usage", ">set-ups", ">a full run", ">init time", ">memory Δ", ">GPU Δ"]
    columns += ["status", "where"]
    if not rows:
        yield "None."
        return
    yield from table(columns, rows[:ROWS])
    if len(rows) > ROWS:
        yield ""
        yield from folded(f"{len(rows) - ROWS} more fixtures", table(columns, rows[ROWS:]))
    left_out = len(view.fixtures) - len(shown)
    if left_out:
        yield from ("", f"Not listed: {left_out} of plugins and of pytest itself that no test uses.")
    if view.costs is not None:
        yield from ("", _LEGEND, *([""] if view.costs.unmeasured or view.costs.not_collected else []))
        for group in view.costs.unmeasured:
            names = ", ".join(code(name) for name in group.names[:BRIEFLY])
            more = f" and {len(group.names) - BRIEFLY} more" if len(group.names) > BRIEFLY else ""
            yield f"- {group.status}: {names}{more}: {text(group.reason)}"
        for what in view.costs.not_collected:
            yield f"- not collected, and so without its tests and fixtures: {text(what)}"


_LEGEND = (
    "Init time: the first set-up in a process, and a later one. A full run: all its set-ups and teardowns in one process."
    " Memory Δ: bytes that are still held when set-up is over, and the most during it. Of several parameters, the dearest."
)


def _fixture(row: FixtureRow, cost: CostRow | None) -> list[str]:
    scope = f"{row.scope}, autouse" if row.autouse else row.scope
    times = f"{row.params} ×" if row.params and row.params > 0 else ""
    return [
        f"{code(row.name)} {times}".rstrip(),
        scope,
        text(printable(row.plugin or row.origin)) if row.category is None else code(row.category),
        str(row.usage),
        str(row.setups),
        NOTHING if cost is None else f"{show_seconds(cost.run_s)} ({percent(cost.share)})",
        NOTHING if cost is None else f"{show_seconds(cost.first_s)} / {show_seconds(cost.setup_s)}",
        NOTHING if cost is None or cost.retained is None or cost.peak is None else _memory(cost.retained, cost.peak),
        NOTHING if cost is None or cost.gpu is None else show_bytes(cost.gpu),
        (row.status or "not measured") + ("" if row.unused is None else f", unused ({row.unused})"),
        code(row.where),
    ]


def _memory(retained: int, peak: int) -> str:
    return f"{show_bytes(retained)} (peak {show_bytes(peak)})"


def _picture(network: Network) -> Iterator[str]:
    chart = ["```mermaid", *flowchart(network).splitlines(), "```"]
    yield from folded(f"Who asks for whom: the {len(network.nodes)} fixtures that matter most", chart, is_open=True)


# ------------------------------------------------------------------------------------------------------------- insights


def _insights(view: View) -> Iterator[str]:
    rows = view.changes.rows
    if rows:
        yield "What to change first; `fixturescope try 1` tries it in memory, `fixturescope apply 1` shows it as a diff:"
        yield from ("", *(line for row in rows[:TOP] for line in _change(row)))
        if len(rows) > TOP:
            more = [
                f"- {text(row.advice.title)} ({', '.join(_saves(row)) or SAFETY[row.advice.safety]})"
                for row in rows[TOP:]
            ]
            yield from ("", *folded(f"{len(rows) - TOP} more changes", more))
    if view.costs is None:
        yield from ("", "Nothing was measured: `fixturescope measure` says what each fixture costs.")
        return
    yield from ("", "What costs most, by what matters:", "")
    yield from (f"- {line}" for line in _rankings(view))


def _change(row: ChangeRow) -> Iterator[str]:
    saves = ", ".join(_saves(row))
    where = f" at {code(row.where)}" if row.where else ""
    yield f"{row.number}. **{text(row.advice.title)}**{where}: {saves + '; ' if saves else ''}{SAFETY[row.advice.safety]}, {EFFORT[row.advice.effort]}"
    reasons = [f"why: {_evidence(one)}" for one in row.advice.evidence]
    reasons += [f"but: {_evidence(one)}" for one in row.advice.against]
    if row.trial is not None:
        reasons.append(f"{row.trial.verdict}: {text(row.trial.reason)}")
        reasons += [f"{code(one.test)} {text(one.before)} → {text(one.after)}" for one in row.trial.differing[:BRIEFLY]]
    yield from (f"   - {reason}" for reason in reasons)


def _saves(row: ChangeRow) -> Iterator[str]:
    if row.trial is not None and row.trial.saved_s is not None:
        yield f"saved {show_seconds(row.trial.saved_s.likely)} when tried"
    elif row.advice.saves_s is not None:
        saves = row.advice.saves_s
        yield f"saves about {show_seconds(saves.likely)} ({show_seconds(saves.low)} to {show_seconds(saves.high)})"
    if row.advice.saves_bytes is not None:
        yield f"saves about {show_bytes(round(row.advice.saves_bytes.likely))}"


def _evidence(one: Evidence) -> str:
    where = "" if one.path is None else f" ({code(f'{one.path}:{one.line}' if one.line else one.path)})"
    return f"{text(one.text)}{where}"


_LENS_TITLES: dict[Lens, str] = {
    "run": "a full run spends most on",
    "inner-loop": "a single test waits longest, on average, for",
    "memory": "most memory is held by",
    "gpu": "most GPU memory is held by",
    "startup": "most is paid once, for imports and caches, by",
}


def _rankings(view: View) -> Iterator[str]:
    for ranking in view.rankings:
        rows = [row for row in ranking.rows if row.impact > 0][:3]
        if rows:
            show = show_seconds if ranking.unit == "s" else lambda size: show_bytes(round(size))
            level = " (level)" if len(rows) > 1 and rows[0].worst > 1 else ""
            named = ", ".join(f"{code(view.labels[row.fixture.id])} {show(row.impact)}" for row in rows)
            yield f"{_LENS_TITLES[ranking.lens]} {named}{level}"


# -------------------------------------------------------------------------------------------------------------- cleanup


def _cleanup(view: View) -> Iterator[str]:
    if not view.unused:
        yield "Each fixture of the project is used by some test."
    else:
        certain = sum(1 for row in view.unused if row.certainty == "certain")
        yield f"No test uses {counted(len(view.unused), 'fixture')} of the project, {certain} of them for certain:"
        yield ""
        yield from table(["fixture", "scope", "where", "certainty", "why"], (_unused(row) for row in view.unused))
    if view.unused_elsewhere:
        yield from ("", f"Not listed: {view.unused_elsewhere} of plugins and of pytest itself.")


def _unused(row: UnusedRow) -> list[str]:
    return [code(row.name), row.scope, code(row.where), row.certainty, text(row.why)]


# ------------------------------------------------------------------------------------------------------------- start-up


def _startup(view: View, options: Options) -> Iterator[str]:
    startup = view.startup
    if startup is None:
        yield "Not measured."
        return
    if startup.steps:
        yield from table(
            ["a start of", ">seconds", ">added"],
            [
                [step.name, f"{step.wall_s:.3f}", "" if step.added_s is None else f"{step.added_s:+.3f}"]
                for step in startup.steps
            ],
        )
    slow = [row for row in startup.entered if row.cumulative_s >= 0.0005]
    if slow:
        yield ""
        yield from table(
            ["slow import", ">self s", ">cumulative s", "first imported by"],
            (
                [code(row.name), f"{row.self_s:.3f}", f"{row.cumulative_s:.3f}", code(row.importer or "")]
                for row in slow[:SLOWEST]
            ),
        )
    for reason in (line for line in startup.reasons if line and not line.startswith(" ")):
        yield from ("", f"> {text(reason)}")
    if startup.artifacts:
        folder = f"{options.artifacts.rstrip('/')}/" if options.artifacts else ""
        yield from ("", "Artifacts:", "", *(f"- {link(kind, folder + file)}" for kind, file in startup.artifacts))


def _notes(view: View) -> Sequence[str]:
    plugins = ", ".join(view.environment.plugins) or "none"
    how = () if view.costs is None else view.costs.how
    return (f"interpreter: {view.environment.python}", f"plugins: {plugins}", *view.notes, *how)


# ---------------------------------------------------------------------------------------------------------------- brief


def _brief(document: Document, view: View) -> Iterator[str]:
    """Give fewer than 60 lines, whatever the suite."""
    yield _answer(view)
    yield from ("", _about(document, view))
    if view.changes.rows:
        yield ""
        for row in view.changes.rows[:TOP]:
            saves = ", ".join(_saves(row))
            tried = f", {row.trial.verdict}" if row.trial else ""
            yield f"{row.number}. {text(row.advice.title)} ({f'{saves}, ' if saves else ''}{SAFETY[row.advice.safety]}{tried})"
    if view.costs is not None and view.costs.rows:
        yield ""
        yield from table(
            ["fixture", "scope", ">set-ups", ">a full run", ">set-up", ">peak", "where"],
            (_briefly(row) for row in view.costs.rows[:BRIEFLY]),
        )
    if view.costs is not None and view.costs.unmeasured:
        groups = [f"{len(one.names)} × {one.status}" for one in view.costs.unmeasured[:BRIEFLY]]
        yield from ("", f"Not measured: {', '.join(groups)}.")
    if view.unused:
        yield from ("", f"Unused: {_some(code(view.labels[row.id]) + _doubt(row) for row in view.unused)}.")
    if view.startup is not None and view.startup.steps:
        steps = ", ".join(f"{step.name} {step.wall_s:.2f} s" for step in view.startup.steps)
        yield from ("", f"A start: {steps}.")
    if view.diagnostics:
        said = ", ".join(f"{len(group.rows)} × {text(group.code)}" for group in view.diagnostics[: 2 * BRIEFLY])
        yield from ("", f"Diagnostics: {said}.")


def _briefly(row: CostRow) -> list[str]:
    return [
        code(row.name),
        row.scope,
        str(row.setups),
        f"{show_seconds(row.run_s)} ({percent(row.share)})",
        show_seconds(row.setup_s),
        NOTHING if row.peak is None else show_bytes(row.peak),
        code(row.where),
    ]


def _some(shown: Iterable[str]) -> str:
    shown = list(shown)
    more = f" and {len(shown) - 2 * BRIEFLY} more" if len(shown) > 2 * BRIEFLY else ""
    return ", ".join(shown[: 2 * BRIEFLY]) + more


def _doubt(row: UnusedRow) -> str:
    return "" if row.certainty == "certain" else " (possibly)"


def _upper(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
