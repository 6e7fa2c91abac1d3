"""The end of an open order, or of many."""

from __future__ import annotations

from contextlib import suppress

from pytest_soak.exchange.codes import RefusedError, parameter
from pytest_soak.exchange.instruments import CATEGORIES
from pytest_soak.exchange.ledger.accounts import Account
from pytest_soak.exchange.ledger.orders import Order
from pytest_soak.exchange.trading import checks
from pytest_soak.exchange.trading.amend import open_order
from pytest_soak.exchange.trading.desk import Desk
from pytest_soak.exchange.trading.waiting import Waiting, What
from pytest_soak.exchange.trading.wanted import Args


def cancel(desk: Desk, account: Account, args: Args) -> tuple[Order, Waiting]:
    """Send the cancel of one order; its answer is waited for."""
    checks.check_may_trade(account)
    order = open_order(desk, account, args)
    return order, send(desk, order)


def send(desk: Desk, order: Order, what: What = "cancel", *, answered: bool = True) -> Waiting:
    """Send the cancel of an order that is open."""
    market = desk.markets[order.symbol]
    waiting = desk.ask(what, answered=answered)
    market.cancel(order.handle)
    desk.await_answer(market, order, waiting)
    if answered:
        desk.at_once(market, waiting)
    return waiting


def cancel_all(desk: Desk, account: Account, args: Args) -> list[tuple[Order, Waiting]]:
    """Send the cancel of every open order that the request is about."""
    checks.check_may_trade(account)
    found = orders_about(account, args, desk)
    for symbol in {order.symbol for order in found}:
        desk.catch_up(desk.markets[symbol])
    sent = []
    for order in found:
        if order.is_open:
            with suppress(RefusedError):  # the gateway is full: it stays, as the answer tells
                sent.append((order, send(desk, order)))
    return sent


def orders_about(account: Account, args: Args, desk: Desk) -> list[Order]:
    """The open orders of a category, and of the symbol, base coin or settle coin given."""
    category = args.get("category")
    if category not in CATEGORIES:
        raise RefusedError(parameter(f"category invalid {str(category)[:20]}"))
    found = [order for order in account.open.values() if order.category == category]
    if symbol := args.get("symbol"):
        found = [order for order in found if order.symbol == symbol]
    for key in ("baseCoin", "settleCoin"):
        if coin := args.get(key):
            found = [order for order in found if _coin(desk, order, key) == coin]
    return found


def _coin(desk: Desk, order: Order, key: str) -> str:
    listed = desk.markets[order.symbol].listed
    return listed.base if key == "baseCoin" else listed.settle
