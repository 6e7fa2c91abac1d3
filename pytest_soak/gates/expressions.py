"""Threshold expressions: an operator and a number, e.g. `>= 2.0`."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    "==": operator.eq,
    "!=": operator.ne,
}
_FORM = re.compile(r"\s*(<=|>=|==|!=|<|>)\s*([-+]?[0-9.eE+-]+)\s*")


@dataclass(frozen=True)
class Expression:
    """What must hold of a metric's value."""

    text: str
    symbol: str
    limit: float

    def holds(self, value: float) -> bool:
        """Whether it holds of `value`; never of NaN."""
        return not math.isnan(value) and _OPERATORS[self.symbol](value, self.limit)


@lru_cache(maxsize=256)
def parse(text: str) -> Expression:
    """Parse an expression; ValueError with what was expected."""
    match = _FORM.fullmatch(text)
    try:
        limit = float(match[2]) if match else math.nan
    except ValueError:
        limit = math.nan
    if match is None or not math.isfinite(limit):
        raise ValueError('an operator (<=, >=, <, >, ==, !=) and a number, e.g. ">= 2.0"')
    return Expression(text, match[1], limit)


def _parsed(text: str) -> str:
    parse(text)
    return text


ExpressionText = Annotated[str, AfterValidator(_parsed)]
"""An expression as a field of a file: text that can be parsed."""
