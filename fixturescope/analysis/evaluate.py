"""Abstract evaluation of a module's program: names to values, without running a line of it.

The evaluator executes the plain-data program that ``extract`` made of a file. Conditions that it cannot decide run
both branches, and what they bind is not ``certain``; values it cannot work out are ``Unknown``. Steps, loops, calls
and collections are bounded, so any file ends.

This module holds statements, scopes and calls of the project's own functions; ``expressions`` holds expressions and
``known`` the library functions whose meaning we know.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from fixturescope.analysis import facts as f
from fixturescope.analysis import known
from fixturescope.analysis.bounds import DEFAULT, Bounds
from fixturescope.analysis.expressions import Expressions, operate
from fixturescope.analysis.frames import Binding, Frame, Issue, Module
from fixturescope.analysis.values import (
    UNKNOWN,
    BoundMethod,
    Choice,
    ClassValue,
    Collection,
    Constant,
    DecoratorValue,
    External,
    FixtureValue,
    FunctionValue,
    Imported,
    LambdaValue,
    Mapped,
    Mark,
    ModuleRef,
    ParamSet,
    PartialValue,
    Sized,
    Unknown,
    Value,
    VersionValue,
    become,
    current,
    next_serial,
)
from fixturescope.analysis.values import Sequence as Items

TOO_DEEP = "it nests too deep to be evaluated"
MAX_NESTING = 3
"""Lists within lists that are compared item by item: what nests deeper may be as large as anything."""


class Modules(Protocol):
    """What the evaluator asks of the linker."""

    python_version: tuple[int, ...]
    platform: str

    def attribute(self, dotted: str, name: str) -> Value:
        """Return what ``name`` is in a module: followed if the module is the project's, else ``External``."""

    def read(self, external: External) -> Value:
        """Return what an ``External`` is according to its source, or itself where there is none."""

    def importable(self, dotted: str) -> bool | None:
        """Return whether a module is there in the target environment; None where that is not known."""

    def version_of(self, name: str) -> str | None:
        """Return the version of the distribution that brings a top-level module; None where that is not known."""

    def mutated_elsewhere(self, module: Module, name: str) -> bool:
        """Return whether code that is not evaluated in order, a function's, may change a collection of a module."""

    def star_names(self, dotted: str) -> Sequence[str]:
        """Return the names that ``from dotted import *`` binds."""

    def absolute(self, module: Module, name: str, level: int) -> str:
        """Return the absolute dotted name of a (relative) import in a module."""


@dataclass(frozen=True, slots=True)
class DynamicRequest:
    """One ``getfixturevalue`` call: a known name, or the pattern of what is known (``*``: anything)."""

    name: str | None
    pattern: str
    line: int
    certain: bool
    share: int = 1
    """The name is one of so many parameters: one in ``share`` items asks for it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Why a block ended early: ``return``, ``raise``, ``break`` or ``continue``; or ``several`` ways, one of which happens."""

    kind: str
    value: Value = UNKNOWN
    ways: tuple[Outcome, ...] = ()
    falls: bool = False
    """There is a way that does not end early too."""


def _ways(outcome: Outcome | None) -> tuple[Outcome, ...]:
    if outcome is None:
        return ()
    return outcome.ways if outcome.kind == "several" else (outcome,)


def _joined(ways: Sequence[Outcome], *, falls: bool) -> Outcome | None:
    """Return the outcome of which only the ways that it may take are known."""
    if not ways:
        return None
    if falls or len(ways) > 1:
        return Outcome("several", ways=tuple(ways), falls=falls)
    return ways[0]


def _falls(outcome: Outcome | None) -> bool:
    return outcome is None or outcome.falls


