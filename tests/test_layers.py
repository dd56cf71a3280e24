"""What is loaded when, which no import contract sees: packages run their ``__init__``s, imports in functions wait."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import fixturescope

ROOT = Path(fixturescope.__file__).parent

HEAVY = ["libcst", "memray", "msgspec", "multiprocessing", "networkx", "pandas", "pytest", "_pytest", "rich", "typer"]


def loaded_after(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter holds after some code."""
    script = f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COV")}  # it loads much itself
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environ)
    modules: list[str] = json.loads(result.stdout.splitlines()[-1])
    return {name for name in modules if "." not in name or name.startswith("fixturescope.")}


def test_the_package_itself_loads_nothing() -> None:
    loaded = loaded_after("import fixturescope")
    assert {name for name in loaded if name.startswith("fixturescope")} == {"fixturescope", "fixturescope._version"}
    assert loaded.isdisjoint(HEAVY)


def test_the_probe_loads_nothing_of_ours_but_itself() -> None:
    loaded = loaded_after("import fixturescope.measure.probe")
    assert {name for name in loaded if name.startswith("fixturescope")} == {
        "fixturescope",
        "fixturescope._version",
        "fixturescope.measure",
        "fixturescope.measure.probe",
    }
    assert loaded.isdisjoint(HEAVY)


def test_help_loads_typer_only() -> None:
    loaded = loaded_after("from fixturescope.cli import main; main(['--help'])")
    assert loaded.isdisjoint(set(HEAVY) - {"typer"})


@pytest.mark.parametrize("name", fixturescope.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert name in dir(fixturescope)
    assert getattr(fixturescope, name) is not None


def test_public_names() -> None:
    """What others may rely on; a change here is a change for them."""
    assert fixturescope.__all__ == [
        "AnalysisInfo",
        "Change",
        "ConfigError",
        "Diagnostic",
        "Document",
        "DocumentError",
        "Fixture",
        "FixtureGraph",
        "FixturescopeError",
        "MeasureError",
        "Measurement",
        "NothingToAnalyzeError",
        "Recorded",
        "Request",
        "Startup",
        "Test",
        "Trial",
        "UsageError",
        "__version__",
        "analyze",
        "dump",
        "from_graph",
        "load",
        "measure_fixtures",
        "rank",
        "render",
        "to_graph",
        "try_changes",
    ]


def test_no_other_name_is_there() -> None:
    with pytest.raises(AttributeError, match="module 'fixturescope' has no attribute 'nothing'"):
        _ = fixturescope.nothing


@pytest.mark.parametrize("folder", [path.parent for path in ROOT.rglob("__init__.py")], ids=lambda path: path.name)
def test_every_room_says_what_comes_in_and_goes_out(folder: Path) -> None:
    doc = ast.get_docstring(ast.parse((folder / "__init__.py").read_text("utf-8")))
    assert doc
    if folder != ROOT:
        assert "In: " in doc
        assert "Out: " in doc


@pytest.mark.parametrize("folder", ["measure", "measure/probe"])
def test_the_rooms_of_the_probe_stay_empty(folder: str) -> None:
    tree = ast.parse((ROOT / folder / "__init__.py").read_text("utf-8"))
    assert [type(statement) for statement in tree.body] == [ast.Expr]


def test_commands_are_short() -> None:
    """A command parses, calls and writes; whatever takes longer belongs elsewhere."""
    commands = [
        one
        for path in sorted((ROOT / "cli").glob("*.py"))
        for one in ast.parse(path.read_text("utf-8")).body
        if isinstance(one, ast.FunctionDef) and any(".command(" in ast.unparse(by) for by in one.decorator_list)
    ]
    assert [one.name for one in commands] == [
        "analyze",
        "try_",
        "apply",
        "compare",
        "explain",
        "measure",
        "rank",
        "report",
        "list_runs",
        "follow_run",
        "stop_run",
    ]
    for one in commands:
        assert sum(isinstance(node, ast.stmt) for node in ast.walk(one)) - 1 <= 15


def test_only_the_command_line_writes() -> None:
    writers = {
        path.relative_to(ROOT).as_posix()
        for path in ROOT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if ast.unparse(node) in ("print", "sys.stdout", "sys.stderr") and isinstance(node, (ast.Name, ast.Attribute))
    }
    ours = {path for path in writers if not path.startswith("measure/probe/")}  # the probe's process has its own
    assert ours == {path for path in ours if path.startswith("cli/")} != set()
