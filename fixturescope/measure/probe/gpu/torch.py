"""PyTorch: CUDA and ROCm (both ``torch.cuda``), Intel's XPU, Apple's MPS.

``torch.cuda`` and ``torch.xpu`` have one interface. ``memory_allocated`` and ``memory_reserved`` are counters of the
caching allocator, in bytes, blocks rounded up to 512; ``max_memory_allocated`` is the highest since
``reset_peak_memory_stats``, which sets it to what is allocated now. All of them read host memory and, once
``is_initialized()``, open no context; ``is_available()`` and ``synchronize(i)`` would, so the first is not called, and
the second only for a device on which the allocator has reserved something.

``torch.mps`` tells what tensors hold and what Metal has given to the process (``driver_allocated_memory``), no peak,
and not whether it was initialised: it counts as open once Metal has given something. ``is_available()`` asks macOS for
the device's handle, and makes neither queue nor heap; ``synchronize()`` would make a queue.

Sources: ``torch/cuda/memory.py``, ``torch/cuda/__init__.py``, ``torch/xpu/memory.py``, ``torch/mps/__init__.py``,
``aten/src/ATen/mps/MPSHooks.mm`` and ``c10/cuda/CUDACachingAllocator.cpp`` of pytorch/pytorch.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fixturescope.measure.probe.gpu.base import Availability, Modules, Reading, size

_BUILT_FOR = {"cuda": ("cuda", "hip"), "xpu": ("xpu",)}
"""Kind → the fields of ``torch.version`` that name a toolkit if this build has it."""


class Torch:
    """See the module's docstring."""

    name = "torch"
    peakless = "torch keeps no peak on MPS"

    def available(self, modules: Modules) -> Availability:
        """Tell whether any kind of device is initialised."""
        opened = [kind.upper() for kind, _ in _cached(modules)]
        if _mps(modules):
            opened.append("MPS")
        if opened:
            return Availability(None, f"torch has initialised {' and '.join(opened)}")
        version = modules.get("torch.version")
        toolkits = (field for fields in _BUILT_FOR.values() for field in fields)
        if any(isinstance(getattr(version, field, None), str) for field in toolkits):
            return Availability("torch is loaded and has not initialised a device")
        return Availability("torch is loaded and has no device")

    def snapshot(self, modules: Modules) -> dict[str, Reading]:
        """Read each device of each kind."""
        readings = {}
        is_hip = getattr(modules.get("torch.version"), "hip", None) is not None
        for kind, backend in _cached(modules):
            for index in range(backend.device_count()):
                if size(backend.memory_reserved(index)) > 0:
                    backend.synchronize(index)
                readings[f"torch:{kind}:{index}"] = Reading(
                    allocated=size(backend.memory_allocated(index)),
                    reserved=size(backend.memory_reserved(index)),
                    peak=size(backend.max_memory_allocated(index)),
                    cuda=index if kind == "cuda" and not is_hip else None,
                )
        if mps := _mps(modules):
            mps.synchronize()
            readings["torch:mps:0"] = Reading(
                allocated=size(mps.current_allocated_memory()), reserved=size(mps.driver_allocated_memory())
            )
        return readings

    def peak_reset(self, modules: Modules) -> bool:
        """Reset the peaks of CUDA and XPU; there are none to reset on MPS."""
        for _, backend in _cached(modules):
            for index in range(backend.device_count()):
                backend.reset_peak_memory_stats(index)
        return True


def _cached(modules: Modules) -> Iterator[tuple[str, Any]]:
    """The kinds with a caching allocator that are initialised, each with its module. ``is True``: a mock says yes to all."""
    for kind in _BUILT_FOR:
        backend = modules.get(f"torch.{kind}")
        if backend is not None and backend.is_initialized() is True:
            yield kind, backend


def _mps(modules: Modules) -> Any | None:
    """The module of MPS, if Metal has given this process anything."""
    backend, flags = modules.get("torch.mps"), modules.get("torch.backends.mps")
    if backend is None or flags is None or flags.is_built() is not True or flags.is_available() is not True:
        return None
    return backend if size(backend.driver_allocated_memory()) > 0 else None
