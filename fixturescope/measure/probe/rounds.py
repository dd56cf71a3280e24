"""One measurement in the process that it has for itself: set up, tear down, again, and say what it cost."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from time import perf_counter
from typing import Any, Literal

import pytest

from fixturescope.measure import wire
from fixturescope.measure.probe import clock, memory, pytest_compat, reasons, xunit
from fixturescope.measure.probe.inventory import Suite
from fixturescope.measure.probe.ledger import Account
from fixturescope.measure.probe.witness import Witness

Send = Callable[[wire.Message], None]

SETTLE_S = 0.05
"""For so long there are twice as many warm rounds as have to be: the first half is there to warm up."""


class Stop(Exception):  # noqa: N818 - it is no error, it ends a measurement
    """A measurement is over before its time.

    Args:
        status: What became of it.
        reason: Why.
    """

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(status, reason)
        self.status = status
        self.reason = reason


def measure(order: wire.Order, suite: Suite, send: Send) -> wire.Outcome:
    """Carry an order out, and send a round after each set-up and teardown."""
    try:
        target = suite.definitions[order.key]
        item = suite.carrier(order)
    except LookupError as error:
        return wire.Outcome(order.number, "unmeasurable", str(error))
    missing = memory.available() if order.kind != "time" else None
    if missing is not None:
        return wire.Outcome(
            order.number,
            "unmeasurable",
            f"{sys.executable} has no memray: {missing}; to mend it: {sys.executable} -m pip install memray",
        )
    if order.kind != "time":
        memory.forget_the_rest()
    listener = _LISTENERS[order.kind](order, suite, target)
    listener.tell = lambda text: send(wire.Phase(order.number, text))
    suite.session.config.pluginmanager.register(listener, "fixturescope-listener")
    undo = pytest_compat.listen(listener)
    threads = set(threading.enumerate())
    status: str = "ok"
    reason: str | None = None
    try:
        _repeat(order, suite, item, listener, send)
    except Stop as stop:
        status, reason = stop.status, stop.reason
    finally:
        undo()
        suite.session.config.pluginmanager.unregister(listener)
    try:
        for round_ in listener.rest():
            send(round_)
    except Stop as stop:
        status, reason = stop.status, stop.reason
    left = [f"thread {one.name}" for one in threading.enumerate() if one not in threads and one.is_alive()]
    return wire.Outcome(order.number, status, reason, tuple(left))


def _repeat(order: wire.Order, suite: Suite, item: pytest.Function, listener: Listener, send: Send) -> None:
    """Do a cold round and warm ones; among those, what a fixture of a test needs of a wider scope is set up once."""
    kept = order.kind == "time" and str(suite.definitions[order.key].scope) == "function"
    try:
        _rounds(order, suite, item, listener, send, pytest_compat.sibling(item) if kept else None)
    finally:
        send(wire.Phase(order.number, "tearing down what is left"))
        error = _phase(item, "teardown", lambda: pytest_compat.tear_all_down(suite.session)) if kept else None
    if error is not None:
        raise Stop("teardown_error", reasons.explain(error, needed=listener.needed()))


def _rounds(
    order: wire.Order,
    suite: Suite,
    item: pytest.Function,
    listener: Listener,
    send: Send,
    following: pytest.Function | None,
) -> None:
    began = settling_since = perf_counter()
    warm: list[float] = []
    for number in range(listener.rounds()):
        if number:
            pytest_compat.renew(item)
        listener.begin(first=number == 0)
        try:
            _round(order, suite, item, listener, send, following if number else None)
        except Stop as stop:
            if number == 0 or stop.status == "teardown_error":
                if stop.status == "teardown_error" and (round_ := listener.end()) is not None:
                    send(round_)
                raise
            raise Stop(
                "ok", f"only its first set-up in a process succeeds, a second one fails: {stop.reason}"
            ) from None
        round_ = listener.end()
        if round_ is not None:
            send(round_)
        if number and round_ is not None:
            warm.append(sum(event.setup_s for event in round_.events if event.key == order.key))
        if number <= 1:  # what is of a wider scope is set up in both
            settling_since = perf_counter()
        if enough(warm, order, perf_counter() - began, perf_counter() - settling_since):
            break


def enough(warm: Sequence[float], order: wire.Order, spent_s: float, settling_s: float) -> bool:
    """Return whether warm rounds agree well enough; cheap ones get time to settle first.

    Args:
        warm: Seconds of each.
        order: How many there have to be, and how well they have to agree.
        spent_s: What all rounds took.
        settling_s: What those took that follow the first warm one.
    """
    if len(warm) < order.least or (settling_s < SETTLE_S and len(warm) < 2 * order.least):
        return False
    counted = warm[clock.settled(len(warm), order.least) :]
    return clock.spread(counted) <= order.spread or spent_s > order.patience_s


def _round(
    order: wire.Order,
    suite: Suite,
    item: pytest.Function,
    listener: Listener,
    send: Send,
    nextitem: pytest.Function | None,
) -> None:
    """Set the fixture up and tear it down, inside all that pytest and its plugins do around a test.

    What ``nextitem`` needs of a wider scope than a test's stays set up.
    """
    target = suite.definitions[order.key]
    name = target.argname
    method = target if isinstance(target, xunit.SetUpMethod) else None
    if method is None:
        pytest_compat.on_fill(item, lambda request: _fill(request, item, name, whole=order.whole))
    send(wire.Phase(order.number, f"setting up for {item.nodeid}"))
    failure: Stop | None = None
    error = _phase(item, "setup", lambda: item.ihook.pytest_runtest_setup(item=item))
    case = None
    if method is not None and error is None:
        case = xunit.case_of(item)
        error = _phase(item, "call", lambda: xunit.prepare(case))
        if error is None:
            error = _phase(item, "call", lambda: listener.set_up(method, order.key, case.setUp))
    if isinstance(error, pytest.skip.Exception):
        failure = Stop("skipped", str(error.msg or error))
    elif error is not None:
        failure = Stop("error", reasons.explain(error, needed=listener.needed()))
    elif not listener.was_set_up(order.key):
        failure = Stop("unmeasurable", f"{item.nodeid} gets another fixture of the name {name!r}")
    elif method is None:
        _phase(
            item, "call", lambda: getattr(item, "instance", None)
        )  # a test case is made by its test, and missed after
    send(wire.Phase(order.number, f"tearing down for {item.nodeid}"))
    late = None
    if method is not None and case is not None and failure is None:
        late = _phase(item, "call", lambda: listener.finish(method, lambda: xunit.tear_down(case)))
    error = _phase(item, "teardown", lambda: item.ihook.pytest_runtest_teardown(item=item, nextitem=nextitem)) or late
    if error is not None and failure is None:
        failure = Stop("teardown_error", reasons.explain(error, needed=listener.needed()))
    if failure is not None:
        raise failure


def _phase(
    item: pytest.Function, when: Literal["setup", "call", "teardown"], work: Callable[[], object]
) -> BaseException | None:
    """Do what pytest does in one phase of a test, its report included: ``tmp_path``, for one, looks at it.

    Returns:
        What was raised, if anything was.
    """
    call = pytest.CallInfo.from_call(work, when=when)
    with contextlib.suppress(Exception):  # an exception that cannot be shown, or a plugin that wants to show it
        item.ihook.pytest_runtest_makereport(item=item, call=call)
    return None if call.excinfo is None else call.excinfo.value


def _fill(request: Any, item: pytest.Function, name: str, *, whole: bool) -> None:
    """Set up what comes to the test by itself, in pytest's order, and then the fixture."""
    ambient = set(item.fixturenames if whole else pytest_compat.ambient_names(item))
    for other in item.fixturenames:
        if other == name:
            break
        if other in ambient:
            request.getfixturevalue(other)
    request.getfixturevalue(name)


