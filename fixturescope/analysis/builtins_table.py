"""Builtin functions, methods and operators on known values, each bounded in what it may produce."""

from __future__ import annotations

import contextlib
import itertools
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from fixturescope.analysis.values import (
    ITERATORS,
    UNKNOWN,
    UNORDERED,
    Collection,
    Constant,
    External,
    InstanceValue,
    Mapped,
    PathValue,
    Sized,
    Unknown,
    Value,
    current,
)
from fixturescope.analysis.values import Sequence as Items

if TYPE_CHECKING:
    from fixturescope.analysis.evaluate import Evaluator

MAX_PLAIN = 20_000
"""Items that are taken for one Python value, collections within collections counted."""
SHORT = 100
"""Characters of a number, more or less."""

MAX_INT = 2**63
MAX_DEPTH = 20
"""Collections within collections are not followed deeper: one may hold itself."""

NOT_PLAIN: Any = object()
"""What ``plain`` returns for a value that is not wholly known."""

_MAKERS: dict[str, Callable[[list[Any]], Any]] = {"list": list, "tuple": tuple, "set": set, "version_info": tuple}
"""Kinds that compare like a Python value; the others (``range``, ``view``, ``iterator``) can only be iterated over."""

_JOINABLE = frozenset({"list", "tuple", "unordered"})
"""Kinds that ``+`` joins and ``*`` repeats."""

_PERCENT = re.compile(r"%(?:\([^)]*\))?[-#0 +]*(?:\*|\d+)?(?:\.(?:\*|\d+)?)?[hlL]?(.)", re.DOTALL)
_WIDTH = re.compile(r"\*|\d{4}")

MUTATORS = frozenset({
    "append", "extend", "insert", "add", "update", "remove", "pop", "popitem", "clear", "sort", "reverse", "setdefault", "discard",
})  # fmt: skip

_LOOKING = frozenset({
    "copy", "count", "index", "get", "keys", "values", "items", "union", "difference", "intersection", "symmetric_difference",
    "issubset", "issuperset", "isdisjoint", "fromkeys", "__add__", "__and__", "__class__", "__contains__", "__eq__",
    "__getitem__", "__iter__", "__len__", "__mul__", "__or__", "__repr__", "__reversed__", "__str__", "__sub__",
})  # fmt: skip
"""Methods of collections that change nothing."""

_SET_METHODS = {"union": "|", "difference": "-", "intersection": "&", "symmetric_difference": "^"}

_TEXT_METHODS = frozenset({
    "upper", "lower", "title", "capitalize", "strip", "lstrip", "rstrip", "replace", "split", "rsplit", "splitlines",
    "startswith", "endswith", "removeprefix", "removesuffix", "join", "format", "swapcase", "casefold", "partition",
    "rpartition", "zfill", "isdigit", "isidentifier", "count", "find",
})  # fmt: skip


def plain(value: Value, *, iterates: bool = False, ordered: bool = False) -> Any:
    """Return the Python value of a constant or of a list, tuple or set of constants, else ``NOT_PLAIN``.

    Args:
        value: The value.
        iterates: Whether whoever asks only iterates over it, so that a tuple may stand for any iterable.
        ordered: Whether the order of a set matters to whoever asks.
    """
    return _plain(value, iterates=iterates, ordered=ordered, budget=[MAX_PLAIN], depth=0)


def _plain(value: Value, *, iterates: bool, ordered: bool, budget: list[int], depth: int) -> Any:
    """Do what ``plain`` does, for no more items in all than ``budget`` holds: a list may hold one other many times."""
    value = current(value)
    if isinstance(value, Constant):
        return value.value
    if isinstance(value, PathValue):
        return Path(value.text)
    if not isinstance(value, Items) or (ordered and value.kind in UNORDERED):
        return NOT_PLAIN
    make = tuple if iterates else _MAKERS.get(value.kind)
    budget[0] -= len(value.items)
    if make is None or budget[0] < 0 or depth > MAX_DEPTH:
        return NOT_PLAIN
    parts = []
    for item in value.items:
        part = _plain(item, iterates=False, ordered=ordered, budget=budget, depth=depth + 1)
        if part is NOT_PLAIN:
            return NOT_PLAIN
        parts.append(part)
    try:
        return make(parts)
    except TypeError:  # something in a set that has no hash
        return NOT_PLAIN


