"""What an endpoint is, and what it answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_soak.exchange.codes import RefusedError, parameter
from pytest_soak.exchange.instruments import Category, Traded
from pytest_soak.exchange.ledger.accounts import Account
from pytest_soak.exchange.numbers import parsed
from pytest_soak.exchange.venue import Venue

Args = Mapping[str, Any]


@dataclass(frozen=True)
class Reply:
    """A `result`; `tokens` name answers that are due to be written, `order` is recorded."""

    result: dict[str, Any] = field(default_factory=dict)
    tokens: tuple[int, ...] = ()
    order: Mapping[str, Any] | None = None
    code: int = 0
    text: str = "OK"
    more: dict[str, Any] = field(default_factory=dict)


Public = Callable[[Venue, Args], Reply]
Private = Callable[[Venue, Account, Args], Awaitable[Reply]]


@dataclass(frozen=True)
class Endpoint:
    """One path: a public function, or a private one with its limit a second, linear and spot."""

    public: Public | None = None
    private: Private | None = None
    limit: int = 50
    spot_limit: int = 50


def count_in(args: Args, name: str, usual: int, most: int) -> int:
    """A count that a request gives, or the usual one; no more than `most`."""
    given = args.get(name)
    if given in (None, ""):
        return usual
    found = parsed(given)
    if found is None or found != int(found) or found < 1:
        raise RefusedError(parameter(f"{name} invalid"))
    return min(int(found), most)


def time_in(args: Args, name: str) -> int | None:
    """A time in milliseconds that a request gives; None without."""
    given = args.get(name)
    if given in (None, ""):
        return None
    found = parsed(given)
    if found is None or found < 0:
        raise RefusedError(parameter(f"{name} invalid"))
    return int(found)


CATEGORIES_ASKED = ("linear", "spot", "inverse", "option")


def category_in(args: Args) -> str:
    """A category that a venue may have, also where nothing is traded in it."""
    category = args.get("category")
    if category not in CATEGORIES_ASKED:
        raise RefusedError(parameter(f"category invalid {str(category)[:20]}"))
    return str(category)


def traded_in(venue: Venue, args: Args) -> list[Traded]:
    """The symbols that a request is about: those of its category, or the one that it names."""
    category = category_in(args)
    found = [listed for listed in venue.units.values() if listed.category == category]
    symbol = args.get("symbol")
    if not symbol:
        return found
    found = [listed for listed in found if listed.symbol == symbol]
    if not found:
        raise RefusedError(parameter(f"symbol invalid {str(symbol)[:30]}"))
    return found


def is_about(args: Args, listed: Traded, category: Category | str) -> bool:
    """Whether a filter by category, symbol, base coin and settle coin lets a symbol through."""
    return (
        listed.category == category
        and args.get("symbol") in (None, "", listed.symbol)
        and args.get("baseCoin") in (None, "", listed.base)
        and args.get("settleCoin") in (None, "", listed.settle)
    )
