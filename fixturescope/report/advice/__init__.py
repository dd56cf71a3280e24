"""What to change first: each kind of advice is one class in a file of this folder, and one line in ``KINDS``.

In: a ``Document``. Out: ``Advice``, the one that saves most first.
May not live here: reading source (that is ``document.readings``), trying changes, and strings of any format.
"""

from __future__ import annotations

from fixturescope.document import Document
from fixturescope.model import SAFETIES, Advice, Safety
from fixturescope.report.advice.autouse import DropAutouse, NarrowAutouse
from fixturescope.report.advice.base import Kind
from fixturescope.report.advice.context import AdviceContext
from fixturescope.report.advice.imports import LazyImport, StartupImport
from fixturescope.report.advice.memory import Leak, Retained
from fixturescope.report.advice.scopes import NarrowScope, WidenScope
from fixturescope.report.advice.source import Delete, Merge, UseFixtures
from fixturescope.report.advice.work import Cache, Grouping, Split

KINDS: tuple[type[Kind], ...] = (
    WidenScope,
    DropAutouse,
    NarrowAutouse,
    Cache,
    Grouping,
    Split,
    LazyImport,
    StartupImport,
    Leak,
    Retained,
    NarrowScope,
    Delete,
    Merge,
    UseFixtures,
)
"""All kinds; of two that save as much, the one that stands first here comes first."""

WEIGHTS: dict[Safety, float] = {"likely": 1.0, "possible": 0.5, "unlikely": 0.1}
"""What a predicted second counts for: how often such a change turns out to be safe is not known, so these are round."""


def advise(document: Document) -> tuple[Advice, ...]:
    """Return what to change: by seconds that are likely to be saved, weighted by safety; then the safest; then by kind.

    A document without readings, measurements or a measured start lacks the advice that needs them. What saves less than
    50 ms, or less than 0.5 % of what a full run spends on fixtures, is left out, where seconds are what it saves.
    """
    context = AdviceContext(document)
    found = [(one, at) for at, kind in enumerate(KINDS) for one in kind().find(context)]
    return tuple(one for one, at in sorted(found, key=lambda pair: _order(*pair)))


def _order(advice: Advice, kind: int) -> tuple[float, int, int, str]:
    seconds = 0.0 if advice.saves_s is None else advice.saves_s.likely
    return -seconds * WEIGHTS[advice.safety], SAFETIES.index(advice.safety), kind, advice.id


__all__ = ["KINDS", "WEIGHTS", "Kind", "advise"]
