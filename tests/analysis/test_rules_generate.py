"""``pytest_generate_tests``: what its body parametrizes for each test, as pytest collects it."""

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
    def c(request): return request.param
    @pytest.fixture(params=[1, 2, 3])
    def d(request): return 1
    @pytest.fixture
    def e(d): return 1
"""


def suite(text: str, **files: str) -> dict[str, str]:
    """A suite of one module, below a conftest with the fixtures a, b (requests a), c, d (three parameters), e (requests d)."""
    return {"conftest.py": ABC + files.pop("conftest", ""), "test_it.py": text, **files}


RULES = {
    "a hook of the module multiplies those that ask": Rule(
        suite("""
            def pytest_generate_tests(metafunc):
                if "x" in metafunc.fixturenames:
                    metafunc.parametrize("x", [1, 2])
            def test_one(x, a): pass
            def test_two(b): pass
        """),
        "test_one x2: a=conftest.py::a\ntest_two: a=conftest.py::a b=conftest.py::b",
        unused="conftest.py::c conftest.py::d conftest.py::e",
    ),
    "a hook of a conftest, for what lies below it": Rule(
        {
            "conftest.py": ABC,
            "sub/conftest.py": """
                WORDS = [f"w{n}" for n in range(3)]
                def pytest_generate_tests(metafunc):
                    if "word" in metafunc.fixturenames:
                        metafunc.parametrize(argnames="word", argvalues=WORDS, ids=str)
            """,
            "sub/test_sub.py": "def test_one(word): pass\n",
            "test_it.py": "def test_two(a): pass\n",
        },
        "sub/test_sub.py::test_one x3: -\ntest_two: a=conftest.py::a",
    ),
    "a direct parameter hides the fixture and what it asks for": Rule(
        suite("""
            def pytest_generate_tests(metafunc):
                if "b" in metafunc.fixturenames:
                    metafunc.parametrize("b", [1, 2])
            def test_one(b): pass
            def test_two(b, a): pass
        """),
        "test_one x2: -\ntest_two x2: a=conftest.py::a",
        unused="conftest.py::b conftest.py::c conftest.py::d conftest.py::e",
    ),
    "a direct parameter hides a fixture's own parameters": Rule(
        suite("""
            def pytest_generate_tests(metafunc):
                if "d" in metafunc.fixturenames:
                    metafunc.parametrize("d", [1, 2])
            def test_one(d): pass
            def test_two(e): pass
        """),
        "test_one x2: -\ntest_two x2: e=conftest.py::e",
    ),
    "but not those of what the hidden fixture asks for": Rule(
        suite("""
            def pytest_generate_tests(metafunc):
                metafunc.parametrize("e", [1, 2])
            def test_one(e): pass
        """),
        "test_one x6: -",
    ),
    "indirect is a request": Rule(
        suite("""
            def pytest_generate_tests(metafunc):
                if "c" in metafunc.fixturenames:
                    metafunc.parametrize("c", [1, 2], indirect=True)
            def test_one(c): pass
        """),
        "test_one x2: c=conftest.py::c",
    ),
    "indirect for some of the names": Rule(
        suite("""
            def pytest_generate_tests(metafunc):
                metafunc.parametrize("c, b", [(1, 2), (3, 4)], indirect=["c"], scope="module")
            def test_one(b, c): pass
        """),
        "test_one x2: c=conftest.py::c",
    ),
    "several calls, beside marks and fixture parameters": Rule(
        suite("""
            def pytest_generate_tests(metafunc):
                metafunc.parametrize("x", [1, 2])
                if "y" in metafunc.fixturenames:
                    metafunc.parametrize(["y", "z"], [(1, 2)] * 5)
            @pytest.mark.parametrize("w", "abc")
            def test_one(x, y, z, w, d): pass
            def test_two(x): pass
        """),
        "test_one x90: d=conftest.py::d\ntest_two x2: -",
    ),
    "all names in a loop": Rule(
        suite("""
            TABLE = {"x": [1, 2], "y": "abc", "z": range(0)}
            def pytest_generate_tests(metafunc):
                for name in metafunc.fixturenames:
                    if name in TABLE:
                        metafunc.parametrize(name, TABLE[name])
            def test_one(x, y): pass
            def test_two(a, x): pass
        """),
        "test_one x6: -\ntest_two x2: a=conftest.py::a",
    ),
    "names and rows of a helper, elsewhere": Rule(
        suite(
            """
            from helper import multiply
            def pytest_generate_tests(metafunc):
                multiply(metafunc, "x", size=3)
            def test_one(x): pass
            def test_two(): pass
            """,
            **{
                "helper.py": "def multiply(metafunc, name, *, size):\n    if name in metafunc.fixturenames:\n"
                "        metafunc.parametrize(name, list(range(size)))\n"
            },
        ),
        "test_one x3: -\ntest_two: -",
    ),
    "a hook that is imported": Rule(
        suite(
            "from helper import pytest_generate_tests\ndef test_one(x): pass\n",
            **{"helper.py": "def pytest_generate_tests(metafunc): metafunc.parametrize('x', [1, 2])\n"},
        ),
        "test_one x2: -",
    ),
    "a method of the class, for its own tests": Rule(
        suite("""
            class TestA:
                def pytest_generate_tests(self, metafunc):
                    if "x" in metafunc.fixturenames:
                        metafunc.parametrize("x", [1, 2])
                def test_one(self, x): pass
                def test_two(self, a): pass
                class TestInner:
                    def test_three(self, b): pass
            class TestB(TestA):
                def test_four(self, x, c): pass
            def test_five(): pass
        """),
        """
        TestA::test_one x2: -
        TestA::test_two: a=conftest.py::a
        TestA::TestInner::test_three: a=conftest.py::a b=conftest.py::b
        TestB::test_one x2: -
        TestB::test_two: a=conftest.py::a
        TestB::TestInner::test_three: a=conftest.py::a b=conftest.py::b
        TestB::test_four x2: c=conftest.py::c
        test_five: -
        """,
    ),
    "parameters that the class lists for each test": Rule(
        suite("""
            def pytest_generate_tests(metafunc):
                if metafunc.cls is None:
                    return
                rows = metafunc.cls.params[metafunc.function.__name__]
                names = sorted(rows[0])
                metafunc.parametrize(names, [[row[name] for name in names] for row in rows])
            class TestA:
                params = {
                    "test_one": [dict(x=1, y=2), dict(x=3, y=3)],
                    "test_two": [dict(x=1)],
                }
                def test_one(self, x, y): pass
                def test_two(self, x): pass
            def test_three(): pass
        """),
        "TestA::test_one x2: -\nTestA::test_two: -\ntest_three: -",
    ),
    "an attribute of the module": Rule(
        suite(
            """
            SIZES = [1, 2, 3, 4]
            def test_one(x): pass
            """,
            conftest="""
    def pytest_generate_tests(metafunc):
        if "x" in metafunc.fixturenames:
            metafunc.parametrize("x", metafunc.module.SIZES)
            """,
        ),
        "test_one x4: -",
    ),
    "an option decides": Rule(
        suite("""
            def pytest_generate_tests(metafunc):
                if "x" in metafunc.fixturenames:
                    metafunc.parametrize("x", [1, 2] if metafunc.config.getoption("verbose") > 90 else [1, 2, 3])
                if metafunc.config.getoption("verbose") > 90:
                    metafunc.parametrize("b", [1, 2])
            def test_one(x): pass
            def test_two(b): pass
            def test_three(): pass
        """),
        """
        test_one x>=1: -
        test_two x>=1: a=conftest.py::a b=conftest.py::b
        test_three: -
        """,
    ),
    "something that nobody knows is given the hook's argument": Rule(
        suite("""
            import operator
            ask = operator.methodcaller("parametrize", "x", [1, 2])
            def pytest_generate_tests(metafunc):
                if "x" in metafunc.fixturenames:
                    ask(metafunc)
            def test_one(x): pass
            def test_two(): pass
        """),
        "test_one x>=1: -\ntest_two: -",
    ),
    "values that are computed": Rule(
        suite("""
            import os
            def pytest_generate_tests(metafunc):
                if "x" in metafunc.fixturenames:
                    metafunc.parametrize("x", sorted(os.environ))
            def test_one(x, a): pass
        """),
        "test_one x>=1: a=conftest.py::a",
    ),
    "a test of unittest is not asked about": Rule(
        suite("""
            import unittest
            def pytest_generate_tests(metafunc):
                metafunc.parametrize("x", [1, 2])
            class TestIt(unittest.TestCase):
                def test_one(self): pass
        """),
        "TestIt::test_one: -",
    ),
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_rule(rule: Rule, tmp_path: Path, oracle: live.Pytest) -> None:
    check(rule, tmp_path, oracle)


def test_a_hook_that_is_read_wholly_is_no_finding(tmp_path: Path) -> None:
    tests = """
        def pytest_generate_tests(metafunc):
            name = "si" + "ze"
            if name in metafunc.fixturenames:
                metafunc.parametrize(name, [1])
        def test_one(size): pass
        def test_two(sise): pass
    """
    graph = live.analyzed(live.draw(tmp_path.resolve(), {"pytest.ini": "[pytest]\n", "test_it.py": tests}))
    assert [(d.code, d.line) for d in graph.diagnostics] == [("FS203", 6)]


def test_a_hook_that_is_not_is_one(tmp_path: Path) -> None:
    tests = """
        import os
        def pytest_generate_tests(metafunc):
            metafunc.parametrize(os.environ["NAME"], [1])
        def test_one(size): pass
    """
    graph = live.analyzed(live.draw(tmp_path.resolve(), {"pytest.ini": "[pytest]\n", "test_it.py": tests}))
    assert [(d.code, d.line) for d in graph.diagnostics] == [("FS003", 2)]
    assert graph.tests[0].items_are == "at_least"
