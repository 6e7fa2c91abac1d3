"""Lines of feeds that tell nothing: what is wrong with each, and how many there are."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from enum import StrEnum
from typing import Any, NamedTuple

from pytest_soak.text import plural


class Reason(StrEnum):
    """Why a line is bad."""

    NOT_JSON = "not JSON"
    NO_OBJECT = "not an object"
    MISSING = "missing field"
    TYPE = "wrong type"
    VALUE = "wrong value"
    NOT_FINITE = "NaN or infinite"
    TIME = "time outside of the file's day"
    UNMAPPED = "fits no mapping"
    LENGTH = "too long"
    CUT = "cut"


class FeedProblem(NamedTuple):
    """What is wrong with a line of a file, counted from 1, or with the file itself (line 0).

    `text` is the line's, cut at 200 characters; the file itself has no `reason`.
    """

    file: str
    line: int
    why: str
    text: str = ""
    reason: Reason | None = None

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.why}{f': {self.text}' if self.text else ''}"


class BadCount(NamedTuple):
    """How many lines are bad for a reason, and the first of them."""

    reason: Reason
    lines: int
    first: FeedProblem

    def __str__(self) -> str:
        return f"{plural(self.lines, 'bad line')} ({self.reason}), first {self.first}"


def counted(before: Iterable[BadCount], problems: Iterable[FeedProblem]) -> tuple[BadCount, ...]:
    """The counts before and those of more problems, in the order in which reasons came."""
    found = {known.reason: known for known in before}
    for problem in problems:
        if problem.reason is not None:
            known = found.get(problem.reason, BadCount(problem.reason, 0, problem))
            found[problem.reason] = known._replace(lines=known.lines + 1)
    return tuple(found.values())


def unreadable(line: bytes) -> Reason:
    """Why a line that JSON has no word for is bad: for a number that is none, or for its form."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return Reason.NOT_JSON
    return Reason.NOT_FINITE if _endless(value) else Reason.NOT_JSON


def _endless(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_endless, value.values()))
    if isinstance(value, list):
        return any(map(_endless, value))
    return isinstance(value, float) and not math.isfinite(value)


def refused(value: Any, types: Iterable[type]) -> Reason:
    """Why a value that a field does not take is bad."""
    if isinstance(value, float) and not math.isfinite(value):
        return Reason.NOT_FINITE
    return Reason.VALUE if type(value) in types else Reason.TYPE
