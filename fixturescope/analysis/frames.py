"""Modules and scopes of names while they are evaluated: the evaluator's only mutable state."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from fixturescope.analysis.facts import ModuleFacts
from fixturescope.analysis.values import FunctionValue, Value, next_serial


@dataclass(slots=True, eq=False)
class Binding:
    """What a name stands for in one scope.

    ``certain`` is false where some way that leads here, all of them allowed by conditions that cannot be decided, binds
    something else or nothing.
    """

    value: Value
    certain: bool
    line: int
    others: tuple[Value, ...] = ()
    """Collections and instances that it may be, where it is not certain."""


@dataclass(slots=True, eq=False)
class Frame:
    """One scope: a module, a class body or a function call."""

    module: Module
    kind: Literal["module", "class", "function"]
    parent: Frame | None = None
    qualname: str = ""
    names: dict[str, Binding] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    """Dotted names of star-imported modules, latest last."""
    line: int = 0
    """Line of the statement being evaluated."""
    serial: int = field(default_factory=next_serial)
    """Among those of collections: who is older."""
    depth: int = 0
    """How many undecided conditions a function was called under."""
    yielded: list[Value] | None = field(default_factory=list)
    """What a generator function yields; None once that is not known."""
    shuffled: bool = False
    """It yields in an order that is not known."""
    comprehension: Literal["", "whole", "lazy"] = ""
    """It is the scope of a comprehension; ``lazy``: of a generator expression."""
    outer: dict[str, bool] = field(default_factory=dict)
    """Names of ``global`` (true) and ``nonlocal`` (false) statements."""
    declared: dict[str, str] = field(default_factory=dict)
    """Annotated names of a class body, in order: what their annotation starts with."""
    arguments: tuple[str, ...] = ()
    """Parameters of the function whose call this is."""
    turning: list[str] = field(default_factory=list)
    """Names that the loops being run bind, outermost first."""
    replaced: list[tuple[str, Binding]] = field(default_factory=list)
    """Bindings that a later one of the same name in the same scope replaced, both certain."""


@dataclass(slots=True, eq=False)
class Issue:
    """Something that could not be evaluated, for a diagnostic."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class NamePattern:
    """Names that a module may have though they are not wholly known: ``get_*_session``."""

    pattern: str
    line: int

    def fits(self, name: str) -> bool:
        """Return whether a name may be one of them."""
        return fnmatch.fnmatchcase(name, self.pattern.replace("[", "[[]").replace("?", "[?]"))


@dataclass(slots=True, eq=False)
class Module:
    """One source file as a module."""

    path: Path
    dotted: str
    facts: ModuleFacts
    is_package: bool
    in_project: bool
    frame: Frame = field(init=False)
    state: Literal["new", "running", "done"] = "new"
    skipped: str | None = None
    """Why importing it skips the whole module (``importorskip`` of what is not there, ``skip(allow_module_level=True)``)."""
    skipped_at: int = 0
    failed: str | None = None
    """Why importing it fails, as far as can be seen."""
    issues: list[Issue] = field(default_factory=list)
    patterns: list[NamePattern] = field(default_factory=list)
    dynamic_helpers: list[FunctionValue] = field(default_factory=list)
    """Functions that call ``getfixturevalue`` and are neither test nor fixture."""

    def __post_init__(self) -> None:
        self.frame = Frame(self, "module")

    @property
    def package(self) -> str:
        """The dotted name that relative imports start from."""
        return self.dotted if self.is_package else self.dotted.rpartition(".")[0]
