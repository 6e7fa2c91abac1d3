"""A schedule of faults is read strictly, and says when what breaks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fault_schedules import S, builtin, schedule
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pytest_soak.commands.user_schemas import user_schema
from pytest_soak.errors import SoakUsageError
from pytest_soak.exchange.faults.draws import draw
from pytest_soak.exchange.faults.kinds import FAULTS
from pytest_soak.exchange.faults.schedule import FaultRow, Schedule, fault_shelf, load_schedule
from pytest_soak.exchange.faults.timeline import Timeline


def test_storm_has_every_kind_and_leaves_time_to_be_judged_in() -> None:
    storm = builtin("storm")
    assert {row.kind for row in storm.faults} == FAULTS.keys()
    assert {row.period_us for row in storm.faults} == {300 * S}
    spans = sorted((row.at_us, row.at_us + row.length_us) for row in storm.faults)
    rest_us = 300 * S - spans[-1][1] + spans[0][0]
    assert rest_us >= (storm.tolerances.settle_s + 10) * S
    assert {"code", "http", None} >= {r.answer for r in storm.faults if r.kind == "rate_limit"}


def test_any_five_minutes_of_storm_have_every_kind() -> None:
    timeline = Timeline(builtin("storm"), 42, 0)
    began = [(t.time_us, t.spell.row.kind) for t in timeline.until(1500 * S) if t.what == "began"]
    for start in range(0, 1100, 7):
        inside = {kind for time_us, kind in began if start * S <= time_us < (start + 300) * S}
        assert inside == FAULTS.keys()


def test_calm_is_storm_without_faults() -> None:
    calm, storm = builtin("calm"), builtin("storm")
    assert not calm.faults
    assert (calm.seed, calm.tolerances) == (storm.seed, storm.tolerances)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("name: a, kind: dorp", "did you mean 'drop'?"),
        ("name: a, kind: drop", "'sockets', without which drop says nothing"),
        ("name: a, kind: drop, sockets: private, for: 3s", "drop happens at once"),
        ("name: a, kind: refuse_sockets, sockets: all", "refuse_sockets lasts"),
        ("name: a, kind: silence, sockets: all, for: 3s", "silence happens at once"),
        ("name: a, kind: silence, sockets: everything", "'private', 'public', 'trade'"),
        ("name: a, kind: gateway_error, for: 3s, seconds: 2", "'seconds' is none"),
        ("name: a, kind: gateway_error, for: 3", "like 90s, 5m or 1h, got 3"),
        ("name: a, kind: gateway_error, for: soon", "a span of at most 168h like 90s"),
        ("name: a, kind: gateway_error, for: 9s, every: 9s", "'every' to be longer"),
        ("name: a, kind: gateway_error, for: 5s, jitter: 5s, every: 10s", "'every' to be longer"),
        ("name: a, kind: gateway_error, for: 3s, share: 0", "greater than 0, got 0"),
        ("name: a, kind: gateway_error, for: 3s, share: .nan", "a finite number, got nan"),
        ("name: a, kind: gateway_error, for: 3s, times: 0", "greater than or equal to 1, got 0"),
        ("name: a, kind: gateway_error, for: 3s, endpoints: []", "1 or more entries"),
        (
            "name: a, kind: gateway_error, for: 3s, endpoints: [orders/create]",
            "endpoints that there are, did you mean 'order/create'?",
        ),
        ("name: a, kind: late_answer, for: 3s", "'seconds', without which late_answer"),
        ("name: a, kind: late_answer, for: 3s, seconds: -1", "greater than 0, got -1"),
        ("name: a/b, kind: drop, sockets: all", "pattern"),
        ("name: a, kind: drop, sockets: all, when: 3s", "unknown key 'faults.0.when'"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(row: str, problem: str) -> None:
    with pytest.raises(SoakUsageError) as error:
        schedule(row)
    assert str(error.value).startswith("mine.yaml:4: ")
    assert problem in str(error.value)


def test_two_faults_of_one_name_are_refused() -> None:
    with pytest.raises(SoakUsageError, match="'a' is there twice"):
        schedule(*["name: a, kind: drop, sockets: all"] * 2)


def test_a_user_s_schedule_is_found_by_path_and_by_name(tmp_path: Path) -> None:
    (tmp_path / "faults").mkdir()
    (tmp_path / "faults" / "mine.yaml").write_text("name: mine\n")
    shelf = fault_shelf(tmp_path)
    for named in ("mine", "faults/mine.yaml"):
        assert load_schedule(named, shelf, tmp_path, "test").name == "mine"
    with pytest.raises(SoakUsageError, match="unknown fault schedule 'strom'; did you mean"):
        load_schedule("strom", shelf, tmp_path, "test")


def test_the_json_schema_takes_what_ships_and_refuses_what_is_refused() -> None:
    validator = Draft202012Validator(user_schema("faults"))
    for name in ("storm", "calm"):
        data = builtin(name).model_dump(by_alias=True, exclude_defaults=True, mode="json")
        assert not list(validator.iter_errors(json.loads(json.dumps(data))))
    assert list(validator.iter_errors({"name": "a", "faults": [{"name": "a", "kind": "dorp"}]}))


def test_a_fault_begins_again_and_again_and_ends_each_time() -> None:
    rows = schedule("name: a, kind: gateway_error, at: 30s, every: 2m, for: 40s")
    turns = Timeline(rows, 1, 5 * S).until(300 * S)
    assert [(t.what, t.time_us // S) for t in turns] == [
        ("began", 35),
        ("ended", 75),
        ("began", 155),
        ("ended", 195),
        ("began", 275),
    ]


def test_turns_are_told_once_whenever_they_are_asked_for() -> None:
    rows = schedule("name: a, kind: gateway_error, at: 1s, every: 3s, for: 1s")
    often, seldom = Timeline(rows, 1, 0), Timeline(rows, 1, 0)
    told = [t for time_us in range(0, 20 * S, S // 4) for t in often.until(time_us)]
    assert [(t.what, t.time_us) for t in told] == [
        (t.what, t.time_us) for t in seldom.until(20 * S - S // 4)
    ]
    assert often.next_us == seldom.next_us == 20 * S
    assert [t.what for t in seldom.until(20 * S)] == ["ended"]


def test_a_fault_without_every_is_once() -> None:
    timeline = Timeline(schedule("name: a, kind: drop, at: 2s, sockets: all"), 1, 0)
    assert [t.what for t in timeline.until(10**12)] == ["began", "ended"]
    assert timeline.next_us is None


@given(st.integers(0, 2**40), st.integers(1, 20))
def test_jitter_is_the_seed_s_and_never_more_than_was_said(seed: int, jitter: int) -> None:
    rows = schedule(f"name: a, kind: drop, at: 5s, every: 30s, jitter: {jitter}s, sockets: all")
    starts = [
        [t.time_us for t in Timeline(rows, seed, 0).until(300 * S) if t.what == "began"]
        for _ in range(2)
    ]
    assert starts[0] == starts[1]
    late = [time_us - (5 + 30 * n) * S for n, time_us in enumerate(starts[0])]
    assert all(0 <= us < jitter * S for us in late)
    assert len(set(late)) > 1


@given(st.integers(0, 2**40), st.text(max_size=5), st.integers(0, 1000))
def test_a_draw_is_one_number_between_0_and_1(seed: int, name: str, nth: int) -> None:
    assert 0.0 <= draw(seed, name, nth) < 1.0
    assert draw(seed, name, nth) == draw(seed, name, nth)
    assert draw(seed, name, nth) != draw(seed + 1, name, nth)


def test_draws_are_spread_evenly() -> None:
    drawn = [draw(7, "a", n) for n in range(2000)]
    assert abs(sum(drawn) / 2000 - 0.5) < 0.02
    assert abs(sum(d < 0.1 for d in drawn) / 2000 - 0.1) < 0.02


def test_a_kind_takes_what_it_needs() -> None:
    fields = {field.alias or name for name, field in FaultRow.model_fields.items()}
    for kind in FAULTS.values():
        assert set(kind.needs) <= set(kind.keys) <= fields


@pytest.mark.parametrize("name", ["calm", "storm"])
def test_a_schedule_is_the_same_when_it_was_handed_on(name: str, tmp_path: Path) -> None:
    schedule = load_schedule(name, fault_shelf(tmp_path), tmp_path, "--faults")
    for by_alias in (False, True):
        handed = schedule.model_dump_json(by_alias=by_alias)
        assert Schedule.model_validate_json(handed) == schedule
