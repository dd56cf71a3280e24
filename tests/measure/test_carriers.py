"""Which test carries a fixture, under which parameters, and what of pytest and its plugins is there around it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import fixturescope
from fixturescope.measure.plan import Selection
from tests.measure.helpers import by_name, digest, measured, write

SHOP = {
    "conftest.py": """
        import pytest, sys, time

        @pytest.fixture(params=["eur", "usd", pytest.param("gbp", id="pound")])
        def currency(request):
            time.sleep({"eur": 0.0, "usd": 0.01, "gbp": 0.02}[request.param])
            return request.param

        @pytest.fixture
        def rate(request):
            return request.param * 2

        @pytest.fixture
        def price(currency, rate):
            return currency, rate

        @pytest.fixture
        def nobody_asks():
            return 1

        @pytest.fixture(params=[1, 2])
        def nobody_asks_for_these(request):
            assert request.param in (1, 2)

        @pytest.fixture
        def shop():
            return "outer"

        @pytest.fixture
        def overridden_for_good():
            return "never"

        @pytest.fixture(autouse=True)
        def environment(monkeypatch):
            monkeypatch.setenv("SHOP", "open")

        @pytest.fixture
        def looks_at_its_test(request, tmp_path, caplog, capsys):
            import os
            assert os.environ["SHOP"] == "open"
            caplog.set_level("INFO")
            print("hello")
            assert capsys.readouterr().out == "hello\\n"
            (tmp_path / "file").write_text("x")
            return request.node.name, request.node.get_closest_marker("needs").args

        @pytest.fixture
        def by_marker(request):
            return request.node.get_closest_marker("needs").args[0]

        @pytest.fixture(name="odd name-ü")
        def odd():
            return 1

        @pytest.fixture(scope="package")
        def of_a_package():
            return 1
        """,
    "pytest.ini": """
        [pytest]
        markers = needs
        addopts = --strict-markers
        """,
    "test_shop.py": """
        import pytest

        @pytest.fixture
        def shop(shop):
            return "inner of " + shop

        @pytest.fixture
        def overridden_for_good():
            return "always"

        @pytest.mark.parametrize("rate", [1, 5], indirect=True)
        @pytest.mark.parametrize("plain", ["a", "b"])
        def test_price(price, plain):
            pass

        @pytest.mark.needs("ink")
        def test_node(looks_at_its_test, by_marker):
            pass

        def test_shop(shop, overridden_for_good):
            pass

        @pytest.mark.usefixtures("odd name-ü", "of_a_package")
        def test_odd():
            pass

        class TestInside:
            @pytest.fixture(scope="class")
            def till(self):
                return []

            @pytest.fixture(autouse=True)
            def bound(self, till):
                self.till = till

            @pytest.fixture
            def uses_self(self):
                return self.till

            def test_till(self, uses_self):
                pass

        class TestChild(TestInside):
            pass  # inherits a test, and its fixtures with it

        @pytest.mark.skip(reason="not today")
        def test_skipped(only_where_it_skips, sometimes):
            pass

        def test_not_skipped(sometimes, currency):
            pass

        @pytest.fixture
        def only_where_it_skips():
            pass

        @pytest.fixture
        def sometimes():
            pass
        """,
    "empty/conftest.py": """
        import pytest

        @pytest.fixture
        def seen_by_no_module():
            pass
        """,
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("shop"), SHOP)


@pytest.fixture(scope="module")
def figures(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, fixturescope.Measurement]:
    graph = measured(shop, tmp_path_factory.mktemp("run"), memory=False, startup=False)
    return {f"{one.fixture}[{one.param}]" if one.param else one.fixture: one for one in graph.measurements}


def test_all_are_measured_but_those_that_nothing_reaches(figures: dict[str, fixturescope.Measurement]) -> None:
    others = {name: (one.status, one.reason) for name, one in figures.items() if one.status != "ok"}
    assert others == {
        "conftest.py::overridden_for_good": (
            "unmeasurable",
            "wherever it is visible, another fixture of its name overrides it and does not ask for it",
        ),
        "empty/conftest.py::seen_by_no_module": (
            "unmeasurable",
            "pytest collects no test module from which it is visible",
        ),
        "test_shop.py::only_where_it_skips": ("skipped", "not today"),
    }


def test_each_parameter_is_measured_by_itself(figures: dict[str, fixturescope.Measurement]) -> None:
    cold = {}
    for name in ("eur", "usd", "pound"):
        setup = figures[f"conftest.py::currency[{name}]"].setup_s
        assert setup is not None
        cold[name] = min(setup.own.samples)
    assert cold["eur"] < 0.01 <= cold["usd"] < cold["pound"]
    assert cold["pound"] >= 0.02


def test_a_parameter_that_tests_give_is_theirs(figures: dict[str, fixturescope.Measurement]) -> None:
    assert [name for name in figures if name.startswith("conftest.py::rate")] == [
        "conftest.py::rate[1]",
        "conftest.py::rate[5]",
    ]


def test_a_fixture_that_no_test_uses_gets_a_test_where_it_is_visible(
    figures: dict[str, fixturescope.Measurement],
) -> None:
    assert figures["conftest.py::nobody_asks"].carrier == "test_shop.py"
    assert [name for name in figures if "these" in name] == [
        "conftest.py::nobody_asks_for_these[0]",
        "conftest.py::nobody_asks_for_these[1]",
    ]


def test_the_cheapest_test_carries(figures: dict[str, fixturescope.Measurement]) -> None:
    assert figures["conftest.py::currency[eur]"].carrier == "test_shop.py::test_not_skipped[eur]"
    assert figures["test_shop.py::sometimes"].carrier == "test_shop.py::test_not_skipped[eur]"
    assert figures["conftest.py::by_marker"].carrier == "test_shop.py::test_node"


def test_overrides_are_measured_each_by_itself(figures: dict[str, fixturescope.Measurement]) -> None:
    assert figures["conftest.py::shop"].carrier == figures["test_shop.py::shop"].carrier == "test_shop.py::test_shop"
    inherited = {name: one.carrier for name, one in figures.items() if name.endswith("::uses_self")}
    assert inherited == {"test_shop.py::TestInside::uses_self": "test_shop.py::TestInside::test_till"}


XUNIT = {
    "test_style.py": """
        import time, unittest

        def setup_module():
            time.sleep(0.01)

        class TestCase(unittest.TestCase):
            @classmethod
            def setUpClass(cls):
                time.sleep(0.02)

            def setUp(self):
                self.addCleanup(time.sleep, 0.004)
                time.sleep(0.015)

            def tearDown(self):
                time.sleep(0.003)

            def test_a(self):
                pass

            def test_b(self):
                pass

        class TestPlain:
            def setup_method(self):
                time.sleep(0.007)

            def test_c(self):
                pass
        """
}


def test_set_up_of_unittest_and_xunit_style(tmp_path: Path) -> None:
    suite = write(tmp_path / "suite", XUNIT)
    graph = measured(suite, tmp_path / "run", startup=False)
    known = {
        "setup_module": 0.01,
        "TestCase.setUpClass": 0.02,
        "TestCase.setUp": 0.015,
        "TestPlain.setup_method": 0.007,
    }
    found = by_name(graph)
    assert set(found) == set(known)
    for name, seconds in known.items():
        setup = found[name].setup_s
        assert setup is not None
        assert min(setup.own.samples) >= seconds
        assert setup.cold < seconds + 0.1
    teardown = found["TestCase.setUp"].teardown_s
    assert teardown is not None
    assert min(teardown.own.samples) >= 0.007
    assert {
        one.name: (one.scope, one.usage, one.setups) for one in graph.fixtures if one.category == "xunit style"
    } == {
        "setup_module": ("module", 3, 1),
        "setUpClass": ("class", 2, 1),
        "setUp": ("function", 2, 2),
        "setup_method": ("function", 1, 1),
    }


def test_groups_and_limits(shop: Path, tmp_path: Path) -> None:
    def names(**selection: object) -> list[str]:
        options = {"memory": False, "startup": False, "selection": Selection(**selection)}  # type: ignore[arg-type]
        graph = measured(shop, tmp_path / str(len(list(tmp_path.iterdir()))), least=1, most=1, **options)
        return [one.fixture.rpartition("::")[2] for one in graph.measurements]

    assert names(only=("own", "class")) == ["till"]
    assert names(name="c*", only=("own",), most_params=1) == ["currency"]
    assert names(only=("own",), most=2, most_params=1) == ["environment", "currency"]
    assert "capsys" in names(only=("builtin", "used"))
    with pytest.raises(fixturescope.UsageError, match="--only: there is no group 'mine'"):
        Selection(only=("mine",))


def test_options_of_the_project_that_would_spoil_figures(tmp_path: Path) -> None:
    pytest.importorskip("xdist")
    suite = write(tmp_path / "suite", {**XUNIT, "pytest.ini": "[pytest]\naddopts = -n 2 -x --maxfail=1 -q -s\n"})
    graph = measured(suite, tmp_path / "run", startup=False, memory=False)
    assert {one.status for one in graph.measurements} == {"ok"}
    assert [note for note in graph.measured if "xdist" in note] == [
        "pytest-xdist is switched off (-n0): workers would each collect and set up for themselves"
    ]


def test_an_interpreter_that_has_nothing_but_pytest(shop: Path, tmp_path: Path) -> None:
    """The probe travels alone; without memray, time is measured and the reason says what would mend it."""
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "bare"], check=True)
    python = tmp_path / "bare" / "bin" / "python"
    version = f"pytest=={pytest.__version__}"
    done = subprocess.run([python, "-m", "pip", "install", "-q", version], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"pip cannot install {version} here: {done.stderr.strip().splitlines()[-1:]}")
    before = digest(shop)
    graph = measured(shop, tmp_path / "run", name="nobody_asks", startup=False, python=str(python))
    (found,) = graph.measurements
    assert found.status == "ok"
    assert found.setup_s is not None
    assert found.memory is None
    assert "has no memray: No module named 'memray'" in (found.memory_reason or "")
    assert f"{python} -m pip install memray" in (found.memory_reason or "")
    assert digest(shop) == before


WIDE = {
    "conftest.py": """
        import os, pytest, time

        def note(what):
            with open(os.environ["NOTES"], "a") as file:
                print(what, file=file)

        @pytest.fixture(scope="session")
        def server():
            note("server up")
            time.sleep(0.03)
            yield
            time.sleep(0.02)
            note("server down")

        @pytest.fixture(scope="module")
        def table(server):
            time.sleep(0.005)
            yield
            note("table down")

        @pytest.fixture
        def row(table):
            note("row up")
            time.sleep(0.002)
            yield
            note("row down")
    """,
    "test_it.py": "def test_it(row): pass\n",
}


def test_what_a_fixture_needs_of_a_wider_scope_stays_while_it_is_set_up_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a run of the suite; the cumulative figures have it nevertheless, at what it cost in the first round."""
    monkeypatch.setenv("NOTES", str(tmp_path / "notes"))
    suite = write(tmp_path / "suite", WIDE)
    graph = measured(suite, tmp_path / "run", name="row", memory=False, startup=False, least=3, most=3)
    once = ["row up", "row down"]
    down = ["table down", "server down"]
    assert (tmp_path / "notes").read_text().splitlines() == ["server up", *once, *down, "server up", *once * 3, *down]
    setup, teardown = graph.measurements[0].setup_s, graph.measurements[0].teardown_s
    assert setup is not None
    assert teardown is not None
    assert len(setup.own.samples) == 3
    assert all(0.002 <= one < 0.03 for one in setup.own.samples)
    assert all(one >= 0.037 for one in (setup.cold_cumulative, *setup.cumulative.samples))
    assert all(one >= 0.02 for one in (teardown.cold_cumulative, *teardown.cumulative.samples))


