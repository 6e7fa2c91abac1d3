"""The columns of an Observation's arrays: dtype, unit, meaning and sign of each, defined once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Column(NamedTuple):
    """A column: its numpy dtype, unit (empty without one), and meaning, with the sign."""

    name: str
    dtype: str
    unit: str
    meaning: str


class Columns(NamedTuple):
    """The columns of the rows that `name`, a dtype of `pytest_soak`, describes."""

    name: str
    meaning: str
    columns: tuple[Column, ...]

    @property
    def dtype(self) -> np.dtype[np.void]:
        """Of one row."""
        return np.dtype([(column.name, column.dtype) for column in self.columns])

    def of(self, name: str) -> Column:
        """The column of that name."""
        return next(column for column in self.columns if column.name == name)


def rows_of(name: str, meaning: str, time: str, *columns: Column) -> Columns:
    """Rows that each have a time, and those columns."""
    return Columns(name, meaning, (Column("time_us", "i8", "us", time), *columns))


def _ms(name: str, meaning: str) -> Column:
    return Column(name, "f8", "ms", meaning)


OTHER_MIDS = {
    "mid_1s_before": -1_000_000,
    "mid_100ms": 100_000,
    "mid_10s": 10_000_000,
    "mid_60s": 60_000_000,
}
"""Optional columns of fills: the mid so many microseconds after the fill's own `time_us`.

