"""What the evaluator knows about a value without running anything. What it does not know is ``Unknown``, never a guess."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, Union

from fixturescope.analysis import facts as f

if TYPE_CHECKING:
    from fixturescope.analysis.frames import Frame, Module


class Value:
    """Base of all values."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Unknown(Value):
    """A value that is not known, with the reason. ``pattern`` is what is known of a text: ``get_*_x``."""

    reason: str = ""
    pattern: str | None = None


UNKNOWN = Unknown()


@dataclass(frozen=True, slots=True)
class Constant(Value):
    """None, a truth value, a number, a text or bytes."""

    value: Union[bool, int, float, str, bytes, None]


@dataclass(frozen=True, slots=True)
class VersionValue(Value):
    """``packaging.version.Version(text)``, or a copy of it that some library carries."""

    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Sequence(Value):
    """A list, tuple, set or other iterable whose items are known one by one (each may itself be unknown)."""

    kind: str
    items: tuple[Value, ...]
    shared: bool = False
    """It is empty, and a module has a name for it: most likely a registry that others fill."""


@dataclass(frozen=True, slots=True, eq=False)
class Sized(Value):
    """A collection of which only the number of items is known."""

    size: int


@dataclass(frozen=True, slots=True, eq=False)
class Mapped(Value):
    """A dict with known entries, in order."""

    items: tuple[tuple[Value, Value], ...]


@dataclass(frozen=True, slots=True)
class ModuleRef(Value):
    """A module, by dotted name; loaded when an attribute is asked for."""

    dotted: str


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


@dataclass(frozen=True, slots=True, eq=False)
class InstanceValue(Value):
    """An instance of a known class; ``self`` in methods."""

    cls: ClassValue


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


def shared(value: Value) -> Value:
    """Return what a module's name for a value is known to stand for: an empty collection may be filled by others."""
    return replace(value, shared=True) if isinstance(value, Sequence) and not value.items else value
