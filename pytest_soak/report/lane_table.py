"""Tables of KPIs by lane, or by iteration, that fit a terminal."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pytest_soak.artifacts.models import LaneOutcome
from pytest_soak.gates.engine import OF_ITERATIONS, Verdict
from pytest_soak.kpi.definitions import kpi_order
from pytest_soak.report.columns import label_of
from pytest_soak.report.fitted import Column, table_lines
from pytest_soak.report.iteration_rows import GRACE
from pytest_soak.text import NO_VALUE, brief

JUDGED, COUNTS = "P/W/F", "P/W/F+grace"
"""What `counts` are, without any grace and with it."""
_LANE, _DRIFT = 20, 8


class LaneLine(NamedTuple):
    """What the table says of a lane; `verdict` may be a word in its place."""

    lane: str
    iterations: int
    planned: int
    counts: Mapping[str, int]
    ungraded: Mapping[str, int]
    medians: Mapping[str, float | None]
    drifts: Collection[str]
    verdict: str


def ended(lane: LaneOutcome) -> LaneLine:
    """The line of a lane that ended."""
    return LaneLine(
        lane.lane,
        lane.iterations,
        lane.planned,
        lane.counts,
        lane.ungraded,
        lane.medians,
        lane.drifts,
        str(lane.verdict or NO_VALUE),
    )


def lane_table(lanes: Sequence[LaneLine], judged: Iterable[str], width: int) -> list[str]:
    """A line of heads, then a line a lane: its medians of what is `judged`, as far as they fit."""
    words = [_words(lane) for lane in lanes]
    counted, graces = list(map(counts, words)), any(one[GRACE] for one in words)
    drifts = [", ".join(map(label_of, lane.drifts)) for lane in lanes]
    columns = [
        Column("lane", [lane.lane for lane in lanes], least=_LANE),
        Column("it", [_done(lane.iterations, lane.planned) for lane in lanes], number=True),
        Column(COUNTS if graces else JUDGED, counted, number=True),
        *kpi_columns(judged, [lane.medians for lane in lanes]),
        *([Column("drift", drifts, least=_DRIFT)] if any(drifts) else []),
        Column("verdict", [lane.verdict for lane in lanes]),
    ]
    return table_lines(columns, width)


def kpi_columns(judged: Iterable[str], rows: Sequence[Mapping[str, Any]]) -> list[Column]:
    """What was measured in some row: what is `judged` first; the last is the first to give way."""
    others = dict.fromkeys(name for row in rows for name in row)
    names = dict.fromkeys([*sorted(judged, key=kpi_order), *sorted(others, key=kpi_order)])
    shown = [name for name in names if any(row.get(name) is not None for row in rows)]
    return [
        Column(label_of(name), [brief(row.get(name)) for row in rows], number=True, spare=spare)
        for spare, name in enumerate(shown, start=1)
    ]


def counts(words: Mapping[str, int]) -> str:
    """How many iterations had which verdict, and how many have none yet: `21/3/0+4`, `24/0/0`."""
    judged = "/".join(str(words.get(verdict, 0)) for verdict in OF_ITERATIONS)
    others = sum(n for word, n in words.items() if word not in OF_ITERATIONS)
    return f"{judged}+{others}" if others else judged


def _words(lane: LaneLine) -> dict[str, int]:
    """The iterations by verdict; those that the grace softened by that, as a failed one is none."""
    grace = {name: n for name, n in lane.ungraded.items() if name != Verdict.FAIL}
    judged = {name: n - grace.get(name, 0) for name, n in lane.counts.items()}
    return judged | {GRACE: sum(grace.values())}


def _done(iterations: int, planned: int) -> str:
    return str(iterations) if iterations == planned else f"{iterations}/{planned}"
