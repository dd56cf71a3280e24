"""Control flow of the abstract evaluator: blocks, branches, loops, ``try``, ``with`` and ``match``."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from fixturescope.analysis import facts as f
from fixturescope.analysis import known
from fixturescope.analysis.basics import is_ordered, pass_by, sources
from fixturescope.analysis.frames import Binding, Frame, Issue
from fixturescope.analysis.outcomes import (
    DATA,
    Outcome,
    assigned,
    falls,
    joined,
    leaves_early,
    may_raise,
    merged,
    names_in,
    registers,
    same,
    ways_of,
)
from fixturescope.analysis.values import (
    UNKNOWN,
    Collection,
    Constant,
    OpenFile,
    Sized,
    Unknown,
    Value,
    current,
)
from fixturescope.analysis.walk import names_read, statements

if TYPE_CHECKING:
    from fixturescope.analysis.evaluate import Evaluator


def block(ev: Evaluator, body: Sequence[f.Stmt], frame: Frame) -> Outcome | None:
    """Execute statements until one leaves the block."""
    for position, statement in enumerate(body):
        if not ev.step(frame, statement.line):
            return Outcome("return")
        frame.line, ev.here = statement.line, frame
        outcome = ev.execute(statement, frame)
        if outcome is not None:
            return _perhaps(ev, outcome, body[position + 1 :], frame) if outcome.falls else outcome
    return None


def _perhaps(ev: Evaluator, left: Outcome, rest: Sequence[f.Stmt], frame: Frame) -> Outcome | None:
    """Execute what is left of a block that some ways have left already."""
    before = dict(frame.names)
    with ev.condition():
        outcome = ev.block(rest, frame)
    ways = (*left.ways, *ways_of(outcome))
    if any(way.kind in ("break", "continue") for way in left.ways):
        frame.names = merged(before, [before, frame.names])
    return joined(ways, falls=falls(outcome))


def _if(ev: Evaluator, s: f.If, frame: Frame) -> Outcome | None:
    bodies: list[Sequence[f.Stmt]] = []
    rest: Sequence[f.Stmt] = (s,)
    while len(rest) == 1 and isinstance(clause := rest[0], f.If):  # elif clauses: there may be hundreds
        truth = ev.truth(ev.eval(clause.test, frame))
        if truth is not False:
            bodies.append(clause.body)
        if truth:
            break
        rest = clause.orelse
    else:
        bodies.append(rest)
    return ev.block(bodies[0], frame) if len(bodies) == 1 else branches(ev, bodies, frame)


def branches(ev: Evaluator, bodies: Sequence[Sequence[f.Stmt]], frame: Frame) -> Outcome | None:
    """Run alternatives of which one will happen; what they bind is not certain unless they agree."""
    before = frame.names
    paths = []
    for body in bodies:
        frame.names = dict(before)
        paths.append((_alternative(ev, body, frame), frame.names))
    return _joined_paths(ev, before, paths, frame)


def _joined_paths(
    ev: Evaluator, before: dict[str, Binding], paths: Sequence[tuple[Outcome | None, dict[str, Binding]]], frame: Frame
) -> Outcome | None:
    """Join ways through some statements, one of which happens: what they leave in the scope, and how they end."""
    stays = [
        names
        for outcome, names in paths
        if falls(outcome) or any(way.kind in ("break", "continue") for way in ways_of(outcome))
    ]
    frame.names = merged(before, stays or [names for _, names in paths])
    ways = [way for outcome, _ in paths for way in ways_of(outcome)]
    return joined(ways, falls=any(falls(outcome) for outcome, _ in paths))


def _alternative(ev: Evaluator, body: Sequence[f.Stmt], frame: Frame) -> Outcome | None:
    """Run a body that may not happen."""
    try:
        with ev.condition():
            return ev.block(body, frame)
    except known.Leaving as leaving:
        frame.module.issues.append(Issue(leaving.line, f"the module may skip itself: {leaving.reason}"))
        return Outcome("raise", Constant("Skipped"))


def _for(ev: Evaluator, s: f.For, frame: Frame) -> Outcome | None:
    iterable = ev.eval(s.iter, frame)
    looked_at = [one for one in sources(iterable) if isinstance(one, Collection)]
    shuffled = None if is_ordered(iterable) else Shuffled(ev, frame, s)
    items = ev.drain(iterable, one_by_one=True)
    if items is None or len(items) > ev.bounds.loop or (shuffled and leaves_early(s.body)):
        if isinstance(iterable, Sized) and registers(s.body):
            ev.exceeds_items()
        if frame.kind == "module" and registers(s.body):
            frame.module.issues.append(Issue(s.line, "a loop over values that are not known makes names"))
        return maybe(ev, s, frame)

    turning = list(names_in(s.target))
    changed = False

    def rounds() -> Iterator[bool]:
        nonlocal changed
        for item in items:
            if shuffled:
                shuffled.begin()
            ev.bind_target(s.target, item, s.line, frame)
            yield True
            pass_by(item)
            if shuffled:
                shuffled.end()
            changed = any(one.now is not None for one in looked_at)
            if changed:  # the body changes what it goes through: how it goes on is not known
                break
        if shuffled:
            shuffled.leave()

    def rest() -> Outcome | None:
        return maybe(ev, s, frame) if changed else ev.block(s.orelse, frame)

    frame.turning.extend(turning)
    try:
        with ev.shuffle() if shuffled else contextlib.nullcontext():
            return _loop(ev, rounds(), s.body, rest, frame)
    finally:
        del frame.turning[len(frame.turning) - len(turning) :]


class Shuffled:
    """A loop over items whose order is not known: no round knows what another has bound, nor does what follows.

    Args:
        ev: The evaluator.
        frame: Where the loop stands.
        loop: The loop.
    """

    def __init__(self, ev: Evaluator, frame: Frame, loop: f.For) -> None:
        self._ev = ev
        self._frame = frame
        self._line = loop.line
        self._assigned = tuple(dict.fromkeys(assigned((loop,))))
        self._before = dict(frame.names)
        self._start = self._before
        """What was bound when the present round began."""
        self._bound: dict[str, list[Binding]] = {}
        """What rounds bound: the first, and each that differs from the one before."""

    def begin(self) -> None:
        """Forget what other rounds bind: they may come before this one or behind it."""
        names = self._frame.names
        for name in (*self._assigned, *self._bound):
            binding = names.get(name)
            if binding is None:
                names[name] = Binding(UNKNOWN, False, self._line)
            elif isinstance(current(binding.value), (*DATA, Unknown)):
                if self._before.get(name) is binding:
                    self._ev.lose(binding)
                names[name] = Binding(UNKNOWN, binding.certain, binding.line)
        self._start = dict(names)

    def end(self) -> None:
        """Note what a round has bound."""
        for name, binding in self._frame.names.items():
            if self._start.get(name) is not binding:
                bound = self._bound.setdefault(name, [])
                if not bound or not same(bound[-1].value, binding.value) or not binding.certain:
                    bound.append(binding)

    def leave(self) -> None:
        """Leave in the scope what one round alone has bound, or all agree on."""
        names = self._frame.names
        for name in self._assigned:
            if name not in self._bound and name in names:
                names[name] = self._before.get(name, Binding(UNKNOWN, False, self._line))
        for name, bound in self._bound.items():
            last = bound[-1]
            if len(bound) == 1:
                names[name] = last
            elif isinstance(current(last.value), (*DATA, Unknown)):
                names[name] = Binding(UNKNOWN, last.certain, last.line)
            else:
                names[name] = Binding(last.value, False, last.line)


def _while(ev: Evaluator, s: f.While, frame: Frame) -> Outcome | None:
    settled = False

    def rounds() -> Iterator[bool]:
        nonlocal settled
        for _ in range(ev.bounds.loop):
            truth = ev.truth(ev.eval(s.test, frame))
            settled = truth is False
            if not truth:
                return
            yield True
        settled = False

    def rest() -> Outcome | None:
        return ev.block(s.orelse, frame) if settled else maybe(ev, s, frame)

    return _loop(ev, rounds(), s.body, rest, frame)


def _loop(
    ev: Evaluator, rounds: Iterator[bool], body: Sequence[f.Stmt], rest: Callable[[], Outcome | None], frame: Frame
) -> Outcome | None:
    """Run a loop round by round, and ``rest`` when no round has left it; what follows a way out may not happen."""
    leaving: list[Outcome] = []
    perhaps = False
    while True:
        before = dict(frame.names) if perhaps else frame.names
        with ev.condition() if perhaps else contextlib.nullcontext():
            more = next(rounds, False)
            outcome = ev.block(body, frame) if more else rest()
        if perhaps:
            frame.names = merged(before, [before, frame.names])
        ways = ways_of(outcome)
        if not more:
            return joined([*leaving, *ways], falls=perhaps or falls(outcome))
        leaving += [way for way in ways if way.kind in ("return", "raise")]
        breaks = any(way.kind == "break" for way in ways)
        if not falls(outcome) and not any(way.kind == "continue" for way in ways):
            return joined(leaving, falls=perhaps or breaks)
        perhaps |= any(way.kind != "continue" for way in ways)


def maybe(ev: Evaluator, s: f.For | f.While, frame: Frame) -> Outcome | None:
    """Run a loop's body that may happen any number of times, none included."""
    before = dict(frame.names)
    for name in assigned(s.body):
        if name in frame.names:
            ev.lose(frame.names[name])  # what the body does to it in the first round, others who hold it see
            frame.names[name] = Binding(UNKNOWN, True, s.line)  # in all rounds but the first it is another's
    if isinstance(s, f.For):
        ev.bind_target(s.target, UNKNOWN, s.line, frame)
    outcome = _alternative(ev, s.body, frame)
    frame.names = merged(before, [before, frame.names])
    for name, binding in list(frame.names.items()):
        if before.get(name) is not binding and isinstance(binding.value, DATA):
            frame.names[name] = Binding(UNKNOWN, False, binding.line)
    last = branches(ev, [s.orelse, ()], frame) if s.orelse else None
    ways = [way for way in ways_of(outcome) if way.kind in ("return", "raise")]
    return joined([*ways, *ways_of(last)], falls=True)


