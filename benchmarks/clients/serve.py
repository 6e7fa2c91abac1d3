"""An exchange by itself, inside a jail: it ends when its standard input does.

    python -m benchmarks.clients.serve ORDER

ORDER is JSON: `folder`, `tls_port`, `key`, `secret`, `seed` and `faults`, the name or path of a
schedule. It prints its ports as a line of JSON when they are open, and records into
`folder/record.jsonl`.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

from pytest_soak.exchange.clock import ExchangeClock
from pytest_soak.exchange.faults.schedule import fault_shelf, load_schedule
from pytest_soak.exchange.faults.scheduled import Scheduled
from pytest_soak.exchange.instruments import read_instruments
from pytest_soak.exchange.recorder import Recorder, writes
from pytest_soak.exchange.server import opened, running, served
from pytest_soak.exchange.settings import AccountSettings, ExchangeSettings

RECORD = "record.jsonl"
HISTORY_MINUTES = 30.0


async def serve(order: dict[str, Any]) -> None:
    """Until the input closes."""
    folder = Path(order["folder"])
    loop = asyncio.get_running_loop()
    clock = ExchangeClock(loop, time.time_ns() // 1000)
    account = AccountSettings(name="bot", key=order["key"], secret=order["secret"])
    settings = ExchangeSettings(
        symbols=read_instruments(None, folder).symbols,
        accounts=(account,),
        seed=order["seed"],
        history_minutes=HISTORY_MINUTES,
    )
    with (folder / RECORD).open("w", encoding="utf-8", buffering=1) as file:
        recorder = Recorder(writes(file))
        schedule = load_schedule(order["faults"], fault_shelf(folder), folder, "--faults")
        venue = opened(settings, clock, recorder, Scheduled(schedule, recorder.put))
        async with served(running(venue).app, 0, order["tls_port"], folder / "tls") as ports:
            print(json.dumps({"port": ports.plain, "tls_port": ports.tls}), flush=True)
            await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(json.loads(sys.argv[1])))
