"""Seconds and bytes, as people write and read them."""

from __future__ import annotations

import re

from fixturescope.errors import UsageError

_SECONDS = {"ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_BYTES = {
    "": 1,
    "b": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
    "tib": 2**40,
    "k": 2**10,
    "m": 2**20,
    "g": 2**30,
}


def parse_seconds(text: str) -> float:
    """Return the seconds of ``90``, ``90s``, ``1m30s``, ``500ms``.

    Raises:
        UsageError: It is no duration.
    """
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h)", text.strip())
    if re.fullmatch(r"\d+(?:\.\d+)?", text.strip()):
        return float(text)
    if not parts or "".join(number + unit for number, unit in parts) != text.strip():
        raise UsageError(f"{text!r} is no duration", hint="as in 90, 90s, 5m, 1h30m, 500ms")
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def parse_bytes(text: str) -> int:
    """Return the bytes of ``8GiB``, ``500MB``, ``1024``.

    Raises:
        UsageError: It is no size.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]*)", text.strip().lower())
    if not found or found[2] not in _BYTES:
        raise UsageError(f"{text!r} is no size", hint="as in 8GiB, 500MB, 1024")
    return int(float(found[1]) * _BYTES[found[2]])


def show_seconds(seconds: float) -> str:
    """Return a duration with three digits that count: ``1.23 s``, ``45.6 ms``, ``789 µs``, ``2 m 05 s``; with its sign."""
    if seconds < 0:
        return f"-{show_seconds(-seconds)}"
    if seconds >= 100:
        return f"{int(seconds // 60)} m {seconds % 60:02.0f} s"
    for factor, unit in ((1.0, "s"), (1e3, "ms")):
        if seconds * factor >= 1:
            return f"{_three(seconds * factor)} {unit}"
    return f"{seconds * 1e6:.0f} µs"


def show_bytes(size: int) -> str:
    """Return a size with three digits that count: ``1.23 MiB``, ``512 B``; a negative one with its sign."""
    value = float(abs(size))
    sign = "-" if size < 0 else ""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{sign}{int(value)} B" if unit == "B" else f"{sign}{_three(value)} {unit}"
        value /= 1024
    return f"{sign}{_three(value)} TiB"


def _three(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"
