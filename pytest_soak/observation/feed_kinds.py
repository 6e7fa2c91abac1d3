"""What a value of a feed's field may be: how it reads in JSON, and in which column it is kept."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pytest_soak.config.documents import show
from pytest_soak.observation.convert import LAST_US

UNTOLD = -math.inf
"""In a column of later mids: the line does not say it. One that says null has NaN."""
LONGEST_TEXT = 1000


class Kind(NamedTuple):
    """A kind of value: JSON types, bounds (`above` is exclusive), and what a message calls it."""

    expected: str
    types: tuple[type, ...]
    dtype: str
    low: float = -math.inf
    high: float = math.inf
    above: float = -math.inf
    choices: tuple[int, ...] = ()

    def holds(self, value: Any) -> bool:
        """Whether a value is of this kind."""
        return self.checked([value]) is not None

    def checked(self, values: Sequence[Any]) -> NDArray[Any] | None:
        """Values as a column; None where one of them is not of this kind."""
        if not set(map(type, values)) <= set(self.types):
            return None
        if self.dtype == "O":
            return self.column(values) if all(map(_plain, values)) else None
        try:
            column = self.column(values)
        except OverflowError:
            return None
        return column if not len(column) or self._bounds(column) else None

    def _bounds(self, column: NDArray[Any]) -> bool:
        if self.choices:
            return bool(np.isin(column, self.choices).all())
        least, most = column.min(), column.max()
        finite = -math.inf < least and most < math.inf
        return bool(finite and self.low <= least and self.above < least and most <= self.high)

    def column(self, values: Sequence[Any]) -> NDArray[Any]:
        """Values of this kind, or what stands for one that is not told, as a column."""
        if self.dtype == "O":
            return np.fromiter(values, object, len(values))
        return np.array(values, self.dtype)

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of a value."""
        if self.choices:
            return {"enum": list(self.choices)}
        names = [_JSON[kind] for kind in self.types]
        if "number" in names:
            names = ["number"]
        found: dict[str, Any] = {"type": names if len(names) > 1 else names[0]}
        if str in self.types:
            found |= {"minLength": 1, "maxLength": LONGEST_TEXT}
        if list in self.types:
            found["items"] = {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT}
        if dict in self.types:
            found["additionalProperties"] = {"type": ["number", "null"]}
        bounds = {"minimum": self.low, "maximum": self.high, "exclusiveMinimum": self.above}
        return found | {key: bound for key, bound in bounds.items() if math.isfinite(bound)}

    def problem(self, value: Any) -> str:
        """What to say of a value that is not of this kind."""
        return f"{show(value)}, expected {self.expected}"


_JSON = {
    int: "integer",
    float: "number",
    bool: "boolean",
    str: "string",
    list: "array",
    dict: "object",
}


def _plain(value: Any) -> bool:
    """Whether a value that is kept as it is can be told to anybody."""
    if isinstance(value, str):
        return 0 < len(value) <= LONGEST_TEXT
    if isinstance(value, list):
        return all(isinstance(name, str) and _plain(name) for name in value)
    return not isinstance(value, dict) or _numbers(value.values())


def _numbers(values: Collection[Any]) -> bool:
    return all(
        value is None or (type(value) in (int, float) and math.isfinite(value)) for value in values
    )


_NUMBER = (int, float)

TIME = Kind("microseconds since 1970 as a whole number", (int,), "i8", low=0, high=LAST_US - 1)
SEQUENCE = Kind("a whole number from 1", (int,), "i8", low=1, high=2**63 - 1024)
COUNT = Kind("a whole number, 0 or more", (int,), "i8", low=0, high=2**53)
SMALL = Kind("a whole number from -128 to 127", (int,), "i8", low=-128, high=127)
SIDE = Kind("1 for bought or -1 for sold", (int,), "i8", choices=(1, -1))
PRICE = Kind("a number above 0", _NUMBER, "f8", above=0)
AMOUNT = Kind("a number, 0 or more", _NUMBER, "f8", low=0)
NUMBER = Kind("a number", _NUMBER, "f8")
FLAG = Kind("true or false", (bool,), "?")
TEXT = Kind(f"text of 1 to {LONGEST_TEXT} characters", (str,), "O")
ID = Kind("a whole number or text", (int, str), "O")
NAMES = Kind("a list of names", (list,), "O")
NUMBERS = Kind("an object of numbers by name", (dict,), "O")
