"""What is planned of what pytest has collected."""

from __future__ import annotations

from pathlib import Path

import fixturescope
from fixturescope.document import from_graph
from fixturescope.graph import FixtureGraph
from fixturescope.measure import wire
from fixturescope.measure.plan import Plan, Selection, make_plan
from fixturescope.model import Measurement
from fixturescope.report import render
from tests.measure.helpers import by_name, definition, measured, write

DYNAMIC = {
    "pytest.ini": "[pytest]\ntestpaths = tests\n",
    "conftest.py": """
        import pytest

        def wide(fixture_name, config):
            return {"server": "session", "page": "module", "case": "class"}[fixture_name]

        @pytest.fixture(scope=wide)
        def server():
            return 1

        @pytest.fixture(scope=wide, params=[1, 2])
        def page(request):
            return request.param

        @pytest.fixture(scope=wide)
        def case():
            return 1
    """,
    "tests/test_one.py": """
        import pytest

        class TestIt:
            def test_a(self, server, page, case): pass
            def test_b(self, server, page, case): pass

        @pytest.mark.parametrize("n", range(3))
        def test_c(server, case, n): pass
    """,
    "tests/test_two.py": "def test_d(server, page): pass\n",
}


def test_the_scope_that_a_function_decides_is_known_once_pytest_has_run(tmp_path: Path) -> None:
    suite = write(tmp_path / "suite", DYNAMIC)
    graph = measured(suite, tmp_path / "run", name="[!c]*", memory=False, startup=False, least=1, most=1)
    found = {one.name: (one.scope, one.scope_is, one.setups) for one in graph.fixtures if one.path == "conftest.py"}
    # two modules with two parameters each; one class and three items outside of one
    assert found == {
        "server": ("session", "dynamic", 1),
        "page": ("module", "dynamic", 4),
        "case": ("class", "dynamic", 4),
    }
    assert {name: one.status for name, one in by_name(graph).items()} == {
        "server": "ok",
        "page[1]": "ok",
        "page[2]": "ok",
    }
    assert "conftest.py::server: its scope is decided while pytest runs; here it is session" in graph.measured


def planned(suite: Path, selection: Selection, **carriers: int) -> tuple[FixtureGraph, Plan]:
    """Plan for fixtures of a conftest.py, each on its line and with so many parameters."""
    lines = [
        f"@pytest.fixture(params=range({number}))\ndef {name}(request): pass\n" for name, number in carriers.items()
    ]
    write(suite, {"conftest.py": "import pytest\n" + "".join(lines)})
    (suite / "test_it.py").write_text("".join(f"def test_{name}({name}): pass\n" for name in carriers), "utf-8")
    graph = fixturescope.analyze(suite, cache=False)
    definitions = tuple(
        definition(
            name,
            file=str(suite / "conftest.py"),
            line=3 + 2 * at,
            carriers=tuple(wire.Carrier(str(n), f"test_it.py::test_{name}", number=n) for n in range(number)),
        )
        for at, (name, number) in enumerate(carriers.items())
    )
    return graph, make_plan(graph, wire.Inventory(1, definitions, (), None), selection)


def test_parameters_that_are_left_out_are_counted_in_the_answer(tmp_path: Path) -> None:
    graph, plan = planned(tmp_path, Selection(most_params=2), a=2, b=3, c=12)
    note = "not measured: 11 parameters beyond the first 2 of a fixture (--max-params): c has 12, b has 3"
    assert plan.notes == (note,)
    assert len(plan.targets) == 6
    failed = Measurement(fixture=plan.targets[0].fixture, status="skipped", reason="not today")
    answer = render(from_graph(graph.annotated((failed,), measured=("one way", note))))
    assert f"  {note}\n" in answer
    assert "one way" not in answer


def test_of_many_fixtures_with_parameters_left_out_some_are_named(tmp_path: Path) -> None:
    _, plan = planned(tmp_path, Selection(most_params=1), **dict.fromkeys("abcdefg", 2))
    assert plan.notes[0].endswith("(--max-params): a has 2, b has 2, c has 2, d has 2, e has 2, 2 more fixtures")


def test_fixtures_that_are_left_out_are_counted(tmp_path: Path) -> None:
    _, plan = planned(tmp_path, Selection(most=1, most_params=2), a=2, b=3, c=1)
    assert plan.notes[0] == "not measured: 2 of 3 fixtures (--max-fixtures 1)"