class Evaluator(Expressions):
    """Evaluates modules on demand.

    Args:
        modules: The linker: other modules, and what the environment has.
        fixture_decorators: Dotted names that act like ``pytest.fixture``, beyond those we know.
        bounds: How far evaluation goes.
    """

    def __init__(
        self, modules: Modules, fixture_decorators: frozenset[str] = frozenset(), bounds: Bounds = DEFAULT
    ) -> None:
        self.bounds = bounds
        self.modules = modules
        self.fixture_decorators = fixture_decorators
        self.sink: list[DynamicRequest] | None = None
        self.reached: set[int] = set()
        """Ids of function facts whose body was evaluated while looking for dynamic requests."""
        self.mro_cache: dict[int, tuple[Value, ...]] = {}
        self.keep_alive: list[Value] = []
        """Values that ``mro_cache`` knows by ``id``."""
        self.here: Frame | None = None
        """The scope whose statement was evaluated last."""
        self._steps = 0
        self._calls: list[f.Function] = []
        self._conditions: list[int] = []
        """For each undecided condition that what is evaluated stands under: the youngest collection before it."""
        self._execute: dict[type, Callable[[Any, Frame], Outcome | None]] = {
            f.Function: self._def,
            f.Class: self._class_def,
            f.Import: self._import,
            f.FromImport: self._from_import,
            f.Assign: self._assign,
            f.AugAssign: self._augmented,
            f.Del: self._del,
            f.ExprStmt: self._expression,
            f.Return: self._return,
            f.Yield: self._yield,
            f.Raise: self._raise,
            f.Jump: lambda s, _: Outcome(s.kind),
            f.If: self._if,
            f.For: self._for,
            f.While: self._while,
            f.Try: self._try,
            f.With: self._with,
            f.Match: self._match,
        }

    def run_module(self, module: Module) -> None:
        """Evaluate a module's body once; a module that is being evaluated stays as far as it is (an import cycle)."""
        if module.state != "new":
            return
        module.state = "running"
        outer, self._steps = self._steps, 0
        sink, self.sink = self.sink, None
        conditions, self._conditions = self._conditions, []
        frame = module.frame
        frame.names["__name__"] = Binding(Constant(module.dotted), True, 0)
        try:
            for statement in module.facts.body:
                outcome = self._top_level(statement, module)
                if outcome is not None and not outcome.falls:
                    if outcome.kind == "raise" and module.skipped is None:
                        reason = outcome.value.value if isinstance(outcome.value, Constant) else "raises while imported"
                        module.failed = str(reason)
                    break
        finally:
            module.state = "done"
            self._steps, self.sink, self._conditions = outer, sink, conditions

    def _top_level(self, statement: f.Stmt, module: Module) -> Outcome | None:
        """Execute one statement of a module; behind one that skips it, the rest is what another environment would see."""
        try:
            return self.block((statement,), module.frame)
        except known.Leaving as leaving:
            if module.skipped is None:
                module.skipped, module.skipped_at = leaving.reason, leaving.line
        except RecursionError:  # the boundary for code that nests, or calls, deeper than anybody writes
            module.issues.append(Issue(statement.line, TOO_DEEP))
        return None

    def block(self, body: Sequence[f.Stmt], frame: Frame) -> Outcome | None:
        """Execute statements until one leaves the block."""
        for position, statement in enumerate(body):
            if not self.step(frame, statement.line):
                return Outcome("return")
            frame.line, self.here = statement.line, frame
            outcome = self._execute[type(statement)](statement, frame)
            if outcome is not None:
                return self._perhaps(outcome, body[position + 1 :], frame) if outcome.falls else outcome
        return None

    def _perhaps(self, left: Outcome, rest: Sequence[f.Stmt], frame: Frame) -> Outcome | None:
        """Execute what is left of a block that some ways have left already."""
        before = dict(frame.names)
        with self.condition():
            outcome = self.block(rest, frame)
        ways = (*left.ways, *_ways(outcome))
        if any(way.kind in ("break", "continue") for way in left.ways):
            frame.names = _merged(before, [before, frame.names])
        return _joined(ways, falls=_falls(outcome))

    # what is certain

    @property
    def uncertain(self) -> bool:
        """Whether what is evaluated stands under a condition that cannot be decided."""
        return bool(self._conditions)

    @contextlib.contextmanager
    def condition(self) -> Iterator[None]:
        """What is evaluated within may not happen."""
        self._conditions.append(next_serial())
        try:
            yield
        finally:
            self._conditions.pop()

    def change(self, collection: Collection, new: Value) -> None:
        """Change a collection in place; one that is older than an undecided condition is not known from then on."""
        settled = not self._conditions or collection.serial > self._conditions[-1]
        become(collection, new if settled else Unknown("it is changed under a condition"))

    def drain(self, value: Value) -> tuple[Value, ...] | None:
        """Return what iterating over a value gives, as ``items`` does; of an iterator nothing is known afterwards."""
        value = current(value)
        items = self.items(value)
        if isinstance(value, Items) and value.kind in ("iterator", "generator"):
            become(value, Unknown("it is used up"))
        return items

    def step(self, frame: Frame, line: int) -> bool:
        """Count a statement, an item of a comprehension or a call of a lambda; False when there were too many."""
        self._steps += 1
        if self._steps == self.bounds.steps + 1:
            frame.module.issues.append(Issue(line, f"evaluation stopped after {self.bounds.steps} steps"))
        return self._steps <= self.bounds.steps

    # names

    def bind(self, frame: Frame, name: str, value: Value, line: int) -> None:
        """Bind a name in a scope, noting what it replaces."""
        before = frame.names.get(name)
        if before is not None and before.certain and not self._conditions:
            frame.replaced.append((name, before))
        if isinstance(value, Items) and value.kind == "generator":
            value = UNKNOWN  # it looks at the names it uses when it is iterated over, not now
        frame.names[name] = Binding(value, True, line)

    def _bind_elsewhere(self, frame: Frame, name: str, value: Value, line: int) -> None:
        """Bind a name in a scope that is not the one being evaluated."""
        if not self._conditions or frame.serial > self._conditions[-1]:
            frame.names[name] = Binding(value, True, line)
        else:
            frame.names[name] = Binding(UNKNOWN if isinstance(value, _DATA) else value, False, line)

    def lookup(self, frame: Frame, name: str) -> Value:
        """Return what a name stands for, from the inside out."""
        scope: Frame | None = frame
        while scope is not None:
            binding = scope.names.get(name)
            if binding is not None and (scope is frame or scope.kind != "class"):
                return self.force(self.seen(scope.module if scope.kind == "module" else None, name, binding))
            for dotted in reversed(scope.stars):
                if name in self.modules.star_names(dotted):
                    return self.force(self.modules.attribute(dotted, name))
            scope = scope.parent
        return External(f"builtins.{name}")

    def seen(self, module: Module | None, name: str, binding: Binding) -> Value:
        """Return what is known of the value that a name is bound to.

        Args:
            module: Whose global name it is; None for a local one.
            name: The name.
            binding: What stands under it.
        """
        value = current(binding.value)
        if not binding.certain and isinstance(value, _DATA):
            return Unknown(f"{name} depends on a condition")
        if module is not None and isinstance(value, Collection):
            if self.modules.mutated_elsewhere(module, name):
                return Unknown(f"a function changes {name}")
            if isinstance(value, Items):
                value.shared = True
        return value

    def force(self, value: Value) -> Value:
        """Follow an import that was left unfollowed, and see what a collection is now."""
        value = current(value)
        if isinstance(value, Imported):
            value = self.modules.attribute(value.module, value.name)
        if isinstance(value, External) and value.dotted.rpartition(".")[2].isupper():
            value = self.modules.read(value)  # a library's constant: conditions and parameters hang on it
        return known.value_of(self, value) if isinstance(value, External) else value

    # imports

    def _import(self, s: f.Import, frame: Frame) -> Outcome | None:
        for dotted, alias in s.names:
            if self.modules.importable(dotted) is False:
                return self._missing(dotted)
            if alias is None:
                root = dotted.partition(".")[0]
                self.bind(frame, root, ModuleRef(root), s.line)
            else:
                self.bind(frame, alias, ModuleRef(dotted), s.line)
        return None

    def _from_import(self, s: f.FromImport, frame: Frame) -> Outcome | None:
        dotted = self.modules.absolute(frame.module, s.module, s.level)
        if self.modules.importable(dotted) is False:
            return self._missing(dotted)
        if s.names is None:
            frame.stars.append(dotted)
            for name in self.modules.star_names(dotted):
                self.bind(frame, name, Imported(dotted, name), s.line)
            return None
        for name, alias in s.names:
            self.bind(frame, alias or name, Imported(dotted, name), s.line)
        return None

    def _missing(self, dotted: str) -> Outcome:
        return Outcome("raise", Constant(f"ImportError: No module named {dotted!r}"))

    # definitions

    def _def(self, s: f.Function, frame: Frame) -> None:
        dotted = known.canonical(f"{frame.module.dotted}.{s.name}")
        if frame.kind == "module" and known.is_fixture_decorator(self, dotted):
            self.bind(frame, s.name, External(dotted), s.line)  # pytest's own module, or a plugin's
            return
        value: Value = FunctionValue(frame.module, s, frame, self.defaults(s.params, frame))
        for decorator in reversed(s.decorators):
            made = self.eval(decorator.expr, frame)
            if isinstance(made, Unknown) and self._may_parametrize(decorator.expr, frame):
                made = Mark("parametrize", applied=True, incomplete=True, line=decorator.line)
            value = self.decorate(made, value, decorator.line, frame)
        self.bind(frame, s.name, value, s.line)

    def defaults(self, params: Sequence[f.Param], frame: Frame) -> dict[str, Value]:
        """Return the default values of parameters, as they are now."""
        return {p.name: self.eval(p.default, frame) for p in params if p.default is not None}

    def _may_parametrize(self, node: f.Expr, frame: Frame) -> bool:
        """Whether a decorator that is not known may multiply a test: the project's own may, a library's says so."""
        while isinstance(node, f.Call):
            node = node.func
        maker = self.eval(node, frame)
        return not isinstance(maker, External) or known.sounds_like_parametrize(maker.dotted)

    def _class_def(self, s: f.Class, frame: Frame) -> None:
        qualname = f"{frame.qualname}.{s.name}" if frame.kind == "class" else s.name
        scope = Frame(frame.module, "class", frame, qualname)
        bases = tuple(self.eval(base, frame) for base in s.bases if not isinstance(base, f.Star))
        scope.names["__qualname__"] = Binding(Constant(qualname), True, s.line)
        self.block(s.body, scope)
        value: Value = ClassValue(frame.module, s, qualname, bases, scope)
        for decorator in reversed(s.decorators):
            value = self.decorate(self.eval(decorator.expr, frame), value, decorator.line, frame)
        self.bind(frame, s.name, value, s.line)

    def decorate(self, decorator: Value, target: Value, line: int, frame: Frame) -> Value:
        """Return what a decorator makes of a function, class or fixture; what is not known keeps the target."""
        if isinstance(decorator, Mark):
            return _marked(target, decorator)
        if isinstance(decorator, DecoratorValue | External | PartialValue):
            return known.decorate(self, decorator, target, line, frame)
        if isinstance(decorator, FunctionValue | LambdaValue | BoundMethod):
            result = self.call(decorator, (target,), {}, False, line, frame)
            unknown = Mark("parametrize", applied=True, incomplete=True, line=line)
            return _marked(target, unknown) if isinstance(result, Unknown) else result
        return target

    # assignments

    def _assign(self, s: f.Assign, frame: Frame) -> None:
        value = self.eval(s.value, frame)
        for target in s.targets:
            self.bind_target(target, value, s.line, frame)

    def bind_target(self, target: f.Expr, value: Value, line: int, frame: Frame) -> None:
        """Bind what an assignment, a loop or a ``with`` has on its left."""
        if isinstance(target, f.Name):
            self.bind(frame, target.id, value, line)
        elif isinstance(target, f.Seq):
            self._unpack(target, value, line, frame)
        elif isinstance(target, f.Star):
            self.bind_target(target.value, UNKNOWN, line, frame)
        elif isinstance(target, f.Attr):
            self._set_attribute(target, value, line, frame)
        elif isinstance(target, f.Index):
            self._set_item(target, value, line, frame)

    def _unpack(self, target: f.Seq, value: Value, line: int, frame: Frame) -> None:
        items = self.drain(value)
        stars = [i for i, item in enumerate(target.items) if isinstance(item, f.Star)]
        if items is None or (not stars and len(items) != len(target.items)) or len(items) < len(target.items) - 1:
            for item in target.items:
                self.bind_target(item, UNKNOWN, line, frame)
            return
        if stars:
            after = len(target.items) - stars[0] - 1
            middle = Items("list", tuple(items[stars[0] : len(items) - after]))
            items = (*items[: stars[0]], middle, *items[len(items) - after :])
        for item, part in zip(target.items, items):
            self.bind_target(item.value if isinstance(item, f.Star) else item, part, line, frame)

    def _set_attribute(self, target: f.Attr, value: Value, line: int, frame: Frame) -> None:
        owner = self.eval(target.value, frame)
        if isinstance(owner, ClassValue):
            self._bind_elsewhere(owner.frame, target.attr, value, line)
        elif isinstance(owner, FunctionValue) and isinstance(target.value, f.Name):
            if target.attr == "__test__" and isinstance(value, Constant):
                self._bind_elsewhere(frame, target.value.id, replace(owner, test=bool(value.value)), line)
        elif isinstance(owner, ModuleRef) and frame.kind == "module" and known.makes_fixture(value):
            frame.module.issues.append(Issue(line, f"sets {target.attr!r} in another module"))

    def _set_item(self, target: f.Index, value: Value, line: int, frame: Frame) -> None:
        if known.is_namespace_call(target.value):
            if self.sink is None:
                frame.module.issues.append(Issue(line, "a name is made through the module's own dictionary"))
            return
        container = self.eval(target.value, frame)
        index = self.eval(target.index, frame)
        if isinstance(container, Mapped):
            self.change(container, known.with_entry(container, index, value))
        elif isinstance(container, Items):
            self.change(container, known.with_item(container, index, value))
        elif isinstance(container, Sized) and isinstance(target.index, f.Slice):
            self.change(container, UNKNOWN)

    def _augmented(self, s: f.AugAssign, frame: Frame) -> None:
        old, value = self.eval(s.target, frame), self.eval(s.value, frame)
        if isinstance(old, Collection) and not (
            isinstance(old, Items) and old.kind in ("tuple", "range", "version_info")
        ):
            extends = s.op == "+" and not isinstance(old, Mapped)
            new = known.mutated(self, old, "extend", [value]) if extends else known.binary(self, s.op, old, value)
            self.change(old, new)
            return
        self.bind_target(s.target, operate(self, s.op, old, value), s.line, frame)

    def _del(self, s: f.Del, frame: Frame) -> None:
        for target in s.targets:
            if isinstance(target, f.Name):
                frame.names.pop(target.id, None)
            elif isinstance(target, f.Index):
                container, index = self.eval(target.value, frame), self.eval(target.index, frame)
                if isinstance(container, Mapped):
                    self.change(container, known.without_entry(container, index))
                elif isinstance(container, Items):
                    self.change(container, known.without_item(container, index))
                elif isinstance(container, Collection):
                    self.change(container, UNKNOWN)
            elif isinstance(target, f.Attr) and isinstance(owner := self.eval(target.value, frame), ClassValue):
                self._bind_elsewhere(owner.frame, target.attr, UNKNOWN, s.line)

    def _expression(self, s: f.ExprStmt, frame: Frame) -> None:
        self.eval(s.value, frame)
        if self.sink is None and known.registers_names(s.value):
            frame.module.issues.append(Issue(s.line, "a call registers names at import"))

    def _return(self, s: f.Return, frame: Frame) -> Outcome:
        return Outcome("return", Constant(None) if s.value is None else self.eval(s.value, frame))

    def _yield(self, s: f.Yield, frame: Frame) -> None:
        value = self.eval(s.value, frame) if s.value is not None else Constant(None)
        more = self.drain(value) if s.delegates else (value,)
        sure = frame.depth == len(self._conditions)
        if frame.yielded is not None and more is not None and sure and len(frame.yielded) <= self.bounds.loop:
            frame.yielded.extend(more)
        else:
            frame.yielded = None

    def _raise(self, s: f.Raise, frame: Frame) -> Outcome:
        if s.value is not None:
            self.eval(s.value, frame)
        kind = s.value.func if isinstance(s.value, f.Call) else s.value
        value = self.eval(kind, frame)
        name = value.dotted.rpartition(".")[2] if isinstance(value, External) else ""
        return Outcome("raise", Constant(name or "raises while imported"))

    # control flow

    def _if(self, s: f.If, frame: Frame) -> Outcome | None:
        bodies: list[Sequence[f.Stmt]] = []
        rest: Sequence[f.Stmt] = (s,)
        while len(rest) == 1 and isinstance(clause := rest[0], f.If):  # elif clauses: there may be hundreds
            truth = self.truth(self.eval(clause.test, frame))
            if truth is not False:
                bodies.append(clause.body)
            if truth:
                break
            rest = clause.orelse
        else:
            bodies.append(rest)
        return self.block(bodies[0], frame) if len(bodies) == 1 else self._branches(bodies, frame)

    def _branches(self, bodies: Sequence[Sequence[f.Stmt]], frame: Frame) -> Outcome | None:
        """Run alternatives of which one will happen; what they bind is not certain unless they agree."""
        before = frame.names
        paths = []
        for body in bodies:
            frame.names = dict(before)
            paths.append((self._alternative(body, frame), frame.names))
        return self._joined_paths(before, paths, frame)

    def _joined_paths(
        self, before: dict[str, Binding], paths: Sequence[tuple[Outcome | None, dict[str, Binding]]], frame: Frame
    ) -> Outcome | None:
        """Join ways through some statements, one of which happens: what they leave in the scope, and how they end."""
        stays = [
            names
            for outcome, names in paths
            if _falls(outcome) or any(way.kind in ("break", "continue") for way in _ways(outcome))
        ]
        frame.names = _merged(before, stays or [names for _, names in paths])
        ways = [way for outcome, _ in paths for way in _ways(outcome)]
        return _joined(ways, falls=any(_falls(outcome) for outcome, _ in paths))

    def _alternative(self, body: Sequence[f.Stmt], frame: Frame) -> Outcome | None:
        """Run a body that may not happen."""
        try:
            with self.condition():
                return self.block(body, frame)
        except known.Leaving as leaving:
            frame.module.issues.append(Issue(leaving.line, f"the module may skip itself: {leaving.reason}"))
            return Outcome("raise", Constant("Skipped"))

    def _for(self, s: f.For, frame: Frame) -> Outcome | None:
        items = self.drain(self.eval(s.iter, frame))
        if items is None or len(items) > self.bounds.loop:
            if frame.kind == "module" and _registers(s.body):
                frame.module.issues.append(Issue(s.line, "a loop over values that are not known makes names"))
            return self._maybe(s, frame)

        def rounds() -> Iterator[bool]:
            for item in items:
                self.bind_target(s.target, item, s.line, frame)
                yield True

        return self._loop(rounds(), s.body, lambda: self.block(s.orelse, frame), frame)

    def _while(self, s: f.While, frame: Frame) -> Outcome | None:
        settled = False

        def rounds() -> Iterator[bool]:
            nonlocal settled
            for _ in range(self.bounds.loop):
                truth = self.truth(self.eval(s.test, frame))
                settled = truth is False
                if not truth:
                    return
                yield True
            settled = False

        def rest() -> Outcome | None:
            return self.block(s.orelse, frame) if settled else self._maybe(s, frame)

        return self._loop(rounds(), s.body, rest, frame)

    def _loop(
        self, rounds: Iterator[bool], body: Sequence[f.Stmt], rest: Callable[[], Outcome | None], frame: Frame
    ) -> Outcome | None:
        """Run a loop round by round, and ``rest`` when no round has left it; what follows a way out may not happen."""
        leaving: list[Outcome] = []
        perhaps = False
        while True:
            before = dict(frame.names) if perhaps else frame.names
            with self.condition() if perhaps else contextlib.nullcontext():
                more = next(rounds, False)
                outcome = self.block(body, frame) if more else rest()
            if perhaps:
                frame.names = _merged(before, [before, frame.names])
            ways = _ways(outcome)
            if not more:
                return _joined([*leaving, *ways], falls=perhaps or _falls(outcome))
            leaving += [way for way in ways if way.kind in ("return", "raise")]
            breaks = any(way.kind == "break" for way in ways)
            if not _falls(outcome) and not any(way.kind == "continue" for way in ways):
                return _joined(leaving, falls=perhaps or breaks)
            perhaps |= any(way.kind != "continue" for way in ways)

    def _maybe(self, s: f.For | f.While, frame: Frame) -> Outcome | None:
        """Run a loop's body that may happen any number of times, none included."""
        before = dict(frame.names)
        for name in _assigned(s.body):
            if name in frame.names:
                frame.names[name] = Binding(UNKNOWN, True, s.line)  # in all rounds but the first it is another's
        if isinstance(s, f.For):
            self.bind_target(s.target, UNKNOWN, s.line, frame)
        outcome = self._alternative(s.body, frame)
        frame.names = _merged(before, [before, frame.names])
        for name, binding in list(frame.names.items()):
            if before.get(name) is not binding and isinstance(binding.value, _DATA):
                frame.names[name] = Binding(UNKNOWN, False, binding.line)
        last = self._branches([s.orelse, ()], frame) if s.orelse else None
        ways = [way for way in _ways(outcome) if way.kind in ("return", "raise")]
        return _joined([*ways, *_ways(last)], falls=True)

    def _try(self, s: f.Try, frame: Frame) -> Outcome | None:
        outcome = self._guarded(s, frame)
        last = self.block(s.final, frame)
        if last is None:
            return outcome
        return _joined([*_ways(last), *_ways(outcome)], falls=_falls(outcome)) if last.falls else last

    def _guarded(self, s: f.Try, frame: Frame) -> Outcome | None:
        """Run what stands before ``finally``."""
        before = dict(frame.names)
        inside = self.sink is not None  # inside a test or fixture anything may raise
        doubtful = bool(s.handlers) and (inside or _may_raise(s.body))
        with self.condition() if doubtful and not inside else contextlib.nullcontext():
            outcome = self.block(s.body, frame)
        if outcome is not None and outcome.kind == "raise":
            return self._caught(s, outcome, frame)
        raised = [way for way in _ways(outcome) if way.kind == "raise"]
        others = [way for way in _ways(outcome) if way.kind != "raise"]
        if not doubtful and not raised:
            return self.block(s.orelse, frame) if outcome is None else outcome
        middle = _merged(before, [before, frame.names])
        paths: list[tuple[Outcome | None, dict[str, Binding]]] = []
        after = self._alternative(s.orelse, frame) if _falls(outcome) and s.orelse else None
        ways = [*others, *_ways(after)]
        if _falls(outcome) or ways:
            paths.append((_joined(ways, falls=_falls(outcome) and _falls(after)), frame.names))
        for handler in s.handlers:
            frame.names = dict(middle)
            self._name_error(handler, s.line, frame)
            paths.append((self._alternative(handler.body, frame), frame.names))
        if raised and not any(handler.types is None for handler in s.handlers):
            paths.append((_joined(raised, falls=False), middle))
        return self._joined_paths(before, paths, frame)

    def _caught(self, s: f.Try, raised: Outcome, frame: Frame) -> Outcome | None:
        """Run the handlers that catch what a block raises: the first that does for sure, and those before it that may."""
        names = frame.names
        paths: list[tuple[Outcome | None, dict[str, Binding]]] = []
        for handler in s.handlers:
            catches = known.catches(handler, raised.value)
            if catches is False:
                continue
            if catches and not paths:
                self._name_error(handler, s.line, frame)
                return self.block(handler.body, frame)
            frame.names = dict(names)
            self._name_error(handler, s.line, frame)
            paths.append((self._alternative(handler.body, frame), frame.names))
            if catches:
                break
        else:
            paths.append((raised, names))
        return self._joined_paths(names, paths, frame)

    def _name_error(self, handler: f.Handler, line: int, frame: Frame) -> None:
        if handler.name is not None:
            self.bind(frame, handler.name, UNKNOWN, line)

    def _with(self, s: f.With, frame: Frame) -> Outcome | None:
        for context, target in s.items:
            self.eval(context, frame)
            if target is not None:
                self.bind_target(target, UNKNOWN, s.line, frame)
        swallows = any(known.swallows_errors(context) for context, _ in s.items)
        before = dict(frame.names)
        doubtful = swallows and self.sink is None and _may_raise(s.body)
        with self.condition() if doubtful else contextlib.nullcontext():
            outcome = self.block(s.body, frame)
        if doubtful:
            frame.names = _merged(before, [before, frame.names])
        if not swallows and self.sink is None:
            return outcome
        ways = [way for way in _ways(outcome) if way.kind != "raise"]
        return _joined(ways, falls=_falls(outcome) or len(ways) < len(_ways(outcome)) or swallows)

    def _match(self, s: f.Match, frame: Frame) -> Outcome | None:
        self.eval(s.subject, frame)
        return self._branches([*s.cases, ()], frame)

    # calls of the project's own functions

    def call_function(
        self, function: FunctionValue, args: Sequence[Value], kwargs: dict[str, Value], incomplete: bool
    ) -> Value:
        """Return what a function of the project returns for these arguments, as far as that is known.

        Args:
            function: The function; one whose body was left out returns ``Unknown``.
            args: Positional arguments.
            kwargs: Keyword arguments.
            incomplete: Whether unknown ``*args`` or ``**kwargs`` are passed too.
        """
        body = function.facts.body
        if body is None:
            self._hand_over(function, args, kwargs)
        if body is None or len(self._calls) >= self.bounds.call_depth or self._calls.count(function.facts) > 2:
            return UNKNOWN
        frame = Frame(
            function.module,
            "function",
            function.frame,
            function.facts.name,
            line=function.facts.line,
            depth=len(self._conditions),
        )
        self._bind_parameters(function, args, kwargs, incomplete, frame)
        if self.sink is not None:
            self.reached.add(id(function.facts))
        self._calls.append(function.facts)
        try:
            outcome = self.block(body, frame)
        except RecursionError:  # as in ``_top_level``, for bodies that are examined on their own
            if len(self._calls) > 1:
                raise
            function.module.issues.append(Issue(function.facts.line, TOO_DEEP))
            return UNKNOWN
        finally:
            self._calls.pop()
        ways = _ways(outcome)
        if function.facts.is_generator:
            whole = frame.yielded is not None and all(way.kind == "return" for way in ways)
            return Items("generator", tuple(frame.yielded or ())) if whole else UNKNOWN
        returned = [way.value for way in ways if way.kind == "return"]
        if _falls(outcome):
            returned.append(Constant(None))
        return _either(returned) if returned else UNKNOWN

    def _hand_over(self, function: FunctionValue, args: Sequence[Value], kwargs: dict[str, Value]) -> None:
        """Give collections to a function whose body was left out: it may change them, where its text says so."""
        names = [param.name for param in function.facts.params if param.kind in ("pos", "arg")]
        for name, value in (*zip(names, args), *kwargs.items()):
            collection = current(value)
            if isinstance(collection, Collection) and self.modules.mutated_elsewhere(function.module, name):
                self.change(collection, Unknown(f"{function.facts.name} may change it"))

    def _bind_parameters(
        self, function: FunctionValue, args: Sequence[Value], kwargs: dict[str, Value], incomplete: bool, frame: Frame
    ) -> None:
        given, rest = list(args), dict(kwargs)
        for param in function.facts.params:
            if param.kind in ("pos", "arg"):
                value = given.pop(0) if given else rest.pop(param.name, None)
            elif param.kind == "*":
                value, given = UNKNOWN if incomplete else Items("tuple", tuple(given)), []
            elif param.kind == "kw":
                value = rest.pop(param.name, None)
            else:
                value = UNKNOWN if incomplete else Mapped(tuple((Constant(k), v) for k, v in rest.items()))
            if value is None:
                value = UNKNOWN if incomplete else function.defaults.get(param.name, UNKNOWN)
            frame.names[param.name] = Binding(value, True, function.facts.line)

    def note_request(self, name: Value, line: int, frame: Frame) -> None:
        """Record a ``getfixturevalue`` call for whoever asked for them."""
        if self.sink is None:
            return
        certain = not self._conditions
        values = name.values if isinstance(name, Choice) else (name,)
        for value in values:
            if isinstance(value, Constant) and isinstance(value.value, str):
                self.sink.append(DynamicRequest(value.value, value.value, line, certain, len(values)))
            elif not isinstance(value, Constant):
                pattern = value.pattern if isinstance(value, Unknown) and value.pattern else "*"
                self.sink.append(DynamicRequest(None, pattern, line, False))


