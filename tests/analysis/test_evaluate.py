"""Statements, scopes and calls: what a module's names stand for equals what Python makes of it, or is unknown."""

from __future__ import annotations

import contextlib
import itertools
from textwrap import dedent, indent
from typing import Any

import pytest
from helpers_evaluate import UNKNOWN, contradicts, draw, module, shown
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixturescope.analysis.bounds import Bounds
from fixturescope.analysis.values import FixtureValue, FunctionValue

KNOWN = {
    "assignment": "x = y = 1",
    "annotated": "x: int = 1",
    "unpacking": "x, (y, z) = 1, (2, 3)",
    "unpacking with a star": "x, *y, z = 1, 2, 3, 4",
    "unpacking with an empty star": "x, *y, z = 1, 2",
    "unpacking a text": "x, y = 'ab'",
    "augmented": "x = [1]; x += [2]\ny = 1; y += 1; y *= 3",
    "deleted": "x = 1; y = 2; del x",
    "deleted in a list": "x = 1; y = 2; z = 3; del x, z",
    "if": "if 1 < 2: x = 1\nelse: x = 2",
    "elif": "if 2 < 1: x = 1\nelif True: x = 2\nelse: x = 3",
    "for": "x = []\nfor i in range(3): x.append(i)",
    "for over pairs": "x = {}\nfor k, v in [('a', 1), ('b', 2)]: x[k] = v",
    "for with else": "for i in 'ab': pass\nelse: x = i",
    "break": "x = []\nfor i in range(5):\n  if i == 2: break\n  x.append(i)\nelse: y = 1",
    "continue": "x = []\nfor i in range(5):\n  if i == 2: continue\n  x.append(i)",
    "nested loops": "x = []\nfor i in 'ab':\n  for j in range(2): x.append(f'{i}{j}')",
    "try": "try: x = 1\nexcept ValueError: x = 2\nelse: y = 3\nfinally: z = 4",
    "raise": "try: raise ValueError\nexcept ValueError as error: x = 2\nfinally: z = 4",
    "while that never runs": "x = 1\nwhile False: x = 2",
    "a list that a module's presence adds to": "x = [1]\ntry:\n  import json\n  x.append(2)\nexcept ImportError: pass",
    "while": "x = [1]\nwhile len(x) < 5: x.append(len(x))\nelse: y = 1",
    "while with break": "x = 0\nwhile True:\n  x += 1\n  if x == 7: break\nelse: y = 1",
    "return out of a loop": "def f():\n  for i in range(9):\n    if i == 3: return i\nx = f()",
    "mutable default": "def f(a=[]):\n  a.append(1)\n  return a\nf()\nx = f()",
    "sorted keeps what it sorts": "x = [[2], [1]]\ny = sorted(x)\ny[0].append(3)",
    "a view of a dict": "z = {'a': 1}\nx = list(z.keys())\nz['b'] = 2\ny = list(z)",
    "popped": "x = [1, 2, 3]\ny = x.pop(0)\nz = {'a': 1}.pop('a')",
    "raised and caught by a kind of it": "try: raise KeyError('a')\nexcept LookupError: x = 1\nexcept Exception: x = 2",
    "with": "import contextlib\nwith contextlib.suppress(ValueError): x = 1",
    "function": "def f(a, b=2): return [a, b]\nx = f(1)\ny = f(1, b=3)\nz = f(b=4, a=5)",
    "function without a return": "def f():\n  pass; return\nx = f()",
    "generator": "def f():\n  for i in 'ab': yield i\n  return 3\nx = list(f())",
    "generator that delegates": "def f():\n  yield 0\n  yield from range(3)\nx = list(f())",
    "early return": "def f(a):\n  if a > 1: return 'big'\n  return 'small'\nx = [f(1), f(2)]",
    "recursion that ends": "def f(n): return n if n == 0 else f(n - 1)\nx = f(1)",
    "closure": "def f(a):\n  def g(b): return [a, b]\n  return g\nx = f(1)(2)",
    "lambda in a closure": "def f(a): return lambda b: (a, b)\nx = f(1)(2)",
    "partial": "import functools\ndef f(a, b): return a + b\ng = functools.partial(f, 'a', b='c')\nx = g()",
    "class": "class C:\n  a = [1]\n  b = a + [2]\nx = C.b",
    "inherited": "class A:\n  a = 1\nclass B(A): pass\nx = B.a",
    "static method": "class C:\n  @staticmethod\n  def f(a): return [a]\nx = C.f(1)",
    "method that bears on fixtures": "class C:\n  a = 1\n  def f(self):\n    partial = [self.a]\n    return partial\nx = C().f()",
    "class method that does": (
        "class C:\n  a = 1\n  @classmethod\n  def f(cls):\n    partial = [cls.a]\n    return partial\nx = C.f()"
    ),
    "truth of a generator": "def f(): yield 1\nx = bool(f())",
    "set on a class": "class C: pass\nC.a = 1\nx = C.a",
    "decorator": "def same(f): return f\n@same\ndef f(): return 1\nx = f()",
    "decorator that replaces": "def other(f): return lambda: 2\n@other\ndef f(): return 1\nx = f()",
    "decorator with arguments": "def outer(n):\n  def inner(f): return lambda: n\n  return inner\n@outer(3)\ndef f(): return 1\nx = f()",
    "enum": "import enum\nclass E(enum.Enum):\n  A = 1\n  B = 2\n  C = 2\n  _private = 3\n  def f(self): pass\nx = len(list(E))",
    "comprehension over an enum": "from enum import Enum\nclass E(Enum):\n  A = (1, 2)\n  B = (1, 2)\nx = len([e for e in E])",
    "match": "x = 1\nmatch x:\n  case _: x = x",
    "walrus": "if (x := 3) > 2: y = x",
    "star in a call": "def f(*a, **k): return [a, k]\nx = f(*[1, 2], **{'b': 3})",
    "global constant in a function": "N = 3\ndef f(): return list(range(N))\nx = f()",
    "late binding": "fs = []\nfor n in 'ab': fs.append(lambda: n)\nx = [f() for f in fs]",
    "class of a dataclass": (
        "from dataclasses import dataclass, field\nfrom typing import ClassVar\n"
        "@dataclass\nclass A:\n  a: int\n  b: list = field(default_factory=list)\n  c: ClassVar[int] = 7\n"
        "@dataclass\nclass B(A):\n  d: str = 'd'\n  def __post_init__(self): self.e = [self.a, self.d]\n"
        "i = B(1, [2])\nx = [i.a, i.b, i.c, i.d, i.e]\ny = B(a=3).b"
    ),
    "named tuples": (
        "from collections import namedtuple\nfrom typing import NamedTuple\n"
        "P = namedtuple('P', 'a b', defaults=[2])\nclass Q(NamedTuple):\n  a: int\n  b: int = 5\n"
        "x = [P(1).b, *Q(3)]\na, y = P(8, 9)\nz = P(1, 2)[0]"
    ),
    "instances": (
        "class C:\n  kind = 'c'\n  def __init__(self, a, *b, c=3): self.a, self.b, self.c = a, b, c\n"
        "class D(C): kind = 'd'\ni = D(1, 2)\nj = i\nx = [i.a, i.b, i.c, i.kind]\ny = isinstance(i, C)"
    ),
    "members of an enum": (
        "from enum import Enum, IntEnum, auto\nclass E(Enum):\n  A = auto()\n  B = auto()\n  C = A\n"
        "class N(IntEnum):\n  A = 4\n  B = auto()\n"
        "x = [e.name for e in E] + [E.C.name, E['B'].value, E(2).name, E.A == E.C, E.A is E.B, N.B == 5, N.A in [1, 4]]\n"
        "y = {e: e.value for e in N.__members__.values()}[N.B]\nz = f'{N.B}'"
    ),
    "match on values": "y = 'b'\nmatch y:\n  case 'a' | 'c': x = 1\n  case 'b' if y == 'z': x = 2\n  case other: x = [other]",
    "global": "n = [1]\ndef f(a):\n  global m\n  m = a\n  return lambda: 1\nf(2)\nx = n",
    "nonlocal": "def f():\n  a = 1\n  def g():\n    nonlocal a\n    a = 2\n    return lambda: 1\n  g()\n  return [a]\nx = f()",
    "names through the namespace": "globals()['x'] = 1\nvars().update(y=[2])\nz = 'x' in globals()",
    "a class by a call": "T = type('T', (), {'a': [1]})\nx = T.a\ny = T().a",
    "code in a text": "exec('x = 1\\ny = [x]')",
    "copies": "import copy\nx = [[1], [2]]\ny = copy.deepcopy(x)\nz = copy.copy(x)\nx[0].append(3)\nx.append(4)",
    "next": "i = iter([1, 2])\nx = next(i)\ny = next(i)\nz = next(i, 3)",
    "filter": "x = list(filter(lambda n: n > 1, [1, 2, 3]))\ny = list(filter(None, [0, 1]))",
    "combinations": "import itertools\nx = [''.join(p) for p in itertools.combinations('abc', 2)]\ny = len(list(itertools.permutations('abc')))",
    "version": "import sys\nx = sys.version_info >= (3, 8)\ny = sys.version_info[0]",
}


