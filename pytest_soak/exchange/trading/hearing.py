"""What the market tells of an account's orders, as it changes the ledger."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from pytest_soak.exchange import codes
from pytest_soak.exchange.ledger import orders as o
from pytest_soak.exchange.ledger.accounts import Account
from pytest_soak.exchange.ledger.booking import Fill, book, end, spare, take_up
from pytest_soak.exchange.ledger.orders import Order
from pytest_soak.exchange.markets.market import SymbolMarket
from pytest_soak.exchange.markets.told import Told
from pytest_soak.exchange.trading import cancel
from pytest_soak.exchange.trading.desk import Desk, mark, ticks
from pytest_soak.exchange.trading.waiting import Waiting

NewName = Callable[[], str]
NextNumber = Callable[[], int]


class Hearing:
    """Takes a market's reports in their order."""

    def __init__(self, desk: Desk, new_name: NewName, next_number: NextNumber) -> None:
        self._desk = desk
        self._new_name = new_name
        self._next_number = next_number

    def hear(self, market: SymbolMarket, told: Told) -> None:
        """One report; one on an order that nobody has is none of ours."""
        entry = self._desk.orders.get((market.listed.symbol, told.handle))
        if entry is None:
            return
        account, order = entry
        if told.kind == "filled":
            self._filled(market, account, order, told)
        elif told.is_answer:
            waiting = self._desk.answered((order.symbol, told.handle))
            if waiting is not None:
                self._answer(market, account, order, told, waiting)
        elif told.kind == "cancelled" and order.is_open:
            self._end(account, order, told.time_us, o.NO_ERROR, "CancelBySmp")

    def _filled(self, market: SymbolMarket, account: Account, order: Order, told: Told) -> None:
        listed = market.listed
        if not order.is_shown:
            self._desk.ears.hold(account, self._desk.first_token(order))
        done = book(
            account,
            order,
            listed,
            Fill(
                time_us=told.time_us,
                price=told.price * listed.tick,
                quantity=told.lots * listed.lot,
                maker=told.maker,
                exec_id=self._new_name(),
                sequence=self._next_number(),
                mark=mark(market),
            ),
        )
        self._desk.ears.fill(account, done, told.at_us)
        if not order.is_open and not self._desk.is_waited_for(order):
            self._desk.drop(order)
        if order.category == "linear":
            self._keep_reducing(market, account, order)

    def _keep_reducing(self, market: SymbolMarket, account: Account, filled: Order) -> None:
        """End what would do more than reduce now that a position is smaller."""
        for order in [*account.open_in(filled.symbol)]:
            is_asked = self._desk.is_asked(order, "reduce", "cancel")
            if order.reduce_only and not is_asked and spare(account, order) < order.leaves:
                with suppress(codes.RefusedError):  # the gateway is full: after the next fill
                    cancel.send(self._desk, order, "reduce", answered=False)

    def _answer(
        self, market: SymbolMarket, account: Account, order: Order, told: Told, waiting: Waiting
    ) -> None:
        if waiting.future is not None:
            self._desk.ears.hold(account, waiting.token)
        if waiting.what == "create":
            self._created(account, order, told, waiting)
        elif waiting.what in ("amend", "recreate"):
            self._amended(market, account, order, told, waiting)
        elif waiting.what == "replace":
            self._replaced(market, account, order, told, waiting)
        else:
            self._cancelled(account, order, told, waiting)
        if not order.is_open and not self._desk.is_waited_for(order):
            self._desk.drop(order)

    def _created(self, account: Account, order: Order, told: Told, waiting: Waiting) -> None:
        if told.kind == "accepted":
            if not order.is_shown:
                take_up(order, told.time_us)
                self._desk.ears.order(account, order)
            if order.is_open and order.time_in_force in ("IOC", "FOK"):
                self._end(account, order, told.time_us, o.NOTHING_TO_FILL, "UNKNOWN")
            waiting.settle()
        elif told.reason == "would_cross":
            self._end(account, order, told.time_us, o.WOULD_TAKE, "UNKNOWN")
            waiting.settle()
        elif told.reason == "nothing_traded":
            reason = o.NOT_WHOLE if order.time_in_force == "FOK" else o.NOTHING_TO_FILL
            self._end(account, order, told.time_us, reason, "UNKNOWN")
            waiting.settle()
        else:
            account.open.pop(order.order_id, None)
            account.links.pop(order.link_id, None)
            order.status = "Rejected"
            waiting.settle(_refusal(order, told.reason))

    def _amended(
        self, market: SymbolMarket, account: Account, order: Order, told: Told, waiting: Waiting
    ) -> None:
        if told.kind == "accepted":
            order.price = order.reserved_price = waiting.price
            order.quantity = waiting.quantity
            order.updated_us = told.time_us
            if order.is_open and order.filled >= order.quantity:
                self._end(account, order, told.time_us, o.NO_ERROR, "UNKNOWN")
            elif order.is_open:
                self._desk.ears.order(account, order)
            waiting.settle()
        elif told.reason == "would_cross":
            waiting.what = "cross" if order.time_in_force == "PostOnly" else "replace"
            market.cancel(order.handle)
            self._desk.await_answer(market, order, waiting)
        else:
            if waiting.what == "recreate":
                self._end(account, order, told.time_us, o.NO_ERROR, "UNKNOWN")
            order.lots_in_book = waiting.lots_before
            waiting.settle(_refusal(order, told.reason))

    def _replaced(
        self, market: SymbolMarket, account: Account, order: Order, told: Told, waiting: Waiting
    ) -> None:
        """Out of the book: send it again, at a price at which it trades."""
        left = waiting.quantity - order.filled
        if told.kind != "cancelled":
            waiting.settle(_refusal(order, "unknown_order"))
            return
        waiting.what = "recreate"
        order.lots_in_book = int(waiting.quantity / market.listed.lot)
        order.quantity, order.price = waiting.quantity, waiting.price
        try:
            if left <= 0:
                raise OverflowError
            count = int(left / market.listed.lot)
            handle = market.submit(order.sign, ticks(market, waiting.price), count, "limit")
            self._desk.register(account, order, handle)
            self._desk.await_answer(market, order, waiting)
        except (OverflowError, codes.RefusedError):
            self._end(account, order, told.time_us, o.NO_ERROR, "UNKNOWN")
            waiting.settle(_refusal(order, "unknown_order"))

    def _cancelled(self, account: Account, order: Order, told: Told, waiting: Waiting) -> None:
        if told.kind != "cancelled" or not order.is_open:
            waiting.settle(_refusal(order, told.reason or "unknown_order"))
            return
        reason, kind = {
            "cross": (o.WOULD_TAKE, "UNKNOWN"),
            "reduce": (o.NO_ERROR, "CancelByReduceOnly"),
        }.get(waiting.what, (o.BY_USER, "CancelByUser"))
        self._end(account, order, told.time_us, reason, kind)
        waiting.settle()

    def _end(
        self, account: Account, order: Order, time_us: int, reason: str, cancel_type: str
    ) -> None:
        end(account, order, time_us, reason, cancel_type)
        self._desk.ears.order(account, order)


def _refusal(order: Order, reason: str) -> codes.Refusal:
    found = {
        "unknown_order": codes.NOT_FOUND,
        "price_out_of_range": codes.PRICE_RANGE,
        "too_many_orders": codes.TOO_MANY_ORDERS,
    }.get(reason)
    return codes.SERVER if found is None else found.of(order.category)