def wrap(value: object) -> Value:
    """Return the value that stands for a Python constant, path, list or tuple."""
    if isinstance(value, Path):
        return PathValue(str(value))
    if isinstance(value, list | tuple):
        return Items("list" if isinstance(value, list) else "tuple", tuple(wrap(item) for item in value))
    if isinstance(value, int) and not isinstance(value, bool):
        return Constant(value) if -MAX_INT < value < MAX_INT else UNKNOWN
    return Constant(value) if value is None or isinstance(value, bool | float | str | bytes) else UNKNOWN


def is_ordered(*values: Value) -> bool:
    """Return whether iterating over these values, in turn, gives their items in an order that is known."""
    now = [current(one) for one in values]
    return not any(isinstance(one, Items) and one.kind in UNORDERED and len(one.items) > 1 for one in now)


def in_order(ev: Evaluator, value: Value) -> tuple[Value, ...] | None:
    """Return what iterating over a value gives, one by one: unknown ones where their order is not known."""
    ordered = is_ordered(value)
    items = ev.drain(value)
    return items if items is None or ordered else (UNKNOWN,) * len(items)


def is_fixed(value: Collection) -> bool:
    """Return whether nothing changes a collection in place: a tuple and the like."""
    return isinstance(value, Items) and value.kind in ("tuple", "range", "version_info")


def iterator_kind(ordered: bool, kind: str = "iterator") -> str:
    """Return the kind of an iterator over something whose order is known or not."""
    return kind if ordered else {"iterator": "shuffled", "generator": "shuffled generator"}.get(kind, "unordered")


@contextlib.contextmanager
def late(ev: Evaluator, ordered: bool) -> Iterator[None]:
    """What happens within happens when somebody goes through an iterator, if ever."""
    perhaps = ev.condition() if ev.sink is None else contextlib.nullcontext()
    with perhaps, contextlib.nullcontext() if ordered else ev.shuffle():
        yield


def sources(*values: Value) -> tuple[Value, ...]:
    """Return what iterating over these values looks at as it goes: for an iterator, what that looks at."""
    found: list[Value] = []
    for value in map(current, values):
        is_iterator = isinstance(value, Items) and (value.over or value.kind in ITERATORS)
        found.extend(value.over if is_iterator and isinstance(value, Items) else [value])
    return tuple(found)


def mapped(pairs: Iterable[tuple[Value, Value]]) -> Mapped:
    """Return the dict of some pairs: of equal keys the first one stays, with the last one's value."""
    entries: dict[Any, tuple[Value, Value]] = {}
    for key, value in pairs:
        bare = key_of(key)
        identity = key if bare is NOT_PLAIN else (bare,)
        entries[identity] = (entries[identity][0] if identity in entries else key, value)
    return Mapped(tuple(entries.values()))


def binary(ev: Evaluator, op: str, left: Value, right: Value) -> Value:
    """Return ``left op right`` for texts, numbers and collections."""
    if op == "+" and isinstance(left, Items | Sized) and isinstance(right, Items | Sized):
        if isinstance(left, Items) and isinstance(right, Items):
            kinds = {left.kind, right.kind}
            if not kinds <= _JOINABLE:
                return UNKNOWN
            return _bounded(ev, "unordered" if "unordered" in kinds else left.kind, (*left.items, *right.items))
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


def _is_text(value: object) -> bool:
    return isinstance(value, str)


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


def _bounded(ev: Evaluator, kind: str, items: tuple[Value, ...]) -> Value:
    return Items(kind, items) if len(items) <= ev.bounds.items else Sized(len(items))


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
    if isinstance(receiver, Constant) and isinstance(receiver.value, str) and name in _TEXT_METHODS:
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


def key_of(value: Value) -> Any:
    """Return what a value is as the key of a dict, or ``NOT_PLAIN`` where that is not known or not possible."""
    bare = plain(value)
    try:
        hash(bare)
    except TypeError:
        return NOT_PLAIN
    return bare


def entry(container: Mapped, key: Value, default: Value) -> Value:
    """Return what a dict has under a key, ``default`` where it has nothing, unknown where that cannot be told."""
    wanted, keys = key_of(key), [key_of(other) for other, _ in container.items]
    if wanted is NOT_PLAIN:  # an enum member, a class: the same object is the same key
        return next((value for other, value in container.items if other == key), UNKNOWN)
    found = next((value for other, (_, value) in zip(keys, container.items) if other == wanted), None)
    if found is not None:
        return found
    return UNKNOWN if any(other is NOT_PLAIN for other in keys) else default


