"""Which Python files pytest would collect as test modules, in its order, and in which directories they stand.

In: a `Project`, and a callback that says what a conftest's ``collect_ignore`` holds (another module reads it). Out:
`Collected`: test files and diagnostics. Folders are listed, file names compared; no file is opened, so a FIFO cannot
hang us, and a broken link or an unreadable folder is a diagnostic.
"""

from __future__ import annotations

import fnmatch
import os
import stat
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from fixturescope.analysis.paths import exists, is_dir, is_file
from fixturescope.analysis.patterns import Patterns
from fixturescope.analysis.project import Argument, Project, conftests_for, in_confcutdir, package_root
from fixturescope.model import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

Ignored = tuple["tuple[Path, ...] | None", "tuple[str, ...] | None"]
"""``collect_ignore`` (absolute paths) and ``collect_ignore_glob`` (absolute patterns) of one conftest.

None means the conftest does not define it, so that the next one out counts; empty means it defines it as empty.
"""

MAX_DEPTH = 200
"""Folders nested deeper than this are not entered."""


class NodeDir(msgspec.Struct, frozen=True):
    """One directory node above a test file."""

    path: Path
    is_package: bool


class TestFile(msgspec.Struct, frozen=True, kw_only=True):
    """One test module as one argument collects it; an argument list that repeats a file may repeat it here too."""

    __test__ = False  # keep pytest from collecting it where it is imported into a test module

    path: Path
    node_dirs: tuple[NodeDir, ...]
    """Directory nodes from the outermost (the rootdir, in a usual run) down to the file's own folder."""
    package_root: Path | None = None
    names: tuple[str, ...] = ()
    """Only this part of the module is collected: ``("TestClass", "test_method")``."""
    parameters: str | None = None
    explicit: bool = False
    """It was named on the command line, so ``python_files`` does not matter."""


class Collected(msgspec.Struct, frozen=True, kw_only=True):
    """The files of a run."""

    files: tuple[TestFile, ...] = ()
    doctests: tuple[Path, ...] = ()
    """Python files that ``--doctest-modules`` collects besides, and doctest text files."""
    diagnostics: tuple[Diagnostic, ...] = ()


def nothing_ignored(_conftest: Path, /) -> Ignored:
    """Say that a conftest defines neither ``collect_ignore`` nor ``collect_ignore_glob``."""
    return None, None


def collect_files(project: Project, ignored_by_conftest: Callable[[Path], Ignored] = nothing_ignored) -> Collected:
    """Return the test files of ``project`` in the order in which pytest collects them.

    pytest 8.0 replaced its collection tree (folders and files now sort together, packages' ``__init__.py`` first), 8.3
    changed how a virtual environment is recognised, 9.0 drops arguments that others contain.

    Args:
        project: The project.
        ignored_by_conftest: What a ``conftest.py`` says to ignore.
    """
    walker = _Walker(project, ignored_by_conftest)
    if project.pytest_version >= (8, 0):
        _collect_tree(project, walker)
    else:
        _collect_legacy(project, walker)
    unique = {(item.path, item.line, item.message): item for item in walker.diagnostics}
    return Collected(
        files=tuple(walker.files), doctests=tuple(dict.fromkeys(walker.doctests)), diagnostics=tuple(unique.values())
    )


def _collect_tree(project: Project, walker: _Walker) -> None:
    """For pytest 8 and newer: arguments are matched down the directory tree, then folders are expanded."""
    arguments = list(project.arguments)
    keep_duplicates = project.ini.keep_duplicates
    if project.pytest_version >= (9, 0) and not keep_duplicates:
        arguments = _without_contained(arguments)
    walker.enter_arguments(arguments)
    opened: set[Path] = set()
    if project.pytest_version < (9, 0) and not keep_duplicates:
        # There, a folder that was opened to reach an argument below it is not expanded again (#12083).
        for argument in arguments:
            opened.update(_above(argument, project))
    for argument in arguments:
        if not is_dir(argument.path):
            walker.add_argument(argument, _node_dirs(argument, project))
        elif argument.path not in opened:
            if project.pytest_version < (9, 0) and not keep_duplicates:
                opened.add(argument.path)
            walker.expand(argument.path, _node_dirs(argument, project), opened if not keep_duplicates else set())


