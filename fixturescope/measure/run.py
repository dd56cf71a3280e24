"""A whole run: collect, plan, measure, one fixture after the other, and annotate the graph."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import Literal
from uuid import uuid4

from fixturescope.graph import FixtureGraph
from fixturescope.measure import wire
from fixturescope.measure.command import ProjectPytest, scratch_folder
from fixturescope.measure.figures import combine, reach, warm_seconds
from fixturescope.measure.in_suite import Record, record_suite
from fixturescope.measure.journal import Entry, Journal
from fixturescope.measure.plan import Plan, Selection, Target, make_plan, not_collected
from fixturescope.measure.probe.clock import SCHEDULER
from fixturescope.measure.runs import RunFolder, new_folder
from fixturescope.measure.startup import measure_startup
from fixturescope.measure.supervisor import Result, Supervisor
from fixturescope.measure.visits import MOST as MOST_VISITS
from fixturescope.measure.visits import enough
from fixturescope.model import EACH_ITS_PROCESS, Isolation, Measurement

EMPTY = "fixturescope_empty"
"""A fixture of the probe that does nothing."""

STARTUP_TIMEOUT_S = 600.0
"""What one start of pytest may take at least, before it is given up."""


@dataclass(frozen=True)
class Options:
    """How to measure.

    Attributes:
        paths: Files and folders, as given to pytest; empty: what was analyzed.
        pytest_args: Further options for pytest.
        selection: Which fixtures.
        least: Warm samples of each fixture at least.
        most: Warm samples of a process at most, while their spread is above 5 %.
        visits: Processes, apart in time, that time a fixture at least, where a fork is all that another takes; there
            are more of them while so many of the least disturbed do not agree.
        budget_s: Seconds after which no further fixture is begun; None for no limit.
        timeout_s: Seconds that one set-up and teardown may take.
        memory_limit: Bytes that one measurement may grow by; None for no limit.
        memory: Whether to measure memory.
        gpu: Whether to ask accelerator libraries.
        native: Whether memray records stacks of native code.
        python_allocators: Whether memray records single objects. Without, small ones that fit into memory that the
            interpreter holds already are not seen.
        isolation: ``auto`` forks where that is safe.
        startup: Whether to time how pytest starts, and what it imports.
        in_suite: Whether to run the whole suite as well, once, and to record what fixtures cost in it.
    """

    paths: tuple[str, ...] = ()
    pytest_args: tuple[str, ...] = ()
    selection: Selection = field(default_factory=Selection)
    least: int = 5
    most: int = 20
    visits: int = 2
    budget_s: float | None = None
    timeout_s: float = 60.0
    memory_limit: int | None = 8 << 30
    memory: bool = True
    gpu: bool = True
    native: bool = False
    python_allocators: bool = True
    isolation: Literal["auto", "fork", "fresh"] = "auto"
    startup: bool = True
    in_suite: bool = False


@dataclass(frozen=True)
class Progress:
    """How far a run is."""

    stage: str
    done: int = 0
    total: int = 0
    label: str = ""
    """What is measured now."""
    result: Measurement | None = None
    """What was measured last."""


_CLOCKS = {
    True: "time in which a thread was ready to run and the machine ran others is not counted",
    False: "time in which the machine ran others is counted: this system does not tell it apart",
}
"""What is said of the clocks."""

Watcher = Callable[[Progress], None]


def measure_fixtures(
    graph: FixtureGraph,
    options: Options | None = None,
    *,
    folder: RunFolder | None = None,
    cwd: Path | None = None,
    watch: Watcher | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> FixtureGraph:
    """Set each fixture of a graph up for real, and return the graph with what they cost.

    The project's own interpreter runs the project's own pytest, so its code runs, and does what it does.

    Args:
        graph: From `fixturescope.analyze`, for the same paths.
        options: How to measure.
        folder: Keeps the journal; what is in it already is not measured again. None: a new one below the rootdir.
        cwd: Where pytest is started. None: the current folder.
        watch: Is told how far the run is.
        clock: Gives seconds.

    Raises:
        MeasureError: The project's pytest cannot be started, or cannot collect.
    """
    options = options or Options()
    tell = watch or (lambda _: None)
    notes = [_CLOCKS[Path(SCHEDULER).exists()]]
    if folder is None:
        folder, elsewhere = new_folder(Path(graph.info.rootdir))
        notes += [elsewhere] if elsewhere else []
    with scratch_folder() as scratch, Journal(folder.journal) as journal:
        project = _project(graph, options, scratch, cwd or Path.cwd())
        notes += [
            f"{one.distribution} is switched off ({' '.join(one.options)}): {one.why}" for one in project.spoilers
        ]
        with Supervisor(project, log=folder.log) as supervisor, _polite_end() as ending:
            tell(Progress("collecting"))
            inventory = supervisor.collect()
            isolation, why = _isolation(options, inventory)
            supervisor.fresh = isolation == "fresh"
            notes += [why, *map(not_collected, inventory.errors)]
            plan = make_plan(graph, inventory, options.selection)
            work = _Work(plan, options, isolation, supervisor, journal, tell, clock, ending)
            notes += work.overhead(inventory)
            measurements = work.measure()
            notes += plan.notes
            supervisor.close()  # what collected is not needed any more; the guard is, and so is the polite end
            startup = None
            if options.startup and not ending.wanted:
                startup = measure_startup(
                    project,
                    folder=folder.path,
                    timeout_s=max(STARTUP_TIMEOUT_S, options.timeout_s),
                    progress=lambda stage: tell(Progress(stage)),
                    stop=lambda: ending.wanted,
                )
    record = Record()
    if options.in_suite and not ending.wanted:
        record = record_suite(
            graph,
            paths=options.paths,
            pytest_args=options.pytest_args,
            log=folder.log,
            cwd=cwd,
            watch=lambda done, total, test: tell(Progress("running the suite", done, total, test)),
        )
    return graph.annotated(
        measurements,
        measured=[*notes, *record.measured],
        startup=startup,
        recorded=record.recorded,
        more=plan.xunit,
        rescoped=plan.rescoped,
    )


def _project(graph: FixtureGraph, options: Options, scratch: Path, cwd: Path) -> ProjectPytest:
    info = graph.info
    return ProjectPytest(
        python=info.python,
        cwd=cwd,
        arguments=options.paths or info.arguments or (info.rootdir,),
        options=options.pytest_args,
        rootdir=Path(info.rootdir),
        scratch=scratch,
        run=uuid4().hex,
        plugins=info.plugins,
    )


def _isolation(options: Options, inventory: wire.Inventory) -> tuple[Isolation, str]:
    if options.isolation == "fresh":
        return "fresh", f"{EACH_ITS_PROCESS}--isolation fresh"
    if options.isolation == "fork":
        return "fork", "each measurement in a fork of the process that collected: --isolation fork"
    if inventory.unsafe is None:
        return "fork", "each measurement in a fork of the process that collected"
    return "fresh", f"{EACH_ITS_PROCESS}{inventory.unsafe}"


@dataclass
class _Ending:
    """Whether a person wants the run to end."""

    wanted: bool = False


@contextmanager
def _polite_end() -> Iterator[_Ending]:
    """At the first Ctrl-C what is being measured is finished; at the second all stops at once."""
    ending = _Ending()

    def interrupted(_: int, __: FrameType | None) -> None:
        if ending.wanted:
            raise KeyboardInterrupt
        ending.wanted = True

    if threading.current_thread() is not threading.main_thread():
        yield ending
        return
    before = signal.signal(signal.SIGINT, interrupted)
    try:
        yield ending
    finally:
        signal.signal(signal.SIGINT, before)


class _Work:
    """The measuring itself: all clocks first, then all memory, since memray is loaded for the second."""

    def __init__(
        self,
        plan: Plan,
        options: Options,
        isolation: Isolation,
        supervisor: Supervisor,
        journal: Journal,
        tell: Watcher,
        clock: Callable[[], float],
        ending: _Ending,
    ) -> None:
        self._plan = plan
        self._options = options
        self._isolation: Isolation = isolation
        self._supervisor = supervisor
        self._journal = journal
        self._tell = tell
        self._clock = clock
        self._began = clock()
        self._ending = ending
        self._number = 0

    def overhead(self, inventory: wire.Inventory) -> list[str]:
        """Measure a fixture that does nothing; return what measuring adds to each, in words."""
        empty = next((one for one in inventory.definitions if one.name == EMPTY and one.carriers), None)
        if empty is None:
            return []
        target = Target(EMPTY, EMPTY, empty.key, empty.carriers[0])
        result = self._result(target, "time")
        if result is None or not result.rounds:
            return ["what measuring adds to each fixture is not known: an empty one could not be measured"]
        figures = combine(target, {"time": result}, isolation=self._isolation, no_memory="not asked for")
        assert figures.setup_s is not None
        assert figures.teardown_s is not None
        added = figures.setup_s.own.median + figures.teardown_s.own.median
        return [f"a fixture that does nothing measures as {added * 1e6:.0f} µs: that much of each figure is ours"]

    def measure(self) -> tuple[Measurement, ...]:
        """Measure all targets and return what became of each, those that cannot be measured first."""
        targets = self._plan.targets
        kinds: tuple[wire.Kind, ...] = ("time", "memory") if self._options.memory else ("time",)
        done, total = 0, len(targets) * len(kinds)
        for kind in kinds:
            if kind == "memory":
                self._visit_again(done, total)
            for target in targets:
                if self._over():
                    break
                self._tell(Progress(kind, done, total, target.label))
                if kind == "time" or self._went_well(target):
                    self._result(target, kind)
                done += 1
                self._tell(Progress(kind, done, total, target.label, self._combined(target)))
        if "memory" not in kinds:
            self._visit_again(done, total)
        return (*self._plan.unmeasurable, *map(self._combined, targets))

    def _visit_again(self, done: int, total: int) -> None:
        """Time each fixture in further processes, one round of all after the other, until its visits agree."""
        if self._isolation != "fork" or self._options.visits < 2:
            return
        for visit in range(1, MOST_VISITS):
            for target in self._plan.targets:
                if self._over():
                    return
                if self._went_well(target) and not self._seen_enough(target):
                    self._tell(Progress("time again", done, total, target.label))
                    self._result(target, "time", visit)

    def _seen_enough(self, target: Target) -> bool:
        results = self._visits(target)
        if len(results[0].rounds) < 2 or results[0].outcome.status != "ok" or results[0].outcome.reason is not None:
            return True  # it died later on, or its samples are from processes of their own already
        if any(len(one.rounds) < 2 for one in results):
            return True
        return enough([warm_seconds(target.key, one) for one in results], least=self._options.visits)

    def _visits(self, target: Target) -> list[Result]:
        entry = self._entry(target, "time")
        entries = [replace(entry, visit=visit) for visit in range(MOST_VISITS)]
        return [self._journal.results[one] for one in entries if one in self._journal.results]

    def _over(self) -> bool:
        if self._ending.wanted:
            return True
        budget = self._options.budget_s
        return budget is not None and self._clock() - self._began > budget

    def _went_well(self, target: Target) -> bool:
        timed = self._journal.results.get(self._entry(target, "time"))
        return timed is not None and bool(timed.rounds)

    def _entry(self, target: Target, kind: wire.Kind) -> Entry:
        return Entry(target.key, target.carrier.number, kind, self._plan.source)

    def _order(self, target: Target, kind: wire.Kind, visit: int = 0) -> wire.Order:
        self._number += 1
        options = self._options
        return wire.Order(
            number=self._number,
            kind=kind,
            key=target.key,
            carrier=target.carrier,
            least=options.least,
            most=options.most,
            timeout_s=options.timeout_s,
            memory_limit=options.memory_limit,
            native=options.native,
            python_allocators=options.python_allocators,
            gpu=options.gpu,
            source=self._plan.source,
            visit=visit,
        )

    def _result(self, target: Target, kind: wire.Kind, visit: int = 0) -> Result | None:
        """Return what the journal holds of a target, or measure and keep it."""
        known = self._journal.results.get(replace(self._entry(target, kind), visit=visit))
        if known is not None:
            return known
        order = self._order(target, kind, visit)
        if visit:
            first = self._journal.results[self._entry(target, "time")].order
            result = self._supervisor.measure(
                replace(order, carrier=first.carrier, whole=first.whole, most=min(order.most, 2 * order.least))
            )
        elif kind == "time":
            result = self._first_that_works(target, order)
        else:
            timed = self._journal.results[self._entry(target, "time")]
            died_again = timed.outcome.status != "ok" and len(timed.rounds) == 1
            needs = {event.key: event.needs for event in timed.rounds[0].events}
            result = self._supervisor.measure(
                replace(
                    order,
                    carrier=timed.order.carrier,
                    whole=timed.order.whole,
                    reach=tuple(sorted(reach(target.key, needs))),
                    most=0 if died_again else order.most,
                )
            )
        self._journal.keep(result)
        return result

    def _first_that_works(self, target: Target, order: wire.Order) -> Result:
        """Measure on the cheapest test; on others where it skips; and together with all that the test sets up."""
        first = result = self._supervisor.measure(order)
        for spare in target.spares:
            if result.outcome.status != "skipped":
                break
            result = self._supervisor.measure(replace(order, carrier=spare))
        if result.outcome.status == "skipped":
            return first
        if result.outcome.status == "ok" and len(result.rounds) == 1:
            return self._in_new_processes(result)
        if result.outcome.status != "error" or order.carrier.synthetic:
            return result
        again = self._supervisor.measure(replace(result.order, whole=True))
        if again.outcome.status != "ok":
            return result
        reason = "alone it fails; measured together with all that its test sets up before it"
        return Result(again.order, again.rounds, replace(again.outcome, reason=again.outcome.reason or reason))

    def _in_new_processes(self, first: Result) -> Result:
        """Take the samples of a fixture that can be set up only once in a process, each from a process of its own."""
        rounds = list(first.rounds)
        for _ in range(self._options.least):
            again = self._supervisor.measure(replace(first.order, least=0, most=0))
            rounds += again.rounds[:1]
        reason = f"each sample is a first set-up, in a process of its own: {first.outcome.reason}"
        return Result(first.order, tuple(rounds), replace(first.outcome, reason=reason))

    def _combined(self, target: Target) -> Measurement:
        results: Mapping[wire.Kind, Result] = {
            kind: self._journal.results[entry]
            for kind in ("time", "memory")
            if (entry := self._entry(target, kind)) in self._journal.results
        }
        if "time" not in results:
            why = (
                "the run was stopped"
                if self._ending.wanted
                else f"the budget of {self._options.budget_s} s was used up"
            )
            return Measurement(
                fixture=target.fixture,
                param=target.carrier.param,
                status="unmeasurable",
                reason=f"{why} before its turn",
            )
        no_memory = None if self._options.memory else "not asked for (--no-memory)"
        again = [one for one in self._visits(target)[1:] if one.outcome.status == "ok"]
        return combine(target, results, isolation=self._isolation, no_memory=no_memory, again=again)
