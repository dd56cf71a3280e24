"""The outline keeps what bears on fixtures, and names its lines: drawn cases, hostile text, the standard library."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import time
import warnings
from pathlib import Path
from textwrap import dedent

import libcst
import pytest
from helpers_outline import differences
from hypothesis import given, settings
from hypothesis import strategies as st

from fixturescope.analysis.limits import MAX_BLOCKS, MAX_BRACKETS, MAX_CLAUSES, MAX_DEPTH, MAX_LENGTH
from fixturescope.analysis.outline import MAX_PROBLEMS, Chunk, Ignore, Problem, decode, outline


def drawn(text: str) -> str:
    return dedent(text).lstrip("\n")


# Each case: what it shows, the source, and all of the outline's text.
KEPT = [
    ("empty", "", ""),
    ("only comments", "# a\n\n   # b\n", ""),
    ("no final newline", "x = 1", "x = 1  #@1\n"),
    ("blank lines and comments go", "\n# a\nx = 1  # b\n\n\ny = 2\n", "x = 1  #@3\ny = 2  #@6\n"),
    ("white space only", "  \n\t\n \f \n", ""),
    ("brackets", "x = [\n    1,  # one\n\n    2,\n]\ny = 2\n", "x = [ 1, 2, ]  #@1\ny = 2  #@6\n"),
    ("backslash", "x = 1 + \\\n    2\ny = 2\n", "x = 1 + 2  #@1\ny = 2  #@3\n"),
    ("backslash alone", "\\\nx = 1\n", "x = 1  #@2\n"),
    ("backslash before the end of the file", "x = 1 \\", "x = 1 \\  #@1\n"),
    ("backslashes make no indentation", "if a:\n  \\\n    b\n  c\n", "if a:  #@1\n b  #@3\n c  #@4\n"),
    ("indentation after a backslash at column 0", "if a:\n\\\n  b\n  c\n", "if a:  #@1\n b  #@3\n c  #@4\n"),
    ("a backslash and nothing", "if a:\n    b\n\\\n\n    c\n", "if a:  #@1\n b  #@2\n c  #@5\n"),
    (
        "strings keep their newlines",
        'x = """a\n # b\n"""; y = 1\nz = 1\n',
        'x = """a\n # b\n"""; y = 1  #@1\nz = 1  #@4\n',
    ),
    ("a string's own continuation", 'x = "a\\\n  b"\ny = 1\n', 'x = "a\\\n  b"  #@1\ny = 1  #@3\n'),
    ("strings that look like code", "x = '# no' \"'\" '''\"\n#'''\n", "x = '# no' \"'\" '''\"\n#'''  #@1\n"),
    ("raw strings", "x = r'\\' # ' # c\ny = rb\"\\\"\"\n", "x = r'\\' # '  #@1\ny = rb\"\\\"\"  #@2\n"),
    (
        "every prefix",
        "x = b'' B'' br'' Rb'' u'' U'' R'' f'' fR'' t''\n",
        "x = b'' B'' br'' Rb'' u'' U'' R'' f'' fR'' t''  #@1\n",
    ),
    ("words before quotes", "x = 1 if'a'else'b'or\"c\"\n", "x = 1 if'a'else'b'or\"c\"  #@1\n"),
    ("quotes at the end of quotes", 'x = """a"" b""" + \'\'\'\'a\'\'\'\n', 'x = """a"" b""" + \'\'\'\'a\'\'\'  #@1\n'),
    ("tabs", "if a:\n\tif b:\n\t\tc\n        d\n\te\n", "if a:  #@1\n if b:  #@2\n  c  #@3\n d  #@4\n e  #@5\n"),
    ("form feeds", "\fx = 1\nif a:\n    b\n  \f    c\n\fd\n", "x = 1  #@1\nif a:  #@2\n b  #@3\n c  #@4\nd  #@5\n"),
    (
        "depths",
        "if a:\n       b\n       if c:\n           d\ne\n",
        "if a:  #@1\n b  #@2\n if c:  #@3\n  d  #@4\ne  #@5\n",
    ),
    ("semicolons", "x = 1; y = [\n2]; z = 3;\nw = 1\n", "x = 1; y = [ 2]; z = 3;  #@1\nw = 1  #@3\n"),
    (
        "one-line blocks",
        "if a: b; c\nelse: d\nclass A: x = 1\n",
        "if a: b; c  #@1\nelse: d  #@2\nclass A: x = 1  #@3\n",
    ),
    ("module docstring", '"""Doc."""\nx = 1\n"more" \'text\';\nb"" \\\n  r""\ny = 1\n', "x = 1  #@2\ny = 1  #@6\n"),
    ("f-strings do things", 'f"{register()}"\n', 'f"{register()}"  #@1\n'),
    ("class docstring", 'class A:\n    """Doc.\n    """\n    x = 1\n', "class A:  #@1\n x = 1  #@4\n"),
    ("only a docstring", 'class A:\n\n    "Doc."\n\nx = 1\n', "class A:  #@1\n pass  #@3\nx = 1  #@5\n"),
    ("only docstrings", 'if a:\n  class A:\n    "Doc."\n    "more"\n', "if a:  #@1\n class A:  #@2\n  pass  #@3\n"),
    ("a docstring on the header's line", 'class A: "Doc."\n', 'class A: "Doc."  #@1\n'),
    ("lambdas on the first line", "x = lambda: lambda: 1\n", "x = lambda: lambda: 1  #@1\n"),
    ("lambdas on other lines", "x = [lambda: 1,\n\n lambda: 2]\n", "x = [lambda: 1, lambda: 2]  #@1 l1 l3\n"),
    (
        "lambdas after strings",
        'x = ["""\n\n""",\n  lambda: f(lambda: 2)]\n',
        'x = ["""\n\n""", lambda: f(lambda: 2)]  #@1 l4 l4\n',
    ),
    (
        "lambda as a part of words",
        "x = [\n  lambda_, a_lambda, 'lambda']\n",
        "x = [ lambda_, a_lambda, 'lambda']  #@1\n",
    ),
    (
        "lambdas in f-strings",
        'x = [\n  f"""{(lambda: 1)()} \\\n{\n(lambda: 2)()}""", lambda: 3]\n',
        'x = [ f"""{(lambda: 1)()} \\\n{\n(lambda: 2)()}""", lambda: 3]  #@1 l2 l4 l4\n',
    ),
    (
        "other statements",
        """
        match x:
            case [1, *_] if y: a
            case _:
                b
        match = case = type = 1
        type X[T] = list[T]
        @fixture
        async def main(a):
            async with a as b, c:
                async for d in e: f
        try:
            (y := 1)
        except A, B:
            pass
        finally: z
        """,
        """
        match x:  #@1
         case [1, *_] if y: a  #@2
         case _:  #@3
          b  #@4
        match = case = type = 1  #@5
        type X[T] = list[T]  #@6
        @fixture  #@7
        async def main(a):  #@8
         async with a as b, c:  #@9
          async for d in e: f  #@10
        try:  #@11
         (y := 1)  #@12
        except A, B:  #@13
         pass  #@14
        finally: z  #@15
        """,
    ),
    (
        "kept bodies are whole",
        '''
        @pytest.fixture(
            scope="module",
        )
        def db(request,
               app):
            """Doc."""

            def inner(a):
                "Doc."
                return a.b  # c

            class Inner:
                "Doc."
            yield inner
        ''',
        '''
        @pytest.fixture( scope="module", )  #@1
        def db(request, app):  #@4
         """Doc."""  #@6
         def inner(a):  #@8
          "Doc."  #@9
          return a.b  #@10
         class Inner:  #@12
          "Doc."  #@13
         yield inner  #@14
        ''',
    ),
]


