"""A pytest plugin that lets a suite be collected where what it imports is not installed: stand-in modules.

Load it with ``-p`` before the suite's conftests are imported. Each import that no other finder can find, and that is not
below the rootdir, gets a module that has every attribute; each attribute can be called, subscripted, derived from,
compared, iterated (it is empty) and used as a decorator, which returns what it decorates. So a conftest runs as far as
its own code decides, and the fixtures that pytest then holds are those that it would hold, as long as no value of a
missing library decides which ones there are.

``FIXTURESCOPE_ORACLE_STAND_INS`` holds JSON that says what a suite needs besides:

    absent   top-level modules that stay missing: who asks whether one is there gets the answer of an environment without
    holds    the end of a stand-in's name → the keys that such a one has when it is gone through; none by default.
             A name is ``module.attribute``, with ``()`` for a call and ``[key]`` for a subscript
    is       ``module.attribute`` → ``module:attribute`` of the standard library, which it then is (a base class, say)

It runs inside the interpreter that collects, on pytest 7.4 to 9.2, so it imports nothing but the standard library and
pytest.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.metadata
import json
import os
import sys
import types
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

ENVIRONMENT_VARIABLE = "FIXTURESCOPE_ORACLE_STAND_INS"
"""Holds what a suite needs besides."""

VERSION = "9999.0.0"
"""What every stand-in says of its version."""

HOLDS: dict[str, list[str]] = {}
"""End of a name → keys."""

IS: dict[str, str] = {}
"""``module.attribute`` → ``module:attribute`` of the standard library."""

PRIVATE = ("_pytest", "pytest", "_hypothesis", "hypothesis_")
"""Beginnings of attributes that pytest and its plugins look for on whatever they collect."""


class StandIn:
    """A value of which nothing is known but its name, and that lets everything be done with it.

    Args:
        name: Its dotted name, for messages and for reading a failure.
    """

    def __init__(self, name: str) -> None:
        self.__dict__["_stand_in_name"] = name

    def keys(self) -> list[str]:
        """What it has when it is gone through: nothing, unless the suite needs something."""
        name = self.__dict__["_stand_in_name"]
        return [key for end, keys in HOLDS.items() if name.endswith(end) for key in keys]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name.startswith(PRIVATE):
            raise AttributeError(f"{self!r} has no {name}")
        found = StandIn(f"{self.__dict__['_stand_in_name']}.{name}")
        self.__dict__[name] = found
        return found

    def __setattr__(self, name: str, value: Any) -> None:
        self.__dict__[name] = value

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Called with one function or class and nothing else, it is a decorator."""
        if len(args) == 1 and not kwargs and isinstance(args[0], types.FunctionType | type):
            return args[0]
        return StandIn(f"{self.__dict__['_stand_in_name']}()")

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        """A class derived from it is derived from its other bases alone."""
        return ()

    def __instancecheck__(self, instance: object) -> bool:
        return isinstance(instance, StandIn)

    def __subclasscheck__(self, subclass: type) -> bool:
        return False

    def __getitem__(self, key: Any) -> StandIn:
        return StandIn(f"{self.__dict__['_stand_in_name']}[{key if isinstance(key, str) else ''}]")

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def __iter__(self) -> Iterator[Any]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self.keys())

    def __contains__(self, value: object) -> bool:
        return value in self.keys()

    def __bool__(self) -> bool:
        return True

    def __enter__(self) -> StandIn:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __lt__(self, other: object) -> bool:
        return False

    __le__ = __gt__ = __ge__ = __lt__

    def __int__(self) -> int:
        return 0

    __index__ = __int__

    def __float__(self) -> float:
        return 0.0

    def __fspath__(self) -> str:
        return self.__dict__["_stand_in_name"]  # type: ignore[no-any-return]

    def __copy__(self) -> StandIn:
        return self

    def __deepcopy__(self, memo: object) -> StandIn:
        return self

    def __repr__(self) -> str:
        return f"<stand-in {self.__dict__.get('_stand_in_name')}>"

    def _with_other(self, *_: Any) -> StandIn:
        return StandIn(self.__dict__["_stand_in_name"])

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _with_other
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = __matmul__ = __rmatmul__ = _with_other
    __and__ = __rand__ = __or__ = __ror__ = __xor__ = __rxor__ = __neg__ = __pos__ = __invert__ = _with_other


class StandInModule(types.ModuleType):
    """A module that has every attribute; a further import below it finds the next stand-in."""

    def __getattr__(self, name: str) -> Any:
        if name == "__version__":
            return VERSION
        if name == "__file__":  # where it would be, which is nowhere
            return str(Path(os.sep, "stand-ins", *self.__name__.split("."), "__init__.py"))
        if name.startswith("__") or name.startswith(PRIVATE):
            raise AttributeError(f"the stand-in for {self.__name__} has no {name}")
        full = f"{self.__name__}.{name}"
        module, _, attribute = IS.get(full, "").partition(":")
        found = getattr(importlib.import_module(module), attribute) if module else StandIn(full)
        setattr(self, name, found)
        return found


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """The last finder: what comes here, nobody else has found.

    Args:
        absent: Top-level modules that stay missing.
    """

    def __init__(self, absent: frozenset[str]) -> None:
        self.absent = absent
        self.made: list[str] = []

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return a spec for a module of which nothing is there: neither it nor a package that it is in."""
        top, _, below = fullname.partition(".")
        if top in self.absent or top in sys.stdlib_module_names or fullname == "conftest":
            return None
        if below and not isinstance(sys.modules.get(fullname.rpartition(".")[0]), StandInModule):
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        """Make the stand-in."""
        self.made.append(spec.name)
        return StandInModule(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """There is nothing to run."""


def _version(name: str) -> str:
    """The version of a distribution; that of a stand-in where it is not installed."""
    try:
        return _REAL_VERSION(name)
    except importlib.metadata.PackageNotFoundError:
        return VERSION


_REAL_VERSION = importlib.metadata.version
_REAL_PARAM = pytest.param


def _param(*values: Any, marks: Any = (), **options: Any) -> Any:
    """``pytest.param`` that leaves out a mark which a stand-in made."""
    several = marks if isinstance(marks, list | tuple | set) else (marks,)
    return _REAL_PARAM(*values, marks=[mark for mark in several if not isinstance(mark, StandIn)], **options)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Puts the finder last, before the first conftest is imported."""
    needs = json.loads(os.environ.get(ENVIRONMENT_VARIABLE) or "{}")
    HOLDS.update(needs.get("holds", {}))
    IS.update(needs.get("is", {}))
    sys.meta_path.append(Finder(frozenset(needs.get("absent", ()))))
    importlib.metadata.version = _version
    pytest.param = _param


def pytest_unconfigure() -> None:
    """Takes everything back."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, Finder)]
    importlib.metadata.version = _REAL_VERSION
    pytest.param = _REAL_PARAM


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Says that what follows is not the real thing."""
    return ["stand-ins: modules that are not installed are replaced by ones that have every attribute"]
