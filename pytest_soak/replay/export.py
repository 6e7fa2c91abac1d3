"""The built-in market, without a maker, as rows: every trade, and every level that changes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_soak.clock import SIMULATED_EPOCH_US
from pytest_soak.config.instruments import decimals
from pytest_soak.config.scenarios import Scenario
from pytest_soak.config.sizes import LEVELS
from pytest_soak.market.exchange import Exchange
from pytest_soak.replay.compile import load_replay
from pytest_soak.replay.kernel.levels import CHANGE, KNOWN
from pytest_soak.replay.rows import BOTH, BUY, CLEAR, DEPTH, SELL, SNAPSHOT, TRADE, Rows, empty

HOUR_US = 3_600_000_000
_TAKE_AT = 50_000


def exported(scenario: Scenario, seed: int, hours: float) -> Rows:
    """The rows of a market from its opening on, in order.

    Within an event the trades come first. The local clock is made up: each row is received the
    median lag of the venue's stream later.
    """
    exchange = Exchange(scenario, seed)
    changes = load_replay().level_changes
    known: Any = np.zeros(1, KNOWN)
    known["low"] = known["high"] = exchange.world["book"]["best_bid"]
    room: Any = np.zeros(2 * LEVELS, CHANGE)
    first = room[: changes(exchange.world.base, known, room)]
    pieces = [_clear(), _rows(first, np.zeros(len(first), np.int64), SNAPSHOT, exchange)]
    found: list[NDArray[np.void]] = []
    times: list[int] = []
    end = round(hours * HOUR_US)
    while exchange.advance_to_event(end):
        count = changes(exchange.world.base, known, room)
        if count:
            found.append(room[:count].copy())
            times += [exchange.now_us] * count
        if len(times) > _TAKE_AT:
            pieces += [_rows(np.concatenate(found), times, DEPTH, exchange), _trades(exchange)]
            found, times = [], []
    if found:
        pieces.append(_rows(np.concatenate(found), times, DEPTH, exchange))
    pieces.append(_trades(exchange))
    rows = np.concatenate(pieces)
    kind = (rows["ev"] & np.uint64(0xFF)) != TRADE
    rows = rows[np.lexsort((kind, rows["exch_ts"]))]
    lag = scenario.venue.market_data
    rows["exch_ts"] = (SIMULATED_EPOCH_US + rows["exch_ts"]) * 1000
    rows["local_ts"] = rows["exch_ts"] + round((lag.base_ms + lag.median_ms) * 1e6)
    return rows


def _clear() -> Rows:
    rows = empty(1)
    rows["ev"] = BOTH | CLEAR
    return rows


def _rows(changes: NDArray[np.void], times: Any, kind: int, exchange: Exchange) -> Rows:
    rows = empty(len(changes))
    rows["ev"] = np.where(changes["side"] > 0, BOTH | BUY | kind, BOTH | SELL | kind)
    rows["exch_ts"] = times
    rows["px"] = np.round(changes["price"] * exchange.tick, decimals(exchange.tick))
    rows["qty"] = changes["lots"] * exchange.lot
    return rows


def _trades(exchange: Exchange) -> Rows:
    found = exchange.take_events().trades
    rows = empty(len(found))
    rows["ev"] = np.where(found["side"] > 0, BOTH | BUY | TRADE, BOTH | SELL | TRADE)
    rows["exch_ts"] = found["time_us"]
    rows["px"], rows["qty"] = found["price"], found["quantity"]
    return rows
