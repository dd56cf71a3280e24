"""Fixtures of factories: what pytest_factoryboy makes of classes of factory_boy's, and what polyfactory registers.

Each case is put to pytest where its interpreter has the library; everywhere, our answer is compared with what pytest said
when the case was written, with stand-ins for the library's modules to read.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

import fixturescope
from fixturescope.analysis.factories import underscore
from tests.oracle import fixtures, live

HEAD = """
import factory
import pytest
from pytest_factoryboy import LazyFixture, named_model, register

class Author:
    pass

class Book:
    pass

class AuthorFactory(factory.Factory):
    class Meta:
        model = Author
    name = "Ann"
    age = factory.LazyFunction(lambda: 40)

"""

AUTHOR = "author: author__age author__name\nauthor__age: -\nauthor__name: -\nauthor_factory: -\n"


class Case(NamedTuple):
    """A conftest behind ``HEAD``, and what of it pytest registers: a line a fixture, with what it asks for."""

    text: str
    expected: str
    said: str = ""
    """The end of a diagnostic, where something is not known; such cases do not say all that pytest registers."""
    files: dict[str, str] = {}  # noqa: RUF012 - nobody changes it


CASES = {
    "called": Case("register(AuthorFactory)", AUTHOR),
    "a decorator": Case(
        """
        @register
        class BookFactory(factory.Factory):
            class Meta:
                model = Book
            title = factory.Sequence(str)
        """,
        "book: book__title\nbook__title: -\nbook_factory: -",
    ),
    "a decorator with arguments": Case(
        """
        @register(_name="novel", title="Z")
        class BookFactory(factory.Factory):
            class Meta:
                model = Book
            title = factory.Sequence(str)
        """,
        "novel: novel__title\nnovel__title: -\nbook_factory: -",
    ),
    "names, and one factory registered twice": Case(
        'register(AuthorFactory)\nregister(AuthorFactory, "second", name="Bob")\nregister(AuthorFactory, _name="third")',
        AUTHOR + "second: second__age second__name\nsecond__age: -\nsecond__name: -\n"
        "third: third__age third__name\nthird__age: -\nthird__name: -",
    ),
    "words in capitals": Case(
        """
        class HTTPServerFactory(factory.Factory):
            class Meta:
                model = named_model(dict, "HTMLPageV2")
        register(HTTPServerFactory)
        """,
        "html_page_v2: -\nhttp_server_factory: -",
    ),
    "a sub-factory asks for the model and its attributes": Case(
        """
        class BookFactory(factory.Factory):
            class Meta:
                model = Book
            author = factory.SubFactory(AuthorFactory, name="Eve")
            title = "T"
        register(AuthorFactory)
        register(BookFactory)
        """,
        AUTHOR
        + "book: book__author book__title\nbook__author: author author__age author__name\nbook__title: -\nbook_factory: -",
    ),
    "a sub-factory by its dotted name": Case(
        """
        from shelf import ShelfFactory
        register(ShelfFactory)
        """,
        "shelf: shelf__board shelf__height\nshelf__board: board board__wood\nshelf__height: -\nshelf_factory: -",
        files={
            "shelf.py": """
                import factory
                class Shelf: pass
                class Board: pass
                class ShelfFactory(factory.Factory):
                    class Meta:
                        model = Shelf
                    height = 1
                    board = factory.SubFactory("shelf.BoardFactory")
                class BoardFactory(factory.Factory):
                    class Meta:
                        model = Board
                    wood = "oak"
            """,
        },
    ),
    "two factories that rest on each other": Case(
        """
        class WriterFactory(factory.Factory):
            class Meta:
                model = Author
            name = "W"
            book = factory.RelatedFactory("pair.PairFactory", factory_related_name="writer")
        register(WriterFactory)
        """,
        "author: author__name\nauthor__name: -\nauthor__book: book book__title\nwriter_factory: -",
        files={
            "pair.py": """
                import factory
                class Author: pass
                class Book: pass
                class OtherFactory(factory.Factory):
                    class Meta:
                        model = Author
                class PairFactory(factory.Factory):
                    class Meta:
                        model = Book
                    title = "T"
                    author = factory.SubFactory(OtherFactory)
            """,
        },
    ),
    "declarations that are made of functions; what is no declaration": Case(
        """
        class BookFactory(factory.Factory):
            class Meta:
                model = Book
            _private = 1
            _sub = factory.LazyAttribute(str)
            words = ["a"]
            @factory.lazy_attribute
            def title(self): return "T"
            @factory.post_generation
            def signed(self, create, extracted, **kwargs): return 1
            @factory.post_generation
            def _sold(self, create, extracted, **kwargs): return 1
            set_up = factory.PostGenerationMethodCall("set_up", 1)
            signed__by = "Ann"
            @classmethod
            def _create(cls, model, *args, **kwargs): return model()
            @staticmethod
            def helper(): return 1
            def plain(self): return 1
        register(BookFactory)
        """,
        "book: book___sold book___sub book__plain book__set_up book__signed book__signed__by book__title book__words\n"
        "book___sold: -\nbook___sub: -\nbook__plain: -\nbook__set_up: -\nbook__signed: -\nbook__signed__by: -\n"
        "book__title: -\nbook__words: -\nbook_factory: -",
    ),
    "inherited declarations and model; abstract factories; a mixin that is none": Case(
        """
        class Mixin:
            extra = 1
        class Base(factory.Factory):
            class Meta:
                abstract = True
            id = factory.Sequence(int)
            kind = "base"
        class BookFactory(Mixin, Base):
            class Meta:
                model = Book
            kind = factory.SubFactory(AuthorFactory)
        class NovelFactory(BookFactory):
            title = "N"
        register(NovelFactory)
        """,
        "book: book__id book__kind book__title\nbook__id: -\nbook__kind: author author__age author__name\n"
        "book__title: -\nnovel_factory: -",
    ),
    "traits and parameters": Case(
        """
        class BookFactory(factory.Factory):
            class Meta:
                model = Book
            title = "T"
            class Params:
                _hidden = 1
                pages = 300
                sold = factory.Trait(price=5, title="S", buyer=factory.SubFactory(AuthorFactory))
        register(BookFactory)
        """,
        "book: book__buyer book__pages book__price book__title\nbook__buyer: -\nbook__pages: -\nbook__price: -\n"
        "book__title: -\nbook_factory: -",
    ),
    "lazy fixtures, in a factory and in the call": Case(
        """
        def by_name(author__name, other=1, *, third=2): return author__name
        class BookFactory(factory.Factory):
            class Meta:
                model = Book
            title = LazyFixture("tmp_path")
            other = "x"
            third = "y"
        register(AuthorFactory)
        register(BookFactory, other=LazyFixture(lambda book__title: 1), third=LazyFixture(by_name), fourth="no attribute")
        """,
        AUTHOR
        + "book: book__other book__third book__title\nbook__other: book__title\nbook__third: author__name other\n"
        "book__title: tmp_path\nbook_factory: -",
    ),
    "dicts and lists": Case(
        """
        class BookFactory(factory.DictFactory):
            tags = factory.List(["a"])
            data = factory.Dict({"a": 1})
        register(BookFactory, "book")
        """,
        "book: book__data book__tags\nbook__data: dict\nbook__tags: list\nbook_factory: -",
    ),
    "a model that is a text": Case(
        """
        class BookFactory(factory.Factory):
            class Meta:
                model = "Paper"
            title = 1
        register(BookFactory)
        """,
        "Paper: Paper__title\nPaper__title: -\nbook_factory: -",
    ),
    "values of calls that declare nothing": Case(
        """
        import datetime, uuid
        class BookFactory(factory.Factory):
            class Meta:
                model = Book
            id = uuid.uuid4()
            day = datetime.date(2020, 1, 2) if uuid else None
            slug = "a b".replace(" ", "-")
        register(BookFactory)
        """,
        "book: book__day book__id book__slug\nbook__day: -\nbook__id: -\nbook__slug: -\nbook_factory: -",
    ),
    "the factory's fixture, if it is there": Case(
        """
        @pytest.fixture
        def author_factory(): return AuthorFactory
        register(AuthorFactory)
        """,
        AUTHOR,
    ),
    "in a loop": Case(
        'for name in ("first", "second"):\n    register(AuthorFactory, name)',
        "author_factory: -\nfirst: first__age first__name\nfirst__age: -\nfirst__name: -\n"
        "second: second__age second__name\nsecond__age: -\nsecond__name: -",
    ),
    "in a function: the names are a copy": Case("def make(): register(AuthorFactory)\nmake()", ""),
    "every factory of a module, by a function that looks for them": Case(
        """
        import inspect, sys
        import makers
        from factory.base import FactoryMetaClass
        from pytest_factoryboy.fixture import Box

        def register_all(module):
            names = Box(sys._getframe(1).f_locals)
            for _, one in inspect.getmembers(module):
                if isinstance(one, FactoryMetaClass) and not one._meta.abstract:
                    register(one, _caller_locals=names)

        register_all(makers)
        """,
        "pen: pen__ink pen__lid\npen__ink: -\npen__lid: -\npen_factory: -\nink: ink__colour\nink__colour: -\nink_factory: -",
        files={
            "makers.py": """
                import factory
                from factory import Faker
                class Pen: pass
                class Ink: pass
                class Base(factory.Factory):
                    class Meta:
                        abstract = True
                class PenFactory(Base):
                    class Meta:
                        model = Pen
                    ink = Faker("color")
                    lid = True
                class InkFactory(Base):
                    class Meta:
                        model = Ink
                    colour = 1
            """,
        },
    ),
    "into the names of another module, and of a class": Case(
        """
        import inspect, other
        from pytest_factoryboy.fixture import Box
        def there():
            register(AuthorFactory, "known", _caller_locals=Box(inspect.currentframe().f_back.f_globals))
        there()
        class Holder:
            register(AuthorFactory)
        """,
        "author_factory: -\nknown: known__age known__name\nknown__age: -\nknown__name: -",
        files={"other.py": ""},
    ),
    "a value that is not known": Case(
        """
        import os
        class BookFactory(factory.Factory):
            class Meta:
                model = Book
            title = os.environ.get("TITLE", LazyFixture("tmp_path"))
            price = 1
        register(BookFactory)
        """,
        "book__price: -\nbook_factory: -",
        said="what some of them are, or ask for, is not known",
    ),
    "a name that is not known": Case(
        'import os\nregister(AuthorFactory, os.environ.get("NAME", "who"))', "", said="it is not known which"
    ),
    "overrides that are not known": Case(
        "import os\nregister(AuthorFactory, **dict(os.environ, name='x').fromkeys(['name']))",
        "",
        said="it is not known which",
    ),
    "a model that is not known": Case(
        """
        import os
        class BookFactory(factory.Factory):
            class Meta:
                model = Book if os.environ.get("X") else Author
        register(BookFactory)
        """,
        "",
        said="it is not known which",
    ),
    "an attribute that may not be there": Case(
        """
        import os
        class BookFactory(factory.Factory):
            class Meta:
                model = Book
            if os.environ.get("X"):
                title = 1
            price = 1
        register(BookFactory)
        """,
        "book__price: -\nbook_factory: -",
        said="what some of them are, or ask for, is not known",
    ),
}

POLY = """
from dataclasses import dataclass
from polyfactory.factories import DataclassFactory
from polyfactory.pytest_plugin import register_fixture

