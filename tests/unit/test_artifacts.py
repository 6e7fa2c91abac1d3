from __future__ import annotations

import json
import stat
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from builders import FakeClock, FakeTarget, blocks, fills, lane_of, observation, plan, usage_error
from runs import metric

from pytest_soak.artifacts import build
from pytest_soak.artifacts.feed_index import LaneIndex
from pytest_soak.artifacts.feeds import AUDIT_EVENTS, Feeds
from pytest_soak.artifacts.handlers import LaneArtifacts
from pytest_soak.artifacts.layout import Layout
from pytest_soak.artifacts.models import (
    ARTIFACTS,
    SCHEMAS,
    GateMetric,
    RunResult,
    json_schema,
    shipped_schema,
    write_schemas,
)
from pytest_soak.artifacts.runtime import RuntimeOverridesFile
from pytest_soak.config.documents import Document, validate
from pytest_soak.engine.events import IterationFinished, LaneFinished
from pytest_soak.engine.plan import GateMode, LanePlan
from pytest_soak.engine.record import Ending
from pytest_soak.errors import SoakUsageError, TargetError
from pytest_soak.gates.engine import Verdict
from pytest_soak.kpi.definitions import KPIS
from pytest_soak.kpi.summary import Summary
from pytest_soak.storage.files import append_lines, write_json, write_text
from pytest_soak.targets.mock import MockTarget
from pytest_soak.testing import GOOD

WINDOW = observation(
    start_us=int(datetime(2025, 1, 1, tzinfo=UTC).timestamp() * 1e6),
    fills=fills([(1, True, 99.0, 2.0, 0.1, 100.0, np.nan), (-1, False, 99.9, 2.0, 0.1, 100, 100)]),
    blocks=blocks(risk=900, throttle=300),
    intended_changes=5000,
)


def check(path: Path) -> Any:
    """The artifact at `path`: it validates against its shipped schema and is canonical."""
    text = path.read_text(encoding="utf-8")
    data = json.loads(text)
    name = data["schema"].split("/")[1]
    schema = json.loads(shipped_schema(name))
    jsonschema.Draft202012Validator(schema).validate(data)
    assert text == json.dumps(data, sort_keys=True, indent=2, ensure_ascii=False) + "\n"
    return data


def soak(root: Path, *returns: object, feeds: bool = False, of: LanePlan | None = None) -> Path:
    """The `latest` of a lane that was run to its end, its artifacts written."""
    layout = Layout(root, several_lanes=False)
    layout.prepare()
    lane_files = layout.lane("x")
    writer = LaneArtifacts(lane_files, FakeClock())
    lane = lane_of(*returns, of=of or plan(iterations=len(returns)))
    try:
        while lane.run.ended is None:
            lane.run.run_iteration()
    except TargetError:
        pass
    kept = Feeds(lane_files, LaneIndex("x", "sim"), kept=feeds)
    for given in lane.journal.observations:
        kept.write(given)
    for event in lane.events:
        writer.handle(event)
    return layout.latest


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_shipped_schema_is_made_from_the_model_and_is_a_schema(name: str) -> None:
    schema = json.loads(shipped_schema(name))
    assert schema == json_schema(name), "run `python -m pytest_soak.artifacts.models`"
    jsonschema.Draft202012Validator.check_schema(schema)
    assert ("schema" in schema["required"]) == (name in ARTIFACTS)


def test_no_other_schema_ships_and_the_command_writes_them_all(tmp_path: Path) -> None:
    shipped = files("pytest_soak.artifacts").joinpath("schemas").iterdir()
    write_schemas(tmp_path)
    written = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert {path.name: path.read_text() for path in shipped} == written
    assert set(written) == {f"{name}.schema.json" for name in SCHEMAS}


def test_a_verdict_is_read_from_its_text_and_no_other_word_is_one() -> None:
    data = metric().model_dump(mode="json")
    read = validate(GateMetric, Document("x", data))
    assert read == metric()
    assert read.verdict is Verdict.PASS
    wrong = data | {"verdict": "GOOD"}
    assert usage_error(lambda: validate(GateMetric, Document("x", wrong))) == (
        "x: verdict: expected one of PASS, WARN, HOLD, FAIL, got 'GOOD'"
    )


def test_a_schema_refuses_what_is_no_artifact() -> None:
    validator = jsonschema.Draft202012Validator(json_schema("iter-summary"))
    assert not validator.is_valid({})
    assert not validator.is_valid({"schema": "pytest-soak/iter-summary/1"})


