"""Factories of factory_boy as their text says: the model they make, what they declare, on which factories that rests.

In: class values. Out: ``Factory``, from which ``pytest_factoryboy.register`` makes fixtures, and the list of these. What is
decided by something that is not known is ``None`` here, and becomes no fixture.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fixturescope.analysis import facts as f
from fixturescope.analysis.mro import linearize, lookup_in_class
from fixturescope.analysis.values import (
    UNKNOWN,
    BoundMethod,
    ClassValue,
    Collection,
    Constant,
    Declared,
    External,
    FunctionValue,
    LambdaValue,
    OptionsValue,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from fixturescope.analysis.evaluate import Evaluator
    from fixturescope.analysis.frames import Binding

_ROOTS = (
    "factory.",
    "factory.declarations.",
    "factory.helpers.",
    "factory.faker.",
    "factory.django.",
    "factory.fuzzy.",
)
_KINDS = {
    "SubFactory": "sub", "Dict": "sub", "List": "sub", "RelatedFactory": "related", "RelatedFactoryList": "related", "Trait": "trait",
} | dict.fromkeys(
    ("ContainerAttribute", "Faker", "FileField", "ImageField", "Iterator", "LazyAttribute", "LazyAttributeSequence", "LazyFunction",
     "Maybe", "Password", "PostGeneration", "PostGenerationMethodCall", "SelfAttribute", "Sequence", "Transformer"), "plain"
)  # fmt: skip
"""Classes of declarations, by what pytest_factoryboy looks at."""

_DECORATORS = frozenset({
    "container_attribute", "iterator", "lazy_attribute", "lazy_attribute_sequence", "post_generation", "sequence",
})  # fmt: skip
"""Functions that make a declaration of a function."""

_LAZY = frozenset({"pytest_factoryboy.LazyFixture", "pytest_factoryboy.fixture.LazyFixture"})
_METACLASSES = frozenset({"factory.base.FactoryMetaClass", "factory.FactoryMetaClass"})
_SECTIONS = frozenset({"Meta", "Params"})
_NAMED = frozenset({
    "collections.Counter", "collections.OrderedDict", "collections.UserDict", "collections.defaultdict", "datetime.date",
    "datetime.datetime", "decimal.Decimal", "types.SimpleNamespace", "unittest.mock.MagicMock", "unittest.mock.Mock", "uuid.UUID",
})  # fmt: skip
"""Classes of the standard library that are called as they are named."""

_NO_DECLARATIONS = frozenset({
    "datetime", "dateutil", "decimal", "django", "faker", "hashlib", "json", "math", "numpy", "os", "pathlib", "pytz", "random", "secrets",
    "string", "time", "uuid", "zoneinfo",
})  # fmt: skip
"""Libraries whose functions return no declaration, unless they are given one."""


def underscore(name: str) -> str:
    """``AuthorFactory`` → ``author_factory``, as inflection's function of that name does."""
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z\d])([A-Z])", r"\1_\2", name).replace("-", "_").lower()


def declaration(dotted: str, args: Sequence[Value], kwargs: Mapping[str, Value], incomplete: bool) -> Declared | None:
    """Return what calling something of factory_boy's declares; None where it declares nothing."""
    if not dotted.startswith(("factory.", "pytest_factoryboy.")):
        return None
    if dotted in _LAZY:
        return Declared("lazy", tuple(args), dict(kwargs), incomplete)
    last = dotted.rpartition(".")[2]
    if dotted.startswith("factory.fuzzy.") and last.startswith("Fuzzy"):
        return Declared("plain")
    if dotted.removesuffix(last) not in _ROOTS:
        return None
    if last in ("Dict", "List"):
        given = args[1:] or tuple(kwargs[key] for key in ("dict_factory", "list_factory") if key in kwargs)
        return Declared("sub", tuple(given) or (Constant(f"factory.{last}Factory"),), {}, incomplete)
    if last in _KINDS:
        return Declared(_KINDS[last], tuple(args), dict(kwargs), incomplete)
    return Declared("plain") if last in _DECORATORS and args else None


def declares(dotted: str) -> bool:
    """Return whether a decorator makes a declaration of a function."""
    last = dotted.rpartition(".")[2]
    return last in _DECORATORS and dotted.removesuffix(last) in _ROOTS


