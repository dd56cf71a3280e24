"""The graph of a small drawn suite: every question, with exact answers; and what networkx, pandas and notebooks make of it."""

from __future__ import annotations

import builtins
import inspect
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx
import pytest
from rich.console import Console

import fixturescope
from fixturescope.errors import UsageError
from fixturescope.graph import Edge, FixtureGraph, Step
from fixturescope.model import Fixture, Request, Test
from tests import samples

CONFTEST = """
import pytest

@pytest.fixture(scope="session")
def settings(): return {}

@pytest.fixture
def database(settings): return object()

@pytest.fixture
def user(database): return object()

@pytest.fixture(autouse=True)
def clock(): return 0

@pytest.fixture
def lonely(): return 0

@pytest.fixture
def chained(lonely): return 0

@pytest.fixture
def maybe_admin(): return 0
"""

TEST_SHOP = """
import pytest

@pytest.fixture
def user(user): return user

@pytest.fixture(params=[1, 2, 3])
def cart(user): return []

def test_cart(cart): pass

def test_clock(): pass

@pytest.mark.usefixtures("database")
class TestAdmin:
    @pytest.fixture
    def user(self, settings): return 1

    def test_user(self, user): pass

    def test_asks(self, request): request.getfixturevalue("settings")

    def test_maybe(self, request): request.getfixturevalue(f"maybe_{request.node.name}")
"""

ROOT_USER, SHOP_USER, ADMIN_USER = "conftest.py::user", "test_shop.py::user", "test_shop.py::TestAdmin::user"
DATABASE, SETTINGS, CLOCK = "conftest.py::database", "conftest.py::settings", "conftest.py::clock"
CART, LONELY, CHAINED, MAYBE = (
    "test_shop.py::cart",
    "conftest.py::lonely",
    "conftest.py::chained",
    "conftest.py::maybe_admin",
)
FOLLOWS_OVERRIDES = "def traverse_fixture_closure" in inspect.getsource(inspect.getmodule(pytest.FixtureRequest))
"""Older releases of pytest follow only the nearest definition of a name."""

TEST_CART, TEST_CLOCK = "test_shop.py::test_cart", "test_shop.py::test_clock"
TEST_USER, TEST_ASKS, TEST_MAYBE = (f"test_shop.py::TestAdmin::test_{name}" for name in ("user", "asks", "maybe"))
OWN = {ROOT_USER, SHOP_USER, ADMIN_USER, DATABASE, SETTINGS, CLOCK, CART, LONELY, CHAINED, MAYBE}


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> FixtureGraph:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_shop.py").write_text(TEST_SHOP)
    return fixturescope.analyze(rootdir=folder, cwd=folder, python=sys.executable, environ={}, cache=False)


def ids(fixtures: tuple[Fixture, ...]) -> list[str]:
    return [fixture.id for fixture in fixtures]


# ------------------------------------------------------------------------------------------------------------ questions


def test_nodes(graph: FixtureGraph) -> None:
    own = [node for node in graph.nodes if "py::" in node]
    assert set(own) == {*OWN, TEST_CART, TEST_CLOCK, TEST_USER, TEST_ASKS, TEST_MAYBE}
    assert len(graph.nodes) == len(graph.fixtures) + len(graph.tests) == len(set(graph.nodes))
    assert "pytest:_pytest.tmpdir::tmp_path" in graph.nodes


def test_a_fixture_by_id_by_name_and_itself(graph: FixtureGraph) -> None:
    cart = graph.fixture("cart")
    assert (cart.id, cart.params, cart.usage, cart.setups) == (CART, 3, 3, 3)
    assert graph.fixture(CART) is cart
    assert graph.fixture(cart) is cart


def test_a_fixture_that_is_not_there(graph: FixtureGraph) -> None:
    with pytest.raises(UsageError, match="no fixture 'nosuch'") as error:
        graph.fixture("nosuch")
    assert error.value.hint == "graph.fixtures lists all of them"


def test_a_name_that_several_fixtures_have(graph: FixtureGraph) -> None:
    with pytest.raises(UsageError, match="3 fixtures are named 'user'") as error:
        graph.fixture("user")
    assert error.value.hint == f"use an id: {ROOT_USER}, {ADMIN_USER}, {SHOP_USER}"


