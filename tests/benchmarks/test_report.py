"""The document that the page is measured with."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import report
from fixturescope.document import dump, load


def test_the_document_is_the_same_each_time_and_whole() -> None:
    document = report.make_document(60)
    assert document == report.make_document(60)
    assert load(dump(document)) == document
    assert (len(document.fixtures), len(document.tests)) == (60, 240)
    assert {one.status for one in document.measurements} == {"ok", "error"}


def test_without_a_browser_the_size_is_shown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert report.main(["--fixtures", "40"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("40 fixtures: written in ")
    assert out.endswith(("playwright is not installed: pip install playwright\n", "there is no Chromium here\n"))
