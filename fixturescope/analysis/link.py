"""Files to each other: which module a name comes from, across imports, star imports and packages, without importing.

The linker loads facts on demand and keeps to what can matter. A module of the project that never mentions a test
library is looked up by text (does it define the name, or where does it get it from?) and parsed only when somebody
needs the thing itself; a library stays ``External`` until a base class or a fixture-making decorator asks for it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Protocol

import msgspec

from fixturescope.analysis import facts as f
from fixturescope.analysis.bases import may_be_run_by_unittest
from fixturescope.analysis.basics import MUTATORS
from fixturescope.analysis.bounds import DEFAULT, Bounds
from fixturescope.analysis.data import DataFiles
from fixturescope.analysis.evaluate import Evaluator, is_dynamic_helper
from fixturescope.analysis.facts import ModuleFacts
from fixturescope.analysis.frames import Binding, Module
from fixturescope.analysis.known import canonical
from fixturescope.analysis.paths import is_file
from fixturescope.analysis.values import (
    UNKNOWN,
    Constant,
    External,
    FunctionValue,
    Imported,
    Mapped,
    ModuleRef,
    Unknown,
    Value,
    current,
)
from fixturescope.analysis.values import Sequence as Items

SPECIAL_ROOTS = frozenset({
    "abc", "attr", "attrs", "builtins", "contextlib", "dataclasses", "enum", "functools", "hypothesis", "itertools", "mock",
    "os", "platform", "pytest", "_pytest", "sys", "typing", "typing_extensions", "unittest",
})  # fmt: skip
"""Top-level modules whose meaning ``known`` holds: their source is never followed."""

_READABLE = frozenset({"attr", "attrs"})
"""Special modules whose constants may be read all the same."""

_TEST_WORDS = re.compile(r"pytest|unittest|hypothesis|fixture|\bmock\b")
_TESTCASE = re.compile(r"unittest|TestCase")
_FROM_IMPORT = re.compile(
    r"^[ \t]*from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n(]*(?:\\\n[^\n]*)*)", re.MULTILINE
)
_GLOBAL = re.compile(r"^[ \t]+global[ \t]+([\w, \t]+)", re.MULTILINE)
_INDEX = r"\[(?:[^\[\]\n]|\[[^\[\]\n]*\])*\]"
"""An index, itself indexed or not, as text."""

_COMMENT = re.compile(r"#[^\n]*")
_CHANGES_IMPORTS = re.compile(
    r"^([ \t]*)(?![ \t])[^#\n]*?(?:\bsys\.path[ \t]*(?:\[[^\]\n]{0,200}\][ \t]*)?(?:\+?=(?!=)|\.(?:insert|append|extend)\b)|\baddsitedir\b"
    r"|\bsys\.modules[ \t]*(?:\[[^\]\n]{0,200}\][ \t]*=(?!=)|\.(?:setdefault|update)\b)|\bsys\.meta_path\b"
    r"|\bpatch\.dict\([ \t]*[\"']?sys\.modules)",
    re.MULTILINE,
)
_DEFINED = re.compile(r"^(?:async[ \t]+)?(def|class)[ \t]+(\w+)", re.MULTILINE)
_MUTATION = re.compile(
    rf"(?<![\w.])(\w+)(?=[ \t]*(?:{_INDEX}[ \t]*(?:[-+|&]?=)(?!=)|\.(?:{'|'.join(sorted(MUTATORS))})\b|[-+|&]=))"
    r"|\bdel[ \t(]+(\w+)(?=[ \t]*\[)"
)
"""A name whose collection is changed; what follows it is only looked at, since another name may be changed in its index."""


class Finder(Protocol):
    """Where modules are, from files only."""

    def source(self, dotted: str) -> Path | None:
        """Return the ``.py`` file of a module or package, or None when it has none that can be read."""

    def importable(self, dotted: str) -> bool | None:
        """Return whether the module is there; None where that cannot be known."""

    def in_project(self, path: Path) -> bool:
        """Return whether a file belongs to the project under analysis."""

    def is_stdlib(self, path: Path) -> bool:
        """Return whether a file belongs to the standard library."""

    def version_of(self, name: str) -> str | None:
        """Return the version of the distribution that brings a top-level module, or None."""

    def brings_plugin(self, package: str) -> bool:
        """Return whether a plugin of pytest that is not pytest's own lies in a top-level package."""