@pytest.mark.parametrize(("source", "text"), [case[1:] for case in KEPT], ids=[case[0] for case in KEPT])
def test_keeps(source: str, text: str) -> None:
    found = outline(drawn(source) if source.startswith("\n ") else source)
    assert found.text == (drawn(text) if text.startswith("\n ") else text)
    assert found.problems == ()


REDUCED = [
    (
        "reads",
        "def test_a(self, db, c, d=None):\n    return db.x + c\n",
        "def test_a(self, db, c, d=None): c;db  #@1\n",
    ),
    ("reads nothing", "def test_a(db):\n    pass\n", "def test_a(db): pass  #@1\n"),
    ("no parameters", "def test_a():\n    db()\n", "def test_a(): pass  #@1\n"),
    ("one line", "def test_a(db): return db\n", "def test_a(db): db  #@1\n"),
    ("one line of brackets", "def test_a(db): f(\n 1,\n db); g\nx = 1\n", "def test_a(db): db  #@1\nx = 1  #@4\n"),
    (
        "many lines",
        "def test_a(\n    db,  # c\n    e,\n):\n    e\nx = 1\n",
        "def test_a( db, e, ): e  #@1\nx = 1  #@6\n",
    ),
    ("async", "async \\\n def test_a(db):\n    await db\n", "async def test_a(db): db  #@1\n"),
    (
        "generic",
        "def test_a[T: (int, str)](db: T) -> dict[T, T]:\n  db\n",
        "def test_a[T: (int, str)](db: T) -> dict[T, T]: db  #@1\n",
    ),
    ("lambda in the annotation", "def test_a(db) -> lambda x: x: db\n", "def test_a(db) -> lambda x: x: db  #@1\n"),
    ("default with brackets", "def test_a(a=(1, {2: b})):\n    a, b\n", "def test_a(a=(1, {2: b})): a;b  #@1\n"),
    (
        "lambdas of defaults",
        "def test_a(a=1,\n  b=lambda: 1):\n    lambda: a\n",
        "def test_a(a=1, b=lambda: 1): a  #@1 l2\n",
    ),
    ("attributes are not read", "def test_a(db, e):\n    x.db.e . e\n    db.e\n", "def test_a(db, e): db  #@1\n"),
    (
        "attributes on other lines",
        "def test_a(a, b):\n    (x\n     .a.  # c\n     b)\n",
        "def test_a(a, b): pass  #@1\n",
    ),
    (
        "an ellipsis is no dot",
        "def test_a(a, b):\n    x[...if a else...]\n    from ...b import c\n",
        "def test_a(a, b): a;b  #@1\n",
    ),
    (
        "dots of relative imports",
        "def test_a(a, b):\n    from .a import c\n    from ....b import c\n",
        "def test_a(a, b): pass  #@1\n",
    ),
    ("dots of numbers", "def test_a(a, e5):\n    1. if a else 1.e5\n", "def test_a(a, e5): a  #@1\n"),
    (
        "numbers are not names",
        "def test_a(a=10, b=1_0, e5=0x1):\n    10, 1e5, 0x1\n",
        "def test_a(a=10, b=1_0, e5=0x1): pass  #@1\n",
    ),
    ("keyword arguments", "def test_a(db):\n    f(db=1)\n", "def test_a(db): db  #@1\n"),
    ("nested functions", "def test_a(db):\n    def g():\n        return db\n", "def test_a(db): db  #@1\n"),
    (
        "strings and comments",
        "def test_a(db, f, rb):\n    'db'  # db\n    f'' rb''\n",
        "def test_a(db, f, rb): pass  #@1\n",
    ),
    ("names in annotations", "def test_a(a: pd.Frame):\n    pd\n", "def test_a(a: pd.Frame): pd  #@1\n"),
    ("everything is read", "def test_a(a, b):\n    locals()\n", "def test_a(a, b): a;b  #@1\n"),
    (
        "everything is read, and the request not by name",
        "def test_a(a, request):\n    x.format(**locals())\n",
        "def test_a(a, request): a;locals  #@1\n",
    ),
    ("keywords are not", "def test_a(a=None, *b):\n    vars() if None else b\n", "def test_a(a=None, *b): a;b  #@1\n"),
    (
        "other alphabets",
        "def test_a(é, e\u0301, ﬁ, ñ, 名前):\n    é, fi, 名前.ñ\n",
        "def test_a(é, e\u0301, ﬁ, ñ, 名前): e\u0301;é;名前;ﬁ  #@1\n",
    ),
    ("prefix of a word", "def test_a(db):\n    db_ + _db + db2\n", "def test_a(db): pass  #@1\n"),
    ("f-string", "def test_a(a, b, r, d):\n    f'{a!r:{b}d} r'\n", "def test_a(a, b, r, d): a;b  #@1\n"),
    (
        "format specs are text",
        "def test_a(a, b, d):\n    f'{a:b}{a:>{d}}' f'{x!s}{a=}'\n",
        "def test_a(a, b, d): a;d  #@1\n",
    ),
    ("doubled braces", "def test_a(a, b, c):\n    f'{{a}} {{{b}}} }}{c}{{'\n", "def test_a(a, b, c): b;c  #@1\n"),
    ("named characters", "def test_a(a, DASH):\n    f'\\N{DASH}{a}'\n", "def test_a(a, DASH): a  #@1\n"),
    ("raw f-string", "def test_a(a, N):\n    rf'\\N{N}\\{a}\\''\n", "def test_a(a, N): N;a  #@1\n"),
    ("t-string", "def test_a(a):\n    t'{a}' Rt'''{a}'''\n", "def test_a(a): a  #@1\n"),
    ("same quotes inside", "def test_a(a, b):\n    f'{a['b']}' # {b}\n", "def test_a(a, b): a  #@1\n"),
    ("nested f-strings", "def test_a(a, b, c):\n    f'{f'{f'{a}' 'b'}'}{c}'\n", "def test_a(a, b, c): a;c  #@1\n"),
    (
        "fields on lines",
        "def test_a(a, b, c):\n    f'{\n  a # b }\n  }' + c\nx = 1\n",
        "def test_a(a, b, c): a;c  #@1\nx = 1  #@5\n",
    ),
    (
        "triple f-string",
        'def test_a(a, b):\n    f"""\n{a["b"]} " \'\n"""\nx = 1\n',
        "def test_a(a, b): a  #@1\nx = 1  #@5\n",
    ),
    ("not equal", "def test_a(a, b):\n    f'{a!=b}{x[a:b]}'\n", "def test_a(a, b): a;b  #@1\n"),
    (
        "f-string in a default",
        "def test_a(a=f'{b}', b=f'{a:c}', c=1):\n    f'{b}'\n",
        "def test_a(a=f'{b}', b=f'{a:c}', c=1): b  #@1\n",
    ),
    ("low lines in brackets", "def test_a(a):\n    x = [\na\n]\n    b\nx = 1\n", "def test_a(a): a  #@1\nx = 1  #@6\n"),
    (
        "low lines in strings",
        'def test_a(a):\n    """\nx = a\n"""\n    a\nx = 1\n',
        "def test_a(a): a  #@1\nx = 1  #@6\n",
    ),
    ("low comments", "def test_a(a):\n    x\n# c\n    a\n", "def test_a(a): a  #@1\n"),
    (
        "method",
        "class A:\n    def test_a(self):\n        self\n    x = 1\n",
        "class A:  #@1\n def test_a(self): self  #@2\n x = 1  #@4\n",
    ),
    (
        "in blocks",
        "if a:\n  try:\n    def f(a): a\n  except B: c\n",
        "if a:  #@1\n try:  #@2\n  def f(a): a  #@3\n except B: c  #@4\n",
    ),
    ("decorated test", "@mark.a\n@b(\n1)\ndef test_a(c): d\n", "@mark.a  #@1\n@b( 1)  #@2\ndef test_a(c): pass  #@4\n"),
    (
        "getfixturevalue",
        "def test_a(a):\n    b.getfixturevalue(c)\n",
        "def test_a(a):  #@1\n b.getfixturevalue(c)  #@2\n",
    ),
    (
        "word of an f-string",
        "def f():\n    f'{b.getfixturevalue}'\n",
        "def f():  #@1\n f'{b.getfixturevalue}'  #@2\n",
    ),
    ("word of a string", "def f():\n    'getfixturevalue'\n", "def f(): pass  #@1\n"),
    (
        "a kept one-liner",
        "def f(): getfixturevalue\ndef g(b): b\n",
        "def f(): getfixturevalue  #@1\ndef g(b): b  #@2\n",
    ),
    (
        "calls of fixtures",
        """
        def test_a(a):
            a.late(), db (1), x.db(), late()
            def other(): pass
        def test_b(db): db(); helper(); late
        @fixture
        def db(): pass
        class A:
            @pytest.fixture()
            def late(self): pass
            @pytest.fixture
            def other(self): pass
        @contextmanager
        def helper(): pass
        """,
        """
        def test_a(a): a;db();late()  #@1
        def test_b(db): db  #@4
        @fixture  #@5
        def db(): pass  #@6
        class A:  #@7
         @pytest.fixture()  #@8
         def late(self): pass  #@9
         @pytest.fixture  #@10
         def other(self): pass  #@11
        @contextmanager  #@12
        def helper(): pass  #@13
        """,
    ),
]


