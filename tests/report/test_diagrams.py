"""The formats for programs that draw: what they are read back as."""

from __future__ import annotations

import re
import shutil
import subprocess
from io import BytesIO
from pathlib import Path

import networkx
import pytest

from fixturescope.report import Options, render
from fixturescope.report.dot import quoted
from fixturescope.report.mermaid import escape
from fixturescope.text import printable
from tests import samples, samples_measured
from tests.conftest import Golden


@pytest.mark.parametrize(("format_", "suffix"), [("mermaid", "mmd"), ("dot", "dot"), ("graphml", "graphml")])
@pytest.mark.parametrize("kind", ["graph", "hostile"])
def test_whole_graph(golden: Golden, format_: str, suffix: str, kind: str) -> None:
    document = samples_measured.shop() if kind == "graph" else samples_measured.hostile()
    text = render(document, format_)
    if format_ == "graphml":  # networkx numbers the keys as it comes upon them, in an order that its versions differ in
        text = "".join(f"{line}\n" for line in text.splitlines() if "<key " not in line)
        text = re.sub(r' key="d\d+"', "", text)
    golden(text, f"{kind}.{suffix}")


@pytest.mark.parametrize("format_", ["mermaid", "dot", "graphml"])
@pytest.mark.parametrize("wide", [True, False])
def test_nothing_stands_in_it_that_is_not_shown_as_itself(format_: str, wide: bool) -> None:
    text = render(samples_measured.hostile(), format_, Options(wide=wide))
    assert [one for one in text if not one.isprintable() and one != "\n"] == []


# -------------------------------------------------------------------------------------------------------------- mermaid


NODE = re.compile(
    r'  n\d+(\["|\(\[")([\w ./]|#\d+;)+<br>\w+(, [\d.]+ (s|ms|µs)|, \d+ m \d\d s)?("\]|"\]\))(:::unused)?'
)
LINE = re.compile(rf"flowchart LR|{NODE.pattern}|  n\d+ (-->|-\.->) n\d+|  classDef unused stroke-dasharray: 4 4")


@pytest.mark.parametrize("wide", [True, False])
def test_mermaid_has_lines_of_these_kinds_only(wide: bool) -> None:
    for document in (samples_measured.shop(), samples_measured.hostile()):
        lines = render(document, "mermaid", Options(wide=wide)).splitlines()
        assert [line for line in lines if not LINE.fullmatch(line)] == []


def test_mermaid_shows_the_fixtures_that_matter_most_and_all_where_asked() -> None:
    fixtures = tuple(samples.fixture(f"f{at:02}", usage=1, setups=100 - at) for at in range(40))
    short = render(samples.graph(fixtures=fixtures), "mermaid")
    assert re.findall(r'"(f\d+)<br>', short) == [f"f{at:02}" for at in range(30)]
    assert (
        len(re.findall(r'"(f\d+)<br>', render(samples.graph(fixtures=fixtures), "mermaid", Options(wide=True)))) == 40
    )


def test_mermaid_escapes() -> None:
    assert escape('größe_1 "]; <b> #quot;') == "größe_1 #34;#93;#59; #60;b#62; #35;quot#59;"


# ------------------------------------------------------------------------------------------------------------------ dot


ID = r'"([^"\\]|\\.)*"'
STATEMENT = re.compile(
    rf"digraph fixtures {{|}}|  rankdir=LR;|  node \[shape=box\];"
    rf"|  {ID}( -> {ID})?( \[label={ID}(, (style=dashed|shape=ellipse))?\])?;"
)


@pytest.mark.parametrize("wide", [True, False])
def test_dot_has_statements_of_these_kinds_only(wide: bool) -> None:
    for document in (samples_measured.shop(), samples_measured.hostile()):
        lines = render(document, "dot", Options(wide=wide)).splitlines()
        assert [line for line in lines if not STATEMENT.fullmatch(line)] == []


def test_dot_strings() -> None:
    assert quoted('a"b\\N\n') == '"a\\"b\\\\N\\\\n"'


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not here")
@pytest.mark.parametrize("wide", [True, False])
def test_graphviz_draws_it(tmp_path: Path, wide: bool) -> None:
    for document in (samples_measured.shop(), samples_measured.hostile()):
        (tmp_path / "graph.dot").write_text(render(document, "dot", Options(wide=wide)), "utf-8")
        command = ["dot", "-Tsvg", "graph.dot", "-o", "graph.svg"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


# -------------------------------------------------------------------------------------------------------------- graphml


def read_back(text: str) -> networkx.MultiDiGraph[str]:
    graph: networkx.MultiDiGraph[str] = networkx.read_graphml(BytesIO(text.encode()), force_multigraph=True)
    return graph


def test_graphml_is_the_graph() -> None:
    graph = read_back(render(samples_measured.shop(), "graphml"))
    assert sorted(graph.nodes) == sorted(one.id for one in samples_measured.shop().fixtures)
    assert sorted((source, target, data["tests"]) for source, target, data in graph.edges(data=True)) == [
        ("conftest.py::cart", "conftest.py::prices", 2),
        ("conftest.py::receipt", "conftest.py::printer", 0),
    ]
    assert graph.nodes["conftest.py::prices"]["setup_s"] == 0.2
    assert graph.nodes["conftest.py::prices"]["autouse"] is False


def test_graphml_with_tests() -> None:
    graph = read_back(render(samples_measured.shop(), "graphml", Options(wide=True)))
    assert graph.has_edge("tests/test_shop.py::test_empty", "conftest.py::cart")


def test_graphml_of_hostile_names_is_read_back() -> None:
    graph = read_back(render(samples_measured.hostile(), "graphml", Options(wide=True)))
    names = {data["name"] for _, data in graph.nodes(data=True)}
    assert {printable(one.name) for one in samples_measured.hostile().fixtures} <= names
