"""Where a function is written: the probe's quick reading against the syntax tree."""

from __future__ import annotations

import ast
import sysconfig
import tokenize
from pathlib import Path

import pytest

from fixturescope.measure.probe import pytest_compat

FILES = ["argparse.py", "contextlib.py", "functools.py", "typing.py", "unittest/mock.py", "asyncio/base_events.py"]


@pytest.mark.parametrize("name", FILES)
def test_lines_are_those_of_the_syntax_tree(name: str) -> None:
    path = Path(sysconfig.get_path("stdlib"), name)
    with tokenize.open(path) as stream:
        tree = ast.parse(stream.read())
    seen = 0
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            assert pytest_compat._def_line(str(path), first, node.name) == node.lineno
            seen += 1
        elif isinstance(node, ast.Lambda):
            assert pytest_compat._def_line(str(path), node.lineno, "<lambda>") == node.lineno
    assert seen > 10


@pytest.mark.parametrize(
    ("text", "name", "line"),
    [
        ("@mark(\n  'def it(): pass',\n  other)\n# def it\n\n@fixture\ndef it(): pass\n", "it", 7),
        ("@fixture\nasync def it(): pass\n", "it", 2),
        ("@fixture(lambda: 1)\nasync \\\n  def it(): pass\n", "it", 2),
        ("@fixture\ndef other(): pass\n", "it", None),
        ("value = 1\ndef it(): pass\n", "it", None),
        ("@fixture(\n", "it", None),
        ("", "it", None),
        ("x = 1\n", "<lambda>", None),
        ("x = lambda: 1\n", "<lambda>", 1),
    ],
)
def test_lines_of_odd_text(tmp_path: Path, text: str, name: str, line: int | None) -> None:
    path = tmp_path / f"m{abs(hash(text))}.py"
    path.write_text(text, "utf-8")
    assert pytest_compat._def_line(str(path), 1, name) == line
