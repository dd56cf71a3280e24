"""The fixtures that matter most as a Mermaid flowchart: who asks for whom."""

from __future__ import annotations

from collections.abc import Iterator

from fixturescope.document import Document
from fixturescope.report import Options
from fixturescope.report.view.costs import make_costs
from fixturescope.report.view.network import Network, Node, make_network
from fixturescope.text import printable, shorten
from fixturescope.units import show_seconds

NODES = 30
"""So many fixtures are shown, unless all are asked for; a picture of more is hard to read, and Mermaid has limits."""

LONGEST = 60
"""Characters of a name."""


def render(document: Document, options: Options) -> str:
    """Return the flowchart."""
    costs = make_costs(document) if document.measurements else None
    return flowchart(make_network(document, costs, None if options.wide else NODES))


def flowchart(network: Network) -> str:
    """Return a part of the graph as a flowchart."""
    return "".join(f"{line}\n" for line in _lines(network))


def _lines(network: Network) -> Iterator[str]:
    yield "flowchart LR"
    for number, node in enumerate(network.nodes):
        opening, closing = ("([", "])") if node.scope == "session" else ("[", "]")
        unused = ":::unused" if node.unused else ""
        yield f'  n{number}{opening}"{_label(node)}"{closing}{unused}'
    for link in network.links:
        arrow = "-.->" if link.via == "override" else "-->"
        yield f"  n{link.source} {arrow} n{link.target}"
    if any(node.unused for node in network.nodes):
        yield "  classDef unused stroke-dasharray: 4 4"


def _label(node: Node) -> str:
    cost = "" if node.run_s is None else f", {show_seconds(node.run_s)}"
    return f"{escape(shorten(printable(node.name), LONGEST))}<br>{node.scope}{cost}"


def escape(text: str) -> str:
    """Return text for a quoted label: all but letters, digits and what is harmless as Mermaid's own character codes."""
    return "".join(one if one.isalnum() or one in " _./" else f"#{ord(one)};" for one in text)
