"""Classes: their fixtures, what they inherit, which are collected, and what ``unittest`` makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers_rules import Rule, check, oracle

from tests.oracle import live

__all__ = ["oracle"]

RULES = {
    # --------------------------------------------------------------------------------------------------- class fixtures
    "two classes with a fixture of the same name": Rule(
        {
            "test_it.py": """
                class TestA:
                    @pytest.fixture
                    def a(self): return 1
                    def test_one(self, a): pass
                class TestB:
                    @pytest.fixture
                    def a(self): return 2
                    def test_two(self, a): pass
            """
        },
        """
        TestA::test_one: a=test_it.py::TestA::a
        TestB::test_two: a=test_it.py::TestB::a
        """,
    ),
    "a class's fixture is not visible beside it": Rule(
        {
            "test_it.py": """
                class TestA:
                    @pytest.fixture
                    def a(self): return 1
                    def test_one(self): pass
                def test_two(a): pass
            """
        },
        """
        TestA::test_one: -
        test_two: -
        """,
        unused="test_it.py::TestA::a",
    ),
    "the fixtures of a class without tests": Rule(
        {
            "test_it.py": """
                class TestA:
                    @pytest.fixture
                    def a(self): return 1
                def test_one(): pass
            """
        },
        "test_one: -",
        unused="test_it.py::TestA::a",
    ),
    "a nested class sees the fixtures of those around it": Rule(
        {
            "test_it.py": """
                class TestOuter:
                    @pytest.fixture
                    def a(self): return 1
                    class TestInner:
                        @pytest.fixture
                        def b(self, a): return 1
                        class TestInmost:
                            @pytest.fixture
                            def a(self, a): return 1
                            def test_one(self, b): pass
                    def test_two(self, a, b): pass
            """
        },
        """
        TestOuter::TestInner::TestInmost::test_one: a=test_it.py::TestOuter::TestInner::TestInmost::a
            b=test_it.py::TestOuter::TestInner::b
        TestOuter::test_two: a=test_it.py::TestOuter::a
        """.replace("\n            b=", " b="),
        unused="",
    ),
    "a class fixture overrides the module's and asks it": Rule(
        {
            "test_it.py": """
                @pytest.fixture
                def a(): return 1
                class TestA:
                    @pytest.fixture
                    def a(self, a): return a
                    def test_one(self, a): pass
            """
        },
        "TestA::test_one: a=test_it.py::TestA::a",
        unused="",
        runs=True,
    ),
    # ------------------------------------------------------------------------------------------------------ inheritance
    "a base class in a module that is no test module": Rule(
        {
            "base.py": """
                class Base:
                    @pytest.fixture
                    def a(self): return 1
                    def test_inherited(self, a): pass
            """,
            "test_it.py": """
                from base import Base
                class TestA(Base):
                    pass
                class TestB(Base):
                    @pytest.fixture
                    def a(self): return 2
            """,
        },
        """
        TestA::test_inherited: a=base.py::Base::a
        TestB::test_inherited: a=test_it.py::TestB::a
        """,
        unused="",
    ),
    "an override in a subclass hides the base's wholly": Rule(
        {
            "test_it.py": """
                @pytest.fixture
                def a(): return 0
                class Base:
                    @pytest.fixture
                    def a(self): return 1
                class TestA(Base):
                    @pytest.fixture
                    def a(self, a): return a
                    def test_one(self, a): pass
            """
        },
        "TestA::test_one: a=test_it.py::TestA::a",
        unused="",
        runs=True,
    ),
    "several bases: method resolution order": Rule(
        {
            "test_it.py": """
                class Root:
                    @pytest.fixture
                    def a(self): return 0
                    @pytest.fixture
                    def b(self): return 0
                class Left(Root):
                    pass
                class Right(Root):
                    @pytest.fixture
                    def a(self): return 2
                    @pytest.fixture
                    def b(self): return 2
                class TestA(Left, Right):
                    @pytest.fixture
                    def b(self): return 3
                    def test_one(self, a, b): pass
            """
        },
        "TestA::test_one: a=test_it.py::Right::a b=test_it.py::TestA::b",
    ),
    "a test that a subclass overrides, or takes away": Rule(
        {
            "test_it.py": """
                class TestBase:
                    def test_one(self, tmp_path_factory): pass
                    def test_two(self): pass
                class TestA(TestBase):
                    def test_one(self): pass
                    test_two = None
            """
        },
        """
        TestA::test_one: -
        TestBase::test_one: tmp_path_factory=pytest:_pytest.tmpdir::tmp_path_factory
        TestBase::test_two: -
        """,
    ),
    "a fixture that a subclass takes away": Rule(
        {
            "test_it.py": """
                @pytest.fixture
                def a(): return 0
                class Base:
                    @pytest.fixture
                    def a(self): return 1
                class TestA(Base):
                    a = None
                    def test_one(self, a): pass
            """
        },
        "TestA::test_one: a=test_it.py::a",
    ),
    "marks of base classes count": Rule(
        {
            "test_it.py": """
                @pytest.fixture
                def a(): return 0
                @pytest.fixture
                def b(): return 0
                @pytest.mark.usefixtures("a")
                class Base:
                    pass
                class Other:
                    pytestmark = [pytest.mark.usefixtures("b")]
                class TestA(Base, Other):
                    def test_one(self): pass
            """
        },
        "TestA::test_one: a=test_it.py::a b=test_it.py::b",
    ),
    "a generic base and a class of another module's attribute": Rule(
        {
            "base.py": """
                from typing import Generic, TypeVar
                T = TypeVar("T")
                class Base(Generic[T]):
                    @pytest.fixture
                    def a(self): return 1
                    def test_inherited(self, a): pass
            """,
            "test_it.py": """
                import base
                class TestA(base.Base[int]):
                    pass
            """,
        },
        "TestA::test_inherited: a=base.py::Base::a",
    ),
    "an imported test class is collected where it is imported, too": Rule(
        {
            "test_base.py": """
                class TestA:
                    @pytest.fixture
                    def a(self): return 1
                    def test_one(self, a): pass
            """,
            "test_it.py": "from test_base import TestA\nclass TestB(TestA): pass",
        },
        """
        test_base.py::TestA::test_one: a=test_base.py::TestA::a
        TestA::test_one: a=test_base.py::TestA::a
        TestB::test_one: a=test_base.py::TestA::a
        """,
    ),
    "an imported test class sees the fixtures of the importing module": Rule(
        {
            "base.py": """
                @pytest.fixture
                def a(): return 1
                class TestA:
                    def test_one(self, a): pass
            """,
            "test_it.py": """
                from base import TestA
                @pytest.fixture
                def a(): return 2
            """,
        },
        "TestA::test_one: a=test_it.py::a",
    ),
    # -------------------------------------------------------------------------------------------------------- collected
    "__test__ = False on a class, a base class, a function, a module": Rule(
        {
            "test_gone.py": "__test__ = False\ndef test_gone(): pass",
            "test_it.py": """
                class TestGone:
                    __test__ = False
                    def test_gone(self): pass
                class TestInherits(TestGone):
                    pass
                class TestBack(TestGone):
                    __test__ = True
                def test_off(): pass
                test_off.__test__ = False
                class Unusual:
                    __test__ = True
                    def test_one(self): pass
            """,
        },
        """
        TestBack::test_gone: -
        Unusual::test_one: -
        """,
    ),
    "a class with a constructor is not collected": Rule(
        {
            "test_it.py": """
                import dataclasses
                class TestInit:
                    def __init__(self): pass
                    def test_gone(self): pass
                class TestInherits(TestInit):
                    pass
                class TestNew:
                    def __new__(cls): return object.__new__(cls)
                    def test_gone(self): pass
                @dataclasses.dataclass
                class TestData:
                    x: int = 1
                    def test_gone(self): pass
                class TestPlain:
                    def test_one(self): pass
            """
        },
        "TestPlain::test_one: -",
    ),
    "an abstract class is not collected, its concrete child is": Rule(
        {
            "test_it.py": """
                import abc, unittest
                class TestBase(unittest.TestCase, abc.ABC):
                    @abc.abstractmethod
                    def make(self): ...
                    def test_one(self): pass
                class TestChild(TestBase):
                    def make(self): return 1
            """
        },
        "TestChild::test_one: -",
        since=(8,),
    ),
    "static and class methods": Rule(
        {
            "test_it.py": """
                @pytest.fixture
                def a(): return 1
                class TestA:
                    @staticmethod
                    def test_static(a): pass
                    @classmethod
                    def test_class(cls, a): pass
                    @property
                    def test_property(self): return 1
            """
        },
        """
        TestA::test_class: a=test_it.py::a
        TestA::test_static: a=test_it.py::a
        """,
    ),
    "a class under two names, a function under two names": Rule(
        {
            "test_it.py": """
                class Checks:
                    def test_one(self): pass
                TestA = Checks
                def helper(tmp_path_factory): pass
                test_two = helper
                test_three = test_two
            """
        },
        """
        TestA::test_one: -
        test_three: tmp_path_factory=pytest:_pytest.tmpdir::tmp_path_factory
        test_two: tmp_path_factory=pytest:_pytest.tmpdir::tmp_path_factory
        """,
    ),
    "a class made under a condition, and one in a loop's stead": Rule(
        {
            "test_it.py": """
                import sys
                if sys.version_info >= (3,):
                    class TestA:
                        if sys.version_info >= (3,):
                            @pytest.fixture
                            def a(self): return 1
                        def test_one(self, a): pass
                else:
                    class TestA:
                        def test_gone(self): pass
            """
        },
        "TestA::test_one: a=test_it.py::TestA::a",
    ),
    "python_classes and python_functions: prefixes or globs": Rule(
        {
            "pytest.ini": "[pytest]\npython_classes = Suite *Checks\npython_functions = check_ *_works",
            "test_it.py": """
                class SuiteOfAll:
                    def check_one(self): pass
                    def test_gone(self): pass
                class ManyChecks:
                    def it_works(self): pass
                class TestGone:
                    def check_one(self): pass
                def check_two(): pass
                def this_works(): pass
                def works_not_so(): pass
            """,
        },
        """
        ManyChecks::it_works: -
        SuiteOfAll::check_one: -
        check_two: -
        this_works: -
        """,
    ),
    "the default is the prefix test, without an underscore": Rule(
        {"test_it.py": "def testing(): pass\ndef test_(): pass\ndef Test(): pass\ndef atest(): pass"},
        """
        test_: -
        testing: -
        """,
    ),
    "setup methods add nothing that a reader could ask for": Rule(
        {
            "test_it.py": """
                def setup_module(): pass
                class TestA:
                    def setup_method(self): pass
                    def teardown_class(cls): pass
                    def test_one(self): pass
            """
        },
        "TestA::test_one: -",
    ),
    # --------------------------------------------------------------------------------------------------------- unittest
    "unittest: autouse and usefixtures only": Rule(
        {
            "conftest.py": """
                @pytest.fixture
                def a(): return 1
                @pytest.fixture
                def b(a): return 1
                @pytest.fixture(autouse=True)
                def always(): return 1
                @pytest.fixture
                def c(): return 1
            """,
            "test_it.py": """
                import unittest
                @pytest.mark.usefixtures("b")
                class Old(unittest.TestCase):
                    @pytest.fixture(autouse=True)
                    def own(self, c): self.c = c
                    def test_one(self, a=None): pass
                    @pytest.mark.usefixtures("c")
                    def test_two(self): pass
                    def helper(self): pass
            """,
        },
        """
        Old::test_one: a=conftest.py::a always=conftest.py::always b=conftest.py::b c=conftest.py::c own=test_it.py::Old::own
        Old::test_two: a=conftest.py::a always=conftest.py::always b=conftest.py::b c=conftest.py::c own=test_it.py::Old::own
        """,
        unused="",
    ),
    "unittest: any class name, mixins, bases elsewhere": Rule(
        {
            "base.py": """
                from unittest import IsolatedAsyncioTestCase, TestCase
                class Mixin:
                    @pytest.fixture(autouse=True)
                    def mixed(self): pass
                    def test_mixed(self): pass
                class Case(TestCase):
                    def test_base(self): pass
                class AsyncCase(IsolatedAsyncioTestCase):
                    async def test_async(self): pass
            """,
            "test_it.py": """
                import base
                class Own(base.Mixin, base.Case):
                    def test_own(self): pass
                    def check_gone(self): pass
                class Async(base.AsyncCase):
                    pass
            """,
        },
        """
        Async::test_async: -
        Own::test_base: mixed=base.py::Mixin::mixed
        Own::test_mixed: mixed=base.py::Mixin::mixed
        Own::test_own: mixed=base.py::Mixin::mixed
        """,
    ),
    "unittest: __test__, runTest, and no parametrize": Rule(
        {
            "test_it.py": """
                from unittest import TestCase
                class Gone(TestCase):
                    __test__ = False
                    def test_gone(self): pass
                class Single(TestCase):
                    def runTest(self): pass
                class Plain(TestCase):
                    def __init__(self, *args): super().__init__(*args)
                    def test_one(self): pass
            """
        },
        """
        Plain::test_one: -
        Single::runTest: -
        """,
    ),
    "parametrize leaves a TestCase alone: the names that it would provide are hidden, and set up all the same": Rule(
        {
            "conftest.py": """
                @pytest.fixture
                def a(): return 1
                @pytest.fixture(autouse=True)
                def b(a): return 1
            """,
            "test_it.py": """
                from unittest import TestCase
                pytestmark = [pytest.mark.usefixtures("c"), pytest.mark.parametrize("a, c", [(1, 2), (3, 4)])]
                @pytest.fixture
                def c(): return 1
                class TestOne(TestCase):
                    def test_one(self): pass
            """,
        },
        "TestOne::test_one: b=conftest.py::b + a=conftest.py::a c=test_it.py::c",
        unused="",
        runs=True,
    ),
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_rule(rule: Rule, tmp_path: Path, oracle: live.Pytest) -> None:
    check(rule, tmp_path, oracle)
