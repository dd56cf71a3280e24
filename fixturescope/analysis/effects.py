"""What binds names that no text shows: each kind of it is a small class with its documentation and examples.

``GOOD`` is a conftest whose fixtures are all seen, ``BAD`` one where something stays unknown and is said to be so. The
tests and the page on what can be seen without running are made from them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import msgspec

from fixturescope.analysis import basics, functions, instances
from fixturescope.analysis import facts as f
from fixturescope.analysis.factories import Factories, Planned, underscore
from fixturescope.analysis.frames import Binding, Frame, Issue, NamePattern
from fixturescope.analysis.mro import linearize
from fixturescope.analysis.values import (
    UNKNOWN,
    ClassValue,
    Collection,
    Constant,
    DecoratorValue,
    External,
    FixtureValue,
    FunctionValue,
    InstanceValue,
    Mapped,
    ModuleRef,
    Namespace,
    Parameter,
    Unknown,
    Value,
    current,
)

if TYPE_CHECKING:
    from fixturescope.analysis.evaluate import Evaluator


class Effect:
    """A call that may bind names."""

    calls: ClassVar[tuple[str, ...]] = ()
    """Dotted names of what is called."""
    decorates: ClassVar[bool] = False
    """Whether it is a decorator, too."""
    needs: ClassVar[tuple[str, ...]] = ()
    """Modules that the examples import."""
    TITLE: ClassVar[str]
    GOOD: ClassVar[str]
    BAD: ClassVar[str]

    def apply(
        self,
        ev: Evaluator,
        args: Sequence[Value],
        kwargs: Mapping[str, Value],
        incomplete: bool,
        line: int,
        frame: Frame,
    ) -> Value:
        """Do what the call does, and return what it returns."""
        raise NotImplementedError


class ModuleNamespace(Effect):
    """The names of a module as a dict, and what is put into it."""

    calls = ("builtins.globals",)
    TITLE = "`globals()[name] = …`, `globals().update({…})`"
    GOOD = """
        import pytest

        def make(value):
            @pytest.fixture
            def made():
                return value
            return made

        for n, word in enumerate(["one", "two"]):
            globals()[f"number_{word}"] = make(n)
        globals().update({f"more_{word}": make(word) for word in "ab"}, last=make(0))
        """
    BAD = """
        import os
        import pytest

        def make(value):
            @pytest.fixture
            def made():
                return value
            return made

        globals()["of_" + os.environ["WHO"]] = make(1)
        """

    def apply(
        self,
        ev: Evaluator,
        args: Sequence[Value],
        kwargs: Mapping[str, Value],
        incomplete: bool,
        line: int,
        frame: Frame,
    ) -> Value:
        """See ``Effect.apply``."""
        return Namespace(frame.module.frame)


class LocalNamespace(Effect):
    """The names where the call stands; of a function they are a copy, which nobody reads."""

    calls = ("builtins.vars", "builtins.locals")
    TITLE = "`vars()[name]`, `locals()[name]` in a module or a class, `vars(module)[name]`"
    GOOD = """
        import sys
        import pytest

        def make(value):
            @pytest.fixture
            def made():
                return value
            return made

        for n in range(2):
            locals()[f"by_locals_{n}"] = make(n)
            vars(sys.modules[__name__])[f"by_vars_{n}"] = make(n)
        """
    BAD = """
        import os
        import pytest

        def make(value):
            @pytest.fixture
            def made():
                return value
            return made

        vars()[os.environ["WHO"] + "_fixture"] = make(1)
        """

    def apply(
        self,
        ev: Evaluator,
        args: Sequence[Value],
        kwargs: Mapping[str, Value],
        incomplete: bool,
        line: int,
        frame: Frame,
    ) -> Value:
        """See ``Effect.apply``."""
        if args:
            return namespace_of(ev, args[0])
        return UNKNOWN if frame.kind == "function" else Namespace(frame)


class SetAttribute(Effect):
    """An attribute by name."""

    calls = ("builtins.setattr",)
    TITLE = "`setattr(sys.modules[__name__], name, …)`, `setattr(cls, name, …)`"
    GOOD = """
        import sys
        import pytest

        def make(value):
            @pytest.fixture(scope="module")
            def made(request):
                return value
            return made

        here = sys.modules[__name__]
        for word in ("a", "b"):
            setattr(here, "get_" + word, make(word))
        """
    BAD = """
        import os
        import sys
        import pytest

        def make(value):
            @pytest.fixture
            def made():
                return value
            return made

        for word in os.listdir("."):
            setattr(sys.modules[__name__], f"get_{word}_file", make(word))
        """

    def apply(
        self,
        ev: Evaluator,
        args: Sequence[Value],
        kwargs: Mapping[str, Value],
        incomplete: bool,
        line: int,
        frame: Frame,
    ) -> Value:
        """See ``Effect.apply``."""
        if len(args) != 3 or incomplete:
            return UNKNOWN
        owner, name, value = args
        if isinstance(owner, InstanceValue):
            text = basics.plain(name)
            if isinstance(text, str):
                instances.set_attribute(ev, owner, text, value)
            else:
                instances.forget(ev, owner)
            return Constant(None)
        space = namespace_of(ev, owner)
        if isinstance(space, Namespace):
            put(ev, space, name, value, line, frame)
        return Constant(None)


class MakeClass(Effect):
    """A class by a call."""

    calls = ("builtins.type",)
    TITLE = '`type("TestX", (Base,), {…})`'
    GOOD = """
        import pytest

        class Base:
            @pytest.fixture
            def inherited(self):
                return 1

        @pytest.fixture
        def plain():
            return 1

        Made = type("Made", (Base,), {"own": 1})
        """
    BAD = """
        import os
        import pytest

        for name in os.listdir("."):
            globals()[name] = type(name, (), {})
        """

    def apply(
        self,
        ev: Evaluator,
        args: Sequence[Value],
        kwargs: Mapping[str, Value],
        incomplete: bool,
        line: int,
        frame: Frame,
    ) -> Value:
        """See ``Effect.apply``."""
        if len(args) == 1 and isinstance(args[0], InstanceValue):
            return args[0].cls
        if len(args) != 3 or incomplete:
            return UNKNOWN
        name, bases, body = basics.plain(args[0]), ev.items(args[1]), args[2]
        if not isinstance(name, str) or bases is None or not isinstance(body, Mapped):
            return UNKNOWN
        texts = {basics.plain(key): value for key, value in body.items}
        if not all(isinstance(key, str) for key in texts):
            return UNKNOWN
        return instances.made_class(name, bases, texts, line, frame)


class Execute(Effect):
    """Code that stands in a text."""

    calls = ("builtins.exec",)
    TITLE = "`exec` of a known text: parsed, not run"
    GOOD = r"""
        import pytest

        TEMPLATE = "@pytest.fixture\ndef {name}_server():\n    return {name!r}\n"
        for name in ("web", "mail"):
            exec(TEMPLATE.format(name=name))
        """
    BAD = """
        import os

        exec(os.environ["CODE"])
        """

    def apply(
        self,
        ev: Evaluator,
        args: Sequence[Value],
        kwargs: Mapping[str, Value],
        incomplete: bool,
        line: int,
        frame: Frame,
    ) -> Value:
        """See ``Effect.apply``."""
        text = basics.plain(args[0]) if len(args) == 1 and not incomplete else basics.NOT_PLAIN
        if isinstance(text, str) and frame.kind == "module":
            ev.run_text(text, line, frame)
        elif len(args) <= 1:
            expect(frame, "*", line)
            say(ev, frame, line, "exec runs a text that is not known")
        return Constant(None)


class FactoryBoy(Effect):
    """Fixtures that pytest-factoryboy makes of a factory: the factory's, the model's, one for each attribute."""

    calls = ("pytest_factoryboy.register", "pytest_factoryboy.fixture.register")
    decorates = True
    needs = ("pytest_factoryboy",)
    TITLE = "`pytest_factoryboy.register(Factory)`"
    GOOD = """
        import factory
        from pytest_factoryboy import LazyFixture, register

        class Author:
            pass

        class Book:
            pass

        @register
        class AuthorFactory(factory.Factory):
            class Meta:
                model = Author
            name = "Ann"

        class BookFactory(factory.Factory):
            class Meta:
                model = Book
            author = factory.SubFactory(AuthorFactory)
            title = factory.Faker("sentence")

        register(BookFactory)
        register(AuthorFactory, "reviewer", name=LazyFixture(lambda book__title: book__title))
        """
    BAD = """
        import os
        import factory
        from pytest_factoryboy import register

        class Author:
            pass

        @register(_name=os.environ.get("WHO", "author"))
        class AuthorFactory(factory.Factory):
            class Meta:
                model = Author
            name = "Ann"
        """

    def apply(
        self,
        ev: Evaluator,
        args: Sequence[Value],
        kwargs: Mapping[str, Value],
        incomplete: bool,
        line: int,
        frame: Frame,
    ) -> Value:
        """See ``Effect.apply``."""
        rest = {
            name: value for name, value in kwargs.items() if name not in ("factory_class", "_name", "_caller_locals")
        }
        made = args[0] if args else kwargs.get("factory_class", UNKNOWN if incomplete else Constant(None))
        if made == Constant(None):
            return DecoratorValue("effect", (Constant(None), *args[1:]), dict(kwargs), incomplete, line, self.calls[0])
        space = kwargs.get("_caller_locals", Namespace(frame))
        if isinstance(space, Namespace) and not space.frame.comprehension:
            if space.frame.kind != "function" and ev.sink is None:  # the names of a call are a copy
                own = args[1] if len(args) > 1 else kwargs.get("_name", UNKNOWN if incomplete else Constant(None))
                self._register(ev, made, current(own), rest, incomplete, line, frame, space.frame)
        else:
            expect(frame, "*", line)
            say(ev, frame, line, f"{_BY_FACTORY_BOY}: it is not known where they are put")
        return made

    def _register(
        self,
        ev: Evaluator,
        made: Value,
        own: Value,
        overrides: Mapping[str, Value],
        incomplete: bool,
        line: int,
        here: Frame,
        frame: Frame,
    ) -> None:
        """Register the fixtures of a factory in a scope; ``here`` is where the call stands."""
        factories = Factories(ev)
        factory = factories.read(made)
        functions = _functions_of_factory_boy(ev)
        model = basics.plain(own) if own != Constant(None) else factory.model_name if factory is not None else None
        name = underscore(factory.name) if factory is not None else "*"
        if factory is None or factory.abstract is not False or not functions or not isinstance(model, str):
            guesses = {name.removesuffix("_factory"), *((model,) if isinstance(model, str) else ("*",))}
            patterns = {name, *guesses, *(f"{guess}__*" for guess in guesses)}
            for pattern in sorted(patterns):
                expect(frame, pattern, line)
            say(ev, frame, line, f"{_BY_FACTORY_BOY}: it is not known which")
            return
        there = frame.names.get(name)
        missing = not factory.is_whole
        for one in factories.plan(factory, model, overrides, all_overridden=incomplete):
            if one.name == name and one.function == "factory_fixture" and there is not None:
                if not there.certain:
                    expect(frame, name, line)
                continue
            if one.asks is None:
                missing = True
                expect(frame, one.name, line)
                continue
            function = _function_of_factory_boy(functions[one.function], one, in_class=frame.kind == "class")
            value = FixtureValue(function, {"name": Constant(one.name)}, frame.module, line)
            said = {"factory_class": made, **({} if own == Constant(None) else {"_name": own})}
            put(ev, Namespace(frame), Constant(one.name), ev.made(value, line, here, of=said), line, frame)
        if not factory.is_whole:
            expect(frame, f"{model}__*", line)
        if missing:
            say(ev, frame, line, f"{_BY_FACTORY_BOY}: what some of them are, or ask for, is not known")


_BY_FACTORY_BOY = "pytest_factoryboy makes fixtures of a factory"
_FACTORY_BOY = "pytest_factoryboy.fixture"


def _functions_of_factory_boy(ev: Evaluator) -> dict[str, FunctionValue]:
    """Return the functions that run; none where they are not at hand, or are of a release that makes fixtures otherwise."""
    if not isinstance(ev.modules.read(External(f"{_FACTORY_BOY}.named_model")), FunctionValue):
        return {}  # before 2.5 a model's fixture is named after the factory
    names = ("attr_fixture", "subfactory_fixture", "factory_fixture", "model_fixture")
    found = {name: ev.modules.read(External(f"{_FACTORY_BOY}.{name}")) for name in names}
    known = {name: value for name, value in found.items() if isinstance(value, FunctionValue)}
    return known if len(known) == len(names) else {}


def _function_of_factory_boy(function: FunctionValue, planned: Planned, *, in_class: bool) -> FunctionValue:
    """Return the function of one fixture, with the signature and the requests that pytest_factoryboy gives it."""
    asks = tuple(Parameter(name, "kw", False) for name in dict.fromkeys(planned.asks or ()) if name != "request")
    line = function.facts.line
    ask = f.Attr(f.Name("request"), "getfixturevalue")
    body = tuple(f.ExprStmt(f.Call(ask, (f.Arg(f.Const(name)),)), line) for name in planned.later)
    facts = msgspec.structs.replace(function.facts, body=body, dynamic=bool(body), doc=None)
    return replace(
        function,
        facts=facts,
        signature=(Parameter("request", "arg", False), *asks),
        binding="static" if in_class else "",
    )


class PolyFactory(Effect):
    """The fixture that polyfactory makes of a factory, among the global names of whoever registers it."""

    calls = ("polyfactory.pytest_plugin.register_fixture",)
    decorates = True
    needs = ("polyfactory",)
    TITLE = "`polyfactory.pytest_plugin.register_fixture(Factory)`"
    GOOD = """
        from dataclasses import dataclass
        from polyfactory.factories import DataclassFactory
        from polyfactory.pytest_plugin import register_fixture

        @dataclass
        class Person:
            name: str

        @register_fixture
        class PersonFactory(DataclassFactory[Person]):
            pass

        @register_fixture(scope="session", autouse=True, name="worker")
        class WorkerFactory(DataclassFactory[Person]):
            pass

        register_fixture(WorkerFactory, name="other")
        """
    BAD = """
        import os
        from polyfactory.factories import DataclassFactory
        from polyfactory.pytest_plugin import register_fixture

        @register_fixture(name=os.environ.get("WHO"))
        class PersonFactory(DataclassFactory):
            pass
        """

    def apply(
        self,
        ev: Evaluator,
        args: Sequence[Value],
        kwargs: Mapping[str, Value],
        incomplete: bool,
        line: int,
        frame: Frame,
    ) -> Value:
        """See ``Effect.apply``."""
        made = args[0] if args else kwargs.get("factory", UNKNOWN if incomplete else Constant(None))
        if made == Constant(None):
            return DecoratorValue("effect", (), dict(kwargs), incomplete, line, self.calls[0])
        given = basics.plain(kwargs.get("name", UNKNOWN if incomplete else Constant(None)))
        cls = ev.modules.read(made) if isinstance(made, External) else made
        function = _function_of_polyfactory(ev)
        known = isinstance(cls, ClassValue) and _is_of_polyfactory(ev, cls) and function is not None
        name = underscore(cls.facts.name) if not given and isinstance(cls, ClassValue) else given
        if not isinstance(name, str) or not known or function is None or incomplete:
            expect(frame, name if isinstance(name, str) else "*", line)
            say(ev, frame, line, "polyfactory makes a fixture of a factory: it is not known which")
            return made
        options = {one: kwargs[one] for one in ("scope", "autouse") if one in kwargs}
        value = FixtureValue(function, {**options, "name": Constant(name)}, frame.module, line)
        own = ev.made(value, line, frame, of={"factory": made})
        put(ev, Namespace(frame.module.frame), Constant(name), own, line, frame)
        return made


def _function_of_polyfactory(ev: Evaluator) -> FunctionValue | None:
    """Return the function that runs; None where it is not at hand, or of a release that looks for global names otherwise."""
    made = ev.modules.read(External("polyfactory.pytest_plugin.FactoryFixture"))
    binding = made.frame.names.get("__call__") if isinstance(made, ClassValue) else None
    called = binding.value if binding is not None else None
    if not isinstance(called, FunctionValue) or all(one.name != "depth" for one in called.facts.params):
        return None
    inner = [one for one in called.facts.body or () if isinstance(one, f.Function) and one.name == "_factory_fixture"]
    facts = msgspec.structs.replace(inner[0], doc=None) if len(inner) == 1 else None
    return None if facts is None else FunctionValue(called.module, facts, called.module.frame)


def _is_of_polyfactory(ev: Evaluator, cls: ClassValue) -> bool:
    return any(
        isinstance(owner, ClassValue)
        and owner.facts.name == "BaseFactory"
        and owner.module.dotted == "polyfactory.factories.base"
        for owner in linearize(ev, cls)
    )


EFFECTS: tuple[type[Effect], ...] = (
    ModuleNamespace,
    LocalNamespace,
    SetAttribute,
    MakeClass,
    Execute,
    FactoryBoy,
    PolyFactory,
)
"""All kinds; of two that name one call the later counts."""

_BY_CALL: dict[str, Effect] = {dotted: effect() for effect in EFFECTS for dotted in effect.calls}


def effect_of(dotted: str) -> Effect | None:
    """Return what calling something by its dotted name does to names, if it does anything."""
    return _BY_CALL.get(dotted)


LAST = frozenset(dotted.rpartition(".")[2] for dotted in _BY_CALL)
"""How the calls end."""


def effect_of_function(function: FunctionValue) -> Effect | None:
    """Return what calling a function does to names: the suite of a library calls the library's own functions."""
    is_global = function.frame is function.module.frame
    return _BY_CALL.get(f"{function.module.dotted}.{function.facts.name}") if is_global else None


