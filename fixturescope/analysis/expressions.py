"""Expressions of the abstract evaluator: names, attributes, displays, operators, comprehensions, calls."""

from __future__ import annotations

import contextlib
import itertools
import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from packaging.version import Version

from fixturescope.analysis import effects, factories, instances, known, places, regexes
from fixturescope.analysis import facts as f
from fixturescope.analysis.basics import (
    are_told_apart,
    entry,
    in_order,
    is_ordered,
    iterator_kind,
    mapped,
    pass_by,
    sources,
    wrap,
)
from fixturescope.analysis.frames import Binding, Frame
from fixturescope.analysis.mro import lookup_in_class
from fixturescope.analysis.values import (
    ITERATORS,
    UNKNOWN,
    BoundMethod,
    Choice,
    ClassValue,
    Collection,
    Constant,
    DataText,
    DecoratorValue,
    EnumMember,
    External,
    FieldSpec,
    FrameValue,
    FunctionValue,
    InstanceValue,
    LambdaValue,
    Mapped,
    Mark,
    MatchValue,
    MetafuncValue,
    ModuleRef,
    Namespace,
    OpenFile,
    OptionsValue,
    ParamSet,
    PartialValue,
    PathValue,
    PatternValue,
    RequestValue,
    Sized,
    Unknown,
    Value,
    VersionValue,
    current,
)
from fixturescope.analysis.values import Sequence as Items

if TYPE_CHECKING:
    from fixturescope.analysis.evaluate import Evaluator, Modules

MAX_CHOICES = 1_000
"""Texts made of more alternatives than this are unknown."""

_TRUE = Unknown("something true")
_FALSE = Unknown("something false")
_SINGLETONS = (None, True, False)
_VERSION_PARTS = frozenset(
    {"major", "minor", "micro", "base_version", "release", "public", "is_devrelease", "is_prerelease"}
)
_INDEXED = frozenset({"list", "tuple", "range", "version_info"})
_VERSION_FIELDS = ("major", "minor", "micro", "releaselevel", "serial")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


