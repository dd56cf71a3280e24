"""The command line: one function a command, one file for those that belong together.

In: the words of the command line. Out: an exit code, and what is written. The only place that writes to stdout and that
catches our errors. May not live here: whatever takes more than to parse, to call and to write.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import typer

from fixturescope.cli import analyze as _analyze  # noqa: F401 - registers its commands
from fixturescope.cli import changes as _changes  # noqa: F401 - likewise
from fixturescope.cli import compare as _compare  # noqa: F401 - likewise
from fixturescope.cli import explain as _explain  # noqa: F401 - likewise
from fixturescope.cli import measure as _measure  # noqa: F401 - likewise
from fixturescope.cli import rank as _rank  # noqa: F401 - likewise
from fixturescope.cli import report as _report  # noqa: F401 - likewise
from fixturescope.cli import runs as _runs  # noqa: F401 - likewise
from fixturescope.cli.base import EXIT_INTERRUPTED, EXIT_OUR_BUG, app, note
from fixturescope.errors import FixturescopeError

NEW_OBJECTS = 50_000
"""After how many new objects Python looks for garbage in cycles; workers that are forked take it over."""


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
    """Return what is for us and, of ``measure`` and ``try``, what stands behind ``--`` and is for pytest."""
    given = list(arguments)
    if given[:1] not in (["measure"], ["try"]) or "--" not in given:
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


def _complain(error: FixturescopeError) -> None:
    from fixturescope.text import printable

    note("\n  ".join(printable(line) for line in f"error: {error}".splitlines()))  # below the first: what was printed
    if error.hint:
        note(f"hint: {printable(error.hint)}")


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

    note(f"error: this is a bug in fixturescope: {printable(f'{type(error).__name__}: {error}')}")
    if os.environ.get("FIXTURESCOPE_DEBUG") == "1":
        note("".join(traceback.format_exception(type(error), error, error.__traceback__, limit=-12)).rstrip())
    else:
        note("hint: please report it where fixturescope is developed, with what it says under FIXTURESCOPE_DEBUG=1")
    return EXIT_OUR_BUG
