"""The control loop as a user sees it: options, markers, artifacts, the last line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
from harness import MARKER, Outcome, Workbench

from pytest_soak.artifacts.models import shipped_schema

BOT = """
    from pytest_soak.testing import GOOD, InstantTarget

    CALM = {**GOOD, "risk_ratio": 0.37, "net_bps": 2.8}  # nothing to suggest, nothing to freeze
    BUSY = {**CALM, "min_interval_pct": 40.0}  # min_interval_ms +10
    BAD = {**CALM, "net_bps": 1.0, "slippage_bps": -3.5}  # base_spread_bps_delta, tail_age_ms
    HOT = {**CALM, "p95_latency_ms": 380.0}

    class Scripted(InstantTarget):
        kpis = (*GOOD, "min_interval_pct")

        def run(self, overrides, window):
            script = self.script
            return {"min_interval_pct": 0.0, **script[min(window.iteration, len(script)) - 1]}

    class Busy(Scripted):
        script = [BUSY]

    class Frozen(Scripted):
        script = [BUSY, GOOD, GOOD, BUSY]

    class Bad(Scripted):
        script = [BAD]

    class Poor(Scripted):
        script = [{**GOOD, "net_bps": 2.5}]

    class Thawed(Scripted):
        script = [GOOD, GOOD, BAD]

    class Hot(Scripted):
        script = [HOT]
