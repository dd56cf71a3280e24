"""``fixturescope rank``."""

from __future__ import annotations

from typing import Annotated

import typer

from fixturescope.cli.base import app, find_document, is_file, shown_options, write
from fixturescope.errors import UsageError

RANKED = ("terminal", "json")
"""What a ranking can be written as."""


@app.command()
def rank(
    document: Annotated[
        str, typer.Argument(metavar="[DOC]", help="A document, the folder of a run, or a project: its newest run.")
    ] = ".",
    lens: Annotated[str, typer.Option(metavar="run|inner-loop|memory|gpu|startup", help="What matters.")] = "run",
    workers: Annotated[int, typer.Option(metavar="N", min=1, help="Processes that share a run.")] = 1,
    format: Annotated[str, typer.Option(metavar="|".join(RANKED), help="What to write.")] = "terminal",
    output: Annotated[str | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write it.")] = None,
    wide: Annotated[bool, typer.Option("-w", "--wide", help="All rows.")] = False,
) -> int:
    """Show the fixtures of a measured suite by what matters: the time of a full run or of one test, memory, what is paid once."""
    import msgspec

    from fixturescope.document import load
    from fixturescope.report.rank import known_lens
    from fixturescope.report.rank import rank as rank_them
    from fixturescope.report.rank_text import render_ranking

    if format not in RANKED:
        raise UsageError(f"there is no format {format!r}", hint=f"one of: {', '.join(RANKED)}")
    ranking = rank_them(load(find_document(document)), known_lens(lens), workers=workers)
    if format == "json":
        text = msgspec.json.format(msgspec.json.encode(ranking), indent=2).decode() + "\n"
    else:
        text = render_ranking(ranking, shown_options(quiet=False, verbose=False, wide=wide, to_file=is_file(output)))
    write(text, output, data=format == "json")
    return 0
