"""Each check on its own examples, the pages made of them, and tables of cases that are easily got wrong."""

from __future__ import annotations

import importlib.util
import inspect
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Protocol

import pytest

from fixturescope.analysis import analyze
from fixturescope.analysis.checks import CHECKS, Check
from fixturescope.analysis.pipeline import CACHE_FILE
from fixturescope.graph import FixtureGraph
from fixturescope.model import Diagnostic

ROOT = Path(__file__).parent.parent.parent
IMPORT = "import pytest\n\n"
SEES_LOCAL_PLUGINS = "_configure_python_path" in inspect.getsource(sys.modules[pytest.Config.__module__])
"""Whether plugins in folders of the ini option ``pythonpath`` are found."""


class Draw(Protocol):
    """Draws a suite and analyzes it."""

    def __call__(self, files: Mapping[str, str], **settings: object) -> FixtureGraph: ...


@pytest.fixture(scope="session")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a run remembers of pytest and the installed plugins, so that they are read once for all suites."""
    folder = tmp_path_factory.mktemp("facts")
    write(folder, {"test_a.py": "def test_a():\n    pass\n"})
    analyze((), rootdir=folder, cwd=folder, python=sys.executable, environ={})
    return folder / CACHE_FILE


@pytest.fixture
def draw(tmp_path: Path, facts: Path) -> Draw:
    """Write a suite and analyze it with this interpreter's plugins."""

    def analyzed(files: Mapping[str, str], **settings: object) -> FixtureGraph:
        write(tmp_path, files)
        (tmp_path / CACHE_FILE).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(facts, tmp_path / CACHE_FILE)
        return analyze((), rootdir=tmp_path, cwd=tmp_path, python=sys.executable, environ={}, settings=settings)

    return analyzed


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")


def marked(files: Mapping[str, str]) -> list[tuple[str, int, str]]:
    """Return the places that comments mark: ``# FS101``, ``# FS103 FS104``."""
    return sorted(
        (name, number, found)
        for name, text in files.items()
        for number, line in enumerate(text.splitlines(), 1)
        for found in re.findall(r"FS\d{3}", "".join(re.findall("# FS.*", line)))
    )


def places(graph: FixtureGraph) -> list[tuple[str, int, str]]:
    return sorted((d.path, d.line, d.code) for d in graph.diagnostics)


def only(graph: FixtureGraph, code: str) -> Diagnostic:
    (found,) = [d for d in graph.diagnostics if d.code == code]
    return found


# each class


def by_code(check: type[Check]) -> str:
    return check.code


def test_codes_are_stable() -> None:
    assert {check.code: check.name for check in CHECKS} == {
        "FS001": "could not parse",
        "FS002": "could not read",
        "FS003": "could not evaluate",
        "FS101": "unused fixture",
        "FS102": "dead chain",
        "FS103": "shadowed definition",
        "FS104": "unreachable override",
        "FS105": "autouse without tests",
        "FS201": "scope mismatch",
        "FS202": "dependency cycle",
        "FS203": "unknown fixture",
        "FS204": "fixture called directly",
        "FS205": "return mixed with yield",
        "FS301": "requested but never read",
        "FS302": "parametrized name hides a fixture",
        "FS303": "two plugins with one name",
    }


@pytest.mark.parametrize("check", CHECKS, ids=by_code)
def test_the_bad_example_has_exactly_what_it_marks(check: type[Check], draw: Draw) -> None:
    if "pythonpath" in check.BAD.get("pytest.ini", "") and not SEES_LOCAL_PLUGINS:
        pytest.skip("this pytest looks for plugins before pythonpath is in force")
    assert marked(check.BAD)
    graph = draw(check.BAD)
    assert places(graph) == marked(check.BAD)
    assert {d.severity for d in graph.diagnostics} == {check.severity}
    assert {d.certainty for d in graph.diagnostics} == {"certain"}


