"""Asks pytest and `analyze` about small drawn suites, many a minute, and says where they differ.

One process imports pytest once and forks for each suite; `analyze` runs in this process meanwhile.
``FIXTURESCOPE_ORACLE_PYTHON`` names another interpreter to ask (one with an older pytest, say): both sides then follow it.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec

import fixturescope
from fixturescope.analysis import read
from tests.oracle import compare, readings

PYTHON = os.environ.get("FIXTURESCOPE_ORACLE_PYTHON", sys.executable)
"""The interpreter whose pytest decides."""

ENVIRON = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
"""What both sides see of the environment: no plugins but pytest's own, unless a suite names them."""


@dataclass(frozen=True)
class Setup:
    """One fixture that a run of pytest set up."""

    item: str
    name: str
    file: str | None
    line: int | None


@dataclass(frozen=True)
class Answer:
    """What pytest did with a suite."""

    truth: readings.Truth
    setups: tuple[Setup, ...]
    output: str
    dump: Mapping[str, Any]
    """All that the plugin wrote."""


class Pytest:
    """A pytest that answers questions about suites.

    Args:
        python: An interpreter that has pytest.
    """

    def __init__(self, python: str = PYTHON) -> None:
        self.python = python
        self._scratch = tempfile.TemporaryDirectory()
        environ = {
            name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHON", "COV"))
        }
        self._process = subprocess.Popen(
            [python, str(Path(__file__).with_name("live_server.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environ,
        )
        self.version: tuple[int, ...] = tuple(self._read())

    def __enter__(self) -> Pytest:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()
        self._scratch.cleanup()

    def has(self, module: str) -> bool:
        """Return whether pytest's interpreter can import a module."""
        return subprocess.run([self.python, "-c", f"import {module}"], capture_output=True, check=False).returncode == 0

    def ask(
        self, root: Path, args: Sequence[str] = (), *, run: bool = False, environ: Mapping[str, str] = ENVIRON
    ) -> None:
        """Put a question, to be followed by one `answer`."""
        assert self._process.stdin is not None
        question = {
            "cwd": str(root),
            "args": list(args),
            "run": run,
            "environ": dict(environ),
            "scratch": self._scratch.name,
        }
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()

    def answer(self) -> Answer:
        """Wait for the answer to the last question."""
        got = self._read()
        assert got is not None, "pytest's process ended"
        assert got["dump"] is not None, f"pytest wrote no dump, exit {got['exit']}:\n{got['output']}"
        truth = readings.truth_from(got["dump"])
        return Answer(truth, tuple(Setup(*setup) for setup in got["setups"]), got["output"], got["dump"])

    def _read(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


def draw(root: Path, files: Mapping[str, str]) -> Path:
    """Write a suite (``name: text``, indented as it stands in the test) and return its folder."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedented(text), encoding="utf-8")
    return root


def dedented(text: str) -> str:
    """Return the text of a file as a test draws it: indented, on lines of its own."""
    return textwrap.dedent(text).lstrip("\n")


def analyzed(
    root: Path, args: Sequence[str] = (), *, settings: Mapping[str, object] | None = None
) -> fixturescope.FixtureGraph:
    """Return what `analyze` says of a drawn suite; libraries are read once for all suites."""
    with mock.patch.object(read, "_read_one", _read_one):
        return fixturescope.analyze(
            list(args), cwd=root, environ=ENVIRON, python=PYTHON, settings=settings or {"limits": {"workers": 1}}
        )


def claim(graph: fixturescope.FixtureGraph) -> readings.Claim:
    """Return a graph as the oracle reads a document."""
    return readings.claim_from(
        {
            "fixtures": [msgspec.to_builtins(fixture) for fixture in graph.fixtures],
            "tests": [msgspec.to_builtins(test) for test in graph.tests],
        }
    )


def compared(
    root: Path, oracle: Pytest, args: Sequence[str] = ()
) -> tuple[Answer, fixturescope.FixtureGraph, compare.Comparison]:
    """Ask both sides about a drawn suite: what pytest says, what we say, and how they compare."""
    oracle.ask(root, args)
    try:
        graph = analyzed(root, args)
    finally:
        answer = oracle.answer()
    return answer, graph, compare.compare(root.name, answer.truth, claim(graph))


_READ_ONE = read._read_one


def _read_one(path: Path, max_bytes: int, fixtures_only: bool = False) -> tuple[bytes | None, bytes, str | None]:
    library = "site-packages" in path.parts
    return (_library if library else _READ_ONE)(path, max_bytes, fixtures_only)


@functools.cache
def _library(path: Path, max_bytes: int, fixtures_only: bool) -> tuple[bytes | None, bytes, str | None]:
    return _READ_ONE(path, max_bytes, fixtures_only)
