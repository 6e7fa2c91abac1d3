"""Lines of raw streams, `<local ns> <JSON>` each: their stamp and their message."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from pytest_soak.errors import SoakUsageError, escaped
from pytest_soak.replay.reading import Lines, blocks_of_lines, is_damaged
from pytest_soak.replay.told import Told

STAMP = 19
"""Digits of a time in nanoseconds since 1970, between 2001 and 2286."""
_SPACE = ord(" ")


Stamped = tuple[int, int, Any]
"""The line of a message, when it was received, and what it says: a dict."""


def stamped_messages(path: Path, shown: str, told: Told) -> Iterator[Stamped]:
    """The messages of a file; a torn last line is told and left out.

    Raises SoakUsageError, naming the line, for anything else that is no stamped message.
    """
    loads = orjson.loads
    for block in blocks_of_lines(path, shown, told):
        for number, line in enumerate(block.lines, block.number):
            try:
                message = loads(line[STAMP + 1 :])
                if line[STAMP] != _SPACE or message.__class__ is not dict:
                    raise ValueError
                yield number, int(line[:STAMP]), message
            except (ValueError, IndexError) as error:
                if not line.strip():
                    continue
                if not _is_torn(block, number, path, shown, told):
                    raise _refusal(line, number, error, shown) from None
                return


def _is_torn(block: Lines, number: int, path: Path, shown: str, told: Told) -> bool:
    """Tell of a last line that is torn, or of the first one that damage has made nonsense of."""
    if block.torn:
        told.remark(f"{shown}: its last line ({number}) is torn and left out")
        return True
    if is_damaged(path, shown):
        told.lose(shown, f"its gzip is damaged: line {number} and what comes after it are lost")
        return True
    return False


def _refusal(line: bytes, number: int, error: Exception, shown: str) -> SoakUsageError:
    stamped = line[:STAMP].isdigit() and line[STAMP : STAMP + 1] == b" "
    problem = "a time in nanoseconds (19 digits), a space, and a JSON object"
    if stamped and isinstance(error, orjson.JSONDecodeError):
        problem = f"a JSON object ({error})"
    start = escaped(line[:40].decode("utf-8", "replace"))
    return SoakUsageError(f"{shown}, line {number}", f"expected {problem}, got {start!r}...")
