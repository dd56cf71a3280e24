"""Classes and what they make, as far as their text says: enumerations, dataclasses, named tuples, simple instances.

In: class values and the arguments they are called with. Out: values whose attributes are known one by one, or
``Unknown``. No method runs but by the evaluator itself, within its bounds.
"""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fixturescope.analysis import basics, factories
from fixturescope.analysis import facts as f
from fixturescope.analysis.frames import Binding, Frame
from fixturescope.analysis.mro import TRANSPARENT, linearize, lookup_in_class
from fixturescope.analysis.values import (
    UNKNOWN,
    Auto,
    ClassValue,
    Collection,
    Constant,
    EnumMember,
    External,
    FieldSpec,
    FunctionValue,
    InstanceValue,
    LambdaValue,
    Mapped,
    ModuleRef,
    Unknown,
    Value,
    current,
)
from fixturescope.analysis.values import Sequence as Items

if TYPE_CHECKING:
    from fixturescope.analysis.evaluate import Evaluator

_ENUMS = frozenset({"enum.Enum", "enum.IntEnum", "enum.StrEnum", "enum.Flag", "enum.IntFlag"})
_FLAGS = frozenset({"enum.Flag", "enum.IntFlag"})
_NO_FIELDS = frozenset({"ClassVar", "KW_ONLY"})
_NAMED_TUPLE = "typing.NamedTuple"
MAX_BASES = 30


# enumerations


def enum_kind(ev: Evaluator, cls: ClassValue, depth: int = 0) -> str | None:
    """Return ``enum``, ``int``, ``str`` or ``flag`` for an enumeration, by the bases in sight; None for another class."""
    kinds: list[str] = []
    found = False
    for base in [ev.force(base) for base in cls.bases] if depth < MAX_BASES else []:
        if isinstance(base, External):
            found |= base.dotted in _ENUMS
            kinds += ["flag"] if base.dotted in _FLAGS else []
            kinds += ["int"] if base.dotted in ("enum.IntEnum", "builtins.int") else []
            kinds += ["str"] if base.dotted in ("enum.StrEnum", "builtins.str") else []
        elif isinstance(base, ClassValue) and (kind := enum_kind(ev, base, depth + 1)) is not None:
            found = True
            kinds.append(kind)
    if not found:
        return None
    return next((kind for kind in ("flag", "int", "str") if kind in kinds), "enum")


def enum_members(ev: Evaluator, cls: ClassValue) -> Mapping[str, EnumMember] | None:
    """Return the members of an enumeration by name, aliases included; None where they are not all known."""
    key = id(cls.frame)
    if key not in ev.enums:
        ev.keep_alive.append(cls)
        ev.enums[key] = _members(ev, cls)
    return ev.enums[key]


def _members(ev: Evaluator, cls: ClassValue) -> Mapping[str, EnumMember] | None:
    kind = enum_kind(ev, cls)
    bindings = {
        name: binding
        for name, binding in cls.frame.names.items()
        if not name.startswith("__")
        and not (name.startswith("_") and name.endswith("_"))
        and not isinstance(binding.value, FunctionValue | ClassValue | LambdaValue)
    }
    if kind in (None, "flag") or not all(binding.certain for binding in bindings.values()):
        return None  # which values of a flag are members is a matter of bits, and of the version
    made_otherwise = lookup_in_class(ev, cls, "__new__") is not None or "_generate_next_value_" in cls.frame.names
    members: dict[str, EnumMember] = {}
    last: Value = Constant(0)
    counted: dict[int, Value] = {}
    for name, binding in bindings.items():
        value = ev.force(binding.value)
        if isinstance(value, Auto):
            value = counted.setdefault(id(value), _next(last, name, kind))
        last = value
        plain = basics.plain(value, ordered=True)
        same = next(
            (m for m in members.values() if plain is not basics.NOT_PLAIN and basics.plain(m.value) == plain), None
        )
        mixin = kind if kind in ("int", "str") else ""
        members[name] = same or EnumMember(cls, name, UNKNOWN if made_otherwise else value, mixin)  # type: ignore[arg-type]
    return members


