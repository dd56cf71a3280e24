"""FS201, FS202: what pytest refuses when it sets a test up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar, cast

from fixturescope.analysis.checks.base import Check, Example
from fixturescope.analysis.checks.context import CheckContext, Evidence, closures_of, is_not_run
from fixturescope.analysis.collect import scope_of
from fixturescope.analysis.nodes import Definition
from fixturescope.analysis.resolve import ResolvedTest
from fixturescope.model import SCOPES, Diagnostic, Scope


class ScopeMismatch(Check):
    """A fixture lives as long as its scope says. One of a wide scope cannot ask for one of a narrower scope, which
    would be gone while the wide one still holds it: pytest stops each test that needs both with `ScopeMismatch`.
    Overrides decide this: a session fixture that asks for `settings` fails in the one module that overrides
    `settings` with a function fixture. So does one that asks for a name that a test parametrizes directly, since such
    values have function scope.

    Widen the scope of what is asked for, or narrow that of who asks.
    """

    code = "FS201"
    name = "scope mismatch"
    severity = "error"
    summary = "A fixture asks for one of a narrower scope."
    GOOD: ClassVar[Example] = {
        "test_shop.py": """\
import pytest


@pytest.fixture(scope="session")
def server():
    return "localhost"


@pytest.fixture
def client(server):
    return f"client of {server}"


def test_client(client):
    assert client
"""
    }
    BAD: ClassVar[Example] = {
        "test_shop.py": """\
import pytest


@pytest.fixture
def server():
    return "localhost"


@pytest.fixture(scope="session")
def client(server):  # FS201
    return f"client of {server}"


def test_client(client):
    assert client
"""
    }

    def find(self, context: CheckContext) -> Iterator[Diagnostic]:
        """See ``Check.find``."""
        found: dict[tuple[Definition, str, Definition | None], Evidence] = {}
        pairs: dict[int, tuple[tuple[Definition, str, Definition, bool], ...]] = {}
        for resolved in context.resolution.tests:
            if id(resolved.closure) not in pairs:
                pairs[id(resolved.closure)] = tuple(_narrower(resolved.closure.edges, certain=True))
            runs = not is_not_run(resolved.test)
            dynamic = _narrower(_dynamic_edges(context, resolved), certain=False)
            for asker, name, answer, certain in (*pairs[id(resolved.closure)], *dynamic):
                if asker.name not in resolved.parameters.names:
                    evidence = found.setdefault((asker, name, answer), Evidence(resolved))
                    sure = certain and runs and name not in resolved.parameters.names
                    evidence.add(resolved, certain=sure)
            for asker, name in _narrowed(resolved):
                found.setdefault((asker, name, None), Evidence(resolved)).add(resolved, certain=runs)
        for (asker, name, fixture), evidence in found.items():
            yield from self._diagnostic(context, asker, name, fixture, evidence)

    def _diagnostic(
        self, context: CheckContext, asker: Definition, name: str, answer: Definition | None, evidence: Evidence
    ) -> Iterator[Diagnostic]:
        if answer is None:
            what = f"{name!r}, which is parametrized and so of scope function"
        else:
            what = f"{name!r} of scope {answer.scope} ({context.place(answer)})"
        text = f"fixture {asker.name!r} of scope {asker.scope} asks for {what}, in {evidence}"
        blamed = next((d for d in (asker, answer) if d is not None and context.is_own(d)), None)
        if blamed is not None:
            yield self.say(context.place(blamed), text, certain=evidence.certain, fixture=blamed.identity.id)


_Edge = tuple[Definition, str, Definition]
"""Who asks, for which name, and who answers."""


def _narrower(edges: Iterable[_Edge], *, certain: bool) -> Iterator[tuple[Definition, str, Definition, bool]]:
    """Yield who asks for what of a narrower scope, and whether that is sure to happen."""
    for asker, name, answer in edges:
        if _is_known(asker) and _is_known(answer) and SCOPES.index(_scope(asker)) > SCOPES.index(_scope(answer)):
            yield asker, name, answer, certain and asker.certain and answer.certain


def _dynamic_edges(context: CheckContext, resolved: ResolvedTest) -> Iterator[_Edge]:
    """Yield what ``getfixturevalue`` adds to a test: by whom it is called, and what that brings in."""
    nearest: dict[str, Definition] = {}
    askers = dict.fromkeys(resolved.closure.used) if resolved.dynamic else {}
    for closure, _ in resolved.dynamic:
        yield from closure.edges
        nearest.update((name, visible[-1]) for name, visible in closure.names.items())
        askers.update(dict.fromkeys(closure.used))
    for asker in askers:
        for request in context.requests_of(asker):
            answer = nearest.get(request.name or "")
            if answer is not None and answer.name != asker.name:
                yield asker, answer.name, answer


def _narrowed(resolved: ResolvedTest) -> Iterator[tuple[Definition, str]]:
    """Yield fixtures of a wide scope that ask for a name that the test parametrizes directly."""
    direct = resolved.parameters.direct
    if not direct or any(
        mark.name == "parametrize" and _has_scope(mark.args, mark.kwargs) for mark in resolved.test.marks
    ):
        return
    for asker in resolved.closure.used:
        if asker.scope != "function" and _is_known(asker) and asker.name not in resolved.parameters.names:
            yield from ((asker, name) for name in asker.requests if name in direct)


def _has_scope(args: tuple[object, ...], kwargs: Iterable[str]) -> bool:
    return "scope" in kwargs or len(args) > 4


def _scope(definition: Definition) -> Scope:
    return cast(Scope, definition.scope)


def _is_known(definition: Definition) -> bool:
    return scope_of(definition.value)[1] != "dynamic" and not definition.value.incomplete


class DependencyCycle(Check):
    """Fixtures that ask for each other in a circle cannot be set up: pytest stops each test that needs one of them
    with "recursive dependency involving fixture … detected". A fixture that asks for its own name gets the next
    definition further out; where there is none, that is a circle too.

    Break the circle: let one of them get what it needs by other means, or split off what both need.
    """

    code = "FS202"
    name = "dependency cycle"
    severity = "error"
    summary = "Fixtures ask for each other in a circle."
    GOOD: ClassVar[Example] = {
        "conftest.py": "import pytest\n\n\n@pytest.fixture\ndef order():\n    return [1]\n",
        "test_order.py": """\
