"""From the feeds of a soak's lanes to the report of a day."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import fsum
from pathlib import Path
from typing import Any, NamedTuple

from pytest_soak.artifacts.daily_models import DailyReport
from pytest_soak.artifacts.lock_models import LockedBudgets
from pytest_soak.commands.dataset import DAY_MINUTES, Request, make
from pytest_soak.commands.release_dataset import INTERVAL_MIN
from pytest_soak.dataset.filters import load_filters
from pytest_soak.dataset.numbering import without_doubles
from pytest_soak.dataset.row import Row
from pytest_soak.errors import SoakUsageError
from pytest_soak.gates.criteria import Criteria
from pytest_soak.gates.sustained import Transition
from pytest_soak.observation.feed_files import DAY_US, day_in
from pytest_soak.observation.stored_feeds import ALL, read_parts
from pytest_soak.release.daily import (
    Asked,
    Found,
    daily_report,
    date_of,
    day_criteria,
    gaps_of,
    no_report,
)
from pytest_soak.release.daily_rules import load_daily_rules
from pytest_soak.release.day import DayFigures, LaneDay, day_figures, joined, lane_days
from pytest_soak.release.ranking import earned, ranked
from pytest_soak.release.replay import Replay, Stood, recorded

_ROWS_A_DAY = DAY_MINUTES // INTERVAL_MIN
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class Source(NamedTuple):
    """A lane of a soak: its feeds, and what its records say that stop criteria did."""

    lane: str
    feeds: Path
    transitions: Sequence[Transition]


class Lane(NamedTuple):
    """What the feeds of a lane tell, by the day counted from 1970."""

    name: str
    rows: Mapping[int, list[Row]]
    days: Mapping[int, LaneDay]
    stood: Mapping[int, Mapping[str, Stood]]


def day_of(date: str) -> int:
    """The day, counted from 1970, of YYYY-MM-DD; SoakUsageError where it is none."""
    day = day_in(date) if _DATE.fullmatch(date) else None
    if day is None:
        raise SoakUsageError("--date", f"expected a day like 2024-01-31, got {date!r}")
    return day


def read_lane(source: Source, criteria: Criteria) -> Lane:
    """All that the feeds of a lane tell; SoakUsageError where they cannot be read."""
    rows: defaultdict[int, list[Row]] = defaultdict(list)
    for row in make(Request(source.feeds, None, None, INTERVAL_MIN, "")).rows:
        day = day_in(row.interval_start)
        assert day is not None
        rows[day].append(row)
    parts: defaultdict[int, list[LaneDay]] = defaultdict(list)
    replay = Replay(criteria)
    for stored in read_parts(source.feeds, ALL, DAY_US):
        tables, _ = without_doubles(stored.tables, stored.start_us, stored.end_us)
        once = stored._replace(tables=tables)
        replay.take(once)
        for day, told in lane_days(once):
            parts[day].append(told)
        del stored, once, tables  # or its lines are in memory while the next ones are read
    days = {day: joined(several) for day, several in parts.items()}
    return Lane(source.lane, rows, days, _with_records(replay, source.transitions))


def _with_records(replay: Replay, transitions: Sequence[Transition]) -> dict[int, dict[str, Stood]]:
    """How criteria stood: by the feeds, and by the soak's records those that no feed tells of."""
    told = {name for day in replay.days.values() for name in day}
    found = {day: dict(stood) for day, stood in replay.days.items()}
    for day, stood in recorded(one for one in transitions if one.criterion not in told).items():
        found.setdefault(day, {}).update(stood)
    return found


def report(
    lanes: Sequence[Lane],
    day: int | None,
    criteria: Criteria,
    locked: LockedBudgets | None,
    lock_file: str,
    **of: Any,
) -> DailyReport:
    """The report of a day, by default the last whole one, else the last one there is.

    `of` are plan, run, source and meta. Raises SoakUsageError for a day beyond those of the lanes.
    """
    rules = load_daily_rules()
    day = _last_day(lanes) if day is None else _checked(day, lanes)
    rows = {lane.name: lane.rows.get(day, []) for lane in lanes}
    every = [row for part in rows.values() for row in part]
    least = load_filters().interval.least_coverage
    coverage = fsum(row.coverage for row in every) / (_ROWS_A_DAY * len(lanes))
    complete = all(_is_complete(part, least) for part in rows.values())
    asked = Asked(day, coverage, complete, of)
    if not _has_data(every):
        return no_report(asked, rules)
    found = Found(
        days={each: _figures(each, lanes) for each in _every_day(lanes)},
        criteria=[
            one
            for lane in lanes
            for one in day_criteria(lane.name, criteria, lane.stood.get(day, {}))
        ],
        gaps=[gap for name, part in rows.items() for gap in gaps_of(name, part, least)],
        ranking=ranked([earned(name, part) for name, part in rows.items()], rules),
        locked=locked,
        lock_file=lock_file,
    )
    return daily_report(asked, found, rules)


def _figures(day: int, lanes: Sequence[Lane]) -> DayFigures:
    rows = [row for lane in lanes for row in lane.rows.get(day, [])]
    told = joined([lane.days[day] for lane in lanes if day in lane.days])
    return day_figures(day, rows, told, INTERVAL_MIN * 60_000_000)


def _every_day(lanes: Sequence[Lane]) -> set[int]:
    """The days of which some lane tells something."""
    return {day for lane in lanes for day, rows in lane.rows.items() if _has_data(rows)}


def _has_data(rows: Iterable[Row]) -> bool:
    return any(row.ticks or row.fills or row.coverage for row in rows)


def _is_complete(rows: Sequence[Row], least: float) -> bool:
    return len(rows) == _ROWS_A_DAY and all(row.coverage >= least for row in rows)


def _is_whole(rows: Sequence[Row]) -> bool:
    """Whether feeds reach from one end of a day to the other, be there gaps in it."""
    return len(rows) == _ROWS_A_DAY and rows[0].coverage > 0.0 < rows[-1].coverage


def _last_day(lanes: Sequence[Lane]) -> int:
    days = _every_day(lanes)
    whole = [day for day in days if all(_is_whole(lane.rows.get(day, [])) for lane in lanes)]
    return max(whole or days)


def _checked(day: int, lanes: Sequence[Lane]) -> int:
    days = [day for lane in lanes for day in lane.rows]
    first, last = min(days), max(days)
    if not first <= day <= last:
        problem = f"there are no feeds of {date_of(day)}, only of {date_of(first)}"
        more = f" to {date_of(last)}" if last > first else ""
        raise SoakUsageError("--date", f"{problem}{more}")
    return day
