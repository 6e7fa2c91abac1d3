from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from builders import usage_error
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.config.documents import parse_yaml, validate
from pytest_soak.config.names import shipped
from pytest_soak.config.parameters import Parameter, ParameterTable, reference_table
from pytest_soak.config.profiles import load_profile, profile_shelf
from pytest_soak.kpi.definitions import KPIS

# The table written out; the last column in words: raising it moves that KPI that way.
SPEC = """
base_spread_bps_delta | bps | 0.14 | 0.15 | 0.16 | 0.10 | 0 0.6 | 0.08 0.25 | 0.10 | 3 | risk_ratio down
impact_cap_ratio | ratio | 0.09 | 0.08 | 0.08 | 0.12 | 0.04 0.12 | 0.06 0.12 | 0.04 | 4 | risk_ratio up
max_delta_ratio | ratio | 0.14 | 0.15 | 0.12 | 0.16 | 0.08 0.20 | 0.10 0.16 | 0.04 | 4 | maker_taker_ratio down
min_interval_ms | ms | 65 | 75 | 80 | 50 | 40 300 | 40 90 | 30 | 1 | p95_latency_ms down
replace_rate_per_min | 1/min | 280 | 250 | 240 | 320 | 120 400 | 200 320 | 60 | 1 | throttle_pct down
tail_age_ms | ms | 620 | 740 | 700 | 500 | 400 1000 | 500 800 | 100 | 1 | p95_latency_ms down
concurrency_limit | in-flight requests | 3 | 3 | 2 | 4 | 1 16 | - | - | 0 | p95_latency_ms up
rescue_max_ratio | ratio | 0.20 | 0.20 | 0.15 | 0.30 | 0 1 | - | - | 4 | maker_taker_ratio down
rescue_min_edge_bps | bps | 1.0 | 1.0 | 1.5 | 0.5 | 0 20 | - | - | 3 | maker_taker_ratio up
rescue_cooldown_ms | ms | 1500 | 1500 | 2000 | 1000 | 0 60000 | - | - | 1 | maker_taker_ratio up
position_limit_notional | quote | 60000 | 60000 | 45000 | 80000 | 0.01 - | - | - | 2 | maker_taker_ratio up
"""  # noqa: E501
ROWS = [[cell.strip() for cell in line.split("|")] for line in SPEC.strip().splitlines()]


def limits(cell: str) -> list[float | None] | None:
    return None if cell == "-" else [None if x == "-" else float(x) for x in cell.split()]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_the_reference_table_is_that_of_the_specification(row: list[str]) -> None:
    name, unit, default, _, _, _, bounds, tuner, change, decimals, raises = row
    kpi, way = raises.split()
    assert reference_table()[name].model_dump(exclude={"effects"}) == {
        "unit": unit,
        "default": float(default),
        "bounds": limits(bounds),
        "tuner_range": limits(tuner),
        "max_change_per_hour": None if change == "-" else float(change),
        "decimals": int(decimals),
        "raises": {kpi: way},
    }


def test_effects_have_the_signs_of_what_the_parameters_raise() -> None:
    signs = {"up": 1.0, "down": -1.0}
    for row in reference_table().values():
        assert set(row.effects) <= set(KPIS)
        assert not row.effects or row.tuner_range is not None
        for kpi, way in row.raises.items():
            assert row.effects.get(kpi, signs[way]) * signs[way] > 0
    moving = [name for name, row in reference_table().items() if row.effects]
    assert len(moving) >= 5, "what the tuner goes by"


def test_the_reference_table_has_no_other_parameter() -> None:
    assert list(reference_table()) == [row[0] for row in ROWS]


@pytest.mark.parametrize(("profile", "column"), [("steady_safe", 3), ("ultra_safe", 4)])
def test_the_safe_profiles_set_every_parameter_as_specified(profile: str, column: int) -> None:
    check_profile(profile, column)


def test_the_aggressive_profile_sets_every_parameter_as_specified() -> None:
    check_profile("aggressive", 5)


