"""The registry of formats, and what all of them share."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixturescope import cli
from fixturescope.document import dump, from_graph
from fixturescope.errors import UsageError
from fixturescope.report import FORMATS, Format, render
from fixturescope.report.view import Count, make_view
from fixturescope.text import printable, shorten
from tests import samples


def test_formats() -> None:
    assert list(FORMATS) == ["terminal", "markdown", "html", "json", "csv", "mermaid", "dot", "graphml"]


def test_a_format_is_one_file_and_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "shout.py").write_text("def render(document, options):\n    return document.rootdir.upper()\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(FORMATS, "shout", Format(module="shout"))
    assert render(samples.shop(), "shout") == "/HOME/ADA/SHOP"
    (tmp_path / "document.json").write_bytes(dump(from_graph(samples.shop())))
    assert cli.main(["report", str(tmp_path / "document.json"), "--format", "shout", "-o", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out").read_text() == "/HOME/ADA/SHOP"


@pytest.mark.parametrize("format_", FORMATS)
def test_a_graph_and_its_document_give_the_same_report(format_: str) -> None:
    assert render(samples.shop(), format_) == render(from_graph(samples.shop()), format_)


def test_unknown_format() -> None:
    with pytest.raises(UsageError) as caught:
        render(samples.shop(), "pdf")
    assert str(caught.value) == "there is no format 'pdf'"
    assert caught.value.hint == f"one of: {', '.join(FORMATS)}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain name", "plain name"),
        ("größe_日本", "größe_日本"),
        ("a\tb\n", r"a\tb\n"),
        ("\x1b[2J", r"\x1b[2J"),
        ("\x9b", r"\x9b"),
        ("\u202e", r"\u202e"),
        ("\U000e0041", r"\U000e0041"),
        ("\udc80", r"\udc80"),
        ("[bold]", "[bold]"),
    ],
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize(
    ("width", "shown"), [(10, "abcdefghij"), (9, "abcd…ghij"), (8, "abc…ghij"), (2, "…j"), (1, "…")]
)
def test_shorten(width: int, shown: str) -> None:
    assert shorten("abcdefghij", width) == shown


def test_view_counts() -> None:
    view = make_view(from_graph(samples.shop()))
    assert view.origins == ("static", "generated", "plugin", "builtin")
    assert [(row.scope, row.together, row.own) for row in view.scopes] == [
        ("function", Count(6, used=4, unused=1, possibly_unused=1), Count(4, used=3, unused=0, possibly_unused=1)),
        ("session", Count(2, used=1, unused=1, possibly_unused=0), Count(2, used=1, unused=1, possibly_unused=0)),
    ]
    assert view.together == Count(total=8, used=5, unused=2, possibly_unused=1)
    assert view.own == Count(total=6, used=4, unused=1, possibly_unused=1)
    assert (view.tests, view.items, view.items_are) == (2, 9, "at_least")
    assert view.unused_elsewhere == 1


def test_view_orders_fixtures_by_setups_and_unused_by_certainty() -> None:
    view = make_view(from_graph(samples.shop()))
    assert [row.name for row in view.fixtures] == [
        "cart",
        "no_proxy",
        "tmp_path",
        "prices",
        "resource",
        "printer",
        "receipt",
        "mocker",
    ]
    assert [(row.name, row.certainty) for row in view.unused] == [("printer", "certain"), ("receipt", "possible")]


def test_view_puts_errors_first() -> None:
    groups = make_view(from_graph(samples.shop())).diagnostics
    assert [(group.code, group.severity, len(group.rows)) for group in groups] == [
        ("FS301", "error", 1),
        ("FS101", "warning", 2),
    ]
