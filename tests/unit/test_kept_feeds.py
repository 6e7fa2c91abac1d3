"""The feeds of a lane on the disk: packed, unpacked, damaged, gone on with."""

from __future__ import annotations

import gzip
import hashlib
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


def feeds_of(home: Path, *, packed: bool = True, bots_own: bool = False) -> Feeds:
    files = LaneFiles(home, home, home / "runtime_overrides.json")
    return Feeds(files, LaneIndex("x", "mine"), packed=packed, bots_own=bots_own)


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


MARK = b'{"time_us": %d, "mid": 1, "inventory": 0}\n'
MARKS = ("marks_20250101.jsonl", "marks_20250102.jsonl")


def bots_own(home: Path, *, packed: bool) -> Feeds:
    """The feeds of a bot that has written a mark on each of two days, and something odd."""
    folder = home / "feeds"
    folder.mkdir()
    for day, name in enumerate(MARKS):
        (folder / name).write_bytes(MARK % (NEW_YEAR + day * DAY_US + 7))
    (folder / "notes.txt").touch()
    (folder / "fills_20250102.jsonl").symlink_to(folder / MARKS[0])
    (folder / "acks_20250102.jsonl").mkdir()
    return feeds_of(home, packed=packed, bots_own=True)


def test_what_a_bot_wrote_itself_is_indexed_when_it_has_ended(tmp_path: Path) -> None:
    feeds = bots_own(tmp_path, packed=False)
    before = names(tmp_path)
    path = tmp_path / "feeds" / MARKS[1]
    numbered = b'{"seq": 3, "time_us": %d, "mid": 1, "inventory": 0}\n' % (NEW_YEAR + DAY_US + 9)
    path.write_bytes(path.read_bytes() + numbered + b'broken\n{"time_us"')
    feeds.publish()
    assert names(tmp_path) == before
    feeds.close()
    assert names(tmp_path) == before | {"INDEX.json"}
    found = index(tmp_path)
    assert set(found) == set(MARKS)
    assert found[MARKS[0]] | {"sha256": ""} == {
        "file": MARKS[0],
        "lane": "x",
        "bytes": len(MARK % NEW_YEAR),
        "sha256": "",
        "lines": 1,
        "first_time_us": NEW_YEAR + 7,
        "last_time_us": NEW_YEAR + 7,
        "first_seq": None,
        "last_seq": None,
    }
    entry = found[MARKS[1]]
    assert (entry["lines"], entry["bytes"]) == (2, path.stat().st_size)
    assert (entry["first_seq"], entry["last_seq"]) == (3, 3)
    assert entry["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_what_grows_on_lies_beyond_the_bytes_of_the_index(tmp_path: Path) -> None:
    bots_own(tmp_path, packed=False).close()
    entry, path = index(tmp_path)[MARKS[1]], tmp_path / "feeds" / MARKS[1]
    path.write_bytes(path.read_bytes() + b"more\n")
    known = path.read_bytes()[: entry["bytes"]]
    assert hashlib.sha256(known).hexdigest() == entry["sha256"]


def test_days_of_a_bot_are_packed_when_it_has_ended_and_unpacked_when_it_goes_on(
    tmp_path: Path,
) -> None:
    feeds = bots_own(tmp_path, packed=True)
    whole = (tmp_path / "feeds" / MARKS[0]).read_bytes()
    feeds.publish()
    assert set(MARKS) <= names(tmp_path)
    feeds.close()
    assert {f"{MARKS[0]}.gz", MARKS[1]} <= names(tmp_path)
    assert MARKS[0] not in names(tmp_path)
    assert index(tmp_path)[f"{MARKS[0]}.gz"]["lines"] == 1

    again = feeds_of(tmp_path, bots_own=True)
    again.settle({}, 0)
    assert (tmp_path / "feeds" / MARKS[0]).read_bytes() == whole
    assert names(tmp_path) & {f"{MARKS[0]}.gz", "INDEX.json"} == set()


def test_a_bot_that_packs_its_days_itself_loses_none(tmp_path: Path) -> None:
    feeds = bots_own(tmp_path, packed=True)
    own = tmp_path / "feeds" / f"{MARKS[0]}.gz"
    own.write_bytes(gzip.compress(b"its own\n"))
    for _ in range(2):
        feeds.close()
        assert {own.name, MARKS[0]} <= names(tmp_path)
        assert gzip.decompress(own.read_bytes()) == b"its own\n"
        feeds.settle({}, 0)


def test_a_bot_without_feeds_has_no_index(tmp_path: Path) -> None:
    feeds_of(tmp_path, bots_own=True).close()
    assert list(tmp_path.iterdir()) == []
