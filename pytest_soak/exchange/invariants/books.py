"""Is the bot's book the exchange's, and how old is it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from pytest_soak.exchange import digest
from pytest_soak.exchange.beliefs.belief import Belief, BookBelief
from pytest_soak.exchange.invariants.quiet_beliefs import judged
from pytest_soak.exchange.invariants.result import Finding, Result, count, unseen
from pytest_soak.exchange.invariants.seen import Seen, Span
from pytest_soak.exchange.invariants.tolerances import Tolerances

_States = list[tuple[int, int, str]]
_LONGEST_US = 2_000_000
_OLDEST_US = 60_000_000
_NOT_RECORDED = "the exchange has not recorded what its books showed"


def book_ages_ms(
    seen: Seen, beliefs: Sequence[Belief], window: Span, tolerances: Tolerances
) -> tuple[list[float], str]:
    """How long ago each book that the bot had in quiet times was no longer the exchange's."""
    told, why = _judged(seen, beliefs, window, tolerances)
    if why:
        return [], why
    states = _states(seen, window)
    ages = []
    for belief, symbol, book in _books(told):
        age_ms = _age_ms(states.get(symbol, {}), belief.time_us, book)
        if age_ms is not None:
            ages.append(age_ms)
    return ages, "" if ages else "no book that the bot had has a number that the exchange sent"


def book_wrong_u(
    seen: Seen, beliefs: Sequence[Belief], window: Span, tolerances: Tolerances
) -> Result:
    """How many books of the bot were not what the exchange had sent at the same `u`.

    Of a bot that does not know `u`: which were nothing that the exchange ever showed. Only the best
    `digest.LEVELS` of each side count.
    """
    told, why = _judged(seen, beliefs, window, tolerances)
    if why:
        return unseen(why)
    states = _states(seen, window)
    found = []
    for belief, symbol, book in _books(told):
        shown = _shown(states.get(symbol, {}), belief.time_us, book.u)
        if shown and digest.of(book.bids, book.asks) not in shown:
            found.append(Finding(belief.time_us, f"{symbol}: not the book of u={book.u}"))
    return count(found)


def crossed_book_s(beliefs: Sequence[Belief], window: Span) -> Result:
    """For how many seconds a book of the bot had its best bid at its best ask or above.

    From each time that it was seen so to the next look, two seconds at most.
    """
    told = [b for b in beliefs if b.books and window[0] <= b.time_us < window[1]]
    if not told:
        return unseen("nothing was seen of its books")
    crossed_us, found = 0, []
    for belief, after in zip(told, [*told[1:], None], strict=True):
        names = [symbol for symbol, book in belief.books.items() if _is_crossed(book)]
        if names:
            until_us = after.time_us if after else window[1]
            crossed_us += min(until_us - belief.time_us, _LONGEST_US)
            found.append(Finding(belief.time_us, f"{', '.join(names)}: bid at or above ask"))
    return Result(crossed_us / 1e6, "", tuple(found))


def _judged(
    seen: Seen, beliefs: Sequence[Belief], window: Span, tolerances: Tolerances
) -> tuple[list[Belief], str]:
    if not seen.books:
        return [], _NOT_RECORDED
    return judged(seen, beliefs, window, tolerances, lambda b: bool(b.books), "its books")


def _books(beliefs: Sequence[Belief]) -> Iterator[tuple[Belief, str, BookBelief]]:
    for belief in beliefs:
        for symbol, book in belief.books.items():
            yield belief, symbol, book


def _states(seen: Seen, window: Span) -> dict[str, dict[str, _States]]:
    """By symbol and topic, in order of time, from a minute before the window on."""
    states: dict[str, dict[str, _States]] = {}
    for books in seen.books:
        if not window[0] - _OLDEST_US <= books.time_us:
            continue
        symbol = books.topic.rpartition(".")[2]
        topics = states.setdefault(symbol, {})
        topics.setdefault(books.topic, []).extend((t, u, d) for t, u, d in books.states)
    return states


def _before(states: _States, time_us: int) -> _States:
    return states[: bisect_right(states, time_us, key=lambda state: state[0])]


def _shown(topics: dict[str, _States], time_us: int, u: int) -> set[str]:
    """What the topics showed up to a time, at `u` where that is known."""
    return {
        shown
        for states in topics.values()
        for _, number, shown in _before(states, time_us)
        if u in (0, number)
    }


def _age_ms(topics: dict[str, _States], time_us: int, book: BookBelief) -> float | None:
    """The least age by any topic; None where there is none.

    A book whose number is none of theirs is older than all that they have shown.
    """
    ages = []
    mine = digest.of(book.bids, book.asks)
    for states in topics.values():
        past = _before(states, time_us)
        last = _last(past, book.u, mine)
        if last is not None:
            ages.append((time_us - past[last + 1][0]) / 1e3 if last + 1 < len(past) else 0.0)
        elif past and book.u:
            ages.append((time_us - past[0][0]) / 1e3)
    return min(ages, default=None)


def _last(states: _States, u: int, mine: str) -> int | None:
    """The last state with that number, or of that look where there is no number."""
    for place in range(len(states) - 1, -1, -1):
        _, number, shown = states[place]
        if (number == u) if u else (shown == mine):
            return place
    return None


def _is_crossed(book: BookBelief) -> bool:
    return bool(book.bids and book.asks and book.bids[0][0] >= book.asks[0][0])
