"""The document: written whole, read back equal, and anything else refused in words."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fixturescope
from fixturescope import document as d
from fixturescope._version import __version__
from fixturescope.errors import DocumentError, UsageError
from fixturescope.graph import Edge
from fixturescope.model import (
    Bytes,
    Change,
    Diagnostic,
    Differing,
    Duration,
    Finding,
    Fixture,
    ImportedModule,
    Measurement,
    Memory,
    Range,
    Reading,
    Recorded,
    Samples,
    Startup,
    StartupStep,
    Test,
    Total,
    Trial,
    TrialRun,
)
from fixturescope.settings import Settings
from tests import samples
from tests.conftest import Golden

# ---------------------------------------------------------------------------------------------------------- round trips


NUMBERS = {int: st.integers(-1, 2**63 - 1), int | None: st.none() | st.integers(-1, 2**63 - 1)}
"""JSON readers may take larger numbers for floating point, and nothing that we count is larger."""

seconds = st.floats(0, 1e6)
"""JSON has no other numbers than finite ones, and no time that we measure is negative."""


def strategy(kind: type[msgspec.Struct], **known: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Values of a struct, from its own type hints, with the given strategies in place of the derived ones."""
    derived = {
        field.name: NUMBERS[field.type] if field.type in NUMBERS else st.from_type(field.type)
        for field in msgspec.structs.fields(kind)
        if field.name not in known
    }
    return st.builds(kind, **derived, **known)


sizes = st.builds(Bytes, own=NUMBERS[int], cumulative=NUMBERS[int])
names = st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=2)
samples_of_time = strategy(
    Samples, median=seconds, spread=seconds, samples=st.lists(seconds, max_size=3).map(tuple), visits=st.just(())
)
durations = strategy(
    Duration,
    cold=seconds,
    cold_cumulative=seconds,
    own=samples_of_time,
    cumulative=samples_of_time,
    colds=st.lists(seconds, max_size=2).map(tuple),
)
totals = st.builds(Total, own=seconds, cumulative=seconds)
startups = strategy(
    Startup,
    steps=st.lists(strategy(StartupStep, wall_s=seconds, samples=st.just((1.5, 2.0))), max_size=2).map(tuple),
    imports=st.lists(strategy(ImportedModule, self_s=seconds, cumulative_s=seconds), max_size=2).map(tuple),
    artifacts=names,
)
measurements = strategy(
    Measurement,
    setup_s=st.none() | durations,
    teardown_s=st.none() | durations,
    memory=st.none() | strategy(Memory, **dict.fromkeys(("peak", "retained", "leaked"), sizes)),
)
ranges = st.none() | st.builds(Range, low=seconds, likely=seconds, high=seconds)
trials = strategy(
    Trial,
    changes=st.lists(strategy(Change), max_size=1).map(tuple),
    differing=st.lists(strategy(Differing), max_size=1).map(tuple),
    saved_s=ranges,
    runs=st.lists(
        strategy(
            TrialRun,
            wall_s=seconds,
            fixtures_s=seconds,
            outcomes=st.dictionaries(st.text(max_size=5), st.integers(0, 9), max_size=1),
        ),
        max_size=1,
    ).map(tuple),
)
documents = strategy(
    d.Document,
    schema_version=st.just(d.SCHEMA_VERSION),
    tool=st.builds(d.Tool, version=st.text(max_size=5)),
    python=strategy(d.Interpreter),
    pytest=strategy(d.Pytest),
    settings=st.builds(
        Settings,
        select=st.lists(st.text(max_size=5), max_size=2).map(tuple),
        pytest=st.dictionaries(st.text(max_size=5), st.text(max_size=5) | st.just(("a", "b")), max_size=2),
    ),
    summary=strategy(d.Summary, diagnostics=st.dictionaries(st.text(max_size=5), st.integers(0, 9), max_size=2)),
    fixtures=st.lists(strategy(Fixture), max_size=2).map(tuple),
    tests=st.lists(strategy(Test, closure=names, dynamic=names), max_size=2).map(tuple),
    diagnostics=st.lists(strategy(Diagnostic), max_size=2).map(tuple),
    why_unused=names,
    measurements=st.lists(measurements, max_size=2).map(tuple),
    startup=st.none() | startups,
    recorded=st.lists(strategy(Recorded, setup_s=totals, teardown_s=totals), max_size=2).map(tuple),
    edges=st.lists(strategy(Edge), max_size=2).map(tuple),
    readings=st.lists(strategy(Reading, findings=st.lists(strategy(Finding), max_size=1).map(tuple)), max_size=2).map(
        tuple
    ),
    trials=st.lists(trials, max_size=1).map(tuple),
)


@given(documents)
@settings(max_examples=150, deadline=None)
def test_reads_back_what_was_written(document: d.Document) -> None:
    written = d.dump(document)
    assert d.load(written) == document
    assert d.dump(d.load(written)) == written


