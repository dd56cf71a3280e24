"""``getfixturevalue``: which names a body asks for, which only perhaps, and what is known of the others."""

from __future__ import annotations

from textwrap import indent

import pytest
from helpers_evaluate import draw, module

from fixturescope.analysis.bounds import Bounds
from fixturescope.analysis.dynamic import DynamicRequests
from fixturescope.analysis.evaluate import DynamicRequest
from fixturescope.analysis.nodes import CollectedTest, Definition, Node
from fixturescope.analysis.values import FixtureValue, FunctionValue

BEFORE = """
import os, pytest
NAMES = ["one", "two"]
def ask(request, name="default"): return request.getfixturevalue(name)
def asks_twice(get): return get("one"), get("two")
class Base:
    wanted = "from_class"
    def ask(self, request): return request.getfixturevalue(self.wanted)
"""


def said(requests: tuple[DynamicRequest, ...]) -> list[str]:
    """``name`` if it is certain, ``name?`` if not; a pattern for one that is not known; ``/2`` if one in two items asks."""
    return [f"{r.pattern}{'' if r.certain else '?'}{f'/{r.share}' if r.share > 1 else ''}" for r in requests]


def of_test(body: str, *, marks: str = "", arguments: str = "request") -> list[str]:
    """What a test with this body asks for."""
    drawn = module(f"{BEFORE}\n{marks}\ndef test_it({arguments}):\n{indent(body, '    ')}\n")
    function = drawn.value("test_it")
    assert isinstance(function, FunctionValue)
    test = CollectedTest("t", "test_it", Node("module", "m"), function, 1, ("request",), function.marks)
    requests = DynamicRequests(drawn.linker.evaluator)
    assert requests.of(test) is requests.of(test)
    return said(requests.of(test))


@pytest.mark.parametrize(
    ("body", "asked"),
    [
        ("pass", []),
        ("request.getfixturevalue('one')", ["one"]),
        ("x = request.getfixturevalue('one')", ["one"]),
        ("request.getfixturevalue(argname='one')", ["one"]),
        ("assert request.getfixturevalue('one') == request.getfixturevalue('two')", ["one", "two"]),
        ("for name in NAMES: request.getfixturevalue(name)", ["one", "two"]),
        ("[request.getfixturevalue(name) for name in NAMES]", ["one", "two"]),
        ("[request.getfixturevalue(name) for name in os.listdir()]", ["*?"]),
        ("for name in os.listdir(): request.getfixturevalue(name)", ["*?"]),
        ("request.getfixturevalue(os.sep)", ["*?"]),
        ("request.getfixturevalue(f'get_{os.sep}_x')", ["get_*_x?"]),
        ("request.getfixturevalue('get_' + os.sep)", ["get_*?"]),
        ("request.getfixturevalue('%s_x' % os.sep)", ["*_x?"]),
        ("request.getfixturevalue(1)", []),
        ("request.getfixturevalue()", ["*?"]),
        ("if os.sep: request.getfixturevalue('one')", ["one?"]),
        ("if os.sep: request.getfixturevalue('one')\nelse: request.getfixturevalue('two')", ["one?", "two?"]),
        ("if True: request.getfixturevalue('one')\nelse: request.getfixturevalue('two')", ["one"]),
        ("if os.sep: return\nrequest.getfixturevalue('one')", ["one?"]),
        ("while os.sep: request.getfixturevalue('one')", ["one?"]),
        ("try: request.getfixturevalue('one')\nexcept KeyError: request.getfixturevalue('two')", ["one", "two?"]),
        ("with pytest.raises(KeyError): request.getfixturevalue('one')", ["one"]),
        ("return request.getfixturevalue('one')\nrequest.getfixturevalue('two')", ["one"]),
        ("ask(request, 'one')", ["one"]),
        ("ask(request)", ["default"]),
        ("ask(request, name=os.sep)", ["*?"]),
        ("get = request.getfixturevalue\nget('one')", ["one"]),
        ("asks_twice(request.getfixturevalue)", ["one", "two"]),
        ("list(map(request.getfixturevalue, NAMES))", ["one", "two"]),
        ("list(map(request.getfixturevalue, os.listdir()))", ["*?"]),
        ("os.system(request.getfixturevalue)", ["*?"]),
        ("Base().ask(request)", ["from_class"]),
        ("f = lambda: request.getfixturevalue('one')\nf()", ["one"]),
        ("def inner(): return request.getfixturevalue('one')\ninner()", ["one"]),
        ("def inner(): return request.getfixturevalue('one')", ["one?"]),
        ("if os.sep:\n  def inner(): return request.getfixturevalue('one')", ["one?"]),
        ("try:\n  def inner(): return request.getfixturevalue('one')\nexcept KeyError:\n  def inner(): return request.getfixturevalue('two')",
         ["one?", "two?"]),
        ("pytest.skip('no')\nrequest.getfixturevalue('one')", ["one"]),
        ("yield request.getfixturevalue('one')", ["one"]),
    ],
)  # fmt: skip
def test_what_a_body_asks_for(body: str, asked: list[str]) -> None:
    assert sorted(of_test(body)) == sorted(asked)


