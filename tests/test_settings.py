"""Settings: three sources, one winner, and errors that say which line and what was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixturescope.errors import ConfigError, UsageError
from fixturescope.settings import CategoryRule, Limits, Settings, find_settings_file, load_settings

DEFAULTS = Settings(
    select=(),
    ignore=(),
    python=None,
    paths=(),
    fail_on=(),
    fixture_decorators=(),
    pytest={},
    limits=Limits(
        max_file_bytes=10_000_000,
        workers=None,
        call_depth=12,
        steps=400_000,
        loop=10_000,
        seconds=60,
        items=20_000,
        text=10_000,
    ),
)


def project(folder: Path, toml: str, name: str = "pyproject.toml") -> Path:
    (folder / name).write_text(toml, "utf-8")
    return folder


# ---------------------------------------------------------------------------------------------------------- the sources


@pytest.mark.parametrize("toml", ["", "[tool.other]\nselect = 3\n", "[project]\nname = 'x'\n", "tool = 3\n"])
def test_without_a_table_of_ours_the_defaults_hold(tmp_path: Path, toml: str) -> None:
    assert load_settings(project(tmp_path, toml)) == DEFAULTS


def test_without_any_file_the_defaults_hold(tmp_path: Path) -> None:
    assert load_settings(tmp_path) == DEFAULTS


OPTIONS = [
    # key, what the file says, what the file means, what the caller says, what the caller means
    ("select", "['FS1']", ("FS1",), ("FS2",), ("FS2",)),
    ("ignore", "['FS1', 'FS203']", ("FS1", "FS203"), (), ()),
    ("python", "'.venv/bin/python'", ".venv/bin/python", "/usr/bin/python3", "/usr/bin/python3"),
    ("paths", "['tests', 'more']", ("tests", "more"), ("a",), ("a",)),
    ("fail_on", "['unused', 'error']", ("unused", "error"), ("warning",), ("warning",)),
    ("fixture_decorators", "['lib.resource']", ("lib.resource",), ("other.one",), ("other.one",)),
    ("pytest", "{python_files = 'check_*.py'}", {"python_files": "check_*.py"}, {"testpaths": "t"}, {"testpaths": "t"}),
    (
        "category",
        "[{name = 'Model', match = 'get_*'}]",
        (CategoryRule(name="Model", match="get_*"),),
        [{"name": "Path", "requests": ["tmp_path"]}],
        (CategoryRule(name="Path", requests=("tmp_path",)),),
    ),
    ("limits", "{workers = 2}", Limits(workers=2), {"loop": 5}, Limits(loop=5)),
]


def test_every_setting_is_in_the_table_above() -> None:
    assert {key for key, *_ in OPTIONS} == set(Settings.__struct_fields__)


@pytest.mark.parametrize(("key", "toml", "from_file", "given", "from_caller"), OPTIONS)
def test_caller_then_file_then_default(
    tmp_path: Path, key: str, toml: str, from_file: object, given: object, from_caller: object
) -> None:
    default = getattr(DEFAULTS, key)
    assert getattr(load_settings(tmp_path, cli={key: None}), key) == default
    assert getattr(load_settings(tmp_path, cli={key: given}), key) == from_caller
    project(tmp_path, f"[tool.fixturescope]\n{key} = {toml}\n")
    assert getattr(load_settings(tmp_path), key) == from_file
    assert getattr(load_settings(tmp_path, cli={key: None}), key) == from_file
    assert getattr(load_settings(tmp_path, cli={key: given}), key) == from_caller


@pytest.mark.parametrize("key", Limits.__struct_fields__)
def test_limits(tmp_path: Path, key: str) -> None:
    project(tmp_path, f"[tool.fixturescope.limits]\n{key} = 7\n")
    limits = load_settings(tmp_path).limits
    assert getattr(limits, key) == 7
    assert limits == Limits(**{key: 7})


def test_own_file_holds_the_same_at_its_top_level(tmp_path: Path) -> None:
    project(tmp_path, "select = ['FS1']\n[limits]\nworkers = 2\n", "fixturescope.toml")
    project(tmp_path, "[tool.other]\n")
    assert load_settings(tmp_path) == Settings(select=("FS1",), limits=Limits(workers=2))
    assert find_settings_file(tmp_path) == tmp_path / "fixturescope.toml"


def test_two_files_are_one_too_many(tmp_path: Path) -> None:
    project(tmp_path, "select = ['FS1']\n", "fixturescope.toml")
    project(tmp_path, "[tool.fixturescope]\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path / 'fixturescope.toml'}: the settings stand in two files, this one and pyproject.toml"
    )


def test_values_of_pytest_become_what_its_ini_files_hold(tmp_path: Path) -> None:
    project(
        tmp_path,
        """
        [tool.fixturescope.pytest]
        xfail_strict = true
        faulthandler_timeout = 2.5
        testpaths = ["a", "b"]
        addopts = "-p no:cov"
        """,
    )
    assert load_settings(tmp_path).pytest == {
        "xfail_strict": "true",
        "faulthandler_timeout": "2.5",
        "testpaths": ("a", "b"),
        "addopts": "-p no:cov",
    }


def test_plain_data_holds_every_setting() -> None:
    assert list(DEFAULTS.to_builtins()) == list(Settings.__struct_fields__)


# ---------------------------------------------------------------------------------------------------- which diagnostics


@pytest.mark.parametrize(
    ("select", "ignore", "reported"),
    [
        ((), (), ["FS101", "FS102", "FS201"]),
        (("FS1",), (), ["FS101", "FS102"]),
        ((), ("FS1",), ["FS201"]),
        ((), ("FS101",), ["FS102", "FS201"]),
        (("FS1",), ("FS101",), ["FS102"]),
        (("FS101",), ("FS1",), ["FS101"]),
        (("FS1",), ("FS1",), []),
        (("FS",), ("FS2", "FS102"), ["FS101"]),
    ],
)
def test_the_longer_prefix_wins(select: tuple[str, ...], ignore: tuple[str, ...], reported: list[str]) -> None:
    settings = Settings(select=select, ignore=ignore)
    assert [code for code in ("FS101", "FS102", "FS201") if settings.selects(code)] == reported


# --------------------------------------------------------------------------------------------------------- broken files

BROKEN = [
    # toml, line, message, hint
    ("\n[tool.fixturescope]\nselct = []", 3, "unknown key 'selct'", "did you mean 'select'?"),
    ("[tool.fixturescope]\nfail-on = []", 2, "unknown key 'fail-on'", "did you mean 'fail_on'?"),
    (
        "[tool.fixturescope]\nxyz = 1",
        2,
        "unknown key 'xyz'",
        "known keys: select, ignore, python, paths, fail_on, fixture_decorators, pytest, category, limits",
    ),
    ("[tool.fixturescope.limit]\nworkers = 1", 1, "unknown key 'limit'", "did you mean 'limits'?"),
    ("[tool.fixturescope.limits]\n\nworker = 1", 3, "unknown key 'limits.worker'", "did you mean 'workers'?"),
    ("[tool.fixturescope]\nlimits.worker = 1", 2, "unknown key 'limits.worker'", "did you mean 'workers'?"),
    ("[tool.fixturescope]\nlimits = {worker = 1}", 2, "unknown key 'limits.worker'", "did you mean 'workers'?"),
    ('[tool]\nfixturescope."selct" = 1', 2, "unknown key 'selct'", "did you mean 'select'?"),
    ("[tool.fixturescope]\n\nselect = 'FS1'", 3, "select: expected a list, got a string", None),
    ("[tool.fixturescope]\nselect = ['FS1', 2]", 2, "select: expected a string, got a number", None),
    ("[tool.fixturescope]\npython = []", 2, "python: expected a string, got a list", None),
    (
        "[tool.fixturescope]\nfail_on = ['never']",
        2,
        "fail_on: invalid enum value 'never'",
        "one of: unused, warning, error",
    ),
    ("[tool.fixturescope.limits]\nworkers = 0", 2, "limits.workers: expected a number >= 1", None),
    ("[tool.fixturescope.limits]\nworkers = 'two'", 2, "limits.workers: expected a number, got a string", None),
    (
        "[tool.fixturescope.pytest]\nminversion = '7'\nmarkers = {}",
        3,
        "pytest.markers: expected a string or a list, got a table",
        None,
    ),
    ("tool.fixturescope = 1", None, "tool.fixturescope is no table", "write [tool.fixturescope]"),
    (
        "[tool.x]\na = \n",
        2,
        "is not valid TOML: invalid value",
        "mend the file; pytest could not read it either",
    ),
]


@pytest.mark.parametrize(("toml", "line", "message", "hint"), BROKEN)
def test_broken_file(tmp_path: Path, toml: str, line: int | None, message: str, hint: str | None) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(project(tmp_path, toml))
    error = caught.value
    assert (error.path, error.line, error.message, error.hint) == (
        str(tmp_path / "pyproject.toml"),
        line,
        message,
        hint,
    )


def test_line_in_our_own_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(project(tmp_path, "select = []\n[limits]\nloops = 3\n", "fixturescope.toml"))
    assert str(caught.value) == f"{tmp_path / 'fixturescope.toml'}:3: unknown key 'limits.loops'"


def test_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b"\xef\xbb\xbf[tool.fixturescope]\r\nselect = ['FS1']\r\n")
    assert load_settings(tmp_path).select == ("FS1",)


def test_not_utf_8(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b"[tool.fixturescope]\nselect = ['\xe9']\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(tmp_path)
    assert str(caught.value) == f"{tmp_path / 'pyproject.toml'}:2: is not UTF-8"


def test_a_folder_in_its_place_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").mkdir()
    assert load_settings(tmp_path) == DEFAULTS


# -------------------------------------------------------------------------------------------------------- wrong callers


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        ({"slect": ()}, "unknown setting 'slect'", "did you mean 'select'?"),
        ({"limits": {"worker": 2}}, "unknown setting 'limits.worker'", "did you mean 'workers'?"),
        ({"fail_on": ("always",)}, "fail_on: invalid enum value 'always'", "one of: unused, warning, error"),
        ({"select": "FS1"}, "select: expected a list, got a string", None),
    ],
)
def test_wrong_caller(tmp_path: Path, given: dict[str, object], message: str, hint: str | None) -> None:
    with pytest.raises(UsageError) as caught:
        load_settings(tmp_path, cli=given)
    assert (caught.value.message, caught.value.hint) == (message, hint)
