"""Bugs of real bots: each is seen with its fault, and neither without nor in a good bot."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import aiohttp
import pytest
from loopback import BTC
from minimal_bots import Judged, Mini, Script, judged

from pytest_soak.exchange.beliefs.belief import BookBelief
from pytest_soak.exchange.record import Execution, Request

FAR = 0.98
"""Of the best price, at which nothing fills."""


async def far(bot: Mini) -> str:
    """A price at which a buy rests."""
    bid, _ = await bot.wire.best()
    return f"{bid * FAR:.0f}"


async def requotes_after_an_error(bot: Mini) -> None:
    """An order whose answer is an error is taken for none; or it is asked for by its own name."""
    price = await far(bot)
    await bot.until(3.0)
    for n in range(3):
        name = f"mine-{n}"
        answer = await bot.wire.order("Buy", "0.01", price=price, orderLinkId=name)
        failed = not isinstance(answer, dict)  # a status alone
        await asyncio.sleep(0.3)
        if not failed or (bot.honest and await bot.wire.open_orders(orderLinkId=name)):
            bot.open.add(name)
            return


async def misses_what_a_gap_hid(bot: Mini) -> None:
    """A socket that was cut is opened again; what filled meanwhile is read again, or not."""

    def heard(message: dict[str, Any]) -> None:
        for row in message.get("data", []) if message.get("topic") == "execution" else []:
            bot.take(row)

    async def listen() -> None:
        while True:
            async with bot.wire.socket("private", auth=True) as wire:
                await wire.subscribe("execution")
                if bot.honest:
                    await bot.reread()
                await bot.hear(wire, heard)
            await asyncio.sleep(2.0)

    listening = asyncio.ensure_future(listen())
    try:
        for seconds in (2.0, 6.0, 10.0):
            await bot.until(seconds)
            await bot.wire.order("Buy", "0.01")
        while True:
            await asyncio.sleep(1.0)
            if bot.honest:
                await bot.reread()
    finally:
        listening.cancel()


async def keeps_the_book_of_a_socket_that_is_gone(bot: Mini) -> None:
    """The best prices, from a socket that is opened again when it is cut, or is not."""
    while True:
        async with bot.wire.socket("public/linear") as wire:
            await wire.subscribe(f"orderbook.1.{BTC}")

            def heard(message: dict[str, Any]) -> None:
                told = message["data"]
                bids, asks = (tuple((float(p), float(q)) for p, q in told[side]) for side in "ba")
                bot.book = BookBelief(told["u"], bids, asks)

            await bot.hear(wire, heard)
        if not bot.honest:
            await asyncio.sleep(60)


async def goes_on_after_a_gap(bot: Mini) -> None:
    """A book whose numbers leap is begun anew, or goes on."""
    topic = f"orderbook.50.{BTC}"
    async with bot.wire.socket("public/linear") as wire:
        await wire.subscribe(topic)
        bids: dict[float, float] = {}
        asks: dict[float, float] = {}
        last = 0
        while True:
            try:
                message = await wire.hear(1.0)
            except TimeoutError:
                continue
            if message.get("topic") != topic:
                continue
            data, whole = message["data"], message["type"] == "snapshot"
            if bot.honest and not whole and data["u"] != last + 1:
                bot.book, last = None, 0
                await wire.say(op="unsubscribe", args=[topic])
                await wire.say(op="subscribe", args=[topic])
                continue
            for side, rows in ((bids, data["b"]), (asks, data["a"])):
                if whole:
                    side.clear()
                side.update((float(price), float(size)) for price, size in rows)
                for price in [price for price, size in side.items() if not size]:
                    del side[price]
            last = data["u"]
            best = sorted(bids.items(), reverse=True)[:50], sorted(asks.items())[:50]
            bot.book = BookBelief(last, tuple(best[0]), tuple(best[1]))


def counts(*, once: bool, trades_only: bool) -> Script:
    """Sums up what the socket of executions says."""

    async def script(bot: Mini) -> None:
        told: set[str] = set()
        async with bot.wire.socket("private", auth=True) as wire:
            await wire.subscribe("execution", "position")

            def heard(message: dict[str, Any]) -> None:
                rows = message.get("data", []) if message.get("topic") == "execution" else []
                for row in rows:
                    if (bot.honest or trades_only) and row["execType"] != "Trade":
                        continue
                    if (bot.honest or once) and row["execId"] in told:
                        continue
                    told.add(row["execId"])
                    bot.position += float(row["execQty"]) * (1 if row["side"] == "Buy" else -1)

            listening = asyncio.ensure_future(bot.hear(wire, heard))
            for seconds in (2.0, 4.0, 6.0):
                await bot.until(seconds)
                await bot.wire.order("Buy", "0.01")
            await asyncio.sleep(60)
            listening.cancel()

    return script


async def believes_the_first_look(bot: Mini) -> None:
    """What order/realtime says right after a cancel is believed for ever, or looked at again."""
    name = (await bot.wire.order("Buy", "0.01", price=await far(bot)))["result"]["orderId"]
    bot.open.add(name)
    await bot.until(3.0)
    await bot.wire.post("/v5/order/cancel", category="linear", symbol=BTC, orderId=name)
    for _ in range(10 if bot.honest else 1):
        bot.open = {row["orderId"] for row in await bot.wire.open_orders()}
        await asyncio.sleep(1.0)


async def is_stuck_on_a_late_cancel(bot: Mini) -> None:
    """A cancel that came too late ends an order too, or leaves it open for ever."""
    await bot.until(1.0)
    bid, ask = await bot.wire.best()
    name = (await bot.wire.order("Buy", "0.01", price=f"{bid:.0f}"))["result"]["orderId"]
    bot.open.add(name)
    names = {"category": "linear", "symbol": BTC, "orderId": name}
    late = asyncio.ensure_future(bot.wire.post("/v5/order/cancel", **names))
    await asyncio.sleep(0.5)
    await bot.wire.post("/v5/order/amend", price=f"{ask * 1.01:.0f}", **names)
    answer = await late
    if answer["retCode"] == 0:
        bot.open.discard(name)
    elif bot.honest:
        bot.open = {row["orderId"] for row in await bot.wire.open_orders()}
    await bot.reread()


async def stops_at_a_wrong_time(bot: Mini) -> None:
    """A refusal by the clock ends the bot, or lets it ask what time it is."""
    ahead_ms = 0
    price = await far(bot)
    real = bot.wire.now_ms

    def now_ms() -> int:
        return bot.wire.exchange.venue.now_us() // 1000 + ahead_ms

    bot.wire.now_ms = now_ms  # type: ignore[method-assign]
    try:
        for n in range(200):
            answer = await bot.wire.order("Buy", "0.001", price=price, orderLinkId=f"n{n}")
            if answer["retCode"] == 10002:
                if not bot.honest:
                    return
                told = await bot.wire.get("/v5/market/time", signed=False)
                ahead_ms = int(told["time"]) - bot.wire.exchange.venue.now_us() // 1000
            else:
                names = {"category": "linear", "symbol": BTC, "orderLinkId": f"n{n}"}
                await bot.wire.post("/v5/order/cancel", **names)
            await asyncio.sleep(0.5)
    finally:
        bot.wire.now_ms = real  # type: ignore[method-assign]


async def drops_fills_of_unknown_orders(bot: Mini) -> None:
    """A fill that comes before its order's answer is kept until then, or dropped."""
    mine: set[str] = set()
    early: list[dict[str, Any]] = []
    async with bot.wire.socket("private", auth=True) as wire:
        await wire.subscribe("execution")

        def heard(message: dict[str, Any]) -> None:
            for row in message.get("data", []) if message.get("topic") == "execution" else []:
                if row["orderId"] in mine:
                    bot.take(row)
                else:
                    early.append(row)

        listening = asyncio.ensure_future(bot.hear(wire, heard))
        for seconds in (2.0, 5.0):
            await bot.until(seconds)
            mine.add((await bot.wire.order("Buy", "0.01"))["result"]["orderId"])
            if bot.honest:
                for row in early:
                    bot.take(row)
        await asyncio.sleep(60)
        listening.cancel()


