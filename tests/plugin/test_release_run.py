"""A release from end to end: what helps is promoted, what does nothing is held, harm is not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from harness import Outcome, Workbench
from releases import BOT

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
