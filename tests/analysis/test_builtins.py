"""Builtin functions, methods and operators: equal to Python's own, or unknown."""

from __future__ import annotations

from typing import Any

import pytest
from helpers_evaluate import UNKNOWN, contradicts, module, result, shown

from fixturescope.analysis.basics import NOT_PLAIN, mapped, plain, wrap
from fixturescope.analysis.regexes import is_tame
from fixturescope.analysis.values import UNKNOWN as NOT_KNOWN
from fixturescope.analysis.values import Constant, Mapped, Sequence, Sized

BEFORE = "import itertools, os, re\nfrom itertools import product\n"

KNOWN = [
    # range
    "range(3)", "range(1, 3)", "range(5, 0, -2)", "range(0)", "range(3, 1)", "len(range(7))", "list(range(2))", "bool(range(0))",
    # collections
    "list()", "tuple()", "set()", "frozenset()", "dict()", "list('ab')", "tuple([1])", "set([1, 1, 2])", "frozenset((1,))", "list({1: 2})",
    "list(range(30))", "iter([1, 2])", "list(iter(()))", "sorted([2, 1])", "sorted('ba', reverse=True)", "sorted({'b', 'a'})", "sorted({'b': 1})",
    "reversed([1, 2])", "list(reversed((1, 2)))", "enumerate('ab')", "list(enumerate('ab', 1))", "dict(enumerate('ab', start=5))",
    "zip('ab', [1, 2, 3])", "list(zip())", "dict(zip('ab', [1, 2]))", "dict(a=1, b=2)", "dict([('a', 1)], b=2)", "dict({'a': 1}, a=3)",
    "dict([('a', 1), ('a', 2)])", "dict(['ab', 'cd'])", "dict(((1, 'x'), (True, 'y')))",
    # numbers and texts
    "len('abc')", "len([1])", "len({})", "len(())", "str(1)", "str(None)", "str([1, 'a'])", "str(('a',))", "str(1.5)",
    "str()", "repr('a')", "repr([1])", "int('12')", "int('ff', 16)", "int(2.5)", "int()", "float('1.5')", "bool(0)", "bool([0])", "min([3, 1, 2])",
    "max(1, 2)", "max('ab')", "max([[1], [2]])", "min({2, 1})", "sum([1, 2])", "sum((x for x in [1, 2]), 5)", "sum([[1], [2]], [])", "abs(-3)",
    # methods of texts
    "'ab'.upper()", "'AB'.lower()", "'a b'.title()", "'ab'.capitalize()", "' a '.strip()", "'xax'.strip('x')", "'ab'.lstrip('a')",
    "'ab'.rstrip('b')", "'aXb'.replace('X', '-')", "'aaa'.replace('a', 'b', 2)", "'a,b'.split(',')", "'a b'.split()", "'a,b,c'.rsplit(',', 1)",
    "'a\\nb'.splitlines()", "'ab'.startswith('a')", "'ab'.endswith(('a', 'b'))", "'ab'.removeprefix('a')", "'ab'.removesuffix('b')",
    "'-'.join(['a', 'b'])", "'-'.join('ab')", "'-'.join(x for x in ('a', 'b'))", "''.join(reversed('ab'))", "'{}_{}'.format('a', 1)",
    "'{a}'.format(a=None)", "'{0}{0}'.format('a')", "'{{}}'.format()", "'aB'.swapcase()", "'ß'.casefold()", "'a=b'.partition('=')",
    "'a=b=c'.rpartition('=')", "'7'.zfill(3)", "'12'.isdigit()", "'a1'.isidentifier()", "'banana'.count('a')", "'ab'.find('b')",
    # methods of collections
    "[1, 2].copy()", "{1}.union()", "{1}.union({2})", "{1}.union([2])", "{1, 2}.difference([2])", "{1, 2}.difference({2})",
    "{'a': 1}.keys()", "{'a': 1}.values()", "{'a': 1}.items()", "list({'a': 1}.items())", "{'a': 1}.copy()", "{'a': 1}.get('a')",
    "{'a': 1}.get('b')", "{'a': 1}.get('b', 2)", "[k + str(v) for k, v in {'a': 1}.items()]", "bool({}.keys())", "len({1: 2}.items())",
    # itertools
    "list(itertools.product([1, 2], 'ab'))", "list(product([1], repeat=2))", "list(product())", "list(product([1], [], [2]))",
    "list(itertools.chain([1], (2,), 'a'))", "list(itertools.chain.from_iterable([[1], [2]]))", "len(list(itertools.combinations('abc', 2)))",
    "len(list(itertools.combinations('abc', r=2)))", "len(list(itertools.permutations('abc')))", "len(list(itertools.permutations('abc', 2)))",
    "len(list(itertools.combinations('a', 2)))", "len(list(itertools.combinations_with_replacement('ab', 2)))",
    "len(list(itertools.combinations_with_replacement('', 0)))", "len(list(itertools.combinations_with_replacement('', 2)))",
    # itertools.groupby, gone through one group at a time
    "[(k, list(g)) for k, g in itertools.groupby('aabbba')]", "{k: len(list(g)) for k, g in itertools.groupby([1, 2, 3, 4], key=lambda n: n > 2)}",
    "[k for k, _ in itertools.groupby([])]", "[list(g) for _, g in itertools.groupby(sorted(['b_1', 'a_1', 'b_2']), lambda s: s[:1])]",
    # re
    r"re.sub('_rows_[0-9]+', '', 'a_rows_100_cols_2')", r"re.sub('series|frame', 'x', 'a_series_frame', count=1)", r"re.sub('(a)(b)', r'\2\1', 'abab', 1)",
    r"re.split('[-_ ]+', 'a-b__c d')", r"re.split('(,)', 'a,b,c', maxsplit=1)", r"re.findall(r'[A-Z][a-z]*', 'GetUserName')", r"re.findall('(a)(x?)', 'axa')",
    r"re.match(r'get_(\w+)_(\d)', 'get_user_1').groups()", r"re.match('b', 'ab')", r"re.search('b', 'ab')[0]", r"re.fullmatch('(?P<n>a+)', 'aaa').group('n')",
    r"re.fullmatch('a', 'ab') is None", r"re.match('a', 'ab') is None", r"bool(re.search('z|b', 'ab'))", r"re.match('(a)|(b)', 'a').group(1, 2)", "re.escape('a.b')",
    r"re.compile('(?:a|b)_').sub('', 'a_b_c')", r"re.compile('[^a-z]').pattern", r"re.sub(re.compile('x{2,3}?'), 'y', 'xxxx')", r"re.sub('', '-', 'ab')",
]  # fmt: skip


