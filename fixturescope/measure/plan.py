"""What to measure, on which test, in which order."""

from __future__ import annotations

import contextlib
import fnmatch
import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from fixturescope.document import ORIGINS, OWN_ORIGINS
from fixturescope.errors import UsageError
from fixturescope.graph import FixtureGraph
from fixturescope.measure import wire
from fixturescope.model import NOT_COLLECTED, NOT_MEASURED, SCOPES, Fixture, Measurement

GROUPS = ("own", "used", "unused", *SCOPES, *ORIGINS)
"""What ``--only`` takes."""

MOST_NAMES = 5
"""So many fixtures of which parameters are left out are named, and the others counted."""


@dataclass(frozen=True)
class Selection:
    """Which fixtures are wanted.

    Attributes:
        name: A glob of names, or None for all.
        only: Groups of which a fixture must be in each.
        most: How many fixtures at most, those that are set up most often first; None for all.
        most_params: How many parameters of one fixture at most.
    """

    name: str | None = None
    only: tuple[str, ...] = ()
    most: int | None = None
    most_params: int = 10

    def __post_init__(self) -> None:
        for group in self.only:
            if group not in GROUPS:
                raise UsageError(f"--only: there is no group {group!r}", hint=f"one of: {', '.join(GROUPS)}")


@dataclass(frozen=True)
class Target:
    """One fixture under one parameter."""

    fixture: str
    """Its id."""
    name: str
    key: str
    carrier: wire.Carrier
    spares: tuple[wire.Carrier, ...] = ()
    """Other tests for the same parameter."""

    @property
    def label(self) -> str:
        """How a person would name it."""
        return self.name if self.carrier.param is None else f"{self.name}[{self.carrier.param}]"


@dataclass(frozen=True)
class Plan:
    """What is to be done, and what cannot."""

    targets: tuple[Target, ...]
    unmeasurable: tuple[Measurement, ...]
    notes: tuple[str, ...] = ()
    source: str = ""
    """Digest of the files that define fixtures."""
    xunit: tuple[Fixture, ...] = ()
    """``setUp``, ``setup_module`` and the like, which no analysis lists, as fixtures of their class or module."""
    rescoped: tuple[Fixture, ...] = ()
    """Fixtures whose scope a function decides, with the scope that it has decided on."""


def make_plan(graph: FixtureGraph, inventory: wire.Inventory, selection: Selection) -> Plan:
    """Return the plan: of the wanted fixtures, those that a full run sets up most often first."""
    styled = {one.key: _as_fixture(one, graph.info.rootdir) for one in inventory.definitions if one.xunit}
    find = _Finder(graph.info.rootdir, inventory, styled)
    rescoped = {one.id: one for one in _rescoped(graph, find)}
    fixtures = (*(rescoped.get(one.id, one) for one in graph.fixtures), *styled.values())
    wanted = sorted((one for one in fixtures if _wanted(one, selection)), key=_rank)
    if not wanted and (selection.name is not None or selection.only):
        raise UsageError(
            "no fixture is "
            + " and ".join([*([f"named {selection.name}"] if selection.name else []), *selection.only]),
            hint="fixturescope analyze --wide lists all of them",
        )
    kept = wanted if selection.most is None else wanted[: selection.most]
    notes = [f"{one.id}: its scope is decided while pytest runs; here it is {one.scope}" for one in rescoped.values()]
    if len(kept) < len(wanted):
        left_out = len(wanted) - len(kept)
        notes.append(f"{NOT_MEASURED}{left_out} of {len(wanted)} fixtures (--max-fixtures {len(kept)})")
    targets: list[Target] = []
    unmeasurable: list[Measurement] = []
    cut: list[tuple[str, int, int]] = []
    for fixture in kept:
        definition = find(fixture)
        if definition is None:
            unmeasurable.append(Measurement(fixture=fixture.id, status="unmeasurable", reason=_UNKNOWN))
        elif not definition.carriers:
            why = "\n".join([definition.why_none or "no test reaches it", *map(not_collected, inventory.errors)])
            unmeasurable.append(Measurement(fixture=fixture.id, status="unmeasurable", reason=why))
        else:
            carriers = definition.carriers[: selection.most_params]
            if len(carriers) < len(definition.carriers):
                cut.append((fixture.name, len(carriers), len(definition.carriers)))
            targets += [_target(fixture, definition, carrier) for carrier in carriers]
    if cut:
        notes.append(_cut_params(cut, selection.most_params))
    kept_ids = {one.id for one in kept}
    xunit = tuple(one for one in styled.values() if one.id in kept_ids)
    return Plan(tuple(targets), tuple(unmeasurable), tuple(notes), _digest(inventory), xunit, tuple(rescoped.values()))


