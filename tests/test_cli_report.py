"""``fixturescope report``: which document is meant, and what is written where."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import msgspec
import pytest

from fixturescope import cli
from fixturescope.cli.base import write_reports
from fixturescope.document import dump
from fixturescope.measure.runs import Run
from fixturescope.report import FORMATS, Options, render
from tests import samples_measured


def run_folder(project: Path, name: str, *, document: bool = True) -> Path:
    """The folder of a run that is over."""
    folder = project / ".fixturescope" / "runs" / name
    folder.mkdir(parents=True)
    run = Run(pid=os.getpid(), started="2026-01-01T00:00:00", state="done")
    (folder / "run.json").write_bytes(msgspec.json.encode(run))
    if document:
        named = msgspec.structs.replace(samples_measured.shop(), rootdir=f"/home/{name}")
        (folder / "document.json").write_bytes(dump(named))
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Two runs, the older one named first, and one that has left nothing yet."""
    run_folder(tmp_path, "20260101-000000")
    run_folder(tmp_path, "20260102-000000")
    run_folder(tmp_path, "20260103-000000", document=False)
    (tmp_path / "tests").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("where", "shown"),
    [
        (".", "/home/20260102-000000"),
        ("tests", "/home/20260102-000000"),
        (".fixturescope/runs/20260101-000000", "/home/20260101-000000"),
        (".fixturescope/runs/20260101-000000/document.json", "/home/20260101-000000"),
    ],
)
def test_which_document(
    project: Path,
    where: str,
    shown: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(project)
    assert cli.main(["report", where]) == 0
    assert shown in capsys.readouterr().out


def test_the_folder_of_a_run_that_was_copied(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "copy").mkdir()
    (project / "copy" / "document.json").write_bytes(dump(samples_measured.shop()))
    assert cli.main(["report", str(project / "copy"), "--format", "json"]) == 0
    assert capsys.readouterr().out.encode() == dump(samples_measured.shop())


@pytest.mark.parametrize(
    ("where", "said"),
    [("nothing.json", "cannot be read"), (".", "there are no runs here or above")],
)
def test_no_document(tmp_path: Path, where: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["report", str(tmp_path / where)]) == 2
    assert said in capsys.readouterr().err


def test_runs_without_a_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_folder(tmp_path, "20260101-000000", document=False)
    assert cli.main(["report", str(tmp_path)]) == 2
    assert "no run has left a document\nhint: fixturescope measure makes one\n" in capsys.readouterr().err


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_is_written_as_it_is_rendered(project: Path, tmp_path: Path, format_: str) -> None:
    folder = project / ".fixturescope" / "runs" / "20260102-000000"
    assert cli.main(["report", str(project), "--format", format_, "-o", str(folder / "report")]) == 0
    document = msgspec.structs.replace(samples_measured.shop(), rootdir="/home/20260102-000000")
    assert (folder / "report").read_bytes() == render(document, format_).encode()


def test_options_reach_the_report(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    assert cli.main(["report", "--brief", "-q", "-v", "-w", "--format", "markdown"]) == 0
    document = msgspec.structs.replace(samples_measured.shop(), rootdir="/home/20260102-000000")
    links = ".fixturescope/runs/20260102-000000"
    options = Options(brief=True, quiet=True, verbose=True, wide=True, artifacts=links)
    assert capsys.readouterr().out == render(document, "markdown", options)


def test_links_lead_from_where_the_report_lies_to_the_run(project: Path) -> None:
    (project / "docs").mkdir()
    run = project / ".fixturescope" / "runs" / "20260102-000000"
    for output, link in (
        (project / "docs" / "r.md", "../.fixturescope/runs/20260102-000000/imports.html"),
        (run / "r.md", "./imports.html"),
    ):
        assert cli.main(["report", str(project), "--format", "markdown", "-o", str(output)]) == 0
        assert f"]({link})" in output.read_text("utf-8")
        assert ((output.parent / link).resolve()).parent == run.resolve()


def test_a_run_leaves_reports_beside_its_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_reports(samples_measured.shop(), tmp_path)
    assert (tmp_path / "report.md").read_bytes() == render(samples_measured.shop(), "markdown").encode()
    assert (tmp_path / "report.html").read_bytes() == render(samples_measured.shop(), "html").encode()
    assert capsys.readouterr() == ("", "")


def test_without_the_extra_a_run_leaves_what_it_can(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    write_reports(samples_measured.shop(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["report.md"]
    assert capsys.readouterr() == (
        "",
        "no report.html: jinja2 is not installed (pip install 'fixturescope[html]')\n",
    )


def test_a_report_that_needs_the_extra_says_so(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    assert cli.main(["report", str(project), "--format", "html"]) == 2
    assert capsys.readouterr().err == "error: jinja2 is not installed\nhint: pip install 'fixturescope[html]'\n"
