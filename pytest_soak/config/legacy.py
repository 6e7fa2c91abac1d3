"""Files of earlier times in an artifact root, and what becomes of them."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import yaml

from pytest_soak.config.documents import kind_of, read_document, show
from pytest_soak.config.names import Shelf
from pytest_soak.config.parameters import reference_table
from pytest_soak.config.profiles import load_profile
from pytest_soak.errors import SoakUsageError, check_words

LEGACY = {
    "steady_safe_overrides.json": "steady_safe",
    "ultra_safe_overrides.json": "ultra_safe",
    "steady_overrides.json": None,
    "applied_profile.json": None,
}
"""The profile that each file becomes, if it does."""

BACKUPS = "legacy"

FALLBACK = "ultra_safe"
"""What a panic reverts to: a parameter that its file lacks must not become riskier."""


@dataclass(frozen=True)
class Migration:
    """A file that moves to `backup`; `text` is written to `profile` unless that is `taken`.

    `completed` are the parameters that the shipped profile gave, `left_out` the keys that hold
    text: a name, a comment.
    """

    file: Path
    backup: Path
    profile: Path | None = None
    taken: bool = False
    text: str = ""
    completed: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def plan_migration(root: Path, shelf: Shelf) -> tuple[list[Migration], list[SoakUsageError]]:
    """What becomes of each legacy file in `root`, and the errors of those that stay in place.

    No profile in the first folder of `shelf`, the user's, is replaced.
    """
    plans: list[Migration] = []
    errors: list[SoakUsageError] = []
    for name in LEGACY:
        if (root / name).is_file():
            try:
                plans.append(_plan(root / name, shelf))
            except SoakUsageError as error:
                errors.append(error)
    return plans, errors


def _plan(file: Path, shelf: Shelf) -> Migration:
    backup, name = _free(file.parent / BACKUPS / file.name), LEGACY[file.name]
    if name is None:
        return Migration(file, backup)
    given, left_out = _overrides(file)
    shipped = _shipped(shelf, name) if name == FALLBACK else {}
    data = {"description": f"Migrated from {file.name}.", "overrides": shipped | given}
    completed = tuple(key for key in shipped if key not in given)
    own = Shelf(shelf.kind, shelf.folders[:1])
    if name in own.names():
        return Migration(file, backup, own.find(name, file.parent, str(file)), taken=True)
    text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
    path = own.folders[0] / f"{name}.yaml"
    return Migration(file, backup, path, text=text, completed=completed, left_out=left_out)


def _shipped(shelf: Shelf, name: str) -> dict[str, object]:
    wheels = Shelf(shelf.kind, shelf.folders[-1:])
    return load_profile(name, wheels, wheels.folders[0], name).overrides


def _overrides(file: Path) -> tuple[dict[str, float], tuple[str, ...]]:
    """The parameters of a legacy file, and its keys that hold text and name no parameter."""
    data = read_document(file).data
    if not isinstance(data, dict):
        raise SoakUsageError(str(file), f"expected one object of overrides, got {kind_of(data)}")
    known = reference_table()
    text = tuple(key for key, value in data.items() if isinstance(value, str) and key not in known)
    data = {key: value for key, value in data.items() if key not in text}
    check_words(data, "parameter", str(file))
    for name, value in data.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            raise SoakUsageError(str(file), f"{name}: expected a number, got {show(value)}")
    return data, text


def _free(wanted: Path) -> Path:
    """`wanted`, or the next name beside it that is not taken."""
    path, copy = wanted, 2
    while path.exists():
        path, copy = wanted.with_name(f"{wanted.stem}-{copy}{wanted.suffix}"), copy + 1
    return path
