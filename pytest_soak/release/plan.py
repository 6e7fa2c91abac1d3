"""The plan of a release, release.yaml: all that is chosen before there is data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    WrapValidator,
)

from pytest_soak.canonical import compact
from pytest_soak.config.documents import Document, kind_of, read_document, validate
from pytest_soak.config.schema_hints import Also
from pytest_soak.config.seeds import parse_seeds
from pytest_soak.errors import SoakUsageError
from pytest_soak.gates.expressions import parse
from pytest_soak.options import OPTIONS

PLAN = "release.yaml"
EXAMPLE = "e.g. candidate: {flags: {md_cache.enabled: false}}"
_USUAL = {option.name: option.default for option in OPTIONS}


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _as_list(given: object) -> object:
    return given if isinstance(given, list | tuple) else [given]


def _as_text(given: object) -> object:
    is_number = isinstance(given, int) and not isinstance(given, bool)
    return str(given) if is_number else given


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("a name")
    return text


Name = Annotated[str, AfterValidator(_not_blank)]
Names = Annotated[list[Name], BeforeValidator(_as_list), Also("string")]
Items = Annotated[
    list[Annotated[Name, BeforeValidator(_as_text), Also("integer")]],
    BeforeValidator(_as_list),
    Field(min_length=1),
    Also("string"),
    Also("integer"),
]


def _requirement(given: object) -> object:
    if isinstance(given, bool):
        return given
    limits = list(given) if isinstance(given, list | tuple) else [given]
    if not limits or not all(isinstance(limit, str) for limit in limits):
        raise ValueError('true, false or limits, e.g. ["> 0", "<= 9"]')
    for limit in limits:
        parse(limit)
    return limits


Requirement = Annotated[
    bool | list[str], WrapValidator(lambda given, _: _requirement(given)), Also("string")
]
"""What a flag must be: a switch's position, or limits that all hold of a number."""


class Hours(_Data):
    """How long the soak is, and each stage of the A/B, on the target's clock."""

    soak: Annotated[float, Field(ge=1, le=72)] = 24.0
    ab: Annotated[float, Field(ge=0.5, le=120)] = 24.0


class StepGates(_Data):
    """The gate by which a step is judged."""

    shadow: Name = "shadow"
    soak: Name = "soak"


class _Change(_Data):
    profile: Name | None = None
    overrides: dict[str, object] = {}
    flags: dict[str, object] = {}


Configuration = Annotated[
    object, WithJsonSchema({"anyOf": [{"type": ["string", "null"]}, _Change.model_json_schema()]})
]
"""A name, or what is changed; which it is, is seen when it is read."""


class PlanFile(_Data):
    """What stands in release.yaml: all that is chosen before there is data."""

    model_config = ConfigDict(json_schema_extra={"required": ["candidate"]})

    candidate: Configuration = None
    control: Configuration = None
    target: Name = _USUAL["target"]
    profile: Name = _USUAL["profile"]
    market: Name = _USUAL["market"]
    seeds: Items = ["1..8"]
    config: Names = []
    config_override: Names = []
    hours: Hours = Hours()
    require: dict[str, Requirement] | None = None
    gates: StepGates = StepGates()
    stop: Name = "stop"
    max_age_hours: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    restart_cmd: Name | None = None


@dataclass(frozen=True)
class Change:
    """A configuration as the plan writes it out: what differs from the one before.

    `overrides` and `flags` are what is under these keys, `at` is where the change stands.
    """

    profile: str | None
    overrides: Document
    flags: Document
    at: str


@dataclass(frozen=True)
class Plan:
    """A plan as read.

    `candidate` and `control` are written out, or names of a profile, preset, variant or file;
    without a `control` that is the configuration in use. `require` is None where the usual holds.
    `data` is the whole of it as JSON data, defaults filled in. `typed` has the options that stand
    in place of keys.
    """

    source: str
    candidate: str | Change
    control: str | Change | None
    target: str
    profile: str
    market: str
    seeds: tuple[int, ...]
    config: tuple[str, ...]
    config_override: tuple[str, ...]
    hours: Hours
    require: Mapping[str, bool | list[str]] | None
    gates: StepGates
    stop: str
    max_age_hours: float | None
    restart_cmd: str | None
    data: Mapping[str, Any]
    typed: Mapping[str, str] = field(default_factory=dict)

    def at(self, key: str) -> str:
        """Where the value of a key is from, for messages."""
        return self.typed.get(key, f"{self.source} {key}")

    def section(self, keys: tuple[str, ...]) -> dict[str, Any]:
        """What it says under `keys`, one in a mapping written as `hours.soak`."""
        return {key: self._under(key) for key in keys}

    def _under(self, key: str) -> Any:
        value: Any = self.data
        for part in key.split("."):
            value = value[part]
        return value


