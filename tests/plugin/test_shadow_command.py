"""`pytest-soak release shadow`: a session of the candidate, and what the ledger says of it."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from harness import Outcome, Workbench

from pytest_soak.artifacts.models import shipped_schema

PLAN = "profile: steady_safe\ncandidate: {flags: {taker_cap.max_taker_share_pct: 1}}\n"
SLOWER = "profile: steady_safe\ncandidate: {flags: {md_cache.enabled: false}}\n"
OWN = "candidate: {overrides: {tail_age_ms: 700}}"
PROGRAM = """
    from pytest_soak import ProcessTarget

    live = ProcessTarget(["python", "bot.py"], version="1")
    quiet = ProcessTarget(["python", "bot.py"], version="1", shadow=True)
"""


@pytest.fixture
def desk(bench: Workbench) -> Workbench:
    bench.write("release.yaml", PLAN)
    return bench


def release(desk: Workbench, *arguments: str) -> Outcome:
    return desk.command("release", *arguments)


def state(desk: Workbench) -> str:
    shown = release(desk, "status").stdout
    (line,) = (line for line in shown.splitlines() if line.startswith("2  shadow"))
    return line.removeprefix("2  shadow").strip()


def test_an_hour_is_soaked_judged_and_kept(desk: Workbench) -> None:
    early = release(desk, "shadow")
    assert early.returncode == 4
    assert "step prep is ready; pytest-soak release prep first" in early.stderr
    assert release(desk, "prep").returncode == 0
    dry = release(desk, "shadow", "--dry-run")
    assert dry.returncode == 0
    assert "would run python -m pytest --soak-iterations=1 --soak-minutes=60" in dry.stdout
    assert not (desk.directory / "artifacts/release/runs").exists()
    refused = release(desk, "shadow", "--", "--soak-seed=9")
    assert refused.returncode == 4
    assert "-- --soak-seed=9: the plan decides what is measured" in refused.stderr
    done = release(desk, "shadow", "--minutes=3")
    assert done.returncode == 0, done.everything
    assert done.last_line == (
        "WARN: shadow of release.yaml, 3.0 min: short: 3 of 60 minutes; no lock is made of it; "
        "next: pytest-soak release soak"
    )
    budgets = json.loads((desk.directory / "artifacts/baseline/stage_budgets.json").read_text())
    assert budgets["tick_count"] > 1000
    assert set(budgets["stages"]) == {"fetch_md", "compute", "wait", "send"}
    report = json.loads((desk.directory / "artifacts/md_cache/shadow_report.json").read_text())
    for data, name in ((budgets, "stage-budgets"), (report, "shadow-report")):
        jsonschema.validate(data, json.loads(shipped_schema(name)))
    assert state(desk).startswith("done     WARN, line")
    _edited_and_restored(desk)


def _edited_and_restored(desk: Workbench) -> None:
    """Every file that the verdict rests on is watched; its old bytes make the step done again."""
    artifacts = desk.directory / "artifacts"
    latest = artifacts / "release/runs/shadow/latest"
    (ticks,) = latest.glob("feeds/pipeline_ticks_*.jsonl")
    report = artifacts / "md_cache/shadow_report.json"
    for path in (ticks, latest / "journal", latest / "RESULT.json", report):
        before = path.read_bytes()
        path.write_bytes(before + b" ")
        assert state(desk).startswith(f"broken   {path.relative_to(artifacts)} was edited")
        path.unlink()
        assert state(desk).startswith(f"broken   {path.relative_to(artifacts)} is missing")
        path.write_bytes(before)
    assert state(desk).startswith("done")


def test_a_candidate_that_is_too_slow_fails_and_holds_up_the_rest(desk: Workbench) -> None:
    desk.write("release.yaml", SLOWER + "require: {md_cache.enabled: false}\n")
    assert release(desk, "prep").returncode == 1  # what is in use has it
    desk.write("release.yaml", SLOWER + "require: {}\n")
    assert release(desk, "prep").returncode == 0
    done = release(desk, "shadow", "--json")
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert report["verdict"] == "FAIL"
    failed = [check["metric"] for check in report["checks"] if check["verdict"] == "FAIL"]
    assert failed == ["md_cache_hit_ratio", "fetch_md_p95_ms"]
    assert state(desk).startswith("failed")
    assert release(desk, "status").returncode == 1


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("mock", "release.yaml target: mock has made-up KPIs"),
        ("process:python bot.py", "does not say that it sends no orders; give ProcessTarget("),
        ("bot:live", "release.yaml target: bot:live does not say that it sends no orders"),
    ],
)
def test_a_target_that_cannot_be_measured_so_is_refused(
    desk: Workbench, target: str, said: str
) -> None:
    desk.write("bot.py", PROGRAM)
    desk.write("release.yaml", f"{OWN}\ntarget: {target}\n")
    done = release(desk, "shadow", "--dry-run")
    assert done.returncode == 4
    assert said in done.stderr


def test_a_program_that_says_that_it_sends_no_orders_has_a_shadow(desk: Workbench) -> None:
    desk.write("bot.py", PROGRAM)
    desk.write("gates/any.yaml", "name: any\nthresholds: [{metric: net_bps, warn_unless: '> 0'}]\n")
    gates = "gates: {shadow: any, soak: any}\n"
    desk.write("release.yaml", f"{OWN}\ntarget: bot:quiet\n{gates}")
    assert release(desk, "prep").returncode == 0
    done = release(desk, "shadow", "--dry-run")
    assert done.returncode == 0, done.everything
    assert "--soak-target=bot:quiet" in done.stdout


KILLED = """
    import os
    import signal
    from pathlib import Path

    def pytest_soak_iteration_finished(config):
        if not Path("again").exists():
            Path("again").touch()
            os.kill(os.getpid(), signal.SIGTERM)
