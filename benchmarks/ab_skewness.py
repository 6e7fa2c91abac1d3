"""How skewed block values may be until a bound on one side is wrong more often than it says.

Values of mean 0 are drawn: normal and gamma ones of a known skewness, and with replacement the
differences T - C of a neutral change on spike, also with their sign turned. Each series is looked
at after every block as a stage is, and nothing is said where its skewness to the side that errs
passes a limit. It is wrong where its lower bound is ever above 0. The table goes into docs/AB.md.
Run:

    python -m benchmarks.ab_skewness --pool=ab_pool --lanes=40
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.ab_pool import LIMITS, neutral, pooled
from benchmarks.lanes import ROOT, put_section, table
from pytest_soak.ab.compare import NET
from pytest_soak.ab.judge import skewness_limit
from pytest_soak.stats.limits import share_interval
from pytest_soak.stats.sequential import Noise, sequence_half_width, skewness

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Draw = Callable[[np.random.Generator, tuple[int, int]], Floats]

LENGTHS = (12, 24, 48, 96, 192)
SKEWS = (0.0, 0.5, 0.75, 1.0, 2.0)
TRIED = (0.5, 0.75, 1.0, 1.5, np.inf)
DOCUMENT = ROOT / "docs" / "AB.md"


class Looks(NamedTuple):
    """After each value of each series: its skewness, and whether its lower bound is above 0."""

    skew: Floats
    above: Bools


class Found(NamedTuple):
    """Shares of series: ever wrong, and held at the end."""

    wrong: float
    held: float


def gamma(skew: float) -> Draw:
    """Of mean 0, deviation 1 and a skewness to the left, which errs for B."""
    shape = np.inf if skew == 0.0 else 4.0 / skew**2

    def draw(rng: np.random.Generator, size: tuple[int, int]) -> Floats:
        if skew == 0.0:
            return rng.standard_normal(size)
        values: Floats = (shape - rng.gamma(shape, size=size)) / np.sqrt(shape)
        return values

    return draw


def drawn_from(values: Floats) -> Draw:
    return lambda rng, size: rng.choice(values, size)


def looks(values: Floats, n: int) -> Looks:
    """Of series of shape (times, values), where `n` values are planned."""
    count = np.arange(1, values.shape[1] + 1)
    mean, mean2, mean3 = (np.cumsum(values**power, axis=1) / count for power in (1, 2, 3))
    second = np.maximum(mean2 - mean**2, 1e-12)
    sd = np.sqrt(second * count / np.maximum(count - 1, 1))
    raw = (mean3 - 3.0 * mean * mean2 + 2.0 * mean**3) / second**1.5
    skew = raw * np.sqrt(count * np.maximum(count - 1, 1)) / np.maximum(count - 2, 1)
    return Looks(skew, mean > sd * widths(n))


@cache
def widths(planned: int) -> Floats:
    """Of the bound after each value, in deviations of one."""
    unit = [Noise(k, 0.0, 1.0, 0.0) for k in range(2, planned + 1)]
    return np.array([np.inf, *(sequence_half_width(x, LIMITS.chance, planned) for x in unit)])


def judged(values: Floats) -> dict[float, Found]:
    """What the rule makes of series, by its limit."""
    n = values.shape[1]
    seen = looks(values, n)
    late = np.arange(1, n + 1) >= LIMITS.least_rolled_back
    found = {}
    for limit in TRIED:
        held = seen.skew < -most(n, limit)
        wrong = (late & seen.above & ~held).any(axis=1)
        found[limit] = Found(float(wrong.mean()), float(held[:, -1].mean()))
    return found


def most(n: int, limit: float) -> Floats:
    """The skewness beyond which so many values are held, from one value on."""
    limits = LIMITS.model_copy(update={"skewness": limit})
    return np.array([skewness_limit(k, limits) for k in range(1, n + 1)])


def block_values(pool: Path, lanes: int, jobs: int) -> Floats:
    """The differences T - C of net_bps of a neutral change on spike, less their mean."""
    made = pooled(pool, neutral(), "spike", range(5000, 5000 + lanes), jobs)
    known = NET.known(made.t) & NET.known(made.c)
    sides = NET.sides(made.t[known], made.c[known])
    values = sides.of_b - sides.of_a
    centred: Floats = values - values.mean()
    return centred


def rows(values: Floats, times: int) -> Iterator[list[str]]:
    spike = skewness(values)
    sources: list[tuple[str, float, Draw]] = [("gamma", -skew, gamma(skew)) for skew in SKEWS]
    sources += [
        ("spike", spike, drawn_from(values)),
        ("spike, turned", -spike, drawn_from(-values)),
    ]
    for number, (name, skew, draw) in enumerate(sources):
        for n in LENGTHS:
            found = judged(draw(np.random.default_rng(1000 * number + n), (times, n)))
            cells = [f"{100 * one.wrong:.1f} / {100 * one.held:.0f}" for one in found.values()]
            yield [name, f"{skew:+.2f}", str(n), *cells]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pool", type=Path, default=Path("ab_pool"))
    parser.add_argument("--lanes", type=int, default=40)
    parser.add_argument("--times", type=int, default=4000)
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args()
    values = block_values(given.pool, given.lanes, given.jobs)
    heads = [f"limit {limit:g}" for limit in TRIED[:-1]]
    made = table(
        ["values", "skewness", "blocks", *heads, "no limit"], list(rows(values, given.times))
    )
    low, high = share_interval(round(LIMITS.chance * given.times), given.times)
    said = f"Each cell: % wrong / % held at the end, of {given.times:,} series; "
    said += f"{LIMITS.chance:.0%} is seen as {100 * low:.1f} to {100 * high:.1f}. "
    said += f"spike: {len(values):,} blocks of {given.lanes} lanes."
    text = "\n".join([made, "", said])
    print(text)
    put_section(DOCUMENT, "skewness", text)


if __name__ == "__main__":
    main()
