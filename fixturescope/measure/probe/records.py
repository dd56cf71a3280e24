"""What was recorded, as plain data: rows of one process, rows of all processes together, and their way between them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol

import pytest

from fixturescope.measure.probe import pytest_compat

SECOND = 1_000_000_000
"""Nanoseconds."""


class Tally(Protocol):
    """What `recorder.Tally` holds; all costs in nanoseconds."""

    first_test: str
    first_at: int
    setups: int
    setup_self: int
    setup_cumulative: int
    teardown_self: int
    teardown_cumulative: int


class Definition(Protocol):
    """What `recorder.Definition` holds."""

    fixturedef: Any
    function: Any
    tallies: dict[str | None, Any]


class Place(NamedTuple):
    """A fixture, as every process of a run would name it."""

    name: str
    file: str | None
    """Absolute; None where there is no Python source."""
    line: int
    """Of the ``def`` or ``lambda``; 0 where there is no source."""
    function: str
    qualname: str
    module: str
    visible_in: str
    """The node id of the widest place where this function is registered under this name."""
    xunit: bool = False
    """Whether pytest made the fixture itself, of a ``setup_module``, ``setUpClass`` or the like."""


class Row(NamedTuple):
    """What one fixture cost under one parameter; nanoseconds."""

    place: Place
    scope: str
    params: int | None
    param: str | None
    setups: int
    setup_self: int
    setup_cumulative: int
    teardown_self: int
    teardown_cumulative: int
    first_test: str
    first_at: int
    """Nanoseconds since the epoch."""


class Found(NamedTuple):
    """The records of one process, or of all. These three are tuples since classes of data take milliseconds to make."""

    rows: Sequence[Row]
    trouble: Sequence[str] = ()
    """Why rows may be missing, in sentences."""


def rows(definitions: Iterable[Definition], session: pytest.Session) -> list[Row]:
    """Return the rows of a process."""
    widest = _widest(session)
    return [
        Row(
            place=_place(one, widest, session),
            scope=str(one.fixturedef.scope),
            params=None if one.fixturedef.params is None else len(one.fixturedef.params),
            param=param,
            setups=tally.setups,
            setup_self=tally.setup_self,
            setup_cumulative=tally.setup_cumulative,
            teardown_self=tally.teardown_self,
            teardown_cumulative=tally.teardown_cumulative,
            first_test=tally.first_test,
            first_at=tally.first_at,
        )
        for one in definitions
        for param, tally in one.tallies.items()
    ]


def merge(found: Iterable[Found]) -> Found:
    """Return the records of several processes as one: counts and costs add up, and the earliest first set-up counts."""
    together: dict[tuple[Place, str | None], Row] = {}
    trouble: dict[str, None] = {}
    for one in found:
        trouble.update(dict.fromkeys(one.trouble))
        for row in one.rows:
            key = row.place, row.param
            known = together.get(key)
            together[key] = row if known is None else _sum(known, row)
    return Found(sorted(together.values(), key=_order), list(trouble))


def dump(found: Found) -> str:
    """Return records as text: execnet carries text from a worker to the controller."""
    return json.dumps(found)  # tuples become lists


def load(text: str) -> Found:
    """Read what `dump` wrote."""
    listed, trouble = json.loads(text)
    return Found([Row(Place(*place), *rest) for place, *rest in listed], trouble)


def _sum(one: Row, other: Row) -> Row:
    first = min(one, other, key=lambda row: row.first_at)
    return first._replace(
        setups=one.setups + other.setups,
        setup_self=one.setup_self + other.setup_self,
        setup_cumulative=one.setup_cumulative + other.setup_cumulative,
        teardown_self=one.teardown_self + other.teardown_self,
        teardown_cumulative=one.teardown_cumulative + other.teardown_cumulative,
    )


def _order(row: Row) -> tuple[object, ...]:
    place = row.place
    return place.file or "", place.line, place.name, place.visible_in, row.param or ""


def _widest(session: pytest.Session) -> dict[tuple[int, str], str]:
    """Return the function of each definition, and its name → the widest node id where it is registered."""
    found: dict[tuple[int, str], str] = {}
    for one in pytest_compat.all_definitions(session):
        key = id(pytest_compat.real_function(one.func)), one.argname
        here = str(one.baseid)
        found[key] = min(found.get(key, here), here, key=lambda node: (len(node), node))
    return found


def _place(one: Definition, widest: dict[tuple[int, str], str], session: pytest.Session) -> Place:
    fixturedef, real = one.fixturedef, pytest_compat.real_function(one.function)
    styled = pytest_compat.xunit_name(fixturedef)
    place = pytest_compat.locate(one.function) if styled is None else _xunit_place(fixturedef, session)
    return Place(
        name=styled or fixturedef.argname,
        file=place.file,
        line=place.line or 0,
        function=place.function,
        qualname=str(getattr(real, "__qualname__", place.function)),
        module=place.module,
        visible_in=widest.get((id(real), fixturedef.argname), str(fixturedef.baseid)),
        xunit=styled is not None,
    )


def _xunit_place(fixturedef: Any, session: pytest.Session) -> pytest_compat.Place:
    from fixturescope.measure.probe import xunit  # it imports unittest, which most suites need not

    return xunit.place_of(fixturedef, {node.nodeid: node for node in pytest_compat.collectors_above(session.items)})
