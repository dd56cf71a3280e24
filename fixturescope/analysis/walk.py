"""What is in a piece of program: its statements, its calls."""

from __future__ import annotations

from collections.abc import Iterator

from fixturescope.analysis import facts as f


def statements(body: tuple[f.Stmt, ...], *, functions: bool = False) -> Iterator[f.Stmt]:
    """Yield the statements of a body and of the blocks in it, class bodies included.

    Args:
        body: The body.
        functions: Whether to go into functions too.
    """
    stack = list(reversed(body))
    while stack:
        statement = stack.pop()
        yield statement
        if isinstance(statement, f.Function) and not functions:
            continue
        parts: list[f.Stmt] = []
        for name in ("body", "orelse", "final"):
            parts.extend(getattr(statement, name, None) or ())
        for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
            parts.extend(part.body)
        stack.extend(reversed(parts))


def calls_in(node: object) -> Iterator[f.Call]:
    """Yield the calls in a piece of program, lambdas left out."""
    stack = [node]
    while stack:
        current = stack.pop()
        if isinstance(current, f.Lambda):
            continue
        if isinstance(current, f.Call):
            yield current
        if isinstance(current, tuple):
            stack.extend(current)
        elif hasattr(current, "__struct_fields__"):
            stack.extend(getattr(current, name) for name in current.__struct_fields__)


def walrus_names(node: object) -> Iterator[str]:
    """Yield the names that an expression binds, lambdas left out."""
    stack = [node]
    while stack:
        current = stack.pop()
        if isinstance(current, f.Lambda):
            continue
        if isinstance(current, f.Walrus):
            yield current.target
        if isinstance(current, tuple):
            stack.extend(current)
        elif hasattr(current, "__struct_fields__"):
            stack.extend(getattr(current, name) for name in current.__struct_fields__)


def names_read(node: object) -> set[str]:
    """Return the names that a piece of program holds, what stands in nested functions included."""
    found: set[str] = set()
    stack = [node]
    while stack:
        current = stack.pop()
        if isinstance(current, f.Name):
            found.add(current.id)
        elif isinstance(current, tuple):
            stack.extend(current)
        elif hasattr(current, "__struct_fields__"):
            stack.extend(getattr(current, name) for name in current.__struct_fields__)
    return found
