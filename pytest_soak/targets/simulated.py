"""The target `sim`: the reference market maker on the built-in market."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pytest_soak.clock import SIMULATED_EPOCH_US
from pytest_soak.config.flags import FlagTable, Value, reference_flags
from pytest_soak.config.parameters import reference_table
from pytest_soak.targets.base import LaneInfo, Window

if TYPE_CHECKING:
    from pytest_soak.market.maker_config import MakerConfig
    from pytest_soak.market.simulation import Simulation
    from pytest_soak.observation.columns import Observation

COLD_ITERATIONS = 4
"""Length of the maker's cold start (see `market.kernel.maker`) in iterations of the lane."""


class SimulatedTarget:
    """The reference maker in its market; simulated time, deterministic by the lane's seed.

    On a recorded feed (`lane.scenario.feed`) it has learnt. Else it begins cold: over its first
    COLD_ITERATIONS windows (4 h of 60 minutes each) it trusts an unfit signal, which is what a
    warm-up protects. Pass a `MakerConfig` with `signal_window_minutes=0` for one that has learnt
    already; its flags are then the defaults.
    """

    deterministic = True
    parameters = reference_table()
    flags: FlagTable = reference_flags()
    drills = ("cache_off", "stalls", "taker_burst", "outage")

    def __init__(self, lane: LaneInfo, maker: MakerConfig | None = None) -> None:
        from pytest_soak.market.maker_config import with_defaults
        from pytest_soak.market.regimes import build_market

        feed = None if lane.scenario is None else lane.scenario.feed
        self._feed = feed
        if feed is None:
            self._market = build_market(lane.scenario or lane.market, lane.market_settings)
        self._maker = maker
        if maker is not None:
            self.flags = with_defaults(self.flags, maker.flags)
        self._simulation: Simulation | None = None

    def start(self, lane: LaneInfo) -> None:
        """Set up the market and let it fill its book; the flags are those of the lane."""
        from pytest_soak.market.maker_config import MakerConfig
        from pytest_soak.market.simulation import Simulation

        cold = COLD_ITERATIONS * lane.minutes if self._feed is None else 0.0
        if self._maker is not None:
            cold = self._maker.signal_window_minutes
        config = MakerConfig(cold, self.flags.complete(lane.config, "flags"))
        if self._feed is None:
            self._simulation = Simulation(self._market, lane.seed, config, lane.drills)
            return
        from pytest_soak.replay.market import FeedSimulation
        from pytest_soak.replay.scenario import market_of

        self._simulation = FeedSimulation(market_of(self._feed), lane.seed, config, lane.drills)

    def configure(self, flags: Mapping[str, Value]) -> None:
        """Set some or all feature flags, from the next window on; a checkpoint has them.

        Raises SoakUsageError for an unknown one or a wrong value.
        """
        self._started().configure(flags)

    def run(self, overrides: Mapping[str, float], window: Window) -> Observation:
        """Simulate a window and return all that the maker did in it."""
        start_us = round(window.start_minutes * 60e6)
        end_us = start_us + round(window.minutes * 60e6)
        epoch_us = SIMULATED_EPOCH_US if self._feed is None else self._feed.start_us
        return self._started().observe(window.iteration, start_us, end_us, overrides, epoch_us)

    def stop(self) -> None:
        """Let go of the simulation."""
        self._simulation = None

    @property
    def version(self) -> str:
        """The digest of the kernel's sources."""
        from pytest_soak.market.compile import source_digest

        if self._feed is None:
            return source_digest()
        from pytest_soak.replay.compile import replay_digest

        return replay_digest()

    def checkpoint(self) -> bytes:
        """Return the whole state, to be restored at the same place between two windows."""
        return self._started().state()

    def restore(self, data: bytes) -> None:
        """Continue bit for bit where `data` was taken; call after `start`."""
        self._started().resume(data)

    def _started(self) -> Simulation:
        if self._simulation is None:
            raise RuntimeError("the target has not been started")
        return self._simulation


def simulated_target(lane: LaneInfo) -> SimulatedTarget:
    """Make the target of a lane; raises ValueError for a bad market, setting or seed."""
    return SimulatedTarget(lane)
