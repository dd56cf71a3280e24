"""Which arguments are fixtures, what parameters do to them and to the number of items, and what marks ask for."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers_rules import Rule, check, oracle

from tests.oracle import live

__all__ = ["oracle"]

ABC = """
    @pytest.fixture
    def a(): return 1
    @pytest.fixture
    def b(): return 1
    @pytest.fixture
    def c(): return 1
"""


def suite(text: str) -> dict[str, str]:
    """A suite of one module, below a conftest with the fixtures a, b and c."""
    return {"conftest.py": ABC, "test_it.py": text}


RULES = {
    # ------------------------------------------------------------------------------------------------ tests that are gone
    "a decorator that returns a bare mark instead of what it decorates": Rule(
        suite("""
            import sys
            def instead(f):
                pytest = sys.modules.get("pytest")
                if pytest is not None:
                    return pytest.mark.skip
                else:
                    return f
            def marked(f):
                pytest = sys.modules.get("pytest")
                if pytest is not None:
                    return pytest.mark.usefixtures("b")(f)
                return f
            by_lambda = lambda f: pytest.mark.skip
            @instead
            def test_one(a): pass
            @marked
            def test_two(a): pass
            @by_lambda
            def test_three(a): pass
            @instead
            class TestFour:
                def test_in(self, a): pass
            class TestFive:
                @instead
                def test_in(self, a): pass
                def test_other(self, c): pass
        """),
        "test_two: a=conftest.py::a b=conftest.py::b\nTestFive::test_other: c=conftest.py::c",
    ),
    "one that may return it": Rule(
        suite("""
            import os
            def perhaps(f):
                if os.environ.get("NEVER_SET_BY_ANYBODY"):
                    return pytest.mark.skip
                return f
            @perhaps
            def test_one(a): pass
        """),
        "test_one: a=conftest.py::a",
    ),
    # -------------------------------------------------------------------------------------------------------- arguments
    "defaults are no requests": Rule(
        suite("def test_one(a, b=1, *, c=2): pass\ndef test_two(*args, a, **b): pass"),
        """
        test_one: a=conftest.py::a
        test_two: a=conftest.py::a
        """,
    ),
    "a fixture's defaults, keyword-only and starred arguments": Rule(
        {
            "conftest.py": ABC
            + """
    @pytest.fixture
    def d(a=1, *args, b, **c): return 1
            """,
            "test_it.py": "def test_one(d): pass",
        },
        "test_one: b=conftest.py::b d=conftest.py::d",
        unused="conftest.py::a conftest.py::c",
    ),
    "mock.patch hands over leading arguments, unless it is told what to put there": Rule(
        suite(
            """
            from unittest import mock
            import os
            @mock.patch("os.getcwd")
            @mock.patch.object(os, "getpid")
            def test_two_mocks(getpid, getcwd, a): pass
            @mock.patch("os.getcwd", new=None)
            @mock.patch("os.getpid", lambda: 1)
            @mock.patch.object(os, "sep", "/")
            @mock.patch.dict(os.environ, {"A": "B"})
            def test_no_mock(a, b): pass
            @mock.patch("os.getcwd", new_callable=mock.MagicMock)
            def test_made(made, c): pass
            class TestA:
                @mock.patch("os.getcwd")
                def test_method(self, getcwd, b): pass
            """
        ),
        """
        TestA::test_method: b=conftest.py::b
        test_made: c=conftest.py::c
        test_no_mock: a=conftest.py::a b=conftest.py::b
        test_two_mocks: a=conftest.py::a
        """,
    ),
    "mock.patch under other names, kept in a variable, on a fixture": Rule(
        suite(
            """
            import unittest.mock as um
            from unittest.mock import patch, patch as p
            patched = patch("os.getcwd")
            @patched
            def test_kept(getcwd, a): pass
            @p("os.getcwd")
            @um.patch("os.getpid")
            def test_alias(getpid, getcwd, b): pass
            @pytest.fixture
            @patch("os.getcwd")
            def d(getcwd, c): return 1
            def test_fixture(d): pass
            """
        ),
        """
        test_alias: b=conftest.py::b
        test_fixture: c=conftest.py::c d=test_it.py::d
        test_kept: a=conftest.py::a
        """,
    ),
    "mock.patch on a class patches its test methods": Rule(
        suite(
            """
            from unittest import mock
            @mock.patch("os.getcwd")
            class TestA:
                def test_one(self, getcwd, a): pass
                @mock.patch("os.getpid")
                def test_two(self, getpid, getcwd, b): pass
            """
        ),
        """
        TestA::test_one: a=conftest.py::a
        TestA::test_two: b=conftest.py::b
        """,
    ),
    "decorators with functools.wraps keep the arguments": Rule(
        suite(
            """
            import functools
            def around(function):
                @functools.wraps(function)
                def wrapper(*args, **kwargs):
                    return function(*args, **kwargs)
                return wrapper
            def retried(times):
                def decorator(function):
                    @functools.wraps(function)
                    def wrapper(*args, **kwargs):
                        return function(*args, **kwargs)
                    return wrapper
                return decorator
            @around
            @retried(3)
            def test_one(a): pass
            @pytest.mark.usefixtures("b")
            @around
            @pytest.mark.usefixtures("c")
            def test_two(): pass
            """
        ),
        """
        test_one: a=conftest.py::a
        test_two: b=conftest.py::b c=conftest.py::c
        """,
    ),
    "decorators that cast what they return, and mark it": Rule(
        suite(
            """
            import functools, sys, typing
            def skipping(function):
                @functools.wraps(function)
                def wrapper(*args, **kwargs): return function(*args, **kwargs)
                return typing.cast(typing.Callable, wrapper)
            def network(decorator):
                def marking(function): return pytest.mark.xfail(decorator(function))
                return marking
            def computed(function): return pytest.mark.xfail([skipping][0 * len(sys.argv)](function))
            @skipping
            def test_cast(a): pass
            class TestA:
                @network(skipping)
                def test_marked(self, b): pass
                @network(computed)
                def test_computed(self, c): pass
            """
        ),
        """
        test_cast: a=conftest.py::a
        TestA::test_marked: b=conftest.py::b
        TestA::test_computed x>=1: c=conftest.py::c
        """,
    ),
    "decorators without functools.wraps replace them": Rule(
        suite(
            """
            def plain(function):
                def wrapper(b):
                    return function(1)
                return wrapper
            def starred(function):
                def wrapper(*args, **kwargs):
                    return function(*args, **kwargs)
                return wrapper
            @plain
            def test_one(a): pass
            @starred
            def test_two(a): pass
            """
        ),
        """
        test_one: b=conftest.py::b
        test_two: -
        """,
    ),
    "partials, lambdas and async functions as tests": Rule(
        suite(
            """
            import functools
            def helper(x, a, *, b): pass
            test_partial = functools.partial(helper, 1)
            test_keyword = functools.partial(helper, x=1, b=2)
            test_lambda = lambda a, c=1: None
            async def test_async(b): pass
            """
        ),
        """
        test_async: b=conftest.py::b
        test_keyword: a=conftest.py::a
        test_lambda: a=conftest.py::a
        test_partial: a=conftest.py::a b=conftest.py::b
        """,
    ),
    "hypothesis.given provides arguments": Rule(
        suite(
            """
            from hypothesis import given, strategies as st
            @given(x=st.integers())
            def test_keyword(x, a): pass
            @given(st.integers(), st.text())
            def test_positional(b, x, y): pass
            """
        ),
        """
        test_keyword: a=conftest.py::a
        test_positional: b=conftest.py::b
        """,
        needs="hypothesis",
    ),
    # ------------------------------------------------------------------------------------------------------ parametrize
    "a directly parametrized name hides the fixture and what only it requests": Rule(
        {
            "conftest.py": """
                @pytest.fixture
                def leaf(): return 1
                @pytest.fixture
                def a(leaf): return 1
                @pytest.fixture
                def b(a): return 1
            """,
            "test_it.py": """
                @pytest.mark.parametrize("a", [1, 2])
                def test_one(a, b): pass
            """,
        },
        "test_one x2: b=conftest.py::b",
        unused="conftest.py::a conftest.py::leaf",
    ),
    "a name that only a fixture requests can be parametrized as well": Rule(
        {
            "conftest.py": """
                @pytest.fixture
                def a(): return 1
                @pytest.fixture
                def b(a): return 1
            """,
            "test_it.py": """
                @pytest.mark.parametrize("a", [1, 2])
                def test_one(b): pass
            """,
        },
        "test_one x2: b=conftest.py::b",
    ),
    "names as text, list and tuple; values as list, tuple, range, constant": Rule(
        suite(
            """
            VALUES = [1, 2, 3]
            @pytest.mark.parametrize("a, b", [(1, 2), (3, 4)])
            def test_text(a, b, c): pass
            @pytest.mark.parametrize(["a", "b"], ((1, 2),))
            def test_list(a, b): pass
            @pytest.mark.parametrize(("a",), [(1,), (2,)])
            def test_tuple(a): pass
            @pytest.mark.parametrize("a", range(4))
            def test_range(a): pass
            @pytest.mark.parametrize("a", VALUES)
            def test_constant(a): pass
            @pytest.mark.parametrize("a", VALUES[1:] + [x for x in VALUES if x > 1])
            def test_computed(a): pass
            @pytest.mark.parametrize(argnames="a", argvalues={"x": 1, "y": 2})
            def test_keywords(a): pass
            @pytest.mark.parametrize("a", [])
            def test_none(a): pass
            @pytest.mark.parametrize("a", "xyz", ids=str)
            def test_letters(a): pass
            """
        ),
        """
        test_computed x4: -
        test_constant x3: -
        test_keywords x2: -
        test_letters x3: -
        test_list: -
        test_none: -
        test_range x4: -
        test_text x2: c=conftest.py::c
        test_tuple x2: -
        """,
    ),
    "indirect: all, some, none": Rule(
        suite(
            """
            @pytest.mark.parametrize("a", [1, 2], indirect=True)
            def test_all(a): pass
            @pytest.mark.parametrize("a, b", [(1, 2)], indirect=["b"])
            def test_some(a, b): pass
            @pytest.mark.parametrize("a", [1], indirect=False)
            def test_none(a): pass
            """
        ),
        """
        test_all x2: a=conftest.py::a
        test_none: -
        test_some: b=conftest.py::b
        """,
    ),
    "pytest.param, and stacked marks multiply": Rule(
        suite(
            """
            @pytest.mark.parametrize("a", [pytest.param(1, id="one"), pytest.param(2, marks=pytest.mark.skip), 3])
            @pytest.mark.parametrize("b", [1, 2])
            def test_one(a, b, c): pass
            """
        ),
        "test_one x6: c=conftest.py::c",
    ),
    "parametrize on a class and on a module": Rule(
        suite(
            """
            pytestmark = pytest.mark.parametrize("a", [1, 2])
            @pytest.mark.parametrize("b", [1, 2, 3])
            class TestA:
                def test_one(self, a, b): pass
            def test_two(a, c): pass
            """
        ),
        """
        TestA::test_one x6: -
        test_two x2: c=conftest.py::c
        """,
    ),
    "a parametrize mark kept in a variable": Rule(
        suite(
            """
            each = pytest.mark.parametrize("a", [1, 2])
            NAMES = ("a", "b")
            both = pytest.mark.parametrize(NAMES, [(1, 2), (3, 4), (5, 6)])
            @each
            def test_one(a, b): pass
            @both
            def test_two(a, b): pass
            """
        ),
        """
        test_one x2: b=conftest.py::b
        test_two x3: -
        """,
    ),
    "values that the text does not tell": Rule(
        suite(
            """
            import os
            @pytest.mark.parametrize("a", sorted(os.environ))
            def test_one(a, b): pass
            """
        ),
        "test_one x>=1: b=conftest.py::b",
    ),
    # --------------------------------------------------------------------------------------------------- fixture params
    "params of fixtures multiply, however far away, and those of autouse ones": Rule(
        {
            "conftest.py": """
                SIZES = (1, 2, 3)
                @pytest.fixture(params=SIZES)
                def leaf(request): return request.param
                @pytest.fixture
                def a(leaf): return leaf
                @pytest.fixture(params=[pytest.param(1, id="x"), 2])
                def b(request): return request.param
            """,
            "test_it.py": """
                def test_one(a): pass
                def test_two(a, b): pass
                class TestA:
                    @pytest.fixture(autouse=True, params="xy")
                    def always(self, request): pass
                    def test_three(self, b): pass
            """,
        },
        """
        TestA::test_three x4: always=test_it.py::TestA::always b=conftest.py::b
        test_one x3: a=conftest.py::a leaf=conftest.py::leaf
        test_two x6: a=conftest.py::a b=conftest.py::b leaf=conftest.py::leaf
        """,
    ),
    "parametrize takes the place of a fixture's params": Rule(
        {
            "conftest.py": """
                @pytest.fixture(params=[1, 2, 3])
                def a(request): return request.param
            """,
            "test_it.py": """
                @pytest.mark.parametrize("a", [1, 2], indirect=True)
                def test_one(a): pass
                @pytest.mark.parametrize("a", [1])
                def test_two(a): pass
            """,
        },
        """
        test_one x2: a=conftest.py::a
        test_two: -
        """,
    ),
    "an override has its own params, or those of what it requests": Rule(
        {
            "conftest.py": """
                @pytest.fixture(params=[1, 2, 3])
                def a(request): return request.param
            """,
            "test_own.py": """
                @pytest.fixture(params=[1, 2])
                def a(request): return request.param
                def test_own(a): pass
            """,
            "test_none.py": """
                @pytest.fixture
                def a(): return 0
                def test_none(a): pass
            """,
            "test_theirs.py": """
                @pytest.fixture
                def a(a): return a
                def test_theirs(a): pass
            """,
        },
        """
        test_none.py::test_none: a=test_none.py::a
        test_own.py::test_own x2: a=test_own.py::a
        test_theirs.py::test_theirs x3: a=test_theirs.py::a
        """,
    ),
    # ------------------------------------------------------------------------------------------------------------ marks
    "usefixtures on a function, a class, a module": Rule(
        suite(
            """
            pytestmark = pytest.mark.usefixtures("a")
            @pytest.mark.usefixtures("b")
            class TestA:
                @pytest.mark.usefixtures("c", "tmp_path_factory")
                def test_one(self): pass
            def test_two(): pass
            """
        ),
        """
        TestA::test_one: a=conftest.py::a b=conftest.py::b c=conftest.py::c
            tmp_path_factory=pytest:_pytest.tmpdir::tmp_path_factory
        test_two: a=conftest.py::a
        """.replace("\n            tmp", " tmp"),
    ),
    "pytestmark as a list, by an alias, in a class, added to": Rule(
        {
            "conftest.py": ABC,
            "test_list.py": """
                pytestmark = [pytest.mark.usefixtures("a"), pytest.mark.filterwarnings("ignore")]
                pytestmark += [pytest.mark.usefixtures("b")]
                def test_one(): pass
            """,
            "test_alias.py": """
                from pytest import mark
                needs_a = mark.usefixtures("a")
                needs = [needs_a, mark.usefixtures("c")]
                pytestmark = needs
                def test_two(): pass
            """,
            "test_class.py": """
                class TestA:
                    pytestmark = pytest.mark.usefixtures("b")
                    def test_three(self): pass
                    class TestInner:
                        pytestmark = [pytest.mark.usefixtures("c")]
                        def test_four(self): pass
            """,
        },
        """
        test_alias.py::test_two: a=conftest.py::a c=conftest.py::c
        test_class.py::TestA::TestInner::test_four: b=conftest.py::b c=conftest.py::c
        test_class.py::TestA::test_three: b=conftest.py::b
        test_list.py::test_one: a=conftest.py::a b=conftest.py::b
        """,
    ),
    "marks as decorators under other names, imported, with names from elsewhere": Rule(
        {
            "conftest.py": ABC,
            "marks.py": """
                needs_a = pytest.mark.usefixtures("a")
                NAMES = ("b", "c")
            """,
            "test_it.py": """
                from pytest import mark as m
                from marks import NAMES, needs_a
                import marks
                uses = m.usefixtures
                @needs_a
                def test_one(): pass
                @m.usefixtures(*NAMES)
                def test_two(): pass
                @uses("b")
                @marks.needs_a
                class TestA:
                    def test_three(self): pass
                @needs_a
                @m.skipif(True, reason="x")
                def test_four(): pass
            """,
        },
        """
        TestA::test_three: a=conftest.py::a b=conftest.py::b
        test_four: a=conftest.py::a
        test_one: a=conftest.py::a
        test_two: b=conftest.py::b c=conftest.py::c
        """,
    ),
    "a decorator of the project that applies marks": Rule(
        suite(
            """
            def with_a(function):
                return pytest.mark.usefixtures("a")(function)
            def with_these(*names):
                def decorate(function):
                    return pytest.mark.usefixtures(*names)(function)
                return decorate
            @with_a
            def test_one(): pass
            @with_these("b", "c")
            def test_two(): pass
            """
        ),
        """
        test_one: a=conftest.py::a
        test_two: b=conftest.py::b c=conftest.py::c
        """,
    ),
    "usefixtures of a name that nobody has": Rule(
        suite("""
            @pytest.mark.usefixtures("nobody_has_this", "a")
            def test_one(): pass
        """),
        "test_one: a=conftest.py::a",
    ),
    "usefixtures of a directly parametrized name": Rule(
        suite("""
            @pytest.mark.usefixtures("a", "b")
            @pytest.mark.parametrize("a", [1, 2])
            def test_one(a): pass
        """),
        "test_one x2: b=conftest.py::b",
    ),
    "parameters from a dict that is empty where it stands, and that other modules fill": Rule(
        {
            "common.py": "ENTRIES: dict[str, int] = {}",
            "one.py": "from common import ENTRIES\nENTRIES['x'] = 1",
            "two.py": "def fill():\n    import common\n    common.ENTRIES['y'] = 2\nfill()",
            "test_it.py": """
                import common, one, two
                from common import ENTRIES
                @pytest.mark.parametrize("e", common.ENTRIES.keys())
                def test_keys(e): pass
                @pytest.mark.parametrize("e", list(ENTRIES))
                def test_list(e): pass
            """,
        },
        """
        test_keys x>=1: -
        test_list x>=1: -
        """,
    ),
    "parameters from a collection beside itself": Rule(
        suite("""
            VALUES = [1, 2]
            ONCE = iter(VALUES)
            @pytest.mark.parametrize("x, y", list(zip(VALUES, VALUES)))
            def test_list(x, y): pass
            @pytest.mark.parametrize("x, y", zip(ONCE, ONCE))
            def test_iterator(x, y): pass
        """),
        """
        test_iterator x>=1: -
        test_list x2: -
        """,
    ),
    "a generator that a decorator makes something else of is a test": Rule(
        suite("""
            import contextlib, functools
            import importlib
            @contextlib.contextmanager
            def test_manager(a): yield
            @functools.lru_cache
            def test_cached(b): yield
            @getattr(importlib.import_module("functools"), "lru" + "_cache")
            def test_unknown(c): yield
        """),
        """
        test_cached: b=conftest.py::b
        test_manager: a=conftest.py::a
        test_unknown: c=conftest.py::c
        """,
    ),
    "old code asks whether pytest has what every pytest has by now": Rule(
        suite("""
            import pytest
            has_param = hasattr(pytest, "param")
            if not has_param:
                def test_old(a): pass
            else:
                def test_new(b): pass
        """),
        "test_new: b=conftest.py::b",
    ),
    "the parameters of a fixture are those that its list had when it was made": Rule(
        {
            "conftest.py": """
                values = [1, 2]
                @pytest.fixture(params=values)
                def a(request): return 1
                values.append(3)
            """,
            "test_it.py": "def test_one(a): pass",
        },
        "test_one x2: a=conftest.py::a",
    ),
    "a list that a loop goes through, changes and gives another name": Rule(
        suite("""
            import itertools
            names = ["a", "b", "c"]
            kept = names
            for one in itertools.islice(names, 9):
                if True:
                    names.append("w")
                else:
                    names = [*names, "c"]
            @pytest.mark.parametrize("x", kept)
            def test_one(x): pass
        """),
        "test_one x>=1: -",
    ),
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_rule(rule: Rule, tmp_path: Path, oracle: live.Pytest) -> None:
    check(rule, tmp_path, oracle)
