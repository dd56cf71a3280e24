"""Values as a reader would write them."""

from __future__ import annotations

from pathlib import PurePath

from fixturescope.analysis.values import (
    ClassValue,
    Constant,
    EnumMember,
    External,
    FunctionValue,
    InstanceValue,
    PathValue,
    Value,
    current,
)
from fixturescope.analysis.values import Sequence as Items

MAX_SHOWN, MAX_TEXT = 6, 80
"""Items and characters of a value that are shown."""


def show(value: Value, depth: int = 0) -> str:
    """Return a value as a reader would write it, shortened."""
    value = current(value)
    if depth > MAX_SHOWN:
        return "…"
    if isinstance(value, Constant):
        text = repr(value.value)
    elif isinstance(value, PathValue):
        text = f"…/{PurePath(value.text).name}"
    elif isinstance(value, EnumMember):
        text = f"{value.cls.facts.name}.{value.name}"
    elif isinstance(value, InstanceValue) and value.order:
        text = f"{value.cls.facts.name}({', '.join(show(value.attributes[name], depth + 1) for name in value.order)})"
    elif isinstance(value, InstanceValue | ClassValue):
        text = f"{'' if isinstance(value, ClassValue) else 'an instance of '}{_class_of(value).facts.name}"
    elif isinstance(value, FunctionValue):
        text = value.facts.name
    elif isinstance(value, External):
        text = value.dotted.removeprefix("builtins.")
    elif isinstance(value, Items) and len(value.items) <= MAX_SHOWN:
        text = f"[{', '.join(show(item, depth + 1) for item in value.items)}]"
    else:
        text = "…"
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"


def _class_of(value: InstanceValue | ClassValue) -> ClassValue:
    return value if isinstance(value, ClassValue) else value.cls
