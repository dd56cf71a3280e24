"""``pytest_generate_tests``: which hooks reach a test, and what their bodies, evaluated for it, parametrize.

In: the hooks of plugins, conftests, test modules and classes. Out: the ``parametrize`` calls that a test gets from them,
as if they were marks, or what is not known of it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from fixturescope.analysis import facts as f
from fixturescope.analysis.evaluate import Evaluator
from fixturescope.analysis.known import Leaving
from fixturescope.analysis.nodes import CollectedTest, Node
from fixturescope.analysis.values import (
    UNKNOWN,
    ClassValue,
    Constant,
    FunctionValue,
    InstanceValue,
    Mark,
    MetafuncValue,
    ModuleRef,
    Value,
)
from fixturescope.analysis.values import Sequence as Items
from fixturescope.analysis.walk import calls_in


@dataclass(slots=True, eq=False)
class GenerateHook:
    """A ``pytest_generate_tests``: where it reaches, and which arguments its text says that it parametrizes."""

    node: Node
    names: frozenset[str] | None
    """None where the text does not say: any test in its reach may be multiplied."""
    line: int
    path: str
    function: FunctionValue
    cls: ClassValue | None = None
    """The class whose method it is: it is asked for that class's own tests only."""
    is_followed: bool = False
    """Its body is evaluated; of plugins from elsewhere only the text counts."""
    is_known: bool | None = None
    """Whether its evaluation left nothing open, for all tests that it was evaluated for; None: for none yet."""

    has_stopped: bool = False
    """Its evaluation took too many steps, and is not tried again."""

    def may_provide(self, name: str) -> bool:
        """Return whether it may provide an argument that it was not seen to provide."""
        return not self.is_known and (self.names is None or name in self.names)

    def reaches(self, test: CollectedTest) -> bool:
        """Return whether pytest asks it about a test."""
        if self.cls is not None:
            return self.node is test.node
        return self.node in test.node.ancestors()


@dataclass(frozen=True, slots=True)
class Generated:
    """What hooks do to one test.

    Attributes:
        marks: ``parametrize`` calls that are sure to happen.
        touched: Arguments that may be parametrized beyond that.
        exact: Whether nothing else happens.
    """

    marks: tuple[Mark, ...] = ()
    touched: frozenset[str] = frozenset()
    exact: bool = True


NOTHING = Generated()


@dataclass(slots=True, eq=False)
class Hooks:
    """Asks the hooks.

    Args:
        evaluator: Evaluates their bodies.
        hooks: All of them.
    """

    evaluator: Evaluator
    hooks: Sequence[GenerateHook]
    _kept: dict[tuple[GenerateHook, frozenset[str]], Generated] = field(default_factory=dict)
    """What hooks do that look at nothing but the names of fixtures."""

    def of(self, test: CollectedTest, names: Iterable[str]) -> Generated:
        """Return what the hooks in force do to a test.

        Args:
            test: The test.
            names: ``metafunc.fixturenames``: all names in its closure.
        """
        hooks = [hook for hook in self.hooks if hook.reaches(test)] if not test.is_unittest else []
        if not hooks:
            return NOTHING
        asked = frozenset(names)
        found = [self._ask(hook, test, asked) for hook in hooks]
        return Generated(
            tuple(mark for one in found for mark in one.marks),
            frozenset().union(*(one.touched for one in found)),
            all(one.exact for one in found),
        )

    def _ask(self, hook: GenerateHook, test: CollectedTest, asked: frozenset[str]) -> Generated:
        if not hook.is_followed:
            touched = (hook.names or frozenset()) & asked
            return Generated((), touched, hook.names is not None and not touched)
        if (hook, asked) in self._kept:
            return self._kept[hook, asked]
        metafunc = _metafunc(self.evaluator, test, asked)
        answer = self._evaluate(hook, metafunc, asked)
        hook.is_known = answer.exact and hook.is_known is not False
        if not metafunc.looked:
            self._kept[hook, asked] = answer
        return answer

    def _evaluate(self, hook: GenerateHook, metafunc: MetafuncValue, asked: frozenset[str]) -> Generated:
        function = hook.function
        if function.facts.body is None:
            return NOTHING  # nothing in it bears on metafunc
        own = () if hook.cls is None or function.binding == "static" else (InstanceValue(hook.cls),)
        if hook.has_stopped:
            return Generated((), (hook.names or frozenset()) & asked, exact=False)
        before = len(function.module.issues)
        with self.evaluator.counting():
            with contextlib.suppress(Leaving):
                self.evaluator.call_function(function, (*own, metafunc), {}, False)
            hook.has_stopped = self.evaluator.has_stopped
        stopped = len(function.module.issues) > before or hook.has_stopped
        names = metafunc.fixturenames
        lost = metafunc.escaped or stopped or (isinstance(names, Items) and names.now is not None)
        named = [(mark, certain, _names(self.evaluator, mark)) for mark, certain in metafunc.calls]
        # pytest refuses arguments that nobody asks for: such a call is not the way that is taken
        named = [one for one in named if one[1] or one[2] is None or asked.issuperset(one[2])]
        sure = tuple(mark for mark, certain, names in named if certain and not mark.incomplete and names is not None)
        touched = frozenset(name for mark, _, names in named if mark not in sure for name in names or ())
        return Generated(sure, touched, not lost and len(sure) == len(named))


