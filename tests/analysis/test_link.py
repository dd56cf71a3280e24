"""Names across files: imports, stars, packages, re-exports, and how little is parsed for them."""

from __future__ import annotations

import re

import pytest
from helpers_evaluate import draw, facts_of, shown

from fixturescope.analysis.link import _mutations, _Text
from fixturescope.analysis.values import ClassValue, FixtureValue, FunctionValue, Imported, ModuleRef

FIXTURE = "import pytest\n@pytest.fixture\ndef made(): pass\nnames = ['a', 'b']\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"module.py": "from other import x"}, "<other.x>"),
        ({"module.py": "from other import x", "other.py": "import pytest\nx = 1"}, 1),
        ({"module.py": "from other import y as x", "other.py": "import pytest\ny = 2"}, 2),
        ({"module.py": "import other\nx = other.x", "other.py": "import pytest\nx = 3"}, 3),
        ({"module.py": "import other as o\nx = o.x", "other.py": "import pytest\nx = 3"}, 3),
        ({"module.py": "import pkg.sub\nx = pkg.sub.x", "pkg/__init__.py": "import pytest", "pkg/sub.py": "import pytest\nx = 4"}, 4),
        ({"module.py": "from pkg import sub\nx = sub.x", "pkg/__init__.py": "import pytest", "pkg/sub.py": "import pytest\nx = 4"}, 4),
        ({"module.py": "from other import *", "other.py": "import pytest\nx = 5"}, 5),
        ({"module.py": "from other import *", "other.py": "import pytest\nx = 5\n__all__ = ['y']"}, "<builtins.x>"),
        ({"module.py": "from other import *", "other.py": "import pytest\nx = 5\n__all__ = ['x']"}, 5),
        ({"module.py": "from other import *", "other.py": "import os, pytest\nx = 5\n__all__ = [os.sep]"}, 5),
        ({"module.py": "from other import *", "other.py": "import pytest\n_x = 5"}, "<builtins.x>"),
        ({"module.py": "from a import *", "a.py": "import pytest\nfrom b import *", "b.py": "import pytest\nx = 6"}, 6),
        ({"module.py": "from a import x", "a.py": "import pytest\nfrom b import *", "b.py": "import pytest\nx = 6"}, 6),
        ({"module.py": "from a import x", "a.py": "from b import x", "b.py": "from c import y as x", "c.py": "import pytest\ny = 7"}, 7),
        ({"module.py": "from a import x", "a.py": "from a import x"}, "?"),
        ({"module.py": "from a import x", "a.py": "import pytest\nfrom b import x", "b.py": "import pytest\nfrom a import x"}, "?"),
        ({"module.py": "from module import x"}, "?"),
        ({"module.py": "from a import *\nfrom nowhere import *", "a.py": "from module import *"}, "<builtins.x>"),
        ({"module.py": "from a import x", "a.py": "import os, pytest\nif os.getpid(): x = 1"}, "?"),
        ({"module.py": "from a import x", "a.py": "import pytest\nx = []\ndef f(): x.append(1)"}, "?"),
        ({"module.py": "from a import x", "a.py": "import pytest\nx = []\nx.append(1)"}, [1]),
        ({"module.py": "from a import x", "a.py": "import pytest"}, "?"),
        ({"module.py": "from unreadable import x", "unreadable.py": "import pytest"}, "<unreadable.x>"),
        ({"module.py": "from sys import platform as x"}, "linux"),
        ({"module.py": "from os import name as x"}, "posix"),
        ({"module.py": "from typing_extensions import TYPE_CHECKING as x"}, False),
        ({"module.py": "from _pytest.mark import MARK_GEN as x"}, "<pytest.mark>"),
        ({"module.py": "from _pytest.fixtures import fixture as x"}, "<pytest.fixture>"),
    ],
)  # fmt: skip
def test_what_a_name_is(files: dict[str, str], expected: object) -> None:
    assert shown(draw(files).value("x")) == expected


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("from . import x", "package"),
        ("from .sibling import x", "sibling"),
        ("from .. import x", "outer"),
        ("from ..uncle import x", "uncle"),
        ("from pkg.sub.sibling import x", "sibling"),
        ("from ... import x", "<x>"),
    ],
)
def test_relative_imports(statement: str, expected: str) -> None:
    drawn = draw(
        {
            "pkg/__init__.py": "import pytest\nx = 'outer'",
            "pkg/uncle.py": "import pytest\nx = 'uncle'",
            "pkg/sub/__init__.py": "import pytest\nx = 'package'",
            "pkg/sub/sibling.py": "import pytest\nx = 'sibling'",
            "pkg/sub/module.py": statement,
        }
    )
    value = shown(drawn.value("x", "pkg.sub.module"))
    assert value == (expected if expected != "<x>" else "<.x>")