def check_profile(profile: str, column: int) -> None:
    found = load_profile(profile, profile_shelf(Path("/nowhere")), Path("/nowhere"), "test")
    values, off = found.values(reference_table())
    assert values == {row[0]: float(row[column]) for row in ROWS}
    assert off == []
    assert found.shipped


def test_no_profile_ships_that_the_specification_does_not_name() -> None:
    names = {path.stem for path in shipped("profiles").iterdir() if path.is_file()}
    assert names == {"steady_safe", "ultra_safe", "aggressive"}


def test_raising_a_parameter_moves_a_kpi_that_exists() -> None:
    assert {kpi for row in reference_table().values() for kpi in row.raises} <= set(KPIS)


def test_tuner_ranges_lie_within_the_bounds() -> None:
    for name, row in reference_table().items():
        if row.tuner_range is not None:
            low, high = row.limits
            assert low <= row.tuner_range[0] < row.tuner_range[1] <= high, name  # type: ignore[operator]


def test_a_tuner_range_that_falls_is_refused_an_open_one_is_not() -> None:
    def table(low: float | None, high: float | None) -> ParameterTable:
        return ParameterTable.of({"x": {"default": 1, "tuner_range": [low, high]}}, "bot")

    assert usage_error(lambda: table(2, 1)) == (
        "bot parameters: x: expected a tuner range in rising order, got [2.0, 1.0]"
    )
    for low, high in ((1, 2), (1, 1), (None, 1), (2, None), (None, None)):
        assert table(low, high)["x"].tuner_range == [low, high]


finite = st.floats(-1e9, 1e9)


@st.composite
def parameters(draw: st.DrawFn) -> Parameter:
    decimals = draw(st.integers(0, 6))
    low, high = sorted(round(draw(finite), decimals) + 0.0 for _ in range(2))
    bounds = [draw(st.sampled_from([low, None])), draw(st.sampled_from([high, None]))]
    return Parameter(default=draw(st.floats(low, high)), bounds=bounds, decimals=decimals)


@given(parameters(), st.floats(allow_nan=False))
def test_a_clamped_value_is_rounded_within_the_bounds_and_stays(row: Parameter, x: float) -> None:
    clamped = row.clamp(x)
    assert row.limits[0] <= clamped <= row.limits[1]
    assert row.clamp(clamped) == clamped == row.round(clamped)
    assert math.copysign(1, clamped) == 1 or clamped < 0


@given(st.floats(-0.04, 0.0), st.integers(0, 1))
def test_rounding_never_makes_minus_zero(x: float, decimals: int) -> None:
    rounded = Parameter(default=0, decimals=decimals).round(x)
    assert (rounded, math.copysign(1, rounded)) == (0.0, 1.0)


@given(parameters(), finite)
def test_a_value_is_refused_exactly_when_it_is_out_of_bounds(row: Parameter, x: float) -> None:
    table = ParameterTable({"x": row}, "test")
    if row.limits[0] <= x <= row.limits[1]:
        checked = table.check("x", x, "here")
        assert checked == row.round(x) == row.clamp(x)
        assert table.check("x", checked, "here") == checked
    else:
        assert usage_error(lambda: table.check("x", x, "here")).startswith("here: x: expected")


@given(parameters(), st.floats(-0.49, 0.49))
def test_rounding_is_to_the_nearest_step_after_every_operation(row: Parameter, part: float) -> None:
    step = 10.0**-row.decimals
    start = row.round(0.25)
    assert row.round(start + part * step) == start
    assert row.round(start + step) != start


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (39.9, "here: min_interval_ms: expected a number from 40 to 300, got 39.9"),
        (math.nan, "here: min_interval_ms: expected a number from 40 to 300, got nan"),
        (math.inf, "here: min_interval_ms: expected a number from 40 to 300, got inf"),
        (True, "here: min_interval_ms: expected a number from 40 to 300, got True"),
        ("80", "here: min_interval_ms: expected a number from 40 to 300, got '80'"),
        (None, "here: min_interval_ms: expected a number from 40 to 300, got None"),
        ([80], "here: min_interval_ms: expected a number from 40 to 300, got [80]"),
    ],
)
def test_a_bad_value_is_refused_with_key_value_and_what_was_expected(
    value: object, message: str
) -> None:
    table = reference_table()
    assert usage_error(lambda: table.check("min_interval_ms", value, "here")) == message


