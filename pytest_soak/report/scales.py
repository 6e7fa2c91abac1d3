"""Where values stand along an axis, and the round numbers beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """An axis from the value `low` at `start` to `high` at `end`, in the units of an SVG."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    def holds(self, value: float) -> bool:
        """Whether a value lies on the axis."""
        return self.low <= value <= self.high

    def at(self, value: float) -> float:
        """Where a value stands; one beyond an end stands at that end."""
        held = min(max(value, self.low), self.high)
        low, high, held = (self._length(v) for v in (self.low, self.high, held))
        return self.start + (held - low) / (high - low) * (self.end - self.start)

    def ticks(self, most: int) -> list[float]:
        """Round numbers on the axis: about `most`, or those of each decade."""
        if not self.logarithmic:
            return round_ticks(self.low, self.high, most)
        decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        steps = (1, 2, 5) if self.high <= 100 * self.low else (1,)
        found = (float(f"{step}e{decade}") for decade in decades for step in steps)
        return [tick for tick in found if self.holds(tick)]

    def _length(self, value: float) -> float:
        return math.log(value) if self.logarithmic else value


def round_ticks(low: float, high: float, most: int, *, whole: bool = False) -> list[float]:
    """At most about `most` round numbers from `low` to `high`."""
    raw = (high - low) / most
    if raw <= 0.0:
        return [low]
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= raw * 0.999)
    step = max(step, 1.0) if whole else step
    start = math.ceil(low / step)
    ticks = [round(k * step, 12) for k in range(start, math.floor(high / step) + 1)]
    return [low, *(t for t in ticks if t > low + step / 2)] if whole else ticks


def short(value: float) -> str:
    """A place in an SVG, to a tenth."""
    return f"{value:.1f}".removesuffix(".0")


def axis_text(value: float) -> str:
    """A number beside an axis, in few letters: `0.25`, `350`, `12k`, `-1.5M`."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.4g}{letter}"
    return f"{value:.4g}"
