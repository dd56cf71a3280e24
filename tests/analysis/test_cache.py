"""The cache of facts: whole or nothing, whatever happens to it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from textwrap import dedent

import msgspec
import pytest

from fixturescope.analysis import cache as module
from fixturescope.analysis.cache import MAGIC, FactsCache, key_of

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / ".fixturescope" / "cache" / "facts"


def saved(place: Path, **entries: bytes) -> None:
    kept = FactsCache(place)
    for key, data in entries.items():
        kept.put(key.encode(), data)
    kept.save()


def held(place: Path) -> dict[str, bytes]:
    return {key.decode(): data for key, data in FactsCache(place)._entries.items()}


def test_what_was_kept_is_found_again(place: Path) -> None:
    saved(place, one=b"1", two=b"2")
    kept = FactsCache(place)
    assert [kept.get(b"one"), kept.get(b"two"), kept.get(b"three")] == [b"1", b"2", None]
    assert (place.parent.parent / ".gitignore").read_text("utf-8") == "*\n"


def test_what_the_folder_ignores_in_git_stays_as_it_is(place: Path) -> None:
    place.parent.parent.mkdir()
    (place.parent.parent / ".gitignore").write_text("cache\n", "utf-8")
    saved(place, one=b"1")
    assert (place.parent.parent / ".gitignore").read_text("utf-8") == "cache\n"


def test_without_a_place_nothing_is_kept() -> None:
    kept = FactsCache(None)
    kept.put(b"one", b"1")
    kept.save()
    assert kept.get(b"one") is None


def test_nothing_is_written_where_nothing_was_added(place: Path) -> None:
    saved(place, one=b"1")
    before = place.stat()
    kept = FactsCache(place)
    kept.get(b"one")
    kept.save()
    assert place.stat().st_ino == before.st_ino


def test_a_newer_answer_replaces_an_older_one(place: Path) -> None:
    saved(place, one=b"1", two=b"2")
    saved(place, one=b"new")
    assert held(place) == {"two": b"2", "one": b"new"}


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:10],
        lambda data: data[: len(MAGIC)],
        lambda data: data[: len(MAGIC) + 20],
        lambda data: data[:-1],
        lambda data: data + b"x",
        lambda data: data.replace(MAGIC, b"fixturescope facts 9\n"),
        lambda data: data[:-3] + bytes([data[-3] ^ 1]) + data[-2:],
        lambda data: b"another file altogether",
        lambda data: MAGIC + module.hashlib.blake2b(b"\xc1", digest_size=32).digest() + b"\xc1",
        lambda data: MAGIC + module.hashlib.blake2b(b"\x91\x01", digest_size=32).digest() + b"\x91\x01",
    ],
)  # fmt: skip
def test_a_damaged_cache_is_none_and_is_replaced(place: Path, damage: object) -> None:
    saved(place, one=b"1")
    place.write_bytes(damage(place.read_bytes()))  # type: ignore[operator]
    assert held(place) == {}
    saved(place, two=b"2")
    assert held(place) == {"two": b"2"}


def test_a_folder_in_its_place_is_no_cache(place: Path) -> None:
    place.mkdir(parents=True)
    saved(place, one=b"1")
    assert held(place) == {}
    assert list(place.parent.iterdir()) == [place]  # and nothing half-written lies beside it


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / ".fixturescope").write_text("mine", "utf-8")
    place = tmp_path / ".fixturescope" / "cache" / "facts"
    saved(place, one=b"1")
    assert (tmp_path / ".fixturescope").read_text("utf-8") == "mine"


@pytest.mark.parametrize("step", ["mkdir", "mkstemp", "fdopen", "replace"])
def test_a_place_that_cannot_be_written_is_no_error(place: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """As on a read-only tree or a full disk."""
    saved(place, old=b"0")

    def refuse(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    owner = {"mkdir": Path, "mkstemp": module.tempfile, "fdopen": module.os, "replace": Path}[step]
    with monkeypatch.context() as patched:
        patched.setattr(owner, step, refuse)
        saved(place, one=b"1")
    assert held(place) == {"old": b"0"}
    assert [path.name for path in place.parent.iterdir()] == ["facts"]


def test_it_is_bounded_and_what_was_used_last_stays(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 1_000)
    saved(place, a=b"x" * 300, b=b"x" * 300)
    kept = FactsCache(place)
    kept.get(b"a")
    kept.put(b"c", b"x" * 300)
    kept.save()
    assert list(held(place)) == ["a", "c"]
    saved(place, d=b"x" * 2_000)
    assert held(place) == {}


def test_the_key_changes_with_content_and_with_what_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert key_of(b"one") == key_of(b"one")
    assert key_of(b"one") != key_of(b"two")
    assert len(key_of(b"")) == 16
    before = key_of(b"one")
    monkeypatch.setattr(module.metadata, "version", lambda name: "0.0")
    module._fingerprint.cache_clear()
    assert key_of(b"one") != before
    monkeypatch.undo()
    module._fingerprint.cache_clear()
    assert key_of(b"one") == before


def test_everything_that_makes_facts_is_part_of_the_key() -> None:
    """Whatever ``extract`` and ``outline`` import of ours decides what facts a content has."""
    folder = Path(module.__file__).parent
    seen, queue = set(), ["extract"]
    while queue:
        name = queue.pop()
        if name not in seen and (folder / f"{name}.py").is_file():
            seen.add(name)
            text = (folder / f"{name}.py").read_text("utf-8")
            imported = [line.split() for line in text.splitlines() if line.startswith("from fixturescope.analysis")]
            queue += [line[1].rpartition(".")[2] for line in imported if line[1] != "fixturescope.analysis"]
            queue += [name for line in imported if line[1] == "fixturescope.analysis" for name in line[3:4]]
    assert seen <= set(module._OWN_MODULES)


def test_it_holds_messagepack_and_never_a_pickle(place: Path) -> None:
    saved(place, one=b"1")
    body = place.read_bytes()[len(MAGIC) + 32 :]
    assert msgspec.msgpack.decode(body) == {b"one": b"1"}


WRITER = """
    import sys
    from pathlib import Path
    from fixturescope.analysis.cache import FactsCache
    place, name, rounds = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    for number in range(rounds):
        kept = FactsCache(place)
        kept.put(f"{name}{number}".encode(), bytes(50_000))
        kept.save()
        print(number, flush=True)
