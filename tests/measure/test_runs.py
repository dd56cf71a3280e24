"""Which runs go on, and who may measure into their folder."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixturescope.errors import UsageError
from fixturescope.measure.runs import Keeper, Run, RunFolder, all_folders, stop, unfinished


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    path = tmp_path / ".fixturescope" / "runs" / "one"
    path.mkdir(parents=True)
    (path / "journal.jsonl").touch()
    return RunFolder(path)


@pytest.fixture
def bystander() -> Iterator[int]:
    """A living process that has nothing to do with a run, but has its number."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process.pid
        assert process.poll() is None
        process.kill()


def killed(folder: RunFolder, pid: int) -> None:
    """Leave what a killed run leaves; by now its number is another's."""
    with Keeper(folder, ()):
        folder.write(Run(pid=pid, started="2026-01-01T12:00:00"))


def state(folder: RunFolder) -> str | None:
    run = folder.read()
    return run and run.state


def test_while_it_is_kept_it_goes_on(folder: RunFolder, tmp_path: Path) -> None:
    with Keeper(folder, ("measure",)) as keeper:
        assert state(folder) == "running"
        keeper.over(stopped=True)
    assert state(folder) == "stopped"
    assert unfinished(tmp_path).path == folder.path


def test_a_process_that_got_the_number_of_a_killed_run_is_not_taken_for_it(
    folder: RunFolder, tmp_path: Path, bystander: int
) -> None:
    killed(folder, bystander)
    assert state(folder) == "stopped"
    assert [one.path for one in all_folders(tmp_path)] == [folder.path]
    assert unfinished(tmp_path).path == folder.path
    assert stop(folder)  # and the bystander lives on


def test_where_nothing_can_be_locked_the_number_decides(folder: RunFolder, bystander: int) -> None:
    killed(folder, bystander)
    folder.lock.unlink()
    assert state(folder) == "running"


def test_two_processes_never_measure_into_one_folder(folder: RunFolder) -> None:
    with Keeper(folder, ()), pytest.raises(UsageError, match="another process measures into this folder"):
        Keeper(folder, ())
