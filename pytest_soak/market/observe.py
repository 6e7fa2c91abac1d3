"""From the kernel's tape to the columns of an Observation: ticks and lots become money."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_soak.config.instruments import decimals
from pytest_soak.market import feeds
from pytest_soak.observation import columns


@dataclass(frozen=True)
class Units:
    """What a tick, a lot and a lot x tick of a world are in money, and when its time began.

    `lot` is in what an agent counts: base. Prices are rounded to the decimals of half a tick, so
    that they read as the venue writes them.
    """

    tick_quote: float
    lot: float
    lot_tick_quote: float
    epoch_us: int
    decimals: int

    @classmethod
    def of(cls, world: Any, epoch_us: int) -> Units:
        """The units of a world whose times count from `epoch_us`."""
        record = world["instrument"]
        names = ("tick_quote", "lot_base", "lot_tick_quote")
        tick, lot, lot_tick = (float(record[name]) for name in names)
        return cls(tick, lot, lot_tick, epoch_us, decimals(tick) + 1)

    def prices(self, ticks: Any) -> Any:
        """Prices (or mids, which lie between two ticks) in quote currency; NaN stays."""
        return np.round(ticks * self.tick_quote, self.decimals)

    def price(self, ticks: float) -> float:
        """One price in quote currency."""
        return float(self.prices(float(ticks)))

    def base(self, lots: Any, ticks: Any) -> Any:
        """What lots are in base that were traded at such prices."""
        return lots * self.lot

    def held(self, marks: Any, fills: Any, before: float) -> Any:
        """What the account holds in base at each mark; `before` all of them and of the fills."""
        return marks["position"] * self.lot

    def equity(self, account: Any, mid: Any, held: Any) -> Any:
        """Cash and what is held in base at the mid in ticks, less fees."""
        worth = account["cash"] + account["position"] * mid
        return worth * self.lot_tick_quote - account["fees_quote"]


Rows = NDArray[np.void]


def _columns(
    dtype: np.dtype[np.void],
) -> Callable[[Callable[[NDArray[Any], Rows, Units], None]], Callable[[Rows, Units], NDArray[Any]]]:
    """Turn a function that fills a table from a tape's rows into one that returns the table."""

    def decorate(
        fill: Callable[[NDArray[Any], Rows, Units], None],
    ) -> Callable[[Rows, Units], NDArray[Any]]:
        @wraps(fill)
        def filled(rows: Rows, units: Units) -> NDArray[Any]:
            table = np.zeros(len(rows), dtype)
            if len(rows):
                fill(table, rows, units)
            return table

        return filled

    return decorate


def fills(
    rows: Rows,
    markouts: NDArray[np.float64],
    units: Units,
    mids: Rows | None = None,
) -> NDArray[Any]:
    """Return the MARKED_FILL columns; a fill whose second had not passed has no markout.

    `mids` are the changes of the mid until all that is asked for is known; without them the columns
    of OTHER_MIDS are NaN.
    """
    table = np.zeros(len(rows), columns.MARKED_FILL)
    if not len(rows):
        return table
    table["time_us"] = rows["time"] + units.epoch_us
    table["side"] = rows["side"]
    table["maker"] = rows["maker"] != 0
    table["price"] = units.prices(rows["price"])
    table["quantity"] = units.base(rows["quantity"], rows["price"])
    table["fee_quote"] = rows["fee_quote"]
    table["mid"] = units.prices(rows["mid"])
    table["mid_1s"] = np.nan
    known = min(len(rows), len(markouts))
    table["mid_1s"][:known] = units.prices(markouts[:known])
    for name, offset_us in columns.OTHER_MIDS.items():
        later = np.nan if mids is None else _mid_at(mids, rows["time"] + offset_us)
        table[name] = units.prices(later)
    return table


def _mid_at(mids: Rows, times: NDArray[np.int64]) -> NDArray[np.float64]:
    """The mid just before each time, NaN before the first: what happens then is not in it."""
    place = np.searchsorted(mids["time"], times, side="left") - 1
    return np.where(place < 0, np.nan, mids["mid"][place])


