"""Expressions: what the evaluator says equals what Python makes of the same text, or is unknown. Never a wrong value."""

from __future__ import annotations

import contextlib
import itertools
import re
from typing import Any

import pytest
from helpers_evaluate import UNKNOWN, contradicts, module, result, shown
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixturescope.analysis.values import Constant, Sequence, Sized

PRELUDE = """
import itertools
import os
word = "cart"
number = 3
nothing = None
yes = True
names = ["ada", "bob", "cy"]
pair = ("left", "right")
table = {"one": 1, "two": [2, 2], 3: "three"}
tags = {"red", "blue"}
rows = [("a", 1), ("b", 2)]
def double(text): return text + text
def both(first, *rest, last="z", **more): return (first, rest, last)
def count():
    yield "x"
    yield from ("y", "z")
"""


def real(expression: str, before: str = PRELUDE) -> Any:
    """What Python makes of an expression of ours."""
    namespace: dict[str, Any] = {}
    exec(before, namespace)
    return eval(expression, namespace)


KNOWN = [
    # literals
    "None", "True", "1", "-1", "+1", "1.5", "'a' 'b'", "b'a' b'b'", "1_000", "0x1f", "r'\\n'", "'\\x41\\u00e9'", "(1,)", "()", "[]",
    "{1, 2, 1}", "{'a': 1, **table, 'one': 2}", "[*names, 'di']", "(*pair, *names)",
    # names and attributes
    "word", "names", "number",
    # arithmetic
    "1 + 2", "5 - 7", "2 * 3", "7 // 2", "7 % 4", "1 / 4", "1.5 + 1", "-number", "True + 1", "+yes", "-yes", "'a' + 'b'", "names + ['di']",
    "pair + (1,)", "names * 2", "2 * pair", "names * 0", "names * -1", "{'a': 1} | {'b': 2, 'a': 3}", "{1, 2} & {2, 3}", "{1, 2} - {2}",
    "{1, 2} ^ {2, 3}", "'%s-%d' % ('a', 3)", "'%s' % 'x'", "'%5.1f|' % 2.25", "'100%%' % ()", "'%r' % [1, 'a']",
    # truth and choice
    "not names", "not []", "1 and 2", "0 and 2", "0 or 'x'", "'' or 0", "1 if number > 2 else 2", "'a' if names else 'b'", "not double",
    "not (lambda: 0)", "not os", "(not zip()) and 1", "bool([])", "bool('x')", "bool(reversed(()))", "(lambda: 0) and 1",
    # comparison
    "1 < 2 < 3", "1 < 2 > 3", "number == 3", "number != 3", "number >= 4", "number <= 3", "'a' < 'b'", "(1, 2) < (1, 3)", "names == ['ada']",
    "pair == ('left', 'right')", "{1, 2} == {2, 1}", "nothing is None", "word is None", "word is not None", "yes is True", "number is yes",
    "'a' in names", "'ada' in names", "'x' not in names", "'ar' in word", "'z' not in word", "'one' in table", "names is None",
    "double is not None", "None is not names",
    # f-strings
    "f'{word}'", "f'{word}_{number}'", "f'{{{word}}}'", "f'{nothing}{yes}'", "'a' f'{word}' 'b'", "rf'\\d{word}'", "f'{number + 1}'",
    "f'{1}' '{x}'",
    # subscripts
    "names[0]", "names[-1]", "pair[1]", "names[1:]", "names[::-1]", "names[:-1]", "word[1:3]", "table['one']", "table[3]", "rows[0][1]",
    "range(10)[2:5]", "range(10)[3]",
    # comprehensions
    "[n for n in names]", "[n.upper() for n in names if n != 'bob']", "{n: len(n) for n in names}", "{len(n) for n in names}",
    "[(a, b) for a in names for b in pair]", "[a + b for a, b in [('x', 'y'), ('z', 'w')]]", "[x for row in rows for x in row]",
    "list(n for n in names if 'a' in n)", "[n for n in table]", "[[y for y in range(x)] for x in range(3)]", "{x % 2: x for x in range(5)}",
    # calls
    "double('ab')", "double(text='x')", "both(1)", "both(1, 2, 3)", "both(1, last='q')", "both(*pair, **{'last': 'w'})", "list(count())",
    "(lambda x: x + 'y')('x')", "(lambda *names: names)('a', 'b')", "(lambda a, *b: b)(1, 2, 3)", "(lambda x: x)(x=4)", "(y := 'walrus')",
    "list(map(lambda n: n + '!', names))", "[f(n) for f in (double,) for n in names]",
]  # fmt: skip


@pytest.mark.parametrize("expression", KNOWN)
def test_equals_python(expression: str) -> None:
    value = result(expression, PRELUDE)
    assert contradicts(value, real(expression)) is None
    assert UNKNOWN not in str(shown(value))