class Expressions:
    """The expression half of the evaluator."""

    modules: Modules

    def eval(self: Evaluator, node: f.Expr | None, frame: Frame) -> Value:  # type: ignore[misc]
        """Return the value of an expression in a scope."""
        if node is None:
            return UNKNOWN
        value = current(_EVAL[type(node)](self, node, frame))
        if type(value) is Constant and type(node) in _MAKES_TEXT and isinstance(value.value, str | bytes):
            return value if len(value.value) <= self.bounds.text else self.exceeds_text()
        return value

    def items(self: Evaluator, value: Value) -> tuple[Value, ...] | None:  # type: ignore[misc]
        """Return what iterating over a value gives, or None where that is not known."""
        value = current(value)
        if isinstance(value, Items):
            return tuple(map(current, value.items))
        if isinstance(value, Mapped):
            return tuple(key for key, _ in value.items)
        if isinstance(value, Constant) and isinstance(value.value, str):
            return tuple(Constant(char) for char in value.value)
        if isinstance(value, Sized) and value.size <= self.bounds.items:
            return (UNKNOWN,) * value.size
        if isinstance(value, ClassValue):
            return instances.enum_items(self, value)
        if isinstance(value, OpenFile):
            return places.lines_of(value)
        if isinstance(value, InstanceValue) and value.order:
            return tuple(current(value.attributes[name]) for name in value.order)
        return None

    def size(self: Evaluator, value: Value) -> int | None:  # type: ignore[misc]
        """Return how many items iterating over a value gives, or None where that is not known."""
        value = current(value)
        if isinstance(value, Sized):
            return value.size
        items = self.items(value)
        return None if items is None else len(items)

    def truth(self, value: Value) -> bool | None:
        """Return whether a value counts as true, or None where that is not known."""
        value = current(value)
        if isinstance(value, Constant):
            return bool(value.value)
        if isinstance(value, Items):
            return value.kind in ITERATORS or bool(value.items)
        if isinstance(value, Mapped):
            return bool(value.items)
        if isinstance(value, Sized):
            return value.size > 0 or None  # an iterator over nothing is true
        if value in (_TRUE, _FALSE):
            return value == _TRUE
        if isinstance(value, FunctionValue | LambdaValue | ClassValue | ModuleRef | Mark | PartialValue | PathValue):
            return True
        if isinstance(value, PatternValue | MatchValue):
            return True
        return None

    def attribute(self: Evaluator, value: Value, name: str) -> Value:  # type: ignore[misc]
        """Return an attribute of a value."""
        if name in known.MUTATORS:
            self.spoil(value)
        if isinstance(value, EnumMember):
            return instances.member_attribute(self, value, name)
        if isinstance(value, ModuleRef) and name == "__dict__":
            return effects.namespace_of(self, value)
        if isinstance(value, ModuleRef) and value.frame is not None:
            return self.lookup(value.frame, name)
        if isinstance(value, ModuleRef):
            return self.force(self.modules.attribute(value.dotted, name))
        if isinstance(value, External):
            return known.attribute(self, value, name)
        if isinstance(value, ClassValue | InstanceValue):
            if isinstance(value, InstanceValue) and name in value.attributes:
                return instances.attribute(self, value, name)
            cls = value if isinstance(value, ClassValue) else value.cls
            if isinstance(value, ClassValue) and (special := instances.class_attribute(self, cls, name)) is not None:
                return special
            if name == "__dict__":
                return effects.namespace_of(self, value)
            if isinstance(value, InstanceValue) and lookup_in_class(self, cls, "__getattribute__") is not None:
                return UNKNOWN
            found = lookup_in_class(self, cls, name)
            if isinstance(found, FunctionValue) and (value is not cls or found.binding == "class"):
                return BoundMethod(value, name, found)
            if found is None and name == "_meta" and value is cls and factories.is_factory(self, cls):
                return OptionsValue(cls)
            if found is None and name == "TestCase":
                return known.stateful_test_case(self, cls)
            return UNKNOWN if found is None else self.force(found)
        if isinstance(value, Items) and value.kind == "version_info" and name in _VERSION_FIELDS:
            return value.items[_VERSION_FIELDS.index(name)]
        if isinstance(value, ParamSet) and name == "values":
            return Items("tuple", value.values)
        if isinstance(value, VersionValue) and name in _VERSION_PARTS:
            return wrap(getattr(Version(value.text), name))
        if isinstance(value, RequestValue) and name == "param":
            return value.param
        if isinstance(value, Choice):
            return Choice(tuple(self.attribute(one, name) for one in value.values))
        if isinstance(value, FunctionValue) and name == "__name__":
            return Constant(value.facts.name)
        if isinstance(value, FieldSpec):
            return UNKNOWN
        if isinstance(value, OptionsValue):
            return factories.Factories(self).options(value.cls, name)
        if isinstance(value, FrameValue):
            return known.frame_attribute(self, value, name)
        if isinstance(value, MetafuncValue):
            return known.metafunc_attribute(value, name)
        if isinstance(value, PathValue | OpenFile | DataText):
            return places.attribute(value, name) or BoundMethod(value, name)
        if isinstance(value, PatternValue) and name == "pattern":
            return Constant(value.text)
        if isinstance(value, Constant | Collection | RequestValue | Mark | Namespace | PatternValue | MatchValue):
            return BoundMethod(value, name)
        return UNKNOWN

    def equal(self: Evaluator, left: Value, right: Value) -> bool | None:  # type: ignore[misc]
        """Return whether two values are equal, or None where that is not known."""
        return _compare(self, "==", left, right)

    def call(  # type: ignore[misc]
        self: Evaluator,
        func: Value,
        args: Sequence[Value],
        kwargs: dict[str, Value],
        incomplete: bool,
        line: int,
        frame: Frame,
    ) -> Value:
        """Return what calling a value gives."""
        if isinstance(func, FunctionValue):
            if func.facts.name in effects.LAST and (effect := effects.effect_of_function(func)) is not None:
                return effect.apply(self, args, kwargs, incomplete, line, frame)
            return self.call_function(func, args, kwargs, incomplete)
        if isinstance(func, BoundMethod) and func.function is not None:
            bound = () if func.function.binding == "static" else (func.receiver,)
            return self.call_function(func.function, (*bound, *args), kwargs, incomplete)
        if isinstance(func, PartialValue):
            return self.call(func.func, (*func.args, *args), {**func.kwargs, **kwargs}, incomplete, line, frame)
        if isinstance(func, LambdaValue):
            scope = Frame(func.module, "function", func.frame)
            rest = list(args)
            for param in func.facts.params:
                if param.kind == "*":
                    value: Value = UNKNOWN if incomplete else Items("tuple", tuple(rest))
                elif param.kind in ("pos", "arg") and rest:
                    value = rest.pop(0)
                else:
                    default = UNKNOWN if incomplete else func.defaults.get(param.name, UNKNOWN)
                    value = UNKNOWN if param.kind == "**" else kwargs.get(param.name, default)
                scope.names[param.name] = Binding(value, True, line)
            return self.eval(func.facts.body, scope)
        if isinstance(func, ClassValue):
            return instances.instantiate(self, func, args, kwargs, incomplete, line, frame)
        return known.call(self, func, args, kwargs, incomplete, line, frame)


