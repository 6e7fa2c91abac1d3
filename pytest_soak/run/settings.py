"""The settings of a run: complete and checked as far as no target is needed."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pytest_soak.baseline.reference import BaselineRuns
from pytest_soak.config.documents import show
from pytest_soak.config.drills import Drill
from pytest_soak.config.flag_layers import FlagLayer
from pytest_soak.config.lane_axes import Axes
from pytest_soak.config.overrides import Layer
from pytest_soak.config.presets import Preset
from pytest_soak.config.profiles import Profile
from pytest_soak.config.scenarios import Scenario
from pytest_soak.config.variants import Variant
from pytest_soak.engine.pace import Pacing
from pytest_soak.engine.plan import GateMode
from pytest_soak.errors import SoakUsageError, unknown
from pytest_soak.exchange.chosen import ExchangeChoice
from pytest_soak.gates.criteria import Criteria
from pytest_soak.gates.model import Gate
from pytest_soak.targets.base import LaneInfo
from pytest_soak.tuning.limits import Limits
from pytest_soak.tuning.rules import Rule
from pytest_soak.tuning.tuners import TUNERS

MAX_ITERATIONS = 1_000_000
MAX_SECONDS = 604_800
MAX_SETTLE = 600
MINUTES = (0.01, 1440)
LEAST_TIMEOUT = 0.1
MAX_PORT = 65_535

_Seconds = Annotated[float, Field(ge=0, le=MAX_SECONDS)]


class Settings(BaseModel):
    """What a run does. Raises pydantic.ValidationError for values that no option would take.

    What has the name of an option holds its value; paths are absolute.

    Attributes:
        profiles: Each makes lanes.
        scenarios: The markets; each makes lanes.
        seeds: Of the markets; each makes lanes.
        market_settings: Regime knobs that were set, by name.
        target_source: Where the target was named.
        gates: By profile: the gate, and those that judge a lane's end with it.
        criteria: What may stop a lane; None leaves that to the target.
        drills: What is brought about; with any the run is no evidence.
        exchange: That on this machine on which the bots trade; None without one.
        layers: Overrides by where they were given, the later ones stronger.
        presets: On the profile's overrides, in order.
        flags: Feature flags by where they were given.
        variants: Each makes lanes.
        fallback: The profile that a panic reverts to, if there is one.
        limits: Figures of guards, freeze and warm-up.
        rules: Those of the tuner `rules`.
        pacing: What it takes to keep time.
        metrics_port: Of 127.0.0.1, where Prometheus asks; None for no metrics.
        directory: Where artifacts are written.
        rootdir: Where files by name are looked for.
        default_overrides: Whether the table's defaults alone seed the run.
        sources: Where each setting is from.
        shown: The settings as text.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    iterations: int = Field(ge=0, le=MAX_ITERATIONS)
    profiles: tuple[Profile, ...] = Field(min_length=1)
    scenarios: tuple[Scenario, ...] = Field(min_length=1)
    seeds: tuple[Annotated[int, Field(ge=0)], ...] = Field(min_length=1)
    market_settings: dict[str, float]
    target: str
    target_source: str
    minutes: float = Field(ge=MINUTES[0], le=MINUTES[1])
    sleep: _Seconds
    settle: Annotated[float, Field(ge=0, le=MAX_SETTLE)] = 2.0
    iteration_timeout: Annotated[float, Field(ge=LEAST_TIMEOUT, le=MAX_SECONDS)] | None
    gates: dict[str, tuple[Gate, ...]]
    gate_mode: GateMode
    baseline: BaselineRuns | None = None
    criteria: Criteria | None = None
    drills: tuple[Drill, ...] = ()
    exchange: ExchangeChoice | None = None
    layers: tuple[Layer, ...]
    presets: tuple[Preset, ...]
    flags: tuple[FlagLayer, ...] = ()
    variants: tuple[Variant, ...] = ()
    tuner: str
    auto_tune: bool
    guards: bool
    warmup: Preset | None
    fallback: Profile | None
    limits: Limits
    rules: tuple[Rule, ...]
    pacing: Pacing
    cluster: str | None = None
    metrics_port: int | None = Field(None, ge=1, le=MAX_PORT)
    directory: Path
    report: Path | None
    rootdir: Path
    feeds: bool
    feeds_gzip: bool
    resume: bool
    markers: bool | None = None
    default_overrides: bool
    sources: dict[str, str]
    shown: dict[str, str]

    @model_validator(mode="after")
    def _fits(self) -> Settings:
        for name in ("directory", "report", "rootdir"):
            path = getattr(self, name)
            if path is not None and not path.is_absolute():
                raise ValueError(f"{name}: expected an absolute path, got {str(path)!r}")
        for profile in self.profiles:
            if not self.gates.get(profile.name):
                raise ValueError(f"gates: expected one for the profile {profile.name!r}")
        if self.tuner not in TUNERS:
            raise ValueError(f"tuner: {unknown('tuner', self.tuner, TUNERS)}")
        return self

    def lanes(self) -> list[LaneInfo]:
        """Every lane, in the order profile, market, seed, variant."""
        profiles = [profile.name for profile in self.profiles]
        variants = [variant.name for variant in self.variants] or [""]
        scenarios = {scenario.name: scenario for scenario in self.scenarios}
        markets = [scenario.name for scenario in self.scenarios]
        axes = itertools.product(profiles, markets, self.seeds, variants)
        return [
            LaneInfo(
                id=one.id,
                **one._asdict(),
                minutes=self.minutes,
                market_settings=self.market_settings,
                settle_seconds=self.settle,
                scenario=scenarios[one.market],
                drills=self.drills,
                exchange=self.exchange,
            )
            for one in map(Axes._make, axes)
        ]

    def profile(self, name: str) -> Profile:
        """The profile of a lane."""
        return next(profile for profile in self.profiles if profile.name == name)

    def variant(self, name: str) -> Variant | None:
        """The variant of a lane; None of one that has none."""
        return next((variant for variant in self.variants if variant.name == name), None)


def check_settings(settings: Any) -> Settings:
    """`settings` that somebody made by hand; SoakUsageError where they are none that could be."""
    if not isinstance(settings, Settings):
        problem = f"expected pytest_soak.Settings, got {type(settings).__name__}"
        raise SoakUsageError("settings", problem)
    try:
        checked = Settings.model_validate(settings.model_dump(warnings=False))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        problem = first["msg"].removeprefix("Value error, ")
        got = f", got {show(first['input'])}" if where else ""
        raise SoakUsageError("settings", f"{where}: {problem}{got}".removeprefix(": ")) from None
    if not checked.iterations:
        raise SoakUsageError("settings", f"iterations: expected 1 to {MAX_ITERATIONS}, got 0")
    check_distinct([lane.id for lane in checked.lanes()])
    return checked


def check_distinct(ids: Sequence[str]) -> None:
    """Raise SoakUsageError where two lanes would have one folder."""
    seen: set[str] = set()
    for lane in ids:
        if lane.lower() in seen:
            raise SoakUsageError(
                "lanes",
                f"two lanes would be {lane!r}; name each profile, market, seed and variant once",
            )
        seen.add(lane.lower())
