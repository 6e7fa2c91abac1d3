"""From the kernel's tape to the columns of an Observation: ticks and lots become money."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_soak.market import feeds
from pytest_soak.market.kernel.account import LOT_BASE, LOT_TICK_QUOTE, TICK_QUOTE
from pytest_soak.observation import columns


def fills(rows: NDArray[np.void], markouts: NDArray[np.float64], epoch_us: int) -> NDArray[Any]:
    """Return the FILL columns; a fill whose second had not passed has no markout."""
    table = np.zeros(len(rows), columns.FILL)
    table["time_us"] = rows["time"] + epoch_us
    table["side"] = rows["side"]
    table["maker"] = rows["maker"] != 0
    table["price"] = rows["price"] * TICK_QUOTE
    table["quantity"] = rows["quantity"] * LOT_BASE
    table["fee_quote"] = rows["fee_quote"]
    table["mid"] = rows["mid"] * TICK_QUOTE
    table["mid_1s"] = np.nan
    known = min(len(rows), len(markouts))
    table["mid_1s"][:known] = markouts[:known] * TICK_QUOTE
    return table


def ticks(rows: NDArray[np.void], epoch_us: int) -> NDArray[Any]:
    """Return the TICK columns."""
    table = np.zeros(len(rows), columns.TICK)
    table["time_us"] = rows["time"] + epoch_us
    table["fetch_md_ms"] = rows["fetch_us"] * 1e-3
    table["compute_ms"] = rows["compute_us"] * 1e-3
    table["wait_ms"] = rows["wait_us"] * 1e-3
    table["send_ms"] = rows["send_us"] * 1e-3
    stages = ("fetch_us", "compute_us", "wait_us", "send_us")
    table["total_ms"] = sum(rows[name] for name in stages) * 1e-3
    table["cache_hit"] = rows["cache_hit"] != 0
    table["deadline_miss"] = rows["deadline_miss"] != 0
    return table


def blocks(rows: NDArray[np.void], epoch_us: int) -> NDArray[Any]:
    """Return the BLOCK columns."""
    table = np.zeros(len(rows), columns.BLOCK)
    table["time_us"] = rows["time"] + epoch_us
    for name in ("reason", "side", "level"):
        table[name] = rows[name]
    return table


def acks(rows: NDArray[np.void], epoch_us: int) -> NDArray[Any]:
    """Return the LATENCY columns."""
    table = np.zeros(len(rows), columns.LATENCY)
    table["time_us"] = rows["time"] + epoch_us
    table["latency_ms"] = rows["latency_us"] * 1e-3
    return table


def marks(rows: NDArray[np.void], epoch_us: int) -> NDArray[Any]:
    """Return the MARK columns: equity is cash and position at the mid, less fees."""
    table = np.zeros(len(rows), columns.MARK)
    table["time_us"] = rows["time"] + epoch_us
    table["mid"] = rows["mid"] * TICK_QUOTE
    table["inventory"] = rows["position"] * LOT_BASE
    held = rows["cash"] + rows["position"] * rows["mid"]
    table["equity_quote"] = held * LOT_TICK_QUOTE - rows["fees_quote"]
    return table


def trades(rows: NDArray[np.void], epoch_us: int) -> NDArray[Any]:
    """Return the TRADE columns."""
    table = np.zeros(len(rows), feeds.TRADE)
    table["time_us"] = rows["time"] + epoch_us
    table["side"] = rows["side"]
    table["price"] = rows["price"] * TICK_QUOTE
    table["quantity"] = rows["quantity"] * LOT_BASE
    return table


def tops(rows: NDArray[np.void], epoch_us: int) -> NDArray[Any]:
    """Return the TOP columns."""
    table = np.zeros(len(rows), feeds.TOP)
    table["time_us"] = rows["time"] + epoch_us
    for side in ("bid", "ask"):
        table[side] = rows[side] * TICK_QUOTE
        table[f"{side}_quantity"] = rows[f"{side}_lots"] * LOT_BASE
    return table


def seconds(rows: NDArray[np.void], epoch_us: int) -> NDArray[Any]:
    """Return the SECOND columns."""
    table = np.zeros(len(rows), feeds.SECOND)
    table["time_us"] = rows["time"] + epoch_us
    table["mid"] = rows["mid"] * TICK_QUOTE
    return table


def reports(rows: NDArray[np.void], epoch_us: int) -> NDArray[Any]:
    """Return the REPORT columns."""
    table = np.zeros(len(rows), feeds.REPORT)
    table["time_us"] = rows["time"] + epoch_us
    table["sent_us"] = rows["sent"] + epoch_us
    table["order"] = rows["handle"]
    table["kind"] = rows["kind"]
    table["is_answer"] = rows["request"] >= 0
    table["reason"] = rows["reason"]
    table["side"] = rows["side"]
    table["maker"] = rows["maker"] != 0
    table["price"] = rows["price"] * TICK_QUOTE
    table["quantity"] = rows["quantity"] * LOT_BASE
    return table
