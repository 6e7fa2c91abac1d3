"""The figures of `daily.yaml`."""

from __future__ import annotations

from functools import cache

from pydantic import BaseModel, ConfigDict

from pytest_soak.config.documents import shipped, validate


class DailyRules(BaseModel):
    """What the report of a day shows, as `daily.yaml` says of each."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: int
    best: int
    worst: int
    least_fills: int
    most_codes: int


@cache
def load_daily_rules() -> DailyRules:
    """The rules of the package."""
    return validate(DailyRules, shipped("pytest_soak.release", "daily.yaml"))
