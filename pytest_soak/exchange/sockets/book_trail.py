"""What books showed, message by message: what a bot's own book is compared with.

A line each second says also that nothing was shown: as far as the lines reach, all is known.
"""

from __future__ import annotations

from collections import defaultdict

from pytest_soak.exchange.record import Books
from pytest_soak.exchange.sockets.books import BookFeed
from pytest_soak.exchange.venue import Venue

SECOND_US = 1_000_000


class BookTrail:
    """Records each second what each topic of a book has shown in it, where that is asked for."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self._states: defaultdict[str, list[tuple[int, int, str]]] = defaultdict(list)
        self._ends_us = 0

    def follows(self, feed: object) -> bool:
        """Whether a topic is to go on without anybody who has it: of whom had it the book ages."""
        return isinstance(feed, BookFeed) and feed.topic in self._states

    def note(self, feed: BookFeed, now_us: int) -> None:
        """A message was pushed."""
        if self._venue.settings.record_books:
            self._states[feed.topic].append((now_us, *feed.state()))

    def on_step(self, now_us: int) -> None:
        """Record the second that is over."""
        if now_us < self._ends_us:
            return
        self._ends_us = now_us // SECOND_US * SECOND_US + SECOND_US
        for topic, states in sorted(self._states.items()):
            self._venue.put(Books(now_us, topic, states))
            self._states[topic] = []
