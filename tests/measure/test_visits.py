"""How often a fixture is timed."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixturescope.measure.visits import MOST, enough
from tests.measure.helpers import by_name, measured, write

CALM, BUSY, BUSIER = (0.010, 0.011, 0.010), (0.015, 0.016, 0.015), (0.020, 0.021, 0.020)


@pytest.mark.parametrize(
    ("visits", "believed"),
    [
        ([CALM], False),
        ([CALM, CALM], False),
        ([CALM, CALM, CALM], True),
        ([CALM, BUSY, CALM], False),
        ([CALM, BUSY, CALM, BUSIER, CALM], True),
        ([BUSY, BUSY, CALM], False),  # the lowest of all is what counts, and it is alone
        ([BUSY, BUSIER] * (MOST // 2), True),  # there is no more to be learnt
        ([(10e-6,), (14e-6,), (18e-6,)], True),  # nobody acts on so little
        ([(0.5, 0.6)], True),  # long against what disturbs it
    ],
)
def test_visits_that_agree_are_believed(visits: list[tuple[float, ...]], believed: bool) -> None:
    assert enough(visits, least=3) is believed


def test_samples_say_which_process_took_them(tmp_path: Path) -> None:
    suite = write(
        tmp_path / "suite",
        {
            "conftest.py": """
                import time, pytest
                @pytest.fixture
                def naps():
                    time.sleep(0.005)
                    yield
                @pytest.fixture
                def fails():
                    raise ValueError
            """,
            "test_it.py": "def test_it(naps): pass\ndef test_no(fails): pass\n",
        },
    )
    found = by_name(measured(suite, tmp_path / "scratch", memory=False, visits=3, startup=False))
    setup = found["naps"].setup_s
    assert setup is not None
    assert len(setup.own.visits) >= 3
    assert sum(setup.own.visits) == len(setup.own.samples)
    assert len(setup.colds) == len(setup.own.visits)
    assert min(setup.colds) <= setup.cold <= max(setup.colds)
    assert all(sample >= 0.005 for visit in setup.own.by_visit for sample in visit)
    assert found["fails"].status == "error"


FREEZING = """
    import sys, time, types
    import pytest

    REAL = {getattr(time, name) for name in ("time", "time_ns", "monotonic", "perf_counter", "perf_counter_ns")}

    @pytest.fixture(autouse=True)
    def freeze():
        "What freezegun does: wherever a module has a function that tells the time, under whatever name, another is put."
        undo = []
        for module in [one for one in sys.modules.values() if isinstance(one, types.ModuleType)]:
            for name, value in list(vars(module).items()):
                if isinstance(value, types.BuiltinFunctionType) and value in REAL:
                    undo.append((module, name, value))
                    setattr(module, name, lambda: -1_000_000_000)
        yield
        for module, name, value in undo:
            setattr(module, name, value)

    @pytest.fixture
    def naps():
        time.sleep(0.01)
"""


def test_a_fixture_that_stops_the_clock_stops_none_of_ours(tmp_path: Path) -> None:
    suite = write(tmp_path / "suite", {"conftest.py": FREEZING, "test_it.py": "def test_it(naps): pass\n"})
    found = by_name(measured(suite, tmp_path / "scratch", memory=False, startup=False))
    for name, least in (("naps", 0.01), ("freeze", 1e-4)):
        setup, teardown = found[name].setup_s, found[name].teardown_s
        assert setup is not None
        assert teardown is not None
        assert all(least <= one < 2 for one in (setup.cold, *setup.own.samples))
        assert all(0 <= one < 2 for one in (teardown.cold, *teardown.own.samples))
