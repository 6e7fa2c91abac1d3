"""INDEX.json of a lane's feeds: which files there are, and what is in them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from pytest_soak.artifacts.build import machine
from pytest_soak.artifacts.feed_models import FeedIndex, IndexedFeed
from pytest_soak.observation.feed_files import PACKED
from pytest_soak.observation.feed_rows import DayLines
from pytest_soak.storage.files import write_json
from pytest_soak.storage.packing import unpacked


@dataclass
class _File:
    """What is in a file so far."""

    size: int = 0
    lines: int = 0
    times: list[int] = field(default_factory=list)  # the first and the last
    seqs: list[int] = field(default_factory=list)
    digest: Any = field(default_factory=hashlib.sha256)

    def add(self, data: bytes, lines: int, times: list[int], seqs: list[int]) -> None:
        self.size += len(data)
        self.lines += lines
        self.times = [min([*self.times, *times]), max([*self.times, *times])]
        self.seqs = [min([*self.seqs, *seqs]), max([*self.seqs, *seqs])]
        self.digest.update(data)


class LaneIndex:
    """Follows what is written to the feeds of a lane, so that its index costs no reading."""

    def __init__(self, lane: str, source: str) -> None:
        self._lane, self._source = lane, source
        self._files: dict[str, _File] = {}

    def add(self, lines: DayLines) -> None:
        """Take in what was appended to a file."""
        times, seqs = [lines.first_time_us, lines.last_time_us], [lines.first_seq, lines.last_seq]
        self._file(lines.file.name).add(lines.data, lines.lines, times, seqs)

    def packed(self, path: Path) -> None:
        """Take in that a file has become `path`, which is packed."""
        known = self._files.pop(path.name.removesuffix(PACKED))
        with path.open("rb") as file:
            known.digest = hashlib.file_digest(file, "sha256")
        known.size = path.stat().st_size
        self._files[path.name] = known

    def unpacked(self, path: Path) -> None:
        """Take in that a packed file is again as it was, `path`."""
        self._files.pop(path.name + PACKED, None)
        self.read(path)

    def read(self, path: Path) -> None:
        """Take in a file that is there, in place of what is known of it.

        Raises ValueError, EOFError or zlib.error for one whose lines are none that a soak wrote.
        """
        self._files.pop(path.name, None)
        known = self._file(path.name.removesuffix(PACKED))
        with path.open("rb") as raw, unpacked(raw, path.name) as file:
            for line in file:
                row = orjson.loads(line)
                known.add(line, 1, [row["time_us"]], [row["seq"]])
        if path.name.endswith(PACKED):
            self.packed(path)

    def write(self, path: Path) -> None:
        """Write the index; raises ArtifactError where that fails."""
        files = [self._entry(name, known) for name, known in sorted(self._files.items())]
        index = FeedIndex(source=self._source, meta=machine(), lane=self._lane, files=files)
        write_json(path, index.data())

    def _file(self, name: str) -> _File:
        return self._files.setdefault(name, _File())

    def _entry(self, name: str, known: _File) -> IndexedFeed:
        return IndexedFeed(
            file=name,
            lane=self._lane,
            bytes=known.size,
            sha256=known.digest.hexdigest(),
            lines=known.lines,
            first_time_us=known.times[0],
            last_time_us=known.times[1],
            first_seq=known.seqs[0],
            last_seq=known.seqs[1],
        )
