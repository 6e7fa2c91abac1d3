"""Random draws by counter: each is a hash of (seed, iteration, stream, sequence number).

No draw depends on how many others were made before it, so two lanes that differ only in the
bot's parameters meet the same exogenous market. The hash is the output function of SplitMix64
(Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators"): draw `n` of a stream
is the n-th output of a SplitMix64 generator that was seeded with the stream's key.
"""

from __future__ import annotations

import math

import numpy as np

from pytest_soak.market.kernel.jit import Record, kernel_function, numbers

STREAMS = (
    "regime",
    "diffusion",
    "jump",
    "limit",
    "market",
    "metaorder",
    "pull",
    "snipe",
    "network",
    "gateway",
    "feed",
    "fetch",
    "compute",
    "signal",
)
(
    REGIME,
    DIFFUSION,
    JUMP,
    LIMIT,
    MARKET,
    METAORDER,
    PULL,
    SNIPE,
    NETWORK,
    GATEWAY,
    FEED,
    FETCH,
    COMPUTE,
    SIGNAL,
) = range(len(STREAMS))

(
    VOLATILITY_DRAW,
    FAST_VOLATILITY_DRAW,
    EPISODE_DRAW,
    EPISODE_LENGTH_DRAW,
    EPISODE_START_DRAW,
    GAP_DRAW,
    GAP_SIGN_DRAW,
    GAP_TIME_DRAW,
) = numbers(8)
"""What the first draws of an iteration's stream REGIME decide."""

DRAWS_PER_EVENT = 8
"""Distance between the counters of two consecutive events of a stream."""

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_SHIFT_1 = np.uint64(30)
_SHIFT_2 = np.uint64(27)
_SHIFT_3 = np.uint64(31)
_SHIFT_53 = np.uint64(11)
_TWO_PI = 2.0 * math.pi


@kernel_function
def mix(bits: np.uint64) -> np.uint64:
    """Scramble 64 bits (SplitMix64's output function)."""
    z = bits
    z = (z ^ (z >> _SHIFT_1)) * _MIX_1
    z = (z ^ (z >> _SHIFT_2)) * _MIX_2
    return z ^ (z >> _SHIFT_3)


@kernel_function
def derive(key: np.uint64, number: int) -> np.uint64:
    """The 64 bits at place `number` of the stream with this key; also the key of a sub-stream."""
    return mix(key + np.uint64(number) * _GAMMA)


@kernel_function
def set_keys(keys: Record, seed: int, iteration: int) -> None:
    """Fill `keys` (one a stream) for an iteration."""
    root = derive(derive(_GAMMA, seed), iteration)
    for stream in range(len(keys)):
        keys[stream] = derive(root, stream)


@kernel_function
def to_uniform(bits: np.uint64) -> float:
    """Map 64 bits to the open interval (0, 1)."""
    return (float(bits >> _SHIFT_53) + 0.5) * (1.0 / 9007199254740992.0)


@kernel_function
def uniform(key: np.uint64, number: int) -> float:
    """A draw from U(0, 1), ends excluded."""
    return to_uniform(derive(key, number))


@kernel_function
def exponential(key: np.uint64, number: int) -> float:
    """A draw from Exp(1)."""
    return -math.log(uniform(key, number))


@kernel_function
def normal(key: np.uint64, number: int) -> float:
    """A draw from N(0, 1), by Box and Muller; the second uniform is hashed from the first."""
    bits = derive(key, number)
    radius = math.sqrt(-2.0 * math.log(to_uniform(bits)))
    return radius * math.cos(_TWO_PI * to_uniform(mix(bits + _GAMMA)))


@kernel_function
def lognormal(key: np.uint64, number: int, median: float, log_sd: float) -> float:
    """A draw whose logarithm is N(log(median), log_sd)."""
    return median * math.exp(log_sd * normal(key, number))
