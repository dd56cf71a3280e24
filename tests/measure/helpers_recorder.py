"""Suites drawn as text, run by a real pytest with the recorder, whose clock moves only when the suite says so."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from fixturescope.document import Document, load

MILLISECOND = 1e-3

TICKS = """
now = 0

def clock():
    return now

def spend(milliseconds):
    global now
    now += milliseconds * 1_000_000
"""

CONFTEST = """
import pytest
import ticks
from ticks import spend

def pytest_sessionstart(session):
    recorder = session.config.pluginmanager.get_plugin("fixturescope-recorder")
    if recorder is not None:
        recorder.clock = ticks.clock
"""
"""Stands above each root conftest."""

MODULE = "import pytest\nfrom ticks import spend\n"
"""Stands above each test module."""


@dataclass(frozen=True)
class Ran:
    """A run of pytest that is over."""

    code: int
    output: str
    folder: Path
    document: Document | None

    @property
    def costs(self) -> dict[str, tuple[float, ...]]:
        """Id, with the parameter in brackets → set-ups, and self and cumulative milliseconds of set-up and teardown."""
        assert self.document is not None, self.output
        return {
            one.fixture if one.param is None else f"{one.fixture}[{one.param}]": (
                one.setups,
                *(
                    round(seconds / MILLISECOND, 6)
                    for cost in (one.setup_s, one.teardown_s)
                    for seconds in (cost.own, cost.cumulative)
                ),
            )
            for one in self.document.recorded
        }

    @property
    def first_tests(self) -> dict[str, str | None]:
        """Id → the test that caused the first set-up."""
        assert self.document is not None, self.output
        return {one.fixture: one.first_test for one in self.document.recorded}


def draw(folder: Path, files: Mapping[str, str]) -> Path:
    """Write a suite; conftests and test modules know ``pytest`` and ``spend(milliseconds)``."""
    texts = {"pytest.ini": "[pytest]\n", "conftest.py": "", **files}
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        above = CONFTEST if name == "conftest.py" else MODULE if path.name.startswith(("test_", "conftest")) else ""
        path.write_text(above + dedent(text), "utf-8")
    (folder / "ticks.py").write_text(TICKS, "utf-8")
    return folder


def run(folder: Path, *options: str, record: bool = True) -> Ran:
    """Run a suite in a process of its own, as the host of ``--in-suite`` would."""
    document = folder / "record.json"
    document.unlink(missing_ok=True)
    ours = ("-p", "fixturescope.measure.probe.recorder", f"--fixturescope-record={document}") if record else ()
    return start(folder, *ours, *options)


def start(folder: Path, *options: str, autoload: bool = False) -> Ran:
    """Run a suite with the options given, and read the document where there is one.

    Args:
        folder: Of the suite.
        options: For pytest.
        autoload: Whether pytest loads the plugins that are installed, which takes it a while.
    """
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("COV", "PYTEST"))}
    if not autoload:
        environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--rootdir={folder}", *options],
        cwd=folder,
        env={**environ, "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    document = folder / "record.json"
    return Ran(done.returncode, done.stdout + done.stderr, folder, load(document) if document.exists() else None)
