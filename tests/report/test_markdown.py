"""The report as GitHub shows it, read back by a renderer."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import msgspec
import pytest
from markdown_it import MarkdownIt

from fixturescope._version import __version__
from fixturescope.document import Document, from_graph, narrow
from fixturescope.report import Options, render
from fixturescope.report.gfm import code, relative, text
from fixturescope.text import printable
from tests import samples, samples_measured
from tests.conftest import Golden


@pytest.fixture(autouse=True)
def advised(monkeypatch: pytest.MonkeyPatch) -> None:
    advice = {"shop": samples_measured.advice(), "hostile": samples_measured.hostile_advice()}

    def advise(document: Document) -> object:
        return advice["hostile" if document.rootdir == samples.HOSTILE else "shop"] if document.measurements else ()

    monkeypatch.setattr("fixturescope.report.view.advise", advise)


def markdown(document: Document, **options: object) -> str:
    return render(document, "markdown", Options(**options)).replace(__version__, "VERSION")  # type: ignore[arg-type]


def test_whole_report(golden: Golden) -> None:
    golden(markdown(samples_measured.shop()), "report.md")


def test_of_source_alone(golden: Golden) -> None:
    golden(markdown(from_graph(samples.shop())), "report_static.md")


def test_brief_report(golden: Golden) -> None:
    golden(markdown(samples_measured.shop(), brief=True), "report_brief.md")


def test_hostile_names_whole_report(golden: Golden) -> None:
    golden(markdown(samples_measured.hostile(), wide=True, verbose=True), "report_hostile.md")


def test_it_has_the_five_sections() -> None:
    titles = re.findall(r"^## (.*)$", markdown(samples_measured.shop()), re.MULTILINE)
    assert titles == ["Summary", "Fixtures", "Insights", "Cleanup", "Start-up and imports"]


@pytest.mark.parametrize("brief", [True, False])
def test_the_first_line_answers(brief: bool) -> None:
    assert markdown(samples_measured.shop(), brief=brief).splitlines()[0] == (
        "**Fixtures take 2.50 s of a full run; 2 of 4 take 99 % of that: `cart`, `prices`.** 1 change of 2 that are advised saves about 1.05 s."
    )


def test_the_first_line_where_nothing_was_measured() -> None:
    assert markdown(from_graph(samples.shop())).splitlines()[0] == (
        "**6 fixtures of this suite for at least 9 test items; no test uses 1 of them: `printer`.**"
    )


def test_brief_is_short_whatever_the_suite() -> None:
    fixtures = tuple(samples.fixture(f"f{at}", unused="certain" if at % 2 else None, usage=1) for at in range(300))
    document = from_graph(samples.graph(fixtures=fixtures))
    measured = msgspec.structs.replace(
        document, measurements=tuple(samples_measured.measurement(f"f{at}", 0.2, 0.1) for at in range(300))
    )
    for one in (document, measured, samples_measured.shop(), samples_measured.hostile()):
        assert len(markdown(one, brief=True).splitlines()) < 60
        assert len(markdown(one, brief=True)) < 65_536 / 2


def test_rows_behind_the_first_are_folded_away() -> None:
    fixtures = tuple(samples.fixture(f"f{at:02}", usage=1, setups=100 - at) for at in range(60))
    shown = markdown(from_graph(samples.graph(fixtures=fixtures)))
    assert "<details><summary>35 more fixtures</summary>" in shown
    assert [f"f{at:02}" in shown for at in range(60)] == [True] * 60


def test_links_are_relative_to_where_the_report_lies() -> None:
    document = samples_measured.shop()
    assert "- [`flame graph`](./imports.html)" in markdown(document)
    assert "- [`flame graph`](../runs/latest/imports.html)" in markdown(document, artifacts="../runs/latest")
    assert "- [`flame graph`](./my%20runs/imports.html)" in markdown(document, artifacts="my runs/")


def test_a_narrowed_document() -> None:
    shown = markdown(narrow(samples_measured.shop(), "p*"))
    assert "Only fixtures named `p*` are listed" in shown


# --------------------------------------------------------------------------------------------------------- as it is read


class Page(HTMLParser):
    """What a renderer made: elements, attributes, and the text of each kind of element."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str, str | None]] = []
        self.code: list[str] = []
        """Names, those of several elements without anything between them joined."""
        self.after_code = False
        self.cells: list[int] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(tag, *attribute) for attribute in attrs if attribute[0] not in ("align", "style")]
        self.open.append(tag)
        if tag == "code" and not self.after_code:
            self.code.append("")
        self.after_code = False
        if tag == "tr":
            self.cells.append(0)
        if tag in ("td", "th"):
            self.cells[-1] += 1

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass
        self.after_code = tag == "code"

    def handle_data(self, data: str) -> None:
        if "code" in self.open:
            self.code[-1] += data
        else:
            self.after_code = False


