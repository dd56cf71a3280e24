"""Edits of one parsed file: decorators, arguments, definitions and imports are changed, all else stays as it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

import libcst as cst
from libcst import metadata as meta

Edit = Callable[[cst.FunctionDef], cst.FunctionDef]

Statement = TypeVar("Statement", bound=cst.CSTNode)
Listed = TypeVar("Listed", cst.Arg, cst.Param)

_TIGHT = cst.AssignEqual(whitespace_before=cst.SimpleWhitespace(""), whitespace_after=cst.SimpleWhitespace(""))


class Refusal(Exception):  # noqa: N818 - the source is in order; it ends an edit, and becomes an error where it is told
    """A change that cannot be made by rule.

    Args:
        message: Why.
        line: Where, if it is not where the function is.
        hint: What to do.
    """

    def __init__(self, message: str, *, line: int | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.line = line
        self.hint = hint


class Rewriter:
    """One file, and what is to be changed in it.

    Args:
        module: As it is.
    """

    def __init__(self, module: cst.Module) -> None:
        self._wrapper = meta.MetadataWrapper(module)
        self._module = self._wrapper.module
        self._lines = self._wrapper.resolve(meta.PositionProvider)
        found = _Found()
        self._module.visit(found)
        self._functions = {self._line(one): one for one in found.functions}
        self._names = found.names
        self._quote = "'" if module.code.count("'") > module.code.count('"') else '"'
        self._edits: dict[cst.CSTNode, list[Edit]] = {}
        self._gone: set[cst.CSTNode] = set()
        self._shortened: dict[cst.CSTNode, cst.SimpleStatementLine] = {}
        self._needs_pytest = False

    # what can be asked for

    def set_scope(self, line: int, function: str, scope: str) -> None:
        """Give the fixture that a function is another scope."""
        node = self._function(line, function)
        at = self._fixture_decorator(node)
        _checked_call(node.decorators[at].decorator, "scope")
        self._change(node, lambda one: _with_decorator(one, at, lambda call: _with_scope(call, scope, self._quote)))

    def drop_autouse(self, line: int, function: str) -> None:
        """Let the fixture that a function is be asked for."""
        node = self._function(line, function)
        at = self._fixture_decorator(node)
        if _argument(_checked_call(node.decorators[at].decorator, "autouse"), "autouse") is None:
            raise Refusal("its decorator says nothing of autouse")
        self._change(node, lambda one: _with_decorator(one, at, lambda call: _without_argument(call, "autouse")))

    def remove(self, line: int, function: str) -> None:
        """Take a definition out, with its decorators and the comment above it."""
        node = self._function(line, function)
        for access in self._accesses(node, function):
            raise Refusal(f"{function} is read at line {access.line}, too", line=access.line)
        self._gone.add(node)

    def use_fixtures(self, line: int, function: str, name: str) -> None:
        """Take an argument that is not read from a test, and mark the test so that it still gets the fixture."""
        node = self._function(line, function)
        found = [one for one in node.params.params if one.name.value == name]
        if not found or found[0].default is not None:
            raise Refusal(f"{function} takes no argument {name}")
        reads = _Reads(name)
        node.body.visit(reads)
        if reads.found:
            raise Refusal(f"{function} reads {name}", line=self._line(reads.found[0]))
        mark = self._mark()
        self._change(node, lambda one: _marked(_without_param(one, name), name, mark, self._resolved, self._quote))

    def move_import(self, line: int, function: str, module: str) -> None:
        """Let a function import a module itself, instead of the file that it is in."""
        node = self._function(line, function)
        statement, rest, moved = self._import(module)
        inside = self._lines[node.body]
        for name in _bound(moved):
            for access in self._accesses(moved, name):
                if not _comes(inside.start, access) or not _comes(access, inside.end):
                    raise Refusal(f"{name} is read at line {access.line}, too", line=access.line)
        if rest is None:
            self._gone.add(statement)
        else:
            self._shortened[statement] = rest
        kept = statement.trailing_whitespace if rest is None else cst.TrailingWhitespace()
        self._change(node, lambda one: _beginning_with(one, cst.SimpleStatementLine([moved], trailing_whitespace=kept)))

    def rewritten(self) -> cst.Module:
        """Return the file with all that was asked for."""
        changed = self._module.visit(_Transformer(self._edits, self._gone, self._shortened))
        assert isinstance(changed, cst.Module)
        return _importing_pytest(changed) if self._needs_pytest else changed

    # looking

    def _line(self, node: cst.CSTNode) -> int:
        return self._lines[node].start.line if node in self._lines else 0

    def _function(self, line: int, name: str) -> cst.FunctionDef:
        node = self._functions.get(line)
        if node is None or node.name.value != name:
            raise Refusal(f"there is no def {name} here any more", line=line, hint="analyze the suite again")
        return node

    def _change(self, node: cst.FunctionDef, edit: Edit) -> None:
        self._edits.setdefault(node, []).append(edit)

    def _resolved(self, node: cst.BaseExpression) -> str:
        """Return the dotted name of a decorator, its first part as it was imported; empty where it has none."""
        dotted = _dotted(node.func if isinstance(node, cst.Call) else node)
        first, dot, rest = dotted.partition(".")
        return self._names.get(first, f"?{first}") + dot + rest

    def _fixture_decorator(self, node: cst.FunctionDef) -> int:
        """Return which decorator makes a fixture of a function."""
        resolved = [self._resolved(one.decorator) for one in node.decorators]
        found = [at for at, dotted in enumerate(resolved) if _makes_fixtures(dotted)]
        if len(found) != 1:
            named = ", ".join(dotted.lstrip("?") for dotted in resolved if dotted.strip("?"))
            raise Refusal(
                "is no @pytest.fixture by its decorators" + (f": {named}" if named else ": it has none that is known")
            )
        return found[0]

    def _accesses(self, node: cst.CSTNode, name: str) -> list[meta.CodePosition]:
        """Return where something is read that a statement binds to a name, the first place first."""
        scopes = self._wrapper.resolve(meta.ScopeProvider)
        scope = scopes.get(node)
        if scope is None and isinstance(node, (cst.Import, cst.ImportFrom)):
            scope = next((one for one in scopes.values() if isinstance(one, meta.GlobalScope)), None)
        bound = scope[name] if scope is not None else ()
        found = [self._lines[access.node].start for one in bound for access in one.references]
        return sorted(found, key=lambda at: (at.line, at.column))

    def _mark(self) -> str:
        for alias, meaning in self._names.items():
            if meaning == "pytest":
                return f"{alias}.mark.usefixtures"
        for alias, meaning in self._names.items():
            if meaning == "pytest.mark":
                return f"{alias}.usefixtures"
        self._needs_pytest = True
        return "pytest.mark.usefixtures"

    def _import(
        self, module: str
    ) -> tuple[cst.SimpleStatementLine, cst.SimpleStatementLine | None, cst.Import | cst.ImportFrom]:
        """Return the statement that imports a module, what is left of it, and what of it is moved."""
        for statement in self._module.body:
            for small in statement.body if isinstance(statement, cst.SimpleStatementLine) else ():
                assert isinstance(statement, cst.SimpleStatementLine)
                others = [one for one in statement.body if one is not small]
                rest = statement.with_changes(body=_unended(others)) if others else None
                if isinstance(small, cst.ImportFrom) and not isinstance(small.names, cst.ImportStar):
                    if f"{'.' * len(small.relative)}{_dotted(small.module) if small.module else ''}" == module:
                        return statement, rest, small.with_changes(semicolon=cst.MaybeSentinel.DEFAULT)
                if isinstance(small, cst.Import):
                    mine = [one for one in small.names if _dotted(one.name) == module]
                    if mine:
                        moved = cst.Import([mine[0].with_changes(comma=cst.MaybeSentinel.DEFAULT)])
                        aliases = [one for one in small.names if one is not mine[0]]
                        if aliases:
                            aliases[-1] = aliases[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
                            left = small.with_changes(names=aliases)
                            rest = statement.with_changes(
                                body=[left if one is small else one for one in statement.body]
                            )
                        return statement, rest, moved
        raise Refusal(f"the file does not import {module} at its top")


# -------------------------------------------------------------------------------------------------------------- looking


class _Found(cst.CSTVisitor):
    """The functions of a file, and what its names were imported as."""

    def __init__(self) -> None:
        self.functions: list[cst.FunctionDef] = []
        self.names: dict[str, str] = {}
        self._depth = 0

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:  # noqa: N802 - the name libcst calls
        self.functions.append(node)
        self._depth += 1

    def leave_FunctionDef(self, original_node: cst.FunctionDef) -> None:  # noqa: N802 - likewise
        self._depth -= 1

    def visit_Import(self, node: cst.Import) -> None:  # noqa: N802 - likewise
        for one in node.names if not self._depth else ():
            dotted = _dotted(one.name)
            if one.asname is not None:
                self.names[_dotted(one.asname.name)] = dotted
            else:
                self.names[dotted.partition(".")[0]] = dotted.partition(".")[0]

    def visit_ImportFrom(self, node: cst.ImportFrom) -> None:  # noqa: N802 - likewise
        if self._depth or isinstance(node.names, cst.ImportStar):
            return
        module = "." * len(node.relative) + (_dotted(node.module) if node.module else "")
        for one in node.names:
            name = _dotted(one.name)
            self.names[_dotted(one.asname.name) if one.asname else name] = f"{module}.{name}"

    def visit_Assign(self, node: cst.Assign) -> None:  # noqa: N802 - likewise
        first, dot, rest = _dotted(node.value).partition(".")
        if not self._depth and first in self.names:
            for target in node.targets:
                if isinstance(target.target, cst.Name):
                    self.names[target.target.value] = self.names[first] + dot + rest


class _Reads(cst.CSTVisitor):
    """Where a name is read, or bound anew: attributes and keywords of that name are others."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.found: list[cst.Name] = []

    def visit_Name(self, node: cst.Name) -> None:  # noqa: N802 - the name libcst calls
        if node.value == self._name:
            self.found.append(node)

    def visit_Attribute(self, node: cst.Attribute) -> bool:  # noqa: N802 - likewise
        node.value.visit(self)
        return False

    def visit_Arg(self, node: cst.Arg) -> bool:  # noqa: N802 - likewise
        node.value.visit(self)
        return False


