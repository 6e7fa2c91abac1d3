"""Sessions that soak an asyncio bot of this process on the exchange, in virtual time."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from harness import Outcome, Workbench

from pytest_soak.exchange.jail.within import NOT_AWAITED, Within

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the loop's selector is POSIX's")

BOT = """
import asyncio, contextlib, hashlib, hmac, json, socket, time, urllib.request
import aiohttp

BTC = "BTCUSDT"


class Bot:
    def __init__(self, lane):
        self.sent = 0

    async def start(self, lane):
        self.access = lane.access
        self.session = aiohttp.ClientSession()
        self.trading = asyncio.create_task(self.trade())

    async def ask(self, path, **order):
        body, stamp = json.dumps(order), str(int(time.time() * 1000))
        text = f"{stamp}{self.access.key}5000{body}"
        headers = {
            "X-BAPI-API-KEY": self.access.key,
            "X-BAPI-TIMESTAMP": stamp,
            "X-BAPI-RECV-WINDOW": "5000",
            "X-BAPI-SIGN": hmac.new(
                self.access.secret.encode(), text.encode(), hashlib.sha256
            ).hexdigest(),
        }
        url = self.access.rest + path
        async with self.session.post(url, data=body, headers=headers) as answer:
            return await answer.json()

    async def trade(self):
        while True:
            side = "Buy" if self.sent % 2 == 0 else "Sell"
            order = dict(category="linear", symbol="BTCUSDT", orderType="Market", qty="0.01")
            await self.ask("/v5/order/create", side=side, **order)
            self.sent += 1
            await asyncio.sleep(2)

    async def run(self, overrides, window):
        await asyncio.sleep(window.minutes * 60)

    async def stop(self):
        self.trading.cancel()
        await self.session.close()
