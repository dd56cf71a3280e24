"""``fixturescope try`` and ``fixturescope apply``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fixturescope.cli.base import (
    EXIT_FINDINGS,
    EXIT_INCOMPLETE,
    REPORTS,
    Progress,
    app,
    note,
    progress_bar,
    shown_options,
    to_stdout,
    write_reports,
)
from fixturescope.errors import FixturescopeError, UsageError

if TYPE_CHECKING:
    from fixturescope.analysis.edit import FileEdit
    from fixturescope.document import Document
    from fixturescope.graph import FixtureGraph
    from fixturescope.measure.trial import Watch
    from fixturescope.model import Advice, Change, Range, Trial

Words = Annotated[
    list[str] | None, typer.Argument(metavar="[ADVICE]...", help="Its number, KIND:ID, or KIND:NAME of the fixture.")
]
ScopeOption = Annotated[list[str] | None, typer.Option(metavar="FIXTURE=SCOPE", help="Give a fixture another scope.")]
AutouseOption = Annotated[list[str] | None, typer.Option(metavar="FIXTURE", help="Let it be asked for.")]
RemoveOption = Annotated[list[str] | None, typer.Option(metavar="FIXTURE", help="Take its definition out.")]
DocumentOption = Annotated[
    str | None, typer.Option(metavar="FILE", help="Whose advice; default: the newest run's document.")
]
PathOption = Annotated[
    list[str] | None, typer.Option("--path", metavar="PATH", help="Files and folders, as for analyze.")
]
PythonOption = Annotated[str | None, typer.Option(metavar="PY", help="The project's interpreter.")]


@app.command("try")
def try_(
    context: typer.Context,
    advice: Words = None,
    scope: ScopeOption = None,
    drop_autouse: AutouseOption = None,
    remove: RemoveOption = None,
    document: DocumentOption = None,
    path: PathOption = None,
    python: PythonOption = None,
    timeout: Annotated[str, typer.Option(metavar="TIME", help="For all runs of one trial.")] = "5m",
    progress: Annotated[bool, typer.Option(help="A progress bar, where stderr is a terminal.")] = True,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Each run, too.")] = False,
    wide: Annotated[bool, typer.Option("-w", "--wide", help="All tests that ended otherwise.")] = False,
) -> int:
    """Run the tests that a change can affect without and with it, made in memory: do all end as before, and what is saved?"""
    from fixturescope.measure.trial import try_changes
    from fixturescope.report.trial import render_trial
    from fixturescope.units import parse_seconds

    seconds, shown = parse_seconds(timeout), shown_options(quiet=False, verbose=verbose, wide=wide, to_file=False)
    asked = _asked(advice, scope, drop_autouse, remove, document, path, python)
    trials = []
    for one in asked.wanted:
        with progress_bar(wanted=progress) as tell:
            trial = try_changes(
                asked.graph,
                one.changes,
                advice=one.advice,
                pytest_args=context.obj or (),
                timeout_s=seconds,
                watch=_watch(tell),
            )
        to_stdout(render_trial(trial, shown, predicted=one.predicted), data=False)
        _keep(asked, trial)
        trials.append(trial)
    return _exit_code(trials)


@app.command()
def apply(
    advice: Words = None,
    scope: ScopeOption = None,
    drop_autouse: AutouseOption = None,
    remove: RemoveOption = None,
    document: DocumentOption = None,
    path: PathOption = None,
    python: PythonOption = None,
    write: Annotated[bool, typer.Option("--write", help="Write it into the files.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Also into files that git could not bring back.")] = False,
) -> int:
    """Show what a change does to the source, as a diff; with --write, do it."""
    from fixturescope.analysis.edit import diff, edit

    asked = _asked(advice, scope, drop_autouse, remove, document, path, python)
    changes = [change for one in asked.wanted for change in one.changes]
    if not force:
        _check_unchanged(asked, changes)
    edits = edit(asked.graph.info.rootdir, asked.graph, changes)
    to_stdout(_safe(diff(edits)), data=True)
    _warn_of_users(asked.graph, changes)
    if not write:
        note("nothing is written: --write does it")
        return 0
    for file in _written(Path(asked.graph.info.rootdir), edits, force=force):
        note(f"written: {file}")
    return 0


@dataclass(frozen=True)
class _Wanted:
    """Changes that are tried or made together."""

    changes: tuple[Change, ...]
    advice: str | None = None
    predicted: Range | None = None


@dataclass(frozen=True)
class _Asked:
    """What a command line asks for."""

    graph: FixtureGraph
    """Of the files as they are now."""
    wanted: tuple[_Wanted, ...]
    document: Document | None = None
    file: Path | None = None
    """That holds the document."""
    from_document: bool = False
    """Whether advice of the document is among it."""


def _asked(
    words: Sequence[str] | None,
    scope: Sequence[str] | None,
    drop_autouse: Sequence[str] | None,
    remove: Sequence[str] | None,
    document: str | None,
    paths: Sequence[str] | None,
    python: str | None,
) -> _Asked:
    """Return what is asked for: each advice by itself, and all that options say together."""
    from fixturescope import analysis
    from fixturescope.report.chosen import choose, find_advice, predict_saving

    file, known = _newest() if document is None else _named(document)
    if words and known is None:
        raise UsageError("there is no document with advice", hint="fixturescope measure makes one; or name a change")
    if python is None and known is not None and Path(known.python.path).exists():
        python = known.python.path
    graph = analysis.analyze(paths or (), python=python)
    if known is not None and graph.info.rootdir != known.rootdir:
        if document is not None or words:
            hint = "name one of this project: --document"
            raise UsageError(f"is of another project: {known.rootdir}", path=str(file), hint=hint)
        file, known = None, None  # of a folder above: nobody has asked for it
    chosen = choose(known, words or ()) if known is not None else ()
    wanted = [_Wanted(_mechanical(one), one.id, one.saves_s) for one in chosen]
    named = _from_options(graph, scope or (), drop_autouse or (), remove or ())
    if named and known is None:
        wanted.append(_Wanted(named))
    elif named and known is not None:
        same = find_advice(known, named)
        saves = predict_saving(known, named) if same is None else same.saves_s
        wanted.append(_Wanted(named, same.id if same else None, saves))
    if not wanted:
        raise UsageError("there is nothing to change", hint="name advice, or --scope, --drop-autouse or --remove")
    return _Asked(graph, tuple(wanted), known, file, bool(words))


def _newest() -> tuple[Path | None, Document | None]:
    """Return the document of the newest run that has one."""
    from fixturescope.document import load
    from fixturescope.measure.runs import all_folders, find_rootdir

    try:
        folders = all_folders(find_rootdir(Path.cwd()))
        file = next((one.document for one in folders if one.document.exists()), None)
        return (None, None) if file is None else (file, load(file))
    except FixturescopeError:
        return None, None


def _named(document: str) -> tuple[Path, Document]:
    from fixturescope.document import load

    return Path(document), load(document)


def _mechanical(advice: Advice) -> tuple[Change, ...]:
    if not advice.changes:
        raise UsageError(f"{advice.id} is no change that can be made by rule", hint=advice.title)
    return advice.changes


def _from_options(
    graph: FixtureGraph, scope: Sequence[str], drop_autouse: Sequence[str], remove: Sequence[str]
) -> tuple[Change, ...]:
    from fixturescope.model import Change

    changes = []
    for text in scope:
        name, equals, to = text.rpartition("=")
        if not equals:
            raise UsageError(f"--scope: {text!r} is no FIXTURE=SCOPE", hint="as in --scope database=module")
        changes.append(Change(op="scope", fixture=graph.fixture(name).id, to=to))
    changes += [Change(op="drop_autouse", fixture=graph.fixture(name).id) for name in drop_autouse]
    changes += [Change(op="remove", fixture=graph.fixture(name).id) for name in remove]
    return tuple(changes)


def _watch(tell: Progress | None) -> Watch | None:
    """Return what tells a progress bar how far a trial is."""
    return None if tell is None else (lambda stage, done, total, _: tell(stage, done, total))


def _keep(asked: _Asked, trial: Trial) -> None:
    """Keep a trial in the document, in the place of an earlier one of the same changes."""
    from msgspec.structs import replace

    from fixturescope.document import dump, load, write_atomically

    if asked.file is None:
        return
    document = load(asked.file)  # somebody else may have written to it meanwhile
    kept = [one for one in document.trials if one.changes != trial.changes]
    document = replace(document, trials=(*kept, trial))
    write_atomically(asked.file, dump(document))
    if any((asked.file.parent / name).exists() for name in REPORTS.values()):
        write_reports(document, asked.file.parent)
    note(f"document: {asked.file}")


def _exit_code(trials: Sequence[Trial]) -> int:
    verdicts = {one.verdict for one in trials}
    if "refuted" in verdicts:
        return EXIT_FINDINGS
    return EXIT_INCOMPLETE if "unclear" in verdicts else 0


def _check_unchanged(asked: _Asked, changes: Sequence[Change]) -> None:
    """Complain where advice is of files that have changed since."""
    if not asked.from_document or asked.document is None or asked.file is None:
        return
    old = {one.id: one for one in asked.document.fixtures}
    written = asked.file.stat().st_mtime
    for change in changes:
        now = asked.graph.fixture(change.fixture)
        then = old.get(now.id)
        file = Path(asked.graph.info.rootdir) / now.path
        same = then is not None and (then.line, then.scope, then.autouse) == (now.line, now.scope, now.autouse)
        if not same or file.stat().st_mtime > written:
            hint = "measure or analyze again, or --force"
            raise UsageError(f"has changed since {asked.file} was written", path=now.path, line=now.line, hint=hint)


def _warn_of_users(graph: FixtureGraph, changes: Sequence[Change]) -> None:
    """Say which fixtures that are to be removed are in use."""
    for one in (graph.fixture(change.fixture) for change in changes if change.op == "remove"):
        if one.usage:
            note(f"{one.name} is used by {one.usage} test items: without it they fail, or get another one of that name")


def _safe(text: str) -> str:
    """Return source as it is or, for eyes, with what a terminal would obey spelled out."""
    from fixturescope.text import printable

    if sys.stdout is None or not sys.stdout.isatty():
        return text
    return "".join(f"{printable(line)}\n" for line in text.expandtabs(4).split("\n")[:-1])


def _written(root: Path, edits: Sequence[FileEdit], *, force: bool) -> list[str]:
    """Write all files, once it is certain that each may be written; return their paths."""
    from fixturescope.analysis.versioned import check_committed
    from fixturescope.document import write_atomically

    if not force:
        check_committed(root, [one.path for one in edits])
    for one in edits:
        if (root / one.path).read_bytes() != one.before:
            raise UsageError("has changed meanwhile", path=one.path, hint="try again")
    for one in edits:
        write_atomically(root / one.path, one.after)
    return [one.path for one in edits]
