"""Fixtures that nothing is seen to define: names that code which runs at import may make fixtures of."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fixturescope.analysis import facts as f
from fixturescope.analysis.evaluate import Evaluator
from fixturescope.analysis.frames import Frame, Module, NamePattern
from fixturescope.analysis.known import is_fixture_decorator
from fixturescope.analysis.nodes import Node
from fixturescope.analysis.resolve import matches
from fixturescope.analysis.suite import Suite
from fixturescope.analysis.values import ClassValue, External, FixtureValue, Mark, Unknown, Value
from fixturescope.analysis.walk import calls_in, statements


class Makers:
    """Answers whether a name that is defined nowhere may be a fixture all the same.

    Args:
        suite: Its modules are asked: conftests and plugins for all tests, a test module for its own.
        evaluator: Tells the calls that only make marks.
    """

    def __init__(self, suite: Suite, evaluator: Evaluator) -> None:
        self._ev = evaluator
        own = {node.module for node in suite.nodes.values() if node.kind == "module"}
        self.shared = tuple(module for module in suite.modules if module not in own)
        """Conftests and the project's own plugins."""
        self._shared = frozenset(name for module in self.shared for name in _made(evaluator, module))
        self._patterns = tuple(one.pattern for module in self.shared for one in _known_in_part(module))
        self._made: dict[Module, frozenset[str]] = {}

    def may_make(self, node: Node, name: str) -> bool:
        """Return whether code in force at a node may make a fixture of a name."""
        if name in self._shared or any(matches(pattern, name) for pattern in self._patterns):
            return True
        modules = {above.module for above in node.ancestors() if above.module is not None}
        return any(
            name in self._made_in(module) or any(matches(one.pattern, name) for one in _known_in_part(module))
            for module in modules
        )

    def _made_in(self, module: Module) -> frozenset[str]:
        if module not in self._made:
            self._made[module] = frozenset(_made(self._ev, module))
        return self._made[module]


def _known_in_part(module: Module) -> Iterator[NamePattern]:
    """Yield the patterns of names that say something; one of which nothing is known is a doubt about everything."""
    return (one for one in module.patterns if one.pattern != "*")


def _made(ev: Evaluator, module: Module) -> Iterator[str]:
    """Yield names that code of a module may make fixtures of.

    They are the texts in calls at import and in decorators (``register(Author, "author")``), the functions defined
    within functions (a plugin made in ``pytest_configure``), and attributes of which nothing is known.
    """
    for statement in statements(module.facts.body):
        if isinstance(statement, f.Assign) and _is_known(statement.targets, module.frame):
            continue
        if isinstance(statement, f.Assign | f.ExprStmt):
            yield from _words(ev, statement.value, module.frame)
        elif isinstance(statement, f.Function):
            for decorator in statement.decorators:
                yield from _words(ev, decorator.expr, module.frame)
            yield from (s.name for s in statements(statement.body or (), functions=True) if isinstance(s, f.Function))
    yield from _unknown_in(module.frame)


def _is_known(targets: tuple[f.Expr, ...], frame: Frame) -> bool:
    """Whether an assignment is known to make a fixture: what it calls was followed to its end."""
    bound = [frame.names.get(target.id) for target in targets if isinstance(target, f.Name)]
    return len(bound) == len(targets) and all(one is not None and isinstance(one.value, FixtureValue) for one in bound)


def _words(ev: Evaluator, node: f.Expr, frame: Frame) -> Iterator[str]:
    """Yield the words in texts that are arguments of calls, but for those of marks and plain fixture decorators."""
    for call in calls_in(node):
        texts = [arg.value.value for arg in call.args if isinstance(arg.value, f.Const)]
        words = [word for text in texts if isinstance(text, str) for word in re.findall(r"\w+", text)]
        if words and not (isinstance(call.func, f.Name | f.Attr) and _is_seen(ev, ev.eval(call.func, frame))):
            yield from words


def _is_seen(ev: Evaluator, function: Value) -> bool:
    """Whether what a function does is seen elsewhere: it makes a mark, or a fixture out of what it decorates."""
    return isinstance(function, Mark) or (isinstance(function, External) and is_fixture_decorator(ev, function.dotted))


def _unknown_in(frame: Frame) -> Iterator[str]:
    for name, binding in frame.names.items():
        if isinstance(binding.value, Unknown | External):
            yield name
        elif isinstance(binding.value, ClassValue) and binding.value.frame.parent is frame:
            yield from _unknown_in(binding.value.frame)
