"""Each kind of advice on its own examples, the pages made of them, and what is predicted to the last digit."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import get_args

import msgspec
import pytest

from fixturescope.document import Document, from_graph
from fixturescope.model import Advice, AdviceKind, Duration, Samples
from fixturescope.report.advice import KINDS, advise
from fixturescope.report.advice.base import Figures, Kind
from fixturescope.report.advice.context import AdviceContext, _range
from fixturescope.report.advice.imports import _is_tested
from tests import samples
from tests.report.figures import Suites, figured

SUITES: dict[str, Mapping[str, str]] = {
    **{f"good-{kind.kind}": kind.GOOD for kind in KINDS},
    **{f"bad-{kind.kind}": kind.BAD for kind in KINDS},
}


def rules(*tests: str, head: str = "", body: str = "return make()") -> dict[str, str]:
    """A suite with a fixture ``rules`` and tests that do something with it."""
    fixture = f"import pytest\n{head}\n\n@pytest.fixture\ndef rules(pytestconfig):\n    {body}\n"
    return {"test_a.py": fixture + "".join(f"\ndef test_{at}(rules):\n    {one}\n" for at, one in enumerate(tests))}


SUITES |= {
    "one-changes": rules("rules.append(1)", "assert rules"),
    "many-change": rules(*["rules.append(1)"] * 4),
    "unknown-call": rules("assert rules.check()", "assert rules"),
    "only-read": rules("assert rules[0]", "assert rules"),
    "of-a-test": {
        "test_a.py": "import pytest\n\n@pytest.fixture\ndef rules(request):\n    return [request.node]\n"
        + "".join(f"\ndef test_{at}(rules):\n    assert rules\n" for at in range(2))
    },
    "reads-the-clock": rules("assert rules", "assert rules", head="import time", body="return [time.time()]"),
    "skips": rules("assert rules[0]", "assert rules", body="if not make: pytest.skip('no')\n    return make()"),
    "asynchronous": {
        "test_a.py": "import pytest\n\n@pytest.fixture\nasync def rules():\n    return [1]\n"
        + "".join(f"\nasync def test_{at}(rules):\n    assert rules\n" for at in range(2))
    },
    "asked-dynamically": {
        "test_a.py": "import pytest\n\n@pytest.fixture\ndef rules():\n    return [1]\n"
        + "".join(f"\ndef test_{at}(request):\n    assert request.getfixturevalue('rules')\n" for at in range(2))
    },
    "one-file-fails": {
        "conftest.py": "import pytest\n\n@pytest.fixture\ndef rules():\n    return [1]\n",
        "test_a.py": "def test_a():\n    pass\n",
        "test_b.py": "import there_is_no_such_module\n\ndef test_b(rules):\n    pass\n",
    },
    "environment-decides": {
        "test_a.py": "import pytest, os\nFLAG = 'X' in os.environ\n\n@pytest.fixture(autouse=FLAG)\ndef rules():\n    return [1]\n"
        "\ndef test_a():\n    pass\n",
    },
    "a-name-that-is-not-known": {
        "test_a.py": "import pytest\n\n@pytest.fixture\ndef rules():\n    return [1]\n"
        "\ndef test_a(request):\n    request.getfixturevalue('x_' + str(request))\n",
    },
    "nothing-collected": {
        "conftest.py": "",
        "sub/conftest.py": "import pytest\n\n@pytest.fixture\ndef rules():\n    return [1]\n",
        "test_a.py": "def test_a():\n    pass\n",
    },
    "dear-below": {
        "test_a.py": "import pytest\n\n@pytest.fixture\ndef app():\n    return [1]\n"
        "\n@pytest.fixture\ndef rules(app):\n    return [app]\n"
        + "".join(f"\ndef test_{at}(rules):\n    assert rules\n" for at in range(3))
    },
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


@pytest.mark.parametrize(
    ("suite", "expected"),
    [
        ("only-read", "likely"),
        ("skips", "likely"),
        ("unknown-call", "possible"),
        ("reads-the-clock", "possible"),
        ("asked-dynamically", "possible"),
        ("one-changes", "unlikely"),
        ("of-a-test", "unlikely"),
        ("asynchronous", "unlikely"),
        ("many-change", None),
    ],
)
def test_how_safe_it_is_to_share(suite: str, expected: str | None, draw: Draw) -> None:
    found = [one for one in advise(draw(suite, Figures(seconds={"rules": 1.0}))) if one.kind == "widen-scope"]
    assert [one.safety for one in found] == ([] if expected is None else [expected])
    assert all(one.against for one in found if one.safety != "likely")


def test_what_costs_is_widened_and_not_what_asks_for_it(draw: Draw) -> None:
    found = advise(draw("dear-below", Figures(seconds={"app": 1.0, "rules": 0.05})))
    assert [one.id for one in found] == ["widen-scope:test_a.py::app"]
    both = advise(draw("dear-below", Figures(seconds={"app": 0.05, "rules": 1.0})))
    assert [one.id for one in both] == ["widen-scope:test_a.py::rules", "widen-scope:test_a.py::app"]
    assert [len(one.changes) for one in both] == [2, 1]


def test_what_is_read_is_told_with_who_and_where(draw: Draw) -> None:
    (found,) = [
        one for one in advise(draw("one-changes", Figures(seconds={"rules": 1.0}))) if one.kind == "widen-scope"
    ]
    assert [(one.text, one.path, one.line) for one in found.evidence] == [
        ("one set-up and teardown of rules: 1.00 s (900 ms to 1.10 s), 2 set-ups in a full run", None, None),
        ("with module scope it is set up 1 time instead of 2", "test_a.py", 5),
        ("all that it asks for is as wide", "test_a.py", 5),
    ]
    assert [(one.text, one.path, one.line) for one in found.against] == [
        ("test_0 changes its value: rules.append", "test_a.py", 9)
    ]


def test_what_could_not_be_read_is_not_called_safe(draw: Draw) -> None:
    document = draw("only-read", Figures(seconds={"rules": 1.0}))
    partly = tuple(msgspec.structs.replace(one, incomplete="test_b.py: cannot be parsed") for one in document.readings)
    (found,) = advise(msgspec.structs.replace(document, readings=partly))
    assert (found.safety, found.against[0].text) == (
        "possible",
        "not all could be read: test_b.py: cannot be parsed",
    )


@pytest.mark.parametrize(
    ("suite", "expected"),
    [
        ("one-file-fails", ["possible"]),
        ("environment-decides", ["possible"]),
        ("a-name-that-is-not-known", ["likely"]),
        ("nothing-collected", []),
    ],
)
def test_how_safe_it_is_to_delete(suite: str, expected: list[str], draw: Draw) -> None:
    found = [one for one in advise(draw(suite)) if one.kind == "delete"]
    assert [one.safety for one in found] == expected
    assert all(one.against for one in found if one.safety != "likely")


@pytest.mark.parametrize("seconds", [0.0, 0.049])
def test_what_saves_little_is_not_told(seconds: float, draw: Draw) -> None:
    assert advise(draw("only-read", Figures(seconds={"rules": seconds}))) == ()


@pytest.mark.parametrize(
    ("rootdir", "package", "expected"),
    [
        ("/home/ada/structlog-26.1.0", "structlog", True),
        ("C:\\work\\attrs", "attr", True),
        ("/home/ada/python-dateutil", "dateutil", True),
        ("/home/ada/PyYAML", "yaml", True),
        ("/home/ada/shop", "torch", False),
        ("/home/ada/torch-shop/", "torch", True),
        ("/home/ada/shop", "sh", False),
    ],
)
def test_the_package_that_a_project_is_about_is_known_by_its_name(rootdir: str, package: str, expected: bool) -> None:
    document = msgspec.structs.replace(from_graph(samples.shop()), rootdir=rootdir)
    assert _is_tested(AdviceContext(document), package) is expected


def test_one_disturbed_sample_does_not_stretch_an_estimate() -> None:
    def samples_of(*seconds: float) -> tuple[float, float]:
        own = Samples(median=median(seconds), spread=0.0, samples=seconds)
        found = _range(Duration(cold=1.0, cold_cumulative=1.0, own=own, cumulative=own))
        return found.low, found.high

    assert samples_of(1.0, 2.0, 9.0) == (1.0, 9.0)
    assert samples_of(1.0, 2.0, 3.0, 4.0, 90.0) == (2.0, 4.0)


def test_the_pages_are_up_to_date() -> None:
    script = Path(__file__).parent.parent.parent / "docs" / "build_advice.py"
    spec = importlib.util.spec_from_file_location("build_advice", script)
    assert spec is not None
    assert spec.loader is not None
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    found = {path.name: path.read_text("utf-8") for path in build.FOLDER.iterdir()}
    assert found == build.pages(), "run: python docs/build_advice.py"