def _attr(ev: Evaluator, node: f.Attr, frame: Frame) -> Value:
    return ev.attribute(ev.eval(node.value, frame), node.attr)


def _call(ev: Evaluator, node: f.Call, frame: Frame) -> Value:
    func = ev.eval(node.func, frame)
    args: list[Value] = []
    kwargs: dict[str, Value] = {}
    incomplete = unknown_star = False
    for arg in node.args:
        value = ev.eval(arg.value, frame)
        if arg.star == "*":
            items = in_order(ev, value)
            unknown_star |= items is None
            incomplete |= unknown_star
            args.extend(() if unknown_star else items or ())
        elif arg.star == "**":
            pairs = value.items if isinstance(value, Mapped) else None
            incomplete |= pairs is None
            kwargs.update((str(k.value), v) for k, v in pairs or () if isinstance(k, Constant))
        elif arg.keyword is not None:
            kwargs[arg.keyword] = value
        elif not unknown_star:  # behind an unknown number of arguments it has no known place
            args.append(value)
    if isinstance(node.func, f.Attr) and node.func.attr == "getfixturevalue":
        name = args[0] if args else kwargs.get("argname", UNKNOWN)
        ev.note_request(name, _line_of(frame), frame)
        return UNKNOWN
    return ev.call(func, args, kwargs, incomplete, _line_of(frame), frame)


def _line_of(frame: Frame) -> int:
    return frame.line


def _seq(ev: Evaluator, node: f.Seq, frame: Frame) -> Value:
    items: list[Value] = []
    ordered = True
    for item in node.items:
        if isinstance(item, f.Star):
            several = ev.eval(item.value, frame)
            ordered &= is_ordered(several)
            parts = ev.drain(several)
            if parts is None:
                return UNKNOWN
            items.extend(parts)
        else:
            items.append(ev.eval(item, frame))
    if node.kind == "set":
        return _set(items)
    made = Items(node.kind if ordered else "unordered", tuple(items))
    made.written = not node.items
    return made


def _set(items: Sequence[Value]) -> Value:
    """A set's size is known only where all its members are constants."""
    if all(isinstance(item, Constant) for item in items):
        return Items("set", tuple(dict.fromkeys(items)))
    return Items("set", tuple(items)) if len(items) <= 1 else UNKNOWN


