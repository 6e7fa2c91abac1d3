"""Variants: what makes two lanes differ that are alike in all else."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, model_validator

from pytest_soak.config.documents import read_document, validate
from pytest_soak.config.flag_layers import FlagLayer, config_layer
from pytest_soak.config.names import Shelf, shown_path, stem
from pytest_soak.config.overrides import Layer
from pytest_soak.config.profiles import of_snapshot

CONTROL = "control"


class VariantFile(BaseModel):
    """What stands in a variant's file: overrides by parameter, flags by dotted name, or both."""

    model_config = ConfigDict(extra="forbid")

    description: str = ""
    overrides: dict[str, object] = {}
    flags: dict[str, object] = {}

    @model_validator(mode="after")
    def _changes_something(self) -> VariantFile:
        if not self.overrides and not self.flags:
            raise ValueError("`overrides:`, `flags:` or both; with neither it changes nothing")
        return self


class Variant(BaseModel):
    """A named change of a lane: what its `overrides` and `flags` say wins over all other sources.

    The variant `control` changes nothing.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    overrides: Layer | None = None
    flags: FlagLayer | None = None


def variant_shelf(user_folder: Path) -> Shelf:
    """The user's `variants/`."""
    return Shelf("variant", (user_folder / "variants",))


def load_variant(given: str, shelf: Shelf, base: Path, at: str) -> Variant:
    """The variant meant by `given`: a name, or the path of a YAML or JSON file.

    A production snapshot is a variant, too. Raises SoakUsageError for anything wrong with the name
    or the file.
    """
    if given == CONTROL and CONTROL not in shelf.names():
        return Variant(name=CONTROL)
    path = shelf.find(given, base, at)
    document = of_snapshot(read_document(path, shown_path(path, base)))
    read = validate(VariantFile, document)
    name, flags = stem(path), None
    source = f"variant:{name}"
    if read.flags:
        text = config_layer(path, source, document.source)
        flags = text.model_copy(update={"under": "flags"})
    overrides = None
    if read.overrides:
        overrides = Layer(source=source, at=document.source, values=dict(read.overrides))
    return Variant(name=name, overrides=overrides, flags=flags)
