"""What is seen of an exchange while it runs: its record and the bot's beliefs, read and judged."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pytest_soak.errors import TargetError
from pytest_soak.exchange.beliefs.belief import Belief
from pytest_soak.exchange.beliefs.growing import GrowingFile
from pytest_soak.exchange.beliefs.line import belief_of
from pytest_soak.exchange.believing import Beliefs
from pytest_soak.exchange.chosen import ACCOUNT, ExchangeChoice
from pytest_soak.exchange.feeds import AccountFeeds, write
from pytest_soak.exchange.invariants.measure import measure
from pytest_soak.exchange.invariants.seen import KEPT_US, Seen, Span
from pytest_soak.exchange.jail.isolation import Isolation
from pytest_soak.exchange.jail.outside import Outside
from pytest_soak.exchange.judged import FOLDER, JUDGED, Judged, judged, read_judged
from pytest_soak.exchange.record import Event, read
from pytest_soak.exchange.so_far import asked_so_far
from pytest_soak.storage.files import append_new
from pytest_soak.system import is_link
from pytest_soak.text import plural

_NO_ORDER = "the bot has made no order since it was started: nothing of its trading is judged"
RECORD, BELIEVED, FEEDS = "record.jsonl", "believed.jsonl", "feeds"


class Watch:
    """Reads what one exchange writes into `folder`, a new one in that of the `lane`.

    What the bot did goes into `feeds`, a folder in that one where none is given, and what each
    window came to into the lane's file of them. `windows` is how many that already has, `told_us`
    up to when the exchange has told.
    """

    def __init__(self, choice: ExchangeChoice, lane: Path, feeds: Path | None = None) -> None:
        self.folder = _next(lane / FOLDER)
        self._home = lane / FOLDER
        self._choice = choice
        self._seen = Seen()
        self._ordered = False
        self._beliefs: list[Belief] = []
        self._troubles: dict[str, str] = {}
        self.told_us = 0
        self.feeds = feeds or self.folder / FEEDS
        self.feeds.mkdir(exist_ok=True)
        told = self._home / JUDGED
        self.windows = len(read_judged(told)) if told.exists() else 0
        self._account = AccountFeeds(ACCOUNT)
        self._record = GrowingFile(self.record)
        self._believed = GrowingFile(self.folder / BELIEVED)

    @property
    def record(self) -> Path:
        """Where the exchange is to record."""
        return self.folder / RECORD

    def beliefs(self, log: Path) -> Beliefs | None:
        """What is to be asked of the bot, whose output goes to `log`; None where nothing is."""
        sources, base = self._choice.beliefs, str(self._choice.base)
        if not sources:
            return None
        file = str(self.folder / BELIEVED)
        return Beliefs(sources=sources, base=base, log=str(log), file=file)

    def look(self) -> None:
        """Take what was recorded since the last time."""
        self.take([read(json.loads(line)) for line in self._record.lines()])

    def take(self, events: Sequence[Event]) -> None:
        """Take what has happened, and look what the bot believes."""
        self._seen.add(events)
        self.told_us = max((self.told_us, *(event.time_us for event in events)))
        self._ordered = self._ordered or bool(self._seen.orders)
        write(self.feeds, self._account.rows(events))
        for line in self._believed_lines():
            self._believe(json.loads(line))

    def _believed_lines(self) -> Iterator[str]:
        if self._choice.beliefs and (self.folder / BELIEVED).exists():
            yield from self._believed.lines()

    def _believe(self, data: dict[str, Any]) -> None:
        if "trouble" in data:
            self._troubles[data["source"]] = data["trouble"]
        else:
            self._beliefs.append(belief_of(data, 0))

    def judge(self, iteration: int, window: Span, isolation: Isolation, outside: Outside) -> Judged:
        """What the window came to, which is over; it is written down."""
        schedule = self._choice.schedule
        results = measure(self._seen, self._beliefs, window, schedule.tolerances)
        seen = sum(window[0] <= belief.time_us < window[1] for belief in self._beliefs)
        held, believed = (isolation, outside), (seen, self._troubles)
        found = judged(iteration, window, self._seen, results, held, believed, schedule)
        append_new(self._home / JUDGED, found.model_dump_json().encode() + b"\n")
        self._seen.forget(window[1] - KEPT_US)
        self._beliefs = [one for one in self._beliefs if one.time_us >= window[1] - KEPT_US]
        return found

    def so_far(self, outside: Outside) -> str:
        """What the exchange has been asked by now, in words."""
        return asked_so_far(self._seen, outside)

    def notes(self) -> list[str]:
        """What of the bot's trading no KPI of money tells."""
        if not self._ordered:
            return [_NO_ORDER]
        if not self._account.elsewhere:
            return []
        trades = plural(self._account.elsewhere, "trade")
        return [f"money and fills are those of {self._account.symbol}; {trades} were in others"]


def _next(home: Path) -> Path:
    """A folder for one more start."""
    if is_link(home):
        raise TargetError(f"{home}: a symbolic link, which is not followed; take it away")
    home.mkdir(parents=True, exist_ok=True)
    number = 1 + sum(path.name.isdigit() for path in home.iterdir())
    folder = home / f"{number:03d}"
    folder.mkdir()
    return folder