@dataclass
class Person:
    name: str

class HTTPFactory(DataclassFactory[Person]): pass

"""

OF_POLYFACTORY = {
    "called": Case("register_fixture(HTTPFactory)", "http_factory: -"),
    "a decorator": Case("@register_fixture\nclass PageFactory(HTTPFactory): pass", "page_factory: -"),
    "a decorator with arguments": Case(
        '@register_fixture(name="page", scope="session", autouse=True)\nclass PageFactory(HTTPFactory): pass', "page: -"
    ),
    "names that are empty, and given later": Case(
        'register_fixture(HTTPFactory, name="")\nregister_fixture(name="later")(HTTPFactory)',
        "http_factory: -\nlater: -",
    ),
    "among the global names, wherever the call stands": Case(
        """
        def make(name): register_fixture(HTTPFactory, name=name)
        for name in "ab": make(name)
        class Holder:
            @register_fixture
            class InnerFactory(HTTPFactory): pass
        """,
        "a: -\nb: -\ninner_factory: -",
    ),
    "a name that is not known": Case(
        'import os\nregister_fixture(HTTPFactory, name=os.environ.get("NAME"))', "", said="it is not known which"
    ),
    "a factory that is not known": Case(
        "register_fixture(HTTPFactory.create_factory(Person))", "", said="it is not known which"
    ),
    "options that are not known": Case(
        "import os\nregister_fixture(HTTPFactory, **{o: 1 for o in os.environ if o == 'x'})",
        "",
        said="it is not known which",
    ),
}

OF_A_RELATION = Case(
    """
        from places import CityFactory, RoadFactory
        register(CityFactory)
        register(RoadFactory)
        """,
    "town_streets: town_streets__name\ntown_streets__name: -\ncity_factory: -",
    said="it is not known which",
    files={
        "places.py": """
                import factory
                from django.db import models
                class Town(models.Model):
                    streets = models.ManyToManyField("Street")
                    roads = models.ManyToManyField("Street", through="Road")
                class CityFactory(factory.Factory):
                    class Meta:
                        model = Town.streets.through
                    name = "x"
                class RoadFactory(factory.Factory):
                    class Meta:
                        model = Town.roads.through
                    name = "x"
            """,
    },
)
"""The models that Django makes of ``Town.streets``, and those that ``Town.roads`` names: caluma's suite has such."""