# ------------------------------------------------------------------------------------------------------------- listeners


class Listener:
    """Hears of every set-up and teardown of a round.

    Args:
        order: What is measured.
        suite: Knows the keys.
        target: The definition that is measured.
    """

    def __init__(self, order: wire.Order, suite: Suite, target: Any) -> None:
        self.order = order
        self.suite = suite
        self.target = target
        self.needs: dict[str, dict[str, None]] = {}
        self.failed: str | None = None
        self.tell: Callable[[str], None] = lambda _: None
        """Takes what is being done; the time limit begins anew with it."""

    def rounds(self) -> int:
        """Return how many rounds there are at most."""
        return 1

    def begin(self, *, first: bool) -> None:
        """Forget the round before."""
        self.needs = {}
        self.failed = None

    def end(self) -> wire.Round | None:
        """Return what the round cost, or None where that is known later."""

    def rest(self) -> Iterable[wire.Round]:
        """Return what is known of rounds when all are over."""
        return ()

    def needed(self) -> str | None:
        """Return the name of the fixture whose set-up failed, if it is another than the target."""
        if self.failed is None or self.failed == self.order.key:
            return None
        return (
            str(self.suite.definitions[self.failed].argname) if self.failed in self.suite.definitions else self.failed
        )

    def was_set_up(self, key: str) -> bool:
        """Return whether a fixture was set up in this round."""
        return key in self.needs

    def execute(self, fixturedef: Any, proceed: Callable[[], Any]) -> Any:
        """See `pytest_compat.Listener`."""
        return proceed()

    def finish(self, fixturedef: Any, proceed: Callable[[], Any]) -> Any:
        """See `pytest_compat.Listener`."""
        return proceed()

    def set_up(self, definition: Any, key: str, work: Callable[[], Any]) -> None:
        """Measure a set-up that is no fixture's."""
        self.needs.setdefault(key, {})
        self.before(key)
        try:
            self.execute(definition, work)
        except BaseException:  # whatever a set-up raises goes on to whoever asked for it
            self.failed = self.failed or key
            raise
        finally:
            self.after(key)

    def requested(self, asker: Any, fixturedef: Any) -> None:
        """See `pytest_compat.Listener`."""
        if asker is None:
            return
        key, other = self.suite.key(asker), self.suite.key(fixturedef)
        if key is not None and other is not None and key != other:
            self.needs.setdefault(key, {})[other] = None

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> Generator[None, Any, None]:
        """Measure a set-up, from before all other plugins to after them."""
        key = self.suite.key(fixturedef)
        if key is None:
            yield
            return
        self.needs.setdefault(key, {})
        self.before(key)
        outcome = yield
        self.after(key)
        if outcome.excinfo is not None and self.failed is None:
            self.failed = key

    def before(self, key: str) -> None:
        """A fixture is about to be set up."""

    def after(self, key: str) -> None:
        """A fixture was set up, or failed."""


