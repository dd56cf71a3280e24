"""pytest's file patterns (``fnmatch_ex``), compiled once for a run."""

from __future__ import annotations

import fnmatch
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Patterns:
    """Patterns as pytest's ``fnmatch_ex`` reads them: for the name, or with a separator for the end of the path."""

    def __init__(self, patterns: Iterable[str]) -> None:
        names: list[str] = []
        paths: list[str] = []
        for given in patterns:
            pattern = given.replace("/", os.sep) if os.sep not in given else given
            if os.sep not in pattern:
                names.append(pattern)
            else:
                paths.append(pattern if Path(pattern).is_absolute() else f"*{os.sep}{pattern}")
        self._name, self._path = _compiled(names), _compiled(paths)

    def may(self, name: str) -> bool:
        """Whether a path of that name could match."""
        return self._path is not None or (
            self._name is not None and self._name.match(os.path.normcase(name)) is not None
        )

    def match(self, path: Path) -> bool:
        """Whether an absolute path matches one of the patterns."""
        return (self._name is not None and self._name.match(os.path.normcase(path.name)) is not None) or (
            self._path is not None and self._path.match(os.path.normcase(path)) is not None
        )


def _compiled(patterns: Sequence[str]) -> re.Pattern[str] | None:
    return (
        re.compile("|".join(fnmatch.translate(os.path.normcase(pattern)) for pattern in patterns)) if patterns else None
    )
