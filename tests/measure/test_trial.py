"""Changes that are tried: what becomes of planted safe and unsafe ones, of deaths, and of tests that are flaky anyway."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import fixturescope
from fixturescope.errors import UsageError
from fixturescope.graph import FixtureGraph
from fixturescope.measure import trial, wire
from fixturescope.measure.affected import Affected, find_affected
from fixturescope.measure.trial import try_changes
from fixturescope.model import Change, Differing, Range, Test, Trial
from tests.measure.helpers import digest, write
from tests.measure.helpers_recorder import start

CONFTEST = """
    import os
    import time

    import pytest

    @pytest.fixture
    def slow():
        time.sleep(0.03)
        yield (1, 2)
        time.sleep(0.01)

    @pytest.fixture
    def basket():
        return []

    @pytest.fixture
    def narrow(tmp_path):
        return tmp_path

    @pytest.fixture
    def dying(request):
        if request.scope == "module":
            os._exit(3)

    @pytest.fixture
    def hanging(request):
        if request.scope == "module":
            time.sleep(60)

    @pytest.fixture
    def unneeded():
        pytest.skip("never")
"""

SUITE = {
    "conftest.py": CONFTEST,
    "test_safe.py": """
        def test_one(slow): assert slow == (1, 2)
        def test_two(slow): assert slow
        def test_beside(): pass
        class TestMore:
            def test_three(self, slow): assert slow
            def test_four(self, slow): assert slow
            def test_five(self, slow): assert slow
    """,
    "test_leak.py": """
        def test_put(basket): basket.append(1)
        def test_empty(basket): assert basket == []
        def test_narrow(narrow): assert narrow.exists()
    """,
    "test_dying.py": "def test_it(dying): pass",
    "test_hanging.py": "def test_it(hanging): pass",
    "test_skipped.py": "def test_it(unneeded): pass",
}

ONLY_REVERSED = {
    "conftest.py": """
        import os
        import pathlib

        import pytest

        @pytest.fixture
        def basket():
            return []

        @pytest.fixture
        def runs():
            file = pathlib.Path(os.environ["RUNS"])
            number = int(file.read_text() or 0) + 1 if file.exists() else 1
            file.write_text(str(number))
            return number
    """,
    "test_it.py": """
        def test_empty(basket): assert basket == []
        def test_put(basket): basket.append(1)
        def test_flaky(basket, runs): assert runs % 2
    """,
}


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("trial") / "suite", SUITE)


@pytest.fixture(scope="module", autouse=True)
def quick_starts() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        yield


@pytest.fixture(scope="module")
def graph(suite: Path) -> FixtureGraph:
    return fixturescope.analyze(suite, python=sys.executable, cache=False)


def scope(name: str, to: str = "module", file: str = "conftest.py") -> Change:
    return Change(op="scope", fixture=f"{file}::{name}", to=to)


def tried(graph: FixtureGraph, *changes: Change, **options: object) -> Trial:
    return try_changes(graph, changes, cwd=Path(graph.info.rootdir), **options)


def test_a_safe_widening_is_proven_and_saves_what_its_set_ups_cost(graph: FixtureGraph, suite: Path) -> None:
    before = digest(suite)
    told: list[tuple[str, int, int, str]] = []
    found = tried(graph, scope("slow"), advice="widen-scope:slow", watch=lambda *one: told.append(one))
    assert (found.verdict, found.advice, found.differing) == ("proven", "widen-scope:slow", ())
    assert found.reason == (
        "6 tests (5 that can get the fixture, and those beside them) ended as without the change, "
        "in the given order twice and reversed once"
    )
    assert found.tests == 6
    assert found.saved_s is not None
    assert found.saved_s.likely == pytest.approx(4 * 0.04, rel=0.2)
    assert found.saved_s.low <= found.saved_s.likely <= found.saved_s.high
    assert found.saved_bytes is not None or sys.platform == "win32"
    assert [(one.order, one.changed) for one in found.runs] == [
        ("given", False),
        ("given", True),
        ("given", True),
        ("given", False),
        ("reversed", False),
        ("reversed", True),
    ]
    assert {tuple(one.outcomes.items()) for one in found.runs} == {(("passed", 6),)}
    assert told[0] == ("run 1, without the change", 0, 6, "")
    assert told[-1][:3] == ("run 6, with the change, reversed", 6, 6)
    assert digest(suite) == before


def test_unsafe_widenings_are_refuted_with_the_tests_and_the_words_of_pytest(graph: FixtureGraph) -> None:
    found = tried(graph, scope("basket"), scope("narrow"))
    assert found.verdict == "refuted"
    assert found.reason == "2 of 3 tests ended otherwise, test_leak.py::test_empty first"
    leaked, mismatched = found.differing
    assert leaked == Differing(
        test="test_leak.py::test_empty", order="given", before="passed", after="failed", reason="assert [1] == []"
    )
    assert (mismatched.test, mismatched.before, mismatched.after) == ("test_leak.py::test_narrow", "passed", "error")
    assert "ScopeMismatch: You tried to access the function scoped fixture tmp_path" in mismatched.reason


def test_a_leak_that_only_another_order_shows_and_a_flaky_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNS", str(tmp_path / "runs"))
    folder = write(tmp_path / "suite", ONLY_REVERSED)
    found = tried(fixturescope.analyze(folder, python=sys.executable, cache=False), scope("basket"))
    assert found.verdict == "refuted"
    assert found.reason == "1 of 3 tests ended otherwise, only in reversed order, test_it.py::test_empty first"
    assert [(one.test, one.order) for one in found.differing] == [("test_it.py::test_empty", "reversed")]


def test_a_process_that_dies_says_nothing(graph: FixtureGraph) -> None:
    found = tried(graph, scope("dying"))
    assert (found.verdict, found.saved_s) == ("unclear", None)
    assert found.reason == "with the change pytest ended with code 3 while test_dying.py::test_it ran"


def test_nor_does_one_that_hangs(graph: FixtureGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "LEAST_S", 1.0)
    monkeypatch.setattr(trial, "SLOWER", 2.0)
    found = tried(graph, scope("hanging"))
    assert found.verdict == "unclear"
    assert found.reason.startswith("with the change a run was ended after ")
    assert found.reason.endswith(" s while test_hanging.py::test_it ran")


def test_nor_do_tests_that_are_skipped(graph: FixtureGraph) -> None:
    found = tried(graph, scope("unneeded"))
    assert found.verdict == "unclear"
    assert found.reason == "without the change none of the tests that can be affected passes: 1 skipped"


def test_nor_does_a_change_to_what_is_elsewhere_now(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "suite", {"test_it.py": "import pytest\n@pytest.fixture\ndef a(): pass\ndef test_it(a): pass"}
    )
    graph = fixturescope.analyze(folder, python=sys.executable, cache=False)
    (folder / "test_it.py").write_text("\n" + (folder / "test_it.py").read_text())
    found = tried(graph, scope("a", file="test_it.py"))
    assert found.verdict == "unclear"
    assert found.reason == "pytest does not know the fixture at its place, so that nothing was changed"


def test_what_is_not_even_tried(graph: FixtureGraph) -> None:
    inside = tried(graph, Change(op="move_import", fixture="conftest.py::slow", to="os"))
    assert (inside.verdict, inside.runs) == ("unclear", ())
    assert inside.reason == (
        "this kind of change is not made in memory (conftest.py::slow: import os inside): fixturescope apply shows it"
    )
    for change, message in (
        (Change(op="scope", fixture="pytest:_pytest.tmpdir::tmp_path", to="session"), "not the project's own"),
        (scope("slow", "modul"), "there is no scope 'modul'"),
        (scope("slow", "function"), "has the scope function already"),
        (Change(op="drop_autouse", fixture="conftest.py::slow"), "is not autouse"),
        (scope("nothing"), "no fixture 'conftest.py::nothing'"),
    ):
        with pytest.raises(UsageError, match=message):
            tried(graph, change)


# ------------------------------------------------------------------------------------------------------------- verdicts


class Script:
    """Stands in for what runs the tests: each test ends as a script says, run by run (``p``: passed, ``f``: failed, …)."""

    def __init__(self, *, without: str, with_: str, second: bool = True, time_for: int = 99, setups: int = 2) -> None:
        self.scripts = {False: list(without), True: list(with_)}
        self.second = second
        self.time_for = time_for
        self.setups = setups

    def has_time(self) -> bool:
        return self.time_for > 0

    def run(self, order: trial.Order, *, changed: bool) -> trial._Ran:
        self.time_for -= 1
        outcome = {"p": "passed", "f": "failed", "s": "skipped"}.get(self.scripts[changed].pop(0))
        items = ("a", "b") if self.second else ("a",)
        ends = {"b": ("passed", "")} if self.second else {}
        if outcome is not None:
            ends["a"] = outcome, f"{outcome} it"
        return trial._Ran(
            order,
            changed,
            fixtures_s=9.0,
            touched_s=1.0 if changed else 3.0,
            setups=self.setups if changed else 2,
            items=items if order == "given" else items[::-1],
            ends=ends,
            in_force=(1,) if changed else (),
        )

    def judged(self) -> Trial:
        tests = tuple(Test(id=id_, path=f"{id_}.py", line=1, name=id_) for id_ in ("a", "b"))
        affected = Affected(tests, frozenset({"a", "b"}), 0)
        runs, why_not = trial._all_runs(self, affected)  # type: ignore[arg-type]
        empty = Trial(changes=(scope("a"),), verdict="unclear", reason="")
        return trial._judged(empty, runs, why_not, affected)


ALL_THE_SAME = "2 tests ended as without the change, in the given order twice and reversed once"


@pytest.mark.parametrize(
    ("script", "verdict", "reason"),
    [
        (
            Script(without="ppp", with_="ppp"),
            "proven",
            ALL_THE_SAME,
        ),
        (
            Script(without="ppp", with_="ppp", second=False),
            "proven",
            "1 test ended as without the change, three times, in the one order that there is",
        ),
        (
            Script(without="pfp", with_="fff"),
            "proven",
            f"{ALL_THE_SAME}; flaky without the change, so that they say nothing: a",
        ),
        (
            Script(without="fff", with_="fff"),
            "proven",
            f"{ALL_THE_SAME}; 1 of them do not pass with it or without",
        ),
        (Script(without="ppp", with_="fff"), "refuted", "1 of 2 tests ended otherwise, a first"),
        (Script(without="fff", with_="ppp"), "refuted", "1 of 2 tests ended otherwise, a first"),
        (Script(without="ppp", with_="---"), "refuted", "1 of 2 tests ended otherwise, a first"),
        (
            Script(without="pppp", with_="ppff"),
            "refuted",
            "1 of 2 tests ended otherwise, only in reversed order, a first",
        ),
        (
            Script(without="ppp", with_="fpp"),
            "unclear",
            "ended otherwise in some runs with the change, and in none without: a",
        ),
        (
            Script(without="ppfp", with_="ffppp"),
            "proven",
            f"{ALL_THE_SAME}; flaky without the change, so that they say nothing: a",
        ),
        (
            Script(without="ppp", with_="ppf", time_for=6),
            "unclear",
            "ended otherwise in some runs with the change, and in none without: a",
        ),
        (
            Script(without="s", with_="", second=False),
            "unclear",
            "without the change none of the tests that can be affected passes: 1 skipped",
        ),
    ],
)
def test_verdicts(script: Script, verdict: str, reason: str) -> None:
    found = script.judged()
    assert (found.verdict, found.reason) == (verdict, reason)
    assert [one.test for one in found.differing] == (["a"] if verdict == "refuted" else [])


def test_what_is_set_up_as_often_as_before_saves_nothing() -> None:
    assert Script(without="ppp", with_="ppp", setups=1).judged().saved_s == Range(low=2.0, likely=2.0, high=2.0)
    assert Script(without="ppp", with_="ppp", setups=2).judged().saved_s == Range(low=0.0, likely=0.0, high=0.0)


# ------------------------------------------------------------------------------------------------------ who is affected


@pytest.mark.parametrize(
    ("change", "tests", "users", "others"),
    [
        (scope("slow", "class"), "one two three four five", 5, 0),
        (scope("slow", "module"), "one two beside three four five", 5, 0),
        (scope("slow", "session"), "one two beside three four five", 5, 6),
        (
            Change(op="remove", fixture="conftest.py::slow"),
            "one two beside three four five put empty narrow it it it",
            12,
            0,
        ),
    ],
)
def test_who_can_be_affected(graph: FixtureGraph, change: Change, tests: str, users: int, others: int) -> None:
    found = find_affected(graph, [change])
    assert sorted(test.name.removeprefix("test_") for test in found.tests) == sorted(tests.split())
    assert (len(found.users), found.others) == (users, others)


# ------------------------------------------------------------------------------------------------------- in the probe


PROBED = {
    "pytest.ini": "[pytest]\nusefixtures = marked\n",
    "conftest.py": """
        @pytest.fixture
        def app(): return "outer"

        @pytest.fixture(autouse=True)
        def marked(): return "ini"

        @pytest.fixture(params=["x", "y"])
        def kind(request): return request.param

        @pytest.fixture(autouse=True)
        def log(request):
            assert "gone" not in request.fixturenames
    """,
    "test_a.py": """
        @pytest.fixture
        def app(): return "inner"

        @pytest.fixture(autouse=True)
        def gone(): return 1

        def test_app(app, request):
            assert (app, "marked" in request.fixturenames) == ("outer", True)

        class TestA:
            def test_one(self, kind): pass
            def test_two(self, kind): pass
            def test_left_out(self): pass
    """,
}


def test_the_probe_changes_what_pytest_collects(tmp_path: Path) -> None:
    folder = draw_plain(tmp_path / "suite", PROBED)
    lines = {
        name: 1 + (folder / file).read_text().splitlines().index(text)
        for name, file, text in (
            ("app", "test_a.py", 'def app(): return "inner"'),
            ("marked", "conftest.py", 'def marked(): return "ini"'),
            ("kind", "conftest.py", "def kind(request): return request.param"),
            ("gone", "test_a.py", "def gone(): return 1"),
        )
    }
    changes = (
        wire.InMemory("remove", str(folder / "test_a.py"), lines["app"], "app"),
        wire.InMemory("drop_autouse", str(folder / "conftest.py"), lines["marked"], "marked", place=""),
        wire.InMemory("scope", str(folder / "conftest.py"), lines["kind"], "kind", to="class"),
        wire.InMemory("drop_autouse", str(folder / "test_a.py"), lines["gone"], "gone", place="test_a.py"),
        wire.InMemory("remove", str(folder / "test_a.py"), lines["gone"], "gone", place="elsewhere"),
    )
    tests = ("test_a.py::test_app", "test_a.py::TestA::test_one", "test_a.py::TestA::test_two")
    answers = tmp_path / "answers"
    order = wire.TrialOrder(str(answers), changes, tests, reversed=True)
    (tmp_path / "order").write_bytes(wire.encode(order))
    ran = start(folder, "-p", "fixturescope.measure.probe.changes", f"--fixturescope-trial={tmp_path / 'order'}")
    assert ran.code == 0, ran.output
    messages = [wire.decode(line) for line in answers.read_bytes().splitlines()]
    assert messages[0] == wire.Collected(
        (
            "test_a.py::TestA::test_two[y]",
            "test_a.py::TestA::test_one[y]",
            "test_a.py::TestA::test_two[x]",
            "test_a.py::TestA::test_one[x]",
            "test_a.py::test_app",
        ),
        (1, 1, 1, 1, 0),
    )
    assert messages[1] == wire.TestStarted("test_a.py::TestA::test_two[y]")
    assert messages[2] == wire.TestEnded("test_a.py::TestA::test_two[y]", "passed")
    assert isinstance(messages[-1], wire.TrialEnded)


def draw_plain(folder: Path, files: dict[str, str]) -> Path:
    """Write a suite whose modules know ``pytest``."""
    write(folder, files)
    for path in folder.glob("*.py"):
        path.write_text("import pytest\n" + path.read_text())
    return folder


def test_outcomes_are_pytests_own(tmp_path: Path) -> None:
    folder = draw_plain(
        tmp_path / "suite",
        {
            "test_a.py": """
                @pytest.fixture
                def bad(): raise ValueError("no")

                @pytest.fixture
                def late():
                    yield
                    raise ValueError("late")

                class Base:
                    @pytest.fixture
                    def own(self): pass

                class TestIt(Base):
                    @pytest.fixture
                    def own(self): pass
                    def test_own(self, own): pass

                def test_bad(bad): pass
                def test_late(late): pass
                def test_both(late): assert 0, "call"
                def test_skip(): pytest.skip("why")
                @pytest.mark.xfail(reason="known")
                def test_xfail(): assert 0
                @pytest.mark.xfail
                def test_xpass(): pass
                def test_lost(nothing): pass
            """,
            "test_b.py": "import nothing_of_that_name",
        },
    )
    line = (folder / "test_a.py").read_text().splitlines().index("    def own(self): pass", 15) + 1
    tests = (
        "TestIt::test_own",
        "test_bad",
        "test_late",
        "test_both",
        "test_skip",
        "test_xfail",
        "test_xpass",
        "test_lost",
    )
    order = wire.TrialOrder(
        str(tmp_path / "answers"),
        (wire.InMemory("remove", str(folder / "test_a.py"), line, "own"),),
        tuple(f"test_a.py::{test}" for test in tests),
    )
    (tmp_path / "order").write_bytes(wire.encode(order))
    options = ("--fixturescope-trial", str(tmp_path / "order"), "--continue-on-collection-errors")
    start(folder, "-p", "fixturescope.measure.probe.changes", *options)
    messages = [wire.decode(line) for line in (tmp_path / "answers").read_bytes().splitlines()]
    ends = {
        one.test.rpartition("::")[2]: (one.outcome, one.reason) for one in messages if isinstance(one, wire.TestEnded)
    }
    assert ends == {
        "test_own": ("error", "fixture 'own' not found"),
        "test_bad": ("error", "ValueError: no"),
        "test_late": ("error", "ValueError: late"),
        "test_both": ("failed", "AssertionError: call"),
        "test_skip": ("skipped", "Skipped: why"),
        "test_xfail": ("xfailed", "assert 0"),
        "test_xpass": ("xpassed", ""),
        "test_lost": ("error", "fixture 'nothing' not found"),
        "test_b.py": ("error", "ModuleNotFoundError: No module named 'nothing_of_that_name'"),
    }
    collected = next(one for one in messages if isinstance(one, wire.Collected))
    assert collected.trouble == ("TestIt inherits another 'own', which would come to the fore",)