@pytest.mark.parametrize("check", CHECKS, ids=by_code)
def test_the_good_example_has_nothing(check: type[Check], draw: Draw) -> None:
    assert draw(check.GOOD).diagnostics == ()


@pytest.mark.parametrize("check", CHECKS, ids=by_code)
def test_it_says_why_and_what_to_do(check: type[Check]) -> None:
    why, *what = check.explanation().split("\n\n")
    assert len(why) > 100
    assert what
    assert check.summary.endswith(".")


# pytest itself


def run_pytest(folder: Path) -> str:
    command = [sys.executable, "-B", "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:randomly", "--no-header", "-q"]
    environ = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    return subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", env=environ, check=False).stdout


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("FS201", "ScopeMismatch: You tried to access the function scoped fixture server with a session scoped"),
        ("FS202", "recursive dependency involving fixture 'order' detected"),
        ("FS203", "fixture 'baskets' not found"),
        ("FS204", 'Fixture "user" called directly'),
        ("FS205", "path did not yield a value"),
    ],
)
def test_pytest_refuses_the_bad_examples(code: str, says: str, tmp_path: Path) -> None:
    (check,) = [check for check in CHECKS if check.code == code]
    files = dict(check.BAD)
    if code == "FS205":
        files["pytest.ini"] = "[pytest]\naddopts = -vv\n"
    write(tmp_path, files)
    assert says in run_pytest(tmp_path)


@pytest.mark.parametrize("code", ["FS201", "FS202", "FS203", "FS204", "FS205"])
def test_pytest_accepts_the_good_examples(code: str, tmp_path: Path) -> None:
    (check,) = [check for check in CHECKS if check.code == code]
    write(tmp_path, check.GOOD)
    assert " passed in " in run_pytest(tmp_path)


# pages


def builder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_diagnostics", ROOT / "docs" / "build_diagnostics.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pages_are_up_to_date() -> None:
    build = builder()
    found = {path.name: path.read_text("utf-8") for path in build.FOLDER.iterdir()}
    assert found == build.pages(), "run: python docs/build_diagnostics.py"


# tables of cases: what is reported is marked, and nothing else is

SESSION = '@pytest.fixture(scope="session")\n'
FIXTURE = "@pytest.fixture\n"

