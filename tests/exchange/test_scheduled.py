"""What each kind of fault does to requests, messages, sockets and clocks, and what it tells."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from fault_schedules import S, builtin, schedule

from pytest_soak.exchange.faults.scheduled import MOST_TOLD, Scheduled
from pytest_soak.exchange.interference import (
    AS_IT_IS,
    Call,
    Cut,
    Delivery,
    Push,
    Treatment,
    Untouched,
)
from pytest_soak.exchange.record import Fault

PUBLIC, PRIVATE, TRADE = "/v5/public/linear", "/v5/private", "/v5/trade"


class Broken:
    """An exchange's side of a schedule whose time has begun at 0, with what it was told."""

    def __init__(self, *rows: str, seed: int = 1) -> None:
        self.told: list[Fault] = []
        self.faults = Scheduled(schedule(*rows, seed=seed), self.told.append)
        self.treat("GET /v5/account/info", 0)

    def treat(self, endpoint: str, at: float, **given: Any) -> Treatment:
        fields = {"account": "mm", "via": "rest", "symbol": "BTCUSDT", **given}
        fields = {"connection": 1, **fields}
        return self.faults.treat(Call(round(at * S), endpoint=endpoint, **fields))

    def push(self, topic: str, at: float, message: dict[str, Any], **given: Any) -> list[Delivery]:
        path = PUBLIC if "." in topic else PRIVATE
        account = "" if path == PUBLIC else "mm"
        fields = {"connection": 1, "path": path, "account": account, **given}
        return list(
            self.faults.deliver(Push(round(at * S), topic=topic, message=message, **fields))
        )


def order(order_id: str, status: str = "New") -> dict[str, Any]:
    row = {"orderId": order_id, "orderStatus": status, "symbol": "BTCUSDT"}
    return {"topic": "order", "data": [row]}


def execution(exec_id: str, **given: Any) -> dict[str, Any]:
    row = {"execId": exec_id, "symbol": "BTCUSDT", "category": "linear", "execQty": "0.01"}
    return {"id": "1", "topic": "execution", "data": [{**row, "execType": "Trade", **given}]}


def delta(u: int) -> dict[str, Any]:
    return {"topic": "orderbook.50.BTCUSDT", "type": "delta", "data": {"s": "BTCUSDT", "u": u}}


BOOK = "orderbook.50.BTCUSDT"


def row(kind: str, more: str = "") -> str:
    lasts = "" if kind in ("drop", "silence") else ", for: 10s"
    return f"name: it, kind: {kind}, at: 10s{lasts}{', ' if more else ''}{more}"


@pytest.mark.parametrize(
    ("kind", "more", "treatment"),
    [
        ("gateway_error", "", Treatment("it", http=502)),
        ("never_answer", "", Treatment("it", silent=True)),
        ("late_answer", "seconds: 2", Treatment("it", late_s=2)),
        ("hold_requests", "seconds: 6", Treatment("it", hold_s=6)),
        ("rate_limit", "", Treatment("it", refuse=10006)),
        ("rate_limit", "answer: http", Treatment("it", refuse=10006, http=429)),
        ("maintenance", "", Treatment("it", refuse=10016, http=503)),
        ("maintenance", "answer: code", Treatment("it", refuse=10016)),
    ],
)
def test_a_request_is_treated_while_the_fault_holds_and_else_not(
    kind: str, more: str, treatment: Treatment
) -> None:
    broken = Broken(row(kind, more))
    for endpoint in ("POST /v5/order/create", "order.create"):
        assert broken.treat(endpoint, 9.9) == AS_IT_IS
        broken = Broken(row(kind, more))
        assert broken.treat(endpoint, 10.0) == treatment
        assert broken.treat(endpoint, 19.9) == treatment
        assert broken.treat(endpoint, 20.0) == AS_IT_IS


def test_cancels_alone_are_late() -> None:
    broken = Broken(row("late_cancels", "seconds: 3"))
    assert broken.treat("POST /v5/order/create", 11) == AS_IT_IS
    assert broken.treat("order.cancel", 11) == Treatment("it", hold_s=3)
    assert broken.treat("POST /v5/order/cancel-all", 12).hold_s == 3


