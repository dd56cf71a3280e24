"""TensorFlow: the GPUs of its eager context, once that is initialised.

``tf.config.experimental.get_memory_info("GPU:0")`` returns ``{"current": bytes, "peak": bytes}`` (blocks rounded up to
256) and ``reset_memory_stats`` sets the peak to the current; both initialise the context, and so does
``list_logical_devices``: so the context is looked at first, which ``context_safe()`` returns without making it.
``sync_devices`` waits for the GPUs and works in eager mode alone. What was taken from the driver is not told.

Sources: ``tensorflow/python/eager/context.py`` of tensorflow/tensorflow; the API documentation of ``tf.config.experimental``
and ``tf.test.experimental.sync_devices`` (since 2.12).
"""

from __future__ import annotations

from typing import Any

from fixturescope.measure.probe.gpu.base import Availability, Modules, Reading, size


class TensorFlow:
    """See the module's docstring."""

    name = "tensorflow"
    peakless = "tensorflow told no peak"

    def available(self, modules: Modules) -> Availability:
        """Tell whether the context is initialised and has a GPU. Without one it has threads, which no fork survives."""
        if not _is_initialised(modules):
            return Availability("tensorflow is loaded and has not initialised a device")
        context = "tensorflow has initialised its context"
        if not _gpus(modules):
            return Availability("tensorflow is loaded and has no device", context)
        return Availability(None, context)

    def snapshot(self, modules: Modules) -> dict[str, Reading]:
        """Read each GPU."""
        tensorflow = modules["tensorflow"]
        synchronise = getattr(getattr(tensorflow.test, "experimental", None), "sync_devices", None)
        if synchronise is not None and tensorflow.executing_eagerly():
            synchronise()
        gpus = _gpus(modules)
        # One logical device for each visible one, in their order, unless somebody has split a GPU.
        are_whole = len(gpus) == len(tensorflow.config.get_visible_devices("GPU"))
        is_cuda = tensorflow.test.is_built_with_cuda() is True
        readings = {}
        for position, gpu in enumerate(gpus):
            info = tensorflow.config.experimental.get_memory_info(gpu)
            readings[f"tensorflow:{gpu}"] = Reading(
                allocated=size(info["current"]),
                peak=size(info["peak"]),
                cuda=_ordinal(tensorflow, position) if are_whole and is_cuda else None,
            )
        return readings

    def peak_reset(self, modules: Modules) -> bool:
        """Reset the peak of each GPU."""
        for gpu in _gpus(modules):
            modules["tensorflow"].config.experimental.reset_memory_stats(gpu)
        return True


def _is_initialised(modules: Modules) -> bool:
    eager = modules.get("tensorflow.python.eager.context")
    context = None if eager is None else eager.context_safe()
    return context is not None and context._context_handle is not None  # noqa: SLF001 - there is no public question


def _gpus(modules: Modules) -> list[str]:
    """Names as ``get_memory_info`` takes them: ``/device:GPU:0`` is ``GPU:0``."""
    logical = modules["tensorflow"].config.list_logical_devices("GPU")
    return [":".join(device.name.split(":")[-2:]) for device in logical]


def _ordinal(tensorflow: Any, position: int) -> int:
    """CUDA's ordinal of a visible GPU, which is called ``/physical_device:GPU:0``."""
    return int(tensorflow.config.get_visible_devices("GPU")[position].name.rpartition(":")[2])
