"""What stands in a piece of program: its names and other nodes, and the names that it binds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from fixturescope.analysis import facts as f
from fixturescope.analysis.walk import statements, walrus_names

_Node = TypeVar("_Node")

_BLOCKS = frozenset({"body", "orelse", "final", "handlers", "cases"})


def nodes_in(node: object, kind: type[_Node]) -> Iterator[_Node]:
    """Yield the nodes of one kind in a piece of program, what stands in nested functions included."""
    stack = [node]
    while stack:
        current = stack.pop()
        if isinstance(current, kind):
            yield current
        if isinstance(current, tuple):
            stack.extend(current)
        elif hasattr(current, "__struct_fields__"):
            stack.extend(getattr(current, name) for name in current.__struct_fields__)


def names_in(node: object) -> Iterator[f.Name]:
    """Yield the names in a piece of program, what stands in nested functions included."""
    return nodes_in(node, f.Name)


def head_of(statement: f.Stmt) -> tuple[object, ...]:
    """Return the expressions of a statement without the blocks in it."""
    return tuple(getattr(statement, name) for name in statement.__struct_fields__ if name not in _BLOCKS)


def bound_names(body: Sequence[f.Stmt]) -> list[str]:
    """Return the names that a body binds; those that it declares global or nonlocal left out."""
    found: dict[str, None] = {}
    outer: set[str] = set()
    for statement in statements(tuple(body)):
        targets: tuple[f.Expr, ...] = ()
        if isinstance(statement, f.Assign):
            targets = statement.targets
        elif isinstance(statement, f.AugAssign | f.For):
            targets = (statement.target,)
        elif isinstance(statement, f.With):
            targets = tuple(target for _, target in statement.items if target is not None)
        elif isinstance(statement, f.Function | f.Class):
            found[statement.name] = None
        elif isinstance(statement, f.Import):
            found.update((alias or name.partition(".")[0], None) for name, alias in statement.names)
        elif isinstance(statement, f.FromImport):
            found.update((alias or name, None) for name, alias in statement.names or ())
        elif isinstance(statement, f.Global):
            outer.update(statement.names)
        elif isinstance(statement, f.Match):
            found.update((name, None) for case in statement.cases for name in case.names)
        elif isinstance(statement, f.Try):
            found.update((handler.name, None) for handler in statement.handlers if handler.name)
        for target in targets:
            found.update((one.id, None) for one in _targets(target))
        if not isinstance(statement, f.Function | f.Class):
            found.update((name, None) for name in walrus_names(head_of(statement)))
    return [name for name in found if name not in outer]


def _targets(node: f.Expr) -> Iterator[f.Name]:
    if isinstance(node, f.Name):
        yield node
    elif isinstance(node, f.Star):
        yield from _targets(node.value)
    elif isinstance(node, f.Seq):
        for one in node.items:
            yield from _targets(one)
