"""Files of a bot's configuration, put back as a snapshot has them: all of them, or none yet."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from pytest_soak.artifacts.release_models import FlagsSnapshot
from pytest_soak.canonical import dumps
from pytest_soak.config.documents import Document, read_document
from pytest_soak.config.flags import put_flags
from pytest_soak.config.names import user_path
from pytest_soak.errors import ArtifactError, SoakUsageError
from pytest_soak.release.choice import Choice
from pytest_soak.release.layout import SNAPSHOT, SNAPSHOTS, snapshot_folder
from pytest_soak.storage.links import link_error
from pytest_soak.storage.readers import read_bytes
from pytest_soak.system import is_link, sync_folder

BEFORE = ".before-rollback"
"""Ends the name of a file that was changed since the snapshot, as it was."""
_STAGED = ".rollback"
_NEW_MODE = 0o644


class Restored(NamedTuple):
    """A file as it is to be: `name` is how the snapshot calls it."""

    name: str
    path: Path
    data: bytes
    mode: int

    @property
    def staged(self) -> Path:
        """Beside its place."""
        return self.path.with_name(f".{self.path.name}{_STAGED}")


def find_snapshot(directory: Path, given: str | None) -> FlagsSnapshot:
    """The snapshot whose hash begins with `given`, by default the newest one.

    Raises SoakUsageError where there is none, several, or one that cannot be read.
    """
    if given is None:
        return _snapshot(directory / SNAPSHOT, "FEATURE_FLAGS_SNAPSHOT.json")
    folders = [p for p in (directory / SNAPSHOTS).glob("*/") if p.name.startswith(given)]
    if len(folders) != 1 or not given:
        count = "none" if not folders else f"{len(folders)} of them"
        raise SoakUsageError("--to", f"{given!r}: expected the hash of one snapshot, found {count}")
    return _snapshot(folders[0] / Path(SNAPSHOT).name, f"--to {given}")


def _snapshot(path: Path, source: str) -> FlagsSnapshot:
    try:
        return FlagsSnapshot.model_validate_json(read_bytes(path))
    except OSError:
        problem = "there is no snapshot to go back to; pytest-soak release prep keeps one"
    except ValueError:
        problem = f"{path} is no snapshot as prep writes it; give another one by --to"
    raise SoakUsageError(source, problem)


def restored(directory: Path, snapshot: FlagsSnapshot, folder: Path) -> list[Restored]:
    """The files of a snapshot with the bytes that it kept; paths are below `folder`.

    Raises SoakUsageError where a byte of them is another one, ArtifactError for a link.
    """
    home = directory / snapshot_folder(snapshot.config_sha256)
    return [
        Restored(
            one.path,
            _plain(user_path(one.path, folder, "snapshot")),
            _kept(home / one.stored, one.sha256),
            int(one.mode, 8),
        )
        for one in snapshot.config_files
    ]


def safe_values(choice: Choice) -> Restored:
    """The file of overrides with every flag at its safe value, and all else that it has.

    Raises SoakUsageError where the flags of the target are not known, or the file cannot be read.
    """
    if "target" in choice.problems:
        raise choice.problems["target"]
    assert choice.bot is not None
    flags = choice.bot.tables.flags
    if not flags:
        raise SoakUsageError("--flags-off", f"{choice.plan.target} declares no `flags`")
    name, path = choice.override
    is_there = _plain(path).exists()
    document = read_document(path, name) if is_there else Document(name, {}, {})
    flags.read(document)
    data = put_flags(document.data or {}, flags.rollbacks())
    text = dumps(data) if path.suffix == ".json" else _yaml(data)
    mode = os.stat(path).st_mode & 0o7777 if is_there else _NEW_MODE  # noqa: PTH116
    return Restored(name, path, text.encode(), mode)


def _yaml(data: Any) -> str:
    text: str = yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
    return text


def _plain(path: Path) -> Path:
    if is_link(path):
        raise link_error(path)
    return path


def _kept(path: Path, digest: str) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        problem = f"cannot be read: {error.strerror or error}; give another one by --to"
        raise SoakUsageError(str(path), problem) from None
    if sha256(data).hexdigest() != digest:
        problem = "is not what prep kept, by its hash; give another snapshot by --to"
        raise SoakUsageError(str(path), problem)
    return data


def changed(files: Sequence[Restored]) -> list[Restored]:
    """The files that are not as they are to be."""
    return [one for one in files if not _is_same(one)]


def _is_same(one: Restored) -> bool:
    try:
        is_as_kept = one.path.read_bytes() == one.data
        return is_as_kept and os.stat(one.path).st_mode & 0o7777 == one.mode  # noqa: PTH116
    except OSError:
        return False


def stage(files: Sequence[Restored]) -> None:
    """Write each file beside its place; ArtifactError where that fails, and nothing is changed."""
    try:
        for one in files:
            one.path.parent.mkdir(parents=True, exist_ok=True)
            with one.staged.open("wb") as file:
                file.write(one.data)
                file.flush()
                os.fsync(file.fileno())
            one.staged.chmod(one.mode)
    except OSError as error:
        for one in files:
            one.staged.unlink(missing_ok=True)
        why = error.strerror or error
        raise ArtifactError(f"{one.path}: cannot be written: {why}; nothing was changed") from None


def put_back(files: Sequence[Restored]) -> None:
    """Put staged files in their places, and keep what was there; ArtifactError where that fails."""
    for one in files:
        try:
            if one.path.exists() and one.path.read_bytes() != one.data:
                shutil.copy2(one.path, one.path.with_name(f"{one.path.name}{BEFORE}"))
            one.staged.replace(one.path)
            sync_folder(one.path.parent)
        except OSError as error:
            problem = f"cannot be put back: {error.strerror or error}"
            remedy = "pytest-soak release rollback goes on"
            raise ArtifactError(f"{one.path}: {problem}; {remedy}") from None
