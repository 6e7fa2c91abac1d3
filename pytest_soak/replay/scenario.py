"""A recording as the scenario of a lane, and the market of such a lane."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from pytest_soak.config.names import user_path
from pytest_soak.config.recorded import RecordedFeed
from pytest_soak.config.scenarios import REGIMES, Scenario
from pytest_soak.errors import SoakUsageError
from pytest_soak.replay.load import Request, load
from pytest_soak.replay.market import RecordedMarket, recorded_market
from pytest_soak.replay.rows import GAP, TRADE
from pytest_soak.replay.settings import FILES, parse_feed_settings
from pytest_soak.replay.sources import Source, feed_name, sources_of
from pytest_soak.replay.told import COUNTED
from pytest_soak.text import number, plural

REGIME = "calm"
"""Whose limits a gate takes for a recording."""


def feed_scenario(
    given: str, settings: Sequence[str], base: Path, at: str, set_at: str
) -> Scenario:
    """The scenario of the recording that a user means by a file, folder or pattern.

    Raises SoakUsageError for files and settings that cannot be meant.
    """
    parse_feed_settings(settings, set_at)
    placed = tuple(_placed(item, base, set_at) for item in settings)
    sources = sources_of(given, base, at)
    files = tuple(str(source.path.resolve()) for source in sources)
    market = _market(files, placed)
    feed = RecordedFeed(
        files=files,
        settings=placed,
        digest=_digest(market),
        span_us=market.span_us,
        start_us=market.start_ns // 1000,
        told=tuple(said(market)),
    )
    return Scenario(name=feed_name(given), regime=REGIME, flow=REGIMES[REGIME], feed=feed)


def _placed(item: str, base: Path, at: str) -> str:
    """A setting, its file as an absolute path."""
    key, _, text = item.partition("=")
    return f"{key}={user_path(text, base, at).resolve()}" if key in FILES else item


def said(market: RecordedMarket) -> list[str]:
    """What a user must know of a recording: its span, its clock, what is missing or left out."""
    recording = market.recording
    minutes, shift = market.span_us / 60e6, recording.clock.shift * 1e-6
    lines = [f"recorded, {number(minutes)} min to trade, local times moved by {shift:+,.1f} ms"]
    if market.instrument.kind == "inverse":
        value = number(market.instrument.contract_value)
        lines.append(f"inverse, a contract is {value} in quote: profit in base, told at the mid")
    gaps = recording.kinds.get(GAP, 0)
    if gaps:
        lines.append(f"{plural(gaps, 'gap')}: the book is not known until the next snapshot")
    if not recording.kinds.get(TRADE):
        lines.append("no trade: nothing fills at its price")
    counts = recording.told.counts
    lines += [f"{counts[name]:,} {text}" for name, text in COUNTED.items() if counts[name]]
    return [*lines, *recording.told.remarks]


def market_of(feed: RecordedFeed) -> RecordedMarket:
    """The market of a lane; raises SoakUsageError where its files are others by now."""
    market = _market(feed.files, feed.settings)
    if _digest(market) != feed.digest:
        raise SoakUsageError(feed.files[0], "the recording is another than when the soak began")
    return market


def _market(files: tuple[str, ...], settings: tuple[str, ...]) -> RecordedMarket:
    given, _ = parse_feed_settings(settings, "feed-set")
    beside = (getattr(given, name) for name in FILES)
    read = (*files, *(file for file in beside if file is not None))
    return _loaded(files, settings, tuple(_stamp(file) for file in read))


def _stamp(file: str) -> tuple[int, int]:
    try:
        found = Path(file).stat()
    except OSError:
        return 0, 0
    return found.st_size, found.st_mtime_ns


@lru_cache(maxsize=2)
def _loaded(
    files: tuple[str, ...], settings: tuple[str, ...], stamps: tuple[tuple[int, int], ...]
) -> RecordedMarket:
    """The market of files as they were at `stamps`, which tell a changed file."""
    given, symbol = parse_feed_settings(settings, "feed-set")
    sources = [_source(file) for file in files]
    latencies = given.base_latency_ms, given.feed_latency_ms
    mapping = None if given.mapping is None else _source(given.mapping)
    recording = load(Request(sources, symbol, *latencies, mapping))
    return recorded_market(recording, given, sources[0].shown)


def _source(file: str) -> Source:
    return Source(Path(file), Path(file).name)


def _digest(market: RecordedMarket) -> str:
    found = sha256()
    for rows in market.recording.pieces():
        found.update(rows.tobytes())
    if market.measured is not None:
        found.update(market.measured.tobytes())
    found.update(market.instrument.model_dump_json().encode())
    return found.hexdigest()
