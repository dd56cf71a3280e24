"""What the body of a fixture says of itself: what it is bound to, what it changes, what its value is made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from fixturescope.analysis import facts as f
from fixturescope.analysis.readings import tables
from fixturescope.analysis.readings.follow import Follower
from fixturescope.analysis.readings.names import head_of, names_in, nodes_in
from fixturescope.analysis.readings.said import Own
from fixturescope.analysis.readings.show import dotted, last_name, show
from fixturescope.analysis.walk import calls_in, statements
from fixturescope.model import EFFECT

MAX_HELPERS = 3
"""How many calls deep helpers of the same file are looked into."""


@dataclass(frozen=True)
class Value:
    """What a fixture hands out.

    Attributes:
        hands_out: Whether it is anything but None.
        is_immutable: Whether nobody can change it.
        parts: What its own source puts it together from.
    """

    hands_out: bool
    is_immutable: bool
    parts: tuple[str, ...]


def own(function: f.Function, follower: Follower, module: Mapping[str, f.Stmt]) -> tuple[Own, ...]:
    """Return what a function does, whatever it is given.

    Args:
        function: The function.
        follower: What it does with its arguments.
        module: What the names of its module are bound by.
    """
    found = dict.fromkeys((*_bound_to_test(function, follower), *_altered(function, follower)))
    altered = {one.line for one in found if one.kind == "alters"}
    for line, text in follower.dropped:
        if line not in altered and not text.startswith("request."):
            found[Own("calls", line, text)] = None
    found.update((one, None) for one in _outside(function) if one.line not in altered)
    found.update(dict.fromkeys((*_refusals(function), *_imports(function))))
    found.update(dict.fromkeys(_effect_alone(function)))
    found.update(dict.fromkeys(_mocks(function)))
    if all(one.kind == "imports" for one in found):
        found.update(dict.fromkeys(_constants(function, module)))
    return tuple(found)


def value_of(function: f.Function) -> Value:
    """Return what a function hands out, as far as its own source shows."""
    values = list(_values(function))
    given = [value for value, _ in values if value != f.Const(None)]
    immutable = bool(given) and all(_is_immutable(value) for value in given)
    parts = {_parts(value) for value in given}
    return Value(bool(given), immutable, parts.pop() if len(parts) == 1 else ())


def _self(function: f.Function) -> str:
    """Return the name of the instance that a method has, empty for a plain function."""
    first = function.params[0].name if function.params else ""
    return first if first in tables.INSTANCES else ""


def _bound_to_test(function: f.Function, follower: Follower) -> Iterator[Own]:
    instance = _self(function)
    bound = tables.TEST_BOUND | tables.MODULE_BOUND
    for use in follower.uses:
        if use.name == "request" and use.kind == "part" and use.detail.removeprefix(".") in bound:
            yield Own("test_bound", use.line, f"request{use.detail}")
        goes = use.kind in ("escapes", "gives") and "." not in use.detail.rpartition("(")[2]
        if (use.name == "request" and goes) or (use.name == instance and use.kind == "mutates"):
            yield Own("test_bound", use.line, use.detail)


def _altered(function: f.Function, follower: Follower) -> Iterator[Own]:
    instance = _self(function)
    for use in follower.uses:
        if use.name in ("request", instance):
            continue
        if use.kind == "mutates" or (use.name in tables.PATCHERS and use.kind == "calls"):
            yield Own("alters", use.line, use.detail)
    for line, name in follower.outer:
        yield Own("alters", line, f"global {name}")
    for statement in _statements(function):
        for call in calls_in(_expressions(statement)):
            name = dotted(call.func)
            is_patch = last_name(call.func) in tables.PATCHING or "patch" in name.split(".")[:-1]
            if name in tables.WORLD or (is_patch and name.partition(".")[0] not in tables.PATCH_FIXTURES):
                yield Own("alters", statement.line, show(call))


def _outside(function: f.Function) -> Iterator[Own]:
    for statement in _statements(function):
        for call in calls_in(_expressions(statement)):
            name = dotted(call.func)
            last = last_name(call.func)
            far = last in tables.OUTSIDE_CALLS or last.endswith(tables.OUTSIDE_ENDING)
            if (far or name.startswith(tables.OUTSIDE_ROOTS)) and name not in tables.NO_OUTSIDE:
                yield Own("outside", statement.line, show(call))
        if any(dotted(one) == "os.environ" for one in nodes_in(_expressions(statement), f.Attr)):
            yield Own("outside", statement.line, "os.environ")


def _effect_alone(function: f.Function) -> Iterator[Own]:
    """Yield that a fixture is there for its effect, where it hands out nothing and does something."""
    body = function.body or ()
    acts = any(isinstance(one, f.Assign | f.AugAssign | f.Del) for one in statements(body))
    if not value_of(function).hands_out and (acts or any(True for _ in calls_in(body))):
        yield Own("calls", function.line, EFFECT)


def _refusals(function: f.Function) -> Iterator[Own]:
    """Yield what may fail a test: a fixture that checks something has an effect, although it changes nothing."""
    for statement in _statements(function):
        if isinstance(statement, f.Raise):
            yield Own("calls", statement.line, "raise" if statement.value is None else f"raise {show(statement.value)}")
        elif isinstance(statement, f.ExprStmt) and isinstance(statement.value, f.Cmp | f.Unary | f.Bin | f.Name):
            yield Own("calls", statement.line, "assert")
        for call in calls_in(_expressions(statement)):
            name = dotted(call.func)
            if name in tables.ENDS or (name.startswith("pytest.") and last_name(call.func) in tables.ENDS):
                yield Own("calls", statement.line, show(call))


def _imports(function: f.Function) -> Iterator[Own]:
    for statement in _statements(function):
        if isinstance(statement, f.Import):
            yield from (Own("imports", statement.line, name) for name, _ in statement.names)
        elif isinstance(statement, f.FromImport):
            yield Own("imports", statement.line, "." * statement.level + statement.module)
        for call in calls_in(_expressions(statement)):
            if last_name(call.func) in ("importorskip", "import_module") and call.args:
                name = call.args[0].value
                if isinstance(name, f.Const) and isinstance(name.value, str):
                    yield Own("imports", statement.line, name.value)


def _mocks(function: f.Function) -> Iterator[Own]:
    for value, line in _values(function):
        if isinstance(value, f.Call) and last_name(value.func) in tables.MOCKS:
            yield Own("mutates", line, f"{show(value)} remembers its calls")


# ------------------------------------------------------------------------------------------------------------ constants


def _constants(function: f.Function, module: Mapping[str, f.Stmt]) -> Iterator[Own]:
    """Yield the value that a function returns, where nothing but constants can go into it."""
    if function.is_generator or function.is_async or function.params:
        return
    values = list(_values(function))
    if len(values) != 1 or not any(True for _ in calls_in(function.body or ())):
        return
    if not _is_immutable(values[0][0]) and not isinstance(
        values[0][0], f.Call | f.Comp | f.Map | f.Seq | f.Name | f.Bin
    ):
        return
    if _is_constant(function, module, MAX_HELPERS):
        value, line = values[0]
        yield Own("constant", line, show(value))


def _is_constant(function: f.Function, module: Mapping[str, f.Stmt], depth: int) -> bool:
    body = function.body
    if body is None or depth == 0 or function.is_async or function.is_generator:
        return False
    for call in calls_in(body):
        parts = set(dotted(call.func).split("."))
        if last_name(call.func) in tables.IMPURE or not parts.isdisjoint(tables.IMPURE_ROOTS):
            return False
    local = {param.name for param in function.params}
    local.update(name for statement in statements(body, functions=True) for name in _binds(statement))
    for name in {one.id for one in names_in(body)} - local:
        bound = module.get(name)
        if name in tables.IMPURE_ROOTS | tables.IMPURE:
            return False
        if isinstance(bound, f.Function):
            if bound.decorators or not _is_constant(bound, module, depth - 1):
                return False
        elif isinstance(bound, f.Assign):
            if any(True for _ in calls_in(bound.value)) or not name.isupper():
                return False
        elif isinstance(bound, f.Class):
            continue
        elif bound is not None and not isinstance(bound, f.Import | f.FromImport):
            return False
    return not any(isinstance(one, f.Global) for one in statements(body, functions=True))


def _binds(statement: f.Stmt) -> Iterator[str]:
    if isinstance(statement, f.Function):
        yield statement.name
        yield from (param.name for param in statement.params)
    elif isinstance(statement, f.Assign):
        yield from (one.id for target in statement.targets for one in names_in(target))
    elif isinstance(statement, f.For):
        yield from (one.id for one in names_in(statement.target))
    elif isinstance(statement, f.With):
        yield from (one.id for _, target in statement.items if target is not None for one in names_in(target))
    for node in nodes_in(_expressions(statement), f.Comp):
        yield from (one.id for gen in node.gens for one in names_in(gen.target))


# --------------------------------------------------------------------------------------------------------------- values


def _statements(function: f.Function) -> Iterator[f.Stmt]:
    return statements(function.body or ())


def _expressions(statement: f.Stmt) -> tuple[object, ...]:
    """Return the expressions of a statement without the blocks in it; of a nested function, all of it."""
    if isinstance(statement, f.Function):
        return (statement.body or (),)
    return head_of(statement)


def _values(function: f.Function) -> Iterator[tuple[f.Expr, int]]:
    """Yield what a function returns or yields, a name as what it was bound to where that is one thing."""
    once = _bound_once(function)
    for statement in _statements(function):
        wanted = f.Yield if function.is_generator else f.Return
        if isinstance(statement, wanted) and statement.value is not None:
            value = statement.value
            if isinstance(value, f.Name) and value.id in once:
                yield once[value.id]
            else:
                yield value, statement.line


def _bound_once(function: f.Function) -> dict[str, tuple[f.Expr, int]]:
    found: dict[str, list[tuple[f.Expr, int]]] = {}
    for statement in _statements(function):
        if isinstance(statement, f.Assign):
            for target in statement.targets:
                value = statement.value if isinstance(target, f.Name) else f.Opaque("part")
                for one in names_in(target) if isinstance(target, f.Name | f.Seq) else ():
                    found.setdefault(one.id, []).append((value, statement.line))
        elif isinstance(statement, f.AugAssign | f.For):
            for one in names_in(statement.target) if isinstance(statement.target, f.Name | f.Seq) else ():
                found.setdefault(one.id, []).extend([(f.Const(None), 0), (f.Const(None), 0)])
        elif isinstance(statement, f.With):
            for _, entered in statement.items:
                if isinstance(entered, f.Name):
                    found.setdefault(entered.id, []).append((f.Opaque("entered"), statement.line))
    return {
        name: values[0] for name, values in found.items() if len(values) == 1 and not isinstance(values[0][0], f.Opaque)
    }


def _is_immutable(node: f.Expr) -> bool:
    if isinstance(node, f.Const | f.Bytes | f.FStr | f.Cmp):
        return True
    if isinstance(node, f.Seq):
        return node.kind == "tuple" and all(_is_immutable(one) for one in node.items)
    if isinstance(node, f.Bin):
        return _is_immutable(node.left) and _is_immutable(node.right)
    if isinstance(node, f.Unary):
        return node.op == "not" or _is_immutable(node.value)
    if isinstance(node, f.Cond):
        return _is_immutable(node.body) and _is_immutable(node.orelse)
    if isinstance(node, f.Call):
        if isinstance(node.func, f.Attr):
            return node.func.attr in tables.TEXTS
        return last_name(node.func) in tables.PLAIN
    return False


def _parts(node: f.Expr) -> tuple[str, ...]:
    """Return the parts of a display or of a call with keywords, where one of them at least is made by a call."""
    found: list[tuple[str, f.Expr]] = []
    if isinstance(node, f.Map):
        found = [(f"[{key.value!r}]", value) for key, value in node.items if isinstance(key, f.Const)]
        if len(found) != len(node.items):
            return ()
    elif isinstance(node, f.Seq) and node.kind == "tuple":
        found = [(f"[{at}]", value) for at, value in enumerate(node.items)]
    elif isinstance(node, f.Call) and last_name(node.func)[:1].isupper():
        found = [(f".{arg.keyword}", arg.value) for arg in node.args if arg.keyword]
        if len(found) != len(node.args):
            return ()
    made = [value for _, value in found if isinstance(value, f.Call | f.Name)]
    return tuple(label for label, _ in found) if len(found) >= 2 and made else ()


def free_names(function: f.Function) -> Sequence[str]:
    """Return the names that a function reads and does not bind, sorted."""
    body = function.body or ()
    local = {param.name for param in function.params}
    local.update(name for statement in statements(body, functions=True) for name in _binds(statement))
    return sorted({one.id for one in names_in(body)} - local)
