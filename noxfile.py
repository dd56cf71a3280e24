"""Everything that is checked, in environments made for it: ``nox --list``.

``.ci/run`` is the short form of this for one interpreter. Sessions for interpreters that are not on the machine are
skipped; nothing here needs uv.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nox

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

nox.needs_version = ">=2024.4.15"
nox.options.default_venv_backend = "virtualenv"
nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["tests", "lint", "types", "contracts", "coverage", "docs"]

PYTHONS = ["3.10", "3.11", "3.12", "3.13", "3.14"]
"""All that are supported."""

PYTESTS = ["7.4.4", "newest"]
"""The oldest that is supported, in its last patch, and whatever pip finds."""

MAIN = "3.13"
"""Where one interpreter is enough."""


@nox.session(python=PYTHONS)
@nox.parametrize("pytest", PYTESTS)
def tests(session: nox.Session, pytest: str) -> None:
    """The tests, on every interpreter and with the oldest and the newest pytest."""
    if session.python == "3.14" and pytest == "7.4.4":
        session.skip("pytest 7.4 came before CPython 3.14 and cannot rewrite its assertions")
    session.install("-e", ".[dev]", *([] if pytest == "newest" else [f"pytest=={pytest}"]))
    session.run("pytest", *session.posargs)


@nox.session(python=MAIN)
def lint(session: nox.Session) -> None:
    """Ruff: rules and format."""
    session.install("ruff")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session(python=MAIN)
def types(session: nox.Session) -> None:
    """Mypy, strict."""
    session.install("-e", ".[dev]")
    session.run("mypy")


@nox.session(python=MAIN)
def contracts(session: nox.Session) -> None:
    """Import-linter: which room may know which."""
    session.install("-e", ".", "import-linter")
    session.run("lint-imports")


@nox.session(python=MAIN)
def coverage(session: nox.Session) -> None:
    """Branch coverage of the analysis, worker processes included."""
    session.install("-e", ".[dev]")
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", *session.posargs)
    session.run("coverage", "combine", "--quiet")
    session.run("coverage", "report")


@nox.session(python=PYTHONS[0])
def lowest(session: nox.Session) -> None:
    """The tests with the oldest dependencies that we allow."""
    project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]
    oldest = [requirement.replace(">=", "==", 1) for requirement in project["dependencies"]]
    session.install("-e", ".[test]", *oldest)
    session.run("pytest", *session.posargs)


@nox.session(python=MAIN)
def oracle(session: nox.Session) -> None:
    """Every pinned suite: pytest collects, ``analyze`` reads, and the two are compared."""
    session.install("-e", ".[dev]")
    session.run("python", "-m", "tests.oracle.run", *session.posargs)


@nox.session(python=MAIN)
def generated(session: nox.Session) -> None:
    """Every pinned suite whose fixtures are generated, likewise; ``--checkout NAME=PATH`` for those from a repository.

    With ``--checkout interpretune=PATH``, its time and its table too.
    """
    session.install("-e", ".[dev]")
    session.run("python", "-m", "tests.oracle.generated_suites", *session.posargs)
    for word in session.posargs:
        if word.startswith("interpretune="):
            session.run("python", "-m", "benchmarks.generated", word.partition("=")[2])


@nox.session(python=MAIN)
def hypothesis(session: nox.Session) -> None:
    """2,000 generated suites: pytest collects, ``analyze`` reads, and the two are compared."""
    session.install("-e", ".[dev]")
    session.run("pytest", "tests/oracle/test_generated.py", "--generated-suites", "2000", *session.posargs)


@nox.session(python=MAIN)
def programs(session: nox.Session) -> None:
    """5,000 generated modules that register fixtures: Python runs them, the evaluator reads them, and the two are compared."""
    session.install("-e", ".[dev]")
    session.run("pytest", "tests/oracle/test_programs.py", "--generated-programs", "5000", *session.posargs)


@nox.session(python=MAIN)
def outline(session: nox.Session) -> None:
    """On every file of the oracle's suites, facts from the outline equal facts from the whole file."""
    session.install("-e", ".[dev]")
    session.run("python", "-m", "tests.oracle.outlines", *session.posargs)


@nox.session(python=MAIN)
def bench(session: nox.Session) -> None:
    """``analyze`` against ``pytest --collect-only``: time and peak memory of all processes together."""
    session.install("-e", ".[dev]")
    session.run("python", "-m", "benchmarks.analyze", *session.posargs)


@nox.session(python=MAIN)
def page(session: nox.Session) -> None:
    """The HTML report of 3,000 fixtures in the machine's Chromium: its size, and how quick it is without a network."""
    session.install("-e", ".[dev]", "playwright")
    session.run("python", "-m", "benchmarks.report", *session.posargs)


@nox.session(python=MAIN)
def docs(session: nox.Session) -> None:
    """The commands and examples of the README and the documentation, run."""
    session.install("-e", ".[dev]")
    session.run("pytest", "tests/test_readme.py", *session.posargs)
