"""Brings a suite onto this machine: its source distribution, unpacked, and a virtual environment of its own.

Nothing is written outside the cache folder, and no code of a source distribution is built or run to get it: pip
downloads it, and the one question that pip would put to the project's build backend is answered by a stand-in.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.oracle.suites import Suite

BACKENDS = (
    "flit_core.buildapi",
    "hatchling.build",
    "maturin",
    "mesonpy",
    "pdm.backend",
    "poetry.core.masonry.api",
    "scikit_build_core.build",
    "setuptools.build_meta",
    "uv_build",
)
"""Build backends that a stand-in is put in place of while pip downloads."""

OVERLAID = frozenset({".dll", ".dylib", ".py", ".pyd", ".so"})
"""What an overlay copies; a package's data may hold a pytest configuration of its own, which would move the rootdir."""

STAND_IN = """
import os, pathlib

def prepare_metadata_for_build_wheel(directory, config_settings=None):
    name, version = os.environ["ORACLE_PIN"].split("==")
    folder = pathlib.Path(directory, f"{name.replace('-', '_')}-{version}.dist-info")
    folder.mkdir()
    folder.joinpath("METADATA").write_text(f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n")
    return folder.name

def get_requires_for_build_wheel(config_settings=None):
    return []

class __legacy__:
    prepare_metadata_for_build_wheel = staticmethod(prepare_metadata_for_build_wheel)
    get_requires_for_build_wheel = staticmethod(get_requires_for_build_wheel)
"""
"""`pip download` prepares metadata even of one pinned file without dependencies; this says only what is known."""


class PreparationError(Exception):
    """A suite could not be brought here; the message ends with what the command said."""


@dataclass(frozen=True)
class Checkout:
    """A suite that is ready.

    Attributes:
        suite: Which.
        source: The unpacked source distribution: the working directory for pytest and `analyze`.
        python: The interpreter of its virtual environment; with stand-ins, ours.
    """

    suite: Suite
    source: Path
    python: Path

    @property
    def paths(self) -> tuple[str, ...]:
        """The suite's paths with globs expanded, relative to `source`."""
        found: list[str] = []
        for pattern in self.suite.paths:
            matches = sorted(path.relative_to(self.source).as_posix() for path in self.source.glob(pattern))
            if not matches:
                raise PreparationError(f"{self.suite.name}: nothing matches {pattern!r} in {self.source}")
            found += matches
        return tuple(found)


def prepare(suite: Suite, cache: Path, *, python: Path, pytest: str, repository: Path | None = None) -> Checkout:
    """Downloads, unpacks and installs what is not there yet.

    Args:
        suite: Which suite.
        cache: Folder that holds all suites; made when missing.
        python: Interpreter that the virtual environment is made from; a suite with stand-ins is collected by ours, as it is
            ours that `analyze` takes where none is named.
        pytest: Version of pytest to install; a suite with stand-ins gets that which is there.
        repository: A clone, bare or not, that holds the commit of a suite that comes from one; nothing is written there.

    Raises:
        PreparationError: A download or an installation failed, or the interpreter is too old, or a suite comes from a
            repository and no clone with its commit was given.
    """
    folder = cache / suite.slug
    version = _version_of(python)
    if version < suite.python:
        raise PreparationError(f"{suite.name} needs Python {suite.python[0]}.{suite.python[1]}, and {python} is older")
    if suite.repository:
        source = _archived(suite, folder, repository)
    else:
        source = _unpacked(suite, folder, cache / "downloads", python=python)
    if suite.stand_ins is not None:
        return Checkout(suite, source, Path(sys.executable))
    environment = folder / f"venv-{version[0]}.{version[1]}-pytest-{pytest}"
    interpreter = _installed(suite, environment, python=python, pytest=pytest)
    if suite.overlay:
        _overlay(suite, source, interpreter)
    return Checkout(suite, source, interpreter)


