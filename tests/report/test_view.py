"""The figures that reports show, beside those of the ranking."""

from __future__ import annotations

import msgspec
import pytest

from fixturescope.document import Document, from_graph, narrow
from fixturescope.graph import Edge
from fixturescope.model import Range
from fixturescope.report.finding import finding, percent, promise
from fixturescope.report.view import make_view
from fixturescope.report.view.details import Neighbour, make_details
from fixturescope.report.view.network import Link, make_network
from fixturescope.report.view.places import labels, place
from fixturescope.report.view.tree import Division, make_tree
from tests import samples, samples_measured
from tests.samples import fixture
from tests.samples_measured import measurement


@pytest.fixture(scope="module")
def shop() -> Document:
    return samples_measured.shop()


# --------------------------------------------------------------------------------------------------- places and labels


@pytest.mark.parametrize(
    ("path", "line", "shown"),
    [
        ("conftest.py", 3, "conftest.py:3"),
        ("conftest.py", 0, "conftest.py"),
        ("conftest.py", None, "conftest.py"),
        ("/home/ada/.venv/lib/python3.13/site-packages/pytest_mock/plugin.py", 600, "pytest_mock/plugin.py:600"),
        ("/usr/lib/python3/dist-packages/_pytest/tmpdir.py", 1, "_pytest/tmpdir.py:1"),
        (r"C:\py\Lib\site-packages\_pytest\tmpdir.py", 1, r"_pytest\tmpdir.py:1"),
        ("/srv/site-packages/", 1, "/srv/site-packages/:1"),
    ],
)
def test_places(path: str, line: int | None, shown: str) -> None:
    assert place(path, line) == shown


def test_a_fixture_is_called_by_its_name_and_by_more_where_others_have_it() -> None:
    ids = [
        "conftest.py::cart",
        "tests/conftest.py::cart",
        "tests/test_a.py::TestA::setUp",
        "tests/test_a.py::TestB::setUp",
        "tests/test_b.py::TestB::setUp",
        "tests/test_b.py::only",
        "a/test_c.py::db",
        "b/test_c.py::db#2",
    ]
    named = tuple(fixture(id_.rpartition("::")[2].partition("#")[0], id=id_) for id_ in ids)
    assert list(labels(named).values()) == [
        "conftest.py::cart",
        "tests/conftest.py::cart",
        "TestA::setUp",
        "test_a.py::TestB::setUp",
        "test_b.py::TestB::setUp",
        "only",
        "test_c.py::db",
        "test_c.py::db#2",
    ]


# ------------------------------------------------------------------------------------------------------------- finding


def test_the_finding_names_those_that_take_most(shop: Document) -> None:
    view = make_view(shop)
    assert view.costs is not None
    assert view.costs.leading == 2
    assert finding(view) == ("fixtures take 2.50 s of a full run; 2 of 4 take 99 % of that", ("cart", "prices"))


def test_where_many_take_most_the_first_five_are_named() -> None:
    fixtures = tuple(fixture(f"f{at}", usage=1, setups=10) for at in range(20))
    graph = samples.graph(fixtures=fixtures).annotated([measurement(f"f{at}", 0.1, 0.1) for at in range(20)])
    said, names = finding(make_view(from_graph(graph)))
    assert said == "fixtures take 22.0 s of a full run; 5 of 20 take 25 % of that"
    assert names == ("f0", "f1", "f10", "f11", "f12")


def test_where_nothing_that_is_used_could_be_measured() -> None:
    graph = samples.graph(fixtures=(fixture("f"),)).annotated([measurement("f", 0.1, 0.1)])
    assert finding(make_view(from_graph(graph))) == ("no fixture that a full run sets up could be measured", ())


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0.0, "0 %"), (0.0001, "< 1 %"), (0.01, "1 %"), (0.29, "29 %"), (0.999, "99 %"), (1.0, "100 %")],
)
def test_percent(share: float, shown: str) -> None:
    assert percent(share) == shown


