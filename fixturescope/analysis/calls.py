"""Calls of the project's own functions: their bodies, evaluated for the arguments, and what these ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fixturescope.analysis import facts as f
from fixturescope.analysis import instances, known
from fixturescope.analysis.frames import Binding, Frame, Issue
from fixturescope.analysis.outcomes import falls, same, ways_of
from fixturescope.analysis.values import (
    UNKNOWN,
    BoundMethod,
    Choice,
    ClassValue,
    Collection,
    Constant,
    DecoratorValue,
    FixtureValue,
    FunctionValue,
    InstanceValue,
    LambdaValue,
    Mapped,
    Mark,
    PartialValue,
    Unknown,
    Value,
    current,
)
from fixturescope.analysis.values import Sequence as Items
from fixturescope.analysis.walk import names_read

if TYPE_CHECKING:
    from fixturescope.analysis.evaluate import Evaluator

TOO_DEEP = "it nests too deep to be evaluated"


@dataclass(frozen=True, slots=True)
class DynamicRequest:
    """One ``getfixturevalue`` call: a known name, or the pattern of what is known (``*``: anything)."""

    name: str | None
    pattern: str
    line: int
    certain: bool
    share: int = 1
    """The name is one of so many parameters: one in ``share`` items asks for it."""


class Calls:
    """The part of the evaluator that calls functions."""

    def call_function(  # type: ignore[misc]
        self: Evaluator, function: FunctionValue, args: Sequence[Value], kwargs: dict[str, Value], incomplete: bool
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

    def _run_again(  # type: ignore[misc]
        self: Evaluator,
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

    def _run_function(  # type: ignore[misc]
        self: Evaluator,
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

    def _looked_at(self: Evaluator, body: Sequence[f.Stmt], frame: Frame) -> tuple[Value, ...]:  # type: ignore[misc]
        """Return the collections that a generator's names stand for: it looks at them as it goes, not when it is made."""
        found: list[Value] = []
        for name in names_read(tuple(body)):
            scope: Frame | None = frame
            while scope is not None and name not in scope.names:
                scope = scope.parent
            value = current(scope.names[name].value) if scope is not None else UNKNOWN
            found.extend(known.sources(value) if isinstance(value, Collection) else ())
        return tuple(found)

    def _hand_over(self: Evaluator, function: FunctionValue, args: Sequence[Value], kwargs: dict[str, Value]) -> None:  # type: ignore[misc]
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

    def note_request(self: Evaluator, name: Value, line: int, frame: Frame) -> None:  # type: ignore[misc]
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
