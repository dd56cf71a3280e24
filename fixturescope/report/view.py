"""Document → the tables and figures that every format shows. No string of any format lives here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from fixturescope.document import ORIGINS, OWN_ORIGINS, Document, to_graph
from fixturescope.model import (
    NOT_COLLECTED,
    SCOPES,
    Certainty,
    Diagnostic,
    Fixture,
    ItemsAre,
    Measurement,
    Origin,
    Scope,
    Severity,
    Status,
)
from fixturescope.report.imports import StartupView, view_startup
from fixturescope.report.rank import Impact, impacts

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
"""All severities, worst first."""


@dataclass(frozen=True)
class Count:
    """How many fixtures there are, and how many of them are used."""

    total: int
    used: int
    unused: int
    possibly_unused: int


@dataclass(frozen=True)
class ScopeRow:
    """The fixtures of one scope, by origin."""

    scope: Scope
    by_origin: tuple[Count, ...]
    """One for each of ``View.origins``."""
    together: Count
    own: Count
    """Those of the project itself."""


@dataclass(frozen=True)
class FixtureRow:
    """One fixture of the table."""

    name: str
    scope: Scope
    origin: Origin
    plugin: str | None
    autouse: bool
    usage: int
    setups: int
    params: int | None
    """Null: not parametrized; -1: by an unknown number."""
    where: str
    unused: Certainty | None


@dataclass(frozen=True)
class UnusedRow:
    """One fixture of the project that no test uses."""

    name: str
    scope: Scope
    where: str
    certainty: Certainty
    why: str


@dataclass(frozen=True)
class CategoryRow:
    """The project's own fixtures of one category."""

    name: str
    by_scope: tuple[tuple[int, float], ...]
    """For each of ``View.own_scopes``: how many, and their share of all uses of the project's own fixtures."""
    together: tuple[int, float]


@dataclass(frozen=True)
class MadeRow:
    """One generated fixture."""

    name: str
    made_at: str
    steps: tuple[str, ...]


@dataclass(frozen=True)
class DiagnosticRow:
    """One place that a diagnostic is about."""

    where: str
    message: str
    certainty: Certainty


@dataclass(frozen=True)
class DiagnosticGroup:
    """All diagnostics of one code."""

    code: str
    severity: Severity
    rows: tuple[DiagnosticRow, ...]


@dataclass(frozen=True)
class CostRow:
    """What one fixture costs: seconds and bytes of itself, the largest over its parameters, where not said otherwise."""

    name: str
    scope: Scope
    setups: int
    params: int
    first_s: float
    """Its first set-up in a process."""
    setup_s: float
    """A warm set-up."""
    first_teardown_s: float
    """Its first teardown in a process."""
    teardown_s: float
    """A warm teardown."""
    waits_s: float
    """A warm set-up of it and of all that it needs."""
    run_s: float
    """All set-ups and teardowns of a full run."""
    share: float
    """Of what a full run spends on all measured fixtures."""
    peak: int | None
    retained: int | None
    leaked: int | None
    where: str
    status: Status


@dataclass(frozen=True)
class UnmeasuredGroup:
    """Fixtures that could not be measured for one reason."""

    status: Status
    reason: str
    """Its first line."""
    names: tuple[str, ...]


@dataclass(frozen=True)
class Costs:
    """All that was measured."""

    rows: tuple[CostRow, ...]
    """Those on which a full run spends most first."""
    run_s: float
    """What a full run spends on all of them."""
    unmeasured: tuple[UnmeasuredGroup, ...]
    """Most fixtures first."""
    no_memory: tuple[tuple[str, int], ...]
    """Why fixtures that have times have no bytes, the first line of each reason, and how many fixtures."""
    left_behind: tuple[tuple[str, str], ...]
    """Fixture and what it left running."""
    not_collected: tuple[str, ...]
    """Files and folders that pytest could not collect, each with what it said."""
    how: tuple[str, ...]


@dataclass(frozen=True)
class Environment:
    """For whom the answer holds."""

    python: str
    python_version: str
    chosen_by: str
    pytest_version: str
    plugins: tuple[str, ...]
    rootdir: str
    inifile: str | None
    files: int


