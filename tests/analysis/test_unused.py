"""Unused fixtures, on a suite of traps: pytest collects it, plans it (``--setup-plan``) and runs it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import fixturescope
from tests.oracle import live

TRAPS = Path(__file__).parents[1] / "suites" / "unused_traps"

CERTAIN = [
    "conftest.py::dead_asked_by_plain_function",
    "conftest.py::dead_assigned",
    "conftest.py::dead_hidden_by_default",
    "conftest.py::dead_hidden_by_mock",
    "conftest.py::dead_hidden_by_parameter",
    "conftest.py::dead_hidden_by_parameter_leaf",
    "conftest.py::dead_in_unittest_argument",
    "conftest.py::dead_leaf",
    "conftest.py::dead_middle",
    "conftest.py::dead_only_called",
    "conftest.py::dead_only_in_comment",
    "conftest.py::dead_only_in_string",
    "conftest.py::dead_top",
    "conftest.py::dead_wrapped_away",
    "conftest.py::shadowed_in_sub",
    "conftest.py::used_renamed",
    "imported.py::Base::dead_class_inherited",
    "imported.py::Base::same_in_class",
    "imported.py::dead_imported_nowhere_used",
    "late_plugin.py::dead_late_plugin",
    "other/conftest.py::dead_autouse_always_overridden",
    "plugin.py::dead_plugin",
    "plugin.py::same_in_plugin",
    "starred.py::dead_starred",
    "sub/conftest.py::dead_invisible",
    "sub/deep/conftest.py::dead_autouse_without_tests",
    "test_far.py::OldStyle::dead_in_unittest",
    "test_shadows.py::TestNothingCollected::dead_autouse_in_class_without_tests",
    "test_shadows.py::TestNothingCollected::dead_in_class_without_tests",
    "test_shadows.py::TestTwo::same_in_class",
    "test_shadows_two.py::same_in_two_modules",
]

POSSIBLE = ["conftest.py::maybe_blue_paint", "conftest.py::maybe_red_paint"]

SKIPPED = "used_by_skipped_test"
"""In the closure of a test that is skipped: a run does not set it up, and yet it is not unused."""

VALUE = "dead_hidden_by_parameter"
"""What pytest plans under this name is the test's own parameter."""

Place = tuple[str, str, int]
"""Name, file and line of a fixture."""


@pytest.fixture(scope="module")
def traps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the suite, since `analyze` keeps its cache in the rootdir."""
    return Path(shutil.copytree(TRAPS, tmp_path_factory.mktemp("traps").resolve() / "suite"))


@pytest.fixture(scope="module")
def oracle() -> Iterator[live.Pytest]:
    """A pytest that can be asked."""
    with live.Pytest() as process:
        yield process


@pytest.fixture(scope="module")
def graph(traps: Path) -> fixturescope.FixtureGraph:
    """What we say of the traps."""
    return live.analyzed(traps)


@pytest.fixture(scope="module")
def run(traps: Path, oracle: live.Pytest) -> live.Answer:
    """What a run of the traps sets up."""
    oracle.ask(traps, run=True)
    return oracle.answer()


def test_there_are_many_traps(graph: fixturescope.FixtureGraph) -> None:
    own = [fixture for fixture in graph.fixtures if fixture.origin == "static"]
    assert len(own) > 80
    assert len(graph.unused()) > 30


def test_unused_fixtures_and_how_certain_that_is(graph: fixturescope.FixtureGraph) -> None:
    assert sorted(fixture.id for fixture in graph.unused(certain_only=True)) == sorted(CERTAIN)
    assert sorted(fixture.id for fixture in graph.unused() if fixture.unused == "possible") == POSSIBLE


def test_a_run_of_pytest_sets_up_all_others_and_none_of_these(
    graph: fixturescope.FixtureGraph, run: live.Answer
) -> None:
    really = {(setup.name, setup.file, setup.line) for setup in run.setups if not Path(str(setup.file)).is_absolute()}
    used = {_place(fixture) for fixture in graph.fixtures if fixture.unused is None and fixture.name != SKIPPED}
    assert {place for place in used if not Path(place[1]).is_absolute()} == really


def test_setup_plan_names_what_closures_hold(graph: fixturescope.FixtureGraph, traps: Path) -> None:
    planned = set(re.findall(r"^ *SETUP +[A-Z] (\w+)", _setup_plan(traps), re.MULTILINE))
    own = {fixture.name for fixture in graph.fixtures if not Path(fixture.path).is_absolute()}
    static = {fixture.name for fixture in graph.fixtures if fixture.usage > fixture.usage_dynamic}
    assert (planned & own) - {VALUE} == (static & own) - {SKIPPED}


def test_each_is_explained(graph: fixturescope.FixtureGraph) -> None:
    reasons = {fixture.name: graph.why_unused(fixture) for fixture in graph.unused()}
    assert all(reasons.values())
    assert reasons["dead_autouse_without_tests"] == "no test is collected where it is visible"
    assert "test_far.py" in reasons["maybe_red_paint"]


def _place(fixture: fixturescope.Fixture) -> Place:
    return fixture.name, fixture.path, fixture.line


def _setup_plan(root: Path) -> str:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV"))}
    command = [live.PYTHON, "-m", "pytest", "--setup-plan", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=root, env=environ | live.ENVIRON, capture_output=True, text=True, check=False)
    return done.stdout
