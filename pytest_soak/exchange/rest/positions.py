"""`/v5/position/...`, `/v5/execution/...`: positions, leverage, modes, executions."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from pytest_soak.exchange.codes import (
    MODE_IN_USE,
    SAME_LEVERAGE,
    SAME_MODE,
    RefusedError,
    parameter,
)
from pytest_soak.exchange.ledger.accounts import HEDGE, ONE_WAY, Account
from pytest_soak.exchange.ledger.executions import Filled
from pytest_soak.exchange.numbers import parsed
from pytest_soak.exchange.rest.endpoint import (
    Args,
    Endpoint,
    Reply,
    category_in,
    count_in,
    is_about,
    time_in,
    traded_in,
)
from pytest_soak.exchange.rest.paging import page
from pytest_soak.exchange.trading.checks import check_may_trade
from pytest_soak.exchange.venue import Venue
from pytest_soak.exchange.wire.executions import execution
from pytest_soak.exchange.wire.positions import is_held, position, shown


async def position_list(venue: Venue, account: Account, args: Args) -> Reply:
    """`GET /v5/position/list`: of a symbol, or of all in which there is one."""
    category = category_in(args)
    named = bool(args.get("symbol"))
    if category == "linear" and not named and not args.get("settleCoin"):
        raise RefusedError(parameter("symbol or settleCoin is required"))
    listed = traded_in(venue, args) if category == "linear" else []
    found = [
        one.symbol
        for one in listed
        if is_about(args, one, "linear") and (named or is_held(account, one.symbol))
    ]
    marks = venue.marks()
    rows = [
        position(account, symbol, index, marks[symbol])
        for symbol in found
        for index in shown(account, symbol)
    ]
    return Reply({"category": category, "list": rows, "nextPageCursor": ""})


async def set_leverage(venue: Venue, account: Account, args: Args) -> Reply:
    """`POST /v5/position/set-leverage`."""
    check_may_trade(account)
    if args.get("category") != "linear":
        raise RefusedError(parameter("category: only linear has leverage"))
    listed = next(iter(traded_in(venue, args)))
    given = [parsed(args.get(name)) for name in ("buyLeverage", "sellLeverage")]
    leverage = given[0]
    if leverage is None or leverage != given[1] or not 1 <= leverage <= listed.most_leverage:
        raise RefusedError(
            parameter(f"buyLeverage, sellLeverage: 1 to {listed.most_leverage}, alike")
        )
    if account.leverage[listed.symbol] == leverage:
        raise RefusedError(SAME_LEVERAGE)
    account.leverage[listed.symbol] = Decimal(leverage)
    return Reply()


async def switch_mode(venue: Venue, account: Account, args: Args) -> Reply:
    """`POST /v5/position/switch-mode`: one-way (0) or hedge (3), of a symbol or of a coin's.

    That it is so already is an error of a symbol alone: clients set a coin's at each start.
    """
    check_may_trade(account)
    mode = parsed(args.get("mode"))
    if args.get("category") != "linear" or mode not in (ONE_WAY, HEDGE):
        raise RefusedError(parameter("category: linear; mode: 0 or 3"))
    coin = args.get("coin")
    symbols = [
        one.symbol for one in traded_in(venue, args) if args.get("symbol") or one.settle == coin
    ]
    if not symbols:
        raise RefusedError(parameter("symbol or coin is required"))
    symbols = [symbol for symbol in symbols if account.modes[symbol] != mode]
    if not symbols and args.get("symbol"):
        raise RefusedError(SAME_MODE)
    for symbol in symbols:
        if is_held(account, symbol) or any(account.open_in(symbol)):
            raise RefusedError(MODE_IN_USE)
    account.modes.update(dict.fromkeys(symbols, int(mode)))
    return Reply()


async def execution_list(venue: Venue, account: Account, args: Args) -> Reply:
    """`GET /v5/execution/list`: the latest first."""
    category = category_in(args)
    found = _executions(venue, account, args, category)
    rows, cursor = page(found, args, count_in(args, "limit", 50, 100))
    return Reply(
        {"category": category, "list": [execution(one) for one in rows], "nextPageCursor": cursor}
    )


def _executions(venue: Venue, account: Account, args: Args, category: str) -> Iterator[Filled]:
    since, until = time_in(args, "startTime"), time_in(args, "endTime")
    if args.get("execType") not in (None, "", "Trade"):
        return
    for one in reversed(account.fills):
        order = one.order
        if (
            is_about(args, venue.units[order.symbol], category)
            and args.get("orderId") in (None, "", order.order_id)
            and args.get("orderLinkId") in (None, "", order.link_id)
            and (since is None or one.time_us // 1000 >= since)
            and (until is None or one.time_us // 1000 <= until)
        ):
            yield one


ENDPOINTS = {
    ("GET", "/v5/position/list"): Endpoint(private=position_list),
    ("POST", "/v5/position/set-leverage"): Endpoint(private=set_leverage, limit=10),
    ("POST", "/v5/position/switch-mode"): Endpoint(private=switch_mode, limit=10),
    ("GET", "/v5/execution/list"): Endpoint(private=execution_list),
}
