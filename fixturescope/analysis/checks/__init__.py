"""Diagnostics: likely mistakes in a suite, and what could not be known about it.

In: a ``CheckContext``. Out: ``Findings``, those that a comment silences left out. Each code is one class with its
documentation and examples; no rendering and no settings here.
"""

from __future__ import annotations

from dataclasses import dataclass

from fixturescope.analysis.checks.base import Check
from fixturescope.analysis.checks.context import CheckContext
from fixturescope.analysis.checks.ignores import Ignores
from fixturescope.analysis.checks.reading import CouldNotEvaluate, CouldNotParse, CouldNotRead
from fixturescope.analysis.checks.resolution import DependencyCycle, ScopeMismatch
from fixturescope.analysis.checks.shadows import DuplicatePlugin, ParametrizedNameHidesFixture, ShadowedDefinition
from fixturescope.analysis.checks.unknown import UnknownFixture
from fixturescope.analysis.checks.unused import DeadChain, IdleAutouse, UnreachableOverride, UnusedFixture
from fixturescope.analysis.checks.usage import FixtureCalled, NeverRead, ReturnMixedWithYield
from fixturescope.model import Diagnostic

CHECKS: tuple[type[Check], ...] = (
    CouldNotParse,
    CouldNotRead,
    CouldNotEvaluate,
    UnusedFixture,
    DeadChain,
    ShadowedDefinition,
    UnreachableOverride,
    IdleAutouse,
    ScopeMismatch,
    DependencyCycle,
    UnknownFixture,
    FixtureCalled,
    ReturnMixedWithYield,
    NeverRead,
    ParametrizedNameHidesFixture,
    DuplicatePlugin,
)
"""All checks, by code."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What the checks say."""

    diagnostics: tuple[Diagnostic, ...]


def check(context: CheckContext) -> Findings:
    """Run all checks."""
    ignores = Ignores(context.modules, context.relative)
    found = (diagnostic for one in CHECKS for diagnostic in one().find(context))
    return Findings(tuple(dict.fromkeys(diagnostic for diagnostic in found if not ignores.silences(diagnostic))))


__all__ = ["CHECKS", "Check", "CheckContext", "Findings", "check"]