@pytest.mark.parametrize(("source", "text"), [case[1:] for case in REDUCED], ids=[case[0] for case in REDUCED])
def test_reduces(source: str, text: str) -> None:
    found = outline(drawn(source) if source.startswith("\n ") else source)
    assert found.text == (drawn(text) if text.startswith("\n ") else text)
    assert found.problems == ()


def test_chunks_are_top_level_statements() -> None:
    source = drawn("""
        "Doc."
        import a; import b
        if a:
            b
        elif c:
            d
        else: e
        @f

        @g
        class A:
            x = 1
            def f(self): pass
        try: h
        except I: j
    """)
    assert outline(source).chunks == (
        Chunk(2, "import a; import b  #@2\n"),
        Chunk(3, "if a:  #@3\n b  #@4\nelif c:  #@5\n d  #@6\nelse: e  #@7\n"),
        Chunk(8, "@f  #@8\n@g  #@10\nclass A:  #@11\n x = 1  #@12\n def f(self): pass  #@13\n"),
        Chunk(14, "try: h  #@14\nexcept I: j  #@15\n"),
    )


IGNORES = [
    ("trailing", "x = 1  # fixturescope: ignore[FS101]\n", [Ignore(1, ("FS101",))]),
    ("several codes", "x = 1  # fixturescope: ignore[FS101, FS102,]\n", [Ignore(1, ("FS101", "FS102"))]),
    ("bare", "x = 1  #fixturescope:ignore\n", [Ignore(1, ())]),
    ("after another comment", "x = 1  # noqa # fixturescope: ignore[FS101] why not\n", [Ignore(1, ("FS101",))]),
    ("alone on its line", "# fixturescope: ignore\n\n# a\nx = 1\n", [Ignore(4, ())]),
    ("on a decorator", "@fixture  # fixturescope: ignore\ndef f(): pass\n", [Ignore(1, ())]),
    ("between a decorator and its function", "@fixture\n# fixturescope: ignore\ndef f(): pass\n", [Ignore(3, ())]),
    ("on a later line of a statement", "x = [\n  1,  # fixturescope: ignore\n]\n", [Ignore(1, ())]),
    ("alone inside a statement", "x = 1\n@f(\n  # fixturescope: ignore\n)\ndef g(): pass\n", [Ignore(2, ())]),
    ("in a body that is left out", "def test_a():\n  '''\n  '''\n  b  # fixturescope: ignore\n", [Ignore(4, ())]),
    ("two", "# fixturescope: ignore[A1]\nx = 1 # fixturescope: ignore[B2]\n", [Ignore(2, ("A1",)), Ignore(2, ("B2",))]),
    ("at the end of the file", "x = 1\n# fixturescope: ignore\n", []),
    ("in a string", "x = '# fixturescope: ignore'\n", []),
    ("something else", "x = 1  # fixturescope: ignored\ny = 1  # fixturescope: ignore[]\n", []),
]