def load_plan(path: Path, source: str, typed: Mapping[str, str] | None = None) -> Plan:
    """The plan in a file, called `source` in messages; `typed` are texts in place of its keys.

    Raises SoakUsageError for a file that cannot be read, an unknown key, and a wrong value.
    """
    if not path.exists():
        problem = f"no such plan; write one with at least a candidate, {EXAMPLE}"
        raise SoakUsageError(source, problem)
    return plan_of(read_document(path, source), typed or {})


OPTIONS_OF = {
    "target": "--target",
    "profile": "--profile",
    "market": "--market",
    "seeds": "--seeds",
}
"""The options of a release's commands that stand in place of keys of the plan."""


def plan_of(document: Document, typed: Mapping[str, str] | None = None) -> Plan:
    """The plan that a document holds; errors as of `load_plan`."""
    typed = typed or {}
    for key, text in typed.items():
        if not text.strip():
            raise SoakUsageError(OPTIONS_OF[key], "expected a name, got nothing")
    if "seeds" in typed:
        parse_seeds(tuple(_parted([typed["seeds"]])), OPTIONS_OF["seeds"])
    if typed and isinstance(document.data, dict):
        document = replace(document, data={**document.data, **typed})
    read = validate(PlanFile, document)
    seeds = parse_seeds(tuple(_parted(read.seeds)), document.at(("seeds",)))
    if len(set(seeds)) < len(seeds):
        document.fail(("seeds",), "seeds: expected each seed once")
    if "candidate" not in read.model_fields_set:
        document.fail((), f"missing key 'candidate'; {EXAMPLE}")
    candidate = _configuration(document, "candidate", read.candidate)
    control = None
    if read.control is not None:
        control = _configuration(document, "control", read.control)
    data = _finite(read.model_dump() | {"seeds": list(seeds)}, document)
    return Plan(
        document.source,
        candidate,
        control,
        read.target,
        read.profile,
        read.market,
        seeds,
        tuple(read.config),
        tuple(read.config_override),
        read.hours,
        read.require,
        read.gates,
        read.stop,
        read.max_age_hours,
        read.restart_cmd,
        data,
        {key: OPTIONS_OF[key] for key in typed},
    )


def _finite(data: dict[str, Any], document: Document) -> dict[str, Any]:
    """`data`, which JSON can have."""
    try:
        return cast(dict[str, Any], json.loads(compact(data)))
    except ValueError:
        document.fail((), "expected finite numbers, got .nan or .inf; write them out")


def _parted(items: list[str]) -> list[str]:
    """Seeds as they are typed, `1, 2` parted at the commas."""
    return [part.strip() for item in items for part in item.split(",")]


def _configuration(document: Document, key: str, given: object) -> str | Change:
    if isinstance(given, str) and given.strip():
        return given
    if not isinstance(given, dict):
        problem = f"expected a name or keys (profile, overrides, flags), got {kind_of(given)}"
        document.fail((key,), f"{key}: {problem}; {EXAMPLE}")
    read = validate(_Change, document, (key,))
    if read.profile is None and not read.overrides and not read.flags:
        document.fail((key,), f"{key}: changes nothing; give profile, overrides or flags")
    overrides, flags = (_part(document, (key, part)) for part in ("overrides", "flags"))
    return Change(read.profile, overrides, flags, document.at((key,)))


def _part(document: Document, where: tuple[str, str]) -> Document:
    """What stands at `where`, as a document of its own."""
    lines = {at[2:]: line for at, line in document.lines.items() if at[:2] == where}
    data = document.data[where[0]].get(where[1], {})
    return Document(document.source, data, lines)
