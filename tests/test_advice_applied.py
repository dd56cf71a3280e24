"""Advice that is mechanical, applied to its own bad example: the tests still pass, and it is not given again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from fixturescope.analysis.edit import edit
from fixturescope.document import to_graph
from fixturescope.model import Advice
from fixturescope.report.advice import KINDS, advise
from tests.measure.helpers_recorder import start
from tests.report.figures import Suites, figured

MECHANICAL = (
    "widen-scope",
    "drop-autouse",
    "lazy-import",
    "retained",
    "narrow-scope",
    "delete",
    "usefixtures",
)


def advice(suites: Suites) -> dict[str, list[Advice]]:
    """Kind → what is advised of that kind for its bad example."""
    return {
        kind.kind: [one for one in advise(figured(suites.one(kind.kind), kind.FIGURES)) if one.kind == kind.kind]
        for kind in KINDS
    }


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Suites]:
    folder = tmp_path_factory.mktemp("bad")
    return folder, Suites(folder, {kind.kind: kind.BAD for kind in KINDS})


@pytest.fixture(scope="module")
def applied(bad: tuple[Path, Suites], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Suites]:
    folder, suites = bad
    files: dict[str, Mapping[str, str]] = {}
    for kind in KINDS:
        changes = [change for one in advice(suites)[kind.kind] for change in one.changes]
        edits = edit(folder / kind.kind, to_graph(figured(suites.one(kind.kind), kind.FIGURES)), changes)
        files[kind.kind] = {**kind.BAD, **{one.path: one.after.decode() for one in edits}}
    changed = tmp_path_factory.mktemp("good")
    return changed, Suites(changed, files)


def test_these_are_mechanical(bad: tuple[Path, Suites]) -> None:
    found = advice(bad[1])
    assert {kind for kind, given in found.items() if any(one.changes for one in given)} == set(MECHANICAL)


@pytest.mark.parametrize("kind", MECHANICAL)
def test_what_was_applied_is_not_advised_again(applied: tuple[Path, Suites], kind: str) -> None:
    assert advice(applied[1])[kind] == []


def test_the_tests_still_pass(bad: tuple[Path, Suites], applied: tuple[Path, Suites]) -> None:
    before, after = (start(folder, "-p", "no:fixturescope") for folder in (bad[0], applied[0]))
    passed = re.compile(r"\d+ passed")
    assert (before.code, after.code) == (0, 0), before.output + after.output
    assert passed.findall(before.output) == passed.findall(after.output)