def test_a_relative_import_in_a_package_itself() -> None:
    drawn = draw({"pkg/__init__.py": "import pytest\nfrom .sub import x", "pkg/sub.py": "import pytest\nx = 1"})
    assert shown(drawn.value("x", "pkg")) == 1


def test_a_module_of_the_project_that_mentions_no_test_library_is_not_parsed() -> None:
    drawn = draw(
        {
            "module.py": "from app import Model, make, again, missing\nfrom app import CONSTANT",
            "app.py": "from other import again\nclass Model: pass\nasync def make(): pass\nCONSTANT = [1]\n",
            "other.py": "def again(): pass\n",
        }
    )
    assert [shown(drawn.value(name)) for name in ("Model", "make", "again")] == [
        "<app.Model>",
        "<app.make>",
        "<other.again>",
    ]
    assert drawn.parsed == ["module.py"]
    assert shown(drawn.value("CONSTANT")) == [1]
    assert drawn.parsed == ["module.py", "app.py"]


@pytest.mark.parametrize(
    "imports",
    [
        "from deep.er import again",
        "from .er import (\n    one,  # again\n    again,\n)",
        "from .er import one, \\\n    two as again",
        "from . import again",
    ],
)
def test_imports_read_from_text(imports: str) -> None:
    drawn = draw(
        {
            "module.py": "from deep import again",
            "deep/__init__.py": imports,
            "deep/er.py": "def again(): pass\ndef two(): pass\n",
        }
    )
    value = shown(drawn.value("again"))
    assert value in ("<deep.er.again>", "<deep.er.two>", "<deep.again>", "?")
    assert ("module.py" in drawn.parsed) is True


@pytest.mark.parametrize(
    ("comparison", "says", "parsed"),
    [
        ("lib.__name__ == 'lib'", True, ["module.py"]),
        ("lib.SIZE == object()", "?", ["module.py"]),
        ("lib.size == 3", True, ["module.py", "lib.py"]),
        ("3 < lib.size", False, ["module.py", "lib.py"]),
        ("lib.size == lib.other", False, ["module.py", "lib.py"]),
        ("lib.size == lib.function", "?", ["module.py", "lib.py"]),
    ],
)
def test_a_library_is_read_for_a_comparison_that_it_may_settle(
    comparison: str, says: object, parsed: list[str]
) -> None:
    library = "size = 3\nother = 4\ndef function(): pass"
    drawn = draw(
        {"module.py": f"import pytest\nlib = pytest.importorskip('lib')\nresult = {comparison}"},
        libraries={"lib.py": library},
    )
    assert shown(drawn.value("result")) == says
    assert drawn.parsed == parsed


def test_a_name_with_two_sources_is_parsed() -> None:
    drawn = draw(
        {
            "module.py": "from app import x",
            "app.py": "try:\n    from a import x\nexcept ImportError:\n    from b import x\n",
        },
        missing=frozenset({"a"}),
    )
    assert shown(drawn.value("x")) == "<b.x>"
    assert drawn.parsed == ["module.py", "app.py"]


def test_libraries_stay_external_until_somebody_reads_them() -> None:
    drawn = draw(
        {"module.py": "import lib\nfrom lib import Base, LIMIT, helper\nclass TestIt(Base): pass\nx = LIMIT"},
        libraries={
            "lib.py": "LIMIT = 3\nclass Base: pass\nclass Other(Base): pass\ndef helper(): pass\nalias = helper\n"
        },
    )
    assert shown(drawn.value("helper")) == "<lib.helper>"
    assert shown(drawn.value("x")) == 3  # a constant's name says that conditions may hang on it
    linker = drawn.linker
    cls = drawn.value("TestIt")
    assert isinstance(cls, ClassValue)
    (base,) = cls.bases
    read = linker.read(base)  # type: ignore[arg-type]
    assert isinstance(read, ClassValue)
    assert read.qualname == "Base"
    assert drawn.parsed == ["module.py", "lib.py"]


