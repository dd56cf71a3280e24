"""Records what every fixture costs in an ordinary run of pytest: all set-ups and teardowns that really happen.

Seconds are of two kinds. *Self* is the time inside the set-up hook (or ``FixtureDef.finish``) without set-ups and
teardowns that happen inside it. *Cumulative* is the sum of the self times of all set-ups (teardowns) that happen between
the moment in which pytest wants the fixture and the one in which it has it: so the arguments of a fixture count, a
fixture that was there already costs nothing, and self times sum up to what was spent, whoever caused it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from threading import get_ident
from time import perf_counter_ns, time_ns
from typing import Any

import pytest

from fixturescope.measure.probe import pytest_compat, records, summary
from fixturescope.measure.probe.clock import QuietClock

NAME = "fixturescope-recorder"
"""Under which the recorder is registered."""

WORKER_KEY = "fixturescope_records"
"""What a worker of pytest-xdist calls its records when it hands them to the controller."""

_NOTHING = object()

_clock, _thread = perf_counter_ns, get_ident  # bound before a test can put others in their place


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options with which the host asks for a record: this module is loaded by ``-p`` then."""
    group = parser.getgroup("fixturescope", "for fixturescope's own use")
    group.addoption("--fixturescope-record", metavar="FILE", help="for fixturescope's own use")
    group.addoption("--fixturescope-progress", type=int, metavar="FD", help="for fixturescope's own use")


def pytest_configure(config: pytest.Config) -> None:
    """Begin to record where the host asks for it."""
    path = config.getoption("--fixturescope-record")
    if path is not None:
        start(config, path)
        descriptor = config.getoption("--fixturescope-progress")
        if descriptor is not None and not hasattr(config, "workerinput"):
            config.pluginmanager.register(summary.Progress(descriptor), "fixturescope-progress")


def start(config: pytest.Config, path: str) -> None:
    """Register a recorder, unless there is one.

    Args:
        config: Of the run.
        path: Where the document goes; empty: below the rootdir.
    """
    if not config.pluginmanager.has_plugin(NAME):
        config.pluginmanager.register(Recorder(path), NAME)


class Tally:
    """What one fixture cost under one parameter, so far; nanoseconds."""

    __slots__ = (
        "first_at",
        "first_test",
        "serial",
        "setup_cumulative",
        "setup_self",
        "setups",
        "teardown_cumulative",
        "teardown_self",
    )

    def __init__(self, first_test: str, *, now: Callable[[], int] = time_ns) -> None:
        self.first_test = first_test
        self.first_at = now()
        self.serial = 0
        """Number of its last set-up among all."""
        self.setups = 0
        self.setup_self = self.setup_cumulative = 0
        self.teardown_self = self.teardown_cumulative = 0


class Definition:
    """A fixture that was set up: its function as it was before other plugins changed it, and its tallies by parameter."""

    __slots__ = ("fixturedef", "function", "tallies")

    def __init__(self, fixturedef: Any) -> None:
        self.fixturedef = fixturedef
        self.function = fixturedef.func
        self.tallies: dict[str | None, Tally] = {}


