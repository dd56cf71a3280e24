"""``fixturescope try`` and ``fixturescope apply``: what they ask for, what they show, where it goes, and how they end."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import pytest

import fixturescope
from fixturescope.cli import main
from fixturescope.document import Document, dump, from_graph, load
from fixturescope.graph import FixtureGraph
from fixturescope.measure.runs import Run, RunFolder
from fixturescope.model import (
    Advice,
    Change,
    Differing,
    Duration,
    Evidence,
    Measurement,
    Range,
    Samples,
    Trial,
    TrialRun,
    Verdict,
)
from fixturescope.report import Options
from fixturescope.report.chosen import predict_saving
from fixturescope.report.trial import render_trial
from tests.measure.helpers import write
from tests.measure.helpers_recorder import start

SUITE = {
    "conftest.py": """
        import json
        import pathlib

        import pytest

        def pytest_collection_finish(session):
            found = {item.nodeid: [[name, str(defs[-1].func.__module__)] for name, defs in
                     sorted(item._fixtureinfo.name2fixturedefs.items())] for item in session.items}
            pathlib.Path(session.config.rootpath, "..", "closures.json").write_text(json.dumps(found))

        # the database
        @pytest.fixture
        def database():
            return {}


        @pytest.fixture(autouse=True)
        def quiet():
            pass


        # nobody asks for it
        @pytest.fixture
        def forgotten(database):
            return 1
    """,
    "test_a.py": """
        import pytest

        def test_one(database): pass
        def test_two(database): assert not database

        class TestIt:
            def test_three(self, database): pass
            def test_four(self, database): pass
    """,
    "test_b.py": "def test_five(database): pass\ndef test_six(): pass\n",
}

OPTIONS = ["--python", sys.executable]

DATABASE = "conftest.py::database"
WIDER = Change(op="scope", fixture=DATABASE, to="module")


@pytest.fixture(scope="module", autouse=True)
def quick_starts() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        yield


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = write(tmp_path / "suite", SUITE)
    monkeypatch.chdir(folder)
    return folder


class Trials:
    """Stands in for trials: keeps what it was asked, and answers with verdicts in turn."""

    def __init__(self) -> None:
        self.asked: list[tuple[tuple[Change, ...], dict[str, object]]] = []
        self.verdicts: list[Verdict] = ["proven"]

    def __call__(self, graph: FixtureGraph, changes: Sequence[Change], **options: object) -> Trial:
        self.asked.append((tuple(changes), options))
        verdict = self.verdicts[min(len(self.asked), len(self.verdicts)) - 1]
        advice = options["advice"]
        assert advice is None or isinstance(advice, str)
        return Trial(changes=tuple(changes), advice=advice, verdict=verdict, reason="because", tests=5)


@pytest.fixture
def trials(monkeypatch: pytest.MonkeyPatch) -> Trials:
    stub = Trials()
    monkeypatch.setattr("fixturescope.measure.trial.try_changes", stub)
    return stub


def advice(kind: str, *changes: Change, fixture: str = DATABASE) -> Advice:
    return Advice(
        id=f"{kind}:{fixture}",
        kind=kind,  # type: ignore[arg-type]
        fixtures=(fixture,),
        title=f"{kind} it",
        safety="likely",
        evidence=(Evidence(text="it costs"),),
        saves_s=Range(low=0.1, likely=0.2, high=0.3),
        changes=changes,
    )


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> FixtureGraph:
    return fixturescope.analyze(write(tmp_path_factory.mktemp("suite"), SUITE), python=sys.executable, cache=False)


def at(graph: FixtureGraph, folder: Path) -> FixtureGraph:
    """The same graph of another folder."""
    moved = copy.copy(graph)
    moved.info = msgspec.structs.replace(graph.info, rootdir=str(folder), arguments=(str(folder),))
    return moved


@pytest.fixture
def quick(suite: Path, graph: FixtureGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    """The analysis is known already."""
    monkeypatch.setattr("fixturescope.analysis.analyze", lambda *_, **__: at(graph, suite))


def measured(suite: Path, graph: FixtureGraph) -> Path:
    """A run's document of the suite."""
    document = from_graph(at(graph, suite))
    seconds = Samples(median=0.01, spread=0.0, samples=(0.008, 0.01, 0.012))
    cost = Duration(cold=0.01, cold_cumulative=0.01, own=seconds, cumulative=seconds)
    one = Measurement(fixture=DATABASE, status="ok", setup_s=cost, teardown_s=cost)
    folder = RunFolder(suite / ".fixturescope" / "runs" / "20260101-000000")
    folder.path.mkdir(parents=True)
    folder.write(Run(pid=1, started="2026-01-01T00:00:00", state="done"))
    folder.document.write_bytes(dump(msgspec.structs.replace(document, measurements=(one,))))
    return folder.document


