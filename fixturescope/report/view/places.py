"""Where something stands in source, and what a fixture is called among others of its name, as short as it is clear."""

from __future__ import annotations

import re
from collections import Counter
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
    fixtures = tuple(fixtures)
    named = Counter(one.name for one in fixtures)
    ends = Counter(end for one in fixtures if named[one.name] > 1 for end in _ends(one.id))
    return {
        one.id: one.name
        if named[one.name] == 1
        else next((end for end in _ends(one.id) if "::" in end and ends[end] == 1), one.id)
        for one in fixtures
    }


def _ends(id_: str) -> list[str]:
    """Return the ends of an id that begin with a folder, file, class or name, the shortest first, itself last."""
    ends = [id_[found.end() :] for found in re.finditer(r"::|/", id_)]
    return [*reversed(ends), id_]
