"""The recordings that `pytest-soak feed ...` works on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pytest_soak.config.names import user_path
from pytest_soak.config.recorded import PREFIX
from pytest_soak.errors import SoakUsageError
from pytest_soak.replay.load import Recording, Request, load
from pytest_soak.replay.sources import Source, sources_of
from pytest_soak.replay.terms import RANGES, Terms, typed_kind, typed_number
from pytest_soak.replay.units import Units, terms_of


class Given(NamedTuple):
    """What was typed of a recording: its files, also as --soak-market names them, and its terms."""

    files: Sequence[str]
    symbol: str | None = None
    base_latency_ms: float | None = None
    feed_latency_ms: float | None = None
    mapping: str | None = None
    kind: str | None = None
    tick: float | None = None
    lot: float | None = None
    contract_value: float | None = None
    maker_fee_bps: float | None = None
    taker_fee_bps: float | None = None

    @property
    def terms(self) -> Terms:
        """What was typed of the contract; SoakUsageError, by option, for what cannot be meant."""
        typed: dict[str, object] = {"symbol": self.symbol}
        if self.kind is not None:
            typed["kind"] = typed_kind(self.kind, "--kind")
        for name, span in RANGES.items():
            value = getattr(self, name)
            if value is not None:
                typed[name] = typed_number(value, span, f"--{name.replace('_', '-')}")
        return Terms.model_validate(typed)


class Opened(NamedTuple):
    """A recording, its units, all that is known of its contract, and its files."""

    recording: Recording
    units: Units
    terms: Terms
    sources: list[Source]


def opened(given: Given, folder: Path, *, needs_receipt: bool) -> Opened:
    """Load what was typed; raises SoakUsageError for what is no recording.

    `needs_receipt` is False where the local side does not matter.
    """
    terms = given.terms
    files = [text.removeprefix(PREFIX) for text in given.files]
    sources = [source for text in files for source in sources_of(text, folder, "FILE")]
    mapping = None
    if given.mapping is not None:
        mapping = Source(user_path(given.mapping, folder, "--mapping"), given.mapping)
    latencies = given.base_latency_ms, given.feed_latency_ms
    request = Request(sources, given.symbol, *latencies, mapping)
    recording, sources = load(request), request.recorded
    if needs_receipt and not recording.clock.has_receipt and given.feed_latency_ms is None:
        problem = "has no time of receipt: give --feed-latency-ms, which nobody can guess"
        raise SoakUsageError(sources[0].shown, problem)
    return Opened(recording, *terms_of(recording, terms, sources[0].shown), sources)