def real(source: str) -> dict[str, Any]:
    """What Python makes of a module of ours."""
    namespace: dict[str, Any] = {}
    exec(dedent(source), namespace)
    return namespace


@pytest.mark.parametrize("source", KNOWN.values(), ids=KNOWN.keys())
def test_equals_python(source: str) -> None:
    expected = real(source)
    drawn = module(source)
    for name in "xyz":
        if name in expected:
            value = drawn.value(name)
            assert contradicts(value, expected[name]) is None, name
            assert UNKNOWN not in str(shown(value)) or source.startswith(("match", "x = 1\nmatch")), name
        else:
            assert shown(drawn.value(name)) == f"<builtins.{name}>"


PARTLY = [
    ("a condition that is not known", "import os\nif os.getpid(): x = 1\nelse: x = 2", "?"),
    ("one on which both agree", "import os\nif os.getpid(): x = 1\nelse: x = 1", 1),
    ("one on which both agree about a tuple", "import os\nif os.getpid(): x = 1, (2,)\nelse: x = 1, (2,)", (1, (2,))),
    ("one that makes equal lists, of which one may be another's", "import os\nif os.getpid(): x = [1]\nelse: x = [1]", "?"),
    ("one that binds in one branch", "import os\nif os.getpid(): x = 1", "?"),
    ("one that deletes", "import os\nx = 1\nif os.getpid(): del x", "?"),
    ("one that changes a list", "import os\nx = [1]\nif os.getpid(): x.append(2)", "?"),
    ("one that changes a dict", "import os\nx = {}\nif os.getpid(): x['a'] = 2", "?"),
    ("one that leaves things as they are", "import os\nx = [1]\nif os.getpid(): y = 2", [1]),
    ("a loop that is not known", "import os\nx = []\nfor i in os.listdir(): x.append(i)", "?"),
    ("the variable of such a loop", "import os\nfor x in os.listdir(): pass", "?"),
    ("a loop that is too long", "x = 0\nfor i in range(20_000): x = 1", "?"),
    ("a while loop that is not known", "import os\nx = 1\nwhile os.getpid(): x = 2", "?"),
    ("unpacking what is not known", "import os\nx, y = os.listdir()", "?"),
    ("unpacking too few", "x, y = [1]", "?"),
    ("a star that takes what is not known", "import os\n*x, y = os.listdir()", "?"),
    ("a context's value", "import os\nwith os.scandir() as x: pass", "?"),
    ("match", "import os\nmatch os.getpid():\n  case 1: x = 1\n  case 2: x = 2", "?"),
    ("match on which all agree", "import os\nx = 1\nmatch os.getpid():\n  case 1: x = 1\n  case _: pass", 1),
    ("a return that may be", "import os\ndef f():\n  if os.getpid(): return 1\n  return 2\nx = f()", "?"),
    ("a return that may be the only one", "import os\ndef f():\n  if os.getpid(): return 1\nx = f()", "?"),
    ("both branches return", "import os\ndef f():\n  if os.getpid(): return 1\n  else: return 2\nx = f()", "?"),
    ("a generator that may stop", "import os\ndef f():\n  yield 1\n  if os.getpid(): return\n  yield 2\nx = list(f())", "?"),
    ("a generator that may yield", "import os\ndef f():\n  if os.getpid(): yield 1\nx = list(f())", "?"),
    ("a generator of what is not known", "import os\ndef f(): yield from os.listdir()\nx = list(f())", "?"),
    ("endless recursion", "def f(n): return f(n)\nx = f(1)", "?"),
    ("mutual recursion", "def f(n): return g(n)\ndef g(n): return f(n)\nx = f(1)", "?"),
    ("an argument that is missing", "def f(a, b): return b\nx = f(1)", "?"),
    ("an exception's value", "try: raise ValueError\nexcept ValueError as x: y = 1", "?"),
    ("how many flags", "import enum\nclass E(enum.Flag):\n  A = 1\n  B = 2\n  AB = 3\nx = len(list(E))", "?"),
    ("an enum with a member that may be", "import enum, os\nclass E(enum.Enum):\n  A = 1\n  if os.getpid(): B = 2\nx = len(list(E))", "?"),
    ("an attribute that a method may set", "class C:\n  def __init__(self): self.a = 1\n  def f(self): self.a = 2\nc = C()\nc.f()\nx = c.a", "?"),
    ("an attribute that a branch sets", "import os\nclass C: pass\nc = C()\nc.a = 1\nif os.getpid(): c.a = 2\nx = c.a", "?"),
    ("an attribute of what inherits from a library", "import lib\nclass C(lib.Base):\n  a = 1\nx = C().a", "?"),
    ("a list that a method fills", "class C:\n  def __init__(self): self.a = []\n  def f(self, b): self.a.append(b)\nc = C()\nx = c.a + [1]", "?"),
    ("a field that is missing", "import dataclasses\n@dataclasses.dataclass\nclass C:\n  a: int\nx = C(**{}).a", "?"),
    ("a case that may be", "import os\nmatch os.getpid():\n  case 1: x = 1\n  case n if n > 1: x = 2", "?"),
    ("a name that a function may assign", "x = 1\ndef f():\n  global x\n  x = 2\nf()\ny = x", "?"),
    ("a name that a function changes", "x = [1]\ndef f(): x.append(2)\nf()\ny = x", "?"),
    ("a method that bears on no fixture", "class C:\n  def f(self): return 1\nx = C().f()", "?"),
    ("a cycle of classes", "class C(C): pass\nx = C.a", "?"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), [row[1:] for row in PARTLY], ids=[row[0] for row in PARTLY])
