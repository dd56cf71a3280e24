"""What one file says, on its own, as plain data: the hand-over from ``extract`` to ``link`` and what the cache keeps.

A file becomes a small program in an intermediate form: imports, assignments, conditions, classes and functions,
with their expressions reduced to what can bear on fixtures. No libcst node, no live object, nothing of another
file. The evaluator runs this program abstractly; it never runs the project.

Every struct is array-like and tagged, so that a file's facts are a few kilobytes as MessagePack and decode quickly.
"""

from __future__ import annotations

from typing import Union

import msgspec

FACTS_VERSION = 2
"""Version of this form. 1: first. 2: annotations, declarations, ``global``, the patterns of ``match``."""


class Const(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """A literal: text, number, truth value or None."""

    value: Union[bool, int, float, str, None]


class Name(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """A name, looked up when evaluated."""

    id: str


class Attr(msgspec.Struct, frozen=True, array_like=True, tag=3):
    """``value.attr``."""

    value: Expr
    attr: str


class Arg(msgspec.Struct, frozen=True, array_like=True):
    """One argument of a call: positional, ``keyword=``, ``*`` or ``**``."""

    value: Expr
    keyword: str | None = None
    star: str = ""


class Call(msgspec.Struct, frozen=True, array_like=True, tag=4):
    """``func(*args)``."""

    func: Expr
    args: tuple[Arg, ...]


class Seq(msgspec.Struct, frozen=True, array_like=True, tag=5):
    """A list, tuple or set display."""

    kind: str
    items: tuple[Expr, ...]


class Star(msgspec.Struct, frozen=True, array_like=True, tag=6):
    """``*value`` within a display or an assignment target."""

    value: Expr


class Map(msgspec.Struct, frozen=True, array_like=True, tag=7):
    """A dict display; a null key stands for ``**value``."""

    items: tuple[tuple[Union[Expr, None], Expr], ...]


class Bin(msgspec.Struct, frozen=True, array_like=True, tag=8):
    """``left op right``, ``op`` as Python spells it."""

    op: str
    left: Expr
    right: Expr


class Cmp(msgspec.Struct, frozen=True, array_like=True, tag=9):
    """``left op right op …``."""

    left: Expr
    rest: tuple[tuple[str, Expr], ...]


class Unary(msgspec.Struct, frozen=True, array_like=True, tag=10):
    """``not x``, ``-x``, ``+x``, ``~x``."""

    op: str
    value: Expr


class Cond(msgspec.Struct, frozen=True, array_like=True, tag=11):
    """``body if test else orelse``."""

    test: Expr
    body: Expr
    orelse: Expr


class Index(msgspec.Struct, frozen=True, array_like=True, tag=12):
    """``value[index]``."""

    value: Expr
    index: Expr


class Slice(msgspec.Struct, frozen=True, array_like=True, tag=13):
    """``lower:upper:step`` as an index."""

    lower: Union[Expr, None]
    upper: Union[Expr, None]
    step: Union[Expr, None]


class FStr(msgspec.Struct, frozen=True, array_like=True, tag=14):
    """An f-string or implicit concatenation: the parts in order; a part with a conversion or format is opaque."""

    parts: tuple[Expr, ...]


class Gen(msgspec.Struct, frozen=True, array_like=True):
    """One ``for target in iter if …`` of a comprehension."""

    target: Expr
    iter: Expr
    ifs: tuple[Expr, ...]


class Comp(msgspec.Struct, frozen=True, array_like=True, tag=15):
    """A comprehension; ``key`` only for dicts."""

    kind: str
    key: Union[Expr, None]
    elt: Expr
    gens: tuple[Gen, ...]


class Param(msgspec.Struct, frozen=True, array_like=True):
    """One parameter. ``kind``: ``pos`` (positional only), ``arg``, ``*``, ``kw`` (keyword only), ``**``."""

    name: str
    kind: str
    default: Union[Expr, None] = None


class Lambda(msgspec.Struct, frozen=True, array_like=True, tag=16):
    """A lambda, with the line of its keyword."""

    params: tuple[Param, ...]
    body: Expr
    line: int


class Walrus(msgspec.Struct, frozen=True, array_like=True, tag=17):
    """``name := value``."""

    target: str
    value: Expr


class Opaque(msgspec.Struct, frozen=True, array_like=True, tag=18):
    """An expression whose value is not followed, with a word on what it is."""

    what: str


class Bytes(msgspec.Struct, frozen=True, array_like=True, tag=19):
    """A bytes literal."""

    value: bytes


Expr = Union[
    Const,
    Bytes,
    Name,
    Attr,
    Call,
    Seq,
    Star,
    Map,
    Bin,
    Cmp,
    Unary,
    Cond,
    Index,
    Slice,
    FStr,
    Comp,
    Lambda,
    Walrus,
    Opaque,
]


class Import(msgspec.Struct, frozen=True, array_like=True, tag=30):
    """``import a.b as c, …``: pairs of dotted name and alias."""

    names: tuple[tuple[str, Union[str, None]], ...]
    line: int


class FromImport(msgspec.Struct, frozen=True, array_like=True, tag=31):
    """``from module import …``: pairs of name and alias; ``names`` is null for ``*``."""

    module: str
    level: int
    names: Union[tuple[tuple[str, Union[str, None]], ...], None]
    line: int


class Assign(msgspec.Struct, frozen=True, array_like=True, tag=32):
    """``target = … = value``, annotated or not."""

    targets: tuple[Expr, ...]
    value: Expr
    line: int
    annotation: Union[str, None] = None
    """Dotted name that the annotation starts with; null without one."""


class AugAssign(msgspec.Struct, frozen=True, array_like=True, tag=33):
    """``target op= value``."""

    target: Expr
    op: str
    value: Expr
    line: int


class Del(msgspec.Struct, frozen=True, array_like=True, tag=34):
    """``del …``."""

    targets: tuple[Expr, ...]
    line: int


class ExprStmt(msgspec.Struct, frozen=True, array_like=True, tag=35):
    """An expression for its effect."""

    value: Expr
    line: int


class Return(msgspec.Struct, frozen=True, array_like=True, tag=36):
    """``return value``."""

    value: Union[Expr, None]
    line: int


class Yield(msgspec.Struct, frozen=True, array_like=True, tag=37):
    """A statement that yields (alone or as the value of an assignment)."""

    value: Union[Expr, None]
    line: int
    delegates: bool = False
    """``yield from``."""


class Raise(msgspec.Struct, frozen=True, array_like=True, tag=38):
    """``raise …``."""

    value: Union[Expr, None]
    line: int


class Jump(msgspec.Struct, frozen=True, array_like=True, tag=39):
    """``break`` or ``continue``."""

    kind: str
    line: int


class If(msgspec.Struct, frozen=True, array_like=True, tag=40):
    """``if test: body else: orelse``; an ``elif`` is an If in ``orelse``."""

    test: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]
    line: int


class For(msgspec.Struct, frozen=True, array_like=True, tag=41):
    """``for target in iter``."""

    target: Expr
    iter: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]
    line: int


