"""What host and probe say to each other: one JSON line a message, versioned, standard library only.

Both sides are of one release, since the host brings the probe; the version guards against another fixturescope that
the project itself has installed and that gets in between.

A socket carries the host's ``Order``s one way and, the other way, ``Inventory`` once and then, for each order, any
number of ``Phase`` and ``Round``, and one ``Outcome``. A trial has two files instead: one holds a ``TrialOrder``, the other
takes ``Collected``, ``TestStarted`` and ``TestEnded`` for each test, and ``TrialEnded``.
"""

from __future__ import annotations

import dataclasses
import json
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

VERSION = 2
"""Of the messages below; host and probe must agree.

History:
    2: No orders of the kind "leak": one of the kind "memory" tells of leaks, too.
    1: The first.
"""

MOST_SPARES = 3

Kind = Literal["time", "memory"]
"""What an order measures: clocks and witnesses, or with memray."""


@dataclass(frozen=True)
class Carrier:
    """A test that reaches a fixture under one parameter."""

    param: str | None
    """Id of the fixture's own parameter; None for a fixture without."""
    nodeid: str
    synthetic: bool = False
    """Whether we made the test, at the place ``nodeid`` names, because no real one reaches the fixture."""
    number: int | None = None
    """Which of the fixture's parameters, from 0."""


@dataclass(frozen=True)
class Definition:
    """One fixture as pytest knows it after collection."""

    key: str
    """Names it among all definitions, in every process of one suite."""
    name: str
    file: str | None
    """Absolute; None where there is no Python source."""
    line: int | None
    """Of the ``def`` or ``lambda``."""
    function: str
    module: str
    baseid: str
    """Node id of the place where it is registered."""
    scope: str
    items: int
    """Collected tests that get it."""
    carriers: tuple[Carrier, ...]
    """One a parameter; empty where no test and no place reaches it."""
    spares: tuple[Carrier, ...] = ()
    """Further tests, at most `MOST_SPARES` a parameter, for when the first one skips or cannot be set up."""
    parametrized: bool = False
    xunit: bool = False
    """Whether it is ``setUp``, ``setup_module`` and the like; ``name`` is then that of the function."""
    why_none: str | None = None
    """Why there are no carriers."""


@dataclass(frozen=True)
class Hello:
    """The probe is there."""

    version: int
    pid: int
    python: str
    pytest: str


@dataclass(frozen=True)
class Inventory:
    """What was collected."""

    items: int
    definitions: tuple[Definition, ...]
    errors: tuple[str, ...]
    """Node id and last line of what could not be collected."""
    unsafe: str | None
    """Why this process should not fork; None where it may."""


@dataclass(frozen=True)
class Order:
    """Measure one fixture."""

    number: int
    kind: Kind
    key: str
    carrier: Carrier
    least: int = 5
    """Warm rounds at least."""
    most: int = 20
    """Warm rounds at most; where memory is measured, there is one at most."""
    spread: float = 0.05
    """No more rounds than ``least`` when the interquartile range is below this part of the median."""
    patience_s: float = 10.0
    """No more rounds than ``least`` after so many seconds."""
    timeout_s: float = 60.0
    """Of one round."""
    memory_limit: int | None = None
    """Bytes that the process may grow by."""
    reach: tuple[str, ...] = ()
    """Keys of the fixture and of all that it needs, where that is known: of those alone the memory is tracked."""
    whole: bool = False
    """Whether all that the carrier sets up before the fixture is set up, not what comes by itself alone."""
    native: bool = False
    python_allocators: bool = True
    gpu: bool = True
    source: str = ""
    """Digest of the files that define fixtures: what was measured of others is not taken for it."""
    visit: int = 0
    """Which of several processes, apart in time, that time the same fixture."""
    in_place: bool = False
    """Whether the process measures itself, being there for this order alone, instead of forking."""


@dataclass(frozen=True)
class Goodbye:
    """The host needs nothing more."""


@dataclass(frozen=True)
class Event:
    """One fixture that a round set up and tore down, without those that it needs."""

    key: str
    setup_s: float
    teardown_s: float | None
    """None where it was never torn down."""
    needs: tuple[str, ...]
    """Keys of the fixtures that it asked for."""


@dataclass(frozen=True)
class Held:
    """What memray saw of one fixture, without those that it needs."""

    key: str
    peak: int
    retained: int
    allocations: int
    leaked: int
    needs: tuple[str, ...]


