"""Real starts of small suites, whose costs are known, and starts that go wrong."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from fixturescope.measure.command import ProjectPytest, scratch_folder
from fixturescope.measure.probe import stages
from fixturescope.measure.startup import IMPORTTIME, STAGES_FAILED, Ended, measure_startup, run_process
from fixturescope.model import ImportedModule, Startup

STEPS = ["python", "pytest", "plugins", "conftests", "modules"]

SUITE = {
    "pytest.ini": "[pytest]\naddopts = -p a_plugin\n",
    "src/a_plugin.py": "import time; time.sleep(0.3)",
    "src/slow.py": "import time; import slower; time.sleep(0.2)",
    "src/slower.py": "import time; time.sleep(0.3)",
    "src/brought.py": "import time; import needed; time.sleep(0.2)",
    "src/needed.py": "",
    "src/pkg/__init__.py": "",
    "src/pkg/inner.py": "",
    "conftest.py": "import time; time.sleep(0.3)\nimport importlib\nimportlib.import_module('brought')",
    "tests/conftest.py": "import pkg.inner",
    "tests/test_one.py": "import slow\ndef test_one(): raise SystemExit('it ran')",
    "tests/deep/conftest.py": "",
    "tests/deep/test_two.py": "import pkg",
    "other/__init__.py": "",
    "other/conftest.py": "",
    "other/test_three.py": "def test_three(): ...",
}
"""The plugin costs 0.3 s, conftests 0.5 s, test modules 0.5 s."""


def draw(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


@contextmanager
def project(root: Path, *arguments: str, python: str = sys.executable, **environ: str) -> Iterator[ProjectPytest]:
    """The suite's pytest; without the plugins of our own environment, which are not what is tested."""
    outer = {name: value for name, value in os.environ.items() if not name.startswith(("COV", "PYTEST_ADDOPTS"))}
    with scratch_folder() as scratch:
        yield ProjectPytest(
            python=python,
            cwd=root,
            arguments=arguments,
            rootdir=root,
            scratch=scratch,
            run="test",
            environ={**outer, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": os.fspath(root / "src"), **environ},
        )


def measured(root: Path, *arguments: str, folder: Path | None = None, python: str = sys.executable) -> Startup:
    with project(root, *arguments, python=python) as one:
        return measure_startup(one, folder=folder or one.scratch, samples=1, timeout_s=60)


def walls(startup: Startup) -> dict[str, float]:
    return {step.name: step.wall_s for step in startup.steps}


def find(startup: Startup, name: str) -> ImportedModule:
    (found,) = [one for one in startup.imports if one.name == name]
    return found


def state(root: Path) -> dict[str, str]:
    """Every file and folder below, and what it holds."""
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        for path in sorted(root.rglob("*"))
    }


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw(tmp_path_factory.mktemp("suite"), SUITE)


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run") / "made"


@pytest.fixture(scope="module")
def startup(suite: Path, run_folder: Path) -> Startup:
    before = state(suite)
    result = measured(suite, folder=run_folder)
    assert state(suite) == before
    return result


def test_each_step_costs_what_it_adds(startup: Startup) -> None:
    taken = walls(startup)
    assert startup.reason is None
    assert list(taken) == STEPS
    assert taken["python"] < taken["pytest"]
    # A start varies by less than what the suite costs.
    assert taken["plugins"] > taken["pytest"] + 0.2
    assert taken["conftests"] > taken["plugins"] + 0.3
    assert taken["modules"] > taken["conftests"] + 0.3


def test_each_import_costs_at_least_what_it_slept(startup: Startup) -> None:
    assert {
        (one.name, one.imported_by, one.path)
        for one in startup.imports
        if one.self_s >= 0.19 and not one.name.startswith("_pytest")
    } >= {
        ("a_plugin", None, "src/a_plugin.py"),
        ("conftest", None, "conftest.py"),
        ("brought", "conftest", None),
        ("slow", "test_one", None),
        ("slower", "slow", None),
    }
    assert find(startup, "a_plugin").self_s >= 0.3
    assert find(startup, "slower").self_s >= 0.3
    assert find(startup, "slow").self_s < 0.4  # and not what slower slept
    assert find(startup, "slow").cumulative_s >= 0.5
    assert find(startup, "test_one").cumulative_s >= 0.5


def test_parents(startup: Startup) -> None:
    by_name = {one.name: one.imported_by for one in startup.imports}
    assert by_name["needed"] == "brought"
    assert by_name["pkg"] == "conftest"
    assert by_name["pkg.inner"] == "conftest"
    assert by_name["test_two"] is None


