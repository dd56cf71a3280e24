"""What other tools say of the example: ``python -m benchmarks.peers``, the rows of the README's table, each run for real.

Installs the tools into an environment that is removed again, runs each on a copy of ``examples/models`` and prints what it
says, beside what pytest itself shows: which of the fixtures that it calls unused are set up when the suite runs.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

EXAMPLE = Path(__file__).parent.parent / "examples" / "models"

TOOLS = ("pytest<9", "pytest-deadfixtures", "pytest-language-server", "pytest-memray")
"""pytest-deadfixtures 2.2 ends with an AttributeError under pytest 9."""

COMMANDS = {
    "pytest --durations": ("python", "-m", "pytest", "-q", "--durations=4"),
    "pytest --fixtures-per-test": (
        *("python", "-m", "pytest", "-q", "--fixtures-per-test"),
        "tests/test_configs.py::test_config_names_its_model[gpt2]",
    ),
    "pytest-deadfixtures": ("python", "-m", "pytest", "-q", "--dead-fixtures"),
    "pytest-language-server": ("pytest-language-server", "fixtures", "unused", "."),
    "pytest-memray": ("python", "-m", "pytest", "-q", "--memray", "--most-allocations=3"),
}


def main() -> int:
    """Run all of them and print what they say."""
    with tempfile.TemporaryDirectory() as name:
        suite, bin_ = Path(name) / "models", Path(name) / "venv" / "bin"
        shutil.copytree(EXAMPLE, suite, ignore=shutil.ignore_patterns(".*", "__pycache__"))
        subprocess.run([sys.executable, "-m", "venv", str(bin_.parent)], check=True)
        subprocess.run([str(bin_ / "pip"), "install", "--quiet", *TOOLS], check=True)
        used = _set_up(suite, bin_)
        for tool, (program, *words) in COMMANDS.items():
            said = _said(suite, [str(bin_ / program), *words])
            print(f"=== {tool}\n{said.strip()[:2000]}\n")
            if tool in ("pytest-deadfixtures", "pytest-language-server"):
                named = set(re.findall(r"(?:Fixture name: |• )(\w+)", said))
                print(f"    named: {len(named)}; set up by the suite all the same: {sorted(named & used) or 'none'}\n")
        ours = _said(suite, [sys.executable, "-m", "fixturescope", "analyze", ".", "-q", "--no-cache"])
        found = set(re.findall(r"^  (\w+)  \w+  \S+:\d+  certain$", ours, re.MULTILINE))
        print(
            f"=== fixturescope analyze\n    named: {len(found)}; set up all the same: {sorted(found & used) or 'none'}"
        )
    return 0


def _set_up(suite: Path, bin_: Path) -> set[str]:
    """Return the names of all fixtures that the suite sets up when it runs."""
    said = _said(suite, [str(bin_ / "python"), "-m", "pytest", "-q", "--setup-show"])
    return set(re.findall(r"SETUP\s+\w\s+(\w+)", said))


def _said(cwd: Path, command: Sequence[str]) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


if __name__ == "__main__":
    raise SystemExit(main())
