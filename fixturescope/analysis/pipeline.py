"""``analyze``: the static half as a table of contents. Find, read, link, collect, resolve, check, assemble."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from fixturescope.analysis import assemble
from fixturescope.analysis.assemble import Identities, Source
from fixturescope.analysis.basics import plain
from fixturescope.analysis.bounds import Bounds
from fixturescope.analysis.cache import FactsCache
from fixturescope.analysis.categories import INFERRED
from fixturescope.analysis.certainty import Certainties
from fixturescope.analysis.checks import CHECKS, CheckContext, Findings, check
from fixturescope.analysis.closures import Closures
from fixturescope.analysis.collect import Collector, NamingRules
from fixturescope.analysis.data import DataFiles
from fixturescope.analysis.dynamic import DynamicRequests
from fixturescope.analysis.environment import Environment, find_environment
from fixturescope.analysis.finder import Collected, Ignored, collect_files
from fixturescope.analysis.link import Linker
from fixturescope.analysis.makers import Makers
from fixturescope.analysis.nodes import Node
from fixturescope.analysis.plugins import PluginTable, plugins
from fixturescope.analysis.project import LATEST, Argument, Project, conftests_for, load_project, module_name
from fixturescope.analysis.pytest_source import MAKES_FIXTURES
from fixturescope.analysis.read import Progress, Reader
from fixturescope.analysis.resolve import Resolution, Resolver
from fixturescope.analysis.sources import SourceFinder
from fixturescope.analysis.suite import Suite, SuiteBuilder, plugin_module
from fixturescope.analysis.values import Constant, PathValue
from fixturescope.analysis.values import Sequence as Items
from fixturescope.errors import NothingToAnalyzeError, UsageError
from fixturescope.graph import FixtureGraph
from fixturescope.model import AnalysisInfo, Diagnostic
from fixturescope.settings import Settings, load_settings

_MAY_IGNORE = re.compile(
    r"collect_ig|import[\s\\]*\*|\b(?:__dict__|eval|exec|f_globals|globals|locals|modules|setattr|vars)\b"
)
"""What the text of a conftest holds that may have a ``collect_ignore``, whoever makes it and its name."""

CACHE_FILE = Path(".fixturescope", "cache", "facts")
"""Where facts are kept, from the rootdir."""


def analyze(
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = (),
    *,
    rootdir: str | os.PathLike[str] | None = None,
    python: str | os.PathLike[str] | None = None,
    settings: Mapping[str, object] | None = None,
    cwd: str | os.PathLike[str] | None = None,
    environ: Mapping[str, str] | None = None,
    progress: Progress | None = None,
    cache: bool = True,
) -> FixtureGraph:
    """Return the fixture graph of a test suite, from source alone.

    Args:
        paths: Files, folders or node ids, as pytest takes them; none means pytest's own ``testpaths``.
        rootdir: pytest's ``--rootdir``; found as pytest finds it when not given.
        python: The interpreter, or the folder of the virtual environment, whose plugins count; the project's ``.venv``
            or ``venv``, the active one or the running one when not given.
        settings: Settings that go before those of the project's file; keys as in ``[tool.fixturescope]``.
        cwd: Where pytest would be started; the working directory when not given.
        environ: Environment variables that pytest reads; those of this process when not given.
        progress: Called with what is being done, how much of it is done, and of how much.
        cache: Whether to keep what was read of each file below ``.fixturescope/cache`` in the rootdir, and to use it.

    Raises:
        UsageError: A path, an interpreter or a diagnostic does not exist, or a setting is wrong.
        ConfigError: pytest's or our configuration is broken.
        NothingToAnalyzeError: No test file was found, or no test of a node id that was given.
    """
    start = _start(paths, rootdir, python, settings, cwd, environ)
    kept = FactsCache(start.project.rootdir / CACHE_FILE if cache else None)
    limits = start.settings.limits
    reader = Reader(limits.max_file_bytes, limits.workers, kept, fixtures_only=_builtin_files(start))
    try:
        reader.expect([*_plugin_files(start, reader), *_likely_files(start.project)])
        collected = _collect_files(start, reader)
        linker = _linker(start, reader, [file.path for file in collected.files])
        suite = _build(start, collected, linker, reader, progress)
    finally:
        reader.close()
    _require_named(start.project, suite)
    dynamic = DynamicRequests(linker.evaluator)
    makers = Makers(suite, linker.evaluator)
    identities = _identities(start, suite)
    resolution = _resolve(start, suite, linker, dynamic, identities, makers)
    certainties = Certainties.of(
        suite,
        resolution,
        dynamic,
        makers,
        identities,
        collected,
        reader,
        start.project.relative,
        _unseen(start.project, collected),
    )
    kept.save()
    findings = _check(start, collected, suite, linker, dynamic, identities, resolution, certainties, reader)
    return _graph(start, collected, suite, resolution, dynamic, identities, certainties, findings)


@dataclass(frozen=True, slots=True)
class _Start:
    project: Project
    environment: Environment
    settings: Settings
    plugins: PluginTable


def _start(
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    rootdir: str | os.PathLike[str] | None,
    python: str | os.PathLike[str] | None,
    settings: Mapping[str, object] | None,
    cwd: str | os.PathLike[str] | None,
    environ: Mapping[str, str] | None,
) -> _Start:
    """Find the rootdir, our settings, the environment, and then the project as that environment's pytest sees it."""
    given = [os.fspath(paths)] if isinstance(paths, str | os.PathLike) else [os.fspath(path) for path in paths]
    where = Path(cwd) if cwd is not None else Path.cwd()
    variables = os.environ if environ is None else environ
    root = Path(rootdir) if rootdir is not None else None
    first = load_project(given, rootdir=root, cwd=where, environ=variables)
    own = load_settings(
        first.rootdir, cli={**(settings or {}), "python": os.fspath(python) if python is not None else None}
    )
    _require_codes(own)
    if not given and own.paths:
        given = [str(first.rootdir / path) for path in own.paths]
    environment = find_environment(own.python, first.rootdir, variables, cwd=where)
    version = environment.pytest.version if environment.pytest is not None else LATEST
    project = load_project(
        given,
        rootdir=root,
        cwd=where,
        overrides={name: value if isinstance(value, str) else "\n".join(value) for name, value in own.pytest.items()},
        environ=variables,
        pytest_version=(*version, 0, 0)[:3],
        site_packages=environment.site_packages,
    )
    return _Start(project, environment, own, plugins(environment, project.ini, environ=variables))


