"""What a plan comes to: configurations, gates, and what of it cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_soak.config.documents import parse_yaml
from pytest_soak.config.flags import reference_flags
from pytest_soak.release.choice import Choice, Typed, choose
from pytest_soak.release.inputs import UNUSABLE, digest, step_inputs, versions
from pytest_soak.release.plan import plan_of
from pytest_soak.release.steps import INPUTS, SECTIONS, STEPS

TWO_LINES = "profile: steady_safe\ncandidate: {flags: {taker_cap.max_taker_share_pct: 1}}\n"
CAP = "taker_cap.max_taker_share_pct"


def chosen(folder: Path, text: str = TWO_LINES, typed: Typed = Typed()) -> Choice:  # noqa: B008
    return choose(plan_of(parse_yaml(text, "release.yaml")), typed, folder)


def problems(folder: Path, text: str) -> dict[str, str]:
    return {what: str(error) for what, error in chosen(folder, text).problems.items()}


def test_two_lines_change_one_flag_of_what_is_in_use(tmp_path: Path) -> None:
    found = chosen(tmp_path)
    assert found.problems == {}
    assert found.control is not None
    assert found.candidate is not None
    assert found.control.flags == reference_flags().defaults()
    assert found.candidate.changes(found.control) == {CAP: (9.0, 1.0)}
    assert (found.control.name, found.candidate.name) == ("steady_safe", "candidate")
    assert [gate.name for gate in found.gates["soak"] or ()] == ["soak", "last8"]
    assert found.stop is not None
    assert found.files == ()


def test_configurations_are_typed_or_planned_or_the_usual_ones(tmp_path: Path) -> None:
    for name, cap in (("config", 8), ("config.soak_overrides", 7), ("mine", 6), ("typed", 5)):
        (tmp_path / f"{name}.yaml").write_text(f"taker_cap: {{max_taker_share_pct: {cap}}}\n")
    planned = TWO_LINES + "config_override: mine.yaml\n"
    for text, typed, cap, names in (
        (TWO_LINES, Typed(), 7, ["config.yaml", "config.soak_overrides.yaml"]),
        (planned, Typed(), 6, ["config.yaml", "mine.yaml"]),
        (planned, Typed(["typed.yaml"]), 6, ["typed.yaml", "mine.yaml"]),
        (planned, Typed([], ["mine.yaml", "typed.yaml"]), 5, None),
    ):
        found = chosen(tmp_path, text, typed)
        assert found.control is not None
        assert found.control.flags[CAP] == cap
        assert names is None or [file.name for file in found.files] == names


def test_a_candidate_may_be_a_name_and_a_control_a_change(tmp_path: Path) -> None:
    (tmp_path / "faster.yaml").write_text("overrides: {min_interval_ms: 60}\n")
    text = "candidate: faster.yaml\ncontrol: {profile: aggressive, flags: {trace.enabled: false}}\n"
    found = chosen(tmp_path, text)
    assert found.problems == {}
    assert found.control is not None
    assert found.candidate is not None
    assert list(found.candidate.changes(found.control)) == ["min_interval_ms"]
    assert found.candidate.flags["trace.enabled"] is False
    aggressive = chosen(tmp_path, "candidate: aggressive\nprofile: steady_safe\n")
    assert aggressive.candidate is not None
    assert aggressive.candidate.name == "aggressive"


@pytest.mark.parametrize(
    ("text", "what", "told"),
    [
        (
            "candidate: {flags: {taker_cap: {max: 1}}}",
            "candidate",
            "release.yaml:1: unknown flag 'taker_cap.max'; did you mean",
        ),
        ("candidate: {flags: {nope: 1}}", "candidate", "release.yaml:1: unknown flag 'nope'"),
        ("candidate: {flags: {pipeline.enabled: 1}}", "candidate", "expected true or false"),
        ("candidate: {overrides: {tail_age: 1}}", "candidate", "unknown parameter 'tail_age'"),
        ("candidate: {overrides: {tail_age_ms: .inf}}", "", ""),
        ("candidate: {overrides: {tail_age_ms: -1}}", "candidate", "release.yaml:1: tail_age_ms"),
        ("candidate: {profile: stady_safe}", "candidate", "did you mean 'steady_safe'?"),
        ("candidate: default", "candidate", "is the same as what is in use"),
        ("candidate: nope.yaml", "candidate", "no such configuration file: nope.yaml"),
        ("candidate: aggressive\nprofile: nope", "control", "unknown profile 'nope'"),
        ("candidate: aggressive\nmarket: calmer", "market", "did you mean 'calm'?"),
        ("candidate: aggressive\ntarget: simm", "target", "unknown target 'simm'"),
        ("candidate: aggressive\ntarget: 'nowhere:Bot'", "target", "cannot import 'nowhere'"),
        ("candidate: aggressive\nstop: stopp", "stop", "did you mean 'stop'?"),
        ("candidate: aggressive\ngates: {soak: soap}", "gate soak", "did you mean 'soak'?"),
        (
            "candidate: aggressive\ntarget: mock\ngates: {soak: leak}",
            "gate soak",
            "mock does not give rss_growth_mb_per_h",
        ),
        ("candidate: aggressive\nconfig: nope.yaml", "config", "nope.yaml: cannot be read"),
    ],
)
def test_what_cannot_be_used_is_kept_with_its_reason(
    tmp_path: Path, text: str, what: str, told: str
) -> None:
    if not what:
        with pytest.raises(Exception, match="expected finite numbers"):
            chosen(tmp_path, text)
        return
    found = problems(tmp_path, text)
    assert told in found[what]
    assert all(message.isprintable() for message in found.values())


def test_without_its_target_nothing_of_a_bot_is_known(tmp_path: Path) -> None:
    found = problems(tmp_path, "candidate: aggressive\ntarget: nope")
    assert {"target", "config", "control", "candidate"} <= set(found)
    assert found["candidate"].endswith("candidate: not known, as the target cannot be used")


def test_each_input_depends_on_its_own_part_of_the_plan(tmp_path: Path) -> None:
    before = step_inputs(chosen(tmp_path))
    assert list(before) == list(STEPS)
    for step in STEPS:
        assert set(before[step]) == {*INPUTS[step], *(["plan"] if SECTIONS[step] else [])}
    for line, steps in (
        ("market: spike\n", {"shadow", "soak", "ab", "lock"}),
        ("hours: {soak: 48}\n", {"prep", "soak"}),
        ("hours: {ab: 48}\n", {"ab"}),
        ("require: {trace.enabled: true}\n", {"prep"}),
        ("gates: {shadow: smoke}\n", {"prep", "shadow"}),
        ("stop: 'off'\n", {"prep", "soak", "daily"}),
        ("max_age_hours: 3\n", set()),
        ("restart_cmd: x\n", set()),
    ):
        after = step_inputs(chosen(tmp_path, TWO_LINES + line))
        assert {step for step in STEPS if after[step] != before[step]} == steps, line


def test_comments_of_a_configuration_change_no_input_and_its_flags_do(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("trace: {sample_rate: 0.2}\n")
    before = step_inputs(chosen(tmp_path))
    config.write_text("# why\nurl: x\ntrace: {sample_rate: 0.2}\n")
    assert step_inputs(chosen(tmp_path)) == before
    config.write_text("trace: {sample_rate: 0.3}\n")
    after = step_inputs(chosen(tmp_path))
    assert {s for s in STEPS if after[s] != before[s]} == {"prep", "shadow", "soak", "ab", "lock"}
    config.write_text("trace: {sample_rate: 3}\n")
    assert step_inputs(chosen(tmp_path))["prep"]["config"] == UNUSABLE
    named = "gates: {soak: nope}\nstop: nope\nmarket: nope\n"
    unusable = step_inputs(chosen(tmp_path, TWO_LINES + named))["soak"]
    assert {unusable[name] for name in ("gate soak", "stop", "market")} == {UNUSABLE}


def test_versions_are_of_all_that_has_a_say(tmp_path: Path) -> None:
    found = versions(chosen(tmp_path))
    assert set(found) == {"package", "kernel", "target", "python"}
    assert found["kernel"] == found["target"]
    assert found["python"].count(".") == 1
    (tmp_path / "relbot.py").write_text(
        "class Bot:\n    version = '7'\n    parameters = {'x': 1}\n"
        "    def __init__(self, lane): ...\n"
        "    def start(self, lane): ...\n    def run(self, o, w): ...\n    def stop(self): ...\n"
    )
    own = chosen(tmp_path, "candidate: {overrides: {x: 2}}\ntarget: 'relbot:Bot'\n")
    assert versions(own)["target"] == "7"
    assert "kernel" not in versions(own)
    assert own.candidate is not None
    assert own.candidate.overrides == {"x": 2.0}
    assert versions(chosen(tmp_path, "candidate: x\ntarget: nope"))["target"] == UNUSABLE


def test_a_digest_is_of_data_in_whatever_order() -> None:
    assert digest({"b": 1, "a": 2}) == digest({"a": 2, "b": 1})