GATEWAY = "name: it, kind: gateway_error, at: 2s, for: 4s"
DROP = "name: it, kind: drop, at: 5s, sockets: private"
SWALLOW = "name: it, kind: swallow_deltas, at: 3s, for: 4s, share: 0.2"
GAP = "name: it, kind: gapped_book, at: 3s, for: 4s, times: 60"
FUNDING = "name: it, kind: funding, at: 3s, for: 4s"
STALE = "name: it, kind: stale_orders, at: 2s, for: 4s, seconds: 2"
CANCELS = "name: it, kind: late_cancels, for: 6s, seconds: 2"
TWICE = "name: it, kind: repeat_messages, at: 3s, for: 4s"
ACKS = "name: it, kind: late_answer, at: 1s, for: 6s, seconds: 1.5"
LOST = "name: it, kind: lose_messages, at: 5s, for: 4s"
CUT = "name: it, kind: drop, at: 5s, sockets: public"
HELD = "name: it, kind: hold_requests, at: 3s, for: 1s, seconds: 6"
SKEW = "name: it, kind: clock_skew, at: 6s, for: 2s, ms: 8000"

COUNTS_TWICE = counts(once=False, trades_only=True)
COUNTS_FUNDING = counts(once=True, trades_only=False)
BUGS = {
    "11 orders again after 502": (requotes_after_an_error, GATEWAY, "repeated_intents"),
    "12 misses fills of a gap": (misses_what_a_gap_hid, DROP, "position_gap_base"),
    "12 misses lost messages": (misses_what_a_gap_hid, LOST, "position_gap_base"),
    "13 swallowed deltas": (goes_on_after_a_gap, SWALLOW, "book_wrong_u"),
    "13 a gap": (goes_on_after_a_gap, GAP, "book_wrong_u"),
    "14 counts funding": (COUNTS_FUNDING, FUNDING, "position_gap_base"),
    "15 believes the first look": (believes_the_first_look, STALE, "believed_open_closed"),
    "16 stuck on a late cancel": (is_stuck_on_a_late_cancel, CANCELS, "believed_open_closed"),
    "17 counts twice": (COUNTS_TWICE, TWICE, "position_gap_base"),
    "19 drops early fills": (drops_fills_of_unknown_orders, ACKS, "position_gap_base"),
}


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_is_seen_with_its_fault_alone_and_a_good_bot_is_not_blamed(bug: str) -> None:
    script, fault, invariant = BUGS[bug]
    assert invariant in judged(script, fault, honest=False).red
    assert not judged(script, honest=False).red
    good = judged(script, fault, honest=True)
    assert not good.red, {name: good.results[name].findings for name in good.red}