def test_every_conftest_and_test_module_has_a_row(startup: Startup, suite: Path) -> None:
    rows = [
        one.path for one in startup.imports if one.path and one.path.rpartition("/")[2].startswith(("conf", "test_"))
    ]
    files = [
        path.relative_to(suite).as_posix() for path in suite.rglob("*.py") if path.name.startswith(("conf", "test_"))
    ]
    assert sorted(rows) == sorted(files)


def test_selfs_sum_to_the_cumulative_of_the_roots(startup: Startup) -> None:
    """The tolerance is what is lost where nanoseconds become floats."""
    roots = [one for one in startup.imports if one.imported_by is None]
    assert sum(one.self_s for one in startup.imports) == pytest.approx(sum(one.cumulative_s for one in roots), abs=1e-6)
    assert min(one.self_s for one in startup.imports) >= 0


def test_our_own_modules_are_left_out(startup: Startup) -> None:
    assert [one.name for one in startup.imports if one.name.startswith("fixturescope")] == []


def test_the_interpreter_s_own_words_are_kept_and_our_clock_saw_all_of_them(startup: Startup, run_folder: Path) -> None:
    assert startup.artifacts == {"importtime": IMPORTTIME}
    rows = (run_folder / IMPORTTIME).read_text("utf-8").splitlines()
    names = {row.rpartition("|")[2].strip() for row in rows if row.startswith("import time:")}
    ours = {name for name in names if name.startswith("fixturescope")}
    assert "slower" in names  # captured rows would be missing
    assert names - ours - {"imported package"} <= {one.name for one in startup.imports}
    assert "brought" not in names
    assert "conftest" not in names


@pytest.mark.parametrize("option", ["--import-mode=importlib", "--import-mode=append", "--assert=plain"])
def test_whatever_way_pytest_loads(tmp_path: Path, option: str) -> None:
    files = {
        "pytest.ini": "[pytest]\npythonpath = .\n",
        "conftest.py": "",
        "pkg/__init__.py": "",
        "pkg/conftest.py": "import pkg.slow",
        "pkg/slow.py": "",
        "pkg/test_a.py": "from pkg.test_b import test_b",
        "pkg/test_b.py": "import importlib.util as u, pathlib\n"
        "spec = u.spec_from_file_location('by hand', pathlib.Path(__file__).parent / 'x.py')\n"
        "spec.loader.exec_module(u.module_from_spec(spec))\n"
        "def test_b(): ...",
        "pkg/x.py": "import y",
        "y.py": "",
    }
    startup = measured(draw(tmp_path, files), option, "-p", "no:cacheprovider")
    assert startup.reason is None
    rows = {one.path for one in startup.imports}
    assert {"conftest.py", "pkg/conftest.py", "pkg/test_a.py"} <= rows
    assert find(startup, "pkg.slow").imported_by == "pkg.conftest"
    assert find(startup, "pkg.test_b").imported_by == "pkg.test_a"
    assert find(startup, "by hand").imported_by == "pkg.test_b"
    assert find(startup, "y").imported_by == "by hand"


def test_options_and_settings_that_only_a_conftest_knows(tmp_path: Path) -> None:
    files = {
        "pytest.ini": "[pytest]\naddopts = --slow --level 3 --strict-config\nweather = fine\n",
        "conftest.py": "def pytest_addoption(parser):\n"
        "    parser.addoption('--slow', action='store_true')\n"
        "    parser.addoption('--level')\n"
        "    parser.addini('weather', 'today')\n",
        "test_a.py": "def test_a(): ...",
    }
    startup = measured(draw(tmp_path, files))
    assert (list(walls(startup)), startup.reason) == (STEPS, None)


def test_only_conftests_of_files_and_tests_asked_for_by_name(suite: Path) -> None:
    startup = measured(suite, "tests/test_one.py::test_one", "other/test_three.py")
    taken = walls(startup)
    assert startup.reason is None
    assert taken["modules"] > taken["conftests"] + 0.3
    assert {"tests/test_one.py", "other/conftest.py"} <= {one.path for one in startup.imports}
    assert "tests/deep/conftest.py" not in {one.path for one in startup.imports}


def test_a_module_that_cannot_be_imported(tmp_path: Path) -> None:
    """Its seconds count: it is what a start of this suite is like."""
    files = {"test_a.py": "import there_is_no_such_module", "test_b.py": "def test_b(): ..."}
    startup = measured(draw(tmp_path, files))
    assert list(walls(startup)) == STEPS
    assert startup.reason is not None
    reasons = startup.reason.splitlines()
    assert reasons[0] == "modules: not everything could be imported"
    assert "imports: not everything could be imported" in reasons
    assert "No module named 'there_is_no_such_module'" in startup.reason
    assert find(startup, "there_is_no_such_module").imported_by == "test_a"
    assert find(startup, "test_b").path == "test_b.py"


