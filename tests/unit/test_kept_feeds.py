"""The feeds of a lane on the disk: packed, unpacked, damaged, gone on with."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from builders import fills, observation, usage_error

from pytest_soak.artifacts.feed_index import LaneIndex
from pytest_soak.artifacts.feeds import Feeds
from pytest_soak.artifacts.layout import LaneFiles
from pytest_soak.errors import ArtifactError
from pytest_soak.observation.columns import Observation
from pytest_soak.observation.feed_files import DAY_US
from pytest_soak.observation.stored_feeds import read_feeds

NEW_YEAR = 1_735_689_600_000_000
FILLS = "fills_20250101.jsonl"


def feeds_of(home: Path, *, packed: bool = True) -> Feeds:
    files = LaneFiles(home, home, home / "runtime_overrides.json")
    return Feeds(files, LaneIndex("x", "mine"), packed=packed)


def window(day: int) -> Observation:
    """An hour of a day, with a fill."""
    start = NEW_YEAR + day * DAY_US
    return observation(start_us=start, fills=fills([(1, True, 99.0, 2.0, 0.1, 100.0, 100.0)]))


def written(home: Path, *days: int, packed: bool = True) -> dict[str, int]:
    """The sizes of the feeds of windows on these days."""
    feeds = feeds_of(home, packed=packed)
    sizes: dict[str, int] = {}
    for day in days:
        sizes |= feeds.write(window(day))
        feeds.publish()
    return sizes


def index(home: Path) -> dict[str, Any]:
    """The entries of the index by file."""
    entries = json.loads((home / "feeds/INDEX.json").read_text())["files"]
    return {entry["file"]: entry for entry in entries}


def names(home: Path) -> set[str]:
    return {path.name for path in (home / "feeds").iterdir()}


def test_a_day_is_packed_when_a_later_one_has_begun(tmp_path: Path) -> None:
    written(tmp_path, 0, 0)
    assert FILLS in names(tmp_path)
    written(tmp_path / "b", 0, 0, 1)
    assert {f"{FILLS}.gz", "fills_20250102.jsonl"} <= names(tmp_path / "b")
    assert FILLS not in names(tmp_path / "b")
    packed = tmp_path / "b/feeds" / f"{FILLS}.gz"
    assert gzip.decompress(packed.read_bytes()) == (tmp_path / "feeds" / FILLS).read_bytes()
    assert index(tmp_path / "b")[packed.name]["lines"] == 2


def test_without_the_option_nothing_is_packed(tmp_path: Path) -> None:
    written(tmp_path, 0, 1, packed=False)
    assert not [name for name in names(tmp_path) if name.endswith(".gz")]


def test_a_bot_whose_clock_goes_back_loses_no_line_of_a_packed_day(tmp_path: Path) -> None:
    written(tmp_path, 0, 1, 0, 2)
    assert f"{FILLS}.gz" in names(tmp_path)
    assert index(tmp_path)[f"{FILLS}.gz"]["lines"] == 2
    stored = read_feeds(tmp_path / "feeds")
    assert len(stored.tables["fills"]["seq"]) == 4
    numbers = [n for table in stored.tables.values() for n in table["seq"].tolist()]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))


def test_a_resumed_lane_goes_on_with_number_and_index(tmp_path: Path) -> None:
    written(tmp_path / "whole", 0, 1, 2)
    sizes = written(tmp_path, 0, 1)
    again = feeds_of(tmp_path)
    again.check(sizes)
    last = max(entry["last_seq"] for entry in index(tmp_path).values())
    again.settle(sizes, last)
    again.write(window(2))
    again.publish()
    assert names(tmp_path) == names(tmp_path / "whole")
    for name in names(tmp_path):
        one, other = ((home / "feeds" / name) for home in (tmp_path, tmp_path / "whole"))
        assert one.read_bytes() == other.read_bytes(), name


def test_a_packed_file_that_is_damaged_or_too_short_is_refused(tmp_path: Path) -> None:
    sizes = written(tmp_path, 0, 1)
    path = tmp_path / "feeds" / f"{FILLS}.gz"
    whole = path.read_bytes()
    path.write_bytes(whole[:-6])
    message = usage_error(lambda: feeds_of(tmp_path).check(sizes))
    assert message.startswith(f"{path}: damaged (")
    assert message.endswith("start anew")
    path.write_bytes(gzip.compress(b"x\n"))
    assert usage_error(lambda: feeds_of(tmp_path).check(sizes)) == (
        f"{tmp_path / 'feeds' / FILLS}: 2 bytes are left of {sizes[FILLS]}; start anew"
    )
    path.unlink()
    assert "0 bytes are left" in usage_error(lambda: feeds_of(tmp_path).check(sizes))


def test_a_packed_day_that_is_damaged_takes_no_more_lines(tmp_path: Path) -> None:
    feeds = feeds_of(tmp_path)
    for day in (0, 1):
        feeds.write(window(day))
        feeds.publish()
    path = tmp_path / "feeds" / f"{FILLS}.gz"
    path.write_bytes(path.read_bytes()[:-6])
    with pytest.raises(ArtifactError, match=r"\.gz: damaged \("):
        feeds.write(window(0))
    assert FILLS not in names(tmp_path)


def test_a_line_that_no_soak_wrote_is_told_when_the_lane_goes_on(tmp_path: Path) -> None:
    sizes = written(tmp_path, 0)
    path = tmp_path / "feeds" / FILLS
    path.write_bytes(b"?" * (sizes[FILLS] - 1) + b"\n")
    with pytest.raises(ArtifactError, match=r"fills_20250101\.jsonl: a line that no soak wrote"):
        feeds_of(tmp_path).settle(sizes, 1)
