"""What metrics cost a soak: its CPU time with them beside that without, and that of a scrape.

The soak is of the reference maker, whose hours are full of events, or of a target that does
nothing. While it runs, it is scraped once a second, as a busy Prometheus would; what the scraper
itself uses is not counted. Told is the median of the rounds, in which both are run in turn.
Run: python -m benchmarks.metrics_cost [--iterations 400] [--rounds 5]
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from threading import Event, Thread
from urllib.request import urlopen

import numpy as np

from benchmarks.startup import ENVIRONMENT
from pytest_soak.metrics.board import MOST_LANES, Board
from pytest_soak.metrics.exposition import registry_of
from pytest_soak.metrics.table import ALL, OF_RUN
from pytest_soak.metrics.tally import spread
from pytest_soak.targets.base import LaneInfo

TARGETS = ("sim", "pytest_soak.testing:InstantTarget")


def main() -> None:
    """Print a line a target, then one of scrapes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--iterations", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    for target in TARGETS:
        shares, scrapes = [], 0
        for _ in range(given.rounds):
            without, _ = soaked(target, given.iterations, None)
            with_them, found = soaked(target, given.iterations, free_port())
            shares.append(with_them / without - 1)
            scrapes += found
        print(
            f"{target}: metrics add {statistics.median(shares):.1%} CPU time "
            f"({min(shares):.1%} to {max(shares):.1%}), scraped {scrapes} times",
            flush=True,
        )
    for lanes in (1, MOST_LANES):
        print(f"a scrape of {lanes} lanes: {scrape_ms(lanes):.1f} CPU ms")


def soaked(target: str, iterations: int, port: int | None) -> tuple[float, int]:
    """CPU seconds of a soak, and how often it was scraped."""
    asked = [] if port is None else [f"--soak-metrics-port={port}"]
    options = [f"--soak-iterations={iterations}", f"--soak-target={target}", "--soak-gate-mode=off"]
    over, counted = Event(), [0]
    scraper = Thread(target=_scrape, args=(port, over, counted))
    before = os.times()
    with tempfile.TemporaryDirectory() as folder:
        scraper.start()
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, *asked]
        subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, check=True)
        over.set()
    scraper.join()
    after = os.times()
    used = after.children_user + after.children_system - before[2] - before[3]
    return used, counted[0]


def _scrape(port: int | None, over: Event, counted: list[int]) -> None:
    while port is not None and not over.wait(1.0):
        try:
            with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
                answer.read()
            counted[0] += 1
        except OSError:
            pass


def scrape_ms(lanes: int) -> float:
    """CPU milliseconds in which every metric of so many lanes becomes text."""
    from prometheus_client import generate_latest

    made = [LaneInfo(f"p-calm-{n}", "p", "calm", n) for n in range(lanes)]
    board, histogram = Board(made), spread(np.arange(100.0))
    for metric in ALL:
        for lane in [""] if metric in OF_RUN else [one.id for one in made]:
            own = tuple("own" for _ in metric.labels)
            if metric.kind == "histogram":
                board.spread(metric, lane, histogram)
            elif metric.kind == "counter":
                board.add(metric, lane, {own: 1.0})
            else:
                board.put(metric, lane, {own: 1.0})
    registry = registry_of(board.series)
    begun = time.process_time()
    for _ in range(20):
        generate_latest(registry)
    return (time.process_time() - begun) * 1000 / 20


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


if __name__ == "__main__":
    main()
