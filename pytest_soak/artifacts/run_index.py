"""The runs of an artifact root, newest first; what was read once is kept in a file beside them.

The file is a cache: without it, or where it cannot be written, every run is read again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from pytest_soak.artifacts.names import LATEST, RESULT, RUNS
from pytest_soak.artifacts.run_cache import Kept, RunCache
from pytest_soak.artifacts.run_row import RUNNING, RunRow, headlines, row_of
from pytest_soak.errors import SoakUsageError, one_line
from pytest_soak.storage.readers import ARCHIVE

Say = Callable[[str], None]


def runs_of(root: Path, say: Say, *, rebuild: bool = False) -> list[RunRow]:
    """Every run in `latest` and `runs`, packed ones too; `say` is told what was wrong with a cache.

    A run that was not read since it changed is read now, one that is under way always.
    Raises SoakUsageError where `root` is no folder that can be listed.
    """
    found = _marks(root)
    if not found:
        return []
    with RunCache(root, say, rebuild=rebuild) as cache:
        known = {path: kept for path, kept in cache.load().items() if path in found}
        rows = {path: _row(root, path, mark, known) for path, mark in found.items()}
        cache.store({path: Kept(found[path], row) for path, row in rows.items()})
    return sorted(rows.values(), key=_age, reverse=True)


def _row(root: Path, path: str, mark: str, known: Mapping[str, Kept]) -> RunRow:
    kept = known.get(path)
    if kept is not None and kept.mark == mark and kept.row.status != RUNNING:
        return kept.row
    return _read(root, path)


def _age(row: RunRow) -> tuple[bool, str, str]:
    return row.path == LATEST, row.started or row.name, row.path


def _marks(root: Path) -> dict[str, str]:
    """By the path of each run, what changes when the run does: of the file that tells of it."""
    try:
        return dict(_found(root))
    except OSError as error:
        why = error.strerror or error
        raise SoakUsageError(str(root), f"expected an artifact folder: {why}; soak first") from None


def _found(root: Path) -> Iterator[tuple[str, str]]:
    entries = {entry.name: entry for entry in os.scandir(root)}
    latest = _mark(root / LATEST / RESULT) if _folder(entries.get(LATEST)) else None
    if latest is not None:
        yield LATEST, latest
    if not _folder(entries.get(RUNS)):
        return
    for entry in os.scandir(root / RUNS):
        if _folder(entry):
            mark, name = _mark(Path(entry.path, RESULT)), entry.name
        elif entry.name.endswith(ARCHIVE) and not (root / RUNS / _stem(entry.name)).is_dir():
            mark, name = _mark(Path(entry.path)), _stem(entry.name)
        else:
            continue
        if mark is not None:
            yield f"{RUNS}/{name}", mark


def _folder(entry: os.DirEntry[str] | None) -> bool:
    return entry is not None and entry.is_dir(follow_symlinks=False)


def _stem(name: str) -> str:
    return name.removesuffix(ARCHIVE)


def _mark(file: Path) -> str | None:
    try:
        status = file.stat(follow_symlinks=False)
    except OSError:
        return None
    return f"{status.st_mtime_ns} {status.st_size} {status.st_ino}"


def _read(root: Path, path: str) -> RunRow:
    """What the run's own file says; that it cannot be read is a row, too."""
    from pytest_soak.artifacts.stored_run import run_in

    try:
        run = run_in(root / path)
    except SoakUsageError as error:
        return RunRow(path, path.rpartition("/")[2], problem=one_line(error.problem))
    row = row_of(path, run.result)
    return row if row.status != RUNNING else _under_way(root / path, row)


def _under_way(run: Path, row: RunRow) -> RunRow:
    """A row of what the lanes have come to so far, as far as their files tell."""
    from pytest_soak.artifacts.so_far import done, newest_medians

    kpis = headlines(newest_medians(run))
    return row._replace(iterations=done(run), kpis=kpis)
