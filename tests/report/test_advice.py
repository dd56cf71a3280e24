"""Each kind of advice on its own examples, the pages made of them, and what is predicted to the last digit."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import get_args

import pytest

from fixturescope.document import Document
from fixturescope.model import Advice, AdviceKind
from fixturescope.report.advice import KINDS, advise
from fixturescope.report.advice.base import Figures, Kind
from tests.report.figures import Suites, figured

SUITES: dict[str, Mapping[str, str]] = {
    **{f"good-{kind.kind}": kind.GOOD for kind in KINDS},
    **{f"bad-{kind.kind}": kind.BAD for kind in KINDS},
}

Draw = Callable[..., Document]


@pytest.fixture(scope="module")
def suites(tmp_path_factory: pytest.TempPathFactory) -> Suites:
    return Suites(tmp_path_factory.mktemp("suites"), SUITES)


@pytest.fixture
def draw(suites: Suites) -> Draw:
    """Return the document of a suite, with figures on it."""

    def drawn(name: str, figures: Figures | None = None) -> Document:
        return figured(suites.one(name), figures or Figures())

    return drawn


def marked(kind: type[Kind], files: Mapping[str, str]) -> list[tuple[str, int]]:
    return [
        (name, number)
        for name, text in files.items()
        for number, line in enumerate(text.splitlines(), 1)
        if re.search(rf"# {kind.kind}$", line)
    ]


def places(document: Document, found: list[Advice]) -> list[tuple[str, int]]:
    fixtures = {one.id: one for one in document.fixtures}
    return [
        (fixtures[one.fixtures[0]].path, fixtures[one.fixtures[0]].line)
        if one.fixtures
        else (one.evidence[0].path or "", 1)
        for one in found
    ]


def test_there_is_one_class_for_each_kind() -> None:
    assert sorted(kind.kind for kind in KINDS) == sorted(get_args(AdviceKind))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_a_bad_example_gets_the_advice_where_it_says(kind: type[Kind], draw: Draw) -> None:
    document = draw(f"bad-{kind.kind}", kind.FIGURES)
    found = [one for one in advise(document) if one.kind == kind.kind]
    assert places(document, found) == marked(kind, kind.BAD) != []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_a_good_example_gets_none_of_it(kind: type[Kind], draw: Draw) -> None:
    assert [one for one in advise(draw(f"good-{kind.kind}", kind.FIGURES)) if one.kind == kind.kind] == []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_a_kind_says_what_it_is(kind: type[Kind]) -> None:
    assert "Given" in kind.explanation()
    assert "could make it wrong" in kind.explanation()
    assert kind.summary.endswith(".")
    assert not kind.name.endswith(".")


def test_the_pages_are_up_to_date() -> None:
    script = Path(__file__).parent.parent.parent / "docs" / "build_advice.py"
    spec = importlib.util.spec_from_file_location("build_advice", script)
    assert spec is not None
    assert spec.loader is not None
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    found = {path.name: path.read_text("utf-8") for path in build.FOLDER.iterdir()}
    assert found == build.pages(), "run: python docs/build_advice.py"
