"""How lanes T and C differ in a KPI: the difference block by block, and how sure its mean is."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pytest_soak.ab.blocks import Blocks
from pytest_soak.stats.sequential import (
    Floats,
    Noise,
    noise,
    skew_error,
    skewness,
    skewness_error,
)

_ERRORS = 2.0
"""So many standard errors make a skewness more than chance."""


class Sides(NamedTuple):
    """A KPI of both lanes over the same blocks, and its value block by block.

    `difference` is the mean of `t - c`: it is the difference of `b` and `a` as the KPI has it, of
    which the block values are the parts.
    """

    a: float
    b: float
    c: Floats
    t: Floats


class Metric(NamedTuple):
    """A KPI by its name, and how it follows from equal numbers of blocks; `unit` of a difference.

    `known` says of each block whether it has what the KPI needs.
    """

    name: str
    unit: str
    needs: tuple[str, ...]
    sides: Callable[[NDArray[np.void], NDArray[np.void]], Sides]

    def known(self, blocks: NDArray[np.void]) -> NDArray[np.bool_]:
        """Where a block has all that is needed, and something to divide by."""
        good = np.ones(blocks.shape, np.bool_)
        for name in self.needs:
            good &= np.isfinite(blocks[name])
        return good & (blocks[self.needs[-1]] > 0)


def _ratio(name: str, unit: str, over: str, under: str, scale: float) -> Metric:
    """A ratio of sums; a block's part of it is linear in the block's own sums (delta method)."""

    def values(blocks: NDArray[np.void]) -> tuple[float, Floats]:
        whole = float(blocks[over].sum() / blocks[under].sum())
        rest = blocks[over] - whole * blocks[under]
        return scale * whole, scale * (whole + rest / blocks[under].mean())

    def sides(t: NDArray[np.void], c: NDArray[np.void]) -> Sides:
        (b, ours), (a, theirs) = values(t), values(c)
        return Sides(a, b, theirs, ours)

    return Metric(name, unit, (over, under), sides)


def _relative(name: str) -> Metric:
    """A quantile, in percent of C's mean of it."""

    def sides(t: NDArray[np.void], c: NDArray[np.void]) -> Sides:
        a, b = float(c[name].mean()), float(t[name].mean())
        return Sides(a, b, 100.0 / a * c[name], 100.0 / a * t[name])

    return Metric(name, "%", (name,), sides)


def _sum(name: str, unit: str) -> Metric:
    """Money, a block."""

    def sides(t: NDArray[np.void], c: NDArray[np.void]) -> Sides:
        return Sides(float(c[name].mean()), float(t[name].mean()), c[name], t[name])

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
    """T - C of a metric over a number of `blocks`, beside `missing` ones that had no value.

    `joined` blocks in a row make one value of the noise. `correlation` is that of the lanes' block
    values, NaN of a constant. `skew` is the values' skewness, `skewed` whether it is so great that
    a bound on one side cannot be trusted.
    """

    metric: Metric
    a: float
    b: float
    blocks: int
    noise: Noise
    joined: int
    correlation: float
    skew: float
    skewed: bool
    missing: int

    @property
    def delta(self) -> float:
        """B - A; of a quantile in percent."""
        return self.noise.mean

    @property
    def constant(self) -> bool:
        """Whether the difference is the same in every block."""
        return self.noise.sd == 0.0


class Rule(NamedTuple):
    """How alike neighbouring values may be, and what their skewness may add to `alpha`."""

    likeness: float
    skew_error: float
    alpha: float


def difference(
    metric: Metric, blocks: Blocks, where: NDArray[np.bool_], rule: Rule
) -> Difference | None:
    """The difference over the blocks `where`, of shape (seeds, blocks); None of fewer than two.

    Where neighbours are too alike, or values too skewed, two blocks in a row are joined.
    """
    known = where & metric.known(blocks.t) & metric.known(blocks.c)
    if np.count_nonzero(known) < 2:
        return None
    sides = metric.sides(blocks.t[known], blocks.c[known])
    lanes = _by_lane(sides.t - sides.c, known)
    joined, seen = 1, noise(lanes)
    if seen.phi > rule.likeness or _is_skewed(lanes, rule):
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
        skewed=_is_skewed(lanes, rule),
        missing=int(np.count_nonzero(where & ~known)),
    )


def _by_lane(values: Floats, known: NDArray[np.bool_]) -> list[Floats]:
    ends = np.cumsum(known.sum(axis=1))[:-1]
    return list(np.split(values, ends))


def _joined(lane: Floats) -> Floats:
    """The means of pairs; an odd one at the begin is left out."""
    means: Floats = lane[len(lane) % 2 :].reshape(-1, 2).mean(axis=1)
    return means


def _is_skewed(lanes: list[Floats], rule: Rule) -> bool:
    """Whether the skewness is more than chance, and moves the error too far."""
    values = np.concatenate(lanes)
    n, skew = len(values), skewness(values)
    if n < 3 or abs(skew) <= _ERRORS * skewness_error(n):
        return False
    return skew_error(skew, n, rule.alpha) > rule.skew_error


def _correlation(sides: Sides) -> float:
    if not sides.t.std() or not sides.c.std():
        return float("nan")
    return float(np.corrcoef(sides.t, sides.c)[0, 1])
