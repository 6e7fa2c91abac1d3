"""Hummingbot's connector of Bybit's perpetuals, by itself, with a clock of Hummingbot's."""

from __future__ import annotations

import asyncio
import time
from decimal import Decimal
from typing import Any

from common import AWAY, KEY, QUANTITY, SECRET, Belief, failed, paced
from hummingbot.connector.derivative.bybit_perpetual.bybit_perpetual_derivative import (
    BybitPerpetualDerivative,
)
from hummingbot.core.clock import Clock, ClockMode
from hummingbot.core.data_type.common import OrderType, PositionAction, PositionMode, TradeType
from hummingbot.core.event.event_forwarder import EventForwarder
from hummingbot.core.event.events import MarketEvent

PAIR = "BTC-USDT"
READY_SECONDS = 60


class Bot:
    """Quotes both sides of the connector's book, and takes now and then."""

    def __init__(self) -> None:
        self.belief = Belief()
        self.connector = BybitPerpetualDerivative(
            bybit_perpetual_api_key=KEY, bybit_perpetual_secret_key=SECRET, trading_pairs=[PAIR]
        )
        self.connector.set_position_mode(PositionMode.ONEWAY)
        self.filled = EventForwarder(self.take_fill)
        self.connector.add_listener(MarketEvent.OrderFilled, self.filled)

    def take_fill(self, event: Any) -> None:
        side = "buy" if event.trade_type == TradeType.BUY else "sell"
        self.belief.fill(event.exchange_trade_id, side, float(event.amount))

    async def ready(self) -> None:
        """Wait until the connector says that it is."""
        deadline = time.monotonic() + READY_SECONDS
        while not self.connector.ready:
            if time.monotonic() > deadline:
                raise TimeoutError(f"not ready: {self.connector.status_dict}")
            await asyncio.sleep(0.2)
        print(f"ready: {self.connector.status_dict}", flush=True)

    def place(self, side: TradeType, kind: OrderType, price: Decimal) -> None:
        """An order, in one direction or the other."""
        send = self.connector.buy if side == TradeType.BUY else self.connector.sell
        quantity = Decimal(str(QUANTITY))
        send(PAIR, quantity, kind, price, position_action=PositionAction.OPEN)

    async def turn(self, number: int) -> None:
        """Cancel, quote; each fourth time take."""
        await self.connector.cancel_all(5.0)
        bid, ask = (self.connector.get_price(PAIR, is_buy) for is_buy in (False, True))
        away = Decimal(str(AWAY))
        self.place(TradeType.BUY, OrderType.LIMIT_MAKER, bid - away)
        self.place(TradeType.SELL, OrderType.LIMIT_MAKER, ask + away)
        if number % 4 == 0:
            side = TradeType.BUY if number % 8 == 0 else TradeType.SELL
            self.place(side, OrderType.MARKET, ask if side == TradeType.BUY else bid)
        await asyncio.sleep(0.5)
        self.tell()

    def tell(self) -> None:
        """Write down what the connector holds to be so."""
        orders = self.connector.in_flight_orders.values()
        found = [order.exchange_order_id for order in orders if order.is_open]
        self.belief.orders([order for order in found if order])
        book = self.connector.get_order_book(PAIR)
        bids, asks = (
            [(float(row.price), float(row.amount)) for row in rows()]
            for rows in (book.bid_entries, book.ask_entries)
        )
        self.belief.tell(bids, asks)

    async def trade(self) -> None:
        """Trade until the time is over, then leave nothing open."""
        await self.ready()
        async for number in paced():
            try:
                await self.turn(number)
            except Exception as error:
                failed(error)
        await self.connector.cancel_all(5.0)
        await asyncio.sleep(1.0)
        self.tell()


async def main() -> None:
    """Run the clock beside the bot."""
    bot = Bot()
    with Clock(ClockMode.REALTIME, 0.5) as clock:
        clock.add_iterator(bot.connector)
        ticking = asyncio.create_task(clock.run())
        try:
            await bot.trade()
        finally:
            ticking.cancel()
            await bot.connector.stop_network()


asyncio.run(main())
