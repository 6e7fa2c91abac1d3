"""NautilusTrader: a strategy that quotes at the best prices and takes now and then.

Its sockets trust no certificates but their own, so that its configuration points it, without TLS.
For the public socket there is no key: one name of its factories is bound anew.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

from common import KEY, SECONDS, SECRET, Belief
from nautilus_trader.adapters.bybit import factories
from nautilus_trader.adapters.bybit.common.enums import BybitProductType
from nautilus_trader.adapters.bybit.config import BybitDataClientConfig, BybitExecClientConfig
from nautilus_trader.config import (
    InstrumentProviderConfig,
    LiveExecEngineConfig,
    LoggingConfig,
    TradingNodeConfig,
)
from nautilus_trader.live.node import TradingNode
from nautilus_trader.model.enums import OrderSide, TimeInForce
from nautilus_trader.model.identifiers import InstrumentId
from nautilus_trader.trading.strategy import Strategy

REST, SOCKETS = os.environ["SOAK_EXCHANGE_REST"], os.environ["SOAK_EXCHANGE_WS"]
INSTRUMENT = InstrumentId.from_str("BTCUSDT-LINEAR.BYBIT")
QUANTITY, EVERY_SECONDS, LAST_SECONDS = 0.01, 1, 4
STOPS = os.environ.get("SOAK_STOPS", "idle")
"""How it is stopped: `idle`, with nothing open; `quoting`; or `ordering`, as an order is sent."""


class Maker(Strategy):
    """Quotes anew each second; each fourth time it takes."""

    def __init__(self) -> None:
        super().__init__()
        self.belief = Belief()
        self.number = 0

    def on_start(self) -> None:
        self.instrument = self.cache.instrument(INSTRUMENT)
        self.subscribe_quote_ticks(INSTRUMENT)
        self.subscribe_trade_ticks(INSTRUMENT)
        self.clock.set_timer("turn", timedelta(seconds=EVERY_SECONDS), callback=self.turn)

    def turn(self, event: Any) -> None:
        """Cancel and quote, but not at the end."""
        self.number += 1
        self.cancel_all_orders(INSTRUMENT)
        tick = self.cache.quote_tick(INSTRUMENT)
        ends = STOPS == "idle" and self.number * EVERY_SECONDS > SECONDS - LAST_SECONDS
        if tick is not None and not ends:
            self.quote(OrderSide.BUY, tick.bid_price)
            self.quote(OrderSide.SELL, tick.ask_price)
            if self.number % 4 == 0:
                self.take(OrderSide.BUY if self.number % 8 == 0 else OrderSide.SELL)
        self.tell()

    def tell(self) -> None:
        """Write down what it was told, and the orders that its cache has."""
        self.belief.orders([str(order.client_order_id) for order in self.cache.orders_open()])
        self.belief.tell()

    def quote(self, side: OrderSide, price: Any) -> None:
        """A resting order."""
        self.submit_order(
            self.order_factory.limit(
                INSTRUMENT, side, self.instrument.make_qty(QUANTITY), price, post_only=True
            )
        )

    def take(self, side: OrderSide) -> None:
        """A market order."""
        quantity = self.instrument.make_qty(QUANTITY)
        order = self.order_factory.market(INSTRUMENT, side, quantity, time_in_force=TimeInForce.IOC)
        self.submit_order(order)

    def on_order_filled(self, event: Any) -> None:
        side = "buy" if event.order_side == OrderSide.BUY else "sell"
        self.belief.fill(str(event.trade_id), side, float(event.last_qty))

    def on_stop(self) -> None:
        self.cancel_all_orders(INSTRUMENT)


def socket_of(product_type: BybitProductType, is_demo: bool, is_testnet: bool) -> str:
    """Where the public socket of a kind of product is."""
    return f"{SOCKETS}/v5/public/{product_type.value}"


def main() -> None:
    """Run a node until the time is over."""
    factories.get_ws_base_url_public = socket_of
    provider = InstrumentProviderConfig(load_all=True)
    own: dict[str, Any] = {
        "api_key": KEY,
        "api_secret": SECRET,
        "product_types": [BybitProductType.LINEAR],
        "base_url_http": REST,
        "instrument_provider": provider,
    }
    node = TradingNode(
        config=TradingNodeConfig(
            trader_id="SOAK-001",
            logging=LoggingConfig(log_level="INFO", log_colors=False),
            exec_engine=LiveExecEngineConfig(reconciliation=True),
            data_clients={"BYBIT": BybitDataClientConfig(**own)},
            exec_clients={
                "BYBIT": BybitExecClientConfig(
                    **own,
                    base_url_ws_private=f"{SOCKETS}/v5/private",
                    base_url_ws_trade=f"{SOCKETS}/v5/trade",
                )
            },
        )
    )
    maker = Maker()
    node.trader.add_strategy(maker)
    node.add_data_client_factory("BYBIT", factories.BybitLiveDataClientFactory)
    node.add_exec_client_factory("BYBIT", factories.BybitLiveExecClientFactory)
    node.build()

    def stop() -> None:
        if STOPS == "ordering":
            maker.take(OrderSide.BUY)
        node.stop()

    node.get_event_loop().call_later(SECONDS + LAST_SECONDS, stop)
    try:
        node.run()
        maker.tell()
        positions = node.cache.positions_open(instrument_id=INSTRUMENT)
        held = sum(float(one.signed_qty) for one in positions)
        print(f"stopped: told of {maker.belief.position:g}, its cache has {held:g}", flush=True)
    finally:
        node.dispose()


main()
