"""How often a trend is claimed where there is none, and found where there is: docs/TREND.md.

AR(1) series with Student's t on 3 degrees of freedom as noise, seed 42. Run: python -m
benchmarks.trend
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.lanes import ROOT
from pytest_soak.stats.trend import LEAST_EFFECTIVE, LEAST_POINTS, Drift, recent_and_whole

DOCUMENT = ROOT / "docs" / "TREND.md"
SEED, TIMES = 42, 2000
LENGTHS = (8, 12, 18, 24, 72, 240)
LIKENESS = (0.0, 0.3, 0.6, 0.9)
CHANCES = (0.05, 0.01)
RECENT, LEAD, RISE = 8, 50, 3.0
CLAIMS = (Drift.RISING, Drift.FALLING)

TEXT = """# How far a trend can be trusted

`pytest-soak trend` and the report give each KPI a slope (Theil and Sen's), an interval, and a
verdict: `rising`, `falling`, `none seen` (the interval holds 0), or `inconclusive` (there is no
bounded interval: fewer than {least} points, or points so alike that they are worth fewer than
{effective:g} independent ones). Method and sources are in `pytest_soak/stats/trend.py`.

In one table the gated KPIs share a chance of 5 %, and so do the others: with five gated KPIs each
has 1 %. The figures below are measured on {times} simulated series
each, autocorrelated with r from one iteration to the next, with heavy tails
(`python -m benchmarks.trend`). *False*: a drift is claimed though there is none, over all n points
/ over the last 8 of them. *Found*: a rise of {rise:g} standard deviations over the n points is
called rising. *Inconclusive*: nothing is claimed of a series without drift, over all n points.

{tables}
What follows. Up to r = 0.6 false claims stay near the stated chance. At r = 0.9 short series claim
too much, though most of the time they are `inconclusive`; from some 70 points on they hold again.
Eight points alone hardly ever tell anything: over the last 8 the verdict is of use because the
noise is learnt from the whole lane, and even then only a steep slope is found.
"""


class Rates(NamedTuple):
    """Shares of series: false claims over all and over the last 8, rises found, inconclusive."""

    false: float
    recent: float
    found: float
    inconclusive: float


def series(rng: np.random.Generator, n: int, r: float) -> NDArray[np.float64]:
    """An AR(1) series of unit standard deviation, settled."""
    noise = rng.standard_t(3, LEAD + n) / math.sqrt(3.0) * math.sqrt(1.0 - r * r)
    for k in range(1, LEAD + n):
        noise[k] += r * noise[k - 1]
    return noise[LEAD:]


def rates(n: int, r: float, chance: float, times: int) -> Rates:
    """Simulate `times` series of `n` points."""
    rng = np.random.default_rng(SEED)
    x = np.arange(n, dtype=np.float64)
    counts = np.zeros(4)
    for _ in range(times):
        y = series(rng, n, r)
        recent, whole = recent_and_whole(x, y, RECENT, chance)
        _, risen = recent_and_whole(x, y + RISE * x / (n - 1), RECENT, chance)
        counts += (
            whole.drift in CLAIMS,
            recent.drift in CLAIMS,
            risen.drift is Drift.RISING,
            whole.drift is Drift.INCONCLUSIVE,
        )
    return Rates(*(counts / times))


def table(chance: float, times: int) -> str:
    """The rates at one chance, as Markdown."""
    lines = [
        f"Chance {chance:.0%} a KPI (false over n / over the last 8, found, inconclusive; in %):",
        "",
        "| n | " + " | ".join(f"r = {r}" for r in LIKENESS) + " |",
        "|---" * (len(LIKENESS) + 1) + "|",
    ]
    for n in LENGTHS:
        cells = [rates(n, r, chance, times if n < 100 else times // 5) for r in LIKENESS]
        shown = (
            f"{100 * c.false:.1f} / {100 * c.recent:.1f}, {100 * c.found:.0f}, "
            f"{100 * c.inconclusive:.0f}"
            for c in cells
        )
        lines.append(f"| {n} | {' | '.join(shown)} |")
    return "\n".join([*lines, ""])


def main() -> None:
    """Write the document."""
    text = TEXT.format(
        least=LEAST_POINTS,
        effective=LEAST_EFFECTIVE,
        times=f"{TIMES} (n = 240: {TIMES // 5})",
        rise=RISE,
        tables="\n".join(table(chance, TIMES) for chance in CHANCES),
    )
    DOCUMENT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
