"""Modules that want the evaluator to be wrong, to take forever or to take all memory: it is right or does not know, soon.

Each snippet is run by Python too, where that is quick, and what we say of ``x`` must not contradict what came of it.
"""

from __future__ import annotations

import sys
import tracemalloc
import types
from textwrap import dedent
from typing import Any

import pytest
from helpers_evaluate import contradicts, module, shown

from fixturescope.analysis.bounds import Bounds

TRICKS = {
    "a range of one's own": "range = lambda n: [9]\nx = list(range(3))",
    "another pytest": "class pytest:\n  def fixture(f): return [1]\n@pytest.fixture\ndef x(): pass",
    "a builtin that is replaced": "import builtins\nkept = builtins.len\nbuiltins.len = lambda v: 7\ntry:\n  x = [len([])]\nfinally:\n  builtins.len = kept",
    "attributes from __getattr__": "class C:\n  def __getattr__(self, name): return name * 2\nx = C().a",
    "attributes from __getattribute__": "class C:\n  a = 1\n  def __getattribute__(self, name): return 2\nx = C().a",
    "a property": "class C:\n  def __init__(self): self._a = 1\n  @property\n  def a(self): return [self._a]\nx = C().a",
    "an equality of one's own": "class C:\n  def __eq__(self, other): return True\n  __hash__ = None\nx = 1 if C() == 3 else 2",
    "a truth of one's own": "class C:\n  def __bool__(self): return False\nx = 1 if C() else 2",
    "a length of one's own": "class C:\n  def __len__(self): return 0\nx = 1 if C() else 2",
    "a call of one's own": "class C:\n  def __call__(self, a): return [a]\nx = C()(1)",
    "an iteration of one's own": "class C:\n  def __iter__(self): return iter('ab')\nx = [c for c in C()]",
    "an index of one's own": "class C:\n  def __getitem__(self, i): return i\nx = C()[3]",
    "a list of another kind": "class L(list):\n  def append(self, v): pass\nx = L()\nx.append(1)",
    "a dict of another kind": "class D(dict):\n  def __missing__(self, k): return k\nx = D()['a']",
    "a metaclass": "class M(type):\n  def __call__(cls): return [1]\nclass C(metaclass=M): pass\nx = C()",
    "an object from __new__": "class C:\n  def __new__(cls): return [1]\nx = C()",
    "a descriptor": "class D:\n  def __get__(self, o, t): return [t.__name__]\nclass C:\n  a = D()\nx = C.a",
    "slots and class attributes": "class C:\n  a = 1\nc = C()\nC.a = 2\nx = c.a",
    "an instance that is shared": "class C:\n  def __init__(self): self.a = []\nc = d = C()\nd.a.append(1)\nx = c.a",
    "a change through an alias": "a = []\nb = {'k': a}\nc = b['k']\nc.append(1)\nx = a",
    "a change through a closure": "a = []\ndef f():\n  def g(v): a.append(v)\n  return g\nf()(1)\nx = a",
    "a change by a lambda": "x = [1]\nf = lambda v: x.append(v)\nf(2)",
    "a change by map": "x = []\nlist(map(x.append, [1, 2]))",
    "a change by a comprehension": "x = []\n[x.append(i) for i in range(3)]",
    "a change by a default": "def f(a=[]):\n  a.append(len(a))\n  return a\nf(); f()\nx = f()",
    "a name that a comprehension hides": "x = 1\ny = [x for x in range(3)]",
    "a walrus in a comprehension": "y = [x := i for i in range(3)]",
    "a name that a class hides": "x = 1\nclass C:\n  x = 2\n  y = [x for _ in range(1)]\nx = C.y",
    "a deleted name": "x = 1\ndef f():\n  global x\n  del x\n  x = 3\nf()",
    "an exception in the middle": "x = []\ntry:\n  x.append(1)\n  x.append({}['k'])\n  x.append(2)\nexcept KeyError:\n  x.append(3)",
    "an exception in a call": "def f(): raise ValueError\nx = 1\ntry:\n  f()\n  x = 2\nexcept ValueError:\n  x = 3",
    "an exception in a loop": "x = 0\ntry:\n  for i in range(5):\n    x = 10 // (3 - i)\nexcept ZeroDivisionError:\n  pass",
    "an exception before the last value": "x = 3\ntry:\n  for x in [1, 3]: x.real.nothing\nexcept AttributeError: pass",
    "an exception before the one that is seen": "x = 0\ntry:\n  x = 1\n  int('a')\n  x = 2\n  raise ValueError\nexcept ValueError: pass",
    "a list that may be one that is not known": "import os\na = x = [1]\nif not os.getpid():\n  a = [*a, 2]\n  del a[:]\na.append(3)",
    "a copy that may be made": "import os\na = x = [1]\nif not os.getpid(): x = list(a)\na.append(2)",
    "finally returns": "def f():\n  try:\n    return 1\n  finally:\n    return 2\nx = f()",
    "finally after break": "x = []\nfor i in range(3):\n  try:\n    break\n  finally:\n    x.append(i)",
    "a generator half used": "def f():\n  yield 1\n  yield 2\n  yield 3\ng = f()\nnext(g)\nx = list(g)",
    "a generator that looks late": "a = [1]\ndef f():\n  for v in a: yield v\ng = f()\na.append(2)\nx = list(g)",
    "a generator with effects": "x = []\ndef f():\n  x.append(1)\n  yield 1\ng = f()\ny = len(x)",
    "what send gives": "def f():\n  v = yield 1\n  yield v\ng = f(); next(g)\nx = [g.send(5)]",
    "a loop over what it changes": "x = [1, 2, 3]\nfor v in x:\n  if len(x) < 6: x.append(v)",
    "a loop over a map of what it changes": "x = [1, 2, 3]\nfor v in map(str, x):\n  if len(x) < 6: x.append(v)",
    "a loop over a filter of what it changes": "x = [1, 2, 3]\nfor v in filter(None, x):\n  if len(x) < 6: x.append(v)",
    "a loop over a generator of what it changes": "x = [1, 2, 3]\nfor v in (n for n in x):\n  if len(x) < 6: x.append(v)",
    "a list that may be another, changed": "import os\na = x = [1]\nif not os.getpid(): a = [2]\na.append(3)",
    "a list that may be another, added to": "import os\na = x = [1]\nif not os.getpid(): a = [2]\na += [3]",
    "a list that may be another, by an index": "import os\na = x = [1]\nif not os.getpid(): a = [2]\na[0] = 3",
    "a list that may be another, shortened": "import os\na = x = [1]\nif not os.getpid(): a = [2]\ndel a[0]",
    "a list that may be another, handed on": "import os\na = x = [1]\nif not os.getpid(): a = [2]\nb = a\ndef f(v): v.append(4)\nf(b)",
    "a dict that may be another": "import os\na = x = {'k': 1}\nif not os.getpid(): a = {}\na.update(l=2)",
    "a loop over a generator function's view": "x = [1, 2]\ndef f(v):\n  for one in v: yield one\nfor v in f(x):\n  if len(x) < 6: x.append(v)",
    "a loop over what a generator function sees": "x = [1, 2]\ndef f():\n  for one in x: yield one\nfor v in f():\n  if len(x) < 6: x.append(v)",
    "an instance that may be another": "import os\nclass C:\n  def __init__(self, a): self.a = a\nb = C(1)\nif not os.getpid(): b = C(2)\nx = b.a",
    "an instance that may be another, changed": "import os\nclass C:\n  def __init__(self, a): self.a = a\nb = c = C(1)\nif not os.getpid(): b = C(2)\nb.a = 3\nx = c.a",
    "a member that may be another": "import enum, os\nclass E(enum.Enum):\n  A = 1\n  B = 2\ne = E.A\nif not os.getpid(): e = E.B\nx = e.name",
    "a loop variable after the loop": "for x in range(3): pass\nelse: y = x",
    "an empty loop keeps its variable": "x = 'kept'\nfor x in []: pass",
    "unpacking that fails": "x = 1\ntry: x, y = [5]\nexcept ValueError: pass",
    "a swap": "x, y = 1, 2\nx, y = y, x",
    "chained assignment to an index": "i = 0\na = [0, 0]\ni = a[i] = 1\nx = a",
    "a chained comparison": "x = [1 < 3 > 2, 1 < 3 < 2]",
    "short circuits": "x = []\nFalse and x.append(1)\nTrue or x.append(2)",
    "a name that another may overwrite": "import os\nx_1 = 5\nfor e in ['1'] if os.getpid() else []: globals()[f'x_{e}'] = 6\nx = [x_1]",
    "data that another may overwrite": "import os\nx = 5\nglobals()['x' if os.getpid() else 'y'] = 6\nx = [x]",
    "names of the namespace": "globals()['y'] = 5\nx = [y]",
    "the namespace replaced": "x = 1\nglobals().clear()\nx = [2]",
    "exec in a scope of its own": "x = 1\nexec('x = 2', {})",
    "exec in a function": "x = 1\ndef f():\n  exec('x = 2')\n  return lambda: 1\nf()",
    "formats": "x = ['%5.2f|%-4s|%x' % (1.5, 'a', 255), '{:>5}'.format('a'), f'{3:04d}', f'{\"a\"!r}', f'{1.50}']",
    "numbers": "x = [7 // -2, -7 % 3, 2 ** -1, 1 / 3, True + True, 0.1 + 0.2, round(2.5), int('0x10', 16)]",
    "equal keys": "x = {1: 'a', True: 'b', 1.0: 'c'}",
    "sets forget order": "x = list({3, 1, 2})",
    "a slice that is assigned": "x = [1, 2, 3]\nx[1:] = [9]",
    "a nested star": "a, (b, *c), d = 1, (2, 3, 4), 5\nx = [a, b, c, d]",
    "keyword arguments that repeat": "def f(a, **k): return [a, k]\nx = f(**{'a': 1, 'b': 2})",
    "positional only": "def f(a, /, b, *, c): return [a, b, c]\nx = f(1, b=2, c=3)",
    "a list that may be another, in a loop that may happen": "import itertools, os\na = x = [1]\nif not os.getpid(): a = [2]\nfor v in itertools.islice(a, 3): a += [v]",
    "a list that a loop over a set adds to": "x = a = [1]\nfor v in {2, 3}: a += [v]",
    "a loop over a set": "for x in {'p', 'q'}: pass",
    "a loop over a set that counts": "y = {}\nn = 0\nfor v in {'p', 'q'}:\n  n += 1\n  y[v] = n\nx = [y['p'], n]",
    "a loop over a set that fills a list": "x = []\nfor v in {'p', 'q'}: x.append(v)",
    "a loop over a set that ends early": "x = 0\nfor v in {'p', 'q'}:\n  x += 1\n  if v == 'q': break",
    "a loop over a set that agrees with itself": "x = 0\nfor v in {'p', 'q'}: x = 7",
    "a loop over a set that asks for the first": "x = None\nfor v in {'p', 'q'}:\n  if x is None: x = v",
    "a loop over a set that looks at the namespace": "x = 0\nfor v in {'p', 'q'}:\n  if 'done' not in globals():\n    done = x = v",
    "a loop over a set that sets an attribute": "class C: pass\nc = C()\nfor v in {'p', 'q'}: c.a = v\nx = c.a",
    "a loop over a set in a generator function": "def f():\n  for v in {'p', 'q'}: yield v\nx = list(f())",
    "an iterator over a set, twice": "i = iter({1, 2})\nlist(i)\nx = list(i)",
    "a set that is unpacked": "x, y = {'p', 'q'}",
    "a tuple of a set": "x = isinstance(tuple({1, 2}), tuple)",
    "a sum that hangs on the order": "x = sum({0.1, 0.2, 0.3})",
    "the larger of what is equal": "x = max(map(int, {'1'})) and max(list({True}) + [1.0])",
    "and that may not be": "import os\nx = [1]\nnot os.getpid() and x.append(2)",
    "a walrus that may not be": "import os\nx = 0\nnot os.getpid() and (x := 3)",
    "a walrus in one of two ways": "import os\nx = 0\ny = (x := 1) if not os.getpid() else 2",
    "a walrus in a chained comparison": "import os\nx = 0\ny = os.getpid() < 0 < (x := 5)",
    "a walrus in a comprehension that hides": "x = 0\ny = [x := i for i in range(3)]",
    "a walrus in a generator": "x = 0\ny = any((x := n) > 0 for n in [1, 2, 3])",
    "a generator that nobody asks": "x = []\ng = (x.append(i) for i in range(3))",
    "a map that nobody asks": "x = []\nm = map(x.append, [1])",
    "a generator function that nobody asks": "x = 1\ndef f():\n  globals()['x'] = 2\n  yield 2\ng = f()",
    "a method by its class": "x = [1]\nlist.append(x, 2)",
    "a list that is handed to an object": "x = [1]\nclass C:\n  def __call__(self, v): v.append(3)\nC()(x)",
    "an item by a special method": "x = [1, 2]\nx.__setitem__(0, 9)",
    "an entry by a special method": "x = {'a': 1}\nx.__ior__({'b': 2})",
    "a set that becomes smaller": "x = {1, 2}\nx.intersection_update([1])",
    "an attribute that doubles": "class C:\n  def __init__(self, a): self.a = a\n  def __setattr__(self, n, v): object.__setattr__(self, n, v * 2)\nx = C(1).a",
    "a class that changes those below it": "class B:\n  def __init_subclass__(cls): cls.a = 't'\nclass C(B): a = 'c'\nx = C.a",
    "a class that a decorator changes": "def d(cls):\n  cls.a = 'd'\n  return cls\n@d\nclass C: a = 'c'\nx = C.a",
    "an index that is not there": "x = 'w'\ny = []\ntry: y[0] = 1\nexcept IndexError: x = 'failed'",
    "an addition that fails": "x = 1\ntry: x += 'a'\nexcept TypeError: x = 'c'",
    "a value that cannot be unpacked": "x = 1\ny = 2\ntry:\n  a, b = y\n  x = 3\nexcept TypeError: x = 4",
    "a comparison that fails": "y = 'k'\ntry: x = [1 < y]\nexcept TypeError: x = [3]",
    "a name that is not there": "x = 1\ntry:\n  nothing\n  x = 2\nexcept NameError: x = 3",
    "a name that is not there, assigned": "x = 1\ntry:\n  y = nothing\n  x = 2\nexcept NameError: x = 3",
    "an attribute that is not there": "import os\nx = 1\ntry:\n  y = os.nothing\n  x = 2\nexcept AttributeError: x = 3",
    "a context that ends its body": "x = 1\nclass C:\n  def __enter__(self): return self\n  def __exit__(self, *a): return True\nwith C():\n  x = 2\n  {}['a']\n  x = 3",
    "an enum with values of its own": "import enum\nclass E(enum.Enum):\n  def __new__(cls, v):\n    o = object.__new__(cls)\n    o._value_ = v * 2\n    return o\n  A = 1\nx = E.A.value",
    "a dataclass that is frozen": "import dataclasses\n@dataclasses.dataclass(frozen=True)\nclass C:\n  a: int = 1\nc = dataclasses.replace(C(), a=2)\nx = c.a",
    "a dataclass without an init": "import dataclasses\n@dataclasses.dataclass(init=False)\nclass C:\n  a: int = 1\n  def __init__(self): self.a = 5\nx = C().a",
    "keyword-only fields": "import dataclasses\n@dataclasses.dataclass\nclass C:\n  a: int\n  _: dataclasses.KW_ONLY\n  b: int = 2\nx = [C(1).b, C(1, b=3).b]",
}  # fmt: skip


