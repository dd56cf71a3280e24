"""FS203: names that are asked for and defined nowhere, and all that could provide them unseen."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import ClassVar

from fixturescope.analysis.checks.base import Check, Example
from fixturescope.analysis.checks.context import (
    CheckContext,
    Evidence,
    Place,
    closures_of,
    is_not_run,
)
from fixturescope.analysis.frames import Module
from fixturescope.analysis.makers import Makers
from fixturescope.analysis.nodes import Definition, Node
from fixturescope.analysis.resolve import ResolvedTest
from fixturescope.analysis.values import FunctionValue
from fixturescope.model import Diagnostic

_PLAIN = frozenset({"pytest.fixture", "pytest.yield_fixture", "pytest_asyncio.fixture"})
"""Decorators that leave a fixture's arguments to pytest."""


class UnknownFixture(Check):
    """A test or fixture has an argument that is no fixture where it stands: misspelt, removed, defined in a
    `conftest.py` of another folder, in a module that nobody imports, or by a plugin that is not installed in the
    environment that was read. pytest stops the test with "fixture … not found".

    Correct the name, move the fixture to a `conftest.py` above the test, or install the plugin. Where fixtures are
    made at run time by something that could not be evaluated, the finding is no more than *possible*.
    """

    code = "FS203"
    name = "unknown fixture"
    severity = "error"
    summary = "A test or fixture asks for a name that is defined nowhere it can see."
    GOOD: ClassVar[Example] = {
        "conftest.py": "import pytest\n\n\n@pytest.fixture\ndef basket():\n    return []\n",
        "test_basket.py": "def test_basket(basket, tmp_path):\n    assert not basket and tmp_path\n",
    }
    BAD: ClassVar[Example] = {
        "conftest.py": GOOD["conftest.py"],
        "test_basket.py": """\
def test_basket(basket):
    assert not basket


def test_empty_basket(baskets):  # FS203
    assert not baskets
""",
    }

    def find(self, context: CheckContext) -> Iterator[Diagnostic]:
        """See ``Check.find``."""
        found: dict[tuple[Place, str], tuple[Definition | None, Evidence]] = {}
        doubts = _Doubts(context)
        for resolved in context.resolution.tests:
            for closure in closures_of(resolved):
                for name, asker in closure.unknown:
                    test = resolved.test
                    if test.node.visible(name) or (asker is not None and not context.is_own(asker)):
                        continue
                    if doubts.explain(resolved, asker, name) or (
                        closure is not resolved.closure and not _asks(resolved, asker)
                    ):
                        continue
                    place = context.place(asker or test)
                    _, evidence = found.setdefault((place, name), (asker, Evidence(resolved)))
                    sure = closure is resolved.closure and not is_not_run(test) and not doubts.allow(resolved)
                    evidence.add(resolved, certain=sure and (asker is None or asker.certain))
        for (place, name), (asker, evidence) in found.items():
            who = f"fixture {asker.name!r}" if asker is not None else f"test {evidence.test.test.name!r}"
            text = f"{who} asks for {name!r}, and there is no such fixture{_nearest(name, evidence.test.test.node)}"
            yield self.say(
                place, text, certain=evidence.certain, fixture=asker.identity.id if asker is not None else None
            )


def _asks(resolved: ResolvedTest, asker: Definition | None) -> bool:
    """Whether a fixture asked, or the test by its own request rather than by that of some other test."""
    return asker is not None or "request" in resolved.test.arguments


class _Doubts:
    """What could provide a name that is defined nowhere."""

    def __init__(self, context: CheckContext) -> None:
        self._context = context
        suite = context.suite
        self._makers = Makers(suite, context.evaluator)
        self._anywhere = bool(suite.unread or context.missing)
        self._anywhere |= any(self._is_doubtful(module) for module in self._makers.shared)
        self._anywhere |= any(context.in_project(path) for path in context.problems)
        self._classes = dict(context.classes())

    def explain(self, resolved: ResolvedTest, asker: Definition | None, name: str) -> bool:
        """Whether something in force here provides names that cannot be known, so that there is nothing to report."""
        if resolved.parameters.unknown_names or name in resolved.parameters.names:
            return True
        above = set(resolved.test.node.ancestors())
        if any(hook.node in above and hook.may_provide(name) for hook in self._context.suite.hooks):
            return True
        if any(node in self._classes and self._context.is_decorated(self._classes[node]) for node in above):
            return True
        if self._makers.may_make(resolved.test.node, name):
            return True
        function = (asker or resolved.test).function
        if asker is not None and asker.value.decorator not in _PLAIN:
            return True
        return isinstance(function, FunctionValue) and self._context.is_decorated(function)

    def allow(self, resolved: ResolvedTest) -> bool:
        """Whether fixtures may be missing from what is known here."""
        modules = {node.module for node in resolved.test.node.ancestors() if node.module is not None}
        if resolved.test.function is not None:
            modules.add(resolved.test.function.module)
        return self._anywhere or any(self._is_doubtful(module) for module in modules)

    def _is_doubtful(self, module: Module) -> bool:
        if module.issues or module.failed is not None or module.facts.unparsed:
            return True
        return any(not self._context.evaluator.modules.star_names(dotted) for dotted in module.frame.stars)


def _nearest(name: str, node: Node) -> str:
    visible = {known for ancestor in node.ancestors() for known in ancestor.fixtures}
    close = difflib.get_close_matches(name, sorted(visible), n=1, cutoff=0.75)
    return f"; did you mean {close[0]!r}?" if close else ""
