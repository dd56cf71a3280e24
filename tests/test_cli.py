"""The command line: exit codes, what goes to stdout and what to stderr, and every way a run can end."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from fixturescope import cli
from fixturescope._version import __version__
from fixturescope.document import load
from fixturescope.errors import ConfigError, FixturescopeError, NothingToAnalyzeError
from fixturescope.graph import FixtureGraph
from fixturescope.report import FORMATS, Options, render
from fixturescope.settings import load_settings
from tests import samples

SHOP = render(samples.shop())


class Analysis:
    """Stands in for the analysis: keeps what it was asked, and answers with the shop or an error."""

    def __init__(self) -> None:
        self.paths: Sequence[str] = ()
        self.options: dict[str, object] = {}
        self.error: BaseException | None = None
        self.answer: FixtureGraph | None = None
        self.rootdir = Path("/nowhere")

    def __call__(
        self,
        paths: Sequence[str],
        *,
        progress: Callable[[str, int, int], None] | None,
        settings: dict[str, object],
        **options: object,
    ) -> FixtureGraph:
        self.paths = paths
        self.options = {**options, "settings": settings}
        if self.error:
            raise self.error
        if progress:
            progress("reading", 1, 3)
        if self.answer:
            return self.answer
        graph = samples.shop()
        in_force = load_settings(self.rootdir, cli=settings)
        graph.info = msgspec.structs.replace(graph.info, settings=in_force.to_builtins())
        return graph


@pytest.fixture
def analysis(monkeypatch: pytest.MonkeyPatch) -> Analysis:
    stub = Analysis()
    monkeypatch.setattr("fixturescope.analysis.analyze", stub)
    return stub


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run in a process of its own."""
    command = [sys.executable, "-m", "fixturescope", *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


# -------------------------------------------------------------------------------------------------------- what it shows


def test_analyze_shows_the_report(analysis: Analysis, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["analyze"]) == 0
    assert capsys.readouterr() == (SHOP, "")
    assert analysis.paths == ()
    assert analysis.options == {
        "rootdir": None,
        "python": None,
        "settings": {"select": None, "ignore": None, "fail_on": None},
        "cache": True,
    }


def test_options_reach_the_analysis(analysis: Analysis) -> None:
    arguments = ["a", "b/c.py", "--rootdir", "r", "--python", "py", "--select", "FS1,FS203", "--select", "FS3"]
    assert cli.main(["analyze", *arguments, "--no-cache", "--ignore", "FS101, "]) == 0
    assert list(analysis.paths) == ["a", "b/c.py"]
    assert analysis.options == {
        "rootdir": "r",
        "python": "py",
        "settings": {"select": ("FS1", "FS203", "FS3"), "ignore": ("FS101",), "fail_on": None},
        "cache": False,
    }


def test_advice_reads_bodies_and_says_what_to_change(analysis: Analysis, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["analyze", "--advice"]) == 0
    shown = capsys.readouterr().out.splitlines()
    at = shown.index("What to change first (2)")
    assert [shown[at + 1], shown[at + 3]] == ["   1  Delete printer", "   2  Delete receipt"]


@pytest.mark.parametrize(
    ("flags", "options"),
    [
        (["-q"], Options(quiet=True)),
        (["--quiet"], Options(quiet=True)),
        (["-v"], Options(verbose=True)),
        (["-w"], Options(wide=True)),
        (["--wide", "--verbose"], Options(wide=True, verbose=True)),
    ],
)
def test_modes(analysis: Analysis, capsys: pytest.CaptureFixture[str], flags: list[str], options: Options) -> None:
    cli.main(["analyze", *flags])
    assert capsys.readouterr().out == render(samples.shop(), options=options)


def test_json(analysis: Analysis, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["analyze", "--format", "json"]) == 0
    assert load(capsys.readouterr().out.encode()).fixtures == samples.shop().fixtures


def test_only_names_that_match(analysis: Analysis, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["analyze", "--format", "json", "-k", "p*"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [fixture["name"] for fixture in document["fixtures"]] == ["prices", "printer"]
    assert len(document["tests"]) == 2


def test_into_a_file(analysis: Analysis, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert cli.main(["analyze", "-o", str(tmp_path / "report.txt")]) == 0
    assert (tmp_path / "report.txt").read_text("utf-8") == SHOP
    assert capsys.readouterr() == ("", "")


def test_a_dash_is_stdout(analysis: Analysis, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["analyze", "-o", "-"]) == 0
    assert capsys.readouterr().out == SHOP


def test_version() -> None:
    result = run("--version")
    assert (result.returncode, result.stdout, result.stderr) == (0, f"fixturescope {__version__}\n", "")


def test_help_names_every_option() -> None:
    result = run("analyze", "--help")
    assert (result.returncode, result.stderr) == (0, "")
    for option in (
        "--python",
        "--format",
        "-o,",
        "-k",
        "--rootdir",
        "--select",
        "--ignore",
        "--fail-on",
        "--no-progress",
    ):
        assert option in result.stdout


# ------------------------------------------------------------------------------------------------------------ the gates

PASSING = samples.graph(
    fixtures=(
        samples.fixture("maybe", unused="possible"),
        samples.fixture("tmp_path", id="pytest:_pytest.tmpdir::tmp_path", origin="builtin", unused="certain"),
    )
)


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        ([], 0, ""),
        (["unused"], 1, "failed: 1 × unused (--fail-on)\n"),
        (["warning"], 1, "failed: 3 × warning (--fail-on)\n"),
        (["error"], 1, "failed: 1 × error (--fail-on)\n"),
        (["unused,error"], 1, "failed: 1 × unused, 1 × error (--fail-on)\n"),
    ],
)
def test_gates(analysis: Analysis, capsys: pytest.CaptureFixture[str], given: list[str], code: int, said: str) -> None:
    assert cli.main(["analyze", *(part for gate in given for part in ("--fail-on", gate))]) == code
    assert capsys.readouterr() == (SHOP, said)


def test_a_gate_from_the_settings(analysis: Analysis, tmp_path: Path) -> None:
    (tmp_path / "fixturescope.toml").write_text("fail_on = ['error']\n")
    analysis.rootdir = tmp_path
    assert cli.main(["analyze"]) == 1
    assert cli.main(["analyze", "--fail-on", "unused"]) == 1


def test_what_is_possibly_unused_and_what_others_brought_passes(analysis: Analysis) -> None:
    settings = {"fail_on": ("unused", "warning", "error")}
    analysis.answer = samples.graph(fixtures=PASSING.fixtures, settings=settings)
    assert cli.main(["analyze"]) == 0


def test_narrowing_does_not_open_the_gate(analysis: Analysis) -> None:
    assert cli.main(["analyze", "--fail-on", "unused", "-k", "cart"]) == 1


def test_unknown_gate(analysis: Analysis, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["analyze", "--fail-on", "unsued"]) == 2
    assert capsys.readouterr() == (
        "",
        "error: fail_on: invalid enum value 'unsued'\nhint: one of: unused, warning, error\n",
    )


# ---------------------------------------------------------------------------------------------------- how a run can end


OUR_BUG = (
    "error: this is a bug in fixturescope: ZeroDivisionError: \\x1b[2Jboo\n"
    "hint: please report it where fixturescope is developed, with what it says under FIXTURESCOPE_DEBUG=1\n"
)


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (
            ConfigError("is broken", path="tox.ini", line=3, hint="mend it"),
            2,
            "error: tox.ini:3: is broken\nhint: mend it\n",
        ),
        (NothingToAnalyzeError("no tests found"), 3, "error: no tests found\n"),
        (FixturescopeError("\x1b[2Jboo"), 70, "error: \\x1b[2Jboo\n"),
        (KeyboardInterrupt(), 130, ""),
        (
            ZeroDivisionError("\x1b[2Jboo"),
            70,
            OUR_BUG,
        ),
    ],
)
def test_errors(
    analysis: Analysis, capsys: pytest.CaptureFixture[str], error: BaseException, code: int, said: str
) -> None:
    analysis.error = error
    assert cli.main(["analyze"]) == code
    out, err = capsys.readouterr()
    assert (out, err.lstrip("\n")) == ("", said)


