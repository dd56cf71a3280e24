"""Wall time and memory of whole process trees."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from benchmarks import processes

MB = 1_000_000
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is read from /proc")

ALLOCATES = """
import sys, time
held = bytearray(50_000_000)
held[::1024] = b"x" * len(held[::1024])
time.sleep(0.4)
"""
IN_A_CHILD = f"""
import subprocess, sys
subprocess.run([sys.executable, "-c", {ALLOCATES!r}], check=True)
"""


@linux
@pytest.mark.parametrize("program", [ALLOCATES, IN_A_CHILD], ids=["its own", "a child's"])
def test_what_a_process_or_its_child_allocates_is_seen(program: str) -> None:
    idle = processes.run([sys.executable, "-c", "import time; time.sleep(0.2)"])
    busy = processes.run([sys.executable, "-c", program])
    assert busy.peak_bytes is not None
    assert idle.peak_bytes is not None
    assert 45 * MB < busy.peak_bytes - idle.peak_bytes < 90 * MB
    assert busy.wall_s >= 0.4


def test_a_command_that_fails() -> None:
    sample = processes.run([sys.executable, "-c", "print('so be it'); raise SystemExit(3)"])
    assert (sample.returncode, sample.output) == (3, "so be it\n")


def test_the_clock_spans_the_whole_process() -> None:
    ticks = iter([10.0, 12.5])
    assert processes.run([sys.executable, "-c", ""], clock=lambda: next(ticks)).wall_s == 2.5


def test_no_memory_where_there_is_no_proc(tmp_path: Path) -> None:
    sample = processes.run([sys.executable, "-c", ""], proc=tmp_path / "none")
    assert (sample.peak_bytes, sample.method, sample.returncode) == (None, None, 0)


def proc(folder: Path, pid: int, parent: int, *, pss: int | None, pages: int = 1, name: str = "x") -> None:
    """Draw one process as /proc shows it."""
    (folder / str(pid)).mkdir(parents=True)
    (folder / str(pid) / "stat").write_text(f"{pid} ({name}) S {parent} 1 1 0")
    (folder / str(pid) / "statm").write_text(f"9 {pages} 0")
    if pss is not None:
        (folder / str(pid) / "smaps_rollup").write_text(f"00-ff ---p 0 00:00 0 [rollup]\nRss: 9 kB\nPss:   {pss} kB\n")


def test_a_drawn_tree(tmp_path: Path) -> None:
    proc(tmp_path, 10, 1, pss=100)
    proc(tmp_path, 11, 10, pss=20, name="evil) S 1 (name")
    proc(tmp_path, 12, 11, pss=3)
    proc(tmp_path, 13, 1, pss=1000)
    (tmp_path / "self").mkdir()
    (tmp_path / "14").mkdir()  # gone between two looks
    assert sorted(processes.tree(10, tmp_path)) == [10, 11, 12]
    assert processes.tree(99, tmp_path) == []
    assert processes.tree_memory(10, "pss", tmp_path) == 123 * 1024
    assert processes.tree_memory(99, "pss", tmp_path) == 0


@linux
def test_resident_memory_where_there_is_no_pss(tmp_path: Path) -> None:
    proc(tmp_path, os.getpid(), 1, pss=None, pages=7)
    assert processes.method(tmp_path) == "rss"
    assert processes.tree_memory(os.getpid(), "rss", tmp_path) == 7 * os.sysconf("SC_PAGESIZE")
    (tmp_path / str(os.getpid()) / "statm").write_text("")
    assert processes.method(tmp_path) is None
