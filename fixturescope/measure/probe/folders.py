"""The folder of a run: below ``.fixturescope``, which ignores itself in git, named after the time, and ``latest`` points to it."""

from __future__ import annotations

import contextlib
import os

RUNS = os.path.join(".fixturescope", "runs")
"""From the rootdir."""

NAMED = "%Y%m%d-%H%M%S"
"""How a folder is named after the local time."""


def make(runs: str, name: str) -> str:
    """Make the folder of a new run, below the one of all runs.

    Returns:
        Its path; its name has a number where another run began in the same second.

    Raises:
        OSError: It cannot be made.
    """
    os.makedirs(runs, exist_ok=True)
    ignore = os.path.join(os.path.dirname(runs), ".gitignore")
    if not os.path.exists(ignore):
        with open(ignore, "w", encoding="utf-8") as file:
            file.write("*\n")
    for number in range(1, 1000):
        path = os.path.join(runs, name if number == 1 else f"{name}-{number}")
        try:
            os.mkdir(path)
        except FileExistsError:
            continue
        _point_at(os.path.join(runs, "latest"), path)
        return path
    raise OSError(0, f"{os.path.join(runs, name)} is there a thousand times")


def _point_at(link: str, path: str) -> None:
    with contextlib.suppress(OSError):  # a file system without links has no `latest`
        fresh = os.path.join(os.path.dirname(link), f".latest-{os.getpid()}")
        os.symlink(os.path.basename(path), fresh, target_is_directory=True)
        os.replace(fresh, link)
