"""`pytest-soak metrics`: what a soak exports, and what is made of it for Prometheus and Grafana."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from pytest_soak.errors import SoakUsageError
from pytest_soak.gates.criteria import OFF, Criteria, criteria_shelf, load_criteria
from pytest_soak.metrics.dashboard import dashboard
from pytest_soak.metrics.table import ALL, labels_of
from pytest_soak.report.rule_files import RULES, rule_files
from pytest_soak.storage.files import write_text


def criteria_named(name: str, folder: Path) -> Criteria:
    """The criteria that `--stop` names; SoakUsageError for none."""
    criteria = load_criteria(name, criteria_shelf(folder), folder, "--stop")
    if criteria == OFF:
        raise SoakUsageError("--stop", "off has no criteria to make rules of")
    return criteria


def rules_text(criteria: Criteria) -> str:
    """The file of rules."""
    return rule_files(criteria).texts[RULES]


def write_rules(criteria: Criteria, folder: Path) -> list[Path]:
    """Write the rules, their tests and a page that tells of each; where they are.

    Raises ArtifactError where that fails.
    """
    files = rule_files(criteria)
    for name, text in files.texts.items():
        write_text(folder / name, text)
    return [folder / name for name in files.texts]


def dashboard_text() -> str:
    """What Grafana imports."""
    return json.dumps(dashboard(), indent=2)


def metric_lines() -> Iterator[str]:
    """Each metric in two lines: its name, kind and labels; what it is."""
    for metric in ALL:
        yield f"{metric.name}  {metric.kind}  {', '.join(labels_of(metric))}".rstrip()
        yield f"    {metric.meaning}"
