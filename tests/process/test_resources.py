"""What the processes of a bot use together."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from builders import FakeClock
from programs import DAEMONS, order, supervised, until

from pytest_soak.process.feeds import BotFeeds, now_us
from pytest_soak.process.resources import EVERY_SECONDS, Resources

DAY = "resources_20250101.jsonl"


def rows(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / DAY).read_text().splitlines()]


def test_the_whole_tree_is_measured_each_five_seconds(tmp_path: Path) -> None:
    clock = FakeClock()
    with supervised(order(tmp_path, DAEMONS, stop_seconds=0.2)) as bot:
        until(bot, "ready")
        resources = Resources(bot.pid, tmp_path, clock)
        for _ in range(4):
            resources.look()
            clock.sleep(EVERY_SECONDS / 2)
        tree = psutil.Process(bot.pid).children(recursive=True)
        first, second = rows(tmp_path)
        assert first["threads"] == len(tree) == 3
        assert first["open_fds"] == sum(process.num_fds() for process in tree)
        assert first["rss_mb"] == pytest.approx(
            sum(process.memory_info().rss for process in tree) / 1e6, rel=0.5
        )
        assert second["time_us"] - first["time_us"] == EVERY_SECONDS * 1e6


def test_lines_are_numbered_and_say_since_when_the_bot_runs(tmp_path: Path) -> None:
    clock = FakeClock()
    child = subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE)
    try:
        resources = Resources(os.getpid(), tmp_path, clock, seq=7)
        start_us = now_us(clock)
        for _ in range(2):
            resources.look()
            clock.sleep(EVERY_SECONDS)
        resources.begin()
        resources.look()
    finally:
        child.communicate(b"\n")
    again_us = start_us + round(2e6 * EVERY_SECONDS)
    told = [(row["seq"], row["started_us"]) for row in rows(tmp_path)]
    assert told == [(8, start_us), (9, start_us), (10, again_us)]
    assert BotFeeds(tmp_path, 0, clock).watched() == 10


def test_the_share_of_a_processor_is_of_the_time_between_two_lines(tmp_path: Path) -> None:
    clock = FakeClock()
    burn = (
        "import time\nwhile time.process_time() < 0.5: pass\nprint(1, flush=True)\ntime.sleep(3600)"
    )
    fork = f"import subprocess, sys; subprocess.run([sys.executable, '-S', '-c', {burn!r}])"
    child = subprocess.Popen([sys.executable, "-S", "-c", fork], stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == b"1\n"
        resources = Resources(os.getpid(), tmp_path, clock)
        for _ in range(2):
            clock.sleep(EVERY_SECONDS)
            resources.look()
        clock.sleep(EVERY_SECONDS)
        resources._seconds = {key: spent - 0.25 for key, spent in resources._seconds.items()}
        resources.look()
        found = rows(tmp_path)
        assert found[0]["cpu_pct"] == 0
        processes = len(resources._seconds)
        assert found[2]["cpu_pct"] == pytest.approx(100 * processes * 0.25 / EVERY_SECONDS, abs=2)
    finally:
        for process in psutil.Process(child.pid).children():
            process.kill()
        child.kill()
        child.wait()
        assert child.stdout is not None
        child.stdout.close()


def test_without_a_process_there_is_no_line(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE)
    resources = Resources(child.pid, tmp_path, FakeClock())
    child.communicate(b"\n")
    resources.look()
    assert list(tmp_path.iterdir()) == []
