"""What a full run spends on each fixture: usage × scope × cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fixturescope.model import Duration, Fixture, Measurement


@dataclass(frozen=True)
class Impact:
    """Seconds that a full run in one process spends on one fixture itself, and the factors that they come from.

    ``seconds`` = ``setup_s`` + ``teardown_s``, each ``first`` + (``setups`` - ``params``) × ``warm``: the first set-up
    under each parameter is paid cold, the others warm. So a session fixture pays cold, and a function fixture that is
    set up a thousand times pays warm.
    """

    fixture: Fixture
    measurements: tuple[Measurement, ...]
    setups: int
    setup_s: float
    teardown_s: float

    @property
    def seconds(self) -> float:
        """Set-up and teardown together."""
        return self.setup_s + self.teardown_s


def impacts(fixtures: Sequence[Fixture], measurements: Sequence[Measurement]) -> tuple[Impact, ...]:
    """Return the impact of every fixture of which a time is known, the largest first; ties by id."""
    by_fixture: dict[str, list[Measurement]] = {}
    for one in measurements:
        if one.setup_s is not None:
            by_fixture.setdefault(one.fixture, []).append(one)
    found = [_impact(fixture, by_fixture[fixture.id]) for fixture in fixtures if fixture.id in by_fixture]
    return tuple(sorted(found, key=lambda one: (-one.seconds, one.fixture.id)))


def _impact(fixture: Fixture, measurements: Sequence[Measurement]) -> Impact:
    share = fixture.setups / len(measurements)
    return Impact(
        fixture,
        tuple(measurements),
        fixture.setups,
        sum(_total(one.setup_s, share) for one in measurements),
        sum(_total(one.teardown_s, share) for one in measurements),
    )


def _total(duration: Duration | None, setups: float) -> float:
    """Return the seconds of so many set-ups under one parameter; none are paid where there are none."""
    if duration is None or setups <= 0:
        return 0.0
    return duration.cold * min(1.0, setups) + duration.own.median * max(0.0, setups - 1)
