"""`pytest-soak release soak` and `dataset`: hours of the candidate, and rows that add up."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

import jsonschema
import pytest
from harness import Outcome, Workbench

from pytest_soak.artifacts.models import shipped_schema

PLAN = """
    profile: steady_safe
    candidate: {flags: {taker_cap.max_taker_share_pct: 1}}
    hours: {soak: 1}
    gates: {soak: smoke}
"""


@pytest.fixture
def desk(bench: Workbench) -> Workbench:
    """A release whose shadow is done."""
    bench.write("release.yaml", PLAN)
    for step in (["prep"], ["shadow", "--minutes=2"]):
        assert release(bench, *step).returncode == 0
    return bench


def release(desk: Workbench, *arguments: str) -> Outcome:
    return desk.command("release", *arguments)


def read(desk: Workbench, path: str) -> Any:
    return json.loads((desk.directory / "artifacts" / path).read_text(encoding="utf-8"))


def test_hours_are_soaked_and_their_rows_add_up(desk: Workbench) -> None:
    early = release(desk, "dataset")
    assert early.returncode == 4
    assert "step soak is ready; pytest-soak release soak first" in early.stderr
    done = release(desk, "soak")
    assert done.returncode == 0, done.everything
    assert done.last_line == (
        "WARN: soak of release.yaml, 1 h: short: 1 of 24 hours; next: pytest-soak release dataset"
    )
    start = (desk.directory / "artifacts/reports/SOAK_START.md").read_text()
    assert "--soak-gate=smoke --soak-gate-mode=hard --soak-stop=stop" in start
    _told_before(desk)
    finish = read(desk, "reports/FINISH_LINE_REPORT.json")
    jsonschema.validate(finish, json.loads(shipped_schema("finish-line")))
    (lane,) = finish["lanes"]
    assert (lane["verdict"], lane["hours"], lane["ending"]) == ("PASS", 1.0, "completed")
    rows = release(desk, "dataset", "--json")
    assert rows.returncode == 1
    found = json.loads(rows.stdout)
    jsonschema.validate(found, json.loads(shipped_schema("calib")))
    assert found["reasons"] == ["1.00 covered hours, 12 at least"]
    assert (found["intervals"], found["accepted"]) == (12, 12)
    assert found["net_quote"] == pytest.approx(lane["net_quote"], abs=1e-6)
    assert found["net_quote"] == pytest.approx(found["recorded_net_quote"], abs=1e-6)
    feeds = {path.name for path in (desk.directory / "artifacts/edge/feeds").iterdir()}
    assert {"INDEX.json", "fills_20240101.jsonl", "pipeline_ticks_20240101.jsonl"} <= feeds
    assert "4  dataset  failed" in release(desk, "status").stdout


def _told_before(desk: Workbench) -> None:
    """What prep and shadow came to, and what to look at: commands that work."""
    reports = desk.directory / "artifacts/reports"
    shadow = read(desk, "md_cache/shadow_report.json")
    known = (reports / "PRE_SOAK_REPORT.md").read_text()
    for told in (f"## Prep: {read(desk, 'reports/PREP_LOG.json')['verdict']}", "## Shadow: WARN"):
        assert told in known
    for line in (*shadow["reasons"], *shadow["notes"], f"| {shadow['checks'][0]['value']} "):
        assert line in known
    assert "- what 1 hours of it earn, by the gate smoke: soak" in known
    look = (reports / "SOAK_DASHBOARD_CHECKLIST.md").read_text()
    commands = set(re.findall(r"`pytest-soak ([a-z]+ [^`]*)`", look))
    assert {one.partition(" ")[0] for one in commands} == {"kpis", "trend", "verdict"}
    for one in commands:
        assert desk.command(*shlex.split(one)).returncode == 0, one


def test_rows_that_do_not_add_up_to_the_records_fail(desk: Workbench) -> None:
    assert release(desk, "soak").returncode == 0
    latest = desk.directory / "artifacts/release/runs/soak/latest"
    path = latest / "ITER_SUMMARY_1.json"
    told = json.loads(path.read_text())
    told["summary"]["net_quote"] += 1.0
    path.write_text(json.dumps(told))
    done = release(desk, "dataset")
    assert done.returncode == 1
    assert "quote, the records of the soak to" in done.last_line
