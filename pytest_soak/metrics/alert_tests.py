"""What `promtool test rules` shall find: when each alert fires, and that a healthy bot has none."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from pytest_soak.config.durations import span_us
from pytest_soak.gates.criteria import Criteria, Criterion
from pytest_soak.metrics.alerts import alert_rules
from pytest_soak.metrics.promql import SOURCES
from pytest_soak.metrics.samples import Series, healthy, silent, unhealthy

_LABELS = {"lane": "a", "profile": "b", "scenario": "c"}
_SPARE = 5
"""Minutes that a test goes on after what it looks at."""


def alert_tests(criteria: Criteria, rules: str, runbook: str) -> dict[str, Any]:
    """The content of a file of tests for the `rules` file of the same criteria and runbook."""
    (group,) = alert_rules(criteria, runbook)["groups"]
    told = {rule["alert"]: rule for rule in group["rules"]}
    tests = [test for one in criteria.criteria for test in _tests(one, told)]
    return {"rule_files": [rules], "evaluation_interval": "1m", "tests": tests}


def _tests(criterion: Criterion, told: dict[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    rule, lost = (told[f"soak_{criterion.name}{suffix}"] for suffix in ("", "_no_data"))
    source, begins = SOURCES[criterion.metric], _first_minute(criterion)
    yield _fires(rule, unhealthy(criterion), begins, _LABELS)
    yield _quiet([rule, lost], healthy(criterion))
    yield _fires(lost, [], 0, {})
    if source.counts:
        yield _fires(lost, silent(criterion), 1, _LABELS)


def _first_minute(criterion: Criterion) -> int:
    """The first minute with a value: a rate takes two samples, a gauge one."""
    return 0 if " (rate(" not in SOURCES[criterion.metric].promql("5m") else 1


def _fires(
    rule: dict[str, Any], series: list[Series], begins: int, labels: dict[str, str]
) -> dict[str, Any]:
    """Fires `for` after the first minute at which it can hold, and not a minute before."""
    first = begins + math.ceil(span_us(rule["for"]) / 60e6)
    looks = [(first, True)] + ([(first - 1, False)] if first else [])
    return _test(series, first, [(rule, minute, labels if on else None) for minute, on in looks])


def _quiet(rules: list[dict[str, Any]], series: list[Series]) -> dict[str, Any]:
    last = max(math.ceil(span_us(rule["for"]) / 60e6) for rule in rules) + _SPARE
    return _test(series, last, [(rule, last, None) for rule in rules])


def _test(
    series: list[Series], last: int, looks: list[tuple[dict[str, Any], int, dict[str, str] | None]]
) -> dict[str, Any]:
    own = ", ".join(f'{name}="{value}"' for name, value in _LABELS.items())
    inputs = [
        {
            "series": f"{one.name}{{{own}{one.more}}}",
            "values": f"{one.start:g}+{one.step:g}x{last + _SPARE}",
        }
        for one in series
    ]
    return {
        "interval": "1m",
        "input_series": inputs,
        "alert_rule_test": [
            {
                "eval_time": f"{minute}m",
                "alertname": rule["alert"],
                "exp_alerts": [] if labels is None else [_expected(rule, labels)],
            }
            for rule, minute, labels in looks
        ],
    }


def _expected(rule: dict[str, Any], labels: dict[str, str]) -> dict[str, Any]:
    return {"exp_labels": rule["labels"] | labels, "exp_annotations": rule["annotations"]}
