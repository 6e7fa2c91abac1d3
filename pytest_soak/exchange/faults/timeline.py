"""When faults begin and end: each as often as its row says, all in one order."""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import Literal, NamedTuple

from pytest_soak.exchange.faults.draws import draw
from pytest_soak.exchange.faults.schedule import FaultRow, Schedule

_LOOK_US = 500_000


@dataclass(eq=False)
class Spell:
    """One time that a fault holds, and what it has met by now.

    Attributes:
        row: The fault.
        nth: How many of it there were before.
        start_us: When it begins.
        end_us: When it ends, where it need not wait; what happens at once ends as it begins.
        drawn: How often it was drawn whether it meets something.
        met: How many requests or messages it has met, by what `times` counts them by.
        orders: Those whose first message it has seen, with its topic and socket.
    """

    row: FaultRow
    nth: int
    start_us: int
    end_us: int
    drawn: int = 0
    met: Counter[str] = field(default_factory=Counter)
    orders: set[tuple[int, str, str]] = field(default_factory=set)

    def waits_until_us(self, time_us: int) -> int | None:
        """When to look again whether it has met anything, which it waits for; None to end it."""
        last_us = self.end_us + self.row.waits_us
        return None if self.met or time_us >= last_us else min(time_us + _LOOK_US, last_us)


class Turn(NamedTuple):
    """A spell begins or ends."""

    time_us: int
    what: Literal["began", "ended"]
    spell: Spell


class Timeline:
    """The turns of a schedule that starts at `origin_us`: without end where a fault repeats."""

    def __init__(self, schedule: Schedule, seed: int, origin_us: int) -> None:
        self._seed = seed
        self._origin_us = origin_us
        self._order = count()
        self._turns: list[tuple[int, int, Turn]] = []
        for row in schedule.faults:
            self._begin(row, 0)

    @property
    def next_us(self) -> int | None:
        """When the next one turns; None after the last."""
        return self._turns[0][0] if self._turns else None

    def until(self, time_us: int) -> list[Turn]:
        """What turns up to `time_us`, and has not been told before, in order."""
        turns = []
        while self._turns and self._turns[0][0] <= time_us:
            turn = heapq.heappop(self._turns)[2]
            later_us = turn.spell.waits_until_us(turn.time_us) if turn.what == "ended" else None
            if later_us is not None:
                self._add(Turn(later_us, "ended", turn.spell))
                continue
            turns.append(turn)
            self._go_on(turn)
        return turns

    def _go_on(self, turn: Turn) -> None:
        spell = turn.spell
        if turn.what == "began":
            self._add(Turn(spell.end_us, "ended", spell))
        elif spell.row.period_us is not None:
            self._begin(spell.row, spell.nth + 1)

    def _begin(self, row: FaultRow, nth: int) -> None:
        late_us = int(row.jitter_us * draw(self._seed, row.name, "jitter", nth))
        start_us = self._origin_us + row.at_us + nth * (row.period_us or 0) + late_us
        self._add(Turn(start_us, "began", Spell(row, nth, start_us, start_us + row.length_us)))

    def _add(self, turn: Turn) -> None:
        heapq.heappush(self._turns, (turn.time_us, next(self._order), turn))
