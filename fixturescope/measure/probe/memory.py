"""What memray says of fixtures: one tracker, from before the first set-up to after the last teardown.

memray is imported here, when memory is measured, and only then. To start and to stop a ``Tracker`` takes long where large
libraries are loaded, so a process does it once, and a `Ledger` says what of the records is whose. Each
``FixtureDef.execute`` runs inside a function of ours, where the stacks that are shown end.
"""

from __future__ import annotations

import gc
import mmap
import os
import tempfile
from collections.abc import Callable
from typing import Any, Literal

from fixturescope.measure import wire
from fixturescope.measure.probe.ledger import Account, Allocators, Ledger, Step

MARK_BYTES = 11 * mmap.PAGESIZE
"""Of the memory that a mark among the records maps, and never touches: few others ask for just as much."""

TOP_SITES = 10
MAX_STACK = 20

_collect, _freeze, _map = gc.collect, gc.freeze, mmap.mmap


def available() -> str | None:
    """Return why memray cannot be used here, or None."""
    try:
        import memray  # noqa: F401 - whether it can be imported is the question
    except ImportError as error:
        return str(error)
    return None


def fixturescope_sets_up(proceed: Callable[[], Any]) -> Any:
    """Run a function; stacks that are shown end here."""
    return proceed()


def fixturescope_mark() -> None:
    """Allocate what is known again among the records of a tracker."""
    _map(-1, MARK_BYTES).close()


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
        self._steps: list[Step] = []
        self._tracker = memray.Tracker(
            self._path, native_traces=native, trace_python_allocators=python_allocators, follow_fork=False
        )
        self.broken: str | None = None
        """Why there is no telling whose the bytes are; None where there is."""

    def start(self) -> None:
        """Begin to record."""
        self._tracker.__enter__()

    def note(self, kind: Literal["set up", "tear down", "done", "round"], key: str = "") -> None:
        """Note what begins or ends now; garbage is collected before a round ends, and that of a set-up with it."""
        ends = kind in ("round", "done")
        if ends:
            _collect()
        else:  # what is noted of it is not the fixture's
            self._steps.append(Step(kind, key))
        try:
            fixturescope_mark()
        except OSError as error:
            self.broken = f"no mark could be left among the records: {error}"
        if ends:
            self._steps.append(Step(kind, key))

    def stop(self) -> None:
        """End to record."""
        self._tracker.__exit__(None, None, None)

    def read(self, tell: Callable[[], None]) -> list[dict[str, Account]]:
        """Return key → bytes for each round that ended.

        Args:
            tell: Is called now and then.
        """
        with self._reader() as reader:
            ledger = self._new_ledger(tell)
            ledger.read(reader.get_allocation_records())
            return ledger.rounds[:-1]

    def top(self, key: str, peak_at: int, tell: Callable[[], None]) -> tuple[wire.Site, ...]:
        """Return the places that hold most of a fixture's bytes when the first round had most of them."""
        with self._reader() as reader:
            ledger = self._new_ledger(tell)
            ledger.read(reader.get_allocation_records(), until=peak_at)
            return tuple(
                wire.Site(size, count, self._stack(record)) for size, count, record in ledger.held_by(key)[:TOP_SITES]
            )

    def close(self) -> None:
        """Remove the file."""
        if os.path.exists(self._path):
            os.unlink(self._path)

    def _new_ledger(self, tell: Callable[[], None]) -> Ledger:
        return Ledger(self._steps, _allocators(), _is_mark, tell)

    def _reader(self) -> Any:
        import memray

        return memray.FileReader(self._path)

    def _stack(self, record: Any) -> tuple[str, ...]:
        frames = record.hybrid_stack_trace(MAX_STACK) if self._native else record.stack_trace(MAX_STACK)
        shown = []
        for function, file, line in frames:
            if function == fixturescope_sets_up.__name__:
                break
            shown.append(f"{file}:{line} {function}")
        return tuple(shown)


def _is_mark(record: Any) -> bool:
    if record.size != MARK_BYTES:
        return False
    stack = record.stack_trace(1)
    return bool(stack) and stack[0][0] == fixturescope_mark.__name__


def _allocators() -> Allocators:
    from memray import AllocatorType

    return Allocators(
        frozenset({int(AllocatorType.FREE), int(AllocatorType.PYMALLOC_FREE)}),
        int(AllocatorType.MMAP),
        int(AllocatorType.MUNMAP),
    )
