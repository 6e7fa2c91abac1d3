"""`pytest-soak release rules`: the plan's stop criteria as alert rules of Prometheus."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from pytest_soak.commands.release_place import Asked, Say, Worked, open_place
from pytest_soak.commands.release_step import put
from pytest_soak.errors import one_line
from pytest_soak.metrics.alert_tests import alert_tests
from pytest_soak.metrics.alerts import alert_rules
from pytest_soak.release.layout import ALERT_RULES, ALERT_TESTS, ALERT_TEXT
from pytest_soak.report.alerts import alerts_text


def rules(asked: Asked, env: Mapping[str, str], folder: Path, say: Say) -> Worked:
    """Write the rules, what promtool shall find of them, and a page that tells of each.

    Raises SoakUsageError for criteria that cannot be used, ArtifactError where a file cannot be
    written.
    """
    place = open_place(asked, env, folder)
    if "stop" in place.choice.problems:
        raise place.choice.problems["stop"]
    criteria = place.choice.stop
    assert criteria is not None
    runbook = Path(ALERT_TEXT).name
    made = alert_rules(criteria, runbook)
    tests = alert_tests(criteria, Path(ALERT_RULES).name, runbook)
    put(place, ALERT_RULES, _yaml(made))
    put(place, ALERT_TESTS, _yaml(tests))
    put(place, ALERT_TEXT, alerts_text(criteria, made))
    count = sum(len(group["rules"]) for group in made["groups"])
    say(one_line(f"{place.directory / ALERT_RULES}: {count} rules of {criteria.name}"))
    return Worked(0, made)


def _yaml(data: Any) -> str:
    text: str = yaml.safe_dump(data, sort_keys=False, width=1000)
    return text
