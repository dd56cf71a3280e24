"""A comparison as titled tables, which every format shows alike. No string of any format."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fixturescope.report.compare import Comparison, CostChange, Named
from fixturescope.units import show_bytes, show_seconds


@dataclass(frozen=True)
class Titled:
    """One table, and what it is about."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def headline(comparison: Comparison) -> str:
    """Return the answer in one sentence."""
    if not comparison.compared and comparison.total_old_s is None:
        found = [
            f"{len(names)} {word}"
            for names, word in (
                (comparison.added, "added"),
                (comparison.removed, "removed"),
                (comparison.renamed, "renamed"),
                (comparison.new_unused, "newly unused"),
            )
            if names
        ]
        return f"fixtures: {', '.join(found) or 'the same'}; no costs to compare"
    slower = [one for one in comparison.worse if one.what == "set-up and teardown"]
    faster = [one for one in comparison.better if one.what == "set-up and teardown"]
    heavier = [one for one in comparison.worse if one.what.endswith("memory")]
    parts = [
        f"{len(found)} {word}"
        for found, word in ((slower, "slower"), (faster, "faster"), (heavier, "heavier"))
        if found
    ]
    total = ""
    if comparison.total_old_s is not None and comparison.total_new_s is not None:
        total = f"; a full run: {show_seconds(comparison.total_old_s)} → {show_seconds(comparison.total_new_s)}"
    return f"{', '.join(parts) or 'nothing differs beyond noise'} of {comparison.compared} measured{total}"


def basis(comparison: Comparison) -> tuple[str, ...]:
    """Return what the comparison rests on, a sentence each."""
    spread = ", ".join(f"{one:.0%}" for one in comparison.noise)
    said = [f"old: {comparison.old}", f"new: {comparison.new}"]
    if comparison.compared:
        said.append(
            f"the whole run was {comparison.drift:.2f} × as slow, which is taken out; the ratio of two runs of one fixture"
            f" varies by {spread} (below 0.3 ms, below 3 ms, above)"
        )
    return (*said, *comparison.notes)


def tables(comparison: Comparison) -> tuple[Titled, ...]:
    """Return all tables that have rows, the most urgent first."""
    costs = ("fixture", "what", "old", "new", "×", "noise allows", "where")
    names = ("fixture", "where")
    found = (
        Titled("Slower or heavier", costs, tuple(map(_cost, comparison.worse))),
        Titled("Faster or lighter", costs, tuple(map(_cost, comparison.better))),
        Titled("Unused now", names, _names(comparison.new_unused)),
        Titled("Used again", names, _names(comparison.used_again)),
        Titled("Added", names, _names(comparison.added)),
        Titled("Removed", names, _names(comparison.removed)),
        Titled(
            "Renamed or moved: the same body",
            ("old", "new", "where"),
            tuple((one.old.id, one.new.id, one.new.where) for one in comparison.renamed),
        ),
        Titled(
            "Changed",
            ("fixture", "what", "old", "new", "where"),
            tuple((one.fixture.name, one.field, one.old, one.new, one.fixture.where) for one in comparison.fields),
        ),
    )
    return tuple(one for one in found if one.rows)


def _cost(change: CostChange) -> tuple[str, ...]:
    show = show_seconds if change.what in ("set-up and teardown", "startup") else _show_bytes
    name = "start of pytest" if change.fixture is None else change.fixture.name
    allowed = f"{change.low:.2f} to {change.high:.2f}" if change.low != change.high else "exact"
    return (
        f"{name}[{change.label}]" if change.label else name,
        change.what,
        show(change.old),
        show(change.new),
        f"{change.ratio:.2f}",
        allowed,
        change.fixture.where if change.fixture else "",
    )


def _show_bytes(size: float) -> str:
    return show_bytes(int(size))


def _names(named: Iterable[Named]) -> tuple[tuple[str, ...], ...]:
    return tuple((one.name, one.where) for one in named)