As `mid_1s` it is the mid of the market that the fill was made on, whichever side and whether maker
or taker; NaN where it is not known. What lies beyond the window's end counts too, if it is known
when the window is handed over. `pickoff_bps` is reckoned from the one before.
"""

MID_1S = "mid_1s"


def _later(name: str, us: int) -> Column:
    when = f"{abs(us) / 1e6:g} s {'after' if us > 0 else 'before'} the fill"
    return Column(name, "f8", "quote", f"the mid {when}; NaN: not known")


FILLS = rows_of(
    "FILL",
    "executions of the bot's orders",
    "when it was filled",
    Column("side", "i1", "", "+1 bought, -1 sold"),
    Column("maker", "?", "", "true: the bot's order rested in the book"),
    Column("price", "f8", "quote", "of a unit of base, above 0"),
    Column("quantity", "f8", "base", "filled, above 0; the sign is that of `side`"),
    Column("fee_quote", "f8", "quote", "paid > 0, rebate < 0"),
    Column("mid", "f8", "quote", "maker: just before the fill; taker: when the order was decided"),
    _later(MID_1S, 1_000_000),
)
MARKED_FILLS = FILLS._replace(
    name="MARKED_FILL",
    meaning="the same with more mids, each of which may be left out",
    columns=(*FILLS.columns, *(_later(*one) for one in OTHER_MIDS.items())),
)
TICKS = rows_of(
    "TICK",
    "cycles of the bot's quoting pipeline",
    "when it ended",
    _ms("fetch_md_ms", "fetching market data"),
    _ms("compute_ms", "pricing, risk checks, tracing"),
    _ms("wait_ms", "of the stages for one another"),
    _ms("send_ms", "sending orders"),
    _ms("total_ms", "the whole cycle"),
    Column("cache_hit", "?", "", "true: market data came from the cache"),
    Column("deadline_miss", "?", "", "true: the cycle took too long"),
)
BLOCKS = rows_of(
    "BLOCK",
    "intended quote changes that something stopped",
    "when it was stopped",
    Column("reason", "i1", "", "what stopped it: its place in `block_reasons`"),
    Column("side", "i1", "", "of the quote: +1 bid, -1 ask"),
    Column("level", "i1", "", "of the quote, from the touch outward, 0 or more"),
)
LATENCIES = rows_of(
    "LATENCY",
    "order messages that the venue acknowledged",
    "when the acknowledgement came",
    _ms("latency_ms", "from sent to acknowledged"),
)
MARKS = rows_of(
    "MARK",
    "the account, at least once a second",
    "of the mark",
    Column("mid", "f8", "quote", "of the market, above 0"),
    Column("inventory", "f8", "base", "long > 0, short < 0"),
    Column(
        "equity_quote", "f8", "quote", "cash and inventory at `mid`, less fees, up to a constant"
    ),
)
ERRORS = rows_of("ERROR", "errors that the bot met", "when it was met")
BREAKERS = rows_of(
    "BREAKER",
    "the circuit breaker of the bot changed",
    "when it changed",
    Column("open", "?", "", "true: it stops the bot from trading"),
)
RESOURCES = rows_of(
    "RESOURCE",
    "what the bot's processes use together, every few seconds",
    "when it was measured",
    Column("rss_mb", "f8", "MB", "resident memory, of 1,000,000 bytes"),
    Column("cpu_pct", "f8", "%", "of one core, since the one before"),
    Column("open_fds", "f8", "", "open files, sockets and pipes"),
    Column("threads", "f8", "", "threads"),
    Column(
        "started_us",
        "f8",
        "us",
        "when the bot was started whose processes these are; growth begins anew with it",
    ),
)


class Part(NamedTuple):
    """A field of an Observation: what it holds, its unit (empty without one), and its meaning.

    `needed` says that every Observation has it; what else is not handed over stays empty.
    """

    name: str
    holds: str
    unit: str
    meaning: str
    needed: bool = False


def _rows(name: str, table: Columns) -> Part:
    return Part(name, f"{table.name} rows", "", table.meaning)


def _count(name: str, unit: str, meaning: str) -> Part:
    return Part(name, "int, 0 or more", unit, meaning)


PARTS = (
    Part("start_us", "int", "us", "when the window began, on the target's clock", needed=True),
    Part("end_us", "int", "us", "when it ended", needed=True),
    Part("fills", "FILL or MARKED_FILL rows", "", FILLS.meaning, needed=True),
    Part("inventory_start", "float", "base", "held at the start; long > 0, short < 0", needed=True),
    Part("inventory_end", "float", "base", "held at the end", needed=True),
    Part("mid_start", "float", "quote", "the mid at the start, above 0", needed=True),
    Part("mid_end", "float", "quote", "the mid at the end, above 0", needed=True),
    _rows("ticks", TICKS),
    _rows("blocks", BLOCKS),
    _rows("acks", LATENCIES),
    _rows("marks", MARKS),
    _rows("errors", ERRORS),
    _rows("breaker", BREAKERS),
    _rows("resources", RESOURCES),
    Part("ws_lag_ms", "float64 array", "ms", "of each market data event, until it arrived"),
    Part("order_age_ms", "float64 array", "ms", "of each order when it left the book"),
    _count("intended_changes", "", "quote changes that the bot wanted, each counted once"),
    _count("orders_sent", "", "orders and amendments sent"),
    _count("cancels_sent", "", "cancels sent"),
    _count("side_time_us", "us", "time x sides on which the bot wanted to quote"),
    _count("side_time_risk_blocked_us", "us", "of it what the account's risk guard blocked"),
    Part("block_reasons", "names", "", "what stops quote changes, in the order of `reason`"),
    Part("market", "int by name", "", "what happened in the market, such as spike_count"),
    Part("fill_ids", "int or text array", "", "the venue's id of each fill, in their order"),
    Part("order_ids", "int or text array", "", "the venue's id of the order that each filled"),
    Part(
        "later_mids",
        "float64 arrays by name",
        "quote",
        "with a window's last part: later mids of all its fills, in place of what its parts said",
    ),
    Part("process", "float by KPI", "", "KPIs of a bot that is a program"),
    Part(
        "exchange",
        "float or text by KPI",
        "",
        "with a window's last part: KPIs of a bot on an exchange on this machine; a text says why "
        "there is none",
    ),
    Part("notes", "texts", "", "what to know of how it was measured"),
    Part("apart", "bool", "", "the bot went on, unmeasured, between the window before and this"),
    Part(
        "untold",
        "texts by name",
        "",
        "why the bot does not tell a column of `fills` (such as fills.maker, whose rows do not "
        "count), an end's mid or a feed: what needs it is null, for that reason",
    ),
)
"""The fields of an Observation, in their order."""

EVERY = (FILLS, MARKED_FILLS, TICKS, BLOCKS, LATENCIES, MARKS, ERRORS, BREAKERS, RESOURCES)
"""The columns of each dtype that `pytest_soak` exports."""

DTYPES = {"i8": "int64", "i1": "int8", "f8": "float64", "?": "bool"}
"""The names of numpy's types, as documents write them."""


def described() -> str:
    """The fields of an Observation and the columns of its arrays in words: for help()."""
    head = "Its fields, those without which there is none first:"
    fields = [_line(part.name, (part.holds, part.unit), part.meaning) for part in PARTS]
    return "\n\n".join(["\n".join([head, *fields]), *map(in_words, EVERY)])


def in_words(table: Columns) -> str:
    """A table of columns, a line each."""
    rows = [_line(one.name, (DTYPES[one.dtype], one.unit), one.meaning) for one in table.columns]
    return "\n".join([f"{table.name}: {table.meaning}", *rows])


def _line(name: str, types: tuple[str, ...], meaning: str) -> str:
    return f"    {name} ({', '.join(filter(None, types))}): {meaning}"
