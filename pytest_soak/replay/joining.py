"""A book from numbered updates: whole from a snapshot on, as long as no number is missing."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from pytest_soak.replay.told import Told

MOST_WAITING = 2_000
"""How many updates are kept for a snapshot that is still to come; older ones it has in it."""


class Update(NamedTuple):
    """A depth update: the numbers of its first and last change, and that of the update before it.

    `before` is None where the venue does not say it: then `first` follows it.
    """

    first: int
    last: int
    before: int | None
    exchange: int
    local: int
    line: int
    data: Any


class Joining:
    """The state of one symbol's book while its messages are read.

    `put` is called with each update that counts, not before the book that it changes;
    `gap` with the update that does not follow on what there was.
    """

    def __init__(
        self, told: Told, put: Callable[[Update], None], gap: Callable[[Update], None]
    ) -> None:
        self._told, self._put, self._gap = told, put, gap
        self._last: int | None = None
        self._unproven = False  # no update has joined the snapshot yet
        self._waiting: deque[Update] = deque(maxlen=MOST_WAITING)
        self._book_time = 0  # of the venue: no update is put before its book
        self.newest_exchange: int | None = None

    @property
    def has_book(self) -> bool:
        """Whether the book is known."""
        return self._last is not None

    def update(self, update: Update) -> None:
        """Take the next update."""
        if self._last is None:
            self._wait(update)
            return
        if update.last <= self._last and not self._unproven:
            self._told.counts["duplicates"] += 1
            return
        if self._unproven:
            if _is_in(update, self._last):
                return
            self._unproven = False
            follows = _joins(update, self._last)
        elif update.before is None:
            follows = update.first <= self._last + 1
        else:
            follows = update.before == self._last
        if follows:
            self._last = update.last
            self._put(update._replace(exchange=max(update.exchange, self._book_time)))
            return
        self._told.counts["gaps"] += 1
        self._gap(update)
        self._last = None
        self._wait(update)

    def _wait(self, update: Update) -> None:
        if len(self._waiting) == MOST_WAITING:
            self._told.counts["before_snapshot"] += 1
        self._waiting.append(update)
        self.newest_exchange = update.exchange

    def snapshot(
        self, number: int, exchange: int, local: int, put_book: Callable[[], None]
    ) -> None:
        """Take a whole book as of `number`; `put_book` writes it where it is needed and fits."""
        if self._last is not None:
            self._told.counts["unused_snapshots"] += 1
            return
        later = [update for update in self._waiting if not _is_in(update, number)]
        if later and not _joins(later[0], number):
            self._told.counts["unjoined_snapshots"] += 1
            return
        self._told.counts["before_snapshot"] += len(self._waiting) - len(later)
        self._waiting.clear()
        put_book()
        self._last, self._unproven, self._book_time = number, True, exchange
        for update in later:
            self.update(update._replace(local=max(update.local, local)))

    def finish(self) -> None:
        """Say what never became part of a book."""
        self._told.counts["before_snapshot"] += len(self._waiting)


def _is_in(update: Update, number: int) -> bool:
    """Whether the snapshot `number` has all of an update in it."""
    return update.last <= number if update.before is None else update.last < number


def _joins(update: Update, number: int) -> bool:
    """Whether no change between the snapshot and the update is missing."""
    if update.before is None:
        return update.first <= number + 1
    return update.first <= number or update.before <= number
