"""What each artifact holds: the one definition, from which the JSON Schemas are made."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from pytest_soak.artifacts.ab_models import AbPlan, AbReport
from pytest_soak.artifacts.artifact import Artifact, Number, as_text
from pytest_soak.artifacts.baseline_models import AgainstBaseline
from pytest_soak.artifacts.budget_models import ShadowReport, StageBudgets
from pytest_soak.artifacts.calib_models import CalibDataset, SpreadFit
from pytest_soak.artifacts.calibration import Calibration
from pytest_soak.artifacts.compare_models import ComparedRuns
from pytest_soak.artifacts.daily_models import DailyReport
from pytest_soak.artifacts.feed_models import FeedFacts, FeedIndex, SpanKpis
from pytest_soak.artifacts.finish_models import FinishLine
from pytest_soak.artifacts.lock_models import GatesStatus, LockedBudgets, LockReport
from pytest_soak.artifacts.recording_models import FeedCheck
from pytest_soak.artifacts.release_models import (
    FlagsRegistry,
    FlagsSnapshot,
    PrepLog,
    ReleaseJudged,
    ReleaseState,
)
from pytest_soak.config.lane_axes import Axes
from pytest_soak.dataset.row import Row
from pytest_soak.engine.plan import GateMode
from pytest_soak.engine.record import Ending
from pytest_soak.gates.engine import Verdict
from pytest_soak.gates.sustained import Transition
from pytest_soak.kpi.curves import Curves
from pytest_soak.observation.feed_schema import FEEDS, line_schema
from pytest_soak.storage.files import write_json
from pytest_soak.tuning.freeze import Lock
from pytest_soak.tuning.guards import Move

_Verdict = Annotated[Verdict, as_text(Verdict)]
_GateMode = Annotated[GateMode, as_text(GateMode)]
_Ending = Annotated[Ending, as_text(Ending)]


class IterationKpis(BaseModel):
    """The KPIs of an iteration by name, and what they were judged as."""

    model_config = ConfigDict(extra="allow", allow_inf_nan=False)
    __pydantic_extra__: dict[str, Number]

    phase: str
    verdict: _Verdict
    verdict_raw: _Verdict
    graded: bool
    verdict_reasons: list[str]
    state_hash: str
    drivers: list[str]
    reasons: dict[str, str] = Field(description="Why a KPI is null.")
    samples: dict[str, int]
    market: str
    mock_mode: str
    mock_seed: int
    oscillation_detected: bool
    velocity_violation: bool
    cooldown_active: bool
    spike_count: int
    gap_events: int


class Tuning(BaseModel):
    """What the tuner suggested after an iteration, and what of it is in force in the next."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    suggested_deltas: dict[str, float]
    deltas: dict[str, float] = Field(description="Applied; 0 where a guard stopped the step.")
    suppressed: dict[str, str]
    rationale: list[str]
    freeze_active: bool
    freeze_reason: str | None
    freeze_from: int | None
    freeze_until: int | None
    signature_hash: str | None
    panicked: bool
    error: str | None


class IterSummary(Artifact):
    """ITER_SUMMARY_<N>.json: one iteration."""

    schema_: Literal["pytest-soak/iter-summary/1"] = Field(
        "pytest-soak/iter-summary/1", alias="schema"
    )
    lane: str
    iteration: int
    summary: IterationKpis
    overrides: dict[str, float]
    sources: dict[str, str]
    flags: dict[str, bool | float] = Field({}, description="The bot's feature flags in force.")
    flags_hash: str | None = Field(None, description="null: the bot declares none.")
    tuning: Tuning
    stops: list[Transition] = Field([], description="Stop criteria that acted, or are over.")
    fired_at: int | None = Field(
        None, description="When one stopped the lane, in us on the target's clock."
    )
    notes: list[str]
    curves: Curves | None = Field(
        None, description="What is kept of the window's events to be drawn; null: it had none."
    )


class GateMetric(BaseModel):
    """A metric beside its thresholds."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    gate: str
    metric: str
    value: Number
    verdict: _Verdict
    fail_unless: str | None
    warn_unless: str | None
    fail_at_once: str | None = Field(None, description="null: nothing fails at once.")
    hold_unless: str | None = Field(None, description="What must hold for it to be decided.")
    reason: str
    no_data: bool


class KpiGate(Artifact):
    """KPI_GATE.json: the newest verdict of the gate."""

    schema_: Literal["pytest-soak/kpi-gate/1"] = Field("pytest-soak/kpi-gate/1", alias="schema")
    lane: str
    gate: str
    mode: _GateMode
    final: bool
    iteration: int
    verdict: _Verdict
    verdict_raw: _Verdict
    note: str
    reasons: list[str]
    metrics: list[GateMetric]


class BlockShare(BaseModel):
    """How often a reason stopped a quote change, and its share of all blocks."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    count: int
    ratio: float


