"""`pytest-soak verdict`: the exit status by all that a run left."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest
from builders import usage_error
from filelock import FileLock
from finished_runs import journal, outcome, result, write_run

from pytest_soak.commands.verdict import verdict
from pytest_soak.engine.past import Ended, Failure
from pytest_soak.engine.record import Ending
from pytest_soak.run.verdict import verdict_line
from pytest_soak.storage.lock import LOCK


def run(tmp_path: Path, journaled: int = 6, lanes: Any = None, **facts: Any) -> Path:
    """An artifact root with a lane of which `journaled` iterations are durable."""
    root = write_run(tmp_path / "soak", result(*(lanes or [outcome()]), **facts))
    journal(root, journaled)
    return root


@pytest.mark.parametrize(
    ("facts", "status", "last"),
    [
        ({}, 0, "PASS for steady_safe on calm (6 iterations, sim)"),
        ({"lanes": [outcome(verdict="WARN")], "verdict": "WARN"}, 0, "WARN for steady_safe"),
        ({"lanes": [outcome(verdict="FAIL")], "verdict": "FAIL", "exit_status": 1}, 1, "FAIL for"),
        ({"verdict": "FAIL", "exit_status": 1}, 1, "FAIL: something beside the gates failed"),
        ({"exit_status": 1}, 1, "PASS for"),
        ({"status": "interrupted", "verdict": None, "exit_status": 2}, 2, "NO VERDICT: "),
        ({"status": "running", "verdict": None, "exit_status": None}, 2, "NO VERDICT: its process"),
        ({"unfinished": ["steady_safe-calm-7"], "verdict": None}, 2, "NO VERDICT: 1 lane finished"),
    ],
)
def test_the_exit_status_is_that_of_what_was_left(
    tmp_path: Path, facts: dict[str, Any], status: int, last: str
) -> None:
    several = "unfinished" in facts
    root = write_run(tmp_path, result(*facts.pop("lanes", [outcome()]), **facts))
    if not several:
        journal(root, 6)
    judged = verdict(root, root)
    assert judged.status == status
    assert judged.lines[-1].startswith(last), judged.lines


def test_a_run_without_lanes_that_ended_counts_what_is_durable(tmp_path: Path) -> None:
    lane = "steady_safe-calm-42"
    empty = result(status="running", verdict=None, exit_status=None, unfinished=[lane])
    root = write_run(tmp_path, empty)
    journal(root, 3)
    assert verdict(root, root).lines[0] == f"{lane}: not finished, 3 iterations done"
    with FileLock(root / LOCK):
        assert verdict(root, root).lines[-1] == "NO VERDICT: still running"


def test_a_result_that_says_more_than_the_files_is_not_believed(tmp_path: Path) -> None:
    assert "but the journal has 5 iterations" in usage_error(
        lambda: verdict(run(tmp_path, 5), tmp_path)
    )
    made = journal(run(tmp_path), 6)
    made.fail(Failure(iteration=6, cause="its test failed: no fill"))
    root = tmp_path / "soak"
    assert "has a failed test: its test failed: no fill" in usage_error(lambda: verdict(root, root))
    journal(root, 6).end(Ended(ending=Ending.TARGET, cause="no connection"))
    assert "that it failed: no connection" in usage_error(lambda: verdict(root, root))
    journal(root, 6)
    final = root / "latest" / "ITER_SUMMARY_final.json"
    kept = final.read_text(encoding="utf-8")
    final.write_text(kept.replace('"PASS"', '"FAIL"'), encoding="utf-8")
    assert "ITER_SUMMARY_final.json does not" in usage_error(lambda: verdict(root, root))
    final.unlink()
    assert "ITER_SUMMARY_final.json is missing" in usage_error(lambda: verdict(root, root))


def test_a_result_that_contradicts_itself_is_not_believed(tmp_path: Path) -> None:
    hidden = run(tmp_path, lanes=[outcome(verdict="FAIL")])
    assert "verdict: PASS, but a lane is FAIL" in usage_error(lambda: verdict(hidden, tmp_path))
    empty = write_run(tmp_path / "empty", result())
    assert "RESULT.json: names no lane" in usage_error(lambda: verdict(empty, tmp_path))


def test_an_archived_run_is_judged_alike_and_a_broken_or_missing_one_is_no_verdict(
    tmp_path: Path,
) -> None:
    root = run(tmp_path)
    before = verdict(root, root)
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        archive.add(root / "latest", "a")
    assert verdict(tmp_path / "a", root) == before
    (root / "latest" / "journal").write_bytes(b"nothing\n")
    assert "is damaged" in usage_error(lambda: verdict(root, root))
    shutil.rmtree(root)
    assert "no run in it" in usage_error(lambda: verdict(root, root))


def test_the_line_of_several_lanes_says_the_first_cause() -> None:
    bad = [outcome(seed, verdict="FAIL", reasons=["net_bps = 1", "more"]) for seed in (1, 2)]
    one = verdict_line(result(bad[0], outcome(3), verdict="FAIL"))
    assert one.endswith(": FAIL steady_safe-calm-1: net_bps = 1")
    two = verdict_line(result(*bad, verdict="FAIL"))
    assert two.endswith(": FAIL steady_safe-calm-1, steady_safe-calm-2, the first: net_bps = 1")
