"""pytest's collection tree, as far as fixtures see it: who is registered where, and who is visible from where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from fixturescope.analysis.evaluate import DynamicRequest
from fixturescope.analysis.frames import Module
from fixturescope.analysis.values import ClassValue, FixtureValue, FunctionValue, LambdaValue, Mark

NodeKind = Literal["session", "directory", "module", "class"]


@dataclass(slots=True, eq=False)
class Definition:
    """One registration of a fixture on a node: pytest's ``FixtureDef``.

    The same fixture may be registered more than once: imported into two modules, inherited by two classes.
    """

    name: str
    attribute: str
    value: FixtureValue
    node: Node
    requests: tuple[str, ...]
    """Names of the arguments that pytest fills in."""
    scope: str
    autouse: bool
    params: int | None
    """Number of parameters; None when not parametrized, -1 when not known."""
    certain: bool = True
    since: int = 0
    """The test module, counted from 1 as they are collected, whose plugin this is; 0: it is there from the start."""
    identity: FixtureIdentity = field(init=False)

    @property
    def function(self) -> FunctionValue | LambdaValue | None:
        """The function that runs, if it is known."""
        return self.value.function if isinstance(self.value.function, FunctionValue | LambdaValue) else None


@dataclass(slots=True, eq=False)
class FixtureIdentity:
    """One fixture definition of the source, however often it is registered."""

    id: str
    first: Definition
    registrations: list[Definition] = field(default_factory=list)
    dynamic: tuple[DynamicRequest, ...] = ()


@dataclass(slots=True, eq=False)
class Node:
    """One node of the collection tree."""

    kind: NodeKind
    id: str
    parent: Node | None = None
    module: Module | None = None
    qualname: str = ""
    package: bool = False
    cls: ClassValue | None = None
    """Of a class: what is collected."""
    marks: tuple[Mark, ...] = ()
    """Own markers, in pytest's order."""
    fixtures: dict[str, list[Definition]] = field(default_factory=dict)
    """By name, least specific first."""
    autouse: list[str] = field(default_factory=list)
    position: int = 0
    """Of a test module: its place in the order of collection, from 1; what a later one registers it does not see."""
    late: list[Definition] = field(default_factory=list)
    """Fixtures registered here while test modules were collected."""
    _visible: dict[str, tuple[Definition, ...]] = field(default_factory=dict)

    def chain(self) -> list[Node]:
        """Return the nodes from the session down to this one."""
        nodes = [self]
        while (parent := nodes[-1].parent) is not None:
            nodes.append(parent)
        return nodes[::-1]

    def ancestors(self) -> Iterator[Node]:
        """Yield this node, then its parent, up to the session."""
        node: Node | None = self
        while node is not None:
            yield node
            node = node.parent

    def register(self, definition: Definition, *, front: bool = False) -> None:
        """Register a fixture on this node; a later one of the same name hides an earlier one."""
        known = self.fixtures.setdefault(definition.name, [])
        known.insert(0, definition) if front else known.append(definition)
        if definition.since:
            self.late.append(definition)
        elif definition.autouse:
            self.autouse.append(definition.name)
        self._visible.clear()

    def visible(self, name: str) -> tuple[Definition, ...]:
        """Return the definitions of a name that this node sees, the nearest last: pytest's ``getfixturedefs``."""
        found = self._visible.get(name)
        if found is None:
            own = tuple(self.fixtures.get(name, ()))
            above = () if self.parent is None else self.parent.visible(name)
            if self.position and any(definition.since > self.position for definition in above):
                above = tuple(definition for definition in above if definition.since <= self.position)
            found = self._visible[name] = above + own if own else above
        return found

    def autouse_names(self) -> Iterable[str]:
        """Return the autouse names in force here, outermost first."""
        chain = self.chain()
        here = max(node.position for node in chain)
        return [
            name
            for node in chain
            for name in (*node.autouse, *(one.name for one in node.late if one.autouse and one.since <= here))
        ]

    def bearing(self) -> Node:
        """Return the nearest node, this one included, below which all see the same fixtures."""
        for node in self.ancestors():
            if node.fixtures or node.parent is None or (node.position and node.chain()[0].late):
                return node
        return self


@dataclass(slots=True, eq=False)
class CollectedTest:
    """One test function as one module or class collects it."""

    id: str
    name: str
    node: Node
    function: FunctionValue | LambdaValue | None
    line: int
    arguments: tuple[str, ...]
    marks: tuple[Mark, ...]
    """All that apply, closest first."""
    is_unittest: bool = False
    certain: bool = True
    hidden: str | None = None
    """Why this test does not run in the target environment, though its source is there."""
