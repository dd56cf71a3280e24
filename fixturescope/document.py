"""The JSON document: all that a run leaves behind, and all that a report needs.

A document is written whole or not at all, reads back to what was written, and says which version of its schema it
follows. ``schema.json`` beside this file is generated from the classes below.
"""

from __future__ import annotations

import contextlib
import errno
import fnmatch
import os
import re
import stat
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from fixturescope._version import __version__
from fixturescope.errors import DocumentError, UsageError
from fixturescope.graph import Edge, FixtureGraph
from fixturescope.model import (
    SCOPES,
    AnalysisInfo,
    Diagnostic,
    Fixture,
    ItemsAre,
    Measurement,
    Origin,
    Reading,
    Recorded,
    Scope,
    Startup,
    Test,
    Trial,
)
from fixturescope.settings import Settings

SCHEMA_VERSION = 1
"""What this release writes.

History:
    1: The first: tool, python, pytest, rootdir, settings, summary, fixtures, tests, diagnostics, why_unused.

A key that is only added does not raise the version: readers ignore what they do not know.
"""

OLDEST_SCHEMA_VERSION = 1
"""What this release still reads."""

ORIGINS: tuple[Origin, ...] = ("static", "generated", "plugin", "builtin")
"""All origins, the project's own first."""

OWN_ORIGINS: tuple[Origin, ...] = ("static", "generated")
"""Origins of fixtures that the project itself defines, and can therefore change."""


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """What wrote the document."""

    name: Literal["fixturescope"] = "fixturescope"
    version: str


class Interpreter(msgspec.Struct, frozen=True, kw_only=True):
    """The interpreter whose plugins were read."""

    path: str
    version: str
    chosen_by: str
    """Why this one."""


class Pytest(msgspec.Struct, frozen=True, kw_only=True):
    """The pytest of that interpreter."""

    version: str
    inifile: str | None = None
    """The configuration file that was used, from the rootdir."""
    plugins: tuple[str, ...] = ()
    """Distributions whose plugins it would load."""


class FixtureCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many fixtures of one scope and origin there are."""

    scope: Scope
    origin: Origin
    used: int
    unused: int
    """Certainly in no test's closure."""
    possibly_unused: int
    """In no test's closure, unless something dynamic reaches them."""


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of the whole suite, also where the document shows only a part of its fixtures."""

    fixtures: tuple[FixtureCount, ...] = ()
    """Widest scope last, the project's own first; pairs that do not occur are left out."""
    tests: int = 0
    items: int = 0
    items_are: ItemsAre = "exact"
    diagnostics: Mapping[str, int] = {}
    """Code → how many, sorted by code."""


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """One run. Its keys are public and stable."""

    schema_version: int = SCHEMA_VERSION
    tool: Tool
    python: Interpreter
    pytest: Pytest
    rootdir: str
    """Absolute path of pytest's rootdir on the machine that ran; all paths that are not absolute start there."""
    files: int = 0
    """How many files of the project were read."""
    notes: tuple[str, ...] = ()
    settings: Settings = Settings()
    name_glob: str | None = None
    """Where given, ``fixtures`` and ``why_unused`` hold only the fixtures whose name matches."""
    summary: Summary = Summary()
    fixtures: tuple[Fixture, ...] = ()
    tests: tuple[Test, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    why_unused: Mapping[str, str] = {}
    """Id of an unused fixture → why, in a sentence."""
    measurements: tuple[Measurement, ...] = ()
    """One a fixture and parameter; empty where nothing was measured."""
    measured: tuple[str, ...] = ()
    """How it was measured, in sentences: isolation and why, what was switched off, what was left out."""
    startup: Startup | None = None
    recorded: tuple[Recorded, ...] = ()
    """One a fixture and parameter that an ordinary run set up; empty where none was recorded."""
    edges: tuple[Edge, ...] = ()
    """Requests between fixtures."""
    readings: tuple[Reading, ...] = ()
    """What source says about changing a fixture; empty where it was not asked."""
    trials: tuple[Trial, ...] = ()
    """Changes that were tried."""


def from_graph(graph: FixtureGraph) -> Document:
    """Return the document of an analysis."""
    info = graph.info
    return Document(
        tool=Tool(version=__version__),
        python=Interpreter(path=info.python, version=info.python_version, chosen_by=info.chosen_by),
        pytest=Pytest(version=info.pytest_version, inifile=info.inifile, plugins=info.plugins),
        rootdir=info.rootdir,
        files=info.files,
        notes=info.notes,
        settings=msgspec.convert(dict(info.settings), Settings),
        summary=_summarize(graph.fixtures, graph.tests, graph.diagnostics),
        fixtures=tuple(graph.fixtures),
        tests=tuple(graph.tests),
        diagnostics=tuple(graph.diagnostics),
        why_unused={fixture.id: graph.why_unused(fixture) for fixture in graph.fixtures if fixture.unused},
        measurements=graph.measurements,
        measured=graph.measured,
        startup=graph.startup,
        recorded=graph.recorded,
        edges=graph.edges,
        readings=graph.readings,
        trials=graph.trials,
    )


def to_graph(document: Document) -> FixtureGraph:
    """Return the graph that a document holds, to ask it questions; of a narrowed one, with what is left of it."""
    return FixtureGraph(
        fixtures=document.fixtures,
        tests=document.tests,
        edges=document.edges,
        diagnostics=document.diagnostics,
        info=AnalysisInfo(
            rootdir=document.rootdir,
            inifile=document.pytest.inifile,
            python=document.python.path,
            python_version=document.python.version,
            pytest_version=document.pytest.version,
            chosen_by=document.python.chosen_by,
            plugins=document.pytest.plugins,
            files=document.files,
            notes=document.notes,
            settings=document.settings.to_builtins(),
        ),
        reasons=document.why_unused,
        measurements=document.measurements,
        measured=document.measured,
        startup=document.startup,
        recorded=document.recorded,
        readings=document.readings,
        trials=document.trials,
    )


def narrow(document: Document, name_glob: str) -> Document:
    """Return the document with only the fixtures whose name matches; tests, diagnostics and the summary stay whole."""
    kept = tuple(fixture for fixture in document.fixtures if fnmatch.fnmatchcase(fixture.name, name_glob))
    ids = {fixture.id for fixture in kept}
    why = {id_: reason for id_, reason in document.why_unused.items() if id_ in ids}
    return msgspec.structs.replace(document, name_glob=name_glob, fixtures=kept, why_unused=why)


def dump(document: Document) -> bytes:
    """Return the document as indented JSON in UTF-8: the same bytes for the same document.

    Control characters, bidirectional overrides and the like are escaped, so that the text is safe to show.
    """
    try:
        data = msgspec.json.encode(document)
    except UnicodeEncodeError:  # a name that is no text, such as a file name in another encoding
        data = msgspec.json.encode(_as_text(msgspec.to_builtins(document)))
    pretty = msgspec.json.format(data, indent=2).decode() + "\n"
    return re.sub(r"[^\n\x20-\x7e]", _escape, pretty).encode()


def load(source: str | os.PathLike[str] | bytes) -> Document:
    """Read a document.

    Args:
        source: A file, or what a file holds.

    Raises:
        DocumentError: There is no such file, or it holds no document that this release can read.
    """
    path = None if isinstance(source, bytes) else os.fspath(source)
    data = source if isinstance(source, bytes) else _read(Path(source))
    _check_header(data, path)
    try:
        return msgspec.json.decode(data, type=Document)
    except (msgspec.ValidationError, RecursionError) as error:
        raise DocumentError(f"is a damaged document: {error}", path=path, hint=_AGAIN) from None


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the document."""
    schema = msgspec.json.schema(Document)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A fixturescope document", **schema}


def write_atomically(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file whole or not at all: what was there stays until the new content is complete.

    A device or a pipe is written to as it is.

    Raises:
        UsageError: It cannot be written.
    """
    target = Path(os.path.realpath(path))
    try:
        if target.exists() and not target.is_file() and not target.is_dir():
            target.write_bytes(data)
            return
        mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o666 & ~_umask()
        _replace(target, data, mode)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        hint = "make room on that disk" if full else "name a file in a folder that is there"
        raise UsageError(f"cannot be written: {error.strerror}", path=os.fspath(path), hint=hint) from None


_AGAIN = "run `fixturescope analyze --format json -o FILE` again"


class _Header(msgspec.Struct):
    """As much as tells one of our documents from any other JSON."""

    schema_version: object = None
    tool: object = None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DocumentError(f"cannot be read: {error.strerror}", path=str(path)) from None


def _check_header(data: bytes, path: str | None) -> None:
    if not data.strip():
        raise DocumentError("is empty", path=path, hint=_AGAIN)
    try:
        header = msgspec.json.decode(data, type=_Header)
    except msgspec.ValidationError:
        raise DocumentError("is no fixturescope document: not a JSON object", path=path) from None
    except (msgspec.DecodeError, RecursionError) as error:
        if "truncated" in str(error) and data.lstrip()[:1] == b"{":
            raise DocumentError("is truncated: the end is missing", path=path, hint=_AGAIN) from None
        raise DocumentError(f"is no fixturescope document: not JSON ({error})", path=path) from None
    version, tool = header.schema_version, header.tool
    if not (isinstance(tool, dict) and tool.get("name") == "fixturescope") or type(version) is not int:
        raise DocumentError("is no fixturescope document: JSON of another kind", path=path)
    if version > SCHEMA_VERSION:
        raise DocumentError(
            f"was written by a newer fixturescope ({tool.get('version')}): its schema version is {version}, "
            f"and {__version__} reads up to {SCHEMA_VERSION}",
            path=path,
            hint="upgrade fixturescope",
        )
    if version < OLDEST_SCHEMA_VERSION:
        raise DocumentError(
            f"was written by an older fixturescope ({tool.get('version')}): its schema version is {version}, "
            f"and {__version__} reads from {OLDEST_SCHEMA_VERSION} on",
            path=path,
            hint=_AGAIN,
        )


def _summarize(fixtures: Iterable[Fixture], tests: Iterable[Test], diagnostics: Iterable[Diagnostic]) -> Summary:
    counted = Counter((fixture.scope, fixture.origin, fixture.unused) for fixture in fixtures)
    pairs = [(scope, origin) for scope in SCOPES for origin in ORIGINS]
    tests = tuple(tests)
    return Summary(
        fixtures=tuple(
            FixtureCount(
                scope=scope,
                origin=origin,
                used=counted[scope, origin, None],
                unused=counted[scope, origin, "certain"],
                possibly_unused=counted[scope, origin, "possible"],
            )
            for scope, origin in pairs
            if any(counted[scope, origin, unused] for unused in (None, "certain", "possible"))
        ),
        tests=len(tests),
        items=sum(test.items for test in tests),
        items_are="exact" if all(test.items_are == "exact" for test in tests) else "at_least",
        diagnostics=dict(sorted(Counter(diagnostic.code for diagnostic in diagnostics).items())),
    )


def _as_text(data: Any) -> Any:
    """Return plain data with every lone surrogate spelled out, since JSON in UTF-8 cannot hold one."""
    if isinstance(data, str):
        return data.encode("utf-8", "backslashreplace").decode()
    if isinstance(data, dict):
        return {_as_text(key): _as_text(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_as_text(one) for one in data]
    return data


def _escape(found: re.Match[str]) -> str:
    """Escape a character that is not shown as itself. JSON has such characters within strings only."""
    character = found[0]
    if character.isprintable():
        return character
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _replace(target: Path, data: bytes, mode: int) -> None:
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(name).chmod(mode)
        Path(name).replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
