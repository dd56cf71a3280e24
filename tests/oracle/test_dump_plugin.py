"""The dump plugin on a drawn suite: what it writes is known by hand, on whichever pytest runs this."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from tests.oracle import dump_plugin, truth

SUITE = {
    "conftest.py": """
        import contextlib, functools
        import pytest

        def twice(function):
            @functools.wraps(function)
            def wrapper(*args, **kwargs):
                return function(*args, **kwargs)
            return wrapper

        @pytest.fixture
        def base():
            return 1

        @pytest.fixture(
            scope="session",
            params=[1, 2],
        )
        def many(request):
            return request.param

        @pytest.fixture
        @twice
        def wrapped(base):
            return base

        @pytest.fixture(autouse=True)
        def always():
            yield

        anonymous = pytest.fixture(lambda: 3, name="anonymous")

        namespace = {}
        exec("def generated(): return 1", namespace)
        made = pytest.fixture(namespace["generated"], name="made")

        @pytest.fixture
        def lonely():
            return 0
    """,
    "sub/conftest.py": """
        import pytest

        @pytest.fixture
        def base(base):
            return base + 1
    """,
    "sub/test_it.py": """
        import unittest
        import pytest

        def setup_module():
            pass

        @pytest.mark.parametrize("text", ["a[b]::c", "d"])
        @pytest.mark.parametrize("many", [0])
        def test_parameters(text, many, base): pass

        class TestOuter:
            class TestInner:
                @pytest.fixture
                def own(self, wrapped): return wrapped

                def test_own(self, own, made, anonymous): pass

        class TestCase(unittest.TestCase):
            def test_old(self): pass

        def test_many(many, tmp_path, request): pass

        @pytest.mark.parametrize("wrapped", [0])
        def test_hidden(wrapped): pass
    """,
    "test_broken.py": "import no_such_module_at_all",
    "test_skipped.py": "import pytest; pytest.skip('not here', allow_module_level=True)",
    "pytest.ini": "[pytest]\naddopts = -k 'not old'\n",
}


@pytest.fixture(scope="module")
def dump(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The dump of `SUITE`."""
    root = tmp_path_factory.mktemp("suite")
    for name, text in SUITE.items():
        path = root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
    plugins = tmp_path_factory.mktemp("plugin")
    shutil.copyfile(truth.PLUGIN_FILE, plugins / f"{truth.PLUGIN_MODULE}.py")
    target = plugins / "dump.json"
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", truth.PLUGIN_MODULE]
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV"))}
    env |= {"PYTHONPATH": str(plugins), dump_plugin.ENVIRONMENT_VARIABLE: str(target)}
    done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)
    assert target.is_file(), done.stdout + done.stderr
    found: dict[str, Any] = json.loads(target.read_text(encoding="utf-8"))
    assert Path(found["rootdir"]).resolve() == root.resolve()
    return found


def places(dump: dict[str, Any], identity: str) -> dict[str, tuple[str, int | None]]:
    """Each name in a function's closure → (file, line of the definition); the files of pytest itself by name only."""
    rows = {name: dump["definitions"][index] for name, index in variant(dump, identity)["closure"].items()}
    return {
        name: ("outside", None) if Path(row["file"]).is_absolute() else (row["file"], row["line"])
        for name, row in rows.items()
    }


def variant(dump: dict[str, Any], identity: str) -> dict[str, Any]:
    """The one variant of a function."""
    (function,) = [row for row in dump["functions"] if row["id"] == identity]
    (found,) = function["variants"]
    return dict(found)


def line_of(name: str, start: str) -> int:
    """The line of `SUITE[name]` that begins with `start`."""
    lines = textwrap.dedent(SUITE[name]).splitlines()
    (number,) = [number for number, line in enumerate(lines, 1) if line.strip().startswith(start)]
    return number


