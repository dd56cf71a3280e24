"""The page: what it says without a script, what it lets in, and that names are text."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from fixturescope._version import __version__
from fixturescope.document import Document, from_graph, narrow
from fixturescope.errors import UsageError
from fixturescope.report import Options, render
from fixturescope.report.html import SCRIPTS, TEMPLATES
from fixturescope.report.html_data import as_json
from fixturescope.text import printable
from tests import samples, samples_measured
from tests.conftest import Golden


@pytest.fixture(autouse=True)
def advised(monkeypatch: pytest.MonkeyPatch) -> None:
    advice = {"shop": samples_measured.advice(), "hostile": samples_measured.hostile_advice()}

    def advise(document: Document) -> object:
        return advice["hostile" if document.rootdir == samples.HOSTILE else "shop"] if document.measurements else ()

    monkeypatch.setattr("fixturescope.report.view.advise", advise)


def html(document: Document, **options: Any) -> str:
    return render(document, "html", Options(**options))


class Page(HTMLParser):
    """What a browser finds: elements, attributes, and the text in each kind of element."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        self.texts.setdefault(tag, []).append("")

    def handle_data(self, data: str) -> None:
        if self.tags:
            self.texts[self.tags[-1]][-1] += data

    def values(self, name: str) -> list[str]:
        return [value or "" for _, named, value in self.attributes if named == name]


def data(page: str) -> Any:
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def scrubbed(page: str) -> str:
    """The page without what other files hold: its style, its script, their digests, and the data."""
    page = re.sub(r"<style>.*?</style>", "<style>…</style>", page, flags=re.DOTALL)
    page = re.sub(r"<script>.*?</script>", "<script>…</script>", page, flags=re.DOTALL)
    page = re.sub(r"sha256-[\w+/=]+", "sha256-…", page)
    page = re.sub(r'(<script id="data"[^>]*>).*?</script>', r"\1…</script>", page, flags=re.DOTALL)
    return page.replace(f"fixturescope {__version__}", "fixturescope VERSION")


def test_whole_page(golden: Golden) -> None:
    page = html(samples_measured.shop())
    golden(scrubbed(page), "page.html")
    golden(json.dumps(data(page), indent=1, ensure_ascii=False) + "\n", "page_data.json")


@pytest.mark.parametrize(
    "document",
    [
        from_graph(samples.shop()),
        from_graph(samples.graph()),
        narrow(samples_measured.shop(), "p*"),
        narrow(samples_measured.shop(), "none"),
    ],
    ids=["source alone", "empty", "narrowed", "narrowed to none"],
)
def test_it_can_be_made_of_little(document: Document) -> None:
    page = html(document)
    assert len(data(page)["fixtures"]) == len(document.fixtures)
    assert Page(page).tags.count("h1") == 1


def test_without_a_script_it_says_what_matters() -> None:
    page = Page(re.sub(r"<script.*?</script>", "", html(samples_measured.shop()), flags=re.DOTALL))
    assert page.texts["h1"][0].startswith("Fixtures take 2.50 s of a full run; 2 of 4 take 99 % of that")
    assert re.findall(r"^      <h3><span[^>]*>\d\.</span> (.*)</h3>", html(samples_measured.shop()), re.MULTILINE) == [
        "Make cart module-scoped: 21 of its 24 set-ups go",
        "Drop autouse of no_proxy",
        "Delete printer and receipt, which no test uses",
    ]
    assert {"cart", "prices", "printer", "receipt"} <= {text.strip(", \n") for text in page.texts["a"]}
    assert "./imports.html" in page.values("href")


def test_links_lead_to_the_run() -> None:
    assert "../run/imports.html" in Page(html(samples_measured.shop(), artifacts="../run")).values("href")


# ----------------------------------------------------------------------------------------------------- what it lets in


@pytest.mark.parametrize("document", [samples_measured.shop(), samples_measured.hostile()], ids=["shop", "hostile"])
def test_it_lets_in_its_own_script_and_style_only(document: Document) -> None:
    page = html(document)
    (policy,) = [value for value in Page(page).values("content") if "default-src" in value]
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script)]
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digests[0]}'; script-src 'sha256-{digests[1]}'; img-src data:;"
        " base-uri 'none'; form-action 'none'"
    )


@pytest.mark.parametrize("document", [samples_measured.shop(), samples_measured.hostile()], ids=["shop", "hostile"])
def test_nothing_is_loaded_and_no_attribute_is_code(document: Document) -> None:
    page = Page(html(document))
    assert {"img", "iframe", "base", "object", "embed", "form"}.isdisjoint(page.tags)
    assert page.values("src") == page.values("style") == page.values("srcset") == page.values("action") == []
    assert [name for _, name, _ in page.attributes if name.startswith("on")] == []
    assert [value for value in page.values("href") if not value.startswith(("#", "./", "../", "data:,"))] == []


def test_the_script_makes_no_code_and_no_markup_of_text() -> None:
    script = "".join((TEMPLATES / name).read_text("utf-8") for name in SCRIPTS)
    for word in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
        "fetch(",
        "import(",
    ):
        assert word not in script
    assert "url(" not in (TEMPLATES / "style.css").read_text("utf-8")


@pytest.mark.skipif(shutil.which("node") is None, reason="node reads the script")
def test_the_script_is_one(tmp_path: Path) -> None:
    (tmp_path / "page.js").write_text("".join((TEMPLATES / name).read_text("utf-8") for name in SCRIPTS), "utf-8")
    done = subprocess.run(["node", "--check", tmp_path / "page.js"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


# ------------------------------------------------------------------------------------------------------- hostile names


def test_hostile_names_are_text() -> None:
    quiet, loud = html(samples_measured.shop()), html(samples_measured.hostile())
    assert [one for one in loud if not one.isprintable() and one != "\n"] == []
    assert set(Page(loud).tags) <= set(Page(quiet).tags)
    assert {name for _, name, _ in Page(loud).attributes} <= {name for _, name, _ in Page(quiet).attributes}
    assert Page(loud).tags.count("script") == Page(quiet).tags.count("script") == 2
    block = loud[loud.index('<script id="data"') :]
    assert "<!--" not in block
    assert block.count("</script>") == 2
    names = [printable(one.name) for one in samples_measured.hostile().fixtures]
    assert sorted(one["name"] for one in data(loud)["fixtures"]) == sorted(names)


@pytest.mark.parametrize("name", ["</script><!--", "\u2028", "&amp;", "{{ 7*7 }}", "\x00", "\ud800", samples.HOSTILE])
def test_data_cannot_end_its_element(name: str) -> None:
    text = as_json({name: [name, (name,)]})
    assert not re.search(r"[<>&\u2028\u2029]", text)
    assert json.loads(text) == {printable(name): [printable(name), [printable(name)]]}


def test_template_syntax_in_names_is_text() -> None:
    page = html(samples_measured.hostile())
    assert "{{ 7*7 }}" in page
    assert ">49<" not in page


# ------------------------------------------------------------------------------------------------------------ the extra


def test_without_jinja2_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(UsageError) as caught:
        html(samples_measured.shop())
    assert (str(caught.value), caught.value.hint) == ("jinja2 is not installed", "pip install 'fixturescope[html]'")
