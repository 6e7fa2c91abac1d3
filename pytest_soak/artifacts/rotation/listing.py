"""What lies in an artifact root."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

from pytest_soak.artifacts.names import LATEST, RESULT, RUN_INDEX, RUNS
from pytest_soak.artifacts.rotation.plan import (
    FOLDER,
    HALF,
    LEAVING,
    File,
    Listing,
)
from pytest_soak.artifacts.stored_run import result_says
from pytest_soak.errors import ArtifactError
from pytest_soak.storage.lock import HOLDER


def list_root(root: Path) -> Listing:
    """The regular files of an artifact root; no symbolic link is followed.

    Raises ArtifactError where the system does not let us look.
    """
    try:
        return _list(root)
    except OSError as error:
        raise ArtifactError(
            f"{error.filename or root}: cannot be listed: {error.strerror or error}"
        ) from error


def _list(root: Path) -> Listing:
    files: list[File] = []
    left: dict[PurePosixPath, str] = {}
    for run in _runs(root):
        for path, status in _walk(root / run):
            below = PurePosixPath(path.relative_to(root).as_posix())
            if stat.S_ISREG(status.st_mode):
                files.append(File(below, status.st_size, status.st_mtime))
            else:
                left[run] = f"{below} is no regular file"
        if run.name == LATEST and _unfinished(root / run):
            left[run] = f"its {RESULT} says that it is running"
    return Listing(tuple(files), left, _beside(root))


def _runs(root: Path) -> list[PurePosixPath]:
    """`latest`, and what is in `runs`: folders and archives."""
    latest = [PurePosixPath(LATEST)] if _is_folder(root / LATEST) else []
    earlier = sorted((root / RUNS).iterdir()) if _is_folder(root / RUNS) else []
    return latest + [PurePosixPath(RUNS, path.name) for path in earlier]


def _beside(root: Path) -> int:
    """The bytes in neither `latest` nor `runs`, without what is there for a moment only."""
    return sum(
        status.st_size
        for top in root.iterdir()
        if top.name not in (LATEST, RUNS, HOLDER) and not top.name.startswith(RUN_INDEX)
        for path, status in _walk(top)
        if stat.S_ISREG(status.st_mode) and not _half_done(path.relative_to(root))
    ) + _index_size(root)


def _index_size(root: Path) -> int:
    """The bytes of the index of runs, which another process may make anew at any time."""
    with suppress(OSError):
        return (root / RUN_INDEX).lstat().st_size
    return 0


def _half_done(below: Path) -> bool:
    return below.parts[:2] in ((FOLDER, HALF), (FOLDER, LEAVING))


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _walk(path: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Everything at and below `path` that is no folder."""
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode):
        yield path, status
        return
    for entry in sorted(path.iterdir()):
        yield from _walk(entry)


def _unfinished(run: Path) -> bool:
    """Whether the run is under way, or was killed and may be resumed.

    A run in `runs` that says so was given up for a newer one.
    """
    return _is_folder(run) and result_says(run, "status") == "running"
