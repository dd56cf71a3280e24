"""The collection tree of one suite: plugins and conftests registered in pytest's order, test modules collected.

In: the project's files, the environment's plugins, the linker. Out: ``Suite``: every node, every registration, every
collected test, nothing resolved yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fixturescope.analysis import facts as f
from fixturescope.analysis.collect import Collector
from fixturescope.analysis.finder import TestFile
from fixturescope.analysis.frames import Issue, Module
from fixturescope.analysis.generate import GenerateHook, generate_hook
from fixturescope.analysis.link import Linker
from fixturescope.analysis.mro import lookup_in_class
from fixturescope.analysis.nodes import CollectedTest, Definition, Node
from fixturescope.analysis.paths import is_file
from fixturescope.analysis.plugin_rules import rules_for
from fixturescope.analysis.plugins import Plugin, PluginTable
from fixturescope.analysis.pytest_source import MAKES_FIXTURES
from fixturescope.analysis.values import ClassValue, Constant, External, FunctionValue, ModuleRef, Value
from fixturescope.analysis.values import Sequence as Items

_DECIDERS = {
    "pytest_collect_directory": "what a folder is collected as",
    "pytest_collect_file": "what files are collected as",
    "pytest_ignore_collect": "which files are left out",
    "pytest_pycollect_makemodule": "what a module is collected as",
    "pytest_pycollect_makeitem": "which classes and functions are tests",
}
"""Hooks that change what is collected, which nobody knows without running them."""


@dataclass(frozen=True, slots=True)
class PluginModule:
    """A plugin that pytest registers before collection."""

    dotted: str
    path: Path | None
    """Its source; None when there is none to read."""
    name: str
    """The distribution that brings it, or its dotted name."""
    builtin: bool


def plugin_module(plugin: Plugin, by: PluginModule | None = None) -> PluginModule:
    """Return a plugin of the registry as a module; one that another plugin loads belongs to the same distribution.

    Args:
        plugin: The plugin.
        by: The plugin whose ``pytest_plugins`` names it.
    """
    shown = plugin.distribution or (by.name if by is not None else plugin.module)
    return PluginModule(plugin.module, plugin.path, shown, plugin.module.startswith("_pytest."))


@dataclass(slots=True, eq=False)
class Suite:
    """Everything collected."""

    session: Node
    nodes: dict[str, Node] = field(default_factory=dict)
    tests: list[CollectedTest] = field(default_factory=list)
    hooks: list[GenerateHook] = field(default_factory=list)
    plugins: dict[Path, PluginModule] = field(default_factory=dict)
    """Source file of each plugin → the plugin."""
    unread: list[PluginModule] = field(default_factory=list)
    """Plugins without a source that can be read: what fixtures they have is not known."""
    modules: list[Module] = field(default_factory=list)
    """Conftests, test modules and the project's own plugins."""
    skipped: list[Module] = field(default_factory=list)
    """Test modules that skip themselves while they are imported."""

    def definitions(self) -> Iterable[Definition]:
        """Return all registrations, from the session down."""
        for node in dict.fromkeys((self.session, *self.nodes.values())):
            for known in list(node.fixtures.values()):
                yield from known


