"""What the flags of the built-in maker were measured to do, on the market that there is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from pytest_soak.ab.question import SIM
from pytest_soak.config.documents import shipped, validate
from pytest_soak.config.flags import Value
from pytest_soak.market.compile import source_digest
from pytest_soak.text import setting

FILE = "flags_measured.yaml"


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MeasuredChange(_Data):
    """A flag that went from one value to another, `beside` others that stayed.

    `effects` are, by KPI, the mean difference of the pairs and the half width of its 95 % interval.
    """

    before: Value
    after: Value
    beside: dict[str, Value]
    effects: dict[str, Annotated[list[float], Field(min_length=2, max_length=2)]]


class Measured(_Data):
    """A study of all flags: `kernel` is the digest of the market that it ran on."""

    kernel: str
    market: str
    profile: str
    seeds: int
    hours: int
    flags: dict[str, MeasuredChange]


def shipped_study() -> Measured:
    """The one that the package has."""
    return validate(Measured, shipped("pytest_soak.release", FILE))


def measured_effects(target: str, study: Measured) -> Mapping[str, str]:
    """What to say of each flag; nothing of other targets, or of another market than there is."""
    if target != SIM or study.kernel != source_digest():
        return {}
    where = f"{study.profile} on {study.market}, {study.seeds} pairs of {study.hours} h"
    return {name: f"{_told(change)} ({where})" for name, change in study.flags.items()}


def _told(change: MeasuredChange) -> str:
    beside = ", ".join(f"{name} {setting(value)}" for name, value in change.beside.items())
    effects = ", ".join(
        f"{kpi} {mean:+.3g} +- {half:.2g}" for kpi, (mean, half) in change.effects.items()
    )
    told = f"{setting(change.before)} to {setting(change.after)}"
    return f"{told}{f' with {beside}' if beside else ''}: {effects}"
