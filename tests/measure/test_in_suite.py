"""The whole suite run once with the recorder, by the host: whose records are whose, and what becomes of a run."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest

import fixturescope
from fixturescope.cli import main
from fixturescope.document import dump, from_graph, load
from fixturescope.errors import MeasureError
from fixturescope.graph import FixtureGraph
from fixturescope.measure.in_suite import Record, record_suite
from fixturescope.measure.run import Options, Progress, measure_fixtures
from fixturescope.measure.runs import RunFolder
from tests.measure.helpers_recorder import draw

SUITE = {
    "conftest.py": """
        @pytest.fixture(scope="session")
        def db():
            spend(100)
            yield
            spend(50)

        @pytest.fixture(name="user")
        def make_user(db): spend(1)

        alias = pytest.fixture(lambda user: spend(2), name="renamed")
    """,
    "maker.py": """
        import pytest
        from ticks import spend

        def make(cost):
            @pytest.fixture
            def made(): spend(cost)
            return made

        @pytest.fixture
        def common(): spend(4)
    """,
    "test_a.py": """
        from maker import common, make
        box = make(8)

        class TestA:
            @pytest.fixture
            def user(self, user): spend(16)
            def test_one(self, user, common, box): pass
            def test_bad(self): assert 0

        def test_two(renamed, tmp_path): pass
    """,
    "test_b.py": """
        from maker import common, make
        box = make(32)

        @pytest.fixture(params=["x", "y"])
        def kind(request): spend(64 if request.param == "x" else 128)

        def test_three(kind, box, common): pass
    """,
}


def recorded(folder: Path, *pytest_args: str, **options: object) -> tuple[FixtureGraph, Record]:
    graph = fixturescope.analyze(folder, python=sys.executable, cache=False)
    return graph, record_suite(
        graph, paths=(str(folder),), pytest_args=pytest_args, log=folder.parent / "log", cwd=folder, **options
    )


def costs(record: Record) -> dict[tuple[str, str | None], tuple[int, float]]:
    return {(one.fixture, one.param): (one.setups, round(one.setup_s.own * 1000, 6)) for one in record.recorded}


def test_records_have_the_ids_of_the_analysis(tmp_path: Path) -> None:
    graph, record = recorded(draw(tmp_path / "suite", SUITE))
    assert {one.fixture for one in record.recorded} <= set(graph.nodes)
    own = {key: cost for key, cost in costs(record).items() if not key[0].startswith("pytest:")}
    assert own == {
        ("conftest.py::db", None): (1, 100),
        ("conftest.py::make_user", None): (2, 2),
        ("conftest.py::alias", None): (1, 2),
        ("maker.py::common", None): (3, 12),
        ("test_a.py::TestA::user", None): (1, 16),
        ("maker.py::box", None): (1, 8),
        ("maker.py::box#2", None): (2, 64),
        ("test_b.py::kind", "x"): (1, 64),
        ("test_b.py::kind", "y"): (1, 128),
    }
    assert {graph.fixture(id_).visible_in for id_, _ in own if "box" in id_} == {"test_a.py", "test_b.py"}


def test_the_suites_counts_stand_in_the_notes(tmp_path: Path) -> None:
    _, record = recorded(draw(tmp_path / "suite", SUITE))
    assert record.measured[0].endswith(" s: 4 passed, 1 failed")


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[int, int, str]] = []
    recorded(draw(tmp_path / "suite", SUITE), watch=lambda *progress: told.append(progress))
    assert told[0] == (0, 5, "")
    assert told[-1] == (5, 5, "test_b.py::test_three[y]")


def test_nothing_of_the_project_is_changed(tmp_path: Path) -> None:
    folder = draw(tmp_path / "suite", SUITE)
    before = hashed(folder)
    recorded(folder)
    assert hashed(folder) == before


def hashed(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_workers_only_where_they_are_asked_for(tmp_path: Path) -> None:
    pytest.importorskip("xdist")
    folder = draw(tmp_path / "suite", {**SUITE, "pytest.ini": "[pytest]\naddopts = -n2\n"})
    _, alone = recorded(folder)
    assert " in one process, " in alone.measured[0]
    assert any("pytest-xdist is switched off" in one for one in alone.measured)
    _, together = recorded(folder, "-n2", "--dist=loadfile")
    assert " on 2 workers, " in together.measured[0]
    assert costs(together)["conftest.py::db", None][0] == 1


def test_a_run_that_leaves_no_record_is_an_error_with_what_it_said(tmp_path: Path) -> None:
    folder = draw(
        tmp_path / "suite", {"test_a.py": "import os\ndef test_one():\n    print('so long')\n    os._exit(3)"}
    )
    with pytest.raises(MeasureError, match="(?s)ended with code 3 and left no record:.*test_a.py"):
        recorded(folder)


def test_a_run_that_a_person_stops_keeps_what_it_has(tmp_path: Path) -> None:
    files = {
        "test_a.py": """
            import time

            @pytest.fixture(scope="session")
            def db():
                spend(1)
                yield
                spend(2)

            def test_one(db): time.sleep(0.3)
            def test_two(db): time.sleep(60)
        """
    }

    def interrupt(done: int, _: int, __: str) -> None:
        if done:
            raise KeyboardInterrupt

    _, record = recorded(draw(tmp_path / "suite", files), watch=interrupt)
    assert costs(record) == {("test_a.py::db", None): (1, 1)}
    assert record.recorded[0].teardown_s.own == 0.002
    assert "the run of the suite was stopped: its record ends there" in record.measured


def test_measured_and_recorded_stand_in_one_document(tmp_path: Path) -> None:
    folder = draw(
        tmp_path / "suite",
        {
            "conftest.py": """
                import time

                @pytest.fixture(scope="session")
                def slow():
                    time.sleep(0.02)

                @pytest.fixture
                def quick(slow):
                    time.sleep(0.005)

                def pytest_sessionstart(session): pass
            """,
            "test_a.py": "def test_one(quick): pass\ndef test_two(quick): pass",
        },
    )
    graph = fixturescope.analyze(folder, python=sys.executable, cache=False)
    stages: list[Progress] = []
    (tmp_path / "run").mkdir()
    measured = measure_fixtures(
        graph,
        Options(paths=(str(folder),), memory=False, gpu=False, least=1, most=2, visits=1, in_suite=True),
        folder=RunFolder(tmp_path / "run"),
        cwd=folder,
        watch=stages.append,
    )
    assert [one.fixture for one in measured.records_of("slow")] == ["conftest.py::slow"]
    assert {one.stage for one in stages} >= {"time", "running the suite"}
    document = load(dump(from_graph(measured)))
    assert document.recorded == measured.recorded
    totals = {one.fixture: (one.setups, one.setup_s.own) for one in document.recorded}
    assert totals["conftest.py::slow"] == (1, pytest.approx(0.02, abs=0.05))
    assert totals["conftest.py::quick"] == (2, pytest.approx(0.01, abs=0.05))


def test_the_command_line_shows_what_was_predicted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = draw(
        tmp_path / "suite",
        {
            "conftest.py": "def pytest_sessionstart(session): pass\n@pytest.fixture\ndef own(): pass",
            "test_a.py": "def test_one(own): pass",
        },
    )
    monkeypatch.chdir(folder)
    options = ["--python", sys.executable, "--no-memory", "--no-gpu", "--repeat=1", "--in-suite", "-v"]
    assert main(["measure", str(folder), *options]) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    at = lines.index("Recorded in a run of the suite (1)")
    assert lines[at + 2].split()[:4] == ["own", "function", "1", "1"]
    assert any("predicted for the" in line for line in lines[at:])
    assert any(line.endswith(" s: 1 passed") for line in lines)
    assert "running the suite …" in err.splitlines()
