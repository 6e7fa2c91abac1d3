"""A soak that must be no worse than a run of before: its option, its verdict, its files."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from baselines import stored
from builders import usage_error

from pytest_soak import SoakResult, soak
from pytest_soak.commands.freeze import freeze
from pytest_soak.commands.merge import gates_of, merge, merged_lines, merged_status
from pytest_soak.commands.verdict import verdict
from pytest_soak.run.resolve import Inputs, resolve_settings
from pytest_soak.run.settings import Settings
from pytest_soak.testing import GOOD, InstantTarget

LANES: dict[str, Any] = {"iterations": 4, "seed": [1, 2, 3], "gate": "smoke"}


class Steady(InstantTarget):
    """Every hour with a noise of its own."""

    slower = 0.0

    def run(self, overrides: Mapping[str, float], window: Any) -> dict[str, float | None]:
        noise = random.Random(f"{self.lane.seed}/{window.iteration}")
        kpis = {name: value * (1.0 + 0.01 * noise.gauss(0, 1)) for name, value in GOOD.items()}
        kpis["maker_taker_ratio"] = 0.9 + 0.002 * noise.gauss(0, 1)
        return {**kpis, "p95_latency_ms": kpis["p95_latency_ms"] + self.slower}


class Slower(Steady):
    slower = 60.0


def run(target: Any, folder: Path, name: str, **options: Any) -> SoakResult:
    return soak(target, folder=folder, dir=name, **(LANES | options))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(Steady, tmp_path_factory.mktemp("made"), "before").folder


@pytest.fixture
def before(made: Path, tmp_path: Path) -> Path:
    """A folder with a run called `before`."""
    shutil.copytree(made.parent, tmp_path / "before")
    return tmp_path


def write_gate(folder: Path, limit: str) -> str:
    """A gate with a limit of a change and one of a value."""
    change = f"{{metric: p95_latency_ms, baseline: relative, fail_unless: '{limit}'}}"
    value = "{metric: net_bps, fail_unless: '>= 0'}"
    (folder / "desk.yaml").write_text(f"name: desk\nthresholds:\n  - {change}\n  - {value}\n")
    return "desk.yaml"


def result_of(folder: Path, name: str) -> Any:
    return json.loads((folder / name / "latest/RESULT.json").read_text())


def test_a_bot_that_is_as_good_passes_and_says_by_how_many_limits(before: Path) -> None:
    found = run(Steady, before, "after", baseline="before")
    assert (found.verdict, found.exit_status, found.problems) == ("PASS", 0, ())
    assert found.text.startswith("PASS for 3 lanes (3 PASS, ")
    assert found.text.endswith("; no worse than before by 5 limits")
    result = result_of(before, "after")
    assert result["settings"]["baseline"] == "before"
    assert [one["baseline"] for one in result["baseline"]] == ["before"]
    assert [check["gate"] for check in result["baseline"][0]["checks"]] == ["no_worse"] * 5


def test_a_worse_bot_fails_in_verdict_last_line_report_and_exit_status(before: Path) -> None:
    found = run(Slower, before, "after", baseline=Path("before"))
    assert (found.verdict, found.exit_status) == ("FAIL", 1)
    assert found.text.startswith("FAIL against before: p95_latency_ms +23")
    assert found.text.endswith("PASS for 3 lanes (3 PASS, tests.unit.test_baseline_option:Slower)")
    told = verdict(before / "after", before)
    assert (told.status, told.lines[-1]) == (1, found.text)
    assert any(row.split()[0] == "p95_latency_ms" and row.endswith("FAIL") for row in told.lines)
    page = (before / "after/latest/report.html").read_text()
    assert "Beside the baseline: <bdi>default on calm against before" in page
    assert '<td class="FAIL">FAIL</td>' in page


def test_lanes_of_a_deterministic_bot_are_paired_by_seed(tmp_path: Path) -> None:
    class Again(Steady):
        deterministic = True

    run(Again, tmp_path, "before")
    run(Again, tmp_path, "after", baseline="before")
    assert [lane["deterministic"] for lane in result_of(tmp_path, "after")["lanes"]] == [True] * 3
    [beside] = result_of(tmp_path, "after")["baseline"]
    assert (beside["way"], beside["unpaired"]) == ("paired by seed", "")


def test_limits_of_a_change_in_the_gate_stand_in_place_of_no_worse(before: Path) -> None:
    gate = write_gate(before, "<= +50 %")
    found = run(Slower, before, "after", baseline="before", gate=gate)
    assert (found.verdict, found.text[-33:]) == ("PASS", "; no worse than before by 1 limit")
    [beside] = result_of(before, "after")["baseline"]
    assert [check["gate"] for check in beside["checks"]] == ["desk"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"baseline": "nowhere"}, "baseline: {0}/nowhere: no run in it: RESULT.json is neither"),
        ({"baseline": "after"}, "baseline: after is where this run goes; give a run in its runs/"),
        ({"baseline": "after/latest"}, "baseline: after/latest is where this run goes; give a run"),
        ({"minutes": 30}, "baseline: settings.minutes: 60 in before, 30 in this run; compare runs"),
        (
            {"market": ["calm", "spike"]},
            "baseline: before: nothing to hold default on spike against: before has no market sp",
        ),
        (
            {"market_set": {"sigma": 0.02}},
            "baseline: before: nothing to hold default on calm against: calm is another market in",
        ),
        ({"drill": "stalls@1h+1h"}, "baseline: a run with a drill is no evidence; leave out --so"),
        (
            {"baseline": None, "gate": "no_worse"},
            "gate no_worse: has limits of a change; give the run of before by --soak-baseline=RUN",
        ),
        ({"baseline": "before,,"}, "baseline: expected names parted by commas, got 'before,,'"),
    ],
)
def test_what_cannot_be_compared_is_told_in_one_line_before_anything_runs(
    before: Path, options: dict[str, Any], told: str
) -> None:
    given = {"baseline": "before"} | options
    message = usage_error(lambda: run(Steady, before, "after", **given))
    assert message.startswith(told.format(before))
    assert not (before / "after").exists()


def test_a_baseline_may_be_a_name_or_a_snapshot(before: Path) -> None:
    (before / "baseline").mkdir()
    (before / "before").rename(before / "baseline/main")
    found = run(Steady, before, "after", baseline="main")
    assert found.text.endswith("; no worse than main by 5 limits")
    freeze(before / "baseline/main/latest/default-calm-2", before / "proven.json", None)
    found = run(Steady, before, "after", baseline="proven.json")
    assert found.text.endswith("; no worse than proven.json by 5 limits")
    taken = partial(run, Steady, before, "baseline/main", baseline="proven.json")
    assert usage_error(taken).startswith("baseline: proven.json is where this run goes; give a run")
    lost = partial(run, Steady, before, "after", baseline="mian")
    assert usage_error(lost).endswith("; baselines by name: main")


def test_a_resumed_run_is_held_to_the_baseline_that_it_began_with(before: Path) -> None:
    stored(before / "other", range(1, 4))
    run(Steady, before, "after", baseline="before", iterations=3)
    for baseline in ("other", None):
        again = partial(run, Steady, before, "after", baseline=baseline, resume=True)
        assert usage_error(again).startswith("resume: baseline: '")
    found = run(Steady, before, "after", baseline="before", resume=True)
    assert found.text.endswith("; no worse than before by 5 limits")


def test_a_baseline_that_changes_meanwhile_stops_the_run_at_its_start(before: Path) -> None:
    inputs = {"iterations": "4", "seed": "1..3", "gate": "smoke", "baseline": "before"}
    settings = resolve_settings(Inputs(inputs, {}, {}, before, before, before))
    stored(before / "before", range(1, 4))
    message = usage_error(lambda: soak(Steady, settings=settings, folder=before))
    assert message == "before: has changed since this session began"


def test_the_command_line_beats_the_environment_beats_the_ini_and_off_is_without(
    before: Path,
) -> None:
    typed = {"iterations": "4", "seed": "1..3", "gate": "smoke"}
    ini, env, off = {"soak_baseline": "lost"}, {"SOAK_BASELINE": "before"}, {"baseline": "off"}
    by_env = resolve_settings(Inputs(typed, env, ini, before, before, before))
    assert by_env.baseline is not None
    sent = Settings.model_validate_json(by_env.model_dump_json())  # as a worker of xdist gets them
    assert (sent.baseline, sent.gates) == (by_env.baseline, by_env.gates)
    assert list(by_env.baseline.folders.values()) == [before / "before"]
    assert [gate.name for gate in by_env.gates["default"]] == ["smoke", "no_worse"]
    without = resolve_settings(Inputs(typed | off, env, ini, before, before, before))
    assert without.baseline is None
    assert [gate.name for gate in without.gates["default"]] == ["smoke"]
    by_ini = Inputs(typed, {}, ini, before, before, before)
    message = usage_error(lambda: resolve_settings(by_ini))
    assert message.startswith(f"ini soak_baseline: {before / 'lost'}: no run in it")


@pytest.mark.parametrize(
    ("change", "word", "status"), [(0.0, "PASS", 0), (-0.4, "FAIL", 1)], ids=["good", "worse"]
)
def test_a_merge_is_judged_against_a_run_where_a_gate_is_given(
    tmp_path: Path, change: float, word: str, status: int
) -> None:
    reference = stored(tmp_path / "reference", range(1, 5))
    jobs = [
        stored(tmp_path / "a", range(1, 3), {"net_bps": change}),
        stored(tmp_path / "b", range(3, 5), {"net_bps": change}),
    ]
    told = merge(jobs, tmp_path / "told", reference, allow_different=False)
    assert (told.result.verdict, merged_status(told)) == ("PASS", 0)
    gates = gates_of("no_worse", tmp_path)
    found = merge(jobs, tmp_path / "all", reference, allow_different=False, gates=gates)
    assert (found.result.verdict, merged_status(found)) == (word, status)
    lines = list(merged_lines(found))
    assert f"against {reference}: paired by seed, 4 seeds" in "\n".join(lines)
    assert verdict(tmp_path / "all", tmp_path).lines[-1] == lines[-1]
    assert verdict(tmp_path / "all", tmp_path).status == status
    again = merge(
        [tmp_path / "all"], tmp_path / "twice", reference, allow_different=False, gates=gates
    )
    assert (again.result.verdict, len(again.result.baseline)) == (word, 1)


def test_a_merge_that_is_not_over_has_no_verdict_but_a_fail(tmp_path: Path) -> None:
    reference, gates = stored(tmp_path / "reference", range(1, 5)), gates_of("no_worse", tmp_path)
    good = [stored(tmp_path / "a", range(1, 5)), tmp_path / "lost"]
    found = merge(good, tmp_path / "all", reference, allow_different=False, gates=gates)
    assert (found.result.verdict, merged_status(found)) == (None, 1)
    bad = [stored(tmp_path / "b", range(1, 5), {"net_bps": -0.4}), tmp_path / "lost"]
    found = merge(bad, tmp_path / "both", reference, allow_different=False, gates=gates)
    assert (found.result.verdict, merged_status(found)) == ("FAIL", 1)
    few = [stored(tmp_path / "c", [8, 9])]
    held = merge(few, tmp_path / "held", reference, allow_different=False, gates=gates)
    assert (held.result.verdict, merged_status(held)) == ("HOLD", 3)


def test_a_gate_without_a_limit_of_a_change_cannot_judge_a_merge(tmp_path: Path) -> None:
    message = usage_error(lambda: gates_of("soak", tmp_path))
    told = "--gate: soak has no limit of a change; give no_worse, or a gate with `baseline:`"
    assert message == told