class Linker:
    """All modules of one analysis.

    Args:
        finder: Where modules are.
        facts_of: Reads, outlines and extracts one file; None for one that cannot be read.
        text_of: Reads one file as text; empty for one that cannot be read.
        python_version: Of the target interpreter: major, minor, micro.
        platform: ``sys.platform`` of the target.
        fixture_decorators: Dotted names that act like ``pytest.fixture``.
        bounds: How far evaluation goes.
        files: What may be read of data; None: nothing.
    """

    def __init__(
        self,
        finder: Finder,
        *,
        facts_of: Callable[[Path], ModuleFacts | None],
        text_of: Callable[[Path], str],
        python_version: tuple[int, ...],
        platform: str,
        fixture_decorators: frozenset[str] = frozenset(),
        bounds: Bounds = DEFAULT,
        files: DataFiles | None = None,
    ) -> None:
        self.files = files
        self.python_version = python_version
        self.platform = platform
        self.modules: dict[Path, Module] = {}
        self.evaluator = Evaluator(self, fixture_decorators, bounds)
        self._finder = finder
        self._facts_of = facts_of
        self._text_of = text_of
        self._names: dict[str, Path | None] = {}
        self._added: list[str] = []
        self._preferred: dict[str, Path] = {}
        self._importable: dict[str, bool | None] = {}
        self._stars: dict[str, tuple[str, ...]] = {}
        self._read: dict[str, Value] = {}
        self._following: set[tuple[str, str]] = set()
        self._attributes: dict[tuple[str, str], Value] = {}
        self._matters: dict[tuple[str, str], bool] = {}
        self._run_by_unittest: dict[str, bool] = {}
        self._globals: dict[Path, frozenset[str]] = {}
        self._mutated: dict[tuple[Path, str], bool] = {}
        self._texts: dict[Path, _Text] = {}

    def load(self, path: Path, dotted: str) -> Module | None:
        """Return the evaluated module of a file, or None when it cannot be read."""
        module = self.modules.get(path)
        if module is None:
            facts = self._facts_of(path)
            if facts is None:
                return None
            module = Module(path, dotted, facts, path.name == "__init__.py", self._finder.in_project(path))
            self.modules[path] = module
            self._names.setdefault(dotted, path)
        if module.state == "new":
            self.evaluator.run_module(module)
            module.dynamic_helpers = [
                binding.value
                for binding in module.frame.names.values()
                if isinstance(binding.value, FunctionValue) and is_dynamic_helper(binding.value.facts)
            ]
        return module

    def named(self, dotted: str) -> Module | None:
        """Return the evaluated module of a dotted name, or None when there is no source to read."""
        path = self.path_of(dotted)
        return None if path is None else self.load(path, dotted)

    def path_of(self, dotted: str) -> Path | None:
        """Return the source file of a module, or None."""
        if dotted not in self._names:
            self._names[dotted] = (
                self._preferred_source(dotted) or self._finder.source(dotted) or self._added_source(dotted)
            )
        return self._names[dotted]

    def import_from(self, folder: str) -> None:
        """See ``world.Modules.import_from``; a folder that depends on where pytest is started is not known."""
        if Path(folder).is_absolute() and folder not in self._added:
            self._added.append(folder)
            self._names = {name: path for name, path in self._names.items() if path is not None}
            self._importable = {name: found for name, found in self._importable.items() if found}

    def _added_source(self, dotted: str) -> Path | None:
        """Return the file of a module in a folder that the suite itself has put on the path."""
        stems = [Path(folder, *dotted.split(".")) for folder in self._added]
        candidates = [path for stem in stems for path in (stem / "__init__.py", stem.with_name(f"{stem.name}.py"))]
        return next((path for path in candidates if is_file(path)), None)

    def prefer(self, package: str, folder: Path) -> None:
        """Have the modules of a package looked for in a folder first, wherever else the package may be found."""
        self._preferred[package] = folder

    def _preferred_source(self, dotted: str) -> Path | None:
        parent, _, name = dotted.rpartition(".")
        folder = self._preferred.get(parent)
        candidates = [folder / name / "__init__.py", folder / f"{name}.py"] if folder is not None else []
        return next((path for path in candidates if is_file(path)), None)

    def mentions(self, path: Path, pattern: re.Pattern[str]) -> bool:
        """Return whether a file's text matches a pattern; True for one that was parsed already."""
        return path in self.modules or pattern.search(self._text(path)) is not None

    # what the evaluator asks

    def attribute(self, dotted: str, name: str) -> Value:
        """See ``world.Modules.attribute``."""
        key = (dotted, name)
        if key in self._attributes:
            return self._attributes[key]
        if key in self._following:
            return UNKNOWN  # a cycle of re-exports
        self._following.add(key)
        try:
            value = self._attribute(dotted, name)
        finally:
            self._following.discard(key)
        module = self.modules.get(self._names.get(dotted) or Path())
        if module is None or module.state == "done":
            self._attributes[key] = value
        return value

    def _attribute(self, dotted: str, name: str) -> Value:
        if dotted.partition(".")[0] in SPECIAL_ROOTS:
            return External(canonical(f"{dotted}.{name}"))
        path = self.path_of(dotted)
        if path is None or not self._finder.in_project(path):
            return External(f"{dotted}.{name}")
        if path not in self.modules and "test" not in dotted and not self._mentions_tests(path):
            found = self._by_text(dotted, path, name)
            if found is not None:
                return found
        module = self.load(path, dotted)
        return External(f"{dotted}.{name}") if module is None else self._in_module(module, dotted, name)

    def _in_module(self, module: Module, dotted: str, name: str) -> Value:
        binding = module.frame.names.get(name)
        if binding is not None:
            return self._value(module, name, binding)
        for star in reversed(module.frame.stars):
            if name in self.star_names(star):
                return self.attribute(star, name)
        if self.path_of(f"{dotted}.{name}") is not None:
            return ModuleRef(f"{dotted}.{name}")
        return UNKNOWN

    def brings_plugin(self, dotted: str) -> bool:
        """See ``world.Modules.brings_plugin``."""
        return self._finder.brings_plugin(dotted.partition(".")[0])

    def version_of(self, name: str) -> str | None:
        """See ``world.Modules.version_of``."""
        return self._finder.version_of(name)

    def mutated_elsewhere(self, module: Module, name: str) -> bool:
        """See ``world.Modules.mutated_elsewhere``."""
        key = (module.path, name)
        if key not in self._mutated:
            seen = self._entry(module.path).mutations[name]
            self._mutated[key] = seen > 0 and seen > _mutations(module.facts.body, name)
        return self._mutated[key]

    def changed_by_methods(self, module: Module, name: str) -> bool:
        """See ``world.Modules.changed_by_methods``."""
        key = (module.path, f".{name}")
        if key not in self._mutated:
            written, calls = re.escape(name), "|".join(sorted(MUTATORS))
            text = self._text(module.path)
            changes = rf"\.{written}[ \t]*(?:{_INDEX}[ \t]*[-+|&]?=(?!=)|\.(?:{calls})\b|[-+|&]=)"
            settings = rf"\.{written}[ \t]*(?::[^=\n]+)?=(?!=)"
            self._mutated[key] = re.search(changes, text) is not None or len(re.findall(settings, text)) > 1
        return self._mutated[key]

    def line_of(self, dotted: str, text: str) -> int | None:
        """See ``world.Modules.line_of``."""
        path = self.path_of(dotted)
        lines = enumerate(self._text(path).splitlines(), 1) if path is not None else ()
        return max((number for number, line in lines if text in line), default=None)

    def reassigned_elsewhere(self, module: Module, name: str) -> bool:
        """See ``world.Modules.reassigned_elsewhere``."""
        names = self._globals.get(module.path)
        if names is None:
            listed = _GLOBAL.findall(self._text(module.path))
            names = self._globals[module.path] = frozenset(n.strip() for part in listed for n in part.split(","))
        return name in names

    def _value(self, module: Module, name: str, binding: Binding) -> Value:
        value = self.evaluator.seen(module, name, binding)
        if isinstance(value, Mapped) and not value.items:
            return Unknown(f"modules that are not followed may fill {name}")
        return self.attribute(value.module, value.name) if isinstance(value, Imported) else value

    def read(self, external: External) -> Value:
        """See ``world.Modules.read``."""
        dotted = external.dotted
        if dotted not in self._read:
            self._read[dotted] = external  # while it is being followed, and where there is nothing to follow
            self._read[dotted] = self._read_source(external)
        return self._read[dotted]

    def _read_source(self, external: External) -> Value:
        parts = external.dotted.split(".")
        if parts[0] in SPECIAL_ROOTS - _READABLE:
            return external
        for cut in range(len(parts) - 1, 0, -1):
            path = self.path_of(".".join(parts[:cut]))
            if path is None:
                continue
            if self._finder.is_stdlib(path):
                return external
            module = self.load(path, ".".join(parts[:cut]))
            if module is None:
                return external
            value = self._in_module(module, module.dotted, parts[cut])
            for attr in parts[cut + 1 :]:
                value = self.evaluator.attribute(value, attr)
            if isinstance(value, External) and value.dotted != external.dotted:
                return self.read(value)
            return external if isinstance(value, Unknown) else value
        return external

    def importable(self, dotted: str) -> bool | None:
        """See ``world.Modules.importable``.

        What no folder has may be there all the same, once a module of the project has changed where imports look.
        """
        if dotted not in self._importable:
            self._importable[dotted] = self._added_source(dotted) is not None or self._finder.importable(dotted)
        found = self._importable[dotted]
        return None if found is False and any(map(self._changes_imports, self.modules.values())) else found

    def _changes_imports(self, module: Module) -> bool:
        """Whether a conftest does so anywhere, or a module that is being run at its margin; what tests do is too late."""
        if not module.in_project or not (module.path.name == "conftest.py" or module.state == "running"):
            return False
        found = self._entry(module.path).changes_imports
        return bool(found) if module.path.name == "conftest.py" else "" in found

    def star_names(self, dotted: str) -> Sequence[str]:
        """See ``world.Modules.star_names``."""
        if dotted in self._stars:
            return self._stars[dotted]
        self._stars[dotted] = ()  # while it is being followed
        path = self.path_of(dotted)
        if path is None or self._finder.is_stdlib(path) or dotted.partition(".")[0] in SPECIAL_ROOTS:
            return ()
        module = self.load(path, dotted)
        if module is None:
            return ()
        names = self._exported(module)
        if module.state == "done":
            self._stars[dotted] = names
        else:
            del self._stars[dotted]
        return names

    def _exported(self, module: Module) -> tuple[str, ...]:
        listed = module.frame.names.get("__all__")
        value = current(listed.value) if listed is not None else None
        if isinstance(value, Items):
            names = [item.value for item in value.items if isinstance(item, Constant) and isinstance(item.value, str)]
            if len(names) == len(value.items):
                return tuple(names)
        return tuple(name for name in module.frame.names if not name.startswith("_"))

    def absolute(self, module: Module, name: str, level: int) -> str:
        """See ``world.Modules.absolute``."""
        if level == 0:
            return name
        base = module.package
        for _ in range(level - 1):
            base = base.rpartition(".")[0]
        return f"{base}.{name}" if base and name else base or name

    # what collection asks

    def may_be_run_by_unittest(self, dotted: str) -> bool:
        """Return whether a class that was not read, by its dotted name, may inherit from ``TestCase``: judged by text."""
        if dotted not in self._run_by_unittest:
            self._run_by_unittest[dotted] = may_be_run_by_unittest(dotted, self)
        return self._run_by_unittest[dotted]

    def is_opaque(self, dotted: str) -> bool:
        """See ``bases.Texts.is_opaque``."""
        if dotted.partition(".")[0] in SPECIAL_ROOTS - _READABLE:
            return True
        path = self.path_of(dotted)
        return self._finder.is_stdlib(path) if path is not None else self._finder.importable(dotted) is True

    def text_of(self, path: Path) -> str:
        """See ``bases.Texts.text_of``."""
        return self._entry(path).text

    def classes_of(self, path: Path) -> frozenset[str]:
        """See ``bases.Texts.classes_of``."""
        return self._entry(path).classes

    def origins_of(self, dotted: str, path: Path, name: str) -> Sequence[tuple[str, str]]:
        """See ``bases.Texts.origins_of``."""
        return self._imports_of(dotted, path, self._text(path), name, stars=True)

    def may_matter(self, value: Imported) -> bool:
        """Whether an imported name may be a fixture, a test or a test class: judged by text, without parsing.

        Args:
            value: ``from module import name``.
        """
        key = (value.module, value.name)
        if key not in self._matters:
            self._matters[key] = self._any_matters(key)
        return self._matters[key]

    def _any_matters(self, first: tuple[str, str]) -> bool:
        """Follow a name through the modules that pass it on; each is looked at once, as star imports may form any net."""
        queue = [first]
        seen = {first}
        for dotted, name in queue:
            found = self._matters_in(dotted, name)
            if found is True:
                return True
            for origin in found or ():
                if origin not in seen:
                    seen.add(origin)
                    queue.append(origin)
        return False

    def _matters_in(self, dotted: str, name: str) -> bool | list[tuple[str, str]]:
        """Say whether one module's name matters, or from which modules it got it."""
        if dotted.partition(".")[0] in SPECIAL_ROOTS:
            return False
        path = self.path_of(dotted)
        if path is None or self._finder.is_stdlib(path):
            return False
        entry = self._entry(path)
        text = entry.text
        if name in entry.classes:
            return "est" in name or (self._finder.in_project(path) and _TESTCASE.search(text) is not None)
        if name in entry.functions:
            return "fixture" in text or name.startswith("test")
        return self._imports_of(dotted, path, text, name, stars=True) or "fixture" in text or "est" in name

    def _text(self, path: Path) -> str:
        return self._entry(path).text

    def _mentions_tests(self, path: Path) -> bool:
        return self._entry(path).mentions_tests

    def _entry(self, path: Path) -> _Text:
        if path not in self._texts:
            self._texts[path] = _Text(self._text_of(path))
        return self._texts[path]

    def _by_text(self, dotted: str, path: Path, name: str) -> Value | None:
        """Say what a name of an untested module is without parsing it; None where its text does not settle it."""
        entry = self._entry(path)
        text = entry.text
        if name in entry.functions or name in entry.classes:
            return External(f"{dotted}.{name}")
        imports = self._imports_of(dotted, path, text, name)
        if len(imports) == 1 and not re.search(rf"^[ \t]*{re.escape(name)}[ \t]*[:=]", text, re.MULTILINE):
            source, original = imports[0]
            return self.attribute(source, original)
        return None

    def _imports_of(
        self, dotted: str, path: Path, text: str, name: str, *, stars: bool = False
    ) -> list[tuple[str, str]]:
        """Return the ``from`` imports by which a module's text gets a name: source module and name there.

        With ``stars``, star imports count too: they may bring any name.
        """
        package = dotted if path.name == "__init__.py" else dotted.rpartition(".")[0]
        found = []
        for match in _FROM_IMPORT.finditer(text):
            dots, source, names = match.groups()
            if names.strip() == "*" and stars:
                found.append((_absolute(package, dots, source), name))
                continue
            if name not in names:
                continue
            for clause in _COMMENT.sub("", names).strip("()").replace("\\\n", " ").split(","):
                original, _, alias = (part.strip() for part in clause.strip().partition(" as "))
                if (alias or original) == name:
                    found.append((_absolute(package, dots, source), original))
        return found


