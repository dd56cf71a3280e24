"""The command line: one function a command. The only place that writes to stdout and that catches our errors."""

from __future__ import annotations

import gc
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast, get_args

import typer

from fixturescope._version import __version__
from fixturescope.errors import FixturescopeError, UsageError
from fixturescope.report import FORMATS, Options

if TYPE_CHECKING:
    from fixturescope.document import Document
    from fixturescope.graph import FixtureGraph
    from fixturescope.measure.run import Options as MeasureOptions
    from fixturescope.measure.run import Progress as RunProgress
    from fixturescope.measure.runs import RunFolder

EXIT_FINDINGS = 1
EXIT_INCOMPLETE = 4
EXIT_OUR_BUG = 70
EXIT_INTERRUPTED = 130

NEW_OBJECTS = 50_000
"""After how many new objects Python looks for garbage in cycles; workers that are forked take it over."""

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""

app = typer.Typer(
    name="fixturescope",
    help="Which pytest fixtures are there, who really uses them, and which can go.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: the boundary that no error passes."""
    own, pytest_args = _split_arguments(sys.argv[1:] if arguments is None else arguments)
    try:
        with _rare_collections():
            code = app(args=own, prog_name="fixturescope", standalone_mode=False, obj=pytest_args)
        return code if isinstance(code, int) else 0
    except FixturescopeError as error:
        _complain(error)
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return EXIT_INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the outermost boundary: what comes here is our own bug
        return _usage_error(error) or _our_bug(error)


def _split_arguments(arguments: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """Return what is for us and, of ``measure``, what stands behind ``--`` and is for pytest."""
    given = list(arguments)
    if given[:1] != ["measure"] or "--" not in given:
        return given, ()
    at = given.index("--")
    return given[:at], tuple(given[at + 1 :])


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Look for garbage in cycles less often: trees and values are freed without, and a tenth of the time went there."""
    before = gc.get_threshold()
    gc.set_threshold(before[0] and max(before[0], NEW_OBJECTS), *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _show_version(wanted: bool) -> None:
    if wanted:
        _to_stdout(f"fixturescope {__version__}\n", data=False)
        raise typer.Exit


def _known_format(name: str) -> str:
    if name not in FORMATS:
        raise UsageError(f"there is no format {name!r}", hint=f"one of: {', '.join(FORMATS)}")
    return name


@app.callback()
def _fixturescope(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    pass


@app.command()
def analyze(
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="[PATH]...", help="Files and folders, as for pytest.")
    ] = None,
    python: Annotated[str | None, typer.Option(metavar="PY", help="Interpreter whose plugins count.")] = None,
    format: Annotated[
        str, typer.Option(metavar="|".join(FORMATS), help="What to write.", callback=_known_format)
    ] = "terminal",
    output: Annotated[str | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write it.")] = None,
    name: Annotated[str | None, typer.Option("-k", metavar="NAME-GLOB", help="Only show fixtures named so.")] = None,
    rootdir: Annotated[str | None, typer.Option(metavar="DIR", help="pytest's rootdir, as if given to pytest.")] = None,
    select: Annotated[
        list[str] | None, typer.Option(metavar="CODES", help="Only these diagnostics: FS1,FS203.")
    ] = None,
    ignore: Annotated[list[str] | None, typer.Option(metavar="CODES", help="None of these diagnostics.")] = None,
    fail_on: Annotated[
        list[str] | None, typer.Option(metavar="unused|warning|error", help="Exit 1 if there are any.")
    ] = None,
    progress: Annotated[bool, typer.Option(help="A progress bar, where stderr is a terminal.")] = True,
    cache: Annotated[bool, typer.Option(help="Keep what was read of each file, and use it.")] = True,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Only the summary and the unused fixtures.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Add notes on how the answer came about.")] = False,
    wide: Annotated[bool, typer.Option("-w", "--wide", help="All rows, and nothing cut off.")] = False,
) -> int:
    """Show the graph of fixtures and tests, from source alone: nothing of the project is imported or run."""
    from fixturescope import analysis
    from fixturescope.document import from_graph, narrow
    from fixturescope.report import render

    settings = {"select": _split(select), "ignore": _split(ignore), "fail_on": _split(fail_on)}
    with _progress_bar(wanted=progress and not quiet) as tell:
        graph = analysis.analyze(
            paths or (), rootdir=rootdir, python=python, settings=settings, progress=tell, cache=cache
        )
    document = from_graph(graph)
    shown = document if name is None else narrow(document, name)
    options = _options(quiet=quiet, verbose=verbose, wide=wide, to_file=_is_file(output))
    _write(render(shown, format, options), output, data=FORMATS[format].is_data)
    return _gate(document)


@app.command()
def measure(
    context: typer.Context,
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH]... [-- PYTEST ARGS...]", help="Files and folders, as for pytest."),
    ] = None,
    python: Annotated[str | None, typer.Option(metavar="PY", help="The project's interpreter.")] = None,
    rootdir: Annotated[str | None, typer.Option(metavar="DIR", help="pytest's rootdir, as if given to pytest.")] = None,
    name: Annotated[str | None, typer.Option("-k", metavar="NAME-GLOB", help="Only fixtures named so.")] = None,
    max_fixtures: Annotated[int | None, typer.Option(metavar="N", min=1, help="Only those set up most often.")] = None,
    max_params: Annotated[int, typer.Option(metavar="N", min=1, help="Parameters of one fixture.")] = 10,
    only: Annotated[
        list[str] | None, typer.Option(metavar="GROUPS", help="own, used, unused, a scope, an origin.")
    ] = None,
    repeat: Annotated[str, typer.Option(metavar="MIN:MAX", help="Warm samples of each.")] = "5:20",
    budget: Annotated[str | None, typer.Option(metavar="TIME", help="Begin no fixture after so long.")] = None,
    timeout: Annotated[str, typer.Option(metavar="TIME", help="For one set-up and teardown.")] = "60s",
    memory_limit: Annotated[str, typer.Option(metavar="SIZE", help="That one measurement may grow by.")] = "8GiB",
    memory: Annotated[bool, typer.Option(help="Measure memory, with memray.")] = True,
    trace_python_allocators: Annotated[bool, typer.Option(help="Count single objects.")] = True,
    native: Annotated[bool, typer.Option("--native", help="Stacks of native code, too.")] = False,
    gpu: Annotated[bool, typer.Option(help="Ask accelerator libraries that the project loads.")] = True,
    isolation: Annotated[str, typer.Option(metavar="auto|fork|fresh", help="A process for each.")] = "auto",
    in_suite: Annotated[bool, typer.Option("--in-suite", help="Run the whole suite, too, and record it.")] = False,
    startup: Annotated[bool, typer.Option(help="Time how pytest starts, and what it imports.")] = True,
    background: Annotated[bool, typer.Option("--background", help="Start, and return at once.")] = False,
    run_folder: Annotated[str | None, typer.Option(hidden=True)] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the newest unfinished run.")] = False,
    format: Annotated[
        str, typer.Option(metavar="|".join(FORMATS), help="What to write.", callback=_known_format)
    ] = "terminal",
    output: Annotated[str | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write it.")] = None,
    progress: Annotated[bool, typer.Option(help="A live view, where stderr is a terminal; else lines.")] = True,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Only the summary and the costs.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Add how it was measured.")] = False,
    wide: Annotated[bool, typer.Option("-w", "--wide", help="All rows, and nothing cut off.")] = False,
) -> int:
    """Set every fixture up for real, in the project's own pytest, and show what each costs in time and memory."""
    from fixturescope import analysis
    from fixturescope.measure.plan import Selection
    from fixturescope.measure.run import Options as MeasureOptions
    from fixturescope.report import render
    from fixturescope.units import parse_bytes, parse_seconds

    if background:
        return _start_in_background(analysis.analyze(paths or (), rootdir=rootdir, python=python), output)
    options = MeasureOptions(
        paths=tuple(paths or ()),
        pytest_args=tuple(context.obj or ()),
        selection=Selection(name, _split(only) or (), max_fixtures, max_params),
        **_repeat(repeat),
        budget_s=None if budget is None else parse_seconds(budget),
        timeout_s=parse_seconds(timeout),
        memory_limit=parse_bytes(memory_limit),
        memory=memory,
        gpu=gpu,
        native=native,
        python_allocators=trace_python_allocators,
        isolation=_known_isolation(isolation),
        startup=startup,
        in_suite=in_suite,
    )
    graph = analysis.analyze(paths or (), rootdir=rootdir, python=python)
    document, folder = _run(graph, options, into=run_folder, resume=resume, progress=progress and not quiet)
    shown = _options(quiet=quiet, verbose=verbose, wide=wide, to_file=_is_file(output))
    _write(render(document, format, shown), output, data=FORMATS[format].is_data)
    _note(f"document: {folder.document}")
    return EXIT_INCOMPLETE if any(one.status != "ok" for one in document.measurements) else 0


def _repeat(text: str) -> dict[Literal["least", "most"], int]:
    """Return the least and the most samples of ``MIN:MAX``, or of one number that is both."""
    least, _, most = text.partition(":")
    if not (least.isdigit() and (most or least).isdigit() and 1 <= int(least) <= int(most or least)):
        raise UsageError(f"--repeat: {text!r} is no MIN:MAX", hint="two numbers, the first not larger: 5:20")
    return {"least": int(least), "most": int(most or least)}


def _known_isolation(name: str) -> Literal["auto", "fork", "fresh"]:
    for known in get_args(Literal["auto", "fork", "fresh"]):
        if name == known:
            return cast("Literal['auto', 'fork', 'fresh']", known)
    raise UsageError(f"--isolation: there is no {name!r}", hint="one of: auto, fork, fresh")


def _run(
    graph: FixtureGraph, options: MeasureOptions, *, into: str | None, resume: bool, progress: bool
) -> tuple[Document, RunFolder]:
    """Measure, keep the document in the folder of the run, and say there what became of it."""
    from fixturescope.document import dump, from_graph, write_atomically
    from fixturescope.live import live_view
    from fixturescope.measure.run import measure_fixtures
    from fixturescope.measure.runs import Keeper, RunFolder, new_folder, unfinished

    rootdir = Path(graph.info.rootdir)
    if into is not None:
        folder, elsewhere = RunFolder(Path(into)), None
    else:
        folder, elsewhere = (unfinished(rootdir), None) if resume else new_folder(rootdir)
    if elsewhere:
        _note(elsewhere)
    with Keeper(folder, sys.argv[1:]) as keeper, live_view(sys.stderr, wanted=progress, plain=_is_plain()) as show:

        def watch(progress: RunProgress) -> None:
            keeper(progress.done, progress.total)
            show(progress)

        measured = measure_fixtures(graph, options, folder=folder, watch=watch)
        document = _with_flame(from_graph(measured), folder)
        write_atomically(folder.document, dump(document))
        keeper.over(stopped=any("the run was stopped" in (one.reason or "") for one in document.measurements))
    return document, folder


def _with_flame(document: Document, folder: RunFolder) -> Document:
    """Write the flame graph of the imports, and return the document that names it."""
    from msgspec.structs import replace

    from fixturescope.document import write_atomically
    from fixturescope.report.flame import render_flame

    startup = document.startup
    if startup is None or not startup.imports:
        return document
    write_atomically(folder.path / "imports.html", render_flame(startup).encode())
    artifacts = {**startup.artifacts, "flame graph": "imports.html"}
    return replace(document, startup=replace(startup, artifacts=artifacts))


def _start_in_background(graph: FixtureGraph, output: str | None) -> int:
    """Start the same command again, on its own and with a folder for what it says."""
    import subprocess

    from fixturescope.measure.runs import new_folder

    folder, elsewhere = new_folder(Path(graph.info.rootdir))
    if elsewhere:
        _note(elsewhere)
    before, dashes, after = _partition(sys.argv[1:], "--")
    words = [word for word in before if word != "--background"]
    report = [] if output else ["-o", str(folder.report)]
    command = [sys.executable, "-m", "fixturescope", *words, *report, "--run-folder", str(folder.path), *dashes, *after]
    with folder.log.open("ab") as log:
        process = subprocess.Popen(command, start_new_session=True, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    _note(f"started as process {process.pid}; its folder is {folder.path}")
    _note("fixturescope runs follow shows how it goes on, fixturescope runs stop ends it")
    return 0


def _partition(words: Sequence[str], at: str) -> tuple[list[str], list[str], list[str]]:
    """Return the words before one of them, itself, and those behind it."""
    if at not in words:
        return list(words), [], []
    where = list(words).index(at)
    return list(words[:where]), [at], list(words[where + 1 :])


# ----------------------------------------------------------------------------------------------------------------- runs

runs = typer.Typer(help="Runs of measure: list them, follow one, stop one.", no_args_is_help=True)
app.add_typer(runs, name="runs")

Where = Annotated[str, typer.Argument(metavar="[DIR]", help="A folder of the project, or of one run.")]


@runs.command("list")
def list_runs(where: Where = ".") -> int:
    """Show the runs of a project, the newest first: when, what became of it, and its folder."""
    from fixturescope.measure.runs import all_folders, find_rootdir

    for folder in all_folders(find_rootdir(Path(where))):
        if run := folder.read():
            _to_stdout(f"{run.started}  {run.state:8}  {run.done}/{run.total}  {folder.path}\n", data=False)
    return 0


@runs.command("follow")
def follow_run(where: Where = ".") -> int:
    """Show what a run has said, and what it says until it is over."""
    from fixturescope.measure.runs import find_folder, follow

    for text in follow(find_folder(Path(where))):
        _to_stdout(text, data=False)
    return 0


@runs.command("stop")
def stop_run(where: Where = ".") -> int:
    """Let a run finish the fixture that it measures and write its document, and wait for that."""
    from fixturescope.measure.runs import find_folder, stop

    folder = find_folder(Path(where))
    if not stop(folder):
        raise UsageError("has not stopped yet", path=str(folder.path), hint="ask again, or end the process")
    _note(f"stopped: {folder.path}; fixturescope measure --resume goes on with it")
    return 0


def _split(given: Sequence[str] | None) -> tuple[str, ...] | None:
    """Return what an option that may be repeated, and takes commas, was given; None when it was not."""
    return None if given is None else tuple(part.strip() for one in given for part in one.split(",") if part.strip())


def _gate(document: Document) -> int:
    """Return the exit code that the findings call for, and say which they were."""
    from fixturescope.document import OWN_ORIGINS

    severities = [diagnostic.severity for diagnostic in document.diagnostics]
    found = {
        "unused": sum(1 for one in document.fixtures if one.unused == "certain" and one.origin in OWN_ORIGINS),
        "warning": sum(1 for severity in severities if severity in ("warning", "error")),
        "error": severities.count("error"),
    }
    failed = [f"{found[gate]} × {gate}" for gate in document.settings.fail_on if found[gate]]
    if failed:
        _note(f"failed: {', '.join(failed)} (--fail-on)")
    return EXIT_FINDINGS if failed else 0


# -------------------------------------------------------------------------------------------------------------- writing


def _options(*, quiet: bool, verbose: bool, wide: bool, to_file: bool) -> Options:
    terminal = not to_file and sys.stdout is not None and sys.stdout.isatty()
    color = terminal and not _is_plain()
    width = shutil.get_terminal_size().columns if terminal else None
    return Options(quiet=quiet, verbose=verbose, wide=wide, color=color, width=width)


def _is_plain() -> bool:
    """Return whether a terminal is to get text without escapes."""
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"


def _is_file(output: str | None) -> bool:
    return output is not None and output != "-"


def _write(text: str, output: str | None, *, data: bool) -> None:
    if output is None or output == "-":
        _to_stdout(text, data=data)
    else:
        from fixturescope.document import write_atomically

        write_atomically(output, text.encode())


def _to_stdout(text: str, *, data: bool) -> None:
    """Write to stdout; whoever reads it may stop reading when they have enough (``| head``)."""
    if sys.stdout is None:
        return
    encoding = "utf-8" if data else sys.stdout.encoding
    try:
        sys.stdout.buffer.write(text.encode(encoding, "backslashreplace"))
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is still buffered goes nowhere
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise UsageError(f"cannot write to stdout: {error.strerror}") from None


def _note(text: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(f"{text}\n")


@contextmanager
def _progress_bar(*, wanted: bool) -> Iterator[Progress | None]:
    """Give a function to tell of progress, or None where nobody would see it."""
    if not wanted or sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    from rich import progress
    from rich.console import Console

    columns = (
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
    )
    with progress.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda stage, done, total: bar.update(task, description=stage, completed=done, total=total)


# --------------------------------------------------------------------------------------------------------------- errors


def _complain(error: FixturescopeError) -> None:
    from fixturescope.text import printable

    _note("\n  ".join(printable(line) for line in f"error: {error}".splitlines()))  # below the first: what was printed
    if error.hint:
        _note(f"hint: {printable(error.hint)}")


def _usage_error(error: Exception) -> int | None:
    """Show an error in the command line itself, as typer words it; None when it is something else."""
    show, code = getattr(error, "show", None), getattr(error, "exit_code", None)
    if not callable(show) or not isinstance(code, int):
        return None
    show()
    return code


def _our_bug(error: Exception) -> int:
    import traceback

    from fixturescope.text import printable

    _note(f"error: this is a bug in fixturescope: {printable(f'{type(error).__name__}: {error}')}")
    if os.environ.get("FIXTURESCOPE_DEBUG") == "1":
        _note("".join(traceback.format_exception(type(error), error, error.__traceback__, limit=-12)).rstrip())
    else:
        _note("hint: please report it where fixturescope is developed, with what it says under FIXTURESCOPE_DEBUG=1")
    return EXIT_OUR_BUG