def rendered(source: str, renderer: str) -> Page:
    if renderer == "cmark-gfm":
        cmarkgfm = pytest.importorskip("cmarkgfm", reason="GitHub's own renderer is not here")
        return Page(cmarkgfm.github_flavored_markdown_to_html(source, cmarkgfm.Options.CMARK_OPT_UNSAFE))
    return Page(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(source))


RENDERERS = pytest.mark.parametrize("renderer", ["markdown-it", "cmark-gfm"])


@RENDERERS
def test_hostile_names_are_text(renderer: str) -> None:
    quiet = rendered(markdown(samples_measured.shop(), wide=True, verbose=True), renderer)
    loud = rendered(markdown(samples_measured.hostile(), wide=True, verbose=True), renderer)
    assert loud.tags <= quiet.tags
    assert {name for _, name, _ in loud.attributes} <= {"href", "class", "open", "start", "lang"}
    assert {
        value for tag, name, value in loud.attributes if name == "href" and not (value or "").startswith("./")
    } == set()
    assert set(loud.cells) <= set(quiet.cells) | {3, 4}
    names = [one.name for one in samples_measured.hostile().fixtures]
    assert {printable(name) for name in names} - set(loud.code) == set()


@RENDERERS
@pytest.mark.parametrize("brief", [True, False])
def test_it_is_what_it_is_meant_to_be(renderer: str, brief: bool) -> None:
    page = rendered(markdown(samples_measured.shop(), brief=brief), renderer)
    assert {"strong", "code", "table", "ol"} <= page.tags
    assert {"cart", "prices", "printer"} <= set(page.code)
    assert page.cells.count(7 if brief else 11) == (5 if brief else 8)


@pytest.mark.parametrize("name", [samples.HOSTILE, "plain", "a b", " a", "a ", "``", "a|b", "a\\|b", "$a$", "größe[1]"])
@RENDERERS
def test_code_shows_a_name_as_it_is(name: str, renderer: str) -> None:
    page = rendered(f"| a | b |\n|---|---|\n| {code(name)} | {code(name)} |\n\n{code(name)}", renderer)
    assert [one.strip() for one in page.code] == [printable(name).strip()] * 3
    assert page.cells == [2, 2]


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("no test asks for it", "no test asks for it"),
        ("only 'receipt' asks for it", "only `receipt` asks for it"),
        ("see tests/test_shop.py:12", "see `tests/test_shop.py:12`"),
        ("1. first", "`1.` first"),
        ("- first", "`-` first"),
        ("# title", "`#` title"),
        ("> quoted", "`>` quoted"),
        ("a -> b (c): d_e: f", "a -> b (c): `d_e`: f"),
        ("<b> & *c* [d](e)", r"&lt;b> &amp; \*c\* \[d\](e)"),
        ("ask @ada", "ask `@ada`"),
        ("see #12", "see `#12`"),
        ("http://evil.example", "`http://evil.example`"),
        ("", ""),
    ],
)
def test_sentences(words: str, shown: str) -> None:
    assert text(words) == shown


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("imports.html", "./imports.html"),
        ("../a b/#x?.html", "../a%20b/%23x%3F.html"),
        ("javascript:alert(1)", "./javascript%3Aalert%281%29"),
        ("/etc/passwd", None),
        ("c:x", None),
        ("//evil.example/x", None),
        ("\\\\evil\\x", None),
        ("a\nb", None),
        ("", None),
    ],
)
def test_relative_links(path: str, address: str | None) -> None:
    assert relative(path) == address
