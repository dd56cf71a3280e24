"""GPU memory as fixturescope measures it against sizes that are known: ``python -m benchmarks.gpu_check``.

For each library that is installed and has a device: a ``Meter`` around arrays of known sizes. Set-up makes one that
teardown frees, one that stays, and one that is freed before set-up is over: so what was allocated, the peak and what is
leaked are known to the byte but for the allocator's rounding, which is the tolerance. torch's backend is CUDA (or ROCm);
jax must be left to take its pool at the start, as it does by default: a pool that grows hands out larger blocks.

Exit code: 0, all within the tolerance, or nothing to run on, which is said; 1, something is off.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from benchmarks import figures
from fixturescope.measure.probe.gpu import Meter

MIB = 2**20

KEPT, LEAKED, PASSING = 64 * MIB + 1000, 24 * MIB + 1, 48 * MIB
"""Bytes. Above 1 MiB, torch splits what it takes from the driver only if more than 1 MiB would be left over (what is
left of these, in its steps of 2 MiB, is more, or nothing): otherwise the whole would count as allocated."""

Allocate = Callable[[int], object]


class NotRunError(Exception):
    """A library is not installed, or has no device."""


@dataclass(frozen=True)
class Library:
    """How known sizes are allocated.

    Attributes:
        name: Its module.
        block: To how many bytes it rounds each allocation up.
        prepare: Opens the first device and returns what allocates that many bytes on it.
    """

    name: str
    block: int
    prepare: Callable[[Any], Allocate]


@dataclass(frozen=True)
class Figure:
    """One figure against the truth, in bytes."""

    device: str
    name: str
    known: int
    measured: int | None
    tolerance: int

    @property
    def is_off(self) -> bool:
        """Whether the allocator's rounding does not explain the difference. A library that tells none is not off."""
        return self.measured is not None and not 0 <= self.measured - self.known <= self.tolerance


def main(modules: Mapping[str, Any] = sys.modules, load: Callable[[str], Any] = import_module) -> int:
    """Check each library, print the table, and return the exit code.

    Args:
        modules: Where the meter looks libraries up.
        load: Imports a library by name.
    """
    found: list[Figure] = []
    is_whole = True
    for library in LIBRARIES:
        try:
            allocate = library.prepare(_loaded(library.name, load))
        except NotRunError as why:
            print(f"not run: {why}")
            continue
        meter = cycle(allocate, modules)
        measured = compared(meter, library)
        if not measured:
            print(f"{library.name}: nothing was measured: {meter.reason}")
            is_whole = False
        found += measured
        for note in meter.notes:
            print(f"{library.name}: {note}")
    if found:
        print(table(found), end="")
    return 0 if is_whole and not any(figure.is_off for figure in found) else 1


def cycle(allocate: Allocate, modules: Mapping[str, Any]) -> Meter:
    """Measure one set-up and one teardown of known sizes."""
    meter = Meter(modules)
    gc.collect()
    meter.before()
    kept, leaked, passing = allocate(KEPT), allocate(LEAKED), allocate(PASSING)
    del passing
    gc.collect()
    meter.after_setup()
    del kept
    gc.collect()
    meter.after_teardown()
    del leaked
    return meter


def compared(meter: Meter, library: Library) -> list[Figure]:
    """Return the figures of the library's first row against what is known."""
    rows = [row for row in meter.rows() if row["device"].startswith(f"{library.name}:")]
    return [
        Figure(row["device"], name, known, measured, blocks * library.block)
        for row in rows[:1]
        for name, known, measured, blocks in (
            ("allocated", KEPT + LEAKED, row["allocated"], 2),
            ("peak", KEPT + LEAKED + PASSING, row["peak"], 3),
            ("leaked", LEAKED, row["leaked"], 1),
        )
    ]


def table(found: Sequence[Figure]) -> str:
    """Return known, measured and difference, in bytes."""
    rows: list[tuple[str, ...]] = [("device", "figure", "known", "measured", "difference", "allowed", "")]
    for one in found:
        measured, difference = ("-", "-") if one.measured is None else (one.measured, one.measured - one.known)
        verdict = "not told" if one.measured is None else "OFF" if one.is_off else "ok"
        rows.append((one.device, one.name, *map(str, (one.known, measured, difference, one.tolerance)), verdict))
    return figures.table(rows)


def _loaded(name: str, load: Callable[[str], Any]) -> Any:
    try:
        return load(name)
    except ImportError as error:
        raise NotRunError(f"{name} cannot be imported ({error})") from error


def _torch(torch: Any) -> Allocate:
    if not torch.cuda.is_available():
        raise NotRunError("torch has no CUDA or ROCm device")
    torch.empty(1, dtype=torch.uint8, device="cuda:0")
    torch.cuda.empty_cache()  # or a block that is left over might be handed out whole
    return lambda size: torch.empty(size, dtype=torch.uint8, device="cuda:0")


def _jax(jax: Any) -> Allocate:
    devices = [device for device in jax.local_devices() if device.platform != "cpu"]
    if not devices:
        raise NotRunError("jax has no device but the CPU")
    numpy = import_module("numpy")

    def allocate(size: int) -> object:
        # device_put compiles nothing, so no constant of a program is counted.
        return jax.device_put(numpy.zeros(size, dtype=numpy.uint8), devices[0]).block_until_ready()

    allocate(1)
    return allocate


def _cupy(cupy: Any) -> Allocate:
    try:
        count = cupy.cuda.runtime.getDeviceCount()
    except RuntimeError as error:  # CUDARuntimeError: no driver
        raise NotRunError(f"cupy has no device ({error})") from error
    if not count:
        raise NotRunError("cupy has no device")
    cupy.empty(1, dtype=cupy.uint8)
    cupy.get_default_memory_pool().free_all_blocks()
    return lambda size: cupy.empty(size, dtype=cupy.uint8)


LIBRARIES = (Library("torch", 512, _torch), Library("jax", 256, _jax), Library("cupy", 512, _cupy))
"""All that are checked. Rounding: ``kMinBlockSize`` of torch's caching allocator, ``kMinAllocationSize`` of XLA's BFC
allocator, ``_allocation_unit_size`` of CuPy's pool."""


if __name__ == "__main__":
    sys.exit(main())