@dataclass(frozen=True)
class View:
    """All that is shown."""

    environment: Environment
    origins: tuple[Origin, ...]
    """Those that occur."""
    scopes: tuple[ScopeRow, ...]
    """Those that occur, narrowest first."""
    all_fixtures: tuple[Count, ...]
    """The sums over all scopes, one for each of ``origins``."""
    together: Count
    own: Count
    """The sum over all scopes of the project's own."""
    own_scopes: tuple[Scope, ...]
    categories: tuple[CategoryRow, ...]
    """Most used first."""
    made: tuple[MadeRow, ...]
    """Generated fixtures, by place and name."""
    tests: int
    items: int
    items_are: ItemsAre
    name_glob: str | None
    fixtures: tuple[FixtureRow, ...]
    """Most setups first."""
    unused: tuple[UnusedRow, ...]
    """The project's own, by place; certain ones first."""
    unused_elsewhere: int
    """How many fixtures of plugins and of pytest itself are unused; nobody has to act on those."""
    diagnostics: tuple[DiagnosticGroup, ...]
    """Worst first."""
    notes: tuple[str, ...]
    costs: Costs | None
    """Null where nothing was measured."""
    startup: StartupView | None
    """Null where no start was measured."""


def make_view(document: Document) -> View:
    """Return what is shown of a document."""
    counts = {
        (one.scope, one.origin): Count(
            one.used + one.unused + one.possibly_unused, one.used, one.unused, one.possibly_unused
        )
        for one in document.summary.fixtures
    }
    origins = tuple(origin for origin in ORIGINS if any(at[1] == origin for at in counts))
    return View(
        environment=_environment(document),
        origins=origins,
        scopes=tuple(
            ScopeRow(
                scope,
                tuple(counts.get((scope, origin), _NONE) for origin in origins),
                _sum(count for at, count in counts.items() if at[0] == scope),
                _sum(count for at, count in counts.items() if at[0] == scope and at[1] in OWN_ORIGINS),
            )
            for scope in SCOPES
            if any(at[0] == scope for at in counts)
        ),
        all_fixtures=tuple(_sum(count for at, count in counts.items() if at[1] == origin) for origin in origins),
        together=_sum(counts.values()),
        own=_sum(count for at, count in counts.items() if at[1] in OWN_ORIGINS),
        own_scopes=_own_scopes(document.fixtures),
        categories=_category_rows(document.fixtures),
        made=tuple(
            MadeRow(one.name, one.made_at, one.why)
            for one in sorted(document.fixtures, key=lambda one: (one.made_at or "", one.name))
            if one.made_at is not None
        ),
        tests=document.summary.tests,
        items=document.summary.items,
        items_are=document.summary.items_are,
        name_glob=document.name_glob,
        fixtures=_fixture_rows(document.fixtures),
        unused=_unused_rows(document),
        unused_elsewhere=sum(
            one.unused + one.possibly_unused for one in document.summary.fixtures if one.origin not in OWN_ORIGINS
        ),
        diagnostics=_diagnostic_groups(document.diagnostics),
        notes=document.notes,
        costs=_costs(document) if document.measurements else None,
        startup=None if document.startup is None else view_startup(document.startup),
    )


def _own_scopes(fixtures: Sequence[Fixture]) -> tuple[Scope, ...]:
    return tuple(scope for scope in SCOPES if any(f.scope == scope and f.category is not None for f in fixtures))


def _category_rows(fixtures: Sequence[Fixture]) -> tuple[CategoryRow, ...]:
    own = [one for one in fixtures if one.category is not None]
    uses = sum(one.usage for one in own) or 1

    def cell(group: Sequence[Fixture]) -> tuple[int, float]:
        return len(group), sum(one.usage for one in group) / uses

    scopes = _own_scopes(fixtures)
    groups = {name: [one for one in own if one.category == name] for name in {one.category or "" for one in own}}
    rows = [
        CategoryRow(name, tuple(cell([one for one in group if one.scope == scope]) for scope in scopes), cell(group))
        for name, group in groups.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.together[1], -row.together[0], row.name)))


_NONE = Count(0, 0, 0, 0)


def _sum(counts: Iterable[Count]) -> Count:
    counts = tuple(counts)
    return Count(
        sum(count.total for count in counts),
        sum(count.used for count in counts),
        sum(count.unused for count in counts),
        sum(count.possibly_unused for count in counts),
    )


def _environment(document: Document) -> Environment:
    return Environment(
        python=document.python.path,
        python_version=document.python.version,
        chosen_by=document.python.chosen_by,
        pytest_version=document.pytest.version,
        plugins=document.pytest.plugins,
        rootdir=document.rootdir,
        inifile=document.pytest.inifile,
        files=document.files,
    )


