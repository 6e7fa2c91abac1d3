from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from builders import preset, preset_named, usage_error
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.config.names import shipped
from pytest_soak.config.overrides import Layer, resolve
from pytest_soak.config.parameters import ParameterTable, reference_table
from pytest_soak.config.presets import Preset, load_preset, load_warmup, preset_shelf
from pytest_soak.config.profiles import Profile

TABLE = ParameterTable.of({"a": {"default": 10, "bounds": [0, 100], "decimals": 1}, "b": 0}, "bot")
PLAIN = Profile(name="default", source="")

# The presets written out.
SPEC = {
    "maker_bias_uplift_v1": (
        "base_spread_bps_delta +0.01, min_interval_ms +15, replace_rate_per_min *0.90, "
        "impact_cap_ratio *0.95, max_delta_ratio *0.95, rescue_max_ratio *0.85, "
        "rescue_min_edge_bps +0.5, rescue_cooldown_ms +250"
    ),
    "warmup_conservative_v1": (
        "base_spread_bps_delta +0.03, min_interval_ms +25, replace_rate_per_min *0.75, "
        "impact_cap_ratio *0.85, max_delta_ratio *0.85, tail_age_ms +100, rescue_max_ratio *0.70, "
        "rescue_min_edge_bps +0.8, rescue_cooldown_ms +400, position_limit_notional *0.80"
    ),
}


def written(changes: str) -> dict[str, dict[str, float]]:
    """`name +1, name *2` as the data of a preset."""
    rows = [item.split() for item in changes.split(", ")]
    return {name: {{"+": "add", "*": "mul"}[x[0]]: float(x[1:])} for name, x in rows}


@pytest.mark.parametrize("name", SPEC)
def test_the_shipped_presets_are_those_of_the_specification(name: str) -> None:
    found = preset_named(name)
    changes = {k: change.model_dump(exclude_none=True) for k, change in found.changes.items()}
    assert changes == written(SPEC[name])
    assert found.shipped


def test_only_the_warm_up_preset_has_a_length_of_four_and_two() -> None:
    warmup = preset_named("warmup_conservative_v1").warmup
    assert warmup is not None
    assert (warmup.iterations, warmup.rampdown) == (4, 2)
    assert preset_named("maker_bias_uplift_v1").warmup is None


def test_the_specified_presets_ship() -> None:
    folder = shipped("profiles") / "presets"
    assert set(SPEC) <= {path.stem for path in folder.iterdir()}


def test_what_the_shipped_presets_make_of_the_defaults() -> None:
    table = reference_table()
    changed, notes = preset_named("maker_bias_uplift_v1").apply(table, table.defaults())
    assert changed == {
        "base_spread_bps_delta": 0.15,
        "min_interval_ms": 80.0,
        "replace_rate_per_min": 252.0,
        "impact_cap_ratio": 0.0855,
        "max_delta_ratio": 0.133,
        "rescue_max_ratio": 0.17,
        "rescue_min_edge_bps": 1.5,
        "rescue_cooldown_ms": 1750.0,
    }
    assert notes == []


@pytest.mark.parametrize(
    ("change", "result"),
    [
        *(({"add": 2.5}, 12.5), ({"mul": 0.5}, 5.0), ({"mul": 0}, 0.0), ({"set": 7}, 7.0)),
        *(({"add": -0.04}, 10.0), ({"add": 0.06}, 10.1), ({"add": 0}, 10.0), ({"set": 0}, 0.0)),
    ],
)
def test_a_change_adds_multiplies_or_sets_and_is_rounded(
    change: dict[str, float], result: float
) -> None:
    assert preset({"a": change}).apply(TABLE, {"a": 10.0, "b": 0.0}) == ({"a": result}, [])


@pytest.mark.parametrize(
    ("change", "result", "note"),
    [
        ({"mul": 11}, 100.0, "preset mine: a 110 clamped to 100"),
        ({"add": -10.1}, 0.0, "preset mine: a -0.1 clamped to 0"),
        ({"set": 1000}, 100.0, "preset mine: a 1000 clamped to 100"),
        ({"mul": 1e308}, 100.0, "preset mine: a inf clamped to 100"),
    ],
)
def test_a_result_outside_the_bounds_is_clamped_with_a_note(
    change: dict[str, float], result: float, note: str
) -> None:
    assert preset({"a": change}).apply(TABLE, {"a": 10.0, "b": 0.0}) == ({"a": result}, [note])


numbers = st.floats(allow_nan=False, allow_infinity=False)


@given(st.sampled_from(["add", "mul", "set"]), numbers, st.sampled_from("ab"), numbers)
def test_whatever_a_preset_does_the_result_is_a_number_within_the_bounds(
    kind: str, amount: float, name: str, value: float
) -> None:
    values = {"a": TABLE["a"].clamp(value), "b": TABLE["b"].clamp(value)}
    changed, _ = preset({name: {kind: amount}}).apply(TABLE, values)
    assert TABLE["a"].complaint(changed.get("a", 0.0)) is None
    assert TABLE["b"].complaint(changed.get("b", 0.0)) is None
    assert set(changed) == {name}


def test_presets_act_in_order_between_profile_and_layers() -> None:
    twice, more = (
        preset({"a": {"mul": 2}}, "twice"),
        preset({"a": {"add": 1}, "b": {"set": 5}}, "more"),
    )
    profile = Profile(name="p", source="", overrides={"a": 20.0})
    assert resolve(TABLE, profile, (), [twice, more]).values == {"a": 41.0, "b": 5.0}
    assert resolve(TABLE, profile, (), [more, twice]).values == {"a": 42.0, "b": 5.0}
    found = resolve(TABLE, profile, [Layer(source="env", at="x", values={"b": 7})], [twice, more])
    assert found.values == {"a": 41.0, "b": 7.0}
    assert found.sources == {"a": "preset:more", "b": "env"}
    assert resolve(TABLE, profile, (), [twice]).sources == {"a": "preset:twice", "b": "default"}


