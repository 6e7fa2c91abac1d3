"""What a rotation does, decided from a listing alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import PurePosixPath

from pytest_soak.artifacts.names import (
    LATEST,
    PRODUCTION_SNAPSHOT,
    RUNS,
    iteration_of,
    summary_name,
)
from pytest_soak.storage.archives import GZIP
from pytest_soak.storage.readers import ARCHIVE

FOLDER, LOG, HALF, LEAVING = "rotation", "ROTATION_LOG.jsonl", ".half", ".leaving"
DAY = 86_400


@dataclass(frozen=True, order=True)
class File:
    """A regular file: its path below the artifact root, bytes, and seconds since the epoch."""

    path: PurePosixPath
    size: int
    modified: float


@dataclass(frozen=True)
class Listing:
    """What lies in `latest` and `runs`; `left` says by run why it must be left alone.

    `beside` are the bytes of what else lies in the artifact root.
    """

    files: tuple[File, ...]
    left: Mapping[PurePosixPath, str] = field(default_factory=dict)
    beside: int = 0

    @property
    def size(self) -> int:
        """Bytes of the whole artifact root."""
        return _size(self.files) + self.beside


@dataclass(frozen=True)
class Limits:
    """`ttl` in seconds; `keep` is how many ITER_SUMMARY of a lane stay."""

    ttl: float
    max_bytes: float
    keep: int


@dataclass(frozen=True)
class Action:
    """Files that go: thinned out, or compressed into `target`, which it may replace."""

    kind: str
    path: PurePosixPath
    files: tuple[File, ...]
    target: PurePosixPath | None = None
    replaced: int = 0

    @property
    def size(self) -> int:
        """Bytes on disk before it."""
        return _size(self.files) + self.replaced


REMOVE, COMPRESS, PACK = "remove", "compress", "archive"


def plan_rotation(listing: Listing, now: float, limits: Limits) -> list[Action]:
    """The actions, in order; nothing where a run must be left alone.

    Of each lane the ITER_SUMMARY with the highest numbers stay. Snapshots whose last change is
    longer ago than the TTL are compressed, and earlier runs of which every file is that old.
    """
    sizes = {file.path: file.size for file in listing.files}
    actions: list[Action] = []
    for run, files in _by_run(listing.files).items():
        if run in listing.left:
            continue
        thinned = _thin(files, run, limits.keep)
        gone = {file for action in thinned for file in action.files}
        kept = tuple(file for file in files if file not in gone)
        actions += thinned
        old = [file for file in kept if now - file.modified > limits.ttl]
        if run.parts[0] == RUNS and kept and len(old) == len(kept):
            actions.append(_into(PACK, run, kept, ARCHIVE, sizes))
        else:
            snapshots = [f for f in old if f.path.name == PRODUCTION_SNAPSHOT and _of_lane(f, run)]
            actions += [_into(COMPRESS, f.path, (f,), GZIP, sizes) for f in snapshots]
    return actions


def _by_run(files: Iterable[File]) -> dict[PurePosixPath, list[File]]:
    found: dict[PurePosixPath, list[File]] = {}
    for file in sorted(files):
        depth = {LATEST: 1, RUNS: 2}.get(file.path.parts[0])
        if depth is not None and len(file.path.parts) > depth:
            found.setdefault(PurePosixPath(*file.path.parts[:depth]), []).append(file)
    return found


def _of_lane(file: File, run: PurePosixPath) -> bool:
    """Whether it lies in the run's folder itself, or in that of a lane."""
    return run in (file.path.parent, file.path.parent.parent)


def _thin(files: Sequence[File], run: PurePosixPath, keep: int) -> list[Action]:
    summaries = [f for f in files if iteration_of(f.path.name) and _of_lane(f, run)]
    actions: list[Action] = []
    for folder, group in groupby(summaries, key=lambda file: file.path.parent):
        surplus = tuple(sorted(group, key=_number)[:-keep])
        if surplus:
            path = folder / summary_name(_spans([_number(f) for f in surplus]))
            actions.append(Action(REMOVE, path, surplus))
    return actions


def _into(
    kind: str,
    path: PurePosixPath,
    files: tuple[File, ...],
    suffix: str,
    sizes: Mapping[PurePosixPath, int],
) -> Action:
    target = path.with_name(path.name + suffix)
    return Action(kind, path, files, target, sizes.get(target, 0))


def _number(file: File) -> int:
    number = iteration_of(file.path.name)
    assert number is not None
    return number


def _spans(numbers: Sequence[int]) -> str:
    """Rising numbers as text: `1-4,7`."""
    spans: list[tuple[int, int]] = []
    for number in numbers:
        if spans and spans[-1][1] == number - 1:
            spans[-1] = (spans[-1][0], number)
        else:
            spans.append((number, number))
    return ",".join(f"{a}" if a == b else f"{a}-{b}" for a, b in spans)


def _size(files: Iterable[File]) -> int:
    return sum(file.size for file in files)
