"""What cannot be made again from the journal: the events of the target, as JSONL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pytest_soak.artifacts.feed_index import LaneIndex
from pytest_soak.artifacts.layout import LaneFiles
from pytest_soak.artifacts.names import AUDIT, FEED_INDEX
from pytest_soak.canonical import compact
from pytest_soak.errors import ArtifactError, SoakUsageError, one_line
from pytest_soak.observation.columns import Observation
from pytest_soak.observation.feed_files import PACKED, feed_file
from pytest_soak.observation.feed_rows import day_lines
from pytest_soak.storage.files import append_new, cut, sweep, write_text, writing
from pytest_soak.storage.packing import pack, packed_name, unpack, unpacked_size

AUDIT_EVENTS = 1000


class Audit(NamedTuple):
    """All of a window's events that is written where no feeds are kept."""

    blocks: Any
    block_reasons: tuple[str, ...]


def needed(observation: Any, kept: bool) -> Any:
    """What `Feeds.write` needs of a window: less than it is given, unless feeds are `kept`."""
    if kept:
        return observation
    if not hasattr(observation, "blocks"):
        return None
    return Audit(observation.blocks[-AUDIT_EVENTS:], observation.block_reasons)


class Feeds:
    """`audit.jsonl` of a lane, and with `kept` its feeds by UTC day; `packed` once that is over.

    `seq` is the number of the last line. Feeds that are the `bots_own` are left as they are while
    it may have them open: they are indexed, and packed, when its lane is over.
    """

    def __init__(
        self,
        files: LaneFiles,
        index: LaneIndex,
        kept: bool = True,
        packed: bool = False,
        bots_own: bool = False,
    ) -> None:
        self.seq = 0
        self._files = files
        self._index = index
        self._kept = kept and not bots_own
        self._bots_own = bots_own
        self._packed = packed

    def write(self, observation: Any) -> dict[str, int]:
        """Write a window's events; the unpacked size in bytes of each feed file that grew."""
        if not hasattr(observation, "blocks"):
            return {}
        self._audit(observation)
        return dict(self._lines(observation)) if self._kept else {}

    def _lines(self, observation: Observation) -> Iterator[tuple[str, int]]:
        for lines in day_lines(observation, self.seq):
            path = self._files.feed(lines.file.name)
            if packed_name(path).exists():
                self._unpack(path)
            append_new(path, lines.data)
            self._index.add(lines)
            self.seq = max(self.seq, lines.last_seq)
            yield path.name, path.stat().st_size

    def _unpack(self, path: Path) -> None:
        try:
            unpack(path)
        except ValueError as error:
            raise ArtifactError(f"{packed_name(path)}: {error}") from None
        with writing(path):
            self._index.unpacked(path)

    def _audit(self, observation: Observation) -> None:
        blocks = needed(observation, self._kept).blocks
        names, reasons = blocks.dtype.names or (), observation.block_reasons
        rows = (dict(zip(names, row, strict=True)) for row in blocks.tolist())
        lines = (compact(row | {"reason": reasons[row["reason"]]}) for row in rows)
        write_text(self._files.artifact(AUDIT), "".join(f"{line}\n" for line in lines))

    def publish(self) -> None:
        """Pack what is over, and write the index: after the iteration is durable."""
        if self._kept and self._files.feeds.exists():
            self._pack()
            self._index.write(self._files.feed(FEED_INDEX))

    def close(self) -> None:
        """Pack and index what a bot wrote itself, which has ended.

        What is appended all the same lies beyond the bytes that the index names.
        """
        folder = self._files.feeds
        if self._bots_own and folder.exists():
            with writing(folder):
                self._read()
            self._pack()
            self._index.write(self._files.feed(FEED_INDEX))

    def _pack(self) -> None:
        days = {path: file.day for path in self._found() if (file := feed_file(_plain(path)))}
        newest = max(days.values(), default=0)
        for path, day in sorted(days.items()):
            both = packed_name(path) in days
            if self._packed and day < newest and not path.name.endswith(PACKED) and not both:
                self._index.packed(pack(path))

    def check(self, sizes: Mapping[str, int]) -> None:
        """Raise SoakUsageError for a feed file that has lost some of its bytes."""
        for name, size in sizes.items():
            path = self._files.feeds / name
            try:
                found = path.stat().st_size if path.exists() else unpacked_size(path)
            except ValueError as error:
                raise SoakUsageError(str(packed_name(path)), f"{error}; start anew") from None
            if found < size:
                raise SoakUsageError(str(path), f"{found} bytes are left of {size}; start anew")

    def settle(self, sizes: Mapping[str, int], seq: int) -> None:
        """Take away what was written after the files had `sizes`, and go on after line `seq`."""
        self.seq = seq
        folder = self._files.feeds
        if not folder.exists():
            return
        sweep(folder)
        if self._bots_own:
            self._reopen()
            return
        with writing(folder):
            for path in self._found():
                name = _plain(path)
                if name not in sizes or (path.name != name and (folder / name).exists()):
                    path.unlink()
                elif path.name == name:
                    cut(path, sizes[name])
        if self._kept:
            self._read()
            self.publish()

    def _reopen(self) -> None:
        """Make the feeds of a bot ready to be appended to again."""
        with writing(self._files.feeds):
            self._files.feed(FEED_INDEX).unlink(missing_ok=True)
        for path in self._found():
            plain = path.with_name(_plain(path))
            if self._packed and path != plain and not plain.exists():
                self._unpack(plain)

    def _read(self) -> None:
        """Take all files into the index; raise ArtifactError for a bad line that is ours."""
        for path in self._found():
            try:
                problems = self._index.read(path)
            except ValueError as error:
                raise ArtifactError(f"{path}: {error}; restore the file, or start anew") from None
            if problems and not self._bots_own:
                problem = f"a line that no soak wrote ({problems[0]})"
                raise ArtifactError(one_line(f"{path}: {problem}; restore the file, or start anew"))

    def _found(self) -> list[Path]:
        """The files of the feeds, packed or not."""
        found = sorted(path for path in self._files.feeds.iterdir() if feed_file(_plain(path)))
        return [path for path in found if not self._bots_own or _regular(path)]


def _plain(path: Path) -> str:
    """How a file is called when it is not packed."""
    return path.name.removesuffix(PACKED)


def _regular(path: Path) -> bool:
    """Whether a bot has put nothing odd there, like a pipe or a link."""
    return path.is_file() and not path.is_symlink()