def _next(last: Value, name: str, kind: str | None) -> Value:
    if kind == "str":
        return Constant(name.lower())
    if isinstance(last, Constant) and isinstance(last.value, int):
        return Constant(last.value + 1)
    return UNKNOWN


def enum_items(ev: Evaluator, cls: ClassValue) -> tuple[Value, ...] | None:
    """Return what iterating over an enumeration gives: each member once."""
    members = enum_members(ev, cls) if enum_kind(ev, cls) is not None else None
    return None if members is None else tuple(dict.fromkeys(members.values()))


def class_attribute(ev: Evaluator, cls: ClassValue, name: str) -> Value | None:
    """Return what an enumeration class has under a name beyond what its body binds; None where that is nothing special."""
    if enum_kind(ev, cls) is None:
        return None
    members = enum_members(ev, cls)
    if name == "__members__":
        return UNKNOWN if members is None else Mapped(tuple((Constant(key), member) for key, member in members.items()))
    if members is not None and name in members:
        return members[name]
    binding = cls.frame.names.get(name)
    is_member = binding is not None and not isinstance(binding.value, FunctionValue | ClassValue)
    return UNKNOWN if members is None and is_member and not name.startswith("_") else None


def member_attribute(ev: Evaluator, member: EnumMember, name: str) -> Value:
    """Return an attribute of a member."""
    if name in ("name", "_name_"):
        return Constant(member.name)
    if name in ("value", "_value_"):
        return current(member.value)
    found = lookup_in_class(ev, member.cls, name)
    return (
        UNKNOWN if found is None or isinstance(found, FunctionValue) else class_attribute(ev, member.cls, name) or found
    )


# instances


def instantiate(
    ev: Evaluator,
    cls: ClassValue,
    args: Sequence[Value],
    kwargs: Mapping[str, Value],
    incomplete: bool,
    line: int,
    frame: Frame,
) -> Value:
    """Return what calling a class of the project gives."""
    if enum_kind(ev, cls) is not None:
        return _member_of_value(ev, cls, args)
    fields = _fields(ev, cls)
    if fields is None:
        return UNKNOWN
    instance = InstanceValue(cls)
    init = lookup_in_class(ev, cls, "__init__")
    if fields.made_of and not isinstance(init, FunctionValue):
        _fill(ev, instance, fields, args, kwargs, incomplete, line, frame)
        after = lookup_in_class(ev, cls, "__post_init__")
        if isinstance(after, FunctionValue):
            ev.call(after, (instance,), {}, True, line, frame)
    elif isinstance(init, FunctionValue):
        ev.call(init, (instance, *args), dict(kwargs), incomplete, line, frame)
    return instance


def _member_of_value(ev: Evaluator, cls: ClassValue, args: Sequence[Value]) -> Value:
    wanted = basics.plain(args[0], ordered=True) if len(args) == 1 else basics.NOT_PLAIN
    members = enum_members(ev, cls) or {}
    plain = {name: basics.plain(member.value, ordered=True) for name, member in members.items()}
    if wanted is basics.NOT_PLAIN or lookup_in_class(ev, cls, "_missing_") is not None:
        return UNKNOWN
    return next(
        (members[name] for name, value in plain.items() if value is not basics.NOT_PLAIN and value == wanted), UNKNOWN
    )


class _Fields:
    """The annotated names that an ``__init__`` which a library writes takes."""

    def __init__(self, made_of: str, defaults: dict[str, Value | None]) -> None:
        self.made_of = made_of
        self.defaults = defaults


