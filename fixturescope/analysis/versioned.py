"""Whether a change to a file can be taken back: what git says of it. No code of the project runs for that."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from fixturescope.errors import UsageError

FORCE = "or --force, which writes it all the same"


def check_committed(root: Path, paths: Sequence[str]) -> None:
    """Complain of the first file that git could not bring back as it is.

    Args:
        root: Where relative paths start.
        paths: Files.

    Raises:
        UsageError: One has changes that are not committed, or git does not know it.
    """
    for path in paths:
        file = root / path
        if _git(file, "ls-files", "--error-unmatch", "--", file.name) is None:
            raise UsageError(
                "is not in git, so that nothing could bring it back", path=path, hint=f"commit it, {FORCE}"
            )
        if _git(file, "status", "--porcelain", "--", file.name):
            raise UsageError("has changes that are not committed", path=path, hint=f"commit or stash them, {FORCE}")


def _git(file: Path, *words: str) -> str | None:
    """Return what git says; None where it refuses or is not there. A hook that the project's settings name is not run."""
    git = shutil.which("git")
    if git is None:
        return None
    command = [git, "-c", "core.fsmonitor=false", "-C", os.fspath(file.parent), *words]
    done = subprocess.run(  # noqa: S603 - git alone, with words of ours
        command, capture_output=True, text=True, errors="replace", check=False
    )
    return done.stdout if done.returncode == 0 else None
