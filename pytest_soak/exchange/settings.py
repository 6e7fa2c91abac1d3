"""How an exchange is to be: read from options, or from JSON by a process of its own."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AllowInfNan, BaseModel, ConfigDict, Field, field_validator

from pytest_soak.config.scenarios import Scenario
from pytest_soak.exchange.instruments import Listing

Port = Annotated[int, Field(ge=0, le=65535)]
Amount = Annotated[float, Field(ge=0), AllowInfNan(False)]
RICH = {"USDT": 100_000.0, "USDC": 100_000.0, "BTC": 2.0, "ETH": 40.0}
"""What an account begins with where nothing is said."""


class AccountSettings(BaseModel):
    """An account: its key, and what it begins with of each coin."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: Annotated[str, Field(min_length=1, max_length=40)]
    key: Annotated[str, Field(min_length=1, max_length=80)]
    secret: Annotated[str, Field(min_length=1, max_length=80)]
    read_only: bool = False
    coins: dict[str, Amount] = Field(default_factory=lambda: dict(RICH))


class ExchangeSettings(BaseModel):
    """All that an exchange is started with.

    Attributes:
        symbols: What is traded.
        market: A market's name, file or `feed:PATH`, of the symbols that name none.
        scenario: The same, where it need not be looked for; `market` is then its name alone.
        knobs: Those of its regime that were turned.
        feed_settings: Of recorded feeds, as `--soak-feed-set` takes them.
        seed: Of the markets and of every name that the exchange gives.
        accounts: Who may trade.
        latency: "venue": requests, answers and books take the venue's own delays before the wire;
            "none": they take none.
        answers_first: Whether an answer is written before what the private socket tells of it.
        limits: Whether request rates are held to the venue's limits.
        step_ms: How often the markets are moved.
        record_books: Whether what books showed is recorded, for bots that let theirs be seen.
        history_minutes: What the markets have run before they open: the candles there are.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    symbols: Annotated[dict[str, Listing], Field(min_length=1)]
    market: str = "calm"
    scenario: Scenario | None = None
    knobs: dict[str, Annotated[float, AllowInfNan(False)]] = {}
    feed_settings: tuple[str, ...] = ()
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1
    accounts: Annotated[tuple[AccountSettings, ...], Field(min_length=1)]
    latency: Literal["venue", "none"] = "venue"
    answers_first: bool = True
    limits: bool = True
    record_books: bool = False
    step_ms: Annotated[float, Field(ge=1, le=1000), AllowInfNan(False)] = 10.0
    history_minutes: Annotated[float, Field(ge=0, le=10_080), AllowInfNan(False)] = 60.0

    @field_validator("accounts")
    @classmethod
    def _are_apart(cls, accounts: tuple[AccountSettings, ...]) -> tuple[AccountSettings, ...]:
        for what in ("name", "key"):
            if len({getattr(one, what) for one in accounts}) < len(accounts):
                raise ValueError(f"accounts whose {what}s differ")
        return accounts
