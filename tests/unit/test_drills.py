"""Drills: how they are asked for, and what is said of a run that has one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from builders import usage_error
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak import ProcessTarget, Verdict, soak
from pytest_soak.artifacts.models import RunResult
from pytest_soak.artifacts.names import PRODUCTION_SNAPSHOT
from pytest_soak.artifacts.stored_run import read
from pytest_soak.commands.freeze import freeze
from pytest_soak.commands.judge_file import judge_file
from pytest_soak.commands.merge import merge
from pytest_soak.config.drills import CAUSES, Drill, parse_drill
from pytest_soak.report.page import report_text
from pytest_soak.report.read import read_run
from pytest_soak.run.verdict import verdict_line
from pytest_soak.testing import InstantTarget

MINUTE = 60_000_000


@given(st.sampled_from([*CAUSES]), st.integers(0, 500), st.integers(1, 500))
def test_a_drill_is_a_cause_from_a_time_on_for_a_time(cause: str, start: int, length: int) -> None:
    found = parse_drill(f"{cause}@{start}m+{length * 60}s", "test")
    assert found == Drill(cause, start * MINUTE, (start + length) * MINUTE)
    assert str(found) == f"{cause} from {start} min on for {length} min"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("cache_of@1m+1m", "unknown cause 'cache_of'; did you mean 'cache_off'?"),
        ("cache_off", "expected CAUSE@T+D"),
        ("cache_off@1m", "expected CAUSE@T+D"),
        ("cache_off@1+2m", "a span of at most 168h like 90s, 5m or 1h, e.g. cache_off@30m+1h"),
        ("cache_off@1m+0s", "a drill of no length"),
        ("cache_off@-1m+1m", "expected CAUSE@T+D"),
    ],
)
def test_what_is_none_is_told(text: str, problem: str) -> None:
    told = usage_error(lambda: parse_drill(text, "--soak-drill"))
    assert told.startswith("--soak-drill: ")
    assert problem in told


class Drilled(InstantTarget):
    drills = ("stalls", "leak")

    def __init__(self, lane: Any) -> None:
        super().__init__(lane)
        self.told = lane.drills

    def start(self, lane: Any) -> None:
        assert lane.drills == self.told == (Drill("leak", 0, MINUTE),)


class Able(InstantTarget):
    drills = ("leak",)


class Odd(InstantTarget):
    drills = ("stalls", "flood")


def test_a_target_is_told_of_its_drills_and_the_run_is_no_evidence(tmp_path: Path) -> None:
    found = soak(Drilled, iterations=1, gate="smoke", drill=["leak@0m+1m"], folder=tmp_path)
    assert found.verdict is Verdict.PASS
    assert found.text.endswith("; no evidence: drill leak from 0 min on for 1 min")
    result = found.folder / "RESULT.json"
    assert verdict_line(read(RunResult, result)) == found.text
    summary = json.loads((found.folder / "ITER_SUMMARY_1.json").read_text())
    assert summary["notes"] == ["drill leak from 0 min on for 1 min: this run is no evidence"]


@pytest.fixture
def runs(tmp_path: Path) -> tuple[Path, Path]:
    """The artifact roots of a run that was tuned with a drill, and of one without it."""
    roots = []
    for name, drill in (("drilled", ["leak@0m+1m"]), ("plain", [])):
        folder = tmp_path / name
        folder.mkdir()
        made = soak(Able, iterations=2, gate="smoke", drill=drill, auto_tune=True, folder=folder)
        assert made.verdict is Verdict.HOLD
        roots.append(folder / "artifacts/soak")
    return roots[0], roots[1]


def test_a_run_with_a_drill_is_neither_merged_nor_compared_with(
    runs: tuple[Path, Path], tmp_path: Path
) -> None:
    drilled, plain = runs
    output = tmp_path / "all"
    for told in (
        usage_error(lambda: merge([drilled], output, None, allow_different=True)),
        usage_error(lambda: merge([plain], output, drilled, allow_different=True)),
    ):
        assert told == (
            f"{drilled}: default-calm-42 had the drill leak from 0 min on for 1 min, which is no "
            "evidence; give a run without --soak-drill"
        )
    assert not output.exists()
    assert merge([plain], output, plain, allow_different=False).result.verdict == "HOLD"


def test_no_snapshot_is_made_of_a_run_with_a_drill(runs: tuple[Path, Path], tmp_path: Path) -> None:
    drilled, plain = (root / "latest" for root in runs)
    assert (plain / PRODUCTION_SNAPSHOT).exists()
    assert not (drilled / PRODUCTION_SNAPSHOT).exists()
    freeze(plain, tmp_path / "plain.json", None)
    told = usage_error(lambda: freeze(drilled, tmp_path / "drilled.json", None))
    assert "had the drill leak" in told
    assert not (tmp_path / "drilled.json").exists()


def test_a_report_and_a_later_judgement_say_of_a_drill(runs: tuple[Path, Path]) -> None:
    text = "no evidence: drill leak from 0 min on for 1 min"
    for root, says in zip(runs, (True, False), strict=True):
        assert (text in report_text(read_run(root / "latest"), {})) is says
        lines = judge_file("smoke", root / "latest", root, None).lines()
        assert (text in lines[-1]) is says


def test_without_a_drill_nothing_is_said_of_one(tmp_path: Path) -> None:
    class Plain(InstantTarget):
        def start(self, lane: Any) -> None:
            assert lane.drills == ()

    found = soak(Plain, iterations=1, gate="smoke", folder=tmp_path)
    assert "evidence" not in found.text


@pytest.mark.parametrize(
    ("target", "drill", "problem"),
    [
        (Drilled, "cache_off@1m+1m", "cannot bring about cache_off, as sim can; it can stalls, le"),
        (InstantTarget, "leak@1m+1m", "cannot bring about leak, as process:CMD can; it can none"),
        ("sim", "leak@0m+1m", "drill: sim cannot bring about leak, as process:CMD can"),
        (ProcessTarget("false"), "outage@0m+1m", "outage, as sim can; it can leak"),
        (Odd, "stalls@1m+1m", "drills: unknown cause \"'flood'\""),
    ],
)
def test_a_cause_that_the_target_cannot_bring_about_is_refused(
    target: Any, drill: str, problem: str, tmp_path: Path
) -> None:
    told = usage_error(lambda: soak(target, iterations=1, drill=[drill], folder=tmp_path))
    assert problem in told