def run(command: Sequence[str | Path], *, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> str:
    """Runs a command and returns what it wrote to stdout.

    Raises:
        PreparationError: It failed.
    """
    words = [str(word) for word in command]
    done = subprocess.run(
        words, cwd=cwd, env=None if env is None else dict(env), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise PreparationError(f"{' '.join(words)}: exit {done.returncode}\n{(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


def _version_of(python: Path) -> tuple[int, int]:
    major, minor = run([python, "-c", "import sys; print(*sys.version_info[:2])"]).split()
    return int(major), int(minor)


def _unpacked(suite: Suite, folder: Path, downloads: Path, *, python: Path) -> Path:
    destination = folder / "source"
    if not destination.is_dir():
        archive = _downloaded(suite, downloads, python=python)
        with tempfile.TemporaryDirectory(dir=_made(folder)) as scratch:
            with tarfile.open(archive) as contents:
                _extract(contents, Path(scratch))
            (top,) = Path(scratch).iterdir()
            top.rename(destination)
    return destination


def _archived(suite: Suite, folder: Path, repository: Path | None) -> Path:
    """The tree of the pinned commit, which its hash vouches for."""
    destination = folder / "source"
    if not destination.is_dir():
        if repository is None:
            raise PreparationError(
                f"{suite.name} comes from {suite.repository} at {suite.version[:12]}: give a clone of it by "
                f"--checkout {suite.name}=PATH"
            )
        with tempfile.TemporaryDirectory(dir=_made(folder)) as scratch:
            archive = Path(scratch, "tree.tar")
            run(["git", "-C", repository, "archive", f"--output={archive}", suite.version])
            with tarfile.open(archive) as contents:
                _extract(contents, Path(scratch, "tree"))
            Path(scratch, "tree").rename(destination)
    return destination


def _extract(contents: tarfile.TarFile, folder: Path) -> None:
    if hasattr(tarfile, "data_filter"):
        contents.extractall(folder, filter="data")
    else:  # a Python 3.10 or 3.11 from before the filter; the archive's hash is pinned
        contents.extractall(folder)


def _downloaded(suite: Suite, downloads: Path, *, python: Path) -> Path:
    pin = f"{suite.distribution}=={suite.version}"
    folder = downloads / suite.slug
    if not folder.is_dir():
        with tempfile.TemporaryDirectory(dir=_made(downloads)) as name:
            scratch = Path(name)
            requirements = scratch / "requirements.txt"
            requirements.write_text(f"{pin} --hash=sha256:{suite.sha256}\n", encoding="utf-8")
            options = ["--quiet", "--no-deps", "--no-build-isolation", "--use-pep517", "--require-hashes"]
            run(
                [
                    *_pip(scratch, python),
                    "download",
                    *options,
                    "--no-binary",
                    ":all:",
                    "--dest",
                    scratch / "got",
                    "-r",
                    requirements,
                ],
                env={**os.environ, "PYTHONPATH": str(_stand_ins(scratch)), "ORACLE_PIN": pin},
            )
            (scratch / "got").rename(folder)
    (archive,) = folder.iterdir()
    return archive


def _pip(scratch: Path, python: Path) -> list[str | Path]:
    """The interpreter's pip, or that of a fresh environment where it has none: pip leaves out what is not for its own."""
    if subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0:
        return [python, "-m", "pip"]
    run([python, "-m", "venv", scratch / "pip"])
    return [_python_in(scratch / "pip"), "-m", "pip"]


def _stand_ins(scratch: Path) -> Path:
    root = scratch / "stand-ins"
    for backend in BACKENDS:
        *packages, module = backend.split(".")
        folder = _made(root.joinpath(*packages))
        for depth in range(len(packages)):
            root.joinpath(*packages[: depth + 1], "__init__.py").touch()
        (folder / f"{module}.py").write_text(STAND_IN, encoding="utf-8")
    return root


def _installed(suite: Suite, environment: Path, *, python: Path, pytest: str) -> Path:
    """The environment's interpreter, once a stamp says that all it needs is installed."""
    own = [f"{suite.distribution}=={suite.version}"] if suite.installs else []
    wanted = [*own, *suite.requires, *([] if suite.distribution == "pytest" and own else [f"pytest=={pytest}"])]
    stamp = environment / "oracle-requirements.txt"
    interpreter = _python_in(environment)
    if stamp.is_file() and stamp.read_text(encoding="utf-8").split("\n") == wanted:
        return interpreter
    shutil.rmtree(environment, ignore_errors=True)
    uv = _uv()
    if uv:
        run([*uv, "venv", "--quiet", "--python", python, environment])
        run([*uv, "pip", "install", "--quiet", "--python", interpreter, *wanted])
    else:
        run([python, "-m", "venv", environment])
        run([interpreter, "-m", "pip", "install", "--quiet", *wanted])
    stamp.write_text("\n".join(wanted), encoding="utf-8")
    return interpreter


def _uv() -> list[str | Path]:
    found = shutil.which("uv") or next(
        (path for path in [Path(sys.executable).with_name("uv")] if path.is_file()), None
    )
    return [found] if found else []


def _overlay(suite: Suite, source: Path, interpreter: Path) -> None:
    """Copies what the installed package has and the unpacked one lacks: compiled and generated modules."""
    package = suite.package or suite.distribution.replace("-", "_")
    (folder,) = run([interpreter, "-c", "import sysconfig; print(sysconfig.get_path('platlib'))"]).splitlines()
    installed = Path(folder, package)
    for path in installed.rglob("*"):
        target = source / package / path.relative_to(installed)
        if path.is_file() and not target.exists() and path.suffix in OVERLAID:
            _made(target.parent)
            shutil.copy2(path, target)
    libraries = (
        f"{suite.distribution.replace('-', '_')}.libs"  # shared libraries, which compiled modules look for beside
    )
    if (installed.parent / libraries).is_dir() and not (source / libraries).exists():
        shutil.copytree(installed.parent / libraries, source / libraries)


def _python_in(environment: Path) -> Path:
    return environment / "Scripts" / "python.exe" if os.name == "nt" else environment / "bin" / "python"


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
