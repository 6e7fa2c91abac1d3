"""A bot of benchmarks.leaks under a fast clock: what is measured of it, and what the gate says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np

from benchmarks.fast_clock import FastClock
from benchmarks.lanes import ROOT
from pytest_soak.gates.engine import Sample, Verdict, judge
from pytest_soak.gates.model import Gate, gate_shelf, load_gate
from pytest_soak.kpi.tables import GROWTH_KPIS, Rows
from pytest_soak.kpi.usage import Usage, growth_kpis
from pytest_soak.observation.feed_files import DAY_US, FeedFile
from pytest_soak.process.feeds import BotFeeds, now_us
from pytest_soak.process.resources import Resources

MB, FILES = GROWTH_KPIS
SPEED, HOURS, EVERY_SECONDS = 360.0, 2.5, 20.0


class Found(NamedTuple):
    """What one process came to: its growth an hour, by which KPIs it fails, how it was sampled."""

    shape: str
    growth: dict[str, float | None]
    failed: frozenset[str]
    every_seconds: float


def command(shape: str, seed: int, speed: float) -> list[str]:
    """How such a bot is started."""
    bot = Path(__file__).with_name("leaking_bot.py")
    return [sys.executable, "-I", "-S", str(bot), shape, str(seed), str(speed)]


def watched(shape: str, seed: int, hours: float = HOURS, speed: float = SPEED) -> Found:
    """Run a bot for so many hours of a fast clock, and judge it.

    All processes that this one has started are taken for the bot's.
    """
    clock = FastClock(speed)
    with TemporaryDirectory() as name:
        feeds = BotFeeds(Path(name), 0, clock)
        start_us = now_us(clock)
        put_mark(Path(name), start_us)
        bot = subprocess.Popen(command(shape, seed, speed))
        try:
            _measure(Resources(os.getpid(), Path(name), clock), clock, hours)
            if bot.poll() is not None:
                raise RuntimeError(f"the bot ended: {shape}, {seed}")
        finally:
            bot.kill()
            bot.wait()
        feeds.begin(start_us)
        feeds.look()
        return judged(shape, feeds.part(start_us, now_us(clock)).resources)


def judged(shape: str, resources: Rows) -> Found:
    """What the gate `leak` says of the rows of a process."""
    growth = growth_kpis(Usage().with_rows(resources))
    said = judge(leak_gate(), "", [Sample(values=growth)])
    failed = frozenset(c.metric for c in said.checks if c.verdict is Verdict.FAIL)
    every = float(np.median(np.diff(resources["time_us"]))) / 1e6
    return Found(shape, growth, failed, every)


@cache
def leak_gate() -> Gate:
    """The gate `leak` that the package has."""
    return load_gate("leak", gate_shelf(ROOT), ROOT, "benchmarks.leaks")


def put_mark(folder: Path, time_us: int) -> None:
    """The one mark without which a feed tells nothing; the bot, in a time of its own, has none."""
    row = {"time_us": time_us, "mid": 100.0, "inventory": 0.0, "equity_quote": 0.0}
    path = folder / FeedFile("marks", time_us // DAY_US).name
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")


def _measure(resources: Resources, clock: FastClock, hours: float) -> None:
    end = clock.monotonic() + hours * 3600
    while clock.monotonic() < end:
        resources.look()
        clock.sleep(EVERY_SECONDS)
