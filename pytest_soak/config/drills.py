"""Drills: causes of trouble that are brought about on purpose, to see what stops on them."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_soak.config.durations import span_us
from pytest_soak.errors import SoakUsageError, unknown

CAUSES = {
    "cache_off": "the market-data cache serves nothing",
    "stalls": "the bot's loop stalls",
    "taker_burst": "the bot takes far more than it should",
    "outage": "the venue refuses every request",
    "leak": "the bot keeps memory that it should let go",
}
"""Each cause and what it is; which of them there can be is a matter of the target."""

_EXAMPLE = "cache_off@30m+1h"


@dataclass(frozen=True)
class Drill:
    """A cause from `start_us` to before `end_us`, counted from the beginning of the lane."""

    cause: str
    start_us: int
    end_us: int

    def __str__(self) -> str:
        start, length = self.start_us / 60e6, (self.end_us - self.start_us) / 60e6
        return f"{self.cause} from {start:g} min on for {length:g} min"


def parse_drill(text: str, at: str) -> Drill:
    """A drill written CAUSE@T+D: from T on for D; SoakUsageError for what is none."""
    cause, _, spell = text.partition("@")
    start, _, length = spell.partition("+")
    if cause not in CAUSES:
        raise SoakUsageError(at, f"{unknown('cause', cause, CAUSES)}, as in {_EXAMPLE}")
    try:
        start_us, length_us = span_us(start), span_us(length)
    except ValueError as error:
        expected = f"CAUSE@T+D, each of T and D {error}, e.g. {_EXAMPLE}"
        raise SoakUsageError(at, f"expected {expected}, got {text!r}") from None
    if not length_us:
        raise SoakUsageError(at, f"a drill of no length: {text!r}; e.g. {_EXAMPLE}")
    return Drill(cause, start_us, start_us + length_us)
