"""Abstract evaluation of a module's program: names to values, without running a line of it.

The evaluator executes the plain-data program that ``extract`` made of a file. Conditions that it cannot decide run
both branches, and what they bind is not ``certain``; values it cannot work out are ``Unknown``. Steps, loops, calls
and collections are bounded, so any file ends.

This module holds statements, scopes and calls of the project's own functions; ``expressions`` holds expressions and
``known`` the library functions whose meaning we know.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from fixturescope.analysis import facts as f
from fixturescope.analysis import known
from fixturescope.analysis.bounds import DEFAULT, Bounds
from fixturescope.analysis.expressions import Expressions
from fixturescope.analysis.frames import Binding, Frame, Issue, Module
from fixturescope.analysis.values import (
    UNKNOWN,
    BoundMethod,
    Choice,
    ClassValue,
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
    PartialValue,
    Unknown,
    Value,
    shared,
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
    """Why a block ended early: ``return``, ``raise``, ``break`` or ``continue``."""

    kind: str
    value: Value = UNKNOWN


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
        self._steps = 0
        self._calls: list[f.Function] = []
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
        frame = module.frame
        frame.names["__name__"] = Binding(Constant(module.dotted), True, 0)
        try:
            for statement in module.facts.body:
                outcome = self._top_level(statement, module)
                if outcome is not None:
                    if outcome.kind == "raise" and module.skipped is None:
                        reason = outcome.value.value if isinstance(outcome.value, Constant) else "raises while imported"
                        module.failed = str(reason)
                    break
        finally:
            module.state = "done"
            self._steps, self.sink = outer, sink

    def _top_level(self, statement: f.Stmt, module: Module) -> Outcome | None:
        """Execute one statement of a module; behind one that skips it, the rest is what another environment would see."""
        uncertain = module.frame.uncertain
        try:
            return self.block((statement,), module.frame)
        except known.Leaving as leaving:
            if module.skipped is None:
                module.skipped, module.skipped_at = leaving.reason, leaving.line
        except RecursionError:  # the boundary for code that nests, or calls, deeper than anybody writes
            module.issues.append(Issue(_line(statement), TOO_DEEP))
        module.frame.uncertain = uncertain
        return None

    def block(self, body: Sequence[f.Stmt], frame: Frame) -> Outcome | None:
        """Execute statements until one leaves the block."""
        for statement in body:
            if not self.step(frame, _line(statement)):
                return Outcome("return")
            frame.line = statement.line
            outcome = self._execute[type(statement)](statement, frame)
            if outcome is not None:
                return outcome
        return None

    def step(self, frame: Frame, line: int) -> bool:
        """Count a statement, an item of a comprehension or a call of a lambda; False when there were too many."""
        self._steps += 1
        if self._steps == self.bounds.steps + 1:
            frame.module.issues.append(Issue(line, f"evaluation stopped after {self.bounds.steps} steps"))
        return self._steps <= self.bounds.steps

    # names

    def bind(self, frame: Frame, name: str, value: Value, line: int) -> None:
        """Bind a name in a scope, noting what it replaces."""
        certain = frame.uncertain == 0
        before = frame.names.get(name)
        if before is not None and certain and before.certain:
            frame.replaced.append((name, before))
        frame.names[name] = Binding(value, certain, line)

    def lookup(self, frame: Frame, name: str) -> Value:
        """Return what a name stands for, from the inside out."""
        scope: Frame | None = frame
        while scope is not None:
            binding = scope.names.get(name)
            if binding is not None and (scope is frame or scope.kind != "class"):
                if not binding.certain and isinstance(binding.value, Constant | Items | Mapped):
                    return Unknown(f"{name} depends on a condition")
                if scope.kind == "module" and isinstance(binding.value, Items | Mapped):
                    if self.modules.mutated_elsewhere(scope.module, name):
                        return Unknown(f"a function changes {name}")
                    return shared(binding.value)
                return self.force(binding.value)
            for dotted in reversed(scope.stars):
                if name in self.modules.star_names(dotted):
                    return self.force(self.modules.attribute(dotted, name))
            scope = scope.parent
        return External(f"builtins.{name}")

    def force(self, value: Value) -> Value:
        """Follow an import that was left unfollowed."""
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
        value: Value = FunctionValue(frame.module, s, frame)
        for decorator in reversed(s.decorators):
            made = self.eval(decorator.expr, frame)
            if isinstance(made, Unknown) and self._may_parametrize(decorator.expr, frame):
                made = Mark("parametrize", applied=True, incomplete=True, line=decorator.line)
            value = self.decorate(made, value, decorator.line, frame)
        self.bind(frame, s.name, value, s.line)

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
        items = self.items(value)
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
            owner.frame.uncertain, outer = frame.uncertain, owner.frame.uncertain
            self.bind(owner.frame, target.attr, value, line)
            owner.frame.uncertain = outer
        elif isinstance(owner, FunctionValue) and isinstance(target.value, f.Name):
            if target.attr == "__test__" and isinstance(value, Constant):
                frame.names[target.value.id] = Binding(
                    replace(owner, test=bool(value.value)), frame.uncertain == 0, line
                )
        elif isinstance(owner, ModuleRef) and frame.kind == "module" and known.makes_fixture(value):
            frame.module.issues.append(Issue(line, f"sets {target.attr!r} in another module"))

    def _set_item(self, target: f.Index, value: Value, line: int, frame: Frame) -> None:
        if known.is_namespace_call(target.value):
            if self.sink is not None:
                return
            frame.module.issues.append(Issue(line, "a name is made through the module's own dictionary"))
            return
        container = self.eval(target.value, frame)
        if isinstance(target.value, f.Name) and isinstance(container, Mapped):
            key = self.eval(target.index, frame)
            kept = tuple(item for item in container.items if item[0] != key)
            new: Value = Mapped((*kept, (key, value))) if isinstance(key, Constant) else UNKNOWN
            self._rebind(frame, target.value.id, new, line)
        elif isinstance(target.value, f.Name) and isinstance(container, Items):
            pass  # the number of items stays

    def _rebind(self, frame: Frame, name: str, value: Value, line: int) -> None:
        """Give a name a new value where it is bound, without noting a redefinition."""
        scope: Frame | None = frame
        while scope is not None:
            if name in scope.names:
                known_now = frame.uncertain == 0 and (scope is frame or scope.kind == "module")
                scope.names[name] = Binding(value if known_now else UNKNOWN, scope.names[name].certain, line)
                return
            scope = scope.parent

    def _augmented(self, s: f.AugAssign, frame: Frame) -> None:
        if not isinstance(s.target, f.Name):
            self.eval(s.value, frame)
            return
        value = self.eval(f.Bin(s.op, s.target, s.value), frame)
        if s.target.id in frame.names:
            self._rebind(frame, s.target.id, value, s.line)

    def _del(self, s: f.Del, frame: Frame) -> None:
        for target in s.targets:
            if not isinstance(target, f.Name) or target.id not in frame.names:
                continue
            if frame.uncertain:
                frame.names[target.id].certain = False
            else:
                del frame.names[target.id]

    def _expression(self, s: f.ExprStmt, frame: Frame) -> Outcome | None:
        value = s.value
        if isinstance(value, f.Call) and isinstance(value.func, f.Attr) and isinstance(value.func.value, f.Name):
            if self.mutates(value, value.func, value.func.value.id, s.line, frame):
                return None
        self.eval(value, frame)
        if self.sink is None and known.registers_names(value):
            frame.module.issues.append(Issue(s.line, "a call registers names at import"))
        return None

    def mutates(self, call: f.Call, func: f.Attr, name: str, line: int, frame: Frame) -> bool:
        """``xs.append(x)`` and its kin on a collection that a name stands for."""
        if func.attr not in known.MUTATORS:
            return False
        container = self.lookup(frame, name)
        if not isinstance(container, Items | Mapped):
            return False
        args = [self.eval(arg.value, frame) for arg in call.args if not arg.star and arg.keyword is None]
        new = known.mutated(self, container, func.attr, args) if len(args) == len(call.args) else UNKNOWN
        self._rebind(frame, name, new, line)
        return True

    def _return(self, s: f.Return, frame: Frame) -> Outcome:
        return Outcome("return", Constant(None) if s.value is None else self.eval(s.value, frame))

    def _yield(self, s: f.Yield, frame: Frame) -> None:
        value = self.eval(s.value, frame) if s.value is not None else Constant(None)
        more = self.items(value) if s.delegates else (value,)
        if (
            frame.yielded is not None
            and more is not None
            and not frame.uncertain
            and len(frame.yielded) <= self.bounds.loop
        ):
            frame.yielded.extend(more)
        else:
            frame.yielded = None

    def _raise(self, s: f.Raise, frame: Frame) -> Outcome:
        value = self.eval(s.value, frame) if s.value is not None else UNKNOWN
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
        before = dict(frame.names)
        frame.uncertain += 1
        outcomes, after = [], []
        for body in bodies:
            frame.names = dict(before)
            outcomes.append(self._alternative(body, frame))
            after.append(frame.names)
        frame.uncertain -= 1
        ending = [o for o in outcomes if o is not None]
        going = [names for names, o in zip(after, outcomes) if o is None] or after
        frame.names = _merged(before, going, certain=frame.uncertain == 0)
        if len(ending) == len(bodies):
            returned = [o.value for o in ending if o.kind == "return"]
            return Outcome("return", _either(returned)) if returned else ending[0]
        if ending and frame.kind == "function":
            returned = [o.value for o in ending if o.kind == "return"]
            if returned:
                earlier = frame.names.get("return")
                value = _either(returned if earlier is None else [earlier.value, *returned])
                frame.names["return"] = Binding(value, False, 0)
            frame.uncertain += 1  # the rest of this call may not happen
        return None

    def _alternative(self, body: Sequence[f.Stmt], frame: Frame) -> Outcome | None:
        try:
            return self.block(body, frame)
        except known.Leaving as leaving:
            frame.module.issues.append(Issue(leaving.line, f"the module may skip itself: {leaving.reason}"))
            return Outcome("raise", Constant("Skipped"))

    def _for(self, s: f.For, frame: Frame) -> Outcome | None:
        iterable = self.eval(s.iter, frame)
        items = self.items(iterable)
        if items is None or len(items) > self.bounds.loop:
            if frame.kind == "module" and _registers(s.body):
                frame.module.issues.append(Issue(s.line, "a loop over values that are not known makes names"))
            self.bind_target(s.target, UNKNOWN, s.line, frame)
            self._maybe(s.body, frame)
            return None
        for item in items:
            self.bind_target(s.target, item, s.line, frame)
            outcome = self.block(s.body, frame)
            if outcome is not None and outcome.kind == "break":
                return None
            if outcome is not None and outcome.kind != "continue":
                return outcome
        return self.block(s.orelse, frame)

    def _maybe(self, body: Sequence[f.Stmt], frame: Frame) -> None:
        """Run a body that may happen any number of times, none included."""
        before = dict(frame.names)
        frame.uncertain += 1
        self._alternative(body, frame)
        frame.uncertain -= 1
        for name, binding in list(frame.names.items()):
            if before.get(name) is not binding and isinstance(binding.value, Constant | Items | Mapped):
                frame.names[name] = Binding(UNKNOWN, False, binding.line)

    def _while(self, s: f.While, frame: Frame) -> None:
        if self.truth(self.eval(s.test, frame)) is not False:
            self._maybe(s.body, frame)

    def _try(self, s: f.Try, frame: Frame) -> Outcome | None:
        outcome = self.block(s.body, frame)
        if outcome is not None and outcome.kind == "raise":
            handler = next((h for h in s.handlers if known.catches(self, h, outcome.value, frame)), None)
            if handler is not None:
                if handler.name is not None:
                    self.bind(frame, handler.name, UNKNOWN, s.line)
                outcome = self.block(handler.body, frame)
        else:
            if self.sink is not None:  # inside a test or fixture anything may raise
                for handler in s.handlers:
                    self._maybe(handler.body, frame)
            outcome = outcome or self.block(s.orelse, frame)
        return self.block(s.final, frame) or outcome

    def _with(self, s: f.With, frame: Frame) -> Outcome | None:
        for context, target in s.items:
            self.eval(context, frame)
            if target is not None:
                self.bind_target(target, UNKNOWN, s.line, frame)
        outcome = self.block(s.body, frame)
        return None if outcome is not None and outcome.kind == "raise" and self.sink is not None else outcome

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
        if body is None or len(self._calls) >= self.bounds.call_depth or self._calls.count(function.facts) > 2:
            return UNKNOWN
        frame = Frame(function.module, "function", function.frame, function.facts.name, line=function.facts.line)
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
        if function.facts.is_generator:
            whole = frame.yielded is not None and not frame.uncertain and (outcome is None or outcome.kind == "return")
            return Items("list", tuple(frame.yielded or ())) if whole else UNKNOWN
        maybe = frame.names.get("return")
        returned = [] if maybe is None else [maybe.value]
        if outcome is None or outcome.kind == "return":
            returned.append(Constant(None) if outcome is None else outcome.value)
        return _either(returned) if returned else UNKNOWN

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
                known_default = param.default is not None and not incomplete
                value = self.eval(param.default, function.frame) if known_default and param.default else UNKNOWN
            frame.names[param.name] = Binding(value, True, function.facts.line)

    def note_request(self, name: Value, line: int, frame: Frame) -> None:
        """Record a ``getfixturevalue`` call for whoever asked for them."""
        if self.sink is None:
            return
        certain = frame.uncertain == 0
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


_CALLABLE = (FunctionValue, LambdaValue, PartialValue, FixtureValue, ClassValue, DecoratorValue, Mark, BoundMethod)


def _marked(target: Value, mark: Mark) -> Value:
    if isinstance(target, FunctionValue | ClassValue):
        return replace(target, marks=(*target.marks, mark))
    if isinstance(target, FixtureValue) and mark.name == "parametrize":
        return replace(target, options={**target.options, "params": UNKNOWN})
    if isinstance(target, DecoratorValue | External):
        return mark
    return target


def _merged(before: dict[str, Binding], after: Sequence[dict[str, Binding]], *, certain: bool) -> dict[str, Binding]:
    """Join what alternatives bound: certain where all bind an equal value, else the first one's, uncertain."""
    merged = dict(before)
    for name in dict.fromkeys(name for names in after for name in names):
        versions = [names.get(name) for names in after]
        if all(version is before.get(name) for version in versions):
            continue
        present = [version for version in versions if version is not None]
        agree = len(present) == len(versions) and all(_same(v.value, present[0].value) for v in present)
        changed = next((v for v in present if v is not before.get(name)), present[0])
        merged[name] = Binding(changed.value, agree and certain, changed.line)
    return merged


def _same(a: Value, b: Value, depth: int = 0) -> bool:
    if isinstance(a, Items) and isinstance(b, Items) and a is not b:
        alike = a.kind == b.kind and len(a.items) == len(b.items) and depth < MAX_NESTING
        return alike and all(_same(x, y, depth + 1) for x, y in zip(a.items, b.items))
    return a == b and not isinstance(a, Unknown)


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


def _line(statement: f.Stmt) -> int:
    return statement.line


def is_dynamic_helper(facts: f.Function) -> bool:
    """Whether a kept body asks for fixtures by ``getfixturevalue``."""
    return facts.body is not None and facts.dynamic


__all__ = ["DynamicRequest", "Evaluator", "FixtureValue", "Modules", "is_dynamic_helper"]
