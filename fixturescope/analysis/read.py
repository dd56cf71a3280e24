"""Files to facts, in a process pool where that pays: read, outline, parse, extract. One bad file is one note.

A worker that dies (libcst's native parser can, on input that only an attacker writes) costs its file and no other.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from fixturescope.analysis import facts as f
from fixturescope.analysis.cache import FactsCache, key_of
from fixturescope.analysis.pytest_source import without_machinery

POOL_FROM_BYTES = 200_000
"""Below this much source a pool costs more than it saves."""

CHUNK_BYTES = 100_000
"""How much source one task of the pool gets."""

MAX_WORKERS = 16
"""Processes of a pool where nobody says how many: they are made before it is known how much there is to read."""

Progress = Callable[[str, int, int], None]
"""Told of each step: what is being done, how much of it is done, and of how much."""


@dataclass(slots=True)
class Reader:
    """Reads facts, each file once.

    Args:
        max_bytes: A larger file is not read.
        workers: Processes; None: as many as there are processors.
        cache: What is known of file contents from earlier runs.
    """

    max_bytes: int = 10_000_000
    workers: int | None = None
    cache: FactsCache = field(default_factory=lambda: FactsCache(None))
    fixtures_only: frozenset[Path] = frozenset()
    """pytest's own modules, of which nothing but fixtures and hooks is asked."""
    problems: dict[Path, str] = field(default_factory=dict)
    """Why files could not be read, in sentences."""
    _facts: dict[Path, f.ModuleFacts | None] = field(default_factory=dict)
    _pool: ProcessPoolExecutor | None = None
    _pending: dict[Future[list[_Answer]], list[Path]] = field(default_factory=dict)
    """What the pool is reading."""
    _awaited: dict[Path, Future[list[_Answer]]] = field(default_factory=dict)
    """The same, by file."""

    def facts(self, path: Path) -> f.ModuleFacts | None:
        """Return the facts of a file, or None when it cannot be read (see ``problems``)."""
        if path in self._awaited and not self._taken_back(path):
            self._finish(self._awaited[path])
        if path not in self._facts and not self._recall(path):
            self._keep(path, _read_one(path, self.max_bytes, path in self.fixtures_only))
        return self._facts[path]

    def expect(self, paths: Iterable[Path]) -> None:
        """Begin to read files that will be asked for, where there is enough to read; nothing is waited for.

        Who calls it calls `close`, whatever happens in between.
        """
        missing = [path for path in dict.fromkeys(paths) if path not in self._awaited and not self._is_known(path)]
        chunks = chunks_of(missing)
        workers = self.workers or min(os.cpu_count() or 1, MAX_WORKERS)
        if workers < 2 or (self._pool is None and sum(size for _, size in chunks) < POOL_FROM_BYTES):
            return
        if self._pool is None:
            self._pool = make_pool(workers)
        for chunk, _ in chunks:
            self._submit(self._pool, chunk)

    def _submit(self, pool: ProcessPoolExecutor, chunk: list[Path]) -> None:
        future = pool.submit(_read_chunk, chunk, self.max_bytes, self.fixtures_only.intersection(chunk))
        self._pending[future] = chunk
        self._awaited.update(dict.fromkeys(chunk, future))

    def _taken_back(self, path: Path) -> bool:
        """Take a file from the pool that is needed now, if its turn has not come; the others of its task stay there."""
        future = self._awaited[path]
        if self._pool is None or not future.cancel():
            return False
        chunk = self._pending.pop(future)
        for other in chunk:
            del self._awaited[other]
        if len(chunk) > 1:
            with suppress(BrokenProcessPool):  # where a worker died meanwhile, who asks for them reads them
                self._submit(self._pool, [other for other in chunk if other != path])
        return True

    def close(self) -> None:
        """End the pool, and with it what nobody waited for."""
        if self._pool is not None:
            pool, self._pool = self._pool, None
            if self._pending:
                _kill(pool)
            else:
                pool.shutdown()
            self._pending.clear()
            self._awaited.clear()

    def _is_known(self, path: Path) -> bool:
        return path in self._facts or self._recall(path)

    def _recall(self, path: Path) -> bool:
        """Take a file's facts from the cache, if they are there."""
        content, _ = content_of(path, self.max_bytes, path in self.fixtures_only)
        data = self.cache.get(key_of(content)) if content is not None else None
        if data is None:
            return False
        try:
            self._facts[path] = f.decode(data)
        except msgspec.DecodeError:
            return False
        return True

    def text(self, path: Path) -> str:
        """Return the text of a file; empty when it cannot be read."""
        try:
            if path.stat().st_size > self.max_bytes:
                return ""
            return path.read_bytes().decode("utf-8", "replace")
        except OSError:
            return ""

    def read_all(self, paths: Iterable[Path], progress: Progress | None = None) -> None:
        """Read many files, in parallel where there is enough to read, and end the pool."""
        for _ in self.in_turn(paths, progress):
            pass

    def in_turn(self, paths: Iterable[Path], progress: Progress | None = None) -> Generator[Path, None, None]:
        """Read many files, and yield each in its turn as soon as it is read: the others are read meanwhile.

        The pool ends with the last of them, or when nobody goes on.
        """
        wanted = list(dict.fromkeys(paths))
        try:
            self.expect(wanted)
            for done, path in enumerate(wanted, 1):
                if path in self._awaited:
                    self._finish(self._awaited[path])
                self.facts(path)
                if not self._pending:
                    self.close()
                if progress is not None:
                    progress("reading", done, len(wanted))
                yield path
        finally:
            self.close()

    def _finish(self, future: Future[list[_Answer]]) -> None:
        """Keep what one task of the pool has read."""
        chunk = self._pending[future]
        try:
            answers = future.result()
        except BrokenProcessPool:
            answers = [_read_alone(path, self.max_bytes, self.fixtures_only.intersection([path])) for path in chunk]
        del self._pending[future]
        for path, answer in zip(chunk, answers):
            del self._awaited[path]
            self._keep(path, answer)

    def _keep(self, path: Path, answer: _Answer) -> None:
        data, key, problem = answer
        self._facts[path] = None if data is None else f.decode(data)
        if data is not None:
            self.cache.put(key, data)
        if problem is not None:
            self.problems[path] = problem


