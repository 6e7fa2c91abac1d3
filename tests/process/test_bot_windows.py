"""The windows of a bot on a clock that moves when somebody waits: when parts are told, and how."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import LANE, START, FakeClock

from pytest_soak.errors import TargetError
from pytest_soak.observation.columns import Observation
from pytest_soak.observation.join import joined
from pytest_soak.process.feeds import BotFeeds, now_us
from pytest_soak.process.messages import News
from pytest_soak.process.options import checked
from pytest_soak.targets.base import Window
from pytest_soak.targets.process_windows import ANEW, BotWindows

SETTLE = 2.0
MIDNIGHT_US = round(START.timestamp() * 1e6)


class FakeBot:
    """Under a supervisor that tells what it is told to tell, and writes a mark each second."""

    def __init__(self, folder: Path, clock: FakeClock) -> None:
        self.news: list[News] = []
        self.hung_up = 0
        self.log_errors = 0
        self.rises = False
        self.silent = range(0)
        self._fills: list[dict[str, Any]] = []
        self._folder = folder
        self._clock = clock
        self._marked = 0

    def hear(self, seconds: float) -> list[News]:
        self._clock.sleep(seconds)
        self.mark()
        told, self.news = self.news, []
        return told

    def mark(self) -> None:
        with (self._folder / "marks_20250101.jsonl").open("a") as file:
            while self._marked < self._clock.seconds:
                time_us = MIDNIGHT_US + 1_000_000 * self._marked
                mid = 1.0 + (self._marked if self.rises else 0)
                row = {"time_us": time_us, "mid": mid, "inventory": 0.0, "equity_quote": 0.0}
                if self._marked not in self.silent:
                    file.write(json.dumps(row) + "\n")
                self._marked += 1

        self._fill()

    def fill(self, seconds: float, **more: Any) -> None:
        """Be filled when the clock is there."""
        row = {"time_us": MIDNIGHT_US + round(1e6 * seconds), "side": 1, "maker": True}
        row |= {"price": 1.0, "quantity": 1.0, "fee_quote": 0.0, "mid": 1.0} | more
        self._fills.append(row)

    def _fill(self) -> None:
        with (self._folder / "fills_20250101.jsonl").open("a") as file:
            while self._fills and self._fills[0]["time_us"] <= now_us(self._clock):
                file.write(json.dumps(self._fills.pop(0)) + "\n")

    def status(self) -> list[News]:
        return [*self.news, News("status", log_errors=self.log_errors)]

    def hang_up(self) -> None:
        self.hung_up += 1


class Unmeasured:
    def __init__(self) -> None:
        self.begun = 0

    def look(self) -> None:
        pass

    def begin(self) -> None:
        self.begun += 1


class Desk:
    """A bot, its windows, and the parts that they told."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.clock = FakeClock(10.0)
        self.bot = FakeBot(folder, self.clock)
        names = ("reload", "ready", "ready_seconds", "stop_seconds", "error_pattern")
        values = ("poll", None, 30, 10, None)
        given = dict(zip(names, values, strict=True)) | options
        how = checked("bot", max_feed_errors=0, max_restarts=0, env=None, cwd=None, **given)
        lane = replace(LANE, settle_seconds=SETTLE)
        feeds = BotFeeds(folder, 0, self.clock)
        self.used = Unmeasured()
        self.windows = BotWindows(self.bot, feeds, self.used, lane, how, self.clock)  # type: ignore[arg-type]
        self.parts: list[Observation] = []
        self.told_at: list[int] = []

    def run(
        self,
        iteration: int = 1,
        minutes: float = 1.0,
        stopped: Callable[[], bool] = bool,
        **more: Any,
    ) -> Observation:
        self.parts, self.told_at = [], []
        window = Window(iteration, (iteration - 1) * minutes, minutes, self.heard, stopped)
        assert self.windows.run(more or {"a": 1.0}, window) is None
        return joined(self.parts)

    def heard(self, part: Observation) -> None:
        self.parts.append(part)
        self.told_at.append(now_us(self.clock))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize(("minutes", "parts"), [(1, 20), (0.1, 6), (0.01, 1), (5, 60)])
def test_a_window_is_told_in_parts_when_they_have_settled(
    desk: Desk, minutes: float, parts: int
) -> None:
    whole = desk.run(minutes=minutes)
    assert whole.start_us == MIDNIGHT_US + 10_000_000
    assert whole.end_us - whole.start_us == round(minutes * 60e6)
    assert parts - 1 <= len(desk.parts) <= parts + 1
    waited = [at - part.end_us for at, part in zip(desk.told_at, desk.parts, strict=True)]
    assert all(SETTLE * 1e6 <= late <= SETTLE * 1e6 + 1_250_000 for late in waited)
    assert len(whole.marks) == int(minutes * 60) + (minutes < 0.1)


