"""An exchange from its settings to its end."""

from __future__ import annotations

import asyncio
import gc
import json
from pathlib import Path
from weakref import ReferenceType, ref

import pytest
from loopback import BTC, loopback, settings

from pytest_soak.errors import SoakUsageError
from pytest_soak.exchange import virtual_time
from pytest_soak.exchange.markets.market import SymbolMarket
from pytest_soak.exchange.record import Mark, read
from pytest_soak.exchange.recorder import Recorder
from pytest_soak.exchange.serving import Ready, Service, serve
from pytest_soak.exchange.venue import Venue


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


def test_an_exchange_that_is_over_is_let_go() -> None:
    async def main() -> ReferenceType[Venue]:
        async with loopback() as bot:
            await bot.order("Buy", "0.01")
            return ref(bot.exchange.venue)

    left = virtual_time.run(main())
    gc.collect()
    assert left() is None


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