def test_a_test_by_id_and_itself(graph: FixtureGraph) -> None:
    test = graph.test(TEST_CART)
    assert (test.name, test.items, test.items_are) == ("test_cart", 3, "exact")
    assert graph.test(test) is test
    with pytest.raises(UsageError, match="no test 'test_cart'") as error:
        graph.test("test_cart")
    assert error.value.hint == "ids are pytest's node ids without parameters, as in graph.tests"


@pytest.mark.parametrize(
    ("fixture", "users"),
    [
        ("cart", [TEST_CART]),
        ("clock", [TEST_CART, TEST_CLOCK, TEST_USER, TEST_ASKS, TEST_MAYBE]),
        ("settings", [TEST_CART, TEST_USER, TEST_ASKS, TEST_MAYBE]),
        (ROOT_USER, [TEST_CART]),  # the override that the test gets reaches it
        (SHOP_USER, [TEST_CART]),
        (ADMIN_USER, [TEST_USER]),
        ("lonely", []),
    ],
)
def test_usages(graph: FixtureGraph, fixture: str, users: list[str]) -> None:
    assert [test.id for test in graph.usages(fixture)] == users


def test_closure(graph: FixtureGraph) -> None:
    through_user = {"database": DATABASE, "settings": SETTINGS} if FOLLOWS_OVERRIDES else {}
    assert {name: fixture.id for name, fixture in graph.closure(TEST_CART).items()} == {
        "cart": CART,
        "clock": CLOCK,
        "user": SHOP_USER,
        **through_user,
    }
    assert {name: fixture.id for name, fixture in graph.closure(TEST_USER).items()} == {
        "clock": CLOCK,
        "database": DATABASE,
        "settings": SETTINGS,
        "user": ADMIN_USER,
    }


def test_dependencies(graph: FixtureGraph) -> None:
    assert ids(graph.dependencies("cart")) == [SHOP_USER]
    assert ids(graph.dependencies("cart", transitive=True)) == [SHOP_USER, ROOT_USER, DATABASE, SETTINGS]
    assert ids(graph.dependencies("settings", transitive=True)) == []


def test_dependents(graph: FixtureGraph) -> None:
    assert ids(graph.dependents("settings")) == [DATABASE, ADMIN_USER]
    assert ids(graph.dependents(ROOT_USER)) == [SHOP_USER]
    assert ids(graph.dependents("database", transitive=True)) == [ROOT_USER, SHOP_USER, CART]


def test_overrides(graph: FixtureGraph) -> None:
    assert ids(graph.overrides(ADMIN_USER)) == [SHOP_USER, ROOT_USER]
    assert ids(graph.overrides(SHOP_USER)) == [ROOT_USER]
    assert ids(graph.overrides(ROOT_USER)) == []


def test_unused(graph: FixtureGraph) -> None:
    assert sorted(ids(graph.unused())) == [CHAINED, LONELY, MAYBE]
    assert sorted(ids(graph.unused(certain_only=True))) == [CHAINED, LONELY]
    everything = ids(graph.unused(project_only=False))
    assert "pytest:_pytest.tmpdir::tmp_path" in everything
    assert set(everything) > {CHAINED, LONELY, MAYBE}


def test_why_unused(graph: FixtureGraph) -> None:
    nobody = "none of the 5 tests that could see it asks for it, directly or through another fixture"
    assert graph.why_unused("chained") == nobody
    assert graph.why_unused("maybe_admin") == f"{nobody}; but test_shop.py:23 asks for 'maybe_*' by getfixturevalue"
    assert graph.why_unused("cart") == ""


@pytest.mark.parametrize(
    ("test", "fixture", "chain"),
    [
        (TEST_CART, "cart", [("argument", "cart", CART)]),
        (TEST_CART, "clock", [("autouse", "clock", CLOCK)]),
        (
            TEST_CART,
            ROOT_USER,
            [("argument", "cart", CART), ("argument", "user", SHOP_USER), ("override", "user", ROOT_USER)],
        ),
        (TEST_USER, "settings", [("usefixtures", "database", DATABASE), ("argument", "settings", SETTINGS)]),
        (TEST_ASKS, "settings", [("getfixturevalue", "settings", SETTINGS)]),
        (TEST_CLOCK, "cart", []),
        (TEST_MAYBE, "maybe_admin", []),
    ],
)
def test_why(graph: FixtureGraph, test: str, fixture: str, chain: list[tuple[str, str, str]]) -> None:
    steps = graph.why(test, fixture)
    assert [(step.via, step.name, step.target) for step in steps] == chain
    sources = [test, *(target for _, _, target in chain[:-1])] if chain else []
    assert [step.source for step in steps] == sources