class SuiteBuilder:
    """Builds the tree.

    Args:
        linker: The modules.
        collector: Reads namespaces.
        rootdir: Node ids start from here.
        plugins: pytest's plugin registry: what a ``pytest_plugins`` entry loads.
        plugin_path: Where the module of such an entry is.
        plugins_first: Whether a plugin that a test module loads goes in front of the conftests (before pytest 9.1).
        relative: Shows a path as the document does.
        options: Ini options of the project, as text.
        reuses_modules: Whether pytest takes a test module that was imported before from where it was imported
            (importlib mode).
    """

    def __init__(
        self,
        linker: Linker,
        collector: Collector,
        rootdir: Path,
        *,
        plugins: PluginTable,
        plugin_path: Callable[[str], Path | None],
        plugins_first: bool,
        relative: Callable[[Path], str],
        options: Mapping[str, str],
        reuses_modules: bool = False,
    ) -> None:
        self._options = options
        self._reuses_modules = reuses_modules
        self._imported: set[str] = set()
        """In importlib mode, the dotted names that were imported from where the interpreter finds them."""
        self._own: set[str] = set()
        """In importlib mode, the packages that pytest imported from the folders that its files stand in."""
        self._plugins = plugins
        self._plugin_path = plugin_path
        self._linker = linker
        self._collector = collector
        self._rootdir = rootdir
        self._plugins_first = plugins_first
        self._relative = relative
        self.suite = Suite(Node("session", ""))
        self._registered: set[str] = set()
        self._position = 0
        """How many test modules have been met."""

    def use_fixtures(self, names: Sequence[str]) -> None:
        """Put the names of the ini option ``usefixtures`` in force everywhere."""
        self.suite.session.autouse.extend(names)

    def add_plugin(self, plugin: PluginModule) -> None:
        """Register a plugin and those that it loads itself."""
        if plugin.dotted in self._registered:
            return
        self._registered.add(plugin.dotted)
        if plugin.path is None:
            self.suite.unread.append(plugin)
            return
        if plugin.builtin and not self._linker.mentions(plugin.path, MAKES_FIXTURES):
            return
        module = self._linker.load(plugin.path, plugin.dotted)
        if module is None:
            self.suite.unread.append(plugin)
            return
        self._note_imports(module)
        self.suite.plugins.setdefault(plugin.path, plugin)
        if module.in_project:
            self.suite.modules.append(module)
            _note_deciders(module)
        front = self._position > 0 and self._plugins_first
        self._collector.register_module(module, self.suite.session, front=front, since=self._position)
        self._register_objects(module)
        self._add_hooks(module, self.suite.session, builtin=plugin.builtin)
        self._load_named(module, plugin)

    def add_conftest(self, path: Path, dotted: str) -> None:
        """Register a conftest on its directory, or on the session when it is not below the rootdir."""
        self._note_packages(path, dotted)
        module = self._linker.load(path, dotted)
        if module is None:
            return
        self._note_imports(module)
        node = self.directory(path.parent)
        self.suite.modules.append(module)
        _note_deciders(module)
        self._load_named(module, None)
        self._collector.register_module(module, node)
        self._add_hooks(module, node, builtin=False)

    def add_test_file(self, file: TestFile, dotted: str) -> None:
        """Collect a test module."""
        self._note_packages(file.path, dotted)
        module = self._linker.load(self._imported_from(file.path, dotted), dotted)
        if module is None:
            return
        self._note_imports(module)
        self._position += 1
        parent = self._above(file)
        node = Node("module", self._relative(file.path), parent, module, position=self._position)
        self.suite.modules.append(module)
        if module.skipped is not None:
            self.suite.skipped.append(module)
        self._load_named(module, None)
        self._collector.register_module(module, node)
        self.suite.nodes[node.id] = node
        self._add_hooks(module, node, builtin=False)
        rules = rules_for(self._registered)
        for test in self._collector.collect_module(module, node):
            test.marks = (*(mark for rule in rules for mark in rule.marks(test, self._options)), *test.marks)
            for ancestor in test.node.ancestors():
                self.suite.nodes.setdefault(ancestor.id, ancestor)
            if file.names and not _selected(test, node, file.names):
                continue
            test.hidden = module.skipped
            self.suite.tests.append(test)
        for cls in self._collector.classes:
            self.suite.nodes.setdefault(cls.id, cls)
            self._add_class_hooks(cls)
        self._collector.classes.clear()

    def directory(self, path: Path) -> Node:
        """Return the node of a directory; the rootdir and all outside it are the session."""
        try:
            parts = path.relative_to(self._rootdir).parts
        except ValueError:
            return self.suite.session
        node = self.suite.session
        for i, _ in enumerate(parts):
            identity = "/".join(parts[: i + 1])
            child = self.suite.nodes.get(identity)
            if child is None:
                child = self.suite.nodes[identity] = Node("directory", identity, node)
            node = child
        return node

    def _imported_from(self, path: Path, dotted: str) -> Path:
        """Return the file of a test module: another one where a module of that name has been imported before.

        So it is in importlib mode when a package is installed, a plugin imported it, and its tests lie in the source
        tree: ``from .test_other import x`` imports the installed ``test_other``, and pytest does not import it again.
        """
        if not self._reuses_modules or dotted not in self._imported:
            return path
        return self._linker.path_of(dotted) or path

    def _note_packages(self, path: Path, dotted: str) -> None:
        """Note the packages of a file that pytest is about to import: those that nothing imported come from its folders."""
        parts = dotted.split(".")[:-1]
        inner = path.parent if path.name == "__init__.py" else path
        for depth in range(len(parts) if self._reuses_modules else 0):
            package, folder = ".".join(parts[: depth + 1]), inner.parents[len(parts) - 1 - depth]
            if package not in self._imported and package not in self._own and is_file(folder / "__init__.py"):
                self._own.add(package)
                self._linker.prefer(package, folder)

    def _note_imports(self, module: Module) -> None:
        for dotted in _imports(module, self._linker) if self._reuses_modules else ():
            packages = _prefixes(dotted)
            if self._own.isdisjoint(packages):
                self._imported.update(packages)

    def _above(self, file: TestFile) -> Node:
        for entry in file.node_dirs:
            node = self.directory(entry.path)
            if node.kind == "directory":
                node.package = entry.is_package
        return self.directory(file.path.parent)

    # plugins that modules name

    def _load_named(self, module: Module, by: PluginModule | None) -> None:
        binding = module.frame.names.get("pytest_plugins")
        if binding is None:
            return
        value = self._linker.evaluator.force(binding.value)
        items = value.items if isinstance(value, Items) else (value,)
        for item in items:
            if not isinstance(item, Constant) or not isinstance(item.value, str):
                continue
            for name in item.value.split(",") if isinstance(value, Constant) else (item.value,):
                self._load_plugin(name.strip(), by)

    def _load_plugin(self, name: str, by: PluginModule | None) -> None:
        for plugin in self._plugins.load(name, self._plugin_path):
            self.add_plugin(plugin_module(plugin, by))

    def _register_objects(self, module: Module) -> None:
        """Register fixtures of classes that a plugin hands to the plugin manager while it starts."""
        for binding in list(module.frame.names.values()):
            function = binding.value
            if not isinstance(function, FunctionValue) or not function.facts.name.startswith("pytest_"):
                continue
            for name in _registered_names(function.facts.body or ()):
                value = self._linker.evaluator.lookup(module.frame, name)
                if isinstance(value, ClassValue):
                    self._collector.register_class(value, self.suite.session)

    # hooks

    def _add_hooks(self, module: Module, node: Node, *, builtin: bool) -> None:
        binding = module.frame.names.get("pytest_generate_tests")
        if binding is None or builtin:
            return
        function = self._linker.evaluator.force(binding.value)
        if isinstance(function, FunctionValue):
            path = self._relative(function.module.path)
            self.suite.hooks.append(generate_hook(function, node, path, in_project=module.in_project))

    def _add_class_hooks(self, node: Node) -> None:
        cls = node.cls
        function = lookup_in_class(self._linker.evaluator, cls, "pytest_generate_tests") if cls is not None else None
        if cls is not None and isinstance(function, FunctionValue):
            path = self._relative(function.module.path)
            hook = generate_hook(function, node, path, in_project=function.module.in_project, cls=cls)
            self.suite.hooks.append(hook)


