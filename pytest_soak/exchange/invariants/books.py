"""Is the bot's book the exchange's, and how old is it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace

from pytest_soak.exchange import digest
from pytest_soak.exchange.beliefs.belief import Belief, BookBelief
from pytest_soak.exchange.invariants.quiet_beliefs import Judgeable, judged
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
    told = _judged(seen, beliefs, window, tolerances)
    if why := told.why or told.sparse:
        return [], why
    states = _states(seen, window)
    ages = []
    for belief, symbol, book in _books(told.beliefs):
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
    told = _judged(seen, beliefs, window, tolerances)
    if told.why:
        return unseen(told.why)
    states = _states(seen, window)
    found = []
    for belief, symbol, book in _books(told.beliefs):
        topics = states.get(symbol, {})
        shown = _shown(topics, belief.time_us, book.u)
        if shown and digest.of(book.bids, book.asks) not in shown:
            found.append(Finding(belief.time_us, f"{symbol}: not the book of u={book.u}"))
        elif _is_beyond(topics, belief.time_us, book.u):
            text = f"{symbol}: u={book.u}, which no socket was sent"
            found.append(Finding(belief.time_us, text))
    return told.result(count(found))


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
) -> Judgeable:
    """The beliefs of books that may be judged: of times of which all that was shown is recorded."""
    told = judged(seen, beliefs, window, tolerances, lambda b: bool(b.books), "its books")
    if told.why or not seen.books:
        return told if told.why else Judgeable([], _NOT_RECORDED)
    reaches_us = max(books.time_us for books in seen.books)
    known = [belief for belief in told.beliefs if belief.time_us <= reaches_us]
    return replace(told, beliefs=known) if known else Judgeable([], _NOT_RECORDED)


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


def _is_beyond(topics: dict[str, _States], time_us: int, u: int) -> bool:
    """Whether no topic had come so far by a time."""
    pasts = [past for states in topics.values() if (past := _before(states, time_us))]
    return bool(pasts) and all(u > past[-1][1] for past in pasts)


def _age_ms(topics: dict[str, _States], time_us: int, book: BookBelief) -> float | None:
    """The least age by any topic of its own; None of what is none, or is not recorded yet."""
    mine = digest.of(book.bids, book.asks)
    pasts = [past for states in topics.values() if (past := _before(states, time_us))]
    same = [past for past in pasts if any(_is_it(state, book.u, mine) for state in past)]
    if not book.u:
        next_us = [_after_the_last(past, mine) for past in same]
    else:
        next_us = [_first_beyond(past, book.u) for past in same or pasts if past[-1][1] >= book.u]
    ages = [0.0 if at_us is None else (time_us - at_us) / 1e3 for at_us in next_us]
    return min(ages, default=None)


def _is_it(state: tuple[int, int, str], u: int, mine: str) -> bool:
    return u in (0, state[1]) and state[2] == mine


def _first_beyond(past: _States, u: int) -> int | None:
    return next((at_us for at_us, number, _ in past if number > u), None)


def _after_the_last(past: _States, mine: str) -> int | None:
    """When the first state came after the last that looks so."""
    last = max(place for place, (_, _, shown) in enumerate(past) if shown == mine)
    return past[last + 1][0] if last + 1 < len(past) else None


def _is_crossed(book: BookBelief) -> bool:
    return bool(book.bids and book.asks and book.bids[0][0] >= book.asks[0][0])
