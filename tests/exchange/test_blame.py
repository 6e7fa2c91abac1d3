"""What a finding is laid to, what became of lost orders, and the command for that alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from exchange_records import S, asked, believes, create, fault, fill, invariants, state
from fault_schedules import schedule

from pytest_soak.errors import SoakUsageError
from pytest_soak.exchange.blame import Spell, blamed
from pytest_soak.exchange.faults.schedule import fault_shelf, load_schedule
from pytest_soak.exchange.faults.selection import selected, split
from pytest_soak.exchange.faults.timeline import Timeline
from pytest_soak.exchange.invariants.lost_answers import LostAnswer, lost_answers
from pytest_soak.exchange.invariants.result import Finding
from pytest_soak.exchange.invariants.seen import seen
from pytest_soak.exchange.invariants.tolerances import Tolerances
from pytest_soak.exchange.judged import Found, Judged
from pytest_soak.exchange.record import Request
from pytest_soak.exchange.reproduce import piece_again

POSITION, TWICE = "position_gap_base", "repeated_intents"


def lost(at: float, order_id: str = "o1", **given: Any) -> Request:
    return create(at, order_id, answered=False, fault="gate", **({"http": 502} | given))


def found(*events: Any) -> LostAnswer:
    (one,) = lost_answers(seen(events), (0, 100 * S), Tolerances())
    return one


@pytest.mark.parametrize(
    ("later", "said", "blind"),
    [
        (create(12, "o2", 101.0), "2.0 s later the bot, having asked nothing, sent Buy 1", True),
        (asked(11, "GET /v5/order/realtime"), "1.0 s later the bot asked what there is", False),
        (asked(11, "order.cancel", order={"order_id": "o1"}), "the bot cancelled it", False),
        (asked(11, "order.create", code=110072, order={"link_id": "x"}), "asked nothing of", False),
        (create(12, "o2", order={"symbol": "BTCUSDT", "side": "Sell"}), "asked nothing of", False),
        (create(60, "o2"), "the bot asked nothing of it", False),
        (create(12, "o2", account="other"), "the bot asked nothing of it", False),
    ],
)
def test_of_a_lost_order_it_is_told_what_the_bot_did_next(
    later: Request, said: str, blind: bool
) -> None:
    one = found(lost(10), later)
    assert said in one.text
    assert one.is_blind is blind


def test_of_a_lost_order_it_is_told_what_became_of_it() -> None:
    events = [lost(10), fill(10.1, 0.4, 0.4, order_id="o1"), fill(10.2, 0.6, 1.0, order_id="o1")]
    one = found(*events)
    assert (one.filled, one.fault, one.time_us) == (1.0, "gate", 10 * S)
    assert "Buy 1 BTCUSDT at 100 (o1) was taken and answered 502; filled 1 for 100.00;" in one.text
    assert "was taken and not answered; not filled" in found(lost(10, http=0)).text


def test_what_was_answered_or_refused_is_not_lost() -> None:
    events = [create(10, "o1"), lost(11, code=10006), lost(120)]
    assert lost_answers(seen(events), (0, 100 * S), Tolerances()) == []


def test_an_order_is_repeated_once() -> None:
    """What comes after the repetition is another intent."""
    events = [lost(10, http=0), create(12, "o2"), create(14, "o3")]
    (one,) = invariants(events)[TWICE].findings
    assert (one.time_us, one.since_us, one.fault) == (12 * S, 10 * S, "gate")
    again = [lost(10, http=0), lost(12, "o2", http=0), create(14, "o3")]
    assert invariants(again)[TWICE].value == 2
    assert invariants(events, window=(13, 100))[TWICE].value == 0


def test_a_gap_is_told_with_the_order_that_made_it() -> None:
    events = [lost(10), fill(10.1, 1.0, 1.0, order_id="o1"), *fault(9, 11, "gate")]
    beliefs = [believes(second, 0.0) for second in range(5, 60)]
    (one,) = invariants(events, beliefs)[POSITION].findings
    assert one.text.startswith(
        "BTCUSDT: the bot believes 0, the exchange has 1 (worth 100.00 in quote); Buy"
    )
    assert (one.since_us, one.fault) == (10 * S, "gate")


def test_a_gap_that_no_lost_order_made_is_told_since_when_it_is() -> None:
    events = [fill(20, 1.0, 1.0), *fault(19, 21)]
    beliefs = [believes(second, 0.0) for second in range(5, 60)]
    (one,) = invariants(events, beliefs)[POSITION].findings
    assert one.text.endswith("the exchange has 1 (worth 100.00 in quote)")
    assert one.since_us is not None
    assert 19 * S <= one.since_us <= 22 * S


def test_a_belief_that_was_right_by_chance_does_not_begin_a_gap_anew() -> None:
    """While a position moves one that lags meets an older truth."""
    events = [fill(20, 1.0, 1.0), fill(40, 1.0, 2.0), fill(42, -1.0, 1.0), *fault(19, 44)]
    beliefs = [believes(second, 1.0 if 40 <= second < 42 else 0.0) for second in range(5, 80)]
    (one,) = invariants(events, beliefs)[POSITION].findings
    assert one.since_us is not None
    assert one.since_us < 22 * S


def test_a_gap_that_is_older_than_what_is_kept_is_given_no_beginning() -> None:
    beliefs = [believes(second, 0.0) for second in range(1100, 2300, 5)]
    (old,) = invariants([fill(1, 1.0, 1.0)], beliefs, window=(2000, 2300))[POSITION].findings
    assert old.since_us is None
    assert old.text.endswith("the exchange has 1 (worth 100.00 in quote), for 15 min and more")
    (young,) = invariants([fill(1500, 1.0, 1.0)], beliefs, window=(2000, 2300))[POSITION].findings
    assert young.since_us is not None
    assert 1498 * S <= young.since_us <= 1505 * S


def test_a_gap_that_was_healed_is_another() -> None:
    events = [fill(10, 1.0, 1.0), fill(20, -1.0, 0.0), fill(40, 1.0, 1.0), *fault(9, 50)]
    beliefs = [believes(second, 0.0) for second in range(5, 80)]
    (one,) = invariants(events, beliefs)[POSITION].findings
    assert one.since_us is not None
    assert 39 * S <= one.since_us <= 42 * S


def test_a_gap_is_not_laid_to_a_lost_order_that_did_not_trade() -> None:
    events = [lost(18), fill(20, 1.0, 1.0), *fault(19, 21)]
    beliefs = [believes(second, 0.0) for second in range(5, 60)]
    (one,) = invariants(events, beliefs)[POSITION].findings
    assert one.fault == ""
    assert one.text.endswith("in quote)")


@pytest.mark.parametrize(
    ("order", "size"),
    [(lost(18, order={"symbol": "BTCUSDT", "side": "Sell", "order_id": "o1"}), 1.0), (lost(30), 1)],
)
def test_a_gap_is_not_laid_to_an_order_of_the_other_side_or_later(
    order: Request, size: float
) -> None:
    events = [order, fill(20, size, 1.0), fill(31, 1.0, 2.0, order_id="o1"), *fault(19, 21)]
    beliefs = [believes(second, 0.0) for second in range(5, 60)]
    (one,) = invariants(events, beliefs)[POSITION].findings
    assert one.fault == ""


def storm_of(period: int, length: int, until: int) -> list[Any]:
    """A fault in each `period`, so that no time is quiet."""
    starts = range(2, until, period)
    return [event for n, at in enumerate(starts) for event in fault(at, at + length, f"f{n}")]


def test_a_gap_that_another_takes_away_before_it_is_quiet_is_found() -> None:
    events = [lost(10), fill(10.1, 1.0, 1.0, order_id="o1"), fill(70, -1.0, 0.0)]
    events += storm_of(10, 4, 90)
    beliefs = [believes(second, 0.0) for second in range(1, 120)]
    result = invariants(events, beliefs, window=(0, 120))[POSITION]
    assert result.value == 1.0
    assert result.findings[0].fault == "gate"
    # six of ten seconds are free
    assert 55 * S <= result.findings[0].time_us <= 62 * S


def test_a_gap_that_is_mended_within_half_a_minute_without_faults_is_none() -> None:
    events = [fill(10.1, 1.0, 1.0), *storm_of(10, 4, 90)]
    beliefs = [believes(second, 0.0 if second < 50 else 1.0) for second in range(1, 120)]
    assert invariants(events, beliefs, window=(0, 120))[POSITION].value == 0.0
    assert invariants(events, beliefs, window=(0, 120), wrong_s=10.0)[POSITION].value == 1.0


def test_orders_are_told_since_when_they_are_wrong() -> None:
    beliefs = [believes(second, open_orders=frozenset({"o1"})) for second in (20, 21, 40)]
    events = [state(10, "o1", "New"), state(25, "o1", "Filled"), *fault(24, 26)]
    (ghost,) = invariants(events, beliefs, settle_s=5.0)["believed_open_closed"].findings
    assert ghost.since_us == 25 * S
    unknown = invariants([state(10, "o2", "New")], beliefs)["unknown_open_orders"].findings[0]
    assert unknown.since_us == 10 * S


def spell(name: str, start: float, end: float | None, hits: int = 1, kind: str = "x") -> Spell:
    until = None if end is None else round(end * S)
    return Spell(name=name, kind=kind, start_us=round(start * S), end_us=until, hits=hits)


@pytest.mark.parametrize(
    ("spells", "name"),
    [
        ([spell("a", 10, 30), spell("b", 12, 14)], "a"),
        ([spell("a", 10, 12), spell("b", 12, 14)], "b"),
        ([spell("a", 10, 30, hits=0), spell("b", 10, 30)], "b"),
        ([spell("a", 12, 30, hits=0), spell("b", 10, 30, hits=0)], "a"),
        ([spell("a", 10, 30), spell("b", 20, 20, hits=0, kind="drop")], "b"),
        ([spell("a", 10, None)], "a"),
        ([spell("a", 1, 4)], ""),
        ([spell("a", 25, 30)], ""),
        ([spell("a", 21, 30)], ""),
        ([spell("a", 10, 19), spell("b", 21, 30)], "a"),
    ],
)
def test_a_finding_is_laid_to_what_held_then_or_had_last_ended(
    spells: list[Spell], name: str
) -> None:
    assert blamed(Finding(90 * S, "x", 20 * S), spells, 15 * S) == name


def test_a_finding_that_knows_its_fault_is_laid_to_it() -> None:
    assert blamed(Finding(20 * S, "x", None, "gate+late"), [spell("a", 10, 30)], 0) == "gate"


# the command


def judged(*found: Found, faults: tuple[Spell, ...] = (), minute: int = 0) -> Judged:
    span = {"start_us": 60 * minute * S, "end_us": 60 * (minute + 1) * S}
    empty: dict[str, Any] = {"kpis": {}, "reasons": {}, "requests": [], "strange": {}}
    empty |= {"more_findings": 0, "beliefs": 0, "troubles": {}, "isolation": "", "outside": ""}
    return Judged.model_validate(
        {"iteration": minute + 1, "findings": list(found), "faults": list(faults), **span, **empty}
    )


def one(kpi: str, fault: str) -> Found:
    return Found(kpi=kpi, time_us=50 * S, text="x", fault=fault)


SETTINGS = {"minutes": "5", "faults": "storm", "seed": "7", "exchange": "bybit", "target": "a:B"}


def test_what_failed_is_had_again_by_its_faults_until_it_can_be_judged() -> None:
    window = judged(one(POSITION, "gate"), one(POSITION, "late"), faults=(spell("gate", 36, 44),))
    assert piece_again(SETTINGS, "B", [window]) == (
        "pytest --soak-iterations=1 --soak-target=a:B --soak-seed=7 --soak-minutes=1.5 "
        "--soak-exchange=bybit --soak-faults=storm:gate"
    )


def test_a_fault_that_met_nothing_at_first_is_waited_for() -> None:
    first = judged(faults=(spell("gate", 36, 44, hits=0),))
    later = judged(one(POSITION, "gate"), faults=(spell("gate", 96, 104),), minute=1)
    command = piece_again(SETTINGS | {"minutes": "1"}, "B", [first, later])
    assert "--soak-iterations=3" in command
    assert "--soak-minutes=1 " in command


def test_a_fault_may_last_longer_another_time() -> None:
    gate = spell("gate", 36, 44).model_copy(update={"longest_us": 68 * S})
    assert "--soak-minutes=2.5 " in piece_again(
        SETTINGS, "B", [judged(one(POSITION, "gate"), faults=(gate,))]
    )


def test_what_no_fault_is_blamed_of_has_no_command() -> None:
    assert piece_again(SETTINGS, "B", [judged(one(POSITION, ""))]) == ""
    assert piece_again(SETTINGS, "B", []) == ""


# some faults alone


@pytest.mark.parametrize(
    ("given", "place", "names"),
    [
        ("storm", "storm", ()),
        ("storm:gate,late", "storm", ("gate", "late")),
        ("faults/mine.yaml:gate", "faults/mine.yaml", ("gate",)),
        (r"C:\mine.yaml", r"C:\mine.yaml", ()),
        ("C:mine.yaml", "C:mine.yaml", ()),
    ],
)
def test_a_choice_stands_behind_the_last_colon(
    given: str, place: str, names: tuple[str, ...]
) -> None:
    assert split(given) == (place, names)


def test_a_choice_takes_the_place_of_another() -> None:
    assert selected("storm:late", ["gate"]) == "storm:gate"


def test_some_faults_of_a_schedule_alone() -> None:
    shelf = fault_shelf(Path("/nowhere"))
    storm = load_schedule("storm:unanswered,gateway-error", shelf, Path(), "--faults")
    assert [row.name for row in storm.faults] == ["gateway-error", "unanswered"]
    assert storm.name == "storm.unanswered.gateway-error"
    assert type(storm).model_validate_json(storm.model_dump_json(by_alias=True)) == storm
    with pytest.raises(SoakUsageError, match="did you mean 'unanswered'") as error:
        load_schedule("storm:unanswerd", shelf, Path(), "--faults")
    assert str(error.value).startswith("--faults: unknown fault of storm")


# waiting


def test_a_fault_waits_for_what_it_is_to_meet() -> None:
    row = "name: a, kind: gateway_error, at: 10s, for: 4s, waits: 20s, every: 60s"
    timeline = Timeline(schedule(row), 1, 0)
    (began,) = timeline.until(30 * S)
    assert timeline.next_us is not None
    began.spell.met[""] += 1
    (ended,) = timeline.until(31 * S)
    assert ended.what == "ended"
    assert 30 * S < ended.time_us <= 31 * S
    (again,) = timeline.until(75 * S)
    assert (again.what, again.time_us) == ("began", 70 * S)
    (over,) = timeline.until(120 * S)
    assert (over.what, over.time_us) == ("ended", 94 * S)