def test_a_bug_shows_its_place_when_asked(
    analysis: Analysis, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIXTURESCOPE_DEBUG", "1")
    analysis.error = ZeroDivisionError("boo")
    assert cli.main(["analyze"]) == 70
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "error: this is a bug in fixturescope: ZeroDivisionError: boo"
    assert lines[1] == "Traceback (most recent call last):"
    assert lines[-1] == "ZeroDivisionError: boo"


def test_unknown_format(analysis: Analysis, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["analyze", "--format", "pdf"]) == 2
    assert capsys.readouterr().err == (f"error: there is no format 'pdf'\nhint: one of: {', '.join(FORMATS)}\n")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [(["analyze", "--formt", "json"], "--formt"), (["analyse"], "analyse"), (["analyze", "--python"], "--python")],
)
def test_wrong_command_line(capsys: pytest.CaptureFixture[str], arguments: list[str], named: str) -> None:
    """The words are typer's."""
    assert cli.main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert named in err.splitlines()[-1]
    assert "Traceback" not in err


def test_no_folder_for_the_output(analysis: Analysis, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert cli.main(["analyze", "-o", str(tmp_path / "no" / "x.txt")]) == 2
    assert capsys.readouterr().err.startswith(f"error: {tmp_path / 'no' / 'x.txt'}: cannot be written: ")


STUBBED = """
import sys
from fixturescope import analysis, cli
from tests import samples
analysis.analyze = lambda *args, **kwargs: {graph}
sys.exit(cli.main(["analyze", *sys.argv[1:]]))
"""


def stubbed(graph: str = "samples.shop()") -> list[str]:
    """The command of a process that reports on a graph made by hand."""
    return [sys.executable, "-c", STUBBED.format(graph=graph)]


@pytest.mark.skipif(sys.platform == "win32", reason="pipes end otherwise there")
def test_a_reader_that_has_enough_ends_the_run_quietly() -> None:
    many = "samples.graph(fixtures=[samples.fixture(f'f{n}', usage=1) for n in range(3_000)])"
    with subprocess.Popen([*stubbed(many), "-w"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"fixturescope ")
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device here")
def test_a_full_disk_is_said() -> None:
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(stubbed(), stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (result.returncode, result.stderr) == (2, "error: cannot write to stdout: No space left on device\n")


@pytest.mark.parametrize(("format_", "encoding"), [("terminal", "ascii"), ("json", "utf-8")])
def test_a_terminal_that_cannot_show_a_character_gets_it_spelled_out(format_: str, encoding: str) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    graph = "samples.graph(fixtures=[samples.fixture('größe', usage=1)])"
    result = subprocess.run([*stubbed(graph), "--format", format_], capture_output=True, env=environment, check=True)
    shown = result.stdout.decode(encoding)
    assert ("größe" if format_ == "json" else r"gr\xf6\xdfe") in shown


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
class TestOnATerminal:
    @staticmethod
    def run(*arguments: str, **environment: str) -> str:
        import pty

        parent, child = pty.openpty()
        variables = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "COLUMNS")}
        with subprocess.Popen(
            [*stubbed(), *arguments], stdout=child, stderr=child, env={**variables, "TERM": "xterm", **environment}
        ) as process:
            os.close(child)
            chunks = []
            while chunk := _read(parent):
                chunks.append(chunk)
            os.close(parent)
            assert process.wait() == 0
        return b"".join(chunks).decode()

    def test_there_is_colour(self) -> None:
        assert "\x1b[1mUnused fixtures (2)\x1b[0m" in self.run("--no-progress")

    @pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
    def test_there_is_none_where_it_is_not_wanted(self, environment: dict[str, str]) -> None:
        assert "\x1b" not in self.run("--no-progress", **environment)

    def test_an_empty_no_color_is_none(self) -> None:
        assert "\x1b[1m" in self.run("--no-progress", NO_COLOR="")

    def test_progress_is_shown_and_gone(self) -> None:
        assert "\x1b[?25l" in self.run()  # the cursor is hidden while it is shown …
        assert "\x1b[?25h" in self.run()  # … and is back after it

    @pytest.mark.parametrize("flag", ["--no-progress", "-q"])
    def test_no_progress_where_it_is_not_wanted(self, flag: str) -> None:
        assert "\x1b[?25l" not in self.run(flag)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux says that the other side is closed
        return b""


@pytest.mark.parametrize(("before", "during"), [((700, 10, 10), 50_000), ((0, 10, 10), 0), ((99_000, 5, 5), 99_000)])
def test_garbage_is_looked_for_rarely_and_as_before_in_the_end(
    before: tuple[int, int, int], during: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, int, int]] = []
    monkeypatch.setattr(cli, "app", lambda **_: seen.append(gc.get_threshold()))
    usual = gc.get_threshold()
    gc.set_threshold(*before)
    try:
        assert cli.main([]) == 0
        assert seen == [(during, *before[1:])]
        assert gc.get_threshold() == before
    finally:
        gc.set_threshold(*usual)