def are_told_apart(keys: Iterable[Value]) -> bool:
    """Whether it is known which of these keys of a dict are equal: a library's constant may be any text or number."""
    kinds = {isinstance(current(key), External) for key in keys}
    return len(kinds) < 2


def with_entry(container: Mapped, key: Value, value: Value) -> Value:
    """Return a dict with one more entry, or another value in its place."""
    if isinstance(current(key), Unknown) or not are_told_apart([key, *(other for other, _ in container.items)]):
        return UNKNOWN
    return mapped((*container.items, (key, value)))


def without_entry(container: Mapped, key: Value) -> Value:
    """Return a dict without the entry of a key."""
    wanted, keys = key_of(key), [key_of(other) for other, _ in container.items]
    if wanted is NOT_PLAIN or NOT_PLAIN in keys:
        return UNKNOWN
    return Mapped(tuple(pair for other, pair in zip(keys, container.items) if other != wanted))


def without_item(container: Items, index: Value) -> Value:
    """Return a list without the item at a place, or those of a slice."""
    place = plain(index)
    if (
        container.kind != "list"
        or not isinstance(place, int)
        or not -len(container.items) <= place < len(container.items)
    ):
        return UNKNOWN
    items = list(container.items)
    del items[place]
    return Items("list", tuple(items))


def with_item(container: Items, index: Value, value: Value) -> Value:
    """Return a list with another item at a place."""
    place = plain(index)
    if (
        container.kind != "list"
        or not isinstance(place, int)
        or not -len(container.items) <= place < len(container.items)
    ):
        return UNKNOWN
    items = list(container.items)
    items[place] = value
    return Items("list", tuple(items))


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
            new = function(ev, "builtins.dict", args, kwargs, False)
            return mapped((*container.items, *new.items)) if isinstance(new, Mapped) else UNKNOWN
        return Mapped(()) if name == "clear" and not args else UNKNOWN
    if isinstance(container, Sized):
        more = {"append": 1, "insert": 1, "reverse": 0, "sort": 0}.get(name)
        return UNKNOWN if more is None else Sized(container.size + more)
    if not isinstance(container, Items) or container.kind not in ("list", "set", "unordered"):
        return UNKNOWN
    items = container.items
    if name == "append" and len(args) == 1:
        return _bounded(ev, container.kind, (*items, args[0]))
    if name == "insert" and len(args) == 2:
        index = plain(args[0])
        return (
            _bounded(ev, container.kind, (*items[:index], args[1], *items[index:]))
            if isinstance(index, int)
            else UNKNOWN
        )
    if name == "extend" and len(args) == 1:
        kind = container.kind if is_ordered(args[0]) else "unordered"
        extra = ev.drain(args[0])
        return UNKNOWN if extra is None else _bounded(ev, kind, (*items, *extra))
    if container.kind == "set":
        return _changed_set(ev, container, name, args)
    if name == "remove" and len(args) == 1:
        values, wanted = plain(container, ordered=True), plain(args[0])
        there = isinstance(values, list) and wanted is not NOT_PLAIN and wanted in values
        return without_item(container, Constant(values.index(wanted))) if there else UNKNOWN
    if name == "sort":
        return _sorted(ev, [container], kwargs)
    if name == "reverse":
        return Items(container.kind, tuple(reversed(items)))
    return Items(container.kind, ()) if name == "clear" else UNKNOWN


def _changed_set(ev: Evaluator, container: Items, name: str, args: list[Value]) -> Value:
    if name == "clear":
        return Items("set", ())
    if name == "add" and len(args) == 1:
        return function(ev, "builtins.set", [Items("list", (*container.items, args[0]))], {}, False)
    if name in ("remove", "discard") and len(args) == 1:
        return _set_operation("-", container, Items("set", (args[0],)))
    if name == "update" and len(args) == 1 and (more := ev.drain(args[0])) is not None:
        return function(ev, "builtins.set", [Items("list", (*container.items, *more))], {}, False)
    return UNKNOWN


def function(ev: Evaluator, dotted: str, args: Sequence[Value], kwargs: Mapping[str, Value], incomplete: bool) -> Value:
    """Return what a builtin or an ``itertools`` function returns."""
    handler = _FUNCTIONS.get(dotted)
    return handler(ev, list(args), kwargs) if handler is not None and not incomplete else UNKNOWN