def test_a_book_ages_though_nobody_has_its_topic_any_more() -> None:
    script = keeps_the_book_of_a_socket_that_is_gone
    dead = judged(script, CUT, honest=False)
    assert (dead.value("book_age_max_ms") or 0) > 10_000
    assert dead.value("book_wrong_u") == 0
    for good in (judged(script, CUT, honest=True), judged(script, honest=False)):
        assert good.value("book_wrong_u") == 0
        age_ms = good.value("book_age_max_ms")
        assert age_ms is not None
        assert age_ms < 100


@pytest.mark.parametrize("fault", [SKEW, HELD])
def test_18_a_bot_that_stops_at_a_wrong_time_quotes_no_more(fault: str) -> None:
    def again(*faults: str, honest: bool) -> Judged:
        return judged(stops_at_a_wrong_time, *faults, honest=honest, seconds=30.0)

    def late(run: Judged) -> float:
        return run.value("quotes_again_s") or 0.0

    if fault == HELD:  # what is held is refused for its age: the clock was right
        bad = again(fault, honest=False)
        assert any(r.code == 10002 for r in bad.events if isinstance(r, Request))
        return
    assert late(again(fault, honest=False)) > 20
    assert late(again(honest=False)) == 0
    good = again(fault, honest=True)
    assert late(good) < 2
    assert any(r.code == 10002 for r in good.events if isinstance(r, Request))


def test_the_same_faults_of_the_same_seed_are_the_same_bytes() -> None:
    first, second = (judged(misses_what_a_gap_hid, DROP, honest=False) for _ in "ab")
    assert first.text == second.text
    assert sum(isinstance(one, Execution) for one in first.events) >= 3


def test_too_many_says_until_when_and_who_asks_on_is_over_the_limit() -> None:
    async def hammers(bot: Mini) -> None:
        price = await far(bot)
        for _ in range(40):
            answer = await bot.wire.order("Buy", "0.001", price=price)
            if answer["retCode"] == 10006 and bot.honest:
                await asyncio.sleep(1.05)
            await asyncio.sleep(0.2)

    limit = "name: it, kind: rate_limit, at: 2s, for: 3s"
    bad = judged(hammers, limit, honest=False)
    assert (bad.value("requests_over_limit") or 0) > 5
    assert not judged(hammers, honest=False).value("requests_over_limit")
    good = judged(hammers, limit, honest=True)
    assert good.value("requests_over_limit") == 0
    told = [r for r in good.events if isinstance(r, Request) and r.code == 10006]
    assert told
    assert all(r.time_us < r.reset_us <= r.time_us + 1_000_000 for r in told)
    assert not any(r.reset_us % 1000 for r in told)


def test_a_request_that_is_never_answered_has_its_effect() -> None:
    async def gives_up(bot: Mini) -> None:
        with suppress(TimeoutError, aiohttp.ClientError):
            async with asyncio.timeout(2.0):
                await bot.wire.order("Buy", "0.01")
        await bot.wire.order("Buy", "0.01")

    silent = "name: it, kind: never_answer, for: 9s, times: 1"
    run = judged(gives_up, silent, honest=False)
    assert run.value("buy_fills") == 2
    assert run.value("repeated_intents") == 1
    assert run.value("unanswered_requests") == 1
