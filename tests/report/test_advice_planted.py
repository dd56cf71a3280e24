"""A planted suite: every known problem is found, with what it saves, and nothing that only looks like one is called safe."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from fixturescope.document import Document
from fixturescope.model import Advice, Change
from fixturescope.report.advice import KINDS, WEIGHTS, advise
from fixturescope.report.advice.base import Figures
from tests.report.figures import SPREAD, analyzed, figured, files_of

SUITE = Path(__file__).parent.parent / "suites" / "advice_planted"

MIB = 1 << 20

SECONDS = {
    "rules": 0.1, "catalog": 0.1, "settings": 0.001, "region_label": 0.1, "engine": 0.2, "till": 0.1, "language": 0.03, "currencies": 0.05,
    "clean": 0.01, "database": 0.02, "emptied": 0.01, "basket": 0.03, "price_list": 0.2, "tax_table": 0.2,
    "backend": 0.1, "dialect": 0.2, "in_order": 0.1, "shop": 0.2, "office": 0.1, "invoice": 0.1,
    "changed_by_test": 0.1, "changed_by_alias": 0.1, "changed_by_fixture": 0.1, "filled": 0.1, "handed_on": 0.1,
    "changed_through_another": 0.1, "folder": 0.1, "named_after_test": 0.1, "environment": 0.1, "sold_elsewhere": 0.1,
    "account": 0.1, "mailer": 0.1, "cheap": 0.0001, "used_once": 0.1, "mine": 0.1, "clock": 0.1, "pair": 0.1,
    "one_sided": 0.1, "no_proxy": 0.01, "not_on_fridays": 0.01, "balanced": 0.05, "ledger": 0.05,
    "table": 0.001, "model": 0.001, "popular_table": 0.001, "small_table": 0.001, "dear_table": 1.0,
}  # fmt: skip

FIGURES = Figures(
    seconds=SECONDS,
    retained={
        "table": 64 * MIB,
        "model": 16 * MIB,
        "popular_table": 64 * MIB,
        "small_table": 1000,
        "dear_table": 64 * MIB,
        "constant_text": 100,
    },
    leaked={"cache": MIB, "thread": 0, "little": 1000},
    leaked_once={"first_time_only": 10 * MIB},
    left={"thread": "thread Feeder"},
    recorded={"backend": 7, "dialect": 4, "in_order": 2},
    imports={
        "decimal": (0.4, "conftest.py"),
        "fractions": (0.2, "conftest.py"),
        "statistics": (0.3, "conftest.py"),
        "html.parser": (0.5, "cleaning/conftest.py"),
        "csv": (0.1, "money/conftest.py"),
        "textwrap": (0.6, "cleaning/test_third.py"),
    },
)

ITEMS = 86
"""Of the whole suite, as pytest counts them."""

SAVES_S = {
    "widen-scope:conftest.py::catalog": 0.1 * (3 - 1),
    "widen-scope:conftest.py::engine": (0.2 + 0.001) * (2 - 1),
    "widen-scope:test_widen.py::rules": 0.1 * (3 - 1),
    "widen-scope:test_widen.py::TestTill::till": 0.1 * (2 - 1),
    "drop-autouse:conftest.py::language": 0.03 * (ITEMS - 1),
    "drop-autouse:money/conftest.py::currencies": 0.05 * (3 - 1),
    "narrow-autouse:cleaning/conftest.py::clean": (0.01 + 0.02) * (7 - 1),
    "narrow-autouse:cleaning/conftest.py::emptied": (0.01 + 0.03) * (7 - 1),
    "cache:test_widen.py::price_list": 0.2 * (2 - 1),
    "cache:test_widen.py::tax_table": 0.2 * (2 - 1),
    "grouping:test_parts.py::backend": 0.1 * (7 - 2),
    "grouping:test_parts.py::dialect": 0.2 * (4 - 2),
    "split:test_parts.py::shop": 0.2 * 2 * (1 - 1 / 2),
    "split:test_parts.py::office": 0.1 * 3 * (1 - 1 / 2),
    "lazy-import:conftest.py::ratio": 0.2 * (1 - 1 / 10),
    "lazy-import:money/conftest.py::statement": 0.1 * (1 - 1 / 10),
    "startup-import:decimal": 0.4,
    "startup-import:statistics": 0.3,
    "startup-import:html.parser": 0.5,
    "merge:orders/test_first.py::invoice": 0.1 * (2 - 1),
}
"""What is saved, worked out by hand: set-ups now less set-ups then, times the seconds of one."""

SAVES_BYTES = {
    "leak:test_parts.py::cache": MIB * 1,
    "retained:conftest.py::table": 64 * MIB,
    "retained:conftest.py::model": 16 * MIB,
}


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Document:
    return figured(analyzed(tmp_path_factory.mktemp("planted"), files_of(SUITE)), FIGURES)


@pytest.fixture(scope="module")
def advice(document: Document) -> tuple[Advice, ...]:
    return advise(document)


def marks(word: str) -> list[tuple[str, int, str]]:
    return sorted(
        (path, number, kind)
        for path, text in files_of(SUITE).items()
        for number, line in enumerate(text.splitlines(), 1)
        for kind in re.findall(rf"# {word}: ([a-z-]+)", line)
        if path.endswith(".py") and not line.startswith('"""')
    )


