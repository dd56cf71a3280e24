"""Where pytest takes its configuration from: rootdir, configuration file, and the typed values in it.

In: paths of an invocation. Out: `Configuration` (raw values of the chosen file) and the converters that turn one raw
value into what ``config.getini`` would return. A port of ``_pytest.config.findpaths`` for every release from 7.4 on;
nothing here knows of plugins or collection.
"""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Union

import iniconfig
import msgspec

from fixturescope.analysis.paths import absolute, exists, is_dir, is_file
from fixturescope.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Version = tuple[int, ...]
"""A pytest release, such as ``(8, 4, 2)``."""

RawValue = Union[str, int, float, bool, None, "list[RawValue]", "dict[str, RawValue]"]
"""A value as the file has it."""


class IniValue(msgspec.Struct, frozen=True):
    """One raw value: ``mode`` is ``ini`` (text or list of text) or ``toml`` (native types, pytest 9 on)."""

    value: RawValue
    mode: str = "ini"


class Configuration(msgspec.Struct, frozen=True):
    """The rootdir, the configuration file (if any) and its raw values."""

    rootdir: Path
    inifile: Path | None
    values: Mapping[str, IniValue]


def find_configuration(
    arguments: Sequence[str],
    *,
    cwd: Path,
    pytest_version: Version,
    config_file: str | None = None,
    rootdir: str | None = None,
) -> Configuration:
    """Return the rootdir and configuration that pytest would choose (``determine_setup``).

    Args:
        arguments: Positional arguments as written; node ids allowed.
        cwd: The directory pytest is started from.
        pytest_version: 8.1 made an empty ``pyproject.toml`` mark the rootdir; 9.0 brought TOML files and the native
            ``[tool.pytest]``, and made an empty ``.pytest.ini`` count; 9.2 reads ``[pytest]`` of any ``-c`` TOML file.
        config_file: Value of ``-c``.
        rootdir: Value of ``--rootdir``.

    Raises:
        ConfigError: The chosen file cannot be read or parsed.
        UsageError: ``config_file`` or ``rootdir`` does not exist.
    """
    files = _Files(pytest_version)
    directories = _directories(arguments, cwd)
    found: Path | None
    if config_file is not None:
        inifile: Path | None = absolute(config_file, cwd)
        assert inifile is not None
        if not exists(inifile) or is_dir(inifile):
            raise UsageError(
                f"configuration file {inifile} not found", path=str(inifile), hint="check the -c/--config-file option"
            )
        values = (files.load(inifile) or {}) if is_file(inifile) else {}
        found = inifile.parent
        if not is_file(inifile) and pytest_version >= (9, 2):  # /dev/null: no configuration, and no rootdir either
            found = _common_ancestor(directories, cwd)
            found = cwd if _is_filesystem_root(found) else found
    else:
        ancestor = _common_ancestor(directories, cwd)
        found, inifile, values = files.locate([ancestor])
        if found is None and rootdir is None:
            found = next((base for base in (ancestor, *ancestor.parents) if is_file(base / "setup.py")), None)
            if found is None:
                if directories != [ancestor]:
                    found, inifile, values = files.locate(directories or [cwd])
                if found is None:
                    found = _common_ancestor([cwd, ancestor], cwd)
                    found = ancestor if _is_filesystem_root(found) else found
    if rootdir is not None:
        found = absolute(os.path.expandvars(rootdir), cwd)
        if not is_dir(found):
            raise UsageError(f"rootdir {found} is not a directory", path=str(found), hint="check the --rootdir option")
    assert found is not None
    return Configuration(found, inifile, values)


def parse_overrides(pairs: Iterable[str], *, source: str, path: str | None = None) -> dict[str, IniValue]:
    """Return ``-o name=value`` options as values; the last of a name wins.

    Raises:
        ConfigError: One of them has no ``=``.
    """
    found: dict[str, IniValue] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise ConfigError(
                f"{source}: -o/--override-ini expects name=value, got {pair!r}",
                path=path,
                hint="write it as -o name=value",
            )
        found[name] = IniValue(value)
    return found


