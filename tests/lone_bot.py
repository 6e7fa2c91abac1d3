"""Bots of a user's own, for an A/B of one lane: each half-hour is made up in a moment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from pytest_soak.observation.columns import FILL, MARK, TICK, Observation
from pytest_soak.targets.base import LaneInfo, Window

MID, QUANTITY, EVERY_US = 100.0, 1.0, 60_000_000


class Bot:
    """Earns `edge_bps` on average; `noise_bps` of a block is drawn by the lane's seed."""

    parameters: ClassVar[Any] = {
        "edge_bps": {"default": 2.0, "bounds": [-10, 10]},
        "taker_share": {"default": 0.0, "bounds": [0, 1]},
    }
    version = "1"
    noise_bps = 0.05

    def __init__(self, lane: LaneInfo) -> None:
        self.inventory = self.equity = 0.0
        self.told: list[float] = []

    def start(self, lane: LaneInfo) -> None:
        self.rng = np.random.default_rng([2, lane.seed])

    def run(self, overrides: Mapping[str, float], window: Window) -> Any:
        self.told.append(overrides["edge_bps"])
        return self.observed(overrides, window)

    def observed(self, overrides: Mapping[str, float], window: Window) -> Observation:
        start = round(window.start_minutes * 60e6)
        end = start + round(window.minutes * 60e6)
        away = (overrides["edge_bps"] + self.noise_bps * self.rng.standard_normal()) * 1e-4
        taken = round(100 * overrides["taker_share"])
        held, times = self.inventory, np.arange(start + 1, end, EVERY_US)
        fills, marks = np.zeros(len(times), FILL), np.zeros(len(times) + 1, MARK)
        fills["time_us"], fills["side"] = times, np.where(np.arange(len(times)) % 2, -1, 1)
        fills["maker"] = np.arange(len(times)) % 100 >= taken
        fills["price"] = MID * (1.0 - fills["side"] * away)
        fills["quantity"], fills["mid"], fills["mid_1s"] = QUANTITY, MID, np.nan
        marks["time_us"], marks["mid"] = [start, *times], MID
        marks["inventory"] = held + np.cumsum([0.0, *fills["side"] * QUANTITY])
        marks["equity_quote"] = self.equity + np.arange(len(marks)) * QUANTITY * MID * away
        ticks = np.zeros(180, TICK)
        ticks["time_us"] = np.linspace(start, end - 1, len(ticks)).astype("i8")
        ticks["fetch_md_ms"] = ticks["total_ms"] = 10.0 + self.rng.random(len(ticks))
        self.inventory, self.equity = marks["inventory"][-1], marks["equity_quote"][-1]
        return Observation(
            start_us=start,
            end_us=end,
            fills=fills,
            marks=marks,
            ticks=ticks,
            inventory_start=held,
            inventory_end=self.inventory,
            mid_start=MID,
            mid_end=MID,
        )

    def stop(self) -> None:
        pass


class Switchable(Bot):
    """Has a flag that can be set between two windows."""

    flags: ClassVar[Any] = {"boost.enabled": {"type": "bool", "default": False, "hot": True}}

    def __init__(self, lane: LaneInfo) -> None:
        super().__init__(lane)
        self.boost: list[bool] = []

    def configure(self, flags: Mapping[str, bool | float]) -> None:
        self.boost.append(bool(flags["boost.enabled"]))

    def run(self, overrides: Mapping[str, float], window: Window) -> Any:
        more = 0.5 if self.boost[-1] else 0.0
        return super().run({**overrides, "edge_bps": overrides["edge_bps"] + more}, window)


class Fixed(Bot):
    """Has a flag that it is told once, when it starts."""

    flags: ClassVar[Any] = {"boost.enabled": {"type": "bool", "default": False}}


class Cold(Switchable):
    """Has a flag that it is told when it starts, and others that can be set."""

    flags: ClassVar[Any] = {"boost.enabled": {"type": "bool", "default": False}}


class Repeatable(Bot):
    """Does the same again where it is started anew."""

    deterministic = True


class Reckoning(Bot):
    """Tells KPIs in place of events."""

    def run(self, overrides: Mapping[str, float], window: Window) -> Any:
        return {"net_bps": 1.0}


class Idle(Bot):
    """Measures no ticks."""

    def observed(self, overrides: Mapping[str, float], window: Window) -> Observation:
        from dataclasses import replace

        return replace(super().observed(overrides, window), ticks=np.zeros(0, TICK))


class Failing(Bot):
    """Raises in the window of number `at`; where `edge_bps` is not its default, in each."""

    at = 0

    def run(self, overrides: Mapping[str, float], window: Window) -> Any:
        if window.iteration == type(self).at or overrides["edge_bps"] != 2.0:
            raise ConnectionError("the venue is gone")
        return super().run(overrides, window)


class Reporting(Bot):
    """Reports each minute of a window, and ends it when it is told to stop."""

    ended: ClassVar[list[int]] = []

    def run(self, overrides: Mapping[str, float], window: Window) -> Any:
        for minute in range(round(window.minutes)):
            part = Window(window.iteration, window.start_minutes + minute, 1.0)
            window.report(self.observed(overrides, part))
            if window.stopped:
                self.ended.append(minute + 1)
                return None
        return None
