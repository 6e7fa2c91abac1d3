"""Whether the KPIs of the reference maker follow from its feeds alone: every profile and market.

`python -m benchmarks.recompute [--hours=24]` soaks each in windows of 50 minutes, of which one
crosses midnight, and prints the largest difference of any KPI from its ITER_SUMMARY.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from pytest_soak import soak
from pytest_soak.commands.kpis import span_summary
from pytest_soak.observation.stored_feeds import Stored, read_feeds

PROFILES = ("default", "steady_safe", "ultra_safe", "aggressive")
MARKETS = ("calm", "volatile", "spike")
MINUTES = 50


class Found(NamedTuple):
    """The KPIs that were compared, and the largest difference with its place."""

    compared: int
    difference: float
    where: str


def compare(lane: Path) -> Found:
    """Every KPI of every window of a lane's folder, recomputed from the feeds in it."""
    stored = read_feeds(lane / "feeds")
    marks = stored.tables["marks"]
    ends = sorted({int(time) for time in marks["time_us"][marks["boundary"]]})
    compared, worst = 0, Found(0, 0.0, "")
    for number, start in enumerate(ends[:-1], 1):
        path = lane / f"ITER_SUMMARY_{number}.json"
        summary = json.loads(path.read_text(encoding="utf-8"))["summary"]
        for name, value in _again(stored, start, ends[number]).items():
            compared += 1
            difference = _difference(summary[name], value)
            if difference > worst.difference:
                worst = Found(0, difference, f"{name} of iteration {number}: {summary[name]}")
    return Found(compared, worst.difference, worst.where)


def _again(stored: Stored, start_us: int, end_us: int) -> dict[str, float | None]:
    window = stored._replace(start_us=start_us, end_us=end_us)
    return span_summary(window, "the feeds").kpis


def _difference(told: float | None, again: float | None) -> float:
    if told is None or again is None:
        return 0.0 if told is again else float("inf")
    return abs(told - again)


def run(
    profiles: Sequence[str], markets: Sequence[str], iterations: int, minutes: float, folder: Path
) -> dict[str, Found]:
    """Soak each profile on each market and compare: by lane."""
    done = soak(
        "sim",
        iterations=iterations,
        minutes=minutes,
        profile=list(profiles),
        market=list(markets),
        gate_mode="off",
        feeds=True,
        folder=folder,
    )
    latest, lanes = folder / "artifacts/soak/latest", [lane.lane.id for lane in done.lanes]
    return {lane: compare(latest / lane if len(lanes) > 1 else latest) for lane in lanes}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=24.0)
    hours = parser.parse_args().hours
    iterations = ceil(hours * 60 / MINUTES) + 1
    worst = 0.0
    for profile in PROFILES:
        for market in MARKETS:
            began = time.process_time()
            with TemporaryDirectory() as folder:
                ((lane, found),) = run(
                    [profile], [market], iterations, MINUTES, Path(folder)
                ).items()
            seconds = time.process_time() - began
            worst = max(worst, found.difference)
            told = f"{found.compared} KPIs, largest difference {found.difference:g} {found.where}"
            print(f"{lane}: {iterations} windows, {told} ({seconds:.1f} CPU-s)", flush=True)
    print(f"largest difference of all: {worst:g}")


if __name__ == "__main__":
    main()