class While(msgspec.Struct, frozen=True, array_like=True, tag=42):
    """``while test``."""

    test: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]
    line: int


class Handler(msgspec.Struct, frozen=True, array_like=True):
    """``except types as name``; ``types`` is null for a bare ``except``."""

    types: Union[Expr, None]
    name: Union[str, None]
    body: tuple[Stmt, ...]


class Try(msgspec.Struct, frozen=True, array_like=True, tag=43):
    """``try`` with its handlers (``except*`` alike)."""

    body: tuple[Stmt, ...]
    handlers: tuple[Handler, ...]
    orelse: tuple[Stmt, ...]
    final: tuple[Stmt, ...]
    line: int


class With(msgspec.Struct, frozen=True, array_like=True, tag=44):
    """``with item as target, …``."""

    items: tuple[tuple[Expr, Union[Expr, None]], ...]
    body: tuple[Stmt, ...]
    line: int


class Case(msgspec.Struct, frozen=True, array_like=True):
    """``case pattern if guard``.

    ``values`` are those one of which the subject must equal: none of them for a pattern that always matches, null for
    one that is not followed.
    """

    values: Union[tuple[Expr, ...], None]
    names: tuple[str, ...]
    """What the pattern binds."""
    guard: Union[Expr, None]
    body: tuple[Stmt, ...]


