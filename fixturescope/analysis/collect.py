"""Namespaces to pytest's collection tree: which names are fixtures, test classes and tests, by pytest's own rules."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from fixturescope.analysis import facts as f
from fixturescope.analysis.evaluate import Evaluator
from fixturescope.analysis.frames import Binding, Frame, Module
from fixturescope.analysis.link import Linker
from fixturescope.analysis.mro import external_bases, linearize, lookup_in_class
from fixturescope.analysis.nodes import CollectedTest, Definition, Node
from fixturescope.analysis.values import (
    ClassValue,
    Constant,
    DecoratorValue,
    External,
    FixtureValue,
    FunctionValue,
    Imported,
    LambdaValue,
    Mark,
    Parameter,
    PartialValue,
    Value,
)
from fixturescope.analysis.values import Sequence as Items

_TESTCASES = frozenset({
    "unittest.TestCase", "unittest.IsolatedAsyncioTestCase", "unittest.async_case.IsolatedAsyncioTestCase",
    "unittest.FunctionTestCase",
})  # fmt: skip
_WRITES_INIT = frozenset(
    {"typing.Protocol", "typing.NamedTuple", "enum.Enum", "enum.IntEnum", "enum.StrEnum", "enum.Flag", "enum.IntFlag"}
)
MAX_BASES = 20
"""Classes above one another that are looked at before all of them are."""

_SCOPES = ("function", "class", "module", "package", "session")


@dataclass(frozen=True, slots=True)
class NamingRules:
    """pytest's ``python_functions`` and ``python_classes``, and whether imported tests count."""

    functions: tuple[str, ...] = ("test",)
    classes: tuple[str, ...] = ("Test",)
    imported: bool = True

    def is_function(self, name: str) -> bool:
        """Return whether a name is that of a test function."""
        return _matches(name, self.functions)

    def is_class(self, name: str) -> bool:
        """Return whether a name is that of a test class."""
        return _matches(name, self.classes)


def _matches(name: str, options: Sequence[str]) -> bool:
    """Prefix, or glob where the option looks like one."""
    return any(
        name.startswith(option) or (any(c in option for c in "*?[") and fnmatch.fnmatch(name, option))
        for option in options
    )


