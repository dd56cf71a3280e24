"""Changes that are tried before they are advised: the same tests without and with them, in the project's own pytest.

The changes are made in memory by the probe (`probe.changes`), so no file is touched. What is compared is how each test
ends; what is saved is what the recorder saw of set-ups and teardowns.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Literal
from uuid import uuid4

from fixturescope.document import load
from fixturescope.errors import DocumentError
from fixturescope.graph import FixtureGraph
from fixturescope.measure import wire
from fixturescope.measure.affected import Affected, check, find_affected, in_memory, touched
from fixturescope.measure.command import SPOILERS, ProjectPytest, Spoiler, scratch_folder
from fixturescope.measure.in_suite import Ended, joined, run_recorder
from fixturescope.model import Change, Differing, Range, Trial, TrialRun

CHANGES = "fixturescope.measure.probe.changes"
"""The plugin that makes changes in memory, as ``-p`` names it."""

TIMEOUT_S = 300.0
"""Seconds for all runs of a trial together, where nobody says otherwise."""

MOST_FILES = 500
"""Of more files than this pytest is given the folders that were analyzed, and leaves the other tests out."""

SLOWER = 10.0
"""How many times longer than without a change a run with it may take, before it is said to hang."""

LEAST_S = 30.0
"""Seconds that each run may take, whatever the first one took."""

Order = Literal["given", "reversed"]

RUNS: tuple[tuple[Order, tuple[bool, ...]], ...] = (("given", (False, True, True, False)), ("reversed", (False, True)))
"""The runs of a trial: an order of tests, and in which of its runs the change is in force. So what drifts in time, or
alternates, is no difference between the runs without and those with it."""

AGAIN = (True, False)
"""The runs that follow where tests of an order ended otherwise: is it the change, or chance?"""

SPOILING = (
    *(one for one in SPOILERS if one.distribution not in ("pytest-randomly", "pytest-timeout")),
    Spoiler(
        "pytest-randomly",
        "randomly",
        ("--randomly-dont-reorganize", "--randomly-seed=1"),
        "two runs must have the same order and the same random numbers",
    ),
)
"""Plugins that would make a difference between two runs, and the options with which they do not."""

OPTIONS = ("--maxfail=0", "--continue-on-collection-errors")

NOT_RUN, NOT_COLLECTED = "not run", "not collected"

Watch = Callable[[str, int, int, str], None]
"""Is told which run it is, how many tests of it are done, how many there are (0: not known), and which was the last."""


def try_changes(
    graph: FixtureGraph,
    changes: Sequence[Change],
    *,
    advice: str | None = None,
    pytest_args: Sequence[str] = (),
    timeout_s: float = TIMEOUT_S,
    log: Path | None = None,
    cwd: Path | None = None,
    watch: Watch | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Trial:
    """Run the tests that changes can affect without and with them, and say whether each ends as before.

    The project's own interpreter runs the project's own pytest, so its code runs, and does what it does. The changes are
    made in memory: no file is touched.

    Args:
        graph: From `fixturescope.analyze`, of the files as they are now.
        changes: What to try, all of it together.
        advice: Id of the advice that they come from.
        pytest_args: Further options for pytest.
        timeout_s: Seconds for all runs together; what is not known then is ``unclear``.
        log: File that takes what pytest prints. None: nobody reads it.
        cwd: Where pytest is started. None: the current folder.
        watch: Is told how far the trial is.
        clock: Gives seconds.

    Raises:
        UsageError: A change is none, or is to a fixture that is not there or not the project's own.
    """
    trial = Trial(changes=tuple(changes), advice=advice, verdict="unclear", reason="")
    why_not = check(graph, changes)
    affected = find_affected(graph, changes)
    if why_not is None and not affected.tests:
        why_not = "no test that is known can be affected"
    if why_not is not None:
        return _with(trial, reason=why_not)
    with scratch_folder() as scratch:
        runner = _Runner(
            graph,
            tuple(changes),
            affected,
            options=(*pytest_args, *OPTIONS),
            log=log or scratch / "log",
            cwd=cwd or Path.cwd(),
            watch=watch or (lambda *_: None),
            deadline=clock() + timeout_s,
            timeout_s=timeout_s,
            clock=clock,
        )
        runs, why_not = _all_runs(runner, affected)
    return _judged(trial, runs, why_not, affected)


# ---------------------------------------------------------------------------------------------------------------- runs


@dataclass(frozen=True)
class _Ran:
    """One run."""

    order: Order
    changed: bool
    wall_s: float = 0.0
    fixtures_s: float = 0.0
    """Of all fixtures."""
    touched_s: float = 0.0
    """Of those that are changed, need them, or are needed by them."""
    setups: int = 0
    """Of those that are changed."""
    rss_peak: int | None = None
    items: tuple[str, ...] = ()
    ends: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Node id → outcome and reason."""
    in_force: tuple[int, ...] = ()
    trouble: str | None = None
    """Why it says nothing."""

    @property
    def name(self) -> str:
        """What it is called in a sentence."""
        return "with the change" if self.changed else "without the change"

    def end(self, test: str) -> tuple[str, str]:
        """Return how a test ended, and why."""
        return self.ends.get(test, (NOT_RUN if test in self.items else NOT_COLLECTED, ""))


