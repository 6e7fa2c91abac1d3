"""What the exchange on loopback costs: CPU time of its process an operation, round trips, books.

    python -m benchmarks.exchange [--seconds=5] [--hours=0]

One process serves BTCUSDT without delays; another one asks, over HTTP and over the trade socket, or
listens to books. CPU time is that of the serving process, what it takes without a client left out.
`--hours` has a bot in virtual time beside the exchange in one process, and tells what that took.
"""

from __future__ import annotations

import argparse
import asyncio
import hmac
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import aiohttp
import psutil

from pytest_soak.exchange import virtual_time
from pytest_soak.exchange.in_process import in_process
from pytest_soak.exchange.instruments import read_instruments
from pytest_soak.exchange.record import Execution
from pytest_soak.exchange.recorder import Recorder
from pytest_soak.exchange.settings import AccountSettings, ExchangeSettings

KEY = SECRET = "key"
ORDER = {"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit"}
LISTENERS = 50
Round = Callable[[], Awaitable[None]]


@dataclass
class Client:
    """Asks the exchange at `base`; `price` is one at which nothing trades."""

    session: aiohttp.ClientSession
    base: str
    price: str = ""
    now: Callable[[], float] = time.time
    took: list[float] = field(default_factory=list)

    async def get(self, path: str) -> dict[str, dict[str, list[list[str]]]]:
        async with self.session.get(f"{self.base}/v5/{path}") as answer:
            found: dict[str, dict[str, list[list[str]]]] = await answer.json()
            return found

    async def book(self) -> tuple[float, float]:
        """The best prices; a large order may have swept a side, which fills again."""
        best = "market/orderbook?category=linear&symbol=BTCUSDT&limit=1"
        book = (await self.get(best))["result"]
        while not (book["b"] and book["a"]):
            await asyncio.sleep(1)
            book = (await self.get(best))["result"]
        return float(book["b"][0][0]), float(book["a"][0][0])

    async def post(self, path: str, **args: str) -> dict[str, dict[str, str]]:
        body = json.dumps(args)
        stamp = str(round(self.now() * 1000))
        sign = hmac.new(SECRET.encode(), f"{stamp}{KEY}5000{body}".encode(), sha256).hexdigest()
        headers = {
            "X-BAPI-API-KEY": KEY,
            "X-BAPI-TIMESTAMP": stamp,
            "X-BAPI-RECV-WINDOW": "5000",
            "X-BAPI-SIGN": sign,
        }
        began = time.perf_counter()
        url = f"{self.base}/v5/{path}"
        async with self.session.post(url, data=body, headers=headers) as answer:
            found: dict[str, dict[str, str]] = await answer.json(content_type=None)
        self.took.append(time.perf_counter() - began)
        return found

    async def over_http(self) -> None:
        made = await self.post("order/create", qty="0.01", price=self.price, **ORDER)
        where = {"category": "linear", "symbol": "BTCUSDT"}
        await self.post("order/cancel", orderId=made["result"]["orderId"], **where)

    @asynccontextmanager
    async def over_socket(self) -> AsyncIterator[Round]:
        async with self.session.ws_connect(f"{self.base}/v5/trade") as socket:
            expires = round(self.now() * 1000) + 5000
            sign = hmac.new(SECRET.encode(), f"GET/realtime{expires}".encode(), sha256).hexdigest()
            await socket.send_json({"op": "auth", "args": [KEY, expires, sign]})
            await socket.receive_json()

            async def ask(op: str, **args: str) -> str:
                began = time.perf_counter()
                await socket.send_json({"op": op, "reqId": "1", "args": [args]})
                answer = await socket.receive_json()
                self.took.append(time.perf_counter() - began)
                return str(answer["data"]["orderId"])

            async def both() -> None:
                name = await ask("order.create", qty="0.01", price=self.price, **ORDER)
                await ask("order.cancel", category="linear", symbol="BTCUSDT", orderId=name)

            yield both

    async def listen(self, seconds: float) -> int:
        count, ends = 0, time.monotonic() + seconds
        async with self.session.ws_connect(f"{self.base}/v5/public/linear") as socket:
            await socket.send_json({"op": "subscribe", "args": ["orderbook.50.BTCUSDT"]})
            while time.monotonic() < ends:
                await socket.receive()
                count += 1
        return count


async def again_and_again(one: Round, seconds: float) -> None:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        await one()


def cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


