"""Two documents side by side: what is named, and above all what is not."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from fixturescope import cli, dump
from fixturescope.document import Document, from_graph
from fixturescope.errors import UsageError
from fixturescope.measure.visits import enough
from fixturescope.model import Bytes, Duration, Fixture, Measurement, Memory, Reading, Samples, Startup, StartupStep
from fixturescope.report import Options
from fixturescope.report.compare import Comparison, compare, failures
from fixturescope.report.compare_formats import RENDERERS, render_comparison
from fixturescope.report.noise import Pair, judge, run_noise
from tests import samples
from tests.report.test_markdown import rendered


def measurement(name: str, visits: Sequence[Sequence[float]], *, peak: int = 0) -> Measurement:
    flat = tuple(sample for visit in visits for sample in visit)
    own = Samples(median=sorted(flat)[len(flat) // 2], spread=0.0, samples=flat, visits=tuple(map(len, visits)))
    size = Bytes(own=peak, cumulative=peak)
    return Measurement(
        fixture=f"conftest.py::{name}",
        status="ok",
        setup_s=Duration(cold=flat[0], cold_cumulative=flat[0], own=own, cumulative=own),
        memory=Memory(peak=size, retained=Bytes(own=0, cumulative=0), leaked=size, allocations=1),
    )


class Machine:
    """One that is disturbed: every run is slower by a factor of its own, some visits by half, single samples by more."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def run(self, costs: dict[str, float]) -> Document:
        """Measure fixtures of known cost as ``measure`` does: with ``--visits 3``."""
        drift = self._random.uniform(0.9, 1.15)
        fixtures = tuple(samples.fixture(name, usage=3, setups=3) for name in costs)
        known = [measurement(name, self._visits(cost * drift)) for name, cost in costs.items()]
        return from_graph(samples.graph(fixtures).annotated(known))

    def _visits(self, seconds: float) -> list[list[float]]:
        visits: list[list[float]] = []
        while not enough(visits, least=3):
            burst = self._random.choice((1, 1, 1, self._random.uniform(1, 1.8)))
            one = [1, 1, 1, 1.5]
            visits.append(
                [seconds * burst * self._random.choice(one) * self._random.uniform(1, 1.04) for _ in range(5)]
            )
        return visits


COSTS = {f"f{number}": 0.001 * 1.5**number for number in range(10)}
"""Seconds of ten fixtures, from 1 ms to 38 ms."""


def test_on_a_disturbed_machine_hardly_anything_is_named_that_is_none_and_hardly_anything_missed() -> None:
    """A quarter of all processes is disturbed, by up to 80 %; a quarter of all samples by half."""
    alarms, found = 0, 0
    for seed in range(100):
        machine = Machine(seed)
        before, slower = machine.run(COSTS), f"f{seed % 10}"
        same = compare(before, machine.run(COSTS))
        alarms += bool(same.worse or same.better)
        planted = compare(before, machine.run({**COSTS, slower: COSTS[slower] * 1.3}))
        found += slower in [one.fixture.name for one in planted.worse if one.fixture]
    assert alarms <= 3
    assert found >= 90


def test_one_disturbed_visit_of_three_is_not_the_cost() -> None:
    calm, burst = (0.01,) * 5, (0.02,) * 5
    assert not judge(Pair((calm, calm, calm), (burst, calm, burst)), run_noise([]), 1).differs
    assert judge(Pair((calm, calm, calm), (burst, burst, burst)), run_noise([]), 1).differs


def test_the_drift_of_the_whole_run_is_taken_out() -> None:
    pairs = [Pair(((one,) * 5,), ((one * 1.5,) * 5,)) for one in COSTS.values()]
    noise = run_noise(pairs)
    assert noise.drift == pytest.approx(1.5)
    assert not any(judge(pair, noise, len(pairs)).differs for pair in pairs)


@pytest.mark.parametrize(
    ("old", "new", "differs"),
    [
        (0.010, 0.0108, False),  # less than LEAST_RATIO
        (20e-6, 90e-6, False),  # less than LEAST_S
        (0.010, 0.020, True),
        (0.020, 0.010, True),
    ],
)
def test_least_differences(old: float, new: float, differs: bool) -> None:
    assert judge(Pair(((old,) * 5,), ((new,) * 5,)), run_noise([]), 1).differs is differs


# ------------------------------------------------------------------------------------------------------------- fixtures