def test_a_librarys_names_for_what_is_pytests() -> None:
    drawn = draw(
        {
            "module.py": """
                from lib import testing
                from lib.testing import fixture
                @testing.fixture
                def a(): pass
                @fixture(scope="module")
                def b(): pass
                @testing.module_fixture
                def c(): pass
                @testing.fixtures_of
                def d(): pass
                @testing.parametrize("x", [1, 2])
                def test_it(x): pass
            """
        },
        libraries={
            "lib/__init__.py": "",
            "lib/testing.py": """
                import pytest
                fixture = pytest.fixture
                module_fixture = pytest.fixture(scope="module")
                parametrize = pytest.mark.parametrize
                from elsewhere import fixtures_of
            """,
        },
    )
    assert [shown(drawn.value(name)) for name in "abcd"] == ["fixture def a", "fixture def b", "fixture def c", "def d"]
    test = drawn.value("test_it")
    assert isinstance(test, FunctionValue)
    assert [(mark.name, mark.incomplete, len(mark.args)) for mark in test.marks] == [("parametrize", False, 2)]


@pytest.mark.parametrize(
    ("decorator", "left"),
    [
        ("gen_cluster()", "bfx"),
        ("gen_cluster(client=True)", "fx"),
        ("gen_cluster(nthreads=[])", "sabfx"),
        ("gen_cluster([('', 1)] * 3, client=True)", "x"),
        ("gen_cluster(client=WHETHER)", "x"),
        ("gen_cluster(nthreads=WORKERS)", "x"),
        ("gen_cluster(**OPTIONS)", "x"),
        ("gen_test()", "csabfx"),
    ],
)
def test_what_a_cluster_leaves_of_the_arguments(decorator: str, left: str) -> None:
    text = f"""
        import os
        from distributed.utils_test import gen_cluster, gen_test
        WHETHER, WORKERS, OPTIONS = os.environ["A"], os.environ["B"], os.environ
        @{decorator}
        async def test_it(c, s, a, b, f, x=1): pass
    """
    test = draw({"module.py": text}, libraries={"distributed/utils_test.py": "def gen_cluster(): pass"}).value(
        "test_it"
    )
    assert isinstance(test, FunctionValue)
    assert "".join(parameter.name for parameter in test.parameters) == left


@pytest.mark.parametrize(
    ("dotted", "expected"),
    [
        ("lib.Base", "<ClassValue>"),
        ("lib.Base.value", 1),
        ("lib.again", "<ClassValue>"),
        ("lib.nowhere", "<lib.nowhere>"),
        ("lib.outside", "<elsewhere.outside>"),
        ("nolib.x", "<nolib.x>"),
        ("json.loads", "<json.loads>"),
        ("unittest.TestCase", "<unittest.TestCase>"),
        ("attr.MAXIMUM", 9),
        ("unreadable.x", "<unreadable.x>"),
        ("lib", "<lib>"),
    ],
)
def test_reading_a_library(dotted: str, expected: object) -> None:
    from fixturescope.analysis.values import External

    drawn = draw(
        {},
        libraries={
            "lib.py": "from other import Again as again\nfrom elsewhere import outside\nclass Base:\n    value = 1\n",
            "other.py": "class Again: pass\n",
            "attr/__init__.py": "MAXIMUM = 9\n",
            "unreadable.py": "x = 1\n",
        },
        stdlib={"json/__init__.py": "def loads(): pass\n"},
    )
    first = drawn.linker.read(External(dotted))
    assert shown(first) == expected
    assert drawn.linker.read(External(dotted)) is first


@pytest.mark.parametrize(
    ("files", "name", "expected"),
    [
        ({"app.py": "class Model: pass"}, "Model", False),
        ({"app.py": "class TestModel: pass"}, "TestModel", True),
        ({"app.py": "import unittest\nclass Model(unittest.TestCase): pass"}, "Model", True),
        ({"app.py": "def helper(): pass"}, "helper", False),
        ({"app.py": "def test_it(): pass"}, "test_it", True),
        ({"app.py": "import pytest\n@pytest.fixture\ndef helper(): pass"}, "helper", True),
        ({"app.py": "from other import helper", "other.py": "def helper(): pass"}, "helper", False),
        (
            {"app.py": "from other import helper", "other.py": "from x import fixture\ndef helper(): pass"},
            "helper",
            True,
        ),
        ({"app.py": "from app import helper"}, "helper", False),
        ({"app.py": "helper = 1"}, "helper", False),
        ({"app.py": "helper = fixture()"}, "helper", True),
        ({}, "helper", False),
    ],
)
def test_what_may_matter_is_judged_by_text(files: dict[str, str], name: str, expected: bool) -> None:
    drawn = draw(files)
    assert drawn.linker.may_matter(Imported("app", name)) is expected
    assert drawn.parsed == []


