"""``fixturescope runs``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fixturescope.cli.base import app, note, to_stdout
from fixturescope.errors import UsageError

runs = typer.Typer(help="Runs of measure: list them, follow one, stop one.", no_args_is_help=True)
app.add_typer(runs, name="runs")

Where = Annotated[str, typer.Argument(metavar="[DIR]", help="A folder of the project, or of one run.")]


@runs.command("list")
def list_runs(where: Where = ".") -> int:
    """Show the runs of a project, the newest first: when, what became of it, and its folder."""
    from fixturescope.measure.runs import all_folders, find_rootdir

    for folder in all_folders(find_rootdir(Path(where))):
        if run := folder.read():
            to_stdout(f"{run.started}  {run.state:8}  {run.done}/{run.total}  {folder.path}\n", data=False)
    return 0


@runs.command("follow")
def follow_run(where: Where = ".") -> int:
    """Show what a run has said, and what it says until it is over."""
    from fixturescope.measure.runs import find_folder, follow

    for text in follow(find_folder(Path(where))):
        to_stdout(text, data=False)
    return 0


@runs.command("stop")
def stop_run(where: Where = ".") -> int:
    """Let a run finish the fixture that it measures and write its document, and wait for that."""
    from fixturescope.measure.runs import find_folder, stop

    folder = find_folder(Path(where))
    if not stop(folder):
        raise UsageError("has not stopped yet", path=str(folder.path), hint="ask again, or end the process")
    note(f"stopped: {folder.path}; fixturescope measure --resume goes on with it")
    return 0