def document(*fixtures: Fixture, readings: tuple[Reading, ...] = (), known: tuple[Measurement, ...] = ()) -> Document:
    return from_graph(samples.graph(fixtures).annotated(known).with_readings(readings))


def reading(name: str, digest: str) -> Reading:
    return Reading(fixture=f"conftest.py::{name}", digest=digest)


def test_what_came_and_what_went() -> None:
    old = document(samples.fixture("kept", usage=1), samples.fixture("gone", line=5), samples.fixture("dull", usage=2))
    new = document(
        samples.fixture("kept", scope="session", usage=4, autouse=True),
        samples.fixture("came", line=9, doc="New."),
        samples.fixture("dull", usage=0, unused="certain"),
    )
    found = compare(old, new)
    assert [one.name for one in found.added] == ["came"]
    assert [one.name for one in found.removed] == ["gone"]
    assert [one.name for one in found.new_unused] == ["dull"]
    assert [(one.fixture.name, one.field, one.old, one.new) for one in found.fields] == [
        ("dull", "usage", "2", "0"),
        ("kept", "scope", "function", "session"),
        ("kept", "autouse", "no", "yes"),
        ("kept", "usage", "1", "4"),
    ]
    assert [one.name for one in compare(new, old).used_again] == ["dull"]


@pytest.mark.parametrize(
    ("old", "new", "renamed"),
    [
        ({"db": "x"}, {"database": "x"}, True),
        ({"db": "x"}, {"database": "y"}, False),
        ({"db": "x"}, {"one": "x", "two": "x"}, False),  # which of them?
        ({"one": "x", "two": "x"}, {"db": "x"}, False),
    ],
)
def test_renamed_means_the_same_body_and_no_doubt(old: dict[str, str], new: dict[str, str], renamed: bool) -> None:
    documents = [
        document(*(samples.fixture(name) for name in bodies), readings=tuple(reading(*body) for body in bodies.items()))
        for bodies in (old, new)
    ]
    found = compare(*documents)
    assert bool(found.renamed) is renamed
    assert bool(found.added) is not renamed


def test_moved_into_another_file() -> None:
    old = document(samples.fixture("db", doc="A database."))
    new = document(samples.fixture("db", id="tests/conftest.py::db", path="tests/conftest.py", doc="A database."))
    assert [(one.old.id, one.new.id) for one in compare(old, new).renamed] == [
        ("conftest.py::db", "tests/conftest.py::db")
    ]


def test_costs_follow_a_renamed_fixture() -> None:
    old = document(
        samples.fixture("db"), readings=(reading("db", "x"),), known=(measurement("db", [(0.1,) * 5], peak=1 << 20),)
    )
    new = document(
        samples.fixture("data"),
        readings=(reading("data", "x"),),
        known=(measurement("data", [(0.3,) * 5], peak=1 << 22),),
    )
    assert [(one.what, one.ratio) for one in compare(old, new).worse] == [
        ("peak memory", pytest.approx(4.0)),
        ("set-up and teardown", pytest.approx(3.0)),
    ]


@pytest.mark.parametrize(
    ("size", "named"), [(1 << 20, False), ((1 << 20) + (70 << 10), True), ((1 << 20) - (70 << 10), True)]
)
def test_bytes_differ_beyond_64_kib_and_five_percent(size: int, named: bool) -> None:
    both = [
        document(samples.fixture("db"), known=(measurement("db", [(0.1,) * 5], peak=peak),)) for peak in (1 << 20, size)
    ]
    found = compare(*both)
    assert bool(found.worse or found.better) is named


def started(wall: float) -> Document:
    steps = (StartupStep(name="plugins", wall_s=wall, samples=(wall, wall * 1.01, wall * 1.02)),)
    return replace(document(samples.fixture("db")), startup=Startup(steps=steps))


def test_startup() -> None:
    assert [(one.what, one.label) for one in compare(started(1.0), started(2.0)).worse] == [("startup", "plugins")]
    assert compare(started(1.0), started(1.05)).worse == ()


# ---------------------------------------------------------------------------------------------------------------- gates


def both_worse() -> Comparison:
    old = document(samples.fixture("db", usage=1, setups=1), known=(measurement("db", [(0.1,) * 5], peak=1 << 20),))
    new = document(
        samples.fixture("db", usage=1, setups=1, scope="module"),
        samples.fixture("old", unused="certain"),
        known=(measurement("db", [(0.2,) * 5], peak=1 << 21),),
    )
    return compare(old, new)