@pytest.mark.parametrize(("source", "ignores"), [case[1:] for case in IGNORES], ids=[case[0] for case in IGNORES])
def test_ignore_comments(source: str, ignores: list[Ignore]) -> None:
    assert outline(source).ignores == tuple(ignores)


BROKEN = [
    ("string", "x = 'a\ny = 1\n", "x = 'a  #@1\ny = 1  #@2\n", [Problem(1, "a string that does not end")]),
    (
        "triple string",
        "x = '''a\ny = 1\ndef f(): pass\n",
        "x = '''a\ny = 1  #@1\ndef f(): pass  #@3\n",
        [Problem(1, "a string that does not end")],
    ),
    (
        "triple string to the end",
        "x = 1\ny = '''a\n",
        "x = 1  #@1\ny = '''a\n  #@2\n",
        [Problem(2, "a string that does not end")],
    ),
    ("f-string", "x = f'{a\ny = 1\n", "x = f'{a  #@1\ny = 1  #@2\n", [Problem(1, "an f-string that does not end")]),
    (
        "f-string's spec",
        "x = f'{a:'\ny = 1\n",
        "x = f'{a:'  #@1\ny = 1  #@2\n",
        [Problem(1, "an f-string that does not end")],
    ),
    (
        "bracket",
        "'''\n'''\nx = f(\ny = 1\n@a\ndef test_f():\n    pass\nz = (\nimport a\n",
        "x = f( y = 1  #@3\n@a  #@5\ndef test_f(): pass  #@6\nz = (  #@8\nimport a  #@9\n",
        [Problem(3, "a bracket that does not close"), Problem(8, "a bracket that does not close")],
    ),
    ("bracket to the end", "x = (\ny = 1\n", "x = ( y = 1  #@1\n", [Problem(1, "a bracket that does not close")]),
    ("closing bracket", "x = )\ny = (1\n)\n", "x = )  #@1\ny = (1 )  #@2\n", []),
    (
        "header in brackets",
        "x = (\n1\n)\ndef f(a, (b:\n  a\n",
        "x = ( 1 )  #@1\ndef f(a, (b: a  #@4\n",
        [Problem(4, "a bracket that does not close")],
    ),
    ("NUL", "x = 1\ny = '\0'\0\n", "x = 1  #@1\ny = '\0'?  #@2\n", [Problem(2, "a NUL byte")]),
    ("control characters", "x = '\x01'\x01\x02\x05\x06\x07\n", "x = '\x01'?????  #@1\n", []),
    (
        "unindent",
        "if a:\n    b\n  c\nd\n",
        "if a:  #@1\n b  #@2\nc  #@3\nd  #@4\n",
        [Problem(3, "unindent does not match any outer indentation level")],
    ),
    ("indent", "  x\ny = 1\n    z\n", " x  #@1\ny = 1  #@2\n z  #@3\n", []),
    ("function without a body", "def f(a):\nx = 1\n", "def f(a):  #@1\nx = 1  #@2\n", []),
    (
        "function without brackets",
        "def f:\n  x\ndef g(a\n",
        "def f:  #@1\n x  #@2\ndef g(a  #@3\n",
        [Problem(3, "a bracket that does not close")],
    ),
    ("clause without a statement", "else:\n  x\n", "else:  #@1\n x  #@2\n", []),
    (
        "decorator without a function",
        "class A:\n  @a\nx = 1\n@b\n",
        "class A:  #@1\n @a  #@2\nx = 1  #@3\n@b  #@4\n",
        [],
    ),
]


