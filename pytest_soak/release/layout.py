"""How the files of a release are called, by their paths below its folder."""

from __future__ import annotations

from pytest_soak.release.record import HOME

STATE = f"{HOME}/STATE.json"
SNAPSHOT = f"{HOME}/FEATURE_FLAGS_SNAPSHOT.json"
SNAPSHOTS = f"{HOME}/snapshots"
PREP_LOG = "reports/PREP_LOG.json"
PREP_TEXT = "reports/PREP_LOG.md"
RUNS = f"{HOME}/runs"
STAGE_BUDGETS = "baseline/stage_budgets.json"
DATASETS = "edge/datasets"
EDGE_REPORTS = "edge/reports"
EDGE_FEEDS = "edge/feeds"
AUTO_SPREAD = "edge/auto_spread.yaml"
ALERT_RULES = "reports/alert_rules.yml"
ALERT_TESTS = "reports/alert_rules_test.yml"
ALERT_TEXT = "reports/ALERT_RULES.md"
SOAK_START = "reports/SOAK_START.md"
PRE_SOAK = "reports/PRE_SOAK_REPORT.md"
CHECKLIST = "reports/SOAK_DASHBOARD_CHECKLIST.md"
FINISH_LINE = "reports/FINISH_LINE_REPORT.json"
FINISH_TEXT = "reports/FINISH_LINE_REPORT.md"
DAILY_REPORTS = "reports/daily"
LOCKED_BUDGETS = "baseline/stage_budgets.locked.json"
LOCK_REPORT = "reports/BASELINE_LOCK_REPORT.json"
LOCK_TEXT = "reports/BASELINE_LOCK_REPORT.md"
GATES_STATUS = "reports/CI_GATES_STATUS.json"
GATES_TEXT = "reports/CI_GATES_STATUS.md"
SHADOW_REPORT = "md_cache/shadow_report.json"
SHADOW_TEXT = "md_cache/shadow_report.md"
REGISTRY = "docs/FEATURE_FLAGS_REGISTRY.md"
"""In the project's own folder, not in that of the release."""

IGNORED = "*\n!.gitignore\n!baseline/\n!baseline/*.locked.json\n"
"""What a new folder of a release says to git: a locked baseline belongs into the repository."""


def kept_lock(number: int) -> str:
    """A lock that was replaced, by its number; git is let have it as it is the one in force."""
    return f"baseline/stage_budgets.{number}.locked.json"


def snapshot_folder(config_sha256: str) -> str:
    """The folder of a snapshot's bytes."""
    return f"{SNAPSHOTS}/{config_sha256}"