def _dotted(node: cst.BaseExpression | cst.AssignTarget | None) -> str:
    parts: list[str] = []
    while isinstance(node, cst.Attribute):
        parts.append(node.attr.value)
        node = node.value
    return ".".join((node.value, *reversed(parts))) if isinstance(node, cst.Name) else ""


def _comes(first: meta.CodePosition, second: meta.CodePosition) -> bool:
    """Return whether a place comes before another, or is the same."""
    return (first.line, first.column) <= (second.line, second.column)


def _makes_fixtures(dotted: str) -> bool:
    root, _, name = dotted.rpartition(".")
    return name in ("fixture", "yield_fixture") and (root == "pytest" or root.startswith("pytest_"))


def _bound(node: cst.Import | cst.ImportFrom) -> list[str]:
    assert not isinstance(node.names, cst.ImportStar)
    names = [_dotted(one.asname.name) if one.asname else _dotted(one.name).partition(".")[0] for one in node.names]
    return list(dict.fromkeys(names))


# ----------------------------------------------------------------------------------------------------------- decorators


def _checked_call(node: cst.BaseExpression, wanted: str) -> cst.BaseExpression:
    """Return a decorator, whose arguments can be told by name."""
    if isinstance(node, cst.Call):
        if any(one.star for one in node.args):
            raise Refusal(f"its decorator unpacks arguments, {wanted} maybe among them")
        if any(one.keyword is None for one in node.args):
            raise Refusal("its decorator has an argument without a name")
    return node


