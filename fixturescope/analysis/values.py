"""What the evaluator knows about a value without running anything. What it does not know is ``Unknown``, never a guess."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Union

from fixturescope.analysis import facts as f

if TYPE_CHECKING:
    from pathlib import Path

    from fixturescope.analysis.frames import Frame, Module


class Value:
    """Base of all values."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Unknown(Value):
    """A value that is not known, with the reason. ``pattern`` is what is known of a text: ``get_*_x``."""

    reason: str = ""
    pattern: str | None = None
    may_be: tuple[Value, ...] = field(default=(), compare=False, repr=False)
    """Collections and instances one of which it may be: changing it changes one of them."""


UNKNOWN = Unknown()


@dataclass(frozen=True, slots=True)
class Constant(Value):
    """None, a truth value, a number, a text or bytes."""

    value: Union[bool, int, float, str, bytes, None]


@dataclass(frozen=True, slots=True)
class VersionValue(Value):
    """``packaging.version.Version(text)``, or a copy of it that some library carries."""

    text: str


@dataclass(frozen=True, slots=True)
class PatternValue(Value):
    """``re.compile(text)``."""

    text: str


@dataclass(frozen=True, slots=True)
class MatchValue(Value):
    """What a regular expression has matched."""

    groups: tuple[Union[str, None], ...]
    """The whole, then each group."""
    names: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class PathValue(Value):
    """``pathlib.Path(text)``."""

    text: str


@dataclass(slots=True, eq=False)
class OpenFile(Value):
    """A file of the project that was opened to be read, once."""

    content: Union[str, bytes] = field(repr=False)
    used: bool = False


@dataclass(frozen=True, slots=True)
class DataText(Value):
    """What stands in a file, longer than texts that are worked with."""

    text: Union[str, bytes] = field(repr=False)


_serials = itertools.count(1)


def next_serial() -> int:
    """Return a number larger than that of every collection made so far."""
    return next(_serials)


@dataclass(slots=True, eq=False)
class Collection(Value):
    """What Python can change in place. Whoever holds it sees the change, through ``current``."""

    now: Value | None = field(default=None, init=False)
    """What it has become since."""
    serial: int = field(default_factory=next_serial, init=False)
    """Collections are numbered as they are made."""


@dataclass(slots=True, eq=False)
class Sequence(Collection):
    """A list, tuple, set or other iterable whose items are known one by one (each may itself be unknown)."""

    kind: str
    """As Python calls it, or one of ``ITERATORS`` and ``UNORDERED``."""
    items: tuple[Value, ...]
    over: tuple[Value, ...] = ()
    """What an iterator or a view looks at: it is not known any more when that changes."""
    written: bool = field(default=False, init=False)
    """It is a display in the text, and nobody has a name for it: an empty one is no registry that others fill."""


ITERATORS = frozenset({"iterator", "generator", "shuffled", "shuffled generator", "groups", "group"})
"""Kinds that can be gone through once; ``groups`` is what ``itertools.groupby`` gives, pairs of a key and a ``group``."""

LATE = frozenset({"generator", "shuffled generator"})
"""Iterators that look at names when they are gone through, not when they are made."""

UNORDERED = frozenset({"set", "unordered", "shuffled", "shuffled generator"})
"""Kinds whose items are known and whose order is not; ``unordered`` is a list or tuple of a set."""


@dataclass(slots=True, eq=False)
class Sized(Collection):
    """A collection of which only the number of items is known."""

    size: int


@dataclass(slots=True, eq=False)
class Mapped(Collection):
    """A dict with known entries, in order."""

    items: tuple[tuple[Value, Value], ...]


def current(value: Value) -> Value:
    """Return what a value is now: a collection may have changed since somebody took hold of it."""
    while isinstance(value, Collection):
        if value.now is None:
            stale = isinstance(value, Sequence) and any(
                isinstance(source, Collection) and source.now is not None for source in value.over
            )
            return Unknown("what it iterates over has changed") if stale else value
        value = value.now
    return value