def _either(values: Sequence[Value]) -> Value:
    """Return what a function gives that may give any of these: what they agree on, or the one that can be called.

    A decorator or a factory that gives up in some cases is still one; a number that may be another is not known.
    """
    called = next((value for value in values if isinstance(value, _CALLABLE)), None)
    if called is not None:
        return called
    return values[0] if all(_same(value, values[0]) for value in values) else UNKNOWN


_DATA = (Constant, Collection, VersionValue, ParamSet, Choice)
"""What is not known at all where it may be something else; a function that may be another is still looked into."""

_CALLABLE = (FunctionValue, LambdaValue, PartialValue, FixtureValue, ClassValue, DecoratorValue, Mark, BoundMethod)


def _marked(target: Value, mark: Mark) -> Value:
    if isinstance(target, FunctionValue | ClassValue):
        return replace(target, marks=(*target.marks, mark))
    if isinstance(target, FixtureValue) and mark.name == "parametrize":
        return replace(target, options={**target.options, "params": UNKNOWN})
    if isinstance(target, DecoratorValue | External):
        return mark
    return target


def _merged(before: dict[str, Binding], after: Sequence[dict[str, Binding]]) -> dict[str, Binding]:
    """Join what alternatives bound: certain where all are and bind an equal value, else that of the first to change it."""
    merged: dict[str, Binding] = {}
    for name in dict.fromkeys(name for names in after for name in names):
        versions = [names.get(name) for names in after]
        present = [version for version in versions if version is not None]
        first = present[0]
        if len(present) == len(versions) and all(version is first for version in present):
            merged[name] = first
            continue
        agree = len(present) == len(versions) and all(v.certain and _same(v.value, first.value) for v in present)
        changed = next((version for version in present if version is not before.get(name)), first)
        merged[name] = Binding(changed.value, agree, changed.line)
    return merged


