"""pybit, unmodified, on an exchange of this machine: python pybit_bot.py BUG [mended].

It needs pybit and the standard library alone. Lines of JSON say what it believes.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from pybit import _http_manager, _websocket_trading, unified_trading
from pybit.exceptions import FailedRequestError, InvalidRequestError

PORT, KEY, SECRET = (os.environ[name] for name in ("PORT", "KEY", "SECRET"))
_http_manager.HTTP_URL = f"http://127.0.0.1:{PORT}"
unified_trading.PUBLIC_WSS = f"ws://127.0.0.1:{PORT}/v5/public/{{CHANNEL_TYPE}}"
unified_trading.PRIVATE_WSS = f"ws://127.0.0.1:{PORT}/v5/private"
_websocket_trading.TRADE_WSS = f"ws://127.0.0.1:{PORT}/v5/trade"

BTC = "BTCUSDT"
OWN: dict[str, Any] = {"api_key": KEY, "api_secret": SECRET}
ORDER = {"category": "linear", "symbol": BTC}
MENDED = "mended" in sys.argv
Row = dict[str, Any]


def say(**what: Any) -> None:
    """A belief as of now."""
    print(json.dumps({"time_us": time.time_ns() // 1000, **what}), flush=True)


def http(**more: Any) -> Any:
    """The client over HTTP, which has made its first private call."""
    found = unified_trading.HTTP(**OWN, **more)
    found.get_wallet_balance(accountType="UNIFIED")
    return found


def levels(rows: Any) -> list[list[float]]:
    return [[float(price), float(size)] for price, size in rows]


def socket_of(listen: Callable[[Any], None], is_heard: Callable[[], bool], **how: Any) -> Any:
    """A socket that is heard; one that is gone before is opened again.

    A subscription is sent before its answer is expected: if that is there first, the thread that
    reads ends.
    """
    while True:
        found = unified_trading.WebSocket(testnet=False, **how)
        listen(found)
        while found.is_connected() and not is_heard():
            time.sleep(0.05)
        if found.is_connected():
            return found
        print("opened again: it was gone before it told anything", file=sys.stderr, flush=True)


def in_a_second() -> bool:
    """That of a socket which has nothing to tell as yet."""
    time.sleep(1.0)
    return True


def book(seconds: float) -> None:
    """Says each quarter second the book that it was last handed."""
    latest: list[Row] = []

    def take(message: Any) -> None:
        data = message["data"]
        bids, asks = levels(data["b"]), levels(data["a"])
        if MENDED:
            bids.sort(reverse=True)
            asks.sort()
        latest[:] = [{BTC: {"u": data["u"], "bids": bids, "asks": asks}}]

    socket = socket_of(
        lambda one: one.orderbook_stream(50, BTC, take),
        lambda: bool(latest),
        channel_type="linear",
    )
    http()
    for _ in range(round(seconds * 4)):
        time.sleep(0.25)
        say(books=latest[0])
    print(
        json.dumps({"connected": socket.is_connected(), "threads": threading.active_count()}),
        flush=True,
    )
    os._exit(0)  # whatever its threads are at


def computes() -> None:
    """What a strategy does in a thread of its own: the others wait until it is interrupted."""
    while True:
        sum(number * number for number in range(1000))


def acks(count: int) -> None:
    """Places orders over the trade socket; knows those whose answer reached its callback.

    Mended it names them itself, so that it need not be told.
    """
    session = http()
    price = float(session.get_orderbook(**ORDER)["result"]["b"][0][0]) * 0.98
    trading = unified_trading.WebSocketTrading(testnet=False, **OWN)
    threading.Thread(target=computes, daemon=True).start()
    answers: set[str] = set()
    names = [f"mine-{number}" for number in range(count)] if MENDED else []

    def answered(message: Any) -> None:
        answers.add(message["data"]["orderId"])

    order = {**ORDER, "side": "Buy", "orderType": "Limit", "qty": "0.001", "price": f"{price:.0f}"}
    for number in range(count):
        own = {"orderLinkId": names[number]} if MENDED else {}
        trading.place_order(answered, **order, **own)
        time.sleep(0.01)
    time.sleep(4)
    say(open_orders=names or sorted(answers))
    print(json.dumps({"sent": count, "answered": len(answers)}), flush=True)
    os._exit(0)


def retries() -> None:
    """One call, which the client itself may send again."""
    session = http(timeout=2, force_retry=not MENDED, max_retries=2, retry_delay=1)
    price = float(session.get_orderbook(**ORDER)["result"]["b"][0][0]) * 0.98
    try:
        session.place_order(
            **ORDER, side="Buy", orderType="Limit", qty="0.001", price=f"{price:.0f}"
        )
    except (FailedRequestError, InvalidRequestError, OSError) as error:
        print(json.dumps({"error": type(error).__name__}))
    time.sleep(1)


def fills(seconds: float) -> None:
    """Buys each half second; counts what its private socket says."""
    told: dict[str, float] = {}

    def take(message: Any) -> None:
        for row in message["data"]:
            told[row["execId"]] = float(row["execQty"])

    socket_of(lambda one: one.execution_stream(take), in_a_second, channel_type="private", **OWN)
    session = http()
    for _ in range(round(seconds * 2)):
        time.sleep(0.5)
        session.place_order(**ORDER, side="Buy", orderType="Market", qty="0.001")
    for _ in range(16):
        time.sleep(0.25)
        if MENDED:
            for row in session.get_executions(category="linear", limit=100)["result"]["list"]:
                told[row["execId"]] = float(row["execQty"])
        say(positions={BTC: round(sum(told.values()), 8)})
    os._exit(0)


BUGS: dict[str, Callable[[], None]] = {
    "unsorted": lambda: book(6),
    "swallowed": lambda: book(14),
    "silent": lambda: book(13),
    "acks": lambda: acks(150),
    "retries": retries,
    "fills": lambda: fills(8),
}
BUGS[sys.argv[1]]()
