"""Hypothesis makes modules that register fixtures in every way that is followed, to be run by Python and evaluated by us.

A module begins with what it works with (a factory, some data) and goes on with statements at random. All of them end
quickly, so that running one is safe.
"""

from __future__ import annotations

from textwrap import dedent, indent

from hypothesis import strategies as st

PRELUDE = dedent("""\
    import copy, dataclasses, enum, functools, itertools, os, re, sys
    from collections import namedtuple
    import pytest

    def make(tag, scope="function", params=None, requests=0):
        if requests == 0:
            @pytest.fixture(scope=scope, params=params)
            def made(request):
                return tag
        else:
            @pytest.fixture(scope=scope, params=params)
            def made(tmp_path_factory, monkeypatch_session=None):
                return tag
        return made

    class Kind(enum.Enum):
        SMALL = "function"
        LARGE = "session"
        OTHER = enum.auto()

    class Phase(enum.IntEnum):
        init = enum.auto()
        setup = enum.auto()

    @dataclasses.dataclass
    class Config:
        name: str
        scope: str = "module"
        phases: list = dataclasses.field(default_factory=lambda: [Phase.init])
        extra: dict = dataclasses.field(default_factory=dict)

        def __post_init__(self):
            self.label = f"{self.name}_{self.scope}"

    class Plain:
        kinds = ["x", "y"]

        def __init__(self, name, *rest, **named):
            self.name = name
            self.rest = rest
            self.named = named

    Pair = namedtuple("Pair", ["left", "right"], defaults=["r"])
    here = sys.modules[__name__]
    names, table, number, word = ["a", "b"], {"k": "module", "l": "class"}, 1, "w"
    configs = {"one": Config("one"), "two": Config("two", "session", [Phase.setup, Phase.init])}
    kept = names

    def several(items):
        for one in items:
            if one == "skip":
                continue
            yield f"s_{one}"

    def decide(flag, *args, **kwargs):
        if flag:
            return "yes"
        for arg in args:
            if arg == "b":
                return arg
        return kwargs.get("default", "no")

    def register(name, value):
        globals()[name] = value
    """)
"""What every module begins with."""

TESTS = [
    "True", "False", "number > 1", "'a' in names", "len(names) == 2", "word == 'w'", "not table", "os.getpid()", "not os.getpid()",
    "isinstance(word, str)", "isinstance(number, (list, str))", "Kind.SMALL in list(Kind)", "names is kept", "hasattr(here, 'nothing')",
    "any(n == 'b' for n in names)", "table.get('k') == 'module'", "Phase.setup == 2", "configs['one'].scope != 'class'",
]  # fmt: skip
"""Conditions, some of which only Python can decide."""

ITERABLES = [
    "names", "table", "table.items()", "enumerate(names)", "zip(names, table)", "range(2)", "several(names)", "sorted(table)", "Kind", "Phase",
    "configs.values()", "configs.items()", "itertools.product(names, 'xy')", "reversed(names)", "{'p', 'q'}", "os.listdir('/')[:1]",
    "itertools.chain(names, [word])", "[Pair(1), Pair('l', right=2)]", "map(str.upper, names)", "filter(None, names)", "Plain.kinds", "()",
    "itertools.combinations(names, 2)", "dict.fromkeys(names, 1).items()",
]  # fmt: skip

