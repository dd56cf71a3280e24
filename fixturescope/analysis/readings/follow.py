"""What one function does with the values of its arguments, followed by name through plain aliases.

An alias is what a name, a part of a value (attribute, item, element) or a display of values is bound to. What a call
returns is something new, except of the few that are known to return what they were given or a part of it. Branches add
aliases and never take any away, so more is followed than can happen, not less.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from fixturescope.analysis import facts as f
from fixturescope.analysis.readings import tables
from fixturescope.analysis.readings.names import bound_names, names_in
from fixturescope.analysis.readings.said import WHOLE, Use, UseKind
from fixturescope.analysis.readings.show import dotted, last_name, show

OUTSIDE = "~"
"""What the names of origins begin with that are no arguments: a module, a class, a variable of the module."""

_HARMLESS = frozenset({"...", "string", "number", "default", "format", "slice", "Yield", "Imaginary", "From"})
"""Opaque expressions that hold no value worth following."""

_BUILTINS = frozenset(dir(builtins))


class Origin(NamedTuple):
    """Where a value comes from: an argument's value, or a part of it.

    Attributes:
        name: The argument.
        part: The part of it, ``*`` for some part; None for the whole.
        is_held: Whether the value only holds it: a list that it is in. To change the list does not change it.
    """

    name: str
    part: str | None = None
    is_held: bool = False


Origins = frozenset[Origin]
_NONE: Origins = frozenset()


class Follower:
    """Follows the arguments of one function.

    Attributes:
        uses: What is done with them, in order; those of ``~name`` are of what is no argument.
        dropped: Line and text of calls of arguments, or of what is no argument, whose result nobody takes.
        outer: Line and name of what ``global`` makes the function assign.
        unknown: What could not be followed.
    """

    def __init__(self, function: f.Function) -> None:
        self.uses: dict[Use, None] = {}
        self.dropped: dict[tuple[int, str], None] = {}
        self.outer: dict[tuple[int, str], None] = {}
        self.unknown: str | None = None
        self._line = function.line
        self._globals: set[str] = set()
        self._depth = 0
        self._is_looping = False
        self._give_to: UseKind | None = "gives"
        self._env: dict[str, Origins] = dict.fromkeys(bound_names(function.body or ()), _NONE)
        self._env.update(
            {param.name: frozenset([Origin(param.name)]) for param in function.params if "*" not in param.kind}
        )
        self._env.update({param.name: _NONE for param in function.params if "*" in param.kind})
        self._block(function.body or ())

    # statements

    def _block(self, body: Sequence[f.Stmt]) -> None:
        for statement in body:
            self._line = getattr(statement, "line", self._line)
            self._statement(statement)

    def _inner(self, body: Sequence[f.Stmt]) -> None:
        self._depth += 1
        self._block(body)
        self._depth -= 1

    def _loop(self, body: Sequence[f.Stmt]) -> None:
        """Go round twice, so that what one round binds reaches the next; loops in loops go round with the outermost."""
        outer, self._is_looping = self._is_looping, True
        for _ in range(1 if outer else 2):
            self._inner(body)
        self._is_looping = outer

    def _statement(self, node: f.Stmt) -> None:
        if isinstance(node, f.Assign):
            self._assign(node.targets, node.value)
        elif isinstance(node, f.AugAssign):
            self._augmented(node)
        elif isinstance(node, f.Del):
            for target in node.targets:
                self._store(target, f"del {show(target)}")
        elif isinstance(node, f.ExprStmt):
            self._expression(node.value)
        elif isinstance(node, f.Return | f.Yield):
            self._give(node.value)
        elif isinstance(node, f.Raise):
            self._whole(node.value)
        elif isinstance(node, f.If):
            self._whole(node.test)
            self._inner(node.body)
            self._inner(node.orelse)
        elif isinstance(node, f.While):
            self._whole(node.test)
            self._loop(node.body)
            self._inner(node.orelse)
        elif isinstance(node, f.For):
            self._bind(node.target, self._elements(node.iter))
            self._loop(node.body)
            self._inner(node.orelse)
        elif isinstance(node, f.Try):
            self._inner(node.body)
            for handler in node.handlers:
                self._whole(handler.types)
                self._inner(handler.body)
            self._inner(node.orelse)
            self._inner(node.final)
        elif isinstance(node, f.With):
            self._with(node)
        elif isinstance(node, f.Match):
            subject = self._value(node.subject)
            for case in node.cases:
                for name in case.names:
                    self._env[name] = self._env.get(name, _NONE) | subject
                self._whole(case.guard)
                self._inner(case.body)
        elif isinstance(node, f.Function):
            self._nested(node)
        elif isinstance(node, f.Class):
            for part in (*node.bases, *(decorator.expr for decorator in node.decorators)):
                self._whole(part)
            self._inner(node.body)
        elif isinstance(node, f.Global) and node.outer:
            self._globals.update(node.names)

    def _nested(self, node: f.Function) -> None:
        for part in (*(one.expr for one in node.decorators), *(one.default for one in node.params if one.default)):
            self._whole(part)
        before = dict(self._env)
        self._env.update({param.name: self._value(param.default) if param.default else _NONE for param in node.params})
        self._env.update(dict.fromkeys(bound_names(node.body or ()), _NONE))
        given, self._give_to = self._give_to, None
        self._inner(node.body or ())
        self._give_to = given
        self._env = before

    def _give(self, value: f.Expr | None) -> None:
        if value is None:
            return
        origins = self._value(value)
        if self._give_to is not None:
            self._note(origins, "gives", show(value))
        self._part(origins, WHOLE)

    def _expression(self, value: f.Expr) -> None:
        if isinstance(value, f.Call):
            called = self._value(value.func.value) if isinstance(value.func, f.Attr) else self._value(value.func)
            name = last_name(value.func)
            if (called or name in _BUILTINS) and name not in tables.QUIET and not self._holds_local(value):
                self.dropped[self._line, show(value)] = None
        self._whole(value)

    def _holds_local(self, call: f.Call) -> bool:
        """Whether a call is given something that this function made."""
        names = {one.id for arg in call.args for one in names_in(arg.value)}
        return any(name in self._env and not self._env[name] for name in names)

    def _with(self, node: f.With) -> None:
        for item, target in node.items:
            origins = self._value(item)
            if not isinstance(item, f.Call):
                self._note(origins, "calls", f"with {show(item)}")
                self._part(origins, WHOLE)
            if target is not None:
                self._bind(target, origins)
        self._inner(node.body)

    # binding

    def _assign(self, targets: Iterable[f.Expr], value: f.Expr) -> None:
        for target in targets:
            if isinstance(target, f.Seq) and isinstance(value, f.Seq) and len(target.items) == len(value.items):
                for one, other in zip(target.items, value.items):
                    self._bind(one, self._value(other))
            else:
                origins = self._value(value)
                if isinstance(target, f.Seq):
                    self._unpack(target, origins)
                self._bind(target, origins)

    def _unpack(self, target: f.Seq, origins: Origins) -> None:
        for at, one in enumerate(target.items):
            if not isinstance(one, f.Name):
                self._part(origins, WHOLE)
            elif not one.id.startswith("_"):
                self._part(origins, f"[{at}]")

    def _bind(self, target: f.Expr, origins: Origins) -> None:
        if isinstance(target, f.Name):
            if target.id in self._globals:
                self.outer[self._line, target.id] = None
            self._env[target.id] = origins | (self._env.get(target.id, _NONE) if self._depth else _NONE)
        elif isinstance(target, f.Star):
            self._bind(target.value, origins)
        elif isinstance(target, f.Seq):
            for one in target.items:
                self._bind(one, _inside(origins))
        elif isinstance(target, f.Attr | f.Index):
            self._store(target, f"{show(target)} =", origins)

    def _store(self, target: f.Expr, text: str, origins: Origins = _NONE) -> None:
        """Note that an attribute or item is assigned or deleted, and where a followed value goes by that."""
        if isinstance(target, f.Name):
            self._env[target.id] = _NONE
            return
        if not isinstance(target, f.Attr | f.Index):
            return
        base = self._value(target.value)
        self._note(base, "mutates", text)
        self._part(base, _label(target))
        if isinstance(target, f.Index):
            self._whole(target.index)
        if isinstance(target.value, f.Name) and target.value.id in self._env and not base:
            self._env[target.value.id] = self._env[target.value.id] | _held(origins)
        else:
            self._note(origins, "escapes", text)
            self._part(origins, WHOLE)

    def _augmented(self, node: f.AugAssign) -> None:
        self._whole(node.value)
        text = f"{show(node.target)} {node.op}="
        if not isinstance(node.target, f.Name):
            self._store(node.target, text)
            return
        if node.target.id in self._globals:
            self.outer[self._line, node.target.id] = None
        # A part is mostly a number that is bound anew; a whole value, a list or the like.
        self._note((one for one in self._env.get(node.target.id, _NONE) if one.part is None), "mutates", text)

    # expressions

    def _whole(self, node: f.Expr | None) -> None:
        """Look at an expression whose value is read and goes nowhere."""
        if node is not None:
            self._part(self._value(node), WHOLE)

    def _value(self, node: f.Expr | None) -> Origins:
        """Return where the value of an expression comes from, and note what it does on the way."""
        if isinstance(node, f.Name):
            return self._named(node.id)
        if isinstance(node, f.Attr | f.Index):
            origins = self._value(node.value)
            label = _label(node)
            self._part(origins, label)
            if isinstance(node, f.Index):
                self._whole(node.index)
            return frozenset(Origin(one.name, one.part if one.is_held else one.part or label) for one in origins)
        if isinstance(node, f.Call):
            return self._call(node)
        if isinstance(node, f.Bin):
            left, right = self._value(node.left), self._value(node.right)
            if node.op in ("and", "or"):
                return left | right
            self._part(left | right, WHOLE)
            return _inside(left) if node.op == "/" else _NONE
        if isinstance(node, f.Cmp):
            for part in (node.left, *(other for _, other in node.rest)):
                self._whole(part)
            return _NONE
        if isinstance(node, f.Unary):
            self._whole(node.value)
            return _NONE
        if isinstance(node, f.Cond):
            self._whole(node.test)
            return self._value(node.body) | self._value(node.orelse)
        if isinstance(node, f.Seq):
            return _held(self._all(node.items))
        if isinstance(node, f.Map):
            for key, _ in node.items:
                self._whole(key)
            return _held(self._all(value for _, value in node.items))
        if isinstance(node, f.Star):
            return self._elements(node.value)
        if isinstance(node, f.FStr):
            for part in node.parts:
                self._whole(part)
            return _NONE
        if isinstance(node, f.Slice):
            for bound in (node.lower, node.upper, node.step):
                self._whole(bound)
            return _NONE
        if isinstance(node, f.Comp):
            return self._comprehension(node)
        if isinstance(node, f.Lambda):
            before = dict(self._env)
            self._env.update(
                {param.name: self._value(param.default) if param.default else _NONE for param in node.params}
            )
            self._whole(node.body)
            self._env = before
            return _NONE
        if isinstance(node, f.Walrus):
            origins = self._value(node.value)
            self._bind(f.Name(node.target), origins)
            return origins
        if isinstance(node, f.Opaque) and node.what not in _HARMLESS:
            self.unknown = self.unknown or f"an expression in line {self._line} is not followed"
        return _NONE

    def _named(self, name: str) -> Origins:
        if name in self._env:
            return self._env[name]
        return _NONE if name in _BUILTINS else frozenset([Origin(OUTSIDE + name)])

    def _all(self, nodes: Iterable[f.Expr]) -> Origins:
        return _NONE.union(*(self._value(node) for node in nodes))

    def _elements(self, node: f.Expr) -> Origins:
        origins = self._value(node)
        self._part(origins, WHOLE)
        return _inside(origins)

    def _comprehension(self, node: f.Comp) -> Origins:
        before = dict(self._env)
        self._depth += 1
        for gen in node.gens:
            self._bind(gen.target, self._elements(gen.iter))
            for condition in gen.ifs:
                self._whole(condition)
        self._whole(node.key)
        found = self._value(node.elt)
        self._depth -= 1
        self._env = before
        return _held(found)

    # calls

    def _call(self, node: f.Call) -> Origins:
        if isinstance(node.func, f.Attr):
            name = node.func.attr
            if name == "getfixturevalue" and node.args and isinstance(node.args[0].value, f.Const):
                return frozenset([Origin(str(node.args[0].value.value))])
            base = self._value(node.func.value)
            if any(not one.name.startswith(OUTSIDE) for one in base):
                return self._method(node, node.func, base)
            if name in tables.MUTATORS and not self._is_patcher(node.func.value):
                self._note(base, "mutates", show(node.func))
        elif isinstance(node.func, f.Name):
            base = self._named(node.func.id)
            if any(not one.name.startswith(OUTSIDE) for one in base):
                self._note(base, "calls", f"{show(node.func)}()")
                self._part(base, WHOLE)
                self._arguments(node, "escapes")
                return _NONE
        else:
            self._whole(node.func)
        return self._function(node)

    def _method(self, node: f.Call, func: f.Attr, base: Origins) -> Origins:
        """Call a method of a followed value."""
        name = func.attr
        if name == "get" and node.args and isinstance(node.args[0].value, f.Const):
            self._part(base, f"[{node.args[0].value.value!r}]")
        else:
            self._part(base, WHOLE)
        patches = any(one.name in tables.PATCHERS for one in base)
        if name in tables.MUTATORS and not patches:
            self._note(base, "mutates", show(func))
        elif _is_request(node):
            self._note(base, "calls", f"{show(func)}()")
        elif name in tables.PARTS or name.startswith(tables.READING_PREFIXES):
            self._arguments(node, None)
            return _inside(base)
        elif name in tables.READERS or name.startswith("assert"):
            self._arguments(node, None)
            return _NONE
        else:
            self._note(base, "calls", f"{show(func)}()")
        restores = patches and name in tables.RESTORING | {"patch"}
        self._arguments(node, None if restores else "escapes")
        return _NONE

    def _function(self, node: f.Call) -> Origins:
        """Call something that is not followed."""
        name = last_name(node.func)
        bare = name.lstrip("_")
        if name in tables.SEEING_THROUGH:
            seen = _inside(self._arguments(node, None))
            return _held(seen) if name in tables.COPYING else seen
        if name in tables.CHANGING and node.args and not self._restores(node.func):
            self._note(self._value(node.args[0].value), "mutates", show(node))
            self._arguments(node, None)
            return _NONE
        if (
            isinstance(node.func, f.Attr)
            and isinstance(node.func.value, f.Name)
            and name in ("append", "add", "insert", "extend")
        ):
            held = self._arguments(node, None)
            holder = node.func.value.id
            if holder in self._env:
                self._env[holder] = self._env[holder] | _held(held)
                return _NONE
        module = dotted(node.func).partition(".")[0]
        known = name in tables.PURE or (module in tables.PURE_MODULES and module not in self._env)
        leaves = known or bare.lower().startswith("assert") or self._restores(node.func)
        self._arguments(node, None if leaves else "escapes", show(node.func))
        return _NONE

    def _restores(self, func: f.Expr) -> bool:
        return isinstance(func, f.Attr) and func.attr in tables.RESTORING and self._is_patcher(func.value)

    def _is_patcher(self, node: f.Expr) -> bool:
        return dotted(node).rpartition(".")[2] in tables.PATCHERS

    def _arguments(self, node: f.Call, kind: UseKind | None, called: str = "") -> Origins:
        found = _NONE
        for arg in node.args:
            origins = self._value(arg.value)
            self._part(origins, WHOLE)
            if kind is not None:
                self._note(origins, kind, f"{called or show(node.func)}({show(arg.value)})")
            found |= origins
        return found

    # notes

    def _note(self, origins: Iterable[Origin], kind: UseKind, detail: str) -> None:
        goes = kind in ("escapes", "gives")
        for name in dict.fromkeys(one.name for one in origins if goes or not one.is_held):
            self.uses[Use(name, kind, self._line, detail)] = None

    def _part(self, origins: Origins, label: str) -> None:
        for one in origins:
            whole = one.part is None and (label == WHOLE or not one.is_held)
            if whole and not one.name.startswith(OUTSIDE):
                self.uses[Use(one.name, "part", self._line, label)] = None


def _is_request(node: f.Call) -> bool:
    """Whether ``get`` is that of HTTP, and not that of a mapping."""
    first = node.args[0].value if node.args else None
    text = first.value if isinstance(first, f.Const) else None
    return isinstance(text, str) and text.startswith(("/", "http:", "https:"))


def _label(node: f.Attr | f.Index) -> str:
    if isinstance(node, f.Attr):
        return f".{node.attr}"
    return f"[{node.index.value!r}]" if isinstance(node.index, f.Const) else WHOLE


def _inside(origins: Origins) -> Origins:
    """Return where what is in a value comes from."""
    return frozenset(Origin(one.name, one.part if one.is_held else one.part or WHOLE) for one in origins)


def _held(origins: Origins) -> Origins:
    """Return where a new value comes from that holds others."""
    return frozenset(Origin(one.name, one.part, True) for one in origins)