def _map(ev: Evaluator, node: f.Map, frame: Frame) -> Value:
    entries: dict[object, tuple[Value, Value]] = {}
    for key_node, value_node in node.items:
        value = ev.eval(value_node, frame)
        if key_node is None:
            if not isinstance(value, Mapped):
                return UNKNOWN
            pairs: Sequence[tuple[Value, Value]] = value.items
        else:
            pairs = [(ev.eval(key_node, frame), value)]
        for key, part in pairs:
            if isinstance(key, Unknown):
                return UNKNOWN
            bare = known.plain(key)
            try:
                identity: object = key if bare is known.NOT_PLAIN else (bare,)
                entries[identity] = (entries.get(identity, (key, part))[0], part)
            except TypeError:
                return UNKNOWN  # a list, which is no key
    return Mapped(tuple(entries.values())) if are_told_apart(key for key, _ in entries.values()) else UNKNOWN


def _fstr(ev: Evaluator, node: f.FStr, frame: Frame) -> Value:
    columns = [value.values if isinstance(value := ev.eval(part, frame), Choice) else (value,) for part in node.parts]
    if math.prod(len(column) for column in columns) > MAX_CHOICES:
        return UNKNOWN
    texts = [_text(parts) for parts in itertools.product(*columns)]
    return texts[0] if len(texts) == 1 else Choice(tuple(texts))


def _text(parts: Sequence[Value]) -> Value:
    """Join the parts of an f-string; what is not known of it leaves a pattern."""
    text, whole = "", True
    for value in parts:
        if isinstance(value, EnumMember) and value.mixin == "int":
            value = current(value.value)  # noqa: PLW2901 - f-strings show such members as their numbers
        if isinstance(value, Constant) and not isinstance(value.value, float):
            text += str(value.value)
        elif isinstance(value, PathValue):
            text += value.text
        else:
            whole = False
            text += value.pattern if isinstance(value, Unknown) and value.pattern else "*"
    return Constant(text) if whole else Unknown("text", text)


def _bin(ev: Evaluator, node: f.Bin, frame: Frame) -> Value:
    if node.op in ("and", "or"):
        left = ev.eval(node.left, frame)
        truth = ev.truth(left)
        if truth is None:
            with ev.perhaps(frame):
                settled = ev.truth(ev.eval(node.right, frame)) is (node.op == "or")
            return UNKNOWN if not settled else _TRUE if node.op == "or" else _FALSE
        return ev.eval(node.right, frame) if truth is (node.op == "and") else left
    left = ev.eval(node.left, frame)
    return operate(ev, node.op, left, ev.eval(node.right, frame))


def operate(ev: Evaluator, op: str, left: Value, right: Value) -> Value:
    """Return ``left op right``, of each choice of values that parameters leave."""
    left, right = current(left), current(right)
    if op == "/" and (isinstance(left, PathValue) or isinstance(right, PathValue)):
        return places.divided(left, right)
    if isinstance(left, Choice) or isinstance(right, Choice):
        pairs = itertools.product(*(side.values if isinstance(side, Choice) else (side,) for side in (left, right)))
        return Choice(tuple(known.binary(ev, op, a, b) for a, b in itertools.islice(pairs, MAX_CHOICES)))
    return known.binary(ev, op, left, right)


def _cmp(ev: Evaluator, node: f.Cmp, frame: Frame) -> Value:
    left = ev.eval(node.left, frame)
    result: bool | None = True
    for op, right_node in node.rest:
        with ev.perhaps(frame) if result is None else contextlib.nullcontext():
            right = ev.eval(right_node, frame)
        one = _compare(ev, op, left, right)
        if one is False:
            return Constant(False)
        result = None if one is None else result
        left = right
    return UNKNOWN if result is None else Constant(result)


