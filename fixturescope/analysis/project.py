"""What pytest decides before it imports any test: rootdir, options, arguments, conftests in force, module names.

In: the paths of an invocation. Out: a `Project`, frozen. Which files are collected is `finder`'s answer; how the
configuration file is found and read is `ini`'s. Nothing here opens a Python file.
"""

from __future__ import annotations

import glob
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from fixturescope.analysis.ini import (
    Configuration,
    Getter,
    IniValue,
    Version,
    find_configuration,
    parse_overrides,
)
from fixturescope.analysis.options import PLUGIN_OPTIONS, Options, parse_options
from fixturescope.analysis.paths import absolute, exists, is_dir, is_file, names_in
from fixturescope.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

LATEST: Version = (9, 2, 0)
"""The newest pytest whose rules are known here; used when the target's version is not."""

NORECURSEDIRS = ("*.egg", ".*", "_darcs", "build", "CVS", "dist", "node_modules", "venv", "{arch}")
"""pytest's default for ``norecursedirs``."""


class PytestIni(msgspec.Struct, frozen=True, kw_only=True):
    """pytest's settings, from its configuration file, ``addopts``, the environment and overrides together."""

    testpaths: tuple[str, ...] = ()
    python_files: tuple[str, ...] = ("test_*.py", "*_test.py")
    python_classes: tuple[str, ...] = ("Test",)
    python_functions: tuple[str, ...] = ("test",)
    norecursedirs: tuple[str, ...] = NORECURSEDIRS
    pythonpath: tuple[Path, ...] = ()
    usefixtures: tuple[str, ...] = ()
    addopts: tuple[str, ...] = ()
    confcutdir: Path
    import_mode: str = "prepend"
    ignore: tuple[Path, ...] = ()
    ignore_glob: tuple[str, ...] = ()
    """Absolute patterns."""
    deselect: tuple[str, ...] = ()
    """Node id prefixes that ``--deselect`` takes out of the run; they are collected all the same."""
    plugins_p: tuple[str, ...] = ()
    """Each ``-p``, in pytest's order, ``no:NAME`` included."""
    keyword: str = ""
    mark: str = ""
    doctest_modules: bool = False
    doctest_glob: tuple[str, ...] = ("test*.txt",)
    pyargs: bool = False
    noconftest: bool = False
    keep_duplicates: bool = False
    collect_in_virtualenv: bool = False
    collect_imported_tests: bool = True
    consider_namespace_packages: bool = False
    disable_plugin_autoload: bool = False
    asyncio_mode: str = ""
    """``--asyncio-mode``, else the ini key; empty when neither is given."""
    raw: Mapping[str, IniValue] = {}
    """Every key of the configuration file (and of overrides) as it stands there."""


class Argument(msgspec.Struct, frozen=True, kw_only=True):
    """One argument of the run: a path, and what of it is asked for."""

    text: str
    path: Path
    names: tuple[str, ...] = ()
    """The parts after ``::``: ``("TestClass", "test_method")``."""
    parameters: str | None = None
    """``[…]`` at the end of a node id."""
    module: str | None = None
    """The dotted name that ``--pyargs`` resolved to ``path``."""


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """What pytest would run: from where, with which configuration, on which arguments."""

    rootdir: Path
    inifile: Path | None
    cwd: Path
    arguments: tuple[Argument, ...]
    arguments_from: str
    """``arguments``, ``testpaths`` or ``cwd``."""
    ini: PytestIni
    pytest_version: Version = LATEST
    initial_conftests: tuple[Path, ...] = ()
    """Conftests pytest loads before collection (``ARG/conftest.py``, those above it, ``ARG/test*/conftest.py``)."""
    notes: tuple[str, ...] = ()
    """What could not be known for certain, in sentences."""

    def relative(self, path: Path) -> str:
        """Return ``path`` as the document shows it: from the rootdir with ``/``, absolute when outside it."""
        text, above = os.fspath(path), f"{os.fspath(self.rootdir)}{os.sep}"
        if text.startswith(above):  # asked once for each test: pathlib takes ten times as long
            return text[len(above) :].replace(os.sep, "/")
        try:
            return path.relative_to(self.rootdir).as_posix()
        except ValueError:
            return path.as_posix()


