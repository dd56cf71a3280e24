"""The second witness: the bytes that NVIDIA's driver says this process holds on a device, contexts and code included.

``nvmlDeviceGetComputeRunningProcesses`` lists the processes with a context on a device, each with ``pid`` and
``usedGpuMemory`` in bytes (None where the driver does not tell it). In a container the driver may list the host's ids:
then this process is not found, and nothing is told. NVML opens no CUDA context, and counts devices of the whole machine
by their place on the bus, whatever ``CUDA_VISIBLE_DEVICES`` says: so CUDA's ordinals are translated here.

Sources: NVML API reference, "nvmlDeviceGetComputeRunningProcesses" and "nvmlDeviceGetHandleByIndex"; ``pynvml.py`` of
nvidia-ml-py; "CUDA environment variables" of the CUDA C++ Programming Guide; issue 63 of NVIDIA/gpu-monitoring-tools.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from os import environ, getpid
from typing import Any

from fixturescope.measure.probe.gpu.base import Modules, size_or_none


class Nvml:
    """The driver's bookkeeping, through pynvml.

    Args:
        load: Imports a module by name.
        pid: Returns the id of this process.
        environment: Where ``CUDA_VISIBLE_DEVICES`` and ``CUDA_DEVICE_ORDER`` stand.
    """

    def __init__(
        self,
        load: Callable[[str], Any] = import_module,
        pid: Callable[[], int] = getpid,
        environment: Mapping[str, str] = environ,
    ) -> None:
        self._load = load
        self._pid = pid
        self._environment = environment

    def held(self, ordinals: Iterable[int], modules: Modules) -> dict[int, int | None]:
        """Return what this process holds, in bytes.

        Args:
            ordinals: CUDA's numbers of the devices that are asked about.
            modules: Where pynvml is looked for before it is imported.

        Returns:
            Ordinal → bytes, or None where the driver does not tell. Devices on which it does not list this process, and
            those whose number in NVML is not certain, are left out.

        Raises:
            ImportError: pynvml is not installed.
            Exception: What pynvml raises.
        """
        pynvml = modules.get("pynvml") or self._load("pynvml")
        pynvml.nvmlInit()
        try:
            handles = [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(pynvml.nvmlDeviceGetCount())]
            places = _places(pynvml, handles, self._environment)
            found = {}
            for ordinal in sorted(set(ordinals)):
                if ordinal < len(places):
                    processes = pynvml.nvmlDeviceGetComputeRunningProcesses(handles[places[ordinal]])
                    sizes = [size_or_none(one.usedGpuMemory) for one in processes if one.pid == self._pid()]
                    if sizes:  # several under MIG, one for each instance
                        known = [one for one in sizes if one is not None]
                        found[ordinal] = sum(known) if len(known) == len(sizes) else None
            return found
        finally:
            pynvml.nvmlShutdown()


def _places(pynvml: Any, handles: Sequence[Any], environment: Mapping[str, str]) -> list[int]:
    """NVML's index of each CUDA device, in CUDA's order; empty where it is not certain."""
    if environment.get("CUDA_DEVICE_ORDER", "FASTEST_FIRST") != "PCI_BUS_ID":
        # CUDA puts the fastest first: that is NVML's order only if all are alike.
        if len({_text(pynvml.nvmlDeviceGetName(handle)) for handle in handles}) > 1:
            return []
    visible = environment.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return list(range(len(handles)))
    places = []
    for name in (part.strip() for part in visible.split(",")):
        if name.isdecimal() and int(name) < len(handles):
            places.append(int(name))
        elif name.startswith("GPU-"):
            uuids = [_text(pynvml.nvmlDeviceGetUUID(handle)) for handle in handles]
            alike = [index for index, uuid in enumerate(uuids) if uuid.startswith(name)]
            if len(alike) != 1:
                break
            places += alike
        else:
            break  # so does CUDA: an entry that it does not know hides all behind it
    return places


def _text(value: str | bytes) -> str:
    """Older versions of pynvml return bytes."""
    return value.decode() if isinstance(value, bytes) else value
