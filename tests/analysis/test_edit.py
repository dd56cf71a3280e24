"""Edits of source: exact text after each kind of change, and what is refused, with its place."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from textwrap import dedent

import libcst
import pytest

import fixturescope
from fixturescope.analysis.edit import FileEdit, diff, edit
from fixturescope.analysis.rewrite import Refusal, Rewriter
from fixturescope.errors import UsageError
from fixturescope.model import Change


def write(folder: Path, **files: str) -> Path:
    for name, text in {"pytest_ini": "[pytest]\n", **files}.items():
        path = folder / ("pytest.ini" if name == "pytest_ini" else f"{name}.py")
        path.write_bytes(dedent(text).lstrip("\n").encode())
    return folder


def edited(folder: Path, *changes: Change) -> tuple[FileEdit, ...]:
    graph = fixturescope.analyze(folder, python=sys.executable, cache=False)
    return edit(folder, graph, changes)


def changed(folder: Path, source: str, *changes: Change) -> str:
    (one,) = edited(write(folder, test_it=source), *changes)
    assert one.path == "test_it.py"
    assert one.before == (folder / "test_it.py").read_bytes()
    return one.after.decode()


def rewritten(source: str, ask: str, function: str, *words: str) -> str:
    """What becomes of a source when a rewriter is asked for one change to its first function of a name."""
    lines = source.splitlines()
    line = next(at for at, text in enumerate(lines, 1) if re.search(rf"\bdef {function}\(", text))
    rewriter = Rewriter(libcst.parse_module(source))
    getattr(rewriter, ask)(line, function, *words)
    return rewriter.rewritten().code


def fixture(name: str, op: str, to: str | None = None) -> Change:
    return Change(op=op, fixture=f"test_it.py::{name}", to=to)  # type: ignore[arg-type]


SCOPES = {
    "bare": ("@pytest.fixture", '@pytest.fixture(scope="module")'),
    "empty call": ("@pytest.fixture()", '@pytest.fixture(scope="module")'),
    "others": (
        "@pytest.fixture(params=[1], name='a')  # why",
        "@pytest.fixture(scope='module', params=[1], name='a')  # why",
    ),
    "replaced": ("@pytest.fixture(name='a', scope='class')", "@pytest.fixture(name='a', scope='module')"),
    "its quotes": ("""@pytest.fixture(scope="class", name='a')""", """@pytest.fixture(scope="module", name='a')"""),
    "constant": ("WIDE = 'class'\n@pytest.fixture(scope=WIDE)", "WIDE = 'class'\n@pytest.fixture(scope='module')"),
    "lines": (
        "@pytest.fixture(\n    params=[1],  # one\n    name='a',\n)",
        "@pytest.fixture(\n    scope='module',\n    params=[1],  # one\n    name='a',\n)",
    ),
    "alias": ("import pytest as pt\n@pt.fixture", 'import pytest as pt\n@pt.fixture(scope="module")'),
    "from": ("from pytest import fixture as fx\n@fx", 'from pytest import fixture as fx\n@fx(scope="module")'),
    "assigned": ("fx = pytest.fixture\n@fx()", 'fx = pytest.fixture\n@fx(scope="module")'),
    "others above": (
        "import functools\ndef deco(f): return f\n@deco\n@pytest.fixture\n@functools.lru_cache",
        'import functools\ndef deco(f): return f\n@deco\n@pytest.fixture(scope="module")\n@functools.lru_cache',
    ),
}


@pytest.mark.parametrize("case", SCOPES)
def test_scope(case: str) -> None:
    before, after = SCOPES[case]
    body = "\ndef a():\n    return 1 # one\n\n\ndef test_it(a): pass\n"
    assert rewritten(f"import pytest\n{before}{body}", "set_scope", "a", "module") == (f"import pytest\n{after}{body}")


def test_scope_of_an_async_fixture_leaves_its_loop() -> None:
    source = "import pytest_asyncio\n\n@pytest_asyncio.fixture(loop_scope='session')\nasync def a(): pass\n"
    rewriter = Rewriter(libcst.parse_module(source))
    rewriter.set_scope(4, "a", "module")
    assert rewriter.rewritten().code == source.replace("fixture(loop_scope", "fixture(scope='module', loop_scope")


AUTOUSE = {
    "alone": ("@pytest.fixture(autouse=True)", "@pytest.fixture"),
    "first": ("@pytest.fixture(autouse=True, name='a')", "@pytest.fixture(name='a')"),
    "last": ("@pytest.fixture(name='a', autouse=True)", "@pytest.fixture(name='a')"),
    "last, comma": ("@pytest.fixture(name='a', autouse=True, )", "@pytest.fixture(name='a', )"),
    "lines": (
        "@pytest.fixture(\n    name='a',  # why\n    autouse=True,  # here\n)",
        "@pytest.fixture(\n    name='a',  # why\n)",
    ),
    "first of lines": (
        "@pytest.fixture(\n    autouse=True,\n    name='a',  # why\n)",
        "@pytest.fixture(\n    name='a',  # why\n)",
    ),
}


@pytest.mark.parametrize("case", AUTOUSE)
def test_drop_autouse(case: str) -> None:
    before, after = AUTOUSE[case]
    body = "\ndef a():\n    return 1\n\n\ndef test_it(a): pass\n"
    assert rewritten(f"import pytest\n{before}{body}", "drop_autouse", "a") == (f"import pytest\n{after}{body}")


def test_remove(tmp_path: Path) -> None:
    source = """
        import os
        import pytest

        # ---- things ----

        # what it is
        @pytest.fixture
        def first():
            return os.getcwd()  # here


        @pytest.fixture
        def second():
            # inside
            return 1

            # at its end


        class TestA:
            @pytest.fixture
            def only(self):
                return 1


        class TestB:
            @pytest.fixture
            def own(self): return 1

            def test_it(self): pass

        # the end
        @pytest.fixture
        def last(): pass
    """
    changes = [fixture(name, "remove") for name in ("first", "second", "TestA::only", "TestB::own", "last")]
    assert changed(tmp_path, source, *changes) == dedent(
        """
        import os
        import pytest

        # ---- things ----


        class TestA:
            pass


        class TestB:
            def test_it(self): pass
        """
    ).lstrip("\n")


def test_remove_the_first_of_a_file_and_one_under_a_condition(tmp_path: Path) -> None:
    source = """
        from pytest import fixture
        if fixture:
            @fixture
            def a(): pass

        def test_it(): pass
    """
    assert changed(tmp_path, source, fixture("a", "remove")) == dedent(
        """
        from pytest import fixture
        if fixture:
            pass

        def test_it(): pass
        """
    ).lstrip("\n")


USEFIXTURES = {
    "only": ("def test_it(a):\n    pass", '@pytest.mark.usefixtures("a")\ndef test_it():\n    pass'),
    "first": ("def test_it(a, b): assert b", '@pytest.mark.usefixtures("a")\ndef test_it(b): assert b'),
    "last": ("def test_it(b, a): assert b", '@pytest.mark.usefixtures("a")\ndef test_it(b): assert b'),
    "annotated": (
        "def test_it(b, a: int, *, c=1): pass",
        '@pytest.mark.usefixtures("a")\ndef test_it(b, *, c=1): pass',
    ),
    "lines": (
        "def test_it(\n    b,  # one\n    a,\n):\n    pass",
        '@pytest.mark.usefixtures("a")\ndef test_it(\n    b,  # one\n):\n    pass',
    ),
    "lines, alone": ("def test_it(\n    a,\n):\n    pass", '@pytest.mark.usefixtures("a")\ndef test_it():\n    pass'),
    "marked": (
        "@pytest.mark.usefixtures('b')\ndef test_it(a): pass",
        "@pytest.mark.usefixtures('b', 'a')\ndef test_it(): pass",
    ),
    "other marks": (
        "@pytest.mark.slow\ndef test_it(a): pass",
        '@pytest.mark.usefixtures("a")\n@pytest.mark.slow\ndef test_it(): pass',
    ),
    "comment": ("# why\ndef test_it(a): pass", '# why\n@pytest.mark.usefixtures("a")\ndef test_it(): pass'),
}
FIXTURES = "import pytest\n\n@pytest.fixture\ndef a(): pass\n\n@pytest.fixture\ndef b(): pass\n\n"


@pytest.mark.parametrize("case", USEFIXTURES)
def test_usefixtures(case: str) -> None:
    before, after = USEFIXTURES[case]
    assert rewritten(f"{FIXTURES}{before}\n", "use_fixtures", "test_it", "a") == f"{FIXTURES}{after}\n"


IMPORTED = {
    "none": ("def test_it(a): pass\n", 'import pytest\n\n\n@pytest.mark.usefixtures("a")\ndef test_it(): pass\n'),
    "docstring": (
        '"""Doc."""\n\ndef test_it(a): pass\n',
        '"""Doc."""\n\nimport pytest\n\n@pytest.mark.usefixtures("a")\ndef test_it(): pass\n',
    ),
    "others": (
        '"""Doc."""\nfrom __future__ import annotations\n\nimport os  # first\n\ndef test_it(a): pass\n',
        '"""Doc."""\nfrom __future__ import annotations\n\nimport pytest\nimport os  # first\n\n@pytest.mark.usefixtures("a")\ndef test_it(): pass\n',
    ),
    "mark": (
        "from pytest import mark\ndef test_it(a): pass\n",
        'from pytest import mark\n@mark.usefixtures("a")\ndef test_it(): pass\n',
    ),
    "named": (
        "import pytest as pt\ndef test_it(a): pass\n",
        'import pytest as pt\n@pt.mark.usefixtures("a")\ndef test_it(): pass\n',
    ),
}


@pytest.mark.parametrize("case", IMPORTED)
def test_usefixtures_imports_pytest(case: str) -> None:
    before, after = IMPORTED[case]
    assert rewritten(before, "use_fixtures", "test_it", "a") == after


MOVED = {
    "plain": ("import json", "json", "json.loads('1')", "", "import json"),
    "as": ("import json as j", "json", "j.loads('1')", "", "import json as j"),
    "dotted": ("import xml.dom", "xml.dom", "xml.dom", "", "import xml.dom"),
    "from": (
        "from json import (loads, dumps)  # both",
        "json",
        "loads(dumps(1))",
        "",
        "from json import (loads, dumps)  # both",
    ),
    "of several": ("import os, json, re", "json", "json", "import os, re\n", "import json"),
    "last of several": ("import os, json", "json", "json", "import os\n", "import json"),
    "on one line": ("import os; import json", "json", "json", "import os\n", "import json"),
}


@pytest.mark.parametrize("case", MOVED)
def test_move_import(case: str) -> None:
    statement, module, read, left, inside = MOVED[case]
    source = f'{statement}\nimport pytest\n\n@pytest.fixture\ndef a():\n    """Doc."""\n    return {read}\n\ndef test_it(a): pass\n'
    assert rewritten(source, "move_import", "a", module) == (
        f'{left}import pytest\n\n@pytest.fixture\ndef a():\n    """Doc."""\n    {inside}\n    return {read}\n\ndef test_it(a): pass\n'
    )


def test_several_changes_in_one_file_and_a_one_line_body(tmp_path: Path) -> None:
    source = "import json\n\nimport pytest\n\n@pytest.fixture(autouse=True)\ndef a(): return json  # it\n\n@pytest.fixture\ndef b(): pass\n\ndef test_it(b): pass\n"
    changes = [
        fixture("a", "scope", "session"),
        fixture("a", "drop_autouse"),
        fixture("a", "move_import", "json"),
        fixture("b", "remove"),
        fixture("b", "usefixtures", "test_it.py::test_it"),
    ]
    assert changed(tmp_path, source, *changes) == (
        'import pytest\n\n@pytest.fixture(scope="session")\ndef a():\n    import json\n    return json  # it\n\n'
        '@pytest.mark.usefixtures("b")\ndef test_it(): pass\n'
    )


def test_line_ends_encoding_and_a_missing_last_line_break_stay(tmp_path: Path) -> None:
    write(tmp_path)
    source = "# coding: latin-1\r\nimport pytest\r\n@pytest.fixture\r\ndef a(): return 'é'\r\ndef test_it(a): pass"
    (tmp_path / "test_it.py").write_bytes(source.encode("latin-1"))
    (one,) = edited(tmp_path, fixture("a", "scope", "module"))
    assert one.after.decode("latin-1") == source.replace("fixture\r", "fixture(scope='module')\r")
    assert one.diff.splitlines()[-2:] == [" def test_it(a): pass", "\\ No newline at end of file"]


def test_diff(tmp_path: Path) -> None:
    write(tmp_path, test_it="import pytest\n\n@pytest.fixture\ndef a(): pass\n\ndef test_it(a): pass")
    found = edited(tmp_path, fixture("a", "scope", "module"))
    assert diff(found) == (
        "--- a/test_it.py\n+++ b/test_it.py\n@@ -1,6 +1,6 @@\n import pytest\n \n-@pytest.fixture\n"
        '+@pytest.fixture(scope="module")\n def a(): pass\n \n def test_it(a): pass\n\\ No newline at end of file\n'
    )


REFUSED = {
    "call": (
        "def a(): pass\nb = pytest.fixture(a)",
        "set_scope a module",
        2,
        "is no @pytest.fixture by its decorators: it has none that is known",
    ),
    "unpacked": (
        "opts = {'name': 'a'}\n@pytest.fixture(**opts)\ndef a(): pass",
        "set_scope a module",
        4,
        "its decorator unpacks arguments, scope maybe among them",
    ),
    "positional": (
        "@pytest.fixture('class')\ndef a(): pass",
        "set_scope a module",
        3,
        "its decorator has an argument without a name",
    ),
    "wrapper": (
        "import functools\nwide = functools.partial(pytest.fixture, scope='class')\n@wide()\ndef a(): pass",
        "set_scope a module",
        5,
        "is no @pytest.fixture by its decorators: wide",
    ),
    "silent": ("@pytest.fixture\ndef a(): pass", "drop_autouse a", 3, "its decorator says nothing of autouse"),
    "read": ("@pytest.fixture\ndef a(): pass\ndef f(a): a()\ndef g(): a()", "remove a", 5, "a is read at line 5, too"),
    "is read": ("def test_it(a):\n    x.a(a=1)\n    assert a", "use_fixtures test_it a", 4, "test_it reads a"),
    "no argument": ("def test_it(b): pass", "use_fixtures test_it a", 2, "test_it takes no argument a"),
    "default": ("def test_it(a=1): pass", "use_fixtures test_it a", 2, "test_it takes no argument a"),
    "read elsewhere": (
        "import json\ndef a(): return json\ndef test_it(a): assert json",
        "move_import a json",
        4,
        "json is read at line 4, too",
    ),
    "annotates": (
        "import json\ndef a() -> json.X: return json",
        "move_import a json",
        3,
        "json is read at line 3, too",
    ),
    "not imported": ("def a(): return 1", "move_import a json", 2, "the file does not import json at its top"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str) -> None:
    source, words, line, message = REFUSED[case]
    ask, function, *more = words.split()
    with pytest.raises(Refusal) as caught:
        rewritten(f"import pytest\n{source}\n", ask, function, *more)
    assert str(caught.value) == message
    assert caught.value.line in (line, None)


def test_refused_by_what_the_analysis_knows(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "there.py").write_text("import pytest\nfrom test_it import shared\n")
    source = """
        import pytest

        def make():
            @pytest.fixture
            def made(): pass
            return made
        a = make()
        def wide(fixture_name, config): return "class"
        @pytest.fixture(scope=wide)
        def b(a): pass
        @pytest.fixture
        def shared(): pass
        def test_it(b): pass
    """
    write(tmp_path, test_it=source)
    graph = fixturescope.analyze(tmp_path, python=sys.executable, cache=False)
    for change, message, hint in (
        (
            fixture("a", "scope", "module"),
            "test_it.py:5: is not made by a decorator over a def",
            "it is registered at test_it.py:7: change it by hand",
        ),
        (
            fixture("b", "scope", "module"),
            "test_it.py:10: its scope is decided by a function at run time",
            "change it by hand",
        ),
        (
            fixture("shared", "remove"),
            "test_it.py:12: other/there.py:2 imports shared",
            "take it out of other/there.py:2 first",
        ),
        (
            fixture("a", "usefixtures", "test_it.py::b"),
            "test_it.py:5: test_it.py::b is a fixture, and marks have no effect on fixtures",
            "change it by hand",
        ),
        (
            Change(op="remove", fixture="pytest:_pytest.tmpdir::tmp_path"),
            "pytest:_pytest.tmpdir::tmp_path is not the project's own: pytest brings it",
            None,
        ),
    ):
        with pytest.raises(UsageError) as caught:
            edit(tmp_path, graph, [change])
        assert (str(caught.value), caught.value.hint) == (message, hint)


def test_a_function_that_has_moved_is_refused(tmp_path: Path) -> None:
    write(tmp_path, test_it="import pytest\n@pytest.fixture\ndef a(): pass\ndef test_it(a): pass\n")
    graph = fixturescope.analyze(tmp_path, python=sys.executable, cache=False)
    (tmp_path / "test_it.py").write_text("\n" + (tmp_path / "test_it.py").read_text())
    with pytest.raises(UsageError, match="test_it.py:3: there is no def a here any more"):
        edit(tmp_path, graph, [fixture("a", "scope", "module")])
