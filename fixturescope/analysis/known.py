"""What the evaluator knows of pytest, the standard library and a few test libraries: their meaning, not their code.

Everything here is a function from values to a value. What has no entry is unknown, and a decorator without an
entry keeps what it decorates, since pytest itself needs a decorated test's signature to survive.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from fixturescope.analysis import basics, effects, factories, functions, instances, methods, places, regexes
from fixturescope.analysis import facts as f
from fixturescope.analysis.frames import Binding, Frame
from fixturescope.analysis.mro import external_bases, linearize, lookup_in_class
from fixturescope.analysis.values import (
    UNKNOWN,
    Auto,
    BoundMethod,
    ClassValue,
    Collection,
    Constant,
    DataText,
    Declared,
    DecoratorValue,
    External,
    FieldSpec,
    FixtureValue,
    FrameValue,
    FunctionValue,
    InstanceValue,
    LambdaValue,
    LazyFixture,
    Mark,
    MatchValue,
    MetafuncValue,
    ModuleRef,
    Namespace,
    OpenFile,
    Parameter,
    ParamSet,
    PartialValue,
    PathValue,
    PatternValue,
    RequestValue,
    Unknown,
    Value,
    VersionValue,
    current,
)
from fixturescope.analysis.values import Sequence as Items

if TYPE_CHECKING:
    from fixturescope.analysis.evaluate import Evaluator

NOT_PLAIN = basics.NOT_PLAIN
MUTATORS = basics.MUTATORS
plain = basics.plain
mutated = methods.mutated
binary = methods.binary
sources = basics.sources
iterator_kind = basics.iterator_kind
is_fixed = basics.is_fixed
with_entry, without_entry = basics.with_entry, basics.without_entry
with_item, without_item = basics.with_item, basics.without_item

_FIXTURE_NAMES = frozenset({"fixture", "yield_fixture", "trio_fixture", "async_fixture", "async_yield_fixture"})
_VERSIONS = frozenset({"packaging.version.Version", "packaging.version.parse", "pkg_resources.parse_version"})
_SHUFFLES = frozenset({
    "random.shuffle", "heapq.heapify", "heapq.heappush", "heapq.heappop", "bisect.insort", "bisect.insort_left",
    "bisect.insort_right", "operator.setitem", "operator.delitem", "operator.iadd",
})  # fmt: skip
"""Functions of the standard library that change the collection they are given."""

_LAZY_NAMES = frozenset({"lf", "lazy_fixture", "fixture_ref", "lazy_fixture_callable", "lfc"})
_INIT_WRITERS = frozenset({
    "dataclasses.dataclass", "attr.s", "attr.attrs", "attr.dataclass", "attr.define", "attr.frozen", "attr.mutable",
    "attrs.define", "attrs.frozen", "attrs.mutable", "attr.attributes",
})  # fmt: skip
_RECORDS = frozenset({
    "dataclasses.dataclass", "attr.dataclass", "attr.define", "attr.frozen", "attr.mutable", "attrs.define", "attrs.frozen",
    "attrs.mutable",
})  # fmt: skip
_FIELDS = frozenset({"dataclasses.field", "attr.field", "attrs.field"})
_CANONICAL = {
    "_pytest.fixtures": "pytest",
    "_pytest.outcomes": "pytest",
    "_pytest.python": "pytest",
    "_pytest.mark.structures.MARK_GEN": "pytest.mark",
    "_pytest.mark.MARK_GEN": "pytest.mark",
    "_pytest.mark": "pytest.mark",
    "unittest.case": "unittest",
    "mock.mock": "unittest.mock",
    "mock": "unittest.mock",
    "typing_extensions": "typing",
}
_ANY_ERROR = frozenset({"Exception", "BaseException"})


class Leaving(Exception):  # noqa: N818 - a signal, not an error
    """Importing the module ends here: it skips itself."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


def canonical(dotted: str) -> str:
    """Return the public dotted name of something that also has private or older ones."""
    for private, public in _CANONICAL.items():
        if dotted == private or dotted.startswith(f"{private}."):
            return public + dotted[len(private) :]
    return dotted


