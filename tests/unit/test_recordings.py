"""Recordings are read as they were written, joined where they can be, and refused where not."""

from __future__ import annotations

import gzip
import zipfile
from itertools import pairwise
from pathlib import Path

import pytest
import recordings as r
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_soak.errors import SoakUsageError
from pytest_soak.replay.reading import blocks_of_lines
from pytest_soak.replay.rows import (
    BEST,
    BUY,
    CLEAR,
    DEPTH,
    EXCHANGE,
    GAP,
    LOCAL,
    SELL,
    SNAPSHOT,
    TRADE,
    has,
    kinds,
)
from pytest_soak.replay.sources import feed_name, sources_of
from pytest_soak.replay.told import Told


def test_a_book_begins_with_the_snapshot_that_an_update_joins(tmp_path: Path) -> None:
    lines = [
        r.depth(0, 1, 5, 0, [("99.0", "1")]),
        r.depth(1, 6, 8, 5, [("98.0", "1")]),
        r.snapshot(3, 8, r.BIDS, r.ASKS),
        r.depth(2, 8, 10, 8, [("97.0", "1")]),
        r.depth(4, 11, 12, 10, [("96.0", "1")]),
    ]
    found = r.read(r.write_lines(tmp_path / "a.gz", lines))
    assert r.of_kind(found, DEPTH) == [(98.0, 1.0), (97.0, 1.0), (96.0, 1.0)]
    assert r.of_kind(found, SNAPSHOT) == [(100.0, 5.0), (99.9, 7.0), (100.1, 4.0), (100.2, 9.0)]
    assert found.told.counts["before_snapshot"] == 1
    assert not found.told.counts["gaps"]


def test_updates_that_came_before_the_snapshot_wait_for_it(tmp_path: Path) -> None:
    late = r.snapshot(50, 6, r.BIDS, r.ASKS)
    lines = [
        r.depth(0, 1, 5, 0),
        r.depth(20, 6, 9, 5, [("97.0", "1")]),
        late,
        r.depth(60, 10, 11, 9),
    ]
    rows = r.rows_of(r.read(r.write_lines(tmp_path / "a.gz", lines)))
    update = rows[(kinds(rows) == DEPTH) & has(rows, LOCAL)]
    assert update["local_ts"].tolist() == rows[kinds(rows) == CLEAR]["local_ts"].tolist()


def test_a_gap_ends_the_book_until_the_next_snapshot(tmp_path: Path) -> None:
    lines = [
        *r.stream(1),
        r.depth(2000, 900, 901, 899, [("95.0", "1")]),
        r.trade(2010, 21, "100.0", "1"),
        r.snapshot(2020, 901, r.BIDS, r.ASKS),
        r.depth(2030, 901, 903, 901, [("94.0", "1")]),
    ]
    found = r.read(r.write_lines(tmp_path / "a.gz", lines))
    rows = r.rows_of(found)
    tail = kinds(rows)[kinds(rows).tolist().index(GAP) :].tolist()
    assert tail[:3] == [GAP, CLEAR, TRADE]
    assert tail[3:] == [CLEAR, SNAPSHOT, SNAPSHOT, SNAPSHOT, SNAPSHOT, DEPTH, DEPTH]
    assert found.told.counts["gaps"] == 1


@pytest.mark.parametrize(
    ("second", "gaps", "depths"), [((13, 14), 0, 2), ((14, 15), 1, 1), ((11, 12), 0, 1)]
)
def test_spot_numbers_follow_each_other(
    tmp_path: Path, second: tuple[int, int], gaps: int, depths: int
) -> None:
    lines = [
        r.snapshot(0, 10, r.BIDS, r.ASKS),
        r.depth(4, 9, 12, None, [("97.0", "1")]),
        r.depth(8, *second, None, [("96.0", "1")]),
    ]
    found = r.read(r.write_lines(tmp_path / "a.gz", lines))
    assert found.told.venue == "binance-spot"
    assert found.told.counts["gaps"] == gaps
    assert len(r.of_kind(found, DEPTH)) == depths
    assert found.told.counts["duplicates"] == (second == (11, 12))


def test_trades_that_are_not_the_markets_and_doubles_are_left_out_and_counted(
    tmp_path: Path,
) -> None:
    lines = [
        r.trade(0, 1, "100.0", "1"),
        r.trade(1, 2, "100.0", "2", kind="INSURANCE_FUND"),
        r.trade(2, 3, "100.0", "3", sold=True),
        r.trade(2, 3, "100.0", "3", sold=True),
        r.trade(3, 7, "100.0", "4"),
    ]
    found = r.read(r.write_lines(tmp_path / "a.gz", lines))
    rows = r.rows_of(found)
    assert rows["qty"].tolist() == [1.0, 3.0, 4.0]
    assert has(rows, BUY).tolist() == [True, False, True]
    counts = found.told.counts
    assert [counts[name] for name in ("skipped_trades", "duplicates", "missing_trades")] == [
        1,
        1,
        3,
    ]


