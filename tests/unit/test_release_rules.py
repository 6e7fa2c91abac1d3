"""`pytest-soak release rules`: files that promtool takes, and a page that tells of each alert."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus import PROMTOOL, needs_promtool
from releases import ASKED, TWO_LINES

from pytest_soak.commands.release_rules import rules
from pytest_soak.errors import SoakUsageError


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    (tmp_path / "release.yaml").write_text(TWO_LINES)
    said: list[str] = []
    assert rules(ASKED, {}, tmp_path, said.append).status == 0
    assert said[0].endswith("alert_rules.yml: 16 rules of stop")
    return tmp_path / "artifacts/reports"


def made(reports: Path) -> list[Any]:
    (group,) = yaml.safe_load((reports / "alert_rules.yml").read_text())["groups"]
    found: list[Any] = group["rules"]
    return found


def test_each_alert_leads_to_an_anchor_that_is_there(reports: Path) -> None:
    page = (reports / "ALERT_RULES.md").read_text()
    for rule in made(reports):
        name, _, anchor = rule["annotations"]["runbook_url"].partition("#")
        assert (name, anchor) == ("ALERT_RULES.md", rule["alert"])
        assert f"\n## {anchor}\n" in page
        assert rule["expr"] in page


@needs_promtool
def test_promtool_takes_the_files_as_they_are(reports: Path) -> None:
    assert PROMTOOL is not None
    for verb, name in (("check", "alert_rules.yml"), ("test", "alert_rules_test.yml")):
        command = [PROMTOOL, verb, "rules", name]
        done = subprocess.run(command, cwd=reports, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr


def test_criteria_that_are_not_there_are_refused(tmp_path: Path) -> None:
    (tmp_path / "release.yaml").write_text(f"{TWO_LINES}stop: mine\n")
    with pytest.raises(SoakUsageError, match="mine"):
        rules(ASKED, {}, tmp_path, print)
    assert not (tmp_path / "artifacts").exists()