PARTLY = [
    ("os.environ", "<os.environ>"),
    ("os.getcwd()", "?"),
    ("[os.getcwd(), 1]", ["?", 1]),
    ("f'get_{os.getcwd()}_x'", "?get_*_x"),
    ("f'{word}_{number:03d}'", "?cart_*"),
    ("f'{word!r}'", "?*"),
    ("f'{1.5}'", "?*"),
    ("f'{word=}'", "?*"),
    ("map(str.upper, [])", "?"),
    ("'a_' + os.getcwd()", "?a_*"),
    ("os.getcwd() + '_b'", "?*_b"),
    ("'a_' + os.getcwd() + '_b'", "?a_*_b"),
    ("'%s_x' % os.getcwd()", "?*_x"),
    ("'%(name)s_x' % {'name': os.getcwd()}", "?*_x"),
    ("'%-05.3d%%_%r' % os.getcwd()", "?*%_*"),
    ("'{}_x'.format(os.getcwd())", "?*"),
    ("','.join(os.listdir())", "?*"),
    ("os.getcwd() or 5", "?"),
    ("os.getcwd() and 0", "?"),
    ("not (os.getcwd() or 5)", False),
    ("not (os.getcwd() and 0)", True),
    ("range(os.getcwd() or 5)", "?"),
    ("os.getcwd() and 5", "?"),
    ("os.getcwd() == 'a'", "?"),
    ("1 < os.getpid()", "?"),
    ("2 < 1 < os.getpid()", False),
    ("'a' in [os.getcwd(), 'a']", True),
    ("'b' in [os.getcwd(), 'a']", "?"),
    ("'b' not in ['a']", True),
    ("os.getcwd() in ['a']", "?"),
    ("1 in '1'", "?"),
    ("'a' in 5", "?"),
    ("word is 'cart'", "?"),
    ("1000 is 1000", "?"),
    ("os.getcwd() is None", "?"),
    ("1 < 'a'", "?"),
    ("'a' if os.getcwd() else 'b'", "?"),
    ("'a' if os.getcwd() else 'a'", "a"),
    ("[1, 2] if os.getcwd() else [3, 4]", "…2"),
    ("[1, 2] if os.getcwd() else [3]", "?"),
    ("not os.getcwd()", "?"),
    ("~1", "?"),
    ("-word", "?"),
    ("[n for n in os.listdir()]", "?"),
    ("[n for n in names if os.getcwd()]", "?"),
    ("{os.getcwd(): 1 for n in names}", "?"),
    ("{n: 1 for n in os.listdir()}", "?"),
    ("{os.getcwd() for n in names}", "?"),
    ("{os.getcwd()}", ["?"]),
    ("{os.getcwd(), 1}", "?"),
    ("{os.getcwd(): 1}", "?"),
    ("{[]: 1}", "?"),
    ("{**os.getcwd()}", "?"),
    ("[*os.listdir()]", "?"),
    ("names[os.getpid()]", "?"),
    ("names[7]", "?"),
    ("names[os.getpid():]", "?"),
    ("names[::0]", "?"),
    ("names['a']", "?"),
    ("table['none']", "?"),
    ("list(tags)[0]", "?"),
    ("[*tags][0]", "?"),
    ("[t for t in tags][0]", "?"),
    ("list(t for t in tags)[0]", "?"),
    ("list(map(double, tags))[0]", "?"),
    ("list(itertools.chain(word, tags))[0]", "?"),
    ("list(itertools.chain.from_iterable(tags))[0]", "?"),
    ("list(itertools.product(tags))[0]", "?"),
    ("(lambda a, b: a)(*tags)", "?"),
    ("{t: 0 for t in tags}", "?"),
    ("(5)[1:]", "?"),
    ("range(30000)[1:]", "…29999"),
    ("both(*os.listdir(), 'a')[0]", "?"),
    ("(lambda a, *b: (a, b))(1, *os.listdir(), 'a')", [1, "?"]),
    ("(lambda a, *b: a)(*os.listdir(), 'a')", "?"),
    ("(lambda a: a)(**os.listdir())", "?"),
    ("(lambda *a: a)(*os.listdir())", "?"),
    ("(lambda **a: a)(a=1)", "?"),
    ("double", "def double"),
    ("double.name", "?"),
    ("lambda: 0", "lambda"),
    ("nowhere", "<builtins.nowhere>"),
    ("...", "?"),
    ("1j", "?"),
    ("(await x)", "<builtins.x>"),
    ("2 ** 3", "?"),
    ("word @ word", "?"),
    ("os.environ['HOME']", "?"),
    ("list[int]", "?"),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "expected"), PARTLY)
def test_says_what_it_does_not_know(expression: str, expected: object) -> None:
    value = shown(result(expression, PRELUDE))
    if isinstance(expected, list) and isinstance(value, tuple | set):
        value = list(value)
    assert value == expected


