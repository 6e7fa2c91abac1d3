"""Spans of time as files and options write them: `90s`, `5m`, `1h`."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, Field

LONGEST_HOURS = 168
_EXPECTED = f"a span of at most {LONGEST_HOURS}h like 90s, 5m or 1h"
_UNITS = {"s": 1, "m": 60, "h": 3600}
_FORM = r"([0-9]{1,6})([smh])"


def span_us(text: str) -> int:
    """The microseconds of a span such as `90s`, `5m` or `1h`; ValueError with what is expected."""
    match = re.fullmatch(_FORM, text)
    if match is None or int(match[1]) * _UNITS[match[2]] > LONGEST_HOURS * 3600:
        raise ValueError(_EXPECTED)
    return int(match[1]) * _UNITS[match[2]] * 1_000_000


def _span(given: object) -> object:
    if not isinstance(given, str):
        raise ValueError(_EXPECTED)
    span_us(given)
    return given


SpanText = Annotated[
    str,
    Field(json_schema_extra={"pattern": f"^{_FORM}$", "examples": ["5m"]}),
    BeforeValidator(_span),
]
"""A span of time as a field of a file."""
