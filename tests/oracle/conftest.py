"""How many suites and programs to generate."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
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