def _range(ev: Evaluator, args: list[Value], kwargs: Mapping[str, Value]) -> Value:
    bounds = [plain(arg) for arg in args]
    if (
        not 1 <= len(bounds) <= 3
        or not all(isinstance(b, int) for b in bounds)
        or (len(bounds) == 3 and bounds[2] == 0)
    ):
        return UNKNOWN
    numbers = range(*bounds)
    try:
        size = len(numbers)
    except OverflowError:
        return UNKNOWN
    return Items("range", tuple(Constant(n) for n in numbers)) if size <= ev.bounds.items else Sized(size)


_Handler = Callable[["Evaluator", list[Value], Mapping[str, Value]], Value]


def _collect(kind: str) -> _Handler:
    def handler(ev: Evaluator, args: list[Value], kwargs: Mapping[str, Value]) -> Value:
        if not args:
            return Items(kind, ())
        if isinstance(args[0], Sized):
            return Sized(args[0].size)
        ordered, over = is_ordered(args[0]), sources(args[0]) if kind == "iterator" else ()
        items = ev.drain(args[0])
        return UNKNOWN if items is None else Items(iterator_kind(ordered, kind), items, over)

    return handler


def _reversed(ev: Evaluator, args: list[Value], kwargs: Mapping[str, Value]) -> Value:
    over = sources(*args)
    items = in_order(ev, args[0]) if args else None
    return UNKNOWN if items is None else Items("iterator", tuple(reversed(items)), over)


def _set(ev: Evaluator, args: list[Value], kwargs: Mapping[str, Value]) -> Value:
    items = ev.drain(args[0]) if args else ()
    if items is None or (len(items) > 1 and not all(isinstance(item, Constant) for item in items)):
        return UNKNOWN
    return Items("set", tuple(dict.fromkeys(items)))


def _sorted(ev: Evaluator, args: list[Value], kwargs: Mapping[str, Value]) -> Value:
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


def _enumerate(ev: Evaluator, args: list[Value], kwargs: Mapping[str, Value]) -> Value:
    over = sources(*args[:1])
    items = in_order(ev, args[0]) if args else None
    start = plain(args[1] if len(args) > 1 else kwargs.get("start", Constant(0)))
    if items is None or not isinstance(start, int):
        return UNKNOWN
    rows = tuple(Items("tuple", (wrap(i), item)) for i, item in enumerate(items, start))
    return Items("iterator", rows, over)


def _zip(ev: Evaluator, args: list[Value], kwargs: Mapping[str, Value]) -> Value:
    over = sources(*args)
    iterators = [id(arg) for arg in args if isinstance(arg, Items) and arg.kind in ITERATORS]
    columns = [in_order(ev, arg) for arg in args]
    if any(column is None for column in columns) or len(set(iterators)) < len(iterators):
        return UNKNOWN  # what is not known, or one iterator twice
    rows = tuple(Items("tuple", row) for row in zip(*(column or () for column in columns)))
    return Items("iterator", rows, over)


def _dict(ev: Evaluator, args: list[Value], kwargs: Mapping[str, Value]) -> Value:
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


def _len(ev: Evaluator, args: list[Value], kwargs: Mapping[str, Value]) -> Value:
    size = ev.size(args[0]) if args else None
    return UNKNOWN if size is None else Constant(size)


def _plainly(call: Callable[..., object], iterates: int | None = None) -> _Handler:
    """A function of plain values, which iterates over the first of at most ``iterates`` arguments."""

    def handler(ev: Evaluator, args: list[Value], kwargs: Mapping[str, Value]) -> Value:
        over = iterates is not None and len(args) <= iterates
        shuffled = over and not is_ordered(*args[:1])
        values = [plain(arg, iterates=over and i == 0, ordered=iterates is None) for i, arg in enumerate(args)]
        if kwargs or any(value is NOT_PLAIN for value in values):
            return UNKNOWN
        if (
            shuffled
            and len({type(one) for one in values[0]} | {int}) > 1
            and not all(_is_text(one) for one in values[0])
        ):
            return UNKNOWN  # of 1 and True the first is the largest; a sum of fractions hangs on their order
        try:
            return wrap(call(*values))
        except (TypeError, ValueError, OverflowError, MemoryError):
            return UNKNOWN

    return handler