def is_metaclass(dotted: str) -> bool:
    """Return whether a dotted name is that of the class of all factories."""
    return dotted in _METACLASSES


def is_factory(ev: Evaluator, value: Value) -> bool | None:
    """Return whether a value is a factory; None where that is not known."""
    if isinstance(value, External):
        if value.dotted.rpartition(".")[2].startswith("__"):
            return False
        read = ev.modules.read(value)
        if isinstance(read, External):
            return None
        value = read
    if isinstance(value, Unknown | Declared):
        return False if isinstance(value, Declared) else None
    if not isinstance(value, ClassValue):
        return False
    order = linearize(ev, value)
    if any(isinstance(owner, ClassValue) and _is_base(owner) for owner in order):
        return True
    return False if all(isinstance(owner, ClassValue) or _is_plain_base(owner) for owner in order) else None


def _is_base(cls: ClassValue) -> bool:
    return cls.module.dotted == "factory.base" and cls.facts.name == "BaseFactory"


def _is_plain_base(value: Value) -> bool:
    return isinstance(value, External) and value.dotted.partition(".")[0] in ("abc", "builtins", "enum", "typing")


@dataclass(frozen=True, slots=True)
class Attribute:
    """One declaration. ``kind`` is that of ``Declared``, or ``unknown``."""

    kind: str
    target: ClassValue | None = None
    """The factory that it rests on."""
    asks: tuple[str, ...] = ()
    """Of a lazy fixture: what it asks for."""


@dataclass(frozen=True, slots=True)
class Factory:
    """A factory.

    Attributes:
        name: The class's.
        model: The class that it makes; None where that is not known.
        abstract: Whether it makes nothing itself; None where that is not known.
        attributes: Its declarations, inherited ones included.
        is_whole: Whether there are no others.
        named: Whether ``model`` is a class's name, rather than a text that stands for the model.
    """

    name: str
    model: str | None
    abstract: bool | None
    attributes: Mapping[str, Attribute]
    is_whole: bool
    named: bool = True

    @property
    def model_name(self) -> str | None:
        """pytest_factoryboy's ``get_model_name``."""
        return underscore(self.model) if self.model is not None and self.named else self.model


@dataclass(frozen=True, slots=True)
class Planned:
    """One fixture of a factory.

    Attributes:
        name: Its name.
        function: The function of ``pytest_factoryboy.fixture`` that runs.
        asks: Its arguments beside ``request``; None where they are not known.
        later: What it asks for while it runs.
    """

    name: str
    function: str
    asks: tuple[str, ...] | None = ()
    later: tuple[str, ...] = ()


