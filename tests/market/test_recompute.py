"""What the feeds of the reference maker say is what was measured."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from benchmarks.recompute import MARKETS, PROFILES, compare, run
from pytest_soak import soak
from pytest_soak.artifacts.models import json_schema, shipped_schema
from pytest_soak.commands.dataset import Request, dataset
from pytest_soak.kpi.definitions import KPIS
from pytest_soak.kpi.fed_by import FED_BY
from pytest_soak.observation.feed_files import feed_file
from pytest_soak.targets import simulated
from pytest_soak.text import utc_text

BEFORE_MIDNIGHT = 1_735_689_600_000_000 - 270_000_000
"""Four and a half minutes before the year 2025 begins."""
MINUTES = 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lane of three windows whose second one crosses midnight; the first day is packed."""
    folder = tmp_path_factory.mktemp("lane")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulated, "SIMULATED_EPOCH_US", BEFORE_MIDNIGHT)
        soak(
            "sim",
            iterations=3,
            minutes=MINUTES,
            gate_mode="off",
            feeds=True,
            feeds_gzip=True,
            folder=folder,
        )
    return folder / "artifacts/soak/latest"


def lines_of(lane: Path) -> dict[str, list[dict[str, Any]]]:
    """The lines of each file of the feeds."""
    found = {}
    for path in sorted((lane / "feeds").iterdir()):
        if path.name != "INDEX.json":
            data = path.read_bytes()
            text = gzip.decompress(data) if path.suffix == ".gz" else data
            found[path.name] = [json.loads(line) for line in text.splitlines()]
    return found


def test_every_kpi_of_every_profile_and_market_follows_from_the_feeds_also_over_midnight(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulated, "SIMULATED_EPOCH_US", BEFORE_MIDNIGHT)
    lanes = run(PROFILES, MARKETS, 3, MINUTES, tmp_path)
    assert len(lanes) == 12
    for lane, found in lanes.items():
        assert found.compared == 3 * len(KPIS)
        assert found.difference == 0, (lane, found.where)


def test_the_comparison_sees_a_line_that_is_missing(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "feeds").mkdir()
    for path in [*folder.glob("ITER_SUMMARY_?.json"), *folder.glob("feeds/*.jsonl*")]:
        (tmp_path / path.relative_to(folder)).write_bytes(path.read_bytes())
    assert compare(tmp_path).difference == 0
    marks = tmp_path / "feeds/acks_20250101.jsonl"
    marks.write_bytes(b"".join(marks.read_bytes().splitlines(keepends=True)[:-30]))
    assert compare(tmp_path).difference > 0


