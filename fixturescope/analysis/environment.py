"""The target interpreter, from files only: its prefix, version, ``sys.path``, distributions and pytest.

In: what the person asked for, the rootdir, the environment. Out: an `Environment`, frozen. Nothing is executed or
imported: ``pyvenv.cfg``, folder names, path lines of ``.pth`` files and ``*.dist-info`` say enough.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlparse

import libcst as cst
import msgspec

from fixturescope.analysis.distributions import Distribution, distributions_in
from fixturescope.analysis.literals import string_value
from fixturescope.analysis.modules import ModuleFinder
from fixturescope.analysis.paths import absolute, exists, is_dir, is_file, names_in, read_text
from fixturescope.analysis.pytest_source import PytestSource, read_pytest
from fixturescope.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_VERSION = re.compile(r"^(?:version|version_info)\s*=\s*(\d+)\.(\d+)", re.MULTILINE)
_CFG = re.compile(r"^\s*([\w-]+)\s*=\s*(.*?)\s*$", re.MULTILINE)
_MAPPING = re.compile(r"^(MAPPING|NAMESPACES)\b[^=\n]*=\s*(\{.*\})\s*$", re.MULTILINE)
_HOOKS = re.compile(r"(?:_.*editable.*|.*_editable_loader)\.py\Z")


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """The interpreter that would run the project's tests."""

    python: Path
    """The executable, as far as it is known; it is never run here."""
    prefix: Path
    base_prefix: Path
    version: tuple[int, int]
    platform: str
    """``sys.platform`` of this machine."""
    os_name: str
    """``os.name`` of this machine."""
    pythonpath: tuple[Path, ...] = ()
    """``PYTHONPATH``, which comes before everything else."""
    stdlib: Path
    site_packages: tuple[Path, ...]
    """Site folders and what their ``.pth`` files add, in order."""
    mapped: Mapping[str, Path] = {}
    """What editable installs map without a path: top-level name → folder, or file without its suffix."""
    opaque: frozenset[str] = frozenset()
    """Top-level names that import hooks provide which we cannot read."""
    hints: tuple[Path, ...] = ()
    """Source folders of editable installs (``direct_url.json``), to try when all else fails."""
    chosen_by: str
    """How it was chosen, for the output."""
    pytest: PytestSource | None = None
    notes: tuple[str, ...] = ()

    @property
    def search_path(self) -> tuple[Path, ...]:
        """``sys.path`` without the project's own entries."""
        return (*self.pythonpath, self.stdlib, self.stdlib / "lib-dynload", *self.site_packages, *self.hints)

    def finder(self, roots: Sequence[Path] = ()) -> ModuleFinder:
        """Return a module finder for the project's own roots followed by this environment."""
        return ModuleFinder((*roots, *self.search_path), mapped=self.mapped, opaque=self.opaque, version=self.version)

    def distributions(self, roots: Sequence[Path] = ()) -> tuple[Distribution, ...]:
        """Return the installed distributions in the order in which the interpreter lists them, ``roots`` first."""
        path = dict.fromkeys((*roots, *self.pythonpath, self.stdlib, *self.site_packages))
        return tuple(distribution for directory in path for distribution in distributions_in(directory))


def find_environment(
    python: str | None,
    rootdir: Path,
    environ: Mapping[str, str],
    running: Path | None = None,
    *,
    cwd: Path | None = None,
) -> Environment:
    """Return the environment that runs the project's tests.

    The first of these that is an interpreter: ``python`` (``--python``: an executable, its name on ``PATH``, or the
    folder of a virtual environment), ``.venv`` and ``venv`` in the rootdir, then in ``cwd``, ``VIRTUAL_ENV``, the
    running one.

    Args:
        python: What the person asked for.
        rootdir: The project's rootdir.
        environ: The process environment.
        running: The prefix or executable of the running interpreter (``sys.prefix``).
        cwd: The working directory, for relative paths.

    Raises:
        UsageError: ``python`` names no interpreter.
    """
    running = running if running is not None else Path(sys.prefix)
    cwd = cwd if cwd is not None else rootdir
    found = _choose(python, rootdir, cwd, environ, running)
    sites, mapped, opaque, hints = _read_sites(found)
    environment = Environment(
        python=found.python,
        prefix=found.prefix,
        base_prefix=found.base_prefix,
        version=found.version,
        platform=sys.platform,
        os_name=os.name,
        pythonpath=tuple(absolute(entry, cwd) for entry in environ.get("PYTHONPATH", "").split(os.pathsep) if entry),
        stdlib=found.stdlib,
        site_packages=sites,
        mapped=mapped,
        opaque=opaque,
        hints=hints,
        chosen_by=found.chosen_by,
        notes=found.notes,
    )
    source = read_pytest(environment.finder())
    if source is not None:
        return msgspec.structs.replace(environment, pytest=source)
    own = _inspect(running, "the running interpreter")
    if own is not None and own.prefix != found.prefix:
        source = read_pytest(ModuleFinder(_read_sites(own)[0], version=own.version))
    note = f"pytest is not installed in {found.prefix}: "
    note += "the rules of fixturescope's own pytest are used" if source is not None else "no pytest was found at all"
    return msgspec.structs.replace(environment, pytest=source, notes=(*environment.notes, note))


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    """An interpreter on disk."""

    python: Path
    prefix: Path
    base_prefix: Path
    version: tuple[int, int]
    stdlib: Path
    sites: tuple[Path, ...]
    chosen_by: str
    notes: tuple[str, ...] = ()


