"""What a terminal shows of an iteration, of lanes under way, and of lanes at their end."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from builders import lane_of, plan
from finished_runs import outcome
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.artifacts.build import outcome as outcome_of
from pytest_soak.engine.events import (
    IterationFailed,
    IterationFinished,
    IterationStarted,
    LaneFinished,
)
from pytest_soak.engine.plan import LanePlan
from pytest_soak.engine.record import IterationRecord, LaneResult
from pytest_soak.gates.engine import Verdict
from pytest_soak.gates.model import Gate, OnMarket, Threshold
from pytest_soak.report.closing import LANES_SHOWN, lane_closing, lanes_closing
from pytest_soak.report.columns import Column, fitting, gated_columns, other_columns
from pytest_soak.report.iteration_rows import Told, details, heading, limits, note, roomy, row
from pytest_soak.report.lane_rows import LaneRows
from pytest_soak.report.lane_table import ended, lane_table
from pytest_soak.report.progress_line import progress_line
from pytest_soak.report.totals import Totals, money, row_of
from pytest_soak.run.progress import Progress
from pytest_soak.testing import GOOD
from pytest_soak.text import brief, number, shortened, signed
from pytest_soak.tuning.phases import Phase

SIZES = st.floats(-1e14, 1e14).filter(lambda x: x == 0 or abs(x) > 1e-99)
DESK = Gate(
    name="desk",
    grace=1,
    drift="warn",
    thresholds=[
        Threshold(metric="p95_latency_ms", fail_unless="<= 400", warn_unless="<= 350"),
        Threshold(metric="adverse_bps_p95", warn_unless="<= 8.0"),
        Threshold(metric="uptime", fail_unless=">= 0.9"),
        Threshold(metric="net_bps", fail_unless=">= 2.0", warn_unless=">= 2.7"),
        Threshold(metric="drawdown_ratio", fail_unless="<= 0.25"),
    ],
)
COLUMNS = gated_columns([(DESK, "calm")])


@given(SIZES)
def test_a_brief_number_is_short_and_says_the_value_well_enough(value: float) -> None:
    text = brief(value)
    assert len(text) <= 7
    scale = {"k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}.get(text[-1], 1.0)
    shown = float(text.rstrip("kMGT")) * scale
    digits = (
        0.006
        if abs(value) >= 1
        else 0.051
        if abs(value) >= 0.1
        else 0.06
        if abs(value) >= 0.01
        else 0.51
    )
    assert shown == pytest.approx(value, rel=digits)


def test_brief_numbers_as_people_write_them() -> None:
    given = (0.0, -0.0, 3.0, 2.949, 286.4, 25_100.0, -82_140_000.0, 484.0, 0.0123, -0.4499, None)
    told = ["0", "0", "3", "2.95", "286", "25.1k", "-82.1M", "484", "0.012", "-0.45", "n/a"]
    assert [brief(value) for value in given] == told
    assert number(-0.0) == signed(-0.0) == "0"


@given(st.text(min_size=1), st.integers(3, 40))
def test_a_shortened_name_fits_and_keeps_its_ends(text: str, longest: int) -> None:
    found = shortened(text, longest)
    assert len(found) == min(len(text), longest)
    assert found == text or (found[0], found[-1]) == (text[0], text[-1])


def test_headlines_come_first_and_what_only_warns_is_in_parentheses() -> None:
    assert [(c.label, c.limit) for c in COLUMNS] == [
        ("net_bps", ">=2"),
        ("p95 ms", "<=400"),
        ("adv95", "(<=8)"),
        ("uptime", ">=0.9"),
    ]


def test_a_limit_that_differs_between_lanes_is_left_out() -> None:
    other = Threshold(metric="net_bps", fail_unless=">= 0.1")
    mild = DESK.model_copy(update={"markets": {"spike": OnMarket(thresholds=[other])}})
    found = {c.metric: c.limit for c in gated_columns([(mild, "calm"), (mild, "spike")])}
    assert (found["net_bps"], found["p95_latency_ms"]) == ("", "<=400")


def test_a_bots_own_kpis_have_columns_as_the_reference_makers_have() -> None:
    given = ("net_bps", "uptime", "x" * 40, "ws_lag_p95_ms", "risk_ratio")
    assert other_columns(given, COLUMNS) == [
        Column("risk_ratio", "risk", ""),
        Column("x" * 40, "x" * 11 + "~", ""),
    ]


@given(st.integers(1, 200))
def test_a_row_never_leaves_its_screen(width: int) -> None:
    columns = roomy(COLUMNS, width)
    if width >= 20:
        assert len(heading(columns).removesuffix("note")) <= width
    assert columns == COLUMNS[: len(columns)]


def test_columns_stop_where_the_room_ends() -> None:
    assert fitting(COLUMNS, 8) == []
    assert fitting(COLUMNS, 9) == COLUMNS[:1]
    assert fitting(COLUMNS, 17) == COLUMNS[:2]


def planned(iterations: int) -> LanePlan:
    return plan(DESK, iterations=iterations, declared=(*GOOD, "uptime"))


def lane(*nets: float | None, **more: Any) -> tuple[list[IterationRecord], LaneResult]:
    """The records of a lane that had these nets, and what it came to."""
    given = [{**GOOD, "uptime": 0.95, "net_bps": net, **more} for net in nets]
    made = lane_of(*given, of=planned(len(given)))
    for _ in given:
        made.run.run_iteration()
    records = [e.record for e in made.events if isinstance(e, IterationFinished)]
    [result] = [e.result for e in made.events if isinstance(e, LaneFinished)]
    return records, result


def test_a_row_says_the_values_the_verdict_and_what_missed_its_limit() -> None:
    [first, second, third], _ = lane(1.0, 2.5, 3.0)
    rows = [row(record, COLUMNS) for record in (first, second, third)]
    assert heading(COLUMNS) == ("  it  net_bps  p95 ms   adv95  uptime  verdict   note")
    assert limits(COLUMNS, 1) == (
        "          >=2   <=400   (<=8)   >=0.9            the first is grace"
    )
    assert [r.verdict for r in rows] == ["grace", "WARN", "PASS"]
    assert rows[1].figures.split() == ["2", "2.50", "260", brief(GOOD["adverse_bps_p95"]), "0.95"]
    assert rows[0].note.startswith("cold start")
    assert rows[1].note.startswith("net_bps not >=2.7")
    assert "not" not in rows[2].note


def test_a_note_gives_the_value_of_what_has_no_column() -> None:
    [_, second], _ = lane(3.0, 3.0, p95_latency_ms=512.0)
    assert note(second, COLUMNS).startswith("p95 ms not <=400")
    assert note(second, COLUMNS[:1]).startswith("p95 ms 512 not <=400")


def test_suggestions_are_told_only_where_they_are_asked_for() -> None:
    [_, second], _ = lane(3.0, 3.0, slippage_bps=-3.5)
    assert second.tuning.suggested
    steps, reasons = (list(details(second, told)) for told in (Told.STEPS, Told.REASONS))
    [(name, step), *_] = second.tuning.suggested.items()
    assert steps[0].startswith(f"suggests: {name} {step:+g}")
    assert reasons[0] == f"suggests: {second.tuning.rationale[0]}"
    assert list(details(second, Told.LITTLE)) == list(second.notes)


def closing(result: LaneResult, width: int = 80) -> list[str]:
    return [line.text for line in lane_closing(result, "P1 W0 F0", width)]


def test_the_end_of_a_lane_has_value_limit_margin_and_drift_of_each_kpi() -> None:
    _, result = lane(*[3.0, 3.01, 2.99] * 5)
    head, heads, *rows = closing(result)
    assert all(row.startswith("      ") and row[6] != " " for row in rows[:5])
    assert head == "PASS  fake: medians of its last 8 graded, P1 W0 F0"
    assert heads.split() == ["value", "limit", "margin", "drift/it"]
    found = {text.split()[0]: text.split()[1:] for text in rows}
    assert found["net_bps"] == ["3", ">=", "2.0", "+1", "none", "seen"]
    assert found["adverse_bps_p95"][1:4] == [
        "(<=",
        "8.0)",
        f"+{brief(8 - GOOD['adverse_bps_p95'])}",
    ]
    assert found["drawdown_ratio"][-1] != "seen"


def test_what_fails_is_marked_in_text_too_and_drift_is_a_number() -> None:
    _, result = lane(*[6.0 - 0.1 * n for n in range(24)])
    marked = [line for line in lane_closing(result, "", 80) if line.verdict]
    assert [(line.text.split()[:2], line.verdict) for line in marked] == [
        (["WARN", "fake:"], Verdict.WARN),
        (["WARN", "net_bps"], Verdict.WARN),
    ]
    assert float(marked[1].text.split()[-1]) == pytest.approx(-0.1, rel=0.01)
    assert marked[0].text.endswith("graded")


def test_one_reason_alone_is_left_to_the_last_line_of_the_session() -> None:
    _, result = lane(1.0, 1.0, 1.0, p95_latency_ms=512.0)
    told = result.model_copy(update={"reasons": ("the bot left",)})
    assert "the bot left" not in "".join(closing(told))
    beside = result.model_copy(update={"reasons": ("the bot left", "net_bps = 1, fail")})
    assert "the bot left" not in "".join(closing(beside))


def test_several_reasons_are_told_in_their_order_with_that_of_the_last_line() -> None:
    _, result = lane(1.0, 1.0, 1.0, p95_latency_ms=512.0)
    told = result.model_copy(update={"reasons": ("the bot left", "the market closed")})
    assert [line.strip() for line in closing(told)[-2:]] == ["the bot left", "the market closed"]


def test_an_unfinished_lane_says_how_far_it_came() -> None:
    _, result = lane(3.0, 3.0, 3.0)
    cut = result.model_copy(update={"verdict": None, "iterations": 2})
    assert closing(cut) == ["no verdict: 2 of 3 iterations"]


@given(st.integers(40, 140), st.integers(1, 6))
def test_lanes_side_by_side_fit_the_screen(width: int, seeds: int) -> None:
    outcomes = [outcome(seed) for seed in range(seeds)]
    lines = [line.text for line in lanes_closing(outcomes, ["sim"], ["net_bps"], width)]
    assert lines[0].endswith(", sim")
    assert len(lines) >= 2 + seeds
    if width >= 60:
        assert max(map(len, lines)) <= width


def test_of_a_thousand_lanes_the_worst_are_shown() -> None:
    bad = outcome(7, verdict=Verdict.FAIL, reasons=["net_bps = 1, fail unless >= 2 (desk)"])
    outcomes = [outcome(n) for n in range(999)] + [bad]
    lines = [line.text for line in lanes_closing(outcomes, ["sim"], ["net_bps"], 80)]
    assert len(lines) < LANES_SHOWN + 6
    assert lines[2].startswith(bad.lane)
    assert "and 970 lanes no worse; the report has all" in lines
    assert lines[-1] == f"{bad.lane}: {bad.reasons[0]}"


def test_lanes_count_their_grace_apart_while_they_run_and_at_their_end() -> None:
    records, result = lane(3.0, 3.0, 1.0)
    rows = LaneRows({records[0].lane.id: 3}, COLUMNS)
    for record in records:
        now = datetime.now(UTC)
        rows.handle(IterationFinished(lane=record.lane.id, time=now, record=record))
    heads, row = rows.shown(80, 12, lambda text, verdict: text)
    assert heads.endswith("  P/W/F+grace")
    assert row.split()[-2] == "1/0/1+1"
    assert len(row) < 80
    table = lane_table([ended(outcome_of(result))], ["net_bps"], 80)
    assert [line.split()[2] for line in table] == ["P/W/F+grace", "1/0/1+1"]


def test_a_grace_that_was_not_told_or_had_none_is_not_counted() -> None:
    told = outcome(1, counts={"PASS": 6, "WARN": 1, "FAIL": 0})
    assert [x.split()[2] for x in lane_table([ended(told)], [], 80)] == ["P/W/F", "6/1/0"]
    cold = outcome(1, counts={"PASS": 3, "FAIL": 2}, ungraded={"PASS": 2, "FAIL": 1})
    assert lane_table([ended(cold)], [], 80)[1].split()[2] == "1/0/2+2"


def test_totals_add_up_and_say_of_how_many_iterations_they_are() -> None:
    records, _ = lane(3.0, 3.0, 3.0)
    totals = Totals()
    for record in records:
        totals.add(record)
    assert totals.money().startswith("PnL +")
    assert totals.counts == Counter({"grace": 1, "PASS": 2})
    [bare], _ = lane(3.0, net_quote=None)
    totals.add(bare)
    assert "(of 3 iterations)" in totals.money()
    assert Totals().money() == Totals().tuner(shown=False) == ""


def test_the_drawdown_of_lanes_is_of_each_by_itself_and_over_its_iterations() -> None:
    falling = [row_of({"net_quote": -10.0, "max_drawdown_quote": 2.0})] * 3
    rising = [row_of({"net_quote": 5.0, "max_drawdown_quote": 1.0})] * 2
    assert money([falling, rising]) == "PnL -20, max drawdown 30"
    assert money([]) == money([[]]) == ""


def test_lanes_that_run_or_fail_are_shown_before_those_that_wait() -> None:
    rows = LaneRows({f"lane-{n}": 3 for n in range(1000)}, COLUMNS)
    made = lane_of({**GOOD, "uptime": 0.95}, of=planned(1))
    made.run.run_iteration()
    for event in made.events:
        rows.handle(event.model_copy(update={"lane": "lane-999"}))
        shown = rows.shown(80, 12, lambda text, verdict: text)
        assert len(shown) <= 12
        assert all(len(line) < 80 for line in shown)
    assert any(line.startswith("lane-999") for line in shown)
    assert shown[-1] == "and 990 lanes that wait or are over"


def test_lanes_that_run_are_shown_before_those_that_failed() -> None:
    rows, now = LaneRows({f"lane-{n}": 3 for n in range(99)}, COLUMNS), datetime.now(UTC)
    for n in range(98):
        rows.handle(IterationFailed(lane=f"lane-{n}", time=now, iteration=1, cause="gone"))
    rows.handle(IterationStarted(lane="lane-98", time=now, iteration=1, phase=Phase.STEADY))
    shown = rows.shown(80, 12, lambda text, verdict: text)
    assert [line.split()[-1] for line in shown if line.startswith("lane-98")] == ["runs"]


@given(st.integers(0, 50), st.integers(1, 200))
def test_the_progress_line_is_shorter_than_its_screen(done: int, width: int) -> None:
    progress = Progress({"lane": 50}, 1, 0.0)
    progress.done = done
    line = progress_line(progress, Counter({"PASS": done}), 0.0, width)
    assert len(line) < max(2, width)
    if width >= 60:
        assert line.startswith(f"[{'#' * (20 * done // 50)}-" if done < 50 else "[" + "#" * 20)