@pytest.mark.parametrize(
    ("source", "text", "problems"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN]
)
def test_text_that_is_not_python(source: str, text: str, problems: list[Problem]) -> None:
    found = outline(source)
    assert found.text == text
    assert found.problems == tuple(problems)


def test_the_first_problems_are_reported() -> None:
    assert len(outline("x = '\n" * 1000).problems) == MAX_PROBLEMS


DECODED = [
    (b"x = 1\r\ny = 2\rz = 3\n", "x = 1\ny = 2\nz = 3\n"),
    (b"\xef\xbb\xbfx = '\xc3\xa9'\n", "x = 'é'\n"),
    (b"\xef\xbb\xbf# coding: utf-8\nx\n", "# coding: utf-8\nx\n"),
    (b"# -*- coding: latin-1 -*-\nx = '\xe9'\n", "# -*- coding: latin-1 -*-\nx = 'é'\n"),
    (
        b"#!/bin/sh\r# vim: set fileencoding=cp1252 :\rx = '\x80'\r",
        "#!/bin/sh\n# vim: set fileencoding=cp1252 :\nx = '€'\n",
    ),
    (b"x = 1\n# coding: latin-1\ny = '\xc3\xa9'\n", "x = 1\n# coding: latin-1\ny = 'é'\n"),
    (b"\n\n# coding: latin-1\ny = '\xc3\xa9'\n", "\n\n# coding: latin-1\ny = 'é'\n"),
    (b"", ""),
]


