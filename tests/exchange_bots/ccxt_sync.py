"""ccxt over HTTP: markets, books, orders of every kind, linear and spot."""

from __future__ import annotations

import sys

import ccxt

from exchange_bots.ccxt_urls import pointed

LINEAR, SPOT = "BTC/USDT:USDT", "BTC/USDC"


def main(port: int, key: str, secret: str) -> None:
    client = ccxt.bybit({"apiKey": key, "secret": secret, "enableRateLimit": False})
    pointed(client.urls["api"], port)
    client.load_markets()
    assert {LINEAR, SPOT} <= set(client.markets)
    assert client.fetch_balance()["free"]["USDT"] > 0
    assert client.fetch_ticker(LINEAR)["last"] > 0
    assert len(client.fetch_ohlcv(LINEAR, "1m", limit=5)) == 5
    assert client.fetch_trades(LINEAR)
    bid = client.fetch_order_book(LINEAR, 5)["bids"][0][0]
    order = client.create_order(LINEAR, "limit", "buy", 0.01, bid - 30, {"postOnly": True})
    (resting,) = client.fetch_open_orders(LINEAR)
    assert (resting["id"], resting["status"]) == (order["id"], "open")
    client.edit_order(order["id"], LINEAR, "limit", "buy", 0.02, bid - 40)
    assert client.fetch_open_orders(LINEAR)[0]["amount"] == 0.02
    client.cancel_order(order["id"], LINEAR)
    try:
        client.cancel_order(order["id"], LINEAR)
        raise AssertionError("a cancelled order was cancelled again")
    except ccxt.OrderNotFound:
        pass
    client.create_order(LINEAR, "market", "buy", 0.02)
    assert client.fetch_positions([LINEAR])[0]["contracts"] == 0.02
    client.create_order(LINEAR, "market", "sell", 0.02, None, {"reduceOnly": True})
    assert not client.fetch_positions([LINEAR])[0]["contracts"]
    assert len({trade["side"] for trade in client.fetch_my_trades(LINEAR)}) == 2
    client.create_order(SPOT, "market", "buy", 0.01, 60_000)
    client.create_order(SPOT, "market", "sell", 0.009)
    assert len({trade["side"] for trade in client.fetch_my_trades(SPOT)}) == 2
    try:
        client.create_order(LINEAR, "limit", "buy", 100.0, bid - 30)
        raise AssertionError("nobody could pay for that")
    except ccxt.InsufficientFunds:
        pass


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:4])
