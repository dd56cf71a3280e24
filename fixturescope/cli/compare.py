"""``fixturescope compare``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from fixturescope.cli.base import EXIT_FINDINGS, app, find_document, is_file, note, shown_options, split, write
from fixturescope.errors import UsageError

if TYPE_CHECKING:
    from fixturescope.document import Document


@app.command()
def compare(
    old: Annotated[str, typer.Argument(metavar="OLD", help="A document, the folder of a run, or a project.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="Another, of the same suite.")],
    format: Annotated[str, typer.Option(metavar="terminal|markdown|html|json|csv", help="What to write.")] = "terminal",
    output: Annotated[str | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write it.")] = None,
    fail_on: Annotated[
        list[str] | None,
        typer.Option(metavar="GATES", help="Exit 1 on any: time>10%,total>5%,memory>10%,startup>10%,new-unused,…"),
    ] = None,
    wide: Annotated[bool, typer.Option("-w", "--wide", help="All rows.")] = False,
) -> int:
    """Show what differs between two documents of one suite: fixtures that came and went, and costs beyond noise."""
    from fixturescope.report.compare import compare as compare_them
    from fixturescope.report.compare import failures
    from fixturescope.report.compare_formats import RENDERERS, render_comparison

    if format not in RENDERERS:
        raise UsageError(f"there is no format {format!r}", hint=f"one of: {', '.join(RENDERERS)}")
    found = compare_them(_load(old), _load(new))
    reasons = failures(found, split(fail_on) or ())
    options = shown_options(quiet=False, verbose=False, wide=wide, to_file=is_file(output))
    write(render_comparison(found, format, options), output, data=format in ("json", "csv"))
    for reason in reasons:
        note(f"failed: {reason}")
    return EXIT_FINDINGS if reasons else 0


def _load(where: str) -> Document:
    from fixturescope.document import load

    return load(find_document(where))