def test_says_what_it_does_not_know(source: str, expected: object) -> None:
    assert shown(module(source).value("x")) == expected


# ------------------------------------------------------------------------------------------------- what is easily wrong

SUBTLE = {
    "one list by two names": "x = y = []\ny.append(1)",
    "a list within a dict": "x = {'a': []}\nx['a'].append(1)",
    "an item that is replaced": "x = ['a', 'b']\nx[0] = 'c'",
    "an item that is deleted": "x = ['a', 'b']\ndel x[0]",
    "an entry that is deleted": "x = {'a': 1}\ndel x['a']",
    "an entry that is added to": "x = {'a': [1]}\nx['a'] += [2]",
    "a class's list": "class C:\n  a = []\nC.a.append(1)\nx = C.a",
    "a list that a function gets": "def f(a): a.append(1)\nx = []\nf(x)",
    "a continue that may be": "import os\nx = []\nfor i in range(3):\n  if os.getpid(): continue\n  x.append(i)",
    "a break that may be": "import os\nx = []\nfor i in range(3):\n  if os.getpid(): break\n  x.append(i)",
    "a default is evaluated with the def": "fs = []\nfor n in 'ab':\n  def f(n=n): return [n]\n  fs.append(f)\nx = fs[0]()",
    "bound twice where it may not be bound": "import os\nx = []\nif not os.getpid(): x = [1]\nif not os.getpid(): x = [1]",
    "an iterator is used up": "x = zip([1], [2])\ny = list(x)\nx = list(x)",
    "a return that may be in a loop": "import os\ndef f():\n  for i in range(3):\n    if os.getpid(): return i\n  return 9\nx = f()",
    "a loop that may break keeps its else": "import os\nx = 1\nfor i in range(3):\n  if os.getpid(): break\nelse: x = 2",
    "a change in a branch seen by another name": "import os\nx = [1]\ny = x\nif os.getpid(): y.append(2)",
    "a change within a call in a branch": "import os\nx = [1]\ndef f(a): return a.append(2)\nif os.getpid(): f(x)",
    "a try that may not come to its end": "x = 1\ntry:\n  x = 2\n  int('a')\n  x = 3\nexcept ValueError: pass",
    "an error that a with swallows": "import contextlib\nx = 1\nwith contextlib.suppress(ValueError):\n  int('a')\n  x = 2",
    "a view that has changed": "d = {'a': 1}\nv = d.keys()\nd['b'] = 2\nx = list(v)",
    "a generator that is late": "n = 1\ng = (n for i in range(2))\nn = 2\nx = list(g)",
    "true and one": "import os\nif not os.getpid(): x = 1\nelse: x = True",
    "the second round of a loop": "import os\nx = y = 1\nfor i in os.listdir('/'):\n  x = y\n  y = 2",
    "one iterator twice": "i = iter([1, 2, 3, 4])\nx = list(zip(i, i))",
    "a size under a condition": "import os\nif not os.getpid(): x = range(30_000)\nelse: x = range(3)",
}


