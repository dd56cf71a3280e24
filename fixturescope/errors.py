"""Errors that a person can act on: what is wrong, where, and what to do about it.

Nothing below ``cli`` prints or exits. A problem with one file of the project under analysis is a
[`Diagnostic`][fixturescope.model.Diagnostic] and the run goes on; only what makes the whole answer impossible is
raised.
"""

from __future__ import annotations

from typing import ClassVar


class FixturescopeError(Exception):
    """Base of every error this package raises on purpose.

    Args:
        message: What is wrong, in one sentence.
        path: The file it is about, if there is one.
        line: The 1-based line in that file.
        hint: What the reader can do about it.

    The fields are public; the text of ``str(error)`` is not a stable interface.
    """

    exit_code: ClassVar[int] = 70

    def __init__(
        self, message: str, *, path: str | None = None, line: int | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.line = line
        self.hint = hint

    def __str__(self) -> str:
        where = self.path or ""
        if where and self.line is not None:
            where = f"{where}:{self.line}"
        return f"{where}: {self.message}" if where else self.message

    def __reduce__(self) -> tuple[object, ...]:
        """Survive pickling although ``__init__`` has keyword-only arguments."""
        return _rebuild, (type(self), self.message, self.path, self.line, self.hint)


class UsageError(FixturescopeError):
    """The command line or the call asks for something that cannot be done."""

    exit_code = 2


class ConfigError(FixturescopeError):
    """A configuration file (pytest's or ours) is broken or holds an unknown key."""

    exit_code = 2


class NothingToAnalyzeError(FixturescopeError):
    """No test file was found under the given paths."""

    exit_code = 3


class DocumentError(FixturescopeError):
    """A document cannot be read: foreign, truncated, or of a schema version this release does not know."""

    exit_code = 2


class MeasureError(FixturescopeError):
    """The project's pytest could not be started, or not be kept running."""

    exit_code = 4


def _rebuild(
    kind: type[FixturescopeError], message: str, path: str | None, line: int | None, hint: str | None
) -> FixturescopeError:
    return kind(message, path=path, line=line, hint=hint)
