"""What a release says of a soak of its candidate."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from pytest_soak.artifacts.artifact import Artifact, Number, as_text
from pytest_soak.gates.engine import Verdict

_Verdict = Annotated[Verdict, as_text(Verdict)]


class SoakedLane(BaseModel):
    """A lane of the soak."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    lane: str
    verdict: _Verdict
    hours: float = Field(description="That were soaked.")
    ending: str
    stopped: str | None = Field(description="The stop criterion that ended it.")
    medians: dict[str, Number] = Field(description="Of the last graded iterations.")
    net_quote: Number = Field(description="Of all iterations; null where one has none.")
    volume_quote: Number


class FinishLine(Artifact):
    """FINISH_LINE_REPORT.json: whether a candidate stood its soak."""

    schema_: Literal["pytest-soak/finish-line/1"] = Field(
        "pytest-soak/finish-line/1", alias="schema"
    )
    plan: str
    verdict: _Verdict
    reasons: list[str]
    candidate: str = Field(description="SHA-256 of its parameters and flags.")
    hours: float = Field(description="Asked for.")
    gate: str
    criteria: str
    lanes: list[SoakedLane]
    run: str = Field(description="The folder of the run, below that of the release.")
