"""Who runs the windows of a lane, and measures them: this process, unless it is told another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple, Protocol

from pytest_soak.clock import Clock
from pytest_soak.engine.ask import ask
from pytest_soak.engine.parts import Heard
from pytest_soak.engine.past import Carried, Past
from pytest_soak.engine.plan import LanePlan
from pytest_soak.engine.stops import Stops
from pytest_soak.engine.windows import ExtraKpi, Windows
from pytest_soak.errors import TargetError
from pytest_soak.gates.sustained import Sustained, Transition
from pytest_soak.kpi.summary import Summary
from pytest_soak.targets.abilities import Abilities
from pytest_soak.targets.asked import Asked
from pytest_soak.targets.base import Target, Window

Fired = Callable[[Transition], None]
"""Told of each stop criterion that fires."""


class Measured(NamedTuple):
    """A window that was run: its events, its summary, and what is there after it.

    `carried` and the target's `checkpoint` are what the next window goes on with; it took
    `seconds`. `fired` are the stop criteria that fired and that nobody was told of.
    """

    observation: Any
    summary: Summary
    carried: Carried
    checkpoint: bytes | None
    seconds: float
    fired: tuple[Transition, ...] = ()


class Service(Protocol):
    """Runs the windows of one lane, in order. Each method raises TargetError for the target's."""

    def start(self) -> None:
        """Get ready for the first new window."""

    def run(self, overrides: Mapping[str, float], window: Window) -> Measured:
        """Run one window under `overrides`, and measure it."""

    def stop(self) -> str | None:
        """Release everything; what the target says at its end."""


class Elsewhere(Service, Protocol):
    """A service that can begin a window while other lanes run theirs."""

    def foresee(self, overrides: Mapping[str, float], window: Window) -> None:
        """Begin what `run` will most likely be asked next."""


class Here:
    """The service of this process: goes on where `past` ended, in the target that it is given.

    `told` are the notes that the lane has told already. `heard` is told of each part that the
    target reports, `fired` of each stop criterion that fires, when that happens, and `seen` after
    each part how all criteria stand. `asked` knows whether the target has asked for its market,
    `said` is told what the target says while it starts.
    """

    def __init__(
        self,
        plan: LanePlan,
        target: Target,
        can: Abilities,
        past: Past,
        clock: Clock,
        heard: Heard,
        fired: Fired,
        told: Iterable[str] = (),
        extra_kpis: Mapping[str, ExtraKpi] | None = None,
        seen: Callable[[Sustained], None] = lambda _: None,
        asked: Asked | None = None,
        said: Callable[[str], None] | None = None,
    ) -> None:
        self._plan = plan
        self._target = target
        self._can = can
        self._past = past
        self._clock = clock
        self._heard = heard
        self._said = said
        self._asked = asked or Asked()
        notes = partial(self._asked.notes, plan.lane)
        self._windows = Windows(target, plan.declared, extra_kpis or {}, told, notes)
        self._stops = Stops(plan.criteria, fired, seen)

    def start(self) -> None:
        """Start the target, and restore what it was."""
        lane = self._plan.lane
        lane = self._asked.lane(lane if self._said is None else replace(lane, tell=self._said))
        ask("start", lambda: self._target.start(lane))
        past = self._past
        if past.checkpoint is not None:
            self._restore(past.checkpoint)
            self._windows.before = past.carried.closing
        self._windows.usage = past.carried.usage
        self._stops.watched = past.carried.watched

    def run(self, overrides: Mapping[str, float], window: Window) -> Measured:
        """Run a window, watch it, and take the target's checkpoint after it."""
        begun = self._clock.monotonic()
        self._stops.begin(self._windows.usage, self._plan.lane.minutes)
        observation, summary = self._windows.run(overrides, window, self._hear, self._stops.stopped)
        summary = self._stops.conclude(observation, summary)
        seconds = self._clock.monotonic() - begun
        carried = Carried(
            closing=self._windows.before, usage=self._windows.usage, watched=self._stops.watched
        )
        return Measured(observation, summary, carried, self._checkpoint(), seconds)

    def stop(self) -> str | None:
        """Stop the target."""
        said = ask("stop", self._target.stop)
        return said if isinstance(said, str) else None

    def _hear(self, minutes: float, fills: int, part: Any) -> None:
        self._heard(minutes, fills, part)
        self._stops.hear(part)

    def _restore(self, checkpoint: bytes) -> None:
        if self._can.restore is None:
            raise TargetError("an earlier session kept a checkpoint, the target has no restore()")
        ask("restore", partial(self._can.restore, checkpoint))

    def _checkpoint(self) -> bytes | None:
        if self._can.checkpoint is None:
            return None
        taken = ask("checkpoint", self._can.checkpoint)
        if not isinstance(taken, bytes):
            raise TargetError(f"checkpoint() returned {type(taken).__name__}, expected bytes")
        return taken