# ------------------------------------------------------------------------------------------------------------- changes


def test_changes_have_the_numbers_of_their_advice_and_know_their_trials(shop: Document) -> None:
    view = make_view(shop, samples_measured.advice())
    assert [(row.number, row.advice.kind, row.trial and row.trial.verdict) for row in view.changes.rows] == [
        (1, "widen-scope", "proven"),
        (2, "drop-autouse", "refuted"),
        (3, "delete", None),
    ]
    assert view.changes.rows[2].fixtures == (("conftest.py::printer", "printer"), ("conftest.py::receipt", "receipt"))
    assert view.changes.rows[2].where == "conftest.py:40"


def test_what_changes_save_is_what_trials_saved_and_nothing_of_what_was_refuted(shop: Document) -> None:
    assert make_view(shop, samples_measured.advice()).changes.top_s == Range(low=0.9, likely=1.05, high=1.1)
    untried = msgspec.structs.replace(shop, trials=())
    together = make_view(untried, samples_measured.advice()).changes.top_s
    assert together is not None
    assert together.likely == pytest.approx(1.12)


@pytest.mark.parametrize(
    ("taken", "said"),
    [
        (slice(0), ""),
        (slice(1), "1 change saves about 1.05 s"),
        (slice(3), "1 change of 2 that are advised saves about 1.05 s"),
        (slice(2, 3), "1 change is advised"),
    ],
)
def test_the_promise(shop: Document, taken: slice, said: str) -> None:
    assert promise(make_view(shop, samples_measured.advice()[taken])) == said


def test_the_promise_of_many_changes_is_that_of_the_first(shop: Document) -> None:
    many = samples_measured.advice()[:1] * 9
    untried = msgspec.structs.replace(shop, trials=())
    assert promise(make_view(untried, many)) == "5 changes of 9 that are advised save about 5.50 s"


def test_advice_about_what_is_not_there_is_shown(shop: Document) -> None:
    (row,) = make_view(narrow(shop, "none"), samples_measured.advice()[:1]).changes.rows
    assert (row.fixtures, row.where) == ((("conftest.py::cart", "conftest.py::cart"),), None)


# ---------------------------------------------------------------------------------------------------------------- heat


def test_heat(shop: Document) -> None:
    heat = make_view(shop).heat
    assert heat.scopes == ("function", "session")
    assert [(row.category, row.together.fixtures, round(row.together.run_s or 0, 3)) for row in heat.rows] == [
        (None, 6, 2.497),
        ("data", 1, 0),
        ("server", 1, 0),
    ]
    assert [row.together.run_s for row in heat.rows[1:]] == [None, 0.0]  # one could not be measured, one is not used
    assert sum(cell.uses for row in heat.rows for cell in row.cells) == pytest.approx(1)
    assert heat.most_s == max(cell.run_s or 0 for row in heat.rows for cell in row.cells)


def test_heat_of_source_alone() -> None:
    heat = make_view(from_graph(samples.shop())).heat
    assert {cell.run_s for row in heat.rows for cell in row.cells} == {None}
    assert heat.most_s == 0


# ---------------------------------------------------------------------------------------------------------------- tree


@pytest.mark.parametrize("by", ["place", "scope", "category"])
def test_parts_sum_to_the_whole(shop: Document, by: Division) -> None:
    view = make_view(shop)
    assert view.costs is not None
    parts = make_tree(shop, view.costs, by)
    assert parts[0].seconds == pytest.approx(view.costs.run_s)
    for at, part in enumerate(parts):
        own = [one for one in parts if one.above == at]
        assert all(one.above < number for number, one in enumerate(parts))
        if own:
            assert sum(one.seconds for one in own) == pytest.approx(part.seconds)
            assert [one.seconds for one in own] == sorted((one.seconds for one in own), reverse=True)
        else:
            assert part.fixture is not None


