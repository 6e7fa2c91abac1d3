"""Recorded feeds as the facts are measured on them."""

from __future__ import annotations

import numpy as np

from pytest_soak.facts.feed import LaneFeed, joined, market_orders, tops_of_book
from pytest_soak.market.feeds import TOP, TRADE
from pytest_soak.replay.load import Recording
from pytest_soak.replay.rows import BUY, EXCHANGE, has, kinds
from pytest_soak.replay.rows import TRADE as TRADE_KIND
from pytest_soak.replay.survey import tops
from pytest_soak.replay.terms import Terms
from pytest_soak.replay.units import Units


def recorded_feed(recording: Recording, units: Units, terms: Terms, shown: str) -> LaneFeed:
    """A recording by the venue's clock, sizes in base; raises as `Terms.value` does."""
    trades, changes = [], []
    value, is_inverse = terms.value(shown), terms.kind == "inverse"
    for rows in recording.pieces():
        found = rows[has(rows, EXCHANGE) & (kinds(rows) == TRADE_KIND)]
        table = np.zeros(len(found), TRADE)
        table["time_us"] = found["exch_ts"] // 1000
        table["side"] = np.where(has(found, BUY), 1, -1)
        worth = found["qty"] * value
        table["price"] = price = found["px"]
        table["quantity"] = worth / price if is_inverse else worth
        trades.append(table)
    for found in tops(recording, units):
        table = np.zeros(len(found), TOP)
        table["time_us"] = found["time"] // 1000
        for side in ("bid", "ask"):
            table[side] = price = found[side] * units.tick
            worth = found[f"{side}_size"] * value
            table[f"{side}_quantity"] = worth / price if is_inverse else worth
        changes.append(table)
    orders = market_orders(np.concatenate(trades))
    return joined([(orders, tops_of_book(np.concatenate(changes)))], units.tick)
