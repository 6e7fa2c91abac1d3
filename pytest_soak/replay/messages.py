"""Messages of a stream as rows: numbers are text until a block of them is turned at once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import numpy as np

from pytest_soak.errors import SoakUsageError, escaped
from pytest_soak.replay.rows import BEST, BUY, CLEAR, GAP, KIND, SELL, Rows, empty, kinds


class Messages:
    """Levels and trades as they come, of one file; `rows` turns and forgets them."""

    def __init__(self, shown: str) -> None:
        self.shown = shown
        self._heads: list[int] = []  # event, exchange, local, line, rows, of what came together
        self._numbers: list[Any] = []

    def levels(
        self, event: int, exchange: int, local: int, line: int, levels: list[list[Any]]
    ) -> None:
        """Add a row for each `[price, size]`, all of one event and time."""
        self._heads += (event, exchange, local, line, len(levels))
        before = len(self._numbers)
        self._numbers += chain.from_iterable(levels)
        if len(self._numbers) != before + 2 * len(levels):
            raise bad_value(self.shown, line, "level", "another number of values")

    def one(
        self, event: int, exchange: int, local: int, line: int, price: Any, size: Any = 0
    ) -> None:
        """Add one row."""
        self._heads += (event, exchange, local, line, 1)
        self._numbers += (price, size)

    def both(
        self, event: int, exchange: int, local: int, line: int, numbers: Sequence[Any]
    ) -> None:
        """Add the best bid, whose `event` is given, and the best ask: price and size of each."""
        self._heads += (event, exchange, local, line, 2)
        self._numbers += numbers

    @property
    def is_full(self) -> bool:
        """Whether it is time to take the rows."""
        return len(self._numbers) > 2 * ROWS_AT_A_TIME

    def rows(self) -> Rows:
        """What was added since the last call.

        Raises SoakUsageError, with file and line, for what is no price or no size.
        """
        heads = np.array(self._heads, np.int64).reshape(-1, 5)
        numbers = self._numbers
        self._heads, self._numbers = [], []
        try:
            values = np.fromiter(map(float, numbers), float, len(numbers)).reshape(-1, 2)
        except (TypeError, ValueError):
            raise self._not_a_number(numbers, heads) from None
        events, exchange, local, lines, counts = heads.T
        rows = empty(len(values))
        rows["ev"] = np.repeat(events, counts)
        asks = (np.cumsum(counts) - 1)[(events & KIND) == BEST]
        rows["ev"][asks] ^= np.uint64(BUY | SELL)
        rows["exch_ts"], rows["local_ts"] = np.repeat(exchange, counts), np.repeat(local, counts)
        rows["px"], rows["qty"] = values[:, 0], values[:, 1]
        self._check(rows, lines, counts)
        return rows

    def _check(self, rows: Rows, lines: Any, counts: Any) -> None:
        kind = kinds(rows)
        priced = (kind != CLEAR) & (kind != GAP)
        for name, low in (("px", np.nextafter(0.0, 1.0)), ("qty", 0.0)):
            with np.errstate(invalid="ignore"):
                bad = priced & ~((rows[name] >= low) & (rows[name] < math.inf))
            if bad.any():
                at = int(bad.argmax())
                line = int(np.repeat(lines, counts)[at])
                raise bad_value(self.shown, line, FIELDS[name], rows[name][at])

    def _not_a_number(self, numbers: Iterable[Any], heads: Any) -> SoakUsageError:
        ends = np.cumsum(heads[:, 4])
        for place, value in enumerate(numbers):
            try:
                float(value)
            except (TypeError, ValueError):
                message = int(np.searchsorted(ends, place // 2, side="right"))
                name = ("px", "qty")[place % 2]
                return bad_value(self.shown, int(heads[message, 3]), FIELDS[name], value)
        raise AssertionError("every number is one")


ROWS_AT_A_TIME = 1 << 17
FIELDS = {"px": "price", "qty": "quantity"}
_EXPECTED = {
    "price": "a number above 0",
    "quantity": "a number of 0 or more",
    "level": "pairs of price and size",
}


def bad_value(shown: str, line: int, name: str, value: Any) -> SoakUsageError:
    """The mistake of a value that cannot be one."""
    expected = _EXPECTED.get(name.split(" ")[0], "a time as a whole number")
    text = repr(value) if isinstance(value, str) else str(value)
    return SoakUsageError(f"{shown}, line {line}", f"{name}: expected {expected}, got "
                          f"{escaped(text)[:80]}")  # fmt: skip
