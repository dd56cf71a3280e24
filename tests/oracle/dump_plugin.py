"""A pytest plugin that writes down what pytest resolved: test functions, and the definition behind each fixture name.

Load it with ``-p`` under ``--collect-only``; the JSON goes to the file named by ``FIXTURESCOPE_ORACLE_DUMP``. It runs
inside the environment of the suite that it looks at, on pytest 7.4 to 9.2, so it imports nothing but the standard
library and pytest.

The document::

    definitions[]  name, file, line, first_line, function, scope, baseid, module, has_source, requests [argument]
    functions[]    id, kind, is_function, path, cls, name, line, items, deselected, parametrized,
                   variants[]: items, closure {name: index into definitions}, pseudo [name], pruned [name],
                               reached [index: definitions that run without being the last of their name]
    registered[]   definition (index), autouse, params
    errors[], skipped[]   id, reason: collectors that failed or skipped themselves whole
    rootdir, inifile, args, pytest, python, plugins, wall_s

Paths are relative to the rootdir with ``/``, absolute outside it.
"""

from __future__ import annotations

import ast
import functools
import json
import os
import platform
import time
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

ENVIRONMENT_VARIABLE = "FIXTURESCOPE_ORACLE_DUMP"
"""Names the file to write."""

FORMAT = 1
"""Version of the dump's shape; caches of older dumps are not read."""

PSEUDO_FUNCTION = "get_direct_param_fixture_func"
"""The function behind a directly parametrized name, in every pytest from 7.4 to 9.2."""

PSEUDO_PREFIXES = ("_xunit_setup_", "_unittest_")
"""Names that pytest itself invents for ``setup_module`` and ``setUpClass`` styles."""

MAX_REASON_LINES = 12
MAX_UNWRAPS = 100

_STARTED = time.perf_counter()


def pytest_configure(config: pytest.Config) -> None:
    """Registers the recorder where a file to write was named."""
    target = os.environ.get(ENVIRONMENT_VARIABLE)
    if target:
        config.pluginmanager.register(Recorder(Path(target)), "fixturescope-oracle-recorder")


class Recorder:
    """Keeps what collection reports and writes the dump once it is over."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.errors: list[dict[str, str]] = []
        self.skipped: list[dict[str, str]] = []
        self.items: list[pytest.Item] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Notes collectors that failed, and those that skipped themselves whole."""
        if report.failed or report.skipped:
            found = {"id": report.nodeid, "reason": _reason(report.longrepr)}
            (self.errors if report.failed else self.skipped).append(found)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keeps every item, before ``-k``, ``-m`` or a plugin deselects some."""
        self.items = list(items)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Writes the dump."""
        kept = {id(item) for item in session.items}
        known = {id(item) for item in self.items}
        items = [*self.items, *(item for item in session.items if id(item) not in known)]
        root = session.config.rootpath
        definitions = Definitions(root)
        document = {
            "format": FORMAT,
            "functions": _functions(items, kept, definitions, session),
            "registered": _registered(session, definitions),
            "definitions": definitions.rows,
            "errors": self.errors,
            "skipped": self.skipped,
            "rootdir": str(root),
            "inifile": str(session.config.inipath) if session.config.inipath else None,
            "args": [str(argument) for argument in session.config.args],
            "pytest": pytest.__version__,
            "python": platform.python_version(),
            "plugins": sorted(
                {
                    f"{dist.project_name}=={dist.version}"
                    for _, dist in session.config.pluginmanager.list_plugin_distinfo()
                }
            ),
            "wall_s": round(time.perf_counter() - _STARTED, 3),
        }
        partial = self.target.with_name(self.target.name + ".part")
        partial.write_text(json.dumps(document, separators=(",", ":")), encoding="utf-8")
        partial.replace(self.target)