class _Runner:
    """Runs the tests of a trial.

    Args:
        graph: Of the suite.
        changes: What is tried.
        affected: The tests.
        options: For pytest.
        log: File that takes what pytest prints.
        cwd: Where pytest is started.
        watch: Is told how far the trial is.
        deadline: When the trial has to be over, by the clock.
        timeout_s: The seconds that led to the deadline.
        clock: Gives seconds.
    """

    def __init__(
        self,
        graph: FixtureGraph,
        changes: tuple[Change, ...],
        affected: Affected,
        *,
        options: tuple[str, ...],
        log: Path,
        cwd: Path,
        watch: Watch,
        deadline: float,
        timeout_s: float,
        clock: Callable[[], float],
    ) -> None:
        self._graph = graph
        self._changes = in_memory(graph, changes)
        self._changed = frozenset(graph.fixture(change.fixture).id for change in changes)
        self._touched = touched(graph, changes)
        self._affected = affected
        self._options = options
        self._log = log
        self._cwd = cwd
        self._watch = watch
        self._deadline = deadline
        self._timeout_s = timeout_s
        self._clock = clock
        self._usual_s: float | None = None
        """What the first run took."""
        self._number = 0

    def has_time(self) -> bool:
        """Return whether another run is likely to end in time."""
        return self._clock() + (self._usual_s or 0.0) < self._deadline

    def run(self, order: Order, *, changed: bool) -> _Ran:
        """Run the tests once."""
        self._number += 1
        ran = _Ran(order, changed)
        if not self.has_time():
            return replace(
                ran, trouble=f"the time limit of {self._timeout_s:g} s was used up before run {self._number}"
            )
        limit_s = self._deadline - self._clock()
        if self._usual_s is not None:
            limit_s = min(limit_s, max(LEAST_S, SLOWER * self._usual_s))
        with scratch_folder() as scratch:
            asked = wire.TrialOrder(
                answers=str(scratch / "answers.jsonl"),
                changes=self._changes if changed else (),
                tests=tuple(test.id for test in self._affected.tests),
                reversed=order == "reversed",
            )
            (scratch / "order.json").write_bytes(wire.encode(asked))
            began = self._clock()
            ended = run_recorder(
                self._project(scratch),
                scratch / "record.json",
                *("-p", CHANGES, f"--fixturescope-trial={scratch / 'order.json'}"),
                log=self._log,
                watch=self._told(ran),
                timeout_s=limit_s,
                clock=self._clock,
            )
            ran = replace(ran, wall_s=self._clock() - began)
            if ended.stopped:
                raise KeyboardInterrupt
            self._usual_s = self._usual_s or ran.wall_s
            return self._counted(_read(ran, ended, scratch, limit_s), scratch / "record.json")

    def _counted(self, ran: _Ran, record: Path) -> _Ran:
        """Return a run with the seconds that its record holds."""
        if ran.trouble is not None:
            return ran
        try:
            recorded = joined(load(record), self._graph.fixtures)
        except DocumentError as error:
            return replace(ran, trouble=f"{ran.name} there is no record: {error.message}")
        spent = [(one.fixture, one.setup_s.own + one.teardown_s.own) for one in recorded]
        return replace(
            ran,
            fixtures_s=sum(seconds for _, seconds in spent),
            touched_s=sum(seconds for fixture, seconds in spent if fixture in self._touched),
            setups=sum(one.setups for one in recorded if one.fixture in self._changed),
        )

    def _told(self, ran: _Ran) -> Callable[[int, int, str], None]:
        stage = f"run {self._number}, {ran.name}" + (", reversed" if ran.order == "reversed" else "")
        return lambda done, total, test: self._watch(stage, done, total, test)

    def _project(self, scratch: Path) -> ProjectPytest:
        info = self._graph.info
        files = self._affected.files
        root = Path(info.rootdir)
        few = tuple(str(root / file) for file in files) if len(files) <= MOST_FILES else ()
        return ProjectPytest(
            python=info.python,
            cwd=self._cwd,
            arguments=few or info.arguments or (info.rootdir,),
            options=self._options,
            rootdir=root,
            scratch=scratch,
            run=uuid4().hex,
            plugins=info.plugins,
            spoiling=SPOILING,
            environ={"PYTHONHASHSEED": "0", **os.environ},
        )


