"""Suites drawn as text, measured for real, and what was found of them by name."""

from __future__ import annotations

import hashlib
import os
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import fixturescope
from fixturescope.graph import FixtureGraph
from fixturescope.measure import wire
from fixturescope.measure.plan import Selection
from fixturescope.measure.run import Options, Watcher, measure_fixtures
from fixturescope.measure.runs import RunFolder
from fixturescope.model import Measurement

SUITES = Path(__file__).parent.parent / "suites"


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """Draw a suite."""
    for name, text in {"pytest.ini": "[pytest]\n", **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), "utf-8")
    return folder


def measured(
    suite: Path,
    scratch: Path,
    *,
    name: str | None = None,
    watch: Watcher | None = None,
    python: str = "",
    **options: Any,
) -> FixtureGraph:
    """Measure the fixtures that a suite itself defines."""
    graph = fixturescope.analyze(suite, python=python or sys.executable, cache=False)
    given: dict[str, Any] = {
        "paths": (str(suite),),
        "selection": Selection(name, ("own",)),
        "least": 3,
        "most": 5,
        "visits": 1,
        "timeout_s": 20.0,
        **options,
    }
    scratch.mkdir(parents=True, exist_ok=True)
    return measure_fixtures(graph, Options(**given), folder=RunFolder(scratch), watch=watch)


def by_name(graph: FixtureGraph) -> dict[str, Measurement]:
    """Measurements by ``name`` or ``name[param]``; of a class, ``Class.name``."""
    found = {}
    for one in graph.measurements:
        name = one.fixture.split("::", 1)[1].replace("::", ".")
        found[name if one.param is None else f"{name}[{one.param}]"] = one
    return found


def digest(folder: Path) -> dict[str, str]:
    """What a folder holds: path → hash, our own folder left out."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".fixturescope" not in path.parts
    }


def definition(name: str, **fields: Any) -> wire.Definition:
    """A definition of ``conftest.py`` with one carrier."""
    defaults: dict[str, Any] = {
        "key": f"/shop/conftest.py:1:{name}@",
        "name": name,
        "file": "/shop/conftest.py",
        "line": 1,
        "function": name,
        "module": "conftest",
        "baseid": "",
        "scope": "function",
        "items": 1,
        "carriers": (wire.Carrier(None, "test_shop.py::test_it"),),
    }
    return wire.Definition(**{**defaults, **fields})


def processes_of(marker: str) -> list[str]:
    """Command lines of living processes that hold a text; Linux only."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if marker in command and int(path.parent.name) != os.getpid():
            found.append(command)
    return found
