"""``fixturescope analyze``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from fixturescope.cli.base import (
    EXIT_FINDINGS,
    app,
    is_file,
    known_format,
    note,
    progress_bar,
    shown_options,
    split,
    write,
)
from fixturescope.report import FORMATS

if TYPE_CHECKING:
    from fixturescope.document import Document


@app.command()
def analyze(
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="[PATH]...", help="Files and folders, as for pytest.")
    ] = None,
    python: Annotated[str | None, typer.Option(metavar="PY", help="Interpreter whose plugins count.")] = None,
    format: Annotated[
        str, typer.Option(metavar="|".join(FORMATS), help="What to write.", callback=known_format)
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
    advice: Annotated[bool, typer.Option("--advice", help="Read bodies, too, and say what to change first.")] = False,
    progress: Annotated[bool, typer.Option(help="A progress bar, where stderr is a terminal.")] = True,
    cache: Annotated[bool, typer.Option(help="Keep what was read of each file, and use it.")] = True,
    brief: Annotated[bool, typer.Option("--brief", help="What fits a comment on a pull request.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Only the summary and the unused fixtures.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Add notes on how the answer came about.")] = False,
    wide: Annotated[bool, typer.Option("-w", "--wide", help="All rows, and nothing cut off.")] = False,
) -> int:
    """Show the graph of fixtures and tests, from source alone: nothing of the project is imported or run."""
    from fixturescope import analysis
    from fixturescope.analysis.readings import read_bodies
    from fixturescope.document import from_graph, narrow
    from fixturescope.report import render

    settings = {"select": split(select), "ignore": split(ignore), "fail_on": split(fail_on)}
    with progress_bar(wanted=progress and not quiet) as tell:
        graph = analysis.analyze(
            paths or (), rootdir=rootdir, python=python, settings=settings, progress=tell, cache=cache
        )
    if advice:
        graph = graph.with_readings(read_bodies(graph))
    document = from_graph(graph)
    shown = document if name is None else narrow(document, name)
    options = shown_options(quiet=quiet, verbose=verbose, wide=wide, brief=brief, to_file=is_file(output))
    write(render(shown, format, options), output, data=FORMATS[format].is_data)
    return _gate(document)


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
        note(f"failed: {', '.join(failed)} (--fail-on)")
    return EXIT_FINDINGS if failed else 0