def _try(ev: Evaluator, s: f.Try, frame: Frame) -> Outcome | None:
    outcome = _guarded(ev, s, frame)
    last = ev.block(s.final, frame)
    if last is None:
        return outcome
    return joined([*ways_of(last), *ways_of(outcome)], falls=falls(outcome)) if last.falls else last


def _guarded(ev: Evaluator, s: f.Try, frame: Frame) -> Outcome | None:
    """Run what stands before ``finally``."""
    before = dict(frame.names)
    inside = ev.sink is not None  # inside a test or fixture anything may raise
    imports_only = all(known.catches_only_imports(handler) for handler in s.handlers)
    doubtful = bool(s.handlers) and (
        inside
        or may_raise(s.body, imports_only=imports_only)
        or (not imports_only and _may_be_unbound(ev, s.body, frame))
    )
    with ev.condition() if doubtful and not inside else contextlib.nullcontext():
        outcome = ev.block(s.body, frame)
    if outcome is not None and outcome.kind == "raise":
        if may_raise([statement for statement in s.body if not isinstance(statement, f.Raise)]):
            frame.names = _midway(before, s.body, frame.names)
        return _caught(ev, s, outcome, frame)
    raised = [way for way in ways_of(outcome) if way.kind == "raise"]
    others = [way for way in ways_of(outcome) if way.kind != "raise"]
    if not doubtful and not raised:
        return ev.block(s.orelse, frame) if outcome is None else outcome
    middle = _midway(before, s.body, frame.names)
    paths: list[tuple[Outcome | None, dict[str, Binding]]] = []
    after = _alternative(ev, s.orelse, frame) if falls(outcome) and s.orelse else None
    ways = [*others, *ways_of(after)]
    if falls(outcome) or ways:
        paths.append((joined(ways, falls=falls(outcome) and falls(after)), frame.names))
    for handler in s.handlers:
        frame.names = dict(middle)
        _bind_error(ev, handler, s.line, frame)
        paths.append((_alternative(ev, handler.body, frame), frame.names))
    if raised and not any(handler.types is None for handler in s.handlers):
        paths.append((joined(raised, falls=False), middle))
    return _joined_paths(ev, before, paths, frame)


