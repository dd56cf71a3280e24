"""The ranking: by hand for each lens, and what holds for any suite."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from fixturescope import cli, dump
from fixturescope.document import from_graph
from fixturescope.errors import UsageError
from fixturescope.graph import FixtureGraph
from fixturescope.model import Bytes, Duration, GpuMemory, Measurement, Memory, Samples, Test
from fixturescope.report import Options
from fixturescope.report.rank import LENSES, Lens, Ranked, Ranking, imports_anew, rank
from fixturescope.report.rank_text import render_ranking
from tests import samples

MIB = 1 << 20


def measured(
    name: str,
    cold: float,
    warm: float | None = None,
    *,
    needs: float = 0.0,
    peak: int = 0,
    retained: int = 0,
    gpu: int | None = None,
    spread: float = 0.0,
    param: str | None = None,
) -> Measurement:
    """A measurement of ``conftest.py::name``; its warm samples lie ``spread`` (relative) around the median."""
    middle = cold if warm is None else warm
    own = Samples(
        median=middle, spread=spread, samples=(middle * (1 - spread), middle, middle, middle, middle * (1 + spread))
    )
    wide = Samples(
        median=middle,
        spread=2 * spread,
        samples=(middle * (1 - spread),) * 2 + (middle,) + (middle * (1 + spread),) * 2,
    )
    return Measurement(
        fixture=f"conftest.py::{name}",
        param=param,
        status="ok",
        setup_s=Duration(cold=cold, cold_cumulative=cold + needs, own=wide if spread else own, cumulative=own),
        memory=Memory(
            peak=Bytes(own=peak, cumulative=peak),
            retained=Bytes(own=retained, cumulative=retained),
            leaked=Bytes(own=0, cumulative=0),
            allocations=1,
        ),
        gpu=None if gpu is None else (GpuMemory(device="torch:cuda:0", allocated=gpu, peak=gpu),),
    )


def closures_of(*closures: tuple[str, int]) -> tuple[Test, ...]:
    """Tests in modules ``test_0.py``, ``test_1.py``, …: names that each asks for, and its items."""
    return tuple(
        samples.test(
            f"test_{number}",
            id=f"test_{number}.py::test_{number}",
            path=f"test_{number}.py",
            items=items,
            closure={name: f"conftest.py::{name}" for name in names.split()},
        )
        for number, (names, items) in enumerate(closures)
    )


def suite() -> FixtureGraph:
    """Ten fixtures of a suite with 100 items: through each lens, another one is the winner."""
    suite_tests = closures_of(
        ("client db settings clock cache", 60),
        ("client db model settings", 20),
        ("db settings gpu_model", 10),
        ("settings", 10),
    )
    fixtures = (
        samples.fixture("client", usage=80, setups=80),
        samples.fixture("db", scope="module", usage=90, setups=3),
        samples.fixture("settings", scope="session", usage=100, setups=1),
        samples.fixture("model", scope="session", usage=20, setups=1),
        samples.fixture("gpu_model", scope="module", usage=10, setups=1),
        samples.fixture("clock", usage=60, setups=60),
        samples.fixture("cache", scope="class", usage=60, setups=60),
        samples.fixture("old", usage=0, setups=0, unused="certain"),
        samples.fixture("secrets", scope="session", usage=30, setups=1),
        samples.fixture("broken", usage=5, setups=5),
    )
    measurements = (
        measured("client", 0.06, 0.05, needs=0.94, peak=3 * MIB, retained=MIB),
        measured("db", 0.9, 0.2, peak=10 * MIB, retained=8 * MIB),
        measured("settings", 2.0, 1.95, peak=2 * MIB, retained=2 * MIB),
        measured("model", 1.5, 1.42, needs=2.0, peak=500 * MIB, retained=400 * MIB),
        measured("gpu_model", 1.0, 0.97, gpu=1000 * MIB),
        measured("clock", 0.0001),
        measured("cache", 0.002),
        measured("old", 9.0),
    )
    return samples.graph(fixtures, suite_tests).annotated(measurements)


def names(ranking: Ranking) -> list[str]:
    return [row.fixture.name for row in ranking.rows]


@pytest.mark.parametrize(
    ("lens", "order", "winner"),
    [
        ("run", "client settings model db gpu_model cache clock old", {"setups": 80, "firsts": 1, "cold": 0.06, "warm": 0.05, "anew": 1}),
        ("inner-loop", "settings db client model gpu_model cache clock old", {"usage": 100, "items": 100, "cold cumulative": 2.0}),
        ("memory", "model db client settings cache clock gpu_model old", {"held": 100, "retained": 400 * MIB, "setups": 1, "peak": 500 * MIB, "items": 100}),
        ("gpu", "gpu_model", {"held": 10, "allocated": 1000 * MIB, "setups": 1, "peak": 1000 * MIB, "items": 100}),
        ("startup", "db model settings gpu_model client cache clock old", {"firsts": 1, "cold": 0.9, "warm": 0.2, "anew": 1}),
    ],
)  # fmt: skip
def test_each_lens_has_its_own_order(lens: Lens, order: str, winner: dict[str, float]) -> None:
    ranking = rank(suite(), lens)
    assert " ".join(names(ranking)) == order
    assert dict(ranking.rows[0].factors) == pytest.approx(winner)


def row(lens: Lens, name: str, **options: Any) -> Ranked:
    return next(one for one in rank(suite(), lens, **options).rows if one.fixture.name == name)


@pytest.mark.parametrize(
    ("lens", "name", "workers", "usage", "scope", "cost", "impact"),
    [
        ("run", "client", 1, 80, 1.0, 4.01 / 80, 0.06 + 79 * 0.05),
        ("run", "db", 1, 90, 3 / 90, 1.3 / 3, 0.9 + 2 * 0.2),
        ("run", "settings", 1, 100, 1 / 100, 2.0, 2.0),
        ("run", "settings", 4, 100, 4 / 100, 2.0, 8.0),
        ("run", "client", 4, 80, 1.0, 4.04 / 80, 4 * 0.06 + 76 * 0.05),
        ("run", "old", 1, 0, 0.0, 9.0, 0.0),
        ("inner-loop", "model", 1, 20, 1 / 100, 3.5, 0.7),
        ("memory", "client", 1, 80, 1 / 100, 3 * MIB, 80 * 3 * MIB / 100),
        ("memory", "db", 1, 90, 0.0082, 10 * MIB, (90 * 8 + 3 * 2) * MIB / 100),
        ("startup", "settings", 4, 100, 4 / 100, 0.05, 4 * 0.05),
    ],
)
def test_rows_carry_their_factors(
    lens: Lens, name: str, workers: int, usage: int, scope: float, cost: float, impact: float
) -> None:
    """Usage × scope × cost, each as a person would reckon it."""
    one = row(lens, name, workers=workers)
    assert (one.usage, one.scope, one.cost, one.impact) == pytest.approx((usage, scope, cost, impact), rel=2e-2)
    assert one.usage * one.scope * one.cost == pytest.approx(one.impact)


def test_what_is_not_measured_stands_by_itself_by_setups() -> None:
    assert [one.name for one in rank(suite()).unmeasured] == ["broken", "secrets"]
    assert [one.name for one in rank(suite(), "gpu").unmeasured] == [
        "client", "cache", "clock", "broken", "db", "model", "secrets", "settings",
    ]  # fmt: skip


def test_ties_are_in_the_order_of_ids() -> None:
    fixtures = tuple(samples.fixture(name, usage=1, setups=1) for name in "bca")
    graph = samples.graph(fixtures, closures_of(("a b c", 1))).annotated([measured(name, 1.0) for name in "cab"])
    assert names(rank(graph)) == ["a", "b", "c"]


def test_rows_whose_order_is_not_certain_share_their_places() -> None:
    fixtures = tuple(samples.fixture(name, usage=10, setups=10) for name in ("far", "one", "two", "low"))
    known = (
        measured("far", 9.0),
        measured("one", 1.0, spread=0.2),
        measured("two", 1.1, spread=0.2),
        measured("low", 0.1),
    )
    graph = samples.graph(fixtures, closures_of(("far one two low", 10))).annotated(known)
    assert [(row.fixture.name, row.best, row.worst) for row in rank(graph).rows] == [
        ("far", 1, 1),
        ("two", 2, 3),
        ("one", 2, 3),
        ("low", 4, 4),
    ]


def test_parameters_are_added_up() -> None:
    fixtures = (samples.fixture("db", scope="session", usage=8, setups=2, params=2),)
    known = (measured("db", 1.0, param="sqlite"), measured("db", 3.0, param="postgres"))
    (one,) = rank(samples.graph(fixtures, closures_of(("db", 8))).annotated(known)).rows
    assert (one.impact, one.cost, one.scope) == pytest.approx((4.0, 2.0, 0.25))


@pytest.mark.parametrize(
    ("scope", "held"), [("function", 4), ("class", 7), ("module", 9), ("package", 13), ("session", 20)]
)
def test_how_long_a_fixture_is_held(scope: Any, held: int) -> None:
    """Items that run while it is set up: with a wider scope, those of others beside it, too."""
    where = [("a/test_x.py", "TestA", "it", 4), ("a/test_x.py", "TestA", "", 3), ("a/test_x.py", "", "", 2), ("a/b/test_y.py", "", "", 4), ("test_z.py", "", "", 7)]  # fmt: skip
    suite_tests = tuple(
        samples.test(
            f"t{n}", id=f"{n}", path=path, cls=cls, items=items, closure={"it": "conftest.py::it"} if use else {}
        )
        for n, (path, cls, use, items) in enumerate(where)
    )
    fixture = samples.fixture("it", scope=scope, usage=4, setups=4 if scope == "function" else 1)
    graph = samples.graph((fixture,), suite_tests).annotated([measured("it", 1.0, retained=100, peak=100)])
    (one,) = rank(graph, "memory").rows
    assert dict(one.factors)["held"] == held


def test_a_document_and_its_graph_rank_alike() -> None:
    for lens in get_args(Lens):
        assert rank(from_graph(suite()), lens) == rank(suite(), lens)
    assert set(LENSES) == set(get_args(Lens))


def test_unknown_lens_and_no_workers() -> None:
    with pytest.raises(UsageError, match="there is no lens 'speed'"):
        rank(suite(), "speed")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="0 workers"):
        rank(suite(), workers=0)


COSTS = st.floats(0.001, 10)


@given(
    costs=st.lists(st.tuples(COSTS, COSTS, st.integers(1, 50), st.integers(0, 10**6)), min_size=2, max_size=6),
    which=st.integers(0, 5),
    what=st.sampled_from(["cost", "usage", "setups"]),
    lens=st.sampled_from(get_args(Lens)[:3]),
)
@settings(max_examples=150, deadline=None)
def test_more_of_anything_never_lowers_a_place(
    costs: list[tuple[float, float, int, int]], which: int, what: str, lens: Lens
) -> None:
    which %= len(costs)

    def place(factor: int) -> int:
        by = {name: factor if name == what else 1 for name in ("cost", "usage", "setups")}
        fixtures, known = [], []
        for number, (cold, warm, uses, size) in enumerate(costs):
            more = by if number == which else dict.fromkeys(by, 1)
            fixtures.append(samples.fixture(f"f{number}", usage=uses * more["usage"], setups=uses * more["setups"]))
            dear, bytes_ = more["cost"], size * more["cost"]
            known.append(measured(f"f{number}", cold * dear, warm * dear, peak=bytes_, retained=bytes_ // 2))
        ranking = rank(samples.graph(tuple(fixtures), closures_of(("", 1000))).annotated(known), lens)
        return names(ranking).index(f"f{which}")

    assert place(2) <= place(1)


def test_fewer_setups_than_parameters_pay_a_part_of_each() -> None:
    fixtures = (samples.fixture("db", scope="session", usage=1, setups=1, params=2),)
    known = (measured("db", 1.0, param="a"), measured("db", 3.0, param="b"))
    (one,) = rank(samples.graph(fixtures, closures_of(("db", 1))).annotated(known)).rows
    assert one.impact == pytest.approx(2.0)


def test_an_import_is_paid_once_by_whoever_comes_first() -> None:
    """Each was measured in a process of its own, and imported the engine there; a run imports it for ``late``."""
    fixtures = tuple(samples.fixture(name, usage=2, setups=2) for name in ("early", "late", "last", "unused"))
    fixtures = (*fixtures[:3], replace(fixtures[3], usage=0, setups=0))
    modules = {"early": (), "late": ("engine", "engine.core"), "last": ("engine", "extra"), "unused": ("extra",)}
    known = [replace(measured(name, 1.0, 0.1), modules_imported=names_) for name, names_ in modules.items()]
    graph = samples.graph(fixtures, closures_of(("early late", 1), ("early late last", 1))).annotated(known)
    assert imports_anew(graph) == {
        ("conftest.py::early", None): 1.0,
        ("conftest.py::late", None): 1.0,
        ("conftest.py::last", None): 0.5,
        ("conftest.py::unused", None): 0.0,
    }
    assert {row.fixture.name: row.impact for row in rank(graph).rows} == pytest.approx(
        {"early": 1.1, "late": 1.1, "last": 0.65, "unused": 0.0}
    )


def test_text() -> None:
    lines = render_ranking(rank(suite(), workers=4), Options()).splitlines()
    assert lines[0] == "Fixtures by run, 4 workers (8)"
    assert re.split(r"  +", lines[2].strip()) == [
        *("place", "name", "scope", "impact", "noise allows", "setups", "firsts", "cold", "warm", "anew", "where")
    ]
    assert re.split(r"  +", lines[3].strip()) == [
        *("1", "settings", "session", "8.00 s", "4", "4", "2.00 s", "1.95 s", "100%", "conftest.py:1")
    ]  # fmt: skip
    assert lines[-2:] == ["Not measured, by set-ups (2)", "  broken (5), secrets (1)"]


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "document.json"
    file.write_bytes(dump(from_graph(suite())))
    assert cli.main(["rank", str(file), "--lens", "memory"]) == 0
    assert capsys.readouterr().out.startswith("Fixtures by memory (8)\n")
    assert cli.main(["rank", str(file), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"][0]["fixture"]["name"] == "client"
    assert cli.main(["rank", str(file), "--lens", "speed"]) == 2
    assert capsys.readouterr().err.startswith("error: there is no lens 'speed'\nhint: one of: run, inner-loop")