def value_of(ev: Evaluator, external: External) -> Value:
    """Return the value of a library's constant that the target environment settles, else the ``External`` itself."""
    dotted = external.dotted
    if dotted.startswith("pytest.mark."):
        return Mark(dotted.split(".")[2])
    if dotted == "sys.version_info":
        return Items(
            "version_info", (*(Constant(part) for part in ev.modules.python_version), Constant("final"), Constant(0))
        )
    if dotted == "sys.platform":
        return Constant(ev.modules.platform)
    if dotted == "os.name":
        return Constant("nt" if ev.modules.platform == "win32" else "posix")
    if dotted in ("typing.TYPE_CHECKING", "sys.flags.optimize"):
        return Constant(False)
    if dotted.endswith(".__name__") and dotted.count(".") == 1:
        return Constant(dotted.partition(".")[0])  # what has a name without a dot is a module
    if dotted.endswith(".__version__") and dotted.count(".") == 1:
        version = ev.modules.version_of(dotted.partition(".")[0])
        return external if version is None else Constant(version)
    if dotted == "pickle.HIGHEST_PROTOCOL":
        return Constant(5)
    if dotted == "sys.maxsize":
        return Constant(2**63 - 1)
    if dotted == "sys.implementation.name":
        return Constant("cpython")
    return external


def attribute(ev: Evaluator, external: External, name: str) -> Value:
    """Return an attribute of a library's object."""
    return value_of(ev, External(canonical(f"{external.dotted}.{name}")))


def sounds_like_parametrize(dotted: str) -> bool:
    """Whether a library's decorator may make several tests of one, by its name."""
    last = dotted.rpartition(".")[2].lower()
    return any(word in last for word in ("param", "case", "product", "combin", "expand"))


def is_fixture_decorator(ev: Evaluator, dotted: str) -> bool:
    """Whether a dotted name is ``pytest.fixture`` or one of its kin."""
    root, _, last = dotted.rpartition(".")
    return dotted in ev.fixture_decorators or (last in _FIXTURE_NAMES and "pytest" in root)


# decorators


def decorate(
    ev: Evaluator, decorator: DecoratorValue | External | PartialValue, target: Value, line: int, frame: Frame
) -> Value:
    """Return what a decorator with known meaning makes of its target."""
    if isinstance(decorator, PartialValue):
        result = ev.call(decorator, (target,), {}, False, line, frame)
        return target if isinstance(result, Unknown) else result
    if isinstance(decorator, External):
        return _decorate_external(ev, decorator, target, line, frame)
    if decorator.kind == "fixture":
        return fixture(target, decorator.kwargs, frame, line, decorator)
    if decorator.kind == "effect" and (effect := effects.effect_of(decorator.dotted)) is not None:
        given = (target, *decorator.args[1:])
        return effect.apply(ev, given, decorator.kwargs, decorator.incomplete, line, frame)
    if decorator.kind == "wraps":
        return _wrapped(decorator.args[0], target)
    if decorator.kind == "patch":
        return _patched(target)
    if decorator.kind == "given" and isinstance(target, FunctionValue):
        return replace(target, signature=_given(target.parameters, decorator))
    if decorator.kind == "cluster" and isinstance(target, FunctionValue):
        return replace(target, signature=_led(ev, target.parameters, decorator))
    if decorator.kind == "init" and isinstance(target, ClassValue):
        return _with_init(target, decorator.dotted)
    return target


def _with_init(target: ClassValue, dotted: str) -> ClassValue:
    """A class whose ``__init__`` a decorator writes: from its annotated names, or in a way that is not followed."""
    return replace(target, has_init=True, record="dataclass" if dotted in _RECORDS else target.record)