CASES: dict[str, Mapping[str, str]] = {
    # FS201
    "an override makes the mismatch, in its module alone": {
        "conftest.py": IMPORT
        + SESSION
        + "def settings():\n    return 1\n\n"
        + SESSION
        + "def app(settings):  # FS201\n    return settings\n",
        "test_a.py": "def test_a(app):\n    assert app\n",
        "test_b.py": IMPORT + FIXTURE + "def settings():\n    return 2\n\ndef test_b(app):\n    assert app\n",
    },
    "an override may be narrower than what it asks for": {
        "conftest.py": IMPORT + SESSION + "def app():\n    return 1\n",
        "test_a.py": IMPORT + FIXTURE + "def app(app):\n    return app\n\ndef test_a(app):\n    assert app\n",
    },
    "a direct parameter has function scope": {
        "test_a.py": IMPORT
        + SESSION
        + "def app(name):  # FS201\n    return name\n\n"
        + '@pytest.mark.parametrize("name", ["a"])\ndef test_a(app):\n    assert app\n',
    },
    "a direct parameter with a scope of its own": {
        "test_a.py": IMPORT
        + SESSION
        + "def app(name):\n    return name\n\n"
        + '@pytest.mark.parametrize("name", ["a"], scope="session")\ndef test_a(app):\n    assert app\n',
    },
    "a builtin fixture is narrower": {
        "test_a.py": IMPORT
        + SESSION
        + "def app(tmp_path):  # FS201\n    return tmp_path\n\ndef test_a(app):\n    assert app\n",
    },
    "request is everybody's": {
        "test_a.py": IMPORT
        + SESSION
        + "def app(request):\n    return request.config\n\ndef test_a(app):\n    assert app\n",
    },
    "a scope that is decided at run time": {
        "test_a.py": IMPORT
        + "def scope(fixture_name, config):\n    return config.getoption('x')\n\n"
        + "@pytest.fixture(scope=scope)\ndef name():  # FS003\n    return 1\n\n"
        + SESSION
        + "def app(name):\n    return name\n\ndef test_a(app):\n    assert app\n",
    },
    "by getfixturevalue": {
        "test_a.py": IMPORT
        + SESSION
        + 'def app(request):  # FS201\n    return request.getfixturevalue("tmp_path")\n\n'
        + "def test_a(app):\n    assert app\n",
    },
    # FS202
    "its own name and nobody further out": {
        "test_a.py": IMPORT + FIXTURE + "def app(app):  # FS202\n    return app\n\ndef test_a(app):\n    assert app\n",
    },
    "a circle through an override is none": {
        "conftest.py": IMPORT
        + FIXTURE
        + "def app():\n    return 1\n\n"
        + FIXTURE
        + "def client(app):\n    return app\n",
        "test_a.py": IMPORT + FIXTURE + "def app(client):\n    return client\n\ndef test_a(app):\n    assert app\n",
    },
    # FS203
    "names that pytest_generate_tests provides": {
        "conftest.py": "def pytest_generate_tests(metafunc):\n"
        '    if "size" in metafunc.fixturenames:\n        metafunc.parametrize("size", [1])\n',
        "test_a.py": "def test_a(size):\n    assert size\n",
    },
    "a hook whose names are computed": {
        "conftest.py": "import os\n\ndef pytest_generate_tests(metafunc):  # FS003\n"
        '    metafunc.parametrize(os.environ["X"], [1])\n',
        "test_a.py": "def test_a(size):\n    assert size\n",
    },
    "arguments that mock.patch fills in": {
        "test_a.py": "from unittest import mock\n\n@mock.patch('os.getcwd')\ndef test_a(getcwd):\n    assert getcwd\n",
    },
    "arguments that an unknown decorator fills in": {
        "test_a.py": "import gzip\n\n@gzip.open\ndef test_a(browser):\n    assert browser\n",
    },
    "a decorator on the class": {
        "test_a.py": "import gzip\n\n@gzip.open('a')\nclass TestA:\n    def test_a(self, browser):\n"
        "        assert browser\n",
    },
    "a name that a call at import registers": {
        "test_a.py": "import gzip\n\ngzip.open('author', 1)\n\ndef test_a(author):\n    assert author\n",
    },
    "a fixture of a plugin that is made in pytest_configure": {
        "conftest.py": IMPORT
        + "def pytest_configure(config):\n    class Plugin:\n        @pytest.fixture\n        def flavor(self):\n"
        + "            return 1\n\n    config.pluginmanager.register(Plugin())\n",
        "test_a.py": "def test_a(flavor):\n    assert flavor\n",
    },
    "an attribute of which nothing is known": {
        "test_a.py": "import gzip\n\nclass TestA:\n    url = gzip.open()\n\n"
        "    def test_a(self, url):\n        assert url\n",
    },
    "a fixture asks, not the test": {
        "test_a.py": IMPORT
        + FIXTURE
        + "def app(nowhere):  # FS203\n    return nowhere\n\ndef test_a(app):\n    assert app\n",
    },
    "visible in a sibling folder only": {
        "a/conftest.py": IMPORT + FIXTURE + "def app():\n    return 1\n",
        "a/test_a.py": "def test_a(app):\n    assert app\n",
        "b/test_b.py": "def test_b(app):  # FS203\n    assert app\n",
    },
    # FS101, FS102, FS104, FS105
    "a chain of three has one head": {
        "test_a.py": IMPORT
        + FIXTURE
        + "def leaf():  # FS102\n    return 1\n\n"
        + FIXTURE
        + "def mid(leaf):  # FS102\n    return leaf\n\n"
        + FIXTURE
        + "def top(mid):  # FS101\n    return mid\n\ndef test_a():\n    assert True\n",
    },
    "a circle of unused fixtures has a head too": {
        "test_a.py": IMPORT
        + FIXTURE
        + "def one(two):  # FS101\n    return two\n\n"
        + FIXTURE
        + "def two(one):  # FS102\n    return one\n\ndef test_a():\n    assert True\n",
    },
    "what a used fixture shares with an unused one is used": {
        "test_a.py": IMPORT
        + FIXTURE
        + "def leaf():\n    return 1\n\n"
        + FIXTURE
        + "def top(leaf):  # FS101\n    return leaf\n\ndef test_a(leaf):\n    assert leaf\n",
    },
    "a definition that only raises is there to be overridden": {
        "conftest.py": IMPORT + FIXTURE + 'def data():\n    """Override me."""\n    raise NotImplementedError\n',
        "test_a.py": IMPORT + FIXTURE + "def data():\n    return 1\n\ndef test_a(data):\n    assert data\n",
    },
    "an autouse fixture that each module overrides": {
        "conftest.py": IMPORT + "@pytest.fixture(autouse=True)\ndef clock():  # FS104\n    yield\n",
        "test_a.py": IMPORT + FIXTURE + "def clock():\n    yield\n\ndef test_a():\n    assert True\n",
    },
    "what only a hidden definition asks for is dead with it": {
        "conftest.py": IMPORT
        + FIXTURE
        + "def paper():  # FS102\n    return 1\n\n"
        + FIXTURE
        + "def user(paper):  # FS104\n    return paper\n",
        "test_a.py": IMPORT + FIXTURE + "def user():\n    return 1\n\ndef test_a(user):\n    assert user\n",
    },
    # FS103
    "an imported fixture may be overridden": {
        "conftest.py": IMPORT + FIXTURE + "def app():\n    return 1\n\ndef pytest_configure():\n    pass\n",
        "test_a.py": IMPORT
        + "from conftest import app\n\n"
        + FIXTURE
        + "def app(app):\n    return app\n\ndef test_a(app):\n    assert app\n",
    },
    "branches of a condition": {
        "test_a.py": "import sys\n\nif sys.argv:\n    def test_a():\n        assert True\nelse:\n"
        "    def test_a():\n        assert 1\n",
    },
    "a decorator applied by hand": {
        "test_a.py": IMPORT
        + "def app():\n    return 1\n\napp = pytest.fixture(app)\n\n"
        + "def test_a(app):\n    assert app\n\ntest_a = pytest.mark.slow(test_a)\n",
        "pytest.ini": "[pytest]\nmarkers = slow\n",
    },
    "a loop variable": {
        "test_a.py": "def test_a():\n    assert True\n\ndef test_b():\n    assert True\n\n"
        "for test in (test_a, test_b):\n    pass\n",
    },
    "helpers may be defined twice": {
        "test_a.py": "def helper():\n    return 1\n\ndef helper():\n    return 2\n\ndef test_a():\n"
        "    assert helper()\n",
    },
    "a test class twice": {
        "test_a.py": "class TestA:  # FS103\n    def test_a(self):\n        assert True\n\n"
        "class TestA:\n    def test_b(self):\n        assert True\n",
    },
    "a test class that extends the one before": {
        "test_a.py": "class TestA:\n    def test_a(self):\n        assert True\n\n"
        "class TestA(TestA):\n    def test_b(self):\n        assert True\n",
    },
    "a method twice": {
        "test_a.py": "class TestA:\n    def test_a(self):  # FS103\n        assert True\n\n"
        "    def test_a(self):\n        assert 1\n",
    },
    # FS204
    "a local name is not the fixture": {
        "test_a.py": IMPORT
        + FIXTURE
        + "def user():\n    return 1\n\ndef test_a(user):\n    assert user\n\n"
        + "def test_b():\n    user = int\n    assert user() == 0\n\n"
        + "def test_c():\n    for user in (int, float):\n        assert user() == 0\n\n"
        + "def test_d():\n    def user():\n        return 1\n\n    assert user()\n\n"
        + "def test_e():\n    assert [user() for user in (int,)]\n\n"
        + "def test_f():\n    with open as user:\n        user()\n",
    },
    "an argument is not the fixture": {
        "test_a.py": IMPORT + FIXTURE + "def user():\n    return int\n\ndef test_a(user):\n    assert user() == 0\n",
    },
    "a fixture of a class is another name": {
        "test_a.py": IMPORT
        + "def user():\n    return 1\n\nclass TestA:\n    @pytest.fixture\n    def user(self):\n"
        + "        return user()\n\n"
        + "    def test_a(self, user):\n        assert user\n",
    },
    "in a fixture, a helper and at import": {
        "test_a.py": IMPORT
        + FIXTURE
        + "def user():\n    return 1\n\n"
        + FIXTURE
        + "def app(\n    user,\n):\n    return user\n\n"
        + FIXTURE
        + "def other(\n    app,\n):\n    # user()\n    return [app, user()]  # FS204\n\n"
        + "def helper():\n    return user()  # FS204\n\n"
        + "try:\n    USER = [user()]  # FS204\nexcept Exception:\n    USER = None\n\n"
        + "LATER = lambda: user()\n\ndef test_a(other):\n    assert other\n",
    },
    # FS205
    "returns that lose nothing": {
        "test_a.py": IMPORT
        + FIXTURE
        + "def a(request):\n    if request.param:\n        return pytest.skip('no')\n    yield 1\n    return None\n\n"
        + FIXTURE
        + "def b():\n    def inner():\n        return 1\n    yield inner\n\n"
        + FIXTURE
        + "def c():\n    return (yield 1)\n\ndef test_a(a, b, c):\n    assert a and b and c\n",
    },
    # FS301
    "read in ways that are easily missed": {
        "test_a.py": IMPORT
        + FIXTURE
        + "def user():\n    return 1\n\n"
        + "def test_a(user):\n    assert f'{user}'\n\n"
        + "def test_b(user):\n    assert locals()\n\n"
        + "def test_c(user):\n    def inner():\n        return user\n\n    assert inner()\n\n"
        + "def test_d(user):\n    del user\n",
    },
    "no value, no advice": {
        "test_a.py": IMPORT
        + FIXTURE
        + "def quiet():\n    yield\n\n"
        + FIXTURE
        + "def loud():\n    return\n\n"
        + FIXTURE
        + "def _user():\n    return 1\n\ndef test_a(quiet, loud, _user):\n    assert True\n",
    },
    "a fixture that does not read": {
        "test_a.py": IMPORT
        + FIXTURE
        + "def user():\n    return 1\n\n"
        + FIXTURE
        + "def app(user):  # FS301\n    return 2\n\ndef test_a(app):\n    assert app\n",
    },
    "inherited by two classes, it is one finding": {
        "test_a.py": IMPORT
        + FIXTURE
        + "def user():\n    return 1\n\nclass Base:\n    def test_a(self, user):  # FS301\n        assert True\n\n"
        + "class TestA(Base):\n    pass\n\nclass TestB(Base):\n    pass\n",
    },
    "an indirect parameter": {
        "test_a.py": IMPORT
        + FIXTURE
        + "def user(request):\n    return request.param\n\n"
        + '@pytest.mark.parametrize("user", [1], indirect=True)\ndef test_a(user):\n    assert True\n',
    },
    # FS302
    "the parameter is for another fixture": {
        "conftest.py": IMPORT
        + FIXTURE
        + "def name():\n    return 'a'\n\n"
        + FIXTURE
        + "def user(name):\n    return name\n",
        "test_a.py": IMPORT
        + "def test_a(user):\n    assert user\n\n"
        + '@pytest.mark.parametrize("name", ["b"])\ndef test_b(user, name):\n    assert user == name\n',
    },
    "some of the fixture's own parameters": {
        "test_a.py": IMPORT
        + "@pytest.fixture(params=[1, 2])\ndef size(request):\n    return request.param\n\n"
        + "def test_a(size):\n    assert size\n\n"
        + '@pytest.mark.parametrize("size", [1])\ndef test_b(size):\n    assert size == 1\n',
    },
    "a fixture of a plugin": {
        "test_a.py": IMPORT + '@pytest.mark.parametrize("cache", [1])\ndef test_b(cache):\n    assert cache == 1\n',
    },
    # FS003
    "unread marks": {
        "test_a.py": IMPORT
        + "import os\n\nNAMES = os.environ['X']\n\n@pytest.mark.usefixtures(*NAMES)\n"
        + "def test_a():  # FS003\n    assert True\n\n"
        + "@pytest.mark.parametrize(NAMES, [1])\ndef test_b(one):  # FS003\n    assert one\n",
    },
    "plugins with computed names": {
        "conftest.py": "import os\n\npytest_plugins = os.environ['X'].split()  # FS003\n",
        "test_a.py": "def test_a():\n    assert True\n",
    },
    "options with computed values": {
        "test_a.py": IMPORT
        + "import os\n\n@pytest.fixture(name=os.environ['X'])\ndef app():  # FS003 FS101\n"
        + "    return 1\n\ndef test_a():\n    assert True\n",
    },
    # FS001
    "one bad statement, the rest stands": {
        "test_a.py": IMPORT
        + FIXTURE
        + "def app():\n    return 1\n\ndef broken(:  # FS001\n    pass\n\ndef test_a(app):\n    assert app\n",
    },
    # comments
    "comments silence their place": {
        "test_a.py": IMPORT
        + "@pytest.fixture  # fixturescope: ignore[FS101]\ndef a():\n    return 1\n\n"
        + "# fixturescope: ignore[FS101]\n@pytest.fixture\ndef b():\n    return 1\n\n"
        + FIXTURE
        + "def c():  # fixturescope: ignore\n    return 1\n\n"
        + FIXTURE
        + "# fixturescope: ignore[FS102, FS1]\ndef d():\n    return 1\n\n"
        + "@pytest.fixture  # fixturescope: ignore[FS102]\ndef e():  # FS101\n    return 1\n\n"
        + "class TestA:\n    @pytest.fixture(\n        scope='class'  # fixturescope: ignore[FS101]\n    )\n"
        + "    def f(self):\n        return 1\n\n    def test_a(self):\n        assert True\n",
    },
}


