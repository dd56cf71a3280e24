"""Abstract evaluation of a module's program: names to values, without running a line of it.

The evaluator executes the plain-data program that ``extract`` made of a file. Conditions that it cannot decide run
both branches, and what they bind is not ``certain``; values it cannot work out are ``Unknown``. Steps, loops, calls
and collections are bounded, so any file ends.

This module holds what an evaluation knows (names, what is certain) and calls of the project's own functions.
``statements`` and ``flow`` hold statements, ``expressions`` expressions, ``instances`` classes and what they make,
``effects`` what binds names that no text shows, and ``known`` the library functions whose meaning we know.
"""

from __future__ import annotations

import builtins
import contextlib
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any, Protocol

from fixturescope.analysis import effects, flow, instances, known, statements
from fixturescope.analysis import facts as f
from fixturescope.analysis.basics import pass_by
from fixturescope.analysis.bounds import DEFAULT, Bounds
from fixturescope.analysis.data import DataFiles
from fixturescope.analysis.expressions import Expressions
from fixturescope.analysis.frames import Binding, Frame, Issue, Module
from fixturescope.analysis.outcomes import DATA, Outcome, changeable, falls, same, ways_of
from fixturescope.analysis.repeats import Repeats
from fixturescope.analysis.values import (
    ITERATORS,
    LATE,
    UNKNOWN,
    BoundMethod,
    Choice,
    ClassValue,
    Collection,
    Constant,
    DecoratorValue,
    EnumMember,
    External,
    FixtureValue,
    FunctionValue,
    Imported,
    InstanceValue,
    LambdaValue,
    Made,
    MadeBy,
    Mapped,
    Mark,
    PartialValue,
    PathValue,
    Unknown,
    Value,
    become,
    current,
    next_serial,
)
from fixturescope.analysis.values import Sequence as Items
from fixturescope.analysis.walk import names_read

CLOCK_EVERY = 64
"""Steps between two looks at the clock."""

TOO_DEEP = "it nests too deep to be evaluated"


class Modules(Protocol):
    """What the evaluator asks of the linker."""

    python_version: tuple[int, ...]
    platform: str
    files: DataFiles | None
    """What may be read of data; None: nothing."""

    def attribute(self, dotted: str, name: str) -> Value:
        """Return what ``name`` is in a module: followed if the module is the project's, else ``External``."""

    def read(self, external: External) -> Value:
        """Return what an ``External`` is according to its source, or itself where there is none."""

    def import_from(self, folder: str) -> None:
        """Look for modules that are nowhere else in a folder, too."""

    def brings_plugin(self, dotted: str) -> bool:
        """Return whether a name is of an installed package that a plugin of pytest lies in."""

    def named(self, dotted: str) -> Module | None:
        """Return the evaluated module of a dotted name, or None when there is no source to read."""

    def reassigned_elsewhere(self, module: Module, name: str) -> bool:
        """Return whether a function of a module declares one of its names ``global``, and so may bind it."""

    def changed_by_methods(self, module: Module, name: str) -> bool:
        """Return whether a module's text changes an attribute of that name, beyond setting it in one place."""

    def line_of(self, dotted: str, text: str) -> int | None:
        """Return the last line of a module's source that holds a text; None when there is none."""

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


