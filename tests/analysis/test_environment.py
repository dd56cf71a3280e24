"""The target interpreter and its plugins, from files alone: Python and pytest are asked where they can be."""

from __future__ import annotations

import ast
import importlib.machinery
import importlib.metadata
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import _pytest
import pytest

from fixturescope.analysis.distributions import Distribution
from fixturescope.analysis.environment import Environment, find_environment
from fixturescope.analysis.modules import ModuleFinder
from fixturescope.analysis.plugins import Duplicate, PluginTable, plugin_options, plugins
from fixturescope.analysis.project import load_project
from fixturescope.analysis.pytest_source import MAKES_FIXTURES, read_pytest, without_machinery
from fixturescope.errors import ConfigError, UsageError
from tests.analysis.helpers_project import ORACLE_PYTHON, Oracle, draw
from tests.oracle import live

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

if not hasattr(os, "fork"):
    pytest.skip("the oracle forks", allow_module_level=True)

HERE = f"python{sys.version_info[0]}.{sys.version_info[1]}"
PLUGINS = {
    "fake_one-1.0.dist-info/METADATA": "Name: fake-one\nVersion: 1.0\n",
    "fake_one-1.0.dist-info/entry_points.txt": "[console_scripts]\nx = y:z\n\n[pytest11]\none = fake_one.plugin\n",
    "fake_one/__init__.py": "",
    "fake_one/plugin.py": "",
    "fake_two-2.0.dist-info/METADATA": "Name: fake.two\nVersion: 2.0\n",
    "fake_two-2.0.dist-info/entry_points.txt": "[pytest11]\n# said\ntwo = fake_two:Hooks [extra]\nsecond=fake_two_b\n",
    "fake_two.py": "class Hooks:\n    pass\n",
    "fake_two_b.py": "",
    "fake_three-1.dist-info/METADATA": "Name: three\n",
    "fake_three-1.dist-info/entry_points.txt": "[pytest11]\npytest_three = fake_three\n",
    "fake_three.py": "",
    "old-0.1.egg-info/PKG-INFO": "Name: old\n",
    "old-0.1.egg-info/entry_points.txt": "[pytest11]\nold = old_plugin\n",
    "old_plugin.py": "",
    "merged-1.dist-info/METADATA": "Name: merged\n",
    "merged-1.dist-info/entry_points.txt": "[pytest11]\npytest_catchlog = merged_plugin\n",
    "merged_plugin.py": "",
    "free.py": "",
    "free_pkg/__init__.py": "",
    "free_pkg/inner.py": "",
}


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    server = Oracle()
    yield server
    server.close()


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return find_environment(ORACLE_PYTHON, tmp_path_factory.mktemp("root"), {})


class Case(NamedTuple):
    addopts: str = ""
    environ: Mapping[str, str] = {}
    files: Mapping[str, str] = {}
    since: tuple[int, ...] = ()


