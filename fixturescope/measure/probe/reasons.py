"""Why something went wrong, in words: the one line that says it, and the traceback below, of the project's own frames."""

from __future__ import annotations

import traceback

MISSING = (ConnectionError, TimeoutError)
"""Errors that say that a server is not there, with ``socket.gaierror`` and its like, which are named below."""

MISSING_NAMES = frozenset(
    {"gaierror", "OperationalError", "URLError", "ConnectError", "DockerException", "MaxRetryError"}
)
"""Names of classes that say the same, in libraries that we do not import."""

MAX_REASON = 8000
"""Characters."""

PYTEST_FRAMES = ("/_pytest/", "/pluggy/", "/fixturescope/measure/")
"""Parts of paths whose frames say nothing of the project."""


def explain(error: BaseException, *, needed: str | None = None) -> str:
    """Return why a set-up or a teardown failed.

    Args:
        error: What was raised.
        needed: Name of the fixture whose set-up failed, if it is another than the one that is measured.
    """
    text = "".join(traceback.format_exception_only(type(error), error)).strip()
    parts = []
    if needed is not None:
        parts.append(f"needs {needed!r}, whose set-up failed")
    if isinstance(error, MemoryError):
        parts.append("more memory than --memory-limit allows")
    if _is_missing(error):
        parts.append("needs something that is not here")
    trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    return "\n".join((": ".join([*parts, text]), of_the_project(trace)))[:MAX_REASON]


def of_the_project(trace: str) -> str:
    """Return a traceback without the frames of pytest and of ourselves."""
    kept, skip = [], False
    for line in trace.splitlines():
        if line.startswith("  File "):
            skip = any(part in line for part in PYTEST_FRAMES)
        elif not line.startswith("    "):
            skip = False
        if not skip:
            kept.append(line)
    return "\n".join(kept)


def _is_missing(error: BaseException | None) -> bool:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, MISSING) or type(error).__name__ in MISSING_NAMES:
            return True
        error = error.__cause__ or error.__context__
    return False
