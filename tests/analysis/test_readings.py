"""What source says about changing a fixture: tables of functions and what is read of them, and whole suites."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from fixturescope.analysis import analyze
from fixturescope.analysis import readings as module
from fixturescope.analysis.pipeline import CACHE_FILE
from fixturescope.analysis.readings import read_bodies
from fixturescope.analysis.readings.file import read_file, read_text
from fixturescope.analysis.readings.said import File, Function
from fixturescope.graph import FixtureGraph
from fixturescope.model import EFFECT, Finding, Reading


def function(source: str, name: str = "f") -> Function:
    """What is read of the one function of that name."""
    text = dedent(source).strip() + "\n"
    lines = frozenset(n for n, line in enumerate(text.splitlines(), 1) if f"def {name}(" in line)
    (found,) = read_text(text, lines, "a.py").functions
    return found


def uses(body: str, signature: str = "cart, other") -> list[str]:
    """What a body does with ``cart``: kind and code."""
    indented = "".join(f"    {line}\n" for line in dedent(body).strip().splitlines())
    found = function(f"def f({signature}):\n{indented}")
    return [f"{use.kind} {use.detail}" for use in found.uses if use.name == "cart" and use.kind != "part"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("assert cart.total == 3", []),
        ("cart.total = 3", ["mutates cart.total ="]),
        ("cart['a'] = 3", ["mutates cart['a'] ="]),
        ("cart[key] = 3", ["mutates cart[…] ="]),
        ("cart.total += 3", ["mutates cart.total +="]),
        ("cart += [3]", ["mutates cart +="]),
        ("total = cart.total\ntotal += 1", []),
        ("del cart['a']", ["mutates del cart['a']"]),
        ("cart.items.append(3)", ["mutates cart.items.append"]),
        ("c = cart\nc.clear()", ["mutates c.clear"]),
        ("c = d = cart\nd.pop()", ["mutates d.pop"]),
        ("c, d = cart, other\nc.clear()", ["mutates c.clear"]),
        ("c, d = cart, other\nd.clear()", []),
        ("c, d = cart\nd.clear()", ["mutates d.clear"]),
        ("c, *d = cart\nd[0].clear()", ["mutates d[0].clear"]),
        ("for one in cart:\n    one.sort()", ["mutates one.sort"]),
        ("for n, one in enumerate(cart):\n    one.sort()", ["mutates one.sort"]),
        ("for one in sorted(cart):\n    pass", []),
        ("[one.pop() for one in cart.lines]", ["mutates one.pop"]),
        ("with cart as c:\n    c.x = 1", ["calls with cart", "mutates c.x ="]),
        ("with open('x') as cart:\n    cart.write('x')", []),
        ("cart = []\ncart.append(1)", []),
        ("if other:\n    cart = []\ncart.append(1)", ["mutates cart.append"]),
        ("while other:\n    c.pop()\n    c = cart", ["mutates c.pop"]),
        ("held = [cart]\nheld[0].clear()", ["mutates held[0].clear"]),
        ("held = []\nheld.append(cart)\nheld[0].clear()", ["mutates held[0].clear"]),
        ("held = {}\nheld['a'] = cart\nheld['a'].clear()", ["mutates held['a'].clear"]),
        ("held = [cart]\nheld.clear()", []),
        ("held = {'a': cart}\nheld['b'] = 1\ndel held['a']", []),
        ("held = [cart]\nuse(held)", ["escapes use(held)"]),
        ("held = [cart]\nreturn held", ["gives held"]),
        ("c = dict(cart)\nc['a'] = 1", []),
        ("c = dict(cart)\nc['a'].clear()", ["mutates c['a'].clear"]),
        ("for a, b in zip(cart, other):\n    a.clear()", ["mutates a.clear"]),
        ("self.cart = cart", ["escapes self.cart ="]),
        ("total(cart)", ["escapes total(cart)"]),
        ("total(*cart)", ["escapes total(cart)"]),
        ("total(cart.lines)", ["escapes total(cart.lines)"]),
        ("shop.sell(cart)", ["escapes shop.sell(cart)"]),
        ("len(cart), str(cart), isinstance(cart, dict), print(cart)", []),
        ("self.assertEqual(cart, 3)", []),
        ("assert_same(cart, 3)", []),
        ("np.testing.assert_allclose(cart, 3)", []),
        ("json.dumps(cart)", []),
        ("c = copy.deepcopy(cart)\nc.clear()", []),
        ("c = list(cart)\nc.clear()", []),
        ("c = cart.copy()\nc.clear()", []),
        ("setattr(cart, 'x', 1)", ["mutates setattr(cart, …)"]),
        ("monkeypatch.setattr(cart, 'x', 1)", []),
        ("with mock.patch.object(cart, 'x'):\n    pass", []),
        ("cart.checkout()", ["calls cart.checkout()"]),
        ("cart()", ["calls cart()"]),
        ("cart.get('/tea').x.append(1)", ["calls cart.get()"]),
        ("cart.delete('/tea')", ["calls cart.delete()"]),
        ("cart.get_lines().append(1)", ["mutates cart.get_lines().append"]),
        ("re.search('x', cart.name), json.loads(cart.text)", []),
        ("json = other\njson.loads(cart)", ["escapes json.loads(cart)"]),
        ("cart.get('a').clear()", ["mutates cart.get('a').clear"]),
        ("cart.name.upper().x()", []),
        ("(cart / 'x').write_text('')", ["mutates ….write_text"]),
        ("(cart or other).clear()", ["mutates ….clear"]),
        ("(cart if other else None).clear()", ["mutates ….clear"]),
        ("if (c := cart):\n    c.clear()", ["mutates c.clear"]),
        ("def inner():\n    cart.clear()\ninner()", ["mutates cart.clear"]),
        ("def inner(cart):\n    cart.clear()\ninner(1)", []),
        ("run(lambda: cart.clear())", ["mutates cart.clear"]),
        ("run(lambda cart: cart.clear())", []),
        ("match cart:\n    case [x]:\n        x.clear()", ["mutates x.clear"]),
        ("try:\n    pass\nfinally:\n    cart.clear()", ["mutates cart.clear"]),
        ("return cart", ["gives cart"]),
        ("yield cart.lines", ["gives cart.lines"]),
        ("def inner():\n    return cart\nreturn inner", []),
        ("return Wrapper(cart)", ["escapes Wrapper(cart)"]),
        ("await cart.send()", ["calls cart.send()"]),
        ("f'{cart.pop()}'", ["mutates cart.pop"]),
        ("raise ValueError(cart)", ["escapes ValueError(cart)"]),
    ],
)  # fmt: skip
def test_what_is_done_with_a_value(body: str, expected: list[str]) -> None:
    assert uses(body) == expected


def test_getfixturevalue_is_an_argument_by_another_way() -> None:
    found = function("def f(request):\n    c = request.getfixturevalue('cart')\n    c.clear()\n")
    assert [(use.name, use.kind, use.line) for use in found.uses if use.kind != "part"] == [("cart", "mutates", 3)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f(request):\n    return request.node.name", ["test_bound request.node"]),
        ("def f(request):\n    return request.config.rootpath", []),
        ("def f(request):\n    return request.param", []),
        ("def f(request):\n    return request.module", ["test_bound request.module"]),
        ("def f(request):\n    r = request\n    return r.function", ["test_bound request.function"]),
        ("def f(request):\n    return Helper(request)", ["test_bound Helper(request)"]),
        ("def f(request):\n    request.addfinalizer(lambda: None)", []),
        ("def f(self):\n    self.x = 1", ["test_bound self.x ="]),
        ("def f():\n    os.environ['X'] = '1'", ["alters os.environ['X'] ="]),
        ("def f():\n    env = os.environ\n    env['X'] = '1'", ["alters env['X'] =", "outside os.environ"]),
        ("def f():\n    os.chdir('/')", ["alters os.chdir('/')"]),
        ("def f():\n    sys.path.insert(0, 'x')", ["alters sys.path.insert"]),
        ("def f():\n    Config.debug = True", ["alters Config.debug ="]),
        ("def f():\n    global x\n    x = 1", ["alters global x"]),
        ("def f(app):\n    app.debug = True", ["alters app.debug ="]),
        ("def f():\n    app = make()\n    app.debug = True\n    return app", ["constant make()"]),
        ("def f(monkeypatch):\n    monkeypatch.setenv('A', 'b')", ["alters monkeypatch.setenv()"]),
        ("def f():\n    with patch('a.b'):\n        yield", ["alters patch('a.b')"]),
        ("def f(mocker):\n    mocker.patch('a.b')", ["alters mocker.patch()"]),
        ("def f():\n    database.connect()\n    yield", ["calls database.connect()", "outside database.connect()"]),
        ("def f(db):\n    db.start()\n    yield db", ["calls db.start()"]),
        ("def f():\n    server = make()\n    server.start()\n    yield server", []),
        ("def f():\n    server = make()\n    populate(server)\n    return server", ["constant make()"]),
        ("def f():\n    populate(3)", ["calls populate(3)"]),
        ("def f():\n    import torch\n    return torch.zeros(3)", ["imports torch", "constant torch.zeros(3)"]),
        (
            "def f():\n    return pytest.importorskip('numpy')",
            ["calls pytest.importorskip('numpy')", "imports numpy"],
        ),
        ("def f():\n    if old():\n        pytest.skip('old')", ["calls pytest.skip('old')"]),
        ("def f():\n    if old():\n        raise Old()", ["calls raise Old()"]),
        ("def f():\n    assert old() > 3", ["calls assert"]),
        ("def f():\n    return MagicMock()", ["mutates MagicMock() remembers its calls"]),
        ("def f():\n    return build(3)", ["constant build(3)"]),
        ("def f():\n    x = build(3)\n    return x", ["constant build(3)"]),
        ("def f():\n    return 3", []),
        ("def f():\n    return build(time.time())", ["outside time.time()"]),
        ("def f():\n    return build(os.environ['A'])", ["outside os.environ"]),
        ("def f(tmp_path_factory):\n    return str(tmp_path_factory.mktemp('a'))", ["outside tmp_path_factory.mktemp('a')"]),
        ("def f():\n    return User.objects.create(3)", ["outside User.objects.create(3)"]),
        ("def f():\n    return UserFactory(3)", ["outside UserFactory(3)"]),
        ("def f():\n    with open('a') as file:\n        return file.read()", ["outside open('a')"]),
        ("def f():\n    return build(other)", ["constant build(other)"]),
        ("other = make()\ndef f():\n    return build(other)", []),
        ("SIZE = 3\ndef f():\n    return build(SIZE)", ["constant build(SIZE)"]),
        ("def build(n):\n    return open(n)\ndef f():\n    return build(3)", []),
        ("def build(n):\n    return [n] * 3\ndef f():\n    return build(3)", ["constant build(3)"]),
        ("def f():\n    yield build(3)", []),
        ("async def f():\n    return build(3)", []),
        ("def f(cart):\n    return build(3)", []),
        ("def outer(n):\n    def f():\n        return build(n)\n    return f", []),
    ],
)  # fmt: skip
def test_what_a_body_says_of_itself(source: str, expected: list[str]) -> None:
    found = [f"{one.kind} {one.detail}" for one in function(source).own]
    assert [one for one in found if one != EFFECT_ALONE] == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("yield", False),
        ("pass", False),
        ("return make()", False),
        ("yield make()", False),
        ("make()", True),
        ("os.environ['A'] = 'b'\nyield", True),
        ("blocker = Blocker()\nblocker.start()\nyield\nblocker.stop()", True),
    ],
)
def test_what_hands_out_nothing_is_there_for_its_effect(body: str, expected: bool) -> None:
    indented = "".join(f"    {line}\n" for line in body.splitlines())
    found = [f"{one.kind} {one.detail}" for one in function(f"def f():\n{indented}").own]
    assert (EFFECT_ALONE in found) is expected


@pytest.mark.parametrize(
    ("value", "is_immutable", "parts"),
    [
        ("3", True, ()),
        ("'a' + f'{x}'", True, ()),
        ("('a', 3)", True, ()),
        ("json.dumps(x)", True, ()),
        ("path.read_text()", True, ()),
        ("[3]", False, ()),
        ("make()", False, ()),
        ("{'db': make(), 'app': other()}", False, ("['db']", "['app']")),
        ("{'db': 1, 'app': 2}", False, ()),
        ("{'db': make(), **more}", False, ()),
        ("make(), other()", False, ("[0]", "[1]")),
        ("Env(db=make(), app=other())", False, (".db", ".app")),
        ("Env(db=make(), **more)", False, ()),
    ],
)
def test_what_a_value_is(value: str, is_immutable: bool, parts: tuple[str, ...]) -> None:
    found = function(f"def f():\n    return {value}\n")
    assert (found.hands_out, found.is_immutable, found.parts) == (True, is_immutable, parts)


def test_a_fixture_that_hands_out_nothing() -> None:
    assert not function("def f():\n    yield\n").hands_out
    assert not function("def f():\n    return None\n").hands_out


EFFECT_ALONE = f"calls {EFFECT}"


def parts(body: str) -> list[str]:
    indented = "".join(f"    {line}\n" for line in dedent(body).strip().splitlines())
    return [use.detail for use in function(f"def f(env):\n{indented}").uses if use.kind == "part"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("env['db'].query()", ["['db']"]),
        ("db = env['db']\ndb.query()", ["['db']"]),
        ("env.get('db')", ["['db']"]),
        ("env.db.x.y", [".db"]),
        ("db, _ = env", ["[0]"]),
        ("e = env\ne.db", [".db"]),
        ("assert env == 3", ["*"]),
        ("use(env)", ["*"]),
        ("use(env.db)", [".db"]),
        ("for one in env: pass", ["*"]),
    ],
)
def test_which_parts_are_read(body: str, expected: list[str]) -> None:
    assert parts(body) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("def f(cart):", ("cart",)),
        ("def f(_cart):", ()),
        ("def f(cart=None):", ()),
        ("@pytest.mark.slow\ndef f(cart):", ("cart",)),
        ("import pytest\n@pytest.mark.slow\ndef f(cart):", ("cart",)),
        ("slow = pytest.mark.slow\n@slow\ndef f(cart):", ("cart",)),
        ("from shop import wrapped\n@wrapped\ndef f(cart):", ()),
        ("import shop\n@shop.wrapped()\ndef f(cart):", ()),
    ],
)
def test_what_is_never_read(header: str, expected: tuple[str, ...]) -> None:
    source = header if "import pytest" in header else f"import pytest\n{header}"
    assert function(f"{source}\n    assert True\n").unread == expected


def same(first: str, second: str, head: str = "", other_head: str = "") -> bool:
    def digest(source: str, head: str, place: str) -> str:
        text = f"{head}\n{dedent(source).strip()}\n"
        line = next(n for n, one in enumerate(text.splitlines(), 1) if "def " in one and "helper" not in one)
        return read_text(text, frozenset([line]), place).functions[0].digest

    return digest(first, head, "a.py") == digest(second, other_head or head, "b.py")


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("def a(x):\n    return make(x)", "def b(x):\n    return make(x)", False),
        ("def a(x):\n    return dict(x)", 'def b(x):\n    """Doc."""\n    return dict( x )  # why', True),
        ("def a(x):\n    return dict(x)", "async def b(x):\n    return dict(x)", False),
        ("def a(x):\n    return dict(x)", "def b(y):\n    return dict(y)", False),
        ("def a(x):\n    return dict(x, a=1)", "def b(x):\n    return dict(x, a=2)", False),
        ("@fixture(scope='module')\ndef a(x):\n    return dict(x)", "@fixture\ndef b(x):\n    return dict(x)", True),
        ("@fixture(params=[1])\ndef a(x):\n    return dict(x)", "@fixture\ndef b(x):\n    return dict(x)", False),
        ("def a(self):\n    return dict(a=1)", "def b(self):\n    return dict(a=1)", False),
        ("def a(x):\n    return f'{x:>3}'", "def b(x):\n    return f'{x:>4}'", False),
    ],
)
def test_the_digest_is_that_of_what_is_done(first: str, second: str, expected: bool) -> None:
    assert same(first, second) is expected


@pytest.mark.parametrize(
    ("head", "other_head", "expected"),
    [
        ("from shop import make", "from shop import make", True),
        ("from shop import make", "from till import make", False),
        ("from .shop import make", "from .shop import make", False),
        ("import shop.a as make", "import shop.a as make", True),
        ("make = 3", "make = 3", True),
        ("make = 3", "make = 4", False),
        ("make = []", "make = []", False),
        ("def make_helper(n):\n    return n\nmake = 1", "def make_helper(n):\n    return n\nmake = 1", True),
    ],
)
def test_a_name_means_what_binds_it(head: str, other_head: str, expected: bool) -> None:
    assert same("def a(x):\n    return make(x)", "def b(x):\n    return make(x)", head, other_head) is expected


def imports(source: str) -> list[tuple[str, int]]:
    text = dedent(source).strip() + "\n"
    lines = frozenset(n for n, line in enumerate(text.splitlines(), 1) if "def f" in line)
    return [(one.module, one.reader) for one in read_text(text, lines, "a.py").imports]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import torch\ndef f():\n    return torch.zeros(3)", [("torch", 2)]),
        ("import torch as t\ndef f():\n    return t.zeros(3)", [("torch", 2)]),
        ("from a.b import c, d\ndef f():\n    return c, d", [("a.b", 2)]),
        ("from a.b import c, d\ndef f():\n    return c\nd()", []),
        ("import torch\ndef f(x: torch.Tensor):\n    return torch.zeros(3)", []),
        ("import torch\ndef f():\n    return torch.zeros(3)\ndef g():\n    return torch", []),
        ("import torch\ndef f():\n    pass\ndef f2():\n    return f'{torch}'", [("torch", 4)]),
        ("import torch\ndef f():\n    pass\ndef g():\n    return f'{torch}'", []),
        ("import torch\ndef f():\n    return 'torch'  # torch", []),
        ("if x:\n    import torch\ndef f():\n    return torch", []),
        ("import torch\nclass A:\n    def f(self):\n        return (\n    torch)\n    def g(self): pass", [("torch", 3)]),
    ],
)  # fmt: skip
def test_imports_that_one_fixture_alone_reads(source: str, expected: list[tuple[str, int]]) -> None:
    assert imports(source) == expected


def test_a_file_that_is_no_python_says_so() -> None:
    found = read_text("def f(:\n    pass\n", frozenset([1]), "a.py")
    assert (found.functions, found.problem is not None) == ((), True)


def test_files_that_cannot_be_read_say_so(tmp_path: Path) -> None:
    (tmp_path / "large.py").write_text("x = 1\n" * 100)
    (tmp_path / "odd.py").write_bytes(b"# coding: utf-8\nx = '\xff'\n")
    assert "more than the limit" in (read_file(tmp_path / "large.py", frozenset([1]), 10).problem or "")
    assert "cannot be decoded" in (read_file(tmp_path / "odd.py", frozenset([1]), 1000).problem or "")
    assert "is no regular file" in (read_file(tmp_path / "none.py", frozenset([1]), 1000).problem or "")


# --------------------------------------------------------------------------------------------------------- whole suites


Draw = Callable[[Mapping[str, str]], FixtureGraph]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a run remembers of pytest and the installed plugins, so that they are read once for all suites."""
    folder = tmp_path_factory.mktemp("known")
    (folder / "test_a.py").write_text("def test_a():\n    pass\n")
    analyze((), rootdir=folder, cwd=folder, python=sys.executable, environ={})
    return folder / CACHE_FILE


