"""Imports that every start pays for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import ClassVar

from fixturescope.model import Advice, Change, Evidence, Finding, Fixture, ImportedModule, Range
from fixturescope.report.advice.base import Example, Figures, Kind
from fixturescope.report.advice.context import AdviceContext, listed
from fixturescope.report.imports import import_parents
from fixturescope.units import show_seconds

LEAST_LAZY_S = 0.05
"""Seconds of an import below which nobody moves it."""

LEAST_START_S = 0.1
"""Seconds of an import that several need below which nobody looks at it."""

SHORTEST = 3
"""Characters of a package's name that say whose it is."""

_PYTEST = frozenset({"pytest", "_pytest", "pluggy", "py"})


class LazyImport(Kind):
    """A conftest imports a module at its top that nothing but this fixture's body reads. Inside the fixture, the import is
    paid by runs that use the fixture, and not by every start.

    Given where a measured start shows that this conftest is the first to import it, at 50 ms or more times the
    share of test files that do not use the fixture. Saves, of a start that
    runs the tests of one file: nothing if that file uses the fixture, all of the import if it does not; *likely* is the
    import × share of test files that do not use it. A full run that uses the fixture pays as before.

    What could make it wrong: the import may have an effect that others count on (it registers something), and what
    imports it next may pay for it. *likely* if at most half of the test files use the fixture, else *possible*.
    """

    kind = "lazy-import"
    name = "import inside the fixture"
    summary = "A module-level import is read by one fixture alone."
    FIGURES = Figures(imports={"decimal": (0.4, "conftest.py")})
    GOOD: ClassVar[Example] = {
        "conftest.py": """\
import decimal

import pytest

ONE = decimal.Decimal(1)


@pytest.fixture
def price():
    return decimal.Decimal(3)
""",
        "test_a.py": "def test_a(price):\n    assert price\n",
        "test_b.py": "def test_b():\n    assert True\n",
    }
    BAD: ClassVar[Example] = {
        "conftest.py": """\
import decimal

import pytest


@pytest.fixture
def price():  # lazy-import
    return decimal.Decimal(3)
""",
        "test_a.py": "def test_a(price):\n    assert price\n",
        "test_b.py": "def test_b():\n    assert True\n",
    }

    def find(self, context: AdviceContext) -> Iterator[Advice]:
        """See ``Kind.find``."""
        for fixture in context.used:
            found = [
                (finding, seconds)
                for finding in context.found(fixture, "module_import")
                if _is_conftest(finding.path) and (seconds := _paid_by(context, finding))
            ]
            yield from self._advice(context, fixture, found)

    def _advice(
        self, context: AdviceContext, fixture: Fixture, found: Sequence[tuple[Finding, float]]
    ) -> Iterator[Advice]:
        files, all_files = len(context.users_modules(fixture)), len(context.modules)
        whole = sum(seconds for _, seconds in found)
        spared = 1 - files / max(all_files, 1)
        if whole * spared < LEAST_LAZY_S:
            return
        yield self.say(
            [fixture],
            f"Import {listed([finding.detail for finding, _ in found])} inside {fixture.name}",
            safety="likely" if spared >= 0.5 else "possible",
            evidence=[
                Evidence(
                    text=f"importing {finding.detail} takes {show_seconds(seconds)} of each start, and only {fixture.name} reads it",
                    path=finding.path,
                    line=finding.line,
                )
                for finding, seconds in found
            ]
            + [Evidence(text=f"{files} of {all_files} test files use {fixture.name}")],
            against=[
                Evidence(
                    text="the import may have effects that others count on, or be paid by the next that imports it"
                )
            ],
            saves_s=Range(low=0.0, likely=whole * spared, high=whole),
            changes=[Change(op="move_import", fixture=fixture.id, to=finding.detail) for finding, _ in found],
        )


