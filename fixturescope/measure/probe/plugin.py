"""The plugin that the host starts the project's pytest with: it collects, says what there is, and carries orders out.

Loaded by ``-p``; does nothing unless ``--fixturescope-socket`` names the descriptor of the host's end.
"""

from __future__ import annotations

import os
import platform
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator

import pytest

from fixturescope.measure import wire
from fixturescope.measure.probe import isolation, memory, rounds
from fixturescope.measure.probe.inventory import Suite
from fixturescope.measure.probe.witness import RUN_VARIABLE

THREADS_FOR_WORKERS = {"pytest_rerunfailures": "HAS_PYTEST_HANDLECRASHITEM"}
"""Plugins that start a thread where xdist is installed, for its workers, of which there are none here; and what turns it off."""


@pytest.fixture
def fixturescope_empty() -> None:
    """Do nothing: what it measures as is what measuring itself adds to every fixture."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option by which the host tells where it listens."""
    parser.addoption("--fixturescope-socket", type=int, help="for fixturescope's own use")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main() -> None:
    """Keep plugins from starting threads that nobody needs: with one alive, no process can be forked."""
    for name, flag in THREADS_FOR_WORKERS.items():
        module = sys.modules.get(name)
        if hasattr(module, flag):
            setattr(module, flag, False)


def pytest_configure(config: pytest.Config) -> None:
    """Begin to talk with the host."""
    descriptor = config.getoption("--fixturescope-socket")
    if descriptor is not None:
        config.pluginmanager.register(Server(Host(descriptor)), "fixturescope-server")


class Host:
    """The host's end of the line.

    Args:
        descriptor: Of a connected stream socket.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        os.set_inheritable(descriptor, False)  # what the project starts must not hold the line
        self._socket = socket.socket(fileno=descriptor)
        self._lines = wire.Lines()

    def send(self, message: wire.Message) -> None:
        """Tell the host."""
        self._socket.sendall(wire.encode(message))

    def messages(self) -> Iterator[wire.Message]:
        """Give what the host says, until it hangs up."""
        while piece := self._socket.recv(65536):
            for line in self._lines.feed(piece):
                yield wire.decode(line)


class Server:
    """Takes the place of pytest's loop over tests.

    Args:
        host: Who gives the orders.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._errors: list[str] = []
        host.send(wire.Hello(wire.VERSION, os.getpid(), platform.python_version(), pytest.__version__))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note what could not be collected."""
        if report.failed:
            lines = [line.strip() for line in str(report.longrepr).splitlines() if line.strip()]
            self._errors.append(f"{report.nodeid or '.'}: {lines[-1] if lines else 'failed'}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Measure instead of testing."""
        suite = Suite(session)
        self._host.send(suite.inventory(self._errors))
        capture = session.config.pluginmanager.getplugin("capturemanager")
        if capture is not None:
            capture.suspend_global_capture(in_=True)
        for message in self._host.messages():
            if not isinstance(message, wire.Order):
                break
            try:
                self._host.send(self._carry_out(message, suite))
            except isolation.HostGone:
                break
        session.shouldstop = False
        sys.stdout.flush()
        os._exit(0)  # the project's own end of a session has nothing to say: no test was run

    def _carry_out(self, order: wire.Order, suite: Suite) -> wire.Outcome:
        folder = tempfile.mkdtemp(prefix="m-")

        def work(send: Callable[[wire.Message], None]) -> wire.Outcome:
            os.environ["TMPDIR"] = tempfile.tempdir = folder
            return rounds.measure(order, suite, send)

        if order.kind != "time":
            memory.available()  # once for all children, and not before the last clock has stopped
        try:
            if order.in_place:
                isolation.limit(order.memory_limit)
                return work(self._host.send)
            mark = RUN_VARIABLE, os.environ.get(RUN_VARIABLE, "")
            return isolation.in_child(order, work, self._host.send, host=self._host.descriptor, mark=mark)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
