"""What counts as a number where a user's code gives one."""

from __future__ import annotations

import math
from decimal import Decimal
from numbers import Real
from typing import Any, cast


def number(value: object) -> float | None:
    """`value` as a float, converted once; None where its type is not that of a number.

    Numbers are int, float, Decimal, Fraction and numpy's real scalars. A bool is none, nor are
    text, bytes, complex numbers and arrays, whatever `float()` would make of them. What is too
    large for a float is infinite, what it cannot take is NaN.
    """
    given: Any = value
    if not isinstance(value, Real | Decimal) or isinstance(value, bool) or _is_odd(value):
        return None
    try:
        return float(given)
    except OverflowError:
        return math.inf if given > 0 else -math.inf
    except ValueError:  # a signalling NaN
        return math.nan


def _is_odd(value: object) -> bool:
    """Whether numpy calls `value` a whole number that is a span of time."""
    return getattr(getattr(value, "dtype", None), "kind", "f") not in "iuf"


def whole(value: object) -> int | None:
    """`value` as an int; None where it is no number, or one with a fraction."""
    as_float, given = number(value), cast(Any, value)
    if as_float is None or not math.isfinite(as_float):
        return None
    count = int(given)
    return count if count == given else None
