"""How many suites to generate."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--generated-suites",
        type=int,
        metavar="N",
        help="how many suites Hypothesis makes (default: 60, always the same ones; a number given makes new ones)",
    )
