"""How a recorded feed is replayed: its queue, and what messages take, as they are typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pytest_soak.config.instruments import Kind
from pytest_soak.errors import SoakUsageError, unknown
from pytest_soak.replay.terms import RANGES, Span, Terms, typed_kind, typed_number

QUEUES = ("risk_averse", "power", "log")
"""The queue models by their numbers in the kernel; `power3` has the exponent 3."""
LONGEST_MS = 5_000.0


class Way(NamedTuple):
    """What a message takes: lognormal by its median and the sd of its logarithm, or constant."""

    median_ms: float
    log_sd: float = 0.0


class FeedSettings(NamedTuple):
    """What a recording does not say; ways that are None are the venue's."""

    queue: str = "risk_averse"
    power: float = 3.0
    place_ms: Way | None = None
    amend_ms: Way | None = None
    cancel_ms: Way | None = None
    answer_ms: Way | None = None
    latency_file: str | None = None
    base_latency_ms: float | None = None
    feed_latency_ms: float | None = None
    mapping: str | None = None
    kind: Kind | None = None
    tick: float | None = None
    lot: float | None = None
    contract_value: float | None = None
    maker_fee_bps: float | None = None
    taker_fee_bps: float | None = None

    @property
    def terms(self) -> Terms:
        """What was typed of the contract."""
        return Terms(**{name: getattr(self, name) for name in ("kind", *RANGES)})


_WAYS = ("place_ms", "amend_ms", "cancel_ms", "answer_ms")
FILES = ("latency_file", "mapping")
"""Whose values are files."""
_NUMBERS = {
    "base_latency_ms": Span(0.0, 60_000.0),
    "feed_latency_ms": Span(0.0, 60_000.0),
    **RANGES,
}
KEYS = ("queue", *_WAYS, *FILES, "kind", *_NUMBERS, "symbol")


def parse_feed_settings(items: Sequence[str], at: str) -> tuple[FeedSettings, str | None]:
    """Settings typed as `key=value`, and the symbol; SoakUsageError for what cannot be meant."""
    given: dict[str, str] = {}
    for item in items:
        key, sign, text = item.partition("=")
        if key not in KEYS:
            raise SoakUsageError(at, unknown("key", key, KEYS))
        if not sign or not text:
            raise SoakUsageError(at, f"expected {key}=VALUE, got {item!r}")
        given[key] = text
    symbol = given.pop("symbol", None)
    if "latency_file" in given and not given.keys().isdisjoint(_WAYS):
        ways = ", ".join(name for name in _WAYS if name in given)
        raise SoakUsageError(at, f"latency_file says what {ways} says; give one of the two")
    return FeedSettings(**_values(given, at)), symbol  # type: ignore[arg-type]


def _values(given: Mapping[str, str], at: str) -> dict[str, object]:
    values: dict[str, object] = {}
    for key, text in given.items():
        if key == "queue":
            values |= _queue(text, at)
        elif key in FILES:
            values[key] = text
        elif key == "kind":
            values[key] = typed_kind(text, at)
        elif key in _WAYS:
            median, _, sd = text.partition("~")
            values[key] = Way(
                typed_number(median, Span(0.0, LONGEST_MS), at, key),
                typed_number(sd, Span(0.0, 1.5), at, key) if sd else 0.0,
            )
        else:
            values[key] = typed_number(text, _NUMBERS[key], at, key)
    return values


def _queue(text: str, at: str) -> dict[str, object]:
    if text.startswith("power") and text != "power":
        return {"queue": "power", "power": typed_number(text[5:], Span(0.1, 10.0), at, "queue")}
    if text not in QUEUES:
        raise SoakUsageError(at, f"queue: {unknown('model', text, (*QUEUES, 'power3'))}")
    return {"queue": text}
