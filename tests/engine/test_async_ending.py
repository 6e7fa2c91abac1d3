"""How an async target's calls and tasks come to their end: waited for, then stopped, and told."""

from __future__ import annotations

import _thread
import asyncio
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from pytest_soak.engine.ask import ask
from pytest_soak.errors import TargetError
from pytest_soak.targets import loop, tasks
from pytest_soak.targets.asynchronous import plain
from pytest_soak.targets.base import LaneInfo, Window

LANE = LaneInfo("bot-calm-42", "bot", "calm", 42)
WINDOW = Window(1, 0.0, 60.0)


def interrupt() -> None:
    """Ctrl-C, as soon as the loop has no more to do."""
    asyncio.get_running_loop().call_soon(_thread.interrupt_main)


class Bot:
    """Writes down what is called."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    async def start(self, lane: LaneInfo) -> None:
        pass

    async def run(self, overrides: Any, window: Window) -> Any:
        interrupt()
        await asyncio.sleep(600)

    async def stop(self) -> None:
        self.calls.append("stop")


def interrupted(bot: Bot) -> list[str]:
    """The notes of the Ctrl-C that ends its window."""
    target = plain(bot)
    target.start(LANE)
    with pytest.raises(KeyboardInterrupt) as caught:
        target.run({}, WINDOW)
    ask("stop", target.stop)
    return caught.value.__notes__


def test_a_window_that_cleans_up_is_waited_for_before_the_bot_is_stopped() -> None:
    class CleansUp(Bot):
        async def run(self, overrides: Any, window: Window) -> Any:
            try:
                await super().run(overrides, window)
            finally:
                await asyncio.sleep(1.2)
                self.calls.append("cleaned")

    bot = CleansUp()
    [waited] = interrupted(bot)
    assert bot.calls == ["cleaned", "stop"]
    assert waited.startswith("run waited at test_async_ending.py:")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes on is given up after a moment."""
    monkeypatch.setattr(loop, "END_SECONDS", 0.3)
    monkeypatch.setattr(loop, "ANSWER_SECONDS", 0.3)


@pytest.mark.usefixtures("impatient")
def test_a_window_that_goes_on_though_cancelled_is_told_and_the_bot_stopped() -> None:
    class GoesOn(Bot):
        async def run(self, overrides: Any, window: Window) -> Any:
            try:
                await super().run(overrides, window)
            except asyncio.CancelledError:
                await asyncio.sleep(600)

        async def stop(self) -> None:
            await super().stop()
            self.calls.append("stopped")

    bot = GoesOn()
    assert interrupted(bot)[-1] == "run went on 0.3 s after it was cancelled"
    assert bot.calls == ["stop", "stopped"]


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """Lets a loop go that is blocked."""
    event = threading.Event()
    yield event
    event.set()
    for thread in threading.enumerate():
        if thread.name == "soak target":
            thread.join(60)


@pytest.mark.usefixtures("impatient")
def test_where_the_loop_is_blocked_it_is_told_that_stop_was_not_called(
    release: threading.Event,
) -> None:
    class Blocks(Bot):
        async def run(self, overrides: Any, window: Window) -> Any:
            _thread.interrupt_main()
            release.wait(60)

    bot = Blocks()
    told = r"^the target's stop was not called: its event loop is blocked at test_async_ending.py:"
    with pytest.raises(TargetError, match=told):
        interrupted(bot)
    assert bot.calls == []


class Stubborn(Bot):
    """Its task does not end."""

    async def start(self, lane: LaneInfo) -> None:
        self.task = asyncio.create_task(self.quote(), name="quoter")

    async def quote(self) -> None:
        while True:
            try:
                await asyncio.sleep(0.01)
                self.ticked = time.monotonic()
            except asyncio.CancelledError:
                pass

    async def run(self, overrides: Any, window: Window) -> Any:
        return {}


@pytest.mark.usefixtures("impatient")
def test_a_task_that_would_not_end_is_named_and_its_loop_is_over() -> None:
    bot = Stubborn()
    target = plain(bot)
    target.start(LANE)
    with pytest.raises(TargetError) as caught:
        ask("stop", target.stop)
    assert str(caught.value).startswith(
        "after the target's stop, the target's task quoter (Stubborn.quote) at test_async_ending.py"
    )
    assert str(caught.value).endswith("in quote went on 0.3 s after it was cancelled")
    assert bot.calls == ["stop"]
    assert "soak target" not in [thread.name for thread in threading.enumerate()]


@pytest.mark.usefixtures("impatient")
def test_what_stop_raised_is_told_before_the_task_that_would_not_end() -> None:
    class Fails(Stubborn):
        async def stop(self) -> None:
            raise OSError("cannot cancel orders")

    target = plain(Fails())
    target.start(LANE)
    told = (
        "^the target's stop raised OSError: cannot cancel orders; after the target's stop, .* went"
    )
    with pytest.raises(TargetError, match=told):
        ask("stop", target.stop)


class Feeds(Bot):
    """Waits in its window for a task that dies at once."""

    async def start(self, lane: LaneInfo) -> None:
        self.queue: asyncio.Queue[float] = asyncio.Queue()
        self.feed = asyncio.create_task(self.listen(), name="feed")

    async def listen(self) -> None:
        raise ConnectionError("closed by the venue")

    async def run(self, overrides: Any, window: Window) -> Any:
        return {"net_bps": await asyncio.wait_for(self.queue.get(), 60)}


def test_a_window_ends_as_soon_as_a_task_is_found_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "NEGLECT_SECONDS", 0.1)
    bot = Feeds()
    target = plain(bot)
    target.start(LANE)
    with pytest.raises(TargetError) as caught:
        ask("run", lambda: target.run({}, WINDOW))
    told = str(caught.value)
    assert told.startswith("the target's task feed (Feeds.listen) died of ConnectionError: closed")
    assert "; run waited at test_async_ending.py:" in told
    assert isinstance(caught.value.__cause__, ConnectionError)
    ask("stop", target.stop)
    assert bot.calls == ["stop"]


def test_a_bot_that_looks_after_its_tasks_now_and_then_is_left_alone() -> None:
    class LooksAfter(Feeds):
        async def run(self, overrides: Any, window: Window) -> Any:
            await asyncio.sleep(1)
            return {"died": isinstance(self.feed.exception(), ConnectionError)}

    target = plain(LooksAfter())
    target.start(LANE)
    assert target.run({}, WINDOW) == {"died": True}
    target.stop()