@pytest.fixture
def document(suite: Path, graph: FixtureGraph, monkeypatch: pytest.MonkeyPatch) -> Path:
    given = (
        advice("widen-scope", WIDER),
        advice("drop-autouse", Change(op="drop_autouse", fixture="conftest.py::quiet"), fixture="conftest.py::quiet"),
        advice("split"),
    )

    def advise(_: Document) -> tuple[Advice, ...]:
        return given

    monkeypatch.setattr("fixturescope.report.chosen.advise", advise)
    return measured(suite, graph)


# ------------------------------------------------------------------------------------------------------------------ try


@pytest.mark.parametrize(
    ("words", "changes", "ids"),
    [
        (["1"], [(WIDER,)], [f"widen-scope:{DATABASE}"]),
        ([f"widen-scope:{DATABASE}"], [(WIDER,)], [f"widen-scope:{DATABASE}"]),
        (["widen-scope:database"], [(WIDER,)], [f"widen-scope:{DATABASE}"]),
        (["--scope", "database=module"], [(WIDER,)], [f"widen-scope:{DATABASE}"]),
        (
            ["2", "--scope", f"{DATABASE}=class", "--remove", "forgotten"],
            [
                (Change(op="drop_autouse", fixture="conftest.py::quiet"),),
                (
                    Change(op="scope", fixture=DATABASE, to="class"),
                    Change(op="remove", fixture="conftest.py::forgotten"),
                ),
            ],
            ["drop-autouse:conftest.py::quiet", None],
        ),
    ],
)
@pytest.mark.usefixtures("quick")
def test_try_knows_what_is_meant(
    document: Path, trials: Trials, words: list[str], changes: list[tuple[Change, ...]], ids: list[str | None]
) -> None:
    assert main(["try", *words, "--timeout", "90s", "--", "-x"]) == 0
    assert [one for one, _ in trials.asked] == changes
    assert [options["advice"] for _, options in trials.asked] == ids
    assert {(options["timeout_s"], options["pytest_args"]) for _, options in trials.asked} == {(90.0, ("-x",))}
    assert [one.changes for one in load(document).trials] == changes


@pytest.mark.usefixtures("quick")
def test_try_shows_the_trial_and_keeps_it_in_the_place_of_an_earlier_one(
    document: Path, trials: Trials, capsys: pytest.CaptureFixture[str]
) -> None:
    (document.parent / "report.md").write_text("an older one")
    assert main(["try", "2"]) == 0
    assert main(["try", "1"]) == 0
    assert (document.parent / "report.md").read_text() != "an older one"
    trials.verdicts = ["refuted"]
    assert main(["try", "1"]) == 1
    out, err = capsys.readouterr()
    assert out.splitlines()[-2:] == [f"refuted: {DATABASE}: scope=module", "  because"]
    assert err.splitlines()[-1] == f"document: {document}"
    kept = [(one.advice, one.verdict) for one in load(document).trials]
    assert kept == [("drop-autouse:conftest.py::quiet", "proven"), (f"widen-scope:{DATABASE}", "refuted")]