"""


def test_an_interrupted_shadow_goes_on_with_the_same_command(desk: Workbench) -> None:
    assert release(desk, "prep").returncode == 0
    desk.write("conftest.py", KILLED)
    first = release(desk, "shadow", "--minutes=3")
    assert first.returncode == 2, first.everything
    assert first.last_line.startswith("interrupted: shadow; the same command goes on")
    assert state(desk).startswith("interrupted")
    again = release(desk, "shadow", "--minutes=3")
    assert again.returncode == 0, again.everything
    assert "--soak-resume" in again.stdout
    assert Path(desk.directory, "artifacts/md_cache/shadow_report.json").exists()


BUTTON = """
    import subprocess
    import sys

    def pytest_soak_iteration_finished(config):
        command = [sys.executable, "-m", "pytest_soak.cli", "release", "rollback"]
        subprocess.run(command, check=True)
"""


def test_a_rollback_while_it_runs_ends_it_as_rolled_back(desk: Workbench) -> None:
    desk.write("config.yaml", "trace: {sample_rate: 0.3}\n")
    assert release(desk, "prep").returncode == 0
    desk.write("conftest.py", BUTTON)
    done = release(desk, "shadow", "--minutes=2")
    assert done.returncode == 1, done.everything
    assert done.last_line.startswith("ROLLBACK: shadow: rolled back meanwhile; next: ")
    assert state(desk).startswith("pending  ROLLBACK was of other inputs: step 1 (prep) is stale")
    shown = release(desk, "status").stdout
    assert "1  prep     stale    rollback was missing, is line" in shown


def test_after_a_rollback_a_shadow_says_whether_it_is_stable(desk: Workbench) -> None:
    desk.write("config.yaml", "trace: {sample_rate: 0.3}\n")
    assert release(desk, "prep").returncode == 0
    desk.write("config.yaml", "md_cache: {enabled: false}\n")
    done = release(desk, "rollback", "--shadow", "--reason=slow")
    assert done.returncode == 0, done.everything
    assert "ROLLBACK: 1 file put back as in " in done.stdout
    assert "--soak-flag=trace.sample_rate=0.3" in done.stdout
    assert done.last_line == "PASS: stabilised, by a shadow of 10 minutes"
    assert "2  shadow   pending" in release(desk, "status").stdout
    desk.write("config.yaml", "md_cache: {enabled: false}\n")
    assert release(desk, "prep").returncode == 1
    safe = release(desk, "rollback", "--flags-off", "--shadow", "--json")
    assert safe.returncode == 1, safe.everything
    told = json.loads(safe.stdout)
    assert (told["to"], told["shadow"]["stabilised"]) == ("safe values", False)
    assert "md_cache_hit_ratio" in told["shadow"]["reasons"][0]
