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
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


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
