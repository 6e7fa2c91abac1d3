"""How often a leak is seen, and how often one is seen that is none: docs/GROWTH.md.

Synthetic memory of a process, each 5 s, looked at as the criterion `memory` does: after each five
minutes from the second hour on. Run: python -m benchmarks.growth
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.lanes import ROOT, put_section, table
from pytest_soak.stats.growth import Lows, grows

DOCUMENT = ROOT / "docs" / "GROWTH.md"
SEED, TIMES, HOURS, LIMIT = 42, 100, 12.0, 100.0
HOUR_US, STEP_US = 3_600_000_000, 5_000_000

Floats = NDArray[np.float64]
Shape = Callable[[Floats, np.random.Generator], Floats]

HEAD = ["shape", "should it", "fires", "when"]


def saw(minutes: float, mb: float) -> Shape:
    """Memory that climbs by so much, and falls back each so many minutes."""

    def shape(hours: Floats, rng: np.random.Generator) -> Floats:
        return mb * ((hours * 60 / minutes + rng.uniform()) % 1.0)

    return shape


def leak(mb_per_h: float) -> Shape:
    """Memory that grows, under a saw of three minutes."""

    def shape(hours: Floats, rng: np.random.Generator) -> Floats:
        return mb_per_h * hours + saw(3, 100)(hours, rng)

    return shape


def flat(hours: Floats, rng: np.random.Generator) -> Floats:
    """Memory that stays."""
    return np.zeros(len(hours))


def wavering(hours: Floats, rng: np.random.Generator) -> Floats:
    """Memory that wavers slowly, with a standard deviation of 10 MB over half an hour or so."""
    keep = 1.0 - 5.0 / 1800.0
    noise = rng.normal(0.0, 10.0 * np.sqrt(1.0 - keep**2), len(hours))
    noise[0] = rng.normal(0.0, 10.0)
    for n in range(1, len(noise)):
        noise[n] += keep * noise[n - 1]
    return noise


def filling(hours: Floats, rng: np.random.Generator) -> Floats:
    """Caches that fill, by two thirds of 400 MB in a quarter of an hour."""
    return 400.0 * (1.0 - np.exp(-hours * 4.0))


SHAPES: dict[str, tuple[Shape, bool]] = {
    "stays": (flat, False),
    "wavers slowly by 10 MB": (wavering, False),
    "falls back each 3 min, by 200 MB": (saw(3, 200), False),
    "falls back each 20 min, by 200 MB": (saw(20, 200), False),
    "falls back each 90 min, by 200 MB": (saw(90, 200), False),
    "fills caches of 400 MB": (filling, False),
    "leaks 60 MB/h": (leak(60), False),
    "leaks 120 MB/h": (leak(120), True),
    "leaks 200 MB/h": (leak(200), True),
}


class Rate(NamedTuple):
    """The share of series at which it fires, and the median hour; NaN where it never does."""

    share: float
    hour: float


def memory(shape: Shape, hours: float, rng: np.random.Generator) -> Lows:
    """A series of a shape, with the noise of a sampler."""
    at = np.arange(0, int(hours * HOUR_US), STEP_US)
    values = 500.0 + shape(at / HOUR_US, rng) + rng.normal(0.0, 2.0, len(at))
    return Lows().with_values(at, values)


def fires(series: Lows, limit: float) -> float | None:
    """The hour at which it fires, None where it does not."""
    for count in range(1, len(series.lows)):
        start, low = series.lows[count]
        so_far = series.model_copy(
            update={"lows": series.lows[:count], "unfinished": ((start, low),)}
        )
        if grows(so_far, limit):
            return start / HOUR_US
    return None


def rate(shape: Shape, times: int, hours: float) -> Rate:
    """How often it fires at a shape, and when."""
    rng = np.random.default_rng(SEED)
    found = [fires(memory(shape, hours, rng), LIMIT) for _ in range(times)]
    when = [hour for hour in found if hour is not None]
    return Rate(len(when) / times, float(np.median(when)) if when else float("nan"))


def main() -> None:
    """Write the document's table."""
    rows = []
    for name, (shape, should) in SHAPES.items():
        found = rate(shape, TIMES, HOURS)
        when = "-" if np.isnan(found.hour) else f"{found.hour:.1f}"
        rows.append([name, "yes" if should else "no", f"{100 * found.share:.0f} %", when])
    put_section(DOCUMENT, "synthetic", table(HEAD, rows))


if __name__ == "__main__":
    main()
