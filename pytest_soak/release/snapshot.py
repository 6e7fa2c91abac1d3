"""The configuration in use, kept with the bytes of its files: what a rollback goes back to."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from pytest_soak.ab.arms import Arm
from pytest_soak.artifacts.release_models import ConfigFileState, FlagsSnapshot
from pytest_soak.canonical import dumps
from pytest_soak.config.flags import FlagTable
from pytest_soak.errors import SoakUsageError
from pytest_soak.release.choice import ConfigFile
from pytest_soak.release.inputs import digest
from pytest_soak.release.layout import SNAPSHOT, snapshot_folder
from pytest_soak.storage.files import write_bytes, write_text
from pytest_soak.storage.links import plain
from pytest_soak.storage.readers import read_bytes

_META = "meta"


class Kept(NamedTuple):
    """A file of the bot's configuration with its bytes."""

    state: ConfigFileState
    data: bytes


def read_files(files: Sequence[ConfigFile]) -> list[Kept]:
    """The bytes of configurations as they are now; SoakUsageError for one that cannot be read."""
    return [_kept(number, file) for number, file in enumerate(files, 1)]


def _kept(number: int, file: ConfigFile) -> Kept:
    try:
        data = file.path.read_bytes()
        mode = stat.S_IMODE(os.stat(file.path).st_mode)  # noqa: PTH116 - a link's is its file's
    except OSError as error:
        raise SoakUsageError(file.name, f"cannot be read: {error.strerror or error}") from None
    state = ConfigFileState(
        path=file.name,
        stored=f"{number}_{file.path.name}",
        sha256=sha256(data).hexdigest(),
        mode=f"{mode:04o}",
        size=len(data),
    )
    return Kept(state, data)


def config_digest(arm: Arm, files: Sequence[Kept]) -> str:
    """What tells a configuration with its files from another one, as hexadecimal digits."""
    return digest([arm.flags, arm.overrides, [file.state.model_dump() for file in files]])


def snapshot_of(
    arm: Arm,
    flags: FlagTable,
    files: Sequence[Kept],
    target: str,
    versions: Mapping[str, str],
    meta: Mapping[str, Any],
) -> FlagsSnapshot:
    """The snapshot of a configuration whose files are `files`."""
    states = [file.state for file in files]
    return FlagsSnapshot(
        source=target,
        flags=arm.flags,
        overrides=arm.overrides,
        config_files=states,
        config_sha256=config_digest(arm, files),
        rollback=flags.rollbacks(),
        versions=dict(versions),
        meta=dict(meta),
    )


def write_snapshot(directory: Path, snapshot: FlagsSnapshot, files: Sequence[Kept]) -> list[str]:
    """Write a snapshot, its files before it; their paths below `directory`.

    Raises ArtifactError where that fails.
    """
    paths = snapshot_paths(snapshot)
    *stored, described, newest = paths
    for path, file in zip(stored, files, strict=True):
        write_bytes(plain(directory, directory / path), file.data, durable=True)
    write_unless_same(directory, described, snapshot.data())
    write_unless_same(directory, newest, snapshot.data())
    return paths


def snapshot_paths(snapshot: FlagsSnapshot) -> list[str]:
    """Where a snapshot is kept: the bytes of its files, then itself beside them, and in front."""
    folder = snapshot_folder(snapshot.config_sha256)
    stored = [f"{folder}/{state.stored}" for state in snapshot.config_files]
    return [*stored, f"{folder}/{Path(SNAPSHOT).name}", SNAPSHOT]


def differences(directory: Path, snapshot: FlagsSnapshot, files: Sequence[ConfigFile]) -> list[str]:
    """Read a snapshot back: what of it is not as it was meant, or not as the files are now."""
    *stored, described, newest = snapshot_paths(snapshot)
    told = []
    for path in (newest, described):
        if _without_meta(_json(directory / path)) != _without_meta(snapshot.data()):
            told.append(f"{path} is not what was written")
    for state, path, file in zip(snapshot.config_files, stored, files, strict=True):
        if _hash(directory / path) != state.sha256:
            told.append(f"{path} is not what was written")
        if _hash(file.path) != state.sha256:
            told.append(f"{state.path} changed meanwhile; run prep again")
    return told


def write_unless_same(directory: Path, path: str, data: dict[str, Any]) -> None:
    """Write JSON, unless what is there differs in `meta` alone, so that its hash stays."""
    place = plain(directory, directory / path)
    if _without_meta(_json(place)) != _without_meta(data):
        write_text(place, dumps(data), durable=True)


def _without_meta(data: Any) -> Any:
    return {k: v for k, v in data.items() if k != _META} if isinstance(data, dict) else None


def _json(path: Path) -> Any:
    """The data of a file; None where there is none, or it is no JSON."""
    try:
        return json.loads(read_bytes(path))
    except (OSError, ValueError, RecursionError):
        return None


def _hash(path: Path) -> str | None:
    try:
        return sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None
