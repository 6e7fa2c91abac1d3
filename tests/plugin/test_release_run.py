"""A release from end to end: what helps is promoted, what does nothing is held, harm is not."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import jsonschema
import pytest
from harness import Outcome, Workbench
from releases import BOT

from pytest_soak.artifacts.models import shipped_schema

PLAN = """
    target: bot:Bot
    seeds: 1
    candidate: {{overrides: {{half_spread_bps: {half_spread}}}}}
    hours: {{soak: 13, ab: 72}}
    gates: {{soak: desk}}
"""
GATE = """
    name: desk
    drift: "off"
    thresholds: [{metric: net_bps, fail_unless: "> 0"}]
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
    steps = ["prep", "shadow", "soak", "dataset", "ab", *([] if status else ["lock"])]
    assert list(finished) == steps
    assert finished["soak"] == finished["dataset"] == "WARN"
    assert done.returncode == (status or 3)  # all seven are not done
    shown = release(desk, "status")
    assert shown.returncode == (1 if status == 1 else 3)
    state = {0: "done", 3: "held", 1: "rolled back"}[status]
    assert f"5  ab       {state}" in shown.stdout
    if status == 0:
        locks_again(desk)
