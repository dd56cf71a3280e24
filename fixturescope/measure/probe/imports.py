"""A plugin that times every import of a start of pytest, whoever asks for it. PYTEST_DONT_REWRITE.

``-X importtime`` has a row for each import statement and ``__import__``: CPython times them in ``import_find_and_load``
(``Python/import.c``). ``importlib.import_module`` goes round that, straight to ``importlib._bootstrap._find_and_load``,
and so do plugins, conftests and test modules; a loader's ``exec_module`` that is called by hand (pytest's
``--import-mode=importlib``, ``spec_from_file_location`` in a conftest) does not even pass there. So both are wrapped, as
soon as this module is imported, before pytest is. What the interpreter imports for itself is in its own words.

``-p`` loads it as a plugin as well, to be told when pytest is over. Nothing is imported
here that a bare interpreter has not loaded already: it would be missing where it is really needed first.
"""

from __future__ import annotations

import _frozen_importlib as bootstrap  # known as importlib._bootstrap once somebody imports importlib
import _frozen_importlib_external as bootstrap_external
import atexit
import os
import sys
from _thread import get_ident
from time import perf_counter_ns

TYPE_CHECKING = False  # typing's would import typing, and whoever does that first is to be told
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

FILE_VARIABLE = "FIXTURESCOPE_IMPORTS"
"""Names the file that takes what was seen: a JSON list of ``[name, begin, end, parent, file]``.

``begin`` and ``end`` in nanoseconds; ``parent`` is the place in the list of the import that it is part of, or null;
``file`` is absolute, and null but for what pytest's own loader brought.
"""


class _Import:
    __slots__ = ("begin", "end", "file", "name", "parent")

    def __init__(self, name: str, parent: _Import | None) -> None:
        self.name = name
        self.parent = parent
        self.file: str | None = None
        self.end = 0
        self.begin = perf_counter_ns()


class _Recorder:
    """Notes imports as they begin and end, in each thread by itself."""

    def __init__(self) -> None:
        self.seen: list[_Import] = []
        self._open: dict[int, list[_Import]] = {}

    def around(self, name: str, call: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        stack = self._open.setdefault(get_ident(), [])
        one = _Import(name, stack[-1] if stack else None)
        stack.append(one)
        self.seen.append(one)
        try:
            return call(*arguments)
        finally:
            one.end = perf_counter_ns()
            stack.remove(one)  # not always the last one: greenlets share a thread

    def under_way(self) -> _Import | None:
        stack = self._open.get(get_ident())
        return stack[-1] if stack else None

    def rows(self) -> list[tuple[str, int, int, int | None, str | None]]:
        now = perf_counter_ns()
        seen = tuple(self.seen)
        at = {id(one): place for place, one in enumerate(seen)}
        return [
            (one.name, one.begin, one.end or now, None if one.parent is None else at[id(one.parent)], one.file)
            for one in seen
        ]


_file = os.environ.pop(FILE_VARIABLE, None)
_recorder = _Recorder()
_find_and_load: Any = getattr(bootstrap, "_find_and_load", None)
_exec_source = bootstrap_external.SourceFileLoader.exec_module


def _timed_find_and_load(name: str, import_: Any) -> Any:
    if name in sys.modules:  # import_module asks for those that are there already, too
        return _find_and_load(name, import_)
    return _recorder.around(name, _find_and_load, (name, import_))


def _timed_exec_source(self: Any, module: Any) -> None:
    _exec(module, _exec_source, (self, module), by_pytest=False)
    if module.__name__ == "_pytest.assertion.rewrite":
        _wrap_loader(module.AssertionRewritingHook)


def _wrap_loader(loader: Any) -> None:
    original = loader.exec_module

    def timed(self: Any, module: Any) -> None:
        _exec(module, original, (self, module), by_pytest=True)

    loader.exec_module = timed


def _exec(module: Any, call: Callable[..., Any], arguments: tuple[Any, ...], *, by_pytest: bool) -> None:
    spec = getattr(module, "__spec__", None)
    name = str(getattr(spec, "name", None) or module.__name__)

    def noted() -> None:
        one = _recorder.under_way()
        if one is not None and (by_pytest or (one.parent is None and _plain(name))):
            one.file = getattr(spec, "origin", None)
        call(*arguments)

    under_way = _recorder.under_way()
    if under_way is not None and under_way.name == name:
        noted()
    else:
        _recorder.around(name, noted, ())


def _plain(name: str) -> bool:
    """Whether pytest uses the standard loader, under ``--assert=plain``: it brought what no module asked for."""
    hooked = any(type(one).__module__ == "_pytest.assertion.rewrite" for one in sys.meta_path)
    return not hooked and name.partition(".")[0] not in ("_pytest", "pytest")


def _begin() -> None:
    if _find_and_load is not None:
        bootstrap._find_and_load = _timed_find_and_load  # type: ignore[attr-defined]  # noqa: SLF001 - the only place
    bootstrap_external.SourceFileLoader.exec_module = _timed_exec_source  # type: ignore[method-assign]
    atexit.register(_end, os.getpid())


def _end(pid: int) -> None:
    global _file
    if _file is None or os.getpid() != pid:  # told already, or a fork of ours that ends
        return
    file, _file = _file, None
    rows = _recorder.rows()
    import json

    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        json.dump(rows, out)


def pytest_unconfigure() -> None:
    """Tell what was seen: some plugins end the process before the interpreter does."""
    _end(os.getpid())


if _file is not None:  # only where it was asked for; whoever imports this to look at it gets no wrappers
    _begin()
