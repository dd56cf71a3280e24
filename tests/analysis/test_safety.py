"""A project is read, never run: `analyze` on a hostile repository under an audit hook, and on files that are no good."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import fixturescope
from tests.oracle import live

ROOT = Path(__file__).parents[2]

WATCHED = r"""
import json, os, sys

repo, mode, report = sys.argv[1:]
violations = []
watching = False
SECRET = os.path.join(os.path.dirname(repo), "secret.json")
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
STARTS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.startfile", "pty.spawn")
CHANGES = ("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown")


def inside(path, folder):
    path = os.fsdecode(path)
    if path.startswith("<"):
        return False  # <string>, <unknown>: no file
    return os.path.realpath(path) == folder or os.path.realpath(path).startswith(folder + os.sep)


def of_the_project(path):
    return inside(path, repo) if isinstance(path, (str, bytes, os.PathLike)) else False


def allowed(path):
    return inside(path, os.path.join(repo, ".fixturescope")) or path == os.devnull


def watch(event, args):
    if not watching:
        return
    if event == "exec" and of_the_project(getattr(args[0], "co_filename", "")):
        violations.append([event, args[0].co_filename])
    elif event == "compile" and (of_the_project(args[1]) or b"HOSTILE" in text_of(args[0])):
        violations.append([event, str(args[1])])
    elif event == "import" and (of_the_project(args[1]) or args[0] in HOSTILE_MODULES):
        violations.append([event, args[0]])
    elif event == "open" and isinstance(args[0], (str, bytes)) and inside(args[0], SECRET):
        violations.append(["read", os.fsdecode(args[0])])
    elif event == "open" and isinstance(args[0], (str, bytes)):
        mode, flags = args[1], args[2] or 0
        if (set(mode or "") & set("wax+") or flags & WRITES) and not allowed(args[0]):
            violations.append([event, os.fsdecode(args[0])])
    elif event.startswith(STARTS) or event.startswith("socket.") and event != "socket.gethostname":
        violations.append([event, repr(args)[:200]])
    elif event in CHANGES and not all(allowed(arg) for arg in args if isinstance(arg, (str, bytes, os.PathLike))):
        violations.append([event, repr(args)[:200]])
    elif event == "pickle.find_class" and args[0] == "concurrent.futures.process":
        pass  # the envelope in which our own workers answer
    elif event in ("shutil.rmtree", "shutil.move", "pickle.find_class"):
        violations.append([event, repr(args)[:200]])


def text_of(source):
    if isinstance(source, str):
        return source.encode("utf-8", "replace")
    return source if isinstance(source, bytes) else b""


HOSTILE_MODULES = {"conftest", "evil_plugin", "hostile", "sitecustomize", "usercustomize", "test_hostile"}
sys.addaudithook(watch)
sys.path[:] = [entry for entry in sys.path if entry]  # before 3.11 nothing else keeps the repository off it
os.chdir(repo)
watching = True
code = None
if mode == "analyze":
    from fixturescope.cli import main
    code = main(["analyze", "--wide"])
else:  # the control: what a collecting tool would do
    sys.path.insert(0, repo)
    try:
        import conftest
    except Exception:
        pass
watching = False
with open(report, "w") as stream:
    json.dump([code, violations], stream)
