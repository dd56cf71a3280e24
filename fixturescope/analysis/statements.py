"""Simple statements and definitions of the abstract evaluator: imports, functions, classes, assignments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fixturescope.analysis import effects, instances, known
from fixturescope.analysis import facts as f
from fixturescope.analysis.basics import in_order
from fixturescope.analysis.expressions import operate
from fixturescope.analysis.frames import Binding, Frame, Issue
from fixturescope.analysis.outcomes import Outcome
from fixturescope.analysis.values import (
    UNKNOWN,
    BoundMethod,
    ClassValue,
    Collection,
    Constant,
    DecoratorValue,
    External,
    FixtureValue,
    FunctionValue,
    Imported,
    InstanceValue,
    LambdaValue,
    Mapped,
    Mark,
    ModuleRef,
    Namespace,
    PartialValue,
    Sized,
    Unknown,
    Value,
)
from fixturescope.analysis.values import Sequence as Items

if TYPE_CHECKING:
    from fixturescope.analysis.evaluate import Evaluator


def _import(ev: Evaluator, s: f.Import, frame: Frame) -> Outcome | None:
    for dotted, alias in s.names:
        if ev.modules.importable(dotted) is False:
            return _missing(ev, dotted)
        if alias is None:
            root = dotted.partition(".")[0]
            ev.bind(frame, root, ModuleRef(root), s.line)
        else:
            ev.bind(frame, alias, ModuleRef(dotted), s.line)
    return None


def _from_import(ev: Evaluator, s: f.FromImport, frame: Frame) -> Outcome | None:
    dotted = ev.modules.absolute(frame.module, s.module, s.level)
    if ev.modules.importable(dotted) is False:
        return _missing(ev, dotted)
    if s.names is None:
        frame.stars.append(dotted)
        for name in ev.modules.star_names(dotted):
            ev.bind(frame, name, Imported(dotted, name), s.line)
        return None
    for name, alias in s.names:
        ev.bind(frame, alias or name, Imported(dotted, name), s.line)
    return None


def _missing(ev: Evaluator, dotted: str) -> Outcome:
    return Outcome("raise", Constant(f"ImportError: No module named {dotted!r}"))


def _def(ev: Evaluator, s: f.Function, frame: Frame) -> None:
    dotted = known.canonical(f"{frame.module.dotted}.{s.name}")
    if frame.kind == "module" and known.is_fixture_decorator(ev, dotted):
        ev.bind(frame, s.name, External(dotted), s.line)  # pytest's own module, or a plugin's
        return
    value: Value = FunctionValue(frame.module, s, frame, ev.defaults(s.params, frame))
    for decorator in reversed(s.decorators):
        made = ev.eval(decorator.expr, frame)
        if isinstance(made, Unknown) and _may_parametrize(ev, decorator.expr, frame):
            made = Mark("parametrize", applied=True, incomplete=True, line=decorator.line)
        value = ev.decorate(made, value, decorator.line, frame)
    ev.bind(frame, s.name, value, s.line)


def _may_parametrize(ev: Evaluator, node: f.Expr, frame: Frame) -> bool:
    """Whether a decorator that is not known may multiply a test: the project's own may, a library's says so."""
    while isinstance(node, f.Call):
        node = node.func
    maker = ev.eval(node, frame)
    return not isinstance(maker, External) or known.sounds_like_parametrize(maker.dotted)


def _class_def(ev: Evaluator, s: f.Class, frame: Frame) -> None:
    qualname = f"{frame.qualname}.{s.name}" if frame.kind == "class" else s.name
    scope = Frame(frame.module, "class", frame, qualname)
    bases = tuple(ev.eval(base, frame) for base in s.bases if not isinstance(base, f.Star))
    scope.names["__qualname__"] = Binding(Constant(qualname), True, s.line)
    with ev.within(scope):
        ev.block(s.body, scope)
    made = ClassValue(frame.module, s, qualname, bases, scope)
    if any(isinstance(base, ClassValue) and instances.hooks_subclasses(base) for base in bases):
        instances.forget_class(ev, made)
    value: Value = made
    for decorator in reversed(s.decorators):
        value = ev.decorate(ev.eval(decorator.expr, frame), value, decorator.line, frame)
    ev.bind(frame, s.name, value, s.line)


def decorate(ev: Evaluator, decorator: Value, target: Value, line: int, frame: Frame) -> Value:
    """Return what a decorator makes of a function, class or fixture; what is not known keeps the target."""
    if isinstance(decorator, Mark):
        return _marked(target, decorator)
    if isinstance(decorator, DecoratorValue | External | PartialValue):
        return known.decorate(ev, decorator, target, line, frame)
    if isinstance(decorator, FunctionValue | LambdaValue | BoundMethod):
        result = ev.call(decorator, (target,), {}, False, line, frame)
        if isinstance(result, Mark) and not result.applied and not result.incomplete:
            return result  # what it decorates is gone
        unknown = Mark("parametrize", applied=True, incomplete=True, line=line)
        return _marked(target, unknown) if isinstance(result, Unknown | Mark) else result  # a mark of what is not known
    return target


def _assign(ev: Evaluator, s: f.Assign, frame: Frame) -> None:
    value = ev.eval(s.value, frame)
    for target in s.targets:
        ev.bind_target(target, value, s.line, frame)
        if s.annotation is not None and isinstance(target, f.Name):
            frame.declared[target.id] = s.annotation


def _declare(ev: Evaluator, s: f.Declare, frame: Frame) -> None:
    frame.declared[s.name] = s.annotation


def _global(ev: Evaluator, s: f.Global, frame: Frame) -> None:
    frame.outer.update(dict.fromkeys(s.names, s.outer))


def bind_target(ev: Evaluator, target: f.Expr, value: Value, line: int, frame: Frame) -> None:
    """Bind what an assignment, a loop or a ``with`` has on its left."""
    if isinstance(target, f.Name):
        ev.bind(frame, target.id, value, line)
    elif isinstance(target, f.Seq):
        _unpack(ev, target, value, line, frame)
    elif isinstance(target, f.Star):
        ev.bind_target(target.value, UNKNOWN, line, frame)
    elif isinstance(target, f.Attr):
        _set_attribute(ev, target, value, line, frame)
    elif isinstance(target, f.Index):
        _set_item(ev, target, value, line, frame)


def _unpack(ev: Evaluator, target: f.Seq, value: Value, line: int, frame: Frame) -> None:
    items = in_order(ev, value)
    stars = [i for i, item in enumerate(target.items) if isinstance(item, f.Star)]
    if items is None or (not stars and len(items) != len(target.items)) or len(items) < len(target.items) - 1:
        for item in target.items:
            ev.bind_target(item, UNKNOWN, line, frame)
        return
    if stars:
        after = len(target.items) - stars[0] - 1
        middle = Items("list", tuple(items[stars[0] : len(items) - after]))
        items = (*items[: stars[0]], middle, *items[len(items) - after :])
    for item, part in zip(target.items, items):
        ev.bind_target(item.value if isinstance(item, f.Star) else item, part, line, frame)


def _set_attribute(ev: Evaluator, target: f.Attr, value: Value, line: int, frame: Frame) -> None:
    owner = ev.eval(target.value, frame)
    ev.spoil(owner)
    if isinstance(owner, ClassValue):
        ev.bind_elsewhere(owner.frame, target.attr, value, line)
    elif isinstance(owner, FunctionValue) and isinstance(target.value, f.Name):
        if target.attr == "__test__" and isinstance(value, Constant):
            ev.bind_elsewhere(frame, target.value.id, replace(owner, test=bool(value.value)), line)
    elif isinstance(owner, InstanceValue):
        instances.set_attribute(ev, owner, target.attr, value)
    elif isinstance(owner, ModuleRef) and owner.dotted == "builtins":
        ev.replaced_builtins.add(target.attr)
    elif isinstance(owner, ModuleRef) and isinstance(space := effects.namespace_of(ev, owner), Namespace):
        effects.put(ev, space, Constant(target.attr), value, line, frame)


def _set_item(ev: Evaluator, target: f.Index, value: Value, line: int, frame: Frame) -> None:
    container = ev.eval(target.value, frame)
    index = ev.eval(target.index, frame)
    ev.spoil(container)
    if isinstance(container, Namespace):
        effects.put(ev, container, index, value, line, frame)
    if isinstance(container, Mapped):
        ev.change(container, known.with_entry(container, index, value))
    elif isinstance(container, Items):
        ev.change(container, known.with_item(container, index, value))
    elif isinstance(container, Sized) and isinstance(target.index, f.Slice):
        ev.change(container, UNKNOWN)


def _augmented(ev: Evaluator, s: f.AugAssign, frame: Frame) -> None:
    old, value = ev.eval(s.target, frame), ev.eval(s.value, frame)
    ev.spoil(old)
    if isinstance(old, Collection) and not (isinstance(old, Items) and old.kind in ("tuple", "range", "version_info")):
        extends = s.op == "+" and not isinstance(old, Mapped)
        new = known.mutated(ev, old, "extend", [value]) if extends else known.binary(ev, s.op, old, value)
        ev.change(old, new)
        return
    ev.bind_target(s.target, operate(ev, s.op, old, value), s.line, frame)


def _del(ev: Evaluator, s: f.Del, frame: Frame) -> None:
    for target in s.targets:
        if isinstance(target, f.Name):
            frame.names.pop(target.id, None)
        elif isinstance(target, f.Index):
            container, index = ev.eval(target.value, frame), ev.eval(target.index, frame)
            ev.spoil(container)
            if isinstance(container, Mapped):
                ev.change(container, known.without_entry(container, index))
            elif isinstance(container, Items):
                ev.change(container, known.without_item(container, index))
            elif isinstance(container, Collection):
                ev.change(container, UNKNOWN)
            elif isinstance(container, Namespace) and isinstance(index, Constant):
                container.frame.names.pop(str(index.value), None)
        elif isinstance(target, f.Attr) and isinstance(owner := ev.eval(target.value, frame), ClassValue):
            ev.bind_elsewhere(owner.frame, target.attr, UNKNOWN, s.line)


def _expression(ev: Evaluator, s: f.ExprStmt, frame: Frame) -> None:
    ev.eval(s.value, frame)
    if ev.sink is not None or not isinstance(s.value, f.Call) or not known.registers_names(s.value):
        return
    func = ev.eval(s.value.func, frame)
    followed = isinstance(func, FunctionValue) or (isinstance(func, External) and effects.effect_of(func.dotted))
    if not followed:
        frame.module.issues.append(Issue(s.line, "a call registers names at import"))


def _return(ev: Evaluator, s: f.Return, frame: Frame) -> Outcome:
    return Outcome("return", Constant(None) if s.value is None else ev.eval(s.value, frame))


def _yield(ev: Evaluator, s: f.Yield, frame: Frame) -> None:
    value = ev.eval(s.value, frame) if s.value is not None else Constant(None)
    more = in_order(ev, value) if s.delegates else (value,)
    sure = frame.depth == ev.depth
    frame.shuffled |= not ev.in_order(frame.serial)
    if frame.yielded is not None and more is not None and sure and len(frame.yielded) <= ev.bounds.loop:
        frame.yielded.extend(more)
    else:
        frame.yielded = None


def _raise(ev: Evaluator, s: f.Raise, frame: Frame) -> Outcome:
    if s.value is not None:
        ev.eval(s.value, frame)
    kind = s.value.func if isinstance(s.value, f.Call) else s.value
    value = ev.eval(kind, frame)
    name = value.dotted.rpartition(".")[2] if isinstance(value, External) else ""
    return Outcome("raise", Constant(name or "raises while imported"))


def _marked(target: Value, mark: Mark) -> Value:
    if isinstance(target, FunctionValue | ClassValue):
        return replace(target, marks=(*target.marks, mark))
    if isinstance(target, FixtureValue) and mark.name == "parametrize":
        return replace(target, options={**target.options, "params": UNKNOWN})
    if isinstance(target, DecoratorValue | External):
        return mark
    return target


EXECUTE: dict[type, Callable[[Evaluator, Any, Frame], Outcome | None]] = {
    f.Function: _def,
    f.Class: _class_def,
    f.Import: _import,
    f.FromImport: _from_import,
    f.Assign: _assign,
    f.AugAssign: _augmented,
    f.Del: _del,
    f.ExprStmt: _expression,
    f.Return: _return,
    f.Yield: _yield,
    f.Raise: _raise,
    f.Declare: _declare,
    f.Global: _global,
}
"""Simple statements and definitions, by their form."""