def test_several_symbols_need_a_choice(tmp_path: Path) -> None:
    lines = [
        r.trade(0, 1, "100.0", "1"),
        r.trade(1, 5, "3000.0", "2", symbol="ETHUSDT"),
        r.snapshot(2, 10, r.BIDS, r.ASKS),
        r.depth(4, 10, 12, 10, [("97.0", "1")]),
    ]
    path = r.write_lines(tmp_path / "a.gz", lines)
    with pytest.raises(SoakUsageError, match=r"BTCUSDT \(2\), ETHUSDT \(1\); choose one with --sy"):
        r.read(path)
    assert [price for price, _ in r.of_kind(r.read(path, symbol="ETHUSDT"), TRADE)] == [3000.0]
    chosen = r.read(path, symbol="BTCUSDT")
    assert len(r.of_kind(chosen, SNAPSHOT)) == 4
    assert not r.of_kind(r.read(path, symbol="ETHUSDT"), SNAPSHOT)
    with pytest.raises(SoakUsageError, match=r"--symbol: 'XRP' is not in a.gz, which has BTC"):
        r.read(path, symbol="XRP")


def test_a_clock_that_is_off_is_moved_by_its_floor(tmp_path: Path) -> None:
    lines = [r.trade(100 * n, n, "1.0", "1", lag_ms=-1270 + n % 3) for n in range(1, 9)]
    path = r.write_lines(tmp_path / "a.gz", lines)
    for base, least in ((None, 0), (7.5, 7_500_000)):
        rows = r.rows_of(r.read(path, base_latency_ms=base))
        assert (rows["local_ts"] - rows["exch_ts"]).min() == least
    assert r.read(path).clock.least == -1_270_000_000
    good = [r.trade(100 * n, n, "1.0", "1", lag_ms=3 + n) for n in range(1, 9)]
    assert r.read(r.write_lines(tmp_path / "b.gz", good)).clock.shift == 0


def test_rows_that_count_twice_keep_both_times(tmp_path: Path) -> None:
    lines = [
        r.trade(100, 1, "1.0", "1", lag_ms=-900),
        r.trade(50, 2, "2.0", "1", lag_ms=-800),
        r.trade(120, 3, "3.0", "1", lag_ms=-870),
    ]
    rows = r.rows_of(r.read(r.write_lines(tmp_path / "a.gz", lines)))
    assert len(rows) == 4
    taken = {float(row["px"]): int(row["local_ts"] - row["exch_ts"]) for row in rows}
    assert taken == {1.0: 0, 2.0: 100_000_000, 3.0: 30_000_000}


def test_a_torn_end_is_told_and_costs_one_line(tmp_path: Path) -> None:
    lines = r.stream(1)
    whole = r.read(r.write_lines(tmp_path / "a.gz", lines))
    torn = r.read(r.write_lines(tmp_path / "b.txt", [*lines, lines[-1][:60]], end=""))
    assert r.rows_of(torn).tolist() == r.rows_of(whole).tolist()
    assert torn.told.remarks == [f"b.txt: its last line ({len(lines) + 1}) is torn and left out"]
    kept = r.read(r.write_lines(tmp_path / "c.txt", lines, end=""))
    assert r.rows_of(kept).tolist() == r.rows_of(whole).tolist()


