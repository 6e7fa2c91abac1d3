"""`pytest-soak merge` on runs of real sessions, as CI jobs leave them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import jsonschema
import pytest
from harness import INSTANT, Workbench
from warm import Warm

from pytest_soak.artifacts.models import shipped_schema

MOCK = ("--soak-target=mock", "--soak-gate=smoke")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, warm: Warm | None) -> Path:
    """Three jobs of a seed each, and a run of all three seeds, on KPIs drawn at random."""
    bench = Workbench(tmp_path_factory.mktemp("runs"), warm)
    for seed in ("1", "2", "3", "1..3"):
        done = bench.soak(2, *MOCK, f"--soak-seed={seed}", f"--soak-dir=job-{seed}")
        assert done.returncode == 0, done.everything
    return bench.directory


@pytest.fixture
def jobs(bench: Workbench, runs: Path) -> Workbench:
    shutil.copytree(runs, bench.directory, dirs_exist_ok=True)
    return bench


def files(root: Path) -> dict[str, bytes]:
    latest = root / "latest"
    found = (p for p in sorted(latest.rglob("*")) if p.is_file())
    return {p.relative_to(latest).as_posix(): p.read_bytes() for p in found}


def test_jobs_merge_to_what_one_session_would_have_left(jobs: Workbench) -> None:
    done = jobs.command("merge", "job-3", "job-1", "job-2", "--output=all")
    assert done.returncode == 0, done.everything
    assert done.last_line == "PASS for 3 lanes (3 PASS, mock)"
    merged, one = files(jobs.directory / "all"), files(jobs.directory / "job-1..3")
    only_of_use_under_way = ("/journal", "/runtime_overrides.json")
    assert sorted(merged) == sorted(x for x in one if not x.endswith(only_of_use_under_way))
    result, wanted = json.loads(merged["RESULT.json"]), json.loads(one["RESULT.json"])
    jsonschema.validate(result, json.loads(shipped_schema("result")))
    assert result["settings"].pop("seed") == "1,2,3"
    assert wanted["settings"].pop("seed") == "1..3"
    assert result | {"meta": {}} == wanted | {"meta": {}}


def test_the_same_runs_in_any_order_give_the_same_bytes(jobs: Workbench) -> None:
    for output, order in (("x", "123"), ("y", "312")):
        jobs.command("merge", *(f"job-{n}" for n in order), f"--output={output}")
    assert files(jobs.directory / "x") == files(jobs.directory / "y") != {}


def test_every_reader_takes_a_merged_run(jobs: Workbench) -> None:
    jobs.command("merge", "job-1", "job-2")
    root = "artifacts/soak"
    gate = jobs.command("gate", "smoke", f"{root}/latest/default-calm-2")
    assert gate.returncode in (0, 1)
    assert "the medians of default-calm-2 (2 iterations)" in gate.last_line
    frozen = jobs.command("freeze", f"--input={root}/latest/default-calm-1", "--output=s.json")
    assert frozen.returncode == 0, frozen.everything
    thinned = jobs.command("rotate", "--keep-latest=1")
    assert thinned.stdout.count("remove latest/default-calm-") == 2
    again = jobs.command("merge", root, "job-3", "--output=more", f"--against={root}")
    assert again.returncode == 0, again.everything
    assert "default-calm-2: 1 of 2 iterations are left to compare, these are ide" in again.stdout
    assert "only here: default-calm-3" in again.stdout
    jobs.command("merge", "job-3")
    jobs.command("rotate", "--ttl-days=0")
    (archive,) = (jobs.directory / root / "runs").iterdir()
    packed = jobs.command("merge", str(archive), f"--against={archive}", "--output=unpacked")
    assert packed.returncode == 0, packed.everything
    assert "default-calm-2: 1 of 2 iterations are left to compare, these are ide" in packed.stdout
    assert "unpacked/latest/default-calm-1/ITER_SUMMARY_2.json" in jobs.files()


def test_a_reference_run_is_compared_lane_by_lane(jobs: Workbench) -> None:
    for seed in (1, 2, 3):
        changed = jobs.soak(2, *MOCK, f"--soak-seed={seed}", f"--soak-dir=new-{seed}")
        assert changed.returncode == 0
    same = jobs.command("merge", "new-1", "new-2", "new-3", "--against=job-1..3", "--output=o")
    assert "3 lanes identical (6 iterations)" in same.stdout
    assert "95 %" not in same.stdout
    summary = jobs.directory / "new-2/latest/ITER_SUMMARY_2.json"
    data = json.loads(summary.read_text())
    before, data["summary"]["net_bps"] = data["summary"]["net_bps"], 9.5
    summary.write_text(json.dumps(data))
    differs = jobs.command("merge", "new-1", "new-2", "new-3", "--against=job-1..3", "--output=o")
    assert "2 lanes identical (4 iterations)" in differs.stdout
    assert f"ITER_SUMMARY_2.json summary.net_bps: {before} -> 9.5" in differs.stdout
    (row,) = (line for line in differs.lines if " net_bps " in line and "hourly" in line)
    assert " to " in row
    comparison = json.loads((jobs.directory / "o/latest/COMPARISON.json").read_text())
    jsonschema.validate(comparison, json.loads(shipped_schema("comparison")))


def test_a_job_that_left_nothing_or_too_little_is_no_pass(jobs: Workbench) -> None:
    (jobs.directory / "empty").mkdir()
    done = jobs.command("merge", "job-1", "empty", "gone", "--output=o")
    assert done.returncode == 1
    assert done.last_line == (
        "NO VERDICT: 1 lane finished; not finished: empty (no RESULT.json), gone (no RESULT.json)"
    )
    killed = jobs.directory / "job-2/latest/RESULT.json"
    data = json.loads(killed.read_text())
    data |= {"status": "running", "verdict": None, "exit_status": None}
    killed.write_text(json.dumps(data | {"unfinished": ["default-calm-2"], "lanes": []}))
    done = jobs.command("merge", "job-1", "job-2", "--output=o")
    assert done.returncode == 1
    assert done.last_line == "NO VERDICT: 1 lane finished; not finished: default-calm-2"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("job-1", "job-1..3"), "default-calm-1: this lane is in job-1 and job-1..3; give one"),
        (("gone",), "DIR: there is no RESULT.json in gone"),
        (
            ("job-1", "--against=gone"),
            "gone: no run in it: RESULT.json is neither there nor in latest;",
        ),
        (("job-1", "--output=job-1"), "--output: job-1 holds job-1 as its latest run"),
        ((), "Missing argument"),
    ],
)
def test_mistakes_are_one_line_and_exit_with_4(
    jobs: Workbench, arguments: tuple[str, ...], problem: str
) -> None:
    before = files(jobs.directory / "job-1")
    done = jobs.command("merge", *arguments)
    assert done.returncode == 4
    assert done.stderr.startswith(f"ERROR: {problem}")
    assert len(done.stderr.splitlines()) == 1
    assert files(jobs.directory / "job-1") == before


def test_other_settings_are_refused_unless_told(jobs: Workbench) -> None:
    jobs.soak(3, INSTANT, "--soak-gate=smoke", "--soak-seed=9", "--soak-dir=other")
    done = jobs.command("merge", "job-1", "other", "--output=o")
    assert done.returncode == 4
    assert done.stderr.startswith("ERROR: settings.iterations: 2 in job-1, 3 in other; ")
    told = jobs.command("merge", "job-1", "other", "--output=o", "--allow-different-settings")
    assert told.returncode == 0, told.everything
    source = "mock, pytest_soak.testing:InstantTarget"
    assert told.last_line == f"PASS for 2 lanes (2 PASS, {source})"