def _product(ev: Evaluator, args: list[Value], kwargs: Mapping[str, Value]) -> Value:
    repeat = plain(kwargs.get("repeat", Constant(1)))
    sizes = [ev.size(arg) for arg in args]
    if not isinstance(repeat, int) or not 0 <= repeat <= 64 or any(size is None for size in sizes):
        return UNKNOWN
    total = math.prod(size or 0 for size in sizes) ** repeat
    if total > ev.bounds.items:
        return Sized(total) if total < MAX_INT else UNKNOWN
    rows: list[tuple[Value, ...]] = [()]
    kind = iterator_kind(is_ordered(*args))
    for column in [ev.drain(arg) or () for arg in args] * repeat:
        rows = [(*row, item) for row in rows for item in column]
    return Items(kind, tuple(Items("tuple", row) for row in rows))


def _chain(ev: Evaluator, args: list[Value], kwargs: Mapping[str, Value]) -> Value:
    ordered, over = is_ordered(*args), sources(*args)
    columns = [ev.drain(arg) for arg in args]
    if any(column is None for column in columns):
        sizes = [ev.size(arg) for arg in args]
        return UNKNOWN if any(size is None for size in sizes) else Sized(sum(size or 0 for size in sizes))
    made = _bounded(ev, iterator_kind(ordered), tuple(item for column in columns for item in column or ()))
    if isinstance(made, Items):
        made.over = over
    return made


def _chain_nested(ev: Evaluator, args: list[Value], kwargs: Mapping[str, Value]) -> Value:
    columns = in_order(ev, args[0]) if args else None
    return UNKNOWN if columns is None else _chain(ev, list(columns), kwargs)


def _combinatoric(count: Callable[[int, int], int], each: Callable[..., Iterable[tuple[Value, ...]]]) -> _Handler:
    def handler(ev: Evaluator, args: list[Value], kwargs: Mapping[str, Value]) -> Value:
        size = ev.size(args[0]) if args else None
        length = plain(args[1] if len(args) > 1 else kwargs.get("r", Constant(size)))
        if size is None or not isinstance(length, int) or length < 0 or max(size, length) > ev.bounds.items:
            return UNKNOWN
        total = count(size, length)
        if total > ev.bounds.items:
            return Sized(total) if total < MAX_INT else UNKNOWN
        ordered, items = is_ordered(args[0]), ev.drain(args[0])
        if items is None or total * length > ev.bounds.items:
            return Sized(total)
        return Items(iterator_kind(ordered), tuple(Items("tuple", row) for row in each(items, length)))

    return handler


def _any_or_all(wanted: bool) -> _Handler:
    def handler(ev: Evaluator, args: list[Value], kwargs: Mapping[str, Value]) -> Value:
        items = ev.drain(args[0]) if len(args) == 1 else None
        truths = [None] if items is None else [ev.truth(item) for item in items]
        if wanted in truths:
            return Constant(wanted)
        return UNKNOWN if None in truths else Constant(not wanted)

    return handler


def _filter(ev: Evaluator, args: list[Value], kwargs: Mapping[str, Value]) -> Value:
    ordered, over = len(args) == 2 and is_ordered(args[1]), sources(*args[1:])
    items = ev.drain(args[1]) if len(args) == 2 else None
    here = ev.here
    if items is None or here is None:
        return UNKNOWN
    kept = []
    with late(ev, ordered):
        for item in items:
            passes = item if args[0] == Constant(None) else ev.call(args[0], (item,), {}, False, here.line, here)
            truth = ev.truth(passes)
            if truth is None:
                return UNKNOWN
            kept += [item] if truth else []
    return Items(iterator_kind(ordered, "generator"), tuple(kept), over)


def _next(ev: Evaluator, args: list[Value], kwargs: Mapping[str, Value]) -> Value:
    iterator = args[0] if args else UNKNOWN
    if not isinstance(iterator, Items) or iterator.kind not in ITERATORS:
        return UNKNOWN
    if not iterator.items:
        return args[1] if len(args) > 1 else UNKNOWN
    if not is_ordered(iterator):
        ev.change(iterator, Unknown("any of its items is gone"))
        return UNKNOWN
    ev.change(iterator, Items(iterator.kind, iterator.items[1:], iterator.over))
    return current(iterator.items[0])


