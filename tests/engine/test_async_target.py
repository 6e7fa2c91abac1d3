"""Targets with `async def` methods, and what only looks like a call."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from builders import FakeClock, MemoryFile, MemoryJournal, plan

from pytest_soak.config.parameters import ParameterTable
from pytest_soak.engine.ask import ask
from pytest_soak.engine.run import LaneRun
from pytest_soak.errors import TargetError
from pytest_soak.targets.abilities import abilities
from pytest_soak.targets.base import LaneInfo, Window
from pytest_soak.targets.resolve import build
from pytest_soak.testing import GOOD, InstantTarget, check_idempotent

LANE = LaneInfo("bot-calm-42", "bot", "calm", 42)


class AsyncBot:
    """Its task in the background counts on between windows, which wait for it."""

    kpis = tuple(GOOD)
    parameters: ClassVar = {"half_spread_bps": {"default": 2.0, "bounds": [0.5, 10]}}
    deterministic = True

    def __init__(self, lane: LaneInfo) -> None:
        self.loops: set[Any] = set()
        self.ticked = threading.Event()
        self.closed = False

    async def start(self, lane: LaneInfo) -> None:
        self.feed = asyncio.create_task(self.listen())

    async def listen(self) -> None:
        try:
            while True:
                await asyncio.sleep(0)
                self.ticked.set()
        finally:
            self.closed = True

    async def run(self, overrides: Any, window: Window) -> dict[str, float | None]:
        self.loops.add(asyncio.get_running_loop())
        await asyncio.sleep(0)
        return {**GOOD, "net_bps": 3 / (3 - window.iteration)}

    def checkpoint(self) -> bytes:
        return b"as it was"

    async def restore(self, data: bytes) -> None:
        assert data == b"as it was"

    async def stop(self) -> None:
        assert not self.closed


def lane(bot: AsyncBot, journal: MemoryJournal) -> LaneRun:
    target, file = build(lambda lane: bot, LANE), MemoryFile({})
    of = plan(iterations=4, table=ParameterTable.of(bot.parameters, "bot"))
    return LaneRun(of, target, file, FakeClock(), lambda event: None, journal)


def test_one_loop_serves_a_lane_and_its_tasks_go_on_between_windows() -> None:
    before = threading.active_count()
    bot, journal = AsyncBot(LANE), MemoryJournal()
    first = lane(bot, journal)
    for _ in range(2):
        first.run_iteration()
        bot.ticked.clear()
        assert bot.ticked.wait(10)
    with pytest.raises(TargetError, match="run raised ZeroDivisionError") as caught:
        first.run_iteration()
    cause = caught.value.__cause__
    assert cause is not None
    names = [entry.name for entry in caught.traceback]
    assert "run_forever" not in names
    assert (len(bot.loops), bot.closed) == (1, True)
    assert all(loop.is_closed() for loop in bot.loops)
    assert threading.active_count() == before
    journal.ended = None
    resumed = lane(AsyncBot(LANE), journal.again())
    for _ in range(2):
        resumed.run_iteration()
    with pytest.raises(TargetError, match="ZeroDivisionError"):
        resumed.run_iteration()


def test_an_async_target_says_of_itself_what_it_said() -> None:
    bot = AsyncBot(LANE)
    target = build(lambda lane: bot, LANE)
    assert list(abilities(target, "bot").table) == ["half_spread_bps"]
    assert isinstance(target, AsyncBot)
    plain = InstantTarget(LANE)
    assert build(lambda lane: plain, LANE) is plain


def test_overrides_of_an_async_target_are_checked_too() -> None:
    check_idempotent(AsyncBot, examples=2)


def test_a_task_that_ends_the_loop_ends_the_lane() -> None:
    class Exits(AsyncBot):
        async def listen(self) -> None:
            raise SystemExit(0)

    with pytest.raises(TargetError, match="ended its event loop"):
        lane(Exits(LANE), MemoryJournal()).run_iteration()


async def waits() -> None:
    pass


def yields() -> Any:
    yield 1


async def streams() -> Any:
    yield 1


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (waits, "run returned coroutine: nothing awaits it; a method of a target that awaits is"),
        (yields, "run returned generator: it has a `yield` and has not run; return the result"),
        (streams, "run returned async_generator: it has a `yield` and has not run"),
    ],
)
def test_what_has_done_nothing_is_no_answer(call: Callable[[], Any], problem: str) -> None:
    with pytest.raises(TargetError, match=problem):
        ask("run", call)