def _argument(node: cst.BaseExpression, name: str) -> int | None:
    args = node.args if isinstance(node, cst.Call) else ()
    return next((at for at, one in enumerate(args) if one.keyword is not None and one.keyword.value == name), None)


def _with_decorator(
    node: cst.FunctionDef, at: int, change: Callable[[cst.BaseExpression], cst.BaseExpression]
) -> cst.FunctionDef:
    decorators = list(node.decorators)
    decorators[at] = decorators[at].with_changes(decorator=change(decorators[at].decorator))
    return node.with_changes(decorators=decorators)


def _with_scope(node: cst.BaseExpression, scope: str, quote: str) -> cst.BaseExpression:
    argument = cst.Arg(cst.SimpleString(f"{quote}{scope}{quote}"), keyword=cst.Name("scope"), equal=_TIGHT)
    if not isinstance(node, cst.Call):
        return cst.Call(node, [argument])
    at = _argument(node, "scope")
    if at is None:
        return node.with_changes(args=[_followed(argument, node), *node.args])
    args = list(node.args)
    old = args[at].value
    if isinstance(old, cst.SimpleString):
        argument = argument.with_changes(value=cst.SimpleString(f"{old.quote[0]}{scope}{old.quote[0]}"))
    args[at] = args[at].with_changes(value=argument.value)
    return node.with_changes(args=args)


