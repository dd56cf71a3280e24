from __future__ import annotations

import pytest

from fixturescope.errors import UsageError
from fixturescope.units import parse_bytes, parse_seconds, show_bytes, show_seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("5m", 300), ("1h30m", 5400), ("500ms", 0.5), ("1m1.5s", 61.5), (" 2s ", 2)],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "5 minutes", "m5", "-1s", "1s2", "1.2.3s"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(UsageError, match="is no duration"):
        parse_seconds(text)


@pytest.mark.parametrize(
    ("text", "size"),
    [("1024", 1024), ("8GiB", 8 << 30), ("500MB", 500_000_000), ("1.5 kib", 1536), ("2G", 2 << 30), ("0", 0)],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_bytes(text) == size


@pytest.mark.parametrize("text", ["", "much", "-1", "8 gigs", "1e9"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(UsageError, match="is no size"):
        parse_bytes(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 µs"),
        (0.000_000_4, "0 µs"),
        (0.000_789, "789 µs"),
        (0.001, "1.00 ms"),
        (0.045_6, "45.6 ms"),
        (0.456, "456 ms"),
        (1.234, "1.23 s"),
        (99.9, "99.9 s"),
        (125, "2 m 05 s"),
        (-1.053, "-1.05 s"),
    ],
)
def test_seconds_as_shown(seconds: float, text: str) -> None:
    assert show_seconds(seconds) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.00 KiB"),
        (-2048, "-2.00 KiB"),
        (10 << 20, "10.0 MiB"),
        (123 << 30, "123 GiB"),
        (5 << 40, "5.00 TiB"),
    ],
)
def test_bytes_as_shown(size: int, text: str) -> None:
    assert show_bytes(size) == text
