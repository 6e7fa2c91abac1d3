"""The windows of a bot in a process of its own: in real time, each from the end of the last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_soak.clock import Clock
from pytest_soak.errors import TargetError
from pytest_soak.observation.columns import Observation
from pytest_soak.process.feeds import BotFeeds, now_us
from pytest_soak.process.leak import held_mb
from pytest_soak.process.messages import News
from pytest_soak.process.options import Options
from pytest_soak.process.resources import Resources
from pytest_soak.process.supervised import Supervised, ended_by, last_words
from pytest_soak.targets.base import LaneInfo, Window

if TYPE_CHECKING:
    from pytest_soak.exchange.beside import Beside

LOOK_SECONDS = 0.25
ANEW = "growth of memory and open files is that of the bot since it was last started"
PARTS, PART_US = 20, (1_000_000, 5_000_000)
"""A window is reported in so many parts, each of at least and at most so many microseconds."""


class BotWindows:
    """Watches a bot that runs, and reports what its feeds say of each window.

    A part is reported when the lane's `settle_seconds` have passed since its end: a line that comes
    later is late.
    """

    def __init__(
        self,
        bot: Supervised,
        feeds: BotFeeds,
        resources: Resources,
        lane: LaneInfo,
        options: Options,
        clock: Clock,
        exchange: Beside | None = None,
    ) -> None:
        self._bot = bot
        self._exchange = exchange
        self._feeds = feeds
        self._resources = resources
        self._options = options
        self._clock = clock
        self._drills = lane.drills
        self._held_mb = 0.0
        self._settle_us = round(lane.settle_seconds * 1e6)
        self._notes: list[str] = []
        self._ready = False
        self._began_us = 0
        self._end_us: int | None = None
        self._overrides: Mapping[str, float] | None = None
        self._restarts = self._log_errors = self._errors_before = 0

    def note(self, text: str) -> None:
        """Something to tell with the window."""
        self._notes.append(text)

    def get_ready(self) -> None:
        """Wait until the bot is ready; TargetError where it will not be."""
        while not self._ready:
            self._heed(self._bot.hear(LOOK_SECONDS))
            self._look_at_exchange()
            self._resources.look()

    def run(self, overrides: Mapping[str, float], window: Window) -> Mapping[str, Any] | None:
        """Report the next window; KPIs that the bot reckoned itself where it tells nothing else.

        Raises TargetError where the bot is gone or cannot be measured.
        """
        start, end = self._span(window)
        self._feeds.begin(start)
        self._reload(overrides)
        step = min(max((end - start) // PARTS, PART_US[0]), PART_US[1])
        told = start
        while told < end:
            self._heed(self._bot.hear(LOOK_SECONDS))
            self._bring_about(round(window.start_minutes * 60e6) + now_us(self._clock) - start)
            self._look_at_exchange()
            self._feeds.look()
            self._resources.look()
            until = min(end, now_us(self._clock) - self._settle_us)
            if window.stopped and told > start:
                end = until = max(told + 1, until)
            if until == end or until - told >= step:
                given = self._report(window, told, until, last=until == end)
                if given is not None:
                    return given
                told = self._feeds.told_us
        return None

    def _span(self, window: Window) -> tuple[int, int]:
        """The window goes on where the last one ended, unless that was too long ago."""
        now, length = now_us(self._clock), round(window.minutes * 60e6)
        start = now if self._end_us is None else self._end_us
        if self._end_us is None and window.iteration > 1:
            self.note("the bot was started anew: the window that was under way is cut")
            self.note(ANEW)
        if now - start > length + self._settle_us:
            self.note(f"{(now - start) / 1e6:.0f} s before this window belong to none")
            self._feeds.lose()
            start = now
        self._began_us, self._end_us = start, start + length
        return start, self._end_us

    def _bring_about(self, lane_us: int) -> None:
        """Do what the lane's drills have it at a time of the lane."""
        held = held_mb(self._drills, lane_us)
        if held != self._held_mb:
            self._held_mb = held
            self._bot.hold(held)

    def _reload(self, overrides: Mapping[str, float]) -> None:
        changed = self._overrides is not None and overrides != self._overrides
        self._overrides = dict(overrides)
        if changed and self._options.reload == "hup":
            self._bot.hang_up()

    def _report(
        self, window: Window, start: int, end: int, *, last: bool
    ) -> Mapping[str, Any] | None:
        """Report a part; of a bot that tells no mid, give the KPIs that it reckons."""
        try:
            part = self._feeds.part(start, end)
        except TargetError:
            if not last:
                return None
            kpis = self._feeds.kpis(start, end)
            if kpis is None:
                raise
            return {**kpis, **self._finish(end)[0]}
        if last:
            mids, lacking = self._feeds.later_mids(end)
            process, notes = self._finish(end)
            part = replace(part, process=process, notes=(*notes, *lacking), later_mids=mids)
            if self._exchange is not None:
                part = self._judged(part, self._exchange, window)
        window.report(part)
        return None

    def _look_at_exchange(self) -> None:
        if self._exchange is not None:
            self._exchange.look()

    def _instead(self) -> str:
        """What was seen of a bot on an exchange that has not come."""
        return "" if self._exchange is None else f"{self._exchange.instead()}; "

    def _judged(self, part: Observation, exchange: Beside, window: Window) -> Observation:
        """The last part, with what the exchange says of the whole window."""
        found = exchange.judge(window.iteration, (self._began_us, part.end_us))
        notes = (*part.notes, *found.notes(), *exchange.notes())
        return replace(part, exchange=found.told, notes=notes)

    def _finish(self, end: int) -> tuple[dict[str, float], Sequence[str]]:
        """The KPIs of the process in the window that ends, and what to tell of it."""
        self._heed(self._bot.status())
        facts, notes = self._feeds.finish(end)
        facts["restarts"] = float(self._restarts)
        if self._exchange is not None:
            facts.pop("clock_skew_ms", None)  # the feeds are the exchange's own
        if self._options.error_pattern is not None:
            facts["log_errors"] = float(self._log_errors - self._errors_before)
        notes = [*self._notes, *notes]
        self._notes, self._restarts, self._errors_before = [], 0, self._log_errors
        return facts, notes

    def _heed(self, told: Sequence[News]) -> None:
        """Take note of what has happened; TargetError where the bot is gone."""
        for news in told:
            last = last_words(news.last)
            if news.event == "ready":
                self._ready = True
            elif news.event == "status":
                self._log_errors = news.log_errors
                if news.trouble:
                    self.note(f"bot.log is not whole: {news.trouble}")
            elif news.event == "restarted":
                self._restarts += 1
                self._feeds.lose()
                self._resources.begin()
                self.note(f"the bot {ended_by(news.status)} and was started anew; {last}")
                self.note(ANEW)
            elif news.event == "failed":
                raise TargetError(f"the bot {news.why}")
            elif news.event == "late":
                seconds = f"{self._options.ready_seconds:g} s"
                awaited = f"waited for {news.awaited}; {self._instead()}"
                raise TargetError(f"the bot was not ready after {seconds}: {awaited}{last}")
            elif news.event == "exited":
                raise TargetError(f"the bot {ended_by(news.status)}; {last}")
