"""Whose bytes are whose: records made up here, and what the ledger says of them."""

from __future__ import annotations

from dataclasses import dataclass

from fixturescope.measure.probe.ledger import Account, Allocators, Ledger, Step

MALLOC, FREE, MMAP, MUNMAP = 1, 2, 3, 4


@dataclass
class Record:
    """Of memray, as far as the ledger looks at it."""

    allocator: int
    address: int = 0
    size: int = 0
    stack_id: int = 0


MARK = Record(MMAP, 0xFFFF0000, 1)


def read(*written: Record | Step, until: int | None = None) -> Ledger:
    """Read records; a step stands for the mark that is left for it."""
    steps = [one for one in written if isinstance(one, Step)]
    records = [MARK if isinstance(one, Step) else one for one in written]
    ledger = Ledger(steps, Allocators(frozenset({FREE}), MMAP, MUNMAP), lambda record: record is MARK)
    ledger.read(records, until=until)
    return ledger


def figures(account: Account) -> tuple[int, int, int, int]:
    return account.peak, account.retained, account.leaked, account.allocations


DONE, ROUND = Step("done"), Step("round")


def up(key: str) -> Step:
    return Step("set up", key)


def down(key: str) -> Step:
    return Step("tear down", key)


def test_peak_retained_and_leaked() -> None:
    ledger = read(
        Record(MALLOC, 1, 1000),  # nobody's
        up("a"), Record(MALLOC, 2, 10), Record(MALLOC, 3, 5), Record(FREE, 3), Record(MALLOC, 4, 1), DONE,
        Record(MALLOC, 5, 1000), Record(FREE, 1),
        down("a"), Record(FREE, 2), Record(MALLOC, 6, 2), DONE, ROUND,
    )  # fmt: skip
    assert figures(ledger.rounds[0]["a"]) == (15, 11, 3, 3)


def test_rounds_are_apart_even_where_one_frees_what_the_other_made() -> None:
    ledger = read(
        up("a"), Record(MALLOC, 1, 10), DONE, ROUND,
        up("a"), Record(MALLOC, 2, 20), Record(FREE, 1), DONE, ROUND,
    )  # fmt: skip
    assert [figures(one["a"]) for one in ledger.rounds[:-1]] == [(10, 10, 10, 1), (20, 20, 20, 1)]


def test_a_fixture_that_asks_for_another_by_name_has_a_peak_of_its_own() -> None:
    ledger = read(
        up("outer"), Record(MALLOC, 1, 7), up("inner"), Record(MALLOC, 2, 100), Record(FREE, 2), Record(MALLOC, 3, 2),
        DONE, Record(MALLOC, 4, 4), Record(FREE, 1), DONE, ROUND,
    )  # fmt: skip
    assert figures(ledger.rounds[0]["inner"]) == (100, 2, 2, 2)
    assert figures(ledger.rounds[0]["outer"]) == (11, 4, 4, 2)


def test_what_a_fixture_frees_of_another_is_the_others() -> None:
    ledger = read(
        up("a"), Record(MALLOC, 1, 50), DONE,
        up("b"), Record(FREE, 1), Record(MALLOC, 2, 20), DONE, ROUND,
    )  # fmt: skip
    assert figures(ledger.rounds[0]["a"]) == (50, 50, 0, 1)
    assert figures(ledger.rounds[0]["b"]) == (20, 20, 20, 1)


def test_parts_of_what_was_mapped_can_be_unmapped() -> None:
    ledger = read(
        up("a"), Record(MMAP, 1000, 300), Record(MUNMAP, 1100, 100), DONE,
        down("a"), Record(MUNMAP, 900, 150), DONE, ROUND,
    )  # fmt: skip
    assert figures(ledger.rounds[0]["a"]) == (300, 200, 150, 1)


def test_an_address_that_comes_again_was_freed_unseen() -> None:
    ledger = read(up("a"), Record(MALLOC, 1, 50), Record(MALLOC, 1, 8), DONE, ROUND)
    assert ledger.rounds[0]["a"].retained == 8


def test_places_that_hold_most_at_the_peak() -> None:
    written: list[Record | Step] = [
        up("a"), Record(MALLOC, 1, 5, 77), Record(MALLOC, 2, 5, 77), Record(MMAP, 9000, 100, 88), Record(MALLOC, 3, 1, 99),
        Record(FREE, 1), DONE, ROUND,
    ]  # fmt: skip
    peak_at = read(*written).rounds[0]["a"].peak_at
    held = read(*written, until=peak_at).held_by("a")
    assert [(size, number, record.stack_id) for size, number, record in held] == [(100, 1, 88), (10, 2, 77), (1, 1, 99)]


def test_it_says_how_it_goes() -> None:
    told: list[None] = []
    ledger = Ledger([], Allocators(frozenset({FREE}), MMAP, MUNMAP), lambda _: False, lambda: told.append(None))
    ledger.read(Record(FREE) for _ in range(2_000_000))
    assert len(told) == 2