def test_every_artifact_of_a_lane_validates(tmp_path: Path) -> None:
    latest = soak(tmp_path / "soak", WINDOW, GOOD, {**GOOD, "net_bps": float("nan")})
    found = sorted(str(path.relative_to(latest)) for path in latest.rglob("*.json"))
    assert found == [
        "ITER_SUMMARY_1.json",
        "ITER_SUMMARY_2.json",
        "ITER_SUMMARY_3.json",
        "ITER_SUMMARY_final.json",
        "PRODUCTION_SNAPSHOT.json",
        "TUNING_REPORT.json",
        "TUNING_STATE.json",
        "artifacts/EDGE_REPORT.json",
        "artifacts/EDGE_SENTINEL.json",
        "artifacts/KPI_GATE.json",
    ]
    for name in found:
        check(latest / name)


def test_measurements_that_are_absurd_yet_finite_cost_their_iterations_and_no_more(
    tmp_path: Path,
) -> None:
    huge = [{**GOOD, "net_quote": x} for x in (1.7e308, -1.7e308, 1e101, -1e100, 1e100)]
    latest = soak(tmp_path / "soak", *huge, of=plan(iterations=5, declared=None))
    seen = [check(latest / f"ITER_SUMMARY_{n}.json")["summary"]["net_quote"] for n in range(1, 6)]
    assert seen == [None, None, None, -1e100, 1e100]
    kpis = check(latest / "PRODUCTION_SNAPSHOT.json")["kpis"]
    assert kpis["net_quote"] == {"median": 0.0, "sd": pytest.approx(2**0.5 * 1e100), "n": 2}


def test_an_iteration_summary_says_what_was_measured_judged_and_in_force(tmp_path: Path) -> None:
    latest = soak(tmp_path / "soak", {**GOOD, "net_bps": None})
    data = check(latest / "ITER_SUMMARY_1.json")
    summary = data["summary"]
    assert summary["net_bps"] is None
    assert summary["reasons"]["net_bps"] == "the target gave none"
    assert (summary["verdict"], summary["verdict_raw"], summary["graded"]) == ("FAIL", "FAIL", True)
    assert summary["verdict_reasons"] == ["net_bps: no data (the target gave none) (test)"]
    assert (summary["mock_mode"], summary["mock_seed"]) == ("calm", 42)
    assert (summary["spike_count"], summary["gap_events"]) == (0, 0)
    assert data["source"] == "fake"
    assert set(data["sources"]) == set(data["overrides"])
    assert set(KPIS) <= set(summary)


def test_every_artifact_of_the_mock_says_so(tmp_path: Path) -> None:
    mocked = plan(iterations=1).model_copy(update={"target": "mock"})
    given = MockTarget(mocked.lane).run({}, lane_of().run.state.window(60.0))
    latest = soak(tmp_path / "soak", given, of=mocked)
    assert {check(path)["source"] for path in latest.rglob("*.json")} == {"mock"}


def test_the_edge_report_splits_the_edge_and_counts_the_blocks(tmp_path: Path) -> None:
    data = check(soak(tmp_path / "soak", WINDOW) / "artifacts" / "EDGE_REPORT.json")
    parts = data["component_breakdown"]
    costs = parts["fees_eff_bps"] + parts["slippage_bps"] + parts["inventory_bps"]
    assert data["totals"]["net_bps"] == pytest.approx(parts["gross_bps"] + costs, rel=1e-12)
    assert data["block_reasons"]["risk"] == {"count": 900, "ratio": 0.75}
    assert sum(block["ratio"] for block in data["block_reasons"].values()) == pytest.approx(1.0)


def test_the_final_gate_names_values_thresholds_and_reasons(tmp_path: Path) -> None:
    bad = {**GOOD, "net_bps": 1.0}
    data = check(soak(tmp_path / "soak", bad) / "artifacts" / "KPI_GATE.json")
    assert (data["verdict"], data["final"], data["gate"], data["mode"]) == (
        *("FAIL", True, "test", "soft"),
    )
    assert data["reasons"] == ["net_bps = 1, fail unless >= 2 (test)"]
    [metric] = data["metrics"]
    assert (metric["value"], metric["fail_unless"], metric["warn_unless"]) == (1.0, ">= 2", ">= 3")


def test_the_final_summary_has_the_medians_and_the_ending(tmp_path: Path) -> None:
    values = [{**GOOD, "net_bps": x} for x in (1.0, 5.0, 4.0)]
    data = check(soak(tmp_path / "soak", *values) / "ITER_SUMMARY_final.json")
    assert data["result"]["medians"]["net_bps"] == 4.0
    assert data["result"]["ending"] == "completed"
    assert data["result"]["counts"] == {"PASS": 2, "WARN": 0, "FAIL": 1}


