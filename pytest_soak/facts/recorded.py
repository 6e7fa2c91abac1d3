"""Recorded feeds as the facts are measured on them."""

from __future__ import annotations

import numpy as np

from pytest_soak.facts.feed import LaneFeed, joined, market_orders, tops_of_book
from pytest_soak.market.feeds import TOP, TRADE
from pytest_soak.replay.load import Recording
from pytest_soak.replay.rows import BUY, EXCHANGE, has, kinds
from pytest_soak.replay.rows import TRADE as TRADE_KIND
from pytest_soak.replay.survey import tops
from pytest_soak.replay.units import Units


def recorded_feed(recording: Recording, units: Units) -> LaneFeed:
    """A recording by the venue's clock; sizes are as the venue counts them."""
    trades, changes = [], []
    for rows in recording.pieces():
        found = rows[has(rows, EXCHANGE) & (kinds(rows) == TRADE_KIND)]
        table = np.zeros(len(found), TRADE)
        table["time_us"] = found["exch_ts"] // 1000
        table["side"] = np.where(has(found, BUY), 1, -1)
        table["price"], table["quantity"] = found["px"], found["qty"]
        trades.append(table)
    for found in tops(recording, units):
        table = np.zeros(len(found), TOP)
        table["time_us"] = found["time"] // 1000
        for side in ("bid", "ask"):
            table[side] = found[side] * units.tick
            table[f"{side}_quantity"] = found[f"{side}_size"]
        changes.append(table)
    orders = market_orders(np.concatenate(trades))
    return joined([(orders, tops_of_book(np.concatenate(changes)))], units.tick)
