"""Data files and folders below the rootdir, read and never run, for values that module-level code takes from them.

In: absolute paths as the code spells them. Out: bytes, names, or None where nothing is said: what lies outside the
rootdir (links followed), is no regular file, is too large, or changes with the very run that looks at it. Nothing is
kept between analyses, so an answer is never older than the file.
"""

from __future__ import annotations

import fnmatch
import itertools
import json
import os
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MAX_BYTES = 1_000_000
"""A larger data file is not read."""

MAX_YAML_BYTES = 100_000
"""A larger YAML file is not parsed, which takes ten seconds a megabyte."""

MAX_ALIASES = 30
"""Aliases in a YAML file: with more of them, merge keys may multiply without end."""

MAX_DEPTH = 50
"""Collections within collections in a YAML file: PyYAML's time is the square of their depth."""

MAX_TOTAL = 20_000_000
"""Bytes that one analysis reads of data."""

MAX_NAMES = 20_000
"""Entries that one listing, its folders within folders included, may have."""

_OPEN = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_COMPILED = "__pycache__"
_OWN = (".fixturescope", ".pytest_cache")
"""Folders at the rootdir that this tool and pytest make while they run."""


class DataFiles:
    """What may be read below one rootdir.

    Args:
        rootdir: The folder.
    """

    def __init__(self, rootdir: Path) -> None:
        self._root = os.path.realpath(rootdir)
        self._left = MAX_TOTAL
        self._written = False
        self.refused = ""
        """Why the last question got no answer, in a sentence; empty where there is nothing to say."""

    def wrote(self) -> None:
        """Note that the code itself changes files: what follows is not known."""
        self._written = True

    def resolve(self, path: str) -> str | None:
        """Return a path with its links followed; None outside the rootdir."""
        self.refused = ""
        real = os.path.realpath(path)
        if not os.path.isabs(path) or self._written:  # noqa: PTH117 - paths are texts here
            return None
        if real != self._root and not real.startswith(f"{self._root.rstrip(os.sep)}{os.sep}"):
            self.refused = "files outside the rootdir are not looked at"
            return None
        return real

    def kind(self, path: str) -> Literal["file", "folder", "nothing"] | None:
        """Return what is at a path; None where that is not known."""
        real = self.resolve(path)
        if real is None:
            return None
        if _COMPILED in real or _is_own(real, self._root):
            return None
        mode = _mode(real)
        return "nothing" if mode is None else "folder" if stat.S_ISDIR(mode) else "file" if stat.S_ISREG(mode) else None

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a regular file; None where it is not read."""
        real = self.resolve(path)
        if real is None or self.kind(path) != "file":
            return None
        try:
            descriptor = os.open(real, _OPEN)
        except OSError:
            return None
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return None
            limit = min(MAX_BYTES, self._left)
            content = file.read(limit + 1)
        if len(content) > limit:
            whose = "a data file" if limit == MAX_BYTES else "data files of one analysis"
            self.refused = f"more than {limit} bytes of {whose} are not read"
            return None
        self._left -= len(content)
        return content

    def names(self, folder: str) -> tuple[str, ...] | None:
        """Return the names in a folder; None where they are not known, or change with each run."""
        return self.matching(folder, "*")

    def matching(self, folder: str, pattern: str, *, hidden: bool = True) -> tuple[str, ...] | None:
        """Return the paths, from a folder, that ``Path.glob`` gives for a pattern; None where they are not known.

        Args:
            folder: Where to look.
            pattern: Names and wildcards between slashes; ``**`` stands for any folders.
            hidden: Whether wildcards match names with a dot in front.
        """
        parts = tuple(part for part in pattern.split("/") if part != ".")
        real = self.resolve(folder)
        if real is None or not _is_followed(parts) or (real == self._root and "**" in parts):
            return None
        walk = _Walk(self.resolve, self._root, hidden=hidden)
        try:
            return tuple(dict.fromkeys(walk.matching(real, "", parts)))
        except _NotKnownError as error:
            self.refused = str(error)
            return None


class _NotKnownError(Exception):
    """What a pattern matches is not known."""


class _Walk:
    """One look through folders."""

    def __init__(self, resolve: Callable[[str], str | None], root: str, *, hidden: bool) -> None:
        self._resolve = resolve
        self._root = root
        self._hidden = hidden
        self._left = MAX_NAMES

    def matching(self, real: str, shown: str, parts: tuple[str, ...]) -> Iterator[str]:
        """Yield the matching paths below a folder, each behind ``shown``."""
        part, rest = parts[0], parts[1:]
        names = self._names(real)
        if part == "**":
            yield from self.matching(real, shown, rest)
            for name in names:
                if name != _COMPILED and _is_folder(inner := os.path.join(real, name)):  # noqa: PTH118 - paths are texts
                    if os.path.islink(inner):  # noqa: PTH114 - whether it is followed hangs on the Python release
                        raise _NotKnownError
                    yield from self.matching(inner, f"{shown}{name}/", parts)
            return
        for name in self._fitting(real, names, part, rest):
            inner = os.path.join(real, name)  # noqa: PTH118
            if not rest:
                if os.path.islink(inner) and not os.path.exists(inner):  # noqa: PTH110, PTH114
                    raise _NotKnownError
                yield f"{shown}{name}"
            elif _is_folder(inner):
                followed = self._resolve(inner)
                if followed is None:
                    raise _NotKnownError("files outside the rootdir are not looked at")
                yield from self.matching(followed, f"{shown}{name}/", rest)

    def _names(self, real: str) -> tuple[str, ...]:
        try:
            with os.scandir(real) as entries:
                found = tuple(entry.name for entry in itertools.islice(entries, self._left + 1))
        except OSError:
            raise _NotKnownError from None
        self._left -= len(found)
        if self._left < 0:
            raise _NotKnownError(f"more than {MAX_NAMES} files are not looked through")
        return found

    def _fitting(self, real: str, names: tuple[str, ...], part: str, rest: tuple[str, ...]) -> list[str]:
        """Return the names that fit one part of a pattern, unless a run of pytest or of this tool makes such names."""
        if not _is_wild(part):
            return [name for name in names if name == part]
        fits = fnmatch.fnmatch if os.name == "nt" else fnmatch.fnmatchcase
        made = list(_OWN) if real == self._root else []
        if not rest and (_COMPILED in names or any(name.endswith(".py") for name in names)):
            made.append(_COMPILED)
        if os.path.basename(real) == _COMPILED or any(fits(name, part) for name in made):  # noqa: PTH119
            raise _NotKnownError
        found = [name for name in names if fits(name, part) and (self._hidden or name[0] != "." or part[0] == ".")]
        return [name for name in found if not rest or name != _COMPILED]


def _is_followed(parts: tuple[str, ...]) -> bool:
    """Whether it is known what a pattern matches: no file that is compiled or noted while tests run, if it goes deeper."""
    if not parts or parts[-1] in ("", "**") or any(part in ("", "..") or "\\" in part for part in parts):
        return False
    if any("**" in part and part != "**" for part in parts):
        return False
    suffix = os.path.splitext(parts[-1])[1]  # noqa: PTH122
    return not any(map(_is_wild, parts[:-1])) or (bool(suffix) and not _is_wild(suffix) and suffix != ".pyc")


def _is_wild(part: str) -> bool:
    return any(character in part for character in "*?[")


def _is_folder(path: str) -> bool:
    return os.path.isdir(path)  # noqa: PTH112


def _is_own(real: str, root: str) -> bool:
    return any(real == (own := os.path.join(root, name)) or real.startswith(f"{own}{os.sep}") for name in _OWN)  # noqa: PTH118


def _mode(path: str) -> int | None:
    try:
        return os.stat(path).st_mode  # noqa: PTH116 - paths are texts here
    except OSError:
        return None


# formats


def text_of(content: bytes, encoding: str | None) -> str | None:
    """Return the text of a file opened as text; None where it depends on the machine, or is none.

    Args:
        content: The file's bytes.
        encoding: As the code names it; without a name only ASCII is the same everywhere.
    """
    try:
        text = content.decode(
            {None: "ascii", "utf-8": "utf-8", "utf8": "utf-8", "utf-8-sig": "utf-8-sig"}[_name(encoding)]
        )
    except (UnicodeDecodeError, KeyError):
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _name(encoding: str | None) -> str | None:
    return None if encoding is None else encoding.lower().replace("_", "-")


def _toml(text: str | bytes) -> Any:
    return tomllib.loads(text if isinstance(text, str) else text.decode())


@lru_cache(maxsize=64)
def _yaml(text: str | bytes) -> Any:
    """Return what a YAML text says, in one pass; a conftest may be evaluated more than once in an analysis."""
    if len(text) > MAX_YAML_BYTES:
        raise ValueError("too large")
    import yaml

    aliases = depth = 0

    class Bounded(yaml.SafeLoader):  # type: ignore[misc]
        def get_event(self) -> Any:
            nonlocal aliases, depth
            event = super().get_event()
            aliases += isinstance(event, yaml.AliasEvent)
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if aliases > MAX_ALIASES or depth > MAX_DEPTH:
                raise ValueError("too many aliases, or nested too deeply")
            return event

    return yaml.load(text, Loader=Bounded)  # noqa: S506 - it is a SafeLoader


FORMATS: Mapping[str, Callable[[str | bytes], Any]] = MappingProxyType({
    "json": json.loads, "toml": _toml, "yaml": _yaml,
})  # fmt: skip


def parse(form: str, text: str | bytes) -> tuple[Any] | None:
    """Return what a text of a format says, in a tuple; None where it says nothing, or too much."""
    if len(text) > MAX_BYTES:
        return None
    try:
        return (FORMATS[form](text),)
    except (ValueError, RecursionError, MemoryError, ImportError, OverflowError):
        return None
    except Exception as error:  # PyYAML's errors derive from nothing that can be named before it is imported
        if type(error).__module__.partition(".")[0] == "yaml":
            return None
        raise