def _costs(document: Document) -> Costs:
    found = impacts(to_graph(document))
    together = sum(one.seconds for one in found)
    failed = [one for one in document.measurements if one.status != "ok"]
    groups: dict[tuple[Status, str], list[str]] = {}
    for one in failed:
        reason = (one.reason or "").partition("\n")[0]
        groups.setdefault((one.status, reason), []).append(_label(one))
    return Costs(
        rows=tuple(_cost_row(one, together) for one in found),
        run_s=together,
        unmeasured=tuple(
            UnmeasuredGroup(status, reason, tuple(names))
            for (status, reason), names in sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
        ),
        no_memory=tuple(
            Counter(
                (one.memory_reason or "").partition("\n")[0]
                for one in document.measurements
                if one.setup_s is not None and one.memory is None
            ).most_common()
        ),
        left_behind=tuple((_label(one), left) for one in document.measurements for left in one.left_behind),
        not_collected=tuple(
            one.removeprefix(NOT_COLLECTED) for one in document.measured if one.startswith(NOT_COLLECTED)
        ),
        how=document.measured,
    )


def _label(measurement: Measurement) -> str:
    return measurement.fixture if measurement.param is None else f"{measurement.fixture}[{measurement.param}]"


def _cost_row(impact: Impact, together: float) -> CostRow:
    fixture = impact.fixture
    setups = [one.setup_s for one in impact.measurements if one.setup_s is not None]
    teardowns = [one.teardown_s for one in impact.measurements if one.teardown_s is not None]
    memory = [one.memory for one in impact.measurements if one.memory is not None]
    failed = [one.status for one in impact.measurements if one.status != "ok"]
    return CostRow(
        name=fixture.name,
        scope=fixture.scope,
        setups=impact.setups,
        params=len(impact.measurements),
        first_s=max(one.cold for one in setups),
        setup_s=max(one.own.median for one in setups),
        first_teardown_s=max((one.cold for one in teardowns), default=0.0),
        teardown_s=max((one.own.median for one in teardowns), default=0.0),
        waits_s=max(one.cumulative.median for one in setups),
        run_s=impact.seconds,
        share=impact.seconds / together if together else 0.0,
        peak=max((one.peak.own for one in memory), default=None),
        retained=max((one.retained.own for one in memory), default=None),
        leaked=max((one.leaked_again.own if one.leaked_again else one.leaked.own for one in memory), default=None),
        where=_where(fixture.path, fixture.line),
        status=failed[0] if failed else "ok",
    )


def _where(path: str, line: int) -> str:
    return f"{path}:{line}" if line else path


def _fixture_rows(fixtures: Sequence[Fixture]) -> tuple[FixtureRow, ...]:
    ordered = sorted(
        fixtures, key=lambda one: (-one.setups, -one.usage, one.origin not in OWN_ORIGINS, one.name, one.id)
    )
    return tuple(
        FixtureRow(
            one.name,
            one.scope,
            one.origin,
            one.plugin,
            one.autouse,
            one.usage,
            one.setups,
            one.params,
            _where(one.path, one.line),
            one.unused,
        )
        for one in ordered
    )


def _unused_rows(document: Document) -> tuple[UnusedRow, ...]:
    rows = [
        (
            one.unused == "possible",
            one.path,
            one.line,
            one.id,
            UnusedRow(one.name, one.scope, _where(one.path, one.line), one.unused, document.why_unused.get(one.id, "")),
        )
        for one in document.fixtures
        if one.unused and one.origin in OWN_ORIGINS
    ]
    return tuple(row for *_, row in sorted(rows, key=lambda row: row[:4]))


def _diagnostic_groups(diagnostics: Sequence[Diagnostic]) -> tuple[DiagnosticGroup, ...]:
    def place(one: Diagnostic) -> tuple[str, int]:
        return one.code, SEVERITIES.index(one.severity)

    ordered = sorted(diagnostics, key=lambda one: (*place(one), one.path, one.line, one.message))
    groups = [
        DiagnosticGroup(
            code,
            SEVERITIES[severity],
            tuple(DiagnosticRow(_where(one.path, one.line), one.message, one.certainty) for one in group),
        )
        for (code, severity), group in groupby(ordered, key=place)
    ]
    return tuple(sorted(groups, key=lambda group: (SEVERITIES.index(group.severity), group.code)))
