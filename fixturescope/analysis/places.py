"""Paths and the data behind them, as module-level code takes them: ``pathlib``, ``os.path``, ``open``, and what reads files.

In: values. Out: values, unknown wherever `data` says nothing, and in functions that run only with tests, since files may
have changed by then.
"""

from __future__ import annotations

import io
import os
import pathlib
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from fixturescope.analysis import basics, data
from fixturescope.analysis.effects import say
from fixturescope.analysis.frames import Frame
from fixturescope.analysis.values import (
    UNKNOWN,
    Constant,
    DataText,
    Mapped,
    OpenFile,
    PathValue,
    Unknown,
    Value,
    current,
)
from fixturescope.analysis.values import Sequence as Items

if TYPE_CHECKING:
    from fixturescope.analysis.evaluate import Evaluator

_PURE = frozenset({"name", "stem", "suffix", "suffixes", "parts", "parent", "parents", "anchor", "root", "drive"})
"""Attributes of a path that its text decides."""

_PURE_METHODS = frozenset({
    "joinpath", "with_suffix", "with_name", "with_stem", "as_posix", "relative_to", "is_absolute", "is_relative_to", "match", "absolute",
    "__str__", "__fspath__",
})  # fmt: skip
_READING = frozenset({"stat", "lstat", "owner", "group", "samefile", "as_uri", "is_symlink", "is_mount", "expanduser"})
"""Methods that change no file."""

_PURE_FUNCTIONS: Mapping[str, Callable[..., Any]] = MappingProxyType({
    "join": os.path.join, "dirname": os.path.dirname, "basename": os.path.basename, "normpath": os.path.normpath,
    "splitext": os.path.splitext, "split": os.path.split, "isabs": os.path.isabs,
})  # fmt: skip
"""Functions of ``os.path`` that look at no file."""

_LOADERS: Mapping[str, tuple[str, bool]] = MappingProxyType({
    "json.load": ("json", True), "json.loads": ("json", False), "tomllib.load": ("toml", True), "tomllib.loads": ("toml", False),
    "tomli.load": ("toml", True), "tomli.loads": ("toml", False), "yaml.safe_load": ("yaml", False),
})  # fmt: skip
"""What parses data: the format, and whether it takes a file (YAML takes both)."""

_WRITERS = (
    "shutil.",
    "subprocess.",
    "tempfile.",
    "zipfile.",
    "tarfile.",
    "os.system",
    "os.popen",
    "os.exec",
    "os.spawn",
)
_WRITING = frozenset({
    "os.chmod", "os.link", "os.makedirs", "os.mkdir", "os.mkfifo", "os.open", "os.remove", "os.removedirs", "os.rename",
    "os.renames", "os.replace", "os.rmdir", "os.symlink", "os.truncate", "os.unlink",
})  # fmt: skip


MAX_TEXT = 10_000
"""A longer text from a file is only handed on, to what parses it or splits it into lines."""

MAX_LINES = 20_000
"""Lines of one file."""

MAX_PARTS = 20_000
"""Values in one file of data, those within others counted."""


def is_place(dotted: str) -> bool:
    """Return whether a library's function is about files and what stands in them."""
    return (
        dotted in _CALLS or dotted in _LOADERS or dotted in _WRITING or dotted.startswith(("os.path.", *_WRITERS))
    )  # fmt: skip


def call(
    ev: Evaluator, dotted: str, args: Sequence[Value], kwargs: Mapping[str, Value], line: int, frame: Frame
) -> Value:
    """Return what such a function returns."""
    if dotted in _WRITING or dotted.startswith(_WRITERS):
        _wrote(ev)
        return UNKNOWN
    if dotted in _LOADERS:
        return _loaded(ev, *_LOADERS[dotted], args, kwargs)
    if dotted in _CALLS:
        return _CALLS[dotted](ev, args, kwargs, line, frame)
    name = dotted.removeprefix("os.path.")
    texts = [_text(arg) for arg in args]
    if name not in _PURE_FUNCTIONS or kwargs or any(text is None for text in texts):
        return UNKNOWN
    try:
        return basics.wrap(_PURE_FUNCTIONS[name](*texts))
    except TypeError:
        return UNKNOWN


