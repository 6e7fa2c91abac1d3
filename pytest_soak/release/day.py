"""What the feeds of a lane tell of a UTC day, beside the rows that are made of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from pytest_soak.artifacts.budget_models import StageBudgets
from pytest_soak.dataset.row import Row
from pytest_soak.dataset.summary import totals
from pytest_soak.errors import one_line
from pytest_soak.kpi.tables import Rows
from pytest_soak.observation.columns import TICK
from pytest_soak.observation.feed_files import DAY_US
from pytest_soak.observation.from_feeds import as_rows, between
from pytest_soak.observation.stored_feeds import Stored
from pytest_soak.release.budgets import stage_budgets

Numbers = Mapping[str, float | None]
LONGEST_CODE = 60


class LaneDay(NamedTuple):
    """A day of a lane: its ticks, blocks by reason, errors by code, and how often it restarted.

    None where no feed tells it.
    """

    ticks: Rows
    blocks: Counter[str] | None
    errors: Counter[str] | None
    restarts: int | None


class DayFigures(NamedTuple):
    """The figures of a day by name; `budgets` are of all its ticks, None where there are none."""

    kpis: Numbers
    budgets: StageBudgets | None
    blocks: Counter[str] | None
    errors: Counter[str] | None


def lane_days(stored: Stored) -> Iterator[tuple[int, LaneDay]]:
    """Each day, counted from 1970, of which a part of the feeds tells something."""
    present = stored.present
    for day in range(stored.start_us // DAY_US, -(-stored.end_us // DAY_US)):
        span = max(stored.start_us, day * DAY_US), min(stored.end_us, (day + 1) * DAY_US)
        inside = {name: between(table, *span) for name, table in stored.tables.items()}
        blocks = Counter(map(str, inside["blocks"]["reason"].tolist()))
        errors = Counter(map(error_code, inside["errors"]["text"].tolist()))
        wanted = inside["quoting"]["intended_changes"].any()
        started = inside["resources"]["started_us"]
        yield (
            day,
            LaneDay(
                as_rows(inside["pipeline_ticks"], TICK),
                blocks if "blocks" in present or wanted else None,
                errors if "errors" in present else None,
                int(np.count_nonzero(np.diff(started))) if "resources" in present else None,
            ),
        )


def error_code(text: str) -> str:
    """What an error is counted as: what it says before its first colon."""
    return one_line(text.partition(":")[0].strip())[:LONGEST_CODE] or "without a text"


def joined(parts: Sequence[LaneDay]) -> LaneDay:
    """Days of several lanes, or parts of one, together."""
    return LaneDay(
        np.concatenate([np.zeros(0, TICK), *(part.ticks for part in parts)]),
        _together([part.blocks for part in parts]),
        _together([part.errors for part in parts]),
        _sum([part.restarts for part in parts]),
    )


def day_figures(day: int, rows: Sequence[Row], told: LaneDay, interval_us: int) -> DayFigures:
    """The figures of a day, counted from 1970, of rows of all lanes and what else is told."""
    every = totals(rows, interval_us)
    count = len(told.ticks)
    kpis: dict[str, float | None] = {
        "covered_hours": every.hours,
        "intervals_refused": sum(not row.accepted for row in rows),
        "lines_missing": sum(row.seq_gaps for row in rows),
        "restarts": told.restarts,
        "ticks": sum(row.ticks for row in rows),
        "fills": sum(row.fills for row in rows),
        **{name: value for name, value in every.kpis.items() if not name.startswith("worst_")},
        "deadline_misses": int(told.ticks["deadline_miss"].sum()) if count else None,
    }
    return DayFigures(kpis, _budgets(day, told.ticks), told.blocks, told.errors)


def _budgets(day: int, ticks: Rows) -> StageBudgets | None:
    if not len(ticks):
        return None
    span = day * DAY_US, (day + 1) * DAY_US
    return stage_budgets(ticks, span, lane="", seed=0, flags_hash="", source="", meta={})


def _together(parts: Sequence[Counter[str] | None]) -> Counter[str] | None:
    told = [part for part in parts if part is not None]
    return sum(told, Counter()) if told else None


def _sum(values: Sequence[int | None]) -> int | None:
    told = [value for value in values if value is not None]
    return sum(told) if told else None
