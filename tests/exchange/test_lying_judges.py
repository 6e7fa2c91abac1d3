"""Judges that could be made to lie, of a bot that is wrong and of one that is right."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

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
    shown,
    state,
)

from pytest_soak.exchange import believing, digest
from pytest_soak.exchange.beliefs.belief import Belief
from pytest_soak.exchange.beliefs.file_probe import FileProbe
from pytest_soak.exchange.believing import Beliefs
from pytest_soak.exchange.clock import ExchangeClock
from pytest_soak.exchange.invariants.seen import seen
from pytest_soak.exchange.jail.isolation import Isolation
from pytest_soak.exchange.jail.outside import Outside
from pytest_soak.exchange.judged import judged

GAP, UNKNOWN, GHOSTS = "position_gap_base", "unknown_open_orders", "believed_open_closed"
TWICE, LIMIT, WRONG = "repeated_intents", "requests_over_limit", "book_wrong_u"
TOPIC = f"orderbook.50.{SYMBOL}"
SPOT = {"category": "spot"}
BOOK = book(5)
GOOD = digest.of(BOOK.bids, BOOK.asks)


# wrong, and green


def test_a_bot_that_tells_once_that_it_is_flat_is_not_green_ever_after() -> None:
    found = invariants([], [believes(1, 0.0)], unseen_s=30.0)[GAP]
    assert found.value is None
    assert found.why == "nothing was seen of its positions for 99 s while no fault held"


def test_what_one_belief_was_wrong_about_is_wrong_however_few_there_are() -> None:
    events = [fill(1, 1.0, 1.0), state(2, "o1", "New")]
    blind = believes(50, 0.0, open_orders=frozenset())
    found = invariants(events, [blind], unseen_s=30.0)
    assert found[GAP].value == 1.0
    assert found[UNKNOWN].value == 1


@pytest.mark.parametrize("name", [UNKNOWN, GHOSTS, WRONG, "book_age_max_ms"])
def test_orders_and_books_are_seen_all_the_time_or_not_judged(name: str) -> None:
    told = [believes(1, open_orders=frozenset(), books={SYMBOL: BOOK})]
    events = [shown(TOPIC, (0, 5, GOOD), (99, 6, "x"))]
    assert invariants(events, told, unseen_s=30.0)[name].value is None
    each = [believes(s, open_orders=frozenset(), books={SYMBOL: BOOK}) for s in range(0, 100, 9)]
    assert invariants(events, each, unseen_s=30.0)[name].value is not None


def test_time_in_which_a_fault_holds_need_not_be_seen() -> None:
    told = [believes(s, 0.0) for s in (*range(0, 20, 5), *range(80, 100, 5))]
    assert invariants(fault(20, 60), told, unseen_s=30.0)[GAP].value == 0
    assert invariants([], told, unseen_s=30.0)[GAP].value is None


def test_fees_in_base_hide_no_lost_fill_however_many_there_were() -> None:
    """A thousand fees of 0.001 come to 1: a bot that lost a fill of 0.5 is not between."""
    events = [fill(n / 100, 1.0, (n + 1) * 0.999, **SPOT) for n in range(1_000)]
    assert invariants(events, [believes(50, 1_000.0)])[GAP].value == 0
    assert invariants(events, [believes(50, 999.0)])[GAP].value == 0
    assert invariants(events, [believes(50, 999.4995)])[GAP].value == pytest.approx(0.0005)


def test_a_bot_that_began_with_its_balance_takes_off_the_fees_until_then() -> None:
    events = [fill(n, 1.0, (n + 1) * 0.999, **SPOT) for n in range(10)]
    assert invariants(events, [believes(50, 4 * 0.999 + 6)])[GAP].value == 0


def test_looks_that_come_out_of_order_take_no_crossed_time_away() -> None:
    crossed = {SYMBOL: book(5, bid=102.0)}
    looks = [believes(s, books=crossed) for s in (20, 21, 5, 6)]
    assert invariants([], looks)["crossed_book_s"].value == pytest.approx(2 * 2 + 1 + 1)


def test_a_number_that_no_socket_was_sent_is_wrong_once_the_record_has_come_so_far() -> None:
    events = [shown(TOPIC, (10, 5, GOOD), (20, 6, GOOD), until=20)]
    late = believes(15, books={SYMBOL: book(900)})
    found = invariants(events, [late])[WRONG]
    assert [one.text for one in found.findings] == [f"{SYMBOL}: u=900, which no socket was sent"]
    assert invariants(events, [believes(21, books={SYMBOL: book(7)})])[WRONG].value is None
    assert invariants(events, [believes(15, books={SYMBOL: book(0)})])[WRONG].value == 0


def test_what_is_answered_after_a_boundary_belongs_to_the_window_that_can_see_it() -> None:
    """It is recorded when it is answered: the window in which it came has been judged by then."""
    first = create(98, "a", http=502, answered=False, fault="f", took_us=1000)
    second = create(99.9, "b", took_us=200_000)
    assert invariants([first, state(98, "a", "New"), second], window=(0, 100))[TWICE].value == 0
    assert invariants([first, state(98, "a", "New"), second], window=(100, 200))[TWICE].value == 1
    assert invariants([second], window=(0, 100))["signed_requests"].value == 0
    assert invariants([second], window=(100, 200))["signed_requests"].value == 1


def test_the_orders_of_another_symbol_that_are_cancelled_excuse_no_repetition() -> None:
    first = create(10, "a", http=502, answered=False, fault="f")
    orders = [state(10, "a", "New")]

    def after(symbol: str | None) -> float | None:
        order = None if symbol is None else {"symbol": symbol, "order_id": "", "link_id": ""}
        every = asked(11, "POST /v5/order/cancel-all", order=order)
        return invariants([first, *orders, every, create(12, "b")])[TWICE].value

    assert after("ETHUSDT") == 1
    assert after(SYMBOL) == after(None) == after("") == 0


def test_who_hammers_on_after_403_is_over_the_limit_whether_he_signs_or_not() -> None:
    shut = {"http": 403, "code": 10018, "reset_us": at(15)}
    events = [asked(10 + n, "GET /v5/market/time", account="", **shut) for n in range(4)]
    assert invariants(events)[LIMIT].value == 3
    assert invariants([*events[:1], create(12, "a")])[LIMIT].value == 1
    assert invariants([*events[:1], create(15.1, "a")])[LIMIT].value == 0
    assert invariants([*events[:1], asked(12, "order.create", via="ws")])[LIMIT].value == 0


def test_a_jail_that_let_something_out_holds_nothing() -> None:
    def isolation(packets: int | None) -> float | None:
        held = Isolation("namespace"), Outside(packets, 0)
        return judged(1, (0, 1), seen([]), {}, held, (0, {})).kpis["isolation"]

    assert isolation(0) == 2
    assert isolation(3) == 0
    assert isolation(None) == 2


# right, and red


def test_what_floats_add_up_to_is_no_gap() -> None:
    believed, events = 0.0, []
    for n in range(5_000):
        believed += 12345.6
        events.append(fill(n / 100, 12345.6, (n + 1) * 123456 / 10))
    assert believed != events[-1].position
    assert invariants(events, [believes(90, believed)])[GAP].value == 0
    assert invariants(events, [believes(90, believed - 0.1)])[GAP].value == pytest.approx(
        0.1, rel=1e-3
    )
    assert invariants([], [believes(90, -0.0)])[GAP].value == 0


class Learning:
    """A bot that learns of a fill between the question and its answer."""

    tells = ("positions",)
    trouble = ""

    def __init__(self, given: Sequence[int | None]) -> None:
        self.given = [*given]
        self.asked_us: list[int] = []

    def read(self, time_us: int) -> Sequence[Belief]:
        self.asked_us.append(time_us)
        given = self.given.pop(0) if self.given else None
        return (Belief(time_us if given is None else given, {SYMBOL: 1.0}),)


class Ticking(ExchangeClock):
    """A clock that goes on by 0.3 s whenever it is looked at."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop, at(1_000_000_000))
        self.time_us = at(1_000_000_000)

    def now_us(self) -> int:
        self.time_us += 300_000
        return self.time_us


