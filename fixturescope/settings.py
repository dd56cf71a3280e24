"""The settings of one project: ``[tool.fixturescope]`` of its ``pyproject.toml``, or a ``fixturescope.toml``.

A setting has three sources, and the first that says something wins: the command line (or the call), the file, the
default. The file is validated whole: an unknown key is an error that names the nearest right one, since a setting that
is silently ignored is worse than none.
"""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Union

import msgspec

from fixturescope.errors import ConfigError, UsageError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Gate = Literal["unused", "warning", "error"]
"""What makes a run end with exit code 1 where it was asked for."""

GATES: tuple[Gate, ...] = ("unused", "warning", "error")
"""All gates."""

OWN_FILE = "fixturescope.toml"
"""Our own file, whose top level is what ``[tool.fixturescope]`` holds in ``pyproject.toml``."""

_KINDS = {
    "array": "a list",
    "bool": "true or false",
    "float": "a number",
    "int": "a number",
    "object": "a table",
    "str": "a string",
}
"""What msgspec calls the kinds of values, and what a reader of a TOML file does."""

_Positive = Annotated[int, msgspec.Meta(ge=1)]


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds that keep hostile or machine-made input from taking the machine."""

    max_file_bytes: _Positive = 10_000_000
    """A larger file is not read, and a diagnostic says so."""
    workers: _Positive | None = None
    """Processes that read files; null: as many as there are processors."""
    call_depth: _Positive = 12
    """How deep calls of module-level code are followed."""
    steps: _Positive = 400_000
    """How many statements of one module are evaluated."""
    loop: _Positive = 10_000
    """How often the body of one loop is evaluated."""
    seconds: _Positive = 60
    """How long the evaluation of one module may take."""
    items: _Positive = 20_000
    """How many items of one collection are looked at."""
    text: _Positive = 10_000
    """How many characters a text may have that is worked out."""


class CategoryRule(msgspec.Struct, frozen=True, kw_only=True):
    """``[[tool.fixturescope.category]]``: a fixture that all given conditions fit is of this category."""

    name: str
    match: Union[str, tuple[str, ...]] = ()
    """Globs over the fixture's name, one of which fits."""
    regex: str | None = None
    """Regular expression that occurs in the fixture's name."""
    path: Union[str, tuple[str, ...]] = ()
    """Globs over the file that defines it, from the rootdir."""
    requests: Union[str, tuple[str, ...]] = ()
    """Globs, one of which fits the name of a fixture that it asks for."""
    made_by: str | None = None
    """Regular expression that occurs in what made a generated fixture: ``key='core_cust'``."""

    def __post_init__(self) -> None:
        for pattern in (self.regex, self.made_by):
            try:
                re.compile(pattern or "")
            except re.error as error:
                raise ValueError(f"{pattern!r} is no regular expression: {error}") from None

    @staticmethod
    def globs(value: Union[str, tuple[str, ...]]) -> tuple[str, ...]:
        """Return one glob or several as several."""
        return (value,) if isinstance(value, str) else value


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a project (or a caller) may decide."""

    select: tuple[str, ...] = ()
    """Codes, or the beginnings of codes, of the diagnostics to report; empty: all."""
    ignore: tuple[str, ...] = ()
    """Codes, or the beginnings of codes, of the diagnostics to leave out; the longer of two matching prefixes wins."""
    python: str | None = None
    """The interpreter whose plugins count, from the rootdir; null: found as the documentation of ``--python`` says."""
    paths: tuple[str, ...] = ()
    """What to analyze where no path is given, from the rootdir; empty: pytest's own ``testpaths``."""
    fail_on: tuple[Gate, ...] = ()
    """Findings that make the exit code 1."""
    fixture_decorators: tuple[str, ...] = ()
    """Dotted names of further decorators that act like ``pytest.fixture``."""
    pytest: Mapping[str, Union[str, tuple[str, ...]]] = {}
    """Overrides of pytest's ini values, like ``pytest -o name=value``."""
    category: tuple[CategoryRule, ...] = ()
    """Rules in order, the first that fits decides; none: categories are inferred."""
    limits: Limits = Limits()

    def selects(self, code: str) -> bool:
        """Return whether diagnostics of this code are reported."""
        wanted = max(
            (len(prefix) for prefix in self.select if code.startswith(prefix)), default=-1 if self.select else 0
        )
        unwanted = max((len(prefix) for prefix in self.ignore if code.startswith(prefix)), default=-1)
        return wanted > unwanted

    def to_builtins(self) -> dict[str, Any]:
        """Return the settings as the plain data that stands in the document."""
        data: dict[str, Any] = msgspec.to_builtins(self)
        return data


def load_settings(rootdir: str | Path, *, cli: Mapping[str, object] | None = None) -> Settings:
    """Read the settings of the project at ``rootdir`` and lay those of the caller over them.

    Args:
        rootdir: Folder of the project, where its ``pyproject.toml`` or ``fixturescope.toml`` is.
        cli: Key → value as the caller gave it; None means that the caller said nothing.

    Raises:
        ConfigError: The file cannot be read, or holds an unknown key or a value of the wrong kind.
        UsageError: The caller gave an unknown key or a value of the wrong kind.
    """
    given = {key: value for key, value in (cli or {}).items() if value is not None}
    _check_caller(given)
    path = find_settings_file(Path(rootdir))
    table = {} if path is None else _read_table(path)
    try:
        return msgspec.convert({**table, **given}, Settings, strict=True)
    except msgspec.ValidationError as error:  # the caller's were checked, so it is the file's
        raise _explain(error, path, table) from None


