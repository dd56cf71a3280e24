"""The oracle's command: ``python -m tests.oracle.run``, from the repository's root.

For each suite of the pinned list: bring it here, let pytest collect it, let `fixturescope analyze` read it, compare;
then print the table. Exit code 0 when nothing contradicts pytest on any suite, 1 otherwise, 2 for a wrong command line.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.oracle import compare, readings, suites, truth
from tests.oracle.environments import Checkout, PreparationError, prepare

CACHE_VARIABLE = "FIXTURESCOPE_ORACLE_CACHE"
"""Names the folder that keeps environments, sources and dumps."""

ANALYZE_TIMEOUT_S = 600


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the oracle on the chosen suites, prints as it goes, and returns the exit code."""
    options = _parsed(arguments)
    chosen = _chosen(suites.load(), options)
    comparisons = []
    for suite in chosen:
        print(f"{suite.name} {suite.version}", file=sys.stderr, flush=True)
        comparison = _judged(suite, options)
        comparisons.append(comparison)
        print(compare.render_examples(comparison), end="", flush=True)
    print(compare.render_table(comparisons), end="")
    return 0 if all(comparison.agrees for comparison in comparisons) else 1


def default_cache() -> Path:
    """The folder named by the environment, else the platform's place for caches."""
    named = os.environ.get(CACHE_VARIABLE)
    if named:
        return Path(named)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "fixturescope-oracle"


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.oracle.run", description="Compares `analyze` with pytest.")
    add = parser.add_argument
    add("--suite", action="append", nargs="+", metavar="NAME", help="only these suites (default: all)")
    add("--quick", action="store_true", help="only the quick ones")
    add("--python", type=Path, default=Path(sys.executable), help="interpreter to make the environments from")
    add("--pytest", metavar="VERSION", help="this pytest, not the newest that each suite collects with")
    add(
        "--fixturescope", metavar="CMD", default=shlex.join([sys.executable, "-m", "fixturescope"]), help="what to test"
    )
    add("--keep", type=Path, metavar="DIR", default=default_cache(), help=f"the cache folder (or set {CACHE_VARIABLE})")
    add(
        "--truth-only",
        action="store_true",
        help="only bring the suites here and make their dumps; print where they are",
    )
    return parser.parse_args(arguments)


def _chosen(known: Sequence[suites.Suite], options: argparse.Namespace) -> list[suites.Suite]:
    names = [name for group in options.suite or [] for name in group]
    unknown = sorted(set(names) - {suite.name for suite in known})
    if unknown:
        print(
            f"no such suite: {', '.join(unknown)}; there are {', '.join(suite.name for suite in known)}",
            file=sys.stderr,
        )
        raise SystemExit(2)
    return [suite for suite in known if (suite.name in names or not names) and (suite.quick or not options.quick)]


def _judged(suite: suites.Suite, options: argparse.Namespace) -> compare.Comparison:
    """One suite's comparison; whatever keeps it from being made is its result, and the next suite follows."""
    try:
        checkout = prepare(suite, options.keep.resolve(), python=options.python, pytest=options.pytest or suite.pytest)
        dump = truth.dump(checkout)
        if options.truth_only:
            print(f"{suite.name}\t{checkout.source}\t{checkout.python}\t{dump}")
            return compare.Comparison(suite.name)
        claim = readings.claim_from(analyzed(checkout, shlex.split(options.fixturescope)))
        found = compare.compare(suite.name, readings.read_truth(dump), claim, expected_errors=suite.expected_errors)
    except (PreparationError, readings.ReadingError) as error:
        return compare.failure(suite.name, str(error))
    return found


def analyzed(checkout: Checkout, command: Sequence[str]) -> Mapping[str, Any]:
    """Runs ``analyze`` from the suite's folder, on the paths that pytest was given, and returns its document.

    No interpreter is named for a suite with stand-ins: in one that is named, what is not installed is known to be missing.

    Raises:
        PreparationError: It failed or took too long; the message holds the end of what it said.
        ReadingError: It wrote something else than its document.
    """
    with tempfile.TemporaryDirectory() as scratch:
        document = Path(scratch, "document.json")
        named = [] if checkout.suite.stand_ins is not None else ["--python", str(checkout.python)]
        words = [*command, "analyze", *checkout.paths, *named, "--format", "json", "-o", str(document)]
        env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        if not named:
            env.pop("VIRTUAL_ENV", None)
        env["PYTHONSAFEPATH"] = "1"  # with `-m`, the suite's own folder would be the first on the command's path
        try:
            done = subprocess.run(
                words, cwd=checkout.source, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                timeout=ANALYZE_TIMEOUT_S, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise PreparationError(f"analyze took longer than {ANALYZE_TIMEOUT_S} s") from error
        if done.returncode:
            raise PreparationError(f"analyze: exit {done.returncode}: {(done.stdout + done.stderr)[-2000:]}")
        return readings.read_document(document)


if __name__ == "__main__":
    sys.exit(main())
