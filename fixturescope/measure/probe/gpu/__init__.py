"""GPU memory of one fixture, told by the libraries that the project itself has loaded.

In: ``sys.modules`` of the user's own process, before set-up, after it and after teardown. Out: bytes per device, or why
there are none. May not live here: an import of anything but the standard library (a GPU library is found, never
imported; ``nvml.py`` alone imports pynvml, where a library has a device open), or a call that opens a device.
"""

from __future__ import annotations

from fixturescope.measure.probe.gpu.meter import Meter, Row, initialised

__all__ = ["Meter", "Row", "initialised"]