@_columns(columns.TICK)
def ticks(table: NDArray[Any], rows: Rows, units: Units) -> None:
    """Fill the TICK columns."""
    table["time_us"] = rows["time"] + units.epoch_us
    table["fetch_md_ms"] = rows["fetch_us"] / 1e3
    table["compute_ms"] = rows["compute_us"] / 1e3
    table["wait_ms"] = rows["wait_us"] / 1e3
    table["send_ms"] = rows["send_us"] / 1e3
    stages = ("fetch_us", "compute_us", "wait_us", "send_us")
    table["total_ms"] = sum(rows[name] for name in stages) / 1e3
    table["cache_hit"] = rows["cache_hit"] != 0
    table["deadline_miss"] = rows["deadline_miss"] != 0


@_columns(columns.BLOCK)
def blocks(table: NDArray[Any], rows: Rows, units: Units) -> None:
    """Fill the BLOCK columns."""
    table["time_us"] = rows["time"] + units.epoch_us
    for name in ("reason", "side", "level"):
        table[name] = rows[name]


@_columns(columns.LATENCY)
def acks(table: NDArray[Any], rows: Rows, units: Units) -> None:
    """Fill the LATENCY columns."""
    table["time_us"] = rows["time"] + units.epoch_us
    table["latency_ms"] = rows["latency_us"] / 1e3


def breaker(changes: NDArray[np.int64], was_open: bool, units: Units) -> NDArray[Any]:
    """Return the BREAKER columns of the times at which a breaker opened and closed in turn."""
    table = np.zeros(len(changes), columns.BREAKER)
    table["time_us"] = changes + units.epoch_us
    table["open"] = (np.arange(len(changes)) % 2 == 0) != was_open
    return table


def marks(rows: Rows, fills: Rows, before: float, units: Units) -> NDArray[Any]:
    """Return the MARK columns, of an account that held `before` in base before fills and marks."""
    table = np.zeros(len(rows), columns.MARK)
    if not len(rows):
        return table
    table["time_us"] = rows["time"] + units.epoch_us
    table["mid"] = units.prices(rows["mid"])
    table["inventory"] = held = units.held(rows, fills, before)
    table["equity_quote"] = units.equity(rows, rows["mid"], held)
    return table


@_columns(feeds.TRADE)
def trades(table: NDArray[Any], rows: Rows, units: Units) -> None:
    """Fill the TRADE columns."""
    table["time_us"] = rows["time"] + units.epoch_us
    table["side"] = rows["side"]
    table["price"] = units.prices(rows["price"])
    table["quantity"] = rows["quantity"] * units.lot


@_columns(feeds.TOP)
def tops(table: NDArray[Any], rows: Rows, units: Units) -> None:
    """Fill the TOP columns."""
    table["time_us"] = rows["time"] + units.epoch_us
    for side in ("bid", "ask"):
        table[side] = units.prices(rows[side])
        table[f"{side}_quantity"] = rows[f"{side}_lots"] * units.lot


@_columns(feeds.SECOND)
def seconds(table: NDArray[Any], rows: Rows, units: Units) -> None:
    """Fill the SECOND columns."""
    table["time_us"] = rows["time"] + units.epoch_us
    table["mid"] = units.prices(rows["mid"])


@_columns(feeds.REPORT)
def reports(table: NDArray[Any], rows: Rows, units: Units) -> None:
    """Fill the REPORT columns."""
    table["time_us"] = rows["time"] + units.epoch_us
    table["sent_us"] = rows["sent"] + units.epoch_us
    table["order"] = rows["handle"]
    table["kind"] = rows["kind"]
    table["is_answer"] = rows["request"] >= 0
    table["reason"] = rows["reason"]
    table["side"] = rows["side"]
    table["maker"] = rows["maker"] != 0
    table["price"] = units.prices(rows["price"])
    table["quantity"] = rows["quantity"] * units.lot
