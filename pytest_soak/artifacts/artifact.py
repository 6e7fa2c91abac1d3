"""What every artifact has."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

Number = float | None


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
