"""ccxt, blocking: quotes both sides, and takes now and then."""

from __future__ import annotations

import time

import ccxt
from common import AWAY, KEY, QUANTITY, SECRET, UNIFIED, Belief, failed, turns


def turn(exchange: ccxt.bybit, belief: Belief, number: int) -> None:
    """Cancel, look, quote; each fourth time take."""
    exchange.cancel_all_orders(UNIFIED)
    book = exchange.fetch_order_book(UNIFIED, 25)
    bid, ask = book["bids"][0][0], book["asks"][0][0]
    post_only = {"postOnly": True}
    exchange.create_order(UNIFIED, "limit", "buy", QUANTITY, bid - AWAY, post_only)
    exchange.create_order(UNIFIED, "limit", "sell", QUANTITY, ask + AWAY, post_only)
    if number % 4 == 0:
        side = "buy" if number % 8 == 0 else "sell"
        exchange.create_order(UNIFIED, "market", side, QUANTITY)
    look(exchange, belief)


def look(exchange: ccxt.bybit, belief: Belief) -> None:
    """Read what has become of its orders, and write down what it now believes."""
    began = time.monotonic()
    for trade in exchange.fetch_my_trades(UNIFIED, limit=50):
        belief.fill(trade["id"], trade["side"], trade["amount"])
    belief.orders([order["id"] for order in exchange.fetch_open_orders(UNIFIED)])
    exchange.fetch_positions([UNIFIED])
    exchange.fetch_balance()
    belief.tell(since=began)


def main() -> None:
    """Trade until the time is over, then leave nothing open."""
    exchange, belief = ccxt.bybit({"apiKey": KEY, "secret": SECRET}), Belief()
    exchange.options["defaultType"] = "swap"
    exchange.load_markets()
    for number in turns():
        try:
            turn(exchange, belief, number)
        except ccxt.BaseError as error:
            failed(error)
    exchange.cancel_all_orders(UNIFIED)
    look(exchange, belief)


main()