def real(source: str) -> dict[str, Any]:
    drawn = types.ModuleType("module")
    sys.modules["module"] = drawn
    try:
        exec(dedent(source), drawn.__dict__)
    finally:
        del sys.modules["module"]
    return drawn.__dict__


@pytest.mark.parametrize("source", TRICKS.values(), ids=TRICKS.keys())
def test_right_or_unknown(source: str) -> None:
    expected = real(source)["x"]
    assert contradicts(module(source).value("x"), expected) is None, shown(module(source).value("x"))


HEAVY = {
    "a huge power": "x = 10 ** 10 ** 10",
    "a huge shift": "x = 1 << 10 ** 9",
    "a text that doubles": "x = 'a'\nfor i in range(60): x = x + x",
    "a text that is repeated": "x = 'a' * 10 ** 9",
    "a text with a huge width": "x = ['%1000000000d' % 1, f'{1:1000000000}', '{:1000000000}'.format(1), 'a'.zfill(10 ** 9)]",
    "a text that is joined again and again": "x = 'a'\nfor i in range(60): x = x.join([x, x, x])",
    "a regular expression that backtracks without end": "import re\nx = [re.sub('(a+)+$', '', 'a' * 9000 + 'b'), re.match('(a|a)*c', 'a' * 9000)]",
    "a replacement that grows": "import re\nx = 'a'\nfor i in range(60): x = re.sub('', x, x)",
    "a text whose letters are replaced": "x = 'a'\nfor i in range(60): x = x.replace('a', 'aa')",
    "a list that doubles": "x = [1]\nfor i in range(60): x += x",
    "lists within lists": "x = []\nfor i in range(200): x = [x, x]\ny = x == x\nz = repr(x)",
    "a loop of a billion": "x = 0\nfor i in range(10 ** 9): x += 1",
    "loops within loops": "x = 0\nfor a in range(5000):\n  for b in range(5000):\n    for c in range(5000): x += 1",
    "a while that never ends": "x = 0\nwhile True: x += 1",
    "a while that ends some day": "x = 0\nwhile x < 10 ** 9: x += 1",
    "recursion without end": "def f(n): return f(n + 1)\nx = f(0)",
    "recursion that branches": "def f(n): return f(n - 1) + f(n - 1) if n else 1\nx = f(40)",
    "calls that double": "".join(f"def f{i + 1}(v): return [f{i}(v), f{i}(v)]\n" for i in range(40)).replace("f0(v), f0(v)", "v") + "x = f40(1)",
    "products": "import itertools\nx = list(itertools.product(range(1000), repeat=5))",
    "permutations": "import itertools\nx = list(itertools.permutations(range(30)))",
    "a set of many": "x = {a * b for a in range(3000) for b in range(3000)}",
    "names without end": "for i in range(10 ** 6): globals()[f'name_{i}'] = i\nx = 1",
    "a billion laughs": "a = ['ha'] * 10\nb = [a] * 10\nc = [b] * 10\nd = [c] * 10\ne = [d] * 10\nf = [e] * 10\ng = [f] * 10\nx = str(g)",
    "a text of code that calls itself": "s = 'exec(s)'\nexec(s)\nx = 1",
    "a hundred thousand branches": "import os\n" + "if os.getpid(): x = 1\n" * 3000,
    "a list that holds itself": "import copy\nx = []\nx.append(x)\ny = copy.deepcopy(x)\nz = x == y\nw = f'{x}'\ndef f(a): globals()['g'] = a\nf(x)",
    "a deep copy of laughs": "import copy\na = [1]\nfor i in range(100): a = [a, a, a]\nx = copy.deepcopy(a)",
}  # fmt: skip


@pytest.mark.parametrize("source", HEAVY.values(), ids=HEAVY.keys())
def test_ends_in_bounded_memory(source: str) -> None:
    drawn = module(source)
    drawn.linker.evaluator.bounds = Bounds(call_depth=12, steps=20_000, loop=2_000)
    tracemalloc.start()
    try:
        drawn.module("module")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert drawn.module("module").state == "done"
    assert peak < 300_000_000
