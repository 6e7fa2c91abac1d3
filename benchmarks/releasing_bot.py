"""A bot whose releases are quick: a day of it takes a second; what it earns is its half spread."""

from __future__ import annotations

BOT = """\
import json

import numpy as np

from pytest_soak import FILL, MARK, TICK, Observation


class Bot:
    parameters = {
        "half_spread_bps": {"default": 2.0, "bounds": [0.5, 10]},
        "fetch_ms": {"default": 20.0, "bounds": [1, 100]},
    }
    deterministic = True
    version = "1"

    def __init__(self, lane):
        self.random = np.random.default_rng(lane.seed)
        self.inventory = self.equity = 0.0

    def start(self, lane):
        pass

    def run(self, overrides, window):
        start = round(window.start_minutes * 60e6)
        end = start + round(window.minutes * 60e6)
        held, mid = self.inventory, 100.0
        times = np.arange(start, end, 1_000_000)
        ticks, marks = np.zeros(len(times), TICK), np.zeros(len(times), MARK)
        ticks["time_us"], ticks["cache_hit"] = times, True
        fetched = overrides["fetch_ms"] + self.random.random(len(times))
        ticks["fetch_md_ms"] = ticks["total_ms"] = fetched
        fills = np.zeros(len(times) // 10, FILL)
        side = np.where(np.arange(len(fills)) % 2 == 0, 1, -1)
        noise = self.random.normal(size=len(fills))
        edge = mid * 1e-4 * (overrides["half_spread_bps"] + noise)
        fills["time_us"], fills["side"], fills["maker"] = times[::10], side, True
        fills["price"], fills["quantity"], fills["mid"] = mid - side * edge, 0.5, mid
        fills["mid_1s"] = np.nan
        moved, earned = np.zeros(len(times)), np.zeros(len(times))
        moved[::10], earned[::10] = side * 0.5, 0.5 * edge
        marks["time_us"], marks["mid"] = times, mid
        marks["inventory"] = held + np.cumsum(moved)
        marks["equity_quote"] = self.equity + np.cumsum(earned)
        self.inventory, self.equity = marks["inventory"][-1], marks["equity_quote"][-1]
        return Observation(
            start_us=start,
            end_us=end,
            fills=fills,
            marks=marks,
            ticks=ticks,
            inventory_start=held,
            inventory_end=self.inventory,
            mid_start=mid,
            mid_end=mid,
        )

    def stop(self):
        pass

    def checkpoint(self):
        state = [self.random.bit_generator.state, float(self.inventory), float(self.equity)]
        return json.dumps(state).encode()

    def restore(self, data):
        self.random.bit_generator.state, self.inventory, self.equity = json.loads(data)


class Loose(Bot):
    deterministic = False
"""
"""`Loose` says no more that it does the same again."""

GATE = """\
name: desk
drift: "off"
thresholds: [{metric: net_bps, fail_unless: "> 0"}]
"""
PLAN = """\
target: bot:Bot
seeds: 1
candidate: {overrides: {half_spread_bps: 2.5}}
restart_cmd: touch restarted
hours: {soak: 13, ab: 72}
gates: {soak: desk}
"""
