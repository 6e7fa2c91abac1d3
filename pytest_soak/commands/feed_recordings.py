"""The recordings that `pytest-soak feed ...` works on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pytest_soak.config.names import user_path
from pytest_soak.errors import SoakUsageError
from pytest_soak.replay.load import Recording, Request, load
from pytest_soak.replay.sources import Source, sources_of
from pytest_soak.replay.units import Units, units_of


class Given(NamedTuple):
    """What was typed of a recording; `units` are None where the recording is to show them."""

    files: Sequence[str]
    symbol: str | None = None
    base_latency_ms: float | None = None
    feed_latency_ms: float | None = None
    mapping: str | None = None
    tick: float | None = None
    lot: float | None = None


class Opened(NamedTuple):
    """A recording, its units and its files."""

    recording: Recording
    units: Units
    sources: list[Source]


def opened(given: Given, folder: Path, *, needs_receipt: bool) -> Opened:
    """Load what was typed; raises SoakUsageError for what is no recording.

    `needs_receipt` is False where the local side does not matter.
    """
    sources = [source for text in given.files for source in sources_of(text, folder, "FILE")]
    mapping = None
    if given.mapping is not None:
        mapping = Source(user_path(given.mapping, folder, "--mapping"), given.mapping)
    latencies = given.base_latency_ms, given.feed_latency_ms
    recording = load(Request(sources, given.symbol, *latencies, mapping))
    if needs_receipt and not recording.clock.has_receipt and given.feed_latency_ms is None:
        problem = "has no time of receipt: give --feed-latency-ms, which nobody can guess"
        raise SoakUsageError(sources[0].shown, problem)
    shown = sources[0].shown
    return Opened(recording, units_of(recording.pieces(), given.tick, given.lot, shown), sources)
