"""Which fixture asks for which: the part of the graph that is worth a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fixturescope.document import OWN_ORIGINS, Document
from fixturescope.model import Certainty, Fixture, Scope, Via
from fixturescope.report.view.costs import Costs
from fixturescope.report.view.places import labels

NEAR = 2
"""So many fixtures that one asks for, and as many that ask for it, stand beside one that matters."""


@dataclass(frozen=True)
class Node:
    """One fixture."""

    id: str
    name: str
    """What tells it from others of its name, too."""
    scope: Scope
    own: bool
    usage: int
    setups: int
    run_s: float | None
    """What a full run spends on it; null where it was not measured."""
    unused: Certainty | None


@dataclass(frozen=True)
class Link:
    """One fixture asks for another; both by their place among the nodes."""

    source: int
    target: int
    name: str
    via: Via
    tests: int
    """Test functions in which it does so."""


@dataclass(frozen=True)
class Network:
    """A part of the graph."""

    nodes: tuple[Node, ...]
    """Those on which a full run spends most first, then those that it sets up most often; each before its neighbours."""
    links: tuple[Link, ...]
    left_out: int
    """Fixtures that are not shown."""


def make_network(document: Document, costs: Costs | None, most: int | None) -> Network:
    """Return the fixtures that matter most and who of them asks for whom.

    Args:
        document: Where they stand.
        costs: What they cost.
        most: How many; None for all fixtures, the unused ones of plugins and pytest included.
    """
    seconds = {} if costs is None else {row.id: row.run_s for row in costs.rows}
    asked = {one.target for one in document.edges if one.tests}

    def weight(one: Fixture) -> tuple[float, int, bool, str]:
        return -seconds.get(one.id, 0.0), -one.setups, one.id not in asked, one.id

    used = [one for one in document.fixtures if most is None or one.usage or one.origin in OWN_ORIGINS]
    shown = _with_neighbours(sorted(used, key=weight), document, most)
    called = labels(document.fixtures)
    at = {one.id: number for number, one in enumerate(shown)}
    return Network(
        nodes=tuple(
            Node(
                id=one.id,
                name=called[one.id],
                scope=one.scope,
                own=one.origin in OWN_ORIGINS,
                usage=one.usage,
                setups=one.setups,
                run_s=seconds.get(one.id),
                unused=one.unused,
            )
            for one in shown
        ),
        links=tuple(
            Link(at[one.source], at[one.target], one.name, one.via, one.tests)
            for one in document.edges
            if one.source in at and one.target in at
        ),
        left_out=len(document.fixtures) - len(shown),
    )


def _with_neighbours(ordered: Sequence[Fixture], document: Document, most: int | None) -> list[Fixture]:
    """Return the first fixtures, each with `NEAR` of those that it asks for and of those that ask for it in most tests."""
    if most is None or most >= len(ordered):
        return list(ordered)
    known = {one.id: one for one in ordered}
    near: dict[str, dict[str, list[str]]] = {"needs": {}, "needed by": {}}
    for edge in sorted(document.edges, key=lambda one: (-one.tests, one.source, one.target)):
        near["needs"].setdefault(edge.source, []).append(edge.target)
        near["needed by"].setdefault(edge.target, []).append(edge.source)
    shown: dict[str, Fixture] = {}
    for one in ordered:
        beside = [id_ for ends in near.values() for id_ in ends.get(one.id, ())[:NEAR]]
        for id_ in (one.id, *beside):
            if id_ in known and len(shown) < most:
                shown[id_] = known[id_]
    return list(shown.values())