def _copy(ev: Evaluator, args: list[Value], kwargs: Mapping[str, Value]) -> Value:
    value = args[0] if args else UNKNOWN
    if isinstance(value, Mapped):
        return Mapped(value.items)
    return Items(value.kind, value.items) if isinstance(value, Items) and value.kind in ("list", "set") else value


def _deepcopy(ev: Evaluator, args: list[Value], kwargs: Mapping[str, Value]) -> Value:
    return _deeply(args[0], 0, [ev.bounds.items]) if args else UNKNOWN


def _deeply(value: Value, depth: int, budget: list[int]) -> Value:
    value = current(value)
    budget[0] -= 1
    if depth > MAX_DEPTH or budget[0] < 0:
        return UNKNOWN
    if isinstance(value, Mapped):
        return Mapped(tuple((key, _deeply(item, depth + 1, budget)) for key, item in value.items))
    if isinstance(value, Items) and value.kind in ("list", "set", "tuple"):
        return Items(value.kind, tuple(_deeply(item, depth + 1, budget) for item in value.items))
    return UNKNOWN if isinstance(value, Collection | InstanceValue) else value


def _fromkeys(ev: Evaluator, args: list[Value], kwargs: Mapping[str, Value]) -> Value:
    keys = in_order(ev, args[0]) if args else None
    if keys is None or any(isinstance(current(key), Unknown) for key in keys) or not are_told_apart(keys):
        return UNKNOWN
    return mapped((key, args[1] if len(args) > 1 else Constant(None)) for key in keys)


def _islice(ev: Evaluator, args: list[Value], kwargs: Mapping[str, Value]) -> Value:
    ends, over = [plain(arg) for arg in args[1:]], sources(*args[:1])
    items = in_order(ev, args[0]) if args else None
    if items is None or not 1 <= len(ends) <= 3 or not all(end is None or isinstance(end, int) for end in ends):
        return UNKNOWN
    return Items("iterator", tuple(itertools.islice(items, *ends)), over)


def _text_function(name: str) -> _Handler:
    def handler(ev: Evaluator, args: list[Value], kwargs: Mapping[str, Value]) -> Value:
        return method(ev, args[0], name, args[1:], kwargs) if args else UNKNOWN

    return handler


_FUNCTIONS: dict[str, _Handler] = {
    "builtins.any": _any_or_all(True),
    "builtins.all": _any_or_all(False),
    "builtins.filter": _filter,
    "builtins.next": _next,
    "builtins.dict.fromkeys": _fromkeys,
    "builtins.divmod": _plainly(divmod),
    "builtins.ord": _plainly(ord),
    "builtins.chr": _plainly(chr),
    "builtins.round": _plainly(round),
    **{f"builtins.str.{name}": _text_function(name) for name in sorted(_TEXT_METHODS)},
    "collections.OrderedDict": _dict,
    "copy.copy": _copy,
    "copy.deepcopy": _deepcopy,
    "itertools.islice": _islice,
    "builtins.range": _range,
    "builtins.list": _collect("list"),
    "builtins.tuple": _collect("tuple"),
    "builtins.iter": _collect("iterator"),
    "builtins.set": _set,
    "builtins.frozenset": _set,
    "builtins.sorted": _sorted,
    "builtins.reversed": _reversed,
    "builtins.enumerate": _enumerate,
    "builtins.zip": _zip,
    "builtins.dict": _dict,
    "builtins.len": _len,
    "builtins.str": _plainly(str),
    "builtins.repr": _plainly(repr),
    "builtins.int": _plainly(int),
    "builtins.float": _plainly(float),
    "builtins.bool": lambda ev, args, kw: (
        UNKNOWN if not args or ev.truth(args[0]) is None else Constant(ev.truth(args[0]))
    ),
    "builtins.min": _plainly(min, 1),
    "builtins.max": _plainly(max, 1),
    "builtins.sum": _plainly(sum, 2),
    "builtins.abs": _plainly(abs),
    "itertools.product": _product,
    "itertools.chain": _chain,
    "itertools.chain.from_iterable": _chain_nested,
    "itertools.combinations": _combinatoric(math.comb, itertools.combinations),
    "itertools.permutations": _combinatoric(math.perm, itertools.permutations),
    "itertools.combinations_with_replacement": _combinatoric(
        lambda n, r: math.comb(n + r - 1, r) if n else int(r == 0), itertools.combinations_with_replacement
    ),
}
