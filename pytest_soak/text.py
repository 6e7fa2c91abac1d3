"""Numbers, counts and tables as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import isfinite

NO_VALUE = "n/a"


def number(value: float | None) -> str:
    """About four digits, with thousands parted: `0.2184`, `286.1`, `4,281,997`."""
    if value is None or not isfinite(value):
        return NO_VALUE
    if abs(value) >= 1e15:
        return f"{value:.4g}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value + 0.0:.4g}"


def brief(value: float | None) -> str:
    """Two or three digits in at most seven characters: `0.44`, `286`, `25.1k`, `-82.1M`."""
    if value is None or not isfinite(value):
        return NO_VALUE
    for scale, least, unit in _UNITS:
        if abs(value) >= least * 0.9995:
            return f"{value / scale:.{_decimals(value / scale)}f}{unit}"
    if value == int(value):
        return f"{value + 0.0:.0f}"
    if abs(value) >= 0.0995:
        return f"{value:.{_decimals(value)}f}"
    return f"{value:.3f}" if abs(value) >= 0.00095 else f"{value:.0e}"


def _decimals(value: float) -> int:
    return 0 if abs(value) >= 99.95 else 1 if abs(value) >= 9.995 else 2


_UNITS = ((1e12, 1e12, "T"), (1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e3, 1e4, "k"))
"""What a unit stands for, from where on it is used, and its name."""


def signed(value: float | None) -> str:
    """As `number`, with the sign always shown."""
    text = number(value)
    return text if value is None or value <= 0 or text == NO_VALUE else f"+{text}"


def duration(seconds: float) -> str:
    """A length of time in one unit: `12 ms`, `1.4 s`, `45 min`, `24 h`, `3.5 d`."""
    if 0 < seconds < 1:
        return f"{1000 * seconds:.3g} ms"
    for size, unit in ((172_800, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / (86_400 if unit == 'd' else size):.3g} {unit}"
    return f"{seconds:.3g} s"


def setting(value: bool | float) -> str:
    """What a flag is set to, with all digits that count: `true`, `0.2`."""
    return str(value).lower() if isinstance(value, bool) else f"{value:.12g}"


def utc(time_us: int) -> str:
    """A time in microseconds since 1970 to the second: `2024-01-01T03:17:00Z`."""
    return f"{datetime.fromtimestamp(time_us // 1_000_000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def plural(count: int, word: str) -> str:
    """`1 lane`, `2 lanes`."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def shortened(text: str, longest: int) -> str:
    """`text`, or its beginning and its end with a `~` between, where it is longer than that."""
    if len(text) <= longest:
        return text
    head = (longest - 1) // 2
    return f"{text[:head]}~{text[len(text) - (longest - 1 - head) :]}"


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of equal length in columns."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def utc_text(us: int) -> str:
    """A time in microseconds since 1970 as RFC 3339, UTC."""
    began = datetime(1970, 1, 1, tzinfo=UTC)
    return f"{(began + timedelta(microseconds=us)).replace(tzinfo=None).isoformat()}Z"