def _choose(python: str | None, rootdir: Path, cwd: Path, environ: Mapping[str, str], running: Path) -> _Found:
    home = environ.get("HOME")
    user_base = Path(home) / ".local" if home and not environ.get("PYTHONNOUSERSITE") else None
    if python is not None:
        named = Path(python).expanduser() if os.sep in python or is_dir(absolute(python, cwd)) else None
        on_path = shutil.which(python, path=environ.get("PATH")) if named is None else None
        path = absolute(named, cwd) if named is not None else (Path(on_path) if on_path is not None else None)
        found = _inspect(path, f"--python {python}", user_base) if path is not None else None
        if found is None:
            raise UsageError(
                f"--python {python}: no Python interpreter there",
                path=str(path) if path is not None else None,
                hint="give a python executable or the folder of a virtual environment",
            )
        return found
    for folder in dict.fromkeys((rootdir, cwd)):
        for name in (".venv", "venv"):
            found = _inspect(folder / name, f"{name} in {folder}", user_base) if is_dir(folder / name) else None
            if found is not None:
                return found
    active = environ.get("VIRTUAL_ENV")
    found = _inspect(Path(active), "VIRTUAL_ENV", user_base) if active else None
    found = found or _inspect(running, "the running interpreter", user_base)
    if found is None:
        raise UsageError(f"no Python interpreter found at {running}", hint="give one with --python")
    return found


def _inspect(path: Path, chosen_by: str, user_base: Path | None = None) -> _Found | None:
    """Return what an executable or a prefix folder is; None when it is no interpreter."""
    python, prefixes = path, [path]
    if not is_dir(path):
        if not exists(path):
            return None
        resolved = Path(os.path.realpath(path))
        prefixes = [path.parent.parent, path.parent, resolved.parent.parent, resolved.parent]
    prefix = next((item for item in prefixes if is_file(item / "pyvenv.cfg")), None)
    prefix = prefix or next((item for item in prefixes if _library(item, path.name) is not None), None)
    if prefix is None:
        return None
    if is_dir(path):
        scripts = (prefix / "bin" / "python", prefix / "Scripts" / "python.exe", prefix / "python.exe")
        python = next((item for item in scripts if exists(item)), scripts[0])
    text = read_text(prefix / "pyvenv.cfg")
    settings = {key.lower(): value for key, value in _CFG.findall(text or "")}
    home = Path(settings["home"]) if "home" in settings else None
    base = (home if os.name == "nt" else home.parent) if home is not None else prefix
    library = _library(prefix, Path(os.path.realpath(python)).name)
    match = _VERSION.search(text or "")
    version = (int(match.group(1)), int(match.group(2))) if match else _version_of(library, prefix)
    if version is None or (library is None and text is None):
        return None
    name = f"python{version[0]}.{version[1]}"
    stdlib = base / "Lib" if os.name == "nt" else base / "lib" / name
    notes: tuple[str, ...] = ()
    if not is_file(stdlib / "os.py"):
        other = Path(os.path.realpath(python)).parent.parent / "lib" / name
        stdlib = other if is_file(other / "os.py") else stdlib
    if not is_file(stdlib / "os.py"):
        notes = (f"the standard library of {prefix} was not found at {stdlib}",)
    sites = list(_site_folders(prefix, version))
    if text is None or settings.get("include-system-site-packages", "").lower() == "true":
        user = [user_base / "lib" / name / "site-packages"] if user_base is not None else []
        sites = [*(sites if text is not None else []), *user, *_site_folders(base, version)]
    return _Found(
        python=python,
        prefix=prefix,
        base_prefix=base,
        version=version,
        stdlib=stdlib,
        sites=tuple(dict.fromkeys(site for site in sites if is_dir(site))),
        chosen_by=chosen_by,
        notes=notes,
    )