_Answer = tuple["bytes | None", bytes, "str | None"]
"""Encoded facts or None, the key of the content they are of, and why there are none."""


def chunks_of(paths: Sequence[Path]) -> list[tuple[list[Path], int]]:
    """Return tasks of about equal size: the largest files first, each alone, then the others as they are given."""
    sized = [(_size(path), path) for path in paths]
    chunks = [([path], size) for size, path in sorted(sized, reverse=True) if size >= CHUNK_BYTES]
    chunk: list[Path] = []
    size = 0
    for bytes_, path in sized:
        if bytes_ >= CHUNK_BYTES:
            continue
        chunk.append(path)
        size += bytes_
        if size >= CHUNK_BYTES:
            chunks.append((chunk, size))
            chunk, size = [], 0
    if chunk:
        chunks.append((chunk, size))
    return chunks


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def make_pool(workers: int) -> ProcessPoolExecutor:
    """Fork where that is safe and quick, else spawn."""
    fork = sys.platform.startswith("linux") and threading.active_count() == 1
    context = multiprocessing.get_context("fork" if fork else "spawn")
    if fork:
        import fixturescope.analysis.extract  # noqa: F401 - imported once, before the fork
    return ProcessPoolExecutor(workers, context, initializer=_ignore_interrupt)


def _ignore_interrupt() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides; it ends the workers


def _kill(pool: ProcessPoolExecutor) -> None:
    processes = list((getattr(pool, "_processes", None) or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()


def _read_alone(path: Path, max_bytes: int, fixtures_only: frozenset[Path]) -> _Answer:
    """Read one file in a process of its own, after a worker died."""
    with make_pool(1) as pool:
        try:
            return pool.submit(_read_chunk, [path], max_bytes, fixtures_only).result()[0]
        except BrokenProcessPool:
            return None, b"", "reading it crashes the parser"


def _read_chunk(paths: Sequence[Path], max_bytes: int, fixtures_only: frozenset[Path]) -> list[_Answer]:
    return [_read_one(path, max_bytes, path in fixtures_only) for path in paths]


def _read_one(path: Path, max_bytes: int, fixtures_only: bool = False) -> _Answer:
    from fixturescope.analysis.extract import extract_outline
    from fixturescope.analysis.outline import decode, outline

    content, problem = content_of(path, max_bytes, fixtures_only)
    if content is None:
        return None, b"", problem
    try:
        text = decode(content)
    except (UnicodeDecodeError, SyntaxError, LookupError) as error:
        return None, b"", f"cannot be decoded: {error}"
    return f.encode(extract_outline(outline(text))), key_of(content), None


def content_of(path: Path, max_bytes: int, fixtures_only: bool = False) -> tuple[bytes | None, str | None]:
    """Return the bytes of a file, or None and why not. What is no regular file is never opened."""
    try:
        if not path.is_file():
            return None, "is no regular file"
        size = path.stat().st_size
        if size > max_bytes:
            return None, f"has {size} bytes, more than the limit of {max_bytes}"
        content = path.read_bytes()
        return without_machinery(content) if fixtures_only else content, None
    except OSError as error:
        return None, f"cannot be read: {error.strerror or error}"
