"""The document itself."""

from __future__ import annotations

from fixturescope.document import Document, dump
from fixturescope.report import Options


def render(document: Document, options: Options) -> str:
    """Return the document as JSON."""
    return dump(document).decode()
