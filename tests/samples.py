"""Graphs made by hand, for tests of what comes after the analysis."""

from __future__ import annotations

from typing import Any

from fixturescope.graph import FixtureGraph
from fixturescope.model import (
    AnalysisInfo,
    Diagnostic,
    Fixture,
    ImportedModule,
    Request,
    Startup,
    StartupStep,
    Test,
)
from fixturescope.settings import Settings


def fixture(name: str, **fields: Any) -> Fixture:
    """A fixture of ``conftest.py`` that is fit for its purpose where nothing else is said."""
    defaults: dict[str, Any] = {
        "id": f"conftest.py::{name}",
        "name": name,
        "function": name,
        "path": "conftest.py",
        "line": 1,
        "scope": "function",
        "visible_from": "session",
        "visible_in": "",
        "origin": "static",
    }
    return Fixture(**{**defaults, **fields})


def test(name: str, **fields: Any) -> Test:
    """A test of ``tests/test_shop.py``."""
    defaults: dict[str, Any] = {
        "id": f"tests/test_shop.py::{name}",
        "path": "tests/test_shop.py",
        "line": 1,
        "name": name,
    }
    return Test(**{**defaults, **fields})


def info(**fields: Any) -> AnalysisInfo:
    defaults: dict[str, Any] = {
        "rootdir": "/home/ada/shop",
        "inifile": "pytest.ini",
        "python": "/home/ada/shop/.venv/bin/python",
        "python_version": "3.13.0",
        "pytest_version": "9.2.0",
        "chosen_by": ".venv",
        "plugins": ("pytest-cov", "pytest-mock"),
        "files": 3,
        "notes": ("tests/data is left out: norecursedirs",),
        "settings": Settings().to_builtins(),
    }
    return AnalysisInfo(**{**defaults, **fields})


def graph(
    fixtures: tuple[Fixture, ...] = (),
    tests: tuple[Test, ...] = (),
    diagnostics: tuple[Diagnostic, ...] = (),
    reasons: dict[str, str] | None = None,
    **fields: Any,
) -> FixtureGraph:
    return FixtureGraph(
        fixtures=fixtures,
        tests=tests,
        edges=(),
        diagnostics=diagnostics,
        reasons=reasons or {},
        info=info(**fields),
    )


def shop() -> FixtureGraph:
    """A small suite with one of everything that a report can show."""
    return graph(
        fixtures=(
            fixture("prices", scope="session", scope_is="literal", line=7, usage=9, setups=1),
            fixture(
                "cart",
                line=19,
                usage=8,
                setups=24,
                params=3,
                has_teardown=True,
                requests=(Request(name="prices", via="argument", line=19),),
            ),
            fixture("no_proxy", line=26, autouse=True, usage=9, setups=9),
            fixture(
                "resource",
                line=31,
                params=-1,
                usage=1,
                setups=1,
                origin="generated",
                certainty="possible",
                made_at="conftest.py:36",
                why=("n=1 at conftest.py:33",),
                category="data",
            ),
            fixture("printer", scope="session", line=40, unused="certain", category="server"),
            fixture("receipt", line=46, unused="possible"),
            fixture(
                "mocker",
                id="pytest-mock:pytest_mock.plugin::mocker",
                path="/home/ada/shop/.venv/lib/python3.13/site-packages/pytest_mock/plugin.py",
                line=600,
                origin="plugin",
                plugin="pytest-mock",
                unused="certain",
            ),
            fixture(
                "tmp_path",
                id="pytest:_pytest.tmpdir::tmp_path",
                path="/home/ada/shop/.venv/lib/python3.13/site-packages/_pytest/tmpdir.py",
                line=255,
                origin="builtin",
                plugin="pytest",
                usage=2,
                setups=2,
            ),
        ),
        tests=(
            test("test_empty", line=4, closure={"no_proxy": "conftest.py::no_proxy", "cart": "conftest.py::cart"}),
            test("test_full", line=8, items=8, items_are="at_least", cls="TestCart"),
        ),
        diagnostics=(
            Diagnostic(
                code="FS101",
                severity="warning",
                message="fixture 'printer' is unused",
                path="conftest.py",
                line=40,
                fixture="conftest.py::printer",
            ),
            Diagnostic(
                code="FS101",
                severity="warning",
                message="fixture 'receipt' is unused",
                path="conftest.py",
                line=46,
                certainty="possible",
                fixture="conftest.py::receipt",
            ),
            Diagnostic(code="FS301", severity="error", message="cannot be parsed", path="tests/test_old.py", line=3),
        ),
        reasons={
            "conftest.py::printer": "only 'receipt' asks for it, which no test uses",
            "conftest.py::receipt": "no test asks for it, unless getfixturevalue in tests/test_shop.py:12 does",
            "pytest-mock:pytest_mock.plugin::mocker": "no test asks for it",
        },
    )


