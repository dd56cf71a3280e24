"""What files say to ``Reading``: whose value it is that somebody changes, followed through fixtures that hand it on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property

from fixturescope.analysis.readings.said import WHOLE, File, Function, Use
from fixturescope.graph import FixtureGraph
from fixturescope.model import Finding, FindingKind, Fixture, Reading, Test

MOST = 20
"""Findings of one kind that a fixture keeps; of ``unread`` and ``part``, all: they are counted."""

_COUNTED: AbstractSet[FindingKind] = frozenset({"unread", "part"})


@dataclass(frozen=True)
class Asker:
    """A test or fixture that has the value of a fixture under a name."""

    id: str
    path: str
    is_test: bool
    function: Function
    name: str


class Linker:
    """Joins what files say with the graph.

    Args:
        graph: The graph.
        files: What was read, by path as the graph shows it.
    """

    def __init__(self, graph: FixtureGraph, files: Mapping[str, File]) -> None:
        self._graph = graph
        self._files = files
        self._functions = {(path, one.line): one for path, file in files.items() for one in file.functions}

    def reading(self, fixture: Fixture) -> Reading:
        """Return the reading of one fixture."""
        function = self._function(fixture.path, fixture.line, fixture.function)
        missing = dict.fromkeys(self._missing.get(fixture.id, ()))
        if function is None:
            missing = {f"{fixture.path}: {self._why(fixture.path, fixture.line)}": None, **missing}
            return Reading(fixture=fixture.id, digest=fixture.id, incomplete="; ".join(list(missing)[:3]))
        if function.incomplete:
            missing[f"{fixture.path}: {function.incomplete}"] = None
        found: dict[Finding, None] = {}
        for own in function.own:
            found[Finding(kind=own.kind, path=fixture.path, line=own.line, detail=own.detail)] = None
        for one in self._files[fixture.path].imports:
            if one.reader == fixture.line:
                found[Finding(kind="module_import", path=fixture.path, line=one.line, detail=one.module)] = None
        for asker in self._askers.get(fixture.id, ()):
            if function.hands_out and asker.name in asker.function.unread:
                found[
                    Finding(kind="unread", path=asker.path, line=asker.function.line, detail=asker.name, by=asker.id)
                ] = None
        for asker, use in self._uses(fixture.id, function.is_immutable, function.parts):
            if use.kind != "gives":  # that was followed, and says nothing by itself
                found[Finding(kind=use.kind, path=asker.path, line=use.line, detail=use.detail, by=asker.id)] = None
            if asker.function.incomplete:
                missing[f"{asker.path}: {asker.function.incomplete}"] = None
        return Reading(
            fixture=fixture.id,
            digest=_digest(fixture, function),
            statements=function.statements,
            findings=tuple(_kept(found)),
            incomplete="; ".join(list(missing)[:3]) or None,
        )

    def _uses(self, fixture: str, is_immutable: bool, parts: tuple[str, ...]) -> Iterator[tuple[Asker, Use]]:
        """Yield what is done with the value of a fixture, and with that of fixtures that hand it on."""
        seen = {fixture}
        queue = [fixture]
        while queue:
            here = queue.pop()
            for asker in self._askers.get(here, ()):
                for use in asker.function.uses:
                    if use.name != asker.name:
                        continue
                    if use.kind == "gives":
                        if not asker.is_test and asker.id not in seen:
                            seen.add(asker.id)
                            queue.append(asker.id)
                    elif use.kind == "part":
                        if parts and here == fixture and (use.detail in parts or use.detail == WHOLE):
                            yield asker, Use(use.name, "part", asker.function.line, use.detail)
                    elif not is_immutable:
                        yield asker, use

    @cached_property
    def _askers(self) -> dict[str, list[Asker]]:
        return self._linked[0]

    @cached_property
    def _missing(self) -> dict[str, list[str]]:
        return self._linked[1]

    @cached_property
    def _linked(self) -> tuple[dict[str, list[Asker]], dict[str, list[str]]]:
        """Who has the value of each fixture under which name, and who may have it but could not be read."""
        askers: dict[str, list[Asker]] = {}
        missing: dict[str, list[str]] = {}
        for test in self._graph.tests:
            meanings = {**test.dynamic, **test.closure}
            function = self._function(test.path, test.line, test.name)
            if function is None:
                for request in test.requests:
                    if request.via in ("argument", "getfixturevalue") and request.name in meanings:
                        missing.setdefault(meanings[request.name], []).append(self._unread(test))
                continue
            for name in _named(function):
                if name in meanings:
                    asker = Asker(test.id, test.path, True, function, name)
                    askers.setdefault(meanings[name], []).append(asker)
        by_name: dict[str, list[str]] = {}
        for fixture in self._graph.fixtures:
            by_name.setdefault(fixture.name, []).append(fixture.id)
        targets: dict[str, dict[str, list[str]]] = {}
        for edge in self._graph.edges:
            targets.setdefault(edge.source, {}).setdefault(edge.name, []).append(edge.target)
        for fixture in self._graph.fixtures:
            if fixture.origin not in ("static", "generated"):
                continue
            function = self._function(fixture.path, fixture.line, fixture.function)
            asked = targets.get(fixture.id, {})
            if function is None:
                for target in {one for found in asked.values() for one in found}:
                    missing.setdefault(target, []).append(f"{fixture.path}: {self._why(fixture.path, fixture.line)}")
                continue
            for name in _named(function):
                for target in asked.get(name, by_name.get(name, ()) if name not in asked else ()):
                    if target != fixture.id:
                        askers.setdefault(target, []).append(Asker(fixture.id, fixture.path, False, function, name))
        return askers, missing

    def _function(self, path: str, line: int, name: str) -> Function | None:
        found = self._functions.get((path, line))
        return found if found is not None and found.name == name else None

    def _unread(self, test: Test) -> str:
        return f"{test.path}: {self._why(test.path, test.line)}"

    def _why(self, path: str, line: int) -> str:
        file = self._files.get(path)
        if file is None or file.problem is None:
            return f"line {line} is no function that could be read"
        return file.problem


def _named(function: Function) -> dict[str, None]:
    """Return the names under which a function has the values of fixtures."""
    return dict.fromkeys((*function.unread, *(use.name for use in function.uses)))


def _digest(fixture: Fixture, function: Function) -> str:
    """Return the digest; that of one of many that one function makes is its own."""
    return fixture.id if fixture.origin == "generated" else function.digest


def _kept(found: Mapping[Finding, None]) -> Iterator[Finding]:
    counts: dict[FindingKind, int] = {}
    for one in sorted(found, key=lambda one: (one.kind, one.by is not None, one.path, one.line, one.detail)):
        counts[one.kind] = counts.get(one.kind, 0) + 1
        if one.kind in _COUNTED or counts[one.kind] <= MOST:
            yield one