@pytest.mark.parametrize(("data", "text"), DECODED)
def test_decode(data: bytes, text: str) -> None:
    assert decode(data) == text
    assert ast.dump(ast.parse(data)) == ast.dump(ast.parse(text))


UNDECODABLE = [
    (
        b"x = '\xe9'\n",
        UnicodeDecodeError,
        "'utf-8' codec can't decode byte 0xe9 in position 5: invalid continuation byte",
    ),
    (b"# coding: latin-2000\n", SyntaxError, "cannot decode as latin-2000: unknown encoding: latin-2000"),
    (
        b"\xef\xbb\xbf# coding: latin-1\n",
        SyntaxError,
        "the byte order mark says utf-8, the encoding declaration latin-1",
    ),
    (
        b"# coding: rot13\n",
        SyntaxError,
        "cannot decode as rot13: 'rot13' is not a text encoding; use codecs.decode() to handle arbitrary codecs",
    ),
    (b"# coding: undefined\n", SyntaxError, "cannot decode as undefined: "),
    (
        b"# coding: utf-7\nx = '+2AA-'\n",
        SyntaxError,
        "cannot decode as utf-7: 'utf-8' codec can't encode character '\\ud800' in position 21: surrogates not allowed",
    ),
]


@pytest.mark.parametrize(("data", "kind", "message"), UNDECODABLE)
def test_decode_refuses(data: bytes, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind) as caught:
        decode(data)
    assert str(caught.value).startswith(message)  # codecs of older Pythons say more


def nested(opening: str, closing: str, count: int) -> str:
    return "x = " + opening * count + "1" + closing * count + "\n"


def blocks(count: int, header: str = "if a:") -> str:
    return "".join([" " * depth + header + "\n" for depth in range(count)]) + " " * count + "b\n"


def marked(source: str) -> str:
    return "".join([f"{line}  #@{number}\n" for number, line in enumerate(source.splitlines(), 1)])


