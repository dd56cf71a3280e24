"""Operators and methods of known values, each bounded in what it may produce; those that change a value included."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from fixturescope.analysis.basics import (
    MUTATORS,
    NOT_PLAIN,
    are_told_apart,
    bounded,
    entry,
    in_order,
    is_fixed,
    is_ordered,
    mapped,
    plain,
    with_entry,
    without_entry,
    without_item,
    wrap,
)
from fixturescope.analysis.values import (
    UNKNOWN,
    Collection,
    Constant,
    Mapped,
    Sized,
    Unknown,
    Value,
    current,
)
from fixturescope.analysis.values import Sequence as Items

if TYPE_CHECKING:
    from fixturescope.analysis.evaluate import Evaluator

SHORT = 100
"""Characters of a number, more or less."""

_JOINABLE = frozenset({"list", "tuple", "unordered"})
"""Kinds that ``+`` joins and ``*`` repeats."""

_PERCENT = re.compile(r"%(?:\([^)]*\))?[-#0 +]*(?:\*|\d+)?(?:\.(?:\*|\d+)?)?[hlL]?(.)", re.DOTALL)
_WIDTH = re.compile(r"\*|\d{4}")

_LOOKING = frozenset({
    "copy", "count", "index", "get", "keys", "values", "items", "union", "difference", "intersection", "symmetric_difference",
    "issubset", "issuperset", "isdisjoint", "fromkeys", "__add__", "__and__", "__class__", "__contains__", "__eq__",
    "__getitem__", "__iter__", "__len__", "__mul__", "__or__", "__repr__", "__reversed__", "__str__", "__sub__",
})  # fmt: skip
"""Methods of collections that change nothing."""

_SET_METHODS = {"union": "|", "difference": "-", "intersection": "&", "symmetric_difference": "^"}

TEXT_METHODS = frozenset({
    "upper", "lower", "title", "capitalize", "strip", "lstrip", "rstrip", "replace", "split", "rsplit", "splitlines",
    "startswith", "endswith", "removeprefix", "removesuffix", "join", "format", "swapcase", "casefold", "partition",
    "rpartition", "zfill", "isdigit", "isidentifier", "count", "find",
})  # fmt: skip
"""Methods of texts that are worked out."""


def binary(ev: Evaluator, op: str, left: Value, right: Value) -> Value:
    """Return ``left op right`` for texts, numbers and collections."""
    if op == "+" and isinstance(left, Items | Sized) and isinstance(right, Items | Sized):
        if isinstance(left, Items) and isinstance(right, Items):
            kinds = {left.kind, right.kind}
            if not kinds <= _JOINABLE:
                return UNKNOWN
            return bounded(ev, "unordered" if "unordered" in kinds else left.kind, (*left.items, *right.items))
        sizes = ev.size(left), ev.size(right)
        return Sized((sizes[0] or 0) + (sizes[1] or 0))
    if op == "*" and isinstance(right, Items) and isinstance(left, Constant):
        left, right = right, left
    if (
        op == "*"
        and isinstance(left, Items)
        and left.kind in _JOINABLE
        and isinstance(right, Constant)
        and isinstance(right.value, int)
    ):
        size = len(left.items) * max(right.value, 0)
        return Items(left.kind, left.items * max(right.value, 0)) if size <= ev.bounds.items else Sized(size)
    if op == "|" and isinstance(left, Mapped) and isinstance(right, Mapped):
        return mapped((*left.items, *right.items))
    if op in ("|", "&", "-", "^") and isinstance(left, Items) and isinstance(right, Items):
        return _set_operation(op, left, right)
    if op == "+" and (_text(left) or _text(right)):
        return _joined(left, right)
    return _arithmetic(ev, op, left, right)


def _text(value: Value) -> bool:
    return isinstance(value, Constant) and isinstance(value.value, str)


def _joined(left: Value, right: Value) -> Value:
    """Text plus text, of which one may be unknown: what is known of it stays as a pattern."""
    text = "".join(
        str(value.value) if isinstance(value, Constant) else (isinstance(value, Unknown) and value.pattern) or "*"
        for value in (left, right)
    )
    whole = isinstance(left, Constant) and isinstance(right, Constant) and _text(left) and _text(right)
    return Constant(text) if whole else Unknown("text", text)


def _set_operation(op: str, left: Items, right: Items) -> Value:
    if left.kind != "set" or not all(isinstance(item, Constant) for item in (*left.items, *right.items)):
        return UNKNOWN
    a, b = dict.fromkeys(left.items), dict.fromkeys(right.items)
    if op == "|":
        return Items("set", tuple({**a, **b}))
    if op == "&":
        return Items("set", tuple(item for item in a if item in b))
    rest = [item for item in a if item not in b]
    return Items("set", tuple(rest if op == "-" else [*rest, *(item for item in b if item not in a)]))


_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "//": lambda a, b: a // b, "%": lambda a, b: a % b,
    "/": lambda a, b: a / b,
}  # fmt: skip


def _arithmetic(ev: Evaluator, op: str, left: Value, right: Value) -> Value:
    if op not in _ARITHMETIC or not isinstance(left, Constant):
        return UNKNOWN
    a, b = left.value, plain(right, ordered=True)
    if b is NOT_PLAIN:
        if op == "%" and isinstance(a, str):
            return Unknown("text", _percent_pattern(a))
        return UNKNOWN
    if isinstance(a, str) and (
        op != "%" or len(a) >= ev.bounds.text // 10 or any(_WIDTH.search(m[0]) for m in _PERCENT.finditer(a))
    ):
        return UNKNOWN
    if not isinstance(a, str) and not (isinstance(a, int | float) and isinstance(b, int | float)):
        return UNKNOWN
    try:
        return wrap(_ARITHMETIC[op](a, b))
    except (TypeError, ValueError, ZeroDivisionError, OverflowError, KeyError, MemoryError):
        return UNKNOWN


def _percent_pattern(text: str) -> str:
    return _PERCENT.sub(lambda match: "%" if match[1] == "%" else "*", text)


def method(ev: Evaluator, receiver: Value, name: str, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    """Return what a method of a builtin value returns, and change the value where the method does."""
    if name in MUTATORS and isinstance(receiver, Collection):
        return _mutate(ev, receiver, name, list(args), kwargs)
    if isinstance(receiver, Collection) and name not in _LOOKING and not is_fixed(receiver):
        ev.change(receiver, Unknown(f"{name} may change it"))
        return UNKNOWN
    if isinstance(receiver, Mapped):
        return _dict_method(receiver, name, args)
    if isinstance(receiver, Items):
        if name in ("copy", "union") and not args:
            return Items(receiver.kind, receiver.items)
        other = Items("set", ev.drain(args[0]) or ()) if len(args) == 1 and ev.items(args[0]) is not None else None
        if name in _SET_METHODS and other is not None:
            return _set_operation(_SET_METHODS[name], receiver, other)
        if name in ("count", "index") and len(args) == 1:
            values, wanted = plain(receiver, ordered=name == "index"), plain(args[0])
            if isinstance(values, list | tuple) and wanted is not NOT_PLAIN:
                return _position(values, name, wanted)
        return UNKNOWN
    if isinstance(receiver, Constant) and isinstance(receiver.value, str) and name in TEXT_METHODS:
        plains = [plain(arg, iterates=name == "join", ordered=True) for arg in args]
        named = {key: plain(value, ordered=True) for key, value in kwargs.items()}
        if any(p is NOT_PLAIN for p in (*plains, *named.values())):
            return Unknown("text", "*") if name in ("format", "join", "replace") else UNKNOWN
        return _text_method(ev, receiver.value, name, plains, named)
    return UNKNOWN


def _position(values: list[Any] | tuple[Any, ...], name: str, wanted: object) -> Value:
    if name == "count":
        return Constant(values.count(wanted))
    return Constant(values.index(wanted)) if wanted in values else UNKNOWN


def _text_method(ev: Evaluator, text: str, name: str, args: list[Any], kwargs: dict[str, Any]) -> Value:
    given = [*args, *kwargs.values()]
    nests = any(isinstance(one, list | tuple | set) for one in given)
    if name == "format" and (nests or re.search(r"\{[^{}]*(?::|\d{4})", text)):
        return UNKNOWN  # as long as anything
    if _length(text, name, given) > ev.bounds.text:
        return ev.exceeds_text()
    try:
        return wrap(getattr(text, name)(*args, **kwargs))
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, OverflowError, MemoryError):
        return UNKNOWN


def _length(text: str, name: str, given: list[Any]) -> int:
    """Return how long at most what a text's method makes is; only of those that may make it much longer."""
    parts = [part for one in given for part in (one if isinstance(one, tuple | list) else (one,))]
    longest = max((len(part) for part in parts if isinstance(part, str)), default=0)
    if name == "join":
        return sum(len(part) for part in parts if isinstance(part, str)) + len(text) * len(parts)
    if name == "replace" and parts and isinstance(parts[0], str):
        return len(text) + text.count(parts[0]) * longest
    if name == "zfill":
        return max((part for part in parts if isinstance(part, int)), default=0)
    if name == "format":
        return len(text) + text.count("{") * max(longest, SHORT)
    return 0


