"""What is said of an hour of a candidate."""

from __future__ import annotations

from typing import Any

import pytest
from budgets import run

from pytest_soak.artifacts.budget_models import ShadowReport
from pytest_soak.gates.engine import Check, Verdict
from pytest_soak.release.shadow import NOTE, OF_SIM, Judged, shadow_lines, shadow_report
from pytest_soak.report.release import shadow_text

GOOD = Check(
    gate="shadow", metric="fetch_md_p95_ms", value=32.0, verdict=Verdict.PASS, fail_unless="<= 35"
)
LOST = Check(
    gate="shadow",
    metric="fetch_md_p95_ms",
    value=None,
    verdict=Verdict.FAIL,
    fail_unless="<= 35",
    reason="no data (999 samples of 1000)",
)


def report(check: Check = GOOD, minutes: float = 60.0, **more: Any) -> ShadowReport:
    covered = more.pop("covered", 1.0)
    budgets = run().model_copy(update={"minutes_covered": covered, "duration_min": 59.5})
    reasons = [] if check is GOOD else ["lane: fetch_md_p95_ms has no data"]
    of = {"source": "sim", "plan": "release.yaml", "candidate": "c", "run": "r", "meta": {}} | more
    return shadow_report(Judged(check.verdict, reasons, [check]), budgets, minutes, **of)


def test_an_hour_within_its_limits_passes() -> None:
    good = report()
    assert (good.verdict, good.reasons, good.short) == (Verdict.PASS, [], False)
    assert [check.metric for check in good.checks] == ["fetch_md_p95_ms", "minutes_covered"]
    assert list(shadow_lines(good, "go on")) == [
        "PASS  fetch_md_p95_ms = 32, must be <= 35",
        "PASS  minutes_covered = 1, must be >= 0.95",
        "PASS: shadow of release.yaml, 59.5 min; next: go on",
    ]


def test_less_than_an_hour_is_short_and_never_a_pass() -> None:
    short = report(minutes=59.0)
    assert (short.verdict, short.short) == (Verdict.WARN, True)
    assert short.reasons == ["short: 59 of 60 minutes; no lock is made of it"]
    assert report(LOST, minutes=59.0).verdict is Verdict.FAIL


def test_an_hour_with_gaps_fails_whatever_its_gate_says() -> None:
    gaps = report(covered=0.9499)
    assert gaps.verdict is Verdict.FAIL
    assert gaps.reasons == ["ticks in 95.0% of the minutes, fail unless in 95%"]
    assert report(covered=0.95).verdict is Verdict.PASS


def test_no_data_is_a_fail_that_says_so() -> None:
    lost = report(LOST)
    assert lost.verdict is Verdict.FAIL
    first, *_, last = shadow_lines(lost, "mend it")
    assert first == (
        "FAIL  fetch_md_p95_ms = no value, must be <= 35 (no data (999 samples of 1000))"
    )
    assert last.endswith("lane: fetch_md_p95_ms has no data; next: mend it")


def test_what_is_known_of_the_built_in_maker_is_told_of_it_alone() -> None:
    assert report().notes == [NOTE, OF_SIM]
    assert report(source="my:Bot").notes == [NOTE]


@pytest.mark.parametrize("check", [GOOD, LOST], ids=["good", "lost"])
def test_the_text_has_no_number_that_the_json_has_not(check: Check) -> None:
    told = report(check)
    text, data = shadow_text(told), told.model_dump_json()
    for word in text.replace("|", " ").replace(",", " ").replace("&lt;=", " ").split():
        if word.strip(".;:()%`").replace(".", "").isdigit():
            assert word.strip(".;:()%`") in data, word