@pytest.mark.parametrize("files", CASES.values(), ids=CASES.keys())
def test_what_is_reported(files: Mapping[str, str], draw: Draw) -> None:
    assert places(draw(files)) == marked(files)


# what they say


def test_the_head_of_a_chain_names_it_whole(draw: Draw) -> None:
    graph = draw(CASES["a chain of three has one head"])
    assert only(graph, "FS101").message.endswith(
        "; only unused fixtures lead to 'mid' (test_a.py:8), 'leaf' (test_a.py:4)"
    )
    assert [d.message for d in graph.diagnostics if d.code == "FS102"] == [
        "fixture 'leaf' is asked for by unused fixtures only: dead with 'top' (test_a.py:12)",
        "fixture 'mid' is asked for by unused fixtures only: dead with 'top' (test_a.py:12)",
    ]


def test_a_doubt_about_the_head_is_one_about_the_chain(draw: Draw) -> None:
    graph = draw(
        {
            "test_a.py": IMPORT
            + FIXTURE
            + "def leaf():\n    return 1\n\n"
            + FIXTURE
            + "def get_top(leaf):\n    return leaf\n\n"
            + "def test_a(request, tmp_path):\n    assert request.getfixturevalue(f'get_{tmp_path}')\n",
        }
    )
    assert [(d.code, d.severity, d.certainty) for d in graph.diagnostics] == [
        ("FS102", "info", "possible"),
        ("FS101", "info", "possible"),
        ("FS003", "info", "certain"),
    ]
    assert only(graph, "FS003").message == "the name that getfixturevalue asks for is not known (it looks like 'get_*')"


