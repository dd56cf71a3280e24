"""What the evaluator asks of what lies around a module: other modules, the environment, data files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from fixturescope.analysis.frames import Module
from fixturescope.analysis.values import External, Value

if TYPE_CHECKING:
    from fixturescope.analysis.data import DataFiles


class Modules(Protocol):
    """What the evaluator asks of the linker."""

    python_version: tuple[int, ...]
    platform: str
    files: DataFiles | None
    """What may be read of data; None: nothing."""

    def attribute(self, dotted: str, name: str) -> Value:
        """Return what ``name`` is in a module: followed if the module is the project's, else ``External``."""

    def read(self, external: External) -> Value:
        """Return what an ``External`` is according to its source, or itself where there is none."""

    def import_from(self, folder: str) -> None:
        """Look for modules that are nowhere else in a folder, too."""

    def brings_plugin(self, dotted: str) -> bool:
        """Return whether a name is of an installed package that a plugin of pytest lies in."""

    def named(self, dotted: str) -> Module | None:
        """Return the evaluated module of a dotted name, or None when there is no source to read."""

    def reassigned_elsewhere(self, module: Module, name: str) -> bool:
        """Return whether a function of a module declares one of its names ``global``, and so may bind it."""

    def changed_by_methods(self, module: Module, name: str) -> bool:
        """Return whether a module's text changes an attribute of that name, beyond setting it in one place."""

    def line_of(self, dotted: str, text: str) -> int | None:
        """Return the last line of a module's source that holds a text; None when there is none."""

    def importable(self, dotted: str) -> bool | None:
        """Return whether a module is there in the target environment; None where that is not known."""

    def version_of(self, name: str) -> str | None:
        """Return the version of the distribution that brings a top-level module; None where that is not known."""

    def mutated_elsewhere(self, module: Module, name: str) -> bool:
        """Return whether code that is not evaluated in order, a function's, may change a collection of a module."""

    def star_names(self, dotted: str) -> Sequence[str]:
        """Return the names that ``from dotted import *`` binds."""

    def absolute(self, module: Module, name: str, level: int) -> str:
        """Return the absolute dotted name of a (relative) import in a module."""
