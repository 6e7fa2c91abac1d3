"""Tardis files, Bybit's archives, tables of one's own, and hftbacktest's arrays."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import recordings as r
from recordings import of_kind, read, rows_of

from pytest_soak.errors import SoakUsageError
from pytest_soak.replay.hftbacktest import write_npz
from pytest_soak.replay.rows import BUY, CLEAR, DEPTH, GAP, ROW, SNAPSHOT, TRADE, has, kinds

BOOK = [
    (0, "false", "bid", 98.0, 1.0),
    (10, "true", "bid", 99.5, 2.0),
    (10, "true", "ask", 100.0, 3.0),
    (20, "false", "ask", 100.0, 2.5),
]


def test_tardis_files_begin_with_their_snapshot_and_have_trades_first(tmp_path: Path) -> None:
    book = r.tardis_book(tmp_path / "book.csv.gz", BOOK)
    trades = r.tardis_trades(
        tmp_path / "trades.csv", [(20, "buy", 100.0, 0.5), (30, "unknown", 1.0, 1.0)]
    )
    found = read(book, trades)
    rows = rows_of(found)
    assert kinds(rows).tolist() == [CLEAR, SNAPSHOT, SNAPSHOT, TRADE, DEPTH]
    assert (rows["local_ts"] - rows["exch_ts"]).tolist() == [5_000_000] * 5
    assert found.told.counts["before_snapshot"] == 1
    assert found.told.counts["skipped_trades"] == 1
    assert found.told.venue == "tardis deribit"


def test_whole_books_that_follow_each_other_are_differences(tmp_path: Path) -> None:
    again = [(40, "true", "bid", 99.5, 2.0), (40, "true", "ask", 100.5, 1.0)]
    found = read(r.tardis_book(tmp_path / "book.csv", [*BOOK[1:3], *again]))
    assert of_kind(found, DEPTH) == [(100.0, 0.0), (100.5, 1.0)]
    assert found.told.snapshots_only
    after_updates = read(r.tardis_book(tmp_path / "b.csv", [*BOOK, *again]))
    assert len(of_kind(after_updates, CLEAR)) == 2
    assert not after_updates.told.snapshots_only


def test_bybit_archives_need_to_be_told_the_feed_latency(tmp_path: Path) -> None:
    book = r.bybit_book(
        tmp_path / "b.zip",
        [
            ("delta", 0, 6, [["99.5", "9"]], []),
            ("snapshot", 100, 7, [["99.5", "1"]], [["100.5", "2"]]),
            ("delta", 200, 8, [["99.5", "3"]], []),
            ("delta", 300, 10, [["99.5", "4"]], []),
            ("snapshot", 400, 12, [["99.5", "5"]], []),
        ],
    )
    trades = r.bybit_trades(tmp_path / "t.csv.gz", [(150.25, "Sell", 0.5, 99.5)])
    found = read(book, trades, feed_latency_ms=20.0)
    rows = rows_of(found)
    assert ((rows["local_ts"] - rows["exch_ts"]) == 20_000_000).all()
    wanted = [CLEAR, SNAPSHOT, SNAPSHOT, TRADE, DEPTH, GAP, CLEAR, CLEAR, SNAPSHOT]
    assert kinds(rows).tolist() == wanted
    assert rows["exch_ts"][3] == (r.START_MS * 1000 + 150_200) * 1000
    assert not has(rows[3:4], BUY)[0]
    assert not found.clock.has_receipt
    assert read(book).clock.shift == 0


MAPPING = """
parts:
  - kind: depth
    files: "*book*"
    exchange_time: {column: ts, unit: ms, zone: UTC}
    local_time: {column: got, unit: ms, zone: UTC}
    price: px
    quantity: size
    side: {column: s, buy: [b], sell: [a], of: level}
    snapshot: {column: whole, is: ["1"]}
  - kind: trades
    files: "*trades*"
    exchange_time: {column: ts, unit: ms, zone: UTC}
    local_time: {column: got, unit: ms, zone: UTC}
    price: px
    quantity: size
    side: {column: s, buy: [b], sell: [a], of: maker}