def _dict_method(receiver: Mapped, name: str, args: Sequence[Value]) -> Value:
    over = (receiver,)
    if name == "keys":
        return Items("view", tuple(key for key, _ in receiver.items), over)
    if name == "values":
        return Items("view", tuple(value for _, value in receiver.items), over)
    if name == "items":
        return Items("view", tuple(Items("tuple", pair) for pair in receiver.items), over)
    if name == "copy":
        return Mapped(receiver.items)
    if name == "get" and args:
        return entry(receiver, args[0], args[1] if len(args) > 1 else Constant(None))
    return UNKNOWN


def _mutate(ev: Evaluator, receiver: Collection, name: str, args: list[Value], kwargs: Mapping[str, Value]) -> Value:
    """Call a mutating method: change the receiver, and return what the method returns."""
    returned: Value = Constant(None)
    if name == "pop":
        returned, new = _popped(receiver, args)
    elif name == "setdefault" and isinstance(receiver, Mapped) and args:
        default = args[1] if len(args) > 1 else Constant(None)
        there = entry(receiver, args[0], _ABSENT)
        if there is not _ABSENT:
            if isinstance(there, Unknown):
                ev.change(receiver, UNKNOWN)
            return there
        returned, new = default, with_entry(receiver, args[0], default)
    else:
        returned = UNKNOWN if name == "popitem" else returned
        new = mutated(ev, receiver, name, args, kwargs)
    ev.change(receiver, new)
    return returned


