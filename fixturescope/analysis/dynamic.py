"""``request.getfixturevalue``: what a test or fixture asks for while it runs, read from its body and its helpers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping

from fixturescope.analysis import facts as f
from fixturescope.analysis.evaluate import DynamicRequest, Evaluator, is_dynamic_helper
from fixturescope.analysis.frames import Issue, Module
from fixturescope.analysis.known import Leaving
from fixturescope.analysis.nodes import CollectedTest, Definition
from fixturescope.analysis.parametrize import choices, param_choice
from fixturescope.analysis.values import (
    UNKNOWN,
    ClassValue,
    FunctionValue,
    InstanceValue,
    LambdaValue,
    RequestValue,
    Value,
)


class DynamicRequests:
    """Examines bodies, each once.

    Args:
        evaluator: Evaluates bodies abstractly.
    """

    def __init__(self, evaluator: Evaluator) -> None:
        self._ev = evaluator
        self._found: dict[tuple[int, ...], tuple[DynamicRequest, ...]] = {}

    def of(self, asker: CollectedTest | Definition) -> tuple[DynamicRequest, ...]:
        """Return the dynamic requests of a test or a fixture."""
        function = asker.function
        if isinstance(function, LambdaValue):
            return self._lambda(function)
        if function is None or function.facts.body is None:
            return ()
        if not _may_ask(function.facts):
            return ()
        cls = _class_of(function)
        marks = tuple(m for m in asker.marks if m.name == "parametrize") if isinstance(asker, CollectedTest) else ()
        key = (id(function.facts), id(function.frame), id(cls), *map(id, marks))
        found = self._found.get(key)
        if found is None:
            given = choices(self._ev, marks)
            if isinstance(asker, Definition):
                given["request"] = RequestValue(param_choice(self._ev, asker.value.options.get("params")))
            found = self._found[key] = self._examine(function, cls, given)
        return found

    def loose(self, modules: Iterable[Module]) -> list[tuple[DynamicRequest, Module]]:
        """Return requests of helpers that no test or fixture was seen to call: anyone might."""
        found: list[tuple[DynamicRequest, Module]] = []
        for module in modules:
            for helper in module.dynamic_helpers:
                if id(helper.facts) not in self._ev.reached:
                    found.extend((request, module) for request in self._examine(helper, None, {}))
        return found

    def _examine(
        self, function: FunctionValue, cls: ClassValue | None, given: Mapping[str, Value]
    ) -> tuple[DynamicRequest, ...]:
        with self._ev.examining() as asked:
            before = len(function.module.issues)
            self._call(function, cls, given)
            self._nested(function.facts.body or (), function, cls)
            if self._ev.has_stopped and function.facts.dynamic and len(function.module.issues) == before:
                message = "evaluation stopped within what it calls: what it asks for is not wholly known"
                function.module.issues.append(Issue(function.facts.line, message))
            return tuple(dict.fromkeys(asked))

    def _call(self, function: FunctionValue, cls: ClassValue | None, given: Mapping[str, Value]) -> None:
        kwargs = {
            p.name: given.get(p.name, RequestValue() if p.name == "request" else UNKNOWN)
            for p in function.facts.params
            if p.kind in ("pos", "arg", "kw")
        }
        if cls is not None and function.facts.params and function.binding == "":
            kwargs[function.facts.params[0].name] = InstanceValue(cls)
        with contextlib.suppress(Leaving):
            self._ev.call_function(function, (), kwargs, False)

    def _nested(self, body: Iterable[f.Stmt], function: FunctionValue, cls: ClassValue | None) -> None:
        """Look into functions defined within a body that were not seen to be called: they may be."""
        for statement in _functions_in(body):
            if is_dynamic_helper(statement) and id(statement) not in self._ev.reached:
                inner = FunctionValue(function.module, statement, function.frame)
                sink = self._ev.sink
                self._ev.sink = []
                self._call(inner, None, {})
                found, self._ev.sink = self._ev.sink, sink
                if sink is not None:
                    sink.extend(DynamicRequest(r.name, r.pattern, r.line, False) for r in found)

    def _lambda(self, function: LambdaValue) -> tuple[DynamicRequest, ...]:
        with self._ev.examining() as asked:
            kwargs = {p.name: RequestValue() if p.name == "request" else UNKNOWN for p in function.facts.params}
            self._ev.call(function, (), dict(kwargs), False, function.facts.line, function.frame)
            return tuple(dict.fromkeys(asked))


def _class_of(function: FunctionValue) -> ClassValue | None:
    """Return the class in whose body a function stands, if it stands in one."""
    frame = function.frame
    if frame.kind != "class" or frame.parent is None:
        return None
    for binding in frame.parent.names.values():
        if isinstance(binding.value, ClassValue) and binding.value.frame is frame:
            return binding.value
    return None


def _may_ask(facts: f.Function) -> bool:
    """Whether a kept body can ask for a fixture: it says so, or it holds the request and may hand it on."""
    return is_dynamic_helper(facts) or any(param.name == "request" for param in facts.params)


def _functions_in(body: Iterable[f.Stmt]) -> Iterable[f.Function]:
    for statement in body:
        if isinstance(statement, f.Function):
            yield statement
        for name in ("body", "orelse", "final"):
            part = getattr(statement, name, None)
            if part and not isinstance(statement, f.Class | f.Function):
                yield from _functions_in(part)
        if isinstance(statement, f.Try):
            for handler in statement.handlers:
                yield from _functions_in(handler.body)
