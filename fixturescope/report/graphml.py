"""The graph as GraphML, for Gephi, yEd and networkx: fixtures and who asks for whom, with the tests where all is asked for."""

from __future__ import annotations

from typing import Any

from fixturescope.document import Document, to_graph
from fixturescope.report import Options
from fixturescope.text import printable


def render(document: Document, options: Options) -> str:
    """Return the graph; what XML cannot hold is spelled out."""
    import networkx

    whole = to_graph(document).nx
    known = [node for node, kind in whole.nodes(data="kind") if kind and (kind == "fixture" or options.wide)]
    shown: networkx.MultiDiGraph[str] = networkx.MultiDiGraph(**_plain(whole.graph))
    for node in known:
        shown.add_node(printable(node), **_plain(whole.nodes[node]))
    for source, target, key, data in whole.subgraph(known).edges(keys=True, data=True):
        shown.add_edge(printable(source), printable(target), key=printable(key), **_plain(data))
    return "\n".join(networkx.generate_graphml(shown)) + "\n"


def _plain(data: dict[str, Any]) -> dict[str, Any]:
    return {name: printable(value) if isinstance(value, str) else value for name, value in data.items()}
