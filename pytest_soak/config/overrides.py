"""Which value of a parameter is in force, and where it comes from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from pytest_soak.config.documents import Document, kind_of, parse_json, read_document
from pytest_soak.config.names import user_path
from pytest_soak.config.parameters import ParameterTable
from pytest_soak.config.presets import Preset
from pytest_soak.config.profiles import Profile
from pytest_soak.errors import SoakUsageError

_NAMED = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
CLI, ENV, DEFAULT, OPERATOR = "cli", "env", "default", "operator"


class Layer(BaseModel):
    """Values from one source; `at` names the option, variable or file for error messages."""

    model_config = ConfigDict(frozen=True)

    source: str
    at: str
    values: dict[str, Any]


class Overrides(BaseModel):
    """The resolved overrides: a value and a source for every parameter of the table."""

    model_config = ConfigDict(frozen=True)

    values: dict[str, float]
    sources: dict[str, str]
    notes: tuple[str, ...] = ()


def resolve(
    table: ParameterTable,
    profile: Profile,
    layers: Iterable[Layer],
    presets: Iterable[Preset] = (),
) -> Overrides:
    """Overrides of a lane: the table's defaults, the profile, `presets` in order, then `layers`.

    What comes later wins. Raises SoakUsageError for an unknown name or a value out of bounds.
    """
    values = table.defaults()
    sources = dict.fromkeys(values, DEFAULT)
    checked = [
        (layer.source, {n: table.check(n, v, layer.at) for n, v in layer.values.items()})
        for layer in layers
    ]
    from_profile, off = profile.values(table)
    notes = [_off_note(profile, off)] if off else []
    values |= from_profile
    sources |= dict.fromkeys(from_profile, f"profile:{profile.name}")
    for preset in presets:
        changed, said = preset.apply(table, values)
        notes += said
        values |= changed
        sources |= dict.fromkeys(changed, f"preset:{preset.name}")
    for source, given in checked:
        values |= given
        sources |= dict.fromkeys(given, source)
    return Overrides(values=values, sources=sources, notes=tuple(notes))


def _off_note(profile: Profile, off: list[str]) -> str:
    return f"profile {profile.name}: off, the target has no {', '.join(off)}"


def parse_set(
    items: Iterable[str], at: str, example: str = "min_interval_ms=80"
) -> dict[str, float]:
    """`KEY=VALUE` items as numbers; SoakUsageError for one that is not."""
    values: dict[str, float] = {}
    for item in items:
        name, equals, text = item.partition("=")
        try:
            if not equals or not name.strip():
                raise ValueError
            values[name.strip()] = float(text)
        except ValueError:
            told = f"{name.strip()}=2.5" if _NAMED.fullmatch(name.strip()) else example
            raise SoakUsageError(at, f"expected KEY=NUMBER, got {item!r}; e.g. {told}") from None
    return values


def parse_overrides_json(document: Document) -> dict[str, Any]:
    """One JSON object of overrides; empty data is no overrides."""
    if not isinstance(document.data, dict):
        document.fail((), f"expected one JSON object of overrides, got {kind_of(document.data)}")
    return dict(document.data)


def overrides_document(text: str, source: str, base: Path) -> Document:
    """The document meant by `--soak-overrides-json`: JSON text, or `@FILE` relative to `base`."""
    if text.startswith("@"):
        return read_document(user_path(text[1:], base, source), f"{source} {text}")
    return parse_json(text, source)


def operator_edits(
    table: ParameterTable,
    written: Sequence[Mapping[str, float]],
    found: Mapping[str, Any],
    source: str,
) -> dict[str, float]:
    """What an operator changed in the runtime file: values of none of those we may have `written`.

    Raises SoakUsageError when the edit cannot be used: an unknown name, a bad value, a lost key.
    """
    lost = [name for name in table if name not in found]
    if lost:
        raise SoakUsageError(source, f"missing parameter {lost[0]!r}; every parameter must stay")
    checked = {name: table.check(name, value, source) for name, value in found.items()}
    return {
        name: value
        for name, value in checked.items()
        if all(value != ours[name] for ours in written)
    }
