"""The two configurations: A, which is in use, and B, which might be."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from pytest_soak.canonical import compact
from pytest_soak.config.documents import read_document
from pytest_soak.config.flags import FlagTable, Value
from pytest_soak.config.names import SUFFIXES, Shelf, shown_path
from pytest_soak.config.overrides import resolve
from pytest_soak.config.parameters import ParameterTable
from pytest_soak.config.presets import load_preset, preset_shelf
from pytest_soak.config.profiles import DEFAULT, Profile, load_profile, profile_shelf
from pytest_soak.config.variants import load_variant, variant_shelf
from pytest_soak.errors import SoakUsageError, unknown


class Arm(BaseModel):
    """A configuration: each parameter's and each flag's value, and what it is called."""

    model_config = ConfigDict(frozen=True)

    name: str
    overrides: dict[str, float]
    flags: dict[str, Value]

    @property
    def digest(self) -> str:
        """Tells configurations apart, whatever they are called, as hexadecimal digits."""
        values = self.model_dump(mode="json", include={"overrides", "flags"})
        return sha256(compact(values).encode()).hexdigest()

    def changes(self, since: Arm) -> dict[str, tuple[Value, Value]]:
        """What is set to another value than `since` has, each with its value there and here."""
        ours, theirs = ({**arm.overrides, **arm.flags} for arm in (self, since))
        return {n: (theirs[n], value) for n, value in ours.items() if theirs[n] != value}


class Tables(NamedTuple):
    """What can be set of a target."""

    parameters: ParameterTable
    flags: FlagTable

    def base(self) -> Arm:
        """All at their defaults."""
        return Arm(name=DEFAULT, overrides=self.parameters.defaults(), flags=self.flags.defaults())


def load_arm(given: str, base: Arm, tables: Tables, folder: Path, at: str) -> Arm:
    """The configuration meant by `given`: the name of a profile, preset or variant, or a path.

    A profile stands for itself, with the flags of `base`; a preset, a variant, a file of
    `overrides` and `flags` and a production snapshot are changes of `base`. Names are looked for
    from `folder`. Raises SoakUsageError for anything wrong with the name or the file.
    """
    if given.endswith(SUFFIXES):
        return _from_file(given, base, tables, folder, at)
    kinds = (profile_shelf(folder), preset_shelf(folder), variant_shelf(folder))
    shelves = {shelf.kind: shelf for shelf in kinds}
    holding = [kind for kind, shelf in shelves.items() if given in shelf.names()]
    if given == DEFAULT and not holding:
        holding = ["profile"]
    if not holding:
        known = {name for shelf in shelves.values() for name in shelf.names()}
        raise SoakUsageError(at, unknown("profile, preset or variant", given, known))
    if len(holding) > 1:
        problem = f"{given!r} is the name of a {' and a '.join(holding)}; give the file's path"
        raise SoakUsageError(at, problem)
    if holding[0] == "profile":
        return _of_profile(load_profile(given, shelves["profile"], folder, at), base, tables)
    load = _changed_by_preset if holding[0] == "preset" else _changed_by_variant
    return load(given, base, tables, folder, at)


def _from_file(given: str, base: Arm, tables: Tables, folder: Path, at: str) -> Arm:
    path = Shelf("configuration", (folder,)).find(given, folder, at)
    data = read_document(path, shown_path(path, folder)).data
    is_preset = isinstance(data, Mapping) and "changes" in data
    load = _changed_by_preset if is_preset else _changed_by_variant
    return load(given, base, tables, folder, at)


def _of_profile(profile: Profile, base: Arm, tables: Tables) -> Arm:
    values = resolve(tables.parameters, profile, []).values
    return Arm(name=profile.name, overrides=values, flags=base.flags)


def _changed_by_preset(given: str, base: Arm, tables: Tables, folder: Path, at: str) -> Arm:
    preset = load_preset(given, preset_shelf(folder), folder, at)
    changed, _ = preset.apply(tables.parameters, base.overrides)
    return Arm(name=preset.name, overrides={**base.overrides, **changed}, flags=base.flags)


def _changed_by_variant(given: str, base: Arm, tables: Tables, folder: Path, at: str) -> Arm:
    variant = load_variant(given, variant_shelf(folder), folder, at)
    overrides, flags = dict(base.overrides), dict(base.flags)
    if variant.overrides is not None:
        layer = variant.overrides
        check = tables.parameters.check
        overrides |= {name: check(name, value, layer.at) for name, value in layer.values.items()}
    if variant.flags is not None:
        flags |= variant.flags.apply(tables.flags)[0]
        if others := variant.flags.others(tables.flags):
            raise SoakUsageError(variant.flags.at, unknown("flag", others[0], tables.flags))
    return Arm(name=variant.name, overrides=overrides, flags=flags)