_ABSENT = Constant("no such entry")


def _popped(receiver: Collection, args: list[Value]) -> tuple[Value, Value]:
    """Return what ``pop`` returns and what it leaves behind."""
    if isinstance(receiver, Mapped) and args:
        there = entry(receiver, args[0], args[1] if len(args) > 1 else UNKNOWN)
        return there, without_entry(receiver, args[0])
    if isinstance(receiver, Items) and receiver.kind == "list" and receiver.items:
        index = args[0] if args else Constant(-1)
        left = without_item(receiver, index)
        place = plain(index)
        return (UNKNOWN, UNKNOWN) if isinstance(left, Unknown) else (receiver.items[place], left)
    return UNKNOWN, UNKNOWN


def mutated(
    ev: Evaluator,
    container: Collection,
    name: str,
    args: list[Value],
    kwargs: Mapping[str, Value] = MappingProxyType({}),
) -> Value:
    """Return what a collection becomes when one of its mutating methods is called."""
    if isinstance(container, Mapped):
        if name == "update" and len(args) <= 1:
            new = dict_of(ev, args, kwargs)
            return mapped((*container.items, *new.items)) if isinstance(new, Mapped) else UNKNOWN
        return Mapped(()) if name == "clear" and not args else UNKNOWN
    if isinstance(container, Sized):
        more = {"append": 1, "insert": 1, "reverse": 0, "sort": 0}.get(name)
        return UNKNOWN if more is None else Sized(container.size + more)
    if not isinstance(container, Items) or container.kind not in ("list", "set", "unordered"):
        return UNKNOWN
    items = container.items
    if name == "append" and len(args) == 1:
        return bounded(ev, container.kind, (*items, args[0]))
    if name == "insert" and len(args) == 2:
        index = plain(args[0])
        return (
            bounded(ev, container.kind, (*items[:index], args[1], *items[index:]))
            if isinstance(index, int)
            else UNKNOWN
        )
    if name == "extend" and len(args) == 1:
        kind = container.kind if is_ordered(args[0]) else "unordered"
        extra = ev.drain(args[0])
        return UNKNOWN if extra is None else bounded(ev, kind, (*items, *extra))
    if container.kind == "set":
        return _changed_set(ev, container, name, args)
    if name == "remove" and len(args) == 1:
        values, wanted = plain(container, ordered=True), plain(args[0])
        there = isinstance(values, list) and wanted is not NOT_PLAIN and wanted in values
        return without_item(container, Constant(values.index(wanted))) if there else UNKNOWN
    if name == "sort":
        return sorted_of(ev, [container], kwargs)
    if name == "reverse":
        return Items(container.kind, tuple(reversed(items)))
    return Items(container.kind, ()) if name == "clear" else UNKNOWN


