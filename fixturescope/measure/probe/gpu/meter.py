"""Readings before set-up, after it and after teardown, and what they say of one fixture."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypedDict, TypeVar
from warnings import catch_warnings, simplefilter

from fixturescope.measure.probe.gpu.base import Modules, Provider, Reading
from fixturescope.measure.probe.gpu.cupy import Cupy
from fixturescope.measure.probe.gpu.driver import CudaDriver
from fixturescope.measure.probe.gpu.jax import Jax
from fixturescope.measure.probe.gpu.nvml import Nvml
from fixturescope.measure.probe.gpu.tensorflow import TensorFlow
from fixturescope.measure.probe.gpu.torch import Torch

_T = TypeVar("_T")


class Row(TypedDict):
    """Bytes on one device, against those before set-up; None where the library does not tell. As ``model.GpuMemory``."""

    device: str
    """``torch:cuda:0``."""
    allocated: int | None
    """More when set-up was over than before it."""
    reserved: int | None
    """The same of what the library took from the driver."""
    peak: int | None
    """Most that was allocated during set-up, above what was allocated before it."""
    leaked: int | None
    """More after teardown than before set-up."""
    process: int | None
    """More, when set-up was over, of what the driver says the whole process holds on the device, whoever took it."""


class Meter:
    """Measures one set-up and one teardown. No method raises what a library raises: it becomes a reason.

    A library that the fixture is the first to import, or to open a device with, counts from 0. Starting peaks anew
    changes what the project itself would read as its peak: ``torch.cuda.max_memory_allocated()`` and the like.

    Args:
        modules: Where loaded libraries are looked up.
        driver: Tells which CUDA contexts are open.
        nvml: Tells what the driver says of this process.
    """

    def __init__(
        self, modules: Modules = sys.modules, *, driver: CudaDriver | None = None, nvml: Nvml | None = None
    ) -> None:
        self._modules = modules
        self._providers = _providers(driver or CudaDriver())
        self._nvml = nvml or Nvml()
        self._before = self._after = self._end = _NEVER
        self._restarted: set[str] = set()
        self._not_restarted: list[str] = []

    def before(self) -> None:
        """Read, and start peaks anew where the library can. To be called right before set-up."""
        self._before = self._look()
        for provider in self._providers:
            if provider.name in self._before.readings:
                restarted, failure = _asked(provider.name, provider.peak_reset, self._modules)
                if restarted:
                    self._restarted.add(provider.name)
                if failure is not None:
                    self._not_restarted.append(failure)

    def after_setup(self) -> None:
        """Read. To be called when set-up is over, after ``gc.collect()``."""
        self._after = self._look()

    def after_teardown(self) -> None:
        """Read. To be called when teardown is over, after ``gc.collect()``. Without it, ``leaked`` is not known."""
        self._end = self._look()

    def rows(self) -> list[Row]:
        """Return what set-up cost, a row for each device.

        A device on which nothing was ever held is left out, unless its library held nothing anywhere: then it stands
        for the library, with zeros.
        """
        return [row for provider in self._providers for row in self._rows_of(provider)]

    @property
    def reason(self) -> str | None:
        """Why there are no rows; None where there are."""
        if self.rows():
            return None
        if self._after is _NEVER:
            return "nothing was read after set-up"
        known = (self._before.failed, self._after.failed, self._after.missing, self._before.missing)
        said = []
        for library in (one.name for one in self._providers):
            words = next((there[library] for there in known if library in there), None)
            if words is None and library in {*self._before.readings, *self._after.readings}:
                words = f"{library} says nothing of its devices' memory"
            if words is not None:
                said.append(words)
        return "; ".join(said) or "no accelerator library was loaded"

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the rows should know: what failed, why there is no peak, why no second witness."""
        rows = self.rows()
        if not rows:
            return ()
        failures = [word for moment in (self._before, self._after, self._end) for word in moment.failed.values()]
        peakless = {row["device"].partition(":")[0] for row in rows if row["peak"] is None}
        whys = [one.peakless for one in self._providers if one.name in peakless]
        return tuple(dict.fromkeys([*failures, *(self._not_restarted or whys)]))

    def _look(self) -> _Moment:
        readings: dict[str, dict[str, Reading]] = {}
        missing: dict[str, str] = {}
        failed: dict[str, str] = {}
        for provider in self._providers:
            library = provider.name
            if self._modules.get(library) is None:  # None: something forbids its import
                continue
            available, failure = _asked(library, provider.available, self._modules)
            if available is not None and available.missing is not None:
                missing[library] = available.missing
            elif available is not None:
                found, failure = _asked(library, provider.snapshot, self._modules)
                if found is not None:
                    readings[library] = found
            if failure is not None:
                failed[library] = failure
        ordinals = {one.cuda for found in readings.values() for one in found.values() if one.cuda is not None}
        held: dict[int, int | None] | None = {}
        if ordinals:  # NVML is asked only about what a library has opened
            held, failure = _asked("pynvml", self._nvml.held, ordinals, self._modules)
            if failure is not None:
                failed["pynvml"] = failure
        return _Moment(readings, missing, failed, held)

    def _rows_of(self, provider: Provider) -> Iterator[Row]:
        library = provider.name
        if library in self._before.failed:
            return  # what it held before is not known
        after = self._after.readings.get(library, {})
        before = self._before.readings.get(library, {})
        end = self._end.readings.get(library, {})
        nothing = Reading(allocated=0, reserved=0, peak=0)
        rows = []
        for device, reading in after.items():
            first = before.get(device, nothing)
            last = end.get(device)
            row = Row(
                device=device,
                allocated=_more(reading.allocated, first.allocated),
                reserved=_more(reading.reserved, first.reserved),
                peak=self._peak(library, first, reading, is_new=device not in before),
                leaked=None if last is None else _more(last.allocated, first.allocated),
                process=self._process(reading.cuda),
            )
            was_used = any(one.allocated or one.reserved or one.peak for one in (first, reading, last or nothing))
            rows.append((was_used or bool(row["process"]), row))
        used = [row for was_used, row in rows if was_used]
        yield from used or [row for _, row in rows[:1]]

    def _peak(self, library: str, first: Reading, reading: Reading, *, is_new: bool) -> int | None:
        """A peak that could not be started anew is one of this set-up only if it is higher than it was before."""
        if reading.peak is None or first.allocated is None:
            return None
        if is_new or library in self._restarted or (first.peak is not None and reading.peak > first.peak):
            return reading.peak - first.allocated
        return None

    def _process(self, ordinal: int | None) -> int | None:
        if ordinal is None or self._before.held is None or self._after.held is None:
            return None
        return _more(self._after.held.get(ordinal), self._before.held.get(ordinal, 0))