DEEP = "(" * 3000 + "1" + ")" * 3000
X, BRACKETS = "x = ...  #@1\n", "brackets nested 3000 deep"
EXPRESSION, CLAUSES = "an expression nested 3000 deep", "more than 300 clauses in one statement"
TOO_DEEP = [
    ("parentheses", nested("(", ")", 3000), X, [BRACKETS]),
    ("lists", nested("[", "]", 51), X, ["brackets nested 51 deep"]),
    ("dictionaries", nested("{1: ", "}", 3000), X, [BRACKETS]),
    ("calls", nested("f(", ")", 3000), X, [BRACKETS]),
    ("open brackets", "x = " + "[" * 3000 + "\n", X, ["a bracket that does not close", BRACKETS]),
    ("signs", nested("-", "", 3000), X, [EXPRESSION]),
    ("not", nested("not ", "", 3000), X, [EXPRESSION]),
    ("lambdas", nested("lambda a=1: ", "", 3000), X, [EXPRESSION]),
    ("attributes", "x = a" + ".b" * 3000 + "\n", X, [EXPRESSION]),
    ("chained calls", "x = a" + "()" * 400 + "\n", X, ["an expression nested 401 deep"]),
    ("calls with arguments", "x = a" + ".b(c, d)" * 201 + "\n", X, ["an expression nested 403 deep"]),
    ("sums", nested("1 + ", "", 3000), X, [EXPRESSION]),
    ("conditions", nested("1 if a else ", "", 1500), X, [EXPRESSION]),
    ("strings in a row", "x = " + "'a' " * 3000 + "\n", X, [EXPRESSION]),
    ("both", "x = " + ("[" + "-" * 99) * 5 + "1" + "]" * 5 + "\n", X, ["an expression nested 505 deep"]),
    ("f-string", "x = f'{" + DEEP + "}'\n", X, ["brackets nested 3001 deep"]),
    ("assignment", f"a, b = c = {DEEP}\n", "a, b = c = ...  #@1\n", [BRACKETS]),
    ("assignment on lines", f"a = \\\n  {DEEP}\n", "a = ...  #@1\n", [BRACKETS]),
    ("annotation", f"a: int = {DEEP}\n", "a = ...  #@1\n", [BRACKETS]),
    ("attribute", f"a.b = {DEEP}\n", "pass  #@1\n", [BRACKETS]),
    ("expression", f"{DEEP}\n", "pass  #@1\n", [BRACKETS]),
    ("decorator", f"@{DEEP}\nclass A: pass\n", "@...  #@1\nclass A: pass  #@2\n", [BRACKETS]),
    ("function", f"x\n@a\n@b\ndef f({DEEP[1:]}:\n  a\ny\n", "x  #@1\npass  #@4\ny  #@6\n", [BRACKETS]),
    (
        "method",
        f"class A:\n  def f({DEEP[1:]}:\n    a\n  y\n",
        "class A:  #@1\n pass  #@2\n y  #@4\n",
        [BRACKETS],
    ),
    ("class", f"class A{DEEP}:\n  x = 1\n", "class A:  #@1\n x = 1  #@2\n", [BRACKETS]),
    ("if", f"if {DEEP}:\n  x = 1\n", "if ...:  #@1\n x = 1  #@2\n", [BRACKETS]),
    (
        "elif",
        f"if a: b\nelif {DEEP}: c\nelse: {DEEP}\n",
        "if a: b  #@1\nelif ...: pass  #@2\nelse: pass  #@3\n",
        [BRACKETS, BRACKETS],
    ),
    ("for", f"for a in {DEEP}:\n  x = 1\n", "for _ in ...:  #@1\n x = 1  #@2\n", [BRACKETS]),
    ("case", f"match a:\n  case {DEEP}:\n    x\n", "match a:  #@1\n case _:  #@2\n  x  #@3\n", [BRACKETS]),
    ("try", f"try: {DEEP}\nexcept A: b\n", "try: pass  #@1\nexcept A: b  #@2\n", [BRACKETS]),
    ("one-line if", f"if a: {DEEP}\n", "pass  #@1\n", [BRACKETS]),
    (
        "in a kept function",
        f"def f():\n  getfixturevalue\n  return {DEEP}\n",
        "def f():  #@1\n getfixturevalue  #@2\n pass  #@3\n",
        [BRACKETS],
    ),
    ("in a reduced function", f"def test_f(a):\n  return a, {DEEP}\n", "def test_f(a): a  #@1\n", []),
    ("a long line", "x = [" + "1, " * 400_000 + "]\n", X, ["a statement of 1200006 characters"]),
    ("a long string", "x = '" + "a" * 2_000_000 + "'\n", X, ["a statement of 2000007 characters"]),
    ("blocks", blocks(100), marked(blocks(MAX_BLOCKS + 1).replace("b", "pass")), ["blocks nested too deep"]),
    (
        "blocks in clauses",
        "".join([f"{' ' * d}if a: b\n" + f"{' ' * d}elif c: d\n" * 8 + f"{' ' * d}elif c:\n" for d in range(45)]),
        marked(
            "".join([f"{' ' * d}if a: b\n" + f"{' ' * d}elif c: d\n" * 8 + f"{' ' * d}elif c:\n" for d in range(31)])
            + " " * 31
            + "pass\n"
        ),
        ["blocks nested too deep"],
    ),
    (
        "clauses",
        "if a: b\n" + "elif c: d\n" * 3000 + "else: e\n",
        marked("if a: b\n" + "elif c: d\n" * MAX_CLAUSES) + "else: e  #@3002\n",
        [CLAUSES],
    ),
    (
        "handlers",
        "try: b\n" + "except c: d\n" * 3000 + "x\n",
        marked("try: b\n" + "except c: d\n" * MAX_CLAUSES) + "x  #@3002\n",
        [CLAUSES],
    ),
    (
        "cases",
        "match a:\n" + " case c:\n  d\n" * 3000,
        marked("match a:\n" + " case c:\n  d\n" * MAX_CLAUSES),
        [CLAUSES],
    ),
]


@pytest.mark.parametrize(("source", "text", "messages"), [c[1:] for c in TOO_DEEP], ids=[c[0] for c in TOO_DEEP])
def test_what_the_parser_would_not_survive_is_replaced(source: str, text: str, messages: list[str]) -> None:
    found = outline(source)
    assert found.text == text
    assert [problem.message for problem in found.problems] == messages


