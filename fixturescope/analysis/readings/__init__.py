"""What the source of fixtures, and of whoever uses them, says about changing them.

In: a ``FixtureGraph``. Out: one ``Reading`` a fixture. Only files that hold the fixtures in question, or whoever asks
for them, are read; nothing of the project is imported or run. May not live here: what to advise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from fixturescope.analysis.read import POOL_FROM_BYTES, chunks_of, make_pool
from fixturescope.analysis.readings.file import read_file
from fixturescope.analysis.readings.link import Linker
from fixturescope.analysis.readings.said import File, decode, encode
from fixturescope.graph import FixtureGraph
from fixturescope.model import Fixture, Reading

_Wanted = Mapping[Path, frozenset[int]]


def read_bodies(graph: FixtureGraph, fixtures: Iterable[str] | None = None) -> tuple[Reading, ...]:
    """Return what source says about changing fixtures, one reading a fixture, by id.

    Args:
        graph: The graph of an analysis of files that are still there.
        fixtures: Ids; None: all that the project itself defines.
    """
    asked = None if fixtures is None else frozenset(fixtures)
    own = [one for one in graph.fixtures if one.origin in ("static", "generated")]
    chosen = [one for one in own if asked is None or one.id in asked]
    if not chosen:
        return ()
    linker = Linker(graph, _files(graph, _lines(graph, own)))
    return tuple(linker.reading(one) for one in sorted(chosen, key=lambda one: one.id))


def _lines(graph: FixtureGraph, own: Iterable[Fixture]) -> dict[str, set[int]]:
    """Return path → lines of the project's own fixtures, and of the tests that have the value of any."""
    ids = set()
    lines: dict[str, set[int]] = {}
    for fixture in own:
        ids.add(fixture.id)
        lines.setdefault(fixture.path, set()).add(fixture.line)
    for test in graph.tests:
        for request in test.requests:
            target = test.closure.get(request.name) or test.dynamic.get(request.name)
            if request.via in ("argument", "indirect", "getfixturevalue") and target in ids:
                lines.setdefault(test.path, set()).add(test.line)
    return lines


def _files(graph: FixtureGraph, lines: Mapping[str, set[int]]) -> dict[str, File]:
    root = Path(graph.info.rootdir)
    limits = graph.info.settings.get("limits", {})
    paths = {root / path: path for path in lines}
    wanted = {root / path: frozenset(numbers) for path, numbers in lines.items()}
    found = _read_all(wanted, limits.get("max_file_bytes", 10_000_000), limits.get("workers"))
    return {paths[path]: file for path, file in found.items()}


def _read_all(wanted: _Wanted, max_bytes: int, workers: int | None) -> dict[Path, File]:
    """Read files, in a process pool where there is enough to read."""
    import os

    processes = workers or min(os.cpu_count() or 1, 16)
    chunks = chunks_of(list(wanted))
    if processes < 2 or sum(size for _, size in chunks) < POOL_FROM_BYTES:
        return {path: read_file(path, lines, max_bytes) for path, lines in wanted.items()}
    found: dict[Path, File] = {}
    dead: list[Path] = []
    with make_pool(processes) as pool:
        tasks = [
            (chunk, pool.submit(_read_chunk, [(path, wanted[path]) for path in chunk], max_bytes))
            for chunk, _ in chunks
        ]
        for chunk, task in tasks:
            try:
                found.update(zip(chunk, (decode(data) for data in task.result())))
            except BrokenProcessPool:
                dead += chunk
    found.update((path, _read_alone(path, wanted[path], max_bytes)) for path in dead)
    return found


def _read_chunk(files: list[tuple[Path, frozenset[int]]], max_bytes: int) -> list[bytes]:
    return [encode(read_file(path, lines, max_bytes)) for path, lines in files]


def _read_alone(path: Path, lines: frozenset[int], max_bytes: int) -> File:
    """Read one file in a process of its own, after a worker died."""
    with make_pool(1) as pool:
        try:
            return decode(pool.submit(_read_chunk, [(path, lines)], max_bytes).result()[0])
        except BrokenProcessPool:
            return File(problem="reading it crashes the parser")


__all__ = ["read_bodies"]