class Collector:
    """Reads the namespaces of modules and classes.

    Args:
        linker: The modules.
        rules: The project's naming rules.
    """

    def __init__(self, linker: Linker, rules: NamingRules) -> None:
        self._linker = linker
        self._rules = rules
        self._ev: Evaluator = linker.evaluator
        self.classes: list[Node] = []
        """All classes collected so far, those without a test included: their fixtures are registered too."""

    # fixtures

    def register_module(self, module: Module, node: Node, *, front: bool = False, since: int = 0) -> None:
        """Register all fixtures of a module's namespace on a node, in the order of ``dir()``.

        Args:
            module: The module.
            node: Where its fixtures are visible.
            front: Whether they go behind those that are there (see ``Node.register``).
            since: See ``Definition.since``.
        """
        for name, binding in sorted(self._namespace(module).items()):
            value = self._interesting(binding.value, name, fixtures_only=True)
            if isinstance(value, FixtureValue):
                self._register(name, value, node, binding.certain, bound=False, front=front, since=since)

    def register_class(self, cls: ClassValue, node: Node) -> None:
        """Register all fixtures of a class, inherited ones included, in the order of ``dir()``."""
        for name, (binding, _) in sorted(self._attributes(cls).items()):
            value = self._ev.force(binding.value)
            if isinstance(value, FixtureValue):
                self._register(name, value, node, binding.certain, bound=True)

    def _register(
        self,
        attribute: str,
        value: FixtureValue,
        node: Node,
        certain: bool,
        *,
        bound: bool,
        front: bool = False,
        since: int = 0,
    ) -> None:
        options = value.options
        name = options.get("name")
        fixture_name = (
            name.value if isinstance(name, Constant) and isinstance(name.value, str) and name.value else attribute
        )
        scope, _ = scope_of(value)
        autouse = options.get("autouse")
        node.register(
            Definition(
                name=fixture_name,
                attribute=attribute,
                value=value,
                node=node,
                requests=fixture_arguments(value, bound=bound),
                scope=scope,
                autouse=self._ev.truth(autouse) is True if autouse is not None else False,
                params=self._params(options.get("params")),
                certain=certain,
                since=since,
            ),
            front=front,
        )

    def _params(self, value: Value | None) -> int | None:
        if value is None or value == Constant(None):
            return None
        size = self._ev.size(value)
        return -1 if size is None else size

    # tests

    def collect_module(self, module: Module, node: Node) -> Iterator[CollectedTest]:
        """Yield the tests of a test module, registering the fixtures of its classes on the way."""
        if self._ev.truth(self._constant(module.frame.names.get("__test__"))) is False:
            return
        node.marks = self._marks_of(module.frame.names.get("pytestmark"))
        for name, binding in list(self._namespace(module).items()):
            value = self._interesting(binding.value, name)
            if isinstance(value, ClassValue):
                if self._rules.imported or value.module is module:
                    yield from self._collect_class(name, value, node, binding.certain)
            elif self._is_test(name, value):
                if self._rules.imported or getattr(value, "module", module) is module:
                    yield self._test(name, value, node, None, binding.certain)

    def _collect_class(self, name: str, cls: ClassValue, parent: Node, certain: bool) -> Iterator[CollectedTest]:
        if not self._rules.is_class(name) and not self._may_be_run_by_unittest(cls):
            return  # before a library, or what is tested, is parsed for its bases
        order = linearize(self._ev, cls)
        is_unittest = not _TESTCASES.isdisjoint(external_bases(order))
        if self._is_abstract(cls, order):
            return
        if not is_unittest and not (self._rules.is_class(name) or self._test_flag(cls) is True):
            return
        if self._test_flag(cls) is False or (not is_unittest and self._constructs(cls, order)):
            return
        qualname = f"{parent.qualname}.{name}" if parent.kind == "class" else name
        node = Node(
            "class", f"{parent.id}::{name}", parent, parent.module, qualname, marks=self._class_marks(cls, order)
        )
        node.cls = cls
        self.classes.append(node)
        self.register_class(cls, node)
        if is_unittest:
            yield from self._collect_unittest(cls, node, certain)
            return
        attributes = self._attributes(cls)
        for owner in reversed([value for value in order if isinstance(value, ClassValue)]):
            for attribute, (binding, defined_in) in attributes.items():
                if defined_in is not owner:
                    continue
                value = self._ev.force(binding.value)
                if isinstance(value, ClassValue):
                    yield from self._collect_class(attribute, value, node, certain and binding.certain)
                elif self._is_test(attribute, value):
                    yield self._test(attribute, value, node, cls, certain and binding.certain)

    def _collect_unittest(self, cls: ClassValue, node: Node, certain: bool) -> Iterator[CollectedTest]:
        found = False
        for name, (binding, _) in sorted(self._attributes(cls).items()):
            value = self._ev.force(binding.value)
            if not name.startswith("test") or not _is_callable(value) or _flag(value) is False:
                continue
            found = True
            yield self._unittest(name, value, node, certain and binding.certain)
        run = self._attributes(cls).get("runTest")
        if not found and run is not None:
            yield self._unittest("runTest", self._ev.force(run[0].value), node, certain and run[0].certain)

    def _unittest(self, name: str, value: Value, node: Node, certain: bool) -> CollectedTest:
        function = value if isinstance(value, FunctionValue | LambdaValue) else None
        line = function.facts.line if function is not None else 0
        own = value.marks if isinstance(value, FunctionValue) else ()
        return CollectedTest(f"{node.id}::{name}", name, node, function, line, (), _all_marks(own, node), True, certain)

    def _test(self, name: str, value: Value, node: Node, cls: ClassValue | None, certain: bool) -> CollectedTest:
        function = _underlying(value)
        own = function.marks if isinstance(function, FunctionValue) else ()
        line = function.facts.line if function is not None else 0
        arguments = test_arguments(value, cls)
        return CollectedTest(
            f"{node.id}::{name}", name, node, function, line, arguments, _all_marks(own, node), False, certain
        )

    def _is_test(self, name: str, value: Value) -> bool:
        if not _is_callable(value) or _flag(value) is False:
            return False
        if isinstance(value, FunctionValue) and value.binding == "property":
            return False
        if isinstance(value, FunctionValue) and self._is_generator(value):
            return False
        return self._rules.is_function(name) or _flag(value) is True

    def _is_generator(self, value: FunctionValue) -> bool:
        """Whether a function is a generator still: a decorator that is not known most likely made something of it."""
        if value.facts.is_async or not value.facts.is_generator:
            return False
        made = (self._ev.eval(d.expr, value.frame) for d in value.facts.decorators if not _sounds_like_fixture(d.expr))
        return all(isinstance(one, Mark | DecoratorValue) for one in made)

    # namespaces

    def _namespace(self, module: Module) -> dict[str, Binding]:
        return module.frame.names

    def _interesting(self, value: Value, name: str, *, fixtures_only: bool = False) -> Value:
        """Follow an imported name if it may be a fixture, a test or a test class; else leave it."""
        if not isinstance(value, Imported):
            return value
        if not self._linker.may_matter(value) and not (self._rules.is_function(name) or self._rules.is_class(name)):
            return value
        found = self._ev.force(value)
        if isinstance(found, External):
            last = found.dotted.rpartition(".")[2]
            if (
                self._rules.is_class(name)
                or self._rules.is_function(name)
                or last.endswith(("TestCase", "Test", "Tests"))
                or last.islower()
            ):
                found = self._linker.read(found)
        return found

    def _attributes(self, cls: ClassValue) -> dict[str, tuple[Binding, ClassValue]]:
        """Return what ``dir()`` of a class shows: each name as the method resolution order finds it, and where."""
        found: dict[str, tuple[Binding, ClassValue]] = {}
        for owner in linearize(self._ev, cls):
            if isinstance(owner, ClassValue):
                for name, binding in owner.frame.names.items():
                    found.setdefault(name, (binding, owner))
        if cls.patches:
            found = {name: (_patched(binding, cls.patches, name), owner) for name, (binding, owner) in found.items()}
        return found

    def _may_be_run_by_unittest(self, cls: ClassValue, depth: int = 0) -> bool:
        """Whether a class, by any name, may be a test class: it has a ``TestCase`` among its bases, or ``__test__``."""
        if "__test__" in cls.frame.names or depth > MAX_BASES:
            return True
        return any(
            self._may_be_run_by_unittest(base, depth + 1)
            if isinstance(base, ClassValue)
            else isinstance(base, External) and self._linker.may_be_run_by_unittest(base.dotted)
            for base in map(self._ev.force, cls.bases)
        )

    def _test_flag(self, cls: ClassValue) -> bool | None:
        value = lookup_in_class(self._ev, cls, "__test__")
        return None if value is None else self._ev.truth(value)

    def _constant(self, binding: Binding | None) -> Value:
        return Constant(True) if binding is None else self._ev.force(binding.value)

    def _constructs(self, cls: ClassValue, order: Sequence[Value]) -> bool:
        """Whether the class has a constructor of its own, so that pytest will not collect it."""
        if any(isinstance(owner, ClassValue) and owner.has_init for owner in order) or cls.has_init:
            return True
        if not _WRITES_INIT.isdisjoint(external_bases(order)):
            return True
        return any(
            lookup is not None and not (isinstance(lookup, External) and lookup.dotted.startswith("builtins.object."))
            for lookup in (lookup_in_class(self._ev, cls, name) for name in ("__init__", "__new__"))
        )

    def _is_abstract(self, cls: ClassValue, order: Sequence[Value]) -> bool:
        if "abc.ABC" not in external_bases(order) and not any(
            isinstance(owner, ClassValue) and "metaclass" in owner.facts.keywords for owner in order
        ):
            return False
        return any(
            isinstance(binding.value, FunctionValue) and binding.value.abstract
            for binding, _ in self._attributes(cls).values()
        )

    def _class_marks(self, cls: ClassValue, order: Sequence[Value]) -> tuple[Mark, ...]:
        marks: list[Mark] = []
        for owner in reversed([value for value in order if isinstance(value, ClassValue)]):
            marks.extend(self._marks_of(owner.frame.names.get("pytestmark")))
            marks.extend(owner.marks if owner is not cls else ())
        return (*marks, *cls.marks)

    def _marks_of(self, binding: Binding | None) -> tuple[Mark, ...]:
        if binding is None:
            return ()
        value = self._ev.force(binding.value)
        items = value.items if isinstance(value, Items) else (value,)
        return tuple(item for item in items if isinstance(item, Mark))


