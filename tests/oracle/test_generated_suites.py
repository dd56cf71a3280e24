"""The list of suites with generated fixtures is pinned and split, and its command says what keeps one from being compared."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from tests.oracle import compare, environments, generated_suites, suites
from tests.oracle.fixtures import Fixtures


def outcome(name: str, part: str, *, generated: int = 10, found: int = 10, wrong: int = 0) -> generated_suites.Outcome:
    """What became of a suite of the list, under another part."""
    suite = next(one for one in suites.load(generated_suites.LIST) if one.name == name)
    made = Fixtures(generated, found, generated, found, wrong, generated - found, 0, 0, ())
    return generated_suites.Outcome(dataclasses.replace(suite, part=part), compare.Comparison(name), made)


def test_the_list_is_pinned_and_split() -> None:
    found = suites.load(generated_suites.LIST)
    names = [suite.name for suite in found]
    assert len(names) == len(set(names)) >= 7
    assert {suite.part for suite in found} == set(generated_suites.PARTS)
    assert sum(suite.part == "aside" for suite in found) >= 3
    assert all((len(suite.version) == 40) if suite.repository else (len(suite.sha256) == 64) for suite in found)


def test_the_share_that_is_found_decides_with_nothing_wrong_anywhere() -> None:
    building, aside = outcome("scikit-learn", "building", found=9), outcome("caluma", "aside", found=0)
    assert generated_suites.share_found([building, aside], "building") == 0.9
    assert generated_suites.share_found([building, aside], "aside") == 0.0
    assert building.is_right
    assert not outcome("caluma", "aside", wrong=1).is_right
    extra = compare.Comparison("caluma", functions=compare.Functions(matched=3, extra=1))
    assert not dataclasses.replace(building, edges=extra).is_right


def test_the_table_shows_the_parts_in_order_and_never_rounds_up() -> None:
    rows = [outcome("caluma", "aside", found=0), outcome("scikit-learn", "building", generated=2001, found=2000)]
    lines = generated_suites.render_table(rows).splitlines()
    assert [line.split()[:2] for line in lines[2:4]] == [["scikit-learn", "building"], ["caluma", "aside"]]
    assert lines[4:] == [
        "building: 99.9 % of the generated fixtures found",
        "aside: 0.0 % of the generated fixtures found",
    ]


def test_a_suite_from_a_repository_needs_a_clone(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert generated_suites.main(["--suite", "caluma", "--keep", str(tmp_path), "--python", sys.executable]) == 1
    shown = capsys.readouterr().out
    assert "older" in shown or "give a clone of it by --checkout caluma=PATH" in shown


@pytest.mark.parametrize("arguments", [["--suite", "nosuch"], ["--checkout", "nosuch=."], ["--checkout", "caluma"]])
def test_a_name_or_a_clone_that_is_not_there_is_a_usage_error(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        generated_suites.main(arguments)
    assert caught.value.code == 2


def test_the_tree_of_the_pinned_commit_is_taken_and_the_clone_is_left_alone(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    clone.mkdir()

    def git(*words: str) -> str:
        identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
        return subprocess.run(
            ["git", *identity, *words], cwd=clone, check=True, capture_output=True, text=True
        ).stdout.strip()

    git("init", "-q")
    (clone / "test_it.py").write_text("pinned\n", encoding="utf-8")
    git("add", "test_it.py")
    git("commit", "-q", "-m", "pinned")
    commit = git("rev-parse", "HEAD")
    (clone / "test_it.py").write_text("changed\n", encoding="utf-8")
    known = next(one for one in suites.load(generated_suites.LIST) if one.stand_ins is not None)
    suite = dataclasses.replace(known, version=commit, python=(3, 10))
    python = Path(sys.executable)
    checkout = environments.prepare(suite, tmp_path / "cache", python=python, pytest="", repository=clone)
    assert checkout.source.joinpath("test_it.py").read_text(encoding="utf-8") == "pinned\n"
    assert checkout.python == python
    assert git("status", "--short") == "M test_it.py"
    assert sorted(path.name for path in clone.iterdir()) == [".git", "test_it.py"]
