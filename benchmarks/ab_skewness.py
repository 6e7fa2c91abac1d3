"""How skewed block values may be until a bound on one side is wrong more often than it says.

Values of mean 0 are drawn: normal and gamma ones of a known skewness, and with replacement the
differences T - C of a neutral change on spike, also with their sign turned. Each series is looked
at after every block as a stage is, and nothing is said where its skewness to the side that errs
passes a limit. It is wrong where its lower bound is ever above 0. The table goes into docs/AB.md.
Run:

    python -m benchmarks.ab_skewness --pool=ab_pool --lanes=30
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
from pytest_soak.ab.judge import SKEWNESS_ERRORS
from pytest_soak.stats.limits import share_interval
from pytest_soak.stats.sequential import Noise, sequence_half_width, skewness

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Draw = Callable[[np.random.Generator, tuple[int, int]], Floats]

LENGTHS = (12, 48, 192)
SKEWS = (0.0, 0.5, 0.75, 1.0, 2.0)
TRIED = (np.inf, 0.5, 0.75, 1.0)
DOCUMENT = ROOT / "docs" / "AB.md"


class Looks(NamedTuple):
    """After each value of each series: skewness, its error, whether the lower bound is above 0."""

    skew: Floats
    error: Floats
    above: Bools

    def good(self, limit: float) -> Bools:
        """Where the skewness to the left is within `limit`, or may be chance."""
        return self.skew >= -np.maximum(limit, SKEWNESS_ERRORS * self.error)


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


def looks(values: Floats, planned: float) -> Looks:
    """Of series of shape (times, values)."""
    count = np.arange(1, values.shape[1] + 1)
    mean, m2, m3, m4, m5, m6 = (np.cumsum(values**k, axis=1) / count for k in range(1, 7))
    second = np.maximum(m2 - mean**2, 1e-12)
    third = m3 - 3.0 * mean * m2 + 2.0 * mean**3
    fourth = m4 - 4.0 * mean * m3 + 6.0 * mean**2 * m2 - 3.0 * mean**4
    sixth = m6 - 6.0 * mean * m5 + 15.0 * mean**2 * m4 - 20.0 * mean**3 * m3
    sixth += 15.0 * mean**4 * m2 - 5.0 * mean**6
    moved = np.maximum(sixth - 6.0 * second * fourth + 9.0 * second**3, 0.0)
    sd = np.sqrt(second * count / np.maximum(count - 1, 1))
    whole = np.sqrt(count * np.maximum(count - 1, 1)) / np.maximum(count - 2, 1)
    error = np.sqrt(moved / count / second**3)
    return Looks(whole * third / second**1.5, error, mean > sd * widths(values.shape[1], planned))


@cache
def widths(n: int, planned: float) -> Floats:
    """Of the bound after each of `n` values, in deviations of one."""
    unit = [Noise(k, 0.0, 1.0, 0.0) for k in range(2, n + 1)]
    return np.array([np.inf, *(sequence_half_width(x, LIMITS.chance, planned) for x in unit)])


def judged(values: Floats) -> Iterator[Found]:
    """What the rule makes of series, by its limit; at last, where pairs take the place of what is
    beyond the one in force."""
    n = values.shape[1]
    seen = looks(values, n)
    for limit in TRIED:
        good = seen.good(limit)
        yield found(good & seen.above, good[:, -1])
    good, (pairs, good_pairs) = seen.good(LIMITS.skewness), joined(values)
    either = good | good_pairs
    yield found((good & seen.above) | (~good & good_pairs & pairs.above), either[:, -1])


def found(said: Bools, good: Bools) -> Found:
    late = np.arange(1, said.shape[1] + 1) >= LIMITS.least_rolled_back
    return Found(float((said & late).any(axis=1).mean()), float(1.0 - good.mean()))


def joined(values: Floats) -> tuple[Looks, Bools]:
    """Looks at the pairs that end with each value, and where there are some that are not held."""
    times, n = values.shape
    skew, error = np.zeros((2, times, n))
    above, good = np.zeros((2, times, n), np.bool_)
    for first in (0, 1):
        whole = (n - first) // 2
        pairs = values[:, first : first + 2 * whole].reshape(times, whole, 2).mean(axis=2)
        places = slice(first + 1, first + 2 * whole, 2)
        seen = looks(pairs, n / 2)
        skew[:, places], error[:, places], above[:, places] = seen
        good[:, places] = seen.good(LIMITS.skewness)
    return Looks(skew, error, above), good


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
            came = judged(draw(np.random.default_rng(1000 * number + n), (times, n)))
            cells = [f"{100 * one.wrong:.1f} / {100 * one.held:.0f}" for one in came]
            yield [name, f"{skew + 0.0:+.2f}", str(n), *cells]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pool", type=Path, default=Path("ab_pool"))
    parser.add_argument("--lanes", type=int, default=30)
    parser.add_argument("--times", type=int, default=4000)
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args()
    values = block_values(given.pool, given.lanes, given.jobs)
    heads = ["no limit", *(f"{limit:g}" for limit in TRIED[1:])]
    heads.append(f"{LIMITS.skewness:g}, then pairs")
    made = table(["values", "skewness", "blocks", *heads], list(rows(values, given.times)))
    low, high = share_interval(round(LIMITS.chance * given.times), given.times)
    said = f"Each cell: % wrong / % held at the end, of {given.times:,} series; "
    said += f"{LIMITS.chance:.0%} is seen as {100 * low:.1f} to {100 * high:.1f}. "
    said += f"spike: {len(values):,} blocks of {given.lanes} lanes."
    text = "\n".join([made, "", said])
    print(text)
    put_section(DOCUMENT, "skewness", text)


if __name__ == "__main__":
    main()
