"""Known values as Python's own, what iterating over them gives, and the entries of collections."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fixturescope.analysis.values import (
    ITERATORS,
    UNKNOWN,
    UNORDERED,
    Collection,
    Constant,
    External,
    Mapped,
    PathValue,
    Sized,
    Unknown,
    Value,
    become,
    current,
)
from fixturescope.analysis.values import Sequence as Items

if TYPE_CHECKING:
    from fixturescope.analysis.evaluate import Evaluator

MAX_PLAIN = 20_000
"""Items that are taken for one Python value, collections within collections counted."""

MAX_INT = 2**63

MAX_DEPTH = 20
"""Collections within collections are not followed deeper: one may hold itself."""

NOT_PLAIN: Any = object()
"""What ``plain`` returns for a value that is not wholly known."""

_MAKERS: dict[str, Callable[[list[Any]], Any]] = {"list": list, "tuple": tuple, "set": set, "version_info": tuple}
"""Kinds that compare like a Python value; the others (``range``, ``view``, ``iterator``) can only be iterated over."""

MUTATORS = frozenset({
    "append", "extend", "insert", "add", "update", "remove", "pop", "popitem", "clear", "sort", "reverse", "setdefault", "discard",
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


def pass_by(item: Value) -> None:
    """Whoever goes through an iterator is done with one of its items: a group of ``groupby`` is empty from then on."""
    group = item.items[1] if isinstance(item, Items) and len(item.items) == 2 else None
    if isinstance(group, Items) and group.kind == "group":
        become(group, Unknown("a later group has begun"))


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


def bounded(ev: Evaluator, kind: str, items: tuple[Value, ...]) -> Value:
    """Return a collection of some items; of too many only their number is known."""
    return Items(kind, items) if len(items) <= ev.bounds.items else Sized(len(items))
