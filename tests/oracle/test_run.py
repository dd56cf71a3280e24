"""The pinned list is well formed, and the command reports what keeps a suite from being compared."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.oracle import environments, run, suites
from tests.oracle.environments import Checkout

ROW = """
[defaults]
requires = []
pytest = "9.2.0"
python = "3.10"
quick = false
installs = true
overlay = false
expected_errors = []
environment = {{}}
pytest_args = []

[[suite]]
name = "drawn"
version = "1.0"
sha256 = "0"
corner = "drawn"
paths = ["tests", "more/*_test.py"]
{more}
"""


def drawn(tmp_path: Path, more: str = "") -> suites.Suite:
    """The one suite of a list drawn as text."""
    path = tmp_path / "suites.toml"
    path.write_text(ROW.format(more=more), encoding="utf-8")
    (suite,) = suites.load(path)
    return suite


def test_the_list_is_pinned_and_wide_enough() -> None:
    found = suites.load()
    names = [suite.name for suite in found]
    assert len(names) == len(set(names)) >= 14
    assert all(len(suite.sha256) == 64 for suite in found)
    assert {
        "aiohttp",
        "pandas",
        "pytest",
        "attrs",
        "flask",
        "pydantic",
        "xarray",
        "djangorestframework",
        "trio",
    } <= set(names)
    assert [suite.name for suite in found if suite.quick] == ["itsdangerous", "httpx"]


def test_a_row_gets_the_defaults(tmp_path: Path) -> None:
    assert drawn(tmp_path, 'requires = ["moto[server]==5.2"]\nenvironment = {A = "1"}') == suites.Suite(
        name="drawn",
        distribution="drawn",
        version="1.0",
        sha256="0",
        corner="drawn",
        paths=("tests", "more/*_test.py"),
        requires=("moto[server]==5.2",),
        pytest="9.2.0",
        python=(3, 10),
        quick=False,
        installs=True,
        overlay=False,
        expected_errors=(),
        environment=(("A", "1"),),
        pytest_args=(),
    )


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ('requires = ["moto"]', "suite drawn: not pinned: moto"),
        ('requires = ["moto>=5"]', "suite drawn: not pinned: moto>=5"),
        ("nonsense = 1", "suite drawn: .*unexpected keyword argument 'nonsense'"),
    ],
)
def test_a_row_that_is_not_right_is_refused(tmp_path: Path, more: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        drawn(tmp_path, more)


def test_paths_are_expanded_in_order_and_must_match(tmp_path: Path) -> None:
    suite = drawn(tmp_path)
    for name in ("tests/test_a.py", "more/b_test.py", "more/a_test.py", "more/c.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert Checkout(suite, tmp_path, Path("python")).paths == ("tests", "more/a_test.py", "more/b_test.py")
    (tmp_path / "tests").rename(tmp_path / "gone")
    with pytest.raises(environments.PreparationError, match="drawn: nothing matches 'tests'"):
        _ = Checkout(suite, tmp_path, Path("python")).paths


def test_an_unknown_suite_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run.main(["--suite", "attrs", "atrs"])
    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith("no such suite: atrs; there are itsdangerous, attrs, ")


def test_a_suite_that_cannot_be_prepared_is_a_row_and_the_next_follows(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(suite: suites.Suite, cache: Path, *, python: Path, pytest: str) -> Checkout:
        raise environments.PreparationError(f"{suite.name} {pytest}: no network")

    monkeypatch.setattr(run, "prepare", refuse)
    assert run.main(["--quick", "--keep", str(tmp_path), "--pytest", "7.4.0"]) == 1
    shown = capsys.readouterr().out.splitlines()
    assert shown[:2] == ["itsdangerous: itsdangerous 7.4.0: no network", "httpx: httpx 7.4.0: no network"]
    assert [line.split()[0] for line in shown[2:]] == ["suite", "------------", "itsdangerous", "httpx"]


def test_an_interpreter_that_is_too_old_is_refused(tmp_path: Path) -> None:
    suite = drawn(tmp_path, 'python = "3.99"')
    with pytest.raises(environments.PreparationError, match=r"drawn needs Python 3\.99, and .* is older"):
        environments.prepare(suite, tmp_path, python=Path(sys.executable), pytest="9.2.0")


def test_the_cache_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(run.CACHE_VARIABLE, str(tmp_path))
    assert run.default_cache() == tmp_path
    monkeypatch.delenv(run.CACHE_VARIABLE)
    assert run.default_cache().name == "fixturescope-oracle"
