"""A bot of any language, in a process of its own."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_soak.clock import SystemClock
from pytest_soak.errors import TargetError, one_line
from pytest_soak.process.environment import FLAGS, environment, nested
from pytest_soak.process.leak import LEAK
from pytest_soak.process.messages import Order
from pytest_soak.process.options import Options, checked
from pytest_soak.process.supervised import Supervised
from pytest_soak.storage.files import write_json
from pytest_soak.system import is_link
from pytest_soak.targets.base import LaneInfo, Window

if TYPE_CHECKING:
    from pytest_soak.exchange.beside import Beside
    from pytest_soak.exchange.chosen import ExchangeChoice
    from pytest_soak.targets.process_windows import BotWindows

READY_SECONDS, ON_EXCHANGE_SECONDS = 30.0, 120.0
OWN_FEEDS = "bot_feeds"
"""The folder of the feeds that a bot on an exchange writes itself."""


class ProcessTarget:
    """Soaks a program: what a `soak_target` fixture returns, or `process:CMD` stands for.

    `command` is a list of words, or text that is split as a shell would; no shell is asked. It runs
    in `cwd` (the working directory) with `env` over the session's variables. It is told by
    variables where to write its feeds and where to read its overrides, and is the same process over
    all iterations of a lane; see docs/PROCESS.md.

    `parameters`, `kpis`, `flags`, `version` are as of any target. `reload="hup"` sends SIGHUP when
    its overrides have changed. It is ready when its first line of a feed is there, or by `ready`: a
    Path (a file that is written), `tcp:PORT`, or a regular expression of a line that it prints; on
    an exchange when it has asked something with its key. It fails when it is not within
    `ready_seconds`, 30 or, on an exchange, 120. It is ended by SIGTERM and, `stop_seconds` later,
    by SIGKILL, with all that it started. Lines of its output with `error_pattern` are counted
    (`log_errors`). More than `max_feed_errors` bad lines fail an iteration; `max_restarts` is how
    often in a lane it is started anew when it exits. `shadow` says that it sends no orders, which
    is noted with the run.

    Raises SoakUsageError for what cannot be.
    """

    writes_feeds = True
    stop_criteria = "stop"
    drills = (LEAK,)
    trades_on_exchange = True

    def __init__(
        self,
        command: str | Sequence[str | Path],
        *,
        parameters: Any = None,
        kpis: Sequence[str] | None = None,
        flags: Any = None,
        version: str | None = None,
        shadow: bool = False,
        reload: str = "poll",
        ready: str | Path | None = None,
        ready_seconds: float | None = None,
        stop_seconds: float = 10,
        error_pattern: str | None = None,
        max_feed_errors: int = 0,
        max_restarts: int = 0,
        env: Mapping[str, str] | None = None,
        cwd: str | Path | None = None,
    ) -> None:
        __tracebackhide__ = True
        self._options = checked(
            command,
            reload,
            ready,
            ready_seconds,
            stop_seconds,
            error_pattern,
            max_feed_errors,
            max_restarts,
            env,
            cwd,
        )
        self.parameters = _absolute(parameters, self._options.cwd)
        self.kpis = kpis
        self.flags = _absolute(flags, self._options.cwd)
        self.version = version
        self.shadow = shadow
        self._bot: Supervised | None = None
        self._exchange: Beside | None = None
        self._windows: BotWindows | None = None

    @property
    def name(self) -> str:
        """How artifacts name it, on one line."""
        return one_line(f"process:{' '.join(self._options.command)}")

    def __call__(self, lane: LaneInfo) -> ProcessTarget:
        """One for the lane."""
        return copy.copy(self)

    def start(self, lane: LaneInfo) -> None:
        """Start the bot and wait until it is ready; TargetError when it does not come to that."""
        from pytest_soak.process.feeds import AT_ONCE, OF_EXCHANGE, BotFeeds
        from pytest_soak.process.resources import Resources
        from pytest_soak.targets.process_windows import BotWindows

        if lane.folder is None or lane.feeds is None or lane.runtime is None:
            raise TargetError("a bot in a process of its own is started by a soak alone")
        _make(lane.feeds)
        write_json(lane.folder / FLAGS, nested(lane.config))
        clock = SystemClock()
        options = self._options.within(ON_EXCHANGE_SECONDS if lane.exchange else READY_SECONDS)
        remedy = OF_EXCHANGE if lane.exchange else AT_ONCE
        feeds = BotFeeds(lane.feeds, options.max_feed_errors, clock, remedy)
        order = self._order(options, lane, lane.folder, lane.feeds, lane.runtime)
        if lane.exchange is not None:
            order = self._on_exchange(lane, lane.exchange, lane.folder, lane.feeds, order)
        self._bot = Supervised(order)
        resources = Resources(self._bot.pid, lane.feeds, clock, feeds.watched())
        self._windows = BotWindows(
            self._bot, feeds, resources, lane, options, clock, self._exchange
        )
        if self.shadow:
            self._windows.note("shadow: the bot sends no orders, its fills are not real")
        self._windows.get_ready()

    def _order(
        self, options: Options, lane: LaneInfo, folder: Path, feeds: Path, runtime: Path
    ) -> Order:
        env = environment(
            options.env,
            overrides=json.loads(runtime.read_bytes()),
            runtime=runtime,
            feeds=feeds,
            config=folder / FLAGS,
            lane={
                "lane": lane.id,
                "profile": lane.profile,
                "market": lane.market,
                "seed": lane.seed,
                "iterations": lane.iterations,
                "minutes": f"{lane.minutes:g}",
            },
        )
        return Order(
            command=list(options.command),
            cwd=str(options.cwd),
            env=env,
            log=str(folder / "bot.log"),
            ready=options.awaited(feeds, on_exchange=lane.exchange is not None),
            ready_seconds=options.ready_seconds or READY_SECONDS,
            stop_seconds=options.stop_seconds,
            error_pattern=options.error_pattern,
            max_restarts=options.max_restarts,
            parent=os.getpid(),
        )

    def _on_exchange(
        self, lane: LaneInfo, choice: ExchangeChoice, folder: Path, feeds: Path, order: Order
    ) -> Order:
        """The same bot beside an exchange; what it writes itself is kept, and not judged."""
        from pytest_soak.exchange.beside import Beside

        assert lane.scenario is not None
        market = lane.scenario, lane.market_settings
        self._exchange = Beside(choice, market, lane.seed, folder, feeds, Path(order.log))
        own = folder / OWN_FEEDS
        _make(own)
        env = order.env | {"SOAK_FEEDS_DIR": str(own)}
        admitted = self._exchange.admit(order.command, env, Path(order.cwd))
        return order._replace(command=admitted.command, env=admitted.env)

    def run(self, overrides: Mapping[str, float], window: Window) -> Mapping[str, Any] | None:
        """Watch the bot for a window, and report what its feeds say, part by part."""
        if self._windows is None:
            raise TargetError("the bot has not been started")
        return self._windows.run(overrides, window)

    def stop(self) -> str | None:
        """End the bot and all that it started; a note where SIGTERM was not enough.

        Raises TargetError where something of it is left.
        """
        bot, self._bot, self._windows = self._bot, None, None
        exchange, self._exchange = self._exchange, None
        try:
            how = None if bot is None else bot.stop()
        finally:
            if exchange is not None:
                exchange.close()
        if how is None:
            return None
        if how.left:
            pids = ", ".join(map(str, how.left))
            raise TargetError(f"processes of the bot could not be ended: {pids}; end them by hand")
        seconds = f"{self._options.stop_seconds:g} s"
        return (
            f"the bot was not gone {seconds} after SIGTERM: SIGKILL ended it"
            if how.killed
            else None
        )


def _absolute(given: Any, folder: Path) -> Any:
    """A path of a table relative to the bot's folder."""
    return folder / given if isinstance(given, str | Path) else given


def _make(folder: Path) -> None:
    if is_link(folder):
        raise TargetError(f"{folder}: a symbolic link, which is not followed; take it away")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TargetError(f"{folder}: cannot be made: {error.strerror}") from error