@dataclass(slots=True)
class Factories:
    """Reads factories, each once.

    Args:
        evaluator: Follows names.
    """

    evaluator: Evaluator
    _read: dict[int, Factory | None] = field(default_factory=dict)

    def read(self, value: Value) -> Factory | None:
        """Return a factory; None for what is none, or not known to be one."""
        cls = self._followed(value)
        if cls is None:
            return None
        if id(cls.frame) not in self._read:
            self._read[id(cls.frame)] = None  # a factory that inherits from itself
            self._read[id(cls.frame)] = self._factory(cls) if is_factory(self.evaluator, cls) else None
        return self._read[id(cls.frame)]

    def plan(
        self, factory: Factory, model: str, overrides: Mapping[str, Value], *, all_overridden: bool
    ) -> Iterator[Planned]:
        """Yield the fixtures of a factory, as ``generate_fixtures`` of pytest_factoryboy does.

        Args:
            factory: The factory.
            model: The name of the model's fixture.
            overrides: Attributes that the call gives.
            all_overridden: It may give others, too.
        """
        related = []
        for name, attribute in factory.attributes.items():
            kind = self.classify(overrides[name]) if name in overrides else attribute
            if all_overridden:
                kind = Attribute("unknown")
            rests = kind.kind in ("sub", "related")
            yield Planned(
                f"{model}__{name}", "subfactory_fixture" if rests else "attr_fixture", self._asks(factory, kind)
            )
            if attribute.kind == "related":
                related.append(f"{model}__{name}")
        factory_name = underscore(factory.name)
        yield Planned(factory_name, "factory_fixture")
        asks = self._dependencies(factory, model)
        yield Planned(model, "model_fixture", asks, ("factoryboy_request", factory_name, *related))

    def classify(self, value: Value) -> Attribute:
        """Return what pytest_factoryboy makes of a declared value."""
        value = self.evaluator.force(value)
        if isinstance(value, External):
            value = self.evaluator.modules.read(value)
        if isinstance(value, Unknown):
            return Attribute("unknown")
        if not isinstance(value, Declared):
            return Attribute("plain")
        given = (
            value.args[0] if value.args else value.kwargs.get("fixture" if value.kind == "lazy" else "factory", UNKNOWN)
        )
        if value.kind in ("sub", "related"):
            return Attribute(value.kind, self._followed(given))
        if value.kind == "lazy":
            asks = self._lazy(given)
            return Attribute("unknown") if asks is None else Attribute("lazy", asks=asks)
        return Attribute("plain")

    def options(self, cls: ClassValue, name: str) -> Value:
        """Return an attribute of a factory's ``_meta``."""
        factory = self.read(cls)
        if name == "abstract" and factory is not None and factory.abstract is not None:
            return Constant(factory.abstract)
        return (self._model(cls) or UNKNOWN) if name == "model" else UNKNOWN

    # reading

    def _followed(self, value: Value) -> ClassValue | None:
        value = self.evaluator.force(value)
        if isinstance(value, Constant) and isinstance(value.value, str):
            module, _, name = value.value.rpartition(".")
            value = self.evaluator.force(self.evaluator.modules.attribute(module, name)) if module else UNKNOWN
        if isinstance(value, External):
            value = self.evaluator.modules.read(value)
        return value if isinstance(value, ClassValue) else None

    def _factory(self, cls: ClassValue) -> Factory:
        order = linearize(self.evaluator, cls)
        owners = [owner for owner in order if isinstance(owner, ClassValue) and is_factory(self.evaluator, owner)]
        whole = all(isinstance(owner, ClassValue) or _is_plain_base(owner) for owner in order)
        attributes: dict[str, Attribute] = {}
        params: dict[str, Value] = {}
        for owner in reversed(owners):
            if _is_library(owner):
                continue
            whole &= self._own(owner, attributes)
            whole &= self._params(owner, params)
        for value in params.values():
            if isinstance(value, Declared) and value.kind == "trait":
                whole &= not value.incomplete
                attributes.update(dict.fromkeys(value.kwargs, Attribute("plain")))
        for name, value in params.items():
            if not (isinstance(value, Declared) and value.kind == "trait"):
                both = name in attributes
                attributes[name] = Attribute("unknown") if both else self.classify(value)
        model, named = self._model_name(cls, owners)
        return Factory(cls.facts.name, model, self._abstract(cls, model), attributes, whole, named)

    def _own(self, owner: ClassValue, attributes: dict[str, Attribute]) -> bool:
        """Add what one class declares itself; return whether that is all."""
        whole = True
        for name, binding in owner.frame.names.items():
            if name in _SECTIONS or (name.startswith("__") and name.endswith("__")):
                continue
            verdict = self._is_declaration(name, owner, binding)
            if verdict is None:
                whole = False
            elif verdict:
                found = self.classify(binding.value)
                if found.kind == "unknown" and _is_plain_text(self.evaluator, _assigned(owner, name), owner):
                    found = Attribute("plain")
                attributes[name] = found
        return whole

    def _is_declaration(self, name: str, owner: ClassValue, binding: Binding) -> bool | None:
        value = self.evaluator.force(binding.value)
        if isinstance(value, FunctionValue) and value.binding in ("static", "class"):
            return False if binding.certain else None
        if not binding.certain:
            return None
        if not name.startswith("_"):
            return True
        if isinstance(value, Declared):
            return value.kind not in ("lazy", "trait")
        if isinstance(value, Unknown):
            return False if _is_plain_text(self.evaluator, _assigned(owner, name), owner) else None
        return False

    def _params(self, owner: ClassValue, params: dict[str, Value]) -> bool:
        binding = owner.frame.names.get("Params")
        section = binding.value if binding is not None and binding.certain else None
        if not isinstance(section, ClassValue):
            return binding is None
        for name, one in section.frame.names.items():
            if name.startswith("_"):
                continue
            value = self.evaluator.force(one.value)
            if isinstance(value, Unknown) and not _is_plain_text(self.evaluator, _assigned(section, name), section):
                return False
            if not one.certain:
                return False
            params[name] = Constant(None) if isinstance(value, Unknown) else value
        return True

    def _meta(self, cls: ClassValue, name: str) -> Value | None:
        """Return what ``class Meta`` of one class sets; None where it sets nothing."""
        binding = cls.frame.names.get("Meta")
        if binding is None:
            return None
        section = self.evaluator.force(binding.value)
        if not isinstance(section, ClassValue) or not binding.certain:
            return UNKNOWN
        if any(isinstance(owner, Unknown) for owner in linearize(self.evaluator, section)):
            return UNKNOWN
        found = section.frame.names.get(name)
        if found is not None and not found.certain:
            return UNKNOWN
        return lookup_in_class(self.evaluator, section, name)

    def _model(self, cls: ClassValue, depth: int = 0) -> Value | None:
        """Return the model as ``Meta`` names it, or that of the first base that is a factory."""
        own = self._meta(cls, "model")
        if own is not None or depth > len(linearize(self.evaluator, cls)):
            return own
        for base in map(self._followed, cls.bases):
            kind = is_factory(self.evaluator, base) if base is not None else None
            if kind is None and not (base is None and _are_plain(cls.bases)):
                return UNKNOWN
            if kind and base is not None:
                return self._model(base, depth + 1)
        return None

    def _abstract(self, cls: ClassValue, name: str | None) -> bool | None:
        """Return whether a factory is abstract; one whose model has a name says so itself, if it is."""
        if _is_library(cls):
            own = self._meta(cls, "abstract")
            return self._model(cls) is None or (own is not None and self.evaluator.truth(own))
        model = self._model(cls)
        if model is None or model == Constant(None):
            return True
        own = self._meta(cls, "abstract")
        verdict = False if own is None else self.evaluator.truth(own)
        return None if verdict is False and isinstance(model, Unknown) and name is None else verdict

    def _model_name(self, cls: ClassValue, owners: Sequence[ClassValue]) -> tuple[str | None, bool]:
        """Return the name of the model, and whether it is a class's."""
        if any("_options_class" in owner.frame.names and not _is_library(owner) for owner in owners):
            return None, True
        value = self._model(cls)
        if isinstance(value, Constant) and isinstance(value.value, str):
            django = any(owner.module.dotted == "factory.django" for owner in owners)
            if django and "." in value.value:
                return self._of_app(*value.value.split(".", 1)), True
            return value.value, False
        if isinstance(value, External):
            root, _, name = value.dotted.rpartition(".")
            if root == "builtins" and isinstance(getattr(builtins, name, None), type):
                return str(getattr(builtins, name).__name__), True
            if value.dotted in _NAMED:
                return name, True
            value = self.evaluator.modules.read(value)
        return value.facts.name if isinstance(value, ClassValue) else self._of_relation(owners), True

    def _of_app(self, app: str, name: str) -> str | None:
        """Return the name of a model of a Django application, where its module has one that is spelled so."""
        for package in (app, f"django.contrib.{app}"):
            found = self.evaluator.modules.read(External(f"{package}.models.{name}"))
            if isinstance(found, ClassValue) and found.facts.name == name:
                return name
        return None

    def _of_relation(self, owners: Sequence[ClassValue]) -> str | None:
        """Return the name of the model that Django makes for ``Model.field.through``, where ``Meta`` names that."""
        nearest = next((owner for owner in owners if "Meta" in owner.frame.names), None)
        section = nearest.frame.names["Meta"].value if nearest is not None else None
        if not isinstance(section, ClassValue):
            return None
        node = _assigned(section, "model")
        if not isinstance(node, f.Attr) or node.attr != "through" or not isinstance(node.value, f.Attr):
            return None
        model = self._followed(self.evaluator.eval(node.value.value, section.frame))
        made = _assigned(model, node.value.attr) if model is not None else None
        if (
            model is None
            or not isinstance(made, f.Call)
            or len(made.args) > sum(arg.keyword is not None for arg in made.args) + 1
        ):
            return None
        func = self.evaluator.eval(made.func, model.frame)
        if not isinstance(func, External) or not func.dotted.startswith("django.db.models."):
            return None
        own = func.dotted.endswith(".ManyToManyField") and all(
            arg.keyword != "through" and not arg.star for arg in made.args
        )
        return f"{model.facts.name}_{node.value.attr}" if own else None

    def _lazy(self, given: Value) -> tuple[str, ...] | None:
        """Return ``LazyFixture.args``."""
        given = self.evaluator.force(given)
        if isinstance(given, Constant) and isinstance(given.value, str):
            return (given.value,)
        if isinstance(given, LambdaValue) or (isinstance(given, FunctionValue) and not given.facts.decorators):
            return tuple(one.name for one in given.parameters if one.kind == "arg")
        return None

    # what fixtures ask for

    def _asks(self, factory: Factory, attribute: Attribute) -> tuple[str, ...] | None:
        """Return what the fixture of an attribute asks for: ``make_declaration_fixturedef``."""
        if attribute.kind not in ("sub", "related"):
            return None if attribute.kind == "unknown" else attribute.asks
        target = self.read(attribute.target) if attribute.target is not None else None
        if target is None or target.model_name is None or not target.named or factory.model_name is None:
            return None
        asks = self._dependencies(target, target.model_name, factory.model_name)
        return None if asks is None else (*asks, target.model_name)

    def _dependencies(self, factory: Factory, model: str, parent: str | None = None) -> tuple[str, ...] | None:
        """Return pytest_factoryboy's ``get_deps``: attributes that are not related to, nor made of, the parent."""
        if not factory.is_whole:
            return None
        asks = []
        for name, attribute in factory.attributes.items():
            if attribute.kind == "unknown":
                return None
            if attribute.kind == "related":
                continue
            if attribute.kind == "sub":
                target = self.read(attribute.target) if attribute.target is not None else None
                if target is None or (parent is not None and target.model_name is None):
                    return None
                if parent is not None and target.model_name == parent:
                    continue
            asks.append(f"{model}__{name}")
        return tuple(asks) if all(name.isidentifier() for name in asks) else None


