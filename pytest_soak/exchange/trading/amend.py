"""Another price or quantity of an open order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pytest_soak.exchange.codes import NOT_FOUND, TOO_LITTLE, UNCHANGED, RefusedError, parameter
from pytest_soak.exchange.ledger.accounts import Account
from pytest_soak.exchange.ledger.margin import needed
from pytest_soak.exchange.ledger.orders import Order
from pytest_soak.exchange.markets.market import Look, SymbolMarket
from pytest_soak.exchange.numbers import parsed
from pytest_soak.exchange.trading import checks
from pytest_soak.exchange.trading.desk import Desk, lots, ticks
from pytest_soak.exchange.trading.waiting import Waiting
from pytest_soak.exchange.trading.wanted import Args, check_quantity, checked_price, listed_in

NOWHERE = 1 << 40
"""A price, in ticks, at which the book takes no order."""


def open_order(desk: Desk, account: Account, args: Args) -> Order:
    """The open order that a request names; RefusedError where it is over or was never there."""
    units = {name: one.listed for name, one in desk.markets.items()}
    listed = listed_in(args, units)
    desk.catch_up(desk.markets[listed.symbol])
    order_id, link_id = str(args.get("orderId") or ""), str(args.get("orderLinkId") or "")
    if not order_id and not link_id:
        raise RefusedError(parameter("orderId or orderLinkId is required"))
    order = account.find(order_id, link_id)
    if order is None or not order.is_open or order.symbol != listed.symbol:
        raise RefusedError(NOT_FOUND.of(listed.category))
    return order


def amend(desk: Desk, account: Account, args: Args) -> tuple[Order, Waiting]:
    """Send an amendment; its answer is waited for. RefusedError where it cannot be sent."""
    checks.check_may_trade(account)
    order = open_order(desk, account, args)
    market = desk.markets[order.symbol]
    listed = market.listed
    price = checked_price(args["price"], listed) if _is_given(args, "price") else order.price
    quantity = order.quantity
    if _is_given(args, "qty"):
        quantity = parsed(args["qty"]) or Decimal(0)
        check_quantity(quantity, listed)
    if (price, quantity) == (order.price, order.quantity):
        raise RefusedError(UNCHANGED)
    if quantity <= order.filled:
        raise RefusedError(TOO_LITTLE)
    _check_balance(desk, account, order, price, quantity)
    waiting = desk.ask("amend")
    waiting.price, waiting.quantity, waiting.lots_before = price, quantity, order.lots_in_book
    left = lots(market, quantity - order.filled)
    market.amend(order.handle, ticks(market, price), left, _in_all(order, waiting))
    desk.await_answer(market, order, waiting)
    desk.at_once(market, waiting)
    return order, waiting


def _is_given(args: Args, name: str) -> bool:
    return args.get(name) not in (None, "", "0", 0)


def _check_balance(
    desk: Desk, account: Account, order: Order, price: Decimal, quantity: Decimal
) -> None:
    """Refuse what the account cannot pay for beyond what it keeps for the order already."""
    listed = desk.markets[order.symbol].listed
    units = {name: one.listed for name, one in desk.markets.items()}
    had, was = needed(account, order, listed)[1], (order.reserved_price, order.quantity)
    order.reserved_price, order.quantity = price, quantity
    try:
        checks.check_balance(account, order, listed, units, desk.marks(), had)
    finally:
        order.reserved_price, order.quantity = was


def _in_all(order: Order, waiting: Waiting) -> Look:
    """Take off what is filled by then: an amendment says what the order is for in all."""

    def look(market: SymbolMarket, request: Any) -> None:
        left = market.remaining(order.handle)
        if not left:
            return  # the book says itself that it has no such order
        waiting.lots_before = order.lots_in_book
        wanted_lots = lots(market, waiting.quantity)
        still = wanted_lots - (order.lots_in_book - left)
        if still <= 0:
            waiting.instead = TOO_LITTLE
            request["price"] = NOWHERE
            return
        request["quantity"] = still
        order.lots_in_book = wanted_lots

    return look