def test_what_may_matter_is_found_through_a_net_of_star_imports() -> None:
    names = ["app", *(f"m{i}" for i in range(40))]
    net = {f"{name}.py": "".join(f"from {other} import *\n" for other in names if other != name) for name in names}
    drawn = draw({**net, "m39.py": f"{net['m39.py']}from last import deep\n", "last.py": "def deep(fixture): pass"})
    assert not drawn.linker.may_matter(Imported("app", "helper"))
    assert drawn.linker.may_matter(Imported("app", "deep"))


def test_what_never_matters() -> None:
    drawn = draw({}, stdlib={"json.py": "class Test: pass"})
    assert not drawn.linker.may_matter(Imported("pytest", "fixture"))
    assert not drawn.linker.may_matter(Imported("json", "Test"))


def test_a_module_is_loaded_once_and_a_cycle_sees_what_is_there() -> None:
    drawn = draw(
        {
            "module.py": "import pytest\nx = 1\nimport other\ny = other.x",
            "other.py": "import pytest\nimport module\nx = module.x\nz = module.y",
        }
    )
    module = drawn.module("module")
    assert drawn.module("module") is module
    assert shown(drawn.value("y")) == 1
    assert shown(drawn.value("z", "other")) == "?"
    assert drawn.parsed == ["module.py", "other.py"]


def test_star_imports_of_what_cannot_be_read_bind_nothing() -> None:
    drawn = draw(
        {"module.py": "from json import *\nfrom unreadable import *\nfrom pytest import *\nx = 1", "unreadable.py": ""},
        stdlib={"json.py": "y = 1"},
    )
    assert [name for name in drawn.module("module").frame.names if not name.startswith("_")] == ["x"]


def test_whether_a_file_mentions_something() -> None:
    drawn = draw({"a.py": "import pytest", "b.py": "x = 1"})
    paths = {path.name: path for path in drawn.finder.texts}
    assert drawn.linker.mentions(paths["a.py"], re.compile("pytest"))
    assert not drawn.linker.mentions(paths["b.py"], re.compile("pytest"))
    drawn.module("b")
    assert drawn.linker.mentions(paths["b.py"], re.compile("pytest"))


def test_helpers_that_ask_for_fixtures_are_noted() -> None:
    drawn = draw({"module.py": "def ask(request): return request.getfixturevalue('a')\ndef other(): return 1\n"})
    assert [helper.facts.name for helper in drawn.module("module").dynamic_helpers] == ["ask"]


def test_submodules_are_modules() -> None:
    drawn = draw({"module.py": "import pkg\nx = pkg.sub", "pkg/__init__.py": "import pytest", "pkg/sub.py": ""})
    assert drawn.value("x") == ModuleRef("pkg.sub")


def test_versions_of_libraries() -> None:
    drawn = draw(
        {
            "module.py": "import lib\nfrom packaging.version import Version\nv = lib.__version__\nnew = Version(v) >= Version('2.0')\nmajor = Version(v).major"
        },
        versions={"lib": "2.1"},
    )
    assert [shown(drawn.value(name)) for name in ("v", "new", "major")] == ["2.1", True, 2]
    unknown = draw(
        {
            "module.py": "import lib\nfrom packaging.version import Version\nnew = Version(lib.__version__) > Version('x')"
        }
    )
    assert shown(unknown.value("new")) == "?"


def test_changes_of_a_collection_are_counted_where_they_are_evaluated() -> None:
    body = facts_of("""
        x = []
        x.append(1)
        x[0] = 2
        x += [3]
        x[0] += 3
        if x:
            x.clear()
        for i in x:
            x.append(i)
        else:
            x.pop()
        try:
            x.add(1)
        except ValueError:
            x.remove(1)
        finally:
            x.sort()
        with x: x.reverse()
        while x: x.pop()
        y.append(1)
        x.index(1)
        def f(): x.append(1)
    """).body
    assert _mutations(body, "x") == 12
    assert _mutations(body, "y") == 1


