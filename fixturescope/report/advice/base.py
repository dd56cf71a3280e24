"""What a kind of advice is: one class, with its documentation and its examples."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from fixturescope.model import (
    Advice,
    AdviceKind,
    Change,
    Effort,
    Evidence,
    Fixture,
    Range,
    Safety,
)
from fixturescope.report.advice.context import AdviceContext

Example = Mapping[str, str]
"""A small suite: file name → text."""


@dataclass(frozen=True)
class Figures:
    """What is measured of an example, so that its advice has something to go by.

    Attributes:
        seconds: Fixture → seconds of a set-up.
        retained: Fixture → bytes that it holds.
        leaked: Fixture → bytes that a second set-up and teardown leave behind.
        leaked_once: Fixture → bytes that the first set-up and teardown leave behind, and no other.
        left: Fixture → a process or thread that outlives its teardown.
        recorded: Fixture → how often a run set it up.
        imports: Module → seconds, and the file that imports it first.
    """

    seconds: Mapping[str, float] = field(default_factory=dict)
    retained: Mapping[str, int] = field(default_factory=dict)
    leaked: Mapping[str, int] = field(default_factory=dict)
    leaked_once: Mapping[str, int] = field(default_factory=dict)
    left: Mapping[str, str] = field(default_factory=dict)
    recorded: Mapping[str, int] = field(default_factory=dict)
    imports: Mapping[str, tuple[float, str]] = field(default_factory=dict)


class Kind(ABC):
    """One kind of advice. The docstring of each says what it is, when it is given, and what could make it wrong.

    Attributes:
        kind: Stable; the first part of the ids of its advice.
        name: A short name in words.
        summary: What is advised, in a sentence.
        GOOD: A suite that gets none of it: file name → text.
        BAD: A suite that gets it, each fixture (or import) marked by a comment with the kind.
        FIGURES: What is measured of both.
    """

    kind: ClassVar[AdviceKind]
    name: ClassVar[str]
    summary: ClassVar[str]
    GOOD: ClassVar[Example]
    BAD: ClassVar[Example]
    FIGURES: ClassVar[Figures] = Figures()

    @classmethod
    def explanation(cls) -> str:
        """Return what, when, and what could make it wrong, as Markdown; empty where docstrings are stripped."""
        return inspect.cleandoc(cls.__doc__ or "")

    @abstractmethod
    def find(self, context: AdviceContext) -> Iterator[Advice]:
        """Yield what there is to advise."""

    def say(
        self,
        about: Sequence[Fixture] | str,
        title: str,
        *,
        safety: Safety,
        evidence: Sequence[Evidence],
        against: Sequence[Evidence] = (),
        saves_s: Range | None = None,
        saves_bytes: Range | None = None,
        effort: Effort = "line",
        changes: Sequence[Change] = (),
    ) -> Advice:
        """Return a piece of advice of this kind.

        Args:
            about: The fixtures, the one that costs first; or the module.
            title: What to do, in one sentence without a full stop.
            safety: How likely it is that outcomes stay what they are.
            evidence: Why.
            against: What could make it wrong.
            saves_s: Seconds.
            saves_bytes: Bytes.
            effort: What is to be changed.
            changes: Where it is mechanical.
        """
        name = about if isinstance(about, str) else about[0].id
        return Advice(
            id=f"{self.kind}:{name}",
            kind=self.kind,
            fixtures=() if isinstance(about, str) else tuple(one.id for one in about),
            title=title,
            safety=safety,
            evidence=tuple(evidence),
            against=tuple(dict.fromkeys(against)),
            saves_s=saves_s,
            saves_bytes=saves_bytes,
            effort=effort,
            changes=tuple(changes),
        )