def _fields(ev: Evaluator, cls: ClassValue) -> _Fields | None:
    """Return the fields of a class; None where a base is not known, which may do anything."""
    order = linearize(ev, cls)
    named = [o for o in order if isinstance(o, External) and o.dotted == _NAMED_TUPLE]
    strange = [o for o in order if not isinstance(o, ClassValue) and o not in named]
    if any(not isinstance(o, External) or o.dotted not in TRANSPARENT for o in strange):
        return None
    owners = [owner for owner in order if isinstance(owner, ClassValue)]
    if cls_fields := next((owner.fields for owner in owners if owner.record == "namedtuple"), ()):
        return _Fields("namedtuple", dict(cls_fields))
    record = "namedtuple" if named else next((owner.record for owner in owners if owner.record), "")
    defaults: dict[str, Value | None] = {}
    for owner in reversed(owners) if record else []:
        if record == "dataclass" and not owner.record:
            continue
        for name, annotation in owner.frame.declared.items():
            if annotation.rpartition(".")[2] in _NO_FIELDS:
                continue
            binding = owner.frame.names.get(name)
            defaults[name] = None if binding is None else binding.value if binding.certain else UNKNOWN
    return _Fields(record, defaults)


def _fill(
    ev: Evaluator,
    instance: InstanceValue,
    fields: _Fields,
    args: Sequence[Value],
    kwargs: Mapping[str, Value],
    incomplete: bool,
    line: int,
    frame: Frame,
) -> None:
    given = list(args)
    for name, default in fields.defaults.items():
        spec = current(default) if default is not None else None
        takes = not isinstance(spec, FieldSpec) or spec.init
        if takes and given:
            value: Value = given.pop(0)
        elif takes and name in kwargs:
            value = kwargs[name]
        elif incomplete:
            value = UNKNOWN
        elif isinstance(spec, FieldSpec):
            value = spec.default or UNKNOWN
            if spec.factory is not None:
                value = ev.call(spec.factory, (), {}, False, line, frame)
        else:
            value = UNKNOWN if spec is None else spec
        instance.attributes[name] = value
    if fields.made_of == "namedtuple":
        instance.order = tuple(fields.defaults)


def set_attribute(ev: Evaluator, instance: InstanceValue, name: str, value: Value) -> None:
    """Set an attribute of an instance; one that is older than an undecided condition does not know it from then on."""
    settled = ev.settled(instance.serial) and ev.in_order(instance.serial)
    settled &= lookup_in_class(ev, instance.cls, "__setattr__") is None
    instance.attributes[name] = value if settled else UNKNOWN


def attribute(ev: Evaluator, instance: InstanceValue, name: str) -> Value:
    """Return an attribute that an instance has, unless methods that are not followed may change it."""
    owners = [owner.module for owner in linearize(ev, instance.cls) if isinstance(owner, ClassValue)]
    if not instance.order and any(ev.modules.changed_by_methods(module, name) for module in dict.fromkeys(owners)):
        return UNKNOWN
    return ev.force(instance.attributes[name])


def forget(ev: Evaluator, instance: InstanceValue) -> None:
    """Something that is not followed may have changed an instance."""
    ev.repeats.change(instance.serial)
    for name in instance.attributes:
        instance.attributes[name] = UNKNOWN


def forget_class(ev: Evaluator, cls: ClassValue) -> None:
    """Something that is not followed may have set attributes of a class; what pytest itself reads of it stays."""
    ev.repeats.change(cls.frame.serial)
    for name, binding in cls.frame.names.items():
        if isinstance(current(binding.value), Constant | Collection | InstanceValue) and name not in _READ_BY_PYTEST:
            cls.frame.names[name] = Binding(UNKNOWN, binding.certain, binding.line)


def hooks_subclasses(cls: ClassValue, depth: int = 0) -> bool:
    """Return whether a class, or one that it is seen to inherit from, runs code whenever somebody inherits from it."""
    inherited = (base for base in cls.bases if isinstance(base, ClassValue)) if depth < MAX_BASES else ()
    return "__init_subclass__" in cls.frame.names or any(hooks_subclasses(base, depth + 1) for base in inherited)


_READ_BY_PYTEST = frozenset({"pytestmark", "__test__", "__qualname__"})