def test_a_packed_file_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    data = gzip.compress("\n".join(r.stream(400)).encode())
    cut = tmp_path / "a.gz"
    cut.write_bytes(data[: len(data) * 2 // 3])
    found = r.read(cut)
    assert len(found.rows) > 5_000
    assert "a.gz: its gzip ends early, as of a recorder that was killed" in found.told.remarks
    cut.write_bytes(data[: len(data) // 2] + b"\xff" * 99 + data[len(data) // 2 :])
    assert any("gzip is damaged" in text for text in r.read(cut).told.remarks)


@pytest.mark.parametrize("spot", [False, True])
def test_the_best_prices_are_a_bid_and_an_ask(tmp_path: Path, spot: bool) -> None:
    lines = [r.ticker(5, ("99.9", "2"), ("100.1", "3"), spot=spot), *r.stream(1)]
    rows = r.rows_of(r.read(r.write_lines(tmp_path / "a.gz", lines)))
    best = rows[kinds(rows) == BEST]
    assert best[["px", "qty"]].tolist() == [(99.9, 2.0), (100.1, 3.0)]
    assert has(best, BUY | LOCAL).tolist() == [True, False]
    assert has(best, SELL | LOCAL).tolist() == [False, True]
    assert has(best, EXCHANGE).tolist() == [not spot, not spot]


def test_blocks_of_lines_leave_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = r.write_lines(tmp_path / "a.txt", r.stream(30))
    whole = r.rows_of(r.read(path)).tolist()
    monkeypatch.setattr("pytest_soak.replay.reading.CHUNK", 1_000)
    for size in (1, 1_001, 7_777):
        monkeypatch.setattr("pytest_soak.replay.reading.BLOCK", size)
        assert r.rows_of(r.read(path)).tolist() == whole


def encrypted(path: Path, name: str, data: bytes) -> Path:
    """A zip whose file says that it needs a password."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, data)
    packed = bytearray(path.read_bytes())
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        packed[packed.index(mark) + flags] |= 1
    path.write_bytes(packed)
    return path


@pytest.mark.parametrize(("name", "member"), [("a.zip", "a.txt"), ("a.npz", "data.npy")])
def test_an_encrypted_zip_is_told_as_that(tmp_path: Path, name: str, member: str) -> None:
    path = encrypted(tmp_path / name, member, "\n".join(r.stream(1)).encode())
    with pytest.raises(SoakUsageError, match=rf"{name}: is an encrypted zip: unpack it with its"):
        r.read(path)


def test_members_of_a_packed_file_follow_each_other(tmp_path: Path) -> None:
    lines = r.stream(2)
    whole = r.read(r.write_lines(tmp_path / "a.gz", lines))
    parts = [gzip.compress(("\n".join(p) + "\n").encode()) for p in (lines[:20], lines[20:])]
    (tmp_path / "b.gz").write_bytes(b"".join(parts) + b"\0" * 64)
    assert r.rows_of(r.read(tmp_path / "b.gz")).tolist() == r.rows_of(whole).tolist()


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("no stamp", r"line 4: expected a time in nanoseconds \(19 digits\), a space, and a JSON"),
        ('1723161256000000000 {"a":', r"line 4: expected a JSON object \("),
        ("1723161256000000000 [1]", r"line 4: expected a time in nanoseconds"),
        (r.trade(1, 9, "NaN", "1"), r"line 4: price: expected a number above 0, got nan"),
        (r.trade(1, 9, "-1", "1"), r"line 4: price: expected a number above 0, got -1"),
        (r.trade(1, 9, "1", "inf"), r"line 4: quantity: expected a number of 0 or more, got inf"),
        (r.trade(1, 9, "1", "ten"), r"line 4: quantity: .* got 'ten'"),
        (r.depth(9, 13, 13, 12, [("1", "2", "3")]), r"line 4: level: expected pairs"),  # type: ignore[list-item]
        (r.trade(1, 9, "1", "1").replace('"m"', '"w"'), r"line 4: has no field 'm'"),
        (r.trade(1, 9, "1", "1").replace('"trade"', '"aggTrade"'), r"line 4: has no field 'a'"),
    ],
)
def test_what_cannot_be_read_is_refused_by_line_and_field(
    tmp_path: Path, line: str, problem: str
) -> None:
    path = r.write_lines(tmp_path / "a.gz", [*r.stream(1)[:3], line, *r.stream(1)[3:]])
    with pytest.raises(SoakUsageError, match=rf"^a.gz, {problem}"):
        r.read(path)


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = r.write_lines(tmp_path / "a.txt", r.stream(1))
    blocks = blocks_of_lines(path, "a.txt", Told())
    next(blocks)
    with path.open("a") as file:
        file.write("x")
    with pytest.raises(SoakUsageError, match=r"a.txt: changed while it was read: wait until"):
        list(blocks)


def test_what_is_no_recording_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "text").write_text("hello, world\n")
    with pytest.raises(SoakUsageError, match="empty: is empty"):
        r.read(tmp_path / "empty")
    with pytest.raises(SoakUsageError, match=r"text: is no recording that is known .*'hello, wor"):
        r.read(tmp_path / "text")
    with pytest.raises(SoakUsageError, match="gone: cannot be read: No such file"):
        r.read(tmp_path / "gone")
    only_updates = r.write_lines(tmp_path / "a.gz", [r.depth(0, 1, 2, 0, [("1", "1")])])
    with pytest.raises(SoakUsageError, match="has no row: no trade and no joined book"):
        r.read(only_updates)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 235), max_size=5, unique=True))
def test_one_file_and_many_come_to_the_same_rows(tmp_path: Path, cuts: list[int]) -> None:
    lines = r.stream()
    whole = r.rows_of(r.read(r.write_lines(tmp_path / "a.gz", lines)))
    edges = [0, *sorted(cuts), len(lines)]
    files = [
        r.write_lines(tmp_path / f"{100 - n}.gz", lines[first:last])
        for n, (first, last) in enumerate(pairwise(edges))
        if first < last
    ]
    assert r.rows_of(r.read(*files)).tobytes() == whole.tobytes()


def test_files_are_found_by_folder_and_pattern(tmp_path: Path) -> None:
    for name in ("b.gz", "a.gz", ".hidden", "c.txt"):
        (tmp_path / name).write_text("")
    assert [s.shown for s in sources_of("*.gz", tmp_path, "x")] == ["a.gz", "b.gz"]
    assert [s.shown for s in sources_of(".", tmp_path, "x")] == ["a.gz", "b.gz", "c.txt"]
    for given_, problem in (
        ("no", "no file no"),
        ("*.csv", r"no file of a feed in \*"),
        ("", "exp"),
    ):
        with pytest.raises(SoakUsageError, match=problem):
            sources_of(given_, tmp_path, "x")
    assert feed_name("a/usdm-2024.08.csv.gz") == "usdm_2024_08"
    assert feed_name("../days/*.gz") == "feed"
