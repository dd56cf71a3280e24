"""What was resolved to the model: ids, fixtures, tests and edges, sorted so that equal input gives equal output."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import msgspec

from fixturescope.analysis.categories import category
from fixturescope.analysis.closures import Closure
from fixturescope.analysis.collect import scope_of
from fixturescope.analysis.evaluate import DynamicRequest
from fixturescope.analysis.nodes import CollectedTest, Definition, FixtureIdentity, Node
from fixturescope.analysis.resolve import ResolvedTest, Usage
from fixturescope.analysis.values import ClassValue, FixtureValue, FunctionValue, LambdaValue, MadeBy
from fixturescope.graph import Edge
from fixturescope.model import Certainty, Fixture, Origin, Request, Scope, ScopeIs, Test
from fixturescope.settings import CategoryRule


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fixture's module comes from."""

    origin: Origin
    plugin: str | None = None


class Identities:
    """Gives each fixture definition its id, however often it is registered.

    Args:
        relative: Shows a path as the document does.
        source_of: Says where a module comes from.
    """

    def __init__(self, relative: Callable[[Path], str], source_of: Callable[[Path], Source]) -> None:
        self._relative = relative
        self._source_of = source_of
        self._by_value: dict[tuple[int, str], FixtureIdentity] = {}
        self._keep: list[FixtureValue] = []
        self._ids: Counter[str] = Counter()

    def assign(self, definitions: Iterable[Definition]) -> None:
        """Give every registration its identity."""
        for definition in definitions:
            key = (id(definition.value), definition.name)
            identity = self._by_value.get(key)
            if identity is None:
                identity = FixtureIdentity(self._id(definition), definition)
                self._by_value[key] = identity
                self._keep.append(definition.value)
            definition.identity = identity
            identity.registrations.append(definition)

    @property
    def all(self) -> tuple[FixtureIdentity, ...]:
        """All identities, in the order in which they were met."""
        return tuple(self._by_value.values())

    def source(self, identity: FixtureIdentity) -> Source:
        """Return where a fixture comes from."""
        first = identity.first
        return self._source_of((first.function.module if first.function is not None else first.value.module).path)

    def origin(self, identity: FixtureIdentity) -> Origin:
        """Return whose a fixture is: what a statement of the project registers is its own, whoever wrote the function."""
        source, made = self.source(identity), identity.first.value.made
        if made is not None and "static" in (source.origin, self._source_of(made.path).origin):
            return "generated"
        return source.origin

    def _id(self, definition: Definition) -> str:
        function = definition.function
        module = function.module if function is not None else definition.value.module
        source = self._source_of(module.path)
        prefix = self._relative(module.path)
        if source.origin in ("plugin", "builtin"):
            prefix = f"{source.plugin}:{module.dotted}"
        qualname = (
            function.frame.qualname if isinstance(function, FunctionValue) and function.frame.kind == "class" else ""
        )
        base = "::".join(part for part in (prefix, *qualname.split("."), definition.attribute) if part)
        self._ids[base] += 1
        return base if self._ids[base] == 1 else f"{base}#{self._ids[base]}"


def fixture(
    identity: FixtureIdentity,
    usage: Usage,
    *,
    relative: Callable[[Path], str],
    origin: Origin,
    plugin: str | None,
    requests: tuple[DynamicRequest, ...],
    unused: Certainty | None,
    rules: Sequence[CategoryRule] = (),
) -> Fixture:
    """Return the model of one fixture; ``rules`` decide the category of one of the project's own."""
    first = identity.first
    function = first.function
    scope, scope_is = scope_of(first.value)
    facts = function.facts if isinstance(function, FunctionValue) else None
    made = first.value.made
    broadest = min(identity.registrations, key=lambda d: len(d.node.chain()))
    line = function.facts.line if function is not None else first.value.line
    made_of = function.facts if function is not None else None
    model = Fixture(
        id=identity.id,
        name=first.name,
        function=facts.name
        if facts is not None
        else "<lambda>"
        if isinstance(function, LambdaValue)
        else first.attribute,
        path=relative(function.module.path if function is not None else first.value.module.path),
        line=line,
        scope=cast(Scope, scope),
        scope_is=cast(ScopeIs, scope_is),
        autouse=first.autouse,
        params=first.params,
        visible_from=broadest.node.kind,
        visible_in=broadest.node.id,
        origin=origin,
        plugin=plugin,
        made_at=None if made is None else f"{relative(made.path)}:{made.line}",
        why=() if made is None else tuple(_step(step, relative) for step in made.steps),
        requests=_fixture_requests(first, line, requests),
        has_teardown=facts.after_yield if facts is not None else False,
        is_async=facts.is_async if facts is not None else False,
        doc=facts.doc if facts is not None else None,
        certainty="certain" if any(d.certain for d in identity.registrations) else "possible",
        usage=usage.items,
        usage_dynamic=usage.dynamic_items,
        setups=usage.setups,
        unused=unused,
    )
    if origin not in ("static", "generated"):
        return model
    return msgspec.structs.replace(model, category=category(model, made_of, rules))


