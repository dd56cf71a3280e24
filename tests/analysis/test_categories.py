"""Categories of fixtures: by the project's rules, or inferred."""

from __future__ import annotations

from pathlib import Path

import pytest

import fixturescope
from fixturescope.analysis.categories import INFERRED
from tests.oracle import live

SUITE = {
    "conftest.py": """
        import pytest

        def make(kind):
            @pytest.fixture
            def made(tmp_path):
                return kind
            return made

        for kind in ("gpt2", "toy"):
            globals()[f"get_{kind}__setup"] = make(kind)

        @pytest.fixture
        def http_client(): return object()
        @pytest.fixture
        def user_factory():
            def build(name): return name
            return build
        @pytest.fixture
        def quiet(monkeypatch): monkeypatch.setenv("A", "b")
        @pytest.fixture
        def numbers_of(tmp_path): return tmp_path
        @pytest.fixture
        def settings(): return {"a": 1}
        @pytest.fixture
        def pairs(): return [(1, 2)]
        @pytest.fixture
        def thing(): return object()
    """,
    "test_it.py": "def test_one(get_toy__setup, thing): pass\n",
}


def analyzed(tmp_path: Path, **settings: object) -> fixturescope.FixtureGraph:
    return live.analyzed(live.draw(tmp_path.resolve(), SUITE), settings={"limits": {"workers": 1}, **settings})


def test_inferred_and_said_to_be(tmp_path: Path) -> None:
    graph = analyzed(tmp_path)
    found = {f.name: f.category for f in graph.fixtures if f.category is not None}
    assert found == {
        "get_gpt2__setup": "path",
        "get_toy__setup": "path",
        "http_client": "client",
        "numbers_of": "path",
        "pairs": "data",
        "quiet": "environment patch",
        "settings": "config only",
        "thing": "other",
        "user_factory": "factory",
    }
    assert INFERRED in graph.info.notes
    assert graph.fixture("tmp_path").category is None


RULES = [
    {"name": "Real model", "match": ["get_*gpt2*", "get_*llama*"]},
    {"name": "Custom model", "made_by": "kind='toy'"},
    {"name": "Patches", "requests": "monkeypatch"},
    {"name": "Clients", "regex": "client$", "path": "conf*.py"},
    {"name": "Nowhere", "path": "elsewhere/*"},
]


def test_by_rules_the_first_that_fits(tmp_path: Path) -> None:
    graph = analyzed(tmp_path, category=RULES)
    found = {f.name: f.category for f in graph.fixtures if f.category not in (None, "other")}
    assert found == {
        "get_gpt2__setup": "Real model",
        "get_toy__setup": "Custom model",
        "quiet": "Patches",
        "http_client": "Clients",
    }
    assert INFERRED not in graph.info.notes


def test_a_rule_that_is_no_regular_expression(tmp_path: Path) -> None:
    with pytest.raises(fixturescope.UsageError, match="no regular expression"):
        analyzed(tmp_path, category=[{"name": "x", "regex": "("}])


def test_rules_of_the_settings_file(tmp_path: Path) -> None:
    rule = '[[tool.fixturescope.category]]\nname = "Things"\nmatch = "thing"\n'
    live.draw(tmp_path.resolve(), {"pyproject.toml": rule})
    assert analyzed(tmp_path).fixture("thing").category == "Things"