class Getter(msgspec.Struct, frozen=True):
    """Typed access to raw values, with pytest's coercions for each type of option."""

    values: Mapping[str, IniValue]
    inifile: Path | None
    cwd: Path

    def words(self, name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Return an ``args`` option: words split as a shell would, or a list as it is."""
        entry = self.values.get(name)
        if entry is None:
            return default
        if isinstance(entry.value, str) and entry.mode == "ini":
            try:
                return tuple(shlex.split(entry.value))
            except ValueError as error:
                raise self._error(name, f"cannot be split into words: {error}") from error
        return self._texts(name, entry)

    def lines(self, name: str) -> tuple[str, ...]:
        """Return a ``linelist`` option: stripped lines that are not empty."""
        entry = self.values.get(name)
        if entry is None:
            return ()
        if isinstance(entry.value, str) and entry.mode == "ini":
            return tuple(line.strip() for line in entry.value.split("\n") if line.strip())
        return self._texts(name, entry)

    def paths(self, name: str) -> tuple[Path, ...]:
        """Return a ``paths`` option: relative to the configuration file, else to the working directory."""
        base = self.inifile.parent if self.inifile is not None else self.cwd
        return tuple(base / word for word in self.words(name))

    def boolean(self, name: str, *, default: bool = False) -> bool:
        """Return a ``bool`` option."""
        entry = self.values.get(name)
        if entry is None:
            return default
        if entry.mode == "toml":
            if isinstance(entry.value, bool):
                return entry.value
            raise self._error(name, f"expects true or false, got {entry.value!r}")
        text = str(entry.value).strip().lower()
        if text in ("y", "yes", "t", "true", "on", "1"):
            return True
        if text in ("n", "no", "f", "false", "off", "0"):
            return False
        raise self._error(name, f"expects a truth value, got {entry.value!r}")

    def text(self, name: str, default: str = "") -> str:
        """Return a ``string`` option."""
        entry = self.values.get(name)
        return default if entry is None else str(entry.value)

    def _texts(self, name: str, entry: IniValue) -> tuple[str, ...]:
        if not isinstance(entry.value, list):
            raise self._error(name, f"expects a list of strings, got {entry.value!r}")
        for item in entry.value:
            if not isinstance(item, str):
                raise self._error(name, f"expects a list of strings, but holds {item!r}")
        return tuple(str(item) for item in entry.value)

    def _error(self, name: str, problem: str) -> ConfigError:
        path = str(self.inifile) if self.inifile is not None else None
        return ConfigError(
            f"pytest option {name!r} {problem}",
            path=path,
            line=_line_of(self.inifile, name),
            hint="pytest would refuse this value too: correct it",
        )


class _Files:
    """Reads candidate files; each pytest release has its own names and rules."""

    def __init__(self, pytest_version: Version) -> None:
        self._version = pytest_version
        toml = ("pytest.toml", ".pytest.toml") if pytest_version >= (9, 0) else ()
        self._names = (*toml, "pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")

    def locate(self, starts: Iterable[Path]) -> tuple[Path | None, Path | None, dict[str, IniValue]]:
        """Return directory, file and values of the first configuration at or above each start."""
        pyproject: Path | None = None
        for start in starts:
            for base in (start, *start.parents):
                for name in self._names:
                    path = base / name
                    if not is_file(path):
                        continue
                    if name == "pyproject.toml" and pyproject is None:
                        pyproject = path
                    values = self.load(path)
                    if values is not None:
                        return base, path, values
        if pyproject is not None and self._version >= (8, 1):
            return pyproject.parent, pyproject, {}
        return None, None, {}

    def load(self, path: Path) -> dict[str, IniValue] | None:
        """Return the pytest configuration in ``path``; None when there is none.

        Raises:
            ConfigError: It cannot be read or parsed.
        """
        if path.suffix == ".ini":
            sections = _read_ini(path)
            if "pytest" in sections.sections:
                return {name: IniValue(value) for name, value in sections.sections["pytest"].items()}
            always = ("pytest.ini", ".pytest.ini") if self._version >= (9, 0) else ("pytest.ini",)
            return {} if path.name in always else None
        if path.suffix == ".cfg":
            sections = _read_ini(path)
            if "tool:pytest" in sections.sections:
                return {name: IniValue(value) for name, value in sections.sections["tool:pytest"].items()}
            if "pytest" in sections.sections:
                raise ConfigError(
                    "[pytest] section in setup.cfg files is no longer supported",
                    path=str(path),
                    line=sections.lineof("pytest"),
                    hint="change it to [tool:pytest]",
                )
            return None
        if path.suffix == ".toml":
            return self._load_toml(path)
        if self._version >= (9, 2):
            raise UsageError(
                f"configuration file {path} has an unsupported format",
                path=str(path),
                hint="pytest reads .ini, .cfg and .toml files",
            )
        return None

    def _load_toml(self, path: Path) -> dict[str, IniValue] | None:
        document = _read_toml(path)
        if path.name in ("pytest.toml", ".pytest.toml") and self._version >= (9, 0):
            return _toml_table(document, path) or {}
        tool = document.get("tool", {})
        table = tool.get("pytest", {}) if isinstance(tool, dict) else {}
        if not isinstance(table, dict):
            raise ConfigError(
                "[tool.pytest] is not a table", path=str(path), hint="write it as [tool.pytest.ini_options]"
            )
        legacy = table.get("ini_options")
        native = {name: value for name, value in table.items() if name != "ini_options"}
        if native and self._version >= (9, 0):
            if legacy:
                raise ConfigError(
                    "both [tool.pytest] and [tool.pytest.ini_options] are used",
                    path=str(path),
                    hint="keep one of them; [tool.pytest] takes native TOML types",
                )
            return {name: IniValue(value, "toml") for name, value in native.items()}
        if isinstance(legacy, dict):
            return {name: IniValue(value if isinstance(value, list) else str(value)) for name, value in legacy.items()}
        if self._version >= (9, 2) and path.name != "pyproject.toml":
            return _toml_table(document, path)
        return None


def _toml_table(document: Mapping[str, RawValue], path: Path) -> dict[str, IniValue] | None:
    table = document.get("pytest")
    if isinstance(table, dict):
        return {name: IniValue(value, "toml") for name, value in table.items()}
    stray = [name for name, value in document.items() if not isinstance(value, dict)]
    if stray:
        raise ConfigError(
            f"options outside of any table: {', '.join(stray)}", path=str(path), hint="put them under a [pytest] table"
        )
    return None


def _read_ini(path: Path) -> iniconfig.IniConfig:
    text = _read_text(path)
    try:
        return iniconfig.IniConfig(str(path), data=text)
    except iniconfig.ParseError as error:
        raise ConfigError(
            f"cannot be parsed: {error.msg}", path=str(path), line=error.lineno + 1, hint="correct the ini syntax"
        ) from error


def _read_toml(path: Path) -> dict[str, RawValue]:
    text = _read_text(path)
    try:
        document: dict[str, RawValue] = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(
            f"cannot be parsed: {error}", path=str(path), line=_toml_line(str(error)), hint="correct the TOML syntax"
        ) from error
    return document


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"cannot be read: {error}", path=str(path), hint="make it a readable UTF-8 file, or take it away"
        ) from error


def _toml_line(message: str) -> int | None:
    """Return the line in ``… (at line 3, column 5)``."""
    digits = message.partition("(at line ")[2].partition(",")[0]
    return int(digits) if digits.isdigit() else None


def _line_of(inifile: Path | None, name: str) -> int | None:
    """Return the first line of the file that sets ``name``, for a message; a look, not a parse."""
    if inifile is None:
        return None
    try:
        lines = inifile.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    starts = (
        number for number, line in enumerate(lines, 1) if line.replace(" ", "").startswith((f"{name}=", f"{name}:"))
    )
    return next(starts, None)


def _directories(arguments: Iterable[str], cwd: Path) -> list[Path]:
    paths = (absolute(argument.split("::")[0], cwd) for argument in arguments if not argument.startswith("-"))
    return [path if is_dir(path) else path.parent for path in paths if exists(path)]


def _common_ancestor(paths: Iterable[Path], cwd: Path) -> Path:
    existing = [str(path) for path in paths if exists(path)]
    if not existing:
        return cwd
    ancestor = Path(os.path.commonpath(existing))
    return ancestor.parent if is_file(ancestor) else ancestor


def _is_filesystem_root(path: Path) -> bool:
    return os.path.splitdrive(str(path))[1] == os.sep