def _linker(start: _Start, reader: Reader, files: Sequence[Path]) -> Linker:
    limits = start.settings.limits
    return Linker(
        _finder(start, files),
        facts_of=reader.facts,
        text_of=reader.text,
        python_version=(*start.environment.version, 0),
        platform=sys.platform,
        fixture_decorators=frozenset(start.settings.fixture_decorators),
        bounds=Bounds(limits.call_depth, limits.steps, limits.loop, limits.seconds, limits.items, limits.text),
        files=DataFiles(start.project.rootdir),
    )


def _require_codes(settings: Settings) -> None:
    """Refuse codes that match no diagnostic: a slip would hide everything, or nothing."""
    for code in (*settings.select, *settings.ignore):
        if not any(known.code.startswith(code) for known in CHECKS):
            raise UsageError(
                f"there is no diagnostic {code!r}", hint=f"one of {', '.join(sorted(known.code for known in CHECKS))}"
            )


def _finder(start: _Start, files: Sequence[Path]) -> SourceFinder:
    return SourceFinder(start.project, start.environment, files, start.plugins.imported, start.plugins.packages)


def _collect_files(start: _Start, reader: Reader) -> Collected:
    project = start.project
    linker = _linker(start, reader, ())

    def ignored(conftest: Path) -> Ignored:
        if not _MAY_IGNORE.search(reader.text(conftest)):
            return None, None  # it is evaluated later, when it is known which files there are
        module = linker.load(conftest, module_name(conftest, project))
        names = {} if module is None else module.frame.names
        found: list[list[str] | None] = []
        for name in ("collect_ignore", "collect_ignore_glob"):
            value = linker.evaluator.force(names[name].value) if name in names else None
            items = value.items if isinstance(value, Items) else ()
            texts = [str(plain(item)) for item in items if isinstance(item, Constant | PathValue)]
            found.append(None if name not in names else texts)
        here = conftest.parent
        files, globs = found
        return (
            None if files is None else tuple(here / file for file in files),
            None if globs is None else tuple(str(here / glob) for glob in globs),
        )

    collected = collect_files(project, ignored)
    if not collected.files:
        looked = ", ".join(argument.text for argument in project.arguments) or str(project.rootdir)
        raise NothingToAnalyzeError(
            f"no test file found: looked for {', '.join(project.ini.python_files)} in {looked}",
            hint="give the folder that holds the tests, or set testpaths in pytest's configuration",
        )
    return collected


