"""The exchange of a soak: what `--soak-exchange`, `--soak-faults` and `--soak-belief` chose."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AllowInfNan, BaseModel, ConfigDict, Field, field_validator

from pytest_soak.config.documents import read_document, validate
from pytest_soak.config.names import SUFFIXES, shown_path, stem, user_path
from pytest_soak.config.recorded import PREFIX
from pytest_soak.config.scenarios import Scenario, load_scenario, scenario_shelf
from pytest_soak.errors import SoakUsageError, unknown
from pytest_soak.exchange.beliefs.source import open_source
from pytest_soak.exchange.faults.schedule import (
    Schedule,
    check_names,
    fault_shelf,
    load_schedule,
)
from pytest_soak.exchange.ids import derived
from pytest_soak.exchange.instruments import Listing, of_their_coins, read_instruments
from pytest_soak.exchange.invariants.names import unseen
from pytest_soak.exchange.settings import RICH, AccountSettings, Amount, ExchangeSettings

BYBIT = "bybit"
ON_EXCHANGE = "exchange"
"""The gate and the stop criteria of a soak on one, where nothing else is said."""
ACCOUNT = "bot"


class ExchangeFile(BaseModel):
    """What stands in the file of an exchange; everything may be left out.

    Attributes:
        description: For who reads the file.
        venue: Whose wire it speaks.
        symbols: What is traded, else what ships; see `instruments.Listing`.
        coins: What the bot's account begins with.
        key: Of the bot's account, where the bot has it in a file of its own; else one is made.
        secret: Of that key.
        latency: "venue" for the delays of the market's own venue, or "none".
        answers_first: Whether a request is answered before the private socket tells of it.
        limits: Whether request rates are held to the venue's limits.
        step_ms: How often the markets are moved and books are shown at most; 10, or 100 in virtual
            time.
        history_minutes: What the markets have run before they open: the candles there are.
        isolation: How the bot is kept on this machine, at best.
        beliefs: Where what the bot believes is seen, as `--soak-belief` names it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    description: str = ""
    venue: Literal["bybit"] = "bybit"
    symbols: Annotated[dict[str, Listing], Field(min_length=1, max_length=32)] | None = None
    coins: dict[str, Amount] = Field(default_factory=lambda: dict(RICH))
    key: Annotated[str, Field(min_length=1, max_length=80)] | None = None
    secret: Annotated[str, Field(min_length=1, max_length=80)] | None = None
    latency: Literal["venue", "none"] = "venue"
    answers_first: bool = True
    limits: bool = True
    step_ms: Annotated[float, Field(ge=1, le=1000), AllowInfNan(False)] | None = None
    history_minutes: Annotated[float, Field(ge=0, le=10_080), AllowInfNan(False)] = 30.0
    isolation: Literal["namespace", "shim", "none"] = "namespace"
    beliefs: list[str] = []

    @field_validator("symbols")
    @classmethod
    def _are_their_coins(cls, symbols: dict[str, Listing] | None) -> dict[str, Listing] | None:
        return None if symbols is None else of_their_coins(symbols)


class ExchangeChoice(BaseModel):
    """An exchange with its faults, as all that a lane's bytes depend on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    file: ExchangeFile
    schedule: Schedule
    beliefs: tuple[str, ...] = ()
    base: Annotated[Path, Field(exclude=True)] = Path()

    @property
    def words(self) -> str:
        """How it is told: bybit with storm."""
        return f"{self.name} with {self.schedule.name}"

    @property
    def symbols(self) -> Mapping[str, Listing]:
        """What is traded on it."""
        return self.file.symbols or read_instruments(None, Path()).symbols

    @property
    def has_faults(self) -> bool:
        """Whether anything is broken."""
        return bool(self.schedule.faults)

    def too_late(self, minutes: float) -> list[str]:
        """The faults that a lane of so many minutes never comes to."""
        return [one.name for one in self.schedule.faults if one.at_us >= minutes * 60e6]

    @property
    def unseen(self) -> dict[str, str]:
        """The KPIs that cannot be seen, and why."""
        return unseen(self.tells(), faults=self.has_faults)

    def tells(self) -> set[str]:
        """Of `positions`, `open_orders` and `books` what the sources of beliefs can tell."""
        sources = (open_source(one, self.base, self.base, one) for one in self.beliefs)
        return {name for source in sources for name in source.tells}

    def settings(
        self, scenario: Scenario, knobs: Mapping[str, float], seed: int, step_ms: float = 10.0
    ) -> ExchangeSettings:
        """What the exchange of a lane is started with; the bot's key is the same each time."""
        given = self.file
        key = given.key or f"{derived(seed, 'key'):016x}"
        secret = given.secret or f"{derived(seed, 'secret'):016x}"
        account = AccountSettings(name=ACCOUNT, key=key, secret=secret, coins=given.coins)
        return ExchangeSettings(
            symbols=dict(self.symbols),
            market=scenario.name,
            scenario=scenario,
            knobs=dict(knobs),
            seed=seed,
            accounts=(account,),
            latency=given.latency,
            answers_first=given.answers_first,
            limits=given.limits,
            step_ms=given.step_ms or step_ms,
            history_minutes=given.history_minutes,
            record_books="books" in self.tells(),
        )


def load_exchange(
    given: tuple[str, str], faults: tuple[str, str], beliefs: Sequence[str], base: Path, root: Path
) -> ExchangeChoice:
    """The exchange meant by `given`, bybit or a file, and its faults: each a text and its source.

    Raises SoakUsageError for anything wrong with a name or a file.
    """
    name, source = given
    for package in ("aiohttp", "trustme"):
        if importlib.util.find_spec(package) is None:
            problem = (
                f"needs {package}, which is not installed: pip install 'pytest-soak[exchange]'"
            )
            raise SoakUsageError(source, problem)
    if name.endswith(SUFFIXES):
        path = user_path(name, base, source)
        file = validate(ExchangeFile, read_document(path, shown_path(path, base)))
        source, name = shown_path(path, base), stem(path)
    elif name == BYBIT:
        file = ExchangeFile()
    else:
        problem = f"{unknown('exchange', name, [BYBIT])}, or give a YAML file"
        raise SoakUsageError(source, problem)
    schedule = load_schedule(faults[0], fault_shelf(root), base, faults[1])
    choice = ExchangeChoice(
        name=name, file=file, schedule=schedule, beliefs=(*file.beliefs, *beliefs), base=root
    )
    belief = "--soak-belief" if beliefs else f"{source} beliefs"
    _check(choice, root, {"exchange": source, "belief": belief, "faults": faults[1]})
    return choice


def _check(choice: ExchangeChoice, root: Path, sources: Mapping[str, str]) -> None:
    """SoakUsageError for a market, a belief or a fault that cannot be meant."""
    symbols = choice.symbols
    for symbol, listing in symbols.items():
        if listing.market and not listing.market.startswith(PREFIX):
            at = f"{sources['exchange']} symbols.{symbol}.market"
            load_scenario(listing.market, scenario_shelf(root), root, at)
    for belief in choice.beliefs:
        open_source(belief, root, root, sources["belief"])
    check_names(choice.schedule, symbols, (ACCOUNT,), sources["faults"])
