"""Unused fixtures, sorted by what keeps tests from them: each is one finding, of one code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from fixturescope.analysis import facts as f
from fixturescope.analysis.checks.context import CheckContext
from fixturescope.analysis.nodes import Definition, FixtureIdentity
from fixturescope.analysis.values import FunctionValue

Kind = Literal["unused", "chained", "hidden", "idle"]
"""Nobody asks; only unused fixtures ask; whoever asks gets another definition; autouse without a test in reach."""


@dataclass(frozen=True, slots=True)
class Dead:
    """One unused fixture of the project."""

    fixture: FixtureIdentity
    kind: Kind
    certain: bool
    heads: tuple[FixtureIdentity, ...] = ()
    """The unused fixtures that nobody asks for and that lead here."""
    chain: tuple[FixtureIdentity, ...] = ()
    """What is unused because only this one leads there."""
    instead: tuple[Definition, ...] = ()
    """What the tests that ask for the name get."""


def dead_fixtures(context: CheckContext) -> tuple[Dead, ...]:
    """Return the unused fixtures of the project, by place; those that another of their namespace replaces left out."""
    unused = {
        identity: context.certainties.unused(identity) == "certain" and not context.is_offered(identity)
        for identity in context.own
        if context.certainties.unused(identity) is not None
        and not all(namesake(definition) is not None for definition in identity.registrations)
    }
    asks = {
        identity: tuple(t for t in _asked(context, identity) if t in unused and t is not identity)
        for identity in unused
    }
    reach = _reach(asks)
    heads = _heads(asks, reach)
    hiding = _hiding(context, unused)
    found = (_dead(context, i, [head for head in heads if i in reach[head]], reach, unused, hiding) for i in unused)
    return tuple(dead for dead in found if not (dead.kind == "hidden" and _is_abstract(dead.fixture)))


def _dead(
    context: CheckContext,
    identity: FixtureIdentity,
    above: list[FixtureIdentity],
    reach: Mapping[FixtureIdentity, tuple[FixtureIdentity, ...]],
    unused: Mapping[FixtureIdentity, bool],
    hiding: Mapping[FixtureIdentity, tuple[Definition, ...]],
) -> Dead:
    heads = tuple(head for head in above if head is not identity)
    if heads:
        leading = [other for other in unused if identity in reach[other]]
        return Dead(identity, "chained", unused[identity] and all(unused[other] for other in leading), heads)
    chain = tuple(other for other in reach[identity] if other is not identity)
    kind: Kind = "unused"
    certain = unused[identity]
    if identity in hiding:
        kind = "hidden"
    elif identity.first.autouse:
        kind = "idle"
        certain &= not any(context.reach.get(definition.node) for definition in identity.registrations)
    return Dead(identity, kind, certain, (), chain, hiding.get(identity, ()))


def _asked(context: CheckContext, identity: FixtureIdentity) -> Iterable[FixtureIdentity]:
    """Return what a fixture would get where it is written, since no test says where else."""
    for definition in identity.registrations:
        names = [*definition.requests, *(r.name for r in context.requests_of(definition) if r.name is not None)]
        for name in names:
            visible = definition.node.visible(name)
            if name == definition.name and definition in visible:
                visible = visible[: visible.index(definition)]
            if visible:
                yield visible[-1].identity


def _reach(
    asks: Mapping[FixtureIdentity, tuple[FixtureIdentity, ...]],
) -> dict[FixtureIdentity, tuple[FixtureIdentity, ...]]:
    """Return for each fixture all that it leads to, itself only where it is part of a cycle."""
    reach = {}
    for start in asks:
        seen: dict[FixtureIdentity, None] = {}
        queue = list(asks[start])
        for identity in queue:
            if identity not in seen:
                seen[identity] = None
                queue.extend(asks[identity])
        reach[start] = tuple(seen)
    return reach


def _heads(
    asks: Mapping[FixtureIdentity, tuple[FixtureIdentity, ...]],
    reach: Mapping[FixtureIdentity, tuple[FixtureIdentity, ...]],
) -> list[FixtureIdentity]:
    """Return those that nobody asks for; of a cycle that nobody enters, the first."""
    asked = {target for targets in asks.values() for target in targets}
    heads = [identity for identity in asks if identity not in asked]
    covered = {target for head in heads for target in reach[head]}.union(heads)
    for identity in asks:
        if identity not in covered:
            heads.append(identity)
            covered.update(reach[identity], (identity,))
    return heads


def _hiding(context: CheckContext, unused: Iterable[FixtureIdentity]) -> dict[FixtureIdentity, tuple[Definition, ...]]:
    """Return for each unused fixture whose name tests in its reach do use what these tests get instead."""
    by_name: dict[str, list[FixtureIdentity]] = {}
    for identity in unused:
        by_name.setdefault(identity.first.name, []).append(identity)
    found: dict[FixtureIdentity, dict[Definition, None]] = {}
    for resolved in context.resolution.tests:
        for name in by_name.keys() & resolved.closure.names.keys():
            visible = resolved.closure.names[name]
            for identity in by_name[name]:
                if any(definition.identity is identity for definition in visible[:-1]):
                    found.setdefault(identity, {})[visible[-1]] = None
    return {identity: tuple(definitions) for identity, definitions in found.items()}


def _is_abstract(identity: FixtureIdentity) -> bool:
    """Whether a fixture only raises: it is there to be overridden."""
    function = identity.first.function
    body = function.facts.body if isinstance(function, FunctionValue) else None
    return isinstance(body[-1], f.Raise) if body else False


def namesake(definition: Definition) -> Definition | None:
    """Return the fixture of the same name and namespace that pytest takes instead of this one, if there is one."""
    known = definition.node.fixtures.get(definition.name, ())
    function = definition.function
    if definition not in known or function is None:
        return None
    later = known[known.index(definition) + 1 :]
    for other in later:
        if other.value is definition.value or other.function is None or definition.name in other.requests:
            return None
        if other.function.frame is function.frame and other.function.facts is not function.facts:
            return other if other.certain and definition.certain else None
    return None