def test_a_teardown_that_fails_at_last_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTES", str(tmp_path / "notes"))
    wide = WIDE["conftest.py"].replace(
        'note("server down")', 'assert open(os.environ["NOTES"]).read().count("row up") < 2'
    )
    suite = write(tmp_path / "suite", {**WIDE, "conftest.py": wide})
    graph = measured(suite, tmp_path / "run", name="row", memory=False, startup=False, least=1, most=2)
    (found,) = graph.measurements
    assert found.status == "teardown_error"
    assert found.setup_s is not None


def test_a_fixture_that_looks_at_the_function_of_its_test_can_be_set_up_again(tmp_path: Path) -> None:
    files = {
        "conftest.py": """
            import pytest

            @pytest.fixture
            def looks(request):
                assert request.node._obj.__name__ == "test_it"
                assert request.node._obj.__self__ is request.instance
            """,
        "test_it.py": "class TestIt:\n    def test_it(self, looks): pass\n",
    }
    graph = measured(write(tmp_path / "suite", files), tmp_path / "run", memory=False, startup=False, least=2, most=2)
    (found,) = graph.measurements
    assert (found.status, found.reason) == ("ok", None)


def test_set_up_of_django_has_its_client_and_its_transaction(tmp_path: Path) -> None:
    """A stand-in for Django's test cases, which do more around ``setUp`` than ``unittest`` does."""
    text = """
        import unittest

        class Case(unittest.TestCase):
            open = 0

            def _pre_setup(self):
                self.client = object()
                Case.open += 1

            def _post_teardown(self):
                Case.open -= 1

        class TestIt(Case):
            def setUp(self):
                assert self.client and Case.open == 1

            def test_it(self): pass
    """
    suite = write(tmp_path / "suite", {"test_it.py": text})
    graph = measured(suite, tmp_path / "run", memory=False, startup=False, least=2, most=2)
    (found,) = graph.measurements
    assert (found.status, found.reason) == ("ok", None)
