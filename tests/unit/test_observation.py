"""What a bot hands over is not believed: what cannot be true is named, what is odd is noted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import blocks, observation
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_soak.engine.measure import measure
from pytest_soak.errors import TargetError
from pytest_soak.kpi.edge import components_quote, summarize
from pytest_soak.kpi.summary import Summary
from pytest_soak.observation.columns import (
    FILL,
    LATENCY,
    MARK,
    MARKED_FILL,
    OTHER_MIDS,
    TICK,
    Observation,
)
from pytest_soak.observation.conserve import LATE_US
from pytest_soak.observation.validate import validated

SECOND = 1_000_000
HOUR = 3600 * SECOND
START = 1_735_689_600 * SECOND


def traded(seed: int = 1, number: int = 60, start: int = START) -> Observation:
    """An hour of a bot whose books are right: fills, ticks, acks, and a mark every second."""
    rng = np.random.default_rng(seed)
    seconds = np.arange(1, 3600)
    mids = 100.0 + 0.01 * np.cumsum(rng.normal(size=3600))
    fills = np.zeros(number, MARKED_FILL)
    for name in OTHER_MIDS:
        fills[name] = np.nan
    fills["time_us"] = start + np.sort(rng.integers(SECOND, HOUR, number))
    fills["side"] = rng.choice([1, -1], number)
    fills["maker"] = rng.random(number) < 0.6
    fills["quantity"] = rng.integers(1, 50, number) * 0.1
    fills["mid"] = mids[(fills["time_us"] - start) // SECOND % 3600]
    fills["mid_1s"] = np.where(rng.random(number) < 0.9, fills["mid"] + 0.01, np.nan)
    away = np.where(fills["maker"], -0.02, 0.01) * fills["side"]
    fills["price"] = fills["mid"] + away
    notional = fills["price"] * fills["quantity"]
    fills["fee_quote"] = notional * np.where(fills["maker"], -1e-5, 4e-4)
    marks = np.zeros(len(seconds), MARK)
    marks["time_us"] = start + seconds * SECOND
    marks["mid"] = mids[seconds]
    for mark in marks:
        so_far = fills[fills["time_us"] <= mark["time_us"]]
        signed = so_far["side"] * so_far["quantity"]
        mark["inventory"] = 2.0 + signed.sum()
        cash = 1e5 - np.sum(signed * so_far["price"] + so_far["fee_quote"])
        mark["equity_quote"] = cash + mark["inventory"] * mark["mid"]
    ticks = np.zeros(100, TICK)
    ticks["time_us"] = np.linspace(start, start + HOUR, 100)
    ticks["total_ms"] = 30.0
    acks = np.zeros(20, LATENCY)
    acks["time_us"], acks["latency_ms"] = np.linspace(start, start + HOUR, 20), 100.0
    return Observation(
        start_us=start,
        end_us=start + HOUR,
        fills=fills,
        inventory_start=2.0,
        inventory_end=2.0 + float(np.sum(fills["side"] * fills["quantity"])),
        mid_start=float(mids[0]),
        mid_end=float(mids[-1]),
        ticks=ticks,
        acks=acks,
        marks=marks,
        ws_lag_ms=np.ones(5),
        order_age_ms=np.ones(5),
        intended_changes=100,
        orders_sent=80,
        cancels_sent=90,
        side_time_us=2 * HOUR,
        side_time_risk_blocked_us=HOUR,
        market={"spike_count": 0},
    )


RIGHT = traded()
COUNT = len(RIGHT.fills)


def changed(table: str, **columns: Any) -> Observation:
    """The right books with columns of one table replaced; a number stands for all its rows."""
    rows = getattr(RIGHT, table).copy()
    for column, value in columns.items():
        rows[column] = value
    return replace(RIGHT, **{table: rows})


def given_with(**parts: Any) -> Observation:
    """The right books with parts of them replaced, also by what has not their type."""
    return replace(RIGHT, **parts)


def retyped(**types: Any) -> Observation:
    """The right books with columns of the fills of other types."""
    fills = RIGHT.fills
    names = fills.dtype.names or ()
    dtype = [(name, types.get(name, fills.dtype[name])) for name in names]
    return replace(RIGHT, fills=fills.astype(dtype))


def repeated(times: int) -> Observation:
    """The right books with every fill delivered so often; the account is what it was."""
    return replace(RIGHT, fills=np.repeat(RIGHT.fills, times))


def at(rows: Any, column: str, row: int | slice, value: Any) -> Any:
    rows = rows.copy()
    rows[column][row] = value
    return rows


def test_right_books_have_no_fault_and_nothing_to_note() -> None:
    found = validated(RIGHT, 60)
    assert (found.faults, found.notes) == ((), ())
    assert found.observation.fills is RIGHT.fills


NEGATIVE = at(RIGHT.acks, "latency_ms", slice(0, 18), -3.0)
BACK = RIGHT.marks[np.r_[5, 0:5, 6 : len(RIGHT.marks)]]
SIGNED = RIGHT.fills["quantity"] * RIGHT.fills["side"]
SOLD = int(np.argmax(RIGHT.fills["side"] < 0))
IDS = np.arange(COUNT)
LATE = HOUR // 2


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        (changed("fills", side=RIGHT.fills["side"] > 0), "expected +1 or -1, as in"),
        (changed("fills", side=RIGHT.fills["side"] > 0), "(looks like 0/1 for sell/buy)"),
        (
            changed("fills", side=np.where(RIGHT.fills["side"] > 0, 1, 2)),
            "(looks like 1/2 for buy/sell)",
        ),
        (changed("fills", side=7), f"fills.side[0]=7: expected +1 or -1, as in {COUNT} of"),
        (changed("fills", quantity=SIGNED), f"fills.quantity[{SOLD}]=-"),
        (changed("fills", quantity=SIGNED), "(the sign is that of side)"),
        (changed("fills", quantity=0.0), "fills.quantity[0]=0: expected more than 0"),
        (replace(RIGHT, fills=at(RIGHT.fills, "price", 3, -1.0)), "fills.price[3]=-1: expected"),
        (replace(RIGHT, fills=at(RIGHT.fills, "price", 3, np.inf)), "fills.price[3]=inf: expect"),
        (replace(RIGHT, fills=at(RIGHT.fills, "mid", 3, np.nan)), "fills.mid[3]=nan: expected"),
        (replace(RIGHT, fills=at(RIGHT.fills, "mid_1s", 3, 0.0)), "fills.mid_1s[3]=0: expected"),
        (replace(RIGHT, fills=at(RIGHT.fills, "fee_quote", 9, np.nan)), "fills.fee_quote[9]=nan"),
        (
            replace(RIGHT, fills=at(RIGHT.fills, "time_us", 0, START - 5)),
            f"fills.time_us[0]={START - 5}: expected {START} to {START + HOUR}",
        ),
        (
            replace(RIGHT, fills=at(RIGHT.fills, "time_us", -1, START + HOUR + 1)),
            f"fills.time_us[{COUNT - 1}]={START + HOUR + 1}: expected",
        ),
        (
            changed("fills", time_us=RIGHT.fills["time_us"] // 1000),
            "(times look like milliseconds)",
        ),
        (
            changed("fills", time_us=RIGHT.fills["time_us"] // SECOND),
            "(times look like seconds)",
        ),
        (
            changed("fills", time_us=RIGHT.fills["time_us"] - START),
            "(times look like counted from the start of the window)",
        ),
        (replace(RIGHT, end_us=START + 60 * SECOND), "of 60 minutes, got 60000000"),
        (
            replace(RIGHT, start_us=START // 1000, end_us=(START + HOUR) // 1000),
            "of 60 minutes, got 3600000 (times look like milliseconds)",
        ),
        (replace(RIGHT, end_us=START - 1), f"end_us={START - 1}: expected more than start_us="),
        (replace(RIGHT, acks=NEGATIVE), "acks.latency_ms[0]=-3: expected 0 or more, as in 18 of"),
        (changed("ticks", total_ms=-1.0), "ticks.total_ms[0]=-1: expected 0 or more"),
        (changed("ticks", wait_ms=np.nan), "ticks.wait_ms[0]=nan: expected 0 or more"),
        (replace(RIGHT, order_age_ms=np.array([1.0, -2.0])), "order_age_ms[1]=-2: expected"),
        (replace(RIGHT, ws_lag_ms=np.array([np.inf])), "ws_lag_ms[0]=inf: expected 0 or more"),
        (replace(RIGHT, marks=BACK), "marks.time_us[1]="),
        (replace(RIGHT, marks=BACK), "marks in the order of time (np.sort("),
        (replace(RIGHT, mid_start=0.0), "mid_start=0: expected a price above 0"),
        (replace(RIGHT, mid_end=float("inf")), "mid_end=inf: expected a price above 0"),
        (replace(RIGHT, inventory_start=float("nan")), "inventory_start=nan: expected a finite"),
        (replace(RIGHT, orders_sent=-1), "orders_sent=-1: expected 0 or more"),
        (
            replace(RIGHT, side_time_us=3 * HOUR),
            f"side_time_us={3 * HOUR}: expected at most {2 * HOUR}, both sides all the time",
        ),
        (
            replace(RIGHT, side_time_us=5, side_time_risk_blocked_us=6),
            "side_time_risk_blocked_us=6: expected at most side_time_us=5",
        ),
        (
            replace(RIGHT, blocks=observation(start_us=START, blocks=blocks(risk=102)).blocks),
            "blocks: 102 changes stopped by risk, expected at most intended_changes=100",
        ),
        (
            replace(RIGHT, fill_ids=np.where(IDS == 7, 3, IDS)),
            "fill_ids[7]=3: expected an id of its own, got that of row 3, as in 1 of 60 rows",
        ),
        (replace(repeated(2), fill_ids=np.repeat(IDS, 2).astype(str)), "fill_ids[1]=0: expected"),
        (replace(RIGHT, inventory_end=RIGHT.inventory_end + 0.1), "inventory_end="),
        (replace(repeated(2), marks=RIGHT.marks[:0]), "fills: each of the 60 different rows is"),
        (replace(RIGHT, fills=RIGHT.fills[1:]), "and the fills"),
        (changed("marks", inventory=0.0), "=0: expected -0.1 by inventory_start and the fills so"),
        (changed("marks", equity_quote=1e5), "marks.equity_quote["),
        (
            changed("fills", fee_quote=RIGHT.fills["fee_quote"] - 0.01),
            "marks.equity_quote[",
        ),
        (changed("marks", mid=-1.0), "marks.mid[0]=-1: expected more than 0"),
        (changed("marks", equity_quote=np.nan), "marks.equity_quote[0]=nan: expected a finite"),
        (replace(RIGHT, mid_end=2 * RIGHT.mid_end), "the last mark's mid"),
        (replace(RIGHT, mid_start=0.5 * RIGHT.mid_start), "the first mark's mid"),
    ],
)
def test_what_cannot_be_true_fails_the_iteration_and_is_named(
    wrong: Observation, fault: str
) -> None:
    seen, summary = measure(wrong, None, 60)
    assert seen is None
    assert any(fault in found for found in summary.faults), summary.faults
    assert set(summary.kpis.values()) == {None}
    assert set(summary.reasons) == set(summary.kpis)


@pytest.mark.parametrize("times", [2, 5])
def test_fills_delivered_again_are_found_by_the_account(times: int) -> None:
    again = validated(repeated(times), 60).faults
    assert any(f"(every fill looks delivered {times} times)" in fault for fault in again) or any(
        "there" in fault for fault in again
    )
    some = replace(RIGHT, fills=np.repeat(RIGHT.fills, np.where(IDS == 9, times, 1)))
    assert any("inventory_end" in fault for fault in validated(some, 60).faults)


def test_swapped_sides_are_recognised() -> None:
    swapped = replace(changed("fills", side=-RIGHT.fills["side"]), marks=RIGHT.marks[:0])
    [fault] = validated(swapped, 60).faults
    assert fault.endswith("(the sides look swapped)")


def test_times_in_another_unit_are_seen_also_where_the_clock_begins_at_zero() -> None:
    early = traded(start=0)
    tables = {name: getattr(early, name).copy() for name in ("fills", "ticks", "acks", "marks")}
    for rows in tables.values():
        rows["time_us"] //= 1000
    [fault] = validated(replace(early, **tables), 60).faults
    assert "lie in the first 0.2 % of the window" in fault
    assert "milliseconds" in fault


@pytest.mark.parametrize(
    ("wrong", "cause"),
    [
        (given_with(fills=[{"side": 1}]), "fills: expected a numpy array, got list; build it"),
        (given_with(fills=RIGHT.fills.reshape(2, -1)), "fills: expected one dimension, got"),
        (given_with(fills=np.ma.array(RIGHT.fills)), "got MaskedArray"),
        (given_with(ws_lag_ms=np.zeros((2, 2))), "ws_lag_ms: expected one dimension"),
        (given_with(ws_lag_ms=[1.0]), "ws_lag_ms: expected a numpy array, got list"),
        (given_with(fills=np.zeros(3)), "fills: no column 'time_us'; expected those of"),
        (given_with(fills=RIGHT.fills[["time_us", "side"]]), "fills: no column 'maker'"),
        (retyped(side="u1"), "=255: expected +1 or -1 (looks like -1 in an unsigned type)"),
        (retyped(price="U9"), "fills.price: expected float64, got <U9"),
        (retyped(side="?"), "fills.side: expected int8, got bool"),
        (retyped(price=("f8", (2,))), "fills.price: expected one value a row, got the shape (2,)"),
        (retyped(price="c16"), "fills.price: expected float64, got complex128"),
        (given_with(fill_ids=IDS[1:]), "fill_ids: expected one a fill, got 59 for 60 fills"),
        (given_with(fill_ids=IDS.astype(float)), "fill_ids: expected whole numbers or text"),
        (given_with(orders_sent=1.5), "orders_sent: expected a whole number, got float 1.5"),
        (given_with(orders_sent=True), "orders_sent: expected a whole number, got bool True"),
        (given_with(mid_end="9"), "mid_end: expected a number, got str '9'"),
        (given_with(start_us=START * 1000), "the year 9999 (times look like nanoseconds)"),
        (given_with(block_reasons="risk"), "block_reasons: expected names, got 'risk'"),
        (given_with(block_reasons=("a\ud800",)), "block_reasons: expected names, got"),
        (given_with(block_reasons=3), "block_reasons: expected names, got 3"),
        (given_with(market={"": 1}), "market: expected counts by name"),
        (given_with(block_reasons=("a", "a")), "block_reasons: a name is there twice"),
        (
            given_with(blocks=blocks(throttle=1), block_reasons=("spread",)),
            "blocks.reason[0]=4: expected a place in block_reasons (0 spread)",
        ),
        (given_with(market=3), "market: expected counts by name, got 3"),
        (given_with(market={"a": 0.5}), "market.a: expected a whole number, got float 0.5"),
    ],
)
def test_what_has_not_the_shape_of_an_observation_is_refused_in_one_line(
    wrong: Observation, cause: str
) -> None:
    with pytest.raises(TargetError, match=r"^what run") as caught:
        measure(wrong, None, 60)
    assert cause in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "types", [{"maker": "i8"}, {"side": "i8", "time_us": "f8"}, {"maker": "f4", "side": ">i4"}]
)
def test_what_can_be_converted_without_loss_is_and_gives_the_same_kpis(
    types: dict[str, str],
) -> None:
    seen, summary = measure(retyped(**types), None, 60)
    assert seen.fills.tobytes() == RIGHT.fills.tobytes()
    assert summary.kpis == summarize(RIGHT).kpis
    [note] = summary.notes
    assert note.startswith("converted without loss: fills.")
    assert note.count("->") == len(types)


def test_single_precision_passes_and_is_told() -> None:
    _, summary = measure(retyped(price="f4", quantity="f4", fee_quote="f4"), None, 60)
    assert summary.faults == ()
    assert "fills.price float32 -> float64" in summary.notes[0]


def test_a_column_that_nobody_reads_is_told() -> None:
    names = FILL.names or ()
    wider = np.zeros(COUNT, [*((name, FILL[name]) for name in names), ("venue", "U4")])
    for name in names:
        wider[name] = RIGHT.fills[name]
    found = validated(replace(RIGHT, fills=wider), 60)
    assert found.notes == ("columns that are not read: fills.venue",)
    assert found.observation.fills.dtype == MARKED_FILL


def test_events_in_any_order_are_sorted_with_their_ids() -> None:
    shuffled = np.random.default_rng(1).permutation(COUNT)
    mixed = replace(RIGHT, fills=RIGHT.fills[shuffled], fill_ids=shuffled, acks=RIGHT.acks[::-1])
    found = validated(mixed, 60)
    assert (found.faults, found.notes) == ((), ("sorted by time: fills, acks",))
    assert found.observation.fills.tobytes() == RIGHT.fills.tobytes()
    assert found.observation.fill_ids is not None
    assert found.observation.fill_ids.tolist() == list(range(COUNT))


def test_paid_takers_and_missing_marks_are_noted_but_no_fault() -> None:
    paid = changed("fills", fee_quote=-0.001)
    found = validated(replace(paid, marks=RIGHT.marks[:0]), 60)
    assert found.faults == ()
    assert found.notes == (
        "takers are paid: there are taker fills with a negative fee",
        "no marks: not checked whether the account follows from the fills",
    )


def test_a_bot_that_learns_late_of_its_fills_is_right() -> None:
    late = RIGHT.marks.copy()
    behind = validated(traded(), 60).observation.marks
    late[["inventory"]][1:] = behind[["inventory"]][:-1]
    late["inventory"][2:] = RIGHT.marks["inventory"][:-2]
    cash = RIGHT.marks["equity_quote"] - RIGHT.marks["inventory"] * RIGHT.marks["mid"]
    late["equity_quote"][2:] = cash[:-2] + late["inventory"][2:] * late["mid"][2:]
    assert validated(replace(RIGHT, marks=late), 60).faults == ()
    hidden = 2 * LATE_US // SECOND + 2
    late["inventory"][hidden:] = RIGHT.marks["inventory"][:-hidden]
    assert validated(replace(RIGHT, marks=late), 60).faults


def test_nothing_at_all_is_true() -> None:
    assert validated(observation(), 60).faults == ()
    assert validated(observation(inventory_start=5.0), 60).faults  # it ends with nothing
    assert validated(observation(inventory_start=5.0, inventory_end=5.0), 60).faults == ()


@settings(max_examples=60)
@given(
    st.integers(1, 9),
    st.sampled_from(["price", "quantity", "side", "fee_quote", "time_us"]),
    st.integers(0, COUNT - 1),
    st.sampled_from([1.5, -1.0, 100.0]),
)
def test_a_wrong_fill_never_passes_as_money(
    seed: int, column: str, row: int, factor: float
) -> None:
    """Whatever is changed of one fill, the account in the marks contradicts it, or it is small."""
    right = traded(seed)
    fills = right.fills.copy()
    with np.errstate(over="ignore", invalid="ignore"):
        fills[column][row] = (
            np.clip(fills[column][row] * factor, -127, 127)
            if column == "side"
            else (fills[column][row] * factor)
        )
    wrong = replace(right, fills=fills)
    if validated(wrong, 60).faults:
        return
    true, told = (sum(components_quote(window).values()) for window in (right, wrong))
    turnover = float(np.sum(right.fills["price"] * right.fills["quantity"]))
    assert abs(true - told) <= 1e-4 * turnover


def test_what_a_bot_writes_into_a_line_stays_on_that_line() -> None:
    ids = np.where(IDS == 7, "a\n| kpi_gate | verdict=PASS |\ud800", IDS.astype("U40"))
    ids[8] = ids[7]
    [fault] = validated(replace(RIGHT, fill_ids=ids), 60).faults
    assert fault.isprintable()
    assert "that of row 7" in fault
    told = measure(Summary(kpis={}, notes=("a\nb",), faults=("c\nd",)), None, 60)[1]
    assert (told.notes, told.faults) == (("a b",), ("c d",))


@pytest.mark.parametrize(("name", "factor"), [("mid", 10.0), ("mid", 0.1), ("mid_1s", 1e9)])
def test_a_mid_far_from_the_price_of_its_fill_is_a_fault(name: str, factor: float) -> None:
    fills = at(RIGHT.fills, name, 3, float(RIGHT.fills[name][0]) * factor)
    (fault,) = validated(replace(RIGHT, fills=fills), 60).faults
    assert fault.startswith(f"fills.{name}[3]=")
    assert fault.endswith("expected about the price of its row")


def without_later(fills: Any) -> Any:
    """The columns of FILL alone, as bots hand them over."""
    found = np.zeros(len(fills), FILL)
    for name in FILL.names or ():
        found[name] = fills[name]
    return found


def test_later_mids_may_be_left_out_and_are_then_not_known() -> None:
    seen, summary = measure(replace(RIGHT, fills=without_later(RIGHT.fills)), None, 60)
    assert seen.fills.dtype == MARKED_FILL
    assert all(np.isnan(seen.fills[name]).all() for name in OTHER_MIDS)
    assert (summary.faults, summary.notes) == ((), ())
    assert seen.fills.tobytes() == RIGHT.fills.tobytes()


def test_one_later_mid_may_be_given_without_the_others() -> None:
    fills = np.zeros(COUNT, [*FILL.descr, ("mid_10s", "f8")])
    for name in FILL.names or ():
        fills[name] = RIGHT.fills[name]
    fills["mid_10s"] = RIGHT.fills["mid"]
    seen, summary = measure(replace(RIGHT, fills=fills), None, 60)
    assert (summary.faults, summary.notes) == ((), ())
    assert (seen.fills["mid_10s"] == RIGHT.fills["mid"]).all()
    assert np.isnan(seen.fills["mid_60s"]).all()


@pytest.mark.parametrize("name", OTHER_MIDS)
@pytest.mark.parametrize(("value", "expected"), [(0.0, "more than 0, or NaN"), (1e9, "about the")])
def test_an_impossible_later_mid_is_a_fault(name: str, value: float, expected: str) -> None:
    found = validated(replace(RIGHT, fills=at(RIGHT.fills, name, 3, value)), 60)
    assert f"fills.{name}[3]=" in found.faults[0]
    assert expected in found.faults[0]
