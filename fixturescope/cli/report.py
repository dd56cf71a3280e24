"""``fixturescope report``."""

from __future__ import annotations

from typing import Annotated

import typer

from fixturescope.cli.base import app, artifacts_from, find_document, is_file, known_format, shown_options, write
from fixturescope.report import FORMATS


@app.command()
def report(
    document: Annotated[
        str, typer.Argument(metavar="[DOC]", help="A document, the folder of a run, or a project: its newest run.")
    ] = ".",
    format: Annotated[
        str, typer.Option(metavar="|".join(FORMATS), help="What to write.", callback=known_format)
    ] = "terminal",
    output: Annotated[str | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write it.")] = None,
    brief: Annotated[bool, typer.Option("--brief", help="What fits a comment on a pull request.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Only the summary and the costs.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Add how the answer came about.")] = False,
    wide: Annotated[
        bool, typer.Option("-w", "--wide", help="All rows, and nothing cut off; of graphs, tests.")
    ] = False,
) -> int:
    """Show a document again, in any format; the project itself need not be there."""
    from fixturescope.document import load
    from fixturescope.report import render

    path = find_document(document)
    shown = shown_options(
        quiet=quiet,
        verbose=verbose,
        wide=wide,
        brief=brief,
        to_file=is_file(output),
        artifacts=artifacts_from(path.parent, output),
    )
    write(render(load(path), format, shown), output, data=FORMATS[format].is_data)
    return 0
