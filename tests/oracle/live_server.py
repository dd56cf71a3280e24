"""Runs inside the interpreter whose pytest is asked: imports pytest once, then answers each question in a fork.

A question is one JSON line on stdin, its answer one JSON line on stdout; ``live.py`` is the other end. Only the standard
library, pytest and the dump plugin beside this file are imported, so any interpreter that has pytest can be asked.

Question: ``cwd``, ``args``, ``environ``, ``run`` (false: only collect), ``scratch`` (a folder of ours).
Answer: ``exit``, ``dump`` (what ``dump_plugin`` writes, or null), ``setups`` (``[nodeid, name, file, line]`` of each fixture
that was set up), ``output``.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from _pytest.config import default_plugins

try:
    import dump_plugin  # beside this file, which runs as a script
except ModuleNotFoundError:
    from tests.oracle import dump_plugin

QUIET = ("-q", "-p", "no:terminalreporter", "--continue-on-collection-errors", "--strict-markers")


class SetupRecorder:
    """Notes each fixture that pytest really sets up, and for which item."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.setups: list[tuple[str, str, str | None, int | None]] = []

    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> None:
        """Notes one setup; pytest's own pseudo-fixtures are left out."""
        if dump_plugin._is_pseudo(fixturedef):
            return
        place = dump_plugin.locate(fixturedef.func)
        item = request._pyfuncitem.nodeid
        self.setups.append((item, fixturedef.argname, dump_plugin.relative(place.file, self.root), place.line))


def answer(question: dict[str, Any]) -> dict[str, Any]:
    """Let pytest collect or run one suite, in this process."""
    root, scratch = Path(question["cwd"]), Path(question["scratch"])
    for name in [name for name in os.environ if name.startswith("PYTEST_")]:
        del os.environ[name]
    os.environ.update(question["environ"])
    os.chdir(root)
    sys.path[:] = [entry for entry in sys.path if entry and Path(entry) != Path(__file__).parent]
    sys.dont_write_bytecode = True
    dump, output = scratch / "dump.json", scratch / "output.txt"
    dump.unlink(missing_ok=True)
    with output.open("w", encoding="utf-8") as stream:
        for number in (1, 2):
            os.dup2(stream.fileno(), number)
        recorder = SetupRecorder(root)
        mode = [] if question["run"] else ["--collect-only"]
        code = pytest.main(
            [*QUIET, *mode, "-o", f"cache_dir={scratch / 'cache'}", *question["args"]],
            plugins=[dump_plugin.Recorder(dump), recorder],
        )
    return {
        "exit": int(code),
        "dump": json.loads(dump.read_text(encoding="utf-8")) if dump.is_file() else None,
        "setups": recorder.setups,
        "output": output.read_text(encoding="utf-8", errors="replace"),
    }


def in_fork(question: dict[str, Any]) -> str:
    """Answer in a child of this process, which has pytest imported already."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(read)
            with os.fdopen(write, "w", encoding="utf-8") as stream:
                stream.write(json.dumps(answer(question)))
            code = 0
        finally:
            os._exit(code)
    os.close(write)
    with os.fdopen(read, encoding="utf-8") as stream:
        text = stream.read()
    os.waitpid(child, 0)
    return text


def in_new_process(line: str) -> str:
    """Answer in a new process, where there is no fork."""
    return subprocess.run(
        [sys.executable, __file__, "--once"], input=line, capture_output=True, text=True, check=False
    ).stdout.strip()


def warm_up() -> None:
    """Do once what every fork would do again: import pytest's own plugins, find the lines of their fixtures."""
    for name in default_plugins:
        module = importlib.import_module(f"_pytest.{name}")
        if "pytest.fixture" in Path(str(module.__file__)).read_text(encoding="utf-8") or name == "fixtures":
            dump_plugin._def_lines(str(module.__file__))
    gc.freeze()


def main() -> None:
    """Answer until stdin ends."""
    if sys.argv[1:] == ["--once"]:
        question = json.loads(sys.stdin.readline())
        real = os.dup(1)
        text = json.dumps(answer(question))
        os.write(real, text.encode())
        return
    warm_up()
    print(json.dumps(list(pytest.version_tuple[:3])), flush=True)
    for line in sys.stdin:
        print((in_fork(json.loads(line)) if hasattr(os, "fork") else in_new_process(line)) or "null", flush=True)


if __name__ == "__main__":
    main()
