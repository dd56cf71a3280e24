"""What binds names that no text shows: of each kind the good example is seen as pytest sees it, the bad one is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

import fixturescope
from fixturescope.analysis.effects import EFFECTS, Effect
from fixturescope.errors import UsageError
from tests.oracle import live

TESTS = "def test_one(): pass\n"


@pytest.fixture(scope="module")
def oracle() -> Iterator[live.Pytest]:
    """A pytest that can be asked."""
    with live.Pytest() as process:
        yield process


def own(graph: fixturescope.FixtureGraph) -> list[tuple[str, int]]:
    """Names and lines of a project's fixtures, those included that run a library's function."""
    return sorted((f.name, f.line) for f in graph.fixtures if f.origin in ("static", "generated") or f.made_at)


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: effect.__name__)
def test_the_good_example_is_seen_as_pytest_sees_it(effect: type[Effect], tmp_path: Path, oracle: live.Pytest) -> None:
    for module in effect.needs:
        if not oracle.has(module):
            pytest.skip(f"pytest's interpreter has no {module}")
    root = live.draw(tmp_path.resolve(), {"pytest.ini": "[pytest]\n", "conftest.py": effect.GOOD, "test_it.py": TESTS})
    answer, graph, comparison = live.compared(root, oracle)
    places = ((d.name, d.place) for d in answer.truth.registered if d.place and "/_pytest/" not in d.place.file)
    known = sorted((name, place.line) for name, place in places)
    if effect.__name__ == "Execute":  # the lines of code in a text are the text's own
        assert [name for name, _ in own(graph)] == ["mail_server", "web_server"]
        return
    assert own(graph) == known
    assert known
    assert comparison.agrees, str(comparison)
    assert not [d for d in graph.diagnostics if d.code == "FS003"]


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: effect.__name__)
def test_the_bad_example_is_said_to_be_unknown(effect: type[Effect], tmp_path: Path) -> None:
    root = live.draw(tmp_path.resolve(), {"pytest.ini": "[pytest]\n", "conftest.py": effect.BAD, "test_it.py": TESTS})
    graph = live.analyzed(root)
    said = [d for d in graph.diagnostics if d.code == "FS003" and d.path == "conftest.py"]
    assert said
    assert all(fixture.unused != "certain" for fixture in graph.unused())


MADE = """
import pytest

CASES = {"small": ("function", 1), "large": ("session", 2)}

def make(size, scope, count):
    @pytest.fixture(scope=scope, params=range(count))
    def box(request, tmp_path_factory):
        "A box."
        return size
    return box

for size, (scope, count) in CASES.items():
    globals()[f"{size}_box"] = make(size, scope, count)