class Definitions:
    """The table of fixture definitions: each once, addressed by its index.

    Attributes:
        rows: What the dump holds, in the order of first sight.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.rows: list[dict[str, object]] = []
        self._indices: dict[str, int] = {}

    def index(self, fixturedef: Any) -> int:
        """Returns the index of the row for `fixturedef`, made when it is new."""
        row = self._row(fixturedef)
        key = json.dumps(row, sort_keys=True)
        if key not in self._indices:
            self._indices[key] = len(self.rows)
            self.rows.append(row)
        return self._indices[key]

    def _row(self, fixturedef: Any) -> dict[str, object]:
        place = locate(fixturedef.func)
        return {
            "name": fixturedef.argname,
            "file": relative(place.file, self.root),
            "line": place.line,
            "first_line": place.first_line,
            "function": place.function,
            "module": place.module,
            "has_source": place.has_source,
            "scope": str(fixturedef.scope),
            "baseid": str(fixturedef.baseid),
            "requests": [str(name) for name in fixturedef.argnames],
        }


class Place:
    """Where a function is written.

    Attributes:
        file: Absolute path, or what the code object calls itself where there is no file (``<string>``); None without
            code.
        line: The line of the ``def`` or ``lambda``; None where there is no source to find it in.
        first_line: The code's own first line, which is that of the first decorator.
        function: Its ``__name__``.
        module: Its ``__module__``.
        has_source: Whether there is a file with a definition at that place.
    """

    def __init__(self, function: object) -> None:
        real = unwrap(function)
        code = getattr(real, "__code__", None)
        if code is None:  # an instance with a `__call__` written in Python
            code = getattr(getattr(type(real), "__call__", None), "__code__", None)  # noqa: B004
        self.function = str(getattr(real, "__name__", type(real).__name__))
        self.module = str(getattr(real, "__module__", None) or "")
        self.file: str | None = None
        self.line: int | None = None
        self.first_line: int | None = None
        if isinstance(code, CodeType):
            self.first_line = code.co_firstlineno
            path = Path(code.co_filename)
            self.file = os.path.normpath(path.absolute()) if path.is_file() else code.co_filename
            self.line = _def_lines(self.file).get((code.co_firstlineno, code.co_name))
        self.has_source = self.line is not None


def locate(function: object) -> Place:
    """Finds the ``def`` or ``lambda`` that `function` was made from, below any wrappers."""
    return Place(function)


def unwrap(function: object) -> object:
    """Takes off bound methods, partials, ``functools.wraps`` chains and pytest's own wrappers."""
    for _ in range(MAX_UNWRAPS):
        inner = _one_layer_less(function)
        if inner is None or inner is function:
            return function
        function = inner
    return function


def relative(path: str | None, root: Path) -> str | None:
    """`path` from `root` with ``/``; unchanged (but for its separators) when it lies outside."""
    if path is None:
        return None
    try:
        return Path(path).relative_to(root).as_posix()
    except ValueError:
        return Path(path).as_posix() if Path(path).is_absolute() else path


def function_id(item: pytest.Item) -> str:
    """The nodeid without its parameters, however many ``[`` and ``::`` those hold."""
    name = getattr(item, "originalname", None) or item.name
    return f"{item.parent.nodeid}::{name}" if item.parent is not None and item.parent.nodeid else str(name)


def _one_layer_less(function: Any) -> Any:
    if isinstance(function, functools.partial):
        return function.func
    own = getattr(function, "__func__", None)
    if own is not None and not isinstance(function, type):
        return own
    wrapped_by_pytest = getattr(getattr(function, "__pytest_wrapped__", None), "obj", None)
    if wrapped_by_pytest is not None:
        return wrapped_by_pytest
    unwrapper = getattr(type(function), "_get_wrapped_function", None)
    if unwrapper is not None:
        return unwrapper(function)
    return getattr(function, "__wrapped__", None)


@functools.cache
def _def_lines(path: str) -> dict[tuple[int, str], int]:
    """Maps (a code object's first line, its name) to the line of its ``def`` or ``lambda``."""
    try:
        with tokenize.open(path) as stream:
            tree = ast.parse(stream.read(), path)
    except (OSError, SyntaxError, ValueError, RecursionError):
        return {}
    lines: dict[tuple[int, str], int] = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            lines[first, node.name] = node.lineno
        elif isinstance(node, ast.Lambda):
            lines[node.lineno, "<lambda>"] = node.lineno
    return lines