def find_settings_file(rootdir: Path) -> Path | None:
    """Return the file that holds the settings of a project, or None.

    Raises:
        ConfigError: Both files hold settings.
    """
    own, shared = rootdir / OWN_FILE, rootdir / "pyproject.toml"
    in_shared = shared.is_file() and "tool" in (data := _parse(shared)) and "fixturescope" in _as_table(data["tool"])
    if own.is_file() and in_shared:
        raise ConfigError(
            f"the settings stand in two files, this one and {shared.name}",
            path=str(own),
            hint=f"move the table [tool.fixturescope] of {shared.name} into {own.name}, or the other way round",
        )
    return own if own.is_file() else shared if in_shared else None


def _read_table(path: Path) -> dict[str, object]:
    """Return our table of a settings file, its keys checked and pytest's values as text."""
    data = _parse(path)
    table = data if path.name == OWN_FILE else _as_table(data["tool"])["fixturescope"]
    if not isinstance(table, dict):
        raise ConfigError("tool.fixturescope is no table", path=str(path), hint="write [tool.fixturescope]")
    _check_keys(table, Settings, (), path)
    limits = table.get("limits")
    if isinstance(limits, dict):
        _check_keys(limits, Limits, ("limits",), path)
    overrides = table.get("pytest")
    if isinstance(overrides, dict):
        table = {**table, "pytest": {name: _as_ini(value) for name, value in overrides.items()}}
    return table


def _parse(path: Path) -> dict[str, Any]:
    try:
        data: dict[str, Any] = tomllib.loads(path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n"))
        return data
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"\(at line (\d+), column \d+\)", str(error))
        message = str(error).split(" (at ")[0]
        raise ConfigError(
            f"is not valid TOML: {message[:1].lower()}{message[1:]}",
            path=str(path),
            line=int(at[1]) if at else None,
            hint="mend the file; pytest could not read it either",
        ) from None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise ConfigError("is not UTF-8", path=str(path), line=line, hint="save it as UTF-8, as TOML asks") from None
    except (OSError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else "nested too deeply"
        raise ConfigError(f"cannot be read: {reason}", path=str(path)) from None


def _check_keys(table: Mapping[str, object], kind: type[msgspec.Struct], prefix: tuple[str, ...], path: Path) -> None:
    for key in table:
        if key not in kind.__struct_fields__:
            raise ConfigError(
                f"unknown key {'.'.join((*prefix, key))!r}",
                path=str(path),
                line=_line_of(path, (*prefix, key)),
                hint=_nearest(key, kind.__struct_fields__),
            )


def _check_caller(given: Mapping[str, object]) -> None:
    """Tell the caller, in the caller's words, what is wrong with what it gave."""
    for key in given:
        if key not in Settings.__struct_fields__:
            raise UsageError(f"unknown setting {key!r}", hint=_nearest(key, Settings.__struct_fields__))
    for key in _as_table(given.get("limits")):
        if key not in Limits.__struct_fields__:
            raise UsageError(f"unknown setting 'limits.{key}'", hint=_nearest(key, Limits.__struct_fields__))
    try:
        msgspec.convert(dict(given), Settings, strict=True)
    except msgspec.ValidationError as error:
        message, keys = _reason(error)
        hint = f"one of: {', '.join(GATES)}" if keys[:1] == ("fail_on",) else None
        raise UsageError(f"{'.'.join(keys)}: {message}", hint=hint) from None


def _explain(error: msgspec.ValidationError, path: Path | None, table: Mapping[str, object]) -> ConfigError:
    message, keys = _reason(error)
    if keys == ("pytest", "[...]"):  # msgspec does not say which value of a mapping it was
        overrides = _as_table(table["pytest"])
        wrong = next((name for name, value in overrides.items() if not isinstance(value, (str, tuple))), None)
        keys = ("pytest", wrong) if wrong else ("pytest",)
    line = _line_of(path, keys) if path else None
    hint = f"one of: {', '.join(GATES)}" if keys[:1] == ("fail_on",) else None
    return ConfigError(f"{'.'.join(keys)}: {message}", path=str(path) if path else None, line=line, hint=hint)


def _reason(error: msgspec.ValidationError) -> tuple[str, tuple[str, ...]]:
    """Take msgspec's message apart: what is wrong, and the keys that lead there."""
    message, _, where = str(error).partition(" - at `$")
    keys = tuple(re.findall(r"[^.`\[\]]+|\[\.\.\.\]", re.sub(r"\[\d+\]", "", where)))
    message = re.sub(r"`([^`]+)`", _kinds, message)
    return message[:1].lower() + message[1:], keys


def _kinds(kinds: re.Match[str]) -> str:
    return " or ".join(_KINDS.get(kind, kind) for kind in kinds[1].split(" | ") if kind != "null")


def _line_of(path: Path, keys: tuple[str, ...]) -> int | None:
    """Return the line that a key of our table is written on, as far as reading line by line can tell."""
    wanted = keys if path.name == OWN_FILE else ("tool", "fixturescope", *keys)
    table: tuple[str, ...] = ()
    for number, line in enumerate(path.read_text("utf-8-sig", errors="replace").splitlines(), 1):
        if header := re.match(r"\s*\[+([^\[\]]+)\]", line):
            table = _split(header[1])
            here = table
        elif key := re.match(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""", line):
            here = (*table, *_split(key[1]))
            inline = re.search(rf"[{{,]\s*['\"]?{re.escape(wanted[-1])}['\"]?\s*=", line)
            if inline and here == wanted[:-1]:
                return number
        else:
            continue
        if here[: len(wanted)] == wanted:
            return number
    return None


def _split(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def _nearest(key: str, keys: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(key.replace("-", "_"), keys, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known keys: {', '.join(keys)}"


def _as_table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _as_ini(value: object) -> object:
    """Return a TOML value as pytest's ini files write it: text, or a list of texts."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, list):
        return tuple(_as_ini(one) for one in value)
    return value
