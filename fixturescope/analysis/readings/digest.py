"""The digest of a fixture function: the same for functions that do the same, in whatever file they stand."""

from __future__ import annotations

import builtins
import hashlib
from collections.abc import Mapping

from fixturescope.analysis import facts as f
from fixturescope.analysis.readings.own import free_names
from fixturescope.analysis.readings.show import last_name
from fixturescope.analysis.walk import statements

MAX_NAMES = 3
"""How many definitions deep the names of a module are compared."""

_BUILTINS = frozenset(dir(builtins))


def digest_of(function: f.Function, module: Mapping[str, f.Stmt], place: str) -> str:
    """Return the digest.

    Its own name, its docstring, its scope and lines are left out. A name of the module counts as what it is imported
    from, or as the code that binds it; where that cannot be compared, as the file.

    Args:
        function: The function.
        module: What the names of its module are bound by.
        place: The file, for names that mean something else in every file.
    """
    decorators = [
        [(arg.keyword, plain(arg.value)) for arg in one.expr.args if arg.keyword in ("params", "ids")]
        if isinstance(one.expr, f.Call) and "fixture" in last_name(one.expr.func).lower()
        else []
        if "fixture" in last_name(one.expr).lower()
        else plain(one.expr)
        for one in function.decorators
    ]
    content = (
        function.is_async,
        [(param.name, param.kind, plain(param.default)) for param in function.params],
        decorators,
        plain(function.body),
        [(name, _meaning(name, module, place, MAX_NAMES)) for name in free_names(function)],
    )
    text = repr(content)
    if "'Opaque'" in text or any(param.name in ("self", "cls") for param in function.params):
        text += f"{place}:{function.line}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def size_of(function: f.Function) -> int:
    """Return how many statements a function has."""
    return len(tuple(statements(function.body or (), functions=True)))


def plain(node: object) -> object:
    """Return a piece of program as tuples, without lines."""
    if isinstance(node, tuple):
        return tuple(plain(one) for one in node)
    fields = getattr(node, "__struct_fields__", None)
    if fields is None:
        return node
    return (type(node).__name__, *(plain(getattr(node, name)) for name in fields if name != "line"))


def _meaning(name: str, module: Mapping[str, f.Stmt], place: str, depth: int) -> object:
    bound = module.get(name)
    if bound is None:
        return name if name in _BUILTINS else place
    if isinstance(bound, f.Import):
        return [one for one, alias in bound.names if (alias or one.partition(".")[0]) == name]
    if isinstance(bound, f.FromImport) and not bound.level:
        return [(bound.module, one) for one, alias in bound.names or () if (alias or one) == name]
    if isinstance(bound, f.Assign) and isinstance(bound.value, f.Const):
        return plain(bound.value)
    if isinstance(bound, f.Function) and bound.body is not None and depth:
        names = [(one, _meaning(one, module, place, depth - 1)) for one in free_names(bound) if one != name]
        return (plain(bound), names)
    return place
