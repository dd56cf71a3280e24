"""The plugin that pytest finds by itself where fixturescope is installed: ``--fixturescope`` records what fixtures cost.

Every pytest that starts there imports this file, so it imports nothing itself; the recorder is loaded when asked for.
"""

from __future__ import annotations

import os

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--fixturescope``."""
    parser.getgroup("fixturescope", "what fixtures cost").addoption(
        "--fixturescope",
        nargs="?",
        const="",
        metavar="FILE",
        help="record what every fixture costs in this run, in FILE (default: .fixturescope/runs/<time>/document.json)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Begin to record where that is asked for, and not by ``fixturescope measure``, which records or measures itself."""
    path = config.getoption("--fixturescope")
    if path is None or _is_measured(config):
        return
    if "::" in path or os.path.isdir(os.path.join(config.invocation_params.dir, path or os.devnull)):
        raise pytest.UsageError(
            f"--fixturescope takes a file, and {path!r} is something to run: "
            "put the option behind it, or write --fixturescope=FILE"
        )
    from fixturescope.measure.probe import recorder

    recorder.start(config, path)


def _is_measured(config: pytest.Config) -> bool:
    options = ("fixturescope_socket", "fixturescope_record")
    return any(config.getoption(name, None) is not None for name in options)