def test_a_request_that_only_asks_is_left_alone() -> None:
    broken = Broken(row("gateway_error"))
    assert broken.treat("GET /v5/order/realtime", 11) == AS_IT_IS
    assert broken.treat("POST /v5/order/amend", 11) == AS_IT_IS


def test_what_a_row_says_of_endpoints_symbols_and_accounts_must_all_fit() -> None:
    broken = Broken(
        row("gateway_error", "endpoints: [order/*], symbols: [BTCUSDT], accounts: [mm]")
    )
    assert broken.treat("GET /v5/order/realtime", 11).http == 502
    assert broken.treat("order.create", 11, symbol="ETHUSDT") == AS_IT_IS
    assert broken.treat("order.create", 11, account="other") == AS_IT_IS
    assert broken.treat("GET /v5/position/list", 11) == AS_IT_IS


def test_a_share_is_drawn_by_a_count_and_not_by_the_time() -> None:
    def hits(pause: float, seed: int) -> list[bool]:
        broken = Broken(row("gateway_error", "share: 0.3"), seed=seed)
        return [broken.treat("order.create", 10 + n * pause) != AS_IT_IS for n in range(200)]

    assert hits(0.01, 1) == hits(0.02, 1) != hits(0.01, 2)
    assert 40 <= sum(hits(0.01, 1)) <= 80


def test_times_counts_anew_in_each_spell() -> None:
    broken = Broken("name: it, kind: gateway_error, at: 10s, every: 20s, for: 5s, times: 2")
    hits = [broken.treat("order.create", 10 + n) != AS_IT_IS for n in range(30)]
    assert [n for n, hit in enumerate(hits) if hit] == [0, 1, 20, 21]


def test_two_faults_at_once_both_have_their_way() -> None:
    rows = ("name: a, kind: gateway_error, for: 9s", "name: b, kind: late_answer, for: 9s")
    broken = Broken(rows[0], rows[1] + ", seconds: 2")
    assert broken.treat("order.create", 1) == Treatment("a+b", http=502, late_s=2)


def test_messages_are_lost_repeated_and_late() -> None:
    message = order("1")
    for kind, more, sent in (
        ("lose_messages", "", []),
        ("repeat_messages", "", [Delivery(message), Delivery(message)]),
        ("delay_messages", "seconds: 2", [Delivery(message, 2)]),
    ):
        broken = Broken(row(kind, more))
        assert broken.push("order", 9, message) == [Delivery(message)]
        assert broken.push("order", 11, message) == sent
        assert broken.push(BOOK, 11, delta(1)) == [Delivery(delta(1))]
        assert broken.push("order", 20, message) == [Delivery(message)]


@pytest.mark.parametrize("kind", ["delay_messages", "stale_book"])
def test_what_is_late_keeps_its_order_also_when_the_fault_ends(kind: str) -> None:
    broken = Broken(row(kind, "seconds: 3"))
    topic = BOOK if kind == "stale_book" else "order"
    due = []
    for n in range(200):
        at = 9 + n * 0.1
        (sent,) = broken.push(topic, at, delta(n))
        due.append(at + sent.late_s)
    assert all(a < b for a, b in pairwise(due))
    assert max(d - (9 + n * 0.1) for n, d in enumerate(due)) == pytest.approx(3)


def test_a_message_that_two_faults_meet_is_late_by_both() -> None:
    rows = ("name: a, kind: delay_messages, for: 90s, seconds: 2", "name: b, kind: repeat_messages")
    broken = Broken(
        rows[0], f"{rows[1]}, for: 9s", "name: c, kind: swap_messages, for: 9s, seconds: 1"
    )
    assert broken.push("order", 1, order("1")) == [Delivery(order("1"), 3)] * 2


def test_the_first_message_about_an_order_is_overtaken_by_the_next() -> None:
    broken = Broken(row("swap_messages", "seconds: 1.5"))
    assert broken.push("order", 11, order("1")) == [Delivery(order("1"), 1.5)]
    filled = order("1", "Filled")
    assert broken.push("order", 11, filled) == [Delivery(filled)]
    assert broken.push("order", 11, order("2"))[0].late_s == 1.5
    assert broken.push("order", 11, order("2"), connection=2)[0].late_s == 1.5