@dataclass(frozen=True)
class Site:
    """One place that allocated."""

    size: int
    allocations: int
    stack: tuple[str, ...]


@dataclass(frozen=True)
class Phase:
    """What the child is about to do: where it is when it dies."""

    order: int
    text: str


@dataclass(frozen=True)
class Round:
    """One set-up and teardown of the fixture and all that it needs, in the order of setting up."""

    order: int
    events: tuple[Event, ...] = ()
    held: tuple[Held, ...] = ()
    top: tuple[Site, ...] = ()
    rss_peak: int | None = None
    modules: tuple[str, ...] = ()
    gpu: tuple[dict[str, Any], ...] | None = None
    gpu_reason: str | None = None


@dataclass(frozen=True)
class Outcome:
    """An order is done."""

    order: int
    status: str
    reason: str | None = None
    left_behind: tuple[str, ...] = ()


@dataclass(frozen=True)
class InMemory:
    """One change to a fixture, made where pytest keeps it."""

    op: Literal["scope", "drop_autouse", "remove"]
    file: str
    """Absolute."""
    line: int
    """Of the ``def`` or ``lambda``."""
    name: str
    """What tests request."""
    place: str | None = None
    """Node id of the place where it is registered; None: wherever that is."""
    to: str | None = None
    """The new scope."""


@dataclass(frozen=True)
class TrialOrder:
    """How to run the tests of a trial; it stands in a file that an option names."""

    answers: str
    """File that takes what the probe says, line by line."""
    changes: tuple[InMemory, ...] = ()
    """Which are put in force; empty in a run that others are compared with."""
    tests: tuple[str, ...] = ()
    """Node ids without parameters: which are run."""
    reversed: bool = False


@dataclass(frozen=True)
class Collected:
    """What a trial is about to run."""

    items: tuple[str, ...]
    """Node ids, in their order."""
    in_force: tuple[int, ...]
    """For each change, how many definitions it was made to."""
    trouble: tuple[str, ...] = ()
    """Why a change is not in memory what it would be in source."""


@dataclass(frozen=True)
class TestStarted:
    """A test of a trial begins."""

    test: str


@dataclass(frozen=True)
class TestEnded:
    """A test of a trial is over; a file that cannot be collected counts as one."""

    test: str
    outcome: str
    reason: str = ""


@dataclass(frozen=True)
class TrialEnded:
    """All tests of a trial are over, and its fixtures are torn down."""

    rss_peak: int | None


Message = (
    Hello
    | Inventory
    | Order
    | Goodbye
    | Phase
    | Round
    | Outcome
    | TrialOrder
    | Collected
    | TestStarted
    | TestEnded
    | TrialEnded
)

_KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in typing.get_args(Message)}


class WireError(Exception):
    """A line is no message of ours."""


def encode(message: Message) -> bytes:
    """Return a message as one line."""
    data = {"message": type(message).__name__, **dataclasses.asdict(message)}
    return json.dumps(data, separators=(",", ":"), ensure_ascii=True).encode() + b"\n"


def decode(line: bytes) -> Message:
    """Return the message of one line.

    Raises:
        WireError: It is none.
    """
    try:
        data = json.loads(line)
        kind = _KINDS[data.pop("message")]
        message: Message = _build(kind, data)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WireError(f"{type(error).__name__}: {error}: {line[:200]!r}") from None
    return message


class Lines:
    """Puts lines together from the pieces in which they arrive."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Give the lines that are complete now."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        yield from (line for line in lines if line)


_NESTED: dict[tuple[type[Any], str], type[Any]] = {
    (Inventory, "definitions"): Definition,
    (Definition, "carriers"): Carrier,
    (Definition, "spares"): Carrier,
    (Order, "carrier"): Carrier,
    (Round, "events"): Event,
    (Round, "held"): Held,
    (Round, "top"): Site,
    (TrialOrder, "changes"): InMemory,
}
"""Fields that hold messages of their own, alone or many."""


def _build(kind: type[Any], data: dict[str, Any]) -> Any:
    return kind(**{name: _convert(_NESTED.get((kind, name)), value) for name, value in data.items()})


def _convert(item: type[Any] | None, value: object) -> object:
    if isinstance(value, list):
        return tuple(_convert(item, one) for one in value)
    return _build(item, value) if item is not None and isinstance(value, dict) else value
