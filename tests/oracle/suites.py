"""The pinned list of suites, read from `suites.toml`."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LIST = Path(__file__).with_name("suites.toml")
"""The pinned list that the oracle runs on."""


@dataclass(frozen=True)
class Suite:
    """One real suite: where it comes from and how pytest collects it.

    Attributes:
        name: What the table and ``--suite`` call it.
        distribution: Its name on the package index.
        version: The pinned version.
        sha256: Of the source distribution.
        corner: Which corner of the ecosystem it stands for.
        paths: What pytest and `analyze` are both given, from the unpacked folder; globs allowed.
        requires: Pinned requirements that collecting needs, pytest apart.
        pytest: The newest pytest that collects it.
        python: Lower bound on the interpreter, as (major, minor).
        quick: Whether it belongs to the short run.
        installs: Whether the distribution itself is installed, from its wheel.
        overlay: Whether files of the installed package that the source distribution lacks (compiled modules) are
            copied into the unpacked folder, for packages whose tests lie within the package.
        expected_errors: Collectors that fail for reasons of the source distribution itself.
        environment: Environment variables for pytest.
        pytest_args: Further arguments for pytest alone; they must not change what is collected.
        repository: ``owner/name`` of the public repository that it comes from in the place of the package index; a
            checkout that holds the commit which `version` then is has to be given.
        part: Which part of a split list it is in.
        package: The package that an overlay is of, where it is not named like the distribution.
        stand_ins: JSON that the stand-in plugin gets, so that pytest collects without what the suite imports; None: what
            it imports is installed.
    """

    name: str
    distribution: str
    version: str
    sha256: str
    corner: str
    paths: tuple[str, ...]
    requires: tuple[str, ...]
    pytest: str
    python: tuple[int, int]
    quick: bool
    installs: bool
    overlay: bool
    expected_errors: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]
    pytest_args: tuple[str, ...]
    repository: str = ""
    part: str = ""
    package: str = ""
    stand_ins: str | None = None

    @property
    def slug(self) -> str:
        """Its folder's name in the cache."""
        return f"{self.name}-{self.version[:12] if self.repository else self.version}"


def load(path: Path = LIST) -> tuple[Suite, ...]:
    """Reads the list, in its order.

    Raises:
        ValueError: A suite lacks a key, has one that is not known, or a requirement is not pinned.
    """
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    return tuple(_suite(row, document["defaults"]) for row in document["suite"])


def _suite(row: dict[str, Any], defaults: dict[str, Any]) -> Suite:
    values = {"distribution": row["name"], **defaults, **row}
    if "stand_ins" in values:
        values["stand_ins"] = json.dumps(values["stand_ins"], sort_keys=True)
    unpinned = [
        requirement for requirement in values["requires"] if not re.match(r"[\w.\-]+(\[[\w,\-]+\])?==\S", requirement)
    ]
    if unpinned:
        raise ValueError(f"suite {row['name']}: not pinned: {', '.join(unpinned)}")
    major, minor = (int(part) for part in values.pop("python").split("."))
    try:
        return Suite(
            python=(major, minor),
            environment=tuple(sorted(values.pop("environment").items())),
            expected_errors=tuple(values.pop("expected_errors")),
            paths=tuple(values.pop("paths")),
            requires=tuple(values.pop("requires")),
            pytest_args=tuple(values.pop("pytest_args")),
            **values,
        )
    except TypeError as error:
        raise ValueError(f"suite {row['name']}: {error}") from error
