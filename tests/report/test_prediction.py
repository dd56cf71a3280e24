"""What is predicted beside what was recorded: exact sums, ranks with ties, and what has no prediction."""

from __future__ import annotations

import pytest

from fixturescope.document import from_graph
from fixturescope.model import Duration, Measurement, Recorded, Samples, Total
from fixturescope.report import Options, render
from fixturescope.report.prediction import predict, spearman
from tests import samples


def measurement(name: str, cold: float, warm: float, param: str | None = None) -> Measurement:
    def duration(share: float) -> Duration:
        own = Samples(median=warm * share, spread=0.0, samples=(warm * share,))
        return Duration(cold=cold * share, cold_cumulative=cold * share, own=own, cumulative=own)

    return Measurement(
        fixture=f"conftest.py::{name}", param=param, status="ok", setup_s=duration(1.0), teardown_s=duration(0.5)
    )


def record(name: str, setups: int, seconds: float, param: str | None = None) -> Recorded:
    return Recorded(
        fixture=f"conftest.py::{name}",
        param=param,
        setups=setups,
        setup_s=Total(own=seconds * 0.75, cumulative=9.0),
        teardown_s=Total(own=seconds * 0.25, cumulative=9.0),
    )


GRAPH = samples.graph(
    fixtures=(
        samples.fixture("db", scope="session", usage=4, setups=1),
        samples.fixture("user", line=2, usage=4, setups=4),
        samples.fixture("kind", line=3, usage=4, setups=8, params=2),
        samples.fixture("broken", line=4, usage=1, setups=1),
        samples.fixture("cheap", line=5, usage=1, setups=1),
        samples.fixture("not_run", line=6, usage=1, setups=1),
    )
).annotated(
    [
        measurement("db", 2.0, 1.0),
        measurement("user", 0.4, 0.2),
        measurement("kind", 0.1, 0.02, "a"),
        measurement("kind", 0.1, 0.04, "b"),
        Measurement(fixture="conftest.py::broken", status="error", reason="ValueError: no"),
        measurement("cheap", 0.0002, 0.0001),
        measurement("not_run", 1.0, 1.0),
    ],
    recorded=[
        record("db", 1, 3.5),
        record("user", 2, 1.0),
        record("kind", 4, 0.3, "a"),
        record("kind", 4, 0.2, "b"),
        record("broken", 1, 0.25),
        record("cheap", 1, 0.0004),
    ],
)


def test_each_fixture() -> None:
    found = predict(from_graph(GRAPH))
    rows = {row.fixture.name: (row.setups, row.recorded_s, row.predicted_s, row.replayed_s) for row in found.rows}
    assert list(rows) == ["db", "user", "kind", "cheap"]
    assert rows["db"] == pytest.approx((1, 3.5, 3.0, 3.0))
    assert rows["user"] == pytest.approx((2, 1.0, 1.5 * (0.4 + 3 * 0.2), 1.5 * (0.4 + 0.2)))
    kind = 1.5 * (0.1 + 3 * 0.02 + 0.1 + 3 * 0.04)
    assert rows["kind"] == pytest.approx((8, 0.5, kind, kind))


def test_the_whole_suite() -> None:
    found = predict(from_graph(GRAPH))
    assert found.recorded_s == pytest.approx(5.0004)
    assert found.predicted_s == pytest.approx(3.0 + 1.5 + 0.57 + 0.0003)
    assert found.predicted.ratio == pytest.approx(5.0703 / 5.0004)
    assert found.replayed.ratio == pytest.approx(4.4703 / 5.0004)
    assert found.ranked == 3
    assert found.predicted.rank == pytest.approx(1.0)
    assert found.unmeasured == ("conftest.py::broken",)
    assert found.unmeasured_s == pytest.approx(0.25)


def test_nothing_measured_is_nothing_predicted() -> None:
    found = predict(from_graph(GRAPH.annotated([], recorded=GRAPH.recorded)))
    assert (found.rows, found.predicted.ratio, found.predicted.rank) == ((), None, None)
    assert found.unmeasured_s == pytest.approx(5.2504)


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ([1, 2, 3], [10, 20, 90], 1.0),
        ([1, 2, 3], [3, 2, 1], -1.0),
        ([1, 2, 2, 4], [1, 2, 3, 4], 0.9486832980505138),
        ([5, 5, 5], [1, 2, 3], None),
        ([1], [1], None),
        ([], [], None),
    ],
)
def test_rank_correlation(ours: list[float], theirs: list[float], expected: float | None) -> None:
    found = spearman(ours, theirs)
    assert found == (expected if expected is None else pytest.approx(expected))


def section(*, verbose: bool) -> list[str]:
    lines = render(from_graph(GRAPH), "terminal", Options(verbose=verbose)).splitlines()
    at = lines.index("Recorded in a run of the suite (5)")
    return lines[at : lines.index("", at)]


def test_the_report_shows_both_sums() -> None:
    assert section(verbose=False) == [
        "Recorded in a run of the suite (5)",
        "  5.25 s in all set-ups and teardowns of that run",
        (
            "  measured by themselves: 5.07 s predicted for the 5.00 s of those that were, 101%,"
            " rank correlation 1.000 over 3 fixtures above 1.00 ms"
        ),
        "  with the set-ups that there were: 4.47 s, 89%, rank correlation 1.000 over 3 fixtures above 1.00 ms",
        "  not measured by themselves: 1, 250 ms of that run",
    ]


def test_the_report_shows_each_fixture_where_more_is_asked_for() -> None:
    head, *rows = section(verbose=True)[1:6]
    assert head.split() == ["name", "scope", "expected", "set", "up", "recorded", "predicted", "of", "it", "where"]
    assert rows[0].split() == ["db", "session", "1", "1", "3.50", "s", "3.00", "s", "86%", "conftest.py:1"]
    assert [row.split()[0] for row in rows] == ["db", "user", "kind", "cheap"]
