"""Alerting rules that say what sustained criteria say, for a bot that trades in real time."""

from __future__ import annotations

from typing import Any

from pytest_soak.gates.criteria import Action, Criteria, Criterion
from pytest_soak.metrics.promql import SOURCES

GAP = "5m"
"""How long a criterion that does nothing for want of data is without any before that is told."""
_SEVERITY: dict[Action, str] = {"stop": "critical", "warn": "warning"}


def alert_rules(criteria: Criteria, runbook: str) -> dict[str, Any]:
    """The content of a file of rules: for each criterion an alert, and one for want of data.

    `runbook` is the address of the page that tells of them, an anchor each. Prometheus has no
    second limit by which a warning is over: `keep_firing_for` stands for `clear_if`.
    """
    rules = [rule for one in criteria.criteria for rule in (alert(one), no_data(one))]
    for rule in rules:
        rule["annotations"]["runbook_url"] = f"{runbook}#{rule['alert']}"
    return {"groups": [{"name": f"soak-{criteria.name}", "interval": "1m", "rules": rules}]}


def alert(criterion: Criterion) -> dict[str, Any]:
    """The rule of a criterion's limit."""
    limit = criterion.limit
    promql = SOURCES[criterion.metric].promql(criterion.window or "")
    rule: dict[str, Any] = {
        "alert": f"soak_{criterion.name}",
        "expr": f"{promql} {limit.symbol} {limit.limit:.15g}",
        "for": criterion.for_,
    }
    if criterion.clear_if:
        rule["keep_firing_for"] = criterion.clear_for
    summary = f"{criterion.metric} {limit.text} for {criterion.for_}"
    return rule | _told(criterion.name, criterion.action, summary)


def no_data(criterion: Criterion) -> dict[str, Any]:
    """The rule of a criterion that has nothing to judge."""
    asked = criterion.no_data
    lasting = asked.for_ if asked else GAP
    rule = {
        "alert": f"soak_{criterion.name}_no_data",
        "expr": SOURCES[criterion.metric].without_data(criterion.window or GAP),
        "for": lasting,
    }
    summary = f"no data of {criterion.metric} for {lasting}"
    return rule | _told(criterion.name, asked.then if asked else "warn", summary)


def _told(criterion: str, action: Action, summary: str) -> dict[str, Any]:
    labels = {"severity": _SEVERITY[action], "criterion": criterion}
    return {"labels": labels, "annotations": {"summary": summary}}