def test_parameters_that_are_names() -> None:
    mark = "@pytest.mark.parametrize('name', ['one', 'two'])"
    assert of_test("request.getfixturevalue(name)", marks=mark, arguments="request, name") == ["one/2", "two/2"]
    assert of_test("request.getfixturevalue(f'{name}_x')", marks=mark, arguments="request, name") == [
        "one_x/2",
        "two_x/2",
    ]
    assert of_test("request.getfixturevalue(name)", arguments="request, name") == ["*?"]


def of_fixture(source: str, name: str = "made") -> list[str]:
    drawn = module(BEFORE + source)
    value = drawn.value(name)
    assert isinstance(value, FixtureValue)
    definition = Definition(name, name, value, Node("session", ""), (), "function", False, None)
    return said(DynamicRequests(drawn.linker.evaluator).of(definition))


@pytest.mark.parametrize(
    ("source", "asked"),
    [
        ("@pytest.fixture\ndef made(request): return request.getfixturevalue('one')", ["one"]),
        (
            "@pytest.fixture(params=['one', 'two'])\ndef made(request): return request.getfixturevalue(request.param)",
            ["one/2", "two/2"],
        ),
        (
            "@pytest.fixture(params=os.listdir())\ndef made(request): return request.getfixturevalue(request.param)",
            ["*?"],
        ),
        ("@pytest.fixture\ndef made(): return 1", []),
        ("made = pytest.fixture(lambda request: request.getfixturevalue('one'))", ["one"]),
        ("made = pytest.fixture(os.getcwd)", []),
    ],
)
def test_what_a_fixture_asks_for(source: str, asked: list[str]) -> None:
    assert of_fixture(source) == asked


def test_a_method_knows_its_class() -> None:
    drawn = module(
        BEFORE
        + "class TestIt(Base):\n    wanted = 'own'\n    def test_it(self, request): request.getfixturevalue(self.wanted)\n"
    )
    cls = drawn.value("TestIt")
    function = cls.frame.names["test_it"].value  # type: ignore[attr-defined]
    test = CollectedTest("t", "test_it", Node("class", "c"), function, 1, ("request",), ())
    assert said(DynamicRequests(drawn.linker.evaluator).of(test)) == ["own"]


def test_a_test_without_a_body() -> None:
    drawn = module(BEFORE)
    test = CollectedTest("t", "test_it", Node("module", "m"), None, 1, (), ())
    assert DynamicRequests(drawn.linker.evaluator).of(test) == ()


def test_helpers_that_nobody_was_seen_to_call() -> None:
    drawn = draw(
        {
            "module.py": "def ask(request, name): return request.getfixturevalue('get_' + name)\ndef known(r): return r.getfixturevalue('one')\n"
        }
    )
    requests = DynamicRequests(drawn.linker.evaluator)
    found = requests.loose([drawn.module("module")])
    assert [(request.pattern, request.line, where.dotted) for request, where in found] == [
        ("get_*", 1, "module"),
        ("one", 2, "module"),
    ]


def test_a_helper_that_a_test_calls_is_not_loose() -> None:
    drawn = module("def ask(request): return request.getfixturevalue('one')\ndef test_it(request): ask(request)\n")
    function = drawn.value("test_it")
    assert isinstance(function, FunctionValue)
    requests = DynamicRequests(drawn.linker.evaluator)
    requests.of(CollectedTest("t", "test_it", Node("module", "m"), function, 1, ("request",), ()))
    assert requests.loose([drawn.module("module")]) == []


DEEP = "".join(
    f"def check_{i}(a, b=None):\n"
    + "".join(f"    if a.x{j}: check_{i + 1}(a, {j % 2})\n" for j in range(8))
    + "    return a\n"
    for i in range(8)
)
"""Eight calls in each of eight functions, one below the other: sixteen million ways through them."""


