"""The stand-in plugin: a suite whose imports are missing is collected as far as its own code decides."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from tests.oracle import dump_plugin, stand_in_plugin, truth

SUITE = {
    "conftest.py": """
        from copy import deepcopy
        from dataclasses import dataclass, field
        from importlib.metadata import version
        import enum, sys

        import absent_library as lib
        import absent_library.nn.functional as F
        from absent_library.models import Base, Kind, register, table
        from packaging_of_nobody import Thing

        try:
            import really_absent
        except ImportError:
            without = True

        class Model(lib.nn.Module, Base):
            shape: lib.Tensor | None = None

        @dataclass
        class Config:
            kind: Kind
            scope: str = "session"
            extra: Thing = field(default_factory=lambda: deepcopy(lib.default))

        class Level(Kind.Level):
            low = enum.auto()

        @register
        def kept():
            return 1

        @lib.no_grad()
        def kept_too():
            return 2

        import pytest

        for name, config in {"core": Config(Kind.core), "full": Config(Kind.full, "module")}.items():
            globals()[f"get_{name}"] = pytest.fixture(scope=config.scope)(lambda request: config)

        settings = {"a": {"b": {}}}
        settings["a"].update(table["rows"])
        settings["a"]["from_table"].update(x=1)
        for key in table["rows"]:
            globals()[f"row_{key}"] = pytest.fixture(kept)
        for nothing in lib.names():
            globals()[nothing] = pytest.fixture(kept)
        if without and isinstance(lib.x, lib.Tensor) and not lib.x > 3 and version("nobody") >= "2":
            decided = pytest.fixture(kept_too)
        assert lib.__version__ and lib.__file__ and len(lib.names()) == 0 and F.relu is F.relu
    """,
    "test_it.py": """
        import pytest
        from absent_library import testing
        from absent_library.testing import Test, test_thing

        @pytest.mark.parametrize("n", [pytest.param(1, marks=testing.slow), pytest.param(2, marks=pytest.mark.xfail)])
        def test_one(n, get_core, decided):
            pass
    """,
}


@pytest.fixture(scope="module")
def dump(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The dump of the suite, collected with stand-ins."""
    root = tmp_path_factory.mktemp("suite")
    for name, text in SUITE.items():
        (root / name).write_text(textwrap.dedent(text), encoding="utf-8")
    (root / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    target = tmp_path_factory.mktemp("dump") / "dump.json"
    done = _collect(root, target, '{"absent": ["really_absent"], "holds": {"[rows]": ["from_table"]}}')
    assert target.is_file(), done.stdout + done.stderr
    return dict(json.loads(target.read_text(encoding="utf-8")))


def _collect(root: Path, target: Path, needs: str) -> subprocess.CompletedProcess[str]:
    plugins = truth._lone_plugin(target.parent, "test")
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHON"))}
    env |= {
        "PYTHONPATH": str(plugins),
        dump_plugin.ENVIRONMENT_VARIABLE: str(target),
        stand_in_plugin.ENVIRONMENT_VARIABLE: needs,
    }
    names = ["-p", truth.PLUGIN_MODULE, "-p", truth.STAND_INS_MODULE, "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *names]
    return subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)


def test_the_fixtures_are_those_that_the_suites_own_code_decides(dump: dict[str, Any]) -> None:
    rows = [dump["definitions"][row["definition"]] for row in dump["registered"]]
    own = {row["name"]: (row["scope"], row["requests"]) for row in rows if row["file"] == "conftest.py"}
    assert own == {
        "get_core": ("session", ["request"]),
        "get_full": ("module", ["request"]),
        "row_from_table": ("function", []),
        "decided": ("function", []),
    }


def test_tests_are_collected_and_stand_ins_are_none_of_them(dump: dict[str, Any]) -> None:
    assert dump["errors"] == []
    assert [(row["id"], row["items"]) for row in dump["functions"]] == [("test_it.py::test_one", 2)]


def test_what_is_missing_from_a_package_that_is_there_is_missing(tmp_path: Path) -> None:
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "__init__.py").touch()
    (tmp_path / "conftest.py").write_text("import pack.nothing\n", encoding="utf-8")
    (tmp_path / "dump").mkdir()
    done = _collect(tmp_path, tmp_path / "dump" / "dump.json", "")
    assert "No module named 'pack.nothing'" in done.stdout + done.stderr


def test_an_attribute_can_be_something_of_the_standard_library(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(
        textwrap.dedent("""
            import enum, pytest
            from nobody import Words
            class Name(Words):
                left = enum.auto()
            for name in Name:
                globals()[name.name] = pytest.fixture(lambda: 1)
        """),
        encoding="utf-8",
    )
    (tmp_path / "test_it.py").write_text("def test_it(left): pass\n", encoding="utf-8")
    target = tmp_path / "dump" / "dump.json"
    target.parent.mkdir()
    _collect(tmp_path, target, '{"is": {"nobody.Words": "enum:Enum"}}')
    (function,) = json.loads(target.read_text(encoding="utf-8"))["functions"]
    assert list(function["variants"][0]["closure"]) == ["left"]
