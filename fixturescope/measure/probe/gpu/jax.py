"""JAX: every platform whose backend has been made, but the CPU.

``jax.devices()`` would make the backends, so they are looked up where JAX keeps them once they are made:
``jax._src.xla_bridge._backends``, platform → client. ``Device.memory_stats()`` returns bytes by name, None where the
platform has no such figures, -1 where one is not known: ``bytes_in_use`` (blocks rounded up to 256), ``pool_bytes``
(what the allocator took from the driver: by default three quarters of the device at the first use) and
``peak_bytes_in_use``, since the backend was made. There is no way to start that peak anew: it says something of a
set-up only if it rose. Nor is there one to wait for a device: the arrays that are alive are waited for.

Sources: ``jax/_src/xla_bridge.py``, ``jaxlib/_jax/__init__.pyi`` and ``jaxlib/py_device.cc`` of jax-ml/jax; its issue 8096.
"""

from __future__ import annotations

from typing import Any

from fixturescope.measure.probe.gpu.base import Availability, Modules, Reading, size_or_none

_HOST = ("cpu", "interpreter")


class Jax:
    """See the module's docstring."""

    name = "jax"
    peakless = "jax cannot start its peak anew, and it did not rise above the earlier one"

    def available(self, modules: Modules) -> Availability:
        """Tell whether a backend other than the CPU's is made. The CPU's has threads too, which no fork survives."""
        made = _backends(modules)
        if not made:
            return Availability("jax is loaded and has not initialised a device")
        context = f"jax has started its backends ({', '.join(made)})"
        if all(platform in _HOST for platform in made):
            return Availability("jax is loaded and has no device", context)
        return Availability(None, context)

    def snapshot(self, modules: Modules) -> dict[str, Reading]:
        """Read each device of this process that tells."""
        readings = {}
        for platform, client in _backends(modules).items():
            if platform in _HOST:
                continue
            for array in client.live_arrays():
                if not array.is_deleted():
                    array.block_until_ready()
            for device in client.local_devices():
                stats = device.memory_stats()
                if stats is not None:
                    readings[f"jax:{platform}:{device.id}"] = Reading(
                        allocated=size_or_none(stats.get("bytes_in_use")),
                        reserved=size_or_none(stats.get("pool_bytes")),
                        peak=size_or_none(stats.get("peak_bytes_in_use")),
                        cuda=device.local_hardware_id if platform == "cuda" else None,
                    )
        return readings

    def peak_reset(self, modules: Modules) -> bool:
        """Say that JAX cannot."""
        return False


def _backends(modules: Modules) -> dict[str, Any]:
    made = getattr(modules.get("jax._src.xla_bridge"), "_backends", None)
    return dict(made) if isinstance(made, dict) else {}
