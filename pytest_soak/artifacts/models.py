"""What each artifact holds: the one definition, from which the JSON Schemas are made."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from pytest_soak.artifacts.files import write_json

Number = float | None


class _Artifact(BaseModel):
    model_config = ConfigDict(
        extra="forbid", populate_by_name=True, json_schema_serialization_defaults_required=True
    )

    source: str = Field(description="The target that was soaked.")
    meta: dict[str, Any] = Field(description="Times, versions, host: all that may differ.")

    def data(self) -> dict[str, Any]:
        """The artifact as JSON data."""
        return self.model_dump(mode="json", by_alias=True)


class IterationKpis(BaseModel):
    """The KPIs of an iteration by name, and what they were judged as."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Number]

    phase: str
    verdict: Literal["PASS", "WARN", "FAIL"]
    verdict_raw: Literal["PASS", "WARN", "FAIL"]
    graded: bool
    verdict_reasons: list[str]
    state_hash: str
    drivers: list[str]
    reasons: dict[str, str] = Field(description="Why a KPI is null.")
    samples: dict[str, int]
    market: str
    mock_mode: str
    mock_seed: int
    spike_count: int
    gap_events: int


class IterSummary(_Artifact):
    """ITER_SUMMARY_<N>.json: one iteration."""

    schema_: Literal["pytest-soak/iter-summary/1"] = Field(
        "pytest-soak/iter-summary/1", alias="schema"
    )
    lane: str
    iteration: int
    summary: IterationKpis
    overrides: dict[str, float]
    sources: dict[str, str]
    notes: list[str]


class GateMetric(BaseModel):
    """A metric beside its thresholds."""

    model_config = ConfigDict(extra="forbid")

    gate: str
    metric: str
    value: Number
    verdict: Literal["PASS", "WARN", "FAIL"]
    fail_unless: str | None
    warn_unless: str | None
    reason: str
    no_data: bool


class KpiGate(_Artifact):
    """KPI_GATE.json: the newest verdict of the gate."""

    schema_: Literal["pytest-soak/kpi-gate/1"] = Field("pytest-soak/kpi-gate/1", alias="schema")
    lane: str
    gate: str
    mode: Literal["hard", "soft", "off"]
    final: bool
    iteration: int
    verdict: Literal["PASS", "WARN", "FAIL"]
    verdict_raw: Literal["PASS", "WARN", "FAIL"]
    note: str
    reasons: list[str]
    metrics: list[GateMetric]


class BlockShare(BaseModel):
    """How often a reason stopped a quote change, and its share of all blocks."""

    model_config = ConfigDict(extra="forbid")

    count: int
    ratio: float


class EdgeReport(_Artifact):
    """EDGE_REPORT.json: where the newest iteration's edge came from and went."""

    schema_: Literal["pytest-soak/edge-report/1"] = Field(
        "pytest-soak/edge-report/1", alias="schema"
    )
    lane: str
    iteration: int
    totals: dict[str, Number]
    component_breakdown: dict[str, Number]
    block_reasons: dict[str, BlockShare]
    neg_edge_drivers: list[str]


class LaneOutcome(BaseModel):
    """The verdict on one lane."""

    model_config = ConfigDict(extra="forbid")

    lane: str
    profile: str
    market: str
    seed: int
    gate: str
    verdict: Literal["PASS", "WARN", "FAIL"]
    verdict_raw: Literal["PASS", "WARN", "FAIL"]
    reasons: list[str]
    ending: Literal["completed", "gate", "target", "test", "interrupted"]
    iterations: int
    planned: int
    counts: dict[str, int]
    medians: dict[str, Number] = Field(description="Of the last graded iterations.")


class FinalSummary(_Artifact):
    """ITER_SUMMARY_final.json: a lane that ended."""

    schema_: Literal["pytest-soak/final-summary/1"] = Field(
        "pytest-soak/final-summary/1", alias="schema"
    )
    result: LaneOutcome
    overrides: dict[str, float]
    sources: dict[str, str]


class RunResult(_Artifact):
    """RESULT.json: the session."""

    schema_: Literal["pytest-soak/result/1"] = Field("pytest-soak/result/1", alias="schema")
    status: Literal["running", "finished", "interrupted"]
    verdict: Literal["PASS", "WARN", "FAIL"] | None
    exit_status: int | None
    gate_mode: Literal["hard", "soft", "off"]
    settings: dict[str, str]
    lanes: list[LaneOutcome]
    unfinished: list[str]


ARTIFACTS: dict[str, type[_Artifact]] = {
    "iter-summary": IterSummary,
    "final-summary": FinalSummary,
    "kpi-gate": KpiGate,
    "edge-report": EdgeReport,
    "result": RunResult,
}


def json_schema(name: str) -> dict[str, Any]:
    """The JSON Schema of an artifact, by the name in its `schema` key."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return dialect | ARTIFACTS[name].model_json_schema(by_alias=True, mode="serialization")


def shipped_schema(name: str) -> str:
    """The text of the schema file in the package."""
    folder = files("pytest_soak.artifacts").joinpath("schemas")
    return folder.joinpath(f"{name}.schema.json").read_text(encoding="utf-8")


def write_schemas(folder: Path) -> None:
    """Write the schema file of every artifact."""
    for name in ARTIFACTS:
        write_json(folder / f"{name}.schema.json", json_schema(name))


if __name__ == "__main__":  # python -m pytest_soak.artifacts.models
    write_schemas(Path(__file__).parent / "schemas")