@pytest.mark.skipif(not SEES_LOCAL_PLUGINS, reason="this pytest looks for plugins before pythonpath is in force")
def test_a_fixture_that_a_plugin_offers_is_only_possibly_unused(draw: Draw) -> None:
    graph = draw(
        {
            "pytest.ini": "[pytest]\npythonpath = libs\n",
            "libs/clock-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: clock\nVersion: 1.0\n",
            "libs/clock-1.0.dist-info/entry_points.txt": "[pytest11]\nclock = clock_plugin\n",
            "libs/clock_plugin.py": IMPORT + FIXTURE + "def frozen():\n    return 1\n",
            "test_a.py": "def test_a():\n    assert True\n",
        }
    )
    found = only(graph, "FS101")
    assert (found.path, found.severity, found.certainty) == ("libs/clock_plugin.py", "info", "possible")
    assert found.message.endswith("; a plugin offers it, so other projects may use it")


def test_tests_that_are_not_run_prove_nothing(draw: Draw) -> None:
    graph = draw({"test_a.py": IMPORT + "@pytest.mark.xfail\ndef test_a(nowhere):\n    assert nowhere\n"})
    found = only(graph, "FS203")
    assert (found.severity, found.certainty) == ("info", "possible")


def test_what_could_not_be_evaluated_lowers_certainty(draw: Draw) -> None:
    graph = draw(
        {
            "conftest.py": "import os\n\nfor name in os.environ:\n    globals()[name] = 1\n",
            "test_a.py": "def test_a(nowhere):\n    assert nowhere\n",
        }
    )
    assert {d.certainty for d in graph.diagnostics if d.code == "FS203"} == {"possible"}


