"""Scope × category: where fixtures are, who uses them, and what they cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fixturescope.document import Document
from fixturescope.model import SCOPES, Fixture, Scope
from fixturescope.report.view.costs import Costs


@dataclass(frozen=True)
class HeatCell:
    """The fixtures of one category and scope."""

    fixtures: int
    uses: float
    """Their share of all uses of fixtures."""
    run_s: float | None
    """What a full run spends on those that were measured; null where none was."""


@dataclass(frozen=True)
class HeatRow:
    """One category."""

    category: str | None
    """Null: those of plugins and of pytest itself."""
    cells: tuple[HeatCell, ...]
    """One for each of ``Heat.scopes``."""
    together: HeatCell


@dataclass(frozen=True)
class Heat:
    """The whole map."""

    scopes: tuple[Scope, ...]
    """Those that occur, narrowest first."""
    rows: tuple[HeatRow, ...]
    """What costs most first; where nothing was measured, what is used most."""
    most_s: float
    """The largest of ``run_s``, and of ``uses``, of any cell."""
    most_uses: float


def make_heat(document: Document, costs: Costs | None) -> Heat:
    """Return the map of all fixtures."""
    seconds = None if costs is None else {row.id: row.run_s for row in costs.rows}
    uses = sum(one.usage for one in document.fixtures) or 1
    scopes = tuple(scope for scope in SCOPES if any(one.scope == scope for one in document.fixtures))
    groups: dict[str | None, list[Fixture]] = {}
    for one in document.fixtures:
        groups.setdefault(one.category, []).append(one)
    rows = [
        HeatRow(
            category,
            tuple(_cell([one for one in group if one.scope == scope], uses, seconds) for scope in scopes),
            _cell(group, uses, seconds),
        )
        for category, group in groups.items()
    ]
    rows.sort(key=lambda row: (-(row.together.run_s or 0), -row.together.uses, row.category or ""))
    cells = [cell for row in rows for cell in row.cells]
    return Heat(
        scopes=scopes,
        rows=tuple(rows),
        most_s=max((cell.run_s or 0.0 for cell in cells), default=0.0),
        most_uses=max((cell.uses for cell in cells), default=0.0),
    )


def _cell(group: Sequence[Fixture], uses: int, seconds: Mapping[str, float] | None) -> HeatCell:
    known = [seconds[one.id] for one in group if seconds is not None and one.id in seconds]
    return HeatCell(
        fixtures=len(group), uses=sum(one.usage for one in group) / uses, run_s=sum(known) if known else None
    )