def places(document: Document, one: Advice) -> list[tuple[str, int]]:
    """Where the fixtures of a piece of advice stand, or its import."""
    fixtures = {fixture.id: fixture for fixture in document.fixtures}
    if one.fixtures:
        return [(fixtures[id_].path, fixtures[id_].line) for id_ in one.fixtures]
    text = files_of(SUITE)[one.evidence[0].path or ""]
    module = one.id.partition(":")[2]
    return [
        (one.evidence[0].path or "", number)
        for number, line in enumerate(text.splitlines(), 1)
        if line.startswith(f"import {module}")
    ]


def test_the_suite_is_planted_as_it_should_be() -> None:
    planted = Counter(kind for *_, kind in marks("planted"))
    assert sorted(planted) == sorted(kind.kind for kind in KINDS)
    assert min(planted.values()) >= 2
    assert sum(planted.values()) >= 30
    assert len(marks("fine")) >= 30


def test_all_planted_problems_are_found_and_nothing_else(document: Document, advice: tuple[Advice, ...]) -> None:
    found = {(*places(document, one)[0], one.kind): one.safety for one in advice}
    assert set(marks("planted")) - set(found) == set()
    others = {at: safety for at, safety in found.items() if at not in marks("planted")}
    assert set(others.values()) == {"possible"}
    assert sorted(at for at in others if at not in marks("fine")) == []


def test_what_they_save_is_what_a_person_works_out(advice: tuple[Advice, ...]) -> None:
    certain = [one for one in advice if one.id in SAVES_S]
    assert {one.id: one.saves_s.likely for one in certain if one.saves_s} == pytest.approx(SAVES_S)
    assert {one.id: one.saves_bytes.likely for one in advice if one.saves_bytes} == SAVES_BYTES
    unsaid = {one.kind for one in advice if one.saves_s is None and one.saves_bytes is None}
    assert unsaid == {"narrow-scope", "delete", "merge", "usefixtures", "leak"}  # a leak of a thread has no bytes


def test_the_ends_of_a_saving_are_those_of_the_samples(advice: tuple[Advice, ...]) -> None:
    (rules,) = [one for one in advice if one.id == "widen-scope:test_widen.py::rules"]
    assert rules.saves_s is not None
    assert (rules.saves_s.low, rules.saves_s.high) == pytest.approx((0.2 * (1 - SPREAD), 0.2 * (1 + SPREAD)))


def test_the_best_and_safest_comes_first(advice: tuple[Advice, ...]) -> None:
    weights = [WEIGHTS[one.safety] * (one.saves_s.likely if one.saves_s else 0) for one in advice]
    assert weights == sorted(weights, reverse=True)
    assert [one.id for one in advice][:2] == ["drop-autouse:conftest.py::language", "grouping:test_parts.py::backend"]
    assert len({one.id for one in advice}) == len(advice)


def test_every_piece_says_why_and_where(advice: tuple[Advice, ...]) -> None:
    assert [one.id for one in advice if not one.evidence] == []
    assert [one.id for one in advice if not any(why.path for why in one.evidence)] == []
    assert [one.id for one in advice if one.safety != "likely" and not one.against] == []


def test_a_chain_goes_whole(advice: tuple[Advice, ...]) -> None:
    changes = {one.id: one.changes for one in advice}

    def removed(*names: str) -> tuple[Change, ...]:
        return tuple(Change(op="remove", fixture=f"conftest.py::{name}") for name in names)

    assert changes["delete:conftest.py::tree"] == removed("tree", "branch", "leaf")
    assert changes["delete:conftest.py::first_head"] == removed("first_head", "second_head", "common_part")


def test_what_must_be_widened_first_is_widened_with_it(advice: tuple[Advice, ...]) -> None:
    (engine,) = [one for one in advice if one.id == "widen-scope:conftest.py::engine"]
    assert engine.changes == (
        Change(op="scope", fixture="conftest.py::engine", to="module"),
        Change(op="scope", fixture="conftest.py::settings", to="module"),
    )


def test_a_suite_that_was_not_measured_gets_what_needs_no_figures(document: Document) -> None:
    static = msgspec.structs.replace(document, measurements=(), startup=None, recorded=())
    found = advise(static)
    assert {one.kind for one in found} == {
        "drop-autouse",
        "narrow-autouse",
        "narrow-scope",
        "delete",
        "merge",
        "usefixtures",
    }
    assert [one.id for one in found if one.saves_s or one.saves_bytes] == []


def test_where_bodies_were_not_read_no_widening_is_called_safe(document: Document) -> None:
    found = advise(msgspec.structs.replace(document, readings=()))
    assert {one.kind for one in found if one.safety == "likely"} == {"leak", "retained", "narrow-scope", "delete"}
    assert {one.safety for one in found if one.kind == "widen-scope"} == {"possible"}


def test_nothing_that_only_looks_like_a_problem_is_called_safe(document: Document, advice: tuple[Advice, ...]) -> None:
    likely = {place for one in advice if one.safety == "likely" for place in places(document, one)}
    assert [mark for mark in marks("fine") if mark[:2] in likely] == []
