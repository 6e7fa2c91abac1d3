"""`pytest-soak runs` and `show`: what lists say, and that their index never makes it wrong."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from builders import usage_error
from finished_runs import outcome, result, write_run
from hypothesis import given
from hypothesis import strategies as st
from runs import summary_of

from pytest_soak.artifacts import run_index
from pytest_soak.artifacts import so_far as so_far_module
from pytest_soak.artifacts.models import FinalSummary
from pytest_soak.artifacts.names import RUN_INDEX
from pytest_soak.artifacts.rotation.listing import list_root
from pytest_soak.artifacts.run_index import runs_of
from pytest_soak.artifacts.run_row import RunRow, asked_of, packed, unpacked
from pytest_soak.artifacts.so_far import so_far
from pytest_soak.artifacts.stored_run import StoredRun, run_in
from pytest_soak.clock import SystemClock
from pytest_soak.commands.rotate import rotate
from pytest_soak.commands.run_place import known_run, reference_place, run_place
from pytest_soak.commands.runs import listed, runs_json, runs_lines
from pytest_soak.commands.show import show_lines
from pytest_soak.report.fitted import Column, painted, table_lines, wrapped
from pytest_soak.storage.files import write_json
from pytest_soak.storage.lock import locked

NEWEST = "20250103T000000Z-00000003"


def run_named(given: str, root: Path, base: Path) -> StoredRun:
    return run_in(run_place(given, root, base))


def meta(day: int) -> dict[str, Any]:
    name = f"2025010{day}T000000Z-0000000{day}"
    return {"run": name, "started": f"2025-01-0{day}T00:00:00+00:00"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three runs: the newest of two lanes, one of which failed."""
    failed = outcome(2, verdict="FAIL", medians={"net_bps": 1.0}, reasons=["net_bps = 1"])
    write_run(tmp_path, result(outcome(1), failed, verdict="FAIL", meta=meta(3)))
    for day in (1, 2):
        home = write_run(tmp_path / f"day{day}", result(outcome(), meta=meta(day)))
        earlier = tmp_path / "runs" / str(meta(day)["run"])
        earlier.parent.mkdir(exist_ok=True)
        (home / "latest").rename(earlier)
        home.rmdir()
    return tmp_path


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of the runs that are read and not taken from the index."""
    found: list[str] = []
    before = run_index._read

    def noted(root: Path, path: str) -> RunRow:
        found.append(path)
        return before(root, path)

    monkeypatch.setattr(run_index, "_read", noted)
    return found


def names(rows: list[RunRow]) -> list[str]:
    return [row.name for row in rows]


def silent(text: str) -> None:
    pytest.fail(f"told {text!r}")


def test_runs_are_listed_newest_first(root: Path) -> None:
    rows = runs_of(root, silent)
    assert names(rows) == [str(meta(day)["run"]) for day in (3, 2, 1)]
    first = rows[0]
    assert (first.path, first.verdict, first.lanes, first.iterations) == ("latest", "FAIL", 2, 12)
    assert first.kpis["net_bps"] == 2.0
    assert first.kpis["risk_ratio"] is None
    assert (first.profiles, first.markets) == (("steady_safe",), ("calm",))


def test_what_was_read_once_is_read_again_only_when_it_changed(root: Path, read: list[str]) -> None:
    runs_of(root, silent)
    assert len(read) == 3
    again = runs_of(root, silent)
    assert len(read) == 3
    changed = root / "runs" / names(again)[1] / "RESULT.json"
    changed.write_text(changed.read_text().replace('"PASS"', '"WARN"'))
    assert [row.verdict for row in runs_of(root, silent)] == ["FAIL", "WARN", "PASS"]
    assert len(read) == 4
    shutil.rmtree(changed.parent)
    assert len(runs_of(root, silent)) == 2
    with sqlite3.connect(root / RUN_INDEX) as index:
        assert index.execute("SELECT count(*) FROM runs").fetchone() == (2,)
    index.close()
    assert len(read) == 4
    assert len(runs_of(root, silent, rebuild=True)) == 2
    assert len(read) == 6


def test_a_run_that_is_renamed_or_packed_is_the_same_run(root: Path) -> None:
    before = runs_of(root, silent)
    (root / "latest").rename(root / "runs" / NEWEST)
    moved = runs_of(root, silent)
    assert [row._replace(path="") for row in moved] == [row._replace(path="") for row in before]
    said: list[str] = []
    assert rotate(root, 0.0, 900.0, 100, said.append, SystemClock(), dry=False) == 0
    assert len(list(root.glob("runs/*.tar.gz"))) == 3
    assert runs_of(root, silent) == moved


def test_a_run_under_way_is_counted_anew_each_time(root: Path) -> None:
    running = result(
        status="running", verdict=None, unfinished=["steady_safe-calm-42"], meta=meta(3)
    )
    shutil.rmtree(root / "latest")
    write_run(root, running)
    for done in (1, 2):
        (root / "latest" / f"ITER_SUMMARY_{done}.json").write_text("{}")
        row = listed(root, silent)[0]
        assert (row.status, row.iterations, row.planned, row.lanes) == ("stopped", done, 6, 1)
    with locked(root):
        assert listed(root, silent)[0].status == "running"


def under_way(root: Path, *, lanes: int = 2) -> Path:
    """A run whose first lane has done 3 of 6 iterations, and whose others have begun."""
    shutil.rmtree(root / "latest")
    ids = [f"safe-calm-{n}" for n in range(1, lanes + 1)]
    write_run(root, result(status="running", verdict=None, unfinished=ids, meta=meta(3)))
    for number, net in ((1, 9.0), (2, 9.0), (3, 2.0)):
        one = summary_of(number, ids[0], kpis={"net_bps": net, "net_quote": 1.0})
        home = root / "latest" / (ids[0] if lanes > 1 else "")
        write_json(home / f"ITER_SUMMARY_{number}.json", one.data())
    return root


def test_a_run_under_way_is_listed_with_the_kpis_of_what_is_done(root: Path) -> None:
    under_way(root)
    row = listed(root, silent)[0]
    assert (row.iterations, row.planned, row.kpis["net_bps"]) == (3, 12, 2.0)
    other = root / "latest/safe-calm-2/ITER_SUMMARY_1.json"
    write_json(other, summary_of(1, "safe-calm-2", kpis={"net_bps": 4.0}).data())
    assert listed(root, silent)[0].kpis["net_bps"] == 3.0
    other.write_text("{")
    row = listed(root, silent)[0]
    assert (row.iterations, row.kpis["net_bps"]) == (4, 2.0)


def test_of_very_many_lanes_under_way_no_file_is_read(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    under_way(root)
    write_json(root / "latest/b/ITER_SUMMARY_1.json", summary_of(1, "b").data())
    monkeypatch.setattr(so_far_module, "MOST_LANES", 1)
    row = listed(root, silent)[0]
    assert (row.iterations, row.kpis["net_bps"]) == (4, None)


def test_a_run_under_way_is_shown_as_far_as_it_came(root: Path) -> None:
    under_way(root)
    lines = list(show_lines(run_in(root), root, 80, iterations=True))
    assert lines[0].endswith("stopped, 3 of 12 iterations done")
    assert "took" not in lines[1]
    rows = [line.split() for line in lines if line.startswith("safe-calm-")]
    assert rows[0] == ["safe-calm-1", "3/6", "1/0/0+2", "2", "1", "stopped"]
    assert rows[1] == ["safe-calm-2", "0/6", "0/0/0", "n/a", "n/a", "stopped"]
    assert "money    PnL +3 (of 3 iterations)" in lines
    assert "safe-calm-2: no iterations are kept" in lines
    with locked(root):
        lines = list(show_lines(run_in(root), root, 80, iterations=False))
    assert lines[0].endswith("under way, 3 of 12 iterations done")
    assert lines[-1] == "NO VERDICT: still running"


def test_a_lane_that_ended_while_others_go_on_has_its_verdict(root: Path) -> None:
    under_way(root)
    ended = outcome(lane="safe-calm-2", verdict="WARN", medians={"net_bps": 2.5})
    final = FinalSummary(source="sim", result=ended, overrides={}, sources={}, meta={})
    write_json(root / "latest/safe-calm-2/ITER_SUMMARY_final.json", final.data())
    lines = list(show_lines(run_in(root), root, 80, iterations=False))
    (row,) = (line.split() for line in lines if line.startswith("safe-calm-2"))
    assert (row[1], row[-1]) == ("6", "WARN")
    assert lines[0].endswith("9 of 12 iterations done")


def test_before_anything_is_graded_the_kpis_are_of_all_that_is_done() -> None:
    cold = [summary_of(n, kpis={"net_bps": float(n)}) for n in (1, 2)]
    assert so_far(cold).medians == {"net_bps": 1.5}
    many = [summary_of(n, kpis={"net_bps": float(n), "x": None}) for n in range(1, 21)]
    assert so_far(many).medians == {"net_bps": 16.5, "x": None}
    assert so_far(many)[:3] == (20, {"PASS": 20}, {"PASS": 2})
    assert so_far([]).medians == {}


@pytest.mark.parametrize("content", ["{", "[]", '{"schema": "pytest-soak/kpi-gate/1"}', ""])
def test_a_run_that_cannot_be_read_is_listed_as_broken(root: Path, content: str) -> None:
    (root / "latest" / "RESULT.json").write_text(content)
    rows = runs_of(root, silent)
    assert len(rows) == 3
    assert rows[0].problem
    lines = runs_lines(rows, 3, 80)
    assert "broken" in lines[1]
    assert any(line.startswith("latest: ") for line in lines)


def _garbage(path: Path) -> None:
    path.write_bytes(b"this is no database, but long enough to be one" * 100)


def _foreign(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE mine (x)")
    other.close()


def _torn(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:4096] + os.urandom(len(content) - 4096))


def _other_rows(path: Path) -> None:
    with sqlite3.connect(path) as ours:
        ours.execute("UPDATE runs SET data = '[1, 2]'")
    ours.close()


def _older(path: Path) -> None:
    with sqlite3.connect(path) as ours:
        ours.execute("PRAGMA user_version = 0")
    ours.close()


@pytest.mark.parametrize("damage", [_garbage, _foreign, _torn, _other_rows, _older])
def test_an_index_that_is_none_is_told_and_made_anew(
    root: Path, damage: Callable[[Path], None]
) -> None:
    before, said = runs_of(root, silent), list[str]()
    if damage is _foreign:
        (root / RUN_INDEX).unlink()
    damage(root / RUN_INDEX)
    assert runs_of(root, said.append) == before
    assert len(said) == 1
    assert said[0].startswith(f"{root / RUN_INDEX}: no index of runs (")
    assert runs_of(root, silent) == before


def test_an_index_that_cannot_be_written_is_done_without(root: Path, read: list[str]) -> None:
    (root / RUN_INDEX).mkdir()
    assert len(runs_of(root, silent)) == len(runs_of(root, silent)) == 3
    assert len(read) == 6


def test_no_link_is_followed(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "theirs.sqlite"
    (root / RUN_INDEX).symlink_to(elsewhere)
    (root / "runs" / "linked").symlink_to(root / "latest")
    said: list[str] = []
    assert len(runs_of(root, said.append)) == 3
    assert "a symbolic link" in said[0]
    assert not elsewhere.exists()


def test_many_may_list_at_once(root: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: runs_of(root, silent), range(24)))
    assert all(rows == found[0] for rows in found)
    assert len(found[0]) == 3


def test_rotation_counts_the_index_and_leaves_it(root: Path) -> None:
    without = list_root(root).size
    runs_of(root, silent)
    (root / f"{RUN_INDEX}-journal").write_bytes(b"x" * 1000)
    assert list_root(root).size == without + (root / RUN_INDEX).stat().st_size


def test_a_root_that_is_none_is_a_mistake(tmp_path: Path) -> None:
    assert "expected an artifact folder" in usage_error(lambda: runs_of(tmp_path / "no", silent))
    (tmp_path / "file").touch()
    assert "expected an artifact folder" in usage_error(lambda: runs_of(tmp_path / "file", silent))
    assert runs_of(tmp_path, silent) == []
    assert [path.name for path in tmp_path.iterdir()] == ["file"]  # no index in a folder of others
    assert runs_lines([], 0, 80) == ["no runs yet"]


def test_a_row_survives_its_file(root: Path) -> None:
    for row in runs_of(root, silent):
        assert unpacked(json.loads(json.dumps(packed(row)))) == row
    assert [one["number"] for one in json.loads(runs_json(runs_of(root, silent)))] == [1, 2, 3]


def test_a_limit_says_how_many_more_there_are(root: Path) -> None:
    rows = runs_of(root, silent)
    assert runs_lines(rows[:1], 3, 80)[-1].startswith("2 more, see --limit; ")


@pytest.mark.parametrize("width", [40, 80, 120, 200])
@pytest.mark.parametrize("name", ["x" * 60, "a"])
def test_no_list_is_wider_than_the_terminal(root: Path, width: int, name: str) -> None:
    lanes = [outcome(1, profile=name, lane=f"{name}-calm-1", counts={"PASS": 10_000})]
    shutil.rmtree(root / "latest")
    write_run(root, result(*lanes, source="\u202e" + "module:" + "y" * 90, meta=meta(3)))
    rows = runs_of(root, silent)
    lines = runs_lines(rows, 3, width)
    shown = list(show_lines(run_named("1", root, root), root, width, iterations=True))
    if width >= 80:
        paths = ("files  ", "report  ")
        assert all(len(x) <= width for x in [*lines, *shown] if not x.startswith(paths))
    assert all(line.isprintable() for line in [*lines, *shown])


@given(
    st.lists(st.tuples(st.text(max_size=30), st.text(max_size=30)), min_size=1, max_size=5),
    st.integers(40, 100),
)
def test_a_table_fits_and_its_columns_stand_under_each_other(
    cells: list[tuple[str, str]], width: int
) -> None:
    first, second = zip(*cells, strict=True)
    columns = [Column("one", first, least=5), Column("two", second, number=True, least=5)]
    lines = table_lines(columns, width)
    assert len(lines) == len(cells) + 1
    assert max(map(len, lines)) <= width


def test_the_first_to_be_left_out_is_what_can_be_spared_most() -> None:
    columns = [
        Column("a", ["1" * 30]),
        Column("b", ["2" * 30], spare=1),
        Column("c", ["3"], spare=2),
    ]
    assert table_lines(columns, 80)[0].split() == ["a", "b", "c"]
    assert table_lines(columns, 62)[0].split() == ["a", "b"]
    assert table_lines(columns, 30)[0].split() == ["a"]
    assert table_lines(columns, 10)[0].split() == ["a"]


def test_verdicts_are_coloured_where_that_is_wanted() -> None:
    assert painted("PASS or PASSED", {}) == "\x1b[32mPASS\x1b[0m or PASSED"
    assert painted("a FAIL", {"NO_COLOR": "1"}) == "a FAIL"


def test_a_sentence_goes_on_under_itself() -> None:
    assert wrapped("one two three", 12, "label", 6) == ["label one", "      two", "      three"]
    assert wrapped("", 80, "label", 6) == ["label"]


@pytest.mark.parametrize(
    ("asked", "day"),
    [
        ("latest", 3),
        ("1", 3),
        ("3", 1),
        (NEWEST, 3),
        ("20250102", 2),
        ("20250101T000000Z-00000001", 1),
        ("runs/20250101T000000Z-00000001", 1),
        (".", 3),
    ],
)
def test_a_run_is_meant_in_many_ways(root: Path, asked: str, day: int) -> None:
    assert run_named(asked, root, root).name == meta(day)["run"]


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ("2025", "'2025' begins 3 names: 20250103T"),
        ("9", "no run '9': "),
        ("0", "no run '0': "),
        ("", "no run ''"),
        ("a\nb\x00", "no run 'a"),
        ("../..", "no run in it"),
        ("x" * 5000, "no run 'xxx"),
        ("٣", "no run '٣'"),
        ("~nobody-here/x", "no such home folder"),
    ],
)
def test_nonsense_is_no_run(root: Path, asked: str, problem: str) -> None:
    assert problem in usage_error(lambda: run_named(asked, root, root))


def test_a_reference_is_a_baseline_or_a_run(root: Path) -> None:
    other = root / "baseline" / "2"
    assert reference_place("2", root, root) == root / "runs" / str(meta(2)["run"])
    write_run(other, result(outcome()))
    assert reference_place("2", root, root) == other
    assert "no run in it" in usage_error(lambda: reference_place("9", root, root))


def test_a_place_of_no_run_is_one_too(root: Path) -> None:
    (root / "latest" / "lane").mkdir()
    assert run_place("latest/lane", root, root) == root / "latest" / "lane"
    assert run_place(None, root, root) == root
    assert known_run("to come", root, root) is None


@pytest.mark.parametrize(
    ("settings", "asked"),
    [
        ({}, ""),
        ({"tuner": "rules", "auto-tune": "0", "profile": "x"}, ""),
        ({"set": "a=1 b=2", "preset": "tight", "auto-tune": "1"}, "a=1 b=2, preset tight, tuned"),
        ({"overrides-json": '{"a": 1}', "flag": "x=1"}, '{"a": 1}, flag x=1'),
    ],
)
def test_what_a_run_was_told_tells_it_from_others(
    root: Path, settings: dict[str, str], asked: str
) -> None:
    assert asked_of(settings) == asked
    write_run(root, result(outcome(1), settings=settings, meta=meta(3)))
    (row, *_) = runs_of(root, silent)
    assert (row.asked, row.gates) == (asked, (row.gates[0],))
    shown = list(show_lines(run_named("1", root, root), root, 80, iterations=False))
    assert (f"with     {asked}" in shown) is bool(asked)
    head, first, *_ = runs_lines([row], 1, 80)
    assert (" with " in head) is bool(asked)
    assert asked[:5] in first
    assert f" {row.gates[0]} " in runs_lines([row], 1, 200)[1]


def test_a_run_is_shown_with_what_failed_and_where_its_files_are(root: Path) -> None:
    text = "\n".join(show_lines(run_named("latest", root, root), root, 80, iterations=False))
    assert f"run      {NEWEST}, finished" in text
    assert "began    2025-01-03 00:00:00 UTC" in text
    assert "steady_safe-calm-2: net_bps = 1" in text
    assert f"files    {root / 'latest'}" in text.splitlines()
    assert "no iterations are kept" not in text
    assert "FAIL for 2 lanes" in text
