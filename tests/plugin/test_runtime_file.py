"""Which overrides are in force, and from where; the runtime file and its editors."""

from __future__ import annotations

import json

from harness import INSTANT, Workbench


def test_each_source_beats_the_next(bench: Workbench) -> None:
    bench.write(
        "profiles/mine.yaml",
        "overrides: {tail_age_ms: 700, min_interval_ms: 70, impact_cap_ratio: 0.1,"
        " max_delta_ratio: 0.1}\n",
    )
    done = bench.soak(
        1,
        INSTANT,
        "--soak-profile=mine",
        "--soak-set=tail_age_ms=705",
        '--soak-overrides-json={"tail_age_ms": 710, "min_interval_ms": 71}',
        MM_RUNTIME_OVERRIDES_JSON='{"min_interval_ms": 72, "impact_cap_ratio": 0.11}',
    )
    assert done.returncode == 0, done.everything
    first = done.artifact("ITER_SUMMARY_1.json")
    values, sources = first["overrides"], first["sources"]
    assert (values["tail_age_ms"], sources["tail_age_ms"]) == (705, "cli")
    assert (values["min_interval_ms"], sources["min_interval_ms"]) == (71, "cli")
    assert (values["impact_cap_ratio"], sources["impact_cap_ratio"]) == (0.11, "env")
    assert (values["max_delta_ratio"], sources["max_delta_ratio"]) == (0.1, "profile:mine")
    assert (values["replace_rate_per_min"], sources["replace_rate_per_min"]) == (280, "default")


def test_variables_stand_between_profile_and_command_line(bench: Workbench) -> None:
    done = bench.soak(
        1,
        INSTANT,
        "--soak-profile=steady_safe",
        "--soak-set=tail_age_ms=705",
        MM_RUNTIME_OVERRIDES_JSON='{"tail_age_ms": 720, "impact_cap_ratio": 0.11}',
    )
    first = done.artifact("ITER_SUMMARY_1.json")
    assert (first["overrides"]["tail_age_ms"], first["sources"]["tail_age_ms"]) == (705, "cli")
    assert first["sources"]["impact_cap_ratio"] == "env"
    assert first["sources"]["min_interval_ms"] == "profile:steady_safe"


def test_the_users_profile_comes_before_the_wheels(bench: Workbench) -> None:
    bench.write("profiles/steady_safe.yaml", "overrides: {tail_age_ms: 777}\n")
    done = bench.soak(1, INSTANT, "--soak-profile=steady_safe")
    assert done.artifact("ITER_SUMMARY_1.json")["overrides"]["tail_age_ms"] == 777


EDITING_BOT = """
    import json
    from pathlib import Path
    from pytest_soak.testing import InstantTarget

    class Bot(InstantTarget):
        def run(self, overrides, window):
            path = Path("artifacts/soak/runtime_overrides.json")
            data = json.loads(path.read_text())
            assert data == overrides, (data, overrides)
            if window.iteration == 2:
                path.write_text({text})
            return super().run(overrides, window)
"""


def test_an_operators_edit_is_in_force_from_the_next_iteration(bench: Workbench) -> None:
    bench.write("bot.py", EDITING_BOT.replace("{text}", 'json.dumps(data | {"tail_age_ms": 800})'))
    done = bench.soak(4, "--soak-target=bot:Bot")
    assert done.returncode == 0, done.everything
    values = [
        done.artifact(f"ITER_SUMMARY_{n}.json")["overrides"]["tail_age_ms"] for n in range(1, 5)
    ]
    assert values == [620, 620, 800, 800]
    third = done.artifact("ITER_SUMMARY_3.json")
    assert third["sources"]["tail_age_ms"] == "operator"
    assert third["notes"] == ["operator set tail_age_ms: 620 -> 800"]
    assert "| iter_watch | NOTE | iter=3 operator set tail_age_ms: 620 -> 800 |" in done.lines


def test_a_bad_edit_is_reported_and_the_last_good_value_kept(bench: Workbench) -> None:
    bench.write("bot.py", EDITING_BOT.replace("{text}", 'json.dumps(data | {"tail_age_ms": 8})'))
    done = bench.soak(4, "--soak-target=bot:Bot")
    assert done.returncode == 0, done.everything
    third = done.artifact("ITER_SUMMARY_3.json")
    assert third["overrides"]["tail_age_ms"] == 620
    assert "expected a number from 400 to 1000, got 8" in third["notes"][0]
    assert done.artifact("ITER_SUMMARY_4.json")["notes"] == []


def test_a_new_run_does_not_start_from_an_earlier_runs_file(bench: Workbench) -> None:
    bench.soak(1, INSTANT)
    path = bench.directory / "artifacts/soak/runtime_overrides.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"tail_age_ms": 900}))
    done = bench.soak(1, INSTANT)
    assert done.artifact("ITER_SUMMARY_1.json")["overrides"]["tail_age_ms"] == 620
