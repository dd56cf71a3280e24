"""Where the target interpreter would find a module, from directory listings alone.

In: ``sys.path`` in order, and what editable installs map. Out: `ModuleSource`, or None when there is no such module.
Each directory is listed once, nothing is imported or opened.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Literal

import msgspec

from fixturescope.analysis.paths import is_dir, is_file, names_in

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

Kind = Literal["module", "package", "namespace", "no_source"]
"""``no_source``: it is there, but as compiled code, built into the interpreter, or in a form we cannot read."""

_BINARY = re.compile(r"\.(?:so|pyd|pyc|(?:cpython-(\d+)|cp(\d+)|abi3|pypy)[^/]*\.(?:so|pyd))\Z")


class ModuleSource(msgspec.Struct, frozen=True, kw_only=True):
    """One module as the import system would find it."""

    name: str
    kind: Kind
    path: Path | None = None
    """The source file (``__init__.py`` for a package); None for namespaces and for what has no source."""
    directories: tuple[Path, ...] = ()
    """Where submodules are looked up; empty for what is no package."""


class ModuleFinder:
    """Finds modules on a search path; answers are kept, so share one for a run."""

    def __init__(
        self,
        roots: Sequence[Path],
        *,
        mapped: Mapping[str, Path] = {},
        opaque: Collection[str] = (),
        version: tuple[int, int] = sys.version_info[:2],
        builtins: Collection[str] = sys.builtin_module_names,
    ) -> None:
        """Set up a search path.

        Args:
            roots: ``sys.path`` in order.
            mapped: What editable installs map beside the path: dotted name → folder, or file without its suffix.
            opaque: Top-level names that an import hook we cannot read provides.
            version: The target's Python version.
            builtins: Modules that the interpreter has built in.
        """
        self._roots = tuple(dict.fromkeys(roots))
        self._mapped = dict(mapped)
        self._opaque = frozenset(opaque)
        self._tag = f"{version[0]}{version[1]}"
        self._builtins = frozenset(builtins)
        self._found: dict[str, ModuleSource | None] = {}
        self._listed: dict[Path, frozenset[str]] = {}

    def find_module(self, name: str) -> ModuleSource | None:
        """Return the module of a dotted name; None when there is none."""
        if name not in self._found:
            self._found[name] = self._find(name)
        return self._found[name]

    def is_importable(self, name: str) -> bool | None:
        """Whether ``import name`` would find the module; None when an import hook decides that we cannot read.

        A module that is found may still fail while it is imported.
        """
        found = self.find_module(name)
        if found is not None:
            return True
        top, _, rest = name.partition(".")
        parent = self.find_module(top)
        if top in self._opaque or (rest and parent is not None and parent.kind == "no_source"):
            return None
        return False

    def _find(self, name: str) -> ModuleSource | None:
        parent, _, last = name.rpartition(".")
        if not all(name.split(".")):
            return None
        if not parent and last in self._builtins:
            return ModuleSource(name=name, kind="no_source")
        where: tuple[Path, ...] = self._roots
        if parent:
            package = self.find_module(parent)
            if package is None:
                return self._find_mapped(name)
            where = package.directories
        portions: list[Path] = []
        for root in where:
            found = self._in_directory(name, last, root)
            if found is None:
                continue
            if found.kind != "namespace":
                return found
            portions.extend(found.directories)
        mapped = self._find_mapped(name)
        if mapped is not None and mapped.kind != "namespace":
            return mapped
        if mapped is not None:
            portions.extend(mapped.directories)
        return ModuleSource(name=name, kind="namespace", directories=tuple(portions)) if portions else None

    def _find_mapped(self, name: str) -> ModuleSource | None:
        target = self._mapped.get(name)
        return self._in_directory(name, target.name, target.parent) if target is not None else None

    def _in_directory(self, name: str, last: str, directory: Path) -> ModuleSource | None:
        """Look into one directory, in the import system's order: package, module, namespace.

        A module that is compiled beside its source would be imported compiled, but the source is what we can read.
        """
        names = self._names(directory)
        folder = directory / last
        is_folder = last in names and is_dir(folder)
        if is_folder:
            inside = self._names(folder)
            if "__init__.py" in inside:
                return ModuleSource(name=name, kind="package", path=folder / "__init__.py", directories=(folder,))
            if any(entry.startswith("__init__.") and self._is_binary(entry[8:]) for entry in inside):
                return ModuleSource(name=name, kind="no_source", directories=(folder,))
        if f"{last}.py" in names and is_file(directory / f"{last}.py"):
            return ModuleSource(name=name, kind="module", path=directory / f"{last}.py")
        prefix = f"{last}."
        if any(entry.startswith(prefix) and self._is_binary(entry[len(last) :]) for entry in names):
            return ModuleSource(name=name, kind="no_source")
        return ModuleSource(name=name, kind="namespace", directories=(folder,)) if is_folder else None

    def _is_binary(self, suffix: str) -> bool:
        match = _BINARY.fullmatch(suffix)
        tag = (match.group(1) or match.group(2)) if match is not None else None
        return match is not None and (tag is None or tag.startswith(self._tag))

    def _names(self, directory: Path) -> frozenset[str]:
        names = self._listed.get(directory)
        if names is None:
            names = self._listed[directory] = frozenset(names_in(directory))
        return names