class EdgeReport(Artifact):
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

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    lane: str
    profile: str
    market: str
    seed: int
    variant: str = ""
    flags_hash: str | None = Field(None, description="Of its feature flags; null without any.")
    scenario_hash: str | None = Field(None, description="Of the market; null of a built-in one.")
    gate: str
    verdict: _Verdict | None = Field(description="null: interrupted.")
    verdict_raw: _Verdict | None
    reasons: list[str]
    ending: _Ending
    iterations: int
    planned: int
    counts: dict[str, int]
    ungraded: dict[str, int] = Field({}, description="Those of the counts in the gate's grace.")
    medians: dict[str, Number] = Field(description="Of the last graded iterations.")
    samples: dict[str, int] = Field(description="The fewest of any of them.")
    changed: list[str] = Field(description="Parameters that the tuner or an operator moved.")
    began_with: str = Field("", description="state_hash of the overrides before any was moved.")
    graded: int = Field(0, description="Iterations judged: those with the last overrides.")
    failed: int = Field(0, description="How many of them failed.")
    drifts: dict[str, float] = Field(
        {}, description="KPIs that got worse from iteration to iteration: their slope an iteration."
    )
    drills: list[str] = Field([], description="Trouble made on purpose: it is no evidence.")
    exchange: str | None = Field(
        None, description="The exchange on this machine, and its faults; null without one."
    )
    stopped: Transition | None = Field(None, description="The stop criterion that ended it.")
    deterministic: bool | None = Field(
        None, description="Whether its target calls itself so; null: nobody recorded it."
    )

    @property
    def axes(self) -> Axes:
        """What tells it from the other lanes."""
        return Axes(self.profile, self.market, self.seed, self.variant)


class FinalSummary(Artifact):
    """ITER_SUMMARY_final.json: a lane that ended.

    Its overrides are the last iteration's baseline: without what a warm-up made of it.
    """

    schema_: Literal["pytest-soak/final-summary/1"] = Field(
        "pytest-soak/final-summary/1", alias="schema"
    )
    result: LaneOutcome
    overrides: dict[str, float]
    sources: dict[str, str]


class TunedIteration(Tuning):
    """An entry of TUNING_REPORT."""

    iteration: int
    net_bps: Number


class TuningSummary(BaseModel):
    """Counts over a lane."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    suggested: int
    applied: int
    suppressed: dict[str, int] = Field(description="By guard.")
    frozen_iterations: int
    panics: int
    changed: list[str]


class TuningReport(Artifact):
    """TUNING_REPORT.json: every decision of a lane."""

    schema_: Literal["pytest-soak/tuning-report/1"] = Field(
        "pytest-soak/tuning-report/1", alias="schema"
    )
    lane: str
    tuner: str
    auto_tune: bool
    iterations: list[TunedIteration]
    summary: TuningSummary


class TuningState(Artifact):
    """TUNING_STATE.json: what the control loop carries into the next iteration."""

    schema_: Literal["pytest-soak/tuning-state/1"] = Field(
        "pytest-soak/tuning-state/1", alias="schema"
    )
    lane: str
    iteration: int = Field(description="The last one that ended.")
    tuner: str
    auto_tune: bool
    guards: bool
    baseline: dict[str, float] = Field(description="Of the next iteration, before its phase.")
    sources: dict[str, str]
    moves: list[Move] = Field(description="Decisions that a guard may still look at.")
    lock: Lock | None
    frozen: dict[str, float] | None = Field(description="What a panic goes back to.")
    good: int = Field(description="Good iterations in a row.")
    bad: int = Field(description="Failed iterations in a row.")
    panics: int


class EdgeSentinel(Artifact):
    """EDGE_SENTINEL.json: the newest advice in words."""

    schema_: Literal["pytest-soak/edge-sentinel/1"] = Field(
        "pytest-soak/edge-sentinel/1", alias="schema"
    )
    lane: str
    iteration: int
    drivers: list[str]
    advice: list[str]


class Spread(BaseModel):
    """A KPI over the last graded iterations."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    median: float
    sd: Number
    n: int


