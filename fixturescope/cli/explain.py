"""``fixturescope explain``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fixturescope.cli.base import app, is_file, note, shown_options, write
from fixturescope.errors import FixturescopeError, UsageError

if TYPE_CHECKING:
    from fixturescope.document import Document

EXPLAINED = ("terminal", "json")
"""What an explanation can be written as."""


@app.command()
def explain(
    what: Annotated[str, typer.Argument(metavar="FIXTURE|TEST", help="A name, an id, or a node id.")],
    path: Annotated[str, typer.Argument(metavar="[PATH]", help="The project, as for analyze.")] = ".",
    document: Annotated[
        str | None, typer.Option(metavar="FILE", help="A document, instead of the source and its newest run.")
    ] = None,
    python: Annotated[str | None, typer.Option(metavar="PY", help="Interpreter whose plugins count.")] = None,
    format: Annotated[str, typer.Option(metavar="|".join(EXPLAINED), help="What to write.")] = "terminal",
    output: Annotated[str | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write it.")] = None,
    wide: Annotated[bool, typer.Option("-w", "--wide", help="Nothing cut off.")] = False,
) -> int:
    """Show what one test waits for; or who uses one fixture, through whom, and what it costs."""
    import msgspec

    from fixturescope.document import load
    from fixturescope.report.explain import explain as explain_it
    from fixturescope.report.explain_text import render_explained

    if format not in EXPLAINED:
        raise UsageError(f"there is no format {format!r}", hint=f"one of: {', '.join(EXPLAINED)}")
    source = _newest(path, python) if document is None else load(document)
    found = explain_it(source, what)
    if format == "json":
        text = msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n"
    else:
        text = render_explained(found, shown_options(quiet=False, verbose=False, wide=wide, to_file=is_file(output)))
    write(text, output, data=format == "json")
    return 0


def _newest(path: str, python: str | None) -> Document:
    """Return what source says today, with the figures of the newest run where there is one."""
    from msgspec.structs import replace

    from fixturescope import analysis
    from fixturescope.document import from_graph, load
    from fixturescope.measure.runs import find_folder

    document = from_graph(analysis.analyze([path], python=python))
    try:
        folder = find_folder(Path(document.rootdir))
        run = load(folder.document)
    except FixturescopeError:
        return document
    note(f"costs are those of {folder.path}")
    return replace(
        document, measurements=run.measurements, startup=run.startup, readings=run.readings, trials=run.trials
    )
