"""A start of pytest → the tables and figures that every format shows of it. No string of any format lives here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from fixturescope.model import ImportedModule, Startup


@dataclass(frozen=True)
class StepRow:
    """One start of pytest, in seconds."""

    name: str
    wall_s: float
    added_s: float | None
    """More than the step before it; null for the first, and where that one is missing."""


@dataclass(frozen=True)
class ImportRow:
    """One import, in seconds."""

    name: str
    """The path where it is a file of the project that pytest loaded, else the module's name."""
    self_s: float
    cumulative_s: float
    importer: str | None
    """What imported it first, named likewise; null where no module did."""


@dataclass(frozen=True)
class StartupView:
    """What a run pays before its first test."""

    steps: tuple[StepRow, ...]
    entered: tuple[ImportRow, ...]
    """Where one package enters another, most cumulative seconds first: these are the lines that somebody can move or drop.

    What a package imports of its own is part of it; pytest and what it needs are left out, since nobody can drop them.
    """
    modules: tuple[ImportRow, ...]
    """All, most seconds of its own first."""
    reasons: tuple[str, ...]
    """Lines; those that begin with a blank are details of the one above them."""
    artifacts: tuple[tuple[str, str], ...]


def view_startup(startup: Startup) -> StartupView:
    """Return what is shown of a start."""
    imports = startup.imports
    above = import_parents(imports)
    rows = [
        ImportRow(shown_module(one), one.self_s, one.cumulative_s, None if at is None else shown_module(imports[at]))
        for one, at in zip(imports, above)
    ]
    roots: list[int] = []
    for at, parent in enumerate(above):
        roots.append(at if parent is None else roots[parent])
    entered = [
        rows[at]
        for at, one in enumerate(imports)
        if _package(imports[roots[at]].name) not in ("pytest", "_pytest")
        and (one.path or one.imported_by is None or _package(one.imported_by) != _package(one.name))
    ]
    return StartupView(
        steps=tuple(_step_rows(startup)),
        entered=tuple(sorted(entered, key=lambda row: (-row.cumulative_s, row.name))),
        modules=tuple(sorted(rows, key=lambda row: (-row.self_s, row.name))),
        reasons=tuple((startup.reason or "").splitlines()),
        artifacts=tuple(sorted(startup.artifacts.items())),
    )


def shown_module(one: ImportedModule) -> str:
    """Return what a module is called: several conftests have one name, and a plugin's path says less than its name."""
    in_project = one.path is not None and not PurePosixPath(one.path).is_absolute() and ":" not in one.path
    return one.path if in_project and one.path else one.name


def import_parents(imports: Sequence[ImportedModule]) -> tuple[int | None, ...]:
    """Return for each import the place of the one that it is part of: a name alone may stand for several."""
    parents: list[int | None] = []
    above: list[int] = []
    for at, one in enumerate(imports):
        while above and imports[above[-1]].name != one.imported_by:
            above.pop()
        parents.append(above[-1] if above else None)
        above.append(at)
    return tuple(parents)


def _step_rows(startup: Startup) -> Iterator[StepRow]:
    order = ("python", "pytest", "plugins", "conftests", "modules")
    walls = {step.name: step.wall_s for step in startup.steps}
    for before, name in zip((None, *order), order):
        if name in walls:
            yield StepRow(name, walls[name], walls[name] - walls[before] if before in walls else None)


def _package(name: str) -> str:
    return name.partition(".")[0]
