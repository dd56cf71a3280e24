"""Drawn modules through the real path, outline → extract → link → evaluate, without files; and values as Python shows them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

from fixturescope.analysis import facts as f
from fixturescope.analysis.extract import extract_outline
from fixturescope.analysis.link import Linker
from fixturescope.analysis.outline import outline
from fixturescope.analysis.values import (
    Constant,
    External,
    FixtureValue,
    FunctionValue,
    LambdaValue,
    Mapped,
    Mark,
    Sequence,
    Sized,
    Unknown,
    Value,
    current,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fixturescope.analysis.frames import Module

PROJECT = Path("/project")
LIBRARY = Path("/library")
STDLIB = Path("/stdlib")


def facts_of(source: str) -> f.ModuleFacts:
    """The facts of a source text."""
    return extract_outline(outline(dedent(source)))


@dataclass
class DrawnFinder:
    """Modules that are drawn as texts; what is in ``missing`` is known not to be there."""

    texts: Mapping[Path, str]
    missing: frozenset[str] = frozenset()
    versions: Mapping[str, str] = field(default_factory=dict)
    plugins: frozenset[str] = frozenset()

    def source(self, dotted: str) -> Path | None:
        """See ``link.Finder.source``."""
        stem = dotted.replace(".", "/")
        candidates = [root / f"{stem}{end}" for root in (PROJECT, LIBRARY, STDLIB) for end in (".py", "/__init__.py")]
        return next((path for path in candidates if path in self.texts), None)

    def importable(self, dotted: str) -> bool | None:
        """See ``link.Finder.importable``."""
        if dotted in self.missing:
            return False
        return True if self.source(dotted) is not None else None

    def version_of(self, name: str) -> str | None:
        """See ``link.Finder.version_of``."""
        return self.versions.get(name)

    def brings_plugin(self, package: str) -> bool:
        """See ``link.Finder.brings_plugin``."""
        return package in self.plugins

    def in_project(self, path: Path) -> bool:
        """See ``link.Finder.in_project``."""
        return PROJECT in path.parents

    def is_stdlib(self, path: Path) -> bool:
        """See ``link.Finder.is_stdlib``."""
        return STDLIB in path.parents


@dataclass
class Drawn:
    """Files that were drawn, and their linker."""

    linker: Linker
    finder: DrawnFinder
    parsed: list[str]
    """Names of the files whose facts somebody asked for."""

    def module(self, dotted: str) -> Module:
        """A module, evaluated."""
        module = self.linker.named(dotted)
        assert module is not None
        return module

    def value(self, name: str, dotted: str = "module") -> Value:
        """What a name of a module stands for, as whoever reads it there sees it."""
        return self.linker.evaluator.lookup(self.module(dotted).frame, name)


def draw(
    files: Mapping[str, str],
    *,
    libraries: Mapping[str, str] | None = None,
    stdlib: Mapping[str, str] | None = None,
    missing: frozenset[str] = frozenset(),
    versions: Mapping[str, str] | None = None,
    python_version: tuple[int, ...] = (3, 12, 1),
    platform: str = "linux",
    fixture_decorators: frozenset[str] = frozenset(),
    plugins: frozenset[str] = frozenset(),
) -> Drawn:
    """Draw files of a project, of libraries and of the standard library, by their paths."""
    texts = {
        root / name: dedent(text)
        for root, drawn in ((PROJECT, files), (LIBRARY, libraries or {}), (STDLIB, stdlib or {}))
        for name, text in drawn.items()
    }
    finder = DrawnFinder(texts, missing, versions or {}, plugins)
    parsed: list[str] = []

    def read(path: Path) -> f.ModuleFacts | None:
        parsed.append(path.name)
        return None if "unreadable" in path.name else extract_outline(outline(texts[path]))

    linker = Linker(
        finder,
        facts_of=read,
        text_of=lambda path: texts.get(path, ""),
        python_version=python_version,
        platform=platform,
        fixture_decorators=fixture_decorators,
    )
    return Drawn(linker, finder, parsed)


def module(source: str, **environment: object) -> Drawn:
    """Draw one module, ``module.py``."""
    return draw({"module.py": source}, **environment)  # type: ignore[arg-type]


def result(expression: str, before: str = "") -> Value:
    """What an expression stands for behind some statements."""
    return module(f"{dedent(before)}\nresult = ({expression})\n").value("result")


UNKNOWN = "?"
"""How ``shown`` shows what is not known."""


def shown(value: Value) -> object:
    """A value as plain data: ``?`` for what is not known, ``?pattern`` for a text, ``…3`` for three unknown items."""
    value = current(value)
    if isinstance(value, Constant):
        return value.value
    if isinstance(value, Sequence):
        parts = [shown(item) for item in value.items]
        return {"list": list, "set": set, "tuple": tuple}.get(value.kind, list)(parts)  # type: ignore[operator]
    if isinstance(value, Mapped):
        return {_hashable(shown(key)): shown(item) for key, item in value.items}
    if isinstance(value, Sized):
        return f"…{value.size}"
    if isinstance(value, Unknown):
        return f"{UNKNOWN}{value.pattern or ''}"
    if isinstance(value, External):
        return f"<{value.dotted}>"
    if isinstance(value, Mark):
        return f"@{value.name}"
    if isinstance(value, FunctionValue):
        return f"def {value.facts.name}"
    if isinstance(value, LambdaValue):
        return "lambda"
    if isinstance(value, FixtureValue):
        return f"fixture {shown(value.function)}"
    return f"<{type(value).__name__}>"


def _hashable(key: object) -> object:
    return tuple(key) if isinstance(key, list) else key


def contradicts(value: Value, real: object) -> str | None:
    """How what the evaluator says of a value is wrong, given what Python makes of it; None when it is not."""
    value = current(value)
    if isinstance(value, Constant):
        same = type(value.value) is type(real) and value.value == real
        return None if same or value.value != value.value else f"{value.value!r} is not {real!r}"
    if isinstance(value, Unknown):
        fits = not value.pattern or (isinstance(real, str) and _fits(value.pattern, real))
        return None if fits else f"{value.pattern!r} does not fit {real!r}"
    if isinstance(value, Mapped):
        return _pairs_contradict(value, real)
    if isinstance(value, Sized):
        size = len(list(real)) if hasattr(real, "__iter__") else None
        return None if size == value.size else f"{value.size} items, not {size}"
    if isinstance(value, Sequence):
        return _items_contradict(value, real)
    return None


def _fits(pattern: str, text: str) -> bool:
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split("*")), text, re.DOTALL) is not None


def _pairs_contradict(value: Mapped, real: object) -> str | None:
    if not isinstance(real, dict) or len(real) != len(value.items):
        return f"{len(value.items)} entries, not {real!r}"
    for (key, item), (real_key, real_item) in zip(value.items, real.items(), strict=True):
        wrong = contradicts(key, real_key) or contradicts(item, real_item)
        if wrong:
            return wrong
    return None


def _items_contradict(value: Sequence, real: object) -> str | None:
    kinds = {"list": list, "tuple": tuple, "set": (set, frozenset), "range": range}
    if not hasattr(real, "__iter__") or not isinstance(real, kinds.get(value.kind, object)):
        return f"a {value.kind}, not {real!r}"
    found = list(real)
    if len(found) != len(value.items):
        return f"{len(value.items)} items, not {len(found)}"
    if value.kind in ("set", "unordered"):
        constants = [item.value for item in map(current, value.items) if isinstance(item, Constant)]
        return None if all(one in found for one in constants) else f"{constants!r} is not {found!r}"
    wrong = (contradicts(item, one) for item, one in zip(value.items, found, strict=True))
    return next((one for one in wrong if one), None)
