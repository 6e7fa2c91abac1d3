"""Real clients, unmodified, on an exchange that `pytest-soak exchange` serves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_soak.exchange.record import Execution, Request, Strange, read

ROOT = Path(__file__).parents[2]
GUARD_SECONDS = 180
ENV = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}


@dataclass
class Served:
    """A process that serves an exchange, and the file of what it saw."""

    process: subprocess.Popen[str]
    record: Path
    port: int

    def run(self, client: str) -> None:
        command = [sys.executable, "-m", f"exchange_bots.{client}", str(self.port), "k", "s"]
        done = subprocess.run(
            command, env=ENV, capture_output=True, text=True, timeout=GUARD_SECONDS
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def stop(self) -> tuple[str, list[object]]:
        self.process.send_signal(signal.SIGTERM)
        told = self.process.communicate(timeout=GUARD_SECONDS)[0]
        assert self.process.returncode == 0
        lines = self.record.read_text().splitlines()
        return told, [read(json.loads(line)) for line in lines]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    record = tmp_path / "record.jsonl"
    options = ["--symbols=BTCUSDT,BTCUSDC", "--key=k", "--secret=s", f"--record={record}"]
    command = [sys.executable, "-m", "pytest_soak.cli", "exchange", "--latency=none", *options]
    process = subprocess.Popen(command, env=ENV, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        port = ""
        for line in process.stdout:
            if "http://127.0.0.1:" in line:
                port = line.rpartition(":")[2]
            if "Ctrl-C" in line:
                break
        yield Served(process, record, int(port))
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_clients_trade_both_ways_and_ask_for_nothing_strange(served: Served) -> None:
    for client in ("ccxt_sync", "ccxt_pro", "pybit_all"):
        served.run(client)
    told, events = served.stop()
    assert [one for one in events if isinstance(one, Strange)] == []
    sides = {(one.category, one.side) for one in events if isinstance(one, Execution)}
    assert sides == {(c, s) for c in ("linear", "spot") for s in ("Buy", "Sell")}
    requests = [one for one in events if isinstance(one, Request)]
    assert {one.via for one in requests} == {"rest", "ws"}
    asked = sum(one.endpoint == "GET /v5/market/instruments-info" for one in requests)
    assert asked >= 11
    assert "ended after" in told
    assert "buys" in told


def test_ccxt_pro_in_virtual_time_does_the_same_again() -> None:
    def run(seed: int) -> tuple[str, int]:
        command = [sys.executable, "-m", "exchange_bots.ccxt_virtual", "60", str(seed)]
        done = subprocess.run(
            command, env=ENV, capture_output=True, text=True, timeout=GUARD_SECONDS, check=True
        )
        told, fills = done.stdout.split()
        return told, int(fills)

    first = run(5)
    assert first[1] > 4
    assert run(5) == first
