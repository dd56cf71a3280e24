"""The report for people."""

from __future__ import annotations

import re

import pytest

from fixturescope._version import __version__
from fixturescope.document import from_graph, narrow
from fixturescope.model import Diagnostic
from fixturescope.report import Options, render
from tests import samples, samples_measured
from tests.conftest import Golden


def scrubbed(text: str) -> str:
    return text.replace(__version__, "VERSION", 1)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("terminal.txt", Options()),
        ("terminal_quiet.txt", Options(quiet=True)),
        ("terminal_wide_verbose.txt", Options(wide=True, verbose=True)),
        ("terminal_color.txt", Options(color=True, width=100)),
    ],
)
def test_whole_report(golden: Golden, name: str, options: Options) -> None:
    golden(scrubbed(render(samples.shop(), "terminal", options)), name)


def test_empty_suite(golden: Golden) -> None:
    text = render(samples.graph(plugins=(), inifile=None, files=1), "terminal")
    golden(scrubbed(text), "terminal_empty.txt")


def test_narrowed_to_a_name(golden: Golden) -> None:
    text = render(narrow(from_graph(samples.shop()), "p*"), "terminal")
    golden(scrubbed(text), "terminal_narrowed.txt")


def table(text: str) -> list[str]:
    """The lines of the table of fixtures, without title and header."""
    _, _, after = text.partition("Fixtures by setups")
    section, _, _ = after.partition("\n\n")
    return section.splitlines()[2:]


def many(count: int) -> str:
    fixtures = tuple(samples.fixture(f"f{at:02}", line=at, usage=1, setups=count - at) for at in range(count))
    return render(samples.graph(fixtures=fixtures), "terminal")


def test_twenty_rows_are_shown_whole() -> None:
    assert len(table(many(20))) == 20
    assert "…" not in many(20)


def test_of_more_rows_the_first_twenty_are_shown_and_the_rest_counted() -> None:
    rows = table(many(23))
    assert [row.split()[0] for row in rows[:20]] == [f"f{at:02}" for at in range(20)]
    assert rows[20:] == ["  … and 3 more; --wide shows all"]


def test_wide_shows_all_rows() -> None:
    fixtures = tuple(samples.fixture(f"f{at:02}", usage=1, setups=1) for at in range(23))
    assert len(table(render(samples.graph(fixtures=fixtures), "terminal", Options(wide=True)))) == 23


def test_of_more_than_twenty_diagnostics_of_a_code_the_rest_is_counted() -> None:
    found = tuple(Diagnostic(code="FS1", severity="info", message="m", path="a.py", line=at) for at in range(1, 23))
    text = render(samples.graph(diagnostics=found), "terminal")
    assert text.splitlines()[-2:] == ["    a.py:20: m", "    … and 2 more; --wide shows all"]
    assert len(re.findall(r"a\.py:\d+: m", render(samples.graph(diagnostics=found), options=Options(wide=True)))) == 22


LONG = "a_name_that_is_much_longer_than_anybody_would_want_to_type_more_than_once_in_their_life"


def test_a_long_name_is_cut_to_fit_the_terminal_and_a_path_never() -> None:
    graph = samples.graph(fixtures=(samples.fixture(LONG, path="tests/conftest.py", line=12, usage=1, setups=1),))
    (row,) = table(render(graph, options=Options(width=100)))
    assert row == "  a_name_that_is_mu…nce_in_their_life  function  static      1       1          tests/conftest.py:12"
    (row,) = table(render(graph, options=Options(width=40)))
    assert row == "  a_name_…eir_life  function  static      1       1          tests/conftest.py:12"


@pytest.mark.parametrize("options", [Options(), Options(width=80, wide=True)])
def test_a_long_name_is_whole_where_there_is_room(options: Options) -> None:
    graph = samples.graph(fixtures=(samples.fixture(LONG, usage=1, setups=1),))
    assert table(render(graph, options=options))[0].split()[0] == LONG


def test_a_pipe_gets_no_escapes_and_no_trailing_blanks() -> None:
    text = render(samples.shop())
    assert "\x1b" not in text
    assert [line for line in text.splitlines() if line != line.rstrip()] == []


@pytest.mark.parametrize("options", [Options(wide=True, verbose=True), Options(quiet=True)])
def test_hostile_names_are_spelled_out(options: Options) -> None:
    text = render(samples.hostile(), options=options)
    assert [one for one in text if not one.isprintable() and one != "\n"] == []
    assert r"\x1b[31m[red]ev\u202eil[/red]\n\r\x9b\u200b\u2028\x07é</script>2" in text


def test_hostile_names_whole_report(golden: Golden) -> None:
    text = render(samples.hostile(), options=Options(wide=True, verbose=True))
    golden(scrubbed(text), "terminal_hostile.txt")


# ------------------------------------------------------------------------------------------------------------- measured


@pytest.fixture
def advised(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("view", "advice_section"):
        monkeypatch.setattr(f"fixturescope.report.{module}.advise", lambda document: samples_measured.advice())


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("terminal_measured.txt", Options()),
        ("terminal_measured_80.txt", Options(width=80)),
        ("terminal_measured_quiet.txt", Options(quiet=True)),
        ("terminal_measured_wide.txt", Options(wide=True)),
        ("terminal_measured_verbose.txt", Options(verbose=True, width=120)),
    ],
)
@pytest.mark.usefixtures("advised")
def test_whole_report_of_what_was_measured(golden: Golden, name: str, options: Options) -> None:
    golden(scrubbed(render(samples_measured.shop(), "terminal", options)), name)


@pytest.mark.usefixtures("advised")
def test_what_was_measured_is_answered_in_the_first_lines_and_on_one_screen() -> None:
    many = tuple(samples.fixture(f"fixture_number_{at}", usage=1, setups=100) for at in range(100))
    measured = tuple(samples_measured.measurement(one.name, 0.1, 0.1) for one in many)
    for document in (samples_measured.shop(), from_graph(samples.graph(fixtures=many).annotated(measured))):
        lines = render(document, "terminal", Options(width=80)).splitlines()
        assert lines[0].startswith("Fixtures take ")
        assert len(lines) <= 40


@pytest.mark.parametrize(
    ("width", "first", "last"), [(80, "name", "peak"), (100, "name", "where"), (None, "name", "where")]
)
def test_the_table_of_costs_has_the_columns_that_there_is_room_for(width: int | None, first: str, last: str) -> None:
    names = [f"a_fixture_with_a_long_name_{at}" for at in range(3)]
    fixtures = tuple(samples.fixture(name, path="tests/unit/conftest.py", usage=1, setups=100) for name in names)
    measured = tuple(samples_measured.measurement(name, 0.1, 0.1) for name in names)
    text = render(samples.graph(fixtures=fixtures).annotated(measured), "terminal", Options(width=width))
    table = text.partition("What a full run spends on fixtures (3)\n")[2].splitlines()[:4]
    assert (table[0].split()[0], table[0].split()[-1]) == (first, last)
    assert {"run", "share", "setups", "set-up", "peak"} <= set(table[0].split())
    assert max(len(line) for line in table) <= (width or 1000)
    assert table[1].split()[0] == names[0]


@pytest.mark.parametrize("options", [Options(), Options(wide=True, verbose=True), Options(width=80)])
def test_hostile_names_of_what_was_measured_are_spelled_out(options: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("view", "advice_section"):
        monkeypatch.setattr(f"fixturescope.report.{module}.advise", lambda document: samples_measured.hostile_advice())
    text = render(samples_measured.hostile(), options=options)
    assert [one for one in text if not one.isprintable() and one != "\n"] == []
