"""FS204, FS205, FS301: how functions treat the fixtures that they name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import ClassVar

from fixturescope.analysis import facts as f
from fixturescope.analysis.checks.base import Check, Example
from fixturescope.analysis.checks.context import CheckContext, Place, closures_of
from fixturescope.analysis.frames import Module
from fixturescope.analysis.nodes import Definition
from fixturescope.analysis.resolve import ResolvedTest
from fixturescope.analysis.values import FixtureValue, FunctionValue, LambdaValue
from fixturescope.analysis.walk import calls_in, statements
from fixturescope.model import Diagnostic


class FixtureCalled(Check):
    """`@pytest.fixture` replaces the function by something that cannot be called: pytest raises "Fixture … called
    directly". It would run without scope, cache, parameters or teardown.

    Ask for the fixture as an argument. If plain code needs the same value, move the code into a function of its own,
    and let the fixture call that function.
    """

    code = "FS204"
    name = "fixture called directly"
    severity = "error"
    summary = "A fixture is called like a plain function."
    GOOD: ClassVar[Example] = {
        "test_user.py": """\
import pytest


def make_user():
    return "anna"


@pytest.fixture
def user():
    return make_user()


def test_user(user):
    assert user == make_user()
"""
    }
    BAD: ClassVar[Example] = {
        "test_user.py": """\
import pytest


@pytest.fixture
def user():
    return "anna"


def test_user(user):
    assert user == "anna"


def test_other_user():
    assert user() == "anna"  # FS204
"""
    }

    def find(self, context: CheckContext) -> Iterator[Diagnostic]:
        """See ``Check.find``."""
        for module in context.modules:
            fixtures = {
                name: b.value
                for name, b in module.frame.names.items()
                if isinstance(b.value, FixtureValue) and b.certain
            }
            if not fixtures:
                continue
            for name, line in dict.fromkeys(
                (*_calls_in_functions(context, module), *_calls_at_import(module.facts.body))
            ):
                if name in fixtures:
                    text = f"fixture {name!r} is called directly; ask for it as an argument instead"
                    yield self.say(Place(context.relative(module.path), line), text)


def _calls_in_functions(context: CheckContext, module: Module) -> Iterator[tuple[str, int]]:
    lines: list[str] | None = None
    for function in statements(module.facts.body):
        if not isinstance(function, f.Function) or not function.calls:
            continue
        if lines is None:
            lines = context.text(module.path).splitlines()
        for name in function.calls:
            yield from ((name, line) for line in _call_lines(lines, function.line, name))


def _call_lines(lines: Sequence[str], start: int, name: str) -> Iterator[int]:
    """Yield the line of the first call of a name in a function's text, unless the function binds the name itself."""
    body = list(_function_text(lines, start))
    bound, called = _patterns(name)
    if any(bound.search(text) for _, text in body):
        return
    yield from [line for line, text in body if called.search(text)][:1]


def _function_text(lines: Sequence[str], start: int) -> Iterator[tuple[int, str]]:
    """Yield number and text of the lines of the function whose ``def`` is on a line, comments left out."""
    indent: int | None = None
    for number, line in enumerate(lines[start - 1 :], start):
        text = line.partition("#")[0].rstrip()
        here = len(text) - len(text.lstrip())
        if indent is None:
            indent = here
        elif text and here <= indent and not text.lstrip().startswith(")"):
            return
        yield number, text