def _step(step: MadeBy, relative: Callable[[Path], str]) -> str:
    bindings = ", ".join(f"{name}={value}" for name, value in step.bindings)
    return f"{bindings} at {relative(step.path)}:{step.line}"


def _fixture_requests(definition: Definition, line: int, dynamic: Iterable[DynamicRequest]) -> tuple[Request, ...]:
    asked = [
        Request(name=name, via="override" if name == definition.name else "argument", line=line)
        for name in definition.requests
        if name != "request"
    ]
    return (*asked, *_dynamic_requests(dynamic))


def _dynamic_requests(requests: Iterable[DynamicRequest]) -> list[Request]:
    return [
        Request(name=r.pattern, via="getfixturevalue", line=r.line, certainty="certain" if r.certain else "possible")
        for r in requests
    ]


_NOTHING: Mapping[str, str] = {}


class Tests:
    """Makes test models, sharing one mapping among tests with the same closure."""

    def __init__(self, relative: Callable[[Path], str], ini: Sequence[str]) -> None:
        self._relative = relative
        self._ini = frozenset(ini)
        self._mappings: dict[int, Mapping[str, str]] = {}

    def mapping(self, closure: Closure) -> Mapping[str, str]:
        """Return requested name → fixture id."""
        found = self._mappings.get(id(closure))
        if found is None:
            found = {name: visible[-1].identity.id for name, visible in sorted(closure.names.items())}
            self._mappings[id(closure)] = found
        return found

    def _dynamic(self, resolved: ResolvedTest) -> Mapping[str, str]:
        if not resolved.dynamic:
            return _NOTHING
        return {name: target for closure, _ in resolved.dynamic for name, target in self.mapping(closure).items()}

    def model(self, resolved: ResolvedTest, requests: Iterable[DynamicRequest]) -> Test:
        """Return the model of one test."""
        test = resolved.test
        module = next((node.id for node in test.node.ancestors() if node.kind == "module"), "")
        return Test(
            id=test.id,
            path=module,
            line=test.line,
            cls=test.node.qualname,
            name=test.name,
            items=resolved.items,
            items_are="exact" if resolved.exact else "at_least",
            closure=self.mapping(resolved.closure),
            dynamic=self._dynamic(resolved),
            requests=self._requests(resolved, requests),
            certainty="certain" if test.certain else "possible",
        )

    def _requests(self, resolved: ResolvedTest, dynamic: Iterable[DynamicRequest]) -> tuple[Request, ...]:
        test = resolved.test
        line, arguments = test.line, set(test.arguments)
        autouse = set(test.node.autouse_names())
        found = []
        for name in resolved.initial:
            if name == "request" or name in resolved.parameters.direct:
                continue
            if name in arguments:
                via = "indirect" if name in resolved.parameters.indirect else "argument"
            elif name in self._ini:
                via = "ini"
            else:
                via = "autouse" if name in autouse else "usefixtures"
            found.append(Request(name=name, via=via, line=line))  # type: ignore[arg-type]
        lazy = [Request(name=name, via="getfixturevalue", line=line) for name in resolved.parameters.lazy]
        return (*found, *lazy, *_dynamic_requests(dynamic))


def edges(tests: Sequence[ResolvedTest], identities: Iterable[FixtureIdentity]) -> tuple[Edge, ...]:
    """Return all edges between fixtures, each with the number of test functions that resolve it so.

    What a fixture asks for that no test sets up is resolved from where it is registered.
    """
    counts: Counter[tuple[str, str, str, bool]] = Counter()
    closures: dict[int, tuple[Closure, int]] = {}
    for resolved in tests:
        for closure in (resolved.closure, *(closure for closure, _ in resolved.dynamic)):
            if closure.edges:
                _, seen = closures.get(id(closure), (closure, 0))
                closures[id(closure)] = (closure, seen + 1)
    for closure, seen in closures.values():
        for asker, name, answer in closure.edges:
            counts[(asker.identity.id, name, answer.identity.id, asker.name == name)] += seen
    asking = {source for source, _, _, _ in counts}
    for identity in identities:
        for definition in identity.registrations if identity.id not in asking else ():
            for name in definition.requests:
                visible = definition.node.visible(name)
                if name == definition.name:
                    visible = visible[: visible.index(definition)] if definition in visible else ()
                if visible:
                    counts[(identity.id, name, visible[-1].identity.id, name == definition.name)] += 0
    return tuple(
        Edge(source=source, target=target, name=name, via="override" if own else "argument", tests=seen)
        for (source, name, target, own), seen in sorted(counts.items())
    )


__all__ = ["ClassValue", "CollectedTest", "Identities", "Node", "Source", "Tests", "edges", "fixture"]