@pytest.fixture
def draw(tmp_path: Path, known: Path) -> Draw:
    (tmp_path / CACHE_FILE).parent.mkdir(parents=True)
    shutil.copy(known, tmp_path / CACHE_FILE)

    def analyzed(files: Mapping[str, str]) -> FixtureGraph:
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(dedent(text).lstrip("\n"))
        return analyze((), rootdir=tmp_path, cwd=tmp_path, python=sys.executable, environ={})

    return analyzed


def of(graph: FixtureGraph, name: str) -> Reading:
    (found,) = read_bodies(graph, [graph.fixture(name).id])
    return found


def lines(reading: Reading) -> list[tuple[str, str, int, str, str | None]]:
    return [(one.kind, one.path, one.line, one.detail, one.by) for one in reading.findings]


SHOP = {
    "conftest.py": """
        import pytest

        @pytest.fixture
        def cart():
            return make()

        @pytest.fixture
        def full(cart):
            return cart

        @pytest.fixture
        def label():
            return f"{3}"

        def make():
            return []
        """,
    "test_shop.py": """
        import pytest

        def test_add(full):
            full.append(1)

        def test_other(cart, label):
            use(label)

        @pytest.mark.usefixtures("cart")
        def test_marked():
            pass

        def test_dynamic(request):
            request.getfixturevalue("cart").pop()
        """,
}


