"""The formats a document is shown in: a format is one file here and one line in ``FORMATS``.

In: a ``Document`` and ``Options``. Out: text; whoever asked for it writes it.
May not live here: reading source, measuring, printing, and any figure that ``view`` does not make for every format.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from fixturescope.errors import UsageError

if TYPE_CHECKING:
    from fixturescope.document import Document
    from fixturescope.graph import FixtureGraph


@dataclass(frozen=True, kw_only=True)
class Format:
    """One format."""

    module: str
    """Its ``render(document, options)`` makes the report. Imported when it is asked for."""
    is_data: bool = False
    """Always UTF-8; a report that is no data is written in the encoding of the terminal that shows it."""


FORMATS = {
    "terminal": Format(module="fixturescope.report.terminal"),
    "markdown": Format(module="fixturescope.report.markdown", is_data=True),
    "html": Format(module="fixturescope.report.html", is_data=True),
    "json": Format(module="fixturescope.report.json", is_data=True),
    "csv": Format(module="fixturescope.report.csv", is_data=True),
    "mermaid": Format(module="fixturescope.report.mermaid", is_data=True),
    "dot": Format(module="fixturescope.report.dot", is_data=True),
    "graphml": Format(module="fixturescope.report.graphml", is_data=True),
}
"""Name → format."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How much to show, and on what. A format makes use of what means something to it."""

    quiet: bool = False
    """Only the summary and the unused fixtures."""
    brief: bool = False
    """What fits a comment on a pull request."""
    verbose: bool = False
    """The notes, too."""
    wide: bool = False
    """All rows, and nothing cut off; of graphs, the tests as well."""
    color: bool = False
    """Whether the text may hold terminal escapes."""
    width: int | None = None
    """Columns of the terminal; null: as many as it takes."""
    artifacts: str = ""
    """Folder of the run that the document is of, as seen from where the report will lie; empty: the same."""


class Reporter(Protocol):
    """What a module of a format offers."""

    def render(self, document: Document, options: Options) -> str:
        """Return the whole report."""
        ...


def render(source: Document | FixtureGraph, format: str = "terminal", options: Options | None = None) -> str:  # noqa: A002 - the word people use
    """Return a document, or the graph of an analysis, in one of the formats.

    Raises:
        UsageError: There is no such format.
    """
    from fixturescope.document import Document, from_graph

    if format not in FORMATS:
        raise UsageError(f"there is no format {format!r}", hint=f"one of: {', '.join(FORMATS)}")
    reporter = cast("Reporter", import_module(FORMATS[format].module))
    return reporter.render(source if isinstance(source, Document) else from_graph(source), options or Options())
