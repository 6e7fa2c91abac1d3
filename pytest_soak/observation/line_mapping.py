"""How the lines of a bot's own logs say what feeds say: a YAML file, a part for each feed."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from pytest_soak.config.documents import Document, read_document, validate
from pytest_soak.config.schema_hints import Also
from pytest_soak.errors import unknown
from pytest_soak.observation import feed_kinds as kinds
from pytest_soak.observation.feed_schema import FEEDS, FeedField

Scalar = bool | int | float | str
TIMES = {"s": 1_000_000, "ms": 1000, "us": 1}
"""Microseconds in the units of a time since 1970; `ns` and `iso` are beside them."""
MILLISECONDS = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Value(_Part):
    """Where the value of a field comes from, and what is made of it, in this order.

    Names are those in the line, of parts of parts with dots. `times` is a factor: -1 turns a sign.
    """

    from_: str | None = Field(None, alias="from")
    sum: list[str] | None = Field(None, min_length=1)
    value: Scalar | None = None
    values: dict[str, Scalar] | None = None
    take: Literal["size", "sign"] | None = None
    times: float | None = None
    unit: Literal["ns", "us", "ms", "s", "bps", "quote"] | None = None
    time: Literal["ns", "us", "ms", "s", "iso"] | None = None
    slippage: Literal["paid", "earned"] | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Value:
        given = [self.from_ is not None, self.sum is not None, self.value is not None]
        if sum(given) != 1:
            raise ValueError("one of from, sum, value")
        return self

    @property
    def names(self) -> list[str]:
        """The names in the line that are read."""
        return self.sum if self.sum is not None else [] if self.from_ is None else [self.from_]


def _named(given: Any) -> Any:
    """A text is short for the name that it is taken from."""
    return {"from": given} if isinstance(given, str) else given


class FeedMapping(_Part):
    """Which lines of which files are of a feed, and its fields.

    A line is one where each name in `where` has that value.
    """

    files: str = Field(min_length=1)
    where: dict[str, Scalar] = {}
    fields: dict[str, Annotated[Value, BeforeValidator(_named), Also("string")]]

    def is_for(self, name: str) -> bool:
        """Whether the lines of a file of this name are looked at."""
        return fnmatchcase(name, self.files)


def load_mapping(path: Path) -> dict[str, FeedMapping]:
    """The mapping in a file; SoakUsageError for one that is none."""
    document = read_document(path)
    if not isinstance(document.data, dict) or not document.data:
        document.fail((), f"expected feeds with their mapping; known: {', '.join(FEEDS)}")
    found = {}
    for name in document.data:
        if name not in FEEDS:
            document.fail((name,), unknown("feed", name, FEEDS))
        found[name] = validate(FeedMapping, document, (name,))
        _check(document, name, found[name].fields)
    return found


def _check(document: Document, feed: str, values: Mapping[str, Value]) -> None:
    """Refuse fields that the feed does not have, needs, or cannot take in that way."""
    fields = {field.name: field for field in FEEDS[feed].fields}
    for name, value in values.items():
        where = (feed, "fields", name)
        if name not in fields:
            document.fail(where, f"{feed}: {unknown('field', name, fields)}")
        problem = _misuse(fields[name], value)
        if problem is not None:
            document.fail(where, f"{feed}.{name}: {problem}")
    for name, field in fields.items():
        if field.required and name not in values:
            problem = f"{feed}: no {name}, expected {field.kind.expected}; every line needs it"
            document.fail((feed, "fields"), problem)


def _misuse(field: FeedField, value: Value) -> str | None:
    """What of a value's mapping the field cannot take."""
    is_time, is_number = field.kind is kinds.TIME, field.kind.dtype == "f8"
    if is_time != (value.time is not None):
        wanted = f"expected time: one of {', '.join([*TIMES, 'ns', 'iso'])}"
        return wanted if is_time else "time is for times alone; take it away"
    if (value.slippage is not None) and field.name != "mid":
        return "slippage is for the mid of fills alone; take it away"
    if value.times is not None and not is_number:
        return f"times is for numbers, and this is {field.kind.expected}; take it away"
    known = ["bps", "quote"] if value.slippage else MILLISECONDS if field.unit == "ms" else []
    if value.unit is not None and value.unit not in known:
        told = f"one of {', '.join(known)}" if known else "none here; take it away"
        return f"unit: expected {told}, got {value.unit!r}"
    return None