STAND_INS = {
    "django/__init__.py": "",
    "django/db/__init__.py": "",
    "django/db/models/__init__.py": "class Model: pass\nclass ManyToManyField: pass\n",
    "polyfactory/__init__.py": "",
    "polyfactory/factories/__init__.py": "from .dataclass_factory import DataclassFactory\n",
    "polyfactory/factories/base.py": "class BaseFactory: pass\n",
    "polyfactory/factories/dataclass_factory.py": """
        from polyfactory.factories.base import BaseFactory
        class DataclassFactory(BaseFactory): pass
    """,
    "polyfactory/pytest_plugin.py": """
        import pytest
        class FactoryFixture:
            def __call__(self, factory, depth=1):
                register = pytest.fixture(name=self.name)
                def _factory_fixture():
                    return factory
                return register(_factory_fixture)
        def register_fixture(factory=None, *, scope="function", autouse=False, name=None): return FactoryFixture()
    """,
    "factory/__init__.py": """
        from .base import DictFactory, Factory, ListFactory
        from .faker import Faker
    """,
    "factory/base.py": """
        class FactoryMetaClass(type): pass
        class BaseFactory: pass
        class Factory(BaseFactory, metaclass=FactoryMetaClass):
            class Meta:
                abstract = True
        class DictFactory(Factory):
            class Meta:
                model = dict
        class ListFactory(Factory):
            class Meta:
                model = list
    """,
    "factory/faker.py": "class Faker: pass\n",
    "pytest_factoryboy/__init__.py": "from .fixture import register\n",
    "pytest_factoryboy/fixture.py": """
        def register(factory_class=None, _name=None): return factory_class
        def named_model(model_cls, name): return type(name, (model_cls,), {})
        def model_fixture(request, factory_name): return request
        def factory_fixture(request, factory_class): return factory_class
        def attr_fixture(request, value): return value
        def subfactory_fixture(request, factory_class): return factory_class
    """,
}


