"""The plugin that pytest finds by itself: nothing where not asked for, a document where asked for."""

from __future__ import annotations

import importlib.metadata
import json
from pathlib import Path

import pytest

from fixturescope.document import SCHEMA_VERSION, Document, Interpreter, Pytest, Tool, load
from fixturescope.measure.probe import folders, record_document
from fixturescope.model import Fixture, Recorded, Total
from tests.measure.helpers_recorder import CONFTEST, draw, start

SUITE = {
    "conftest.py": """
        @pytest.fixture(scope="session")
        def db():
            spend(100)
            yield
            spend(50)
    """,
    "test_a.py": "def test_one(db): pass",
}

ENTRY = ("-p", "fixturescope.measure.probe.entry")
"""As if it were installed: the tests below hold without, too."""

LOADED = CONFTEST + (
    "import json, sys\n"
    "def pytest_unconfigure():\n"
    "    print('LOADED', json.dumps(sorted(one for one in sys.modules if one.startswith('fixturescope'))))\n"
)


def test_it_is_installed_as_a_plugin() -> None:
    found = [one for one in importlib.metadata.entry_points(group="pytest11") if one.name == "fixturescope"]
    assert {one.value for one in found} == {"fixturescope.measure.probe.entry"}


def loaded(output: str) -> list[str]:
    """What the suite says was loaded of ours."""
    (line,) = [one for one in output.splitlines() if one.startswith("LOADED")]
    names: list[str] = json.loads(line.removeprefix("LOADED"))
    return names


@pytest.mark.parametrize("autoload", [True, False])
def test_not_asked_for_it_loads_nothing(tmp_path: Path, *, autoload: bool) -> None:
    draw(tmp_path, SUITE)
    (tmp_path / "conftest.py").write_text(LOADED + "@pytest.fixture\ndef db(): pass\n", "utf-8")
    ran = start(tmp_path, "-s", *(() if autoload else ENTRY), autoload=autoload)
    assert ran.code == 0
    assert loaded(ran.output) == [
        "fixturescope",
        "fixturescope._version",
        "fixturescope.measure",
        "fixturescope.measure.probe",
        "fixturescope.measure.probe.entry",
    ]
    assert not (tmp_path / ".fixturescope").exists()


def test_asked_for_it_loads_only_the_probe(tmp_path: Path) -> None:
    draw(tmp_path, SUITE)
    (tmp_path / "conftest.py").write_text(LOADED + "@pytest.fixture\ndef db(): pass\n", "utf-8")
    ran = start(tmp_path, "-s", *ENTRY, "--fixturescope")
    assert {one.rpartition(".")[0] for one in loaded(ran.output)} == {
        "",
        "fixturescope",
        "fixturescope.measure",
        "fixturescope.measure.probe",
    }


def test_the_document_below_the_rootdir(tmp_path: Path) -> None:
    ran = start(draw(tmp_path, SUITE), *ENTRY, "--fixturescope")
    path = tmp_path / folders.RUNS / "latest" / "document.json"
    assert f"fixturescope: the document is {path.resolve()}" in ran.output
    assert (tmp_path / ".fixturescope" / ".gitignore").read_text("utf-8") == "*\n"
    document = load(path)
    assert document.rootdir == str(tmp_path)
    assert document.pytest.inifile == "pytest.ini"
    assert document.recorded == (
        Recorded(
            fixture="conftest.py::db",
            setups=1,
            setup_s=Total(own=0.1, cumulative=0.1),
            teardown_s=Total(own=0.05, cumulative=0.05),
            first_test="test_a.py::test_one",
        ),
    )
    assert [(one.id, one.name, one.path, one.line, one.scope, one.setups) for one in document.fixtures] == [
        ("conftest.py::db", "db", "conftest.py", 12, "session", 1)
    ]
    assert [path.name for path in path.parent.iterdir()] == ["document.json"]


def test_a_file_that_is_named_and_one_run_beside_another(tmp_path: Path) -> None:
    draw(tmp_path, SUITE)
    start(tmp_path, *ENTRY, "--fixturescope=out/record.json")
    assert load(tmp_path / "out" / "record.json").recorded
    start(tmp_path, *ENTRY, "test_a.py", "--fixturescope")
    start(tmp_path, *ENTRY, "test_a.py", "--fixturescope")
    runs = [path for path in (tmp_path / folders.RUNS).iterdir() if not path.is_symlink()]
    assert len(runs) == 2


@pytest.mark.parametrize("swallowed", [".", "test_a.py::test_one"])
def test_what_is_to_be_run_is_no_file_to_write(tmp_path: Path, swallowed: str) -> None:
    ran = start(draw(tmp_path, SUITE), *ENTRY, "--fixturescope", swallowed)
    assert ran.code == 4
    assert f"--fixturescope takes a file, and '{swallowed}' is something to run" in ran.output


def test_in_the_projects_own_options(tmp_path: Path) -> None:
    files = {**SUITE, "pytest.ini": f"[pytest]\naddopts = {' '.join(ENTRY)} --fixturescope=record.json\n"}
    assert start(draw(tmp_path, files)).costs == {"conftest.py::db": (1, 100, 100, 50, 50)}


def test_beside_the_host_that_records(tmp_path: Path) -> None:
    host = ("-p", "fixturescope.measure.probe.recorder", "--fixturescope-record=record.json")
    ran = start(draw(tmp_path, SUITE), "--fixturescope", *host, autoload=True)
    assert ran.costs == {"conftest.py::db": (1, 100, 100, 50, 50)}
    assert not (tmp_path / ".fixturescope").exists()


def test_beside_the_host_that_measures(tmp_path: Path) -> None:
    ran = start(draw(tmp_path, SUITE), "--fixturescope", "-p", "fixturescope.measure.probe.plugin", autoload=True)
    assert ran.code == 0
    assert load(tmp_path / folders.RUNS / "latest" / "document.json").recorded


def test_under_xdist(tmp_path: Path) -> None:
    pytest.importorskip("xdist")
    ran = start(draw(tmp_path, SUITE), "--fixturescope=record.json", "-n2", autoload=True)
    assert ran.costs == {"conftest.py::db": (1, 100, 100, 50, 50)}


def test_it_writes_what_the_document_is() -> None:
    """The probe cannot import the document's classes; it says the same by hand."""
    assert record_document.SCHEMA_VERSION == SCHEMA_VERSION
    assert record_document.SECOND == 10**9


def test_it_writes_no_key_that_the_document_does_not_know(tmp_path: Path) -> None:
    start(draw(tmp_path, SUITE), *ENTRY, "--fixturescope=record.json")
    data = json.loads((tmp_path / "record.json").read_text("utf-8"))
    keys = {field: set(kind.__struct_encode_fields__) for field, kind in KINDS.items()}
    assert set(data) <= set(Document.__struct_encode_fields__)
    for field, known in keys.items():
        rows = data[field] if isinstance(data[field], list) else [data[field]]
        assert all(set(row) <= known for row in rows)
    assert set(data["recorded"][0]) == keys["recorded"]
    assert set(data["recorded"][0]["setup_s"]) == set(Total.__struct_encode_fields__)


KINDS = {"tool": Tool, "python": Interpreter, "pytest": Pytest, "fixtures": Fixture, "recorded": Recorded}