def _collect_legacy(project: Project, walker: _Walker) -> None:
    """For pytest 7: files of a folder before its subfolders, packages as soon as their first file is seen."""
    walker.enter_arguments(project.arguments)
    for argument in project.arguments:
        chain = _node_dirs(argument, project)
        walker.open_packages_above(argument, chain)
        if is_dir(argument.path):
            walker.expand_legacy(argument.path, chain)
        elif argument.path.name == "__init__.py" and not argument.names:
            walker.expand_init_legacy(argument, chain)
        else:
            walker.add_argument(argument, chain)


def _above(argument: Argument, project: Project) -> list[Path]:
    """Return the directories that pytest opens on its way down to an argument."""
    return [node.path for node in _node_dirs(argument, project) if node.path != argument.path]


def _node_dirs(argument: Argument, project: Project) -> tuple[NodeDir, ...]:
    """Return the directory nodes from the outermost one down to an argument (its own folder if it is a file)."""
    directories = [argument.path] if is_dir(argument.path) else []
    if argument.module is None:
        for parent in argument.path.parents:
            if not in_confcutdir(parent, project):
                break
            directories.insert(0, parent)
    else:
        parts = argument.module.split(".")
        for index, parent in enumerate(argument.path.parents, 2):
            if index > len(parts) or parent.stem != parts[-index]:
                break
            directories.insert(0, parent)
    return tuple(_node(directory) for directory in directories)


def _node(directory: Path) -> NodeDir:
    return NodeDir(directory, is_file(directory / "__init__.py"))


def _without_contained(arguments: list[Argument]) -> list[Argument]:
    """Drop arguments that another one contains, and repetitions (``normalize_collection_arguments``)."""
    kept: list[int] = []
    last: Argument | None = None
    order = sorted(
        range(len(arguments)),
        key=lambda index: (arguments[index].path, arguments[index].names, arguments[index].parameters or ""),
    )
    for index in order:
        if last is None or not _contains(last, arguments[index]):
            kept.append(index)
            last = arguments[index]
    return [arguments[index] for index in sorted(kept)]


def _contains(outer: Argument, inner: Argument) -> bool:
    if outer.path != inner.path:
        return not outer.names and inner.path.is_relative_to(outer.path)
    if inner.names[: len(outer.names)] != outer.names:
        return False
    return outer.parameters is None or outer.parameters == inner.parameters


