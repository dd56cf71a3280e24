"""Calls that happen again with the same arguments while somebody looks for what bodies ask for: evaluated once.

A function that a hundred branches call with arguments of which nothing is known says the same each time, as long as
nothing that it might look at has changed in between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fixturescope.analysis.values import Constant, External, FunctionValue, Unknown, Value, next_serial

Key = tuple[object, ...]
"""A function, how deep it is called, and its arguments."""


class Repeats:
    """Answers of functions, kept as long as they hold."""

    def __init__(self) -> None:
        self._answers: dict[Key, tuple[FunctionValue, Value]] = {}
        """The function is kept with its answer, so that no other one gets its ``id``."""
        self._since = 0
        self.changes = 0
        """How often something that a function may look at was changed, or was looked at in a way that others notice."""

    def begin(self) -> None:
        """From now on, what is older than this is shared: bodies and modules that are evaluated later may look at it."""
        self._since = next_serial()

    def change(self, serial: int) -> None:
        """Note that something made at that time is changed; nothing that was said before holds if it is shared."""
        if serial <= self._since:
            self.forget()

    def forget(self) -> None:
        """Forget all answers."""
        self.changes += 1
        self._answers.clear()

    def key(
        self, function: FunctionValue, args: Sequence[Value], kwargs: Mapping[str, Value], incomplete: bool, depth: int
    ) -> Key | None:
        """Return what a call is known by; None for one that hangs on more than its arguments and names of modules."""
        frame = function.frame
        if frame.kind == "function" or (frame.kind == "class" and frame.parent is not frame.module.frame):
            return None
        labels = [_label(value) for value in (*args, *kwargs.values())]
        return None if None in labels else (id(function), depth, incomplete, len(args), *kwargs, *labels)

    def answer(self, key: Key) -> Value | None:
        """Return what a call gave before."""
        kept = self._answers.get(key)
        return None if kept is None else kept[1]

    def keep(self, key: Key, function: FunctionValue, value: Value) -> None:
        """Keep what a call gave, if nobody can change it."""
        if _label(value) is not None:
            self._answers[key] = (function, value)


def _label(value: Value) -> object:
    """Return what tells a value from others; None for one that can be changed, or ask for a fixture."""
    if isinstance(value, Constant):
        return type(value.value), repr(value.value)
    if isinstance(value, External) or (isinstance(value, Unknown) and not value.may_be):
        return value
    return None
