"""A new order: checked, named, sent."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pytest_soak.exchange.codes import BELOW_MINIMUM, RefusedError
from pytest_soak.exchange.ids import Names
from pytest_soak.exchange.ledger.accounts import Account
from pytest_soak.exchange.ledger.margin import Units, available
from pytest_soak.exchange.ledger.orders import Order
from pytest_soak.exchange.markets.market import SymbolMarket
from pytest_soak.exchange.numbers import ZERO, floored
from pytest_soak.exchange.trading import checks
from pytest_soak.exchange.trading.desk import Desk, lots, ticks
from pytest_soak.exchange.trading.waiting import Waiting
from pytest_soak.exchange.trading.wanted import Wanted

NO_PRICE = {1: 0, -1: 1 << 40}
"""A limit, by the sign of the order, at which nothing trades."""


def create(desk: Desk, names: Names, account: Account, wanted: Wanted) -> tuple[Order, Waiting]:
    """Send a new order; its answer is waited for. RefusedError where it cannot be sent."""
    checks.check_may_trade(account)
    market = desk.markets[wanted.listed.symbol]
    desk.catch_up(market)
    checks.check_link(account, wanted)
    checks.check_index(account, wanted)
    order = _order(desk, names, account, wanted, market)
    checks.cut_to_position(account, order)
    order.lots_in_book = lots(market, order.quantity)
    units = {name: one.listed for name, one in desk.markets.items()}
    if not order.price and order.category == "spot" and order.sign > 0:
        _reserve(desk, account, order, units)
    checks.check_balance(account, order, wanted.listed, units, desk.marks())
    waiting = desk.ask("create")
    limit = ticks(market, order.price or _worst(order, market))
    look = _whole_or_not if order.time_in_force == "FOK" else None
    handle = market.submit(order.sign, limit, order.lots_in_book, _kind(order), look)
    order.handle = handle
    desk.await_answer(market, order, waiting)
    desk.register(account, order, handle)
    account.open[order.order_id] = order
    if order.link_id:
        account.links[order.link_id] = order.order_id
    desk.at_once(market, waiting)
    return order, waiting


def _worst(order: Order, market: SymbolMarket) -> Decimal:
    """The price at which a market order ends to trade: a spot buy spends no more than is kept."""
    if order.category == "spot" and order.sign > 0:
        return order.reserved_price
    return market.far(order.sign) * market.listed.tick


def _reserve(desk: Desk, account: Account, order: Order, units: Units) -> None:
    """Keep for a market buy what it costs at worst, or all that there is where that is less."""
    market = desk.markets[order.symbol]
    tick = market.listed.tick
    spare = available(account, market.listed.quote, units, desk.marks())
    worst = min(market.far(order.sign) * tick, floored(max(ZERO, spare) / order.quantity, tick))
    order.reserved_price = max(order.reserved_price, worst)


def _order(
    desk: Desk, names: Names, account: Account, wanted: Wanted, market: SymbolMarket
) -> Order:
    listed, now = wanted.listed, desk.now_us()
    sign = 1 if wanted.side == "Buy" else -1
    reserved = wanted.price or market.touch(sign) * listed.tick
    quantity = wanted.quantity
    if wanted.in_quote:
        quantity = floored(quantity / reserved, listed.lot)
        if not quantity:
            raise RefusedError(BELOW_MINIMUM.of(listed.category))
    return Order(
        order_id=names.spot_order() if listed.category == "spot" else names.uuid(),
        link_id=wanted.link_id,
        account=account.name,
        category=listed.category,
        symbol=listed.symbol,
        side=wanted.side,
        kind=wanted.kind,
        time_in_force=wanted.time_in_force,
        price=wanted.price,
        quantity=quantity,
        reserved_price=reserved,
        created_us=now,
        updated_us=now,
        reduce_only=checks.reduces(wanted),
        index=wanted.index,
        in_quote=wanted.in_quote,
        last_price=market.last_price * listed.tick,
    )


def _kind(order: Order) -> str:
    if order.time_in_force == "PostOnly":
        return "post_only"
    return "limit" if order.time_in_force == "GTC" else "ioc"


def _whole_or_not(market: SymbolMarket, request: Any) -> None:
    """Let a fill-or-kill order find nothing where the book has not all of it."""
    sign = int(request["side"])
    if market.within(sign, int(request["price"])) < int(request["quantity"]):
        request["price"] = NO_PRICE[sign]
