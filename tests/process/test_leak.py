"""The drill `leak` of a bot in a process of its own: memory is held, and the criterion stops it."""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from builders import LANE
from hypothesis import given
from hypothesis import strategies as st
from programs import SLEEPS, order, supervised, until

from benchmarks.fast_clock import FastClock
from benchmarks.leaks_scaled import put_mark
from pytest_soak.clock import SystemClock
from pytest_soak.config.drills import Drill
from pytest_soak.engine.watch import Vigil, Watched
from pytest_soak.gates.criteria import criteria_shelf, load_criteria
from pytest_soak.gates.sustained import Transition
from pytest_soak.kpi.usage import Usage
from pytest_soak.observation.columns import Observation
from pytest_soak.process.feeds import BotFeeds, now_us
from pytest_soak.process.leak import LEAK, MB_PER_H, held_mb
from pytest_soak.process.options import checked
from pytest_soak.process.resources import Resources
from pytest_soak.process.supervised import Supervised
from pytest_soak.stats.growth import LEAST_US
from pytest_soak.targets.base import Window
from pytest_soak.targets.process_windows import BotWindows

HOUR, MINUTE = 3_600_000_000, 60_000_000
SPEED, SOON = 900.0, 60.0


@given(st.integers(0, 9 * HOUR))
def test_a_leak_grows_from_its_beginning_and_is_gone_after_its_end(time_us: int) -> None:
    held = held_mb([Drill(LEAK, HOUR, 3 * HOUR), Drill("stalls", 0, 9 * HOUR)], time_us)
    inside = HOUR <= time_us < 3 * HOUR
    assert held == pytest.approx(MB_PER_H * (time_us - HOUR) / HOUR if inside else 0.0)


def settled(bot: Supervised, processes: int, mb: float) -> bool:
    """Whether the bot's tree comes to be so many processes, which use about so many MB."""
    clock = SystemClock()
    deadline = clock.monotonic() + SOON
    while clock.monotonic() < deadline:
        bot.hear(0.05)
        tree = psutil.Process(bot.pid).children(recursive=True)
        with suppress(psutil.Error):
            used = sum(process.memory_info().rss for process in tree) / 1e6
            if len(tree) == processes and abs(used - mb) < 40:
                return True
    return False


def test_what_is_held_is_memory_of_the_bots_tree_until_it_is_dropped(tmp_path: Path) -> None:
    with supervised(order(tmp_path, SLEEPS)) as bot:
        until(bot, "ready")
        bot.hold(100.0)
        assert settled(bot, 2, 110)
        bot.hold(200.0)
        assert settled(bot, 2, 210)
        bot.hold(0.0)
        assert settled(bot, 1, 10)


def test_it_is_held_anew_where_its_process_was_ended(tmp_path: Path) -> None:
    with supervised(order(tmp_path, SLEEPS)) as bot:
        until(bot, "ready")
        bot.hold(100.0)
        assert settled(bot, 2, 110)
        *_, ballast = psutil.Process(bot.pid).children()
        ballast.kill()
        assert settled(bot, 1, 10)
        bot.hold(120.0)
        assert settled(bot, 2, 130)


@pytest.mark.skipif(sys.platform != "linux", reason="ends all that the bot started on Linux alone")
def test_nothing_is_held_when_the_bot_has_exited(tmp_path: Path) -> None:
    program = "import time; print('up', flush=True); time.sleep(1)"
    with supervised(order(tmp_path, program)) as bot:
        until(bot, "ready")
        bot.hold(50.0)
        until(bot, "exited")
        assert settled(bot, 0, 0)


def fired(
    folder: Path, *drills: Drill, minutes: float = 135.0
) -> tuple[list[Transition], list[int]]:
    """What the built-in criteria do in 2 h 15 min of a fast clock, and when was measured."""
    clock = FastClock(SPEED)
    feeds = BotFeeds(folder, 0, clock)
    with supervised(order(folder, SLEEPS)) as bot:
        resources = Resources(bot.pid, folder, clock)
        options = checked("bot", "poll", None, 30, 10, None, 0, 0, None, None)
        lane = replace(LANE, settle_seconds=60.0, drills=drills)
        windows = BotWindows(bot, feeds, resources, lane, options, clock)
        windows.get_ready()
        put_mark(folder, now_us(clock) + 1)
        criteria = load_criteria("stop", criteria_shelf(folder), folder, "test")
        vigil = Vigil(criteria, Watched(), Usage(), minutes)
        parts: list[Observation] = []

        def hear(part: Observation) -> None:
            parts.append(part)
            vigil.hear(part)

        windows.run({}, Window(1, 0.0, minutes, hear, lambda: vigil.stopped))
    stops = [one for one in vigil.close()[0].transitions if one.kind == "stop"]
    return stops, [time for part in parts for time in part.resources["time_us"].tolist()]


def test_a_leak_fires_the_criterion_memory_as_soon_as_growth_is_measured(tmp_path: Path) -> None:
    [stop], measured = fired(tmp_path, Drill(LEAK, 0, 9 * HOUR), minutes=480.0)
    assert stop.criterion == "memory"
    assert stop.value == pytest.approx(MB_PER_H, rel=0.2)
    earliest = next(time for time in measured if time - measured[0] >= LEAST_US)
    assert earliest <= stop.at
    since = [time for time in measured if earliest < time <= stop.at]
    assert len(since) <= 10  # of more than a hundred; a stall of the machine measures nothing


def test_a_bot_without_a_leak_fires_nothing(tmp_path: Path) -> None:
    assert fired(tmp_path)[0] == []