def test_half_open_bounds_say_so_and_infinity_is_never_a_value() -> None:
    table = ParameterTable.of({"up": {"default": 1, "bounds": (0, None)}, "free": 0.0}, "bot")
    assert "a number of at least 0, got -1" in usage_error(lambda: table.check("up", -1, "x"))
    assert "expected a number, got inf" in usage_error(lambda: table.check("free", math.inf, "x"))
    assert "of at least 0, got 1000" in usage_error(lambda: table.check("up", 10**400, "x"))


def test_an_unknown_name_suggests_the_nearest() -> None:
    message = usage_error(lambda: reference_table().check("min_intervall", 80, "--soak-set"))
    assert message == (
        "--soak-set: unknown parameter 'min_intervall'; did you mean 'min_interval_ms'?"
    )


def test_a_table_of_ones_own_comes_from_python_or_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("width: {default: 2, bounds: [1, 3], decimals: 1}\n")
    row = {"default": 2, "bounds": (1, 3), "decimals": 1}
    given: list[Any] = [
        {"width": row},
        {"width": Parameter(default=2, bounds=[1, 3], decimals=1)},
        tmp_path / "own.yaml",
        str(tmp_path / "own.yaml"),
        ParameterTable({"width": Parameter(default=2, bounds=[1, 3], decimals=1)}, "own"),
    ]
    for parameters in given:
        table = ParameterTable.of(parameters, "bot")
        assert table.defaults() == {"width": 2.0}
        assert table["width"].limits == (1, 3)
    assert ParameterTable.of({"a": 0.5, "b": 3}, "bot").defaults() == {"a": 0.5, "b": 3.0}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (5, "bot: parameters: expected a mapping or the path of a YAML file, got 5"),
        ({}, "expected a parameter table"),
        ({"a": "x"}, "bot parameters: a.default: expected a valid number, got 'x'"),
        ({"a": math.nan}, "a.default: expected a finite number, got nan"),
        ({"a": {"defalt": 1}}, "bot parameters: missing key 'a.default'"),
        ({"a": {"default": 1, "unti": "s"}}, "unknown key 'a.unti'; did you mean 'unit'?"),
        ({"a": {"default": 1, "bounds": [2]}}, "a.bounds: expected 2 or more entries, got [2]"),
        ({"a": {"default": 1, "bounds": [2, 1]}}, "a: expected bounds in rising order"),
        ({"a": {"default": 9, "bounds": [1, 2]}}, "a: expected a default within [1.0, 2.0], got 9"),
        ({"a": {"default": 1, "decimals": -1}}, "a.decimals: expected greater than or equal to 0"),
        (
            {"a": {"default": 0.05, "bounds": [0.04, 0.12], "decimals": 1}},
            "a: expected bounds of at most 1 decimals, got [0.04, 0.12]",
        ),
    ],
)
def test_a_bad_table_is_one_line_that_names_the_parameter(given: Any, message: str) -> None:
    assert message in usage_error(lambda: ParameterTable.of(given, "bot"))


def test_a_bad_table_in_a_file_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text("width:\n  default: 2\n  bounds: [1, 3]\n  decimals: few\n")
    message = usage_error(lambda: ParameterTable.of(path, "bot"))
    assert message == f"{path}:4: width.decimals: expected a valid integer, got 'few'"


def test_a_row_is_checked_as_strictly_as_a_file() -> None:
    document = parse_yaml("default: '1'", "x")
    assert usage_error(lambda: validate(Parameter, document)).startswith("x:1: default: expected")
