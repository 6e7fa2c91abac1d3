"""What RESULT.json says of a run beside its baseline."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from pytest_soak.artifacts.artifact import Number, as_text
from pytest_soak.artifacts.compare_models import Way
from pytest_soak.gates.engine import Verdict
from pytest_soak.gates.model import Basis

_Verdict = Annotated[Verdict, as_text(Verdict)]


class BaselineCheck(BaseModel):
    """A limit of a change, and the change: in the KPI's unit, or in % of |before|."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    gate: str
    metric: str
    basis: Basis
    fail_unless: str | None
    warn_unless: str | None
    before: Number = None
    after: Number = None
    difference: Number = Field(None, description="after - before.")
    half_width: Number = Field(None, description="Of its 95 % interval.")
    detectable: Number = Field(
        None, description="The least harm that is shown in 80 of 100 cases; null: no noise."
    )
    verdict: _Verdict = Verdict.PASS
    reason: str = ""


class AgainstBaseline(BaseModel):
    """Lanes of a profile on a market beside those of the baseline."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    baseline: str
    market: str
    before: str = Field(description="The profile in the baseline, and its variant.")
    after: str = Field(description="The profile in the run, and its variant.")
    way: Annotated[Way, as_text(Way)]
    seeds: list[int] = Field(description="Those that are paired.")
    unpaired: str = Field(description="Why lanes are not paired; empty where they are.")
    verdict: _Verdict
    checks: list[BaselineCheck]
    notes: list[str]
