"""FS103, FS302, FS303: one name for two things, where one of them is lost."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import ClassVar

from fixturescope.analysis.checks.base import Check, Example
from fixturescope.analysis.checks.context import CheckContext, Place
from fixturescope.analysis.checks.dead import namesake
from fixturescope.analysis.frames import Binding, Frame
from fixturescope.analysis.values import ClassValue, FixtureValue, FunctionValue, LambdaValue, Value
from fixturescope.model import Diagnostic


class ShadowedDefinition(Check):
    """Python keeps one thing under a name: where a module or class defines a fixture, a test or a test class twice,
    the first is gone before pytest looks. A test that is lost so never runs and never fails. The same happens with
    two fixtures that are given one name by `name=`: pytest takes the one whose function sorts last by name.

    Rename one of the two, or delete the one that does not count.
    """

    code = "FS103"
    name = "shadowed definition"
    severity = "warning"
    summary = "A fixture, test or test class is replaced by another one of its namespace."
    GOOD: ClassVar[Example] = {
        "test_sum.py": """\
import pytest


@pytest.fixture
def total():
    return 3


def test_sum(total):
    assert total == 1 + 2


def test_sum_of_negatives():
    assert -3 == -1 + -2
"""
    }
    BAD: ClassVar[Example] = {
        "test_sum.py": """\
import pytest


@pytest.fixture
def total():  # FS103
    return 4


@pytest.fixture
def total():
    return 3


def test_sum(total):  # FS103
    assert total == 1 + 2


def test_sum():
    assert -3 == -1 + -2


@pytest.fixture(name="tax")
def make_a_tax():  # FS103
    return 7


@pytest.fixture(name="tax")
def make_tax():
    return 19


def test_tax(tax, total):
    assert tax == 19 and total
"""
    }

    def find(self, context: CheckContext) -> Iterator[Diagnostic]:
        """See ``Check.find``."""
        collected = {id(test.function.facts) for test in context.suite.tests if test.function is not None}
        frames = {id(test.function.frame) for test in context.suite.tests if test.function is not None}
        for frame in _frames(context):
            path = context.relative(frame.module.path)
            for name, before, after in _replacements(frame):
                if not _is_named(name, frame, before.value) or not _is_named(name, frame, after.value):
                    continue
                what = _lost(before.value, after.value, collected, frames)
                if what:
                    lines = f"another one of that name on line {_line(after.value)} replaces it"
                    yield self.say(Place(path, _line(before.value)), f"{what} {name!r} is lost: {lines}")
        for identity in context.own:
            others = [namesake(definition) for definition in identity.registrations]
            other = others[0]
            if other is not None and all(others):
                text = (
                    f"fixture {identity.first.name!r} is lost: {context.place(other)} defines another one of that name"
                )
                yield self.say(context.place(identity.first), text, fixture=identity.id)


def _frames(context: CheckContext) -> Iterator[Frame]:
    """Yield the namespaces of the project's modules and of the classes in them."""
    for module in context.modules:
        stack = [module.frame]
        while stack:
            frame = stack.pop()
            yield frame
            for binding in frame.names.values():
                value = binding.value
                if isinstance(value, ClassValue) and value.module is module and value.frame.parent is frame:
                    stack.append(value.frame)


def _replacements(frame: Frame) -> Iterator[tuple[str, Binding, Binding]]:
    """Yield each name that was bound again, with what it stood for before and after."""
    history: dict[str, list[Binding]] = {}
    for name, binding in frame.replaced:
        history.setdefault(name, []).append(binding)
    for name, bindings in history.items():
        if name in frame.names:
            bindings.append(frame.names[name])
        yield from ((name, before, after) for before, after in pairwise(bindings))


def _is_named(name: str, frame: Frame, value: Value) -> bool:
    """Whether a value was defined in a namespace under this very name: neither imported nor given a second one."""
    defined = _defined(value)
    if isinstance(defined, LambdaValue):
        return isinstance(value, FixtureValue) and defined.frame is frame
    own = defined is not None and (defined.frame.parent if isinstance(defined, ClassValue) else defined.frame) is frame
    return own and defined is not None and defined.facts.name == name


