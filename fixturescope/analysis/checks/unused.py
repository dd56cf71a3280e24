"""FS101, FS102, FS104, FS105: fixtures of the project that no test uses. Each unused fixture is one finding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from fixturescope.analysis.checks.base import Check, Example
from fixturescope.analysis.checks.context import CheckContext
from fixturescope.analysis.checks.dead import Dead, dead_fixtures
from fixturescope.analysis.nodes import Definition, FixtureIdentity
from fixturescope.model import OFFERED, Diagnostic

_SHOWN = 5


class UnusedFixture(Check):
    """No test asks for the fixture: not by an argument, not through another fixture that a test uses, not by
    `usefixtures`, not as autouse, and not by `getfixturevalue` with a name that can be known. It costs no time, but
    it is read, maintained and migrated by people who believe that something depends on it.

    Delete it, and with it the fixtures that the message names: only this one leads to them. Where it is *possible*
    rather than certain, the message says what could reach it; look there first. A fixture of a plugin that other
    projects install is never more than *possible*.
    """

    code = "FS101"
    name = "unused fixture"
    severity = "warning"
    summary = "No test uses the fixture, directly or through others."
    GOOD: ClassVar[Example] = {
        "conftest.py": """\
import pytest


@pytest.fixture
def prices():
    return {"tea": 3}


@pytest.fixture
def cart(prices):
    return [prices["tea"]]
""",
        "test_cart.py": "def test_cart(cart):\n    assert cart == [3]\n",
    }
    BAD: ClassVar[Example] = {
        "conftest.py": """\
import pytest


@pytest.fixture
def prices():
    return {"tea": 3}


@pytest.fixture
def printer():  # FS101
    return print
""",
        "test_prices.py": "def test_prices(prices):\n    assert prices\n",
    }

    def find(self, context: CheckContext) -> Iterator[Diagnostic]:
        """See ``Check.find``."""
        for dead in dead_fixtures(context):
            if dead.kind == "unused":
                reason = context.certainties.reason(dead.fixture)
                text = f"fixture {dead.fixture.first.name!r} is unused: {reason}"
                yield _found(self, context, dead, text)


class DeadChain(Check):
    """The fixture is asked for, but only by fixtures that no test uses, so no test ever sets it up. Searching for its
    name finds a use, which is how such chains survive.

    The whole chain stands in the finding at its head (FS101, FS104 or FS105). Delete the head and all that hangs on
    it.
    """

    code = "FS102"
    name = "dead chain"
    severity = "warning"
    summary = "Only fixtures that no test uses ask for the fixture."
    GOOD: ClassVar[Example] = UnusedFixture.GOOD
    BAD: ClassVar[Example] = {
        "conftest.py": """\
import pytest


@pytest.fixture
def paper():  # FS102
    return "A4"


@pytest.fixture
def printer(paper):  # fixturescope: ignore[FS101]
    return print
""",
        "test_prices.py": "def test_prices():\n    assert True\n",
    }

    def find(self, context: CheckContext) -> Iterator[Diagnostic]:
        """See ``Check.find``."""
        for dead in dead_fixtures(context):
            if dead.kind == "chained":
                text = f"fixture {dead.fixture.first.name!r} is asked for by unused fixtures only: dead with "
                yield _found(self, context, dead, text + _list(context, dead.heads))


class UnreachableOverride(Check):
    """Tests do ask for this name where the fixture is visible, but each of them gets another definition that is
    nearer to it: in its own directory, module or class. So this one never runs, and changing it changes nothing,
    which is a bad surprise for whoever tries.

    Delete it, or delete the nearer ones if they were meant to be temporary. A fixture that only raises, as a hint
    that it must be overridden, is not reported.
    """

    code = "FS104"
    name = "unreachable override"
    severity = "warning"
    summary = "Each test that asks for the name gets a nearer definition."
    GOOD: ClassVar[Example] = {
        "conftest.py": 'import pytest\n\n\n@pytest.fixture\ndef user():\n    return "anna"\n',
        "test_admin.py": """\
import pytest


@pytest.fixture
def user(user):
    return user.upper()


def test_admin(user):
    assert user == "ANNA"
""",
    }
    BAD: ClassVar[Example] = {
        "conftest.py": 'import pytest\n\n\n@pytest.fixture\ndef user():  # FS104\n    return "anna"\n',
        "test_admin.py": """\
import pytest


@pytest.fixture
def user():
    return "root"


def test_admin(user):
    assert user == "root"
""",
    }

    def find(self, context: CheckContext) -> Iterator[Diagnostic]:
        """See ``Check.find``."""
        for dead in dead_fixtures(context):
            if dead.kind == "hidden":
                text = (
                    f"fixture {dead.fixture.first.name!r} is never reached: each test that asks for it gets a nearer "
                )
                text += f"one, {_list(context, dead.instead)}"
                yield _found(self, context, dead, text)


class IdleAutouse(Check):
    """An autouse fixture works on the tests below the place where it is defined, and there are none: its module,
    class or folder has no tests. What it is meant to guard (a patched clock, a blocked network) is not guarded.

    Move it to the `conftest.py` or class of the tests that it is meant for, or delete it.
    """

    code = "FS105"
    name = "autouse without tests"
    severity = "warning"
    summary = "An autouse fixture has no test in its reach."
    GOOD: ClassVar[Example] = {
        "conftest.py": "import pytest\n\n\n@pytest.fixture(autouse=True)\ndef no_network():\n    yield\n",
        "test_sum.py": "def test_sum():\n    assert 3 == 1 + 2\n",
    }
    BAD: ClassVar[Example] = {
        "test_helpers.py": """\
import pytest


@pytest.fixture(autouse=True)
def no_network():  # FS105
    yield
""",
        "test_sum.py": "def test_sum():\n    assert 3 == 1 + 2\n",
    }

    def find(self, context: CheckContext) -> Iterator[Diagnostic]:
        """See ``Check.find``."""
        for dead in dead_fixtures(context):
            if dead.kind == "idle":
                text = f"autouse fixture {dead.fixture.first.name!r} has no test in its reach"
                yield _found(self, context, dead, text)


def _found(check: Check, context: CheckContext, dead: Dead, text: str) -> Diagnostic:
    text += f"; {OFFERED}" if context.is_offered(dead.fixture) else ""
    text += f"; only unused fixtures lead to {_list(context, dead.chain)}" if dead.chain else ""
    return check.say(context.place(dead.fixture.first), text, certain=dead.certain, fixture=dead.fixture.id)


def _list(context: CheckContext, fixtures: Iterable[FixtureIdentity | Definition]) -> str:
    firsts = [fixture.first if isinstance(fixture, FixtureIdentity) else fixture for fixture in fixtures]
    shown = [f"{first.name!r} ({context.place(first)})" for first in firsts[:_SHOWN]]
    more = [f"{len(firsts) - _SHOWN} more"] if len(firsts) > _SHOWN else []
    return ", ".join([*shown, *more])
