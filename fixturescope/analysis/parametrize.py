"""What ``parametrize`` marks and fixture parameters do to a test: names they provide, and how many items come of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fixturescope.analysis.evaluate import Evaluator
from fixturescope.analysis.nodes import Definition
from fixturescope.analysis.values import UNKNOWN, Choice, Constant, LazyFixture, Mark, ParamSet, Unknown, Value, current
from fixturescope.analysis.values import Sequence as Items

MAX_ROWS = 1_000
"""Parameters of longer lists are not looked at one by one."""


@dataclass(frozen=True, slots=True)
class Parametrization:
    """All ``parametrize`` marks of one test together."""

    direct: frozenset[str] = frozenset()
    """Arguments that get values of the mark and so are no fixture requests."""
    indirect: Mapping[str, int | None] = field(default_factory=dict)
    """Fixtures that get ``request.param`` from the mark, with the number of values if it is known."""
    count: int = 1
    """The product of the marks' value counts, each unknown one counted as 1."""
    exact: bool = True
    lazy: tuple[str, ...] = ()
    """Fixtures that lazy values among the parameters ask for."""
    unknown_names: bool = False
    """Some mark's argument names could not be evaluated."""

    @property
    def names(self) -> frozenset[str]:
        """All argument names that some mark parametrizes."""
        return self.direct | frozenset(self.indirect)


NOTHING = Parametrization()


def parametrization(ev: Evaluator, marks: Sequence[Mark]) -> Parametrization:
    """Return what the ``parametrize`` marks among a test's marks do."""
    relevant = [mark for mark in marks if mark.name == "parametrize"]
    if not relevant:
        return NOTHING
    direct: set[str] = set()
    indirect: dict[str, int | None] = {}
    lazy: list[str] = []
    count, exact, unknown = 1, True, False
    for mark in relevant:
        names = _names(ev, _argument(mark, 0, "argnames"))
        values = _argument(mark, 1, "argvalues")
        size = None if mark.incomplete else ev.size(values)
        exact &= bool(size) or (isinstance(values, Items) and values.written and size == 0)
        count *= max(size if size is not None else 1, 1)  # an empty parameter set is one skipped item
        if names is None or mark.incomplete:
            unknown = True
            continue
        lazy.extend(lazy_names(ev, values))
        for name in names:
            is_indirect = _is_indirect(ev, _argument(mark, 2, "indirect"), name)
            if is_indirect:
                indirect[name] = size
            else:
                direct.add(name)
    return Parametrization(frozenset(direct), indirect, count, exact and not unknown, tuple(lazy), unknown)


def _argument(mark: Mark, position: int, name: str) -> Value:
    if len(mark.args) > position:
        return current(mark.args[position])
    return current(mark.kwargs.get(name, Constant(None)))


def _names(ev: Evaluator, value: Value) -> list[str] | None:
    if isinstance(value, Constant) and isinstance(value.value, str):
        return [name.strip() for name in value.value.split(",") if name.strip()]
    items = ev.items(value)
    if items is None:
        return None
    names = [item.value for item in items if isinstance(item, Constant) and isinstance(item.value, str)]
    return names if len(names) == len(items) else None


def _is_indirect(ev: Evaluator, value: Value, name: str) -> bool:
    if isinstance(value, Items):
        return Constant(name) in value.items
    return ev.truth(value) is True


def lazy_names(ev: Evaluator, values: Value) -> list[str]:
    """Return the names of fixtures that lazy values in a parameter list stand for."""
    found: list[str] = []
    stack = list(values.items) if isinstance(values, Items) else []
    seen: set[int] = set()
    while stack:
        value = current(stack.pop())
        if id(value) in seen:
            continue  # a list that holds one other many times over
        seen.add(id(value))
        if isinstance(value, LazyFixture):
            if isinstance(value.name, Constant) and isinstance(value.name.value, str):
                found.append(value.name.value.partition(".")[0])
        elif isinstance(value, ParamSet):
            stack.extend(value.values)
        elif isinstance(value, Items):
            stack.extend(value.items)
    return found


def choices(ev: Evaluator, marks: Sequence[Mark]) -> dict[str, Value]:
    """Return what each directly parametrized argument may be, one value for each item: only texts and tuples of texts.

    Args:
        ev: The evaluator.
        marks: The marks of one test.
    """
    found: dict[str, Value] = {}
    for mark in marks:
        if mark.name != "parametrize" or mark.incomplete:
            continue
        names, rows = _names(ev, _argument(mark, 0, "argnames")), ev.items(_argument(mark, 1, "argvalues"))
        if not names or not rows or len(rows) > MAX_ROWS:
            continue
        cells = [_cells(ev, row, len(names)) for row in rows]
        for position, name in enumerate(names):
            column = tuple(row[position] if row is not None and position < len(row) else UNKNOWN for row in cells)
            found.setdefault(name, column[0] if len(column) == 1 else Choice(column))
    return found


def param_choice(ev: Evaluator, params: Value | None) -> Value:
    """Return what ``request.param`` may be in a fixture with these ``params``."""
    rows = ev.items(params) if params is not None else None
    if not rows or len(rows) > MAX_ROWS:
        return UNKNOWN
    values = tuple(row.values[0] if isinstance(row, ParamSet) and row.values else row for row in rows)
    return values[0] if len(values) == 1 else Choice(values)


def _cells(ev: Evaluator, row: Value, count: int) -> tuple[Value, ...] | None:
    if isinstance(row, ParamSet):
        return row.values
    return (row,) if count == 1 else ev.items(row)


def fixture_items(definitions: Mapping[str, Sequence[Definition]], parametrized: frozenset[str]) -> tuple[int, bool]:
    """Return how many items the parameters of the fixtures in a closure make of one test, and whether that is exact.

    Args:
        definitions: The closure: for each name all visible definitions, the nearest last.
        parametrized: Names that ``parametrize`` marks take over.
    """
    sizes: list[int] = []
    exact = True
    for name, visible in definitions.items():
        if name in parametrized:
            continue
        for definition in reversed(visible):
            if definition.params is not None:
                exact &= definition.params >= 0
                sizes.append(max(definition.params, 1))
                break
            if name not in definition.requests:
                break
    return math.prod(sizes), exact


def usefixtures(marks: Sequence[Mark]) -> tuple[list[str], list[Mark]]:
    """Return the names that ``usefixtures`` marks ask for, and those marks that could not be read wholly."""
    names: list[str] = []
    unread: list[Mark] = []
    for mark in marks:
        if mark.name != "usefixtures":
            continue
        texts = [arg.value for arg in mark.args if isinstance(arg, Constant) and isinstance(arg.value, str)]
        names.extend(texts)
        if mark.incomplete or len(texts) != len(mark.args) or any(isinstance(arg, Unknown) for arg in mark.args):
            unread.append(mark)
    return names, unread