def load_project(
    paths: Sequence[Path | str],
    *,
    rootdir: Path | None = None,
    cwd: Path,
    overrides: Mapping[str, str] = {},
    environ: Mapping[str, str] = {},
    pytest_version: Version = LATEST,
    plugin_options: Mapping[str, bool] = PLUGIN_OPTIONS,
    site_packages: Sequence[Path] = (),
) -> Project:
    """Return what ``pytest PATHS`` would decide if started from ``cwd``.

    Args:
        paths: Files, folders or node ids (``path::Class::test``), relative to ``cwd``; none means ``testpaths``.
        rootdir: As ``--rootdir``.
        cwd: The directory pytest is started from.
        overrides: As ``-o name=value``.
        environ: Environment; ``PYTEST_ADDOPTS`` is read.
        pytest_version: The target's pytest; see ``find_configuration`` and ``finder`` for what depends on it. Besides:
            9.1 honours ``-o`` inside ``addopts``.
        plugin_options: Command line options that plugins declare → whether each takes a value.
        site_packages: Where ``--pyargs`` names are looked up, after ``pythonpath``.

    Raises:
        ConfigError: pytest's configuration is broken.
        UsageError: A path does not exist.
    """
    cwd = absolute(cwd, Path.cwd()) if not cwd.is_absolute() else absolute(cwd, cwd)
    given = [os.fspath(path) for path in paths]
    from_environ = _split(environ.get("PYTEST_ADDOPTS", ""), "PYTEST_ADDOPTS")
    early = parse_options(from_environ, source="PYTEST_ADDOPTS", known={}, unknown_take_value=False)
    configuration = find_configuration(
        [*early.positional, *given],
        cwd=cwd,
        pytest_version=pytest_version,
        config_file=early.config_file,
        rootdir=os.fspath(rootdir) if rootdir is not None else early.rootdir,
    )
    inipath = str(configuration.inifile) if configuration.inifile is not None else None
    values = {
        **configuration.values,
        **parse_overrides(early.override_ini, source="PYTEST_ADDOPTS"),
        **{name: IniValue(value) for name, value in overrides.items()},
    }
    addopts = Getter(values, configuration.inifile, cwd).words("addopts")
    options = parse_options([*addopts, *from_environ], source="addopts", known=plugin_options, path=inipath)
    if pytest_version >= (9, 1):
        values.update(parse_overrides(options.override_ini, source="addopts", path=inipath))
        values.update({name: IniValue(value) for name, value in overrides.items()})
    ini = _read_ini(Getter(values, configuration.inifile, cwd), configuration, options, addopts)
    words, source = _decide_arguments([*options.positional, *given], ini, configuration, cwd)
    arguments = tuple(_argument(word, ini, cwd, pytest_version, site_packages) for word in words)
    project = Project(
        rootdir=configuration.rootdir,
        inifile=configuration.inifile,
        cwd=cwd,
        arguments=arguments,
        arguments_from=source,
        ini=ini,
        pytest_version=pytest_version,
        notes=_notes(options, ini, source),
    )
    return msgspec.structs.replace(project, initial_conftests=_initial_conftests(project))


def conftests_for(path: Path, project: Project) -> tuple[Path, ...]:
    """Return the ``conftest.py`` files in force for a file or directory, outermost first."""
    if project.ini.noconftest:
        return ()
    directory = path.parent if path.suffix == ".py" or not is_dir(path) else path
    candidates = (
        parent / "conftest.py" for parent in reversed((directory, *directory.parents)) if in_confcutdir(parent, project)
    )
    return tuple(conftest for conftest in candidates if is_file(conftest))


def in_confcutdir(directory: Path, project: Project) -> bool:
    """Whether conftests of ``directory`` count: it does not lie above ``confcutdir`` (elsewhere is fine)."""
    return directory not in project.ini.confcutdir.parents


def package_root(path: Path) -> Path | None:
    """Return the outermost package folder that holds ``path``; None when its folder is no package."""
    result = None
    for parent in path.parents if path.suffix == ".py" or not is_dir(path) else (path, *path.parents):
        if not is_file(parent / "__init__.py") or not parent.name.isidentifier():
            break
        result = parent
    return result


