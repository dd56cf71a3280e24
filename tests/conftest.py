"""What tests of every room share: files of expected output, the option that renews them, and how much to generate."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pytest

GOLDEN = Path(__file__).parent / "report" / "golden"


class Golden(Protocol):
    """Compares text with a file of expected output."""

    def __call__(self, text: str, name: str, *, folder: Path = GOLDEN) -> None: ...


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write expected output instead of comparing with it")
    parser.addoption(
        "--generated-suites",
        type=int,
        metavar="N",
        help="how many suites Hypothesis makes (default: 60, always the same ones; a number given makes new ones)",
    )
    parser.addoption(
        "--generated-programs",
        type=int,
        metavar="N",
        help="how many modules Hypothesis makes (default: 150, always the same ones; a number given makes new ones)",
    )
    parser.addoption(
        "--kills",
        type=int,
        metavar="N",
        help="how often a run is killed (default: 6, always at the same moments; a number given takes new ones)",
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Text must equal what ``golden/NAME`` holds."""

    def check(text: str, name: str, *, folder: Path = GOLDEN) -> None:
        path = folder / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(text.encode())
        assert text == path.read_bytes().decode()

    return check
