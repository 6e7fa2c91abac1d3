"""Threshold expressions: an operator and a number, e.g. `>= 2.0`, or `<= 10 %` of a whole."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    "==": operator.eq,
    "!=": operator.ne,
}
_FORM = re.compile(r"\s*(<=|>=|==|!=|<|>)\s*([-+]?[0-9.eE+-]+)\s*(%?)\s*")


@dataclass(frozen=True)
class Expression:
    """What must hold of a metric's value; `percent` of a whole that goes with it."""

    text: str
    symbol: str
    limit: float
    percent: bool = False

    def holds(self, value: float) -> bool:
        """Whether it holds of `value`; never of NaN."""
        return not math.isnan(value) and _OPERATORS[self.symbol](value, self.limit)

    def near(self) -> tuple[float, float, float]:
        """The values at which what it says may change."""
        below, above = (math.nextafter(self.limit, end) for end in (-math.inf, math.inf))
        return below, self.limit, above


@lru_cache(maxsize=256)
def parse(text: str) -> Expression:
    """Parse an expression without `%`; ValueError with what was expected."""
    found = parse_share(text)
    if found.percent:
        raise ValueError('a number without %, e.g. ">= 2.0"')
    return found


@lru_cache(maxsize=256)
def parse_share(text: str) -> Expression:
    """Parse an expression whose number may be followed by `%`; ValueError as `parse`."""
    match = _FORM.fullmatch(text)
    try:
        limit = float(match[2]) if match else math.nan
    except ValueError:
        limit = math.nan
    if match is None or not math.isfinite(limit):
        raise ValueError('an operator (<=, >=, <, >, ==, !=) and a number, e.g. ">= 2.0"')
    return Expression(text, match[1], limit, bool(match[3]))


def parse_percent(text: str) -> Expression:
    """Parse an expression whose number is followed by `%`; ValueError as `parse`."""
    found = parse_share(text)
    if not found.percent:
        raise ValueError('a percentage of the baseline, e.g. ">= -10 %"')
    return found


def check_harm(limit: Expression) -> None:
    """Raise ValueError for a limit of a change that no change misses, or that has two sides."""
    if limit.symbol in ("==", "!=") or not limit.holds(0.0):
        told = f'e.g. ">= -10 %", not {limit.text!r}'
        raise ValueError(f"a limit on one side that holds of no change, {told}")


def check_reach(
    fail_unless: Expression | None, warn_unless: Expression | None, low: float, high: float
) -> None:
    """Raise ValueError where no value from `low` to `high` can meet a limit, or none can miss it.

    Neither can a warning be given where what must hold for a PASS asks no more than what must hold
    not to FAIL.
    """
    given = [expression for expression in (fail_unless, warn_unless) if expression is not None]
    points = {p for e in given for p in e.near() if low <= p <= high} | {low, high}
    for expression in given:
        said = {expression.holds(point) for point in points}
        if len(said) == 1:
            verb = "miss" if said.pop() else "meet"
            problem = f"a limit that some value {_span(low, high)} can {verb}, not"
            raise ValueError(f"{problem} {expression.text!r}{_of_hundred(expression, high)}")
    if fail_unless is None or warn_unless is None:
        return
    passing = [point for point in points if fail_unless.holds(point)]
    if all(warn_unless.holds(point) for point in passing):
        raise ValueError(
            f"warn_unless to ask for more than fail_unless: what meets {fail_unless.text!r} meets "
            f"{warn_unless.text!r} too, so it can never warn"
        )
    if not any(warn_unless.holds(point) for point in passing):
        raise ValueError(f"limits that one value can meet: {warn_unless.text!r} shuts out the rest")


def check_at_once(at_once: Expression, fails: Expression, low: float, high: float) -> None:
    """Raise ValueError where a limit for one value is none, or one that lasting leaves no room."""
    check_reach(at_once, None, low, high)
    points = {p for e in (at_once, fails) for p in e.near() if low <= p <= high} | {low, high}
    if not any(at_once.holds(p) and not fails.holds(p) for p in points):
        raise ValueError(
            f"fail_at_once to ask for less than fail_unless: what meets {at_once.text!r} meets "
            f"{fails.text!r} too, so `for` can never matter"
        )


def _of_hundred(expression: Expression, high: float) -> str:
    if high != 1.0 or not 1.0 < expression.limit <= 100.0:
        return ""
    return f"; did you mean '{expression.symbol} {expression.limit / 100:g}'?"


def _span(low: float, high: float) -> str:
    if math.isinf(high):
        return "there is" if math.isinf(low) else f"of {low:g} or more"
    return f"from {low:g} to {high:g}"


def _parsed(text: str) -> str:
    parse(text)
    return text


def _parsed_share(text: str) -> str:
    parse_share(text)
    return text


def _text(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError('an operator (<=, >=, <, >, ==, !=) and a number in quotes, e.g. ">= 2.0"')
    return value


LimitText = Annotated[
    str,
    BeforeValidator(_text),
    Field(json_schema_extra={"pattern": f"^{_FORM.pattern}$", "examples": [">= 2.0"]}),
]
"""A limit as a field of a file: an operator and a number, in some fields with `%`."""

ExpressionText = Annotated[LimitText, AfterValidator(_parsed)]
"""An expression as a field of a file: text that can be parsed."""

ShareText = Annotated[LimitText, AfterValidator(_parsed_share)]
"""The same, of a count: `== 0`, or a share of the whole: `<= 10 %`."""
