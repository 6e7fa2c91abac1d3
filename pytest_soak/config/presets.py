"""Presets: named changes of overrides, applied to whatever they meet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pytest_soak.config.documents import read_document, validate
from pytest_soak.config.names import Shelf, shipped, shown_path, stem
from pytest_soak.config.parameters import Finite, ParameterTable
from pytest_soak.errors import SoakUsageError, unknown


class Adjustment(BaseModel):
    """What becomes of one parameter: exactly one of `add`, `mul`, `set`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    add: Finite | None = None
    mul: Finite | None = None
    set: Finite | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Adjustment:
        if sum(given is not None for given in (self.add, self.mul, self.set)) != 1:
            raise ValueError("exactly one of add, mul, set")
        return self

    def of(self, value: float) -> float:
        """The changed value, not yet rounded or clamped."""
        if self.set is not None:
            return self.set
        return value + self.add if self.add is not None else value * (self.mul or 0.0)


class WarmupLength(BaseModel):
    """How many iterations a warm-up lasts, and how many it takes to fade out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    iterations: Annotated[int, Field(ge=1)]
    rampdown: Annotated[int, Field(ge=0)]


class PresetFile(BaseModel):
    """What stands in a preset's file: changes of parameters, and how long a warm-up lasts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    description: str = ""
    warmup: WarmupLength | None = None
    changes: Annotated[dict[str, Adjustment], Field(min_length=1)]


class Preset(PresetFile):
    """A named set of changes; one with `warmup` can be given to `--soak-warmup-preset`.

    `lines` says where each parameter of a user's stands, for error messages.
    """

    name: str
    lines: dict[str, str] = {}
    shipped: bool = False

    def apply(
        self, table: ParameterTable, values: Mapping[str, float]
    ) -> tuple[dict[str, float], list[str]]:
        """What the preset makes of `values`: the parameters it changes, and notes.

        Results are rounded and clamped to the bounds, which a note tells. Raises SoakUsageError
        for an unknown parameter in the user's own preset; in a shipped one it is off.
        """
        changed: dict[str, float] = {}
        notes: list[str] = []
        off = [name for name in self.changes if name not in table]
        if off and not self.shipped:
            at = self.lines.get(off[0], f"preset {self.name}")
            raise SoakUsageError(at, unknown("parameter", off[0], table))
        if off:
            notes.append(f"preset {self.name}: off, the target has no {', '.join(off)}")
        for name, change in self.changes.items():
            if name in off:
                continue
            row = table[name]
            wanted = row.round(change.of(values[name]))
            changed[name] = row.clamp(wanted)
            if changed[name] != wanted:
                notes.append(
                    f"preset {self.name}: {name} {wanted:.12g} clamped to {changed[name]:.12g}"
                )
        return changed, notes


def preset_shelf(user_folder: Path) -> Shelf:
    """The user's `profiles/presets/`, then the wheel's."""
    return Shelf("preset", (user_folder / "profiles" / "presets", shipped("profiles") / "presets"))


def load_preset(given: str, shelf: Shelf, base: Path, source: str) -> Preset:
    """The preset meant by `given`, a name or a path relative to `base`; SoakUsageError if none."""
    path = shelf.find(given, base, source)
    document = read_document(path, shown_path(path, base))
    read = validate(PresetFile, document)
    ours = path.parent == shelf.folders[-1]
    lines = {} if ours else {name: document.at(("changes", name)) for name in read.changes}
    return Preset(**dict(read), name=stem(path), lines=lines, shipped=ours)


def load_warmup(given: str, shelf: Shelf, base: Path, source: str) -> Preset:
    """A preset for a warm-up: it must say how long that lasts."""
    preset = load_preset(given, shelf, base, source)
    if preset.warmup is None:
        raise SoakUsageError(
            source, f"preset {given} has no `warmup: {{iterations: N, rampdown: N}}`"
        )
    return preset
