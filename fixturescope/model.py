"""The nouns of fixturescope, frozen: what analysis finds, measuring annotates and reports show.

Field names are the keys of the JSON document (see ``document.py``), so they are public and stable.
Everything here is plain data: no tree nodes, no live objects, no paths of the machine except where a file
lies outside the rootdir.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

Scope = Literal["function", "class", "module", "package", "session"]
"""pytest's fixture scopes, narrowest first."""

SCOPES: tuple[Scope, ...] = ("function", "class", "module", "package", "session")
"""All scopes, narrowest first: ``SCOPES.index(a) < SCOPES.index(b)`` means *a* is narrower than *b*."""

ScopeIs = Literal["default", "literal", "evaluated", "dynamic"]
"""How the scope is known: not given, written down, worked out from constants, or a callable decided at run time."""

Certainty = Literal["certain", "possible"]
"""``possible``: something that cannot be known without running the project could make it otherwise."""

Origin = Literal["static", "generated", "plugin", "builtin"]
"""Where a fixture comes from: a ``def`` of the project, a factory call of the project, a plugin, or pytest itself."""

Via = Literal["argument", "usefixtures", "autouse", "getfixturevalue", "indirect", "ini", "override"]
"""The way in which one node of the graph asks for another."""

VisibleFrom = Literal["session", "directory", "module", "class"]
"""The kind of collection node that a fixture is registered on."""

ItemsAre = Literal["exact", "at_least"]
"""Whether a test's item count is known or only a lower bound."""

Severity = Literal["error", "warning", "info"]
"""``error``: the suite fails or we could not read it; ``warning``: very likely a mistake; ``info``: worth a look."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One name that a fixture or a test asks for."""

    name: str
    via: Via
    line: int
    certainty: Certainty = "certain"


class Fixture(msgspec.Struct, frozen=True, kw_only=True):
    """One fixture definition. Two definitions of one name are two fixtures: identity is ``id``, never ``name``."""

    id: str
    """``path::Class::attribute``, with ``#2`` and so on for a redefinition in one namespace.

    Plugins: ``dist:module::attribute``.
    """
    name: str
    """What tests request; differs from the function's name under ``@pytest.fixture(name=…)``."""
    function: str
    """Name of the function that runs (``<lambda>`` for a lambda)."""
    path: str
    """File of the function: from the rootdir with ``/`` as separator, absolute when outside it."""
    line: int
    """1-based line of the ``def`` or ``lambda`` that runs, not of its decorators."""
    scope: Scope
    scope_is: ScopeIs = "default"
    autouse: bool = False
    params: int | None = None
    """How many parameters; null when not parametrized, -1 when parametrized by a number of values that is not known."""
    visible_from: VisibleFrom
    visible_in: str
    """Node id of the collection node it is registered on: ``""`` for the session, else a directory, module or class."""
    origin: Origin
    plugin: str | None = None
    """The distribution (or plugin module) that brings it, for plugin and builtin fixtures."""
    made_at: str | None = None
    """Of a generated fixture: ``path:line`` of the statement that registered it."""
    why: tuple[str, ...] = ()
    """Of a generated fixture: the arguments and loop variables that made it, each with its place, the nearest first."""
    requests: tuple[Request, ...] = ()
    has_teardown: bool = False
    is_async: bool = False
    category: str | None = None
    doc: str | None = None
    certainty: Certainty = "certain"
    """``possible`` when the definition stands under a condition that cannot be decided."""
    usage: int = 0
    """Test items that set it up: its closure holds it, or they ask for it by ``getfixturevalue`` with a known name."""
    usage_dynamic: int = 0
    """Those of ``usage`` that reach it through ``getfixturevalue`` alone."""
    setups: int = 0
    """How often a full run in one process would set it up."""
    unused: Certainty | None = None
    """Null when some test uses it; else how certain it is that none does."""


class Test(msgspec.Struct, frozen=True, kw_only=True):
    """One test function as one module (and class) collects it."""

    __test__ = False  # keep pytest from collecting it where it is imported into a test module

    id: str
    """pytest's node id without the parameters."""
    path: str
    line: int
    cls: str = ""
    """Dotted qualified name of the collecting class, or empty."""
    name: str
    items: int = 1
    items_are: ItemsAre = "exact"
    closure: Mapping[str, str] = {}
    """Requested name → id of the fixture that this test gets. Tests with the same answer share one mapping."""
    dynamic: Mapping[str, str] = {}
    """Names asked for by ``getfixturevalue`` with a known name, and what they bring in: name → fixture id."""
    requests: tuple[Request, ...] = ()
    certainty: Certainty = "certain"
    """``possible`` when the test stands under a condition that cannot be decided."""


class Diagnostic(msgspec.Struct, frozen=True, kw_only=True):
    """Something worth saying about one place: a likely mistake, or something that could not be known."""

    code: str
    severity: Severity
    message: str
    path: str
    line: int
    certainty: Certainty = "certain"
    fixture: str | None = None
    """Id of the fixture it is about, if it is about one."""


class AnalysisInfo(msgspec.Struct, frozen=True, kw_only=True):
    """How an answer came about: what was read, for which interpreter, under which settings."""

    rootdir: str
    """Absolute path of pytest's rootdir."""
    inifile: str | None = None
    """The pytest configuration file that was used, from the rootdir, or null."""
    python: str
    """Absolute path of the interpreter whose plugins were read."""
    python_version: str
    pytest_version: str
    """Version of the pytest in that interpreter's environment, whose builtin fixtures were read."""
    chosen_by: str
    """Why that interpreter: ``--python``, ``settings``, ``.venv``, ``VIRTUAL_ENV``, ``running``, …"""
    plugins: tuple[str, ...] = ()
    """Distributions whose plugins pytest would load, sorted."""
    files: int = 0
    """How many files of the project were read."""
    notes: tuple[str, ...] = ()
    """What a reader may want to know and nobody has to act on."""
    settings: Mapping[str, Any] = {}
    """``Settings.to_builtins()``: plain data, as it stands in the document."""