"""
ASKED = ("--soak-iterations=2", "--soak-minutes=2", "--soak-exchange=bybit")
OTHERS = {
    "Endless": "async def run(self, overrides, window):\n        await asyncio.sleep(1e6)",
    "Dies": "async def trade(self):\n        raise ValueError('no feed')",
    "Silent": "async def trade(self):\n        pass",
    "Outward": (
        "async def run(self, overrides, window):\n"
        "        await super().run(overrides, window)\n"
        "        for where in ('192.0.2.1', 'api.bybit.com'):\n"
        "            try:\n"
        "                socket.create_connection((where, 443), 1)\n"
        "            except OSError as error:\n"
        "                print(error)"
    ),
    "Ends": (
        "async def run(self, overrides, window):\n"
        "        from pytest_soak.exchange.markets.market import SymbolMarket\n"
        "        def step(market, until_us):\n"
        "            raise OverflowError('no room')\n"
        "        SymbolMarket.step = step\n"
        "        await super().run(overrides, window)"
    ),
    "Blocking": (
        "async def ask(self, path, **order):\n"
        "        with contextlib.suppress(OSError):\n"
        "            urllib.request.urlopen(self.access.rest + path, timeout=0.2)"
    ),
    "Threaded": (
        "async def run(self, overrides, window):\n"
        "        url = self.access.rest + '/v5/market/time'\n"
        "        await asyncio.to_thread(lambda: urllib.request.urlopen(url, timeout=60).read())\n"
        "        await super().run(overrides, window)"
    ),
    "Reads": (
        "async def trade(self):\n"
        "        while await self.ask('/v5/order/cancel-all', category='linear', symbol=BTC):\n"
        "            await asyncio.sleep(5)"
    ),
    "Sync": "def run(self, overrides, window):\n        pass",
}
LATER = ("119s", "120s", "3m")


def soaked(bench: Workbench, name: str = "Bot", *more: str) -> Outcome:
    others = "".join(f"\n\nclass {one}(Bot):\n    {body}\n" for one, body in OTHERS.items())
    (bench.directory / "mine.py").write_text(BOT + others)
    return bench.module("pytest", *ASKED, f"--soak-target=mine:{name}", *more)


def windows(found: Outcome) -> list[dict[str, Any]]:
    path = found.directory / "artifacts/soak/latest/exchange/judged.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_an_async_bot_lives_through_minutes_and_the_same_again(bench: Workbench) -> None:
    one = soaked(bench)
    assert one.returncode == 0, one.everything
    assert one.last_line == "PASS for default on calm (2 iterations, mine:Bot); on bybit with calm"
    first, second = windows(one)
    assert first["end_us"] - first["start_us"] == 120_000_000
    assert second["start_us"] == first["end_us"]
    assert min(one["kpis"]["signed_requests"] for one in (first, second)) > 40
    assert first["kpis"]["isolation"] == 1
    summary = one.artifact("ITER_SUMMARY_1.json")["summary"]
    assert summary["maker_taker_ratio"] == 0
    assert summary["p95_latency_ms"] > 20
    record = "artifacts/soak/latest/exchange/001/record.jsonl"
    bytes_of_one = (one.directory / record).read_bytes()
    again = soaked(bench)
    assert (again.directory / record).read_bytes() == bytes_of_one
    other = soaked(bench, "Bot", "--soak-seed=7")
    assert (other.directory / record).read_bytes() != bytes_of_one


def test_a_lane_that_goes_on_does_so_later(bench: Workbench) -> None:
    soaked(bench, "Bot", "--soak-iterations=1")
    found = soaked(bench, "Bot", "--soak-resume")
    assert found.returncode == 0, found.everything
    first, second = windows(found)
    assert second["start_us"] >= first["end_us"]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("Endless", "run() went on 60 s after its window"),
        ("Dies", "no feed"),
        ("Ends", "the exchange ended: the market of BTCUSDT: no room"),
        ("Silent", "the bot asked nothing of the exchange with its key (lane.access)"),
    ],
)
def test_what_goes_wrong_is_told(bench: Workbench, name: str, problem: str) -> None:
    found = soaked(bench, name)
    assert found.returncode == 1
    assert problem in found.last_line


def test_a_bot_in_the_process_has_no_log(bench: Workbench) -> None:
    belief = "--soak-belief=log:(?P<open>.*)"
    found = soaked(bench, "Bot", belief)
    assert found.returncode == 4, found.everything
    assert "log reads the output of a program, and Bot is none" in found.everything


def test_a_bot_that_is_not_async_is_refused(bench: Workbench) -> None:
    found = soaked(bench, "Sync")
    assert found.returncode == 4, found.everything
    said = "is not async, so that no exchange in the same process could answer it; give process:CMD"
    assert said in found.everything


def test_what_goes_outside_is_refused_and_counted(bench: Workbench) -> None:
    found = soaked(bench, "Outward", "--soak-iterations=1")
    assert found.returncode == 0, found.everything
    assert windows(found)[0]["outside"] == "packets outside not counted, 2 attempts refused"


def test_a_call_that_blocks_is_refused_at_once_and_told(bench: Workbench) -> None:
    found = soaked(bench, "Blocking", "--soak-iterations=1")
    assert found.returncode == 1
    assert f"(lane.access); {NOT_AWAITED}" in found.last_line


def test_a_thread_may_wait_for_the_exchange(bench: Workbench) -> None:
    found = soaked(bench, "Threaded", "--soak-iterations=1")
    assert found.returncode == 0, found.everything


def test_a_bot_that_sends_no_order_and_a_fault_that_is_too_late_are_told(bench: Workbench) -> None:
    rows = "".join(f"  - {{name: at-{at}, kind: drop, sockets: all, at: {at}}}\n" for at in LATER)
    (bench.directory / "late.yaml").write_text(f"name: late\nfaults:\n{rows}")
    found = soaked(bench, "Reads", "--soak-iterations=1", "--soak-faults=late.yaml")
    notes = "".join(found.markers("| iter_watch | NOTE |"))
    assert "the bot has made no order since it was started" in notes
    assert "late: 2 of its 3 faults come after the 2 min of the lane: at-120s, at-3m" in notes
    assert "held by" not in notes
    sent = soaked(bench, "Bot", "--soak-iterations=1")
    assert "made no order" not in "".join(sent.markers("| iter_watch | NOTE |"))


def test_nothing_is_refused_but_while_a_bot_is_at_work() -> None:
    within = Within()
    with within.held():
        with pytest.raises(OSError, match="not on this machine"):
            within._heed("socket.connect", (None, ("192.0.2.1", 443)))
        within._heed("socket.connect", (None, ("127.0.0.1", 443)))
        within._heed("socket.connect", (None, "/tmp/socket"))
        within._heed("socket.getaddrinfo", ("localhost", 80))
    within._heed("socket.connect", (None, ("192.0.2.1", 443)))
    assert within.outside().refused == 1
