"""Virtual time: hours by waiting alone, and the same bytes for the same seed and requests."""

from __future__ import annotations

import asyncio
import sys
import time
from hashlib import sha256
from types import ModuleType
from unittest.mock import patch

import pytest
from loopback import BTC, EPOCH_US, Bot, Wire, loopback, settings

from pytest_soak.exchange import virtual_time
from pytest_soak.exchange.record import Execution, line


def test_a_day_of_waiting_takes_no_time() -> None:
    async def main() -> float:
        await asyncio.sleep(86_400)
        return asyncio.get_running_loop().time()

    before = time.monotonic()
    assert virtual_time.run(main()) == pytest.approx(86_400)
    assert time.monotonic() - before < 60


def test_timers_go_off_in_their_order() -> None:
    async def main() -> list[int]:
        found: list[int] = []

        async def after(seconds: int) -> None:
            await asyncio.sleep(seconds)
            found.append(seconds)

        await asyncio.gather(*(after(n) for n in (30, 10, 20)))
        return found

    assert virtual_time.run(main()) == [10, 20, 30]


def test_no_time_passes_while_a_thread_works() -> None:
    async def main() -> float:
        loop = asyncio.get_running_loop()
        timer = asyncio.ensure_future(asyncio.sleep(5))
        await loop.run_in_executor(None, time.sleep, 0.05)
        passed = loop.time()
        await timer
        return passed

    assert virtual_time.run(main()) < 5


def test_the_module_time_tells_the_loops_time() -> None:
    async def main() -> tuple[float, float]:
        loop = asyncio.get_running_loop()
        with virtual_time.shown(loop, EPOCH_US):
            await asyncio.sleep(3.5)
            return time.time(), time.time_ns()

    assert virtual_time.run(main()) == (EPOCH_US / 1e6 + 3.5, EPOCH_US * 1000 + 3_500_000_000)


def test_who_has_taken_a_function_of_time_by_name_is_told_it_too() -> None:
    early, late = ModuleType("early"), ModuleType("late")
    real = time.time, time.perf_counter
    early.now, early.clock = real  # type: ignore[attr-defined]

    async def main() -> tuple[float, float]:
        loop = asyncio.get_running_loop()
        with virtual_time.shown(loop, EPOCH_US):
            late.now = time.time  # type: ignore[attr-defined]
            await asyncio.sleep(2)
            return early.now(), early.clock()

    with patch.dict(sys.modules, {"early": early, "late": late}):
        assert virtual_time.run(main()) == (EPOCH_US / 1e6 + 2, 2.0)
    assert (early.now, early.clock) == real
    assert (late.now, time.time) == (real[0], real[0])


async def _trade(bot: Bot, wire: Wire, rounds: int) -> None:
    for n in range(rounds):
        bid, ask = await bot.best()
        await bot.order("Buy" if n % 2 else "Sell", price=str(bid if n % 2 else ask))
        await bot.order("Sell" if n % 2 else "Buy", "0.002")
        await wire.hear_for(10.0)
        await bot.post("/v5/order/cancel-all", category="linear", symbol=BTC)


def run_of(seed: int, rounds: int = 60) -> tuple[str, str, int]:
    """Ten seconds of trading a round: what was answered, what was recorded, how often it traded."""

    async def main() -> tuple[str, str, int]:
        how = settings(seed=seed, latency="venue", step_ms=100.0)
        async with loopback(how) as bot, bot.socket("private", auth=True) as wire:
            await wire.subscribe("order", "execution", "position", "wallet")
            async with bot.socket("public/linear") as public:
                await public.subscribe(f"orderbook.50.{BTC}", f"publicTrade.{BTC}")
                listening = asyncio.ensure_future(public.hear_for(9.5 * rounds))
                await _trade(bot, wire, rounds)
                await listening
        heard = sha256(b"\n".join(bot.raw)).hexdigest()
        told = sha256("\n".join(map(line, bot.events)).encode()).hexdigest()
        return heard, told, len(bot.of(Execution))

    return virtual_time.run(main())


def test_same_seed_and_requests_give_the_same_bytes() -> None:
    first, again = run_of(7), run_of(7)
    assert first[2] > 60
    assert first == again
    assert run_of(7, 3)[0] != run_of(8, 3)[0]


def test_a_sleep_that_blocks_lets_the_loops_time_go_on() -> None:
    bot = ModuleType("bot")
    vars(bot).update(rest=time.sleep)
    code = "import time\n\ndef nap():\n    time.sleep(3600)\n    rest(3600)\n"
    exec(code, vars(bot))
    real = time.sleep

    async def main() -> float:
        loop = asyncio.get_running_loop()
        with patch.dict(sys.modules, {"bot": bot}), virtual_time.shown(loop, EPOCH_US):
            vars(bot)["nap"]()
            with pytest.raises(ValueError, match="non-negative"):
                vars(bot)["rest"](-1)
            await asyncio.to_thread(time.sleep, 0.01)
            return loop.time()

    before = time.monotonic()
    assert 7200 <= virtual_time.run(main()) < 7201
    assert time.monotonic() - before < 600
    assert time.sleep is real
    assert vars(bot)["rest"] is real


def test_pythons_own_modules_and_threads_sleep_in_real_time() -> None:
    slept: list[float] = []

    async def main() -> float:
        loop = asyncio.get_running_loop()
        own, bots = {"__name__": "subprocess"}, {"__name__": "bot"}
        exec("import time\n\ndef wait():\n    time.sleep(0.25)\n", own)
        exec("import time\n\ndef wait():\n    time.sleep(0.5)\n", bots)
        with virtual_time.shown(loop, EPOCH_US):
            own["wait"]()  # type: ignore[operator]
            await asyncio.to_thread(bots["wait"])  # type: ignore[arg-type]
        return loop.time()

    with patch.object(time, "sleep", slept.append):
        assert virtual_time.run(main()) == 0
    assert slept == [0.25, 0.5]