def _compare(ev: Evaluator, op: str, left: Value, right: Value) -> bool | None:
    if op in ("is", "is not"):
        if isinstance(left, Constant) and isinstance(right, Constant):
            if not any(side.value is one for side in (left, right) for one in _SINGLETONS):
                return None  # whether equal texts or numbers are one object is Python's business
            return (left.value is right.value) is (op == "is")
        if isinstance(left, EnumMember) and isinstance(right, EnumMember):
            return (left is right) is (op == "is")
        none = Constant(None)
        definite = (
            FunctionValue,
            ClassValue,
            LambdaValue,
            ModuleRef,
            Collection,
            InstanceValue,
            EnumMember,
            MatchValue,
        )
        if (left == none and isinstance(right, definite)) or (right == none and isinstance(left, definite)):
            return op == "is not"
        return None
    if op in ("in", "not in") and isinstance(right, Namespace):
        there = isinstance(left, Constant) and right.frame.names.get(str(left.value))
        if isinstance(left, Constant) and not ev.is_bound_in_order(right.frame, str(left.value)):
            return None
        return (op == "in") if there and there.certain else None
    if op in ("in", "not in"):
        items = right.value if isinstance(right, Constant) and isinstance(right.value, str) else ev.items(right)
        if isinstance(left, EnumMember) and items is not None and not isinstance(items, str):
            same = [ev.equal(left, item) for item in items]
            return op == "in" if True in same else None if None in same else op == "not in"
        if items is None or not isinstance(left, Constant):
            return None
        if isinstance(items, str):
            return (left.value in items) is (op == "in") if isinstance(left.value, str) else None
        if left in items:
            return op == "in"
        return op == "not in" if all(isinstance(item, Constant) for item in items) else None
    if isinstance(left, VersionValue) and isinstance(right, VersionValue) and op in _COMPARE:
        return _COMPARE[op](Version(left.text), Version(right.text))
    if isinstance(left, EnumMember) or isinstance(right, EnumMember):
        return _compare_members(ev, op, left, right)
    plain = [None if isinstance(side, External) else known.plain(side) for side in (left, right)]
    if op not in _COMPARE or any(side is known.NOT_PLAIN for side in plain):
        return None  # before any library's source is read for it
    a, b = (
        known.plain(ev.modules.read(side)) if isinstance(side, External) else bare
        for side, bare in zip((left, right), plain)
    )
    if a is known.NOT_PLAIN or b is known.NOT_PLAIN:
        return None
    try:
        return bool(_COMPARE[op](a, b))
    except TypeError:
        return None


def _compare_members(ev: Evaluator, op: str, left: Value, right: Value) -> bool | None:
    """Compare what has at least one member of an enumeration in it."""
    mixed = [side.value if isinstance(side, EnumMember) and side.mixin else side for side in (left, right)]
    if not any(isinstance(side, EnumMember) for side in mixed):
        return _compare(ev, op, *mixed)
    if op not in ("==", "!="):
        return None
    if isinstance(left, EnumMember) and isinstance(right, EnumMember):
        known_eq = lookup_in_class(ev, left.cls, "__eq__") is None
        return (left is right) is (op == "==") if known_eq else None
    return op == "!=" if any(isinstance(side, Constant | Collection) for side in mixed) else None


def _unary(ev: Evaluator, node: f.Unary, frame: Frame) -> Value:
    value = ev.eval(node.value, frame)
    if node.op == "not":
        truth = ev.truth(value)
        return UNKNOWN if truth is None else Constant(not truth)
    if isinstance(value, Constant) and isinstance(value.value, int | float):
        if node.op == "-":
            return wrap(-value.value)
        return wrap(+value.value) if node.op == "+" else UNKNOWN
    return UNKNOWN


def _cond(ev: Evaluator, node: f.Cond, frame: Frame) -> Value:
    truth = ev.truth(ev.eval(node.test, frame))
    if truth is not None:
        return ev.eval(node.body if truth else node.orelse, frame)
    with ev.perhaps(frame):
        body = ev.eval(node.body, frame)
    with ev.perhaps(frame):
        orelse = ev.eval(node.orelse, frame)
    body = current(body)
    if body == orelse and type(getattr(body, "value", None)) is type(getattr(orelse, "value", None)):
        return body
    size = ev.size(body)
    return Sized(size) if size is not None and size == ev.size(orelse) and not isinstance(body, Constant) else UNKNOWN


