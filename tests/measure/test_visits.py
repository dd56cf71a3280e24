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
