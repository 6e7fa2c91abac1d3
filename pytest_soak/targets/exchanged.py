"""An asyncio bot in this process, with its exchange on the same loop, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any

from pytest_soak.clock import SIMULATED_EPOCH_US
from pytest_soak.errors import TargetError, one_line
from pytest_soak.observation.growing import GrowingFeeds
from pytest_soak.targets.base import LaneInfo, Window
from pytest_soak.targets.tasks import Tasks

if TYPE_CHECKING:
    from pytest_soak.exchange.chosen import ExchangeChoice
    from pytest_soak.exchange.clock import ExchangeClock
    from pytest_soak.exchange.record import Event
    from pytest_soak.exchange.watch import Watch
    from pytest_soak.observation.columns import Observation

LATE_SECONDS = 60.0
"""How long after the end of a window `run` may still go on, of virtual time."""
STEP_MS = 100.0
"""How often the markets are moved where the exchange's file says nothing of it."""
_LOOK_SECONDS = 60.0
LOG = "bot.log"
_NOTHING = "the bot asked nothing of the exchange with its key (lane.access)"


class Exchanged:
    """Runs an async bot as a plain target; time passes by waiting, and only while it is called.

    The bot is led to its exchange by `lane.access`. What `run` returns is not read: what the
    exchange saw is what is judged.
    """

    trades_on_exchange = True

    def __init__(self, target: Any, choice: ExchangeChoice) -> None:
        from pytest_soak.exchange.jail.within import Within
        from pytest_soak.exchange.virtual_time import VirtualLoop

        self._target = target
        self._choice = choice
        self._runner = asyncio.Runner(loop_factory=VirtualLoop)
        self._stack = AsyncExitStack()
        self._within = Within()
        self._epoch_us = SIMULATED_EPOCH_US
        self._begun = False
        self._end_us = 0
        self._events: list[Event] = []
        self._clock: ExchangeClock | None = None
        self._works: list[asyncio.Future[None]] = []
        self._watch: Watch | None = None
        self._feeds: GrowingFeeds | None = None
        self._tasks: Tasks | None = None

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """That of the bot."""
        return type(self._target)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)

    def _call(self, call: Coroutine[Any, Any, Any]) -> Any:
        """What a call gives, on the loop and by its clock."""
        from pytest_soak.exchange.virtual_time import shown

        with shown(self._runner.get_loop(), self._epoch_us), self._within.held():
            return self._runner.run(call)

    def start(self, lane: LaneInfo) -> None:
        """Open the exchange, then start the bot on it."""
        self._call(self._start(lane))

    async def _start(self, lane: LaneInfo) -> None:
        from pytest_soak.exchange.access import Access
        from pytest_soak.exchange.clock import ExchangeClock
        from pytest_soak.exchange.recorder import Recorder
        from pytest_soak.exchange.server import HOST
        from pytest_soak.exchange.serving import Service, at_work
        from pytest_soak.exchange.watch import Watch

        assert lane.folder is not None
        assert lane.scenario is not None
        watch = self._watch = Watch(self._choice, lane.folder)
        self._epoch_us += round(watch.windows * lane.minutes * 60e6)
        loop = asyncio.get_running_loop()
        self._tasks = Tasks(loop, _LOOK_SECONDS)
        self._feeds = GrowingFeeds(watch.feeds)
        clock = self._clock = ExchangeClock(loop, self._epoch_us)
        market = lane.scenario, lane.market_settings
        settings = self._choice.settings(*market, lane.seed, STEP_MS)
        service = Service(
            exchange=settings,
            record=str(watch.record),
            schedule=self._choice.schedule,
            beliefs=watch.beliefs(lane.folder / LOG),
        )
        at = at_work(service, clock, Recorder(self._events.append))
        ready, self._works = await self._stack.enter_async_context(at)
        self._within.port = ready.port
        account, place = settings.accounts[0], f"{HOST}:{ready.port}"
        access = Access(f"http://{place}", f"ws://{place}", account.key, account.secret)
        self._begun = True
        await _awaited(self._target.start(replace(lane, access=access)))
        self._end_us = clock.now_us()

    def run(self, overrides: Mapping[str, float], window: Window) -> Observation:
        """Run a window, and tell what the exchange saw of it."""
        span = self._call(self._run(overrides, window))
        return self._seen(window.iteration, span)

    async def _run(self, overrides: Mapping[str, float], window: Window) -> tuple[int, int]:
        """The window's span: from the end of the last one, and as long as it is to be."""
        assert self._clock is not None
        assert self._tasks is not None
        loop, start_us = asyncio.get_running_loop(), self._end_us
        self._end_us = start_us + round(window.minutes * 60e6)
        end = self._clock.at(self._end_us)
        task = asyncio.ensure_future(self._target.run(overrides, window))
        both, latest = {task, *self._works}, end - loop.time() + LATE_SECONDS
        await asyncio.wait(both, timeout=latest, return_when=asyncio.FIRST_COMPLETED)
        for work in self._works:
            if work.done():
                task.cancel()
                raise TargetError(f"the exchange ended: {_why(work)}")
        if not task.done():
            task.cancel()
            raise TargetError(
                f"run() went on {LATE_SECONDS:g} s after its window; return after "
                "window.minutes * 60 seconds of asyncio's time"
            )
        task.result()
        await asyncio.sleep(max(0.0, end - loop.time()))
        await self._tasks.check()
        return start_us, self._end_us

    def _seen(self, iteration: int, span: tuple[int, int]) -> Observation:
        assert self._watch is not None
        assert self._feeds is not None
        events, self._events[:] = [*self._events], []
        self._watch.take(events)
        self._feeds.poll()
        found = self._watch.judge(iteration, span, self._within.isolation, self._within.outside())
        if not found.kpis["signed_requests"]:
            raise TargetError(f"{_NOTHING}{self._within.blocked()}")
        seen = self._feeds.window(*span)
        notes = (*seen.notes, *found.notes(), *self._watch.notes())
        return replace(seen, exchange=found.told, notes=notes)

    def stop(self) -> Any:
        """Stop the bot, then its exchange, also after an error."""
        try:
            return self._call(self._stop())
        finally:
            self._runner.close()

    async def _stop(self) -> Any:
        try:
            return await _awaited(self._target.stop()) if self._begun else None
        finally:
            await self._stack.aclose()


def _why(ended: asyncio.Future[None]) -> str:
    error = None if ended.cancelled() else ended.exception()
    return one_line(str(error)) if error else "nobody knows why"


async def _awaited(given: Any) -> Any:
    """What a method gives, whether it is `async def` or not."""
    return await given if asyncio.iscoroutine(given) else given


def is_async(target: Any) -> bool:
    """Whether a bot, or its class, lives on asyncio: its `run` is `async def`."""
    return iscoroutinefunction(getattr(target, "run", None))
