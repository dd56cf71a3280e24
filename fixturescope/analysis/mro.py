"""Class hierarchies: method resolution order, and what a class has under a name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fixturescope.analysis.values import ClassValue, External, Unknown, Value

if TYPE_CHECKING:
    from fixturescope.analysis.evaluate import Evaluator

TRANSPARENT = frozenset({
    "builtins.object", "abc.ABC", "typing.Generic", "typing.Protocol", "typing_extensions.Protocol",
})  # fmt: skip


def linearize(ev: Evaluator, cls: ClassValue) -> tuple[Value, ...]:
    """Return the method resolution order: classes whose source was read, and ``External`` or unknown ones as they are.

    Bases are followed into libraries, since a fixture or an ``__init__`` may come from there.
    """
    cached = ev.mro_cache.get(id(cls))
    if cached is not None:
        return cached
    ev.mro_cache[id(cls)] = (cls,)  # a class that inherits from itself ends here
    bases = [base if isinstance(base, ClassValue) else _followed(ev, base) for base in cls.bases]
    chains = [linearize(ev, base) if isinstance(base, ClassValue) else (base,) for base in bases]
    order = (cls, *_merge([list(chain) for chain in chains] + [list(bases)]))
    ev.mro_cache[id(cls)] = order
    ev.keep_alive.append(cls)
    return order


def _followed(ev: Evaluator, base: Value) -> Value:
    base = ev.force(base)
    if isinstance(base, External) and base.dotted not in TRANSPARENT:
        return ev.modules.read(base)
    return base


def _merge(chains: list[list[Value]]) -> list[Value]:
    """C3; where the bases disagree (Python would refuse the class) the first come first."""
    merged: list[Value] = []
    while chains := [chain for chain in chains if chain]:
        head = next(
            (chain[0] for chain in chains if not any(chain[0] in other[1:] for other in chains)),
            chains[0][0],
        )
        merged.append(head)
        chains = [[value for value in chain if value != head] for chain in chains]
    return merged


def lookup_in_class(ev: Evaluator, cls: ClassValue, name: str) -> Value | None:
    """Return a class attribute by method resolution order, unbound, or None."""
    own = cls.frame.names.get(name)
    if own is not None:
        return ev.force(own.value)
    for owner in linearize(ev, cls):
        if isinstance(owner, ClassValue) and (binding := owner.frame.names.get(name)) is not None:
            return ev.force(binding.value)
    return None


def has_unknown_base(ev: Evaluator, cls: ClassValue) -> bool:
    """Whether some base of a class is not known."""
    return any(isinstance(owner, Unknown) for owner in linearize(ev, cls))


def external_bases(order: Sequence[Value]) -> list[str]:
    """Return the dotted names of bases whose source was not read."""
    return [owner.dotted for owner in order if isinstance(owner, External)]
