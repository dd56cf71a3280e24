"""How blocks end and what ways through them leave in a scope: plain functions of facts and bindings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fixturescope.analysis import facts as f
from fixturescope.analysis import known
from fixturescope.analysis.frames import Binding
from fixturescope.analysis.values import (
    UNKNOWN,
    Choice,
    Collection,
    Constant,
    DataText,
    EnumMember,
    FieldSpec,
    InstanceValue,
    MatchValue,
    OpenFile,
    ParamSet,
    PathValue,
    PatternValue,
    Unknown,
    Value,
    VersionValue,
    current,
)
from fixturescope.analysis.values import Sequence as Items
from fixturescope.analysis.walk import calls_in, walrus_names

MAX_NESTING = 3
"""Lists within lists that are compared item by item: what nests deeper may be as large as anything."""

DATA = (
    Constant,
    PathValue,
    PatternValue,
    MatchValue,
    OpenFile,
    DataText,
    Collection,
    VersionValue,
    ParamSet,
    Choice,
    InstanceValue,
    EnumMember,
    FieldSpec,
)
"""What is not known at all where it may be something else; a function that may be another is still looked into."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Why a block ended early: ``return``, ``raise``, ``break`` or ``continue``; or ``several`` ways, one of which happens."""

    kind: str
    value: Value = UNKNOWN
    ways: tuple[Outcome, ...] = ()
    falls: bool = False
    """There is a way that does not end early too."""


def ways_of(outcome: Outcome | None) -> tuple[Outcome, ...]:
    """Return the ways in which a block ends early, one by one."""
    if outcome is None:
        return ()
    return outcome.ways if outcome.kind == "several" else (outcome,)


def joined(ways: Sequence[Outcome], *, falls: bool) -> Outcome | None:
    """Return the outcome of which only the ways that it may take are known."""
    if not ways:
        return None
    if falls or len(ways) > 1:
        return Outcome("several", ways=tuple(ways), falls=falls)
    return ways[0]


def falls(outcome: Outcome | None) -> bool:
    """Whether there is a way to the block's end."""
    return outcome is None or outcome.falls


def changeable(*values: Value) -> tuple[Value, ...]:
    """Return what can change among some values, and among those that unknown ones may be, each once."""
    found: dict[int, Value] = {}
    for value in map(current, values):
        for one in value.may_be if isinstance(value, Unknown) else (value,):
            if isinstance(one, Collection | InstanceValue):
                found[id(one)] = one
    return tuple(found.values())


def _may_part(values: Sequence[Value]) -> bool:
    """Whether values that are equal are several collections, one of which may change while the others stay."""
    changing = {id(v) for v in values if isinstance(v, Collection) and not (isinstance(v, Items) and v.kind == "tuple")}
    return len(changing) > 1


def merged(before: dict[str, Binding], after: Sequence[dict[str, Binding]]) -> dict[str, Binding]:
    """Join what alternatives bound: certain where all are and bind an equal value, else that of the first to change it."""
    merged: dict[str, Binding] = {}
    for name in dict.fromkeys(name for names in after for name in names):
        versions = [names.get(name) for names in after]
        present = [version for version in versions if version is not None]
        first = present[0]
        if len(present) == len(versions) and all(version is first for version in present):
            merged[name] = first
            continue
        agree = len(present) == len(versions) and all(v.certain and same(v.value, first.value) for v in present)
        agree = agree and not _may_part([current(v.value) for v in present])
        changed = next((version for version in present if version is not before.get(name)), first)
        others = () if agree else changeable(*(other for v in present for other in (v.value, *v.others)))
        merged[name] = Binding(changed.value, agree, changed.line, others)
    return merged


def same(a: Value, b: Value, depth: int = 0) -> bool:
    """Whether two values are known to be equal."""
    a, b = current(a), current(b)
    if isinstance(a, Items) and isinstance(b, Items) and a is not b:
        alike = a.kind == b.kind and len(a.items) == len(b.items) and depth < MAX_NESTING
        return alike and all(same(x, y, depth + 1) for x, y in zip(a.items, b.items))
    if isinstance(a, Constant) and isinstance(b, Constant) and type(a.value) is not type(b.value):
        return False
    return a == b and not isinstance(a, Unknown)