class Recorder:
    """The plugin of one run, in the process that runs tests and in the one that only hands them out.

    Args:
        path: Where the document goes; empty: below the rootdir.
        clock: Gives nanoseconds; None: without those in which the machine ran others. It may be changed while no fixture
            is set up or torn down.
    """

    def __init__(self, path: str = "", *, clock: Callable[[], int] | None = None) -> None:
        self.clock = QuietClock() if clock is None else clock
        self._path = path
        self._definitions: dict[Any, Definition | None] = {}
        """By pytest's definition; None for its own devices. They live as long as the session does."""
        self._live: dict[Any, Tally] = {}
        """What is set up now."""
        self._inner: list[int] = []
        """For each interval that is open: what the intervals inside it took."""
        self._serial = 0
        self._setup_total = 0
        self._teardown_total = 0
        self._main_thread = _thread()
        self._trouble: str | None = None
        """Why recording stopped before its time."""
        self._undo: Callable[[], None] | None = None
        self._nodes: list[Any] = []
        """Workers of pytest-xdist, in the controller."""
        self._lost: list[str] = []
        self._began = _clock()
        self._report: summary.Report | None = None

    # the run

    def pytest_configure(self, config: pytest.Config) -> None:
        """Begin to listen."""
        self._undo = pytest_compat.wrap(execute=self._around_execute, finish=self._around_finish)

    def pytest_unconfigure(self) -> None:
        """Stop to listen."""
        if self._undo is not None:
            self._undo()
            self._undo = None

    @pytest.hookimpl(hookwrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, Any, None]:
        """Hand the records over, once the last fixtures are torn down and before a worker reports that it is done."""
        yield
        config = session.config
        try:
            if config.getoption("--collect-only", False):
                return
            found = self._found(session)
            if hasattr(config, "workerinput"):
                config.workeroutput[WORKER_KEY] = records.dump(found)  # type: ignore[attr-defined]
                return
            merged = records.merge([found, *self._from_workers()])
            self._report = summary.finish(
                config, merged, self._path, workers=len(self._nodes), lost=self._lost, seconds=self._seconds()
            )
        except Exception as error:  # noqa: BLE001 - the boundary to a project's run, which we must not spoil
            self._report = summary.Report(None, trouble=f"no record: {type(error).__name__}: {error}")

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say where the document is, and what costs most."""
        if self._report is not None:
            self._report.show(terminalreporter)

    def _seconds(self) -> float:
        return (_clock() - self._began) / records.SECOND

    def _found(self, session: pytest.Session) -> records.Found:
        known = [one for one in self._definitions.values() if one is not None and one.tallies]
        trouble = [] if self._trouble is None else [f"recording stopped before the end: {self._trouble}"]
        if session.config.getoption("--setup-plan", False):
            known, trouble = [], ["nothing was set up: --setup-plan"]
        if any(session.config.getoption(name, False) for name in ("forked", "boxed")):
            trouble.append("tests ran in forks (--forked): what was set up there is not in the record")
        return records.Found(records.rows(known, session), trouble)

    # workers

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Remember a worker that is about to start."""
        self._nodes.append(node)

    def _from_workers(self) -> list[records.Found]:
        """Return what the workers handed over. One that died did not: what it had recorded is lost, and that is said."""
        found = []
        for node in self._nodes:
            text = (getattr(node, "workeroutput", None) or {}).get(WORKER_KEY)
            if text is None:
                self._lost.append(str(node.gateway.id))
            else:
                found.append(records.load(text))
        return found

    # set-up

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> Generator[None, Any, None]:
        """Time a set-up, from before all other plugins to after them."""
        tally = self._begin(fixturedef, request)
        if tally is None:
            yield
            return
        inner = self._inner
        depth = len(inner)
        inner.append(0)
        began = self.clock()
        yield
        own = self._stop(depth, began)
        tally.setup_self += own
        self._setup_total += own

    def _begin(self, fixturedef: Any, request: Any) -> Tally | None:
        """Return the tally of a set-up that begins; None where it is not to be recorded."""
        if self._trouble is not None:
            return None
        if _thread() != self._main_thread:
            self._trouble = f"{fixturedef.argname!r} was set up in another thread, so that costs overlap"
            return None
        try:
            definition = self._definitions.get(fixturedef, _NOTHING)
            if definition is _NOTHING:
                definition = None if pytest_compat.is_pseudo(fixturedef) else Definition(fixturedef)
                self._definitions[fixturedef] = definition
            if not isinstance(definition, Definition):
                return None
            item = pytest_compat.test_of(request)
            param = None
            if getattr(request, "param", _NOTHING) is not _NOTHING:
                param = pytest_compat.parameter_id(item, fixturedef.argname)
            tally = definition.tallies.get(param)
            if tally is None:
                tally = definition.tallies[param] = Tally(item.nodeid)
            self._serial = tally.serial = self._serial + 1
            tally.setups += 1
            self._live[fixturedef] = tally
            return tally
        except Exception as error:  # noqa: BLE001 - the boundary to a project's run, which we must not spoil
            self._trouble = f"{type(error).__name__}: {error}"
            return None

    def _around_execute(self, execute: pytest_compat.Method) -> pytest_compat.Method:
        """Return what pytest calls for each value. Most are there already: then nothing is done but compare two numbers."""

        def recorded_execute(fixturedef: Any, request: Any) -> Any:
            __tracebackhide__ = True
            serial, before = self._serial, self._setup_total
            try:
                return execute(fixturedef, request)
            finally:
                if self._serial != serial:
                    tally = self._live.get(fixturedef)
                    if tally is not None and tally.serial > serial:
                        tally.setup_cumulative += self._setup_total - before

        return recorded_execute

    # teardown

    def _around_finish(self, finish: pytest_compat.Method) -> pytest_compat.Method:
        """Return what pytest calls to tear a fixture down: more often than there is something to tear down."""

        def recorded_finish(fixturedef: Any, request: Any) -> Any:
            __tracebackhide__ = True
            tally = self._live.pop(fixturedef, None) if pytest_compat.is_cached(fixturedef) else None
            if tally is None:
                return finish(fixturedef, request)
            inner = self._inner
            depth = len(inner)
            inner.append(0)
            before = self._teardown_total
            began = self.clock()
            try:
                return finish(fixturedef, request)
            finally:
                own = self._stop(depth, began)
                tally.teardown_self += own
                self._teardown_total += own
                tally.teardown_cumulative += self._teardown_total - before

        return recorded_finish

    def _stop(self, depth: int, began: int) -> int:
        """End an interval; return its nanoseconds without those of the intervals inside it."""
        whole = self.clock() - began
        inner = self._inner
        if depth >= len(inner):  # an outer interval ended first: not all happens in one thread
            self._trouble = self._trouble or "a fixture was torn down in another thread, so that costs overlap"
            return 0
        own = whole - inner[depth]
        del inner[depth:]  # with what an exception from outside, such as a time limit's, may have left open
        if depth:
            inner[-1] += whole
        return own
