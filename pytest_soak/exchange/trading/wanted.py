"""An order as a request asks for it, checked against what the symbol allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

from pytest_soak.exchange.codes import BELOW_MINIMUM, RefusedError, parameter
from pytest_soak.exchange.instruments import CATEGORIES, Traded
from pytest_soak.exchange.ledger.margin import Units
from pytest_soak.exchange.ledger.orders import Kind, Side, TimeInForce
from pytest_soak.exchange.numbers import ZERO, is_multiple, parsed

Args = Mapping[str, Any]
LONGEST_LINK = 36
NOT_MODELLED = ("triggerPrice", "takeProfit", "stopLoss", "trailingStop", "orderIv", "bboLevel")
"""What would make another kind of order; refused unless it is empty or 0."""
_SIDES = ("Buy", "Sell")
_KINDS = ("Limit", "Market")
_TIMES = ("GTC", "IOC", "FOK", "PostOnly")


@dataclass(frozen=True)
class Wanted:
    """What is asked for; `price` is 0 of a market order, `in_quote` says that `quantity` is."""

    listed: Traded
    side: Side
    kind: Kind
    time_in_force: TimeInForce
    price: Decimal
    quantity: Decimal
    in_quote: bool
    link_id: str
    reduce_only: bool
    index: int


def listed_in(args: Args, units: Units) -> Traded:
    """The symbol that a request is about."""
    category, symbol = args.get("category"), args.get("symbol")
    if category not in CATEGORIES:
        raise RefusedError(parameter(f"category invalid {str(category)[:20]}"))
    listed = units.get(str(symbol))
    if listed is None or listed.category != category:
        raise RefusedError(parameter(f"symbol invalid {str(symbol)[:30]}"))
    return listed


def wanted(args: Args, units: Units) -> Wanted:
    """The order that a request asks for; RefusedError where there can be none such."""
    listed = listed_in(args, units)
    for name in NOT_MODELLED:
        if args.get(name) not in (None, "", "0", 0):
            raise RefusedError(parameter(f"{name}: orders with a trigger are not modelled"))
    kind = cast(Kind, _one_of(args, "orderType", _KINDS))
    side = cast(Side, _one_of(args, "side", _SIDES))
    time = str(args.get("timeInForce") or ("IOC" if kind == "Market" else "GTC"))
    if time not in _TIMES or (kind == "Market" and time == "PostOnly"):
        raise RefusedError(parameter(f"timeInForce invalid {time[:20]}"))
    in_quote = _in_quote(args, listed, side, kind)
    quantity = parsed(args.get("qty"))
    if quantity is None or quantity <= 0:
        raise RefusedError(parameter("qty invalid"))
    if not in_quote:
        check_quantity(quantity, listed)
    price = ZERO if kind == "Market" else checked_price(args.get("price"), listed)
    if price and quantity * price < listed.least_value and not args.get("reduceOnly"):
        raise RefusedError(BELOW_MINIMUM.of(listed.category))
    return Wanted(
        listed=listed,
        side=side,
        kind=kind,
        time_in_force=cast(TimeInForce, "IOC" if kind == "Market" and time == "GTC" else time),
        price=price,
        quantity=quantity,
        in_quote=in_quote,
        link_id=_link(args),
        reduce_only=bool(args.get("reduceOnly")) and listed.category == "linear",
        index=_index(args),
    )


def checked_price(given: object, listed: Traded) -> Decimal:
    """A limit that lies on a tick."""
    price = parsed(given)
    if price is None or price <= 0 or price > listed.price * 100:
        raise RefusedError(parameter("price invalid"))
    if not is_multiple(price, listed.tick):
        raise RefusedError(parameter(f"price is not a multiple of the tick size {listed.tick}"))
    return price


def check_quantity(quantity: Decimal, listed: Traded) -> None:
    """Refuse what is between two lots, too little or too much."""
    if not is_multiple(quantity, listed.lot) or quantity < listed.lot:
        raise RefusedError(parameter(f"qty is not a multiple of the step {listed.lot}"))
    if quantity > listed.most_quantity:
        raise RefusedError(parameter(f"qty is above the maximum {listed.most_quantity}"))


def _one_of(args: Args, name: str, known: tuple[str, ...]) -> str:
    given = args.get(name)
    if given not in known:
        raise RefusedError(parameter(f"{name} invalid {str(given)[:20]}"))
    return str(given)


def _in_quote(args: Args, listed: Traded, side: Side, kind: Kind) -> bool:
    """Whether `qty` is in quote: of a spot market buy, unless it says otherwise."""
    if listed.category != "spot" or kind != "Market":
        return False
    unit = args.get("marketUnit")
    return unit == "quoteCoin" or (not unit and side == "Buy")


def _link(args: Args) -> str:
    link = args.get("orderLinkId") or ""
    if not isinstance(link, str) or len(link) > LONGEST_LINK or not _is_plain(link):
        raise RefusedError(parameter(f"orderLinkId: at most {LONGEST_LINK} characters of ASCII"))
    return link


def _is_plain(link: str) -> bool:
    return link.isascii() and link.isprintable()


def _index(args: Args) -> int:
    given = parsed(args.get("positionIdx") or 0)
    if given not in (0, 1, 2):
        raise RefusedError(parameter("positionIdx invalid"))
    return int(given)
