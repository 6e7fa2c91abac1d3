"""What a lane earned and what its tuner did, over all its iterations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from pytest_soak.engine.record import IterationRecord
from pytest_soak.kpi.spans import equity_drawdown
from pytest_soak.report.iteration_rows import word
from pytest_soak.text import brief, plural

_SUMS = {"net_quote": "PnL", "volume_quote": "volume", "num_fills": "fills"}
_FALL = "max_drawdown_quote"


class Totals:
    """Adds up the iterations of a lane; `counts` are they by verdict, or why they have none."""

    def __init__(self) -> None:
        self._rows: list[Row] = []
        self.counts: Counter[str] = Counter()
        self._suggested = 0
        self._applied = 0

    def add(self, record: IterationRecord) -> None:
        """One more iteration."""
        self.counts[word(record)] += 1
        self._rows.append(row_of(record.summary.kpis))
        self._suggested += len(record.tuning.suggested)
        self._applied += len(record.tuning.deltas)

    def money(self) -> str:
        """As the function `money`, of this lane."""
        return money([self._rows])

    def tuner(self, *, shown: bool) -> str:
        """How many steps were suggested and applied; empty without any.

        Says how they are seen, unless they were `shown`.
        """
        if self._applied:
            return f"tuner: {self._applied} of {plural(self._suggested, 'suggestion')} applied"
        told = plural(self._suggested, "suggestion")
        how = "" if shown else " (-v shows them)"
        return f"tuner: {told}, none applied{how}" if self._suggested else ""


Row = tuple[float | None, ...]
"""What of an iteration counts as money; `row_of` makes it."""


def row_of(kpis: Mapping[str, float | None]) -> Row:
    """What of an iteration's KPIs counts as money."""
    return tuple(kpis.get(name) for name in (*_SUMS, _FALL))


def money(lanes: Sequence[Sequence[Row]]) -> str:
    """PnL, volume and fills in total, and the largest drawdown of any lane; empty of none.

    `lanes` are their iterations in order. A figure that not every one has says of how many it is.
    """
    rows = [row for lane in lanes for row in lane]
    parts = []
    for place, (name, label) in enumerate(_SUMS.items()):
        known = [value for row in rows if (value := row[place]) is not None]
        if known:
            sign = "+" if name == "net_quote" and sum(known) > 0 else ""
            parts.append(f"{label} {sign}{brief(sum(known))}{_of(len(known), len(rows))}")
    falls = [
        [(row[0], row[-1]) for row in lane if row[0] is not None and row[-1] is not None]
        for lane in lanes
    ]
    if any(falls):
        worst = max(equity_drawdown(fall) for fall in falls if fall)
        parts.append(f"max drawdown {brief(worst)}{_of(sum(map(len, falls)), len(rows))}")
    return ", ".join(parts)


def _of(known: int, iterations: int) -> str:
    return "" if known == iterations else f" (of {plural(known, 'iteration')})"
