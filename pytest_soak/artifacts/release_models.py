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
