"""What pytest decides before it imports a test, decided from files alone: pytest itself is asked in every case."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from fixturescope.analysis.finder import Ignored, collect_files
from fixturescope.analysis.project import (
    Project,
    conftests_for,
    fallback_roots,
    import_roots,
    load_project,
    module_name,
)
from fixturescope.errors import ConfigError, UsageError
from tests.analysis.helpers_project import Oracle, draw

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

if not hasattr(os, "fork"):
    pytest.skip("the oracle forks", allow_module_level=True)


class Case(NamedTuple):
    files: Mapping[str, str]
    args: tuple[str, ...] = ()
    cwd: str = "."
    rootdir: str | None = None
    environ: Mapping[str, str] = {}
    ignored: Mapping[str, tuple[tuple[str, ...] | None, tuple[str, ...] | None]] = {}
    since: tuple[int, ...] = ()
    """Older releases refuse this configuration."""


INI = "[pytest]\n"
TWO = {"a/test_a.py": ".", "b/test_b.py": "."}

CASES: dict[str, Case] = {
    # ------------------------------------------------------------------------------------- rootdir and configuration
    "no configuration": Case(TWO),
    "no configuration, one file": Case(TWO, ("a/test_a.py",)),
    "no configuration, two folders": Case(TWO, ("a", "b")),
    "setup.py above": Case({**TWO, "setup.py": ""}, ("a",)),
    "empty pytest.ini": Case({**TWO, "pytest.ini": ""}, ("a",)),
    "empty .pytest.ini": Case({**TWO, ".pytest.ini": "", "tox.ini": INI}, ("a",)),
    "pytest.toml": Case({**TWO, "pytest.toml": '[pytest]\ntestpaths = ["b"]\n', "pytest.ini": INI}),
    "empty pytest.toml": Case({**TWO, ".pytest.toml": ""}, ("a",)),
    "pyproject with ini_options": Case(
        {**TWO, "pyproject.toml": '[tool.pytest.ini_options]\ntestpaths = ["b"]\naddopts = "-v"\n'}
    ),
    "pyproject with native types": Case(
        {**TWO, "pyproject.toml": '[tool.pytest]\ntestpaths = ["b"]\naddopts = ["-v", "--ignore=a"]\n'}
    ),
    "pyproject without pytest marks the rootdir": Case({**TWO, "pyproject.toml": "[project]\nname='x'\n"}, ("a",)),
    "pyproject and pytest.ini": Case(
        {**TWO, "pyproject.toml": '[tool.pytest.ini_options]\ntestpaths = ["b"]\n', "pytest.ini": INI + "testpaths=a\n"}
    ),
    "pyproject in a subfolder, tox.ini above": Case(
        {**TWO, "a/pyproject.toml": "[build-system]\n", "tox.ini": INI + "testpaths = b\n"}, ("a",)
    ),
    "tox.ini": Case({**TWO, "tox.ini": "[tox]\n[pytest]\ntestpaths = b\n"}),
    "tox.ini without a section": Case({**TWO, "tox.ini": "[tox]\n", "setup.cfg": "[tool:pytest]\ntestpaths=b\n"}),
    "setup.cfg": Case({**TWO, "setup.cfg": "[metadata]\nname=x\n[tool:pytest]\ntestpaths = a b\n"}),
    "configuration in only one argument's folder": Case({**TWO, "b/pytest.ini": INI}, ("a", "b")),
    "from a subfolder": Case({**TWO, "pytest.ini": INI + "testpaths = b\n", "b/sub/test_c.py": "."}, (), "a"),
    "paths from elsewhere": Case(
        {"p/pytest.ini": INI, "p/tests/test_a.py": ".", "p/tests/conftest.py": "", "q/x/test_y.py": "."},
        ("../p/tests",),
        "q",
    ),
    "paths outside of the rootdir": Case(
        {"p/pytest.ini": INI, "p/test_a.py": ".", "q/conftest.py": "", "q/test_b.py": "."},
        ("p/test_a.py", "q/test_b.py"),
        ".",
    ),
    "rootdir option": Case({**TWO, "pytest.ini": INI}, ("a",), rootdir="a"),
    "rootdir option without configuration": Case({**TWO, "conftest.py": "", "a/conftest.py": ""}, ("a",), rootdir="."),
    "rootdir in PYTEST_ADDOPTS": Case(TWO, ("a",), environ={"PYTEST_ADDOPTS": "--rootdir=."}),
    "-c in PYTEST_ADDOPTS": Case(
        {**TWO, "etc/my.ini": INI + "python_files = check_*.py\n", "a/check_x.py": "."},
        (),
        environ={"PYTEST_ADDOPTS": "-c etc/my.ini"},
    ),
    "-o in PYTEST_ADDOPTS": Case(
        {**TWO, "pytest.ini": INI + "testpaths = a\n"},
        environ={"PYTEST_ADDOPTS": "-o testpaths=b -o python_files=*.py"},
    ),
    "-o in addopts": Case({**TWO, "pytest.ini": INI + "addopts = -o python_files=*_a.py\n"}),
    "a path in addopts": Case({**TWO, "pytest.ini": INI + "addopts = -v --tb short b\ntestpaths = a\n"}),
    "node id": Case({**TWO, "pytest.ini": INI}, ("a/test_a.py::test_it",)),
    # --------------------------------------------------------------------------------------------------- testpaths
    "testpaths glob": Case(
        {
            "pytest.ini": INI + "testpaths = pkg*/tests\n",
            "pkg2/tests/test_b.py": ".",
            "pkg1/tests/test_a.py": ".",
            "test_c.py": ".",
        }
    ),
    "testpaths recursive glob": Case(
        {
            "pytest.ini": INI + "testpaths = **/unit\n",
            "x/y/unit/test_b.py": ".",
            "unit/test_a.py": ".",
            "test_c.py": ".",
        }
    ),
    "testpaths match nothing": Case({**TWO, "pytest.ini": INI + "testpaths = nowhere\n"}),
    "testpaths with a file": Case({**TWO, "pytest.ini": INI + "testpaths = b/test_b.py a\n"}),
    "testpaths overlap": Case({"t/u/test_b.py": ".", "t/test_a.py": ".", "pytest.ini": INI + "testpaths = t t/u\n"}),
    "testpaths over lines": Case({**TWO, "c/test_c.py": ".", "pytest.ini": INI + "testpaths =\n    b\n    a\n"}),
    # ------------------------------------------------------------------------------------------------------- files
    "python_files": Case(
        {
            "pytest.ini": INI + "python_files = check_*.py *_spec.py\n",
            "check_a.py": ".",
            "b_spec.py": ".",
            "test_c.py": ".",
        }
    ),
    "python_files with a path glob": Case(
        {
            "pytest.ini": INI + "python_files = tests/**/*.py test/*.py\n",
            "tests/unit/a.py": ".",
            "tests/b.py": ".",
            "x/test/c.py": ".",
            "test_d.py": ".",
        }
    ),
    "python_files that matches __init__": Case(
        {
            "pytest.ini": INI + "python_files = *.py\n",
            "p/__init__.py": ".",
            "p/b.py": ".",
            "p/a.py": ".",
            "p/q/__init__.py": ".",
            "p/q/z.py": ".",
        }
    ),
    "python_files with character sets": Case(
        {"pytest.ini": INI + "python_files = test_[ab].py\n", "test_a.py": ".", "test_c.py": "."}
    ),
    "explicit file that does not match": Case({"x/check.py": ".", "x/test_a.py": "."}, ("x/check.py",)),
    "explicit __init__": Case({"p/__init__.py": ".", "p/test_a.py": ".", "pytest.ini": INI}, ("p/__init__.py",)),
    "explicit conftest": Case({"p/conftest.py": ".", "p/test_a.py": "."}, ("p/conftest.py",)),
    "files and folders sort together": Case(
        {
            "b/test_x.py": ".",
            "test_a.py": ".",
            "test_c.py": ".",
            "a/test_y.py": ".",
            "B/test_z.py": ".",
            "test_c/test_w.py": ".",
        }
    ),
    "packages": Case(
        {
            "p/__init__.py": "",
            "p/test_a.py": ".",
            "p/sub/__init__.py": "",
            "p/sub/test_b.py": ".",
            "p/plain/test_c.py": ".",
            "p/zz/deep/__init__.py": "",
            "p/zz/deep/test_e.py": ".",
            "test_d.py": ".",
        }
    ),
    "package below a plain folder": Case(
        {"x/p/__init__.py": "", "x/p/q/test_a.py": ".", "x/p/test_b.py": ".", "x/test_c.py": "."}
    ),
    "a folder that is no identifier": Case(
        {"a-b/__init__.py": "", "a-b/c/__init__.py": "", "a-b/c/test_x.py": ".", "a-b/test_y.py": "."}
    ),
    "dots in folder names, importlib": Case(
        {
            "pytest.ini": INI + "addopts = --import-mode=importlib\n",
            "v1.2/test_a.py": ".",
            "v1.2/p/__init__.py": "",
            "v1.2/p/test_b.py": ".",
        }
    ),
    "importlib mode": Case(
        {
            "pytest.ini": INI + "addopts = --import-mode importlib\n",
            "a/test_x.py": ".",
            "b/test_x.py": ".",
            "p/__init__.py": "",
            "p/test_x.py": ".",
            "p/conftest.py": "",
        }
    ),
    "append mode": Case(
        {
            "pytest.ini": INI + "addopts = --import-mode=append\n",
            "a/test_x.py": ".",
            "p/__init__.py": "",
            "p/test_y.py": ".",
        }
    ),
    "pythonpath": Case(
        {
            "pytest.ini": INI + "pythonpath = src lib\n",
            "src/m.py": "x = 1\n",
            "t/test_a.py": "import m\ndef test_it(): pass\n",
            "lib/n.py": "",
        }
    ),
    "namespace packages": Case(
        {
            "pytest.ini": INI + "consider_namespace_packages = true\npythonpath = src\n",
            "src/ns/tests/test_a.py": ".",
            "src/ns/p/__init__.py": "",
            "src/ns/p/test_b.py": ".",
            "other/test_c.py": ".",
        }
    ),
    "namespace packages, importlib": Case(
        {
            "pytest.ini": INI
            + "consider_namespace_packages = 1\npythonpath = src\naddopts = --import-mode=importlib\n",
            "src/ns/tests/test_a.py": ".",
            "src/ns/p/__init__.py": "",
            "src/ns/p/test_b.py": ".",
            "src/test_d.py": ".",
            "other/conftest.py": "",
            "other/test_c.py": ".",
        }
    ),
    # --------------------------------------------------------------------------------------------- what is left out
    "norecursedirs by default": Case(
        {
            f"{name}/test_x.py": "."
            for name in ("build", "dist", ".hidden", "node_modules", "x.egg", "venv", "CVS", "_darcs", "{arch}", "ok")
        }
    ),
    "norecursedirs globs": Case(
        {
            "pytest.ini": INI + "norecursedirs = data* sub/skip\n",
            "data1/test_a.py": ".",
            "x/sub/skip/test_b.py": ".",
            "skip/test_c.py": ".",
            "build/test_d.py": ".",
            "data1_ok.d/test_e.py": ".",
        }
    ),
    "norecursedirs does not hold for arguments": Case(
        {"build/x/test_a.py": ".", "build/build/test_b.py": "."}, ("build",)
    ),
    "virtual environment": Case({"env/pyvenv.cfg": "", "env/test_a.py": ".", "test_b.py": "."}),
    "virtual environment with a script only": Case({"env/bin/activate": "", "env/test_a.py": ".", "test_b.py": "."}),
    "virtual environment, wanted": Case(
        {
            "env/pyvenv.cfg": "",
            "env/bin/activate": "",
            "env/test_a.py": ".",
            "pytest.ini": INI + "addopts = --collect-in-virtualenv\n",
        }
    ),
    "virtual environment as argument": Case(
        {"env/pyvenv.cfg": "", "env/bin/activate": "", "env/t/test_a.py": "."}, ("env",)
    ),
    "conda environment": Case({"env/conda-meta/history": "", "env/test_a.py": ".", "test_b.py": "."}),
    "__pycache__": Case({"__pycache__/test_a.py": ".", "test_b.py": "."}),
    "--ignore": Case({**TWO, "pytest.ini": INI + "addopts = --ignore=a --ignore b/test_c.py\n", "b/test_c.py": "."}),
    "--ignore is relative to where pytest starts": Case(
        {**TWO, "b/a/test_c.py": ".", "pytest.ini": INI + "addopts = --ignore=a\n"}, (), "b"
    ),
    "--ignore-glob": Case(
        {**TWO, "pytest.ini": INI + "addopts = --ignore-glob='*_b.py' --ignore-glob=a/*\n", "test_c.py": "."}
    ),
    "--ignore does not hold for arguments": Case({**TWO, "pytest.ini": INI + "addopts = --ignore=a\n"}, ("a",)),
    "--deselect does not change files": Case({**TWO, "pytest.ini": INI + "addopts = --deselect=a/test_nothing.py\n"}),
    "collect_ignore": Case(
        {**TWO, "conftest.py": "collect_ignore = ['a', 'test_x.py']\n", "test_x.py": ".", "b/test_x.py": "."},
        ignored={"conftest.py": (("a", "test_x.py"), None)},
    ),
    "collect_ignore_glob": Case(
        {**TWO, "conftest.py": "collect_ignore_glob = ['*_x.py']\n", "test_x.py": ".", "b/test_x.py": "."},
        ignored={"conftest.py": (None, ("*_x.py",))},
    ),
    "the nearest collect_ignore wins": Case(
        {
            "conftest.py": "collect_ignore = ['test_x.py', 'b/test_b.py']\n",
            "b/conftest.py": "collect_ignore = []\n",
            "c/conftest.py": "",
            "c/test_x.py": ".",
            "test_x.py": ".",
            **TWO,
        },
        ignored={"conftest.py": (("test_x.py", "b/test_b.py"), None), "b/conftest.py": ((), None)},
    ),
    # -------------------------------------------------------------------------------------------------- conftests
    "conftests of folders": Case(
        {
            "conftest.py": "",
            "a/conftest.py": "",
            "a/x/test_a.py": ".",
            "b/test_b.py": ".",
            "b/c/conftest.py": "",
            "b/c/test_c.py": ".",
        }
    ),
    "conftests above the rootdir": Case(
        {"conftest.py": "", "p/pytest.ini": INI, "p/conftest.py": "", "p/t/test_a.py": "."}, (), "p"
    ),
    "--confcutdir": Case(
        {"conftest.py": "", "pytest.ini": INI + "addopts = --confcutdir=a\n", "a/conftest.py": "", "a/test_a.py": "."}
    ),
    "--confcutdir above": Case(
        {
            "conftest.py": "",
            "p/pytest.ini": INI + "addopts = --confcutdir=..\n",
            "p/conftest.py": "",
            "p/t/test_a.py": ".",
        },
        (),
        "p",
    ),
    "--noconftest": Case({"pytest.ini": INI + "addopts = --noconftest\n", "conftest.py": "1/0", "test_a.py": "."}),
    # ------------------------------------------------------------------------------------------------------- links
    "linked folder": Case({"real/test_a.py": ".", "link": "-> real", "pytest.ini": INI}),
    "linked file": Case({"real/test_a.py": ".", "test_b.py": "-> real/test_a.py"}),
    "broken link": Case({"test_a.py": ".", "test_b.py": "-> nowhere.py", "sub": "-> nowhere"}),
    "linked argument": Case({"real/test_a.py": ".", "link": "-> real", "pytest.ini": INI}, ("link",)),
    # -------------------------------------------------------------------------------------------------- duplicates
    "a file twice": Case(TWO, ("a/test_a.py", "a/test_a.py")),
    "a folder twice": Case(TWO, ("a", "a")),
    "a folder and a file in it": Case({**TWO, "a/test_c.py": "."}, ("a", "a/test_a.py")),
    "a file and the folder that holds it": Case({**TWO, "a/test_c.py": "."}, ("a/test_c.py", "a")),
    "a folder and one below": Case({"a/b/test_b.py": ".", "a/test_a.py": "."}, ("a", "a/b")),
    "a folder below and the folder": Case({"a/b/test_b.py": ".", "a/test_a.py": "."}, ("a/b", "a")),
    "siblings": Case({"a/b/test_b.py": ".", "a/c/test_c.py": ".", "a/test_a.py": "."}, ("a/c", "a/b", "a/test_a.py")),
    "--keep-duplicates": Case(
        {"a/b/test_b.py": ".", "a/test_a.py": ".", "pytest.ini": INI + "addopts = --keep-duplicates\n"},
        ("a", "a/b", "a/test_a.py"),
    ),
    "node ids in one file": Case(
        {"test_a.py": "def test_x(): pass\ndef test_y(): pass\n", "test_b.py": "."},
        ("test_a.py::test_y", "test_b.py", "test_a.py::test_x"),
    ),
}


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    server = Oracle()
    yield server
    server.close()


def _load(root: Path, case: Case, version: tuple[int, ...]) -> Project:
    cwd = Path(os.path.normpath(root / case.cwd))
    rootdir = Path(os.path.normpath(cwd / case.rootdir)) if case.rootdir is not None else None
    return load_project(case.args, rootdir=rootdir, cwd=cwd, environ=case.environ, pytest_version=version)


def _ask(oracle: Oracle, root: Path, case: Case) -> dict[str, Any]:
    cwd = Path(os.path.normpath(root / case.cwd))
    args = [*case.args, *([f"--rootdir={case.rootdir}"] if case.rootdir is not None else [])]
    return oracle.ask(cwd, args, case.environ)


@pytest.mark.parametrize("name", CASES)
def test_as_pytest_decides(name: str, tmp_path: Path, oracle: Oracle) -> None:
    case = CASES[name]
    root = draw(tmp_path / "w", case.files)
    expected = _ask(oracle, root, case)
    assert expected.get("exit") in (0, 5), expected

    def ignored(conftest: Path) -> Ignored:
        paths, patterns = case.ignored.get(conftest.relative_to(root).as_posix(), (None, None))
        return (
            None if paths is None else tuple(conftest.parent / path for path in paths),
            None if patterns is None else tuple(str(conftest.parent / pattern) for pattern in patterns),
        )

    project = _load(root, case, oracle.version)
    collected = collect_files(project, ignored)
    assert str(project.rootdir) == expected["rootdir"]
    assert (str(project.inifile) if project.inifile else None) == expected["inifile"]
    for key in ("testpaths", "python_files", "norecursedirs", "usefixtures", "pythonpath"):
        assert [str(item) for item in getattr(project.ini, key)] == expected["ini"][key], key
    items = expected["items"]
    assert [str(file.path) for file in collected.files] == [item[0] for item in items]
    for file, (path, _, imported_as, conftests, chain) in zip(collected.files, items, strict=True):
        assert [str(conftest) for conftest in conftests_for(file.path, project)] == conftests, path
        assert module_name(file.path, project) == imported_as, path
        if oracle.version >= (8, 0):
            assert [str(node.path) for node in file.node_dirs] == chain, path


# ------------------------------------------------------------------------------------------------- older releases


@pytest.mark.parametrize(
    ("version", "name", "inifile", "files"),
    [
        ((7, 4, 0), "packages", None, "test_d.py p/test_a.py p/plain/test_c.py p/sub/test_b.py p/zz/deep/test_e.py"),
        ((7, 4, 0), "explicit __init__", "pytest.ini", "p/test_a.py"),
        ((7, 4, 0), "a folder and one below", None, "a/test_a.py a/b/test_b.py"),
        ((7, 4, 0), "a file and the folder that holds it", None, "a/test_c.py a/test_a.py a/test_c.py"),
        ((7, 4, 0), "--keep-duplicates", "pytest.ini", "a/test_a.py a/b/test_b.py a/b/test_b.py a/test_a.py"),
        (
            (7, 4, 0),
            "files and folders sort together",
            None,
            "test_a.py test_c.py B/test_z.py a/test_y.py b/test_x.py test_c/test_w.py",
        ),
        ((7, 4, 0), "virtual environment with a script only", None, "test_b.py"),
        ((7, 4, 0), "virtual environment", None, "test_b.py env/test_a.py"),
        ((7, 4, 0), "empty .pytest.ini", "tox.ini", "a/test_a.py"),
        ((7, 4, 0), "pyproject with native types", None, "a/test_a.py b/test_b.py"),
        ((7, 4, 0), "pyproject without pytest marks the rootdir", None, "a/test_a.py"),
        ((7, 4, 0), "-o in addopts", "pytest.ini", "a/test_a.py b/test_b.py"),
        ((8, 0, 0), "a folder and one below", None, "a/b/test_b.py"),
        ((8, 0, 0), "a folder below and the folder", None, "a/b/test_b.py"),
        ((8, 0, 0), "a file and the folder that holds it", None, "a/test_c.py"),
        ((8, 0, 0), "virtual environment with a script only", None, "test_b.py"),
        ((8, 0, 0), "virtual environment", None, "env/test_a.py test_b.py"),
        ((8, 0, 0), "empty .pytest.ini", "tox.ini", "a/test_a.py"),
        ((8, 0, 0), "pyproject with native types", None, "a/test_a.py b/test_b.py"),
        ((8, 0, 0), "pyproject without pytest marks the rootdir", None, "a/test_a.py"),
        ((8, 0, 0), "-o in addopts", "pytest.ini", "a/test_a.py b/test_b.py"),
        ((8, 4, 2), "a folder and one below", None, "a/b/test_b.py"),
        ((8, 4, 2), "a folder below and the folder", None, "a/b/test_b.py"),
        ((8, 4, 2), "a file and the folder that holds it", None, "a/test_c.py"),
        ((8, 4, 2), "empty .pytest.ini", "tox.ini", "a/test_a.py"),
        ((8, 4, 2), "pyproject with native types", "pyproject.toml", "a/test_a.py b/test_b.py"),
        ((8, 4, 2), "-o in addopts", "pytest.ini", "a/test_a.py b/test_b.py"),
    ],
)
def test_older_releases_decide_otherwise(
    version: tuple[int, ...], name: str, inifile: str | None, files: str, tmp_path: Path
) -> None:
    """What those releases answered when they were asked: the cases above, run with them as the oracle."""
    case = CASES[name]
    root = draw(tmp_path / "w", case.files)
    project = _load(root, case, version)
    assert (project.inifile.name if project.inifile is not None else None) == inifile
    assert [file.path.relative_to(root).as_posix() for file in collect_files(project).files] == files.split()


def test_ignored_packages_of_pytest_7(tmp_path: Path) -> None:
    files = {
        "p/__init__.py": "",
        "p/test_a.py": ".",
        "p/q/__init__.py": "",
        "p/q/test_b.py": ".",
        "r/__init__.py": "",
        "r/test_c.py": ".",
        "build/test_d.py": ".",
    }
    project = _project(tmp_path, files, "p", "p/q", "r/test_c.py", "p", pytest_version=(7, 4, 0))

    def ignored(conftest: Path) -> Ignored:
        raise AssertionError(conftest)

    assert [file.path.name for file in collect_files(project, ignored).files] == ["test_a.py", "test_b.py", "test_c.py"]
    project = load_project(
        [], cwd=tmp_path, pytest_version=(7, 4, 0), environ={"PYTEST_ADDOPTS": "--ignore=p/__init__.py"}
    )
    assert _files(project) == ["p/test_a.py", "p/q/test_b.py", "r/test_c.py"]


@pytest.mark.parametrize(
    ("config", "text", "version", "expected"),
    [
        ("my.toml", "[pytest]\ntestpaths = ['a']\n", (9, 2), ("a",)),
        ("my.toml", "[pytest]\ntestpaths = ['a']\n", (9, 1), ()),
        ("my.toml", "[tool.pytest.ini_options]\ntestpaths = 'a'\n", (7, 4), ("a",)),
        ("my.toml", "[tool.pytest]\ntestpaths = ['a']\n", (9, 0), ("a",)),
        ("my.toml", "[tool.pytest]\ntestpaths = ['a']\n", (8, 4), ()),
        ("my.cfg", "[tool:pytest]\ntestpaths = a\n", (8, 4), ("a",)),
        ("my.cfg", "[other]\n", (9, 2), ()),
        ("my.txt", "[pytest]\ntestpaths = a\n", (9, 1), ()),
        ("pytest.toml", "[pytest]\ntestpaths = ['a']\n", (9, 0), ("a",)),
        ("pytest.toml", "[tool.other]\n", (9, 0), ()),
    ],
)
def test_configuration_file_by_option(
    config: str, text: str, version: tuple[int, ...], expected: tuple[str, ...], tmp_path: Path
) -> None:
    draw(tmp_path, {f"etc/{config}": text, "etc/a/test_a.py": "."})
    options = {"PYTEST_ADDOPTS": f"-c etc/{config}"}
    project = load_project([], cwd=tmp_path, environ=options, pytest_version=version)
    assert (project.ini.testpaths, project.rootdir) == (expected, tmp_path / "etc")


def test_no_configuration_by_option(tmp_path: Path) -> None:
    environ = {"PYTEST_ADDOPTS": f"-c {os.devnull}"}
    draw(tmp_path, {"pytest.ini": "[pytest]\npython_files = x\n", "a/test_a.py": "."})
    project = load_project(["a"], cwd=tmp_path, environ=environ)
    assert (project.rootdir, project.ini.python_files) == (tmp_path / "a", ("test_*.py", "*_test.py"))
    old = load_project(["a"], cwd=tmp_path, environ=environ, pytest_version=(8, 4, 2))
    assert old.rootdir == Path(os.devnull).parent


# --------------------------------------------------------------------------------------------- what pytest is not asked


def _project(root: Path, files: Mapping[str, str], *args: str, **options: Any) -> Project:
    return load_project(args, cwd=draw(root, files), **options)


def _files(project: Project) -> list[str]:
    return [project.relative(file.path) for file in collect_files(project).files]


@pytest.mark.parametrize(
    ("files", "message", "where", "line"),
    [
        ({"pytest.ini": "[pytest]\nx\n"}, "cannot be parsed", "pytest.ini", 2),
        ({"pytest.ini": "[pytest]\na=1\n[pytest]\n"}, "cannot be parsed", "pytest.ini", 3),
        ({"pyproject.toml": "[tool.pytest.ini_options]\nx = \n"}, "cannot be parsed", "pyproject.toml", 2),
        ({"pyproject.toml": "[tool]\npytest = 3\n"}, "is not a table", "pyproject.toml", None),
        (
            {"pyproject.toml": "[tool.pytest]\na=1\n[tool.pytest.ini_options]\nb=1\n"},
            "both",
            "pyproject.toml",
            None,
        ),
        ({"pytest.toml": "addopts = []\n"}, "outside of any table: addopts", "pytest.toml", None),
        ({"setup.cfg": "[x]\n\n[pytest]\na=1\n"}, "no longer supported", "setup.cfg", 3),
        ({"tox.ini": "\udcff"}, "cannot be read", "tox.ini", None),
        ({"pytest.ini": "[pytest]\nminversion = 7\naddopts = 'open\n"}, "'addopts' cannot be split", "pytest.ini", 3),
        ({"pytest.ini": "[pytest]\naddopts = --import-mode=other\n"}, "--import-mode 'other'", "pytest.ini", None),
        ({"pytest.ini": "[pytest]\naddopts = -v -p\n"}, "-p expects a value", "pytest.ini", None),
        ({"pytest.ini": "[pytest]\naddopts = -o x\n"}, "expects name=value", "pytest.ini", None),
        ({"pytest.ini": "[pytest]\ncollect_imported_tests = maybe\n"}, "expects a truth value", "pytest.ini", 2),
        ({"pyproject.toml": "[tool.pytest]\npython_files = 'x'\n"}, "expects a list of strings", "pyproject.toml", 2),
        ({"pyproject.toml": "[tool.pytest]\ntestpaths = ['x', 3]\n"}, "but holds 3", "pyproject.toml", 2),
        (
            {"pyproject.toml": "[tool.pytest]\nconsider_namespace_packages = 'yes'\n"},
            "true or false",
            "pyproject.toml",
            2,
        ),
    ],
)
def test_broken_configuration(
    files: Mapping[str, str], message: str, where: str, line: int | None, tmp_path: Path
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigError, match=message) as caught:
        load_project([], cwd=tmp_path)
    assert (caught.value.path, caught.value.line) == (str(tmp_path / where), line)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("args", "options", "message"),
    [
        (("nowhere.py",), {}, "file or directory not found: nowhere.py"),
        (("nowhere.py::test_x",), {}, "file or directory not found"),
        (("a::test_x",), {}, "a directory cannot have :: parts"),
        ((), {"rootdir": Path("nowhere")}, "is not a directory"),
        ((), {"environ": {"PYTEST_ADDOPTS": "-c nowhere.ini"}}, "nowhere.ini not found"),
        ((), {"environ": {"PYTEST_ADDOPTS": "-c a/x.yaml"}}, "unsupported format"),
    ],
)
def test_wrong_usage(args: tuple[str, ...], options: Mapping[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        _project(tmp_path, {"a/test_a.py": ".", "a/x.yaml": ""}, *args, **options)
    assert caught.value.hint


def test_open_quotation_in_the_environment(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="PYTEST_ADDOPTS cannot be split"):
        load_project([], cwd=tmp_path, environ={"PYTEST_ADDOPTS": "-k 'x"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-k 'not slow' -m unit", {"keyword": "not slow", "mark": "unit"}),
        ("--cov src -n auto --dist=loadfile", {}),
        ("-p no:x -pno:y -p=z -vvsp w", {"plugins_p": ("no:x", "no:y", "z", "w")}),
        ("--doctest-modules --doctest-glob=*.md", {"doctest_modules": True, "doctest_glob": ("*.md",)}),
        ("--asyncio-mode auto", {"asyncio_mode": "auto"}),
        ("--import-mode=append --import-mode=importlib", {"import_mode": "importlib"}),
        ("--deselect a::b --deselect=c", {"deselect": ("a::b", "c")}),
        ("-rA --tb=short --maxfail 2 -W error -x --color yes", {}),
        ("--pyargs --noconftest --keepduplicates", {"pyargs": True, "noconftest": True, "keep_duplicates": True}),
        ("--debug --strict-markers --durations=-1", {}),
    ],
)
def test_addopts(text: str, expected: Mapping[str, Any], tmp_path: Path) -> None:
    files = {"pytest.ini": f"[pytest]\naddopts = {text}\nasyncio_mode = strict\n", "src/x.py": "", "auto/y.py": ""}
    project = _project(tmp_path, files)
    assert {name: getattr(project.ini, name) for name in expected} == expected
    assert project.arguments_from == "cwd"
    assert project.notes == ()
    assert project.ini.asyncio_mode == expected.get("asyncio_mode", "strict")
    assert project.ini.raw["asyncio_mode"].value == "strict"


def test_unknown_options_are_said(tmp_path: Path) -> None:
    files = {"pytest.ini": "[pytest]\naddopts = --level a -- b\n", "a/test_a.py": ".", "b/test_b.py": "."}
    project = _project(tmp_path, files)
    assert [argument.text for argument in project.arguments] == ["b"]
    assert "--level" in project.notes[0]
    known = load_project([], cwd=tmp_path, plugin_options={"--level": False})
    assert [argument.text for argument in known.arguments] == ["a", "b"]
    assert known.notes == ()


def test_overrides_win(tmp_path: Path) -> None:
    files = {"pytest.ini": "[pytest]\ntestpaths = a\naddopts = -o testpaths=b\n", "a/x": "", "b/x": "", "c/x": ""}
    project = _project(tmp_path, files, overrides={"testpaths": "c"})
    assert [argument.text for argument in project.arguments] == ["c"]


def test_parts_of_a_node_id(tmp_path: Path) -> None:
    project = _project(tmp_path, {"test_a.py": "."}, "test_a.py::TestX::test_y[a::b-1]")
    (argument,) = project.arguments
    assert (argument.names, argument.parameters) == (("TestX", "test_y"), "[a::b-1]")
    (file,) = collect_files(project).files
    assert (file.names, file.parameters, file.explicit) == (("TestX", "test_y"), "[a::b-1]", True)


def test_arguments_that_others_contain(tmp_path: Path) -> None:
    files = {"test_a.py": ".", "test_b.py": "."}
    args = ("test_a.py::X::y", "test_b.py", "test_a.py::X", "test_b.py::z[1]", "test_a.py::X::w[1]", "test_a.py::V")
    found = collect_files(_project(tmp_path, files, *args)).files
    assert [(file.path.name, file.names) for file in found] == [
        ("test_b.py", ()),
        ("test_a.py", ("X",)),
        ("test_a.py", ("V",)),
    ]


def test_pyargs(tmp_path: Path) -> None:
    files = {
        "pytest.ini": "[pytest]\naddopts = --pyargs\npythonpath = src\n",
        "src/p/__init__.py": "",
        "src/p/tests/__init__.py": "",
        "src/p/tests/test_a.py": ".",
        "site/q/__init__.py": "",
        "site/q/test_q.py": ".",
        "test_plain.py": ".",
    }
    project = _project(tmp_path, files, "p.tests", "q.test_q", "test_plain.py", site_packages=[tmp_path / "site"])
    collected = collect_files(project)
    assert [project.relative(file.path) for file in collected.files] == [
        "src/p/tests/test_a.py",
        "site/q/test_q.py",
        "test_plain.py",
    ]
    assert [node.path.name for node in collected.files[0].node_dirs] == ["p", "tests"]


def test_doctests(tmp_path: Path) -> None:
    files = {
        "pytest.ini": "[pytest]\naddopts = --doctest-modules\n",
        "a.py": "",
        "test_b.py": ".",
        "test_c.txt": "",
        "setup.py": "",
        "readme.rst": "",
    }
    collected = collect_files(_project(tmp_path, files, ".", "readme.rst"))
    assert [path.name for path in collected.doctests] == ["a.py", "test_b.py", "test_c.txt"]


def test_testpaths_as_modules(tmp_path: Path) -> None:
    files = {
        "pytest.ini": "[pytest]\naddopts = --pyargs\npythonpath = src\ntestpaths = p.x\n",
        "src/p/x/test_a.py": ".",
    }
    project = _project(tmp_path, {**files, "src/p/__init__.py": "", "src/p/x/__init__.py": ""})
    assert (_files(project), project.arguments_from) == (["src/p/x/test_a.py"], "testpaths")


def test_a_file_outside_of_the_rootdir(tmp_path: Path) -> None:
    draw(tmp_path, {"p/": "", "q/test_a.py": ".", "q/p/__init__.py": ""})
    environ = {"PYTEST_ADDOPTS": "--import-mode=importlib"}
    project = load_project(["../q/test_a.py"], rootdir=tmp_path / "p", cwd=tmp_path / "p", environ=environ)
    path = tmp_path / "q" / "test_a.py"
    assert project.relative(path) == path.as_posix()
    assert module_name(path, project).endswith(".q.test_a")
    assert module_name(tmp_path / "q" / "p" / "__init__.py", project) == "p"


def test_import_roots(tmp_path: Path) -> None:
    files = {
        "pytest.ini": "[pytest]\npythonpath = src\n",
        "conftest.py": "",
        "a/test_a.py": ".",
        "p/__init__.py": "",
        "p/q/__init__.py": "",
        "p/q/test_q.py": ".",
    }
    project = _project(tmp_path, files)
    shown = [project.relative(path) for path in import_roots(project, tmp_path / "a" / "test_a.py")]
    assert shown == ["a", ".", "src"]
    paths = [file.path for file in collect_files(project).files]
    assert [project.relative(path) for path in import_roots(project, files=paths)] == [".", "a", "src"]
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib\npythonpath = src\n")
    assert fallback_roots(project) == ()
    project = load_project([], cwd=tmp_path)
    assert [path.name for path in import_roots(project, paths[0])] == ["src", tmp_path.name]
    assert fallback_roots(project) == (tmp_path,)


# ---------------------------------------------------------------------------------------------- files one cannot read


def _said(project: Project) -> list[tuple[str, str]]:
    said = collect_files(project).diagnostics
    assert all(item.code == "FS002" for item in said)
    return [(item.path, item.message.removeprefix(f"{item.path} ")) for item in said]


def test_special_files_are_said_and_never_opened(tmp_path: Path) -> None:
    draw(
        tmp_path, {"test_a.py": ".", "test_link.py": "-> nowhere.py", "test_self.py": "-> test_self.py", "x.py": "-> y"}
    )
    os.mkfifo(tmp_path / "test_fifo.py")
    os.mkfifo(tmp_path / "data")
    os.mkfifo(tmp_path / "conftest.py")
    os.mkfifo(tmp_path / "pytest.ini")
    project = load_project([], cwd=tmp_path)
    assert _files(project) == ["test_a.py"]
    assert _said(project) == [
        ("conftest.py", "is not a regular file"),
        ("test_fifo.py", "is not a regular file"),
        ("test_link.py", "is a broken link"),
        ("test_self.py", "cannot be read (Too many levels of symbolic links)"),
    ]
    given = load_project(["test_fifo.py"], cwd=tmp_path)
    assert _said(given) == [("test_fifo.py", "is not a regular file")]


@pytest.mark.parametrize("version", [(7, 4, 0), (9, 2, 0)])
def test_links_that_lead_back_up(version: tuple[int, ...], tmp_path: Path) -> None:
    project = _project(
        tmp_path / "w",
        {"a/test_a.py": ".", "a/up": "-> ..", "a/b/same": "-> .", "a/b/test_b.py": ".", "loop": "-> loop"},
        pytest_version=version,
    )
    assert sorted(_files(project)) == ["a/b/test_b.py", "a/test_a.py"]
    assert sorted(_said(project)) == [
        ("a/b/same", "is a link to a folder that holds it and was not followed"),
        ("a/up", "is a link to a folder that holds it and was not followed"),
    ]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_folder_for_real(tmp_path: Path) -> None:
    project = _project(tmp_path, {"a/test_a.py": ".", "b/test_b.py": "."})
    (tmp_path / "a").chmod(0)
    try:
        assert _files(project) == ["b/test_b.py"]
        assert _said(project) == [("a", "cannot be listed (Permission denied)")]
    finally:
        (tmp_path / "a").chmod(0o755)


def test_an_unreadable_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.scandir

    def scandir(path: Path) -> Any:
        if Path(path).name == "a":
            raise PermissionError(13, "Permission denied")
        return real(path)

    project = _project(tmp_path, {"a/test_a.py": ".", "b/test_b.py": "."})
    monkeypatch.setattr(os, "scandir", scandir)
    assert _files(project) == ["b/test_b.py"]
    assert _said(project) == [("a", "cannot be listed (Permission denied)")]


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    draw(tmp_path, {"test_a.py": "."})
    folder = os.fsencode(tmp_path)
    try:
        Path(os.fsdecode(folder + b"/test_\xff.py")).touch()
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    Path(os.fsdecode(folder + b"/d\xfe")).mkdir()
    project = load_project([], cwd=tmp_path)
    assert _files(project) == ["test_a.py"]
    assert _said(project) == [
        ("d\\udcfe", "has a name that is not UTF-8"),
        ("test_\\udcff.py", "has a name that is not UTF-8"),
    ]


def test_folders_nested_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fixturescope.analysis.finder.MAX_DEPTH", 3)
    project = _project(tmp_path, {"a/b/c/test_in.py": ".", "a/b/c/d/test_out.py": "."})
    assert _files(project) == ["a/b/c/test_in.py"]
    assert _said(project) == [("a/b/c/d", "is nested more than 3 folders deep and was not read")]
