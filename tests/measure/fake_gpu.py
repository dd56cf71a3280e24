"""Libraries with a device that is not there: names, arguments, answers and units of the real ones, memory as a test says.

Each refuses what the real one would do wrong: what opens a device, or the driver, fails the test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

MIB = 2**20


class Memory:
    """One device, as a caching allocator counts it: in blocks, and kept for later when freed."""

    def __init__(self, block: int = 512) -> None:
        self.block = block
        self.allocated = self.reserved = self.peak = 0

    def allocate(self, size: int) -> None:
        self.allocated += self._rounded(size)
        self.reserved = max(self.reserved, self.allocated)
        self.peak = max(self.peak, self.allocated)

    def free(self, size: int) -> None:
        self.allocated -= self._rounded(size)
        assert self.allocated >= 0

    def empty_cache(self) -> None:
        self.reserved = self.allocated

    def _rounded(self, size: int) -> int:
        return -(-size // self.block) * self.block


def refuse(name: str) -> Callable[..., Any]:
    """A function that no reading may call."""

    def refused(*_: object, **__: object) -> Any:
        raise AssertionError(f"{name} opens a device")

    return refused


class TorchBackend:
    """``torch.cuda`` or ``torch.xpu``."""

    is_available = staticmethod(refuse("is_available"))

    def __init__(self, memories: list[Memory], *, initialized: bool = True) -> None:
        self.memories = memories
        self.initialized = initialized
        self.synchronized: list[int] = []
        self.error: Exception | None = None

    def is_initialized(self) -> bool:
        return self.initialized

    def device_count(self) -> int:
        assert self.initialized, "device_count opens the driver"
        return len(self.memories)

    def synchronize(self, device: int) -> None:
        assert self.memories[device].reserved, "synchronize opens a context"
        self.synchronized.append(device)

    def memory_allocated(self, device: int) -> int:
        if self.error is not None:
            raise self.error
        return self.memories[device].allocated

    def memory_reserved(self, device: int) -> int:
        return self.memories[device].reserved

    def max_memory_allocated(self, device: int) -> int:
        return self.memories[device].peak

    def reset_peak_memory_stats(self, device: int) -> None:
        if not self.initialized:
            raise RuntimeError("Invalid device argument : did you call init?")
        self.memories[device].peak = self.memories[device].allocated


class TorchMps:
    """``torch.mps``: what Metal has given is not what tensors hold."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.synchronized = 0

    def synchronize(self) -> None:
        assert self.memory.reserved, "synchronize makes a queue"
        self.synchronized += 1

    def current_allocated_memory(self) -> int:
        return self.memory.allocated

    def driver_allocated_memory(self) -> int:
        return self.memory.reserved


def torch(
    *,
    cuda: TorchBackend | None = None,
    xpu: TorchBackend | None = None,
    mps: TorchMps | None = None,
    cuda_version: str | None = None,
    hip_version: str | None = None,
) -> dict[str, Any]:
    """The modules that ``import torch`` brings: all of them, whatever it was built for."""
    return {
        "torch": SimpleNamespace(),
        "torch.version": SimpleNamespace(cuda=cuda_version, hip=hip_version, xpu=None),
        "torch.cuda": cuda or TorchBackend([], initialized=False),
        "torch.xpu": xpu or TorchBackend([], initialized=False),
        "torch.mps": mps or SimpleNamespace(driver_allocated_memory=refuse("driver_allocated_memory")),
        "torch.backends.mps": SimpleNamespace(is_built=lambda: mps is not None, is_available=lambda: mps is not None),
    }


class JaxDevice:
    """A device of one client. BFC, the allocator, counts in blocks of 256 and keeps a pool of the size given."""

    def __init__(self, index: int = 0, *, pool: int = 1000 * MIB, stats: bool = True) -> None:
        self.id = index
        self.local_hardware_id = index
        self.memory = Memory(256)
        self._pool = pool
        self._stats = stats

    def memory_stats(self) -> dict[str, int] | None:
        if not self._stats:
            return None
        return {
            "num_allocs": 1,
            "bytes_in_use": self.memory.allocated,
            "peak_bytes_in_use": self.memory.peak,
            "bytes_reserved": 0,
            "pool_bytes": self._pool,
        }


class JaxArray:
    """An array that is alive, or was given away to a computation."""

    def __init__(self, *, deleted: bool = False) -> None:
        self.deleted = deleted
        self.waited = 0

    def is_deleted(self) -> bool:
        return self.deleted

    def block_until_ready(self) -> None:
        if self.deleted:
            raise RuntimeError("Array has been deleted.")
        self.waited += 1


class JaxClient:
    """A backend that was made."""

    def __init__(self, *devices: JaxDevice, arrays: tuple[JaxArray, ...] = ()) -> None:
        self._devices = devices
        self._arrays = arrays

    def local_devices(self) -> list[JaxDevice]:
        return list(self._devices)

    def live_arrays(self) -> list[JaxArray]:
        return list(self._arrays)


