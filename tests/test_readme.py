"""What the README and the documentation claim, done."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import fixturescope
from fixturescope import cli
from fixturescope.settings import load_settings

ROOT = Path(__file__).parent.parent
BOOKSHOP = ROOT / "examples" / "bookshop"
MODELS = ROOT / "examples" / "models"


def blocks(path: Path, language: str) -> list[str]:
    """The code blocks of one language in a Markdown file."""
    return re.findall(rf"^```{language}\n(.*?)^```", path.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def test_the_gate_runs_the_second_command_of_the_readme_word_for_word() -> None:
    _, command = blocks(ROOT / "README.md", "console")
    assert f'test_command="{command.strip()}"' in (ROOT / ".ci" / "run").read_text("utf-8").splitlines()


def test_the_first_command_installs_and_analyzes_the_example() -> None:
    """Installing is what made this environment; the rest is run here."""
    command, _ = blocks(ROOT / "README.md", "console")
    *install, analyze, measure = command.strip().split(" && ")
    assert install == ["python3 -m venv .venv", ".venv/bin/pip install -e '.[html]'"]
    assert analyze == ".venv/bin/fixturescope analyze examples/models"
    assert measure == ".venv/bin/fixturescope measure examples/models"
    result = subprocess.run(
        [sys.executable, "-m", *analyze.removeprefix(".venv/bin/").split()],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")
    unused = result.stdout.split("\n\nUnused fixtures ")[1]
    assert unused.startswith("(8)\n")
    found = re.findall(r"^  (\w+)  \w+  conftest\.py:\d+  (\w+)$", unused, re.MULTILINE)
    assert [name for name, certainty in found if certainty == "certain"] == [
        "get_gpt2_setup_session",
        "get_llama3_init_session",
        "get_llama3_setup_session",
        "get_tiny_init_session",
        "get_tiny_setup_session",
        "get_wide_init_session",
        "reference_run",
        "reference_report",
    ]


def test_the_example_passes_under_pytest() -> None:
    command = [sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    result = subprocess.run(command, cwd=BOOKSHOP, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout
    assert "14 passed" in result.stdout


def test_the_example_is_understood_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["analyze", str(BOOKSHOP), "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    own = {fixture["id"]: fixture for fixture in document["fixtures"] if fixture["origin"] == "static"}
    assert {id_: (fixture["usage"], fixture["setups"], fixture["unused"]) for id_, fixture in own.items()} == {
        "conftest.py::prices": (10, 1, None),
        "conftest.py::inventory": (10, 3, None),
        "conftest.py::cart": (7, 7, None),
        "conftest.py::no_proxy": (14, 14, None),
        "conftest.py::currency": (3, 3, None),
        "conftest.py::member_customer": (1, 1, None),
        "conftest.py::guest_customer": (0, 0, "possible"),
        "conftest.py::printer": (0, 0, "certain"),
        "conftest.py::receipt": (0, 0, "certain"),
        "tests/test_cart.py::TestTotal::full_cart": (2, 2, None),
        "tests/test_stock.py::inventory": (1, 1, None),
        "tests/online/conftest.py::cart": (3, 3, None),
        "tests/online/conftest.py::customer": (3, 3, None),
        "tests/online/conftest.py::who": (1, 1, None),
    }
    assert document["summary"]["items"] == 14


def test_the_settings_of_the_documentation_are_valid(tmp_path: Path) -> None:
    (example,) = blocks(ROOT / "docs" / "cli.md", "toml")
    (tmp_path / "pyproject.toml").write_text(example, "utf-8")
    assert load_settings(tmp_path).fail_on == ("unused",)


def test_the_first_command_measures_the_example(tmp_path: Path) -> None:
    """Of a copy, since a run keeps its folder below the suite's."""
    shutil.copytree(MODELS, tmp_path / "models", ignore=shutil.ignore_patterns(".*", "__pycache__"))
    command = [sys.executable, "-m", "fixturescope", "measure", str(tmp_path / "models"), "--python", sys.executable]
    result = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert result.returncode == 0, result.stderr
    assert re.match(r"Fixtures take .+ of a full run; \d of 25 take \d+ % of that: ", result.stdout)
    table = result.stdout.split("What a full run spends on fixtures (25)\n")[1].split("\n\n")[0]
    assert {"get_llama3_train_session", "vocabulary"} <= set(re.findall(r"^  (\w+) ", table, re.MULTILINE))
    assert "Widen vocabulary from function to module scope" in result.stdout
    run = tmp_path / "models" / ".fixturescope" / "runs" / "latest"
    assert {one.status for one in fixturescope.load(run / "document.json").measurements} == {"ok"}
    assert {"imports.html", "report.md", "report.html"} <= {one.name for one in run.iterdir()}


@pytest.mark.parametrize("command", ["analyze", "measure", "report", "try", "apply", "explain", "compare", "rank"])
def test_every_option_is_documented(command: str) -> None:
    page = (ROOT / "docs" / "cli.md").read_text("utf-8")
    result = subprocess.run(
        [sys.executable, "-m", "fixturescope", command, "--help"], capture_output=True, text=True, check=True
    )
    options = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", result.stdout)) - {"-h", "--help"}
    options -= {
        option for option in options if f"--no-{option[2:]}" in options
    }  # the page names what is not the default
    assert {option for option in options if f"`{option}" not in page} == set()


@pytest.mark.parametrize("path", [ROOT / "docs" / "graph.md"], ids=lambda path: path.name)
def test_examples_of_the_documentation(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each expression with a comment of the form ``# → value`` behind it gives that value."""
    monkeypatch.chdir(ROOT)
    namespace: dict[str, object] = {"fixturescope": fixturescope}
    checked = 0
    for block in blocks(path, "python"):
        lines = block.splitlines()
        for statement in ast.parse(block).body:
            code = ast.unparse(statement)
            _, _, expected = lines[(statement.end_lineno or 0) - 1].partition("  # → ")
            if expected:
                assert repr(eval(code, namespace)) == expected, code
                checked += 1
            else:
                exec(code, namespace)
    assert checked >= 5
