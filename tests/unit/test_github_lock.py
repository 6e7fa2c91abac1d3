"""What GitHub shows of a build beside a lock, and the reports, be a plan ever so hostile."""

from __future__ import annotations

import json
import re
from typing import Any

from budgets import SAME, lock, run
from workflow_commands import obeyed

from pytest_soak.artifacts.lock_models import FormerLock, GatesStatus, LockReport
from pytest_soak.gates.engine import Verdict
from pytest_soak.release.lock_chain import drift
from pytest_soak.release.lock_check import check
from pytest_soak.report.github_lock import lock_annotations, lock_summary
from pytest_soak.report.release_lock import lock_text, status_text

HOSTILE = "a|b\n::error::x <script> `c`"
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e-?\d+)?(?![\w.]*\w)")


def status(verdict: Verdict, **more: Any) -> GatesStatus:
    given: dict[str, Any] = {
        "source": "sim",
        "meta": {},
        "plan": "release.yaml",
        "verdict": verdict,
        "reasons": [],
        "candidate": "c",
        "lock": 3,
        "lock_sha256": "f",
        "exact": True,
        "same": 0,
        "seeds": [1, 2],
        "minutes": 60.0,
        "market": "calm",
        "checks": [],
        "notes": [],
        "run": "r",
    }
    return GatesStatus(**(given | more))


def numbers(text: str) -> set[str]:
    return set(_NUMBER.findall(text))


def test_what_failed_without_a_limit_is_one_error() -> None:
    of = status(Verdict.FAIL, reasons=["a-calm-1: crashed", "no ticks"])
    assert [(one.name, one.message) for one in obeyed(lock_annotations(of))] == [
        ("error", "a-calm-1: crashed; no ticks")
    ]
    held = status(Verdict.HOLD, reasons=["another machine"], run=None)
    assert [one.name for one in obeyed(lock_annotations(held))] == ["warning"]
    assert lock_annotations(status(Verdict.PASS)) == []


def test_a_limit_that_is_missed_is_an_error_and_one_that_passes_is_none() -> None:
    checks = check(lock(SAME), [run(1.05)] * 5, exact=True)
    told = obeyed(lock_annotations(status(Verdict.FAIL, checks=checks)))
    assert {one.name for one in told} == {"error"}
    assert [one.message.split()[0] for one in told] == [
        f"{stage}_p95_ms" for stage in ("fetch_md", "compute", "wait", "send")
    ]


def test_nothing_of_a_plan_is_markup_or_a_command() -> None:
    checks = check(lock(SAME), [run(1.05)] * 5, exact=True)
    bad = status(Verdict.FAIL, reasons=[HOSTILE], notes=[HOSTILE], plan=HOSTILE, checks=checks)
    summary = list(lock_summary(bad, HOSTILE))
    assert obeyed(summary) == []
    assert not [line for line in summary if "<" in line or "`" in line or "\n" in line]
    text = status_text(bad)
    assert "<script>" not in text
    assert "\n::error" not in text


def test_the_texts_have_no_number_that_their_json_has_not() -> None:
    first, last = lock(SAME), lock([run(1.029)] * 5)
    former = FormerLock(number=1, sha256="e", reason=HOSTILE)
    last = last.model_copy(update={"number": 2, "replaces": former})
    report = LockReport(
        source="sim",
        meta={},
        plan=HOSTILE,
        path="baseline/x",
        sha256="d",
        lock=last,
        first=1,
        drift=drift([first, last]),
        notes=["gone"],
    )
    text = lock_text(report)
    assert numbers(text) - numbers(json.dumps(report.data())) == set()
    assert "Since lock 1:" in text
    assert text.count("\n::") == 0
    assert "Since" not in lock_text(report.model_copy(update={"drift": []}))
    checks = check(first, [run(1.029)] * 5, exact=True)
    of = status(Verdict.PASS, checks=checks)
    assert numbers(status_text(of)) - numbers(json.dumps(of.data())) == set()
    assert numbers("p95 32.96 +- 0.5 -3.2e-05 a1 95th") == {"32.96", "0.5", "-3.2e-05"}
