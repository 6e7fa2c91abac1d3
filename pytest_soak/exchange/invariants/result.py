"""What an invariant came to in a window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """Something that a bot did or believed and should not have, in words.

    Attributes:
        time_us: When it was seen.
        text: What it is.
        since_us: When it came about, where that was before it could be judged.
        fault: What broke then; empty where only the time can tell.
    """

    time_us: int
    text: str
    since_us: int | None = None
    fault: str = ""


@dataclass(frozen=True)
class Result:
    """The value of a KPI, or why there is none; and what it rests on.

    Attributes:
        value: None where it could not be seen.
        why: The reason of that; empty beside a value.
        findings: What spoils the value, in order of time.
    """

    value: float | None
    why: str = ""
    findings: tuple[Finding, ...] = ()


def unseen(why: str) -> Result:
    """No value."""
    return Result(None, why)


def count(findings: Sequence[Finding]) -> Result:
    """So many of them."""
    return Result(float(len(findings)), "", tuple(sorted(findings, key=lambda f: f.time_us)))
