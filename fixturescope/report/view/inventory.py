"""Which fixtures there are, who uses them, and what is worth saying about them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from fixturescope.document import OWN_ORIGINS, Document
from fixturescope.model import SCOPES, Certainty, Diagnostic, Fixture, Measurement, Origin, Scope, Severity, Status
from fixturescope.report.view.places import place

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

    id: str
    name: str
    scope: Scope
    category: str | None
    origin: Origin
    plugin: str | None
    autouse: bool
    usage: int
    setups: int
    params: int | None
    """Null: not parametrized; -1: by an unknown number."""
    where: str
    unused: Certainty | None
    status: Status | None
    """Of measuring it, under several parameters one that is not ``ok``; null where it was not tried."""


@dataclass(frozen=True)
class UnusedRow:
    """One fixture of the project that no test uses."""

    id: str
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


def own_scopes(fixtures: Sequence[Fixture]) -> tuple[Scope, ...]:
    """Return the scopes of the project's own fixtures."""
    return tuple(scope for scope in SCOPES if any(f.scope == scope and f.category is not None for f in fixtures))


def category_rows(fixtures: Sequence[Fixture]) -> tuple[CategoryRow, ...]:
    """Return the categories of the project's own fixtures, most used first."""
    own = [one for one in fixtures if one.category is not None]
    uses = sum(one.usage for one in own) or 1

    def cell(group: Sequence[Fixture]) -> tuple[int, float]:
        return len(group), sum(one.usage for one in group) / uses

    scopes = own_scopes(fixtures)
    groups = {name: [one for one in own if one.category == name] for name in {one.category or "" for one in own}}
    rows = [
        CategoryRow(name, tuple(cell([one for one in group if one.scope == scope]) for scope in scopes), cell(group))
        for name, group in groups.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.together[1], -row.together[0], row.name)))


NO_COUNT = Count(0, 0, 0, 0)
"""Where there are no fixtures."""


def sum_counts(counts: Iterable[Count]) -> Count:
    """Return several counts together."""
    counts = tuple(counts)
    return Count(
        sum(count.total for count in counts),
        sum(count.used for count in counts),
        sum(count.unused for count in counts),
        sum(count.possibly_unused for count in counts),
    )


def make_environment(document: Document) -> Environment:
    """Return for whom the answer holds."""
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


def fixture_rows(fixtures: Sequence[Fixture], measurements: Sequence[Measurement]) -> tuple[FixtureRow, ...]:
    """Return all fixtures, most setups first."""
    statuses: dict[str, Status] = {}
    for measured in measurements:
        if statuses.get(measured.fixture, "ok") == "ok":
            statuses[measured.fixture] = measured.status
    ordered = sorted(
        fixtures, key=lambda one: (-one.setups, -one.usage, one.origin not in OWN_ORIGINS, one.name, one.id)
    )
    return tuple(
        FixtureRow(
            id=one.id,
            name=one.name,
            scope=one.scope,
            category=one.category,
            origin=one.origin,
            plugin=one.plugin,
            autouse=one.autouse,
            usage=one.usage,
            setups=one.setups,
            params=one.params,
            where=place(one.path, one.line),
            unused=one.unused,
            status=statuses.get(one.id),
        )
        for one in ordered
    )


def unused_rows(document: Document) -> tuple[UnusedRow, ...]:
    """Return the project's own fixtures that no test uses, by place; certain ones first."""
    rows = [
        (
            one.unused == "possible",
            one.path,
            one.line,
            one.id,
            UnusedRow(
                id=one.id,
                name=one.name,
                scope=one.scope,
                where=place(one.path, one.line),
                certainty=one.unused,
                why=document.why_unused.get(one.id, ""),
            ),
        )
        for one in document.fixtures
        if one.unused and one.origin in OWN_ORIGINS
    ]
    return tuple(row for *_, row in sorted(rows, key=lambda row: row[:4]))


def diagnostic_groups(diagnostics: Sequence[Diagnostic]) -> tuple[DiagnosticGroup, ...]:
    """Return the diagnostics by code, worst first."""

    def kind(one: Diagnostic) -> tuple[str, int]:
        return one.code, SEVERITIES.index(one.severity)

    ordered = sorted(diagnostics, key=lambda one: (*kind(one), one.path, one.line, one.message))
    groups = [
        DiagnosticGroup(
            code,
            SEVERITIES[severity],
            tuple(DiagnosticRow(place(one.path, one.line), one.message, one.certainty) for one in group),
        )
        for (code, severity), group in groupby(ordered, key=kind)
    ]
    return tuple(sorted(groups, key=lambda group: (SEVERITIES.index(group.severity), group.code)))