def become(collection: Collection, new: Value) -> None:
    """Make a collection another value, in the eyes of all who hold it. ``new`` belongs to nobody else."""
    last: Value = collection
    while isinstance(last, Collection) and last.now is not None:
        last = last.now
    if isinstance(last, Collection) and last is not new:
        if isinstance(new, Collection):
            new.serial = last.serial
        last.now = new


@dataclass(frozen=True, slots=True)
class ModuleRef(Value):
    """A module, by dotted name; loaded when an attribute is asked for."""

    dotted: str
    frame: Frame | None = None
    """Its names, where it is the very module that is being evaluated: several conftests may have one name."""


@dataclass(frozen=True, slots=True)
class Imported(Value):
    """``from module import name``, not followed yet."""

    module: str
    name: str


@dataclass(frozen=True, slots=True)
class External(Value):
    """Something of a library, a builtin or pytest, by its dotted name; its source has not been read."""

    dotted: str


@dataclass(frozen=True, slots=True, eq=False)
class Mark(Value):
    """``pytest.mark.name`` or, applied, ``pytest.mark.name(*args, **kwargs)``."""

    name: str
    args: tuple[Value, ...] = ()
    kwargs: Mapping[str, Value] = field(default_factory=dict)
    applied: bool = False
    incomplete: bool = False
    """``*args`` or ``**kwargs`` that are not known were given too."""
    line: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class ParamSet(Value):
    """``pytest.param(*values, marks=…)``."""

    values: tuple[Value, ...]
    marks: Value = UNKNOWN


@dataclass(frozen=True, slots=True, eq=False)
class LazyFixture(Value):
    """``lf("name")``, ``lazy_fixture("name")``: a parameter that stands for a fixture's value."""

    name: Value


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter as ``inspect.signature`` would show it. ``kind`` as in ``facts.Param``."""

    name: str
    kind: str
    has_default: bool


@dataclass(frozen=True, slots=True, eq=False)
class FunctionValue(Value):
    """A function of the project (or of a library whose source was read), with what its decorators did to it."""

    module: Module
    facts: f.Function
    frame: Frame
    """Where it was defined: its free names are looked up there."""
    defaults: Mapping[str, Value] = field(default_factory=dict)
    """Of its parameters, as they were when it was defined."""
    owner: ClassValue | None = None
    binding: Literal["", "static", "class", "property"] = ""
    marks: tuple[Mark, ...] = ()
    signature: tuple[Parameter, ...] | None = None
    """Set where a decorator changed it; else that of ``facts``."""
    patches: int = 0
    """Leading arguments that ``mock.patch`` decorators fill in."""
    abstract: bool = False
    test: bool | None = None
    """``__test__`` where it was set."""
    class_patched: bool = False

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters that ``inspect.signature`` would show."""
        if self.signature is not None:
            return self.signature
        return tuple(Parameter(p.name, p.kind, p.default is not None) for p in self.facts.params)


@dataclass(frozen=True, slots=True, eq=False)
class LambdaValue(Value):
    """A lambda."""

    module: Module
    facts: f.Lambda
    frame: Frame
    defaults: Mapping[str, Value] = field(default_factory=dict)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters that ``inspect.signature`` would show."""
        return tuple(Parameter(p.name, p.kind, p.default is not None) for p in self.facts.params)


@dataclass(frozen=True, slots=True, eq=False)
class PartialValue(Value):
    """``functools.partial(func, *args, **kwargs)``."""

    func: Value
    args: tuple[Value, ...]
    kwargs: Mapping[str, Value]


@dataclass(frozen=True, slots=True, eq=False)
class DecoratorValue(Value):
    """A decorator with known meaning, its arguments already given.

    ``kind``: ``fixture``, ``patch``, ``given``, ``wraps``, ``dataclass``, ``same`` (returns what it decorates).
    """

    kind: str
    args: tuple[Value, ...] = ()
    kwargs: Mapping[str, Value] = field(default_factory=dict)
    incomplete: bool = False
    line: int = 0
    dotted: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class FixtureValue(Value):
    """What ``@pytest.fixture`` returns: a fixture definition, not yet registered anywhere."""

    function: Value
    """``FunctionValue``, ``LambdaValue`` or unknown."""
    options: Mapping[str, Value]
    module: Module
    """Where the decorator was applied."""
    line: int
    incomplete: bool = False
    decorator: str = "pytest.fixture"
    made: Made | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ClassValue(Value):
    """A class whose body was evaluated."""

    module: Module
    facts: f.Class
    qualname: str
    bases: tuple[Value, ...]
    frame: Frame
    """The class body's names."""
    marks: tuple[Mark, ...] = ()
    patches: int = 0
    """``mock.patch`` class decorators that hand an argument to each test method."""
    has_init: bool = False
    """A decorator such as ``dataclass`` wrote an ``__init__``."""
    record: Literal["", "dataclass", "namedtuple"] = ""
    """What makes attributes of the annotated names."""
    fields: tuple[tuple[str, Value | None], ...] = ()
    """Of a named tuple that a call made: names and default values."""


