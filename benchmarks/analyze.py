"""``analyze`` against pytest's own collection: ``python -m benchmarks.analyze``, from the repository's root.

For each suite: rounds of ``fixturescope analyze --no-cache`` (cold), of ``fixturescope analyze`` (warm) and of
``pytest --collect-only``, in turn, forwards in one round and backwards in the next; wall time of the whole command and
peak memory of all its processes together. Ratios are taken within a round, since whatever slows the machine down slows
a round as a whole. Before the first round pytest collects once, so that Python's compiled files are there. Suites are
brought here as the oracle brings them (``tests/oracle``), into the same cache folder.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import figures, machine, processes
from tests.oracle import suites
from tests.oracle.environments import Checkout, PreparationError, prepare
from tests.oracle.run import default_cache

SUITES = ("aiohttp", "pandas")
WAYS = ("cold", "warm", "collect")
"""What is run in each round. Before each ``warm`` there is one more run, unmeasured, whose cache it finds."""

Run = Callable[[Sequence[str], Path, Mapping[str, str]], processes.Sample]


class BenchmarkError(Exception):
    """A command that was to be measured failed."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the chosen suites, print the table, write the JSON, and return the exit code."""
    options = _parsed(arguments)
    known = {suite.name: suite for suite in suites.load()}
    unknown = [name for name in options.suite if name not in known]
    if unknown:
        print(f"no such suite: {', '.join(unknown)}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    here = machine.describe()
    results = []
    try:
        for name in options.suite:
            suite = known[name]
            checkout = prepare(suite, options.keep.resolve(), python=options.python, pytest=suite.pytest)
            results.append(measure(checkout, shlex.split(options.fixturescope), options.runs, _run))
    except (PreparationError, BenchmarkError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(render(results, here), end="")
    if options.output is not None:
        options.output.write_text(json.dumps({"machine": here, "suites": results}, indent=2) + "\n", encoding="utf-8")
    return 0


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.analyze", description="`analyze` against `--collect-only`."
    )
    add = parser.add_argument
    add("--suite", action="append", metavar="NAME", help=f"one of the oracle's suites (default: {', '.join(SUITES)})")
    add("--runs", type=_positive, default=5, metavar="N", help="rounds (default: 5)")
    add("--python", type=Path, default=Path(sys.executable), help="interpreter to make the environments from")
    add(
        "--fixturescope",
        metavar="CMD",
        default=shlex.join([sys.executable, "-m", "fixturescope"]),
        help="what to measure",
    )
    add("--keep", type=Path, metavar="DIR", default=default_cache(), help="the cache folder of the oracle")
    add("-o", "--output", type=Path, metavar="FILE", help="write all samples as JSON, too")
    options = parser.parse_args(arguments)
    options.suite = list(dict.fromkeys(options.suite or SUITES))
    return options


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _run(command: Sequence[str], cwd: Path, env: Mapping[str, str]) -> processes.Sample:
    return processes.run(command, cwd=cwd, env=env)


def measure(checkout: Checkout, fixturescope: Sequence[str], runs: int, run: Run) -> dict[str, Any]:
    """Return all samples of one suite, and what comes of them.

    Args:
        checkout: The suite.
        fixturescope: The command that is measured.
        runs: How many rounds.
        run: Runs and measures one command.

    Raises:
        BenchmarkError: A command failed.
    """
    suite = checkout.suite
    samples: dict[str, list[processes.Sample]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as scratch:
        document = Path(scratch, "document.json")
        analyze = [*fixturescope, "analyze", *checkout.paths, "--python", str(checkout.python)]
        analyze += ["--format", "json", "-o", str(document)]
        collect = [str(checkout.python), "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
        commands = {
            "cold": [*analyze, "--no-cache"],
            "warm": analyze,
            "collect": [*collect, *suite.pytest_args, *checkout.paths],
        }
        clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        environments = {way: clean | {"PYTHONSAFEPATH": "1"} for way in ("cold", "warm")}
        environments["collect"] = clean | dict(suite.environment)
        allowed = {"collect": (0, 1, 2) if suite.expected_errors else (0,)}

        def once(way: str) -> processes.Sample:
            sample = run(commands[way], checkout.source, environments[way])
            return _checked(sample, commands[way], allowed=allowed.get(way, (0,)))

        once("collect")
        for round_number in range(runs):
            for way in figures.order(round_number, WAYS):
                print(f"{suite.name}: round {round_number + 1} of {runs}, {way}", file=sys.stderr, flush=True)
                if way == "warm":
                    once("warm")
                samples[way].append(once(way))
        tests = _tests(document)
    _forget(checkout.source)
    return {
        "suite": suite.name,
        "version": suite.version,
        "pytest": suite.pytest,
        "python": _version(checkout.python),
        "tests": tests,
        "samples": {way: [_plain(sample) for sample in found] for way, found in samples.items()},
        "ratios": {way: _ratios(samples[way], samples["collect"]) for way in ("cold", "warm")},
    }


def _checked(sample: processes.Sample, command: Sequence[str], *, allowed: Sequence[int]) -> processes.Sample:
    if sample.returncode not in allowed:
        raise BenchmarkError(f"{shlex.join(command)}: exit {sample.returncode}\n{sample.output}")
    return sample


def _forget(source: Path) -> None:
    """Remove what earlier analyses of a suite kept, wherever below it the rootdir is."""
    for folder in source.rglob(".fixturescope"):
        shutil.rmtree(folder / "cache", ignore_errors=True)


def _tests(document: Path) -> int:
    return len(json.loads(document.read_text(encoding="utf-8"))["tests"])


def _version(python: Path) -> str:
    done = subprocess.run(
        [python, "-c", "import platform; print(platform.python_version())"], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def _plain(sample: processes.Sample) -> dict[str, Any]:
    return {"wall_s": sample.wall_s, "peak_bytes": sample.peak_bytes, "memory": sample.method}


def _ratios(ours: Sequence[processes.Sample], theirs: Sequence[processes.Sample]) -> dict[str, dict[str, float] | None]:
    """How many times less ours takes than theirs, of time and of memory; null where memory was not read."""
    mine, other = [sample.peak_bytes for sample in ours], [sample.peak_bytes for sample in theirs]
    whole = [figure for figure in mine if figure], [figure for figure in other if figure]
    memory = figures.ratios(*whole) if len(whole[0]) == len(mine) and len(whole[1]) == len(other) else None
    return {
        "wall": dataclasses.asdict(
            figures.ratios([sample.wall_s for sample in ours], [sample.wall_s for sample in theirs])
        ),
        "memory": None if memory is None else dataclasses.asdict(memory),
    }


def render(results: Sequence[dict[str, Any]], here: machine.Machine) -> str:
    """Return the machine and a table: one row for each suite and way, medians with least and greatest."""
    rows = [["suite", "what", "wall", "least–greatest", "memory", "collect ÷ wall", "collect ÷ memory"]]
    for result in results:
        for way in WAYS:
            walls = figures.spread([sample["wall_s"] for sample in result["samples"][way]])
            peaks = [sample["peak_bytes"] for sample in result["samples"][way]]
            memory = "not known" if None in peaks else figures.megabytes(figures.spread(peaks).median)
            ratio = result["ratios"].get(way)
            rows.append([
                result["suite"],
                way,
                figures.seconds(walls.median),
                f"{figures.seconds(walls.low)}–{figures.seconds(walls.high)}",
                memory,
                _ratio(ratio and ratio["wall"]),
                _ratio(ratio and ratio["memory"]),
            ])  # fmt: skip
    methods = {sample["memory"] for result in results for found in result["samples"].values() for sample in found}
    load = here["load"]
    lines = [
        f"{here['cpu']}, {here['cores']} cores, {here['system']}, {here['python']}" + (f", load {load:.1f}" if load is not None else ""),
        *(
            f"{result['suite']} {result['version']}: {result['tests']} tests, pytest {result['pytest']} on Python {result['python']}"
            for result in results
        ),
        "memory: all processes of a command together, " + {"pss": "PSS", "rss": "RSS (shared pages count in each)"}.get(
            next(iter(methods - {None}), ""), "not known on this system"
        ),
    ]  # fmt: skip
    return "\n".join(lines) + "\n\n" + figures.table(rows)


def _ratio(found: Mapping[str, float] | None) -> str:
    return "" if not found else f"{found['median']:.1f}× ({found['low']:.1f}–{found['high']:.1f})"


if __name__ == "__main__":
    sys.exit(main())