def test_from_a_graph_through_a_file(tmp_path: Path) -> None:
    document = d.from_graph(samples.shop())
    d.write_atomically(tmp_path / "run.json", d.dump(document))
    assert fixturescope.load(tmp_path / "run.json") == document
    assert fixturescope.load(str(tmp_path / "run.json")) == document


def test_a_graph_from_its_document_answers_the_same() -> None:
    graph = d.to_graph(d.from_graph(samples.shop()))
    assert d.from_graph(graph) == d.from_graph(samples.shop())
    assert graph.why_unused("printer") == samples.shop().why_unused("printer")


def test_keys_of_the_document() -> None:
    written = json.loads(d.dump(d.from_graph(samples.shop())))
    assert list(written) == [
        "schema_version",
        "tool",
        "python",
        "pytest",
        "rootdir",
        "files",
        "notes",
        "settings",
        "name_glob",
        "summary",
        "fixtures",
        "tests",
        "diagnostics",
        "why_unused",
        "measurements",
        "measured",
        "startup",
        "recorded",
        "edges",
        "readings",
        "trials",
    ]
    assert written["tool"] == {"name": "fixturescope", "version": __version__}
    assert written["python"] == {"path": "/home/ada/shop/.venv/bin/python", "version": "3.13.0", "chosen_by": ".venv"}
    assert written["pytest"] == {"version": "9.2.0", "inifile": "pytest.ini", "plugins": ["pytest-cov", "pytest-mock"]}


def test_summary_counts_by_scope_and_origin() -> None:
    summary = d.from_graph(samples.shop()).summary
    assert [(one.scope, one.origin, one.used, one.unused, one.possibly_unused) for one in summary.fixtures] == [
        ("function", "static", 2, 0, 1),
        ("function", "generated", 1, 0, 0),
        ("function", "plugin", 0, 1, 0),
        ("function", "builtin", 1, 0, 0),
        ("session", "static", 1, 1, 0),
    ]
    assert (summary.tests, summary.items, summary.items_are) == (2, 9, "at_least")
    assert summary.diagnostics == {"FS101": 2, "FS301": 1}


def test_narrowing_takes_fixtures_only() -> None:
    whole = d.from_graph(samples.shop())
    part = d.narrow(whole, "p*")
    assert [fixture.name for fixture in part.fixtures] == ["prices", "printer"]
    assert part.why_unused == {"conftest.py::printer": "only 'receipt' asks for it, which no test uses"}
    assert part.name_glob == "p*"
    assert (part.tests, part.diagnostics, part.summary) == (whole.tests, whole.diagnostics, whole.summary)


def test_text_that_is_no_unicode_is_spelled_out() -> None:
    """A file name in another encoding holds lone surrogates, which no JSON in UTF-8 can."""
    document = d.from_graph(samples.graph(fixtures=(samples.fixture("caf\udce9"),)))
    assert d.load(d.dump(document)).fixtures[0].name == r"caf\udce9"


@pytest.mark.parametrize(
    ("character", "written"),
    [
        ("é", "é"),
        ("日", "日"),
        ("\x1b", r"\u001b"),
        ("\x7f", r"\u007f"),
        ("\x9b", r"\u009b"),
        ("\u202e", r"\u202e"),
        ("\U000e0041", r"\udb40\udc41"),
    ],
)
def test_characters_that_a_terminal_acts_on_are_escaped(character: str, written: str) -> None:
    document = d.from_graph(samples.graph(rootdir=character))
    assert f'"rootdir": "{written}"' in d.dump(document).decode()
    assert d.load(d.dump(document)).rootdir == character


# ----------------------------------------------------------------------------------------------- what is not a document


def whole(**changes: object) -> bytes:
    return json.dumps({**json.loads(d.dump(d.from_graph(samples.shop()))), **changes}).encode()


AGAIN = "run `fixturescope analyze --format json -o FILE` again"


@pytest.mark.parametrize(
    ("data", "message", "hint"),
    [
        (b"", "is empty", AGAIN),
        (b" \n", "is empty", AGAIN),
        (whole()[:-20], "is truncated: the end is missing", AGAIN),
        (b"{", "is truncated: the end is missing", AGAIN),
        (b"[]", "is no fixturescope document: not a JSON object", None),
        (b"3", "is no fixturescope document: not a JSON object", None),
        (b"{}", "is no fixturescope document: JSON of another kind", None),
        (b'{"schema_version": 1}', "is no fixturescope document: JSON of another kind", None),
        (whole(tool={"name": "coverage"}), "is no fixturescope document: JSON of another kind", None),
        (whole(schema_version="1"), "is no fixturescope document: JSON of another kind", None),
        (whole(schema_version=True), "is no fixturescope document: JSON of another kind", None),
        (
            whole(schema_version=2, tool={"name": "fixturescope", "version": "9.1"}),
            "was written by a newer fixturescope (9.1): its schema version is 2, and VERSION reads up to 1",
            "upgrade fixturescope",
        ),
        (
            whole(schema_version=0, tool={"name": "fixturescope", "version": "0.0.1"}),
            "was written by an older fixturescope (0.0.1): its schema version is 0, and VERSION reads from 1 on",
            AGAIN,
        ),
        (whole(fixtures=3), "is a damaged document: Expected `array`, got `int` - at `$.fixtures`", AGAIN),
    ],
)
def test_refused(data: bytes, message: str, hint: str | None) -> None:
    with pytest.raises(DocumentError) as caught:
        d.load(data)
    assert (caught.value.message, caught.value.hint) == (message.replace("VERSION", __version__), hint)


