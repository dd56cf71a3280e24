"""A libcst tree to ``ModuleFacts``: what one file says, on its own.

One walk, by dispatch on the node's type; no cross-file look-up, no judgement. The same code reads an outline
(line numbers from its ``#@N`` markers) and, in tests that prove the outline safe, an untouched file (line
numbers from libcst's metadata): the difference is the ``lines`` collaborator.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Protocol

import libcst as cst

from fixturescope.analysis import facts as f
from fixturescope.analysis.literals import float_value, int_value, string_value, unescape
from fixturescope.analysis.outline import Outline
from fixturescope.analysis.relevance import READ_EVERYTHING, keeps_body
from fixturescope.analysis.words import Flow, Words, alias_of, dotted

MAX_DEPTH = 80
"""Expressions nested deeper than this are opaque: nothing that bears on fixtures is, and recursion stays bounded."""

_MARKER = re.compile(r"#@(\d+)((?: l\d+)*)")
_SURROGATE = re.compile("[\ud800-\udfff]")
_DEFAULT = f.Opaque("default")


class Lines(Protocol):
    """Where nodes stand in the source file."""

    def line(self, node: cst.CSTNode) -> int:
        """Return the 1-based line of a statement's or decorator's first token (a ``def``'s own line)."""

    def lambda_line(self, node: cst.Lambda, statement: cst.CSTNode) -> int:
        """Return the 1-based line of a lambda's keyword, given the statement or decorator that holds it."""


class MarkerLines:
    """Line numbers from the ``#@N`` comments that the outline leaves at the end of each line."""

    def __init__(self) -> None:
        self._seen: tuple[cst.CSTNode, list[cst.Lambda]] | None = None
        """The last statement that was asked about, and its lambdas: a table may hold hundreds."""

    def line(self, node: cst.CSTNode) -> int:
        """See ``Lines.line``."""
        return int(match.group(1)) if (match := self._marker(node)) else 0

    def lambda_line(self, node: cst.Lambda, statement: cst.CSTNode) -> int:
        """See ``Lines.lambda_line``."""
        match = self._marker(statement)
        if match is None:
            return 0
        if not match.group(2):
            return int(match.group(1))
        if self._seen is None or self._seen[0] is not statement:
            lambdas = _Lambdas()
            statement.visit(lambdas)
            self._seen = statement, lambdas.found
        lines = [int(part[1:]) for part in match.group(2).split()]
        position = next((i for i, found in enumerate(self._seen[1]) if found is node), 0)
        return lines[position] if position < len(lines) else int(match.group(1))

    def _marker(self, node: cst.CSTNode) -> re.Match[str] | None:
        body = getattr(node, "body", None)
        if isinstance(body, cst.IndentedBlock):
            comment = body.header.comment
        elif isinstance(body, cst.SimpleStatementSuite):
            comment = body.trailing_whitespace.comment
        elif isinstance(node, cst.Match):
            comment = node.whitespace_after_colon.comment
        else:
            comment = node.trailing_whitespace.comment  # type: ignore[attr-defined]
        return _MARKER.match(comment.value) if comment is not None else None


class _Lambdas(cst.CSTVisitor):
    """All lambdas of a statement, in source order."""

    def __init__(self) -> None:
        self.found: list[cst.Lambda] = []

    def visit_Lambda(self, node: cst.Lambda) -> None:  # noqa: N802 - the name libcst calls
        self.found.append(node)


def extract_outline(outline: Outline, whole: AbstractSet[int] = frozenset()) -> f.ModuleFacts:
    """Return the facts of one file from its outline.

    Statements that libcst cannot parse are left out and noted; the others stand.

    Args:
        outline: What is left of the file.
        whole: Lines of the ``def`` of functions that are lowered with their bodies and all functions in them.
    """
    problems = [f.Note(problem.line, problem.message) for problem in outline.problems]
    modules = _parse(outline, problems)
    fixtures = frozenset().union(*(_fixture_functions(module.body) for module in modules))
    extractor = _Extractor(MarkerLines(), fixtures, whole)
    body = tuple(statement for module in modules for statement in extractor.block(module.body))
    ignores = tuple((ignore.line, tuple(ignore.codes)) for ignore in outline.ignores)
    return f.ModuleFacts(body, ignores, tuple(problems))


def extract_module(module: cst.Module, lines: Lines) -> tuple[f.Stmt, ...]:
    """Return the program of one parsed file, whatever part of its text the tree was made from."""
    return _Extractor(lines, frozenset(_fixture_functions(module.body))).block(module.body)


def _parse(outline: Outline, problems: list[f.Note]) -> list[cst.Module]:
    """Parse the whole outline or, where that fails, each top-level statement on its own."""
    try:
        return [cst.parse_module(outline.text)]
    except (cst.ParserSyntaxError, RecursionError):
        pass
    modules = []
    for chunk in outline.chunks:
        try:
            modules.append(cst.parse_module(chunk.text))
        except (cst.ParserSyntaxError, RecursionError) as error:
            problems.append(f.Note(chunk.line, _syntax_message(error)))
    return modules


def _syntax_message(error: Exception) -> str:
    if isinstance(error, cst.ParserSyntaxError):
        return f"cannot be parsed: {error.message.splitlines()[0]}"
    return "cannot be parsed: nested too deeply"


def _fixture_functions(body: Sequence[cst.CSTNode]) -> set[str]:
    """Return names of functions defined under a decorator whose text says fixture, at module or class level."""
    found: set[str] = set()
    for node in body:
        if isinstance(node, cst.FunctionDef):
            if any("fixture" in _dotted_text(d.decorator) for d in node.decorators):
                found.add(node.name.value)
        elif isinstance(node, cst.ClassDef | cst.With | cst.If | cst.For | cst.While | cst.Try | cst.TryStar | cst.Else | cst.Finally
                        | cst.ExceptHandler | cst.ExceptStarHandler | cst.Match | cst.MatchCase):  # fmt: skip
            for part in _blocks(node):
                found |= _fixture_functions(part)
    return {name for name in found if not name.startswith("test")}


def _blocks(node: Any) -> list[Sequence[cst.CSTNode]]:
    """Return the statement lists of a compound statement, its clauses as one-element lists."""
    blocks: list[Sequence[cst.CSTNode]] = []
    if isinstance(node, cst.Match):
        return [[case] for case in node.cases]
    body = node.body
    if isinstance(body, cst.IndentedBlock):
        blocks.append(body.body)
    for clause in ("orelse", "finalbody"):
        if (part := getattr(node, clause, None)) is not None:
            blocks.append([part])
    blocks.extend([handler] for handler in getattr(node, "handlers", ()))
    return blocks


def _dotted_text(node: cst.BaseExpression) -> str:
    """Return the dotted text of a decorator up to its first bracket."""
    parts: list[str] = []
    while True:
        if isinstance(node, cst.Call):
            parts.clear()
            node = node.func
        elif isinstance(node, cst.Subscript):
            parts.clear()
            node = node.value
        elif isinstance(node, cst.Attribute):
            parts.append(node.attr.value)
            node = node.value
        elif isinstance(node, cst.Name):
            parts.append(node.value)
            return ".".join(reversed(parts))
        else:
            return ""


def _bound_in(pattern: cst.MatchPattern) -> list[str]:
    """Return the names that a pattern binds."""
    finder = _Captures()
    pattern.visit(finder)
    return finder.found


class _Captures(cst.CSTVisitor):
    """The names bound by the patterns within one."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def visit_MatchAs(self, node: cst.MatchAs) -> None:  # noqa: N802 - the name libcst calls
        self.found.extend([] if node.name is None else [node.name.value])

    def visit_MatchStar(self, node: cst.MatchStar) -> None:  # noqa: N802 - the name libcst calls
        self.found.extend([] if node.name is None else [node.name.value])

    def visit_MatchMapping(self, node: cst.MatchMapping) -> None:  # noqa: N802 - the name libcst calls
        self.found.extend([] if node.rest is None else [node.rest.value])


class _Extractor:
    """Lowers statements and expressions of one file."""

    def __init__(self, lines: Lines, fixtures: frozenset[str], whole: AbstractSet[int] = frozenset()) -> None:
        self._lines = lines
        self._fixtures = fixtures
        self._whole = whole
        self._is_whole = False
        """Whether what is being lowered stands in one of those functions."""
        self._statement: cst.CSTNode = cst.Pass()
        self._statements: dict[type, Callable[[Any], list[f.Stmt]]] = {
            cst.FunctionDef: self._function,
            cst.ClassDef: self._class,
            cst.If: self._if,
            cst.For: self._for,
            cst.While: self._while,
            cst.Try: self._try,
            cst.TryStar: self._try,
            cst.With: self._with,
            cst.Match: self._match,
        }
        self._small: dict[type, Callable[[Any, int], f.Stmt | None]] = {
            cst.Import: self._import,
            cst.ImportFrom: self._import_from,
            cst.Assign: self._assign,
            cst.AnnAssign: self._annotated,
            cst.AugAssign: self._augmented,
            cst.Del: self._del,
            cst.Expr: self._expression_statement,
            cst.Assert: lambda n, line: f.ExprStmt(self.expr(n.test), line),
            cst.Return: lambda n, line: f.Return(None if n.value is None else self.expr(n.value), line),
            cst.Raise: lambda n, line: f.Raise(None if n.exc is None else self.expr(n.exc), line),
            cst.Break: lambda n, line: f.Jump("break", line),
            cst.Continue: lambda n, line: f.Jump("continue", line),
            cst.Global: lambda n, line: f.Global(tuple(item.name.value for item in n.names), True, line),
            cst.Nonlocal: lambda n, line: f.Global(tuple(item.name.value for item in n.names), False, line),
        }
        self._expressions: dict[type, Callable[[Any, int], f.Expr]] = {
            cst.Name: self._name,
            cst.Attribute: lambda n, d: f.Attr(self.expr(n.value, d), n.attr.value),
            cst.Call: self._call,
            cst.SimpleString: self._string,
            cst.ConcatenatedString: self._concatenated,
            cst.FormattedString: self._formatted,
            cst.Integer: lambda n, d: _const(int_value(n.value), "number"),
            cst.Float: lambda n, d: _const(float_value(n.value), "number"),
            cst.List: lambda n, d: self._sequence("list", n, d),
            cst.Tuple: lambda n, d: self._sequence("tuple", n, d),
            cst.Set: lambda n, d: self._sequence("set", n, d),
            cst.Dict: self._dict,
            cst.BinaryOperation: self._binary,
            cst.BooleanOperation: self._binary,
            cst.UnaryOperation: lambda n, d: f.Unary(_operator(n.operator), self.expr(n.expression, d)),
            cst.Comparison: self._comparison,
            cst.IfExp: lambda n, d: f.Cond(self.expr(n.test, d), self.expr(n.body, d), self.expr(n.orelse, d)),
            cst.Subscript: self._subscript,
            cst.ListComp: self._comprehension,
            cst.SetComp: self._comprehension,
            cst.GeneratorExp: self._comprehension,
            cst.DictComp: self._comprehension,
            cst.Lambda: self._lambda,
            cst.NamedExpr: self._walrus,
            cst.Await: lambda n, d: self.expr(n.expression, d),
            cst.Ellipsis: lambda n, d: f.Opaque("..."),
        }

    # statements

    def block(self, body: Sequence[cst.CSTNode]) -> tuple[f.Stmt, ...]:
        """Lower a list of statements."""
        lowered: list[f.Stmt] = []
        for node in body:
            if isinstance(node, cst.SimpleStatementLine | cst.SimpleStatementSuite):
                self._statement = node
                line = self._lines.line(node) if isinstance(node, cst.SimpleStatementLine) else self._suite_line
                for small in node.body:
                    lower = self._small.get(type(small))
                    statement = lower(small, line) if lower is not None else None
                    if statement is not None:
                        lowered.append(statement)
            elif (compound := self._statements.get(type(node))) is not None:
                lowered.extend(compound(node))
        return tuple(lowered)

    _suite_line = 0

    def _suite(self, suite: cst.BaseSuite, line: int) -> tuple[f.Stmt, ...]:
        if isinstance(suite, cst.IndentedBlock):
            return self.block(suite.body)
        outer, self._suite_line = self._suite_line, line
        lowered = self.block([suite])
        self._suite_line = outer
        return lowered

    def _at(self, node: cst.CSTNode) -> int:
        self._statement = node
        return self._lines.line(node)

    def _function(self, node: cst.FunctionDef) -> list[f.Stmt]:
        decorators = self._decorators(node.decorators)
        line = self._at(node)
        name = node.name.value
        signature, words = Words(node.params), Words(node.body)
        decorator_texts = [_dotted_text(d.decorator) for d in node.decorators]
        outer, self._is_whole = self._is_whole, self._is_whole or line in self._whole
        keep = self._is_whole or keeps_body(name, decorator_texts, signature.words, words.words)
        params = self._params(node.params, keep)
        names = {param.name for param in params}
        reads = names if words.words & READ_EVERYTHING else names & words.reads
        calls = (words.calls & self._fixtures) - signature.words
        flow = Flow(node.body) if keep else None
        body = self._suite(node.body, line) if keep else None
        self._is_whole = outer
        return [
            f.Function(
                name,
                line,
                params,
                decorators,
                node.asynchronous is not None,
                tuple(sorted(reads)),
                tuple(sorted(calls)),
                body,
                flow is not None and flow.yields,
                flow is not None and flow.yields_value,
                flow is not None and ("addfinalizer" in words.words or (flow.yields and not _ends_in_yield(node.body))),
                flow is not None and flow.returns_value,
                "getfixturevalue" in words.words,
                _docstring(node) if keep else None,
            )
        ]

    def _decorators(self, nodes: Sequence[cst.Decorator]) -> tuple[f.Decorator, ...]:
        lowered: list[f.Decorator] = []
        for node in nodes:
            line = self._at(node)  # first: lambdas in the decorator look up their line through it
            lowered.append(f.Decorator(self.expr(node.decorator), line))
        return tuple(lowered)

    def _params(self, params: cst.Parameters, keep: bool) -> tuple[f.Param, ...]:
        lowered: list[f.Param] = []
        star = params.star_arg
        groups: list[tuple[str, Sequence[cst.Param]]] = [
            ("pos", params.posonly_params),
            ("arg", params.params),
            ("*", [star] if isinstance(star, cst.Param) else []),
            ("kw", params.kwonly_params),
            ("**", [params.star_kwarg] if params.star_kwarg is not None else []),
        ]
        for kind, members in groups:
            for param in members:
                default: f.Expr | None = None
                if param.default is not None:
                    default = self.expr(param.default) if keep else _DEFAULT
                lowered.append(f.Param(param.name.value, kind, default))
        return tuple(lowered)

    def _class(self, node: cst.ClassDef) -> list[f.Stmt]:
        decorators = self._decorators(node.decorators)
        line = self._at(node)
        bases = tuple(f.Star(self.expr(arg.value)) if arg.star else self.expr(arg.value) for arg in node.bases)
        keywords = tuple(arg.keyword.value if arg.keyword is not None else "**" for arg in node.keywords)
        body = self._suite(node.body, line)
        return [f.Class(node.name.value, line, bases, keywords, decorators, body)]

    def _if(self, node: cst.If) -> list[f.Stmt]:
        line = self._at(node)
        test = self.expr(node.test)
        return [f.If(test, self._suite(node.body, line), self._orelse(node.orelse, line), line)]

    def _orelse(self, node: cst.If | cst.Else | None, line: int) -> tuple[f.Stmt, ...]:
        if node is None:
            return ()
        return tuple(self._if(node)) if isinstance(node, cst.If) else self._suite(node.body, line)

    def _for(self, node: cst.For) -> list[f.Stmt]:
        line = self._at(node)
        target, iterable = self.expr(node.target), self.expr(node.iter)
        return [f.For(target, iterable, self._suite(node.body, line), self._orelse(node.orelse, line), line)]

    def _while(self, node: cst.While) -> list[f.Stmt]:
        line = self._at(node)
        test = self.expr(node.test)
        return [f.While(test, self._suite(node.body, line), self._orelse(node.orelse, line), line)]

    def _try(self, node: cst.Try | cst.TryStar) -> list[f.Stmt]:
        line = self._at(node)
        body = self._suite(node.body, line)
        handlers = []
        for handler in node.handlers:
            types = None if handler.type is None else self.expr(handler.type)
            name = (
                handler.name.name.value
                if handler.name is not None and isinstance(handler.name.name, cst.Name)
                else None
            )
            handlers.append(f.Handler(types, name, self._suite(handler.body, line)))
        final = () if node.finalbody is None else self._suite(node.finalbody.body, line)
        return [f.Try(body, tuple(handlers), self._orelse(node.orelse, line), final, line)]

    def _with(self, node: cst.With) -> list[f.Stmt]:
        line = self._at(node)
        items = tuple(
            (self.expr(item.item), None if item.asname is None else self.expr(item.asname.name)) for item in node.items
        )
        return [f.With(items, self._suite(node.body, line), line)]

    def _match(self, node: cst.Match) -> list[f.Stmt]:
        line = self._at(node)
        subject = self.expr(node.subject)
        return [f.Match(subject, tuple(self._case(case, line) for case in node.cases), line)]

    def _case(self, node: cst.MatchCase, line: int) -> f.Case:
        names: list[str] = []
        values = self._pattern(node.pattern, names)
        guard = None if node.guard is None else self.expr(node.guard)
        return f.Case(values, tuple(names), guard, self._suite(node.body, line))

    def _pattern(self, node: cst.MatchPattern, names: list[str]) -> tuple[f.Expr, ...] | None:
        """Return the values one of which matches (none: anything does; null: not followed), and note what is bound."""
        if isinstance(node, cst.MatchValue):
            return (self.expr(node.value),)
        if isinstance(node, cst.MatchSingleton):
            return (self.expr(node.value),)
        if isinstance(node, cst.MatchOr):
            parts = [self._pattern(element.pattern, names) for element in node.patterns]
            known = [part for part in parts if part is not None]
            if () in known:
                return ()
            return tuple(value for part in known for value in part) if len(known) == len(parts) else None
        if isinstance(node, cst.MatchAs):
            values = () if node.pattern is None else self._pattern(node.pattern, names)
            names.extend([] if node.name is None else [node.name.value])
            return values
        names.extend(_bound_in(node))
        return None

    def _import(self, node: cst.Import, line: int) -> f.Stmt:
        return f.Import(tuple((dotted(alias.name), alias_of(alias)) for alias in node.names), line)

    def _import_from(self, node: cst.ImportFrom, line: int) -> f.Stmt:
        module = "" if node.module is None else dotted(node.module)
        names = None
        if not isinstance(node.names, cst.ImportStar):
            names = tuple((dotted(alias.name), alias_of(alias)) for alias in node.names)
        return f.FromImport(module, len(node.relative), names, line)

    def _assign(self, node: cst.Assign, line: int) -> f.Stmt:
        if isinstance(node.value, cst.Yield):
            return self._yield(node.value, line)
        return f.Assign(tuple(self.expr(target.target) for target in node.targets), self.expr(node.value), line)

    def _annotated(self, node: cst.AnnAssign, line: int) -> f.Stmt | None:
        if isinstance(node.value, cst.Yield):
            return self._yield(node.value, line)
        annotation = _dotted_text(node.annotation.annotation)
        if node.value is None:
            return f.Declare(node.target.value, annotation, line) if isinstance(node.target, cst.Name) else None
        return f.Assign((self.expr(node.target),), self.expr(node.value), line, annotation)

    def _augmented(self, node: cst.AugAssign, line: int) -> f.Stmt:
        return f.AugAssign(self.expr(node.target), _operator(node.operator).rstrip("="), self.expr(node.value), line)

    def _del(self, node: cst.Del, line: int) -> f.Stmt:
        target = node.target
        items = [element.value for element in target.elements] if isinstance(target, cst.Tuple | cst.List) else [target]
        return f.Del(tuple(self.expr(item) for item in items), line)

    def _expression_statement(self, node: cst.Expr, line: int) -> f.Stmt | None:
        if isinstance(node.value, cst.Yield):
            return self._yield(node.value, line)
        if isinstance(node.value, cst.SimpleString | cst.ConcatenatedString | cst.Ellipsis):
            return None  # a docstring, a stub's body: no effect
        return f.ExprStmt(self.expr(node.value), line)

    def _yield(self, node: cst.Yield, line: int) -> f.Stmt:
        if isinstance(node.value, cst.From):
            return f.Yield(self.expr(node.value.item), line, True)
        return f.Yield(None if node.value is None else self.expr(node.value), line)

    # expressions

    def expr(self, node: cst.CSTNode, depth: int = 0) -> f.Expr:
        """Lower one expression; what is not followed becomes ``Opaque``."""
        lower = self._expressions.get(type(node))
        if lower is None or depth > MAX_DEPTH:
            return f.Opaque(type(node).__name__ if lower is None else "too deep")
        return lower(node, depth + 1)

    def _name(self, node: cst.Name, depth: int) -> f.Expr:
        name = node.value
        return _KEYWORDS[name] if name in _KEYWORDS else f.Name(name)

    def _call(self, node: cst.Call, depth: int) -> f.Expr:
        args = tuple(
            f.Arg(self.expr(arg.value, depth), arg.keyword.value if arg.keyword is not None else None, arg.star)
            for arg in node.args
        )
        return f.Call(self.expr(node.func, depth), args)

    def _string(self, node: cst.SimpleString, depth: int) -> f.Expr:
        return _const(string_value(node.value), "string")

    def _concatenated(self, node: cst.ConcatenatedString, depth: int) -> f.Expr:
        parts: list[f.Expr] = []
        rest: cst.BaseExpression = node
        while isinstance(rest, cst.ConcatenatedString):
            parts.append(self.expr(rest.left, depth))
            rest = rest.right
        parts.append(self.expr(rest, depth))
        if all(isinstance(part, f.Bytes) for part in parts):
            return f.Bytes(b"".join(part.value for part in parts if isinstance(part, f.Bytes)))
        if all(isinstance(part, f.Const) for part in parts):
            return f.Const("".join(str(part.value) for part in parts if isinstance(part, f.Const)))
        if any(isinstance(part, f.Opaque) for part in parts):
            return f.Opaque("string")
        return f.FStr(tuple(piece for part in parts for piece in (part.parts if isinstance(part, f.FStr) else (part,))))

    def _formatted(self, node: cst.FormattedString, depth: int) -> f.Expr:
        parts: list[f.Expr] = []
        raw = "r" in node.start.lower()
        for part in node.parts:
            if isinstance(part, cst.FormattedStringText):
                text = part.value.replace("{{", "{").replace("}}", "}")
                parts.append(_const(text if raw else unescape(text), "string"))
            elif isinstance(part, cst.FormattedStringExpression):
                value = self.expr(part.expression, depth)
                plain = part.conversion is None and not part.format_spec and part.equal is None
                parts.append(value if plain else f.Call(f.Opaque("format"), (f.Arg(value),)))
        return f.FStr(tuple(parts))

    def _sequence(self, kind: str, node: cst.List | cst.Tuple | cst.Set, depth: int) -> f.Expr:
        return f.Seq(
            kind,
            tuple(
                f.Star(self.expr(element.value, depth))
                if isinstance(element, cst.StarredElement)
                else self.expr(element.value, depth)
                for element in node.elements
            ),
        )

    def _dict(self, node: cst.Dict, depth: int) -> f.Expr:
        return f.Map(
            tuple(
                (
                    self.expr(element.key, depth) if isinstance(element, cst.DictElement) else None,
                    self.expr(element.value, depth),
                )
                for element in node.elements
            )
        )

    def _binary(self, node: cst.BinaryOperation | cst.BooleanOperation, depth: int) -> f.Expr:
        return f.Bin(_operator(node.operator), self.expr(node.left, depth), self.expr(node.right, depth))

    def _comparison(self, node: cst.Comparison, depth: int) -> f.Expr:
        return f.Cmp(
            self.expr(node.left, depth),
            tuple((_operator(target.operator), self.expr(target.comparator, depth)) for target in node.comparisons),
        )

    def _subscript(self, node: cst.Subscript, depth: int) -> f.Expr:
        value = self.expr(node.value, depth)
        parts = [self._index(element.slice, depth) for element in node.slice]
        return f.Index(value, parts[0] if len(parts) == 1 else f.Seq("tuple", tuple(parts)))

    def _index(self, node: cst.BaseSlice, depth: int) -> f.Expr:
        if isinstance(node, cst.Index):
            return self.expr(node.value, depth)
        if isinstance(node, cst.Slice):
            bounds = [
                None if bound is None else self.expr(bound, depth) for bound in (node.lower, node.upper, node.step)
            ]
            return f.Slice(*bounds)
        return f.Opaque("slice")

    def _comprehension(self, node: cst.ListComp | cst.SetComp | cst.GeneratorExp | cst.DictComp, depth: int) -> f.Expr:
        kind = {cst.ListComp: "list", cst.SetComp: "set", cst.GeneratorExp: "generator", cst.DictComp: "dict"}[
            type(node)
        ]
        gens: list[f.Gen] = []
        inner: cst.CompFor | None = node.for_in
        while inner is not None:
            ifs = tuple(self.expr(condition.test, depth) for condition in inner.ifs)
            gens.append(f.Gen(self.expr(inner.target, depth), self.expr(inner.iter, depth), ifs))
            inner = inner.inner_for_in
        if isinstance(node, cst.DictComp):
            return f.Comp(kind, self.expr(node.key, depth), self.expr(node.value, depth), tuple(gens))
        return f.Comp(kind, None, self.expr(node.elt, depth), tuple(gens))

    def _lambda(self, node: cst.Lambda, depth: int) -> f.Expr:
        line = self._lines.lambda_line(node, self._statement)
        return f.Lambda(self._params(node.params, keep=True), self.expr(node.body, depth), line)

    def _walrus(self, node: cst.NamedExpr, depth: int) -> f.Expr:
        if isinstance(node.target, cst.Name):
            return f.Walrus(node.target.value, self.expr(node.value, depth))
        return f.Opaque("walrus")


_KEYWORDS: dict[str, f.Expr] = {"True": f.Const(True), "False": f.Const(False), "None": f.Const(None)}


def _const(value: str | bytes | float | None, what: str) -> f.Expr:
    if isinstance(value, bytes):
        return f.Bytes(value)
    if value is None or (isinstance(value, str) and not value.isascii() and _SURROGATE.search(value)):
        return f.Opaque(what)  # a lone surrogate has no place in UTF-8, and no fixture's name holds one
    return f.Const(value)


_OPERATORS: dict[type, str] = {
    cst.Add: "+", cst.Subtract: "-", cst.Multiply: "*", cst.Divide: "/", cst.FloorDivide: "//", cst.Modulo: "%",
    cst.Power: "**", cst.LeftShift: "<<", cst.RightShift: ">>", cst.BitOr: "|", cst.BitAnd: "&", cst.BitXor: "^",
    cst.MatrixMultiply: "@", cst.And: "and", cst.Or: "or", cst.Not: "not", cst.Minus: "-", cst.Plus: "+", cst.BitInvert: "~",
    cst.Equal: "==", cst.NotEqual: "!=", cst.LessThan: "<", cst.LessThanEqual: "<=", cst.GreaterThan: ">",
    cst.GreaterThanEqual: ">=", cst.In: "in", cst.NotIn: "not in", cst.Is: "is", cst.IsNot: "is not",
    cst.AddAssign: "+=", cst.SubtractAssign: "-=", cst.MultiplyAssign: "*=", cst.DivideAssign: "/=", cst.BitOrAssign: "|=",
    cst.BitAndAssign: "&=", cst.BitXorAssign: "^=", cst.FloorDivideAssign: "//=", cst.ModuloAssign: "%=",
    cst.PowerAssign: "**=", cst.LeftShiftAssign: "<<=", cst.RightShiftAssign: ">>=", cst.MatrixMultiplyAssign: "@=",
}  # fmt: skip


def _operator(node: cst.CSTNode) -> str:
    return _OPERATORS.get(type(node), "?")


def _ends_in_yield(body: cst.BaseSuite) -> bool:
    """Whether the last statement of a body is a plain ``yield`` at its own level: nothing is torn down."""
    last = body.body[-1] if body.body else None
    small = last.body[-1] if isinstance(last, cst.SimpleStatementLine) else last
    value = small.value if isinstance(small, cst.Expr | cst.Assign) else None
    return isinstance(value, cst.Yield)


def _docstring(node: cst.FunctionDef) -> str | None:
    """Return the first line of a docstring."""
    first = node.body.body[0] if node.body.body else None
    small = first.body[0] if isinstance(first, cst.SimpleStatementLine) else first
    if isinstance(small, cst.Expr) and isinstance(small.value, cst.SimpleString):
        text = string_value(small.value.value)
        lines = text.strip().splitlines() if isinstance(text, str) else []
        return lines[0].strip() if lines else None
    return None