@pytest.mark.parametrize(
    ("conftest", "reason"),
    [
        ("raise RuntimeError('so be it')", "RuntimeError: so be it"),
        ("import os, sys; sys.__stderr__.write('so be it'); os._exit(7)", "conftests: exit code 7\n  so be it"),
        ("import os; os.kill(os.getpid(), 9)", "conftests: signal 9"),
    ],
)
def test_a_conftest_that_fails(tmp_path: Path, conftest: str, reason: str) -> None:
    startup = measured(draw(tmp_path, {"conftest.py": conftest, "test_a.py": ""}), "-s")
    assert list(walls(startup)) == ["python", "pytest", "plugins"]
    assert startup.reason is not None
    assert reason in startup.reason
    assert [
        line.partition(":")[0] for line in startup.reason.splitlines() if ": exit" in line or ": signal" in line
    ] == [
        "conftests",
        "modules",
        "imports",
    ]
    assert find(startup, "site").imported_by is None  # the interpreter has said something


def test_a_conftest_that_hangs_and_its_children_are_ended(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    files = {
        "suite/conftest.py": "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({os.fspath(pid)!r}, 'a').write(f'{{child.pid}}\\n')\n"
        "child.wait()",
    }
    draw(tmp_path, files)
    with project(tmp_path / "suite") as one:
        startup = measure_startup(one, folder=one.scratch, samples=2, timeout_s=3)
    assert list(walls(startup)) == ["python", "pytest", "plugins"]
    assert startup.reason == (
        "conftests: not over after 3 s, ended\nmodules: not over after 3 s, ended\nimports: not over after 3 s, ended"
    )
    children = [int(line) for line in pid.read_text().split()]
    assert len(children) == 4  # bytecode, conftests, modules, imports; not one more for the second sample
    deadline = time.monotonic() + 10
    while any(alive(child) for child in children):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/status")
    return not (status.exists() and "State:\tZ" in status.read_text())  # whoever inherits it may take its time


def test_a_plugin_that_cannot_be_imported(tmp_path: Path) -> None:
    startup = measured(draw(tmp_path, {"pytest.ini": "[pytest]\naddopts = -p no_such_plugin\n"}))
    assert list(walls(startup)) == ["python", "pytest"]
    assert startup.reason is not None
    assert "No module named 'no_such_plugin'" in startup.reason


def test_a_conftest_below_that_fails(tmp_path: Path) -> None:
    files = {"sub/conftest.py": "raise RuntimeError('so be it')", "test_a.py": "def test_a(): ..."}
    startup = measured(draw(tmp_path, files))
    assert startup.reason is not None
    assert "RuntimeError: so be it" in startup.reason
    assert find(startup, "conftest").path == "sub/conftest.py"


def test_no_interpreter(tmp_path: Path) -> None:
    with project(tmp_path, python=os.fspath(tmp_path / "none")) as one:
        startup = measure_startup(one, folder=one.scratch, timeout_s=60)
    assert (startup.steps, startup.imports, startup.artifacts) == ((), (), {})
    assert startup.reason is not None
    assert [line.partition(":")[0] for line in startup.reason.splitlines()] == [*STEPS, "imports"]
    assert "python: cannot be started: " in startup.reason


class Machine:
    """Runs nothing: each start takes the next of its seconds."""

    def __init__(self, seconds: Mapping[str, Sequence[float]], codes: Mapping[str, int | None] | None = None) -> None:
        self.now = 0.0
        self.started: list[str] = []
        self.environments: list[Mapping[str, str]] = []
        self._seconds = {name: iter(taken) for name, taken in seconds.items()}
        self._codes = codes or {}

    def clock(self) -> float:
        return self.now

    def run(self, command: Sequence[str], *, environment: Mapping[str, str], stdout: Path, **_: object) -> Ended:
        step = environment.get("FIXTURESCOPE_STAGE") or ("python" if command[-1] == "pass" else "pytest")
        step = "imports" if "importtime" in command else step
        self.started.append(step)
        self.environments.append(environment)
        self.now += next(self._seconds[step])
        stdout.write_text("")
        return Ended(self._codes.get(step, 0))


def test_rounds_and_medians(tmp_path: Path) -> None:
    taken = {
        "python": [0.1, 0.2, 0.9],
        "pytest": [1, 1, 1],
        "plugins": [2, 4, 3],
        "conftests": [5, 5, 6],
        "modules": [100, 9, 8, 7],
        "imports": [50],
    }
    machine = Machine(taken)
    told: list[str] = []
    with project(tmp_path) as one:
        startup = measure_startup(
            one, folder=tmp_path, timeout_s=60, run=machine.run, clock=machine.clock, progress=told.append
        )
    assert machine.started == ["modules", *STEPS, *STEPS, *STEPS, "imports"]
    assert walls(startup) == pytest.approx({"python": 0.2, "pytest": 1, "plugins": 3, "conftests": 5, "modules": 8})
    assert startup.steps[2].samples == pytest.approx((2, 4, 3))
    assert told[:3] == ["startup: bytecode", "startup: python, 1 of 3", "startup: pytest, 1 of 3"]
    assert told[-1] == "startup: imports"
    assert (
        startup.reason
        == "imports: pytest ended without a word from our plugin: only what the interpreter says is known"
    )


def test_a_step_that_fails_is_not_started_again(tmp_path: Path) -> None:
    taken = {"python": [1, 1], "pytest": [1], "plugins": [1, 1], "conftests": [1], "modules": [1, 1, 1], "imports": [1]}
    machine = Machine(taken, {"pytest": 3, "conftests": None, "modules": STAGES_FAILED, "imports": 5})
    with project(tmp_path) as one:
        startup = measure_startup(one, folder=tmp_path, samples=2, timeout_s=9.5, run=machine.run, clock=machine.clock)
    assert walls(startup) == pytest.approx({"python": 1, "plugins": 1, "modules": 1})
    assert startup.reason is not None
    assert startup.reason.splitlines()[:3] == [
        "pytest: exit code 3",
        "conftests: not over after 9.5 s, ended",
        "modules: not everything could be imported",
    ]


def test_nothing_of_the_project_is_in_the_way_of_pytest_alone(tmp_path: Path) -> None:
    machine = Machine({step: [1.0, 1.0] for step in [*STEPS, "imports"]})
    with project(tmp_path, "-k", "x", PYTEST_ADDOPTS="--nonsense", PYTEST_PLUGINS="nonsense") as one:
        commands: list[tuple[Sequence[str], Mapping[str, str], Path]] = []

        def run(command: Sequence[str], *, cwd: Path, environment: Mapping[str, str], **files: object) -> Ended:
            commands.append((command, environment, cwd))
            return machine.run(command, environment=environment, **files)  # type: ignore[arg-type]

        measure_startup(
            replace(one, plugins=("pytest-xdist",)),
            folder=tmp_path,
            samples=1,
            timeout_s=9,
            run=run,
            clock=machine.clock,
        )
        _, _, (command, environment, cwd), *later = commands
        empty = one.scratch / "startup/empty"
        assert cwd == empty
        assert [word for word in command if os.fspath(tmp_path) in word] == []
        assert {"-k", "-n0"}.isdisjoint(command)
        assert {"PYTEST_ADDOPTS", "PYTEST_PLUGINS"}.isdisjoint(environment)
        for command, environment, cwd in later:
            assert {"-k", "-n0"} <= set(command)
            assert (environment["PYTEST_ADDOPTS"], cwd) == ("--nonsense", tmp_path)


def test_run_process(tmp_path: Path) -> None:
    out, err = tmp_path / "out", tmp_path / "err"
    code = "import os, sys; print(os.environ['WHO'], os.getcwd(), sys.stdin.read()); sys.stderr.write('e'); sys.exit(3)"
    ended = run_process(
        [sys.executable, "-c", code], cwd=tmp_path, environment={"WHO": "us"}, stdout=out, stderr=err, timeout_s=60
    )
    assert (ended, out.read_text(), err.read_text()) == (Ended(3), f"us {tmp_path} \n", "e")


@pytest.fixture(scope="session")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An interpreter with pytest and nothing else."""
    folder = tmp_path_factory.mktemp("bare") / "env"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    done = subprocess.run([python, "-m", "pip", "install", "-q", "pytest"], check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"pip cannot install pytest here: {done.stderr.strip().splitlines()[-1:]}")
    return os.fspath(python)


def test_an_interpreter_without_fixturescope(suite: Path, bare_python: str) -> None:
    missing = subprocess.run(
        [bare_python, "-I", "-c", "import fixturescope"], check=False, capture_output=True, text=True
    )
    assert "No module named 'fixturescope'" in missing.stderr
    before = state(suite)
    startup = measured(suite, python=bare_python)
    assert (list(walls(startup)), startup.reason) == (STEPS, None)
    assert find(startup, "brought").imported_by == "conftest"
    assert find(startup, "slower").self_s >= 0.3
    assert state(suite) == before


def test_host_and_probe_agree() -> None:
    assert stages.SOME_FAILED == STAGES_FAILED


def test_the_plugin_that_times_imports_takes_none_away() -> None:
    code = (
        "import sys; before = set(sys.modules); import fixturescope.measure.probe.imports\n"
        "print(*(name for name in set(sys.modules) - before if not name.startswith('fixturescope')))"
    )
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environ)
    assert set(done.stdout.split()) <= {"__future__", "atexit"}