# namespaces as dicts


def namespace_of(ev: Evaluator, owner: Value) -> Value:
    """Return the names of a module or a class as a dict: ``vars(owner)``, ``owner.__dict__``."""
    if isinstance(owner, ModuleRef) and owner.frame is not None:
        return Namespace(owner.frame)
    if isinstance(owner, ModuleRef):
        module = ev.modules.named(owner.dotted)
        return Namespace(module.frame) if module is not None and module.in_project else UNKNOWN
    if isinstance(owner, ClassValue):
        return Namespace(owner.frame)
    return UNKNOWN


def put(ev: Evaluator, space: Namespace, name: Value, value: Value, line: int, frame: Frame) -> None:
    """Bind a name that was worked out; of one that is not wholly known only the pattern."""
    name = current(name)
    if isinstance(name, Constant) and isinstance(name.value, str):
        if ev.sink is None:  # what a test or fixture binds while it runs makes no fixture
            ev.bind_elsewhere(space.frame, name.value, ev.made(value, line, frame), line)
        return
    if ev.sink is not None:
        return
    pattern = name.pattern if isinstance(name, Unknown) and name.pattern else "*"
    if space.frame.module is not frame.module:  # a helper in another module: said where the names come to be
        frame, line = space.frame, space.frame.line
    expect(space.frame, pattern, line)
    say(
        ev,
        frame,
        line,
        "a name is made that is not known" + (f" (it looks like {pattern!r})" if pattern != "*" else ""),
    )