def _read(ran: _Ran, ended: Ended, scratch: Path, limit_s: float) -> _Ran:
    """Return a run with what it left behind."""
    messages = _answers(scratch / "answers.jsonl")
    collected = next((one for one in messages if isinstance(one, wire.Collected)), None)
    ends = {one.test: (one.outcome, one.reason) for one in messages if isinstance(one, wire.TestEnded)}
    over = next((one for one in messages if isinstance(one, wire.TrialEnded)), None)
    started = [one.test for one in messages if isinstance(one, wire.TestStarted) and one.test not in ends]
    where = f" while {started[-1]} ran" if started else ""
    if ended.timed_out:
        return replace(ran, trouble=f"{ran.name} a run was ended after {limit_s:.0f} s{where}")
    if over is None or ended.code in (2, 3, 4) or ended.code < 0:
        said = [] if where else _complaint(ended.said)
        return replace(ran, trouble=": ".join([f"{ran.name} pytest {_death(ended.code)}{where}", *said]))
    if collected is None or not collected.items:
        errors = [f"{test or '.'}: {reason}" for test, (_, reason) in ends.items()]
        return replace(ran, trouble="; ".join([f"{ran.name} no test ran", *errors]))
    return replace(
        ran,
        rss_peak=over.rss_peak,
        items=collected.items,
        ends=ends,
        in_force=collected.in_force,
        trouble=collected.trouble[0] if collected.trouble else None,
    )


def _answers(path: Path) -> list[wire.Message]:
    found: list[wire.Message] = []
    with contextlib.suppress(OSError):
        for line in path.read_bytes().splitlines():
            with contextlib.suppress(wire.WireError):
                found.append(wire.decode(line))
    return found