def _index(ev: Evaluator, node: f.Index, frame: Frame) -> Value:
    container = ev.eval(node.value, frame)
    if isinstance(node.index, f.Slice):
        bounds = [
            None if b is None else known.plain(ev.eval(b, frame))
            for b in (node.index.lower, node.index.upper, node.index.step)
        ]
        if all(b is None or isinstance(b, int) for b in bounds) and bounds[2] != 0:
            cut = slice(*bounds)
            if isinstance(container, Items) and container.kind in _INDEXED:
                return Items(container.kind, container.items[cut])
            if isinstance(container, Constant) and isinstance(container.value, str):
                return Constant(container.value[cut])
            if isinstance(container, Sized):
                return Sized(len(range(container.size)[cut]))
        return UNKNOWN
    if isinstance(container, ClassValue) and (members := instances.enum_members(ev, container)) is not None:
        return members.get(str(known.plain(ev.eval(node.index, frame))), UNKNOWN)
    if isinstance(container, ClassValue):
        return container  # a generic class with its parameters
    if isinstance(container, External) and container.dotted.rpartition(".")[2][:1].isupper():
        return container
    index = ev.eval(node.index, frame)
    if isinstance(container, Mapped):
        return entry(container, index, UNKNOWN)
    if isinstance(container, Namespace):
        return effects.namespace_method(ev, container, "__getitem__", [index], {}, False, frame.line, frame)
    if isinstance(container, External) and container.dotted == "sys.modules":
        name = known.plain(index)
        if name == frame.module.dotted:
            return ModuleRef(frame.module.dotted, frame.module.frame)
        return ModuleRef(name) if isinstance(name, str) and ev.modules.named(name) is not None else UNKNOWN
    if isinstance(container, Constant) and isinstance(container.value, str):
        place = known.plain(index)
        there = isinstance(place, int) and -len(container.value) <= place < len(container.value)
        return Constant(container.value[place]) if there else UNKNOWN
    if isinstance(container, MatchValue):
        return regexes.group(container, known.plain(index))
    if isinstance(container, InstanceValue) and container.order:
        container = Items("tuple", ev.items(container) or ())
    if (
        isinstance(index, Constant)
        and isinstance(index.value, int)
        and isinstance(container, Items)
        and container.kind in _INDEXED
    ):
        return container.items[index.value] if -len(container.items) <= index.value < len(container.items) else UNKNOWN
    return UNKNOWN


def _comp(ev: Evaluator, node: f.Comp, frame: Frame) -> Value:
    lazy = node.kind == "generator"
    scope = Frame(frame.module, "function", frame, line=frame.line, comprehension="lazy" if lazy else "whole")
    found = _Found()
    if not _comp_loop(ev, node, 0, scope, found, frame):
        return UNKNOWN
    if node.kind == "dict":
        whole = not found.unordered and not any(isinstance(key, Unknown) for key, _ in found.pairs)
        return mapped(found.pairs) if whole else UNKNOWN
    values = [value for _, value in found.pairs]
    if node.kind == "set":
        return _set(values)
    over = tuple(found.over) if node.kind == "generator" else ()
    return Items(iterator_kind(not found.unordered, node.kind), tuple(values), over)


@dataclass(slots=True)
class _Found:
    """What the loops of a comprehension collect: keys and values, and whether they go through something without order."""

    pairs: list[tuple[Value, Value]] = field(default_factory=list)
    unordered: bool = False
    over: list[Value] = field(default_factory=list)
    """What they go through."""


