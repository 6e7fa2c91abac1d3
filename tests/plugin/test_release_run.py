"""A release from end to end: what helps is promoted, what does nothing is held, harm is not."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from harness import Outcome, Workbench

from pytest_soak.artifacts.models import shipped_schema

BOT = """
    import numpy as np

    from pytest_soak import FILL, MARK, TICK, Observation


    class Bot:
        parameters = {"half_spread_bps": {"default": 2.0, "bounds": [0.5, 10]}}
        deterministic = True
        version = "1"

        def __init__(self, lane):
            self.random = np.random.default_rng(lane.seed)
            self.inventory = self.equity = 0.0

        def start(self, lane):
            pass

        def run(self, overrides, window):
            start = round(window.start_minutes * 60e6)
            end = start + round(window.minutes * 60e6)
            held, mid = self.inventory, 100.0
            times = np.arange(start, end, 1_000_000)
            ticks, marks = np.zeros(len(times), TICK), np.zeros(len(times), MARK)
            ticks["time_us"], ticks["cache_hit"] = times, True
            ticks["fetch_md_ms"] = ticks["total_ms"] = 20.0 + self.random.random(len(times))
            fills = np.zeros(len(times) // 10, FILL)
            side = np.where(np.arange(len(fills)) % 2 == 0, 1, -1)
            noise = self.random.normal(size=len(fills))
            edge = mid * 1e-4 * (overrides["half_spread_bps"] + noise)
            fills["time_us"], fills["side"], fills["maker"] = times[::10], side, True
            fills["price"], fills["quantity"], fills["mid"] = mid - side * edge, 0.5, mid
            fills["mid_1s"] = np.nan
            moved, earned = np.zeros(len(times)), np.zeros(len(times))
            moved[::10], earned[::10] = side * 0.5, 0.5 * edge
            marks["time_us"], marks["mid"] = times, mid
            marks["inventory"] = held + np.cumsum(moved)
            marks["equity_quote"] = self.equity + np.cumsum(earned)
            self.inventory, self.equity = marks["inventory"][-1], marks["equity_quote"][-1]
            return Observation(
                start_us=start,
                end_us=end,
                fills=fills,
                marks=marks,
                ticks=ticks,
                inventory_start=held,
                inventory_end=self.inventory,
                mid_start=mid,
                mid_end=mid,
            )

        def stop(self):
            pass
"""
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
    rest = [] if status else ["lock", "daily"]
    assert list(finished) == ["prep", "shadow", "soak", "dataset", "ab", *rest]
    assert finished["soak"] == finished["dataset"] == "WARN"
    shown = release(desk, "status")
    assert done.returncode == shown.returncode == status
    state = {0: "done", 3: "held", 1: "rolled back"}[status]
    assert f"5  ab       {state}" in shown.stdout
    if status == 0:
        assert shown.last_line == "7 of 7 steps done"
        _a_day_is_reported(desk)


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
