"""Which CUDA contexts are open in this process, asked of the driver's own library where it is loaded already.

Needed since cupy does not say whether it has opened a device, and since ``torch.cuda.is_available()`` and the like
initialise the driver (``cuInit``), after which no forked child can use CUDA. Nothing is initialised by asking: before
``cuInit`` every function answers ``CUDA_ERROR_NOT_INITIALIZED``, and ``cuDevicePrimaryCtxGetState`` only looks.

Sources: CUDA Driver API, sections "Initialization", "Device Management" and "Primary Context Management".
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

try:
    from ctypes import CDLL, byref, c_int, c_uint
    from os import RTLD_NOLOAD
except ImportError:  # a Python that was built without libffi, or a system that loads libraries in other ways
    _CAN_ASK = False
else:
    _CAN_ASK = sys.platform == "linux"

_LIBRARY = "libcuda.so.1"


class CudaDriver:
    """The driver's library, if this process has loaded it.

    Args:
        load: Returns the library, or raises ``OSError`` where the process has not loaded it.
    """

    def __init__(self, load: Callable[[], Any] | None = None) -> None:
        self._load = load or _loaded_library
        self._asks = _CAN_ASK or load is not None

    def contexts(self) -> tuple[int, ...] | None:
        """Return the ordinals of the devices whose primary context is open; None where the driver is not initialised.

        Contexts of ``cuCtxCreate`` are not primary ones: with those alone the answer is ``()``.
        """
        if not self._asks:
            return None
        try:
            library = self._load()
        except OSError:
            return None
        count = c_int(0)
        if library.cuDeviceGetCount(byref(count)) != 0:
            return None
        return tuple(ordinal for ordinal in range(count.value) if _is_active(library, ordinal))


def _is_active(library: Any, ordinal: int) -> bool:
    device, flags, active = c_int(0), c_uint(0), c_int(0)
    return bool(
        library.cuDeviceGet(byref(device), c_int(ordinal)) == 0
        and library.cuDevicePrimaryCtxGetState(device, byref(flags), byref(active)) == 0
        and active.value
    )


def _loaded_library() -> Any:
    return CDLL(_LIBRARY, mode=RTLD_NOLOAD)
