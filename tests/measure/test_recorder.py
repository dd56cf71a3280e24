"""The recorder: exact costs of real runs by a clock that the suite moves, and runs that it leaves as they were."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.measure.helpers_recorder import draw, run

Costs = dict[str, tuple[float, ...]]

SHARED = {
    "conftest.py": """
        @pytest.fixture(scope="session")
        def db():
            spend(100)
            yield
            spend(50)

        @pytest.fixture(scope="module")
        def table(db):
            spend(10)
            yield
            spend(5)

        @pytest.fixture(scope="class")
        def rows(table):
            spend(3)

        @pytest.fixture
        def user(rows):
            spend(1)
            yield
            spend(2)
    """,
    "test_a.py": """
        def test_one(user): spend(1000)
        class TestA:
            def test_two(self, user): spend(1000)
            def test_three(self, user): spend(1000)
    """,
    "test_b.py": "def test_four(user): spend(1000)",
}

CASES: dict[str, tuple[dict[str, str], Costs]] = {
    "a shared fixture is paid by itself": (
        SHARED,
        {
            "conftest.py::db": (1, 100, 100, 50, 50),
            "conftest.py::table": (2, 20, 20, 10, 10),
            "conftest.py::rows": (3, 9, 9, 0, 0),
            "conftest.py::user": (4, 4, 4, 8, 8),
        },
    ),
    "a wide fixture that a narrow one asks for late": (
        {
            "test_a.py": """
                @pytest.fixture(scope="session")
                def wide():
                    spend(100)
                    yield
                    spend(50)

                @pytest.fixture
                def narrow(request):
                    spend(1)
                    request.getfixturevalue("wide")

                def test_one(narrow): pass
                def test_two(narrow): pass
            """
        },
        {"test_a.py::wide": (1, 100, 100, 50, 50), "test_a.py::narrow": (2, 2, 102, 0, 0)},
    ),
    "each parameter": (
        {
            "test_a.py": """
                @pytest.fixture(scope="module", params=["x", "y"])
                def kind(request):
                    spend(10 if request.param == "x" else 20)
                    yield
                    spend(1 if request.param == "x" else 2)

                @pytest.fixture(scope="module")
                def needs(kind):
                    spend(3)
                    yield
                    spend(4)

                def test_one(needs): pass
                def test_two(needs, kind): pass
            """
        },
        {
            "test_a.py::kind[x]": (1, 10, 10, 1, 5),
            "test_a.py::kind[y]": (1, 20, 20, 2, 2),
            "test_a.py::needs": (2, 6, 36, 8, 8),
        },
    ),
    "parameters that tests give": (
        {
            "test_a.py": """
                @pytest.fixture
                def size(request): spend(request.param)

                @pytest.mark.parametrize("size", [1, 2], indirect=True)
                def test_one(size): pass

                @pytest.mark.parametrize("size", [pytest.param(7, id="big")], indirect=True)
                @pytest.mark.parametrize("other", ["a", "b"])
                def test_two(size, other): pass
            """
        },
        {
            "test_a.py::size[1]": (1, 1, 1, 0, 0),
            "test_a.py::size[2]": (1, 2, 2, 0, 0),
            "test_a.py::size[big]": (2, 14, 14, 0, 0),
        },
    ),
    "getfixturevalue inside a fixture": (
        {
            "test_a.py": """
                @pytest.fixture
                def inner():
                    spend(10)
                    yield
                    spend(1)

                @pytest.fixture
                def outer(request):
                    spend(2)
                    request.getfixturevalue("inner")
                    request.getfixturevalue("inner")
                    spend(3)

                def test_one(outer, inner): pass
            """
        },
        {"test_a.py::inner": (1, 10, 10, 1, 1), "test_a.py::outer": (1, 5, 15, 0, 0)},
    ),
    "a diamond is paid once": (
        {
            "test_a.py": """
                @pytest.fixture
                def base(): spend(8)
                @pytest.fixture
                def left(base): spend(4)
                @pytest.fixture
                def right(base): spend(2)
                @pytest.fixture
                def top(left, right): spend(1)
                def test_one(top): pass
            """
        },
        {
            "test_a.py::base": (1, 8, 8, 0, 0),
            "test_a.py::left": (1, 4, 12, 0, 0),
            "test_a.py::right": (1, 2, 2, 0, 0),
            "test_a.py::top": (1, 1, 15, 0, 0),
        },
    ),
    "set-ups that fail": (
        {
            "test_a.py": """
                @pytest.fixture(scope="module")
                def base():
                    spend(1)
                    yield
                    spend(2)

                @pytest.fixture(scope="module")
                def broken(base, request):
                    request.addfinalizer(lambda: spend(4))
                    spend(8)
                    raise ValueError("no")

                @pytest.fixture
                def never(broken): spend(1000)

                @pytest.fixture
                def skips():
                    spend(16)
                    pytest.skip("not here")

                def test_one(never): pass
                def test_two(never): pass
                def test_three(skips): pass
            """
        },
        {
            "test_a.py::base": (1, 1, 1, 2, 2),
            "test_a.py::broken": (1, 8, 9, 4, 4),
            "test_a.py::skips": (1, 16, 16, 0, 0),
        },
    ),
    "teardowns that raise": (
        {
            "test_a.py": """
                @pytest.fixture
                def base():
                    yield
                    spend(1)

                @pytest.fixture
                def broken(base, request):
                    request.addfinalizer(lambda: spend(2))
                    yield
                    spend(4)
                    raise ValueError("no")

                def test_one(broken): pass
                def test_two(broken): pass
            """
        },
        {"test_a.py::base": (2, 0, 0, 2, 2), "test_a.py::broken": (2, 0, 0, 12, 12)},
    ),
    "finalizers that come late": (
        {
            "test_a.py": """
                @pytest.fixture(scope="session")
                def add(request):
                    yield request.addfinalizer
                    spend(1)

                def test_one(add): add(lambda: spend(2))
                def test_two(add): add(lambda: add(lambda: spend(4)))
            """
        },
        {"test_a.py::add": (1, 0, 0, 7, 7)},
    ),
    "an override and what it overrides": (
        {
            "conftest.py": """
                @pytest.fixture
                def app():
                    spend(10)
                    yield
                    spend(1)
            """,
            "test_a.py": """
                @pytest.fixture
                def app(app):
                    spend(20)
                    yield
                    spend(2)

                class TestA:
                    @pytest.fixture
                    def app(self, app): spend(40)

                    def test_one(self, app): pass

                def test_two(app): pass
            """,
        },
        {
            "conftest.py::app": (2, 20, 20, 2, 2),
            "test_a.py::app": (2, 40, 60, 4, 4),
            "test_a.py::TestA::app": (1, 40, 70, 0, 0),
        },
    ),
    "a fixture that is set up while another is torn down": (
        {
            "test_a.py": """
                @pytest.fixture
                def base():
                    spend(1)
                    yield
                    spend(2)

                @pytest.fixture
                def late(request, base):
                    yield
                    spend(4)
                    request.getfixturevalue("base")
                    spend(8)

                def test_one(late): pass
            """
        },
        {"test_a.py::base": (1, 1, 1, 2, 2), "test_a.py::late": (1, 0, 1, 12, 12)},
    ),
    "pytest's own devices are left out": (
        {
            "test_a.py": """
                @pytest.fixture
                def own(): spend(1)

                @pytest.fixture
                def number(): spend(1000)

                @pytest.mark.parametrize("number", [1, 2])
                def test_one(number, own, request): pass
            """
        },
        {"test_a.py::own": (2, 2, 2, 0, 0)},
    ),
    "functions of xunit style are fixtures of their module or class": (
        {
            "base.py": """
                import unittest
                from ticks import spend

                class Base(unittest.TestCase):
                    @classmethod
                    def setUpClass(cls): spend(16)
            """,
            "test_a.py": """
                from base import Base

                def setup_module(): spend(1)
                def teardown_module(): spend(2)
                def teardown_function(): spend(4)

                def test_one(): pass
                def test_two(): pass

                class TestA:
                    def setup_method(self): spend(8)
                    def test_three(self): pass

                class TestB(Base):
                    def setUp(self): spend(1000)
                    def test_four(self): pass

                class TestC(Base):
                    def test_five(self): pass
            """,
        },
        {
            "test_a.py::setup_module": (1, 1, 1, 2, 2),
            "test_a.py::setup_function": (5, 0, 0, 8, 8),  # pytest sets it up for methods, too, and does nothing then
            "test_a.py::TestA::setup_method": (1, 8, 8, 0, 0),
            "test_a.py::TestB::setUpClass": (1, 16, 16, 0, 0),
            "test_a.py::TestC::setUpClass": (1, 16, 16, 0, 0),
        },
    ),
    "made by a loop, by a call, as a lambda, and twice in one place": (
        {
            "test_a.py": """
                def make(cost):
                    @pytest.fixture
                    def made(): spend(cost)
                    return made

                for cost in (1, 2):
                    globals()[f"loop_{cost}"] = make(cost)
                short = pytest.fixture(lambda: spend(4), name="short")

                @pytest.fixture(name="first")
                def twice(): spend(8)

                @pytest.fixture(name="second")
                def twice(): spend(16)

                def test_one(loop_1, loop_2, short, second): pass
            """
        },
        {
            "test_a.py::loop_1": (1, 1, 1, 0, 0),
            "test_a.py::loop_2": (1, 2, 2, 0, 0),
            "test_a.py::short": (1, 4, 4, 0, 0),
            "test_a.py::twice": (1, 16, 16, 0, 0),
        },
    ),
    "imported into two modules it is one fixture": (
        {
            "shared.py": """
                import pytest
                from ticks import spend

                @pytest.fixture
                def common(): spend(1)
            """,
            "test_a.py": "from shared import common\ndef test_one(common): pass",
            "test_b.py": "from shared import common\ndef test_two(common): pass",
        },
        {"shared.py::common": (2, 2, 2, 0, 0)},
    ),
    "of one name in two classes they are two fixtures": (
        {
            "test_a.py": """
                class TestA:
                    @pytest.fixture
                    def it(self): spend(1)
                    def test_one(self, it): pass

                class TestB:
                    @pytest.fixture
                    def it(self): spend(2)
                    def test_two(self, it): pass
            """
        },
        {"test_a.py::TestA::it": (1, 1, 1, 0, 0), "test_a.py::TestB::it": (1, 2, 2, 0, 0)},
    ),
    "another plugin puts a wrapper in the function's place": (
        {
            "conftest.py": """
                @pytest.hookimpl(hookwrapper=True)
                def pytest_fixture_setup(fixturedef, request):
                    function = fixturedef.func
                    fixturedef.func = lambda: function()
                    yield
                    fixturedef.func = function
            """,
            "test_a.py": """
                @pytest.fixture
                def wrapped(): spend(1)
                def test_one(wrapped): pass
            """,
        },
        {"test_a.py::wrapped": (1, 1, 1, 0, 0)},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_costs(tmp_path: Path, name: str) -> None:
    files, expected = CASES[name]
    ran = run(draw(tmp_path, files))
    assert ran.costs == expected


def test_the_test_that_caused_the_first_set_up(tmp_path: Path) -> None:
    ran = run(draw(tmp_path, SHARED), "test_b.py", "test_a.py")
    assert ran.first_tests == {
        "conftest.py::db": "test_b.py::test_four",
        "conftest.py::table": "test_b.py::test_four",
        "conftest.py::rows": "test_b.py::test_four",
        "conftest.py::user": "test_b.py::test_four",
    }


def test_set_up_only(tmp_path: Path) -> None:
    ran = run(draw(tmp_path, SHARED), "--setup-only")
    assert ran.costs == CASES["a shared fixture is paid by itself"][1]


def test_what_is_only_planned_has_no_figures(tmp_path: Path) -> None:
    ran = run(draw(tmp_path, SHARED), "--setup-plan")
    assert ran.costs == {}
    assert ran.document
    assert "nothing was set up: --setup-plan" in ran.document.measured


def test_nothing_is_written_where_tests_are_only_collected(tmp_path: Path) -> None:
    ran = run(draw(tmp_path, SHARED), "--collect-only")
    assert (ran.code, ran.document) == (0, None)


def test_a_run_that_ends_early_tears_its_fixtures_down(tmp_path: Path) -> None:
    files = {**SHARED, "test_a.py": "def test_one(user): assert False\ndef test_two(user): pass"}
    ran = run(draw(tmp_path, files), "-x")
    assert ran.code == 1
    assert ran.costs == {
        "conftest.py::db": (1, 100, 100, 50, 50),
        "conftest.py::table": (1, 10, 10, 5, 5),
        "conftest.py::rows": (1, 3, 3, 0, 0),
        "conftest.py::user": (1, 1, 1, 2, 2),
    }


def test_self_times_sum_up_to_what_the_tests_asked_for(tmp_path: Path) -> None:
    files, _ = CASES["a diamond is paid once"]
    costs = run(draw(tmp_path, files)).costs
    assert sum(one[1] for one in costs.values()) == costs["test_a.py::top"][2]


MIXED = {
    "conftest.py": """
        @pytest.fixture(scope="session")
        def broken(): raise RuntimeError("no server")

        @pytest.fixture
        def leaves():
            yield
            raise RuntimeError("cannot be removed")

        @pytest.fixture
        def helper(): return deep(3)

        def deep(depth): return deep(depth - 1) if depth else 1 / 0
    """,
    "test_a.py": """
        def test_good(tmp_path): pass
        def test_bad(): assert [1, 2] == [1, 3]
        def test_broken(broken): pass
        def test_broken_again(broken): pass
        def test_helper(helper): pass
        def test_teardown(leaves): pass
        def test_unknown(no_such_fixture): pass
        @pytest.mark.xfail
        def test_expected(helper): pass
        @pytest.mark.skip
        def test_skipped(): pass
    """,
}


@pytest.mark.parametrize("options", [(), ("--tb=short", "-v"), ("--setup-show",)])
def test_a_run_says_and_does_the_same_as_without(tmp_path: Path, options: tuple[str, ...]) -> None:
    draw(tmp_path, MIXED)
    without, with_ = (run(tmp_path, *options, record=record) for record in (False, True))
    assert with_.document
    assert with_.document.measured[0].endswith("2 passed, 1 failed, 5 error, 1 skipped, 1 xfailed")
    assert _scrubbed(with_.output) == _scrubbed(without.output)
    assert (with_.code, without.code) == (1, 1)


def _scrubbed(output: str) -> str:
    ours = re.sub(r"=+ fixturescope =+\n.*?(?==+ )", "", output, flags=re.DOTALL)
    return re.sub(r"in \d+\.\d+s|pytest-\d+|0x[0-9a-f]+|^plugins: .*$", "*", ours, flags=re.MULTILINE)


def test_the_terminal_names_the_document_and_what_costs_most(tmp_path: Path) -> None:
    output = run(draw(tmp_path, SHARED)).output
    found = re.search(r"=+ fixturescope =+\n(.*?)\n=+ ", output, re.DOTALL)
    assert found
    first, *rest = found[1].splitlines()
    assert re.fullmatch(r"recorded in a run of the suite in one process, in \d+\.\d\d s: 4 passed", first)
    assert rest == [
        "fixtures set up: 4, set-ups: 10, seconds with teardown: 0.201; the costliest:",
        "     0.150 s      1 × conftest.py::db",
        "     0.030 s      2 × conftest.py::table",
        "     0.012 s      4 × conftest.py::user",
        "     0.009 s      3 × conftest.py::rows",
        f"fixturescope: the document is {tmp_path / 'record.json'}",
    ]


def test_clocks_that_a_test_stops_still_run_for_us(tmp_path: Path) -> None:
    files = {
        "conftest.py": "def pytest_sessionstart(session): pass",
        "test_a.py": """
            import time
            real_sleep = time.sleep

            @pytest.fixture(scope="module", autouse=True)
            def frozen():
                with pytest.MonkeyPatch.context() as patch:
                    for name in ("time", "time_ns", "perf_counter", "perf_counter_ns", "monotonic", "strftime"):
                        patch.setattr(time, name, lambda *_: 0)
                    yield

            @pytest.fixture
            def slow(frozen): real_sleep(0.02)

            def test_one(slow): pass
        """,
    }
    setups, own, *_ = run(draw(tmp_path, files)).costs["test_a.py::slow"]
    assert setups == 1
    assert 20 <= own < 500


def test_a_pytest_inside_a_test_is_not_recorded(tmp_path: Path) -> None:
    files = {
        "test_a.py": """
            pytest_plugins = "pytester"

            @pytest.fixture
            def outer(): spend(1)

            def test_one(outer, pytester):
                pytester.makepyfile('''
                    import pytest
                    from ticks import spend
                    @pytest.fixture
                    def nested():
                        spend(10)
                        yield
                        spend(10)
                    def test_nested(nested): pass
                ''')
                pytester.inline_run().assertoutcome(passed=1)
        """
    }
    ran = run(draw(tmp_path, files))
    assert ran.code == 0, ran.output
    own = {id_: costs for id_, costs in ran.costs.items() if not id_.startswith("pytest:")}
    assert own == {"test_a.py::outer": (1, 1, 1, 0, 0)}


def test_our_own_trouble_is_said_and_spoils_nothing(tmp_path: Path) -> None:
    files = {
        "conftest.py": """
            from fixturescope.measure.probe import pytest_compat

            def no(*_): raise RuntimeError("another pytest")

            pytest_compat.parameter_id = no
        """,
        "test_a.py": """
            @pytest.fixture
            def plain(): spend(1)

            @pytest.fixture(params=[1, 2])
            def many(plain): spend(1)

            def test_one(plain): pass
            def test_two(many): pass
        """,
    }
    ran = run(draw(tmp_path, files))
    assert ran.code == 0
    assert ran.document
    assert ran.document.measured[1:] == ("recording stopped before the end: RuntimeError: another pytest",)
    assert ran.costs["test_a.py::plain"][0] == 2


def test_what_another_thread_sets_up_ends_the_record_and_that_is_said(tmp_path: Path) -> None:
    files = {
        "test_a.py": """
            from threading import Thread

            @pytest.fixture
            def main(): spend(1)

            @pytest.fixture
            def other(): spend(1)

            def test_one(main): pass
            def test_two(request):
                thread = Thread(target=request.getfixturevalue, args=("other",))
                thread.start()
                thread.join()
        """
    }
    ran = run(draw(tmp_path, files))
    assert ran.code == 0
    assert ran.costs == {"test_a.py::main": (1, 1, 1, 0, 0)}
    assert "recording stopped before the end: 'other' was set up in another thread, so that costs overlap" in ran.output


def test_what_forks_set_up_is_missing_and_that_is_said(tmp_path: Path) -> None:
    conftest = "def pytest_addoption(parser): parser.addoption('--forked', action='store_true')"
    ran = run(draw(tmp_path, {**SHARED, "conftest.py": f"{conftest}\n@pytest.fixture\ndef user(): pass"}), "--forked")
    assert ran.document
    assert ran.document.measured[1].startswith("tests ran in forks (--forked): ")


def test_a_document_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    ran = run(draw(tmp_path, SHARED), f"--fixturescope-record={tmp_path / 'pytest.ini' / 'x.json'}")
    assert ran.code == 0
    assert "fixturescope: the document cannot be written: " in ran.output
    assert "0.150 s      1 × conftest.py::db" in ran.output


class TestWorkers:
    @pytest.fixture(autouse=True)
    def _xdist(self) -> None:
        pytest.importorskip("xdist")

    def test_their_records_add_up(self, tmp_path: Path) -> None:
        ran = run(draw(tmp_path, SHARED), "-p", "xdist", "-n2", "--dist=loadfile")
        assert ran.costs == {
            "conftest.py::db": (2, 200, 200, 100, 100),
            "conftest.py::table": (2, 20, 20, 10, 10),
            "conftest.py::rows": (3, 9, 9, 0, 0),
            "conftest.py::user": (4, 4, 4, 8, 8),
        }
        assert ran.document
        assert re.fullmatch(
            r"recorded in a run of the suite on 2 workers, in \d+\.\d\d s: 4 passed", ran.document.measured[0]
        )

    def test_one_that_dies_loses_its_own_and_that_is_said(self, tmp_path: Path) -> None:
        files = {
            **SHARED,
            "test_b.py": "import os, time\ndef test_four(user): time.sleep(1); os._exit(3)",
        }
        ran = run(draw(tmp_path, files), "-p", "xdist", "-n2", "--dist=loadfile", "--max-worker-restart=0")
        assert ran.costs == {
            "conftest.py::db": (1, 100, 100, 50, 50),
            "conftest.py::table": (1, 10, 10, 5, 5),
            "conftest.py::rows": (2, 6, 6, 0, 0),
            "conftest.py::user": (3, 3, 3, 6, 6),
        }
        assert ran.document
        lost = [one for one in ran.document.measured if "lost" in one]
        assert re.fullmatch(r"worker gw\d was lost: what it had set up is not in the record", "\n".join(lost))

    def test_a_run_that_ends_early(self, tmp_path: Path) -> None:
        files = {**SHARED, "test_b.py": "import time\ndef test_four(user): time.sleep(0.5); assert False"}
        ran = run(draw(tmp_path, files), "-p", "xdist", "-n2", "--dist=loadfile", "-x")
        assert ran.code == 2
        assert ran.costs["conftest.py::db"] == (2, 200, 200, 100, 100)