def _may_be_unbound(ev: Evaluator, body: Sequence[f.Stmt], frame: Frame) -> bool:
    """Whether statements look at a name that may not be there."""
    bound = set(assigned(body))
    for statement in statements(tuple(body)):
        if isinstance(statement, f.Function | f.Class):
            bound.add(statement.name)
        elif isinstance(statement, f.Import | f.FromImport):
            bound.update(alias or name.partition(".")[0] for name, alias in statement.names or ())
        else:
            read = {name for part in ("value", "test", "iter") for name in names_read(getattr(statement, part, None))}
            if any(name not in bound and not ev.is_bound(frame, name) for name in read):
                return True
    return False


def _midway(before: dict[str, Binding], body: Sequence[f.Stmt], after: dict[str, Binding]) -> dict[str, Binding]:
    """Return what is bound where a body may have been left anywhere: what it assigns may have any value on the way."""
    names = merged(before, [before, after])
    for name in set(assigned(body)):
        if name in names:
            binding = names[name]
            names[name] = Binding(binding.value, False, binding.line, binding.others)
    return names


def _caught(ev: Evaluator, s: f.Try, raised: Outcome, frame: Frame) -> Outcome | None:
    """Run the handlers that catch what a block raises: the first that does for sure, and those before it that may."""
    names = frame.names
    paths: list[tuple[Outcome | None, dict[str, Binding]]] = []
    for handler in s.handlers:
        catches = known.catches(handler, raised.value)
        if catches is False:
            continue
        if catches and not paths:
            _bind_error(ev, handler, s.line, frame)
            return ev.block(handler.body, frame)
        frame.names = dict(names)
        _bind_error(ev, handler, s.line, frame)
        paths.append((_alternative(ev, handler.body, frame), frame.names))
        if catches:
            break
    else:
        paths.append((raised, names))
    return _joined_paths(ev, names, paths, frame)


