"""What cannot be made again from the journal: the events of the target, as JSONL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pytest_soak.artifacts.layout import LaneFiles
from pytest_soak.artifacts.names import AUDIT, FILLS, PIPELINE_TICKS, is_feed
from pytest_soak.canonical import compact
from pytest_soak.errors import SoakUsageError
from pytest_soak.storage.files import append_lines, cut, write_text, writing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_soak.observation.columns import Observation

AUDIT_EVENTS = 1000


class Feeds:
    """`audit.jsonl` of a lane, and with `kept` its fills and pipeline ticks by day.

    Feeds that are the `bots_own` are neither written nor cut.
    """

    def __init__(self, files: LaneFiles, *, kept: bool, bots_own: bool = False) -> None:
        self._files = files
        self._bots_own = bots_own
        self.kept = kept

    def write(self, observation: Any) -> dict[str, int]:
        """Write a window's events; the size in bytes of each feed file that grew."""
        if not hasattr(observation, "blocks"):
            return {}
        self._audit(observation)
        if not self.kept or self._bots_own:
            return {}
        day = f"{datetime.fromtimestamp(observation.start_us / 1e6, UTC):%Y%m%d}"
        sizes = {}
        for name, columns in ((FILLS, observation.fills), (PIPELINE_TICKS, observation.ticks)):
            path = self._files.feed(name, day)
            append_lines(path, _rows(columns))
            sizes[path.name] = path.stat().st_size
        return sizes

    def _audit(self, observation: Observation) -> None:
        blocks = observation.blocks if self.kept else observation.blocks[-AUDIT_EVENTS:]
        lines = _rows(blocks, reason=observation.block_reasons)
        write_text(self._files.artifact(AUDIT), "".join(f"{line}\n" for line in lines))

    def check(self, sizes: Mapping[str, int]) -> None:
        """Raise SoakUsageError for a feed file that has lost some of its bytes."""
        for name, size in sizes.items():
            path = self._files.feeds / name
            found = path.stat().st_size if path.exists() else 0
            if found < size:
                raise SoakUsageError(str(path), f"{found} bytes are left of {size}; start anew")

    def cut(self, sizes: Mapping[str, int]) -> None:
        """Take away what was written after the files had `sizes`."""
        if self._bots_own:
            return
        with writing(self._files.feeds):
            for path in self._files.feeds.glob("*.jsonl"):
                if path.name in sizes:
                    cut(path, sizes[path.name])
                elif is_feed(path.name):
                    path.unlink()


def _rows(columns: NDArray, reason: tuple[str, ...] = ()) -> Iterator[str]:  # type: ignore[type-arg]
    names = columns.dtype.names or ()
    for values in columns.tolist():
        row: dict[str, Any] = {
            name: None if value != value else value
            for name, value in zip(names, values, strict=True)
        }
        if reason:
            row["reason"] = reason[row["reason"]]
        yield compact(row)