@pytest.mark.parametrize("source", SUBTLE.values(), ids=SUBTLE.keys())
def test_never_a_wrong_value_of_a_statement(source: str) -> None:
    assert contradicts(module(source).value("x"), real(source)["x"]) is None


# --------------------------------------------------------------------------------------------- programs at random

CONDITIONS = ["True", "False", "os.getpid()", "not os.getpid()", "len(x) > 1", "y == 2"]
SIMPLE = [
    "x = [1]", "x = ['a', 'b']", "x = []", "y = 1", "y = y + 1", "y = len(x)", "x = x + [y]", "x += [3]", "x.append(y)", "x.extend('ab')",
    "z = {'a': y}", "z = dict(zip('ab', x))", "z['b'] = y", "z = {**z, 'c': 1}", "x = list(z)", "x = sorted(z)", "y = f(y)", "x = g(x)",
    "x = list(h())", "y, *x = [1, 2, 3]", "x.clear()", "x.reverse()", "z = {n: y for n in 'ab'}", "x = [n for n in x if n != y]", "y += 1",
    "try: y = 5\nexcept ValueError: y = 6", "z = dict(z)", "x = x[1:]", "y = 'a' if x else 'b'",
]  # fmt: skip
FUNCTIONS = """
import os
x, y, z = [], 0, {}
def f(a):
    if a == 1: return 2
    return 1
def g(a): return [*a, 0]
def h():
    yield 1
    yield from 'ab'
"""


