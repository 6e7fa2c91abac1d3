"""A run as plain values, wherever its files lie."""

from __future__ import annotations

import gzip
import json
import shutil
import tarfile
from pathlib import Path

import pytest
from builders import usage_error
from runs import metric, outcome_of, summary_of, write_lane, write_result, write_run

from pytest_soak.report.read import Reader, read_run


@pytest.mark.parametrize("below", ["", "latest", "runs/20250101T000000Z-00000000"])
def test_an_artifact_root_a_run_and_an_earlier_run_are_read(tmp_path: Path, below: str) -> None:
    write_run(tmp_path / (below or "latest"), lanes=2, iterations=3)
    run = read_run(tmp_path / below)
    assert [lane.id for lane in run.lanes] == ["safe-calm-1", "safe-calm-2"]
    assert [one.number for one in run.lanes[0].iterations] == [1, 2, 3]
    assert run.result is not None


def test_a_lane_tells_what_was_measured_judged_and_blocked(tmp_path: Path) -> None:
    (lane,) = read_run(write_run(tmp_path, iterations=12)).lanes
    assert (lane.target, lane.market, lane.seed, lane.verdict) == ("fake", "calm", 1, "PASS")
    assert lane.gate == "soak"
    assert lane.kpis()[:3] == ["net_bps", "risk_ratio", "fees_eff_bps"]
    assert lane.blocks == {"risk": 3, "age": 1}
    assert [one.number for one in lane.last_graded()] == [5, 6, 7, 8, 9, 10, 11, 12]
    assert lane.iterations[0].overrides == {"spread": 1.0}


def test_what_repeats_from_iteration_to_iteration_is_held_once(tmp_path: Path) -> None:
    home = write_run(tmp_path, iterations=12)
    changed = home / "ITER_SUMMARY_9.json"
    changed.write_text(changed.read_text().replace('"spread": 1.0', '"spread": 2.0'))
    (lane,) = read_run(home).lanes
    assert [one.overrides["spread"] for one in lane.iterations] == [*[1.0] * 8, 2.0, *[1.0] * 3]
    assert len({id(one.sources) for one in lane.iterations}) == 1
    assert len({id(one.overrides) for one in lane.iterations}) <= 3


def test_a_lanes_own_folder_needs_no_result(tmp_path: Path) -> None:
    write_run(tmp_path, lanes=2, iterations=3)
    run = read_run(tmp_path / "safe-calm-2")
    assert run.result is None
    assert [(lane.id, lane.verdict) for lane in run.lanes] == [("safe-calm-2", "PASS")]


def test_a_lane_under_way_has_no_outcome(tmp_path: Path) -> None:
    write_lane(tmp_path, [summary_of(1), summary_of(2)], [metric()])
    (tmp_path / "ITER_SUMMARY_final.json").unlink()
    (lane,) = read_run(tmp_path).lanes
    assert lane.outcome is None
    assert lane.verdict is None


def test_a_lane_that_completed_no_iteration_is_told_by_the_result(tmp_path: Path) -> None:
    good = write_lane(tmp_path / "b", [summary_of(1, "b")], [])
    write_result(tmp_path, [outcome_of("a", 0, verdict="FAIL", reasons=["no start"]), good])
    lanes = read_run(tmp_path).lanes
    assert [(lane.id, len(lane.iterations), lane.verdict) for lane in lanes] == [
        ("a", 0, "FAIL"),
        ("b", 1, "PASS"),
    ]


def test_what_a_rotation_removed_is_a_gap_and_what_it_compressed_is_read(tmp_path: Path) -> None:
    write_run(tmp_path, iterations=12)
    (tmp_path / "ITER_SUMMARY_1.json").unlink()
    plain = tmp_path / "ITER_SUMMARY_2.json"
    with gzip.open(f"{plain}.gz", "wb") as packed:
        packed.write(plain.read_bytes())
    plain.unlink()
    (lane,) = read_run(tmp_path).lanes
    assert [one.number for one in lane.iterations] == list(range(2, 13))