def _same(a: Value, b: Value, depth: int = 0) -> bool:
    a, b = current(a), current(b)
    if isinstance(a, Items) and isinstance(b, Items) and a is not b:
        alike = a.kind == b.kind and len(a.items) == len(b.items) and depth < MAX_NESTING
        return alike and all(_same(x, y, depth + 1) for x, y in zip(a.items, b.items))
    if isinstance(a, Constant) and isinstance(b, Constant) and type(a.value) is not type(b.value):
        return False
    return a == b and not isinstance(a, Unknown)


def _assigned(body: Sequence[f.Stmt]) -> Iterator[str]:
    """Yield the names that statements bind, those within functions and classes apart."""
    for statement in body:
        targets: Sequence[f.Expr] = ()
        if isinstance(statement, f.Assign):
            targets = statement.targets
        elif isinstance(statement, f.AugAssign | f.For):
            targets = (statement.target,)
        elif isinstance(statement, f.With):
            targets = [target for _, target in statement.items if target is not None]
        for target in targets:
            yield from _names_in(target)
        for part in _parts(statement):
            yield from _assigned(part)


def _names_in(target: f.Expr) -> Iterator[str]:
    if isinstance(target, f.Name):
        yield target.id
    elif isinstance(target, f.Star):
        yield from _names_in(target.value)
    elif isinstance(target, f.Seq):
        for item in target.items:
            yield from _names_in(item)