"""


def writer(place: Path, name: str, rounds: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", dedent(WRITER), str(place), name, str(rounds)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def whole(place: Path) -> bool:
    """Whether the file there reads back in full."""
    data = place.read_bytes()
    body = data[len(MAGIC) + 32 :]
    return (
        data.startswith(MAGIC)
        and module.hashlib.blake2b(body, digest_size=32).digest() == data[len(MAGIC) : len(MAGIC) + 32]
    )


def test_writers_beside_each_other_leave_a_whole_file(place: Path) -> None:
    writers = [writer(place, name, 15) for name in "ab"]
    for process in writers:
        assert process.stdout is not None
        assert process.stdout.readline() == "0\n"
    looks = 0
    while any(process.poll() is None for process in writers):
        assert whole(place)
        looks += 1
    for process in writers:
        process.communicate()
        assert process.returncode == 0
    assert looks
    assert whole(place)
    assert {"a14", "b14"} & set(held(place))


def test_threads_beside_each_other_leave_a_whole_file(place: Path) -> None:
    threads = [threading.Thread(target=saved, args=(place,), kwargs={f"k{i}": bytes(10_000)}) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert whole(place)


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
@pytest.mark.parametrize("after", [0, 1, 4])
def test_a_writer_that_is_killed_leaves_a_whole_file(place: Path, after: int) -> None:
    process = writer(place, "k", 10_000)
    assert process.stdout is not None
    for _ in range(after + 1):
        process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert whole(place)
    assert "k0" in held(place)


def test_a_writer_that_dies_in_the_middle_of_the_file_leaves_the_old_one(place: Path) -> None:
    saved(place, old=b"0")
    program = """
        import os, sys
        from pathlib import Path
        from fixturescope.analysis import cache
        place = Path(sys.argv[1])
        class Dies:
            def __init__(self, file): self.file = file
            def __enter__(self): return self
            def __exit__(self, *error): pass
            def write(self, data):
                self.file.write(data[: len(data) // 2])
                self.file.flush()
                os._exit(9)
        opened = os.fdopen
        cache.os.fdopen = lambda descriptor, mode: Dies(opened(descriptor, mode))
        kept = cache.FactsCache(place)
        kept.put(b"new", bytes(100_000))
        kept.save()
    """
    done = subprocess.run([sys.executable, "-c", dedent(program), str(place)], cwd=ROOT, check=False)
    assert done.returncode == 9
    assert held(place) == {"old": b"0"}
    saved(place, new=b"1")
    assert held(place) == {"old": b"0", "new": b"1"}
