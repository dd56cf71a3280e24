"""Questions about paths that answer no instead of failing.

``pathlib`` raises where a folder above may not be entered (and differs between Python releases); over a foreign tree
that is one more way of not being there. Symlinks are followed, never resolved: pytest names files as it reached them.
"""

from __future__ import annotations

import os
from pathlib import Path


def absolute(path: str | Path, cwd: Path) -> Path:
    """Return ``path`` from ``cwd``, normalised without resolving symlinks, as pytest does."""
    return Path(os.path.normpath(cwd / path))


def is_file(path: Path | str) -> bool:
    """Whether ``path`` is a regular file, or a link to one."""
    return os.path.isfile(path)  # noqa: PTH113 - see the module's docstring


def is_dir(path: Path | str) -> bool:
    """Whether ``path`` is a directory, or a link to one."""
    return os.path.isdir(path)  # noqa: PTH112 - see the module's docstring


def exists(path: Path | str) -> bool:
    """Whether there is anything at ``path``; a broken link is nothing."""
    return os.path.exists(path)  # noqa: PTH110 - see the module's docstring


def names_in(directory: Path) -> tuple[str, ...]:
    """Return the sorted names in a directory; none when it cannot be listed."""
    try:
        return tuple(sorted(os.listdir(directory)))  # noqa: PTH208 - names, without a Path for each
    except OSError:
        return ()


def read_text(path: Path) -> str | None:
    """Return the text of a regular file, undecodable bytes replaced; None when it cannot be read."""
    if not is_file(path):  # a FIFO would hang us
        return None
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
