"""Where something stands in source, as short as it is clear."""

from __future__ import annotations

import re

_INSTALLED = re.compile(r"^.*[/\\](?:site|dist)-packages[/\\]")


def place(path: str, line: int | None = None) -> str:
    """Return ``path:line``; of what is installed, from the folder of all packages: ``pytest_mock/plugin.py:600``."""
    short = _INSTALLED.sub("", path) or path
    return f"{short}:{line}" if line else short