def _is_library(cls: ClassValue) -> bool:
    return cls.module.dotted.partition(".")[0] == "factory" and not cls.module.in_project


def _are_plain(bases: Sequence[Value]) -> bool:
    return all(_is_plain_base(base) for base in bases if isinstance(base, External))


def _assigned(owner: ClassValue, name: str) -> f.Expr | None:
    """Return the expression that a class body assigns to a name, where there is one."""
    found = [s.value for s in owner.facts.body if isinstance(s, f.Assign) and f.Name(name) in s.targets]
    return found[0] if len(found) == 1 else None


def _is_plain_text(ev: Evaluator, node: f.Expr | None, owner: ClassValue) -> bool:
    """Whether an expression whose value is not known gives no declaration all the same, by its form."""
    if node is None or isinstance(node, f.Name | f.Star | f.Walrus | f.Index | f.Opaque):
        return isinstance(node, f.Name) and not isinstance(ev.eval(node, owner.frame), Unknown | Declared)
    if isinstance(node, f.Cond):
        return _is_plain_text(ev, node.body, owner) and _is_plain_text(ev, node.orelse, owner)
    if isinstance(node, f.Bin) and node.op in ("and", "or"):
        return _is_plain_text(ev, node.left, owner) and _is_plain_text(ev, node.right, owner)
    if isinstance(node, f.Attr):
        value = ev.eval(node, owner.frame)
        return isinstance(value, External) and value.dotted.partition(".")[0] in _NO_DECLARATIONS
    if isinstance(node, f.Call):
        func = ev.eval(node.func, owner.frame)
        plain = isinstance(func, External) and func.dotted.partition(".")[0] in _NO_DECLARATIONS
        plain |= isinstance(func, BoundMethod) and isinstance(func.receiver, Constant | Collection)
        return plain and all(not arg.star and _is_plain_text(ev, arg.value, owner) for arg in node.args)
    return True


__all__ = ["Factories", "Factory", "OptionsValue", "Planned", "declaration", "declares", "is_factory", "underscore"]
