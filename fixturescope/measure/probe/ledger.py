"""Whose bytes are whose: the records of a tracker, read once in the order in which they were written.

While a tracker records, it is told when the set-up or teardown of a fixture begins and ends; it leaves a mark among its
records then, and notes the step. Here records and steps meet again: what is allocated between two marks belongs to the
fixture that was at work there, until it is freed, whoever frees it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

TOLD_EVERY = 1_000_000
"""Records, between two words of how it goes."""


class Step(NamedTuple):
    """What one mark means."""

    kind: Literal["set up", "tear down", "done", "round"]
    """Begin to set up or tear down, the end of either, or the end of a round."""
    key: str = ""


@dataclass
class Account:
    """One fixture in one round, in bytes.

    Attributes:
        now: Allocated, and not freed yet.
        peak: The most of it during set-up.
        peak_at: Number of the record that brought it there.
        retained: What was left of it when set-up was over.
        leaked: What was left of it at the end of the round.
        allocations: How many there were during set-up.
    """

    now: int = 0
    peak: int = 0
    peak_at: int = -1
    retained: int = 0
    leaked: int = 0
    allocations: int = 0
    setting_up: bool = False


class Allocators(NamedTuple):
    """How memray's release numbers what allocates and frees."""

    frees: frozenset[int]
    maps: int
    unmaps: int


@dataclass
class Ledger:
    """Reads records.

    Args:
        steps: What each mark means, in order.
        allocators: The numbers of those that are told apart.
        is_mark: Whether a record of the kind ``maps`` is a mark.
        tell: Is called now and then.
    """

    steps: Sequence[Step]
    allocators: Allocators
    is_mark: Callable[[Any], bool]
    tell: Callable[[], None] = lambda: None
    rounds: list[dict[str, Account]] = field(default_factory=lambda: [{}])
    _blocks: dict[int, tuple[Account, int, int]] = field(default_factory=dict)
    """Address → whose it is, its size, the place that allocated it."""
    _ranges: list[tuple[int, int, Account, int]] = field(default_factory=list)
    """First address, the one behind the last, whose it is, the place."""
    _examples: dict[int, Any] = field(default_factory=dict)
    _at_work: list[Account] = field(default_factory=list)
    _taken: int = 0

    def read(self, records: Iterable[Any], *, until: int | None = None) -> None:
        """Take records in.

        Args:
            records: Of memray, in order.
            until: Number of the record after which to stop, one of each place being kept; None for all.
        """
        frees, maps, unmaps = self.allocators
        blocks, work = self._blocks, self._at_work
        for number, record in enumerate(records):
            kind = record.allocator
            if kind in frees:
                block = blocks.pop(record.address, None)
                if block is not None:
                    block[0].now -= block[1]
            elif kind == unmaps:
                self._unmap(record.address, record.size)
            elif kind == maps and self.is_mark(record):
                self._step()
            elif work:
                account, address, size, place = work[-1], record.address, record.size, record.stack_id
                if kind == maps:
                    self._ranges.append((address, address + size, account, place))
                else:
                    if address in blocks:  # that it was freed was not seen
                        lost = blocks[address]
                        lost[0].now -= lost[1]
                    blocks[address] = account, size, place
                account.now += size
                if account.setting_up:
                    account.allocations += 1
                    if account.now > account.peak:
                        account.peak, account.peak_at = account.now, number
                if until is not None:
                    self._examples[place] = record
            if number == until:
                break
            if not (number + 1) % TOLD_EVERY:
                self.tell()

    def held_by(self, key: str) -> list[tuple[int, int, Any]]:
        """Return bytes, allocations and a record of each place that holds something for a fixture, the most first.

        Only after ``read`` with ``until``, and within the first round.
        """
        account = self.rounds[0].get(key)
        sizes: dict[int, list[int]] = {}
        ranges = [(owner, high - low, place) for low, high, owner, place in self._ranges]
        for owner, size, place in (*self._blocks.values(), *ranges):
            if owner is account:
                sizes.setdefault(place, []).append(size)
        found = [(sum(some), len(some), self._examples[place]) for place, some in sizes.items()]
        return sorted(found, key=lambda one: -one[0])

    def _step(self) -> None:
        step = self.steps[self._taken]
        self._taken += 1
        accounts = self.rounds[-1]
        if step.kind == "round":
            for account in accounts.values():
                account.leaked = account.now
            self.rounds.append({})
        elif step.kind == "done":
            self._at_work.pop()
            if not self._at_work:  # what others asked for by name is over when they are
                for account in accounts.values():
                    if account.setting_up:
                        account.retained, account.setting_up = account.now, False
        else:
            account = accounts.setdefault(step.key, Account())
            account.setting_up = step.kind == "set up"
            self._at_work.append(account)

    def _unmap(self, begin: int, size: int) -> None:
        """Take a range of addresses out, be it a part of one that was mapped, or several."""
        end = begin + size
        kept = []
        for low, high, account, place in self._ranges:
            if high <= begin or end <= low:
                kept.append((low, high, account, place))
                continue
            account.now -= min(high, end) - max(low, begin)
            if low < begin:
                kept.append((low, begin, account, place))
            if end < high:
                kept.append((end, high, account, place))
        self._ranges[:] = kept
