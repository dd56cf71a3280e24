"""Which plugins pytest registers before it collects, in its order, from the target's metadata and pytest's own source.

In: an `Environment` and pytest's settings. Out: a `PluginTable`: the plugins, what is blocked, names that two
distributions claim, and the answer to "what would ``pytest_plugins = [NAME]`` load?". Nothing is imported.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import msgspec

from fixturescope.analysis.paths import read_text
from fixturescope.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from fixturescope.analysis.distributions import Distribution, EntryPoint
    from fixturescope.analysis.environment import Environment
    from fixturescope.analysis.modules import ModuleFinder
    from fixturescope.analysis.project import PytestIni
    from fixturescope.analysis.pytest_source import PytestSource

PluginKind = Literal["builtin", "entry_point", "option", "env", "module"]
"""Who asked for it: pytest itself, an installed distribution, ``-p``, ``PYTEST_PLUGINS``, some ``pytest_plugins``."""

_DEFAULT_BUILTINS = (
    *("mark", "main", "runner", "fixtures", "helpconfig", "python", "terminal", "debugging", "unittest", "capture"),
    *("skipping", "legacypath", "tmpdir", "monkeypatch", "recwarn", "pastebin", "assertion", "junitxml", "doctest"),
    *("cacheprovider", "setuponly", "setupplan", "stepwise", "warnings", "logging", "reports", "faulthandler"),
)


_IMPORTED = re.compile(r"^(?:from|import)[ \t]+(\w+)", re.MULTILINE)


class Plugin(msgspec.Struct, frozen=True, kw_only=True):
    """One plugin that pytest registers."""

    name: str
    """The name it is registered (and can be blocked) under."""
    module: str
    attribute: str | None = None
    """For ``module:attribute`` entry points: the object in the module that is the plugin."""
    path: Path | None = None
    """Its source file; None when there is none to read."""
    distribution: str | None = None
    kind: PluginKind


class Duplicate(msgspec.Struct, frozen=True):
    """One plugin name that several distributions bring; pytest registers the first and ignores the others."""

    name: str
    registered: str
    ignored: str


class PluginTable:
    """pytest's plugin registry before collection."""

    def __init__(self, environment: Environment, ini: PytestIni, *, environ: Mapping[str, str] = {}) -> None:
        """Read the registry; see `plugins`."""
        source = environment.pytest
        roots = ini.pythonpath
        self._source: PytestSource | None = source
        self._finder: ModuleFinder = environment.finder(roots)
        self._entry_points = _entry_points(
            environment.distributions(roots if source is None or source.pythonpath_before_plugins else ())
        )
        self._registered: dict[str, Plugin] = {}
        self._blocked: set[str] = set()
        self._missing: list[str] = []
        self._warned = _warning_packages(ini)
        self._path_of: Callable[[str], Path | None] = lambda _: None
        for name in (source.default_plugins if source is not None else ()) or _DEFAULT_BUILTINS:
            self._import(name, "builtin")
        for argument in ini.plugins_p:
            self._consider_argument(argument, ini)
        self._autoload = not (ini.disable_plugin_autoload or environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD"))
        if self._autoload:
            self._load_entry_points(None)
        for name in filter(None, environ.get("PYTEST_PLUGINS", "").split(",")):
            self._import(name, "env", entry_points=source is not None and source.env_considers_entry_points)

    @property
    def plugins(self) -> tuple[Plugin, ...]:
        """The registered plugins, in order."""
        return tuple(self._registered.values())

    @property
    def blocked(self) -> frozenset[str]:
        """Names that ``-p no:NAME`` keeps out."""
        return frozenset(self._blocked)

    @property
    def missing(self) -> tuple[str, ...]:
        """Modules that were asked for and are not installed; pytest would stop there."""
        return tuple(dict.fromkeys(self._missing))

    @property
    def duplicates(self) -> tuple[Duplicate, ...]:
        """Names that two distributions bring, although only one can be registered."""
        first: dict[str, tuple[Distribution, EntryPoint]] = {}
        found = []
        for distribution, entry in self._entry_points if self._autoload else ():
            other = first.setdefault(entry.name, (distribution, entry))
            if other[0].name.lower() != distribution.name.lower():
                found.append(Duplicate(entry.name, other[0].canonical_name(), distribution.canonical_name()))
        return tuple(found)

    @property
    def imported(self) -> frozenset[str]:
        """Top-level packages that plugins lie in or import, or the filters of warnings name.

        They are imported before any folder of the project is on the path.
        """
        names = set(self._warned)
        for plugin in self.plugins:
            if plugin.path is not None and plugin.kind != "builtin":
                names |= {plugin.module.partition(".")[0], *_IMPORTED.findall(read_text(plugin.path) or "")}
        return frozenset(name for name in names if self._finder.find_module(name) is not None)

    @property
    def packages(self) -> frozenset[str]:
        """Top-level packages that plugins lie in, pytest's own apart."""
        return frozenset(plugin.module.partition(".")[0] for plugin in self.plugins if plugin.kind != "builtin")

    def load(self, name: str, path_of: Callable[[str], Path | None] = lambda _: None) -> tuple[Plugin, ...]:
        """Register what a ``pytest_plugins`` entry names, by pytest's rules; return the new plugins (often one).

        Nothing comes back for a name that is blocked or registered already.

        Args:
            name: The entry.
            path_of: Where the module that has the entry would find a module: by then pytest has put folders of the
                project on ``sys.path``.
        """
        before = set(self._registered)
        self._path_of = path_of
        self._import(name, "module", entry_points=self._source is not None and self._source.env_considers_entry_points)
        return tuple(plugin for key, plugin in self._registered.items() if key not in before)

    def _consider_argument(self, argument: str, ini: PytestIni) -> None:
        """One ``-p``: ``no:NAME`` blocks, anything else is imported at once."""
        name = argument.removeprefix("no:")
        variants = (name,) if name.startswith("pytest_") else (name, f"pytest_{name}")
        if argument == name:
            self._blocked.difference_update(variants)
            self._import(name, "option", entry_points=True)
            return
        essential = self._source.essential_plugins if self._source is not None else ()
        if name in essential:
            raise ConfigError(
                f"plugin {name} cannot be disabled", hint=f"take -p no:{name} out of addopts ({' '.join(ini.addopts)})"
            )
        if name == "cacheprovider":
            variants = (*variants, "stepwise", "pytest_stepwise")
        for variant in variants:
            self._blocked.add(variant)
            self._registered.pop(variant, None)

    def _import(self, name: str, kind: PluginKind, *, entry_points: bool = False) -> None:
        if name in self._blocked or name in self._registered:
            return
        if entry_points and self._load_entry_points(name):
            return
        builtin = self._source.builtin_plugins if self._source is not None else _DEFAULT_BUILTINS
        module = f"_pytest.{name}" if name in builtin else name
        path = self._path(module)
        if path is None and self._finder.is_importable(module) is False and kind != "builtin":
            self._missing.append(module)
            return
        self._register(Plugin(name=name, module=module, path=path, kind="builtin" if module != name else kind))

    def _load_entry_points(self, name: str | None) -> int:
        count = 0
        for distribution, entry in self._entry_points:
            taken = entry.name in self._registered or entry.name in self._blocked
            if taken or (name is not None and entry.name != name):
                continue
            count += 1
            self._register(
                Plugin(
                    name=entry.name,
                    module=entry.module,
                    attribute=entry.attribute,
                    path=self._path(entry.module),
                    distribution=distribution.canonical_name(),
                    kind="entry_point",
                )
            )
        return count

    def _register(self, plugin: Plugin) -> None:
        """Register, then what its module's own ``pytest_plugins`` names, if that is plain to see."""
        merged = self._source.merged_plugins if self._source is not None else frozenset()
        known = ((item.module, item.attribute) for item in self._registered.values())
        if plugin.name in merged or (plugin.module, plugin.attribute) in known:
            return
        self._registered[plugin.name] = plugin
        if plugin.attribute is None and plugin.path is not None and plugin.kind == "builtin":
            for name in _own_plugins(plugin.path):
                self._import(name, "builtin")

    def _path(self, module: str) -> Path | None:
        if module.startswith("_pytest.") and self._source is not None:
            relative = module.removeprefix("_pytest.").replace(".", "/")
            candidates: Sequence[Path] = (
                self._source.directory / f"{relative}.py",
                self._source.directory / relative / "__init__.py",
            )
            return next((path for path in candidates if path.is_file()), None)
        found = self._finder.find_module(module)
        return self._path_of(module) or (found.path if found is not None else None)


def plugins(environment: Environment, ini: PytestIni, *, environ: Mapping[str, str] = {}) -> PluginTable:
    """Return the plugins that pytest registers before it collects.

    Order: pytest's own, ``-p`` (each at its turn), ``pytest11`` entry points unless autoloading is disabled (by
    ``--disable-plugin-autoload`` or ``PYTEST_DISABLE_PLUGIN_AUTOLOAD``), ``PYTEST_PLUGINS``. What a third-party
    module's own ``pytest_plugins`` names is for the caller, who has read the module: see `PluginTable.load`.

    Args:
        environment: The target.
        ini: pytest's settings.
        environ: The process environment.

    Raises:
        ConfigError: ``-p no:NAME`` names a plugin that pytest cannot do without.
    """
    return PluginTable(environment, ini, environ=environ)


def plugin_options(table: Iterable[Plugin]) -> dict[str, bool]:
    """Return the command line options that plugins declare → whether each takes a value, from their source text.

    A look at ``addoption("--name", …, action="store_true")`` calls as text: good enough to tell the value of an
    option in ``addopts`` from a path.
    """
    found: dict[str, bool] = {}
    for plugin in table:
        text = read_text(plugin.path) if plugin.path is not None and plugin.kind != "builtin" else None
        for call in re.split(r"addoption\s*\(", text or "")[1:]:
            head = call[:600].split("addoption", maxsplit=1)[0].split("addini", maxsplit=1)[0]
            names = re.match(r"""\s*((?:['"]-{1,2}[\w-]+['"]\s*,\s*)+)""", head)
            if names is not None:
                flag = re.search(
                    r"""action\s*=\s*['"](?:store_true|store_false|store_const|count|append_const)""", head
                )
                found.update(dict.fromkeys(re.findall(r"-{1,2}[\w-]+", names.group(1)), flag is None))
    return found


def _entry_points(distributions: Iterable[Distribution]) -> list[tuple[Distribution, EntryPoint]]:
    return [(distribution, entry) for distribution in distributions for entry in distribution.entry_points("pytest11")]


def _warning_packages(ini: PytestIni) -> set[str]:
    """Return the packages of the categories in ``filterwarnings``: pytest imports them while it starts."""
    given = ini.raw["filterwarnings"].value if "filterwarnings" in ini.raw else ()
    lines = given.splitlines() if isinstance(given, str) else given if isinstance(given, list) else []
    categories = [str(line).split(":")[2].strip() for line in lines if str(line).count(":") >= 2]
    return {category.partition(".")[0] for category in categories if "." in category}


def _own_plugins(path: Path) -> list[str]:
    match = re.search(r"^pytest_plugins\s*=\s*\[([^\]]*)\]", read_text(path) or "", re.MULTILINE)
    return re.findall(r"""['"]([\w.]+)['"]""", match.group(1)) if match else []