def test_values_are_followed_through_fixtures_that_hand_them_on(draw: Draw) -> None:
    graph = draw(SHOP)
    assert lines(of(graph, "cart")) == [
        ("constant", "conftest.py", 5, "make()", None),
        ("mutates", "test_shop.py", 4, "full.append", "test_shop.py::test_add"),
        ("mutates", "test_shop.py", 14, "request.getfixturevalue('cart').pop", "test_shop.py::test_dynamic"),
        ("unread", "test_shop.py", 6, "cart", "test_shop.py::test_other"),
    ]
    assert lines(of(graph, "full")) == [("mutates", "test_shop.py", 4, "full.append", "test_shop.py::test_add")]
    assert lines(of(graph, "label")) == []


def test_all_fixtures_of_the_project_are_read_and_no_others(draw: Draw) -> None:
    readings = read_bodies(draw(SHOP))
    assert [one.fixture for one in readings] == ["conftest.py::cart", "conftest.py::full", "conftest.py::label"]
    assert [one.incomplete for one in readings] == [None, None, None]


def test_what_cannot_be_read_is_said(draw: Draw) -> None:
    graph = draw(SHOP)
    root = Path(graph.info.rootdir)
    (root / "test_shop.py").write_text("def test_add(full:\n    pass\n")
    assert (of(graph, "full").incomplete or "").startswith("test_shop.py: line 1 ")
    (root / "conftest.py").unlink()
    assert (
        of(graph, "full").incomplete
        == "conftest.py: is no regular file; test_shop.py: "
        + (of(graph, "full").incomplete or "").partition("test_shop.py: ")[2]
    )
    assert of(graph, "full").digest == "conftest.py::full"


