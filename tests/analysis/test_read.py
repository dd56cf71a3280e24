"""Reading files into facts: in order, in a pool, and past everything that cannot be read."""

from __future__ import annotations

import os
import sys
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pytest

from fixturescope.analysis import facts as f
from fixturescope.analysis import read as module
from fixturescope.analysis.cache import FactsCache, key_of
from fixturescope.analysis.read import Reader

GOOD = "import pytest\n\n@pytest.fixture\ndef made():\n    return 1\n"


def names(facts: f.ModuleFacts | None) -> list[str]:
    assert facts is not None
    return [statement.name for statement in facts.body if isinstance(statement, f.Function)]


def drawn(folder: Path, count: int, *, padding: int = 0) -> list[Path]:
    """Draw so many files, each as long as it is told to be."""
    paths = []
    for number in range(count):
        path = folder / f"test_{number}.py"
        path.write_text(f"def test_{number}(): pass\n" + "# padding\n" * (padding // 10), "utf-8")
        paths.append(path)
    return paths


def test_one_file_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "test_one.py"
    path.write_text(GOOD, "utf-8")
    reader = Reader()
    facts = reader.facts(path)
    path.write_text("", "utf-8")
    assert names(facts) == ["made"]
    assert reader.facts(path) is facts
    assert reader.problems == {}


def test_few_files_are_read_one_after_the_other(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    paths = drawn(tmp_path, 3)
    reader = Reader(workers=2)
    reader.read_all([*paths, paths[0]], lambda *step: told.append(step))
    assert told == [("reading", 1, 3), ("reading", 2, 3), ("reading", 3, 3)]
    assert [names(reader.facts(path)) for path in paths] == [["test_0"], ["test_1"], ["test_2"]]


def test_many_files_are_read_in_a_pool(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    paths = drawn(tmp_path, 5, padding=200_000)
    reader = Reader(workers=2)
    reader.read_all(paths, lambda *step: told.append(step))
    assert [names(reader.facts(path)) for path in paths] == [[f"test_{i}"] for i in range(5)]
    assert told[-1] == ("reading", 5, 5)
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)


def test_a_pool_and_one_process_read_the_same(tmp_path: Path) -> None:
    paths = drawn(tmp_path, 3, padding=200_000)
    (tmp_path / "bad.py").write_bytes(b"# \xff\n" * 50_000)
    pooled, alone = Reader(workers=2), Reader(workers=1)
    for reader in (pooled, alone):
        reader.read_all([*paths, tmp_path / "bad.py"])
    assert pooled._facts == alone._facts
    assert pooled.problems == alone.problems
    assert list(pooled.problems) == [tmp_path / "bad.py"]


def test_what_is_expected_is_read_in_the_pool_until_it_is_asked_for(tmp_path: Path) -> None:
    paths = drawn(tmp_path, 4, padding=200_000)
    reader = Reader(workers=2)
    try:
        reader.expect(paths[:3])
        reader.expect(paths)
        assert sorted(reader._awaited) == paths
        assert [names(reader.facts(path)) for path in reversed(paths)] == [[f"test_{i}"] for i in (3, 2, 1, 0)]
        assert (reader._awaited, reader._pending) == ({}, {})
    finally:
        reader.close()


def test_little_is_not_worth_a_pool(tmp_path: Path) -> None:
    paths = drawn(tmp_path, 2)
    reader = Reader(workers=2)
    reader.expect(paths)
    assert (reader._pool, reader._awaited) == (None, {})
    assert names(reader.facts(paths[1])) == ["test_1"]


def test_files_are_there_in_their_turn_while_others_are_read(tmp_path: Path) -> None:
    paths = drawn(tmp_path, 5, padding=200_000)
    reader = Reader(workers=2)
    turns = reader.in_turn([paths[2], paths[0], paths[2], paths[1]])
    assert next(turns) == paths[2]
    assert reader._pool is not None
    assert list(reader._awaited)
    assert names(reader.facts(paths[2])) == ["test_2"]
    assert list(turns) == [paths[0], paths[1]]
    assert (reader._pool, reader._awaited, reader._pending) == (None, {}, {})


def test_the_pool_ends_when_nobody_goes_on(tmp_path: Path) -> None:
    paths = drawn(tmp_path, 5, padding=200_000)
    reader = Reader(workers=2)
    turns = reader.in_turn(paths)
    next(turns)
    turns.close()
    assert (reader._pool, reader._awaited, reader._pending) == (None, {}, {})


def test_chunks_are_of_about_equal_size_the_largest_first_and_the_others_in_order(tmp_path: Path) -> None:
    for name, size in (("a", 300_000), ("b", 60_000), ("c", 60_000), ("d", 60_000), ("e", 10), ("f", 400_000)):
        (tmp_path / name).write_bytes(b"x" * size)
    chunks = module.chunks_of([*(tmp_path / name for name in "edfcba"), tmp_path / "none"])
    assert [([path.name for path in paths], size) for paths, size in chunks] == [
        (["f"], 400_000),
        (["a"], 300_000),
        (["e", "d", "c"], 120_010),
        (["b", "none"], 60_000),
    ]


BAD: list[tuple[str, bytes, str]] = [
    ("not_utf8.py", b"x = '\xff'\n", "cannot be decoded: 'utf-8' codec can't decode byte 0xff"),
    ("odd_encoding.py", b"# coding: klingon\n", "cannot be decoded: "),
    ("two_encodings.py", b"\xef\xbb\xbf# coding: latin-1\n", "cannot be decoded: the byte order mark says utf-8"),
    ("too_big.py", b"#" * 1_001, "has 1001 bytes, more than the limit of 1000"),
]


@pytest.mark.parametrize(("name", "content", "problem"), BAD, ids=[name for name, *_ in BAD])
def test_a_bad_file_is_one_problem(tmp_path: Path, name: str, content: bytes, problem: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    reader = Reader(max_bytes=1_000)
    assert reader.facts(path) is None
    assert reader.problems[path].startswith(problem)
    assert reader.facts(path) is None


def test_a_file_that_does_not_parse_has_facts_of_what_does(tmp_path: Path) -> None:
    path = tmp_path / "test_half.py"
    path.write_text("x = = 1\ndef test_it(): pass\n", "utf-8")
    reader = Reader()
    facts = reader.facts(path)
    assert names(facts) == ["test_it"]
    assert facts is not None
    assert [note.line for note in facts.unparsed] == [1]
    assert reader.problems == {}


@pytest.mark.skipif(os.name == "nt", reason="no FIFOs, links and modes as elsewhere")
def test_what_is_no_regular_file_is_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.py")
    (tmp_path / "broken.py").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop.py").symlink_to(tmp_path / "loop.py")
    (tmp_path / "folder.py").mkdir()
    reader = Reader()
    for name in ("fifo.py", "broken.py", "loop.py", "folder.py", "none.py"):
        assert reader.facts(tmp_path / name) is None
    assert {path.name: why for path, why in reader.problems.items() if path.name != "loop.py"} == dict.fromkeys(
        ("fifo.py", "broken.py", "folder.py", "none.py"), "is no regular file"
    )
    assert reader.problems[tmp_path / "loop.py"]


def test_a_file_that_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.py"
    path.write_text(GOOD, "utf-8")

    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    reader = Reader()
    assert reader.facts(path) is None
    assert reader.problems == {path: "cannot be read: Permission denied"}
    assert reader.text(path) == ""


def test_texts(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_bytes(b"x = '\xff'\n")
    assert Reader().text(path) == "x = '�'\n"
    assert Reader(max_bytes=3).text(path) == ""
    assert Reader().text(tmp_path / "none.py") == ""


# ---------------------------------------------------------------------------------------------------------------- cache


def test_what_an_earlier_run_read_is_not_parsed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = drawn(tmp_path, 2)
    first = Reader(cache=FactsCache(tmp_path / "c" / "cache" / "facts"))
    first.read_all(paths)
    first.cache.save()
    monkeypatch.setattr(module, "_read_one", lambda *_: pytest.fail("it was parsed"))
    again = Reader(cache=FactsCache(tmp_path / "c" / "cache" / "facts"))
    again.read_all(paths)
    assert again._facts == first._facts


def test_facts_in_the_cache_that_are_none_are_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "test_one.py"
    path.write_text(GOOD, "utf-8")
    cache = FactsCache(tmp_path / "c" / "cache" / "facts")
    cache._entries[key_of(path.read_bytes())] = b"\xc1"
    assert names(Reader(cache=cache).facts(path)) == ["made"]


def test_a_changed_file_is_read_anew_though_its_time_is_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "test_one.py"
    path.write_text("def test_a(): pass\n", "utf-8")
    before = path.stat()
    cache = FactsCache(tmp_path / "c" / "cache" / "facts")
    assert names(Reader(cache=cache).facts(path)) == ["test_a"]
    cache.save()
    path.write_text("def test_b(): pass\n", "utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert names(Reader(cache=FactsCache(tmp_path / "c" / "cache" / "facts")).facts(path)) == ["test_b"]


# ------------------------------------------------------------------------------------------------------ workers that die

DEADLY = "deadly"


def _dies_on_deadly(paths: list[Path], max_bytes: int, fixtures_only: frozenset[Path]) -> list[Any]:
    if any(DEADLY in path.name for path in paths):
        os._exit(11)
    return [module._read_one(path, max_bytes) for path in paths]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the patch below reaches workers that are forked")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_worker_that_dies_costs_its_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = drawn(tmp_path, 3, padding=250_000)
    deadly = tmp_path / f"{DEADLY}.py"
    deadly.write_text("# padding\n" * 30_000, "utf-8")
    monkeypatch.setattr(module, "_read_chunk", _dies_on_deadly)
    monkeypatch.setattr(module.threading, "active_count", lambda: 1)
    reader = Reader(workers=2)
    reader.read_all([*paths, deadly])
    assert [names(reader.facts(path)) for path in paths] == [["test_0"], ["test_1"], ["test_2"]]
    assert reader.facts(deadly) is None
    assert reader.problems == {deadly: "reading it crashes the parser"}


class Pool:
    """A pool whose tasks end as they are told to."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
        self.ended: list[str] = []
        self._processes = {1: self}

    def submit(self, *task: object) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_exception(self.error)
        return future

    def shutdown(self, **how: bool) -> None:
        self.ended.append(f"shutdown {how}")

    def terminate(self) -> None:
        self.ended.append("terminate")

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *error: object) -> None:
        self.shutdown()


def test_a_file_whose_own_process_dies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "make_pool", lambda workers: Pool(BrokenProcessPool()))
    paths = drawn(tmp_path, 2, padding=300_000)
    reader = Reader(workers=2)
    reader.read_all(paths)
    assert reader.problems == dict.fromkeys(paths, "reading it crashes the parser")


class Queue(Pool):
    """A pool that never comes to its tasks."""

    def __init__(self) -> None:
        super().__init__(BrokenProcessPool())
        self.tasks: list[list[str]] = []

    def submit(self, *task: Any) -> Future[Any]:
        if len(self.tasks) == 3:
            raise self.error
        self.tasks.append([path.name for path in task[1]])
        return Future()


def test_a_file_that_is_needed_now_does_not_wait_for_its_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = Queue()
    monkeypatch.setattr(module, "make_pool", lambda workers: pool)
    monkeypatch.setattr(module, "POOL_FROM_BYTES", 0)
    paths = drawn(tmp_path, 3)
    reader = Reader(workers=2)
    reader.expect(paths)
    for number in (1, 0):
        assert names(reader.facts(paths[number])) == [f"test_{number}"]
    assert pool.tasks == [["test_0.py", "test_1.py", "test_2.py"], ["test_0.py", "test_2.py"], ["test_2.py"]]
    reader.close()
    assert pool.ended == ["shutdown {'wait': False, 'cancel_futures': True}", "terminate"]


def test_a_pool_that_broke_meanwhile_is_not_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = Queue()
    pool.tasks = [[], []]
    monkeypatch.setattr(module, "make_pool", lambda workers: pool)
    monkeypatch.setattr(module, "POOL_FROM_BYTES", 0)
    paths = drawn(tmp_path, 2)
    reader = Reader(workers=2)
    reader.expect(paths)
    assert [names(reader.facts(path)) for path in paths] == [["test_0"], ["test_1"]]
    reader.close()
    assert pool.ended == ["shutdown {}"]


def test_an_interrupt_leaves_no_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = Pool(KeyboardInterrupt())
    monkeypatch.setattr(module, "make_pool", lambda workers: pool)
    with pytest.raises(KeyboardInterrupt):
        Reader(workers=2).read_all(drawn(tmp_path, 2, padding=300_000))
    assert pool.ended == ["shutdown {'wait': False, 'cancel_futures': True}", "terminate"]


def test_with_threads_alive_workers_are_spawned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.threading, "active_count", lambda: 2)
    with module.make_pool(1) as pool:
        assert pool._mp_context.get_start_method() == "spawn"  # type: ignore[attr-defined]


def test_workers_leave_an_interrupt_to_their_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    set_to: list[object] = []
    monkeypatch.setattr(module.signal, "signal", lambda number, action: set_to.append((number, action)))
    module._ignore_interrupt()
    assert set_to == [(module.signal.SIGINT, module.signal.SIG_IGN)]