def told_by(source: Learning, folder: Path, patched: pytest.MonkeyPatch) -> list[dict[str, object]]:
    patched.setattr(believing, "open_source", lambda *_: source)
    file = folder / "believed.jsonl"
    beliefs = Beliefs(sources=("x",), base="", log="", file=str(file))

    async def main() -> None:
        async with believing.asked(beliefs, Ticking(asyncio.get_running_loop())):
            await asyncio.sleep(0.1)

    asyncio.run(main())
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_an_answer_is_of_when_it_came_and_not_of_when_it_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Learning([])
    (told,) = told_by(source, tmp_path, monkeypatch)
    assert told["time_us"] == source.asked_us[0] + 300_000
    fills = [fill(10, 1.0, 1.0)]
    assert invariants(fills, [believes(9.9, 1.0)])[GAP].value == 1.0
    assert invariants(fills, [believes(10.2, 1.0)])[GAP].value == 0


def test_a_time_that_cannot_be_meant_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (belief, trouble) = told_by(Learning([1_000_000_000]), tmp_path, monkeypatch)
    assert belief["time_us"] == 1_000_000_000
    assert trouble["trouble"] == (
        "time_us=1000000000 is not the time: expected microseconds since 1970, UTC"
    )


def test_a_line_without_an_end_hides_none_that_follow(tmp_path: Path) -> None:
    path = tmp_path / "bot.jsonl"
    probe = FileProbe(path, ("positions",))
    path.write_bytes(b"x" * 9_000_000 + b'\n{"positions": {"A": 1}}\n')
    assert probe.read(1) == []
    assert "no belief" in probe.trouble
    for time in (2, 3):
        found = probe.read(time)
    assert [belief.positions for belief in found] == [{"A": 1.0}]


def test_half_a_line_waits_for_its_other_half(tmp_path: Path) -> None:
    path = tmp_path / "bot.jsonl"
    probe = FileProbe(path, ("positions",))
    path.write_bytes(b'{"positions": {"A": 1}}\n{"positions": {"A"')
    assert [belief.positions for belief in probe.read(1)] == [{"A": 1.0}]
    assert (probe.read(2), probe.trouble) == ([], "")
    with path.open("ab") as file:
        file.write(b": 2}}\n")
    assert [belief.positions for belief in probe.read(3)] == [{"A": 2.0}]


def test_what_is_under_way_at_a_boundary_belongs_to_the_window_of_the_belief() -> None:
    """A fill at the end of a window is not known in it yet, and is in the next."""
    events = [fill(99.9, 1.0, 1.0)]
    told = [believes(99.95, 0.0), believes(100.05, 1.0), believes(103, 1.0)]
    assert invariants(events, told)[GAP].value == 0
    assert invariants(events, told, (100, 200))[GAP].value == 0
