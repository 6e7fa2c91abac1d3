"""A value of a fill as users have it, in the terms of a feed's field."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from pytest_soak.number import number, whole
from pytest_soak.observation import feed_kinds as kinds
from pytest_soak.observation.feed_kinds import Kind

_BEGAN = datetime(1970, 1, 1, tzinfo=UTC)
_SIDES = {"buy": 1, "sell": -1}
_FLAGS = {"true": True, "false": False, "maker": True, "taker": False, "1": True, "0": False}
_ZONE = "a date with its zone, as by .replace(tzinfo=datetime.UTC) or 2025-01-01T00:00:00Z"
EXPECTED = {
    kinds.TIME: f"whole microseconds, or {_ZONE}",
    kinds.SIDE: '+1, -1, "buy" or "sell"',
    kinds.FLAG: 'true or false, "maker" or "taker"',
}
"""What a message calls a value, where users have it in more forms than a feed's line."""


def is_missing(value: Any) -> bool:
    """Whether a cell holds nothing: None, a NaN, empty text."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or (isinstance(value, float) and math.isnan(value))


def expected(kind: Kind) -> str:
    """What to call a value of a kind in a message."""
    return EXPECTED.get(kind, kind.expected)


def cell(kind: Kind, value: Any) -> Any:
    """`value` as `kind` has it, within its bounds or not; None for what cannot be that."""
    read: Callable[[Any], Any] = _READERS.get(kind, _number)
    return read(value.strip() if isinstance(value, str) else value)


def _time_us(value: Any) -> int | None:
    """Microseconds since 1970, rounded down."""
    if isinstance(value, str) and not value.lstrip("+-").isdecimal():
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime):
        zoned = value.tzinfo is not None and value.utcoffset() is not None
        return (value - _BEGAN) // timedelta(microseconds=1) if zoned else None
    return int(value) if isinstance(value, str) else whole(value)


def _side(value: Any) -> int | None:
    found = _SIDES.get(value.lower()) if isinstance(value, str) else None
    return found if found is not None else whole(_number(value))


def _flag(value: Any) -> bool | None:
    if isinstance(value, bool | np.bool_):
        return bool(value)
    text = value.lower() if isinstance(value, str) else str(whole(value))
    return _FLAGS.get(text)


def _id(value: Any) -> int | str | None:
    return value if isinstance(value, str) else whole(value)


def _number(value: Any) -> float | None:
    """A number, as it is or as text."""
    if not isinstance(value, str):
        return number(value)
    try:
        return float(value) if "_" not in value else None
    except ValueError:
        return None


_READERS: dict[Kind, Callable[[Any], Any]] = {
    kinds.TIME: _time_us,
    kinds.SIDE: _side,
    kinds.FLAG: _flag,
    kinds.ID: _id,
}
