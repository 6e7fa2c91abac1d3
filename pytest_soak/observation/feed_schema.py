"""What the lines of each feed hold: the one definition, for writers, readers and documents."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from pytest_soak.observation import feed_kinds as kinds
from pytest_soak.observation.feed_kinds import UNTOLD, Kind
from pytest_soak.observation.tables import (
    BLOCKS,
    BREAKERS,
    FILLS,
    LATENCIES,
    MARKS,
    MID_1S,
    OTHER_MIDS,
    RESOURCES,
    TICKS,
    Columns,
)

NO_TIME = -1
WATCHED = "resources"
"""The one feed that no bot writes: what a bot that is a program is seen to use."""


class FeedField(NamedTuple):
    """A field of a line: its kind, unit and meaning, with the sign.

    `absent` says what it means that a line has none, or null; without it every line has one.
    `filled` is what the column then holds.
    """

    name: str
    kind: Kind
    unit: str
    meaning: str
    absent: str = ""
    filled: Any = None

    @property
    def required(self) -> bool:
        """Whether every line has it."""
        return not self.absent


class Feed(NamedTuple):
    """A feed: what a line of it tells, and its fields."""

    name: str
    meaning: str
    fields: tuple[FeedField, ...]


_SEQ = FeedField(
    "seq",
    kinds.SEQUENCE,
    "",
    "number of the line in its lane, over all its feeds, from 1; resources has its own",
    "lines lost or doubled are not told",
    0,
)


_TIME = FeedField("time_us", kinds.TIME, "us", "UTC")
LINE_FIELDS = (_SEQ, _TIME)
"""What every line of every feed has."""


def _feed(name: str, meaning: str, time: str, *fields: FeedField) -> Feed:
    own = _TIME._replace(meaning=f"{time}, {_TIME.meaning}")
    return Feed(name, meaning, (_SEQ, own, *fields))


def _later(name: str, when: str) -> FeedField:
    return FeedField(
        name,
        kinds.PRICE,
        "quote",
        f"the mid {when}; null: not known",
        "the last mark up to then that is at most 2 s older; null without one",
        UNTOLD,
    )


def _mids() -> tuple[FeedField, ...]:
    offsets = {MID_1S: 1_000_000, **OTHER_MIDS}
    return tuple(
        _later(name, f"{abs(us) / 1e6:g} s {'after' if us > 0 else 'before'} the fill")
        for name, us in offsets.items()
    )


def _ms(name: str, meaning: str) -> FeedField:
    return FeedField(name, kinds.AMOUNT, "ms", meaning)


def _column(
    table: Columns, name: str, kind: Kind, absent: str = "", filled: Any = None
) -> FeedField:
    """What a column of an Observation holds, as a field of a line."""
    column = table.of(name)
    return FeedField(name, kind, column.unit, column.meaning, absent, filled)


_SINCE = FeedField(
    "since_us",
    kinds.TIME,
    "us",
    "when the time began that the line tells of, up to `time_us`",
    "it tells of `time_us` alone, or of the time since the line before",
    NO_TIME,
)
_ID = "not known"

FEEDS: dict[str, Feed] = {
    feed.name: feed
    for feed in (
        _feed(
            "fills",
            "an execution of an order of the bot",
            "when it was filled",
            _column(FILLS, "side", kinds.SIDE),
            _column(FILLS, "maker", kinds.FLAG),
            _column(FILLS, "price", kinds.PRICE),
            _column(FILLS, "quantity", kinds.PRICE),
            _column(FILLS, "fee_quote", kinds.NUMBER),
            _column(FILLS, "mid", kinds.PRICE),
            *_mids(),
            FeedField("execution_id", kinds.ID, "", "the venue's id of the execution", _ID),
            FeedField("order_id", kinds.ID, "", "the venue's id of the order", _ID),
        ),
        _feed(
            "pipeline_ticks",
            "a cycle of the bot's quoting pipeline",
            "when it ended",
            *(_column(TICKS, column.name, kinds.AMOUNT) for column in TICKS.columns[1:6]),
            _column(TICKS, "cache_hit", kinds.FLAG),
            _column(TICKS, "deadline_miss", kinds.FLAG),
        ),
        _feed(
            "acks",
            "an order message that the venue acknowledged",
            "when the acknowledgement came",
            _column(LATENCIES, "latency_ms", kinds.AMOUNT),
        ),
        _feed(
            "blocks",
            "an intended quote change that something stopped",
            "when it was stopped",
            FeedField(
                "reason",
                kinds.TEXT,
                "",
                "what stopped it: min_interval, concurrency, risk, inventory, throttle, deadline, "
                "or a name of the bot's own",
            ),
            _column(BLOCKS, "side", kinds.SMALL),
            _column(BLOCKS, "level", kinds.SMALL, "0", 0),
        ),
        _feed(
            "marks",
            "the account, at least once a second",
            "of the mark",
            _column(MARKS, "mid", kinds.PRICE),
            _column(MARKS, "inventory", kinds.NUMBER),
            _column(
                MARKS,
                "equity_quote",
                kinds.NUMBER,
                "not marked: a drawdown leaves the line out",
                math.nan,
            ),
            FeedField(
                "boundary",
                kinds.FLAG,
                "",
                "true: how a window began or ended, as the soak reckoned it; a drawdown leaves "
                "the line out",
                "false",
                False,
            ),
        ),
        _feed(
            "orders",
            "orders that were sent, cancelled, or left the book",
            "when that was",
            _SINCE,
            FeedField("sent", kinds.COUNT, "", "orders and amendments sent", "none", 0),
            FeedField("cancelled", kinds.COUNT, "", "cancels sent", "none", 0),
            FeedField(
                "age_ms",
                kinds.AMOUNT,
                "ms",
                "of an order that left the book, since it came there",
                "the line tells of none that left",
                math.nan,
            ),
        ),
        _feed(
            "quoting",
            "how much the bot wanted to quote, a window or oftener",
            "the last moment that the line tells of",
            _SINCE,
            FeedField(
                "intended_changes",
                kinds.COUNT,
                "",
                "quote changes that the bot wanted, each counted once",
            ),
            FeedField(
                "side_time_us",
                kinds.COUNT,
                "us",
                "time x sides on which the bot wanted to quote",
                "not measured",
                0,
            ),
            FeedField(
                "side_time_risk_blocked_us",
                kinds.COUNT,
                "us",
                "of it what the account's risk guard blocked",
                "none",
                0,
            ),
            FeedField(
                "reasons",
                kinds.NAMES,
                "",
                "every reason that the bot writes a block for; one without blocks stopped nothing",
                "those that have stopped something since the feeds began",
            ),
        ),
        _feed(
            "ws_lag",
            "a market data event",
            "when it arrived",
            _SINCE,
            _ms("lag_ms", "from the event to its arrival"),
        ),
        _feed(
            "errors",
            "an error that the bot met",
            "when it was met",
            FeedField("text", kinds.TEXT, "", "what it was"),
        ),
        _feed(
            "breaker",
            "the circuit breaker of the bot changed",
            "when it changed",
            _column(BREAKERS, "open", kinds.FLAG),
        ),
        _feed(
            WATCHED,
            "what the bot's processes use together",
            "when it was measured",
            _column(RESOURCES, "rss_mb", kinds.AMOUNT),
            _column(RESOURCES, "cpu_pct", kinds.AMOUNT),
            _column(RESOURCES, "open_fds", kinds.COUNT, "not known", NO_TIME),
            _column(RESOURCES, "threads", kinds.COUNT, "not known", NO_TIME),
            _column(RESOURCES, "started_us", kinds.TIME, "not known", NO_TIME),
        ),
        _feed(
            "kpis",
            "KPIs that the bot reckons itself",
            "the last moment that they tell of",
            FeedField("kpis", kinds.NUMBERS, "", "by name; null: the bot has none"),
        ),
    )
}


def line_schema(feed: Feed) -> dict[str, Any]:
    """The JSON Schema of a line of a feed; fields that it does not name are not read."""
    properties = {}
    for field in feed.fields:
        value = field.kind.schema()
        if not field.required:
            value = {"anyOf": [value, {"type": "null"}]}
        unit = f" [{field.unit}]" if field.unit else ""
        absent = f" Absent: {field.absent}." if field.absent else ""
        properties[field.name] = value | {"description": f"{field.meaning}{unit}.{absent}"}
    return {
        "title": feed.name,
        "description": f"A line of {feed.name}_YYYYMMDD.jsonl: {feed.meaning}.",
        "type": "object",
        "properties": properties,
        "required": [field.name for field in feed.fields if field.required],
    }
