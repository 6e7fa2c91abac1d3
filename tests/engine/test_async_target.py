"""Targets with `async def` methods, and what only looks like a call."""

from __future__ import annotations

import _thread
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


class Loses(AsyncBot):
    """Its task dies in the first window, which goes on."""

    async def start(self, lane: LaneInfo) -> None:
        self.task = asyncio.create_task(self.listen(), name="feed")

    async def listen(self) -> None:
        self.parse()

    def parse(self) -> None:
        raise ValueError("feed died")


class LosesUnheld(Loses):
    async def start(self, lane: LaneInfo) -> None:
        asyncio.create_task(self.listen(), name="feed")  # noqa: RUF006


class LosesInCallback(Loses):
    async def start(self, lane: LaneInfo) -> None:
        await super().start(lane)
        self.task.add_done_callback(lambda task: task.result())


class LosesBesidePlainRun(Loses):
    def run(self, overrides: Any, window: Window) -> Any:
        return GOOD


@pytest.mark.parametrize("kind", [Loses, LosesUnheld, LosesInCallback, LosesBesidePlainRun])
def test_a_task_that_died_unheard_fails_the_lane(kind: type[Loses]) -> None:
    journal = MemoryJournal()
    who = "a callback of the target" if kind is LosesInCallback else r"task feed \(.*listen\)"
    told = rf"{who} died of ValueError: feed died \(test_async_target.py:\d+ in parse\), which"
    with pytest.raises(TargetError, match=told) as caught:
        lane(kind(LANE), journal).run_iteration()
    assert isinstance(caught.value.__cause__, ValueError)
    assert journal.ended is not None


class Awaits(Loses):
    async def run(self, overrides: Any, window: Window) -> Any:
        with pytest.raises(ValueError, match="feed died"):
            await asyncio.shield(self.task)
        return GOOD


class LooksInTime(Loses):
    """Another task takes the exception, only after the window."""

    async def start(self, lane: LaneInfo) -> None:
        await super().start(lane)
        self.keeper = asyncio.create_task(self.keep())

    async def keep(self) -> None:
        while not self.task.done() or not self.loops:
            await asyncio.sleep(0)
        await asyncio.sleep(0.001)
        self.task.exception()


class Cancels(AsyncBot):
    async def run(self, overrides: Any, window: Window) -> Any:
        self.feed.cancel()
        await asyncio.wait([self.feed])
        return GOOD


class Handles(Loses):
    async def start(self, lane: LaneInfo) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
        asyncio.get_running_loop().call_soon(self.parse)


@pytest.mark.parametrize("kind", [Awaits, LooksInTime, Cancels, Handles])
def test_what_the_bot_takes_itself_is_its_own_affair(kind: type[AsyncBot]) -> None:
    class Quiet(kind):  # type: ignore[misc,valid-type]
        async def stop(self) -> None:
            pass

    run = lane(Quiet(LANE), MemoryJournal())
    assert run.run_iteration().iteration == 1


def test_a_call_that_is_ended_says_where_it_waited_and_what_died() -> None:
    class Hangs(Loses):
        async def run(self, overrides: Any, window: Window) -> Any:
            await self.forever()

        async def forever(self) -> None:
            asyncio.get_running_loop().call_soon(_thread.interrupt_main)
            await asyncio.Event().wait()

    target = build(lambda lane: Hangs(LANE), LANE)
    target.start(LANE)
    with pytest.raises(KeyboardInterrupt) as caught:
        target.run({}, Window(1, 0.0, 60.0))
    waited, died = caught.value.__notes__
    assert "in run, test_async_target.py:" in waited
    assert "in forever, locks.py:" in waited
    assert died.startswith("the target's task feed (Loses.listen) died of ValueError: feed died")
    target.stop()


def test_notes_of_what_ended_a_call_are_told_with_it() -> None:
    class Ended(BaseException):
        pass

    def call() -> None:
        error = Ended("Timeout (>3.0s).")
        error.add_note("it waited at bot.py:3 in run")
        raise error

    told = r"^the target's run was ended by Ended: Timeout \(>3.0s\); it waited at bot.py:3 in run$"
    with pytest.raises(TargetError, match=told):
        ask("run", call)


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
