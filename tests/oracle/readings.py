"""The two sides of a comparison, read into plain values: pytest's dump and `analyze`'s document."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.oracle import dump_plugin


class ReadingError(Exception):
    """A dump or a document does not have the shape that the oracle needs."""


@dataclass(frozen=True)
class Place:
    """Where a definition stands: the file (relative to the rootdir, else absolute) and the line of its ``def``."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Definition:
    """A fixture definition as pytest holds it; `place` is None where there is no source to read."""

    name: str
    place: Place | None
    module: str
    described: str


@dataclass(frozen=True)
class Variant:
    """What some items of one function get: requested name → definition, and definitions reached behind overrides."""

    items: int
    closure: Mapping[str, Definition]
    reached: tuple[Definition, ...]


@dataclass(frozen=True)
class TrueFunction:
    """A test function as pytest collected it."""

    id: str
    kind: str
    path: str
    cls: str
    name: str
    line: int | None
    items: int
    variants: tuple[Variant, ...]
    is_function: bool


@dataclass(frozen=True)
class Truth:
    """A whole dump.

    Attributes:
        functions: All, those of plugins' own item kinds included.
        registered: Each fixture that pytest knows, used or not.
        errors: Collectors that failed: id → reason.
        skipped: Collectors that skipped themselves whole: id → reason.
    """

    functions: tuple[TrueFunction, ...]
    registered: tuple[Definition, ...]
    errors: Mapping[str, str]
    skipped: Mapping[str, str]
    wall_s: float


@dataclass(frozen=True)
class ClaimedFixture:
    """A fixture of the document; `local` when it is defined below the rootdir."""

    id: str
    name: str
    place: Place
    unused: str | None
    local: bool
    dynamic: bool = False
    """Whether ``getfixturevalue`` with a known name reaches it."""


@dataclass(frozen=True)
class ClaimedTest:
    """A test of the document."""

    id: str
    path: str
    cls: str
    name: str
    line: int | None
    items: int
    exact: bool
    closure: Mapping[str, str]


@dataclass(frozen=True)
class Claim:
    """A whole document."""

    tests: tuple[ClaimedTest, ...]
    fixtures: Mapping[str, ClaimedFixture] = field(default_factory=dict)


def read_truth(path: Path) -> Truth:
    """Reads a dump.

    Raises:
        ReadingError: It is not one, or of another format.
    """
    return truth_from(read_document(path))


def read_claim(path: Path) -> Claim:
    """Reads a document that ``analyze --format json`` wrote.

    Raises:
        ReadingError: A name that others rely on is missing from it.
    """
    return claim_from(read_document(path))


def truth_from(document: Mapping[str, Any]) -> Truth:
    """Makes a `Truth` of a parsed dump."""
    if document.get("format") != dump_plugin.FORMAT:
        raise ReadingError(f"not a dump of format {dump_plugin.FORMAT}: format is {document.get('format')!r}")
    definitions = tuple(_definition(row) for row in document["definitions"])
    return Truth(
        functions=tuple(_true_function(row, definitions) for row in document["functions"]),
        registered=tuple(definitions[row["definition"]] for row in document["registered"]),
        errors={row["id"]: row["reason"] for row in document["errors"]},
        skipped={row["id"]: row["reason"] for row in document["skipped"]},
        wall_s=document["wall_s"],
    )


def claim_from(document: Mapping[str, Any]) -> Claim:
    """Makes a `Claim` of a parsed document.

    Raises:
        ReadingError: A key is missing, a fixture's id is there twice or `items_are` or `unused` has an unknown value.
    """
    try:
        fixtures = [_claimed_fixture(row) for row in document["fixtures"]]
        tests = tuple(_claimed_test(row) for row in document["tests"])
    except KeyError as error:
        raise ReadingError(f"the document lacks {error}") from error
    by_id = {fixture.id: fixture for fixture in fixtures}
    if len(by_id) != len(fixtures):
        raise ReadingError("the document has a fixture id twice")
    return Claim(tests, by_id)


def read_document(path: Path) -> Mapping[str, Any]:
    """Reads a file that holds one JSON object.

    Raises:
        ReadingError: It does not.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ReadingError(f"{path}: {error}") from error
    if not isinstance(document, dict):
        raise ReadingError(f"{path}: not an object")
    return document


def _definition(row: Mapping[str, Any]) -> Definition:
    place = Place(_spelled(row["file"]), row["line"]) if row["has_source"] else None
    described = (
        f"{row['name']} ({row['module'] or '?'}.{row['function']}, {row['file']}:{row['line'] or row['first_line']})"
    )
    return Definition(row["name"], place, row["module"] or "?", described)


def _true_function(row: Mapping[str, Any], definitions: tuple[Definition, ...]) -> TrueFunction:
    return TrueFunction(
        id=row["id"],
        kind=row["kind"],
        path=row["path"],
        cls=row["cls"],
        name=row["name"],
        line=row["line"],
        items=row["items"],
        variants=tuple(_variants(row["variants"], definitions)),
        is_function=row["is_function"],
    )


def _variants(rows: list[Mapping[str, Any]], definitions: tuple[Definition, ...]) -> Iterator[Variant]:
    for row in rows:
        closure = {name: definitions[index] for name, index in row["closure"].items()}
        yield Variant(row["items"], closure, tuple(definitions[index] for index in row["reached"]))


def _claimed_fixture(row: Mapping[str, Any]) -> ClaimedFixture:
    if row["unused"] not in (None, "certain", "possible"):
        raise ReadingError(f"fixture {row['id']}: unused is {row['unused']!r}")
    place = Place(_spelled(row["path"]), row["line"])
    dynamic = row.get("usage_dynamic", 0) > 0
    return ClaimedFixture(
        row["id"], row["name"], place, row["unused"], local=not Path(row["path"]).is_absolute(), dynamic=dynamic
    )


def _claimed_test(row: Mapping[str, Any]) -> ClaimedTest:
    if row["items_are"] not in ("exact", "at_least"):
        raise ReadingError(f"test {row['id']}: items_are is {row['items_are']!r}")
    exact = row["items_are"] == "exact"
    return ClaimedTest(
        row["id"], row["path"], row["cls"], row["name"], row["line"], row["items"], exact, row["closure"]
    )


def _spelled(file: str) -> str:
    """One spelling for absolute paths, whichever link or drive letter they were reached by."""
    return Path(file).resolve().as_posix() if Path(file).is_absolute() else file
