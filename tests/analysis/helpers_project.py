"""Draws small suites and asks pytest what it decides about them.

One helper process imports pytest once and forks for each question, so a case costs a tenth of a second and sees fresh
modules. ``FIXTURESCOPE_ORACLE_PYTHON`` names another interpreter to ask (one with an older pytest, say).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

ORACLE_PYTHON = os.environ.get("FIXTURESCOPE_ORACLE_PYTHON", sys.executable)
TEST = "def test_it():\n    pass\n"

_SERVER = r"""
import json, os, sys
import pytest
import _pytest.config as pytest_config

class Dump:
    def __init__(self, out):
        self.out = out

    def pytest_collection_finish(self, session):
        config, manager = session.config, session.config.pluginmanager
        items = []
        for item in session.items:
            module = item.getparent(pytest.Module)
            conftests = [os.path.abspath(mod.__file__) for mod in manager._getconftestmodules(
                item.path, *([config.getoption("importmode"), config.rootpath] if pytest.version_tuple < (8,) else []))]
            chain = [str(n.path) for n in item.listchain()[1:] if n.path.is_dir()]
            items.append([str(item.path), item.nodeid, module.obj.__name__, conftests, chain])
        self.out.update(
            rootdir=str(config.rootpath), inifile=str(config.inipath) if config.inipath else None, items=items,
            ini={k: [str(x) for x in config.getini(k)] for k in (
                "testpaths", "python_files", "python_classes", "python_functions", "norecursedirs", "usefixtures",
                "pythonpath")},
            path=list(sys.path),
        )

    def pytest_configure(self, config):
        names = config.pluginmanager.list_name_plugin()
        self.out["plugins"] = [[n, isinstance(p, type(os))] for n, p in names if p is not None]
        self.out["defaults"] = list(pytest_config.default_plugins)
        self.out["builtins"] = sorted(pytest_config.builtin_plugins)

def answer(question):
    os.chdir(question["cwd"])
    for name in list(os.environ):
        if name.startswith("PYTEST"):
            del os.environ[name]
    os.environ.update(question["environ"])
    sys.path[:] = [entry for entry in sys.path if entry not in ("", os.getcwd())]
    out = {}
    sink = open(os.devnull, "w")
    sys.stdout = sys.stderr = sink
    os.dup2(sink.fileno(), 1); os.dup2(sink.fileno(), 2)
    sys.path[:0] = question["path"]
    args = question["options"] + question["args"]
    out["exit"] = int(pytest.main(args, plugins=[Dump(out)]))
    return out

print(json.dumps(list(pytest.version_tuple[:3])), flush=True)
for line in sys.stdin:
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        try:
            with os.fdopen(write, "w") as stream:
                stream.write(json.dumps(answer(json.loads(line))))
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as stream:
        print(stream.read() or "{}", flush=True)
    os.waitpid(child, 0)
"""


class Oracle:
    """A pytest that answers questions about suites."""

    def __init__(self, python: str = ORACLE_PYTHON) -> None:
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
        environ["PYTHONDONTWRITEBYTECODE"] = "1"
        self._process = subprocess.Popen(
            [python, "-c", _SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ
        )
        self.version: tuple[int, ...] = tuple(self._read())

    def ask(
        self,
        cwd: Path,
        args: Sequence[str] = (),
        environ: Mapping[str, str] | None = None,
        *,
        options: Sequence[str] = ("--collect-only", "-q", "-p", "no:cacheprovider"),
        path: Sequence[Path] = (),
    ) -> dict[str, Any]:
        """Collect with pytest and return what it decided; ``path`` goes in front of ``sys.path``."""
        assert self._process.stdin is not None
        question = {
            "cwd": str(cwd),
            "args": list(args),
            "environ": dict(environ or {}),
            "options": list(options),
            "path": [str(entry) for entry in path],
        }
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = self._read()
        return answer

    def close(self) -> None:
        """End the helper process."""
        self._process.communicate()

    def _read(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


def draw(root: Path, files: Mapping[str, str]) -> Path:
    """Write files (``name: text``); ``name/`` makes a folder, and a text ``-> target`` a symbolic link.

    A text of ``.`` stands for one test.
    """
    for name, text in files.items():
        path = root / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        if text.startswith("-> "):
            path.symlink_to(text[3:])
        else:
            path.write_text(TEST if text == "." else text)
    return root
