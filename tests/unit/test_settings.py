from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import attempt, inputs, usage_error
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pytest_soak.config.overrides import resolve
from pytest_soak.config.parameters import reference_table
from pytest_soak.config.scenarios import BUILT_IN
from pytest_soak.engine.plan import GateMode
from pytest_soak.kpi.definitions import KPIS
from pytest_soak.options import KNOBS, OPTIONS
from pytest_soak.run.planning import plan_lane
from pytest_soak.run.resolve import resolve_settings
from pytest_soak.run.settings import Settings
from pytest_soak.targets.abilities import Abilities, abilities
from pytest_soak.targets.mock import MockTarget


def settings_of(
    root: Path,
    cli: Mapping[str, Any] | None = None,
    env: Mapping[str, str] | None = None,
    ini: Mapping[str, str] | None = None,
    ini_dir: Path | None = None,
) -> Settings:
    return resolve_settings(inputs(root, cli, env, ini, ini_dir))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with what settings may name: a gate, a profile, overrides."""
    (tmp_path / "gate.yaml").write_text(
        'name: own\nthresholds: [{metric: net_bps, fail_unless: ">= 1"}]\n'
    )
    (tmp_path / "quiet.yaml").write_text("gate: gate.yaml\noverrides: {tail_age_ms: 600}\n")
    return tmp_path


# name: (cli text, env text, ini text, what Settings then say, and the default)
LAYERED = {
    "profile": ("ultra_safe", "aggressive", "steady_safe", "default"),
    "market": ("volatile", "spike", "calm", "calm"),
    "seed": ("1", "2", "3", "42"),
    "gate": ("smoke", "release", "last8", "soak"),
    "stop": ("off", "stop", "off", ""),
    "gate-mode": ("hard", "off", "soft", "soft"),
    "minutes": ("1", "2", "3", "60"),
    "sleep": ("1", "2.5", "3", "0"),
    "settle": ("1", "2.5", "3", "2"),
    "dir": ("a", "b", "c", "artifacts/soak"),
    "metrics-port": ("9464", "9465", "9466", ""),
    "feeds": ("1", "0", "true", ""),
    "feeds-gzip": ("0", "1", "true", ""),
    "auto-tune": ("1", "0", "true", ""),
    "guards": ("0", "1", "false", "1"),
    "markers": ("0", "1", "true", ""),
}


@pytest.mark.parametrize("name", LAYERED)
def test_the_command_line_beats_the_environment_beats_the_ini_beats_the_default(
    name: str, tmp_path: Path
) -> None:
    option = next(option for option in OPTIONS if option.name == name)
    cli, env, ini, default = LAYERED[name]
    everywhere: list[dict[str, Any]] = [
        {},
        {option.dest: ini},
        {option.env or "": env},
        {name: cli},
    ]
    found = []
    for height in range(4):
        given = [layer if n <= height else {} for n, layer in enumerate(everywhere)]
        settings = settings_of(tmp_path, cli=given[3], env=given[2], ini=given[1])
        found.append((settings.shown.get(name, ""), settings.sources.get(name, "default")))
    assert found == [(default, "default"), (ini, "ini"), (env, "env"), (cli, "cli")]


@pytest.mark.parametrize("name", ["sleep", "settle", "iteration-timeout"])
@pytest.mark.parametrize("text", ["-1", "nan", "inf", "soon", "1e9"])
def test_seconds_are_a_number_in_range(name: str, text: str, tmp_path: Path) -> None:
    told = usage_error(lambda: settings_of(tmp_path, cli={name: text}))
    assert told.startswith(f"--soak-{name}: expected")
    assert text in told


def test_no_pause_is_allowed_but_no_timeout_of_nothing(tmp_path: Path) -> None:
    found = settings_of(tmp_path, cli={"sleep": "0"})
    assert (found.sleep, found.iteration_timeout) == (0.0, None)
    assert "0.1 to" in usage_error(lambda: settings_of(tmp_path, cli={"iteration-timeout": "0"}))


def test_every_option_with_a_variable_is_tested_for_its_precedence() -> None:
    with_variable = {option.name for option in OPTIONS if option.env}
    assert with_variable - set(LAYERED) == {"baseline", "overrides-json"}


def test_an_empty_variable_or_ini_value_is_no_value(tmp_path: Path) -> None:
    found = settings_of(tmp_path, env={"SOAK_MOCK_SEED": " "}, ini={"soak_market": ""})
    assert (found.seeds, found.scenarios) == ((42,), (BUILT_IN["calm"],))


def test_neither_variable_nor_ini_can_make_a_session_a_soak(tmp_path: Path) -> None:
    env, ini = {"SOAK_ITERATIONS": "5"}, {"soak_iterations": "5", "soak_show_config": "1"}
    assert settings_of(tmp_path, {"iterations": None}, env, ini).iterations == 0


@pytest.mark.parametrize("name", KNOBS)
def test_a_market_knob_comes_from_cli_before_env_before_ini(name: str, tmp_path: Path) -> None:
    variable, default, _ = KNOBS[name]
    steps: list[tuple[dict[str, Any], dict[str, str], dict[str, str]]] = [
        ({}, {}, {}),
        ({}, {}, {"soak_market_set": f"{name}=0.03"}),
        ({}, {variable: "0.02"}, {"soak_market_set": f"{name}=0.03"}),
        (
            {"market-set": [f"{name}=0.015"]},
            {variable: "0.02"},
            {"soak_market_set": f"{name}=0.03"},
        ),
    ]
    found = []
    for cli, env, ini in steps:
        settings = settings_of(tmp_path, cli, env, ini)
        found.append((settings.market_settings[name], settings.sources[name]))
    assert found == [(default, "default"), (0.03, "ini"), (0.02, "env"), (0.015, "cli")]


def overrides_of(settings: Settings) -> dict[str, tuple[float, str]]:
    found = resolve(reference_table(), settings.profiles[0], settings.layers)
    return {name: (value, found.sources[name]) for name, value in found.values.items()}


def test_a_parameter_comes_from_cli_before_env_before_profile_before_default(
    tmp_path: Path,
) -> None:
    found = overrides_of(
        settings_of(
            tmp_path,
            cli={"profile": "steady_safe", "set": ["min_interval_ms=90"]},
            env={"MM_RUNTIME_OVERRIDES_JSON": '{"min_interval_ms": 91, "tail_age_ms": 701}'},
        )
    )
    assert found["min_interval_ms"] == (90.0, "cli")
    assert found["tail_age_ms"] == (701.0, "env")
    assert found["impact_cap_ratio"] == (0.08, "profile:steady_safe")
    assert overrides_of(settings_of(tmp_path))["impact_cap_ratio"] == (0.09, "default")


def test_set_beats_the_json_of_the_same_source(tmp_path: Path) -> None:
    cli = {
        "overrides-json": '{"min_interval_ms": 91, "tail_age_ms": 701}',
        "set": ["tail_age_ms=702"],
    }
    found = overrides_of(settings_of(tmp_path, cli=cli))
    assert found["min_interval_ms"] == (91.0, "cli")
    assert found["tail_age_ms"] == (702.0, "cli")


def test_a_set_in_the_ini_does_not_beat_json_from_the_command_line_or_environment(
    tmp_path: Path,
) -> None:
    ini = {"soak_set": "tail_age_ms=703\nmin_interval_ms=93"}
    for cli, env, source in (
        ({"overrides-json": '{"tail_age_ms": 701}'}, {}, "cli"),
        ({}, {"MM_RUNTIME_OVERRIDES_JSON": '{"tail_age_ms": 701}'}, "env"),
    ):
        found = overrides_of(settings_of(tmp_path, cli, env, ini))
        assert found["tail_age_ms"] == (701.0, source)
        assert found["min_interval_ms"] == (93.0, "ini")


def test_without_any_override_the_default_layer_is_said_to_seed_the_run(tmp_path: Path) -> None:
    assert settings_of(tmp_path).default_overrides
    assert settings_of(tmp_path, cli={"set": ["tail_age_ms=600"]}).default_overrides
    assert not settings_of(tmp_path, cli={"overrides-json": '{"a": 1}'}).default_overrides


def test_use_mock_counts_only_when_no_target_is_given(tmp_path: Path) -> None:
    mock = settings_of(tmp_path, env={"USE_MOCK": "1"})
    assert (mock.target, mock.target_source) == ("mock", "USE_MOCK")
    assert settings_of(tmp_path, {"target": "sim"}, {"USE_MOCK": "1"}).target == "sim"
    assert settings_of(tmp_path, {}, {"USE_MOCK": "1"}, {"soak_target": "sim"}).target == "sim"
    assert settings_of(tmp_path, env={"USE_MOCK": "0"}).target == "sim"
    assert settings_of(tmp_path).target_source == "default"


@pytest.mark.parametrize(
    ("text", "seeds"),
    [
        ("7", (7,)),
        ("1,2,3", (1, 2, 3)),
        ("1..8", tuple(range(1, 9))),
        ("5..5", (5,)),
        ("1..2, 9", (1, 2, 9)),
        ("0", (0,)),
    ],
)
def test_seeds_are_numbers_lists_and_ranges(
    text: str, seeds: tuple[int, ...], tmp_path: Path
) -> None:
    assert settings_of(tmp_path, cli={"seed": text}).seeds == seeds


def test_several_profiles_markets_and_seeds_are_several_lanes(tmp_path: Path) -> None:
    cli = {"profile": "steady_safe,ultra_safe", "market": "calm, spike", "seed": "1,2"}
    ids = [lane.id for lane in settings_of(tmp_path, cli=cli).lanes()]
    assert ids[:3] == ["steady_safe-calm-1", "steady_safe-calm-2", "steady_safe-spike-1"]
    assert len(ids) == len(set(ids)) == 8


@pytest.mark.parametrize(
    "cli",
    [
        {"profile": "steady_safe,steady_safe"},
        {"seed": "1,1"},
        {"seed": "1..3,2"},
        {"market": "calm,calm"},
        {"profile": "quiet.yaml,sub/quiet.yaml"},
        {"profile": "quiet.yaml,Quiet.yaml"},
    ],
)
def test_lanes_with_equal_ids_are_refused(cli: dict[str, str], root: Path) -> None:
    (root / "sub").mkdir()
    for name in ("sub/quiet.yaml", "Quiet.yaml"):
        (root / name).write_text("overrides: {}")
    message = usage_error(lambda: settings_of(root, cli=cli))
    assert message.startswith("lanes: two lanes would be ")


def test_a_profiles_gate_is_used_unless_one_is_given(root: Path) -> None:
    by_profile = settings_of(root, {"profile": "quiet.yaml,steady_safe"})
    assert [by_profile.gates[name][0].name for name in ("quiet", "steady_safe")] == ["own", "soak"]
    given = settings_of(root, {"profile": "quiet.yaml"}, {"SOAK_GATE": "smoke"})
    assert given.gates["quiet"][0].name == "smoke"


def test_a_gate_named_by_a_profile_lies_beside_that_profile(root: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    found = settings_of(elsewhere, ini={"soak_profile": "quiet.yaml"}, ini_dir=root)
    assert found.gates["quiet"][0].name == "own"


def test_paths_in_an_ini_file_relate_to_it_others_to_where_pytest_was_called(
    root: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    ini = {"soak_gate": "gate.yaml", "soak_dir": "out"}
    found = settings_of(elsewhere, ini=ini, ini_dir=root)
    assert found.directory == root / "out"
    assert found.gates["default"][0].name == "own"
    assert settings_of(elsewhere, {"dir": "out"}, ini=ini, ini_dir=root).directory == (
        elsewhere / "out"
    )
    assert "no such gate file: gate.yaml" in usage_error(
        lambda: settings_of(elsewhere, {"gate": "gate.yaml"})
    )


def test_settings_travel_to_workers_as_json(root: Path) -> None:
    cli = {"profile": "quiet.yaml,ultra_safe", "seed": "1..3", "set": ["tail_age_ms=600"]}
    found = settings_of(root, cli=cli)
    assert Settings.model_validate_json(found.model_dump_json()) == found


BAD: list[tuple[dict[str, Any], str]] = [
    ({"iterations": "0"}, "--soak-iterations: expected a whole number from 1 to 1000000, got '0'"),
    ({"iterations": "-3"}, "expected a whole number from 1 to 1000000, got '-3'"),
    ({"iterations": "2.5"}, "expected a whole number from 1 to 1000000, got '2.5'"),
    ({"iterations": "many"}, "expected a whole number from 1 to 1000000, got 'many'"),
    ({"iterations": "9" * 30}, "expected a whole number from 1 to 1000000"),
    ({"iterations": ""}, "--soak-iterations: expected a value, got nothing"),
    ({"profile": "stedy_safe"}, "--soak-profile: unknown profile 'stedy_safe'; did you mean"),
    ({"profile": "a/b"}, "--soak-profile: 'a/b' is not a profile name"),
    ({"profile": "../x"}, "--soak-profile: '../x' is not a profile name"),
    ({"profile": "steady_safe,"}, "expected names parted by commas, got 'steady_safe,'"),
    ({"market": "clam"}, "--soak-market: unknown market 'clam'; did you mean 'calm'?"),
    ({"seed": "-1"}, "expected seeds like 42, 1,2,3 or 1..8 (whole, not negative), got '-1'"),
    ({"seed": "1.5"}, "expected seeds like 42"),
    ({"seed": "8..1"}, "expected a rising range of at most 10000 seeds, got '8..1'"),
    ({"seed": "1..999999"}, "expected a rising range of at most 10000 seeds, got '1..999999'"),
    ({"gate": "sook"}, "--soak-gate: unknown gate 'sook'; did you mean 'soak'?"),
    ({"gate": "gone.yaml"}, "--soak-gate: no such gate file: gone.yaml"),
    ({"gate-mode": "sotf"}, "--soak-gate-mode: unknown gate mode 'sotf'; did you mean 'soft'?"),
    ({"set": ["tail_age_ms"]}, "--soak-set: expected KEY=NUMBER, got 'tail_age_ms'"),
    ({"set": [""]}, "--soak-set: expected KEY=NUMBER, got ''"),
    ({"overrides-json": "{"}, "--soak-overrides-json: is not valid JSON"),
    ({"overrides-json": "[]"}, "expected one JSON object of overrides, got a list"),
    ({"overrides-json": '{"a": NaN}'}, "NaN is not a number that JSON allows"),
    ({"overrides-json": "@gone.json"}, "@gone.json: cannot be read: No such file"),
    ({"minutes": "0"}, "--soak-minutes: expected 0.01 to 1440 minutes, got 0"),
    ({"minutes": "nan"}, "--soak-minutes: expected a number, got 'nan'"),
    ({"minutes": "an hour"}, "--soak-minutes: expected a number, got 'an hour'"),
    ({"market-set": ["sigm=1"]}, "--soak-market-set: unknown market setting 'sigm'; did you mean"),
    ({"market-set": ["sigma=-1"]}, "sigma: expected 0 to 0.1, got -1"),
    ({"market-set": ["sigma=nan"]}, "sigma: expected 0 to 0.1, got nan"),
    ({"market-set": ["spike_prob=2"]}, "--soak-market-set: spike_prob: expected 0 to 1, got 2"),
    ({"dir": "~nobody-of-this-name/x"}, "--soak-dir: no such home folder"),
    ({"dir": "gate.yaml"}, "--soak-dir: expected a folder"),
    ({"dir": "gate.yaml/deeper"}, "--soak-dir: expected a folder"),
    ({"dir": "not\udcffutf8"}, "--soak-dir: expected plain text, got 'not\\udcffutf8'"),
    ({"feeds": "maybe"}, "--soak-feeds: expected 1 or 0, got 'maybe'"),
    ({"feeds-gzip": "1"}, "--soak-feeds-gzip: there are no feeds to compress; add feeds"),
]


@pytest.mark.parametrize(("cli", "message"), BAD, ids=[f"{cli}"[:40] for cli, _ in BAD])
def test_a_bad_value_is_one_line_with_its_option(
    cli: dict[str, Any], message: str, root: Path
) -> None:
    assert message in usage_error(lambda: settings_of(root, cli=cli))


BAD_ENV = {
    "SOAK_PROFILE": ("nobody", "unknown profile 'nobody'; known: aggressive, steady_safe"),
    "SOAK_MOCK_MODE": ("wild", "unknown market 'wild'; known: calm, spike, volatile"),
    "SOAK_MOCK_SEED": ("x", "expected seeds like 42"),
    "SOAK_GATE": ("nothing", "unknown gate 'nothing'"),
    "KPI_GATE_MODE": ("loud", "unknown gate mode 'loud'"),
    "MM_RUNTIME_OVERRIDES_JSON": ("{'a': 1}", "is not valid JSON"),
    "SOAK_MINUTES": ("-5", "expected 0.01 to 1440 minutes, got -5"),
    "SOAK_FEEDS": ("perhaps", "expected 1 or 0, got 'perhaps'"),
    "SOAK_FEEDS_GZIP": ("perhaps", "expected 1 or 0, got 'perhaps'"),
    "SOAK_MOCK_SIGMA": ("wide", "expected a number, got 'wide'"),
    "SOAK_MOCK_SPIKE_PROB": ("1.5", "spike_prob: expected 0 to 1, got 1.5"),
    "SOAK_MOCK_GAP_BPS": ("-1", "gap_bps: expected 0 to 500, got -1"),
}


@pytest.mark.parametrize("variable", BAD_ENV)
def test_a_bad_value_is_one_line_with_its_variable(variable: str, tmp_path: Path) -> None:
    text, message = BAD_ENV[variable]
    found = usage_error(lambda: settings_of(tmp_path, env={variable: text}))
    assert found.startswith(f"{variable}: ")
    assert message in found


def test_a_bad_value_in_the_ini_is_named_by_its_key(tmp_path: Path) -> None:
    found = usage_error(lambda: settings_of(tmp_path, ini={"soak_gate_mode": "loud"}))
    assert found.startswith("ini soak_gate_mode: unknown gate mode 'loud'")


options = st.sampled_from([o.name for o in OPTIONS if not o.flag and not o.repeatable])


@hypothesis_settings(max_examples=100)
@given(name=options, text=st.text(max_size=12) | st.text("0123456789.,-+eE@{}~/", max_size=8))
def test_any_text_for_any_option_is_settings_or_one_line(name: str, text: str) -> None:
    found, message = attempt(lambda: settings_of(Path("/nowhere"), {name: text}))
    assert found is not None or message


def spec(*kpis: str) -> Abilities:
    return Abilities(reference_table(), kpis or None, table_given=False)


def plan_with(cli: Mapping[str, Any], spec: Abilities, root: Path, **more: Any) -> Any:
    settings = settings_of(root, cli=cli)
    return plan_lane(settings, settings.lanes()[0], spec, "bot", **more)


def test_a_plan_holds_all_that_a_lane_needs(tmp_path: Path) -> None:
    cli = {"iterations": "9", "profile": "steady_safe", "gate-mode": "hard", "seed": "7"}
    plan = plan_with(cli, abilities(MockTarget, "mock"), tmp_path, iterations=3)
    assert (plan.iterations, plan.planned, plan.lane.id) == (3, 9, "steady_safe-calm-7")
    assert [gate.name for gate in plan.finals] == ["soak", "last8"]
    assert plan.gate_mode is GateMode.HARD
    assert plan.declared == MockTarget.kpis


def test_growth_is_judged_at_the_end_of_a_soak_where_resources_are_measured(
    tmp_path: Path,
) -> None:
    def finals(target: Abilities, **cli: str) -> list[str]:
        return [gate.name for gate in plan_with(cli, target, tmp_path).finals]

    program = replace(spec(), writes_feeds=True)
    assert finals(program) == ["soak", "last8", "leak"]
    assert finals(program, gate="smoke") == ["smoke"]
    assert finals(spec()) == ["soak", "last8"]
    growth = ("rss_growth_mb_per_h", "fds_growth_per_h")
    assert finals(spec(*KPIS, *growth)) == ["soak", "last8", "leak"]
    assert finals(replace(program, kpis=tuple(KPIS))) == ["soak", "last8"]


def test_a_gate_over_a_kpi_the_target_does_not_declare_is_refused_with_the_gate_restricted(
    tmp_path: Path,
) -> None:
    message = usage_error(lambda: plan_with({}, spec("net_bps", "risk_ratio"), tmp_path))
    lacking = "maker_taker_ratio, p95_latency_ms, adverse_bps_p95, net_quote, num_fills"
    assert message.startswith(f"gate soak: bot does not give {lacking}; give a gate without by")
    assert "--soak-gate=FILE.yaml" in message
    net = (
        '{"fail_at_once": ">= -3", "fail_unless": ">= 2.0", "for": 3, "metric": "net_bps", '
        '"warn_unless": ">= 2.7"}'
    )
    assert net in message
    none = usage_error(lambda: plan_with({}, spec("cancel_ratio"), tmp_path))
    assert none.endswith("; give a gate over what it gives by --soak-gate: cancel_ratio")


def test_a_gate_on_an_unknown_metric_is_refused(root: Path) -> None:
    text = 'name: own\nthresholds: [{metric: net_bsp, fail_unless: ">= 1"}]\n'
    (root / "gate.yaml").write_text(text)
    message = usage_error(lambda: plan_with({"gate": "gate.yaml"}, spec(), root))
    assert message == (
        "gate own: unknown metric 'net_bsp'; did you mean 'net_bps'?; "
        "one of the target's own is declared in its `kpis`"
    )


def test_a_gate_on_a_users_own_kpi_is_good(root: Path) -> None:
    text = 'name: own\nthresholds: [{metric: mine, fail_unless: ">= 1"}]\n'
    (root / "gate.yaml").write_text(text)
    assert plan_with({"gate": "gate.yaml"}, spec("mine"), root).gate.name == "own"
    assert plan_with({"gate": "gate.yaml"}, spec(), root, extra_kpis=["mine"]).gate.name == "own"


@pytest.mark.parametrize("name", ["verdict", "phase", "market", "reasons"])
def test_a_kpi_may_not_take_the_name_of_a_field_of_the_summary(name: str, tmp_path: Path) -> None:
    message = usage_error(lambda: plan_with({}, spec(name), tmp_path))
    assert (
        message
        == f"target bot: KPI {name!r} has the name of a field of ITER_SUMMARY; give it another"
    )
    assert usage_error(lambda: plan_with({}, spec(), tmp_path, extra_kpis=[name])) == message


def test_an_override_the_target_does_not_have_is_refused(tmp_path: Path) -> None:
    message = usage_error(lambda: plan_with({"set": ["tail_age=1"]}, spec(), tmp_path))
    assert message == "--soak-set: unknown parameter 'tail_age'; did you mean 'tail_age_ms'?"


@pytest.mark.parametrize(
    ("duration", "minutes", "iterations"),
    [("24h", "60", 24), ("10m", "60", 1), ("90m", "60", 2), ("1h", "0.1", 600), ("30s", "0.25", 2)],
)
def test_a_duration_is_as_many_iterations_as_hold_it(
    duration: str, minutes: str, iterations: int, tmp_path: Path
) -> None:
    found = settings_of(
        tmp_path, cli={"iterations": None, "duration": duration, "minutes": minutes}
    )
    assert found.iterations == iterations


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"duration": "24"}, "--soak-duration: expected a span of at most 168h like 90s, 5m or 1h"),
        ({"duration": "0h"}, "--soak-duration: expected time for 1 to 1000000 iterations"),
        ({"duration": "169h"}, "--soak-duration: expected a span of at most 168h"),
        (
            {"duration": "2h", "iterations": "2"},
            "--soak-duration: is the same as --soak-iterations",
        ),
    ],
)
def test_a_duration_that_cannot_be_is_refused(
    given: dict[str, str], told: str, tmp_path: Path
) -> None:
    assert usage_error(lambda: settings_of(tmp_path, cli={"iterations": None, **given})).startswith(
        told
    )