def _followed(argument: cst.Arg, call: cst.Call) -> cst.Arg:
    """Return an argument with the comma that puts it before those of a call: on a line of its own where they are."""
    if not call.args:
        return argument
    before = call.whitespace_before_args
    own_line = isinstance(before, cst.ParenthesizedWhitespace)
    after = before.with_changes(first_line=cst.TrailingWhitespace(), empty_lines=[]) if own_line else None
    return argument.with_changes(comma=cst.Comma(whitespace_after=after or cst.SimpleWhitespace(" ")))


def _without_argument(node: cst.BaseExpression, name: str) -> cst.BaseExpression:
    at = _argument(node, name)
    if not isinstance(node, cst.Call) or at is None:
        return node
    args = _without_one(node.args, at)
    if not args:
        return node.func
    return node.with_changes(args=args)


def _without_one(listed: Sequence[Listed], at: int) -> list[Listed]:
    """Return arguments or parameters without one of them: the one before it ends as it ended."""
    kept = [one for i, one in enumerate(listed) if i != at]
    if 0 < at == len(listed) - 1:
        last, gone = listed[at - 1], listed[at]
        comma: cst.Comma | cst.MaybeSentinel = gone.comma
        if isinstance(last.comma, cst.Comma) and isinstance(comma, cst.Comma):
            comma = comma.with_changes(whitespace_after=_joined(last.comma.whitespace_after, comma.whitespace_after))
        kept[-1] = last.with_changes(comma=comma)
        if isinstance(gone, cst.Arg):
            kept[-1] = kept[-1].with_changes(whitespace_after_arg=gone.whitespace_after_arg)
        else:
            kept[-1] = kept[-1].with_changes(whitespace_after_param=gone.whitespace_after_param)
    return kept


def _joined(
    first: cst.BaseParenthesizableWhitespace, last: cst.BaseParenthesizableWhitespace
) -> cst.BaseParenthesizableWhitespace:
    """Return what stands behind a comma whose next argument is gone: the comment of the one, the indent of the other."""
    if isinstance(first, cst.ParenthesizedWhitespace) and isinstance(last, cst.ParenthesizedWhitespace):
        return last.with_changes(first_line=first.first_line, empty_lines=first.empty_lines)
    return last


