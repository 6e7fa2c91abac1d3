"""One way to write JSON, and one way to hash it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from math import isfinite
from typing import Any

import orjson

_LEAST, _MOST = -(2**63), 2**64 - 1
_COMPACT = json.JSONEncoder(sort_keys=True, allow_nan=False)
_READABLE = orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE


def dumps(value: Any) -> str:
    """Readable JSON with sorted keys and a newline at the end.

    Raises ValueError for NaN, infinity, and a whole number of more than 64 bits.
    """
    _check_numbers([value])
    return orjson.dumps(value, option=_READABLE).decode()


def _check_numbers(values: Iterable[Any]) -> None:
    """ValueError for a number that not every reader has; for some, orjson would write null."""
    for value in values:
        if isinstance(value, float):
            if not isfinite(value):
                raise ValueError(f"{value} is not JSON compliant")
        elif isinstance(value, int):
            if not _LEAST <= value <= _MOST:
                raise ValueError(f"a whole number of {value.bit_length()} bits, 64 at most")
        elif isinstance(value, dict):
            _check_numbers(value.values())
        elif isinstance(value, list | tuple):
            _check_numbers(value)


def compact(value: Any) -> str:
    """`dumps` on one line, without the newline: for JSONL and markers."""
    return _COMPACT.encode(value)


def state_hash(overrides: Mapping[str, float]) -> str:
    """SHA-256 of the overrides' RFC 8785 form, in hex: 1 and 1.0 are the same."""
    return _hash(tuple(overrides.items()))


def flags_hash(flags: Mapping[str, bool | float]) -> str | None:
    """The same of feature flags; None without any."""
    return _hash(tuple(flags.items()), tuple(map(type, flags.values()))) if flags else None


@lru_cache(maxsize=64)
def _hash(items: tuple[tuple[str, float], ...], types: tuple[type, ...] = ()) -> str:
    """`types` part true from 1, which are equal."""
    import rfc8785

    return hashlib.sha256(rfc8785.dumps(dict(items))).hexdigest()