@dataclass(slots=True, eq=False)
class InstanceValue(Value):
    """An instance of a known class; ``self`` in methods."""

    cls: ClassValue
    attributes: dict[str, Value] = field(default_factory=dict)
    order: tuple[str, ...] = ()
    """Of a named tuple: its fields."""
    serial: int = field(default_factory=next_serial, init=False)


@dataclass(slots=True, eq=False)
class EnumMember(Value):
    """A member of an enumeration; there is one object for each."""

    cls: ClassValue
    name: str
    value: Value
    mixin: Literal["", "int", "str"] = ""
    """What its members compare with."""


@dataclass(frozen=True, slots=True, eq=False)
class Auto(Value):
    """What one call of ``enum.auto()`` gives until the class is complete."""


@dataclass(frozen=True, slots=True, eq=False)
class FieldSpec(Value):
    """``dataclasses.field(...)``, ``attrs.field(...)``."""

    default: Value | None = None
    factory: Value | None = None
    init: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Declared(Value):
    """A declaration in a factory of factory_boy's, or what pytest_factoryboy takes for one.

    ``kind``: ``sub`` and ``related`` (it rests on another factory), ``lazy`` (it stands for a fixture), ``trait``, or ``plain``.
    """

    kind: str
    args: tuple[Value, ...] = ()
    kwargs: Mapping[str, Value] = field(default_factory=dict)
    incomplete: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class OptionsValue(Value):
    """``_meta`` of a factory of factory_boy's."""

    cls: ClassValue


@dataclass(frozen=True, slots=True)
class FrameValue(Value):
    """``sys._getframe(n)``: a scope that is being evaluated."""

    frame: Frame


@dataclass(frozen=True, slots=True)
class Namespace(Value):
    """A scope as a dict: ``globals()``, ``vars(module)``, ``cls.__dict__``."""

    frame: Frame


@dataclass(frozen=True, slots=True)
class Made:
    """How a fixture came about that no ``def`` of a module or class is."""

    path: Path
    line: int
    """Of the statement that registered it."""
    steps: tuple[MadeBy, ...] = ()


@dataclass(frozen=True, slots=True)
class MadeBy:
    """Bindings that decided what was made, and the place that they hold for."""

    bindings: tuple[tuple[str, str], ...]
    path: Path
    line: int


@dataclass(frozen=True, slots=True, eq=False)
class BoundMethod(Value):
    """``value.method`` of a builtin value, or a method of a known class."""

    receiver: Value
    name: str
    function: FunctionValue | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Choice(Value):
    """One of several values, each of which it will be in some item: a parameter."""

    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True, eq=False)
class RequestValue(Value):
    """pytest's ``request`` in the function under examination."""

    param: Value = UNKNOWN
    """``request.param``, where the fixture's own parameters are known."""


@dataclass(slots=True, eq=False)
class MetafuncValue(Value):
    """pytest's ``metafunc`` for one test, as a ``pytest_generate_tests`` gets it."""

    fixturenames: Value
    function: Value
    cls: Value
    module: Value
    depth: int
    """How many undecided conditions hold where the hook is called."""
    calls: list[tuple[Mark, bool]] = field(default_factory=list)
    """Its ``parametrize`` calls, and whether each is sure to happen."""
    looked: bool = False
    """Something was asked of it that differs between tests with the same fixtures."""
    escaped: bool = False
    """It was handed to something that is not followed."""
