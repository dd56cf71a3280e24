"""What one test waits for, and what one fixture is."""

from __future__ import annotations

import pytest

from fixturescope.document import from_graph
from fixturescope.errors import UsageError
from fixturescope.graph import Edge, FixtureGraph
from fixturescope.model import Request
from fixturescope.report import Options
from fixturescope.report.explain import Branch, FixtureExplained, TestExplained, explain
from fixturescope.report.explain_text import render_explained
from tests import samples
from tests.report.test_rank import measured


def suite() -> FixtureGraph:
    """A test whose chain is shared in part; ``cart`` stands twice in it, and ``clock`` comes without being asked for."""
    fixtures = (
        samples.fixture("db", scope="session", line=3, usage=9, setups=1),
        samples.fixture("cart", line=7, usage=5, setups=5),
        samples.fixture("order", line=11, usage=2, setups=2, doc="An order."),
        samples.fixture("clock", line=15, autouse=True, usage=9, setups=9),
        samples.fixture("secret", line=19, usage=2, setups=2),
        samples.fixture("old", line=23, unused="certain"),
    )

    def ask(*names: str) -> tuple[Request, ...]:
        return tuple(Request(name=name, via="argument", line=1) for name in names)

    closure = {name: f"conftest.py::{name}" for name in ("clock", "order", "cart", "db", "secret")}
    tests = (
        samples.test("test_pay", items=2, closure=closure, requests=ask("order", "cart", "secret")),
        samples.test(
            "test_look",
            items=3,
            closure={name: closure[name] for name in ("clock", "cart", "db")},
            requests=ask("cart"),
        ),
        samples.test("test_db", items=4, closure={name: closure[name] for name in ("clock", "db")}, requests=ask("db")),
    )
    links = (("order", "cart", 1), ("cart", "db", 2), ("old", "db", 0))
    edges = tuple(
        Edge(source=f"conftest.py::{source}", target=f"conftest.py::{target}", name=target, tests=number)
        for source, target, number in links
    )
    known = (
        measured("db", 1.0, 0.5),
        measured("cart", 0.2, 0.1),
        measured("order", 0.03, 0.02),
        measured("clock", 0.001),
    )
    whole = FixtureGraph(
        fixtures=fixtures,
        tests=tests,
        edges=edges,
        diagnostics=(),
        info=samples.info(),
        reasons={"conftest.py::old": "no."},
    )
    return whole.annotated(known)


def drawn(branches: tuple[Branch, ...], depth: int = 0) -> list[str]:
    """The tree as lines: name, other users, and ``^`` where it stands further up."""
    lines = []
    for one in branches:
        lines.append(f"{'  ' * depth}{one.name} {one.others}{' ^' if one.again else ''}")
        lines += drawn(one.needs, depth + 1)
    return lines


def test_what_a_test_waits_for() -> None:
    found = explain(suite(), "test_pay")
    assert isinstance(found, TestExplained)
    assert drawn(found.tree) == ["order 0", "  cart 3", "    db 7", "cart 3 ^", "secret 0", "clock 7"]
    assert found.alone_s == pytest.approx(1.0 + 0.2 + 0.03 + 0.001)
    assert found.own_s == pytest.approx(2 * (0.02 + 0.1 + 0.001))  # both items set these up; nobody else needs order
    assert found.shared_s == pytest.approx(1.0)
    assert found.unmeasured == ("secret",)


def test_who_uses_a_fixture_and_through_whom() -> None:
    found = explain(from_graph(suite()), "db")
    assert isinstance(found, FixtureExplained)
    assert found.users.by_module == (("tests/test_shop.py", 9),)
    assert found.users.through == (("conftest.py::cart", 2),)
    assert found.users.directly == 1
    assert found.needs == ()
    assert [place[:3] for place in found.places] == [("run", 1, 1), ("inner-loop", 1, 1), ("startup", 1, 1)]


def test_a_chain_is_split_by_what_it_needs() -> None:
    found = explain(suite(), "order")
    assert isinstance(found, FixtureExplained)
    assert [(one.name, one.cost.first_s if one.cost else None) for one in found.needs] == [("db", 1.0), ("cart", 0.2)]


@pytest.mark.parametrize(
    ("what", "said", "hint"),
    [
        ("ordr", "there is no fixture and no test 'ordr'", "did you mean order?"),
        ("zzzzz", "there is no fixture and no test 'zzzzz'", "fixturescope analyze --wide lists all fixtures"),
    ],
)
def test_unknown_names(what: str, said: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        explain(suite(), what)
    assert (str(caught.value), caught.value.hint) == (said, hint)


@pytest.mark.parametrize(
    ("what", "lines"),
    [
        ("tests/test_shop.py::test_pay[2]", ["  run by itself it waits 1.23 s for its fixtures", "  in a full run it alone causes 242 ms; 1.00 s are set up for others, too", "  not measured, and so not in these figures: secret"]),
        ("old", ["Nobody uses it", "  no.", "  not measured"]),
        ("order", ["  An order.", "Used by 2 items, set up 2 times in a full run", "  run: place 3 of 4"]),
    ],
)  # fmt: skip
def test_text(what: str, lines: list[str]) -> None:
    said = render_explained(explain(suite(), what), Options()).splitlines()
    assert [line for line in lines if line not in said] == []


def test_hostile_names_do_no_harm() -> None:
    graph = samples.hostile()
    for what in (graph.fixtures[0].id, graph.fixtures[1].id, graph.tests[0].id):
        said = render_explained(explain(graph, what), Options(color=False))
        assert all(one.isprintable() or one == "\n" for one in said)