class Match(msgspec.Struct, frozen=True, array_like=True, tag=45):
    """``match subject``."""

    subject: Expr
    cases: tuple[Case, ...]
    line: int


class Declare(msgspec.Struct, frozen=True, array_like=True, tag=48):
    """``name: annotation`` without a value."""

    name: str
    annotation: str
    line: int


class Global(msgspec.Struct, frozen=True, array_like=True, tag=49):
    """``global …`` or, where ``outer`` is false, ``nonlocal …``."""

    names: tuple[str, ...]
    outer: bool
    line: int


class Decorator(msgspec.Struct, frozen=True, array_like=True):
    """One decorator and its line."""

    expr: Expr
    line: int


class Function(msgspec.Struct, frozen=True, array_like=True, tag=46):
    """A ``def``.

    ``body`` is null when the body bears on nothing but ``reads`` and ``calls`` (see ``relevance.keeps_body``).
    """

    name: str
    line: int
    params: tuple[Param, ...]
    decorators: tuple[Decorator, ...]
    is_async: bool
    reads: tuple[str, ...]
    """Parameters whose name occurs in the body."""
    calls: tuple[str, ...]
    """Names of fixtures defined in this file that the body calls like a plain function."""
    body: Union[tuple[Stmt, ...], None]
    is_generator: bool = False
    yields_value: bool = False
    after_yield: bool = False
    """Something stands after a yield, or a finalizer is added: there is a teardown."""
    returns_value: bool = False
    dynamic: bool = False
    """``getfixturevalue`` occurs in the body."""
    doc: Union[str, None] = None


class Class(msgspec.Struct, frozen=True, array_like=True, tag=47):
    """A ``class``."""

    name: str
    line: int
    bases: tuple[Expr, ...]
    keywords: tuple[str, ...]
    decorators: tuple[Decorator, ...]
    body: tuple[Stmt, ...]


Stmt = Union[
    Import, FromImport, Assign, AugAssign, Del, ExprStmt, Return, Yield, Raise, Jump,
    If, For, While, Try, With, Match, Function, Class, Declare, Global,
]  # fmt: skip


class Note(msgspec.Struct, frozen=True, array_like=True):
    """Something that could not be read at a line."""

    line: int
    message: str


class ModuleFacts(msgspec.Struct, frozen=True, array_like=True):
    """All that one file says.

    Attributes:
        body: The module as a program of the forms above.
        ignores: ``fixturescope: ignore`` comments: line and codes (none: all codes).
        unparsed: Statements that libcst could not parse, and lexical problems.
    """

    body: tuple[Stmt, ...]
    ignores: tuple[tuple[int, tuple[str, ...]], ...] = ()
    unparsed: tuple[Note, ...] = ()


def at_line(body: tuple[Stmt, ...], line: int) -> tuple[Stmt, ...]:
    """Return statements as if all of them stood on one line, which is where a text that holds them is used."""
    return tuple(msgspec.structs.replace(statement, line=line) for statement in body)


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(ModuleFacts)


def encode(facts: ModuleFacts) -> bytes:
    """Return the facts as MessagePack."""
    return _encoder.encode(facts)


def decode(data: bytes) -> ModuleFacts:
    """Return the facts that ``encode`` wrote.

    Raises:
        msgspec.DecodeError: The bytes are not facts of this version.
    """
    try:
        return _decoder.decode(data)
    except UnicodeDecodeError as error:  # msgspec lets this one through
        raise msgspec.DecodeError(str(error)) from None
