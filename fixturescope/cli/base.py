"""What all commands share: the application, exit codes, and how results and notes are written."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fixturescope._version import __version__
from fixturescope.errors import UsageError
from fixturescope.report import FORMATS, Options

if TYPE_CHECKING:
    from fixturescope.document import Document

EXIT_FINDINGS = 1
EXIT_INCOMPLETE = 4
EXIT_OUR_BUG = 70
EXIT_INTERRUPTED = 130

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


def _show_version(wanted: bool) -> None:
    if wanted:
        to_stdout(f"fixturescope {__version__}\n", data=False)
        raise typer.Exit


@app.callback()
def _fixturescope(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    pass


def known_format(name: str) -> str:
    """Return the name of a format, or complain that there is none of that name."""
    if name not in FORMATS:
        raise UsageError(f"there is no format {name!r}", hint=f"one of: {', '.join(FORMATS)}")
    return name


def split(given: Sequence[str] | None) -> tuple[str, ...] | None:
    """Return what an option that may be repeated, and takes commas, was given; None when it was not."""
    return None if given is None else tuple(part.strip() for one in given for part in one.split(",") if part.strip())


def shown_options(
    *, quiet: bool, verbose: bool, wide: bool, to_file: bool, brief: bool = False, artifacts: str = ""
) -> Options:
    """Return how much to show, and for what kind of terminal or file."""
    terminal = not to_file and sys.stdout is not None and sys.stdout.isatty()
    color = terminal and not is_plain()
    width = shutil.get_terminal_size().columns if terminal else None
    return Options(quiet=quiet, verbose=verbose, wide=wide, brief=brief, color=color, width=width, artifacts=artifacts)


def artifacts_from(folder: Path, output: str | None) -> str:
    """Return the way from where a report is written to the folder of the run that it is of."""
    start = Path(output).resolve().parent if is_file(output) and output else Path.cwd()
    try:
        way = Path(os.path.relpath(folder.resolve(), start)).as_posix()
    except ValueError:  # another drive: there is no way
        way = folder.resolve().as_posix()
    return "" if way == "." else way


def is_plain() -> bool:
    """Return whether a terminal is to get text without escapes."""
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"


def is_file(output: str | None) -> bool:
    """Return whether ``--output`` names a file."""
    return output is not None and output != "-"


def write(text: str, output: str | None, *, data: bool) -> None:
    """Write a result to a file, or to stdout where none is named."""
    if output is None or output == "-":
        to_stdout(text, data=data)
    else:
        from fixturescope.document import write_atomically

        write_atomically(output, text.encode())


REPORTS = {"markdown": "report.md", "html": "report.html"}
"""Format → file: what a run leaves beside its document."""


def write_reports(document: Document, folder: Path) -> None:
    """Write the reports that a run leaves beside its document, and say which could not be made, and why."""
    from fixturescope.document import write_atomically
    from fixturescope.report import render

    for name, file in REPORTS.items():
        try:
            write_atomically(folder / file, render(document, name).encode())
        except UsageError as error:
            note(f"no {file}: {error.message}{f' ({error.hint})' if error.hint else ''}")


def to_stdout(text: str, *, data: bool) -> None:
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


def note(text: str) -> None:
    """Write a line to stderr."""
    if sys.stderr is not None:
        sys.stderr.write(f"{text}\n")


@contextmanager
def progress_bar(*, wanted: bool) -> Iterator[Progress | None]:
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


def find_document(named: str) -> Path:
    """Return the document that is meant: a file, that of a run's folder, or that of a project's newest run."""
    from fixturescope.measure.runs import RunFolder, all_folders, find_rootdir

    where = Path(named)
    if not where.is_dir():
        return where
    if RunFolder(where).document.is_file():
        return RunFolder(where).document
    for folder in all_folders(find_rootdir(where)):
        if folder.document.is_file():
            return folder.document
    raise UsageError("no run has left a document", path=str(where), hint="fixturescope measure makes one")