class _Text:
    """The text of a module, and what is asked of it for one name after the other, looked up once for all of them."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def mentions_tests(self) -> bool:
        """Whether a word of testing occurs in it."""
        return _TEST_WORDS.search(self.text) is not None

    @cached_property
    def changes_imports(self) -> frozenset[str]:
        """How lines are indented that may change what can be imported: the path, or the table of modules."""
        return frozenset(_CHANGES_IMPORTS.findall(self.text))

    @cached_property
    def functions(self) -> frozenset[str]:
        """The functions that it defines at its top level."""
        return frozenset(name for keyword, name in _DEFINED.findall(self.text) if keyword == "def")

    @cached_property
    def classes(self) -> frozenset[str]:
        """The classes that it defines at its top level."""
        return frozenset(name for keyword, name in _DEFINED.findall(self.text) if keyword == "class")

    @cached_property
    def mutations(self) -> Counter[str]:
        """How often it changes, anywhere, the collection that a name stands for."""
        return Counter(match[1] or match[2] for match in _MUTATION.finditer(self.text))


def _absolute(package: str, dots: str, source: str) -> str:
    """Return the dotted name of what a ``from`` import in a package names."""
    if not dots:
        return source
    for _ in range(len(dots) - 1):
        package = package.rpartition(".")[0]
    return f"{package}.{source}" if source else package


def _mutations(body: Sequence[f.Stmt], name: str) -> int:
    """Count what changes the collection a name stands for in the statements of a module, outside its functions."""
    count = 0
    stack: list[object] = list(body)
    while stack:
        node = stack.pop()
        if isinstance(node, tuple):
            stack.extend(node)
        elif isinstance(node, msgspec.Struct) and not isinstance(node, f.Function | f.Class | f.Lambda):
            count += _changes(node, name)
            stack.extend(getattr(node, one) for one in node.__struct_fields__)
    return count


def _changes(node: msgspec.Struct, name: str) -> int:
    if isinstance(node, f.Call):
        return isinstance(node.func, f.Attr) and node.func.attr in MUTATORS and _is_name(node.func.value, name)
    if isinstance(node, f.AugAssign):
        target = node.target.value if isinstance(node.target, f.Index) else node.target
        return _is_name(target, name)
    if isinstance(node, f.Assign | f.Del):
        return sum(isinstance(target, f.Index) and _is_name(target.value, name) for target in node.targets)
    return 0


def _is_name(node: f.Expr, name: str) -> bool:
    return isinstance(node, f.Name) and node.id == name