def _metafunc(ev: Evaluator, test: CollectedTest, asked: frozenset[str]) -> MetafuncValue:
    module = next((node.module for node in test.node.ancestors() if node.kind == "module"), None)
    cls: Value = Constant(None)
    if test.node.kind == "class":
        cls = test.node.cls or UNKNOWN
    return MetafuncValue(
        Items("unordered", tuple(Constant(name) for name in sorted(asked))),
        test.function or UNKNOWN,
        cls,
        ModuleRef(module.dotted, module.frame) if module is not None else UNKNOWN,
        ev.depth,
    )


def _names(ev: Evaluator, mark: Mark) -> list[str] | None:
    value = mark.args[0] if mark.args else mark.kwargs.get("argnames", UNKNOWN)
    if isinstance(value, Constant) and isinstance(value.value, str):
        return [name.strip() for name in value.value.split(",")]
    items = ev.items(value)
    names = [item.value for item in items or () if isinstance(item, Constant) and isinstance(item.value, str)]
    return names if items is not None and len(names) == len(items) else None


def generate_hook(
    function: FunctionValue, node: Node, path: str, *, in_project: bool, cls: ClassValue | None = None
) -> GenerateHook:
    """Return a hook with the arguments that it parametrizes, as far as its text says.

    Args:
        function: The hook.
        node: The node that it stands on.
        path: Its file, as the document shows it.
        in_project: Whether it belongs to the project under analysis.
        cls: The class whose method it is.
    """
    names: set[str] = set()
    known = True
    for call in calls_in(function.facts.body or ()):
        if not (isinstance(call.func, f.Attr) and call.func.attr == "parametrize"):
            known &= not any(isinstance(arg.value, f.Name) and arg.value.id == "metafunc" for arg in call.args)
            continue
        first = next((a.value for a in call.args if a.keyword in (None, "argnames") and not a.star), None)
        if isinstance(first, f.Const) and isinstance(first.value, str):
            names.update(name.strip() for name in first.value.split(","))
        elif isinstance(first, f.Seq) and all(isinstance(item, f.Const) for item in first.items):
            names.update(str(item.value) for item in first.items if isinstance(item, f.Const))
        else:
            known = False
    exact = known or not in_project  # a plugin's hook does nothing where nobody uses the plugin
    return GenerateHook(
        node, frozenset(names) if exact else None, function.facts.line, path, function, cls, is_followed=in_project
    )
