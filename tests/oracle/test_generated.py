"""The oracle by generation: Hypothesis makes suites, pytest collects them, and `analyze` must say the same.

``--generated-suites 2000`` makes that many new ones. What it found is a case of ``tests/analysis/test_rules.py`` now.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, assume, event, given, note, settings

import fixturescope
from fixturescope.analysis.checks.resolution import DependencyCycle
from tests.oracle import generate, live

CIRCLE = DependencyCycle.code

DEFAULT = 60
"""How many suites an ordinary run of the tests sees: always the same ones, so that it does not fail by chance."""


def test_generated_suites_resolve_as_pytest_resolves_them(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> None:
    asked: int | None = request.config.getoption("--generated-suites")
    folder, numbers = tmp_path_factory.mktemp("generated").resolve(), itertools.count()

    with live.Pytest() as oracle:

        @settings(
            max_examples=asked or DEFAULT,
            derandomize=asked is None,
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            print_blob=asked is not None,
            suppress_health_check=list(HealthCheck),
        )
        @given(generate.suites())
        def same(suite: generate.Suite) -> None:
            differences = _differences(suite, folder / str(next(numbers)), oracle)
            if differences:
                note(generate.shown(suite))
            assert not differences, "\n".join(differences)

        same()


def _differences(suite: generate.Suite, root: Path, oracle: live.Pytest) -> list[str]:
    """Return where the two sides differ; a suite that pytest cannot collect whole is another one's business."""
    answer, graph, comparison = live.compared(live.draw(root, suite), oracle)
    event("pytest collects all of it" if not answer.truth.errors else "pytest refuses a file")
    assume(not answer.truth.errors)
    examples = comparison.examples
    if not _usage_is_defined(suite, graph):
        event("usage is not defined")
        examples = tuple(example for example in examples if not example.kind.startswith("unused"))
    elif not comparison.agrees and not examples:
        return [str(comparison)]
    return [str(example) for example in examples]


def _usage_is_defined(suite: generate.Suite, graph: fixturescope.FixtureGraph) -> bool:
    """Whether what a run sets up follows from the closures.

    Of fixtures that ask for each other in a circle, it is a matter of who comes first. And a plugin that a test module
    names is not there yet when earlier modules are collected, but is there when they run.
    """
    circle = any(diagnostic.code == CIRCLE for diagnostic in graph.diagnostics)
    late = any("pytest_plugins" in text for name, text in suite.items() if "test_" in name)
    return not circle and not late