def test_getfixturevalue_of_an_unknown_name_is_possible(draw: Draw) -> None:
    graph = draw({"test_a.py": "def test_a(request):\n    assert request.getfixturevalue('nowhere')\n"})
    assert (only(graph, "FS203").line, only(graph, "FS203").certainty) == (1, "possible")


def test_an_unread_argument_that_another_needs(draw: Draw) -> None:
    graph = draw(
        {
            "test_a.py": IMPORT
            + FIXTURE
            + "def app():\n    return 1\n\n"
            + FIXTURE
            + "def client(app):\n    return app\n\ndef test_a(app, client):\n    assert client\n",
        }
    )
    assert (
        only(graph, "FS301").message
        == "test 'test_a' asks for 'app' and never reads it; it is set up for 'client' anyway"
    )


def test_a_mismatch_counts_its_tests(draw: Draw) -> None:
    graph = draw(
        {
            "test_a.py": IMPORT
            + SESSION
            + "def app(tmp_path):\n    return tmp_path\n\ndef test_a(app):\n    assert app\n\n"
            + "def test_b(app):\n    assert app\n",
        }
    )
    message = only(graph, "FS201").message
    assert message.startswith("fixture 'app' of scope session asks for 'tmp_path' of scope function (")
    assert message.endswith("), in test_a.py::test_a and 1 more test")


def test_a_file_that_is_not_text_is_not_parsed(tmp_path: Path, draw: Draw) -> None:
    (tmp_path / "test_b.py").write_bytes(b"# \xff\n")
    graph = draw({"test_a.py": "def test_a():\n    assert True\n"})
    assert (only(graph, "FS001").path, only(graph, "FS001").line) == ("test_b.py", 1)


@pytest.mark.parametrize(
    ("settings", "codes"),
    [({"select": ("FS101",)}, {"FS101"}), ({"ignore": ("FS10",)}, set())],
)
def test_settings_select_and_ignore(settings: Mapping[str, object], codes: set[str], draw: Draw) -> None:
    graph = draw(CASES["a chain of three has one head"], **settings)
    assert {d.code for d in graph.diagnostics} == codes