WIDE = [
    ("brackets", nested("[", "]", MAX_BRACKETS)),
    ("operators", nested("-", "", MAX_DEPTH)),
    ("both", nested("[" + "-" * (MAX_DEPTH // MAX_BRACKETS - 2), "]", MAX_BRACKETS)),
    ("blocks", blocks(MAX_BLOCKS)),
    ("everything", blocks(MAX_BLOCKS - 1) + " " * (MAX_BLOCKS - 1) + nested("f(lambda: " * 1, ")", MAX_BRACKETS)),
    ("clauses", "if a: b\n" + "elif c: d\n" * (MAX_CLAUSES - 1) + "else: e\n"),
    ("many elements", "x = [" + "1," * 30_000 + "]\n"),
    ("many calls", "x = [" + "a.b(1, -2), " * 5_000 + "]\n"),
    ("many statements", "x = 1\n" * 5_000),
    ("the longest line", "x = '" + "a" * (MAX_LENGTH - 7) + "'\n"),
]


@pytest.mark.parametrize("source", [case[1] for case in WIDE], ids=[case[0] for case in WIDE])
def test_what_the_parser_survives_is_kept(source: str) -> None:
    found = outline(source)
    assert found.problems == ()
    assert found.text.count("#@") == len(source.splitlines())


def test_the_parser_survives(tmp_path: Path) -> None:
    for number, source in enumerate([case[1] for case in TOO_DEEP] + [case[1] for case in WIDE]):
        (tmp_path / f"{number:03}.py").write_text(outline(source).text, encoding="utf-8")
    program = dedent("""
        import sys, libcst
        from pathlib import Path
        for path in sorted(Path(sys.argv[1]).iterdir()):
            text = path.read_text(encoding="utf-8")
            print(path.name, end=" ", flush=True)
            try:
                libcst.parse_module(text)
            except libcst.ParserSyntaxError as error:
                print(error)
    """)
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == [f"{number:03}.py" for number in range(len(TOO_DEEP) + len(WIDE))]


# Text of which 300 kB took minutes to read if anything was quadratic in it.
LONG = [
    '"', "'''", '"""\n', 'f"{\n', 'f"""{', "f\"{f'{", "(", "(\n", "def f((\n", ")", "([{)]}\n", "\\\n", "\\", '"\\n',
    '"\\"\n', "'a\n", "#\n", "# fixturescope: ignore[A]\n", "@a\n", "if a:\n", "elif a:\n", " ", "\t", "\f", "   \n",
    '"a" ', '"a"\n', "a,", ". ", ".a", "+1", "def f(a):a\n", "def f(a):\n a\n", "\0", "\x02", "é", "a=", "def f(a,",
    'class A:\n "x"\n', 'f"{a["b"]}"\n', 'f"\\N{', '""     ', "x = 1 ", "@fixture\ndef db():yield\ndef test():db()\n",
    "\\\n'a\\\n\"b\n",
]  # fmt: skip


@pytest.mark.parametrize("unit", LONG, ids=[repr(unit) for unit in LONG])
def test_time_is_linear(unit: str) -> None:
    started = time.process_time()
    outline(unit * (300_000 // len(unit)))
    assert time.process_time() - started < 10


FRAGMENTS = [
    '"', "'", '"""', "'''", 'f"', "f'", "rf'", 'f"""', "{{", "}}", "{", "}", "(", ")", "[", "]", ":", ";", ",", ".",
    "...", "@", "=", ":=", "!=", "!", "->", "a", "b", "f", "test_a", "db", "fixture", "lambda", "yield", "def",
    "class", "if", "else", "async", "match", "case", "1", "1.5", "#", "\\", "é", "\0", "\x01", "\x02", " ", "  ",
    "\n", "\n", "\n    ", "\n\t", "\f", "\\\n", "def f(a, b):", "@pytest.fixture\n", "# fixturescope: ignore\n",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join)


@given(TEXTS | st.text())
@settings(max_examples=600, deadline=None)
def test_never_raises(source: str) -> None:
    source = source.replace("\r", "\n")  # as decode leaves it
    found = outline(source)
    lines = source.count("\n") + 1
    assert all(1 <= chunk.line <= lines for chunk in found.chunks)
    assert all(1 <= problem.line <= lines for problem in found.problems)
    assert all(1 <= ignore.line <= lines for ignore in found.ignores)
    warnings.simplefilter("ignore")
    try:
        ast.parse(source)
    except (SyntaxError, ValueError):
        return
    assert found.problems == ()
    assert differences(source) == []


@given(st.binary() | TEXTS.map(str.encode) | st.binary().map(b"# coding: utf-16\n".__add__))
@settings(max_examples=300, deadline=None)
def test_decode_raises_what_it_says(data: bytes) -> None:
    try:
        text = decode(data)
    except (UnicodeDecodeError, SyntaxError):
        return
    assert "\r" not in text


STANDARD_LIBRARY = sorted(
    path
    for path in Path(os.__file__).parent.rglob("*.py")
    if "site-packages" not in path.parts and path.name != "topics.py"
)


@pytest.mark.parametrize("first", range(10))
def test_standard_library(first: int) -> None:
    """A sample; ``python tests/analysis/helpers_outline.py DIR`` compares whole trees."""
    step = max(len(STANDARD_LIBRARY) // 15, 10)
    warnings.simplefilter("ignore")
    for path in STANDARD_LIBRARY[first * step // 10 :: step]:
        data = path.read_bytes()
        try:
            ast.parse(data)
        except (SyntaxError, ValueError):
            continue
        source = decode(data)
        assert (path, outline(source).problems) == (path, ())
        assert (path, differences(source)) == (path, [])
        try:
            libcst.parse_module(outline(source).text)
        except libcst.ParserSyntaxError:
            with pytest.raises(libcst.ParserSyntaxError):  # then the file itself is beyond it
                libcst.parse_module(source)
