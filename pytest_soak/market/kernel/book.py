"""A limit order book with price-time priority: linked lists of orders on a ring of price levels.

A level holds its orders in the order of their arrival. Bids and asks share the ring, since a book
is never crossed; the ring's width bounds how far apart live prices may lie.
"""

from __future__ import annotations

from pytest_soak.config.sizes import LEVELS
from pytest_soak.market.kernel.jit import Record, kernel_function
from pytest_soak.market.kernel.state import AGENT, BUY, NONE, SELL

_TOO_FAR_APART = (
    f"live prices lie more than {LEVELS} ticks apart, which is all that the book holds: give the "
    "instrument a larger tick"
)


@kernel_function
def level_at(book: Record, price: int) -> Record:
    """Return the level that holds `price`."""
    return book.levels[price & (LEVELS - 1)]


@kernel_function
def is_marketable(book: Record, side: int, price: int) -> bool:
    """Whether an order at `price` would trade at once."""
    if side > 0:
        return bool(book.ask_orders > 0 and price >= book.best_ask)
    return bool(book.bid_orders > 0 and price <= book.best_bid)


@kernel_function
def add(
    book: Record, time: int, side: int, price: int, quantity: int, owner: int, reference: int
) -> int:
    """Rest an order behind those already at its price and return its place in `orders`.

    The caller has matched what is marketable. Raises OverflowError where the pool is full or the
    price lies outside the window of live prices.
    """
    place = book.free
    if place == NONE:
        raise OverflowError("the pool of orders is full")
    level = level_at(book, price)
    if level.volume == 0:
        level.price = price
    elif level.price != price:
        raise OverflowError(_TOO_FAR_APART)
    order = book.orders[place]
    book.free = order.next
    book.live += 1
    order.price = price
    order.quantity = quantity
    order.reference = reference
    order.time = time
    order.side = side
    order.owner = owner
    order.next = NONE
    order.previous = level.tail
    if level.tail == NONE:
        level.head = place
    else:
        book.orders[level.tail].next = place
    level.tail = place
    _count_volume(book, level, order, quantity)
    if side > 0:
        book.bid_orders += 1
        if book.bid_orders == 1 or price > book.best_bid:
            book.best_bid = price
    else:
        book.ask_orders += 1
        if book.ask_orders == 1 or price < book.best_ask:
            book.best_ask = price
    return place


@kernel_function
def reduce(book: Record, place: int, quantity: int) -> None:
    """Take `quantity` off an order, which keeps its priority, or leaves when nothing remains."""
    order = book.orders[place]
    if quantity >= order.quantity:
        remove(book, place)
        return
    _count_volume(book, level_at(book, order.price), order, -quantity)
    order.quantity -= quantity


@kernel_function
def remove(book: Record, place: int) -> None:
    """Take an order out of the book."""
    order = book.orders[place]
    level = level_at(book, order.price)
    if order.previous == NONE:
        level.head = order.next
    else:
        book.orders[order.previous].next = order.next
    if order.next == NONE:
        level.tail = order.previous
    else:
        book.orders[order.next].previous = order.previous
    _count_volume(book, level, order, -order.quantity)
    if order.side > 0:
        book.bid_orders -= 1
        while book.bid_orders > 0 and level_at(book, book.best_bid).volume == 0:
            book.best_bid -= 1
    else:
        book.ask_orders -= 1
        while book.ask_orders > 0 and level_at(book, book.best_ask).volume == 0:
            book.best_ask += 1
    order.side = 0
    order.next = book.free
    book.free = place
    book.live -= 1


@kernel_function
def _count_volume(book: Record, level: Record, order: Record, change: int) -> None:
    level.volume += change
    if order.owner == AGENT:
        level.agent_volume += change
    elif order.side > 0:
        book.bid_volume += change
    else:
        book.ask_volume += change


@kernel_function
def best_volume(book: Record, side: int) -> int:
    """Return the lots at the best price of a side, 0 where it is empty."""
    if (book.bid_orders if side > 0 else book.ask_orders) == 0:
        return 0
    return int(level_at(book, book.best_bid if side > 0 else book.best_ask).volume)


@kernel_function
def crowd_best(book: Record, side: int) -> int:
    """Return the best price of a side without the agent's orders; the crowd must have volume there.

    A bot's own quotes must not move the price by which it is judged.
    """
    price = book.best_bid if side > 0 else book.best_ask
    level = level_at(book, price)
    while level.volume == level.agent_volume:
        price -= side
        level = level_at(book, price)
    return price


@kernel_function
def crowd_mid(book: Record, otherwise: float) -> float:
    """Return the mid of the crowd's best prices in ticks, or `otherwise` where a side is empty."""
    if book.bid_volume == 0 or book.ask_volume == 0:
        return otherwise
    return 0.5 * (crowd_best(book, BUY) + crowd_best(book, SELL))