def test_an_inherited_test_is_not_taken_for_what_stands_at_its_line(draw: Draw) -> None:
    graph = draw(
        {
            "base.py": "\n\nclass Base:\n    def test_it(self, cart):\n        cart.clear()\n",
            "test_a.py": """
                import pytest
                from base import Base

                class TestA(Base):
                    pass

                @pytest.fixture
                def cart():
                    return [1, 2]
                """,
        }
    )
    assert of(graph, "cart").incomplete == "test_a.py: line 2 is no function that could be read"


def test_a_class_keeps_its_fixtures_and_tests(draw: Draw) -> None:
    graph = draw(
        {
            "test_a.py": """
                import pytest

                class TestA:
                    @pytest.fixture
                    def cart(self):
                        self.extra = 1
                        return [1, 2]

                    def test_a(self, cart):
                        self.cart = cart
                """
        }
    )
    assert lines(of(graph, "cart")) == [
        ("escapes", "test_a.py", 10, "self.cart =", "test_a.py::TestA::test_a"),
        ("test_bound", "test_a.py", 6, "self.extra =", None),
    ]


def test_many_findings_of_one_kind_are_cut(draw: Draw) -> None:
    tests = "".join(f"def test_{n}(cart):\n    cart.append({n})\n" for n in range(50))
    graph = draw({"test_a.py": f"import pytest\n@pytest.fixture\ndef cart():\n    return [1, 2]\n{tests}"})
    assert len(of(graph, "cart").findings) == 20


def test_a_pool_and_one_process_read_the_same(draw: Draw, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = draw(SHOP)
    alone = read_bodies(graph)
    monkeypatch.setattr(module, "POOL_FROM_BYTES", 0)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    assert read_bodies(graph) == alone


def test_a_worker_that_dies_costs_its_file_alone(draw: Draw, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = draw(SHOP)
    monkeypatch.setattr(module, "POOL_FROM_BYTES", 0)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    monkeypatch.setattr(module, "read_file", _die_of_tests)
    assert of(graph, "label").incomplete == "test_shop.py: reading it crashes the parser"


def _die_of_tests(path: Path, lines: frozenset[int], max_bytes: int) -> File:
    import os

    if path.name == "test_shop.py":
        os._exit(1)
    return read_file(path, lines, max_bytes)


def test_findings_are_plain_data(draw: Draw) -> None:
    assert all(isinstance(one, Finding) for one in of(draw(SHOP), "cart").findings)
