"""What was collected: every definition, and for each of its parameters the cheapest test that reaches it."""

from __future__ import annotations

import os
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pytest

from fixturescope.measure import wire
from fixturescope.measure.probe import gpu, processes, pytest_compat, xunit

UNSAFE_MODULES = {
    "grpc": "gRPC is loaded, whose threads do not survive a fork",
    "objc": "the Objective-C runtime is loaded, which refuses to work after a fork",
}
"""Modules after whose import a process should not fork, and why."""

CARRIER_MARKS = ("skip", "skipif", "xfail")
"""Marks of tests that are carriers only where no other test is there: they may not be set up."""


class Suite:
    """The definitions and tests of a session, found by key and node id.

    Args:
        session: The session, after collection.
    """

    def __init__(self, session: pytest.Session) -> None:
        self.session = session
        self._kept = [one for one in pytest_compat.all_definitions(session) if not pytest_compat.is_pseudo(one)]
        self._keys: dict[int, str] = {}
        self.definitions: dict[str, Any] = {}
        for fixturedef in self._kept:
            key = pytest_compat.key_of(fixturedef)
            self._keys[id(fixturedef)] = key
            self.definitions[key] = fixturedef  # of two in one place, the last is what tests get
        self._items = {item.nodeid: item for item in session.items}
        self._nodes = {node.nodeid: node for node in pytest_compat.collectors_above(session.items)}
        self._set_ups = xunit.set_up_methods(session.items)
        for method in self._set_ups.values():
            key = f"xunit:{method.argname}@{method.baseid}"
            self._keys[id(method)] = key
            self.definitions[key] = method

    def key(self, fixturedef: Any) -> str | None:
        """Return the key of a definition; None for pytest's own devices."""
        known = self._keys.get(id(fixturedef))
        if known is None and not pytest_compat.is_pseudo(fixturedef):  # made while tests run
            self._kept.append(fixturedef)
            known = self._keys[id(fixturedef)] = pytest_compat.key_of(fixturedef)
        return known

    def carrier(self, order: wire.Order) -> pytest.Function:
        """Return the test that an order names.

        Raises:
            LookupError: There is no such test.
        """
        carrier = order.carrier
        if not carrier.synthetic:
            item = self._items.get(carrier.nodeid)
            if not isinstance(item, pytest.Function):
                raise LookupError(f"there is no test {carrier.nodeid}")
            return item
        name = self.definitions[order.key].argname
        for node in self._nodes.values():
            if node.nodeid == carrier.nodeid:
                items = pytest_compat.make_items(node, name)
                for item in items:
                    found = pytest_compat.parameter_of(item, name)
                    if found is None or carrier.number is None or found[0] == carrier.number:
                        return item
        raise LookupError(f"no test can be made at {carrier.nodeid}")

    def inventory(self, errors: Sequence[str]) -> wire.Inventory:
        """Return what the host has to know."""
        carriers, items = self._carriers()
        return wire.Inventory(
            items=len(self.session.items),
            definitions=tuple(self._definition(key, carriers.get(key, {}), items[key]) for key in self.definitions),
            errors=tuple(errors),
            unsafe=why_not_fork(),
        )

    def _definition(self, key: str, found: dict[int | None, list[_Candidate]], items: int) -> wire.Definition:
        fixturedef = self.definitions[key]
        invented = key.startswith("xunit:")
        place = xunit.place_of(fixturedef, self._nodes) if invented else pytest_compat.locate(fixturedef.func)
        carriers = tuple(candidates[0].carrier for candidates in found.values())
        why_none = None
        if not found:
            carriers, why_none = self._synthetic(fixturedef)
        return wire.Definition(
            key=key,
            name=key[len("xunit:") :].partition("@")[0] if invented else fixturedef.argname,
            file=place.file,
            line=place.line,
            function=place.function,
            module=place.module,
            baseid=str(fixturedef.baseid),
            scope=str(fixturedef.scope),
            items=items,
            carriers=carriers,
            spares=tuple(one.carrier for candidates in found.values() for one in candidates[1:]),
            parametrized=fixturedef.params is not None,
            xunit=invented,
            why_none=why_none,
        )

    def _carriers(self) -> tuple[dict[str, dict[int | None, list[_Candidate]]], Counter[str]]:
        """Return key → number of the parameter → real tests, the cheapest first; and how many tests get each definition."""
        best: dict[str, dict[int | None, list[_Candidate]]] = {}
        items: Counter[str] = Counter()
        reached: dict[int, list[tuple[str, str]]] = {}
        for item in self.session.items:
            identity = pytest_compat.closure_identity(item)
            if identity not in reached:
                reached[identity] = list(self._reached(item))
            pairs = reached[identity]
            price = (int(any(mark.name in CARRIER_MARKS for mark in item.iter_markers())), len(pairs))
            for key, name in pairs:
                items[key] += 1
                parameter = pytest_compat.parameter_of(item, name)
                number = None if parameter is None else parameter[0]
                candidates = best.setdefault(key, {}).setdefault(number, [])
                if len(candidates) <= wire.MOST_SPARES or price < candidates[-1].price:
                    carrier = wire.Carrier(pytest_compat.parameter_id(item, name), item.nodeid, number=number)
                    _offer(candidates, _Candidate(price, identity, carrier))
        return best, items

    def _reached(self, item: pytest.Item) -> Iterator[tuple[str, str]]:
        """Give the key and the name of each definition that an item sets up, those behind an override included."""
        for name, defs in pytest_compat.closure(item).items():
            for fixturedef in reversed(defs):
                key = self.key(fixturedef)
                if key is not None:
                    yield key, name
                if name not in fixturedef.argnames:
                    break
        method = self._set_ups.get(item.parent.nodeid) if item.parent is not None else None
        if method is not None:
            yield self._keys[id(method)], method.argname

    def _synthetic(self, fixturedef: Any) -> tuple[tuple[wire.Carrier, ...], str | None]:
        """Return carriers that can be made for a fixture that no test reaches, one a parameter; or why there are none."""
        overridden = False
        for node in sorted(self._nodes.values(), key=lambda one: len(one.nodeid)):
            if not isinstance(node, (pytest.Module, pytest.Class)) or getattr(node.obj, "__test__", True) is False:
                continue
            seen = pytest_compat.visible(self.session, fixturedef.argname, node)
            if seen and seen[-1] is fixturedef:
                numbers = range(len(fixturedef.params)) if fixturedef.params is not None else [None]
                return tuple(
                    wire.Carrier(None if number is None else str(number), node.nodeid, synthetic=True, number=number)
                    for number in numbers
                ), None
            overridden = overridden or fixturedef in seen
        if overridden:
            return (), "wherever it is visible, another fixture of its name overrides it and does not ask for it"
        return (), "pytest collects no test module from which it is visible"


