"""What a desk asks of a recording: figures of its rows, its clocks and its book."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_soak.replay.clock import latencies
from pytest_soak.replay.compile import load_replay
from pytest_soak.replay.kernel.state import empty_feed
from pytest_soak.replay.kernel.survey import SURVEY, TOP
from pytest_soak.replay.load import AT_A_TIME, Recording
from pytest_soak.replay.rows import BOTH, EXCHANGE, GAP, Rows, has
from pytest_soak.replay.units import Units

MINUTE_NS = 60_000_000_000
QUANTILES = (0.5, 0.9, 0.99, 0.999)
_MOST_SAMPLED = 1 << 20


@dataclass
class Survey:
    """Times are in nanoseconds. `floors` are the least latencies of each minute, as recorded."""

    first: int
    last: int
    floors: dict[int, int] = field(default_factory=dict)
    latency: dict[float, float] = field(default_factory=dict)
    gaps: int = 0
    crossed: int = 0
    off_tick: int = 0
    without_book: int = 0

    @property
    def span(self) -> int:
        """From the first row to the last, by the venue's clock."""
        return self.last - self.first

    @property
    def no_book_share(self) -> float:
        """Of the span, without a book of two sides that is known."""
        return self.without_book / self.span if self.span else 1.0

    @property
    def drift_ms_per_hour(self) -> float | None:
        """How fast the floor rises, by least squares over minutes; None below three of them."""
        if len(self.floors) < 3:
            return None
        minutes = np.array(sorted(self.floors), float)
        floors = np.array([self.floors[int(minute)] for minute in minutes]) * 1e-6
        return float(np.polyfit(minutes / 60.0, floors, 1)[0])


def survey(recording: Recording, units: Units) -> Survey:
    """All that `Survey` holds, in one pass."""
    found = Survey(*_span(recording), gaps=recording.kinds.get(GAP, 0))
    sampled = _latencies(recording, found)
    values = np.concatenate(sampled) if sampled else np.empty(0)
    if len(values):
        found.latency = dict(zip(QUANTILES, np.quantile(values, QUANTILES) * 1e-6, strict=True))
    for _ in tops(recording, units, found):
        pass
    return found


def _span(recording: Recording) -> tuple[int, int]:
    first, last = np.iinfo(np.int64).max, np.iinfo(np.int64).min
    for rows in recording.pieces():
        stamps = rows["exch_ts"][has(rows, EXCHANGE)]
        if len(stamps):
            first, last = min(first, int(stamps[0])), max(last, int(stamps[-1]))
    return (first, last) if last >= first else (0, 0)


def _latencies(recording: Recording, found: Survey) -> list[NDArray[np.int64]]:
    """Latencies of rows that are far enough apart to be held, the floors of minutes of all."""
    step = 1 + len(recording.rows) // _MOST_SAMPLED
    sampled = []
    for rows in recording.pieces():
        values = latencies(rows)
        if len(values):
            sampled.append(values[::step])
            _note_floors(found, rows, values, recording.clock.shift)
    return sampled


def _note_floors(found: Survey, rows: Rows, values: NDArray[np.int64], shift: int) -> None:
    both = rows[has(rows, BOTH)]
    minute = (both["exch_ts"] - found.first) // MINUTE_NS
    edges = np.flatnonzero(np.diff(minute)) + 1
    starts = np.concatenate([[0], edges])
    for at, least in zip(minute[starts], np.minimum.reduceat(values, starts), strict=True):
        before = found.floors.get(int(at))
        floor = int(least) - shift
        found.floors[int(at)] = floor if before is None else min(before, floor)


def tops(
    recording: Recording, units: Units, found: Survey | None = None
) -> Iterator[NDArray[np.void]]:
    """Each change of the top of the book that is known, as rows of TOP, piece by piece."""
    entry = load_replay()
    feed: Any = empty_feed(units.tick, units.lot)
    counted: Any = np.zeros(1, SURVEY)
    room = np.zeros(AT_A_TIME, TOP)
    for rows in recording.pieces():
        entry.survey_rows(feed.base, counted, rows, room)
        yield room[: int(counted[0]["tops"])].copy()
    if found is not None:
        found.crossed = int(counted[0]["crossed"])
        found.off_tick = int(counted[0]["off_tick"])
        found.without_book = int(counted[0]["without_book"])
