"""How B and A differ in a KPI: the difference block by block, and how sure its mean is."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pytest_soak.ab.blocks import Blocks, Contrast
from pytest_soak.stats.estimate import Floats
from pytest_soak.stats.sequential import (
    Noise,
    noise,
    skewness,
    skewness_error,
)


class Sides(NamedTuple):
    """A KPI under A and under B over equally many blocks, and its value block by block.

    The mean of `of_b - of_a` is the difference of `b` and `a`, of which they are the parts.
    """

    a: float
    b: float
    of_a: Floats
    of_b: Floats


class Metric(NamedTuple):
    """A KPI by its name, and how it follows from equal numbers of blocks; `unit` of a difference.

    `known` says of each block whether it has what the KPI needs.
    """

    name: str
    unit: str
    needs: tuple[str, ...]
    sides: Callable[[Blocks, Blocks], Sides]

    def known(self, blocks: Blocks) -> NDArray[np.bool_]:
        """Where a block has all that is needed, and something to divide by."""
        good = np.ones(blocks.shape, np.bool_)
        for name in self.needs:
            good &= np.isfinite(blocks[name])
        return good & (blocks[self.needs[-1]] > 0)


def _ratio(name: str, unit: str, over: str, under: str, scale: float) -> Metric:
    """A ratio of sums; a block's part of it is linear in the block's own sums (delta method)."""

    def values(blocks: Blocks) -> tuple[float, Floats]:
        whole = float(blocks[over].sum() / blocks[under].sum())
        rest = blocks[over] - whole * blocks[under]
        return scale * whole, scale * (whole + rest / blocks[under].mean())

    def sides(b: Blocks, a: Blocks) -> Sides:
        (of_b, parts_b), (of_a, parts_a) = values(b), values(a)
        return Sides(of_a, of_b, parts_a, parts_b)

    return Metric(name, unit, (over, under), sides)


def _relative(name: str) -> Metric:
    """A quantile, in percent of A's mean of it."""

    def sides(b: Blocks, a: Blocks) -> Sides:
        before, after = float(a[name].mean()), float(b[name].mean())
        return Sides(before, after, 100.0 / before * a[name], 100.0 / before * b[name])

    return Metric(name, "%", (name,), sides)


def _sum(name: str, unit: str) -> Metric:
    """Money, a block."""

    def sides(b: Blocks, a: Blocks) -> Sides:
        return Sides(float(a[name].mean()), float(b[name].mean()), a[name], b[name])

    return Metric(name, unit, (name, "volume_quote"), sides)


NET = _ratio("net_bps", "bps", "net_quote", "volume_quote", 1e4)
SLIPPAGE = _ratio("slippage_bps", "bps", "slippage_quote", "volume_quote", 1e4)
TICK = _relative("tick_total_p95_ms")
MONEY = _sum("net_quote", "quote a block")
TAKER = _ratio("taker_share_pct", "points", "taker_quote", "volume_quote", 100.0)
MISSES = _ratio("deadline_miss_ratio", "", "misses", "ticks", 1.0)
JUDGED = (NET, SLIPPAGE, TICK, MONEY)
METRICS = (*JUDGED, TAKER, MISSES)


class Difference(NamedTuple):
    """B - A of a metric over a number of `blocks`, beside `missing` ones that had no value.

    `joined` blocks in a row make one value of the noise. `correlation` is that of the block values
    of both, NaN of a constant. `skew` is the skewness of the values of the noise, `skew_error` its
    standard error.
    """

    metric: Metric
    a: float
    b: float
    blocks: int
    noise: Noise
    joined: int
    correlation: float
    skew: float
    skew_error: float
    missing: int

    @property
    def delta(self) -> float:
        """B - A; of a quantile in percent."""
        return self.noise.mean

    @property
    def constant(self) -> bool:
        """Whether the difference is the same in every block."""
        return self.noise.sd == 0.0


def difference(metric: Metric, contrast: Contrast, likeness: float) -> Difference | None:
    """The difference where both are known; None of fewer than two blocks.

    Where neighbours are more alike than `likeness`, two blocks in a row are joined.
    """
    b, a, where = contrast
    known = where & metric.known(b) & metric.known(a)
    if np.count_nonzero(known) < 2:
        return None
    sides = metric.sides(b[known], a[known])
    lanes = by_lane(sides.of_b - sides.of_a, known)
    joined, seen = 1, noise(lanes)
    if seen.phi > likeness:
        pairs = [_joined(lane) for lane in lanes]
        if sum(map(len, pairs)) > 1:
            joined, lanes = 2, pairs
            seen = noise(pairs)._replace(mean=seen.mean)
    return Difference(
        metric=metric,
        a=sides.a,
        b=sides.b,
        blocks=int(np.count_nonzero(known)),
        noise=seen,
        joined=joined,
        correlation=_correlation(sides),
        skew=skewness(np.concatenate(lanes)),
        skew_error=skewness_error(np.concatenate(lanes)),
        missing=int(np.count_nonzero(where & ~known)),
    )


def by_lane(values: Floats, known: NDArray[np.bool_]) -> list[Floats]:
    """The values of `known` blocks, of shape (seeds, blocks), seed by seed."""
    ends = np.cumsum(known.sum(axis=1))[:-1]
    return list(np.split(values, ends))


def _joined(lane: Floats) -> Floats:
    """The means of pairs; an odd one at the begin is left out."""
    means: Floats = lane[len(lane) % 2 :].reshape(-1, 2).mean(axis=1)
    return means


def _correlation(sides: Sides) -> float:
    if not sides.of_b.std() or not sides.of_a.std():
        return float("nan")
    return float(np.corrcoef(sides.of_b, sides.of_a)[0, 1])
