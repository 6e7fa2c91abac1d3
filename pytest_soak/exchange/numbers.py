"""Exact numbers, and how the wire writes them: as text without an exponent."""

from __future__ import annotations

import re
from decimal import ROUND_DOWN, Decimal, InvalidOperation

ZERO = Decimal(0)
_NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,3})?")
"""As the wire has them: Python would take `1_000` and the digits of other scripts, too."""
MOST_DIGITS = 30
"""Of a number in a request; no price or quantity has as many."""


def exact(value: float) -> Decimal:
    """A setting as its author wrote it: 0.1 is a tenth."""
    return Decimal(repr(float(value)))


def text(value: Decimal) -> str:
    """`value` as it stands in an answer."""
    if not value:
        return "0"
    plain = format(value, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def parsed(value: object) -> Decimal | None:
    """The finite number that a request gives as text (or as a JSON number); None for none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    written = str(value)
    if len(written) > MOST_DIGITS or not _NUMBER.fullmatch(written):
        return None
    try:
        found = Decimal(written)
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found.adjusted()) <= MOST_DIGITS else None


def is_multiple(value: Decimal, step: Decimal) -> bool:
    """Whether `value` lies on a step; one of more digits than are counted does not."""
    try:
        return value % step == 0
    except InvalidOperation:
        return False


def floored(value: Decimal, step: Decimal) -> Decimal:
    """`value`, 0 or more, down to a step."""
    return (value / step).to_integral_value(rounding=ROUND_DOWN) * step


def cut(value: Decimal, decimals: int = 8) -> Decimal:
    """`value` with no more decimals, toward zero: for averages and shares that go on for ever."""
    return value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_DOWN)
