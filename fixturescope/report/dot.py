"""The graph for Graphviz: fixtures and who asks for whom, with the tests where all is asked for."""

from __future__ import annotations

from collections.abc import Iterator

from fixturescope.document import Document, to_graph
from fixturescope.report import Options
from fixturescope.report.view.costs import make_costs
from fixturescope.report.view.network import Network, make_network
from fixturescope.text import printable
from fixturescope.units import show_seconds


def render(document: Document, options: Options) -> str:
    """Return the graph in the DOT language."""
    costs = make_costs(document) if document.measurements else None
    network = make_network(document, costs, None if options.wide else len(document.fixtures))
    lines = [*_fixtures(network), *(_tests(document) if options.wide else ())]
    return "digraph fixtures {\n  rankdir=LR;\n  node [shape=box];\n" + "".join(f"  {line}\n" for line in lines) + "}\n"


def quoted(text: str) -> str:
    """Return text as a string of the DOT language, in which nothing is an escape."""
    return '"' + printable(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _fixtures(network: Network) -> Iterator[str]:
    for node in network.nodes:
        cost = "" if node.run_s is None else f", {show_seconds(node.run_s)}"
        label = f'{quoted(node.name)[:-1]}\\n{node.scope}{cost}"'
        style = ", style=dashed" if node.unused else ""
        yield f"{quoted(node.id)} [label={label}{style}];"
    for link in network.links:
        ends = f"{quoted(network.nodes[link.source].id)} -> {quoted(network.nodes[link.target].id)}"
        yield f"{ends} [label={quoted(f'{link.via}, {link.tests} tests')}];"


def _tests(document: Document) -> Iterator[str]:
    graph = to_graph(document)
    known = {one.id for one in document.fixtures}
    for test in graph.tests:
        yield f"{quoted(test.id)} [label={quoted(test.name)}, shape=ellipse];"
        meanings = {**test.dynamic, **test.closure}
        for target in dict.fromkeys(meanings[one.name] for one in test.requests if one.name in meanings):
            if target in known:
                yield f"{quoted(test.id)} -> {quoted(target)};"
