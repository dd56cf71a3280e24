"""``fixturescope measure``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast, get_args

import typer

from fixturescope.cli.base import (
    EXIT_INCOMPLETE,
    REPORTS,
    app,
    artifacts_from,
    is_file,
    is_plain,
    known_format,
    note,
    shown_options,
    split,
    write,
    write_reports,
)
from fixturescope.errors import UsageError
from fixturescope.report import FORMATS

if TYPE_CHECKING:
    from fixturescope.document import Document
    from fixturescope.graph import FixtureGraph
    from fixturescope.measure.run import Options as MeasureOptions
    from fixturescope.measure.run import Progress as RunProgress
    from fixturescope.measure.runs import RunFolder

TRIED = frozenset({"scope", "drop_autouse", "remove"})
"""Changes that can be made in memory."""


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
    visits: Annotated[int, typer.Option(metavar="N", min=1, help="Processes that time each.")] = 2,
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
    try_first: Annotated[
        int, typer.Option("--try", metavar="N", min=0, help="Try the first N pieces of advice, too.")
    ] = 0,
    background: Annotated[bool, typer.Option("--background", help="Start, and return at once.")] = False,
    run_folder: Annotated[str | None, typer.Option(hidden=True)] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the newest unfinished run.")] = False,
    format: Annotated[
        str, typer.Option(metavar="|".join(FORMATS), help="What to write.", callback=known_format)
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
        selection=Selection(name, split(only) or (), max_fixtures, max_params),
        **_repeat(repeat),
        visits=visits,
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
    document, folder = _run(
        graph, options, into=run_folder, resume=resume, progress=progress and not quiet, try_first=try_first
    )
    shown = shown_options(
        quiet=quiet,
        verbose=verbose,
        wide=wide,
        to_file=is_file(output),
        artifacts=artifacts_from(folder.path, output),
    )
    write(render(document, format, shown), output, data=FORMATS[format].is_data)
    _say_kept(folder)
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
    graph: FixtureGraph, options: MeasureOptions, *, into: str | None, resume: bool, progress: bool, try_first: int
) -> tuple[Document, RunFolder]:
    """Measure, try advice, keep the document in the folder of the run, and say there what became of it."""
    from fixturescope.analysis.readings import read_bodies
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
        note(elsewhere)
    with Keeper(folder, sys.argv[1:]) as keeper, live_view(sys.stderr, wanted=progress, plain=is_plain()) as show:

        def watch(progress: RunProgress) -> None:
            keeper(progress.done, progress.total)
            show(progress)

        measured = measure_fixtures(graph, options, folder=folder, watch=watch)
        measured = measured.with_readings(read_bodies(graph))
        document = _with_flame(from_graph(measured), folder)
        if try_first:
            document = _with_trials(document, graph, options, folder, try_first, show)
        write_atomically(folder.document, dump(document))
        write_reports(document, folder.path)
        keeper.over(stopped=any("the run was stopped" in (one.reason or "") for one in document.measurements))
    return document, folder


def _with_trials(
    document: Document,
    graph: FixtureGraph,
    options: MeasureOptions,
    folder: RunFolder,
    most: int,
    show: Callable[[RunProgress], None],
) -> Document:
    """Try the first pieces of advice that can be tried in memory, as far as the budget goes."""
    import time

    from msgspec.structs import replace

    from fixturescope.measure.run import Progress
    from fixturescope.measure.trial import TIMEOUT_S, try_changes
    from fixturescope.report.advice import advise

    began, trials = time.monotonic(), []
    triable = [one for one in advise(document) if one.changes and {each.op for each in one.changes} <= TRIED]
    for number, advice in enumerate(triable[:most]):
        left = TIMEOUT_S if options.budget_s is None else options.budget_s - (time.monotonic() - began)
        if left <= 0:
            break
        show(Progress("trying", number, min(most, len(triable)), advice.id))
        trials.append(
            try_changes(
                graph,
                advice.changes,
                advice=advice.id,
                pytest_args=options.pytest_args,
                timeout_s=min(left, TIMEOUT_S),
                log=folder.log,
            )
        )
    return replace(document, trials=tuple(trials))


def _say_kept(folder: RunFolder) -> None:
    """Say where the document and the reports beside it are."""
    note(f"document: {folder.document}")
    for file in REPORTS.values():
        if (folder.path / file).exists():
            note(f"report: {folder.path / file}")


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
        note(elsewhere)
    before, dashes, after = _partition(sys.argv[1:], "--")
    words = [word for word in before if word != "--background"]
    report = [] if output else ["-o", str(folder.report)]
    command = [sys.executable, "-m", "fixturescope", *words, *report, "--run-folder", str(folder.path), *dashes, *after]
    with folder.log.open("ab") as log:
        process = subprocess.Popen(command, start_new_session=True, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    note(f"started as process {process.pid}; its folder is {folder.path}")
    note("fixturescope runs follow shows how it goes on, fixturescope runs stop ends it")
    return 0


def _partition(words: Sequence[str], at: str) -> tuple[list[str], list[str], list[str]]:
    """Return the words before one of them, itself, and those behind it."""
    if at not in words:
        return list(words), [], []
    where = list(words).index(at)
    return list(words[:where]), [at], list(words[where + 1 :])
