"""The dashboard for Grafana, and `pytest-soak metrics`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from builders import usage_error
from click.testing import CliRunner

from pytest_soak.commands.metrics import criteria_named, metric_lines
from pytest_soak.commands.metrics_cli import metrics
from pytest_soak.metrics.dashboard import dashboard, of_lanes
from pytest_soak.metrics.table import ALL, OF_RUN, labels_of
from pytest_soak.report.rule_files import rule_files

_NAME = re.compile(r"soak_\w+")


def panels() -> list[dict[str, Any]]:
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def expressions() -> list[str]:
    return [target["expr"] for panel in panels() for target in panel["targets"]]


def base(name: str) -> str:
    """The metric of a sample's name."""
    known = {metric.name for metric in ALL}
    short = re.sub(r"_(bucket|count|sum)$", "", name)
    return name if name in known else short


def test_it_has_what_grafana_asks_of_a_dashboard() -> None:
    board = dashboard()
    assert board["uid"] == "pytest-soak"
    assert len(board["uid"]) <= 40
    assert board["schemaVersion"] >= 36
    assert board["title"]
    assert "id" not in board  # Grafana gives it
    ids = [panel["id"] for panel in board["panels"]]
    assert ids == sorted(set(ids))
    source, lane = board["templating"]["list"]
    assert (source["type"], source["query"]) == ("datasource", "prometheus")
    assert (lane["name"], lane["multi"], lane["includeAll"]) == ("lane", True, True)
    assert lane["query"]["query"] == "label_values(soak_iterations_planned, lane)"
    for panel in panels():
        assert panel["targets"]
        refs = [target["refId"] for target in panel["targets"]]
        assert len(refs) == len(set(refs))
        for asked in (panel, lane, *panel["targets"]):
            assert asked["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    json.dumps(board, allow_nan=False)


def test_it_asks_for_every_metric_and_for_no_other() -> None:
    asked = {base(name) for expr in expressions() for name in _NAME.findall(expr)}
    assert asked == {metric.name for metric in ALL}


def test_every_metric_of_a_lane_is_of_the_chosen_lanes() -> None:
    of_run = {metric.name for metric in OF_RUN}
    for expr in expressions():
        for found in _NAME.finditer(expr):
            chosen = expr[found.end() :].startswith('{lane=~"$lane"')
            assert chosen is (found[0] not in of_run), expr


def test_legends_are_of_labels_that_there_are() -> None:
    labels = {metric.name: set(labels_of(metric)) for metric in ALL}
    for panel in panels():
        for target in panel["targets"]:
            names = {base(name) for name in _NAME.findall(target["expr"])}
            shown = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            assert all(shown <= labels[name] for name in names), target


def test_no_panel_lies_on_another_and_none_is_too_wide() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        taken |= cells


def test_a_selector_stands_beside_those_that_are_there() -> None:
    asked = of_lanes('rate(soak_a_total{x="1"}[5m]) + soak_run_lanes + soak_b')
    assert asked == (
        'rate(soak_a_total{lane=~"$lane",x="1"}[5m]) + soak_run_lanes + soak_b{lane=~"$lane"}'
    )


def test_the_commands_print_and_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(metrics, arguments, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    assert json.loads(run("dashboard")) == dashboard()
    assert run("dashboard", "--output", "board.json") == "board.json\n"
    assert json.loads((tmp_path / "board.json").read_text()) == dashboard()
    rules = yaml.safe_load(run("rules"))
    assert rules == rule_files(criteria_named("stop", tmp_path)).rules
    assert run("rules", "--output", "made").split() == [
        str(tmp_path / "made" / name)
        for name in ("alert_rules.yml", "alert_rules_test.yml", "ALERT_RULES.md")
    ]
    assert yaml.safe_load((tmp_path / "made/alert_rules.yml").read_text()) == rules
    assert run("list").splitlines() == list(metric_lines())


def test_criteria_that_are_none_make_no_rules(tmp_path: Path) -> None:
    assert "off has no criteria" in usage_error(lambda: criteria_named("off", tmp_path))
    assert "unknown criteria 'x'" in usage_error(lambda: criteria_named("x", tmp_path))


@pytest.mark.parametrize("kind", ["dashboard", "rules"])
def test_what_cannot_be_written_is_refused(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    name = "folder" if kind == "dashboard" else "file"

    def run() -> None:
        CliRunner().invoke(metrics, [kind, "--output", name], catch_exceptions=False)

    assert "--output: expected a f" in usage_error(run)
    assert (tmp_path / "file").read_text() == "mine"
