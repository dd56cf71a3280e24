"""The report for programs: the document."""

from __future__ import annotations

import json

from fixturescope.document import dump, from_graph, load
from fixturescope.report import render
from tests import samples
from tests.conftest import Golden


def test_whole_report(golden: Golden) -> None:
    text = render(samples.shop(), "json")
    golden(text.replace(load(text.encode()).tool.version, "VERSION", 1), "document.json")


def test_is_the_document() -> None:
    document = from_graph(samples.shop())
    assert render(document, "json").encode() == dump(document)


def test_hostile_names_are_escaped_and_read_back_whole() -> None:
    text = render(samples.hostile(), "json")
    assert [one for one in text if not one.isprintable() and one != "\n"] == []
    assert json.loads(text)["fixtures"][0]["name"] == samples.HOSTILE
