"""One way to write JSON, and one way to hash it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def dumps(value: Any) -> str:
    """Readable JSON with sorted keys and a newline at the end; ValueError for NaN or infinity."""
    return json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def compact(value: Any) -> str:
    """`dumps` on one line, without the newline: for JSONL and markers."""
    return json.dumps(
        value, sort_keys=True, separators=(", ", ": "), ensure_ascii=True, allow_nan=False
    )


def state_hash(overrides: Mapping[str, float]) -> str:
    """SHA-256 of the overrides' RFC 8785 form, in hex: 1 and 1.0 are the same."""
    import rfc8785

    return hashlib.sha256(rfc8785.dumps(dict(overrides))).hexdigest()