def test_folders_that_hold_one_folder_are_one_part() -> None:
    places = ["a/b/c/conftest.py", "a/b/d/conftest.py", "conftest.py"]
    fixtures = tuple(fixture(f"f{at}", path=path, usage=1, setups=min(1 + at, 2)) for at, path in enumerate(places))
    mocker = fixture("mocker", usage=1, setups=9, origin="plugin", plugin="pytest-mock")
    graph = samples.graph(fixtures=(*fixtures, mocker)).annotated(
        [measurement(one.name, 0.1, 0.1) for one in (*fixtures, mocker)]
    )
    document = from_graph(graph)
    costs = make_view(document).costs
    assert costs is not None
    assert [(part.name, part.above) for part in make_tree(document, costs, "place")] == [
        ("", -1),
        ("pytest-mock", 0),
        ("mocker", 1),
        ("a/b/", 0),
        ("d/", 3),
        ("conftest.py", 4),
        ("f1", 5),
        ("c/", 3),
        ("conftest.py", 7),
        ("f0", 8),
        ("conftest.py", 0),
        ("f2", 10),
    ]


# ------------------------------------------------------------------------------------------------- network and details


def test_network(shop: Document) -> None:
    network = make_network(shop, make_view(shop).costs, None)
    assert [node.name for node in network.nodes[:4]] == ["cart", "prices", "no_proxy", "tmp_path"]
    assert network.links[0] == Link(0, 1, "prices", "argument", 2)
    assert network.left_out == 0


def test_a_small_network_holds_what_matters_with_its_neighbours() -> None:
    fixtures = tuple(fixture(f"f{at}", usage=1, setups=100 - at) for at in range(9))
    edges = tuple(
        Edge(source=f"conftest.py::f{a}", target=f"conftest.py::f{b}", name=f"f{b}", tests=b)
        for a, b in ((0, 5), (0, 6), (0, 7), (8, 0))
    )
    document = msgspec.structs.replace(from_graph(samples.graph(fixtures=fixtures)), edges=edges)
    network = make_network(document, None, 5)
    assert [node.name for node in network.nodes] == ["f0", "f7", "f6", "f8", "f1"]
    assert [(link.source, link.target) for link in network.links] == [(0, 2), (0, 1), (3, 0)]
    assert network.left_out == 4


def test_details(shop: Document) -> None:
    view = make_view(shop)
    details = {one.fixture.name: one for one in make_details(shop, view.graph, view.costs)}
    assert list(details)[:3] == ["cart", "prices", "no_proxy"]
    cart, prices = details["cart"], details["prices"]
    assert cart.needs == (Neighbour("conftest.py::prices", "prices", "argument", 2),)
    assert prices.needed_by == (Neighbour("conftest.py::cart", "prices", "argument", 2),)
    assert [step.target for step in prices.why_used] == ["conftest.py::cart", "conftest.py::prices"]
    assert (cart.users, cart.tests) == (2, ("tests/test_shop.py::test_empty", "tests/test_shop.py::test_full"))
    assert cart.recorded_s == pytest.approx(1.3)
    assert [one.param for one in cart.measurements] == ["empty", "full", "huge"]
    assert details["resource"].why_made == ("registered at conftest.py:36", "n=1 at conftest.py:33")
    assert details["printer"].why_unused.startswith("only 'receipt' asks for it")


def test_of_many_namesakes_some_are_named() -> None:
    fixtures = tuple(fixture("setUp", id=f"test_a.py::Test{at}::setUp") for at in range(30))
    document = from_graph(samples.graph(fixtures=fixtures))
    for detail in make_details(document, make_view(document).graph, None):
        assert len(detail.namesakes) == 10
        assert detail.fixture.id not in detail.namesakes
        assert detail.more_namesakes == 19


def test_details_of_a_narrowed_document(shop: Document) -> None:
    document = narrow(shop, "prices")
    view = make_view(document)
    (prices,) = make_details(document, view.graph, view.costs)
    assert prices.users == 2
    assert prices.needed_by == (Neighbour("conftest.py::cart", "prices", "argument", 2),)
