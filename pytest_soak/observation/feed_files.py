"""How the files of feeds are called: one a feed and a UTC day."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from pytest_soak.observation.feed_schema import FEEDS

PACKED = ".gz"
DAY_US = 86_400_000_000
_NAME = re.compile(rf"({'|'.join(FEEDS)})_([0-9]{{8}})\.jsonl")
_DAY = re.compile(r"(?<!\d)(\d{4})(-?)(\d\d)\2(\d\d)(?!\d)", re.ASCII)
_BEGAN = datetime(1970, 1, 1, tzinfo=UTC)


class FeedFile(NamedTuple):
    """Of which feed a file is, and of which day, counted from 1970."""

    feed: str
    day: int

    @property
    def name(self) -> str:
        """How the file is called."""
        return f"{self.feed}_{_BEGAN + timedelta(days=self.day):%Y%m%d}.jsonl"

    @property
    def start_us(self) -> int:
        """When its day begins."""
        return self.day * DAY_US


def feed_file(name: str) -> FeedFile | None:
    """What the file `name` is of; None where a feed's file is not called so."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    day = _day(match[2])
    return None if day is None else FeedFile(match[1], day)


def day_in(name: str) -> int | None:
    """The day in the name of any file, as YYYYMMDD or YYYY-MM-DD; None where there is none."""
    match = _DAY.search(name)
    return None if match is None else _day(match[1] + match[3] + match[4])


def _day(digits: str) -> int | None:
    try:
        began = datetime.strptime(digits, "%Y%m%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    return (began - _BEGAN).days
