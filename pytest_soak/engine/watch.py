"""Sustained criteria over a lane: fed with its events, evaluated at each full minute of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict, field_validator

from pytest_soak.config.durations import span_us
from pytest_soak.engine.tail import Tail, check, packed, unpacked
from pytest_soak.gates.criteria import GRID_US, Criteria, Criterion
from pytest_soak.gates.sustained import Sustained, Transition, advance
from pytest_soak.kpi.tables import GROWTH_KPIS, Rows
from pytest_soak.kpi.usage import Usage, growth_kpis
from pytest_soak.kpi.windows import WINDOW_METRICS
from pytest_soak.observation.convert import TABLES

if TYPE_CHECKING:
    from pytest_soak.observation.columns import Observation


MINUTE_US = 60_000_000
MOST_WINDOWS = 2
"""Beyond so many times its length a window cannot reach, whatever its times say."""


class Watched(BaseModel):
    """What criteria found in a window, and what they leave to the next one.

    `tails` are the rows that a later evaluation may still look at, by table, and of a table that
    has had any at least the last one. `transitions` are those of the window, `absent` the criteria
    that have had nothing to look at so far.
    """

    model_config = ConfigDict(frozen=True)

    sustained: Sustained = Sustained()
    tails: dict[str, Tail] = {}
    transitions: tuple[Transition, ...] = ()
    absent: tuple[str, ...] = ()

    @field_validator("tails")
    @classmethod
    def _are_rows(cls, tails: dict[str, Tail]) -> dict[str, Tail]:
        for table, tail in tails.items():
            check(table, tail)
        return tails

    @property
    def fired(self) -> Transition | None:
        """The stop that the window ended with, if it did."""
        return next((t for t in self.transitions if t.kind == "stop"), None)

    def without_rows(self) -> Watched:
        """What it says of its own window."""
        return self.model_copy(update={"tails": {}})

    def still(self) -> list[str]:
        """The criteria that warned before the window, and still do."""
        new = {transition.criterion for transition in self.transitions}
        return [n for n, s in self.sustained.standings.items() if s.warned and n not in new]


class Vigil:
    """Watches one window: `hear` its events part by part, then `close` it.

    `usage` is the lane's before the window, `minutes` about how long that is: what claims to be of
    much later is not waited for. Once a criterion has stopped, nothing is evaluated. `seen` is told
    how all stand after each evaluation.
    """

    def __init__(
        self,
        criteria: Criteria,
        watched: Watched,
        usage: Usage,
        minutes: float = 60.0,
        seen: Callable[[Sustained], None] = lambda _: None,
    ) -> None:
        self._criteria = criteria
        self._seen = seen
        self._state = watched.sustained
        self._longest = _tables(criteria.criteria)
        self._rows = {table: _nothing(criteria.criteria, table) for table in self._longest}
        self._rows |= {table: unpacked(table, tail) for table, tail in watched.tails.items()}
        self._usage = usage
        self._minutes = minutes
        self._used = 0
        self._next = 0
        self._latest = 0
        self._transitions: list[Transition] = []
        self._end: int | None = None

    @property
    def stopped(self) -> bool:
        """Whether a criterion has stopped."""
        return any(transition.kind == "stop" for transition in self._transitions)

    @property
    def sustained(self) -> Sustained:
        """How all stand after the last evaluation."""
        return self._state

    @property
    def heard(self) -> bool:
        """Whether there have been any events."""
        return self._end is not None

    def hear(self, part: Observation) -> tuple[Transition, ...]:
        """Take the events of the span that follows; what comes of its minutes before its end.

        What happens in the very microsecond of its end may be in the next part, so that the minute
        that it ends with is left to that, or to `close`.
        """
        if self._end is None:
            self._begin(part.start_us)
        for table, rows in self._rows.items():
            columns = rows.dtype.names or ()
            if not part.lacks(*(f"{table}.{column}" for column in columns)):
                self._take(table, getattr(part, table))
        self._end = part.end_us
        found = self._evaluate(part.end_us - 1)
        self._forget()
        return found

    def close(self) -> tuple[Watched, tuple[Transition, ...]]:
        """The window is over; what of it is left, and what comes of its very last minute."""
        last = () if self._end is None else self._evaluate(self._end)
        absent = [c.name for c in self._criteria.criteria if not len(self._rows[_table(c)])]
        watched = Watched(
            sustained=self._state,
            tails=self._tails(),
            transitions=tuple(self._transitions),
            absent=tuple(absent),
        )
        return watched, last

    def _begin(self, start_us: int) -> None:
        """Forget what another clock called later, and leave out the minutes of a gap."""
        for table, rows in self._rows.items():
            self._rows[table] = rows[rows["time_us"] <= start_us]
        self._used = len(self._rows.get("resources", ()))
        at = start_us if self._state.at is None else max(self._state.at, start_us)
        self._next = at // GRID_US * GRID_US + GRID_US
        self._latest = start_us + int(MOST_WINDOWS * self._minutes * MINUTE_US)

    def _take(self, table: str, rows: Rows) -> None:
        before = self._rows[table]
        new = rows[np.argsort(rows["time_us"], kind="stable")][list(before.dtype.names or ())]
        self._rows[table] = np.concatenate([before, new])

    def _evaluate(self, until: int) -> tuple[Transition, ...]:
        found: list[Transition] = []
        while self._next <= min(until, self._latest) and not self.stopped:
            values = self._values(self._next)
            self._state, new = advance(self._criteria, self._state, self._next, values)
            self._seen(self._state)
            self._transitions += new
            found += new
            self._next += GRID_US
        return tuple(found)

    def _values(self, t: int) -> dict[str, float | None]:
        """The value of each criterion at `t`, without those that have had nothing to look at."""
        ends = {n: int(np.searchsorted(r["time_us"], t, "right")) for n, r in self._rows.items()}
        values: dict[str, float | None] = {}
        for criterion in self._criteria.criteria:
            table = _table(criterion)
            if not ends[table]:
                continue
            if criterion.metric in GROWTH_KPIS:
                grown = self._growth(criterion.metric, ends[table])
                values |= {} if grown is None else {criterion.name: grown}
            else:
                values[criterion.name] = _value(criterion, self._rows[table][: ends[table]], t)
        return values

    def _growth(self, metric: str, end: int) -> float | None:
        """The growth up to row `end` of the resources; None before there is one."""
        self._usage = self._usage.with_rows(self._rows["resources"][self._used : end])
        self._used = max(end, self._used)
        return growth_kpis(self._usage)[metric]

    def _forget(self) -> None:
        """Let go of the rows that no evaluation will look at, but for the last one."""
        for table, rows in self._rows.items():
            after = self._next - GRID_US - self._longest[table]
            past = min(int(np.searchsorted(rows["time_us"], after, "right")), max(len(rows) - 1, 0))
            self._rows[table] = rows[past:]
            if table == "resources":
                self._used = max(0, self._used - past)

    def _tails(self) -> dict[str, Tail]:
        tails = {}
        for table, rows in self._rows.items():
            if len(rows) and self._end is not None:
                after = self._end - self._longest[table]
                first = int(np.searchsorted(rows["time_us"], after, "right"))
                tails[table] = packed(rows[min(first, len(rows) - 1) :])
        return tails


def _value(criterion: Criterion, rows: Rows, t: int) -> float | None:
    """The value of a criterion at `t`, `rows` being all up to then."""
    metric = WINDOW_METRICS[criterion.metric]
    if criterion.window is None:
        return metric.of(rows, 0.0)
    window = span_us(criterion.window)
    first = int(np.searchsorted(rows["time_us"], t - window, "right"))
    return metric.of(rows[first:], window / MINUTE_US)


def _table(criterion: Criterion) -> str:
    return WINDOW_METRICS[criterion.metric].table


def _tables(criteria: Sequence[Criterion]) -> dict[str, int]:
    """The tables that criteria look at, and how many microseconds back."""
    found: dict[str, int] = {}
    for criterion in criteria:
        table = _table(criterion)
        window = 0 if criterion.window is None else span_us(criterion.window)
        found[table] = max(window, found.get(table, 0))
    return found


def _nothing(criteria: Sequence[Criterion], table: str) -> Rows:
    """No rows of a table, with the columns that criteria look at."""
    metrics = [WINDOW_METRICS[c.metric] for c in criteria if _table(c) == table]
    columns = dict.fromkeys(["time_us", *(name for metric in metrics for name in metric.columns)])
    return np.zeros(0, [(name, TABLES[table][name]) for name in columns])