class Evaluator(Expressions):
    """Evaluates modules on demand.

    Args:
        modules: The linker: other modules, and what the environment has.
        fixture_decorators: Dotted names that act like ``pytest.fixture``, beyond those we know.
        bounds: How far evaluation goes.
        clock: Seconds since some time.
    """

    def __init__(
        self,
        modules: Modules,
        fixture_decorators: frozenset[str] = frozenset(),
        bounds: Bounds = DEFAULT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.bounds = bounds
        self.modules = modules
        self.fixture_decorators = fixture_decorators
        self.sink: list[DynamicRequest] | None = None
        self.reached: set[int] = set()
        """Ids of function facts whose body was evaluated while looking for dynamic requests."""
        self.repeats = Repeats()
        self.mro_cache: dict[int, tuple[Value, ...]] = {}
        self.keep_alive: list[Value] = []
        """Values that ``mro_cache`` knows by ``id``."""
        self.enums: dict[int, Mapping[str, EnumMember] | None] = {}
        """Members of enumerations by the ``id`` of their body's scope."""
        self.replaced_builtins: set[str] = set()
        self._active: list[Frame] = []
        """Scopes being evaluated, the outermost first."""
        self.here: Frame | None = None
        """The scope whose statement was evaluated last."""
        self.clock = clock
        self._steps = 0
        self._deadline = math.inf
        """When evaluation stops, by the clock."""
        self._calls: list[f.Function] = []
        self._conditions: list[int] = []
        """For each undecided condition that what is evaluated stands under: the youngest collection before it."""
        self._doubted: list[Frame] = []
        """Scopes of expressions a part of which may not be evaluated."""
        self._shuffles: list[int] = []
        """The same for each loop whose rounds happen in an order that is not known."""
        self._unordered: set[tuple[int, str]] = set()
        """Names that such loops bound in scopes older than they are: ``id`` of the scope and name."""

    def run_module(self, module: Module) -> None:
        """Evaluate a module's body once; a module that is being evaluated stays as far as it is (an import cycle)."""
        if module.state != "new":
            return
        module.state = "running"
        sink, self.sink = self.sink, None
        conditions, self._conditions = self._conditions, []
        shuffles, self._shuffles = self._shuffles, []
        active, self._active = self._active, [module.frame]
        frame = module.frame
        frame.names["__name__"] = Binding(Constant(module.dotted), True, 0)
        if module.in_project and self.modules.files is not None:
            frame.names["__file__"] = Binding(Constant(os.fspath(module.path)), True, 0)
        try:
            with self.counting():
                for statement in module.facts.body:
                    outcome = self._top_level(statement, module)
                    if outcome is not None and not outcome.falls:
                        if outcome.kind == "raise" and module.skipped is None:
                            reason = (
                                outcome.value.value if isinstance(outcome.value, Constant) else "raises while imported"
                            )
                            module.failed = str(reason)
                        break
        finally:
            module.state = "done"
            self.repeats.begin()
            self.sink, self._conditions, self._active, self._shuffles = sink, conditions, active, shuffles

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

    # statements

    def block(self, body: Sequence[f.Stmt], frame: Frame) -> Outcome | None:
        """Execute statements until one leaves the block."""
        return flow.block(self, body, frame)

    def execute(self, statement: f.Stmt, frame: Frame) -> Outcome | None:
        """Execute one statement; None when it goes on behind it."""
        return _EXECUTE[type(statement)](self, statement, frame)

    def bind_target(self, target: f.Expr, value: Value, line: int, frame: Frame) -> None:
        """Bind what an assignment, a loop or a ``with`` has on its left."""
        statements.bind_target(self, target, value, line, frame)

    def decorate(self, decorator: Value, target: Value, line: int, frame: Frame) -> Value:
        """Return what a decorator makes of a function, class or fixture; what is not known keeps the target."""
        return statements.decorate(self, decorator, target, line, frame)

    def defaults(self, params: Sequence[f.Param], frame: Frame) -> dict[str, Value]:
        """Return the default values of parameters, as they are now."""
        return {p.name: self.eval(p.default, frame) for p in params if p.default is not None}

    # what is certain

    @property
    def uncertain(self) -> bool:
        """Whether what is evaluated stands under a condition that cannot be decided."""
        return self.depth > 0

    @contextlib.contextmanager
    def condition(self) -> Iterator[None]:
        """What is evaluated within may not happen."""
        self._conditions.append(next_serial())
        try:
            yield
        finally:
            self._conditions.pop()

    @contextlib.contextmanager
    def perhaps(self, frame: Frame) -> Iterator[None]:
        """An expression within may not be evaluated; it binds names by ``:=`` at most."""
        self._doubted.append(frame)
        try:
            with self.condition():
                yield
        finally:
            self._doubted.pop()

    def bind_perhaps(self, frame: Frame, name: str, value: Value, line: int) -> None:
        """Bind a name by ``:=``, which may not be evaluated where it stands in a part of an expression like that."""
        if name in frame.outer or not any(doubted is frame for doubted in self._doubted):
            self.bind(frame, name, value, line)
            return
        before = frame.names.get(name)
        held = (value,) if before is None else (value, before.value, *before.others)
        frame.names[name] = Binding(UNKNOWN, False, line, changeable(*held))

    @contextlib.contextmanager
    def shuffle(self) -> Iterator[None]:
        """What is evaluated within happens once for each of some items, in an order that is not known."""
        self._shuffles.append(next_serial())
        try:
            yield
        finally:
            self._shuffles.pop()
            if not self._shuffles:
                self._unordered.clear()

    def in_order(self, serial: int) -> bool:
        """Whether something made at that time is seen by one round only of all loops without a known order."""
        return not self._shuffles or serial > self._shuffles[-1]

    def is_bound_in_order(self, frame: Frame, name: str) -> bool:
        """Whether a name does not hang on which round of such a loop comes first."""
        return (id(frame), name) not in self._unordered

    def change(self, collection: Collection, new: Value) -> None:
        """Change a collection in place; one that is older than an undecided condition is not known from then on."""
        if not self.settled(collection.serial):
            new = Unknown("it is changed under a condition")
        elif not self.in_order(collection.serial):
            new = Unknown("it is changed in an order that is not known")
        become(collection, new)

    def lose(self, binding: Binding) -> None:
        """Whatever a name may stand for is changed, nobody knows how."""
        for one in changeable(binding.value, *binding.others):
            if isinstance(one, InstanceValue):
                instances.forget(self, one)
            elif isinstance(one, Collection) and not known.is_fixed(one):
                self.change(one, UNKNOWN)

    def spoil(self, value: Value) -> None:
        """Something that is not known is changed: whatever it may be is not known either from then on."""
        for one in value.may_be if isinstance(value, Unknown) else ():
            if isinstance(now := current(one), Collection):
                self.change(now, Unknown("it may be changed by another name"))
            elif isinstance(now, InstanceValue):
                instances.forget(self, now)

    def settled(self, serial: int) -> bool:
        """Whether something made at that time, which is about to be changed, was made under all conditions that hold now."""
        self.repeats.change(serial)
        return not self._conditions or serial > self._conditions[-1]

    @property
    def depth(self) -> int:
        """How many undecided conditions what is evaluated stands under."""
        return len(self._conditions)

    def drain(self, value: Value, *, one_by_one: bool = False) -> tuple[Value, ...] | None:
        """Return what iterating over a value gives, as ``items`` does; of an iterator nothing is known afterwards.

        Args:
            value: The value.
            one_by_one: Whether whoever asks looks at one item at a time, and calls ``basics.pass_by`` behind each.
        """
        value = current(value)
        items = self.items(value)
        if isinstance(value, Items) and value.kind in ITERATORS:
            self.repeats.change(value.serial)
            become(value, Unknown("it is used up"))
            for item in items or () if not one_by_one else ():
                pass_by(item)
        return items

    def step(self, frame: Frame, line: int) -> bool:
        """Count a statement, an item of a comprehension or a call of a lambda; False when there were too many."""
        self._steps += 1
        if self._steps == self.bounds.steps + 1:
            frame.module.issues.append(Issue(line, f"evaluation stopped after {self.bounds.steps} steps"))
        elif self._steps % CLOCK_EVERY == 0 and self.clock() > self._deadline and self._steps <= self.bounds.steps:
            self._steps = self.bounds.steps + 1  # it stays stopped
            frame.module.issues.append(Issue(line, f"evaluation stopped after {self.bounds.seconds} seconds"))
        return self._steps <= self.bounds.steps

    @contextlib.contextmanager
    def counting(self) -> Iterator[None]:
        """Steps and time are counted anew within: for a module, or for a hook that is asked about one test."""
        steps, left = self._steps, self._deadline - self.clock()
        self._steps, self._deadline = 0, self.clock() + self.bounds.seconds
        try:
            yield
        finally:
            self._steps, self._deadline = steps, self.clock() + left

    @contextlib.contextmanager
    def examining(self) -> Iterator[list[DynamicRequest]]:
        """What bodies evaluated within ask for by ``getfixturevalue`` is collected; steps and time are counted anew."""
        outer, self.sink = self.sink, []
        self.repeats.begin()
        try:
            with self.counting():
                yield self.sink
        finally:
            self.sink = outer

    @property
    def has_stopped(self) -> bool:
        """Whether steps or time have run out since somebody started counting."""
        return self._steps > self.bounds.steps

    def exceeds_text(self) -> Value:
        """Say that a text is longer than those that are worked with, and return what stands for it."""
        self._exceeds(f"a text of more than {self.bounds.text} characters is not worked out")
        return Unknown("too long")

    def exceeds_items(self) -> None:
        """Say that a collection is larger than those that are looked at."""
        self._exceeds(f"a collection of more than {self.bounds.items} items is not looked at")

    def _exceeds(self, message: str) -> None:
        if self.here is not None:
            effects.say(self, self.here, self.here.line, message)

    # names

    def bind(self, frame: Frame, name: str, value: Value, line: int) -> None:
        """Bind a name in a scope, noting what it replaces."""
        if name in frame.outer:
            self.bind_elsewhere(self._outer(frame, name), name, value, line)
            return
        before = frame.names.get(name)
        if before is not None and before.certain and not self._conditions:
            frame.replaced.append((name, before))
        if isinstance(value, Items) and value.kind in LATE:
            value = UNKNOWN  # it looks at the names it uses when it is iterated over, not now
        if frame.kind != "function" and isinstance(value, FixtureValue):
            value = self.made(value, line, frame, unless_defined=True)
        frame.names[name] = Binding(value, True, line)

    def _outer(self, frame: Frame, name: str) -> Frame:
        """Return the scope that a ``global`` or ``nonlocal`` name belongs to."""
        if frame.outer[name]:
            return frame.module.frame
        scope = frame.parent
        while scope is not None and scope.parent is not None and name not in scope.names:
            scope = scope.parent
        return scope or frame.module.frame

    def made(
        self,
        value: Value,
        line: int,
        frame: Frame,
        *,
        unless_defined: bool = False,
        of: Mapping[str, Value] = {},
    ) -> Value:
        """Note on a fixture how it came about, unless it is known already.

        Args:
            value: What is bound to a name.
            line: Of the statement that binds it.
            frame: Where that statement stands.
            unless_defined: A ``def`` of a module or class needs no explanation.
            of: Arguments of the call that registers it, which decide what is made.
        """
        if not isinstance(value, FixtureValue) or value.made is not None:
            return value
        function = value.function
        if unless_defined and not (isinstance(function, FunctionValue) and function.frame.kind == "function"):
            return value
        call = (MadeBy(tuple((name, show(one)) for name, one in of.items()), frame.module.path, line),) if of else ()
        return replace(value, made=Made(frame.module.path, line, (*call, *self._steps_to(function))))

    def _steps_to(self, function: Value) -> tuple[MadeBy, ...]:
        """Return the arguments and loop variables that decide what is being made, the nearest first."""
        frames = [one for one in self._active if one.kind == "function" or one.turning]
        inner = function.frame if isinstance(function, FunctionValue) and function.frame.kind == "function" else None
        if inner is not None and inner not in frames:
            frames.append(inner)
        steps = []
        for one in reversed(frames):
            names = one.turning if one.kind != "function" else [*one.arguments, *one.turning]
            shown = tuple((name, show(one.names[name].value)) for name in dict.fromkeys(names) if name in one.names)
            if shown:
                steps.append(MadeBy(shown, one.module.path, one.line))
        return tuple(steps)

    def run_text(self, text: str, line: int, frame: Frame) -> None:
        """Evaluate code that stands in a text, in a scope; nothing of it runs."""
        from fixturescope.analysis.extract import extract_outline
        from fixturescope.analysis.outline import outline

        facts = extract_outline(outline(text))
        if facts.unparsed:
            frame.module.issues.append(Issue(line, "exec runs a text that is no Python"))
        self.block(f.at_line(facts.body, line), frame)

    def bind_elsewhere(self, frame: Frame, name: str, value: Value, line: int) -> None:
        """Bind a name in a scope that is not the one being evaluated."""
        settled = self.settled(frame.serial)
        if not self.in_order(frame.serial):
            settled &= self.is_bound_in_order(frame, name)  # of two rounds that bind it, any may be the last
            self._unordered.add((id(frame), name))
            value = UNKNOWN if isinstance(value, DATA) else value
        frame.names[name] = Binding(value if settled or not isinstance(value, DATA) else UNKNOWN, settled, line)

    @contextlib.contextmanager
    def within(self, scope: Frame) -> Iterator[None]:
        """A class body is evaluated within."""
        self._active.append(scope)
        try:
            yield
        finally:
            self._active.pop()

    def caller(self, frame: Frame, depth: int) -> Frame | None:
        """Return the scope that so many calls above a scope runs; None where that is not known."""
        if frame not in self._active or any(function.is_generator for function in self._calls):
            return None
        self.repeats.forget()  # what a function says that looks at its caller hangs on who that is
        place = self._active.index(frame) - depth
        return self._active[place] if 0 <= place < len(self._active) else None

    @staticmethod
    def binding_scope(frame: Frame) -> Frame:
        """Return the scope where ``:=`` binds: that around the comprehensions it stands in."""
        while frame.comprehension and frame.parent is not None:
            frame = frame.parent
        return frame

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
        if name in self.replaced_builtins:
            return Unknown(f"{name} is not the builtin any more")
        return External(f"builtins.{name}")

    def is_bound(self, frame: Frame, name: str) -> bool:
        """Return whether a name stands for something for sure."""
        scope: Frame | None = frame
        while scope is not None:
            if (binding := scope.names.get(name)) is not None:
                return binding.certain
            if any(name in self.modules.star_names(dotted) for dotted in scope.stars):
                return True
            scope = scope.parent
        return hasattr(builtins, name)

    def seen(self, module: Module | None, name: str, binding: Binding) -> Value:
        """Return what is known of the value that a name is bound to.

        Args:
            module: Whose global name it is; None for a local one.
            name: The name.
            binding: What stands under it.
        """
        value = current(binding.value)
        if not binding.certain and isinstance(value, (*DATA, Unknown)):
            return Unknown(f"{name} depends on a condition", may_be=changeable(value, *binding.others))
        if module is not None and isinstance(value, DATA) and self.modules.reassigned_elsewhere(module, name):
            return Unknown(f"a function may assign {name}")
        if module is not None and isinstance(value, Collection):
            if self.modules.mutated_elsewhere(module, name):
                return Unknown(f"a function changes {name}")
            if isinstance(value, Items):
                value.written = False
        return value

    def force(self, value: Value) -> Value:
        """Follow an import that was left unfollowed, and see what a collection is now."""
        value = current(value)
        if isinstance(value, Imported):
            value = self.modules.attribute(value.module, value.name)
        if isinstance(value, External) and value.dotted.rpartition(".")[2].isupper():
            value = self.modules.read(value)  # a library's constant: conditions and parameters hang on it
        return known.value_of(self, value) if isinstance(value, External) else value

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
        if body is not None and len(self._calls) >= self.bounds.call_depth:
            self._exceeds(f"calls within calls are followed {self.bounds.call_depth} deep")
        if body is None or len(self._calls) >= self.bounds.call_depth or self._calls.count(function.facts) > 2:
            for value in (*args, *kwargs.values()):
                known.lose_metafunc(value)
            return UNKNOWN
        if self.sink is not None:
            return self._run_again(function, body, args, kwargs, incomplete)
        if function.facts.is_generator:  # its body runs when somebody goes through it, if ever
            with self.condition():
                return self._run_function(function, body, args, kwargs, incomplete)
        return self._run_function(function, body, args, kwargs, incomplete)

    def _run_again(
        self,
        function: FunctionValue,
        body: Sequence[f.Stmt],
        args: Sequence[Value],
        kwargs: dict[str, Value],
        incomplete: bool,
    ) -> Value:
        """Evaluate a function while looking for dynamic requests, unless it was and asked for nothing."""
        key = self.repeats.key(function, args, kwargs, incomplete, len(self._calls))
        if key is None or self.sink is None:
            return self._run_function(function, body, args, kwargs, incomplete)
        answer = self.repeats.answer(key)
        if answer is None:
            before = (self.repeats.changes, len(self.sink))
            answer = self._run_function(function, body, args, kwargs, incomplete)
            if before == (self.repeats.changes, len(self.sink)) and not self.has_stopped:
                self.repeats.keep(key, function, answer)
        return answer

    def _run_function(
        self,
        function: FunctionValue,
        body: Sequence[f.Stmt],
        args: Sequence[Value],
        kwargs: dict[str, Value],
        incomplete: bool,
    ) -> Value:
        frame = Frame(
            function.module,
            "function",
            function.frame,
            function.facts.name,
            line=function.facts.line,
            depth=len(self._conditions),
            arguments=tuple(param.name for param in function.facts.params),
        )
        self._bind_parameters(function, args, kwargs, incomplete, frame)
        if self.sink is not None:
            self.reached.add(id(function.facts))
        self._calls.append(function.facts)
        self._active.append(frame)
        try:
            outcome = self.block(body, frame)
        except RecursionError:  # as in ``_top_level``, for bodies that are examined on their own
            if len(self._calls) > 1:
                raise
            function.module.issues.append(Issue(function.facts.line, TOO_DEEP))
            return UNKNOWN
        finally:
            self._calls.pop()
            self._active.pop()
        ways = ways_of(outcome)
        if function.facts.is_generator:
            whole = frame.yielded is not None and all(way.kind == "return" for way in ways)
            kind = known.iterator_kind(not frame.shuffled, "generator")
            return Items(kind, tuple(frame.yielded or ()), self._looked_at(body, frame)) if whole else UNKNOWN
        returned = [way.value for way in ways if way.kind == "return"]
        if falls(outcome):
            returned.append(Constant(None))
        return _either(returned) if returned else UNKNOWN

    def _looked_at(self, body: Sequence[f.Stmt], frame: Frame) -> tuple[Value, ...]:
        """Return the collections that a generator's names stand for: it looks at them as it goes, not when it is made."""
        found: list[Value] = []
        for name in names_read(tuple(body)):
            scope: Frame | None = frame
            while scope is not None and name not in scope.names:
                scope = scope.parent
            value = current(scope.names[name].value) if scope is not None else UNKNOWN
            found.extend(known.sources(value) if isinstance(value, Collection) else ())
        return tuple(found)

    def _hand_over(self, function: FunctionValue, args: Sequence[Value], kwargs: dict[str, Value]) -> None:
        """Give collections to a function whose body was left out: it may change them, where its text says so."""
        names = [param.name for param in function.facts.params if param.kind in ("pos", "arg")]
        for name, value in (*zip(names, args), *kwargs.items()):
            collection = current(value)
            if isinstance(collection, Unknown) and self.modules.mutated_elsewhere(function.module, name):
                self.spoil(collection)
            if isinstance(collection, InstanceValue) and collection.attributes:
                instances.forget(self, collection)
            if isinstance(collection, ClassValue):
                instances.forget_class(self, collection)
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


_EXECUTE: dict[type, Callable[[Evaluator, Any, Frame], Outcome | None]] = {**statements.EXECUTE, **flow.EXECUTE}


def show(value: Value, depth: int = 0) -> str:
    """Return a value as a reader would write it, shortened."""
    value = current(value)
    if depth > MAX_SHOWN:
        return "…"
    if isinstance(value, Constant):
        text = repr(value.value)
    elif isinstance(value, PathValue):
        text = f"…/{PurePath(value.text).name}"
    elif isinstance(value, EnumMember):
        text = f"{value.cls.facts.name}.{value.name}"
    elif isinstance(value, InstanceValue) and value.order:
        text = f"{value.cls.facts.name}({', '.join(show(value.attributes[name], depth + 1) for name in value.order)})"
    elif isinstance(value, InstanceValue | ClassValue):
        text = f"{'' if isinstance(value, ClassValue) else 'an instance of '}{_class_of(value).facts.name}"
    elif isinstance(value, FunctionValue):
        text = value.facts.name
    elif isinstance(value, External):
        text = value.dotted.removeprefix("builtins.")
    elif isinstance(value, Items) and len(value.items) <= MAX_SHOWN:
        text = f"[{', '.join(show(item, depth + 1) for item in value.items)}]"
    else:
        text = "…"
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"


def _class_of(value: InstanceValue | ClassValue) -> ClassValue:
    return value if isinstance(value, ClassValue) else value.cls


MAX_SHOWN, MAX_TEXT = 6, 80
"""Items and characters of a value that are shown."""


def _either(values: Sequence[Value]) -> Value:
    """Return what a function gives that may give any of these: what they agree on, or the one that can be called.

    A decorator or a factory that gives up in some cases is still one; a number that may be another is not known. A bare
    mark is the last choice, and is incomplete where it may be something else: of a test it would make no test.
    """
    called = [value for value in values if isinstance(value, _CALLABLE)]
    first = next((value for value in called if not _is_bare(value)), called[0] if called else None)
    if isinstance(first, Mark) and _is_bare(first) and len(called) < len(values):
        return replace(first, incomplete=True)
    if first is not None:
        return first
    return values[0] if all(same(value, values[0]) for value in values) else UNKNOWN


def _is_bare(value: Value) -> bool:
    return isinstance(value, Mark) and not value.applied


_CALLABLE = (FunctionValue, LambdaValue, PartialValue, FixtureValue, ClassValue, DecoratorValue, Mark, BoundMethod)


def is_dynamic_helper(facts: f.Function) -> bool:
    """Whether a kept body asks for fixtures by ``getfixturevalue``."""
    return facts.body is not None and facts.dynamic


__all__ = ["DynamicRequest", "Evaluator", "FixtureValue", "Modules", "is_dynamic_helper"]
