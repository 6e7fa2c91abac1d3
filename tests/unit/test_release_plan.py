"""release.yaml: what is chosen, and what is refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders import usage_error

from pytest_soak.config.documents import parse_yaml
from pytest_soak.release.plan import Change, Hours, Plan, load_plan, plan_of

TWO_LINES = """\
profile: steady_safe
candidate: {flags: {taker_cap.max_taker_share_pct: 1}}
"""


def plan(text: str) -> Plan:
    return plan_of(parse_yaml(text, "release.yaml"))


def test_two_lines_are_a_plan() -> None:
    found = plan(TWO_LINES)
    assert isinstance(found.candidate, Change)
    assert found.candidate.flags.data == {"taker_cap.max_taker_share_pct": 1}
    assert (found.candidate.profile, found.candidate.overrides.data) == (None, {})
    assert (found.profile, found.market, found.target) == ("steady_safe", "calm", "sim")
    assert found.seeds == tuple(range(1, 9))
    assert (found.gates.shadow, found.gates.soak, found.stop) == ("shadow", "soak", "stop")
    assert found.control is None
    assert found.require is None
    assert found.max_age_hours is None


def test_every_key_is_taken() -> None:
    found = plan(
        """
candidate: mine.yaml
control: {profile: aggressive, overrides: {tail_age_ms: 700}}
target: bot:Bot
profile: p
market: spike
seeds: [1, "3..4", 9]
config: a.yaml
config_override: [b.yaml, c.json]
hours: {soak: 48, ab: 72}
require: {x.on: true, x.rate: "< 1", x.cap: ["> 0", "<= 9"]}
gates: {shadow: mine}
stop: "off"
max_age_hours: 36
restart_cmd: systemctl restart bot
"""
    )
    assert found.candidate == "mine.yaml"
    assert isinstance(found.control, Change)
    assert found.control.overrides.data == {"tail_age_ms": 700}
    assert found.seeds == (1, 3, 4, 9)
    assert (found.config, found.config_override) == (("a.yaml",), ("b.yaml", "c.json"))
    assert found.hours == Hours(soak=48, ab=72)
    assert found.require == {"x.on": True, "x.rate": ["< 1"], "x.cap": ["> 0", "<= 9"]}
    assert (found.gates.shadow, found.gates.soak) == ("mine", "soak")
    assert found.max_age_hours == 36
    assert found.restart_cmd == "systemctl restart bot"


def test_a_section_has_what_a_step_depends_on_with_defaults() -> None:
    found = plan("candidate: x\nseeds: 4\n").section(("hours.soak", "market", "seeds"))
    assert found == {"hours.soak": 24.0, "market": "calm", "seeds": [4]}


def test_a_wrong_value_of_a_candidate_has_its_line() -> None:
    found = plan("profile: p\ncandidate:\n  flags:\n    a.b: 1\n").candidate
    assert isinstance(found, Change)
    assert found.flags.at(("a.b",)) == "release.yaml:4"
    assert found.at == "release.yaml:2"


def test_each_part_of_a_candidate_has_its_own_lines() -> None:
    text = "candidate:\n  overrides:\n    a.b: 1\n  flags:\n    a.b: 1\n"
    found = plan(text).candidate
    assert isinstance(found, Change)
    places = [part.at(("a.b",)) for part in (found.overrides, found.flags)]
    assert places == ["release.yaml:3", "release.yaml:5"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("candidat: x", "release.yaml:1: unknown key 'candidat'; did you mean 'candidate'?"),
        ("profile: x", "release.yaml:1: missing key 'candidate'"),
        ("", "release.yaml: expected keys (candidate, control,"),
        ("[1]", "got a list"),
        ("candidate: 3", "release.yaml:1: candidate: expected a name or keys"),
        ("candidate: ''", "candidate: expected a name or keys"),
        ("candidate: {}", "candidate: changes nothing; give profile, overrides or flags"),
        ("candidate: {flag: {a.b: 1}}", "unknown key 'candidate.flag'; did you mean 'flags'?"),
        ("candidate: {flags: 3}", "candidate.flags: expected a valid dictionary, got 3"),
        ("candidate: x\ncontrol: [a]", "release.yaml:2: control: expected a name or keys"),
        ("candidate: x\nhours: {soak: 73}", "hours.soak: expected less than or equal to 72"),
        ("candidate: x\nhours: {soak: 0.5}", "hours.soak: expected greater than or equal to 1"),
        ("candidate: x\nhours: {ab: .nan}", "hours.ab: expected"),
        ("candidate: x\nhours: {sok: 5}", "unknown key 'hours.sok'; did you mean 'soak'?"),
        ("candidate: x\nseeds: 1..", "release.yaml:2: expected seeds like 42"),
        ("candidate: x\nseeds: []", "seeds: expected 1 or more entries"),
        ("candidate: x\nseeds: 1.5", "seeds.0: expected a valid string, got 1.5"),
        ("candidate: x\nseeds: 1,1..2", "seeds: expected each seed once"),
        ("candidate: x\nrequire: {a.b: 3}", "require.a.b: expected true, false or limits"),
        ("candidate: x\nrequire: {a.b: []}", "require.a.b: expected true, false or limits"),
        ("candidate: x\nmax_age_hours: 0", "max_age_hours: expected greater than 0"),
        ("candidate: x\nmax_age_hours: .inf", "max_age_hours: expected a finite number"),
        ("candidate: x\ntarget: ' '", "target: expected a name"),
        ("candidate: x\nconfig: 3", "config.0: expected a valid string, got 3"),
        ("candidate: x\ngates: {soak: ''}", "gates.soak: expected a name"),
        ("candidate: {flags: {a.b: .nan}}", "release.yaml:1: expected finite numbers, got .nan"),
        ("candidate: x\ncandidate: y", "release.yaml:2: duplicate key 'candidate'"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(text: str, told: str) -> None:
    assert told in usage_error(lambda: plan(text))


def test_a_wrong_limit_says_what_one_is() -> None:
    message = usage_error(lambda: plan('candidate: x\nrequire: {a.b: ">> 3"}'))
    assert message.startswith("release.yaml:2: require.a.b")
    assert "an operator" in message


def test_a_plan_that_is_not_there_says_how_to_write_one(tmp_path: Path) -> None:
    message = usage_error(lambda: load_plan(tmp_path / "release.yaml", "release.yaml"))
    assert message.startswith("release.yaml: no such plan; write one with at least a candidate")
    (tmp_path / "release.yaml").write_bytes(b"\xff")
    message = usage_error(lambda: load_plan(tmp_path / "release.yaml", "release.yaml"))
    assert message == "release.yaml: is not UTF-8 text (byte 0)"


def test_options_stand_in_place_of_keys_and_are_part_of_the_plan() -> None:
    text = "candidate: aggressive\nmarket: calm\nseeds: 3\nprofile: steady_safe\n"
    typed = {"market": "spike", "seeds": "1..3,7", "target": "mock", "profile": "ultra_safe"}
    found = plan_of(parse_yaml(text, "release.yaml"), typed)
    assert (found.market, found.target, found.profile) == ("spike", "mock", "ultra_safe")
    assert found.seeds == (1, 2, 3, 7)
    assert found.section(("market", "seeds")) == {"market": "spike", "seeds": [1, 2, 3, 7]}
    assert found.at("market") == "--market"
    assert plan(text).at("market") == "release.yaml market"
    assert plan_of(parse_yaml(text, "release.yaml"), {"market": "spike"}).seeds == (3,)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"seeds": "1..x"}, "--seeds: "),
        ({"seeds": " "}, "--seeds: expected "),
        ({"market": ""}, "--market: expected a name, got nothing"),
    ],
)
def test_a_wrong_option_is_told_by_its_name(typed: dict[str, str], told: str) -> None:
    document = parse_yaml("candidate: aggressive\n", "release.yaml")
    assert usage_error(lambda: plan_of(document, typed)).startswith(told)
