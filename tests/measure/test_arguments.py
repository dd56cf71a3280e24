"""What the project's pytest is started with, and what is said where it cannot collect."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import fixturescope
from fixturescope.document import from_graph
from fixturescope.measure.command import ProjectPytest
from fixturescope.measure.plan import Selection
from fixturescope.measure.run import Options, measure_fixtures
from fixturescope.measure.runs import RunFolder
from fixturescope.report import render
from tests.measure.helpers import by_name, measured, write

SHOP = {
    "conftest.py": """
        import pytest

        @pytest.fixture
        def prices():
            return 1
        """,
    "tests/test_shop.py": """
        def test_it(prices): pass
        """,
}


def command_line(suite: Path, *options: str, python: str = sys.executable) -> subprocess.CompletedProcess[str]:
    words = ["measure", "--python", python, "--only", "own", "--repeat", "1:1", "--no-memory", "--no-startup"]
    return subprocess.run(
        [sys.executable, "-m", "fixturescope", *words, *options], cwd=suite, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("from_where", ["pytest.ini", "fixturescope.toml"])
def test_without_paths_only_what_was_analyzed_is_collected(tmp_path: Path, from_where: str) -> None:
    settings = {
        "pytest.ini": {"pytest.ini": "[pytest]\ntestpaths = tests\n"},
        "fixturescope.toml": {"fixturescope.toml": 'paths = ["tests"]\n'},
    }
    ends = {"scripts/test_device.py": "import os; os._exit(3)\n"}
    suite = write(tmp_path / "shop", {**SHOP, **ends, **settings[from_where]})
    done = command_line(suite, "--in-suite")
    assert done.returncode == 0, done.stderr


def test_without_paths_and_from_elsewhere(tmp_path: Path) -> None:
    ends = {"scripts/test_device.py": "import os; os._exit(3)\n"}
    suite = write(tmp_path / "shop", {**SHOP, **ends})
    graph = fixturescope.analyze("tests", cwd=suite, python=sys.executable, cache=False)
    options = Options(selection=Selection(None, ("own",)), least=1, most=1, visits=1, memory=False, startup=False)
    (tmp_path / "run").mkdir()
    found = by_name(measure_fixtures(graph, options, folder=RunFolder(tmp_path / "run")))
    assert found["prices"].status == "ok"


@pytest.mark.parametrize("isolation", ["fork", "fresh"])
def test_options_of_pytest_keep_their_values(tmp_path: Path, isolation: str) -> None:
    other = {
        "other.ini": "[pytest]\naddopts = --currency EUR\n",
        "conftest.py": """
            import pytest

            def pytest_addoption(parser):
                parser.addoption("--currency")

            @pytest.fixture
            def prices(request):
                assert request.config.getoption("--currency") == "EUR"
            """,
    }
    suite = write(tmp_path / "shop", {**SHOP, **other})
    arguments = ("-c", str(suite / "other.ini"), "-p", "no:doctest", "-k", "test_it")
    graph = measured(suite, tmp_path / "run", isolation=isolation, pytest_args=arguments, memory=False, startup=False)
    one = by_name(graph)["prices"]
    assert (one.status, one.reason) == ("ok", None)


def test_a_file_that_cannot_be_collected_stands_in_the_report(tmp_path: Path) -> None:
    suite = write(tmp_path / "shop", {**SHOP, "tests/test_broken.py": "import no_such_module\n"})
    done = command_line(suite)
    assert (
        "not collected, and so without its tests and fixtures: tests/test_broken.py: "
        "E   ModuleNotFoundError: No module named 'no_such_module'"
    ) in done.stdout


def test_a_fixture_that_nothing_reaches_tells_what_was_not_collected(tmp_path: Path) -> None:
    suite = write(
        tmp_path / "shop", {**SHOP, "tests/test_shop.py": "import no_such_module\ndef test_it(prices): pass\n"}
    )
    one = by_name(measured(suite, tmp_path / "run", memory=False, startup=False))["prices"]
    assert one.status == "unmeasurable"
    assert one.reason == (
        "pytest collects no test module from which it is visible\n"
        "not collected: tests/test_shop.py: E   ModuleNotFoundError: No module named 'no_such_module'"
    )


def test_what_pytest_said_before_it_ended_is_shown_line_by_line(tmp_path: Path) -> None:
    suite = write(tmp_path / "shop", {**SHOP, "conftest.py": "import no_such_module\n"})
    done = command_line(suite)
    assert done.returncode == 4
    assert "\\n" not in done.stderr
    assert "\n  E   ModuleNotFoundError: No module named 'no_such_module'\n" in done.stderr


def test_an_interpreter_without_pytest_is_named(tmp_path: Path) -> None:
    suite = write(tmp_path / "shop", SHOP)
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True)
    python = str(bare / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
    done = command_line(suite, python=python)
    assert done.returncode == 4
    assert done.stderr.endswith(
        f"error: {python} has no pytest\nhint: install it there, or name another interpreter: --python\n"
    )


RERUNS = """
    import threading

    HAS_PYTEST_HANDLECRASHITEM = True

    def pytest_configure(config):
        if HAS_PYTEST_HANDLECRASHITEM:
            threading.Thread(target=threading.Event().wait, name="server", daemon=True).start()
"""


@pytest.mark.parametrize(
    ("name", "isolation"),
    [("pytest_rerunfailures", "fork"), ("another", "fresh")],
)
def test_a_thread_that_only_workers_need_is_not_started(tmp_path: Path, name: str, isolation: str) -> None:
    """A stand-in for the plugin, whose thread serves workers of xdist; where another's thread lives, the answer says so."""
    files = {
        "conftest.py": f"import pytest\npytest_plugins = ['{name}']\n\n@pytest.fixture\ndef a(): pass\n",
        f"{name}.py": RERUNS,
        "test_it.py": "def test_it(a): pass\n",
    }
    graph = measured(write(tmp_path / "suite", files), tmp_path / "run", memory=False, startup=False, least=1, most=1)
    assert [one.isolation for one in graph.measurements] == [isolation]
    why = "each measurement in a pytest process of its own: 1 other thread is alive after collection: server"
    assert (f"  {why}\n" in render(from_graph(graph))) == (isolation == "fresh")


@pytest.mark.parametrize(
    ("options", "switched_off"),
    [
        ((), ["pytest-xdist", "pytest-cov"]),
        (("-p", "no:xdist"), ["pytest-cov"]),
        (("-pno:pytest_cov", "-x"), ["pytest-xdist"]),
    ],
)
def test_a_plugin_that_is_kept_out_knows_no_options(options: tuple[str, ...], switched_off: list[str]) -> None:
    project = ProjectPytest(
        python=sys.executable,
        cwd=Path(),
        arguments=(),
        rootdir=Path(),
        scratch=Path(),
        run="",
        options=options,
        plugins=("pytest-cov", "pytest-xdist"),
    )
    assert [one.distribution for one in project.spoilers] == switched_off
