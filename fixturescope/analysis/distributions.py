"""Installed distributions of one site folder: names, entry points, top-level modules, read when asked for."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import msgspec

from fixturescope.analysis.paths import read_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class EntryPoint(msgspec.Struct, frozen=True):
    """One line of ``entry_points.txt``."""

    name: str
    module: str
    attribute: str | None = None


class Distribution(msgspec.Struct, frozen=True):
    """One installed distribution, by its metadata folder; files are read when asked for."""

    name: str
    version: str
    info: Path

    def entry_points(self, group: str) -> tuple[EntryPoint, ...]:
        """Return the entry points of one group, in order."""
        return tuple(_read_entry_points(read_text(self.info / "entry_points.txt") or "", group))

    def top_level(self) -> tuple[str, ...]:
        """Return the top-level modules it brings, from ``top_level.txt`` or else ``RECORD``."""
        text = read_text(self.info / "top_level.txt")
        if text:
            return tuple(text.split())
        record = read_text(self.info / "RECORD") or read_text(self.info / "SOURCES.txt") or ""
        paths = (line.split(",")[0] for line in record.splitlines())
        tops = (path.split("/")[0].removesuffix(".py") for path in paths if path.endswith(".py"))
        return tuple(dict.fromkeys(top for top in tops if top.isidentifier()))

    def canonical_name(self) -> str:
        """Return the name as its metadata writes it; the folder's name when there is no metadata."""
        text = read_text(self.info / "METADATA") or read_text(self.info / "PKG-INFO") or ""
        match = re.search(r"^Name:\s*(\S+)", text, re.MULTILINE)
        return match.group(1) if match else self.name


def distributions_in(directory: Path) -> list[Distribution]:
    """Return a folder's distributions in ``importlib.metadata``'s order: as listed, those of one name together."""
    try:
        names = os.listdir(directory)  # noqa: PTH208 - unsorted on purpose: plugins are registered in this order
    except OSError:
        return []
    groups: dict[str, list[Distribution]] = {}
    for name in names:
        low = name.lower()
        if low.endswith((".dist-info", ".egg-info")):
            stem = name.rpartition(".")[0]
            project, _, version = stem.partition("-")
            key = re.sub(r"[-_.]+", "-", project).lower().replace("-", "_")
            groups.setdefault(key, []).append(Distribution(project, version.split("-")[0], directory / name))
        elif low == "egg-info" and directory.name.lower().endswith(".egg"):
            project, _, version = directory.name.partition("-")
            groups.setdefault(project.lower(), []).append(
                Distribution(project, version.split("-")[0], directory / name)
            )
    return [distribution for group in groups.values() for distribution in group]


def _read_entry_points(text: str, group: str) -> Iterator[EntryPoint]:
    section = ""
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("[") and stripped.endswith("]"):
            section = stripped[1:-1]
        elif section == group and stripped and not stripped.startswith("#"):
            name, _, value = stripped.partition("=")
            module, _, attribute = value.partition("[")[0].strip().partition(":")
            if name.strip() and module.strip():
                yield EntryPoint(name.strip(), module.strip(), attribute.strip() or None)
