"""A schedule of faults: a YAML file, read strictly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AllowInfNan,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from pytest_soak.config.documents import read_document, validate
from pytest_soak.config.durations import SpanText, span_us
from pytest_soak.config.names import NAME, Shelf
from pytest_soak.errors import SoakUsageError, nearest, unknown
from pytest_soak.exchange.faults.kinds import FAULTS, Kind
from pytest_soak.exchange.faults.selection import named, split
from pytest_soak.exchange.invariants.tolerances import Tolerances
from pytest_soak.exchange.operation import operation

Words = Annotated[list[Annotated[str, Field(min_length=1, max_length=200)]], Field(min_length=1)]
Seconds = Annotated[float, Field(gt=0, le=600), AllowInfNan(False)]
TOPICS = (
    "order",
    "execution",
    "position",
    "wallet",
    "orderbook",
    "publicTrade",
    "tickers",
    "kline",
)
"""How topics begin."""
_ALWAYS = ("name", "kind", "at", "every", "for", "jitter")


class FaultRow(BaseModel):
    """One fault: what it is, when it is, whom it meets.

    Times count from the bot's first private call. It begins at `at`, with `every` again and again,
    each time up to `jitter` later by the seed, and holds `for` a while, up to `waits` longer as
    long as it has met nothing. It meets what all of
    `endpoints`, `topics` (with `*`), `symbols` and `accounts` allow, a `share` of it drawn by the
    seed and a counter, at most `times` each time. See `kinds.FAULTS` for what a kind takes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    name: Annotated[str, Field(pattern=NAME)]
    kind: Annotated[str, Field(json_schema_extra={"enum": list(FAULTS)})]
    at: SpanText = "0s"
    every: SpanText | None = None
    for_: Annotated[SpanText | None, Field(alias="for")] = None
    jitter: SpanText = "0s"
    sockets: Literal["private", "public", "trade", "all"] | None = None
    mid_frame: bool = False
    endpoints: Words | None = None
    topics: Words | None = None
    symbols: Words | None = None
    accounts: Words | None = None
    share: Annotated[float, Field(gt=0, le=1), AllowInfNan(False)] = 1.0
    times: Annotated[int, Field(ge=1)] | None = None
    waits: SpanText | None = None
    seconds: Seconds | None = None
    ms: Annotated[int, Field(ge=-600_000, le=600_000)] | None = None
    answer: Literal["code", "http"] | None = None

    @field_validator("kind")
    @classmethod
    def _is_a_kind(cls, kind: str) -> str:
        if kind not in FAULTS:
            raise ValueError(f"a kind of fault, {nearest(kind, FAULTS)}")
        return kind

    @field_validator("endpoints")
    @classmethod
    def _are_endpoints(cls, given: list[str] | None) -> list[str] | None:
        from pytest_soak.exchange.rest.table import ENDPOINTS

        known = {operation(path) for _, path in ENDPOINTS}
        for pattern in given or ():
            if not any(fnmatchcase(name, operation(pattern)) for name in known):
                raise ValueError(f"endpoints that there are, {nearest(operation(pattern), known)}")
        return None if given is None else [operation(pattern) for pattern in given]

    @field_validator("topics")
    @classmethod
    def _are_topics(cls, given: list[str] | None) -> list[str] | None:
        for pattern in given or ():
            head = pattern.partition(".")[0]
            if not any(fnmatchcase(name, head) for name in TOPICS):
                raise ValueError(f"topics that there are, {nearest(head, TOPICS)}")
        return given

    @model_validator(mode="after")
    def _says_what_its_kind_takes(self) -> FaultRow:
        keys = {type(self).model_fields[name].alias or name for name in self.model_fields_set}
        allowed = {*_ALWAYS, *self.of.keys}
        if strange := sorted(keys - allowed):
            takes = ", ".join(self.of.keys)
            raise ValueError(f"keys of {self.kind} ({takes}); {strange[0]!r} is none")
        if lacking := [key for key in self.of.needs if key not in keys]:
            raise ValueError(f"{lacking[0]!r}, without which {self.kind} says nothing")
        return self

    @model_validator(mode="after")
    def _has_its_time(self) -> FaultRow:
        if self.of.lasts and not self.length_us:
            raise ValueError(f"'for' of a second or more, e.g. for: 20s; {self.kind} lasts")
        if not self.of.lasts and self.for_ is not None:
            raise ValueError(f"no 'for': {self.kind} happens at once")
        longest_us = self.length_us + self.jitter_us + self.waits_us
        if self.period_us is not None and self.period_us <= longest_us:
            raise ValueError("'every' to be longer than 'for', 'jitter' and 'waits' together")
        return self

    @model_serializer(mode="wrap")
    def _as_it_was_written(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """What was left out stays out: a kind does not take every key."""
        given = {*self.model_fields_set, *("for" for _ in {"for_"} & self.model_fields_set)}
        return {name: value for name, value in dump(self).items() if name in given}

    @property
    def of(self) -> Kind:
        """What its kind is."""
        return FAULTS[self.kind]

    @property
    def at_us(self) -> int:
        """When it begins first, without its jitter."""
        return span_us(self.at)

    @property
    def length_us(self) -> int:
        """How long it holds; 0 of what happens at once."""
        return span_us(self.for_) if self.for_ else 0

    @property
    def waits_us(self) -> int:
        """How much longer it holds, at most, as long as it has met nothing."""
        return span_us(self.waits) if self.waits else 0

    @property
    def period_us(self) -> int | None:
        """From one beginning to the next, without jitter; None where it is once."""
        return span_us(self.every) if self.every else None

    @property
    def jitter_us(self) -> int:
        """How much later it may begin."""
        return span_us(self.jitter)


class Schedule(BaseModel):
    """Faults, the seed of their draws, and how much a bot is allowed (`tolerances`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=NAME)]
    description: str = ""
    seed: Annotated[int, Field(ge=0)] = 42
    tolerances: Tolerances = Tolerances()
    faults: list[FaultRow] = []

    @field_validator("faults")
    @classmethod
    def _have_names_of_their_own(cls, faults: list[FaultRow]) -> list[FaultRow]:
        twice = [name for name, count in Counter(f.name for f in faults).items() if count > 1]
        if twice:
            raise ValueError(f"a name of its own for each fault; {twice[0]!r} is there twice")
        return faults


def fault_shelf(user_folder: Path) -> Shelf:
    """The user's `faults/`, then the package's."""
    return Shelf("fault schedule", (user_folder / "faults", Path(__file__).parent / "builtin"))


def load_schedule(given: str, shelf: Shelf, base: Path, source: str) -> Schedule:
    """The schedule meant by `given`: a name or a path relative to `base`, or some faults of it.

    Raises SoakUsageError for anything wrong with the name or the file, with the line of it.
    """
    given, names = split(given)
    path = shelf.find(given, base, source)
    schedule = validate(Schedule, read_document(path, given if path.parent == base else str(path)))
    return _only(schedule, names, source) if names else schedule


def _only(schedule: Schedule, names: Sequence[str], source: str) -> Schedule:
    rows = {row.name: row for row in schedule.faults}
    for name in names:
        if name not in rows:
            problem = (
                f"{unknown(f'fault of {schedule.name}', name, rows)}; or {schedule.name} alone"
            )
            raise SoakUsageError(source, problem)
    kept = [row for row in schedule.faults if row.name in names]
    return schedule.model_copy(update={"name": named(schedule.name, names), "faults": kept})


def check_names(
    schedule: Schedule, symbols: Iterable[str], accounts: Iterable[str], source: str
) -> None:
    """SoakUsageError for a fault that could meet nothing: its symbol or account is not there."""
    for key, names in {"symbols": [*symbols], "accounts": [*accounts]}.items():
        for fault in schedule.faults:
            for name in getattr(fault, key) or ():
                if name not in names:
                    problem = f"{fault.name}: {key}: {unknown(key[:-1], name, names)}"
                    raise SoakUsageError(source, problem)
