"""Each fixture that pytest registered gets one verdict, and generated ones are told from written ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.oracle import fixtures

CONFTEST = """\
import pytest

@pytest.fixture
def written(): pass

def factory():
    @pytest.fixture
    def made(): pass
    return made

for name in "ab":
    @pytest.fixture(name=name)
    def in_a_loop(): pass

def plain(): pass
of_plain = pytest.fixture(plain)

class TestIt:
    if True:
        @pytest.fixture
        def of_class(self): pass
"""


def line_of(text: str) -> int:
    """The line of the conftest that holds a text."""
    return next(number for number, line in enumerate(CONFTEST.splitlines(), 1) if text in line)


def registered(root: Path, name: str, at: str | None = None, **more: Any) -> dict[str, Any]:
    """One definition of a dump; without a place it has no source."""
    row = {
        "name": name,
        "file": "<string>" if at is None else "conftest.py",
        "line": None if at is None else line_of(f"def {at}("),
        "has_source": at is not None,
        "scope": "function",
        "baseid": "test_it.py" if at is None else "",
        "requests": ["request"],
    }
    return {**row, **more}


def dumped(root: Path, *definitions: Mapping[str, Any]) -> dict[str, Any]:
    """A dump that holds these definitions, each registered."""
    (root / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    return {
        "rootdir": str(root),
        "definitions": list(definitions),
        "registered": [{"definition": index} for index in range(len(definitions))],
        "functions": [{"path": "test_it.py"}],
        "errors": [],
        "skipped": [],
    }


def claimed(name: str, at: str = "made", **more: Any) -> dict[str, Any]:
    """One fixture of a document."""
    row = {
        "name": name,
        "path": "conftest.py",
        "line": line_of(f"def {at}("),
        "scope": "function",
        "scope_is": "default",
        "requests": [],
        "visible_in": "",
        "origin": "generated",
        "certainty": "certain",
    }
    return {**row, **more}


def said(message: str, path: str = "conftest.py", code: str = "FS003", fixture: str | None = None) -> dict[str, Any]:
    """One diagnostic of a document."""
    return {"code": code, "path": path, "line": 1, "message": message, "fixture": fixture}


@pytest.mark.parametrize(
    ("at", "generated"),
    [("written", False), ("made", True), ("in_a_loop", True), ("plain", True), ("of_class", False), (None, True)],
)
def test_generated_is_what_no_decorated_def_makes(tmp_path: Path, at: str | None, generated: bool) -> None:
    (found,) = fixtures.registered(dumped(tmp_path, registered(tmp_path, "x", at)))
    assert found.generated is generated


def test_a_fixture_that_is_registered_for_two_places_is_one_and_a_plugins_is_none(tmp_path: Path) -> None:
    rows = [registered(tmp_path, "x", "made", baseid=where) for where in ("", "conftest.py")]
    dump = dumped(tmp_path, *rows, registered(tmp_path, "y", "made", file="/elsewhere/plugin.py"))
    (found,) = fixtures.registered(dump)
    assert (found.name, found.where, found.requests) == ("x", ("", "conftest.py"), frozenset())


@pytest.mark.parametrize(
    ("definition", "document", "verdict"),
    [
        ({}, [claimed("x")], "found"),
        ({"scope": "class"}, [claimed("x", scope="class")], "found"),
        ({"scope": "class"}, [claimed("x", scope_is="dynamic")], "scopes_unknown"),
        ({"scope": "class"}, [claimed("x")], "wrong"),
        ({"requests": ["request", "y"]}, [claimed("x", requests=[{"name": "y", "via": "argument"}])], "found"),
        ({"requests": ["request", "y"]}, [claimed("x", requests=[{"name": "y", "via": "usefixtures"}])], "wrong"),
        ({}, [claimed("x", "written")], "silent"),
        ({}, [claimed("other", certainty="possible")], "silent"),
        ({}, [said("a name is made that is not known")], "named"),
        ({}, [said("a name is made that is not known", path="sub/conftest.py")], "silent"),
        ({"baseid": "sub"}, [said("a name is made that is not known", path="sub/conftest.py")], "named"),
        ({}, [said("the name that getfixturevalue asks for is not known")], "silent"),
        ({}, [said("fixture 'z': its scope cannot be known", fixture="z")], "silent"),
        ({}, [said("could not be read", code="FS002")], "named"),
    ],
)
def test_one_verdict(
    tmp_path: Path, definition: Mapping[str, Any], document: list[Mapping[str, Any]], verdict: str
) -> None:
    dump = dumped(tmp_path, registered(tmp_path, "x", "made", **definition))
    found = fixtures.compare(
        dump,
        {
            "fixtures": [one for one in document if "code" not in one],
            "diagnostics": [one for one in document if "code" in one],
        },
    )
    counts = {
        "found": found.found - found.scopes_unknown,
        "scopes_unknown": found.scopes_unknown,
        "wrong": found.wrong,
        "named": found.named,
        "silent": found.silent,
    }
    assert {name for name, count in counts.items() if count} == {verdict}
    assert (found.total, found.generated) == (1, 1)


def test_one_without_source_is_found_where_it_is_visible(tmp_path: Path) -> None:
    dump = dumped(tmp_path, registered(tmp_path, "x"))
    right, elsewhere = claimed("x", visible_in="test_it.py"), claimed("x", visible_in="test_other.py")
    assert fixtures.compare(dump, {"fixtures": [right], "diagnostics": []}).found == 1
    assert fixtures.compare(dump, {"fixtures": [elsewhere], "diagnostics": []}).silent == 1


@pytest.mark.parametrize(
    ("more", "errors", "wrong"),
    [
        ({}, [], 1),
        ({"certainty": "possible"}, [], 0),
        ({"origin": "static"}, [], 0),
        ({"visible_in": "test_it.py"}, [], 1),
        ({"visible_in": "test_not_collected.py"}, [], 0),
        ({"visible_in": "test_it.py::TestIt"}, [{"id": "test_it.py"}], 0),
    ],
)
def test_one_that_pytest_has_not_is_wrong_where_pytest_looked(
    tmp_path: Path, more: Mapping[str, Any], errors: list[Any], wrong: int
) -> None:
    dump = {**dumped(tmp_path), "errors": errors}
    assert fixtures.compare(dump, {"fixtures": [claimed("x", **more)], "diagnostics": []}).wrong == wrong