class ProductionSnapshot(Artifact):
    """PRODUCTION_SNAPSHOT.json: the overrides that a freeze found good, and what they earned."""

    schema_: Literal["pytest-soak/production-snapshot/1"] = Field(
        "pytest-soak/production-snapshot/1", alias="schema"
    )
    lane: str
    profile: str
    market: str
    seed: int
    iteration: int
    overrides: dict[str, float]
    sources: dict[str, str]
    parameters: list[str] = Field(description="The names in the target's table.")
    run: str | None = Field(None, description="That it was made of; null: the one it lies in.")
    rests_on: int = Field(0, description="Graded iterations with these overrides.")
    kpis: dict[str, Spread] = Field(description="Of the newest of them.")
    signature_hash: str


class RunResult(Artifact):
    """RESULT.json: the session."""

    schema_: Literal["pytest-soak/result/1"] = Field("pytest-soak/result/1", alias="schema")
    status: Literal["running", "finished", "interrupted"]
    verdict: _Verdict | None
    exit_status: int | None
    gate_mode: _GateMode
    settings: dict[str, str]
    lanes: list[LaneOutcome]
    unfinished: list[str]
    baseline: list[AgainstBaseline] = Field([], description="The lanes beside those of a baseline.")


class LanePair(BaseModel):
    """A lane beside the lane of the same id in a reference run."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    lane: str
    iterations: int = Field(description="That both runs still hold.")
    identical: bool = Field(description="Every KPI and override of them, digit by digit.")
    difference: str = Field(description="The first one; empty when identical.")


class KpiDifference(BaseModel):
    """How a KPI differs from the reference: means over the lanes of a profile on a market."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    profile: str
    market: str
    kpi: str
    measure: Literal["median", "hourly"] = Field(
        description="The lane's median of its last graded iterations, or mean of all of them."
    )
    pairs: int = Field(description="Lanes, by seed.")
    before: float
    after: float
    mean: float = Field(description="Of after - before.")
    half_width: Number = Field(description="Of its 95 % interval; null for too few pairs.")
    judged: bool = Field(description="Whether a gate judges the KPI.")


class Comparison(Artifact):
    """COMPARISON.json: a merged run beside a reference run."""

    schema_: Literal["pytest-soak/comparison/1"] = Field("pytest-soak/comparison/1", alias="schema")
    lanes: list[LanePair]
    only_here: list[str]
    only_in_reference: list[str]
    kpis: list[KpiDifference]


ARTIFACTS: dict[str, type[Artifact]] = {
    "iter-summary": IterSummary,
    "final-summary": FinalSummary,
    "kpi-gate": KpiGate,
    "edge-report": EdgeReport,
    "edge-sentinel": EdgeSentinel,
    "tuning-state": TuningState,
    "tuning-report": TuningReport,
    "production-snapshot": ProductionSnapshot,
    "result": RunResult,
    "comparison": Comparison,
    "calibration": Calibration,
    "compared-runs": ComparedRuns,
    "feed-check": FeedCheck,
    "feed-facts": FeedFacts,
    "feed-index": FeedIndex,
    "span-kpis": SpanKpis,
    "ab-report": AbReport,
    "ab-plan": AbPlan,
    "release-state": ReleaseState,
    "flags-snapshot": FlagsSnapshot,
    "prep-log": PrepLog,
    "stage-budgets": StageBudgets,
    "shadow-report": ShadowReport,
    "finish-line": FinishLine,
    "calib": CalibDataset,
    "spread-fit": SpreadFit,
    "locked-budgets": LockedBudgets,
    "daily": DailyReport,
    "baseline-lock": LockReport,
    "ci-gates-status": GatesStatus,
    "flags-registry": FlagsRegistry,
    "release-judged": ReleaseJudged,
}
FEED_LINES = {f"feed-{name}": feed for name, feed in FEEDS.items()}
DATASET_ROW = "dataset-row"
SCHEMAS = (*ARTIFACTS, *FEED_LINES, DATASET_ROW)
"""What has a JSON Schema: artifacts, the lines of each feed, and of a dataset."""


def json_schema(name: str) -> dict[str, Any]:
    """The JSON Schema of an artifact, by the name in its `schema` key, or of lines."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    if name in FEED_LINES:
        return dialect | line_schema(FEED_LINES[name])
    if name == DATASET_ROW:
        return dialect | Row.model_json_schema()
    return dialect | ARTIFACTS[name].model_json_schema(by_alias=True, mode="serialization")


def shipped_schema(name: str) -> str:
    """The text of the schema file in the package."""
    folder = files("pytest_soak.artifacts").joinpath("schemas")
    return folder.joinpath(f"{name}.schema.json").read_text(encoding="utf-8")


def write_schemas(folder: Path) -> None:
    """Write every schema file."""
    for name in SCHEMAS:
        write_json(folder / f"{name}.schema.json", json_schema(name))


if __name__ == "__main__":  # python -m pytest_soak.artifacts.models
    write_schemas(Path(__file__).parent / "schemas")