@pytest.fixture(scope="module")
def oracle() -> Iterator[live.Pytest]:
    """A pytest that can be asked."""
    with live.Pytest() as process:
        yield process


def drawn(case: Case, root: Path) -> Path:
    """Write a case's suite."""
    conftest = (POLY if case in OF_POLYFACTORY.values() else HEAD) + live.dedented(case.text)
    tests = {"sub/conftest.py": conftest, "sub/test_it.py": "def test_one(): pass\n"}
    return live.draw(root, {"pytest.ini": "[pytest]\npythonpath = .\n", **tests, **case.files})


def shown(graph: fixturescope.FixtureGraph) -> list[str]:
    """What is said of the project's fixtures: a line each."""
    own = (one for one in graph.fixtures if one.origin in ("static", "generated") or one.made_at)
    asked = {one.name: sorted(r.name for r in one.requests if r.via in ("argument", "override")) for one in own}
    return sorted(f"{name}: {' '.join(names) or '-'}" for name, names in asked.items())


def lines(text: str) -> list[str]:
    """The lines of a text, sorted."""
    return sorted(text.strip().splitlines())


def said(graph: fixturescope.FixtureGraph) -> list[str]:
    """What is not known, by the diagnostics."""
    return [one.message for one in graph.diagnostics if one.code == "FS003" and one.path == "sub/conftest.py"]


ALL = {
    **{f"factory_boy: {name}": case for name, case in CASES.items()},
    **{f"polyfactory: {name}": case for name, case in OF_POLYFACTORY.items()},
}