"""
SOAK = re.compile(
    r"\| iter_watch \| (SUGGEST|RATIONALE|SUPPRESSED|APPLIED|FREEZE|THAW|PANIC) \| .+ \|"
)
LOCK = r"from=\d+ until=\d+ reason={} signature=[0-9a-f]{{64}} \|"


@pytest.fixture
def desk(bench: Workbench) -> Workbench:
    """A directory with bots whose KPIs are known beforehand."""
    bench.write("bot.py", BOT)
    bench.write(
        "hourly.yaml", 'name: hourly\nthresholds: [{metric: net_bps, fail_unless: ">= 2"}]\n'
    )
    return bench


def soak(desk: Workbench, bot: str, iterations: int, *args: str, **env: str) -> Outcome:
    """A soak of a bot by the rules, unless `args` name another tuner."""
    fixed = (f"--soak-target=bot:{bot}", "-p", "no:cacheprovider", "--soak-tuner=rules")
    return desk.soak(iterations, *fixed, *args, **env)


def in_force(done: Outcome, name: str = "min_interval_ms") -> list[float]:
    """The values of a parameter in the iterations of a run of one lane."""
    files = [f"ITER_SUMMARY_{n}.json" for n in range(1, 100)]
    latest = done.directory / "artifacts" / "soak" / "latest"
    return [done.artifact(f)["overrides"][name] for f in files if (latest / f).exists()]


def fields(done: Outcome, tag: str) -> list[str]:
    """The bodies of the markers of a tag, which all keep the form of markers."""
    found = done.markers(f"| iter_watch | {tag} |")
    assert all(SOAK.fullmatch(line) for line in found)
    return [line.split(" | ")[2].removesuffix(" |") for line in found]


def validate(folder: Path) -> set[str]:
    """The names of the artifacts in `folder`, each valid by its schema."""
    paths = [p for p in folder.rglob("*.json") if p.name != "runtime_overrides.json"]
    for path in paths:
        data = json.loads(path.read_text(encoding="utf-8"))
        schema = json.loads(shipped_schema(data["schema"].split("/")[1]))
        jsonschema.Draft202012Validator(schema).validate(data)
    return {path.name for path in paths}


def test_without_auto_tune_suggestions_are_shown_and_nothing_moves(desk: Workbench) -> None:
    done = soak(desk, "Busy", 3)
    assert done.returncode == 0, done.everything
    assert fields(done, "SUGGEST") == ['{"min_interval_ms": 10}'] * 3
    assert fields(done, "RATIONALE")[0] == (
        "min_interval_pct=40.00 -> quote less often, min interval +10ms"
    )
    assert fields(done, "APPLIED") == []
    assert in_force(done) == [65, 65, 65]
    assert "as tuned" not in done.last_line


def test_with_auto_tune_decisions_are_applied_shown_and_told_at_the_end(desk: Workbench) -> None:
    done = soak(desk, "Busy", 5, "--soak-auto-tune")
    assert in_force(done) == [65, 75, 75, 85, 85]
    assert fields(done, "APPLIED") == [
        *('{"min_interval_ms": 10}', '{"min_interval_ms": 10}', '{"min_interval_ms": 5}'),
    ]
    assert fields(done, "SUPPRESSED") == ['{"min_interval_ms": "cooldown"}'] * 2
    assert done.last_line == (
        "HOLD for default on calm (5 iterations, bot:Busy) as tuned: 1 parameter changed, "
        "see TUNING_REPORT.json: as tuned for 1 of 4 hours, 3 more needed (soak)"
    )
    second = done.artifact("ITER_SUMMARY_2.json")
    assert second["sources"]["min_interval_ms"] == "tuner"
    assert second["summary"]["cooldown_active"]
    assert second["tuning"]["suppressed"] == {"min_interval_ms": "SUPPRESSED: cooldown"}
    report = done.artifact("TUNING_REPORT.json")
    assert (report["auto_tune"], report["tuner"]) == (True, "rules")
    assert [one["deltas"] for one in report["iterations"]] == [
        {"min_interval_ms": delta} for delta in (10, 0, 10, 0, 5)
    ]
    assert report["summary"]["changed"] == ["min_interval_ms"]


@pytest.mark.parametrize(
    ("args", "env", "ini", "tuned", "guarded"),
    [
        ((), {"SOAK_AUTO_TUNE": "1"}, "", True, True),
        (("--no-soak-auto-tune",), {"SOAK_AUTO_TUNE": "1"}, "", False, True),
        (("--soak-auto-tune",), {"SOAK_AUTO_TUNE": "0"}, "", True, True),
        ((), {}, "soak_auto_tune = true", True, True),
        ((), {"SOAK_AUTO_TUNE": "no"}, "soak_auto_tune = true", False, True),
        ((), {"SOAK_AUTO_TUNE": "yes", "ENABLE_GUARDS": "0"}, "", True, False),
        (("--soak-guards",), {"SOAK_AUTO_TUNE": "1", "ENABLE_GUARDS": "0"}, "", True, True),
        (("--soak-auto-tune", "--no-soak-guards"), {"ENABLE_GUARDS": "1"}, "", True, False),
    ],
)
def test_the_command_line_beats_the_environment_beats_the_ini_file(
    desk: Workbench,
    args: tuple[str, ...],
    env: dict[str, str],
    ini: str,
    tuned: bool,
    guarded: bool,
) -> None:
    desk.write("pytest.ini", f"[pytest]\n{ini}\n")
    done = soak(desk, "Busy", 3, *args, **env)
    moved = [65, 75, 75 if guarded else 85] if tuned else [65, 65, 65]
    assert in_force(done) == moved, done.everything


def test_presets_act_in_their_order_and_are_the_source(desk: Workbench) -> None:
    desk.write("profiles/presets/double.yaml", "changes: {min_interval_ms: {mul: 2}}\n")
    desk.write("mine.json", '{"changes": {"min_interval_ms": {"add": 20}}}')
    first = soak(desk, "Busy", 1, "--soak-preset=double", "--soak-preset=mine.json")
    assert in_force(first) == [150]
    assert first.artifact("ITER_SUMMARY_1.json")["sources"]["min_interval_ms"] == "preset:mine"
    second = soak(desk, "Busy", 1, "--soak-preset=mine.json", "--soak-preset=double")
    assert in_force(second) == [170]
    assert second.artifact("ITER_SUMMARY_1.json")["sources"]["min_interval_ms"] == "preset:double"
    shipped = soak(
        desk,
        "Busy",
        1,
        "--soak-profile=steady_safe",
        "--soak-preset=maker_bias_uplift_v1",
        "--soak-set=tail_age_ms=700",
        MM_RUNTIME_OVERRIDES_JSON='{"replace_rate_per_min": 222}',
    )
    summary = shipped.artifact("ITER_SUMMARY_1.json")
    values, sources = summary["overrides"], summary["sources"]
    assert values["min_interval_ms"] == 90
    assert sources["min_interval_ms"] == "preset:maker_bias_uplift_v1"
    assert (values["replace_rate_per_min"], sources["replace_rate_per_min"]) == (222, "env")
    assert (values["tail_age_ms"], sources["tail_age_ms"]) == (700, "cli")
    assert sources["concurrency_limit"] == "profile:steady_safe"


def test_a_preset_that_leaves_the_bounds_is_clamped_with_a_note(desk: Workbench) -> None:
    desk.write("far.yaml", "changes: {min_interval_ms: {mul: 9}}\n")
    done = soak(desk, "Busy", 1, "--soak-preset=far.yaml")
    assert in_force(done) == [300]
    note = "preset far: min_interval_ms 585 clamped to 300"
    assert f"| iter_watch | NOTE | iter=1 {note} |" in done.lines
    assert note in done.artifact("ITER_SUMMARY_1.json")["notes"]


def test_a_warm_up_is_announced_softened_and_over_after_six(desk: Workbench) -> None:
    done = soak(desk, "Hot", 8, "--soak-warmup")
    assert done.markers("| warmup |") == [
        "| warmup | PHASE | iter=1 phase=warmup gate=warn |",
        "| warmup | PHASE | iter=5 phase=rampdown gate=normal |",
        "| warmup | PHASE | iter=7 phase=steady gate=normal |",
    ]
    assert in_force(done) == [90, 90, 90, 90, 90, 77.5, 65, 65]
    assert in_force(done, "base_spread_bps_delta") == [
        *(0.17, 0.2, 0.2, 0.2, 0.17, 0.155, 0.14, 0.14),
    ]
    assert in_force(done, "rescue_max_ratio") == [0.14, 0, 0, 0, 0.14, 0.17, 0.2, 0.2]
    phases = [done.artifact(f"ITER_SUMMARY_{n}.json")["summary"]["phase"] for n in range(1, 9)]
    assert phases == ["warmup"] * 4 + ["rampdown"] * 2 + ["steady"] * 2
    sources = done.artifact("ITER_SUMMARY_6.json")["sources"]
    assert sources["min_interval_ms"] == "preset:warmup_conservative_v1"
    assert "as tuned" not in done.last_line


def test_in_warm_up_hard_spares_a_threshold_and_not_a_lane_without_it(desk: Workbench) -> None:
    gate = "name: g\nthresholds: [{metric: net_bps, fail_unless: '>= 2'}]\n"
    desk.write("g.yaml", gate)
    plain = soak(desk, "Bad", 6, "--soak-gate=g.yaml", "--soak-gate-mode=hard")
    assert len(plain.summaries()) == 1
    warm = soak(desk, "Bad", 6, "--soak-gate=g.yaml", "--soak-gate-mode=hard", "--soak-warmup")
    assert [line.split("kpi=")[1] for line in warm.summaries()] == ["WARN |"] * 4 + ["FAIL |"]


def test_a_warm_up_of_ones_own(desk: Workbench) -> None:
    desk.write(
        "slow.yaml",
        "warmup: {iterations: 1, rampdown: 1}\nchanges: {min_interval_ms: {set: 100}}\n",
    )
    done = soak(desk, "Busy", 4, "--soak-warmup", "--soak-warmup-preset=slow.yaml")
    assert in_force(done) == [100, 100, 65, 65]


def test_a_freeze_is_shown_written_and_named_in_the_last_line(desk: Workbench) -> None:
    desk.write("g.yaml", "name: g\nthresholds: [{metric: net_bps, fail_unless: '>= 2'}]\n")
    done = soak(desk, "Frozen", 7, "--soak-auto-tune", "--soak-gate=g.yaml")
    # +10 after 1, GOOD in 2 and 3, locked for 4 to 7
    assert in_force(done) == [65, 75, 75, 75, 75, 75, 75]
    [freeze] = fields(done, "FREEZE")
    assert re.fullmatch(LOCK.format("steady_state"), f"{freeze} |")
    assert freeze.startswith("from=4 until=7 ")
    assert fields(done, "SUPPRESSED")[-1] == '{"min_interval_ms": "freeze"}'
    snapshot = done.artifact("PRODUCTION_SNAPSHOT.json")
    third = done.artifact("ITER_SUMMARY_3.json")
    assert snapshot["overrides"] == third["overrides"]
    assert snapshot["signature_hash"] == third["summary"]["state_hash"] == freeze.split("=")[-1]
    assert snapshot["sources"]["min_interval_ms"] == "tuner"
    assert snapshot["rests_on"] == done.artifact("RESULT.json")["lanes"][0]["graded"]
    assert done.last_line == (
        "PASS for default on calm (7 iterations, bot:Frozen) as tuned: "
        "2 parameters changed, see PRODUCTION_SNAPSHOT.json"
    )
    report = done.artifact("TUNING_REPORT.json")["iterations"]
    assert [one["freeze_active"] for one in report] == [False] * 2 + [True] * 4 + [False]
    assert {one["freeze_reason"] for one in report} == {None, "steady_state"}
    latest = done.directory / "artifacts" / "soak" / "latest"
    assert {"EDGE_SENTINEL.json", "TUNING_REPORT.json", "ITER_SUMMARY_final.json"} <= validate(
        latest
    )


def test_a_second_panic_ends_the_lane_and_fails_the_session(desk: Workbench) -> None:
    desk.write("g.yaml", "name: g\nthresholds: [{metric: net_bps, fail_unless: '>= 2'}]\n")
    done = soak(desk, "Bad", 9, "--soak-auto-tune", "--soak-gate=g.yaml")
    assert done.returncode == 1
    first, second = fields(done, "PANIC")
    assert re.fullmatch(LOCK.format("panic"), f"{first} |")
    assert [first.split()[0], second.split()[0]] == ["from=4", "from=7"]
    assert len(done.summaries()) == 6
    fourth = done.artifact("ITER_SUMMARY_4.json")
    assert (fourth["overrides"]["tail_age_ms"], fourth["sources"]["tail_age_ms"]) == (700, "panic")
    assert first.split("signature=")[1] == fourth["summary"]["state_hash"]
    assert fields(done, "SUPPRESSED")[-1] == (
        '{"base_spread_bps_delta": "freeze", "tail_age_ms": "freeze"}'
    )
    assert "a second panic: net_bps = 1" in done.stdout
    assert done.last_line.startswith("FAIL for default on calm (6 of 9 iterations, bot:Bad)")
    report = done.artifact("TUNING_REPORT.json")
    assert report["summary"]["panics"] == 2
    validate(done.directory / "artifacts" / "soak" / "latest")


def test_without_a_choice_the_tuner_goes_by_effects_and_the_gate(desk: Workbench) -> None:
    done = soak(desk, "Poor", 7, "--soak-auto-tune", "--soak-tuner=effects")
    assert fields(done, "SUGGEST")[0] == '{"impact_cap_ratio": -0.03, "max_delta_ratio": -0.04}'
    assert (
        "net_bps=2.50, wanted >= 2.8 by 2 sd -> impact_cap_ratio -0.03, "
        "max_delta_ratio -0.04 (+0.55)"
    ) in fields(done, "RATIONALE")
    assert in_force(done, "impact_cap_ratio") == [*[0.09] * 5, 0.06, 0.06], (
        "graded from the fifth on"
    )
    plain = desk.soak(1, "--soak-target=bot:Poor", "--soak-show-config")
    assert any("tuner" in line and "effects" in line for line in plain.lines)


def test_without_effects_the_tuner_says_once_that_it_is_off(desk: Workbench) -> None:
    desk.write("own.py", "from bot import Poor\n\nclass Own(Poor):\n    parameters = {'mine': 1}\n")
    done = desk.soak(2, "--soak-target=own:Own", "--soak-auto-tune")
    notes = done.markers("| iter_watch | NOTE |")
    assert not desk.soak(2, "--soak-target=own:Own").markers("| iter_watch | NOTE |")
    off = "tuner effects: off, the target's parameters have no `effects`"
    assert notes == [f"| iter_watch | NOTE | iter=1 {off} |"], done.everything


def test_a_target_without_parameters_is_tuned_by_nobody_said_once(desk: Workbench) -> None:
    desk.write(
        "bare.py",
        """
        from pytest_soak.testing import GOOD

        class Bare:
            kpis = ("net_bps", "slippage_bps")

            def __init__(self, lane):
                pass

            def start(self, lane):
                pass

            def run(self, overrides, window):
                assert overrides["tail_age_ms"] == 620
                return {"net_bps": 2.1, "slippage_bps": -3.5}

            def stop(self):
                pass
        """,
    )
    untuned = desk.soak(1, "--soak-target=bare:Bare", "--soak-gate=hourly.yaml")
    assert "tuner: off" not in untuned.stdout
    for tuner in ("effects", "rules"):
        done = desk.soak(
            *(5, "--soak-target=bare:Bare", "--soak-gate=hourly.yaml", "--soak-auto-tune"),
            f"--soak-tuner={tuner}",
        )
        assert done.returncode == 0, done.everything
        assert not SOAK.search(done.stdout)
        assert done.markers("| iter_watch | NOTE |") == [
            f"| iter_watch | NOTE | iter=1 {note} |"
            for note in (
                "tuner: off, the target brings no `parameters` of its own",
                "freeze: off, the target gives no risk_ratio",
            )
        ]
    assert done.last_line == "PASS for default on calm (5 iterations, bare:Bare)"


def test_a_fail_thaws_aloud(desk: Workbench) -> None:
    done = soak(desk, "Thawed", 4, "--soak-auto-tune", "--soak-gate=hourly.yaml")
    assert fields(done, "THAW") == ["reason=FAIL"], done.everything


def test_several_lanes_say_how_many_were_tuned(desk: Workbench) -> None:
    done = soak(desk, "Busy", 5, "--soak-auto-tune", "--soak-seed=1,2")
    assert done.last_line == (
        "HOLD for 2 lanes (2 HOLD, bot:Busy) 2 of them as tuned, see TUNING_REPORT.json: "
        "HOLD default-calm-1, default-calm-2, the first: as tuned for 1 of 4 hours, 3 more needed "
        "(soak)"
    )


def test_the_state_of_the_tuner_is_what_the_next_iteration_starts_from(desk: Workbench) -> None:
    done = soak(desk, "Busy", 4, "--soak-auto-tune")
    state = done.artifact("TUNING_STATE.json")
    assert (state["iteration"], state["tuner"], state["auto_tune"]) == (4, "rules", True)
    assert state["baseline"]["min_interval_ms"] == 85
    assert [(move["iteration"], move["after"]) for move in state["moves"]] == [(1, 75), (3, 85)]
    assert state["sources"]["min_interval_ms"] == "tuner"


def test_a_snapshot_of_a_lane_that_ended_in_warm_up_has_its_baseline(desk: Workbench) -> None:
    soak(desk, "Busy", 3, "--soak-warmup")
    desk.command("freeze", "--input", "artifacts/soak/latest", "--output", "snap.json")
    snapshot = json.loads((desk.directory / "snap.json").read_text())
    assert snapshot["overrides"]["min_interval_ms"] == 65
    assert snapshot["sources"]["min_interval_ms"] == "default"


def test_every_marker_keeps_its_form_also_with_several_lanes(desk: Workbench) -> None:
    done = soak(desk, "Busy", 3, "--soak-auto-tune", "--soak-warmup", "--soak-seed=1,2")
    lines = [line for line in done.lines if line.startswith("| ") and "seed" not in line[:7]]
    assert all(MARKER.match(line) and line.isascii() for line in lines)
    assert all(re.search(r" \| lane=default-calm-[12] \|$", line) for line in lines)
    assert len(done.markers("| warmup | PHASE |")) == 2
    validate(done.directory / "artifacts" / "soak" / "latest")


def test_lanes_in_parallel_are_tuned_like_lanes_one_after_the_other(desk: Workbench) -> None:
    settings = ("--soak-auto-tune", "--soak-warmup", "--soak-seed=1,2")
    alone = soak(desk, "Busy", 4, *settings)
    spread = soak(desk, "Busy", 4, *settings, "-n2")
    assert spread.returncode == alone.returncode, spread.everything
    assert sorted(alone.markers()) == sorted(spread.markers())
    assert sorted(spread.markers("| warmup |"))


def test_what_one_run_tuned_is_not_the_baseline_of_the_next(desk: Workbench) -> None:
    first = soak(desk, "Busy", 4, "--soak-auto-tune")
    runtime = desk.directory / "artifacts" / "soak" / "runtime_overrides.json"
    assert json.loads(runtime.read_text())["min_interval_ms"] == in_force(first)[-1] == 85
    second = soak(desk, "Busy", 2)
    assert in_force(second) == [65, 65]
    assert json.loads(runtime.read_text())["min_interval_ms"] == 65


def test_the_configuration_names_where_the_tuning_settings_come_from(desk: Workbench) -> None:
    done = desk.pytest(
        "--soak-show-config", "--soak-warmup", "--no-soak-guards", SOAK_AUTO_TUNE="1"
    )
    shown = {line.split()[0]: line for line in done.lines if line.strip()}
    for name, source in {"auto-tune": "env", "guards": "cli", "warmup": "cli"}.items():
        assert source in next(line for key, line in shown.items() if name in key)


USAGE = [
    (("--soak-tuner=ruls",), "--soak-tuner: unknown tuner 'ruls'; did you mean 'rules'?"),
    (("--soak-preset=maker_bias",), "unknown preset 'maker_bias'; did you mean 'maker_bias_up"),
    (("--soak-preset=typo.yaml",), "typo.yaml:3: unknown parameter 'tail_agee'; did you mean"),
    (("--soak-preset=gone.yaml",), "--soak-preset: no such preset file: gone.yaml"),
    (("--soak-preset=../x",), "is not a preset name"),
    (("--soak-preset=",), "--soak-preset: '' is not a preset name"),
    (("--soak-warmup", "--soak-warmup-preset=typo.yaml"), "has no `warmup: {iterations: N"),
    (
        ("--soak-warmup", "--soak-warmup-preset=long.yaml"),
        "long.yaml:2: unknown key 'warmup.hours'; known: iterations",
    ),
    (("--soak-warmup", "--soak-warmup-preset=off.yaml"), "off.yaml:2: unknown parameter 'mine'"),
]


@pytest.mark.parametrize(("arguments", "problem"), USAGE, ids=[c[0][-1] for c in USAGE])
def test_a_bad_tuning_option_is_one_clear_line(
    desk: Workbench, arguments: tuple[str, ...], problem: str
) -> None:
    desk.write("typo.yaml", "changes:\n  tail_age_ms: {add: 1}\n  tail_agee: {add: 1}\n")
    desk.write(
        "long.yaml",
        "changes: {tail_age_ms: {add: 1}}\nwarmup: {iterations: 1, rampdown: 1, hours: 3}\n",
    )
    desk.write("off.yaml", "warmup: {iterations: 1, rampdown: 1}\nchanges: {mine: {add: 1}}\n")
    before = desk.files()
    done = soak(desk, "Busy", 2, *arguments)
    assert done.returncode == 4, done.everything
    [error] = [line for line in done.everything.splitlines() if line.startswith("ERROR:")]
    assert problem in error
    assert "Traceback" not in done.everything
    assert {name for name in desk.files() - before if "__pycache__" not in name} == set()


@pytest.mark.parametrize("name", ["SOAK_AUTO_TUNE", "ENABLE_GUARDS"])
def test_a_bad_switch_in_the_environment_is_named(desk: Workbench, name: str) -> None:
    done = soak(desk, "Busy", 2, **{name: "maybe"})
    assert done.returncode == 4
    assert f"ERROR: {name}: expected 1 or 0, got 'maybe'" in done.stderr


def test_presets_and_rules_are_off_for_a_target_with_its_own_table_said_once(
    desk: Workbench,
) -> None:
    desk.write(
        "own.py",
        """
        from bot import Busy

        class Own(Busy):
            parameters = {"min_interval_ms": {"default": 60, "tuner_range": [40, 90]}, "mine": 1}
        """,
    )
    done = desk.soak(
        *(2, "--soak-target=own:Own", "--soak-auto-tune", "--soak-tuner=rules"),
        "--soak-preset=maker_bias_uplift_v1",
    )
    assert in_force(done) == [75, 85], done.everything
    notes = done.markers("| iter_watch | NOTE |")
    assert len(notes) == 2
    assert "preset maker_bias_uplift_v1: off, the target has no base_spread_bps_delta" in notes[0]
    assert "tuner rules: off for want of their parameters: slippage, adverse" in notes[1]
