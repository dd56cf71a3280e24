"""What tests and fixtures ask for while they run: ``getfixturevalue``, lazy fixtures. Pytest runs these suites."""

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
    def b(a): return 1
    @pytest.fixture
    def c(): return 1
"""
UNUSED = "conftest.py::a conftest.py::b conftest.py::c"


def suite(text: str) -> dict[str, str]:
    """A suite of one module, below a conftest with the fixtures a, b (which requests a) and c."""
    return {"conftest.py": ABC, "test_it.py": text}


RULES = {
    "a literal": Rule(
        suite("""
            def test_one(request):
                assert request.getfixturevalue("b") == 1
        """),
        "test_one: - + a=conftest.py::a b=conftest.py::b",
        unused="conftest.py::c",
        runs=True,
    ),
    "a constant, a keyword, an annotated argument": Rule(
        suite("""
            NAME = "b"
            def test_one(request: pytest.FixtureRequest):
                request.getfixturevalue(NAME)
                request.getfixturevalue(argname="c")
        """),
        "test_one: - + a=conftest.py::a b=conftest.py::b c=conftest.py::c",
        unused="",
        runs=True,
    ),
    "from a fixture, for the test's own definition": Rule(
        {
            "conftest.py": ABC
            + """
    @pytest.fixture
    def asks(request): return request.getfixturevalue("a")
            """,
            "test_it.py": """
                @pytest.fixture
                def a(): return 2
                def test_one(asks): pass
            """,
        },
        "test_one: asks=conftest.py::asks + a=test_it.py::a",
        unused="conftest.py::a conftest.py::b conftest.py::c",
        runs=True,
    ),
    "a loop over literals, over a constant, a comprehension": Rule(
        suite("""
            NAMES = ["b", "c"]
            def test_loop(request):
                for name in ("a", "c"):
                    request.getfixturevalue(name)
            def test_constant(request):
                for name in NAMES:
                    request.getfixturevalue(name)
            def test_comprehension(request):
                assert [request.getfixturevalue(name) for name in NAMES]
        """),
        """
        test_comprehension: - + a=conftest.py::a b=conftest.py::b c=conftest.py::c
        test_constant: - + a=conftest.py::a b=conftest.py::b c=conftest.py::c
        test_loop: - + a=conftest.py::a c=conftest.py::c
        """,
        unused="",
        runs=True,
    ),
    "an f-string of known parts": Rule(
        {
            "conftest.py": """
                @pytest.fixture
                def small_box(): return 1
                @pytest.fixture
                def large_box(): return 1
            """,
            "test_it.py": """
                def test_one(request):
                    for size in ("small", "large"):
                        request.getfixturevalue(f"{size}_box")
            """,
        },
        "test_one: - + large_box=conftest.py::large_box small_box=conftest.py::small_box",
        unused="",
        runs=True,
    ),
    "an f-string of a parameter: whatever fits is possible": Rule(
        {
            "conftest.py": """
                @pytest.fixture
                def small_box(): return 1
                @pytest.fixture
                def box_of_nothing(): return 1
            """,
            "test_it.py": """
                import os
                def test_one(request):
                    request.getfixturevalue(f"{os.environ.get('SIZE', 'small')}_box")
            """,
        },
        "test_one: -",
        unused="conftest.py::box_of_nothing conftest.py::small_box?",
    ),
    "a name that is wholly unknown: all are possible": Rule(
        suite("""
            import os
            def test_one(request):
                request.getfixturevalue(os.environ.get("NAME", "a"))
        """),
        "test_one: -",
        unused="conftest.py::a? conftest.py::b? conftest.py::c?",
    ),
    "a parametrized name": Rule(
        suite("""
            @pytest.mark.parametrize("name", ["b", "c"])
            def test_one(name, request):
                request.getfixturevalue(name)
        """),
        "test_one x2: - + a=conftest.py::a b=conftest.py::b c=conftest.py::c",
        unused="",
        runs=True,
    ),
    "through a helper function, here or elsewhere": Rule(
        {
            "conftest.py": ABC,
            "helper.py": """
                def fetch(request, name="a"):
                    return request.getfixturevalue(name)
            """,
            "test_it.py": """
                from helper import fetch
                def local(req): return req.getfixturevalue("c")
                def test_one(request): local(request)
                def test_two(request): fetch(request)
                def test_three(request): fetch(request, name="b")
            """,
        },
        """
        test_one: - + c=conftest.py::c
        test_three: - + a=conftest.py::a b=conftest.py::b
        test_two: - + a=conftest.py::a
        """,
        unused="",
        runs=True,
    ),
    "through a method, and a nested function": Rule(
        suite("""
            class TestA:
                def fetch(self, request, name): return request.getfixturevalue(name)
                def test_one(self, request): self.fetch(request, "c")
            def test_two(request):
                def fetch(): return request.getfixturevalue("b")
                fetch()
        """),
        """
        TestA::test_one: - + c=conftest.py::c
        test_two: - + a=conftest.py::a b=conftest.py::b
        """,
        unused="",
        runs=True,
    ),
    "what a request brings in may ask again": Rule(
        {
            "conftest.py": """
                @pytest.fixture
                def leaf(): return 1
                @pytest.fixture
                def a(request): return request.getfixturevalue("leaf")
            """,
            "test_it.py": """
                def test_one(request): request.getfixturevalue("a")
            """,
        },
        "test_one: - + a=conftest.py::a leaf=conftest.py::leaf",
        unused="",
        runs=True,
    ),
    "the request kept in a variable, its method handed on": Rule(
        suite("""
            def test_one(request):
                get = request.getfixturevalue
                get("c")
            def test_two(request):
                assert list(map(request.getfixturevalue, ["a", "b"]))
        """),
        """
        test_one: - + c=conftest.py::c
        test_two: - + a=conftest.py::a b=conftest.py::b
        """,
        unused="",
        runs=True,
    ),
    "an override that asks for its own name gets the next one out": Rule(
        {
            "conftest.py": ABC,
            "test_it.py": """
                @pytest.fixture
                def c(request): return request.getfixturevalue("c")
                def test_one(c): pass
            """,
        },
        "test_one: c=test_it.py::c",
        unused="conftest.py::a conftest.py::b",
        runs=True,
    ),
    "under a condition that cannot be decided: possible": Rule(
        suite("""
            import os
            def test_one(request):
                if os.environ.get("SURELY_NOT_SET_ANYWHERE"):
                    request.getfixturevalue("c")
        """),
        "test_one: -",
        unused="conftest.py::a conftest.py::b conftest.py::c?",
    ),
    "by a helper that nobody is seen to call: possible": Rule(
        suite("""
            def helper(request):
                return request.getfixturevalue("c")
            def test_one(): pass
        """),
        "test_one: -",
        unused="conftest.py::a conftest.py::b conftest.py::c?",
    ),
    "comments, texts and other objects' methods do not count": Rule(
        suite('''
            class Box:
                def get(self, name): return name
            def test_one():
                """request.getfixturevalue("a")"""
                # request.getfixturevalue("b")
                Box().get("c")
        '''),
        "test_one: -",
        unused=UNUSED,
        runs=True,
    ),
    "lazy fixtures among the parameters": Rule(
        {
            "pytest.ini": "[pytest]\npythonpath = ../library",
            "../library/pytest_lazy_fixtures.py": "def lf(name): return name",
            "conftest.py": ABC,
            "test_it.py": """
                from pytest_lazy_fixtures import lf
                @pytest.mark.parametrize("x", [lf("b"), pytest.param(lf("c.real"), id="c"), 1])
                def test_one(x): pass
            """,
        },
        "test_one x3: - + a=conftest.py::a b=conftest.py::b c=conftest.py::c",
        unused="",
    ),
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_rule(rule: Rule, tmp_path: Path, oracle: live.Pytest) -> None:
    check(rule, tmp_path, oracle)
