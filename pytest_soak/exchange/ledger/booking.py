"""What a fill and an end do to an order, its account's positions and coins."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from pytest_soak.exchange.instruments import Traded
from pytest_soak.exchange.ledger.accounts import Account
from pytest_soak.exchange.ledger.executions import Filled
from pytest_soak.exchange.ledger.orders import Order
from pytest_soak.exchange.ledger.positions import traded
from pytest_soak.exchange.numbers import ZERO


@dataclass(frozen=True)
class Fill:
    """What the market says of a trade: `mark` values the position."""

    time_us: int
    price: Decimal
    quantity: Decimal
    maker: bool
    exec_id: str
    sequence: int
    mark: Decimal


def book(account: Account, order: Order, listed: Traded, fill: Fill) -> Filled:
    """Book a trade of an order; it closes one that is filled."""
    value = fill.price * fill.quantity
    rate = listed.maker_fee if fill.maker else listed.taker_fee
    is_spot = order.category == "spot"
    coin = listed.base if is_spot and order.sign > 0 else listed.quote
    fee = rate * (fill.quantity if coin == listed.base else value)
    order.filled += fill.quantity
    order.value += value
    order.fees += fee
    order.fee_coin = coin
    order.updated_us = fill.time_us
    order.status = "Filled" if order.filled >= order.quantity else "PartiallyFilled"
    closed = profit = ZERO
    if is_spot:
        account.add(listed.base, order.sign * fill.quantity)
        account.add(listed.quote, -order.sign * value)
        account.add(coin, -fee)
    else:
        closed, profit = _book_position(account, order, fill, fee)
        account.add(listed.settle, profit - fee)
    flow = account.flows[order.symbol]
    flow.base += order.sign * fill.quantity - (fee if coin == listed.base else ZERO)
    flow.cash -= order.sign * value + (ZERO if coin == listed.base else fee)
    done = Filled(
        exec_id=fill.exec_id,
        order=order,
        time_us=fill.time_us,
        price=fill.price,
        quantity=fill.quantity,
        maker=fill.maker,
        fee=fee,
        fee_rate=rate,
        fee_coin=coin,
        leaves=order.leaves,
        sequence=fill.sequence,
        mark=fill.mark,
        closed=closed,
        realised=profit,
    )
    account.fills.append(done)
    if not order.is_open:
        account.close(order)
    return done


def _book_position(
    account: Account, order: Order, fill: Fill, fee: Decimal
) -> tuple[Decimal, Decimal]:
    before = account.position(order.symbol, order.index)
    change = traded(before, order.sign * fill.quantity, fill.price)
    account.positions[order.symbol, order.index] = replace(
        change.position,
        realised=before.realised + change.profit - fee,
        created_us=before.created_us or fill.time_us,
        updated_us=fill.time_us,
        sequence=fill.sequence,
    )
    return change.closed, change.profit


def end(account: Account, order: Order, time_us: int, reason: str, cancel_type: str) -> None:
    """An order is over with something left of it, or was refused by the book."""
    partly = order.filled > 0 and order.category == "spot"
    order.status = "PartiallyFilledCanceled" if partly else "Cancelled"
    order.reason, order.cancel_type = reason, cancel_type
    order.updated_us = time_us
    account.close(order)


def take_up(order: Order, time_us: int) -> None:
    """The book has an order."""
    if not order.is_shown:
        order.status = "New"
        order.updated_us = time_us


def spare(account: Account, order: Order) -> Decimal:
    """How much a reduce-only order may be for: the position less what others already reduce."""
    size = account.position(order.symbol, order.index).size
    if size * order.sign >= 0:
        return ZERO
    others = sum(
        (
            one.leaves
            for one in account.open_in(order.symbol)
            if one is not order
            and one.reduce_only
            and one.sign == order.sign
            and one.index == order.index
        ),
        ZERO,
    )
    return max(ZERO, abs(size) - others)