"""

ESCAPE = "\x1b[2J\x1b]0;owned\x07"

DEEP = 10_000

HOSTILE: dict[str, str] = {
    "conftest.py": """
        # HOSTILE
        import json, os, pathlib, pytest, shutil, socket, subprocess, sys
        here = pathlib.Path(__file__).parent
        for name in json.load(open(here.parent / "secret.json")): globals()[name] = pytest.fixture(lambda: 1)
        try:
            import tomllib, yaml
            for name in json.loads((here / "data" / "secret.json").read_text()): globals()[name] = pytest.fixture(lambda: 1)
            for name in yaml.safe_load((here / "laughs.yaml").read_text()): globals()[name] = pytest.fixture(lambda: 1)
            for name in tomllib.loads((here / "deep.toml").read_text()): globals()[name] = pytest.fixture(lambda: 1)
            for path in sorted((here / "data").rglob("*.json")): globals()[path.stem] = pytest.fixture(lambda: 1)
            yaml.load((here / "laughs.yaml").open(), Loader=yaml.UnsafeLoader)
        except BaseException:
            pass
        open(os.path.join(os.path.dirname(__file__), "..", "canary"), "w").write("conftest ran")
        shutil.rmtree(os.path.expanduser("~/surely/not/there"), ignore_errors=True)
        pytest_plugins = os.system("touch ../canary") or ["evil_plugin"]
        subprocess.run(["touch", "../canary"])
        collect_ignore = [os.system("touch ../canary")]

        def pytest_configure(config):
            os.system("touch ../canary")

        @pytest.fixture(scope=os.system("touch ../canary") or "session", name="x" if os.system("true") else "a")
        def a():
            os.system("touch ../canary")

        @pytest.fixture(params=[open("../canary", "w")])
        def b(a=os.system("touch ../canary")):
            yield eval("os.system('touch ../canary')")

        __import__("hostile").run()
        exec("import hostile")
    """,
    "laughs.yaml": f"!!python/object/apply:os.system ['touch ../canary']\n# {'x' * 1000}\n",
    "deep.toml": f"x = {'[' * DEEP}",
    "data/fine.json": "[]",
    "yaml.py": "# HOSTILE\nopen('../canary', 'w').write('yaml of the project ran')\n",
    "tomllib.py": "# HOSTILE\nopen('../canary', 'w').write('tomllib of the project ran')\n",
    "hostile.py": "# HOSTILE\nopen('../canary', 'w').write('hostile ran')\ndef run(): pass\n",
    "evil_plugin.py": "# HOSTILE\nopen('../canary', 'w').write('plugin ran')\n",
    "sitecustomize.py": "# HOSTILE\nopen('../canary', 'w').write('sitecustomize ran')\n",
    "usercustomize.py": "# HOSTILE\nopen('../canary', 'w').write('usercustomize ran')\n",
    "libcst.py": "# HOSTILE\nopen('../canary', 'w').write('libcst of the project ran')\n",
    "msgspec.py": "# HOSTILE\nopen('../canary', 'w').write('msgspec of the project ran')\n",
    "evil.pth": "import os; os.system('touch ../canary')\n",
    "setup.py": "# HOSTILE\nopen('../canary', 'w').write('setup.py ran')\n",
    "pyproject.toml": """
        [build-system]
        requires = ["hostile"]
        build-backend = "hostile"
        backend-path = ["."]

        [tool.pytest.ini_options]
        addopts = "-p evil_plugin -p hostile --pyargs"
        pythonpath = ["."]
    """,
    ".venv/pyvenv.cfg": "home = /nowhere\nversion = 3.12.0\n",
    ".venv/bin/python": "#!/bin/sh\ntouch ../canary\n",
    ".venv/lib/python3.12/site-packages/pytest-9.0.0.dist-info/METADATA": "Name: pytest\nVersion: 9.0.0\n",
    ".venv/lib/python3.12/site-packages/pytest/__init__.py": "# HOSTILE\nopen('../canary', 'w')\n",
    ".venv/lib/python3.12/site-packages/_pytest/__init__.py": "# HOSTILE\nopen('../canary', 'w')\n",
    ".venv/lib/python3.12/site-packages/_pytest/fixtures.py": "# HOSTILE\nopen('../canary', 'w')\n",
    ".venv/lib/python3.12/site-packages/evil.pth": "import os; os.system('touch ../canary')\n",
    ".venv/lib/python3.12/site-packages/evil-1.0.dist-info/METADATA": "Name: evil\nVersion: 1.0\n",
    ".venv/lib/python3.12/site-packages/evil-1.0.dist-info/entry_points.txt": "[pytest11]\nevil = evil_plugin\n",
    ".venv/lib/python3.12/site-packages/evil_plugin.py": "# HOSTILE\nopen('../canary', 'w').write('plugin ran')\n",
    "test_hostile.py": """
        # HOSTILE
        import hostile, evil_plugin
        import pytest
        open("../canary", "w")

        def test_good(a, b): pass
    """,
    "test_deep.py": f"import pytest\nx = {'(' * DEEP}1{')' * DEEP}\ndef test_deep(): pass\n",
    "test_long.py": f"import pytest\nx = {' + '.join(['1'] * DEEP)}\ny = {'-' * DEEP}1\ndef test_long(): pass\n",
    "test_attributes.py": f"import pytest\nx = a{'.b' * DEEP}\ny = a{'()' * DEEP}\ndef test_attributes(): pass\n",
    "test_elif.py": "import pytest\nif x: pass\n" + "elif x: pass\n" * DEEP + "def test_elif(): pass\n",
    "test_laughs.py": """
        import pytest
        a = ["lol"] * 10
        b = [a] * 10 + [a] * 10
        """
    + "".join(f"    {chr(99 + i)} = {chr(98 + i)} * 10 + {chr(98 + i)} * 10\n    " for i in range(20))
    + """
        text = "x" * 10
        text = text * 1000000 * 1000000
        power = 9 ** 9 ** 9 ** 9
        shifted = 1 << 10 ** 12
        numbers = range(10 ** 15)
        listed = [0] * 10 ** 12
        formatted = f"{1:>{10 ** 10}}"
        percent = "%*d" % (10 ** 10, 1)
        joined = ",".join(["x" * 10 ** 6] * 10 ** 6)

        @pytest.mark.parametrize("x", numbers)
        @pytest.mark.parametrize("y", listed)
        def test_laughs(x, y): pass

        def again(n): return again(n) + again(n)
        @pytest.mark.parametrize("x", again(1))
        def test_recursion(x): pass

        while True:
            def test_loop(): pass
        for i in range(10 ** 9):
            for j in range(10 ** 9):
                k = [i] * j
    """,
    "test_names.py": f"""
        import pytest
        @pytest.fixture(name="{ESCAPE}")
        def named(): return 1
        @pytest.fixture(name="a\\x1b[31mred\\nline\\u202e")
        def also(): return 1
        def test_names(request):
            request.getfixturevalue("{ESCAPE}")
            request.getfixturevalue("nobody\\x1b[0m")
    """,
    "test_self.py": """
        import pytest
        from test_self import *
        import test_self
        class TestA(test_self.TestA): pass
        class TestB(TestB): pass
        x = x
        def test_self(): pass
    """,
}


class Watched(NamedTuple):
    """What a run under the audit hook did."""

    code: int | None
    violations: list[tuple[str, str]]
    output: str
    canary: bool
    """Whether any line of the repository was run: each would have made a file."""
    changed: set[str]
    """Files and folders of the repository that came, went or changed their size."""


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    """`fixturescope analyze` on the hostile repository."""
    return _watched("analyze", tmp_path_factory.mktemp("hostile").resolve())


def test_nothing_of_a_hostile_repository_is_run(analysis: Watched) -> None:
    assert analysis.violations == []
    assert not analysis.canary
    assert analysis.code == 0, analysis.output


def test_only_the_own_folder_is_written(analysis: Watched) -> None:
    assert {path for path in analysis.changed if not path.startswith(".fixturescope")} == set()


def test_a_hostile_repository_is_analyzed_nonetheless(analysis: Watched) -> None:
    assert "owned" in analysis.output
    assert "expression nested" in analysis.output


def test_terminal_escapes_of_the_project_do_not_reach_the_terminal(analysis: Watched) -> None:
    assert not set(analysis.output) & {"\x1b", "\x07", "\u202e"}


def test_the_watch_sees_what_a_tool_that_imports_would_do(tmp_path: Path) -> None:
    control = _watched("control", tmp_path.resolve())
    seen = {event for event, _ in control.violations}
    assert {"import", "exec", "open", "read", "os.system", "subprocess.Popen", "shutil.rmtree"} <= seen
    assert control.canary


@pytest.mark.skipif(os.name != "posix", reason="needs symbolic links")
def test_an_own_folder_that_leads_elsewhere_is_not_followed(tmp_path: Path) -> None:
    repo = live.draw(tmp_path.resolve() / "repo", {"pytest.ini": "[pytest]", "test_it.py": "def test_one(): pass"})
    outside = tmp_path / "outside"
    outside.mkdir()
    (repo / ".fixturescope").symlink_to(outside)
    live.analyzed(repo)
    assert list(outside.iterdir()) == []


def _watched(mode: str, folder: Path) -> Watched:
    """Draw the hostile repository and let something loose on it under the audit hook."""
    repo, report = live.draw(folder / "repo", HOSTILE), folder / "report.json"
    (repo / ".venv/bin/python").chmod(0o755)
    (folder / "secret.json").write_text('["secret"]', encoding="utf-8")
    if os.name == "posix":
        (repo / "data" / "secret.json").symlink_to(folder / "secret.json")
        (repo / f"test_{ESCAPE}.py").write_text("def test_named(): pass\n", encoding="utf-8")
    before = _everything(repo)
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV", "PYTHON"))}
    done = subprocess.run(
        [sys.executable, "-B", "-c", WATCHED, str(repo), mode, str(report)],
        env={**environ, "PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1", "PYTHONIOENCODING": "utf-8", "COLUMNS": "200"},
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert report.exists(), done.stderr
    code, violations = json.loads(report.read_text())
    return Watched(
        code,
        [(event, what) for event, what in violations],
        done.stdout + done.stderr,
        (folder / "canary").exists(),
        {path for path, _ in _everything(repo) ^ before},
    )


def _everything(folder: Path) -> set[tuple[str, int]]:
    """Every file with its size, every folder with 0."""
    found = ((path, path.stat().st_size if path.is_file() else 0) for path in folder.rglob("*"))
    return {(path.relative_to(folder).as_posix(), size) for path, size in found}


# ----------------------------------------------------------------------------------------------------------- bad input

GOOD = {
    "pytest.ini": "[pytest]\n",
    "conftest.py": """
        import pytest
        @pytest.fixture
        def a(): return 1
    """,
    "test_good.py": "def test_good(a): pass",
}


def _bytes(content: bytes) -> Callable[[Path], None]:
    def make(root: Path) -> None:
        (root / "test_bad.py").write_bytes(content)

    return make


def _fifo(root: Path) -> None:
    os.mkfifo(root / "test_bad.py")


def _broken_link(root: Path) -> None:
    (root / "test_bad.py").symlink_to(root / "nowhere.py")


def _link_to_itself(root: Path) -> None:
    (root / "test_bad.py").symlink_to("test_bad.py")


def _folder(root: Path) -> None:
    (root / "test_bad.py").mkdir()


TEST = b"def test_bad(a): pass\n"
POSIX = pytest.mark.skipif(os.name != "posix", reason="needs a POSIX file system")

BAD: Mapping[str, tuple[Callable[[Path], None], str]] = {
    "a statement that is no Python": (_bytes(b"def (:\n" + TEST), "FS001"),
    "a bracket that is never closed": (_bytes(b"x = (\n" + TEST), "FS001"),
    "not UTF-8": (_bytes(b"x = '\xff\xfe\xfa'\n" + TEST), "FS001"),
    "UTF-16": (_bytes(TEST.decode().encode("utf-16")), "FS001"),
    "an unknown encoding": (_bytes(b"# -*- coding: no-such-codec -*-\n" + TEST), "FS001"),
    "null bytes": (_bytes(b"\0\0\0\0" + TEST), "FS001"),
    "beyond the limit": (_bytes(b"#" * 100_000 + b"\n" + TEST), "FS002"),
}
SPECIAL: Mapping[str, tuple[Callable[[Path], None], str | None]] = {
    "a FIFO": (_fifo, "FS002"),
    "a broken link": (_broken_link, "FS002"),
    "a link to itself": (_link_to_itself, "FS002"),
    "a folder named like a test module": (_folder, None),
}


@pytest.mark.parametrize(("make", "code"), BAD.values(), ids=BAD)
def test_a_bad_file_is_a_diagnostic_and_the_rest_is_analyzed(
    make: Callable[[Path], None], code: str, tmp_path: Path
) -> None:
    _check_bad(make, code, tmp_path)


@POSIX
@pytest.mark.parametrize(("make", "code"), SPECIAL.values(), ids=SPECIAL)
def test_what_is_no_file_is_a_diagnostic_and_the_rest_is_analyzed(
    make: Callable[[Path], None], code: str | None, tmp_path: Path
) -> None:
    _check_bad(make, code, tmp_path)


def _check_bad(make: Callable[[Path], None], code: str | None, tmp_path: Path) -> None:
    root = live.draw(tmp_path.resolve(), GOOD)
    make(root)
    graph = _analyzed(root, limits={"max_file_bytes": 50_000, "workers": 1})
    found = {diagnostic.code for diagnostic in graph.diagnostics if diagnostic.path == "test_bad.py"}
    assert found >= ({code} if code else set())
    assert graph.test("test_good.py::test_good").closure == {"a": "conftest.py::a"}


@POSIX
def test_links_that_make_a_circle_end(tmp_path: Path) -> None:
    root = live.draw(tmp_path.resolve(), {**GOOD, "sub/test_sub.py": "def test_sub(a): pass"})
    (root / "sub" / "loop").symlink_to(root)
    (root / "one").symlink_to(root / "two")
    (root / "two").symlink_to(root / "one")
    graph = _analyzed(root)
    assert {"test_good.py::test_good", "sub/test_sub.py::test_sub"} <= {test.id for test in graph.tests}


def test_an_unreadable_folder_is_a_diagnostic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = live.draw(tmp_path.resolve(), {**GOOD, "secret/test_secret.py": "def test_secret(): pass"})
    listed = os.scandir

    def refuse(path: Any = ".") -> Any:
        if Path(path).name == "secret":
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(os, "scandir", refuse)  # root, whom tests may run as, may list any folder
    graph = _analyzed(root)
    assert [(found.code, found.path) for found in graph.diagnostics if found.code == "FS002"] == [("FS002", "secret")]
    assert [test.id for test in graph.tests] == ["test_good.py::test_good"]


def test_an_unreadable_file_is_a_diagnostic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = live.draw(tmp_path.resolve(), {**GOOD, "test_bad.py": TEST.decode()})
    read = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.name == "test_bad.py":
            raise PermissionError(13, "Permission denied", str(path))
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    graph = _analyzed(root)
    assert [(found.code, found.path) for found in graph.diagnostics if found.path == "test_bad.py"] == [
        ("FS002", "test_bad.py")
    ]
    assert [test.id for test in graph.tests] == ["test_good.py::test_good"]


def test_a_file_that_could_not_be_read_makes_unused_less_certain(tmp_path: Path) -> None:
    root = live.draw(tmp_path.resolve(), {**GOOD, "test_good.py": "def test_good(): pass"})
    assert _analyzed(root).fixture("a").unused == "certain"
    (root / "test_bad.py").write_bytes(b"\xff\xfe")
    graph = _analyzed(root)
    assert graph.fixture("a").unused == "possible"
    assert "test_bad.py" in graph.why_unused("a")


@pytest.mark.parametrize(
    "suite",
    [{}, {"readme.txt": ""}, {"pytest.ini": "[pytest]\ntestpaths = sub\n", "sub/helper.py": "", "test_it.py": "x = 1"}],
    ids=["an empty folder", "no Python", "testpaths without tests"],
)
def test_no_tests_at_all(suite: Mapping[str, str], tmp_path: Path) -> None:
    root = live.draw(tmp_path.resolve(), {"pytest.ini": "[pytest]\n", **suite})
    with pytest.raises(fixturescope.NothingToAnalyzeError) as caught:
        _analyzed(root)
    assert caught.value.exit_code == 3
    assert "test_*.py" in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("node", "found"),
    [
        ("", 3),
        ("::test_one", 1),
        ("::test_one[x]", 1),
        ("::TestA", 2),
        ("::TestA::test_two", 1),
        ("::test_on", 0),
        ("::TestA::test_one", 0),
        ("::TestB", 0),
    ],
)
def test_a_node_id(node: str, found: int, tmp_path: Path) -> None:
    text = "def test_one(): pass\nclass TestA:\n    def test_two(self): pass\n    def test_three(self): pass\n"
    root = live.draw(tmp_path.resolve(), {"test_it.py": text})
    if not found:
        with pytest.raises(fixturescope.NothingToAnalyzeError, match=f"^no test found: test_it.py{node}$"):
            fixturescope.analyze(f"test_it.py{node}", cwd=root, environ={}, cache=False)
    else:
        assert len(fixturescope.analyze(f"test_it.py{node}", cwd=root, environ={}, cache=False).tests) == found


def test_files_are_counted_once(tmp_path: Path) -> None:
    root = live.draw(tmp_path.resolve(), {"conftest.py": "def test_one(): pass", "sub/test_it.py": ""})
    graph = fixturescope.analyze(["conftest.py", "sub"], cwd=root, environ={}, cache=False)
    assert (graph.info.files, len(graph.tests)) == (2, 1)


@pytest.mark.parametrize("setting", ["select", "ignore"])
def test_a_diagnostic_that_there_is_not(setting: str, tmp_path: Path) -> None:
    root = live.draw(tmp_path.resolve(), {"test_it.py": "def test_one(): pass"})
    with pytest.raises(fixturescope.UsageError, match="there is no diagnostic 'FS999'") as caught:
        _analyzed(root, **{setting: ("FS1", "FS999")})
    assert "FS101" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("pytest.ini", "[pytest]\naddopts = -q\nnonsense\n", 3),
        ("pytest.ini", "addopts = -q\n", 1),
        ("pyproject.toml", "[tool.pytest.ini_options]\naddopts = \n", 2),
        ("tox.ini", "[pytest]\naddopts = -q\naddopts = -v\n", 3),
    ],
)
def test_a_broken_configuration(name: str, text: str, line: int, tmp_path: Path) -> None:
    root = live.draw(tmp_path.resolve(), {"test_it.py": "def test_one(): pass", name: textwrap.dedent(text)})
    with pytest.raises(fixturescope.ConfigError) as caught:
        _analyzed(root)
    assert caught.value.exit_code == 2
    assert (caught.value.path, caught.value.line) == (str(root / name), line)
    assert caught.value.hint


def _analyzed(root: Path, **settings: Any) -> fixturescope.FixtureGraph:
    return live.analyzed(root, settings=settings)
