"""The front of the queue against its back."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from benchmarks.estimates import Array, lanes_told, ratio_told
from benchmarks.lanes import table
from benchmarks.queue_place import edges

HOURS = 3


def queue_table(market: str, seeds: Sequence[int], jobs: int) -> str:
    """Share of orders filled, and what one earns: where it is not filled, nothing."""
    with ThreadPoolExecutor(jobs) as pool:
        lanes = list(pool.map(lambda seed: edges(market, seed, HOURS), seeds))
    filled = np.array([np.isfinite(lane).mean(axis=0) for lane in lanes])
    earned = np.array([np.nan_to_num(lane).mean(axis=0) for lane in lanes])
    orders = sum(map(len, lanes))
    rows = [
        ["share filled", *_row(filled)],
        [
            "edge an order filled, bps",
            *_row(np.array([np.nanmean(lane, axis=0) for lane in lanes])),
        ],
        ["edge an order placed, bps", *_row(earned)],
    ]
    head = [f"{orders:,} pairs", "front", "back", "front less back", "front ÷ back"]
    return table(head, rows)


def _row(values: Array) -> list[str]:
    front, back = values.T
    return [lanes_told(front), lanes_told(back), lanes_told(front - back), ratio_told(front, back)]