"""


def own_tables(folder: Path) -> tuple[Path, Path, Path]:
    mapping = folder / "mapping.yaml"
    mapping.write_text(MAPPING)
    book = r.write_lines(
        folder / "book.csv", ["ts,got,s,px,size,whole", "10,12,b,99.5,1,1", "10.5,13,a,100,2,0"]
    )
    trades = r.write_lines(folder / "trades.csv", ["ts,got,s,px,size", "20,21,b,99.5,1"])
    return mapping, book, trades


def test_a_mapping_says_units_and_whose_side_it_is(tmp_path: Path) -> None:
    mapping, book, trades = own_tables(tmp_path)
    rows = rows_of(read(book, trades, mapping=mapping))
    assert rows["exch_ts"].tolist() == [10_000_000, 10_000_000, 10_500_000, 20_000_000]
    assert rows["local_ts"].tolist() == [12_000_000, 12_000_000, 13_000_000, 21_000_000]
    assert kinds(rows).tolist() == [CLEAR, SNAPSHOT, DEPTH, TRADE]
    assert has(rows, BUY).tolist() == [False, True, False, False]


def test_parquet_is_read_as_text_is(tmp_path: Path) -> None:
    polars = pytest.importorskip("polars")
    mapping, book, trades = own_tables(tmp_path)
    wanted = rows_of(read(book, trades, mapping=mapping)).tolist()
    for path in (book, trades):
        polars.read_csv(path, infer_schema=False).write_parquet(path.with_suffix(".parquet"))
    files = [path.with_suffix(".parquet") for path in (book, trades)]
    assert rows_of(read(*files, mapping=mapping)).tolist() == wanted
    files[0].write_bytes(files[0].read_bytes()[:-9])
    with pytest.raises(SoakUsageError, match=r"book.parquet: is no whole Parquet file"):
        read(*files, mapping=mapping)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("zone: UTC", "zone: CET", "zone: expected 'UTC'"),
        ("unit: ms", "unit: min", "unit: expected"),
        ("of: level", "of: taker", "side.of: level for depth, taker or maker for trades"),
        ('    snapshot: {column: whole, is: ["1"]}\n', "", "snapshot for depth"),
        ("price: px", "price: pris", "unknown column 'pris'; (known|did)"),
        ('"*trades*"', '"*t.csv"', "trades.csv: fits no `files` of .*mapping.yaml"),
    ],
)
def test_a_mapping_that_cannot_be_meant_is_refused(
    tmp_path: Path, old: str, new: str, problem: str
) -> None:
    mapping, book, trades = own_tables(tmp_path)
    mapping.write_text(MAPPING.replace(old, new))
    with pytest.raises(SoakUsageError, match=problem):
        read(book, trades, mapping=mapping)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("x,y,z,9,false,ask,1.0,1.0", r"line 3: time \(timestamp\): expected a time"),
        ("x,BTC-PERP,9,9,false,ask,nan,1.0", r"line 3: price: expected a number above 0, got nan"),
        ("x,BTC-PERP,9,9,false,ask,1.0,", r"line 3: quantity \(amount\): expected .* got None"),
        ("x,BTC-PERP,9,9,false,ask,1.0,-2", r"line 3: quantity: expected a number of 0 or more"),
        ("x,BTC-PERP,9,9,false,middle,1.0,1", r"line 3: side \(side\): expected one of bid, ask"),
        ("x,ETH,9,9,false,ask,1.0,1", r"several symbols: BTC-PERP \(2\), ETH \(1\); choose one"),
    ],
)
def test_a_cell_that_cannot_be_is_refused_by_line_and_column(
    tmp_path: Path, line: str, problem: str
) -> None:
    path = r.tardis_book(tmp_path / "book.csv", BOOK[1:3])
    lines = path.read_text().splitlines()
    r.write_lines(path, [*lines[:2], line.replace("x,y,z", "x,BTC-PERP,z"), *lines[2:]])
    with pytest.raises(SoakUsageError, match=problem):
        read(path)


def test_a_table_without_its_end_loses_that_line(tmp_path: Path) -> None:
    path = r.tardis_book(tmp_path / "book.csv", BOOK)
    path.write_text(path.read_text().rstrip("\n")[:-2])
    found = read(path)
    assert of_kind(found, DEPTH) == []
    assert found.told.remarks == ["book.csv: its last line (5) has no end and is left out"]


def test_tables_say_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(SoakUsageError, match=r"pip install 'pytest-soak\[feeds\]'"):
        read(r.tardis_book(tmp_path / "book.csv", BOOK))


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    rows = rows_of(read(r.write_lines(tmp_path / "a.gz", r.stream())))
    path = tmp_path / "a.npz"
    with path.open("wb") as file:
        write_npz(file, np.array_split(rows, 3), len(rows))
    assert np.load(path)["data"].tobytes() == rows.tobytes()
    assert rows_of(read(path)).tobytes() == rows.tobytes()
    parts = []
    for number, piece in enumerate(np.array_split(rows, 4)):
        parts.append(tmp_path / f"p{number}.npz")
        np.savez_compressed(parts[-1], data=piece)
    assert rows_of(read(*reversed(parts))).tobytes() == rows.tobytes()


def test_an_array_of_another_shape_or_a_broken_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, data=np.zeros(3))
    with pytest.raises(SoakUsageError, match=r"a.npz: expected rows of ev, exch_ts"):
        read(path)
    np.savez(path, rows=np.zeros(3, ROW))
    with pytest.raises(SoakUsageError, match=r"a.npz: has no data.npy"):
        read(path)
    rows = rows_of(read(r.write_lines(tmp_path / "a.gz", r.stream())))
    np.savez_compressed(path, data=rows)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(SoakUsageError, match=r"a.npz: is no whole .npz"):
        read(path)
    rows["px"][7] = np.nan
    np.savez_compressed(path, data=rows)
    with pytest.raises(SoakUsageError, match=r"a.npz, row 8: px: got nan, which cannot be"):
        read(path)
