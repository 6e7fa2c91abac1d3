"""A simulated market with the reference maker in it, one window after the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pytest_soak.market import observe
from pytest_soak.market.account import LOT_BASE, REFERENCE_PRICE, TICK_QUOTE
from pytest_soak.market.compile import load_kernel
from pytest_soak.market.feeds import Observation
from pytest_soak.market.regimes import Market, write_regime
from pytest_soak.market.state import PARAMETERS, empty_world
from pytest_soak.market.tape import COLUMNS, drain, empty_tape

BURN_IN_US = 60_000_000
"""What the market runs on its own before the first window, to fill its book."""

SLICE_US = 120_000_000
"""Simulated time a call of the kernel: a few milliseconds, so that signals are handled."""

FIRST_VOLATILITY_BPS = 0.7
"""What the maker takes for the volatility before it has seen any."""

_MAKER_COUNTERS = ("intended_changes", "side_time_us", "side_time_risk_blocked_us")
_ACCOUNT_COUNTERS = ("orders_sent", "cancels_sent")
_COUNTERS = _MAKER_COUNTERS + _ACCOUNT_COUNTERS


@dataclass(frozen=True)
class MakerConfig:
    """The reference maker's configuration: what is fixed for a lane, beside its parameters.

    `signal_window_minutes` is the length of its cold start (see `maker`), 0 for a bot that has
    learnt already; the others are its feature flags.
    """

    signal_window_minutes: float = 240.0
    pipeline_enabled: bool = True
    md_cache_enabled: bool = True
    async_batch_enabled: bool = True
    max_taker_share_pct: float = 9.0
    trace_sample_rate: float = 0.2


class Simulation:
    """The state of one lane's market and maker, and the kernel that moves it.

    Times are in microseconds since the first window began.
    """

    def __init__(self, market: Market, seed: int, config: MakerConfig) -> None:
        self.world = empty_world()
        self.tape = empty_tape()
        self._advance = load_kernel().advance
        self._set_up(market, seed)
        self._burn_in()
        self._configure(config)

    def _set_up(self, market: Market, seed: int) -> None:
        world = self.world
        regimes = world["flow"]["regimes"]
        write_regime(regimes[0], market.ordinary)
        write_regime(regimes[1], market.episode)
        window = world["window"]
        window["seed"] = seed
        window["gap_bps"] = market.gap_bps
        self._episode_chance = market.episode_chance
        start = REFERENCE_PRICE / TICK_QUOTE
        world["mid"] = start
        world["flow"]["efficient"] = start
        world["flow"]["efficient_lagged"] = start
        world["venue"]["snapshots"]["bid"] = int(start) - 12
        world["venue"]["snapshots"]["ask"] = int(start) + 12
        world["venue"]["snapshots"]["mid"] = start

    def _burn_in(self) -> None:
        self._run(0, 0, BURN_IN_US, 0.0)
        self.world["events"] = 0

    def _configure(self, config: MakerConfig) -> None:
        maker = self.world["maker"]
        maker["variance"] = FIRST_VOLATILITY_BPS**2
        flags = maker["flags"]
        flags["enabled"] = 1
        flags["signal_until"] = BURN_IN_US + int(config.signal_window_minutes * 60e6)
        flags["pipeline"] = config.pipeline_enabled
        flags["md_cache"] = config.md_cache_enabled
        flags["async_batch"] = config.async_batch_enabled
        flags["max_taker_share"] = config.max_taker_share_pct / 100.0
        flags["trace_sample_rate"] = config.trace_sample_rate

    def run_window(
        self, iteration: int, start_us: int, end_us: int, parameters: Mapping[str, float]
    ) -> dict[str, Any]:
        """Run a window under the maker's `parameters`; return the tape's columns by name."""
        record = self.world["maker"]["parameters"]
        for name in PARAMETERS.names or ():
            record[name] = parameters[name]
        return self._run(
            iteration, BURN_IN_US + start_us, BURN_IN_US + end_us, self._episode_chance
        )

    def observe(
        self,
        iteration: int,
        start_us: int,
        end_us: int,
        parameters: Mapping[str, float],
        epoch_us: int,
    ) -> Observation:
        """Run a window and return what the maker did; its times count from `epoch_us`."""
        before = self._totals()
        rows = self.run_window(iteration, start_us, end_us, parameters)
        after = self._totals()
        counts: dict[str, Any] = {n: int(after[n] - before[n]) for n in _COUNTERS}
        window = self.world["window"]
        return Observation(
            start_us=epoch_us + start_us,
            end_us=epoch_us + end_us,
            fills=observe.fills(rows["fills"], rows["markouts"], epoch_us - BURN_IN_US),
            ticks=observe.ticks(rows["ticks"], epoch_us - BURN_IN_US),
            blocks=observe.blocks(rows["blocks"], epoch_us - BURN_IN_US),
            acks=observe.acks(rows["acks"], epoch_us - BURN_IN_US),
            marks=observe.marks(rows["marks"], epoch_us - BURN_IN_US),
            ws_lag_ms=rows["marks"]["feed_lag_us"] * 1e-3,
            order_age_ms=rows["order_ages"] * 1e-3,
            inventory_start=before["position"] * LOT_BASE,
            inventory_end=after["position"] * LOT_BASE,
            mid_start=before["mid"] * TICK_QUOTE,
            mid_end=after["mid"] * TICK_QUOTE,
            market={name: int(window[name]) for name in ("spike_count", "gap_events")},
            **counts,
        )

    def _totals(self) -> dict[str, float]:
        world = self.world
        totals = {name: int(world["maker"][name]) for name in _MAKER_COUNTERS}
        totals |= {name: int(world["account"][name]) for name in _ACCOUNT_COUNTERS}
        return totals | {"position": int(world["account"]["position"]), "mid": float(world["mid"])}

    def _run(self, iteration: int, start: int, end: int, chance: float) -> dict[str, Any]:
        window = self.world["window"]
        window["iteration"] = iteration
        window["start"] = start
        window["end"] = end
        window["begun"] = 0
        window["spike_chance"] = chance
        for name in ("fills", "markouts"):
            self.tape[f"{name}_total"] = 0
        pieces = [drain(self.tape)]
        until = start
        while until < end:
            until = min(until + SLICE_US, end)
            while not self._advance(self.world, self.tape, until):
                pieces.append(drain(self.tape))
            pieces.append(drain(self.tape))
        return {name: np.concatenate([piece[name] for piece in pieces]) for name in COLUMNS}