def base_directory(path: Path, project: Project) -> Path:
    """Return the directory that pytest puts on ``sys.path`` to import ``path`` (prepend and append modes)."""
    root = package_root(path)
    base = path.parent if root is None else root.parent
    since = (8, 2) if root is None else (8, 1)
    if project.ini.consider_namespace_packages and project.pytest_version >= since:
        roots = set(_own_roots(project, project.initial_conftests))
        return next((candidate for candidate in (base, *base.parents) if candidate in roots), base)
    return base


def module_name(path: Path, project: Project) -> str:
    """Return the name under which pytest would import ``path``.

    ``importlib`` mode: 8.1 and newer prefer the package's own dotted name, and write dots in folder names as ``_``.
    """
    stem = path.with_suffix("")
    base = base_directory(path, project)
    if project.ini.import_mode == "importlib" and (
        project.pytest_version < (8, 1) or (base == path.parent and not _is_base(base, project))
    ):
        return _name_from_rootdir(stem, project)
    parts = list(stem.relative_to(base).parts)
    if parts[-1] == "__init__" and len(parts) > 1:
        parts.pop()
    return ".".join(parts)


def import_roots(project: Project, path: Path | None = None, files: Iterable[Path] = ()) -> tuple[Path, ...]:
    """Return the project's own ``sys.path`` entries, first wins, to resolve imports statically.

    Args:
        project: The project.
        path: The file that imports: its own folder and those of its conftests come first, as in prepend mode.
        files: Other files whose folders are on ``sys.path`` by then (all test files of the run).

    The last entries, the working directory and the rootdir, are what ``python -m pytest`` would add; plain ``pytest``
    does not, so they are a fallback. Installed packages are ``environment``'s business.
    """
    mine = [path, *reversed(conftests_for(path, project))] if path is not None else []
    roots = _own_roots(project, [*mine, *project.initial_conftests, *files])
    return tuple(dict.fromkeys([*roots, project.cwd, project.rootdir]))


def fallback_roots(project: Project, files: Iterable[Path] = ()) -> tuple[Path, ...]:
    """Return those of `import_roots` that plain ``pytest`` does not put on ``sys.path``."""
    own = _own_roots(project, [*project.initial_conftests, *files])
    return tuple(root for root in dict.fromkeys((project.cwd, project.rootdir)) if root not in own)


def _read_ini(get: Getter, configuration: Configuration, options: Options, addopts: tuple[str, ...]) -> PytestIni:
    cwd = get.cwd
    default = PytestIni(confcutdir=cwd)
    home = configuration.inifile.parent if configuration.inifile is not None else configuration.rootdir
    return PytestIni(
        testpaths=get.words("testpaths"),
        python_files=get.words("python_files", default.python_files),
        python_classes=get.words("python_classes", default.python_classes),
        python_functions=get.words("python_functions", default.python_functions),
        norecursedirs=get.words("norecursedirs", default.norecursedirs),
        pythonpath=tuple(absolute(path, cwd) for path in get.paths("pythonpath")),
        usefixtures=get.words("usefixtures"),
        addopts=addopts,
        confcutdir=absolute(options.confcutdir, cwd) if options.confcutdir is not None else home,
        import_mode=options.import_mode,
        ignore=tuple(absolute(path, cwd) for path in options.ignore),
        ignore_glob=tuple(str(absolute(path, cwd)) for path in options.ignore_glob),
        deselect=options.deselect,
        plugins_p=options.plugins,
        keyword=options.keyword,
        mark=options.mark,
        doctest_modules=options.doctest_modules,
        doctest_glob=options.doctest_glob or default.doctest_glob,
        pyargs=options.pyargs,
        noconftest=options.noconftest,
        keep_duplicates=options.keep_duplicates,
        collect_in_virtualenv=options.collect_in_virtualenv,
        collect_imported_tests=get.boolean("collect_imported_tests", default=True),
        consider_namespace_packages=get.boolean("consider_namespace_packages"),
        disable_plugin_autoload=options.disable_plugin_autoload,
        asyncio_mode=options.asyncio_mode or get.text("asyncio_mode"),
        raw=dict(get.values),
    )