def test_ids_have_no_parameters_and_items_are_counted(dump: dict[str, Any]) -> None:
    found = {
        row["id"]: (row["items"], row["deselected"], row["cls"], row["kind"], row["path"]) for row in dump["functions"]
    }
    assert found == {
        "sub/test_it.py::test_parameters": (2, 0, "", "Function", "sub/test_it.py"),
        "sub/test_it.py::TestOuter::TestInner::test_own": (1, 0, "TestOuter.TestInner", "Function", "sub/test_it.py"),
        "sub/test_it.py::TestCase::test_old": (1, 1, "TestCase", "TestCaseFunction", "sub/test_it.py"),
        "sub/test_it.py::test_many": (2, 0, "", "Function", "sub/test_it.py"),
        "sub/test_it.py::test_hidden": (1, 0, "", "Function", "sub/test_it.py"),
    }


def test_lines_are_those_of_the_def_and_not_of_its_decorators(dump: dict[str, Any]) -> None:
    root, sub = "conftest.py", "sub/conftest.py"
    assert places(dump, "sub/test_it.py::TestOuter::TestInner::test_own") == {
        "always": (root, line_of(root, "def always")),
        "own": ("sub/test_it.py", line_of("sub/test_it.py", "def own")),
        "wrapped": (root, line_of(root, "def wrapped")),
        "base": (sub, line_of(sub, "def base")),
        "made": ("<string>", None),
        "anonymous": (root, line_of(root, "anonymous =")),
    }
    assert places(dump, "sub/test_it.py::test_many") == {
        "always": (root, line_of(root, "def always")),
        "many": (root, line_of(root, "def many")),
        "tmp_path": ("outside", None),
        "tmp_path_factory": ("outside", None),
    }


def test_direct_parameters_and_setup_functions_stand_apart(dump: dict[str, Any]) -> None:
    found = variant(dump, "sub/test_it.py::test_parameters")
    assert set(found["closure"]) == {"always", "base"}
    assert [name for name in found["pseudo"] if not name.startswith(dump_plugin.PSEUDO_PREFIXES)] == ["many", "text"]
    assert any(name.startswith("_xunit_setup_module_fixture_") for name in found["pseudo"])


def test_what_only_a_hidden_fixture_requested_is_not_in_the_closure(dump: dict[str, Any]) -> None:
    found = variant(dump, "sub/test_it.py::test_hidden")
    assert set(found["closure"]) == {"always"}


def test_a_definition_behind_an_override_is_reached(dump: dict[str, Any]) -> None:
    (index,) = variant(dump, "sub/test_it.py::test_parameters")["reached"]
    row = dump["definitions"][index]
    assert (row["name"], row["file"], row["line"]) == ("base", "conftest.py", line_of("conftest.py", "def base"))
    assert variant(dump, "sub/test_it.py::test_many")["reached"] == []


def test_a_fixture_without_source_says_so(dump: dict[str, Any]) -> None:
    (row,) = [row for row in dump["definitions"] if row["name"] == "made"]
    assert (row["has_source"], row["file"], row["line"], row["function"]) == (False, "<string>", None, "generated")


def test_all_registered_fixtures_are_listed(dump: dict[str, Any]) -> None:
    rows = [(dump["definitions"][row["definition"]], row) for row in dump["registered"]]
    local = {
        (definition["name"], definition["file"]): (row["autouse"], row["params"], definition["scope"])
        for definition, row in rows
        if not Path(definition["file"]).is_absolute()
    }
    assert local == {
        ("base", "conftest.py"): (False, None, "function"),
        ("many", "conftest.py"): (False, 2, "session"),
        ("wrapped", "conftest.py"): (False, None, "function"),
        ("always", "conftest.py"): (True, None, "function"),
        ("anonymous", "conftest.py"): (False, None, "function"),
        ("made", "<string>"): (False, None, "function"),
        ("lonely", "conftest.py"): (False, None, "function"),
        ("base", "sub/conftest.py"): (False, None, "function"),
        ("own", "sub/test_it.py"): (False, None, "function"),
    }


def test_collectors_that_fail_or_skip_are_kept_with_their_reason(dump: dict[str, Any]) -> None:
    (error,), (skip,) = dump["errors"], dump["skipped"]
    assert error["id"] == "test_broken.py"
    assert error["reason"].endswith("ModuleNotFoundError: No module named 'no_such_module_at_all'")
    assert (skip["id"], skip["reason"]) == ("test_skipped.py", "Skipped: not here")
