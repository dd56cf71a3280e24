"""Closures by themselves: names, what is set up, who asks for whom, and which tests share one."""

from __future__ import annotations

import pytest
from helpers_evaluate import module

from fixturescope.analysis.closures import Closures
from fixturescope.analysis.nodes import Definition, Node
from fixturescope.analysis.values import FixtureValue

NOTHING: frozenset[str] = frozenset()
BLANK = module("").module("module")


def define(node: Node, name: str, *requests: str, scope: str = "function", autouse: bool = False) -> Definition:
    """Register a fixture on a node."""
    value = FixtureValue(module("def f(): pass").value("f"), {}, BLANK, 1)
    definition = Definition(name, name, value, node, requests, scope, autouse, None)
    node.register(definition)
    return definition


@pytest.fixture
def session() -> Node:
    return Node("session", "")


@pytest.fixture
def below(session: Node) -> Node:
    return Node("module", "test_it.py", session)


@pytest.fixture(params=[True, False], ids=["new pytest", "old pytest"])
def closures(request: pytest.FixtureRequest) -> Closures:
    return Closures(follows_overrides=request.param)


def test_a_chain(session: Node, below: Node, closures: Closures) -> None:
    a, b, c = define(session, "a", "b"), define(session, "b", "c"), define(session, "c")
    found = closures.closure(below, ["a"], NOTHING)
    assert list(found.names) == ["a", "b", "c"]
    assert found.used == (a, b, c)
    assert found.edges == ((a, "b", b), (b, "c", c))
    assert found.unknown == ()


def test_a_diamond_is_walked_once(session: Node, below: Node, closures: Closures) -> None:
    a, b = define(session, "a", "b", "c"), define(session, "b", "d")
    c, d = define(session, "c", "d"), define(session, "d")
    found = closures.closure(below, ["a"], NOTHING)
    assert set(found.used) == {a, b, c, d}
    assert len(found.used) == 4
    assert set(found.edges) == {(a, "b", b), (a, "c", c), (b, "d", d), (c, "d", d)}


def test_an_override_that_asks_for_its_own_name_gets_the_next_one_out(
    session: Node, below: Node, closures: Closures
) -> None:
    outer, inner = define(session, "a"), define(below, "a", "a")
    found = closures.closure(below, ["a"], NOTHING)
    assert found.names["a"] == (outer, inner)
    assert found.used == (inner, outer)
    assert found.edges == ((inner, "a", outer),)


def test_three_in_a_row(session: Node, below: Node, closures: Closures) -> None:
    node = Node("class", "test_it.py::TestIt", below)
    one, two, three = define(session, "a"), define(below, "a", "a"), define(node, "a", "a")
    found = closures.closure(node, ["a"], NOTHING)
    assert found.used == (three, two, one)
    assert closures.closure(below, ["a"], NOTHING).used == (two, one)


def test_what_an_override_hides_counts_where_pytest_follows_it(session: Node, below: Node) -> None:
    """The outer definition's own argument is in the closure of a new pytest, and is set up in both."""
    define(session, "a", "extra")
    extra = define(session, "extra")
    define(below, "a", "a")
    new = Closures(follows_overrides=True).closure(below, ["a"], NOTHING)
    old = Closures(follows_overrides=False).closure(below, ["a"], NOTHING)
    assert list(new.names) == ["a", "extra"]
    assert list(old.names) == ["a"]
    assert extra in new.used
    assert extra in old.used


def test_asking_for_the_own_name_with_nothing_further_out(below: Node, closures: Closures) -> None:
    alone = define(below, "a", "a")
    found = closures.closure(below, ["a"], NOTHING)
    assert found.used == (alone,)
    assert found.unknown == (("a", alone),)


def test_a_cycle_comes_to_an_end(session: Node, below: Node, closures: Closures) -> None:
    a, b = define(session, "a", "b"), define(session, "b", "a")
    found = closures.closure(below, ["a"], NOTHING)
    assert found.used == (a, b)


def test_unknown_names(session: Node, below: Node, closures: Closures) -> None:
    a = define(session, "a", "nosuch", "request")
    found = closures.closure(below, ["a", "neither", "request"], NOTHING)
    assert set(found.unknown) == {("nosuch", a), ("neither", None)}
    assert list(found.names) == ["a"]


def test_a_parametrized_name_is_no_request(session: Node, below: Node, closures: Closures) -> None:
    a = define(session, "a", "b")
    define(session, "b")
    found = closures.closure(below, ["a", "b"], frozenset({"b"}))
    assert found.used == (a,)
    assert list(found.names) == ["a"]


def test_who_asks_for_the_same_shares_one_closure(session: Node, closures: Closures) -> None:
    define(session, "a")
    here, there = Node("module", "test_a.py", session), Node("module", "test_b.py", session)
    first = closures.closure(here, ["a"], NOTHING)
    assert closures.closure(there, ["a", "a"], NOTHING) is first
    assert closures.closure(there, ["a"], frozenset({"nothing"})) is first
    assert closures.closure(there, ["a"], frozenset({"a"})) is not first
    define(there, "b")
    assert closures.closure(there, ["a"], NOTHING) is not first


def test_a_chain_of_two_thousand(session: Node, below: Node, closures: Closures) -> None:
    for number in range(2_000):
        define(session, f"f{number}", f"f{number + 1}")
    end = define(session, "f2000")
    found = closures.closure(below, ["f0"], NOTHING)
    assert len(found.used) == 2_001
    assert found.used[-1] is end


def test_three_hundred_overrides_of_one_name(closures: Closures) -> None:
    node: Node | None = None
    for number in range(300):
        node = Node("directory" if node else "session", f"d{number}" if node else "", node)
        define(node, "a", "a") if number else define(node, "a")
    assert node is not None
    assert len(closures.closure(node, ["a"], NOTHING).used) == 300


def test_what_a_node_sees(session: Node, below: Node) -> None:
    first, second = define(session, "a"), define(session, "a")
    third = define(below, "a")
    plugin = Definition("a", "a", first.value, session, (), "function", False, None)
    session.register(plugin, front=True)
    assert session.visible("a") == (plugin, first, second)
    assert below.visible("a")[-1] is third
    assert below.visible("b") == ()
    define(below, "b", autouse=True)
    assert list(below.autouse_names()) == ["b"]
    assert below.bearing() is below
    assert Node("class", "x", below).bearing() is below
    assert [node.id for node in below.chain()] == ["", "test_it.py"]
