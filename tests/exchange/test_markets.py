"""How often a market is moved: as often as any where somebody looks, else now and then."""

from __future__ import annotations

import asyncio

import pytest
from loopback import BTC, loopback, settings

from pytest_soak.exchange import virtual_time
from pytest_soak.exchange.markets.market import SymbolMarket


@pytest.mark.parametrize("what", ["nothing", "topic", "order", "question"])
def test_a_market_at_which_nobody_looks_moves_now_and_then(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: dict[str, int] = {}
    step = SymbolMarket.step

    def counted(market: SymbolMarket, until_us: int) -> object:
        symbol = market.listed.symbol
        steps[symbol] = steps.get(symbol, 0) + 1
        return step(market, until_us)

    async def main() -> None:
        how = settings(BTC, "ETHUSDT", latency="venue")
        async with loopback(how) as bot, bot.socket("public/linear") as wire:
            if what == "topic":
                await wire.subscribe(f"tickers.{BTC}")
            elif what == "order":
                bid, _ = await bot.best()
                await bot.order(price=str(bid - 200))
            await asyncio.sleep(3)
            monkeypatch.setattr(SymbolMarket, "step", counted)
            if what == "question":
                await bot.best()
            await asyncio.sleep(1)

    virtual_time.run(main())
    often = 90 < steps[BTC] <= 110
    assert often == (what != "nothing"), steps
    assert 8 <= steps["ETHUSDT"] <= 12