# ---------------------------------------------------------------------------------------------------- marks, parameters


def _without_param(node: cst.FunctionDef, name: str) -> cst.FunctionDef:
    params = node.params.params
    at = next(i for i, one in enumerate(params) if one.name.value == name)
    left = node.params.with_changes(params=_without_one(params, at))
    node = node.with_changes(params=left)
    is_empty = not (left.params or left.posonly_params or left.kwonly_params or left.star_kwarg) and isinstance(
        left.star_arg, cst.MaybeSentinel
    )
    return node.with_changes(whitespace_before_params=cst.SimpleWhitespace("")) if is_empty else node


def _marked(
    node: cst.FunctionDef, name: str, mark: str, resolved: Callable[[cst.BaseExpression], str], quote: str
) -> cst.FunctionDef:
    """Return a test with a fixture in its mark, or with a mark above its other decorators."""
    argument = cst.Arg(cst.SimpleString(f"{quote}{name}{quote}"))
    for at, one in enumerate(node.decorators):
        call = one.decorator
        if isinstance(call, cst.Call) and call.args and resolved(call) == "pytest.mark.usefixtures":
            return _with_decorator(node, at, lambda _, call=call: _with_last(call, argument))  # type: ignore[misc]
    decorator = cst.Decorator(cst.Call(cst.ensure_type(cst.parse_expression(mark), cst.Attribute), [argument]))
    return node.with_changes(decorators=[decorator, *node.decorators])


def _with_last(call: cst.Call, argument: cst.Arg) -> cst.Call:
    last = call.args[-1]
    between = last.with_changes(comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" ")))
    return call.with_changes(args=[*call.args[:-1], between, argument.with_changes(comma=last.comma)])


def _importing_pytest(module: cst.Module) -> cst.Module:
    """Return a file that imports pytest: before its other imports, or below its docstring."""
    body = list(module.body)
    at = 0
    while at < len(body) and (_is_docstring(body[at]) or _is_future(body[at])):
        at += 1
    statement = cst.SimpleStatementLine([cst.Import([cst.ImportAlias(cst.Name("pytest"))])])
    following = body[at] if at < len(body) else None
    if isinstance(following, cst.SimpleStatementLine) and _is_import(following):
        statement = statement.with_changes(leading_lines=following.leading_lines)
        body[at] = following.with_changes(leading_lines=[])
    elif at:
        statement = statement.with_changes(leading_lines=[cst.EmptyLine(indent=False)])
    elif isinstance(following, (cst.FunctionDef, cst.ClassDef)) and not following.leading_lines:
        body[at] = following.with_changes(leading_lines=[cst.EmptyLine(indent=False)] * 2)
    return module.with_changes(body=[*body[:at], statement, *body[at:]])


def _is_import(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.SimpleStatementLine) and isinstance(node.body[0], (cst.Import, cst.ImportFrom))


def _is_future(node: cst.CSTNode) -> bool:
    return (
        isinstance(node, cst.SimpleStatementLine)
        and isinstance(node.body[0], cst.ImportFrom)
        and _dotted(node.body[0].module) == "__future__"
    )


def _is_docstring(node: cst.CSTNode) -> bool:
    return (
        isinstance(node, cst.SimpleStatementLine)
        and isinstance(node.body[0], cst.Expr)
        and isinstance(node.body[0].value, (cst.SimpleString, cst.ConcatenatedString))
    )


# ----------------------------------------------------------------------------------------------------------- statements


def _unended(body: Sequence[cst.BaseSmallStatement]) -> list[cst.BaseSmallStatement]:
    return [*body[:-1], body[-1].with_changes(semicolon=cst.MaybeSentinel.DEFAULT)]