def attribute(value: PathValue | OpenFile | DataText, name: str) -> Value | None:
    """Return an attribute that is no method; None for a method."""
    if isinstance(value, PathValue) and name in _PURE:
        found = getattr(pathlib.Path(value.text), name)
        return basics.wrap(tuple(found) if name == "parents" else found)
    return None


def divided(left: Value, right: Value) -> Value:
    """Return ``left / right`` where one is a path."""
    first, second = _text(left), _text(right)
    return UNKNOWN if first is None or second is None else _path(pathlib.Path(first) / second)


def method(
    ev: Evaluator,
    receiver: Value,
    name: str,
    args: Sequence[Value],
    kwargs: Mapping[str, Value],
    line: int,
    frame: Frame,
) -> Value:
    """Return what a method of a path, an open file or a text that was read returns."""
    if isinstance(receiver, OpenFile):
        return _of_file(receiver, name, args)
    if isinstance(receiver, DataText):
        return _lines(receiver.text) if name == "splitlines" and not args else UNKNOWN
    if not isinstance(receiver, PathValue):
        return UNKNOWN
    if name in _PURE_METHODS:
        return _pure_method(receiver, name, args, kwargs)
    if name in _METHODS:
        return _METHODS[name](ev, receiver, args, kwargs, line, frame)
    if name not in _READING:
        _wrote(ev)
    return UNKNOWN


def lines_of(value: OpenFile) -> tuple[Value, ...] | None:
    """Return what iterating over an open file gives."""
    lines = _lines(value.content, keep=True) if not value.used and isinstance(value.content, str) else None
    value.used = True
    return lines.items if isinstance(lines, Items) else None


