"""The likely cause of a value that cannot be true, as an addition to its fault."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_UNITS = {"milliseconds": 1e3, "seconds": 1e6, "nanoseconds": 1e-3}
_SIDES = {
    (0, 1): "looks like 0/1 for sell/buy",
    (1, 2): "looks like 1/2 for buy/sell",
    (1, 255): "looks like -1 in an unsigned type",
}


def side_cause(sides: NDArray[Any]) -> str:
    """Of sides that are not +1 and -1."""
    found = set(np.unique(sides).tolist())
    return next((f" ({why})" for odd, why in _SIDES.items() if found <= set(odd)), "")


def time_cause(typical: float, start: int, end: int) -> str:
    """Of a time outside of `start` to `end`."""
    if unit := unit_cause(typical, start, end):
        return unit
    if 0 <= typical <= end - start:
        return " (times look like counted from the start of the window)"
    return ""


def unit_cause(typical: float, start: int, end: int) -> str:
    """Of such a time where another unit would explain it."""
    units = (unit for unit, factor in _UNITS.items() if start <= typical * factor <= end)
    return next((f" (times look like {unit})" for unit in units), "")


def length_cause(length: float, expected: float, tolerance: float) -> str:
    """Of a window that is not as long as it should be."""
    for unit, factor in _UNITS.items():
        if abs(length * factor - expected) <= tolerance:
            return f" (times look like {unit})"
    return ""


def fills_cause(by_fills: float, given: float) -> str:
    """Of a change that the fills do not explain."""
    if given == 0:
        return ""
    ratio = by_fills / given
    times = round(ratio)
    if abs(ratio - times) > 1e-6:
        return ""
    if times == -1:
        return " (the sides look swapped)"
    return f" (every fill looks delivered {times} times)" if 2 <= times <= 9 else ""
