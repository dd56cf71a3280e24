"""The closure of a test: which definition each requested name means to it. pytest's algorithm, both its versions.

Up to pytest 8 the static closure follows only the nearest definition of each name, breadth by breadth. From the
release that has ``traverse_fixture_closure`` it walks depth first and follows override chains. Which fixtures a run
really sets up is the same in both: an override that requests its own name gets the next definition out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from fixturescope.analysis.nodes import Definition, Node


@dataclass(frozen=True, slots=True, eq=False)
class Closure:
    """What a set of requested names brings in, seen from one node.

    Attributes:
        names: Requested name → all visible definitions, the nearest last; only names that have any.
        used: Definitions that are set up: the nearest ones, and those further out that an override requests.
        edges: Who asks for what: definition, requested name, definition that answers.
        unknown: Requested names without a definition, with who asks (None: the test itself).
    """

    names: Mapping[str, tuple[Definition, ...]]
    used: tuple[Definition, ...]
    edges: tuple[tuple[Definition, str, Definition], ...]
    unknown: tuple[tuple[str, Definition | None], ...]


class Closures:
    """Computes closures and shares them: tests that see the same fixtures and ask for the same get the same object.

    Args:
        follows_overrides: Whether the target's pytest walks override chains when it computes a static closure.
    """

    def __init__(self, *, follows_overrides: bool) -> None:
        self._follows_overrides = follows_overrides
        self._known: dict[tuple[int, tuple[str, ...], frozenset[str]], Closure] = {}
        self._beyond: dict[tuple[int, Definition, frozenset[str]], Closure] = {}

    def closure(self, node: Node, initial: Iterable[str], ignore: frozenset[str]) -> Closure:
        """Return the closure of some names.

        Args:
            node: The collection node that asks.
            initial: Requested names, in pytest's order.
            ignore: Names that direct parametrization provides.
        """
        names = tuple(dict.fromkeys(initial))
        bearing = node.bearing()
        hidden = frozenset(name for name in ignore if bearing.visible(name)) if ignore else ignore
        key = (id(bearing), names, ignore if hidden else frozenset(n for n in ignore if n in names))
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._compute(bearing, names, ignore)
        return found

    def beyond(self, node: Node, asker: Definition, ignore: frozenset[str]) -> Closure:
        """Return what a fixture gets that asks for its own name while it runs: the next definition out, and so on."""
        bearing = node.bearing()
        key = (id(bearing), asker, ignore)
        if key not in self._beyond:
            self._beyond[key] = _walk(bearing, (asker.name,), ignore, asker)
        return self._beyond[key]

    def _compute(self, node: Node, initial: tuple[str, ...], ignore: frozenset[str]) -> Closure:
        walked = _walk(node, initial, ignore)
        if self._follows_overrides:
            return walked
        names: dict[str, tuple[Definition, ...]] = {}
        for name in _breadth_first(node, initial, ignore, names):
            del name
        return Closure(names, walked.used, walked.edges, walked.unknown)


def _breadth_first(
    node: Node, initial: tuple[str, ...], ignore: frozenset[str], names: dict[str, tuple[Definition, ...]]
) -> Iterator[str]:
    queue = list(initial)
    seen = set(queue)
    for name in queue:
        if name in ignore:
            continue
        visible = node.visible(name)
        if not visible:
            continue
        names[name] = visible
        yield name
        for request in visible[-1].requests:
            if request not in seen:
                seen.add(request)
                queue.append(request)


def _walk(node: Node, initial: tuple[str, ...], ignore: frozenset[str], start: Definition | None = None) -> Closure:
    """Depth first, with the position in each name's override chain kept on the simulated stack (no recursion).

    ``start`` is the definition that asks for the initial names; None: the test itself.
    """
    names: dict[str, tuple[Definition, ...]] = {}
    used: dict[Definition, None] = {}
    edges: dict[tuple[Definition, str, Definition], None] = {}
    unknown: dict[tuple[str, Definition | None], None] = {}
    position: dict[str, int] = {}
    if start is not None:
        visible = node.visible(start.name)
        position[start.name] = visible.index(start) - len(visible) - 1 if start in visible else -1
    stack: list[tuple[Definition | None, str, int, Iterator[str]]] = [(start, "", 0, iter(initial))]
    while stack:
        asker, asker_name, outer, rest = stack[-1]
        name = next(rest, None)
        if name is None:
            stack.pop()
            if asker is not None:
                position[asker_name] = outer
            continue
        if name in ignore:
            continue
        visible = node.visible(name)
        index = position.get(name, -1)
        if not visible or -index > len(visible):
            if name != "request":
                unknown[(name, asker)] = None
            continue
        names[name] = visible
        definition = visible[index]
        if asker is not None:
            edges[(asker, name, definition)] = None
        if position.get(name) == -1:
            continue  # already processed, and not on the stack
        used[definition] = None
        position[name] = index - 1
        stack.append((definition, name, index, iter(definition.requests)))
    return Closure(names, tuple(used), tuple(edges), tuple(unknown))