def _parts(statement: f.Stmt) -> Iterator[Sequence[f.Stmt]]:
    """Yield the blocks of a compound statement that belong to the same scope."""
    if isinstance(statement, f.If | f.For | f.While | f.With | f.Try):
        yield statement.body
    if isinstance(statement, f.If | f.For | f.While | f.Try):
        yield statement.orelse
    if isinstance(statement, f.Try):
        yield statement.final
        for handler in statement.handlers:
            yield handler.body
    if isinstance(statement, f.Match):
        yield from statement.cases


def _may_raise(body: Sequence[f.Stmt]) -> bool:
    """Whether statements at import hold something that may raise, beyond a missing module: a call, an index."""
    for statement in body:
        if isinstance(statement, f.Raise | f.Del):
            return True
        if isinstance(statement, f.Function | f.Class | f.Import | f.FromImport):
            continue
        expressions = (getattr(statement, name, None) for name in ("value", "test", "iter"))
        if any(isinstance(expression, _MAY_RAISE) for expression in expressions):
            return True
        if any(_may_raise(part) for part in _parts(statement)):
            return True
    return False


_MAY_RAISE = (f.Call, f.Index, f.Bin, f.FStr, f.Comp, f.Cond, f.Seq, f.Map)


def _registers(body: Sequence[f.Stmt]) -> bool:
    """Whether a loop's body could make fixtures or tests."""
    for statement in body:
        if isinstance(statement, f.Function | f.Class):
            return True
        if isinstance(statement, f.Assign) and any(
            isinstance(t, f.Index) and known.is_namespace_call(t.value) for t in statement.targets
        ):
            return True
        if isinstance(statement, f.ExprStmt) and known.registers_names(statement.value):
            return True
        if isinstance(statement, f.If | f.For | f.With | f.While | f.Try) and _registers(statement.body):
            return True
    return False


def is_dynamic_helper(facts: f.Function) -> bool:
    """Whether a kept body asks for fixtures by ``getfixturevalue``."""
    return facts.body is not None and facts.dynamic


__all__ = ["DynamicRequest", "Evaluator", "FixtureValue", "Modules", "is_dynamic_helper"]