BOUNDED = [
    ("'x' * 10**9", "?"),
    ("'x' * 1000000000", "?"),
    ("b'x' * 1000000000", "?"),
    ("'%1000000000d' % 1", "?"),
    ("'%*d' % (1000000000, 1)", "?"),
    ("'%.1000000000f' % 1", "?"),
    ("'{:1000000000}'.format(1)", "?"),
    ("'{0!r:>1000000000}'.format(1)", "?"),
    ("'{0:{1}}'.format(1, 1000000000)", "?"),
    ("'1'.zfill(1000000000)", "?"),
    ("9223372036854775807 + 1", "?"),
    ("-(-9223372036854775807) * 9223372036854775807", "?"),
    ("[0] * 30000", "…30000"),
    ("[0] * 1000000000000", "…1000000000000"),
    ("range(30000)", "…30000"),
    ("range(9223372036854775807)", "…9223372036854775807"),
    ("range(-9223372036854775807, 9223372036854775807)", "?"),
    ("list(range(30000)) + [1]", "…30001"),
    ("[x for x in range(200) for y in range(200)]", "?"),
    ("itertools.product(range(200), repeat=3)", "…8000000"),
    ("itertools.product(range(200), repeat=60)", "?"),
    ("itertools.chain(range(30000), [1])", "…30001"),
    ("itertools.combinations(range(30), 15)", "…155117520"),
    ("itertools.permutations(range(30))", "?"),
    ("itertools.combinations_with_replacement(range(5), 9000000000000000000)", "?"),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "expected"), BOUNDED)
def test_is_bounded(expression: str, expected: object) -> None:
    assert shown(result(expression, PRELUDE)) == expected


def test_long_texts_are_unknown() -> None:
    assert shown(module(f"a = '{'x' * 9_000}'\nb = a + a\nc = f'{{a}}{{a}}'\nd = a.replace('x', a)").value("b")) == "?"
    drawn = module(
        f"a = '{'x' * 9_000}'\nb = f'{{a}}{{a}}'\nc = a.replace('x', a)\nd = '-'.join([a, a])\ne = 'x'.replace('x', 2 * a)"
    )
    assert [shown(drawn.value(name)) for name in "bcde"] == ["?", "?", "?", "?*"]
    assert shown(result(f"'x'.replace('x', '{'y' * 20_000}')")) == "?"


def test_texts_of_many_choices_are_unknown() -> None:
    assert shown(result("[f'{a}{b}' for a in range(40) for b in range(40)]")) == [
        f"{a}{b}" for a in range(40) for b in range(40)
    ]


def test_collections_that_are_too_long_keep_their_size() -> None:
    value = result("range(25_000)")
    assert isinstance(value, Sized)
    assert shown(result("len(range(25_000))")) == 25_000
    assert shown(result("list(range(25_000))")) == "…25000"
    assert shown(result("[1 for x in range(25_000)]")) == "?"
    assert shown(result("sorted(range(25_000))")) == "…25000"


def test_the_first_iterable_of_a_comprehension_is_evaluated_in_the_class_body() -> None:
    drawn = module("""
        names = ["outside"]
        class Box:
            names = ["a", "b"]
            copies = [name for name in names]
        result = Box.copies
    """)
    assert shown(drawn.value("result")) == ["a", "b"]


def test_a_name_of_a_class_is_not_seen_in_its_functions() -> None:
    drawn = module("""
        kind = "outside"
        class Box:
            kind = "inside"
            def read(): return kind
        result = Box.read()
        inside = Box.kind
    """)
    assert (shown(drawn.value("result")), shown(drawn.value("inside"))) == ("outside", "inside")


def test_taking_something_out_of_a_collection_changes_it() -> None:
    drawn = module("""
        names = ["a", "b"]
        first = names.pop(0)
        more = ["c"]
        nothing = more.append("d")
    """)
    assert shown(drawn.value("names")) == ["b"]
    assert shown(drawn.value("first")) == "a"
    assert shown(drawn.value("more")) == ["c", "d"]
    assert shown(drawn.value("nothing")) is None


def test_a_request_among_parameters() -> None:
    drawn = module(
        "import sys\nresult = sys.version_info\nmajor = sys.version_info.major\nnew = sys.version_info >= (3, 11)"
    )
    assert shown(drawn.value("major")) == 3
    assert shown(drawn.value("new")) is True
    assert shown(drawn.value("result")) == [3, 12, 1, "final", 0]


# ------------------------------------------------------------------------------------------------ expressions at random