@pytest.mark.parametrize(
    ("gate", "reasons"),
    [
        ("time>10%", ("time>10%: set-up and teardown of conftest.py::db, 2.00 ×",)),
        ("time > 150 %", ()),
        ("total>10%", ("total>10%: all fixtures together, 2.00 ×",)),
        ("memory>50%", ("memory>50%: peak memory of conftest.py::db, 2.00 ×",)),
        ("startup>1%", ()),
        ("new-unused", ("new-unused: conftest.py::old",)),
        ("added", ("added: conftest.py::old",)),
        ("removed", ()),
        ("scope", ("scope: conftest.py::db, function → module",)),
    ],
)
def test_gates(gate: str, reasons: tuple[str, ...]) -> None:
    assert failures(both_worse(), [gate]) == reasons


@pytest.mark.parametrize("gate", ["speed>1%", "time", "time>10", "new-unused>5%", ""])
def test_unknown_gates(gate: str) -> None:
    with pytest.raises(UsageError, match="there is no gate"):
        failures(both_worse(), [gate])


# -------------------------------------------------------------------------------------------------------------- formats


@pytest.mark.parametrize("format_", RENDERERS)
def test_every_format_says_the_same(format_: str) -> None:
    said = render_comparison(both_worse(), format_, Options())
    for word in ("db", "old", "peak memory", "set-up and teardown"):
        assert word in said


def test_the_terminal_begins_with_the_answer() -> None:
    said = render_comparison(both_worse(), "terminal", Options()).splitlines()
    assert said[0] == "1 slower, 1 heavier of 1 measured; a full run: 100 ms → 200 ms"
    assert said[2:5] == [
        "Slower or heavier (2)",
        "  fixture  what                 old       new       ×     noise allows  where",
        "  db       peak memory          1.00 MiB  2.00 MiB  2.00  exact         conftest.py:1",
    ]
    same = document(samples.fixture("db"))
    assert render_comparison(compare(same, same), "terminal", Options()).splitlines()[0] == (
        "fixtures: the same; no costs to compare"
    )


def test_json_and_csv_are_read_by_programs() -> None:
    data = json.loads(render_comparison(both_worse(), "json", Options()))
    assert data["worse"][0]["fixture"]["name"] == "db"
    rows = list(csv.DictReader(io.StringIO(render_comparison(both_worse(), "csv", Options()))))
    assert [(row["table"], row["fixture"], row["ratio"]) for row in rows][:2] == [
        ("Slower or heavier", "db", "2.00"),
        ("Slower or heavier", "db", "2.00"),
    ]


@pytest.mark.parametrize("format_", RENDERERS)
def test_hostile_names_do_no_harm(format_: str) -> None:
    empty = from_graph(samples.graph())
    evil = from_graph(samples.graph((samples.fixture("=1+1"), *samples.hostile().fixtures)))
    said = render_comparison(compare(empty, evil), format_, Options())
    assert all(one.isprintable() or one == "\n" for one in said) or format_ == "json"
    if format_ == "markdown":
        tags = {
            "p",
            "strong",
            "h3",
            "table",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
            "code",
            "details",
            "summary",
            "ul",
            "li",
        }
        assert rendered(said, "markdown-it").tags <= tags
        assert rendered(said, "cmark-gfm").tags <= tags
    else:
        assert ("</script>" in said) is (format_ in ("terminal", "json", "csv"))
    assert format_ != "csv" or "'=1+1" in said


# --------------------------------------------------------------------------------------------------------- command line


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = document(samples.fixture("db", usage=1))
    new = document(samples.fixture("db", usage=0, unused="certain"))
    for name, one in (("old.json", old), ("new.json", new)):
        (tmp_path / name).write_bytes(dump(one))
    files = [str(tmp_path / "old.json"), str(tmp_path / "new.json")]
    assert cli.main(["compare", *files]) == 0
    assert capsys.readouterr().out.startswith("fixtures: 1 newly unused; no costs to compare\n")
    assert cli.main(["compare", *files, "--fail-on", "new-unused,time>10%"]) == 1
    assert capsys.readouterr().err == "failed: new-unused: conftest.py::db\n"
    assert cli.main(["compare", *files, "--format", "dot"]) == 2
    assert cli.main(["compare", *files[:1], str(tmp_path)]) == 2
