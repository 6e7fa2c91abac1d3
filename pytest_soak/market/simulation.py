"""A simulated market with the reference maker in it, one window after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_soak.config.drills import Drill
from pytest_soak.config.flags import Value
from pytest_soak.market import observe
from pytest_soak.market.checkpoint import pack, unpack
from pytest_soak.market.drills import edges, put_in_force
from pytest_soak.market.kernel.state import PARAMETERS, copied
from pytest_soak.market.kernel.tape import follow_mid, forget_pending_markouts, joined
from pytest_soak.market.maker_config import MakerConfig, write_flags
from pytest_soak.market.regimes import Market
from pytest_soak.market.running import BURN_IN_US, RunningMarket, join
from pytest_soak.observation.columns import OTHER_MIDS, Observation

FIRST_VOLATILITY_BPS = 0.7
"""What the maker takes for the volatility before it has seen any."""

_MAKER_COUNTERS = ("intended_changes", "side_time_us", "side_time_risk_blocked_us")
_ACCOUNT_COUNTERS = ("orders_sent", "cancels_sent")
_COUNTERS = _MAKER_COUNTERS + _ACCOUNT_COUNTERS


class Simulation(RunningMarket):
    """One lane's market with the reference maker in it.

    Times are in microseconds since the first window began. `drills` change the maker meanwhile.
    """

    def __init__(
        self, market: Market, seed: int, config: MakerConfig, drills: Sequence[Drill] = ()
    ) -> None:
        super().__init__(market, seed)
        self._drills = drills
        self._flags: dict[str, Value] = {}
        maker = self.world["maker"]
        maker["variance"] = FIRST_VOLATILITY_BPS**2
        flags = maker["flags"]
        flags["enabled"] = 1
        flags["signal_until"] = BURN_IN_US + int(config.signal_window_minutes * 60e6)
        self.configure(config.flags)

    def configure(self, flags: Mapping[str, Value]) -> None:
        """Set some or all of the maker's feature flags, from the next window on.

        They are part of the state. Raises SoakUsageError for an unknown one or a wrong value.
        """
        write_flags(self.world["maker"]["flags"], flags)
        self._flags |= flags

    def state(self) -> bytes:
        """All that a lane goes on from, between two windows."""
        return pack(self.world)

    def resume(self, data: bytes) -> None:
        """Go on where `state` was taken; raises ValueError where another kernel wrote it."""
        self.world = unpack(data)

    def run_window(
        self, iteration: int, start_us: int, end_us: int, parameters: Mapping[str, float]
    ) -> dict[str, Any]:
        """Run a window under the maker's `parameters`; return the tape's columns by name."""
        record = self.world["maker"]["parameters"]
        for name in PARAMETERS.names or ():
            record[name] = parameters[name]
        self.begin_window(iteration, BURN_IN_US + start_us, BURN_IN_US + end_us)
        forget_pending_markouts(self.tape)
        follow_mid(self.tape)
        if not self._drills:
            return self.run_until(BURN_IN_US + end_us)
        pieces = []
        for time, until in pairwise(edges(self._drills, start_us, end_us)):
            put_in_force(self.world, self._drills, time, self._flags, parameters)
            pieces.append(self.run_until(BURN_IN_US + until))
        return join(pieces)

    def _mids_beyond(self, fills: NDArray[np.void]) -> NDArray[np.void]:
        """The changes of the mid from the window's end until each fill's later mids are known.

        They are those of a copy of the market in which the window goes on, with its draws and its
        maker: the state is as if nobody had asked. The next window has draws of its own.
        """
        until = int(fills["time"][-1]) + max(OTHER_MIDS.values()) if len(fills) else 0
        kept, self.world = self.world, copied(self.world)
        try:
            return self.run_until(until)["mids"]
        finally:
            self.world = kept
            forget_pending_markouts(self.tape)

    def observe(
        self,
        iteration: int,
        start_us: int,
        end_us: int,
        parameters: Mapping[str, float],
        epoch_us: int,
    ) -> Observation:
        """Run a window and return what the maker did; its times count from `epoch_us`."""
        before, held = self._totals(), self.held_base()
        rows = self.run_window(iteration, start_us, end_us, parameters)
        after = self._totals()
        counts: dict[str, Any] = {n: int(after[n] - before[n]) for n in _COUNTERS}
        window = self.world["window"]
        mids = joined([rows["mids"], self._mids_beyond(rows["fills"])])
        units = self.units(epoch_us - BURN_IN_US)
        return Observation(
            start_us=epoch_us + start_us,
            end_us=epoch_us + end_us,
            fills=observe.fills(rows["fills"], rows["markouts"], units, mids),
            fill_ids=1 + np.arange(int(before["fills"]), int(after["fills"])),
            order_ids=rows["fills"]["order"],
            ticks=observe.ticks(rows["ticks"], units),
            blocks=observe.blocks(rows["blocks"], units),
            acks=observe.acks(rows["acks"], units),
            marks=observe.marks(rows["marks"], rows["fills"], held, units),
            breaker=observe.breaker(rows["breaker_changes"], before["breaker_open"] != 0, units),
            ws_lag_ms=rows["marks"]["feed_lag_us"] / 1e3,
            order_age_ms=rows["order_ages"] / 1e3,
            inventory_start=held,
            inventory_end=self.held_base(),
            mid_start=units.price(before["mid"]),
            mid_end=units.price(after["mid"]),
            market={name: int(window[name]) for name in ("spike_count", "gap_events")},
            **counts,
        )

    def _totals(self) -> dict[str, float]:
        world = self.world
        totals = {name: int(world["maker"][name]) for name in (*_MAKER_COUNTERS, "breaker_open")}
        totals |= {name: int(world["account"][name]) for name in (*_ACCOUNT_COUNTERS, "fills")}
        return totals | {"mid": float(world["mid"])}
