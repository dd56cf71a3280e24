"""What memray says of one fixture: its own part of a tracker's records.

memray is imported here, when memory is measured, and only then. A process can hold one ``Tracker`` at a time. What of
its records belongs to which fixture is read off the stacks: each ``FixtureDef.execute`` and ``finish`` runs inside a
function that bears the fixture's key as its name.
"""

from __future__ import annotations

import gc
import itertools
import os
import tempfile
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any

from fixturescope.measure import wire

MARK = "fixturescope:"
"""How the names of our marking functions begin."""

TOP_SITES = 10
MAX_STACK = 20

_collect, _freeze = gc.collect, gc.freeze


def available() -> str | None:
    """Return why memray cannot be used here, or None."""
    try:
        import memray  # noqa: F401 - whether it can be imported is the question
    except ImportError as error:
        return str(error)
    return None


def marked(key: str, proceed: Callable[[], Any]) -> Any:
    """Run a function so that the key stands in the stack of all that it allocates."""
    function = FunctionType(_call.__code__.replace(co_name=f"{MARK}{key}"), {})
    return function(proceed)


def _call(proceed: Callable[[], Any]) -> Any:
    return proceed()


def forget_the_rest() -> None:
    """Keep what is there already out of all later collections: it is not what is measured, and a fork would copy it."""
    _freeze()


class Tracking:
    """One ``Tracker`` and its file, which is gone when its records are read.

    Args:
        native: Whether stacks of native code are recorded, too.
        python_allocators: Whether single objects are recorded, not only what the interpreter takes from the system.
    """

    def __init__(self, *, native: bool, python_allocators: bool) -> None:
        import memray

        handle, self._path = tempfile.mkstemp(prefix="fs-", suffix=".memray")
        os.close(handle)
        os.unlink(self._path)  # memray refuses a file that is there
        self._native = native
        self._tracker = memray.Tracker(
            self._path, native_traces=native, trace_python_allocators=python_allocators, follow_fork=False
        )

    def start(self) -> None:
        """Begin to record."""
        self._tracker.__enter__()

    def stop(self) -> None:
        """End to record, what is garbage being collected first."""
        _collect()
        self._tracker.__exit__(None, None, None)

    def peak(self, only: str | None = None) -> dict[str | None, tuple[int, int]]:
        """Return key → bytes and allocations at the time of the most bytes; None for what no fixture made.

        Args:
            only: Whose all of it is, where that is known: then no stack is looked at, which takes long.
        """
        with self._reader() as reader:
            return _by_key(reader.get_high_watermark_allocation_records(merge_threads=True), only)

    def held(self, only: str | None = None) -> dict[str | None, tuple[int, int]]:
        """Return key → bytes and allocations that are still there; see `peak`."""
        with self._reader() as reader:
            return _by_key(reader.get_leaked_allocation_records(merge_threads=True), only)

    def top(self, key: str) -> tuple[wire.Site, ...]:
        """Return the places that hold most of a fixture's bytes at the time of the most bytes."""
        with self._reader() as reader:
            records = sorted(
                reader.get_high_watermark_allocation_records(merge_threads=True), key=lambda record: -record.size
            )
            mine = (one for one in records if _owner(one) in (key, None))
            return tuple(
                wire.Site(one.size, one.n_allocations, self._stack(one)) for one in itertools.islice(mine, TOP_SITES)
            )

    def allocations(self) -> int:
        """Return how many allocations there were."""
        with self._reader() as reader:
            return int(reader.metadata.total_allocations)

    def close(self) -> None:
        """Remove the file."""
        if os.path.exists(self._path):
            os.unlink(self._path)

    def _reader(self) -> Any:
        import memray

        return memray.FileReader(self._path)

    def _stack(self, record: Any) -> tuple[str, ...]:
        frames = record.hybrid_stack_trace(MAX_STACK) if self._native else record.stack_trace(MAX_STACK)
        shown = []
        for function, file, line in frames:
            if function.startswith(MARK):
                break
            shown.append(f"{file}:{line} {function}")
        return tuple(shown)


def _by_key(records: Iterable[Any], only: str | None = None) -> dict[str | None, tuple[int, int]]:
    sums: dict[str | None, tuple[int, int]] = {}
    for record in records:
        owner = only if only is not None else _owner(record)
        size, count = sums.get(owner, (0, 0))
        sums[owner] = size + record.size, count + record.n_allocations
    return sums


def _owner(record: Any) -> str | None:
    """Return the key of the fixture that allocated: that of the innermost mark."""
    for function, _, _ in record.stack_trace():
        if function.startswith(MARK):
            return str(function[len(MARK) :])
    return None