def named_tuple(ev: Evaluator, args: Sequence[Value], kwargs: Mapping[str, Value], line: int, frame: Frame) -> Value:
    """Return the class that ``collections.namedtuple`` or ``typing.NamedTuple`` makes."""
    title = basics.plain(args[0]) if args else basics.NOT_PLAIN
    listed = basics.plain(args[1], ordered=True) if len(args) > 1 else basics.NOT_PLAIN
    if isinstance(listed, str):
        listed = listed.replace(",", " ").split()
    if listed is basics.NOT_PLAIN and len(args) > 1:
        rows = [ev.items(row) for row in basics.in_order(ev, args[1]) or ()]
        listed = [basics.plain(row[0]) if row else basics.NOT_PLAIN for row in rows]
    if not isinstance(title, str) or not isinstance(listed, list | tuple) or "rename" in kwargs:
        return UNKNOWN
    names = [name for name in listed if isinstance(name, str) and name.isidentifier() and not keyword.iskeyword(name)]
    defaults = ev.items(kwargs["defaults"]) if "defaults" in kwargs else ()
    if len(names) != len(listed) or defaults is None or len(defaults) > len(names):
        return UNKNOWN
    missing = len(names) - len(defaults)
    fields = tuple((name, None if i < missing else defaults[i - missing]) for i, name in enumerate(names))
    return made_class(title, (), {}, line, frame, record="namedtuple", fields=fields)


def made_class(
    name: str,
    bases: tuple[Value, ...],
    attributes: Mapping[str, Value],
    line: int,
    frame: Frame,
    *,
    record: str = "",
    fields: tuple[tuple[str, Value | None], ...] = (),
) -> ClassValue:
    """Return a class that a call makes rather than a ``class`` statement."""
    scope = Frame(frame.module, "class", frame.module.frame, name, line=line)
    scope.names.update({key: Binding(value, True, line) for key, value in attributes.items()})
    facts = f.Class(name, line, (), (), (), ())
    return ClassValue(frame.module, facts, name, bases, scope, record=record, fields=fields)  # type: ignore[arg-type]


# isinstance

_KINDS = {
    "list": "list", "tuple": "tuple", "version_info": "tuple", "set": "set", "range": "range",
}  # fmt: skip


def is_instance(ev: Evaluator, value: Value, kind: Value) -> bool | None:
    """Return whether a value is an instance of a class or of one of several; None where that is not known."""
    kind = current(kind)
    if isinstance(kind, Items):
        verdicts = [is_instance(ev, value, one) for one in kind.items]
        return True if True in verdicts else None if None in verdicts else False
    if isinstance(value, Unknown):
        return None
    if isinstance(kind, External) and factories.is_metaclass(kind.dotted):
        return factories.is_factory(ev, value)
    if isinstance(kind, ClassValue):
        if isinstance(value, InstanceValue | EnumMember):
            order = linearize(ev, value.cls)
            if any(isinstance(owner, ClassValue) and owner.frame is kind.frame for owner in order):
                return True
            return None if any(isinstance(owner, Unknown) for owner in order) else False
        plain = isinstance(value, Constant | Items | Mapped | FunctionValue | LambdaValue | ModuleRef)
        return False if plain else None
    if isinstance(kind, External) and kind.dotted.startswith("builtins."):
        return _is_builtin(ev, value, getattr(builtins, kind.dotted.partition(".")[2], None))
    return None


def _is_builtin(ev: Evaluator, value: Value, kind: object) -> bool | None:
    if not isinstance(kind, type):
        return None
    if kind is object:
        return True
    if isinstance(value, Constant):
        return isinstance(value.value, kind)
    if isinstance(value, Mapped):
        return kind is dict
    if isinstance(value, Items) and value.kind in _KINDS:
        return kind.__name__ == _KINDS[value.kind]
    if isinstance(value, EnumMember):
        return value.mixin == kind.__name__
    if isinstance(value, InstanceValue):
        if value.order:
            return kind is tuple
        whole = all(isinstance(o, ClassValue) or o in _PLAIN_BASES for o in linearize(ev, value.cls))
        return False if whole else None
    if isinstance(value, FunctionValue | LambdaValue):
        return False
    if isinstance(value, ClassValue):
        return kind is type
    return None


_PLAIN_BASES = tuple(External(dotted) for dotted in sorted(TRANSPARENT))