def _pure_method(receiver: PathValue, name: str, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    texts = [_text(arg) for arg in args]
    path = pathlib.Path(receiver.text)
    if kwargs or any(text is None for text in texts) or (name == "absolute" and not path.is_absolute()):
        return UNKNOWN
    try:
        return basics.wrap(getattr(path, name)(*texts))
    except (TypeError, ValueError):
        return UNKNOWN


def _text(value: Value) -> str | None:
    value = current(value)
    if isinstance(value, PathValue):
        return value.text
    return value.value if isinstance(value, Constant) and isinstance(value.value, str) else None


def _path(path: pathlib.PurePath) -> Value:
    return basics.wrap(path)


def _wrote(ev: Evaluator) -> None:
    if ev.modules.files is not None and ev.sink is None:
        ev.modules.files.wrote()


def _asked(ev: Evaluator, line: int, frame: Frame, question: Callable[[data.DataFiles], Any]) -> Any:
    """Ask what is on the disk, at import only, and say what is refused."""
    files = ev.modules.files
    if files is None or ev.sink is not None:
        return None
    files.refused = ""
    answer = question(files)
    if answer is None and files.refused:
        say(ev, frame, line, files.refused)
    return answer


# paths


def _make_path(ev: Evaluator, args: Sequence[Value], kwargs: Mapping[str, Value], line: int, frame: Frame) -> Value:
    texts = [_text(arg) for arg in args]
    return UNKNOWN if kwargs or any(text is None for text in texts) else _path(pathlib.Path(*filter(None, texts)))


def _absolute(ev: Evaluator, args: Sequence[Value], kwargs: Mapping[str, Value], line: int, frame: Frame) -> Value:
    text = _text(args[0]) if len(args) == 1 and not kwargs else None
    return UNKNOWN if text is None or not os.path.isabs(text) else Constant(os.path.normpath(text))  # noqa: PTH117 - texts


def _real(ev: Evaluator, args: Sequence[Value], kwargs: Mapping[str, Value], line: int, frame: Frame) -> Value:
    text = _text(args[0]) if len(args) == 1 and not kwargs else None
    real = _asked(ev, line, frame, lambda files: files.resolve(text)) if text is not None else None
    return UNKNOWN if real is None else Constant(real)


def _resolved(
    ev: Evaluator, path: PathValue, args: Sequence[Value], kwargs: Mapping[str, Value], line: int, frame: Frame
) -> Value:
    real = None if args or kwargs else _asked(ev, line, frame, lambda files: files.resolve(path.text))
    return UNKNOWN if real is None else PathValue(real)


def _kind(*kinds: str) -> Callable[..., Value]:
    def ask(ev: Evaluator, args: Sequence[Value], kwargs: Mapping[str, Value], line: int, frame: Frame) -> Value:
        text = _text(args[0]) if len(args) == 1 and not kwargs else None
        found = _asked(ev, line, frame, lambda files: files.kind(text)) if text is not None else None
        return UNKNOWN if found is None else Constant(found in kinds)

    return ask


def _on_path(handler: Callable[..., Value]) -> Callable[..., Value]:
    """A method of a path that is a function of its text."""

    def ask(
        ev: Evaluator, path: PathValue, args: Sequence[Value], kwargs: Mapping[str, Value], line: int, frame: Frame
    ) -> Value:
        return handler(ev, (path, *args), kwargs, line, frame)

    return ask


# listings


def _listdir(ev: Evaluator, args: Sequence[Value], kwargs: Mapping[str, Value], line: int, frame: Frame) -> Value:
    text = _text(args[0]) if len(args) == 1 and not kwargs else None
    names = _asked(ev, line, frame, lambda files: files.names(text)) if text is not None else None
    return UNKNOWN if names is None else Items("unordered", tuple(map(Constant, names)))


def _glob(ev: Evaluator, args: Sequence[Value], kwargs: Mapping[str, Value], line: int, frame: Frame) -> Value:
    text = _text(args[0]) if len(args) == 1 and not kwargs else None
    folder, _, pattern = text.rpartition("/") if text is not None else ("", "", "")
    if not folder or not pattern or any(c in folder for c in "*?[") or "**" in pattern:
        return UNKNOWN
    found = _asked(ev, line, frame, lambda files: files.matching(folder, pattern, hidden=False))
    return UNKNOWN if found is None else Items("unordered", tuple(Constant(f"{folder}/{name}") for name in found))


def _globbed(prefix: str) -> Callable[..., Value]:
    def ask(
        ev: Evaluator, path: PathValue, args: Sequence[Value], kwargs: Mapping[str, Value], line: int, frame: Frame
    ) -> Value:
        pattern = basics.plain(args[0]) if len(args) == 1 and not kwargs else None
        if not isinstance(pattern, str):
            return UNKNOWN
        return _paths(path, _asked(ev, line, frame, lambda files: files.matching(path.text, f"{prefix}{pattern}")))

    return ask


def _iterdir(
    ev: Evaluator, path: PathValue, args: Sequence[Value], kwargs: Mapping[str, Value], line: int, frame: Frame
) -> Value:
    return _paths(path, _asked(ev, line, frame, lambda files: files.names(path.text)))


def _paths(path: PathValue, found: Sequence[str] | None) -> Value:
    if found is None:
        return UNKNOWN
    return Items("shuffled", tuple(_path(pathlib.Path(path.text) / name) for name in found))


# contents


def _open(ev: Evaluator, args: Sequence[Value], kwargs: Mapping[str, Value], line: int, frame: Frame) -> Value:
    text = _text(args[0]) if args else None
    given = {**dict(zip(("mode", "buffering", "encoding"), args[1:])), **kwargs}
    mode = basics.plain(given.pop("mode", Constant("r")))
    encoding = basics.plain(given.pop("encoding", Constant(None)))
    if mode not in ("r", "rt", "rb"):
        _wrote(ev)
        return UNKNOWN
    if text is None or given or not (encoding is None or isinstance(encoding, str)):
        return UNKNOWN
    content = _asked(ev, line, frame, lambda files: files.read(text))
    if content is None:
        return UNKNOWN
    decoded = content if mode == "rb" else data.text_of(content, encoding)
    return UNKNOWN if decoded is None else OpenFile(decoded)


def _read_text(
    ev: Evaluator, path: PathValue, args: Sequence[Value], kwargs: Mapping[str, Value], line: int, frame: Frame
) -> Value:
    given = {**dict(zip(("encoding",), args)), **kwargs}
    file = _open(ev, (path,), given, line, frame) if given.keys() <= {"encoding"} else UNKNOWN
    return _of_file(file, "read", ()) if isinstance(file, OpenFile) else UNKNOWN


def _read_bytes(
    ev: Evaluator, path: PathValue, args: Sequence[Value], kwargs: Mapping[str, Value], line: int, frame: Frame
) -> Value:
    file = _open(ev, (path, Constant("rb")), {}, line, frame)
    return _of_file(file, "read", ()) if isinstance(file, OpenFile) else UNKNOWN


def _of_file(file: OpenFile, name: str, args: Sequence[Value]) -> Value:
    if name in ("close", "__enter__", "flush"):
        return file if name == "__enter__" else Constant(None)
    used, file.used = file.used, True
    if used or args or name not in ("read", "readlines"):
        return UNKNOWN
    if name == "readlines":
        return _lines(file.content, keep=True) if isinstance(file.content, str) else UNKNOWN
    return Constant(file.content) if len(file.content) <= MAX_TEXT else DataText(file.content)


def _lines(text: str | bytes, *, keep: bool = False) -> Value:
    if not isinstance(text, str):
        return UNKNOWN
    lines = io.StringIO(text).readlines() if keep else text.splitlines()
    return Items("list", tuple(map(basics.wrap, lines))) if len(lines) <= MAX_LINES else UNKNOWN


def _loaded(ev: Evaluator, form: str, takes_file: bool, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    given = current(args[0]) if len(args) == 1 and not kwargs else UNKNOWN
    if isinstance(given, OpenFile) and (takes_file or form == "yaml"):
        if form == "toml" and not isinstance(given.content, bytes):
            return UNKNOWN  # it refuses text
        given = _of_file(given, "read", ())
    elif takes_file:
        return UNKNOWN
    text = given.text if isinstance(given, DataText) else given.value if isinstance(given, Constant) else None
    parsed = data.parse(form, text) if isinstance(text, str | bytes) else None
    return UNKNOWN if parsed is None else _value(parsed[0], 0, [MAX_PARTS], {})


def _value(found: object, depth: int, budget: list[int], made: dict[int, Value]) -> Value:
    """Return the value of parsed data; an object that YAML's aliases put in two places is one value."""
    budget[0] -= 1
    if id(found) in made:
        return made[id(found)]
    if budget[0] < 0 or depth > basics.MAX_DEPTH:
        return UNKNOWN
    if isinstance(found, dict):
        keys = [basics.wrap(key) for key in found]
        if any(isinstance(key, Unknown | Items) for key in keys):
            return UNKNOWN
        mapped = Mapped(tuple(zip(keys, (_value(item, depth + 1, budget, made) for item in found.values()))))
        return made.setdefault(id(found), mapped)
    if isinstance(found, list):
        items = Items("list", tuple(_value(item, depth + 1, budget, made) for item in found))
        return made.setdefault(id(found), items)
    return basics.wrap(found) if not isinstance(found, tuple) else UNKNOWN


_CALLS: Mapping[str, Callable[..., Value]] = MappingProxyType({
    "pathlib.Path": _make_path,
    "pathlib.PurePath": _make_path,
    "os.fspath": lambda ev, args, kwargs, line, frame: Constant(_text(args[0])) if len(args) == 1 and _text(args[0]) else UNKNOWN,
    "os.path.abspath": _absolute,
    "os.path.realpath": _real,
    "os.path.exists": _kind("file", "folder"),
    "os.path.isfile": _kind("file"),
    "os.path.isdir": _kind("folder"),
    "os.listdir": _listdir,
    "glob.glob": _glob,
    "builtins.open": _open,
    "io.open": _open,
})  # fmt: skip
_METHODS: Mapping[str, Callable[..., Value]] = MappingProxyType({
    "resolve": _resolved,
    "exists": _on_path(_kind("file", "folder")),
    "is_file": _on_path(_kind("file")),
    "is_dir": _on_path(_kind("folder")),
    "iterdir": _iterdir,
    "glob": _globbed(""),
    "rglob": _globbed("**/"),
    "open": _on_path(_open),
    "read_text": _read_text,
    "read_bytes": _read_bytes,
})  # fmt: skip
