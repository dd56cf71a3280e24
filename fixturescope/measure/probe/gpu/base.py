"""What a provider is: one library's way to tell how much memory it holds on which device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

Modules = Mapping[str, Any]
"""``sys.modules``, or what stands for it in a test. Libraries are looked up here and nowhere else."""


class Reading(NamedTuple):
    """What a library holds on one device at one moment, in bytes; None where it does not tell."""

    allocated: int | None
    """In use by tensors or arrays that are alive."""
    reserved: int | None = None
    """Taken from the driver: in use, and kept by the library's pool for later."""
    peak: int | None = None
    """Most that was allocated at one time since the peak was started anew, or since the process began."""
    cuda: int | None = None
    """CUDA's ordinal of the device, by which the driver can be asked about it; None where it is not CUDA's."""


class Availability(NamedTuple):
    """Whether a loaded library can be read."""

    missing: str | None
    """Why it cannot, in words; None: it has opened a device itself and can."""
    context: str | None = None
    """What it has open that a fork would break, in words."""


class Provider(Protocol):
    """One library. No method is called unless the library is in ``modules``; each may raise whatever the library raises."""

    name: str
    """Its top-level module."""

    peakless: str
    """Why a reading may come without a peak."""

    def available(self, modules: Modules) -> Availability:
        """Tell whether the library has opened a device, without opening one."""
        ...

    def snapshot(self, modules: Modules) -> dict[str, Reading]:
        """Wait for what runs on its devices, then read each: ``torch:cuda:0`` → bytes. Only where available."""
        ...

    def peak_reset(self, modules: Modules) -> bool:
        """Start peaks anew from what is allocated now; False where the library cannot. Only where available."""
        ...


def size(value: object) -> int:
    """Return a number of bytes as the library gave it.

    Raises:
        TypeError: It is none: the library is a mock, or another version than we know.
    """
    if isinstance(value, int):
        return value
    raise TypeError(f"a number of bytes was expected, not {type(value).__name__}")


def size_or_none(value: object) -> int | None:
    """Return a number of bytes, or None where the library says that it does not know: by None, or by a negative number."""
    return None if value is None or size(value) < 0 else size(value)