class TimeListener(Listener):
    """Clocks; in the first round, around the target, the witnesses as well."""

    def __init__(self, order: wire.Order, suite: Suite, target: Any) -> None:
        super().__init__(order, suite, target)
        self._clock = clock.QuietClock()
        self._watch = clock.Stopwatch(self._clock)
        self._setups: dict[str, int] = {}
        self._teardowns: dict[str, int] = {}
        self._witness: Witness | None = None

    def rounds(self) -> int:
        """Return one cold round and as many warm ones as the order allows."""
        return 1 + self.order.most

    def begin(self, *, first: bool) -> None:
        """Forget the round before."""
        super().begin(first=first)
        self._setups, self._teardowns = {}, {}
        self._witness = Witness(gpu=self.order.gpu) if first else None

    def before(self, key: str) -> None:
        """Start the clock, after what the witness has to see first."""
        if self._witness and key == self.order.key:
            with clock.Pause(self._watch):
                self._witness.before()
        self._watch.start()

    def after(self, key: str) -> None:
        """Stop the clock, before the witness looks."""
        own, _ = self._watch.stop()
        self._setups[key] = self._setups.get(key, 0) + own
        if self._witness and key == self.order.key:
            with clock.Pause(self._watch):
                self._witness.after_setup()

    def finish(self, fixturedef: Any, proceed: Callable[[], Any]) -> Any:
        """Measure a teardown, without those of the fixtures that needed this one."""
        key = self.suite.key(fixturedef)
        if key is None:
            return proceed()
        self._watch.start()
        try:
            return proceed()
        finally:
            own, _ = self._watch.stop()
            self._teardowns[key] = self._teardowns.get(key, 0) + own

    def end(self) -> wire.Round:
        """Return the times, and what the witnesses saw."""
        events = tuple(
            wire.Event(
                key,
                nanoseconds / clock.SECOND,
                self._teardowns[key] / clock.SECOND if key in self._teardowns else None,
                tuple(self.needs.get(key, ())),
            )
            for key, nanoseconds in self._setups.items()
        )
        if self._witness is None:
            return wire.Round(self.order.number, events)
        self._witness.after_teardown()
        return self._witness.complete(wire.Round(self.order.number, events))


