"""One rule of pytest a case: a drawn suite, and what each test's fixtures are; pytest itself is asked every time.

A file that says ``pytest.`` and imports it nowhere gets the import. A case's expectation has one line a test::

    test_one x2: a=conftest.py::a b=test_it.py::TestB::b + c=conftest.py::c

``test_one`` stands for ``test_it.py::test_one``; ``x2``: two items (``x>=2``: at least); then the closure, requested name =
id of the definition; then, behind ``+``, what ``getfixturevalue`` with a known name brings in; ``-``: nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

import fixturescope
from tests.oracle import live

PYTEST_INI = "[pytest]\npythonpath = .\n"


class Rule(NamedTuple):
    """One case."""

    suite: Mapping[str, str]
    expected: str
    unused: str | None = None
    """Ids of the unused fixtures, ``?`` behind those that are only possibly so; None: not looked at."""
    runs: bool = False
    """Pytest runs the suite too, and sets up exactly what we call used."""
    since: tuple[int, ...] = ()
    """Older releases of pytest refuse such a suite or do otherwise."""
    until: tuple[int, ...] = (99,)
    """The release that does so no longer."""
    needs: str = ""
    """A module that pytest's interpreter must have."""


@pytest.fixture(scope="module")
def oracle() -> Iterator[live.Pytest]:
    """A pytest that can be asked."""
    with live.Pytest() as process:
        yield process


def check(rule: Rule, root: Path, oracle: live.Pytest) -> None:
    """Compare the expectation, our answer and pytest's."""
    if not rule.since <= oracle.version < rule.until:
        pytest.skip(f"pytest {oracle.version} does otherwise")
    if rule.needs and not oracle.has(rule.needs):
        pytest.skip(f"pytest's interpreter has no {rule.needs}")
    root = live.draw(root.resolve() / "suite", _with_imports(rule.suite))
    answer, graph, comparison = live.compared(root, oracle)
    problems = [f"pytest cannot collect {where}: {why}" for where, why in answer.truth.errors.items()]
    problems += map(str, (example for example in comparison.examples if not _is_said(example.kind)))
    problems += _unlike("", [" ".join(line.split()) for line in rule.expected.strip().splitlines()], shown(graph))
    if rule.unused is not None:
        problems += _unlike("unused: ", rule.unused.split(), _unused(graph))
    if rule.runs:
        oracle.ask(root, run=True)
        setups = ((setup.name, str(setup.file), setup.line or 0) for setup in oracle.answer().setups)
        used = ((fixture.name, fixture.path, fixture.line) for fixture in graph.fixtures if fixture.usage)
        problems += _unlike("set up: ", _local(setups), _local(used))
    assert not problems, "\n".join(problems)


def _unlike(what: str, expected: Sequence[str], got: Sequence[str]) -> list[str]:
    missing = [f"{what}expected {one}" for one in expected if one not in got]
    return missing + [f"{what}got {one}" for one in got if one not in expected]


def _local(places: Iterable[tuple[str, str, int]]) -> list[str]:
    return sorted({f"{name} {file}:{line}" for name, file, line in places if not Path(file).is_absolute()})


def shown(graph: fixturescope.FixtureGraph) -> list[str]:
    """Return what a graph says, in the words of the cases."""
    return [_line(test) for test in sorted(graph.tests, key=lambda test: test.id)]


def _line(test: fixturescope.Test) -> str:
    count = f" x{'>=' if test.items_are == 'at_least' else ''}{test.items}"
    closure = [f"{name}={identity}" for name, identity in sorted(test.closure.items())]
    dynamic = [f"{name}={identity}" for name, identity in sorted(test.dynamic.items()) if name not in test.closure]
    parts = [*(closure or ["-"]), *(["+", *dynamic] if dynamic else [])]
    return f"{test.id.removeprefix('test_it.py::')}{'' if count == ' x1' else count}: {' '.join(parts)}"


def _unused(graph: fixturescope.FixtureGraph) -> list[str]:
    return [f"{fixture.id}{'?' if fixture.unused == 'possible' else ''}" for fixture in graph.unused()]


def _is_said(kind: str) -> bool:
    """Whether a difference is none: we say that we do not know, or see what closures do not show."""
    return kind in ("items not exact", "unused possible", "unused missed")


def _with_imports(suite: Mapping[str, str]) -> dict[str, str]:
    files = {"pytest.ini": PYTEST_INI, **suite}
    for name, text in files.items():
        if name.endswith(".py") and "pytest." in text and not re.search(r"(import|from) pytest\b", text):
            files[name] = f"import pytest\n{live.dedented(text)}"
    return files
