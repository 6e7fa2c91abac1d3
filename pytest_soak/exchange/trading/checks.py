"""Whether an account may have an order: its name, its position, its balance."""

from __future__ import annotations

from decimal import Decimal

from pytest_soak.exchange.codes import (
    BALANCE,
    DUPLICATE,
    PERMISSION,
    REDUCE_ONLY,
    WRONG_INDEX,
    RefusedError,
)
from pytest_soak.exchange.instruments import Traded
from pytest_soak.exchange.ledger import margin
from pytest_soak.exchange.ledger.accounts import Account
from pytest_soak.exchange.ledger.booking import spare
from pytest_soak.exchange.ledger.orders import Order
from pytest_soak.exchange.trading.wanted import Wanted


def check_may_trade(account: Account) -> None:
    """Refuse a key that may only look."""
    if account.read_only:
        raise RefusedError(PERMISSION)


def check_link(account: Account, wanted: Wanted) -> None:
    """Refuse a name that the account has given before, to whatever order."""
    if wanted.link_id and wanted.link_id in account.links:
        raise RefusedError(DUPLICATE.of(wanted.listed.category))


def check_index(account: Account, wanted: Wanted) -> None:
    """Refuse an index of the mode in which the account is not."""
    if wanted.listed.category == "spot":
        return
    is_hedged = bool(account.modes[wanted.listed.symbol])
    if is_hedged != (wanted.index in (1, 2)):
        raise RefusedError(WRONG_INDEX)


def reduces(wanted: Wanted) -> bool:
    """Whether an order can only reduce: told so, or against its side in hedge mode."""
    against = (wanted.index, wanted.side) in ((1, "Sell"), (2, "Buy"))
    return wanted.reduce_only or against


def cut_to_position(account: Account, order: Order) -> None:
    """Make a reduce-only order no larger than what there is to reduce; refuse one of nothing."""
    if not order.reduce_only:
        return
    most = spare(account, order)
    if most <= 0:
        raise RefusedError(REDUCE_ONLY)
    order.quantity = min(order.quantity, most)


def check_balance(
    account: Account,
    order: Order,
    listed: Traded,
    units: margin.Units,
    marks: margin.Marks,
    had: Decimal = Decimal(0),
) -> None:
    """Refuse what the account cannot pay for; `had` is what it keeps for the order already."""
    coin, amount = margin.needed(account, order, listed)
    if amount > had and amount - had > margin.available(account, coin, units, marks):
        raise RefusedError(BALANCE.of(order.category))
