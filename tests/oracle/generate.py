"""Hypothesis strategies for whole pytest suites: files as text, full of everything that decides what a fixture name means.

Fixtures have few names, so that they override, shadow and request one another at every turn; that a name is not there, or
that fixtures form a cycle, is no error while pytest collects. All conditions can be decided from the text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from hypothesis import strategies as st

T = TypeVar("T")
Suite = dict[str, str]
"""File → text."""

NAMES = ("a", "b", "c", "d", "e")
"""Names of fixtures, and what is requested."""

BUILTIN = ("tmp_path", "request", "monkeypatch")
TESTS = ("test_one", "test_two", "test_three", "check_it", "testing")
CLASSES = ("TestA", "TestB", "TestC", "Base", "SuiteA")
SCOPES = ("class", "module", "package", "session")
FOLDERS = (("",), ("", "sub"), ("", "sub", "sub/deep"), ("", "sub", "other"))

HEADER = (
    "import abc",
    "import dataclasses",
    "import functools",
    "import os",
    "import sys",
    "from typing import Generic, TypeVar",
    "from unittest import TestCase, mock",
    "import pytest",
    "import pytest as pt",
    "from pytest import fixture as fx, mark",
    "SCOPE = 'module'",
    "VALUES = [1, 2]",
    "T = TypeVar('T')",
)


@st.composite
def suites(draw: st.DrawFn) -> Suite:
    """Whole suites, each with at least one test module."""
    return _SuiteWriter(draw).suite()


def shown(suite: Suite) -> str:
    """Return a suite as one text, as a table case would draw it."""
    return "\n".join(f"# --- {name}\n{text}" for name, text in suite.items())


@dataclass
class _File:
    """A file being written, and what a later statement or another file can refer to."""

    kind: str
    lines: list[str] = field(default_factory=list)
    indent: int = 0
    exports: list[str] = field(default_factory=list)
    """Top-level names of fixtures and functions."""
    classes: list[str] = field(default_factory=list)
    """Top-level classes, each after its bases."""
    numbers: int = 0

    def write(self, *lines: str) -> None:
        """Add lines at the current indentation."""
        self.lines.extend("    " * self.indent + line for line in lines)

    @contextmanager
    def block(self, header: str) -> Iterator[None]:
        """Add a compound statement; an empty block gets a ``pass``."""
        self.write(header)
        self.indent += 1
        before = len(self.lines)
        yield
        if len(self.lines) == before:
            self.write("pass")
        self.indent -= 1

    def fresh(self, prefix: str) -> str:
        """Return a name that nothing else in the file has."""
        self.numbers += 1
        return f"{prefix}_{self.numbers}"

    @property
    def text(self) -> str:
        """The whole file, with those of the usual imports that it needs."""
        body = "\n".join(self.lines)
        used = [line for line in HEADER if line == "import pytest" or any(word in body for word in _words(line))]
        return "\n".join([*used, *self.lines, ""])


def _words(line: str) -> list[str]:
    """Return what a line of the header brings."""
    brought = {
        "import pytest as pt": ["pt."],
        "from pytest import fixture as fx, mark": ["@fx", "fx(", "@mark", "= mark"],
        "from unittest import TestCase, mock": ["TestCase", "mock."],
        "SCOPE = 'module'": ["SCOPE"],
        "VALUES = [1, 2]": ["VALUES"],
        "from typing import Generic, TypeVar": ["Generic["],
        "T = TypeVar('T')": ["Generic["],
    }
    return brought.get(line, [f"{line.removeprefix('import ')}.", f"({line.removeprefix('import ')},"])


class _SuiteWriter:
    """Draws one suite."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw
        self.files: dict[str, _File] = {}
        self.helpers: list[str] = []
        self.aliases: list[str] = []
        """Names of marks in the test module being written."""

    # drawing

    def chance(self, one_in: int) -> bool:
        """Return true once in a while; false when Hypothesis shrinks."""
        return self._draw(st.integers(0, one_in - 1)) == one_in - 1

    def pick(self, options: Sequence[T]) -> T:
        """Return one of the options; the first when Hypothesis shrinks."""
        return self._draw(st.sampled_from(options))

    def some(self, options: Sequence[T], most: int) -> list[T]:
        """Return a few different options."""
        return self._draw(st.lists(st.sampled_from(options), max_size=most, unique=True))

    def number(self, least: int, most: int) -> int:
        """Return a small number."""
        return self._draw(st.integers(least, most))

    # files

    def suite(self) -> Suite:
        """Draw everything."""
        other: Suite = {"pytest.ini": self.ini()}
        for i in range(self.number(0, 2)):
            self.helper(f"helper_{i}")
        folders = self.pick(FOLDERS)
        for folder in folders:
            prefix = f"{folder}/" if folder else ""
            if folder and self.chance(2):
                other[f"{prefix}__init__.py"] = ""
            if self.chance(2):
                self.conftest(f"{prefix}conftest.py")
        modules = [(folder, i) for folder in folders for i in range(self.number(0, 2))] or [("", 0)]
        for folder, i in modules:
            prefix = f"{folder}/" if folder else ""
            self.module(f"{prefix}test_{folder.replace('/', '_') or 'root'}_{i}.py")
        return {**other, **{name: file.text for name, file in self.files.items()}}

    def ini(self) -> str:
        """Draw pytest's configuration."""
        lines = ["[pytest]", "pythonpath = ."]
        if self.chance(6):
            lines.append(f"usefixtures = {' '.join(self.some(NAMES, 2))}")
        if self.chance(6):
            lines.append(f"python_functions = {self.pick(['test check', 'check_*', 'test_* *_it'])}")
        if self.chance(6):
            lines.append(f"python_classes = {self.pick(['Test Suite', 'Test*', '*A', 'Base'])}")
        if self.chance(6):
            lines.append("addopts = --import-mode=importlib")
        return "\n".join([*lines, ""])

    def helper(self, name: str) -> None:
        """Draw a module with fixtures and base classes, to be imported or named as a plugin."""
        file = self.files[f"{name}.py"] = _File("helper")
        if self.helpers and self.chance(4):
            self.imports(file)
        self.helpers.append(name)
        self.statements(file, [self.fixture, self.fixture, self.plain_class, self.assigned, self.generated], 3)
        if self.chance(8):
            file.write(f"__all__ = {self.some([*file.exports, *file.classes] or ['pytest'], 2)!r}")

    def conftest(self, path: str) -> None:
        """Draw a conftest."""
        file = self.files[path] = _File("conftest")
        if path == "conftest.py" and self.helpers and self.chance(4):
            file.write(f"pytest_plugins = {self.pick(self.helpers)!r}")
        self.statements(
            file, [self.fixture, self.fixture, self.imports, self.assigned, self.conditional, self.generated], 3
        )

    def module(self, path: str) -> None:
        """Draw a test module."""
        file = self.files[path] = _File("test")
        if self.chance(8):
            self.pytestmark(file, for_all=True)
        if self.chance(20):
            file.write(f"__test__ = {self.pick(['True', 'False'])}")
        if self.helpers and self.chance(10):
            file.write(f"pytest_plugins = [{self.pick(self.helpers)!r}]")
        self.aliases = []
        if self.chance(6):
            file.write(f"needs = pytest.mark.usefixtures({self.strings(2)})")
            self.aliases.append("needs")
        elements = [
            *(self.test, self.test, self.fixture, self.plain_class, self.plain_class, self.imports),
            *(self.assigned, self.conditional, self.unittest_class, self.odd_test, self.removed, self.generated),
        ]
        self.statements(file, elements, 5)
        if not any(line.lstrip().startswith("def test") for line in file.lines):
            self.test(file)

    def statements(self, file: _File, elements: Sequence[Callable[[_File], None]], most: int) -> None:
        """Draw a few statements."""
        for _ in range(self.number(1, most)):
            self.pick(elements)(file)

    # statements at the top level

    def imports(self, file: _File) -> None:
        """Draw an import of fixtures, tests or classes of a helper module."""
        if not self.helpers:
            return
        helper = self.pick(self.helpers)
        source = self.files[f"{helper}.py"]
        names = [*source.exports, *source.classes]
        form = self.pick(["name", "alias", "star", "attribute"]) if names else "star"
        if form == "star":
            file.write(f"from {helper} import *")
            return
        name = self.pick(names)
        if name in source.classes and name not in file.classes:
            file.classes.append(name)
        alias = self.pick(NAMES)
        if form == "name" or name in source.classes:
            file.write(f"from {helper} import {name}")
        elif form == "alias":
            file.write(f"from {helper} import {name} as {alias}")
        else:
            file.write(f"import {helper}", f"{alias} = {helper}.{name}")

    def removed(self, file: _File) -> None:
        """Draw the end of a name."""
        if file.exports:
            file.write(f"del {file.exports.pop()}")

    def conditional(self, file: _File) -> None:
        """Draw a statement under a condition that the text decides."""
        element = self.pick([self.fixture, self.test if file.kind in ("test", "class") else self.fixture])
        form = self.pick(["if True", "if False", "version", "missing", "present", "with", "finally"])
        exports = list(file.exports)
        if form in ("if True", "if False"):
            with file.block(f"{form}:"):
                element(file)
            if self.chance(2):
                with file.block("else:"):
                    element(file)
        elif form == "version":
            with file.block(f"if sys.version_info {self.pick(['>=', '<'])} (3, 9):"):
                element(file)
            with file.block("else:"):
                element(file)
        elif form in ("missing", "present"):
            with file.block("try:"):
                file.write("import no_such_module_at_all" if form == "missing" else "import json")
                element(file)
            with file.block("except ImportError:"):
                element(file)
        elif form == "with":
            with file.block("with open(os.devnull):"):
                element(file)
        else:
            with file.block("try:"):
                element(file)
            with file.block("finally:"):
                file.write("pass")
        file.exports[:] = exports

    def assigned(self, file: _File) -> None:
        """Draw a fixture that is made by a call."""
        name, options = self.pick(NAMES), self.options(scope_only=True)
        form = self.pick(["call", "decorator", "lambda", "again"])
        if form == "lambda":
            file.write(
                f"{name} = pytest.fixture(lambda {', '.join(self.some(NAMES, 2))}: 1{options and ', ' + options})"
            )
        elif form == "again" and file.exports:
            file.write(f"{name} = {self.pick(file.exports)}")
        else:
            function = file.fresh("_made")
            with file.block(f"def {function}({self.arguments()}):"):
                pass
            call = f"pytest.fixture({options})({function})" if form == "decorator" else f"pytest.fixture({function})"
            file.write(f"{name} = {call}")
        file.exports.append(name)

    def generated(self, file: _File) -> None:
        """Draw fixtures that a factory makes and a loop registers."""
        factory, names = file.fresh("_factory"), self.some(NAMES, 2) or ["a"]
        with file.block(f"def {factory}(_tag):"):
            file.write(f"@pytest.fixture({self.options()})")
            with file.block(f"def made({self.arguments()}):"):
                file.write("return _tag")
            file.write("return made")
        form = self.pick(["globals", "setattr", "update", "call", "dict"])
        if form == "update":
            file.write(f"globals().update({{_n: {factory}(_n) for _n in {names!r}}})")
        elif form == "call":
            file.write(*(f"{name} = {factory}({name!r})" for name in names))
        elif form == "dict":
            with file.block(f"for _name, _tag in {dict.fromkeys(names, 1)!r}.items():"):
                file.write(f"vars()[_name] = {factory}(_tag)")
        else:
            target = "globals()[_name] = " if form == "globals" else "setattr(sys.modules[__name__], _name, "
            with file.block(f"for _name in {names!r}:"):
                file.write(f"{target}{factory}(_name){')' if form == 'setattr' else ''}")
        file.exports.extend(names)

    def pytestmark(self, file: _File, *, for_all: bool = False) -> None:
        """Draw ``pytestmark`` in one of its forms; marks that every test below can bear."""
        mark = f"pytest.mark.usefixtures({self.strings(1)})"
        form = self.pick(["one", "list", "alias", "both"] if for_all else ["one", "list", "both"])
        if form == "one":
            file.write(f"pytestmark = {mark}")
        elif form == "list":
            file.write(f"pytestmark = [{mark}, pytest.mark.filterwarnings('ignore')]")
        elif form == "alias":
            alias = file.fresh("needs")
            file.write(f"{alias} = {mark}", f"pytestmark = [{alias}]")
        else:
            name = self.pick(NAMES)
            parametrize = f"pytest.mark.parametrize({name!r}, {self.values(1)}{self.pick(['', ', indirect=True'])})"
            file.write(f"pytestmark = [pytest.mark.usefixtures({name!r}), {parametrize}]")

    # fixtures

    def fixture(self, file: _File) -> None:
        """Draw a decorated fixture, in a module or a class."""
        in_class = file.kind == "class"
        name = self.pick([*NAMES, *NAMES, "tmp_path"])
        options = self.options()
        decorator = self.pick(["@pytest.fixture", "@pytest.fixture", "@fx", "@pt.fixture"])
        file.write(f"{decorator}({options})" if options or self.chance(3) else decorator)
        with file.block(f"def {name}({self.arguments(method=in_class, own=name)}):"):
            file.write(self.pick(["return 1", "yield 1"]))
        if not in_class:
            file.exports.append(name)

    def options(self, *, scope_only: bool = False) -> str:
        """Draw what stands between the brackets of ``pytest.fixture()``."""
        found = []
        if self.chance(3):
            found.append(f"scope={self.pick([*map(repr, SCOPES), 'SCOPE'])}")
        if scope_only:
            return ", ".join(found)
        if self.chance(4):
            found.append("autouse=True")
        if self.chance(5):
            found.append(f"params={self.pick(['[1, 2]', '(1,)', 'VALUES', 'range(3)', '[]', '[pytest.param(1), 2]'])}")
        if self.chance(6):
            found.append(f"name={self.pick(NAMES)!r}")
        return ", ".join(found)

    def arguments(self, *, method: bool = False, own: str | None = None) -> str:
        """Draw a fixture's arguments; ``own`` is its own name, which overrides like to request."""
        names = self.some([*([own] if own else []), *NAMES, *BUILTIN], 2)
        parts = ["self"] if method else []
        if names and self.chance(6):
            *first, last = names
            parts += [*first, self.pick([f"{last}=1", f"*, {last}", f"*args, {last}", f"{last}, **kwargs"])]
        else:
            parts += names
        return ", ".join(parts)

    # tests

    def test(self, file: _File, name: str | None = None) -> None:
        """Draw a test function, in a module or a class."""
        in_class = file.kind == "class"
        names = self.some([*NAMES, *BUILTIN], 3)
        static = in_class and self.chance(10)
        marks = self.marks(names)
        patches = self.chance(10)
        marks += self.some(["@mock.patch('os.getcwd')", "@mock.patch.object(os, 'getpid')"], 2) if patches else []
        patches = sum("mock.patch" in mark for mark in marks)
        if self.chance(16):
            marks.append(self.pick(["@mock.patch('os.sep', '/')", "@mock.patch.dict(os.environ, {'A': 'B'})"]))
        parts = [*(["self"] if in_class and not static else []), *(f"mocked_{i}" for i in range(patches)), *names]
        if self.chance(8):
            parts.append(self.pick(["d=1", "**kwargs"]) if "d" not in names else "**kwargs")
        file.write(*marks)
        if static:
            file.write("@staticmethod")
        with file.block(f"def {name or self.pick(TESTS)}({', '.join(parts)}):"):
            pass

    def odd_test(self, file: _File) -> None:
        """Draw a test that is no plain ``def``."""
        name = self.pick(TESTS)
        form = self.pick(["lambda", "async", "wrapped", "not a test", "switched off", "again", "partial"])
        if form == "lambda":
            file.write(f"{name} = lambda {', '.join(self.some(NAMES, 2))}: None")
        elif form == "async":
            with file.block(f"async def {name}({', '.join(self.some(NAMES, 2))}):"):
                pass
        elif form == "wrapped":
            decorator = file.fresh("around")
            with file.block(f"def {decorator}(function):"):
                file.write("@functools.wraps(function)")
                with file.block("def wrapper(*args, **kwargs):"):
                    file.write("return function(*args, **kwargs)")
                file.write("return wrapper")
            file.write(f"@{decorator}")
            self.test(file, name)
        elif form == "not a test":
            file.write(f"{name} = {self.pick(['1', 'None', 'str'])}")
        elif form == "again":
            self.test(file, name)
            file.write(f"{self.pick(TESTS)} = {name}")
        elif form == "partial":
            function = file.fresh("_partly")
            with file.block(f"def {function}(first, {', '.join(self.some(NAMES, 2))}):"):
                pass
            file.write(f"{name} = functools.partial({function}, {self.pick(['1', 'first=1'])})")
        else:
            self.test(file, name)
            file.write(f"{name}.__test__ = {self.pick(['False', 'True'])}")

    def marks(self, arguments: Sequence[str]) -> list[str]:
        """Draw a test's marks; each argument is parametrized once at most."""
        marks = []
        if self.chance(4):
            marks.append(f"@{self.pick(['pytest.', ''])}mark.usefixtures({self.strings(2)})")
        if self.aliases and self.chance(3):
            marks.append(f"@{self.pick(self.aliases)}")
        free = [name for name in arguments if name != "request"]
        while free and self.chance(3):
            names, free = free[: (size := self.number(1, 2))], free[size:]
            written = self.pick([repr(",".join(names)), repr(names), repr(tuple(names))])
            indirect = self.pick(["", "", ", indirect=True", f", indirect={names[:1]!r}", ", indirect=False"])
            values = "[(1,), (2,)]" if len(names) == 1 and written[0] in "[(" else self.values(len(names))
            marks.append(f"@pytest.mark.parametrize({written}, {values}{indirect})")
        return marks

    def values(self, width: int) -> str:
        """Draw the values of a ``parametrize`` mark."""
        if width == 1:
            options = [
                "[1]",
                "[1, 2]",
                "(1, 2, 3)",
                "range(2)",
                "VALUES",
                "[pytest.param(1, id='x'), 2]",
                "VALUES + [3]",
                "[]",
            ]
            return self.pick([*options, "[x for x in VALUES]", "{'x': 1, 'y': 2}"])
        return self.pick(["[(1, 2)]", "[(1, 2), (3, 4)]", "[pytest.param(1, 2, id='x')]", "list(zip(VALUES, VALUES))"])

    def strings(self, most: int) -> str:
        """Draw names of fixtures as arguments of ``usefixtures``."""
        return ", ".join(repr(name) for name in self.some(NAMES, most)) or "'a'"

    # classes

    def plain_class(self, file: _File, *, outer: str = "", depth: int = 0) -> None:
        """Draw a class that pytest collects, or that others inherit from."""
        name = self.pick(CLASSES)
        bases = [] if depth else self.bases(file, name)
        if self.chance(16):
            bases.append(self.pick(["Generic[T]", "abc.ABC", "object"]))
        if self.chance(6):
            file.write(f"@pytest.mark.usefixtures({self.strings(2)})")
        if self.chance(24):
            file.write(self.pick(["@dataclasses.dataclass", "@mock.patch('os.sep', '/')"]))
        with file.block(f"class {name}({', '.join(bases)}):" if bases else f"class {name}:"):
            self.body(file, [self.fixture, self.test, self.test, self.conditional], depth)
        if not depth and not outer:
            self.know_class(file, name)

    def unittest_class(self, file: _File) -> None:
        """Draw a ``unittest.TestCase``: autouse fixtures and usefixtures only."""
        name = self.pick(CLASSES)
        bases = [*self.bases(file, name, most=1), "TestCase"] if self.chance(3) else ["TestCase"]
        if self.chance(3):
            file.write(f"@pytest.mark.usefixtures({self.strings(2)})")
        with file.block(f"class {name}({', '.join(bases)}):"):
            for _ in range(self.number(1, 2)):
                if self.chance(3):
                    file.write(f"@pytest.mark.usefixtures({self.strings(1)})")
                with file.block(f"def {self.pick(TESTS)}(self):"):
                    pass
            if self.chance(2):
                file.write("@pytest.fixture(autouse=True)")
                with file.block(f"def {self.pick(NAMES)}({', '.join(['self', *self.some(NAMES, 2)])}):"):
                    pass

    def bases(self, file: _File, name: str, most: int = 2) -> list[str]:
        """Draw base classes: later ones first, which Python can always order."""
        known = [cls for cls in file.classes if cls != name]
        if not known or self.chance(2):
            return []
        return sorted(self.some(known, most), key=known.index, reverse=True)

    def know_class(self, file: _File, name: str) -> None:
        """Note a class as the latest."""
        if name in file.classes:
            file.classes.remove(name)
        file.classes.append(name)

    def body(self, file: _File, elements: Sequence[Callable[[_File], None]], depth: int) -> None:
        """Draw the body of a class."""
        kind, file.kind = file.kind, "class"
        if self.chance(6):
            self.pytestmark(file)
        if self.chance(12):
            file.write(f"__test__ = {self.pick(['False', 'True'])}")
        if self.chance(16):
            with file.block("def __init__(self):"):
                pass
        if self.chance(16):
            with file.block("def setup_method(self):"):
                pass
        for _ in range(self.number(1, 3)):
            if depth < 2 and self.chance(6):
                self.plain_class(file, depth=depth + 1)
            else:
                self.pick(elements)(file)
        file.kind = kind
