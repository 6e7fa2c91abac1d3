"""What is said of a recorded feed."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pytest_soak.artifacts.artifact import Artifact, Number
from pytest_soak.config.instruments import Kind


class FeedCheck(Artifact):
    """What `pytest-soak feed check` found in a recording."""

    schema_: Literal["pytest-soak/feed-check/1"] = Field("pytest-soak/feed-check/1", alias="schema")
    files: list[str]
    symbol: str | None = Field(description="null where the recording names none.")
    kind: Kind | None = Field(default=None, description="null where nobody says it.")
    contract_value: Number = Field(
        default=None, description="Of a size of 1 in base, of an inverse contract in quote."
    )
    begin: str = Field(description="RFC 3339, UTC: the first row by the venue's clock.")
    end: str = Field(description="RFC 3339, UTC: the last one.")
    span_s: float
    rows: dict[str, int] = Field(description="By kind; a row of two orders counts once.")
    tick: float = Field(description="In quote currency.")
    lot: float = Field(description="As the venue counts sizes.")
    counts: dict[str, int] = Field(description="What was left out or is missing, by name.")
    gaps: int = Field(description="After which the book is not known until a snapshot.")
    crossed_books: int = Field(description="Times after which a bid is at or above an ask.")
    off_tick: int = Field(description="Rows whose price is no multiple of the tick.")
    no_book_share: float = Field(description="Of the span, without a known book of two sides.")
    clock_floor_ms: Number = Field(
        description="Receipt less the venue's time at least, as recorded; null without receipt."
    )
    clock_shift_ms: float = Field(description="By which the recorder's times are moved.")
    drift_ms_per_hour: Number = Field(description="Of the floor; null below three minutes.")
    latency_ms: dict[str, float] = Field(description="Percentiles after the move, by p50, p90 ...")
    remarks: list[str]
    faults: list[str] = Field(description="For which the exit status is 1.")