def _imports(module: Module, linker: Linker) -> Iterable[str]:
    """Yield the dotted name of a module and of what it imports while it is imported; some may be names in modules."""
    yield module.dotted
    stack = list(module.facts.body)
    while stack:
        statement = stack.pop()
        if isinstance(statement, f.Import):
            yield from (dotted for dotted, _ in statement.names)
        elif isinstance(statement, f.FromImport):
            source = linker.absolute(module, statement.module, statement.level)
            yield source
            yield from (f"{source}.{name}" for name, _ in statement.names or ())
        elif isinstance(statement, f.If | f.Try | f.With):
            stack.extend(statement.body)
            stack.extend(getattr(statement, "orelse", ()))


def _prefixes(dotted: str) -> list[str]:
    """Return a dotted name and all packages above it, outermost first."""
    parts = dotted.split(".")
    return [".".join(parts[: i + 1]) for i in range(len(parts))]


def _note_deciders(module: Module) -> None:
    """Say which hooks of a conftest or plugin decide by running what is collected."""
    for name, what in _DECIDERS.items():
        binding = module.frame.names.get(name)
        if binding is not None:
            module.issues.append(Issue(binding.line, f"the hook {name} decides {what}"))


def _selected(test: CollectedTest, module: Node, names: tuple[str, ...]) -> bool:
    wanted = f"{module.id}::{'::'.join(names)}"
    return test.id == wanted or test.id.startswith(f"{wanted}::")


def _registered_names(body: Sequence[f.Stmt]) -> Iterable[str]:
    """Yield names of classes in calls such as ``config.pluginmanager.register(TheClass, "name")``."""
    for call in _calls_in(body):
        if isinstance(call.func, f.Attr) and call.func.attr == "register" and call.args:
            first = call.args[0].value
            if isinstance(first, f.Call):
                first = first.func
            if isinstance(first, f.Name):
                yield first.id


def _calls_in(node: object) -> Iterable[f.Call]:
    stack = [node]
    while stack:
        current = stack.pop()
        if isinstance(current, f.Call):
            yield current
        if isinstance(current, tuple):
            stack.extend(current)
        elif hasattr(current, "__struct_fields__"):
            stack.extend(getattr(current, name) for name in current.__struct_fields__)


__all__ = ["External", "ModuleRef", "PluginModule", "Suite", "SuiteBuilder", "Value"]
