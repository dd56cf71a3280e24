"""The benchmark's rounds, with commands that are not run."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from benchmarks import analyze, machine
from benchmarks.processes import Sample
from tests.oracle import suites
from tests.oracle.environments import Checkout

HERE = machine.Machine(system="Linux", cpu="a processor", cores=2, memory_bytes=1, load=0.5, python="CPython 3.13.0")


class Runner:
    """Answers with drawn samples: analyze takes 2 s cold and 1 s warm, collecting 8 s."""

    def __init__(self, *, returncode: int = 0, memory: bool = True) -> None:
        self.ran: list[str] = []
        self._returncode = returncode
        self._memory = memory

    def __call__(self, command: Sequence[str], cwd: Path, env: Mapping[str, str]) -> Sample:
        kept = cwd / ".fixturescope" / "cache" / "facts"
        if "--collect-only" in command:
            self.ran.append("collect")
            return Sample(
                8.0, 400 if self._memory else None, "pss" if self._memory else None, self._returncode, "no tests"
            )
        Path(command[command.index("-o") + 1]).write_text('{"tests": [{}, {}]}')
        warm = "--no-cache" not in command
        self.ran.append("warm" if warm else "cold")
        if warm:
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.touch()
        return Sample(
            1.0 if warm else 2.0,
            (100 if warm else 200) if self._memory else None,
            "pss" if self._memory else None,
            0,
            "",
        )


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    suite = next(suite for suite in suites.load() if suite.name == "itsdangerous")
    (tmp_path / "tests").mkdir()
    return Checkout(suite, tmp_path, Path(sys.executable))


def test_rounds_alternate_and_each_warm_run_follows_another(checkout: Checkout) -> None:
    runner = Runner()
    result = analyze.measure(checkout, ["fixturescope"], 2, runner)
    assert runner.ran == ["collect", "cold", "warm", "warm", "collect", "collect", "warm", "warm", "cold"]
    assert result["tests"] == 2
    assert [sample["wall_s"] for sample in result["samples"]["warm"]] == [1.0, 1.0]
    assert result["ratios"]["cold"]["wall"] == {"median": 4.0, "low": 4.0, "high": 4.0, "count": 2}
    assert result["ratios"]["warm"]["memory"] == {"median": 4.0, "low": 4.0, "high": 4.0, "count": 2}
    assert not (checkout.source / ".fixturescope" / "cache").exists()


def test_the_table(checkout: Checkout) -> None:
    result = analyze.measure(checkout, ["fixturescope"], 1, Runner())
    lines = analyze.render([result], HERE).splitlines()
    assert lines[0] == "a processor, 2 cores, Linux, CPython 3.13.0, load 0.5"
    assert lines[2] == "memory: all processes of a command together, PSS"
    assert [line.split("  ")[0] for line in lines[5:]] == ["itsdangerous"] * 3
    assert lines[5].split()[2:] == [
        "2.00",
        "s",
        "2.00",
        "s–2.00",
        "s",
        "0",
        "MB",
        "4.0×",
        "(4.0–4.0)",
        "2.0×",
        "(2.0–2.0)",
    ]
    assert json.loads(json.dumps(result)) == result


def test_where_memory_is_not_known_the_table_says_so(checkout: Checkout) -> None:
    result = analyze.measure(checkout, ["fixturescope"], 1, Runner(memory=False))
    assert result["ratios"]["cold"]["memory"] is None
    text = analyze.render([result], HERE)
    assert "memory: all processes of a command together, not known on this system" in text
    assert text.count("not known") == 4


def test_a_command_that_fails_ends_the_benchmark(checkout: Checkout) -> None:
    with pytest.raises(analyze.BenchmarkError, match="--collect-only .*: exit 4\nno tests"):
        analyze.measure(checkout, ["fixturescope"], 1, Runner(returncode=4))


def test_a_suite_that_is_not_in_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert analyze.main(["--suite", "nosuch"]) == 2
    assert capsys.readouterr().err.startswith("no such suite: nosuch; there are ")


def test_at_least_one_round() -> None:
    with pytest.raises(SystemExit):
        analyze.main(["--runs", "0"])


def test_this_machine(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nmodel name\t: Some CPU @ 3 GHz\n")
    found = machine.describe(tmp_path / "cpuinfo")
    assert found["cpu"] == "Some CPU @ 3 GHz"
    assert (found["cores"] or 0) > 0
    assert found["python"].startswith("CPython 3.")
    assert machine.describe(tmp_path / "none")["cpu"]