import pytest


@pytest.fixture
def order(order):
    return [*order, 2]


def test_order(order):
    assert order == [1, 2]
""",
    }
    BAD: ClassVar[Example] = {
        "test_order.py": """\
import pytest


@pytest.fixture
def order(customer):
    return [customer]


@pytest.fixture
def customer(order):  # FS202
    return order


def test_order(order):
    assert order
"""
    }

    def find(self, context: CheckContext) -> Iterator[Diagnostic]:
        """See ``Check.find``."""
        found: dict[tuple[Definition, str], Evidence] = {}
        for resolved in context.resolution.tests:
            for closure in closures_of(resolved):
                for name, asker in closure.unknown:
                    if asker is not None and resolved.test.node.visible(name) and context.is_own(asker):
                        evidence = found.setdefault((asker, name), Evidence(resolved))
                        evidence.add(resolved, certain=closure is resolved.closure and not is_not_run(resolved.test))
        for (asker, name), evidence in found.items():
            circle = _circle(asker, name, evidence.test)
            if len(circle) == 1:
                what = f"fixture {name!r} asks for its own name, and there is no other definition further out"
            else:
                shown = " → ".join([*(definition.name for definition in circle), circle[0].name])
                what = f"fixtures ask for each other in a circle: {shown}"
            certain = evidence.certain and all(definition.certain for definition in circle)
            yield self.say(context.place(asker), f"{what}, in {evidence}", certain=certain, fixture=asker.identity.id)


def _circle(asker: Definition, name: str, resolved: ResolvedTest) -> list[Definition]:
    """Return the shortest way from a fixture of a name to the one that asks for that name again."""
    closure = next(closure for closure in closures_of(resolved) if asker in closure.used)
    targets: dict[Definition, list[Definition]] = {}
    for source, _, target in closure.edges:
        targets.setdefault(source, []).append(target)
    starts = [definition for definition in closure.used if definition.name == name]
    ways: list[list[Definition]] = [[start] for start in starts]
    seen = set(starts)
    for way in ways:
        if way[-1] is asker:
            return way
        for target in targets.get(way[-1], ()):
            if target not in seen:
                seen.add(target)
                ways.append([*way, target])
    return [asker]