def initialised(modules: Modules = sys.modules, *, driver: CudaDriver | None = None) -> str | None:
    """Tell what this process has open that a forked child could not use.

    Args:
        modules: Where loaded libraries are looked up.
        driver: Tells which CUDA contexts are open.

    Returns:
        In words, all that is open; None if a fork is safe as far as accelerators go. Where a library raises, it is not
        known, and said.
    """
    driver = driver or CudaDriver()
    said = []
    contexts, failure = _asked("libcuda", driver.contexts)
    if contexts:
        said.append(f"a CUDA context is open on device {', '.join(map(str, contexts))}")
    elif contexts is not None:
        said.append("the CUDA driver is initialised")
    if failure is not None:
        said.append(failure)
    for provider in _providers(driver):
        if modules.get(provider.name) is not None:
            available, failure = _asked(provider.name, provider.available, modules)
            words = failure if available is None else available.context
            if words is not None:
                said.append(words)
    return "; ".join(said) or None


class _Moment(NamedTuple):
    """What all libraries said at one time."""

    readings: dict[str, dict[str, Reading]]
    """Library → device → reading, of the libraries that could be read."""
    missing: dict[str, str]
    """Library → why it has nothing to read."""
    failed: dict[str, str]
    """Library → what it raised."""
    held: dict[int, int | None] | None
    """CUDA's ordinal → bytes of this process; None where NVML could not be asked, empty where it need not be."""


_NEVER = _Moment({}, {}, {}, {})
"""What is known where no reading was taken."""


def _providers(driver: CudaDriver) -> Sequence[Provider]:
    """All that are known. A new library is one new file and one more here."""
    return (Torch(), Jax(), Cupy(driver), TensorFlow())


def _asked(library: str, question: Callable[..., _T], *arguments: object) -> tuple[_T | None, str | None]:
    """Return a library's answer, or what it raised, in one line. It shows no warning and records none."""
    try:
        with catch_warnings():
            simplefilter("ignore")
            return question(*arguments), None
    except Exception as error:  # noqa: BLE001 - the boundary to other people's code, inside the user's fixture
        return None, f"{library} raised {type(error).__name__}: {_first_line(error)}"


def _first_line(error: Exception) -> str:
    try:
        return str(error).partition("\n")[0]
    except Exception:  # noqa: BLE001 - an exception whose text cannot be made is still an answer
        return "(no text)"


def _more(now: int | None, before: int | None) -> int | None:
    return None if now is None or before is None else now - before
