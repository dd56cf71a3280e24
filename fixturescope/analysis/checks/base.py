"""What a check is: one class a code, with its documentation and its examples."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import ClassVar

from fixturescope.analysis.checks.context import CheckContext, Place
from fixturescope.model import Diagnostic, Severity

Example = Mapping[str, str]
"""A small suite: file name → text."""


class Check(ABC):
    """One code of diagnostics. The docstring of each says why it matters and what to do.

    Attributes:
        code: Stable; what ``select``, ``ignore`` and comments name.
        name: A short name in words.
        severity: The usual one; a single diagnostic may be less severe.
        summary: What is found, in a sentence.
        GOOD: A suite without it: file name → text.
        BAD: A suite with it, each place marked by a comment with the code.
    """

    code: ClassVar[str]
    name: ClassVar[str]
    severity: ClassVar[Severity]
    summary: ClassVar[str]
    GOOD: ClassVar[Example]
    BAD: ClassVar[Example]

    @classmethod
    def explanation(cls) -> str:
        """Return why it matters and what to do, as Markdown; empty where docstrings are stripped."""
        return inspect.cleandoc(cls.__doc__ or "")

    @abstractmethod
    def find(self, context: CheckContext) -> Iterator[Diagnostic]:
        """Yield what there is to say."""

    def say(
        self,
        place: Place,
        message: str,
        *,
        certain: bool = True,
        severity: Severity | None = None,
        fixture: str | None = None,
    ) -> Diagnostic:
        """Return a diagnostic of this code.

        Args:
            place: Where.
            message: What, without a full stop.
            certain: Whether nothing dynamic could make it wrong; what is not certain is no more than ``info``.
            severity: Where it is not the usual one.
            fixture: Id of the fixture that it is about.
        """
        usual = severity or self.severity
        return Diagnostic(
            code=self.code,
            severity=usual if certain else "info",
            message=message,
            path=place.path,
            line=place.line,
            certainty="certain" if certain else "possible",
            fixture=fixture,
        )
