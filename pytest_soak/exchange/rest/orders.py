"""`/v5/order/...`: new, amended, cancelled; open and closed ones."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from itertools import chain
from typing import Any

from pytest_soak.exchange.codes import RefusedError, parameter
from pytest_soak.exchange.ledger.accounts import Account
from pytest_soak.exchange.ledger.orders import NO_ERROR, Order
from pytest_soak.exchange.rest.endpoint import (
    Args,
    Endpoint,
    Reply,
    category_in,
    count_in,
    is_about,
    time_in,
)
from pytest_soak.exchange.rest.paging import page
from pytest_soak.exchange.trading import amend, cancel, create
from pytest_soak.exchange.trading.waiting import Waiting
from pytest_soak.exchange.trading.wanted import wanted
from pytest_soak.exchange.venue import Venue
from pytest_soak.exchange.wire.orders import order as shown


async def order_create(venue: Venue, account: Account, args: Args) -> Reply:
    """`POST /v5/order/create`, `order.create`."""
    asked = wanted(args, venue.units)
    return await _settled(*create.create(venue.desk, venue.names, account, asked))


async def order_amend(venue: Venue, account: Account, args: Args) -> Reply:
    """`POST /v5/order/amend`, `order.amend`."""
    return await _settled(*amend.amend(venue.desk, account, args))


async def order_cancel(venue: Venue, account: Account, args: Args) -> Reply:
    """`POST /v5/order/cancel`, `order.cancel`."""
    return await _settled(*cancel.cancel(venue.desk, account, args))


async def _settled(order: Order, waiting: Waiting) -> Reply:
    """The answer once the market has given its own."""
    assert waiting.future is not None
    refusal = await waiting.future
    told = of_record(order)
    names = {"orderId": order.order_id, "orderLinkId": order.link_id}
    if refusal is not None:
        return Reply({}, (waiting.token,), told, refusal.code, refusal.text)
    return Reply(names, (waiting.token,), told)


async def cancel_all(venue: Venue, account: Account, args: Args) -> Reply:
    """`POST /v5/order/cancel-all`: answered when all have ended or turned out to be over."""
    sent = cancel.cancel_all(venue.desk, account, args)
    futures = [waiting.future for _, waiting in sent if waiting.future is not None]
    refusals = await asyncio.gather(*futures)
    gone = [order for (order, _), refusal in zip(sent, refusals, strict=True) if refusal is None]
    rows = [{"orderId": order.order_id, "orderLinkId": order.link_id} for order in gone]
    tokens = tuple(waiting.token for _, waiting in sent)
    return Reply({"list": rows, "success": "1"}, tokens)


def of_record(order: Order) -> dict[str, Any]:
    """An order as a request's line has it."""
    return {
        "symbol": order.symbol,
        "side": order.side,
        "price": float(order.price),
        "quantity": float(order.quantity),
        "order_id": order.order_id,
        "link_id": order.link_id,
    }


async def realtime(venue: Venue, account: Account, args: Args) -> Reply:
    """`GET /v5/order/realtime`: open ones; by a name also one that is over, or all of those."""
    _check_scope(args)
    named = args.get("orderId") or args.get("orderLinkId")
    only_open = str(args.get("openOnly", "0")) in ("0", "")
    found = _all(account) if named or not only_open else reversed([*account.open.values()])
    return _listed(venue, args, _as_shown(venue, account, found), most=50)


def _as_shown(venue: Venue, account: Account, found: Iterable[Order]) -> Iterable[Order]:
    """The orders; while a fault says so, those just cancelled as if they were open."""
    now_us = venue.now_us()
    since_us = now_us - round(venue.interference.shown_open_s(now_us) * 1e6)
    if since_us == now_us:
        return found
    gone = (one for one in account.closed.values() if one.status == "Cancelled")
    stale = {one.order_id: _as_it_was(one) for one in gone if one.updated_us > since_us}
    return chain(stale.values(), (one for one in found if one.order_id not in stale))


def _as_it_was(order: Order) -> Order:
    status = "PartiallyFilled" if order.filled else "New"
    return replace(order, status=status, cancel_type="UNKNOWN", reason=NO_ERROR)


async def history(venue: Venue, account: Account, args: Args) -> Reply:
    """`GET /v5/order/history`: every order that the venue knows, the latest first."""
    return _listed(venue, args, _all(account), most=50)


def _check_scope(args: Args) -> None:
    about = ("symbol", "settleCoin", "baseCoin", "orderId", "orderLinkId")
    if args.get("category") == "linear" and not any(args.get(name) for name in about):
        raise RefusedError(parameter("symbol, settleCoin or baseCoin is required"))


def _all(account: Account) -> Iterable[Order]:
    return chain(reversed([*account.open.values()]), reversed(account.closed.values()))


def _listed(venue: Venue, args: Args, orders: Iterable[Order], most: int) -> Reply:
    category = category_in(args)
    since, until = time_in(args, "startTime"), time_in(args, "endTime")
    found = (
        order
        for order in orders
        if order.is_shown
        and is_about(args, venue.units[order.symbol], category)
        and args.get("orderId") in (None, "", order.order_id)
        and args.get("orderLinkId") in (None, "", order.link_id)
        and args.get("orderStatus") in (None, "", order.status)
        and (since is None or order.created_us // 1000 >= since)
        and (until is None or order.created_us // 1000 <= until)
    )
    rows, cursor = page(found, args, count_in(args, "limit", 20, most))
    return Reply(
        {"category": category, "list": [shown(one) for one in rows], "nextPageCursor": cursor}
    )


ENDPOINTS = {
    ("POST", "/v5/order/create"): Endpoint(private=order_create, limit=10, spot_limit=20),
    ("POST", "/v5/order/amend"): Endpoint(private=order_amend, limit=10, spot_limit=20),
    ("POST", "/v5/order/cancel"): Endpoint(private=order_cancel, limit=10, spot_limit=20),
    ("POST", "/v5/order/cancel-all"): Endpoint(private=cancel_all, limit=10, spot_limit=20),
    ("GET", "/v5/order/realtime"): Endpoint(private=realtime),
    ("GET", "/v5/order/history"): Endpoint(private=history),
}