def assigned(body: Sequence[f.Stmt]) -> Iterator[str]:
    """Yield the names that statements bind, those within functions and classes apart."""
    for statement in body:
        targets: Sequence[f.Expr] = ()
        if isinstance(statement, f.Assign):
            targets = statement.targets
        elif isinstance(statement, f.AugAssign | f.For):
            targets = (statement.target,)
        elif isinstance(statement, f.With):
            targets = [target for _, target in statement.items if target is not None]
        for target in targets:
            yield from names_in(target)
        for name in ("value", "test", "iter"):
            yield from walrus_names(getattr(statement, name, None))
        for part in parts_of(statement):
            yield from assigned(part)


def names_in(target: f.Expr) -> Iterator[str]:
    """Yield the names that an assignment target binds."""
    if isinstance(target, f.Name):
        yield target.id
    elif isinstance(target, f.Star):
        yield from names_in(target.value)
    elif isinstance(target, f.Seq):
        for item in target.items:
            yield from names_in(item)


def parts_of(statement: f.Stmt) -> Iterator[Sequence[f.Stmt]]:
    """Yield the blocks of a compound statement that belong to the same scope."""
    if isinstance(statement, f.If | f.For | f.While | f.With | f.Try):
        yield statement.body
    if isinstance(statement, f.If | f.For | f.While | f.Try):
        yield statement.orelse
    if isinstance(statement, f.Try):
        yield statement.final
        for handler in statement.handlers:
            yield handler.body
    if isinstance(statement, f.Match):
        for case in statement.cases:
            yield case.body


def may_raise(body: Sequence[f.Stmt], *, imports_only: bool = False) -> bool:
    """Whether statements at import hold something that may raise, beyond a missing module: a call, an index.

    Args:
        body: The statements.
        imports_only: Whether nothing but an ``ImportError`` matters, which takes a call of something unknown.
    """
    for statement in body:
        if isinstance(statement, f.Raise | f.Del):
            return True
        if isinstance(statement, f.Function | f.Import | f.FromImport):
            continue
        expressions = [getattr(statement, name, None) for name in ("value", "test", "iter")]
        if imports_only and any(not _is_mutator(call) for one in expressions for call in calls_in(one)):
            return True
        if not imports_only and (
            any(isinstance(expression, _MAY_RAISE) for expression in expressions) or _binds_or_raises(statement)
        ):
            return True
        parts = [statement.body] if isinstance(statement, f.Class) else parts_of(statement)
        if any(may_raise(part, imports_only=imports_only) for part in parts):
            return True
    return False


def _binds_or_raises(statement: f.Stmt) -> bool:
    """Whether a statement may raise when it binds what it has worked out, or works out what it changes."""
    if isinstance(statement, f.Assign):
        return any(not isinstance(target, f.Name) for target in statement.targets)
    return isinstance(statement, f.AugAssign | f.For | f.Match)


def _is_mutator(call: f.Call) -> bool:
    """Whether a call is that of a collection's method, by its name."""
    return isinstance(call.func, f.Attr) and call.func.attr in known.MUTATORS


_MAY_RAISE = (f.Call, f.Attr, f.Index, f.Bin, f.Cmp, f.Unary, f.FStr, f.Comp, f.Cond, f.Seq, f.Map, f.Walrus)


def leaves_early(body: Sequence[f.Stmt]) -> bool:
    """Whether a loop's body may end the loop, or what is around it, before all rounds have happened."""
    for statement in body:
        if isinstance(statement, f.Return | f.Raise) or (isinstance(statement, f.Jump) and statement.kind == "break"):
            return True
        if any(leaves_early(part) for part in parts_of(statement)):
            return True
    return False


def registers(body: Sequence[f.Stmt]) -> bool:
    """Whether a loop's body could make fixtures or tests."""
    for statement in body:
        if isinstance(statement, f.Function | f.Class):
            return True
        if isinstance(statement, f.Assign) and any(
            isinstance(t, f.Index) and known.is_namespace_call(t.value) for t in statement.targets
        ):
            return True
        if isinstance(statement, f.ExprStmt) and known.registers_names(statement.value):
            return True
        if isinstance(statement, f.If | f.For | f.With | f.While | f.Try) and registers(statement.body):
            return True
    return False