def _field(args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    """``dataclasses.field(...)``, ``attrs.field(...)``: what a new instance gets where nobody gives a value."""
    factory = kwargs.get("default_factory", kwargs.get("factory"))
    return FieldSpec(kwargs.get("default"), factory, kwargs.get("init") != Constant(False))


def _decorate_external(ev: Evaluator, decorator: External, target: Value, line: int, frame: Frame) -> Value:
    dotted = canonical(decorator.dotted)
    if is_fixture_decorator(ev, dotted):
        return fixture(target, {}, frame, line, DecoratorValue("fixture", dotted=dotted))
    effect = effects.effect_of(dotted)
    if effect is not None and effect.decorates:
        return effect.apply(ev, (target,), {}, False, line, frame)
    if isinstance(target, FunctionValue) and factories.declares(dotted):
        return Declared("plain")
    if isinstance(target, FunctionValue):
        last = dotted.rpartition(".")[2]
        if dotted == "builtins.staticmethod":
            return replace(target, binding="static")
        if dotted == "builtins.classmethod":
            return replace(target, binding="class")
        if dotted == "builtins.property" or last in ("cached_property", "abstractproperty"):
            return replace(target, binding="property")
        if last == "abstractmethod":
            return replace(target, abstract=True)
    if isinstance(target, FixtureValue) and dotted == "builtins.classmethod":
        return UNKNOWN
    if dotted in _INIT_WRITERS and isinstance(target, ClassValue):
        return _with_init(target, dotted)
    known = _alias(ev, decorator)
    if known is not None:
        return ev.decorate(known, target, line, frame)
    if sounds_like_parametrize(dotted) and isinstance(target, FunctionValue):
        return replace(target, marks=(*target.marks, Mark("parametrize", applied=True, incomplete=True, line=line)))
    if "fixture" in dotted:
        read = ev.modules.read(decorator)
        if isinstance(read, FunctionValue):
            return ev.decorate(read, target, line, frame)
    return target


def _alias(ev: Evaluator, external: External) -> Mark | DecoratorValue | External | None:
    """Return what of pytest's a library's ``fixture = pytest.fixture`` or ``parametrize = pytest.mark…`` stands for."""
    if "fixture" not in external.dotted and not sounds_like_parametrize(external.dotted):
        return None
    read = ev.modules.read(external)
    if isinstance(read, External):
        return read if is_fixture_decorator(ev, canonical(read.dotted)) else None
    return read if isinstance(read, Mark | DecoratorValue) else None


def fixture(function: Value, options: Mapping[str, Value], frame: Frame, line: int, decorator: DecoratorValue) -> Value:
    """Return the fixture that ``@pytest.fixture(**options)`` makes of a function."""
    if isinstance(function, FixtureValue):
        return function
    if isinstance(function, FunctionValue) and any(mark.name == "parametrize" for mark in function.marks):
        options = {**options, "params": UNKNOWN}  # some plugin's: pytest itself refuses marks on fixtures
    return FixtureValue(
        function, options, frame.module, line, decorator.incomplete, decorator.dotted or "pytest.fixture"
    )


def _wrapped(original: Value, wrapper: Value) -> Value:
    """``functools.wraps(original)(wrapper)``: signature, marks and patches are the original's."""
    if isinstance(original, FunctionValue) and isinstance(wrapper, FunctionValue):
        return replace(original, binding=wrapper.binding)
    return wrapper


def _patched(target: Value) -> Value:
    if isinstance(target, FunctionValue | ClassValue):
        return replace(target, patches=target.patches + 1)
    return target


def _given(parameters: tuple[Parameter, ...], decorator: DecoratorValue) -> tuple[Parameter, ...]:
    """``hypothesis.given``: positional strategies fill the last parameters, keyword ones those of their name."""
    named = set(decorator.kwargs)
    positional = [p.name for p in parameters if p.kind == "arg"]
    if any(isinstance(arg, Unknown) and arg.reason == "..." for arg in decorator.args):
        named |= {p.name for p in parameters if not p.has_default}
    elif decorator.args:
        named |= set(positional[-len(decorator.args) :])
    return tuple(p for p in parameters if p.name not in named)


def _led(ev: Evaluator, parameters: tuple[Parameter, ...], decorator: DecoratorValue) -> tuple[Parameter, ...]:
    """``distributed.utils_test.gen_cluster``: the client, if there is one, the scheduler and the workers come first."""
    workers = decorator.args[0] if decorator.args else decorator.kwargs.get("nthreads", Constant(None))
    count = 2 if workers == Constant(None) else ev.size(workers)
    client = plain(decorator.kwargs.get("client", Constant(False)))
    if count is None or decorator.incomplete or not isinstance(client, bool):
        return tuple(p for p in parameters if p.has_default)
    return parameters[count + 1 + client :]


# calls


def call(
    ev: Evaluator,
    func: Value,
    args: Sequence[Value],
    kwargs: dict[str, Value],
    incomplete: bool,
    line: int,
    frame: Frame,
) -> Value:
    """Return what calling a value that is no function of the project gives."""
    if isinstance(func, Mark):
        target = (
            ev.modules.read(args[0])
            if len(args) == 1 and isinstance(args[0], External)
            else args[0]
            if len(args) == 1
            else None
        )
        if not kwargs and isinstance(target, FunctionValue | ClassValue):
            return ev.decorate(func, target, line, frame)
        return Mark(
            func.name, (*func.args, *args), {**func.kwargs, **kwargs}, True, func.incomplete or incomplete, line
        )
    if isinstance(func, DecoratorValue) and len(args) == 1:
        return ev.decorate(func, args[0], line, frame)
    if isinstance(func, BoundMethod):
        if incomplete and isinstance(func.receiver, Collection) and func.name in MUTATORS:
            ev.change(func.receiver, UNKNOWN)
            return UNKNOWN
        return _method(ev, func, args, kwargs, incomplete, line, frame)
    if isinstance(func, External):
        if func.dotted not in _HARMLESS:
            _lose_all(args, kwargs)
        return _external(ev, func, args, kwargs, incomplete, line, frame)
    if isinstance(func, InstanceValue) and isinstance(
        method := lookup_in_class(ev, func.cls, "__call__"), FunctionValue
    ):
        return ev.call(BoundMethod(func, "__call__", method), args, kwargs, incomplete, line, frame)
    _lose_all(args, kwargs)
    if isinstance(func, Unknown | InstanceValue):
        for value in (*args, *kwargs.values()):
            _given_away(ev, current(value))
    _escapes(ev, args, line, frame)
    return UNKNOWN


def _given_away(ev: Evaluator, value: Value) -> None:
    """Something that nobody knows is handed a collection or an instance, and may change it."""
    ev.spoil(value)
    if isinstance(value, Collection) and not basics.is_fixed(value):
        ev.change(value, Unknown("something that is not known may change it"))
    elif isinstance(value, InstanceValue):
        instances.forget(ev, value)


def _escapes(ev: Evaluator, args: Sequence[Value], line: int, frame: Frame) -> None:
    """``request.getfixturevalue`` handed to something unknown may ask for anything."""
    for arg in args:
        lose_metafunc(arg)
        if isinstance(arg, BoundMethod) and arg.name == "getfixturevalue":
            ev.note_request(UNKNOWN, line, frame)


_HARMLESS = frozenset({
    "builtins.callable", "builtins.getattr", "builtins.hasattr", "builtins.id", "builtins.isinstance", "builtins.print", "builtins.repr",
    "builtins.str", "builtins.type", "functools.partial",
})  # fmt: skip
"""What parametrizes nothing, whatever it is given."""


def _lose_all(args: Sequence[Value], kwargs: Mapping[str, Value]) -> None:
    for value in (*args, *kwargs.values()):
        lose_metafunc(value)


def lose_metafunc(value: Value) -> None:
    """Something that is not followed is given a value: if it is pytest's ``metafunc``, it may parametrize anything."""
    value = value.receiver if isinstance(value, BoundMethod) else value
    if isinstance(value, MetafuncValue):
        value.escaped = True


def metafunc_attribute(metafunc: MetafuncValue, name: str) -> Value:
    """Return an attribute of pytest's ``metafunc``."""
    if name == "fixturenames":
        return metafunc.fixturenames
    if name == "parametrize":
        return BoundMethod(metafunc, name)
    metafunc.looked = True
    return {"function": metafunc.function, "cls": metafunc.cls, "module": metafunc.module}.get(name, UNKNOWN)


def _method(
    ev: Evaluator,
    func: BoundMethod,
    args: Sequence[Value],
    kwargs: dict[str, Value],
    incomplete: bool,
    line: int,
    frame: Frame,
) -> Value:
    receiver = func.receiver
    if isinstance(receiver, Namespace):
        return effects.namespace_method(ev, receiver, func.name, args, kwargs, incomplete, line, frame)
    if isinstance(receiver, RequestValue):
        if func.name == "getfixturevalue":
            ev.note_request(args[0] if args else kwargs.get("argname", UNKNOWN), line, frame)
        return UNKNOWN
    if isinstance(receiver, MetafuncValue):
        mark = Mark("parametrize", tuple(map(current, args)), dict(kwargs), True, incomplete, line)
        receiver.calls.append((mark, ev.depth == receiver.depth))
        return Constant(None)
    if isinstance(receiver, Mark) and func.name == "with_args":
        return Mark(receiver.name, tuple(args), dict(kwargs), True, False, line)
    if isinstance(receiver, PatternValue | MatchValue):
        return UNKNOWN if incomplete else regexes.method(receiver, func.name, args, kwargs)
    if isinstance(receiver, PathValue | OpenFile | DataText):
        return UNKNOWN if incomplete else places.method(ev, receiver, func.name, args, kwargs, line, frame)
    return methods.method(ev, current(receiver), func.name, args, kwargs)


def _external(
    ev: Evaluator,
    func: External,
    args: Sequence[Value],
    kwargs: dict[str, Value],
    incomplete: bool,
    line: int,
    frame: Frame,
) -> Value:
    dotted = canonical(func.dotted)
    if is_fixture_decorator(ev, dotted):
        params = kwargs.get("params")
        if isinstance(params, Collection):  # pytest makes a tuple of them here and now
            kwargs = {**kwargs, "params": functions.function(ev, "builtins.tuple", [params], {}, False)}
        decorator = DecoratorValue("fixture", (), kwargs, incomplete, line, dotted)
        function = args[0] if args else kwargs.get("fixture_function")
        return (
            decorator
            if function is None or function == Constant(None)
            else fixture(function, kwargs, frame, line, decorator)
        )
    if places.is_place(dotted):
        _escapes(ev, args, line, frame)
        return UNKNOWN if incomplete else places.call(ev, dotted, args, kwargs, line, frame)
    effect = effects.effect_of(dotted)
    if effect is not None:
        return effect.apply(ev, args, kwargs, incomplete, line, frame)
    if (declared := factories.declaration(dotted, args, kwargs, incomplete)) is not None:
        return declared
    if dotted == "sys.modules.get" and args and args[0] == Constant("pytest"):
        return ModuleRef("pytest")  # whoever reads this module is pytest
    if dotted.startswith("re.") and not incomplete and (found := regexes.call(dotted[3:], args, kwargs)) is not None:
        return found
    if dotted in ("sys._getframe", "inspect.currentframe"):
        return _frame(ev, args, frame)
    if dotted in ("pytest_factoryboy.named_model", "pytest_factoryboy.fixture.named_model"):
        named = plain(args[1]) if len(args) == 2 else NOT_PLAIN
        return instances.made_class(named, (args[0],), {}, line, frame) if isinstance(named, str) else UNKNOWN
    if dotted in ("collections.namedtuple", "typing.NamedTuple"):
        return instances.named_tuple(ev, args, kwargs, line, frame)
    if dotted in _FIELDS:
        return _field(args, kwargs)
    handler = _CALLS.get(dotted)
    if handler is not None:
        return handler(ev, args, kwargs, incomplete, line)
    if dotted.startswith("unittest.mock.patch"):
        return _patch(dotted, args, kwargs)
    if dotted in _INIT_WRITERS:
        return (
            DecoratorValue("init", dotted=dotted)
            if not args
            else _with_init(args[0], dotted)
            if isinstance(args[0], ClassValue)
            else UNKNOWN
        )
    if dotted in _VERSIONS or dotted.endswith((".version.Version", ".version.parse")):
        return _version(args)
    if dotted in _SHUFFLES:
        for arg in args:
            if isinstance(arg, Collection):
                ev.change(arg, UNKNOWN)
        return UNKNOWN
    if dotted.rpartition(".")[2] in _LAZY_NAMES and ("lazy" in dotted or "pytest" in dotted):
        return LazyFixture(args[0] if args else UNKNOWN)
    kind, _, name = dotted.removeprefix("builtins.").partition(".")
    if kind in ("list", "dict", "set") and name in MUTATORS and args and isinstance(args[0], Collection):
        return call(ev, BoundMethod(args[0], name), args[1:], dict(kwargs), incomplete, line, frame)
    if dotted.startswith(("builtins.", "itertools.", "collections.", "copy.")):
        if dotted == "builtins.map" and args and isinstance(args[0], _CALLED):
            return _mapped_call(ev, args, line, frame)
        return functions.function(ev, dotted, args, kwargs, incomplete)
    known = _alias(ev, func)
    if known is not None:
        return ev.call(known, args, kwargs, incomplete, line, frame)
    if "fixture" in dotted or ev.modules.brings_plugin(dotted):  # may be a factory of fixtures
        read = ev.modules.read(func)
        if isinstance(read, FunctionValue):
            return ev.call(read, args, kwargs, incomplete, line, frame)
    _escapes(ev, args, line, frame)
    return UNKNOWN


def _frame(ev: Evaluator, args: Sequence[Value], frame: Frame) -> Value:
    """``sys._getframe(depth)``."""
    depth = plain(args[0]) if args else 0
    found = ev.caller(frame, depth) if isinstance(depth, int) else None
    return UNKNOWN if found is None else FrameValue(found)


def frame_attribute(ev: Evaluator, value: FrameValue, name: str) -> Value:
    """Return an attribute of a frame; the names of a function's are a copy, which nobody reads."""
    if name == "f_back":
        back = ev.caller(value.frame, 1)
        return UNKNOWN if back is None else FrameValue(back)
    if name == "f_locals":
        return Namespace(value.frame)
    return Namespace(value.frame.module.frame) if name == "f_globals" else UNKNOWN


_OF_MODULES = (
    "__builtins__", "__cached__", "__doc__", "__file__", "__loader__", "__name__", "__package__", "__path__", "__spec__",
)  # fmt: skip


def _members(ev: Evaluator, args: Sequence[Value], kwargs: Mapping[str, Value], incomplete: bool, line: int) -> Value:
    """``inspect.getmembers(module)``: how many there are that Python itself sets is not known, but what they are."""
    ref = args[0] if len(args) == 1 and not kwargs else UNKNOWN
    module = ev.modules.named(ref.dotted) if isinstance(ref, ModuleRef) and ref.frame is None else None
    if module is None or not module.in_project or module.state != "done" or module.patterns:
        return UNKNOWN
    found: dict[str, Value] = {name: External(f"{module.dotted}.{name}") for name in _OF_MODULES}
    for name, binding in module.frame.names.items():
        if not binding.certain:
            return UNKNOWN
        found[name] = ev.seen(module, name, binding)
    return Items("list", tuple(Items("tuple", (Constant(name), found[name])) for name in sorted(found)))


def _box(ev: Evaluator, args: Sequence[Value], kwargs: Mapping[str, Value], incomplete: bool, line: int) -> Value:
    """``pytest_factoryboy.fixture.Box(names)``, which is only ever opened by ``register``."""
    return args[0] if len(args) == 1 and isinstance(args[0], Namespace) else UNKNOWN


def _version(args: Sequence[Value]) -> Value:
    given = args[0] if len(args) == 1 else UNKNOWN
    text = given.text if isinstance(given, VersionValue) else plain(given)
    if not isinstance(text, str):
        return UNKNOWN
    try:
        return VersionValue(str(Version(text)))
    except InvalidVersion:
        return UNKNOWN


def _mapped_call(ev: Evaluator, args: Sequence[Value], line: int, frame: Frame) -> Value:
    ordered, over = len(args) == 2 and basics.is_ordered(args[1]), basics.sources(*args[1:])
    items = ev.drain(args[1]) if len(args) == 2 else None
    if items is None:
        _escapes(ev, args, line, frame)
        return UNKNOWN
    kind = basics.iterator_kind(ordered, "generator")
    with basics.late(ev, ordered):
        return Items(kind, tuple(ev.call(args[0], (item,), {}, False, line, frame) for item in items), over)


def _patch(dotted: str, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    """A ``mock.patch`` decorator; only one without a replacement hands the test an argument."""
    places = {"unittest.mock.patch": 1, "unittest.mock.patch.object": 2}
    if dotted not in places:
        return DecoratorValue("same")
    return DecoratorValue("same" if "new" in kwargs or len(args) > places[dotted] else "patch")


def _importorskip(
    ev: Evaluator, args: Sequence[Value], kwargs: Mapping[str, Value], incomplete: bool, line: int
) -> Value:
    name = args[0] if args else kwargs.get("modname")
    if not isinstance(name, Constant) or not isinstance(name.value, str):
        return UNKNOWN
    if ev.sink is None and ev.modules.importable(name.value) is False:
        raise Leaving(f"pytest.importorskip({name.value!r}): the module is not in the target environment", line)
    return External(name.value)


def _skip(ev: Evaluator, args: Sequence[Value], kwargs: Mapping[str, Value], incomplete: bool, line: int) -> Value:
    if ev.sink is None:
        raise Leaving("pytest.skip at module level", line)
    return UNKNOWN


def _import_from(ev: Evaluator, args: Sequence[Value]) -> Value:
    """A folder that is put on ``sys.path`` while the suite is imported."""
    folder = plain(args[0]) if args else None
    if isinstance(folder, str) and ev.sink is None:
        ev.modules.import_from(folder)
    return Constant(None)


def _wraps(ev: Evaluator, args: Sequence[Value], kwargs: Mapping[str, Value], incomplete: bool, line: int) -> Value:
    return DecoratorValue("wraps", tuple(args)) if args else DecoratorValue("same")


def _same(ev: Evaluator, args: Sequence[Value], kwargs: Mapping[str, Value], incomplete: bool, line: int) -> Value:
    return args[0] if len(args) == 1 and isinstance(args[0], FunctionValue) else DecoratorValue("same")


def _cast(ev: Evaluator, args: Sequence[Value], kwargs: Mapping[str, Value], incomplete: bool, line: int) -> Value:
    return args[1] if len(args) == 2 else kwargs.get("val", UNKNOWN)


def _given_call(
    ev: Evaluator, args: Sequence[Value], kwargs: Mapping[str, Value], incomplete: bool, line: int
) -> Value:
    return DecoratorValue("given", tuple(args), kwargs, incomplete, line)


def _cluster_call(
    ev: Evaluator, args: Sequence[Value], kwargs: Mapping[str, Value], incomplete: bool, line: int
) -> Value:
    return DecoratorValue("cluster", tuple(args), kwargs, incomplete, line)


def _param(ev: Evaluator, args: Sequence[Value], kwargs: Mapping[str, Value], incomplete: bool, line: int) -> Value:
    return UNKNOWN if incomplete else ParamSet(tuple(args), kwargs.get("marks", UNKNOWN))


def _partial(ev: Evaluator, args: Sequence[Value], kwargs: Mapping[str, Value], incomplete: bool, line: int) -> Value:
    return PartialValue(args[0], tuple(args[1:]), kwargs) if args else UNKNOWN


def _isinstance(
    ev: Evaluator, args: Sequence[Value], kwargs: Mapping[str, Value], incomplete: bool, line: int
) -> Value:
    verdict = instances.is_instance(ev, args[0], args[1]) if len(args) == 2 else None
    return UNKNOWN if verdict is None else Constant(verdict)


def _getattr(ev: Evaluator, args: Sequence[Value], kwargs: Mapping[str, Value], incomplete: bool, line: int) -> Value:
    name = plain(args[1]) if len(args) in (2, 3) else NOT_PLAIN
    return ev.attribute(args[0], name) if isinstance(name, str) else UNKNOWN


_IN_EVERY_PYTEST = frozenset({
    "approx", "deprecated_call", "exit", "fail", "fixture", "hookimpl", "importorskip", "mark", "param", "raises", "skip",
    "version_tuple", "warns", "xfail",
})  # fmt: skip
"""What old code asks for before it uses it, and every pytest that is supported has."""


def _hasattr(ev: Evaluator, args: Sequence[Value], kwargs: Mapping[str, Value], incomplete: bool, line: int) -> Value:
    name = plain(args[1]) if len(args) == 2 else NOT_PLAIN
    if name in _IN_EVERY_PYTEST and isinstance(args[0], ModuleRef) and args[0].dotted == "pytest":
        return Constant(True)
    if not isinstance(name, str) or not isinstance(args[0], InstanceValue | ClassValue):
        return UNKNOWN
    cls = args[0] if isinstance(args[0], ClassValue) else args[0].cls
    there = lookup_in_class(ev, cls, name) is not None
    there |= isinstance(args[0], InstanceValue) and name in args[0].attributes
    return Constant(True) if there else UNKNOWN


def _callable(ev: Evaluator, args: Sequence[Value], kwargs: Mapping[str, Value], incomplete: bool, line: int) -> Value:
    if len(args) == 1 and isinstance(args[0], FunctionValue | LambdaValue | ClassValue | PartialValue | BoundMethod):
        return Constant(True)
    return Constant(False) if len(args) == 1 and isinstance(args[0], Constant | Collection) else UNKNOWN


def _import_module(
    ev: Evaluator, args: Sequence[Value], kwargs: Mapping[str, Value], incomplete: bool, line: int
) -> Value:
    name = plain(args[0]) if len(args) == 1 else NOT_PLAIN
    return ModuleRef(name) if isinstance(name, str) and ev.modules.importable(name) else UNKNOWN


def _find_spec(ev: Evaluator, args: Sequence[Value], kwargs: Mapping[str, Value], incomplete: bool, line: int) -> Value:
    name = args[0] if args else kwargs.get("name")
    if not isinstance(name, Constant) or not isinstance(name.value, str):
        return UNKNOWN
    there = ev.modules.importable(name.value)
    return UNKNOWN if there is None else ModuleRef(name.value) if there else Constant(None)


def _anyio_backends(
    ev: Evaluator, args: Sequence[Value], kwargs: Mapping[str, Value], incomplete: bool, line: int
) -> Value:
    there = ev.modules.importable("trio")
    return UNKNOWN if there is None else Items("tuple", (Constant("asyncio"), *((Constant("trio"),) if there else ())))


_CALLED = (BoundMethod, LambdaValue, FunctionValue, PartialValue, External, ClassValue)
_Handler = Callable[["Evaluator", Sequence[Value], Mapping[str, Value], bool, int], Value]
_CALLS: dict[str, _Handler] = {
    "pytest.importorskip": _importorskip,
    "pytest.skip": _skip,
    "pytest.skip.Exception": _skip,
    "pytest.Skipped": _skip,
    "unittest.SkipTest": _skip,
    "pytest.param": _param,
    "functools.partial": _partial,
    "sys.path.append": lambda ev, args, *_: _import_from(ev, args[:1]),
    "sys.path.insert": lambda ev, args, *_: _import_from(ev, args[1:2]),
    "enum.auto": lambda *_: Auto(),
    "builtins.isinstance": _isinstance,
    "inspect.getmembers": _members,
    "pytest_factoryboy.fixture.Box": _box,
    "builtins.getattr": _getattr,
    "builtins.hasattr": _hasattr,
    "builtins.callable": _callable,
    "importlib.import_module": _import_module,
    "functools.wraps": _wraps,
    "functools.lru_cache": _same,
    "functools.cache": _same,
    "contextlib.contextmanager": _same,
    "anyio.get_available_backends": _anyio_backends,
    "anyio.get_all_backends": lambda *_: Items("tuple", (Constant("asyncio"), Constant("trio"))),
    "importlib.util.find_spec": _find_spec,
    "sys.gettrace": lambda *_: Constant(None),
    "typing.cast": _cast,
    "hypothesis.given": _given_call,
    "hypothesis.core.given": _given_call,
    "distributed.utils_test.gen_cluster": _cluster_call,
    "platform.system": lambda ev, *_: Constant(
        {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}.get(ev.modules.platform, "")
    ),
    "platform.python_implementation": lambda *_: Constant("CPython"),
}


def stateful_test_case(ev: Evaluator, cls: ClassValue) -> Value:
    """Return the ``TestCase`` that hypothesis gives each of its state machines: one test, ``runTest``."""
    if "hypothesis.stateful.RuleBasedStateMachine" not in external_bases(linearize(ev, cls)):
        return UNKNOWN
    line = cls.facts.line
    at = ev.modules.line_of("hypothesis.stateful", "def runTest(") or line
    run = f.Function("runTest", at, (f.Param("self", "arg"),), (), False, (), (), None)
    frame = Frame(cls.module, "class", cls.frame.parent, f"{cls.qualname}.TestCase", line=line)
    frame.names["runTest"] = Binding(FunctionValue(cls.module, run, frame), True, line)
    facts = f.Class("TestCase", line, (), (), (), ())
    return ClassValue(cls.module, facts, frame.qualname, (External("unittest.TestCase"),), frame)


# what statements ask


def catches(handler: f.Handler, raised: Value) -> bool | None:
    """Whether an ``except`` clause catches what a block raised; None where that is not known."""
    if handler.types is None:
        return True
    kind, colon, _ = str(raised.value).partition(":") if isinstance(raised, Constant) else ("", "", "")
    kind = "ModuleNotFoundError" if colon and kind == "ImportError" else kind  # as ``Evaluator`` words a missing module
    names = _error_names(handler.types)
    if not names.isdisjoint(_ANY_ERROR) and kind != "Skipped":
        return True
    error = _error(kind)
    verdicts = [_is_kind(error, _error(name)) for name in names]
    if any(verdict is True for verdict in verdicts):
        return True
    return None if None in verdicts or not names else False


def catches_only_imports(handler: f.Handler) -> bool:
    """Whether an ``except`` clause is for missing modules and nothing else."""
    names = _error_names(handler.types) if handler.types is not None else set()
    return bool(names) and names <= {"ImportError", "ModuleNotFoundError"}


def _error(name: str) -> type[BaseException] | None:
    """Return the builtin exception of a name."""
    found = getattr(builtins, name, None)
    return found if isinstance(found, type) and issubclass(found, BaseException) else None


def _is_kind(error: type[BaseException] | None, caught: type[BaseException] | None) -> bool | None:
    return None if error is None or caught is None else issubclass(error, caught)


def swallows_errors(context: f.Expr) -> bool:
    """Whether a ``with`` goes on behind it when its body raises."""
    func = context.func if isinstance(context, f.Call) else context
    last = func.attr if isinstance(func, f.Attr) else func.id if isinstance(func, f.Name) else ""
    return last in ("suppress", "raises")


def may_swallow_errors(manager: Value) -> bool:
    """Whether what makes a context manager is the project's own, which may end its body at an error and go on."""
    if isinstance(manager, BoundMethod):
        return manager.function is not None
    return isinstance(manager, ClassValue | FunctionValue | PartialValue)


def _error_names(node: f.Expr) -> set[str]:
    if isinstance(node, f.Name):
        return {node.id}
    if isinstance(node, f.Attr):
        return {node.attr}
    if isinstance(node, f.Seq):
        return {name for item in node.items for name in _error_names(item)}
    return set()


def is_namespace_call(node: f.Expr) -> bool:
    """Whether an expression is a namespace as a dict: ``globals()``, ``vars()``, ``x.__dict__``."""
    if isinstance(node, f.Call) and isinstance(node.func, f.Name):
        return node.func.id in ("globals", "vars", "locals")
    return isinstance(node, f.Attr) and node.attr == "__dict__"


def registers_names(node: f.Expr) -> bool:
    """Whether a call may bind names in a way that is not followed."""
    if not isinstance(node, f.Call):
        return False
    if isinstance(node.func, f.Name):
        return node.func.id in ("register", "register_fixture")
    return (
        isinstance(node.func, f.Attr)
        and node.func.attr in ("register", "register_fixture")
        and isinstance(node.func.value, f.Name)
        and "pytest" in node.func.value.id
    )


def makes_fixture(value: Value) -> bool:
    """Whether a value is a fixture."""
    return isinstance(value, FixtureValue)