class _Candidate(NamedTuple):
    """A test that may carry a fixture."""

    price: tuple[int, int]
    """Whether it may skip, and how many fixtures it needs."""
    function: int
    """Tests of one function have the same."""
    carrier: wire.Carrier


def _offer(candidates: list[_Candidate], offered: _Candidate) -> None:
    """Take a candidate in, the cheapest first and one of each function."""
    for at, one in enumerate(candidates):
        if one.function == offered.function:
            if offered.price < one.price:
                candidates[at] = offered
            break
    else:
        candidates.append(offered)
    candidates.sort(key=lambda one: one.price)
    del candidates[wire.MOST_SPARES + 1 :]


def why_not_fork() -> str | None:
    """Return why this process should not fork, in words; None where it may."""
    if not hasattr(os, "fork"):
        return "this platform has no fork"
    if sys.platform == "darwin":
        return "on macOS the system's own libraries do not survive a fork"
    others = [one.name for one in threading.enumerate() if one is not threading.main_thread()]
    if others:
        words = "1 other thread is" if len(others) == 1 else f"{len(others)} other threads are"
        return f"{words} alive after collection: {', '.join(others[:5])}"
    for name, why in UNSAFE_MODULES.items():
        if name in sys.modules:
            return why
    opened = gpu.initialised(sys.modules)
    if opened is not None:
        return opened
    devices = processes.open_devices()
    return f"an accelerator is open: {', '.join(devices[:3])}" if devices else None
