"""What a release makes of the feeds of its soak."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pytest_soak.artifacts.artifact import Artifact, Number, as_text
from pytest_soak.dataset.row import Row
from pytest_soak.gates.engine import Verdict


class CalibDataset(Artifact):
    """calib_*.json: a soak as rows of equal intervals, and whether they can be used."""

    schema_: Literal["pytest-soak/calib/1"] = Field("pytest-soak/calib/1", alias="schema")
    plan: str
    verdict: Annotated[Verdict, as_text(Verdict)]
    reasons: list[str]
    interval_min: int
    intervals: int
    accepted: int
    covered_hours: float
    kpis: dict[str, Number] = Field(description="Of all rows together.")
    accepted_kpis: dict[str, Number] = Field(description="Of those that are accepted.")
    net_quote: Number = Field(description="Of all rows; null where one of them has none.")
    recorded_net_quote: Number = Field(description="Of all iterations of the soak.")
    run: str = Field(description="The folder of the run, below that of the release.")
    rows: list[Row]
