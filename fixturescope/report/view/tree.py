"""Where the suite's fixture time goes: all of it, divided again and again down to single fixtures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from fixturescope.document import OWN_ORIGINS, Document
from fixturescope.model import Fixture
from fixturescope.report.view.costs import Costs
from fixturescope.report.view.places import place

Division = Literal["place", "scope", "category"]
"""By folder and file, by scope, by category."""


@dataclass(frozen=True)
class Part:
    """One part of the time; it stands behind the part that it belongs to, the largest first."""

    name: str
    """Of a folder, file, scope, category or fixture; empty for the whole."""
    above: int
    """Place of the part that it belongs to; -1 for the whole."""
    seconds: float
    fixture: str | None
    """Its id, where it is one."""


@dataclass
class _Node:
    seconds: float = 0.0
    fixture: str | None = None
    parts: dict[str, _Node] = field(default_factory=dict)


def make_tree(document: Document, costs: Costs, by: Division) -> tuple[Part, ...]:
    """Return the whole and all its parts, each before its own parts; what takes no time is left out."""
    fixtures = {one.id: one for one in document.fixtures}
    whole = _Node()
    for row in costs.rows:
        if row.run_s > 0:
            _add(whole, (*_WAYS[by](fixtures[row.id]), row.id), row.run_s, row.id)
    return tuple(_parts(whole, {row.id: row.name for row in costs.rows}))


def _by_place(fixture: Fixture) -> tuple[str, ...]:
    if fixture.origin not in OWN_ORIGINS:
        return (fixture.plugin or fixture.origin,)
    folders = place(fixture.path).split("/")
    return (*(f"{folder}/" for folder in folders[:-1]), folders[-1])


def _by_scope(fixture: Fixture) -> tuple[str, ...]:
    return (fixture.scope,)


def _by_category(fixture: Fixture) -> tuple[str, ...]:
    return (fixture.category or fixture.plugin or fixture.origin,)


_WAYS: dict[Division, Callable[[Fixture], tuple[str, ...]]] = {
    "place": _by_place,
    "scope": _by_scope,
    "category": _by_category,
}


def _add(whole: _Node, way: tuple[str, ...], seconds: float, fixture: str) -> None:
    node = whole
    node.seconds += seconds
    for step in way:
        node = node.parts.setdefault(step, _Node())
        node.seconds += seconds
    node.fixture = fixture


def _parts(whole: _Node, names: Mapping[str, str]) -> Iterator[Part]:
    """Give nodes before their parts; a folder that holds one folder alone is one with it."""
    count = 0
    waiting: list[tuple[str, _Node, int]] = [("", whole, -1)]
    while waiting:
        name, node, above = waiting.pop()
        while above >= 0 and name.endswith("/") and len(node.parts) == 1:
            ((more, only),) = node.parts.items()
            if not more.endswith("/"):
                break
            name, node = name + more, only
        shown = name if node.fixture is None else names[node.fixture]
        yield Part(shown, above, node.seconds, node.fixture)
        ordered = sorted(node.parts.items(), key=lambda part: (-part[1].seconds, part[0]), reverse=True)
        waiting += [(step, part, count) for step, part in ordered]
        count += 1