@pytest.mark.parametrize("data", [b"SQLite format 3\x00", b"<html>", b"[" * 100_000, b'{"a":' * 100_000, b"\xff\xfe"])
def test_refused_whatever_it_is(data: bytes) -> None:
    with pytest.raises(DocumentError, match="is no fixturescope document"):
        d.load(data)


@given(st.integers(0, len(whole()) - 1))
@settings(max_examples=50, deadline=None)
def test_refused_wherever_it_ends(end: int) -> None:
    with pytest.raises(DocumentError, match=r"is empty|is truncated"):
        d.load(whole()[:end])


def test_unknown_keys_of_a_later_release_are_passed_over() -> None:
    assert d.load(whole(added_later=[1, 2])) == d.from_graph(samples.shop())


def test_an_error_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_bytes(b"")
    with pytest.raises(DocumentError) as caught:
        d.load(tmp_path / "run.json")
    assert str(caught.value) == f"{tmp_path / 'run.json'}: is empty"


@pytest.mark.skipif(sys.platform == "win32", reason="other words there")
@pytest.mark.parametrize(
    ("name", "message"),
    [("missing", "cannot be read: No such file or directory"), (".", "cannot be read: Is a directory")],
)
def test_unreadable(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(DocumentError) as caught:
        d.load(tmp_path / name)
    assert caught.value.message == message


# --------------------------------------------------------------------------------------------------------------- schema


def test_shipped_schema_is_that_of_the_code(golden: Golden) -> None:
    golden(json.dumps(d.json_schema(), indent=2) + "\n", "schema.json", folder=Path(fixturescope.__file__).parent)


def test_schema_knows_every_key() -> None:
    schema = d.json_schema()
    assert schema["$ref"] == "#/$defs/Document"
    for kind in (d.Document, Fixture, Test, Diagnostic, Settings):
        assert list(schema["$defs"][kind.__name__]["properties"]) == list(kind.__struct_fields__)


# -------------------------------------------------------------------------------------------------------------- writing


def test_writing_replaces_and_leaves_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "report.txt"
    d.write_atomically(target, b"one")
    d.write_atomically(target, b"two")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"report.txt": b"two"}


def test_a_failure_keeps_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "report.txt"
    target.write_bytes(b"before")

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(UsageError) as caught:
        d.write_atomically(target, b"after")
    assert str(caught.value) == f"{target}: cannot be written: No space left on device"
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"report.txt": b"before"}


def test_an_interruption_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(self: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        d.write_atomically(tmp_path / "report.txt", b"after")
    assert list(tmp_path.iterdir()) == []


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        d.write_atomically(tmp_path / "no" / "report.txt", b"x")
    assert caught.value.path == str(tmp_path / "no" / "report.txt")
    assert caught.value.hint == "name a file in a folder that is there"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
def test_a_full_disk_is_told_from_a_folder_that_is_not_there() -> None:
    with pytest.raises(UsageError, match="No space left") as caught:
        d.write_atomically("/dev/full", b"x")
    assert caught.value.hint == "make room on that disk"


@pytest.mark.skipif(sys.platform == "win32", reason="no such permissions and links there")
class TestPosix:
    def test_a_new_file_has_ordinary_permissions(self, tmp_path: Path) -> None:
        before = os.umask(0o027)
        try:
            d.write_atomically(tmp_path / "report.txt", b"x")
        finally:
            os.umask(before)
        assert stat.S_IMODE((tmp_path / "report.txt").stat().st_mode) == 0o640

    def test_permissions_stay(self, tmp_path: Path) -> None:
        target = tmp_path / "report.txt"
        target.write_bytes(b"before")
        target.chmod(0o600)
        d.write_atomically(target, b"after")
        assert stat.S_IMODE(target.stat().st_mode) == 0o600

    def test_a_link_stays_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "real.txt").write_bytes(b"before")
        (tmp_path / "link.txt").symlink_to("real.txt")
        d.write_atomically(tmp_path / "link.txt", b"after")
        assert (tmp_path / "link.txt").is_symlink()
        assert (tmp_path / "real.txt").read_bytes() == b"after"

    def test_a_device_is_written_to(self) -> None:
        d.write_atomically("/dev/null", b"x")
        assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