def _lost(before: Value, after: Value, collected: set[int], frames: set[int]) -> str:
    """Return what kind of thing is lost when one value replaces another; empty when nothing is."""
    old, new = _defined(before), _defined(after)
    if old is None or new is None or old.facts is new.facts:
        return ""
    if isinstance(before, FixtureValue):
        return "fixture"
    if isinstance(old, FunctionValue) and isinstance(new, FunctionValue):
        return "test" if id(new.facts) in collected and old.binding != "property" else ""
    if isinstance(old, ClassValue) and isinstance(new, ClassValue) and id(new.frame) in frames:
        derived = any(isinstance(base, ClassValue) and base.facts is old.facts for base in new.bases)
        has_tests = any(
            name.startswith("test") and isinstance(binding.value, FunctionValue)
            for name, binding in old.frame.names.items()
        )
        return "test class" if has_tests and not derived else ""
    return ""


def _defined(value: Value) -> FunctionValue | LambdaValue | ClassValue | None:
    """Return the function or class that a value is or, for a fixture, that it runs."""
    if isinstance(value, FixtureValue):
        value = value.function
    return value if isinstance(value, FunctionValue | LambdaValue | ClassValue) else None


def _line(value: Value) -> int:
    if isinstance(value, FixtureValue):
        return _line(value.function) or value.line
    return value.facts.line if isinstance(value, FunctionValue | LambdaValue | ClassValue) else 0


class ParametrizedNameHidesFixture(Check):
    """`parametrize` gives the argument its own values, so the test does not get the fixture of that name. Where that
    is not meant, the reader of the test believes that the fixture is at work. pytest documents this as a way to
    override a fixture for others that ask for it: a test in which another fixture gets the parameter is not
    reported, and neither is one that narrows the values of a fixture with `params`.

    Give the argument another name, or pass `indirect=True` if the values are meant for the fixture's `request.param`.
    """

    code = "FS302"
    name = "parametrized name hides a fixture"
    severity = "info"
    summary = "A test parametrizes a name that is also a fixture of the project."
    GOOD: ClassVar[Example] = {
        "test_user.py": """\
import pytest


@pytest.fixture
def user(request):
    return request.param.title()


@pytest.mark.parametrize("user", ["anna"], indirect=True)
def test_user(user):
    assert user == "Anna"
"""
    }
    BAD: ClassVar[Example] = {
        "test_user.py": """\
import pytest


@pytest.fixture
def user():
    return "Anna"


def test_anna(user):
    assert user == "Anna"


@pytest.mark.parametrize("user", ["anna"])
def test_user(user):  # FS302
    assert user == "anna"
"""
    }

    def find(self, context: CheckContext) -> Iterator[Diagnostic]:
        """See ``Check.find``."""
        for group in context.tests:
            resolved = group[0]
            for name in sorted(resolved.parameters.direct):
                hidden = resolved.test.node.visible(name)
                if not hidden or not context.is_own(hidden[-1]) or name not in resolved.test.arguments:
                    continue
                if hidden[-1].params is not None or any(
                    name in definition.requests for definition in resolved.closure.used
                ):
                    continue
                where = context.place(hidden[-1])
                text = f"{name!r} is parametrized, so the test does not get the fixture of that name ({where})"
                yield self.say(context.place(resolved.test), text, fixture=hidden[-1].identity.id)


class DuplicatePlugin(Check):
    """Two installed distributions bring a pytest plugin under one name. pytest registers the first that it meets and
    leaves the other out without a word; which one comes first depends on the order of folders.

    Uninstall one of the two. If one is a fork or the new name of the other, the old one is still in the environment.
    """

    code = "FS303"
    name = "two plugins with one name"
    severity = "warning"
    summary = "Two installed distributions bring a plugin of the same name."
    GOOD: ClassVar[Example] = {
        "pytest.ini": "[pytest]\npythonpath = libs\n",
        "libs/clock-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: clock\nVersion: 1.0\n",
        "libs/clock-1.0.dist-info/entry_points.txt": "[pytest11]\nclock = clock_plugin\n",
        "libs/clock_plugin.py": "",
        "test_sum.py": "def test_sum():\n    assert 3 == 1 + 2\n",
    }
    BAD: ClassVar[Example] = {
        **GOOD,
        "pytest.ini": "# FS303\n[pytest]\npythonpath = libs\n",
        "libs/clock_fork-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: clock-fork\nVersion: 1.0\n",
        "libs/clock_fork-1.0.dist-info/entry_points.txt": "[pytest11]\nclock = clock_plugin\n",
    }

    def find(self, context: CheckContext) -> Iterator[Diagnostic]:
        """See ``Check.find``."""
        for one in context.duplicates:
            text = f"{one.registered} and {one.ignored} both bring a plugin {one.name!r}: "
            text += f"pytest leaves out that of {one.ignored}"
            yield self.say(Place(context.inifile, 1), text)