def expect(frame: Frame, pattern: str, line: int) -> None:
    """Note that a module may have names that are not wholly known: those that fit may be something else from here on."""
    known = NamePattern(pattern, line)
    if known not in frame.module.patterns:
        frame.module.patterns.append(known)
    for name, binding in frame.names.items():
        if binding.certain and known.fits(name) and (pattern != "*" or _is_made(binding.value)):
            frame.names[name] = Binding(binding.value, False, binding.line, binding.others)


def _is_made(value: Value) -> bool:
    """Whether a value is data, or a fixture that was generated: what nobody knows anything of overwrites no definition."""
    return (
        value.made is not None if isinstance(value, FixtureValue) else isinstance(current(value), Constant | Collection)
    )


def say(ev: Evaluator, frame: Frame, line: int, message: str) -> None:
    """Note, for a diagnostic, what could not be worked out."""
    issues = frame.module.issues
    if ev.sink is None and not any(issue.line == line and issue.message == message for issue in issues):
        issues.append(Issue(line, message))


def namespace_method(
    ev: Evaluator, space: Namespace, name: str, args: Sequence[Value], kwargs: Mapping[str, Value], incomplete: bool,
    line: int, frame: Frame,
) -> Value:  # fmt: skip
    """Call a method of a namespace: ``globals().update(…)``, ``vars(x).get(name)``."""
    if name == "update":
        pairs = functions.function(ev, "builtins.dict", list(args), kwargs, incomplete)
        if isinstance(pairs, Mapped):
            for key, value in pairs.items:
                put(ev, space, key, value, line, frame)
        else:
            put(ev, space, UNKNOWN, UNKNOWN, line, frame)
        return Constant(None)
    text = basics.plain(args[0]) if args else basics.NOT_PLAIN
    if name in ("get", "setdefault", "pop", "__getitem__") and isinstance(text, str):
        binding = space.frame.names.get(text)
        if binding is not None:
            if name == "pop" and ev.sink is None:
                del space.frame.names[text]
            return ev.force(ev.seen(space.frame.module if space.frame.kind == "module" else None, text, binding))
        default = args[1] if len(args) > 1 else Constant(None)
        if name == "setdefault":
            put(ev, space, args[0], default, line, frame)
        return default if name != "__getitem__" else UNKNOWN
    return UNKNOWN