def real(expression: str) -> Any:
    namespace: dict[str, Any] = {}
    exec(BEFORE, namespace)
    return eval(expression, namespace)


@pytest.mark.parametrize("expression", KNOWN)
def test_equals_python(expression: str) -> None:
    value = result(expression, BEFORE)
    assert contradicts(value, real(expression)) is None
    assert UNKNOWN not in str(shown(value))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("range('a')", "?"),
        ("range(1, 2, 0)", "?"),
        ("range()", "?"),
        ("range(os.getpid())", "?"),
        ("list(os.listdir())", "?"),
        ("set(os.listdir())", "?"),
        ("set([os.getpid(), 1])", "?"),
        ("sorted(os.listdir())", "?"),
        ("sorted()", "?"),
        ("sorted([2, 1], key=os.getpid)", ["?", "?"]),
        ("sorted([os.getpid(), 1])", ["?", "?"]),
        ("sorted([1, 'a'])", "?"),
        ("sorted([1, 2], reverse=os.getpid())", ["?", "?"]),
        ("reversed(os.listdir())", "?"),
        ("reversed()", "?"),
        ("list(reversed(list({'a', 'b'})))", ["?", "?"]),
        ("enumerate(os.listdir())", "?"),
        ("enumerate('ab', os.getpid())", "?"),
        ("list(enumerate({'a', 'b'}))", [(0, "?"), (1, "?")]),
        ("list(zip({'a', 'b'}, 'xy'))", [("?", "x"), ("?", "y")]),
        ("zip('ab', os.listdir())", "?"),
        ("dict(os.listdir())", "?"),
        ("dict([1])", "?"),
        ("dict(['abc'])", "?"),
        ("dict([(os.getpid(), 1)])", "?"),
        ("dict({'ab', 'cd'})", "?"),
        ("dict(**os.environ)", "?"),
        ("len()", "?"),
        ("len(os.listdir())", "?"),
        ("str(os.getpid())", "?"),
        ("str({'a', 'b'})", "?"),
        ("str(range(3))", "?"),
        ("str(zip())", "?"),
        ("repr([{1}])", "?"),
        ("'%s' % range(3)", "?*"),
        ("'{}'.format({1, 2})", "?*"),
        ("'-'.join({'a', 'b'})", "?*"),
        ("'-'.join([1])", "?"),
        ("'{x}'.format(y=1)", "?"),
        ("'{}'.format()", "?"),
        ("'ab'.encode()", "?"),
        ("'ab'.upper(1)", "?"),
        ("'ab'.split(os.sep)", "?"),
        ("int('a')", "?"),
        ("int('1' * 5)", "?"),
        ("float('x')", "?"),
        ("bool()", "?"),
        ("bool(os.getpid())", "?"),
        ("min([])", "?"),
        ("max([1], key=len)", "?"),
        ("sum(['a'])", "?"),
        ("abs('a')", "?"),
        ("any([os.sep])", "?"),
        ("open('a')", "?"),
        ("range(3) == (0, 1, 2)", "?"),
        ("{1: 2}.keys() == [1]", "?"),
        ("range(2) + [1]", "?"),
        ("{1} + {2}", "?"),
        ("{1} * 2", "?"),
        ("list({1, 2}) + [3]", [1, 2, 3]),
        ("(list({1, 2}) + [3])[0]", "?"),
        ("[1] * 'a'", "?"),
        ("[1] | [2]", "?"),
        ("{1} | {os.getpid()}", "?"),
        ("1 // 0", "?"),
        ("1 % 0", "?"),
        ("'a' - 'b'", "?"),
        ("'%d' % 'a'", "?"),
        ("'%s %s' % ('a',)", "?"),
        ("'a' * 2", "?"),
        ("1 ** 2", "?"),
        ("[1].index(2)", "?"),
        ("[os.sep].count(1)", "?"),
        ("{1}.union(os.listdir())", "?"),
        ("{1}.difference(os.listdir())", "?"),
        ("{'a': 1}.get(os.sep)", "?"),
        ("{os.sep: 1}.get('a')", "?"),
        ("{os.sep: 1}.get('a', 2)", "?"),
        ("{'a': 1}.fromkeys('ab')", "?"),
        ("itertools.product(os.listdir())", "?"),
        ("itertools.product([1], repeat=os.getpid())", "?"),
        ("itertools.product([1], repeat=65)", "?"),
        ("itertools.chain([1], os.listdir())", "?"),
        ("itertools.chain.from_iterable(os.listdir())", "?"),
        ("itertools.chain.from_iterable()", "?"),
        ("itertools.combinations(os.listdir(), 2)", "?"),
        ("itertools.combinations('abc', -1)", "?"),
        ("itertools.combinations('abc', os.getpid())", "?"),
        ("itertools.permutations('abc', 'a')", "?"),
        ("itertools.count()", "?"),
        ("list(itertools.groupby('aab'))", [("a", "?"), ("b", "?")]),
        ("list(itertools.groupby({'a', 'b'}))", "?"),
        ("list(itertools.groupby(os.listdir()))", "?"),
        ("list(itertools.groupby([1, os.getpid()]))", "?"),
        ("next(itertools.groupby('aab'))", "?"),
        ("itertools.groupby('a', name=1)", "?"),
        ("dict(itertools.groupby('aab'))", {"a": "?", "b": "?"}),
        ("[g for k, g in itertools.groupby('aab')]", ["?", "?"]),
        ("re.sub('a', 'b', os.sep)", "?"),
        ("re.sub('a', lambda m: 'b', 'a')", "?"),
        ("re.sub('a', 'b', 'A', flags=re.I)", "?"),
        ("re.sub('(', 'b', 'A')", "?"),
        ("re.sub('[b-a]', 'b', 'A')", "?"),
        ("re.sub('a', '\\\\7', 'a')", "?"),
        ("re.sub('(a+)+b', 'b', 'a' * 30)", "?"),
        ("re.sub('(?i)a', 'b', 'A')", "?"),
        ("re.sub('(?=a)a', 'b', 'a')", "?"),
        ("re.sub('(a)\\\\1', 'b', 'aa')", "?"),
        ("re.sub('[a--b]', 'b', 'aa')", "?"),
        ("re.sub('ä', 'b', 'ä')", "?"),
        ("re.sub('a')", "?"),
        ("re.compile('a').sub('b', os.sep)", "?*"),
        ("re.compile('a').escape('b')", "?*"),
        ("re.match('(a)', 'a').group(2)", "?"),
        ("re.match('(a)', 'a').group('x')", "?"),
        ("re.match('(a)', 'a').span()", "?"),
        ("re.match('(a)', 'a').groups(default=1)", "?"),
    ],
)  # fmt: skip
def test_says_what_it_does_not_know(expression: str, expected: object) -> None:
    value = shown(result(expression, BEFORE))
    assert value == expected