HOSTILE = "\x1b[31m[red]ev\u202eil[/red]\n\r\x9b\u200b\u2028\x07é</script>"
"""A name that repaints a terminal, is markup, turns the line around, breaks the line and rings."""


def hostile() -> FixtureGraph:
    """A suite in which everything that the project can name is named ``HOSTILE``."""
    return graph(
        fixtures=(
            fixture(
                HOSTILE, path=HOSTILE, doc=HOSTILE, usage=1, setups=1, category=HOSTILE, made_at=HOSTILE, why=(HOSTILE,)
            ),
            fixture(f"{HOSTILE}2", path=HOSTILE, unused="certain"),
            fixture(f"{HOSTILE}3", origin="plugin", plugin=HOSTILE, usage=1, setups=1),
        ),
        tests=(test(HOSTILE, path=HOSTILE, closure={HOSTILE: f"conftest.py::{HOSTILE}"}),),
        diagnostics=(Diagnostic(code="FS101", severity="error", message=HOSTILE, path=HOSTILE, line=1),),
        reasons={f"conftest.py::{HOSTILE}2": HOSTILE},
        rootdir=HOSTILE,
        inifile=HOSTILE,
        python=HOSTILE,
        plugins=(HOSTILE,),
        notes=(HOSTILE,),
    )


def imported(
    name: str, self_s: float, cumulative_s: float, imported_by: str | None = None, path: str | None = None
) -> ImportedModule:
    return ImportedModule(name=name, self_s=self_s, cumulative_s=cumulative_s, imported_by=imported_by, path=path)


def startup() -> Startup:
    """A start with a slow package, two conftests of one name, and a step that failed."""
    walls = {"python": 0.0204, "pytest": 0.3, "plugins": 0.45, "modules": 2.05}
    return Startup(
        steps=tuple(StartupStep(name=name, wall_s=wall, samples=(wall,)) for name, wall in walls.items()),  # type: ignore[arg-type]
        imports=(
            imported("site", 0.002, 0.003),
            imported("os", 0.001, 0.001, "site"),
            imported("pytest", 0.1, 0.2),
            imported("_pytest", 0.05, 0.06, "pytest"),
            imported("pluggy", 0.01, 0.01, "_pytest"),
            imported("json", 0.04, 0.04, "pytest"),
            imported("pytest_mock", 0.01, 0.01, None, "/home/ada/shop/.venv/site-packages/pytest_mock/__init__.py"),
            imported("conftest", 0.0125, 1.2525, None, "conftest.py"),
            imported("torch", 0.2, 1.24, "conftest"),
            imported("torch.nn", 0.8, 0.8, "torch"),
            imported("numpy", 0.04, 0.24, "torch"),
            imported("numpy.core", 0.2, 0.2, "numpy"),
            imported("conftest", 0.005, 0.0252, None, "tests/conftest.py"),
            imported("shop", 0.0002, 0.0202, "conftest"),
            imported("shop.slow", 0.02, 0.02, "shop"),
            imported("test_cart", 0.0004, 0.0004, None, "tests/test_cart.py"),
        ),
        artifacts={"importtime": "importtime.txt"},
        reason="conftests: exit code 1\n  E   RuntimeError: no\n  1 error",
    )


def hostile_startup() -> Startup:
    """A start in which everything that the project can name is named ``HOSTILE``."""
    return Startup(
        steps=(StartupStep(name="python", wall_s=1.0),),
        imports=(
            imported(HOSTILE, 1.0, 2.0, None, HOSTILE),
            imported(f"{HOSTILE}2", 1.0, 1.0, HOSTILE),
            imported("</script><!--<script>", 1.0, 1.0, None, "/x\"'&amp;"),
        ),
        artifacts={"importtime": HOSTILE},
        reason=HOSTILE,
    )
