"""One lane of a bot of the user's own, which switches between A and B: there is none beside it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from pytest_soak.ab.arms import Arm, Tables
from pytest_soak.ab.blocks import NOTHING, Blocks, block_of
from pytest_soak.ab.lanes import Done, stops
from pytest_soak.ab.limits import Limits
from pytest_soak.ab.rails import Watch, watched
from pytest_soak.config.flags import FlagTable
from pytest_soak.engine.ask import ask
from pytest_soak.engine.windows import Windows
from pytest_soak.errors import SoakUsageError, TargetError, one_line
from pytest_soak.gates.criteria import Criteria
from pytest_soak.gates.sustained import Transition
from pytest_soak.observation.join import joined
from pytest_soak.storage.files import write_json
from pytest_soak.targets.abilities import Abilities, abilities
from pytest_soak.targets.base import LaneInfo, TargetFactory, Window
from pytest_soak.targets.resolve import build

NOT_TOLD = "not told"
"""In place of the version of a target that says none."""


class Bot(NamedTuple):
    """A target by its name; `hot` says that its flags can be set between two windows."""

    name: str
    factory: TargetFactory
    can: Abilities
    hot: bool

    @property
    def tables(self) -> Tables:
        """What can be set of it."""
        flags = FlagTable({}, f"target {self.name}") if self.can.flags is None else self.can.flags
        return Tables(self.can.table, flags)

    @property
    def version(self) -> str:
        """Tells what was measured with one from what was measured with another."""
        return self.can.version or self.can.source or NOT_TOLD

    def check_switches(self, a: Arm, b: Arm) -> None:
        """Raise SoakUsageError where B sets a flag that cannot be set while the bot runs."""
        for name in (name for name in b.changes(a) if name in b.flags):
            if not self.hot:
                problem = f"{self.name} has no method configure(flags) to switch it between blocks"
                raise SoakUsageError("--b", f"sets the flag {name}, and {problem}")
            if not self.tables.flags[name].hot:
                problem = "which is not `hot`: the bot would have to be started anew"
                raise SoakUsageError("--b", f"sets the flag {name}, {problem}")


def asked_bot(name: str, factory: TargetFactory, lane: LaneInfo) -> Bot:
    """The bot that a factory makes, which is built for `lane` and not started.

    Raises SoakUsageError for what is no target, or is none whose abilities can be asked.
    """
    early = abilities(factory, name).flags if isinstance(factory, type) else None
    try:
        target = build(factory, replace(lane, config={} if early is None else early.defaults()))
    except TargetError as error:
        raise SoakUsageError("--target", str(error)) from None
    return Bot(name, factory, abilities(target, name), callable(_configure(target)))


class _Live:
    """A block while it runs: whether it has `passed` an absolute limit, which `stops` tells of it.

    They are looked at whenever a minute of it is over.
    """

    def __init__(self, stops: Callable[[Any], tuple[str, ...]]) -> None:
        self.passed = False
        self._stops = stops
        self._parts: list[Any] = []
        self._minutes = 0

    def hear(self, minutes: float, _: int, part: Any) -> None:
        """Take the next part, after which so many minutes of the block are over."""
        self._parts.append(part)
        if int(minutes) > self._minutes:
            self._minutes = int(minutes)
            self.passed = self.passed or bool(self._stops(joined(self._parts)))


class SwitchedLane:
    """A lane of a bot, started under A; `lane` has its folder, feeds and file of overrides.

    Its blocks are counted on from the number of those that were `done` before. An absolute limit
    that is passed ends the block of a bot that reports it in parts.
    """

    def __init__(
        self,
        bot: Bot,
        lane: LaneInfo,
        arms: tuple[Arm, Arm],
        limits: Limits,
        rails: Criteria,
        done: int = 0,
    ) -> None:
        self._name = bot.name
        self._lane = lane
        self._arms = arms
        self._limits = limits
        self._skipped_us = limits.skipped_minutes * 60_000_000
        self._rails = rails
        self._watch = Watch()
        self._number = done
        self._fresh, self._failed = True, False
        self._target = build(bot.factory, lane)
        self._windows = Windows(self._target, None, {}, ())
        try:
            self._tell(arms[0])
            ask("start", partial(self._target.start, lane))
        except BaseException:
            self.close()
            raise

    def run(self, treated: bool) -> Done:
        """Run the next block; of one that cannot be true, or fails under B, nothing is known.

        Raises TargetError where the bot fails under A.
        """
        self._number += 1
        self._fresh = False
        if not treated:
            given = self._given(self._arms[False], _Live(lambda _: ()))
            return Done((self._block(given),), ())
        try:
            given = self._given(self._arms[True], _Live(lambda part: stops(self._watched(part)[1])))
        except TargetError as error:
            self._failed = True
            return Done((NOTHING,), (one_line(f"the bot failed under B: {error}"),))
        if given is None:
            return Done((NOTHING,), ())
        self._watch, acted = self._watched(given)
        return Done((self._block(given),), stops(acted))

    def _given(self, arm: Arm, live: _Live) -> Any:
        """What the bot did in a block, None of what cannot be true.

        Raises TargetError where it fails, or tells no events.
        """
        self._switch(arm)
        minutes = float(self._limits.block_minutes)
        window = Window(self._number, (self._number - 1) * minutes, minutes)
        given, _ = self._windows.run(arm.overrides, window, live.hear, lambda: live.passed)
        if given is not None and not hasattr(given, "fills"):
            problem = "gave KPIs that are reckoned already; an A/B is judged by events"
            raise TargetError(f"{self._name} {problem}, so return an Observation")
        return given

    def _block(self, given: Any) -> Blocks:
        return NOTHING if given is None else block_of(given, self._skipped_us)

    def _watched(self, given: Any) -> tuple[Watch, tuple[Transition, ...]]:
        return watched(self._rails, self._watch, given, self._skipped_us)

    def _switch(self, arm: Arm) -> None:
        self._tell(arm)
        if (configure := _configure(self._target)) is not None:
            ask("configure", partial(configure, dict(arm.flags)))

    def _tell(self, arm: Arm) -> None:
        """Write the overrides in force where a bot in a process of its own reads them."""
        if self._lane.runtime is not None:
            write_json(self._lane.runtime, arm.overrides)

    def close(self) -> None:
        """Put the bot under A, and stop it; of one that has failed nothing more is told."""
        with suppress(TargetError) if self._failed else nullcontext():
            try:
                if not self._fresh:
                    self._switch(self._arms[False])
            finally:
                ask("stop", self._target.stop)


def _configure(target: Any) -> Any:
    """The method by which a target's flags are set, None of one without."""
    return getattr(target, "configure", None)