MUTATIONS = [
    ("xs = [1]", "xs.append(2)", [1, 2]),
    ("xs = [1]", "xs.append()", "?"),
    ("xs = [1]", "xs.extend([2, 3])", [1, 2, 3]),
    ("xs = [1]", "xs.extend('ab')", [1, "a", "b"]),
    ("xs = [1]", "xs.extend(os.listdir())", "?"),
    ("xs = [1]", "xs.extend({2, 3}); xs = xs[1]", "?"),
    ("xs = [1, 2]", "xs.insert(0, 0)", [0, 1, 2]),
    ("xs = [1, 2]", "xs.insert(-1, 0)", [1, 0, 2]),
    ("xs = [1, 2]", "xs.insert(9, 0)", [1, 2, 0]),
    ("xs = [2, 1]", "xs.sort()", [1, 2]),
    ("xs = [2, 1]", "xs.reverse()", [1, 2]),
    ("xs = [2, 1]", "xs.clear()", []),
    ("xs = [2, 1]", "xs.remove(1)", [2]),
    ("xs = [2, 1]", "xs.pop()", [2]),
    ("xs = [2, 1]", "xs.append(*os.listdir())", "?"),
    ("xs = [2, 1]", "xs.pop(os.getpid())", "?"),
    ("xs = [2, 1]", "xs.remove(3)", "?"),
    ("xs = [2, 1]", "xs.sort(key=lambda x: -x)", [2, 1]),
    ("xs = ['b', 'A']", "xs.sort(key=str.lower)", ["A", "b"]),
    ("xs = [2, 1]; ys = xs", "ys[0] = 3", [3, 1]),
    ("xs = [2, 1]", "xs[5] = 3", "?"),
    ("xs = [2, 1]", "del xs[-1]", [2]),
    ("xs = [2, 1]", "xs += (3,)", [2, 1, 3]),
    ("xs = [2, 1]", "xs[:] = []", "?"),
    ("xs = {'a': 1}; ys = xs", "ys |= {'b': 2}", {"a": 1, "b": 2}),
    ("xs = {'a': 1}", "xs.pop('b', None)", {"a": 1}),
    ("xs = {'a': 1}", "xs.setdefault('a', 2)", {"a": 1}),
    ("xs = {'a': 1, 'b': 2}", "xs['a'] = 3", {"a": 3, "b": 2}),
    ("xs = {1, 2}", "xs -= {2}", {1}),
    ("xs = {1, 2}; ys = [xs]", "ys[0].clear()", set()),
    ("xs = [1]", "import random; random.shuffle(xs)", "?"),
    ("xs = [2, 1]", "xs.append(*[1])", [2, 1, 1]),
    ("xs = [1]", "xs += [2]", [1, 2]),
    ("xs = [1]", "xs *= 2", [1, 1]),
    ("xs = {1}", "xs.add(2)", {1, 2}),
    ("xs = {1}", "xs.add(1)", {1}),
    ("xs = {1}", "xs.add(os.getpid())", "?"),
    ("xs = {1}", "xs.update([2])", {1, 2}),
    ("xs = {1}", "xs.discard(1)", set()),
    ("xs = {'a': 1}", "xs.update({'b': 2})", {"a": 1, "b": 2}),
    ("xs = {'a': 1}", "xs.update(b=2)", {"a": 1, "b": 2}),
    ("xs = {'a': 1}", "xs.clear()", {}),
    ("xs = {'a': 1}", "xs.pop('a')", {}),
    ("xs = {'a': 1}", "xs.setdefault('b', 2)", {"a": 1, "b": 2}),
    ("xs = {'a': 1}", "xs['b'] = 2", {"a": 1, "b": 2}),
    ("xs = {'a': 1}", "xs['a'] = 2", {"a": 2}),
    ("xs = {'a': 1}", "xs[os.sep] = 2", "?"),
    ("xs = {'a': 1}", "xs |= {'b': 2}", {"a": 1, "b": 2}),
    ("xs = list(range(20_000))", "xs.append(1)", "…20001"),
]


