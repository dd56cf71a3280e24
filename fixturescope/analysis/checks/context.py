"""What the checks look at: everything one analysis found, and the few questions that several checks ask of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from fixturescope.analysis import facts as f
from fixturescope.analysis.assemble import Identities
from fixturescope.analysis.certainty import Certainties
from fixturescope.analysis.closures import Closure
from fixturescope.analysis.evaluate import DynamicRequest, Evaluator
from fixturescope.analysis.frames import Frame, Module
from fixturescope.analysis.known import is_fixture_decorator
from fixturescope.analysis.nodes import CollectedTest, Definition, FixtureIdentity, Node
from fixturescope.analysis.plugins import Duplicate
from fixturescope.analysis.resolve import Resolution, ResolvedTest
from fixturescope.analysis.suite import Suite
from fixturescope.analysis.values import ClassValue, DecoratorValue, External, FixtureValue, FunctionValue, Mark
from fixturescope.model import Diagnostic


class Place(NamedTuple):
    """A line of a file, the file as the document shows it."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, eq=False)
class CheckContext:
    """Everything one analysis found.

    Attributes:
        suite: The collection tree.
        resolution: What each test gets, and who uses each fixture.
        identities: All fixtures, and where each comes from.
        certainties: How certain it is that a fixture is unused.
        evaluator: Evaluates decorators and class bases again where a check asks for them.
        requests_of: The dynamic requests of a test or fixture.
        relative: Shows a path as the document does.
        in_project: Whether a file belongs to the project.
        text: The source text of a file.
        loose: Dynamic requests of helpers that no test or fixture was seen to call, with their module.
        problems: Files that could not be read, and why.
        reported: Diagnostics of those who looked for the files.
        duplicates: Plugin names that several distributions bring.
        missing: Plugin modules that were asked for and are not installed.
        inifile: pytest's configuration file, as the document shows it: the place of what no file of the suite says.
    """

    suite: Suite
    resolution: Resolution
    identities: Identities
    certainties: Certainties
    evaluator: Evaluator
    requests_of: Callable[[CollectedTest | Definition], tuple[DynamicRequest, ...]]
    relative: Callable[[Path], str]
    in_project: Callable[[Path], bool]
    text: Callable[[Path], str]
    loose: tuple[tuple[DynamicRequest, Module], ...] = ()
    problems: Mapping[Path, str] = field(default_factory=dict)
    reported: tuple[Diagnostic, ...] = ()
    duplicates: tuple[Duplicate, ...] = ()
    missing: tuple[str, ...] = ()
    inifile: str = "."

    @cached_property
    def own(self) -> tuple[FixtureIdentity, ...]:
        """The project's own fixtures, by place."""
        found = [i for i in self.identities.all if self.identities.source(i).origin == "static"]
        return tuple(sorted(found, key=lambda i: (*self.place(i.first), i.id)))

    @cached_property
    def modules(self) -> tuple[Module, ...]:
        """The project's conftests, test modules and plugins, and what else holds a fixture or test of theirs."""
        holders = [identity.first.value.module for identity in self.own]
        functions = [test.function.module for test in self.suite.tests if test.function is not None]
        return tuple(m for m in dict.fromkeys((*self.suite.modules, *holders, *functions)) if m.in_project)

    @cached_property
    def tests(self) -> tuple[tuple[ResolvedTest, ...], ...]:
        """Resolved tests, those of one function together: an inherited one is collected in several classes."""
        groups: dict[int, list[ResolvedTest]] = {}
        for resolved in self.resolution.tests:
            function = resolved.test.function
            groups.setdefault(id(resolved) if function is None else id(function.facts), []).append(resolved)
        return tuple(tuple(group) for group in groups.values())

    @cached_property
    def reach(self) -> Mapping[Node, int]:
        """How many tests stand below a node, those that skip themselves in this environment included."""
        reach: dict[Node, int] = {}
        for test in self.suite.tests:
            for node in test.node.ancestors():
                reach[node] = reach.get(node, 0) + 1
        return reach

    @cached_property
    def offered(self) -> frozenset[int]:
        """Ids of fixture values that plugins of the project offer to whoever installs them."""
        found: set[int] = set()
        for module in self.suite.modules:
            plugin = self.suite.plugins.get(module.path)
            if plugin is None or plugin.name == plugin.dotted:
                continue
            for binding in module.frame.names.values():
                value = self.evaluator.force(binding.value)
                if isinstance(value, FixtureValue):
                    found.add(id(value))
        return frozenset(found)

    def is_own(self, definition: Definition) -> bool:
        """Return whether a fixture is the project's own, no plugin's and not pytest's."""
        return self.identities.source(definition.identity).origin == "static"

    def is_offered(self, identity: FixtureIdentity) -> bool:
        """Return whether a plugin of the project offers a fixture to other projects."""
        return id(identity.first.value) in self.offered

    def place(self, what: Definition | CollectedTest) -> Place:
        """Return where the function of a fixture or test stands."""
        function = what.function
        if function is not None:
            return Place(self.relative(function.module.path), function.facts.line)
        if isinstance(what, Definition):
            return Place(self.relative(what.value.module.path), what.value.line)
        module = next((node.module for node in what.node.ancestors() if node.module is not None), None)
        return Place("" if module is None else self.relative(module.path), what.line)

    def is_decorated(self, target: FunctionValue | ClassValue) -> bool:
        """Return whether a decorator that is not known wraps a function or class: it may read or provide arguments."""
        frame = target.frame if isinstance(target, FunctionValue) else target.frame.parent or target.module.frame
        return any(not self._keeps(decorator.expr, frame) for decorator in target.facts.decorators)

    def _keeps(self, decorator: f.Expr, frame: Frame) -> bool:
        value = self.evaluator.eval(decorator, frame)
        if isinstance(value, External):
            last = value.dotted.rpartition(".")[2]
            plain = value.dotted.startswith(("builtins.", "unittest.")) or last == "abstractmethod"
            return plain or is_fixture_decorator(self.evaluator, value.dotted)
        if isinstance(value, DecoratorValue):
            return value.kind in ("fixture", "patch", "given")
        return isinstance(value, Mark)

    def classes(self) -> Iterator[tuple[Node, ClassValue]]:
        """Yield the collected classes of the suite."""
        for node in self.suite.nodes.values():
            if node.kind != "class" or node.module is None:
                continue
            frame, value = node.module.frame, None
            for name in node.qualname.split("."):
                binding = frame.names.get(name)
                value = None if binding is None else self.evaluator.force(binding.value)
                if not isinstance(value, ClassValue):
                    break
                frame = value.frame
            if isinstance(value, ClassValue):
                yield node, value


@dataclass(slots=True)
class Evidence:
    """The tests that meet one mistake."""

    test: ResolvedTest
    count: int = 0
    certain: bool = False
    """Some of them are run, and nothing dynamic stands between."""

    def add(self, resolved: ResolvedTest, *, certain: bool) -> None:
        """Count a test; the first that is certain is shown."""
        if certain and not self.certain:
            self.test, self.certain = resolved, True
        self.count += 1

    def __str__(self) -> str:
        others = f" and {self.count - 1} more test{'s' * (self.count > 2)}" if self.count > 1 else ""
        return f"{self.test.test.id}{others}"


def closures_of(resolved: ResolvedTest) -> tuple[Closure, ...]:
    """Return what a test asks for when it is set up, and then what ``getfixturevalue`` adds."""
    return (resolved.closure, *(closure for closure, _ in resolved.dynamic))


def is_not_run(test: CollectedTest) -> bool:
    """Return whether a test may never be set up, or is expected to fail: what would break it need not show."""
    return any(mark.name in ("skip", "skipif", "xfail") for mark in test.marks)
