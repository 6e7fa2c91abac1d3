"""Run by an interpreter that has hftbacktest: a list of requests against a feed, and its fills.

    python hftbacktest_oracle.py FEED.npz REQUESTS.npz FILLS.npz

It imports nothing of pytest-soak, whose numpy and numba may be others.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np
from hftbacktest import (
    GTC,
    GTX,
    LIMIT,
    BacktestAsset,
    HashMapMarketDepthBacktest,
)
from hftbacktest.order import IOC
from numba import njit

FILLED, CANCEL = 3, 3  # hftbacktest's status of an order; the script's kind of a request


@njit
def run(hbt: Any, requests: Any, tick: float, fills: Any) -> int:
    count = 0
    hbt.elapse(0)  # before it, the current time is none
    for n in range(len(requests)):
        request = requests[n]
        if hbt.elapse(request.sent - hbt.current_timestamp) != 0:
            break
        orders = hbt.orders(0)
        values = orders.values()
        while values.has_next():
            order = values.get()
            if order.status == FILLED:
                fills[count].time = order.exch_timestamp
                fills[count].id = order.order_id
                fills[count].tick = order.exec_price_tick
                fills[count].size = order.exec_qty
                fills[count].maker = order.arr[0].maker
                count += 1
        hbt.clear_inactive_orders(0)
        if request.kind == CANCEL:
            if request.id in orders and orders.get(request.id).cancellable:
                hbt.cancel(0, request.id, False)
        else:
            price = request.tick * tick
            tif = GTX if request.kind == 0 else GTC if request.kind == 1 else IOC
            if request.side > 0:
                hbt.submit_buy_order(0, request.id, price, request.size, tif, LIMIT, False)
            else:
                hbt.submit_sell_order(0, request.id, price, request.size, tif, LIMIT, False)
    return count


@njit
def run_alone(hbt: Any) -> int:
    steps = 0
    while hbt.elapse(1_000_000_000) == 0:
        steps += 1
    return steps


def backtest(feed: Any, settings: dict[str, Any]) -> Any:
    asset = BacktestAsset().data([feed]).linear_asset(1.0)
    asset = asset.constant_order_latency(int(settings["entry"]), int(settings["response"]))
    queue = str(settings["queue"])
    if queue == "power":
        asset = asset.power_prob_queue_model(float(settings["power"]))
    elif queue == "log":
        asset = asset.log_prob_queue_model()
    else:
        asset = asset.risk_adverse_queue_model()
    asset = asset.no_partial_fill_exchange().trading_value_fee_model(0.0, 0.0)
    asset = asset.tick_size(float(settings["tick"])).lot_size(float(settings["lot"]))
    return HashMapMarketDepthBacktest([asset])


def main(feed_file: str, requests_file: str, fills_file: str) -> None:
    feed = np.load(feed_file)["data"]
    given = np.load(requests_file)
    settings = {name: given[name].item() for name in given.files if name != "requests"}
    requests = given["requests"]
    fills = np.zeros(len(requests) + 1, given["fill"].dtype if "fill" in given else FILL)
    count = run(backtest(feed, settings), requests, settings["tick"], fills)
    few = feed[:10_000].copy()  # of which hftbacktest holds the address alone
    run_alone(backtest(few, settings))
    begun = time.process_time()
    run_alone(backtest(feed, settings))
    np.savez(fills_file, fills=fills[:count], seconds=time.process_time() - begun)


FILL = np.dtype(
    [("time", "i8"), ("id", "i8"), ("tick", "i8"), ("size", "f8"), ("maker", "i8")], align=True
)

if __name__ == "__main__":
    main(*sys.argv[1:])
