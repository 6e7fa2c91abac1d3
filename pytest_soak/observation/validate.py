"""Whether an Observation can be true: what must hold of each value of it.

- The window is as long as the iteration, to within 1 % or a second; all times lie within it, and
  not all in its first 0.2 % (twenty or more would be in another unit).
- `side` is +1 or -1; prices, quantities and mids are above 0; later mids too, or NaN; the mids of a
  fill are from half to twice its price; latencies, ages, stages and counts are 0 or more; every
  number is finite; resources are 0 or more.
- Marks are in the order of time, since their order is what a drawdown is measured from. Fills,
  ticks and the other events may come in any order; they are sorted, which a note says.
- No id of a fill is there twice; and where no ids are given, not every fill has its double.
- A reason has stopped at most `intended_changes`, and one more change a quote (side and level),
  intended in the window before; the risk guard has blocked at most `side_time_us`, which is at most
  twice the window, to the tolerance of its length.
- What `conserve` says.

Takers that are paid (a negative fee) are noted. What is not handed over is not judged.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_soak.errors import one_line
from pytest_soak.observation.causes import length_cause, side_cause, time_cause
from pytest_soak.observation.closing import Closing
from pytest_soak.observation.columns import FILL_IDS, OTHER_MIDS, STAND_INS, Observation
from pytest_soak.observation.conserve import unbalanced
from pytest_soak.observation.convert import AMOUNTS, COUNTS, TABLES, VALUES, converted

LENGTH_SHARE, LENGTH_US = 0.01, 1_000_000
"""By how much a window may be longer or shorter than its iteration: the larger of the two."""

EARLY_SHARE, EARLY_ROWS = 0.002, 20
FAR = 2.0
"""How many times the price of a fill a mid may be, or the other way round."""
DOUBLES = 3
"""So many different fills that all have their double are no coincidence."""

_MIDS = ("mid_1s", *OTHER_MIDS)
_AT_LEAST_0 = ("fetch_md_ms", "compute_ms", "wait_ms", "send_ms", "total_ms")
_USED = ("rss_mb", "cpu_pct", "open_fds", "threads")


@dataclass(frozen=True)
class Validated:
    """An observation of the right types in order of time; what cannot be true, what to know."""

    observation: Observation
    faults: tuple[str, ...]
    notes: tuple[str, ...]


def validated(given: Any, minutes: float, before: Closing | None = None) -> Validated:
    """What a target handed over for a window of so many minutes, checked.

    `before` is how the window before ended. Raises TargetError where it has not the shape of an
    Observation. Whether the fills explain the account is judged only where each value by itself can
    be true.
    """
    observation, notes = converted(given)
    unsorted = _unsorted(observation)
    faults = [
        *_window(observation, minutes, unsorted),
        *_scalars(observation),
        *_fills(observation),
        *_amounts(observation),
        *_counts(observation),
    ]
    observation = _in_order(observation, unsorted)
    faults = faults or list(unbalanced(observation, before))
    told = (*notes, *observation.notes, *_notes(observation, unsorted))
    return Validated(observation, tuple(map(one_line, faults)), tuple(map(one_line, told)))


def _unsorted(observation: Observation) -> list[str]:
    """The names of the tables whose rows are not in order of time."""
    found = []
    for name in TABLES:
        times = np.ascontiguousarray(getattr(observation, name)["time_us"])
        if (times[1:] < times[:-1]).any():
            found.append(name)
    return found


def _window(observation: Observation, minutes: float, unsorted: list[str]) -> Iterator[str]:
    start, end = observation.start_us, observation.end_us
    if end <= start:
        yield f"end_us={end}: expected more than start_us={start}"
        return
    length, expected = end - start, minutes * 60e6
    tolerance = max(LENGTH_SHARE * expected, LENGTH_US)
    if abs(length - expected) > tolerance:
        cause = length_cause(length, expected, tolerance)
        yield (
            f"end_us={end}: expected start_us={start} and {expected:.12g} us of {minutes:g} "
            f"minutes, got {length}{cause}"
        )
        return
    yield from _times(observation, unsorted)


def _times(observation: Observation, unsorted: list[str]) -> Iterator[str]:
    start, end = observation.start_us, observation.end_us
    rows, last = 0, start
    for name in TABLES:
        times = getattr(observation, name)["time_us"]
        if not len(times):
            continue
        ends = times[[0, -1]] if name not in unsorted else times
        rows, last = rows + len(times), max(last, int(ends.max()))
        if ends.min() < start or ends.max() > end:
            outside = (times < start) | (times > end)
            cause = time_cause(float(np.median(times[outside])), start, end)
            yield _fault(f"{name}.time_us", times, outside, f"{start} to {end}", cause)
    if rows >= EARLY_ROWS and last - start < EARLY_SHARE * (end - start):
        yield (
            f"time_us: all {rows} times lie in the first {100 * EARLY_SHARE:g} % of the window, "
            f"up to {last} of {end} (times look like milliseconds)"
        )
    if "marks" in unsorted:
        marked = observation.marks["time_us"]
        row = int(np.argmax(marked[1:] < marked[:-1])) + 1
        yield (
            f"marks.time_us[{row}]={marked[row]}: expected {marked[row - 1]} or more, marks in "
            "the order of time (np.sort(marks, order='time_us'))"
        )


def _scalars(observation: Observation) -> Iterator[str]:
    for name in AMOUNTS:
        value = getattr(observation, name)
        if observation.lacks(name):
            continue
        if not math.isfinite(value) or (name.startswith("mid") and value <= 0):
            wanted = "a price above 0" if name.startswith("mid") else "a finite number"
            yield f"{name}={value:.12g}: expected {wanted}"
    for name in COUNTS:
        value = getattr(observation, name)
        if value < 0:
            yield f"{name}={value}: expected 0 or more"


def _fills(observation: Observation) -> Iterator[str]:
    fills = observation.fills
    if not len(fills):
        return
    side = fills["side"]
    if np.abs(side).min() != 1 or np.abs(side).max() != 1:
        yield _fault("fills.side", side, np.abs(side) != 1, "+1 or -1", side_cause(side))
    told = [name for name in ("price", "quantity", "mid") if not observation.lacks(f"fills.{name}")]
    for name in told:
        signed = name == "quantity" and bool((fills["quantity"] < 0).any())
        cause = " (the sign is that of side)" if signed else ""
        yield from _bounded(f"fills.{name}", fills[name], _above_0, "more than 0", cause)
    if not observation.lacks("fills.fee_quote"):
        yield from _bounded("fills.fee_quote", fills["fee_quote"], np.isfinite, "a finite number")
    for name in _MIDS:
        later = fills[name]
        wrong = ~(np.isnan(later) | _above_0(later))
        if wrong.any():
            yield _fault(f"fills.{name}", later, wrong, "more than 0, or NaN")
    for name in ("mid", *_MIDS):
        far = (fills[name] > FAR * fills["price"]) | (fills[name] * FAR < fills["price"])
        if far.any():
            yield _fault(f"fills.{name}", fills[name], far, "about the price of its row")
    yield from _delivered_again(observation)


def _delivered_again(observation: Observation) -> Iterator[str]:
    ids, fills = observation.fill_ids, observation.fills
    if ids is not None:
        order = np.argsort(ids, kind="stable")
        again = np.flatnonzero(ids[order][1:] == ids[order][:-1])
        if len(again):
            first, row = min((order[at], order[at + 1]) for at in again)
            yield (
                f"fill_ids[{row}]={ids[row]}: expected an id of its own, got that of row {first}, "
                f"as in {len(again)} of {len(ids)} rows (fills look delivered more than once)"
            )
        return
    times = np.sort(fills["time_us"])
    if len(np.unique(times)) * 2 > len(times):
        return
    rows, copies = np.unique(
        np.frombuffer(fills.tobytes(), f"V{fills.itemsize}"), return_counts=True
    )
    if len(rows) >= DOUBLES and copies.min() >= 2:
        yield (
            f"fills: each of the {len(rows)} different rows is there {copies.min()} times or more "
            "(every fill looks delivered more than once; if they are several, give fill_ids)"
        )


def _amounts(observation: Observation) -> Iterator[str]:
    marks, ticks = observation.marks, observation.ticks
    yield from _bounded("marks.mid", marks["mid"], _above_0, "more than 0")
    for name in ("inventory", "equity_quote"):
        yield from _bounded(f"marks.{name}", marks[name], np.isfinite, "a finite number")
    at_least_0 = {f"ticks.{name}": ticks[name] for name in _AT_LEAST_0}
    resources = observation.resources
    at_least_0 |= {f"resources.{name}": resources[name] for name in _USED}
    at_least_0["acks.latency_ms"] = observation.acks["latency_ms"]
    at_least_0 |= {name: getattr(observation, name) for name in VALUES}
    for where, values in at_least_0.items():
        yield from _bounded(where, values, _0_or_more, "0 or more")


def _counts(observation: Observation) -> Iterator[str]:
    wanted, blocked = observation.side_time_us, observation.side_time_risk_blocked_us
    if blocked > wanted:
        yield f"side_time_risk_blocked_us={blocked}: expected at most side_time_us={wanted}"
    both = 2 * (observation.end_us - observation.start_us)
    if wanted > both + max(LENGTH_SHARE * both, LENGTH_US):
        yield f"side_time_us={wanted}: expected at most {both}, both sides all the time"
    blocks, intended = observation.blocks, observation.intended_changes
    counts = np.bincount(blocks["reason"], minlength=len(observation.block_reasons))
    if not len(blocks) or counts.max() <= intended:
        return
    quotes = len(np.unique(blocks[["side", "level"]]))
    for name, count in zip(observation.block_reasons, counts, strict=True):
        if count > intended + quotes:
            yield (
                f"blocks: {count} changes stopped by {name}, expected at most "
                f"intended_changes={intended}"
            )


def _above_0(values: NDArray[Any]) -> NDArray[np.bool_]:
    return (values > 0) & (values < math.inf)


def _0_or_more(values: NDArray[Any]) -> NDArray[np.bool_]:
    return (values >= 0) & (values < math.inf)


def _bounded(
    where: str,
    values: NDArray[Any],
    holds: Callable[[NDArray[Any]], NDArray[np.bool_]],
    expected: str,
    cause: str = "",
) -> Iterator[str]:
    """A fault unless `holds` is true of all values; the least and the largest are asked first."""
    if not len(values):
        return
    together = np.ascontiguousarray(values)  # a column of a table is not, and read twice
    if not holds(np.array([together.min(), together.max()])).all():
        yield _fault(where, values, ~holds(values), expected, cause)


def _fault(
    where: str, values: NDArray[Any], wrong: NDArray[np.bool_], expected: str, cause: str = ""
) -> str:
    row, count = int(np.argmax(wrong)), int(np.count_nonzero(wrong))
    value = values[row].item()
    told = f"{value:.12g}" if isinstance(value, float) else str(value)
    rows = f", as in {count} of {len(values)} rows" if count > 1 else ""
    return f"{where}[{row}]={told}: expected {expected}{rows}{cause}"


def _in_order(observation: Observation, unsorted: list[str]) -> Observation:
    """The observation with its events in order of time."""
    parts: dict[str, Any] = {}
    for name in unsorted:
        rows = getattr(observation, name)
        order = np.argsort(rows["time_us"], kind="stable")
        parts[name] = rows[order]
        for ids in FILL_IDS if name == "fills" else ():
            found = getattr(observation, ids)
            parts[ids] = None if found is None else found[order]
    return replace(observation, **parts)


def _notes(observation: Observation, unsorted: list[str]) -> Iterator[str]:
    if moved := [name for name in unsorted if name != "marks"]:  # those are a fault
        yield f"sorted by time: {', '.join(moved)}"
    fills = observation.fills
    takers = ~fills["maker"] & (fills["fee_quote"] < 0)
    if takers.any() and not observation.lacks("fills.maker"):
        yield "takers are paid: there are taker fills with a negative fee"
    if lacking := [name for name in STAND_INS if observation.lacks(name)]:
        yield f"not told: {', '.join(lacking)}; KPIs that need them are null, and no feeds are kept"
    if not len(observation.marks):
        yield "no marks: not checked whether the account follows from the fills"