SIMPLE = [
    "names.append(word)", "names = [*names, 'c']", "kept.append('late')", "names[0] = 'z'", "del names[-1:]", "names.extend(several(['m', 'skip']))",
    "names += ['d']", "table['m'] = 'function'", "table.update(n='session')", "del table['k']", "table = {**table, 'o': 'class'}", "table.pop('l', None)",
    "number += 1", "number = len(names)", "word = word + 'x'", "word = f'{word}_{number}'", "word = 'y' if number > 1 else 'n'", "word = '_'.join(names)",
    "word = decide(False, *names, default='d')", "word = decide(number > 1)", "configs['one'].scope = 'class'", "configs['three'] = Config('three', 'package')",
    "configs['four'] = dataclasses.replace(configs['one'], name='four')", "kept = copy.deepcopy(names)", "kept = names", "names = sorted(names, key=str.lower)",
    "names = [n for n in names if n != 'a']", "first, *names = ['f', *names]", "word = Plain('p', 1, a=2).name", "word = Kind.LARGE.name.lower()", "names.clear()",
    "word = '%s-%d' % (word, number)", "word = '{}{x}'.format(word, x=number)", "number = Phase.setup.value", "word = word.replace('w', 'v').upper()",
    "table = dict(zip(names, ['module', 'class']))", "names = list(table)", "number = sum(range(4)) // 2", "word = getattr(Plain('g'), 'name')",
    "register('by_function', make(word))", "register(f'by_function_{word}', make(word, 'session'))", "globals()[f'g_{word}'] = make(word)",
    "setattr(here, f'set_{number}', make(number, params=names))", "vars()['by_vars'] = make(1)", "globals().update({f'u_{n}': make(n) for n in names})",
    "plain = make(word)", "lam = pytest.fixture(lambda request: 1, scope=table.get('k', 'function'))", "again = plain if 'plain' in globals() else None",
    "part = functools.partial(make, scope='class'); parted = part(word, requests=1)", "named = pytest.fixture(name=f'n_{word}', params=range(number))(lambda: 1)",
    "globals().pop('plain', None)", "@pytest.fixture(scope=configs['one'].scope)\ndef direct(tmp_path_factory, x=1):\n    return 1",
    "match number:\n    case 1 | 2:\n        word = 'low'\n    case n:\n        word = f'm{n}'", "while number < 4:\n    number += 1\n    names.append(str(number))",
    "try:\n    word = table['nothing']\nexcept KeyError:\n    word = 'caught'\nfinally:\n    number = 2", "try:\n    raise ValueError(word)\nexcept Exception:\n    names = ['t']",
    "T = type('T', (Plain,), {'a': 1}); word = T.kinds[0]", "exec(f'{word} = make(1)' if word.isidentifier() else 'pass')", "if (n := len(names)) > 1:\n    number = n",
    "word = re.sub('[aeiou]', '', word)", "word = re.sub('(.)_(.)', r'\\2\\1', word)", "number = len([part for part in re.split('[-_]+', word) if part])",
    "names = [found.group(1) for found in map(re.compile('(.)').match, names) if found]", "word = 'found' if re.search('[wx]$', word) else 'lost'",
    "for key, group in itertools.groupby(sorted(names), key=lambda n: n[:1]):\n    globals()[f'grouped_{key}'] = make(key, params=list(group))",
    "names = [''.join(group) for _, group in itertools.groupby(word)]", "saved = dict(itertools.groupby(names)); names = [n for g in saved.values() for n in g]",
    "for key, group in itertools.groupby(names):\n    if key == 'b':\n        break\nword = f'{key}{len(list(group))}' if names else word",
    "i = iter(names); word = next(i, 'end')", "word = max(names, default='none')", "names = (names * 2)[:40]", "names = list({n: 1 for n in names})",
]  # fmt: skip

BODIES = [
    "globals()[f'loop_{one}'] = make(one)", "globals()[f'pair_{one[0]}'] = make(one, table.get('k', 'function'))", "setattr(here, f'at_{number}', make(one))",
    "names = names + [str(one)]", "number += 1", "register(f'{word}_{one}', make(one, params=[1, 2]))", "word = f'{one}'[:3]", "globals()[f'e_{one.name}'] = make(one)",
    "globals()[f'c_{one.label}'] = make(one, one.scope, one.phases)", "if one == 'b':\n    break", "if number > 2:\n    continue", "if os.getpid():\n    continue",
    "left, right = one\nglobals()[f'lr_{left}_{right}'] = make(left)", "def inner(one=one):\n    return one\nglobals()[f'i_{inner()}'] = make(inner())",
]  # fmt: skip
"""What stands in loops, where ``one`` is the item."""


def _block(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(inner, min_size=1, max_size=3).map(lambda lines: indent("\n".join(lines), "    "))


def _loop(over: str, body: str) -> str:
    """A loop that ends, whatever its body does to what it goes through."""
    return f"for one in itertools.islice({over}, 9):\n{body}"


def _deeper(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    looped = _block(st.one_of(st.sampled_from(BODIES), st.sampled_from(BODIES), inner))
    block, test = _block(inner), st.sampled_from(TESTS)
    return st.one_of(
        st.builds(_loop, st.sampled_from(ITERABLES), looped),
        st.builds(_loop, st.sampled_from(ITERABLES), looped),
        st.builds(lambda test, body: f"if {test}:\n{body}", test, block),
        st.builds(lambda test, a, b: f"if {test}:\n{a}\nelse:\n{b}", test, block, block),
        st.builds(lambda body: f"try:\n{body}\nexcept Exception:\n    word = 'failed'", block),
    )


PROGRAMS = st.lists(st.recursive(st.sampled_from(SIMPLE), _deeper, max_leaves=5), min_size=1, max_size=6).map("\n".join)
"""Statements behind the prelude."""
