"""What pytest says of a suite: one `--collect-only` run with the dump plugin, kept per version of all that matters."""

from __future__ import annotations

import ast
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from tests.oracle import dump_plugin, stand_in_plugin
from tests.oracle.environments import Checkout, PreparationError, run

PLUGIN_FILE = Path(__file__).with_name("dump_plugin.py")
PLUGIN_MODULE = "fixturescope_oracle_dump"
"""The plugin's name inside a suite's process, where no module of ours may be importable."""

STAND_INS_FILE = Path(__file__).with_name("stand_in_plugin.py")
STAND_INS_MODULE = "fixturescope_oracle_stand_ins"
"""Likewise of the plugin that makes stand-ins for what is not installed."""


def dump(checkout: Checkout) -> Path:
    """Returns the truth dump of a suite, made by pytest unless it was before.

    Args:
        checkout: The suite, ready to be collected.

    Raises:
        PreparationError: pytest did not get as far as writing it; the message holds the end of its output.
    """
    digest = _digest(PLUGIN_FILE)
    folder = checkout.source.parent / "truth"
    what: tuple[object, ...] = command(checkout), checkout.suite.environment, checkout.suite.requires
    if checkout.suite.stand_ins is not None:
        version = run([checkout.python, "-c", "import pytest; print(pytest.__version__)"])
        what = (*what, checkout.suite.stand_ins, _digest(STAND_INS_FILE), version)
    key = hashlib.sha256(repr(what).encode()).hexdigest()[:12]
    target = folder / f"{checkout.python.parent.parent.name}-{digest}-{key}.json"
    if not target.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        _collect(checkout, target, _lone_plugin(checkout.source.parent.parent, digest))
    return target


def command(checkout: Checkout) -> list[str]:
    """The pytest command, as run from the unpacked folder; the console script, so that folder is not on `sys.path`."""
    script = checkout.python.with_name("pytest.exe" if os.name == "nt" else "pytest")
    cache = checkout.source.parent / "pytest-cache"
    own = ["--collect-only", "-qq", "--continue-on-collection-errors", "-o", f"cache_dir={cache}", "-p", PLUGIN_MODULE]
    stand_ins = [] if checkout.suite.stand_ins is None else ["-p", STAND_INS_MODULE]
    return [str(script), *own, *stand_ins, *checkout.suite.pytest_args, *checkout.paths]


def _digest(plugin: Path) -> str:
    """Of what a plugin does: the same when only its layout changes."""
    return hashlib.sha256(ast.dump(ast.parse(plugin.read_text(encoding="utf-8"))).encode()).hexdigest()[:12]


def _collect(checkout: Checkout, target: Path, plugin_folder: Path) -> None:
    log = target.with_suffix(".log")
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHON"))},
        **dict(checkout.suite.environment),
        "PYTHONPATH": str(plugin_folder),
        "PYTHONDONTWRITEBYTECODE": "1",
        dump_plugin.ENVIRONMENT_VARIABLE: str(target),
        stand_in_plugin.ENVIRONMENT_VARIABLE: checkout.suite.stand_ins or "",
    }
    with log.open("w", encoding="utf-8") as stream:
        subprocess.run(
            command(checkout),
            cwd=checkout.source,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            check=False,
        )
    if not target.is_file():
        raise PreparationError(
            f"{checkout.suite.name}: pytest wrote no dump\n{log.read_text(encoding='utf-8')[-2000:]}"
        )


def _lone_plugin(cache: Path, digest: str) -> Path:
    """A folder that holds the plugins and nothing else."""
    folder = cache / f"plugin-{digest}"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(PLUGIN_FILE, folder / f"{PLUGIN_MODULE}.py")
    shutil.copyfile(STAND_INS_FILE, folder / f"{STAND_INS_MODULE}.py")
    return folder
