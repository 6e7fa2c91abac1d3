"""The report of a day: which day, what stands beside it, health, and what no feed tells."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from bot_feeds import DAY as FED
from bot_feeds import mark, tick, write
from budgets import SAME, lock
from builders import usage_error
from days import DAY, ROWS_A_DAY, blank, row, rows, told
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.artifacts.daily_models import DailyCriterion, DailyLane, DailyReport
from pytest_soak.artifacts.lock_models import LockedBudgets, StageBaseline
from pytest_soak.artifacts.models import shipped_schema
from pytest_soak.canonical import dumps
from pytest_soak.commands.daily_feeds import Lane, Source, day_of, read_lane, report
from pytest_soak.dataset.row import Row
from pytest_soak.gates.criteria import OFF, Criteria, Criterion
from pytest_soak.gates.engine import Verdict
from pytest_soak.gates.sustained import Kind, Standing, Transition
from pytest_soak.observation.feed_files import DAY_US
from pytest_soak.release.daily import NO_HEALTH, date_of, day_criteria, gaps_of, health_of
from pytest_soak.release.daily_rules import load_daily_rules
from pytest_soak.release.day import LaneDay, error_code
from pytest_soak.release.ranking import earned, ranked
from pytest_soak.release.replay import Stood
from pytest_soak.report.daily import daily_lines, daily_text

RULES = load_daily_rules()
ONE = Criteria(
    name="one",
    criteria=[
        Criterion.model_validate(
            {
                "name": "late",
                "metric": "deadline_miss_ratio",
                "window": "1m",
                "stop_if": "> 0.5",
                "for": "5m",
            }
        )
    ],
)
QUIET = {"late": Stood(minutes=1440)}


def lane(
    name: str = "a",
    days: Mapping[int, Sequence[Row]] | None = None,
    feeds: Mapping[int, LaneDay] | None = None,
    stood: dict[str, Stood] | None = None,
) -> Lane:
    given = {DAY: rows(DAY)} if days is None else days
    of_feeds = {day: told(day) for day in given} if feeds is None else feeds
    seen = dict.fromkeys(given, QUIET if stood is None else stood)
    return Lane(name, {day: list(some) for day, some in given.items()}, of_feeds, seen)


def locked(p95: float = 10.0) -> LockedBudgets:
    stage = StageBaseline(p95_ms=p95, runs=[p95] * 5, rel_sd=0.0)
    of_stage = {"baseline": {"fetch_md": stage}, "tick_total": stage}
    good = {"md_cache_hit_ratio": 1.0, "deadline_miss_ratio": 0.0}
    return lock(SAME).model_copy(update=of_stage | good)


def of(
    *lanes: Lane, day: int | None = DAY, lock: LockedBudgets | None = None, stop: Criteria = ONE
) -> DailyReport:
    found = report(
        lanes,
        day,
        stop,
        lock,
        "baseline/locked.json",
        plan="release.yaml",
        run="run",
        source="sim",
        meta={},
    )
    jsonschema.validate(found.data(), json.loads(shipped_schema("daily")))
    return found


def flat(day: int, net: float) -> list[Row]:
    return rows(day, lambda _: net)


def test_a_day_stands_beside_the_day_before_it_and_the_median_of_seven() -> None:
    nets = {DAY - 9: 90.0, DAY - 7: 7.0, DAY - 4: 1.0, DAY - 2: 5.0, DAY - 1: 2.0, DAY: 3.0}
    found = of(lane(days={day: flat(day, net) for day, net in nets.items()}))
    net = found.figures["net_quote"]
    assert net.value == 3.0 * ROWS_A_DAY
    assert net.day_before == 2.0 * ROWS_A_DAY
    assert (net.median, net.days) == (3.5 * ROWS_A_DAY, 4)
    assert found.figures["net_bps"].value == pytest.approx(300.0)
    assert found.figures["restarts"].value is None
    assert not any(name.startswith("worst_") for name in found.figures)
    assert (found.verdict, found.health, found.reasons) == (Verdict.PASS, Verdict.PASS, [])
    assert of(lane()).figures["net_quote"].day_before is None


def test_the_sum_of_a_day_is_that_of_its_lanes() -> None:
    bad = {"late": Stood(minutes=9, standing=Standing(stopped=True))}
    found = of(lane("a"), lane("b", {DAY: flat(DAY, 2.0)}, stood=bad))
    assert found.reasons == ["b: late: stopped"]
    assert found.figures["net_quote"].value == 3.0 * ROWS_A_DAY
    assert found.figures["covered_hours"].value == 48.0
    assert found.coverage == 1.0
    assert found.stages["fetch_md"].ticks == 2000


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ({DAY: rows(DAY), DAY + 1: rows(DAY + 1)[:12]}, DAY),
        ({DAY: rows(DAY)[12:], DAY + 1: rows(DAY + 1), DAY + 2: rows(DAY + 2)}, DAY + 2),
        ({DAY: rows(DAY)[12:], DAY + 1: rows(DAY + 1)[:12]}, DAY + 1),
        ({DAY: rows(DAY), DAY + 1: [blank(DAY + 1, 0), *rows(DAY + 1)[1:]]}, DAY),
        ({DAY: rows(DAY), DAY + 1: [*rows(DAY + 1)[:-1], blank(DAY + 1, 287)]}, DAY),
        ({DAY: rows(DAY), DAY + 1: [blank(DAY + 1, n) for n in range(ROWS_A_DAY)]}, DAY),
    ],
    ids=[
        "a part follows",
        "the newest whole one",
        "none is whole",
        "late",
        "early",
        "nothing follows",
    ],
)
def test_by_default_it_is_the_last_whole_day(days: dict[int, list[Row]], expected: int) -> None:
    assert of(lane(days=days), day=None).date == date_of(expected)


def test_a_day_with_a_gap_is_whole_but_not_complete() -> None:
    gap = range(100, 103)
    day = [blank(DAY, n) if n in gap else row(DAY, n) for n in range(ROWS_A_DAY)]
    found = of(lane(days={DAY: day, DAY + 1: rows(DAY + 1)[:2]}), day=None)
    assert found.date == date_of(DAY)
    assert not found.complete
    assert found.verdict is Verdict.WARN
    assert found.reasons == ["incomplete: 99.0 % of the day covered"]
    (one,) = found.gaps
    assert (one.begin[11:], one.end[11:], one.coverage) == ("08:20:00Z", "08:35:00Z", 0.0)
    assert "incomplete" in daily_text(found).splitlines()[0]


def test_gaps_are_as_long_as_they_are() -> None:
    shares = [1.0, 0.5, 0.7, 0.9, 0.899]
    found = gaps_of("a", [row(DAY, n, coverage=share) for n, share in enumerate(shares)], 0.9)
    assert [(gap.begin[14:16], gap.end[14:16], gap.coverage) for gap in found] == [
        ("05", "15", 0.6),
        ("20", "25", 0.899),
    ]


def numbers(data: Any) -> Iterator[float]:
    if isinstance(data, bool):
        return
    if isinstance(data, int | float):
        yield data
    elif isinstance(data, dict):
        for value in data.values():
            yield from numbers(value)
    elif isinstance(data, list):
        for value in data:
            yield from numbers(value)


def test_a_day_without_feeds_fails_without_any_figure(tmp_path: Path) -> None:
    for day in (FED.day, FED.day + 2):
        write(tmp_path, "marks", *(shifted(mark(n), day) for n in range(300)), day=day)
        write(tmp_path, "pipeline_ticks", *(shifted(tick(n), day) for n in range(300)), day=day)
    read = read_lane(Source("a", tmp_path, ()), ONE)
    found = of(read, day=FED.day + 1, lock=locked())
    assert (found.verdict, found.reasons, found.health) == (Verdict.FAIL, ["no data"], None)
    assert list(numbers(found.data())) == [RULES.least_fills]
    told_of = daily_text(found).replace(found.date, "")
    assert not re.search(r"\d", told_of)
    assert list(daily_lines(found, "x")) == [
        f"FAIL: daily of {found.date}, health not known: no data; next: x"
    ]
    near = of(read, day=FED.day + 2)
    assert near.figures["ticks"].day_before is None
    assert near.figures["ticks"].median == 300.0
    said = usage_error(lambda: of(read, day=FED.day + 3))
    assert said == (
        f"--date: there are no feeds of {date_of(FED.day + 3)}, "
        f"only of {date_of(FED.day)} to {date_of(FED.day + 2)}"
    )


def shifted(line: dict[str, Any], day: int) -> dict[str, Any]:
    return line | {"time_us": line["time_us"] + (day - FED.day) * DAY_US}


@pytest.mark.parametrize("text", ["", "2024-02-30", "20240101", "2024-01-01T00:00:00Z", "today"])
def test_a_date_is_a_day(text: str) -> None:
    assert "expected a day like 2024-01-31" in usage_error(lambda: day_of(text))
    assert date_of(day_of("2024-02-29")) == "2024-02-29"


def acted(kind: Kind, at: int = DAY * DAY_US + 600_000_000) -> Transition:
    return Transition(
        criterion="late",
        kind=kind,
        metric="deadline_miss_ratio",
        value=0.9,
        limit="> 0.5",
        since=at - 300_000_000,
        at=at,
    )


@pytest.mark.parametrize(
    ("stood", "verdict", "state"),
    [
        (Stood(minutes=9), "PASS", "quiet"),
        (Stood(minutes=9, pending=2, longest_us=60_000_000), "PASS", "was pending"),
        (Stood(minutes=9, standing=Standing(warned=True)), "WARN", "still warned"),
        (Stood(minutes=9, transitions=[acted("warn")]), "WARN", "warned"),
        (Stood(minutes=9, transitions=[acted("clear")]), "WARN", "warned"),
        (Stood(minutes=9, transitions=[acted("warn"), acted("stop")]), "FAIL", "stopped"),
        (Stood(minutes=9, standing=Standing(stopped=True)), "FAIL", "stopped"),
        (Stood(minutes=9, no_data=9), None, "not judged, as there was no value"),
        (Stood(), None, "not judged, as no feed tells of it"),
    ],
)
def test_health_is_what_the_worst_criterion_says(
    stood: Stood, verdict: str | None, state: str
) -> None:
    found = of(lane(stood={"late": stood}))
    (one,) = found.criteria
    assert (one.verdict, one.state) == (verdict, state)
    assert found.health == verdict
    assert found.verdict == (verdict or "WARN")
    if verdict is None:
        assert found.reasons == [NO_HEALTH]
    elif verdict != "PASS":
        assert len(found.reasons) == max(1, len(stood.transitions))
        assert all(reason.startswith("late: ") for reason in found.reasons)


@given(st.lists(st.sampled_from([None, Verdict.PASS, Verdict.WARN, Verdict.FAIL])))
def test_what_was_not_judged_has_no_say_in_health(verdicts: list[Verdict | None]) -> None:
    (blank_one,) = day_criteria("a", ONE, {})
    criteria: list[DailyCriterion] = [
        blank_one.model_copy(update={"verdict": verdict}) for verdict in verdicts
    ]
    known = [verdict for verdict in verdicts if verdict is not None]
    order = [Verdict.FAIL, Verdict.WARN, Verdict.PASS]
    expected = next((verdict for verdict in order if verdict in known), None)
    assert health_of(criteria) is expected


def test_without_criteria_health_is_not_known() -> None:
    found = of(lane(), stop=OFF)
    assert (found.verdict, found.health, found.reasons) == (Verdict.WARN, None, [NO_HEALTH])
    assert "None in the plan." in daily_text(found)


def test_stages_stand_beside_their_lock_and_its_limits_are_held() -> None:
    feeds = {DAY - 1: told(DAY - 1, ms=8.0), DAY: told(ms=11.0)}
    two = lane(days={DAY - 1: rows(DAY - 1), DAY: rows(DAY)}, feeds=feeds)
    found = of(two, lock=locked())
    stage = found.stages["fetch_md"]
    assert stage.locked_p95_ms == 10.0
    assert stage.change_pct == pytest.approx(10.0)
    assert (stage.p99_ms.value, stage.p99_ms.day_before) == (11.0, 8.0)
    assert found.stages["compute"].locked_p95_ms is None
    assert found.stages["tick_total"].change_pct == pytest.approx(10.0)
    assert found.verdict is Verdict.PASS
    without = of(two)
    assert without.lock is None
    assert "No lock." in daily_text(without)
    missed = of(lane(feeds={DAY: told(hits=False)}), lock=locked())
    assert missed.verdict is Verdict.FAIL
    assert missed.reasons == ["md_cache_hit_ratio = 0, >= 0.6 by the lock"]


def test_a_day_without_ticks_has_no_stages() -> None:
    no_ticks = told()._replace(ticks=told().ticks[:0])
    found = of(lane(feeds={DAY: no_ticks}), lock=locked())
    assert (found.stages, found.limits) == ({}, [])
    assert found.figures["deadline_misses"].value is None
    assert "No ticks." in daily_text(found)


def test_what_is_not_reported_is_not_0() -> None:
    nothing = of(lane())
    assert nothing.errors is nothing.blocks is None
    assert daily_text(nothing).count("Not reported.") == 2
    feeds = {
        DAY - 2: told(DAY - 2, blocks={"risk": 4}),
        DAY - 1: told(DAY - 1, blocks={"risk": 1}, errors={"Timeout": 3}),
        DAY: told(blocks={"throttle": 2}, errors={}, restarts=1),
    }
    found = of(lane(days={day: rows(day) for day in feeds}, feeds=feeds))
    assert found.blocks is not None
    assert found.errors is not None
    risk, throttle = found.blocks["risk"], found.blocks["throttle"]
    assert (risk.value, risk.day_before, risk.median, risk.days) == (0.0, 1.0, 2.5, 2)
    assert (throttle.value, throttle.median) == (2.0, 0.0)
    timeout = found.errors["Timeout"]
    assert (timeout.value, timeout.day_before, timeout.days) == (0.0, 3.0, 1)
    assert found.figures["restarts"].value == 1.0


def test_the_rarest_errors_are_one_row() -> None:
    many = {f"E{n:02}": 100 - n for n in range(RULES.most_codes + 5)}
    found = of(lane(feeds={DAY: told(errors=many)}))
    assert found.errors is not None
    assert len(found.errors) == RULES.most_codes + 1
    assert sum(one.value or 0.0 for one in found.errors.values()) == sum(many.values())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Timeout: order 7", "Timeout"),
        ("429", "429"),
        (": x", "without a text"),
        ("a\nb", "a b"),
        ("x" * 99, "x" * 60),
    ],
)
def test_an_error_is_counted_by_what_it_says_first(text: str, code: str) -> None:
    assert error_code(text) == code


def lanes() -> st.SearchStrategy[list[DailyLane]]:
    nets = st.sampled_from([None, -1.0, 0.0, 2.0]) | st.floats(-1e6, 1e6)
    one = st.tuples(st.sampled_from([0, 99, 100, 101, 5000]), nets)
    return st.lists(one, max_size=20).map(
        lambda facts: [
            DailyLane(lane=str(n), fills=fills, net_quote=net, low=None, high=None, reason="")
            for n, (fills, net) in enumerate(facts)
        ]
    )


@given(lanes())
def test_lanes_are_ranked_once_by_what_they_earned(given_lanes: list[DailyLane]) -> None:
    best, worst, unranked = ranked(given_lanes, RULES)
    assert len(best) <= RULES.best
    assert len(worst) <= RULES.worst
    nets = [one.net_quote for one in best]
    assert nets == sorted(nets, key=lambda net: -(net or 0.0))
    lows = [one.net_quote for one in worst]
    assert lows == sorted(lows, key=lambda net: net or 0.0)
    able = [
        one for one in given_lanes if one.fills >= RULES.least_fills and one.net_quote is not None
    ]
    assert {one.lane for one in unranked} == {one.lane for one in given_lanes if one not in able}
    assert len({one.lane for one in (*best, *worst)}) == len(best) + len(worst)
    assert len(worst) == min(max(len(able) - RULES.best, 0), RULES.worst)
    for one in able:
        if one not in best:
            assert len(best) == RULES.best
            assert (one.net_quote or 0.0) <= min(net or 0.0 for net in nets)
        if one not in (*best, *worst):
            assert (one.net_quote or 0.0) >= max(net or 0.0 for net in lows)


def test_of_ten_lanes_five_are_best_and_three_worst() -> None:
    ten = [
        DailyLane(lane=str(net), fills=100, net_quote=net, low=None, high=None, reason="")
        for net in (3, 9, 1, 7, 5, 0, 2, 8, 6, 4)
    ]
    best, worst, unranked = ranked(ten, RULES)
    assert [one.net_quote for one in best] == [9, 8, 7, 6, 5]
    assert [one.net_quote for one in worst] == [0, 1, 2]
    assert unranked == []


def test_the_interval_is_that_of_the_sum() -> None:
    """Of independent rows: 1.96 times their sd times sqrt(288) to either side, and some more."""
    draws = np.random.default_rng(1).normal(1.0, 2.0, ROWS_A_DAY)
    found = earned("a", rows(DAY, lambda n: float(draws[n])))
    assert found.net_quote == pytest.approx(draws.sum())
    assert found.low is not None
    assert found.high is not None
    assert found.low + found.high == pytest.approx(2 * draws.sum())
    half = (found.high - found.low) / 2
    assert 1.0 < half / (1.96 * float(draws.std(ddof=1)) * math.sqrt(ROWS_A_DAY)) < 1.2
    assert found.fills == 2 * ROWS_A_DAY


def test_where_nothing_varies_or_little_is_known_there_is_no_interval() -> None:
    same = earned("a", rows(DAY))
    assert (same.low, same.high) == (None, None)
    assert same.reason.startswith("every interval is the same")
    few = earned("a", [row(DAY, n, float(n)) for n in range(5)])
    assert few.reason == "5 intervals, 7 more needed"
    none = earned("a", [blank(DAY, n) for n in range(20)])
    assert (none.net_quote, none.reason) == (None, "0 intervals, 12 more needed")


def test_the_text_has_no_number_that_the_json_has_not() -> None:
    draws = np.random.default_rng(2).normal(1.0, 2.0, ROWS_A_DAY)
    days = {DAY - 1: rows(DAY - 1, lambda n: 2.0 * float(draws[n]))}
    days |= {DAY: rows(DAY, lambda n: float(draws[n]))}
    feeds = {day: told(day, ms=10.1 + 0.1 * (DAY - day), blocks={"risk": 3}) for day in days}
    stood = Stood(minutes=1440, pending=3, longest_us=120_000_000, transitions=[acted("warn")])
    some = [
        lane(name, days, feeds, {"late": stood}) for name in ("a", "b", "c", "d", "e", "f", "g")
    ]
    found = of(*some, lock=locked(9.9))
    pattern = re.compile(r"\d+(?:\.\d+)?(?:e[+-]?\d+)?")
    known = {float(one) for one in pattern.findall(dumps(found.data()))}
    headings = {float(one) for name in ("p50", "p95", "p99") for one in pattern.findall(name)}
    said = {float(one) for one in pattern.findall(daily_text(found))}
    assert said <= known | headings | {95.0}
    assert len(said) > 30