def _rescoped(graph: FixtureGraph, find: _Finder) -> Iterator[Fixture]:
    """Give the fixtures whose scope a function decides, with the scope that pytest has decided on."""
    for fixture in graph.fixtures:
        if fixture.scope_is == "dynamic" and (definition := find(fixture)) is not None:
            scope = next((one for one in SCOPES if one == definition.scope), fixture.scope)
            setups = graph.setups_under(fixture, scope)
            yield msgspec.structs.replace(fixture, scope=scope, setups=setups)


def _cut_params(cut: Sequence[tuple[str, int, int]], most: int) -> str:
    """Say of which fixtures parameters are left out: name, how many are measured, and how many there are."""
    left_out = sum(there - measured for _, measured, there in cut)
    named = [f"{name} has {there}" for name, _, there in cut[:MOST_NAMES]]
    more = [f"{len(cut) - MOST_NAMES} more fixtures"] if len(cut) > MOST_NAMES else []
    words = "parameter" if left_out == 1 else "parameters"
    beyond = f"beyond the first {most} of a fixture (--max-params)"
    return f"{NOT_MEASURED}{left_out} {words} {beyond}: {', '.join([*named, *more])}"


def _digest(inventory: wire.Inventory) -> str:
    """Return what changes with the files that define fixtures; one that cannot be read counts by its name."""
    found = hashlib.blake2b(digest_size=16)
    ours = "fixturescope.measure.probe."  # linked into a folder that each run makes anew
    files = {one.file for one in inventory.definitions if not one.module.startswith(ours)}
    for file in sorted(file for file in files if file is not None):
        found.update(file.encode("utf-8", "replace"))
        with contextlib.suppress(OSError):
            found.update(Path(file).read_bytes())
    return found.hexdigest()


def _as_fixture(definition: wire.Definition, rootdir: str) -> Fixture:
    """Return what the model says of a ``setUp`` or ``setup_module``: it is set up once for each item, class or module."""
    path = Path(definition.file or "")
    inside = path.is_relative_to(rootdir)
    return Fixture(
        id=f"{definition.baseid}::{definition.name}",
        name=definition.name,
        function=definition.function,
        path=path.relative_to(rootdir).as_posix() if inside else path.as_posix(),
        line=definition.line or 1,
        scope=next(scope for scope in SCOPES if scope == definition.scope),
        autouse=True,
        visible_from="class" if "::" in definition.baseid else "module",
        visible_in=definition.baseid,
        origin="static" if inside else "plugin",
        has_teardown=True,
        category="xunit style",
        usage=definition.items,
        setups=definition.items if definition.scope == "function" else min(1, definition.items),
    )


def _target(fixture: Fixture, definition: wire.Definition, carrier: wire.Carrier) -> Target:
    spares = tuple(one for one in definition.spares if one.number == carrier.number)
    return Target(fixture.id, fixture.name, definition.key, carrier, spares)


def not_collected(error: str) -> str:
    """Return what is said of a file or folder that pytest could not collect."""
    return f"{NOT_COLLECTED}{error}"


_UNKNOWN = "pytest does not know it here: its file was not collected or its definition did not run"


def _wanted(fixture: Fixture, selection: Selection) -> bool:
    if selection.name is not None and not fnmatch.fnmatchcase(fixture.name, selection.name):
        return False
    if not selection.only and fixture.origin not in OWN_ORIGINS:
        return fixture.usage > 0
    return all(_in_group(fixture, group) for group in selection.only)


def _in_group(fixture: Fixture, group: str) -> bool:
    answers = {
        "own": fixture.origin in OWN_ORIGINS,
        "used": fixture.unused is None,
        "unused": fixture.unused is not None,
    }
    return answers.get(group, group in (fixture.scope, fixture.origin))


def _rank(fixture: Fixture) -> tuple[object, ...]:
    return -fixture.setups, -fixture.usage, fixture.origin not in OWN_ORIGINS, fixture.id


class _Finder:
    """Finds pytest's definition of a fixture of the graph: by file, line and name, and where that is not one, by place."""

    def __init__(self, rootdir: str, inventory: wire.Inventory, styled: Mapping[str, Fixture]) -> None:
        self._root = Path(rootdir)
        self._styled = {styled[one.key].id: one for one in inventory.definitions if one.key in styled}
        self._by_place: dict[tuple[str, int, str], list[wire.Definition]] = defaultdict(list)
        for definition in inventory.definitions:
            if definition.file is not None and definition.line is not None:
                self._by_place[_real(definition.file), definition.line, definition.name].append(definition)

    def __call__(self, fixture: Fixture) -> wire.Definition | None:
        if fixture.id in self._styled:
            return self._styled[fixture.id]
        found = self._by_place.get((_real(self._root / fixture.path), fixture.line, fixture.name), [])
        exact = [one for one in found if one.baseid == fixture.visible_in]
        return _best(exact or found)


def _best(found: Sequence[wire.Definition]) -> wire.Definition | None:
    return max(found, key=lambda one: (bool(one.carriers), one.items), default=None)


def _real(path: str | Path) -> str:
    return str(Path(path).resolve())