def test_every_line_is_numbered_and_in_the_file_of_its_own_day(folder: Path) -> None:
    found = lines_of(folder)
    assert {name.split("_20")[0] for name in found} == {
        *("fills", "pipeline_ticks", "acks", "blocks", "marks", "orders", "quoting", "ws_lag")
    }
    numbers = sorted((row["seq"], row["time_us"]) for rows in found.values() for row in rows)
    assert [seq for seq, _ in numbers] == list(range(1, len(numbers) + 1))
    assert [time for _, time in numbers] == sorted(time for _, time in numbers)
    for name, rows in found.items():
        file = feed_file(name.removesuffix(".gz"))
        assert file is not None
        assert {row["time_us"] // 86_400_000_000 for row in rows} == {file.day}
    days = {name.partition(".")[0][-8:]: name.endswith(".gz") for name in found}
    assert days == {"20241231": True, "20250101": False}


def test_fills_are_numbered_over_the_lane_and_name_their_orders(folder: Path) -> None:
    fills = [row for name, rows in lines_of(folder).items() if "fills" in name for row in rows]
    assert [row["execution_id"] for row in fills] == list(range(1, len(fills) + 1))
    orders = [row for name, rows in lines_of(folder).items() if "orders" in name for row in rows]
    sent = sum(row.get("sent", 0) for row in orders)
    sides: dict[int, set[int]] = {}
    for row in fills:
        sides.setdefault(row["order_id"], set()).add(row["side"])
    assert 1 < len(sides) <= len(fills)
    assert min(sides) >= 1
    assert max(sides) <= sent
    assert all(len(side) == 1 for side in sides.values())


def test_every_line_is_as_the_shipped_schema_of_its_feed_says(folder: Path) -> None:
    for name, rows in lines_of(folder).items():
        schema = json.loads(shipped_schema(f"feed-{name.split('_20')[0]}"))
        validator = jsonschema.Draft202012Validator(schema)
        for row in rows[:20] + rows[-20:]:
            validator.validate(row)


def test_milliseconds_have_three_decimals(folder: Path) -> None:
    values = [
        value
        for rows in lines_of(folder).values()
        for row in rows
        for name, value in row.items()
        if name.endswith("_ms")
    ]
    assert len(values) > 10_000
    assert all(value == round(value, 3) for value in values)


def test_the_marks_tell_the_account_once_a_second_and_at_both_ends(folder: Path) -> None:
    marks = [row for name, rows in lines_of(folder).items() if "marks" in name for row in rows]
    sampled = [row for row in marks if "boundary" not in row]
    assert len(sampled) == 3 * 60 * MINUTES
    ends = [row for row in marks if row.get("boundary")]
    assert len(ends) == 6
    for number, (opening, closing) in enumerate(zip(ends[::2], ends[1::2], strict=True), 1):
        path = folder / f"ITER_SUMMARY_{number}.json"
        net = json.loads(path.read_text())["summary"]["net_quote"]
        assert closing["time_us"] - opening["time_us"] == MINUTES * 60_000_000
        assert closing["equity_quote"] - opening["equity_quote"] == pytest.approx(net, abs=1e-9)


def test_the_index_says_what_is_in_the_files(folder: Path) -> None:
    index = json.loads((folder / "feeds/INDEX.json").read_text())
    jsonschema.validate(index, json_schema("feed-index"))
    lines = lines_of(folder)
    assert [entry["file"] for entry in index["files"]] == sorted(lines)
    for entry in index["files"]:
        data = (folder / "feeds" / entry["file"]).read_bytes()
        rows = lines[entry["file"]]
        assert entry == {
            "file": entry["file"],
            "lane": "default-calm-42",
            "bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
            "lines": len(rows),
            "first_time_us": rows[0]["time_us"],
            "last_time_us": rows[-1]["time_us"],
            "first_seq": rows[0]["seq"],
            "last_seq": rows[-1]["seq"],
        }


def test_a_packed_day_tells_nothing_of_when_or_how_it_was_packed(folder: Path) -> None:
    for path in (folder / "feeds").glob("*.gz"):
        header = path.read_bytes()[:10]
        assert header[:4] == b"\x1f\x8b\x08\x00"
        assert header[4:8] == bytes(4)


def test_each_kpi_has_its_feed() -> None:
    assert set(FED_BY) == set(KPIS)


def test_the_rows_of_a_dataset_add_up_to_each_iteration(folder: Path, tmp_path: Path) -> None:
    for number in range(1, 4):
        summary = json.loads((folder / f"ITER_SUMMARY_{number}.json").read_text())["summary"]
        begin = BEFORE_MIDNIGHT + (number - 1) * MINUTES * 60_000_000
        rows = dataset_of(folder, begin, tmp_path)
        assert len(rows) == MINUTES + 1  # windows begin half a minute off
        found = sum(row["net_quote"] for row in rows)
        assert found == pytest.approx(summary["net_quote"], abs=1e-9)


def dataset_of(folder: Path, begin_us: int, tmp_path: Path) -> list[dict[str, Any]]:
    """The rows of the window that begins so."""
    begin, end = utc_text(begin_us), utc_text(begin_us + MINUTES * 60_000_000)
    output = tmp_path / "window.jsonl"
    request = Request(folder / "feeds", begin, end, 1, str(output))
    dataset(request, tmp_path, lambda line: None)
    return [json.loads(line) for line in output.read_text().splitlines()]