def _unseen(project: Project, collected: Collected) -> list[tuple[Path, int]]:
    """Return folders of conftests above what was asked for, with how many test files below them were left out."""
    if project.arguments_from != "arguments":
        return []
    files = [file.path for file in collected.files if not file.names]
    asked = [argument.path for argument in project.arguments]
    above = [
        c.parent
        for c in _conftests(project, [f.path for f in collected.files])
        if any(c.parent in p.parents for p in asked)
    ]
    if not above:
        return []
    whole = msgspec.structs.replace(project, arguments=(Argument(text=str(above[0]), path=above[0]),))
    others = {file.path for file in collect_files(whole).files} - set(files)
    found = [(folder, sum(folder in path.parents for path in others)) for folder in above]
    return [(folder, count) for folder, count in found if count]


def _plugin_files(start: _Start, reader: Reader) -> list[Path]:
    """Return the modules of plugins that will be asked for their fixtures; they are known before the tests are."""
    files = [(plugin.path, plugin.kind == "builtin") for plugin in start.plugins.plugins if plugin.path is not None]
    return [path for path, builtin in files if not builtin or MAKES_FIXTURES.search(reader.text(path))]


def _builtin_files(start: _Start) -> frozenset[Path]:
    """Return pytest's own modules, where they are not what is analyzed."""
    finder = SourceFinder(start.project, start.environment)
    paths = [plugin.path for plugin in start.plugins.plugins if plugin.kind == "builtin" and plugin.path is not None]
    return frozenset(path for path in paths if not finder.in_project(path))


def _likely_files(project: Project) -> list[Path]:
    """Return the test files that there are if no conftest ignores any: they are read while conftests are evaluated."""
    return [file.path for file in collect_files(project).files]


def _all_conftests(project: Project, collected: Collected) -> list[Path]:
    """Return the conftests that pytest meets, outermost first: those of folders without a test, too."""
    ini = msgspec.structs.replace(project.ini, python_files=("conftest.py",))
    met = {file.path for file in collect_files(msgspec.structs.replace(project, ini=ini)).files}
    met = {path for path in met if path.name == "conftest.py"} if not project.ini.noconftest else set()
    found = {*_conftests(project, [file.path for file in collected.files]), *met}
    return sorted(found, key=lambda path: (len(path.parts), path))


def _conftests(project: Project, files: Sequence[Path]) -> list[Path]:
    """Return the conftests in force for some files, outermost first."""
    folders = dict.fromkeys(path.parent for path in files)
    found = dict.fromkeys(project.initial_conftests)
    for folder in folders:
        found.update(dict.fromkeys(conftests_for(folder, project)))
    return sorted(found, key=lambda path: (len(path.parts), path))


def _build(start: _Start, collected: Collected, linker: Linker, reader: Reader, progress: Progress | None) -> Suite:
    """Register plugins and conftests in pytest's order, then collect the test modules.

    What these import is read when somebody asks for it.
    """
    project, environment = start.project, start.environment
    ini, files = project.ini, [file.path for file in collected.files]
    collector = Collector(linker, NamingRules(ini.python_functions, ini.python_classes, ini.collect_imported_tests))
    builder = SuiteBuilder(
        linker,
        collector,
        project.rootdir,
        plugins=start.plugins,
        plugin_path=_finder(start, files).plugin,
        plugins_first=environment.pytest is not None and not environment.pytest.fixtures_by_node,
        relative=project.relative,
        options={name: entry.value for name, entry in ini.raw.items() if isinstance(entry.value, str)},
        reuses_modules=ini.import_mode == "importlib" and project.pytest_version >= (8, 1),
    )
    builder.use_fixtures(ini.usefixtures)
    for plugin in start.plugins.plugins:
        builder.add_plugin(plugin_module(plugin))
    for conftest in _all_conftests(project, collected):
        builder.add_conftest(conftest, module_name(conftest, project))
    turns, ready = reader.in_turn(files, progress), set[Path]()
    for file in collected.files:
        if file.path not in ready:
            ready.add(next(turns))
        builder.add_test_file(file, module_name(file.path, project))
    turns.close()
    return builder.suite


def _require_named(project: Project, suite: Suite) -> None:
    """Stop, as pytest does, at a node id that is no test and no class with tests."""
    for argument in project.arguments:
        wanted = "::".join((project.relative(argument.path), *argument.names))
        if argument.names and not any(test.id == wanted or test.id.startswith(f"{wanted}::") for test in suite.tests):
            raise NothingToAnalyzeError(
                f"no test found: {argument.text}",
                hint="check the names behind ::; without them, the whole file is read",
            )


