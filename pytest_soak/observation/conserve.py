"""Whether the fills explain the account: nothing is bought, sold, earned or lost without a fill.

- `inventory_start` and the fills give `inventory_end`, to a part in 10^9 of what was held and
  traded, or to one in 10^6 where that is less than half of the smallest fill (prices and
  quantities may have been single precision).
- They give the `inventory` of each mark too, to within what was traded in the five seconds before
  and after it: a bot may learn late of its fills.
- The change of `equity_quote` between any two marks is what the fills paid, less their fees, and
  the inventory at the mark's own `mid`: to within a hundredth of a basis point of the turnover, and
  what the fills in the five seconds around the two marks may move it (`_moved`). Each mark is held
  against the one around which least may. Funding and deposits are no part of it.
- The marks are of one account (`one_account`).
- `inventory_start` is the `inventory_end` of the window before, to the same tolerance as the first;
  not of a window that is `apart` from it.
- `mid_start` and `mid_end` are those of the first and the last mark to within 2 %, where these lie
  within two seconds of the window's ends.

The net of the window then agrees with the marks: it is the same sum with the window's mids.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pytest_soak.observation.causes import fills_cause
from pytest_soak.observation.closing import Closing
from pytest_soak.observation.columns import Observation
from pytest_soak.observation.one_account import several_accounts

DUST, SINGLE = 1e-9, 1e-6
LATE_US = 5_000_000
LATE_SHARE = 0.01
NEAR_US = 2_000_000
NEAR_SHARE = 0.02

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Sums:
    """Sums over the first n fills, n from 0."""

    times: NDArray[np.int64]
    held: _Floats  # inventory
    paid: _Floats  # cash less fees
    quantity: _Floats
    notional: _Floats
    moved: _Floats  # by how much they may move an equity that does not know of them yet

    @classmethod
    def of(cls, observation: Observation) -> _Sums:
        fills = observation.fills
        quantity, notional = fills["quantity"], fills["quantity"] * fills["price"]
        return cls(
            fills["time_us"],
            observation.inventory_start + _summed(fills["side"] * quantity),
            -_summed(fills["side"] * notional + fills["fee_quote"]),
            _summed(quantity),
            _summed(notional),
            _summed(_moved(observation)),
        )


def _moved(observation: Observation) -> _Floats:
    """By how much each fill may move the equity when the bot learns of it, up to LATE_US from it.

    Its fee, and its quantity from its price to the farthest mid of the marks around it (where there
    is none, of the next one), 1 % at most: a price that is wrong excuses no more. Without marks
    there is no equity.
    """
    fills, marks = observation.fills, observation.marks
    if not len(marks):
        return np.zeros(len(fills))
    since = np.searchsorted(marks["time_us"], fills["time_us"] - LATE_US, "left")
    until = np.searchsorted(marks["time_us"], fills["time_us"] + LATE_US, "right")
    spans = np.stack([since, until], axis=1).ravel()
    mids = np.append(marks["mid"], marks["mid"][-1])  # an index may be the end
    price: _Floats = fills["price"]
    above = np.abs(np.maximum.reduceat(mids, spans)[::2] - price)
    below = np.abs(np.minimum.reduceat(mids, spans)[::2] - price)
    farthest = np.minimum(np.maximum(above, below), LATE_SHARE * price)
    moved: _Floats = fills["quantity"] * farthest + np.abs(fills["fee_quote"])
    return moved


def _summed(values: _Floats) -> _Floats:
    return np.concatenate([[0.0], np.cumsum(values)])


def unbalanced(observation: Observation, before: Closing | None) -> Iterator[str]:
    """What the fills, in order of time, do not explain: one line each.

    `before` is how the window before ended, None of the first one after a start.
    """
    sums = _Sums.of(observation)
    if several := next(_several(observation, sums), None):
        yield several
        return
    if before is not None and not observation.apart:
        yield from _carried(observation, before, sums)
    yield from _inventory(observation, sums)
    if len(observation.marks):
        yield from _marks(observation, sums)
        yield from _mids(observation)


def _several(observation: Observation, sums: _Sums) -> Iterator[str]:
    marks = observation.marks
    equity = DUST * np.max(np.abs(marks["equity_quote"]), initial=0)
    worth = SINGLE * np.abs(marks["inventory"][:-1]) * marks["mid"][:-1]
    moved = sums.moved[-1] + SINGLE * sums.notional[-1]
    dust = (_dust(observation, sums), equity + worth)
    return several_accounts(marks, sums.quantity[-1], moved, dust)


def _inventory(observation: Observation, sums: _Sums) -> Iterator[str]:
    start, end, expected = observation.inventory_start, observation.inventory_end, sums.held[-1]
    if abs(end - expected) > _dust(observation, sums):
        yield (
            f"inventory_end={end:.12g}: expected {expected:.12g}, inventory_start={start:.12g} "
            f"and the fills{fills_cause(expected - start, end - start)}"
        )


def _carried(observation: Observation, before: Closing, sums: _Sums) -> Iterator[str]:
    held = observation.inventory_start
    if abs(held - before.inventory) > _dust(observation, sums):
        yield (
            f"inventory_start={held:.12g}: expected {before.inventory:.12g}, the inventory_end of "
            "the window before (a bot that trades on between windows says so: apart=True)"
        )
    elif (row := before.again(observation)) is not None:
        assert observation.fill_ids is not None
        yield (
            f"fill_ids[{row}]={observation.fill_ids[row]}: expected an id of its own, got one of "
            "the window before (fills look delivered more than once)"
        )
    elif len(observation.fills) and Closing.of(observation) == before:
        yield (
            f"fills: all {len(observation.fills)} are those of the window before, expected what "
            "happened since"
        )


def _dust(observation: Observation, sums: _Sums) -> float:
    """By how much an inventory may miss the sum of the fills."""
    scale = abs(observation.inventory_start) + abs(observation.inventory_end) + sums.quantity[-1]
    smallest = np.min(observation.fills["quantity"], initial=np.inf)
    return float(max(DUST * scale, min(SINGLE * scale, smallest / 2)))


def _marks(observation: Observation, sums: _Sums) -> Iterator[str]:
    marks = observation.marks
    times = marks["time_us"]
    known = np.searchsorted(sums.times, times, "right")
    since = np.searchsorted(sums.times, times - LATE_US, "left")
    until = np.searchsorted(sums.times, times + LATE_US, "right")

    held = sums.held[known]
    allowed = sums.quantity[until] - sums.quantity[since] + _dust(observation, sums)
    yield from _missed(
        "marks.inventory", marks["inventory"], held, allowed, "inventory_start and the fills so far"
    )

    worth = sums.paid[known] + held * marks["mid"]
    equity = marks["equity_quote"]
    late = sums.moved[until] - sums.moved[since]
    quiet = int(np.argmin(late))
    expected = equity[quiet] + worth - worth[quiet]
    turnover = sums.notional[-1] + np.max(np.abs(held) * marks["mid"])
    allowed = late + late[quiet] + SINGLE * turnover + DUST * np.max(np.abs(equity))
    source = f"that of row {quiet}, the fills and the mid"
    yield from _missed("marks.equity_quote", equity, expected, allowed, source)


def _missed(
    where: str, given: _Floats, expected: _Floats, allowed: _Floats, source: str
) -> Iterator[str]:
    wrong = np.abs(given - expected) > allowed
    if wrong.any():
        row, count = int(np.argmax(wrong)), int(np.count_nonzero(wrong))
        cause = fills_cause(expected[-1] - expected[0], given[-1] - given[0])
        rows = f", as in {count} of {len(given)} rows" if count > 1 else ""
        yield (
            f"{where}[{row}]={given[row]:.12g}: expected {expected[row]:.12g} by {source}{rows}"
            f"{cause}"
        )


def _mids(observation: Observation) -> Iterator[str]:
    marks = observation.marks
    for name, at, row in (
        ("mid_start", observation.start_us, 0),
        ("mid_end", observation.end_us, -1),
    ):
        given, marked = getattr(observation, name), marks["mid"][row]
        near = abs(int(marks["time_us"][row]) - at) <= NEAR_US
        if near and abs(given - marked) > NEAR_SHARE * marked:
            which = "first" if row == 0 else "last"
            yield f"{name}={given:.12g}: expected about {marked:.12g}, the {which} mark's mid"
