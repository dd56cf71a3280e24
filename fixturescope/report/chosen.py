"""Which advice words on a command line mean, and what a change would save by the figures that a document holds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from statistics import median

from fixturescope.document import Document, to_graph
from fixturescope.errors import UsageError
from fixturescope.graph import FixtureGraph
from fixturescope.model import Advice, Change, Fixture, Range, Scope, Test
from fixturescope.report.advice import advise


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

    The set-ups that there would be no more, times what one set-up and teardown takes: the ends are those of the samples.
    """
    found = [_predicted(to_graph(document), change) for change in changes]
    known = [one for one in found if one is not None]
    if not known or len(known) < len(found):
        return None
    return Range(
        low=sum(one.low for one in known),
        likely=sum(one.likely for one in known),
        high=sum(one.high for one in known),
    )


def _predicted(graph: FixtureGraph, change: Change) -> Range | None:
    fixture = graph.fixture(change.fixture)
    measured = [one for one in graph.measurements_of(fixture) if one.setup_s and one.teardown_s]
    fewer = _fewer(graph, fixture, change)
    if not measured or fewer is None:
        return None
    costs = [
        (min(samples), median(samples), max(samples))
        for one in measured
        for samples in [_sums(one.setup_s.own.samples, one.teardown_s.own.samples)]  # type: ignore[union-attr]
        if samples
    ]
    if not costs:
        return None
    low, likely, high = (median(column) for column in zip(*costs))
    return Range(low=fewer * low, likely=fewer * likely, high=fewer * high)


def _sums(setups: Sequence[float], teardowns: Sequence[float]) -> list[float]:
    return [setup + teardown for setup, teardown in zip(setups, teardowns)]


def _fewer(graph: FixtureGraph, fixture: Fixture, change: Change) -> int | None:
    """Return how many set-ups less there would be."""
    if change.op == "scope":
        tests = graph.usages(fixture)
        scope = next((one for one in ("class", "module", "package", "session") if one == change.to), "function")
        return fixture.setups - _setups(tests, fixture, scope)  # type: ignore[arg-type]
    if change.op == "remove":
        return fixture.setups
    if change.op == "drop_autouse":
        dependents = {one.id for one in graph.dependents(fixture, transitive=True)}
        kept = [test for test in graph.usages(fixture) if _asks(test, fixture, dependents)]
        return fixture.setups - _setups(kept, fixture, fixture.scope)
    return None


def _asks(test: Test, fixture: Fixture, dependents: set[str]) -> bool:
    """Return whether a test gets a fixture in another way than by autouse."""
    directly = any(one.name == fixture.name and one.via != "autouse" for one in test.requests)
    return directly or not dependents.isdisjoint({*test.closure.values(), *test.dynamic.values()})


def _setups(tests: Sequence[Test], fixture: Fixture, scope: Scope) -> int:
    """Return how often tests would set a fixture up under a scope, all in one process."""
    params = max(1, fixture.params or 1)
    outside = sum(test.items for test in tests if not test.cls)
    homes = {
        "function": {test.id for test in tests},
        "class": {f"{test.path}::{test.cls}" for test in tests if test.cls},
        "module": {test.path for test in tests},
        "package": {str(PurePosixPath(test.path).parent) for test in tests},
        "session": {"" for _ in tests},
    }
    if scope == "function":
        return sum(test.items for test in tests)
    return len(homes[scope]) * params + (outside if scope == "class" else 0)