def test_there_is_no_final_summary_of_an_interrupted_lane(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "soak", several_lanes=False)
    layout.prepare()
    writer, lane = LaneArtifacts(layout.lane("x"), FakeClock()), lane_of(GOOD)
    lane.run.run_iteration()
    lane.run.end(Ending.INTERRUPTED, "Ctrl-C")
    for event in lane.events:
        writer.handle(event)
    assert (layout.latest / "ITER_SUMMARY_1.json").exists()
    assert not (layout.latest / "ITER_SUMMARY_final.json").exists()


def test_a_lane_that_ends_by_its_gate_or_its_target_has_a_final_summary(tmp_path: Path) -> None:
    hard = plan(mode=GateMode.HARD)
    by_gate = soak(tmp_path / "a", {**GOOD, "net_bps": 0.0}, of=hard)
    assert check(by_gate / "ITER_SUMMARY_final.json")["result"]["ending"] == "gate"
    by_target = soak(tmp_path / "b", GOOD, ValueError("ouch\ud800"), of=plan())
    result = check(by_target / "ITER_SUMMARY_final.json")["result"]
    assert (result["ending"], result["iterations"], result["verdict"]) == ("target", 1, "FAIL")
    assert "ouch" in result["reasons"][0]


def test_the_audit_holds_the_last_thousand_blocks_or_all_with_feeds(tmp_path: Path) -> None:
    without = soak(tmp_path / "a", WINDOW) / "artifacts" / "audit.jsonl"
    lines = [json.loads(line) for line in without.read_text().splitlines()]
    assert len(lines) == AUDIT_EVENTS == 1000
    assert [line["reason"] for line in (lines[0], lines[-1])] == ["risk", "throttle"]
    assert sum(line["reason"] == "throttle" for line in lines) == 300
    complete = soak(tmp_path / "b", WINDOW, feeds=True) / "artifacts" / "audit.jsonl"
    assert len(complete.read_text().splitlines()) == 1200


def test_feeds_are_written_by_the_day_only_when_asked_for(tmp_path: Path) -> None:
    assert not (soak(tmp_path / "a", WINDOW) / "feeds").exists()
    second = WINDOW.fills.copy()
    second["fee_quote"] = 0.2
    latest = soak(tmp_path / "b", WINDOW, replace(WINDOW, fills=second), feeds=True)
    feed = (latest / "feeds" / "fills_20250101.jsonl").read_text().splitlines()
    assert len(feed) == 4
    row = json.loads(feed[0])
    assert (row["side"], row["maker"], row["price"], row["mid_1s"]) == (1, True, 99.0, None)
    assert not (latest / "feeds" / "pipeline_ticks_20250101.jsonl").exists()


def test_equal_lanes_leave_equal_bytes_but_for_meta(tmp_path: Path) -> None:
    def content(name: str) -> dict[str, str]:
        latest = soak(tmp_path / name, WINDOW, GOOD)
        found = {}
        for path in sorted(latest.rglob("*.json")):
            data = json.loads(path.read_text())
            assert data.pop("meta") is not None
            found[str(path.relative_to(latest))] = json.dumps(data)
        return found

    assert content("a") == content("b")


def test_a_session_result_validates() -> None:
    lane = lane_of(GOOD, of=plan(iterations=1))
    lane.run.run_iteration()
    end = lane.events[-1]
    assert isinstance(end, LaneFinished)
    result = RunResult(
        source="fake",
        status="finished",
        verdict="PASS",
        exit_status=0,
        gate_mode="soft",
        settings={"seed": "42"},
        lanes=[build.outcome(end.result)],
        unfinished=[],
        meta=build.machine(),
    )
    jsonschema.validate(result.data(), json_schema("result"))


def test_an_own_kpi_stands_in_the_summary_and_is_a_number_there(tmp_path: Path) -> None:
    own = plan(iterations=1, declared=("net_bps", "mine"))
    latest = soak(tmp_path / "soak", {"net_bps": 5.0, "mine": 7}, of=own)
    assert check(latest / "ITER_SUMMARY_1.json")["summary"]["mine"] == 7.0


def test_one_lane_has_latest_to_itself_several_have_a_folder_each(tmp_path: Path) -> None:
    one, several = (Layout(tmp_path, several_lanes=several) for several in (False, True))
    assert one.lane("x").home == tmp_path / "latest"
    assert one.lane("x").runtime == tmp_path / "runtime_overrides.json"
    assert several.lane("x").home == tmp_path / "latest" / "x"
    assert several.lane("x").runtime == tmp_path / "latest" / "x" / "runtime_overrides.json"
    assert one.result == several.result == tmp_path / "latest" / "RESULT.json"


