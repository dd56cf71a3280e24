"""How certain "unused" is: each thing that could use a fixture unseen, with its place, and what it cannot reach."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import dedent

import pytest

import fixturescope
from fixturescope.graph import FixtureGraph

NOBODY = "none of the 1 test that could see it asks for it, directly or through another fixture"
LONELY = "import pytest\n@pytest.fixture\ndef lonely(): pass\n"
PLAIN = "def test_it(): pass\n"


def analyzed(folder: Path, **files: str) -> FixtureGraph:
    """Draw files, by names in which ``__`` stands for ``/``, and analyze them."""
    for name, text in {"pytest": "[pytest]\n", **files}.items():
        path = folder / f"{name.replace('__', '/')}{'.ini' if name == 'pytest' else '.py'}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(dedent(text).encode("utf-8", "surrogateescape"))
    return fixturescope.analyze(rootdir=folder, cwd=folder, python=sys.executable, environ={}, cache=False)


def test_without_a_doubt(tmp_path: Path) -> None:
    graph = analyzed(tmp_path, conftest=LONELY, test_it=PLAIN)
    assert (graph.fixture("lonely").unused, graph.why_unused("lonely")) == ("certain", NOBODY)


def test_one_that_is_used_has_no_reason(tmp_path: Path) -> None:
    graph = analyzed(tmp_path, conftest=LONELY, test_it="def test_it(lonely): pass\n")
    assert (graph.fixture("lonely").unused, graph.why_unused("lonely")) == (None, "")


DOUBTS = {
    "a computed name that fits": (
        {
            "conftest": LONELY,
            "test_it": "def test_it(request):\n    request.getfixturevalue(f'lone{request.node.name}')\n",
        },
        f"{NOBODY}; but test_it.py:2 asks for 'lone*' by getfixturevalue",
    ),
    "a computed name that does not fit": (
        {
            "conftest": LONELY,
            "test_it": "def test_it(request):\n    request.getfixturevalue(f'other{request.node.name}')\n",
        },
        NOBODY,
    ),
    "a hook that decides which functions are tests": (
        {"conftest": f"{LONELY}def pytest_pycollect_makeitem(collector, name, obj): return []\n", "test_it": PLAIN},
        f"{NOBODY}; but conftest.py:4 the hook pytest_pycollect_makeitem decides which classes and functions are tests",
    ),
    "an imported hook that leaves out files, beside another test": (
        {
            "conftest": LONELY,
            "sub__conftest": "from helpers import pytest_ignore_collect\n",
            "helpers": "def pytest_ignore_collect(collection_path): return True\n",
            "test_it": PLAIN,
        },
        f"{NOBODY}; but sub/conftest.py:1 the hook pytest_ignore_collect decides which files are left out",
    ),
    "a helper that nobody is seen to call": (
        {"conftest": f"{LONELY}def ask(request, name): return request.getfixturevalue(name)\n", "test_it": PLAIN},
        f"{NOBODY}; but conftest.py:4 asks for '*' by getfixturevalue",
    ),
    "a test module that skips itself": (
        {
            "conftest": LONELY,
            "test_it": PLAIN,
            "test_other": "import pytest\npytest.skip('no', allow_module_level=True)\ndef test_b(lonely): pass\n",
        },
        f"{NOBODY}; but test_other.py::test_b asks for it, but does not run here (pytest.skip at module level)",
    ),
    "one that asks through another fixture": (
        {
            "conftest": f"{LONELY}@pytest.fixture\ndef through(lonely): pass\n",
            "test_it": PLAIN,
            "test_other": "import pytest\npytest.skip('no', allow_module_level=True)\ndef test_b(through): pass\n",
        },
        f"{NOBODY}; but test_other.py::test_b asks for it, but does not run here (pytest.skip at module level)",
    ),
    "a test file that cannot be read": (
        {"conftest": LONELY, "test_it": PLAIN, "test_other": "x = '\udcff'\n"},
        f"{NOBODY}; but test_other.py cannot be decoded: 'utf-8' codec can't decode byte 0xff in position 5: invalid start byte",
    ),
    "a statement that does not parse": (
        {"conftest": LONELY, "test_it": f"x = = 1\n{PLAIN}"},
        f"{NOBODY}; but test_it.py:1 cannot be parsed",
    ),
    "names made in a loop": (
        {"conftest": LONELY, "test_it": f"import os\nfor n in os.listdir(): globals()[n] = 1\n{PLAIN}"},
        f"{NOBODY}; but test_it.py:2 a loop over values that are not known makes names",
    ),
    "usefixtures with a computed name": (
        {"conftest": LONELY, "test_it": f"import os, pytest\n@pytest.mark.usefixtures(os.sep)\n{PLAIN}"},
        f"{NOBODY}; but test_it.py::test_it uses fixtures whose names are computed",
    ),
    "a fixture that code at import may make, and that may ask for others": (
        {"conftest": LONELY, "test_it": "import sys\nsys.make('a,b', 'x')\ndef test_it(b): pass\n"},
        f"{NOBODY}; but 'b', which test_it.py::test_it needs, may be made at import of others",
    ),
    "a decorator of a library that may ask for fixtures": (
        {"conftest": LONELY, "test_it": f"import sys\n@sys.cases('x')\n{PLAIN}"},
        f"{NOBODY}; but test_it.py::test_it has parameters that may stand for fixtures",
    ),
    "a definition that may not be": (
        {
            "conftest": "import os, pytest\nif os.getpid():\n    @pytest.fixture\n    def lonely(): pass\n",
            "test_it": PLAIN,
        },
        f"{NOBODY}; but its definition stands under a condition that cannot be decided",
    ),
    "no test in reach": (
        {"empty__conftest": LONELY, "empty__test_none": "", "test_it": PLAIN},
        "no test is collected where it is visible",
    ),
}


@pytest.mark.parametrize(("files", "reason"), DOUBTS.values(), ids=DOUBTS.keys())
def test_doubts(tmp_path: Path, files: dict[str, str], reason: str) -> None:
    graph = analyzed(tmp_path, **files)
    why = graph.why_unused("lonely")
    assert why.startswith(reason)
    assert graph.fixture("lonely").unused == ("possible" if "; but " in reason else "certain")
    assert ("; but " in why) == ("; but " in reason)


def test_an_argument_that_a_hook_provides_asks_for_nothing(tmp_path: Path) -> None:
    hook = "def pytest_generate_tests(metafunc): metafunc.parametrize(metafunc.cls.names, [1])\n"
    test = "import sys\nclass TestA:\n    x = sys.values()\n    def test_it(self, x): pass\n"
    assert analyzed(tmp_path, conftest=LONELY + hook, test_it=test).fixture("lonely").unused == "certain"
    assert analyzed(tmp_path / "without", conftest=LONELY, test_it=test).fixture("lonely").unused == "possible"


def test_a_doubt_reaches_no_further_than_its_node(tmp_path: Path) -> None:
    graph = analyzed(
        tmp_path,
        a__conftest=LONELY,
        a__test_a=PLAIN,
        b__test_b=f"import os, pytest\n@pytest.mark.usefixtures(os.sep)\n{PLAIN}",
    )
    assert graph.fixture("lonely").unused == "certain"


def test_more_than_one_doubt_is_counted(tmp_path: Path) -> None:
    ask = "def test_{0}(request): request.getfixturevalue(f'{0}lone{{request}}')\n"
    graph = analyzed(
        tmp_path,
        conftest=LONELY.replace("lonely", "alonely"),
        test_it="import os\nfor n in os.listdir(): globals()[n] = 1\n" + ask.format("a"),
    )
    assert graph.why_unused("alonely").endswith(" more)")


def test_what_a_doubtful_fixture_asks_for_is_in_doubt_too(tmp_path: Path) -> None:
    graph = analyzed(
        tmp_path,
        conftest=f"{LONELY}@pytest.fixture\ndef maybe_x(lonely): pass\n",
        test_it="def test_it(request):\n    request.getfixturevalue(f'maybe_{request.node.name}')\n",
    )
    assert graph.fixture("maybe_x").unused == "possible"
    assert graph.fixture("lonely").unused == "possible"
    assert "'maybe_x' asks for it" in graph.why_unused("lonely")


def test_an_autouse_fixture_that_each_test_overrides(tmp_path: Path) -> None:
    made = "import pytest\n@pytest.fixture(autouse=True)\ndef clock(): pass\n"
    graph = analyzed(tmp_path, conftest=made, test_it=made + PLAIN)
    assert graph.fixture("conftest.py::clock").unused == "certain"
    assert graph.why_unused("conftest.py::clock") == (
        "it is autouse, but each of the 1 test in its reach gets another definition of 'clock'"
    )


def test_items_are_not_exact_where_code_at_import_may_make_a_fixture_of_a_name(tmp_path: Path) -> None:
    makes = "import operator, pytest\noperator.setitem(globals(), 'made', pytest.fixture(params=[1, 2])(lambda: 1))\n"
    tests = (
        "import pytest\nfrom pytest import mark\nuses = mark.usefixtures\ndef test_made(made): pass\n"
        "@mark.usefixtures('nobody')\ndef test_nobody(): pass\n@uses('none')\ndef test_none(): pass\n"
        "class TestOther:\n    @pytest.fixture(name='beside')\n    def b(self): pass\n"
        "def test_outside(beside): pass\n"
    )
    graph = analyzed(tmp_path, conftest=makes, test_it=tests)
    assert [(test.name, test.items, test.items_are) for test in graph.tests] == [
        ("test_made", 1, "at_least"),
        ("test_nobody", 1, "exact"),
        ("test_none", 1, "exact"),
        ("test_outside", 1, "exact"),
    ]
