"""Blocks of an A/B made up, and lanes that give them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from pytest_soak.ab.blocks import BLOCK, PairedBlocks, SwitchedBlocks
from pytest_soak.ab.design import B, Design, Share, make_design
from pytest_soak.ab.lanes import Done, columns
from pytest_soak.ab.limits import Limits, load_limits
from pytest_soak.commands.ab import Request

LIMITS: Limits = load_limits()
REQUEST = Request(
    b="better.yaml",
    a=None,
    target="sim",
    stage=None,
    hours=5.0,
    seeds=None,
    market="calm",
    settings=(),
    directory="out",
    jobs=1,
    plan=False,
    accept_low_power=False,
)
VOLUME, NET_BPS, COST_BPS, TICK_MS = 100_000.0, 3.0, -0.3, 40.0


def block(
    net_bps: float = NET_BPS,
    cost_bps: float = COST_BPS,
    tick_ms: float = TICK_MS,
    volume: float = VOLUME,
) -> NDArray[np.void]:
    """A block of shape ()."""
    found = np.zeros((), BLOCK)
    found["volume_quote"] = volume
    found["net_quote"] = net_bps * volume / 1e4
    found["slippage_quote"] = cost_bps * volume / 1e4
    found["taker_quote"] = 0.04 * volume
    found["ticks"] = 10_000.0
    found["misses"] = 3.0
    found["tick_total_p95_ms"] = tick_ms
    return found


class MadeUpPair:
    """Lanes of noise that both share, and of noise `sd` of their own; B adds its effect to T."""

    def __init__(
        self,
        seed: int,
        net: float = 0.0,
        cost: float = 0.0,
        tick: float = 1.0,
        volume: float = 1.0,
        sd: float = 0.1,
        draw: Callable[[np.random.Generator], float] | None = None,
    ) -> None:
        self._rng = np.random.default_rng(seed)
        self._effect = (net, cost, tick, volume)
        self._sd = sd
        self._draw = draw or (lambda rng: float(rng.standard_normal()))

    def run(self, treated: bool) -> Done:
        shared = self._rng.normal(size=3) * (0.5, 0.05, 0.2)
        net, cost, tick = shared + np.array([NET_BPS, COST_BPS, TICK_MS])
        own = self._sd * self._draw(self._rng)
        volume = VOLUME * float(self._rng.uniform(0.8, 1.2))
        other = self._rng.normal(size=2) * (0.02, 0.1)
        c = block(net, cost, tick, volume)
        by_net, by_cost, by_tick, by_volume = self._effect if treated else (0.0, 0.0, 1.0, 1.0)
        t = block(
            net + own + by_net, cost + other[0] + by_cost, (tick + other[1]) * by_tick,
            volume * by_volume,
        )  # fmt: skip
        return Done((t, c), ())

    def close(self) -> None:
        """Nothing to end."""


def design(share: Share = Share.HALF, hours: float = 24.0, seeds: int = 4) -> Design:
    return make_design(share, hours, range(1, seeds + 1), LIMITS)


def blocks_of(made: Design, done: int | None = None, /, **effect: float) -> PairedBlocks:
    """The first blocks of a design, all of them by default."""
    number = made.blocks if done is None else done
    return of_pairs(made, [MadeUpPair(seed, **effect) for seed in made.seeds], number)  # type: ignore[arg-type]


def of_pairs(made: Design, pairs: Sequence[MadeUpPair], number: int) -> PairedBlocks:
    treated = treated_of(made, number)
    ran = [[pair.run(bool(one)) for one in lane] for pair, lane in zip(pairs, treated, strict=True)]
    t, c = columns(ran)
    return PairedBlocks(t, c, treated)


def alone(share: Share = Share.HALF, hours: float = 24.0) -> Design:
    return make_design(share, hours, [1], LIMITS, paired=False)


def switched(made: Design, done: int | None = None, /, **effect: float) -> SwitchedBlocks:
    """Lane T of the first blocks of a design, all of them by default."""
    number = made.blocks if done is None else done
    return SwitchedBlocks(blocks_of(made, number, **effect).t, treated_of(made, number), made.group)


def treated_of(made: Design, number: int) -> NDArray[np.bool_]:
    return np.array([[arm == B for arm in text[:number]] for text in made.assignment.values()])
