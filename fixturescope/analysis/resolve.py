"""pytest's rules applied to the whole tree: closure, items, usage and setups of everything collected.

In: the collection tree. Out: ``Resolution``: for each test its closure and item count, and for each fixture who uses
it. Nothing here reads files or evaluates code but for the parameters of marks.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fixturescope.analysis.closures import Closure, Closures
from fixturescope.analysis.evaluate import DynamicRequest, Evaluator
from fixturescope.analysis.generate import GenerateHook, Hooks
from fixturescope.analysis.nodes import CollectedTest, Definition, FixtureIdentity, Node
from fixturescope.analysis.parametrize import Parametrization, fixture_items, parametrization, usefixtures
from fixturescope.analysis.values import Mark


@dataclass(frozen=True, slots=True, eq=False)
class ResolvedTest:
    """One test with what pytest would give it."""

    test: CollectedTest
    initial: tuple[str, ...]
    parameters: Parametrization
    closure: Closure
    dynamic: tuple[tuple[Closure, int], ...]
    """What ``getfixturevalue`` with known names brings in, unconditionally: closures, each with the items that do so."""
    items: int
    exact: bool
    unread_marks: tuple[Mark, ...] = ()


@dataclass(slots=True, eq=False)
class Usage:
    """Who uses one fixture."""

    items: int = 0
    dynamic_items: int = 0
    setups: int = 0
    possible: list[str] = field(default_factory=list)
    """What could use it though nothing is seen to: each a sentence with a place."""


@dataclass(frozen=True, slots=True, eq=False)
class Resolution:
    """Everything resolved."""

    tests: tuple[ResolvedTest, ...]
    usage: Mapping[FixtureIdentity, Usage]
    patterns: tuple[tuple[str, str], ...]
    """Names that are asked for in ways not wholly known: pattern and place."""


class Resolver:
    """Resolves collected tests.

    Args:
        evaluator: For the parameters of marks.
        closures: Computes and shares closures.
        hooks: ``pytest_generate_tests`` hooks.
        requests_of: The dynamic requests of a test or fixture.
        relative: Shows a path as the document does.
        may_make: Whether code in force at a node may make a fixture of a name that is defined nowhere.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        closures: Closures,
        hooks: Sequence[GenerateHook],
        requests_of: Callable[[CollectedTest | Definition], tuple[DynamicRequest, ...]],
        relative: Callable[[Path], str],
        may_make: Callable[[Node, str], bool],
    ) -> None:
        self._relative = relative
        self._may_make = may_make
        self._ev = evaluator
        self._closures = closures
        self._hooks = Hooks(evaluator, hooks)
        self._requests_of = requests_of
        self._marks: dict[tuple[int, ...], Parametrization] = {}

    def resolve(self, tests: Iterable[CollectedTest]) -> tuple[ResolvedTest, ...]:
        """Return all tests with their closures and item counts."""
        return tuple(self._resolve(test) for test in tests)

    def _resolve(self, test: CollectedTest) -> ResolvedTest:
        names, unread = usefixtures(test.marks)
        parameters = self._parametrization(test.marks)
        initial = tuple(dict.fromkeys((*test.node.autouse_names(), *names, *test.arguments)))
        closure = self._closures.closure(test.node, initial, parameters.direct)
        names_closure = [*initial, *closure.names, *(name for name, _ in closure.unknown)]
        names_closure += ["request"] if any("request" in one.requests for one in closure.used) else []
        hooked = self._hooks.of(test, names_closure)
        whole = closure
        if hooked.marks:
            parameters = parametrization(self._ev, (*test.marks, *hooked.marks))
            closure = self._closures.closure(test.node, initial, parameters.direct)
        # pytest asks the fixtures of the whole closure for parameters, before it leaves out what a hook has hidden
        count, exact = fixture_items(whole.names, parameters.names | hooked.touched)
        exact &= not any(self._may_make(test.node, name) for name, _ in closure.unknown)  # it may have parameters
        items = 1 if test.is_unittest else count * parameters.count
        dynamic = self._dynamic(test, closure, parameters, items)
        if test.is_unittest and parameters.direct:  # the mark does nothing here but hide names from the closure
            dynamic = (*dynamic, (self._closures.closure(test.node, initial, frozenset()), items))
        return ResolvedTest(
            test,
            initial,
            parameters,
            closure,
            dynamic,
            items,
            test.is_unittest or (exact and hooked.exact and not hooked.touched and parameters.exact and not unread),
            tuple(unread),
        )

    def _parametrization(self, marks: Sequence[Mark]) -> Parametrization:
        key = tuple(id(mark) for mark in marks if mark.name == "parametrize")
        found = self._marks.get(key)
        if found is None:
            found = self._marks[key] = parametrization(self._ev, marks)
        return found

    def _dynamic(
        self, test: CollectedTest, closure: Closure, parameters: Parametrization, items: int
    ) -> tuple[tuple[Closure, int], ...]:
        """Follow ``getfixturevalue`` with known names from a test and from all it brings in."""
        asked: dict[str, int] = {}
        _ask(asked, self._requests_of(test), items)
        for name in parameters.lazy:
            asked[name] = max(asked.get(name, 0), items // max(len(parameters.lazy), 1), 1)
        seen: set[Definition] = set()
        queue = [(definition, items) for definition in closure.used]
        found: dict[str, tuple[Closure, int]] = {}
        beyond: list[tuple[Closure, int]] = []
        while True:
            queue.extend((one, share) for closure, share in beyond for one in closure.used if one not in seen)
            for definition, share in queue:
                if definition not in seen:
                    seen.add(definition)
                    requests = self._requests_of(definition)
                    _ask(asked, (request for request in requests if request.name != definition.name), share)
                    if any(request.certain and request.name == definition.name for request in requests):
                        beyond.append((self._closures.beyond(test.node, definition, parameters.direct), share))
            new = [name for name in asked if name not in found]
            if not new and all(one in seen for closure, _ in beyond for one in closure.used):
                return (*found.values(), *beyond)
            for name in new:
                found[name] = (self._closures.closure(test.node, (name,), parameters.direct), asked[name])
            queue = [(definition, share) for name in new for one, share in [found[name]] for definition in one.used]

    def tally(
        self, tests: Sequence[ResolvedTest], identities: Iterable[FixtureIdentity], package_of: Callable[[Node], str]
    ) -> Resolution:
        """Return who uses each fixture, and how often a full run sets it up."""
        usage = {identity: Usage() for identity in identities}
        places: dict[Definition, set[str]] = {}
        patterns: dict[tuple[str, str], None] = {}
        for resolved in tests:
            static = {definition.identity for definition in resolved.closure.used}
            for identity in static:
                usage[identity].items += resolved.items
            reached = dict.fromkeys(resolved.closure.used, resolved.items)
            for closure, items in resolved.dynamic:
                for definition in closure.used:
                    if definition.identity not in static:
                        reached[definition] = min(reached.get(definition, 0) + items, resolved.items)
            for definition, items in reached.items():
                if definition.identity not in static:
                    usage[definition.identity].items += items
                    usage[definition.identity].dynamic_items += items
                if definition.scope == "function":
                    usage[definition.identity].setups += items
                else:
                    places.setdefault(definition, set()).update(_places(definition, resolved, package_of))
            askers: tuple[CollectedTest | Definition, ...] = (resolved.test, *reached)
            for asker in askers:
                for request in self._requests_of(asker):
                    if not request.certain:
                        patterns[(request.pattern, self._place(asker, request.line))] = None
        for definition, keys in places.items():
            usage[definition.identity].setups += len(keys) * _multiplicity(definition)
        return Resolution(tuple(tests), usage, tuple(patterns))

    def _place(self, asker: CollectedTest | Definition, line: int) -> str:
        module = asker.function.module if asker.function is not None else asker.node.module
        return f"{self._relative(module.path) if module is not None else asker.node.id}:{line}"


def _ask(asked: dict[str, int], requests: Iterable[DynamicRequest], items: int) -> None:
    """Note how many items ask for each known name."""
    for request in requests:
        if request.certain and request.name is not None:
            asked[request.name] = max(asked.get(request.name, 0), items // request.share, 1)


def _places(definition: Definition, resolved: ResolvedTest, package_of: Callable[[Node], str]) -> Iterable[str]:
    """Return the scope instances in which one test sets a fixture up."""
    node = resolved.test.node
    if definition.scope == "session":
        return ("",)
    if definition.scope == "class":
        if node.kind == "class":
            return (node.id,)
        return (f"{resolved.test.id}#{i}" for i in range(resolved.items))
    module = next((n for n in node.ancestors() if n.kind == "module"), node)
    return (module.id,) if definition.scope == "module" else (package_of(module),)


def _multiplicity(definition: Definition) -> int:
    """Return how often one scope instance sets a fixture up: once for each of its parameters."""
    return max(definition.params or 1, 1)


def matches(pattern: str, name: str) -> bool:
    """Return whether a name fits the known part of a computed one (``*`` stands for what is not known)."""
    return fnmatch.fnmatchcase(name, pattern.replace("[", "[[]"))
