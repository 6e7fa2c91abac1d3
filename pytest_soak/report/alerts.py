"""ALERT_RULES.md: what each alert says, and which metrics they are of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_soak.gates.criteria import Criteria
from pytest_soak.metrics.table import EVENTS, LABELS
from pytest_soak.report.markdown import safe, table


def alerts_text(criteria: Criteria, rules: Mapping[str, Any]) -> str:
    """The page of a file of rules."""
    return "\n".join([*_lines(criteria, rules), ""])


def _lines(criteria: Criteria, rules: Mapping[str, Any]) -> Iterator[str]:
    yield f"# Alert rules of the stop criteria {safe(criteria.name)}"
    yield ""
    yield "They hold for a bot that trades in real time. A soak with `--soak-metrics-port` exports"
    yield "these metrics, and a bot in production can by the same names. Each series has the labels"
    yield f"{', '.join(LABELS)}."
    yield ""
    heads = ("metric", "kind", "what it counts or is")
    yield from table([heads, *((one.name, one.kind, one.meaning) for one in EVENTS)])
    for group in rules["groups"]:
        for rule in group["rules"]:
            yield from _rule(rule)


def _rule(rule: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield f"## {rule['alert']}"
    yield ""
    yield f"{rule['labels']['severity']}: {safe(rule['annotations']['summary'])}"
    yield ""
    yield "```promql"
    yield rule["expr"]
    yield "```"
