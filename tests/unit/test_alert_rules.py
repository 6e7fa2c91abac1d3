"""Alert rules made of sustained criteria, and promtool's opinion of them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus import PROMTOOL, needs_promtool

from pytest_soak.gates.criteria import Criteria, criteria_shelf, load_criteria
from pytest_soak.kpi.definitions import KNOWN
from pytest_soak.kpi.windows import WINDOW_METRICS
from pytest_soak.metrics.alert_tests import alert_tests
from pytest_soak.metrics.alerts import alert_rules
from pytest_soak.metrics.promql import SOURCES
from pytest_soak.metrics.table import EVENTS, kpi_gauge

RUNBOOK = "https://example.org/stop"


def shipped() -> Criteria:
    return load_criteria("stop", criteria_shelf(Path()), Path(), "--soak-stop")


def of_all_metrics() -> Criteria:
    """A criterion above or below a limit of each metric, with and without spans."""
    made: list[dict[str, Any]] = []
    for number, (name, metric) in enumerate(WINDOW_METRICS.items()):
        limit = 0.4 if metric.high <= 1.0 else 42.5
        window = {"window": f"{number % 3 + 1}m"} if metric.windowed else {}
        both = {"metric": name, "for": f"{number % 4}m", **window}
        gone = {"no_data": {"for": "90s", "then": "warn"}} if number % 2 else {}
        clear = {"clear_if": f"> {limit + 0.1}", "clear_for": "3m"}
        above = {"name": f"{name}_above", "stop_if": f"> {limit}", **both, **gone}
        below = {"name": f"{name}_below", "warn_if": f"< {limit}", **both, **clear}
        made.append(above if number % 3 else below)
    return Criteria.model_validate({"name": "all", "criteria": made})


def rules_of(criteria: Criteria) -> dict[str, dict[str, Any]]:
    (group,) = alert_rules(criteria, RUNBOOK)["groups"]
    return {rule["alert"]: rule for rule in group["rules"]}


def promtool(folder: Path, rules: object, tests: object) -> subprocess.CompletedProcess[str]:
    assert PROMTOOL is not None
    for name, content in (("rules.yml", rules), ("tests.yml", tests)):
        (folder / name).write_text(yaml.safe_dump(content), encoding="utf-8")
    checked = [PROMTOOL, "check", "rules", "rules.yml"]
    subprocess.run(checked, cwd=folder, check=True, capture_output=True)
    tested = [PROMTOOL, "test", "rules", "tests.yml"]
    return subprocess.run(tested, cwd=folder, check=False, capture_output=True, text=True)


def test_each_metric_of_a_criterion_has_a_source() -> None:
    assert set(SOURCES) == set(WINDOW_METRICS)


def test_no_two_metrics_have_one_name() -> None:
    names = [metric.name for metric in EVENTS] + [kpi_gauge(kpi) for kpi in KNOWN]
    assert len(names) == len(set(names))
    assert all(name.startswith("soak_") for name in names)
    for metric in EVENTS:
        assert (metric.kind == "counter") == metric.name.endswith("_total"), metric


def test_a_source_asks_for_metrics_that_there_are() -> None:
    known = {metric.name for metric in EVENTS} | {kpi_gauge(kpi) for kpi in KNOWN}
    for name, source in SOURCES.items():
        asked = set(re.findall(r"soak_\w+", f"{source.promql('5m')} {source.without_data('5m')}"))
        assert {one.removesuffix("_bucket").removesuffix("_count") for one in asked} <= known, name


def test_rules_say_what_the_criteria_say() -> None:
    rules = rules_of(shipped())
    assert len(rules) == 2 * len(shipped().criteria)
    deadline, lost = rules["soak_deadline"], rules["soak_deadline_no_data"]
    assert deadline["expr"].endswith("> 0.05")
    assert "soak_deadline_misses_total[5m]" in deadline["expr"]
    assert (deadline["for"], deadline["labels"]["severity"]) == ("10m", "critical")
    assert (lost["for"], lost["labels"]["severity"]) == ("2m", "critical")
    assert "keep_firing_for" not in deadline
    slow = rules["soak_slow_tick"]
    assert (slow["keep_firing_for"], slow["labels"]["severity"]) == ("10m", "warning")
    assert slow["expr"].startswith("histogram_quantile(0.95, sum by (le, lane, ")
    assert rules["soak_taker_no_data"]["labels"]["severity"] == "warning"
    assert "increase(soak_ticks_total[10m])" in rules["soak_cache_no_data"]["expr"]
    assert rules["soak_errors_no_data"]["expr"] == "absent(soak_errors_total)"  # none is no gap
    for alert, rule in rules.items():
        assert rule["annotations"]["runbook_url"] == f"{RUNBOOK}#{alert}"


def test_no_text_has_braces_that_prometheus_would_fill_in() -> None:
    for rule in rules_of(of_all_metrics()).values():
        assert "{" not in str([*rule["labels"].values(), *rule["annotations"].values()])


@needs_promtool
@pytest.mark.parametrize("criteria", [shipped(), of_all_metrics()], ids=lambda one: one.name)
def test_promtool_finds_alerts_when_the_criteria_act(tmp_path: Path, criteria: Criteria) -> None:
    tests = alert_tests(criteria, "rules.yml", RUNBOOK)
    done = promtool(tmp_path, alert_rules(criteria, RUNBOOK), tests)
    assert done.returncode == 0, done.stdout
    assert len(tests["tests"]) >= 3 * len(criteria.criteria)


@needs_promtool
@pytest.mark.parametrize(("key", "value"), [("for", "61m"), ("expr", "vector(1) > 2")])
def test_promtool_finds_rules_that_say_something_else(tmp_path: Path, key: str, value: str) -> None:
    rules = alert_rules(shipped(), RUNBOOK)
    for rule in rules["groups"][0]["rules"]:
        rule[key] = value
    done = promtool(tmp_path, rules, alert_tests(shipped(), "rules.yml", RUNBOOK))
    assert done.returncode == 1
    assert {alert for alert in rules_of(shipped()) if f"{alert}," in done.stderr} == set(
        rules_of(shipped())
    )
