"""Builtin functions and those of ``itertools`` and ``copy`` on known values, each bounded in what it may produce."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from fixturescope.analysis.basics import (
    MAX_DEPTH,
    MAX_INT,
    NOT_PLAIN,
    are_told_apart,
    bounded,
    in_order,
    is_ordered,
    iterator_kind,
    late,
    mapped,
    plain,
    sources,
    wrap,
)
from fixturescope.analysis.methods import TEXT_METHODS, dict_of, method, set_of, sorted_of
from fixturescope.analysis.values import (
    ITERATORS,
    UNKNOWN,
    Collection,
    Constant,
    InstanceValue,
    Mapped,
    Sized,
    Unknown,
    Value,
    current,
)
from fixturescope.analysis.values import Sequence as Items

if TYPE_CHECKING:
    from fixturescope.analysis.evaluate import Evaluator

_Handler = Callable[["Evaluator", list[Value], Mapping[str, Value]], Value]


def function(ev: Evaluator, dotted: str, args: Sequence[Value], kwargs: Mapping[str, Value], incomplete: bool) -> Value:
    """Return what a builtin or an ``itertools`` function returns."""
    handler = _FUNCTIONS.get(dotted)
    return handler(ev, list(args), kwargs) if handler is not None and not incomplete else UNKNOWN


def _is_text(value: object) -> bool:
    return isinstance(value, str)


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
    made = bounded(ev, iterator_kind(ordered), tuple(item for column in columns for item in column or ()))
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
    if iterator.kind == "groups":
        ev.change(iterator, Unknown("how far it is gone through is not known"))
        return UNKNOWN
    if not iterator.items:
        return args[1] if len(args) > 1 else UNKNOWN
    if not is_ordered(iterator):
        ev.change(iterator, Unknown("any of its items is gone"))
        return UNKNOWN
    ev.change(iterator, Items(iterator.kind, iterator.items[1:], iterator.over))
    return current(iterator.items[0])


def _groupby(ev: Evaluator, args: list[Value], kwargs: Mapping[str, Value]) -> Value:
    """Items with equal keys side by side, each group to be gone through before the next one is asked for."""
    given = dict(zip(("iterable", "key"), args)) | dict(kwargs)
    iterable, key = given.get("iterable", UNKNOWN), given.get("key", Constant(None))
    ordered, over = is_ordered(iterable), sources(iterable)
    items, here = ev.drain(iterable), ev.here
    if items is None or not ordered or here is None or not set(given) <= {"iterable", "key"}:
        return UNKNOWN
    found: list[tuple[Value, list[Value]]] = []
    with late(ev, ordered):
        for item in items:
            label = item if key == Constant(None) else current(ev.call(key, (item,), {}, False, here.line, here))
            same = ev.equal(found[-1][0], label) if found else False
            if same is None or (plain(label) is NOT_PLAIN and len(items) > 1):
                return UNKNOWN
            if same:
                found[-1][1].append(item)
            else:
                found.append((label, [item]))
    groups = ((label, Items("group", tuple(group), over)) for label, group in found)
    return Items("groups", tuple(Items("tuple", pair) for pair in groups), over)


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
    **{f"builtins.str.{name}": _text_function(name) for name in sorted(TEXT_METHODS)},
    "collections.OrderedDict": dict_of,
    "copy.copy": _copy,
    "copy.deepcopy": _deepcopy,
    "itertools.groupby": _groupby,
    "itertools.islice": _islice,
    "builtins.range": _range,
    "builtins.list": _collect("list"),
    "builtins.tuple": _collect("tuple"),
    "builtins.iter": _collect("iterator"),
    "builtins.set": set_of,
    "builtins.frozenset": set_of,
    "builtins.sorted": sorted_of,
    "builtins.reversed": _reversed,
    "builtins.enumerate": _enumerate,
    "builtins.zip": _zip,
    "builtins.dict": dict_of,
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
