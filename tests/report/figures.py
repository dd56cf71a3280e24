"""Figures made by hand, put on an analyzed suite: what advice goes by where nothing was measured."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from fixturescope.analysis import analyze
from fixturescope.analysis.readings import read_bodies
from fixturescope.document import Document, from_graph
from fixturescope.graph import Edge, FixtureGraph
from fixturescope.model import (
    Bytes,
    Diagnostic,
    Duration,
    Fixture,
    ImportedModule,
    Measurement,
    Memory,
    Reading,
    Recorded,
    Samples,
    Startup,
    StartupStep,
    Test,
    Total,
)
from fixturescope.report.advice.base import Figures

SPREAD = 0.1
"""By how much the quickest and the slowest of three samples differ from the median."""


def duration(seconds: float) -> Duration:
    samples = Samples(median=seconds, spread=SPREAD, samples=(seconds * (1 - SPREAD), seconds, seconds * (1 + SPREAD)))
    return Duration(cold=seconds, cold_cumulative=seconds, own=samples, cumulative=samples)


def memory(retained: int = 0, leaked: int = 0, once: int = 0) -> Memory:
    def both(size: int) -> Bytes:
        return Bytes(own=size, cumulative=size)

    return Memory(
        peak=both(max(retained, leaked)),
        retained=both(retained),
        leaked=both(leaked + once),
        leaked_again=both(leaked),
        allocations=1,
    )


def measurements(fixtures: Iterable[Fixture], figures: Figures) -> tuple[Measurement, ...]:
    """One measurement for each fixture that a figure is given for, by name."""
    named = [figures.seconds, figures.retained, figures.leaked, figures.leaked_once, figures.left]
    return tuple(
        Measurement(
            fixture=one.id,
            status="ok",
            setup_s=duration(figures.seconds[one.name]) if one.name in figures.seconds else None,
            memory=memory(
                figures.retained.get(one.name, 0), figures.leaked.get(one.name, 0), figures.leaked_once.get(one.name, 0)
            ),
            left_behind=(figures.left[one.name],) if one.name in figures.left else (),
        )
        for one in fixtures
        if any(one.name in of for of in named)
    )


def startup(imports: Mapping[str, tuple[float, str]]) -> Startup | None:
    """A start in which files import modules."""
    if not imports:
        return None
    files = sorted({path for _, path in imports.values()})
    found = []
    for path in files:
        name = path.rpartition("/")[2].removesuffix(".py")
        inner = [(module, seconds) for module, (seconds, by) in imports.items() if by == path]
        whole = sum(seconds for _, seconds in inner)
        found.append(ImportedModule(name=name, self_s=0.0, cumulative_s=whole, path=path))
        for module, seconds in inner:
            found.append(ImportedModule(name=module, self_s=seconds, cumulative_s=seconds, imported_by=name))
    return Startup(steps=(StartupStep(name="modules", wall_s=1.0),), imports=tuple(found))


def recorded(fixtures: Iterable[Fixture], counts: Mapping[str, int], seconds: float = 0.2) -> tuple[Recorded, ...]:
    return tuple(
        Recorded(
            fixture=one.id,
            setups=counts[one.name],
            setup_s=Total(own=seconds * counts[one.name], cumulative=seconds * counts[one.name]),
            teardown_s=Total(own=0.0, cumulative=0.0),
        )
        for one in fixtures
        if one.name in counts and one.origin == "static"
    )


def figured(graph: FixtureGraph, figures: Figures) -> Document:
    """A document of an analyzed suite that was read, with figures."""
    own = [one for one in graph.fixtures if one.origin == "static"]
    return from_graph(
        graph.annotated(
            measurements(own, figures), startup=startup(figures.imports), recorded=recorded(own, figures.recorded)
        )
    )


def analyzed(folder: Path, files: Mapping[str, str]) -> FixtureGraph:
    """Write a suite, analyze it with this interpreter's plugins, and read it."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    graph = analyze((), rootdir=folder, cwd=folder, python=sys.executable, environ={}, cache=False)
    return graph.with_readings(read_bodies(graph))


class Suites:
    """Many small suites, each in a folder of its own, analyzed and read as one: that is quicker than one by one."""

    def __init__(self, folder: Path, suites: Mapping[str, Mapping[str, str]]) -> None:
        files = {f"{suite}/{name}": text for suite, named in suites.items() for name, text in named.items()}
        self.graph = analyzed(folder, {"pytest.ini": "[pytest]\naddopts = --import-mode=importlib\n", **files})

    def one(self, suite: str) -> FixtureGraph:
        """One of them, with its folder left out of all paths and ids."""
        whole, folder = self.graph, f"{suite}/"

        def inside(path: str) -> bool:
            return path.startswith(folder)

        fixtures = [one for one in whole.fixtures if inside(one.path) or one.origin == "builtin"]
        ids = {one.id for one in fixtures}
        data = msgspec.json.encode(
            {
                "fixtures": fixtures,
                "tests": [one for one in whole.tests if inside(one.path)],
                "edges": [one for one in whole.edges if one.source in ids],
                "diagnostics": [one for one in whole.diagnostics if inside(one.path)],
                "readings": [one for one in whole.readings if one.fixture in ids],
                "reasons": {id_: whole.why_unused(id_) for id_ in ids},
            }
        )
        text = data.decode().replace(folder, "").replace(f'"visible_in":"{suite}"', '"visible_in":""')
        parts = msgspec.json.decode(text, type=_Parts)
        return FixtureGraph(
            fixtures=parts.fixtures,
            tests=parts.tests,
            edges=parts.edges,
            diagnostics=parts.diagnostics,
            info=whole.info,
            reasons=parts.reasons,
            readings=parts.readings,
        )


def files_of(folder: Path) -> dict[str, str]:
    """The files of a suite: path from its folder → text."""
    found = {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.suffix in (".py", ".ini")
    }
    return {name: path.read_text("utf-8") for name, path in found.items()}


class _Parts(msgspec.Struct):
    fixtures: tuple[Fixture, ...]
    tests: tuple[Test, ...]
    edges: tuple[Edge, ...]
    diagnostics: tuple[Diagnostic, ...]
    readings: tuple[Reading, ...]
    reasons: dict[str, str]
