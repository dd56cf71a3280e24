"""The report for a terminal, and, without colour and as wide as it takes, for a pipe or a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from fixturescope.document import OWN_ORIGINS, Document
from fixturescope.model import Certainty, Severity
from fixturescope.report import Options, advice_section, costs, recorded, startup
from fixturescope.report.finding import finding, promise
from fixturescope.report.tables import ROWS, SHORTEST_NAME, as_text, counted, heading, make_table, moved_in, width_of
from fixturescope.report.view import Count, DiagnosticGroup, Environment, FixtureRow, UnusedRow, View, make_view
from fixturescope.text import printable, shorten

SHORT = 5
"""So many unused fixtures are named where one line is all there is for them."""

_SEVERITY_STYLE: dict[Severity, str] = {"error": "bold red", "warning": "yellow", "info": "cyan"}


def render(document: Document, options: Options) -> str:
    """Return the report: of an analysis, all that it found; of what was measured, one screen that answers.

    ``verbose`` shows all sections of that, too.
    """
    view = make_view(document)
    is_short = view.costs is not None and not options.verbose
    is_quiet = options.quiet or options.brief
    sections = [_answer(document, view)] if view.costs is not None else []
    if not is_short:
        sections.append(_summary(document.tool.version, view))
    if view.costs is not None:
        sections.append(costs.section(view.costs, options))
    if document.recorded:
        sections.append(recorded.section(document, options))
    if document.readings and document.name_glob is None:  # numbered, and the numbers are those of the whole suite
        sections.append(advice_section.section(document, options))
    if not is_quiet and not is_short:
        sections.append(_fixtures(view, options))
    if not is_short:
        sections.append(_unused(view))
    if view.startup is not None and not is_quiet and not is_short:
        sections.append(startup.section(view.startup, options))
    if view.diagnostics and not is_quiet and not is_short:
        sections.append(_diagnostics(view, options))
    if is_short and not is_quiet:
        sections.append(_in_short(view))
    if options.verbose:
        sections += [_made(view)] if view.made else []
        sections.append(_notes(view))
    return "\n".join(as_text(section, options) for section in sections)


# --------------------------------------------------------------------------------------------------------------- answer


def _answer(document: Document, view: View) -> RenderableType:
    said, names = finding(view)
    more = promise(view)
    about = (
        _items(view),
        view.environment.rootdir,
        f"python {view.environment.python_version} ({view.environment.chosen_by})",
        f"pytest {view.environment.pytest_version}",
        f"fixturescope {document.tool.version}",
    )
    return Group(
        Text(printable(_sentence(f"{said}: {', '.join(names)}" if names else said)), "bold"),
        *([Text(_sentence(more))] if more else []),
        Text(printable(" · ".join(about)), "dim"),
    )


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _in_short(view: View) -> RenderableType:
    """Return a line for each thing that the other sections would show."""
    lines = []
    if view.unused:
        shown = [view.labels[row.id] + (" (possibly)" if row.certainty == "possible" else "") for row in view.unused]
        lines.append(("unused", _first(shown, SHORT)))
    if view.startup is not None and view.startup.steps:
        steps = ", ".join(f"{step.name} {step.wall_s:.2f} s" for step in view.startup.steps)
        lines.append(("a start", steps))
    if view.startup is not None and view.startup.artifacts:
        lines.append(("kept", ", ".join(f"{file} ({kind})" for kind, file in view.startup.artifacts)))
    if view.diagnostics:
        found: dict[str, int] = {}
        for group in view.diagnostics:
            found[group.code] = found.get(group.code, 0) + len(group.rows)
        lines.append(("diagnostics", ", ".join(f"{number} × {code}" for code, number in found.items())))
    lines.append(("more", "fixturescope report -v; as a page: fixturescope report --format html -o report.html"))
    widest = max(len(name) for name, _ in lines)
    return Group(*(Text.assemble((name.ljust(widest), "dim"), f"  {printable(words)}") for name, words in lines))


def _first(names: Sequence[str], most: int) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


# -------------------------------------------------------------------------------------------------------------- summary


def _summary(version: str, view: View) -> RenderableType:
    scopes: list[RenderableType] = [Text(), _scopes(view)] if view.scopes else []
    kinds: list[RenderableType] = [Text(), _categories(view)] if view.categories else []
    parts = [*_head(version, view.environment), *scopes, *kinds, Text(), *_totals(view)]
    return Group(*(parts if view.costs is None else parts[3:]))  # what was measured begins with its answer


def _head(version: str, environment: Environment) -> Iterator[Text]:
    plugins = counted(len(environment.plugins), "plugin")
    about = (
        f"fixturescope {version} · python {environment.python_version} ({environment.chosen_by})"
        f" · pytest {environment.pytest_version} · {plugins}"
    )
    where = (
        f"{environment.rootdir} · {environment.inifile or 'no configuration'} · {counted(environment.files, 'file')}"
    )
    yield Text(printable(about), "bold")
    yield Text(printable(where), "dim")


def _scopes(view: View) -> Table:
    table = make_table(
        "fixtures", *((origin, "right") for origin in view.origins), ("all", "right"), ("own unused", "right")
    )
    for row in view.scopes:
        table.add_row(row.scope, *(_used(count) for count in row.by_origin), _used(row.together), _unused_of(row.own))
    if len(view.scopes) > 1:
        table.add_row("all", *(_used(count) for count in view.all_fixtures), _used(view.together), _unused_of(view.own))
    return table


def _categories(view: View) -> Table:
    table = make_table(
        "own fixtures and share of uses", *((scope, "right") for scope in view.own_scopes), ("all", "right")
    )
    for row in view.categories:
        table.add_row(Text(printable(row.name)), *(_share(cell) for cell in row.by_scope), _share(row.together))
    return table


def _share(cell: tuple[int, float]) -> Text:
    number, share = cell
    return Text(f"{number} · {share:.0%}" if number else "-", "" if number else "dim")


def _used(count: Count) -> Text:
    return Text(f"{count.used} of {count.total} used" if count.total else "-", "" if count.total else "dim")


def _unused_of(count: Count) -> Text:
    possibly = f" + {count.possibly_unused} possibly" if count.possibly_unused else ""
    return Text(f"{count.unused}{possibly}")


def _items(view: View) -> str:
    at_least = "" if view.items_are == "exact" else "≥ "
    return f"{counted(view.tests, 'test')}, {at_least}{counted(view.items, 'item')}"


def _totals(view: View) -> Iterator[Text]:
    yield Text(_items(view))
    if view.diagnostics:
        codes = ", ".join(f"{len(group.rows)} × {printable(group.code)}" for group in view.diagnostics)
        yield Text(f"{counted(sum(len(group.rows) for group in view.diagnostics), 'diagnostic')}: {codes}")
    else:
        yield Text("no diagnostics")


# ------------------------------------------------------------------------------------------------------------- fixtures


def _fixtures(view: View, options: Options) -> RenderableType:
    rows = view.fixtures if options.wide else [row for row in view.fixtures if row.usage][:ROWS]
    title = "Fixtures by setups" + (f", named {printable(view.name_glob)}" if view.name_glob else "")
    if not rows:
        return Group(heading(title, 0), Text("  none"))
    table = _fixture_table(rows, None)
    if options.width is not None and not options.wide:
        excess = width_of(table) - options.width
        if excess > 0:
            longest = max(len(printable(row.name)) for row in rows)
            table = _fixture_table(rows, max(SHORTEST_NAME, longest - excess))
    left_out = _left_out(view.fixtures, len(rows))
    more = [Text(f"  … and {left_out}; --wide shows all", "dim")] if left_out else []
    return Group(heading(title, len(view.fixtures)), moved_in(table), *more)


def _left_out(rows: Sequence[FixtureRow], shown: int) -> str:
    used = sum(1 for row in rows if row.usage)
    unused = len(rows) - max(used, shown)
    parts = (f"{used - shown} more" if used > shown else "", f"{unused} that no test uses" if unused else "")
    return " and ".join(part for part in parts if part)


def _fixture_table(rows: Iterable[FixtureRow], longest: int | None) -> Table:
    right = "right"
    table = make_table("name", "scope", "origin", ("usage", right), ("setups", right), ("params", right), "where")
    for row in rows:
        name = printable(row.name)
        table.add_row(
            Text(name if longest is None else shorten(name, longest), "bold" if row.origin in OWN_ORIGINS else ""),
            f"{row.scope}, autouse" if row.autouse else row.scope,
            Text(f"{row.origin} ({printable(row.plugin)})" if row.plugin else row.origin),
            str(row.usage),
            str(row.setups),
            "" if row.params is None else "?" if row.params < 0 else str(row.params),
            Text(printable(row.where), "dim"),
        )
    return table


# --------------------------------------------------------------------------------------------------------------- unused


def _unused(view: View) -> RenderableType:
    title = heading("Unused fixtures", len(view.unused))
    elsewhere = f"  not listed: {view.unused_elsewhere} of plugins and of pytest itself"
    return Group(
        title,
        *(line for row in view.unused for line in _unused_lines(row)),
        *([] if view.unused else [Text("  none")]),
        *([Text(elsewhere, "dim")] if view.unused_elsewhere and not view.name_glob else []),
    )


def _unused_lines(row: UnusedRow) -> Iterator[Text]:
    yield Text.assemble(
        "  ",
        (printable(row.name), "bold"),
        f"  {row.scope}  ",
        (printable(row.where), "dim"),
        "  ",
        (row.certainty, "red" if row.certainty == "certain" else "yellow"),
    )
    if row.why:
        yield Text(f"      {printable(row.why)}")


# ------------------------------------------------------------------------------------------------------------ generated


def _made(view: View) -> RenderableType:
    lines = []
    for row in view.made:
        lines.append(Text.assemble("  ", (printable(row.name), "bold"), "  ", (printable(row.made_at), "dim")))
        lines += [Text(f"      {printable(step)}") for step in row.steps]
    return Group(heading("Generated fixtures, and what made them", len(view.made)), *lines)


# --------------------------------------------------------------------------------------------------- diagnostics, notes


def _diagnostics(view: View, options: Options) -> RenderableType:
    total = sum(len(group.rows) for group in view.diagnostics)
    lines = [line for group in view.diagnostics for line in _group_lines(group, None if options.wide else ROWS)]
    return Group(heading("Diagnostics", total), *lines)


def _group_lines(group: DiagnosticGroup, most: int | None) -> Iterator[Text]:
    yield Text.assemble(
        "  ",
        (printable(group.code), "bold"),
        " ",
        (group.severity, _SEVERITY_STYLE[group.severity]),
        f" ({len(group.rows)})",
    )
    for row in group.rows[:most]:
        yield Text.assemble("    ", (printable(row.where), "dim"), f": {printable(row.message)}{_doubt(row.certainty)}")
    if most is not None and len(group.rows) > most:
        yield Text(f"    … and {len(group.rows) - most} more; --wide shows all", "dim")


def _doubt(certainty: Certainty) -> str:
    return "" if certainty == "certain" else " (possible)"


def _notes(view: View) -> RenderableType:
    plugins = ", ".join(view.environment.plugins) or "none"
    about = (f"interpreter: {view.environment.python}", f"plugins: {plugins}", *view.notes)
    return Group(heading("Notes", len(about)), *(Text(f"  {printable(note)}") for note in about))
