"""Small bots in processes of their own, and a supervisor for them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
from harness import HANGS

from benchmarks.trading_bot import DAEMON
from pytest_soak.clock import SystemClock
from pytest_soak.process.messages import Awaited, News, Order
from pytest_soak.process.supervised import MARK, Supervised, end_marked, marked

FAST = (sys.executable, "-I", "-S", "-c")
"""An interpreter that starts at once."""

SLEEPS = "import time; print('up', flush=True); time.sleep(3600)"
STARTS_DAEMONS = f"{DAEMON}\ndaemon()\ndaemon()\n"
DAEMONS = f"{STARTS_DAEMONS}print('up', os.getpid(), flush=True)\ntime.sleep(3600)\n"


def order(folder: Path, program: str | list[str], **more: Any) -> Order:
    """An order for a bot: a command, or a program for a fast interpreter."""
    command = [*FAST, program] if isinstance(program, str) else program
    defaults: dict[str, Any] = {
        "cwd": str(folder),
        "env": {**os.environ, MARK: uuid4().hex},
        "log": str(folder / "bot.log"),
        "ready": ("output", "up"),
        "ready_seconds": HANGS,
        "stop_seconds": HANGS,
        "error_pattern": None,
        "max_restarts": 0,
        "parent": os.getpid(),
    }
    given = defaults | more
    return Order(command=command, **given | {"ready": Awaited(*given["ready"])})


@contextmanager
def supervised(given: Order) -> Iterator[Supervised]:
    """A bot under its supervisor; none of it is left."""
    bot = Supervised(given)
    try:
        yield bot
    finally:
        bot.let_go()
        left = list(marked(given.env[MARK]))
        end_marked(given.env[MARK])
        assert left == []


def running_in(folder: Path) -> list[psutil.Process]:
    """What bots have started that runs in a folder."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if MARK in process.environ() and process.cwd() == str(folder):
                found.append(process)
    return found


def until(bot: Supervised, event: str) -> News:
    """What was told when `event` happened."""
    clock = SystemClock()
    deadline = clock.monotonic() + HANGS
    while clock.monotonic() < deadline:
        for news in bot.hear(1.0):
            if news.event == event:
                return news
    raise AssertionError(f"no {event}")


TRADES = """
import json, os, time
feeds, runtime = os.environ['SOAK_FEEDS_DIR'], os.environ['MM_RUNTIME_OVERRIDES_PATH']
state = dict(inventory=0.0, equity=0.0, n=0)
def now():
    return time.time_ns() // 1000
def append(feed, text):
    day = time.strftime('%Y%m%d', time.gmtime())
    with open(f'{feeds}/{feed}_{day}.jsonl', 'a') as file:
        file.write(text)
def write(feed, **row):
    append(feed, json.dumps({'time_us': now(), **row}) + chr(10))
def trade():
    spread = json.load(open(runtime))['base_spread_bps_delta']
    side = 1 if state['n'] % 2 == 0 else -1
    away = 1e-4 * (1 + spread)
    state['n'] += 1
    state['inventory'] += side * 0.5
    state['equity'] += 0.5 * 100 * away
    write('fills', side=side, maker=True, price=100 * (1 - side * away), quantity=0.5,
          fee_quote=0.0, mid=100.0)
    write('marks', mid=100.0, inventory=state['inventory'], equity_quote=state['equity'])
"""
"""What a bot does that buys and sells in turn and tells of it."""


def trades(more: str = "", start: str = "") -> list[str]:
    """The command of a bot that trades for ever, and what else it does after each trade."""
    loop = "".join(f"\n    {line}" for line in more.splitlines())
    program = f"{TRADES}\n{start}\nwhile True:\n    trade(){loop}\n    time.sleep(0.05)\n"
    return [*FAST, program]
