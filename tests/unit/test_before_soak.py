"""What is said before a soak: of prep and shadow, and what to look at meanwhile."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from pytest_soak.ab.arms import Arm
from pytest_soak.artifacts.budget_models import ShadowCheck, ShadowReport
from pytest_soak.artifacts.release_models import PrepCheck, PrepLog
from pytest_soak.config.documents import Document
from pytest_soak.gates.criteria import OFF, Criteria, Criterion
from pytest_soak.gates.engine import Verdict
from pytest_soak.kpi.definitions import KPIS, RESOURCE_KPIS
from pytest_soak.kpi.windows import WINDOW_METRICS
from pytest_soak.release.plan import plan_of
from pytest_soak.release.session import Session
from pytest_soak.report.before_soak import checklist_text, pre_soak_text

PLAN = plan_of(
    Document("release.yaml", {"candidate": "aggressive", "hours": {"soak": 48, "ab": 36}})
)
SESSION = Session(
    PLAN, Arm(name="B", overrides={}, flags={}), (1,), 48, 60.0, "soak", Path("a b"), feeds=True
)


def check(value: float | None, reason: str = "") -> ShadowCheck:
    return ShadowCheck(
        metric="fetch_md_p95_ms", value=value, limit="<= 35", verdict=Verdict.PASS, reason=reason
    )


def shadow(*checks: ShadowCheck) -> ShadowReport:
    return ShadowReport(
        source="sim",
        meta={},
        plan="release.yaml",
        verdict=Verdict.WARN,
        reasons=["short: 5 of 60 minutes"],
        candidate="c0ffee",
        minutes=5.0,
        short=True,
        checks=list(checks),
        duration_min=4.9,
        tick_count=3971,
        run="run",
        notes=["nothing of money"],
    )


def prep(*verdicts: Any) -> PrepLog:
    checks = [
        PrepCheck(what=str(n), verdict=verdict, value="", requirement="", source="")
        for n, verdict in enumerate(verdicts)
    ]
    return PrepLog(
        source="sim",
        meta={},
        verdict="PASS",
        plan="release.yaml",
        checks=checks,
        notes=["a cap near its limit"],
        config_sha256="beef",
        versions={},
    )


def criterion(metric: str) -> Criterion:
    window = {"window": "5m"} if WINDOW_METRICS[metric].windowed else {}
    facts = {"name": "one", "metric": metric, "stop_if": "> 0.5", "for": "7m"}
    return Criterion.model_validate(facts | window)


def look(*metrics: str) -> list[str]:
    """The rows of the checklist."""
    criteria = Criteria(name="mine", criteria=[])
    criteria = criteria.model_copy(update={"criteria": [criterion(one) for one in metrics]})
    return [
        line for line in checklist_text(SESSION, Path(), criteria).splitlines() if "[ ]" in line
    ]


def test_what_prep_and_shadow_came_to_is_told_before_a_soak() -> None:
    text = pre_soak_text(prep("PASS", "FAIL"), shadow(check(31.5)), SESSION, OFF)
    for told in (
        "## Prep: PASS",
        "1 of 2 checks passed. What is in use: `beef`.",
        "- a cap near its limit",
        "## Shadow: WARN",
        "Candidate `c0ffee`: 3971 ticks over 4.9 of\n5.0 minutes.",
        "| fetch_md_p95_ms | 31.5  | &lt;= 35 | PASS    |",
        "- short: 5 of 60 minutes",
        "- nothing of money",
        "- what 48 hours of it earn, by the gate soak: soak",
        "in 36 hours a stage on the seeds 1, 2, 3, 4, 5, 6, 7, 8: ab",
    ):
        assert told in text
    assert "fetch_md_p95_ms: " not in text


@pytest.mark.parametrize(("reason", "told"), [("no ticks", "no ticks"), ("", "no value")])
def test_what_shadow_has_no_value_of_is_not_known_yet(reason: str, told: str) -> None:
    text = pre_soak_text(prep(), shadow(check(None, reason)), SESSION, OFF)
    _, unknown = text.split("## Not known yet")
    assert f"- fetch_md_p95_ms: {told}\n" in unknown


def test_each_criterion_has_its_rule_and_what_shows_it() -> None:
    (row,) = look("deadline_miss_ratio")
    assert re.sub(" +", " ", row) == (
        "| [ ] one | deadline_miss_ratio | 5m | > 0.5 | 7m | stop | "
        "| `pytest-soak kpis 'a b/latest/feeds'` |"
    )
    assert "1 - `maker_taker_ratio`" in look("taker_ratio")[0]
    assert "the lane so far" in look("rss_growth_mb_per_h")[0]


@pytest.mark.parametrize("metric", WINDOW_METRICS)
def test_what_a_command_is_said_to_show_it_shows(metric: str) -> None:
    shown = look(metric)[0].split(" | ")[-1]
    if "pytest-soak kpis" in shown:
        assert metric in KPIS or "maker_taker_ratio" in shown
    elif "pytest-soak trend" in shown:
        assert metric in RESOURCE_KPIS
    elif "tail" in shown:
        assert metric == "breaker_open"
    else:
        assert metric == "errors_per_min"


def test_without_criteria_there_is_nothing_to_look_at() -> None:
    assert "The criteria `off` never act." in checklist_text(SESSION, Path(), OFF)
