"""Which classes may be unittest's, by text alone: wherever the answer is no, reading everything says no, too."""

from __future__ import annotations

from textwrap import dedent

import pytest
from helpers_evaluate import draw

from fixturescope.analysis.mro import external_bases, linearize
from fixturescope.analysis.values import ClassValue

OTHER = """
import abc, unittest
import plain
from typing import Generic, TypeVar
from plain import Plain, Deep as Renamed
from case import Case
class Here(Plain): pass
class Late(Again): pass
class Again: pass
class Flagged: __test__ = True
"""
LIBRARIES = {
    "plain.py": "import abc\nclass Plain(abc.ABC): x = 1\nclass Deep(Plain): pass\nclass Loop(Loop): pass\nclass Error(ValueError): pass",
    "case.py": "from unittest import TestCase\nclass Case(TestCase): pass",
    "stars.py": "from plain import *\nfrom case import *",
    "moved.py": "from plain import Deep\nfrom case import Case as Moved",
    "twice.py": "if x:\n    from plain import Deep as Either\nelse:\n    from case import Case as Either",
    "bound.py": "from case import Case\nclass Bound: pass\nBound = Case",
    "declared.py": "from case import Case\nclass Declared: pass\nDeclared: type = Case",
    "told.py": 'class Told:\n    """\n    Told : what it says\n    """',
    "flagged.py": "class Flagged: pass\nFlagged.__test__ = True",
    "conditional.py": "from case import Case\nif x:\n    class Within(Case): pass",
    "inner.py": "import unittest\nclass Outer:\n    class Inner(unittest.TestCase): pass",
    "headers.py": "import unittest\nfrom plain import Plain\nfrom typing import Generic\nclass Two(Plain): pass\nclass Two(unittest.TestCase): pass\n"
    "class Long(\n    Plain,  # a comment, of two\n    Generic[T, dict[str, int]],\n    metaclass=M,\n): pass\nclass Called(make()): pass\n"
    "class Starred(*BASES): pass\nclass Asked(abc.ABC, kind=1): pass",
}
DEEP = {"deep.py": "\n".join(f"class D{i}(D{i + 1}): pass" for i in range(300)) + "\nclass D300: pass"}


@pytest.mark.parametrize(
    ("base", "may_be"),
    [
        ("plain.Plain", False),
        ("plain.Deep", False),
        ("plain.Loop", False),
        ("plain.Error", False),
        ("plain.Missing", True),
        ("case.Case", True),
        ("stars.Plain", True),
        ("stars.Case", True),
        ("moved.Deep", False),
        ("moved.Moved", True),
        ("twice.Either", True),
        ("bound.Bound", True),
        ("declared.Declared", True),
        ("told.Told", False),
        ("flagged.Flagged", True),
        ("conditional.Within", True),
        ("inner.Outer", False),
        ("inner.Outer.Inner", True),
        ("headers.Two", True),
        ("headers.Long", False),
        ("headers.Called", True),
        ("headers.Starred", True),
        ("headers.Asked", True),
        ("standard.Thing", False),
        ("nowhere.Thing", True),
        ("unittest.TestCase", True),
        ("unittest.mock.Mock", True),
        ("builtins.dict", False),
        ("enum.Enum", False),
        ("deep.D0", True),
        ("deep.D299", False),
    ],
)
def test_what_may_be_run_by_unittest(base: str, may_be: bool) -> None:
    module, _, _ = base.rpartition(".")
    source = f"import {module}\nclass It({base}): pass" if module != "builtins" else "class It(dict): pass"
    drawn = draw({"module.py": source}, libraries={**LIBRARIES, **DEEP}, stdlib={"standard.py": "class Thing: pass"})
    assert drawn.linker.may_be_run_by_unittest(base) is may_be
    assert drawn.parsed == []
    cls = drawn.value("It")
    assert isinstance(cls, ClassValue)
    if not may_be:
        assert "unittest.TestCase" not in external_bases(linearize(drawn.linker.evaluator, cls))


def test_what_a_base_is_called_in_its_own_module() -> None:
    bases = ["Here", "Late", "Again", "Flagged", "Plain", "Renamed", "Case"]
    drawn = draw({"module.py": ""}, libraries={**LIBRARIES, "other.py": dedent(OTHER)})
    assert [
        base for base in bases if drawn.linker.may_be_run_by_unittest(f"other.{base}")
    ] == bases  # a __test__ is near
    drawn = draw({"module.py": ""}, libraries={**LIBRARIES, "other.py": dedent(OTHER).replace("__test__", "x")})
    assert [base for base in bases if drawn.linker.may_be_run_by_unittest(f"other.{base}")] == ["Case"]