def _complaint(said: str) -> list[str]:
    """Return the line that says what is wrong, of what pytest printed."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return [line for line in lines if "error" in line.lower()][-1:] or lines[-1:]


def _death(code: int) -> str:
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"was ended by {signal.Signals(-code).name}"
    return f"ended with code {code}"


def _all_runs(runner: _Runner, affected: Affected) -> tuple[list[_Ran], str | None]:
    """Make the runs, until a test is found that ends otherwise; return also why that is not all of them."""
    runs: list[_Ran] = []
    for order, turns in RUNS:
        for changed in turns:
            runs.append(runner.run(order, changed=changed))
            why_not = runs[-1].trouble or _says_nothing(runs[-1], affected)
            if why_not is not None:
                return runs, why_not
        if _suspects(runs, order) and runner.has_time():
            runs += [one for changed in AGAIN if (one := runner.run(order, changed=changed)).trouble is None]
        if _suspects(runs, order):
            break
    return runs, None


def _says_nothing(ran: _Ran, affected: Affected) -> str | None:
    """Return why a run is no ground for a verdict."""
    if ran.changed:
        return (
            "pytest does not know the fixture at its place, so that nothing was changed" if 0 in ran.in_force else None
        )
    ends = [ran.end(item)[0] for item in ran.items if _test_of(item, affected.users) is not None]
    if not ends:
        return "none of the tests that can be affected was collected"
    if "passed" not in ends:
        counted = ", ".join(f"{count} {outcome}" for outcome, count in sorted(Counter(ends).items()))
        return f"without the change none of the tests that can be affected passes: {counted}"
    return None


def _test_of(item: str, tests: frozenset[str]) -> str | None:
    """Return the test of an item, one of those given."""
    while item not in tests:
        item, bracket, _ = item.rpartition("[")
        if not bracket:
            return None
    return item


# ------------------------------------------------------------------------------------------------------------- verdict


def _of(runs: Iterable[_Ran], order: Order, *, changed: bool) -> list[_Ran]:
    return [one for one in runs if one.order == order and one.changed == changed]


def _outcomes(runs: Iterable[_Ran], test: str) -> list[str]:
    return [one.end(test)[0] for one in runs]


def _tests(runs: Iterable[_Ran]) -> list[str]:
    return list(dict.fromkeys(test for one in runs for test in (*one.items, *one.ends)))


def _flaky(runs: Sequence[_Ran]) -> set[str]:
    """Return tests that do not end alike without the change, in the same order of tests."""
    orders: tuple[Order, ...] = ("given", "reversed")
    groups = [_of(runs, order, changed=False) for order in orders]
    return {test for group in groups for test in _tests(group) if len(set(_outcomes(group, test))) > 1}


def _suspects(runs: Sequence[_Ran], order: Order) -> list[str]:
    """Return tests that ended otherwise with the change in some run of an order, and are not known to be flaky."""
    before, after = _of(runs, order, changed=False), _of(runs, order, changed=True)
    flaky = _flaky(runs)
    return [
        test
        for test in _tests([*before, *after])
        if test not in flaky and set(_outcomes(after, test)) - set(_outcomes(before, test))
    ]


def _judged(trial: Trial, runs: Sequence[_Ran], why_not: str | None, affected: Affected) -> Trial:
    """Return the trial with its verdict."""
    whole = [one for one in runs if one.trouble is None]
    trial = _with(trial, runs=tuple(map(_trial_run, whole)), tests=len(whole[0].items) if whole else 0)
    if why_not is not None:
        return _with(trial, reason=why_not)
    trial = _with(trial, saved_s=_saved(whole), saved_bytes=_saved_bytes(whole))
    sure: list[Differing] = []
    unsure: list[str] = []
    for order in ("given", "reversed"):
        before, after = _of(whole, order, changed=False), _of(whole, order, changed=True)
        for test in _suspects(whole, order):
            known = set(_outcomes(before, test))
            always = not known & set(_outcomes(after, test))
            if always and len(after) > 1 and len(before) > 1:
                sure.append(_differing(test, order, before[0], after[0]))
            else:
                unsure.append(test)
    if sure:
        return _with(trial, verdict="refuted", reason=_refuted(sure, trial.tests), differing=tuple(sure))
    if unsure:
        named = ", ".join(dict.fromkeys(unsure))
        return _with(trial, reason=f"ended otherwise in some runs with the change, and in none without: {named}")
    return _with(trial, verdict="proven", reason=_proven(whole, affected))


def _differing(test: str, order: Order, before: _Ran, after: _Ran) -> Differing:
    (was, _), (now, why) = before.end(test), after.end(test)
    return Differing(test=test, order=order, before=was, after=now, reason=why)


def _refuted(differing: Sequence[Differing], tests: int) -> str:
    names = list(dict.fromkeys(one.test for one in differing))
    only = ", only in reversed order" if all(one.order == "reversed" for one in differing) else ""
    return f"{len(names)} of {_counted(tests)} ended otherwise{only}, {names[0]} first"


def _proven(runs: Sequence[_Ran], affected: Affected) -> str:
    first = runs[0]
    users = sum(_test_of(item, affected.users) is not None for item in first.items)
    turned = _of(runs, "reversed", changed=True)[0].items != _of(runs, "given", changed=True)[0].items
    orders = "in the given order twice and reversed once" if turned else "three times, in the one order that there is"
    beside = "" if users == len(first.items) else f" ({users} that can get the fixture, and those beside them)"
    parts = [f"{_counted(len(first.items))}{beside} ended as without the change, {orders}"]
    flaky = sorted(_flaky(runs))
    if flaky:
        parts.append(f"flaky without the change, so that they say nothing: {', '.join(flaky)}")
    bad = sum(outcome in ("failed", "error") for outcome, _ in first.ends.values())
    if bad:
        parts.append(f"{bad} of them do not pass with it or without")
    if affected.others:
        parts.append(f"tests of other files that do not get it were not run: {affected.others}")
    return "; ".join(parts)


def _counted(tests: int) -> str:
    return f"{tests} test" if tests == 1 else f"{tests} tests"


def _pairs(runs: Sequence[_Ran]) -> list[tuple[_Ran, _Ran]]:
    orders: tuple[Order, ...] = ("given", "reversed")
    return [pair for order in orders for pair in zip(_of(runs, order, changed=False), _of(runs, order, changed=True))]


def _saved(runs: Sequence[_Ran]) -> Range:
    """Return the seconds saved: none where the fixtures were set up as often as before."""
    saved = sorted(
        before.touched_s - after.touched_s if before.setups != after.setups else 0.0 for before, after in _pairs(runs)
    )
    return Range(low=saved[0], likely=median(saved), high=saved[-1])


def _saved_bytes(runs: Sequence[_Ran]) -> int | None:
    peaks = [(before.rss_peak, after.rss_peak) for before, after in _pairs(runs)]
    known = [(before, after) for before, after in peaks if before is not None and after is not None]
    return int(median(before - after for before, after in known)) if known else None


def _trial_run(ran: _Ran) -> TrialRun:
    counted = Counter(ran.end(test)[0] for test in _tests([ran]))
    return TrialRun(
        order=ran.order,
        changed=ran.changed,
        wall_s=ran.wall_s,
        fixtures_s=ran.fixtures_s,
        rss_peak=ran.rss_peak,
        outcomes=dict(sorted(counted.items())),
    )


def _with(trial: Trial, **fields: object) -> Trial:
    from msgspec.structs import replace as replaced

    return replaced(trial, **fields)