class StartupImport(Kind):
    """A conftest imports something slow at its top, and with it every start pays, even of a single test. Import it where it
    is used, or import less of it.

    Given where a measured start shows a conftest as the first to import a module, at 0.1 s or more and a twentieth of the
    whole start, and it is neither what one fixture alone reads (that is `lazy-import`) nor, by its name, the package that the
    project is about. Saves the seconds of the import, of a
    start that does not need it; nothing, of one that does.

    What could make it wrong: the tests may need the module in any case, or its import may have effects. So it is never more
    than *possible*.
    """

    kind = "startup-import"
    name = "a slow import of every start"
    summary = "A conftest imports something slow."
    FIGURES = Figures(imports={"decimal": (0.4, "conftest.py")})
    GOOD: ClassVar[Example] = {
        "conftest.py": """\
import decimal

import pytest


@pytest.fixture
def price():
    return decimal.Decimal(3)
""",
        "test_a.py": "def test_a(price):\n    assert price\n",
    }
    BAD: ClassVar[Example] = {
        "conftest.py": """\
import decimal  # startup-import

ONE = decimal.Decimal(1)
""",
        "test_a.py": "def test_a():\n    assert True\n",
    }

    SHARE: ClassVar[float] = 0.05

    def find(self, context: AdviceContext) -> Iterator[Advice]:
        """See ``Kind.find``."""
        startup = context.document.startup
        if startup is None:
            return
        walls = [step.wall_s for step in startup.steps]
        least = max(LEAST_START_S, self.SHARE * max(walls, default=0.0))
        lazy = {
            (finding.path, finding.detail)
            for fixture in context.used
            for finding in context.found(fixture, "module_import")
        }
        for one, importer in _entered(context):
            path = importer.path or ""
            if one.cumulative_s < least or not _is_conftest(path) or (path, one.name) in lazy:
                continue
            inner = sorted(
                (
                    other
                    for other in startup.imports
                    if other.imported_by == one.name and other.cumulative_s >= least / 2
                ),
                key=lambda other: (-other.cumulative_s, other.name),
            )
            yield self.say(
                one.name,
                f"Import {one.name} later than in {path}, or less of it",
                safety="possible",
                evidence=[
                    Evidence(
                        text=f"importing {one.name} takes {show_seconds(one.cumulative_s)} of each start", path=path
                    ),
                    *(
                        Evidence(text=f"of it {show_seconds(other.cumulative_s)} is {other.name}, which it imports")
                        for other in inner[:3]
                    ),
                ],
                against=[
                    Evidence(text="tests may need it in any case, or its import may have effects that others count on")
                ],
                saves_s=Range(low=0.0, likely=one.cumulative_s, high=one.cumulative_s),
                effort="function",
            )


def _entered(context: AdviceContext) -> Iterator[tuple[ImportedModule, ImportedModule]]:
    """Yield each import of a measured start that a file of the project was the first to make, and that file."""
    startup = context.document.startup
    imports = () if startup is None else startup.imports
    for one, at in zip(imports, import_parents(imports)):
        top = one.name.partition(".")[0]
        if at is not None and imports[at].path and top not in _PYTEST and not _is_tested(context, top):
            yield one, imports[at]


def _is_tested(context: AdviceContext, package: str) -> bool:
    """Whether a package is by its name the one that the project is about: its tests need it in any case."""
    folder = re.split(r"[\\/]", context.document.rootdir.rstrip("\\/"))[-1].lower()
    project = re.split(r"[-_.]?\d", folder, maxsplit=1)[0].replace("-", "_").removeprefix("python_")
    name = package.lower()
    return len(name) >= SHORTEST and (project.startswith(name) or project.removeprefix("py").startswith(name))


def _paid_by(context: AdviceContext, finding: Finding) -> float:
    """Return the seconds that an import of a file took in a measured start, 0 where another file was the first."""
    return sum(
        one.cumulative_s
        for one, importer in _entered(context)
        if one.name == finding.detail and importer.path == finding.path
    )


def _is_conftest(path: str) -> bool:
    return path.rpartition("/")[2] == "conftest.py" and not path.startswith("/")
