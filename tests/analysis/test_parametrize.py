"""What ``parametrize`` and ``usefixtures`` marks say, straight from their text."""

from __future__ import annotations

import pytest
from helpers_evaluate import Drawn, module, shown

from fixturescope.analysis.parametrize import choices, lazy_names, param_choice, parametrization, usefixtures
from fixturescope.analysis.values import Mark


def drawn(*marks: str) -> tuple[Drawn, list[Mark]]:
    """Marks of a test, closest first."""
    source = (
        "import os, pytest\nfrom pytest_lazy_fixtures import lf\nCASES = [1, 2]\nmark = pytest.mark\nmarks = ["
        + ", ".join(marks)
        + "]\n"
    )
    read = module(source)
    value = read.value("marks")
    return read, list(value.items)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("marks", "direct", "indirect", "count", "exact"),
    [
        ([], set(), {}, 1, True),
        (["mark.slow"], set(), {}, 1, True),
        (["mark.parametrize('a', [1, 2])"], {"a"}, {}, 2, True),
        (["mark.parametrize('a', (1, 2, 3))"], {"a"}, {}, 3, True),
        (["mark.parametrize('a', 'xyz')"], {"a"}, {}, 3, True),
        (["mark.parametrize('a', range(4))"], {"a"}, {}, 4, True),
        (["mark.parametrize('a', CASES)"], {"a"}, {}, 2, True),
        (["mark.parametrize('a', {1: 2, 3: 4})"], {"a"}, {}, 2, True),
        (["mark.parametrize(argnames='a', argvalues=[1])"], {"a"}, {}, 1, True),
        (["mark.parametrize('a, b ,', [(1, 2)])"], {"a", "b"}, {}, 1, True),
        (["mark.parametrize(['a', 'b'], [(1, 2), (3, 4)])"], {"a", "b"}, {}, 2, True),
        (["mark.parametrize(('a',), [(1,)])"], {"a"}, {}, 1, True),
        (["mark.parametrize('a', [1, 2])", "mark.parametrize('b', [1, 2, 3])"], {"a", "b"}, {}, 6, True),
        (["mark.parametrize('a', [1, 2], indirect=True)"], set(), {"a": 2}, 2, True),
        (["mark.parametrize('a', [1, 2], True)"], set(), {"a": 2}, 2, True),
        (["mark.parametrize('a', [1, 2], indirect=False)"], {"a"}, {}, 2, True),
        (["mark.parametrize('a,b', [(1, 2)], indirect=['b'])"], {"a"}, {"b": 1}, 1, True),
        (["mark.parametrize('a', os.listdir())"], {"a"}, {}, 1, False),
        (["mark.parametrize('a', os.listdir(), indirect=True)"], set(), {"a": None}, 1, False),
        (["mark.parametrize(os.sep, [1, 2])"], set(), {}, 2, False),
        (["mark.parametrize([os.sep], [1, 2])"], set(), {}, 2, False),
        (["mark.parametrize(*os.listdir())"], set(), {}, 1, False),
        (["mark.parametrize('a', [pytest.param(1, marks=mark.slow), pytest.param(2)])"], {"a"}, {}, 2, True),
    ],
)  # fmt: skip
def test_parametrization(
    marks: list[str], direct: set[str], indirect: dict[str, int | None], count: int, exact: bool
) -> None:
    read, found = drawn(*marks)
    result = parametrization(read.linker.evaluator, found)
    assert (set(result.direct), dict(result.indirect), result.count, result.exact) == (direct, indirect, count, exact)
    assert result.names == direct | set(indirect)


def test_an_empty_list_is_one_skipped_item() -> None:
    read, found = drawn("mark.parametrize('a', [])")
    assert parametrization(read.linker.evaluator, found).count == 1


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ("[lf('a'), lf('b.attribute')]", ["b", "a"]),
        ("[(1, lf('a')), pytest.param(lf('b'))]", ["b", "a"]),
        ("[lf(os.sep)]", []),
        ("[lf()]", []),
        ("[1]", []),
        ("os.listdir()", []),
    ],
)
def test_lazy_values(values: str, names: list[str]) -> None:
    read, found = drawn(f"mark.parametrize('x', {values})")
    ev = read.linker.evaluator
    assert lazy_names(ev, found[0].args[1]) == names
    assert list(parametrization(ev, found).lazy) == names


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        (["mark.parametrize('a', ['x', 'y'])"], {"a": ["x", "y"]}),
        (["mark.parametrize('a', ['x'])"], {"a": "x"}),
        (["mark.parametrize('a,b', [('x', 1), ('y', 2)])"], {"a": ["x", "y"], "b": [1, 2]}),
        (["mark.parametrize('a,b', [('x', 1), os.sep, ('y',)])"], {"a": ["x", "?", "y"], "b": [1, "?", "?"]}),
        (["mark.parametrize('a', [pytest.param('x'), 'y'])"], {"a": ["x", "y"]}),
        (["mark.parametrize('a', ['x'])", "mark.parametrize('a', ['z'])"], {"a": "x"}),
        (["mark.parametrize('a', range(2_000))"], {}),
        (["mark.parametrize('a', [])"], {}),
        (["mark.parametrize(os.sep, [1])"], {}),
        (["mark.parametrize(*os.listdir())"], {}),
        (["mark.slow"], {}),
    ],
)
def test_what_arguments_may_be(marks: list[str], expected: dict[str, object]) -> None:
    read, found = drawn(*marks)
    result = choices(read.linker.evaluator, found)
    assert {
        name: [shown(one) for one in getattr(value, "values", ())] or shown(value) for name, value in result.items()
    } == expected


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ("['x', 'y']", ["x", "y"]),
        ("['x']", "x"),
        ("[pytest.param('x', id='1'), pytest.param()]", ["x", "<ParamSet>"]),
        ("[]", "?"),
        ("os.listdir()", "?"),
        ("range(2_000)", "?"),
    ],
)
def test_what_request_param_may_be(params: str, expected: object) -> None:
    read = module(f"import os, pytest\nparams = {params}\n")
    value = param_choice(read.linker.evaluator, read.value("params"))
    assert ([shown(one) for one in getattr(value, "values", ())] or shown(value)) == expected
    assert shown(param_choice(read.linker.evaluator, None)) == "?"


@pytest.mark.parametrize(
    ("marks", "names", "unread"),
    [
        (["mark.usefixtures('a', 'b')"], ["a", "b"], 0),
        (["mark.usefixtures('a')", "mark.slow", "mark.usefixtures('b')"], ["a", "b"], 0),
        (["mark.usefixtures(*['a', 'b'])"], ["a", "b"], 0),
        (["mark.usefixtures('a', os.sep)"], ["a"], 1),
        (["mark.usefixtures(*os.listdir())"], [], 1),
        (["mark.usefixtures(1)"], [], 1),
        (["mark.usefixtures()"], [], 0),
    ],
)
def test_usefixtures(marks: list[str], names: list[str], unread: int) -> None:
    found, left = usefixtures(drawn(*marks)[1])
    assert (found, len(left)) == (names, unread)