def _beginning_with(node: cst.FunctionDef, statement: cst.SimpleStatementLine) -> cst.FunctionDef:
    """Return a function that does something first, below its docstring."""
    block = node.body
    if isinstance(block, cst.SimpleStatementSuite):
        only = cst.SimpleStatementLine(block.body, trailing_whitespace=block.trailing_whitespace)
        return node.with_changes(body=cst.IndentedBlock([statement, only]))
    body = list(block.body)
    at = 1 if body and _is_docstring(body[0]) else 0
    return node.with_changes(body=block.with_changes(body=[*body[:at], statement, *body[at:]]))


class _Transformer(cst.CSTTransformer):
    """Makes all edits of a file."""

    def __init__(
        self,
        edits: Mapping[cst.CSTNode, Iterable[Edit]],
        gone: set[cst.CSTNode],
        shortened: Mapping[cst.CSTNode, cst.SimpleStatementLine],
    ) -> None:
        super().__init__()
        self._edits = edits
        self._gone = gone
        self._shortened = shortened

    def leave_FunctionDef(  # noqa: N802 - the name libcst calls
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.FunctionDef:
        for change in self._edits.get(original_node, ()):
            updated_node = change(updated_node)
        return updated_node

    def leave_SimpleStatementLine(  # noqa: N802 - likewise
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.SimpleStatementLine:
        return self._shortened.get(original_node, updated_node)

    def leave_IndentedBlock(  # noqa: N802 - likewise
        self, original_node: cst.IndentedBlock, updated_node: cst.IndentedBlock
    ) -> cst.IndentedBlock:
        if self._gone.isdisjoint(original_node.body):
            return updated_node
        body, left = self._kept(original_node.body, updated_node.body)
        if not body:
            body = [cst.SimpleStatementLine([cst.Pass()])]
        return updated_node.with_changes(body=[_at_top(body[0]), *body[1:]], footer=[*left, *updated_node.footer])

    def leave_Module(self, original_node: cst.Module, updated_node: cst.Module) -> cst.Module:  # noqa: N802 - likewise
        if self._gone.isdisjoint(original_node.body):
            return updated_node
        body, left = self._kept(original_node.body, updated_node.body)
        if body and original_node.body[0] in self._gone and not updated_node.header:
            body[0] = _at_top(body[0])
        return updated_node.with_changes(body=body, footer=[*left, *updated_node.footer])

    def _kept(
        self, before: Sequence[cst.CSTNode], after: Sequence[Statement]
    ) -> tuple[list[Statement], list[cst.EmptyLine]]:
        """Return the statements that stay, and lines above those that go and do not belong to them, if nothing follows."""
        kept: list[Statement] = []
        pending: list[cst.EmptyLine] = []
        for old, new in zip(before, after):
            if old in self._gone:
                pending += _others_lines(new)
            elif pending:
                own = list(new.leading_lines)  # type: ignore[attr-defined]
                if all(line.comment is None for line in pending) and own:
                    pending = []  # what separates it from what is above stands there already
                kept.append(new.with_changes(leading_lines=[*pending, *own]))
                pending = []
            else:
                kept.append(new)
        return kept, [line for line in pending if any(one.comment for one in pending)]


def _others_lines(node: cst.CSTNode) -> list[cst.EmptyLine]:
    """Return the lines above a statement that goes, without the comment of its own and the blank lines above that."""
    lines: list[cst.EmptyLine] = list(node.leading_lines)  # type: ignore[attr-defined]
    if isinstance(node, cst.SimpleStatementLine):
        return lines  # of an import: it goes elsewhere, what is said above it stays
    while lines and lines[-1].comment is not None:
        lines.pop()
    while lines and lines[-1].comment is None:
        lines.pop()
    return lines


def _at_top(node: Statement) -> Statement:
    """Return a statement without the blank lines above it."""
    lines = list(getattr(node, "leading_lines", ()))
    while lines and lines[0].comment is None:
        lines.pop(0)
    return node.with_changes(leading_lines=lines) if hasattr(node, "leading_lines") else node
