"""What clients send, as text and as an object; None where it is neither."""

from __future__ import annotations

from typing import Any

import orjson

DEEPEST = 16
"""How deep lists and objects may lie in each other: requests are flat."""


def text_of(data: bytes) -> str | None:
    """The text of a body, which is UTF-8 whatever its header says."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def object_of(data: str | bytes) -> dict[str, Any] | None:
    """The JSON object that was sent."""
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) and not _is_too_deep(found) else None


def header(text: str) -> str:
    """A header as it is compared and shown: bytes that are no UTF-8 are replaced."""
    return text.encode(errors="surrogateescape").decode(errors="replace")


def _is_too_deep(found: dict[str, Any]) -> bool:
    level: list[Any] = [found]
    for _ in range(DEEPEST):
        level = [inner for one in level for inner in _within(one) if isinstance(inner, dict | list)]
        if not level:
            return False
    return True


def _within(one: Any) -> Any:
    return one.values() if isinstance(one, dict) else one