@pytest.mark.parametrize(("before", "change", "after"), MUTATIONS)
def test_changing_a_collection(before: str, change: str, after: object) -> None:
    assert shown(module(f"import os\n{before}\n{change}\n").value("xs")) == after


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+b", "(a|a)*b", "a*a*a*a*b", "(a?){30}", "a?a?a?a?aaaa", "(a|a)(a|a)" * 20, "(?:a*)*", "a**", "x" * 201, "((((a*))))*b", "[a"],
)  # fmt: skip
def test_a_pattern_that_may_take_long_is_not_tried(pattern: str) -> None:
    assert not is_tame(pattern, "a" * 100)


def test_a_group_that_is_kept_is_empty_when_the_next_one_has_begun() -> None:
    loop = "kept = {}\nfor key, group in itertools.groupby('aab'):\n    kept[key] = group\n    first = list(group)\n"
    drawn = module(f"import itertools\n{loop}a = list(kept['a'])\nb = list(kept['b'])\n")
    assert [shown(drawn.value(name)) for name in ("first", "a", "b")] == [["b"], UNKNOWN, UNKNOWN]


def test_plain_values() -> None:
    one, two = Constant(1), Constant(2)
    assert plain(Sequence("list", (one, Sequence("tuple", (two,))))) == [1, (2,)]
    assert plain(Sequence("set", (one, two))) == {1, 2}
    assert plain(Sequence("set", (one,)), ordered=True) is NOT_PLAIN
    assert plain(Sequence("set", (Sequence("list", ()),))) is NOT_PLAIN
    assert plain(Sequence("iterator", (one,))) is NOT_PLAIN
    assert plain(Sequence("iterator", (one,)), iterates=True) == (1,)
    assert plain(Sequence("list", (NOT_KNOWN,))) is NOT_PLAIN
    assert plain(Mapped(())) is NOT_PLAIN
    assert plain(Sized(1)) is NOT_PLAIN


def test_wrapped_values() -> None:
    assert shown(wrap([1, ("a", None)])) == [1, ("a", None)]
    assert wrap(2**63) == NOT_KNOWN
    assert wrap(-(2**63)) == NOT_KNOWN
    assert wrap(2**63 - 1) == Constant(2**63 - 1)
    assert wrap(1j) == NOT_KNOWN
    assert wrap(b"a") == Constant(b"a")


def test_of_equal_keys_the_first_one_stays() -> None:
    merged = mapped([(Constant(1), Constant("a")), (Constant(2), Constant("b")), (Constant(True), Constant("c"))])
    assert [(key.value, value.value) for key, value in merged.items] == [(1, "c"), (2, "b")]  # type: ignore[attr-defined]
    assert type(merged.items[0][0].value) is int  # type: ignore[attr-defined]
