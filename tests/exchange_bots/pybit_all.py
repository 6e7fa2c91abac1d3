"""pybit: HTTP, its public and private streams, and orders over the trade socket."""

from __future__ import annotations

import sys
import time
from typing import Any

import pybit._http_manager
import pybit._websocket_trading
import pybit.unified_trading as unified

BTC = {"category": "linear", "symbol": "BTCUSDT"}
MARKET = {**BTC, "orderType": "Market", "qty": "0.01"}
GUARD_SECONDS = 120


def pointed(port: int) -> None:
    """Its own templates have no place for a port: put this machine in their place."""
    pybit._http_manager.HTTP_URL = f"http://127.0.0.1:{port}"
    unified.PUBLIC_WSS = f"ws://127.0.0.1:{port}/v5/public/{{CHANNEL_TYPE}}"
    unified.PRIVATE_WSS = f"ws://127.0.0.1:{port}/v5/private"
    pybit._websocket_trading.TRADE_WSS = f"ws://127.0.0.1:{port}/v5/trade"


def main(port: int, key: str, secret: str) -> None:
    pointed(port)
    keys = {"api_key": key, "api_secret": secret}
    http = unified.HTTP(**keys)
    assert int(http.get_server_time()["result"]["timeSecond"]) > 0
    assert http.get_instruments_info(**BTC)["result"]["list"]
    heard: set[str] = set()

    def hear(message: dict[str, Any]) -> None:
        heard.add(message["topic"])

    public = unified.WebSocket(testnet=False, channel_type="linear")
    public.orderbook_stream(50, "BTCUSDT", hear)
    public.trade_stream("BTCUSDT", hear)
    private = unified.WebSocket(testnet=False, channel_type="private", **keys)
    for stream in (private.order_stream, private.execution_stream, private.position_stream):
        stream(hear)
    private.wallet_stream(hear)
    trading = unified.WebSocketTrading(testnet=False, **keys)
    http.place_order(side="Buy", **MARKET)
    trading.place_order(lambda _: heard.add("answer"), side="Sell", **MARKET)
    wanted = {"orderbook.50.BTCUSDT", "order", "execution", "position", "wallet"}
    deadline = time.monotonic() + GUARD_SECONDS
    while not wanted <= heard:
        assert time.monotonic() < deadline, f"only heard {sorted(heard)}"
        time.sleep(0.05)
    sides = {one["side"] for one in http.get_executions(**BTC)["result"]["list"]}
    assert sides == {"Buy", "Sell"}


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:4])
