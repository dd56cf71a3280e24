"""A journal reads back what was kept, however much of its end is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixturescope.errors import UsageError
from fixturescope.measure import wire
from fixturescope.measure.journal import Entry, Journal, entry_of
from fixturescope.measure.supervisor import Result


def result(number: int, *, rounds: int = 2) -> Result:
    order = wire.Order(number, "time", f"conftest.py:{number}:x@", wire.Carrier(None, "test_it.py::test_it"))
    event = wire.Event(order.key, 0.5, 0.25, ("other",))
    return Result(order, tuple(wire.Round(number, (event,)) for _ in range(rounds)), wire.Outcome(number, "ok"))


def kept(path: Path, results: list[Result]) -> bytes:
    with Journal(path) as journal:
        for one in results:
            journal.keep(one)
    return path.read_bytes()


def test_reads_back_what_was_kept(tmp_path: Path) -> None:
    results = [result(1), result(2, rounds=0), result(3)]
    kept(tmp_path / "j", results)
    with Journal(tmp_path / "j") as journal:
        assert journal.results == {entry_of(one.order): one for one in results}
    assert Entry("conftest.py:1:x@", None, "time", "") in journal.results


def test_whatever_is_cut_off_costs_one_result_at_most(tmp_path: Path) -> None:
    results = [result(1, rounds=0), result(2, rounds=1)]
    whole = kept(tmp_path / "j", results)
    ends = [at + 1 for at, byte in enumerate(whole) if byte == ord("\n")]
    for cut in range(len(whole) + 1):
        (tmp_path / "cut").write_bytes(whole[:cut])
        with Journal(tmp_path / "cut") as journal:
            assert list(journal.results.values()) == results[: max(0, sum(end <= cut for end in ends) - 1)]
            journal.keep(result(3))
        with Journal(tmp_path / "cut") as journal:
            assert list(journal.results.values())[-1] == result(3)


def test_a_damaged_line_and_what_follows_is_measured_again(tmp_path: Path) -> None:
    whole = kept(tmp_path / "j", [result(1), result(2), result(3)])
    head, first, second, third = whole.splitlines(keepends=True)
    (tmp_path / "j").write_bytes(head + first + second.replace(b'"Outcome"', b'"Outcast"') + third)
    with Journal(tmp_path / "j") as journal:
        assert list(journal.results.values()) == [result(1)]


@pytest.mark.parametrize("text", ["hello\n", "{}\n", '{"journal": 99}\n', "[]\n"])
def test_what_is_no_journal_is_left_as_it_is(tmp_path: Path, text: str) -> None:
    (tmp_path / "j").write_text(text)
    with pytest.raises(UsageError, match="journal"):
        Journal(tmp_path / "j")
    assert (tmp_path / "j").read_text() == text


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        Journal(tmp_path / "nowhere" / "j")
