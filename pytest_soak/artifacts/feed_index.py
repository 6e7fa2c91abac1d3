"""INDEX.json of a lane's feeds: which files there are, and what is in them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_soak.artifacts.build import machine
from pytest_soak.artifacts.feed_models import FeedIndex, IndexedFeed
from pytest_soak.observation.bad_lines import FeedProblem
from pytest_soak.observation.feed_files import PACKED, FeedFile, feed_file
from pytest_soak.observation.feed_rows import DayLines
from pytest_soak.observation.line_batches import Splitter, tabled
from pytest_soak.storage.archives import unpacking
from pytest_soak.storage.files import opened, write_json
from pytest_soak.storage.packing import unpacked

_CHUNK = 2**20


@dataclass
class _File:
    """What is in a file so far."""

    size: int = 0
    lines: int = 0
    times: list[int] = field(default_factory=list)  # the first and the last, if there are any
    seqs: list[int] = field(default_factory=list)
    digest: Any = field(default_factory=hashlib.sha256)

    def add(self, data: bytes, lines: int, times: list[int], seqs: list[int]) -> None:
        self.size += len(data)
        self.lines += lines
        self.times = _ends([*self.times, *times])
        self.seqs = _ends([*self.seqs, *seqs])
        self.digest.update(data)


def _ends(values: list[int]) -> list[int]:
    return [min(values), max(values)] if values else []


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

    def read(self, path: Path) -> list[FeedProblem]:
        """Take in a file that is there, in place of what is known of it; what is wrong with it.

        Raises OSError, or ValueError for a packed one that is damaged.
        """
        name = path.name.removesuffix(PACKED)
        file, lines = feed_file(name), Splitter(name)
        assert file is not None
        self._files.pop(path.name, None)
        known, problems = self._file(name), list[FeedProblem]()
        with opened(path, "rb") as raw, unpacking(), unpacked(raw, path.name) as content:
            while chunk := content.read(_CHUNK):
                problems += _taken(known, file, lines, chunk)
        if path.name.endswith(PACKED):
            self.packed(path)
        return problems + lines.rest()

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
            first_time_us=min(known.times, default=None),
            last_time_us=max(known.times, default=None),
            first_seq=min(known.seqs, default=None),
            last_seq=max(known.seqs, default=None),
        )


def _taken(known: _File, file: FeedFile, lines: Splitter, chunk: bytes) -> list[FeedProblem]:
    """Take the next bytes of a file into what is known of it; what is wrong with its lines."""
    table, problems = tabled(file, lines.split(chunk))
    times, seqs = table["time_us"], table["seq"]
    told = seqs[seqs > 0]
    known.add(chunk, len(times), _ends(times.tolist()), _ends(told.tolist()))
    return problems
