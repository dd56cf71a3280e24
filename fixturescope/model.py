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
    """The distribution (or plugin module) that brings the function that runs; null for the project's own."""
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


Status = Literal["ok", "error", "skipped", "timeout", "crashed", "killed", "teardown_error", "unmeasurable"]
"""What became of a measurement: ``crashed`` ended its process by itself, ``killed`` was ended by a signal from outside."""

Isolation = Literal["fork", "fresh"]
"""Each measurement in a fork of the process that collected, or in a pytest process started for it alone."""


class Samples(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds of repeated warm set-ups (or teardowns), in the order of measuring."""

    median: float
    spread: float
    """Interquartile range divided by the median; 0 for fewer than two samples or a median of 0."""
    samples: tuple[float, ...] = ()
    visits: tuple[int, ...] = ()
    """How many of the samples each process gave, in order: processes that were apart in time. Empty: all are of one."""

    @property
    def by_visit(self) -> tuple[tuple[float, ...], ...]:
        """The samples of each process by themselves."""
        found, at = [], 0
        for count in self.visits or (len(self.samples),):
            found.append(self.samples[at : at + count])
            at += count
        return tuple(one for one in found if one)


NOT_COLLECTED = "not collected: "
"""How the notes begin that name what pytest could not collect."""

NOT_MEASURED = "not measured: "
"""How the notes begin that say how much was left out."""

EACH_ITS_PROCESS = "each measurement in a pytest process of its own: "
"""How the note begins that says why no process was forked: it takes a whole start of pytest for each measurement."""


NOT_IMPORTED = "importing it fails in the target environment"
"""How the messages begin that name files whose tests and fixtures are missing."""

OFFERED = "a plugin offers it, so other projects may use it"
"""What the messages say of unused fixtures that are there for others."""


class Duration(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds, of the fixture itself and together with all the fixtures that it needs."""

    cold: float
    """The first time in a process, of the fixture itself: imports and caches included."""
    cold_cumulative: float
    """The first time in a process, the fixture and all that it needs, each once."""
    own: Samples = msgspec.field(name="self")
    """Warm, of the fixture itself."""
    cumulative: Samples
    """Warm, the fixture and all that it needs, each once."""
    colds: tuple[float, ...] = ()
    """The first time in each process that measured it, in order; ``cold`` is their median. Empty: there was one."""


class Bytes(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes, of the fixture itself and together with all the fixtures that it needs."""

    own: int = msgspec.field(name="self")
    cumulative: int


class AllocationSite(msgspec.Struct, frozen=True, kw_only=True):
    """One place that holds memory when the fixture's own set-up is at its peak."""

    size: int
    """Bytes."""
    allocations: int
    stack: tuple[str, ...]
    """``path:line function``, the innermost first."""


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """What memray saw of the first set-up in a process."""

    peak: Bytes
    """Most that was allocated at one time during set-up."""
    retained: Bytes
    """Still allocated when set-up was over."""
    leaked: Bytes
    """Still allocated after teardown and ``gc.collect()``: what leaks, and what was imported or cached for good."""
    leaked_again: Bytes | None = None
    """The same of a second set-up in the same process, which imports and caches nothing anew: what truly leaks."""
    allocations: int
    """How many allocations the fixture itself made during set-up."""
    top: tuple[AllocationSite, ...] = ()


class GpuMemory(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes on one device, against those before set-up; null where the library does not tell."""

    device: str
    """Library and device: ``torch:cuda:0``."""
    allocated: int | None = None
    reserved: int | None = None
    peak: int | None = None
    leaked: int | None = None
    """Still allocated after teardown and ``gc.collect()``."""
    process: int | None = None
    """What the driver (NVML) says the process holds, against before set-up: the second witness."""


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """What one fixture costs, under one of its parameters."""

    fixture: str
    """Id of the fixture."""
    param: str | None = None
    status: Status
    reason: str | None = None
    """Why it is not ``ok``, whole; of an ``ok`` one, what a reader should know of its figures."""
    carrier: str | None = None
    """Node id of the test that it was set up for."""
    isolation: Isolation | None = None
    setup_s: Duration | None = None
    teardown_s: Duration | None = None
    memory: Memory | None = None
    memory_reason: str | None = None
    """Why ``memory`` is null."""
    rss_peak: int | None = None
    """Bytes by which the resident memory of the process, and of those that the fixture started, was larger at its peak."""
    gpu: tuple[GpuMemory, ...] | None = None
    gpu_reason: str | None = None
    """Why ``gpu`` is null."""
    modules_imported: tuple[str, ...] = ()
    """Modules that the fixture itself was the first to import."""
    left_behind: tuple[str, ...] = ()
    """Processes and threads that outlived teardown, and were ended."""


class Total(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds of all set-ups or teardowns in a run, of the fixture itself and with all that it caused."""

    own: float = msgspec.field(name="self")
    cumulative: float


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """What one fixture cost in an ordinary run."""

    fixture: str
    param: str | None = None
    setups: int
    setup_s: Total
    teardown_s: Total
    first_test: str | None = None
    """Node id of the test that caused the first set-up."""


class StartupStep(msgspec.Struct, frozen=True, kw_only=True):
    """One start of pytest with a little more than the one before it."""

    name: Literal["python", "pytest", "plugins", "conftests", "modules"]
    """What is started: the interpreter alone, pytest alone, and with plugins, conftests and test modules as well."""
    wall_s: float
    """Median, in seconds."""
    samples: tuple[float, ...] = ()


class ImportedModule(msgspec.Struct, frozen=True, kw_only=True):
    """One import of a start, timed once."""

    name: str
    self_s: float
    cumulative_s: float
    imported_by: str | None = None
    """The module that imported it first; null for the top of the tree."""
    path: str | None = None
    """From the rootdir, or absolute outside it; only for what pytest's own loader brought."""


class Startup(msgspec.Struct, frozen=True, kw_only=True):
    """What a run pays before its first test."""

    steps: tuple[StartupStep, ...] = ()
    imports: tuple[ImportedModule, ...] = ()
    """In the order in which the imports began: a module stands before those that it imports."""
    artifacts: Mapping[str, str] = {}
    """Kind → file: ``importtime`` (the interpreter's own words), ``flame`` (HTML), from the folder of the document."""
    reason: str | None = None
    """Why something is missing: a line each, and below it, moved in, what was printed."""


FindingKind = Literal[
    "unread",
    "mutates",
    "escapes",
    "calls",
    "test_bound",
    "alters",
    "outside",
    "imports",
    "module_import",
    "constant",
    "part",
]
"""What the source of a fixture, or of whoever uses it, says about changing it:

- ``unread``: a test or fixture takes it as an argument and never reads it.
- ``mutates``: whoever got its value changes it (attribute or item assignment, ``del``, ``.append`` and the like).
- ``escapes``: whoever got its value hands it to something that is not known to leave it alone.
- ``calls``: whoever got its value calls it, or a method of it that is not known to leave it alone. Without ``by``: its
  body calls something for its effect on what it did not make itself, and what that is is not known.
- ``test_bound``: its body reads what belongs to one test: ``request.node``, ``request.function``, …
- ``alters``: its body changes something that outlives it or that others see: ``os.environ``, a module, a class.
- ``outside``: its body reads or makes something that is not in the process, or that differs from time to time:
  ``os.environ``, ``time.time()``, a temporary folder.
- ``imports``: its body imports a module.
- ``module_import``: its file imports a module that nothing but this fixture's body reads.
- ``constant``: its value is built from constants alone, by calls that read nothing else.
- ``part``: one part of its value (``.db``, ``['db']``, ``[0]``) that a test or fixture reads; ``*`` for all of it. Only of
  values that are put together from parts in the fixture's own source.
"""


EFFECT = "hands out nothing"
"""The detail of a finding ``calls`` of a fixture that is there for its effect alone."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that source says, and where."""

    kind: FindingKind
    path: str
    line: int
    detail: str
    """The code or the name: ``cart.items.append``, ``request.node``, ``torch``."""
    by: str | None = None
    """Id of the test or fixture in whose source it stands, where that is not the fixture itself."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What the source of one fixture, and of all that use it, says about changing it."""

    fixture: str
    """Its id."""
    digest: str
    """The same for fixtures that do the same: same statements, arguments, parameters; names and docstring left out."""
    statements: int = 0
    """How many statements its body has, those in blocks included."""
    findings: tuple[Finding, ...] = ()
    incomplete: str | None = None
    """Why not all of it could be read; null where all was."""


AdviceKind = Literal[
    "widen-scope",
    "narrow-scope",
    "drop-autouse",
    "narrow-autouse",
    "delete",
    "usefixtures",
    "merge",
    "lazy-import",
    "cache",
    "leak",
    "retained",
    "split",
    "grouping",
    "startup-import",
]
"""What is advised; each kind is one class of ``report/advice``."""

Safety = Literal["likely", "possible", "unlikely"]
"""How likely it is that the suite's outcomes stay what they are."""

SAFETIES: tuple[Safety, ...] = ("likely", "possible", "unlikely")
"""All of them, the safest first."""

Effort = Literal["line", "function", "design"]
"""What is to be changed: a line or two, a function and its users, or more than that."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """One reason, and the place that it is read from; without a path where it was measured."""

    text: str
    path: str | None = None
    line: int | None = None


class Range(msgspec.Struct, frozen=True, kw_only=True):
    """An estimate, between the least and the most that the samples allow."""

    low: float
    likely: float
    high: float


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One mechanical change to the suite's source."""

    op: Literal["scope", "drop_autouse", "remove", "usefixtures", "move_import"]
    """``remove`` takes the whole definition out; ``usefixtures`` replaces an unread argument of ``by`` by the mark;
    ``move_import`` takes a module-level import into the fixture's body."""
    fixture: str
    """Id of the fixture."""
    to: str | None = None
    """The new scope; the test or fixture whose argument goes; the module that is imported."""

    def __str__(self) -> str:
        words = {
            "scope": f"scope={self.to}",
            "drop_autouse": "no autouse",
            "remove": "removed",
            "usefixtures": f"usefixtures instead of the argument of {self.to}",
            "move_import": f"import {self.to} inside",
        }
        return f"{self.fixture}: {words[self.op]}"


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """One change that is advised, why, what it saves and what could make it wrong."""

    id: str
    """``kind:id of the fixture``, the same in each document of the same suite."""
    kind: AdviceKind
    fixtures: tuple[str, ...]
    """Ids of those that it is about, the one that costs first."""
    title: str
    """What to do, in one sentence."""
    safety: Safety
    evidence: tuple[Evidence, ...]
    """Why: what was measured and what was read."""
    against: tuple[Evidence, ...] = ()
    """What could make it wrong."""
    saves_s: Range | None = None
    """Seconds of a full run in one process, or, of the kinds about imports, of a start; null where it saves none, or
    nothing was measured."""
    saves_bytes: Range | None = None
    effort: Effort = "line"
    changes: tuple[Change, ...] = ()
    """Where it is mechanical: what to change."""


Verdict = Literal["proven", "refuted", "unclear"]
"""``proven``: same outcomes in all orders; ``refuted``: a test ended otherwise; ``unclear``: it could not be told."""


class TrialRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run of the tests that a change can affect."""

    order: Literal["given", "reversed"]
    changed: bool
    """Whether the change was in force."""
    wall_s: float
    fixtures_s: float
    """Seconds of all set-ups and teardowns."""
    rss_peak: int | None = None
    """Bytes of resident memory at its peak."""
    outcomes: Mapping[str, int] = {}
    """``passed``, ``failed``, ``error``, ``skipped``, …: how many."""


class Differing(msgspec.Struct, frozen=True, kw_only=True):
    """One test that ended otherwise under a change."""

    test: str
    """pytest's node id."""
    order: Literal["given", "reversed"]
    before: str
    after: str
    reason: str = ""
    """The last line of what pytest said."""


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a change that was tried in memory."""

    changes: tuple[Change, ...]
    advice: str | None = None
    """Id of the advice that it came from."""
    verdict: Verdict
    reason: str
    """Why, in one sentence."""
    tests: int = 0
    """Items that can be affected, and were run."""
    differing: tuple[Differing, ...] = ()
    saved_s: Range | None = None
    """Seconds of set-up and teardown; the ends are the least and the most of the pairs of runs."""
    saved_bytes: int | None = None
    runs: tuple[TrialRun, ...] = ()


class AnalysisInfo(msgspec.Struct, frozen=True, kw_only=True):
    """How an answer came about: what was read, for which interpreter, under which settings."""

    rootdir: str
    """Absolute path of pytest's rootdir."""
    arguments: tuple[str, ...] = ()
    """What was analyzed: files, folders and node ids with absolute paths; not in the document."""
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
