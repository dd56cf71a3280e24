"""fixturescope: which pytest fixtures are there, who really uses them, and which can go.

The names below are the public interface. Each is imported when it is first used, so that ``import fixturescope`` costs
nothing and the probe inside a project's own pytest loads nothing of ours but itself.

Example:
    >>> import fixturescope
    >>> graph = fixturescope.analyze("examples/bookshop")  # doctest: +SKIP
    >>> [fixture.name for fixture in graph.unused()]  # doctest: +SKIP
"""

from __future__ import annotations

from fixturescope._version import __version__

TYPE_CHECKING = False  # that of typing would import typing, on behalf of the pytest that our probe is in
if TYPE_CHECKING:
    from fixturescope.analysis import analyze
    from fixturescope.document import Document, dump, from_graph, load, to_graph
    from fixturescope.errors import (
        ConfigError,
        DocumentError,
        FixturescopeError,
        MeasureError,
        NothingToAnalyzeError,
        UsageError,
    )
    from fixturescope.graph import FixtureGraph
    from fixturescope.measure.run import measure_fixtures
    from fixturescope.measure.trial import try_changes
    from fixturescope.model import (
        AnalysisInfo,
        Change,
        Diagnostic,
        Fixture,
        Measurement,
        Recorded,
        Request,
        Startup,
        Test,
        Trial,
    )
    from fixturescope.report import render
    from fixturescope.report.rank import rank

__all__ = [
    "AnalysisInfo",
    "Change",
    "ConfigError",
    "Diagnostic",
    "Document",
    "DocumentError",
    "Fixture",
    "FixtureGraph",
    "FixturescopeError",
    "MeasureError",
    "Measurement",
    "NothingToAnalyzeError",
    "Recorded",
    "Request",
    "Startup",
    "Test",
    "Trial",
    "UsageError",
    "__version__",
    "analyze",
    "dump",
    "from_graph",
    "load",
    "measure_fixtures",
    "rank",
    "render",
    "to_graph",
    "try_changes",
]

_HOMES = {
    "AnalysisInfo": "model",
    "Change": "model",
    "ConfigError": "errors",
    "Diagnostic": "model",
    "Document": "document",
    "DocumentError": "errors",
    "Fixture": "model",
    "FixtureGraph": "graph",
    "FixturescopeError": "errors",
    "MeasureError": "errors",
    "Measurement": "model",
    "NothingToAnalyzeError": "errors",
    "Recorded": "model",
    "Request": "model",
    "Startup": "model",
    "Test": "model",
    "Trial": "model",
    "UsageError": "errors",
    "analyze": "analysis",
    "dump": "document",
    "from_graph": "document",
    "load": "document",
    "measure_fixtures": "measure.run",
    "rank": "report.rank",
    "render": "report",
    "to_graph": "document",
    "try_changes": "measure.trial",
}
"""Public name → the module it lives in."""


def __getattr__(name: str) -> object:
    """Import a public name when it is first used (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