def test_the_note_of_a_clamp_is_among_the_notes_of_the_overrides() -> None:
    found = resolve(TABLE, PLAIN, (), [preset({"a": {"mul": 11}})])
    assert found.notes == ("preset mine: a 110 clamped to 100",)


def test_a_shipped_preset_is_off_where_the_targets_own_table_lacks_its_parameters() -> None:
    own = ParameterTable.of({"min_interval_ms": {"default": 60, "bounds": [1, 100]}}, "bot")
    changed, [note] = preset_named("maker_bias_uplift_v1").apply(own, {"min_interval_ms": 60.0})
    assert changed == {"min_interval_ms": 75.0}
    assert note.startswith("preset maker_bias_uplift_v1: off, the target has no base_spread_bps_")


def read(folder: Path, text: str) -> Preset:
    (folder / "mine.yaml").write_text(text)
    return load_preset("mine.yaml", preset_shelf(folder), folder, "--soak-preset")


def test_a_users_preset_with_a_wrong_name_is_a_usage_error_with_its_line(tmp_path: Path) -> None:
    found = read(tmp_path, "changes:\n  tail_age_ms: {add: 1}\n  tail_agee: {add: 1}\n")
    message = usage_error(lambda: resolve(reference_table(), PLAIN, (), [found]))
    assert message == "mine.yaml:3: unknown parameter 'tail_agee'; did you mean 'tail_age_ms'?"


def test_a_users_preset_found_by_its_name_is_named_by_its_file(tmp_path: Path) -> None:
    (tmp_path / "profiles" / "presets").mkdir(parents=True)
    path = tmp_path / "profiles" / "presets" / "warmup_conservative_v1.yaml"
    path.write_text("changes: {tail_agee: {add: 1}}")
    found = load_preset("warmup_conservative_v1", preset_shelf(tmp_path), tmp_path, "x")
    assert not found.shipped
    message = usage_error(lambda: found.apply(reference_table(), reference_table().defaults()))
    name = Path("profiles", "presets", "warmup_conservative_v1.yaml")
    assert message.startswith(f"{name}:1: unknown parameter 'tail_agee'")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "mine.yaml: expected keys (description, warmup, changes), got nothing"),
        ("change: {}", "missing key 'changes'"),
        ("changes: {}", "mine.yaml:1: changes: expected 1 or more entries"),
        ("changes: {a: {}}", "mine.yaml:1: changes.a: expected exactly one of add, mul, set"),
        ("changes: {a: {add: 1, mul: 1}}", "changes.a: expected exactly one of add, mul, set"),
        ("changes: {a: {ad: 1}}", "unknown key 'changes.a.ad'; did you mean 'add'?"),
        ("changes: {a: {add: .nan}}", "changes.a.add: expected a finite number, got nan"),
        ("changes: {a: {add: x}}", "changes.a.add: expected a valid number, got 'x'"),
        ("changes: {a: {add: 1}}\nshipped: true", "mine.yaml:2: unknown key 'shipped'"),
        ("changes: {a: {add: 1}}\nname: x", "mine.yaml:2: unknown key 'name'"),
        ("changes: {a: {add: 1}}\nwarmup: {rampdown: 2}", "missing key 'warmup.iterations'"),
        (
            "changes: {a: {add: 1}}\nwarmup: {iterations: 1, rampdown: 2, rampdwn: 2}",
            "mine.yaml:2: unknown key 'warmup.rampdwn'; did you mean 'rampdown'?",
        ),
        (
            "changes: {a: {add: 1}}\nwarmup: {iterations: 0, rampdown: 2}",
            "mine.yaml:2: warmup.iterations: expected greater than or equal to 1, got 0",
        ),
    ],
)
def test_a_bad_preset_file_is_one_line(text: str, message: str, tmp_path: Path) -> None:
    assert message in usage_error(lambda: read(tmp_path, text))


def test_an_unknown_preset_suggests_the_nearest(tmp_path: Path) -> None:
    shelf = preset_shelf(tmp_path)
    message = usage_error(lambda: load_preset("maker_bias_uplift", shelf, tmp_path, "cli"))
    problem = "cli: unknown preset 'maker_bias_uplift'; did you mean 'maker_bias_uplift_v1'?"
    assert message == f"{problem} (yours are looked for in {tmp_path / 'profiles/presets'})"


def test_a_folder_is_no_named_file(tmp_path: Path) -> None:
    (tmp_path / "profiles/presets/mine.yaml").mkdir(parents=True)
    assert "mine" not in preset_shelf(tmp_path).names()


def test_a_warm_up_needs_a_preset_that_says_how_long_it_lasts(tmp_path: Path) -> None:
    shelf = preset_shelf(tmp_path)
    message = usage_error(lambda: load_warmup("maker_bias_uplift_v1", shelf, tmp_path, "cli"))
    assert message == (
        "cli: preset maker_bias_uplift_v1 has no `warmup: {iterations: N, rampdown: N}`"
    )


def test_a_preset_file_is_plain_data_that_comes_back_as_written(tmp_path: Path) -> None:
    data = {"description": "mine", "changes": {"a": {"add": 1.5}, "b": {"set": 2.0}}}
    found = read(tmp_path, yaml.safe_dump(data))
    assert found.model_dump(include={"description", "changes"}, exclude_none=True) == data
    assert Preset.model_validate_json(found.model_dump_json()) == found
