"""In storm a bot that does all it should is not blamed, and everything is met that is on it."""

from __future__ import annotations

from functools import cache

from careful_bot import Careful
from fault_schedules import builtin
from minimal_bots import Judged, Mini, judged_in

from pytest_soak.exchange.faults.kinds import FAULTS
from pytest_soak.exchange.record import Fault, Request, Socket


@cache
def stormy() -> Judged:
    async def careful(bot: Mini) -> None:
        await Careful(bot).live()

    return judged_in(careful, builtin("storm"), honest=True, seconds=310.0, step_ms=50.0)


def test_a_careful_bot_is_not_blamed_in_five_minutes_of_storm() -> None:
    run = stormy()
    red = {name: run.results[name].findings for name in run.red}
    assert not red
    for name, most in (("quotes_again_s", 10), ("book_age_max_ms", 2000), ("crossed_book_s", 0)):
        assert run.results[name].value is not None
        assert (run.value(name) or 0.0) <= most, name
    assert run.value("buy_fills")
    assert run.value("sell_fills")


def test_each_kind_of_fault_meets_something_in_storm() -> None:
    faults = [one for one in stormy().events if isinstance(one, Fault)]
    met = {one.kind for one in faults if one.what == "ended" and one.hits}
    assert met | {"drop", "clock_skew", "stale_orders"} == FAULTS.keys()


def test_storm_is_felt() -> None:
    run = stormy()
    sockets = [one for one in run.events if isinstance(one, Socket)]
    dropped = {one.detail for one in sockets if one.what == "dropped"}
    assert dropped >= {"private-drop", "public-drop", "all-drop"}
    requests = [one for one in run.events if isinstance(one, Request)]
    assert {0, 10002, 10006, 10016} <= {request.code for request in requests}
    assert {200, 429, 502, 503} <= {request.http for request in requests}
