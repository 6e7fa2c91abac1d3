"""From the events of a window to what is kept of them to be drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pytest_soak.kpi.curves import (
    BINS_A_DECADE,
    LEAST_MS,
    MOST_BINS,
    SLICES,
    Account,
    Curves,
    Histogram,
    Markout,
)
from pytest_soak.kpi.tables import notional
from pytest_soak.observation.columns import OTHER_MIDS

if TYPE_CHECKING:
    from pytest_soak.observation.columns import Observation

_Floats = NDArray[np.float64]
DIGITS = 6
"""That are kept of a number."""
HORIZONS = {"mid": 0, "mid_1s": 1000} | {
    name: after // 1000 for name, after in OTHER_MIDS.items() if after > 0
}
"""The columns of fills that hold a mid then or later, and how many milliseconds later."""


def curves_of(observation: Observation) -> Curves:
    """What is kept of a window that can be true, its events in order of time."""
    unknown = _no_account(observation)
    return Curves(
        minutes=(observation.end_us - observation.start_us) / 60e6,
        account=None if unknown else _account(observation),
        no_account=unknown or "",
        markouts=_markouts(observation.fills),
        acks=histogram(observation.acks["latency_ms"]),
        ticks=histogram(observation.ticks["total_ms"]),
    )


def histogram(times_ms: _Floats) -> Histogram | None:
    """The bins of some times; None of none."""
    if not len(times_ms):
        return None
    places = np.log10(np.maximum(times_ms, LEAST_MS) / LEAST_MS) * BINS_A_DECADE
    bins = np.minimum(places.astype(np.int64), MOST_BINS - 1)
    first = int(bins.min())
    counts = np.bincount(bins - first)
    return Histogram(first=first, counts=counts.tolist(), largest_ms=_round(float(times_ms.max())))


def _markouts(fills: NDArray[Any]) -> list[Markout]:
    makers = fills[fills["maker"]]
    found: list[Markout] = []
    for name, after in sorted(HORIZONS.items(), key=lambda item: item[1]):
        known = makers[np.isfinite(makers[name])]
        gain = known["side"] * known["quantity"] * (known[name] - known["price"])
        if len(known):
            found.append(
                Markout(
                    after_ms=after,
                    fills=len(known),
                    notional_quote=_round(float(np.sum(notional(known)))),
                    gain_quote=_round(float(np.sum(gain))),
                )
            )
    return found


def _no_account(observation: Observation) -> str | None:
    """Why the equity cannot be told; None where it can be."""
    mids = () if len(observation.marks) else ("fills.mid",)
    return observation.lacks("fills.fee_quote", "mid_start", "mid_end", *mids)


class _Series(NamedTuple):
    """The account at some times: what was gained since the window's begin, and the inventory."""

    by: Literal["marks", "fills"]
    times: NDArray[np.int64]
    equity: _Floats
    inventory: _Floats


def _account(observation: Observation) -> Account:
    series = _series(observation)
    edges = np.linspace(observation.start_us, observation.end_us, SLICES + 1)[1:]
    ends = np.searchsorted(series.times, edges, "right")
    ends[-1] = len(series.times)
    columns: dict[str, list[float]] = {name: [] for name in Account.model_fields if name != "by"}
    start = 0
    for end in ends.tolist():
        span = slice(start, end) if end > start else slice(end - 1, end)
        equity, inventory = series.equity[span], series.inventory[span]
        row = {
            "equity": equity[-1],
            "high": equity.max(),
            "low": equity.min(),
            "fall": np.max(np.maximum.accumulate(equity) - equity),
            "inventory": inventory[-1],
            "inventory_high": inventory.max(),
            "inventory_low": inventory.min(),
        }
        for name, value in row.items():
            columns[name].append(_round(float(value)))
        start = end
    return Account.model_validate({"by": series.by, **columns})


def _series(observation: Observation) -> _Series:
    """Begins with the window, ends with its net: windows add up to what the KPIs say."""
    fills, marks = observation.fills, observation.marks
    signed = fills["side"] * fills["quantity"]
    held = np.concatenate([[0.0], np.cumsum(signed)]) + observation.inventory_start
    paid = np.concatenate([[0.0], np.cumsum(-signed * fills["price"] - fills["fee_quote"])])
    worth = observation.inventory_start * observation.mid_start
    by: Literal["marks", "fills"]
    if len(marks):
        by, times, inside = "marks", marks["time_us"], marks["inventory"]
        known = int(np.searchsorted(fills["time_us"], times[0], "right"))
        begun = paid[known] + held[known] * marks["mid"][0] - worth
        equity = marks["equity_quote"] - marks["equity_quote"][0] + begun
    else:
        by, times, inside = "fills", fills["time_us"], held[1:]
        equity = paid[1:] + inside * fills["mid"] - worth
    net = paid[-1] + held[-1] * observation.mid_end - worth
    ends = [observation.start_us], [observation.end_us]
    return _Series(
        by,
        np.concatenate([ends[0], times, ends[1]]),
        np.concatenate([[0.0], equity, [net]]),
        np.concatenate([[observation.inventory_start], inside, [held[-1]]]),
    )


def _round(value: float) -> float:
    return float(f"{value:.{DIGITS}g}") + 0.0
