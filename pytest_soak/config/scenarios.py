"""Scenarios: what a lane's market is, by name: a regime, an instrument, a venue."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AllowInfNan,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
)

from pytest_soak.canonical import compact
from pytest_soak.config.documents import read_document, validate
from pytest_soak.config.instruments import Instrument, Venue
from pytest_soak.config.names import SUFFIXES, Shelf, check_name, shown_path, stem
from pytest_soak.config.recorded import PREFIX, RecordedFeed
from pytest_soak.errors import SoakUsageError, unknown

Size = Annotated[float, Field(ge=0), AllowInfNan(False)]
Share = Annotated[float, Field(ge=0, le=1)]


class Flow(BaseModel):
    """What drives the market, and who trades in it.

    Public news: a diffusion of `sigma_bps` a square root second and jumps, `jump_rate` a second of
    scale `jump_bps`, all times a volatility that wanders about 1. Takers look at the market with a
    Hawkes baseline of `market_rate` a second; `informed_share` of them know the efficient price.
    The surprise in a market order moves what the crowd believes by about `impact_bps`; a large
    order of one part carries information worth `information_bps`. `load` scales the gateway's
    service time.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    sigma_bps: Size
    jump_rate: Size
    jump_bps: Size
    market_rate: Size
    impact_bps: Size
    information_bps: Size
    informed_share: Share
    load: Size


class Regime(BaseModel):
    """A market's flow, ordinarily and in its spike episodes, and how likely one is in an hour."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    ordinary: Flow
    episode: Flow
    episode_chance: Share = 0.0


def _flow(*figures: float) -> Flow:
    return Flow(**dict(zip(Flow.model_fields, figures, strict=True)))


_CALM = _flow(0.52, 0.04, 2.6, 0.85, 0.30, 0.40, 0.72, 1.0)
_VOLATILE = _flow(0.6, 0.0085, 11.2, 1.0, 0.30, 0.40, 0.74, 1.12)
_EPISODE = _flow(2.5, 0.25, 20.0, 4.0, 1.0, 0.60, 0.85, 1.6)

REGIMES: Mapping[str, Regime] = {
    "calm": Regime(ordinary=_CALM, episode=_EPISODE),
    "volatile": Regime(ordinary=_VOLATILE, episode=_EPISODE),
    "spike": Regime(ordinary=_CALM, episode=_EPISODE, episode_chance=0.35),
}
"""The regimes by name, as they are with their knobs at the defaults of `options.KNOBS`."""


class Scenario(BaseModel):
    """A lane's market as data: which regime, with its figures, and what is traded where.

    With a `feed` it is a recording, and the regime says whose limits a gate takes.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    regime: str
    flow: Regime
    instrument: Instrument = Instrument()
    venue: Venue = Venue()
    feed: RecordedFeed | None = None

    @model_serializer(mode="wrap")
    def _without_a_feed_as_before(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        data: dict[str, Any] = dump(self)
        if self.feed is None:
            del data["feed"]
        return data

    @property
    def hides_built_in(self) -> bool:
        """Whether it is the user's own under the name of a built-in one."""
        return self.name in BUILT_IN and self != BUILT_IN[self.name]

    @property
    def digest(self) -> str | None:
        """Tells scenarios of one name apart, as hexadecimal digits; None of a built-in one."""
        if self == BUILT_IN.get(self.name):
            return None
        if self.feed is not None:
            found = sha256(compact([self.feed.digest, list(self.feed.settings)]).encode())
            return f"{PREFIX}{found.hexdigest()}"
        return sha256(compact(self.model_dump(mode="json")).encode()).hexdigest()


class ScenarioFile(BaseModel):
    """What stands in a market's file: a regime by name, what is traded, and on which venue."""

    model_config = ConfigDict(extra="forbid")

    description: str = ""
    regime: str
    instrument: Instrument = Instrument()
    venue: Venue = Venue()

    @field_validator("regime")
    @classmethod
    def _is_known(cls, name: str) -> str:
        if name not in REGIMES:
            raise ValueError(f"the name of a regime; {unknown('regime', name, REGIMES)}")
        return name


BUILT_IN: Mapping[str, Scenario] = {
    name: Scenario(name=name, regime=name, flow=flow) for name, flow in REGIMES.items()
}
"""The scenarios that need no file: each regime with the reference instrument and venue."""


def scenario_shelf(user_folder: Path) -> Shelf:
    """The user's `scenarios/`; the built-in ones need no file."""
    return Shelf("market", (user_folder / "scenarios",))


def load_scenario(given: str, shelf: Shelf, base: Path, source: str) -> Scenario:
    """The scenario meant by `given`: a path, a file of the user's, or a built-in one.

    Raises SoakUsageError for anything wrong with the name or the file.
    """
    if not given.endswith(SUFFIXES) and given not in shelf.names():
        if given in BUILT_IN:
            return BUILT_IN[given]
        check_name(given, shelf.kind, source)
        where = f"yours are looked for in {shelf.folders[0]}"
        problem = unknown(shelf.kind, given, {*BUILT_IN, *shelf.names()})
        raise SoakUsageError(source, f"{problem} ({where})")
    path = shelf.find(given, base, source)
    read = validate(ScenarioFile, read_document(path, shown_path(path, base)))
    return Scenario(
        name=stem(path),
        regime=read.regime,
        flow=REGIMES[read.regime],
        instrument=read.instrument,
        venue=read.venue,
    )


def rank(name: str) -> tuple[int, str]:
    """A key to sort scenarios by: the built-in ones in their order, then the others by name."""
    order = list(BUILT_IN)
    return (order.index(name), "") if name in BUILT_IN else (len(order), name)
