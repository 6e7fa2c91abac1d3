"""The venue's things as the record has them."""

from __future__ import annotations

from decimal import Decimal

from pytest_soak.exchange.instruments import Traded
from pytest_soak.exchange.ledger.accounts import Account
from pytest_soak.exchange.ledger.executions import Filled
from pytest_soak.exchange.ledger.orders import NO_ERROR, Order
from pytest_soak.exchange.markets.books import Book
from pytest_soak.exchange.markets.market import SymbolMarket
from pytest_soak.exchange.record import Execution, Mark, OrderState


def state(order: Order) -> OrderState:
    """An order as it is now."""
    return OrderState(
        time_us=order.updated_us,
        account=order.account,
        category=order.category,
        symbol=order.symbol,
        order_id=order.order_id,
        link_id=order.link_id,
        side=order.side,
        kind=order.kind,
        time_in_force=order.time_in_force,
        price=float(order.price),
        quantity=float(order.quantity),
        filled=float(order.filled),
        status=order.status,
        reason="" if order.reason == NO_ERROR else order.reason,
    )


def execution(account: Account, filled: Filled, book: Book, listed: Traded) -> Execution:
    """A trade, with the mid of the crowd's book before it."""
    order = filled.order
    mid = Decimal(book.crowd_bid + book.crowd_ask) / 2 * listed.tick
    return Execution(
        time_us=filled.time_us,
        account=account.name,
        category=order.category,
        symbol=order.symbol,
        exec_id=filled.exec_id,
        order_id=order.order_id,
        link_id=order.link_id,
        side=order.side,
        price=float(filled.price),
        quantity=float(filled.quantity),
        maker=filled.maker,
        fee=float(filled.fee),
        fee_currency=filled.fee_coin,
        mid=float(mid),
        position=float(account.flows[order.symbol].base),
    )


def mark_of(account: Account, market: SymbolMarket, time_us: int) -> Mark:
    """Where an account stands in a symbol."""
    listed, book = market.listed, market.books.latest
    bid, ask = book.crowd_bid * listed.tick, book.crowd_ask * listed.tick
    flow = account.flows[listed.symbol]
    return Mark(
        time_us=time_us,
        account=account.name,
        symbol=listed.symbol,
        bid=float(bid),
        ask=float(ask),
        position=float(flow.base),
        equity_quote=float(flow.cash + flow.base * (bid + ask) / 2),
        open_orders=sum(order.is_shown for order in account.open_in(listed.symbol)),
    )
