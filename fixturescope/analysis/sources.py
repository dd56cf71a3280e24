"""Where modules are: the linker's view of project, environment and standard library, from directory listings alone."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property
from pathlib import Path

from fixturescope.analysis.distributions import Distribution
from fixturescope.analysis.environment import Environment
from fixturescope.analysis.modules import ModuleFinder
from fixturescope.analysis.project import Project, fallback_roots, import_roots


class SourceFinder:
    """Finds modules for one project in one environment.

    Args:
        project: Its own import roots come first.
        environment: Then its site directories and its standard library.
        files: The test files of the run; their folders are import roots too.
        imported: Top-level packages that are imported before pytest puts folders of the project on ``sys.path``.
        plugins: Top-level packages that installed plugins of pytest lie in.
    """

    def __init__(
        self,
        project: Project,
        environment: Environment,
        files: Sequence[Path] = (),
        imported: AbstractSet[str] = frozenset(),
        plugins: AbstractSet[str] = frozenset(),
    ) -> None:
        self._environment = environment
        self._plugins = plugins
        roots, last = import_roots(project, files=files), fallback_roots(project, files)
        self._late = environment.finder(roots)
        self._strict = environment.finder([root for root in roots if root not in last])
        self._early = environment.finder(project.ini.pythonpath)
        self._imported = imported
        self._is_settled = environment.chosen_by != "the running interpreter"
        self._rootdir = f"{os.fspath(project.rootdir)}{os.sep}"
        self._libraries = tuple(
            f"{os.fspath(path)}{os.sep}"
            for path in dict.fromkeys((*environment.site_packages, environment.stdlib, environment.prefix))
            if os.fspath(project.rootdir) != os.fspath(path)
            and not self._rootdir.startswith(f"{os.fspath(path)}{os.sep}")
        )
        self._sites = tuple(f"{os.fspath(path)}{os.sep}" for path in environment.site_packages)
        self._stdlib = f"{os.fspath(environment.stdlib)}{os.sep}"
        self._analyzed = _analyzed_packages(project, self._libraries)

    def source(self, dotted: str) -> Path | None:
        """See ``link.Finder.source``."""
        found = self._finder(dotted).find_module(dotted)
        return found.path if found is not None else None

    def plugin(self, dotted: str) -> Path | None:
        """Return where pytest finds a plugin that a module names: what plain ``pytest`` has not on its path comes last.

        Which copy of a package that is installed and also lies here is meant is told by its fixtures' place.
        """
        finder = self._early if dotted.partition(".")[0] in self._imported else self._strict
        found = finder.find_module(dotted)
        return found.path if found is not None else self.source(dotted)

    def _finder(self, dotted: str) -> ModuleFinder:
        return self._early if dotted.partition(".")[0] in self._imported else self._late

    def importable(self, dotted: str) -> bool | None:
        """See ``link.Finder.importable``.

        A missing submodule of a package that is there is not known, since packages make modules at run time; and
        nothing is known to be missing where nobody said which environment is the project's.
        """
        root = dotted.partition(".")[0]
        if root in sys.builtin_module_names or root in sys.stdlib_module_names:
            return True
        finder = self._finder(dotted)
        found = finder.is_importable(dotted)
        if found is False and (not self._is_settled or (dotted != root and finder.is_importable(root))):
            return None
        return found

    def in_project(self, path: Path) -> bool:
        """See ``link.Finder.in_project``."""
        text = os.fspath(path)
        if any(text.startswith(package) for package in self._analyzed):
            return True
        return text.startswith(self._rootdir) and not text.startswith(self._libraries)

    def brings_plugin(self, package: str) -> bool:
        """See ``link.Finder.brings_plugin``."""
        return package in self._plugins

    def version_of(self, name: str) -> str | None:
        """See ``link.Finder.version_of``."""
        wanted = name.lower().replace("_", "-")
        for distribution in self._distributions:
            if distribution.name.lower().replace("_", "-") == wanted:
                return distribution.version
        found = [d.version for d in self._distributions if name in d.top_level()]
        return found[0] if found and self._is_settled else None

    @cached_property
    def _distributions(self) -> tuple[Distribution, ...]:
        return self._environment.distributions() if self._is_settled else ()

    def is_stdlib(self, path: Path) -> bool:
        """See ``link.Finder.is_stdlib``."""
        text = os.fspath(path)
        return text.startswith(self._stdlib) and not text.startswith(self._sites)


def _analyzed_packages(project: Project, libraries: Sequence[str]) -> tuple[str, ...]:
    """Return installed packages that are themselves what is analyzed, as path prefixes."""
    packages: dict[str, None] = {}
    for argument in project.arguments:
        text = os.fspath(argument.path)
        for library in libraries:
            if text.startswith(library) and "site-packages" in library:
                packages[library + text[len(library) :].partition(os.sep)[0]] = None
    return tuple(packages)
