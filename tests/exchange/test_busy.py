"""A bot that hammers: answered, counted, and what it costs is said."""

from __future__ import annotations

import asyncio

import aiohttp
from exchange_records import at, invariants
from loopback import loopback, settings

from pytest_soak.commands.exchange import summary
from pytest_soak.exchange import virtual_time
from pytest_soak.exchange.busy import MOST_A_SECOND, Load
from pytest_soak.exchange.invariants.seen import seen
from pytest_soak.exchange.jail.isolation import Isolation
from pytest_soak.exchange.jail.outside import Outside
from pytest_soak.exchange.judged import MOST_ENDPOINTS, judged
from pytest_soak.exchange.record import Busy, Request, Strange
from pytest_soak.exchange.recorder import MOST_STRANGE, Recorder


def told(events: list[Busy | Request], window: tuple[int, int] = (0, at(100))) -> list[str]:
    held = Isolation("namespace"), Outside(0, 0)
    return judged(1, window, seen(events), {}, held, (0, {})).notes()


def test_beyond_a_hundred_a_second_what_is_refused_is_counted_and_not_recorded() -> None:
    async def main() -> list[int]:
        async with loopback() as bot:

            async def ask(session: aiohttp.ClientSession) -> int:
                async with session.get("http://localhost/v5/nothing") as answer:
                    return answer.status

            for _ in range(8):
                await asyncio.gather(*(ask(bot.session) for _ in range(100)))
            await asyncio.sleep(6)
            assert (await bot.get("/v5/market/time", signed=False))["retCode"] == 0
            busy = bot.of(Busy)
            shown = [sum(one.code != 0 for one in bot.of(Request)), len(bot.of(Strange))]
            return [*shown, sum(one.refused for one in busy), sum(one.strange for one in busy)]

    recorded, strange, refused, more = virtual_time.run(main())
    assert recorded + refused == 800
    assert strange + more == 600  # beyond that many in 5 s the machine is shut out
    assert MOST_A_SECOND <= recorded <= 2 * MOST_A_SECOND


def test_what_is_accepted_is_always_recorded() -> None:
    async def main() -> tuple[int, int]:
        async with loopback(settings(limits=False)) as bot:
            for _ in range(300):
                await bot.get("/v5/market/time")
            return len(bot.of(Request)), len(bot.of(Busy))

    assert virtual_time.run(main()) == (300, 0)


def test_a_second_of_no_matter_is_not_told() -> None:
    load = Load()
    assert load.on_step(at(1)) is None
    load.late(0.4)
    assert load.on_step(at(1.5)) is None
    assert load.on_step(at(2)) is None
    load.late(0.7)
    load.late(0.2)
    for _ in range(MOST_A_SECOND + 3):
        load.has_room("refused")
    assert load.on_step(at(3)) == Busy(at(3), 700, 3, 0)
    assert load.on_step(at(4)) is None


def test_an_exchange_that_is_held_up_says_so() -> None:
    async def main() -> list[Busy]:
        async with loopback() as bot:
            await asyncio.sleep(1.5)
            bot.exchange.venue.load.late(0.6)
            await asyncio.sleep(1)
            return bot.of(Busy)

    assert [one.late_ms for one in virtual_time.run(main())] == [600]


def test_a_window_tells_how_late_it_was_and_what_is_not_in_its_counts() -> None:
    events: list[Busy | Request] = [
        Busy(at(5), 1500, 7),
        Busy(at(6), 600, 5),
        Busy(at(101), 9000, 9),
    ]
    assert told(events) == [
        "the exchange was late by up to 1.5 s: a bot that asks too much, or a busy machine",
        "12 more requests refused, and not recorded",
    ]
    assert told([]) == []


def test_a_bot_that_is_refused_more_often_than_is_recorded_is_over_the_limit_all_the_same() -> None:
    refused = [
        Request(at(10) + n, 1, "mm", "rest", "POST /v5/order/create", 10006, 200, 1)
        for n in range(0, 10 * MOST_A_SECOND, 10)
    ]
    assert (invariants(refused)["requests_over_limit"].value or 0) > 10


def test_no_number_of_names_makes_a_judgment_or_a_summary_without_end() -> None:
    asked: list[Busy | Request] = [
        Request(at(1), 1, "", "rest", f"GET /v5/{n}", 10001, 200, 1) for n in range(5_000)
    ]
    held = Isolation("namespace"), Outside(0, 0)
    found = judged(1, (0, at(100)), seen(asked), {}, held, (0, {}))
    assert len(found.requests) == MOST_ENDPOINTS + 1
    assert sum(sum(one.codes.values()) for one in found.requests) == 5_000
    recorder = Recorder()
    for n in range(5_000):
        recorder.put(Strange(at(1), 1, "endpoint", f"GET /v5/{n}"))
    recorder.put(Busy(at(2), 1200, 40, 60))
    assert len(recorder.strange) == MOST_STRANGE + 1
    lines = summary(recorder, 1.0)
    assert "  requests          40  40 refused" in lines
    assert "  strange        5,060  unknown endpoints and topics, garbage, bad signatures" in lines
    assert "  late           1.2 s  at worst: asked too much, or busy" in lines
