"""The files of feeds in a folder, plain or packed, and how the lines of each are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

from pytest_soak.errors import SoakUsageError
from pytest_soak.observation.bad_lines import FeedProblem
from pytest_soak.observation.feed_files import PACKED, FeedFile, day_in, feed_file
from pytest_soak.observation.feed_lines import Day, Table
from pytest_soak.observation.line_batches import Batch, tabled
from pytest_soak.observation.line_mapping import FeedMapping
from pytest_soak.observation.mapped_lines import mapped
from pytest_soak.storage.archives import unpacking
from pytest_soak.storage.files import opened
from pytest_soak.storage.packing import unpacked

UNDATED = -1
_CHUNK = 2**18


class Read(NamedTuple):
    """What lines tell: tables by feed, and what is wrong with lines."""

    tables: Mapping[str, Table]
    problems: list[FeedProblem]


class Source(NamedTuple):
    """A file of feeds: the day of its lines, counted from 1970, or UNDATED."""

    path: Path
    feeds: frozenset[str]
    day: int
    read: Callable[[Batch], Read]

    def chunks(self) -> Iterator[bytes]:
        """Its bytes, unpacked; raises SoakUsageError where it cannot be read."""
        try:
            with opened(self.path, "rb") as raw, unpacking():
                file = unpacked(raw, self.path.name)
                while chunk := file.read(_CHUNK):
                    yield chunk
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise SoakUsageError(str(self.path), f"cannot be read: {why}") from None


def own_sources(folder: Path, spare_us: int) -> list[Source]:
    """The feeds in a folder, by day and feed; raises SoakUsageError where there are none."""
    files = {feed_file(name): path for name, path in _paths(folder).items()}
    found = [
        Source(path, frozenset({file.feed}), file.day, partial(_own, file, spare_us))
        for file, path in files.items()
        if file is not None
    ]
    if not found:
        problem = "has no feeds; expected files like fills_20250101.jsonl, as in latest/feeds"
        raise SoakUsageError(str(folder), problem)
    return sorted(found, key=lambda source: (source.day, *source.feeds))


def mapped_sources(folder: Path, mapping: Mapping[str, FeedMapping], spare_us: int) -> list[Source]:
    """The files in a folder that a mapping is for; those without a day in their name come first.

    Raises SoakUsageError where there are none.
    """
    found = []
    for name, path in _paths(folder).items():
        fits = {feed: how for feed, how in mapping.items() if how.is_for(name)}
        if fits:
            number = day_in(name)
            day = None if number is None else Day(name, number, spare_us)
            read = partial(_mapped, fits, name, day)
            at = UNDATED if number is None else number
            found.append(Source(path, frozenset(fits), at, read))
    if not found:
        wanted = ", ".join(sorted({how.files for how in mapping.values()}))
        raise SoakUsageError(str(folder), f"has no file that the mapping is for: {wanted}")
    return sorted(found, key=lambda source: (source.day, source.path.name))


def _paths(folder: Path) -> dict[str, Path]:
    """The files in a folder by their names when not packed; of a file and its packed form one."""
    try:
        found = sorted(folder.iterdir(), reverse=True)
    except OSError as error:
        problem = f"cannot be read: {error.strerror or error}; give the folder of the feeds"
        raise SoakUsageError(str(folder), problem) from None
    return {path.name.removesuffix(PACKED): path for path in found}


def _own(file: FeedFile, spare_us: int, batch: Batch) -> Read:
    table, problems = tabled(file, batch, spare_us)
    return Read({file.feed: table}, problems)


def _mapped(mapping: Mapping[str, FeedMapping], name: str, day: Day | None, batch: Batch) -> Read:
    tables, bad = mapped(mapping, batch.lines, day)
    return Read(tables, batch.told(name, bad))
