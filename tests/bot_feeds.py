"""Feeds as a bot writes them, line by line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pytest_soak.observation.columns import Observation
from pytest_soak.observation.convert import TABLES, VALUES
from pytest_soak.observation.feed_files import DAY_US, FeedFile

DAY = FeedFile("fills", 20_000)
START = DAY.start_us + 3_600_000_000
SECOND, MINUTE = 1_000_000, 60_000_000
FIVE = 5 * MINUTE
MIDNIGHT = DAY.start_us + DAY_US
NAME = DAY.name


def fill(at: float = 0.0, **more: Any) -> dict[str, Any]:
    return {
        "time_us": START + round(at * SECOND),
        "side": 1,
        "maker": True,
        "price": 99.0,
        "quantity": 2.0,
        "fee_quote": 0.1,
        "mid": 100.0,
    } | more


def mark(at: float, mid: float = 100.0, inventory: float = 0.0, **more: Any) -> dict[str, Any]:
    time = START + round(at * SECOND)
    return {"time_us": time, "mid": mid, "inventory": inventory, "equity_quote": 0.0} | more


def tick(at: float, **more: Any) -> dict[str, Any]:
    stages = {"fetch_md_ms": 3.0, "compute_ms": 6.0, "wait_ms": 0.0, "send_ms": 1.0}
    flags = {"cache_hit": True, "deadline_miss": False}
    time = START + round(at * SECOND)
    return {"time_us": time, "total_ms": 10.0, **stages, **flags} | more


def write(folder: Path, feed: str, *rows: Any, day: int = DAY.day) -> Path:
    path = folder / FeedFile(feed, day).name
    with path.open("ab") as file:
        for row in rows:
            text = row if isinstance(row, bytes) else json.dumps(row).encode()
            file.write(text + b"\n")
    return path


def same(one: Observation, other: Observation) -> bool:
    arrays = all(
        getattr(one, name).tobytes() == getattr(other, name).tobytes()
        for name in (*TABLES, *VALUES)
    )
    rest = ("inventory_start", "inventory_end", "mid_start", "mid_end", "orders_sent")
    more = ("intended_changes", "block_reasons", "start_us", "end_us")
    return arrays and all(getattr(one, name) == getattr(other, name) for name in (*rest, *more))
