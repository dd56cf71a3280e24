"""Which definition a name means: visibility, overriding, the ways in which a fixture comes to a namespace."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers_rules import Rule, check, oracle

from tests.oracle import live

__all__ = ["oracle"]

A = """
    @pytest.fixture
    def a(): return 1
"""

INSTALLED = """
    @pytest.fixture
    def x(): return 1
    def test_b(x): pass
"""

RULES = {
    # ------------------------------------------------------------------------------------------------------- visibility
    "a conftest's fixture is visible below its folder": Rule(
        {"conftest.py": A, "sub/deep/test_it.py": "def test_one(a): pass"},
        "sub/deep/test_it.py::test_one: a=conftest.py::a",
    ),
    "a conftest's fixture is not visible beside its folder": Rule(
        {"sub/conftest.py": A, "sub/test_in.py": "def test_in(a): pass", "test_out.py": "def test_out(a): pass"},
        """
        sub/test_in.py::test_in: a=sub/conftest.py::a
        test_out.py::test_out: -
        """,
    ),
    "a module's fixture is its own": Rule(
        {"test_it.py": A + "    def test_one(a): pass", "test_other.py": "def test_two(a): pass"},
        """
        test_one: a=test_it.py::a
        test_other.py::test_two: -
        """,
    ),
    "the nearest definition wins": Rule(
        {
            "conftest.py": A,
            "sub/conftest.py": A,
            "sub/test_it.py": A
            + """
    def test_module(a): pass
    class TestOwn:
        @pytest.fixture
        def a(self): return 2
        def test_class(self, a): pass
            """,
            "sub/test_folder.py": "def test_folder(a): pass",
            "test_root.py": "def test_root(a): pass",
        },
        """
        sub/test_folder.py::test_folder: a=sub/conftest.py::a
        sub/test_it.py::TestOwn::test_class: a=sub/test_it.py::TestOwn::a
        sub/test_it.py::test_module: a=sub/test_it.py::a
        test_root.py::test_root: a=conftest.py::a
        """,
        unused="",
    ),
    "the last definition in one namespace wins, and the first is unused": Rule(
        {"test_it.py": A + A + "    def test_one(a): pass"},
        "test_one: a=test_it.py::a",
    ),
    "a folder without tests has fixtures nonetheless": Rule(
        {"test_it.py": "def test_one(): pass", "sub/conftest.py": A},
        "test_one: -",
        unused="sub/conftest.py::a",
    ),
    "a conftest overrides a fixture of pytest": Rule(
        {
            "conftest.py": """
                @pytest.fixture
                def tmp_path(tmp_path): return tmp_path / "x"
            """,
            "test_it.py": "def test_one(tmp_path): pass",
        },
        "test_one: tmp_path=conftest.py::tmp_path tmp_path_factory=pytest:_pytest.tmpdir::tmp_path_factory",
        since=(9, 1),
    ),
    "before 9.1 a closure does not show what an override's own name brings in": Rule(
        {
            "conftest.py": """
                @pytest.fixture
                def tmp_path(tmp_path): return tmp_path / "x"
            """,
            "test_it.py": "def test_one(tmp_path): pass",
        },
        "test_one: tmp_path=conftest.py::tmp_path",
        until=(9, 1),
    ),
    # ------------------------------------------------------------------------------------------------------- overriding
    "an override that requests its own name gets the next one out": Rule(
        {
            "conftest.py": A,
            "sub/conftest.py": """
                @pytest.fixture
                def a(a): return a
            """,
            "sub/test_it.py": """
                @pytest.fixture
                def a(a): return a
                def test_one(a): pass
            """,
        },
        "sub/test_it.py::test_one: a=sub/test_it.py::a",
        unused="",
        runs=True,
    ),
    "an override that does not request its own name leaves the next one out unused": Rule(
        {"conftest.py": A, "test_it.py": A + "    def test_one(a): pass"},
        "test_one: a=test_it.py::a",
        unused="conftest.py::a",
        runs=True,
    ),
    "an override may reach the next one out through another fixture": Rule(
        {
            "conftest.py": A
            + """
    @pytest.fixture
    def via(a): return a
            """,
            "test_it.py": """
                @pytest.fixture
                def a(via): return via
                def test_one(a): pass
            """,
        },
        "test_one: a=test_it.py::a via=conftest.py::via",
        unused="",
        runs=True,
    ),
    "a fixture's arguments resolve from the test's place, not from where it is written": Rule(
        {
            "conftest.py": """
                @pytest.fixture
                def settings(): return {}
                @pytest.fixture
                def app(settings): return settings
            """,
            "test_it.py": """
                @pytest.fixture
                def settings(): return {"debug": True}
                def test_one(app): pass
            """,
            "test_other.py": "def test_two(app): pass",
        },
        """
        test_one: app=conftest.py::app settings=test_it.py::settings
        test_other.py::test_two: app=conftest.py::app settings=conftest.py::settings
        """,
    ),
    "what only a hidden definition requests is not asked for": Rule(
        {
            "conftest.py": """
                @pytest.fixture
                def leaf(): return 1
                @pytest.fixture
                def a(leaf): return leaf
            """,
            "test_it.py": A + "    def test_one(a): pass",
        },
        "test_one: a=test_it.py::a",
        unused="conftest.py::a conftest.py::leaf",
        runs=True,
    ),
    # ---------------------------------------------------------------------------------------------------------- imports
    "a fixture imported into a test module": Rule(
        {"helper.py": A, "test_it.py": "from helper import a\ndef test_one(a): pass"},
        "test_one: a=helper.py::a",
        unused="",
    ),
    "an imported fixture gets the name that it is imported as": Rule(
        {"helper.py": A, "test_it.py": "from helper import a as b\ndef test_one(b): pass\ndef test_two(a): pass"},
        """
        test_one: b=helper.py::b
        test_two: -
        """,
    ),
    "but one with a name of its own keeps it": Rule(
        {
            "helper.py": """
                @pytest.fixture(name="a")
                def make_a(): return 1
            """,
            "test_it.py": "from helper import make_a as b\ndef test_one(a): pass\ndef test_two(b): pass",
        },
        """
        test_one: a=helper.py::b
        test_two: -
        """,
    ),
    "a star import": Rule(
        {"helper.py": A, "conftest.py": "from helper import *", "test_it.py": "def test_one(a): pass"},
        "test_one: a=helper.py::a",
    ),
    "a star import brings what __all__ says": Rule(
        {
            "helper.py": A
            + """
    @pytest.fixture
    def b(): return 2
    @pytest.fixture
    def _c(): return 3
    __all__ = ["a", "_c"]
            """,
            "test_it.py": "from helper import *\ndef test_one(a, b, _c): pass",
        },
        "test_one: _c=helper.py::_c a=helper.py::a",
    ),
    "a star import leaves out names with an underscore": Rule(
        {
            "helper.py": """
                @pytest.fixture
                def _a(): return 1
            """,
            "test_it.py": "from helper import *\ndef test_one(_a): pass",
        },
        "test_one: -",
    ),
    "a star import through a package's __init__": Rule(
        {
            "kit/__init__.py": "from .made import *",
            "kit/made.py": A,
            "kit/more.py": "from kit.made import a as b",
            "test_it.py": "from kit import *\nfrom kit import more\nc = more.b\ndef test_one(a, c): pass",
        },
        "test_one: a=kit/made.py::a c=kit/made.py::c",
    ),
    "an import into a conftest overrides what is further out": Rule(
        {
            "conftest.py": A,
            "sub/conftest.py": "from sub_helper import a",
            "sub_helper.py": A,
            "sub/test_it.py": "def test_one(a): pass",
        },
        "sub/test_it.py::test_one: a=sub_helper.py::a",
        unused="conftest.py::a",
    ),
    "a later import in the same module replaces a definition": Rule(
        {"helper.py": A, "test_it.py": A + "    from helper import a\n    def test_one(a): pass"},
        "test_one: a=helper.py::a",
    ),
    "one fixture imported into two modules is one fixture": Rule(
        {
            "helper.py": A,
            "test_it.py": "from helper import a\ndef test_one(a): pass",
            "test_two.py": "from helper import a\ndef test_two(a): pass",
        },
        """
        test_one: a=helper.py::a
        test_two.py::test_two: a=helper.py::a
        """,
    ),
    "a relative import from the package's conftest's neighbour": Rule(
        {
            "pkg/__init__.py": "",
            "pkg/tests/__init__.py": "",
            "pkg/tests/made.py": A,
            "pkg/tests/conftest.py": "from .made import a",
            "pkg/tests/test_it.py": "from ..tests.made import a as b\ndef test_one(a, b): pass",
        },
        "pkg/tests/test_it.py::test_one: a=pkg/tests/made.py::a b=pkg/tests/made.py::b",
    ),
    # ------------------------------------------------------------------------------------------------ ways to make them
    "pytest and fixture under other names": Rule(
        {
            "test_it.py": """
                import pytest as pt
                from pytest import fixture as fx, fixture
                @pt.fixture
                def a(): return 1
                @fx()
                def b(): return 1
                @fixture
                def c(): return 1
                def test_one(a, b, c): pass
            """
        },
        "test_one: a=test_it.py::a b=test_it.py::b c=test_it.py::c",
    ),
    "name= is what tests request": Rule(
        {
            "test_it.py": """
                NAME = "b"
                @pytest.fixture(name="a")
                def make_a(): return 1
                @pytest.fixture(name=NAME)
                def make_b(): return 1
                def test_one(a, b, make_a): pass
            """
        },
        "test_one: a=test_it.py::make_a b=test_it.py::make_b",
    ),
    "of two with one name= in a module the later attribute by name wins": Rule(
        {
            "test_it.py": """
                @pytest.fixture(name="a")
                def z(): return 1
                @pytest.fixture(name="a")
                def m(): return 1
                def test_one(a): pass
            """
        },
        "test_one: a=test_it.py::z",
        unused="test_it.py::m",
    ),
    "assigned: fixture(f), fixture(…)(f), a lambda": Rule(
        {
            "test_it.py": """
                def make(): return 1
                def make_more(a): return 1
                a = pytest.fixture(make)
                b = pytest.fixture(scope="module")(lambda: 1)
                c = pytest.fixture(make_more, name="d")
                def test_one(a, b, d): pass
            """
        },
        "test_one: a=test_it.py::a b=test_it.py::b d=test_it.py::c",
    ),
    "a second name for a fixture is a second fixture": Rule(
        {"test_it.py": A + "    b = a\n    def test_one(b): pass"},
        "test_one: b=test_it.py::b",
    ),
    "a project's own decorator around pytest.fixture": Rule(
        {
            "deco.py": """
                import functools
                def per_session(function): return pytest.fixture(scope="session")(function)
                def scoped(scope): return pytest.fixture(scope=scope, autouse=False)
                per_module = functools.partial(pytest.fixture, scope="module")
                quick = pytest.fixture()
            """,
            "conftest.py": """
                from deco import per_module, per_session, quick, scoped
                @per_session
                def a(): return 1
                @scoped("class")
                def b(a): return 1
                @per_module()
                def c(b): return 1
                @quick
                def d(b): return 1
            """,
            "test_it.py": "def test_one(d): pass",
        },
        "test_one: a=conftest.py::a b=conftest.py::b d=conftest.py::d",
        unused="conftest.py::c",
    ),
    "decorators of plugins are known by name": Rule(
        {
            "pytest_asyncio.py": "from pytest import fixture",
            "test_it.py": """
                import pytest_asyncio
                @pytest_asyncio.fixture(scope="session")
                async def a(): return 1
                @pytest_asyncio.fixture
                async def b(a): yield 1
                def test_one(b): pass
            """,
        },
        "test_one: a=test_it.py::a b=test_it.py::b",
    ),
    "del, and a name that becomes something else": Rule(
        {
            "test_it.py": A
            + """
    @pytest.fixture
    def b(): return 1
    del a
    b = 3
    def test_one(a, b): pass
            """
        },
        "test_one: -",
    ),
    # ---------------------------------------------------------------------------------------------------------- autouse
    "autouse fixtures of every level, and what they request": Rule(
        {
            "conftest.py": """
                @pytest.fixture
                def base(): return 1
                @pytest.fixture(autouse=True)
                def everywhere(base): return 1
            """,
            "sub/conftest.py": """
                @pytest.fixture(autouse=True)
                def in_folder(): return 1
            """,
            "sub/test_it.py": """
                @pytest.fixture(autouse=True)
                def in_module(): return 1
                class TestOne:
                    @pytest.fixture(autouse=True)
                    def in_class(self): return 1
                    def test_one(self): pass
                def test_two(): pass
            """,
            "test_root.py": "def test_three(): pass",
        },
        """
        sub/test_it.py::TestOne::test_one: base=conftest.py::base everywhere=conftest.py::everywhere
            in_class=sub/test_it.py::TestOne::in_class in_folder=sub/conftest.py::in_folder in_module=sub/test_it.py::in_module
        sub/test_it.py::test_two: base=conftest.py::base everywhere=conftest.py::everywhere
            in_folder=sub/conftest.py::in_folder in_module=sub/test_it.py::in_module
        test_root.py::test_three: base=conftest.py::base everywhere=conftest.py::everywhere
        """.replace("\n            in_", " in_"),
    ),
    "an autouse name means the nearest definition, autouse or not": Rule(
        {
            "conftest.py": """
                @pytest.fixture(autouse=True)
                def a(): return 1
            """,
            "test_it.py": A + "    def test_one(): pass",
        },
        "test_one: a=test_it.py::a",
        unused="conftest.py::a",
        runs=True,
    ),
    "usefixtures of the configuration": Rule(
        {"pytest.ini": "[pytest]\nusefixtures = a b", "conftest.py": A, "test_it.py": "def test_one(): pass"},
        "test_one: a=conftest.py::a",
    ),
    # ---------------------------------------------------------------------------------------------------------- plugins
    "pytest_plugins of the root conftest, in its forms": Rule(
        {
            "conftest.py": 'pytest_plugins = ["plug_one", "pkg.plug_two"]',
            "plug_one.py": A + '    pytest_plugins = "plug_three"',
            "pkg/__init__.py": "",
            "pkg/plug_two.py": A.replace("def a", "def b"),
            "plug_three.py": A.replace("def a", "def c"),
            "test_it.py": "def test_one(a, b, c): pass",
        },
        "test_one: a=plug_one.py::a b=pkg/plug_two.py::b c=plug_three.py::c",
    ),
    "a plugin by -p in addopts": Rule(
        {
            "pytest.ini": "[pytest]\npythonpath = .\naddopts = -p plug",
            "plug.py": A,
            "test_it.py": "def test_one(a): pass",
        },
        "test_one: a=plug.py::a",
        since=(8,),  # until then -p came before pythonpath
    ),
    "a plugin that a conftest names lies beside the package of the conftest": Rule(
        {
            "pytest.ini": "[pytest]",
            "tests/__init__.py": "",
            "tests/conftest.py": 'pytest_plugins = ["app.fixtures"]',
            "tests/test_it.py": "def test_one(a): pass",
            "app/__init__.py": "",
            "app/fixtures.py": A,
        },
        "tests/test_it.py::test_one: a=app/fixtures.py::a",
    ),
    "what a plugin lies in or imports is not looked up again where conftests are": Rule(
        {
            "pytest.ini": "[pytest]\npythonpath = installed\naddopts = -p app.plugin",
            "tests/__init__.py": "",
            "tests/conftest.py": "from app.fixtures import a\nfrom lib.fixtures import b\nfrom other.fixtures import c",
            "tests/test_it.py": "def test_one(a, b, c): pass",
            "installed/app/__init__.py": "",
            "installed/app/plugin.py": "import lib.core",
            "installed/lib/core.py": "",
            **{
                f"{folder}{module}.py": A.replace("def a", f"def {name}")
                for folder in ("", "installed/")
                for module, name in {"app/fixtures": "a", "lib/fixtures": "b", "other/fixtures": "c"}.items()
            },
            **{f"{folder}{name}/__init__.py": "" for folder in ("", "installed/") for name in ("app", "lib", "other")},
        },
        """
        tests/test_it.py::test_one: a=installed/app/fixtures.py::a b=installed/lib/fixtures.py::b c=other/fixtures.py::c
        """,
        since=(8,),  # until then -p came before pythonpath
    ),
    "what the filters of warnings name is not looked up again either": Rule(
        {
            "pytest.ini": "[pytest]\npythonpath = installed\nfilterwarnings =\n    ignore::app.Mine\n    ignore:x",
            "tests/__init__.py": "",
            "tests/conftest.py": "pytest_plugins = 'app.fixtures'\nfrom other.fixtures import b",
            "tests/test_it.py": "def test_one(a, b): pass",
            "installed/app/__init__.py": "class Mine(Warning): pass",
            "installed/app/fixtures.py": A,
            "installed/other/__init__.py": "",
            "installed/other/fixtures.py": A.replace("def a", "def b"),
            "app/__init__.py": "",
            "app/fixtures.py": A,
            "other/__init__.py": "",
            "other/fixtures.py": A.replace("def a", "def b"),
        },
        "tests/test_it.py::test_one: a=installed/app/fixtures.py::a b=other/fixtures.py::b",
        since=(8,),
    ),
    "a conftest overrides its plugin and asks it": Rule(
        {
            "conftest.py": """
                pytest_plugins = "plug"
                @pytest.fixture
                def a(a): return a
            """,
            "plug.py": A,
            "test_it.py": "def test_one(a): pass",
        },
        "test_one: a=conftest.py::a",
        unused="",
        runs=True,
    ),
    "pytest_plugins of a test module": Rule(
        {
            "plug.py": A,
            "test_it.py": "pytest_plugins = ['plug']\ndef test_one(a): pass",
            "test_later.py": "def test_two(a): pass",
        },
        """
        test_one: a=plug.py::a
        test_later.py::test_two: a=plug.py::a
        """,
    ),
    "what was collected before a test module named its plugin does not see it": Rule(
        {
            "plug.py": A.replace("fixture", "fixture(autouse=True)") + A.replace("def a", "def b"),
            "conftest.py": A.replace("def a", "def b"),
            "sub/conftest.py": A,
            "sub/test_first.py": "def test_one(b): pass",
            "test_second.py": "pytest_plugins = ['plug']\ndef test_two(b): pass",
            "test_third.py": "class TestC:\n    def test_three(self, b): pass",
        },
        """
        sub/test_first.py::test_one: b=conftest.py::b
        test_second.py::test_two: a=plug.py::a b=plug.py::b
        test_third.py::TestC::test_three: a=plug.py::a b=plug.py::b
        """,
        since=(9, 1),
    ),
    "a plugin that a test module names overrides the root conftest, not those below": Rule(
        {
            "conftest.py": A,
            "sub/conftest.py": A.replace("def a", "def b"),
            "plug.py": A + A.replace("def a", "def b"),
            "sub/test_it.py": "pytest_plugins = ['plug']\ndef test_one(a, b): pass",
        },
        "sub/test_it.py::test_one: a=plug.py::a b=sub/conftest.py::b",
        since=(9, 1),
    ),
    "before 9.1 no plugin overrides a conftest": Rule(
        {
            "conftest.py": A,
            "plug.py": A,
            "test_it.py": "pytest_plugins = ['plug']\ndef test_one(a): pass",
        },
        "test_one: a=conftest.py::a",
        until=(9, 1),
    ),
    # ------------------------------------------------------------------------------------------------------- conditions
    "if, else and versions": Rule(
        {
            "test_it.py": """
                import sys
                from typing import TYPE_CHECKING
                if sys.version_info >= (3, 8):
                    @pytest.fixture
                    def a(): return 1
                else:
                    @pytest.fixture
                    def a(b): return 1
                if TYPE_CHECKING:
                    @pytest.fixture
                    def b(): return 1
                if sys.platform == "no such platform":
                    def test_never(a): pass
                elif not False:
                    def test_one(a, b): pass
            """
        },
        "test_one: a=test_it.py::a",
    ),
    "try and with": Rule(
        {
            "test_it.py": """
                import os, warnings
                try:
                    import no_such_module_at_all
                    @pytest.fixture
                    def a(b): return 1
                except ImportError:
                    @pytest.fixture
                    def a(): return 1
                else:
                    @pytest.fixture
                    def c(): return 1
                with warnings.catch_warnings():
                    @pytest.fixture
                    def b(): return 1
                try:
                    import json
                finally:
                    d = b
                def test_one(a, b, c, d): pass
            """
        },
        "test_one: a=test_it.py::a b=test_it.py::b d=test_it.py::d",
    ),
    "a condition that cannot be decided leaves unused fixtures only possibly so": Rule(
        {
            "conftest.py": """
                import os
                if os.environ.get("SURELY_NOT_SET_ANYWHERE"):
                    @pytest.fixture
                    def a(): return 1
            """,
            "test_it.py": "def test_one(): pass",
        },
        "test_one: -",
        unused="conftest.py::a?",
    ),
    "importorskip of what is not there skips the module": Rule(
        {
            "conftest.py": A,
            "test_gone.py": "import pytest\npytest.importorskip('no_such_module_at_all')\ndef test_gone(a): pass",
            "test_it.py": "import pytest\njson = pytest.importorskip('json')\ndef test_one(): pass",
        },
        "test_one: -",
        unused="conftest.py::a?",
    ),
    "a module that skips itself": Rule(
        {
            "test_gone.py": "import pytest\npytest.skip('not now', allow_module_level=True)\ndef test_gone(): pass",
            "test_it.py": """
                import sys
                if sys.version_info < (3, 8):
                    pytest.skip("too old", allow_module_level=True)
                def test_one(): pass
            """,
        },
        "test_one: -",
    ),
    "collect_ignore": Rule(
        {
            "conftest.py": "collect_ignore = ['test_gone.py']\ncollect_ignore_glob = ['*_never.py']",
            "test_gone.py": "def test_gone(): pass",
            "test_never.py": "def test_never(): pass",
            "test_it.py": "def test_one(): pass",
        },
        "test_one: -",
    ),
    "collect_ignore: imported with a star": Rule(
        {
            "conftest.py": "from helpers import \\\n  *",
            "helpers.py": "collect_ignore = ['test_gone.py']",
            "test_gone.py": "def test_gone(): pass",
            "test_it.py": "def test_one(): pass",
        },
        "test_one: -",
    ),
    "collect_ignore: under a name that is put together": Rule(
        {
            "conftest.py": "import sys\nglobals()['collect' + '_ignore'] = ['test_gone.py']\n"
            "setattr(sys.modules[__name__], 'collect' + '_ignore_glob', ['*_never.py'])",
            "test_gone.py": "def test_gone(): pass",
            "test_never.py": "def test_never(): pass",
            "test_it.py": "def test_one(): pass",
        },
        "test_one: -",
    ),
    "importlib mode: a test module that was imported before is not imported again, from wherever it came": Rule(
        {
            "pytest.ini": "[pytest]\npythonpath = lib\naddopts = -p app.tests.plugin --import-mode=importlib\nnorecursedirs = lib",
            "lib/app/__init__.py": "",
            "lib/app/tests/__init__.py": "",
            "lib/app/tests/plugin.py": "",
            "lib/app/tests/test_b.py": INSTALLED,
            "src/app/__init__.py": "",
            "src/app/tests/__init__.py": "",
            "src/app/tests/test_a.py": "from .test_b import x\ndef test_a(x): pass",
            "src/app/tests/test_b.py": INSTALLED,
        },
        """
        src/app/tests/test_a.py::test_a: x=lib/app/tests/test_b.py::x
        src/app/tests/test_b.py::test_b: x=lib/app/tests/test_b.py::x
        """,
        since=(8, 1),
    ),
    "importlib mode: nor one that a conftest outside its package imported by name": Rule(
        {
            "pytest.ini": "[pytest]\npythonpath = lib\naddopts = --import-mode=importlib\nnorecursedirs = lib",
            "conftest.py": "from app.tests.test_b import x as y",
            "lib/app/__init__.py": "",
            "lib/app/tests/__init__.py": "",
            "lib/app/tests/test_b.py": INSTALLED,
            "src/app/__init__.py": "",
            "src/app/tests/__init__.py": "",
            "src/app/tests/test_b.py": INSTALLED,
        },
        "src/app/tests/test_b.py::test_b: x=lib/app/tests/test_b.py::x",
        since=(8, 1),
    ),
    "importlib mode: where nothing imported the package, its modules are those that stand together": Rule(
        {
            "pytest.ini": "[pytest]\npythonpath = lib\naddopts = -p app.plugin --import-mode=importlib\nnorecursedirs = lib",
            "lib/app/__init__.py": "",
            "lib/app/plugin.py": "",
            "lib/app/tests/__init__.py": "",
            "lib/app/tests/test_b.py": INSTALLED,
            "src/app/__init__.py": "",
            "src/app/tests/__init__.py": "",
            "src/app/tests/test_a.py": "from .test_b import x\ndef test_a(x): pass",
            "src/app/tests/test_b.py": INSTALLED,
        },
        """
        src/app/tests/test_a.py::test_a: x=src/app/tests/test_b.py::x
        src/app/tests/test_b.py::test_b: x=src/app/tests/test_b.py::x
        """,
        since=(8, 1),
    ),
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_rule(rule: Rule, tmp_path: Path, oracle: live.Pytest) -> None:
    check(rule, tmp_path, oracle)