class MemoryListener(Listener):
    """One tracker over both rounds: peak and what is retained of the set-up, and what is still there after teardown."""

    def __init__(self, order: wire.Order, suite: Suite, target: Any) -> None:
        super().__init__(order, suite, target)
        self._tracking = memory.Tracking(native=order.native, python_allocators=order.python_allocators)
        self._depth = 0
        self._ended: list[dict[str, tuple[str, ...]]] = []
        """Key → what it needs, of each round that is over."""

    def rounds(self) -> int:
        """Return two: what is imported or cached once is not there twice."""
        return 2 if self.order.most else 1

    def begin(self, *, first: bool) -> None:
        """Begin to track."""
        super().begin(first=first)
        if first:
            self._tracking.start()

    def execute(self, fixturedef: Any, proceed: Callable[[], Any]) -> Any:
        """Let the stacks that are shown end here."""
        return memory.fixturescope_sets_up(proceed)

    def before(self, key: str) -> None:
        """Note that a set-up begins, if anybody asked for its memory, or for that of who asks for it by name."""
        if self._depth or not self.order.reach or key in self.order.reach:
            self._depth += 1
            self._tracking.note("set up", key)

    def after(self, key: str) -> None:
        """Note that it is over."""
        if self._depth:
            self._depth -= 1
            self._tracking.note("done")

    def finish(self, fixturedef: Any, proceed: Callable[[], Any]) -> Any:
        """Note when a teardown begins and ends."""
        key = self.suite.key(fixturedef)
        if key is None or (self.order.reach and key not in self.order.reach):
            return proceed()
        self._tracking.note("tear down", key)
        try:
            return proceed()
        finally:
            self._tracking.note("done")

    def end(self) -> None:
        """Note that the round is over; what it cost is read later."""
        self._tracking.note("round")
        self._ended.append({key: tuple(needs) for key, needs in self.needs.items()})

    def rest(self) -> Iterator[wire.Round]:
        """Stop to track, and give the bytes of each round."""
        if not self._ended:
            return
        tracking, told = self._tracking, "reading what memray recorded"
        tracking.stop()
        if tracking.broken is not None:
            raise Stop("error", tracking.broken)
        self.tell(told)
        found = tracking.read(lambda: self.tell(told))
        target = found[0].get(self.order.key)
        top: tuple[wire.Site, ...] = ()
        if target is not None and target.peak:
            top = tracking.top(self.order.key, target.peak_at, lambda: self.tell(told))
        tracking.close()
        for needs, accounts in zip(self._ended, found, strict=True):
            held = tuple(_held(key, accounts.get(key, Account()), needs[key]) for key in needs)
            yield wire.Round(self.order.number, held=held, top=top)
            top = ()


def _held(key: str, account: Account, needs: tuple[str, ...]) -> wire.Held:
    return wire.Held(key, account.peak, account.retained, account.allocations, account.leaked, needs)


_LISTENERS: dict[wire.Kind, Callable[[wire.Order, Suite, Any], Listener]] = {
    "time": TimeListener,
    "memory": MemoryListener,
}
