"""``measure`` on real suites: ``python -m benchmarks.suites``, from the repository's root.

For each suite of the oracle's list: bring it here with memray in its environment, measure every fixture, run the suite
once with the recorder, and print how many fixtures have figures and why the others have none, how well the isolated
figures predict the recorded run, whether anything of the project's tree changed, and what processes were left. Exit
code 1 when a tree changed, a process was left, or a fixture has neither figures nor a reason.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import fixturescope
from benchmarks import machine
from fixturescope.document import Document
from fixturescope.report.prediction import predict
from tests.oracle import suites
from tests.oracle.environments import Checkout, PreparationError, prepare
from tests.oracle.run import default_cache

SUITES = ("attrs", "flask", "httpx", "starlette", "aiohttp", "pytest-django", "pytest-asyncio", "s3fs", "pandas")

MEMRAY = "memray>=1.12"


@dataclass(frozen=True)
class Row:
    """One suite."""

    name: str
    statuses: Counter[str]
    reasons: Counter[str]
    """First lines of why fixtures have no figures."""
    unexplained: int
    wall_s: float
    in_suite: str
    prediction: str
    changed: tuple[str, ...]
    """Paths that are new, gone or other than before."""
    left: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.unexplained or self.changed or self.left)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the chosen suites, print a line for each, and return the exit code."""
    options = _parsed(arguments)
    known = {suite.name: suite for suite in suites.load()}
    print(machine.describe())
    good = True
    for name in options.suite or SUITES:
        try:
            checkout = prepare(known[name], default_cache(), python=options.python, pytest=known[name].pytest)
            _install_memray(checkout)
            row = _measured(checkout, tuple(options.measure))
        except PreparationError as error:
            print(f"{name}: {error}", flush=True)
            good = False
            continue
        _show(row)
        good = good and row.good
    return 0 if good else 1


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.suites", description="measure on real suites.")
    parser.add_argument("suite", nargs="*", metavar="SUITE", help=f"default: {' '.join(SUITES)}")
    parser.add_argument("--python", type=Path, default=Path(sys.executable), help="makes the environments")
    parser.add_argument("--measure", action="append", default=[], metavar="OPTION", help="further options of measure")
    return parser.parse_args(arguments)


def _install_memray(checkout: Checkout) -> None:
    command = [sys.executable, "-m", "pip", "--python", str(checkout.python), "install", "--quiet", MEMRAY]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PreparationError(f"memray: {done.stderr[-500:]}")


def _measured(checkout: Checkout, options: Sequence[str]) -> Row:
    before = _digest(checkout.source)
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch, "document.json")
        command = [
            *(sys.executable, "-m", "fixturescope", "measure", *checkout.paths, "--python", str(checkout.python)),
            *("--in-suite", "--no-progress", "--format", "json", "-o", str(file), *options),
        ]
        began = time.perf_counter()
        done = subprocess.run(command, cwd=checkout.source, capture_output=True, text=True, check=False)
        wall = time.perf_counter() - began
        if done.returncode not in (0, 4):
            raise PreparationError(f"measure: exit {done.returncode}: {done.stderr[-2000:]}")
        document = fixturescope.load(file)
    time.sleep(0.5)  # whoever was killed at the end is gone by then
    after = _digest(checkout.source)
    changed = sorted({path for path, _ in before.items() ^ after.items()})
    return _row(checkout.suite.name, document, wall, changed, _left(checkout))


def _row(name: str, document: Document, wall: float, changed: Sequence[str], left: Sequence[str]) -> Row:
    failed = [one for one in document.measurements if one.status != "ok"]
    found = predict(document)
    ratio, rank = found.replayed.ratio, found.replayed.rank
    return Row(
        name=name,
        statuses=Counter(one.status for one in document.measurements),
        reasons=Counter(f"{one.status}: {(one.reason or '').partition(chr(10))[0][:100]}" for one in failed),
        unexplained=sum(1 for one in failed if not one.reason),
        wall_s=wall,
        in_suite=next((note for note in document.measured if note.startswith("recorded")), "not recorded"),
        prediction=(
            f"{found.replayed_s:.2f} s predicted of {found.recorded_s:.2f} s recorded: "
            f"ratio {'-' if ratio is None else f'{ratio:.2f}'}, "
            f"Spearman {'-' if rank is None else f'{rank:.2f}'} over {found.ranked} fixtures above 1 ms"
        ),
        changed=tuple(changed),
        left=tuple(left),
    )


def _show(row: Row) -> None:
    counts = ", ".join(f"{count} {status}" for status, count in row.statuses.most_common())
    print(
        f"{row.name}: {counts}; {row.wall_s:.1f} s; tree {f'CHANGED: {row.changed[:5]}' if row.changed else 'unchanged'}; left: {row.left or 'none'}"
    )
    for reason, count in row.reasons.most_common():
        print(f"    {count} × {reason}")
    print(f"    {row.in_suite}")
    print(f"    {row.prediction}", flush=True)


def _digest(folder: Path) -> dict[str, str]:
    """Return path → hash of a tree, our own folder left out."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".fixturescope" not in path.parts
    }


def _left(checkout: Checkout) -> list[str]:
    """Return the command lines of living processes of the suite's interpreter."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if str(checkout.python) in command:
            found.append(command[:100])
    return found


if __name__ == "__main__":
    sys.exit(main())
