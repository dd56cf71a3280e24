"""Whether outcomes stay what they are when tests share what each had for itself: argued from readings, never assumed."""

from __future__ import annotations

from collections.abc import Sequence

from fixturescope.model import EFFECT, SAFETIES, Evidence, Finding, Fixture, Safety, Scope
from fixturescope.report.advice.context import AdviceContext, narrower, place

SHOWN = 3
"""Findings of one kind that are named."""

_MODULE_BOUND = ("request.module", "request.path", "request.fspath")

_CHECKS = ("assert", "raise", "pytest.", "skip(", "fail(", "xfail(", "importorskip(")
"""What the details begin with of what a fixture checks: to check it once for several tests says the same."""

_WORDS = {
    "mutates": "changes its value: {}",
    "escapes": "hands its value to what may change it: {}",
    "calls": "calls what may change it: {}",
    "test_bound": "reads what belongs to one test: {}",
    "alters": "changes what others see: {}",
    "outside": "reads or makes what may differ from test to test: {}",
    "imports": "imports {}",
    "module_import": "imports {}, which nothing else in the file reads",
    "constant": "is built from constants alone: {}",
    "unread": "asks for {} and never reads it",
    "part": "reads of it {}",
}


def argue(context: AdviceContext, fixture: Fixture, scope: Scope) -> tuple[Safety, tuple[Evidence, ...]]:
    """Return how likely it is that nothing changes if a fixture gets a wider scope, and what speaks against it.

    ``unlikely``: a test or fixture changes the value, the body is bound to one test or changes what others see, or it
    is asynchronous. ``possible``: its value goes where it cannot be followed, its body reads or makes
    something outside of the process, or not all was read. ``likely``: none of it.
    """
    reading = context.reading(fixture)
    if reading is None:
        return "possible", (place(fixture, "its source was not read"),)
    bad = [
        *context.found(fixture, "mutates"),
        *(one for one in context.found(fixture, "test_bound") if _is_bound(one, scope)),
        *context.found(fixture, "alters"),
    ]
    doubtful = [
        *context.found(fixture, "escapes", "outside"),
        *(one for one in context.found(fixture, "calls") if one.by is not None or not one.detail.startswith(_CHECKS)),
    ]
    against = [*told(fixture, bad), *told(fixture, doubtful)]
    safety: Safety = "unlikely" if bad else "possible" if doubtful else "likely"
    if fixture.is_async:
        safety = "unlikely"
        against.append(
            place(
                fixture,
                f"it is asynchronous: each test may have an event loop of its own, which {scope} scope outlives",
            )
        )
    if reading.incomplete:
        safety = worst(safety, "possible")
        against.append(Evidence(text=f"not all could be read: {reading.incomplete}"))
    if fixture.usage_dynamic:
        safety = worst(safety, "possible")
        against.append(place(fixture, "tests reach it by getfixturevalue"))
    if fixture.certainty == "possible" or any(one.certainty == "possible" for one in fixture.requests):
        safety = worst(safety, "possible")
        against.append(place(fixture, "what it asks for, or whether it is there, is decided at run time"))
    return safety, tuple(against)


def told(fixture: Fixture, findings: Sequence[Finding]) -> list[Evidence]:
    """Return findings in words, a few of each kind; those of others before its own."""
    found: list[Evidence] = []
    for kind, words in _WORDS.items():
        some = [one for one in findings if one.kind == kind and one.detail != EFFECT]
        for one in some[:SHOWN]:
            who = fixture.name if one.by is None else one.by.rpartition("::")[2]
            text = f"{who} {words.format(one.detail)}"
            if one.kind == "calls" and one.by is None:
                text = f"{who} calls {one.detail} for an effect that is not known"
            elif one.kind == "mutates" and one.by is None:
                text = f"{who}: {one.detail}"
            found.append(Evidence(text=text, path=one.path, line=one.line))
        if len(some) > SHOWN:
            found.append(Evidence(text=f"{len(some) - SHOWN} more places like these"))
    return found


def worst(*safeties: Safety) -> Safety:
    """Return the least safe."""
    return max(safeties, key=SAFETIES.index)


def _is_bound(finding: Finding, scope: Scope) -> bool:
    """Whether what belongs to one test keeps a fixture from a scope."""
    return not finding.detail.startswith(_MODULE_BOUND) or narrower("module", scope)
