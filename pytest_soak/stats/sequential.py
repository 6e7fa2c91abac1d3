"""How sure a mean is while it still grows: bounds for every look, and for planned ones.

The bound for every look is the asymptotic one-sided confidence sequence of the normal mixture
(Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2024, "Time-uniform central limit theory and
asymptotic confidence sequences", Annals of Statistics 52), widest where it matters least: it is
tuned to `planned` values. For planned looks O'Brien and Fleming's boundaries (1979, Biometrics 35)
cost next to nothing. Both are made for a known standard deviation; Student's t over the normal
quantile widens them for one that is estimated.

Neighbouring values resemble each other, so their standard deviation is inflated by
sqrt((1 + phi) / (1 - phi)) of the first autocorrelation phi. Of skewed values a bound on one side
is wrong more often than it says; heavy tails on both sides do no harm.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from pytest_soak.stats.autocorrelation import first_autocorrelation, is_noise
from pytest_soak.stats.estimate import Floats
from pytest_soak.stats.student import student_quantile

MOST_PHI = 0.9
MOST_LOOKS = 5
_BOUNDARIES = {2: 1.678, 3: 1.710, 4: 1.733, 5: 1.751}
"""O'Brien and Fleming's for 5 % on one side, at the last of so many looks."""
_NORMAL = NormalDist()


class Noise(NamedTuple):
    """What is known of `n` values: mean, standard deviation, and how alike neighbours are (phi)."""

    n: int
    mean: float
    sd: float
    phi: float

    @property
    def inflated(self) -> float:
        """The deviation of independent values whose mean is as unsure."""
        return self.sd * math.sqrt((1.0 + self.phi) / (1.0 - self.phi))

    @property
    def error(self) -> float:
        """The standard error of the mean."""
        return self.inflated / math.sqrt(self.n)


def noise(lanes: Sequence[Floats]) -> Noise:
    """The noise of finite values in the order of time, lane by lane; 0 of a constant.

    phi is the first autocorrelation within lanes about the mean of all, + 1/n for what short series
    hide, cut to 0 ... MOST_PHI: that lanes differ counts as likeness. Raises ValueError for fewer
    than two values.
    """
    values = np.concatenate([*lanes, np.zeros(0)])
    n = len(values)
    if n < 2:
        raise ValueError(f"expected two or more values, got {n}")
    mean = float(values.mean())
    if not is_noise(values - mean, values):
        return Noise(n, mean, 0.0, 0.0)
    pairs = sum(max(len(lane) - 1, 0) for lane in lanes)
    alike = first_autocorrelation([lane - mean for lane in lanes])
    phi = alike * n / pairs + 1.0 / n if pairs else 0.0
    return Noise(n, mean, float(values.std(ddof=1)), min(max(phi, 0.0), MOST_PHI))


def sequence_half_width(seen: Noise, alpha: float, planned: float) -> float:
    """How far the mean's bound on one side is from it, at every look at once.

    The chance that it is ever wrong is about `alpha`; it is narrowest near `planned` values.
    """
    return seen.error * _sequence_quantile(seen.n, alpha, planned)


def look_half_width(seen: Noise, look: int, looks: int) -> float:
    """The same at look number `look` of `looks` planned ones, 5 % over all of them.

    Raises ValueError for more than MOST_LOOKS.
    """
    return seen.error * _as_student(_boundary(look, looks), seen.n)


def skewness(values: Floats) -> float:
    """The skewness, corrected for the sample's size (G1); 0 of a constant or of less than three."""
    n = len(values)
    rest = values - values.mean() if n else values
    if n < 3 or not is_noise(rest, values):
        return 0.0
    second = float(np.mean(rest**2))
    raw = float(np.mean(rest**3)) / math.sqrt(second**3)
    return raw * math.sqrt(n * (n - 1)) / (n - 2)


def skewness_error(values: Floats) -> float:
    """The standard error of the skewness of values that are symmetric, by their own tails.

    Of normal values sqrt(6 / n); 0 of a constant.
    """
    rest = values - values.mean()
    if not is_noise(rest, values):
        return 0.0
    second = float(np.mean(rest**2))
    moved = rest**3 - 3.0 * second * rest
    return math.sqrt(float(np.mean(moved**2)) / len(values) / second**3)


def fixed_values(sd: float, effect: float, alpha: float, power: float) -> int:
    """How many values find a mean of `effect` by one look at their end, with chance `power`."""
    return _values(sd, effect, power, lambda n: student_quantile(1.0 - alpha, n - 1))


def planned_values(sd: float, effect: float, looks: int, power: float) -> int:
    """The same by the last of so many planned looks, 5 % over all of them."""
    last = _boundary(looks, looks)
    return _values(sd, effect, power, lambda n: _as_student(last, n))


def sequence_values(sd: float, effect: float, alpha: float, power: float) -> int:
    """The same by the bound for every look, at the last one: a little more than at any."""
    return _values(sd, effect, power, lambda n: _sequence_quantile(n, alpha, n))


def _values(sd: float, effect: float, power: float, quantile: Callable[[int], float]) -> int:
    if not (effect > 0.0 and sd >= 0.0 and math.isfinite(sd)):
        raise ValueError(f"expected an effect above 0 and a finite sd, got {effect} and {sd}")
    ratio = sd / effect

    def enough(n: int) -> bool:
        return math.sqrt(n) >= (quantile(n) + student_quantile(power, n - 1)) * ratio

    most = 2
    while not enough(most):
        most *= 2
    return bisect_left(range(most), True, lo=2, key=enough)


def _sequence_quantile(n: int, alpha: float, planned: float) -> float:
    """The sequence's half width in standard errors of the mean."""
    tuned = -2.0 * math.log(2.0 * alpha) + math.log1p(-2.0 * math.log(2.0 * alpha))
    share = n * tuned / planned
    width = math.sqrt(2.0 * (share + 1.0) / share * math.log1p(math.sqrt(share + 1) / (2 * alpha)))
    z = _NORMAL.inv_cdf(1.0 - alpha)
    return width * student_quantile(1.0 - alpha, n - 1) / z


def _boundary(look: int, looks: int) -> float:
    if not 1 <= look <= looks <= MOST_LOOKS:
        raise ValueError(f"expected look 1 to {looks} of at most {MOST_LOOKS}, got {look}")
    last = _BOUNDARIES.get(looks, _NORMAL.inv_cdf(0.95))
    return last * math.sqrt(looks / look)


def _as_student(z: float, n: int) -> float:
    """Student's quantile of the chance that a normal one has."""
    return student_quantile(_NORMAL.cdf(z), n - 1)