def _comp_loop(ev: Evaluator, node: f.Comp, level: int, scope: Frame, found: _Found, outside: Frame) -> bool:
    """Collect the items of one ``for`` and those within; False where their number is not known."""
    if level == len(node.gens):
        found.pairs.append((ev.eval(node.key, scope), ev.eval(node.elt, scope)))
        return len(found.pairs) <= ev.bounds.items
    gen = node.gens[level]
    iterable = ev.eval(gen.iter, scope if level else outside)  # the first is evaluated outside, in a class body too
    found.unordered |= not is_ordered(iterable)
    found.over.extend(sources(iterable))
    ordered = is_ordered(iterable)
    items = ev.drain(iterable, one_by_one=True)
    if items is None:
        if isinstance(iterable, Sized):
            ev.exceeds_items()
        ev.bind_target(gen.target, UNKNOWN, scope.line, scope)
        with ev.condition():
            for one in (*gen.ifs, node.key, node.elt):
                ev.eval(one, scope)  # look once at what the element asks for
        return False
    lazily = ev.condition() if node.kind == "generator" and ev.sink is None else contextlib.nullcontext()
    with lazily, contextlib.nullcontext() if ordered else ev.shuffle():
        return _comp_rounds(ev, node, level, items, scope, found, outside)


def _comp_rounds(
    ev: Evaluator, node: f.Comp, level: int, items: Sequence[Value], scope: Frame, found: _Found, outside: Frame
) -> bool:
    gen = node.gens[level]
    whole = True
    for item in items:
        if not ev.step(outside, outside.line):
            return False
        ev.bind_target(gen.target, item, scope.line, scope)
        wanted = _wanted(ev, gen.ifs, scope)
        if wanted is False:
            continue
        whole &= wanted is True
        with contextlib.nullcontext() if wanted else ev.condition():
            whole = _comp_loop(ev, node, level + 1, scope, found, outside) and whole
        pass_by(item)
        if len(found.pairs) > ev.bounds.items:
            ev.exceeds_items()
            return False
    return whole


def _wanted(ev: Evaluator, conditions: Sequence[f.Expr], scope: Frame) -> bool | None:
    """Whether all conditions of a comprehension hold; those behind one that is not known may not be looked at."""
    wanted: bool | None = True
    for condition in conditions:
        with contextlib.nullcontext() if wanted else ev.condition():
            truth = ev.truth(ev.eval(condition, scope))
        if truth is False:
            return False
        wanted = truth and wanted
    return wanted


def _lambda(ev: Evaluator, node: f.Lambda, frame: Frame) -> Value:
    return LambdaValue(frame.module, node, frame, ev.defaults(node.params, frame))


def _walrus(ev: Evaluator, node: f.Walrus, frame: Frame) -> Value:
    value = ev.eval(node.value, frame)
    if not frame.comprehension:
        ev.bind_perhaps(frame, node.target, value, frame.line)
        return value
    scope = ev.binding_scope(frame)
    if node.target in scope.outer:
        ev.bind(scope, node.target, UNKNOWN, frame.line)
    else:  # how far somebody goes through a generator is not known
        ev.bind_elsewhere(scope, node.target, UNKNOWN if _is_lazy(frame) else value, frame.line)
    return value


def _is_lazy(frame: Frame) -> bool:
    """Whether a scope is that of a generator expression, or of a comprehension in one."""
    while frame.comprehension == "whole" and frame.parent is not None:
        frame = frame.parent
    return frame.comprehension == "lazy"


_EVAL: dict[type, Callable[[Any, Any, Frame], Value]] = {
    f.Const: lambda ev, n, frame: Constant(n.value),
    f.Bytes: lambda ev, n, frame: Constant(n.value),
    f.Name: lambda ev, n, frame: ev.lookup(frame, n.id),
    f.Attr: _attr,
    f.Call: _call,
    f.Seq: _seq,
    f.Star: lambda ev, n, frame: UNKNOWN,
    f.Map: _map,
    f.Bin: _bin,
    f.Cmp: _cmp,
    f.Unary: _unary,
    f.Cond: _cond,
    f.Index: _index,
    f.Slice: lambda ev, n, frame: UNKNOWN,
    f.FStr: _fstr,
    f.Comp: _comp,
    f.Lambda: _lambda,
    f.Walrus: _walrus,
    f.Opaque: lambda ev, n, frame: Unknown(n.what),
}

_MAKES_TEXT = frozenset({f.Call, f.Bin, f.FStr})
"""Expressions that may make a text longer than what stands in the source."""

__all__ = ["DecoratorValue", "Expressions"]
