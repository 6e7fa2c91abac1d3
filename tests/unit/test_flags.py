"""Feature flags as a table: what a value must be, and what of a bot's file is a flag."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from builders import usage_error
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.config.documents import Document, parse_json, parse_yaml
from pytest_soak.config.flags import Flag, FlagTable, put_flags, reference_flags
from pytest_soak.kpi.definitions import KPIS

TABLE = reference_flags()
SECTIONS = (
    "pipeline",
    "md_cache",
    "async_batch",
    "taker_cap",
    "trace",
    "auto_spread",
    "queue_eta",
)
CONFIG = """
exchange: {url: "https://example.org"}
md_cache:
  enabled: false
taker_cap: {max_taker_share_pct: 7}
trace.sample_rate: 0.1
symbols: [A, B]
"""


def test_the_reference_maker_has_its_flags_and_all_are_hot() -> None:
    assert TABLE.defaults() == {
        "pipeline.enabled": True,
        "md_cache.enabled": True,
        "async_batch.enabled": True,
        "taker_cap.enabled": True,
        "taker_cap.max_taker_share_pct": 9.0,
        "trace.enabled": True,
        "trace.sample_rate": 0.2,
        "auto_spread.enabled": False,
        "auto_spread.volatility_weight": 0.2,
        "auto_spread.volume_weight": 0.0,
        "auto_spread.latency_weight": 0.0,
        "queue_eta.enabled": False,
        "queue_eta.max_s": 30.0,
    }
    for name, row in TABLE.items():
        assert row.hot
        assert row.owner
        assert row.effect
        assert row.rollback is not None
        assert row.moves or name.startswith("auto_spread.")
        assert set(row.moves) <= set(KPIS)


def test_rolled_back_its_shortcuts_are_off_and_its_cap_is_on() -> None:
    rolled_back = TABLE.rollbacks()
    assert {name for name, value in rolled_back.items() if value is False} == {
        "pipeline.enabled",
        "md_cache.enabled",
        "async_batch.enabled",
        "trace.enabled",
        "auto_spread.enabled",
        "queue_eta.enabled",
    }
    assert rolled_back["taker_cap.enabled"] is True


@pytest.mark.parametrize("value", [1, 1.0, 0, "true", "yes", None, [True]])
def test_a_switch_takes_nothing_but_a_truth_value(value: object) -> None:
    told = usage_error(lambda: TABLE.check("md_cache.enabled", value, "FILE"))
    assert told.startswith("FILE: md_cache.enabled: expected true or false, got ")


@pytest.mark.parametrize("value", [True, False, "0.1", None, math.nan, math.inf, -0.1, 1.1, {}])
def test_a_number_takes_nothing_but_a_finite_one_within_its_bounds(value: object) -> None:
    told = usage_error(lambda: TABLE.check("trace.sample_rate", value, "FILE"))
    assert told.startswith("FILE: trace.sample_rate: expected a number from 0 to 1, got ")


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, pytest.param(10**400, id="huge")])
def test_an_open_bound_is_not_open_to_infinity(value: float) -> None:
    table = FlagTable.of({"quotes.most": {"type": "number", "default": 1.0}}, "bot")
    assert "expected a number, got" in usage_error(lambda: table.check("quotes.most", value, "x"))


def test_a_whole_number_is_a_number_and_stays_one() -> None:
    value = TABLE.check("taker_cap.max_taker_share_pct", 7, "FILE")
    assert (type(value), value) == (float, 7.0)


def test_an_unknown_flag_names_the_nearest() -> None:
    told = usage_error(lambda: TABLE.check("md_cache.enable", True, "--soak-flag"))
    assert told == "--soak-flag: unknown flag 'md_cache.enable'; did you mean 'md_cache.enabled'?"


def test_what_is_given_stands_beside_the_defaults() -> None:
    values = TABLE.complete({"trace.sample_rate": 0}, "FILE")
    assert values == {**TABLE.defaults(), "trace.sample_rate": 0.0}
    assert list(values) == list(TABLE)


def test_a_bots_file_is_read_nested_or_dotted_and_the_rest_is_named() -> None:
    found = TABLE.read(parse_yaml(CONFIG, "bot.yaml"))
    assert found.values == {
        "md_cache.enabled": False,
        "taker_cap.max_taker_share_pct": 7.0,
        "trace.sample_rate": 0.1,
    }
    assert found.others == ("exchange", "symbols")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("md_cache:\n  enabld: true", "bot.yaml:2: unknown flag 'md_cache.enabld'; did you mean"),
        ("md_cache.size: 4", "bot.yaml:1: unknown flag 'md_cache.size'"),
        ("md_cache: true", "bot.yaml:1: md_cache: expected keys (enabled), got a truth value"),
        ("md_cache: {enabled: 1}", "md_cache.enabled: expected true or false, got 1"),
        ("md_cache: {enabled: {on: true}}", "expected true or false, got {'on': True}"),
        ("trace: {sample_rate: true}", "expected a number from 0 to 1, got True"),
        ("trace: {sample_rate: .nan}", "expected a number from 0 to 1, got nan"),
        ('trace: {sample_rate: "0.1"}', "expected a number from 0 to 1, got the text '0.1'"),
        ("trace: {enabled: true}\ntrace.enabled: true", "bot.yaml:2: trace.enabled is set twice"),
        (
            "- a",
            f"expected keys ({', '.join(SECTIONS)}), got",
        ),
    ],
)
def test_a_wrong_file_is_told_with_its_line_and_the_remedy(text: str, told: str) -> None:
    assert told in usage_error(lambda: TABLE.read(parse_yaml(text, "bot.yaml")))


def test_an_empty_file_sets_nothing() -> None:
    assert TABLE.read(parse_yaml("", "bot.yaml")).values == {}
    assert TABLE.read(parse_json("{}", "bot.json")).values == {}


def test_sections_may_lie_within_sections() -> None:
    table = FlagTable.of({"risk.cap.on": True, "risk.cap.most": 2.0}, "bot")
    found = table.read(parse_yaml("risk: {cap: {on: false}, limits: {x: 1}}", "bot.yaml"))
    assert found == ({"risk.cap.on": False}, ("risk.limits",))
    wrong = parse_yaml("risk: {cap: {least: 1}}", "bot.yaml")
    assert "unknown flag 'risk.cap.least'" in usage_error(lambda: table.read(wrong))


def test_a_target_may_bring_bare_defaults_rows_or_a_file(tmp_path: Path) -> None:
    (tmp_path / "flags.yaml").write_text("a.on: {type: bool, default: true}\n")
    for told in ({"a.on": True}, {"a.on": Flag(type="bool", default=True)}, "flags.yaml"):
        table = FlagTable.of(told, "bot", tmp_path)
        assert dict(table) == {"a.on": Flag(type="bool", default=True)}
        assert FlagTable.of(table, "bot") is table
    assert FlagTable.of({"a.most": {"type": "number", "default": 1, "bounds": (0, 2)}}, "x")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"enabled": True}, "'enabled' is not a flag name: expected a section and a key"),
        ({"a b.c": True}, "is not a flag name"),
        ({"a.b": True, "a.b.c": True}, "'a.b' is a flag and the section of 'a.b.c'"),
        ({"a.b": "yes"}, "default: expected"),
        ({"a.b": None}, "a.b.default: expected true, false or a number, got None"),
        ({"a.b": {"type": "bool"}}, "missing key 'a.b.default'"),
        ({"a.b": {"type": "bool", "default": 1}}, "expected true or false, got 1"),
        ({"a.b": {"type": "number", "default": True}}, "expected a number, got True"),
        ({"a.b": {"type": "number", "default": 3, "bounds": [0, 2]}}, "from 0 to 2, got 3"),
        ({"a.b": {"type": "number", "default": 1, "bounds": [2, 0]}}, "rising order"),
        ({"a.b": {"type": "number", "default": math.nan}}, "expected a number, got nan"),
        ({"a.b": {"type": "number", "default": 1, "rollback": -1, "bounds": [0, 2]}}, "rollback"),
        ({"a.b": {"type": "bool", "default": True, "bounds": [0, 1]}}, "without bounds"),
        ({"a.b": {"type": "bool", "default": True, "colour": "red"}}, "unknown key 'a.b.colour'"),
        ("flags.txt", "flags.txt"),
        (7, "flags: expected a mapping or the path of a YAML file, got 7"),
    ],
)
def test_a_wrong_table_is_a_usage_error(given: Any, told: str, tmp_path: Path) -> None:
    assert told in usage_error(lambda: FlagTable.of(given, "bot", tmp_path))


def test_a_document_that_is_no_table_is_told() -> None:
    told = usage_error(lambda: FlagTable.from_document(Document("x.yaml", ["a"])))
    assert told.startswith("x.yaml: expected a flag table")


@given(st.dictionaries(st.sampled_from(sorted(TABLE)), st.just(0)), st.booleans())
def test_flags_that_are_put_into_a_configuration_are_read_from_it(
    names: dict[str, int], dotted: bool
) -> None:
    values = {name: TABLE.defaults()[name] for name in names}
    other = {"mine": {"deep": [1]}, "trace": {"sample_rate": 0.3}}
    data = {**({"taker_cap.max_taker_share_pct": 5} if dotted else {}), **other}
    found = put_flags(data, values)
    read = TABLE.read(Document("x", found, {}))
    assert read.others == ("mine",)
    was = TABLE.read(Document("x", data, {})).values
    assert read.values == {**was, **values}
    assert data["trace"] == {"sample_rate": 0.3}
