"""Document → the tables and figures that every format shows.

In: a ``Document``. Out: rows and figures, frozen, in the order in which they are shown.
May not live here: strings of any format, and figures that only one format shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from fixturescope.document import ORIGINS, OWN_ORIGINS, Document, to_graph
from fixturescope.graph import FixtureGraph
from fixturescope.model import SCOPES, Advice, ItemsAre, Origin, Scope
from fixturescope.report.advice import advise
from fixturescope.report.imports import StartupView, view_startup
from fixturescope.report.rank import LENSES, Ranking, rank
from fixturescope.report.view.changes import ChangeRow, Changes, make_changes
from fixturescope.report.view.costs import CostRow, Costs, UnmeasuredGroup, make_costs
from fixturescope.report.view.heat import Heat, HeatCell, HeatRow, make_heat
from fixturescope.report.view.inventory import (
    NO_COUNT,
    SEVERITIES,
    CategoryRow,
    Count,
    DiagnosticGroup,
    DiagnosticRow,
    Environment,
    FixtureRow,
    MadeRow,
    ScopeRow,
    UnusedRow,
    category_rows,
    diagnostic_groups,
    fixture_rows,
    make_environment,
    own_scopes,
    sum_counts,
    unused_rows,
)
from fixturescope.report.view.places import labels

__all__ = [
    "SEVERITIES",
    "CategoryRow",
    "ChangeRow",
    "Changes",
    "CostRow",
    "Costs",
    "Count",
    "DiagnosticGroup",
    "DiagnosticRow",
    "Environment",
    "FixtureRow",
    "Heat",
    "HeatCell",
    "HeatRow",
    "MadeRow",
    "ScopeRow",
    "UnmeasuredGroup",
    "UnusedRow",
    "View",
    "make_view",
]


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
    changes: Changes
    heat: Heat
    ranking: Ranking | None
    """By what a full run spends; null where nothing was measured."""
    labels: Mapping[str, str]
    """Id → what a fixture is called where its place does not stand beside it."""
    graph: FixtureGraph
    """Whatever else is asked of the document is asked of this one graph."""

    @cached_property
    def rankings(self) -> tuple[Ranking, ...]:
        """One a lens, in the order of `LENSES`; empty where nothing was measured."""
        if self.ranking is None:
            return ()
        return tuple(self.ranking if lens == self.ranking.lens else rank(self.graph, lens) for lens in LENSES)


def make_view(document: Document, advice: Sequence[Advice] | None = None) -> View:
    """Return what is shown of a document.

    Args:
        document: What a run left behind.
        advice: What is advised; None: what `advise` says of a whole document whose bodies were read.
    """
    if advice is None:
        advice = advise(document) if document.readings and document.name_glob is None else ()
    graph = to_graph(document)
    ranking = rank(graph) if document.measurements else None
    costs = None if ranking is None else make_costs(document, ranking)
    counts = {
        (one.scope, one.origin): Count(
            one.used + one.unused + one.possibly_unused, one.used, one.unused, one.possibly_unused
        )
        for one in document.summary.fixtures
    }
    origins = tuple(origin for origin in ORIGINS if any(at[1] == origin for at in counts))
    return View(
        environment=make_environment(document),
        origins=origins,
        scopes=tuple(
            ScopeRow(
                scope,
                tuple(counts.get((scope, origin), NO_COUNT) for origin in origins),
                sum_counts(count for at, count in counts.items() if at[0] == scope),
                sum_counts(count for at, count in counts.items() if at[0] == scope and at[1] in OWN_ORIGINS),
            )
            for scope in SCOPES
            if any(at[0] == scope for at in counts)
        ),
        all_fixtures=tuple(sum_counts(count for at, count in counts.items() if at[1] == origin) for origin in origins),
        together=sum_counts(counts.values()),
        own=sum_counts(count for at, count in counts.items() if at[1] in OWN_ORIGINS),
        own_scopes=own_scopes(document.fixtures),
        categories=category_rows(document.fixtures),
        made=tuple(
            MadeRow(one.name, one.made_at, one.why)
            for one in sorted(document.fixtures, key=lambda one: (one.made_at or "", one.name))
            if one.made_at is not None
        ),
        tests=document.summary.tests,
        items=document.summary.items,
        items_are=document.summary.items_are,
        name_glob=document.name_glob,
        fixtures=fixture_rows(document.fixtures, document.measurements),
        unused=unused_rows(document),
        unused_elsewhere=sum(
            one.unused + one.possibly_unused for one in document.summary.fixtures if one.origin not in OWN_ORIGINS
        ),
        diagnostics=diagnostic_groups(document.diagnostics),
        notes=document.notes,
        costs=costs,
        startup=None if document.startup is None else view_startup(document.startup),
        changes=make_changes(document, advice),
        heat=make_heat(document, costs),
        ranking=ranking,
        labels=labels(document.fixtures),
        graph=graph,
    )
