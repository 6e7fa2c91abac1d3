"""`pytest-soak config`: what there is to choose from, and what a choice resolves to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from pytest_soak.artifacts.models import SCHEMAS, json_schema
from pytest_soak.commands.user_schemas import USER_FILES, user_schema
from pytest_soak.config.documents import read_document, read_text
from pytest_soak.config.names import Shelf
from pytest_soak.config.overrides import CLI, Layer, Overrides, parse_set, resolve
from pytest_soak.config.parameters import ParameterTable
from pytest_soak.config.presets import load_preset, preset_shelf
from pytest_soak.config.profiles import DEFAULT, load_profile, profile_shelf
from pytest_soak.config.scenarios import BUILT_IN, scenario_shelf
from pytest_soak.errors import SoakUsageError, TargetError, one_line, unknown
from pytest_soak.gates.model import gate_shelf
from pytest_soak.options import OPTIONS
from pytest_soak.targets.abilities import abilities, says_early
from pytest_soak.targets.base import LaneInfo
from pytest_soak.targets.resolve import build, named_factory
from pytest_soak.text import table
from pytest_soak.tuning.tuners import TUNERS

OPTION = next(option for option in OPTIONS if option.name == "target")


def shelves(folder: Path) -> dict[str, Shelf]:
    """Each kind of named file, as seen from a user's folder."""
    return {
        "profile": profile_shelf(folder),
        "preset": preset_shelf(folder),
        "gate": gate_shelf(folder),
        "market": scenario_shelf(folder),
    }


def list_lines(folder: Path) -> list[str]:
    """Every name that an option takes, with its kind, its origin and its description."""
    rows = [("profile", DEFAULT, "shipped", "The defaults of the target's parameter table.")]
    for kind, shelf in shelves(folder).items():
        for name in shelf.names():
            path = shelf.find(name, folder, kind)
            origin = "shipped" if path.parent in shelf.folders[1:] else "yours"
            data = read_document(path).data
            text = data.get("description", "") if isinstance(data, dict) else ""
            rows.append((kind, name, origin, one_line(str(text))))
    mine = scenario_shelf(folder).names()
    rows += [("market", name, "shipped", "") for name in BUILT_IN if name not in mine]
    rows += [("tuner", name, "shipped", "") for name in TUNERS]
    return table(rows)


def show(name: str, folder: Path) -> str:
    """The text of the file behind a name, under its path."""
    for kind, shelf in shelves(folder).items():
        if name in shelf.names():
            path = shelf.find(name, folder, kind)
            return f"# {kind} {path}\n{read_text(path, str(path))}"
    known = [known for shelf in shelves(folder).values() for known in shelf.names()]
    raise SoakUsageError("NAME", unknown("profile, preset, gate or market", name, known))


def explain(
    profile: str, presets: Sequence[str], items: Sequence[str], target: str, folder: Path
) -> Overrides:
    """The overrides of a target under a choice, with the source of each."""
    layers = [Layer(source=CLI, at="--set", values=parse_set(items, "--set"))] if items else []
    shelf = preset_shelf(folder)
    chosen = [load_preset(name, shelf, folder, "--preset") for name in presets]
    loaded = load_profile(profile, profile_shelf(folder), folder, "--profile")
    try:
        return resolve(_table_of(target, loaded.name, folder), loaded, layers, chosen)
    except SoakUsageError as error:
        if target != OPTION.default:
            raise
        remedy = "of a bot with parameters of its own, give --target=module:attr"
        raise SoakUsageError(error.source, f"{error.problem}; {remedy}") from None


def _table_of(target: str, profile: str, folder: Path) -> ParameterTable:
    """The parameters of a target; one whose class does not say them is built, but not started."""
    factory = named_factory(target, "--target", folder)
    if says_early(factory, "parameters"):
        return abilities(factory, target).table
    lane = LaneInfo(f"{profile}-calm-42", profile, "calm", 42)
    try:
        return abilities(build(factory, lane), target).table
    except TargetError as error:
        raise SoakUsageError(f"--target={target}", str(error)) from None


def explain_lines(overrides: Overrides) -> list[str]:
    """One line a parameter: name, value, source; then the notes."""
    rows = [(n, f"{v:.12g}", overrides.sources[n]) for n, v in overrides.values.items()]
    return [*table(rows), *overrides.notes]


def schema_text(name: str) -> str:
    """The JSON Schema of what a user writes, of an artifact or of a feed's lines."""
    if name not in (known := (*USER_FILES, *SCHEMAS)):
        raise SoakUsageError("NAME", unknown("schema", name, known))
    schema = user_schema(name) if name in USER_FILES else json_schema(name)
    return json.dumps(schema, indent=2, sort_keys=True)
