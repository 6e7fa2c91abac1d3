"""A release from end to end: what helps is promoted, what does nothing is held, harm is not."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import jsonschema
import pytest
from harness import Outcome, Workbench

from benchmarks.releasing_bot import BOT, GATE
from pytest_soak.artifacts.models import shipped_schema

PLAN = """
    target: bot:Bot
    seeds: 1
    candidate: {{overrides: {{half_spread_bps: {half_spread}}}}}
    restart_cmd: touch restarted
    hours: {{soak: 13, ab: 72}}
    gates: {{soak: desk}}
"""


@pytest.fixture
def desk(bench: Workbench) -> Workbench:
    bench.write("bot.py", BOT)
    bench.write("gates/desk.yaml", GATE)
    return bench


def release(desk: Workbench, *arguments: str) -> Outcome:
    return desk.command("release", *arguments)


def ledger(desk: Workbench) -> list[Any]:
    text = (desk.directory / "artifacts/release/LEDGER.jsonl").read_text(encoding="utf-8")
    return [json.loads(line.partition(" ")[2]) for line in text.splitlines()]


def locks_again(desk: Workbench) -> None:
    """A lock is replaced with a reason alone, and kept; what says the same stays as it is."""
    baseline = desk.directory / "artifacts/baseline"
    file = baseline / "stage_budgets.locked.json"
    first = json.loads(file.read_text())
    before = dict(first, locked="earlier", tick_total=dict(first["tick_total"], p95_ms=20.0))
    file.write_text(json.dumps(before))
    refused = release(desk, "lock")
    assert (
        refused.returncode,
        "say why: pytest-soak release lock --replace=REASON" in refused.stderr,
    ) == (4, True)
    done = release(desk, "lock", "--replace=a new\nexchange")
    assert done.returncode == 0, done.everything
    again = json.loads(file.read_text())
    kept = baseline / "stage_budgets.1.locked.json"
    assert json.loads(kept.read_text()) == before
    digest = hashlib.sha256(kept.read_bytes()).hexdigest()
    assert again == first | {
        "number": 2,
        "replaces": {"number": 1, "sha256": digest, "reason": "a new exchange"},
        "locked": again["locked"],
    }
    drifted = 100.0 * (first["tick_total"]["p95_ms"] / 20.0 - 1.0)
    assert f"since lock 1: tick_total {drifted:+.1f} %" in done.stdout
    assert done.last_line.startswith("PASS: lock 2 of 5 runs; next: ")
    begun = [e for e in ledger(desk) if (e["step"], e["event"]) == ("lock", "started")]
    assert [event["plan"] for event in begun] == [{}, {"replace": "a new exchange"}]
    report = desk.directory / "artifacts/reports/BASELINE_LOCK_REPORT"
    told = json.loads(report.with_suffix(".json").read_text())
    jsonschema.validate(told, json.loads(shipped_schema("baseline-lock")))
    assert told["lock"] == again
    assert "It replaces lock 1 (" in report.with_suffix(".md").read_text()
    content = file.read_bytes()
    assert release(desk, "lock", "--replace=once more").returncode == 0
    assert file.read_bytes() == content
    assert not (baseline / "stage_budgets.2.locked.json").exists()
    assert "6  lock     done" in release(desk, "status").stdout


@pytest.mark.parametrize(
    ("half_spread", "status", "verdicts"),
    [
        (2.5, 0, ["PROMOTE", "PROMOTE", "PROMOTE"]),
        (2.0001, 3, ["HOLD"]),
        (1.0, 1, ["ROLLBACK"]),
    ],
    ids=["helps", "does nothing", "harms"],
)
def test_a_candidate_ends_as_it_deserves(
    desk: Workbench, half_spread: float, status: int, verdicts: list[str]
) -> None:
    desk.write("release.yaml", PLAN.format(half_spread=half_spread))
    done = release(desk, "run")
    told = ledger(desk)
    stages = [one["verdict"] for one in told if one["step"] == "ab" and one["verdict"]]
    assert stages == verdicts, done.everything
    finished = {one["step"]: one["verdict"] for one in told if one["verdict"]}
    more = {0: ["ab", "lock", "daily"], 3: ["ab"], 1: ["rollback", "ab"]}[status]
    assert list(finished) == ["prep", "shadow", "soak", "dataset", *more]
    assert finished["soak"] == finished["dataset"] == "WARN"
    shown = release(desk, "status")
    assert done.returncode == shown.returncode == status
    state = {0: "done", 3: "held", 1: "rolled back"}[status]
    assert f"5  ab       {state}" in shown.stdout
    if status == 3:
        assert "step ab is held" in release(desk, "lock").stderr
        assert release(desk, "lock", "--no-ab").returncode == 0
        shown = release(desk, "status")
        assert "6  lock     done" in shown.stdout
        assert shown.returncode == 3
    if status == 0:
        assert shown.last_line == "7 of 7 steps done"
        anew = release(desk, "status", "--verify")
        assert (anew.returncode, anew.stdout) == (0, shown.stdout), anew.everything
        _a_day_is_reported(desk)
        locks_again(desk)


def _a_day_is_reported(desk: Workbench) -> None:
    """Thirteen hours are no whole day; the lock is of the same bot, and so it fits."""
    daily = desk.directory / "artifacts/reports/daily/1970-01-01.json"
    before = daily.read_bytes()
    found = json.loads(before)
    jsonschema.validate(found, json.loads(shipped_schema("daily")))
    assert (found["verdict"], found["health"], found["complete"]) == ("WARN", "PASS", False)
    assert found["reasons"] == ["incomplete: 54.2 % of the day covered"]
    (rows,) = (desk.directory / "artifacts/edge/datasets").iterdir()
    net = json.loads(rows.read_text())["net_quote"]
    assert found["figures"]["net_quote"]["value"] == pytest.approx(net, rel=1e-7)
    stage = found["stages"]["fetch_md"]
    assert stage["locked_p95_ms"] == pytest.approx(stage["p95_ms"]["value"], rel=0.01)
    assert {one["verdict"] for one in found["limits"]} == {"PASS"}
    assert (found["errors"], found["blocks"]) == (None, None)
    assert [one["fills"] for one in found["best"]] == [4680]
    wrong = release(desk, "daily", "--date=2024-01-01")
    assert wrong.returncode == 4
    assert "--date: there are no feeds of 2024-01-01, only of 1970-01-01" in wrong.stderr
    assert "7 of 7 steps done" in release(desk, "status").stdout
    again = release(desk, "daily", "--date=1970-01-01", "--json")
    assert again.returncode == 0, again.everything
    assert json.loads(again.stdout) == found
    assert daily.read_bytes() == before
    daily.write_bytes(before.replace(b"WARN", b"PASS"))
    shown = release(desk, "status").stdout
    assert "broken  reports/daily/1970-01-01.json was edited" in shown


def test_a_candidate_that_was_rolled_back_is_not_tried_again(desk: Workbench) -> None:
    """And what a desk had deployed of it is gone."""
    desk.write("release.yaml", PLAN.format(half_spread=1.0))
    config = desk.write("config.yaml", "symbol: A\n")
    assert release(desk, "run", "--until", "dataset").returncode == 3
    desk.write("release.yaml", PLAN.format(half_spread=1.0).replace("ab: 72", "ab: 10"))
    assert release(desk, "ab").returncode == 3
    held = release(desk, "status").stdout
    assert "held     too few hours to see what it is to decide: give --hours=" in held
    desk.write("release.yaml", PLAN.format(half_spread=1.0))
    config.write_text("symbol: A\nhalf_spread_bps: 1.0\n", encoding="utf-8")
    assert release(desk, "ab").returncode == 1
    assert config.read_text(encoding="utf-8") == "symbol: A\n"
    assert (desk.directory / "restarted").is_file()
    assert "step 1 (prep) is stale" not in release(desk, "status").stdout.split("5  ab")[1]
    (line,) = (
        one["seq"] for one in ledger(desk) if (one["step"], one["verdict"]) == ("ab", "ROLLBACK")
    )
    again = release(desk, "prep")
    assert again.returncode == 1
    assert f"FAIL candidate rolled back: on line {line} of the ledger" in again.stdout
    desk.write("release.yaml", PLAN.format(half_spread=1.5))
    assert release(desk, "prep").returncode == 0
    shown = release(desk, "status")
    assert "5  ab       pending" in shown.stdout
    assert shown.returncode == 3
