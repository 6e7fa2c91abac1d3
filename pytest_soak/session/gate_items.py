"""A lane that its gates fail, as failed items: what pytest counts and JUnit files show."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from pytest_soak.artifacts.baseline_models import AgainstBaseline
from pytest_soak.engine.record import Ending, LaneResult
from pytest_soak.gates.engine import metrics_of
from pytest_soak.session.item_ids import gate_item

GATES, COUNTED = "soak-gates", "soak_counted"
"""Among the keywords of such an item; on its report: as what it is counted."""


def report_gate(session: pytest.Session, result: LaneResult, told: Collection[str | None]) -> None:
    """Emit a failed item for each KPI that fails or holds a lane, or for the lane itself.

    The latter only where the lane is not among those whose failed items have `told` it; nothing
    where the item of its last iteration failed by the gate.
    """
    if result.ending is Ending.GATE:
        return
    checks = metrics_of(result.judgement.checks)
    failing = {metric: c for metric, c in checks.items() if c.verdict is result.verdict}
    for metric, check in failing.items():
        text = f"{check.gate} gate, {result.judgement.note}: {check.reason}"
        _emit(session, result.lane.id, metric, f"gate {check.gate}: {metric}", text)
    if not failing and result.lane.id not in told:
        text = "; ".join(result.reasons)
        _emit(session, result.lane.id, "lane", result.lane.id, text, "lane failed")


def report_baseline(session: pytest.Session, beside: AgainstBaseline) -> None:
    """Emit a failed item for each KPI that fails or holds lanes beside their baseline."""
    lanes = f"{beside.after}-{beside.market}"
    for check in beside.checks:
        if check.verdict is beside.verdict:
            text = f"{check.gate} gate, against {beside.baseline}: {check.metric} {check.reason}"
            _emit(session, lanes, check.metric, f"gate {check.gate}: {check.metric}", text)


def _emit(
    session: pytest.Session,
    lane: str,
    name: str,
    title: str,
    text: str,
    counted: str = "gate failed",
) -> None:
    session.testscollected += 1
    for when, outcome in (("call", "failed"), ("teardown", "passed")):
        report = pytest.TestReport(
            nodeid=gate_item(lane, name),
            location=("soak", None, title),
            keywords={"soak": 1, GATES: 1},
            outcome=outcome,  # type: ignore[arg-type]
            longrepr=text if outcome == "failed" else None,
            when=when,  # type: ignore[arg-type]
        )
        setattr(report, COUNTED, counted)
        session.config.hook.pytest_runtest_logreport(report=report)