@pytest.mark.parametrize("case", ALL.values(), ids=ALL)
def test_fixtures_of_factories_as_they_were_seen(case: Case, tmp_path: Path) -> None:
    site = live.draw(tmp_path.resolve() / "site", STAND_INS)
    root = drawn(case, tmp_path.resolve() / "suite")
    graph = fixturescope.analyze(
        cwd=root, environ={**live.ENVIRON, "PYTHONPATH": str(site)}, settings={"limits": {"workers": 1}}
    )
    assert shown(graph) == lines(case.expected)
    assert [message for message in said(graph) if message.endswith(case.said)] if case.said else not said(graph)


@pytest.mark.parametrize("case", ALL.values(), ids=ALL)
def test_fixtures_of_factories_as_pytest_sees_them(case: Case, tmp_path: Path, oracle: live.Pytest) -> None:
    library = "pytest_factoryboy" if case in CASES.values() else "polyfactory"
    if not oracle.has(library):
        pytest.skip(f"pytest's interpreter has no {library}")
    root = drawn(case, tmp_path.resolve())
    answer, graph, comparison = live.compared(root, oracle)
    document = {
        "fixtures": [msgspec.to_builtins(one) for one in graph.fixtures],
        "diagnostics": [msgspec.to_builtins(one) for one in graph.diagnostics],
    }
    found = fixtures.compare(answer.dump, document)
    assert not answer.truth.errors
    assert shown(graph) == lines(case.expected)
    assert comparison.agrees, str(comparison)
    assert (found.wrong, found.silent) == (0, 0), found.examples
    assert found.total >= len(lines(case.expected))
    assert bool(found.named) is bool(case.said), found.examples


def test_the_model_that_django_makes_of_a_relation(tmp_path: Path) -> None:
    site = live.draw(tmp_path.resolve() / "site", STAND_INS)
    graph = fixturescope.analyze(
        cwd=drawn(OF_A_RELATION, tmp_path.resolve() / "suite"),
        environ={**live.ENVIRON, "PYTHONPATH": str(site)},
        settings={"limits": {"workers": 1}},
    )
    assert shown(graph) == lines(OF_A_RELATION.expected)
    assert said(graph) == ["pytest_factoryboy makes fixtures of a factory: it is not known which"]


def test_who_asks_for_what_while_it_runs(tmp_path: Path) -> None:
    site = live.draw(tmp_path.resolve() / "site", STAND_INS)
    case = CASES["two factories that rest on each other"]
    graph = fixturescope.analyze(
        cwd=drawn(case, tmp_path.resolve() / "suite"),
        environ={**live.ENVIRON, "PYTHONPATH": str(site)},
        settings={"limits": {"workers": 1}},
    )
    asked = {(r.name, r.via, r.certainty) for r in graph.fixture("author").requests}
    assert asked == {
        ("author__name", "argument", "certain"),
        ("factoryboy_request", "getfixturevalue", "certain"),
        ("writer_factory", "getfixturevalue", "certain"),
        ("author__book", "getfixturevalue", "certain"),
    }
    author = graph.fixture("author")
    assert (author.origin, author.made_at) == ("generated", "sub/conftest.py:22")
    assert author.why == ("factory_class=WriterFactory at sub/conftest.py:22",)
    assert author.path.endswith("site/pytest_factoryboy/fixture.py")


def test_of_older_releases_the_names_are_expected(tmp_path: Path) -> None:
    fixture = "pytest_factoryboy/fixture.py"
    older = {**STAND_INS, fixture: STAND_INS[fixture].replace("named_model", "create_fixture")}
    site = live.draw(tmp_path.resolve() / "site", older)
    graph = fixturescope.analyze(
        cwd=drawn(CASES["called"], tmp_path.resolve() / "suite"),
        environ={**live.ENVIRON, "PYTHONPATH": str(site)},
        settings={"limits": {"workers": 1}},
    )
    assert shown(graph) == []
    assert said(graph) == ["pytest_factoryboy makes fixtures of a factory: it is not known which"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("AuthorFactory", "author_factory"),
        ("HTTPServer", "http_server"),
        ("IOError", "io_error"),
        ("V2Page", "v2_page"),
        ("Page2Go", "page2_go"),
        ("a-B", "a_b"),
        ("ABC", "abc"),
    ],
)
def test_names_are_spelled_as_inflection_does_it(name: str, expected: str) -> None:
    assert underscore(name) == expected
