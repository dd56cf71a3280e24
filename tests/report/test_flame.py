"""The flame graph of imports."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from fixturescope.model import Startup
from fixturescope.report.flame import render_flame
from tests import samples
from tests.conftest import Golden


class Page(HTMLParser):
    """What a browser finds: elements, and the text in each kind of them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.texts.setdefault(self.tags[-1] if self.tags else "", []).append(data)


def data(page: str) -> list[Any]:
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    rows: list[Any] = json.loads(found[1])
    return rows


def test_whole_page(golden: Golden) -> None:
    golden(render_flame(samples.startup()), "flame.html")


def test_nothing_is_loaded() -> None:
    page = Page(render_flame(samples.startup()))
    assert [
        (name, value) for name, value in page.attributes if name in ("src", "href", "srcset", "data", "action")
    ] == []
    assert {"link", "img", "iframe", "base"}.isdisjoint(page.tags)
    assert "url(" not in render_flame(samples.startup())
    assert any(value and value.startswith("default-src 'none'; ") for _, value in page.attributes)


def test_hostile_names_are_text() -> None:
    quiet, loud = render_flame(samples.startup()), render_flame(samples.hostile_startup())
    assert [one for one in loud if not one.isprintable() and one != "\n"] == []
    assert Page(loud).tags.count("script") == Page(quiet).tags.count("script") == 2
    assert set(Page(loud).tags) == set(Page(quiet).tags)
    name = r"\x1b[31m[red]ev\u202eil[/red]\n\r\x9b\u200b\u2028\x07é</script>"
    assert [row[0] for row in data(loud)] == ["all imports", name, f"{name}2", "</script><!--<script>"]
    assert "".join(Page(loud).texts["td"]).count("</script><!--<script>") == 2
    assert "<!--" not in loud


def test_rows_know_their_importer() -> None:
    rows = data(render_flame(samples.startup()))
    assert rows[0] == ["all imports", None, 0, 1_491_100, -1]
    assert rows[9] == ["torch", None, 200_000, 1_240_000, 8]
    assert rows[13] == ["tests/conftest.py", "tests/conftest.py", 5_000, 25_200, 0]
    assert sum(row[2] for row in rows) == rows[0][3]


def test_nothing_known_but_why() -> None:
    page = render_flame(Startup(reason="python: cannot be started\n  <b>"))
    assert len(data(page)) == 1
    assert "<p class=reason>python: cannot be started</p>\n<p class=reason>  &lt;b&gt;</p>" in page


BROWSER = """
const elements = {};
function element(id) {
  return { id, style: {}, children: [], clientWidth: 1000, textContent: "",
    replaceChildren(...children) { this.children = children; } };
}
globalThis.document = {
  getElementById: (id) => elements[id] ??= element(id),
  createElement: () => element(null),
};
globalThis.addEventListener = () => {};
"""
SHOWN = """
function shown() {
  return elements.graph.children.map((one) => [one.title.split("\\n")[0],
    Math.round(parseFloat(one.style.left)), Math.round(parseFloat(one.style.width)), parseFloat(one.style.top) / 18]);
}
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="runs the page's script in node")
@pytest.mark.parametrize("count", [0, 5000])
def test_the_script_draws_and_zooms(tmp_path: Path, count: int) -> None:
    many = tuple(samples.imported(f"many.m{at}", 0.001, 0.001) for at in range(count))
    page = render_flame(Startup(imports=(*samples.startup().imports, *many)))
    script = page.rpartition("<script>")[2].partition("</script>")[0]
    program = (
        f"{BROWSER}elements.data = {{ textContent: {json.dumps(json.dumps(data(page)))} }};\n{script}{SHOWN}"
        "const first = shown();\n"
        "elements.graph.children.find((one) => one.title.startsWith('torch')).onclick();\n"
        "console.log(JSON.stringify([first, shown(), elements.graph.style.height]));\n"
    )
    (tmp_path / "page.js").write_text(program)
    done = subprocess.run(["node", tmp_path / "page.js"], capture_output=True, text=True, check=True)
    first, zoomed, height = json.loads(done.stdout)
    assert zoomed == [
        ["all imports", 0, 999, 0],
        ["conftest.py", 0, 999, 1],
        ["torch", 0, 999, 2],
        ["torch.nn", 0, 644, 3],
        ["numpy", 645, 193, 3],
        ["numpy.core", 645, 160, 4],
    ]
    assert height == "90px"
    assert first[0] == ["all imports", 0, 999, 0]
    assert max(left + width for _, left, width, _ in first) <= 1000
    if count:
        assert len(first) < 100  # what is narrower than half a pixel is left out
    else:
        assert len(first) == 17 - 1  # test_cart is narrower than half a pixel