def _sounds_like_fixture(decorator: f.Expr) -> bool:
    """Whether a decorator that is not known makes a fixture, by its name: what it decorates is no test."""
    func = decorator.func if isinstance(decorator, f.Call) else decorator
    name = func.attr if isinstance(func, f.Attr) else func.id if isinstance(func, f.Name) else ""
    return "fixture" in name.lower()


def _patched(binding: Binding, patches: int, name: str) -> Binding:
    """What a ``mock.patch`` class decorator makes of a test method."""
    if name.startswith("test") and isinstance(binding.value, FunctionValue):
        return Binding(replace(binding.value, patches=binding.value.patches + patches), binding.certain, binding.line)
    return binding


def _all_marks(own: Sequence[Mark], node: Node) -> tuple[Mark, ...]:
    """Return a test's marks as ``iter_markers`` would: its own, then those of its class, its module and so on."""
    return (*own, *(mark for ancestor in node.ancestors() for mark in ancestor.marks))


def _underlying(value: Value) -> FunctionValue | LambdaValue | None:
    while isinstance(value, PartialValue):
        value = value.func
    return value if isinstance(value, FunctionValue | LambdaValue) else None


def _is_callable(value: Value) -> bool:
    return _underlying(value) is not None


def _flag(value: Value) -> bool | None:
    function = _underlying(value)
    return function.test if isinstance(function, FunctionValue) else None