def jax(**backends: JaxClient) -> dict[str, Any]:
    """The modules of JAX with the backends that were made: none before its first use."""
    return {
        "jax": SimpleNamespace(devices=refuse("jax.devices"), local_devices=refuse("jax.local_devices")),
        "jax._src.xla_bridge": SimpleNamespace(_backends=dict(backends), backends=refuse("xla_bridge.backends")),
    }


class CudaLibrary:
    """``libcuda``: the functions that are asked, with the arguments of ctypes."""

    def __init__(self, *active: bool, initialized: bool = True) -> None:
        self.active = list(active)
        self.initialized = initialized

    def cuDeviceGetCount(self, count: Any) -> int:
        if not self.initialized:
            return 3  # CUDA_ERROR_NOT_INITIALIZED
        count._obj.value = len(self.active)
        return 0

    def cuDeviceGet(self, device: Any, ordinal: Any) -> int:
        device._obj.value = ordinal.value
        return 0

    def cuDevicePrimaryCtxGetState(self, device: Any, flags: Any, active: Any) -> int:
        flags._obj.value = 0
        active._obj.value = int(self.active[device.value])
        return 0


class Cupy:
    """``cupy``: one default pool, asked for the current device."""

    def __init__(self, library: CudaLibrary) -> None:
        self.memories = [Memory() for _ in library.active]
        self.synchronized: list[int] = []
        self.cuda = SimpleNamespace(Device=self._device)
        self._library = library
        self._current = 0

    def get_default_memory_pool(self) -> Any:
        memory = self.memories[self._current]
        return SimpleNamespace(used_bytes=lambda: memory.allocated, total_bytes=lambda: memory.reserved)

    @contextmanager
    def _device(self, index: int) -> Iterator[Any]:
        assert self._library.active[index], "making a device current opens its context"
        before, self._current = self._current, index
        yield SimpleNamespace(synchronize=lambda: self.synchronized.append(index))
        self._current = before


class TensorFlow:
    """``tensorflow`` with its eager context; all that asks about devices initialises it."""

    def __init__(
        self,
        *memories: Memory,
        initialized: bool = True,
        made: bool = True,
        eager: bool = True,
        visible: int | None = None,
    ) -> None:
        self.memories = {f"GPU:{index}": memory for index, memory in enumerate(memories)}
        self.initialized = initialized
        self.synchronized = 0
        self._eager = eager
        self._visible = len(memories) if visible is None else visible
        self.context = SimpleNamespace(_context_handle=object() if initialized else None) if made else None
        self.test = SimpleNamespace(
            experimental=SimpleNamespace(sync_devices=self._sync), is_built_with_cuda=lambda: True
        )
        self.config = SimpleNamespace(
            list_logical_devices=lambda kind: self._devices(f"/device:{kind}", len(self.memories)),
            get_visible_devices=lambda kind: self._devices(f"/physical_device:{kind}", self._visible),
            experimental=SimpleNamespace(get_memory_info=self._info, reset_memory_stats=self._reset),
        )

    def modules(self) -> dict[str, Any]:
        eager = SimpleNamespace(context_safe=lambda: self.context, context=refuse("context"))
        return {"tensorflow": self, "tensorflow.python.eager.context": eager}

    def executing_eagerly(self) -> bool:
        return self._eager

    def _devices(self, prefix: str, count: int) -> list[Any]:
        assert self.initialized, "asking for devices initialises the context"
        return [SimpleNamespace(name=f"{prefix}:{index}") for index in range(count)]

    def _info(self, device: str) -> dict[str, int]:
        return {"current": self.memories[device].allocated, "peak": self.memories[device].peak}

    def _reset(self, device: str) -> None:
        self.memories[device].peak = self.memories[device].allocated

    def _sync(self) -> None:
        if not self._eager:
            raise RuntimeError("sync_devices() must be called outside Eager mode")
        self.synchronized += 1


class Pynvml:
    """``pynvml``: the whole machine's devices, and the processes on each as ``(pid, bytes)``."""

    def __init__(self, *devices: list[tuple[int, int | None]], names: tuple[str, ...] = ()) -> None:
        self.devices = list(devices)
        self.names = names or ("H100",) * len(devices)
        self.open = 0
        self.calls = 0
        self.error: Exception | None = None

    def nvmlInit(self) -> None:
        self.calls += 1
        if self.error is not None:
            raise self.error
        self.open += 1

    def nvmlShutdown(self) -> None:
        self.open -= 1

    def nvmlDeviceGetCount(self) -> int:
        return len(self.devices)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:
        return index

    def nvmlDeviceGetName(self, handle: int) -> str:
        return self.names[handle]

    def nvmlDeviceGetUUID(self, handle: int) -> bytes:
        return f"GPU-{handle}aaa-bbbb".encode()

    def nvmlDeviceGetComputeRunningProcesses(self, handle: int) -> list[Any]:
        assert self.open, "NVML is not initialised"
        return [SimpleNamespace(pid=pid, usedGpuMemory=size) for pid, size in self.devices[handle]]
