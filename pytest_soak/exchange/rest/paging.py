"""Pages of a list that is the latest first: a cursor says where the next one begins."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any, TypeVar

from pytest_soak.exchange.codes import RefusedError, parameter
from pytest_soak.exchange.numbers import parsed

Row = TypeVar("Row")
_PREFIX = "page:"
FARTHEST = 1_000_000
"""Rows that a cursor may pass over: no list has as many."""


def page(rows: Iterable[Row], args: Any, size: int) -> tuple[list[Row], str]:
    """The page that a request's cursor means, and the cursor of the next; empty at the end."""
    cursor = str(args.get("cursor") or "")
    start = parsed(cursor.removeprefix(_PREFIX)) if cursor else 0
    if start is None or not 0 <= start <= FARTHEST or start != int(start):
        raise RefusedError(parameter("cursor invalid"))
    found = [*islice(rows, int(start), int(start) + size + 1)]
    more = f"{_PREFIX}{int(start) + size}" if len(found) > size else ""
    return found[:size], more