def test_an_archived_run_reads_as_before(tmp_path: Path) -> None:
    run = write_run(tmp_path / "runs/one", lanes=2, iterations=3)
    before = read_run(run)
    with tarfile.open(f"{run}.tar.gz", "w:gz") as archive:
        archive.add(run, "one")
    shutil.rmtree(run)
    assert read_run(run) == before
    assert read_run(run / "safe-calm-1").lanes == before.lanes[:1]
    assert read_run(Path(f"{run}.tar.gz")) == before


def test_a_number_that_is_none_is_damage(tmp_path: Path) -> None:
    write_lane(tmp_path, [summary_of(1)], [])
    path = tmp_path / "ITER_SUMMARY_1.json"
    path.write_text(path.read_text().replace('"net_bps": 3.', '"net_bps": NaN, "x": 3.'))
    assert "NaN is not a number that JSON allows" in usage_error(lambda: read_run(tmp_path))


def test_a_summary_is_of_the_iteration_that_it_is_called_by(tmp_path: Path) -> None:
    write_run(tmp_path, iterations=3)
    (tmp_path / "ITER_SUMMARY_03.json").write_text("not of a soak")
    assert [one.number for one in read_run(tmp_path).lanes[0].iterations] == [1, 2, 3]
    (tmp_path / "ITER_SUMMARY_3.json").rename(tmp_path / "ITER_SUMMARY_4.json")
    problem = "ITER_SUMMARY_4.json: iteration: expected 4, as it is called, got 3"
    assert problem in usage_error(lambda: read_run(tmp_path))


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("RESULT.json", "{", "RESULT.json: is not valid JSON"),
        ("ITER_SUMMARY_2.json", "[]", "ITER_SUMMARY_2.json: expected the schema"),
        ("artifacts/KPI_GATE.json", "{}", "KPI_GATE.json: expected the schema"),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, name: str, text: str, problem: str) -> None:
    write_run(tmp_path, iterations=3)
    (tmp_path / name).write_text(text)
    assert problem in usage_error(lambda: read_run(tmp_path))


def test_a_folder_with_runs_somewhere_below_it_is_no_run(tmp_path: Path) -> None:
    write_run(tmp_path / "mine/artifacts/soak/latest", iterations=2)
    assert "holds no iteration of a soak" in usage_error(lambda: read_run(tmp_path))
    assert "holds no iteration" in usage_error(lambda: read_run(tmp_path / "mine/artifacts"))
    assert read_run(tmp_path / "mine/artifacts/soak").lanes


@pytest.mark.parametrize("name", ["nothing", "file.txt", "empty"])
def test_what_is_no_run_is_said_to_be_none(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.txt").write_text("hello")
    assert "give an artifact folder" in usage_error(lambda: read_run(tmp_path / name))


def test_an_iteration_of_countless_kpis_is_refused(tmp_path: Path) -> None:
    write_run(tmp_path, iterations=2)
    path = tmp_path / "ITER_SUMMARY_1.json"
    data = json.loads(path.read_text())
    data["summary"] |= {f"k{n}": 1.0 for n in range(1001)}
    path.write_text(json.dumps(data))
    assert "ITER_SUMMARY_1.json: has more than 1000 KPIs" in usage_error(lambda: read_run(tmp_path))


def test_another_run_in_the_place_of_the_one_before_is_read_from_its_first_iteration(
    tmp_path: Path,
) -> None:
    write_run(tmp_path / "latest", iterations=3)
    reader = Reader(tmp_path)
    assert reader.read().lanes[0].iterations[0].kpis["net_bps"] != 9.0
    (tmp_path / "latest").rename(tmp_path / "before")
    rows = [summary_of(n, kpis={"net_bps": 9.0}) for n in (1, 2)]
    write_result(tmp_path / "latest", [write_lane(tmp_path / "latest", rows, [metric()])])
    path = tmp_path / "latest/RESULT.json"
    path.write_text(path.read_text().replace("20250101T000000Z", "20260101T000000Z"))
    assert [one.kpis["net_bps"] for one in reader.read().lanes[0].iterations] == [9.0, 9.0]