def test_each_window_begins_where_the_last_one_ended(desk: Desk) -> None:
    first = desk.run(1)
    desk.clock.sleep(20)
    second = desk.run(2)
    assert second.start_us == first.end_us
    assert second.notes == ()
    assert len(second.marks) == 60


def test_time_that_no_window_could_cover_is_told(desk: Desk) -> None:
    first = desk.run(1)
    desk.clock.sleep(600)
    second = desk.run(2)
    assert second.start_us > first.end_us + 500_000_000
    assert second.notes == ("602 s before this window belong to none",)
    assert [part.apart for part in desk.parts] == [True] + [False] * (len(desk.parts) - 1)
    assert (first.apart, second.apart, desk.run(3).apart) == (False, True, False)


def test_later_mids_are_known_when_the_window_is_over(desk: Desk) -> None:
    desk.bot.rises = True
    desk.bot.fill(11.5)
    desk.bot.fill(60.5)
    desk.bot.fill(68.0, mid_10s=None)
    whole = desk.run()
    told = {name: whole.fills[name].tolist() for name in ("mid_1s", "mid_10s", "mid_60s")}
    assert told["mid_1s"] == [13.0, 62.0, 70.0]
    assert told["mid_10s"][:2] == [22.0, 71.0]
    assert told["mid_60s"][0] == 72.0
    unknown = [told["mid_10s"][2], *told["mid_60s"][1:]]
    assert np.isnan(unknown).all()
    assert whole.notes == ()


def test_marks_that_are_too_far_apart_to_tell_a_mid_are_told(desk: Desk) -> None:
    desk.bot.fill(20.0)
    desk.bot.silent = range(15, 25)
    assert desk.run().notes == (
        "feeds: no mark tells mid_1s, mid_1s_before, mid_100ms of some fills; write marks once a "
        "second",
    )


def test_a_resumed_lane_says_that_a_window_was_cut(desk: Desk) -> None:
    assert desk.run(3).notes == (
        "the bot was started anew: the window that was under way is cut",
        ANEW,
    )
    assert desk.run(4).notes == ()


def test_a_window_that_is_stopped_ends_at_once(desk: Desk) -> None:
    whole = desk.run(stopped=lambda: len(desk.parts) == 2)
    assert whole.end_us - whole.start_us < 10_000_000
    assert whole.process["restarts"] == 0
    assert len(desk.parts) == 3


@pytest.mark.parametrize(("reload", "hung_up"), [("hup", 1), ("poll", 0)])
def test_a_hup_is_sent_when_overrides_have_changed(
    tmp_path: Path, reload: str, hung_up: int
) -> None:
    desk = Desk(tmp_path, reload=reload)
    for number, value in enumerate((1.0, 1.0, 2.0), start=1):
        desk.run(number, minutes=0.1, a=value)
    assert desk.bot.hung_up == hung_up


def test_facts_of_the_process_are_of_their_window(tmp_path: Path) -> None:
    desk = Desk(tmp_path, error_pattern="ERROR")
    desk.bot.news = [News("restarted", status=3, last=["sorry"])]
    desk.bot.log_errors = 5
    first = desk.run(1)
    desk.bot.log_errors = 7
    second = desk.run(2)
    assert (first.process["restarts"], first.process["log_errors"]) == (1, 5)
    assert (second.process["restarts"], second.process["log_errors"]) == (0, 2)
    assert first.notes == (
        "the bot exited by itself with status 3 and was started anew; its last line: sorry",
        ANEW,
    )
    assert desk.used.begun == 1
    assert second.notes == ()


def test_a_log_that_could_not_be_kept_is_told(desk: Desk) -> None:
    desk.bot.news = [News("status", trouble="No space left on device")]
    assert desk.run().notes == ("bot.log is not whole: No space left on device",)


@pytest.mark.parametrize(
    ("news", "told"),
    [
        (
            News("exited", status=-9, last=["a", "b"]),
            "the bot was ended by SIGKILL; its last 2 lines: a | b",
        ),
        (News("failed", why="cannot be started: no"), "the bot cannot be started: no"),
        (
            News("late", awaited="the file x", last=[]),
            "the bot was not ready after 30 s: waited for the file x; it printed nothing",
        ),
    ],
)
def test_the_end_of_the_bot_is_one_line(desk: Desk, news: News, told: str) -> None:
    desk.bot.news = [news]
    with pytest.raises(TargetError) as caught:
        desk.run()
    assert str(caught.value) == told


def test_it_waits_until_the_bot_is_ready(desk: Desk) -> None:
    heard: Sequence[News] = [News("ready")]

    def hear(seconds: float) -> list[News]:
        desk.clock.sleep(1)
        return list(heard) if desk.clock.seconds > 20 else []

    desk.bot.hear = hear  # type: ignore[method-assign]
    desk.windows.get_ready()
    assert desk.clock.seconds == 21
