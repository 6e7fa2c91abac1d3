"""The files that alert rules are handed over in: the rules, their tests, a page that tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import yaml

from pytest_soak.gates.criteria import Criteria
from pytest_soak.metrics.alert_tests import alert_tests
from pytest_soak.metrics.alerts import alert_rules
from pytest_soak.report.alerts import alerts_text

RULES, TESTS, PAGE = "alert_rules.yml", "alert_rules_test.yml", "ALERT_RULES.md"


class RuleFiles(NamedTuple):
    """Texts by file name, which stand side by side, and the rules as data."""

    texts: Mapping[str, str]
    rules: dict[str, Any]

    @property
    def number(self) -> int:
        """How many rules there are."""
        return sum(len(group["rules"]) for group in self.rules["groups"])


def rule_files(criteria: Criteria) -> RuleFiles:
    """The files of the rules that say what `criteria` say."""
    made = alert_rules(criteria, PAGE)
    tests = alert_tests(criteria, RULES, PAGE)
    texts = {RULES: _yaml(made), TESTS: _yaml(tests), PAGE: alerts_text(criteria, made)}
    return RuleFiles(texts, made)


def _yaml(data: Any) -> str:
    text: str = yaml.safe_dump(data, sort_keys=False, width=1000)
    return text