def test_why_through_a_fixture_that_asks_by_name() -> None:
    drawn = FixtureGraph(
        fixtures=[
            samples.fixture("door", requests=(Request(name="key", via="getfixturevalue", line=2),)),
            samples.fixture("key"),
        ],
        tests=[
            samples.test(
                "test_open",
                closure={"door": "conftest.py::door"},
                dynamic={"key": "conftest.py::key"},
                requests=(Request(name="door", via="argument", line=1),),
            )
        ],
        edges=[],
        diagnostics=[],
        info=samples.info(),
        reasons={},
    )
    assert [str(step) for step in drawn.why("tests/test_shop.py::test_open", "key")] == [
        "tests/test_shop.py::test_open --argument:door--> conftest.py::door",
        "conftest.py::door --getfixturevalue:key--> conftest.py::key",
    ]
    assert [test.name for test in drawn.usages("key")] == ["test_open"]


def test_cycles_come_to_an_end() -> None:
    drawn = FixtureGraph(
        fixtures=[samples.fixture("one"), samples.fixture("two")],
        tests=[
            samples.test(
                "test_it",
                closure={"one": "conftest.py::one", "two": "conftest.py::two"},
                requests=(Request(name="one", via="argument", line=1),),
            )
        ],
        edges=[
            Edge(source="conftest.py::one", target="conftest.py::two", name="two"),
            Edge(source="conftest.py::two", target="conftest.py::one", name="one"),
        ],
        diagnostics=[],
        info=samples.info(),
        reasons={},
    )
    assert ids(drawn.dependencies("one", transitive=True)) == ["conftest.py::two"]
    assert drawn.why("tests/test_shop.py::test_it", samples.fixture("three")) == ()
    assert len(drawn.why("tests/test_shop.py::test_it", "two")) == 2


def test_path(graph: FixtureGraph) -> None:
    assert graph.path(TEST_CART, SETTINGS) == (TEST_CART, CART, SHOP_USER, ROOT_USER, DATABASE, SETTINGS)
    assert graph.path(graph.fixture("cart"), graph.fixture("settings"))[0] == CART
    assert graph.path(SETTINGS, TEST_CART) == ()
    assert graph.path("nosuch", SETTINGS) == ()


def test_edges_carry_the_number_of_tests_that_resolve_them_so(graph: FixtureGraph) -> None:
    own = [(e.source, e.target, e.via, e.tests) for e in graph.edges if e.source in OWN]
    assert own == [
        (CHAINED, LONELY, "argument", 0),
        (DATABASE, SETTINGS, "argument", 4),
        (ROOT_USER, DATABASE, "argument", 1),
        (ADMIN_USER, SETTINGS, "argument", 1),
        (CART, SHOP_USER, "argument", 1),
        (SHOP_USER, ROOT_USER, "override", 1),
    ]


# ------------------------------------------------------------------------------------------------------------- networkx


def test_networkx_sees_the_same_nodes_and_edges(graph: FixtureGraph) -> None:
    assert graph.nx is graph.nx
    assert set(graph.nx) == set(graph.nodes)
    assert graph.nx.graph == {"rootdir": graph.info.rootdir}
    assert graph.nx.nodes[CART]["kind"] == "fixture"
    assert graph.nx.nodes[CART]["params"] == 3
    assert "params" not in graph.nx.nodes[CLOCK]
    assert graph.nx.nodes[TEST_CART]["kind"] == "test"
    assert graph.nx.edges[SHOP_USER, ROOT_USER, "override:user"] == {"name": "user", "via": "override", "tests": 1}
    assert graph.nx.edges[TEST_ASKS, SETTINGS, "getfixturevalue:settings"] == {
        "name": "settings",
        "via": "getfixturevalue",
        "tests": 1,
        "line": 21,
        "certainty": "certain",
    }


def test_algorithms_of_networkx(graph: FixtureGraph) -> None:
    order = list(networkx.topological_sort(graph.nx))
    assert (
        order.index(TEST_CART)
        < order.index(CART)
        < order.index(SHOP_USER)
        < order.index(ROOT_USER)
        < order.index(SETTINGS)
    )
    assert networkx.descendants(graph.nx, TEST_CLOCK) == {CLOCK}
    assert networkx.descendants(graph.nx, CART) == {SHOP_USER, ROOT_USER, DATABASE, SETTINGS}
    assert networkx.shortest_path(graph.nx, TEST_USER, SETTINGS) in (
        [TEST_USER, DATABASE, SETTINGS],
        [TEST_USER, ADMIN_USER, SETTINGS],
    )
    assert networkx.is_directed_acyclic_graph(graph.nx)


