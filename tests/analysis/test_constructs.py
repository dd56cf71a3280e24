"""The page "What can be seen without running": each of its rows, put to pytest and to us."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.oracle import live

DOCS = Path(__file__).parents[2] / "docs"


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_constructs", DOCS / "build_constructs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


BUILD = _script()
TABLE: dict[str, Any] = BUILD.constructs()


@pytest.fixture(scope="module")
def oracle() -> Iterator[live.Pytest]:
    """A pytest that can be asked."""
    with live.Pytest() as process:
        yield process


@pytest.mark.parametrize("row", TABLE["row"], ids=lambda row: row["what"])
def test_construct(row: dict[str, Any], tmp_path: Path, oracle: live.Pytest) -> None:
    for module in row.get("needs", ()):
        if not oracle.has(module):
            pytest.skip(f"pytest's interpreter has no {module}")
    conftest = f"{TABLE['prelude']}\n{row['example']}\n"
    root = live.draw(tmp_path.resolve(), {"pytest.ini": "[pytest]\n", "conftest.py": conftest})
    live.draw(root, {"test_it.py": "def test_one(): pass\n", **row.get("files", {})})
    answer, graph, comparison = live.compared(root, oracle)
    assert not answer.truth.errors
    theirs = sorted(
        (d.name, d.place.line) for d in answer.truth.registered if d.place and "/_pytest/" not in d.place.file
    )
    ours = [fixture for fixture in graph.fixtures if fixture.origin in ("static", "generated") or fixture.made_at]
    said = [d for d in graph.diagnostics if d.code == "FS003"]
    if row["seen"] == "exact":
        assert sorted((fixture.name, fixture.line) for fixture in ours) == theirs
        assert {fixture.certainty for fixture in ours} <= {"certain"}
        assert not said
        assert comparison.agrees, str(comparison)
    elif row["seen"] == "possible":
        assert {fixture.certainty for fixture in ours} == {"possible"}
    else:
        assert said


def test_the_page_is_that_of_the_table() -> None:
    assert (DOCS / "seen.md").read_text(encoding="utf-8") == BUILD.page()
