"""A run beside its baseline: what may be one, what is judged, what is said."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from baselines import stored
from builders import plan, usage_error
from finished_runs import outcome, result, write_run

from pytest_soak.artifacts.baseline_models import AgainstBaseline, BaselineCheck
from pytest_soak.artifacts.compare_models import Way
from pytest_soak.artifacts.stored_run import run_in
from pytest_soak.baseline.judge import judge_run
from pytest_soak.baseline.reference import (
    Baseline,
    BaselineRuns,
    check_against,
    read_again,
    read_baseline,
)
from pytest_soak.baseline.words import baseline_lines, baseline_sentence
from pytest_soak.calibration.key import key_of
from pytest_soak.calibration.lanes import RecordedLane
from pytest_soak.commands.judge_file import judge_file
from pytest_soak.comparing.groups import groups_of
from pytest_soak.gates.engine import Verdict
from pytest_soak.gates.model import Gate, Threshold, gate_shelf, load_gate
from pytest_soak.merging.whole import check_whole
from pytest_soak.report.beside import beside_lines
from pytest_soak.report.github import annotate, summary_text
from pytest_soak.run.verdict import verdict_line

NO_WORSE = load_gate("no_worse", gate_shelf(Path("/nowhere")), Path("/nowhere"), "test")
SEEDS = range(1, 6)


@pytest.fixture
def base(tmp_path: Path) -> Baseline:
    return read_baseline({"base": stored(tmp_path / "base", SEEDS)})


def beside(root: Path, baseline: Baseline, *thresholds: Threshold) -> AgainstBaseline:
    gate = Gate(name="desk", thresholds=list(thresholds)) if thresholds else NO_WORSE
    (found,) = judge_run(run_in(root), baseline, {"steady_safe": [gate]})
    return found


def of(found: AgainstBaseline, kpi: str) -> BaselineCheck:
    return next(check for check in found.checks if check.metric == kpi)


def relative(metric: str, limit: str, **more: Any) -> Threshold:
    return Threshold(metric=metric, baseline="relative", fail_unless=limit, **more)


def test_the_same_run_is_identical_and_passes(tmp_path: Path, base: Baseline) -> None:
    found = beside(tmp_path / "base", base)
    assert (found.verdict, found.way, found.seeds) == ("PASS", Way.SEEDS, list(SEEDS))
    assert {check.difference for check in found.checks} == {0.0}
    assert baseline_sentence([found]) == "no worse than base by 5 limits"


@pytest.mark.parametrize("seeds", [[1], [1, 2]])
def test_few_lanes_that_are_identical_pass_and_those_that_are_not_hold(
    tmp_path: Path, seeds: list[int]
) -> None:
    base = read_baseline({"base": stored(tmp_path / "base", seeds)})
    same, other = (
        beside(root, base) for root in (tmp_path / "base", stored(tmp_path / "b", seeds))
    )
    assert (same.verdict, other.verdict) == ("PASS", "HOLD")
    assert [check.difference for check in same.checks] == [0.0] * 5
    assert of(same, "net_bps").before == pytest.approx(3.0, abs=0.5)
    zero = read_baseline({"zero": stored(tmp_path / "zero", seeds, fixed={"net_quote": 0.0})})
    assert of(beside(tmp_path / "zero", zero), "net_quote").reason == "no baseline value (it is 0)"


def test_another_run_of_the_same_bot_passes_and_says_what_it_could_see(
    tmp_path: Path, base: Baseline
) -> None:
    found = beside(stored(tmp_path / "b", SEEDS), base)
    assert found.verdict == "PASS"
    net = of(found, "net_bps")
    assert net.detectable is not None
    assert net.half_width is not None
    assert 0.0 < net.half_width < net.detectable < 0.1


@pytest.mark.parametrize(
    ("kpi", "change"),
    [
        ("risk_ratio", 0.05),
        ("maker_taker_ratio", -0.04),
        ("net_bps", -0.4),
        ("p95_latency_ms", 50.0),
        ("net_quote", -80.0),
    ],
)
def test_each_limit_of_no_worse_fails_by_its_own_harm_and_not_by_its_reverse(
    tmp_path: Path, base: Baseline, kpi: str, change: float
) -> None:
    worse = beside(stored(tmp_path / "worse", SEEDS, {kpi: change}), base)
    assert [check.metric for check in worse.checks if check.verdict != "PASS"] == [kpi]
    assert (worse.verdict, of(worse, kpi).verdict) == ("FAIL", "FAIL")
    assert baseline_sentence([worse]).startswith(f"FAIL against base: {kpi} ")
    better = {"maker_taker_ratio": 0.02}.get(kpi, -change)
    assert beside(stored(tmp_path / "better", SEEDS, {kpi: better}), base).verdict == "PASS"


def test_a_relative_change_is_of_the_size_of_the_baselines(tmp_path: Path) -> None:
    losing = read_baseline({"base": stored(tmp_path / "base", SEEDS, {"net_quote": -800.0})})
    found = beside(stored(tmp_path / "b", SEEDS, {"net_quote": -880.0}), losing)
    net = of(found, "net_quote")
    assert net.difference == pytest.approx(-20.0, abs=3.0)
    assert net.verdict == "FAIL"


def test_other_seeds_are_not_paired_and_see_less(tmp_path: Path, base: Baseline) -> None:
    found = beside(stored(tmp_path / "b", range(11, 16)), base)
    paired = beside(stored(tmp_path / "c", SEEDS), base)
    assert (found.way, found.unpaired) == (Way.LANES, "no seed in common")
    seen = [of(one, "net_bps").detectable or 0.0 for one in (found, paired)]
    assert seen[0] > 2 * seen[1]
    assert "base: unpaired lanes (not paired: no seed in common)" in next(baseline_lines([found]))


def test_a_lone_lane_stands_beside_the_baselines_lane_of_its_seed(
    tmp_path: Path, base: Baseline
) -> None:
    long = {"iterations": 20, "planned": 20}
    seeds = read_baseline({"base": stored(tmp_path / "long", SEEDS, outcome=long)})
    found = beside(stored(tmp_path / "b", [3], {"net_bps": -0.6}, outcome=long), seeds)
    assert (found.way, found.seeds, found.verdict) == (Way.WINDOWS, [3], "FAIL")
    short = beside(stored(tmp_path / "c", [3]), base)
    assert (short.way, short.verdict) == (Way.NONE, "HOLD")
    assert "8 more graded iterations of base and 8 more graded" in baseline_sentence([short])
    lines = list(baseline_lines([short]))
    assert lines[0].endswith(" against base: not enough")
    assert len(lines) == 1 + 6 + 1


def test_what_is_equal_is_never_told_to_be_too_little(tmp_path: Path) -> None:
    alone = stored(tmp_path / "alone", [3])
    found = beside(alone, read_baseline({"base": alone}))
    assert (found.way, found.verdict) == (Way.NONE, "PASS")
    assert next(baseline_lines([found])).endswith(" against base: iteration by iteration")


def test_too_few_hold_and_say_how_many_more_would_decide(tmp_path: Path) -> None:
    few = read_baseline({"base": stored(tmp_path / "base", range(1, 4))})
    found = beside(stored(tmp_path / "b", range(11, 14)), few)
    assert found.verdict == "HOLD"
    assert re.fullmatch(
        r"\S+ \+- \S+, fail unless >= -0\.2: some \d+ more lanes of each would decide",
        of(found, "net_bps").reason,
    )


def test_the_sentence_has_only_what_decided_it(tmp_path: Path) -> None:
    few = read_baseline({"base": stored(tmp_path / "base", range(1, 4))})
    found = beside(stored(tmp_path / "b", range(11, 14), {"p95_latency_ms": 200.0}), few)
    assert {check.verdict for check in found.checks} == {"PASS", "HOLD", "FAIL"}
    assert baseline_sentence([found]).startswith("FAIL against base: p95_latency_ms +7")
    assert "net_bps" not in baseline_sentence([found])


def test_a_warning_says_so_and_needs_no_evidence_to_pass(tmp_path: Path, base: Baseline) -> None:
    warn = Threshold(metric="net_bps", baseline="difference", warn_unless=">= -0.2")
    worse = beside(stored(tmp_path / "b", SEEDS, {"net_bps": -0.4}), base, warn)
    assert worse.verdict == "WARN"
    assert "warn unless >= -0.2" in baseline_sentence([worse])
    few = read_baseline({"few": stored(tmp_path / "few", range(1, 4))})
    assert beside(stored(tmp_path / "c", range(11, 14)), few, warn).verdict == "PASS"


def test_no_data_is_never_good_data(tmp_path: Path, base: Baseline) -> None:
    lacking = beside(stored(tmp_path / "b", SEEDS, fixed={"net_quote": None}), base)
    assert of(lacking, "net_quote").verdict == "FAIL"
    assert of(lacking, "net_quote").reason == "no data (0 of 20 iterations)"
    softer = relative("net_quote", ">= -10 %", no_data="warn")
    assert beside(tmp_path / "b", base, softer).verdict == "WARN"
    without = read_baseline({"a": stored(tmp_path / "a", SEEDS, fixed={"net_quote": None})})
    assert of(beside(tmp_path / "base", without), "net_quote").reason == "no baseline value"
    assert beside(tmp_path / "base", without, softer).verdict == "FAIL"
    assert of(beside(tmp_path / "base", without), "net_bps").verdict == "PASS"


def test_per_cent_of_nothing_are_none(tmp_path: Path) -> None:
    zero = stored(tmp_path / "zero", SEEDS, fixed={"risk_ratio": 0.0})
    found = beside(zero, read_baseline({"zero": zero}), relative("risk_ratio", "<= +10 %"))
    assert (found.verdict, found.checks[0].reason) == ("FAIL", "no baseline value (it is 0)")


def test_what_changes_by_the_same_everywhere_is_not_known(tmp_path: Path) -> None:
    runs = [stored(tmp_path / "a" / "same", SEEDS), tmp_path / "b" / "same"]
    stored(runs[1], SEEDS, {"net_bps": -0.25})  # the same name, so the same noise
    found = beside(runs[1], read_baseline({"a": runs[0]}))
    assert of(found, "net_bps").verdict == "HOLD"
    assert "worse by 0.25 everywhere" in of(found, "net_bps").reason
    assert beside(runs[0], read_baseline({"b": runs[1]})).verdict == "PASS"
    rounded = stored(tmp_path / "c" / "same", SEEDS, {"net_bps": -4e-15})
    assert beside(rounded, read_baseline({"a": runs[0]})).verdict == "PASS"


def test_cold_hours_of_either_are_left_out_of_both(tmp_path: Path) -> None:
    """The one grades from its fifth hour on, the other already two that are absurd."""
    late = stored(tmp_path / "late", SEEDS, cold=4, grace=4)
    early = stored(tmp_path / "early", range(11, 16), cold=4, grace=2)
    for run, base in ((early, late), (late, early)):
        found = beside(run, read_baseline({"base": base}))
        assert abs(of(found, "net_bps").difference or 9.9) < 0.2


def test_lanes_without_a_partner_are_told(tmp_path: Path, base: Baseline) -> None:
    found = beside(stored(tmp_path / "b", range(1, 8)), base)
    assert list(baseline_lines([found]))[-1] == f"without a partner: 2 lanes of {tmp_path / 'b'}"


def test_the_chance_of_a_false_fail_is_shared_by_all_limits(tmp_path: Path, base: Baseline) -> None:
    new = stored(tmp_path / "b", SEEDS)
    one = beside(new, base, relative("net_quote", ">= -10 %"))
    assert (one.checks[0].detectable or 0) < (of(beside(new, base), "net_quote").detectable or 0)


def test_several_runs_are_one_baseline(tmp_path: Path, base: Baseline) -> None:
    parts = {n: stored(tmp_path / n / "base", s) for n, s in (("x", SEEDS[:3]), ("y", SEEDS[3:]))}
    both = read_baseline(parts)
    assert both.digest == base.digest
    assert beside(tmp_path / "base", both).seeds == list(SEEDS)
    assert both.groups[0].run == "x, y"
    again = {"x": parts["x"], "z": parts["x"]}
    told = "steady_safe-calm-1: this lane is in x and z; give one of them"
    assert usage_error(lambda: read_baseline(again)) == told


def test_a_baseline_of_several_runs_is_deterministic_where_each_of_them_is(
    tmp_path: Path,
) -> None:
    parts = {
        name: stored(tmp_path / name, [seed], source="bot:Bot", outcome={"deterministic": said})
        for name, seed, said in (("x", 1, True), ("y", 2, True), ("z", 3, None))
    }
    assert read_baseline(parts).groups[0].deterministic is None
    del parts["z"]
    assert read_baseline(parts).groups[0].deterministic is True


def test_a_baseline_is_its_figures_wherever_they_lie(tmp_path: Path, base: Baseline) -> None:
    shutil.copytree(tmp_path / "base", tmp_path / "copy")
    assert read_baseline({"copy": tmp_path / "copy"}).digest == base.digest
    runs = BaselineRuns(folders={"base": tmp_path / "copy"}, digest=base.digest)
    assert read_again(runs).digest == base.digest
    stored(tmp_path / "copy", SEEDS)
    assert usage_error(lambda: read_again(runs)) == "base: has changed since this session began"


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"status": "interrupted"}, "x: is not finished; finish it with --soak-resume, or give an"),
        ({"unfinished": ["steady_safe-calm-9"]}, "x: is not finished (steady_safe-calm-9); finish"),
        ({"outcome": {"drills": ["stalls@1h"]}}, "x: steady_safe-calm-1 had the drill stalls@1h"),
        ({"verdict": "PASS", "outcome": {"verdict": "FAIL"}}, "but a lane is FAIL; get the whole"),
    ],
)
def test_what_is_no_baseline_is_refused(tmp_path: Path, facts: dict[str, Any], told: str) -> None:
    stored(tmp_path / "x", SEEDS, **facts)
    assert told in usage_error(lambda: read_baseline({"x": tmp_path / "x"}))


@pytest.mark.parametrize(
    ("facts", "minutes", "told"),
    [
        ({}, "30", "settings.minutes: 60 in base, 30 in b; compare runs whose iterations are equ"),
        (
            {"outcome": {"market": "spike"}},
            "60",
            "base: nothing to hold steady_safe on spike against: base has no market spike",
        ),
        (
            {"settings": {"market-set": "sigma=0.02"}},
            "60",
            "base: nothing to hold steady_safe on calm against: calm is another market in base",
        ),
    ],
)
def test_what_cannot_be_held_against_it_is_refused(
    tmp_path: Path, base: Baseline, facts: dict[str, Any], minutes: str, told: str
) -> None:
    groups = groups_of(run_in(stored(tmp_path / "b", SEEDS, **facts)))
    message = usage_error(lambda: check_against(base, "b", minutes, groups))
    assert message.startswith(told)


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    root = stored(tmp_path / "x", SEEDS)
    (root / "latest/steady_safe-calm-1/ITER_SUMMARY_3.json").write_text("{")
    assert "ITER_SUMMARY_3.json" in usage_error(lambda: read_baseline({"x": root}))


def test_off_never_fails(tmp_path: Path, base: Baseline) -> None:
    off = stored(tmp_path / "b", SEEDS, {"net_bps": -0.4}, gate_mode="off")
    found = beside(off, base)
    assert (found.verdict, of(found, "net_bps").verdict) == ("WARN", "FAIL")
    assert baseline_sentence([found]).startswith("WARN against base: net_bps -0.4")


def line(base: Baseline, roots: Sequence[Path], **facts: Any) -> str:
    """The last line of a run that says so of itself, beside the baseline."""
    found = [beside(root, base) for root in roots]
    return verdict_line(run_in(roots[0]).result.model_copy(update={"baseline": found, **facts}))


def test_the_last_line_begins_with_what_is_worst(tmp_path: Path, base: Baseline) -> None:
    good = stored(tmp_path / "good", SEEDS)
    bad = stored(tmp_path / "bad", SEEDS, {"net_bps": -0.4})
    lanes = "PASS for 5 lanes (5 PASS, sim)"
    assert line(base, [good]) == f"{lanes}; no worse than base by 5 limits"
    failed = line(base, [bad], verdict=Verdict.FAIL, exit_status=1)
    assert failed.startswith("FAIL against base: net_bps -0.4")
    assert failed.endswith(f"fail unless >= -0.2; {lanes}")
    both = line(base, [good, bad], verdict=Verdict.FAIL, exit_status=1)
    assert both.startswith("FAIL against base: steady_safe on calm net_bps -0.4")
    assert line(base, [good], verdict=Verdict.FAIL).startswith(
        "FAIL: something beside the gates failed"
    )


def test_a_result_that_contradicts_itself_is_refused(tmp_path: Path, base: Baseline) -> None:
    bad = run_in(stored(tmp_path / "bad", SEEDS, {"net_bps": -0.4}))
    told = replace(
        bad, result=bad.result.model_copy(update={"baseline": [beside(tmp_path / "bad", base)]})
    )
    message = usage_error(lambda: check_whole(told))
    assert message.endswith("verdict: PASS, but beside its baseline it is FAIL; get the whole run")


def test_markets_have_limits_of_their_own(tmp_path: Path, base: Baseline) -> None:
    block: Mapping[str, Any] = {
        "calm": {
            "thresholds": [
                {"metric": "net_bps", "baseline": "difference", "fail_unless": ">= -0.6"}
            ]
        }
    }
    own = NO_WORSE.model_dump(by_alias=True, exclude_defaults=True) | {"markets": block}
    gate = Gate.model_validate(own)
    worse = run_in(stored(tmp_path / "b", SEEDS, {"net_bps": -0.4}))
    (found,) = judge_run(worse, base, {"steady_safe": [gate]})
    assert found.verdict == "PASS"
    assert len(found.checks) == 5


def test_github_shows_the_table_and_annotates_what_is_worse(tmp_path: Path, base: Baseline) -> None:
    bad = stored(tmp_path / "bad", SEEDS, {"net_bps": -0.4})
    facts = {"baseline": [beside(bad, base)], "verdict": Verdict.FAIL, "exit_status": 1}
    run = run_in(bad).result.model_copy(update=facts)
    text = unescape(summary_text(run))
    assert "steady_safe on calm against base: paired by seed, 5 seeds:\n" in text
    assert re.search(r"\| net_bps \| .* \| FAIL \|", text)
    [error] = annotate(run)
    assert error.startswith("::error title=steady_safe on calm::FAIL against base: net_bps -0.4")
    held = facts | {
        "baseline": [facts_of(beside(bad, base), Verdict.HOLD)],
        "verdict": Verdict.HOLD,
    }
    [warning] = annotate(run.model_copy(update=held | {"exit_status": 0}))
    assert warning.startswith("::warning title=steady_safe on calm::HOLD against base")


def facts_of(found: AgainstBaseline, verdict: Verdict) -> AgainstBaseline:
    return found.model_copy(update={"verdict": verdict})


def test_a_calibration_of_the_lanes_gates_holds_beside_a_baseline_too() -> None:
    alone = plan()
    held = alone.model_copy(update={"finals": (*alone.finals, NO_WORSE)})
    keys = [key_of(RecordedLane("x", one, (), "1")) for one in (alone, held)]
    assert keys[0] == keys[1]


def test_a_file_alone_cannot_be_judged_by_a_change(tmp_path: Path) -> None:
    write_run(tmp_path, result(outcome(1)))
    message = usage_error(lambda: judge_file("no_worse", tmp_path / "latest", tmp_path, None))
    told = "judge runs by --soak-baseline, or by merge --against"
    assert message == f"gate no_worse: has limits of a change; {told}"


@pytest.mark.parametrize("width", [60, 80, 140])
def test_beside_a_baseline_nothing_leaves_the_screen(
    width: int, tmp_path: Path, base: Baseline
) -> None:
    found = beside(stored(tmp_path / "worse", SEEDS, {"net_bps": -0.4}), base)
    lines = list(beside_lines([found], width))
    assert max(map(len, lines)) <= width
    assert any(line.startswith(found.checks[0].metric) for line in lines)
    assert ("could see" in "".join(lines)) is (width == 140), lines
