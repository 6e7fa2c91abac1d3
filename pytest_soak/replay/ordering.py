"""Rows in the order of two clocks: by the venue's for the exchange, by the recorder's for an agent.

A row counts for both where the two orders agree on it; else it is there twice, once for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from pytest_soak.errors import SoakUsageError
from pytest_soak.replay.rows import BOTH, EXCHANGE, LOCAL, Rows, empty, has

HORIZON_NS = 10_000_000_000
"""How far a stamp may be behind those before it."""


def ordered(rows: Rows) -> Rows:
    """The rows in both orders; equal stamps stay as they come.

    Between two rows that are whole, those of one side are merged by the newest row before them:
    where the rows fall apart, their parts come to the same.
    """
    for_exchange, for_local = has(rows, EXCHANGE), has(rows, LOCAL)
    exchange, local = rows["exch_ts"], rows["local_ts"]
    if for_exchange.all() and for_local.all() and _rises(exchange) and _rises(local):
        return rows
    by_exchange = _order(exchange, for_exchange)
    by_local = _order(local, for_local)
    rank = np.full(len(rows), -1)
    rank[by_exchange] = np.arange(len(by_exchange))
    met = rank[by_local]
    whole = (met >= 0) & (met > _before(np.maximum.accumulate(met)))
    is_whole = np.zeros(len(rows), bool)
    is_whole[by_local[whole]] = True
    sequences = [
        (by_exchange, ~is_whole[by_exchange], EXCHANGE),
        (by_local, ~is_whole[by_local], LOCAL),
        (by_local, whole, BOTH),
    ]
    places, keys, bits = [], [], []
    for order, chosen, bit in sequences:
        passed = np.cumsum(is_whole[order]) - is_whole[order]
        newest = len(rows) if bit == BOTH else np.maximum.accumulate(order)[chosen]
        places.append(order[chosen])
        keys.append(passed[chosen] * (len(rows) + 1) + newest)
        bits.append(np.full(int(chosen.sum()), bit, np.uint64))
    key = np.argsort(np.concatenate(keys), kind="stable")
    found = rows[np.concatenate(places)[key]]
    found["ev"] &= ~np.uint64(BOTH)
    found["ev"] |= np.concatenate(bits)[key]
    return np.asarray(found)


def _rises(stamps: NDArray[np.int64]) -> bool:
    return bool((stamps[1:] >= stamps[:-1]).all())


def _order(stamps: NDArray[np.int64], chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
    places = np.flatnonzero(chosen)
    return places[np.argsort(stamps[places], kind="stable")]


def _before(values: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([[-1], values[:-1]])[: len(values)]


def merged(streams: Sequence[Iterator[Rows]]) -> Iterator[Rows]:
    """Rows of several streams in the order of receipt; at equal stamps by streams.

    What a stream has behind an earlier stamp of its own stays behind it.
    """
    if len(streams) == 1:
        yield from streams[0]
        return
    waiting = [_next(stream) for stream in streams]
    ended = [rows is None for rows in waiting]
    held = [empty() if rows is None else rows for rows in waiting]
    while any(map(len, held)):
        stamps = [np.maximum.accumulate(rows["local_ts"]) for rows in held]
        open_ = [int(s[-1]) for s, over in zip(stamps, ended, strict=True) if not over]
        limit = min(open_, default=np.iinfo(np.int64).max)  # at it, more may come
        counts = [int(np.searchsorted(s, limit)) if open_ else len(s) for s in stamps]
        rows = np.concatenate([rows[:n] for rows, n in zip(held, counts, strict=True)])
        keys = np.concatenate([s[:n] for s, n in zip(stamps, counts, strict=True)])
        yield rows[np.argsort(keys, kind="stable")]
        for number, count in enumerate(counts):
            held[number] = held[number][count:]
            if not ended[number] and stamps[number][-1] == limit:
                more = _next(streams[number])
                ended[number] = more is None
                if more is not None:
                    held[number] = np.concatenate([held[number], more])


def _next(stream: Iterator[Rows]) -> Rows | None:
    return next((rows for rows in stream if len(rows)), None)


def in_given_order(pieces: Iterable[Rows], shown: str) -> Iterator[Rows]:
    """Rows that say for whom they count, as they are; SoakUsageError where out of order."""
    newest = {name: np.iinfo(np.int64).min for name in _CLOCKS}
    before = 0
    for rows in pieces:
        for name, (bit, clock) in _CLOCKS.items():
            places = np.flatnonzero(has(rows, bit))
            stamps = np.concatenate([[newest[name]], rows[name][places]])
            back = np.flatnonzero(stamps[1:] < stamps[:-1])
            if len(back):
                source = f"{shown}, row {before + int(places[back[0]]) + 1:,}"
                problem = f"{name}, the time of {clock}, goes back among the rows for its side"
                raise SoakUsageError(source, problem)
            newest[name] = stamps[-1]
        before += len(rows)
        yield rows


def ordered_pieces(pieces: Iterable[Rows], shown: str) -> Iterator[Rows]:
    """As `ordered` on all pieces together, while little more than HORIZON_NS is held.

    Raises SoakUsageError for a stamp that is further behind: a clock was set back, or the files
    are in the wrong order.
    """
    held: list[Rows] = []
    newest = _Newest()
    for piece in pieces:
        if not len(piece):
            continue
        newest.check(piece, shown)
        held.append(piece)
        rows = np.concatenate(held)
        cut = _last_cut(rows)
        if cut:
            yield ordered(rows[:cut])
        held = [rows[cut:]]
    if held:
        yield ordered(np.concatenate(held))


class _Newest:
    """The newest stamp of each clock, from which none may be further behind than HORIZON_NS."""

    def __init__(self) -> None:
        self._stamps = {name: np.iinfo(np.int64).min for name in _CLOCKS}

    def check(self, rows: Rows, shown: str) -> None:
        for name, (bit, clock) in _CLOCKS.items():
            stamps = rows[name][has(rows, bit)]
            if not len(stamps):
                continue
            newest = np.maximum(np.maximum.accumulate(stamps), self._stamps[name])
            behind = int((newest - stamps).max())
            self._stamps[name] = int(newest[-1])
            if behind > HORIZON_NS:
                problem = f"a time of {clock} is {behind * 1e-9:,.1f} s behind one before it, at "
                problem += f"most {HORIZON_NS * 1e-9:g} s can be sorted: was a clock set back, or "
                raise SoakUsageError(shown, f"{problem}do the files overlap?")


_CLOCKS = {"exch_ts": (EXCHANGE, "the venue"), "local_ts": (LOCAL, "the recorder")}


def _last_cut(rows: Rows) -> int:
    """The last place at which both orders fall apart into what is before and what comes after.

    It leaves HORIZON_NS of both clocks behind it; 0 where there is none.
    """
    fits = np.ones(len(rows) - 1, bool)
    for name, (bit, _) in _CLOCKS.items():
        counted = has(rows, bit)
        if not counted.any():
            continue
        stamps = rows[name]
        low, high = np.iinfo(np.int64).min, np.iinfo(np.int64).max
        before = np.maximum.accumulate(np.where(counted, stamps, low))
        after = np.minimum.accumulate(np.where(counted, stamps, high)[::-1])[::-1]
        fits &= (before[:-1] <= after[1:]) & (before[:-1] <= before[-1] - HORIZON_NS)
    cuts = np.flatnonzero(fits)
    return int(cuts[-1]) + 1 if len(cuts) else 0
