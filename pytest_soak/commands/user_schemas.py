"""JSON Schemas of what users write, from the models by which it is read.

`python -m pytest_soak.commands.user_schemas` writes them into the package. What a schema refuses a
session refuses too; the other way round there is more that a session checks, such as whether a
limit can be met.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from pytest_soak.config.parameters import Parameter
from pytest_soak.config.presets import PresetFile
from pytest_soak.config.profiles import ProfileFile
from pytest_soak.config.scenarios import ScenarioFile
from pytest_soak.config.variants import VariantFile
from pytest_soak.exchange.chosen import ExchangeFile
from pytest_soak.exchange.faults.schedule import Schedule
from pytest_soak.exchange.instruments import InstrumentsFile
from pytest_soak.gates.criteria import Criteria
from pytest_soak.gates.model import Gate
from pytest_soak.observation.feed_schema import FEEDS
from pytest_soak.observation.line_mapping import FeedMapping
from pytest_soak.release.plan import PlanFile
from pytest_soak.storage.files import write_json

DIALECT = "https://json-schema.org/draft/2020-12/schema"
USER_FILES: dict[str, tuple[str, TypeAdapter[Any]]] = {
    "gate": ("gates/NAME.yaml", TypeAdapter(Gate)),
    "profile": ("profiles/NAME.yaml", TypeAdapter(ProfileFile)),
    "preset": ("profiles/presets/NAME.yaml", TypeAdapter(PresetFile)),
    "variant": ("variants/NAME.yaml", TypeAdapter(VariantFile)),
    "criteria": ("criteria/NAME.yaml", TypeAdapter(Criteria)),
    "market": ("scenarios/NAME.yaml", TypeAdapter(ScenarioFile)),
    "instruments": ("what an exchange trades", TypeAdapter(InstrumentsFile)),
    "exchange": ("an exchange of your own", TypeAdapter(ExchangeFile)),
    "faults": ("faults/NAME.yaml", TypeAdapter(Schedule)),
    "parameters": ("a target's parameter table", TypeAdapter(dict[str, Parameter])),
    "line-mapping": ("how a bot's own logs are read", TypeAdapter(dict[str, FeedMapping])),
    "release-plan": ("release.yaml", TypeAdapter(PlanFile)),
}
"""What users write: where it lies, or what it is, and the type by which it is read."""


def user_schema(name: str) -> dict[str, Any]:
    """The JSON Schema of a kind of file."""
    where, read = USER_FILES[name]
    schema = read.json_schema(by_alias=True, mode="validation")
    if name == "line-mapping":
        schema |= {"propertyNames": {"enum": list(FEEDS)}}
    return {"$schema": DIALECT, **schema, "title": f"{name}: {where}"}


def shipped_user_schema(name: str) -> str:
    """The text of the schema's file in the package."""
    folder = files("pytest_soak.commands").joinpath("schemas")
    return folder.joinpath(f"{name}.schema.json").read_text(encoding="utf-8")


def write_user_schemas(folder: Path) -> None:
    """Write the file of every schema."""
    for name in USER_FILES:
        write_json(folder / f"{name}.schema.json", user_schema(name))


if __name__ == "__main__":
    write_user_schemas(Path(__file__).parent / "schemas")
