"""What is kept while a run goes on, line by line, so that a killed run resumes and loses at most what was in flight."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from fixturescope.errors import UsageError
from fixturescope.measure import wire
from fixturescope.measure.supervisor import Result

VERSION = 2
"""Of the lines below.

History:
    2: What memray saw of a fixture is one result.
    1: The first: a head, then one line a result.
"""


@dataclass(frozen=True)
class Entry:
    """Names one result among all of a run."""

    key: str
    number: int | None
    """Of the fixture's parameter."""
    kind: wire.Kind
    source: str
    """Digest of the files that define fixtures."""
    visit: int = 0


def entry_of(order: wire.Order) -> Entry:
    """Return the name of an order's result."""
    return Entry(order.key, order.carrier.number, order.kind, order.source, order.visit)


class Journal:
    """Results by entry, on disk before the next measurement begins.

    Args:
        path: The file; what an earlier run wrote there is read first, but for a line that is not whole.

    Raises:
        UsageError: The file is no journal, or cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.results: dict[Entry, Result] = {}
        whole = self._read() if path.exists() else 0
        try:
            self._file = path.open("r+b" if path.exists() else "w+b")
            self._file.seek(whole)
            self._file.truncate()  # a line that was being written when the run was killed
            if not whole:
                self._write(json.dumps({"journal": VERSION}).encode() + b"\n")
        except OSError as error:
            raise UsageError(f"cannot be written: {error.strerror}", path=str(path)) from None

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def keep(self, result: Result) -> None:
        """Write a result down.

        Raises:
            UsageError: The disk is full, or gone.
        """
        messages: list[wire.Message] = [result.order, *result.rounds, result.outcome]
        line = b"[" + b",".join(wire.encode(message).rstrip() for message in messages) + b"]\n"
        try:
            self._write(line)
        except OSError as error:
            raise UsageError(
                f"cannot be written: {error.strerror}", path=str(self.path), hint="make room, and go on with --resume"
            ) from None
        self.results[entry_of(result.order)] = result

    def _write(self, line: bytes) -> None:
        self._file.write(line)
        self._file.flush()
        os.fsync(self._file.fileno())

    def _read(self) -> int:
        """Read what is there; return how many bytes of it are whole lines."""
        data = self.path.read_bytes()
        whole = data.rfind(b"\n") + 1
        lines = data[:whole].splitlines()
        if not lines:
            return 0
        try:
            version = json.loads(lines[0])["journal"]
        except (ValueError, KeyError, TypeError):
            raise UsageError("is no journal of a run", path=str(self.path)) from None
        if version != VERSION:
            raise UsageError(f"is a journal of version {version}, this release reads {VERSION}", path=str(self.path))
        at = len(lines[0]) + 1
        for line in lines[1:]:
            result = _result(line)
            if result is None:
                break
            self.results[entry_of(result.order)] = result
            at += len(line) + 1
        return at


def _result(line: bytes) -> Result | None:
    """Return the result of one line; None where the line is damaged."""
    try:
        order, *rounds, outcome = [wire.decode(json.dumps(one).encode()) for one in json.loads(line)]
    except (ValueError, wire.WireError):
        return None
    if not (isinstance(order, wire.Order) and isinstance(outcome, wire.Outcome)):
        return None
    return Result(order, tuple(one for one in rounds if isinstance(one, wire.Round)), outcome)