CASES = {
    "nothing asked for": Case(),
    "a builtin plugin blocked": Case("-p no:doctest -pno:junitxml"),
    "cacheprovider takes stepwise with it": Case("-p no:cacheprovider"),
    "an optional builtin": Case("-p pytester"),
    "an entry point blocked": Case("-p no:one"),
    "blocked by its name without pytest_": Case("-p no:three"),
    "a module name does not block an entry point": Case("-p no:fake_one.plugin"),
    "blocked and asked for again": Case("-p no:one -p one"),
    "asked for and then blocked": Case("-p one -p no:one"),
    "an entry point by name comes first": Case("-p two"),
    "a module": Case("-p free"),
    "a module in a package": Case("-p free_pkg.inner -p free"),
    "no autoload": Case(environ={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}),
    "no autoload, one asked for": Case("-p second", environ={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}),
    "no autoload by option": Case("--disable-plugin-autoload -p old", since=(8, 4)),
    "PYTEST_PLUGINS": Case(environ={"PYTEST_PLUGINS": "free,free_pkg.inner"}),
    "PYTEST_PLUGINS names an entry point": Case(
        environ={"PYTEST_PLUGINS": "second", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}, since=(9, 2)
    ),
    "PYTEST_PLUGINS of a blocked one": Case("-p no:free", environ={"PYTEST_PLUGINS": "free"}),
    "-p in PYTEST_ADDOPTS": Case("-p free", environ={"PYTEST_ADDOPTS": "-p no:two -p free_pkg.inner"}),
    "a plugin on pythonpath": Case(
        files={
            "src/local-1.dist-info/METADATA": "Name: local\n",
            "src/local-1.dist-info/entry_points.txt": "[pytest11]\nlocal = local_plugin\n",
            "src/local_plugin.py": "",
            "pytest.ini": "[pytest]\npythonpath = src\n",
        }
    ),
    "two distributions with one name": Case(
        files={
            "src/other-1.dist-info/METADATA": "Name: other\n",
            "src/other-1.dist-info/entry_points.txt": "[pytest11]\none = other_plugin\n",
            "src/other_plugin.py": "",
            "pytest.ini": "[pytest]\npythonpath = src\n",
        },
        since=(8, 4),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_plugins_and_their_order(name: str, tmp_path: Path, oracle: Oracle, target: Environment) -> None:
    case = CASES[name]
    if oracle.version < case.since:
        pytest.skip("this pytest has another rule")
    site = draw(tmp_path / "site", PLUGINS)
    root = draw(tmp_path / "root", {"test_a.py": ".", "pytest.ini": "[pytest]\n", **case.files})
    with (root / "pytest.ini").open("a") as stream:
        stream.write(f"addopts = {case.addopts}\n")
    environ = {**case.environ, "PYTHONPATH": str(site)}
    answer = oracle.ask(root, [], case.environ, options=["--collect-only", "-q"], path=[site])
    assert answer["exit"] == 0, answer

    environment = find_environment(ORACLE_PYTHON, root, environ)
    project = load_project([], cwd=root, environ=environ, pytest_version=oracle.version)
    found = [plugin.name for plugin in plugins(environment, project.ini, environ=environ).plugins]
    assert found == [name for name, is_module in answer["plugins"] if is_module or name in found]
    assert target.pytest is not None
    assert list(target.pytest.default_plugins) == answer["defaults"]
    assert sorted(target.pytest.builtin_plugins) == answer["builtins"]
    assert target.pytest.version == oracle.version


def _table(tmp_path: Path, addopts: str = "", files: Mapping[str, str] = PLUGINS, **environ: str) -> PluginTable:
    site = draw(tmp_path / "site", files)
    root = draw(tmp_path / "root", {"pytest.ini": f"[pytest]\naddopts = {addopts}\n"})
    variables = {"PYTHONPATH": str(site), **environ}
    environment = find_environment(sys.executable, root, variables)
    return plugins(environment, load_project([], cwd=root).ini, environ=variables)


def test_a_plugin_says_where_it_comes_from(tmp_path: Path) -> None:
    table = {plugin.name: plugin for plugin in _table(tmp_path, "-p free -p pytester").plugins}
    site = tmp_path / "site"
    one, two, free, old = table["one"], table["two"], table["free"], table["old"]
    assert (one.module, one.path, one.distribution, one.kind) == (
        "fake_one.plugin",
        site / "fake_one" / "plugin.py",
        "fake-one",
        "entry_point",
    )
    assert (two.module, two.attribute, two.path, two.distribution) == (
        "fake_two",
        "Hooks",
        site / "fake_two.py",
        "fake.two",
    )
    assert (free.path, free.distribution, free.kind) == (site / "free.py", None, "option")
    assert (old.path, old.distribution) == (site / "old_plugin.py", "old")
    assert table["pytester"].kind == table["pytester_assertions"].kind == "builtin"
    assert table["fixtures"].path is not None
    assert table["fixtures"].path.name == "fixtures.py"
    assert "pytest_catchlog" not in table


def test_two_distributions_with_one_plugin_name(tmp_path: Path) -> None:
    files = {
        "a-1.dist-info/METADATA": "Name: a\n",
        "a-1.dist-info/entry_points.txt": "[pytest11]\nsame = free\n",
        "lib/b-1.dist-info/METADATA": "Name: b\n",
        "lib/b-1.dist-info/entry_points.txt": "[pytest11]\nsame = free\n",
        "free.py": "",
    }
    site = draw(tmp_path / "site", files)
    variables = {"PYTHONPATH": f"{site}{os.pathsep}{site / 'lib'}"}
    environment = find_environment(sys.executable, tmp_path, variables)
    table = plugins(environment, load_project([], cwd=tmp_path).ini, environ=variables)
    assert table.duplicates == (Duplicate("same", "a", "b"),)
    assert [plugin.distribution for plugin in table.plugins if plugin.name == "same"] == ["a"]


def test_what_pytest_plugins_of_a_module_would_load(tmp_path: Path) -> None:
    table = _table(tmp_path, "-p no:free_pkg.inner")
    assert [plugin.module for plugin in table.load("free")] == ["free"]
    assert table.load("free") == ()
    assert table.load("free_pkg.inner") == ()
    assert table.load("one") == ()
    assert table.load("nowhere.at.all") == ()
    assert table.missing == ("nowhere.at.all",)
    assert "free_pkg.inner" in table.blocked


def test_an_essential_plugin_cannot_be_blocked(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="plugin fixtures cannot be disabled"):
        _table(tmp_path, "-p no:fixtures")


def test_options_that_plugins_declare(tmp_path: Path) -> None:
    text = """
def pytest_addoption(parser):
    group = parser.getgroup("x")
    group.addoption("--flag", "-F", action="store_true", help="addoption")
    group.addoption('--level',
                    default=1)
    parser.addini("--not", "help")
    parser.addoption("--count-it", action='count')
"""
    table = _table(tmp_path, files={**PLUGINS, "fake_one/plugin.py": text})
    found = plugin_options(table.plugins)
    assert found.items() >= {"--flag": False, "-F": False, "--level": True, "--count-it": False}.items()
    assert "--not" not in found


# ------------------------------------------------------------------------------------------------------- environments


def _fake(prefix: Path, version: str = "3.11", cfg: str | None = None, base: Path | None = None) -> Path:
    home = base if base is not None else prefix / "base"
    draw(
        prefix,
        {
            "bin/python": "",
            f"lib/python{version}/site-packages/": "",
            "pyvenv.cfg": cfg if cfg is not None else f"home = {home}/bin\nversion = {version}.4\n",
        },
    )
    draw(home, {f"lib/python{version}/os.py": "", f"lib/python{version}/site-packages/": ""})
    return prefix


@pytest.mark.parametrize(
    ("asked", "folders", "environ", "chosen", "by"),
    [
        (None, (".venv", "venv"), {}, ".venv", ".venv in ROOT"),
        (None, ("venv",), {}, "venv", "venv in ROOT"),
        (None, ("sub/.venv",), {}, "sub/.venv", ".venv in ROOT/sub"),
        (None, ("active",), {"VIRTUAL_ENV": "ROOT/active"}, "active", "VIRTUAL_ENV"),
        (None, (".venv", "active"), {"VIRTUAL_ENV": "ROOT/active"}, ".venv", ".venv in ROOT"),
        ("ROOT/other", (".venv", "other"), {}, "other", "--python ROOT/other"),
        ("ROOT/other/bin/python", (".venv", "other"), {}, "other", "--python ROOT/other/bin/python"),
        ("other", (".venv", "sub/other"), {}, "sub/other", "--python other"),
        (None, (), {}, "running", "the running interpreter"),
        (None, (), {"VIRTUAL_ENV": "ROOT/gone"}, "running", "the running interpreter"),
    ],
)
def test_which_environment(
    asked: str | None, folders: tuple[str, ...], environ: Mapping[str, str], chosen: str, by: str, tmp_path: Path
) -> None:
    root = tmp_path / "r"
    for folder in (*folders, "running"):
        _fake(root / folder)
    (root / "sub").mkdir(exist_ok=True)
    found = find_environment(
        asked.replace("ROOT", str(root)) if asked else None,
        root,
        {name: value.replace("ROOT", str(root)) for name, value in environ.items()},
        root / "running",
        cwd=root / "sub",
    )
    assert found.prefix == root / chosen
    assert found.chosen_by == by.replace("ROOT", str(root))
    assert found.version == (3, 11)
    assert found.stdlib == root / chosen / "base" / "lib" / "python3.11"
    assert found.site_packages == (root / chosen / "lib" / "python3.11" / "site-packages",)


def test_a_python_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for python in ("nowhere/bin/python", "empty", "no-such-python-on-path"):
        with pytest.raises(UsageError, match="no Python interpreter there"):
            find_environment(python, tmp_path, {"PATH": str(tmp_path)})


def test_a_python_by_its_name_on_path(tmp_path: Path) -> None:
    prefix = _fake(tmp_path / "v")
    (prefix / "bin" / "python").chmod(0o755)
    found = find_environment("python", tmp_path, {"PATH": str(prefix / "bin")})
    assert found.prefix == prefix


@pytest.mark.parametrize(
    ("cfg", "version"),
    [
        ("home = BASE/bin\nversion_info = 3.12.1.final.0\n", (3, 12)),
        ("home=BASE/bin\nimplementation = CPython\nversion = 3.12\n", (3, 12)),
        ("home = BASE/bin\n", (3, 12)),
    ],
)
def test_version_of_a_virtual_environment(cfg: str, version: tuple[int, int], tmp_path: Path) -> None:
    base = tmp_path / "base"
    prefix = _fake(tmp_path / "v", "3.12", cfg.replace("BASE", str(base)), base)
    found = find_environment(str(prefix), tmp_path, {})
    assert (found.version, found.stdlib) == (version, base / "lib" / "python3.12")


def test_system_site_packages(tmp_path: Path) -> None:
    base = tmp_path / "base"
    cfg = f"home = {base}/bin\nversion = 3.11.4\ninclude-system-site-packages = true\n"
    prefix = _fake(tmp_path / "v", "3.11", cfg, base)
    draw(base, {"lib/python3/dist-packages/": ""})
    draw(tmp_path / "home", {".local/lib/python3.11/site-packages/": ""})
    found = find_environment(str(prefix), tmp_path, {"HOME": str(tmp_path / "home")})
    assert found.site_packages == (
        prefix / "lib" / "python3.11" / "site-packages",
        tmp_path / "home" / ".local" / "lib" / "python3.11" / "site-packages",
        base / "lib" / "python3.11" / "site-packages",
        base / "lib" / "python3" / "dist-packages",
    )


def test_without_pytest_the_running_one_is_used(tmp_path: Path) -> None:
    found = find_environment(str(_fake(tmp_path / "v")), tmp_path, {})
    assert found.pytest is not None
    assert found.notes == (
        f"pytest is not installed in {tmp_path / 'v'}: the rules of fixturescope's own pytest are used",
    )
    found = find_environment(str(tmp_path / "v"), tmp_path, {}, running=tmp_path / "v")
    assert found.pytest is None
    table = plugins(found, load_project([], cwd=tmp_path).ini)
    assert table.plugins[0].name == "mark"


def test_pth_files_and_editable_installs(tmp_path: Path) -> None:
    prefix = _fake(tmp_path / "v")
    site = prefix / "lib" / "python3.11" / "site-packages"
    draw(
        tmp_path,
        {
            "src/plain/__init__.py": "",
            "rel/relative_one.py": "",
            "checkout/pkg/__init__.py": "",
            "checkout/pkg/sub.py": "",
            "checkout/single.py": "",
            "ns_part/inner/thing.py": "",
            "meson/src/mes/__init__.py": "",
        },
    )
    meson = tmp_path / "meson"
    mapping = {"pkg": str(tmp_path / "checkout" / "pkg"), "single": str(tmp_path / "checkout" / "single")}
    draw(
        site,
        {
            "a.pth": f"# said\nimport os; os.system('touch {tmp_path}/ran')\n{tmp_path}/src\n\n"
            "../../../../rel\n/nowhere\n",
            "b.pth": "\ufeffimport\tsys\n",
            "__editable___pkg_1_0_finder.py": "from __future__ import annotations\n"
            f"MAPPING: dict[str, str] = {mapping!r}\n"
            f"NAMESPACES: dict[str, list[str]] = {{'ns': [{str(tmp_path / 'ns_part')!r}]}}\n"
            "raise SystemExit\n",
            "_mes_editable_loader.py": "raise SystemExit\n",
            "mes-1.dist-info/direct_url.json": f'{{"url": "file://{meson}", "dir_info": {{"editable": true}}}}',
            "mes-1.dist-info/RECORD": "_mes_editable_loader.py,,\n",
            "odd-1.dist-info/direct_url.json": "[",
            "fixed-1.dist-info/direct_url.json": '{"url": "file:///x", "dir_info": {}}',
        },
    )
    found = find_environment(str(prefix), tmp_path, {})
    assert found.site_packages == (site, tmp_path / "src", tmp_path / "rel")
    assert found.hints == (tmp_path / "meson" / "src", tmp_path / "meson")
    finder = found.finder()
    expected = {
        "plain": tmp_path / "src" / "plain" / "__init__.py",
        "relative_one": tmp_path / "rel" / "relative_one.py",
        "pkg": tmp_path / "checkout" / "pkg" / "__init__.py",
        "pkg.sub": tmp_path / "checkout" / "pkg" / "sub.py",
        "single": tmp_path / "checkout" / "single.py",
        "mes": tmp_path / "meson" / "src" / "mes" / "__init__.py",
    }
    for name, path in expected.items():
        module = finder.find_module(name)
        assert module is not None, name
        assert module.path == path
    assert finder.is_importable("nothing") is False
    assert finder.is_importable("mes.compiled") is None
    assert not (tmp_path / "ran").exists()


def test_search_path_of_a_real_environment(tmp_path: Path) -> None:
    prefix = tmp_path / ".venv"
    venv.create(prefix, with_pip=False, symlinks=True)
    site = prefix / "lib" / HERE / "site-packages"
    draw(tmp_path, {"src/x.py": "", "more/y.py": ""})
    (site / "z.pth").write_text(f"{tmp_path / 'src'}\nimport sys\n{tmp_path / 'more'}\n")
    code = "import sys; print('\\n'.join(sys.path)); print(sys.prefix); print(sys.version_info[:2])"
    lines = subprocess.run(
        [str(prefix / "bin" / "python"), "-I", "-c", code], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    found = find_environment(None, tmp_path, {})
    assert str(found.prefix) == lines[-2]
    assert str(found.version) == lines[-1]
    real = [os.path.realpath(entry) for entry in lines[:-2] if Path(entry).is_dir()]
    assert [os.path.realpath(entry) for entry in found.search_path if entry.is_dir()] == real


def test_the_running_environment_is_what_it_is(tmp_path: Path) -> None:
    found = find_environment(None, tmp_path, {})
    assert found.prefix == Path(sys.prefix)
    assert found.version == sys.version_info[:2]
    assert (found.platform, found.os_name) == (sys.platform, os.name)
    names = {distribution.name.replace("_", "-").lower() for distribution in found.distributions()}
    path = [str(entry) for entry in found.site_packages]
    assert names == {d.name.replace("_", "-").lower() for d in importlib.metadata.distributions(path=path)}


def test_metadata_of_every_installed_distribution(tmp_path: Path) -> None:
    found = find_environment(None, tmp_path, {})
    checked = 0
    for distribution in found.distributions():
        real = importlib.metadata.Distribution.at(distribution.info)
        expected = [
            (entry.name, *entry.value.split("[")[0].strip().partition(":")[::2])
            for entry in real.entry_points
            if entry.group == "pytest11"
        ]
        mine = [(e.name, e.module, e.attribute or "") for e in distribution.entry_points("pytest11")]
        assert mine == expected, distribution
        assert distribution.canonical_name() == real.metadata["Name"]
        checked += 1
    assert checked > 5


def test_top_level_modules(tmp_path: Path) -> None:
    info = draw(
        tmp_path / "a-1.dist-info", {"RECORD": "pkg/__init__.py,,\npkg/x.py,,\none.py,,\na-1.dist-info/RECORD,,\n"}
    )
    assert Distribution("a", "1", info).top_level() == ("pkg", "one")
    (info / "top_level.txt").write_text("said\n")
    assert Distribution("a", "1", info).top_level() == ("said",)


def test_eggs(tmp_path: Path) -> None:
    prefix = _fake(tmp_path / "v")
    site = prefix / "lib" / "python3.11" / "site-packages"
    draw(
        site,
        {
            "easy-install.pth": "./thing-1.2-py3.egg\n/elsewhere\n",
            "thing-1.2-py3.egg/EGG-INFO/PKG-INFO": "Name: Thing\n",
            "thing-1.2-py3.egg/EGG-INFO/entry_points.txt": "[pytest11]\nthing = thing.plugin\n",
            "thing-1.2-py3.egg/EGG-INFO/SOURCES.txt": "thing/plugin.py\nsetup.cfg\n",
            "thing-1.2-py3.egg/thing/plugin.py": "",
        },
    )
    found = find_environment(str(prefix), tmp_path, {})
    (distribution,) = found.distributions()
    assert (distribution.name, distribution.version, distribution.canonical_name()) == ("thing", "1.2", "Thing")
    assert distribution.top_level() == ("thing",)
    assert plugins(found, load_project([], cwd=tmp_path).ini).plugins[-1].path == (
        site / "thing-1.2-py3.egg" / "thing" / "plugin.py"
    )


@pytest.mark.parametrize(
    ("files", "version", "default"),
    [
        ({"_pytest/_version.py": "version = '8.1.dev3+g12'\n"}, (8, 1), ()),
        ({"pytest-7.4.4.dist-info/METADATA": ""}, (7, 4, 4), ()),
        ({}, (), ()),
        ({"_pytest/config/__init__.py": "default_plugins = (\n    'a', *(['b'] if x else []),\n)\n"}, (), ("a", "b")),
        ({"_pytest/config/__init__.py": "default_plugins = ('a', b'c') + ('d',) + f()\n"}, (), ("a", "d")),
        ({"_pytest/config/__init__.py": "default_plugins = (\n  'a'\n"}, (), ()),
    ],
)
def test_an_odd_pytest(
    files: Mapping[str, str], version: tuple[int, ...], default: tuple[str, ...], tmp_path: Path
) -> None:
    draw(tmp_path, {"_pytest/__init__.py": "", **files})
    source = read_pytest(ModuleFinder([tmp_path]))
    assert source is not None
    assert (source.version, source.default_plugins) == (version, default)
    assert not source.closure_follows_overrides
    assert not source.fixtures_by_node


# ------------------------------------------------------------------------------------------------------------ modules

TREE = {
    "one/mod.py": "",
    "one/pkg/__init__.py": "",
    "one/pkg/sub.py": "",
    "one/pkg/deep/__init__.py": "",
    "one/pkg/deep/leaf.py": "",
    "one/pkg/plain/thing.py": "",
    "one/both.py": "",
    "one/both/__init__.py": "",
    "one/late/x.py": "",
    "two/late.py": "",
    "one/space/a.py": "",
    "two/space/b.py": "",
    "one/data/readme.txt": "",
    "one/file_not_dir": "",
    "two/shadow.py": "",
    "one/shadow.py": "",
    "two/only.py": "",
}
NAMES = [
    *("mod", "pkg", "pkg.sub", "pkg.deep", "pkg.deep.leaf", "pkg.plain", "pkg.plain.thing", "pkg.none", "both", "late"),
    *(
        "space",
        "space.a",
        "space.b",
        "space.c",
        "data",
        "file_not_dir",
        "shadow",
        "only",
        "mod.x",
        "nothing",
        "nothing.x",
    ),
]


def _real(name: str, roots: list[str]) -> tuple[str | None, list[str]] | None:
    path: list[str] | None = roots
    spec = None
    for part in name.split("."):
        if path is None:
            return None
        spec = importlib.machinery.PathFinder.find_spec(part, path)
        if spec is None:
            return None
        path = list(spec.submodule_search_locations) if spec.submodule_search_locations is not None else None
    assert spec is not None
    return spec.origin, path or []


@pytest.mark.parametrize("name", NAMES)
def test_where_a_module_is(name: str, tmp_path: Path) -> None:
    draw(tmp_path, TREE)
    finder = ModuleFinder([tmp_path / "one", tmp_path / "two"])
    found = finder.find_module(name)
    mine = None if found is None else (str(found.path) if found.path else None, [str(d) for d in found.directories])
    assert mine == _real(name, [str(tmp_path / "one"), str(tmp_path / "two")])
    assert finder.is_importable(name) is (found is not None)


def test_modules_without_source(tmp_path: Path) -> None:
    draw(
        tmp_path,
        {
            "fast.cpython-311-x86_64-linux-gnu.so": "",
            "stable.abi3.so": "",
            "bare.so": "",
            "other.cpython-39-darwin.so": "",
            "win.cp311-win_amd64.pyd": "",
            "bytes.pyc": "",
            "stub.pyi": "",
            "comp/__init__.cpython-311-darwin.so": "",
            "with_source.abi3.so": "",
            "with_source.py": "",
        },
    )
    finder = ModuleFinder([tmp_path], version=(3, 11), builtins=("sys",), opaque=("hooked",))
    kinds = {
        name: found.kind if (found := finder.find_module(name)) is not None else None
        for name in (
            "fast",
            "stable",
            "bare",
            "other",
            "win",
            "bytes",
            "stub",
            "comp",
            "with_source",
            "sys",
            "hooked",
            "",
        )
    }
    assert kinds == {
        **dict.fromkeys(("fast", "stable", "bare", "win", "bytes", "comp", "sys"), "no_source"),
        **dict.fromkeys(("other", "stub", "hooked", ""), None),
        "with_source": "module",
    }
    assert finder.is_importable("hooked") is None
    assert finder.is_importable("hooked.x") is None
    assert finder.is_importable("other") is False
    assert finder.is_importable("fast.inner") is None


def _fixtures_and_hooks(text: str) -> list[str]:
    """Functions that a decorator makes a fixture, and hooks, each as Python sees it, with its place."""
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    return [
        ast.dump(node, include_attributes=True)
        for node in functions
        if any("fixture" in ast.unparse(decorator).partition("(")[0] for decorator in node.decorator_list)
        or (node.name.startswith("pytest_") and node.col_offset == 0)
    ]


def test_pytests_own_modules_without_their_machinery_have_the_same_fixtures_and_hooks() -> None:
    folder = Path(_pytest.__file__).parent
    texts = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.py")}
    makers = {name: text for name, text in texts.items() if MAKES_FIXTURES.search(text)}
    assert {"fixtures.py", "capture.py", "tmpdir.py", "legacypath.py"} <= set(makers)
    for name, text in makers.items():
        short = without_machinery(text.encode()).decode()
        assert short.count("\n") == text.count("\n")
        assert _fixtures_and_hooks(short) == _fixtures_and_hooks(text), name
    assert (
        sum(len(without_machinery(text.encode()).strip()) for text in makers.values())
        < sum(map(len, makers.values())) / 2
    )


def test_without_machinery() -> None:
    text = """
import x
@deco(
    1,
)
def dropped(
    a,
):
    pass
@fixture(
    scope="session"
)
def kept():
    pass
class Dropped:
    def inner(self): pass
class Kept:
    @fixture
    def of_class(self): pass
async def gone(): pass
def pytest_configure(config): pass
y = 1
"""
    lines = text.split("\n")
    gone = {*range(2, 9), 14, 15, 19}
    shortened = without_machinery(text.encode()).decode().split("\n")
    assert shortened == ["" if number in gone else line for number, line in enumerate(lines)]


def test_a_module_that_does_not_parse_without_its_machinery_is_left_whole() -> None:
    text = b'def dropped():\n    """\ntext at the margin\n    """\n@fixture\ndef kept(): pass\n'
    assert without_machinery(text) == text


def test_every_fixture_of_pytests_own_is_there(tmp_path: Path) -> None:
    files = {"test_it.py": "def test_one(): pass\n", "pytest.ini": "[pytest]\naddopts = -p pytester\n"}
    root = live.draw(tmp_path.resolve(), files)
    with live.Pytest() as oracle:
        answer, graph, _ = live.compared(root, oracle)
    registered = {(one.name, str(one.place)) for one in answer.truth.registered}
    assert len(registered) > 20
    assert {(fixture.name, f"{fixture.path}:{fixture.line}") for fixture in graph.fixtures} == registered