def _requested(parameters: Sequence[Parameter]) -> list[str]:
    """Names of the parameters that pytest fills in."""
    return [p.name for p in parameters if p.kind in ("arg", "kw") and not p.has_default]


def test_arguments(value: Value, cls: ClassValue | None) -> tuple[str, ...]:
    """Return the arguments of a test that pytest fills in: its ``getfuncargnames``."""
    function = _underlying(value)
    if function is None:
        return ()
    names = _requested(function.parameters)
    if isinstance(value, PartialValue):
        names = [name for name in names[len(value.args) :] if name not in value.kwargs]
    static = isinstance(function, FunctionValue) and function.binding == "static"
    if cls is not None and not static and not any(p.kind == "pos" for p in function.parameters):
        names = names[1:]
    patches = function.patches if isinstance(function, FunctionValue) else 0
    return tuple(names[patches:])


def fixture_arguments(value: FixtureValue, *, bound: bool) -> tuple[str, ...]:
    """Return the arguments of a fixture that pytest fills in."""
    function = _underlying(value.function)
    if function is None:
        return ()
    parameters = list(function.parameters)
    static = isinstance(function, FunctionValue) and function.binding == "static"
    takes_class = isinstance(function, FunctionValue) and function.binding == "class"
    if (bound or takes_class) and not static:
        positional = next((i for i, p in enumerate(parameters) if p.kind in ("pos", "arg")), None)
        if positional is not None:
            del parameters[positional]
    names = _requested(parameters)
    if isinstance(value.function, PartialValue):
        names = [name for name in names[len(value.function.args) :] if name not in value.function.kwargs]
    patches = function.patches if isinstance(function, FunctionValue) else 0
    return tuple(names[patches:])


def _is_written_out(value: FixtureValue) -> bool:
    """Whether the decorator itself names the scope."""
    decorators = value.function.facts.decorators if isinstance(value.function, FunctionValue) else ()
    calls = [decorator.expr for decorator in decorators if isinstance(decorator.expr, f.Call)]
    return any(arg.keyword == "scope" and isinstance(arg.value, f.Const) for call in calls for arg in call.args)


def scope_of(value: FixtureValue) -> tuple[str, str]:
    """Return a fixture's scope and how it is known (``model.ScopeIs``)."""
    scope = value.options.get("scope")
    if scope is None:
        return "function", "default"
    if isinstance(scope, Constant) and scope.value in _SCOPES:
        return str(scope.value), "literal" if _is_written_out(value) else "evaluated"
    return "function", "dynamic"


__all__ = ["Collector", "Frame", "NamingRules", "fixture_arguments", "scope_of", "test_arguments"]