def test_a_new_root_is_ignored_by_git_an_old_one_is_left_as_it_is(tmp_path: Path) -> None:
    Layout(tmp_path / "deep" / "new", several_lanes=False).prepare()
    assert (tmp_path / "deep" / "new" / ".gitignore").read_text() == "*\n"
    (tmp_path / "old").mkdir()
    Layout(tmp_path / "old", several_lanes=False).prepare()
    assert [path.name for path in (tmp_path / "old").iterdir()] == ["latest"]


def test_the_last_run_moves_to_runs_under_its_own_name(tmp_path: Path) -> None:
    layout = Layout(tmp_path, several_lanes=False)
    layout.prepare()
    name = "20250101T000000Z-0123abcd"
    write_json(layout.result, {"meta": {"run": name}})
    layout.prepare()
    assert list(layout.latest.iterdir()) == []
    assert (tmp_path / "runs" / name / "RESULT.json").exists()
    write_json(layout.result, {"meta": {"run": name}})
    layout.prepare()
    assert {path.name for path in (tmp_path / "runs").iterdir()} == {name, f"{name}-2"}


@pytest.mark.parametrize(
    "result", [None, "", "[1]", "{}", '{"meta": {"run": "../../x"}}', '{"meta": {"run": 3}}']
)
def test_a_run_without_a_good_name_is_kept_under_its_time(
    result: str | None, tmp_path: Path
) -> None:
    layout = Layout(tmp_path, several_lanes=False)
    layout.prepare()
    (layout.latest / "kept").write_text("x")
    if result is not None:
        layout.result.write_text(result)
    layout.prepare()
    [run] = (tmp_path / "runs").iterdir()
    assert run.name.endswith("Z-unknown")
    assert (run / "kept").read_text() == "x"


def test_a_file_is_replaced_in_one_step_with_the_rights_of_any_other(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "x.json"
    write_json(path, {"a": 1})
    write_json(path, {"a": 2}, durable=True)
    assert json.loads(path.read_text()) == {"a": 2}
    assert [entry.name for entry in path.parent.iterdir()] == ["x.json"]
    other = tmp_path / "other"
    other.write_text("")
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(other.stat().st_mode)


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    write_text(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "\ud800")
    with pytest.raises(ValueError, match="JSON"):
        write_json(path, float("nan"))
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.txt"]


def test_lines_are_appended_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "x.jsonl"
    append_lines(path, ["a", "b"])
    append_lines(path, ["c"])
    assert path.read_bytes() == b"a\nb\nc\n"


def test_the_runtime_file_reads_back_what_was_written_and_tells_what_is_wrong(
    tmp_path: Path,
) -> None:
    file = RuntimeOverridesFile(tmp_path / "runtime_overrides.json")
    assert file.read() is None
    file.write({"b": 0.1, "a": 65.0})
    assert file.read() == {"a": 65.0, "b": 0.1}
    assert file.path.read_text() == '{\n  "a": 65.0,\n  "b": 0.1\n}\n'
    for broken in ("", "{", "[1]", '{"a": 1, "a": 2}', '{"a": NaN}', "null"):
        file.path.write_text(broken)
        with pytest.raises(SoakUsageError, match=r"^runtime_overrides\.json"):
            file.read()


def test_a_runtime_file_is_untouched_until_another_hand_writes_or_it_is_read(
    tmp_path: Path,
) -> None:
    file = RuntimeOverridesFile(tmp_path / "runtime_overrides.json")
    assert not file.untouched()
    file.write({"a": 65.0})
    ours = file.path.read_bytes()
    assert file.untouched()
    file.path.write_bytes(ours.replace(b"65", b"64"))
    assert not file.untouched()
    assert file.read() == {"a": 64.0}
    file.path.write_bytes(ours)
    assert not file.untouched(), "an edit that is taken back is an edit"
    file.write({"a": 65.0})
    file.path.unlink()
    assert not file.untouched()


def test_a_lane_whose_target_never_started_has_a_valid_verdict(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "soak", several_lanes=False)
    layout.prepare()
    writer = LaneArtifacts(layout.lane("x"), FakeClock())
    lane = lane_of(target=FakeTarget(on_start=OSError("no exchange")))
    with pytest.raises(TargetError):
        lane.run.run_iteration()
    for event in lane.events:
        writer.handle(event)
    data = check(layout.latest / "ITER_SUMMARY_final.json")
    assert (data["result"]["verdict"], data["result"]["iterations"]) == ("FAIL", 0)
    assert not any(isinstance(event, IterationFinished) for event in lane.events)


def test_a_summary_with_counts_keeps_them(tmp_path: Path) -> None:
    given = Summary(kpis={"net_bps": 4.0}, samples={"net_bps": 9}, market={"spike_count": 2})
    data = check(soak(tmp_path / "soak", given) / "ITER_SUMMARY_1.json")["summary"]
    assert (data["samples"], data["spike_count"]) == ({"net_bps": 9}, 2)