def test_the_line_of_a_text() -> None:
    drawn = draw({"app.py": "a = 1\nb = 2\na = 3\n"})
    assert [drawn.linker.line_of("app", text) for text in ("a =", "b =", "c =")] == [3, 2, None]
    assert drawn.linker.line_of("nowhere", "a") is None


FACTORIES = {
    "shopkit/__init__.py": "from shopkit import factories\n",
    "shopkit/factories/__init__.py": "from shopkit.factories.client import client\n",
    "shopkit/factories/client.py": """
        import pytest
        from elsewhere import connect

        def client(process, *, scope="function"):
            @pytest.fixture(scope=scope)
            def client_of_a_process(request):
                return connect(request.getfixturevalue(process))
            return client_of_a_process
    """,
}


def test_a_factory_of_a_plugins_package_is_followed_and_that_of_another_library_is_not() -> None:
    text = """
        import shopkit
        from shopkit import factories as made_by
        a = shopkit.factories.client("process")
        b = made_by.client("process", scope="session")
    """
    followed = draw({"module.py": text}, libraries=FACTORIES, plugins=frozenset({"shopkit"}))
    assert [shown(followed.value(name)) for name in "ab"] == ["fixture def client_of_a_process"] * 2
    fixture = followed.value("b")
    assert isinstance(fixture, FixtureValue)
    assert shown(fixture.options["scope"]) == "session"
    left = draw({"module.py": text}, libraries=FACTORIES)
    assert [shown(left.value(name)) for name in "ab"] == ["?", "?"]
    assert left.parsed == ["module.py"]


def test_what_is_asked_of_a_text_for_one_name_after_the_other() -> None:
    text = _Text(
        "async def run(): pass\ndef plain(): pass\n    def inner(): pass\nclass Some: pass\n"
        "a.append(1)\nb[a.pop()] = 2\ndel c[0]\nx.d.append(1)\ne += [1]\nf[g[0]] |= 1\nh[0] == 1\nk.copy()\n"
    )
    assert (text.functions, text.classes) == ({"run", "plain"}, {"Some"})
    assert dict(text.mutations) == {"a": 2, "b": 1, "c": 1, "e": 1, "f": 1}
    assert not text.mentions_tests
    assert _Text("import pytest").mentions_tests


@pytest.mark.parametrize(
    ("line", "known"),
    [
        ("pass", True),
        ("print(sys.path, sys.modules['os'], sys.modules == {})", True),
        ("sys.path.insert(0, 'common')", False),
        ("sys.path += ['common']", False),
        ("sys.path[:0] = ['common']", False),
        ("sys.path = [*sys.path, 'common']", False),
        ("site.addsitedir('common')", False),
        ("sys.modules['config'] = object()", False),
        ("sys.modules.setdefault('config', object())", False),
        ("mock.patch.dict('sys.modules', config=1).start()", False),
        ("sys.meta_path.append(finder)", False),
    ],
)
def test_a_module_that_no_folder_has_may_be_there_once_imports_look_elsewhere(line: str, known: bool) -> None:
    text = f"""
        import pytest, site, sys
        from unittest import mock
        {line}
        from config import sizes
        @pytest.fixture
        def made(): pass
    """
    drawn = draw({"module.py": text}, missing=frozenset({"config"}))
    assert (drawn.module("module").failed is not None) is known
    assert ("made" not in drawn.module("module").frame.names) is known


@pytest.mark.parametrize(
    ("where", "text", "known"),
    [
        ("conftest.py", "def pytest_configure(config): sys.modules['config'] = 1", False),
        ("module.py", "def test_it(): sys.modules['other'] = 1", False),
        ("module.py", "def test_it():\n    sys.modules['other'] = 1", True),
        ("module.py", "# sys.path.insert(0, 'common')", True),
    ],
)
def test_what_a_test_does_to_imports_while_it_runs_comes_too_late(where: str, text: str, known: bool) -> None:
    files = {"conftest.py": "import pytest\n", "module.py": "import pytest, sys\n"}
    files[where] += f"{text}\n"
    files["module.py"] += "from config import sizes\n"
    drawn = draw(files, missing=frozenset({"config"}))
    drawn.module("conftest")
    assert (drawn.module("module").failed is not None) is known
