"""A recorded feed behind a symbol, as a client sees it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import recordings as r
from loopback import BTC, loopback, settings

from pytest_soak.errors import SoakUsageError
from pytest_soak.exchange import virtual_time


def recording(folder: Path) -> str:
    end = r.depth(60_000, 900, 901, 899, [("90.0", "1")])
    rows = [r.snapshot(4, 10, r.BIDS, r.ASKS), r.depth(5, 10, 12, 9)]
    moved = r.depth(20_000, 13, 14, 12, [("100.0", "0")])
    return f"feed:{r.write_lines(folder / 'feed.gz', [*rows, moved, end])}"


def test_its_book_is_shown_and_traded_on(tmp_path: Path) -> None:
    async def main() -> None:
        how = settings(market=recording(tmp_path), feed_settings=("tick=0.1", "lot=0.1"))
        async with loopback(how) as bot:
            listed = await bot.get(
                "/v5/market/instruments-info", signed=False, category="linear", symbol=BTC
            )
            (row,) = listed["result"]["list"]
            assert row["priceFilter"]["tickSize"] == "0.1"
            assert row["lotSizeFilter"]["qtyStep"] == "0.1"
            bid, ask = await bot.best()
            assert (bid, ask) == (float(r.BIDS[0][0]), float(r.ASKS[0][0]))
            answer = await bot.order("Buy", "0.5", price=str(bid), timeInForce="PostOnly")
            assert answer["retCode"] == 0
            book = await bot.get(
                "/v5/market/orderbook", signed=False, category="linear", symbol=BTC, limit=5
            )
            assert float(book["result"]["b"][0][1]) == float(r.BIDS[0][1]) + 0.5
            name = answer["result"]["orderId"]
            where = {"category": "linear", "symbol": BTC, "orderId": name}
            assert (await bot.post("/v5/order/amend", **where, qty="0.3"))["retCode"] == 0
            (order,) = await bot.open_orders()
            assert order["qty"] == "0.3"
            assert (await bot.order("Sell", "0.2"))["retCode"] == 0
            assert await bot.position() == -0.2
            assert (await bot.post("/v5/order/cancel", **where))["retCode"] == 0
            await asyncio.sleep(25)
            assert (await bot.best())[0] < bid

    virtual_time.run(main())


def test_what_is_no_recording_is_said(tmp_path: Path) -> None:
    async def main() -> None:
        async with loopback(settings(market=f"feed:{tmp_path / 'none.gz'}")):
            pass

    with pytest.raises(SoakUsageError, match=r"--market: .*none\.gz"):
        virtual_time.run(main())
