"""What the report shows of a bot on an exchange: what broke, what it did wrong, what it asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pytest_soak.exchange.blame import Spell
from pytest_soak.exchange.judged import AGAIN, Judged
from pytest_soak.text import plural

MOST_FOUND = 60


@dataclass(frozen=True)
class Bar:
    """A span of a track, in % of the whole."""

    left: float
    width: float
    told: str


@dataclass(frozen=True)
class Track:
    """One fault, or one kind of finding, in the time of the lane."""

    name: str
    meaning: str
    bad: bool
    bars: Sequence[Bar]


@dataclass(frozen=True)
class FoundRow:
    """A finding: its iteration, minutes and seconds since the lane began, KPI, words.

    `since` is when it came about, and `fault` what broke then; empty where that is not known.
    """

    iteration: int
    at: str
    kpi: str
    text: str
    since: str = ""
    fault: str = ""


@dataclass(frozen=True)
class LostRow:
    """An order of which the bot was not told that it was made; `blind`: it sent another."""

    at: str
    fault: str
    blind: bool
    text: str


@dataclass(frozen=True)
class AskedRow:
    """An endpoint: how often it was asked, answered by which codes, and not answered."""

    endpoint: str
    count: int
    refused: str
    unanswered: int


@dataclass(frozen=True)
class ExchangeView:
    """A lane on an exchange."""

    facts: Sequence[tuple[str, str]]
    span: str
    tracks: Sequence[Track]
    found: Sequence[FoundRow]
    found_total: int
    lost: Sequence[LostRow]
    asked: Sequence[AskedRow]
    strange: Sequence[tuple[str, int]]


def exchange_view(windows: Sequence[Judged]) -> ExchangeView | None:
    """What is shown of the windows of a lane; None of a lane on no exchange."""
    if not windows:
        return None
    start, end = windows[0].start_us, windows[-1].end_us
    found = [(window, one) for window in windows for one in window.findings]
    strange: Counter[str] = Counter()
    for window in windows:
        strange.update(window.strange)
    return ExchangeView(
        facts=_facts(windows),
        span=_at(end, start),
        tracks=[*_faults(windows, start, end), *_findings(windows, start, end)],
        found=[
            FoundRow(
                window.iteration,
                _at(one.time_us, start),
                one.kpi,
                one.text,
                "" if one.since_us is None else _at(one.since_us, start),
                one.fault,
            )
            for window, one in found[:MOST_FOUND]
        ],
        found_total=len(found) + sum(window.more_findings for window in windows),
        lost=[
            LostRow(_at(one.time_us, start), one.fault, one.is_blind, one.text)
            for window in windows
            for one in window.lost
        ][:MOST_FOUND],
        asked=_asked(windows),
        strange=strange.most_common(),
    )


def _facts(windows: Sequence[Judged]) -> list[tuple[str, str]]:
    last = windows[-1]
    beliefs = sum(window.beliefs for window in windows)
    asked = sum(sum(one.codes.values()) for window in windows for one in window.requests)
    facts = [
        ("held by", last.isolation),
        ("outside", last.outside),
        ("requests", f"{asked:,}"),
        ("beliefs seen", f"{beliefs:,}" if beliefs else "none"),
    ]
    latest = max(windows, key=lambda window: window.kpis.get(AGAIN) or 0.0)
    if latest.late:
        facts.append(("quoted again", latest.late))
    return facts + [(f"belief {name}", why) for name, why in last.troubles.items() if why]


def _at(time_us: int, start_us: int) -> str:
    """Minutes and seconds since the lane began."""
    seconds = max(0, time_us - start_us) // 1_000_000
    return f"{seconds // 60}:{seconds % 60:02d}"


def _bar(start_us: int, end_us: int, lane: tuple[int, int], told: str) -> Bar:
    whole = max(1, lane[1] - lane[0])
    left = min(max(start_us - lane[0], 0), whole)
    right = min(max(end_us - lane[0], left), whole)
    return Bar(100 * left / whole, 100 * (right - left) / whole, told)


def _faults(windows: Sequence[Judged], start: int, end: int) -> list[Track]:
    """A track for each fault; one that goes on over a window's end is told by both."""
    spells = {(one.name, one.start_us): one for window in windows for one in window.faults}
    kinds = {one.name: one.kind for one in spells.values()}
    tracks = []
    for name, kind in kinds.items():
        mine = [one for one in spells.values() if one.name == name]
        hits = sum(one.hits for one in mine)
        bars = [
            _bar(one.start_us, one.end_us or end, (start, end), _at(one.start_us, start))
            for one in mine
        ]
        met = f"{plural(len(mine), 'time')}, {_met(mine, hits)}"
        tracks.append(Track(name, f"{kind.replace('_', ' ')}: {met}", False, bars))
    return sorted(tracks, key=lambda track: track.bars[0].left)


def _met(spells: Sequence[Spell], hits: int) -> str:
    if hits:
        return f"met {hits}"
    return "not counted" if any(one.met for one in spells) else "met nothing of the bot's"


def _findings(windows: Sequence[Judged], start: int, end: int) -> list[Track]:
    by_kpi: dict[str, list[Bar]] = {}
    for window in windows:
        for one in window.findings:
            bar = _bar(one.time_us, one.time_us, (start, end), _at(one.time_us, start))
            by_kpi.setdefault(one.kpi, []).append(bar)
    return [Track(kpi, plural(len(bars), "finding"), True, bars) for kpi, bars in by_kpi.items()]


def _asked(windows: Sequence[Judged]) -> list[AskedRow]:
    codes: dict[str, Counter[str]] = {}
    unanswered: Counter[str] = Counter()
    for one in (one for window in windows for one in window.requests):
        codes.setdefault(one.endpoint, Counter()).update(one.codes)
        unanswered[one.endpoint] += one.unanswered
    return [
        AskedRow(
            endpoint,
            sum(counts.values()),
            ", ".join(f"{code} x {count}" for code, count in sorted(counts.items()) if code != "0"),
            unanswered[endpoint],
        )
        for endpoint, counts in sorted(codes.items())
    ]