def _changed_set(ev: Evaluator, container: Items, name: str, args: list[Value]) -> Value:
    if name == "clear":
        return Items("set", ())
    if name == "add" and len(args) == 1:
        return set_of(ev, [Items("list", (*container.items, args[0]))], {})
    if name in ("remove", "discard") and len(args) == 1:
        return _set_operation("-", container, Items("set", (args[0],)))
    if name == "update" and len(args) == 1 and (more := ev.drain(args[0])) is not None:
        return set_of(ev, [Items("list", (*container.items, *more))], {})
    return UNKNOWN


def dict_of(ev: Evaluator, args: list[Value], kwargs: Mapping[str, Value]) -> Value:
    """Return what ``dict(…)`` gives."""
    pairs: list[tuple[Value, Value]] = []
    if args:
        if isinstance(args[0], Mapped):
            pairs.extend(args[0].items)
        else:
            rows = in_order(ev, args[0])
            cells = [in_order(ev, row) for row in rows] if rows is not None else [None]
            if any(cell is None or len(cell) != 2 for cell in cells):
                return UNKNOWN
            pairs.extend((cell[0], cell[1]) for cell in cells if cell is not None)
    if any(isinstance(current(key), Unknown) for key, _ in pairs) or not are_told_apart([key for key, _ in pairs]):
        return UNKNOWN
    pairs.extend((Constant(key), value) for key, value in kwargs.items())
    return mapped(pairs)


def set_of(ev: Evaluator, args: list[Value], kwargs: Mapping[str, Value]) -> Value:
    """Return what ``set(…)`` gives."""
    items = ev.drain(args[0]) if args else ()
    if items is None or (len(items) > 1 and not all(isinstance(item, Constant) for item in items)):
        return UNKNOWN
    return Items("set", tuple(dict.fromkeys(items)))


def sorted_of(ev: Evaluator, args: list[Value], kwargs: Mapping[str, Value]) -> Value:
    """Return what ``sorted(…)`` gives."""
    ordered = is_ordered(*args[:1])
    items = ev.drain(args[0]) if args else None
    if items is None:
        return Sized(args[0].size) if args and isinstance(args[0], Sized) else UNKNOWN
    here = ev.here
    if "key" in kwargs and here is not None:
        keys: Sequence[Value] = [ev.call(kwargs["key"], (item,), {}, False, here.line, here) for item in items]
    else:
        keys = (UNKNOWN,) * len(items) if "key" in kwargs else items
    values = [plain(key, ordered=True) for key in keys]
    backwards = plain(kwargs.get("reverse", Constant(False)))
    if any(value is NOT_PLAIN for value in values) or not isinstance(backwards, bool | int):
        return Items("list", (UNKNOWN,) * len(items))
    if not ordered and ("key" in kwargs or len({type(value) for value in values}) > 1):
        return Items("list", (UNKNOWN,) * len(items))  # of those with one key, of 1 and True, any may be the first
    try:
        order = sorted(range(len(items)), key=values.__getitem__, reverse=bool(backwards))
    except TypeError:
        return UNKNOWN
    return Items("list", tuple(items[place] for place in order))
