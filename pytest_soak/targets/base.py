"""The contract between the engine and what is soaked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol, runtime_checkable

from pydantic import Field

from pytest_soak.config.drills import Drill
from pytest_soak.config.scenarios import BUILT_IN, Scenario
from pytest_soak.exchange.access import Access
from pytest_soak.exchange.chosen import ExchangeChoice

if TYPE_CHECKING:
    from pytest_soak.kpi.summary import Summary
    from pytest_soak.observation.columns import Observation


def _nobody(text: str) -> None:
    """Nobody listens to a target that no soak has started."""


@dataclass(frozen=True)
class LaneInfo:
    """What a target is told of the lane it serves.

    Attributes:
        id: The lane's name, unique in the run: profile, market, seed and, if any, variant.
        profile: The name of its profile.
        market: The name of its market.
        seed: The market's seed; a bot with chance of its own should take it too.
        minutes: The length of an iteration on the target's clock.
        market_settings: Regime knobs that were set, by name.
        variant: The name of its variant; empty without one.
        config: Its feature flags in force, by dotted name: when the target is built, where its
            class declares `flags`; always in `start`.
        folder: Where the lane's artifacts lie, and a bot may leave files of its own.
        scenario: What `market` names; None where there is no such.
        feeds: The folder of feeds in `folder`.
        runtime: The file of the overrides in force.
        iterations: How many were asked for.
        settle_seconds: How long after a window a bot in real time is waited for.
        drills: What the target is to bring about, of the causes in `drills` of its own.
        exchange: The exchange on this machine that the bot trades on; None without one.
        access: Where that is and with which key, of an async bot in the session's process; None of
            any other.
        tell: Says a line of what the target is at, while it starts.
    """

    id: str
    profile: str
    market: str
    seed: int
    minutes: float = 60.0
    market_settings: Mapping[str, float] = field(default_factory=dict)
    variant: str = ""
    config: Mapping[str, bool | float] = field(default_factory=dict)
    folder: Annotated[Path | None, Field(exclude=True)] = field(default=None, compare=False)
    scenario: Scenario | None = None
    feeds: Annotated[Path | None, Field(exclude=True)] = field(default=None, compare=False)
    runtime: Annotated[Path | None, Field(exclude=True)] = field(default=None, compare=False)
    iterations: Annotated[int, Field(exclude=True)] = field(default=0, compare=False)
    settle_seconds: Annotated[float, Field(exclude=True)] = field(default=2.0, compare=False)
    drills: tuple[Drill, ...] = ()
    exchange: ExchangeChoice | None = None
    access: Annotated[Access | None, Field(exclude=True)] = field(default=None, compare=False)
    tell: Annotated[Callable[[str], None], Field(exclude=True)] = field(
        default=_nobody, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        if self.scenario is None:
            object.__setattr__(self, "scenario", BUILT_IN.get(self.market))


def _unheard(part: Any) -> None:
    """Nobody listens to a window that no soak made."""


def _goes_on() -> bool:
    """Nobody stops a window that no soak made."""
    return False


@dataclass(frozen=True)
class Window:
    """One iteration on the target's clock.

    A target may `report` the window while it runs, from any thread: each time an Observation of the
    span since the last report. Together they are the window's, and `run` returns None. Raises
    TargetError for a part that is no such Observation, RuntimeError when the window is over.

    Attributes:
        iteration: Its number, from 1.
        start_minutes: When it begins, in minutes since the lane began.
        minutes: Its length.
        report: Takes the Observation of a part.
        cancelled: Whether the soak wants it to end; `stopped` asks it.
    """

    iteration: int
    start_minutes: float
    minutes: float
    report: Annotated[Callable[[Any], None], Field(exclude=True)] = field(
        default=_unheard, repr=False, compare=False
    )
    cancelled: Annotated[Callable[[], bool], Field(exclude=True)] = field(
        default=_goes_on, repr=False, compare=False
    )

    @property
    def stopped(self) -> bool:
        """Whether a stop criterion has fired on what was reported: `run` should now return."""
        return self.cancelled()


@runtime_checkable
class Target(Protocol):
    """A bot under soak; one object serves one lane. Its methods may be `async def`.

    A target may also have `parameters` (its own parameter table), `kpis` (the names of the KPIs
    that it gives), `deterministic` (True: the same lane, freshly started under the same
    overrides, gives the same KPIs), `checkpoint() -> bytes` and `restore(bytes)`, and `version`,
    a text: what was measured with one version is not resumed with another. `flags` are its feature
    flags (see `config.flags`), whose values it is told by the lane's `config`. `stop_criteria`
    names those that hold where the user asks for none; `drills` are the causes of trouble that it
    can bring about when the lane asks for them (see `config.drills`).
    """

    def start(self, lane: LaneInfo) -> None:
        """Get ready for the lane; called once, before the first window."""

    def run(
        self, overrides: Mapping[str, float], window: Window
    ) -> Observation | Mapping[str, float | None] | Summary | None:
        """Run one window under `overrides`; return its events, or ready-made KPIs by name.

        A Summary is ready-made KPIs with what they rest on; None is of a window that was reported.
        """

    def stop(self) -> str | None:
        """Release everything; called once, also after an error.

        A text that it returns is told as a note of the lane.
        """


@runtime_checkable
class AsyncTarget(Protocol):
    """A bot whose methods are `async def`; one may also mix both kinds.

    One event loop serves a lane, from `start` to the end of `stop` and in pauses too. A task that
    died of an exception which the bot did not take fails the lane, while `run` waits or at the end
    of the window. A call that is cancelled has 30 s to end before `stop` is called.
    """

    async def start(self, lane: LaneInfo) -> None:
        """As of a Target."""

    async def run(
        self, overrides: Mapping[str, float], window: Window
    ) -> Observation | Mapping[str, float | None] | Summary | None:
        """As of a Target."""

    async def stop(self) -> str | None:
        """As of a Target; then what is left of its tasks is cancelled."""


TargetFactory = Callable[[LaneInfo], Target | AsyncTarget]
"""Makes the target of a lane: a class whose instances are targets is one."""
