"""Keys that say what is bad, where a file says what must hold."""

from __future__ import annotations

import re
from collections.abc import Iterable

_BAD_IF = re.compile(r"([a-z]+)(?:_if|_when)?")
_COMPARED = re.compile(r"\s*(<=|>=|==|!=|<|>)(.*)")
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


def unless(word: str, value: object, known: Iterable[str]) -> str:
    """The remedy for `fail_if` where `fail_unless` is known: its value turns too. Else nothing."""
    said = _BAD_IF.fullmatch(word)
    if said is None or (key := f"{said[1]}_unless") not in known:
        return ""
    compared = _COMPARED.fullmatch(value) if isinstance(value, str) else None
    turned = f'{key}: "{_OPPOSITE[compared[1]]}{compared[2]}"' if compared else f"by {key}"
    return f"say the opposite, what must hold, {turned}"