def _bind_error(ev: Evaluator, handler: f.Handler, line: int, frame: Frame) -> None:
    if handler.name is not None:
        ev.bind(frame, handler.name, UNKNOWN, line)


def _with(ev: Evaluator, s: f.With, frame: Frame) -> Outcome | None:
    swallows = any(known.swallows_errors(context) for context, _ in s.items)
    for context, target in s.items:
        entered = ev.eval(context, frame)
        if ev.sink is None and not isinstance(entered, OpenFile):
            swallows |= known.may_swallow_errors(
                ev.eval(context.func, frame) if isinstance(context, f.Call) else UNKNOWN
            )
        if target is not None:
            ev.bind_target(target, entered if isinstance(entered, OpenFile) else UNKNOWN, s.line, frame)
    before = dict(frame.names)
    doubtful = swallows and ev.sink is None and may_raise(s.body)
    with ev.condition() if doubtful else contextlib.nullcontext():
        outcome = ev.block(s.body, frame)
    if doubtful:
        frame.names = _midway(before, s.body, frame.names)
    if not swallows and ev.sink is None:
        return outcome
    ways = [way for way in ways_of(outcome) if way.kind != "raise"]
    return joined(ways, falls=falls(outcome) or len(ways) < len(ways_of(outcome)) or swallows)


def _match(ev: Evaluator, s: f.Match, frame: Frame) -> Outcome | None:
    subject = ev.eval(s.subject, frame)
    before = frame.names
    paths: list[tuple[Outcome | None, dict[str, Binding]]] = []
    for case in s.cases:
        verdict = _matches(ev, case, subject, frame)
        if verdict is False:
            continue
        frame.names = dict(before)
        for name in case.names:
            ev.bind(frame, name, subject if case.values is not None else UNKNOWN, s.line)
        guard = True if case.guard is None else ev.truth(ev.eval(case.guard, frame))
        if guard is False:
            continue
        if verdict and guard and not paths:
            return ev.block(case.body, frame)
        paths.append((_alternative(ev, case.body, frame), frame.names))
        if verdict and guard:
            break
    else:
        paths.append((None, before))
    return _joined_paths(ev, before, paths, frame)


def _matches(ev: Evaluator, case: f.Case, subject: Value, frame: Frame) -> bool | None:
    """Whether a pattern matches; None where that is not known."""
    if case.values == ():
        return True
    verdicts = [ev.equal(subject, ev.eval(value, frame)) for value in case.values or ()]
    if True in verdicts:
        return True
    return None if case.values is None or None in verdicts else False


EXECUTE: dict[type, Callable[[Evaluator, Any, Frame], Outcome | None]] = {
    f.If: _if,
    f.For: _for,
    f.While: _while,
    f.Try: _try,
    f.With: _with,
    f.Match: _match,
    f.Jump: lambda ev, s, frame: Outcome(s.kind),
}
"""Statements that decide what happens next, by their form."""
