"""How the project's own pytest is started: its interpreter, our probe beside it, and what would spoil figures switched off.

The probe is reached through a folder that holds one link, to this package: nothing that is installed beside
fixturescope comes onto the project's path with it.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from fixturescope.measure.probe.witness import RUN_VARIABLE

PROBE = "fixturescope.measure.probe.plugin"
"""The plugin that measures, as ``-p`` names it."""


_DROPPED = ("PYTEST_CURRENT_TEST", "PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_XDIST_TESTRUNUID")
"""What an outer pytest says of itself, and what would mislead the project's."""


@dataclass(frozen=True)
class Spoiler:
    """A plugin that changes what is measured, and the options with which it does not."""

    distribution: str
    plugin: str
    """As ``-p no:`` names it."""
    options: tuple[str, ...]
    why: str


SPOILERS = (
    Spoiler("pytest-xdist", "xdist", ("-n0",), "workers would each collect and set up for themselves"),
    Spoiler("pytest-cov", "pytest_cov", ("--no-cov",), "tracing slows what is measured"),
    Spoiler(
        "pytest-randomly",
        "randomly",
        ("--randomly-dont-reorganize", "--randomly-dont-reset-seed"),
        "the order of tests decides which one is the carrier",
    ),
    Spoiler(
        "pytest-random-order",
        "random_order",
        ("--random-order-bucket=none",),
        "the order of tests decides which one is the carrier",
    ),
    Spoiler("pytest-timeout", "timeout", ("--timeout=0",), "--timeout of fixturescope holds instead"),
    Spoiler(
        "pytest-rerunfailures", "rerunfailures", ("--reruns=0",), "a fixture that fails is reported, not tried again"
    ),
)
"""All that are known."""


@dataclass(frozen=True)
class ProjectPytest:
    """The project's own pytest, ready to be started.

    Attributes:
        python: Absolute path of the project's interpreter.
        cwd: Where pytest is started.
        arguments: Files, folders and node ids.
        options: Further options, as the user would give them to pytest.
        rootdir: pytest's rootdir.
        plugins: Distributions whose plugins it loads, as the analysis found them.
        scratch: A folder of this run, for temporary files of all processes; see :func:`scratch_folder`.
        run: What ``FIXTURESCOPE_RUN`` is set to.
        spoiling: Plugins that are switched off where the project has them.
    """

    python: str
    cwd: Path
    arguments: tuple[str, ...]
    rootdir: Path
    scratch: Path
    run: str
    options: tuple[str, ...] = ()
    plugins: tuple[str, ...] = ()
    spoiling: tuple[Spoiler, ...] = SPOILERS
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    @property
    def spoilers(self) -> tuple[Spoiler, ...]:
        """The plugins that are switched off; those that ``-p no:`` keeps out know no options."""
        blocked = _blocked(self.options)
        return tuple(one for one in self.spoiling if one.distribution in self.plugins and one.plugin not in blocked)

    def command(
        self, *options: str, arguments: Sequence[str] | None = None, interpreter: Sequence[str] = (), first: str = ""
    ) -> tuple[str, ...]:
        """Return the command line that starts pytest.

        Args:
            options: Options for pytest, behind those of the project.
            arguments: Files and folders instead of ``self.arguments``.
            interpreter: Options for the interpreter: ``("-X", "importtime")``.
            first: A module that is imported before pytest is.
        """
        before = f"import {first}; " if first else ""
        boot = (
            f"import sys; sys.path[:1] = [{os.fspath(self.scratch / 'path')!r}] + [p for p in sys.path[:1] if p]; {before}"
            "import pytest; sys.exit(pytest.main())"
        )
        return (
            self.python,
            *interpreter,
            "-c",
            boot,
            *(self.arguments if arguments is None else arguments),
            *self.options,
            f"--rootdir={self.rootdir}",
            "-o",
            f"cache_dir={self.scratch / 'cache'}",
            *(option for spoiler in self.spoilers for option in spoiler.options),
            *options,
        )

    def environment(self) -> dict[str, str]:
        """Return the environment variables that it is started with: nothing is written into the project's folders."""
        kept = {name: value for name, value in self.environ.items() if name not in _DROPPED}
        return {
            **kept,
            "PYTHONDONTWRITEBYTECODE": "1",
            "TMPDIR": os.fspath(self.scratch / "tmp"),
            "HYPOTHESIS_STORAGE_DIRECTORY": os.fspath(self.scratch / "hypothesis"),
            RUN_VARIABLE: self.run,
        }


def _blocked(options: Sequence[str]) -> frozenset[str]:
    """Return the plugins that options for pytest keep out: ``-p no:NAME`` or ``-pno:NAME``."""
    named = [word for before, word in itertools.pairwise(("", *options)) if before == "-p"]
    named += [word[2:] for word in options if word.startswith("-p")]
    return frozenset(name.removeprefix("no:") for name in named if name.startswith("no:"))


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Make the folder of a run's temporary files, with the probe in its ``path``; remove it, and all in it, at the end."""
    folder = Path(tempfile.mkdtemp(prefix="fs-"))  # short: sockets of servers lie below it
    try:
        (folder / "tmp").mkdir()
        (folder / "path").mkdir()
        _place_probe(folder / "path")
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _place_probe(folder: Path) -> None:
    package = Path(__file__).parent.parent
    try:
        (folder / package.name).symlink_to(package, target_is_directory=True)
    except OSError:  # no links on this file system
        shutil.copytree(package, folder / package.name, ignore=shutil.ignore_patterns("__pycache__"))