def test_swapping_counts_only_what_it_swaps() -> None:
    broken = Broken(row("swap_messages", "seconds: 1.5, times: 2"))
    late = [broken.push("order", 11, order(str(n // 3)))[0].late_s for n in range(12)]
    assert late == [1.5, 0, 0, 1.5, 0, 0, 0, 0, 0, 0, 0, 0]


def test_an_execution_is_followed_by_funding_of_the_whole_position_once() -> None:
    broken = Broken(row("funding"))
    position = {"data": [{"symbol": "BTCUSDT", "side": "Sell", "size": "0.35"}]}
    broken.push("position", 5, position)
    message = execution("e1")
    first, second = broken.push("execution", 11, message)
    assert first == Delivery(message)
    added = second.message["data"][0]
    assert (added["execType"], added["execQty"], added["side"]) == ("Funding", "0.35", "Sell")
    assert added["execId"] != "e1"
    assert message == execution("e1")
    assert broken.push("execution", 12, execution("e2")) == [Delivery(execution("e2"))]


def test_there_is_no_funding_of_spot() -> None:
    message = execution("e1", category="spot")
    assert Broken(row("funding")).push("execution", 11, message) == [Delivery(message)]


def test_a_gap_is_deltas_in_a_row_of_each_book_and_socket() -> None:
    broken = Broken(row("gapped_book"))
    snapshot = {**delta(1), "type": "snapshot"}
    assert broken.push(BOOK, 11, snapshot) == [Delivery(snapshot)]
    kept = [bool(broken.push(BOOK, 11, delta(u))) for u in range(2, 9)]
    assert kept == [False] * 5 + [True] * 2
    assert broken.push(BOOK, 11, delta(2), connection=2) == []


def test_single_deltas_are_swallowed() -> None:
    broken = Broken(row("swallow_deltas", "times: 1"))
    assert [len(broken.push(BOOK, 11, delta(u))) for u in (1, 2)] == [0, 1]


PATHS = {1: PRIVATE, 2: PUBLIC, 3: TRADE}


@pytest.mark.parametrize(
    ("sockets", "hit"), [("private", {1}), ("public", {2}), ("trade", {3}), ("all", {1, 2, 3})]
)
def test_a_silenced_socket_says_nothing_more_and_a_new_one_does(
    sockets: str, hit: set[int]
) -> None:
    broken = Broken(row("silence", f"sockets: {sockets}"))
    faults = broken.faults
    assert all(faults.accepts(path, n, 5 * S) for n, path in PATHS.items())
    assert all(faults.answers(n, 9 * S) for n in PATHS)
    assert {n for n in PATHS if not faults.answers(n, 11 * S)} == hit
    later = order("1")
    pushed = {
        n for n, path in PATHS.items() if broken.push("order", 999, later, path=path, connection=n)
    }
    assert pushed == set(PATHS) - hit
    assert broken.treat("order.create", 11, via="ws", connection=3).silent == (3 in hit)
    assert not broken.treat("POST /v5/order/create", 11, connection=3).silent
    assert all(faults.accepts(path, n + 3, 12 * S) for n, path in PATHS.items())
    assert all(faults.answers(n + 3, 13 * S) for n in PATHS)
    assert broken.push("order", 13, later, connection=4) == [Delivery(later)]
    told = [fault.detail for fault in broken.told if fault.what == "hit"]
    assert told[: len(hit)] == [PATHS[n] for n in sorted(hit)]
    assert [one.hits for one in broken.told if one.what == "ended"] == [len(hit)]


@pytest.mark.parametrize("sockets", ["private", "public", "trade", "all"])
def test_a_refused_socket_is_not_let_in(sockets: str) -> None:
    faults = Broken(row("refuse_sockets", f"sockets: {sockets}")).faults
    refused = {path for path in PATHS.values() if not faults.accepts(path, 9, 11 * S)}
    assert refused == {path for path in PATHS.values() if sockets == "all" or sockets in path}
    assert all(faults.accepts(path, 9, 20 * S) for path in PATHS.values())


def test_sockets_are_cut_once() -> None:
    faults = Broken("name: it, kind: drop, at: 10s, sockets: public, mid_frame: true").faults
    assert faults.next_us(0) == 10 * S
    assert list(faults.cuts(9 * S)) == []
    assert list(faults.cuts(10 * S)) == [Cut("it", "public", mid_frame=True)]
    assert list(faults.cuts(10 * S)) == []
    assert faults.next_us(11 * S) is None


def test_a_cut_that_another_question_came_before_is_told_at_once() -> None:
    broken = Broken(row("drop", "sockets: all"))
    broken.treat("order.create", 10)
    assert broken.faults.next_us(10 * S) == 10 * S
    assert len(broken.faults.cuts(10 * S)) == 1


def test_maintenance_cuts_all_and_lets_none_in() -> None:
    faults = Broken(row("maintenance")).faults
    assert list(faults.cuts(10 * S)) == [Cut("it", "all")]
    assert not faults.accepts(PUBLIC, 9, 11 * S)
    assert faults.accepts(PUBLIC, 9, 20 * S)


def test_clocks_books_and_orders_are_shown_as_they_are_not() -> None:
    faults = Broken(
        "name: a, kind: clock_skew, at: 10s, for: 5s, ms: -8000",
        "name: b, kind: stale_book, at: 10s, for: 5s, seconds: 3",
        "name: c, kind: stale_orders, at: 10s, for: 5s, seconds: 2",
    ).faults
    for at, skew, book, shown in ((9, 0, 9, 0), (10, -8000, 7, 2), (15, 0, 15, 0)):
        assert faults.skew_ms(at * S) == skew
        assert faults.book_time_us(at * S) == book * S
        assert faults.shown_open_s(at * S) == shown


def test_time_begins_with_the_first_private_call() -> None:
    told: list[Fault] = []
    faults = Scheduled(schedule(row("gateway_error")), told.append)
    faults.treat(Call(50 * S, 1, "", "rest", "GET /v5/market/time"))
    assert faults.next_us(60 * S) == 60 * S + 250_000
    faults.treat(Call(100 * S, 1, "mm", "rest", "GET /v5/account/info"))
    assert faults.next_us(100 * S) == 110 * S
    pushed = Scheduled(schedule(row("gateway_error")), told.append)
    pushed.deliver(Push(100 * S, 1, PRIVATE, "order", "mm", order("1")))
    assert pushed.next_us(100 * S) == 110 * S


def test_a_fault_tells_when_it_begins_hits_and_ends() -> None:
    broken = Broken(row("gateway_error"))
    broken.treat("POST /v5/order/create", 12, link_id="mine")
    broken.treat("POST /v5/order/create", 30)
    at = [(f.time_us // S, f.name, f.kind, f.what, f.detail, f.hits) for f in broken.told]
    assert at == [
        (10, "it", "gateway_error", "began", "", 0),
        (12, "it", "gateway_error", "hit", "POST /v5/order/create mine", 0),
        (20, "it", "gateway_error", "ended", "", 1),
    ]


def test_not_every_hit_of_many_is_told() -> None:
    broken = Broken(row("lose_messages", "topics: ['orderbook.*']"))
    for n in range(500):
        broken.push(BOOK, 10 + n / 100, delta(n))
    broken.push(BOOK, 20, delta(1))
    assert sum(f.what == "hit" for f in broken.told) == MOST_TOLD
    assert broken.told[-1].hits == 500


def test_without_faults_nothing_is_touched() -> None:
    calm, untouched = Scheduled(builtin("calm"), lambda _: None), Untouched()
    push = Push(S, 1, PRIVATE, "order", "mm", order("1"))
    call = Call(S, 1, "mm", "rest", "POST /v5/order/create")
    assert list(calm.deliver(push)) == list(untouched.deliver(push))
    assert calm.treat(call) == untouched.treat(call)
    for name in ("book_time_us", "shown_open_s", "skew_ms", "cuts", "next_us"):
        assert getattr(calm, name)(9 * S) == (
            [] if name == "cuts" else getattr(untouched, name)(9 * S)
        )