def _identities(start: _Start, suite: Suite) -> Identities:
    finder = SourceFinder(start.project, start.environment)

    def source_of(path: Path) -> Source:
        plugin = suite.plugins.get(path)
        if plugin is not None and not finder.in_project(path):
            return Source("builtin", "pytest") if plugin.builtin else Source("plugin", plugin.name)
        if finder.in_project(path):
            return Source("static")
        return Source("plugin", path.stem)

    identities = Identities(_relative(start.project), source_of)
    identities.assign(suite.definitions())
    return identities


def _resolve(
    start: _Start,
    suite: Suite,
    linker: Linker,
    dynamic: DynamicRequests,
    identities: Identities,
    makers: Makers,
) -> Resolution:
    pytest = start.environment.pytest
    closures = Closures(follows_overrides=pytest is None or pytest.closure_follows_overrides)
    resolver = Resolver(linker.evaluator, closures, suite.hooks, dynamic.of, start.project.relative, makers.may_make)
    tests = resolver.resolve(test for test in suite.tests if test.hidden is None)
    return resolver.tally(tests, identities.all, _package_of)


def _check(
    start: _Start,
    collected: Collected,
    suite: Suite,
    linker: Linker,
    dynamic: DynamicRequests,
    identities: Identities,
    resolution: Resolution,
    certainties: Certainties,
    reader: Reader,
) -> Findings:
    project = start.project
    return check(
        CheckContext(
            suite=suite,
            resolution=resolution,
            identities=identities,
            certainties=certainties,
            evaluator=linker.evaluator,
            requests_of=dynamic.of,
            relative=project.relative,
            in_project=SourceFinder(project, start.environment).in_project,
            text=reader.text,
            loose=tuple(dynamic.loose(suite.modules)),
            problems=reader.problems,
            reported=collected.diagnostics,
            duplicates=start.plugins.duplicates,
            missing=start.plugins.missing,
            inifile=project.relative(project.inifile) if project.inifile is not None else ".",
        )
    )


def _package_of(module: Node) -> str:
    """Return the package of a module node: the nearest folder above it that is one."""
    return next((node.id for node in module.ancestors() if node.kind == "directory" and node.package), "")


def _relative(project: Project):  # type: ignore[no-untyped-def]
    return project.relative


def _graph(
    start: _Start,
    collected: Collected,
    suite: Suite,
    resolution: Resolution,
    dynamic: DynamicRequests,
    identities: Identities,
    certainties: Certainties,
    findings: Findings,
) -> FixtureGraph:
    project, environment = start.project, start.environment
    fixtures = [
        assemble.fixture(
            identity,
            resolution.usage[identity],
            relative=project.relative,
            origin=identities.origin(identity),
            plugin=identities.source(identity).plugin,
            requests=dynamic.of(identity.first),
            unused=certainties.unused(identity),
            rules=start.settings.category,
        )
        for identity in identities.all
    ]
    tests = assemble.Tests(project.relative, project.ini.usefixtures)
    return FixtureGraph(
        fixtures=sorted(fixtures, key=lambda fixture: fixture.id),
        tests=[tests.model(resolved, dynamic.of(resolved.test)) for resolved in resolution.tests],
        edges=assemble.edges(resolution.tests, identities.all),
        diagnostics=_selected([*collected.diagnostics, *findings.diagnostics], start.settings),
        info=AnalysisInfo(
            rootdir=str(project.rootdir),
            arguments=tuple(one.text if one.module else str(project.cwd / one.text) for one in project.arguments),
            inifile=project.relative(project.inifile) if project.inifile is not None else None,
            python=str(environment.python),
            python_version=".".join(str(part) for part in environment.version),
            pytest_version=".".join(str(part) for part in project.pytest_version),
            chosen_by=environment.chosen_by,
            plugins=tuple(sorted({plugin.name for plugin in suite.plugins.values() if not plugin.builtin})),
            files=len({*(paths := [file.path for file in collected.files]), *_conftests(project, paths)}),
            notes=(*project.notes, *environment.notes, *(() if start.settings.category else (INFERRED,))),
            settings=start.settings.to_builtins(),
        ),
        reasons={identity.id: reason for identity in identities.all if (reason := certainties.reason(identity))},
    )


def _selected(diagnostics: Sequence[Diagnostic], settings: Settings) -> list[Diagnostic]:
    chosen = [diagnostic for diagnostic in diagnostics if settings.selects(diagnostic.code)]
    return sorted(chosen, key=lambda d: (d.path, d.line, d.code, d.message))