def _decide_arguments(
    positional: list[str], ini: PytestIni, configuration: Configuration, cwd: Path
) -> tuple[list[str], str]:
    """Return the arguments of the run and where they come from (``Config._decide_args``)."""
    if positional:
        return positional, "arguments"
    if cwd == configuration.rootdir and ini.testpaths:
        if ini.pyargs:
            return list(ini.testpaths), "testpaths"
        found = [match for path in ini.testpaths for match in _glob(path, cwd)]
        if found:
            return found, "testpaths"
    return [str(cwd)], "cwd"


def _glob(pattern: str, cwd: Path) -> list[str]:
    return sorted(glob.iglob(pattern, root_dir=cwd, recursive=True))  # noqa: PTH207 - its rules for ``**`` are pytest's


def _argument(text: str, ini: PytestIni, cwd: Path, version: Version, site_packages: Sequence[Path]) -> Argument:
    base, bracket, rest = text.partition("[")
    word, *names = base.split("::")
    if (bracket and not names and version < (9, 0)) or exists(absolute(text, cwd)):
        word, names, bracket, rest = text, [], "", ""  # a folder may well be called ``test[1]``
    module = None
    if ini.pyargs:
        found = _search_module(word, [*ini.pythonpath, *site_packages, cwd])
        word, module = (str(found), word) if found is not None else (word, None)
    path = absolute(word, cwd)
    if not exists(path):
        raise UsageError(
            f"file or directory not found: {text}",
            path=str(path),
            hint="check the spelling, or run from the directory that the path is relative to",
        )
    if names and is_dir(path):
        raise UsageError(
            f"a directory cannot have :: parts: {text}", path=str(path), hint="name the test file before the first ::"
        )
    return Argument(text=text, path=path, names=tuple(names), parameters=f"[{rest}" if bracket else None, module=module)


def _search_module(name: str, roots: Iterable[Path]) -> Path | None:
    if not all(part.isidentifier() for part in name.split(".")):
        return None
    for root in roots:
        target = root.joinpath(*name.split("."))
        if is_file(target / "__init__.py"):
            return target
        if is_file(target.with_suffix(".py")):
            return target.with_suffix(".py")
    return None


def _initial_conftests(project: Project) -> tuple[Path, ...]:
    anchors: list[Path] = []
    for argument in project.arguments:
        anchors.append(argument.path)
        if is_dir(argument.path):
            anchors.extend(_test_folders(argument.path))
    return tuple(dict.fromkeys(conftest for anchor in anchors for conftest in conftests_for(anchor, project)))


def _test_folders(directory: Path) -> list[Path]:
    return [directory / name for name in names_in(directory) if name.startswith("test") and is_dir(directory / name)]


def _own_roots(project: Project, files: Iterable[Path]) -> list[Path]:
    """Return what pytest itself puts on ``sys.path`` by the time ``files`` are imported."""
    ini = project.ini
    folders: list[Path] = []
    if ini.import_mode != "importlib":
        for folder in dict.fromkeys(file.parent for file in files):
            root = package_root(folder)
            folders.append(folder if root is None else root.parent)
    return [*folders, *ini.pythonpath] if ini.import_mode == "prepend" else [*ini.pythonpath, *folders]


def _is_base(directory: Path, project: Project) -> bool:
    """Whether modules in ``directory`` are top-level ones by a setting, not just for want of a package."""
    considered = project.ini.consider_namespace_packages and project.pytest_version >= (8, 2)
    return considered and directory in _own_roots(project, project.initial_conftests)


def _name_from_rootdir(stem: Path, project: Project) -> str:
    try:
        parts = stem.relative_to(project.rootdir).parts
    except ValueError:
        parts = stem.parts[1:]
    if len(parts) >= 2 and parts[-1] == "__init__":
        parts = parts[:-1]
    return ".".join(part.replace(".", "_") if project.pytest_version >= (8, 1) else part for part in parts)


def _notes(options: Options, ini: PytestIni, source: str) -> tuple[str, ...]:
    notes = []
    if options.unknown:
        names = ", ".join(dict.fromkeys(options.unknown))
        notes.append(
            f"addopts has options that no known plugin declares ({names}): the word after one is taken as its value"
        )
    if ini.testpaths and source == "cwd":
        notes.append(
            "testpaths matches no file, or pytest is not started from the rootdir: the working directory is searched"
        )
    return tuple(notes)


def _split(text: str, source: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise ConfigError(f"{source} cannot be split into words: {error}", hint="close the quotation") from error