@lru_cache(maxsize=256)
def _patterns(name: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return what binds a name within a function, and what calls it."""
    word = rf"(?<![\w.]){re.escape(name)}(?!\w)"
    bound = (
        rf"^[^=(]*{word}[^=(]*=(?!=)",
        rf"\b(?:as|def|class|global|nonlocal)\s+{word}",
        rf"\bfor\b[^:]*{word}[^:]*\bin\b",
        rf"{word}\s*:=",
        rf"\bimport\b.*{word}",
        rf"(?:\bdef\s+\w+\s*\(|\blambda\b)[^:]*{word}",
    )
    return re.compile("|".join(bound)), re.compile(rf"{word}\s*\(")


def _calls_at_import(body: tuple[f.Stmt, ...]) -> Iterator[tuple[str, int]]:
    """Yield names that module-level code calls, outside functions and classes."""
    for statement in body:
        if isinstance(statement, f.Function | f.Class):
            continue
        if isinstance(statement, f.Assign | f.ExprStmt):
            yield from (
                (call.func.id, statement.line) for call in calls_in(statement.value) if isinstance(call.func, f.Name)
            )
        for part in ("body", "orelse", "final"):
            yield from _calls_at_import(getattr(statement, part, ()))


class ReturnMixedWithYield(Check):
    """A fixture that yields is a generator. `return value` in it hands the value to nobody: if it comes before the
    `yield`, the test fails with "did not yield a value"; if it comes after, the value is lost.

    Write `yield value` followed by a bare `return`, or split the branches into two fixtures.
    """

    code = "FS205"
    name = "return mixed with yield"
    severity = "warning"
    summary = "A fixture that yields also returns a value."
    GOOD: ClassVar[Example] = {
        "test_file.py": """\
import pytest


@pytest.fixture
def path(tmp_path, request):
    if request.config.option.verbose:
        yield tmp_path
        return
    yield tmp_path / "quiet"


def test_path(path):
    assert path
"""
    }
    BAD: ClassVar[Example] = {
        "test_file.py": """\
import pytest


@pytest.fixture
def path(tmp_path, request):
    if request.config.option.verbose:
        return tmp_path  # FS205
    yield tmp_path / "quiet"


def test_path(path):
    assert path
"""
    }

    def find(self, context: CheckContext) -> Iterator[Diagnostic]:
        """See ``Check.find``."""
        seen: set[int] = set()
        for identity in context.own:
            function = identity.first.function
            if not isinstance(function, FunctionValue) or id(function.facts) in seen:
                continue
            seen.add(id(function.facts))
            if not function.facts.is_generator or not function.facts.returns_value:
                continue
            for statement in statements(function.facts.body or ()):
                if isinstance(statement, f.Return) and _is_lost(statement.value):
                    place = Place(context.place(identity.first).path, statement.line)
                    text = f"fixture {identity.first.name!r} yields, so the value that it returns here is lost"
                    yield self.say(place, text, fixture=identity.id)


def _is_lost(value: f.Expr | None) -> bool:
    """Whether a returned expression is a value at all: not none, a call that leaves the test, or a ``yield`` itself."""
    if value is None or value == f.Const(None) or (isinstance(value, f.Opaque) and value.what == "Yield"):
        return False
    if isinstance(value, f.Call):
        name = (
            value.func.attr
            if isinstance(value.func, f.Attr)
            else value.func.id
            if isinstance(value.func, f.Name)
            else ""
        )
        return name not in ("skip", "fail", "xfail", "exit")
    return True


class NeverRead(Check):
    """The test (or fixture) has the fixture as an argument, the fixture hands out a value, and the body never
    mentions it. Either the argument is left over and costs a setup in each run, or only the fixture's effect is
    wanted, which a reader cannot tell apart.

    If it is left over, delete the argument. If a test wants the effect, write `@pytest.mark.usefixtures("name")`.
    That mark has no effect on fixtures: there, keep the argument and say why in a comment.
    """

    code = "FS301"
    name = "requested but never read"
    severity = "info"
    summary = "An argument whose fixture has a value is not used in the body."
    GOOD: ClassVar[Example] = {
        "test_shop.py": """\
import pytest


@pytest.fixture
def prices():
    return {"tea": 3}


@pytest.fixture
def no_network():
    yield


def test_tea(prices, no_network):
    assert prices["tea"] == 3


@pytest.mark.usefixtures("prices")
def test_shop():
    assert True
"""
    }
    BAD: ClassVar[Example] = {
        "test_shop.py": """\
import pytest


@pytest.fixture
def prices():
    return {"tea": 3}


def test_tea(prices):
    assert prices["tea"] == 3


def test_shop(prices):  # FS301
    assert True
"""
    }

    def find(self, context: CheckContext) -> Iterator[Diagnostic]:
        """See ``Check.find``."""
        for group in context.tests:
            yield from self._in_test(context, group)
        answers: dict[tuple[Definition, str], dict[Definition, None]] = {}
        closures = {id(c): c for r in context.resolution.tests for c in closures_of(r)}
        for closure in closures.values():
            for asker, name, answer in closure.edges:
                answers.setdefault((asker, name), {})[answer] = None
        done: set[tuple[int, str]] = set()
        for (asker, name), found in answers.items():
            key = (id(asker.value), name)
            if key in done or not context.is_own(asker) or not _ignores(context, asker.function, name):
                continue
            done.add(key)
            if all(_has_value(answer) for answer in found):
                text = f"fixture {asker.name!r} asks for {name!r} and never reads it"
                yield self.say(context.place(asker), text, fixture=asker.identity.id)

    def _in_test(self, context: CheckContext, group: tuple[ResolvedTest, ...]) -> Iterator[Diagnostic]:
        test = group[0].test
        function = test.function
        if function is None or not function.module.in_project:
            return
        for name in test.arguments:
            if not _ignores(context, function, name):
                continue
            if all(name not in r.parameters.names and _gets_value(r, name) for r in group):
                text = f"test {test.name!r} asks for {name!r} and never reads it"
                takers = _takers(group, name)
                if takers:
                    text += f"; it is set up for {takers[0]!r} anyway"
                else:
                    text += f'; if its effect is wanted, say so with @pytest.mark.usefixtures("{name}")'
                yield self.say(context.place(test), text, fixture=group[0].closure.names[name][-1].identity.id)


def _takers(group: tuple[ResolvedTest, ...], name: str) -> list[str]:
    """Return the names of fixtures that ask for this one in each of some tests, with nothing dynamic in between."""
    found = [
        {asker.name for asker, asked, _ in resolved.closure.edges if asked == name != asker.name} for resolved in group
    ]
    return sorted(set.intersection(*found))


def _gets_value(resolved: ResolvedTest, name: str) -> bool:
    visible = resolved.closure.names.get(name, ())
    return bool(visible) and _has_value(visible[-1])


def _has_value(definition: Definition) -> bool:
    function = definition.function
    if isinstance(function, LambdaValue):
        return True
    return function is not None and (function.facts.returns_value or function.facts.yields_value)


def _ignores(context: CheckContext, function: FunctionValue | LambdaValue | None, name: str) -> bool:
    """Whether a function is known not to read one of its arguments; a leading underscore says that this is meant."""
    if not isinstance(function, FunctionValue) or name == "request" or name.startswith("_"):
        return False
    return name not in function.facts.reads and not context.is_decorated(function)