def test_a_helper_that_many_branches_call_alike_is_evaluated_once() -> None:
    body = "check_0(a)\n    request.getfixturevalue('one')"
    drawn = module(f"{DEEP}def check_8(a, b): return a\ndef test_it(request, a):\n    {body}\n")
    function = drawn.value("test_it")
    assert isinstance(function, FunctionValue)
    test = CollectedTest("t", "test_it", Node("module", "m"), function, 1, ("request", "a"), ())
    assert said(DynamicRequests(drawn.linker.evaluator).of(test)) == ["one"]
    assert drawn.module("module").issues == []


def test_each_body_has_steps_of_its_own() -> None:
    heavy = "def heavy(request):\n    for i in range(3000): x = i\n    request.getfixturevalue('one')\n"
    light = "def light(request):\n    for i in range(90): x = i\n    request.getfixturevalue('one')\n"
    drawn = module(heavy + light)
    drawn.linker.evaluator.bounds = Bounds(steps=40_000)  # 2,000 at most for one body, and 100 at least

    def asked(name: str) -> list[str]:
        function = drawn.value(name)
        assert isinstance(function, FunctionValue)
        test = CollectedTest("t", name, Node("module", "m"), function, 1, ("request",), ())
        return said(DynamicRequests(drawn.linker.evaluator).of(test))

    assert [asked("heavy") for _ in range(25)] == [[]] * 25
    assert [asked("light") for _ in range(3)] == [["one"]] * 3
    messages = [issue.message for issue in drawn.module("module").issues]
    assert messages[:19] == ["evaluation stopped after 2000 steps"] * 19
    assert messages[-5:] == ["evaluation stopped after 100 steps"] * 5


def test_what_stops_within_a_helper_of_another_module_is_said() -> None:
    helper = "import pytest\ndef helper(n):\n    for i in range(3000): x = i\n    return n\n"
    test = "from helpers import helper\ndef test_it(request):\n    helper(1)\n    request.getfixturevalue('one')\n"
    drawn = draw({"helpers.py": helper, "module.py": test})
    drawn.linker.evaluator.bounds = Bounds(steps=40_000)
    function = drawn.value("test_it")
    assert isinstance(function, FunctionValue)
    found = CollectedTest("t", "test_it", Node("module", "m"), function, 1, ("request",), ())
    assert DynamicRequests(drawn.linker.evaluator).of(found) == ()
    assert [(issue.line, issue.message) for issue in drawn.module("module").issues] == [
        (2, "evaluation stopped within what it calls: what it asks for is not wholly known")
    ]


@pytest.mark.parametrize(
    ("before", "body"),
    [
        ("class State: pass\nSTATE = State()\nSTATE.name = 'one'\ndef say(): return STATE.name",
         "say()\nSTATE.name = 'two'\nask(request, say())"),
        ("class State: name = 'one'\ndef say(): return State.name", "say()\nState.name = 'two'\nask(request, say())"),
        ("NAMES = ['one']\nKEPT = NAMES\ndef say(): return KEPT[-1]", "say()\nNAMES.append('two')\nask(request, say())"),
        ("class State: pass\nSTATE = State()\nSTATE.name = 'one'\ndef say(): return STATE.name\ndef turn(): STATE.name = 'two' if STATE.name == 'one' else 'one'",
         "turn()\nturn()\nturn()\nask(request, say())"),
        ("class State: pass\nSTATE = State()\nSTATE.name = 'one'\ndef say(): return STATE.name", "say()\nos.getcwd(STATE)\nundefined(STATE)\nSTATE.name = 'two'\nask(request, say())"),
        ("import sys\ndef say(): return sys._getframe(1).f_locals['name']\ndef first(name='one'): return say()\ndef second(name='two'): return say()",
         "first()\nask(request, second())"),
        ("GOES = iter(['one', 'two'])\ndef say(): return next(GOES)", "say()\nask(request, say())"),
        ("def say(): return 'one' if 1 is True else 'two'", "say()\nask(request, say())"),
        ("def say(n): return 'one' if n is True else 'two'", "say(True)\nask(request, say(1))"),
        ("def say(n): return f'{n}'.replace('-0.0', 'two').replace('0.0', 'one')", "say(0.0)\nask(request, say(-0.0))"),
    ],
)  # fmt: skip
def test_a_helper_is_evaluated_again_where_it_may_say_something_else(before: str, body: str) -> None:
    source = f"{BEFORE}\n{before}\ndef test_it(request):\n{indent(body, '    ')}\n"
    drawn = module(source)
    function = drawn.value("test_it")
    assert isinstance(function, FunctionValue)
    test = CollectedTest("t", "test_it", Node("module", "m"), function, 1, ("request",), ())
    [asked] = DynamicRequests(drawn.linker.evaluator).of(test)
    assert asked.name in ("two", None)  # it may be unknown, never what it was before
