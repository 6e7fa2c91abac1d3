"""Each invariant sees what it is there for, and cries no wolf."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from exchange_records import (
    SYMBOL,
    asked,
    at,
    believes,
    book,
    create,
    fault,
    fill,
    invariants,
    private_socket,
    pushed,
    shown,
    state,
)
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.exchange import digest
from pytest_soak.exchange.beliefs.belief import Belief
from pytest_soak.exchange.invariants.names import (
    BY_BOOKS,
    BY_EXCHANGE,
    BY_OPEN_ORDERS,
    BY_POSITIONS,
    WITH_FAULTS,
    unseen,
)
from pytest_soak.exchange.invariants.seen import Span, is_in, quiet
from pytest_soak.exchange.record import Fault, Request, Strange
from pytest_soak.gates.model import gate_shelf, load_gate
from pytest_soak.kpi.definitions import EXCHANGE_KPIS

GAP, UNKNOWN, GHOSTS = "position_gap_base", "unknown_open_orders", "believed_open_closed"
TWICE, AGAIN, LIMIT = "repeated_intents", "quotes_again_s", "requests_over_limit"
TOPIC = f"orderbook.50.{SYMBOL}"


def test_every_invariant_is_a_kpi_and_belongs_to_one_kind() -> None:
    kinds = (*BY_EXCHANGE, *WITH_FAULTS, *BY_POSITIONS, *BY_OPEN_ORDERS, *BY_BOOKS)
    assert len(set(kinds)) == len(kinds)
    assert {*invariants([])} == {*kinds} == {*EXCHANGE_KPIS} - {"isolation"}


def test_what_is_seen_of_a_bot_is_what_it_lets_see() -> None:
    blind = unseen((), faults=False)
    assert {*blind} == {*WITH_FAULTS, *BY_POSITIONS, *BY_OPEN_ORDERS, *BY_BOOKS}
    assert blind[GAP] == "nothing tells what the bot believes; --soak-belief"
    assert blind[AGAIN] == "no faults are on the schedule"
    some = unseen(("positions",), faults=True)
    assert {*some} == {*BY_OPEN_ORDERS, *BY_BOOKS}
    assert some[GHOSTS] == "nothing tells its open orders; --soak-belief"
    assert unseen(("books", "open_orders", "positions"), faults=True) == {}


def test_the_gate_judges_only_what_can_be_seen_with_beliefs_and_faults() -> None:
    gate = load_gate("exchange", gate_shelf(Path("/nowhere")), Path("/nowhere"), "test")
    blind = unseen((), faults=False)
    assert [t.metric for t in gate.on("calm") if t.metric not in blind] == [
        "isolation",
        "signed_requests",
        "repeated_intents",
        "requests_over_limit",
        "unknown_endpoints",
    ]
    assert set(gate.metrics()) <= {*EXCHANGE_KPIS}


def test_of_a_bot_of_which_nothing_is_known_nothing_is_said() -> None:
    found = invariants([])
    for name in (*BY_POSITIONS, *BY_OPEN_ORDERS, *BY_BOOKS, AGAIN):
        assert found[name].value is None
        assert found[name].why
    assert all(found[name].value == 0 for name in BY_EXCHANGE)


@given(
    st.lists(st.tuples(st.integers(0, 99), st.integers(0, 30)), max_size=6),
    st.integers(0, 50),
    st.integers(1, 50),
    st.integers(0, 20),
)
def test_a_quiet_time_is_that_in_which_no_fault_holds_nor_did_shortly_before(
    given: list[tuple[int, int]], start: int, length: int, settle: int
) -> None:
    faulty: list[Span] = sorted((begin, begin + lasts) for begin, lasts in given)
    window = start, start + length
    spans = quiet(faulty, window, settle)
    assert spans == sorted(spans)
    assert all(a < b for a, b in spans)
    for t in range(window[0], window[1]):
        held = any(b <= t < e + settle or (b <= t < e) for b, e in faulty)
        assert is_in(t, spans) == (not held)


# position


def test_a_position_that_the_bot_does_not_know_is_a_gap() -> None:
    events = [fill(10, 1.0, 1.0), fill(20, 0.5, 1.5)]
    found = invariants(events, [believes(50, 1.0)])[GAP]
    assert found.value == 0.5
    assert (
        found.findings[0].text
        == f"{SYMBOL}: the bot believes 1, the exchange has 1.5 (worth 50.00 in quote)"
    )
    assert invariants(events, [believes(50, 1.5)])[GAP].value == 0
    assert invariants(events, [believes(50, -1.0)])[GAP].value == 2.5


def test_a_belief_may_be_as_old_as_the_grace_and_no_older() -> None:
    events = [fill(10, 1.0, 1.0), fill(20, 0.5, 1.5)]
    assert invariants(events, [believes(21.9, 1.0)])[GAP].value == 0
    assert invariants(events, [believes(22.1, 1.0)])[GAP].value == 0.5
    assert invariants(events, [believes(11.9, 0.0)])[GAP].value == 0
    assert invariants(events, [believes(22.1, 1.0)], grace_s=5.0)[GAP].value == 0


def test_a_belief_of_a_bot_that_looks_now_and_then_may_be_older() -> None:
    events = [fill(10, 1.0, 1.0), fill(20, 0.5, 1.5)]
    for seconds, gap in ((26.9, 0.0), (27.1, 0.5)):
        assert invariants(events, [believes(seconds, 1.0, lag_s=5.0)])[GAP].value == gap
    orders = [state(10, "o1", "New"), state(20, "o1", "Filled")]
    slow: dict[str, Any] = {"open_orders": frozenset({"o1"}), "lag_s": 5.0}
    for seconds, count in ((26.9, 0), (27.1, 1)):
        assert invariants(orders, [believes(seconds, **slow)])[GHOSTS].value == count
    unknown: dict[str, Any] = {"open_orders": frozenset(), "lag_s": 5.0}
    for seconds, count in ((16.9, 0), (17.1, 1)):
        assert invariants(orders, [believes(seconds, **unknown)])[UNKNOWN].value == count


def test_the_worst_belief_of_a_window_counts() -> None:
    events = [fill(10, 1.0, 1.0)]
    beliefs = [believes(50, 1.0), believes(60, 0.9), believes(70, 1.0)]
    assert invariants(events, beliefs)[GAP].value == pytest.approx(0.1)
    assert invariants(events, beliefs, window=(65, 100))[GAP].value == 0


def test_a_symbol_that_the_bot_does_not_name_is_one_of_which_it_has_nothing() -> None:
    events = [fill(10, 1.0, 1.0, symbol="ETHUSDT")]
    assert invariants(events, [believes(50, 0.0)])[GAP].value == 1.0
    assert invariants([], [believes(50, 2.0)])[GAP].value == 2.0


def test_a_position_is_not_judged_while_a_fault_holds_or_did_shortly_before() -> None:
    events = [*fault(30, 40), fill(35, 1.0, 1.0)]
    wrong = [believes(seconds, 0.0) for seconds in (38, 45, 54.9)]
    found = invariants(events, wrong)[GAP]
    assert found.value is None
    assert found.why == "nothing was seen of its positions while no fault held"
    assert invariants(events, [*wrong, believes(55, 0.0)])[GAP].value == 1.0
    assert invariants([*events, *fault(60, None)], [believes(70, 0.0)])[GAP].value is None


def test_a_window_without_a_quiet_time_says_so() -> None:
    found = invariants(fault(0, None), [believes(50, 0.0)])[GAP]
    assert found.why == "no time without faults, 15 s after the last of them"


def test_of_spot_the_fee_in_base_may_be_counted_or_not() -> None:
    spot = {"category": "spot"}
    events = [fill(10, 1.0, 0.999, **spot), fill(20, 1.0, 1.998, **spot)]
    for believed, gap in ((2.0, 0.0), (1.998, 0.0), (1.999, 0.0), (1.0, 0.998), (2.1, 0.1)):
        value = invariants(events, [believes(50, believed)])[GAP].value
        assert value == pytest.approx(gap)
    linear = [fill(10, 1.0, 0.999)]
    assert invariants(linear, [believes(50, 1.0)])[GAP].value == pytest.approx(0.001)


def test_accounts_are_taken_together() -> None:
    events = [fill(10, 1.0, 1.0), fill(11, -1.0, -1.0, account="other")]
    assert invariants(events, [believes(50, 0.0)])[GAP].value == 0


# open orders


def knows(seconds: float, *names: str) -> Belief:
    return believes(seconds, open_orders=frozenset(names))


def test_an_open_order_that_the_bot_does_not_know_is_counted_once() -> None:
    events = [state(10, "o1", "New", "l1"), state(11, "o2", "New")]
    assert invariants(events, [knows(20, "o1"), knows(21, "o1")])[UNKNOWN].value == 1
    assert invariants(events, [knows(20, "l1", "o2")])[UNKNOWN].value == 0
    assert invariants(events, [knows(20)])[UNKNOWN].value == 2


def test_an_order_that_just_opened_or_just_closed_need_not_be_known() -> None:
    events = [state(10, "o1", "New"), state(20, "o1", "Filled")]
    for seconds, count in ((11.9, 0), (12.1, 1), (19.9, 1), (20.1, 0)):
        assert invariants(events, [knows(seconds)])[UNKNOWN].value == count


def test_a_partly_filled_order_is_open_and_a_rejected_one_never_was() -> None:
    partly = [state(10, "o1", "New"), state(12, "o1", "PartiallyFilled")]
    assert invariants(partly, [knows(20)])[UNKNOWN].value == 1
    assert invariants([state(10, "o1", "Rejected")], [knows(20)])[UNKNOWN].value == 0


def test_an_order_that_is_believed_open_after_its_end_is_counted_once() -> None:
    events = [state(10, "o1", "New", "l1"), state(20, "o1", "Filled", "l1")]
    for name in ("o1", "l1"):
        assert invariants(events, [knows(21.9, name)])[GHOSTS].value == 0
        found = invariants(events, [knows(22.1, name), knows(23, name)])[GHOSTS]
        assert found.value == 1
        assert "Filled" in found.findings[0].text
    assert invariants(events, [knows(30)])[GHOSTS].value == 0


def test_an_order_that_never_was_may_be_under_way_for_the_grace() -> None:
    assert invariants([], [knows(20, "l9"), knows(21.9, "l9")])[GHOSTS].value == 0
    assert invariants([], [knows(20, "l9"), knows(22.1, "l9")])[GHOSTS].value == 1


# one intent, one order


def lost(seconds: float, order_id: str, **more: Any) -> Request:
    return create(seconds, order_id, http=502, answered=False, fault="f", **more)


def test_the_same_order_after_an_error_is_a_second_one_of_one_intent() -> None:
    events = [lost(10, "o1"), state(10, "o1", "New"), create(12, "o2"), state(12, "o2", "New")]
    found = invariants(events)[TWICE]
    assert found.value == 1
    assert "o1 was accepted, and 2.0 s later o2 too" in found.findings[0].text
    assert invariants(events, window=(13, 100))[TWICE].value == 0


@pytest.mark.parametrize(
    "second",
    [
        create(12, "o2", 101.0),
        create(12, "o2", size=2.0),
        create(12, "o2", account="other"),
        create(15.1, "o2"),
        create(12, "", code=110072),
        create(12, "o1"),
    ],
)
def test_another_order_later_or_refused_is_no_second_one(second: Request) -> None:
    events = [lost(10, "o1"), state(10, "o1", "New"), second]
    assert invariants(events)[TWICE].value == 0


def test_an_order_whose_answer_came_may_be_made_again() -> None:
    events = [create(10, "o1"), state(10, "o1", "New"), create(10.1, "o2")]
    assert invariants(events)[TWICE].value == 0


def test_a_refused_order_may_be_made_again() -> None:
    refused = create(10, "", code=10006, answered=True, fault="f")
    assert invariants([refused, create(10.5, "o2")])[TWICE].value == 0


def test_where_no_answer_comes_a_client_may_wait_long_before_it_tries_again() -> None:
    silent = create(10, "o1", http=0, answered=False, fault="f")
    events = [silent, state(10, "o1", "New")]
    for seconds, count in ((20, 1), (44.9, 1), (45.1, 0)):
        assert invariants([*events, create(seconds, "o2")])[TWICE].value == count


def test_an_answer_that_a_fault_makes_late_is_none_until_it_comes() -> None:
    late = create(10, "o1", took_us=3_000_000, fault="f")
    events = [late, state(10, "o1", "New")]
    assert invariants([*events, create(12, "o2")])[TWICE].value == 1
    assert invariants([*events, create(13.1, "o2")])[TWICE].value == 0
    slow = [create(10, "o1", took_us=3_000_000), state(10, "o1", "New"), create(12, "o2")]
    assert invariants(slow)[TWICE].value == 0


def test_an_order_that_the_bot_cancelled_may_be_made_again() -> None:
    events = [lost(10, "o1"), state(10, "o1", "New"), state(11, "o1", "Cancelled")]
    assert invariants([*events, create(12, "o2")])[TWICE].value == 0
    assert invariants([*events[:2], state(13, "o1", "Cancelled"), create(12, "o2")])[TWICE].value
    cancels = "POST /v5/order/cancel"
    under_way = [*events[:2], create(12, "o2"), state(12.1, "o1", "Cancelled")]
    for request, count in (
        (asked(12, cancels, order={"order_id": "o1"}), 0),
        (asked(12, "POST /v5/order/cancel-all"), 0),
        (asked(12, cancels, order={"order_id": "o9", "link_id": ""}), 1),
        (asked(12, cancels, order={"order_id": "o1"}, code=110001), 1),
        (asked(12.1, cancels, order={"order_id": "o1"}), 1),
        (asked(9, "POST /v5/order/cancel-all"), 1),
    ):
        assert invariants([*under_way, request])[TWICE].value == count


def test_a_fill_that_the_bot_was_told_of_may_be_followed_by_the_same_order() -> None:
    events = [
        private_socket(1),
        lost(10, "o1"),
        state(10, "o1", "New"),
        state(10.5, "o1", "Filled"),
    ]
    again = create(12, "o2")
    assert invariants([*events, again])[TWICE].value == 1
    assert invariants([*events, pushed(11), again])[TWICE].value == 0
    assert invariants([*events, pushed(11, sent=0), again])[TWICE].value == 1
    assert invariants([*events, pushed(11, "wallet"), again])[TWICE].value == 1
    assert invariants([*events[1:], pushed(11), again])[TWICE].value == 1


def test_a_fill_that_the_bot_has_looked_at_may_be_followed_by_the_same_order() -> None:
    filled = [state(10, "o1", "New"), state(10.5, "o1", "Filled")]
    events = [lost(10, "o1"), *filled, create(12, "o2")]
    look = "GET /v5/execution/list"
    assert invariants([*events, asked(11, look)])[TWICE].value == 0
    for elsewhere in (
        asked(10.4, look),
        asked(12.1, look),
        asked(11, look, account="other"),
        asked(11, look, code=10002),
        asked(11, look, answered=False, http=502),
        asked(11, "GET /v5/market/orderbook"),
    ):
        assert invariants([*events, elsewhere])[TWICE].value == 1
    still_open = [lost(10, "o1"), filled[0], create(12, "o2"), asked(11, look)]
    assert invariants(still_open)[TWICE].value == 1


# how it asks


def too_many(seconds: float, **given: Any) -> Request:
    return asked(seconds, "POST /v5/order/create", code=10006, **given)


def test_a_request_after_it_was_told_too_many_is_over_the_limit() -> None:
    for refusal in (too_many(10), asked(10, "order.create", code=10006, http=429)):
        assert invariants([refusal, create(10.5, "o1")])[LIMIT].value == 1
        assert invariants([refusal, create(11.1, "o1")])[LIMIT].value == 0


def test_what_was_under_way_when_the_refusal_came_is_not_over_the_limit() -> None:
    slow = too_many(10, took_us=200_000)
    assert invariants([slow, create(10.1, "o1")])[LIMIT].value == 0
    assert invariants([slow, create(10.3, "o1")])[LIMIT].value == 1


def test_other_requests_and_other_accounts_have_limits_of_their_own() -> None:
    refusal = too_many(10)
    others = [asked(10.5, "POST /v5/order/cancel"), create(10.5, "o1", account="other")]
    assert invariants([refusal, *others])[LIMIT].value == 0


def test_the_time_that_the_answer_names_is_what_counts() -> None:
    refusal = too_many(10, reset_us=at(10.2))
    assert invariants([refusal, create(10.3, "o1")])[LIMIT].value == 0
    long = too_many(10, reset_us=at(15))
    assert invariants([long, create(14, "o1")])[LIMIT].value == 1


def test_a_refusal_that_never_came_forbids_nothing() -> None:
    assert invariants([too_many(10, answered=False), create(10.5, "o1")])[LIMIT].value == 0
    status = too_many(10, answered=False, http=429)
    assert invariants([status, create(10.5, "o1")])[LIMIT].value == 1


def test_what_there_is_not_is_counted() -> None:
    strange = [
        Strange(at(10), 1, what, "x") for what in ("endpoint", "topic", "operation", "garbage")
    ]
    assert invariants(strange)["unknown_endpoints"].value == 3
    assert invariants(strange, window=(11, 100))["unknown_endpoints"].value == 0


def test_requests_and_fills_are_counted_by_window_and_side() -> None:
    asks = [create(10, "o1"), lost(20, "o2"), asked(30, "GET /v5/market/time", account="")]
    asks += [too_many(50, http=429, answered=False)]
    events = [*asks, fill(40, 1.0, 1.0), fill(41, -1.0, 0.0), fill(150, -1.0, -1.0)]
    found = invariants(events)
    counted = ("signed_requests", "unanswered_requests", "buy_fills", "sell_fills")
    assert [found[name].value for name in counted] == [3, 1, 1, 1]


# quotes again


def quotes(start: float, end: float, each: float = 1.0) -> list[Request]:
    count = round((end - start) / each)
    return [create(start + n * each, f"q{start}-{n}") for n in range(count)]


def test_the_time_from_a_fault_to_the_next_order_is_told() -> None:
    events = [*quotes(0, 20), *fault(20, 30), *quotes(42, 60)]
    found = invariants(events)[AGAIN]
    assert found.value == pytest.approx(12)
    assert found.findings[0].time_us == at(30)


def test_a_refused_order_is_no_order() -> None:
    events = [*quotes(0, 20), *fault(20, 30), create(31, "", code=10016), *quotes(42, 60)]
    assert invariants(events)[AGAIN].value == pytest.approx(12)


def test_an_amended_order_is_quoting_again() -> None:
    events = [*quotes(0, 20), *fault(20, 30), asked(31, "order.amend"), *quotes(42, 60)]
    assert invariants(events)[AGAIN].value == pytest.approx(1)


def test_time_in_which_another_fault_holds_does_not_count() -> None:
    events = [*quotes(0, 20), *fault(20, 30), *fault(32, 40, "g"), *quotes(42, 60)]
    assert invariants(events)[AGAIN].value == pytest.approx(4)


def test_a_bot_that_never_quotes_again_is_late_until_the_end_and_in_the_next_window() -> None:
    events = [*quotes(0, 20), *fault(20, 30)]
    assert invariants(events)[AGAIN].value == pytest.approx(70)
    assert invariants(events, window=(100, 200))[AGAIN].value == pytest.approx(170)


def test_a_fault_of_a_window_before_that_is_over_is_not_told_again() -> None:
    events = [*quotes(0, 20), *fault(20, 30), *quotes(42, 60)]
    found = invariants(events, window=(50, 100))[AGAIN]
    assert (found.value, found.why) == (None, "no fault ended")


def test_a_bot_that_seldom_quotes_is_not_called_late() -> None:
    few = [*quotes(0, 9), *fault(20, 30)]
    assert "9 orders: too few" in invariants(few)[AGAIN].why


def test_a_slow_bot_is_late_by_what_is_beyond_its_own_longest_pause() -> None:
    slow = [*quotes(0, 140, 20), *fault(125, 130)]
    assert invariants([*slow, *quotes(140, 300, 20)], window=(0, 300))[AGAIN].value == 0
    late = [*slow, *quotes(190, 300, 20)]
    found = invariants(late, window=(0, 300))[AGAIN]
    assert found.value == pytest.approx(60 - 20)
    assert "no order for 40.0 s after it, beyond its pause of 20 s" in found.findings[0].text


def test_a_slow_bot_that_never_orders_again_is_late_until_the_end() -> None:
    dead = [*quotes(0, 200, 20), *fault(205, 210)]
    assert invariants(dead, window=(0, 400))[AGAIN].value == pytest.approx(400 - 210 - 20)


# books


def sample(seconds: float, u: int, **sides: float) -> Belief:
    return believes(seconds, books={SYMBOL: book(u, **sides)})


GOOD, NEXT = digest.of([(99.0, 1.0)], [(101.0, 1.0)]), digest.of([(98.0, 1.0)], [(101.0, 1.0)])


def test_a_book_ages_from_the_next_that_the_exchange_sent() -> None:
    events = [shown(TOPIC, (10, 1, GOOD), (20, 2, NEXT))]
    ages = [(15, 1, 0.0), (20.5, 1, 500.0), (50, 1, 30_000.0), (50, 2, 0.0)]
    for seconds, u, age in ages:
        side = {"bid": 98.0} if u == 2 else {}
        found = invariants(events, [sample(seconds, u, **side)])
        assert found["book_age_max_ms"].value == pytest.approx(age)
        assert found["book_wrong_u"].value == 0


def test_a_book_that_is_newer_than_the_record_is_not_judged_and_an_older_one_is_old() -> None:
    events = [shown(TOPIC, (10, 5, GOOD), (20, 6, NEXT))]
    newer = invariants(events, [sample(30, 7)])["book_age_max_ms"]
    assert (newer.value, "no book" in newer.why) == (None, True)
    assert invariants(events, [sample(30, 3)])["book_age_max_ms"].value == pytest.approx(20_000)


def test_the_age_is_that_in_the_topic_which_showed_such_a_book() -> None:
    other = shown(f"orderbook.1.{SYMBOL}", (10, 1, NEXT), (29, 2, NEXT))
    events = [shown(TOPIC, (10, 1, GOOD), (20, 2, NEXT)), other]
    assert invariants(events, [sample(30, 1)])["book_age_max_ms"].value == pytest.approx(10_000)
    assert invariants(events, [sample(30, 1, bid=98.0)])["book_age_max_ms"].value == 1000


def test_a_book_that_is_another_at_its_own_number_is_wrong() -> None:
    events = [shown(TOPIC, (10, 1, GOOD), (20, 2, NEXT))]
    assert invariants(events, [sample(30, 2)])["book_wrong_u"].value == 1
    assert invariants(events, [sample(30, 1, bid=98.5)])["book_wrong_u"].value == 1


def test_a_bot_that_knows_no_numbers_is_held_to_what_was_ever_shown() -> None:
    events = [shown(TOPIC, (10, 1, GOOD), (20, 2, NEXT))]
    found = invariants(events, [sample(30, 0)])
    assert found["book_wrong_u"].value == 0
    assert found["book_age_p95_ms"].value == pytest.approx(10_000)
    assert invariants(events, [sample(30, 0, bid=97.0)])["book_wrong_u"].value == 1


def test_each_topic_has_numbers_of_its_own() -> None:
    events = [shown(TOPIC, (10, 5, GOOD)), shown(f"orderbook.1.{SYMBOL}", (10, 5, NEXT))]
    assert invariants(events, [sample(30, 5)])["book_wrong_u"].value == 0
    assert invariants(events, [sample(30, 5, bid=98.0)])["book_wrong_u"].value == 0
    assert invariants(events, [sample(30, 5, bid=97.0)])["book_wrong_u"].value == 1


def test_books_are_judged_in_quiet_times_alone() -> None:
    events = [*fault(9, 30), shown(TOPIC, (10, 1, GOOD), (20, 2, NEXT))]
    found = invariants(events, [sample(40, 1)])
    assert found["book_age_max_ms"].value is None
    assert found["book_wrong_u"].why == "nothing was seen of its books while no fault held"


def test_without_a_record_of_books_none_is_judged() -> None:
    found = invariants([], [sample(40, 1)])
    assert found["book_age_max_ms"].why == "the exchange has not recorded what its books showed"
    assert found["crossed_book_s"].value == 0


def test_a_book_of_a_time_that_is_not_recorded_yet_is_not_judged() -> None:
    """The record is a second behind: what it lacks may be what the bot has."""
    fast = shown(f"orderbook.1.{SYMBOL}", (10, 7, NEXT), until=25)
    events = [shown(TOPIC, (10, 5, GOOD), (20, 6, NEXT), until=25), fast]
    for u in (0, 7):
        early, late = (invariants(events, [sample(s, u, bid=97.0)]) for s in (25, 25.1))
        assert early["book_wrong_u"].value == 1
        assert late["book_wrong_u"].why == "the exchange has not recorded what its books showed"
        assert late["book_age_max_ms"].value is None
    both = invariants(events, [sample(24, 6, bid=98.0), sample(26, 7)])
    assert both["book_wrong_u"].value == 0
    assert both["book_age_max_ms"].value == 0


def test_a_crossed_book_counts_from_look_to_look_and_two_seconds_at_most() -> None:
    looks = [sample(10, 1, bid=101.0), sample(10.5, 1), sample(20, 1, bid=102.0), sample(40, 1)]
    assert invariants([], looks)["crossed_book_s"].value == pytest.approx(2.5)


def test_a_digest_is_of_numbers_and_of_the_best_levels() -> None:
    text = digest.of([["1.50", "2.0"]], [["2", "1"]])
    assert text == digest.of([(1.5, 2.0)], [(2.0, 1.0)]) != digest.of([(1.5, 2.1)], [(2.0, 1.0)])
    deep = [(100.0 - n, 1.0) for n in range(30)]
    assert digest.of(deep, []) == digest.of(deep[: digest.LEVELS], []) != digest.of(deep[1:], [])
    assert digest.of(deep[:3], []) != digest.of(deep[:4], [])
    assert digest.of(deep, []) != digest.of([], deep)


def test_windows_that_follow_each_other_count_everything_once() -> None:
    events = [*quotes(0, 90, 0.5), lost(40.2, "x1"), create(41.2, "x2")]
    whole = invariants(events, window=(0, 100))
    parts = [invariants(events, window=span) for span in pairwise((0, 33, 66, 100))]
    for name in (TWICE, "signed_requests", "unanswered_requests"):
        assert sum(part[name].value or 0 for part in parts) == whole[name].value


def test_a_fault_is_met_when_it_hit_or_cut() -> None:
    cut, idle = fault(10, 10), fault(20, 30, "g", "gateway_error")
    hit = [idle[0], Fault(at(30), "g", "gateway_error", "ended", hits=3)]
    assert invariants([*cut, *idle])["faults_met"].value == 1
    assert invariants([*cut, *hit])["faults_met"].value == 2


def test_an_order_whose_name_is_refused_as_taken_is_known_to_be_there() -> None:
    """A bot that then makes another like it means another."""
    what = {"symbol": SYMBOL, "side": "Buy", "price": 100.0, "quantity": 1.0}
    first = create(
        1,
        "a",
        http=502,
        answered=False,
        fault="gate",
        order=what | {"order_id": "a", "link_id": "x"},
    )
    taken = create(2, "", code=110072, order=what | {"order_id": "", "link_id": "x"})
    second = create(4, "b", order=what | {"order_id": "b", "link_id": "y"})
    orders = [state(1, "a", "New", "x"), state(4, "b", "New", "y")]
    assert invariants([first, taken, second, *orders])[TWICE].value == 0
    assert invariants([first, second, *orders])[TWICE].value == 1
