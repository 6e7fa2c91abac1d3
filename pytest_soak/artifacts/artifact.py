"""What every artifact has."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Number = float | None


def as_text(of: type[StrEnum]) -> BeforeValidator:
    """JSON has a member as its text, which strict validation alone would refuse."""

    def member(given: Any) -> StrEnum:
        if given not in list(of):
            raise ValueError(f"one of {', '.join(of)}")
        return of(given)

    return BeforeValidator(member)


class Artifact(BaseModel):
    """A JSON file of a run, or what a command prints."""

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
        json_schema_serialization_defaults_required=True,
        allow_inf_nan=False,
    )

    source: str = Field(description="The target that was soaked.")
    meta: dict[str, Any] = Field(description="Times, versions, host: all that may differ.")

    def data(self) -> dict[str, Any]:
        """The artifact as JSON data."""
        return self.model_dump(mode="json", by_alias=True)
