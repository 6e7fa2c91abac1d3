"""An exchange from its settings to its end."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from loopback import BTC, settings

from pytest_soak.errors import SoakUsageError
from pytest_soak.exchange.markets.market import SymbolMarket
from pytest_soak.exchange.record import Mark, read
from pytest_soak.exchange.recorder import Recorder
from pytest_soak.exchange.serving import Ready, Service, serve


def run(service: Service, recorder: Recorder) -> list[Ready]:
    ready: list[Ready] = []

    async def main() -> None:
        await serve(service, ready.append, asyncio.Event(), recorder)

    asyncio.run(main())
    return ready


def test_it_ends_with_its_time_and_leaves_its_record(tmp_path: Path) -> None:
    path = tmp_path / "record.jsonl"
    recorder = Recorder()
    service = Service(exchange=settings(), record=str(path), seconds=0.05)
    (ready,) = run(service, recorder)
    assert ready.port > 0
    assert (ready.tls_port, ready.ca) == (0, "")
    events = [read(json.loads(line)) for line in path.read_text().splitlines()]
    assert isinstance(events[0], Mark)
    assert recorder.counts["Mark"] == len(events)


def test_a_market_that_cannot_go_on_ends_it_with_its_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    step = SymbolMarket.step

    def stepped(market: SymbolMarket, until_us: int) -> object:
        if market.exchange.now_us > 30_000:
            raise OverflowError("live prices lie too far apart: give the instrument a larger tick")
        return step(market, until_us)

    monkeypatch.setattr(SymbolMarket, "step", stepped)
    with pytest.raises(SoakUsageError, match=rf"market of {BTC}: live prices .* larger tick"):
        run(Service(exchange=settings(), seconds=60.0), Recorder())
