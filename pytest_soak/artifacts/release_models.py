"""What is said of a release: how its steps stand, and what each of them came to."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from pytest_soak.artifacts.artifact import Artifact

Value = bool | float


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class ReleaseChange(_Part):
    """An input that is not what it was when a step was finished."""

    name: str
    was: str | None = Field(description="Its hash or version then; null: there was none.")
    now: str | None
    line: int | None = Field(description="Of the ledger, on which a step made it so.")


class ReleaseStep(_Part):
    """How a step stands."""

    step: str
    state: str = Field(
        description="pending, ready, running, interrupted, done, failed, held, rolled back, "
        "stale or broken."
    )
    reasons: list[str]
    changed: ReleaseChange | None = Field(description="The first input that differs.")
    verdict: str | None = Field(description="Of its newest event; null: it was not finished.")
    line: int | None = Field(description="Of the ledger, that event's.")
    run: str | None = Field(description="The folder of the run on which the verdict rests.")


class ReleaseState(Artifact):
    """STATE.json: how a release stands, for people and programs to read; no command does."""

    schema_: Literal["pytest-soak/release-state/1"] = Field(
        "pytest-soak/release-state/1", alias="schema"
    )
    plan: str
    steps: list[ReleaseStep]
    done: int = Field(description="How many steps are done.")
    exit_status: int = Field(description="0: all are done, 1: one failed or was rolled back, 3.")
    next: str | None = Field(description="What to do; null: nothing.")


class ConfigFileState(_Part):
    """A configuration file of the bot."""

    path: str
    stored: str = Field(description="Its name in the folder of the snapshot.")
    sha256: str
    mode: str = Field(description="Permissions, octal.")
    size: int


class FlagsSnapshot(Artifact):
    """FEATURE_FLAGS_SNAPSHOT.json: the configuration in use, to which a rollback goes back."""

    schema_: Literal["pytest-soak/flags-snapshot/1"] = Field(
        "pytest-soak/flags-snapshot/1", alias="schema"
    )
    flags: dict[str, Value]
    overrides: dict[str, float]
    config_files: list[ConfigFileState] = Field(description="A later one wins.")
    config_sha256: str = Field(
        description="Of flags, overrides and files: the name of the folder with their bytes."
    )
    rollback: dict[str, Value] = Field(description="The safe value of each flag.")
    versions: dict[str, str]


class PrepCheck(_Part):
    """One thing that must hold before anything is run."""

    what: str
    verdict: Literal["PASS", "FAIL"]
    value: str
    requirement: str
    source: str = Field(description="The file, option or default that the value is from.")


class PrepLog(Artifact):
    """PREP_LOG.json: whether a release can begin."""

    schema_: Literal["pytest-soak/prep-log/1"] = Field("pytest-soak/prep-log/1", alias="schema")
    verdict: Literal["PASS", "FAIL"]
    plan: str
    checks: list[PrepCheck]
    notes: list[str]
    config_sha256: str | None = Field(description="Of the snapshot; null: none was written.")
    versions: dict[str, str]


class RegisteredFlag(_Part):
    """A feature flag: what it is set to, and what its table says of it."""

    value: Value
    source: str = Field(description="Of the value in use.")
    type: str
    default: Value
    bounds: list[float | None]
    unit: str
    owner: str
    effect: str
    moves: dict[str, str] = Field(description="KPIs, and the way they go.")
    measured: str | None = Field(description="What it was seen to do; null: not measured.")
    rollback: Value
    hot: bool


class FlagsRegistry(Artifact):
    """The feature flags of a target, of which docs/FEATURE_FLAGS_REGISTRY.md is made."""

    schema_: Literal["pytest-soak/flags-registry/1"] = Field(
        "pytest-soak/flags-registry/1", alias="schema"
    )
    flags: dict[str, RegisteredFlag]


class JudgedFigure(_Part):
    """A figure beside its limit."""

    what: str
    value: str
    limit: str
    verdict: str


class ReleaseJudged(Artifact):
    """The rules of a step applied to figures in files; no step of a release rests on it."""

    schema_: Literal["pytest-soak/release-judged/1"] = Field(
        "pytest-soak/release-judged/1", alias="schema"
    )
    step: str
    verdict: str
    figures: list[JudgedFigure]
    point_only: bool = Field(description="Without noise: no stage of an A/B accepts it.")
