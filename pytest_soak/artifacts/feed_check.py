"""The document of what `pytest-soak feed check` found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pytest_soak.artifacts.build import machine
from pytest_soak.artifacts.recording_models import FeedCheck
from pytest_soak.replay.load import Recording
from pytest_soak.replay.rows import KIND_NAMES, TRADE
from pytest_soak.replay.survey import Survey
from pytest_soak.replay.terms import Terms
from pytest_soak.replay.told import COUNTED
from pytest_soak.replay.units import Units
from pytest_soak.text import plural

MOST_WITHOUT_BOOK = 0.01
"""Of the span; a recording that has no book for longer is no good."""
MOST_DRIFT_MS = 20.0
"""Over the recording: with more of it latencies say more of clocks than of the network."""
FAR_AHEAD_MS = 500.0
HOUR_NS = 3_600_000_000_000
_MS = 1e-6


def feed_check(
    files: Sequence[str], recording: Recording, units: Units, terms: Terms, found: Survey
) -> FeedCheck:
    """What was found, and which of it is a fault."""
    told, clock = recording.told, recording.clock
    names = list(told.symbols)
    counts = {name: told.counts[name] for name in COUNTED if told.counts[name]}
    return FeedCheck(
        source=told.venue,
        files=list(files),
        symbol=terms.symbol or (names[0] if len(names) == 1 else None),
        kind=terms.kind,
        contract_value=terms.contract_value,
        begin=_moment(found.first),
        end=_moment(found.last),
        span_s=found.span * 1e-9,
        rows={
            name: recording.kinds[kind]
            for kind, name in KIND_NAMES.items()
            if recording.kinds.get(kind)
        },
        tick=units.tick,
        lot=units.lot,
        counts=counts,
        gaps=found.gaps,
        crossed_books=found.crossed,
        off_tick=found.off_tick,
        no_book_share=found.no_book_share,
        clock_floor_ms=clock.least * _MS if clock.has_receipt else None,
        clock_shift_ms=clock.shift * _MS,
        drift_ms_per_hour=found.drift_ms_per_hour if clock.has_receipt else None,
        latency_ms={f"p{q * 100:g}": float(v) for q, v in found.latency.items()},
        remarks=[*told.remarks, *_clock_remarks(recording, found)],
        faults=_faults(recording, found),
        meta=machine(),
    )


def _moment(nanoseconds: int) -> str:
    time = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=nanoseconds // 1000)
    return time.isoformat().replace("+00:00", "Z")


def _clock_remarks(recording: Recording, found: Survey) -> list[str]:
    clock = recording.clock
    if not clock.has_receipt:
        text = "no time of receipt is recorded: feed latency is what --feed-latency-ms says"
        return [text]
    remarks = []
    if clock.least < 0:
        remarks.append(
            f"the recorder's clock was {-clock.least * _MS:,.1f} ms behind the venue's at least: "
            "it is moved, so that the fastest message took "
            f"{(clock.least + clock.shift) * _MS:,.1f} ms (--base-latency-ms says how long it took)"
        )
    elif clock.least > FAR_AHEAD_MS / _MS:
        remarks.append(
            f"the fastest message took {clock.least * _MS:,.1f} ms: is the recorder's clock ahead? "
            "--base-latency-ms says how long it took"
        )
    return remarks


def _drift(recording: Recording, found: Survey) -> float:
    """By how many ms the recorder's clock drifts over the recording; 0 where that is no fault."""
    rate = found.drift_ms_per_hour
    if rate is None or not recording.clock.has_receipt:
        return 0.0
    drift = abs(rate) * found.span / HOUR_NS
    return drift if drift > MOST_DRIFT_MS else 0.0


def _faults(recording: Recording, found: Survey) -> list[str]:
    counts, damaged = recording.told.counts, len(recording.told.damaged)
    share, drift = found.no_book_share, _drift(recording, found)
    said = (
        (damaged, f"{plural(damaged, 'file')} damaged, of which a part is lost"),
        (found.gaps, f"{plural(found.gaps, 'gap')} in the depth updates"),
        (found.crossed, f"{plural(found.crossed, 'crossed book')}"),
        (found.off_tick, f"{plural(found.off_tick, 'row')} off the tick"),
        (counts["missing_trades"], f"{plural(counts['missing_trades'], 'trade')} missing"),
        (not recording.kinds.get(TRADE), "no trade: without trades nothing fills at its price"),
        (drift, f"the recorder's clock drifts by {drift:,.0f} ms over it"),
        (share > MOST_WITHOUT_BOOK, f"no known book for {100 * share:.1f} % of the time"),
    )
    return [text for wrong, text in said if wrong]
