"""What a lane earned and what its tuner did, over all its iterations."""

from __future__ import annotations

from collections import Counter

from pytest_soak.engine.record import IterationRecord
from pytest_soak.kpi.spans import equity_drawdown
from pytest_soak.report.iteration_rows import word
from pytest_soak.text import brief, plural

_SUMS = {"net_quote": "PnL", "volume_quote": "volume", "num_fills": "fills"}
_FALL = "max_drawdown_quote"


class Totals:
    """Adds up the iterations of a lane; `counts` are they by verdict, or why they have none."""

    def __init__(self) -> None:
        self._rows: list[tuple[float | None, ...]] = []
        self.counts: Counter[str] = Counter()
        self._suggested = 0
        self._applied = 0

    def add(self, record: IterationRecord) -> None:
        """One more iteration."""
        self.counts[word(record)] += 1
        self._rows.append(tuple(record.summary.kpis.get(name) for name in (*_SUMS, _FALL)))
        self._suggested += len(record.tuning.suggested)
        self._applied += len(record.tuning.deltas)

    def money(self) -> str:
        """PnL, volume and fills in total, and the largest drawdown; empty where none is known.

        A figure that not every iteration has says of how many it is.
        """
        parts = []
        for place, (name, label) in enumerate(_SUMS.items()):
            known = [value for row in self._rows if (value := row[place]) is not None]
            if known:
                total = sum(known)
                sign = "+" if name == "net_quote" and total > 0 else ""
                parts.append(f"{label} {sign}{brief(total)}{self._of(len(known))}")
        falls = [
            (row[0], row[-1]) for row in self._rows if row[0] is not None and row[-1] is not None
        ]
        if falls:
            parts.append(f"max drawdown {brief(equity_drawdown(falls))}{self._of(len(falls))}")
        return ", ".join(parts)

    def tuner(self) -> str:
        """How many steps were suggested and applied; empty without any."""
        if self._applied:
            return f"tuner: {self._applied} of {plural(self._suggested, 'suggestion')} applied"
        told = plural(self._suggested, "suggestion")
        return f"tuner: {told}, none applied (-v shows them)" if self._suggested else ""

    def _of(self, known: int) -> str:
        return "" if known == len(self._rows) else f" (of {plural(known, 'iteration')})"