def _functions(
    items: Sequence[pytest.Item], kept: set[int], definitions: Definitions, session: pytest.Session
) -> list[dict[str, object]]:
    """One row a test function; items of one function whose closures differ are variants of it."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    variants: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    closures: dict[int, tuple[object, dict[str, Any]]] = {}
    for item in items:
        key = function_id(item), type(item).__name__
        if key not in rows:
            rows[key] = _function(item, key[0], definitions.root)
            variants[key] = {}
        row = rows[key]
        row["items"] += 1
        row["deselected"] += id(item) not in kept
        row["parametrized"] = row["parametrized"] or getattr(item, "callspec", None) is not None
        info = getattr(item, "_fixtureinfo", None)
        if info is None:
            continue
        if (
            id(info) not in closures
        ):  # one info serves all items of a function; kept beside, so that its id stays its own
            closures[id(info)] = info, _closure(info, item, definitions, session)
        found = closures[id(info)][1]
        variants[key].setdefault(json.dumps(found, sort_keys=True), {"items": 0, **found})["items"] += 1
    return [{**row, "variants": list(variants[key].values())} for key, row in rows.items()]


def _function(item: pytest.Item, identity: str, root: Path) -> dict[str, Any]:
    chain = [node for node in item.listchain() if isinstance(node, pytest.Class)]
    place = locate(getattr(item, "obj", None))
    return {
        "id": identity,
        "kind": type(item).__name__,
        "is_function": isinstance(item, pytest.Function),
        "path": relative(str(item.path), root),
        "cls": ".".join(node.name for node in chain),
        "name": getattr(item, "originalname", None) or item.name,
        "line": place.line,
        "items": 0,
        "deselected": 0,
        "parametrized": False,
    }


def _closure(info: Any, item: pytest.Item, definitions: Definitions, session: pytest.Session) -> dict[str, Any]:
    """What one item gets: names with the last definition of each, and what stands apart from that.

    A directly parametrized name hides a fixture, and whatever only that fixture requested is pruned from the closure,
    though pytest leaves it in ``name2fixturedefs``.
    """
    in_effect = {name: defs[-1] for name, defs in info.name2fixturedefs.items() if defs and name != "request"}
    pseudo = sorted(name for name, fixturedef in in_effect.items() if _is_pseudo(fixturedef))
    reachable = set(info.names_closure)
    real = {name: fixturedef for name, fixturedef in in_effect.items() if name not in pseudo and name in reachable}
    last = {id(fixturedef) for fixturedef in real.values()}
    reached = {definitions.index(found) for found in _reached(info, item, session) if id(found) not in last}
    return {
        "closure": {name: definitions.index(fixturedef) for name, fixturedef in real.items()},
        "pseudo": pseudo,
        "pruned": sorted(set(in_effect) - reachable - set(pseudo)),
        "reached": sorted(reached),
    }


def _reached(info: Any, item: pytest.Item, session: pytest.Session) -> list[Any]:
    """Definitions that pytest would set up for `item`, also those behind an override that requests its own name.

    It follows arguments as pytest does when it runs: a name that is being set up already means the next definition out.
    """
    found: dict[int, Any] = {}
    seen: set[tuple[int, tuple[tuple[str, int], ...]]] = set()

    def visit(name: str, depths: dict[str, int]) -> None:
        defs = info.name2fixturedefs.get(name) or _visible(session, name, item)
        depth = depths.get(name, 0) + 1
        if depth > len(defs):
            return
        fixturedef = defs[-depth]
        inner = {**depths, name: depth} if len(defs) > 1 or depth > 1 else depths
        state = id(fixturedef), tuple(sorted(inner.items()))
        if state in seen or _is_pseudo(fixturedef):
            return
        seen.add(state)
        found[id(fixturedef)] = fixturedef
        for argument in fixturedef.argnames:
            visit(argument, inner)

    for name in info.initialnames:
        if name != "request":
            visit(name, {})
    return list(found.values())


def _visible(session: pytest.Session, name: str, item: pytest.Item) -> Sequence[Any]:
    manager = session._fixturemanager
    try:
        return manager.getfixturedefs(name, item) or ()
    except (AttributeError, TypeError):  # pytest before 8.1 wants the nodeid
        return manager.getfixturedefs(name, item.nodeid) or ()  # type: ignore[arg-type]


def _is_pseudo(fixturedef: Any) -> bool:
    name = getattr(fixturedef.func, "__name__", "")
    return name == PSEUDO_FUNCTION or fixturedef.argname.startswith(PSEUDO_PREFIXES)


def _registered(session: pytest.Session, definitions: Definitions) -> list[dict[str, object]]:
    """Every fixture that pytest knows at the end of collection, used or not, each place once."""
    autouse = _autouse_names(session._fixturemanager)
    rows: dict[int, dict[str, object]] = {}
    for name, fixturedef in _all_definitions(session._fixturemanager):
        if name == "request" or _is_pseudo(fixturedef):
            continue
        index = definitions.index(fixturedef)
        always = getattr(fixturedef, "_autouse", None)  # from pytest 8.4
        rows[index] = {
            "definition": index,
            "autouse": name in autouse.get(fixturedef.baseid, ()) if always is None else bool(always),
            "params": None if fixturedef.params is None else len(fixturedef.params),
        }
    return list(rows.values())


def _all_definitions(manager: Any) -> Iterator[tuple[str, Any]]:
    by_name = getattr(manager, "_arg2fixturedefs", None)  # up to pytest 9.1
    if by_name is not None:
        yield from ((name, fixturedef) for name, defs in by_name.items() for fixturedef in defs)
        return
    for table in (manager._arg2node2fixturedefs, manager._arg2nodeid2fixturedefs):
        for name, by_place in table.items():
            yield from ((name, fixturedef) for defs in by_place.values() for fixturedef in defs)


def _autouse_names(manager: Any) -> dict[str, Iterable[str]]:
    return dict(getattr(manager, "_nodeid_autousenames", {}))


def _reason(longrepr: object) -> str:
    """The last lines of why a collector failed, or the message it skipped itself with."""
    if isinstance(longrepr, tuple):
        return str(longrepr[-1])
    lines = [line.rstrip() for line in str(longrepr).splitlines() if line.strip()]
    return "\n".join(lines[-MAX_REASON_LINES:])
