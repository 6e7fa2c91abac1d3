"""pybit: HTTP for looks, sockets for books, for the account and for orders."""

from __future__ import annotations

import time
from typing import Any

from common import AWAY, KEY, QUANTITY, SECRET, SYMBOL, Belief, Levels, failed, turns
from pybit.exceptions import FailedRequestError, InvalidRequestError
from pybit.unified_trading import HTTP, WebSocket, WebSocketTrading

OPEN = ("New", "PartiallyFilled")
ORDER = {"category": "linear", "symbol": SYMBOL}


class Bot:
    """Quotes both sides of the book that its socket shows."""

    def __init__(self) -> None:
        own: dict[str, Any] = {"testnet": False, "api_key": KEY, "api_secret": SECRET}
        self.belief = Belief()
        self.best: tuple[float, float] | None = None
        self.book: tuple[Levels, Levels, int] = ((), (), 0)
        self.http = HTTP(**own)
        self.public = WebSocket(testnet=False, channel_type="linear")
        self.private = WebSocket(channel_type="private", **own)
        self.trading = WebSocketTrading(**own)

    def listen(self) -> None:
        """Take what the sockets say."""
        self.public.orderbook_stream(50, SYMBOL, self.take_book)
        self.public.trade_stream(SYMBOL, lambda message: None)
        self.public.ticker_stream(SYMBOL, lambda message: None)
        self.private.order_stream(self.take_orders)
        self.private.execution_stream(self.take_fills)
        self.private.position_stream(lambda message: None)
        self.private.wallet_stream(lambda message: None)

    def is_connected(self) -> bool:
        """Whether all its sockets are there."""
        return all(one.is_connected() for one in (self.public, self.private, self.trading))

    def leave(self) -> None:
        """Close its sockets."""
        for socket in (self.public, self.private, self.trading):
            socket.exit()

    def take_book(self, message: Any) -> None:
        told = message["data"]
        bids, asks = ([[float(p), float(q)] for p, q in told[side]] for side in "ba")
        bids, asks = sorted(bids, reverse=True), sorted(asks)  # which pybit does not
        self.best = bids[0][0], asks[0][0]
        self.book = bids, asks, told["u"]

    def take_orders(self, message: Any) -> None:
        for row in message["data"]:
            self.belief.order(row["orderId"], row["orderStatus"] in OPEN)

    def take_fills(self, message: Any) -> None:
        for row in message["data"]:
            self.belief.fill(row["execId"], row["side"], float(row["execQty"]))

    def place(self, side: str, price: float | None) -> None:
        """An order over the socket: a quote, or one that takes."""
        kind: dict[str, str] = {"orderType": "Market"}
        if price is not None:
            kind = {"orderType": "Limit", "price": f"{price:.0f}", "timeInForce": "PostOnly"}
        order = {**ORDER, "side": side, "qty": str(QUANTITY), **kind}
        self.trading.place_order(lambda message: None, **order)

    def turn(self, number: int) -> None:
        """Cancel, quote; each fourth time take."""
        self.http.cancel_all_orders(**ORDER)
        assert self.best is not None
        self.place("Buy", self.best[0] - AWAY)
        self.place("Sell", self.best[1] + AWAY)
        if number % 4 == 0:
            self.place("Buy" if number % 8 == 0 else "Sell", None)
        self.http.get_open_orders(**ORDER)
        self.http.get_positions(**ORDER)
        self.http.get_wallet_balance(accountType="UNIFIED")
        self.belief.tell(*self.book)


def hearing() -> Bot:
    """One whose sockets are there when it has its first book.

    A subscription is sent before its answer is expected: if that is there first, the socket ends.
    """
    while True:
        bot = Bot()
        bot.listen()
        time.sleep(0.5)
        while bot.is_connected() and bot.best is None:
            time.sleep(0.1)
        if bot.is_connected():
            return bot
        print("opened again: a socket was gone before it told anything", flush=True)
        bot.leave()


def main() -> None:
    """Trade until the time is over, then leave nothing open."""
    bot = hearing()
    bot.http.get_server_time()
    bot.http.get_instruments_info(**ORDER)
    for number in turns():
        try:
            bot.turn(number)
        except (FailedRequestError, InvalidRequestError, OSError) as error:
            failed(error)
    bot.http.cancel_all_orders(**ORDER)
    time.sleep(1)
    bot.belief.tell(*bot.book)
    bot.leave()


main()