LEAVES = [
    "word", "number", "nothing", "yes", "names", "pair", "table", "tags", "rows", "0", "1", "2", "-1", "''", "'a'", "'ada'", "'_'", "1.5",
    "os.sep", "os.environ.get('NO_SUCH')", "True", "None", "[]", "{}", "range(3)",
]  # fmt: skip
UNARY = [
    "len({})", "list({})", "tuple({})", "set({})", "sorted({})", "str({})", "repr({})", "int({})", "bool({})", "not {}", "-{}", "+{}",
    "dict({})", "sum({})", "min({})", "max({})", "abs({})", "reversed({})", "enumerate({})", "list(enumerate({}, 1))", "iter({})",
    "zip({0}, {0})", "f'x{{{}}}y'", "[*{}]", "{{*{}}}", "{{**{}}}", "({},)", "[{}]", "{{{}: 1}}", "{}.upper()", "{}.keys()", "{}.values()",
    "{}.items()", "{}.copy()", "{}.split('a')", "'-'.join({})", "'%s' % ({},)", "'%s' % {}", "'{{}}'.format({})", "[x for x in {}]",
    "(x for x in {})", "{{x for x in {}}}", "{{x: 0 for x in {}}}", "[x for x in {} if x]", "list(itertools.product({}, repeat=2))",
    "itertools.chain.from_iterable({})", "list(itertools.permutations({}))", "len(list(itertools.combinations({}, 2)))", "double({})",
    "both({})", "both(*{})", "(lambda *a: a)({})", "{}[0]", "{}[-1]", "{}[1:]", "{}[::2]", "frozenset({})", "list({}.items())", "float({})",
    "[y for x in {} for y in x]", "{}.title()", "{}.union([1])", "{}.difference(['red'])", "{}.splitlines()", "bool(iter({}))",
    "list(map(lambda x: (x,), {}))", "list(itertools.combinations_with_replacement({}, 2))",
]  # fmt: skip
BINARY = [
    "{} + {}", "{} - {}", "{} * {}", "{} // {}", "{} % {}", "{} / {}", "{} and {}", "{} or {}", "{} == {}", "{} != {}", "{} < {}", "{} >= {}",
    "{} in {}", "{} not in {}", "{} is {}", "{} is not {}", "{} | {}", "{} & {}", "{} ^ {}", "[{}, {}]", "({}, {})", "{{{}: {}}}", "{}[{}]",
    "zip({}, {})", "{}.get({})", "{}.get('no', {})", "itertools.chain({}, {})", "f'{{{}}}-{{{}}}'", "{{{}, {}}}", "max({}, {})",
    "{}.replace('a', {})", "{}.startswith({})", "[(x, y) for x in {} for y in {}]", "dict([({}, {})])", "{}.join({})", "{}.count({})",
    "[x for x in {} if x != {}]", "range({}, {})", "{}.union({})", "{}.partition({})", "{}.zfill({})",
]  # fmt: skip
TERNARY = [
    "{} if {} else {}",
    "{}[{}:{}]",
    "{} < {} < {}",
    "{{'a': {}, {}: {}}}",
    "range({}, {}, {})",
    "{}.replace({}, {})",
]


def _deeper(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    part = inner.map(lambda text: f"({text})")

    def fill(template: str) -> st.SearchStrategy[str]:
        slots = len(re.findall(r"(?<!\{)(?:\{\{)*\{\}", template)) or 1
        return st.tuples(*[part] * slots).map(lambda parts: template.format(*parts))

    return st.sampled_from([*UNARY, *BINARY, *TERNARY]).flatmap(fill)


EXPRESSIONS = st.recursive(st.sampled_from(LEAVES), _deeper, max_leaves=8)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(EXPRESSIONS, min_size=1, max_size=12))
@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_never_a_wrong_value(expressions: list[str]) -> None:
    """Of any expression that Python can evaluate; those that it cannot are left out."""
    worth = {}
    for expression in dict.fromkeys(expressions):
        with contextlib.suppress(Exception):
            worth[expression] = real(expression)
    source = "\n".join(f"result_{i} = ({expression})" for i, expression in enumerate(worth))
    drawn = module(f"{PRELUDE}\n{source}\n")
    for i, (expression, expected) in enumerate(worth.items()):
        assert contradicts(drawn.value(f"result_{i}"), expected) is None, expression


def test_the_comparison_itself_sees_what_is_wrong() -> None:
    assert contradicts(Constant(1), True) is not None
    assert contradicts(Constant("a"), "b") is not None
    assert contradicts(Sequence("list", (Constant(1),)), [2]) is not None
    assert contradicts(Sequence("list", (Constant(1),)), (1,)) is not None
    assert contradicts(Sequence("list", (Constant(1),)), [1, 1]) is not None
    assert contradicts(Sized(2), itertools.repeat(1, 3)) is not None
    assert contradicts(result("{1: 2}"), {1: 3}) is not None
    assert contradicts(result("{1: 2}"), {2: 2}) is not None
    assert contradicts(result("f'a_{x}'"), "b_c") is not None