"""


def test_a_generated_fixture_says_where_it_comes_from(tmp_path: Path) -> None:
    root = live.draw(tmp_path.resolve(), {"conftest.py": MADE, "test_it.py": "def test_one(large_box): pass\n"})
    graph = live.analyzed(root)
    large, small = graph.fixture("large_box"), graph.fixture("small_box")
    assert (large.origin, large.made_at, large.line, large.function) == ("generated", "conftest.py:13", 7, "box")
    assert (large.scope, large.scope_is, large.params, large.doc) == ("session", "evaluated", 2, "A box.")
    assert [request.name for request in large.requests] == ["tmp_path_factory"]
    assert (large.usage, large.setups, small.unused) == (2, 2, "certain")
    assert large.why == (
        "size='large', scope='session', count=2 at conftest.py:10",
        "size='large', scope='session', count=2 at conftest.py:13",
    )
    assert graph.why_exists("large_box") == ("registered at conftest.py:13", *large.why)
    assert graph.why_exists("tmp_path") == ()


def test_what_the_project_makes_by_a_plugins_function_is_its_own(tmp_path: Path) -> None:
    plugin = """
        import pytest
        def box_fixture(size):
            @pytest.fixture
            def box():
                return size
            return box
        of_plugin = box_fixture(3)
        @pytest.fixture
        def plain(): pass
        """
    site = live.draw(tmp_path.resolve() / "site", {"box_fixtures.py": plugin})
    suite = {
        "conftest.py": "from box_fixtures import *\nimport box_fixtures\nown = box_fixtures.box_fixture(4)\n",
        "test_it.py": "def test_one(own, of_plugin, plain): pass\n",
    }
    graph = fixturescope.analyze(
        cwd=live.draw(tmp_path.resolve() / "suite", suite), environ={**live.ENVIRON, "PYTHONPATH": str(site)}
    )
    found = {name: graph.fixture(name) for name in ("own", "of_plugin", "plain")}
    assert {name: one.origin for name, one in found.items()} == {
        "own": "generated",
        "of_plugin": "plugin",
        "plain": "plugin",
    }
    assert (found["own"].plugin, found["own"].made_at) == ("box_fixtures", "conftest.py:3")
    assert found["own"].why == (f"size=4 at {site / 'box_fixtures.py'}:6",)


def test_no_fixture_no_reason(tmp_path: Path) -> None:
    root = live.draw(tmp_path.resolve(), {"conftest.py": MADE, "test_it.py": TESTS})
    with pytest.raises(UsageError):
        live.analyzed(root).why_exists("no_such_box")


def test_a_name_that_is_partly_known_answers_for_requests(tmp_path: Path) -> None:
    conftest = dedent("""
        import os, pytest
        def make(x):
            @pytest.fixture
            def made(): return x
            return made
        for word in os.listdir("."):
            globals()[f"get_{word}_session"] = make(word)
    """)
    tests = "def test_one(get_core_session): pass\ndef test_two(got_core_session): pass\n"
    graph = live.analyzed(live.draw(tmp_path.resolve(), {"conftest.py": conftest, "test_it.py": tests}))
    asked = [d.message for d in graph.diagnostics if d.code == "FS203"]
    assert len(asked) == 1
    assert "'got_core_session'" in asked[0]


def test_what_a_test_binds_while_it_runs_is_no_fixture(tmp_path: Path) -> None:
    tests = """
        import pytest
        @pytest.fixture
        def a(request):
            globals()["b"] = pytest.fixture(lambda: 1)
            return request.getfixturevalue("tmp_path")
        def test_one(a): pass
    """
    graph = live.analyzed(live.draw(tmp_path.resolve(), {"test_it.py": tests}))
    assert [f.name for f in graph.fixtures if f.origin in ("static", "generated")] == ["a"]


def test_what_an_unknown_fixture_decorator_makes_of_a_generator_is_no_test(tmp_path: Path) -> None:
    tests = """
        import lib
        @lib.config.fixture()
        def testing_engine(): yield 1
        @lib.config.wrapped
        def testing_other(): yield 1
        def test_one(): pass
    """
    graph = live.analyzed(live.draw(tmp_path.resolve(), {"test_it.py": tests, "lib.py": "config = eval('1')\n"}))
    assert [test.name for test in graph.tests] == ["testing_other", "test_one"]


@pytest.mark.parametrize(
    ("put", "followed"),
    [
        ("sys.path.insert(0, {folder!r})", True),
        ("sys.path.append({folder!r})", True),
        ("sys.path.insert(0, 'common')", False),
        ("sys.path.remove({folder!r})", False),
    ],
)
def test_modules_of_a_folder_that_the_suite_puts_on_the_path(tmp_path: Path, put: str, followed: bool) -> None:
    root = tmp_path.resolve()
    files = {
        "common/config_of_sizes.py": "SIZES = [1, 2]\n",
        "common/maker_of_boxes/__init__.py": "from maker_of_boxes.of_fixtures import register\n",
        "common/maker_of_boxes/of_fixtures.py": """
            import pytest
            def register(name, namespace):
                @pytest.fixture
                def made(): pass
                namespace[name] = made
        """,
        "conftest.py": f"""
            import sys
            import pytest
            {put.format(folder=str(root / "common"))}
            from config_of_sizes import SIZES
            from maker_of_boxes import register
            for size in SIZES:
                register(f"box_{{size}}", globals())
        """,
        "test_it.py": "def test_one(box_2): pass\n",
    }
    graph = live.analyzed(live.draw(root, files))
    found = {fixture.name: fixture.made_at for fixture in graph.fixtures if fixture.origin == "generated"}
    assert found == (dict.fromkeys(("box_1", "box_2"), "common/maker_of_boxes/of_fixtures.py:5") if followed else {})


def test_a_name_that_a_helper_of_another_module_makes_is_said_where_it_comes_to_be(tmp_path: Path) -> None:
    files = {
        "helper.py": """
            import os, pytest
            def register(namespace):
                for word in os.listdir("."):
                    namespace[word] = pytest.fixture(lambda: 1)
        """,
        "conftest.py": """
            from helper import register

            register(globals())
        """,
        "test_it.py": "def test_one(): pass\n",
    }
    graph = live.analyzed(live.draw(tmp_path.resolve(), files))
    said = [(one.path, one.line, one.message) for one in graph.diagnostics if one.code == "FS003"]
    assert said == [("conftest.py", 3, "a name is made that is not known")]


def test_a_helper_that_registers_what_is_not_known_is_not_silent(tmp_path: Path) -> None:
    conftest = """
        import inspect, sys
        sys.path.append("somewhere")
        from pytest_factoryboy import register
        import factories

        def register_module(module):
            for _, obj in inspect.getmembers(module):
                if isinstance(obj, type):
                    register(obj, _caller_locals=sys.modules["other"].names)

        register_module(factories)
    """
    files = {"conftest.py": conftest, "factories.py": "class A: pass\n", "test_it.py": "def test_one(): pass\n"}
    graph = live.analyzed(live.draw(tmp_path.resolve(), files))
    said = [(one.path, one.message) for one in graph.diagnostics if one.code == "FS003"]
    assert said == [
        ("conftest.py", "pytest_factoryboy makes fixtures of a factory: it is not known where they are put")
    ]
