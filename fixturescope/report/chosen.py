"""Which advice words on a command line mean, and what a change would save by the figures that a document holds."""

from __future__ import annotations

from collections.abc import Sequence

from fixturescope.document import Document
from fixturescope.errors import UsageError
from fixturescope.model import SCOPES, Advice, Change, Fixture, Range
from fixturescope.report.advice import advise
from fixturescope.report.advice.context import AdviceContext, added, times


def choose(document: Document, words: Sequence[str]) -> tuple[Advice, ...]:
    """Return the advice that words mean: its number, ``kind:id`` or, where only one is meant, ``kind:name``.

    Raises:
        UsageError: A word means none, or several.
    """
    given = advise(document) if words else ()
    return tuple(_chosen(document, given, word) for word in words)


def _chosen(document: Document, given: Sequence[Advice], word: str) -> Advice:
    if word.isdigit():
        if 1 <= int(word) <= len(given):
            return given[int(word) - 1]
        raise UsageError(f"there is no advice {word}", hint=_hint(given))
    names = {fixture.id: fixture.name for fixture in document.fixtures}
    found = [one for one in given if one.id == word] or [
        one for one in given if one.fixtures and f"{one.kind}:{names.get(one.fixtures[0])}" == word
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"{word!r} means {len(found)} advices", hint=f"one of: {', '.join(one.id for one in found)}")
    raise UsageError(f"there is no advice {word!r}", hint=_hint(given))


def _hint(given: Sequence[Advice]) -> str:
    if not given:
        return "the document holds none; name a change: --scope FIXTURE=module, --drop-autouse or --remove FIXTURE"
    ids = [f"{number} ({one.id})" for number, one in enumerate(given[:5], 1)]
    return f"one of: {', '.join(ids)}{', …' if len(given) > 5 else ''}"


def find_advice(document: Document, changes: Sequence[Change]) -> Advice | None:
    """Return the advice that consists of the same changes."""
    return next((one for one in advise(document) if one.changes and one.changes == tuple(changes)), None)


def predict_saving(document: Document, changes: Sequence[Change]) -> Range | None:
    """Return the seconds that changes would save in a full run; None where that is not known.

    The set-ups that there would be no more, times what one set-up and teardown takes.
    """
    context = AdviceContext(document)
    found = [_predicted(context, change) for change in changes]
    known = [one for one in found if one is not None]
    return added(known) if known and len(known) == len(found) else None


def _predicted(context: AdviceContext, change: Change) -> Range | None:
    fixture = context.fixtures.get(change.fixture)
    if fixture is None or context.cost(fixture) is None or fixture.params == -1:
        return None
    parts = [
        times(cost.warm, max(one.setups - then, 0))
        for one, then in _setups(context, fixture, change)
        if (cost := context.cost(one)) is not None
    ]
    return added(parts) if parts else None


def _setups(context: AdviceContext, fixture: Fixture, change: Change) -> list[tuple[Fixture, int]]:
    """Return how often a full run would set fixtures up under a change."""
    if change.op == "scope":
        return [(fixture, context.setups_under(fixture, one)) for one in SCOPES if one == change.to]
    if change.op == "remove":
        return [(fixture, 0)]
    if change.op == "drop_autouse":
        both = [fixture, *(one for one in context.graph.dependencies(fixture, transitive=True) if one.params != -1)]
        return [(one, context.setups_under(one, one.scope, context.users_without(one, fixture))) for one in both]
    return []