@pytest.mark.usefixtures("quick")
def test_try_ends_with_the_worst_verdict(suite: Path, trials: Trials) -> None:
    trials.verdicts = ["unclear"]
    assert main(["try", "--scope", "database=module", "--python", sys.executable]) == 4


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["4"], "there is no advice 4"),
        (["widen-scope:other"], "there is no advice 'widen-scope:other'"),
        (["3"], f"split:{DATABASE} is no change that can be made by rule"),
        (["--scope", "database"], "--scope: 'database' is no FIXTURE=SCOPE"),
        (["--scope", "nothing=module"], "no fixture 'nothing'"),
        ([], "there is nothing to change"),
        (["1", "--document", "missing.json"], "missing.json: cannot be read"),
    ],
)
@pytest.mark.usefixtures("quick")
def test_try_says_what_it_does_not_understand(
    document: Path, trials: Trials, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    assert main(["try", *words]) == 2
    assert capsys.readouterr().err.startswith(f"error: {message}")
    assert trials.asked == []


@pytest.mark.usefixtures("quick")
def test_try_without_a_document(suite: Path, trials: Trials, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["try", "1"]) == 2
    assert capsys.readouterr().err.startswith("error: there is no document with advice\n")
    assert main(["try", "--scope", "database=module", "--python", sys.executable, "--path", "test_a.py"]) == 0
    assert capsys.readouterr() == (f"proven: {DATABASE}: scope=module\n  because\n", "")


def test_a_document_of_another_project_is_not_written_to(
    document: Path, trials: Trials, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = write(document.parent.parent.parent.parent / "inner", {**SUITE, "pytest.ini": "[pytest]\n"})
    monkeypatch.chdir(other)
    before = document.read_bytes()
    assert main(["try", "--scope", "database=module", *OPTIONS]) == 0
    assert main(["try", "1", *OPTIONS]) == 2
    assert "is of another project" in capsys.readouterr().err
    assert document.read_bytes() == before


# ---------------------------------------------------------------------------------------------------------------- shown


def test_render_trial() -> None:
    trial = Trial(
        changes=(WIDER, Change(op="drop_autouse", fixture="conftest.py::bad\x1b[2J")),
        verdict="refuted",
        reason="1 of 5 tests ended otherwise",
        differing=tuple(
            Differing(test=f"test_{n}", order="reversed", before="passed", after="failed", reason="assert \x1b[0m")
            for n in range(12)
        ),
        saved_s=Range(low=0.1, likely=0.2, high=0.3),
    )
    assert render_trial(trial, Options()).splitlines() == [
        f"refuted: {DATABASE}: scope=module; conftest.py::bad\\x1b[2J: no autouse",
        "  1 of 5 tests ended otherwise",
        *(f"    test_{n}, reversed order: passed → failed: assert \\x1b[0m" for n in range(10)),
        "    … and 2 more; --wide shows all",
    ]
    assert len(render_trial(trial, Options(wide=True)).splitlines()) == 14
    proven = Trial(
        changes=(WIDER,),
        verdict="proven",
        reason="5 tests ended as without the change",
        saved_s=Range(low=-0.001, likely=0.2, high=0.3),
        saved_bytes=-2048,
        runs=(
            TrialRun(order="given", changed=True, wall_s=1.5, fixtures_s=0.02, outcomes={"passed": 4, "skipped": 1}),
        ),
    )
    assert render_trial(proven, Options(verbose=True), predicted=Range(low=0, likely=0.25, high=1)).splitlines() == [
        f"proven: {DATABASE}: scope=module",
        "  5 tests ended as without the change",
        "  set-ups and teardowns take 200 ms less (-1.00 ms to 300 ms); predicted for a full run: 250 ms",
        "  memory at its peak: 2.00 KiB more",
        "    given order, with the change: 4 passed, 1 skipped; 20.0 ms in fixtures, 1.50 s in all",
    ]


@pytest.mark.parametrize(
    ("change", "fewer"),
    [
        (Change(op="scope", fixture=DATABASE, to="class"), 1),
        (Change(op="scope", fixture=DATABASE, to="module"), 3),
        (Change(op="scope", fixture=DATABASE, to="package"), 4),
        (Change(op="scope", fixture=DATABASE, to="session"), 4),
        (Change(op="remove", fixture=DATABASE), 5),
    ],
)
@pytest.mark.usefixtures("quick")
def test_predicted(document: Path, change: Change, fewer: int) -> None:
    found = predict_saving(load(document), [change])
    assert found is not None
    assert (found.low, found.likely, found.high) == pytest.approx((fewer * 0.016, fewer * 0.02, fewer * 0.024))
    assert predict_saving(load(document), [change, Change(op="remove", fixture="conftest.py::quiet")]) is None


# ---------------------------------------------------------------------------------------------------------------- apply


def git(folder: Path, *words: str) -> None:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def committed(suite: Path) -> Path:
    git(suite, "init", "-q")
    git(suite, "add", ".")
    git(suite, "commit", "-qm", "all")
    return suite


DIFF = [
    "--- a/conftest.py",
    "+++ b/conftest.py",
    "@@ -10,7 +10,7 @@",
    '     pathlib.Path(session.config.rootpath, "..", "closures.json").write_text(json.dumps(found))',
    " ",
    " # the database",
    "-@pytest.fixture",
    '+@pytest.fixture(scope="module")',
    " def database():",
    "     return {}",
    " ",
]


@pytest.mark.usefixtures("quick")
def test_apply_shows_a_diff_and_writes_nothing(committed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (committed / "conftest.py").read_bytes()
    assert main(["apply", "--scope", "database=module", *OPTIONS]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == DIFF
    assert err == "nothing is written: --write does it\n"
    assert (committed / "conftest.py").read_bytes() == before


def closures(suite: Path) -> dict[str, list[list[str]]]:
    ran = start(suite)
    assert ran.code == 0, ran.output
    found: dict[str, list[list[str]]] = json.loads((suite.parent / "closures.json").read_text())
    return found


def test_apply_writes_and_the_suite_still_passes(committed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = closures(committed)
    assert main(["apply", "--scope", "database=module", "--remove", "forgotten", "--write", *OPTIONS]) == 0
    assert capsys.readouterr().err == "written: conftest.py\n"
    graph = fixturescope.analyze(committed, python=sys.executable, cache=False)
    assert graph.fixture("database").scope == "module"
    assert "forgotten" not in {one.name for one in graph.fixtures}
    assert closures(committed) == before
    git(committed, "diff", "--check")


def change_line(file: Path) -> None:
    file.write_text("\n" + file.read_text())


def touch(file: Path) -> None:
    file.write_text(file.read_text())


@pytest.mark.parametrize(
    ("prepare", "words", "message"),
    [
        (change_line, ["--scope", "database=module", "--write"], "has changes that are not committed"),
        (
            lambda file: git(file.parent, "rm", "--cached", "-q", file.name),
            ["--scope", "database=module", "--write"],
            "is not in git",
        ),
    ],
)
def test_apply_refuses_what_git_could_not_bring_back(
    committed: Path,
    capsys: pytest.CaptureFixture[str],
    prepare: Callable[[Path], None],
    words: list[str],
    message: str,
) -> None:
    file = committed / "conftest.py"
    prepare(file)
    before = file.read_bytes()
    assert main(["apply", *words, *OPTIONS]) == 2
    assert capsys.readouterr().err.startswith(f"error: conftest.py: {message}")
    assert file.read_bytes() == before
    assert main(["apply", *words, *OPTIONS, "--force"]) == 0
    assert file.read_bytes() != before


@pytest.mark.parametrize("prepare", [change_line, touch])
def test_apply_refuses_advice_of_files_that_have_changed(
    document: Path, suite: Path, capsys: pytest.CaptureFixture[str], prepare: Callable[[Path], None]
) -> None:
    prepare(suite / "conftest.py")
    assert main(["apply", "1"]) == 2
    assert "has changed since" in capsys.readouterr().err
    assert main(["apply", "1", "--force"]) == 0


def test_apply_says_what_it_cannot_do_and_where(suite: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (suite / "test_a.py").write_text("from conftest import forgotten\ndef test_one(forgotten): pass\n")
    assert main(["apply", "--remove", "conftest.py::forgotten", *OPTIONS]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "error: conftest.py:25: test_a.py:1 imports forgotten",
        "hint: take it out of test_a.py:1 first",
    ]
