"""The examples: a suite for models, and the notebook that explores it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import fixturescope

ROOT = Path(__file__).parent.parent
MODELS = ROOT / "examples" / "models"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy, since runs and caches are kept in it."""
    folder = tmp_path_factory.mktemp("examples") / "models"
    shutil.copytree(MODELS, folder, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    return folder


def run_pytest(folder: Path, *options: str) -> str:
    command = [sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


def test_pytest_sets_up_what_the_analysis_says(models: Path) -> None:
    """Each own fixture as often; what is said to be unused never."""
    seen = re.findall(r"SETUP\s+\w\s+(\w+)", run_pytest(models, "--setup-show"))
    graph = fixturescope.analyze(models, cache=False)
    own = [one for one in graph.fixtures if one.origin in ("static", "generated")]
    assert len(own) == 22
    assert {one.name: one.setups for one in own} == {one.name: seen.count(one.name) for one in own}
    assert [one.name for one in own if one.unused == "certain"] == [one.name for one in own if one.name not in seen]


def test_categories_are_those_of_the_settings(models: Path) -> None:
    graph = fixturescope.analyze(models, cache=False)
    counts: dict[str, int] = {}
    for one in graph.fixtures:
        if one.category is not None:
            counts[one.category] = counts.get(one.category, 0) + 1
    assert counts == {"real model": 6, "custom model": 6, "config only": 5, "other": 5}


def test_the_notebook_runs_from_top_to_bottom(
    models: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(models.parent)
    notebook = json.loads((ROOT / "examples" / "explore.ipynb").read_text("utf-8"))
    namespace: dict[str, object] = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), namespace)
    said = capsys.readouterr().out
    assert re.search(r"^get_gpt2_setup_session +none of the 13 tests", said, re.MULTILINE)
    assert re.search(r"^vocabulary +\d+\.\d ms a run = 13 uses × 1.00 × ", said, re.MULTILINE)
    assert "--argument:get_tiny_train_session--> conftest.py::get_tiny_train_session" in said


# ------------------------------------------------------------------------- what pytest itself shows, as the README says


def test_durations_bills_a_session_fixture_to_the_test_that_comes_first(models: Path) -> None:
    said = run_pytest(models, "--durations=2", "tests/test_training.py::test_large_real_model")
    assert re.search(r"^\d+\.\d+s setup +tests/test_training\.py::test_large_real_model$", said, re.MULTILINE)
    assert "get_llama3_train_session" not in said


def test_fixtures_per_test_says_neither_costs_nor_what_is_asked_for_by_name(models: Path) -> None:
    said = run_pytest(models, "--fixtures-per-test", "tests/test_configs.py::test_config_names_its_model[gpt2]")
    assert "workdir -- conftest.py" in said
    assert "get_gpt2_cfg_only" not in said
    graph = fixturescope.analyze(models, cache=False)
    assert "get_gpt2_cfg_only" in graph.test("tests/test_configs.py::test_config_names_its_model").dynamic