def _library(prefix: Path, executable: str) -> Path | None:
    """Return ``lib/pythonX.Y`` of a prefix: the one the executable is named after, else the newest."""
    if is_file(prefix / "Lib" / "os.py"):
        return prefix / "Lib"
    libraries = {
        name: prefix / "lib" / name for name in names_in(prefix / "lib") if re.fullmatch(r"python3\.\d+", name)
    }
    named = re.match(r"python3\.\d+", executable)
    if named is not None and named.group() in libraries:
        return libraries[named.group()]
    full = [name for name, path in libraries.items() if is_file(path / "os.py") or is_dir(path / "site-packages")]
    return libraries[max(full, key=lambda name: int(name.rpartition(".")[2]))] if full else None


def _version_of(library: Path | None, prefix: Path) -> tuple[int, int] | None:
    if library is not None and (match := re.fullmatch(r"python3\.(\d+)", library.name)):
        return 3, int(match.group(1))
    return sys.version_info[:2] if prefix == Path(sys.prefix) else None


def _site_folders(prefix: Path, version: tuple[int, int]) -> Iterator[Path]:
    name = f"python{version[0]}.{version[1]}"
    yield prefix / "lib" / name / "site-packages"
    yield prefix / "lib64" / name / "site-packages"
    yield prefix / "Lib" / "site-packages"
    yield prefix / "local" / "lib" / name / "dist-packages"
    yield prefix / "lib" / "python3" / "dist-packages"
    yield prefix / "lib" / name / "dist-packages"


def _read_sites(found: _Found) -> tuple[tuple[Path, ...], dict[str, Path], frozenset[str], tuple[Path, ...]]:
    """Return site folders with what ``.pth`` files add, what editable installs map, opaque names, and source hints."""
    entries: dict[Path, None] = {}
    mapped: dict[str, Path] = {}
    opaque: set[str] = set()
    hints: dict[Path, None] = {}
    seen: set[str] = set()
    for site in found.sites:
        real = os.path.realpath(site)  # lib64 is often a link to lib
        if real in seen:
            continue
        seen.add(real)
        entries[site] = None
        names = names_in(site)
        for name in names:
            if name.endswith(".pth") and not name.startswith("."):
                entries.update(dict.fromkeys(_path_lines(site / name)))
            elif name.startswith("__editable__") and name.endswith("_finder.py"):
                mapped.update(_editable_mapping(site / name))
        hooked = any(_HOOKS.match(name) and not name.startswith("__editable__") for name in names)
        for name in names:
            if name.endswith(".dist-info") and (source := _editable_source(site / name)) is not None:
                hints.update(dict.fromkeys((source / "src", source)))
                if hooked:
                    opaque.update(Distribution(name.partition("-")[0], "", site / name).top_level())
                    opaque.add(name.partition("-")[0])
    folders = tuple(hint for hint in hints if hint not in entries and is_dir(hint))
    return tuple(entries), mapped, frozenset(opaque), folders


def _path_lines(pth: Path) -> list[Path]:
    """Return the existing paths a ``.pth`` file adds; its ``import`` lines are code and are left alone."""
    found = []
    for line in (read_text(pth) or "").lstrip("\ufeff").splitlines():
        text = line.strip()
        if text and not text.startswith(("#", "import ", "import\t")):
            path = absolute(text, pth.parent)
            if exists(path):
                found.append(path)
    return found


def _editable_mapping(path: Path) -> dict[str, Path]:
    """Return the ``MAPPING`` of a setuptools editable finder (and its ``NAMESPACES``), read as text."""
    mapped: dict[str, Path] = {}
    for name, literal in _MAPPING.findall(read_text(path) or ""):
        for key, value in _dict_items(literal):
            target = string_value(value.value) if isinstance(value, cst.SimpleString) else None
            if name == "NAMESPACES" and isinstance(value, cst.List) and value.elements:
                first = value.elements[0].value
                target = string_value(first.value) if isinstance(first, cst.SimpleString) else None
            if isinstance(target, str):
                mapped.setdefault(key, Path(target))
    return mapped


def _dict_items(literal: str) -> list[tuple[str, cst.BaseExpression]]:
    try:
        node = cst.parse_expression(literal)
    except cst.ParserSyntaxError:
        return []
    found = []
    for element in node.elements if isinstance(node, cst.Dict) else ():
        if isinstance(element, cst.DictElement) and isinstance(element.key, cst.SimpleString):
            key = string_value(element.key.value)
            if isinstance(key, str):
                found.append((key, element.value))
    return found


def _editable_source(info: Path) -> Path | None:
    """Return the source folder of an editable install, from ``direct_url.json``."""
    text = read_text(info / "direct_url.json")
    if not text:
        return None
    try:
        document = msgspec.json.decode(text, type=_DirectUrl)
    except msgspec.MsgspecError:
        return None
    url = urlparse(document.url)
    return Path(unquote(url.path)) if url.scheme == "file" and document.dir_info.get("editable") is True else None


class _DirectUrl(msgspec.Struct, frozen=True):
    url: str
    dir_info: dict[str, object] = {}
