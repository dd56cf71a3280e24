"""Where something stands in source, and what a fixture is called among others of its name, as short as it is clear."""

from __future__ import annotations

import re
from collections.abc import Iterable

from fixturescope.model import Fixture

_INSTALLED = re.compile(r"^.*[/\\](?:site|dist)-packages[/\\]")


def place(path: str, line: int | None = None) -> str:
    """Return ``path:line``; of what is installed, from the folder of all packages: ``pytest_mock/plugin.py:600``."""
    short = _INSTALLED.sub("", path) or path
    return f"{short}:{line}" if line else short


def labels(fixtures: Iterable[Fixture]) -> dict[str, str]:
    """Return id → what a fixture is called where its place does not stand beside it.

    Its name; where others have it, too, as much of the end of its id as tells them apart: ``TestCart::client``.
    """
    named: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    for one in fixtures:
        named.setdefault(one.name, []).append(one.id)
        names[one.id] = one.name
    return {id_: name if len(named[name]) == 1 else _told_apart(id_, named[name]) for id_, name in names.items()}


def _told_apart(id_: str, all_of_them: list[str]) -> str:
    others = [one for one in all_of_them if one != id_]
    beginnings = [found.end() for found in re.finditer(r"::|/", id_)]
    for at in reversed(beginnings):
        end = id_[at:]
        if "::" in end and not any(other.endswith(end) for other in others):
            return end
    return id_
