"""Abstract evaluation of a module's program: names to values, without running a line of it.

The evaluator executes the plain-data program that ``extract`` made of a file. Conditions that it cannot decide run
both branches, and what they bind is not ``certain``; values it cannot work out are ``Unknown``. Steps, loops, calls
and collections are bounded, so any file ends.

This module holds what an evaluation knows: names, and what is certain. ``statements`` and ``flow`` hold statements,
``expressions`` expressions, ``calls`` calls of the project's own functions, ``instances`` classes and what they make,
``effects`` what binds names that no text shows, and ``known`` the library functions whose meaning we know; ``world`` is
what all of them may ask of other modules and of the environment.
"""

from __future__ import annotations

import builtins
import contextlib
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fixturescope.analysis import effects, flow, instances, known, statements
from fixturescope.analysis import facts as f
from fixturescope.analysis.basics import pass_by
from fixturescope.analysis.bounds import DEFAULT, Bounds
from fixturescope.analysis.calls import TOO_DEEP, Calls, DynamicRequest
from fixturescope.analysis.expressions import Expressions
from fixturescope.analysis.frames import Binding, Frame, Issue, Module
from fixturescope.analysis.outcomes import DATA, Outcome, changeable
from fixturescope.analysis.repeats import Repeats
from fixturescope.analysis.shown import show
from fixturescope.analysis.values import (
    ITERATORS,
    LATE,
    UNKNOWN,
    Collection,
    Constant,
    EnumMember,
    External,
    FixtureValue,
    FunctionValue,
    Imported,
    InstanceValue,
    Made,
    MadeBy,
    Unknown,
    Value,
    become,
    current,
    next_serial,
)
from fixturescope.analysis.values import Sequence as Items
from fixturescope.analysis.world import Modules

CLOCK_EVERY = 64
"""Steps between two looks at the clock."""

MOST_OF_STEPS, LEAST_OF_STEPS = 20, 400
"""One part in so many of a module's steps are those of one body: at most, and at least."""


class Evaluator(Calls, Expressions):
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
        self._limit = 0
        """How many there may be; 0: as many as the bounds say."""
        self._examined = 0
        """Steps that all bodies have taken which were looked through for dynamic requests."""
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
        limit = self._limit or self.bounds.steps
        if self._steps == limit + 1:
            frame.module.issues.append(Issue(line, f"evaluation stopped after {limit} steps"))
        elif self._steps % CLOCK_EVERY == 0 and self.clock() > self._deadline and self._steps <= limit:
            self._steps = limit + 1  # it stays stopped
            frame.module.issues.append(Issue(line, f"evaluation stopped after {self.bounds.seconds} seconds"))
        return self._steps <= limit

    @contextlib.contextmanager
    def counting(self, limit: int = 0) -> Iterator[None]:
        """Steps and time are counted anew within: for a module, or for a hook that is asked about one test.

        Args:
            limit: How many steps there are; by default as many as the bounds say.
        """
        steps, left, before = self._steps, self._deadline - self.clock(), self._limit
        self._steps, self._deadline, self._limit = 0, self.clock() + self.bounds.seconds, limit
        try:
            yield
        finally:
            self._steps, self._deadline, self._limit = steps, self.clock() + left, before

    @contextlib.contextmanager
    def examining(self) -> Iterator[list[DynamicRequest]]:
        """What a body evaluated within asks for by ``getfixturevalue`` is collected.

        It gets steps of its own: a small part of those that all bodies have together and, when these are used up, so many
        that one which is not heavy itself is still looked through.
        """
        outer, self.sink = self.sink, []
        self.repeats.begin()
        most, least = self.bounds.steps // MOST_OF_STEPS, self.bounds.steps // LEAST_OF_STEPS
        try:
            with self.counting(max(least, min(most, self.bounds.steps - self._examined), 1)):
                try:
                    yield self.sink
                finally:
                    self._examined += self._steps
        finally:
            self.sink = outer

    @property
    def has_stopped(self) -> bool:
        """Whether steps or time have run out since somebody started counting."""
        return self._steps > (self._limit or self.bounds.steps)

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


_EXECUTE: dict[type, Callable[[Evaluator, Any, Frame], Outcome | None]] = {**statements.EXECUTE, **flow.EXECUTE}


def is_dynamic_helper(facts: f.Function) -> bool:
    """Whether a kept body asks for fixtures by ``getfixturevalue``."""
    return facts.body is not None and facts.dynamic


__all__ = ["DynamicRequest", "Evaluator", "FixtureValue", "Modules", "is_dynamic_helper"]
