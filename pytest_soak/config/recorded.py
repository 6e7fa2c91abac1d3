"""A recorded feed as a lane's market, by what was typed of it and what was found in it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

PREFIX = "feed:"
"""With which a market begins that is a recording, and the digest of its scenario."""


class RecordedFeed(BaseModel):
    """Files as absolute paths; settings as `key=value`; `digest` is of the rows.

    `told` is what a user must know of it before he trusts a soak on it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    files: tuple[str, ...]
    settings: tuple[str, ...]
    digest: str
    span_us: int
    start_us: int
    told: tuple[str, ...] = ()
