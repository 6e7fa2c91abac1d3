"""A belief as a line of JSON: what a probe writes or answers."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AllowInfNan, BaseModel, ConfigDict, Field, ValidationError

from pytest_soak.exchange.beliefs.belief import Belief, BookBelief

_Number = Annotated[float, AllowInfNan(False)]
_Level = Annotated[list[_Number], Field(min_length=2, max_length=2)]


class BookLine(BaseModel):
    """A book as the bot has it: levels of [price, size] best first, `u` of its last message.

    A `u` that is absent or null is not known.
    """

    model_config = ConfigDict(extra="ignore")

    u: Annotated[int, Field(ge=0)] | None = None
    bids: list[_Level]
    asks: list[_Level]


class BeliefLine(BaseModel):
    """What a bot believes at `time_us`, UTC; a key that is absent is not known.

    `lag_s` is how old it may be of a bot that looks now and then.
    """

    model_config = ConfigDict(extra="ignore")

    time_us: int | None = None
    positions: dict[str, _Number] | None = None
    open_orders: list[str] | None = None
    books: dict[str, BookLine] = {}
    lag_s: Annotated[float, Field(ge=0, le=600), AllowInfNan(False)] = 0.0


def belief_of(data: Any, time_us: int) -> Belief:
    """The belief that plain data says; one without a time is of `time_us`.

    Raises ValueError for what is none, in a line.
    """
    try:
        line = BeliefLine.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "a belief"
        raise ValueError(f"{where}: {first['msg']}") from None
    return Belief(
        time_us if line.time_us is None else line.time_us,
        line.positions,
        None if line.open_orders is None else frozenset(line.open_orders) - {""},
        {symbol: _book(book) for symbol, book in line.books.items()},
        line.lag_s,
    )


def _book(line: BookLine) -> BookBelief:
    bids, asks = (tuple((p, q) for p, q in side) for side in (line.bids, line.asks))
    return BookBelief(line.u or 0, bids, asks)


def line_of(belief: Belief) -> dict[str, Any]:
    """The plain data of a belief, of which `belief_of` makes the same."""
    said = belief.open_orders
    return {
        "time_us": belief.time_us,
        "positions": None if belief.positions is None else dict(belief.positions),
        "open_orders": None if said is None else sorted(said),
        "books": {symbol: _plain(book) for symbol, book in belief.books.items()},
        "lag_s": belief.lag_s,
    }


def _plain(book: BookBelief) -> dict[str, Any]:
    return {"u": book.u, "bids": [*map(list, book.bids)], "asks": [*map(list, book.asks)]}
