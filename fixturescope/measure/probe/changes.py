"""Changes to fixtures, made in the memory of the project's own pytest while it collects: no file is touched.

Loaded by ``-p``; does nothing unless ``--fixturescope-trial`` names a file with a `wire.TrialOrder`. A definition is changed
as soon as it is registered, before pytest makes closures, items and their order of it: so scope mismatches, caching and
the grouping of parametrized tests are pytest's own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

from fixturescope.measure import wire
from fixturescope.measure.probe import pytest_compat
from fixturescope.measure.probe.outcomes import Outcomes


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option by which the host says what to change."""
    group = parser.getgroup("fixturescope", "for fixturescope's own use")
    group.addoption("--fixturescope-trial", metavar="FILE", help="for fixturescope's own use")


def pytest_configure(config: pytest.Config) -> None:
    """Put the changes in force, and listen to how tests end."""
    path = config.getoption("--fixturescope-trial")
    if path is None or hasattr(config, "workerinput"):
        return
    with open(path, "rb") as file:
        order = wire.decode(file.read())
    assert isinstance(order, wire.TrialOrder)
    changes = Changes(order.changes)
    config.pluginmanager.register(changes, "fixturescope-changes")
    config.pluginmanager.register(Outcomes(order, changes), "fixturescope-outcomes")


class Changes:
    """The changes of one run.

    Args:
        changes: All of them.
    """

    def __init__(self, changes: Sequence[wire.InMemory]) -> None:
        self._changes = [(change, os.path.realpath(change.file)) for change in changes]
        self._seen: dict[tuple[int, int], Any] = {}
        """Definitions that were looked at, by identity, for each change: they live as long as the session does."""
        self._made: list[list[Any]] = [[] for _ in changes]
        """For each change, the definitions that it was made to."""
        self._trouble: list[str] = []
        self._undo: Callable[[], None] | None = None

    @property
    def in_force(self) -> tuple[int, ...]:
        """For each change, how many definitions it was made to."""
        return tuple(map(len, self._made))

    def pytest_configure(self) -> None:
        """Begin to look at definitions."""
        if self._changes:
            self._undo = pytest_compat.on_registered(self._look)

    def pytest_unconfigure(self) -> None:
        """Let pytest be as it was."""
        if self._undo is not None:
            self._undo()
            self._undo = None

    def trouble(self, items: Iterable[pytest.Item]) -> tuple[str, ...]:
        """Return why a change is not in memory what it would be in source.

        Args:
            items: Those that are run.
        """
        classes = {cls for item in items if (cls := getattr(item, "cls", None)) is not None}
        found = list(self._trouble)
        removed = [
            pytest_compat.real_function(one.func)
            for (change, _), made in zip(self._changes, self._made)
            for one in made
            if change.op == "remove"
        ]
        for function in removed:
            name = str(getattr(function, "__name__", ""))
            for cls in sorted(classes, key=lambda one: one.__qualname__):
                held = [vars(base)[name] for base in cls.__mro__ if name in vars(base)]
                if len(held) > 1 and pytest_compat.real_function(held[0]) is function:
                    found.append(f"{cls.__name__} inherits another {name!r}, which would come to the fore")
        return tuple(dict.fromkeys(found))

    def _look(self, manager: Any) -> None:
        """Change what has been registered since the last time."""
        try:
            for (change, file), made in zip(self._changes, self._made):
                for fixturedef in pytest_compat.named(manager, change.name):
                    key = id(fixturedef), id(made)
                    if key not in self._seen:
                        self._seen[key] = fixturedef
                        if _is_meant(fixturedef, change, file) and _make(fixturedef, change, manager):
                            made.append(fixturedef)
        except Exception as error:  # noqa: BLE001 - the boundary to a project's run, which we must not spoil
            self._trouble.append(f"{type(error).__name__}: {error}")


def _is_meant(fixturedef: Any, change: wire.InMemory, file: str) -> bool:
    if change.place is not None and str(fixturedef.baseid) != change.place:
        return False
    place = pytest_compat.locate(fixturedef.func)
    return place.file is not None and place.line == change.line and os.path.realpath(place.file) == file


def _make(fixturedef: Any, change: wire.InMemory, manager: Any) -> bool:
    """Make a change; return whether there was something to change."""
    if change.op == "scope" and change.to is not None:
        pytest_compat.set_scope(fixturedef, change.to)
        return True
    if change.op == "drop_autouse":
        return pytest_compat.drop_autouse(manager, fixturedef)
    pytest_compat.forget(manager, fixturedef)
    return True
