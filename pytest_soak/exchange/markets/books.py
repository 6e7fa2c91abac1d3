"""The public book as it was captured, the latest of them, and which of them is shown when."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

Levels = dict[int, int]
"""Lots by price in ticks, the best first."""
FINE_US, COARSE_US = 2_000_000, 100_000
"""How far back every capture is kept, and how far apart they are beyond it."""
KEPT_US = 120_000_000
"""How far back any is kept."""


@dataclass(frozen=True, slots=True)
class Book:
    """Both sides with the agent's own orders; the best without them, in ticks.

    `number` grows by one a capture that changed anything.
    """

    time_us: int
    number: int
    bids: Levels
    asks: Levels
    crowd_bid: int
    crowd_ask: int


class Books:
    """Captures of one symbol's book, each shown once its lag has passed."""

    def __init__(self, first: Book, lag_us: Callable[[], int]) -> None:
        self.latest = first
        self._lag_us = lag_us
        self._waiting: deque[tuple[int, Book]] = deque()
        self._fine: deque[Book] = deque([first])
        self._coarse: deque[Book] = deque([first])
        self._shown_until = first.time_us

    def add(self, book: Book) -> None:
        """Take a capture; one that changed nothing is the one before."""
        if (book.bids, book.asks) == (self.latest.bids, self.latest.asks):
            return
        self.latest = book
        lag = self._lag_us()
        if not lag and not self._waiting:
            self._show(book, book.time_us)
            return
        self._shown_until = max(self._shown_until, book.time_us + lag)
        self._waiting.append((self._shown_until, book))

    def shown(self, now_us: int) -> Book:
        """The newest book whose lag has passed."""
        while self._waiting and self._waiting[0][0] <= now_us:
            self._show(self._waiting.popleft()[1], now_us)
        return self._fine[-1]

    def as_of(self, now_us: int, time_us: int) -> Book:
        """What was captured by `time_us` of all that is shown; the oldest that is kept before."""
        newest = self.shown(now_us)
        return newest if time_us >= now_us else self._by(time_us)

    def before(self, time_us: int) -> Book:
        """The newest capture by a time, shown or not."""
        for _, book in reversed(self._waiting):
            if book.time_us <= time_us:
                return book
        return self._by(time_us)

    def _by(self, time_us: int) -> Book:
        for books in (self._fine, self._coarse):
            for book in reversed(books):
                if book.time_us <= time_us:
                    return book
        return self._coarse[0]

    def _show(self, book: Book, now_us: int) -> None:
        self._fine.append(book)
        self._thin_out(now_us)

    def _thin_out(self, now_us: int) -> None:
        """Keep few of what is seconds old, and nothing that is minutes old."""
        while len(self._fine) > 1 and self._fine[0].time_us < now_us - FINE_US:
            book = self._fine.popleft()
            if book.time_us >= self._coarse[-1].time_us + COARSE_US:
                self._coarse.append(book)
        while len(self._coarse) > 1 and self._coarse[0].time_us < now_us - KEPT_US:
            self._coarse.popleft()