def _deeper(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    block = st.lists(inner, min_size=1, max_size=3).map(lambda lines: indent("\n".join(lines), "  "))
    return st.one_of(
        st.builds(lambda test, body: f"if {test}:\n{body}", st.sampled_from(CONDITIONS), block),
        st.builds(lambda test, a, b: f"if {test}:\n{a}\nelse:\n{b}", st.sampled_from(CONDITIONS), block, block),
        st.builds(
            lambda over, body: f"for i in {over}:\n{body}",
            st.sampled_from(["range(2)", "'ab'", "()", "os.listdir()[:2]"]),
            block,
        ),
        st.builds(lambda body: f"try:\n{body}\nfinally:\n  y = 9", block),
        st.builds(lambda body: f"with contextlib.nullcontext():\n{body}", block),
    )


PROGRAMS = st.lists(st.recursive(st.sampled_from(SIMPLE), _deeper, max_leaves=6), min_size=1, max_size=6).map("\n".join)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(PROGRAMS)
def test_never_a_wrong_value(program: str) -> None:
    """Of any module that Python can run to its end."""
    source = f"import contextlib\n{FUNCTIONS}\n{program}\n"
    expected: dict[str, Any] = {}
    with contextlib.suppress(Exception):
        expected = real(source)
    drawn = module(source)
    for name in "xyz":
        if name in expected:
            assert contradicts(drawn.value(name), expected[name]) is None, name


# --------------------------------------------------------------------------------------------------------------- bounds


STOPS = {
    "steps": ("for i in range(1_000):\n  x = i\ny = 1", Bounds(steps=100), [(2, "evaluation stopped after 100 steps")]),
    "steps of a comprehension": ("x = [i for i in range(1_000)]\ny = 1", Bounds(steps=100), [(1, "evaluation stopped after 100 steps")]),
    "seconds": ("for i in range(1_000):\n  x = i\ny = 1", Bounds(seconds=9), [(2, "evaluation stopped after 9 seconds")]),
    "depth": (
        "".join(f"def f{i + 1}(): return f{i}()\n" for i in range(9)).replace("f0()", "1") + "x = f9()",
        Bounds(call_depth=4),
        [(6, "calls within calls are followed 4 deep")],
    ),
    "items of a loop": (
        "for i in range(9): globals()[f'a{i}'] = 1",
        Bounds(items=8),
        [
            (1, "a collection of more than 8 items is not looked at"),
            (1, "a loop over values that are not known makes names"),
            (1, "a name is made that is not known (it looks like 'a*')"),
        ],
    ),
    "items of a comprehension": (
        "x = [i for i in range(9)]", Bounds(items=8), [(1, "a collection of more than 8 items is not looked at")]
    ),
    "items that are made": (
        "x = [i + j for i in range(3) for j in range(3)]", Bounds(items=8), [(1, "a collection of more than 8 items is not looked at")]
    ),
    "a text that grows": ("x = 'ab'\ny = x + 'cd'\nz = y + 'e'", Bounds(text=4), [(3, "a text of more than 4 characters is not worked out")]),
    "a text that is formatted": ("y = 'ab'\nx = f'{y}c{y}'", Bounds(text=4), [(2, "a text of more than 4 characters is not worked out")]),
    "a text that is joined": ("x = '-'.join(['ab', 'c'])", Bounds(text=3), [(1, "a text of more than 3 characters is not worked out")]),
    "a text that is in bounds": ("x = 'ab'.replace('a', 'bbb').join('12')", Bounds(text=6), []),
    "a size that nobody asks the items of": ("x = len(range(9))\ny = list(range(9)) * 2", Bounds(items=8), []),
}  # fmt: skip


@pytest.mark.parametrize(("source", "bounds", "said"), STOPS.values(), ids=STOPS)
def test_a_program_that_does_too_much_stops(source: str, bounds: Bounds, said: list[tuple[int, str]]) -> None:
    drawn = module(source)
    evaluator = drawn.linker.evaluator
    ticks = itertools.count()
    evaluator.bounds, evaluator.clock = bounds, lambda: float(next(ticks))
    assert [(issue.line, issue.message) for issue in drawn.module("module").issues] == said


def test_what_a_module_imports_does_not_count_as_its_time() -> None:
    slow = "for i in range(1_000):\n  x = i\n"
    drawn = draw({"module.py": f"import other\ny = other.x\n{slow}", "other.py": slow})
    evaluator = drawn.linker.evaluator
    ticks = itertools.count()
    evaluator.bounds, evaluator.clock = Bounds(seconds=24), lambda: float(next(ticks))
    assert drawn.module("module").issues == []
    assert drawn.module("other").issues == []


def test_loops_within_loops_end() -> None:
    source = "".join(f"{' ' * depth}for i{depth} in range(100):\n" for depth in range(6)) + f"{' ' * 6}x = 1\n"
    drawn = module(source)
    drawn.linker.evaluator.bounds = Bounds(steps=20_000)
    assert drawn.module("module").state == "done"


def test_calls_that_double_end() -> None:
    source = "def f0(): return 'x'\n" + "".join(f"def f{i}(): return f{i - 1}() + f{i - 1}()\n" for i in range(1, 10))
    assert shown(module(source + "x = f9()\n").value("x")) == "x" * 512


# --------------------------------------------------------------------------------------------------- what is remarkable

ISSUES = [
    ("a fixture made in a loop that is not known", "import os\nfor n in os.listdir():\n  def f(): pass", ["a loop over values that are not known makes names"]),
    ("a name made in one", "import os\nfor n in os.listdir(): globals()[n] = 1",
     ["a loop over values that are not known makes names", "a name is made that is not known"]),
    ("a class made within an if within one", "import os\nfor n in os.listdir():\n  if n:\n    class C: pass",
     ["a loop over values that are not known makes names"]),
    ("such a loop that makes nothing", "import os\nfor n in os.listdir(): print(n)", []),
    ("a name made through the namespace", "globals()['x'] = 1", []),
    ("names made by a call", "globals().update(x=1)", []),
    ("names that are not known, made by a call", "import os\nglobals().update(os.environ)", ["a name is made that is not known"]),
    ("a name that is partly known", "import os\nglobals()['get_' + os.environ['WHO']] = 1", ["a name is made that is not known (it looks like 'get_*')"]),
    ("a call that registers", "from lib import register\nregister(1)", ["a call registers names at import"]),
    ("a module that may skip itself", "import os, pytest\nif os.getpid(): pytest.skip('no', allow_module_level=True)",
     ["the module may skip itself: pytest.skip at module level"]),
]  # fmt: skip


@pytest.mark.parametrize(("source", "messages"), [row[1:] for row in ISSUES], ids=[row[0] for row in ISSUES])
def test_issues(source: str, messages: list[str]) -> None:
    assert [issue.message for issue in module(source).module("module").issues] == messages


def test_a_module_that_skips_itself() -> None:
    drawn = module("import pytest\nx = 1\npytest.importorskip('nosuch')\ny = 2", missing=frozenset({"nosuch"}))
    found = drawn.module("module")
    assert (found.skipped, found.skipped_at) == (
        "pytest.importorskip('nosuch'): the module is not in the target environment",
        3,
    )
    assert shown(drawn.value("y")) == 2  # read on all the same: elsewhere the module may not skip itself


@pytest.mark.parametrize(
    ("source", "failed"),
    [
        ("import nosuch", "ImportError: No module named 'nosuch'"),
        ("from nosuch import a", "ImportError: No module named 'nosuch'"),
        ("raise RuntimeError('no')", "RuntimeError"),
        ("raise RuntimeError", "RuntimeError"),
        ("raise", "raises while imported"),
        ("try: import nosuch\nfinally: x = 1", "ImportError: No module named 'nosuch'"),
        ("try: import nosuch\nexcept KeyError: x = 1", "ImportError: No module named 'nosuch'"),
        ("try: import nosuch\nexcept ImportError: x = 1", None),
        ("try: import nosuch\nexcept (KeyError, ModuleNotFoundError): x = 1", None),
        ("try: import nosuch\nexcept Exception as e: x = 1", None),
        ("try: import nosuch\nexcept: x = 1", None),
        ("try: import nosuch\nexcept builtins.ImportError: x = 1", None),
        ("try: raise KeyError\nexcept KeyError: x = 1", None),
        ("try: import nosuch\nexcept [][0]: x = 1", None),
    ],
)
def test_a_module_that_fails(source: str, failed: str | None) -> None:
    assert module(source, missing=frozenset({"nosuch"})).module("module").failed == failed


def test_what_is_bound_twice_is_remembered() -> None:
    frame = (
        module("import pytest\n@pytest.fixture\ndef a(): pass\n@pytest.fixture\ndef a(): pass\n").module("module").frame
    )
    assert [(name, binding.line) for name, binding in frame.replaced] == [("a", 3)]


def test_fixtures_in_their_forms() -> None:
    drawn = module(
        """
        import functools
        import pytest as pt
        from pytest import fixture as fx
        import lib

        @pt.fixture
        def plain(): pass
        @fx(scope="session")
        def called(): pass
        assigned = pt.fixture(lambda: 1)
        named = fx(name="other")(lambda: 1)
        session = functools.partial(pt.fixture, scope="session")
        @session()
        def partial(): pass
        @lib.resource
        def project(): pass
        def wrapper(**options):
            def decorate(function): return pt.fixture(**options)(function)
            return decorate
        @wrapper(scope="class")
        def wrapped(): pass
        @staticmethod
        def no_fixture(): pass
    """,
        fixture_decorators=frozenset({"lib.resource"}),
    )
    made = {
        name: drawn.value(name) for name in ("plain", "called", "assigned", "named", "partial", "project", "wrapped")
    }
    assert all(isinstance(value, FixtureValue) for value in made.values())
    scopes = {name: shown(value.options["scope"]) for name, value in made.items() if "scope" in value.options}  # type: ignore[attr-defined]
    assert scopes == {"called": "session", "partial": "session", "wrapped": "class"}
    assert isinstance(drawn.value("no_fixture"), FunctionValue)


def test_marks_gather_on_functions_and_classes() -> None:
    drawn = module("""
        import pytest
        slow = pytest.mark.slow
        @slow
        @pytest.mark.parametrize("a", [1, 2])
        def test_it(a): pass
        @slow(reason="x")
        class TestIt: pass
        both = [slow, pytest.mark.fast()]
        more = pytest.mark.usefixtures.with_args("a")
        test_it.__test__ = False
    """)
    function, cls = drawn.value("test_it"), drawn.value("TestIt")
    assert [(mark.name, mark.applied) for mark in function.marks] == [("parametrize", True), ("slow", False)]  # type: ignore[attr-defined]
    assert [(mark.name, mark.kwargs["reason"].value) for mark in cls.marks] == [("slow", "x")]  # type: ignore[attr-defined]
    assert shown(drawn.value("both")) == ["@slow", "@fast"]
    assert [shown(arg) for arg in drawn.value("more").args] == ["a"]  # type: ignore[attr-defined]
    assert function.test is False  # type: ignore[attr-defined]
