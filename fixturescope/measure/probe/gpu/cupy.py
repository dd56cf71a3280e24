"""CuPy on CUDA: its default memory pool, on each device whose context is open.

``used_bytes()`` (blocks rounded up to 512) and ``total_bytes()`` are those of the current device, and making another
one current opens its context: so the driver is asked first which contexts are open, whoever opened them. There is no
peak. Memory of other allocators (``cupy.cuda.set_allocator``: managed, asynchronous, RMM) is not in this pool, and what
CuPy holds on ROCm is not read: that driver is not asked.

Sources: ``cupy/cuda/memory.pyx``, ``cupy/cuda/device.pyx`` and ``cupy_backends/cuda/api/driver.pyx`` of cupy/cupy;
"cudaSetDevice" of the CUDA Runtime API, which since 12.0 opens the context.
"""

from __future__ import annotations

from fixturescope.measure.probe.gpu.base import Availability, Modules, Reading, size
from fixturescope.measure.probe.gpu.driver import CudaDriver


class Cupy:
    """See the module's docstring.

    Args:
        driver: Tells which contexts are open.
    """

    name = "cupy"
    peakless = "cupy keeps no peak"

    def __init__(self, driver: CudaDriver) -> None:
        self._driver = driver

    def available(self, modules: Modules) -> Availability:
        """Tell whether a context is open that CuPy would use."""
        if getattr(modules.get("cupy_backends.cuda.api.runtime"), "is_hip", False) is True:
            return Availability("cupy is loaded and runs on ROCm, where it is not known what it holds")
        if not self._driver.contexts():
            return Availability("cupy is loaded and has not initialised a device")
        return Availability(None)  # the context is the driver's to tell

    def snapshot(self, modules: Modules) -> dict[str, Reading]:
        """Read the default pool on each device whose context is open."""
        cupy = modules["cupy"]
        readings = {}
        for index in self._driver.contexts() or ():
            with cupy.cuda.Device(index) as device:
                device.synchronize()
                pool = cupy.get_default_memory_pool()
                readings[f"cupy:cuda:{index}"] = Reading(
                    allocated=size(pool.used_bytes()), reserved=size(pool.total_bytes()), cuda=index
                )
        return readings

    def peak_reset(self, modules: Modules) -> bool:
        """Say that CuPy cannot."""
        return False