def test_graphml_and_back(graph: FixtureGraph) -> None:
    written = io.BytesIO()
    networkx.write_graphml(graph.nx, written)
    back = networkx.parse_graphml(written.getvalue().decode(), force_multigraph=True)
    assert dict(back.nodes(data=True)) == dict(graph.nx.nodes(data=True))
    assert sorted((s, t, d["name"], d["via"], d["tests"]) for s, t, d in back.edges(data=True)) == sorted(
        (s, t, d["name"], d["via"], d["tests"]) for s, t, d in graph.nx.edges(data=True)
    )


def test_node_link_and_back(graph: FixtureGraph) -> None:
    keyword = {"edges": "edges"} if "edges" in networkx.node_link_data.__kwdefaults__ else {"link": "edges"}
    text = json.dumps(networkx.node_link_data(graph.nx, **keyword))
    back = networkx.node_link_graph(json.loads(text), **keyword)
    assert networkx.utils.graphs_equal(back, graph.nx)


# --------------------------------------------------------------------------------------------------- pandas, rich, HTML


def test_pandas(graph: FixtureGraph) -> None:
    table = graph.to_pandas()
    assert list(table.columns) == [name for name in Fixture.__struct_fields__ if name != "id"]
    assert list(table.index) == ids(graph.fixtures)
    assert table.loc[CART, ["name", "scope", "usage", "setups"]].tolist() == ["cart", "function", 3, 3]
    assert table.loc[sorted(OWN), "setups"].to_dict() == {id_: graph.fixture(id_).setups for id_ in OWN}


def test_pandas_of_nothing() -> None:
    assert samples.graph().to_pandas().empty


def test_without_pandas(graph: FixtureGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    real: Callable[..., Any] = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "pandas":
            raise ImportError("No module named 'pandas'")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match="pandas is not installed") as error:
        graph.to_pandas()
    assert error.value.hint == "pip install 'fixturescope[notebook]'"


def rich_text(graph: FixtureGraph) -> str:
    console = Console(file=io.StringIO(), width=100, force_terminal=False)
    console.print(graph)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_repr(graph: FixtureGraph) -> None:
    assert repr(graph) == f"<FixtureGraph {len(graph.fixtures)} fixtures, 5 tests, 3 unused>"


def test_rich(graph: FixtureGraph) -> None:
    text = rich_text(graph)
    assert repr(graph) in text
    assert [line.split("│")[1].strip() for line in text.splitlines() if line.startswith("│")][:4] == [
        "clock",
        "database",
        "user",
        "cart",
    ]


def test_html(graph: FixtureGraph) -> None:
    html = graph._repr_html_()
    assert html.startswith(
        f"<p>&lt;FixtureGraph {len(graph.fixtures)} fixtures, 5 tests, 3 unused&gt;</p><table><tr><th>fixture</th>"
    )
    assert "<tr><td>cart</td><td>function</td><td>3</td><td>3</td><td>test_shop.py:8</td></tr>" in html
    assert html.count("<tr>") == 21  # the head, and never more than twenty fixtures


def test_hostile_names_are_no_html() -> None:
    html = samples.hostile()._repr_html_()
    assert "</script>" not in html
    assert "&lt;/script&gt;" in html


def test_hostile_names_are_no_markup() -> None:
    assert "[red]" in rich_text(samples.hostile())


def test_hostile_names_do_not_reach_the_terminal() -> None:
    text = rich_text(samples.hostile())
    assert not [character for character in text if character != "\n" and not character.isprintable()]


def test_the_graph_is_public() -> None:
    assert fixturescope.FixtureGraph is FixtureGraph
    assert isinstance(samples.shop().tests[0], Test)
    assert str(Step(source="a", name="n", via="argument", target="b")) == "a --argument:n--> b"


def test_the_example_in_the_documentation_is_the_one_that_is_run() -> None:
    """``tests/test_readme.py`` runs the blocks of this page; they show each question at least once."""
    page = (Path(__file__).parent.parent / "docs" / "graph.md").read_text("utf-8")
    for name in ("analyze", "unused", "usages", "closure", "why", "dependents", "overrides", "nx", "to_pandas"):
        assert f"{name}(" in page or f".{name}" in page
