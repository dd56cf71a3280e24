"""What a person sees while a run goes on: a live view on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from fixturescope.text import printable
from fixturescope.units import show_bytes, show_seconds

if TYPE_CHECKING:
    from rich.console import RenderableType

    from fixturescope.measure.run import Progress
    from fixturescope.model import Measurement

LAST = 8
"""How many results the live view shows."""

Show = Callable[["Progress"], None]


@contextmanager
def live_view(
    stream: TextIO | None, *, wanted: bool, plain: bool = False, clock: Callable[[], float] = time.monotonic
) -> Iterator[Show]:
    """Give what shows the progress of a run.

    Args:
        stream: Where to; None where there is nobody to see it.
        wanted: Whether to show anything.
        plain: Lines alone, on a terminal too: no escapes.
        clock: Gives seconds.
    """
    if not wanted or stream is None:
        yield lambda _: None
    elif stream.isatty() and not plain:
        with _Live(stream, clock) as view:
            yield view
    else:
        yield _Lines(stream)


def describe(measurement: Measurement) -> str:
    """Return one result as one line."""
    name = measurement.fixture if measurement.param is None else f"{measurement.fixture}[{measurement.param}]"
    if measurement.status != "ok":
        reason = (measurement.reason or "").splitlines()
        return printable(f"{name}: {measurement.status}: {reason[0] if reason else ''}")
    parts = []
    if measurement.setup_s is not None:
        parts.append(f"set-up {show_seconds(measurement.setup_s.own.median)}")
        parts.append(f"first {show_seconds(measurement.setup_s.cold)}")
    if measurement.memory is not None:
        parts.append(f"peak {show_bytes(measurement.memory.peak.own)}")
    return printable(f"{name}: {', '.join(parts)}")


class _Lines:
    """One line a result, and one a stage."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._stage = ""

    def __call__(self, progress: Progress) -> None:
        if progress.stage != self._stage:
            self._stage = progress.stage
            self._say(f"{progress.stage} …")
        if progress.result is not None:
            self._say(f"{progress.done}/{progress.total} {describe(progress.result)}")

    def _say(self, line: str) -> None:
        self._out.write(f"{line}\n")
        self._out.flush()


class _Live:
    """What runs, how much is done and left, how long that takes, and the last results."""

    def __init__(self, out: TextIO, clock: Callable[[], float]) -> None:
        from rich.console import Console
        from rich.live import Live

        self._clock = clock
        self._began: float | None = None
        self._last: deque[str] = deque(maxlen=LAST)
        self._progress: Progress | None = None
        self._live = Live(console=Console(file=out), get_renderable=self._show, transient=True, refresh_per_second=8)

    def __enter__(self) -> _Live:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def __call__(self, progress: Progress) -> None:
        again = self._progress is not None and progress.done < self._progress.done
        if progress.total and (self._began is None or again):
            self._began = self._clock()
        self._progress = progress
        if progress.result is not None:
            self._last.append(describe(progress.result))

    def _show(self) -> RenderableType:
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.text import Text

        now = self._progress
        if now is None or not now.total:
            return Text("analyzing …" if now is None else f"{now.stage} …")
        left = ""
        if self._began is not None and now.done:
            left = f", {show_seconds((self._clock() - self._began) / now.done * (now.total - now.done))} left"
        return Group(
            *(Text(line, "dim", no_wrap=True, overflow="ellipsis") for line in self._last),
            Text(f"{now.stage}: {printable(now.label)}", no_wrap=True, overflow="ellipsis"),
            Text(f"{now.done} of {now.total}{left}"),
            ProgressBar(total=now.total, completed=now.done, width=60),
        )