@dataclass
class Bench:
    """The process that serves, and what it takes when nobody asks."""

    process: psutil.Process
    base: str
    seconds: float
    idle: float = 0.0

    async def measured(self, name: str, clients: int, kind: str) -> str:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session:
            found = [Client(session, self.base) for _ in range(clients)]
            price = f"{(await found[0].book())[0] - 100:.0f}"
            for one in found:
                one.price = price
            before, began = cpu_s(self.process), time.monotonic()
            count = await self._run(found, kind)
            passed = time.monotonic() - began
            used = cpu_s(self.process) - before - self.idle * passed
        took = sorted(t for one in found for t in one.took)
        count = count or len(took)
        rate = f"| {name} | {count / passed:,.0f} | {used / max(count, 1) * 1e6:.0f} µs |"
        if not took:
            return f"{rate} | |"
        p95 = took[int(0.95 * len(took))]
        return f"{rate} {statistics.median(took) * 1e3:.2f} | {p95 * 1e3:.2f} |"

    async def _run(self, clients: list[Client], kind: str) -> int:
        if kind == "listen":
            counts = [one.listen(self.seconds) for one in clients]
            return sum(await asyncio.gather(*counts))
        if kind == "rest":
            await asyncio.gather(*(again_and_again(one.over_http, self.seconds) for one in clients))
            return 0
        async with clients[0].over_socket() as both:
            await again_and_again(both, self.seconds)
        return 0


async def measure(seconds: float) -> None:
    options = ["--symbols=BTCUSDT", "--latency=none", "--no-limits", f"--key={KEY}"]
    command = [sys.executable, "-m", "pytest_soak.cli", "exchange", *options]
    with subprocess.Popen(
        [*command, f"--secret={SECRET}"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        port = ""
        for line in process.stdout:
            port = line.rpartition(":")[2].strip() if "http://" in line else port
            if "Ctrl-C" in line:
                break
        bench = Bench(psutil.Process(process.pid), f"http://127.0.0.1:{port}", seconds)
        await asyncio.sleep(1)
        before = cpu_s(bench.process)
        await asyncio.sleep(seconds)
        bench.idle = (cpu_s(bench.process) - before) / seconds
        print(f"idle: {bench.idle:.1%} of a processor for a symbol; load {os.getloadavg()[0]:.1f}")
        print("| what | a second | CPU each | p50 ms | p95 ms |\n|---|---|---|---|---|")
        print(await bench.measured("HTTP create and cancel, 1 connection", 1, "rest"))
        print(await bench.measured("HTTP create and cancel, 8 connections", 8, "rest"))
        print(await bench.measured("trade socket, one under way", 1, "socket"))
        print(await bench.measured(f"book messages, {LISTENERS} sockets", LISTENERS, "listen"))
        process.terminate()


def live_through(hours: float) -> None:
    """A bot that quotes both sides every second, and the exchange, in virtual time."""
    counts = Recorder()
    wall, cpu = time.monotonic(), time.process_time()
    virtual_time.run(_quote(hours * 3600, counts))
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    fills, asked = counts.counts[Execution.__name__], counts.counts["Request"]
    print(
        f"{hours:g} simulated hours: {wall:.0f} s wall, {cpu:.0f} s CPU, x{hours * 3600 / wall:.0f}"
    )
    print(f"{asked:,} requests, {fills:,} executions")


async def _quote(seconds: float, recorder: Recorder) -> None:
    loop = asyncio.get_running_loop()
    settings = ExchangeSettings(
        symbols={"BTCUSDT": read_instruments(None, Path()).symbols["BTCUSDT"]},
        accounts=(AccountSettings(name="bot", key=KEY, secret=SECRET),),
        step_ms=100.0,
    )
    async with in_process(settings, recorder) as served, served.session() as session:
        clock = served.exchange.venue.clock
        client = Client(session, "http://localhost", now=lambda: clock.now_us() / 1e6)
        while loop.time() < seconds:
            bid, ask = await client.book()
            await client.post("order/cancel-all", category="linear", symbol="BTCUSDT")
            for side, price in (("Buy", bid), ("Sell", ask)):
                order = {**ORDER, "side": side, "timeInForce": "PostOnly", "qty": "0.01"}
                await client.post("order/create", price=f"{price:.0f}", **order)
            await asyncio.sleep(1.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement")
    parser.add_argument(
        "--hours", type=float, default=0.0, help="of a bot in virtual time, instead"
    )
    given = parser.parse_args()
    if given.hours:
        live_through(given.hours)
    else:
        asyncio.run(measure(given.seconds))


if __name__ == "__main__":
    main()
