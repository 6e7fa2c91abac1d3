"""The files of a feed: one, those of a folder, or those that a pattern fits."""

from __future__ import annotations

from glob import glob, has_magic
from pathlib import Path
from typing import NamedTuple

from pytest_soak.config.names import shown_path, user_path
from pytest_soak.errors import SoakUsageError

LONGEST_STEM = 60


class Source(NamedTuple):
    """A file, and how it is called in what a user reads."""

    path: Path
    shown: str


def sources_of(given: str, base: Path, at: str) -> list[Source]:
    """The files that a user means by a file, folder or pattern, in the order of their names.

    Raises SoakUsageError where there is none, or a file cannot be one of a feed.
    """
    if not given or "\0" in given:
        raise SoakUsageError(at, f"expected a file, folder or pattern of a feed, got {given!r}")
    path = user_path(given, base, at)
    if path.is_dir():
        found = sorted(file for file in path.iterdir() if not file.name.startswith("."))
        found = [file for file in found if file.is_file()]
    elif not path.exists() and has_magic(given):
        found = sorted(Path(file) for file in glob(str(path)) if Path(file).is_file())  # noqa: PTH207
    else:
        found = [path]
    if not found:
        raise SoakUsageError(at, f"there is no file of a feed in {given}")
    for file in found:
        if not file.is_file():
            raise SoakUsageError(at, f"there is no file {shown_path(file, base)}")
    return [Source(file, shown_path(file, base)) for file in found]


def feed_name(given: str) -> str:
    """The name of a feed's lane: the stem of its file, folder or pattern."""
    name = Path(given.rstrip("/")).name
    for end in (".gz", ".zip", *_ENDS):
        name = name.removesuffix(end)
    kept = "".join(c if c.isalnum() and c.isascii() else "_" for c in name)
    return kept.strip("_")[:LONGEST_STEM] or "feed"


_ENDS = (".npz", ".csv", ".txt", ".json", ".jsonl", ".parquet", ".data")