class _Walker:
    """Lists folders and decides about each entry, as pytest's hooks would."""

    def __init__(self, project: Project, ignored_by_conftest: Callable[[Path], Ignored]) -> None:
        self.files: list[TestFile] = []
        self.doctests: list[Path] = []
        self.diagnostics: list[Diagnostic] = []
        self._project = project
        self._ignored_by_conftest = ignored_by_conftest
        self._given: frozenset[Path] = frozenset()
        self._above_given: frozenset[Path] = frozenset()
        self._ignored: dict[Path, tuple[frozenset[Path], tuple[str, ...]]] = {}
        self._seen: set[Path] = set()
        self._packages: set[Path] = set()
        self._roots: dict[Path, Path | None] = {}
        self._python_files = Patterns(project.ini.python_files)
        self._doctest_files = Patterns(project.ini.doctest_glob)
        self._norecursedirs = Patterns(project.ini.norecursedirs)

    def enter_arguments(self, arguments: Iterable[Argument]) -> None:
        """Note the arguments: they are collected whatever patterns say."""
        self._given = frozenset(argument.path for argument in arguments)
        self._above_given = frozenset(parent for path in self._given for parent in (path, *path.parents))

    def add_argument(self, argument: Argument, chain: tuple[NodeDir, ...]) -> None:
        """Collect a file that was named on the command line."""
        if not is_file(argument.path):
            self._say(argument.path, "is not a regular file")
        elif argument.path.suffix == ".py" and not _is_text(argument.path):
            self._say(argument.path, "has a name that is not UTF-8")
        elif argument.path.suffix == ".py":
            self._add(argument.path, chain, argument)
        if argument.path.suffix in (".txt", ".rst"):
            self.doctests.append(argument.path)

    def expand(self, directory: Path, chain: tuple[NodeDir, ...], opened: set[Path], depth: int = 0) -> None:
        """Collect a folder as pytest 8 does: entries by name, folders in place, ``__init__.py`` first in a package."""
        entries = self._list(directory)
        if chain and chain[-1].is_package:
            entries.sort(key=lambda entry: (entry.name != "__init__.py", entry.name))
        for entry in entries:
            if self._is_no_matter(entry):
                continue
            path = directory / entry.name
            if _is_directory(entry):
                if path in opened or self._skips_directory(path, entry.name):
                    continue
                if self._may_enter(path, chain, depth):
                    self.expand(path, (*chain, _node(path)), opened, depth + 1)
            else:
                self._consider(entry, path, chain)

    def expand_legacy(self, directory: Path, chain: tuple[NodeDir, ...]) -> None:
        """Collect a folder as pytest 7 does (``Session.collect``): it plans first, then opens packages in order."""
        started: set[Path] = set()
        plan: list[Callable[[], None]] = []
        for entry, path, parents in self._visit(directory, chain):
            folder, init = path.parent, path.parent / "__init__.py"
            if folder not in started:
                started.add(folder)
                if is_file(init) and not self._ignores_file(init) and self._claims(init):
                    self._packages.add(folder)
                    plan.append(partial(self._expand_package, folder, parents))
            if folder not in self._packages and self._claims(path):
                plan.append(partial(self._consider, entry, path, parents))
        for step in plan:
            step()

    def expand_init_legacy(self, argument: Argument, chain: tuple[NodeDir, ...]) -> None:
        """Collect an ``__init__.py`` argument as pytest 7 does: whatever comes first in its package."""
        count = len(self.files)
        self._expand_package(argument.path.parent, chain)
        del self.files[count + 1 :]

    def open_packages_above(self, argument: Argument, chain: tuple[NodeDir, ...]) -> None:
        """Note the packages that hold an argument: pytest 7 leaves their files to them."""
        if not self._project.ini.doctest_modules:
            self._packages.update(node.path for node in chain if node.is_package and node.path != argument.path)

    def _expand_package(self, package: Path, chain: tuple[NodeDir, ...]) -> None:
        """Collect a package as pytest 7 does: all below it but nested packages, which are packages of their own."""
        init = package / "__init__.py"
        if self._python_files.match(init):
            self._add(init, chain)
        nested: list[Path] = []
        for entry, path, parents in self._visit(package, chain, directories=nested):
            if path == init or any(inner in path.parents and path != inner / "__init__.py" for inner in nested):
                continue
            if entry.name == "__init__.py":
                if not self._ignores_file(path) and self._claims(path):
                    self._expand_package(path.parent, parents)
            elif self._claims(path):
                self._consider(entry, path, parents)

    def _visit(
        self, directory: Path, chain: tuple[NodeDir, ...], depth: int = 0, directories: list[Path] | None = None
    ) -> Iterator[tuple[os.DirEntry[str], Path, tuple[NodeDir, ...]]]:
        """Yield files below ``directory``, those of a folder before its subfolders."""
        folders: list[Path] = []
        for entry in self._list(directory):
            path = directory / entry.name
            if _is_directory(entry):
                folders.append(path)
                if directories is not None and is_file(path / "__init__.py"):
                    directories.append(path)
            else:
                yield entry, path, chain
        for path in folders:
            if self._skips_directory(path, path.name, given_matters=False) or not self._may_enter(path, chain, depth):
                continue
            yield from self._visit(path, (*chain, _node(path)), depth + 1, directories)

    def _claims(self, path: Path) -> bool:
        """Whether pytest 7 collects a file here: once only, unless told to keep duplicates."""
        if self._project.ini.keep_duplicates:
            return True
        if path in self._seen:
            return False
        self._seen.add(path)
        return True

    def _consider(self, entry: os.DirEntry[str], path: Path, chain: tuple[NodeDir, ...]) -> None:
        """Collect an entry that is no directory, if it is a test file."""
        given = path in self._given
        python = entry.name.endswith(".py")
        wanted = python and (given or self._python_files.match(path))
        if not wanted and not self._is_doctest(path) and entry.name != "conftest.py":
            return
        problem = _problem(entry)
        if problem is None and not _is_text(path):
            problem = "has a name that is not UTF-8"
        if problem is not None:
            if python:
                self._say(path, problem)
            return
        if not given and self._ignores(path, entry.name):
            return
        if wanted:
            self._add(path, chain)
        if self._is_doctest(path):
            self.doctests.append(path)

    def _is_no_matter(self, entry: os.DirEntry[str]) -> bool:
        """Whether an entry is plainly a data file: most files are, and need no more than a look at the name."""
        return not (
            entry.name.endswith(".py")
            or entry.is_symlink()
            or _is_directory(entry)
            or self._doctest_files.may(entry.name)
        )

    def _is_doctest(self, path: Path) -> bool:
        ini = self._project.ini
        if path.suffix == ".py":
            return ini.doctest_modules and path.name not in ("__main__.py", "setup.py")
        return self._doctest_files.match(path)

    def _add(self, path: Path, chain: tuple[NodeDir, ...], argument: Argument | None = None) -> None:
        self.files.append(
            TestFile(
                path=path,
                node_dirs=chain,
                package_root=self._package_root(path.parent),
                names=argument.names if argument is not None else (),
                parameters=argument.parameters if argument is not None else None,
                explicit=path in self._given,
            )
        )

    def _list(self, directory: Path) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(directory) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self._say(directory, f"cannot be listed ({error.strerror or error})")
            return []

    def _skips_directory(self, path: Path, name: str, *, given_matters: bool = True) -> bool:
        if given_matters and path in self._above_given:
            return False
        if not _is_text(path):
            self._say(path, "has a name that is not UTF-8")
            return True
        return (
            self._ignores(path, name)
            or (not self._project.ini.collect_in_virtualenv and self._is_environment(path))
            or self._norecursedirs.match(path)
        )

    def _ignores_file(self, path: Path) -> bool:
        return path not in self._given and self._ignores(path, path.name)

    def _ignores(self, path: Path, name: str) -> bool:
        """Whether ``--ignore*`` or a conftest's ``collect_ignore*`` excludes an entry."""
        if name == "__pycache__":
            return True
        paths, patterns = self._ignored_in(path.parent)
        return path in paths or any(fnmatch.fnmatch(str(path), pattern) for pattern in patterns)

    def _ignored_in(self, directory: Path) -> tuple[frozenset[Path], tuple[str, ...]]:
        found = self._ignored.get(directory)
        if found is None:
            answers = [self._ignored_by_conftest(path) for path in reversed(conftests_for(directory, self._project))]
            paths = next((answer[0] for answer in answers if answer[0] is not None), ())
            patterns = next((answer[1] for answer in answers if answer[1] is not None), ())
            ini = self._project.ini
            found = frozenset((*paths, *ini.ignore)), (*patterns, *ini.ignore_glob)
            self._ignored[directory] = found
        return found

    def _is_environment(self, path: Path) -> bool:
        """Whether a folder is a virtual environment (``_in_venv``)."""
        version = self._project.pytest_version
        if version >= (8, 3):
            conda = version >= (8, 3, 2) and is_file(path / "conda-meta" / "history")
            return conda or is_file(path / "pyvenv.cfg")
        scripts = path / ("Scripts" if os.name == "nt" else "bin")
        names = ("activate", "activate.csh", "activate.fish", "Activate", "Activate.bat", "Activate.ps1")
        return any(exists(scripts / name) for name in names)

    def _may_enter(self, path: Path, chain: tuple[NodeDir, ...], depth: int) -> bool:
        """Guard against links that lead back up: pytest follows them until the system gives up."""
        if depth >= MAX_DEPTH:
            self._say(path, f"is nested more than {MAX_DEPTH} folders deep and was not read")
            return False
        if path.is_symlink():
            real = os.path.realpath(path)
            if any(os.path.realpath(node.path) == real for node in chain) or real in map(str, path.parents):
                self._say(path, "is a link to a folder that holds it and was not followed")
                return False
        return True

    def _package_root(self, directory: Path) -> Path | None:
        if directory not in self._roots:
            self._roots[directory] = package_root(directory)
        return self._roots[directory]

    def _say(self, path: Path, problem: str) -> None:
        shown = self._project.relative(path).encode("utf-8", "backslashreplace").decode()
        self.diagnostics.append(
            Diagnostic(code="FS002", severity="warning", message=f"{shown} {problem}", path=shown, line=1)
        )


def _is_directory(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _problem(entry: os.DirEntry[str]) -> str | None:
    """Return why an entry cannot be read as a file; None when it can."""
    try:
        mode = entry.stat().st_mode
    except FileNotFoundError:
        return "is a broken link"
    except OSError as error:
        return f"cannot be read ({error.strerror or error})"
    return None if stat.S_ISREG(mode) else "is not a regular file"


def _is_text(path: Path) -> bool:
    """Whether the name can be written down: file names are bytes, and not all are UTF-8."""
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
