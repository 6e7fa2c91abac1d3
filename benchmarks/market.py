"""What the market costs: speed, compilation, memory, and the price of stepping it from outside.

CPU time, one core. Each row stands beside a calibration loop in plain Python, run just before, so
that machines and busy moments compare. Run: python -m benchmarks.market
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.lanes import ROOT, table

CALIBRATION_STEPS = 3_000_000
HOURS = 24
_COMPILE = """
import json, time
began = time.process_time()
import numba, numpy
imported = time.process_time()
from pytest_soak.market.compile import load_kernel
load_kernel()
print(json.dumps([imported - began, time.process_time() - imported, time.process_time()]))
"""
_DAY = """
import json, os, resource, sys, time
from benchmarks.lanes import HOUR_US, profile
from pytest_soak.kpi.edge import summarize
from pytest_soak.market.maker_config import MakerConfig
from pytest_soak.market.regimes import build_market
from pytest_soak.market.simulation import Simulation

def resident_mb():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

simulation = Simulation(build_market("calm", {}), 1, MakerConfig())
kernel, whole, memory = 0.0, time.process_time(), []
for hour in range(int(sys.argv[1])):
    began, start = time.process_time(), hour * HOUR_US
    seen = simulation.observe(hour + 1, start, start + HOUR_US, profile("steady_safe"), 0)
    kernel += time.process_time() - began
    summarize(seen)
    memory.append(resident_mb())
whole = time.process_time() - whole
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
print(json.dumps([int(simulation.world["events"]), kernel, whole, memory, peak]))
"""


def calibrate() -> float:
    """CPU seconds of a loop of integer arithmetic in plain Python."""
    began = time.process_time()
    state = 1
    for _ in range(CALIBRATION_STEPS):
        state = (state * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
    assert state
    return time.process_time() - began


def child(code: str, folder: Path, *arguments: str) -> list[float]:
    """Run code in a fresh interpreter that sees the package in `folder`; what it prints."""
    environment = dict(os.environ) | {"PYTHONPATH": str(folder), "HOME": str(folder)}
    printed = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    values: list[float] = json.loads(printed)
    return values


def fresh_copy(folder: Path) -> Path:
    """A copy of the package and of these benchmarks without any cache."""
    for name in ("pytest_soak", "benchmarks", "profiles"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def compilation(folder: Path) -> list[list[str]]:
    """The first process on a machine, and the next."""
    rows = []
    for name, limit in (("compile, whole process", "≤ 15 CPU-s"), ("load from cache", "")):
        unit = calibrate()
        libraries, kernel, whole = child(_COMPILE, folder)
        text = f"{whole:.2f} CPU-s (libraries {libraries:.2f}, kernel {kernel:.2f})"
        rows.append([name, text, limit, f"{whole / unit:.1f}"])
    return rows


def day(folder: Path) -> list[list[str]]:
    """24 iterations of 60 minutes: speed and memory."""
    unit = calibrate()
    events, kernel, whole, memory, peak = child(_DAY, folder, str(HOURS))
    assert isinstance(memory, list)
    growth = memory[-1] - memory[3]
    return [
        ["events", f"{events / kernel / 1e6:.1f} M a CPU-s", "≥ 5 M", f"{kernel / unit:.1f}"],
        [
            f"{HOURS} x 60 minutes",
            f"{kernel:.2f} CPU-s, {whole:.2f} with KPIs ({events / 1e6:.1f} M events)",
            "≤ 4 CPU-s",
            f"{whole / unit:.1f}",
        ],
        ["peak memory of that", f"{peak:.0f} MB", "≤ 400 MB", ""],
        ["growth, hour 4 to 24", f"{growth:+.1f} MB", "flat", ""],
    ]


def stepping() -> list[list[str]]:
    """What it costs to drive book and venue from outside."""
    from pytest_soak.market.exchange import Exchange

    exchange = Exchange("calm", 1)
    exchange.advance(1_000_000)
    minute = 60_000_000
    tick, lots = exchange.tick, 40 * exchange.lot

    def by_event() -> int:
        end, steps = exchange.now_us + minute, 0
        while exchange.advance_to_event(end):
            steps += 1
        return steps

    def by_millisecond() -> int:
        for _ in range(20_000):
            exchange.advance(exchange.now_us + 1000)
        return 20_000

    def submit_and_cancel() -> int:
        for _ in range(100):
            bid = exchange.book().bid
            orders = [exchange.submit("buy", bid - (20 + n) * tick, lots) for n in range(50)]
            exchange.advance(exchange.now_us + 5_000_000)
            for order in orders:
                exchange.cancel(order)
            exchange.advance(exchange.now_us + 5_000_000)
        return 100 * 50

    def take_events() -> int:
        for _ in range(500):
            exchange.take_events()
        return 500

    return [
        _priced("step to the next event", by_event),
        _priced("step of 1 ms", by_millisecond),
        _priced("submit and cancel, with 0.2 s of market each", submit_and_cancel),
        _priced("take events", take_events),
    ]


def _priced(name: str, work: Callable[[], int]) -> list[str]:
    unit = calibrate()
    began = time.process_time()
    count = work()
    spent = time.process_time() - began
    return [name, f"{1e6 * spent / count:.1f} µs", "", f"{spent / unit:.2f}"]


def main() -> None:
    """Print the table."""
    print(f"calibration loop: {calibrate():.3f} CPU-s for {CALIBRATION_STEPS / 1e6:.0f} M steps\n")
    with tempfile.TemporaryDirectory() as name:
        folder = fresh_copy(Path(name))
        rows = [*compilation(folder), *day(folder), *stepping()]
    print(table(["what", "measured", "required", "in calibration loops"], rows))
    print(
        f"\npeak of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:.0f} MB"
    )


if __name__ == "__main__":
    main()
